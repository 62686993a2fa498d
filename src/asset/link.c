/*
 * Piles and their gateway: see link.h.
 */
#include "asset/link.h"

#include "asset/asset.h"
#include "asset/live.h"
#include "db/db.h"

enum { BATCH = 1000 }; /* rows of one round trip: the most db takes */

/* ---- reading -------------------------------------------------------- */

static const struct db_field link_row[] = {
    DB_FIELD(struct pile_link, id),
    DB_FIELD(struct pile_link, no),
    DB_FIELD(struct pile_link, station_id),
    DB_FIELD(struct pile_link, area_id),
    DB_FIELD(struct pile_link, kind),
    DB_FIELD(struct pile_link, guns),
    DB_FIELD(struct pile_link, is_enabled),
    DB_FIELD(struct pile_link, login_policy),
    DB_FIELD(struct pile_link, pinned_address),
    DB_FIELD(struct pile_link, sim_no),
    DB_FIELD(struct pile_link, crc_tx),
    DB_FIELD(struct pile_link, fault_shift),
    DB_FIELD(struct pile_link, tariff_no),
};

const struct pile_link *pile_links(struct cx *cx, stamp since,
                                   int64_t after_id, size_t *count)
{
    static const char sql[] =
        "SELECT id, no, station_id, area_id, kind, guns,"
        "   status = 1 AND deleted_at IS NULL, login_policy, pinned_address,"
        "   sim_no, crc_tx, fault_shift, tariff_no"
        "  FROM pile"
        " WHERE id > ? AND updated_at >= ?"
        " ORDER BY id LIMIT 5000";

    if (since.ms == 0)
        since.ms = 1; /* not NULL: from the beginning of time */
    return db_rows(cx, sql, BIND(V(after_id), V(since)),
                   ROW(struct pile_link, link_row), count);
}

const struct pile_link *pile_link_find(struct cx *cx, const char *no)
{
    static const char sql[] =
        "SELECT id, no, station_id, area_id, kind, guns,"
        "   status = 1 AND deleted_at IS NULL, login_policy, pinned_address,"
        "   sim_no, crc_tx, fault_shift, tariff_no"
        "  FROM pile"
        " WHERE no = ?";

    return db_row(cx, sql, BIND(V(no)), ROW(struct pile_link, link_row));
}

static const struct db_field connector_row[] = {
    DB_FIELD(struct connector_link, id),
    DB_FIELD(struct connector_link, pile_id),
    DB_FIELD(struct connector_link, gun),
};

const struct connector_link *connector_links(struct cx *cx, int64_t first,
                                             int64_t last, size_t *count)
{
    static const char sql[] =
        "SELECT id, pile_id, gun FROM connector"
        " WHERE pile_id BETWEEN ? AND ?"
        " ORDER BY pile_id, gun";

    return db_rows(cx, sql, BIND(V(first), V(last)),
                   ROW(struct connector_link, connector_row), count);
}

/* ---- writing -------------------------------------------------------- */

/* Fills the values of one row; v has as many places as the statement. */
typedef void fill_row(struct db_value *v, const void *row);

/* Runs sql once per row, a thousand rows a round trip; the rows matched. */
static int64_t change_rows(struct cx *cx, const char *sql, size_t columns,
                           const void *rows, size_t row_size, size_t n,
                           fill_row *fill)
{
    int64_t matched = 0;

    for (size_t from = 0; from < n; from += BATCH) {
        size_t count = n - from < BATCH ? n - from : BATCH;
        struct db_value *v = arena_array(cx->arena, count * columns,
                                         sizeof *v);

        for (size_t i = 0; i < count; i++)
            fill(v + i * columns,
                 (const char *)rows + (from + i) * row_size);
        matched += db_insert_rows(cx, sql, v, count, columns);
    }
    return matched;
}

struct claim {
    const struct pile_login *login;
    struct holder h;
};

static void fill_claim(struct db_value *v, const void *row)
{
    const struct claim *c = row;
    const struct pile_login *l = c->login;

    v[0] = V(c->h.gateway_id);
    v[1] = V(c->h.epoch);
    v[2] = v[3] = V(l->at);
    v[4] = V(l->address);
    v[5] = V(l->firmware);
    v[6] = V(l->protocol);
    v[7] = V(l->pin);
    v[8] = V(l->address);
    v[9] = V(l->pile_id);
    v[10] = V(c->h.gateway_id);
}

