/*
 * What nginx refuses by itself, with the product's own configuration, seen
 * from strange addresses (rules A4, S5, and section 14 of the rules): each
 * limit bites after its burst, only there and only for whoever went too far,
 * with our page; and what an address did wrong follows that address through
 * nginx into the program.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "db/db.h"
#include "tests/integration/driver/stack.h"
#include "tests/integration/testdb.h"
#include "tests/integration/web/people.h"

enum { TEXT_MAX = 200000, MANY = 60 };

static struct stack stack;
static struct people people;
static struct cx *cx;

/* ---- callers from afar ------------------------------------------------- */

/* A connection on which nginx believes that address. */
static int dial(const char *address)
{
    struct sockaddr_in to = { .sin_family = AF_INET,
                              .sin_port = htons((uint16_t)stack.proxy_port),
                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    char line[120];

    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
    snprintf(line, sizeof line, "PROXY TCP4 %s 127.0.0.1 40000 80\r\n",
             address);
    assert_true(write(fd, line, strlen(line)) == (ssize_t)strlen(line));
    return fd;
}

/* The whole answer as it came; until the next. */
static const char *hear(int fd)
{
    static char text[TEXT_MAX];
    size_t len = 0;
    ssize_t n;

    while (len < sizeof text - 1 &&
           (n = read(fd, text + len, sizeof text - 1 - len)) > 0)
        len += (size_t)n;
    text[len] = '\0';
    close(fd);
    return text;
}

struct caller {
    const char *address;
    char cookie[120], csrf[80]; /* of a page that was opened */
};

static void say(int fd, const struct caller *c, const char *method,
                const char *path, const char *type, const char *body)
{
    char text[2000];
    int n = snprintf(text, sizeof text,
                     "%s %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                     "X-Forwarded-For: 198.18.0.1\r\nCookie: %s\r\n"
                     "Content-Type: %s\r\nContent-Length: %zu\r\n\r\n%s",
                     method, path, c->cookie, type, strlen(body), body);

    assert_in_range(n, 1, sizeof text - 1);
    assert_true(write(fd, text, (size_t)n) == n);
}

static const char *ask(const struct caller *c, const char *method,
                       const char *path, const char *body)
{
    bool json = strncmp(path, "/api/", 5) == 0;
    int fd = dial(c->address);

    say(fd, c, method, path, json ? "application/json"
                                  : "application/x-www-form-urlencoded",
        body);
    return hear(fd);
}

static int status_of(const char *answer)
{
    return strncmp(answer, "HTTP/1.1 ", 9) == 0
        ? (int)strtol(answer + 9, NULL, 10) : 0;
}

/* How many of n equal requests were let through. */
static int passed_of(const struct caller *c, const char *method,
                     const char *path, int n)
{
    int passed = 0;

    for (int i = 0; i < n; i++)
        passed += status_of(ask(c, method, path, "")) != 429;
    return passed;
}

/* ---- our own words ----------------------------------------------------- */

static void assert_has(const char *answer, const char *part)
{
    if (strstr(answer, part) == NULL)
        fail_msg("no \"%s\" in: %.1500s", part, answer);
}

static void assert_headers(const char *answer)
{
    static const char *const lines[] = {
        "\r\nContent-Security-Policy: default-src 'self';",
        "frame-ancestors 'none'\r\n", "\r\nX-Content-Type-Options: nosniff",
        "\r\nX-Frame-Options: DENY", "\r\nReferrer-Policy: same-origin",
        "\r\nPermissions-Policy: camera=()", "\r\nCache-Control: no-store",
        "; charset=utf-8\r\n",
    };

    for (size_t i = 0; i < COUNT(lines); i++)
        assert_has(answer, lines[i]);
}

/* What the program says with its own answers, nginx says with its own. */
static void the_headers_are_the_programs(void **state)
{
    static const char *const names[] = {
        "Content-Security-Policy", "X-Content-Type-Options",
        "X-Frame-Options", "Referrer-Policy", "Cross-Origin-Opener-Policy",
        "Cross-Origin-Resource-Policy", "Permissions-Policy",
    };
    struct caller c = { .address = "203.0.113.1" };
    char own[4000];

    (void)state;
    snprintf(own, sizeof own, "%s", ask(&c, "GET", "/login", ""));
    assert_int_equal(status_of(own), 200);
    for (size_t i = 0; i < COUNT(names); i++) {
        const char *line = strstr(own, names[i]), *css, *error;
        char copy[600];

        assert_non_null(line);
        snprintf(copy, sizeof copy, "\r\n%.*s\r\n",
                 (int)strcspn(line, "\r"), line);
        css = ask(&c, "GET", "/static/css/console.css", "");
        assert_int_equal(status_of(css), 200);
        assert_has(css, copy);
        error = ask(&c, "PUT", "/login", "");
        assert_int_equal(status_of(error), 405);
        assert_has(error, copy);
    }
}

static void errors_of_nginx_are_our_pages(void **state)
{
    static const struct {
        const char *method, *path;
        int status;
        const char *part;
    } cases[] = {
        { "PUT", "/login", 405, "没能看懂这个请求" },
        { "GET", "/static/nothing.css", 404, "没能看懂这个请求" },
        { "GET", "/static/css/", 403, "没能看懂这个请求" },
        { "GET", "/metrics", 403, "没能看懂这个请求" },
        { "DELETE", "/api/driver/v1/me", 405, "{\"code\":40500," },
    };
    struct caller c = { .address = "203.0.113.2" };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        const char *answer = ask(&c, cases[i].method, cases[i].path, "");

        if (status_of(answer) != cases[i].status)
            fail_msg("%s %s: %.300s", cases[i].method, cases[i].path,
                     answer);
        assert_has(answer, cases[i].part);
        assert_headers(answer);
        assert_null(strstr(answer, "<center>"));
    }
    /* They are not for visitors. */
    assert_int_equal(status_of(ask(&c, "GET", "/_error/busy.html", "")), 404);
    /* What the program itself refuses keeps its own words. */
    assert_has(ask(&c, "GET", "/api/driver/v1/me", ""), "\"code\":40100");
    assert_has(ask(&c, "GET", "/nothing", ""), "没有这个页面");
}

