/*
 * What people do with the generic pages: look, fill in, correct, act on many,
 * export, import. On the pages of areas, piles, accounts and organisations.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "tests/integration/site.h"
#include "tests/integration/testdb.h"
#include "tests/integration/text.h"
#include "base/macros.h"

static struct visitor admin, second;
static struct cx *cx;
static long long station, other_station;

/* The number that a statement gives. */
#define count(...) testdb_int(cx, text(__VA_ARGS__))

static int times(const char *body, const char *part)
{
    int n = 0;

    while ((body = strstr(body, part)) != NULL) {
        body += strlen(part);
        n++;
    }
    return n;
}

/* ---- lists -------------------------------------------------------------- */

static void a_list_pages_to_its_end_and_back(void **state)
{
    struct site_reply r = site_get(&admin, "/console/pile");
    char next[900], prev[900];
    const char *at;

    (void)state;
    assert_int_equal(times(r.body, "data-row "), 20);
    assert_has(&r, "本页 20 台，共 <b class=\"num\">40</b> 台");
    at = strstr(r.body, "btn-sm\" href=\"/console/pile?after=") + 14;
    assert_non_null(at);
    snprintf(next, sizeof next, "%.*s", (int)strcspn(at, "\""), at);
    r = site_get(&admin, next);
    assert_int_equal(times(r.body, "data-row "), 20);
    assert_has(&r, "disabled>下一页");
    at = strstr(r.body, "btn-sm\" href=\"/console/pile?before=") + 14;
    assert_non_null(at);
    snprintf(prev, sizeof prev, "%.*s", (int)strcspn(at, "\""), at);
    r = site_get(&admin, prev);
    assert_int_equal(times(r.body, "data-row "), 20);
    assert_has_not(&r, "data-step=\"prev\"");
    assert_has(&r, "44010601000001");
}

static void filters_narrow_and_can_be_taken_away(void **state)
{
    struct site_reply r =
        site_get(&admin, "/console/pile?power_from=100&kind=dc&q=4401");

    (void)state;
    assert_has(&r, "额定功率：100 kW 起");
    assert_has(&r, "/console/pile?q=4401&amp;kind=dc\"");
    assert_has(&r, "name=\"power_from\"");
    r = site_get(&admin, "/console/pile?q=nosuchpile");
    assert_has(&r, "没有符合条件的电桩");
    assert_has(&r, "去掉「桩编号 / 站内名称：nosuchpile」");
    r = site_get(&admin, text("/console/pile?station=%lld", station));
    assert_int_equal(r.status, 200);
    assert_int_equal(times(r.body, "data-row ") > 0, 1);
}

/* A page shows what it can and says what it left out; what hands out or
   changes rows takes nothing that it does not understand. */
static void a_wrong_filter_is_said(void **state)
{
    struct site_reply r = site_get(&admin, "/console/pile?status=xyz");

    (void)state;
    assert_int_equal(r.status, 200);
    assert_has(&r, "筛选条件「运营状态」不是可选的值。");
    assert_has_not(&r, "xyz");
    r = site_get(&admin, "/console/pile?power_from=abc&q=A0&sort=nothing"
                         "&station=99999999");
    assert_int_equal(r.status, 200);
    assert_has(&r, "筛选条件「额定功率」应为数字。");
    assert_has(&r, "不在你的数据范围内。");
    assert_has(&r, "不能按「nothing」排序。");
    assert_has(&r, "value=\"abc\"");
    assert_has(&r, "移除条件 桩编号 / 站内名称：A0");
    r = site_get(&admin, "/console/pile?after=zz");
    assert_has(&r, "网址里的翻页位置已失效");
    r = site_get(&admin, "/console/pile");
    assert_has_not(&r, "list-wrong");
    assert_int_equal(site_get(&admin, "/console/pile.json?status=xyz").status,
                     400);
    assert_int_equal(site_post(&admin, "/console/pile/export",
                               "status=xyz&format=csv").status, 400);
    r = site_get(&admin, "/console/pile/do/disable?all=1&status=xyz");
    assert_int_equal(r.status, 400);
}

static void a_page_without_its_station_says_so(void **state)
{
    static const char *const pages[] = { "/console/wall", "/console/" };
    struct site_reply r;

    (void)state;
    for (size_t i = 0; i < COUNT(pages); i++) {
        r = site_get(&admin, text("%s?station=999", pages[i]));
        assert_int_equal(r.status, 200);
        assert_has(&r, "没有这个电站，或不在你的数据范围内");
        r = site_get(&admin, text("%s?station=1", pages[i]));
        assert_int_equal(r.status, 200);
        assert_has_not(&r, "没有这个电站");
    }
}

