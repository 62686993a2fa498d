/*
 * From the words of a table to the texts of a form.
 */
#include "web/import_row.h"

#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "db/db.h"

bool import_takes(const struct field *f)
{
    return (f->flags & (FIELD_NO_IMPORT | FIELD_SECRET)) == 0;
}

const char *import_title(struct cx *cx, const struct field *f)
{
    const char *unit = f->suffix != NULL ? f->suffix : "";

    return cx_printf(cx, "%s%s%s%s%s", f->title, *unit == '\0' ? "" : "（",
                     unit, *unit == '\0' ? "" : "）",
                     f->flags & FIELD_REQUIRED ? "*" : "");
}

const char *import_help(struct cx *cx, const struct field *f)
{
    const char *words = "";

    if (f->ref != NULL)
        return cx_printf(cx, "填写%s的名称%s", f->ref->title,
                         f->flags & FIELD_MANY ? "，多个用顿号分开" : "");
    if (f->kind == FIELD_BOOL)
        return "是 或 否";
    if (f->kind == FIELD_STAMP)
        return f->flags & FIELD_DATE ? "如 2026-11-20" : "如 2026-11-20 14:05";
    for (size_t i = 0; i < f->labels.n; i++)
        words = cx_printf(cx, "%s%s%s", words, i == 0 ? "" : "、",
                          f->labels.v[i].word);
    return *words != '\0' ? words : f->help != NULL ? f->help : "";
}

/* ---- the heading ------------------------------------------------------- */

/* A heading as people leave it: "额定功率 (kW) *" is 额定功率. */
static bool is_heading(const char *cell, const char *title)
{
    size_t n = strlen(title);

    cell += strspn(cell, " \t*");
    if (strncmp(cell, title, n) != 0)
        return false;
    cell += n;
    cell += strspn(cell, " \t");
    if (strncmp(cell, "（", 3) == 0 || *cell == '(')
        return true;
    return cell[strspn(cell, "* \t")] == '\0';
}

static int field_of(const struct resource *r, const char *cell)
{
    int best = -1;

    /* 区域 and 区域编号: the longer title that fits is meant. */
    for (size_t i = 0; i < r->fields.n; i++)
        if (import_takes(&r->fields.v[i]) &&
            is_heading(cell, r->fields.v[i].title) &&
            (best < 0 || strlen(r->fields.v[i].title) >
                             strlen(r->fields.v[best].title)))
            best = (int)i;
    return best;
}

void import_heading(struct cx *cx, const struct resource *r,
                    const struct sheet_in *in, const struct sheet_row *row,
                    struct import_columns *out)
{
    bool *seen = arena_array(cx->arena, r->fields.n + 1, sizeof *seen);

    out->date1904 = sheet_is_1904(in);
    for (size_t i = 0; i < SHEET_IN_COLUMNS_MAX; i++)
        out->field[i] = -1;
    for (size_t i = 0; i < row->count; i++) {
        const char *cell = row->cells[i];
        int f = field_of(r, cell);

        if (*cell == '\0')
            continue;
        if (f < 0)
            cx_fail_field(cx, "file", "标题「%.*s」不是%s的字段。用下载的模板"
                          "填写。", (int)utf8_prefix(cell, 20), cell,
                          r->title);
        if (seen[f])
            cx_fail_field(cx, "file", "标题「%s」出现了两次。",
                          r->fields.v[f].title);
        seen[f] = true;
        out->field[i] = f;
    }
    for (size_t i = 0; i < r->fields.n; i++)
        if (import_takes(&r->fields.v[i]) && !seen[i] &&
            (r->fields.v[i].flags & FIELD_REQUIRED) &&
            r->fields.v[i].kind != FIELD_BOOL)
            cx_fail_field(cx, "file", "缺少必填的列「%s」。用下载的模板填写。",
                          r->fields.v[i].title);
}

/* ---- words into texts -------------------------------------------------- */

/* Without outer blanks (also the wide one) and the quote that our exports put
   before what a spreadsheet would take for a formula. */
static const char *cleaned(struct cx *cx, const char *cell)
{
    size_t n;

    for (;;) {
        if (*cell == ' ' || *cell == '\t' || *cell == '\r' || *cell == '\n')
            cell++;
        else if (strncmp(cell, "\u3000", 3) == 0)
            cell += 3;
        else
            break;
    }
    if (cell[0] == '\'' && cell[1] != '\0' && strchr("=+-@", cell[1]) != NULL)
        cell++;
    n = strlen(cell);
    for (;;) {
        if (n > 0 && strchr(" \t\r\n", cell[n - 1]) != NULL)
            n--;
        else if (n >= 3 && memcmp(cell + n - 3, "\u3000", 3) == 0)
            n -= 3;
        else
            break;
    }
    return arena_strndup(cx->arena, cell, n);
}

static const char *bool_text(const char *cell, const char **wrong)
{
    static const char *const yes[] = { "是", "1", "true", "TRUE", "Y" };
    static const char *const no[] = { "否", "0", "false", "FALSE", "N", "" };

    for (size_t i = 0; i < COUNT(yes); i++)
        if (strcmp(cell, yes[i]) == 0)
            return "1";
    for (size_t i = 0; i < COUNT(no); i++)
        if (strcmp(cell, no[i]) == 0)
            return "";
    *wrong = "应为「是」或「否」。";
    return "";
}

