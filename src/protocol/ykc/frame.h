/*
 * YKC frames: the structs made of the field lists, and one decoder and
 * encoder for all of them. No I/O, no memory of its own.
 *
 *   struct ykc_raw raw;      from ykc_stream_next or ykc_open
 *   union ykc_any any;
 *   const struct ykc_frame *f;
 *
 *   if (ykc_check(&raw, YKC_FROM_PILE, &f) <= YKC_LONG_BODY &&
 *       ykc_decode(f, raw.body, raw.body_len, &any, NULL) == WIRE_OK)
 *       use(any.login.pile_code);
 */
#ifndef PROTOCOL_YKC_FRAME_H
#define PROTOCOL_YKC_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocol/wire.h"
#include "protocol/ykc/codes.h"
#include "protocol/ykc/fields.h"

enum {
    YKC_START = 0x68,
    YKC_MAX_BODY = 251,      /* L is one byte and counts 4 more */
    YKC_MAX_FRAME = 259,
    YKC_SEND_LENGTH = 200,   /* of L, sent: the document's limit */
    YKC_SYNC_CARDS = 11,     /* so many cards keep 0x44 within it, */
    YKC_CLEAR_CARDS = 18,    /* 0x46 and its reply, */
    YKC_QUERY_CARDS = 21,    /* 0x48 and its reply, */
    YKC_PREFIX_MAX = 187,    /* and so long a prefix 0xF0 */
    YKC_PILE_TEXT = 15,      /* 14 digits and the NUL */
    YKC_TRADE_TEXT = 33,
    YKC_CARD_TEXT = 17,
    YKC_VIN_TEXT = 18
};

/* struct ykc_login and so on, one per line of YKC_FRAMES. */
#define YKC_STRUCT_X(type, name, list, reply, brief, title) \
    struct ykc_##name {                                     \
        list(WIRE_MEMBER, struct ykc_##name)                \
    };
#define YKC_STRUCT_V(type, name, list, reply, brief, title, item, max) \
    struct ykc_##name##_item {                                         \
        item(WIRE_MEMBER, struct ykc_##name##_item)                    \
    };                                                                 \
    struct ykc_##name {                                                \
        list(WIRE_MEMBER, struct ykc_##name)                           \
        struct ykc_##name##_item items[max];                           \
    };
#define YKC_STRUCT_Z(type, name, list, reply, brief, title, max) \
    struct ykc_##name {                                          \
        list(WIRE_MEMBER, struct ykc_##name)                     \
        char text[(max) + 1];                                    \
    };
YKC_FRAMES(YKC_STRUCT_X, YKC_STRUCT_V, YKC_STRUCT_Z)

/* Room for any decoded frame: any.login, any.realtime, ... */
union ykc_any {
#define YKC_ANY(type, name, ...) struct ykc_##name name;
    YKC_FRAMES(YKC_ANY, YKC_ANY, YKC_ANY)
#undef YKC_ANY
};

/* ykc_type_login is 0x01, and so on. */
enum ykc_type {
#define YKC_TYPE(type, name, ...) ykc_type_##name = (type),
    YKC_FRAMES(YKC_TYPE, YKC_TYPE, YKC_TYPE)
#undef YKC_TYPE
};

/* What follows the fields of a frame. */
enum ykc_rest { YKC_NOTHING, YKC_ITEMS, YKC_TEXT };

struct ykc_frame {
    uint8_t type;
    uint8_t reply;      /* the type that answers it; 0: none */
    const char *name;   /* "login" */
    const char *brief;  /* "登录" */
    const char *title;  /* as in the document: "充电桩登录认证" */
    struct wire_fields fields;
    uint16_t size;      /* bytes of the fields */
    uint16_t least;     /* a body shorter than this is refused */
    uint16_t struct_size;
    enum ykc_rest rest;
    const char *rest_name; /* "cards", "prefix" */
    struct wire_fields item;
    uint16_t item_size; /* on the wire; 1 for a text */
    uint16_t item_struct;
    uint16_t items_at;  /* offset of items or text in the struct */
    uint16_t item_max;
};

/* The frame of a type, or NULL. */
const struct ykc_frame *ykc_frame(uint8_t type);
/* By its name "trade_record", or NULL. */
const struct ykc_frame *ykc_frame_named(const char *name);

/* The field of that name, or NULL; *offset is where it is in the body. */
const struct wire_field *ykc_field(const struct ykc_frame *f,
                                   const char *name, size_t *offset);

enum ykc_direction { YKC_FROM_PILE, YKC_TO_PILE };

static inline enum ykc_direction ykc_direction(uint8_t type)
{
    return type & 1 ? YKC_FROM_PILE : YKC_TO_PILE;
}

/*
 * Reads a body into the struct of the frame at out (struct_size bytes).
 * *used, if not NULL, is how many bytes the table accounts for: what follows
 * is an opaque tail. WIRE_SHORT: too few bytes. WIRE_BAD: a variable body
 * that does not divide.
 */
MUST_USE enum wire_status ykc_decode(const struct ykc_frame *f,
                                     const uint8_t *body, size_t n,
                                     void *out, size_t *used);

