/*
 * Every route that changes something, from the table of routes as the program
 * makes it (rules L1, I8): done once it leaves its event in the audit, with
 * who, from where and by which request; sent again as the same form it has no
 * effect. Creating, changing and acting on a plain resource is done as its
 * descriptor says, with samples. What is none of that and in none of the tables
 * below fails here: give it a row in acts, or name the test that shows its
 * event. A resource whose form wants more than samples has rows as well.
 *
 * Before each is done, it is tried with memory that runs out (rule C8): the
 * n-th allocation fails, and then the answer is 503, and the effect is there
 * whole or not at all. PILEHUB_OOM=all tries every n.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/crypto.h"
#include "base/stamp.h"
#include "db/db.h"
#include "tests/integration/oom.h"
#include "tests/integration/sample.h"
#include "tests/integration/site.h"
#include "tests/integration/testdb.h"
#include "web/resource.h"
#include "web/router.h"

enum { PATH_MAX_TEXT = 300, FORM_MAX = 2000, SOURCE_MAX = 1 << 20 };

#define PASSWORD "Grain-of-7Salt"
#define NEW_PASSWORD "Fresh-Pear-3x"

/* ---- what is done ------------------------------------------------------ */

/* Why the same form does nothing when it is sent a second time. */
enum again {
    ONCE,  /* its single-use token; without one it is refused (I8) */
    STATE, /* the row is by then as it was wanted */
    TWICE, /* it does: a command more; neither money nor rights */
};

/*
 * In forms {SQL} stands for the number that the statement gives, and @2 for
 * the day after tomorrow. What the page's form holds hidden is added.
 */
