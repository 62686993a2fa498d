/*
 * Tariffs: rules and SQL.
 */
#include "tariff/tariff.h"

#include <string.h>

#include "asset/area.h"
#include "asset/station.h"
#include "base/buf.h"
#include "base/utf8.h"
#include "db/db.h"
#include "system/audit.h"
#include "tariff/billing.h"
#include "tariff/version.h"

LABELS_DEFINE(tariff_rate, TARIFF_RATES);
LABELS_DEFINE(tariff_mode, TARIFF_MODES);
LABELS_DEFINE(tariff_status, TARIFF_STATUSES);

enum { NAME_MAX = 60, NOTE_MAX = 200 };

const struct scope_columns tariff_scope = SCOPE_OWNED("t");

/* ---- is a draft good ------------------------------------------------- */

static const char *const price_fields[RATES][2] = {
    { "sharp_elec", "sharp_service" },
    { "peak_elec", "peak_service" },
    { "flat_elec", "flat_service" },
    { "valley_elec", "valley_service" },
};

static bool rate_is_used(const struct tariff_draft *d, int rate)
{
    return d->mode == TARIFF_UNIFIED ? rate == RATE_FLAT
                                     : strchr(d->slots, '0' + rate) != NULL;
}

static const char *clock_text(struct cx *cx, size_t slot)
{
    return cx_printf(cx, "%02zu:%02zu", slot / 2, slot % 2 * 30);
}

/* The half hours without a rate, as spans: "06:00–07:30、12:00–12:30". */
static const char *slots_error(struct cx *cx, const char *slots)
{
    const char *gaps = "";

    if (slots == NULL || strlen(slots) != TARIFF_SLOTS)
        return "应有 48 个半小时时段。";
    for (size_t i = 0; i < TARIFF_SLOTS; i++) {
        size_t from = i;

        while (i < TARIFF_SLOTS && (slots[i] < '0' || slots[i] > '3'))
            i++;
        if (i > from)
            gaps = cx_printf(cx, "%s%s%s–%s", gaps,
                             gaps[0] != '\0' ? "、" : "",
                             clock_text(cx, from), clock_text(cx, i));
    }
    return gaps[0] == '\0'
               ? NULL
               : cx_printf(cx, "没有覆盖 24 小时：%s 未设置时段。", gaps);
}

static const char *price_error(struct cx *cx, const struct tariff_draft *d,
                               int rate, const char **field)
{
    const int64_t price[2] = { d->prices.elec_e5[rate],
                               d->prices.service_e5[rate] };
    const char *letter = tariff_rate_labels[rate].word;
    bool used = rate_is_used(d, rate);

    for (int i = 0; i < 2; i++) {
        *field = price_fields[rate][i];
        if (price[i] < 0 || price[i] > TARIFF_PRICE_MAX_E5)
            return "应在 0–10 元/kWh 之间。";
        if (!used && price[i] != 0)
            return cx_printf(cx, "没有%s时段，价格应留空。", letter);
    }
    *field = price_fields[rate][0];
    return used && price[0] + price[1] == 0 ? "电价和服务费不能都是 0。"
                                            : NULL;
}

static const char *start_error(struct cx *cx, const struct tariff_draft *d)
{
    stamp next = stamp_add_days(stamp_day(cx->now), 1);

    if (d->starts_at.ms == 0)
        return NULL;
    if (d->starts_at.ms != stamp_day(d->starts_at).ms)
        return "应为某日 00:00。";
    return d->starts_at.ms < next.ms && !d->backdated ? "最早次日 00:00 生效。"
                                                      : NULL;
}

static const char *text_error(struct cx *cx, const struct tariff_draft *d,
                              const char **field)
{
    const char *note = d->note != NULL ? d->note : "";
    size_t n = d->name != NULL ? utf8_count(d->name) : 0;

    *field = "name";
    if (n == 0)
        return "必填。";
    if (n > NAME_MAX)
        return cx_printf(cx, "最多 %d 个字。", NAME_MAX);
    *field = "note";
    return utf8_count(note) > NOTE_MAX
               ? cx_printf(cx, "最多 %d 个字。", NOTE_MAX)
               : NULL;
}

