/*
 * Text messages and one-time codes: sms.h.
 */
#include "system/sms.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/config.h"
#include "base/crypto.h"
#include "base/log.h"
#include "base/signed.h"
#include "db/db.h"
#include "system/audit.h"
#include "system/guard.h"

enum {
    MINUTE_MS = 60 * 1000,
    HOUR_MS = 60 * MINUTE_MS,
    DAY_WINDOW_MS = 24 * HOUR_MS,
    CODES_AN_HOUR = 5,
    CODES_A_DAY = 10,
    CODES_AN_ADDRESS = 20, /* an hour */
    TRIES_MAX = 5,
    KEY_BYTES = 32,
    BODY_MAX = 1024,
};

bool sms_is_configured(const struct cx *cx)
{
    return cx->config->sms_url[0] != '\0' && cx->config->sms_key[0] != '\0';
}

static void deliver_code(struct cx *cx, const char *phone, const char *code,
                         const char *out_id)
{
    static const char *const headers[] = {
        "Content-Type: application/json", NULL
    };
    struct buf *body = cx_buf(cx, BODY_MAX);
    struct json_out j = { .to = body };
    struct http_answer *answer;

    json_open(&j, NULL, '{');
    json_text(&j, "phone", phone);
    json_text(&j, "template", "code");
    json_open(&j, "params", '{');
    json_text(&j, "code", code);
    json_close(&j, '}');
    json_text(&j, "out_id", out_id);
    json_close(&j, '}');
    answer = signed_send(cx, cx->config->sms_key,
                         &(struct http_call){
        .partner = "sms",
        .method = "POST",
        .url = cx_printf(cx, "%s/messages", cx->config->sms_url),
        .headers = headers, .body = body->data, .body_len = body->len });
    if (answer->status == 429)
        cx_fail(cx, ERR_TOO_MANY, "短信发送过于频繁，稍后再试。");
    if (answer->status != 200)
        cx_fail(cx, ERR_PARTNER, "短信服务没有接收这条短信，稍后重试。");
}

/* ---- codes ------------------------------------------------------------- */

/* Only a keyed hash is kept: 10^6 codes are quickly tried otherwise. */
static void hash_code(const char *phone, const char *purpose,
                      const char *code, uint8_t out[SHA256_SIZE])
{
    uint8_t key[SHA256_SIZE];
    char text[200];

    must((size_t)snprintf(text, sizeof text, "%s\n%s\n%s", phone, purpose,
                          code) < sizeof text);
    secret_derive("sms.code", key);
    hmac_sha256(key, sizeof key, text, strlen(text), out);
    secret_wipe(key, sizeof key);
    secret_wipe(text, sizeof text);
}

struct order {
    const char *phone, *purpose;
    uint8_t hash[SHA256_SIZE];
    int64_t id;
    const char *why; /* it was refused */
};

static void need_turn(struct cx *cx, const char *subject, int64_t window_ms,
                      int limit, const char *message)
{
    if (!guard_take(cx, subject, window_ms, limit))
        cx_fail(cx, ERR_TOO_MANY, "%s", message);
}

/* Whoever lets codes be sent to people's phones is on record (L1). */
static void note(struct cx *cx, const struct order *o)
{
    char phone[24];

    audit(cx, "sms.code", "sms_code", 0,
          cx_printf(cx, "%s 获取验证码（%s）", mask_phone(o->phone, phone),
                    o->purpose));
}

