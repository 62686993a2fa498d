/*
 * The bytes of a frame and their meaning, and its summary: see show.h.
 */
#include "protocol/ykc/show.h"

#include <stdio.h>
#include <string.h>

/* Around a body. */
enum { HEAD_BYTES = 6, CHECK_BYTES = 2 };

/* Decodes what can be decoded, whoever sent it. */
static const struct ykc_frame *look_inside(const struct ykc_raw *raw,
                                           union ykc_any *any, size_t *used)
{
    const struct ykc_frame *f;

    if (ykc_check(raw, ykc_direction(raw->head.type), &f) > YKC_LONG_BODY)
        return NULL;
    if (ykc_decode(f, raw->body, raw->body_len, any, used) != WIRE_OK)
        return NULL;
    must(f->type == raw->head.type);
    must(*used <= raw->body_len);
    return f;
}

void ykc_parts_open(struct ykc_parts *walk, const struct ykc_raw *raw)
{
    must(raw->len == raw->body_len + HEAD_BYTES + CHECK_BYTES);
    must(raw->len <= YKC_MAX_FRAME);
    memset(walk, 0, sizeof *walk);
    walk->raw = raw;
    walk->frame = look_inside(raw, &walk->any, &walk->used);
    must(walk->used <= raw->body_len);
}

/* n bytes at the walk's place. Returns true, for callers that are done. */
static bool part_at(struct ykc_parts *walk, struct ykc_part *part,
                    const char *name, const char *title, size_t n)
{
    must(walk->offset + n <= walk->raw->len); /* parts do not overlap */
    part->name = name;
    part->title = title;
    part->offset = walk->offset;
    part->size = n;
    part->item = -1;
    walk->offset += n;
    return true;
}

enum { HEAD_PARTS = 5 };

static bool head_part(struct ykc_parts *walk, struct ykc_part *part)
{
    static const struct {
        const char *name, *title;
        size_t size;
    } heads[HEAD_PARTS] = {
        { "start", "起始标志", 1 }, { "length", "数据长度", 1 },
        { "sequence", "序列号域", 2 }, { "encryption", "加密标志", 1 },
        { "type", "帧类型标志", 1 },
    };
    size_t i = walk->next++;
    const uint8_t *p = walk->raw->bytes + walk->offset;
    const struct ykc_frame *f = ykc_frame(walk->raw->head.type);

    must(i < HEAD_PARTS);
    must(walk->offset < HEAD_BYTES);
    part_at(walk, part, heads[i].name, heads[i].title, heads[i].size);
    if (i == 1)
        snprintf(part->text, sizeof part->text, "%d", p[0]);
    else if (i == 2)
        snprintf(part->text, sizeof part->text, "%d", p[0] | p[1] << 8);
    else if (i == 3)
        snprintf(part->text, sizeof part->text, "%s",
                 p[0] == 0 ? "不加密" : "加密");
    else if (i == 4)
        snprintf(part->text, sizeof part->text, "0x%02X %s", p[0],
                 f == NULL ? "未知" : f->title);
    else
        snprintf(part->text, sizeof part->text, "0x%02X", p[0]);
    return true;
}

/* A field of the table, or of item number item. */
static bool field_part(struct ykc_parts *walk, struct ykc_part *part,
                       const struct wire_field *f, const void *p, int item)
{
    part_at(walk, part, f->name, f->title, f->size);
    must(walk->frame != NULL);
    if (f->kind == WIRE_HIGH4) { /* shares the bytes of the field before */
        must(part->offset >= 2);
        part->offset -= 2;
        part->size = 2;
    }
    part->item = item;
    wire_pretty(f, p, part->text);
    return true;
}

