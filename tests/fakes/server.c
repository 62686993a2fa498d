/*
 * The HTTP side of pilehub-fakes: receives a call, checks its signature,
 * lets a part answer, signs the answer, and does wrong what it was told to.
 */
#include "tests/fakes/fakes.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <netinet/in.h>

#include <curl/curl.h>
#include <microhttpd.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

enum { SKEW_S = 300, HANG_MS = 60000 };

struct settings settings;

static struct {
    pthread_mutex_t lock;
    pthread_cond_t reset;
    int64_t clock_offset_s;
    unsigned generation;
    char nonces[NONCES_MAX][33];
    size_t nonce_next;
} state = { .lock = PTHREAD_MUTEX_INITIALIZER,
            .reset = PTHREAD_COND_INITIALIZER };

/* One connection's request while it comes in. */
struct incoming {
    char *target;
    char *body;
    size_t len;
    bool too_long;
    bool begun;
};

void *need(void *p)
{
    if (p == NULL)
        abort();
    return p;
}

void lock(void)
{
    pthread_mutex_lock(&state.lock);
}

void unlock(void)
{
    pthread_mutex_unlock(&state.lock);
}

int64_t fake_now_s(void)
{
    return (int64_t)time(NULL) + state.clock_offset_s;
}

unsigned fake_generation(void)
{
    unsigned g;

    lock();
    g = state.generation;
    unlock();
    return g;
}

void fake_set_clock(int64_t offset_s)
{
    lock();
    state.clock_offset_s = offset_s;
    unlock();
}

void fake_reset(void)
{
    lock();
    state.generation++;
    state.clock_offset_s = 0;
    memset(state.nonces, 0, sizeof state.nonces);
    payment_reset();
    sms_reset();
    control_reset();
    pthread_cond_broadcast(&state.reset);
    unlock();
}

bool fake_sleep_ms(int64_t ms)
{
    struct timespec until;
    unsigned began;
    int rc = 0;

    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += ms / 1000;
    until.tv_nsec += (long)(ms % 1000) * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    lock();
    began = state.generation;
    while (rc != ETIMEDOUT && state.generation == began)
        rc = pthread_cond_timedwait(&state.reset, &state.lock, &until);
    rc = state.generation == began;
    unlock();
    return rc != 0;
}

/* ---- signatures ---- */

void sign_hex(const char *key, const char *head, const char *timestamp,
              const char *nonce, const void *body, size_t len,
              char out[HEX_MAX])
{
    unsigned char mac[EVP_MAX_MD_SIZE];
    char *text = NULL;
    size_t size = 0;
    unsigned mac_len = 0;
    FILE *f = need(open_memstream(&text, &size));

    fprintf(f, "%s\n%s\n%s\n", head, timestamp, nonce);
    fwrite(body, 1, len, f);
    fputc('\n', f);
    fclose(f);
    need(HMAC(EVP_sha256(), key, (int)strlen(key),
              (const unsigned char *)text, size, mac, &mac_len));
    free(text);
    for (unsigned i = 0; i < mac_len; i++)
        snprintf(out + 2 * (size_t)i, 3, "%02x", mac[i]);
}

void fresh_nonce(char out[33])
{
    unsigned char random[16];

    if (RAND_bytes(random, sizeof random) != 1)
        abort();
    for (size_t i = 0; i < sizeof random; i++)
        snprintf(out + 2 * i, 3, "%02x", random[i]);
}

/* Remembers a nonce; false if it was used before. Locked. */
static bool nonce_is_new(const char *nonce)
{
    for (size_t i = 0; i < NONCES_MAX; i++)
        if (strcmp(state.nonces[i], nonce) == 0)
            return false;
    snprintf(state.nonces[state.nonce_next++ % NONCES_MAX], 33, "%s", nonce);
    return true;
}

