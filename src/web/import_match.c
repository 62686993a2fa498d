#include "web/import_match.h"

#include <stdlib.h>
#include <string.h>

#include "db/db.h"

static size_t field_number(const struct resource *r, const char *name)
{
    for (size_t i = 0; i < r->fields.n; i++)
        if (strcmp(r->fields.v[i].name, name) == 0)
            return i;
    must(false);
    return 0;
}

const char *import_key(struct cx *cx, const struct resource *r)
{
    const char *text = "";

    for (size_t i = 0; i < COUNT(r->same) && r->same[i].field != NULL; i++)
        text = cx_printf(cx, "%s%s%s", text, i == 0 ? "" : " + ",
                         r->fields.v[field_number(r, r->same[i].field)].title);
    return text;
}

int64_t import_find(struct cx *cx, const struct form_state *form)
{
    static const struct list_order by_key = { "id", NULL, LIST_INT, true };
    const struct resource *r = form->r;
    struct list_query *q;
    const char *cell = "1";
    struct list_sql s;
    struct db_table t;

    if (r->same[0].field == NULL)
        return 0;
    q = list_query_new(cx, resource_source(cx, r));
    for (size_t i = 0; i < COUNT(r->same) && r->same[i].field != NULL; i++) {
        const struct field_state *fs =
            &form->fields[field_number(r, r->same[i].field)];

        if (*fs->text == '\0' || fs->error != NULL)
            return 0;
        if (fs->f->ref != NULL)
            list_where_int(q, r->same[i].sql, strtoll(fs->text, NULL, 10));
        else
            list_where_text(q, r->same[i].sql, fs->text);
    }
    s = list_page_sql(q, &cell, 1, &by_key, NULL, false, 1);
    t = db_table(cx, s.sql, s.binds);
    return t.rows == 0 ? 0 : strtoll(t.cells[1], NULL, 10);
}

const char *import_merge(struct cx *cx, struct form_state *form, int64_t id)
{
    const struct resource *r = form->r;
    struct form_state *old = form_new(cx, r, id);
    const char *changes = "";

    r->fill(cx, id, old->form);
    form_write(cx, old);
    form->id = id;
    form->errors = 0;
    for (size_t i = 0; i < r->fields.n; i++) {
        struct field_state *fs = &form->fields[i];

        if (!fs->given) {
            form_copy(form, old, fs->f);
            fs->error = NULL;
        }
        form->errors += fs->error != NULL;
    }
    if (form->errors > 0)
        return changes;
    form_write(cx, form);
    for (size_t i = 0; i < r->fields.n; i++) {
        struct field_state *fs = &form->fields[i];

        if (strcmp(fs->text, old->fields[i].text) == 0)
            continue;
        if (field_is_fixed(form, fs->f)) {
            fs->error = cx_printf(cx, "新增后不能修改，现为「%s」。",
                                  field_said(&old->fields[i]));
            form->errors++;
        }
        changes = cx_printf(cx, "%s%s%s %s → %s", changes,
                            *changes == '\0' ? "" : "；", fs->f->title,
                            field_said(&old->fields[i]), field_said(fs));
    }
    if (*changes != '\0' && !resource_editable(cx, r, id))
        cx_fail(cx, ERR_STATE, "这一行不能修改。");
    return changes;
}
