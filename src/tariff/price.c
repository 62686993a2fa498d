#include "tariff/price.h"

#include "db/db.h"
#include "tariff/billing.h"

enum { SLOT_MS = 30 * 60 * 1000, SLOT_MIN = 30 };

static int64_t all_in(const struct tariff_version *v, int rate)
{
    return v->prices.elec_e5[rate] + v->prices.service_e5[rate];
}

struct price_now price_at(const struct tariff_version *v,
                          const struct tariff_version *next, stamp at)
{
    int rate = bill_rate_at(v->slots, at);
    struct price_now now = { .rate = rate, .elec_e5 = v->prices.elec_e5[rate],
                             .service_e5 = v->prices.service_e5[rate],
                             .next_e5 = all_in(v, rate), .next_rate = rate };
    stamp day = stamp_day(at);
    int64_t slot = (at.ms - day.ms) / SLOT_MS;

    for (int i = 1; i <= TARIFF_SLOTS; i++) {
        stamp border = stamp_add_ms(day, (slot + i) * SLOT_MS);
        const struct tariff_version *then =
            next != NULL && border.ms >= next->starts_at.ms ? next : v;
        int r = bill_rate_at(then->slots, border);

        if (all_in(then, r) != all_in(v, rate)) {
            now.until = border;
            now.next_e5 = all_in(then, r);
            now.next_rate = r;
            break;
        }
    }
    return now;
}

size_t price_spans(const struct tariff_version *v,
                   struct price_span out[TARIFF_SLOTS])
{
    size_t n = 0;

    for (int i = 0; i < TARIFF_SLOTS; i++) {
        int rate = v->slots[i] - '0';

        if (n > 0 && out[n - 1].rate == rate)
            out[n - 1].to_min = (i + 1) * SLOT_MIN;
        else
            out[n++] = (struct price_span){ i * SLOT_MIN, (i + 1) * SLOT_MIN,
                                            rate };
    }
    return n;
}

struct row {
    int64_t station_id;
    struct tariff_version v;
};

#define R(member) DB_FIELD(struct row, member)
static const struct db_field row_fields[] = {
    R(station_id), R(v.starts_at), R(v.slots),
    R(v.prices.elec_e5[RATE_SHARP]), R(v.prices.service_e5[RATE_SHARP]),
    R(v.prices.elec_e5[RATE_PEAK]), R(v.prices.service_e5[RATE_PEAK]),
    R(v.prices.elec_e5[RATE_FLAT]), R(v.prices.service_e5[RATE_FLAT]),
    R(v.prices.elec_e5[RATE_VALLEY]), R(v.prices.service_e5[RATE_VALLEY]),
};
#undef R

/* Those in force and the planned ones, the first first. */
static const struct row *versions_of(struct cx *cx, const int64_t *ids,
                                     size_t n, stamp at, size_t *count)
{
    static const char sql[] =
        "SELECT t.station_id, v.starts_at, v.slots,"
        "   v.sharp_elec_e5, v.sharp_service_e5, v.peak_elec_e5,"
        "   v.peak_service_e5, v.flat_elec_e5, v.flat_service_e5,"
        "   v.valley_elec_e5, v.valley_service_e5"
        "  FROM tariff t JOIN tariff_version v ON v.tariff_id = t.id"
        " WHERE t.station_id IN (?, ?, ?, ?, ?, ?, ?, ?, ?, ?,"
        "                        ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
        "   AND t.status = 1 AND t.area_id IS NULL"
        "   AND v.starts_at >= (SELECT MAX(w.starts_at)"
        "        FROM tariff_version w"
        "       WHERE w.tariff_id = t.id AND w.starts_at <= ?)"
        " ORDER BY t.station_id, v.starts_at, v.version_no";
    struct db_value v[PRICE_STATIONS_MAX + 1];

    must(n <= PRICE_STATIONS_MAX);
    for (size_t i = 0; i < PRICE_STATIONS_MAX; i++)
        v[i] = V(i < n ? ids[i] : 0);
    v[PRICE_STATIONS_MAX] = V(at);
    return db_rows(cx, sql, (struct db_binds){ v, COUNT(v) },
                   ROW(struct row, row_fields), count);
}

void price_of_stations(struct cx *cx, const int64_t *ids, size_t n, stamp at,
                       struct price_now *out)
{
    size_t count = 0;
    const struct row *r = n == 0 ? NULL : versions_of(cx, ids, n, at, &count);

    for (size_t i = 0; i < n; i++) {
        const struct tariff_version *now = NULL, *next = NULL;

        for (size_t k = 0; k < count; k++) {
            if (r[k].station_id != ids[i])
                continue;
            if (r[k].v.starts_at.ms <= at.ms)
                now = &r[k].v;
            else if (next == NULL)
                next = &r[k].v;
        }
        out[i] = now == NULL ? (struct price_now){ .rate = -1 }
                             : price_at(now, next, at);
    }
}