/* ---- limits by address ------------------------------------------------- */

static void each_limit_bites_after_its_burst(void **state)
{
    static const struct {
        const char *method, *path;
        int burst, tries;
    } cases[] = {
        { "POST", "/login", 20, 26 },
        { "POST", "/login/sms", 20, 26 },
        { "POST", "/login/password", 20, 26 },
        { "POST", "/api/driver/v1/sessions", 20, 26 },
        { "POST", "/login/code", 6, 10 },
        { "POST", "/api/driver/v1/sms-codes", 6, 10 },
        { "POST", "/console/pile/export", 10, 14 },
    };
    char address[20];

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct caller c = { .address = address };
        struct caller other = { .address = "203.0.113.99" };
        int passed;

        snprintf(address, sizeof address, "203.0.113.%zu", 10 + i);
        passed = passed_of(&c, cases[i].method, cases[i].path,
                           cases[i].tries);
        /* The burst and the one that begins it; a slow run earns another. */
        if (passed < cases[i].burst + 1 || passed > cases[i].burst + 3)
            fail_msg("%s: %d of %d passed", cases[i].path, passed,
                     cases[i].tries);
        /* Only there: other pages still open, */
        assert_int_equal(status_of(ask(&c, "GET", "/login/captcha", "")),
                         200);
        /* and only for them. */
        if (status_of(ask(&other, cases[i].method, cases[i].path, "")) == 429)
            fail_msg("%s is shut for others", cases[i].path);
    }
}

/* Sends n requests at once, then reads what came of them. */
static int passed_at_once(const struct caller *c, const char *path, int n,
                          char *refused, size_t size)
{
    int fds[400], passed = 0;

    assert_in_range(n, 1, COUNT(fds));
    for (int i = 0; i < n; i++) {
        fds[i] = dial(c->address);
        say(fds[i], c, "GET", path, "text/plain", "");
    }
    for (int i = 0; i < n; i++) {
        const char *answer = hear(fds[i]);

        if (status_of(answer) == 429)
            snprintf(refused, size, "%s", answer);
        else
            passed++;
    }
    return passed;
}

