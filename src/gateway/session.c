/*
 * What is done with a frame: the checks of section 6.2 of the protocol in
 * their order, then the route of its type. Also what all handlers share:
 * requests of our own, the log of frames, notes to the state writer.
 */
#include "gateway/net.h"

#include <stdarg.h>
#include <string.h>

#include "asset/live.h"
#include "base/config.h"
#include "base/log.h"
#include "base/utf8.h"
#include "gateway/book.h"

enum {
    BUCKET = 200,           /* frames of a pile at once (G20), */
    BUCKET_PER_S = 20,      /* so many a second afterwards; */
    EXCESS_PARDON = 25,     /* beyond that: each frame within the rate makes */
    EXCESS_MAX = 5000,      /* up for so many; this many too many: close */
    ALARM_EVERY_MS = 60000,
    DAY_IN_MS = 86400000,
    CHARGING_TICK_MS = 15000
};

/* ---- routes --------------------------------------------------------- */

enum log_rule { LOG_NEVER, LOG_SESSION, LOG_ALWAYS };

struct route {
    void (*run)(struct in *in);
    bool is_metered;     /* counts against the bucket of the pile */
    enum log_rule log;
};

/* A frame that is only kept. */
static void note_frame(struct in *in)
{
    (void)in;
}

static const struct route routes[256] = {
    [ykc_type_login] = { login_frame, false, LOG_NEVER }, /* logs itself */
    [ykc_type_heartbeat] = { heartbeat_frame, false, LOG_NEVER },
    [ykc_type_tariff_check] = { tariff_check_frame, true, LOG_NEVER },
    [ykc_type_tariff_request] = { tariff_request_frame, true, LOG_NEVER },
    [ykc_type_realtime] = { report_frame, true, LOG_SESSION },
    [ykc_type_handshake] = { handshake_frame, true, LOG_SESSION },
    [ykc_type_parameters] = { parameters_frame, true, LOG_SESSION },
    [ykc_type_charging_end] = { charging_end_frame, true, LOG_SESSION },
    [ykc_type_error_report] = { note_frame, true, LOG_SESSION },
    [ykc_type_bms_stop] = { note_frame, true, LOG_SESSION },
    [ykc_type_pile_stop] = { note_frame, true, LOG_SESSION },
    [ykc_type_demand] = { demand_frame, true, LOG_SESSION },
    [ykc_type_bms_info] = { note_frame, true, LOG_SESSION },
    [ykc_type_start_request] = { request_frame, true, LOG_ALWAYS },
    [ykc_type_parallel_request] = { request_frame, true, LOG_ALWAYS },
    [ykc_type_remote_start_reply] = { start_reply_frame, false, LOG_ALWAYS },
    [ykc_type_remote_stop_reply] = { stop_reply_frame, false, LOG_ALWAYS },
    [ykc_type_trade_record] = { record_frame, false, LOG_ALWAYS },
    [ykc_type_signed_record] = { record_frame, false, LOG_ALWAYS },
    [ykc_type_balance_reply] = { result_frame, true, LOG_ALWAYS },
    [ykc_type_card_sync_reply] = { result_frame, true, LOG_ALWAYS },
    [ykc_type_card_clear_reply] = { note_frame, true, LOG_ALWAYS },
    [ykc_type_card_query_reply] = { note_frame, true, LOG_ALWAYS },
    [ykc_type_work_reply] = { result_frame, true, LOG_ALWAYS },
    [ykc_type_clock_reply] = { clock_reply_frame, true, LOG_NEVER },
    [ykc_type_tariff_push_reply] = { tariff_reply_frame, true, LOG_ALWAYS },
    [ykc_type_lock_status] = { lock_frame, true, LOG_NEVER },
    [ykc_type_lock_reply] = { result_frame, true, LOG_ALWAYS },
    [ykc_type_reboot_reply] = { result_frame, true, LOG_ALWAYS },
    [ykc_type_update_reply] = { update_frame, true, LOG_ALWAYS },
    [ykc_type_parallel_start_reply] = { note_frame, true, LOG_ALWAYS },
    [ykc_type_qr_prefix_reply] = { result_frame, true, LOG_ALWAYS },
};

