/*
 * The driver API through nginx and the real pools: signing in (A4, A6),
 * finding a station, starting and stopping a charge exactly once (M7, M9,
 * M10, F40, F41), and seeing only what is one's own (A8, A9).
 */
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/macros.h"
#include "base/stamp.h"
#include "charging/order_state.h"
#include "charging/settle.h"
#include "driver/driver.h"
#include "feature_list.h"
#include "db/db.h"
#include "system/sweep.h"
#include "tests/integration/driver/places.h"
#include "tests/integration/driver/stack.h"
#include "tests/integration/testdb.h"
#include "tests/integration/text.h"
#include "tests/integration/web/fcgi.h"
#include "tests/integration/web/server.h"
#include "tests/integration/world.h"
#include "web/endpoint.h"
#include "web/router.h"

static struct stack stack;
static struct cx *cx;
static char alice[64], bob[64];
static int64_t alice_id, bob_id;
static const char *alice_phone;

/* The number that a statement gives. */
#define count(...) testdb_int(cx, text(__VA_ARGS__))

static const char *new_key(void)
{
    static int number;

    return text("order-key-%06d", ++number);
}

static const char *new_phone(void)
{
    static int number;

    return text("137%08d", ++number);
}

/* Nothing runs anywhere, nobody has tried anything. */
static int set_up(void **state)
{
    (void)state;
    alice_phone = new_phone();
    alice_id = places_sign_in(cx, alice_phone, alice);
    bob_id = places_sign_in(cx, new_phone(), bob);
    places_sql(cx, "DELETE FROM guard");
    places_sql(cx, "UPDATE charge_order SET state = 10, hold_open = 0");
    fake_do(&stack, "reset", "{}");
    new_address(&stack);
    return 0;
}

/* ---- calls ---- */

static struct api_call get(const char *path, const char *token)
{
    return (struct api_call){ .path = path, .token = token };
}

static struct api_call post(const char *path, const char *body,
                            const char *token)
{
    return (struct api_call){ .path = path, .body = body, .token = token };
}

static struct api_call start_call(const char *token, const char *qr_no,
                                  const char *key)
{
    return (struct api_call){ .path = "/orders", .token = token, .key = key,
                              .body = text("{\"qr_no\":\"%s\"}", qr_no) };
}

/* Starts a charge that must succeed; its number. */
static const char *start(const char *token, const char *qr_no)
{
    struct api_reply r = api(&stack, start_call(token, qr_no, new_key()));
    const char *no;

    if (r.status != 200)
        fail_msg("start: %s", r.text);
    no = text("%s", data_text(&r, "order_no"));
    api_free(&r);
    return no;
}

static int64_t wallet(const char *token, const char *name)
{
    struct api_reply r = api(&stack, get("/wallet", token));
    int64_t fen = data_int(&r, name);

    api_free(&r);
    return fen;
}

/* ---- signing in ---- */

static struct api_call session_call(const char *phone, const char *code)
{
    return post("/sessions", text("{\"phone\":\"%s\",\"code\":\"%s\"}", phone,
                                  code), NULL);
}

static const char *send_code(const char *phone)
{
    char code[8] = "";

    places_sql(cx, "DELETE FROM guard");
    fake_do(&stack, "reset", "{}");
    api_expect(&stack, post("/sms-codes", text("{\"phone\":\"%s\"}", phone),
                            NULL), 200, 0);
    assert_true(inbox_code(&stack, phone, code));
    return text("%s", code);
}

/* Another code than this one. */
static const char *other(const char *code)
{
    return text("%c%s", code[0] == '9' ? '0' : code[0] + 1, code + 1);
}

/* Rows of the audit that a driver left. */
static int64_t audited(const char *event, int64_t driver)
{
    return count("SELECT COUNT(*) FROM audit WHERE event = '%s' AND"
                 " actor_id = %lld AND actor_kind = %d AND session_id > 0"
                 " AND address <> '' AND LENGTH(request_id) >= 8", event,
                 (long long)driver, (int)ACTOR_DRIVER);
}

static void the_first_sign_in_makes_the_account(void **state)
{
    const char *phone = new_phone(), *code = send_code(phone);
    struct api_reply r = api(&stack, session_call(phone, code));
    const char *token;
    json_t *driver;

    (void)state;
    assert_int_equal(r.status, 200);
    assert_true(json_is_true(json_object_get(r.data, "is_new")));
    token = text("%s", data_text(&r, "token"));
    driver = json_object_get(r.data, "driver");
    assert_string_equal(
        json_string_value(json_object_get(driver, "phone")),
        text("%.3s****%s", phone, phone + 7));
    api_free(&r);
    api_expect(&stack, get("/me", token), 200, 0);
    /* The token is nowhere but with the driver. */
    assert_int_equal(count("SELECT COUNT(*) FROM session WHERE token_hash ="
                           " UNHEX(SHA2('%s', 256))", token), 1);
    r = api(&stack, session_call(phone, send_code(phone)));
    assert_true(json_is_false(json_object_get(r.data, "is_new")));
    api_free(&r);
    assert_int_equal(count("SELECT COUNT(*) FROM driver WHERE phone = '%s'",
                           phone), 1);
    assert_int_equal(count("SELECT COUNT(*) FROM audit WHERE event ="
                           " 'driver.register' AND object_id = %lld",
                           (long long)places_driver(cx, phone)), 1);
    assert_int_equal(count("SELECT COUNT(*) FROM audit WHERE event ="
                           " 'sms.code' AND text LIKE '%.3s****%s%%'",
                           phone, phone + 7), 2);
}

static void a_code_is_good_once_and_for_its_phone(void **state)
{
    const char *phone = new_phone(), *code = send_code(phone);

    (void)state;
    api_expect(&stack, session_call(new_phone(), code), 400, 40001);
    api_expect(&stack, session_call(phone, other(code)), 400, 40001);
    api_expect(&stack, session_call(phone, text("%.5s", code)), 400, 40001);
    api_expect(&stack, session_call(phone, text("%s0", code)), 400, 40001);
    api_expect(&stack, session_call(phone, code), 200, 0);
    api_expect(&stack, session_call(phone, code), 400, 40001);
    assert_int_equal(count("SELECT COUNT(*) FROM audit WHERE event ="
                           " 'driver.sign_in_failed' AND text LIKE"
                           " '%.3s****%s%%'", phone, phone + 7), 3);
}

static void a_code_ends_with_time_tries_and_the_next_one(void **state)
{
    const char *phone = new_phone(), *code = send_code(phone), *next;

    (void)state;
    places_sql(cx, "UPDATE sms_code SET expires_at = NOW(3) - INTERVAL 1"
                   " SECOND WHERE phone = '%s'", phone);
    api_expect(&stack, session_call(phone, code), 400, 40001);
    code = send_code(phone);
    for (int i = 0; i < 5; i++)
        api_expect(&stack, session_call(phone, other(code)), 400, 40001);
    api_expect(&stack, session_call(phone, code), 400, 40001);
    code = send_code(phone);
    next = send_code(phone);
    if (strcmp(code, next) != 0)
        api_expect(&stack, session_call(phone, code), 400, 40001);
    api_expect(&stack, session_call(phone, next), 200, 0);
}