static bool items_part(struct ykc_parts *walk, struct ykc_part *part,
                       size_t i)
{
    const struct ykc_frame *f = walk->frame;
    const struct wire_field *last = &f->fields.v[f->fields.n - 1];
    size_t count = (size_t)wire_number(last, &walk->any), item;
    const char *at = (const char *)&walk->any + f->items_at;

    must(f->rest == YKC_NOTHING || count <= f->item_max);
    if (f->rest == YKC_TEXT && i == 0 && count > 0) {
        part_at(walk, part, f->rest_name, "前缀", count);
        wire_printable(at, count, part->text);
        return true;
    }
    if (f->rest != YKC_ITEMS || i >= count * f->item.n)
        return false;
    must(f->item.n > 0);
    item = i / f->item.n;
    must(item < count);
    return field_part(walk, part, &f->item.v[i % f->item.n],
                      at + item * f->item_struct, (int)item);
}

/* What is left of the body as one part, then the check field, then false. */
static bool last_part(struct ykc_parts *walk, struct ykc_part *part)
{
    size_t left = walk->raw->len - walk->offset;
    const uint8_t *p = walk->raw->bytes + walk->offset;
    bool whole = walk->frame == NULL;

    must(walk->offset >= HEAD_BYTES);
    must(walk->offset <= walk->raw->len);
    if (left > CHECK_BYTES) {
        part_at(walk, part, whole ? "body" : "tail",
                whole ? "消息体" : "附加数据", left - CHECK_BYTES);
        wire_hex(p, left - CHECK_BYTES, part->text);
        return true;
    }
    must(left == CHECK_BYTES || left == 0);
    if (left == 0)
        return false;
    part_at(walk, part, "check", "帧校验域", CHECK_BYTES);
    snprintf(part->text, sizeof part->text, "正确%s",
             walk->raw->head.crc == YKC_CRC_LOW ? "" : "（高字节在前）");
    return true;
}

bool ykc_parts_next(struct ykc_parts *walk, struct ykc_part *part)
{
    const struct ykc_frame *f = walk->frame;
    const struct wire_field *field;
    size_t i;

    must(walk->raw != NULL);
    must(walk->used <= walk->raw->body_len);
    if (walk->next < HEAD_PARTS)
        return head_part(walk, part);
    while (f != NULL && (i = walk->next - HEAD_PARTS) < f->fields.n) {
        field = &f->fields.v[i];
        walk->next++;
        /* a count that is not on the wire, or bytes that did not come */
        if (field->kind == WIRE_TALLY ||
            walk->offset + field->size > HEAD_BYTES + walk->used)
            continue;
        return field_part(walk, part, field, &walk->any, -1);
    }
    if (f != NULL && items_part(walk, part, walk->next - HEAD_PARTS -
                                            f->fields.n)) {
        walk->next++;
        return true;
    }
    return last_part(walk, part);
}

/* Adds "title value", with " · " between two. */
static void tell(char out[YKC_SUMMARY], const char *title, const char *value)
{
    size_t n = strlen(out);

    must(n < YKC_SUMMARY);
    snprintf(out + n, YKC_SUMMARY - n, "%s%s%s%s", n == 0 ? "" : " · ",
             title, title[0] == '\0' ? "" : " ", value);
}

char *ykc_summary(const struct ykc_raw *raw, char out[YKC_SUMMARY])
{
    union ykc_any any;
    size_t used;
    const struct ykc_frame *f = look_inside(raw, &any, &used);
    char text[WIRE_TEXT];

    must(raw->body_len <= YKC_MAX_BODY);
    out[0] = '\0';
    if (f == NULL) {
        if (raw->head.encryption != 0)
            tell(out, "", "加密报文，无法解码");
        else if (ykc_frame(raw->head.type) == NULL)
            tell(out, "", "未知类型");
        else
            tell(out, "", "消息体长度不符");
        return out;
    }
    must(used <= raw->body_len);
    for (size_t i = 0; i < f->fields.n; i++) {
        const struct wire_field *field = &f->fields.v[i];

        if (field->summary == WIRE_TOLD ||
            (field->summary == WIRE_IF_SET &&
             wire_number(field, &any) != 0))
            tell(out, field->title, wire_pretty(field, &any, text));
    }
    if (f->rest == YKC_TEXT)
        tell(out, "", wire_printable((const char *)&any + f->items_at,
                                     f->item_max, text));
    return out;
}
