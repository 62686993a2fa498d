/*
 * Filters of a list that a person keeps under a name (常用筛选), in user_pref
 * as a JSON list of {"name": ..., "query": "?state=fault"}, newest last. The
 * queries are written here from checked filters, never taken as they come.
 */
#include <string.h>

#include "base/utf8.h"
#include "db/db.h"
#include "web/pref.h"
#include "web/resource_in.h"

struct saved {
    const char *name, *query;
};

struct saved_list {
    size_t n;
    struct saved v[SAVED_MAX];
};

static const char *pref_name(struct cx *cx, const struct resource *r)
{
    return cx_printf(cx, "saved.%s", r->name);
}

static void read_list(const json_t *list, struct saved_list *out)
{
    out->n = 0;
    for (size_t i = 0; i < json_array_size(list) && out->n < SAVED_MAX; i++) {
        json_t *one = json_array_get(list, i);
        const char *name = json_string_value(json_object_get(one, "name"));
        const char *query = json_string_value(json_object_get(one, "query"));

        if (name != NULL && query != NULL)
            out->v[out->n++] = (struct saved){ name, query };
    }
}

static const char *list_text(struct cx *cx, const struct saved_list *list)
{
    struct json_out j = { .to = cx_buf(cx, SAVED_BYTES_MAX) };

    json_open(&j, NULL, '[');
    for (size_t i = 0; i < list->n; i++) {
        json_open(&j, NULL, '{');
        json_text(&j, "name", list->v[i].name);
        json_text(&j, "query", list->v[i].query);
        json_close(&j, '}');
    }
    json_close(&j, ']');
    return buf_text(j.to);
}

/* The filters and the order of a list, as its URL has them. */
static const char *query_of(struct cx *cx, const struct list_state *st)
{
    struct link l;

    link_start(&l, cx, "");
    link_filters(&l, st, NO_FILTER);
    link_order(&l, st);
    return l.text;
}

void saved_put(struct request *req, const struct list_state *st,
               struct vnode *list)
{
    struct cx *cx = req->cx;
    const char *query = query_of(cx, st);
    struct vnode *saved = v_child(list, "saved");
    struct saved_list s;

    read_list(pref_read(cx, pref_name(cx, st->r)), &s);
    v_flag(list, "saved_full", s.n == SAVED_MAX);
    for (size_t i = 0; i < s.n; i++) {
        struct vnode *n = v_item(saved, i);

        v_set(n, "name", s.v[i].name);
        v_printf(n, "url", "%s%s", resource_path(cx, st->r), s.v[i].query);
        v_flag(n, "on", strcmp(s.v[i].query, query) == 0);
    }
}

/* ---- keeping and dropping ---------------------------------------------- */

struct keep {
    const struct resource *r;
    const char *name, *query; /* NULL: that name is dropped */
};

static void drop(struct saved_list *list, const char *name)
{
    size_t kept = 0;

    for (size_t i = 0; i < list->n; i++)
        if (strcmp(list->v[i].name, name) != 0)
            list->v[kept++] = list->v[i];
    list->n = kept;
}

static void store(struct cx *cx, void *arg)
{
    const struct keep *k = arg;
    const char *pref = pref_name(cx, k->r);
    struct saved_list list;

    read_list(pref_lock(cx, pref), &list);
    drop(&list, k->name);
    if (k->query != NULL && list.n == SAVED_MAX)
        cx_fail_field(cx, "name", "最多保存 %d 个常用筛选，先移除一个。",
                      SAVED_MAX);
    if (k->query != NULL)
        list.v[list.n++] = (struct saved){ k->name, k->query };
    pref_put(cx, pref, list_text(cx, &list));
}

static const char *wanted_name(struct cx *cx, const struct input *in)
{
    const char *name = input_trimmed(cx->arena, in, "_name");

    if (*name == '\0')
        cx_fail_field(cx, "name", "名称不能为空。");
    if (utf8_count(name) > SAVED_NAME_MAX)
        cx_fail_field(cx, "name", "名称最多 %d 个字。", SAVED_NAME_MAX);
    return name;
}

/*
 * "_name" and the list's own parameters: they are kept under that name, in
 * place of what had it. With "_drop" the name is given up. Then back to "_to".
 */
void resource_saved(struct request *req, const void *args)
{
    const struct resource *r = req->target;
    struct cx *cx = req->cx;
    struct keep k = { .r = r, .name = wanted_name(cx, req->input) };

    (void)args;
    if (input_get(req->input, "_drop") == NULL) {
        const struct list_state *st = list_state_read(cx, r, req->input);

        if (!list_state_narrows(st))
            cx_fail_field(cx, "name", "还没有筛选条件，没有可保存的。");
        k.query = query_of(cx, st);
    }
    db_tx(cx, store, &k);
    if (req->json) {
        answer_json(req, "{\"code\":0,\"data\":{}}");
        return;
    }
    answer_toast(req, k.query == NULL
                          ? cx_printf(cx, "已移除常用筛选「%s」。", k.name)
                          : cx_printf(cx, "已保存为常用筛选「%s」。", k.name));
    answer_redirect(req, list_back(req, r));
}