const char *tariff_draft_error(struct cx *cx, const struct tariff_draft *d,
                               const char **field)
{
    const char *why = text_error(cx, d, field);

    if (why != NULL)
        return why;
    *field = "mode";
    if (d->mode != TARIFF_UNIFIED && d->mode != TARIFF_PERIODS)
        return "选择统一计价或峰平谷计价。";
    *field = "slots";
    if (d->mode == TARIFF_PERIODS &&
        (why = slots_error(cx, d->slots)) != NULL)
        return why;
    for (int rate = 0; rate < RATES; rate++)
        if ((why = price_error(cx, d, rate, field)) != NULL)
            return why;
    *field = "starts_on";
    return start_error(cx, d);
}

static void need_good(struct cx *cx, const struct tariff_draft *d)
{
    const char *field, *why = tariff_draft_error(cx, d, &field);

    if (why != NULL)
        cx_fail_field(cx, field, "%s", why);
}

static void slots_of(const struct tariff_draft *d,
                     char out[TARIFF_SLOTS + 1])
{
    if (d->mode == TARIFF_UNIFIED)
        memset(out, '0' + RATE_FLAT, TARIFF_SLOTS);
    else
        memcpy(out, d->slots, TARIFF_SLOTS);
    out[TARIFF_SLOTS] = '\0';
}

/* ---- loading --------------------------------------------------------- */

static const struct db_field tariff_row[] = {
    DB_FIELD(struct tariff, id),          DB_FIELD(struct tariff, provider_id),
    DB_FIELD(struct tariff, merchant_id), DB_FIELD(struct tariff, station_id),
    DB_FIELD(struct tariff, area_id),     DB_FIELD(struct tariff, name),
    DB_FIELD(struct tariff, mode),        DB_FIELD(struct tariff, status),
    DB_FIELD(struct tariff, note),        DB_FIELD(struct tariff, version_no),
    DB_FIELD(struct tariff, updated_at),  DB_FIELD(struct tariff, ver),
    DB_FIELD(struct tariff, station_name),
    DB_FIELD(struct tariff, area_name),
};

struct tariff *tariff_load(struct cx *cx, int64_t id)
{
    static const char sql[] =
        "SELECT t.id, t.provider_id, t.merchant_id, t.station_id, t.area_id,"
        "       t.name, t.mode, t.status, t.note, t.version_no,"
        "       t.updated_at, t.ver, s.name, a.name"
        "  FROM tariff t JOIN station s ON s.id = t.station_id"
        "  LEFT JOIN area a ON a.id = t.area_id"
        " WHERE t.id = ?";

    return scoped_row(cx, sql, id, &tariff_scope,
                      ROW(struct tariff, tariff_row), "计费规则");
}

/* ---- changes --------------------------------------------------------- */

static const char *version_json(struct cx *cx, const char *slots,
                                const struct tariff_prices *p, stamp starts)
{
    struct buf *b = cx_buf(cx, 2000);
    struct json_out j = { b, false };
    char day[STAMP_TEXT];

    json_open(&j, NULL, '{');
    json_text(&j, "slots", slots);
    json_text(&j, "starts_on", stamp_date_text(starts, day));
    for (int r = 0; r < RATES; r++) {
        json_int(&j, price_fields[r][0], p->elec_e5[r]);
        json_int(&j, price_fields[r][1], p->service_e5[r]);
    }
    json_close(&j, '}');
    must(buf_text(b) != NULL);
    return cx_strdup(cx, buf_text(b));
}

/* Whoever changes tariffs of a station stands in line here. */
static void lock_station(struct cx *cx, int64_t station_id)
{
    static const char sql[] = "SELECT id FROM station WHERE id = ? FOR UPDATE";

    db_need_tx(cx);
    db_int(cx, sql, BIND(V(station_id)));
}