/* More at once than the address may have open, and than a second allows. */
static void a_flood_is_cut_down(void **state)
{
    struct caller c = { .address = "203.0.113.30" };
    char refused[4000] = "";

    (void)state;
    assert_in_range(passed_at_once(&c, "/api/driver/v1/cities", 200, refused,
                                   sizeof refused), 20, 150);
    assert_has(refused, "{\"code\":42900,\"message\":\"请求过于频繁");
    assert_has(refused, "\"request_id\":\"");
    assert_has(refused, "\r\nContent-Type: application/json; charset=utf-8");
    assert_has(refused, "\r\nRetry-After: 60\r\n");
    assert_headers(refused);
    c.address = "203.0.113.31";
    refused[0] = '\0';
    assert_in_range(passed_at_once(&c, "/nothing", 300, refused,
                                   sizeof refused), 50, 250);
    assert_has(refused, "操作过于频繁");
    assert_has(refused, "\r\nRetry-After: 60\r\n");
    assert_headers(refused);
    /* The machine itself is free. */
    for (int i = 0; i < 60; i++) {
        char url[100];
        struct http_reply r;

        snprintf(url, sizeof url, "http://127.0.0.1:%d/api/driver/v1/cities",
                 stack.http_port);
        r = http("GET", url, NULL, NULL);
        assert_int_not_equal(r.status, 429);
        http_reply_free(&r);
    }
}

/* For as long as it waits for a body at most. */
static void wait_status(const struct caller *c, const char *path, int want)
{
    int status = 0;

    for (int i = 0; i < 100 && status != want; i++) {
        status = status_of(ask(c, "GET", path, ""));
        usleep(50000);
    }
    assert_int_equal(status, want);
}

static void fifty_connections_an_address(void **state)
{
    struct caller c = { .address = "203.0.113.40" };
    struct caller other = { .address = "203.0.113.41" };
    static const char half[] = "POST /logout HTTP/1.1\r\nHost: x\r\n"
                               "Content-Length: 10\r\n\r\n";
    int fds[50];

    (void)state;
    for (size_t i = 0; i < COUNT(fds); i++) {
        fds[i] = dial(c.address);
        assert_true(write(fds[i], half, strlen(half)) > 0);
    }
    /* As soon as nginx has read them all; it waits for their bodies. */
    wait_status(&c, "/healthz", 429);
    assert_int_equal(status_of(ask(&other, "GET", "/healthz", "")), 200);
    for (size_t i = 0; i < COUNT(fds); i++)
        close(fds[i]);
    wait_status(&c, "/healthz", 200);
}

/* htmx throws the page of an error away: the sentence comes as a header. */
static void htmx_is_told_by_a_toast(void **state)
{
    struct caller c = { .address = "203.0.113.50" };
    static const char text[] =
        "POST /login/code HTTP/1.1\r\nHost: x\r\nHX-Request: true\r\n"
        "Connection: close\r\nContent-Length: 0\r\n\r\n";
    const char *answer = "";

    (void)state;
    for (int i = 0; i < 10; i++) {
        int fd = dial(c.address);

        assert_true(write(fd, text, strlen(text)) > 0);
        answer = hear(fd);
    }
    assert_int_equal(status_of(answer), 429);
    assert_has(answer, "\r\nHX-Trigger: {\"toast\":{\"kind\":\"fault\","
                       "\"text\":\"\\u64cd\\u4f5c");
}

/* ---- through nginx into the program ------------------------------------ */

static void copy_after(const char *text, const char *mark, const char *end,
                       char *out, size_t size)
{
    const char *at = strstr(text, mark);

    assert_non_null(at);
    at += strlen(mark);
    snprintf(out, size, "%.*s", (int)strcspn(at, end), at);
}

static void open_page(struct caller *c)
{
    const char *page;

    c->cookie[0] = '\0';
    page = ask(c, "GET", "/login", "");
    assert_int_equal(status_of(page), 200);
    copy_after(page, "Set-Cookie: ", ";", c->cookie, sizeof c->cookie);
    copy_after(page, "name=\"_csrf\" value=\"", "\"", c->csrf,
               sizeof c->csrf);
}

struct captcha {
    char id[40];
    const char *answer;
};

static void read_captcha(struct cx *c, void *arg)
{
    static const char sql[] = "SELECT answer FROM captcha WHERE id = ?";
    struct captcha *captcha = arg;

    captcha->answer = db_text(c, sql, BIND(V((const char *)captcha->id)));
    assert_non_null(captcha->answer);
}

/* One try; the captcha is read as a person reads it, from the picture. */
static const char *try(struct caller *c, const char *phone,
                       const char *password, bool reads_captcha)
{
    char form[600], more[120] = "";
    struct captcha captcha;

    if (reads_captcha) {
        copy_after(ask(c, "GET", "/login/captcha", ""), "captcha.png?id=",
                   "\"&", captcha.id, sizeof captcha.id);
        testdb_run(cx, read_captcha, &captcha);
        snprintf(more, sizeof more, "&captcha_id=%s&captcha=%s", captcha.id,
                 captcha.answer);
    }
    snprintf(form, sizeof form, "_csrf=%s&phone=%s&password=%s&next=%s",
             c->csrf, phone, password, more);
    return ask(c, "POST", "/login", form);
}