static const struct act {
    const char *route;
    const char *id;     /* SQL of the row, or NULL */
    const char *before; /* SQL run before, split by ";", or NULL */
    const char *form;
    const char *event;
    enum again again;
    const char *object; /* that the event names; NULL: whatever it is */
} acts[] = {
    { "/console/org/new", NULL, NULL,
      "parent_id={SELECT id FROM org WHERE kind = 1}&merchant_kind=none"
      "&name=audited", "org.create", ONCE },
    { "/console/org/:id/edit", "SELECT id FROM org WHERE name = 'audited'",
      NULL, "merchant_kind=none&name=audited&contact=x", "org.edit", ONCE },
    { "/console/org/do/disable", "SELECT id FROM org WHERE name = 'audited'",
      NULL, "", "org.disable", ONCE },
    { "/console/org/do/enable", "SELECT id FROM org WHERE name = 'audited'",
      NULL, "", "org.enable", STATE },
    { "/console/role/new", NULL, NULL,
      "org_id={SELECT id FROM org WHERE kind = 1}&name=audited"
      "&perm.order.view=1", "role.create", ONCE },
    { "/console/role/:id/edit", "SELECT id FROM role WHERE name = 'audited'",
      NULL, "name=audited&note=x&perm.order.view=1&perm.audit.view=1",
      "role.edit", ONCE },
    { "/console/account/new", NULL, NULL,
      "org_id={SELECT id FROM org WHERE kind = 1}&phone=13711111111"
      "&name=audited&roles={SELECT id FROM role WHERE name = 'audited'}",
      "account.create", ONCE },
#define ACCOUNT "SELECT id FROM account WHERE phone = '13711111111'"
    { "/console/account/:id/edit", ACCOUNT, NULL,
      "name=other&roles={SELECT id FROM role WHERE name = 'audited'}",
      "account.edit", ONCE },
    { "/console/grant/:id/edit", ACCOUNT, NULL,
      "roles={SELECT id FROM role WHERE name = 'audited'}"
      "&stations={SELECT MIN(id) FROM station}", "account.rights", ONCE },
    { "/console/account/:id/invite", ACCOUNT, NULL, "", "account.invite",
      ONCE },
    { "/console/account/do/reset", ACCOUNT,
      "UPDATE account SET password = 'x' WHERE phone = '13711111111'", "",
      "account.reset", ONCE },
    { "/console/account/do/disable", ACCOUNT, NULL, "", "account.disable",
      ONCE },
    { "/console/account/do/enable", ACCOUNT, NULL, "", "account.enable",
      STATE },
    { "/console/session/do/end",
      "SELECT MIN(id) FROM session WHERE agent = 'ended'",
      "INSERT INTO session (token_hash, kind, owner_id, csrf, agent,"
      " created_at, seen_at, expires_at) SELECT UNHEX(SHA2('x', 256)), 1, id,"
      " UNHEX(SHA2('y', 256)), 'ended', NOW(3), NOW(3), NOW(3) + INTERVAL 1"
      " HOUR FROM account WHERE phone = '13711111111'", "",
      "account.session_end", ONCE },
    { "/console/role/do/delete", "SELECT id FROM role WHERE name = 'audited'",
      "DELETE FROM account_role WHERE role_id ="
      " (SELECT id FROM role WHERE name = 'audited')", "", "role.delete",
      ONCE },
    { "/console/station/new", NULL, NULL,
      "merchant_id={SELECT MIN(id) FROM org WHERE kind = 3}&name=audited"
      "&nature=self&hours=00:00-24:00&province=p&city=c&district=d&address=a"
      "&lng=113.269000&lat=22.988000", "station.create", ONCE },
#define STATION "SELECT id FROM station WHERE name = 'audited'"
    { "/console/station/:id/edit", STATION, NULL,
      "name=audited&nature=self&hours=00:00-24:00&province=p&city=c"
      "&district=d&address=other", "station.edit", ONCE },
#define AREA "SELECT MIN(id) FROM area WHERE station_id = (" STATION ")"
    { "/console/pile/new", NULL, NULL,
      "station_id={" STATION "}&area_id={" AREA "}&no=32010600011923"
      "&name=audited&kind=dc&speed=fast&guns=2&power_w=120&mounting=floor"
      "&nature=self&network=sim&sim_carrier=none&login_policy=strict"
      "&pinned_address=10.1.0.0/16",
      "pile.create", ONCE },
#define PILE "SELECT id FROM pile WHERE name = 'audited'"
#define GUN "SELECT MIN(id) FROM connector WHERE pile_id = (" PILE ")"
    { "/console/pile/:id/edit", PILE, NULL,
      "station_id={" STATION "}&area_id={" AREA "}&no=32010600011923"
      "&name=audited&kind=dc&speed=fast&guns=2&power_w=180&mounting=floor"
      "&nature=self&network=sim&sim_carrier=none&login_policy=strict"
      "&pinned_address=10.1.0.0/16",
      "pile.edit", ONCE },
    { "/console/connector/:id/edit", GUN, NULL, "name=other&parking_no=7",
      "connector.edit", ONCE },
    { "/console/connector/do/disable", GUN, NULL, "", "connector.disable",
      ONCE },
    { "/console/connector/do/enable", GUN, NULL, "", "connector.enable",
      STATE },
    { "/console/tariff/new", NULL, NULL,
      "station_id={" STATION "}&name=audited&mode=unified"
      "&starts_on=@2"
      "&all_elec=0.80000&all_service=0.40000", "tariff.create", ONCE },
#define TARIFF "SELECT id FROM tariff WHERE name = 'audited'"
    { "/console/tariff/:id/edit", TARIFF, NULL,
      "station_id={" STATION "}&name=audited&mode=unified"
      "&starts_on=@3"
      "&all_elec=0.90000&all_service=0.40000", "tariff.price", ONCE },
    { "/console/tariff/do/disable", TARIFF, NULL, "", "tariff.disable",
      ONCE },
    { "/console/tariff/do/enable", TARIFF, NULL, "", "tariff.enable", STATE },
    { "/console/pile/do/reboot", PILE, "UPDATE pile SET online = 1", "",
      "pile.reboot", ONCE },
    { "/console/pile/do/clock", PILE, NULL, "", "pile.clock", TWICE },
    { "/console/pile/do/tariff", "SELECT MIN(id) FROM pile", NULL, "",
      "pile.tariff", TWICE },
    { "/console/pile/do/code", PILE, NULL, "", "pile.qr", TWICE },
    { "/console/pile/do/read", PILE, NULL, "", "pile.read", TWICE },
    { "/console/pile/do/disable", PILE, NULL, "", "pile.disable", ONCE },
    { "/console/pile/do/enable", PILE, NULL, "", "pile.enable", STATE },
    { "/console/pile/do/delete", PILE, NULL, "", "pile.delete", ONCE },
    { "/console/station/do/disable", STATION, NULL, "", "station.disable",
      ONCE },
    { "/console/station/do/enable", STATION, NULL, "", "station.enable",
      STATE },
    { "/console/wall/:id/stop",
      "SELECT connector_id FROM charge_order WHERE state = 4",
      "UPDATE charge_order o JOIN connector_live l"
      " ON l.connector_id = o.connector_id JOIN pile p ON p.id = l.pile_id"
      " JOIN (SELECT MAX(id) id FROM charge_order) t ON t.id = o.id"
      " SET o.state = 4, o.stop_by = 0, l.state = 1, l.trade_no = o.trade_no,"
      " l.order_id = o.id, p.online = 1, p.nature = 1",
      "reason=safety", "order.stop", ONCE },
    { "/console/order/:id/review",
      "SELECT MAX(id) FROM charge_order WHERE state = 9",
      "UPDATE charge_order o JOIN (SELECT MIN(id) id FROM charge_order WHERE"
      " state = 7) t ON t.id = o.id SET o.state = 9",
      "how=zero&reason=checked", "order.review", ONCE },
/* Late money whose refund the channel refused; NO names both. */
#define REFUND(no)                                                            \
    "INSERT INTO payment (out_trade_no, driver_id, channel, amount, state,"   \
    " channel_trade_no, paid_at, expires_at, created_at, updated_at)"         \
    " SELECT '" no "', MIN(id), 'demo', 100, 7, '" no "', NOW(3), NOW(3),"    \
    " NOW(3), NOW(3) FROM driver;"                                            \
    "INSERT INTO payment_refund (refund_no, payment_id, amount, state,"       \
    " reason, created_at) SELECT out_trade_no, id, amount, 4, 'late', NOW(3)" \
    " FROM payment WHERE out_trade_no = '" no "'"
#define REFUND_ID(no)                                                         \
    "SELECT id FROM payment_refund WHERE refund_no = '" no "'"
/* What another person wants done about it, waiting for the second. */
#define WAITING(no)                                                           \
    ";INSERT INTO correction (kind, ref_id, ref_no, how, amount, reason,"     \
    " state, author_id, author_name, created_at) SELECT 2, id, refund_no, 4," \
    " amount, 'of another', 1, 1, 'other', NOW(3) FROM payment_refund"        \
    " WHERE refund_no = '" no "'"
#define CORRECTION_ID(no)                                                     \
    "SELECT id FROM correction WHERE ref_no = '" no "'"
    { "/console/refund/do/retry", REFUND_ID("U1"), REFUND("U1"), "",
      "payment.refund_retry", ONCE },
    { "/console/refund/do/to_wallet", REFUND_ID("U2"), REFUND("U2"),
      "why=checked", "payment.refund_closed", ONCE },
    { "/console/refund/do/by_hand", REFUND_ID("U3"), REFUND("U3"),
      "why=checked", "payment.refund_closed", ONCE },
    { "/console/refund/do/paid", REFUND_ID("U6"),
      REFUND("U6") ";UPDATE payment_refund SET state = 5 WHERE refund_no ="
      " 'U6'", "why=BANK-2026", "correction.open", ONCE },
    { "/console/correction/do/approve", CORRECTION_ID("U4"),
      REFUND("U4") WAITING("U4"), "", "correction.approve", ONCE },
    { "/console/correction/do/refuse", CORRECTION_ID("U5"),
      REFUND("U5") WAITING("U5"), "why=checked", "correction.refuse", ONCE },
    { "/console/driver/do/disable", "SELECT MIN(id) FROM driver", NULL, "",
      "driver.disable", ONCE },
    { "/console/driver/do/enable", "SELECT MIN(id) FROM driver", NULL, "",
      "driver.enable", STATE },
    { "/console/me/kill", NULL, NULL,
      "id={SELECT MIN(s.id) FROM session s JOIN account a"
      " ON a.id = s.owner_id WHERE s.kind = 1 AND a.phone = '13700000001'}",
      "account.session_end", STATE },
    { "/console/me/password", NULL, NULL,
      "old=" PASSWORD "&password=" NEW_PASSWORD "&again=" NEW_PASSWORD,
      "account.password", ONCE },
};

