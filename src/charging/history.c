/*
 * Curves and frames: see history.h.
 */
#include "charging/history.h"

#include "db/db.h"

enum { BATCH = 1000, TELEMETRY_COLUMNS = 13, FRAME_COLUMNS = 7 };

static void fill_telemetry(struct db_value *v, const struct telemetry_row *t)
{
    v[0] = V(t->at);
    v[1] = V(t->connector_id);
    v[2] = V(t->order_id);
    v[3] = V(t->state);
    v[4] = V(t->voltage_dv);
    v[5] = V(t->current_da);
    v[6] = V(t->power_w);
    v[7] = V(t->soc);
    v[8] = V(t->battery_c);
    v[9] = V(t->gun_c);
    v[10] = V(t->demand_da);
    v[11] = V(t->energy_e4kwh);
    v[12] = V(t->amount_e4yuan);
}

void telemetry_add(struct cx *cx, const struct telemetry_row *rows, size_t n)
{
    static const char sql[] =
        "INSERT INTO telemetry (at, connector_id, order_id, state,"
        "   voltage_dv, current_da, power_w, soc, battery_c, gun_c,"
        "   demand_da, energy_e4kwh, amount_e4yuan)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";

    for (size_t from = 0; from < n; from += BATCH) {
        size_t count = n - from < BATCH ? n - from : BATCH;
        struct db_value *v = arena_array(cx->arena,
                                         count * TELEMETRY_COLUMNS,
                                         sizeof *v);

        for (size_t i = 0; i < count; i++)
            fill_telemetry(v + i * TELEMETRY_COLUMNS, &rows[from + i]);
        db_insert_rows(cx, sql, v, count, TELEMETRY_COLUMNS);
    }
}

static void fill_frame(struct db_value *v, const struct frame_row *f)
{
    v[0] = V(f->at);
    v[1] = V(f->pile_id);
    v[2] = V(f->gun);
    v[3] = V(f->up);
    v[4] = V(f->type);
    v[5] = V(f->trade_no);
    v[6] = V(((struct bytes){ f->raw, f->len }));
}

void frame_log_add(struct cx *cx, const struct frame_row *rows, size_t n)
{
    static const char sql[] =
        "INSERT INTO frame_log (at, pile_id, gun, up, type, trade_no, raw)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)";

    for (size_t from = 0; from < n; from += BATCH) {
        size_t count = n - from < BATCH ? n - from : BATCH;
        struct db_value *v = arena_array(cx->arena, count * FRAME_COLUMNS,
                                         sizeof *v);

        for (size_t i = 0; i < count; i++)
            fill_frame(v + i * FRAME_COLUMNS, &rows[from + i]);
        db_insert_rows(cx, sql, v, count, FRAME_COLUMNS);
    }
}
