#include "base/buf.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

void buf_init(struct buf *b, size_t max)
{
    *b = (struct buf){ .max = max };
}

void buf_fini(struct buf *b)
{
    free(b->data);
    *b = (struct buf){ .max = b->max, .empty = b->empty, .arg = b->arg };
}

void buf_clear(struct buf *b)
{
    b->len = 0;
    b->failed = b->starved = false;
    if (b->data != NULL)
        b->data[0] = '\0';
}

/* Room for n more bytes and a NUL. */
static bool reserve(struct buf *b, size_t n)
{
    size_t cap = b->cap ? b->cap : 256;
    char *data;

    if (b->failed || n > b->max || b->len > b->max - n) {
        b->failed = true;
        return false;
    }
    if (b->len + n + 1 <= b->cap)
        return true;
    while (cap < b->len + n + 1)
        cap *= 2;
    data = realloc(b->data, cap);
    if (data == NULL) {
        if (b->empty != NULL)
            b->empty(b->arg);
        b->failed = b->starved = true;
        return false;
    }
    b->data = data;
    b->cap = cap;
    return true;
}

void buf_add(struct buf *b, const void *p, size_t n)
{
    if (!reserve(b, n))
        return;
    if (n > 0)
        memcpy(b->data + b->len, p, n);
    b->len += n;
    b->data[b->len] = '\0';
}

void buf_puts(struct buf *b, const char *s)
{
    buf_add(b, s, strlen(s));
}

void buf_putc(struct buf *b, char c)
{
    buf_add(b, &c, 1);
}

void buf_printf(struct buf *b, const char *fmt, ...)
{
    va_list ap, again;
    int n;

    va_start(ap, fmt);
    va_copy(again, ap);
    n = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    if (n < 0)
        b->failed = true;
    else if (reserve(b, (size_t)n)) {
        vsnprintf(b->data + b->len, (size_t)n + 1, fmt, again);
        b->len += (size_t)n;
    }
    va_end(again);
}

const char *buf_text(const struct buf *b)
{
    if (b->failed)
        return NULL;
    return b->data != NULL ? b->data : "";
}

/* ---- JSON --------------------------------------------------------------- */

static void put_escaped(struct buf *b, const char *s)
{
    const char *plain = s;

    for (; *s != '\0'; s++) {
        unsigned char c = (unsigned char)*s;
        bool separator = c == 0xe2 && (unsigned char)s[1] == 0x80 &&
                         ((unsigned char)s[2] | 1) == 0xa9;

        if (c >= 0x20 && !strchr("\"\\<>&", c) && !separator)
            continue;
        buf_add(b, plain, (size_t)(s - plain));
        if (separator) {
            buf_puts(b, (unsigned char)s[2] == 0xa8 ? "\\u2028" : "\\u2029");
            s += 2;
        } else if (c == '"' || c == '\\') {
            buf_putc(b, '\\');
            buf_putc(b, (char)c);
        } else {
            buf_printf(b, "\\u%04x", c);
        }
        plain = s + 1;
    }
    buf_add(b, plain, (size_t)(s - plain));
}

static void put_key(struct json_out *j, const char *key)
{
    if (j->comma)
        buf_putc(j->to, ',');
    j->comma = true;
    if (key != NULL) {
        buf_putc(j->to, '"');
        put_escaped(j->to, key);
        buf_puts(j->to, "\":");
    }
}

void json_open(struct json_out *j, const char *key, char bracket)
{
    put_key(j, key);
    buf_putc(j->to, bracket);
    j->comma = false;
}

void json_close(struct json_out *j, char bracket)
{
    buf_putc(j->to, bracket);
    j->comma = true;
}

void json_text(struct json_out *j, const char *key, const char *value)
{
    if (value == NULL) {
        json_none(j, key);
        return;
    }
    put_key(j, key);
    buf_putc(j->to, '"');
    put_escaped(j->to, value);
    buf_putc(j->to, '"');
}

void json_int(struct json_out *j, const char *key, int64_t value)
{
    put_key(j, key);
    buf_printf(j->to, "%" PRId64, value);
}

void json_bool(struct json_out *j, const char *key, bool value)
{
    put_key(j, key);
    buf_puts(j->to, value ? "true" : "false");
}

void json_none(struct json_out *j, const char *key)
{
    put_key(j, key);
    buf_puts(j->to, "null");
}

void json_raw(struct json_out *j, const char *key, const char *value)
{
    put_key(j, key);
    buf_puts(j->to, value);
}

void json_stamp(struct json_out *j, const char *key, stamp t)
{
    struct civil c = stamp_civil(t);
    char text[40];

    if (t.ms == 0) {
        json_none(j, key);
        return;
    }
    snprintf(text, sizeof text, "%04d-%02d-%02dT%02d:%02d:%02d+08:00", c.year,
             c.month, c.day, c.hour, c.minute, c.second);
    json_text(j, key, text);
}
