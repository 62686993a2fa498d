/*
 * Commands on their way: sent once the command writer has marked them so,
 * repeated where the protocol allows it, matched with their replies by type,
 * pile, gun and trade number (rule G9, sequence numbers are not trusted).
 *
 *   0x34  once; no 0x33 in 10 s: 0x12; silence for 90 s: no reply
 *   0x36  every 5 s, three times (G16), then an alarm
 *   0x92  once
 *   others every 10 s, three times
 *
 * 0x41 does not say its gun, so 0x42 waits for that of another gun.
 */
#include "gateway/net.h"

#include <string.h>

#include "asset/live.h"
#include "base/log.h"
#include "charging/command.h"
#include "gateway/book.h"

enum {
    REPLY_MS = 10000,
    STOP_REPLY_MS = 5000,
    TRIES = 3,
    START_UNKNOWN_MS = 90000,   /* after 0x34: given up (G15) */
    PLUG_MS = 60000,            /* after 0x34: a late 0x33 may come */
    AGAIN_MS = 1000,            /* the writer's queue was full */
    PUSH_AGAIN_MS = 600000,     /* a tariff that the pile did not take */
    BLOCK = 64
};

struct pending {
    struct timer timer;
    struct pending *next;    /* of the same pile */
    struct charger *charger;
    int64_t command_id;      /* 0: our own tariff push */
    int64_t order_id;
    int64_t sent_ms;         /* of the first time */
    uint8_t kind, type, reply_type, gun, tries;
    bool has_trade, is_waiting_for_plug;
    uint8_t trade[16];
    uint8_t len;
    uint8_t body[YKC_MAX_BODY];
};

struct pending_block {
    struct pending_block *next;
    struct pending v[BLOCK];
};

/* Frame and reply of each kind; 0x32 has no reply. */
static const struct {
    uint8_t type, reply, tries;
} kinds[] = {
    [COMMAND_START] = { ykc_type_remote_start, ykc_type_remote_start_reply, 1 },
    [COMMAND_STOP] = { ykc_type_remote_stop, ykc_type_remote_stop_reply, TRIES },
    [COMMAND_TARIFF] = { ykc_type_tariff_push, ykc_type_tariff_push_reply, TRIES },
    [COMMAND_REBOOT] = { ykc_type_reboot, ykc_type_reboot_reply, 1 },
    [COMMAND_CLOCK] = { ykc_type_clock, ykc_type_clock_reply, TRIES },
    [COMMAND_READ] = { ykc_type_read, ykc_type_realtime, TRIES },
    [COMMAND_PARAMETERS] = { ykc_type_work, ykc_type_work_reply, TRIES },
    [COMMAND_QR_PREFIX] = { ykc_type_qr_prefix, ykc_type_qr_prefix_reply, TRIES },
    [COMMAND_PERMIT] = { ykc_type_start_permission, 0, 1 },
    [COMMAND_BALANCE] = { ykc_type_balance, ykc_type_balance_reply, TRIES },
};

/* ---- memory --------------------------------------------------------- */

/* NULL if there is no memory for it. */
static struct pending *pending_new(struct net *n, struct charger *ch)
{
    struct pending *p = n->free_pending;

    if (p == NULL) {
        struct pending_block *b = calloc(1, sizeof *b);

        if (b == NULL) {
            net_no_memory(n, "commands");
            return NULL;
        }
        b->next = n->pending_blocks;
        n->pending_blocks = b;
        for (size_t i = 0; i < BLOCK; i++) {
            b->v[i].next = n->free_pending;
            n->free_pending = &b->v[i];
        }
        p = n->free_pending;
    }
    n->free_pending = p->next;
    memset(p, 0, sizeof *p);
    p->timer.kind = TIMER_PENDING;
    p->charger = ch;
    p->next = ch->pending;
    ch->pending = p;
    return p;
}

static void pending_free(struct net *n, struct pending *p)
{
    struct pending **at = &p->charger->pending;

    while (*at != p) {
        must(*at != NULL);
        at = &(*at)->next;
    }
    *at = p->next;
    wheel_clear(&n->wheel, &p->timer);
    p->next = n->free_pending;
    n->free_pending = p;
}

void pending_fini(struct net *n)
{
    while (n->pending_blocks != NULL) {
        struct pending_block *next = n->pending_blocks->next;

        free(n->pending_blocks);
        n->pending_blocks = next;
    }
}