static void need_no_other(struct cx *cx, int64_t id, int64_t station_id,
                          int64_t area_id)
{
    static const char sql[] =
        "SELECT name FROM tariff WHERE station_id = ? AND area_id <=> ?"
        " AND status = 1 AND id <> ? LIMIT 1";
    const char *other = db_text(cx, sql, BIND(V(station_id), V_ID(area_id),
                                              V(id)));

    if (other != NULL)
        cx_fail(cx, ERR_CONFLICT,
                "%s已有启用的计费规则「%s」，修改它，或先停用。",
                area_id != 0 ? "该区域" : "该电站", other);
}

static void need_free_name(struct cx *cx, int64_t id, int64_t station_id,
                           const char *name)
{
    static const char sql[] =
        "SELECT id FROM tariff WHERE station_id = ? AND name = ? AND id <> ?";

    if (db_int(cx, sql, BIND(V(station_id), V(name), V(id))) != 0)
        cx_fail_field(cx, "name", "同一电站已有这个名称。");
}

/* A disabled station takes nothing new, and neither does a disabled area. */
static void need_place(struct cx *cx, const struct station *s, int64_t area_id)
{
    const struct area *a = area_id != 0 ? area_load(cx, area_id) : NULL;

    if (a != NULL && a->station_id != s->id)
        cx_fail_field(cx, "area_id", "这个区域不属于所选电站。");
    station_need_enabled(cx, s);
    if (a != NULL && a->status != ASSET_ENABLED)
        cx_fail_field(cx, "area_id", "区域「%s」已停用，不能添加计费规则。",
                      a->name);
}

static stamp start_of(struct cx *cx, const struct tariff_draft *d)
{
    return d->starts_at.ms != 0 ? d->starts_at
                                : stamp_add_days(stamp_day(cx->now), 1);
}

int64_t tariff_create(struct cx *cx, const struct tariff_draft *d)
{
    static const char add[] =
        "INSERT INTO tariff (provider_id, merchant_id, station_id, area_id,"
        " name, mode, note, version_no, created_at, updated_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, 1, ?, ?)";
    const struct station *s = station_load(cx, d->station_id);
    char slots[TARIFF_SLOTS + 1];
    stamp starts = start_of(cx, d);
    int64_t id;

    need_place(cx, s, d->area_id);
    need_good(cx, d);
    lock_station(cx, s->id);
    need_free_name(cx, 0, s->id, d->name);
    need_no_other(cx, 0, s->id, d->area_id);
    slots_of(d, slots);
    id = db_insert(cx, add,
                   BIND(V(s->provider_id), V(s->merchant_id), V(s->id),
                        V_ID(d->area_id), V(d->name), V(d->mode),
                        V(d->note != NULL ? d->note : ""), V(cx->now),
                        V(cx->now)));
    version_add(cx, s->id, id, 1, starts, slots, &d->prices);
    audit_change(cx, "tariff.create", "tariff", id, d->name, NULL,
                 version_json(cx, slots, &d->prices, starts));
    return id;
}

/* Locks the tariff as its editor saw it. */
static const struct tariff *lock_seen(struct cx *cx, int64_t id, int seen_ver)
{
    const struct tariff *t = tariff_load(cx, id);

    lock_station(cx, t->station_id);
    t = tariff_load(cx, id);
    if (seen_ver != 0 && t->ver != seen_ver)
        cx_fail(cx, ERR_CONFLICT,
                "计费规则「%s」刚被别人修改，你的修改尚未保存。", t->name);
    return t;
}

