/*
 * Text messages. One service, by sms_url and sms_key; in the demo a local
 * fake with an inbox. Without settings: ERR_UNCONFIGURED, never a pretended
 * success. Calls out, so never inside a transaction (T4) and only from the
 * slow pool (O2).
 */
#ifndef SYSTEM_SMS_H
#define SYSTEM_SMS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/cx.h"

/* There is an address and a key, so that codes can be sent. */
bool sms_is_configured(const struct cx *cx);

/*
 * One-time codes (rule A4): 6 digits, 5 minutes, 5 tries, bound to purpose
 * ("sign_in", "first", "driver"...), once a minute, 5 an hour and 10 a day per
 * phone, 20 an hour per address. A newer code ends the older ones.
 */
enum { SMS_CODE_MIN = 6, SMS_WAIT_S = 60, SMS_CODE_LIFE_S = 300 };

/*
 * Makes a code and sends it. Fails with ERR_TOO_MANY, ERR_UNCONFIGURED,
 * ERR_PARTNER. Outside any transaction. deliver false: everything but the
 * message itself, so that a phone that is nobody's behaves like one that is
 * somebody's.
 */
void sms_code_send(struct cx *cx, const char *phone, const char *purpose,
                   bool deliver);

/*
 * Uses up the code. False if it is wrong, used, expired or tried too often;
 * the failed try is counted even if the caller's transaction rolls back:
 * call it outside any transaction.
 */
bool sms_code_use(struct cx *cx, const char *phone, const char *purpose,
                  const char *code);

/* Puts on record that a code was asked for and refused. */
void sms_code_refused(struct cx *cx, const char *phone, const char *purpose,
                      const char *why);

/* Seconds until another code may be asked for; 0: now. */
int sms_code_wait_s(struct cx *cx, const char *phone, const char *purpose);

/* A link instead of a code: a random key good for 72 h and once. In a
   transaction. The key is nowhere else. */
const char *sms_key_new(struct cx *cx, const char *phone,
                        const char *purpose, int64_t life_ms);
/* The phone a key stands for, or NULL. use: it is used up (in a
   transaction). */
const char *sms_key_phone(struct cx *cx, const char *key, const char *purpose,
                          bool use);

#endif
