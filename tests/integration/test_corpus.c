/*
 * Hostile input, generated from what the routes declare (rules I1-I3, I6):
 * every parameter of every route, every field and filter of every resource
 * gets each value of the corpus. No answer is an error of ours, none shows a
 * planted tag or a detail of ours, and the database server's own log shows
 * the planted words only as bound values. Then every page is rendered from
 * rows that hold planted tags.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "db/db.h"
#include "tests/integration/mariadb.h"
#include "tests/integration/site.h"
#include "tests/integration/testdb.h"
#include "web/resource.h"
#include "web/router.h"

enum { LONG = 5000 };

/* Told apart from everything that is there by chance. */
#define WORD "x7q9z"
#define TAG "<i7x>"

static char long_text[LONG + 1];

static const char *const corpus[] = {
    /* SQL */
    "'", "\"" WORD, "`" WORD "`", "'; DROP TABLE " WORD ";-- ",
    WORD "' OR '1'='1", "%' OR " WORD " LIKE '%", "\\' OR " WORD "=1-- ",
    "1) UNION SELECT '" WORD "'-- ", "/*" WORD "*/", "1;" WORD, "_%" WORD,
    WORD " desc", "(SELECT " WORD ")", "id,(SELECT 1)" WORD,
    /* HTML, templates, addresses */
    TAG, "\">" TAG, "'>" TAG, "</script>" TAG, "<?cs var:" WORD " ?>" TAG,
    "javascript:" WORD, "//" WORD, "https://" WORD ".example/", "/\\" WORD,
    /* kinds and ranges */
    "", " ", "-1", "0", "1e9", "9223372036854775807",
    "99999999999999999999999", "NaN", "0x10", "1.50", "\xef\xbc\x91", "true",
    "null", "[]", "{}", "2026-02-30", "2026-13-01 25:00", "1,2,3",
    "../../etc/passwd", "=1+1", "@" WORD, "\xf0\x9f\x98\x80",
    "\xe2\x80\xae" WORD, "a\nb", "\t", "\x01", "a\r\nSet-Cookie: " WORD,
    /* no text: bad UTF-8, NUL */
    "\xff\xfe", "\xc0\xaf", "\xed\xa0\x80", "%00", long_text,
};

static struct mariadb mariadb;
static struct visitor admin, driver;
static struct router *router;
static int asked;

/* ---- what is sent ------------------------------------------------------ */

struct names {
    size_t n;
    const char *v[200];
};

static void add(struct names *names, const char *name)
{
    for (size_t i = 0; i < names->n; i++)
        if (strcmp(names->v[i], name) == 0)
            return;
    assert_in_range(names->n, 0, COUNT(names->v) - 1);
    names->v[names->n++] = name;
}

/* Every parameter that a route reads. */
static void names_of(const struct route_row *row, struct names *out)
{
    static const char *const engine[] = {
        "sort", "after", "before", "size", "all", "ids", "q", "format",
        "columns", "column", "why", "_to", "_version", "_again", "row.1",
    };
    const struct resource *r = row->route.target;

    out->n = 0;
    for (size_t i = 0; i < row->route.args.n; i++)
        if (row->route.args.v[i].kind != ARG_FILE)
            add(out, row->route.args.v[i].name);
    if (r == NULL)
        return;
    for (size_t i = 0; i < r->fields.n; i++)
        add(out, r->fields.v[i].name);
    for (size_t i = 0; i < r->filters.n; i++) {
        bool two = r->filters.v[i].kind == FILTER_DATES ||
                   r->filters.v[i].kind == FILTER_RANGE;

        add(out, cx_printf(site_cx(), "%s%s", r->filters.v[i].name,
                           two ? "_from" : ""));
    }
    /* One list stands for all of them in what the engine itself reads. */
    for (size_t i = 0; i < COUNT(engine); i++)
        if (row->route.method == POST || row->parts > 2 ||
            strcmp(r->name, "pile") == 0)
            add(out, engine[i]);
}

