/*
 * Frames of the pile that are answered at once, and those that only leave a
 * trace: heartbeat, tariff, clock, trade record, start request, ground lock.
 */
#include "gateway/net.h"

#include <string.h>

#include "asset/live.h"
#include "base/log.h"
#include "gateway/book.h"

enum {
    CLOCK_OFF_MS = 60000,      /* G17: alarm and set again */
    CLOCK_AGAIN_MS = 3600000
};

static void reply(struct in *in, uint8_t type, const uint8_t *body,
                  size_t len)
{
    conn_send(in->net, in->conn, in->charger,
              ykc_reply_head(type, &in->raw->head), body, len);
}

/* Pile code and gun come back as they came. */
void heartbeat_frame(struct in *in)
{
    uint8_t body[9];

    memcpy(body, in->raw->body, 8);
    body[8] = 0;
    count_one(&in->net->counts, COUNT_heartbeats);
    reply(in, ykc_type_heartbeat_reply, body, sizeof body);
}

/* ---- tariff --------------------------------------------------------- */

static const struct page *page_of(struct in *in)
{
    const struct book *b = atomic_load_explicit(&in->net->gateway->book,
                                                memory_order_acquire);

    return book_find(b, atomic_load(&in->charger->station_id),
                     atomic_load(&in->charger->area_id));
}

/*
 * "Same" only when the number is in force and this pile is known to hold it:
 * numbers are used again one day.
 */
void tariff_check_frame(struct in *in)
{
    const uint8_t *sent = in->raw->body + 7;
    uint16_t number = (uint16_t)(sent[0] << 8 | sent[1]);
    const struct page *p = page_of(in);
    struct charger *ch = in->charger;
    bool is_same = p != NULL && p->number == number &&
                   (number == ch->tariff_held || number == ch->tariff_sent);
    uint8_t body[10];

    memcpy(body, in->raw->body, 9);
    body[9] = is_same ? 0 : 1;
    if (!is_same && p != NULL) {
        body[7] = (uint8_t)(p->number >> 8);
        body[8] = (uint8_t)p->number;
    }
    if (is_same && ch->tariff_held != number) {
        ch->tariff_held = number;
        session_dirty(in->net, ch, DIRTY_PILE);
    }
    reply(in, ykc_type_tariff_check_reply, body, sizeof body);
}

/* A pile that gets no answer asks again, and does not charge meanwhile. */
void tariff_request_frame(struct in *in)
{
    const struct page *p = page_of(in);
    struct charger *ch = in->charger;
    uint8_t body[TARIFF_BODY];

    if (p == NULL) {
        if (session_may_alarm(in->net, ch))
            session_event(in->net, ch, 0, EVENT_PROTOCOL,
                          "所在区域没有生效的计费规则，无法下发");
        return;
    }
    memcpy(body, p->body, sizeof body);
    memcpy(body, in->raw->body, 7);
    ch->tariff_sent = p->number;
    count_one(&in->net->counts, COUNT_tariffs_sent);
    reply(in, ykc_type_tariff_reply, body, sizeof body);
}

/* ---- clock ---------------------------------------------------------- */

void clock_reply_frame(struct in *in)
{
    struct net *n = in->net;
    struct charger *ch = in->charger;
    stamp told = wire_stamp(in->any->clock_reply.pile_time);
    int64_t off = told.ms != 0 ? told.ms - n->now.ms : 0;

    result_frame(in);
    if (!ch->clock_asked)
        return;
    ch->clock_asked = false;
    ch->clock_off_ms = off;
    session_dirty(n, ch, DIRTY_PILE);
    if (off >= -CLOCK_OFF_MS && off <= CLOCK_OFF_MS && told.ms != 0)
        return;
    ch->clock_due_ms = n->now_ms + CLOCK_AGAIN_MS;
    if (told.ms == 0)
        session_event(n, ch, 0, EVENT_CLOCK, "桩时钟无效");
    else
        session_event(n, ch, 0, EVENT_CLOCK, "桩时钟偏差 %lld 秒",
                      (long long)(off / 1000));
}

/* ---- trade records -------------------------------------------------- */

/*
 * Nothing is answered here: 0x40 follows when the record is stored. If there
 * is no room the pile is left to repeat it.
 */
void record_frame(struct in *in)
{
    struct net *n = in->net;
    struct record_item item = {
        .pile_id = in->charger->id, .from = conn_id_of(n, in->conn),
        .at = n->now, .head = in->raw->head, .gun = (uint8_t)in->gun_no,
        .len = (uint16_t)in->raw->len
    };

    count_one(&n->counts, COUNT_records);
    memcpy(item.raw, in->raw->bytes, in->raw->len);
    if (!queue_put(&n->gateway->records, &item)) {
        count_one(&n->counts, COUNT_records_dropped);
        return;
    }
    if (memcmp(in->gun->trade, in->raw->body, 16) != 0)
        return;
    /* The session is over: what comes late of it changes nothing. */
    memset(in->gun->trade, 0, sizeof in->gun->trade);
    in->gun->flags &= GUN_SEEN;
    in->gun->vin[0] = '\0';
    session_dirty(n, in->charger, 1U << (in->gun_no - 1));
}

void record_unreadable(struct net *n, struct charger *ch,
                       const struct ykc_raw *raw)
{
    if (raw->len <= YKC_MAX_FRAME)
        session_log(n, ch, 0, true, raw->head.type, NULL, raw->bytes,
                    raw->len);
    if (session_may_alarm(n, ch))
        session_event(n, ch, 0, EVENT_RECORD,
                      "交易记录长度不足（%zu 字节），未确认",
                      raw->body_len);
}

/* ---- a start at the pile -------------------------------------------- */

/* Jobs decide and answer with a command (COMMAND_PERMIT). */
void request_frame(struct in *in)
{
    struct net *n = in->net;
    struct note note = { .kind = NOTE_REQUEST, .charger = in->charger,
                         .gun = (uint8_t)in->gun_no, .at = n->now };

    if (in->raw->len > REQUEST_MAX)
        note.request.len = REQUEST_MAX;
    else
        note.request.len = (uint16_t)in->raw->len;
    memcpy(note.request.raw, in->raw->bytes, note.request.len);
    if (!queue_put(&n->gateway->notes, &note))
        count_one(&n->counts, COUNT_dropped_rows);
}

/* ---- ground lock, update -------------------------------------------- */

void lock_frame(struct in *in)
{
    const struct ykc_lock_status *s = &in->any->lock_status;

    if (s->alarm == 0 || !session_may_alarm(in->net, in->charger))
        return;
    session_event(in->net, in->charger, in->gun_no, EVENT_LOCK,
                  s->alarm == 0xFF ? "地锁摇臂破坏" : "地锁升降未到位");
}

/* 0x93 comes minutes after its command: kept in the log of frames. */
void update_frame(struct in *in)
{
    count_one(&in->net->counts, COUNT_unsolicited);
    log_info("gateway.update", F_INT("pile", in->charger->id),
             F_INT("status", in->any->update_reply.status));
}
