/*
 * Fields of a form: between the typed struct of the descriptor and the texts
 * that people see. The same rules read a form and a row of an imported table.
 */
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "web/resource_in.h"

struct form_state *form_new(struct cx *cx, const struct resource *r,
                            int64_t id)
{
    struct form_state *s = CX_NEW(cx, struct form_state);

    s->r = r;
    s->id = id;
    s->form = arena_alloc(cx->arena, r->form_size);
    s->fields = arena_array(cx->arena, r->fields.n + 1, sizeof s->fields[0]);
    for (size_t i = 0; i < r->fields.n; i++)
        s->fields[i] = (struct field_state){
            .f = &r->fields.v[i], .text = "", .shown = "",
        };
    return s;
}

bool field_is_fixed(const struct form_state *s, const struct field *f)
{
    return s->id != 0 && (f->flags & FIELD_READONLY_EDIT) != 0;
}

static void *member(const struct form_state *s, const struct field *f)
{
    return (char *)s->form + f->offset;
}

/* ---- the struct as texts ----------------------------------------------- */

static const char *label_key(struct labels labels, int value)
{
    const struct label *l = label_of(labels, value);

    return l != NULL ? l->key : "";
}

static const char *number_text(struct cx *cx, const struct field *f, int64_t v)
{
    if (f->ref != NULL)
        return v == 0 ? "" : cx_printf(cx, "%lld", (long long)v);
    return cell_typed(cx->arena, f->unit == CELL_TEXT ? CELL_INT : f->unit, v);
}

static const char *stamp_typed(struct cx *cx, const struct field *f, stamp t)
{
    char text[STAMP_TEXT];

    if (f->flags & FIELD_DATE)
        return cx_strdup(cx, stamp_date_text(t, text));
    return arena_strndup(cx->arena, stamp_text(t, text),
                         strlen("2026-11-20 14:05:16"));
}

static const char *member_text(struct cx *cx, const struct form_state *s,
                               const struct field *f)
{
    const void *at = member(s, f);
    const char *text;
    int64_t n;
    int i;

    switch (f->kind) {
    case FIELD_BOOL:
        return *(const bool *)at ? "1" : "";
    case FIELD_INT:
        memcpy(&i, at, sizeof i);
        return f->labels.n > 0 ? label_key(f->labels, i)
                               : number_text(cx, f, i);
    case FIELD_I64:
        memcpy(&n, at, sizeof n);
        return number_text(cx, f, n);
    case FIELD_TEXT:
        memcpy(&text, at, sizeof text);
        return text == NULL || (f->flags & FIELD_SECRET) ? "" : text;
    case FIELD_MONEY:
        memcpy(&n, at, sizeof n);
        return cell_typed(cx->arena, CELL_MONEY, n);
    case FIELD_STAMP:
        memcpy(&n, at, sizeof n);
        return stamp_typed(cx, f, (stamp){ n });
    }
    return "";
}

/* ---- references -------------------------------------------------------- */

/* The filter of a picker that limits it to one row of another resource. */
static const struct filter *within_filter(const struct resource *picked,
                                          const struct resource *within)
{
    for (size_t i = 0; i < picked->filters.n; i++)
        if (picked->filters.v[i].kind == FILTER_REF &&
            picked->filters.v[i].ref == within)
            return &picked->filters.v[i];
    return NULL;
}

const struct filter *field_within(const struct resource *r,
                                  const struct field *f)
{
    if (f->within == NULL || f->ref == NULL)
        return NULL;
    for (size_t i = 0; i < r->fields.n; i++)
        if (strcmp(r->fields.v[i].name, f->within) == 0 &&
            r->fields.v[i].ref != NULL)
            return within_filter(f->ref, r->fields.v[i].ref);
    return NULL;
}

enum { MANY_MAX = 500 };

/* "1,2,3" as ids: how many, or -1 if it is not such a list. */
static int read_ids(const char *text, int64_t ids[MANY_MAX])
{
    int n = 0;

    while (*text != '\0') {
        char *end;
        long long id = strtoll(text, &end, 10);

        if (end == text || id <= 0 || n == MANY_MAX ||
            (*end != ',' && *end != '\0'))
            return -1;
        ids[n++] = id;
        text = *end == ',' ? end + 1 : end;
    }
    return n;
}