/* ---- where things stand in a body ----------------------------------- */

/* Frames that begin with a trade number have the pile code after it. */
static bool has_trade(const struct ykc_frame *f)
{
    return f->fields.n > 2 && strcmp(f->fields.v[0].name,
                                     "trade_number") == 0;
}

static bool has_gun(const struct ykc_frame *f)
{
    size_t i = has_trade(f) ? 2 : 1;

    return f->fields.n > i && f->fields.v[i].kind == WIRE_GUN;
}

/* ---- checks --------------------------------------------------------- */

bool session_owns(const struct net *n, const struct conn *c,
                  const struct charger *ch)
{
    return atomic_load_explicit(&ch->owner, memory_order_acquire) ==
           conn_id_of(n, c);
}

/* Nearly always the one pile of the connection. */
static struct charger *pile_of(struct net *n, struct conn *c,
                               const uint8_t wire[7])
{
    uint64_t code = code_of_wire(wire);
    struct charger *ch = c->piles;

    if (code == 0)
        return NULL;
    if (ch != NULL && ch->code == code)
        return ch;
    ch = charger_find(&n->gateway->chargers, code);
    return ch != NULL && session_owns(n, c, ch) ? ch : NULL;
}

static void unknown_type(struct net *n, struct conn *c, uint8_t type)
{
    struct charger *ch = c->piles;
    uint64_t bit = UINT64_C(1) << (type / 2 % 64);

    count_one(&n->counts, COUNT_unknown_type);
    if (ch == NULL)
        return;
    ch->seen_ms = n->now_ms; /* still a sign of life */
    login_alive(n, c, ch);
    if (ch->unknown_seen[type / 128] & bit)
        return;
    ch->unknown_seen[type / 128] |= bit;
    log_info("gateway.unknown_type", F_INT("pile", ch->id),
             F_INT("type", type));
}

/* Frames that are dropped whoever they are from. False: dropped. */
static bool pass_verdict(struct net *n, struct conn *c,
                         const struct ykc_raw *raw,
                         const struct ykc_frame **f)
{
    enum ykc_verdict v = ykc_check(raw, YKC_FROM_PILE, f);
    bool is_login = raw->head.type == ykc_type_login;

    if (v == YKC_ENCRYPTED) {
        count_one(&n->counts, COUNT_encrypted);
        if (c->piles != NULL && session_may_alarm(n, c->piles))
            session_event(n, c->piles, 0, EVENT_PROTOCOL,
                          "报文加密标志为 0x%02X，平台不支持",
                          (unsigned)raw->head.encryption);
        return false;
    }
    if (v == YKC_WRONG_DIRECTION) {
        count_one(&n->counts, COUNT_wrong_direction);
        return false;
    }
    if (v == YKC_UNKNOWN_TYPE) {
        unknown_type(n, c, raw->head.type);
        return false;
    }
    if (c->piles == NULL && !is_login) {
        count_one(&n->counts, COUNT_not_logged_in);
        return false;
    }
    if (v == YKC_SHORT_BODY || v == YKC_BAD_BODY) {
        count_one(&n->counts, v == YKC_SHORT_BODY ? COUNT_short_body
                                                  : COUNT_bad_body);
        if (raw->head.type == ykc_type_trade_record ||
            raw->head.type == ykc_type_signed_record)
            record_unreadable(n, c->piles, raw);
        return false;
    }
    if (v == YKC_LONG_BODY)
        count_one(&n->counts, COUNT_long_body);
    return true;
}

static void foreign(struct net *n, struct conn *c, const uint8_t wire[7])
{
    char code[15];

    count_one(&n->counts, COUNT_foreign_pile);
    if (session_may_alarm(n, c->piles))
        session_event(n, c->piles, 0, EVENT_PROTOCOL,
                      "连接上出现未登录的桩编号 %s", wire_hex(wire, 7, code));
}

