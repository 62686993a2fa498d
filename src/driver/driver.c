#include "driver/driver.h"

#include "base/log.h"
#include "db/db.h"
#include "org/session.h"
#include "report/rollup.h"
#include "system/audit.h"

LABELS_DEFINE(driver_status, DRIVER_STATUSES);

const struct scope_columns driver_scope = { .driver = "d.id" };

const char driver_by_phone[] = "SELECT x.id FROM driver x WHERE x.phone = ?";

static const struct db_field driver_fields[] = {
    DB_FIELD(struct driver, id),     DB_FIELD(struct driver, phone),
    DB_FIELD(struct driver, name),   DB_FIELD(struct driver, plate),
    DB_FIELD(struct driver, status), DB_FIELD(struct driver, created_at),
};

#define DRIVER_SELECT \
    "SELECT d.id, d.phone, d.name, d.plate, d.status, d.created_at" \
    "  FROM driver d"
#define DRIVER_ROW ROW(struct driver, driver_fields)

struct driver *driver_load(struct cx *cx, int64_t id)
{
    static const char sql[] = DRIVER_SELECT " WHERE d.id = ?";

    return scoped_row(cx, sql, id, &driver_scope, DRIVER_ROW, "车主");
}

const struct driver *driver_acting(struct cx *cx)
{
    if (cx->actor.kind == ACTOR_DRIVER && cx->actor.person != NULL)
        return cx->actor.person;
    return driver_load(cx, cx->actor.kind == ACTOR_DRIVER ? cx->actor.id : 0);
}

struct driver *driver_enter(struct cx *cx, const char *phone, bool *is_new)
{
    static const char insert_sql[] =
        "INSERT INTO driver (phone, name, plate, status, created_at,"
        " updated_at) VALUES (?, '', '', 1, ?, ?)";
    static const char find_sql[] = DRIVER_SELECT " WHERE d.phone = ?";
    struct driver *d;

    db_need_tx(cx);
    *is_new = false;
    d = db_row(cx, find_sql, BIND(V(phone)), DRIVER_ROW);
    if (d == NULL) {
        *is_new = db_insert_new(cx, insert_sql,
                                BIND(V(phone), V(cx->now), V(cx->now)));
        if (*is_new)
            rollup_add_driver(cx, cx->now);
        d = db_row(cx, find_sql, BIND(V(phone)), DRIVER_ROW);
    }
    must(d != NULL);
    if (d->status != DRIVER_ENABLED)
        cx_fail(cx, ERR_FORBIDDEN, "这个账号已停用，请联系客服。");
    return d;
}

void driver_describe(struct cx *cx, int64_t id, const char *name,
                     const char *plate)
{
    static const char sql[] =
        "UPDATE driver SET name = ?, plate = ?, updated_at = ? WHERE id = ?";

    driver_load(cx, id);
    must(db_change_one(cx, sql,
                       BIND(V(name), V(plate), V(cx->now), V(id))));
    audit(cx, "driver.describe", "driver", id, "修改个人资料");
}

/* rights_ver grows: what was signed in before is signed out. */
static void set_status(struct cx *cx, int64_t id, int from, int to)
{
    static const char sql[] =
        "UPDATE driver"
        "   SET status = ?, rights_ver = rights_ver + 1, updated_at = ?"
        " WHERE id = ? AND status = ?";

    driver_load(cx, id);
    if (!db_change_one(cx, sql, BIND(V(to), V(cx->now), V(id), V(from))))
        cx_fail(cx, ERR_STATE, "这个车主已经是%s状态。",
                label_word((struct labels)LIST(driver_status_labels), to));
}

void driver_disable(struct cx *cx, int64_t id)
{
    set_status(cx, id, DRIVER_ENABLED, DRIVER_DISABLED);
    session_end_all(cx, SESSION_DRIVER, id, 0);
    audit(cx, "driver.disable", "driver", id, "停用车主");
}

void driver_enable(struct cx *cx, int64_t id)
{
    set_status(cx, id, DRIVER_DISABLED, DRIVER_ENABLED);
    audit(cx, "driver.enable", "driver", id, "启用车主");
}