/* Shown where the third party, the pile or the stranger is at hand. Named
   here: the test must be there, and must look for the event. */
#define FOLDER "tests/integration/"
static const struct elsewhere {
    const char *route, *event, *file, *test;
} elsewhere[] = {
    { "/login", "account.sign_in'", FOLDER "test_web_sessions.c",
      "right_password_opens_the_console" },
    { "/login", "account.sign_in_failed", FOLDER "test_web_sessions.c",
      "failures_count_down_then_lock" },
    { "/login/code", "sms.code", FOLDER "test_web_sessions.c",
      "code_is_tried_five_times_and_sent_once_a_minute" },
    { "/login/sms", "account.sign_in'", FOLDER "test_web_sessions.c",
      "code_signs_in_and_is_used_up" },
    { "/login/sms", "account.sign_in_failed", FOLDER "test_web_sessions.c",
      "code_signs_in_and_is_used_up" },
    { "/login/password", "account.password", FOLDER "test_web_sessions.c",
      "first_password_needs_the_phone" },
    { "/logout", "account.sign_out", FOLDER "test_web_sessions.c",
      "signing_out_ends_the_session" },
    { "/console/:resource/import/commit", "import", FOLDER "test_resource.c",
      "a_good_file_is_imported_whole_and_once" },
    { "/console/orphan/:id/edit", "record.assign", FOLDER "test_orphan_page.c",
      "the_form_makes_an_order_once" },
    { "/api/driver/v1/sms-codes", "sms.code",
      FOLDER "driver/test_driver_api.c",
      "the_first_sign_in_makes_the_account" },
    { "/api/driver/v1/sessions", "driver.register",
      FOLDER "driver/test_driver_api.c",
      "the_first_sign_in_makes_the_account" },
    { "/api/driver/v1/sessions", "driver.sign_in_failed",
      FOLDER "driver/test_driver_api.c", "a_code_is_good_once_and_for_its_phone" },
    { "/api/driver/v1/sessions/delete", "driver.sign_out",
      FOLDER "driver/test_driver_api.c", "a_session_ends_when_it_should" },
    { "/api/driver/v1/sessions/:id/delete", "driver.session_end",
      FOLDER "driver/test_driver_api.c",
      "drivers_list_and_end_their_sessions" },
    { "/api/driver/v1/me", "driver.describe",
      FOLDER "driver/test_driver_api.c", "drivers_say_who_they_are" },
    { "/api/driver/v1/orders", "order.start",
      FOLDER "driver/test_driver_api.c", "a_repeated_start_is_one" },
    { "/api/driver/v1/orders/:order_no/stop", "order.stop",
      FOLDER "driver/test_driver_api.c", "stopping_again_is_harmless" },
    { "/api/driver/v1/topups", "payment.open",
      FOLDER "driver/test_payment.c", "the_same_key_gives_the_same_answer" },
    { "/api/driver/v1/topups/:out_trade_no/check", "payment.paid",
      FOLDER "driver/test_payment.c", "the_app_can_have_it_asked" },
    { "/api/pay/:channel/notify", "payment.paid",
      FOLDER "driver/test_payment.c", "a_top_up_is_paid_once_and_shown" },
};