static void a_list_answers_as_json(void **state)
{
    struct site_reply r = site_get(&admin, "/console/pile.json?size=20");

    (void)state;
    assert_string_equal(r.type, "application/json; charset=utf-8");
    assert_int_equal(times(r.body, "\"no\":\""), 20);
    assert_has(&r, "\"power\":60.000");
    assert_has(&r, "\"kind\":\"dc\"");
    assert_has(&r, "\"total\":40,\"more\":false");
}

static void columns_are_chosen_per_person(void **state)
{
    struct site_reply r;

    (void)state;
    r = site_post(&admin, "/console/pile/columns",
                  "show.guns=1&show.name=1&show.nosuch=1&_to=/console/pile");
    assert_int_equal(r.status, 303);
    assert_string_equal(r.location, "/console/pile");
    r = site_get(&admin, "/console/pile");
    assert_has(&r, "<th class=\"r\">电枪数量</th><th class=\"\">站内名称</th>");
    assert_has_not(&r, "<th class=\"\">运行状态");
    r = site_get(&second, "/console/pile");
    assert_has(&r, "<th class=\"\">运行状态");
    r = site_post(&admin, "/console/pile/columns",
                  "show.guns=1&_reset=1&_to=https://elsewhere.example/");
    assert_string_equal(r.location, "/console/pile");
    r = site_get(&admin, "/console/pile");
    assert_has(&r, "<th class=\"\">运行状态");
}

static void filters_are_kept_under_names(void **state)
{
    struct site_reply r;

    (void)state;
    r = site_get(&admin, "/console/pile?q=A0");
    assert_has(&r, "保存为常用筛选");
    assert_has_not(&r, "移除常用筛选 ");
    r = site_get(&admin, "/console/pile");
    assert_has_not(&r, "保存为常用筛选");
    r = site_post(&admin, "/console/pile/saved",
                  "_name=%20on%20&status=enabled&sort=-no"
                  "&_to=/console/pile?status=enabled");
    assert_int_equal(r.status, 303);
    assert_string_equal(r.location, "/console/pile?status=enabled");
    r = site_get(&admin, "/console/pile?status=enabled&sort=-no");
    assert_has(&r, "href=\"/console/pile?status=enabled&amp;sort=-no\""
                   " role=\"menuitem\" aria-current=\"true\">on</a>");
    /* One's own, and of this list. */
    r = site_get(&second, "/console/pile");
    assert_has_not(&r, "移除常用筛选 ");
    r = site_get(&admin, "/console/station");
    assert_has_not(&r, "移除常用筛选 ");
    /* The same name again is the same one. */
    site_post(&admin, "/console/pile/saved", "_name=on&q=A0%26%22%3E");
    r = site_get(&admin, "/console/pile");
    assert_int_equal(times(r.body, "移除常用筛选 "), 1);
    assert_has(&r, "href=\"/console/pile?q=A0%26%22%3E\"");
    site_post(&admin, "/console/pile/saved", "_name=on&_drop=1");
    r = site_get(&admin, "/console/pile");
    assert_has_not(&r, "移除常用筛选 ");
}

static void a_filter_is_kept_only_if_it_is_one(void **state)
{
    static const char *const bad[] = {
        "_name=&status=enabled",                  /* no name */
        "_name=1234567890123&status=enabled",     /* too long */
        "_name=none",                             /* nothing to keep */
        "_name=wrong&status=xyz",                 /* not one */
    };
    struct site_reply r;

    (void)state;
    for (size_t i = 0; i < COUNT(bad); i++)
        assert_int_equal(site_post(&admin, "/console/pile/saved",
                                   bad[i]).status, 400);
    for (int i = 0; i < 11; i++)
        assert_int_equal(site_post(&admin, "/console/pile/saved",
                                   text("_name=f%d&q=%d", i, i)).status,
                         i < 10 ? 303 : 400);
    r = site_get(&admin, "/console/pile?q=A0");
    assert_int_equal(times(r.body, "移除常用筛选 "), 10);
    assert_has(&r, "先移除一个再保存");
    /* In place of one that is there: no more than before. */
    assert_int_equal(site_post(&admin, "/console/pile/saved",
                               "_name=f3&q=new").status, 303);
}

