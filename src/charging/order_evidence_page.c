#include "charging/order_evidence_page.h"

#include <inttypes.h>

#include "base/buf.h"
#include "base/label.h"
#include "charging/evidence.h"
#include "charging/order.h"
#include "protocol/ykc/frame.h"
#include "protocol/ykc/show.h"

enum {
    HEX_ROW = 24,  /* bytes a row, in groups of 8 (console.md section 4) */
    HEX_GROUP = 8,
    TRADE_RECORD = 0x3B
};

#define EVIDENCE_SHOWS(X)                        \
    X(SHOW_KEY, 1, "key", "关键帧", NULL)         \
    X(SHOW_ALL, 2, "all", "全部", NULL)           \
    X(SHOW_UP,  3, "up",  "仅上行", NULL)
LABELS_DECLARE(evidence_show, EVIDENCE_SHOWS);
LABELS_DEFINE(evidence_show, EVIDENCE_SHOWS);

const struct arg evidence_args[EVIDENCE_ARGS] = {
    ARG(struct evidence_args, id, .min = 1, .max = INT64_MAX),
    ARG(struct evidence_args, frame, .min = 0, .max = INT64_MAX),
    ARG(struct evidence_args, after, .min = 0, .max = INT64_MAX),
    ARG(struct evidence_args, show, .labels = LIST(evidence_show_labels)),
};

/* A stored frame; what was stored had a right check sum. */
static bool open_frame(const struct order_frame *f, struct ykc_raw *raw)
{
    return ykc_open(f->raw.data, f->raw.len, raw) == WIRE_OK;
}

static const char *frame_path(struct cx *cx, const struct evidence_args *a,
                              int show, int64_t frame, int64_t after)
{
    const char *p = cx_printf(cx, "/console/order/%" PRId64 "/evidence?show=%s",
                              a->id, evidence_show_labels[show - 1].key);

    if (frame != 0)
        p = cx_printf(cx, "%s&frame=%" PRId64, p, frame);
    if (after != 0)
        p = cx_printf(cx, "%s&after=%" PRId64, p, after);
    return p;
}

static void put_row(struct cx *cx, struct vnode *v,
                    const struct evidence_args *a, const struct order_frame *f)
{
    const struct ykc_frame *known = ykc_frame((uint8_t)f->type);
    char text[STAMP_TEXT], summary[YKC_SUMMARY];
    struct ykc_raw raw;

    v_printf(v, "at", "%.12s", stamp_text(f->at, text) + 11);
    v_set(v, "dir", f->up ? "up" : "down");
    v_printf(v, "type", "0x%02X", (unsigned)f->type);
    v_set(v, "name", known != NULL ? known->brief : "未知帧");
    v_set(v, "text", open_frame(f, &raw) ? ykc_summary(&raw, summary)
                                         : "校验不通过");
    v_set(v, "path", frame_path(cx, a, a->show, f->n, a->after));
    v_flag(v, "on", f->n == a->frame);
}

static void put_gap(struct vnode *v, int64_t frames)
{
    v_set(v, "at", "…");
    v_printf(v, "name", "省略 %" PRId64 " 帧", frames);
    v_set(v, "text", "实时数据");
}

static void put_rows(struct cx *cx, struct vnode *frames,
                     const struct evidence_args *a,
                     const struct order_frame *f, size_t n)
{
    struct vnode *rows = v_child(frames, "rows");
    size_t row = 0;

    for (size_t i = 0; i < n; i++) {
        int64_t before = i > 0 ? f[i - 1].n : a->after;

        if (a->show == SHOW_KEY && f[i].n > before + 1)
            put_gap(v_item(rows, row++), f[i].n - before - 1);
        put_row(cx, v_item(rows, row++), a, &f[i]);
    }
    if (n == ORDER_FRAMES_PAGE) {
        v_set(frames, "next", frame_path(cx, a, a->show, 0, f[n - 1].n));
        v_printf(frames, "foot", "第 %" PRId64 "–%" PRId64 " 帧", f[0].n,
                 f[n - 1].n);
    }
}

/* ---- one frame ------------------------------------------------------- */

