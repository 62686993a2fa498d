/*
 * Top-ups of the driver API, and the callbacks of payment channels.
 */
#include "payment/payment.h"
#include "payment/payment_pages.h"

#include <string.h>

#include "db/db.h"
#include "web/endpoint.h"
#include "web/feature.h"
#include "web/input.h"

enum { CALLBACK_MAX = 60 * 1024, PAGE = 20 }; /* it is kept as TEXT */

static void payment_json(struct json_out *j, const char *key,
                         const struct payment *p)
{
    const struct label *state =
        label_of((struct labels)LIST(payment_state_labels), p->state);

    must(state != NULL);
    json_open(j, key, '{');
    json_text(j, "out_trade_no", p->out_trade_no);
    json_int(j, "amount_fen", p->amount.fen);
    json_text(j, "channel", p->channel);
    json_text(j, "state", state->key);
    json_text(j, "state_text", state->word);
    if (p->client[0] != '\0' && p->state == PAYMENT_CREATED)
        json_raw(j, "client", p->client);
    else
        json_none(j, "client");
    json_stamp(j, "created_at", p->created_at);
    json_stamp(j, "expires_at", p->expires_at);
    json_stamp(j, "paid_at", p->paid_at);
    json_close(j, '}');
}

/* ---- POST topups ---- */

struct topup_args {
    money amount_fen;
    const char *channel;
};

static const struct arg topup_args[] = {
    ARG(struct topup_args, amount_fen, .title = "充值金额",
        .flags = ARG_REQUIRED, .min = TOPUP_MIN_FEN, .max = TOPUP_MAX_FEN),
    ARG(struct topup_args, channel, .title = "支付方式", .max = 20),
};

static void topup(struct cx *cx, const void *args, struct json_out *out)
{
    const struct topup_args *a = args;

    payment_json(out, NULL, payment_topup(cx, cx->actor.id, a->channel,
                                          a->amount_fen));
}

/* ---- topups/:out_trade_no ---- */

struct topup_no_args {
    const char *out_trade_no;
};

static const struct arg topup_no_args[] = {
    ARG(struct topup_no_args, out_trade_no, .title = "充值单号",
        .flags = ARG_REQUIRED, .max = OUT_TRADE_NO_SIZE - 1),
};

static void topup_show(struct cx *cx, const void *args, struct json_out *out)
{
    const struct topup_no_args *a = args;

    payment_json(out, NULL, payment_load_no(cx, a->out_trade_no));
}

static void topup_check(struct cx *cx, const void *args, struct json_out *out)
{
    const struct topup_no_args *a = args;

    payment_json(out, NULL, payment_check(cx, a->out_trade_no));
}

/* ---- GET topups ---- */

struct topup_list_args {
    int64_t after;
};

static const struct arg topup_list_args[] = {
    ARG(struct topup_list_args, after, .title = "翻页位置", .min = 0,
        .max = INT64_MAX),
};

static void topup_list(struct cx *cx, const void *args, struct json_out *out)
{
    const struct topup_list_args *a = args;
    size_t count = 0;
    const struct payment *p =
        payment_list_mine(cx, cx->actor.id, a->after, PAGE + 1, &count);
    size_t shown = count > PAGE ? PAGE : count;

    json_open(out, NULL, '{');
    json_open(out, "topups", '[');
    for (size_t i = 0; i < shown; i++)
        payment_json(out, NULL, &p[i]);
    json_close(out, ']');
    if (count > PAGE)
        json_int(out, "after", p[PAGE - 1].id);
    else
        json_none(out, "after");
    json_close(out, '}');
}

const struct endpoint payment_endpoints[PAYMENT_ENDPOINTS] = {
    { .method = POST, .path = "/api/driver/v1/topups", .auth = AUTH_DRIVER,
      .flags = EP_IDEMPOTENT | ROUTE_NO_TX | ROUTE_SLOW, .per_minute = 20,
      .summary = "Begin a top-up", .args = LIST(topup_args),
      .args_size = sizeof(struct topup_args), .run = topup },
    { .method = GET, .path = "/api/driver/v1/topups", .auth = AUTH_DRIVER,
      .summary = "My top-ups, newest first", .args = LIST(topup_list_args),
      .args_size = sizeof(struct topup_list_args), .run = topup_list },
    { .method = GET, .path = "/api/driver/v1/topups/:out_trade_no",
      .auth = AUTH_DRIVER, .summary = "A top-up",
      .args = LIST(topup_no_args), .args_size = sizeof(struct topup_no_args),
      .run = topup_show },
    { .method = POST, .path = "/api/driver/v1/topups/:out_trade_no/check",
      .auth = AUTH_DRIVER, .flags = ROUTE_NO_TX | ROUTE_SLOW,
      .per_minute = 30, .summary = "Ask the channel whether it was paid",
      .args = LIST(topup_no_args), .args_size = sizeof(struct topup_no_args),
      .run = topup_check },
};

/* ---- callbacks ---- */

static const char *header_of(const void *from, const char *name)
{
    return request_header(from, name);
}

/*
 * Whether it is taken or refused, the transaction commits: a refusal leaves
 * its trace. Without the database the answer is 503, and the channel repeats.
 */
static void notify(struct request *req, const void *args)
{
    const char *channel = input_get(req->input, "channel");
    const struct pay_provider *provider =
        pay_provider_find(channel ? channel : "");
    struct pay_message m = { req->input->body, req->input->body_len,
                             header_of, req };
    struct pay_ack ack;
    bool taken = false;

    (void)args;
    if (provider == NULL || !provider->is_configured(req->cx))
        cx_fail(req->cx, ERR_NOT_FOUND, "没有这种支付方式。");
    if (m.len <= CALLBACK_MAX)
        taken = payment_take_notice(req->cx, provider, &m);
    ack = provider->ack(taken);
    answer_data(req, ack.type, ack.body, strlen(ack.body));
    answer_status(req, ack.status);
}

const struct route payment_routes[PAYMENT_ROUTES] = {
    /* Anybody may send one: the channel's signature is the proof. */
    { .method = POST, .path = "/api/pay/:channel/notify", .auth = AUTH_NONE,
      .flags = ROUTE_BODY | ROUTE_NO_CSRF, .run = notify },
};