static void codes_are_limited_by_phone(void **state)
{
    const char *phone = new_phone();
    struct api_call call =
        post("/sms-codes", text("{\"phone\":\"%s\"}", phone), NULL);

    (void)state;
    for (int i = 0; i < 5; i++) {
        api_expect(&stack, call, 200, 0);
        api_expect(&stack, call, 429, 42900); /* within the minute */
        fake_do(&stack, "reset", "{}");
        places_sql(cx, "UPDATE guard SET window_at = window_at - INTERVAL 2"
                       " MINUTE WHERE subject LIKE 'sms1m:%%'");
        new_address(&stack);
    }
    api_expect(&stack, call, 429, 42900); /* within the hour */
    assert_int_equal(count("SELECT COUNT(*) FROM sms_code WHERE phone ="
                           " '%s'", phone), 5);
}

static void malformed_phones_and_members_are_refused(void **state)
{
    static const char *const bodies[] = {
        "{}", "{\"phone\":\"\"}", "{\"phone\":\"1380013800\"}",
        "{\"phone\":\"12345678901\"}", "{\"phone\":\"138001380000\"}",
        "{\"phone\":13800138000}", "{\"phone\":\"+8613800138000\"}",
        "{\"phone\":\"13800138000\",\"x\":1}",
        "{\"phone\":\"13800138000\",\"phone\":\"13800138001\"}",
    };

    (void)state;
    for (size_t i = 0; i < COUNT(bodies); i++)
        api_expect(&stack, post("/sms-codes", bodies[i], NULL), 400,
                   strstr(bodies[i], "x") != NULL ||
                           strstr(bodies[i], "8001\"") != NULL
                       ? 40000
                       : 40001);
    assert_int_equal(count("SELECT COUNT(*) FROM sms_code WHERE phone LIKE"
                           " '13800138%%'"), 0);
}

static void without_sms_nobody_is_told_that_it_went(void **state)
{
    struct api_call call =
        post("/sms-codes", text("{\"phone\":\"%s\"}", new_phone()), NULL);

    (void)state;
    fake_do(&stack, "inject", "{\"path\":\"/sms/\",\"mode\":\"error\"}");
    api_expect(&stack, call, 502, 50200);
    places_sql(cx, "DELETE FROM guard");
    fake_do(&stack, "inject", "{\"path\":\"/sms/\",\"mode\":\"bad_sign\"}");
    api_expect(&stack, call, 502, 50200);
    places_sql(cx, "DELETE FROM guard");
    fake_do(&stack, "inject", "{\"path\":\"/sms/\",\"mode\":\"refuse\"}");
    api_expect(&stack, call, 502, 50200);
}

/* ---- sessions ---- */

static void only_a_good_token_gets_in(void **state)
{
    static const char *const bearers[] = {
        NULL, "", "Bearer", "Bearer ", "Bearer x", "Basic YWxpY2U6eA==",
        "Bearer AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "Bearer ' OR 1=1 --",
    };

    (void)state;
    for (size_t i = 0; i < COUNT(bearers); i++)
        api_expect(&stack, (struct api_call){ .path = "/me",
                                              .bearer = bearers[i] },
                   401, 40100);
    api_expect(&stack, get("/me", text("%sx", alice)), 401, 40100);
    api_expect(&stack, get("/me", text("%.42s", alice)), 401, 40100);
    api_expect(&stack, get("/me", alice), 200, 0);
}

static void a_session_ends_when_it_should(void **state)
{
    char token[64];

    (void)state;
    api_expect(&stack, post("/sessions/delete", "{}", alice), 200, 0);
    api_expect(&stack, get("/me", alice), 401, 40100);
    api_expect(&stack, post("/sessions/delete", "{}", alice), 401, 40100);
    assert_int_equal(audited("driver.sign_out", alice_id), 1);
    /* Of six sessions the oldest is gone. */
    for (int i = 0; i < 5; i++)
        places_sign_in(cx, text("137%08d", 99999999), token);
    places_sign_in(cx, alice_phone, alice);
    for (int i = 0; i < 5; i++)
        places_sign_in(cx, alice_phone, token);
    testdb_moment();
    api_expect(&stack, get("/me", alice), 401, 40100);
    api_expect(&stack, get("/me", token), 200, 0);
    /* 30 days without use. */
    places_sql(cx, "UPDATE session SET expires_at = NOW(3) - INTERVAL 1"
                   " SECOND WHERE owner_id = %lld AND kind = 2",
               (long long)alice_id);
    testdb_moment();
    api_expect(&stack, get("/me", token), 401, 40100);
}

/* A6: of the own ones only, and the token is dead at once. */
static void drivers_list_and_end_their_sessions(void **state)
{
    char phone[64];
    struct api_reply r;
    int64_t id, other;

    (void)state;
    places_sign_in(cx, alice_phone, phone);
    r = api(&stack, get("/sessions", alice));
    assert_int_equal(r.status, 200);
    assert_int_equal(json_array_size(json_object_get(r.data, "sessions")),
                     2);
    assert_null(strstr(r.text, alice));
    assert_null(strstr(r.text, phone));
    api_free(&r);
    id = count("SELECT MAX(id) FROM session WHERE kind = 2 AND owner_id ="
               " %lld", (long long)alice_id);
    other = count("SELECT MAX(id) FROM session WHERE kind = 2 AND owner_id ="
                  " %lld", (long long)bob_id);
    api_expect(&stack, get("/me", phone), 200, 0);
    api_expect(&stack, post(text("/sessions/%lld/delete", (long long)other),
                            "{}", alice), 404, 40400);
    api_expect(&stack, get("/me", bob), 200, 0);
    api_expect(&stack, post(text("/sessions/%lld/delete", (long long)id),
                            "{}", alice), 200, 0);
    api_expect(&stack, get("/me", phone), 401, 40100);
    api_expect(&stack, get("/me", alice), 200, 0);
    api_expect(&stack, post(text("/sessions/%lld/delete", (long long)id),
                            "{}", alice), 404, 40400);
    assert_int_equal(audited("driver.session_end", alice_id), 1);
}

static void disable(struct cx *c, void *arg)
{
    driver_disable(c, *(int64_t *)arg);
}

static void disable_tx(struct cx *c, void *arg)
{
    db_tx(c, disable, arg);
}