static size_t put_encoded(char *out, size_t room, const char *value)
{
    size_t n = 0;

    if (strcmp(value, "%00") == 0)
        return (size_t)snprintf(out, room, "%%00");
    for (const uint8_t *p = (const uint8_t *)value; *p != '\0'; p++) {
        assert_true(n + 4 < room);
        n += (size_t)snprintf(out + n, room - n, "%%%02x", *p);
    }
    return n;
}

static size_t put_json(char *out, size_t room, const char *value)
{
    size_t n = (size_t)snprintf(out, room, "\"");

    for (const char *p = value; *p != '\0'; p++) {
        bool escape = (uint8_t)*p < ' ' || *p == '"' || *p == '\\';

        assert_true(n + 8 < room);
        n += escape ? (size_t)snprintf(out + n, room - n, "\\u%04x", *p)
                    : (size_t)snprintf(out + n, room - n, "%c", *p);
    }
    return n + (size_t)snprintf(out + n, room - n, "\"");
}

/* name=value of those from first on, up to count. */
static const char *body_of(const struct names *names, size_t first,
                           size_t count, const char *value, bool json)
{
    static char out[200 * 400 + 4 * LONG];
    size_t n = 0;

    if (json)
        out[n++] = '{';
    for (size_t i = first; i < names->n && i < first + count; i++) {
        n += (size_t)snprintf(out + n, sizeof out - n,
                              json ? "%s\"%s\":" : "%s%s=",
                              i == first ? "" : json ? "," : "&",
                              names->v[i]);
        n += json ? put_json(out + n, sizeof out - n, value)
                  : put_encoded(out + n, sizeof out - n, value);
    }
    if (json)
        out[n++] = '}';
    out[n] = '\0';
    return out;
}

static const char *path_of(const struct route_row *row)
{
    const char *path = "";

    for (size_t i = 0; i < row->parts; i++)
        path = cx_printf(site_cx(), "%s/%s", path,
                         row->part[i][0] == ':' ? "1" : row->part[i]);
    return row->parts == 0 ? "/" : path;
}

/* ---- what comes back --------------------------------------------------- */

/* Neither our fault nor our secret (I6), and no markup of theirs (I3). */
static void judge(const char *path, const char *body,
                  const struct site_reply *r)
{
    static const char *const ours[] = {
        "src/", ".c:", "MariaDB", "MySQL", "errno", "SQLSTATE", "You have",
    };
    bool html = strncmp(r->type, "text/html", 9) == 0;

    asked++;
    /* Third parties are not there: that is said, and is no fault. */
    if (r->status == 0 || (r->status >= 500 && r->status != 502 &&
                           r->status != 503))
        fail_msg("%s %.300s: %d %.300s", path, body, r->status, r->body);
    if (html && strstr(r->body, TAG) != NULL)
        fail_msg("%s %.300s: the tag is there: %.200s", path, body,
                 strstr(r->body, TAG) - 60);
    if (strstr(r->location, "example") != NULL ||
        (r->location[0] != '\0' && r->location[0] != '/') ||
        r->location[1] == '/' || r->location[1] == '\\')
        fail_msg("%s %.300s: leads to %s", path, body, r->location);
    for (size_t i = 0; r->status >= 400 && i < COUNT(ours); i++)
        if (strstr(r->body, ours[i]) != NULL)
            fail_msg("%s %.300s: tells %s", path, body, ours[i]);
}

static void send(const struct route_row *row, const char *path,
                 const char *body)
{
    struct visitor *v = row->route.auth == AUTH_DRIVER ? &driver : &admin;
    struct site_reply r;

    if (row->route.method == GET) {
        char uri[8000];

        /* What is too long for an address never gets here. */
        if (snprintf(uri, sizeof uri, "%s?%s", path, body) >=
            (int)sizeof uri)
            return;
        r = site_get(v, uri);
    } else if (row->endpoint != NULL) {
        r = site_json(v, path, body);
    } else {
        r = site_post(v, path, body);
    }
    judge(path, body, &r);
}