static void a_picker_finds_names_within_another_field(void **state)
{
    struct site_reply r = site_get(&admin, "/console/station/pick?q=%E7%AB%99");

    (void)state;
    assert_has(&r, "{\"code\":0,\"data\":[{\"id\":\"");
    r = site_get(&admin, text("/console/area/pick?station_id=%lld", station));
    assert_int_equal(times(r.body, "\"id\""),
                     count("SELECT COUNT(*) FROM area WHERE station_id = %lld",
                           station));
    r = site_get(&admin, "/console/area/pick?station_id=");
    assert_string_equal(r.body, "{\"code\":0,\"data\":[]}");
}

/* ---- forms -------------------------------------------------------------- */

static void a_form_says_all_that_is_wrong_and_keeps_the_rest(void **state)
{
    struct site_reply r;

    (void)state;
    site_get(&admin, "/console/pile/new");
    r = site_post(&admin, "/console/pile/new",
                  text("station_id=%lld&area_id=&no=123&name=A99&kind=dc"
                       "&speed=fast&guns=99&power_w=5000&mounting=floor"
                       "&nature=self&network=sim&sim_carrier=mobile"
                       "&login_policy=observe&maker=%%3Cb%%3E", station));
    assert_int_equal(r.status, 422);
    assert_has(&r, "应在 1–960 kW 之间。");
    assert_has(&r, "<a href=\"#f-area_id\">区域</a>");
    assert_has(&r, "aria-invalid=\"true\" aria-describedby=\"f-no-err\"");
    assert_has(&r, "value=\"5000\"");
    assert_has(&r, "value=\"&lt;b&gt;\"");
    assert_has(&r, "value=\"A99\"");
    assert_int_equal(count("SELECT COUNT(*) FROM pile WHERE name = 'A99'"), 0);
}

static void what_is_no_field_is_refused(void **state)
{
    (void)state;
    site_get(&admin, "/console/area/new");
    assert_int_equal(site_post(&admin, "/console/area/new",
                               text("station_id=%lld&name=X&is_default=1",
                                    station)).status, 400);
}

static void a_form_counts_once(void **state)
{
    struct site_reply r;
    const char *form = text("station_id=%lld&name=%%E4%%B8%%80%%E5%%8C%%BA",
                            station);
    char token[130];

    (void)state;
    site_get(&admin, "/console/area/new");
    snprintf(token, sizeof token, "%s", admin.form);
    r = site_post(&admin, "/console/area/new", form);
    assert_int_equal(r.status, 303);
    assert_int_equal(count("SELECT COUNT(*) FROM area WHERE name = '一区'"),
                     1);
    snprintf(admin.form, sizeof admin.form, "%s", token);
    r = site_post(&admin, "/console/area/new", form);
    assert_int_equal(r.status, 303);
    assert_int_equal(count("SELECT COUNT(*) FROM area WHERE name = '一区'"),
                     1);
    /* The same token with another content is a mistake, not a repeat. */
    r = site_post(&admin, "/console/area/new",
                  text("station_id=%lld&name=other", station));
    assert_int_equal(r.status, 422);
    /* A token of somebody else's session is none. */
    snprintf(second.form, sizeof second.form, "%s", token);
    assert_int_equal(site_post(&second, "/console/area/new", form).status,
                     403);
}

static bool post_area(int index, void *arg)
{
    (void)index;
    return site_post(&admin, "/console/area/new", arg).status == 303;
}

static void a_form_pressed_many_times_counts_once(void **state)
{
    char form[200];

    (void)state;
    snprintf(form, sizeof form, "station_id=%lld&name=pressed", station);
    site_get(&admin, "/console/area/new");
    assert_int_equal(site_at_once(8, post_area, form), 8);
    assert_int_equal(count("SELECT COUNT(*) FROM area WHERE name ="
                           " 'pressed'"), 1);
    assert_int_equal(count("SELECT COUNT(*) FROM audit WHERE object = 'area'"
                           " AND text LIKE '%%pressed%%'"), 1);
}

static void a_rule_of_the_subject_stands_at_its_field(void **state)
{
    struct site_reply r;

    (void)state;
    site_get(&admin, "/console/area/new");
    r = site_post(&admin, "/console/area/new",
                  text("station_id=%lld&name=%%E4%%B8%%80%%E5%%8C%%BA",
                       station));
    assert_int_equal(r.status, 422);
    assert_has(&r, "id=\"f-name-err\"");
}