/* POSTs that change nothing that anybody else sees. */
static const struct quiet {
    const char *route, *why;
} quiet[] = {
    { "/console/tariff/calc", "computes with the form that is typed" },
    { "/console/tariff/:id/calc", "computes with the form that is typed" },
    { "/console/:resource/columns", "the columns of one's own list" },
    { "/console/:resource/saved", "the filters of one's own list" },
    { "/console/:resource/import", "checks a file, changes no row" },
};

/* ---- set-up ------------------------------------------------------------ */

static struct visitor admin;
static struct router *router;

static const char *text_of(const char *sql)
{
    struct cx *cx = site_cx();

    return cx_printf(cx, "%lld", (long long)testdb_int(cx, sql));
}

static int start(void **state)
{
    struct visitor elsewhere_too;
    struct cx *cx;
    char hash[PASSWORD_HASH_SIZE];
    const char *error;
    int64_t id;

    (void)state;
    site_start("unsafe");
    site_demo();
    cx = site_cx();
    id = site_person("13700000001", testdb_int(cx, "SELECT id FROM org WHERE"
                                                   " kind = 1"), "*");
    site_sign_in(&elsewhere_too, id);
    site_sign_in(&admin, id);
    password_hash(cx, PASSWORD, hash);
    testdb_sql(cx, cx_printf(cx, "UPDATE account SET password = '%s' WHERE"
                             " phone = '13700000001'", hash));
    router = router_new(cx->arena, site_features(), NULL, 0, &error);
    return router == NULL;
}

/* ---- the tables are whole ---------------------------------------------- */

/* "/console/:resource/x" fits the engine's route of any resource. */
static bool fits(const char *pattern, const struct route_row *row)
{
    static const char any[] = "/console/:resource";
    const char *tail;

    if (strncmp(pattern, any, sizeof any - 1) != 0)
        return strcmp(pattern, row->route.path) == 0;
    if (strncmp(row->route.path, "/console/", strlen("/console/")) != 0)
        return false;
    tail = strchr(row->route.path + strlen("/console/"), '/');
    return row->route.target != NULL && tail != NULL &&
           strcmp(pattern + sizeof any - 1, tail) == 0;
}

