#include "db/outbox.h"

#include "db/db.h"

void outbox_add(struct cx *cx, const char *topic, const char *aggregate,
                const char *payload)
{
    outbox_add_many(cx, topic, &(struct outbox_item){ aggregate, payload },
                    1);
}

void outbox_add_many(struct cx *cx, const char *topic,
                     const struct outbox_item *items, size_t n)
{
    static const char sql[] =
        "INSERT INTO outbox (topic, aggregate, payload, created_at, next_at)"
        " VALUES (?, ?, ?, ?, ?)";
    enum { COLUMNS = 5 };
    struct db_value *v = arena_array(cx->arena, n * COLUMNS, sizeof *v);

    db_need_tx(cx);
    for (size_t i = 0; i < n; i++) {
        v[i * COLUMNS] = V(topic);
        v[i * COLUMNS + 1] = V(items[i].aggregate);
        v[i * COLUMNS + 2] = V(items[i].payload);
        v[i * COLUMNS + 3] = v[i * COLUMNS + 4] = V(cx->now);
    }
    db_insert_rows(cx, sql, v, n, COLUMNS);
}
