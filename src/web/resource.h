/*
 * A list, detail, form, export and import page is one descriptor; one engine
 * turns it into SQL, HTML, xlsx and JSON (style 3.1). The only hooks are
 * fill, save and decorate; a page that wants a fourth is an ordinary route.
 *
 * URLs of the resource named "pile":
 *   GET  /console/pile             list (also .json; ?q filters, sort, after)
 *   GET  /console/pile/:id         detail (also .json)
 *   GET  /console/pile/:id/menu    what may be done with the row
 *   GET  /console/pile/new         create form        POST /console/pile/new
 *   GET  /console/pile/:id/edit    edit form          POST the same
 *   POST /console/pile/do/:action  row and bulk actions: ids=1,2,3, or all=1
 *                                  and the list's filters (up to 1,000 rows)
 *   GET  /console/pile/do/:action  the confirmation of the same
 *   POST /console/pile/export      format=xlsx|csv and the list's filters
 *   GET  /console/pile/import      upload, dry run, row errors, commit (POST)
 *   GET  /console/pile/import/template   headings to fill, ?format=
 *   GET  /console/pile/pick        reference picker: ?q= (JSON: id, text)
 *   POST /console/pile/columns     which columns this account wants to see
 *   POST /console/pile/saved       keep the list's filters under a name
 *   POST /console/pile/:id/reveal  one masked value in clear, audited
 *
 * The engine and the loaders add the caller's scope to every statement:
 * list, count, export, detail, form, action target, picker (rule A8). What is
 * outside is 404.
 */
#ifndef WEB_RESOURCE_H
#define WEB_RESOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cx.h"
#include "base/label.h"
#include "base/macros.h"
#include "base/money.h"
#include "base/stamp.h"
#include "db/db.h"
#include "db/scope.h"
#include "web/view.h"

struct resource;
struct request;

/* The right to see a masked value in clear, one at a time (rule A9). */
#define PERM_UNMASK "privacy.view"

/* ---- columns ----------------------------------------------------------- */

enum cell {
    CELL_TEXT, CELL_MONO, /* codes, VIN, hex */
    CELL_INT, CELL_MONEY, /* fen */
    CELL_PRICE,           /* 1e-5 yuan/kWh, shown with 4 places */
    CELL_ENERGY,          /* 1e-4 kWh, shown with 2 places */
    CELL_KW,              /* W, shown in kW with 1 place */
    CELL_VOLT, CELL_AMP,  /* 0.1 */
    CELL_PERCENT,         /* 0.01 % */
    CELL_TIME, CELL_DATE,
    CELL_SECONDS,         /* as 1:39:26 */
    CELL_ENUM,            /* labels: mark and word; stored as value or key */
    CELL_BOOL,            /* 是 / 否 */
    CELL_PHONE,           /* masked unless the account may unmask (A9) */
};

enum column_flags {
    COL_SORT = 1 << 0,   /* sortable: an index must serve it */
    COL_LINK = 1 << 1,   /* links to the detail page */
    COL_HIDDEN = 1 << 2, /* off by default in the column chooser */
    COL_DETAIL = 1 << 3, /* only on the detail page and in exports */
    COL_SUM = 1 << 4,    /* summed in the foot, over the page */
    COL_UNIQUE = 1 << 5, /* sortable by its unique index; never NULL */
};

struct column {
    const char *name;
    const char *title;
    const char *sql; /* one value, no parameter */
    enum cell kind;
    unsigned flags;
    struct labels labels;       /* ENUM */
    const struct resource *ref; /* the cell links to that resource's detail */
    const char *ref_sql;        /* ... of this id */
    const char *guess_sql;      /* true: the list marks the value as 预估 */
    const char *group;          /* heading on the detail; NULL: as before */
    /* What pages call the value, unless it is empty; files and JSON carry it
       as it is. */
    const char *(*say)(struct cx *cx, const char *raw);
};

/* ---- filters ----------------------------------------------------------- */

enum filter_kind {
    FILTER_EXACT, FILTER_PREFIX,
    FILTER_FUZZY,  /* substring; wildcards escaped */
    FILTER_ENUM,   /* labels; tabs with counts if FILTER_TABS */
    FILTER_REF,    /* picker of another resource */
    FILTER_DATES,  /* from and to, whole days: name_from, name_to */
    FILTER_RANGE,  /* numbers in the column's shown unit: _from, _to */
};