/* What is wrong with the signature of a call, or NULL. */
static const char *verdict_on(const struct call *call, const char *key)
{
    char head[600], hex[HEX_MAX];
    long long at, off;
    bool is_new;

    if (call->timestamp == NULL || call->nonce == NULL ||
        call->signature == NULL)
        return "unsigned";
    if (strlen(call->nonce) != 32 ||
        strspn(call->nonce, "0123456789abcdef") != 32)
        return "nonce";
    if (strlen(call->timestamp) > 12 ||
        strspn(call->timestamp, "0123456789") != strlen(call->timestamp))
        return "timestamp";
    at = strtoll(call->timestamp, NULL, 10);
    off = (long long)fake_now_s() - at;
    if (off > SKEW_S || off < -SKEW_S)
        return "stale";
    if (snprintf(head, sizeof head, "%s %s", call->method, call->target) >=
        (int)sizeof head)
        return "target";
    sign_hex(key, head, call->timestamp, call->nonce, call->body,
             call->body_len, hex);
    if (strcmp(hex, call->signature) != 0)
        return "signature";
    lock();
    is_new = nonce_is_new(call->nonce);
    unlock();
    return is_new ? NULL : "replay";
}

/* ---- answers ---- */

void refuse(struct call *call, int status, const char *code, const char *text)
{
    call->status = status;
    json_decref(call->answer);
    call->answer = need(json_pack("{s:s, s:s}", "code", code, "message",
                                  text));
}

const char *text_of(const json_t *object, const char *name)
{
    const char *s = json_string_value(json_object_get(object, name));

    return s ? s : "";
}

int64_t int_of(const json_t *object, const char *name, int64_t dflt)
{
    const json_t *v = json_object_get(object, name);

    return json_is_integer(v) ? (int64_t)json_integer_value(v) : dflt;
}

/* Spoils the answer as injected; returns the text to send. */
static char *answer_text(struct call *call)
{
    char *text;

    if (call->mode == MODE_WRONG_AMOUNT)
        json_object_set_new(call->answer, "amount",
                            json_integer(int_of(call->answer, "amount", 0) +
                                         1));
    if (call->mode == MODE_WRONG_ORDER)
        json_object_set_new(call->answer, "out_trade_no",
                            json_string("ANOTHER0000000000000000"));
    if (call->mode == MODE_WRONG_MERCHANT)
        json_object_set_new(call->answer, "merchant", json_string("another"));
    if (call->mode == MODE_RUNNING)
        json_object_set_new(call->answer, "state",
                            json_string("PROCESSING"));
    if (call->mode == MODE_CLOSED)
        json_object_set_new(call->answer, "state", json_string("CLOSED"));
    if (call->mode == MODE_EXTRA) {
        json_object_set_new(call->answer, "promotion", json_null());
        json_object_set_new(call->answer, "later_field",
                            json_pack("{s:[i,i]}", "list", 1, 2));
    }
    if (call->mode == MODE_EMPTY)
        return need(strdup(""));
    text = need(json_dumps(call->answer, JSON_COMPACT));
    if (call->mode == MODE_CUT)
        text[strlen(text) / 2] = '\0';
    return text;
}

struct drip {
    char *text;
    size_t len;
};

static ssize_t drip_read(void *cls, uint64_t pos, char *buf, size_t max)
{
    struct drip *d = cls;

    if (pos >= d->len || max == 0)
        return MHD_CONTENT_READER_END_OF_STREAM;
    if (!fake_sleep_ms(1000))
        return MHD_CONTENT_READER_END_WITH_ERROR;
    buf[0] = d->text[pos];
    return 1;
}

static void drip_free(void *cls)
{
    struct drip *d = cls;

    free(d->text);
    free(d);
}

static void sign_answer(struct MHD_Response *r, const struct call *call,
                        const char *key, const char *text)
{
    char head[64], at[24], nonce[33], hex[HEX_MAX];
    const char *signed_text = call->mode == MODE_OTHER_SIGN ? "{}" : text;

    if (call->mode == MODE_NO_SIGN || call->nonce == NULL ||
        strlen(call->nonce) != 32)
        return;
    snprintf(head, sizeof head, "answer %s", call->nonce);
    snprintf(at, sizeof at, "%lld", (long long)fake_now_s());
    fresh_nonce(nonce);
    sign_hex(key, head, at, nonce, signed_text, strlen(signed_text), hex);
    if (call->mode == MODE_BAD_SIGN)
        hex[0] = hex[0] == '0' ? '1' : '0';
    MHD_add_response_header(r, "Pilehub-Timestamp", at);
    MHD_add_response_header(r, "Pilehub-Nonce", nonce);
    MHD_add_response_header(r, "Pilehub-Signature", hex);
}

static enum MHD_Result send_answer(struct call *call, const char *key)
{
    struct MHD_Response *r;
    enum MHD_Result ok;
    char *text = call->html ? need(strdup(call->html)) : answer_text(call);