/* What this program does for every resource without a table. */
static bool is_generic(const struct route_row *row)
{
    return fits("/console/:resource/export", row) ||
           fits("/console/:resource/:id/reveal", row);
}

/* Named by a row of acts. */
static bool has_row(const char *path)
{
    for (size_t k = 0; k < COUNT(acts); k++)
        if (strcmp(acts[k].route, path) == 0)
            return true;
    return false;
}

/* Made and changed by the engine's form, and by no row of acts. */
static bool is_plain(const struct resource *r)
{
    return r->perm.create != NULL && !r->own_form &&
           !has_row(cx_printf(site_cx(), "/console/%s/new", r->name));
}

/* What each_plain_resource_leaves_its_events does. */
static bool is_of_plain(const struct route_row *row)
{
    return (fits("/console/:resource/new", row) ||
            fits("/console/:resource/:id/edit", row) ||
            (row->route.target != NULL &&
             strstr(row->route.path, "/do/") != NULL)) &&
           is_plain(row->route.target);
}

static int rows_for(const char *pattern)
{
    int n = 0;

    for (size_t i = 0; i < router->count; i++)
        n += router->rows[i].route.method == POST &&
             fits(pattern, &router->rows[i]);
    return n;
}

static void every_unsafe_route_has_its_event(void **state)
{
    int missing = 0;

    (void)state;
    for (size_t i = 0; i < router->count; i++) {
        const struct route_row *row = &router->rows[i];
        bool found = row->route.method != POST || is_generic(row) ||
                     is_of_plain(row);

        for (size_t k = 0; k < COUNT(acts); k++)
            found |= fits(acts[k].route, row);
        for (size_t k = 0; k < COUNT(elsewhere); k++)
            found |= fits(elsewhere[k].route, row);
        for (size_t k = 0; k < COUNT(quiet); k++)
            found |= fits(quiet[k].route, row);
        if (!found) {
            print_message("# POST %s: which event does it leave?\n",
                          row->route.path);
            missing++;
        }
    }
    assert_int_equal(missing, 0);
    for (size_t k = 0; k < COUNT(acts); k++)
        if (rows_for(acts[k].route) == 0)
            fail_msg("no route %s", acts[k].route);
    for (size_t k = 0; k < COUNT(elsewhere); k++)
        if (rows_for(elsewhere[k].route) == 0)
            fail_msg("no route %s", elsewhere[k].route);
    for (size_t k = 0; k < COUNT(quiet); k++)
        if (rows_for(quiet[k].route) == 0)
            fail_msg("no route %s", quiet[k].route);
}

/* The function of that name in a test program, as text. */
static void read_test(const struct elsewhere *e, char *out, size_t size)
{
    static char source[SOURCE_MAX];
    const char *top = getenv("PILEHUB_SOURCE"), *from, *to;
    char path[PATH_MAX_TEXT], head[120];
    FILE *f;
    size_t n;

    snprintf(path, sizeof path, "%s/%s", top == NULL ? "." : top, e->file);
    f = fopen(path, "re");
    if (f == NULL)
        fail_msg("no %s", path);
    n = fread(source, 1, sizeof source - 1, f);
    fclose(f);
    source[n] = '\0';
    snprintf(head, sizeof head, "static void %s(void **state)\n", e->test);
    from = strstr(source, head);
    to = from == NULL ? NULL : strstr(from, "\n}\n");
    if (to == NULL || strstr(to, e->test) == NULL)
        fail_msg("%s runs no %s", e->file, e->test);
    snprintf(out, size, "%.*s", (int)(to - from), from);
}

static void the_tests_elsewhere_look_for_it(void **state)
{
    static char body[20000];

    (void)state;
    for (size_t i = 0; i < COUNT(elsewhere); i++) {
        read_test(&elsewhere[i], body, sizeof body);
        if (strstr(body, elsewhere[i].event) == NULL)
            fail_msg("%s does not look for %s", elsewhere[i].test,
                     elsewhere[i].event);
    }
}

/* ---- doing it ---------------------------------------------------------- */

static const char *date_in(int days)
{
    char text[STAMP_TEXT];

    return cx_strdup(site_cx(),
                     stamp_date_text(stamp_add_days(stamp_now(), days),
                                     text));
}

/* {SQL} and @N replaced. */
static const char *filled(const char *form)
{
    struct cx *cx = site_cx();
    const char *out = "";

    while (*form != '\0') {
        size_t n = strcspn(form, "{@");

        out = cx_printf(cx, "%s%.*s", out, (int)n, form);
        form += n;
        if (*form == '@') {
            out = cx_printf(cx, "%s%s", out, date_in(form[1] - '0'));
            form += 2;
        } else if (*form == '{') {
            n = strcspn(form, "}");
            out = cx_printf(cx, "%s%s", out,
                            text_of(cx_printf(cx, "%.*s", (int)n - 1,
                                              form + 1)));
            form += n + 1;
        }
    }
    return out;
}