static bool is_for_now(const struct route_row *row)
{
    /* Ends the session that asks; a raw body has a test of its own. */
    return strcmp(row->route.path, "/logout") != 0 &&
           strncmp(row->route.path, "/console/me/", 12) != 0 &&
           !(row->route.flags & (ROUTE_BODY | ROUTE_UPLOAD));
}

/* Each parameter alone, where forms are filled in and the API is called. */
static void each_parameter_takes_the_corpus(void **state)
{
    struct names names;

    (void)state;
    site_get(&admin, "/console/me"); /* a token for forms */
    for (size_t i = 0; i < router->count; i++) {
        const struct route_row *row = &router->rows[i];
        const char *path = path_of(row);
        bool alone = row->endpoint != NULL ||
                     (row->route.method == POST && row->route.target != NULL &&
                      strstr(path, "/new") != NULL) ||
                     (row->route.method == GET && row->route.target != NULL &&
                      row->parts == 2);

        if (!is_for_now(row))
            continue;
        names_of(row, &names);
        for (size_t k = 0; k < COUNT(corpus); k++) {
            bool json = row->endpoint != NULL && row->route.method == POST;

            for (size_t p = 0; alone && p < names.n; p++)
                send(row, path, body_of(&names, p, 1, corpus[k], json));
            if (!alone && names.n > 0 && corpus[k] != long_text)
                send(row, path, body_of(&names, 0, names.n, corpus[k],
                                        json));
        }
    }
    print_message("# %d requests\n", asked);
    assert_in_range(asked, 10000, 10000000);
}

/* ---- what the database was asked --------------------------------------- */

/*
 * Entries of the general log begin with "TIME\t    7 Prepare\tSELECT ...",
 * the time left out while it is the same.
 */
static void statements_hold_no_input(void **state)
{
    char path[120];
    static char line[1 << 20];
    regex_t head;
    regmatch_t at[2];
    bool is_statement = false;
    int64_t entries = 0, bound = 0;
    FILE *f;

    (void)state;
    assert_int_equal(regcomp(&head, "^[0-9: ]*\t+ *[0-9]+ ([A-Z][a-z ]+)\t",
                             REG_EXTENDED), 0);
    snprintf(path, sizeof path, "%s/general.log", mariadb.dir);
    f = fopen(path, "re");
    assert_non_null(f);
    while (fgets(line, sizeof line, f) != NULL) {
        if (regexec(&head, line, 2, at, 0) == 0) {
            is_statement = strncmp(line + at[1].rm_so, "Query", 5) == 0 ||
                           strncmp(line + at[1].rm_so, "Prepare", 7) == 0;
            entries += is_statement;
        }
        if (strstr(line, WORD) == NULL && strstr(line, TAG) == NULL)
            continue;
        if (is_statement)
            fail_msg("in a statement: %.400s", line);
        bound++;
    }
    fclose(f);
    regfree(&head);
    assert_in_range(entries, 1000, INT64_MAX);
    assert_in_range(bound, 100, INT64_MAX);
    print_message("# %lld statements, %lld lines with planted values\n",
                  (long long)entries, (long long)bound);
}

/* ---- planted rows ------------------------------------------------------ */

struct columns {
    struct db_table t;
};

static void load_columns(struct cx *cx, void *arg)
{
    static const char sql[] =
        "SELECT table_name, column_name FROM information_schema.columns"
        " WHERE table_schema = DATABASE() AND data_type = 'varchar'"
        "   AND character_maximum_length >= 12 AND column_key = ''"
        "   AND column_name IN ('name', 'title', 'note', 'address', 'contact',"
        "     'hotline', 'province', 'city', 'district', 'hours', 'intro',"
        "     'parking_note', 'parking_no', 'maker', 'model', 'version',"
        "     'owner', 'factory_no', 'firmware', 'reason', 'review_reason',"
        "     'fail_text', 'text', 'agent', 'error', 'actor_name', 'event',"
        "     'author_name', 'decider_name', 'refused_why', 'plate', 'vin',"
        "     'card_no', 'ref_no', 'file', 'toast')";

    ((struct columns *)arg)->t = db_table(cx, sql, BIND());
}