static int forget(void **state)
{
    (void)state;
    testdb_sql(cx, "DELETE FROM guard");
    return 0;
}

/* An account is guessed at from everywhere: three tries, then captchas, then
   fifteen minutes, whatever is right; others are not touched. */
static void guessing_at_an_account_is_slowed_down(void **state)
{
    struct caller c[MANY];
    char address[6][20];
    const char *answer;

    (void)state;
    for (int i = 0; i < 6; i++) {
        snprintf(address[i], sizeof address[i], "198.51.100.%d", i + 1);
        c[i] = (struct caller){ .address = address[i] };
        open_page(&c[i]);
    }
    for (int i = 0; i < 3; i++)
        assert_has(try(&c[i], ADMIN_PHONE, "Wrong-pass-1", false),
                   "手机号或密码不正确");
    answer = try(&c[3], ADMIN_PHONE, PEOPLE_PASSWORD, false);
    assert_int_equal(status_of(answer), 422);
    assert_has(answer, "输入图中的 4 个字符。");
    assert_has(try(&c[3], ADMIN_PHONE, "Wrong-pass-1", true), "还可尝试 1 次");
    assert_has(try(&c[4], ADMIN_PHONE, "Wrong-pass-1", true),
               "密码错误次数过多");
    assert_has(try(&c[5], ADMIN_PHONE, PEOPLE_PASSWORD, true),
               "密码错误次数过多");
    assert_int_equal(status_of(try(&c[5], PROVIDER_PHONE, PEOPLE_PASSWORD,
                                   false)), 303);
    /* It ends by itself, and its failures are on record with their places. */
    testdb_sql(cx, "UPDATE guard SET locked_to = NOW(3) - INTERVAL 1 SECOND"
                   " WHERE locked_to IS NOT NULL");
    assert_int_equal(status_of(try(&c[5], ADMIN_PHONE, PEOPLE_PASSWORD,
                                   false)), 303);
    assert_int_equal(testdb_int(cx, "SELECT COUNT(DISTINCT address) FROM"
                                    " audit WHERE event ="
                                    " 'account.sign_in_failed' AND address"
                                    " LIKE '198.51.100.%'"), 6);
    assert_int_equal(testdb_int(cx, "SELECT COUNT(*) FROM audit WHERE"
                                    " address = '198.18.0.1'"), 0);
}

/* One address guesses at many accounts. */
static void an_address_that_guesses_reads_captchas(void **state)
{
    struct caller c = { .address = "192.0.2.7" };
    struct caller other = { .address = "192.0.3.8" };
    char phone[20];

    (void)state;
    open_page(&c);
    open_page(&other);
    for (int i = 0; i < 3; i++) {
        snprintf(phone, sizeof phone, "1370000000%d", i);
        assert_has(try(&c, phone, "Wrong-pass-1", false),
                   "手机号或密码不正确");
    }
    assert_has(try(&c, ADMIN_PHONE, PEOPLE_PASSWORD, false),
               "输入图中的 4 个字符。");
    assert_int_equal(status_of(try(&other, ADMIN_PHONE, PEOPLE_PASSWORD,
                                   false)), 303);
    assert_int_equal(status_of(try(&c, ADMIN_PHONE, PEOPLE_PASSWORD, true)),
                     303);
}

/* Codes: one a minute and five an hour for a phone, wherever it is asked. */
static void codes_are_limited_wherever_they_are_asked_for(void **state)
{
    static const char path[] = "/api/driver/v1/sms-codes";
    static const char body[] = "{\"phone\":\"13955550000\"}";
    static const char made[] =
        "SELECT COUNT(*) FROM sms_code WHERE phone = '13955550000'";
    const char *answer = "";
    char address[20];

    (void)state;
    for (int i = 0; i < 8; i++) {
        struct caller c = { .address = address };

        snprintf(address, sizeof address, "198.51.100.%d", 100 + i);
        answer = ask(&c, "POST", path, body);
        if (i == 0) {
            assert_int_equal(status_of(answer), 200);
            assert_has(ask(&c, "POST", path, body), "每分钟只能发送一次");
        }
        testdb_sql(cx, "UPDATE guard SET window_at = window_at - INTERVAL 61"
                       " SECOND WHERE subject LIKE 'sms1m:%'");
    }
    assert_int_equal(testdb_int(cx, made), 5);
    assert_int_equal(status_of(answer), 429);
    assert_has(answer, "一小时内获取验证码过多");
    testdb_sql(cx, "UPDATE guard SET window_at = window_at - INTERVAL 61"
                   " MINUTE WHERE subject LIKE 'sms1h:%'");
    for (int i = 0; i < 8; i++) {
        struct caller c = { .address = address };

        snprintf(address, sizeof address, "198.51.100.%d", 120 + i);
        answer = ask(&c, "POST", path, body);
        testdb_sql(cx, "UPDATE guard SET window_at = window_at - INTERVAL 61"
                       " MINUTE WHERE subject LIKE 'sms1%:%' AND subject NOT"
                       " LIKE 'sms1d:%'");
    }
    assert_int_equal(testdb_int(cx, made), 10);
    assert_has(answer, "今天获取验证码过多");
}

