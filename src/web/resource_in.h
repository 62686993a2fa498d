/*
 * Inside of the resource engine: what its files share. Nobody else includes
 * this.
 */
#ifndef WEB_RESOURCE_IN_H
#define WEB_RESOURCE_IN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "db/listquery.h"
#include "web/cell.h"
#include "web/input.h"
#include "web/request.h"
#include "web/resource.h"

enum {
    LIST_SIZE_DEFAULT = 20,
    LIST_COUNT_CAP = 10000,    /* totals are exact up to here */
    LIST_TAB_CAP = 1000,       /* counts of tabs are exact up to here */
    EXPORT_NOW_MAX = 5000,     /* rows; more become a background task */
    BULK_MAX = 1000,           /* rows one bulk action may touch */
    PICK_MAX = 20,             /* rows a picker shows */
    NO_FILTER = -1,
};

/* ---- the resource ------------------------------------------------------ */

struct list_source *resource_source(struct cx *cx, const struct resource *r);

/* SQL of the row's name. */
const char *resource_text_sql(const struct resource *r);

/* Name of a row in the caller's scope; NULL if there is none. */
const char *resource_text(struct cx *cx, const struct resource *r, int64_t id);

/* Does the descriptor let that row be edited, by its edit_when? */
bool resource_editable(struct cx *cx, const struct resource *r, int64_t id);

/* "/console/pile", "/console/pile/12", "/console/pile/12/edit". */
const char *resource_path(struct cx *cx, const struct resource *r);
const char *row_path(struct cx *cx, const struct resource *r, int64_t id,
                     const char *what);

/* 台, 条. */
const char *resource_unit(const struct resource *r);

/* What "id" in the path or a parameter says; fails with ERR_NOT_FOUND. */
int64_t id_of(struct cx *cx, const struct resource *r, const char *text);

/* The hooks of the process; NULL where no feature brings them. */
const struct identity *identity_of(const struct request *req);
const struct export_queue *exports_of(const struct request *req);

/* ---- what a list shows, as its URL says -------------------------------- */

struct filter_value {
    bool set;
    const char *text;  /* as in the URL; DATES and RANGE: from, may be "" */
    const char *to;    /* DATES and RANGE */
    const char *shown; /* for people: 故障, 60–480 kW */
    const char *wrong; /* why it is not set although the URL names it */
};

struct list_state {
    const struct resource *r;
    struct filter_value *values; /* one per filter */
    struct list_order order;
    bool default_order;
    const char *after, *before;  /* cursors; NULL: first page */
    int size;
    bool all;                    /* every row of the filter is ticked */
    const char *wrong;           /* the first thing that was left out */
    const char *wrong_name;      /* its parameter */
    const char *wrong_order;     /* why it is not sorted as asked, or NULL */
};

/* Reads and checks; fails with cx_fail_field on a filter that is not one: what
   changes or hands out rows must never take more than was meant. */
struct list_state *list_state_read(struct cx *cx, const struct resource *r,
                                   const struct input *in);

/* The same for a page that people look at: what is wrong is left out, and
   said in wrong; without any filter those of FILTER_MONTH are set. */
struct list_state *list_state_look(struct cx *cx, const struct resource *r,
                                   const struct input *in);

/* The first day of this month, as dates are written in filters. */
const char *list_month(struct cx *cx);

/* The rows it selects; without the filter of that number, or NO_FILTER. */
struct list_query *list_state_query(struct cx *cx, const struct list_state *st,
                                    int without);

/* Is any filter set? */
bool list_state_narrows(const struct list_state *st);

/* The number of the filter that stands as tabs; NO_FILTER if none. */
int list_tabs_filter(const struct resource *r);

/* Where a form's "_to" leads back to: this list and its parameters, or the
   bare list if that is not one of ours. */
const char *list_back(const struct request *req, const struct resource *r);

/* An act is done: htmx gets an empty answer that closes the dialog, says text
   and refreshes the page; others are redirected to path. */
void answer_done(struct request *req, const char *text, const char *path);

/* A link being written: "?a=b&c=d" with everything encoded. */
struct link {
    struct cx *cx;
    const char *text;
    bool any; /* has a parameter */
};
void link_start(struct link *l, struct cx *cx, const char *path);
void link_add(struct link *l, const char *name, const char *value);