static void a_foreign_reference_is_not_found(void **state)
{
    struct site_reply r;

    (void)state;
    site_get(&admin, "/console/area/new");
    r = site_post(&admin, "/console/area/new", "station_id=999999&name=Y");
    assert_int_equal(r.status, 422);
    assert_has(&r, "没有找到所选的电站");
    /* An area of another station cannot be chosen for this one. */
    r = site_post(&admin, "/console/pile/new",
                  text("station_id=%lld&area_id=%lld&no=44010699999999"
                       "&name=Z&kind=dc&speed=fast&guns=2&power_w=60"
                       "&mounting=floor&nature=self&network=sim"
                       "&sim_carrier=mobile&login_policy=observe", station,
                       (long long)count("SELECT MIN(id) FROM area"
                                        " WHERE station_id = %lld",
                                        other_station)));
    assert_int_equal(r.status, 422);
    assert_has(&r, "没有找到所选的区域");
}

static void two_people_see_both_versions(void **state)
{
    long long id = count("SELECT id FROM area WHERE name = '一区'");
    long long ver = count("SELECT ver FROM area WHERE id = %lld", id);
    struct site_reply r;

    (void)state;
    r = site_get(&admin, text("/console/area/%lld/edit", id));
    assert_has(&r, text("name=\"_version\" value=\"%lld\"", ver));
    assert_has(&r, "readonly");
    site_get(&second, text("/console/area/%lld/edit", id));
    r = site_post(&second, text("/console/area/%lld/edit", id),
                  text("_version=%lld&name=second&spaces=5", ver));
    assert_int_equal(r.status, 303);
    r = site_post(&admin, text("/console/area/%lld/edit", id),
                  text("_version=%lld&name=first&spaces=7", ver));
    assert_int_equal(r.status, 409);
    assert_has(&r, "修改了此区域，你的修改尚未保存。");
    assert_has(&r, "name=\"_keep.name\" value=\"theirs\">second");
    assert_int_equal(count("SELECT COUNT(*) FROM area WHERE name = 'second'"),
                     1);
    /* Their name, my spaces. */
    r = site_post(&admin, text("/console/area/%lld/edit", id),
                  text("_version=%lld&name=first&spaces=7&_keep.name=theirs"
                       "&_keep.spaces=mine",
                       (long long)count("SELECT ver FROM area WHERE id ="
                                        " %lld", id)));
    assert_int_equal(r.status, 303);
    assert_int_equal(count("SELECT COUNT(*) FROM area WHERE name = 'second'"
                           " AND spaces = 7"), 1);
}

static void a_drawer_closes_and_the_list_refreshes(void **state)
{
    long long id = count("SELECT id FROM area WHERE name = 'second'");
    struct site_reply r;

    (void)state;
    admin.htmx = true;
    r = site_get(&admin, text("/console/area/%lld/edit", id));
    assert_has_not(&r, "<html");
    assert_has(&r, "hx-target=\"#drawer\"");
    r = site_post(&admin, text("/console/area/%lld/edit", id),
                  text("_version=%lld&name=third&spaces=7",
                       (long long)count("SELECT ver FROM area WHERE id ="
                                        " %lld", id)));
    admin.htmx = false;
    assert_int_equal(r.status, 200);
    assert_int_equal(r.len, 0);
    assert_non_null(strstr(r.trigger, "\"refresh\":{}"));
    assert_non_null(strstr(r.trigger, "\\u5df2\\u4fdd\\u5b58"));
}

/* ---- actions ------------------------------------------------------------ */

static void an_action_asks_and_names_what_it_touches(void **state)
{
    struct site_reply r =
        site_get(&admin, "/console/pile/do/disable?ids=1,2,3");

    (void)state;
    assert_has(&r, "停用 3 台电桩？");
    assert_has(&r, "继续运营");
    assert_has(&r, "name=\"ids\" value=\"1,2,3\"");
    r = site_get(&admin, "/console/pile/do/delete?ids=1");
    assert_has(&r, "删除 44010601000001？");
    r = site_get(&admin, "/console/pile/do/delete?ids=1,2");
    assert_int_equal(r.status, 400);
    r = site_get(&admin, "/console/pile/do/disable");
    assert_int_equal(r.status, 400);
}

static void each_row_succeeds_or_fails_alone(void **state)
{
    struct site_reply r =
        site_act(&admin, "/console/pile/do/disable", "ids=1,2");

    (void)state;
    assert_int_equal(r.status, 303);
    r = site_act(&admin, "/console/pile/do/disable",
                  "row.1=1&row.3=1&row.4=1");
    assert_int_equal(r.status, 200);
    assert_has(&r, "停用：2 台完成，1 台未完成");
    assert_has(&r, "44010601000001");
    assert_int_equal(count("SELECT COUNT(*) FROM pile WHERE status = 2"), 4);
    assert_int_equal(count("SELECT COUNT(*) FROM audit WHERE event ="
                           " 'pile.disable'"), 4);
    /* One foreign id: nothing happens to any. */
    r = site_post(&admin, "/console/pile/do/enable", "ids=1,2,999999");
    assert_int_equal(r.status, 404);
    assert_int_equal(count("SELECT COUNT(*) FROM pile WHERE status = 2"), 4);
}

