/*
 * Callbacks of the payment provider: signed over the bytes that are sent,
 * repeated until they are acknowledged, and wrong in every way asked for.
 */
#include "tests/fakes/fakes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>

enum { TRIES_MAX = 15, PARALLEL_MAX = 64, TIMEOUT_S = 5, STALE_S = 600 };

struct delivery {
    char out_trade_no[NUMBER_MAX + 1];
    char url[400];
    char *body;          /* as signed */
    char *sent;          /* as sent: another text if tampered with */
    char at[24], nonce[33], hex[HEX_MAX];
    bool no_sign;
    bool repeats;        /* until acknowledged */
    unsigned generation;
    int status;          /* of the first try; 0: no answer */
    pthread_barrier_t *start;
};

static void delivery_free(struct delivery *d)
{
    free(d->body);
    free(d->sent);
    free(d);
}

static size_t ignore(char *p, size_t size, size_t n, void *arg)
{
    (void)p;
    (void)arg;
    return size * n;
}

/* Adds a header, or leaves the list as it is. */
static struct curl_slist *with_header(struct curl_slist *list,
                                      const char *name, const char *value)
{
    char line[200];

    snprintf(line, sizeof line, "%s: %s", name, value);
    return need(curl_slist_append(list, line));
}

/* One try; the HTTP status, 0 without an answer. */
static int post(const struct delivery *d)
{
    CURL *c = need(curl_easy_init());
    struct curl_slist *h =
        with_header(NULL, "Content-Type", "application/json");
    long status = 0;

    if (!d->no_sign) {
        h = with_header(h, "Pilehub-Timestamp", d->at);
        h = with_header(h, "Pilehub-Nonce", d->nonce);
        h = with_header(h, "Pilehub-Signature", d->hex);
    }
    curl_easy_setopt(c, CURLOPT_URL, d->url);
    curl_easy_setopt(c, CURLOPT_POSTFIELDS, d->sent);
    curl_easy_setopt(c, CURLOPT_HTTPHEADER, h);
    curl_easy_setopt(c, CURLOPT_TIMEOUT, (long)TIMEOUT_S);
    curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(c, CURLOPT_PROXY, "");
    curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, ignore);
    if (curl_easy_perform(c) == CURLE_OK)
        curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &status);
    curl_slist_free_all(h);
    curl_easy_cleanup(c);
    return (int)status;
}

static void count_try(const char *out_trade_no, bool taken)
{
    struct order *o;

    lock();
    o = order_find(out_trade_no);
    if (o != NULL) {
        o->attempts++;
        o->notified += taken;
    }
    unlock();
}

static void sign(struct delivery *d, int64_t off_s)
{
    snprintf(d->at, sizeof d->at, "%lld", (long long)(fake_now_s() + off_s));
    fresh_nonce(d->nonce);
    sign_hex(settings.payment_key, "notify", d->at, d->nonce, d->body,
             strlen(d->body), d->hex);
}

static bool attempt(struct delivery *d)
{
    int status = post(d);
    bool taken = status >= 200 && status < 300;

    if (d->status == 0)
        d->status = status;
    count_try(d->out_trade_no, taken);
    return taken;
}

/* The first try of one of several; they start together. */
static void *first_try(void *arg)
{
    struct delivery *d = arg;

    if (d->start != NULL)
        pthread_barrier_wait(d->start);
    attempt(d);
    return NULL;
}

/* Tries after a failed first one, or all of them. */
static void *keep_trying(void *arg)
{
    struct delivery *d = arg;
    int64_t wait_ms = 1000, next_ms = 1000;

    for (int i = 0; i < TRIES_MAX; i++) {
        if (i > 0 || d->status != 0) {
            int64_t sum = wait_ms + next_ms;

            if (!fake_sleep_ms(wait_ms))
                break;
            wait_ms = next_ms;
            next_ms = sum;
        }
        if (fake_generation() != d->generation)
            break;
        sign(d, 0);
        if (attempt(d))
            break;
    }
    delivery_free(d);
    return NULL;
}

static void in_background(struct delivery *d)
{
    pthread_t thread;

    if (pthread_create(&thread, NULL, keep_trying, d) != 0)
        delivery_free(d);
    else
        pthread_detach(thread);
}

/* ---- what is sent ---- */