/* ---- what became of it ---------------------------------------------- */

static bool tell(struct net *n, int64_t id, int64_t order_id, int kind,
                 int state, int result, int reason, int tries)
{
    struct command_end e = {
        .id = id, .order_id = order_id, .kind = kind, .state = state,
        .result = result, .reason = reason, .tries = tries, .at = n->now
    };

    return queue_put(&n->gateway->ends, &e);
}

static bool tell_end(struct net *n, const struct pending *p, int state,
                     int result, int reason)
{
    if (p->command_id == 0)
        return true;
    return tell(n, p->command_id, p->order_id, p->kind, state, result, reason,
                p->tries);
}

/* A reply ends it; if the writer has no room, the silence that follows does. */
static void finish(struct net *n, struct pending *p, int state, int result,
                   int reason)
{
    if (tell_end(n, p, state, result, reason))
        pending_free(n, p);
    else
        wheel_set(&n->wheel, &p->timer, n->now_ms + AGAIN_MS);
}

/* ---- sending -------------------------------------------------------- */

static struct conn *conn_of(struct net *n, struct charger *ch)
{
    return net_conn(n, atomic_load_explicit(&ch->owner,
                                            memory_order_acquire));
}

/* The clock is read when the frame leaves. */
static void refresh(struct net *n, struct pending *p)
{
    struct wire_time t = wire_time(n->now);

    if (p->kind == COMMAND_CLOCK) {
        memcpy(p->body + 7, t.raw, sizeof t.raw);
        p->charger->clock_asked = true;
    }
}

static int wait_of(const struct pending *p)
{
    return p->kind == COMMAND_STOP ? STOP_REPLY_MS : REPLY_MS;
}

/* gun 0: whichever was sent. */
static struct pending *find(struct charger *ch, uint8_t reply_type, int gun)
{
    for (struct pending *p = ch->pending; p != NULL; p = p->next)
        if (p->reply_type == reply_type &&
            (gun == 0 ? p->tries > 0 : p->gun == gun))
            return p;
    return NULL;
}

/* Its reply could be taken for that of another gun. */
static bool must_wait(struct charger *ch, const struct pending *p)
{
    return p->kind == COMMAND_BALANCE && p->tries == 0 &&
           find(ch, p->reply_type, 0) != NULL;
}

/* p may be gone afterwards: the connection can break in it. */
static void send_one(struct net *n, struct conn *c, struct pending *p)
{
    struct charger *ch = p->charger;
    uint8_t body[YKC_MAX_BODY];
    struct ykc_head head = ykc_request_head(p->type, &c->sequence);
    uint8_t raw[YKC_MAX_FRAME];
    size_t len;

    if (must_wait(ch, p)) {
        wheel_set(&n->wheel, &p->timer, n->now_ms + AGAIN_MS);
        return;
    }
    refresh(n, p);
    p->tries++;
    wheel_set(&n->wheel, &p->timer, n->now_ms + wait_of(p));
    memcpy(body, p->body, p->len);
    must(ykc_seal(&head, body, p->len, raw, sizeof raw, &len) == WIRE_OK);
    if (p->type != ykc_type_read && p->type != ykc_type_clock)
        session_log(n, ch, p->gun, false, p->type,
                    p->has_trade ? p->trade : NULL, raw, len);
    count_one(&n->counts, p->tries == 1 ? COUNT_commands_sent
                                        : COUNT_commands_repeated);
    conn_send(n, c, ch, head, body, p->len);
}

/* ---- may it be sent? ------------------------------------------------ */

static bool is_charging(const struct gun *g, const uint8_t trade[16])
{
    return g->state == YKC_STATE_CHARGING &&
           (trade_is_zero(g->trade) ||
            memcmp(g->trade, trade, sizeof g->trade) == 0);
}

static bool needs_gun(int kind)
{
    return kind == COMMAND_START || kind == COMMAND_STOP ||
           kind == COMMAND_PERMIT || kind == COMMAND_READ ||
           kind == COMMAND_BALANCE;
}

/*
 * Why not, as a reason byte, or -1 if it may. A start must not meet a running
 * session or an unknown start; a stop and a balance carry no number, so they
 * must not meet somebody else's session, and a balance not an idle gun.
 */