/* Writes the struct as a body. WIRE_BAD: a value the wire cannot carry. */
MUST_USE enum wire_status ykc_encode(const struct ykc_frame *f,
                                     const void *in, uint8_t *body,
                                     size_t room, size_t *n);

enum ykc_crc { YKC_CRC_LOW, YKC_CRC_SWAPPED }; /* the byte sent first */

struct ykc_head {
    uint8_t sequence[2]; /* copied unchanged into replies */
    uint8_t encryption;
    uint8_t type;
    enum ykc_crc crc;
};

/* A whole frame as received; points into the buffer it was found in. */
struct ykc_raw {
    struct ykc_head head;
    const uint8_t *bytes;
    size_t len;
    const uint8_t *body;
    size_t body_len;
};

/*
 * The frame that starts at p. WIRE_SHORT: more bytes are needed. WIRE_BAD:
 * no frame starts here (first byte, length below 4, or check field).
 */
MUST_USE enum wire_status ykc_open(const uint8_t *p, size_t n,
                                   struct ykc_raw *out);

/* Start, length, head and check field around a body. */
MUST_USE enum wire_status ykc_seal(const struct ykc_head *head,
                                   const uint8_t *body, size_t body_len,
                                   uint8_t *out, size_t room, size_t *len);

/*
 * Encodes the struct of a frame and seals it: head->type says which. For own
 * requests take the sequence from ykc_sequence.
 */
MUST_USE enum wire_status ykc_build(const struct ykc_head *head,
                                    const void *in,
                                    uint8_t out[YKC_MAX_FRAME], size_t *len);

/* A head with the next number of this connection; 65535 wraps to 0. */
struct ykc_head ykc_request_head(uint8_t type, uint16_t *counter);
/* A head that repeats the sequence of the request. */
struct ykc_head ykc_reply_head(uint8_t type, const struct ykc_head *request);

/*
 * The checks of section 6.2 that need no state, in its order. Check "not
 * logged in" where *f is set, before looking at the verdicts below it.
 */
enum ykc_verdict {
    YKC_GOOD,
    YKC_LONG_BODY,       /* good; what is after the table is opaque */
    YKC_ENCRYPTED,       /* drop all below */
    YKC_WRONG_DIRECTION,
    YKC_UNKNOWN_TYPE,
    YKC_SHORT_BODY,
    YKC_BAD_BODY
};

/* from: who may have sent it. *f is NULL for the first three drops. */
enum ykc_verdict ykc_check(const struct ykc_raw *raw, enum ykc_direction from,
                           const struct ykc_frame **f);
const char *ykc_verdict_name(enum ykc_verdict v); /* "short_body" */

/*
 * The pile code in a body of that frame, as 14 characters; false if the
 * frame has none. The body must have passed ykc_check.
 */
MUST_USE bool ykc_pile_code(const struct ykc_frame *f, const uint8_t *body,
                            char out[YKC_PILE_TEXT]);

/* 14 decimal digits. A half byte above 9 makes it an unknown pile. */
MUST_USE bool ykc_pile_code_is_valid(const char *code);

/*
 * The gun number of a raw byte for a pile with that many guns: BCD if that
 * is in range, else binary, else 0.
 */
int ykc_gun(uint8_t raw, int gun_count);
uint8_t ykc_gun_byte(int gun); /* 1..99 as BCD */

/*
 * A trade number by the rule of section 4.3: pile code, gun, time, and a
 * counter 0..9999 that the caller never repeats within one second.
 */
void ykc_trade_number(const char *pile_code, int gun, stamp at,
                      unsigned counter, char out[YKC_TRADE_TEXT]);
bool ykc_trade_number_is_zero(const char *trade_number);

/* 0x31 carries the VIN backwards. "" stays "". */
void ykc_vin_reverse(const char *vin, char out[YKC_VIN_TEXT]);

/* The 16 hex digits with the last n bytes in reverse order (n 4 or 7). */
void ykc_card_reverse(const char *card, size_t n, char out[YKC_CARD_TEXT]);

/* The four numbers that a record holds for one rate. */
struct ykc_rate {
    uint32_t price_e5yuan;
    uint32_t energy_e4kwh;
    uint32_t energy_incl_loss_e4kwh;
    uint32_t amount_e4yuan;
};

struct ykc_rate ykc_record_rate(const struct ykc_trade_record *r,
                                enum ykc_rate_code rate);
void ykc_record_set_rate(struct ykc_trade_record *r, enum ykc_rate_code rate,
                         struct ykc_rate value);

/* A record of V1.7 without its signature. */
void ykc_record_of_signed(const struct ykc_signed_record *from,
                          struct ykc_trade_record *to);

struct ykc_prices {
    uint32_t electricity_e5yuan;
    uint32_t service_e5yuan;
};

struct ykc_prices ykc_tariff_prices(const struct ykc_tariff_reply *t,
                                    enum ykc_rate_code rate);
void ykc_tariff_set_prices(struct ykc_tariff_reply *t,
                           enum ykc_rate_code rate, struct ykc_prices value);

/* 0x58 carries the same tariff as 0x0A. */
void ykc_tariff_push_of(const struct ykc_tariff_reply *from,
                        struct ykc_tariff_push *to);
void ykc_tariff_reply_of(const struct ykc_tariff_push *from,
                         struct ykc_tariff_reply *to);

#endif