/* Names of the rows with these ids that the caller may see, in id order. */
static struct db_table names_of(struct cx *cx, const struct form_state *s,
                                const struct field *f, const int64_t *ids,
                                size_t n)
{
    static const struct list_order by_key = { "id", NULL, LIST_INT, false };
    struct list_query *q = list_query_new(cx, resource_source(cx, f->ref));
    const struct filter *limit = field_within(s->r, f);
    const char *cell = resource_text_sql(f->ref);
    struct list_sql sql;

    list_where_ids(q, f->ref->key, ids, n);
    if (limit != NULL)
        for (size_t i = 0; i < s->r->fields.n; i++)
            if (strcmp(s->r->fields.v[i].name, f->within) == 0)
                list_where_int(q, limit->sql,
                               strtoll(s->fields[i].text, NULL, 10));
    sql = list_page_sql(q, &cell, 1, &by_key, NULL, false, MANY_MAX);
    return db_table(cx, sql.sql, sql.binds);
}

/* Sets the names that stand for the ids; false if one is not to be seen. */
static bool show_names(struct cx *cx, struct form_state *s, size_t field)
{
    struct field_state *fs = &s->fields[field];
    int64_t *ids = arena_array(cx->arena, MANY_MAX, sizeof *ids);
    int n = read_ids(fs->text, ids);
    struct db_table t;

    fs->shown = "";
    if (n <= 0)
        return n == 0;
    t = names_of(cx, s, fs->f, ids, (size_t)n);
    /* In the order of the ids, as the chips of the picker stand. */
    for (int i = 0; i < n; i++)
        for (size_t row = 0; row < t.rows; row++)
            if (strtoll(t.cells[row * t.columns + 1], NULL, 10) == ids[i])
                fs->shown = cx_printf(cx, "%s%s%s", fs->shown,
                                      i == 0 ? "" : "|",
                                      t.cells[row * t.columns] != NULL
                                          ? t.cells[row * t.columns] : "");
    return t.rows == (size_t)n;
}

static const char *read_ref(struct cx *cx, struct form_state *s, size_t i)
{
    struct field_state *fs = &s->fields[i];
    const struct field *f = fs->f;
    int64_t ids[1], *at = member(s, f);

    if (*fs->text == '\0') {
        if (f->flags & FIELD_REQUIRED)
            return "还没有选择。";
        if (f->kind == FIELD_TEXT)
            memcpy(member(s, f), &(const char *){ "" }, sizeof(char *));
        return NULL;
    }
    if (f->kind == FIELD_I64) {
        if (strchr(fs->text, ',') != NULL || strlen(fs->text) > 18 ||
            !show_names(cx, s, i))
            return cx_printf(cx, "没有找到所选的%s，可能已删除或不在你的"
                             "数据范围内。", f->ref->title);
        ids[0] = strtoll(fs->text, NULL, 10);
        memcpy(at, ids, sizeof ids[0]);
        return NULL;
    }
    must(f->kind == FIELD_TEXT && (f->flags & FIELD_MANY));
    if (!show_names(cx, s, i))
        return cx_printf(cx, "所选的%s中有的已删除，或不在你的数据范围内。",
                         f->ref->title);
    memcpy(at, &fs->text, sizeof fs->text);
    return NULL;
}

/* ---- texts into the struct --------------------------------------------- */

static const char *read_unit(struct cx *cx, struct form_state *s,
                             struct field_state *fs)
{
    const struct field *f = fs->f;
    const char *unit = cell_unit(f->unit);
    int64_t v;

    if (!cell_read(f->unit, fs->text, &v))
        return "应为数字，小数位数不要超过显示的精度。";
    if (f->max > f->min && (v < f->min || v > f->max))
        return cx_printf(cx, "应在 %s 之间。",
                         cell_range(cx->arena, f->unit, f->min, f->max));
    if (f->max < f->min && v < f->min)
        return cx_printf(cx, "不能小于 %s %s。",
                         cell_typed(cx->arena, f->unit, f->min), unit);
    if (f->kind == FIELD_INT) {
        int i = (int)v;

        if (v < INT32_MIN || v > INT32_MAX)
            return "数字过大。";
        memcpy(member(s, f), &i, sizeof i);
    } else {
        memcpy(member(s, f), &v, sizeof v);
    }
    return NULL;
}

