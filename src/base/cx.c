#include "base/cx.h"

#include <stdarg.h>
#include <string.h>

#include "base/buf.h"
#include "base/log.h"

struct own {
    struct own *next;
    void *p;
    void (*clean)(void *);
};

/* One running cx_run; lives on its stack. */
struct cx_scope {
    jmp_buf jump;
    struct cx_scope *outer;
    struct own *owned;
    bool cleaning;
};

static void out_of_memory(void *cx)
{
    cx_fail_memory(cx);
}

struct cx *cx_new(struct db *db, const struct config *config,
                  size_t max_bytes)
{
    struct arena *arena = arena_new(max_bytes);
    struct cx *cx = arena == NULL ? NULL : calloc(1, sizeof *cx);

    if (cx == NULL) {
        arena_free(arena);
        return NULL;
    }
    arena_on_empty(arena, out_of_memory, cx);
    cx->arena = arena;
    cx->db = db;
    cx->config = config;
    cx->request_id = "";
    return cx;
}

void cx_free(struct cx *cx)
{
    if (cx == NULL)
        return;
    must(cx->innermost == NULL);
    arena_free(cx->arena);
    free(cx);
}

void cx_begin(struct cx *cx)
{
    must(cx->innermost == NULL);
    arena_reset(cx->arena);
    cx->actor = (struct actor){ .name = "", .address = "" };
    cx->scope = (struct scope){ .all = false };
    cx->now = stamp_now();
    cx->kept = NULL;
    cx->request_id = "";
    cx->idem_key = NULL;
    cx->error = (struct cx_error){ .code = CX_OK };
}

static void clean_up(struct cx *cx, struct cx_scope *scope)
{
    scope->cleaning = true;
    while (scope->owned != NULL) {
        struct own *o = scope->owned;

        scope->owned = o->next;
        if (o->clean != NULL)
            o->clean(o->p);
    }
    cx->innermost = scope->outer;
}

bool cx_run(struct cx *cx, void (*work)(struct cx *, void *), void *arg)
{
    struct cx_scope scope = { .outer = cx->innermost };

    cx->innermost = &scope;
    if (setjmp(scope.jump) == 0) {
        work(cx, arg);
        must(cx->innermost == &scope);
        clean_up(cx, &scope);
        return true;
    }
    clean_up(cx, &scope);
    return false;
}

static void NORETURN unwind(struct cx *cx)
{
    must(cx->innermost != NULL);
    must(!cx->innermost->cleaning); /* a failing clean-up: W2 */
    longjmp(cx->innermost->jump, 1);
}

void cx_fail_at(struct cx *cx, enum cx_code code, const char *field,
                const char *file, int line, const char *fmt, ...)
{
    char text[sizeof cx->error.text];
    va_list ap;

    must(code != CX_OK);
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    cx->error = (struct cx_error){ .code = code, .field = field,
                                   .file = file, .line = line };
    memcpy(cx->error.text, text, sizeof text);
    if (code == ERR_INTERNAL)
        log_error("fail", F_TEXT("code", cx_code_name(code)),
                  F_TEXT("text", text), F_TEXT("file", file),
                  F_INT("line", line));
    unwind(cx);
}

void cx_fail_memory(struct cx *cx)
{
    cx_fail(cx, ERR_MEMORY,
            "服务器内存不足。刚才的操作是否生效，请核对后再重试。");
}

bool cx_error_passes(const struct cx *cx)
{
    return cx->error.code == ERR_DATABASE || cx->error.code == ERR_MEMORY;
}

void cx_refail(struct cx *cx)
{
    must(cx->error.code != CX_OK);
    unwind(cx);
}

void *cx_own(struct cx *cx, void *p, void (*clean)(void *))
{
    struct own *o;

    if (p == NULL)
        cx_fail_memory(cx);
    must(cx->innermost != NULL);
    o = arena_try(cx->arena, sizeof *o);
    if (o == NULL) { /* not on the list yet */
        clean(p);
        cx_fail_memory(cx);
    }
    *o = (struct own){ cx->innermost->owned, p, clean };
    cx->innermost->owned = o;
    return p;
}

void cx_disown(struct cx *cx, const void *p)
{
    for (struct cx_scope *s = cx->innermost; s != NULL; s = s->outer)
        for (struct own *o = s->owned; o != NULL; o = o->next)
            if (o->p == p)
                o->clean = NULL;
}

static void free_buf(void *p)
{
    buf_fini(p);
}

struct buf *cx_buf(struct cx *cx, size_t max_bytes)
{
    struct buf *b = CX_NEW(cx, struct buf);

    buf_init(b, max_bytes);
    b->empty = out_of_memory;
    b->arg = cx;
    return cx_own(cx, b, free_buf);
}

static void free_arena(void *p)
{
    arena_free(p);
}

struct arena *cx_arena(struct cx *cx, size_t max_bytes)
{
    struct arena *a = cx_own(cx, arena_new(max_bytes), free_arena);

    arena_on_empty(a, out_of_memory, cx);
    return a;
}

static const struct {
    const char *name;
    int status;
    int number;
} errors[] = {
    { "OK", 200, 0 },
#define CX_ROW(name, status, code) { #name, status, code },
    CX_ERRORS(CX_ROW)
#undef CX_ROW
};

int cx_status(enum cx_code code)
{
    must((size_t)code < COUNT(errors));
    return errors[code].status;
}

int cx_number(enum cx_code code)
{
    must((size_t)code < COUNT(errors));
    return errors[code].number;
}

const char *cx_code_name(enum cx_code code)
{
    must((size_t)code < COUNT(errors));
    return errors[code].name;
}
