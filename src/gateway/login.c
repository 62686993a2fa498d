/*
 * Logging in: who may (rule G4), and what happens when two connections claim
 * the same pile (rule G5): the newcomer is kept waiting while the old
 * connection is asked for a sign of life. Old and new connection may live on
 * different threads; they talk by mail, and the pile's memory goes with its
 * owner mark.
 */
#include "gateway/net.h"

#include <string.h>

#include "asset/live.h"
#include "asset/pile.h"
#include "base/config.h"
#include "base/log.h"

enum { TARIFF_AFTER_LOGIN_MS = 60000 };

/* ---- who may -------------------------------------------------------- */

enum verdict { ADMIT, ADMIT_AND_PIN, QUARANTINE, REFUSE };

static const char *without_zeros(const char *digits)
{
    return digits + strspn(digits, "0");
}

/* What does not fit the pile that is registered; NULL if all does. */
static const char *mismatch(const struct charger *ch, const struct policy *p,
                            const struct ykc_login *l)
{
    int kind = atomic_load_explicit(&ch->kind, memory_order_relaxed);

    if (p->sim_no[0] != '\0' &&
        strcmp(without_zeros(p->sim_no), without_zeros(l->sim_number)) != 0)
        return "SIM 卡号与登记不符";
    if (l->gun_count != ch->gun_count)
        return "充电枪数量与登记不符";
    if (l->pile_type + 1 != kind)
        return "桩类型与登记不符";
    return NULL;
}

static enum verdict judge(const struct charger *ch, const struct policy *p,
                          const struct address *from,
                          const struct ykc_login *l, const char **why)
{
    if (p == NULL || p->kind == LOGIN_OBSERVE)
        return ADMIT;
    *why = mismatch(ch, p, l);
    if (p->kind == LOGIN_STRICT) {
        if (*why == NULL && !address_is_in(from, p->pinned))
            *why = "来源地址与登记不符";
        return *why == NULL ? ADMIT : REFUSE;
    }
    if (*why == NULL && p->pinned[0] == '\0')
        return ADMIT_AND_PIN;
    if (*why == NULL && !address_is_in(from, p->pinned))
        *why = "来源地址与首次登录不同";
    return *why == NULL ? ADMIT : QUARANTINE;
}

/* ---- answers -------------------------------------------------------- */

static void answer(struct net *n, struct conn *c, const struct charger *ch,
                   uint8_t result)
{
    struct ykc_head asked = { .type = ykc_type_login };
    uint8_t body[8];

    memcpy(asked.sequence, c->login_sequence, 2);
    memcpy(body, c->login, 7);
    body[7] = result;
    conn_send(n, c, ch, ykc_reply_head(ykc_type_login_reply, &asked), body,
              sizeof body);
}

/* A failure of the address. False: it is not answered any more. */
static bool note_failure(struct net *n, struct conn *c)
{
    enum limits_verdict v = limits_failure(&n->gateway->limits, &c->address,
                                           n->now_ms);
    char from[ADDRESS_TEXT];

    if (v == LIMITS_LOCKED)
        session_event(n, NULL, 0, EVENT_LOGIN_REFUSED,
                      "地址 %s 连续登录失败，暂停应答",
                      address_text(&c->address, from));
    return v != LIMITS_SILENT;
}

/*
 * The same answer for an unknown code, a disabled pile and a wrong address:
 * whoever tries codes learns nothing (F54). Who tries many is kept waiting
 * until the time for a login is over.
 */
void login_refuse(struct net *n, struct conn *c)
{
    count_one(&n->counts, COUNT_logins_refused);
    if (!note_failure(n, c))
        return;
    if (c->piles == NULL) {
        conn_id id = conn_id_of(n, c);

        answer(n, c, NULL, 1);
        if (net_conn(n, id) != NULL)
            conn_finish(n, c);
        return;
    }
    answer(n, c, NULL, 1); /* the other piles of a concentrator go on */
}

/* ---- binding -------------------------------------------------------- */