static int obstacle(struct charger *ch, const struct mail *m)
{
    const struct gun *g = m->command.gun != 0
        ? &ch->guns[m->command.gun - 1] : NULL;
    bool other = g != NULL && m->command.has_trade &&
                 !trade_is_zero(g->trade) &&
                 memcmp(g->trade, m->command.trade, sizeof g->trade) != 0;

    must(g != NULL || !needs_gun(m->command.kind)); /* is_sound has asked */
    if (m->command.kind == COMMAND_START &&
        (g->state == YKC_STATE_CHARGING ||
         find(ch, ykc_type_remote_start_reply, m->command.gun) != NULL))
        return YKC_START_FAILURE_BUSY;
    if (m->command.kind == COMMAND_STOP && other)
        return YKC_STOP_FAILURE_NOT_CHARGING;
    if (m->command.kind == COMMAND_BALANCE &&
        !is_charging(g, m->command.trade))
        return YKC_STOP_FAILURE_NOT_CHARGING;
    return -1;
}

/* The body must be one of its frame, and speak to this pile (G7). */
static bool is_sound(const struct charger *ch, const struct mail *m)
{
    const struct ykc_frame *f;
    uint8_t code[7];
    size_t at;

    if (m->command.kind < 1 || (size_t)m->command.kind >= COUNT(kinds) ||
        m->command.gun > ch->gun_count ||
        (needs_gun(m->command.kind) && m->command.gun == 0))
        return false;
    f = ykc_frame(kinds[m->command.kind].type);
    if (m->command.len < f->least ||
        ykc_field(f, "pile_code", &at) == NULL)
        return false;
    if (m->command.kind == COMMAND_BALANCE && !m->command.has_trade)
        return false;
    if (m->command.kind == COMMAND_START &&
        (!m->command.has_trade ||
         memcmp(m->command.body, m->command.trade, 16) != 0))
        return false;
    code_to_wire(ch->code, code);
    return memcmp(m->command.body + at, code, sizeof code) == 0;
}

/* One request of a type at a time and gun: the newer one replaces. */
static void replace_older(struct net *n, struct charger *ch, uint8_t reply,
                          int gun)
{
    struct pending *p = reply != 0 ? find(ch, reply, gun) : NULL;

    if (p == NULL)
        return;
    tell_end(n, p, COMMAND_NO_REPLY, -1, -1);
    pending_free(n, p);
}

static void tell_mail(struct net *n, const struct mail *m, int state,
                      int reason)
{
    if (!tell(n, m->command.id, m->command.order_id, m->command.kind, state,
              -1, reason, 0))
        log_warn("gateway.command_lost", F_INT("command", m->command.id));
}

static void permit(struct net *n, struct conn *c, const struct mail *m)
{
    struct charger *ch = m->charger;
    size_t at;

    must(ykc_field(ykc_frame(ykc_type_start_permission), "allowed", &at) !=
         NULL);
    if (m->command.body[at] == 1 && m->command.has_trade)
        report_started(n, ch, m->command.gun, m->command.trade);
    tell_mail(n, m, COMMAND_DONE, -1);
    count_one(&n->counts, COUNT_commands_sent);
    session_ask(n, c, ch, ykc_type_start_permission, m->command.body,
                m->command.len);
}

static void begin(struct net *n, struct conn *c, const struct mail *m)
{
    struct charger *ch = m->charger;
    struct pending *p = pending_new(n, ch);

    if (p == NULL) { /* not sent, as if the pile were gone */
        tell_mail(n, m, COMMAND_GONE, -1);
        return;
    }
    p->command_id = m->command.id;
    p->order_id = m->command.order_id;
    p->kind = (uint8_t)m->command.kind;
    p->type = kinds[p->kind].type;
    p->reply_type = kinds[p->kind].reply;
    p->gun = m->command.gun;
    p->has_trade = m->command.has_trade;
    memcpy(p->trade, m->command.trade, sizeof p->trade);
    p->len = m->command.len;
    memcpy(p->body, m->command.body, p->len);
    p->sent_ms = n->now_ms;
    if (p->kind == COMMAND_START && p->has_trade)
        report_started(n, ch, p->gun, p->trade);
    if (p->kind == COMMAND_TARIFF)
        ch->tariff_sent = (uint16_t)(p->body[7] << 8 | p->body[8]);
    send_one(n, c, p);
}