/* False: closed for a flood of frames. */
static bool meter(struct in *in)
{
    struct charger *ch = in->charger;
    int64_t gone = in->net->now_ms - ch->tokens_ms;
    int64_t more = gone * BUCKET_PER_S / 1000;

    if (more > 0) {
        ch->tokens = more + ch->tokens > BUCKET ? BUCKET
                                                : ch->tokens + (int)more;
        ch->tokens_ms = in->net->now_ms;
    }
    if (ch->tokens > 0) {
        ch->tokens--;
        ch->excess = ch->excess > EXCESS_PARDON
            ? ch->excess - EXCESS_PARDON : 0;
        return true;
    }
    count_one(&in->net->counts, COUNT_throttled);
    if (++ch->excess < EXCESS_MAX)
        return true;
    session_event(in->net, ch, 0, EVENT_PROTOCOL, "报文过多，连接已断开");
    conn_close(in->net, in->conn, COUNT_flooding);
    return false;
}

static void log_frame(struct in *in, const struct route *r)
{
    const uint8_t *trade = has_trade(in->frame) ? in->raw->body : NULL;

    if (r->log == LOG_NEVER || in->charger->excess > 0 ||
        (r->log == LOG_SESSION && trade_is_zero(trade)))
        return;
    session_log(in->net, in->charger, in->gun_no, true, in->raw->head.type,
                trade, in->raw->bytes, in->raw->len);
}

/* Finds pile and gun of the body. False: dropped. */
static bool find_place(struct in *in)
{
    size_t at = has_trade(in->frame) ? 16 : 0;
    const uint8_t *body = in->raw->body;

    if (in->raw->head.type == ykc_type_login)
        return true;
    in->charger = pile_of(in->net, in->conn, body + at);
    if (in->charger == NULL) {
        foreign(in->net, in->conn, body + at);
        return false;
    }
    in->charger->seen_ms = in->net->now_ms;
    login_alive(in->net, in->conn, in->charger);
    if (!has_gun(in->frame))
        return true;
    in->gun_no = ykc_gun(body[at + 7], in->charger->gun_count);
    if (in->gun_no == 0) {
        count_one(&in->net->counts, COUNT_bad_gun);
        return false;
    }
    in->gun = &in->charger->guns[in->gun_no - 1];
    return true;
}

void session_frame(struct net *n, struct conn *c, const struct ykc_raw *raw)
{
    struct in in = { .net = n, .conn = c, .raw = raw, .any = &n->any };
    const struct route *r = &routes[raw->head.type];

    c->crc_seen = (uint8_t)raw->head.crc;
    if (!pass_verdict(n, c, raw, &in.frame) || !find_place(&in))
        return;
    must(r->run != NULL); /* every odd type of the table has a route */
    if (r->is_metered && !meter(&in))
        return;
    if (raw->head.type != ykc_type_heartbeat &&
        ykc_decode(in.frame, raw->body, raw->body_len, &n->any, NULL) !=
            WIRE_OK) {
        count_one(&n->counts, COUNT_bad_body);
        return;
    }
    if (in.charger != NULL)
        log_frame(&in, r);
    r->run(&in);
}

/* ---- requests of our own -------------------------------------------- */

void session_ask(struct net *n, struct conn *c, struct charger *ch,
                 uint8_t type, const uint8_t *body, size_t len)
{
    conn_send(n, c, ch, ykc_request_head(type, &c->sequence), body, len);
}

void session_read(struct net *n, struct conn *c, struct charger *ch, int gun)
{
    uint8_t body[8];

    code_to_wire(ch->code, body);
    body[7] = ykc_gun_byte(gun);
    ch->guns[gun - 1].asked_ms = n->now_ms;
    count_one(&n->counts, COUNT_probes);
    session_ask(n, c, ch, ykc_type_read, body, sizeof body);
}

