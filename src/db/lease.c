#include "db/lease.h"

#include "db/db.h"

int64_t lease_take(struct cx *cx, const char *name, const char *owner,
                   int64_t ttl_ms)
{
    static const char make[] =
        "INSERT INTO lease (name, owner, epoch, expires_at)"
        " VALUES (?, '', 0, '2000-01-01') ON DUPLICATE KEY UPDATE name = name";
    static const char renew[] =
        "UPDATE lease SET expires_at = NOW(3) + INTERVAL ? * 1000 MICROSECOND"
        " WHERE name = ? AND owner = ? AND expires_at >= NOW(3)";
    static const char take[] =
        "UPDATE lease SET owner = ?, epoch = epoch + 1,"
        " expires_at = NOW(3) + INTERVAL ? * 1000 MICROSECOND"
        " WHERE name = ? AND expires_at < NOW(3)";
    static const char epoch[] =
        "SELECT epoch FROM lease WHERE name = ? AND owner = ?";
    bool mine = db_change_one(cx, renew, BIND(V(ttl_ms), V(name), V(owner)));

    if (!mine) {
        mine = db_change_one(cx, take, BIND(V(owner), V(ttl_ms), V(name)));
        if (!mine) {
            db_exec(cx, make, BIND(V(name)));
            mine = db_change_one(cx, take,
                                 BIND(V(owner), V(ttl_ms), V(name)));
        }
    }
    return mine ? db_int(cx, epoch, BIND(V(name), V(owner))) : 0;
}

void lease_check(struct cx *cx, const char *name, int64_t epoch)
{
    static const char sql[] =
        "SELECT epoch FROM lease WHERE name = ? AND expires_at >= NOW(3)"
        " FOR UPDATE";

    db_need_tx(cx);
    if (db_int(cx, sql, BIND(V(name))) != epoch)
        cx_fail(cx, ERR_CONFLICT, "任务已由另一进程接管。");
}

void lease_drop(struct cx *cx, const char *name, int64_t epoch)
{
    static const char sql[] =
        "UPDATE lease SET expires_at = NOW(3) - INTERVAL 1 SECOND"
        " WHERE name = ? AND epoch = ?";

    db_exec(cx, sql, BIND(V(name), V(epoch)));
}
