/*
 * Declared input (rule I1): every parameter of a route or endpoint is one row
 * of kind, range and length; the parser fills a typed struct before the
 * handler runs, and refuses what is undeclared, doubled or ill-typed.
 */
#ifndef WEB_ARGS_H
#define WEB_ARGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cx.h"
#include "base/label.h"
#include "base/macros.h"
#include "base/money.h"
#include "base/stamp.h"

enum arg_kind {
    ARG_BOOL, ARG_INT, ARG_I64, ARG_TEXT, ARG_MONEY, ARG_STAMP, ARG_FILE
};

enum arg_flags {
    ARG_REQUIRED = 1 << 0,
    ARG_MULTILINE = 1 << 1, /* TEXT: line ends allowed */
    ARG_SECRET = 1 << 2,    /* never logged, never shown again */
    ARG_PHONE = 1 << 3,     /* TEXT: 11 digits, 1[3-9]... */
    ARG_DATE = 1 << 4,      /* STAMP: only a day */
};

/* An uploaded file, spooled to an unlinked temporary file. */
struct upload {
    int fd;
    int64_t size;
    const char *name; /* as sent; never used as a path */
};

/*
 * How a value is written. In query strings and forms everything is text:
 * numbers in decimal, MONEY in yuan ("12.34"), BOOL "1"/"on"/"true" or
 * "0"/"false"/"" (absent: false), STAMP as stamp_parse reads it. In JSON
 * bodies INT and I64 are numbers, BOOL is true or false, MONEY is a whole
 * number of fen, TEXT and STAMP are strings. Given labels, an INT is the key.
 * Absent optional values are zero; an absent TEXT is "", never NULL.
 */
struct arg {
    const char *name;
    enum arg_kind kind;
    size_t offset;
    const char *title; /* 手机号; for messages. NULL: the name */
    unsigned flags;
    /* INT, I64, MONEY (fen): inclusive, unless both are 0; no upper end if
       max < min. TEXT: length in characters; max 0 is ARG_TEXT_MAX. */
    int64_t min, max;
    struct labels labels; /* INT given by key: "charging" */
    /* A further check: the message for the field, or NULL if fine. */
    const char *(*check)(struct cx *cx, const void *value);
};

struct args {
    const struct arg *v;
    size_t n;
};

/* .name = "pile_no", kind and offset from the member of that name. Further
   members (.flags, .min ...) follow as designated initializers. */
#define ARG(type, member, ...)                                                \
    { .name = #member,                                                        \
      .kind = _Generic(((type *)0)->member,                                   \
          bool: ARG_BOOL, int: ARG_INT, int64_t: ARG_I64,                     \
          const char *: ARG_TEXT, money: ARG_MONEY, stamp: ARG_STAMP,         \
          struct upload: ARG_FILE),                                           \
      .offset = offsetof(type, member), __VA_ARGS__ }

enum { ARG_TEXT_MAX = 400 };

struct input;
struct param;

/*
 * Reads one parameter (NULL: absent) into its member of out. Returns what is
 * wrong with it, for people, or NULL if it is fine. out is written only then.
 */
const char *arg_read(struct cx *cx, const struct arg *arg,
                     const struct param *p, void *out);

/* How much of what was not asked for is borne. */
enum args_rule {
    ARGS_STRICT,    /* nothing: undeclared names are ERR_BAD_REQUEST */
    ARGS_OPEN,      /* undeclared names: links to pages gather them */
    ARGS_FORGIVING, /* and a wrong value, if not required, counts as absent */
};

/*
 * All of them into the zeroed struct out. Fails with cx_fail_field on the
 * first wrong one. Names that begin with "_" belong to the web layer and are
 * skipped. Returns what a forgiving rule left out, for people, or NULL.
 */
const char *args_read(struct cx *cx, const struct args *args,
                      const struct input *in, enum args_rule rule, void *out);

#endif
