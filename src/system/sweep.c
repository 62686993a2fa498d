#include "system/sweep.h"

#include "base/log.h"
#include "db/db.h"

enum {
    CHUNK = 1000, /* rows of one transaction (T12) */
    CHUNKS = 50   /* of one run and table */
};

static const struct {
    const char *what;
    const char *sql; /* ends with LIMIT ?; the first parameter is a moment */
    int days;        /* which is so long ago */
} rules[] = {
    { "session", "DELETE FROM session WHERE expires_at < ? LIMIT ?", 1 },
    { "sms_code", "DELETE FROM sms_code WHERE expires_at < ? LIMIT ?", 1 },
    { "captcha", "DELETE FROM captcha WHERE expires_at < ? LIMIT ?", 1 },
    { "guard",
      "DELETE FROM guard WHERE window_at < ? AND (locked_to IS NULL OR"
      " locked_to < window_at + INTERVAL 2 DAY) LIMIT ?", 2 },
    { "idem", "DELETE FROM idem WHERE created_at < ? LIMIT ?", 400 },
    { "outbox_seen",
      "DELETE s FROM outbox_seen s JOIN (SELECT id FROM outbox WHERE done_at"
      " < ? ORDER BY id LIMIT ?) o ON o.id = s.event_id", 30 },
    { "outbox", "DELETE FROM outbox WHERE done_at < ? LIMIT ?", 30 },
};

void sweep(struct cx *cx)
{
    for (size_t i = 0; i < COUNT(rules); i++) {
        stamp before = stamp_add_days(cx->now, -rules[i].days);
        int64_t all = 0, n = CHUNK;

        for (int k = 0; k < CHUNKS && n >= CHUNK; k++) {
            n = db_exec(cx, rules[i].sql, BIND(V(before), V((int)CHUNK)));
            all += n;
        }
        if (all > 0)
            log_info("sweep", F_TEXT("table", rules[i].what),
                     F_INT("rows", all));
    }
}