    if (call->mode == MODE_DRIP) {
        struct drip *d = need(calloc(1, sizeof *d));

        d->text = need(strdup(text));
        d->len = strlen(text);
        r = MHD_create_response_from_callback(d->len, 1, drip_read, d,
                                              drip_free);
    } else {
        r = MHD_create_response_from_buffer(strlen(text), text,
                                            MHD_RESPMEM_MUST_COPY);
    }
    need(r);
    MHD_add_response_header(r, "Content-Type",
                            call->html ? "text/html; charset=utf-8"
                                       : "application/json");
    if (key != NULL)
        sign_answer(r, call, key, text);
    free(text);
    ok = MHD_queue_response(call->connection, (unsigned)call->status, r);
    MHD_destroy_response(r);
    return ok;
}

/* ---- one call ---- */

/* A call of a third party: checked, spoiled, answered, signed. */
static enum MHD_Result partner_call(struct call *call, const char *key,
                                    void (*run)(struct call *))
{
    const char *wrong = verdict_on(call, key);

    lock();
    call->mode = control_take(call->path, &call->delay_ms);
    control_note(call, wrong ? wrong : "good");
    unlock();
    if (call->mode == MODE_HANG) {
        fake_sleep_ms(HANG_MS);
        return MHD_NO;
    }
    if (call->mode == MODE_ERROR) {
        call->status = 500;
        call->html = need(strdup("<html><body>Bad Gateway</body></html>"));
        return send_answer(call, NULL);
    }
    if (wrong != NULL)
        refuse(call, 401, "SIGN_ERROR", wrong);
    else if (call->mode == MODE_LIMIT)
        refuse(call, 429, "LIMIT", "too many calls");
    else if (call->mode == MODE_REFUSE)
        refuse(call, 400, "REFUSED", "refused on purpose");
    else
        run(call);
    if (call->mode == MODE_WORK_HANG) {
        fake_sleep_ms(HANG_MS);
        return MHD_NO;
    }
    if (call->mode == MODE_SLOW)
        fake_sleep_ms(call->delay_ms);
    return send_answer(call, key);
}

static enum MHD_Result dispatch(struct call *call)
{
    if (strncmp(call->path, "/_fake/", 7) == 0) {
        control_call(call);
        return send_answer(call, NULL);
    }
    if (strncmp(call->path, "/pay/cashier/", 13) == 0) {
        payment_cashier(call);
        return send_answer(call, NULL);
    }
    if (strncmp(call->path, "/pay/", 5) == 0)
        return partner_call(call, settings.payment_key, payment_call);
    if (strncmp(call->path, "/sms/", 5) == 0)
        return partner_call(call, settings.sms_key, sms_call);
    refuse(call, 404, "NOT_FOUND", "no such path");
    return send_answer(call, NULL);
}

static const char *query_of(const struct call *call, const char *name)
{
    const char *v = MHD_lookup_connection_value(
        call->connection, MHD_GET_ARGUMENT_KIND, name);

    return v ? v : "";
}

static const char *header_of(struct MHD_Connection *c, const char *name)
{
    return MHD_lookup_connection_value(c, MHD_HEADER_KIND, name);
}

static enum MHD_Result answer_call(struct MHD_Connection *c,
                                   const char *url, const char *method,
                                   struct incoming *in)
{
    struct call call = {
        .method = method, .path = url, .target = in->target,
        .body = in->body ? in->body : "", .body_len = in->len,
        .timestamp = header_of(c, "Pilehub-Timestamp"),
        .nonce = header_of(c, "Pilehub-Nonce"),
        .signature = header_of(c, "Pilehub-Signature"),
        .query = query_of, .connection = c, .status = 200,
    };
    enum MHD_Result ok;

    if (in->len > 0)
        call.json = json_loadb(call.body, call.body_len,
                               JSON_REJECT_DUPLICATES, NULL);
    if (!json_is_object(call.json)) {
        json_decref(call.json);
        call.json = NULL;
    }
    if (in->too_long) {
        refuse(&call, 413, "TOO_LONG", "body too long");
        ok = send_answer(&call, NULL);
    } else {
        ok = dispatch(&call);
    }
    json_decref(call.json);
    json_decref(call.answer);
    free(call.html);
    return ok;
}