static void all_rows_of_a_filter_at_once(void **state)
{
    struct site_reply r =
        site_get(&admin, "/console/pile/do/enable?all=1&status=disabled");

    (void)state;
    assert_has(&r, "启用 4 台电桩？");
    assert_has(&r, "value=\"1,2,3,4\"");
    r = site_post(&admin, "/console/pile/do/enable", "ids=1,2,3,4");
    assert_int_equal(r.status, 303);
    assert_int_equal(count("SELECT COUNT(*) FROM pile WHERE status = 2"), 0);
}

/* ---- values in clear ---------------------------------------------------- */

static void a_masked_value_is_shown_once_and_audited(void **state)
{
    long long id = admin.account_id;
    struct site_reply r = site_get(&admin, text("/console/account/%lld", id));

    (void)state;
    assert_has(&r, "137****0001");
    assert_has_not(&r, "13700000001");
    r = site_post(&admin, text("/console/account/%lld/reveal", id),
                  "column=phone");
    assert_int_equal(r.status, 200);
    assert_has(&r, "13700000001");
    assert_int_equal(count("SELECT COUNT(*) FROM audit WHERE event ="
                           " 'privacy.reveal' AND object_id = %lld", id), 1);
    r = site_post(&admin, text("/console/account/%lld/reveal", id),
                  "column=name");
    assert_int_equal(r.status, 400);
    /* The list, the JSON and the export never show it. */
    r = site_get(&admin, "/console/account.json");
    assert_has_not(&r, "13700000001");
    r = site_post(&admin, "/console/account/export",
                  "format=csv&columns=all");
    assert_has(&r, "137****0001");
    assert_has_not(&r, "13700000001");
}

/* ---- exports ------------------------------------------------------------ */

static size_t files_in(const char *dir)
{
    DIR *d = opendir(text("%s/%s", site_home(), dir));
    struct dirent *e;
    size_t n = 0;

    if (d == NULL)
        return 0;
    while ((e = readdir(d)) != NULL)
        n += strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0;
    closedir(d);
    return n;
}

static void an_export_holds_what_the_list_selects(void **state)
{
    struct site_reply r;

    (void)state;
    testdb_sql(cx, "UPDATE pile SET maker = '=cmd()' WHERE id = 1");
    r = site_post(&admin, "/console/pile/export",
                  "format=csv&columns=all&power_from=100&sort=-no");
    assert_int_equal(r.status, 200);
    assert_string_equal(r.type, "text/csv; charset=utf-8");
    assert_memory_equal(r.body, "\xef\xbb\xbf", 3);
    assert_int_equal(times(r.body, "\r\n"),
                     1 + count("SELECT COUNT(*) FROM pile"
                               " WHERE power_w >= 100000"));
    r = site_post(&admin, "/console/pile/export",
                  "format=csv&columns=all&q=44010601000001");
    assert_has(&r, "\"'=cmd()\"");
    assert_has(&r, "\"额定功率（kW）\"");
    assert_has(&r, ",60.000,");
    r = site_post(&admin, "/console/pile/export", "format=xlsx");
    assert_int_equal(r.status, 200);
    assert_memory_equal(r.body, "PK", 2);
    assert_int_equal(files_in("exports"), 0);
    assert_int_equal(count("SELECT COUNT(*) FROM audit WHERE event = 'export'"
                           " AND object = 'pile'"), 3);
    assert_int_equal(site_post(&admin, "/console/pile/export",
                               "format=pdf").status, 400);
}

/* ---- imports ------------------------------------------------------------ */

static struct site_reply upload(const char *csv)
{
    return site_upload(&admin, "/console/area/import", "areas.csv", csv,
                       strlen(csv));
}

static const char *token_of(const struct site_reply *r)
{
    const char *mark = "name=\"_file\" value=\"";
    const char *at = strstr(r->body, mark);

    assert_non_null(at);
    return text("_file=%.*s", 32, at + strlen(mark));
}