static void keep_code(struct cx *cx, void *arg)
{
    static const char end_older[] =
        "UPDATE sms_code SET used_at = ?"
        " WHERE phone = ? AND purpose = ? AND used_at IS NULL";
    static const char sql[] =
        "INSERT INTO sms_code (phone, purpose, code_hash, created_at,"
        "   expires_at) VALUES (?, ?, ?, ?, ?)";
    struct order *o = arg;
    const char *phone = o->phone;

    need_turn(cx, cx_printf(cx, "sms1m:%s:%s", phone, o->purpose),
              SMS_WAIT_S * 1000, 1, "验证码每分钟只能发送一次，稍后再试。");
    need_turn(cx, cx_printf(cx, "sms1h:%s", phone), HOUR_MS, CODES_AN_HOUR,
              "这个手机号一小时内获取验证码过多，稍后再试。");
    need_turn(cx, cx_printf(cx, "sms1d:%s", phone), DAY_WINDOW_MS,
              CODES_A_DAY, "这个手机号今天获取验证码过多，明天再试。");
    need_turn(cx, cx_printf(cx, "smsaddr:%s", cx->actor.address), HOUR_MS,
              CODES_AN_ADDRESS, "获取验证码过于频繁，稍后再试。");
    db_exec(cx, end_older, BIND(V(cx->now), V(phone), V(o->purpose)));
    o->id = db_insert(cx, sql,
                      BIND(V(phone), V(o->purpose),
                           V(((struct bytes){ o->hash, sizeof o->hash })),
                           V(cx->now),
                           V(stamp_add_ms(cx->now,
                                          SMS_CODE_LIFE_S * 1000))));
    note(cx, o);
}

static void keep_code_tx(struct cx *cx, void *arg)
{
    db_tx(cx, keep_code, arg);
}

static void note_refusal(struct cx *cx, void *arg)
{
    const struct order *o = arg;
    char phone[24];

    audit(cx, "sms.code_refused", "sms_code", 0,
          cx_printf(cx, "%s 获取验证码（%s）被拒绝：%s",
                    mask_phone(o->phone, phone), o->purpose, o->why));
}

void sms_code_refused(struct cx *cx, const char *phone, const char *purpose,
                      const char *why)
{
    struct order *o = CX_NEW(cx, struct order);

    o->phone = phone;
    o->purpose = purpose;
    o->why = why;
    db_tx(cx, note_refusal, o);
}

/* So is whoever asks for more of them than the limits allow. */
static void keep_or_note(struct cx *cx, struct order *o)
{
    struct cx_error error;

    if (cx_run(cx, keep_code_tx, o))
        return;
    error = cx->error;
    if (error.code == ERR_TOO_MANY)
        sms_code_refused(cx, o->phone, o->purpose, error.text);
    cx->error = error;
    cx_refail(cx);
}

void sms_code_send(struct cx *cx, const char *phone, const char *purpose,
                   bool deliver)
{
    struct order *o = CX_NEW(cx, struct order);
    char code[16];

    must(!db_in_tx(cx->db));
    if (!sms_is_configured(cx))
        cx_fail(cx, ERR_UNCONFIGURED,
                "未配置短信服务，验证码无法发送。");
    snprintf(code, sizeof code, "%06u", (unsigned)random_below(1000000));
    o->phone = phone;
    o->purpose = purpose;
    hash_code(phone, purpose, code, o->hash);
    keep_or_note(cx, o);
    if (deliver)
        deliver_code(cx, phone, code,
                     cx_printf(cx, "code-%lld", (long long)o->id));
    secret_wipe(code, sizeof code);
}

struct stamp_row {
    stamp at;
};

struct code_row {
    int64_t id;
    struct bytes code_hash;
    int tries;
};

static const struct db_field code_row[] = {
    DB_FIELD(struct code_row, id),
    DB_FIELD(struct code_row, code_hash),
    DB_FIELD(struct code_row, tries),
};

struct attempt {
    const char *phone, *purpose, *code;
    bool good;
};

static void try_code(struct cx *cx, void *arg)
{
    static const char find[] =
        "SELECT id, code_hash, tries FROM sms_code"
        " WHERE phone = ? AND purpose = ? AND used_at IS NULL"
        "   AND expires_at > ? ORDER BY id DESC LIMIT 1 FOR UPDATE";
    static const char count[] =
        "UPDATE sms_code SET tries = tries + 1 WHERE id = ?";
    static const char use[] = "UPDATE sms_code SET used_at = ? WHERE id = ?";
    struct attempt *a = arg;
    const struct code_row *row;
    uint8_t hash[SHA256_SIZE];

    a->good = false;
    row = db_row(cx, find, BIND(V(a->phone), V(a->purpose), V(cx->now)),
                 ROW(struct code_row, code_row));
    if (row == NULL || row->tries >= TRIES_MAX)
        return;
    hash_code(a->phone, a->purpose, a->code, hash);
    a->good = row->code_hash.len == sizeof hash &&
              secret_equal(row->code_hash.data, hash, sizeof hash);
    if (a->good)
        db_exec(cx, use, BIND(V(cx->now), V(row->id)));
    else
        db_exec(cx, count, BIND(V(row->id)));
}