/* The message of an order as mode wants it; NULL if there is no order. */
static json_t *message_of(const char *out_trade_no, const char *mode,
                          char url[400])
{
    struct order *o;
    json_t *m;
    char id[40];

    lock();
    o = order_find(out_trade_no);
    if (o == NULL) {
        unlock();
        return NULL;
    }
    m = order_json(o);
    snprintf(url, 400, "%s", o->notify_url);
    unlock();
    snprintf(id, sizeof id, "EV");
    fresh_nonce(id + 2);
    json_object_del(m, "pay_url");
    json_object_set_new(m, "id", json_string(id));
    json_object_set_new(m, "event", json_string("payment.success"));
    if (strcmp(mode, "wrong_amount") == 0)
        json_object_set_new(m, "amount",
                            json_integer(int_of(m, "amount", 0) + 100));
    if (strcmp(mode, "wrong_merchant") == 0)
        json_object_set_new(m, "merchant", json_string("another"));
    if (strcmp(mode, "wrong_currency") == 0)
        json_object_set_new(m, "currency", json_string("USD"));
    if (strcmp(mode, "wrong_order") == 0)
        json_object_set_new(m, "out_trade_no",
                            json_string("TU0000000000000000000000"));
    if (strcmp(mode, "not_paid") == 0)
        json_object_set_new(m, "state", json_string("NOTPAY"));
    return m;
}

/* The same message with the first amount one digit larger. */
static char *tampered(const char *body)
{
    char *text = need(strdup(body));
    char *p = strstr(text, "\"amount\":");

    if (p != NULL)
        p[strlen("\"amount\":")] =
            p[strlen("\"amount\":")] == '9' ? '8' : '9';
    return text;
}

static struct delivery *delivery_new(const char *out_trade_no,
                                     const char *mode)
{
    struct delivery *d = need(calloc(1, sizeof *d));
    json_t *m = message_of(out_trade_no, mode, d->url);

    if (m == NULL) {
        free(d);
        return NULL;
    }
    snprintf(d->out_trade_no, sizeof d->out_trade_no, "%s", out_trade_no);
    d->body = need(json_dumps(m, JSON_COMPACT));
    json_decref(m);
    d->generation = fake_generation();
    sign(d, strcmp(mode, "stale") == 0    ? -STALE_S
            : strcmp(mode, "future") == 0 ? STALE_S
                                          : 0);
    if (strcmp(mode, "bad_sign") == 0)
        d->hex[63] = d->hex[63] == '0' ? '1' : '0';
    if (strcmp(mode, "signtest") == 0)
        snprintf(d->hex, sizeof d->hex, "%s", "PILEHUB/SIGNTEST/");
    d->no_sign = strcmp(mode, "no_sign") == 0;
    d->repeats = strcmp(mode, "once") == 0;
    d->sent = strcmp(mode, "tampered") == 0 ? tampered(d->body)
                                            : need(strdup(d->body));
    return d;
}

static bool is_mode(const char *mode)
{
    static const char *const known[] = {
        "once", "never", "twice", "parallel", "bad_sign", "no_sign", "stale",
        "future", "tampered", "wrong_amount", "wrong_merchant",
        "wrong_currency", "wrong_order", "not_paid", "signtest",
    };

    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (strcmp(known[i], mode) == 0)
            return true;
    return false;
}

/* count copies at the same moment. */
static void send_together(const char *out_trade_no, const char *mode,
                          int count, json_t *statuses)
{
    struct delivery *d[PARALLEL_MAX] = { NULL };
    pthread_t thread[PARALLEL_MAX];
    pthread_barrier_t start;

    pthread_barrier_init(&start, NULL, (unsigned)count);
    for (int i = 0; i < count; i++) {
        d[i] = need(delivery_new(out_trade_no, mode));
        d[i]->start = &start;
        if (pthread_create(&thread[i], NULL, first_try, d[i]) != 0)
            abort();
    }
    for (int i = 0; i < count; i++) {
        pthread_join(thread[i], NULL);
        json_array_append_new(statuses, json_integer(d[i]->status));
        delivery_free(d[i]);
    }
    pthread_barrier_destroy(&start);
}

bool notify_send(const char *out_trade_no, const char *mode, int count,
                 bool wait, json_t *statuses)
{
    int times = strcmp(mode, "twice") == 0 ? 2 : 1;

    if (!is_mode(mode) || count < 1 || count > PARALLEL_MAX)
        return false;
    if (strcmp(mode, "never") == 0)
        return true;
    if (strcmp(mode, "parallel") == 0) {
        send_together(out_trade_no, mode, count, statuses);
        return true;
    }
    for (int i = 0; i < times; i++) {
        struct delivery *d = delivery_new(out_trade_no, mode);
        bool taken = false;

        if (d == NULL)
            return false;
        if (wait) {
            taken = attempt(d);
            json_array_append_new(statuses, json_integer(d->status));
        }
        if (taken || (wait && !d->repeats))
            delivery_free(d);
        else
            in_background(d);
    }
    return true;
}
