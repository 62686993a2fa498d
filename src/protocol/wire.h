/*
 * The wire codec: a message is a list of fields, and one reader and one
 * writer serve all lists. Bytes to structs and back, without I/O and without
 * memory of its own. Decoding loses nothing: what was decoded encodes to the
 * same bytes, also when a peer sent nonsense.
 *
 * Readers and writers stick: after a first failure they do nothing, and the
 * status tells.
 */
#ifndef PROTOCOL_WIRE_H
#define PROTOCOL_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/label.h"
#include "base/macros.h"
#include "base/stamp.h"

enum wire_status {
    WIRE_OK,
    WIRE_SHORT, /* reading: more bytes are needed; writing: no room */
    WIRE_BAD    /* a value that the wire cannot carry, or a broken frame */
};

/*
 * The kinds of fields. In the struct a field of size n is
 *   U8 U16 U24 U32 U40  unsigned integer, little-endian on the wire
 *   BCD    char[2n + 1]: two digits per byte in reading order. Half bytes
 *          above 9 stand as A-F: real SIM numbers hold them. "" is all zero
 *   STR    char[n + 1]: all n bytes; ends for C at the first 00
 *   TIME   struct wire_time: the 7 bytes of a CP56Time2a
 *   RAW    uint8_t[n], kept as it is
 *   BITS   uint64_t, little-endian over n bytes
 *   LIST8  uint8_t[n], n small numbers
 *   GUN    uint8_t as on the wire: BCD, or plain binary from some firmware
 *   LOW12  uint16_t: bits 0-11 of a 16-bit word
 *   HIGH4  uint8_t: bits 12-15 of the LOW12 before it; no bytes of its own
 *   COUNT  uint8_t: how many items follow the fields
 *   TALLY  uint8_t: the same, but not on the wire: the length tells
 */
enum wire_kind {
    WIRE_U8, WIRE_U16, WIRE_U24, WIRE_U32, WIRE_U40, WIRE_BCD, WIRE_STR,
    WIRE_TIME, WIRE_RAW, WIRE_BITS, WIRE_LIST8, WIRE_GUN, WIRE_LOW12,
    WIRE_HIGH4, WIRE_COUNT, WIRE_TALLY
};

struct wire_time {
    uint8_t raw[7];
};

/* Some bits of a BITS field: "充电机状态 超时". */
struct wire_flag {
    uint8_t shift;
    uint8_t width;         /* 1 or 2 */
    const char *title;
    const char *values[4]; /* words by value; NULL: not worth showing */
};

/* What a number means: value = (raw + offset) / 10^places unit. */
struct wire_show {
    int places;
    int64_t offset;
    const char *unit;            /* "V", "°C", or NULL */
    bool zero_is_none;           /* raw 0 says "no value" */
    bool in_hex;                 /* people write the code as 0x40 */
    bool secret;                 /* not for people's eyes */
    struct labels words;         /* of an enumeration */
    const struct wire_flag *flags; /* of a bit field */
    size_t flag_count;
};

enum wire_summary {
    WIRE_QUIET,   /* not in the summary line of its message */
    WIRE_TOLD,    /* always */
    WIRE_IF_SET   /* when its raw value is not zero */
};

struct wire_field {
    const char *name;  /* as in the tables of the document: "pile_code" */
    const char *title; /* "桩编号" */
    enum wire_kind kind;
    uint16_t size;     /* bytes on the wire */
    uint16_t at;       /* offset in the struct */
    const struct wire_show *show;
    enum wire_summary summary;
};

struct wire_fields {
    const struct wire_field *v;
    size_t n;
};

/*
 * A field list is a macro LIST(F, T) of lines
 *   F(T, KIND, member, size, "中文", SHOW, SUMMARY)
 * of which WIRE_MEMBER makes the struct members, and WIRE_SIZE the size on
 * the wire; the rows are made where the protocol's SHOW names are known.
 * SUMMARY is QUIET, TOLD or IF_SET.
 */
#define WIRE_MEMBER(T, kind, member, size, title, shown, sum) \
    WIRE_MEMBER_##kind(member, size)
