/*
 * Parts of pilehub-fakes, the third parties of tests and demo; README.md is
 * the contract. One lock guards all state; whoever sends or sleeps lets go
 * of it first. Nothing here is shared with the product except the way JSON
 * and HTTP are: signatures are computed by code of its own, so that a
 * mistake in one does not hide in the other.
 */
#ifndef TESTS_FAKES_H
#define TESTS_FAKES_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

enum {
    BODY_MAX = 1024 * 1024,
    CALLS_MAX = 2000,   /* remembered, oldest forgotten */
    NONCES_MAX = 8192,
    NUMBER_MAX = 64,    /* of orders and refunds */
    HEX_MAX = 65,
};

/* How the next call of a path goes wrong. */
enum mode {
    MODE_NONE, MODE_HANG, MODE_WORK_HANG, MODE_SLOW, MODE_ERROR, MODE_LIMIT,
    MODE_BAD_SIGN, MODE_OTHER_SIGN, MODE_NO_SIGN, MODE_CUT, MODE_EMPTY,
    MODE_DRIP, MODE_WRONG_AMOUNT, MODE_WRONG_ORDER, MODE_WRONG_MERCHANT,
    MODE_REFUSE, MODE_EXTRA, MODE_RUNNING, MODE_CLOSED, MODE_EARLY_NOTIFY,
};

/* One request and the answer that a part writes. */
struct call {
    const char *method;
    const char *path;   /* without query */
    const char *target; /* as sent */
    const char *body;
    size_t body_len;
    const char *timestamp, *nonce, *signature; /* headers, or NULL */
    json_t *json;       /* the body, if it is an object; or NULL */
    const char *(*query)(const struct call *call, const char *name);
    void *connection;
    enum mode mode;     /* as injected */
    int delay_ms;
    /* the answer */
    int status;
    json_t *answer;     /* object; or NULL and html */
    char *html;
};

struct settings {
    const char *payment_key;
    const char *sms_key;
    const char *merchant;
    const char *notify_base; /* callbacks go only below it */
    int port;
};

extern struct settings settings;

/* ---- state common to all (server.c) ---- */

void lock(void);
void unlock(void);
int64_t fake_now_s(void);       /* moved by /_fake/clock */
unsigned fake_generation(void); /* grows with every reset */

/* Sleeps, but not beyond a reset; false if there was one. Not locked. */
bool fake_sleep_ms(int64_t ms);

/* Signature of head, timestamp, nonce and body under key. */
void sign_hex(const char *key, const char *head, const char *timestamp,
              const char *nonce, const void *body, size_t len,
              char out[HEX_MAX]);
void fresh_nonce(char out[33]);

/* {"code": code, "message": text} with a status. Always returns. */
void refuse(struct call *call, int status, const char *code,
            const char *text);

const char *text_of(const json_t *object, const char *name); /* or "" */
int64_t int_of(const json_t *object, const char *name, int64_t dflt);

void *need(void *p); /* aborts on NULL */

/* ---- payment provider (payment.c) ---- */

struct order {
    struct order *next;
    char out_trade_no[NUMBER_MAX + 1];
    char trade_no[NUMBER_MAX + 1];
    char merchant[NUMBER_MAX + 1];
    char notify_url[400];
    char terms[65];      /* hash of what was ordered */
    int64_t amount, paid_amount, refunded;
    int64_t expires_at, paid_at;
    const char *state;   /* NOTPAY SUCCESS CLOSED REFUND */
    int notified;        /* callbacks that were acknowledged */
    int attempts;        /* callbacks sent */
};

void payment_reset(void);
void payment_call(struct call *call);    /* /pay/..., signature checked */
void payment_cashier(struct call *call); /* /pay/cashier/... */
void payment_auto(int64_t after_ms);     /* -1: off */

/* Locked by the caller. */
struct order *order_find(const char *out_trade_no);
json_t *order_json(const struct order *o);
bool order_pay(struct order *o, int64_t amount, bool force);

/* ---- callbacks (notify.c) ---- */

/*
 * Sends callbacks for the order as README.md says of mode. Not locked. With
 * wait, returns when each was answered once, statuses is then an array of
 * HTTP statuses (0: no answer). False if the mode is unknown.
 */
bool notify_send(const char *out_trade_no, const char *mode, int count,
                 bool wait, json_t *statuses);

/* ---- SMS (sms.c) ---- */

void sms_reset(void);
void sms_call(struct call *call);  /* /sms/..., signature checked */
void sms_inbox(struct call *call); /* /_fake/sms */

/* ---- control (control.c) ---- */

void control_reset(void);
void control_call(struct call *call); /* /_fake/... */
void control_note(const struct call *call, const char *verdict);
/* Takes one injected failure of this path, if there is one. */
enum mode control_take(const char *path, int *delay_ms);

/* ---- clock and reset, for control ---- */

void fake_set_clock(int64_t offset_s);
void fake_reset(void); /* everything; not locked */

#endif