void session_clock(struct net *n, struct conn *c, struct charger *ch)
{
    struct wire_time t = wire_time(n->now);
    uint8_t body[14];

    code_to_wire(ch->code, body);
    memcpy(body + 7, t.raw, sizeof t.raw);
    ch->clock_due_ms = n->now_ms + DAY_IN_MS;
    ch->clock_asked = true;
    session_ask(n, c, ch, ykc_type_clock, body, sizeof body);
}

/* ---- time ----------------------------------------------------------- */

static bool is_charging(const struct charger *ch)
{
    for (int i = 0; i < ch->gun_count; i++)
        if (ch->guns[i].state == YKC_STATE_CHARGING)
            return true;
    return false;
}

int64_t session_suspect_ms(const struct net *n)
{
    return n->gateway->config->pile_offline_ms / 3 * 2;
}

int64_t session_tick(struct net *n, struct conn *c, struct charger *ch)
{
    int64_t offline_ms = n->gateway->config->pile_offline_ms;
    int64_t suspect_ms = session_suspect_ms(n);
    int64_t silent = n->now_ms - ch->seen_ms, due;
    conn_id id = conn_id_of(n, c);

    if (silent >= offline_ms || login_is_dead(n, ch)) {
        login_release(n, c, ch, "长时间没有报文");
        return 0;
    }
    session_dirty(n, ch, DIRTY_PILE); /* when it was last seen */
    if (ch->clock_due_ms <= n->now_ms)
        session_clock(n, c, ch);
    if (net_conn(n, id) != NULL && silent >= suspect_ms &&
        ch->suspected_ms <= ch->seen_ms) {
        ch->suspected_ms = n->now_ms; /* three heartbeats: does it live? */
        session_read(n, c, ch, 1);
    }
    if (net_conn(n, id) != NULL)
        pending_tariff(n, c, ch);
    if (net_conn(n, id) != NULL)
        report_tick(n, c, ch);
    due = n->now_ms + (silent < suspect_ms ? suspect_ms : offline_ms) -
          silent;
    if (is_charging(ch) && due > n->now_ms + CHARGING_TICK_MS)
        due = n->now_ms + CHARGING_TICK_MS;
    if (ch->probe_ms != 0 && due > ch->probe_ms)
        due = ch->probe_ms;
    return due;
}

/* ---- notes ---------------------------------------------------------- */

void session_log(struct net *n, const struct charger *ch, int gun, bool up,
                 uint8_t type, const uint8_t *trade, const uint8_t *raw,
                 size_t len)
{
    struct frame_item item = {
        .at = n->now, .pile_id = ch->id, .gun = (uint8_t)gun, .type = type,
        .up = up, .len = (uint16_t)len
    };

    must(len <= sizeof item.raw);
    if (trade != NULL && !trade_is_zero(trade)) {
        item.has_trade = true;
        memcpy(item.trade, trade, sizeof item.trade);
    }
    memcpy(item.raw, raw, len);
    if (!queue_put(&n->gateway->frames, &item))
        count_one(&n->counts, COUNT_dropped_rows);
}

bool session_may_alarm(const struct net *n, struct charger *ch)
{
    if (ch->alarm_ms != 0 && n->now_ms - ch->alarm_ms < ALARM_EVERY_MS)
        return false;
    ch->alarm_ms = n->now_ms;
    return true;
}

/* A text that was cut may end within a character. */
static void trim(char *text)
{
    size_t len = strlen(text);

    while (len > 0 && !utf8_valid(text, len))
        text[--len] = '\0';
}