/* The filters of st, but for one (or NO_FILTER). */
void link_filters(struct link *l, const struct list_state *st, int without);
/* Its order and page size, where they are not the default ones. */
void link_order(struct link *l, const struct list_state *st);
void link_size(struct link *l, const struct list_state *st);

/* ---- columns ----------------------------------------------------------- */

enum { COLUMNS_SHOWN_MAX = 56 }; /* the database layer fetches 64 */

/* Columns of the descriptor, by number. */
struct shown {
    size_t n;
    size_t v[COLUMNS_SHOWN_MAX];
};

/* Those that the account has chosen, or the descriptor's own choice. */
void columns_shown(struct request *req, const struct resource *r,
                   struct shown *out);
/* All of them, for files and details. */
void columns_all(const struct resource *r, struct shown *out);
/* The column whose cell links to the row: always there, always first. */
size_t column_first(const struct resource *r);

/* ---- filters kept under a name ----------------------------------------- */

enum {
    SAVED_MAX = 10,          /* per person and list */
    SAVED_NAME_MAX = 12,     /* characters: a line of the menu */
    SAVED_BYTES_MAX = 60000, /* user_pref.value is TEXT */
};

/* List.saved.N .name .url .on (flag: what is shown) and List.saved_full. */
void saved_put(struct request *req, const struct list_state *st,
               struct vnode *list);

/* ---- forms ------------------------------------------------------------- */

/* One field while a form is filled in. */
struct field_state {
    const struct field *f;
    const char *text;    /* as typed; ids for references */
    const char *shown;   /* names of the referenced rows */
    const char *error;   /* what is wrong, or NULL */
    bool given;          /* the request holds it */
};

struct form_state {
    const struct resource *r;
    int64_t id;          /* 0: a new row */
    void *form;          /* the typed struct */
    struct field_state *fields;
    const char *error;   /* of the whole, or NULL */
    size_t errors;       /* fields that are wrong */
};

struct form_state *form_new(struct cx *cx, const struct resource *r,
                            int64_t id);

/* The struct into texts, and back: sets error of each field that is wrong. */
void form_write(struct cx *cx, struct form_state *s);
void form_read(struct cx *cx, struct form_state *s);

/* One field from its text into the struct. What is wrong, or NULL. */
const char *field_read(struct cx *cx, struct form_state *s, size_t i);

/* What a person compares: names of references, words of enumerations. */
const char *field_said(const struct field_state *fs);

/* One value from one form's struct into another's. */
void form_copy(struct form_state *to, const struct form_state *from,
               const struct field *f);

/* The filter of the field's picker that its .within field sets; NULL if it
   has none. */
const struct filter *field_within(const struct resource *r,
                                  const struct field *f);

/* Notes cx->error of a failed save at the field it names. */
void form_note(struct cx *cx, struct form_state *s);

/* Too long for the drawer: a page of its own. */
bool form_is_page(const struct resource *r);

/* Is the field asked for, and may it be typed in? */
bool field_is_fixed(const struct form_state *s, const struct field *f);

/* ---- answers for programs ---------------------------------------------- */

/* {"code":0,"data": and the bracket; lives as long as the request. */
struct json_out *reply_open(struct request *req, char bracket);
/* Closes what reply_open opened and sends it; ERR_TOO_LARGE beyond
   ANSWER_BODY_MAX. */
void reply_send(struct request *req, struct json_out *j, char bracket);

/* ---- the handlers: one for each route ---------------------------------- */

void resource_list(struct request *req, const void *args);
void resource_detail(struct request *req, const void *args);
void resource_menu(struct request *req, const void *args);
void resource_reveal(struct request *req, const void *args);
void resource_form(struct request *req, const void *args);
void resource_save(struct request *req, const void *args);
void resource_confirm(struct request *req, const void *args);
void resource_act(struct request *req, const void *args);
void resource_pick(struct request *req, const void *args);
void resource_columns(struct request *req, const void *args);
void resource_saved(struct request *req, const void *args);
void resource_export(struct request *req, const void *args);
void resource_import(struct request *req, const void *args);
void resource_template(struct request *req, const void *args);
void resource_upload(struct request *req, const void *args);
void resource_commit(struct request *req, const void *args);

#endif
