/*
 * Piles: rules and SQL.
 */
#include "asset/pile.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "asset/area.h"
#include "asset/station.h"
#include "db/db.h"
#include "system/audit.h"

LABELS_DEFINE(pile_kind, PILE_KINDS);
LABELS_DEFINE(pile_speed, PILE_SPEEDS);
LABELS_DEFINE(pile_mounting, PILE_MOUNTINGS);
LABELS_DEFINE(pile_network, PILE_NETWORKS);
LABELS_DEFINE(sim_carrier, SIM_CARRIERS);
LABELS_DEFINE(login_policy, LOGIN_POLICIES);
LABELS_DEFINE(pile_online, PILE_ONLINES);

static const struct db_field pile_row[] = {
    DB_FIELD(struct pile, id),          DB_FIELD(struct pile, no),
    DB_FIELD(struct pile, name),        DB_FIELD(struct pile, factory_no),
    DB_FIELD(struct pile, station_id),  DB_FIELD(struct pile, area_id),
    DB_FIELD(struct pile, maker),       DB_FIELD(struct pile, model),
    DB_FIELD(struct pile, version),     DB_FIELD(struct pile, kind),
    DB_FIELD(struct pile, speed),       DB_FIELD(struct pile, guns),
    DB_FIELD(struct pile, power_w),     DB_FIELD(struct pile, voltage_dv),
    DB_FIELD(struct pile, current_da),  DB_FIELD(struct pile, sim_no),
    DB_FIELD(struct pile, sim_carrier), DB_FIELD(struct pile, nature),
    DB_FIELD(struct pile, owner),       DB_FIELD(struct pile, occupy_fee),
    DB_FIELD(struct pile, reservable),  DB_FIELD(struct pile, mounting),
    DB_FIELD(struct pile, protection),  DB_FIELD(struct pile, network),
    DB_FIELD(struct pile, status),      DB_FIELD(struct pile, login_policy),
    DB_FIELD(struct pile, pinned_address),
    DB_FIELD(struct pile, online),      DB_FIELD(struct pile, firmware),
    DB_FIELD(struct pile, protocol),    DB_FIELD(struct pile, tariff_no),
};

struct pile *pile_load(struct cx *cx, int64_t id)
{
    static const char sql[] =
        "SELECT p.id, p.no, p.name, p.factory_no, p.station_id, p.area_id,"
        "   p.maker, p.model, p.version, p.kind, p.speed, p.guns, p.power_w,"
        "   p.voltage_dv, p.current_da, p.sim_no, p.sim_carrier, p.nature,"
        "   p.owner, p.occupy_fee, p.reservable, p.mounting, p.protection,"
        "   p.network, p.status, p.login_policy, p.pinned_address, p.online,"
        "   p.firmware,"
        "   p.protocol, p.tariff_no"
        "  FROM pile p JOIN station s ON s.id = p.station_id"
        " WHERE p.deleted_at IS NULL AND p.id = ?";

    return scoped_row(cx, sql, id, &station_scope,
                      ROW(struct pile, pile_row), "电桩");
}

/* "10.1.0.0/16", "10.2.3.4", "2001:db8::/32". */
static bool is_range(const char *text, size_t len)
{
    unsigned char ip[16];
    char one[50], *slash;
    int most = 32, bits;

    if (len == 0 || len >= sizeof one)
        return false;
    snprintf(one, sizeof one, "%.*s", (int)len, text);
    slash = strchr(one, '/');
    if (slash != NULL)
        *slash = '\0';
    if (inet_pton(AF_INET6, one, ip) == 1)
        most = 128;
    else if (inet_pton(AF_INET, one, ip) != 1)
        return false;
    if (slash == NULL)
        return true;
    bits = (int)strtol(slash + 1, &slash, 10);
    return *slash == '\0' && bits > 0 && bits <= most;
}

const char *pile_address_error(struct cx *cx, const void *value)
{
    const char *at;

    (void)cx;
    memcpy(&at, value, sizeof at);
    for (at += strspn(at, " ,"); *at != '\0'; at += strspn(at, " ,")) {
        size_t len = strcspn(at, " ,");

        if (!is_range(at, len))
            return "填写 IP 地址或网段，如 10.1.0.0/16，多个用逗号分隔。";
        at += len;
    }
    return NULL;
}

const char *pile_no_error(struct cx *cx, const void *value)
{
    const char *no;
    size_t n, digits;

    memcpy(&no, value, sizeof no);
    n = strlen(no);
    digits = strspn(no, "0123456789");
    if (n == PILE_NO_LEN && digits == n)
        return NULL;
    if (digits != n)
        return "应为 14 位数字，不能有字母或空格。";
    return cx_printf(cx, "应为 14 位数字，现在是 %zu 位。", n);
}

static void check_no(struct cx *cx, int64_t id, const char *no)
{
    static const char sql[] = "SELECT id FROM pile WHERE no = ? AND id <> ?";

    if (db_int(cx, sql, BIND(V(no), V(id))) != 0)
        cx_fail_field(cx, "no", "桩编号 %s 已被使用。", no);
}