static void begin_session(struct net *n, struct conn *c, struct charger *ch,
                          const struct ykc_login *l, bool pins)
{
    ch->next_here = c->piles;
    c->piles = ch;
    c->piles_count++;
    ch->login_at = n->now.ms;
    ch->offline_at = 0;
    ch->seen_ms = n->now_ms;
    ch->address = c->address;
    ch->protocol = l->protocol_version;
    snprintf(ch->firmware, sizeof ch->firmware, "%.8s", l->program_version);
    for (char *s = ch->firmware; *s != '\0'; s++)
        if (*s < 0x20 || *s > 0x7E)
            *s = '?';
    ch->pins = pins;
    ch->tokens_ms = 0; /* the bucket is full */
    ch->excess = 0;
    ch->probe_ms = 0;
    ch->tariff_due_ms = n->now_ms + TARIFF_AFTER_LOGIN_MS;
    for (int i = 0; i < ch->gun_count; i++) {
        ch->guns[i].flags &= (uint8_t)~(GUN_SEEN | GUN_LATE);
        ch->guns[i].reported_ms = n->now_ms;
    }
    session_dirty(n, ch, DIRTY_LOGIN);
    conn_is_accepted(n, c);
    atomic_fetch_add(&n->gateway->online, 1);
    conn_sooner(n, c, n->now_ms + session_suspect_ms(n));
}

/* 0x02, the clock, and a read of every gun, all in one write. */
static void welcome(struct net *n, struct conn *c, struct charger *ch,
                    bool is_new)
{
    conn_id id = conn_id_of(n, c);

    count_one(&n->counts, COUNT_logins);
    answer(n, c, ch, 0);
    if (net_conn(n, id) != NULL)
        session_clock(n, c, ch);
    for (int gun = 1; is_new && gun <= ch->gun_count; gun++)
        if (net_conn(n, id) != NULL)
            session_read(n, c, ch, gun);
}

/* The login frame was logged as bytes by nobody yet: it has no pile then. */
static void log_login(struct net *n, struct conn *c, const struct charger *ch)
{
    struct ykc_head head = { .type = ykc_type_login };
    uint8_t raw[YKC_MAX_FRAME];
    size_t len;

    memcpy(head.sequence, c->login_sequence, 2);
    must(ykc_seal(&head, c->login, sizeof c->login, raw, sizeof raw, &len) ==
         WIRE_OK);
    session_log(n, ch, 0, true, ykc_type_login, NULL, raw, len);
}

static bool take(struct net *n, struct conn *c, struct charger *ch)
{
    uint64_t nobody = 0;

    return atomic_compare_exchange_strong_explicit(
        &ch->owner, &nobody, conn_id_of(n, c), memory_order_acq_rel,
        memory_order_acquire);
}

/* ---- two connections, one pile -------------------------------------- */

static bool send_to(struct net *n, conn_id to, enum mail_kind kind,
                    struct charger *ch, conn_id contender)
{
    struct mail m = { .kind = kind, .to = to, .charger = ch };

    if (kind == MAIL_PROBE)
        m.contender = contender;
    else
        m.is_known = true;
    return queue_put(&n->gateway->mail[conn_id_net(to)], &m);
}

static void contend(struct net *n, struct conn *c, struct charger *ch,
                    conn_id owner)
{
    uint64_t nobody = 0;
    char from[ADDRESS_TEXT];

    if (c->wanted == ch)
        return; /* a repeated 0x01 while it waits */
    if (c->wanted != NULL ||
        !atomic_compare_exchange_strong(&ch->contender, &nobody,
                                        conn_id_of(n, c))) {
        login_refuse(n, c);
        return;
    }
    c->wanted = ch;
    count_one(&n->counts, COUNT_quarantined);
    session_event(n, ch, 0, EVENT_QUARANTINE,
                  "桩已在线，地址 %s 的新连接等待核实",
                  address_text(&c->address, from));
    if (!send_to(n, owner, MAIL_PROBE, ch, conn_id_of(n, c))) {
        login_gone(n, c);
        login_refuse(n, c);
    }
}

static void bind_or_contend(struct net *n, struct conn *c, struct charger *ch,
                            const struct ykc_login *l, bool pins)
{
    conn_id owner = atomic_load_explicit(&ch->owner, memory_order_acquire);

    if (owner == conn_id_of(n, c)) {
        ch->seen_ms = n->now_ms;
        login_alive(n, c, ch);
        welcome(n, c, ch, false);
        return;
    }
    if (owner == 0 && c->piles_count < LIST_PILES && take(n, c, ch)) {
        begin_session(n, c, ch, l, pins);
        log_login(n, c, ch);
        welcome(n, c, ch, true);
        return;
    }
    owner = atomic_load_explicit(&ch->owner, memory_order_acquire);
    if (owner == 0) /* it went just now: the pile tries again */
        login_refuse(n, c);
    else
        contend(n, c, ch, owner);
}

