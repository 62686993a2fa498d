/*
 * The demo payment channel: JSON over HTTP, signed with a shared key
 * (base/signed.h). It is the whole of what a real channel needs, so that
 * a real one is another file like this and nothing else.
 */
#include "payment/provider.h"

#include <string.h>

#include <jansson.h>

#include "base/buf.h"
#include "base/config.h"
#include "base/http.h"
#include "base/log.h"
#include "base/signed.h"

enum { BODY_MAX = 8 * 1024 };

/* One call and what came of it; lives in the arena because the call may
   unwind (cx_run). */
struct exchange {
    const char *method;
    const char *url;
    const char *body; /* or NULL */
    struct http_answer *answer;
    json_t *json;     /* of the answer; freed with the unit of work */
};

static void json_free(void *p)
{
    json_decref(p);
}

static bool is_configured(const struct cx *cx)
{
    return cx->config->payment_url[0] != '\0' &&
           cx->config->payment_key[0] != '\0';
}

static void send_call(struct cx *cx, void *arg)
{
    static const char *const headers[] = {
        "Content-Type: application/json", "Accept: application/json",
        "User-Agent: pilehub", "Expect:", NULL,
    };
    struct exchange *e = arg;

    e->answer = signed_send(
        cx, cx->config->payment_key,
        &(struct http_call){ .partner = "payment", .method = e->method,
                             .url = e->url, .headers = headers,
                             .body = e->body,
                             .body_len = e->body ? strlen(e->body) : 0 });
}

static const char *text_of(const json_t *j, const char *name)
{
    const char *s = json_string_value(json_object_get(j, name));

    return s ? s : "";
}

/* Reads an integer in 0..10^12; false if it is none. */
static bool int_of(const json_t *j, const char *name, int64_t *out)
{
    const json_t *v = json_object_get(j, name);
    json_int_t i = json_integer_value(v);

    if (!json_is_integer(v) || i < 0 || i > INT64_C(1000000000000))
        return false;
    *out = i;
    return true;
}

static enum pay_outcome unknown(struct pay_why *why, const char *code,
                                const char *text)
{
    *why = (struct pay_why){ code, text };
    return PAY_UNKNOWN;
}

/* Does the call. Every failure on the way is UNKNOWN, a listed refusal of the
   channel REFUSED with its code. */
static enum pay_outcome exchange(struct cx *cx, struct exchange *e,
                                 struct pay_why *why)
{
    struct cx_error before = cx->error;

    if (!cx_run(cx, send_call, e)) {
        unknown(why, cx_code_name(cx->error.code),
                cx_strdup(cx, cx->error.text));
        cx->error = before;
        return PAY_UNKNOWN;
    }
    e->json = json_loadb(e->answer->body, e->answer->body_len,
                         JSON_REJECT_DUPLICATES, NULL);
    if (e->json != NULL)
        cx_own(cx, e->json, json_free);
    if (!json_is_object(e->json))
        return unknown(why, "UNREADABLE", "渠道的应答无法识别。");
    if (e->answer->status >= 500 || e->answer->status == 429)
        return unknown(why, text_of(e->json, "code"), "渠道繁忙。");
    if (e->answer->status != 200) {
        *why = (struct pay_why){ cx_strdup(cx, text_of(e->json, "code")),
                                 cx_strdup(cx, text_of(e->json, "message")) };
        return PAY_REFUSED;
    }
    return PAY_OK;
}

/* The base address without a slash at its end, and a path below it. */
static const char *url_of(struct cx *cx, const char *path)
{
    const char *base = cx->config->payment_url;
    size_t n = strlen(base);

    while (n > 0 && base[n - 1] == '/')
        n--;
    return cx_printf(cx, "%.*s%s", (int)n, base, path);
}

static struct json_out *body_open(struct cx *cx)
{
    struct json_out *j = CX_NEW(cx, struct json_out);

    *j = (struct json_out){ .to = cx_buf(cx, BODY_MAX) };
    json_open(j, NULL, '{');
    json_text(j, "merchant", cx->config->payment_merchant);
    return j;
}

static const char *body_close(struct cx *cx, struct json_out *j)
{
    json_close(j, '}');
    must(buf_text(j->to) != NULL);
    return cx_strdup(cx, buf_text(j->to));
}

/* ---- orders ---- */

static bool read_state(const char *text, enum pay_state *out)
{
    static const struct { const char *name; enum pay_state state; } names[] = {
        { "NOTPAY", PAY_WAITING }, { "SUCCESS", PAY_PAID },
        { "REFUND", PAY_PAID },    { "CLOSED", PAY_CLOSED },
    };

    for (size_t i = 0; i < COUNT(names); i++)
        if (strcmp(names[i].name, text) == 0) {
            *out = names[i].state;
            return true;
        }
    return false;
}