static const char *path_of(const struct act *a, const char *id)
{
    const char *mark = strstr(a->route, ":id");

    return mark == NULL ? a->route
                        : cx_printf(site_cx(), "%.*s%s%s",
                                    (int)(mark - a->route), a->route, id,
                                    mark + strlen(":id"));
}

/* name=value of a hidden field of the page, or "". */
static const char *hidden(const char *page, const char *name)
{
    struct cx *cx = site_cx();
    const char *mark = cx_printf(cx, "name=\"%s\" value=\"", name);
    const char *at = strstr(page, mark);

    if (at == NULL)
        return "";
    at += strlen(mark);
    return cx_printf(cx, "&%s=%.*s", name, (int)strcspn(at, "\""), at);
}

/* The page with the form, and what it holds beside what is typed. */
static const char *opened(const struct act *a, const char *path,
                          const char *id)
{
    struct cx *cx = site_cx();
    bool asks = strstr(path, "/do/") != NULL;
    struct site_reply r;

    if (strncmp(path, "/console/me", 11) == 0)
        r = site_get(&admin, "/console/me");
    else
        r = site_get(&admin, asks ? cx_printf(cx, "%s?ids=%s", path, id)
                                  : path);
    if (r.status != 200)
        fail_msg("GET %s: %d", path, r.status);
    return cx_printf(cx, "%s%s%s%s%s", filled(a->form),
                     asks ? cx_printf(cx, "&ids=%s", id) : "",
                     hidden(r.body, "_version"), hidden(r.body, "ver"),
                     hidden(r.body, "order_no"));
}

static int64_t events_on(const char *event, const char *object)
{
    struct cx *cx = site_cx();

    return testdb_int(cx, cx_printf(
        cx, "SELECT COUNT(*) FROM audit WHERE actor_id = %lld AND event"
        " LIKE '%s' AND actor_kind = %d AND actor_name <> '' AND org_id > 0"
        " AND address = '127.0.0.1' AND session_id > 0"
        " AND LENGTH(request_id) >= 8 AND object LIKE '%s'",
        (long long)admin.account_id, event, (int)ACTOR_ACCOUNT, object));
}

static int64_t events(const char *event)
{
    return events_on(event, "%");
}

/* Those that the act leaves. */
static int64_t effects(const struct act *a)
{
    return events_on(a->event, a->object == NULL ? "%" : a->object);
}

/* Without the token of a form that was opened, and with a made-up one. */
static void need_token(const char *path, const char *form)
{
    struct visitor forger = admin;
    int64_t before = events("%");

    for (size_t i = 0; i < 2; i++) {
        struct site_reply r;

        if (i == 0)
            forger.form[0] = '\0';
        else
            snprintf(forger.form, sizeof forger.form, "%.*s.%064d", 32,
                     admin.form, 0);
        r = site_post(&forger, path, form);
        if (r.status != 403 || events("%") != before)
            fail_msg("POST %s without a token: %d", path, r.status);
    }
}

/* ---- with memory that runs out ------------------------------------------ */

enum { OOM_STRIDE = 47 };

static long oom_at;

static void oom_before(void)
{
    oom_begin(oom_at);
}

static void oom_after(void)
{
    oom_end();
}

/* Until one of the tries had its effect. */
static const char *try_starved(const struct act *a, const char *path,
                               const char *id, const char *form)
{
    int64_t before = effects(a);
    bool hit = true;

    oom_at = oom_first(path, OOM_STRIDE);
    for (; hit && effects(a) == before; oom_at += oom_step(OOM_STRIDE)) {
        struct site_reply r;

        site_around(oom_before, oom_after);
        r = site_post(&admin, path, form);
        site_around(NULL, NULL);
        hit = oom_hit();
        if (r.status == 409 && effects(a) == before) {
            /* That form's effect is not known: a new one. */
            form = opened(a, path, id);
            hit = true;
            continue;
        }
        if (hit && r.status != 503 && r.status >= 400)
            fail_msg("POST %s, allocation %ld: %d %s", path, oom_at,
                     r.status, r.body);
        if (r.status < 400 && effects(a) == before)
            fail_msg("POST %s, allocation %ld: says yes", path, oom_at);
    }
    return form;
}

