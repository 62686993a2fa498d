/*
 * YKC frames: the tables made of the field lists, bodies to structs and
 * back, and the envelope around a body. See frame.h.
 */
#include "protocol/ykc/frame.h"

#include <string.h>

/* The rows of every field list. */
#define FIELD(T, kind, member, size, title, shown, sum)        \
    { #member, title, WIRE_##kind, size, offsetof(T, member),  \
      &ykc_shows[YKC_SHOW_##shown], WIRE_##sum },

#define ROWS_X(type, name, list, reply, brief, title) \
    static const struct wire_field name##_fields[] =  \
        { list(FIELD, struct ykc_##name) };
#define ROWS_V(type, name, list, reply, brief, title, item, max) \
    ROWS_X(type, name, list, reply, brief, title)                \
    static const struct wire_field name##_item[] =               \
        { item(FIELD, struct ykc_##name##_item) };
#define ROWS_Z(type, name, list, reply, brief, title, max) \
    ROWS_X(type, name, list, reply, brief, title)
YKC_FRAMES(ROWS_X, ROWS_V, ROWS_Z)

/*
 * 0x63 is accepted without its reserved bytes, for piles that follow the
 * length printed in the document; every other body must be whole.
 */
#define SIZE(list) (0 list(WIRE_SIZE, x))
#define LEAST(type, list) ((type) == 0x63 ? 9 : SIZE(list))

#define COMMON(id, frame, list, answer, shorter, longer)              \
    .type = (id), .reply = (answer), .name = #frame,                  \
    .brief = (shorter), .title = (longer),                            \
    .fields = LIST(frame##_fields), .size = SIZE(list),               \
    .least = LEAST(id, list), .struct_size = sizeof(struct ykc_##frame)

#define FRAME_X(id, frame, list, answer, shorter, longer) \
    [id] = { COMMON(id, frame, list, answer, shorter, longer) },
#define FRAME_V(id, frame, list, answer, shorter, longer, items_list, max) \
    [id] = { COMMON(id, frame, list, answer, shorter, longer),             \
             .rest = YKC_ITEMS, .rest_name = "cards",                       \
             .item = LIST(frame##_item),                                   \
             .item_size = SIZE(items_list),                                \
             .item_struct = sizeof(struct ykc_##frame##_item),             \
             .items_at = offsetof(struct ykc_##frame, items),              \
             .item_max = (max) },
#define FRAME_Z(id, frame, list, answer, shorter, longer, max)             \
    [id] = { COMMON(id, frame, list, answer, shorter, longer),             \
             .rest = YKC_TEXT, .rest_name = "prefix",                       \
             .item_size = 1, .item_struct = 1,                             \
             .items_at = offsetof(struct ykc_##frame, text),               \
             .item_max = (max) },

/*
 * What the lists say must be true of the structs and of the wire: each row
 * has the size of its kind, and each frame fits into a body whatever its
 * counts say. A list that breaks this does not compile.
 */
#define HOLDS_U8(n)    ((n) == 1)
#define HOLDS_U16(n)   ((n) == 2)
#define HOLDS_U24(n)   ((n) == 3)
#define HOLDS_U32(n)   ((n) == 4)
#define HOLDS_U40(n)   ((n) == 5)
#define HOLDS_BCD(n)   ((n) > 0)
#define HOLDS_STR(n)   ((n) > 0)
#define HOLDS_TIME(n)  ((n) == sizeof(struct wire_time))
#define HOLDS_RAW(n)   ((n) > 0)
#define HOLDS_BITS(n)  ((n) > 0 && (n) <= 8)
#define HOLDS_LIST8(n) ((n) > 0)
#define HOLDS_GUN(n)   ((n) == 1)
#define HOLDS_LOW12(n) ((n) == 2)
#define HOLDS_HIGH4(n) ((n) == 0)
#define HOLDS_COUNT(n) ((n) == 1)
#define HOLDS_TALLY(n) ((n) == 0)

#define SOUND_ROW(T, kind, member, size, title, shown, sum)       \
    _Static_assert(HOLDS_##kind(size), "size of " #member);       \
    _Static_assert((size) < WIRE_TEXT / 2, "text of " #member);   \
    _Static_assert(offsetof(T, member) <= UINT16_MAX, "offset of " #member);

#define SOUND_X(id, frame, list, answer, shorter, longer)                  \
    list(SOUND_ROW, struct ykc_##frame)                                    \
    _Static_assert(SIZE(list) <= YKC_MAX_BODY, "body of " #frame);         \
    _Static_assert(LEAST(id, list) <= SIZE(list), "least of " #frame);     \
    _Static_assert((answer) == 0 || ((id) + (answer)) % 2 == 1,            \
                   "the answer to " #frame " goes the other way");         \
    _Static_assert(sizeof(struct ykc_##frame) <= UINT16_MAX, #frame);
#define SOUND_V(id, frame, list, answer, shorter, longer, items_list, max) \
    SOUND_X(id, frame, list, answer, shorter, longer)                      \
    items_list(SOUND_ROW, struct ykc_##frame##_item)                       \
    _Static_assert((max) <= UINT8_MAX, "count of " #frame);                \
    _Static_assert(SIZE(list) + (max) * SIZE(items_list) <= YKC_MAX_BODY,  \
                   "items of " #frame);
#define SOUND_Z(id, frame, list, answer, shorter, longer, max)             \
    SOUND_X(id, frame, list, answer, shorter, longer)                      \
    _Static_assert((max) <= UINT8_MAX, "length of " #frame);               \
    _Static_assert(SIZE(list) + (max) <= YKC_MAX_BODY, "text of " #frame);
YKC_FRAMES(SOUND_X, SOUND_V, SOUND_Z)

static const struct ykc_frame frames[256] = {
    YKC_FRAMES(FRAME_X, FRAME_V, FRAME_Z)
};

const struct ykc_frame *ykc_frame(uint8_t type)
{
    if (frames[type].name == NULL)
        return NULL;
    must(frames[type].type == type);
    return &frames[type];
}

const struct ykc_frame *ykc_frame_named(const char *name)
{
    for (size_t i = 0; i < COUNT(frames); i++)
        if (frames[i].name != NULL && strcmp(frames[i].name, name) == 0) {
            must(frames[i].type == i);
            return &frames[i];
        }
    return NULL;
}

const struct wire_field *ykc_field(const struct ykc_frame *f,
                                   const char *name, size_t *offset)
{
    size_t at = 0;

    must(f != NULL);
    for (size_t i = 0; i < f->fields.n; i++) {
        if (strcmp(f->fields.v[i].name, name) == 0) {
            must(at + f->fields.v[i].size <= f->size);
            if (offset != NULL)
                *offset = at;
            return &f->fields.v[i];
        }
        at += f->fields.v[i].size;
    }
    must(at == f->size);
    return NULL;
}

/* The count is the last of the fields before the items. */
static const struct wire_field *count_field(const struct ykc_frame *f)
{
    const struct wire_field *last = &f->fields.v[f->fields.n - 1];

    must(f->rest != YKC_NOTHING);
    must(last->kind == WIRE_COUNT || last->kind == WIRE_TALLY);
    return last;
}

/*
 * How many items the body holds. A body that is longer than its count says
 * does not divide either: nobody knows what was meant.
 */
static enum wire_status count_items(const struct ykc_frame *f, size_t rest,
                                    uint64_t told, size_t *count)
{
    must(f->item_size > 0);
    must(told <= UINT8_MAX); /* told * item_size cannot overflow */
    if (count_field(f)->kind == WIRE_TALLY) {
        *count = rest / f->item_size;
        return rest % f->item_size == 0 && *count <= f->item_max
            ? WIRE_OK : WIRE_BAD;
    }
    *count = (size_t)told;
    if (rest < told * f->item_size)
        return WIRE_SHORT;
    return rest == told * f->item_size && told <= f->item_max
        ? WIRE_OK : WIRE_BAD;
}

static enum wire_status decode_rest(const struct ykc_frame *f,
                                    struct wire_in *in, void *out)
{
    char *at = (char *)out + f->items_at;
    size_t rest = (size_t)(in->end - in->at);
    size_t count;
    enum wire_status status;

    must(in->status == WIRE_OK);
    must(in->at <= in->end);
    status = count_items(f, rest, wire_number(count_field(f), out), &count);
    if (status != WIRE_OK)
        return status;
    must(count <= f->item_max);
    must(f->items_at + count * f->item_struct <= f->struct_size);
    wire_set_number(count_field(f), out, count);
    if (f->rest == YKC_TEXT) {
        memcpy(at, in->at, count);
        in->at += count;
        return WIRE_OK;
    }
    for (size_t i = 0; i < count; i++)
        wire_read(in, f->item, at + i * f->item_struct);
    must(in->status == WIRE_OK); /* count_items has measured it */
    must(in->at == in->end);
    return WIRE_OK;
}

enum wire_status ykc_decode(const struct ykc_frame *f, const uint8_t *body,
                            size_t n, void *out, size_t *used)
{
    uint8_t padded[YKC_MAX_BODY] = { 0 };
    struct wire_in in = wire_in(body, n);
    enum wire_status status;

    must(f->least <= f->size);
    must(f->size <= YKC_MAX_BODY);
    must(f->struct_size <= sizeof(union ykc_any));
    must(body != NULL || n == 0);
    if (n < f->least)
        return WIRE_SHORT;
    if (n < f->size) {
        memcpy(padded, body, n);
        in = wire_in(padded, f->size);
    }
    memset(out, 0, f->struct_size);
    wire_read(&in, f->fields, out);
    status = in.status;
    if (status == WIRE_OK && f->rest != YKC_NOTHING)
        status = decode_rest(f, &in, out);
    if (status == WIRE_OK && used != NULL) {
        *used = n < f->size ? n : (size_t)(in.at - in.start);
        must(*used >= f->least);
        must(*used <= n);
    }
    return status;
}

enum wire_status ykc_encode(const struct ykc_frame *f, const void *in,
                            uint8_t *body, size_t space, size_t *n)
{
    const char *at = (const char *)in + f->items_at;
    struct wire_out out = wire_out(body, space);
    uint64_t count = 0;

    must(body != NULL);
    wire_write(&out, f->fields, in);
    if (f->rest != YKC_NOTHING) {
        count = wire_number(count_field(f), in);
        if (count > f->item_max)
            return WIRE_BAD;
    }
    for (uint64_t i = 0; i < count; i++) {
        if (f->rest == YKC_TEXT)
            wire_put(&out, (uint8_t)at[i], 1);
        else
            wire_write(&out, f->item, at + i * f->item_struct);
    }
    if (out.status == WIRE_OK) {
        *n = (size_t)(out.at - out.start);
        must(*n == f->size + count * f->item_size); /* what decode wants */
        must(*n <= space);
    }
    return out.status;
}

enum wire_status ykc_open(const uint8_t *p, size_t n, struct ykc_raw *out)
{
    size_t length;
    uint16_t crc, sent;

    must(p != NULL || n == 0);
    if (n > 0 && p[0] != YKC_START)
        return WIRE_BAD;
    if (n < 2)
        return WIRE_SHORT;
    length = p[1];
    if (length < 4)
        return WIRE_BAD;
    if (n < length + 4)
        return WIRE_SHORT;
    crc = wire_crc(p + 2, length);
    sent = (uint16_t)(p[length + 2] | p[length + 3] << 8);
    if (sent != crc && sent != (uint16_t)(crc >> 8 | crc << 8))
        return WIRE_BAD;
    *out = (struct ykc_raw){
        .head = { { p[2], p[3] }, p[4], p[5],
                  sent == crc ? YKC_CRC_LOW : YKC_CRC_SWAPPED },
        .bytes = p, .len = length + 4, .body = p + 6, .body_len = length - 4,
    };
    must(out->len <= n);
    must(out->len <= YKC_MAX_FRAME);
    must(out->body_len <= YKC_MAX_BODY);
    return WIRE_OK;
}

enum wire_status ykc_seal(const struct ykc_head *head, const uint8_t *body,
                          size_t body_len, uint8_t *out, size_t space,
                          size_t *len)
{
    uint16_t crc;
    uint8_t *end;

    if (body_len > YKC_MAX_BODY)
        return WIRE_BAD;
    if (space < body_len + 8)
        return WIRE_SHORT;
    out[0] = YKC_START;
    out[1] = (uint8_t)(body_len + 4);
    memcpy(out + 2, head->sequence, 2);
    out[4] = head->encryption;
    out[5] = head->type;
    memmove(out + 6, body, body_len);
    crc = wire_crc(out + 2, body_len + 4);
    if (head->crc == YKC_CRC_SWAPPED)
        crc = (uint16_t)(crc >> 8 | crc << 8);
    end = out + 6 + body_len;
    end[0] = (uint8_t)crc;
    end[1] = (uint8_t)(crc >> 8);
    *len = body_len + 8;
    must(*len <= space);
    must(*len <= YKC_MAX_FRAME);
    must(end + 2 == out + *len);
    return WIRE_OK;
}

enum wire_status ykc_build(const struct ykc_head *head, const void *in,
                           uint8_t out[YKC_MAX_FRAME], size_t *len)
{
    const struct ykc_frame *f = ykc_frame(head->type);
    enum wire_status status;
    size_t n;

    must(f != NULL);
    must(f->type == head->type);
    status = ykc_encode(f, in, out + 6, YKC_MAX_BODY, &n);
    if (status != WIRE_OK)
        return status;
    must(n <= YKC_MAX_BODY);
    return ykc_seal(head, out + 6, n, out, YKC_MAX_FRAME, len);
}

struct ykc_head ykc_request_head(uint8_t type, uint16_t *counter)
{
    uint16_t n = (*counter)++;

    return (struct ykc_head){
        .sequence = { (uint8_t)n, (uint8_t)(n >> 8) }, .type = type };
}

struct ykc_head ykc_reply_head(uint8_t type, const struct ykc_head *request)
{
    must(ykc_direction(type) != ykc_direction(request->type));
    return (struct ykc_head){
        .sequence = { request->sequence[0], request->sequence[1] },
        .type = type };
}

/* Does the body have the length that the table and its counts want? */
static enum ykc_verdict check_body(const struct ykc_frame *f,
                                   const uint8_t *body, size_t n)
{
    uint64_t told;
    size_t count;

    must(f->least > 0); /* below, the last byte of the fields is read */
    must(f->least <= f->size);
    if (n < f->least)
        return YKC_SHORT_BODY;
    if (f->rest == YKC_NOTHING)
        return n > f->size ? YKC_LONG_BODY : YKC_GOOD;
    must(count_field(f)->size <= 1); /* a byte, or not on the wire */
    told = count_field(f)->kind == WIRE_COUNT ? body[f->size - 1] : 0;
    if (count_items(f, n - f->size, told, &count) != WIRE_OK)
        return YKC_BAD_BODY;
    return YKC_GOOD;
}

enum ykc_verdict ykc_check(const struct ykc_raw *raw, enum ykc_direction from,
                           const struct ykc_frame **f)
{
    *f = NULL;
    if (raw->head.encryption != 0)
        return YKC_ENCRYPTED;
    if (ykc_direction(raw->head.type) != from)
        return YKC_WRONG_DIRECTION;
    *f = ykc_frame(raw->head.type);
    if (*f == NULL)
        return YKC_UNKNOWN_TYPE;
    must(raw->body != NULL);
    must(raw->body_len <= YKC_MAX_BODY);
    return check_body(*f, raw->body, raw->body_len);
}

const char *ykc_verdict_name(enum ykc_verdict v)
{
    static const char *const names[] = {
        [YKC_GOOD] = "good", [YKC_LONG_BODY] = "long_body",
        [YKC_ENCRYPTED] = "encrypted",
        [YKC_WRONG_DIRECTION] = "wrong_direction",
        [YKC_UNKNOWN_TYPE] = "unknown_type",
        [YKC_SHORT_BODY] = "short_body", [YKC_BAD_BODY] = "bad_body",
    };

    must((size_t)v < COUNT(names));
    must(names[v] != NULL);
    return names[v];
}