bool sms_code_use(struct cx *cx, const char *phone, const char *purpose,
                  const char *code)
{
    struct attempt *a = CX_NEW(cx, struct attempt);

    must(!db_in_tx(cx->db));
    if (strlen(code) != SMS_CODE_MIN)
        return false;
    *a = (struct attempt){ phone, purpose, code, false };
    db_tx(cx, try_code, a);
    return a->good;
}

int sms_code_wait_s(struct cx *cx, const char *phone, const char *purpose)
{
    static const char sql[] =
        "SELECT window_at FROM guard WHERE subject = ?";
    static const struct db_field row[] = { DB_FIELD(struct stamp_row, at) };
    const struct stamp_row *r;
    int64_t left;

    r = db_row(cx, sql, BIND(V(cx_printf(cx, "sms1m:%s:%s", phone, purpose))),
               ROW(struct stamp_row, row));
    left = r == NULL ? 0 : r->at.ms + SMS_WAIT_S * 1000 - cx->now.ms;
    return left <= 0 ? 0 : (int)((left + 999) / 1000);
}

/* ---- keys of links ----------------------------------------------------- */

/* "17.R4nd0m": the row, and what only its owner knows. */
/* Of several keys only the newest is good, and none once one was used: an
   older link in other hands must not set the password again. */
static void end_keys(struct cx *cx, const char *phone, const char *purpose)
{
    static const char sql[] =
        "UPDATE sms_code SET used_at = ?"
        " WHERE phone = ? AND purpose = ? AND used_at IS NULL";

    db_exec(cx, sql, BIND(V(cx->now), V(phone), V(purpose)));
}

const char *sms_key_new(struct cx *cx, const char *phone,
                        const char *purpose, int64_t life_ms)
{
    static const char sql[] =
        "INSERT INTO sms_code (phone, purpose, code_hash, created_at,"
        "   expires_at) VALUES (?, ?, ?, ?, ?)";
    uint8_t random[KEY_BYTES], hash[SHA256_SIZE];
    char text[2 * KEY_BYTES];
    int64_t id;

    db_need_tx(cx);
    end_keys(cx, phone, purpose);
    random_bytes(random, sizeof random);
    base64url_encode(random, sizeof random, text);
    sha256(text, strlen(text), hash);
    id = db_insert(cx, sql, BIND(V(phone), V(purpose),
                                 V(((struct bytes){ hash, sizeof hash })),
                                 V(cx->now),
                                 V(stamp_add_ms(cx->now, life_ms))));
    return cx_printf(cx, "%lld.%s", (long long)id, text);
}

struct key_row {
    int64_t id;
    const char *phone;
    struct bytes code_hash;
};

static const struct db_field key_row[] = {
    DB_FIELD(struct key_row, id),
    DB_FIELD(struct key_row, phone),
    DB_FIELD(struct key_row, code_hash),
};

const char *sms_key_phone(struct cx *cx, const char *key, const char *purpose,
                          bool use)
{
    static const char find[] =
        "SELECT id, phone, code_hash FROM sms_code"
        " WHERE id = ? AND purpose = ? AND used_at IS NULL"
        "   AND expires_at > ?";
    static const char end[] =
        "UPDATE sms_code SET used_at = ? WHERE id = ? AND used_at IS NULL";
    const char *dot = strchr(key, '.');
    const struct key_row *row;
    uint8_t hash[SHA256_SIZE];

    if (dot == NULL || dot - key > 18)
        return NULL;
    row = db_row(cx, find, BIND(V(strtoll(key, NULL, 10)), V(purpose),
                                V(cx->now)), ROW(struct key_row, key_row));
    sha256(dot + 1, strlen(dot + 1), hash);
    if (row == NULL || row->code_hash.len != sizeof hash ||
        !secret_equal(row->code_hash.data, hash, sizeof hash))
        return NULL;
    if (!use)
        return row->phone;
    db_need_tx(cx);
    if (!db_change_one(cx, end, BIND(V(cx->now), V(row->id))))
        return NULL;
    end_keys(cx, row->phone, purpose);
    return row->phone;
}
