/*
 * The endpoint engine: an argument table and a short function become a JSON
 * answer, once or as often as asked (endpoint.h).
 */
#include "web/endpoint.h"

#include <string.h>

#include "base/crypto.h"
#include "db/db.h"
#include "db/idem.h"
#include "web/app.h"

enum { DATA_MAX = 4 * 1024 * 1024, KEY_MIN = 8 };

/* Runs the handler and returns the whole answer text. */
static const char *produce(struct serving *s, const void *args)
{
    struct cx *cx = s->req.cx;
    struct buf *text = cx_buf(cx, DATA_MAX);
    struct json_out out = { .to = text };

    buf_puts(text, "{\"code\":0,\"data\":");
    s->match.row->endpoint->run(cx, args, &out);
    buf_putc(text, '}');
    if (buf_text(text) == NULL)
        cx_fail(cx, ERR_INTERNAL, "答复过大。");
    return cx_strdup(cx, buf_text(text));
}

void endpoint_replay(struct serving *s, const struct idem_answer *stored)
{
    answer_header(&s->req, "Idempotent-Replay", "1");
    answer_json(&s->req, stored->text);
}

/* Key, actor, and a hash over what is asked for. */
static struct idem *claim_of(struct serving *s)
{
    struct cx *cx = s->req.cx;
    const char *key = serving_header(s, "HTTP_IDEMPOTENCY_KEY");
    size_t n = strlen(key);
    struct idem *idem = CX_NEW(cx, struct idem);
    uint8_t body[SHA256_SIZE];
    char hex[2 * SHA256_SIZE + 1];
    const char *whole;

    if (n < KEY_MIN || n > IDEM_KEY_MAX ||
        key[strspn(key, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                        "0123456789_-")] != '\0')
        cx_fail_field(cx, "Idempotency-Key",
                      "缺少请求编号，或格式不正确（8–64 位字母、数字）。");
    sha256(s->raw == NULL ? "" : s->raw, s->raw_len, body);
    whole = cx_printf(cx, "%s\n%s\n%s", s->req.path, s->req.query,
                      hex_encode(body, sizeof body, hex));
    *idem = (struct idem){
        .scope = cx_printf(cx, "%s:%lld",
                           cx->actor.kind == ACTOR_DRIVER ? "driver"
                                                          : "account",
                           (long long)cx->actor.id),
        .key = cx_strdup(cx, key),
    };
    sha256(whole, strlen(whole), idem->hash);
    cx->idem_key = idem->key;
    s->claim = idem;
    return idem;
}

struct store {
    struct serving *s;
    const struct idem *idem;
    const char *text;
};

static void store(struct cx *cx, void *arg)
{
    struct store *st = arg;
    const struct idem_answer *stored = idem_claim(cx, st->idem);

    if (stored == NULL)
        idem_keep(cx, st->idem, 200, st->text);
    else
        st->text = stored->text;
}

/* The handler commits by itself: it is unique by cx->idem_key, so running it
   again after a crash is harmless. */
static void serve_outside_tx(struct serving *s, const void *args,
                             const struct idem *idem)
{
    struct cx *cx = s->req.cx;
    const struct idem_answer *stored = idem_find(cx, idem);
    struct store st = { s, idem, NULL };

    if (stored != NULL) {
        endpoint_replay(s, stored);
        return;
    }
    st.text = produce(s, args);
    db_tx(cx, store, &st);
    answer_json(&s->req, st.text);
}

void endpoint_serve(struct serving *s, const void *args)
{
    struct cx *cx = s->req.cx;
    const struct idem_answer *stored;
    const struct idem *idem;
    const char *text;

    if (!(s->match.row->route.flags & EP_IDEMPOTENT)) {
        answer_json(&s->req, produce(s, args));
        return;
    }
    idem = claim_of(s);
    if (!db_in_tx(cx->db)) {
        serve_outside_tx(s, args, idem);
        return;
    }
    stored = idem_claim(cx, idem);
    if (stored != NULL) {
        endpoint_replay(s, stored);
        return;
    }
    text = produce(s, args);
    idem_keep(cx, idem, 200, text);
    answer_json(&s->req, text);
}