/* The newest version becomes what the draft says, or a new one follows it. */
static int publish(struct cx *cx, const struct tariff *t,
                   const struct tariff_draft *d)
{
    const struct tariff_version *last = version_last(cx, t->id);
    char slots[TARIFF_SLOTS + 1];
    stamp starts = start_of(cx, d);
    int no = last->version_no;
    const char *before, *after;

    slots_of(d, slots);
    if (strcmp(slots, last->slots) == 0 &&
        memcmp(&d->prices, &last->prices, sizeof d->prices) == 0 &&
        (d->starts_at.ms == 0 || last->starts_at.ms == starts.ms))
        return no;
    before = version_json(cx, last->slots, &last->prices, last->starts_at);
    after = version_json(cx, slots, &d->prices, starts);
    if (last->starts_at.ms > cx->now.ms)
        version_replace(cx, last->id, starts, slots, &d->prices);
    else
        version_add(cx, t->station_id, t->id, ++no, starts, slots,
                    &d->prices);
    audit_change(cx, "tariff.price", "tariff", t->id, t->name, before, after);
    return no;
}

void tariff_edit(struct cx *cx, int64_t id, const struct tariff_draft *d,
                 int seen_ver)
{
    static const char sql[] =
        "UPDATE tariff SET name = ?, note = ?, version_no = ?,"
        " updated_at = ?, ver = ver + 1 WHERE id = ?";
    const struct tariff *t = lock_seen(cx, id, seen_ver);
    struct tariff_draft draft = *d;
    int no;

    draft.mode = t->mode;
    draft.note = d->note != NULL ? d->note : "";
    need_good(cx, &draft);
    need_free_name(cx, id, t->station_id, draft.name);
    if (strcmp(t->name, draft.name) != 0 || strcmp(t->note, draft.note) != 0)
        audit(cx, "tariff.edit", "tariff", id, draft.name);
    no = publish(cx, t, &draft);
    must(db_change_one(cx, sql, BIND(V(draft.name), V(draft.note), V(no),
                                     V(cx->now), V(id))));
}

static void set_status(struct cx *cx, const struct tariff *t, int status,
                       const char *event)
{
    static const char sql[] =
        "UPDATE tariff SET status = ?, updated_at = ?, ver = ver + 1"
        " WHERE id = ?";

    must(db_change_one(cx, sql, BIND(V(status), V(cx->now), V(t->id))));
    audit(cx, event, "tariff", t->id, t->name);
}

void tariff_enable(struct cx *cx, int64_t id)
{
    const struct tariff *t = lock_seen(cx, id, 0);

    if (t->status == TARIFF_ENABLED)
        return;
    need_no_other(cx, id, t->station_id, t->area_id);
    set_status(cx, t, TARIFF_ENABLED, "tariff.enable");
}

void tariff_disable(struct cx *cx, int64_t id)
{
    const struct tariff *t = lock_seen(cx, id, 0);

    if (t->status != TARIFF_DISABLED)
        set_status(cx, t, TARIFF_DISABLED, "tariff.disable");
}

/* ---- 计费测试 ------------------------------------------------------------ */

enum { TRY_MINUTES_MAX = 2880 };
#define TRY_ENERGY_MAX_E4 INT64_C(100000000) /* 10,000 kWh */

void tariff_try(struct cx *cx, const struct tariff_version *v,
                const struct tariff_question *q, struct bill *out)
{
    int64_t energy[RATES];

    for (int r = 0; r < RATES; r++) {
        energy[r] = q->energy_e4kwh[r];
        if (energy[r] < 0 || energy[r] > TRY_ENERGY_MAX_E4)
            cx_fail_field(cx, "energy", "应在 0–10000 kWh 之间。");
    }
    if (q->starts_at.ms != 0) {
        const struct bill_point curve[] = {
            { q->starts_at, 0 },
            { stamp_add_ms(q->starts_at, q->minutes * INT64_C(60000)),
              q->total_e4kwh }
        };

        if (q->total_e4kwh < 0 || q->total_e4kwh > TRY_ENERGY_MAX_E4)
            cx_fail_field(cx, "energy", "应在 0–10000 kWh 之间。");
        if (q->minutes < 1 || q->minutes > TRY_MINUTES_MAX)
            cx_fail_field(cx, "minutes", "应在 1–2880 分钟之间。");
        bill_split(v->slots, curve, COUNT(curve), energy);
    }
    bill_compute(&v->prices, energy, out);
}