static void act_once(const struct act *a)
{
    struct cx *cx = site_cx();
    const char *id, *path, *form;
    struct site_reply r;
    int64_t before, all;

    for (const char *sql = a->before; sql != NULL && *sql != '\0';) {
        size_t n = strcspn(sql, ";");

        testdb_sql(cx, cx_printf(cx, "%.*s", (int)n, sql));
        sql += n + (sql[n] == ';');
    }
    id = a->id == NULL ? "" : text_of(a->id);
    path = path_of(a, id);
    form = opened(a, path, id);
    before = effects(a);
    if (a->again == ONCE)
        need_token(path, form);
    form = try_starved(a, path, id, form);
    if (effects(a) == before) {
        r = site_post(&admin, path, form);
        if (r.status >= 400)
            fail_msg("POST %s %s: %d %s", path, form, r.status,
                     strstr(r.body, "<main") != NULL
                         ? strstr(r.body, "<main") : r.body);
    }
    if (effects(a) == before)
        fail_msg("POST %s leaves no %s", path, a->event);
    all = events("%");
    r = site_post(&admin, path, form);
    if (r.status == 0 || r.status >= 500)
        fail_msg("POST %s again: %d", path, r.status);
    if (a->again != TWICE && events("%") != all)
        fail_msg("POST %s again has an effect", path);
    if (a->again == TWICE && events("%") == all)
        fail_msg("POST %s again leaves no event", path);
}

static void each_leaves_its_event_and_counts_once(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(acts); i++)
        act_once(&acts[i]);
    print_message("# %zu acts\n", COUNT(acts));
}

/* ---- plain resources ---------------------------------------------------- */

/* The row that was made last, and whether an action is offered on it. */
static const char *made_last(const struct resource *r)
{
    return cx_printf(site_cx(), "SELECT object_id FROM audit WHERE object ="
                     " '%s' ORDER BY id DESC LIMIT 1", r->name);
}

static bool is_offered(const struct resource *r, const struct action *a)
{
    struct cx *cx = site_cx();

    return testdb_int(cx, cx_printf(
        cx, "SELECT COUNT(*) FROM %s WHERE %s = (%s) AND (%s)", r->from,
        r->key, made_last(r), a->when == NULL ? "1" : a->when)) == 1;
}

static void do_action(const struct resource *r, const struct action *a)
{
    act_once(&(struct act){
        .route = cx_printf(site_cx(), "/console/%s/do/%s", r->name, a->name),
        .id = made_last(r), .event = "%", .object = r->name,
        .form = a->run_why != NULL ? "why=checked" : "",
        .again = a->flags & ACT_CONFIRM ? ONCE : STATE,
    });
}

/* Each once, when the row is in a state for it; what is red comes last. */
static void do_actions(const struct resource *r)
{
    bool done[100] = { false };

    assert_true(r->actions.n <= COUNT(done));
    for (int round = 0; round < 3; round++)
        for (size_t i = 0; i < r->actions.n; i++) {
            const struct action *a = &r->actions.v[i];

            if (done[i] || (a->flags & ACT_LINK) != 0 ||
                ((a->flags & ACT_DANGER) != 0 && round == 0) ||
                has_row(cx_printf(site_cx(), "/console/%s/do/%s", r->name,
                                  a->name)) || !is_offered(r, a))
                continue;
            do_action(r, a);
            done[i] = true;
        }
    for (size_t i = 0; i < r->actions.n; i++)
        if (!done[i] && (r->actions.v[i].flags & ACT_LINK) == 0 &&
            !has_row(cx_printf(site_cx(), "/console/%s/do/%s", r->name,
                               r->actions.v[i].name)))
            fail_msg("%s: when is %s offered? Give it a row in acts.",
                     r->name, r->actions.v[i].name);
}

/* First, while the demo is as it was. */
static void each_plain_resource_leaves_its_events(void **state)
{
    struct cx *cx = site_cx();
    int done = 0;

    (void)state;
    for (size_t i = 0; i < router->count; i++) {
        const struct route_row *row = &router->rows[i];
        const struct resource *r = row->route.target;

        if (row->route.method != POST || !is_of_plain(row) ||
            !fits("/console/:resource/new", row))
            continue;
        act_once(&(struct act){ .route = row->route.path, .event = "%",
                                .object = r->name, .again = ONCE,
                                .form = sample_form(&admin, r, true) });
        if (r->perm.edit != NULL)
            act_once(&(struct act){
                .route = cx_printf(cx, "/console/%s/:id/edit", r->name),
                .id = made_last(r), .event = "%", .object = r->name,
                .again = ONCE, .form = sample_form(&admin, r, false) });
        do_actions(r);
        done++;
    }
    assert_in_range(done, 1, ROUTES_MAX);
}