static void refuse_known(struct net *n, struct conn *c, struct charger *ch,
                         const char *why)
{
    char from[ADDRESS_TEXT];

    session_event(n, ch, 0, EVENT_LOGIN_REFUSED, "%s，来源 %s", why,
                  address_text(&c->address, from));
    login_refuse(n, c);
}

/* The login stands in c->login. */
static void consider(struct net *n, struct conn *c, struct charger *ch)
{
    const struct policy *p = atomic_load_explicit(&ch->policy,
                                                  memory_order_acquire);
    const char *why = NULL;
    struct ykc_login l;
    enum verdict v;
    char from[ADDRESS_TEXT];

    must(ykc_decode(ykc_frame(ykc_type_login), c->login, sizeof c->login, &l,
                    NULL) == WIRE_OK);
    v = judge(ch, p, &c->address, &l, &why);
    /* A disabled pile may still bring a running session home. */
    if (!atomic_load(&ch->is_enabled) && !atomic_load(&ch->has_session)) {
        v = REFUSE;
        why = "电桩已停用";
    }
    switch (v) {
    case REFUSE:
        refuse_known(n, c, ch, why);
        break;
    case QUARANTINE: /* kept without an answer until its time is over */
        count_one(&n->counts, COUNT_quarantined);
        note_failure(n, c);
        session_event(n, ch, 0, EVENT_QUARANTINE, "%s，来源 %s，未接入", why,
                      address_text(&c->address, from));
        break;
    case ADMIT:
    case ADMIT_AND_PIN:
        bind_or_contend(n, c, ch, &l, v == ADMIT_AND_PIN);
        break;
    }
}

void login_frame(struct in *in)
{
    struct net *n = in->net;
    struct conn *c = in->conn;
    uint64_t code = code_of_wire(in->raw->body);
    struct lookup_item ask = { code, conn_id_of(n, c) };
    struct charger *ch;

    c->flags |= CONN_TRIED;
    if (c->flags & CONN_ASKED)
        return; /* a repeated 0x01 while it waits */
    if (c->wanted != NULL &&
        memcmp(c->login, in->raw->body, 7) != 0) {
        count_one(&n->counts, COUNT_logins_refused);
        return; /* one at a time */
    }
    memcpy(c->login, in->raw->body, sizeof c->login);
    memcpy(c->login_sequence, in->raw->head.sequence, 2);
    ch = code != 0 ? charger_find(&n->gateway->chargers, code) : NULL;
    if (ch != NULL)
        consider(n, c, ch);
    else if (code != 0 && queue_put(&n->gateway->lookups, &ask))
        c->flags |= CONN_ASKED;
    else
        login_refuse(n, c);
}

/* ---- the end of a binding ------------------------------------------- */

bool login_is_dead(const struct net *n, const struct charger *ch)
{
    return ch->probe_ms != 0 && ch->probe_ms <= n->now_ms;
}

static void unlink_pile(struct conn *c, struct charger *ch)
{
    struct charger **at = &c->piles;

    while (*at != ch) {
        must(*at != NULL);
        at = &(*at)->next_here;
    }
    *at = ch->next_here;
    ch->next_here = NULL;
    c->piles_count--;
}

