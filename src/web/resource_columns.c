/*
 * Which columns of a list an account sees, and in what order: kept per person
 * in user_pref as a JSON list of names. Names that the descriptor no longer
 * has are passed over.
 */
#include <string.h>

#include "db/db.h"
#include "web/pref.h"
#include "web/resource_in.h"

static const char *pref_name(struct cx *cx, const struct resource *r)
{
    return cx_printf(cx, "list.%s", r->name);
}

static bool in_list(const struct column *c)
{
    return (c->flags & COL_DETAIL) == 0;
}

static void show(struct shown *s, size_t column)
{
    for (size_t i = 0; i < s->n; i++)
        if (s->v[i] == column)
            return;
    must(s->n < COLUMNS_SHOWN_MAX);
    s->v[s->n++] = column;
}

void columns_all(const struct resource *r, struct shown *out)
{
    out->n = 0;
    for (size_t i = 0; i < r->columns.n; i++)
        show(out, i);
}

static void columns_default(const struct resource *r, struct shown *out)
{
    for (size_t i = 0; i < r->columns.n; i++)
        if (in_list(&r->columns.v[i]) &&
            (r->columns.v[i].flags & COL_HIDDEN) == 0)
            show(out, i);
}

static void show_named(const struct resource *r, const char *name,
                       struct shown *out)
{
    for (size_t i = 0; i < r->columns.n; i++)
        if (in_list(&r->columns.v[i]) &&
            strcmp(r->columns.v[i].name, name) == 0)
            show(out, i);
}

void columns_shown(struct request *req, const struct resource *r,
                   struct shown *out)
{
    struct cx *cx = req->cx;
    const json_t *list = pref_read(cx, pref_name(cx, r));

    out->n = 0;
    show(out, column_first(r));
    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *name = json_string_value(json_array_get(list, i));

        if (name != NULL)
            show_named(r, name, out);
    }
    if (json_array_size(list) == 0)
        columns_default(r, out);
}

/* ---- choosing ---------------------------------------------------------- */

struct choice {
    const struct resource *r;
    const char *value; /* NULL: back to the descriptor's choice */
};

static void store(struct cx *cx, void *arg)
{
    const struct choice *c = arg;

    pref_put(cx, pref_name(cx, c->r), c->value);
}

static const char *names_json(struct cx *cx, const struct resource *r,
                              const struct shown *chosen)
{
    struct json_out j = { .to = cx_buf(cx, 8192) };

    json_open(&j, NULL, '[');
    for (size_t i = 0; i < chosen->n; i++)
        json_text(&j, NULL, r->columns.v[chosen->v[i]].name);
    json_close(&j, ']');
    return buf_text(j.to);
}

/*
 * One parameter "show.NAME" for each wanted column, in the wanted order; none
 * at all, or "_reset", is the descriptor's choice. Then back to "_to".
 */
void resource_columns(struct request *req, const void *args)
{
    const struct resource *r = req->target;
    const struct input *in = req->input;
    struct choice choice = { r, NULL };
    struct shown chosen = { 0 };

    (void)args;
    for (size_t i = 0; i < in->count && input_get(in, "_reset") == NULL; i++)
        if (strncmp(in->params[i].name, "show.", 5) == 0)
            show_named(r, in->params[i].name + 5, &chosen);
    if (chosen.n > 0)
        choice.value = names_json(req->cx, r, &chosen);
    db_tx(req->cx, store, &choice);
    if (req->json)
        answer_json(req, "{\"code\":0,\"data\":{}}");
    else
        answer_redirect(req, list_back(req, r));
}