#define WIRE_SIZE(T, kind, member, size, title, shown, sum) + (size)

#define WIRE_MEMBER_U8(m, n)    uint8_t m;
#define WIRE_MEMBER_U16(m, n)   uint16_t m;
#define WIRE_MEMBER_U24(m, n)   uint32_t m;
#define WIRE_MEMBER_U32(m, n)   uint32_t m;
#define WIRE_MEMBER_U40(m, n)   uint64_t m;
#define WIRE_MEMBER_BCD(m, n)   char m[2 * (n) + 1];
#define WIRE_MEMBER_STR(m, n)   char m[(n) + 1];
#define WIRE_MEMBER_TIME(m, n)  struct wire_time m;
#define WIRE_MEMBER_RAW(m, n)   uint8_t m[n];
#define WIRE_MEMBER_BITS(m, n)  uint64_t m;
#define WIRE_MEMBER_LIST8(m, n) uint8_t m[n];
#define WIRE_MEMBER_GUN(m, n)   uint8_t m;
#define WIRE_MEMBER_LOW12(m, n) uint16_t m;
#define WIRE_MEMBER_HIGH4(m, n) uint8_t m;
#define WIRE_MEMBER_COUNT(m, n) uint8_t m;
#define WIRE_MEMBER_TALLY(m, n) uint8_t m;

struct wire_in {
    const uint8_t *start;
    const uint8_t *at;
    const uint8_t *end;
    enum wire_status status;
};

struct wire_out {
    uint8_t *start;
    uint8_t *at;
    uint8_t *end;
    enum wire_status status;
};

struct wire_in wire_in(const void *p, size_t n);
struct wire_out wire_out(void *p, size_t n);

/* n bytes, little-endian, n <= 8. 0 after a failure. */
uint64_t wire_get(struct wire_in *in, size_t n);
void wire_put(struct wire_out *out, uint64_t value, size_t n);

/* Reads fields into, or writes them from, the struct at p. */
void wire_read(struct wire_in *in, struct wire_fields fields, void *p);
void wire_write(struct wire_out *out, struct wire_fields fields,
                const void *p);

/* The raw value of a number field; 0 for texts. */
uint64_t wire_number(const struct wire_field *f, const void *p);
void wire_set_number(const struct wire_field *f, void *p, uint64_t raw);

/* CRC-16/MODBUS. The low byte of the result goes first on the wire. */
uint16_t wire_crc(const void *p, size_t n);

/* CP56Time2a: local time, all flag bits masked. Zero stamp if impossible. */
stamp wire_stamp(struct wire_time t);
/* All flag and day-of-week bits 0. All bytes 0 outside 2000..2127. */
struct wire_time wire_time(stamp t);

/* The most that wire_text and wire_pretty write: a 255-byte text, escaped. */
enum { WIRE_TEXT = 1024 };

/*
 * A field for programs: "402.5", "35", "00000000D14B0A54", "3,3,1",
 * "2025-11-05 07:40:12.000"; "" for an unknown time or no value.
 * wire_is_number says whether it is a number.
 */
char *wire_text(const struct wire_field *f, const void *p,
                char out[WIRE_TEXT]);
bool wire_is_number(const struct wire_field *f, const void *p);

/* Does wire_parse of its wire_text give the same bytes again? */
bool wire_text_is_whole(const struct wire_field *f, const void *p);

/* The inverse of wire_text; WIRE_BAD leaves the field as it was. */
MUST_USE enum wire_status wire_parse(const struct wire_field *f, void *p,
                                     const char *text);

/* A field for people: "402.5 V", "3 充电", "0x91 未知", "急停、门禁". */
char *wire_pretty(const struct wire_field *f, const void *p,
                  char out[WIRE_TEXT]);

/* The printable characters of a text before its first 00; out holds n + 1. */
char *wire_printable(const char *text, size_t n, char *out);

/* n bytes as upper-case hex and back; out holds 2n + 1. */
char *wire_hex(const void *p, size_t n, char *out);
MUST_USE bool wire_unhex(const char *text, void *out, size_t n);

#endif