static void the_template_is_what_an_import_takes(void **state)
{
    struct site_reply r =
        site_get(&admin, "/console/area/import/template?format=csv");

    (void)state;
    assert_has(&r, "\"归属电站*\",\"区域名称*\"");
    assert_has(&r, "\"区域功率（kW）\"");
}

/* The Excel one, given back as it came. */
static void an_empty_template_has_no_data(void **state)
{
    struct site_reply r = site_get(&admin, "/console/area/import/template");
    char *book = malloc(r.len);
    size_t len = r.len;

    (void)state;
    assert_non_null(book);
    memcpy(book, r.body, len);
    r = site_upload(&admin, "/console/area/import", "x.xlsx", book, len);
    free(book);
    assert_int_equal(r.status, 422);
    assert_has(&r, "文件里只有标题，没有数据。");
}

/* Before any of its rows is tried: they would keep the database busy. */
static void a_file_that_is_too_long_costs_nothing(void **state)
{
    static const char executed[] =
        "SELECT VARIABLE_VALUE FROM information_schema.GLOBAL_STATUS"
        " WHERE VARIABLE_NAME = 'COM_STMT_EXECUTE'";
    enum { ROWS = 5001, ROW = 48 };
    char *csv = malloc((ROWS + 1) * ROW);
    size_t n = 0;
    struct site_reply r;
    int64_t before = count(executed);

    (void)state;
    assert_non_null(csv);
    n += (size_t)snprintf(csv, ROW, "归属电站,区域名称\n");
    for (int i = 0; i < ROWS; i++)
        n += (size_t)snprintf(csv + n, ROW, "天河体育东路超充站,T%d\n", i);
    r = site_upload(&admin, "/console/area/import", "areas.csv", csv, n);
    free(csv);
    assert_int_equal(r.status, 422);
    assert_has(&r, "行数太多，一次最多导入 5000 行。");
    assert_in_range(count(executed) - before, 0, 500);
}

static void the_trial_calculation_says_what_is_too_long(void **state)
{
    struct site_reply r = site_post(&admin, "/console/tariff/calc",
                                    "mode=period&calc_kwh=30&calc_from=10:30"
                                    "&calc_minutes=2881");

    (void)state;
    assert_int_equal(r.status, 200);
    assert_has(&r, "时长应在 1–2880 分钟之间。");
}

static void a_dry_run_names_every_wrong_cell(void **state)
{
    int64_t before = count("SELECT COUNT(*) FROM area");
    struct site_reply r;

    (void)state;
    r = upload("归属电站,区域名称,区域功率（kW）,车位数量\n"
               "没有这个站,甲区,100,1\n"
               "天河体育东路超充站,,abc,-1\n"
               "天河体育东路超充站,乙区,100,5\n");
    assert_int_equal(r.status, 422);
    assert_has(&r, "没有找到名为「没有这个站」的电站。");
    assert_has(&r, "<td class=\"r\">2</td><td>归属电站</td>");
    assert_has(&r, "<td class=\"r\">3</td><td>区域名称</td>");
    assert_has(&r, "<td class=\"r\">3</td><td>区域功率</td>");
    assert_has_not(&r, "/import/commit");
    assert_int_equal(count("SELECT COUNT(*) FROM area"), before);
}

static void rows_are_judged_with_those_before_them(void **state)
{
    struct site_reply r;

    (void)state;
    r = upload("归属电站,区域名称\n天河体育东路超充站,丙区\n"
               "天河体育东路超充站,丙区\n");
    assert_int_equal(r.status, 422);
    assert_has(&r, "<td class=\"r\">3</td><td>归属电站</td>");
    assert_has(&r, "与第 2 行重复。");
}

