/*
 * YKC frames as JSON: see show.h.
 */
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "protocol/ykc/show.h"

enum { NAME_ROOM = 64 }; /* of a field's name and "_raw" */

static void json_list(struct json_out *to, const char *name,
                      const uint8_t *v, size_t n)
{
    must(n > 0);
    json_open(to, name, '[');
    for (size_t i = 0; i < n; i++)
        json_int(to, NULL, v[i]);
    json_close(to, ']');
}

/* A field, and its raw bytes beside it if the text does not hold them. */
static void json_field(struct json_out *to, const struct wire_field *f,
                       const void *p)
{
    const char *m = (const char *)p + f->at;
    char text[WIRE_TEXT], name[NAME_ROOM];

    must(strlen(f->name) + sizeof "_raw" <= sizeof name);
    if (f->kind == WIRE_LIST8) {
        json_list(to, f->name, (const uint8_t *)m, f->size);
        return;
    }
    wire_text(f, p, text);
    if (wire_is_number(f, p))
        json_raw(to, f->name, text);
    else if (text[0] == '\0' && f->kind != WIRE_STR)
        json_none(to, f->name);
    else
        json_text(to, f->name, text);
    if (!wire_text_is_whole(f, p)) {
        snprintf(name, sizeof name, "%s_raw", f->name);
        json_text(to, name, wire_hex(m, f->size, text));
    }
}

static void json_fields(struct json_out *to, struct wire_fields fields,
                        const void *p)
{
    must(fields.n > 0);
    must(p != NULL);
    for (size_t i = 0; i < fields.n; i++)
        if (fields.v[i].kind != WIRE_TALLY)
            json_field(to, &fields.v[i], p);
}

/* A text as the bytes say, or in hex if they are not all printable. */
static void json_prefix(struct json_out *to, const struct ykc_frame *f,
                        const char *text, size_t n)
{
    char hex[2 * YKC_MAX_BODY + 1], name[NAME_ROOM];

    must(n <= YKC_MAX_BODY);
    must(text[n] == '\0'); /* decoding has cleared what is behind it */
    for (size_t i = 0; i < n; i++) {
        if (text[i] >= 0x20 && text[i] <= 0x7E)
            continue;
        snprintf(name, sizeof name, "%s_raw", f->rest_name);
        json_text(to, name, wire_hex(text, n, hex));
        return;
    }
    json_text(to, f->rest_name, text);
}

static void json_rest(struct json_out *to, const struct ykc_frame *f,
                      const union ykc_any *any)
{
    size_t count = (size_t)wire_number(&f->fields.v[f->fields.n - 1], any);
    const char *at = (const char *)any + f->items_at;

    if (f->rest == YKC_NOTHING)
        return;
    must(count <= f->item_max);
    must(f->items_at + count * f->item_struct <= f->struct_size);
    if (f->rest == YKC_TEXT) {
        json_prefix(to, f, at, count);
        return;
    }
    json_open(to, f->rest_name, '[');
    for (size_t i = 0; i < count; i++) {
        json_open(to, NULL, '{');
        json_fields(to, f->item, at + i * f->item_struct);
        json_close(to, '}');
    }
    json_close(to, ']');
}

/* What codes and bits mean. */
static void json_words(struct json_out *to, const struct ykc_frame *f,
                       const union ykc_any *any)
{
    char text[WIRE_TEXT];

    must(f->fields.n > 0);
    json_open(to, "words", '{');
    for (size_t i = 0; i < f->fields.n; i++) {
        const struct wire_field *field = &f->fields.v[i];

        must(field->show != NULL);
        if (field->show->words.n > 0 || field->show->flags != NULL)
            json_text(to, field->name, wire_pretty(field, any, text));
    }
    json_close(to, '}');
}

static void json_head(struct json_out *to, const struct ykc_raw *raw)
{
    const struct ykc_frame *f = ykc_frame(raw->head.type);
    char text[8];

    must(f == NULL || f->type == raw->head.type);
    snprintf(text, sizeof text, "0x%02X", raw->head.type);
    json_text(to, "type", text);
    if (f != NULL) {
        json_text(to, "name", f->name);
        json_text(to, "title", f->title);
    }
    json_text(to, "direction",
              ykc_direction(raw->head.type) == YKC_FROM_PILE ? "up" : "down");
    json_int(to, "sequence",
             raw->head.sequence[0] | raw->head.sequence[1] << 8);
    if (raw->head.encryption != 0)
        json_int(to, "encryption", raw->head.encryption);
    if (raw->head.crc == YKC_CRC_SWAPPED)
        json_text(to, "crc", "swapped");
}

bool ykc_json(struct json_out *to, const struct ykc_raw *raw)
{
    const struct ykc_frame *f;
    enum ykc_verdict v = ykc_check(raw, ykc_direction(raw->head.type), &f);
    union ykc_any any;
    char text[YKC_SUMMARY];
    size_t used = 0;
    bool good = v <= YKC_LONG_BODY &&
        ykc_decode(f, raw->body, raw->body_len, &any, &used) == WIRE_OK;

    must(raw->body_len <= YKC_MAX_BODY);
    must(!good || f != NULL);
    must(used <= raw->body_len);
    json_open(to, NULL, '{');
    json_head(to, raw);
    if (good) {
        json_fields(to, f->fields, &any);
        json_rest(to, f, &any);
        if (used < raw->body_len)
            json_text(to, "tail", wire_hex(raw->body + used,
                                           raw->body_len - used, text));
        if (raw->body_len < f->size)
            json_int(to, "body_length", (int64_t)raw->body_len);
    } else {
        json_text(to, "error", ykc_verdict_name(v));
        json_text(to, "body", wire_hex(raw->body, raw->body_len, text));
    }
    json_text(to, "summary", ykc_summary(raw, text));
    if (good)
        json_words(to, f, &any);
    json_close(to, '}');
    return good;
}
