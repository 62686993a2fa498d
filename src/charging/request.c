#include "charging/request.h"

#include <string.h>

#include "asset/charge_point.h"
#include "base/crypto.h"
#include "base/log.h"
#include "charging/command.h"
#include "charging/order_row.h"
#include "charging/order_start.h"
#include "db/db.h"
#include "driver/payer.h"
#include "protocol/ykc/frame.h"
#include "system/audit.h"

enum {
    BATCH = 50,
    ANSWER_MS = 3000 /* later the pile has given up: no answer is better */
};

struct request_row {
    int64_t id, pile_id;
    int gun;
    struct bytes raw;
    stamp received_at;
};

static const struct db_field request_row[] = {
    DB_FIELD(struct request_row, id),
    DB_FIELD(struct request_row, pile_id),
    DB_FIELD(struct request_row, gun),
    DB_FIELD(struct request_row, raw),
    DB_FIELD(struct request_row, received_at),
};

/* One request on its way to an answer. */
struct asking {
    const struct request_row *row;
    const struct charge_point *point;
    const struct payer *payer; /* NULL: nobody */
    struct ykc_start_request frame;
    char card[YKC_CARD_TEXT];
    int reject; /* enum ykc_reject; 0: start */
};

/* ---- the answer ------------------------------------------------------ */

static void permit(struct cx *cx, const struct asking *a, int64_t order_id,
                   const char *trade_no, money held, int reject)
{
    struct ykc_start_permission f = {
        .gun_number = ykc_gun_byte(a->point->gun),
        .account_balance = (uint32_t)held.fen,
        .allowed = reject == YKC_REJECT_NONE,
        .reject_reason = (uint8_t)reject
    };
    uint8_t body[YKC_MAX_BODY];
    size_t n;

    if (trade_no != NULL)
        snprintf(f.trade_number, sizeof f.trade_number, "%s", trade_no);
    snprintf(f.pile_code, sizeof f.pile_code, "%s", a->point->pile_no);
    if (a->payer != NULL)
        snprintf(f.logical_card, sizeof f.logical_card, "%s",
                 a->payer->logical_no);
    must(ykc_encode(ykc_frame(ykc_type_start_permission), &f, body,
                    sizeof body, &n) == WIRE_OK);
    command_queue(cx, &(struct command){ .pile_id = a->point->pile_id,
                                         .gun = a->point->gun,
                                         .kind = COMMAND_PERMIT,
                                         .order_id = order_id,
                                         .trade_no = trade_no,
                                         .args = body, .args_len = n });
}

/* False if somebody else has answered it. */
static bool close_request(struct cx *cx, int64_t id, int state)
{
    static const char sql[] =
        "UPDATE pile_request SET state = ?, done_at = ?"
        " WHERE id = ? AND state = 1";

    return db_change_one(cx, sql, BIND(V(state), V(cx->now), V(id)));
}

/* ---- who asks -------------------------------------------------------- */

static bool read_frame(const struct request_row *r,
                       struct ykc_start_request *out)
{
    const struct ykc_frame *f = ykc_frame(ykc_type_start_request);
    struct ykc_raw raw;
    union ykc_any any;

    if (ykc_open(r->raw.data, r->raw.len, &raw) != WIRE_OK ||
        raw.head.type != f->type ||
        ykc_decode(f, raw.body, raw.body_len, &any, NULL) != WIRE_OK)
        return false;
    *out = any.start_request;
    return true;
}

static void card_text(const uint8_t *raw, char out[YKC_CARD_TEXT])
{
    hex_encode(raw, 8, out);
    for (char *c = out; *c != '\0'; c++)
        *c = *c >= 'a' ? (char)(*c - 'a' + 'A') : *c;
}

/* Why this request cannot become an order, before anything is tried. */
static int reject_of(struct cx *cx, struct asking *a)
{
    if (a->frame.start_mode == YKC_START_MODE_VIN)
        return YKC_REJECT_NO_VIN; /* nobody has registered vehicles yet */
    if (a->frame.start_mode != YKC_START_MODE_CARD)
        return YKC_REJECT_NO_ACCOUNT;
    if (a->frame.password_needed != 0)
        return YKC_REJECT_WRONG_PASSWORD; /* our cards have none */
    card_text(a->frame.account_or_physical_card, a->card);
    a->payer = payer_of_card(cx, a->card);
    if (a->payer == NULL)
        return YKC_REJECT_NO_ACCOUNT;
    if (!a->payer->is_enabled || a->payer->card_status != CARD_ENABLED)
        return YKC_REJECT_FROZEN;
    return YKC_REJECT_NONE;
}

static int reject_of_error(enum cx_code code)
{
    switch (code) {
    case ERR_BALANCE:
    case ERR_ARREARS:
        return YKC_REJECT_LOW_BALANCE;
    case ERR_FORBIDDEN:
        return YKC_REJECT_FROZEN;
    case ERR_PILE_BUSY:
        return YKC_REJECT_PILE_UNSETTLED;
    default:
        return YKC_REJECT_OUT_OF_SERVICE;
    }
}

/* ---- the order ------------------------------------------------------- */

struct same_order {
    int64_t id;
    char trade_no[TRADE_NO_SIZE];
    money held;
    int64_t connector_id;
};