/* An order in an answer or a callback; what is wrong with it, or NULL. */
static const char *read_trade(struct cx *cx, const json_t *j,
                              struct pay_trade *out)
{
    int64_t amount = 0, paid_s = 0;

    if (strcmp(text_of(j, "merchant"), cx->config->payment_merchant) != 0)
        return "merchant";
    if (strcmp(text_of(j, "currency"), "CNY") != 0)
        return "currency";
    if (!int_of(j, "amount", &amount))
        return "amount";
    if (text_of(j, "out_trade_no")[0] == '\0')
        return "out_trade_no";
    if (!read_state(text_of(j, "state"), &out->state))
        return "state";
    if (text_of(j, "trade_no")[0] == '\0' ||
        strlen(text_of(j, "trade_no")) > 64)
        return "trade_no";
    if (out->state == PAY_PAID && !int_of(j, "paid_at", &paid_s))
        return "paid_at";
    out->amount = FEN(amount);
    out->paid_at = (stamp){ paid_s * 1000 };
    out->out_trade_no = cx_strdup(cx, text_of(j, "out_trade_no"));
    out->channel_trade_no = cx_strdup(cx, text_of(j, "trade_no"));
    out->client = "";
    return NULL;
}

/* The trade of an answer to a call about out_trade_no. */
static enum pay_outcome take_trade(struct cx *cx, const struct exchange *e,
                                   const char *out_trade_no,
                                   struct pay_trade *out, struct pay_why *why)
{
    const char *wrong = read_trade(cx, e->json, out);

    if (wrong == NULL && strcmp(out->out_trade_no, out_trade_no) != 0)
        wrong = "out_trade_no";
    if (wrong == NULL)
        return PAY_OK;
    log_error("payment.answer_mismatch", F_TEXT("out_trade_no", out_trade_no),
              F_TEXT("field", wrong));
    return unknown(why, "MISMATCH", "渠道的应答与本单不符。");
}

static enum pay_outcome create(struct cx *cx, const struct pay_order *order,
                               struct pay_trade *out, struct pay_why *why)
{
    struct exchange *e = CX_NEW(cx, struct exchange);
    struct json_out *j = body_open(cx);
    enum pay_outcome outcome;

    json_text(j, "out_trade_no", order->out_trade_no);
    json_int(j, "amount", order->amount.fen);
    json_text(j, "currency", "CNY");
    json_text(j, "subject", order->subject);
    json_text(j, "notify_url", order->notify_url);
    json_int(j, "expires_at", order->expires_at.ms / 1000);
    e->method = "POST";
    e->url = url_of(cx, "/orders");
    e->body = body_close(cx, j);
    outcome = exchange(cx, e, why);
    if (outcome == PAY_OK)
        outcome = take_trade(cx, e, order->out_trade_no, out, why);
    if (outcome != PAY_OK)
        return outcome;
    j = &(struct json_out){ .to = cx_buf(cx, BODY_MAX) };
    json_open(j, NULL, '{');
    json_text(j, "pay_url", text_of(e->json, "pay_url"));
    json_close(j, '}');
    out->client = buf_text(j->to) ? cx_strdup(cx, buf_text(j->to)) : "";
    return PAY_OK;
}

static enum pay_outcome query(struct cx *cx, const char *out_trade_no,
                              struct pay_trade *out, struct pay_why *why)
{
    struct exchange *e = CX_NEW(cx, struct exchange);
    enum pay_outcome outcome;

    e->method = "GET";
    e->url = url_of(cx, cx_printf(cx, "/orders/%s?merchant=%s", out_trade_no,
                                  cx->config->payment_merchant));
    outcome = exchange(cx, e, why);
    if (outcome == PAY_REFUSED && strcmp(why->code, "ORDER_NOT_EXIST") == 0) {
        *out = (struct pay_trade){ .state = PAY_NONE,
                                   .out_trade_no = out_trade_no,
                                   .channel_trade_no = "", .client = "" };
        return PAY_OK;
    }
    if (outcome != PAY_OK)
        return outcome;
    return take_trade(cx, e, out_trade_no, out, why);
}

/* Closing what the channel never heard of is as good as closing it. */
static enum pay_outcome close_order(struct cx *cx, const char *out_trade_no,
                                    struct pay_why *why)
{
    struct exchange *e = CX_NEW(cx, struct exchange);
    struct pay_trade trade;
    enum pay_outcome outcome;

    e->method = "POST";
    e->url = url_of(cx, cx_printf(cx, "/orders/%s/close", out_trade_no));
    e->body = body_close(cx, body_open(cx));
    outcome = exchange(cx, e, why);
    if (outcome == PAY_REFUSED && strcmp(why->code, "ORDER_NOT_EXIST") == 0)
        return PAY_OK;
    if (outcome != PAY_OK)
        return outcome;
    return take_trade(cx, e, out_trade_no, &trade, why);
}