static enum MHD_Result on_request(void *cls, struct MHD_Connection *c,
                                  const char *url, const char *method,
                                  const char *version, const char *data,
                                  size_t *size, void **own)
{
    struct incoming *in = *own;

    (void)cls;
    (void)version;
    if (in == NULL)
        return MHD_NO;
    if (!in->begun) {
        in->begun = true;
        return MHD_YES;
    }
    if (*size > 0) {
        if (in->len + *size > BODY_MAX) {
            in->too_long = true;
        } else {
            in->body = need(realloc(in->body, in->len + *size + 1));
            memcpy(in->body + in->len, data, *size);
            in->len += *size;
            in->body[in->len] = '\0';
        }
        *size = 0;
        return MHD_YES;
    }
    return answer_call(c, url, method, in);
}

static void *on_uri(void *cls, const char *uri, struct MHD_Connection *c)
{
    struct incoming *in = need(calloc(1, sizeof *in));

    (void)cls;
    (void)c;
    in->target = need(strdup(uri));
    return in;
}

static void on_end(void *cls, struct MHD_Connection *c, void **own,
                   enum MHD_RequestTerminationCode why)
{
    struct incoming *in = *own;

    (void)cls;
    (void)c;
    (void)why;
    if (in == NULL)
        return;
    free(in->target);
    free(in->body);
    free(in);
    *own = NULL;
}

/* ---- the program ---- */

static const char *environment(const char *name, const char *dflt)
{
    const char *v = getenv(name);

    return v != NULL && v[0] != '\0' ? v : dflt;
}

static int usage(void)
{
    fputs("pilehub-fakes --port PORT --notify URL [--auto-pay MS]\n", stderr);
    return 2;
}

static bool read_options(int argc, char **argv)
{
    for (int i = 1; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], "--port") == 0)
            settings.port = (int)strtol(argv[i + 1], NULL, 10);
        else if (strcmp(argv[i], "--notify") == 0)
            settings.notify_base = argv[i + 1];
        else if (strcmp(argv[i], "--auto-pay") == 0)
            payment_auto(strtoll(argv[i + 1], NULL, 10));
        else
            return false;
    }
    return argc % 2 == 1 && settings.port >= 0 && settings.notify_base;
}

static struct MHD_Daemon *start_server(void)
{
    struct sockaddr_in at = { .sin_family = AF_INET,
                              .sin_port = htons((uint16_t)settings.port),
                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };

    return MHD_start_daemon(
        MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_THREAD_PER_CONNECTION,
        (uint16_t)settings.port, NULL, NULL, on_request, NULL,
        MHD_OPTION_SOCK_ADDR, (struct sockaddr *)&at,
        MHD_OPTION_URI_LOG_CALLBACK, on_uri, NULL,
        MHD_OPTION_NOTIFY_COMPLETED, on_end, NULL,
        MHD_OPTION_CONNECTION_TIMEOUT, 120U, MHD_OPTION_END);
}

int main(int argc, char **argv)
{
    struct MHD_Daemon *server;
    const union MHD_DaemonInfo *info;
    sigset_t stop;
    int sig;

    settings.payment_key = environment("PILEHUB_PAYMENT_KEY", NULL);
    settings.sms_key = environment("PILEHUB_SMS_KEY", NULL);
    settings.merchant = environment("PILEHUB_PAYMENT_MERCHANT", "pilehub");
    if (!read_options(argc, argv) || settings.payment_key == NULL ||
        settings.sms_key == NULL)
        return usage();
    signal(SIGPIPE, SIG_IGN);
    sigemptyset(&stop);
    sigaddset(&stop, SIGTERM);
    sigaddset(&stop, SIGINT);
    pthread_sigmask(SIG_BLOCK, &stop, NULL);
    curl_global_init(CURL_GLOBAL_DEFAULT);
    server = start_server();
    if (server == NULL) {
        fprintf(stderr, "pilehub-fakes: port %d: %s\n", settings.port,
                strerror(errno));
        return 1;
    }
    info = MHD_get_daemon_info(server, MHD_DAEMON_INFO_BIND_PORT);
    settings.port = info->port;
    printf("port %d\n", settings.port);
    fflush(stdout);
    sigwait(&stop, &sig);
    /* Connections may hang on purpose; nothing here is worth waiting for. */
    _exit(0);
}