void pending_command(struct net *n, const struct mail *m)
{
    struct conn *c = net_conn(n, m->to);
    struct charger *ch = m->charger;
    int why;

    if (c == NULL || !session_owns(n, c, ch)) {
        count_one(&n->counts, COUNT_commands_offline);
        tell_mail(n, m, COMMAND_GONE, -1);
        return;
    }
    if (!is_sound(ch, m)) {
        log_error("gateway.bad_command", F_INT("command", m->command.id));
        tell_mail(n, m, COMMAND_REFUSED, -1);
        return;
    }
    why = obstacle(ch, m);
    if (why >= 0) {
        tell_mail(n, m, COMMAND_REFUSED, why);
        return;
    }
    if (m->command.kind == COMMAND_PERMIT) {
        permit(n, c, m);
        return;
    }
    replace_older(n, ch, kinds[m->command.kind].reply, m->command.gun);
    begin(n, c, m);
}

/* ---- our own tariff push -------------------------------------------- */

static bool is_idle(const struct charger *ch)
{
    for (int i = 0; i < ch->gun_count; i++) {
        const struct gun *g = &ch->guns[i];

        if (!(g->flags & GUN_SEEN) || g->state == YKC_STATE_CHARGING ||
            !trade_is_zero(g->trade))
            return false;
    }
    return true;
}

void pending_tariff(struct net *n, struct conn *c, struct charger *ch)
{
    const struct book *b = atomic_load_explicit(&n->gateway->book,
                                                memory_order_acquire);
    const struct page *page = book_find(b, atomic_load(&ch->station_id),
                                        atomic_load(&ch->area_id));
    struct pending *p;

    if (page == NULL || page->number == ch->tariff_held ||
        n->now_ms < ch->tariff_due_ms || !is_idle(ch) ||
        find(ch, ykc_type_tariff_push_reply, 0) != NULL)
        return;
    p = pending_new(n, ch);
    ch->tariff_due_ms = n->now_ms + (p == NULL ? REPLY_MS : PUSH_AGAIN_MS);
    if (p == NULL)
        return;
    p->kind = COMMAND_TARIFF;
    p->type = ykc_type_tariff_push;
    p->reply_type = ykc_type_tariff_push_reply;
    p->len = TARIFF_BODY;
    memcpy(p->body, page->body, TARIFF_BODY);
    code_to_wire(ch->code, p->body);
    p->sent_ms = n->now_ms;
    ch->tariff_sent = page->number;
    count_one(&n->counts, COUNT_tariffs_sent);
    send_one(n, c, p);
}

/* ---- replies -------------------------------------------------------- */

static void unsolicited(struct in *in)
{
    count_one(&in->net->counts, COUNT_unsolicited);
    log_info("gateway.unsolicited", F_INT("pile", in->charger->id),
             F_INT("type", in->raw->head.type));
}

/*
 * A start that we never sent, and not the session of the gun either: of
 * another day, or made up. A pile does not do so by being late (F48). Its
 * number is in the log of frames: what strangers make up is for no other.
 */
static void played_again(struct in *in)
{
    if (memcmp(in->gun->trade, in->raw->body, sizeof in->gun->trade) == 0 ||
        !session_may_alarm(in->net, in->charger))
        return;
    session_event(in->net, in->charger, in->gun_no, EVENT_PROTOCOL,
                  "应答了平台没有下发的启动，疑似重放旧报文");
}

void start_reply_frame(struct in *in)
{
    const struct ykc_remote_start_reply *r = &in->any->remote_start_reply;
    struct pending *p = find(in->charger, ykc_type_remote_start_reply,
                             in->gun_no);

    if (p == NULL || !p->has_trade ||
        memcmp(p->trade, in->raw->body, sizeof p->trade) != 0) {
        unsolicited(in);
        played_again(in);
        return;
    }
    if (r->result == 1) {
        finish(in->net, p, COMMAND_DONE, r->result, r->failure_reason);
        return;
    }
    if (r->failure_reason != YKC_START_FAILURE_NOT_PLUGGED) {
        if (memcmp(in->gun->trade, p->trade, sizeof p->trade) == 0 &&
            !(in->gun->flags & GUN_CHARGED))
            memset(in->gun->trade, 0, sizeof in->gun->trade);
        finish(in->net, p, COMMAND_REFUSED, r->result, r->failure_reason);
        return;
    }
    /* The driver may still plug in: a second 0x33 follows then. */
    if (!p->is_waiting_for_plug)
        tell_end(in->net, p, COMMAND_REFUSED, r->result, r->failure_reason);
    p->is_waiting_for_plug = true;
    wheel_set(&in->net->wheel, &p->timer, p->sent_ms + PLUG_MS);
}