int64_t pile_claim(struct cx *cx, struct holder h,
                   const struct pile_login *rows, size_t n)
{
    static const char sql[] =
        "UPDATE pile SET gateway_id = ?, epoch = ?, online = 1,"
        "   login_at = ?, seen_at = ?, address_seen = ?, firmware = ?,"
        "   protocol = ?,"
        "   pinned_address = IF(? = 1 AND pinned_address = '', ?,"
        "                       pinned_address)"
        " WHERE id = ?"
        "   AND (online = 0 OR gateway_id IS NULL OR gateway_id = ?"
        "    OR gateway_id IN (SELECT g.id FROM gateway g"
        "         WHERE g.seen_at < NOW(3) - INTERVAL 15 SECOND))";
    struct claim *claims = arena_array(cx->arena, n + 1, sizeof *claims);

    for (size_t i = 0; i < n; i++)
        claims[i] = (struct claim){ &rows[i], h };
    return change_rows(cx, sql, 11, claims, sizeof *claims, n, fill_claim);
}

const int64_t *pile_lost(struct cx *cx, struct holder h, const int64_t *ids,
                         size_t n, size_t *count)
{
    static const char sql[] =
        "SELECT id FROM pile"
        " WHERE id = ? AND (gateway_id IS NULL OR gateway_id <> ?"
        "    OR epoch <> ?)";
    int64_t *lost = arena_array(cx->arena, n + 1, sizeof *lost);

    *count = 0;
    for (size_t i = 0; i < n; i++)
        if (db_int(cx, sql, BIND(V(ids[i]), V(h.gateway_id),
                                 V(h.epoch))) != 0)
            lost[(*count)++] = ids[i];
    return lost;
}

struct status_write {
    const struct pile_status *s;
    struct holder h;
};

static void fill_status(struct db_value *v, const void *row)
{
    const struct status_write *w = row;
    const char *none = NULL;

    v[0] = V(w->s->online);
    v[1] = V(w->s->seen_at);
    v[2] = V(w->s->offline_at);
    v[3] = V(w->s->tariff_no);
    v[4] = w->s->tariff_no != NULL ? V(w->s->clock_off_ms) : V(none);
    v[5] = V(w->s->pile_id);
    v[6] = V(w->h.gateway_id);
    v[7] = V(w->h.epoch);
}

int64_t pile_status_write(struct cx *cx, struct holder h,
                          const struct pile_status *rows, size_t n)
{
    static const char sql[] =
        "UPDATE pile SET online = ?, seen_at = COALESCE(?, seen_at),"
        "   offline_at = COALESCE(?, offline_at),"
        "   tariff_no = COALESCE(?, tariff_no),"
        "   clock_off_ms = COALESCE(?, clock_off_ms)"
        " WHERE id = ? AND gateway_id = ? AND epoch = ?";
    struct status_write *writes = arena_array(cx->arena, n + 1,
                                              sizeof *writes);

    for (size_t i = 0; i < n; i++)
        writes[i] = (struct status_write){ &rows[i], h };
    return change_rows(cx, sql, 8, writes, sizeof *writes, n, fill_status);
}

struct report_write {
    const struct connector_report *r;
    struct holder h;
};

static void fill_report(struct db_value *v, const void *row)
{
    const struct report_write *w = row;
    const struct connector_report *r = w->r;

    v[0] = V(r->state);
    v[1] = V(r->at);
    v[2] = V(r->state);
    v[3] = V(r->plugged);
    v[4] = V(r->trade_no);
    v[5] = V_ID(r->order_id);
    v[6] = V(r->voltage_dv);
    v[7] = V(r->current_da);
    v[8] = V(r->power_w);
    v[9] = V(r->soc);
    v[10] = V(r->battery_c);
    v[11] = V(r->gun_c);
    v[12] = V(r->minutes);
    v[13] = V(r->remain_min);
    v[14] = V(r->energy_e4kwh);
    v[15] = V(r->amount_e4yuan);
    v[16] = V(r->fault_bits);
    v[17] = V(r->vin);
    v[18] = V(r->at);
    v[19] = V(r->connector_id);
    v[20] = V(w->h.gateway_id);
    v[21] = V(w->h.epoch);
}

int64_t connector_report_write(struct cx *cx, struct holder h,
                               const struct connector_report *rows, size_t n)
{
    /* since_at comes first: it looks at the state before this write. */
    static const char sql[] =
        "UPDATE connector_live SET"
        "   since_at = IF(state = ?, since_at, ?), state = ?, plugged = ?,"
        "   trade_no = ?, order_id = ?, voltage_dv = ?, current_da = ?,"
        "   power_w = ?, soc = ?, battery_c = ?, gun_c = ?, minutes = ?,"
        "   remain_min = ?, energy_e4kwh = ?, amount_e4yuan = ?,"
        "   fault_bits = ?, vin = ?, seen_at = ?"
        " WHERE connector_id = ?"
        "   AND EXISTS (SELECT 1 FROM pile p WHERE p.id = pile_id"
        "                  AND p.gateway_id = ? AND p.epoch = ?)";
    struct report_write *writes = arena_array(cx->arena, n + 1,
                                              sizeof *writes);

    for (size_t i = 0; i < n; i++)
        writes[i] = (struct report_write){ &rows[i], h };
    return change_rows(cx, sql, 22, writes, sizeof *writes, n, fill_report);
}