void login_release(struct net *n, struct conn *c, struct charger *ch,
                   const char *why)
{
    conn_id contender;

    must(session_owns(n, c, ch));
    unlink_pile(c, ch);
    pending_drop(n, ch);
    log_info("gateway.offline", F_INT("pile", ch->id), F_TEXT("why", why));
    if (ch->probe_ms != 0 && !login_is_dead(n, ch) && ch->takeovers > 0)
        ch->takeovers--; /* it went by itself: nobody was pushed out */
    if (ch->dirty & DIRTY_LOGIN)
        session_flush_pile(n, ch); /* while it is known when it came */
    ch->login_at = 0;
    ch->offline_at = n->now.ms;
    ch->probe_ms = 0;
    ch->clock_asked = false;
    for (int i = 0; i < ch->gun_count; i++)
        ch->guns[i].state = YKC_STATE_OFFLINE;
    session_dirty(n, ch, DIRTY_PILE);
    session_flush_pile(n, ch);
    atomic_fetch_sub(&n->gateway->online, 1);
    atomic_store_explicit(&ch->owner, 0, memory_order_release);
    /* From here on the memory may be another thread's. */
    contender = atomic_load(&ch->contender);
    if (contender != 0 &&
        !send_to(n, contender, MAIL_ADMIT, ch, 0))
        log_warn("gateway.mail_full", F_INT("pile", ch->id));
}

void login_gone(struct net *n, struct conn *c)
{
    uint64_t me = conn_id_of(n, c);

    if (c->wanted != NULL)
        atomic_compare_exchange_strong(&c->wanted->contender, &me, 0);
    c->wanted = NULL;
    c->flags &= (uint8_t)~CONN_ASKED;
}

/* ---- probing the old connection ------------------------------------- */

void login_alive(struct net *n, struct conn *c, struct charger *ch)
{
    conn_id contender;

    (void)c;
    if (ch->probe_ms == 0)
        return;
    ch->probe_ms = 0;
    contender = atomic_load(&ch->contender);
    session_event(n, ch, 0, EVENT_TAKEOVER, "原连接正常，拒绝新连接");
    if (contender != 0)
        send_to(n, contender, MAIL_REFUSE, ch, 0);
}

static bool too_many_takeovers(struct net *n, struct charger *ch)
{
    if (n->now_ms - ch->takeover_ms > TAKEOVERS_MS || ch->takeovers == 0) {
        ch->takeover_ms = n->now_ms;
        ch->takeovers = 0;
    }
    if (ch->takeovers >= TAKEOVERS_MAX)
        return true;
    ch->takeovers++;
    return false;
}

static void probe(struct net *n, const struct mail *m)
{
    struct conn *c = net_conn(n, m->to);
    struct charger *ch = m->charger;

    if (c == NULL || !session_owns(n, c, ch)) {
        send_to(n, m->contender, MAIL_ADMIT, ch, 0);
        return;
    }
    if (ch->probe_ms != 0)
        return; /* the clock runs already, for whoever waits at its end */
    if (too_many_takeovers(n, ch)) {
        send_to(n, m->contender, MAIL_REFUSE, ch, 0);
        return;
    }
    ch->probe_ms = n->now_ms + PROBE_MS;
    conn_sooner(n, c, ch->probe_ms);
    session_read(n, c, ch, 1);
}

static void admitted(struct net *n, struct conn *c, struct charger *ch)
{
    char from[ADDRESS_TEXT];

    if (c->flags & CONN_ASKED) { /* the keeper found the code */
        c->flags &= (uint8_t)~CONN_ASKED;
        consider(n, c, ch);
        return;
    }
    if (c->wanted != ch)
        return;
    login_gone(n, c);
    count_one(&n->counts, COUNT_takeovers);
    session_event(n, ch, 0, EVENT_TAKEOVER, "原连接无响应，切换到 %s",
                  address_text(&c->address, from));
    consider(n, c, ch);
}

static void refused(struct net *n, struct conn *c, const struct mail *m)
{
    if (m->is_known ? c->wanted != m->charger
                    : (c->flags & CONN_ASKED) == 0)
        return;
    login_gone(n, c);
    login_refuse(n, c);
}

static void released(struct net *n, struct conn *c, struct charger *ch)
{
    if (!session_owns(n, c, ch))
        return;
    login_release(n, c, ch, "已由其他网关接管或资料变更");
    if (c->piles == NULL)
        conn_close(n, c, COUNT_closed);
}

void login_mail(struct net *n, const struct mail *m)
{
    struct conn *c = net_conn(n, m->to);

    if (m->kind == MAIL_PROBE)
        probe(n, m);
    else if (c == NULL)
        return; /* gone meanwhile; conn_close gave up what it wanted */
    else if (m->kind == MAIL_ADMIT)
        admitted(n, c, m->charger);
    else if (m->kind == MAIL_REFUSE)
        refused(n, c, m);
    else
        released(n, c, m->charger);
}
