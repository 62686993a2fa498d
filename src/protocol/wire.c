/*
 * The wire codec: see wire.h. Text for programs and people is in wire_text.c.
 */
#include "protocol/wire.h"

#include <string.h>

struct wire_in wire_in(const void *p, size_t n)
{
    const uint8_t *at = p;

    must(p != NULL || n == 0);
    return (struct wire_in){ at, at, at + n, WIRE_OK };
}

struct wire_out wire_out(void *p, size_t n)
{
    uint8_t *at = p;

    must(p != NULL || n == 0);
    return (struct wire_out){ at, at, at + n, WIRE_OK };
}

/* The next n bytes, or NULL and a status that sticks. */
static const uint8_t *take(struct wire_in *in, size_t n)
{
    const uint8_t *at = in->at;

    must(at <= in->end);
    if (in->status != WIRE_OK)
        return NULL;
    if ((size_t)(in->end - at) < n) {
        in->status = WIRE_SHORT;
        return NULL;
    }
    in->at += n;
    return at;
}

static uint8_t *room(struct wire_out *out, size_t n)
{
    uint8_t *at = out->at;

    must(at <= out->end);
    if (out->status != WIRE_OK)
        return NULL;
    if ((size_t)(out->end - at) < n) {
        out->status = WIRE_SHORT;
        return NULL;
    }
    out->at += n;
    return at;
}

static uint64_t little(const uint8_t *p, size_t n)
{
    uint64_t value = 0;

    must(n <= sizeof value);
    while (n-- > 0)
        value = value << 8 | p[n];
    return value;
}

uint64_t wire_get(struct wire_in *in, size_t n)
{
    const uint8_t *p;

    must(n > 0);
    must(n <= 8);
    p = take(in, n);
    must((p == NULL) == (in->status != WIRE_OK));
    return p == NULL ? 0 : little(p, n);
}

void wire_put(struct wire_out *out, uint64_t value, size_t n)
{
    uint8_t *p;

    must(n > 0);
    must(n <= 8);
    p = room(out, n);
    if (p == NULL)
        return;
    if (n < 8 && value >> (8 * n) != 0) {
        out->status = WIRE_BAD;
        return;
    }
    for (size_t i = 0; i < n; i++)
        p[i] = (uint8_t)(value >> (8 * i));
}

/* Bytes that the member of a number field takes; 0 for texts. */
static size_t number_width(enum wire_kind kind)
{
    switch (kind) {
    case WIRE_U8: case WIRE_GUN: case WIRE_HIGH4: case WIRE_COUNT:
    case WIRE_TALLY:
        return 1;
    case WIRE_U16: case WIRE_LOW12:
        return 2;
    case WIRE_U24: case WIRE_U32:
        return 4;
    case WIRE_U40: case WIRE_BITS:
        return 8;
    case WIRE_BCD: case WIRE_STR: case WIRE_TIME: case WIRE_RAW:
    case WIRE_LIST8:
        break;
    }
    return 0;
}

uint64_t wire_number(const struct wire_field *f, const void *p)
{
    const char *m = (const char *)p + f->at;
    uint64_t v64;
    uint32_t v32;
    uint16_t v16;

    switch (number_width(f->kind)) {
    case 1:
        return *(const uint8_t *)m;
    case 2:
        memcpy(&v16, m, sizeof v16);
        return v16;
    case 4:
        memcpy(&v32, m, sizeof v32);
        return v32;
    case 8:
        memcpy(&v64, m, sizeof v64);
        return v64;
    default:
        return 0;
    }
}

void wire_set_number(const struct wire_field *f, void *p, uint64_t raw)
{
    char *m = (char *)p + f->at;
    size_t width = number_width(f->kind);
    uint8_t v8 = (uint8_t)raw;
    uint16_t v16 = (uint16_t)raw;
    uint32_t v32 = (uint32_t)raw;

    must(width == 8 || raw >> (8 * width) == 0); /* nothing is cut off */
    switch (width) {
    case 1:
        memcpy(m, &v8, sizeof v8);
        break;
    case 2:
        memcpy(m, &v16, sizeof v16);
        break;
    case 4:
        memcpy(m, &v32, sizeof v32);
        break;
    case 8:
        memcpy(m, &raw, sizeof raw);
        break;
    default:
        must(!"a number field");
    }
}

static const char hex_digits[] = "0123456789ABCDEF";

