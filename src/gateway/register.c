/*
 * The row of a gateway: see register.h.
 */
#include "gateway/register.h"

#include "db/db.h"

struct start {
    const char *name, *control;
    struct holder h;
};

static const struct db_field holder_row[] = {
    DB_FIELD(struct holder, gateway_id),
    DB_FIELD(struct holder, epoch),
};

static void start(struct cx *cx, void *arg)
{
    static const char grow[] =
        "INSERT INTO gateway (name, control, epoch, started_at, seen_at)"
        " VALUES (?, ?, 1, NOW(3), NOW(3))"
        " ON DUPLICATE KEY UPDATE control = VALUES(control),"
        "   epoch = epoch + 1, started_at = VALUES(started_at),"
        "   seen_at = VALUES(seen_at)";
    static const char read[] = "SELECT id, epoch FROM gateway WHERE name = ?";
    struct start *s = arg;
    const struct holder *h;

    db_exec(cx, grow, BIND(V(s->name), V(s->control)));
    h = db_row(cx, read, BIND(V(s->name)), ROW(struct holder, holder_row));
    must(h != NULL);
    s->h = *h;
}

struct holder gateway_register(struct cx *cx, const char *name,
                               const char *control)
{
    struct start s = { name, control, { 0, 0 } };

    db_tx(cx, start, &s);
    return s.h;
}

bool gateway_seen(struct cx *cx, struct holder h)
{
    static const char sql[] =
        "UPDATE gateway SET seen_at = NOW(3) WHERE id = ? AND epoch = ?";

    return db_change_one(cx, sql, BIND(V(h.gateway_id), V(h.epoch)));
}