static void a_disabled_driver_is_out_within_a_second(void **state)
{
    const char *code;

    (void)state;
    api_expect(&stack, get("/me", alice), 200, 0);
    testdb_run(cx, disable_tx, &alice_id);
    /* At once where it counts. */
    api_expect(&stack, post("/me", "{\"name\":\"x\"}", alice), 401, 40100);
    testdb_moment();
    api_expect(&stack, get("/me", alice), 401, 40100);
    code = send_code(alice_phone);
    api_expect(&stack, session_call(alice_phone, code), 403, 40300);
    assert_int_equal(count("SELECT COUNT(*) FROM audit WHERE event ="
                           " 'driver.sign_in_failed' AND text LIKE"
                           " '%.3s****%s%%已停用'", alice_phone,
                           alice_phone + 7), 1);
}

/* ---- me ---- */

static void drivers_say_who_they_are(void **state)
{
    struct api_reply r =
        api(&stack, post("/me", "{\"name\":\"小周\",\"plate\":\"粤b·d12345\"}",
                         alice));

    (void)state;
    assert_int_equal(r.status, 200);
    assert_string_equal(data_text(&r, "plate"), "粤BD12345");
    api_free(&r);
    assert_int_equal(audited("driver.describe", alice_id), 1);
    r = api(&stack, get("/me", alice));
    assert_string_equal(data_text(&r, "name"), "小周");
    api_free(&r);
    api_expect(&stack, post("/me", "{\"plate\":\"12345\"}", alice), 400,
               40001);
    api_expect(&stack, post("/me", "{\"name\":\"<script>\"}", alice), 200, 0);
    api_expect(&stack, post("/me", "{\"phone\":\"13800138000\"}", alice), 400,
               40000);
    api_expect(&stack, post("/me", "{\"name\":\"\\u0000\"}", alice), 400,
               40000);
    api_expect(&stack, post("/me", "{}", NULL), 401, 40100);
}

/* ---- stations ---- */

static const char *names_of(const struct api_reply *r)
{
    const char *all = "";
    json_t *one;
    size_t i;

    json_array_foreach(json_object_get(r->data, "stations"), i, one)
        all = text("%s%s%.6s", all, i ? " " : "",
                   json_string_value(json_object_get(one, "name")));
    return all;
}

static void expect_stations(const char *query, const char *names)
{
    struct api_reply r = api(&stack, get(text("/stations?%s", query), NULL));

    if (r.status != 200 || strcmp(names_of(&r), names) != 0)
        fail_msg("%s: %s, not %s", query, names_of(&r), names);
    api_free(&r);
}

#define AT_TIYU "lng=113.325200&lat=23.135300"

static void stations_come_nearest_first(void **state)
{
    struct api_reply r = api(&stack, get("/stations?" AT_TIYU, NULL));
    json_t *list = json_object_get(r.data, "stations");
    static const int64_t metres[] = { 0, 1893, 22856, 93000 };

    (void)state;
    for (size_t i = 0; i < COUNT(metres); i++) {
        int64_t d = json_integer_value(
            json_object_get(json_array_get(list, i), "distance_m"));

        assert_in_range(d, metres[i] * 98 / 100, metres[i] * 102 / 100);
    }
    api_free(&r);
    expect_stations(AT_TIYU, "天河 珠江 番禺 深圳");
    expect_stations("lng=114.03&lat=22.60", "深圳 番禺 珠江 天河");
    expect_stations("", "天河 珠江 番禺 深圳");
    r = api(&stack, get("/stations", NULL));
    assert_true(json_is_null(json_object_get(
        json_array_get(json_object_get(r.data, "stations"), 0),
        "distance_m")));
    api_free(&r);
}

static void filters_leave_out_the_others(void **state)
{
    (void)state;
    expect_stations(AT_TIYU "&city=%E6%B7%B1%E5%9C%B3%E5%B8%82", "深圳");
    expect_stations(AT_TIYU "&q=%E5%B9%BF%E5%9C%BA", "番禺");
    expect_stations(AT_TIYU "&q=%E8%8A%B1%E5%9F%8E", "珠江");
    expect_stations(AT_TIYU "&q=%25", "");
    expect_stations(AT_TIYU "&q=_", "");
    expect_stations(AT_TIYU "&q=%27%20OR%201=1%20--", "");
    expect_stations(AT_TIYU "&kind=ac", "天河");
    expect_stations(AT_TIYU "&kind=dc", "天河 珠江 番禺");
    expect_stations(AT_TIYU "&free=1", "天河");
    expect_stations(AT_TIYU "&free=1&kind=dc", "");
    expect_stations(AT_TIYU "&limit=2", "天河 珠江");
}

