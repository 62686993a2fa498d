/*
 * Connectors: rules and SQL. They are made and removed with their pile.
 */
#include "asset/asset.h"
#include "asset/live.h"
#include "asset/pile.h"
#include "asset/station.h"
#include "base/config.h"
#include "db/db.h"
#include "system/audit.h"

static const struct db_field connector_row[] = {
    DB_FIELD(struct connector, id),      DB_FIELD(struct connector, pile_id),
    DB_FIELD(struct connector, station_id), DB_FIELD(struct connector, gun),
    DB_FIELD(struct connector, name),    DB_FIELD(struct connector, qr_no),
    DB_FIELD(struct connector, parking_no),
    DB_FIELD(struct connector, status),
};

struct connector *connector_load(struct cx *cx, int64_t id)
{
    static const char sql[] =
        "SELECT c.id, c.pile_id, c.station_id, c.gun, c.name, c.qr_no,"
        "   c.parking_no, c.status"
        "  FROM connector c JOIN pile p ON p.id = c.pile_id"
        "  JOIN station s ON s.id = c.station_id"
        " WHERE p.deleted_at IS NULL AND c.id = ?";

    return scoped_row(cx, sql, id, &station_scope,
                      ROW(struct connector, connector_row), "电枪");
}

int64_t connector_count(struct cx *cx, int state)
{
    static const char sql[] =
        "SELECT COUNT(*) FROM connector_live l"
        "  STRAIGHT_JOIN station s ON s.id = l.station_id"
        " WHERE l.state = ?";

    return scoped_int(cx, sql, BIND(V(state)), &station_scope, "");
}

int64_t connector_fault_count(struct cx *cx)
{
    return connector_count(cx, CONNECTOR_FAULT);
}

struct connector *connector_list(struct cx *cx, int64_t pile_id,
                                 size_t *count)
{
    static const char sql[] =
        "SELECT id, pile_id, station_id, gun, name, qr_no, parking_no, status"
        "  FROM connector WHERE pile_id = ? ORDER BY gun";

    return db_rows(cx, sql, BIND(V(pile_id)),
                   ROW(struct connector, connector_row), count);
}

const char *connector_qr_url(struct cx *cx, const char *qr_no)
{
    return cx_printf(cx, "%s/q/%s", cx->config->public_url, qr_no);
}

int64_t connector_save(struct cx *cx, int64_t id,
                       const struct connector_form *f)
{
    static const char same[] =
        "SELECT id FROM connector"
        " WHERE station_id = ? AND name = ? AND id <> ?";
    static const char sql[] =
        "UPDATE connector SET name = ?, parking_no = ?, updated_at = ?,"
        "   ver = ver + 1 WHERE id = ?";
    struct connector *c = connector_load(cx, id);

    if (db_int(cx, same, BIND(V(c->station_id), V(f->name), V(id))) != 0)
        cx_fail_field(cx, "name", "该电站已有同名电枪。");
    db_exec(cx, sql, BIND(V(f->name), V(f->parking_no), V(cx->now), V(id)));
    audit(cx, "connector.edit", "connector", id, f->name);
    return id;
}

static void set_status(struct cx *cx, int64_t id, int status,
                       const char *event)
{
    static const char sql[] =
        "UPDATE connector SET status = ?, updated_at = ?, ver = ver + 1"
        " WHERE id = ? AND status <> ?";
    struct connector *c = connector_load(cx, id);

    if (!db_change_one(cx, sql, BIND(V(status), V(cx->now), V(id),
                                     V(status))))
        cx_fail(cx, ERR_STATE, "电枪 %s 已是这个状态。", c->name);
    audit(cx, event, "connector", id, c->name);
}

void connector_enable(struct cx *cx, int64_t id)
{
    set_status(cx, id, ASSET_ENABLED, "connector.enable");
}

void connector_disable(struct cx *cx, int64_t id)
{
    set_status(cx, id, ASSET_DISABLED, "connector.disable");
}
