#include "db/outbox.h"

#include "db/db.h"

void outbox_add(struct cx *cx, const char *topic, const char *aggregate,
                const char *payload)
{
    static const char sql[] =
        "INSERT INTO outbox (topic, aggregate, payload, created_at, next_at)"
        " VALUES (?, ?, ?, ?, ?)";

    db_need_tx(cx);
    db_insert(cx, sql, BIND(V(topic), V(aggregate), V(payload), V(cx->now),
                            V(cx->now)));
}