enum filter_flags {
    FILTER_TABS = 1 << 0,     /* this ENUM stands as tabs above the list */
    FILTER_ADVANCED = 1 << 1, /* behind 更多筛选 */
    FILTER_KEYS = 1 << 2,     /* this ENUM is stored as its key */
    FILTER_MONTH = 1 << 3,    /* these DATES begin with this month in a list
                                 that is opened without any filter */
};

struct filter {
    const char *name;
    const char *title;
    /* FUZZY and PREFIX may name several, split by "|"; a PREFIX column after
       "~" holds texts that begin beyond ASCII (list_where_prefix). */
    const char *sql;
    enum filter_kind kind;
    unsigned flags;
    struct labels labels;
    const struct resource *ref;
    enum cell unit; /* RANGE: how the numbers are written */
    /* EXACT: a statement that finds the column's value by what was typed
       ("SELECT id FROM driver WHERE phone = ?"), so that the index of the
       listed table serves the filter and not a search in a joined one. */
    const char *lookup;
};

/* ---- forms ------------------------------------------------------------- */

enum field_kind {
    FIELD_BOOL, FIELD_INT, FIELD_I64, FIELD_TEXT, FIELD_MONEY, FIELD_STAMP
};

enum field_flags {
    FIELD_REQUIRED = 1 << 0,
    FIELD_READONLY_EDIT = 1 << 1, /* may be given only when created */
    FIELD_AREA = 1 << 2,          /* several lines */
    FIELD_WIDE = 1 << 3,          /* both columns of the drawer */
    FIELD_PHONE = 1 << 4,
    FIELD_SECRET = 1 << 5,        /* password box, never filled */
    FIELD_DATE = 1 << 6,
    FIELD_MANY = 1 << 7,          /* TEXT: ids of ref, "1,2,3" */
    FIELD_NO_IMPORT = 1 << 8,
};

struct field {
    const char *name;
    enum field_kind kind;
    size_t offset;
    const char *title;
    unsigned flags;
    int64_t min, max;     /* as in struct arg, in the stored unit */
    enum cell unit;       /* INT, I64: typed as CELL_KW, CELL_PRICE, ... */
    const char *suffix;   /* "kW", shown inside the box */
    const char *help;
    const char *group;    /* heading; NULL: as before */
    struct labels labels; /* a select; keys are posted */
    const struct resource *ref; /* a picker; the id is posted */
    /* Names another ref field of this form whose id limits the picker. */
    const char *within;
    /* what is wrong with the value, or NULL */
    const char *(*check)(struct cx *cx, const void *value);
};

/* .name, .kind, .offset of a member of the form struct. */
#define FIELD(type, member)                                                   \
    .name = #member,                                                          \
    .kind = _Generic(((type *)0)->member,                                     \
        bool: FIELD_BOOL, int: FIELD_INT, int64_t: FIELD_I64,                 \
        const char *: FIELD_TEXT, money: FIELD_MONEY, stamp: FIELD_STAMP),    \
    .offset = offsetof(type, member)

/* ---- actions ----------------------------------------------------------- */

enum action_flags {
    ACT_ROW = 1 << 0,
    ACT_BULK = 1 << 1,
    ACT_CONFIRM = 1 << 2,
    ACT_DANGER = 1 << 3, /* last, red */
    ACT_LINK = 1 << 4,   /* a plain GET to url instead of a POST */
};

struct action {
    const char *name;
    const char *title;  /* a verb: 重启 */
    unsigned flags;
    const char *perm;
    /* Does it to one row, which is inside the caller's scope. Fails with
       what to tell; a bulk run reports per row. */
    void (*run)(struct cx *cx, int64_t id);
    /* Instead of run: with the reason that the question asked for, 2 to 200
       characters. ACT_CONFIRM; JSON callers send it as "why". */
    void (*run_why)(struct cx *cx, int64_t id, const char *why);
    const char *why_word; /* what that is called; NULL: 依据 */
    const char *confirm; /* consequence, one sentence */
    const char *keep;    /* the safe choice: 继续充电; NULL: 取消 */
    const char *done;    /* toast; NULL: 已完成 */
    const char *url;     /* ACT_LINK: "/console/pile/%s/qr" */
    const char *icon;    /* of the sprite */
    /* Shown only when this SQL condition on the row holds; NULL: always. */
    const char *when;
};

