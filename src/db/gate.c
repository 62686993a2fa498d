#include "db/gate.h"

#include "base/log.h"
#include "base/stamp.h"
#include "db/conn.h"

enum {
    STUCK_MS = 3000, /* the slowest healthy COMMIT takes a fraction of it */
    TRY_MS = 10000   /* one write in so long finds out */
};

static bool is_stuck(const struct gate *gate, int64_t now_ms)
{
    for (size_t i = 0; i < GATE_WORKERS; i++) {
        int64_t since = atomic_load(&gate->committing_ms[i]);

        if (since != 0 && now_ms - since > STUCK_MS)
            return true;
    }
    return false;
}

void db_use_gate(struct db *db, struct gate *gate, size_t i)
{
    int64_t now_ms = monotonic_ms();

    must(i < GATE_WORKERS);
    db->gate = gate;
    db->gate_index = i;
    if (is_stuck(gate, now_ms)) /* whose place this is died of it */
        atomic_store(&gate->closed_ms, now_ms + TRY_MS);
    atomic_store(&gate->committing_ms[i], 0);
}

void gate_need(struct cx *cx)
{
    struct gate *gate = cx->db->gate;
    int64_t now_ms = monotonic_ms(), closed;

    if (gate == NULL)
        return;
    closed = atomic_load(&gate->closed_ms);
    if (closed == 0 && !is_stuck(gate, now_ms))
        return;
    if (closed == 0)
        log_error("db.writes_stuck");
    /* One that finds the time over tries; the others wait for another. */
    if (now_ms >= closed &&
        atomic_compare_exchange_strong(&gate->closed_ms, &closed,
                                       now_ms + TRY_MS) && closed != 0)
        return;
    cx_fail(cx, ERR_DATABASE, "数据库暂时不能写入，稍后重试。");
}

void gate_enter(struct db *db)
{
    if (db->gate != NULL)
        atomic_store(&db->gate->committing_ms[db->gate_index],
                     monotonic_ms());
}

void gate_leave(struct db *db, bool came_back)
{
    if (db->gate == NULL)
        return;
    atomic_store(&db->gate->committing_ms[db->gate_index], 0);
    if (came_back && atomic_exchange(&db->gate->closed_ms, 0) != 0)
        log_info("db.writes_again");
}