struct offline_write {
    int64_t pile_id;
    stamp at;
    struct holder h;
};

static void fill_offline(struct db_value *v, const void *row)
{
    const struct offline_write *w = row;

    v[0] = V(w->at);
    v[1] = V(w->pile_id);
    v[2] = V(w->h.gateway_id);
    v[3] = V(w->h.epoch);
}

void connector_offline(struct cx *cx, struct holder h,
                       const int64_t *pile_ids, size_t n, stamp at)
{
    static const char sql[] =
        "UPDATE connector_live SET since_at = IF(state = 6, since_at, ?),"
        "   state = 6, plugged = 0, voltage_dv = 0, current_da = 0,"
        "   power_w = 0"
        " WHERE pile_id = ?"
        "   AND EXISTS (SELECT 1 FROM pile p WHERE p.id = pile_id"
        "                  AND p.gateway_id = ? AND p.epoch = ?)";
    struct offline_write *writes = arena_array(cx->arena, n + 1,
                                               sizeof *writes);

    for (size_t i = 0; i < n; i++)
        writes[i] = (struct offline_write){ pile_ids[i], at, h };
    change_rows(cx, sql, 4, writes, sizeof *writes, n, fill_offline);
}

/* Held by an earlier start of ours, or by a gateway that is dead. */
#define ORPHANED                                                        \
    "   AND ((gateway_id = ? AND epoch < ?)"                            \
    "    OR (gateway_id <> ? AND gateway_id NOT IN"                     \
    "         (SELECT g.id FROM gateway g"                              \
    "           WHERE g.seen_at >= NOW(3) - INTERVAL 15 SECOND)))"

struct sweep {
    struct holder h;
    int64_t done;
};

/* One pile: guarded by who held it when it was found dead. */
static bool sweep_one(struct cx *cx, int64_t id, const struct sweep *s)
{
    static const char pile[] =
        "UPDATE pile SET online = 0, offline_at = ?"
        " WHERE id = ? AND online = 1"
        ORPHANED;
    static const char live[] =
        "UPDATE connector_live SET since_at = IF(state = 6, since_at, ?),"
        "   state = 6, plugged = 0, voltage_dv = 0, current_da = 0,"
        "   power_w = 0"
        " WHERE pile_id = ?";
    struct pile_event_row event = { id, 0, EVENT_OFFLINE, cx->now,
                                    "网关停止" };

    if (!db_change_one(cx, pile,
                       BIND(V(cx->now), V(id), V(s->h.gateway_id),
                            V(s->h.epoch), V(s->h.gateway_id))))
        return false;
    db_exec(cx, live, BIND(V(cx->now), V(id)));
    pile_event_add(cx, &event, 1);
    return true;
}

static void sweep_some(struct cx *cx, void *arg)
{
    static const char sql[] =
        "SELECT id FROM pile"
        " WHERE online = 1"
        ORPHANED
        " ORDER BY id LIMIT 500";
    struct sweep *s = arg;
    size_t n;
    const int64_t *ids = db_ids(cx, sql, BIND(V(s->h.gateway_id),
                                              V(s->h.epoch),
                                              V(s->h.gateway_id)), &n);

    s->done = 0;
    for (size_t i = 0; i < n; i++)
        s->done += sweep_one(cx, ids[i], s);
}

int64_t pile_sweep(struct cx *cx, struct holder h)
{
    struct sweep s = { h, 0 };

    db_tx(cx, sweep_some, &s);
    return s.done;
}

static void fill_event(struct db_value *v, const void *row)
{
    const struct pile_event_row *e = row;

    v[0] = V(e->at);
    v[1] = V(e->pile_id);
    v[2] = V(e->gun);
    v[3] = V(e->kind);
    v[4] = V(e->detail);
}

void pile_event_add(struct cx *cx, const struct pile_event_row *rows,
                    size_t n)
{
    static const char sql[] =
        "INSERT INTO pile_event (at, pile_id, gun, kind, detail)"
        " VALUES (?, ?, ?, ?, ?)";

    change_rows(cx, sql, 5, rows, sizeof *rows, n, fill_event);
}