void stop_reply_frame(struct in *in)
{
    const struct ykc_remote_stop_reply *r = &in->any->remote_stop_reply;
    struct pending *p = find(in->charger, ykc_type_remote_stop_reply,
                             in->gun_no);

    if (p == NULL)
        unsolicited(in);
    else
        finish(in->net, p, r->result == 1 ? COMMAND_DONE : COMMAND_REFUSED,
               r->result, r->failure_reason);
}

/* What each reply calls success differs: 0x41 says 00, F1 only arrives. */
static bool is_success(uint8_t type, int result)
{
    switch (type) {
    case ykc_type_balance_reply:
        return result == 0;
    case ykc_type_qr_prefix_reply:
    case ykc_type_clock_reply:
        return true;
    default:
        return result == 1;
    }
}

static int result_of(const struct in *in)
{
    const struct wire_field *f = ykc_field(in->frame, "result", NULL);

    return f != NULL ? (int)wire_number(f, in->any) : -1;
}

void result_frame(struct in *in)
{
    uint8_t type = in->raw->head.type;
    struct pending *p = find(in->charger, type, in->gun_no);
    int result = result_of(in);

    if (p == NULL) {
        if (type != ykc_type_clock_reply)
            unsolicited(in);
        return;
    }
    finish(in->net, p,
           is_success(type, result) ? COMMAND_DONE : COMMAND_REFUSED, result,
           -1);
}

void tariff_reply_frame(struct in *in)
{
    struct charger *ch = in->charger;
    struct pending *p = find(ch, ykc_type_tariff_push_reply, 0);

    if (p != NULL && result_of(in) == 1) {
        ch->tariff_held = (uint16_t)(p->body[7] << 8 | p->body[8]);
        session_dirty(in->net, ch, DIRTY_PILE);
    }
    result_frame(in);
}

void pending_read_done(struct net *n, struct charger *ch, int gun)
{
    struct pending *p = find(ch, ykc_type_realtime, gun);

    if (p != NULL)
        finish(n, p, COMMAND_DONE, -1, -1);
}

/* ---- silence -------------------------------------------------------- */

static void give_up(struct net *n, struct pending *p)
{
    struct charger *ch = p->charger;

    count_one(&n->counts, COUNT_commands_silent);
    if (p->kind == COMMAND_STOP)
        session_event(n, ch, p->gun, EVENT_NO_REPLY,
                      "停止指令 %d 次未应答，请到现场检查", p->tries);
    finish(n, p, COMMAND_NO_REPLY, -1, -1);
}

static void start_tick(struct net *n, struct conn *c, struct pending *p)
{
    int64_t end = p->sent_ms + START_UNKNOWN_MS;

    if (p->is_waiting_for_plug) {
        pending_free(n, p); /* told already */
        return;
    }
    if (n->now_ms >= end) {
        give_up(n, p);
        return;
    }
    /* What does the gun do? A second 0x34 could start a second session. */
    wheel_set(&n->wheel, &p->timer, end);
    session_read(n, c, p->charger, p->gun);
}

void pending_tick(struct net *n, struct timer *t)
{
    struct pending *p = (struct pending *)((char *)t -
                                           offsetof(struct pending, timer));
    struct conn *c = conn_of(n, p->charger);

    must(c != NULL); /* else pending_drop had taken it */
    if (p->kind == COMMAND_START)
        start_tick(n, c, p);
    else if (p->kind == COMMAND_BALANCE &&
             !is_charging(&p->charger->guns[p->gun - 1], p->trade))
        finish(n, p, COMMAND_REFUSED, -1, YKC_STOP_FAILURE_NOT_CHARGING);
    else if (p->tries >= kinds[p->kind].tries)
        give_up(n, p);
    else
        send_one(n, c, p);
}

/* A start that was sent stays unknown: jobs look after its order (G15). */
void pending_drop(struct net *n, struct charger *ch)
{
    while (ch->pending != NULL) {
        struct pending *p = ch->pending;

        if (!p->is_waiting_for_plug &&
            !tell_end(n, p, COMMAND_NO_REPLY, -1, -1))
            log_warn("gateway.command_lost", F_INT("command", p->command_id));
        pending_free(n, p);
    }
}