/* ---- the descriptor ---------------------------------------------------- */

struct resource {
    const char *name;  /* in URLs and ids */
    const char *title; /* 电桩 */
    const char *sub;   /* one muted fact under the title, or NULL */
    const char *unit;  /* counter word: 台; NULL: 条 */
    const char *icon;
    const char *empty; /* how to begin, shown while there are no rows */
    bool no_menu;      /* reached from other pages only */
    const char *live;  /* name of the live count in its menu entry, or NULL */
    /* Never more than some thousand rows: the list may sort in memory. Without
       it the page test wants an index for every order. */
    bool small;
    const char *key;   /* "p.id" */
    const char *order; /* column name, "-name" descending; NULL: -key */
    const char *text;  /* SQL of the row's name, for titles and pickers */
    const char *search; /* SQL columns of the picker, split by "|" */
    const char *from;  /* FROM clause; the listed table first, then LEFT JOIN */
    const char *where; /* a fixed condition, or NULL */
    struct scope_columns scope;
    struct {
        const char *view, *create, *edit, *export, *import;
        const char *pick; /* of the picker; NULL: as view */
    } perm;
    struct { const struct column *v; size_t n; } columns;
    struct { const struct filter *v; size_t n; } filters;
    struct { const struct field *v; size_t n; } fields;
    struct { const struct action *v; size_t n; } actions;

    /* What tells rows apart in an import: fields, and the columns that hold
       them. Rows that are there are updated; without it all are new. */
    struct { const char *field, *sql; } same[2];
    const char *edit_word; /* what editing is called here; NULL: 编辑 */
    /* Offered only when this SQL condition on the row holds; NULL: always.
       save refuses what comes all the same. */
    const char *edit_when;

    size_t form_size;
    /* Reads row id (in scope, checked) into the zeroed form struct. */
    void (*fill)(struct cx *cx, int64_t id, void *form);
    /* Stores a valid form; id 0 creates. Returns the id. Fails with
       cx_fail_field for a rule between fields. Runs in a transaction. */
    int64_t (*save)(struct cx *cx, int64_t id, const void *form);
    /* Adds to the tree of a detail page what columns cannot say. */
    void (*decorate)(struct cx *cx, int64_t id, struct vnode *detail);
    /* Template of the detail page, if not the generic one. */
    const char *detail_template;
    /* The feature serves GET /:id, or new and edit, by routes of its own. */
    bool own_detail, own_form;
    /* Optimistic locking: SQL of the row's version number, or NULL. The form
       carries it; a save on another version answers both versions. */
    const char *version;
};

/*
 * The routes that serve a resource, for the router's table: each carries its
 * permission and r as target. out holds RESOURCE_ROUTES_MAX; the paths live in
 * a. Returns how many.
 */
enum { RESOURCE_ROUTES_MAX = 64 };
struct arena;
struct route;
size_t resource_routes(struct arena *a, const struct resource *r,
                       struct route *out);

/*
 * Writes every row that query (the parameters of a list's URL, and columns=
 * with names) selects in the caller's scope to PILEHUB_HOME/exports/name, in
 * constant memory. progress is told now and then, on no database connection
 * of cx. Returns the rows written and sets *size.
 */
struct export_order {
    const struct resource *r;
    const char *format; /* xlsx or csv */
    const char *query;
    const char *name;   /* of the file */
    void (*progress)(void *arg, int64_t rows);
    void *arg;
};
int64_t resource_export_run(struct cx *cx, const struct export_order *order,
                            int64_t *size);

/* How many rows that would be. */
int64_t resource_export_count(struct cx *cx, const struct resource *r,
                              const char *query);

/* PILEHUB_HOME/what, made if missing, for nobody else. */
const char *home_dir(struct cx *cx, const char *what);

/*
 * What makes large exports in the background. A feature brings it, because
 * web knows no feature's tables; without one, large exports are refused.
 */
struct export_queue {
    /* Notes the export for the acting account, with an audit row; its id.
       Runs in a transaction. */
    int64_t (*add)(struct cx *cx, const struct resource *r,
                   const char *format, const char *query, int64_t rows);
    const char *path; /* list of exports; path/ID/progress shows one */
};

/* Row id exists and is in the caller's scope, else ERR_NOT_FOUND. */
void resource_require(struct cx *cx, const struct resource *r, int64_t id);

#endif