/* What was typed into the forms above, where they took effect (L4). */
static void no_event_tells_a_secret(void **state)
{
    static const char *const typed[] = { "13711111111", PASSWORD,
                                         NEW_PASSWORD };
    struct cx *cx = site_cx();

    (void)state;
    for (size_t i = 0; i < COUNT(typed); i++)
        if (testdb_int(cx, cx_printf(
                cx, "SELECT (SELECT COUNT(*) FROM audit WHERE CONCAT_WS(' ',"
                " text, before_json, after_json) LIKE '%%%s%%') + (SELECT"
                " COUNT(*) FROM outbox WHERE payload LIKE '%%%s%%')",
                typed[i], typed[i])) != 0)
            fail_msg("%s is told", typed[i]);
}

/* Nothing above is called by its key on the page of the audit. */
static void every_event_has_its_word(void **state)
{
    const struct features *all = site_features();
    struct cx *cx = site_cx();
    const char *known = "''";

    (void)state;
    for (size_t f = 0; f < all->n; f++)
        for (size_t i = 0; i < all->v[f]->events.n; i++)
            known = cx_printf(cx, "%s,'%s'", known,
                              all->v[f]->events.v[i].key);
    assert_int_equal(testdb_int(cx, cx_printf(
        cx, "SELECT COUNT(*) FROM audit WHERE event NOT IN (%s)", known)), 0);
    assert_int_equal(testdb_int(cx, cx_printf(
        cx, "SELECT COUNT(DISTINCT event) > 40 FROM audit WHERE event IN (%s)",
        known)), 1);
}

/* ---- what the engine does for every resource --------------------------- */

static const char *first_id(const struct resource *r)
{
    struct cx *cx = site_cx();

    return text_of(cx_printf(cx, "SELECT COALESCE(MIN(%s), 0) FROM %s WHERE"
                             " %s", r->key, r->from,
                             r->where == NULL ? "1" : r->where));
}

static void every_export_leaves_its_event(void **state)
{
    int done = 0;

    (void)state;
    for (size_t i = 0; i < router->count; i++) {
        const struct route_row *row = &router->rows[i];
        int64_t before = events("export");
        struct site_reply r;

        if (row->route.method != POST ||
            !fits("/console/:resource/export", row))
            continue;
        r = site_post(&admin, row->route.path, "format=csv");
        if (r.status >= 400 || events("export") != before + 1)
            fail_msg("%s: %d, no event", row->route.path, r.status);
        done++;
    }
    assert_in_range(done, 8, ROUTES_MAX);
}

static void every_value_shown_in_clear_leaves_its_event(void **state)
{
    struct cx *cx = site_cx();
    int shown = 0;

    (void)state;
    for (size_t i = 0; i < router->count; i++) {
        const struct route_row *row = &router->rows[i];
        const struct resource *r = row->route.target;

        if (row->route.method != POST ||
            !fits("/console/:resource/:id/reveal", row))
            continue;
        for (size_t k = 0; k < r->columns.n; k++) {
            int64_t before = events("privacy.reveal");
            const char *id = first_id(r);
            bool masked = r->columns.v[k].kind == CELL_PHONE;
            struct site_reply reply;

            if (strcmp(id, "0") == 0)
                continue;
            reply = site_post(&admin, cx_printf(cx, "/console/%s/%s/reveal",
                                                r->name, id),
                              cx_printf(cx, "column=%s",
                                        r->columns.v[k].name));
            if (reply.status != (masked ? 200 : 400) ||
                events("privacy.reveal") != before + masked)
                fail_msg("%s.%s: %d", r->name, r->columns.v[k].name,
                         reply.status);
            shown += masked;
        }
    }
    assert_in_range(shown, 3, 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_unsafe_route_has_its_event),
        cmocka_unit_test(the_tests_elsewhere_look_for_it),
        cmocka_unit_test(every_export_leaves_its_event),
        cmocka_unit_test(every_value_shown_in_clear_leaves_its_event),
        cmocka_unit_test(each_plain_resource_leaves_its_events),
        cmocka_unit_test(each_leaves_its_event_and_counts_once),
        cmocka_unit_test(no_event_tells_a_secret),
        cmocka_unit_test(every_event_has_its_word),
    };

    return cmocka_run_group_tests(tests, start, site_stop);
}