/* The value of an upper-case hex digit, or -1. */
static int nibble(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

char *wire_hex(const void *p, size_t n, char *out)
{
    const uint8_t *in = p;

    must(in != NULL || n == 0);
    must(n < WIRE_TEXT / 2);
    for (size_t i = 0; i < n; i++) {
        out[2 * i] = hex_digits[in[i] >> 4];
        out[2 * i + 1] = hex_digits[in[i] & 15];
    }
    out[2 * n] = '\0';
    return out;
}

bool wire_unhex(const char *text, void *out, size_t n)
{
    uint8_t *to = out;

    must(n < WIRE_TEXT / 2);
    if (strlen(text) != 2 * n)
        return false;
    for (size_t i = 0; i < 2 * n; i++)
        if (nibble(text[i]) < 0)
            return false;
    for (size_t i = 0; i < n; i++)
        to[i] = (uint8_t)(nibble(text[2 * i]) << 4 | nibble(text[2 * i + 1]));
    return true;
}

static void read_field(struct wire_in *in, const struct wire_field *f,
                       void *p)
{
    char *m = (char *)p + f->at;
    const uint8_t *b = take(in, f->size);

    if (b == NULL)
        return;
    switch (f->kind) {
    case WIRE_BCD:
        wire_hex(b, f->size, m);
        break;
    case WIRE_STR:
        memcpy(m, b, f->size);
        m[f->size] = '\0';
        break;
    case WIRE_TIME: case WIRE_RAW: case WIRE_LIST8:
        memcpy(m, b, f->size);
        break;
    case WIRE_LOW12:
        must(f->size == 2);
        wire_set_number(f, p, little(b, 2) & 0xFFF);
        break;
    case WIRE_HIGH4:
        must(f->size == 0);
        must(b - in->start >= 2);
        wire_set_number(f, p, b[-1] >> 4);
        break;
    case WIRE_TALLY:
        break;
    case WIRE_U8: case WIRE_U16: case WIRE_U24: case WIRE_U32: case WIRE_U40:
    case WIRE_BITS: case WIRE_GUN: case WIRE_COUNT:
        wire_set_number(f, p, little(b, f->size));
        break;
    }
}

void wire_read(struct wire_in *in, struct wire_fields fields, void *p)
{
    must(fields.n > 0);
    must(p != NULL);
    must(in->start <= in->at);
    for (size_t i = 0; i < fields.n; i++)
        read_field(in, &fields.v[i], p);
    must(in->at <= in->end);
}

/* Digits as they stand in the struct; an empty text is all zero. */
static void write_bcd(struct wire_out *out, const char *text, size_t size)
{
    uint8_t *b = room(out, size);

    must(size > 0);
    if (b == NULL)
        return;
    if (text[0] == '\0')
        memset(b, 0, size);
    else if (!wire_unhex(text, b, size))
        out->status = WIRE_BAD;
}

/* The upper half of the byte that LOW12 wrote last. */
static void write_high4(struct wire_out *out, uint64_t value)
{
    if (out->status != WIRE_OK)
        return;
    must(out->at - out->start >= 2);
    must(out->at[-1] <= 0x0F); /* LOW12 left it free */
    if (value > 15)
        out->status = WIRE_BAD;
    else
        out->at[-1] = (uint8_t)(out->at[-1] | value << 4);
}

static void write_field(struct wire_out *out, const struct wire_field *f,
                        const void *p)
{
    const char *m = (const char *)p + f->at;
    uint64_t value = wire_number(f, p);
    uint8_t *b;

    switch (f->kind) {
    case WIRE_BCD:
        write_bcd(out, m, f->size);
        break;
    case WIRE_STR: case WIRE_TIME: case WIRE_RAW: case WIRE_LIST8:
        b = room(out, f->size);
        if (b != NULL)
            memcpy(b, m, f->size);
        break;
    case WIRE_HIGH4:
        write_high4(out, value);
        break;
    case WIRE_TALLY:
        break;
    case WIRE_LOW12:
        if (out->status == WIRE_OK && value > 0xFFF)
            out->status = WIRE_BAD;
        wire_put(out, value, 2);
        break;
    case WIRE_U8: case WIRE_U16: case WIRE_U24: case WIRE_U32: case WIRE_U40:
    case WIRE_BITS: case WIRE_GUN: case WIRE_COUNT:
        wire_put(out, value, f->size);
        break;
    }
}

void wire_write(struct wire_out *out, struct wire_fields fields,
                const void *p)
{
    must(fields.n > 0);
    must(p != NULL);
    must(out->start <= out->at);
    for (size_t i = 0; i < fields.n; i++)
        write_field(out, &fields.v[i], p);
    must(out->at <= out->end);
}

/* The reflected table of polynomial 0xA001, one entry per byte value. */
static const uint16_t crc_table[] = {
    0x0000, 0xC0C1, 0xC181, 0x0140, 0xC301, 0x03C0, 0x0280, 0xC241,
    0xC601, 0x06C0, 0x0780, 0xC741, 0x0500, 0xC5C1, 0xC481, 0x0440,
    0xCC01, 0x0CC0, 0x0D80, 0xCD41, 0x0F00, 0xCFC1, 0xCE81, 0x0E40,
    0x0A00, 0xCAC1, 0xCB81, 0x0B40, 0xC901, 0x09C0, 0x0880, 0xC841,
    0xD801, 0x18C0, 0x1980, 0xD941, 0x1B00, 0xDBC1, 0xDA81, 0x1A40,
    0x1E00, 0xDEC1, 0xDF81, 0x1F40, 0xDD01, 0x1DC0, 0x1C80, 0xDC41,
    0x1400, 0xD4C1, 0xD581, 0x1540, 0xD701, 0x17C0, 0x1680, 0xD641,
    0xD201, 0x12C0, 0x1380, 0xD341, 0x1100, 0xD1C1, 0xD081, 0x1040,
    0xF001, 0x30C0, 0x3180, 0xF141, 0x3300, 0xF3C1, 0xF281, 0x3240,
    0x3600, 0xF6C1, 0xF781, 0x3740, 0xF501, 0x35C0, 0x3480, 0xF441,
    0x3C00, 0xFCC1, 0xFD81, 0x3D40, 0xFF01, 0x3FC0, 0x3E80, 0xFE41,
    0xFA01, 0x3AC0, 0x3B80, 0xFB41, 0x3900, 0xF9C1, 0xF881, 0x3840,
    0x2800, 0xE8C1, 0xE981, 0x2940, 0xEB01, 0x2BC0, 0x2A80, 0xEA41,
    0xEE01, 0x2EC0, 0x2F80, 0xEF41, 0x2D00, 0xEDC1, 0xEC81, 0x2C40,
    0xE401, 0x24C0, 0x2580, 0xE541, 0x2700, 0xE7C1, 0xE681, 0x2640,
    0x2200, 0xE2C1, 0xE381, 0x2340, 0xE101, 0x21C0, 0x2080, 0xE041,
    0xA001, 0x60C0, 0x6180, 0xA141, 0x6300, 0xA3C1, 0xA281, 0x6240,
    0x6600, 0xA6C1, 0xA781, 0x6740, 0xA501, 0x65C0, 0x6480, 0xA441,
    0x6C00, 0xACC1, 0xAD81, 0x6D40, 0xAF01, 0x6FC0, 0x6E80, 0xAE41,
    0xAA01, 0x6AC0, 0x6B80, 0xAB41, 0x6900, 0xA9C1, 0xA881, 0x6840,
    0x7800, 0xB8C1, 0xB981, 0x7940, 0xBB01, 0x7BC0, 0x7A80, 0xBA41,
    0xBE01, 0x7EC0, 0x7F80, 0xBF41, 0x7D00, 0xBDC1, 0xBC81, 0x7C40,
    0xB401, 0x74C0, 0x7580, 0xB541, 0x7700, 0xB7C1, 0xB681, 0x7640,
    0x7200, 0xB2C1, 0xB381, 0x7340, 0xB101, 0x71C0, 0x7080, 0xB041,
    0x5000, 0x90C1, 0x9181, 0x5140, 0x9301, 0x53C0, 0x5280, 0x9241,
    0x9601, 0x56C0, 0x5780, 0x9741, 0x5500, 0x95C1, 0x9481, 0x5440,
    0x9C01, 0x5CC0, 0x5D80, 0x9D41, 0x5F00, 0x9FC1, 0x9E81, 0x5E40,
    0x5A00, 0x9AC1, 0x9B81, 0x5B40, 0x9901, 0x59C0, 0x5880, 0x9841,
    0x8801, 0x48C0, 0x4980, 0x8941, 0x4B00, 0x8BC1, 0x8A81, 0x4A40,
    0x4E00, 0x8EC1, 0x8F81, 0x4F40, 0x8D01, 0x4DC0, 0x4C80, 0x8C41,
    0x4400, 0x84C1, 0x8581, 0x4540, 0x8701, 0x47C0, 0x4680, 0x8641,
    0x8201, 0x42C0, 0x4380, 0x8341, 0x4100, 0x81C1, 0x8081, 0x4040,
};

_Static_assert(COUNT(crc_table) == UINT8_MAX + 1, "an entry per byte");

uint16_t wire_crc(const void *p, size_t n)
{
    const uint8_t *b = p;
    uint16_t crc = 0xFFFF;

    must(b != NULL || n == 0);
    while (n-- > 0)
        crc = (uint16_t)(crc >> 8 ^ crc_table[(crc ^ *b++) & 0xFF]);
    return crc;
}

stamp wire_stamp(struct wire_time t)
{
    unsigned ms = (unsigned)t.raw[0] | (unsigned)t.raw[1] << 8;
    struct civil c = {
        .year = 2000 + (t.raw[6] & 0x7F),
        .month = t.raw[5] & 0x0F,
        .day = t.raw[4] & 0x1F,
        .hour = t.raw[3] & 0x1F,
        .minute = t.raw[2] & 0x3F,
        .second = (int)(ms / 1000),
        .ms = (int)(ms % 1000),
    };

    return civil_is_valid(&c) ? stamp_from_civil(&c) : (stamp){ 0 };
}

struct wire_time wire_time(stamp t)
{
    struct civil c = stamp_civil(t);
    unsigned ms = (unsigned)(c.second * 1000 + c.ms);
    struct wire_time none = { { 0 } };

    if (t.ms == 0 || c.year < 2000 || c.year > 2127)
        return none;
    must(civil_is_valid(&c));
    must(ms < 60000); /* so that its bits do not touch the minute */
    return (struct wire_time){ {
        (uint8_t)ms, (uint8_t)(ms >> 8), (uint8_t)c.minute, (uint8_t)c.hour,
        (uint8_t)c.day, (uint8_t)c.month, (uint8_t)(c.year - 2000) } };
}