void session_event(struct net *n, struct charger *ch, int gun, int kind,
                   const char *format, ...)
{
    struct note note = { .kind = NOTE_EVENT, .gun = (uint8_t)gun,
                         .charger = ch, .at = n->now };
    va_list ap;

    note.event.kind = kind;
    va_start(ap, format);
    vsnprintf(note.event.text, sizeof note.event.text, format, ap);
    va_end(ap);
    trim(note.event.text);
    log_info("gateway.event", F_INT("pile", ch != NULL ? ch->id : 0),
             F_INT("gun", gun), F_INT("kind", kind),
             F_TEXT("text", note.event.text));
    if (!queue_put(&n->gateway->notes, &note))
        count_one(&n->counts, COUNT_dropped_rows);
}

static bool has_session(const struct charger *ch)
{
    for (int i = 0; i < ch->gun_count; i++)
        if (!trade_is_zero(ch->guns[i].trade))
            return true;
    return false;
}

void session_dirty(struct net *n, struct charger *ch, uint32_t what)
{
    atomic_store_explicit(&ch->has_session, has_session(ch),
                          memory_order_relaxed);
    ch->dirty |= what;
    if (ch->dirty_link != NULL)
        return;
    ch->next_dirty = n->dirty;
    ch->dirty_link = &n->dirty;
    if (ch->next_dirty != NULL)
        ch->next_dirty->dirty_link = &ch->next_dirty;
    n->dirty = ch;
}

void session_unlist(struct charger *ch)
{
    if (ch->dirty_link == NULL)
        return;
    *ch->dirty_link = ch->next_dirty;
    if (ch->next_dirty != NULL)
        ch->next_dirty->dirty_link = ch->dirty_link;
    ch->next_dirty = NULL;
    ch->dirty_link = NULL;
}

static bool put_login(struct net *n, struct charger *ch)
{
    struct note note = { .kind = NOTE_LOGIN, .charger = ch,
                         .at = { ch->login_at } };

    address_text(&ch->address, note.login.address);
    memcpy(note.login.firmware, ch->firmware, sizeof note.login.firmware);
    note.login.protocol = ch->protocol;
    note.login.pin = ch->pins;
    return queue_put(&n->gateway->notes, &note);
}

static bool put_status(struct net *n, struct charger *ch)
{
    struct note note = { .kind = NOTE_STATUS, .charger = ch, .at = n->now };

    note.status.online = ch->login_at != 0;
    note.status.seen_at = n->now.ms - (n->now_ms - ch->seen_ms);
    note.status.offline_at = ch->offline_at;
    note.status.clock_off_ms = ch->clock_off_ms;
    note.status.tariff_held = ch->tariff_held;
    return queue_put(&n->gateway->notes, &note);
}

static bool put_gun(struct net *n, struct charger *ch, int gun)
{
    struct note note = { .kind = NOTE_GUN, .charger = ch, .at = n->now,
                         .gun = (uint8_t)gun };

    note.report = ch->guns[gun - 1];
    return queue_put(&n->gateway->notes, &note);
}

/* False: no room; what was not taken stays dirty. */
static bool flush_one(struct net *n, struct charger *ch)
{
    if (ch->dirty & DIRTY_LOGIN) {
        if (!put_login(n, ch))
            return false;
        ch->dirty &= ~(uint32_t)DIRTY_LOGIN;
    }
    for (int gun = 1; gun <= ch->gun_count; gun++) {
        uint32_t bit = 1U << (gun - 1);

        if ((ch->dirty & bit) == 0)
            continue;
        if (!put_gun(n, ch, gun))
            return false;
        ch->dirty &= ~bit;
    }
    if (ch->dirty & DIRTY_PILE) {
        if (!put_status(n, ch))
            return false;
        ch->dirty &= ~(uint32_t)DIRTY_PILE;
    }
    return true;
}

void session_flush_pile(struct net *n, struct charger *ch)
{
    if (!flush_one(n, ch)) {
        count_one(&n->counts, COUNT_dropped_rows);
        ch->dirty = 0;
    }
    session_unlist(ch);
}

void session_flush(struct net *n)
{
    n->flushed_ms = n->now_ms;
    while (n->dirty != NULL && flush_one(n, n->dirty))
        session_unlist(n->dirty);
}