/* ---- refunds ---- */

static enum pay_outcome take_refund(struct cx *cx, const struct exchange *e,
                                    const char *out_refund_no,
                                    struct pay_refund *out,
                                    struct pay_why *why)
{
    const char *state = text_of(e->json, "state");
    int64_t amount = 0;

    if (strcmp(text_of(e->json, "merchant"), cx->config->payment_merchant) !=
            0 ||
        strcmp(text_of(e->json, "out_refund_no"), out_refund_no) != 0 ||
        !int_of(e->json, "amount", &amount) ||
        strlen(text_of(e->json, "refund_no")) > 64)
        return unknown(why, "MISMATCH", "渠道的应答与本单不符。");
    out->amount = FEN(amount);
    out->channel_refund_no = cx_strdup(cx, text_of(e->json, "refund_no"));
    if (strcmp(state, "SUCCESS") == 0)
        out->state = PAY_REFUND_DONE;
    else if (strcmp(state, "CLOSED") == 0)
        out->state = PAY_REFUND_CLOSED;
    else
        out->state = PAY_REFUND_RUNNING;
    return PAY_OK;
}

static enum pay_outcome refund(struct cx *cx,
                               const struct pay_refund_order *order,
                               struct pay_refund *out, struct pay_why *why)
{
    struct exchange *e = CX_NEW(cx, struct exchange);
    struct json_out *j = body_open(cx);
    enum pay_outcome outcome;

    json_text(j, "out_refund_no", order->out_refund_no);
    json_text(j, "out_trade_no", order->out_trade_no);
    json_int(j, "amount", order->amount.fen);
    json_text(j, "reason", order->reason);
    e->method = "POST";
    e->url = url_of(cx, "/refunds");
    e->body = body_close(cx, j);
    outcome = exchange(cx, e, why);
    if (outcome != PAY_OK)
        return outcome;
    return take_refund(cx, e, order->out_refund_no, out, why);
}

static enum pay_outcome refund_query(struct cx *cx, const char *out_refund_no,
                                     struct pay_refund *out,
                                     struct pay_why *why)
{
    struct exchange *e = CX_NEW(cx, struct exchange);
    enum pay_outcome outcome;

    e->method = "GET";
    e->url = url_of(cx, cx_printf(cx, "/refunds/%s?merchant=%s",
                                  out_refund_no,
                                  cx->config->payment_merchant));
    outcome = exchange(cx, e, why);
    if (outcome == PAY_REFUSED &&
        strcmp(why->code, "REFUND_NOT_EXIST") == 0) {
        *out = (struct pay_refund){ .state = PAY_REFUND_NONE,
                                    .channel_refund_no = "" };
        return PAY_OK;
    }
    if (outcome != PAY_OK)
        return outcome;
    return take_refund(cx, e, out_refund_no, out, why);
}

/* ---- callbacks ---- */

/* The message is read only after its signature is known to be good. */
static enum pay_notice_kind read_notice(struct cx *cx,
                                        const struct pay_message *m,
                                        struct pay_notice *out)
{
    struct signed_headers h = { m->header(m->from, SIGNED_TIMESTAMP),
                                m->header(m->from, SIGNED_NONCE),
                                m->header(m->from, SIGNED_SIGNATURE) };
    const char *wrong;
    json_t *j;

    if (!signed_check(cx->config->payment_key, "notify", &h, m->body, m->len,
                      cx->now))
        return NOTICE_FORGED;
    j = json_loadb(m->body, m->len, JSON_REJECT_DUPLICATES, NULL);
    if (j != NULL)
        cx_own(cx, j, json_free);
    out->notice_no = cx_strdup(cx, text_of(j, "id"));
    out->trade.out_trade_no = cx_strdup(cx, text_of(j, "out_trade_no"));
    wrong = !json_is_object(j) ? "body" : read_trade(cx, j, &out->trade);
    if (wrong == NULL && (out->notice_no[0] == '\0' ||
                          strlen(out->notice_no) > 64))
        wrong = "id";
    if (wrong == NULL)
        return NOTICE_TRADE;
    out->why = (struct pay_why){ "MISMATCH", wrong };
    return NOTICE_UNREAD;
}

static struct pay_ack ack(bool taken)
{
    if (taken)
        return (struct pay_ack){ 200, "application/json",
                                 "{\"code\":\"OK\"}" };
    return (struct pay_ack){ 400, "application/json", "{\"code\":\"FAIL\"}" };
}

const struct pay_provider demo_pay_provider = {
    .name = "demo",
    .title = "模拟支付",
    .channel = CHANNEL_DEMO,
    .demo = true,
    .is_configured = is_configured,
    .create = create,
    .query = query,
    .close = close_order,
    .refund = refund,
    .refund_query = refund_query,
    .read_notice = read_notice,
    .ack = ack,
};