static const char *label_text(struct cx *cx, const struct field *f,
                              const char *cell, const char **wrong)
{
    for (size_t i = 0; i < f->labels.n; i++)
        if (strcmp(f->labels.v[i].word, cell) == 0 ||
            strcmp(f->labels.v[i].key, cell) == 0)
            return f->labels.v[i].key;
    *wrong = cx_printf(cx, "应为%s之一。", import_help(cx, f));
    return "";
}

/* "2026/1/5 8:30" as "2026-01-05 08:30". */
static const char *date_text(struct cx *cx, const char *cell)
{
    int part[3] = { 0 }, n = 0;
    const char *p = cell;

    while (n < 3 && *p >= '0' && *p <= '9') {
        char *end;

        part[n++] = (int)strtol(p, &end, 10);
        p = end;
        if (n < 3 && (*p == '/' || *p == '-' || *p == '.'))
            p++;
    }
    if (n < 3 || part[0] < 1970 || part[0] > 9999)
        return cell;
    return cx_printf(cx, "%04d-%02d-%02d%s%s", part[0], part[1], part[2],
                     strlen(p) == 5 && p[2] == ':' ? " 0" : "",
                     strlen(p) == 5 && p[2] == ':' ? p + 1 : p);
}

static const char *stamp_cell(struct cx *cx, const struct field *f,
                              const char *cell, enum sheet_cell kind,
                              bool date1904)
{
    char text[STAMP_TEXT];
    stamp t;

    if (kind != SHEET_NUMBER || !sheet_date(date1904, cell, &t))
        return date_text(cx, cell);
    if (f->flags & FIELD_DATE)
        return cx_strdup(cx, stamp_date_text(t, text));
    return arena_strndup(cx->arena, stamp_text(t, text), 19);
}

/* The id of the one row of that name in the caller's scope. */
static const char *id_named(struct cx *cx, const struct form_state *form,
                            const struct field *f, const char *name,
                            const char **wrong)
{
    static const struct list_order by_key = { "id", NULL, LIST_INT, true };
    const struct filter *limit = field_within(form->r, f);
    struct list_query *q = list_query_new(cx, resource_source(cx, f->ref));
    const char *cell = "1";
    struct list_sql s;
    struct db_table t;

    list_where_text(q, resource_text_sql(f->ref), name);
    for (size_t i = 0; limit != NULL && i < form->r->fields.n; i++)
        if (strcmp(form->r->fields.v[i].name, f->within) == 0)
            list_where_int(q, limit->sql,
                           strtoll(form->fields[i].text, NULL, 10));
    s = list_page_sql(q, &cell, 1, &by_key, NULL, false, 2);
    t = db_table(cx, s.sql, s.binds);
    if (t.rows == 1)
        return t.cells[1];
    *wrong = t.rows == 0
                 ? cx_printf(cx, "没有找到名为「%s」的%s。", name,
                             f->ref->title)
                 : cx_printf(cx, "名为「%s」的%s不止一个，改用表单新增。",
                             name, f->ref->title);
    return "";
}

/* Names parted by 、 or commas as "1,2,3". */
static const char *ids_named(struct cx *cx, const struct form_state *form,
                             const struct field *f, const char *cell,
                             const char **wrong)
{
    const char *ids = "";

    while (*cell != '\0' && *wrong == NULL) {
        const char *end = cell;
        size_t sep = 0;

        while (*end != '\0' && sep == 0) {
            sep = *end == ',' || *end == ';' ? 1
                  : strncmp(end, "、", 3) == 0 || strncmp(end, "，", 3) == 0
                      ? 3 : 0;
            end += sep == 0;
        }
        if (end > cell) {
            const char *name = cleaned(cx, arena_strndup(cx->arena, cell,
                                                         (size_t)(end -
                                                                  cell)));

            ids = cx_printf(cx, "%s%s%s", ids, *ids == '\0' ? "" : ",",
                            id_named(cx, form, f, name, wrong));
        }
        cell = end + sep;
    }
    return ids;
}

static const char *text_of(struct cx *cx, const struct import_columns *columns,
                           const struct form_state *form,
                           const struct field *f, const char *cell,
                           enum sheet_cell kind, const char **wrong)
{
    if (kind == SHEET_ERROR) {
        *wrong = cx_printf(cx, "单元格是错误值 %s。", cell);
        return "";
    }
    cell = cleaned(cx, cell);
    if (f->kind == FIELD_BOOL)
        return bool_text(cell, wrong);
    if (*cell == '\0')
        return "";
    if (f->ref != NULL)
        return f->flags & FIELD_MANY ? ids_named(cx, form, f, cell, wrong)
                                     : id_named(cx, form, f, cell, wrong);
    if (f->labels.n > 0)
        return label_text(cx, f, cell, wrong);
    if (f->kind == FIELD_STAMP)
        return stamp_cell(cx, f, cell, kind, columns->date1904);
    return cell;
}

void import_read(struct cx *cx, const struct import_columns *columns,
                 const struct sheet_row *row, struct form_state *form)
{
    form->errors = 0;
    /* In the order of the fields, because one may limit a later one. */
    for (size_t i = 0; i < form->r->fields.n; i++) {
        struct field_state *fs = &form->fields[i];
        const char *wrong = NULL;

        for (size_t k = 0; k < row->count; k++)
            if (columns->field[k] == (int)i) {
                fs->given = *cleaned(cx, row->cells[k]) != '\0';
                fs->text = text_of(cx, columns, form, fs->f, row->cells[k],
                                   row->kinds[k], &wrong);
            }
        fs->error = wrong != NULL ? wrong : field_read(cx, form, i);
        form->errors += fs->error != NULL;
    }
}
