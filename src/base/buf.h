/*
 * A growing byte buffer with a maximum stated when it is made. Once full or
 * out of memory it stays failed and drops what comes; the closing call tells.
 * One of a unit of work (cx_buf) fails that when there is no memory left.
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/macros.h"
#include "base/stamp.h"

struct buf {
    char *data; /* always NUL-terminated when not NULL */
    size_t len;
    size_t cap;
    size_t max;
    bool failed;
    bool starved; /* failed for want of memory, not at its maximum */
    void (*empty)(void *arg); /* called instead, and must not return; or NULL */
    void *arg;
};

void buf_init(struct buf *b, size_t max);
void buf_fini(struct buf *b);
void buf_clear(struct buf *b); /* empties, keeps the memory */

void buf_add(struct buf *b, const void *p, size_t n);
void buf_puts(struct buf *b, const char *s);
void buf_putc(struct buf *b, char c);
void buf_printf(struct buf *b, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* The text, or NULL if anything was dropped. */
const char *buf_text(const struct buf *b);

/*
 * JSON text. Objects and arrays are opened and closed by hand; commas are
 * placed by the writer. Strings are escaped, also <, >, & and U+2028/9, so
 * that the result may stand inside a script element (rule I3).
 */
struct json_out {
    struct buf *to;
    bool comma; /* the next value needs one before it */
};

void json_open(struct json_out *j, const char *key, char bracket); /* { [ */
void json_close(struct json_out *j, char bracket);                 /* } ] */
void json_text(struct json_out *j, const char *key, const char *value);
void json_int(struct json_out *j, const char *key, int64_t value);
void json_bool(struct json_out *j, const char *key, bool value);
void json_none(struct json_out *j, const char *key);
/* "2026-11-20T14:05:16+08:00" (RFC 3339, whole seconds); null for none. */
void json_stamp(struct json_out *j, const char *key, stamp t);
/* value is JSON already (a number with decimals, a nested document). */
void json_raw(struct json_out *j, const char *key, const char *value);

#endif