static struct arg arg_of(const struct field *f, bool required)
{
    static const enum arg_kind kinds[] = {
        [FIELD_BOOL] = ARG_BOOL, [FIELD_INT] = ARG_INT, [FIELD_I64] = ARG_I64,
        [FIELD_TEXT] = ARG_TEXT, [FIELD_MONEY] = ARG_MONEY,
        [FIELD_STAMP] = ARG_STAMP,
    };
    struct arg a = {
        .name = f->name, .kind = kinds[f->kind], .offset = f->offset,
        .min = f->min, .max = f->max, .labels = f->labels,
    };

    if (required)
        a.flags |= ARG_REQUIRED;
    if (f->flags & FIELD_AREA)
        a.flags |= ARG_MULTILINE;
    if (f->flags & FIELD_SECRET)
        a.flags |= ARG_SECRET;
    if (f->flags & FIELD_PHONE)
        a.flags |= ARG_PHONE;
    if (f->flags & FIELD_DATE)
        a.flags |= ARG_DATE;
    return a;
}

static const char *read_plain(struct cx *cx, struct form_state *s,
                              struct field_state *fs)
{
    const struct field *f = fs->f;
    /* A secret is asked for once; later an empty one means unchanged. */
    bool required = (f->flags & FIELD_REQUIRED) != 0 &&
                    !((f->flags & FIELD_SECRET) && s->id != 0);
    struct arg a = arg_of(f, required);
    struct param p = { f->name, PARAM_TEXT, fs->text, { 0 } };

    return arg_read(cx, &a, &p, s->form);
}

const char *field_read(struct cx *cx, struct form_state *s, size_t i)
{
    struct field_state *fs = &s->fields[i];
    const struct field *f = fs->f;
    const char *wrong;

    if (!utf8_clean(fs->text, strlen(fs->text)))
        return "含有不能保存的字符。";
    if (f->ref != NULL)
        wrong = read_ref(cx, s, i);
    else if (f->unit != CELL_TEXT && *fs->text != '\0')
        wrong = read_unit(cx, s, fs);
    else
        wrong = read_plain(cx, s, fs);
    if (wrong == NULL && f->check != NULL && *fs->text != '\0')
        wrong = f->check(cx, member(s, f));
    return wrong;
}

void form_read(struct cx *cx, struct form_state *s)
{
    s->errors = 0;
    for (size_t i = 0; i < s->r->fields.n; i++) {
        struct field_state *fs = &s->fields[i];

        if (field_is_fixed(s, fs->f))
            continue;
        fs->error = field_read(cx, s, i);
        s->errors += fs->error != NULL;
    }
}

void form_write(struct cx *cx, struct form_state *s)
{
    for (size_t i = 0; i < s->r->fields.n; i++) {
        struct field_state *fs = &s->fields[i];

        fs->text = member_text(cx, s, fs->f);
        if (fs->f->ref != NULL)
            (void)show_names(cx, s, i);
    }
}

void form_note(struct cx *cx, struct form_state *s)
{
    const char *field = cx->error.field;

    for (size_t i = 0; i < s->r->fields.n; i++)
        if (field != NULL && strcmp(s->r->fields.v[i].name, field) == 0) {
            s->fields[i].error = cx_strdup(cx, cx->error.text);
            s->errors++;
            return;
        }
    s->error = cx_strdup(cx, cx->error.text);
}

void form_copy(struct form_state *to, const struct form_state *from,
               const struct field *f)
{
    static const size_t sizes[] = {
        [FIELD_BOOL] = sizeof(bool), [FIELD_INT] = sizeof(int),
        [FIELD_I64] = sizeof(int64_t), [FIELD_TEXT] = sizeof(char *),
        [FIELD_MONEY] = sizeof(money), [FIELD_STAMP] = sizeof(stamp),
    };

    memcpy(member(to, f), member(from, f), sizes[f->kind]);
}

const char *field_said(const struct field_state *fs)
{
    const struct labels *l = &fs->f->labels;

    if (fs->f->ref != NULL)
        return fs->shown;
    if (fs->f->kind == FIELD_BOOL)
        return strcmp(fs->text, "1") == 0 ? "是" : "否";
    for (size_t i = 0; i < l->n; i++)
        if (strcmp(l->v[i].key, fs->text) == 0)
            return l->v[i].word;
    return *fs->text == '\0' ? CELL_NONE : fs->text;
}
