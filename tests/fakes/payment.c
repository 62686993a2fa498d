/*
 * The demo payment provider: orders, their payment, close, refunds. Strict
 * about signatures, merchants, repeated numbers and states, as a real one is.
 */
#include "tests/fakes/fakes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

enum { ORDERS_MAX = 100000, REFUNDS_MAX = 100000, OUT_NO_MIN = 6,
       OUT_NO_MAX = 32 };

struct refund {
    struct refund *next;
    char out_refund_no[NUMBER_MAX + 1];
    char out_trade_no[NUMBER_MAX + 1];
    char refund_no[NUMBER_MAX + 1];
    int64_t amount;
};

static struct {
    struct order *orders;
    struct refund *refunds;
    size_t order_count, refund_count;
    uint64_t last_no;
    int64_t auto_ms; /* -1: off */
} pay = { .auto_ms = -1 };

void payment_reset(void)
{
    while (pay.orders != NULL) {
        struct order *o = pay.orders;

        pay.orders = o->next;
        free(o);
    }
    while (pay.refunds != NULL) {
        struct refund *r = pay.refunds;

        pay.refunds = r->next;
        free(r);
    }
    pay.order_count = pay.refund_count = 0;
}

void payment_auto(int64_t after_ms)
{
    pay.auto_ms = after_ms;
}

struct order *order_find(const char *out_trade_no)
{
    for (struct order *o = pay.orders; o != NULL; o = o->next)
        if (strcmp(o->out_trade_no, out_trade_no) == 0)
            return o;
    return NULL;
}

json_t *order_json(const struct order *o)
{
    char url[200];
    json_t *j;

    snprintf(url, sizeof url, "http://127.0.0.1:%d/pay/cashier/%s",
             settings.port, o->trade_no);
    j = need(json_pack("{s:s, s:s, s:s, s:I, s:s, s:s, s:s}", "merchant",
                       o->merchant, "out_trade_no", o->out_trade_no,
                       "trade_no", o->trade_no, "amount",
                       (json_int_t)(o->paid_at ? o->paid_amount : o->amount),
                       "currency", "CNY", "state", o->state, "pay_url",
                       url));
    if (o->paid_at != 0)
        json_object_set_new(j, "paid_at", json_integer(o->paid_at));
    return j;
}

bool order_pay(struct order *o, int64_t amount, bool force)
{
    if (strcmp(o->state, "NOTPAY") != 0 && !force)
        return false;
    o->state = "SUCCESS";
    o->paid_amount = amount;
    o->paid_at = fake_now_s();
    return true;
}

/* A number of 20 digits; unique across restarts by the clock in it. */
static void next_no(char out[NUMBER_MAX + 1], const char *prefix)
{
    snprintf(out, NUMBER_MAX + 1, "%s%lld%06llu", prefix,
             (long long)fake_now_s(), (unsigned long long)++pay.last_no);
}

/* What an order was made with, in 64 hex digits. */
static void hash_terms(const json_t *body, char out[65])
{
    char *text = need(json_dumps(body, JSON_COMPACT | JSON_SORT_KEYS));
    unsigned char hash[EVP_MAX_MD_SIZE];
    unsigned len = 0;

    EVP_Digest(text, strlen(text), hash, &len, EVP_sha256(), NULL);
    free(text);
    for (unsigned i = 0; i < 32; i++)
        snprintf(out + 2 * (size_t)i, 3, "%02x", hash[i]);
}

/* ---- orders ---- */

static const char *terms_error(const json_t *b)
{
    const char *no = text_of(b, "out_trade_no");
    const char *url = text_of(b, "notify_url");

    if (strcmp(text_of(b, "merchant"), settings.merchant) != 0)
        return "unknown merchant";
    if (strlen(no) < OUT_NO_MIN || strlen(no) > OUT_NO_MAX ||
        strspn(no, "0123456789abcdefghijklmnopqrstuvwxyz"
                   "ABCDEFGHIJKLMNOPQRSTUVWXYZ_-|*") != strlen(no))
        return "out_trade_no";
    if (int_of(b, "amount", 0) < 1)
        return "amount";
    if (strcmp(text_of(b, "currency"), "CNY") != 0)
        return "currency";
    if (text_of(b, "subject")[0] == '\0')
        return "subject";
    if (strlen(url) >= sizeof ((struct order *)0)->notify_url ||
        strncmp(url, settings.notify_base, strlen(settings.notify_base)) != 0)
        return "notify_url is not among the known ones";
    if (strchr(url, '?') != NULL)
        return "notify_url has a query";
    if (int_of(b, "expires_at", 0) < fake_now_s())
        return "expires_at";
    return NULL;
}

static struct order *order_new(const json_t *b, const char *terms)
{
    struct order *o = need(calloc(1, sizeof *o));

