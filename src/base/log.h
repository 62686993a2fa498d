/*
 * Structured log: one line per event, one write() per line, key=value fields.
 * Typed fields know how to mask (rule L4): there is no way to log a phone
 * number or a token in clear. Newlines and control characters are escaped.
 *
 *   log_info("order.started", F_TEXT("trade_no", no), F_INT("gun", gun));
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stddef.h>
#include <stdint.h>

#include "base/macros.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };

enum log_kind {
    LOG_FIELD_END, LOG_FIELD_INT, LOG_FIELD_TEXT, LOG_FIELD_PHONE,
    LOG_FIELD_SECRET, LOG_FIELD_HEX
};

struct log_field {
    const char *key;
    enum log_kind kind;
    int64_t number;   /* INT; length for HEX */
    const char *text; /* others */
};

#define F_INT(k, v) \
    ((struct log_field){ (k), LOG_FIELD_INT, (int64_t)(v), NULL })
#define F_TEXT(k, v) ((struct log_field){ (k), LOG_FIELD_TEXT, 0, (v) })
/* 138****1234 */
#define F_PHONE(k, v) ((struct log_field){ (k), LOG_FIELD_PHONE, 0, (v) })
/* Only the length: "(32)" */
#define F_SECRET(k, v) ((struct log_field){ (k), LOG_FIELD_SECRET, 0, (v) })
#define F_HEX(k, p, n) \
    ((struct log_field){ (k), LOG_FIELD_HEX, (int64_t)(n), (const char *)(p) })

#define log_debug(...) log_any(LOG_DEBUG, __VA_ARGS__, LOG_END)
#define log_info(...)  log_any(LOG_INFO, __VA_ARGS__, LOG_END)
#define log_warn(...)  log_any(LOG_WARN, __VA_ARGS__, LOG_END)
#define log_error(...) log_any(LOG_ERROR, __VA_ARGS__, LOG_END)
#define LOG_END ((struct log_field){ NULL, LOG_FIELD_END, 0, NULL })

/* Call through the macros above; the list ends with LOG_END. */
void log_any(enum log_level level, const char *event, ...);

/*
 * The program's name, and the least level that is written. Call once at
 * start; until then lines go to stderr as program "pilehub".
 */
void log_start(const char *program, enum log_level least);

/* "debug", "info", "warn", "error"; anything else is LOG_INFO. */
enum log_level log_level_named(const char *name);

/* Writes to this descriptor from now on (default 2); it is not closed. */
void log_to(int fd);

/* The request, frame or job that later lines of this thread belong to. */
void log_set_context(const char *id);

/* "138****1234"; shorter texts are masked whole. Returns out. */
char *mask_phone(const char *phone, char out[24]);

#endif
