#include "tests/integration/sample.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "base/arena.h"
#include "web/cell.h"
#include "web/input.h"

enum { TEXT_CHARS = 8 };

/* name=value of the field in the form so far, or "". */
static const char *typed_before(const char *form, const char *name)
{
    struct cx *cx = site_cx();
    const char *at = strstr(form, cx_printf(cx, "&%s=", name));

    if (at == NULL)
        return "";
    at += strlen(name) + 2;
    return cx_printf(cx, "%.*s", (int)strcspn(at, "&"), at);
}

static const char *picked(struct visitor *v, const struct field *f,
                          const char *form)
{
    static const char mark[] = "\"id\":\"";
    struct cx *cx = site_cx();
    struct site_reply r = site_get(
        v, f->within == NULL
               ? cx_printf(cx, "/console/%s/pick", f->ref->name)
               : cx_printf(cx, "/console/%s/pick?%s=%s", f->ref->name,
                           f->within, typed_before(form, f->within)));
    const char *at = strstr(r.body, mark);

    if (at == NULL)
        fail_msg("%s: no %s to pick", f->name, f->ref->name);
    at += sizeof mark - 1;
    return cx_printf(cx, "%.*s", (int)strcspn(at, "\""), at);
}

/* A change types another one: a name may have to be the only one. */
static const char *text_of(const struct field *f, bool is_new)
{
    size_t n = TEXT_CHARS;
    char *text;

    if (f->flags & FIELD_PHONE)
        return "13755555555";
    if (f->max > 0 && n > (size_t)f->max)
        n = (size_t)f->max;
    if (n < (size_t)f->min)
        n = (size_t)f->min;
    text = arena_alloc(site_cx()->arena, n + 1);
    memset(text, is_new ? 'a' : 'b', n);
    text[n] = '\0';
    return text;
}

static const char *number_of(const struct field *f, bool is_new)
{
    enum cell unit = f->kind == FIELD_MONEY ? CELL_MONEY
                     : f->unit == CELL_TEXT ? CELL_INT : f->unit;

    return cell_typed(site_cx()->arena, unit,
                      is_new || f->max <= f->min ? f->min : f->max);
}

static const char *value_of(struct visitor *v, const struct field *f,
                            const char *form, bool is_new)
{
    if (f->ref != NULL)
        return picked(v, f, form);
    if (f->labels.n > 0)
        return f->labels.v[0].key;
    switch (f->kind) {
    case FIELD_BOOL:
        return "1";
    case FIELD_TEXT:
        return text_of(f, is_new);
    case FIELD_STAMP:
        return f->flags & FIELD_DATE ? "2030-01-02" : "2030-01-02 03:04:05";
    default:
        return number_of(f, is_new);
    }
}

const char *sample_form(struct visitor *v, const struct resource *r,
                        bool is_new)
{
    struct cx *cx = site_cx();
    const char *form = "";

    for (size_t i = 0; i < r->fields.n; i++) {
        const struct field *f = &r->fields.v[i];

        if (!is_new && (f->flags & FIELD_READONLY_EDIT) != 0)
            continue;
        if (f->check != NULL && (f->flags & FIELD_REQUIRED) == 0)
            continue;
        form = cx_printf(cx, "%s&%s=%s", form, f->name,
                         url_encode(cx->arena, value_of(v, f, form, is_new)));
    }
    return *form == '&' ? form + 1 : form;
}