/*
 * The driver's card order that has not begun to charge, or runs. The same
 * request again gets the same answer; a card that is in use elsewhere is
 * refused (a cloned card, or a forgotten session).
 */
static const struct same_order *card_order(struct cx *cx, int64_t driver_id)
{
    static const char sql[] =
        "SELECT id, trade_no, hold_fen, connector_id"
        "  FROM (SELECT id, trade_no, hold_fen, connector_id, state, start_by"
        "          FROM charge_order WHERE driver_id = ?"
        "         ORDER BY id DESC LIMIT 20) t"
        " WHERE state BETWEEN 1 AND 5 AND start_by = 2"
        " ORDER BY id DESC LIMIT 1";
    static const struct db_field row[] = {
        DB_FIELD(struct same_order, id),
        DB_FIELD(struct same_order, trade_no),
        DB_FIELD(struct same_order, held),
        DB_FIELD(struct same_order, connector_id),
    };

    return db_row(cx, sql, BIND(V(driver_id)), ROW(struct same_order, row));
}

static bool is_charging(struct cx *cx, int64_t order_id)
{
    static const char sql[] =
        "SELECT state >= 4 FROM charge_order WHERE id = ?";

    return db_int(cx, sql, BIND(V(order_id))) != 0;
}

static void refuse(struct cx *cx, const struct asking *a, int reject)
{
    permit(cx, a, 0, NULL, FEN(0), reject);
    audit(cx, "order.card_refused", "pile", a->point->pile_id,
          cx_printf(cx, "%s：%s", a->point->name,
                    label_word((struct labels)LIST(ykc_reject_labels),
                               reject)));
}

static void start_order(struct cx *cx, struct asking *a)
{
    const struct order_ask ask = {
        .connector_id = a->point->connector_id,
        .driver_id = a->payer->driver_id, .start_by = START_BY_CARD,
        .plug_later = true /* the pile knows better */
    };
    const struct same_order *same = card_order(cx, a->payer->driver_id);
    struct order_started s;

    if (same != NULL && same->connector_id == a->point->connector_id &&
        !is_charging(cx, same->id)) {
        permit(cx, a, same->id, same->trade_no, same->held,
               YKC_REJECT_NONE);
        return;
    }
    if (same != NULL) {
        refuse(cx, a, YKC_REJECT_CARD_UNSETTLED);
        return;
    }
    cx->actor = (struct actor){ .kind = ACTOR_DRIVER,
                                .id = a->payer->driver_id,
                                .name = "刷卡", .address = "" };
    order_prepare(cx, &ask, &s);
    permit(cx, a, s.order_id, s.trade_no, s.held, YKC_REJECT_NONE);
}

static void answer_work(struct cx *cx, void *arg)
{
    struct asking *a = arg;

    if (!close_request(cx, a->row->id, REQUEST_DONE))
        return;
    if (a->reject != YKC_REJECT_NONE)
        refuse(cx, a, a->reject);
    else
        start_order(cx, a);
}

static void answer_tx(struct cx *cx, void *arg)
{
    db_tx(cx, answer_work, arg);
}

/* ---- one after the other --------------------------------------------- */

static void drop(struct cx *cx, void *arg)
{
    const struct request_row *r = arg;

    close_request(cx, r->id, REQUEST_LATE);
}

static void look(struct cx *cx, void *arg)
{
    struct asking *a = arg;

    a->point = charge_point_of(cx, a->row->pile_id, a->row->gun);
    if (a->point != NULL && read_frame(a->row, &a->frame))
        a->reject = reject_of(cx, a);
    else
        a->point = NULL;
}

static void give_up(struct cx *cx, const struct request_row *r)
{
    if (!cx_run(cx, drop, (void *)(uintptr_t)r))
        log_warn("request.drop", F_TEXT("why", cx->error.text));
}

static void answer(struct cx *cx, const struct request_row *r)
{
    struct asking *a = CX_NEW(cx, struct asking);
    const struct actor actor = cx->actor;

    a->row = r;
    if (cx->now.ms - r->received_at.ms > ANSWER_MS) {
        give_up(cx, r);
        return;
    }
    if (!cx_run(cx, look, a))
        return; /* the database: the next run looks again */
    if (a->point == NULL) {
        give_up(cx, r); /* nobody to answer, or not a request */
        return;
    }
    if (!cx_run(cx, answer_tx, a) && !cx_error_passes(cx)) {
        /* The order could not be made: the second try says why. */
        cx->actor = actor;
        a->reject = reject_of_error(cx->error.code);
        if (!cx_run(cx, answer_tx, a))
            log_warn("request.refuse", F_TEXT("why", cx->error.text));
    }
    cx->actor = actor;
}

void order_answer_requests(struct cx *cx)
{
    static const char sql[] =
        "SELECT id, pile_id, gun, raw, received_at FROM pile_request"
        " WHERE state = 1 ORDER BY id LIMIT ?";
    size_t n;
    const struct request_row *r = db_rows(cx, sql, BIND(V((int)BATCH)),
                                          ROW(struct request_row,
                                              request_row), &n);

    for (size_t i = 0; i < n; i++)
        answer(cx, &r[i]);
}