static void a_file_updates_what_is_there(void **state)
{
    int64_t before;
    char form[60];
    struct site_reply r;

    (void)state;
    db_exec(cx, "UPDATE area SET name = '旧区', phone = '13800138000',"
                " power_w = 60000 WHERE id = ?", BIND(V(1)));
    before = count("SELECT COUNT(*) FROM area");
    /* Changed, new, the same; the empty cell keeps the telephone. */
    r = upload("归属电站,区域名称,联系电话,区域功率（kW）,车位数量\n"
               "天河体育东路超充站,旧区,,120,\n"
               "天河体育东路超充站,新来区,,10,3\n");
    assert_int_equal(r.status, 200);
    assert_has(&r, "区域功率 60 → 120");
    assert_has_not(&r, "联系电话 ");
    assert_int_equal(count("SELECT power_w FROM area WHERE id = 1"), 60000);
    snprintf(form, sizeof form, "%s", token_of(&r));
    r = site_post(&admin, "/console/area/import/commit", form);
    assert_int_equal(r.status, 303);
    assert_int_equal(count("SELECT COUNT(*) FROM area"), before + 1);
    assert_int_equal(count("SELECT COUNT(*) FROM area WHERE id = 1 AND"
                           " power_w = 120000 AND phone = '13800138000'"), 1);
    assert_int_equal(count("SELECT COUNT(*) FROM audit WHERE event = 'import'"
                           " AND text LIKE '%%新增 1，修改 1，相同 0'"), 1);
    assert_int_equal(count("SELECT COUNT(*) FROM audit WHERE event ="
                           " 'area.edit' AND object_id = 1"), 1);
    /* Once more: nothing to do, and no button that would pretend to. */
    r = upload("归属电站,区域名称,区域功率（kW）\n天河体育东路超充站,旧区,120\n");
    assert_int_equal(r.status, 200);
    assert_has(&r, "完全相同");
    assert_has_not(&r, "/import/commit");
}

/* A name that two stations use is one area in each of them. */
static void a_row_of_another_station_is_left_alone(void **state)
{
    struct site_reply r;

    (void)state;
    db_exec(cx, "UPDATE area SET name = '同名区' WHERE id ="
                " (SELECT x.id FROM (SELECT MIN(id) id FROM area WHERE"
                "   station_id = ?) x)", BIND(V(other_station)));
    r = upload("归属电站,区域名称\n天河体育东路超充站,同名区\n");
    assert_int_equal(r.status, 200);
    assert_has(&r, "新增");
    assert_has_not(&r, "修改</span>");
}

static void a_good_file_is_imported_whole_and_once(void **state)
{
    int64_t before = count("SELECT COUNT(*) FROM area");
    int64_t imports = count("SELECT COUNT(*) FROM audit"
                            " WHERE event = 'import'");
    struct site_reply r;
    const char *token;
    char form[60];

    (void)state;
    r = upload("\xef\xbb\xbf区域名称*,归属电站*,联系电话,区域功率（kW）\n"
               "丁区,天河体育东路超充站,13800138000,\"1,200.5\"\n"
               "戊区,天河体育东路超充站,,\n");
    assert_int_equal(r.status, 200);
    assert_has(&r, "导入 2 ");
    assert_int_equal(count("SELECT COUNT(*) FROM area"), before);
    token = token_of(&r);
    snprintf(form, sizeof form, "%s", token);
    /* Not for somebody else. */
    assert_int_equal(site_post(&second, "/console/area/import/commit",
                               form).status, 404);
    r = site_post(&admin, "/console/area/import/commit", form);
    assert_int_equal(r.status, 303);
    assert_int_equal(count("SELECT COUNT(*) FROM area"), before + 2);
    assert_int_equal(count("SELECT power_w FROM area WHERE name = '丁区'"),
                     1200500);
    r = site_post(&admin, "/console/area/import/commit", form);
    assert_int_equal(r.status, 409);
    assert_int_equal(count("SELECT COUNT(*) FROM area"), before + 2);
    assert_int_equal(count("SELECT COUNT(*) FROM audit"
                           " WHERE event = 'import'"), imports + 1);
}

static bool commit_file(int index, void *arg)
{
    (void)index;
    return site_post(&admin, "/console/area/import/commit",
                     arg).status == 303;
}

static void a_file_committed_many_times_counts_once(void **state)
{
    struct site_reply r = upload("归属电站,区域名称\n天河体育东路超充站,辛区\n");
    char form[60];

    (void)state;
    snprintf(form, sizeof form, "%s", token_of(&r));
    assert_int_equal(site_at_once(8, commit_file, form), 1);
    assert_int_equal(count("SELECT COUNT(*) FROM area WHERE name = '辛区'"),
                     1);
}

static void a_file_that_is_no_table_is_refused(void **state)
{
    static const struct { const char *csv, *sentence; } cases[] = {
        { "谁,什么\n1,2\n", "不是区域的字段" },
        { "区域名称\nx\n", "缺少必填的列「归属电站」" },
        { "归属电站,区域名称,区域名称\na,b,c\n", "出现了两次" },
        { "归属电站,区域名称\n", "没有数据" },
        { "a,\"b\n", "引号不成对" },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct site_reply r = upload(cases[i].csv);

        assert_int_equal(r.status, 422);
        assert_has(&r, cases[i].sentence);
    }
}