static void wrong_questions_are_refused(void **state)
{
    static const struct { const char *query; int code; } cases[] = {
        { "lng=113.3", 40001 },
        { "lat=23.1", 40001 },
        { "lng=x&lat=23", 40001 },
        { "lng=181&lat=23", 40001 },
        { "lng=113&lat=91", 40001 },
        { "lng=113.3252001&lat=23", 40001 },
        { "limit=21", 40001 },
        { "limit=-1", 40001 },
        { "kind=hydrogen", 40001 },
        { "after=12", 40001 },
        { "after=-5-", 40001 },
        { "after=1-0", 40001 },
        { "after=1-2-3", 40001 },
        { "after=99999999999999999999-1", 40001 },
        { "free=maybe", 40001 },
        { "colour=red", 40000 },
        { "city=a&city=b", 40000 },
        { "q=%ff", 40000 },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        api_expect(&stack, get(text("/stations?%s", cases[i].query), NULL),
                   400, cases[i].code);
}

/* Pages of stations at equal and growing distances: each once, in order. */
static void pages_of_stations_have_no_gaps(void **state)
{
    const char *after = "";
    int64_t last = -1;
    int seen = 0;

    (void)state;
    places_more(cx, "线", 15, 113600000, 24800000, 10000);
    places_more(cx, "点", 10, 113600000, 24850000, 0);
    for (int page = 0; page < 10 && after != NULL; page++) {
        struct api_reply r = api(
            &stack, get(text("/stations?lng=113.6&lat=24.8&limit=4%s%s"
                             "&city=%%E9%%9F%%B6%%E5%%85%%B3%%E5%%B8%%82",
                             after[0] ? "&after=" : "", after), NULL));
        json_t *one, *next = json_object_get(r.data, "after");
        size_t i;

        assert_int_equal(r.status, 200);
        json_array_foreach(json_object_get(r.data, "stations"), i, one) {
            int64_t d = json_integer_value(
                json_object_get(one, "distance_m"));

            assert_true(d >= last);
            last = d;
            seen++;
        }
        after = json_is_string(next) ? text("%s", json_string_value(next))
                                     : NULL;
        api_free(&r);
    }
    assert_int_equal(seen, 25);
    places_sql(cx, "DELETE FROM station WHERE city = '韶关市'");
}

/* The price of now at a station by the slots of its tariff. */
static int64_t price_now_e5(int64_t add)
{
    static const int64_t price[] = { 170000, 145000, 110000, 65000 };
    int slot = stamp_minute_of_day(stamp_now()) / 30;

    return price[PLACES_SLOTS[slot] - '0'] + add;
}

static void a_station_shows_what_a_driver_needs(void **state)
{
    int64_t before = price_now_e5(0), after;
    struct api_reply r =
        api(&stack, get("/stations/1?" AT_TIYU, NULL));
    json_t *dc = json_object_get(r.data, "dc"), *price, *list;

    (void)state;
    assert_int_equal(r.status, 200);
    assert_string_equal(data_text(&r, "operator"), "岭海充电");
    assert_string_equal(data_text(&r, "hotline"), "4008001234");
    assert_int_equal(json_integer_value(json_object_get(dc, "total")), 4);
    assert_int_equal(json_integer_value(json_object_get(dc, "free")), 0);
    dc = json_object_get(r.data, "ac");
    assert_int_equal(json_integer_value(json_object_get(dc, "free")), 1);
    assert_int_equal(data_int(&r, "max_power_w"), 120000);
    price = json_object_get(json_object_get(r.data, "price"), "total_e5yuan");
    after = price_now_e5(0);
    assert_true(json_integer_value(price) == before ||
                json_integer_value(price) == after);
    list = json_object_get(r.data, "connectors");
    assert_int_equal(json_array_size(list), 5);
    assert_string_equal(json_string_value(json_object_get(
                            json_array_get(list, 3), "state")), "charging");
    assert_int_equal(json_integer_value(json_object_get(
                         json_array_get(list, 3), "soc")), 64);
    api_free(&r);
    r = api(&stack, get("/stations/3", NULL));
    assert_true(json_is_null(json_object_get(r.data, "price")));
    api_free(&r);
    api_expect(&stack, get("/stations/5", NULL), 404, 40400);
    api_expect(&stack, get("/stations/6", NULL), 404, 40400);
    api_expect(&stack, get("/stations/999", NULL), 404, 40400);
    api_expect(&stack, get("/stations/0", NULL), 400, 40001);
    api_expect(&stack, get("/stations/x", NULL), 400, 40001);
}

static void prices_stand_by_period(void **state)
{
    struct api_reply r = api(&stack, get("/stations/1/tariff", NULL));
    json_t *now = json_object_get(r.data, "now"), *spans;

    (void)state;
    assert_int_equal(r.status, 200);
    spans = json_object_get(now, "periods");
    assert_int_equal(json_array_size(spans), 5);
    assert_string_equal(json_string_value(json_object_get(
                            json_array_get(spans, 3), "from")), "12:00");
    assert_int_equal(json_integer_value(json_object_get(
                         json_array_get(spans, 3), "total_e5yuan")), 170000);
    assert_int_equal(json_array_size(json_object_get(now, "rates")), 4);
    assert_true(json_is_null(json_object_get(r.data, "next")));
    api_free(&r);
    /* Of an area: the station's own, not another's, nor one that is none. */
    api_expect(&stack, get("/stations/1/tariff?area_id=1", NULL), 200, 0);
    api_expect(&stack, get("/stations/1/tariff?area_id=2", NULL), 404, 40400);
    api_expect(&stack, get("/stations/1/tariff?area_id=999", NULL), 404,
               40400);
    api_expect(&stack, get("/stations/3/tariff", NULL), 404, 40400);
    api_expect(&stack, get("/stations/5/tariff", NULL), 404, 40400);
}

static void cities_are_listed(void **state)
{
    struct api_reply r = api(&stack, get("/cities", NULL));
    json_t *list = json_object_get(r.data, "cities");

    (void)state;
    assert_int_equal(json_array_size(list), 2);
    assert_string_equal(json_string_value(json_object_get(
                            json_array_get(list, 0), "city")), "广州市");
    api_free(&r);
}

/* ---- a connector by its code ---- */

static void expect_obstacle(const char *qr_no, const char *obstacle)
{
    struct api_reply r =
        api(&stack, get(text("/connectors/%s", qr_no), alice));
    json_t *why = json_object_get(r.data, "obstacle");
    bool can = json_is_true(json_object_get(r.data, "can_start"));

    assert_int_equal(r.status, 200);
    if (obstacle == NULL ? !can || !json_is_null(why)
                         : can || !json_is_string(why) ||
                               strcmp(json_string_value(why), obstacle) != 0)
        fail_msg("%s: %s", qr_no, r.text);
    api_free(&r);
}

static void a_code_says_whether_one_can_start(void **state)
{
    (void)state;
    expect_obstacle(QR_A1, "balance");
    places_give(cx, alice_id, 5000);
    expect_obstacle(QR_A1, NULL);
    expect_obstacle(QR_B1, "fault");
    expect_obstacle(QR_B2, "charging");
    expect_obstacle(QR_C1, "unplugged");
    expect_obstacle(QR_D1, "offline");
    expect_obstacle(QR_E1, "no_tariff");
    expect_obstacle(QR_F1, "disabled");
    places_sql(cx, "UPDATE pile SET status = 2 WHERE id = 1");
    expect_obstacle(QR_A1, "disabled");
    places_sql(cx, "UPDATE pile SET status = 1 WHERE id = 1");
    places_sql(cx, "UPDATE area SET status = 2");
    expect_obstacle(QR_A1, "disabled");
    places_sql(cx, "UPDATE area SET status = 1");
    expect_obstacle(QR_A1, NULL);
    api_expect(&stack, get("/connectors/9999999999999999", alice), 404,
               40400);
    api_expect(&stack, get("/connectors/123", alice), 400, 40001);
    api_expect(&stack, get("/connectors/" QR_A1, NULL), 401, 40100);
}

/* A phone's own camera: no app, no cookie. */
static void the_code_on_a_gun_opens_a_page(void **state)
{
    struct browser b = { .socket = stack.web.socket };
    struct fcgi_reply r;

    (void)state;
    browser_get(&b, "/q/" QR_A1, &r);
    assert_int_equal(r.status, 200);
    assert_non_null(strstr(r.body, QR_A1));
    assert_non_null(strstr(r.body, "今日价格"));
    assert_null(strstr(r.body, "现在不能充电"));
    fcgi_free(&r);
    browser_get(&b, "/q/" QR_B1, &r);
    assert_int_equal(r.status, 200);
    assert_non_null(strstr(r.body, "故障"));
    assert_non_null(strstr(r.body, "现在不能充电"));
    fcgi_free(&r);
    browser_get(&b, "/q/3201060001929901", &r);
    assert_int_equal(r.status, 404);
    assert_non_null(strstr(r.body, "没有找到这把电枪"));
    fcgi_free(&r);
}

/* What the code says is what the start does. */
static void a_start_meets_the_same_obstacles(void **state)
{
    static const struct { const char *qr_no; int code; } cases[] = {
        { QR_B1, 40901 }, { QR_B2, 40905 }, { QR_C1, 40901 },
        { QR_D1, 40904 }, { QR_E1, 40901 }, { QR_F1, 40901 },
        { "9999999999999999", 40400 },
    };

    (void)state;
    api_expect(&stack, start_call(alice, QR_A1, new_key()), 409, 40902);
    places_give(cx, alice_id, 5000);
    for (size_t i = 0; i < COUNT(cases); i++)
        api_expect(&stack, start_call(alice, cases[i].qr_no, new_key()),
                   cases[i].code / 100, cases[i].code);
    assert_int_equal(count("SELECT COUNT(*) FROM charge_order WHERE"
                           " driver_id = %lld", (long long)alice_id), 0);
    assert_int_equal(wallet(alice, "held_fen"), 0);
}

static void malformed_starts_are_refused(void **state)
{
    static const char *const bodies[] = {
        "{}", "{\"qr_no\":\"123\"}", "{\"qr_no\":3201060001923601}",
        "{\"qr_no\":\"" QR_A1 "\",\"limit_fen\":499}",
        "{\"qr_no\":\"" QR_A1 "\",\"limit_fen\":200001}",
        "{\"qr_no\":\"" QR_A1 "\",\"limit_fen\":-500}",
        "{\"qr_no\":\"" QR_A1 "\",\"plate\":\"x\"}",
        "{\"qr_no\":\"" QR_A1 "\",\"driver_id\":1}",
        "{\"qr_no\":\"" QR_A1 "\",\"plug_later\":\"yes\"}",
    };

    (void)state;
    places_give(cx, alice_id, 5000);
    for (size_t i = 0; i < COUNT(bodies); i++) {
        struct api_reply r =
            api(&stack, (struct api_call){ .path = "/orders", .token = alice,
                                           .key = new_key(),
                                           .body = bodies[i] });

        if (r.status != 400)
            fail_msg("%s: %s", bodies[i], r.text);
        api_free(&r);
    }
    assert_int_equal(wallet(alice, "held_fen"), 0);
}

/* ---- starting and stopping ---- */

static void a_start_reserves_money_and_tells_the_pile(void **state)
{
    const char *no;
    struct api_reply r;

    (void)state;
    places_give(cx, alice_id, 5000);
    no = start(alice, QR_A1);
    r = api(&stack, get(text("/orders/%s", no), alice));
    assert_string_equal(data_text(&r, "state"), "created");
    assert_int_equal(data_int(&r, "hold_fen"), 5000);
    assert_string_equal(data_text(&r, "connector_name"), "P01-1");
    api_free(&r);
    assert_int_equal(wallet(alice, "held_fen"), 5000);
    assert_int_equal(wallet(alice, "available_fen"), 0);
    assert_int_equal(count("SELECT COUNT(*) FROM pile_command c JOIN"
                           " charge_order o ON o.id = c.order_id WHERE"
                           " o.order_no = '%s' AND c.kind = 1", no), 1);
    r = api(&stack, get("/orders/current", alice));
    assert_int_equal(json_array_size(json_object_get(r.data, "orders")), 1);
    api_free(&r);
    r = api(&stack, get("/orders/current", bob));
    assert_int_equal(json_array_size(json_object_get(r.data, "orders")), 0);
    api_free(&r);
}

static void the_limit_is_what_is_reserved(void **state)
{
    struct api_reply r;

    (void)state;
    places_give(cx, alice_id, 5000);
    r = api(&stack, (struct api_call){
        .path = "/orders", .token = alice, .key = new_key(),
        .body = "{\"qr_no\":\"" QR_A1 "\",\"limit_fen\":2000,"
                "\"plate\":\"粤B 12345\"}" });
    assert_int_equal(r.status, 200);
    assert_int_equal(data_int(&r, "hold_fen"), 2000);
    assert_string_equal(data_text(&r, "plate"), "粤B12345");
    api_free(&r);
    assert_int_equal(wallet(alice, "available_fen"), 3000);
    api_expect(&stack, (struct api_call){
        .path = "/orders", .token = alice, .key = new_key(),
        .body = "{\"qr_no\":\"" QR_A2 "\",\"limit_fen\":3001}" }, 409,
        40902);
}

static void a_repeated_start_is_one(void **state)
{
    const char *key = new_key();
    struct api_reply first, again;

    (void)state;
    places_give(cx, alice_id, 5000);
    first = api(&stack, start_call(alice, QR_A1, key));
    again = api(&stack, start_call(alice, QR_A1, key));
    assert_int_equal(first.status, 200);
    assert_true(again.replayed);
    assert_string_equal(first.text, again.text);
    api_free(&first);
    api_free(&again);
    assert_int_equal(audited("order.start", alice_id), 1);
    /* The same key for another gun: nothing happens there. */
    api_expect(&stack, start_call(alice, QR_A2, key), 422, 42200);
    assert_int_equal(count("SELECT COUNT(*) FROM charge_order WHERE"
                           " driver_id = %lld", (long long)alice_id), 1);
    api_expect(&stack, start_call(alice, QR_A2, NULL), 400, 40001);
}

static void sweep_body(struct cx *c, void *arg)
{
    (void)arg;
    c->now = stamp_add_days(stamp_now(), 399);
    sweep(c);
}

/* M10: 399 days later, and the charge long over. */
static void a_start_is_known_after_399_days(void **state)
{
    static const int states[] = { ORDER_CREATED, ORDER_START_FAILED };
    const char *key = new_key();
    struct api_reply first, again;

    (void)state;
    places_give(cx, alice_id, 5000);
    first = api(&stack, start_call(alice, QR_A1, key));
    assert_int_equal(first.status, 200);
    testdb_run(cx, sweep_body, NULL);
    api_expect(&stack, start_call(alice, QR_A1, key), 401, 40100);
    assert_int_equal(places_sign_in(cx, alice_phone, alice), alice_id);
    for (size_t i = 0; i < COUNT(states); i++) {
        places_sql(cx, "UPDATE charge_order SET state = %d WHERE driver_id ="
                       " %lld", states[i], (long long)alice_id);
        again = api(&stack, start_call(alice, QR_A1, key));
        assert_int_equal(again.status, 200);
        assert_true(again.replayed);
        assert_string_equal(first.text, again.text);
        api_free(&again);
        api_expect(&stack, start_call(alice, QR_A2, key), 422, 42200);
    }
    api_free(&first);
    assert_int_equal(count("SELECT COUNT(*) FROM charge_order WHERE"
                           " driver_id = %lld", (long long)alice_id), 1);
    assert_int_equal(audited("order.start", alice_id), 1);
    assert_int_equal(wallet(alice, "held_fen"), 5000);
    places_sql(cx, "UPDATE charge_order SET state = %d WHERE driver_id = %lld",
               ORDER_CREATED, (long long)alice_id);
}

/* A new one with a key wants such a test: here, or in test_payment. */
static void every_endpoint_with_a_key_is_known(void **state)
{
    static const char *const known[] = { "/api/driver/v1/orders",
                                         "/api/driver/v1/topups" };
    const char *error;
    struct router *router = router_new(cx->arena, &all_features, NULL, 0,
                                       &error);
    size_t found = 0;

    (void)state;
    assert_non_null(router);
    for (size_t i = 0; i < router->count; i++) {
        const struct route *r = &router->rows[i].route;
        bool is_known = !(r->flags & EP_IDEMPOTENT);

        for (size_t k = 0; k < COUNT(known) && !is_known; k++)
            is_known = strcmp(known[k], r->path) == 0;
        if (!is_known)
            fail_msg("%s: after 399 days?", r->path);
        found += (r->flags & EP_IDEMPOTENT) != 0;
    }
    assert_int_equal(found, COUNT(known));
}

static void sixteen_equal_starts_are_one(void **state)
{
    const char *key = new_key();
    struct api_reply r[16];

    (void)state;
    places_give(cx, alice_id, 5000);
    api_parallel(&stack, start_call(alice, QR_A1, key), 16, r);
    for (size_t i = 0; i < COUNT(r); i++) {
        if (r[i].status != 200)
            fail_msg("%zu: %s", i, r[i].text);
        assert_string_equal(r[i].text, r[0].text);
    }
    for (size_t i = 0; i < COUNT(r); i++)
        api_free(&r[i]);
    assert_int_equal(count("SELECT COUNT(*) FROM charge_order WHERE"
                           " driver_id = %lld", (long long)alice_id), 1);
    assert_int_equal(count("SELECT COUNT(*) FROM ledger_hold h JOIN"
                           " charge_order o ON o.hold_id = h.id WHERE"
                           " o.driver_id = %lld", (long long)alice_id), 1);
}

/* How many of the calls were answered well; the others must be conflicts. */
static int winners(const struct api_call *calls, int n)
{
    struct api_reply r[16];
    int won = 0;

    api_race(&stack, calls, n, r);
    for (int i = 0; i < n; i++) {
        if (r[i].status != 200 && r[i].status != 409)
            fail_msg("%d: %s", i, r[i].text);
        won += r[i].status == 200;
        api_free(&r[i]);
    }
    return won;
}

static void one_gun_goes_to_one_of_many(void **state)
{
    struct api_call calls[8];
    char token[COUNT(calls)][64];

    (void)state;
    for (size_t i = 0; i < COUNT(calls); i++) {
        places_give(cx, places_sign_in(cx, new_phone(), token[i]), 5000);
        calls[i] = start_call(token[i], QR_A1, new_key());
    }
    assert_int_equal(winners(calls, COUNT(calls)), 1);
    assert_int_equal(count("SELECT COUNT(*) FROM charge_order WHERE state"
                           " BETWEEN 1 AND 6"), 1);
}

/* Two guns, money for one of them (M5, F41). */
static void the_last_fen_is_spent_once(void **state)
{
    struct api_call calls[8];
    struct api_reply r;

    (void)state;
    places_give(cx, alice_id, 900);
    for (size_t i = 0; i < COUNT(calls); i++) {
        calls[i] = start_call(alice, i % 2 ? QR_A1 : QR_A2, new_key());
        calls[i].body = text("{\"qr_no\":\"%s\",\"limit_fen\":500}",
                             i % 2 ? QR_A1 : QR_A2);
    }
    assert_int_equal(winners(calls, COUNT(calls)), 1);
    r = api(&stack, get("/wallet", alice));
    assert_int_equal(data_int(&r, "available_fen"), 400);
    assert_int_equal(data_int(&r, "held_fen"), 500);
    api_free(&r);
}

static void another_drivers_order_does_not_exist(void **state)
{
    const char *no;

    (void)state;
    places_give(cx, alice_id, 5000);
    no = start(alice, QR_A1);
    api_expect(&stack, get(text("/orders/%s", no), bob), 404, 40400);
    api_expect(&stack, post(text("/orders/%s/stop", no), "{}", bob), 404,
               40400);
    api_expect(&stack, get(text("/orders/%s", no), NULL), 401, 40100);
    api_expect(&stack, get("/orders/C00000000000000000", alice), 404, 40400);
    api_expect(&stack, get("/orders/%27%20OR%201=1", alice), 404, 40400);
    assert_int_equal(count("SELECT COUNT(*) FROM pile_command WHERE kind = 2"
                           " AND order_id = (SELECT id FROM charge_order"
                           " WHERE order_no = '%s')", no), 0);
}

/* As the gateway would write it. */
static void charging(const char *no, const char *qr_no)
{
    places_sql(cx, "UPDATE charge_order SET state = 4, charging_at = NOW(3) -"
                   " INTERVAL 10 MINUTE, live_energy_e4kwh = 123456,"
                   " live_amount_fen = 1358, soc = 61 WHERE order_no = '%s'",
               no);
    places_sql(cx, "UPDATE connector_live SET state = 1, soc = 61, power_w ="
                   " 74000, voltage_dv = 4012, current_da = 1844, remain_min"
                   " = 17, order_id = (SELECT id FROM charge_order WHERE"
                   " order_no = '%s'), trade_no = (SELECT trade_no FROM"
                   " charge_order WHERE order_no = '%s') WHERE connector_id"
                   " = %lld", no, no,
               (long long)places_connector(cx, qr_no));
}

static void plugged(const char *qr_no)
{
    places_sql(cx, "UPDATE connector_live SET state = 3, order_id = NULL,"
                   " trade_no = NULL WHERE connector_id = %lld",
               (long long)places_connector(cx, qr_no));
}

static void progress_is_what_the_pile_reports(void **state)
{
    const char *no;
    struct api_reply r;
    json_t *live;

    (void)state;
    places_give(cx, alice_id, 5000);
    no = start(alice, QR_A1);
    charging(no, QR_A1);
    r = api(&stack, get(text("/orders/%s", no), alice));
    plugged(QR_A1);
    assert_string_equal(data_text(&r, "state"), "charging");
    assert_int_equal(data_int(&r, "energy_e4kwh"), 123456);
    assert_int_equal(data_int(&r, "cost_fen"), 1358);
    assert_in_range(data_int(&r, "seconds"), 600, 605);
    assert_true(json_is_false(json_object_get(r.data, "billed")));
    live = json_object_get(r.data, "live");
    assert_int_equal(json_integer_value(json_object_get(live, "power_w")),
                     74000);
    assert_int_equal(json_integer_value(json_object_get(live, "soc")), 61);
    assert_int_equal(json_integer_value(json_object_get(live, "remain_min")),
                     17);
    api_free(&r);
}

static void stopping_again_is_harmless(void **state)
{
    const char *no, *path;

    (void)state;
    places_give(cx, alice_id, 5000);
    no = start(alice, QR_A1);
    path = text("/orders/%s/stop", no);
    charging(no, QR_A1);
    api_expect(&stack, post(path, "{}", alice), 200, 0);
    api_expect(&stack, post(path, "{}", alice), 200, 0);
    assert_int_equal(count("SELECT COUNT(*) FROM pile_command WHERE kind = 2"
                           " AND order_id = (SELECT id FROM charge_order"
                           " WHERE order_no = '%s')", no), 1);
    assert_int_equal(audited("order.stop", alice_id), 1);
    places_sql(cx, "UPDATE charge_order SET state = 10, settled_at = NOW(3)"
                   " WHERE order_no = '%s'", no);
    plugged(QR_A1);
    api_expect(&stack, post(path, "{}", alice), 409, 40901);
}

/* Though the gateway has not sent it: nobody should wonder and press again. */
static void a_stop_is_seen_at_once(void **state)
{
    const char *no, *path;
    struct api_reply r;

    (void)state;
    places_give(cx, alice_id, 5000);
    no = start(alice, QR_A1);
    path = text("/orders/%s", no);
    charging(no, QR_A1);
    r = api(&stack, post(text("/orders/%s/stop", no), "{}", alice));
    assert_string_equal(data_text(&r, "state"), "stopping");
    api_free(&r);
    r = api(&stack, get(path, alice));
    assert_string_equal(data_text(&r, "state"), "stopping");
    assert_string_equal(data_text(&r, "state_text"), "停止中");
    api_free(&r);
    /* It was never sent: the car still charges. */
    places_sql(cx, "UPDATE pile_command SET state = 6 WHERE kind = 2"
                   " AND order_id = (SELECT id FROM charge_order"
                   " WHERE order_no = '%s')", no);
    r = api(&stack, get(path, alice));
    assert_string_equal(data_text(&r, "state"), "charging");
    api_free(&r);
    plugged(QR_A1);
}

static void a_stop_that_cannot_be_sent_says_so(void **state)
{
    const char *no;

    (void)state;
    places_give(cx, alice_id, 5000);
    no = start(alice, QR_A1);
    places_sql(cx, "UPDATE pile SET online = 0 WHERE id = 1");
    api_expect(&stack, post(text("/orders/%s/stop", no), "{}", alice), 409,
               40904);
    places_sql(cx, "UPDATE pile SET online = 1 WHERE id = 1");
}

/* ---- what it cost ---- */

static void settle_job(struct cx *c, void *arg)
{
    (void)arg;
    order_settle_waiting(c);
}

static void settle(void)
{
    struct cx *c = testdb_cx_as("pilehub_jobs");

    c->config = stack.config;
    testdb_run(c, settle_job, NULL);
    testdb_cx_free(c);
}

static void read_text(struct cx *c, void *arg)
{
    const char **sql = arg;

    *sql = db_text(c, *sql, BIND());
}

static const char *trade_no_of(const char *no)
{
    const char *t = text("SELECT trade_no FROM charge_order WHERE order_no ="
                         " '%s'", no);

    testdb_run(cx, read_text, &t);
    return t;
}

/* A charge of half an hour that ended just now: its record, and what it
   costs by arithmetic of our own. */
static int64_t charged(const char *no, int gun, int64_t energy_e4kwh)
{
    static const int64_t elec[] = { 130000, 110000, 80000, 40000 };
    static const int64_t service[] = { 40000, 35000, 30000, 25000 };
    stamp end = { stamp_now().ms / 1000 * 1000 - 5000 };
    stamp from = stamp_add_ms(end, -1800000);
    struct bill_point p[] = { { from, 0 }, { end, energy_e4kwh } };
    struct world_record r = { .start = from, .end = end, .gun = gun,
                              .total_e4 = -1, .meter_end = -1,
                              .meter_start = 1000000, .stop_reason = 0x40 };
    int64_t elec_nano = 0, service_nano = 0;

    places_sql(cx, "UPDATE charge_order SET state = 4, created_at = NOW(3) -"
                   " INTERVAL 32 MINUTE, charging_at = NOW(3) - INTERVAL 31"
                   " MINUTE WHERE order_no = '%s'", no);
    r.trade_no = trade_no_of(no);
    bill_split(PLACES_SLOTS, p, COUNT(p), r.energy);
    for (int i = 0; i < RATES; i++) {
        elec_nano += r.energy[i] * elec[i];
        service_nano += r.energy[i] * service[i];
    }
    cx->now = stamp_now();
    world_record(cx, &r);
    settle();
    return (elec_nano + 5000000) / 10000000 +
           (service_nano + 5000000) / 10000000;
}

/* Pays into the wallet by the real way. */
static void top_up(const char *token, int64_t fen)
{
    struct api_reply r = api(
        &stack, (struct api_call){ .path = "/topups", .token = token,
                                   .key = new_key(),
                                   .body = text("{\"amount_fen\":%lld}",
                                                (long long)fen) });

    if (r.status != 200)
        fail_msg("top-up: %s", r.text);
    fake_do(&stack, "pay", text("{\"order\":\"%s\"}",
                                data_text(&r, "out_trade_no")));
    api_free(&r);
}

static int64_t sum_of(const json_t *lines, const char *name)
{
    const json_t *one;
    int64_t sum = 0;
    size_t i;

    json_array_foreach(lines, i, one)
        sum += json_integer_value(json_object_get(one, name));
    return sum;
}

static void a_charge_costs_what_the_bill_says(void **state)
{
    const char *no;
    int64_t cost;
    struct api_reply r;
    json_t *bill, *entry;

    (void)state;
    top_up(alice, 10000);
    no = start(alice, QR_A1);
    cost = charged(no, 1, 234567);
    r = api(&stack, get(text("/orders/%s", no), alice));
    assert_string_equal(data_text(&r, "state"), "settled");
    assert_true(json_is_true(json_object_get(r.data, "billed")));
    assert_int_equal(data_int(&r, "cost_fen"), cost);
    assert_int_equal(data_int(&r, "energy_e4kwh"), 234567);
    assert_int_equal(data_int(&r, "seconds"), 1800);
    assert_int_equal(data_int(&r, "arrears_fen"), 0);
    bill = json_object_get(r.data, "bill");
    assert_int_equal(sum_of(bill, "energy_e4kwh"), 234567);
    assert_int_equal(sum_of(bill, "elec_fen"), data_int(&r, "elec_fen"));
    assert_int_equal(sum_of(bill, "service_fen"), data_int(&r, "service_fen"));
    assert_int_equal(data_int(&r, "elec_fen") + data_int(&r, "service_fen"),
                     cost);
    api_free(&r);
    assert_int_equal(wallet(alice, "available_fen"), 10000 - cost);
    assert_int_equal(wallet(alice, "held_fen"), 0);
    r = api(&stack, get("/wallet/entries", alice));
    entry = json_array_get(json_object_get(r.data, "entries"), 0);
    assert_string_equal(json_string_value(json_object_get(entry, "kind")),
                        "order.settle");
    assert_int_equal(json_integer_value(json_object_get(entry, "amount_fen")),
                     -cost);
    assert_int_equal(json_integer_value(json_object_get(entry,
                                                        "balance_fen")),
                     10000 - cost);
    api_free(&r);
    world_assert_books(cx);
}

static void what_the_wallet_lacks_is_owed_and_paid_first(void **state)
{
    const char *no;
    int64_t cost;
    struct api_reply r;

    (void)state;
    top_up(alice, 1000);
    no = start(alice, QR_A2); /* no other charge at that time */
    cost = charged(no, 2, 200000);
    assert_true(cost > 1000);
    r = api(&stack, get(text("/orders/%s", no), alice));
    assert_int_equal(data_int(&r, "arrears_fen"), cost - 1000);
    api_free(&r);
    assert_int_equal(wallet(alice, "arrears_fen"), cost - 1000);
    assert_int_equal(wallet(alice, "available_fen"), 0);
    plugged(QR_A2);
    expect_obstacle(QR_A2, "arrears");
    api_expect(&stack, start_call(alice, QR_A2, new_key()), 409, 40903);
    top_up(alice, cost);
    assert_int_equal(wallet(alice, "arrears_fen"), 0);
    assert_int_equal(wallet(alice, "available_fen"), 1000);
    expect_obstacle(QR_A2, NULL);
    world_assert_books(cx);
}

/* ---- lists ---- */

static void orders_come_in_pages_without_gaps(void **state)
{
    int64_t after = 0;
    int seen = 0;

    (void)state;
    for (int i = 0; i < 45; i++)
        places_sql(cx,
                   "INSERT INTO charge_order (order_no, trade_no,"
                   " provider_id, merchant_id, station_id, pile_id,"
                   " connector_id, gun, driver_id, start_by, state,"
                   " tariff_version_id, created_at) VALUES ('L%lld-%d',"
                   " 'L%lld-%d', 2, 3, 1, 1, 1, 1, %lld, 1, 7, 1, NOW(3))",
                   (long long)alice_id, i, (long long)alice_id, i,
                   (long long)alice_id);
    for (int page = 0; page < 10; page++) {
        struct api_reply r = api(
            &stack, get(page == 0 ? "/orders"
                                  : text("/orders?after=%lld",
                                         (long long)after), alice));
        json_t *next = json_object_get(r.data, "after");

        assert_int_equal(r.status, 200);
        seen += (int)json_array_size(json_object_get(r.data, "orders"));
        after = json_is_integer(next) ? json_integer_value(next) : 0;
        api_free(&r);
        if (after == 0)
            break;
    }
    assert_int_equal(seen, 45);
    api_expect(&stack, get("/orders?after=x", alice), 400, 40001);
    api_expect(&stack, get("/orders?driver_id=1", alice), 400, 40000);
}

static void wallet_entries_come_in_pages_without_gaps(void **state)
{
    int64_t after = 0, sum = 0;
    int seen = 0;

    (void)state;
    for (int i = 0; i < 70; i++)
        places_give(cx, alice_id, 100 + i);
    for (int page = 0; page < 10; page++) {
        struct api_reply r = api(
            &stack, get(page == 0 ? "/wallet/entries"
                                  : text("/wallet/entries?after=%lld",
                                         (long long)after), alice));
        json_t *next = json_object_get(r.data, "after"), *one;
        size_t i;

        json_array_foreach(json_object_get(r.data, "entries"), i, one) {
            sum += json_integer_value(json_object_get(one, "amount_fen"));
            seen++;
        }
        after = json_is_integer(next) ? json_integer_value(next) : 0;
        api_free(&r);
        if (after == 0)
            break;
    }
    assert_int_equal(seen, 70);
    assert_int_equal(sum, wallet(alice, "paid_fen"));
}

static void every_operation_was_called(const char *method, const char *path,
                                       const json_t *operation, bool answered,
                                       void *arg)
{
    (void)operation;
    (void)arg;
    /* Top-ups have a test program of their own. */
    if (!answered && strncmp(path, "/topups", 7) != 0)
        fail_msg("%s %s was never answered well", method, path);
}

static void all_of_the_document_was_seen(void **state)
{
    (void)state;
    contract_each(stack.contract, every_operation_was_called, NULL);
}

/* Rule L4: phones, codes and tokens are in no log. */
static void the_logs_hold_no_secret(void **state)
{
    const char *phone = new_phone(), *code = send_code(phone);
    struct api_reply r = api(&stack, session_call(phone, code));
    const char *token = text("%s", data_text(&r, "token"));

    (void)state;
    api_free(&r);
    api_expect(&stack, get("/me", token), 200, 0);
    assert_false(web_server_logged(&stack.web, phone));
    assert_false(web_server_logged(&stack.slow, phone));
    assert_false(web_server_logged(&stack.web, token));
    assert_false(web_server_logged(&stack.slow, text("\"%s\"", code)));
}

#define CASE(name) cmocka_unit_test_setup(name, set_up)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(the_first_sign_in_makes_the_account),
        CASE(a_code_is_good_once_and_for_its_phone),
        CASE(a_code_ends_with_time_tries_and_the_next_one),
        CASE(codes_are_limited_by_phone),
        CASE(malformed_phones_and_members_are_refused),
        CASE(without_sms_nobody_is_told_that_it_went),
        CASE(only_a_good_token_gets_in),
        CASE(a_session_ends_when_it_should),
        CASE(drivers_list_and_end_their_sessions),
        CASE(a_disabled_driver_is_out_within_a_second),
        CASE(drivers_say_who_they_are),
        CASE(stations_come_nearest_first),
        CASE(filters_leave_out_the_others),
        CASE(wrong_questions_are_refused),
        CASE(pages_of_stations_have_no_gaps),
        CASE(a_station_shows_what_a_driver_needs),
        CASE(prices_stand_by_period),
        CASE(cities_are_listed),
        CASE(a_code_says_whether_one_can_start),
        CASE(the_code_on_a_gun_opens_a_page),
        CASE(a_start_meets_the_same_obstacles),
        CASE(malformed_starts_are_refused),
        CASE(a_start_reserves_money_and_tells_the_pile),
        CASE(the_limit_is_what_is_reserved),
        CASE(a_repeated_start_is_one),
        CASE(a_start_is_known_after_399_days),
        CASE(every_endpoint_with_a_key_is_known),
        CASE(sixteen_equal_starts_are_one),
        CASE(one_gun_goes_to_one_of_many),
        CASE(the_last_fen_is_spent_once),
        CASE(another_drivers_order_does_not_exist),
        CASE(progress_is_what_the_pile_reports),
        CASE(stopping_again_is_harmless),
        CASE(a_stop_is_seen_at_once),
        CASE(a_charge_costs_what_the_bill_says),
        CASE(what_the_wallet_lacks_is_owed_and_paid_first),
        CASE(a_stop_that_cannot_be_sent_says_so),
        CASE(orders_come_in_pages_without_gaps),
        CASE(wallet_entries_come_in_pages_without_gaps),
        CASE(the_logs_hold_no_secret),
        CASE(all_of_the_document_was_seen),
    };
    int failed;

    testdb_start("driver_api");
    cx = testdb_cx();
    places_make(cx);
    stack_start(&stack);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    stack_stop(&stack);
    testdb_cx_free(cx);
    testdb_stop();
    return failed;
}