/* ---- what nginx writes down (L4) --------------------------------------- */

#define PLANTED "Canary-In-A-Query"

static void send_raw(const char *request)
{
    int fd = dial("198.18.7.7");

    assert_true(write(fd, request, strlen(request)) ==
                (ssize_t)strlen(request));
    hear(fd);
    close(fd);
}

/* With what a log must not hold where addresses have it: filters, links,
   headers; answered, refused by a limit, malformed, with nobody to answer. */
static void plant_in_addresses(const char *path, int times)
{
    char request[1000];

    for (int i = 0; i < times; i++) {
        snprintf(request, sizeof request, "GET %s?phone=13987650123&key="
                 PLANTED "&token=" PLANTED "&q=13987650123 HTTP/1.1\r\n"
                 "Host: 127.0.0.1\r\nReferer: http://127.0.0.1/login?key="
                 PLANTED "\r\nCookie: ph=" PLANTED "\r\nAuthorization:"
                 " Bearer " PLANTED "\r\nUser-Agent: " PLANTED
                 "\r\nConnection: close\r\n\r\n", path);
        send_raw(request);
    }
}

static size_t lines_of(const char *name, bool must_be_clean)
{
    static char text[1 << 20];
    char path[120];
    size_t n, lines = 0;
    FILE *f;

    snprintf(path, sizeof path, "%s/%s", stack.dir, name);
    f = fopen(path, "re");
    assert_non_null(f);
    n = fread(text, 1, sizeof text - 1, f);
    fclose(f);
    assert_in_range(n, 0, sizeof text - 2);
    text[n] = '\0';
    for (const char *p = text; (p = strchr(p, '\n')) != NULL; p++)
        lines++;
    if (must_be_clean && (strstr(text, "Canary") != NULL ||
                          strstr(text, "1398765") != NULL))
        fail_msg("%s holds a secret: %.3000s", name, text);
    return lines;
}

static void its_logs_hold_no_query(void **state)
{
    size_t before = lines_of("access.log", false);

    (void)state;
    plant_in_addresses("/login", 2);
    plant_in_addresses("/login/captcha", 30); /* and beyond the limit */
    plant_in_addresses("/console/account", 1);
    plant_in_addresses("/api/driver/v1/orders", 1);
    plant_in_addresses("/css/none.css", 1);
    plant_in_addresses("/\x01", 1);
    send_raw("GET /?phone=13987650123 HTTP/9.9\r\n\r\n");
    send_raw("G=" PLANTED " ET /\r\n\r\n");
    web_server_stop(&stack.web); /* nobody answers */
    plant_in_addresses("/console/account", 3);
    sleep(1);
    assert_in_range(lines_of("access.log", true), before + 38, before + 50);
    lines_of("nginx.err", true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_headers_are_the_programs),
        cmocka_unit_test(errors_of_nginx_are_our_pages),
        cmocka_unit_test(each_limit_bites_after_its_burst),
        cmocka_unit_test(a_flood_is_cut_down),
        cmocka_unit_test(fifty_connections_an_address),
        cmocka_unit_test(htmx_is_told_by_a_toast),
        cmocka_unit_test_setup(guessing_at_an_account_is_slowed_down, forget),
        cmocka_unit_test_setup(an_address_that_guesses_reads_captchas,
                               forget),
        cmocka_unit_test_setup(codes_are_limited_wherever_they_are_asked_for,
                               forget),
        cmocka_unit_test(its_logs_hold_no_query), /* ends a pool */
    };
    int failed;

    testdb_start("edge");
    people_make(&people);
    cx = testdb_cx();
    stack_start(&stack);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    stack_stop(&stack);
    testdb_cx_free(cx);
    testdb_stop();
    return failed;
}
