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

struct arg {
    const char *name;
    enum arg_kind kind;
    size_t offset;
    const char *title; /* 手机号; for messages. NULL: the name */
    unsigned flags;
    /* INT, I64, MONEY (fen): inclusive, if max > min. TEXT: length in
       characters, if max > 0. */
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

#endif