/* Drivers look for a pile, and operators stop a charge, by this name. */
static void check_name(struct cx *cx, int64_t id, const struct pile_form *f)
{
    static const char sql[] =
        "SELECT no FROM pile"
        " WHERE station_id = ? AND used_name = ? AND id <> ?";
    const char *no = db_text(cx, sql, BIND(V(f->station_id), V(f->name),
                                           V(id)));

    if (no != NULL)
        cx_fail_field(cx, "name", "该电站的电桩 %s 已用此名称。", no);
}

/* The area must be part of the station, and both in use. */
static void check_place(struct cx *cx, const struct pile_form *f, bool is_new)
{
    struct station *s = station_load(cx, f->station_id);
    struct area *a = area_load(cx, f->area_id);

    if (a->station_id != s->id)
        cx_fail_field(cx, "area_id", "区域「%s」不属于电站「%s」。", a->name,
                      s->name);
    if (!is_new)
        return;
    station_need_enabled(cx, s);
    if (a->status != ASSET_ENABLED)
        cx_fail_field(cx, "area_id", "区域「%s」已停用，不能添加电桩。",
                      a->name);
}

/* ---- connectors follow the number of guns ------------------------------- */

static void add_connector(struct cx *cx, int64_t pile_id,
                          const struct pile_form *f, int gun)
{
    static const char sql[] =
        "INSERT INTO connector (pile_id, station_id, gun, name, qr_no,"
        "   created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?)";
    static const char live[] =
        "INSERT INTO connector_live (connector_id, station_id, pile_id, gun)"
        " VALUES (?, ?, ?, ?)";
    const char *name = f->guns == 1 ? f->name
                                    : cx_printf(cx, "%s-%d", f->name, gun);
    const char *qr = cx_printf(cx, "%s%02d", f->no, gun);
    int64_t id = db_insert(cx, sql,
                           BIND(V(pile_id), V(f->station_id), V(gun), V(name),
                                V(qr), V(cx->now), V(cx->now)));

    db_exec(cx, live, BIND(V(id), V(f->station_id), V(pile_id), V(gun)));
}

static void remove_connector(struct cx *cx, int64_t pile_id, int gun)
{
    static const char used[] =
        "SELECT o.id FROM connector c JOIN charge_order o"
        "    ON o.connector_id = c.id"
        " WHERE c.pile_id = ? AND c.gun = ? LIMIT 1";
    static const char live[] =
        "DELETE l FROM connector_live l JOIN connector c"
        "    ON c.id = l.connector_id WHERE c.pile_id = ? AND c.gun = ?";
    static const char sql[] =
        "DELETE FROM connector WHERE pile_id = ? AND gun = ?";

    if (db_int(cx, used, BIND(V(pile_id), V(gun))) != 0)
        cx_fail_field(cx, "guns", "%d 号枪已有订单，不能减少枪数。", gun);
    db_exec(cx, live, BIND(V(pile_id), V(gun)));
    db_exec(cx, sql, BIND(V(pile_id), V(gun)));
}

static void follow_guns(struct cx *cx, int64_t pile_id,
                        const struct pile_form *f)
{
    static const char count[] =
        "SELECT COUNT(*) FROM connector WHERE pile_id = ?";
    static const char codes[] =
        "UPDATE connector SET qr_no = CONCAT(?, LPAD(gun, 2, '0')),"
        "   station_id = ?, updated_at = ? WHERE pile_id = ?";
    static const char live[] =
        "UPDATE connector_live SET station_id = ? WHERE pile_id = ?";
    int have = (int)db_int(cx, count, BIND(V(pile_id)));

    for (int gun = have; gun > f->guns; gun--)
        remove_connector(cx, pile_id, gun);
    for (int gun = have + 1; gun <= f->guns; gun++)
        add_connector(cx, pile_id, f, gun);
    db_exec(cx, codes, BIND(V(f->no), V(f->station_id), V(cx->now),
                            V(pile_id)));
    db_exec(cx, live, BIND(V(f->station_id), V(pile_id)));
}

/* ---- save --------------------------------------------------------------- */

static int64_t pile_create(struct cx *cx, const struct pile_form *f)
{
    static const char sql[] =
        "INSERT INTO pile (no, name, factory_no, station_id, area_id, maker,"
        "   model, version, kind, speed, guns, power_w, voltage_dv,"
        "   current_da, sim_no, sim_carrier, nature, owner, occupy_fee,"
        "   reservable, mounting, protection, network, login_policy,"
        "   pinned_address, created_at, updated_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?,"
        "   ?, ?, ?, ?, ?, ?, ?)";

    return db_insert(cx, sql,
                     BIND(V(f->no), V(f->name), V(f->factory_no),
                          V(f->station_id), V(f->area_id), V(f->maker),
                          V(f->model), V(f->version), V(f->kind), V(f->speed),
                          V(f->guns), V(f->power_w), V(f->voltage_dv),
                          V(f->current_da), V(f->sim_no), V(f->sim_carrier),
                          V(f->nature), V(f->owner), V(f->occupy_fee),
                          V(f->reservable), V(f->mounting), V(f->protection),
                          V(f->network), V(f->login_policy),
                          V(f->pinned_address), V(cx->now), V(cx->now)));
}

