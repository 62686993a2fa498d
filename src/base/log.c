#include "base/log.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include "base/stamp.h"

enum { LINE_MAX_BYTES = 4000, CONTEXT_MAX = 48 };

/* The one piece of process state of this file; set at start only. */
static struct {
    const char *program;
    enum log_level least;
    int fd;
} out = { "pilehub", LOG_INFO, STDERR_FILENO };

static _Thread_local char context[CONTEXT_MAX];

struct line {
    char text[LINE_MAX_BYTES];
    size_t len;
};

static void put(struct line *l, const char *s, size_t n)
{
    size_t room = sizeof l->text - 1 - l->len; /* the line end fits always */

    if (n > room)
        n = room;
    memcpy(l->text + l->len, s, n);
    l->len += n;
}

static void put_text(struct line *l, const char *s)
{
    put(l, s, strlen(s));
}

/* In quotes, with control characters, quotes and backslashes escaped. */
static void put_quoted(struct line *l, const char *s)
{
    char hex[8];

    put(l, "\"", 1);
    for (; *s != '\0'; s++) {
        unsigned char c = (unsigned char)*s;

        if (c == '"' || c == '\\') {
            put(l, "\\", 1);
            put(l, s, 1);
        } else if (c < 0x20 || c == 0x7f) {
            put(l, hex, (size_t)snprintf(hex, sizeof hex, "\\x%02x", c));
        } else {
            put(l, s, 1);
        }
    }
    put(l, "\"", 1);
}

char *mask_phone(const char *phone, char masked[24])
{
    size_t n = phone != NULL ? strlen(phone) : 0;

    if (n < 8 || n > 20)
        snprintf(masked, 24, "****");
    else
        snprintf(masked, 24, "%.3s****%s", phone, phone + n - 4);
    return masked;
}

static void put_field(struct line *l, const struct log_field *f)
{
    char small[32];

    put(l, " ", 1);
    put_text(l, f->key);
    put(l, "=", 1);
    switch (f->kind) {
    case LOG_FIELD_INT:
        put(l, small,
            (size_t)snprintf(small, sizeof small, "%" PRId64, f->number));
        break;
    case LOG_FIELD_TEXT:
        put_quoted(l, f->text != NULL ? f->text : "");
        break;
    case LOG_FIELD_PHONE:
        put_text(l, mask_phone(f->text, small));
        break;
    case LOG_FIELD_SECRET:
        put(l, small, (size_t)snprintf(small, sizeof small, "(%zu)",
                                       f->text ? strlen(f->text) : 0));
        break;
    case LOG_FIELD_HEX:
        for (int64_t i = 0; i < f->number; i++)
            put(l, small, (size_t)snprintf(small, sizeof small, "%02x",
                                           (unsigned char)f->text[i]));
        break;
    case LOG_FIELD_END:
        break;
    }
}

void log_any(enum log_level level, const char *event, ...)
{
    static const char *const words[] = { "debug", "info", "warn", "error" };
    char when[STAMP_TEXT], pid[24];
    struct line l = { .len = 0 };
    va_list ap;

    if (level < out.least)
        return;
    put_text(&l, stamp_text(stamp_now(), when));
    put(&l, " ", 1);
    put_text(&l, words[level]);
    put(&l, " ", 1);
    put_text(&l, out.program);
    put(&l, pid, (size_t)snprintf(pid, sizeof pid, "[%d] ", (int)getpid()));
    put_text(&l, event);
    if (context[0] != '\0') {
        put(&l, " ctx=", 5);
        put_text(&l, context);
    }
    va_start(ap, event);
    for (;;) {
        struct log_field f = va_arg(ap, struct log_field);

        if (f.kind == LOG_FIELD_END)
            break;
        put_field(&l, &f);
    }
    va_end(ap);
    l.text[l.len++] = '\n';
    /* Nothing can be done about a log that cannot be written. */
    if (write(out.fd, l.text, l.len) < 0)
        return;
}

void log_start(const char *program, enum log_level least)
{
    out.program = program;
    out.least = least;
}

enum log_level log_level_named(const char *name)
{
    static const char *const names[] = { "debug", "info", "warn", "error" };

    for (size_t i = 0; i < COUNT(names); i++)
        if (strcmp(names[i], name) == 0)
            return (enum log_level)i;
    return LOG_INFO;
}

void log_to(int fd)
{
    out.fd = fd;
}

void log_set_context(const char *id)
{
    snprintf(context, sizeof context, "%s", id != NULL ? id : "");
}
