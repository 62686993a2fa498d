#include "charging/provisional.h"

#include <string.h>

#include "charging/order_money.h"
#include "db/db.h"

struct reading {
    stamp at;
    int64_t energy_e4kwh;
};

struct measuring {
    struct bill_meter meter;
    const char *slots;
};

static bool add_reading(struct cx *cx, void *row, void *arg)
{
    const struct reading *r = row;
    struct measuring *m = arg;

    (void)cx;
    bill_meter_add(&m->meter, m->slots,
                   (struct bill_point){ r->at, r->energy_e4kwh });
    return true;
}

void order_measure(struct cx *cx, const struct order *o,
                   const struct tariff_version *v, struct measured *out)
{
    static const char sql[] =
        "SELECT at, energy_e4kwh FROM telemetry WHERE order_id = ?"
        " ORDER BY at";
    static const struct db_field row[] = {
        DB_FIELD(struct reading, at), DB_FIELD(struct reading, energy_e4kwh)
    };
    struct measuring *m = CX_NEW(cx, struct measuring);
    stamp start = o->charging_at.ms != 0 ? o->charging_at : o->created_at;
    int64_t sum = 0;

    must(o->id > 0);
    must(v->id == o->tariff_version_id); /* frozen at start */
    must(start.ms > 0);
    m->slots = v->slots;
    bill_meter_add(&m->meter, v->slots, (struct bill_point){ start, 0 });
    db_each(cx, sql, BIND(V(o->id)), ROW(struct reading, row), add_reading,
            m);
    /* What the order knows may be newer than the history. */
    if (o->live_at.ms != 0)
        bill_meter_add(&m->meter, v->slots,
                       (struct bill_point){ o->live_at,
                                            o->live_energy_e4kwh });
    memcpy(out->energy_e4kwh, m->meter.energy_e4kwh,
           sizeof out->energy_e4kwh);
    out->start = start;
    out->end = m->meter.last.at;
    for (int i = 0; i < RATES; i++)
        sum = checked_add(sum, out->energy_e4kwh[i]);
    must(sum == m->meter.last.energy_e4kwh); /* the meter began at 0 */
    must(out->end.ms >= start.ms);
}

void order_settle_provisionally(struct cx *cx, struct order *o)
{
    const struct tariff_version *v = tariff_version_load(
        cx, o->tariff_version_id);
    struct rollups rollups = { .n = 0 };
    struct measured m;
    struct bill b;

    must(o->state == ORDER_AWAITING_RECORD);
    order_measure(cx, o, v, &m);
    bill_compute(&v->prices, m.energy_e4kwh, &b);
    order_settle(cx, o,
                 &(struct settling){ .bill = &b, .start = m.start,
                                     .end = m.end,
                                     .event = "order.provisional",
                                     .note = "电桩未上传交易记录，按遥测暂结" },
                 &rollups);
    rollups_write(cx, &rollups);
}