    snprintf(o->out_trade_no, sizeof o->out_trade_no, "%s",
             text_of(b, "out_trade_no"));
    snprintf(o->merchant, sizeof o->merchant, "%s", text_of(b, "merchant"));
    snprintf(o->notify_url, sizeof o->notify_url, "%s",
             text_of(b, "notify_url"));
    snprintf(o->terms, sizeof o->terms, "%s", terms);
    next_no(o->trade_no, "D");
    o->amount = int_of(b, "amount", 0);
    o->expires_at = int_of(b, "expires_at", 0);
    o->state = "NOTPAY";
    o->next = pay.orders;
    pay.orders = o;
    pay.order_count++;
    return o;
}

struct auto_pay {
    int64_t after_ms;
    char out_trade_no[NUMBER_MAX + 1];
};

static void *auto_pay_run(void *arg)
{
    struct auto_pay *a = arg;
    struct order *o;
    bool paid = false;

    if (fake_sleep_ms(a->after_ms)) {
        lock();
        o = order_find(a->out_trade_no);
        paid = o != NULL && order_pay(o, o->amount, false);
        unlock();
    }
    if (paid)
        notify_send(a->out_trade_no, "once", 1, false, NULL);
    free(a);
    return NULL;
}

static void auto_pay_start(const struct order *o, int64_t after_ms)
{
    struct auto_pay *a = need(calloc(1, sizeof *a));
    pthread_t thread;

    a->after_ms = after_ms;
    snprintf(a->out_trade_no, sizeof a->out_trade_no, "%s", o->out_trade_no);
    if (pthread_create(&thread, NULL, auto_pay_run, a) != 0)
        free(a);
    else
        pthread_detach(thread);
}

/* Makes an order or finds the same one; NULL if the call was refused. */
static struct order *order_take(struct call *call)
{
    char terms[65];
    struct order *o;
    const char *wrong = terms_error(call->json);

    if (wrong != NULL) {
        refuse(call, 400, "INVALID_REQUEST", wrong);
        return NULL;
    }
    hash_terms(call->json, terms);
    o = order_find(text_of(call->json, "out_trade_no"));
    if (o == NULL) {
        if (pay.order_count >= ORDERS_MAX) {
            refuse(call, 429, "LIMIT", "too many orders");
            return NULL;
        }
        o = order_new(call->json, terms);
        if (pay.auto_ms >= 0)
            auto_pay_start(o, pay.auto_ms);
    } else if (strcmp(o->terms, terms) != 0) {
        refuse(call, 400, "INVALID_REQUEST", "same number, other content");
        return NULL;
    } else if (strcmp(o->state, "CLOSED") == 0) {
        refuse(call, 400, "ORDER_CLOSED", "closed");
        return NULL;
    }
    return o;
}

static void create(struct call *call)
{
    char no[NUMBER_MAX + 1];
    struct order *o;

    lock();
    o = order_take(call);
    if (o != NULL) {
        call->answer = order_json(o);
        snprintf(no, sizeof no, "%s", o->out_trade_no);
        if (call->mode == MODE_EARLY_NOTIFY)
            order_pay(o, o->amount, false);
    }
    unlock();
    if (o != NULL && call->mode == MODE_EARLY_NOTIFY)
        notify_send(no, "once", 1, true, NULL);
}

/* The order that path and merchant name; NULL if the call was refused. */
static struct order *order_named(struct call *call, const char *no,
                                 const char *merchant)
{
    struct order *o = order_find(no);

    if (o == NULL || strcmp(o->merchant, merchant) != 0) {
        refuse(call, 404, "ORDER_NOT_EXIST", "no such order");
        return NULL;
    }
    if (strcmp(o->state, "NOTPAY") == 0 && o->expires_at < fake_now_s())
        o->state = "CLOSED";
    return o;
}

static void query(struct call *call, const char *no)
{
    const struct order *o;

    lock();
    o = order_named(call, no, call->query(call, "merchant"));
    if (o != NULL)
        call->answer = order_json(o);
    unlock();
}

static void close_order(struct call *call, const char *no)
{
    struct order *o;

    lock();
    o = order_named(call, no, text_of(call->json, "merchant"));
    if (o != NULL && o->paid_at != 0) {
        refuse(call, 409, "ORDER_PAID", "paid already");
    } else if (o != NULL) {
        o->state = "CLOSED";
        call->answer = order_json(o);
    }
    unlock();
}

/* ---- refunds ---- */

static struct refund *refund_find(const char *no)
{
    for (struct refund *r = pay.refunds; r != NULL; r = r->next)
        if (strcmp(r->out_refund_no, no) == 0)
            return r;
    return NULL;
}

static json_t *refund_json(const struct refund *r)
{
    return need(json_pack("{s:s, s:s, s:s, s:s, s:I, s:s}", "merchant",
                          settings.merchant, "out_refund_no",
                          r->out_refund_no, "out_trade_no", r->out_trade_no,
                          "refund_no", r->refund_no, "amount",
                          (json_int_t)r->amount, "state", "SUCCESS"));
}

