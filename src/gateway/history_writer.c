/*
 * Frames and curves into their tables, in bulk. Evidence, not state: with the
 * database down for long the newest are dropped, and counted.
 */
#include "charging/history.h"
#include "gateway/gateway.h"

enum { BATCH = 1000, RETRY_MS = 500, GATHER_MS = 200 };

struct historian {
    struct worker *w;
    struct frame_item frames[BATCH];
    size_t frame_count;
    struct telemetry_row telemetry[BATCH];
    size_t telemetry_count;
};

static void write_frames(struct cx *cx, void *arg)
{
    const struct historian *x = arg;
    struct frame_row *rows = arena_array(cx->arena, x->frame_count,
                                         sizeof *rows);

    for (size_t i = 0; i < x->frame_count; i++) {
        const struct frame_item *f = &x->frames[i];

        rows[i] = (struct frame_row){ .at = f->at, .pile_id = f->pile_id,
                                      .gun = f->gun, .up = f->up,
                                      .type = f->type, .raw = f->raw,
                                      .len = f->len };
        if (f->has_trade)
            rows[i].trade_no = wire_hex(f->trade, 16,
                                        arena_alloc(cx->arena, 33));
    }
    frame_log_add(cx, rows, x->frame_count);
}

static void write_telemetry(struct cx *cx, void *arg)
{
    const struct historian *x = arg;

    telemetry_add(cx, x->telemetry, x->telemetry_count);
}

/* False: try the same rows again later. */
static bool write_all(struct historian *x, struct cx *cx)
{
    struct worker *w = x->w;

    if (x->frame_count > 0) {
        if (worker_run(w, cx, write_frames, x))
            count_add(&w->counts, COUNT_frame_rows, x->frame_count);
        else if (cx_error_passes(cx))
            return false;
        else
            count_add(&w->counts, COUNT_dropped_rows, x->frame_count);
        x->frame_count = 0;
    }
    if (x->telemetry_count > 0) {
        if (worker_run(w, cx, write_telemetry, x))
            count_add(&w->counts, COUNT_telemetry_rows, x->telemetry_count);
        else if (cx_error_passes(cx))
            return false;
        else
            count_add(&w->counts, COUNT_dropped_rows, x->telemetry_count);
        x->telemetry_count = 0;
    }
    return true;
}

static void gather(struct historian *x)
{
    struct gateway *g = x->w->gateway;

    if (x->frame_count == 0)
        x->frame_count = queue_take(&g->frames, x->frames, BATCH, GATHER_MS);
    if (x->telemetry_count == 0)
        x->telemetry_count = queue_take(&g->telemetry, x->telemetry, BATCH,
                                        0);
}

void *history_writer(void *arg)
{
    struct worker *w = arg;
    struct historian *x = calloc(1, sizeof *x);
    struct cx *cx = worker_cx(w);
    bool is_over = false;

    must(x != NULL);
    x->w = w;
    for (;;) {
        is_over = queue_is_closed(&w->gateway->telemetry);
        gather(x);
        if (x->frame_count + x->telemetry_count == 0 && is_over)
            break;
        if (!write_all(x, cx)) {
            if (is_over)
                break;
            worker_pause(w, RETRY_MS);
        } else if (x->frame_count + x->telemetry_count < BATCH && !is_over) {
            worker_pause(w, GATHER_MS); /* larger batches */
        }
    }
    worker_cx_free(cx);
    free(x);
    return NULL;
}
