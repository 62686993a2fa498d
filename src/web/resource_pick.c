/*
 * The reference picker: up to 20 rows of a resource whose name or code holds
 * what is typed, in the caller's scope.
 *
 *   GET /console/area/pick?q=快充&station_id=7
 *   {"code":0,"data":[{"id":"12","text":"A 区 · 地面快充"}]}
 *
 * A parameter with the name of a reference filter of this resource ("station",
 * "station_id") limits it: the form's other field. While that is empty there
 * is nothing to choose from.
 */
#include "db/db.h"
#include "web/resource_in.h"

/* The other field's value, or NULL if the form has no such field. */
static const char *limit_of(struct cx *cx, const struct input *in,
                            const struct filter *f)
{
    const char *id = input_get(in, f->name);

    return id != NULL ? id : input_get(in, cx_printf(cx, "%s_id", f->name));
}

static void narrow(struct cx *cx, const struct resource *r,
                   const struct input *in, struct list_query *q)
{
    const char *typed = input_get(in, "q");
    const char *columns = r->search != NULL ? r->search
                                            : resource_text_sql(r);

    if (typed != NULL && *typed != '\0')
        list_where_contains(q, columns, typed);
    for (size_t i = 0; i < r->filters.n; i++) {
        const struct filter *f = &r->filters.v[i];
        const char *id = f->kind == FILTER_REF ? limit_of(cx, in, f) : NULL;

        if (id != NULL && *id == '\0')
            list_where(q, "0");
        else if (id != NULL)
            list_where_int(q, f->sql, id_of(cx, f->ref, id));
    }
}

void resource_pick(struct request *req, const void *args)
{
    static const struct list_order by_key = { "id", NULL, LIST_INT, true };
    const struct resource *r = req->target;
    struct cx *cx = req->cx;
    struct list_query *q = list_query_new(cx, resource_source(cx, r));
    const char *cell = resource_text_sql(r);
    struct json_out *j;
    struct list_sql s;
    struct db_table t;

    (void)args;
    narrow(cx, r, req->input, q);
    s = list_page_sql(q, &cell, 1, &by_key, NULL, false, PICK_MAX);
    t = db_table(cx, s.sql, s.binds);
    j = reply_open(req, '[');
    for (size_t i = 0; i < t.rows; i++) {
        json_open(j, NULL, '{');
        json_text(j, "id", t.cells[i * t.columns + 1]);
        json_text(j, "text", t.cells[i * t.columns]);
        json_close(j, '}');
    }
    reply_send(req, j, ']');
}