static void put_hex(struct cx *cx, struct vnode *v, const struct ykc_raw *raw)
{
    struct json_out *hex = view_json(cx);
    char byte[3];

    for (size_t i = 0; i < raw->len; i++) {
        struct vnode *line = v_item(v_child(v, "lines"), i / HEX_ROW);
        struct vnode *group = v_item(v_child(line, "groups"),
                                     i % HEX_ROW / HEX_GROUP);

        if (i % HEX_ROW == 0)
            v_printf(line, "at", "%04zX", i);
        snprintf(byte, sizeof byte, "%02X", raw->bytes[i]);
        v_printf(v_child(group, "bytes"),
                 cx_printf(cx, "%zu", i % HEX_GROUP), "%s", byte);
        buf_printf(hex->to, "%s%s", i > 0 ? " " : "", byte);
    }
    v_json(cx, v, "hex", hex);
}

enum { ENVELOPE = 6 }; /* bytes before the body */

static void put_fields(struct vnode *v, const struct ykc_raw *raw)
{
    struct vnode *fields = v_child(v, "fields");
    struct ykc_parts walk;
    struct ykc_part part;
    size_t n = 0;

    ykc_parts_open(&walk, raw);
    while (ykc_parts_next(&walk, &part)) {
        struct vnode *f;
        bool crc = part.offset + part.size == raw->len;

        if (part.offset < ENVELOPE)
            continue;
        f = v_item(fields, n++);
        v_int(f, "offset", (int64_t)part.offset - ENVELOPE);
        v_int(f, "from", (int64_t)part.offset);
        v_int(f, "size", (int64_t)part.size);
        v_set(f, "title", part.title);
        v_set(f, "value", part.text);
        v_flag(f, "crc", crc);
    }
}

static void put_frame(struct cx *cx, struct vnode *v,
                      const struct order_frame *f)
{
    const struct ykc_frame *known = ykc_frame((uint8_t)f->type);
    struct ykc_raw raw;

    v_printf(v, "type", "0x%02X", (unsigned)f->type);
    v_set(v, "name", known != NULL ? known->title : "未知帧");
    if (!open_frame(f, &raw)) {
        v_set(v, "key", "fault");
        v_set(v, "word", "CRC 错误");
        return;
    }
    v_set(v, "key", "ok");
    v_set(v, "word", "CRC 正确");
    v_printf(v, "note", "%zu 字节 · 序列号 0x%02X%02X · %s", raw.len,
             raw.head.sequence[1], raw.head.sequence[0],
             raw.head.encryption == 0 ? "未加密" : "加密");
    put_hex(cx, v, &raw);
    put_fields(v, &raw);
}

/* The trade record if it is on the page, else the last frame. */
static int64_t choose(const struct order_frame *f, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (f[i].type == TRADE_RECORD)
            return f[i].n;
    return n > 0 ? f[n - 1].n : 0;
}

void order_evidence(struct cx *cx, struct vnode *v, const struct order *o,
                    const struct evidence_args *asked)
{
    static const enum order_frames_shown shown[] = {
        [SHOW_KEY] = FRAMES_KEY, [SHOW_ALL] = FRAMES_ALL,
        [SHOW_UP] = FRAMES_UP
    };
    struct evidence_args *a = CX_NEW(cx, struct evidence_args);
    struct vnode *frames = v_child(v, "frames");
    struct order_frame *f, *one;
    size_t n;

    *a = *asked;
    a->show = a->show != 0 ? a->show : SHOW_KEY;
    f = order_frames(cx, o->trade_no, shown[a->show], a->after, &n);
    if (a->frame == 0)
        a->frame = choose(f, n);
    v_printf(frames, "note", "共 %" PRId64 " 帧；时间为平台收发时刻",
             order_frame_count(cx, o->trade_no));
    for (size_t i = 0; i < evidence_show_count; i++) {
        struct vnode *filter = v_item(v_child(frames, "filters"), i);
        const struct label *l = &evidence_show_labels[i];

        v_set(filter, "title", l->word);
        v_set(filter, "path", frame_path(cx, a, l->value, 0, 0));
        v_flag(filter, "on", l->value == a->show);
    }
    put_rows(cx, frames, a, f, n);
    one = order_frame(cx, o->trade_no, a->frame);
    if (one != NULL)
        put_frame(cx, v_child(v, "frame"), one);
}
