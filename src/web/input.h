/*
 * What a request brings: query string, form, JSON body, uploads, path parts.
 * Untrusted bytes: the parsers here return errors and keep to named limits;
 * nothing reaches a handler that is not clean UTF-8 (rule I1).
 *
 * A name that comes twice is refused, wherever it stands: there is no first
 * or last value to disagree about.
 */
#ifndef WEB_INPUT_H
#define WEB_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/macros.h"
#include "web/args.h"

enum {
    INPUT_PARAMS_MAX = 200,
    INPUT_NAME_MAX = 64,
    INPUT_QUERY_MAX = 8 * 1024,
    INPUT_FORM_MAX = 64 * 1024,        /* form and JSON bodies */
    INPUT_RAW_MAX = 1024 * 1024,       /* bodies of signed callbacks */
    INPUT_UPLOAD_MAX = 50 * 1024 * 1024,
    INPUT_FILES_MAX = 10,
    INPUT_JSON_DEPTH = 8,
};

enum input_status {
    INPUT_OK,
    INPUT_TOO_MANY,   /* parameters */
    INPUT_TOO_LONG,   /* a name, a value or the whole */
    INPUT_BAD_NAME,
    INPUT_BAD_ESCAPE, /* %XX */
    INPUT_BAD_TEXT,   /* not UTF-8, or a control character */
    INPUT_TWICE,
    INPUT_BAD_JSON,
    INPUT_BAD_MULTIPART,
    INPUT_CUT,        /* the body ended early */
    INPUT_DISK,       /* no room for an upload */
};

enum param_kind {
    PARAM_TEXT,   /* query, form, path: text of any declared kind */
    PARAM_STRING, /* from here on JSON, whose types are binding */
    PARAM_NUMBER,
    PARAM_BOOL,
    PARAM_FILE,
};

struct param {
    const char *name;
    enum param_kind kind;
    const char *value; /* text; "1" or "" for a JSON boolean */
    struct upload file;
};

struct input {
    struct arena *arena;
    size_t count;
    struct param params[INPUT_PARAMS_MAX];
    const void *body; /* ROUTE_BODY: the bytes as they came */
    size_t body_len;
};

/* Open files must be closed by input_close, well or badly. */
void input_init(struct input *in, struct arena *arena);
void input_close(struct input *in);

/* application/x-www-form-urlencoded: a query string or a form. */
MUST_USE enum input_status input_urlencoded(struct input *in, const char *s,
                                            size_t n);

/*
 * One JSON object of strings, integers, booleans and nulls (which are as if
 * absent). Duplicate keys, fractions, nested values and NUL are refused.
 */
MUST_USE enum input_status input_json(struct input *in, const char *s,
                                      size_t n);

/*
 * multipart/form-data, read piece by piece. read gives up to n bytes, 0 at the
 * end, -1 on error. Files go to unlinked temporary files in dir.
 */
struct input_source {
    ssize_t (*read)(void *from, char *to, size_t n);
    void *from;
    const char *dir;
};
MUST_USE enum input_status input_multipart(struct input *in,
                                           const char *boundary,
                                           const struct input_source *source);

/* The boundary parameter of a Content-Type, in the arena; NULL if none. */
const char *input_boundary(struct arena *arena, const char *content_type);

/* Adds a parameter, as the parsers do; name and value are copied. */
MUST_USE enum input_status input_add(struct input *in, enum param_kind kind,
                                     const char *name, size_t name_len,
                                     const char *value, size_t value_len);

/* The parameter of that name, or NULL; names come once. */
const struct param *input_find(const struct input *in, const char *name);

/* Text of a parameter, or NULL. Not for files. */
const char *input_get(const struct input *in, const char *name);

/* The same without blanks around it, in the arena; "" if there is none. */
const char *input_trimmed(struct arena *arena, const struct input *in,
                          const char *name);

/* What to tell the sender. */
const char *input_message(enum input_status status);

/* %XX and, if plus is set, "+"; NULL if malformed. The result is n or fewer
   bytes in the arena, *len of them. */
char *url_decode(struct arena *arena, const char *s, size_t n, bool plus,
                 size_t *len);

/* Percent-encodes what is not unreserved (RFC 3986), for links made in C. */
char *url_encode(struct arena *arena, const char *s);

/*
 * The value of a cookie in a Cookie header, copied to out. False if it is
 * absent, longer than size - 1, or there twice (then somebody planted one).
 */
MUST_USE bool cookie_find(const char *header, const char *name, char *out,
                          size_t size);

#endif