static void a_file_that_changed_is_refused(void **state)
{
    struct site_reply r = upload("归属电站,区域名称\n天河体育东路超充站,己区\n");
    const char *token = token_of(&r);
    char form[60];
    FILE *f;

    (void)state;
    snprintf(form, sizeof form, "%s", token);
    f = fopen(text("%s/imports/%s", site_home(), form + 6), "a");
    assert_non_null(f);
    fputs("天河体育东路超充站,庚区\n", f);
    fclose(f);
    assert_int_equal(site_post(&admin, "/console/area/import/commit",
                               form).status, 500);
    assert_int_equal(count("SELECT COUNT(*) FROM area WHERE name IN"
                           " ('己区', '庚区')"), 0);
}

static void a_large_import_keeps_its_memory(void **state)
{
    enum { ROWS = 3000 };
    char *csv = malloc(ROWS * 80 + 100);
    struct site_reply r;
    size_t n;
    char form[60];

    (void)state;
    assert_non_null(csv);
    n = (size_t)snprintf(csv, 100, "归属电站,区域名称\n");
    for (int i = 0; i < ROWS; i++)
        n += (size_t)snprintf(csv + n, 80, "天河体育东路超充站,N%d\n", i);
    r = upload(csv);
    free(csv);
    assert_int_equal(r.status, 200);
    snprintf(form, sizeof form, "%s", token_of(&r));
    r = site_post(&admin, "/console/area/import/commit", form);
    assert_int_equal(r.status, 303);
    assert_int_equal(count("SELECT COUNT(*) FROM area WHERE name LIKE 'N%%'"),
                     ROWS);
}

/* ---- setting up --------------------------------------------------------- */

static int setup(void **state)
{
    int64_t platform;

    (void)state;
    site_start("resource");
    cx = site_cx();
    site_demo();
    platform = count("SELECT id FROM org WHERE kind = 1");
    site_sign_in(&admin, site_person("13700000001", platform, "*"));
    site_sign_in(&second, site_person("13700000002", platform, "*"));
    station = count("SELECT station_id FROM pile WHERE id = 1");
    other_station = count("SELECT MAX(id) FROM station");
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_list_pages_to_its_end_and_back),
        cmocka_unit_test(filters_narrow_and_can_be_taken_away),
        cmocka_unit_test(a_wrong_filter_is_said),
        cmocka_unit_test(a_page_without_its_station_says_so),
        cmocka_unit_test(a_list_answers_as_json),
        cmocka_unit_test(columns_are_chosen_per_person),
        cmocka_unit_test(filters_are_kept_under_names),
        cmocka_unit_test(a_filter_is_kept_only_if_it_is_one),
        cmocka_unit_test(a_picker_finds_names_within_another_field),
        cmocka_unit_test(a_form_says_all_that_is_wrong_and_keeps_the_rest),
        cmocka_unit_test(what_is_no_field_is_refused),
        cmocka_unit_test(a_form_counts_once),
        cmocka_unit_test(a_form_pressed_many_times_counts_once),
        cmocka_unit_test(a_rule_of_the_subject_stands_at_its_field),
        cmocka_unit_test(a_foreign_reference_is_not_found),
        cmocka_unit_test(two_people_see_both_versions),
        cmocka_unit_test(a_drawer_closes_and_the_list_refreshes),
        cmocka_unit_test(an_action_asks_and_names_what_it_touches),
        cmocka_unit_test(each_row_succeeds_or_fails_alone),
        cmocka_unit_test(all_rows_of_a_filter_at_once),
        cmocka_unit_test(a_masked_value_is_shown_once_and_audited),
        cmocka_unit_test(an_export_holds_what_the_list_selects),
        cmocka_unit_test(the_template_is_what_an_import_takes),
        cmocka_unit_test(a_file_that_is_too_long_costs_nothing),
        cmocka_unit_test(the_trial_calculation_says_what_is_too_long),
        cmocka_unit_test(an_empty_template_has_no_data),
        cmocka_unit_test(a_dry_run_names_every_wrong_cell),
        cmocka_unit_test(rows_are_judged_with_those_before_them),
        cmocka_unit_test(a_file_updates_what_is_there),
        cmocka_unit_test(a_row_of_another_station_is_left_alone),
        cmocka_unit_test(a_good_file_is_imported_whole_and_once),
        cmocka_unit_test(a_file_committed_many_times_counts_once),
        cmocka_unit_test(a_file_that_is_no_table_is_refused),
        cmocka_unit_test(a_file_that_changed_is_refused),
        cmocka_unit_test(a_large_import_keeps_its_memory),
    };

    return cmocka_run_group_tests(tests, setup, site_stop);
}