static void pile_change(struct cx *cx, int64_t id, const struct pile_form *f)
{
    static const char sql[] =
        "UPDATE pile SET no = ?, name = ?, factory_no = ?, station_id = ?,"
        "   area_id = ?, maker = ?, model = ?, version = ?, kind = ?,"
        "   speed = ?, guns = ?, power_w = ?, voltage_dv = ?,"
        "   current_da = ?, sim_no = ?, sim_carrier = ?, nature = ?,"
        "   owner = ?, occupy_fee = ?, reservable = ?, mounting = ?,"
        "   protection = ?, network = ?, login_policy = ?,"
        "   pinned_address = ?, updated_at = ?, ver = ver + 1"
        " WHERE id = ?";

    db_exec(cx, sql,
            BIND(V(f->no), V(f->name), V(f->factory_no), V(f->station_id),
                 V(f->area_id), V(f->maker), V(f->model), V(f->version),
                 V(f->kind), V(f->speed), V(f->guns), V(f->power_w),
                 V(f->voltage_dv), V(f->current_da), V(f->sim_no),
                 V(f->sim_carrier), V(f->nature), V(f->owner),
                 V(f->occupy_fee), V(f->reservable), V(f->mounting),
                 V(f->protection), V(f->network), V(f->login_policy),
                 V(f->pinned_address), V(cx->now), V(id)));
}

static void check_new_no(struct cx *cx, const struct pile *old, const char *no)
{
    static const char sql[] = "SELECT login_at IS NOT NULL FROM pile"
                              " WHERE id = ?";

    if (strcmp(old->no, no) != 0 && db_int(cx, sql, BIND(V(old->id))))
        cx_fail_field(cx, "no", "电桩已登录过，桩编号不能再改。");
}

/* A disabled pile gets no further guns. */
static void check_guns(struct cx *cx, const struct pile *old, int guns)
{
    if (old->status != ASSET_ENABLED && guns > old->guns)
        cx_fail_field(cx, "guns", "电桩已停用，不能添加电枪；先启用电桩。");
}

int64_t pile_save(struct cx *cx, int64_t id, const struct pile_form *f)
{
    const struct pile *old;

    if (f->login_policy == LOGIN_STRICT && f->pinned_address[0] == '\0')
        cx_fail_field(cx, "pinned_address", "严格校验须填写允许的来源地址。");
    check_no(cx, id, f->no);
    check_place(cx, f, id == 0);
    check_name(cx, id, f);
    if (id == 0) {
        id = pile_create(cx, f);
        audit(cx, "pile.create", "pile", id, f->no);
    } else {
        old = pile_load(cx, id);
        check_new_no(cx, old, f->no);
        check_guns(cx, old, f->guns);
        pile_change(cx, id, f);
        audit(cx, "pile.edit", "pile", id, f->no);
    }
    follow_guns(cx, id, f);
    return id;
}

/* ---- status ------------------------------------------------------------- */

static void set_status(struct cx *cx, int64_t id, int status,
                       const char *event)
{
    static const char sql[] =
        "UPDATE pile SET status = ?, updated_at = ?, ver = ver + 1"
        " WHERE id = ? AND status <> ?";
    struct pile *p = pile_load(cx, id);

    if (!db_change_one(cx, sql, BIND(V(status), V(cx->now), V(id),
                                     V(status))))
        cx_fail(cx, ERR_STATE, "电桩 %s 已是这个状态。", p->no);
    audit(cx, event, "pile", id, p->no);
}

void pile_enable(struct cx *cx, int64_t id)
{
    set_status(cx, id, ASSET_ENABLED, "pile.enable");
}

void pile_disable(struct cx *cx, int64_t id)
{
    set_status(cx, id, ASSET_DISABLED, "pile.disable");
}

void pile_delete(struct cx *cx, int64_t id)
{
    /* 7 start failed and 10 settled are the ends of an order. */
    static const char open[] =
        "SELECT order_no FROM charge_order"
        " WHERE pile_id = ? AND state NOT IN (7, 10) LIMIT 1";
    static const char sql[] =
        "UPDATE pile SET deleted_at = ?, status = 2, online = 0,"
        "   no = CONCAT('X', LPAD(id, 13, '0')), ver = ver + 1"
        " WHERE id = ?";
    static const char codes[] =
        "UPDATE connector SET status = 2,"
        "   qr_no = CONCAT('X', LPAD(id, 15, '0')) WHERE pile_id = ?";
    static const char live[] = "DELETE FROM connector_live WHERE pile_id = ?";
    struct pile *p = pile_load(cx, id);
    const char *order = db_text(cx, open, BIND(V(id)));

    if (order != NULL)
        cx_fail(cx, ERR_STATE, "电桩 %s 还有未完成的订单 %s，结算后才能删除。",
                p->no, order);
    db_exec(cx, sql, BIND(V(cx->now), V(id)));
    db_exec(cx, codes, BIND(V(id)));
    db_exec(cx, live, BIND(V(id)));
    audit(cx, "pile.delete", "pile", id, p->no);
}
