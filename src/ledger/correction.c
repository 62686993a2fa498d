#include "ledger/correction.h"

#include "base/config.h"
#include "base/utf8.h"
#include "db/db.h"
#include "db/scope.h"
#include "system/audit.h"

LABELS_DEFINE(correction_kind, CORRECTION_KINDS);
LABELS_DEFINE(correction_how, CORRECTION_HOWS);
LABELS_DEFINE(correction_state, CORRECTION_STATES);

enum { REASON_LEAST = 2, REASON_MOST = 200 };

static const char *word(struct labels labels, int value)
{
    const struct label *l = label_of(labels, value);

    must(l != NULL);
    return l->word;
}

static const char *summary(struct cx *cx, const struct correction_ask *a,
                           const char *tail)
{
    char text[MONEY_TEXT];

    return cx_printf(cx, "%s %s：%s，涉及 %s 元%s",
                     word((struct labels)LIST(correction_kind_labels),
                          (int)a->kind),
                     a->ref_no,
                     word((struct labels)LIST(correction_how_labels),
                          (int)a->how),
                     money_text(a->amount, text), tail);
}

static void need_reason(struct cx *cx, const char *reason)
{
    size_t chars = reason != NULL ? utf8_count(reason) : 0;

    if (chars < REASON_LEAST || chars > REASON_MOST)
        cx_fail_field(cx, "reason", "写明依据，%d–%d 个字。", REASON_LEAST,
                      REASON_MOST);
}

bool correction_open(struct cx *cx, const struct correction_ask *a)
{
    static const char sql[] =
        "INSERT INTO correction (kind, ref_id, ref_no, how, amount, reason,"
        " state, author_id, author_name, provider_id, merchant_id,"
        " station_id, target_id, created_at, decided_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
    bool now = !a->by_two &&
               a->amount.fen <= cx->config->correction_fen;
    stamp decided = { now ? cx->now.ms : 0 };
    int64_t id;

    db_need_tx(cx);
    must(a->amount.fen >= 0);
    must(a->ref_id > 0);
    must(a->target_id >= 0);
    must(cx->actor.kind == ACTOR_ACCOUNT); /* somebody answers for it */
    must(cx->actor.id > 0);
    need_reason(cx, a->reason);
    if (correction_is_waiting(cx, a->kind, a->ref_id))
        cx_fail(cx, ERR_STATE, "已有一份处理意见在等待审批，先审批或驳回它。");
    id = db_insert_new_id(
        cx, sql,
        BIND(V((int)a->kind), V(a->ref_id), V(a->ref_no), V((int)a->how),
             V(a->amount), V(a->reason),
             V(now ? CORRECTION_DONE : CORRECTION_WAITING),
             V(cx->actor.id), V(cx->actor.name), V_ID(a->provider_id),
             V_ID(a->merchant_id), V_ID(a->station_id),
             V_ID(a->target_id), V(cx->now), V(decided)));
    if (id == 0)
        cx_fail(cx, ERR_STATE, "已有一份处理意见在等待审批，先审批或驳回它。");
    audit(cx, "correction.open", "correction", id,
          summary(cx, a, now ? "" : "，等待第二人审批"));
    return now;
}

bool correction_is_waiting(struct cx *cx, enum correction_kind kind,
                           int64_t ref_id)
{
    static const char sql[] =
        "SELECT COUNT(*) FROM correction"
        " WHERE kind = ? AND ref_id = ? AND waiting = 1";

    must(ref_id > 0);
    return db_int(cx, sql, BIND(V((int)kind), V(ref_id))) > 0;
}

struct count_row {
    int64_t n;
};

int64_t correction_waiting_count(struct cx *cx)
{
    static const struct scope_columns scope = SCOPE_OWNED("k");
    static const struct db_field row[] = { DB_FIELD(struct count_row, n) };
    static const char sql[] =
        "SELECT COUNT(*) FROM correction k WHERE k.state = ?";
    size_t n;
    const struct count_row *c =
        scoped_rows(cx, sql, BIND(V(CORRECTION_WAITING)), &scope, "",
                    ROW(struct count_row, row), &n);

    must(n == 1);
    must(c->n >= 0);
    return c->n;
}

const struct correction *correction_load(struct cx *cx, int64_t id)
{
    static const char sql[] =
        "SELECT id, kind, ref_id, how, target_id, amount, reason, state,"
        "       author_id"
        "  FROM correction WHERE id = ?";
    static const struct db_field row[] = {
        DB_FIELD(struct correction, id),
        DB_FIELD(struct correction, kind),
        DB_FIELD(struct correction, ref_id),
        DB_FIELD(struct correction, how),
        DB_FIELD(struct correction, target_id),
        DB_FIELD(struct correction, amount),
        DB_FIELD(struct correction, reason),
        DB_FIELD(struct correction, state),
        DB_FIELD(struct correction, author_id),
    };
    const struct correction *c = db_row(cx, sql, BIND(V(id)),
                                        ROW(struct correction, row));

    if (c == NULL)
        cx_fail(cx, ERR_NOT_FOUND, "没有找到这份更正单。");
    must(c->id == id);
    must(c->amount.fen >= 0);
    must(c->author_id > 0);
    return c;
}

/* Once: who comes second finds that it does not wait any more. */
static void decide(struct cx *cx, int64_t id, enum correction_state state,
                   const char *why)
{
    static const char sql[] =
        "UPDATE correction"
        "   SET state = ?, decider_id = ?, decider_name = ?, refused_why = ?,"
        "       decided_at = ?"
        " WHERE id = ? AND state = 1";

    db_need_tx(cx);
    if (!db_change_one(cx, sql, BIND(V((int)state), V(cx->actor.id),
                                     V(cx->actor.name), V(why), V(cx->now),
                                     V(id))))
        cx_fail(cx, ERR_STATE, "这份更正单已由别人处理。");
}

void correction_approve(struct cx *cx, const struct correction *c)
{
    if (cx->actor.kind != ACTOR_ACCOUNT || cx->actor.id == c->author_id)
        cx_fail(cx, ERR_FORBIDDEN,
                "不能审批自己提交的更正，由另一位有审批权限的人处理。");
    decide(cx, c->id, CORRECTION_DONE, NULL);
    audit(cx, "correction.approve", "correction", c->id, "审批通过并执行");
}

void correction_refuse(struct cx *cx, int64_t id, const char *why)
{
    need_reason(cx, why);
    decide(cx, id, CORRECTION_REFUSED, why);
    audit(cx, "correction.refuse", "correction", id,
          cx_printf(cx, "驳回：%s", why));
}