static struct refund *refund_new(struct call *call, struct order *o,
                                 int64_t amount)
{
    struct refund *r;

    if (o->paid_at == 0 || amount < 1 ||
        amount > o->paid_amount - o->refunded) {
        refuse(call, 400, "INVALID_REQUEST", "more than what was paid");
        return NULL;
    }
    if (pay.refund_count >= REFUNDS_MAX) {
        refuse(call, 429, "LIMIT", "too many refunds");
        return NULL;
    }
    r = need(calloc(1, sizeof *r));
    snprintf(r->out_refund_no, sizeof r->out_refund_no, "%s",
             text_of(call->json, "out_refund_no"));
    snprintf(r->out_trade_no, sizeof r->out_trade_no, "%s", o->out_trade_no);
    next_no(r->refund_no, "R");
    r->amount = amount;
    r->next = pay.refunds;
    pay.refunds = r;
    pay.refund_count++;
    o->refunded += amount;
    o->state = "REFUND";
    return r;
}

static void refund(struct call *call)
{
    const char *no = text_of(call->json, "out_refund_no");
    const char *order_no = text_of(call->json, "out_trade_no");
    int64_t amount = int_of(call->json, "amount", 0);
    struct refund *r;
    struct order *o;

    lock();
    r = refund_find(no);
    o = order_named(call, order_no, text_of(call->json, "merchant"));
    if (o == NULL) {
        unlock();
        return;
    }
    if (no[0] == '\0' || strlen(no) > NUMBER_MAX)
        refuse(call, 400, "INVALID_REQUEST", "out_refund_no");
    else if (r != NULL && (r->amount != amount ||
                           strcmp(r->out_trade_no, order_no) != 0))
        refuse(call, 400, "INVALID_REQUEST", "same number, other content");
    else if (r != NULL || (r = refund_new(call, o, amount)) != NULL)
        call->answer = refund_json(r);
    unlock();
}

static void refund_query(struct call *call, const char *no)
{
    const struct refund *r;

    lock();
    r = refund_find(no);
    if (r == NULL ||
        strcmp(call->query(call, "merchant"), settings.merchant) != 0)
        refuse(call, 404, "REFUND_NOT_EXIST", "no such refund");
    else
        call->answer = refund_json(r);
    unlock();
}

/* ---- routes ---- */

void payment_call(struct call *call)
{
    bool is_post = strcmp(call->method, "POST") == 0;
    char no[NUMBER_MAX + 1];
    int end = 0;

    if (is_post && call->json == NULL)
        refuse(call, 400, "INVALID_REQUEST", "not a JSON object");
    else if (is_post && strcmp(call->path, "/pay/orders") == 0)
        create(call);
    else if (is_post && strcmp(call->path, "/pay/refunds") == 0)
        refund(call);
    else if (is_post && sscanf(call->path, "/pay/orders/%64[^/]/close%n", no,
                               &end) == 1 && end > 0 &&
             call->path[end] == '\0')
        close_order(call, no);
    else if (!is_post && sscanf(call->path, "/pay/orders/%64[^/]%n", no,
                                &end) == 1 && call->path[end] == '\0')
        query(call, no);
    else if (!is_post && sscanf(call->path, "/pay/refunds/%64[^/]%n", no,
                                &end) == 1 && call->path[end] == '\0')
        refund_query(call, no);
    else
        refuse(call, 404, "NOT_FOUND", "no such call");
}

static struct order *order_by_trade_no(const char *trade_no)
{
    for (struct order *o = pay.orders; o != NULL; o = o->next)
        if (strcmp(o->trade_no, trade_no) == 0)
            return o;
    return NULL;
}

static char *cashier_page(const struct order *o, const char *said)
{
    char *html = NULL;
    size_t size = 0;
    FILE *f = need(open_memstream(&html, &size));

    fputs("<!doctype html><html lang=\"zh-CN\"><meta charset=\"utf-8\">"
          "<meta name=\"viewport\" content=\"width=device-width\">"
          "<title>演示收银台</title><body><h1>演示收银台</h1>", f);
    fprintf(f, "<p>订单 %s</p><p>金额 %lld.%02lld 元</p>", o->out_trade_no,
            (long long)(o->amount / 100), (long long)(o->amount % 100));
    if (said != NULL)
        fprintf(f, "<p>%s</p>", said);
    else
        fputs("<form method=\"post\"><button>支付</button></form>", f);
    fputs("<p>这是演示环境的模拟支付，不会产生真实扣款。</p></body></html>",
          f);
    fclose(f);
    return html;
}

void payment_cashier(struct call *call)
{
    bool pays = strcmp(call->method, "POST") == 0;
    const char *said = NULL;
    char no[NUMBER_MAX + 1] = "";
    struct order *o;

    lock();
    o = order_by_trade_no(call->path + strlen("/pay/cashier/"));
    if (o == NULL) {
        unlock();
        refuse(call, 404, "ORDER_NOT_EXIST", "no such order");
        return;
    }
    if (pays && order_pay(o, o->amount, false))
        snprintf(no, sizeof no, "%s", o->out_trade_no);
    if (strcmp(o->state, "NOTPAY") != 0)
        said = o->paid_at != 0 ? "支付成功。" : "订单已关闭。";
    call->html = cashier_page(o, said);
    unlock();
    if (no[0] != '\0')
        notify_send(no, "once", 1, false, NULL);
}