static void plant(void)
{
    struct columns c;
    size_t n;

    testdb_run(site_cx(), load_columns, &c);
    n = c.t.rows;
    assert_in_range(n, 20, 500);
    for (size_t i = 0; i < n; i++)
        testdb_sql(site_cx(),
                   cx_printf(site_cx(), "UPDATE `%s` SET `%s` = CONCAT('"
                             TAG "', LEFT(`%s`, 3))", c.t.cells[2 * i],
                             c.t.cells[2 * i + 1], c.t.cells[2 * i + 1]));
}

static const char *first_id(const struct resource *r)
{
    struct cx *cx = site_cx();

    return cx_printf(cx, "%lld", (long long)testdb_int(cx, cx_printf(
        cx, "SELECT COALESCE(MAX(%s), 0) FROM %s WHERE %s", r->key, r->from,
        r->where == NULL ? "1" : r->where)));
}

static const struct resource *named(const char *name)
{
    const struct features *f = site_features();

    for (size_t i = 0; i < f->n; i++)
        for (size_t k = 0; k < f->v[i]->pages.n; k++)
            if (strcmp(f->v[i]->pages.v[k]->name, name) == 0)
                return f->v[i]->pages.v[k];
    return strcmp(name, "wall") == 0 ? named("connector") : NULL;
}

static void planted_rows_stay_text_on_every_page(void **state)
{
    int shown = 0, pages = 0;

    (void)state;
    plant();
    for (size_t i = 0; i < router->count; i++) {
        const struct route_row *row = &router->rows[i];
        const struct resource *r;
        const char *path = "";
        struct site_reply reply;

        if (row->route.method != GET || row->route.auth != AUTH_ACCOUNT ||
            row->parts < 2)
            continue;
        r = named(row->part[1]);
        for (size_t k = 0; k < row->parts; k++)
            path = cx_printf(site_cx(), "%s/%s", path,
                             row->part[k][0] != ':' ? row->part[k]
                             : r == NULL ? "1" : first_id(r));
        if (strstr(path, "/do/") != NULL && r != NULL)
            path = cx_printf(site_cx(), "%s?ids=%s", path, first_id(r));
        reply = site_get(&admin, path);
        judge(path, "", &reply);
        pages++;
        shown += strstr(reply.body, "&lt;i7x&gt;") != NULL;
    }
    print_message("# %d of %d pages show it as text\n", shown, pages);
    assert_in_range(shown, 40, 4096);
}

/* ---- set-up ------------------------------------------------------------ */

static int start(void **state)
{
    static char log_file[120];
    const char *const options[] = { "--general-log=1", log_file, NULL };
    const char *error;
    struct cx *cx;

    (void)state;
    memset(long_text, 'a', LONG);
    mariadb_make(&mariadb, NULL);
    snprintf(log_file, sizeof log_file, "--general-log-file=%s/general.log",
             mariadb.dir);
    mariadb_up(&mariadb, options);
    setenv("PILEHUB_TEST_SOCKET", mariadb.socket, 1);
    site_start("corpus");
    site_demo();
    cx = site_cx();
    site_sign_in(&admin, site_person("13700000001",
                                     testdb_int(cx, "SELECT id FROM org WHERE"
                                                    " kind = 1"), "*"));
    site_driver(&driver, testdb_int(cx, "SELECT MIN(id) FROM driver"));
    router = router_new(cx->arena, site_features(), NULL, 0, &error);
    return router == NULL;
}

static int stop(void **state)
{
    (void)state;
    site_stop(state);
    mariadb_remove(&mariadb);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_parameter_takes_the_corpus),
        cmocka_unit_test(statements_hold_no_input),
        cmocka_unit_test(planted_rows_stay_text_on_every_page),
    };

    if (getenv("PILEHUB_TEST_SOCKET") == NULL)
        return 77;
    return cmocka_run_group_tests(tests, start, stop);
}
