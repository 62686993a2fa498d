/*
 * Money that comes in, through the real pools and nginx, from a channel that
 * behaves and misbehaves: rules M9, M10, O3-O5, faults F30-F35, F39.
 */
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <pthread.h>
#include <time.h>
#include <unistd.h>

#include "base/macros.h"
#include "db/db.h"
#include "ledger/ledger.h"
#include "payment/payment.h"
#include "system/sweep.h"
#include "tests/integration/driver/places.h"
#include "tests/integration/driver/stack.h"
#include "tests/integration/testdb.h"
#include "tests/integration/text.h"

static struct stack stack;
static struct cx *cx;
/* Tokens of two drivers, others in every test: limits are by driver. */
static char alice[64], bob[64];
static int64_t alice_id, bob_id;

/* The number that a statement gives. */
#define count(...) testdb_int(cx, text(__VA_ARGS__))

static int number_of_drivers;

static void new_drivers(void)
{
    int number = ++number_of_drivers;

    alice_id = places_sign_in(cx, text("139%08d", number), alice);
    bob_id = places_sign_in(cx, text("138%08d", number), bob);
}

static int set_up(void **state)
{
    (void)state;
    new_drivers();
    return 0;
}

static const char *new_key(void)
{
    static int number;

    return text("topup-key-%06d", ++number);
}

static struct api_call topup_call(const char *token, const char *key,
                                  int64_t fen)
{
    return (struct api_call){ .path = "/topups", .token = token, .key = key,
                              .body = text("{\"amount_fen\":%lld}",
                                           (long long)fen) };
}

/* Begins a top-up that must succeed; its number. */
static const char *begin(const char *token, int64_t fen)
{
    struct api_reply r = api(&stack, topup_call(token, new_key(), fen));
    const char *no;

    if (r.status != 200)
        fail_msg("top-up: %s", r.text);
    no = text("%s", data_text(&r, "out_trade_no"));
    api_free(&r);
    return no;
}

static const char *state_of(const char *no)
{
    struct api_reply r =
        api(&stack, (struct api_call){ .path = text("/topups/%s", no),
                                       .token = alice });
    const char *state;

    assert_int_equal(r.status, 200);
    state = text("%s", data_text(&r, "state"));
    api_free(&r);
    return state;
}

static int64_t wallet(void)
{
    struct api_reply r = api(&stack, (struct api_call){ .path = "/wallet",
                                                        .token = alice });
    int64_t fen = data_int(&r, "paid_fen");

    api_free(&r);
    return fen;
}

/* The payer pays; statuses of the callbacks, at most 64. */
static size_t pay(const char *no, const char *more, int statuses[64])
{
    json_t *j = fake(&stack, "pay", text("{\"order\":\"%s\"%s}", no, more));
    json_t *list = json_object_get(j, "statuses");
    size_t n = json_array_size(list);

    if (!json_is_array(list))
        fail_msg("pay %s: %s", no, json_dumps(j, 0));
    for (size_t i = 0; i < n && i < 64; i++)
        statuses[i] = (int)json_integer_value(json_array_get(list, i));
    json_decref(j);
    return n;
}

static int notify(const char *no, const char *mode)
{
    json_t *j = fake(&stack, "notify",
                     text("{\"order\":\"%s\",\"mode\":\"%s\"}", no, mode));
    int status = (int)json_integer_value(
        json_array_get(json_object_get(j, "statuses"), 0));

    json_decref(j);
    return status;
}

/* How often a payment was booked, and all of it. */
static void assert_booked(const char *no, int64_t times)
{
    assert_int_equal(count("SELECT COUNT(*) FROM ledger_tx"
                           " WHERE idem_key LIKE '%%%s%%'", no), times);
    assert_int_equal(count("SELECT SUM(amount) FROM ledger_posting"), 0);
}

struct job {
    void (*run)(struct cx *cx);
};

static void run_job(struct cx *c, void *arg)
{
    const struct job *j = arg;

    j->run(c);
}

/* Runs a job as the scheduler does: outside a transaction, as nobody. */
static void job_at(void (*run)(struct cx *cx), stamp now)
{
    struct cx *c = testdb_cx_as("pilehub_jobs");
    struct job j = { run };

    c->config = stack.config;
    c->actor.kind = ACTOR_NONE;
    c->now = now;
    testdb_run(c, run_job, &j);
    testdb_cx_free(c);
}

static void job(void (*run)(struct cx *cx))
{
    job_at(run, stamp_now());
}

static void ask_now(const char *no)
{
    places_sql(cx, "UPDATE payment SET query_at = NOW(3) - INTERVAL 1 SECOND"
                   " WHERE out_trade_no = '%s'", no);
    job(payment_query_due);
}

static void expire(const char *no)
{
    places_sql(cx, "UPDATE payment SET expires_at = NOW(3) - INTERVAL 1 SECOND"
                   " WHERE out_trade_no = '%s'", no);
}

/* ---- the good way ---- */

static void a_top_up_is_paid_once_and_shown(void **state)
{
    int64_t before = wallet();
    const char *no = begin(alice, 12345);
    int statuses[64];

    (void)state;
    assert_string_equal(state_of(no), "created");
    assert_int_equal(pay(no, "", statuses), 1);
    assert_int_equal(statuses[0], 200);
    assert_string_equal(state_of(no), "paid");
    assert_int_equal(wallet(), before + 12345);
    assert_booked(no, 1);
    assert_int_equal(count("SELECT COUNT(*) FROM audit WHERE"
                           " event = 'payment.paid' AND object_id ="
                           " (SELECT id FROM payment WHERE out_trade_no ="
                           " '%s')", no), 1);
}

static void amounts_outside_the_limits_are_refused(void **state)
{
    static const char *const bodies[] = {
        "{}", "{\"amount_fen\":99}", "{\"amount_fen\":500001}",
        "{\"amount_fen\":0}", "{\"amount_fen\":-100}",
        "{\"amount_fen\":\"100\"}", "{\"amount_fen\":100.5}",
        "{\"amount_fen\":1e3}", "{\"amount_fen\":true}",
        "{\"amount_fen\":9223372036854775808}", "{\"amount_fen\":null}",
        "{\"amount_fen\":200,\"driver_id\":2}",
        "{\"amount_fen\":200,\"amount_fen\":300}",
        "{\"amount_fen\":200,\"channel\":\"gold\"}", "[]", "", "{",
    };
    int64_t rows = count("SELECT COUNT(*) FROM payment");

    (void)state;
    for (size_t i = 0; i < COUNT(bodies); i++) {
        struct api_reply r =
            api(&stack, (struct api_call){ .path = "/topups", .token = alice,
                                           .method = "POST",
                                           .key = new_key(),
                                           .body = bodies[i] });

        if (r.status != 400)
            fail_msg("%s: %d", bodies[i], r.status);
        api_free(&r);
    }
    assert_int_equal(count("SELECT COUNT(*) FROM payment"), rows);
}

/* ---- once, however often it is asked (M9, M10) ---- */

static void the_same_key_gives_the_same_answer(void **state)
{
    const char *key = new_key();
    struct api_reply first = api(&stack, topup_call(alice, key, 2000));
    struct api_reply again = api(&stack, topup_call(alice, key, 2000));

    (void)state;
    assert_int_equal(first.status, 200);
    assert_false(first.replayed);
    assert_true(again.replayed);
    assert_string_equal(first.text, again.text);
    api_free(&first);
    api_free(&again);
    api_expect(&stack, topup_call(alice, key, 2001), 422, 42200);
    assert_int_equal(count("SELECT COUNT(*) FROM payment"
                           " WHERE idem_key = '%s'", key), 1);
    assert_int_equal(count("SELECT COUNT(*) FROM audit a JOIN payment p ON"
                           " p.id = a.object_id WHERE a.event ="
                           " 'payment.open' AND p.idem_key = '%s' AND"
                           " a.session_id > 0", key), 1);
    /* Another driver's key of the same text is another key. */
    api_expect(&stack, topup_call(bob, key, 2001), 200, 0);
}

/*
 * M10: the key of money is good for 400 days. What is swept away by then does
 * not matter to it, nor that the money came long ago; nor do repeats of the
 * channel's own message book it again.
 */
static void a_key_is_known_after_399_days(void **state)
{
    const char *key = new_key(), *no;
    struct api_reply first = api(&stack, topup_call(alice, key, 2000)), again;
    const char *phone;
    int statuses[64];
    int64_t had, keys;

    (void)state;
    assert_int_equal(first.status, 200);
    no = text("%s", data_text(&first, "out_trade_no"));
    assert_int_equal(pay(no, "", statuses), 1);
    had = wallet();
    keys = count("SELECT COUNT(*) FROM idem");
    assert_true(keys > 0);
    job_at(sweep, stamp_add_days(stamp_now(), 399));
    assert_int_equal(count("SELECT COUNT(*) FROM idem"), keys);
    assert_int_equal(count("SELECT COUNT(*) FROM session"), 0);
    phone = text("139%08d", number_of_drivers);
    assert_int_equal(places_sign_in(cx, phone, alice), alice_id);
    again = api(&stack, topup_call(alice, key, 2000));
    assert_int_equal(again.status, 200);
    assert_true(again.replayed);
    assert_string_equal(first.text, again.text);
    api_expect(&stack, topup_call(alice, key, 2001), 422, 42200);
    assert_int_equal(notify(no, "once"), 200);
    api_expect(&stack, (struct api_call){
        .method = "POST", .path = text("/topups/%s/check", no),
        .token = alice }, 200, 0);
    assert_int_equal(wallet(), had);
    assert_booked(no, 1);
    assert_int_equal(count("SELECT COUNT(*) FROM payment"
                           " WHERE idem_key = '%s'", key), 1);
    api_free(&first);
    api_free(&again);
    job_at(sweep, stamp_add_days(stamp_now(), 401));
    assert_int_equal(count("SELECT COUNT(*) FROM idem"), 0);
    /* By then the payment itself still stands. */
    assert_booked(no, 1);
}

static void sixteen_at_once_make_one(void **state)
{
    const char *key = new_key();
    struct api_reply r[16];

    (void)state;
    api_parallel(&stack, topup_call(alice, key, 3000), 16, r);
    for (int i = 0; i < 16; i++) {
        if (r[i].status != 200)
            fail_msg("%d: %s", i, r[i].text);
        assert_string_equal(r[i].text, r[0].text);
    }
    for (int i = 0; i < 16; i++)
        api_free(&r[i]);
    assert_int_equal(count("SELECT COUNT(*) FROM payment"
                           " WHERE idem_key = '%s'", key), 1);
}

static void without_a_key_nothing_begins(void **state)
{
    static const char *const keys[] = { NULL, "short", "with blank",
                                        "umlaut-\xc3\xa4-key",
                                        "'; DROP TABLE payment; --" };
    int64_t rows = count("SELECT COUNT(*) FROM payment");

    (void)state;
    for (size_t i = 0; i < COUNT(keys); i++)
        api_expect(&stack, topup_call(alice, keys[i], 2000), 400, 40001);
    api_expect(&stack,
               topup_call(alice, text("%065d", 0), 2000), 400, 40001);
    assert_int_equal(count("SELECT COUNT(*) FROM payment"), rows);
}

/* ---- a channel that does not answer as it should (O3, F32-F35) ---- */

/* Whatever goes wrong with the answer, the top-up is unknown, not failed, and
   the same request again comes to the same number. */
static void a_bad_answer_is_unknown_and_repeatable(void **state)
{
    static const char *const modes[] = {
        "error", "limit", "bad_sign", "other_sign", "no_sign", "cut", "empty",
        "wrong_amount", "wrong_order", "wrong_merchant",
    };

    (void)state;
    for (size_t i = 0; i < COUNT(modes); i++) {
        const char *key = new_key();
        struct api_reply r;

        new_drivers();
        fake_do(&stack, "inject",
                text("{\"path\":\"/pay/orders\",\"mode\":\"%s\"}", modes[i]));
        r = api(&stack, topup_call(alice, key, 1500));
        if (r.status != 502 || r.code != 50200)
            fail_msg("%s: %s", modes[i], r.text);
        api_free(&r);
        assert_int_equal(count("SELECT state FROM payment"
                               " WHERE idem_key = '%s'", key),
                         PAYMENT_UNKNOWN);
        r = api(&stack, topup_call(alice, key, 1500));
        if (r.status != 200)
            fail_msg("%s again: %s", modes[i], r.text);
        assert_string_equal(data_text(&r, "state"), "created");
        api_free(&r);
        assert_int_equal(count("SELECT COUNT(*) FROM payment"
                               " WHERE idem_key = '%s'", key), 1);
    }
}

static void unknown_members_of_an_answer_are_tolerated(void **state)
{
    (void)state;
    fake_do(&stack, "inject",
            "{\"path\":\"/pay/orders\",\"mode\":\"extra\"}");
    begin(alice, 1600);
}

static void a_refusal_is_final_for_that_key(void **state)
{
    const char *key = new_key();

    (void)state;
    fake_do(&stack, "inject",
            "{\"path\":\"/pay/orders\",\"mode\":\"refuse\"}");
    api_expect(&stack, topup_call(alice, key, 1500), 409, 40901);
    api_expect(&stack, topup_call(alice, key, 1500), 409, 40901);
    assert_int_equal(count("SELECT state FROM payment WHERE idem_key = '%s'",
                           key), PAYMENT_FAILED);
}

struct waiting {
    struct api_call call;
    struct api_reply replies[4];
};

static void *wait_for_answers(void *arg)
{
    struct waiting *w = arg;

    api_parallel(&stack, w->call, 4, w->replies);
    return NULL;
}

static int64_t now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* F30: while the channel hangs and the slow pool waits for it, everybody else
   is served. F3 of the channel: it did the work, and nothing comes twice. */
static void a_hanging_channel_does_not_hold_up_the_others(void **state)
{
    const char *key = new_key();
    struct waiting w = { .call = topup_call(alice, key, 1700) };
    int64_t worst_ms = 0;
    pthread_t thread;

    (void)state;
    w.call.unjudged = true;
    fake_do(&stack, "inject",
            "{\"path\":\"/pay/orders\",\"mode\":\"work_hang\",\"times\":4}");
    assert_int_equal(pthread_create(&thread, NULL, wait_for_answers, &w), 0);
    usleep(300000);
    for (int i = 0; i < 50; i++) {
        int64_t from = now_ms();

        api_expect(&stack, (struct api_call){ .path = "/me",
                                              .token = bob }, 200, 0);
        worst_ms = now_ms() - from > worst_ms ? now_ms() - from : worst_ms;
    }
    assert_in_range(worst_ms, 0, 1000);
    pthread_join(thread, NULL);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(w.replies[i].status, 502);
        api_free(&w.replies[i]);
    }
    assert_int_equal(count("SELECT COUNT(*) FROM payment WHERE idem_key ="
                           " '%s'", key), 1);
    api_expect(&stack, topup_call(alice, key, 1700), 200, 0);
}

/* Hanging, dripping a byte a second, answering late: a call costs its 10 s
   at most (O2), each comes to the state it must, and all can be repeated. */
static void no_answer_takes_longer_than_ten_seconds(void **state)
{
    static const struct { const char *more; int status; int64_t most_ms; }
    modes[] = {
        { "\"mode\":\"hang\"", 502, 14000 },
        { "\"mode\":\"drip\"", 502, 14000 },
        { "\"mode\":\"slow\",\"delay_ms\":60000", 502, 14000 },
        { "\"mode\":\"slow\",\"delay_ms\":2000", 200, 8000 },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(modes); i++) {
        const char *key = new_key();
        struct api_call call = topup_call(alice, key, 1800);
        int64_t from = now_ms();

        fake_do(&stack, "inject", text("{\"path\":\"/pay/orders\",%s}",
                                       modes[i].more));
        api_expect(&stack, call, modes[i].status,
                   modes[i].status == 200 ? 0 : 50200);
        if (now_ms() - from > modes[i].most_ms)
            fail_msg("%s: %d ms", modes[i].more, (int)(now_ms() - from));
        api_expect(&stack, call, 200, 0);
        assert_int_equal(count("SELECT COUNT(*) FROM payment WHERE idem_key ="
                               " '%s'", key), 1);
        assert_int_equal(count("SELECT state FROM payment WHERE idem_key ="
                               " '%s'", key), PAYMENT_CREATED);
    }
}

/* ---- callbacks (O4, F31, F33, F34) ---- */

static void a_callback_that_is_not_right_changes_nothing(void **state)
{
    static const char *const modes[] = {
        "bad_sign", "no_sign", "stale", "future", "tampered", "signtest",
        "wrong_amount", "wrong_merchant", "wrong_currency", "wrong_order",
        "not_paid",
    };
    const char *no = begin(alice, 4000);
    int64_t before = wallet();
    int statuses[64];

    (void)state;
    assert_int_equal(pay(no, ",\"notify\":\"never\"", statuses), 0);
    for (size_t i = 0; i < COUNT(modes); i++) {
        int status = notify(no, modes[i]);

        if (status != 400)
            fail_msg("%s: %d", modes[i], status);
        assert_string_equal(state_of(no), "created");
        assert_booked(no, 0);
    }
    assert_int_equal(wallet(), before);
    /* Well signed and refused leaves a trace for people, forged does not. */
    assert_int_equal(count("SELECT COUNT(*) FROM payment_notice"
                           " WHERE verdict = 3 AND payment_id = (SELECT id"
                           " FROM payment WHERE out_trade_no = '%s')", no),
                     2);
    assert_int_equal(notify(no, "once"), 200);
    assert_string_equal(state_of(no), "paid");
    assert_booked(no, 1);
}

static void sixteen_callbacks_book_once(void **state)
{
    const char *no = begin(alice, 5000);
    int64_t before = wallet();
    int statuses[64];
    size_t n = pay(no, ",\"notify\":\"parallel\",\"count\":16", statuses);

    (void)state;
    assert_int_equal(n, 16);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(statuses[i], 200);
    assert_booked(no, 1);
    assert_int_equal(wallet(), before + 5000);
    /* And again an hour later. */
    assert_int_equal(notify(no, "once"), 200);
    assert_booked(no, 1);
}

static void a_callback_before_the_answer_is_taken(void **state)
{
    const char *key = new_key();
    int64_t before = wallet();
    struct api_reply r;

    (void)state;
    fake_do(&stack, "inject",
            "{\"path\":\"/pay/orders\",\"mode\":\"early_notify\"}");
    r = api(&stack, topup_call(alice, key, 2500));
    assert_int_equal(r.status, 200);
    assert_string_equal(data_text(&r, "state"), "paid");
    assert_booked(data_text(&r, "out_trade_no"), 1);
    api_free(&r);
    assert_int_equal(wallet(), before + 2500);
}

static void the_callback_comes_to_a_known_channel_only(void **state)
{
    static const char *const headers[] = {
        "Content-Type: application/json", NULL
    };
    struct http_reply r =
        http("POST", text("http://127.0.0.1:%d/api/pay/gold/notify",
                          stack.http_port), headers, "{}");

    (void)state;
    assert_int_equal(r.status, 404);
    http_reply_free(&r);
    r = http("POST", text("http://127.0.0.1:%d/api/pay/demo/notify",
                          stack.http_port), headers, "");
    assert_int_equal(r.status, 400);
    http_reply_free(&r);
    r = http("POST", text("http://127.0.0.1:%d/api/pay/demo/notify",
                          stack.http_port), headers,
             cx_printf(cx, "%070000d", 0));
    assert_int_equal(r.status, 400);
    http_reply_free(&r);
    r = http("GET", text("http://127.0.0.1:%d/api/pay/demo/notify",
                         stack.http_port), headers, NULL);
    assert_int_equal(r.status, 405);
    http_reply_free(&r);
}

/* ---- asking (O5, F32) ---- */

static void without_a_callback_the_job_finds_it(void **state)
{
    const char *no = begin(alice, 6000);
    int statuses[64];

    (void)state;
    ask_now(no);
    assert_string_equal(state_of(no), "created");
    assert_int_equal(count("SELECT queries FROM payment"
                           " WHERE out_trade_no = '%s'", no), 1);
    pay(no, ",\"notify\":\"never\"", statuses);
    ask_now(no);
    assert_string_equal(state_of(no), "paid");
    assert_booked(no, 1);
    /* Nothing more is asked. */
    assert_int_equal(count("SELECT query_at IS NULL FROM payment"
                           " WHERE out_trade_no = '%s'", no), 1);
    /* The callback that comes after all has no effect. */
    assert_int_equal(notify(no, "once"), 200);
    assert_booked(no, 1);
}

static int64_t payment_state(const char *no)
{
    return count("SELECT state FROM payment WHERE out_trade_no = '%s'", no);
}

/*
 * F32: the payer pays at any age of the top-up and no callback ever comes. The
 * job runs every 5 s, as its row says, by a clock that runs fast. Who pays
 * does so just after the job looked, which is the worst moment.
 */
static void money_is_found_within_a_minute_at_any_age(void **state)
{
    static const int64_t paid_s[] = { 0,   10,  30,   65,   185,
                                      600, 905, 1500, 1755, 1790 };
    const char *no[COUNT(paid_s)], *unpaid = begin(alice, 6899);
    int64_t found_s[COUNT(paid_s)] = { 0 };
    stamp begun = stamp_now(); /* however long the test takes */
    int statuses[64];

    (void)state;
    for (size_t i = 0; i < COUNT(paid_s); i++)
        no[i] = begin(alice, 6800 + (int64_t)i);
    for (int64_t t = 0; t <= 1860; t += 5) {
        job_at(payment_query_due, stamp_add_ms(begun, t * 1000));
        for (size_t i = 0; i < COUNT(paid_s); i++) {
            if (paid_s[i] == t)
                pay(no[i], ",\"notify\":\"never\"", statuses);
            if (paid_s[i] < t && found_s[i] == 0 &&
                payment_state(no[i]) == PAYMENT_PAID)
                found_s[i] = t;
        }
    }
    for (size_t i = 0; i < COUNT(paid_s); i++) {
        if (found_s[i] == 0 || found_s[i] - paid_s[i] > 60)
            fail_msg("paid at %d s, found at %d s", (int)paid_s[i],
                     (int)found_s[i]);
        assert_booked(no[i], 1);
    }
    /* Who never pays costs some forty questions, and is closed. */
    assert_int_equal(payment_state(unpaid), PAYMENT_CLOSED);
    assert_in_range(count("SELECT queries FROM payment"
                          " WHERE out_trade_no = '%s'", unpaid), 30, 48);
}

/* However many are due: a run asks 200, the longest due first. */
static void a_run_asks_a_bounded_number(void **state)
{
    static const char due[] = "SELECT COUNT(*) FROM payment WHERE"
                              " out_trade_no LIKE 'TQ%' AND queries = 1";

    (void)state;
    places_sql(cx, "INSERT INTO payment (out_trade_no, driver_id, channel,"
                   " amount, state, query_at, expires_at, created_at,"
                   " updated_at) SELECT CONCAT('TQ', LPAD(seq, 22, '0')),"
                   " %lld, 'demo', 100, 1, NOW(3) - INTERVAL seq SECOND,"
                   " NOW(3) + INTERVAL 1 HOUR, NOW(3), NOW(3)"
                   " FROM seq_1_to_450", (long long)bob_id);
    job(payment_query_due);
    assert_int_equal(testdb_int(cx, due), 200);
    assert_int_equal(count("SELECT MIN(out_trade_no) = 'TQ%022d' FROM payment"
                           " WHERE out_trade_no LIKE 'TQ%%' AND queries = 1",
                           251), 1);
    job(payment_query_due);
    assert_int_equal(testdb_int(cx, due), 400);
    places_sql(cx, "DELETE FROM payment WHERE out_trade_no LIKE 'TQ%%'");
}

/*
 * Two questions hang, the money of a third waits behind them: the run ends
 * after the two, within 20 s, and the next one begins with the third.
 */
static void a_hanging_channel_ends_the_run(void **state)
{
    const char *no[3];
    int64_t from;
    int statuses[64];

    (void)state;
    for (int i = 0; i < 3; i++) {
        no[i] = begin(alice, 6900 + i);
        pay(no[i], ",\"notify\":\"never\"", statuses);
        places_sql(cx, "UPDATE payment SET query_at = NOW(3) - INTERVAL %d"
                       " SECOND WHERE out_trade_no = '%s'", 9 - i, no[i]);
    }
    fake_do(&stack, "inject",
            text("{\"path\":\"/pay/orders/%s\",\"mode\":\"hang\"}", no[0]));
    fake_do(&stack, "inject",
            text("{\"path\":\"/pay/orders/%s\",\"mode\":\"drip\"}", no[1]));
    from = now_ms();
    job(payment_query_due);
    assert_in_range(now_ms() - from, 19000, 28000);
    for (int i = 0; i < 3; i++)
        assert_int_equal(payment_state(no[i]), PAYMENT_CREATED);
    from = now_ms();
    job(payment_query_due);
    assert_in_range(now_ms() - from, 0, 8000);
    assert_int_equal(payment_state(no[2]), PAYMENT_PAID);
    job_at(payment_query_due, stamp_add_ms(stamp_now(), 60000));
    for (int i = 0; i < 3; i++) {
        assert_int_equal(payment_state(no[i]), PAYMENT_PAID);
        assert_booked(no[i], 1);
    }
}

static void the_app_can_have_it_asked(void **state)
{
    const char *no = begin(alice, 6100);
    struct api_call check = { .path = text("/topups/%s/check", no),
                              .body = "{}", .token = alice };
    int statuses[64];
    struct api_reply r;

    (void)state;
    pay(no, ",\"notify\":\"never\"", statuses);
    r = api(&stack, check);
    assert_int_equal(r.status, 200);
    assert_string_equal(data_text(&r, "state"), "paid");
    api_free(&r);
    api_expect(&stack, check, 200, 0);
    assert_booked(no, 1);
    assert_int_equal(count("SELECT COUNT(*) FROM audit a JOIN payment p ON"
                           " p.id = a.object_id WHERE a.event ="
                           " 'payment.paid' AND p.out_trade_no = '%s'", no),
                     1);
    assert_int_equal(count("SELECT queries FROM payment"
                           " WHERE out_trade_no = '%s'", no), 0);
}

static void wrong_answers_to_a_question_change_nothing(void **state)
{
    static const char *const modes[] = {
        "error", "bad_sign", "cut", "empty", "wrong_amount", "wrong_order",
        "wrong_merchant",
    };
    const char *no = begin(alice, 6200);
    int statuses[64];

    (void)state;
    pay(no, ",\"notify\":\"never\"", statuses);
    for (size_t i = 0; i < COUNT(modes); i++) {
        fake_do(&stack, "inject",
                text("{\"path\":\"/pay/orders/\",\"mode\":\"%s\"}",
                     modes[i]));
        ask_now(no);
        if (strcmp(state_of(no), "created") != 0)
            fail_msg("%s: %s", modes[i], state_of(no));
        assert_booked(no, 0);
    }
    ask_now(no);
    assert_string_equal(state_of(no), "paid");
    assert_booked(no, 1);
}

static void what_nobody_pays_is_closed_there_and_here(void **state)
{
    const char *no = begin(alice, 6300);
    json_t *j;

    (void)state;
    expire(no);
    ask_now(no);
    assert_string_equal(state_of(no), "closed");
    j = fake_get(&stack, text("order?order=%s", no));
    assert_string_equal(json_string_value(json_object_get(j, "state")),
                        "CLOSED");
    json_decref(j);
    /* One more question when the channel can no longer change its mind. */
    assert_int_equal(count("SELECT TIMESTAMPDIFF(HOUR, created_at, query_at)"
                           " FROM payment WHERE out_trade_no = '%s'", no),
                     25);
    ask_now(no);
    assert_int_equal(count("SELECT query_at IS NULL FROM payment"
                           " WHERE out_trade_no = '%s'", no), 1);
}

static void it_is_not_closed_here_unless_it_is_there(void **state)
{
    const char *no = begin(alice, 6400);

    (void)state;
    expire(no);
    fake_do(&stack, "inject",
            "{\"path\":\"/pay/orders/\",\"mode\":\"error\"}");
    ask_now(no);
    assert_string_equal(state_of(no), "created");
    ask_now(no);
    assert_string_equal(state_of(no), "closed");
}

static void money_that_came_before_the_close_is_booked(void **state)
{
    const char *no = begin(alice, 6500);
    int statuses[64];

    (void)state;
    pay(no, ",\"notify\":\"never\"", statuses);
    expire(no);
    ask_now(no);
    assert_string_equal(state_of(no), "paid");
    assert_booked(no, 1);
}

static void *ask_in_thread(void *arg)
{
    (void)arg;
    job(payment_query_due);
    return NULL;
}

/* The job asks, the app asks and sixteen callbacks come, all at once. */
static void whoever_is_first_books_it_and_nobody_else(void **state)
{
    const char *no = begin(alice, 6600);
    struct api_call check = { .path = text("/topups/%s/check", no),
                              .body = "{}", .token = alice };
    struct api_reply r[4];
    int64_t before = wallet();
    int statuses[64];
    pthread_t thread;

    (void)state;
    pay(no, ",\"notify\":\"never\"", statuses);
    places_sql(cx, "UPDATE payment SET query_at = NOW(3) - INTERVAL 1 SECOND,"
                   " expires_at = NOW(3) - INTERVAL 1 SECOND"
                   " WHERE out_trade_no = '%s'", no);
    assert_int_equal(pthread_create(&thread, NULL, ask_in_thread, NULL), 0);
    json_decref(fake(&stack, "notify",
                     text("{\"order\":\"%s\",\"mode\":\"parallel\","
                          "\"count\":16}", no)));
    api_parallel(&stack, check, 4, r);
    pthread_join(thread, NULL);
    for (int i = 0; i < 4; i++) {
        assert_string_equal(data_text(&r[i], "state"), "paid");
        api_free(&r[i]);
    }
    assert_booked(no, 1);
    assert_int_equal(wallet(), before + 6600);
}

static void in_the_demo_orders_can_pay_themselves(void **state)
{
    const char *no;

    (void)state;
    fake_do(&stack, "auto", "{\"ms\":50}");
    no = begin(alice, 6700);
    for (int i = 0; i < 200 && strcmp(state_of(no), "paid") != 0; i++)
        usleep(20000);
    fake_do(&stack, "auto", "{\"ms\":-1}");
    assert_string_equal(state_of(no), "paid");
    assert_booked(no, 1);
}

/* ---- money that comes too late (O5, F35, F39) ---- */

static void refund_now(const char *no)
{
    places_sql(cx, "UPDATE payment_refund SET next_at = NOW(3) - INTERVAL 1"
                   " SECOND WHERE next_at IS NOT NULL AND payment_id ="
                   " (SELECT id FROM payment WHERE out_trade_no = '%s')", no);
    job(payment_refund_due);
}

static int64_t refunded_there(const char *no)
{
    json_t *j = fake_get(&stack, text("order?order=%s", no));
    int64_t fen = json_integer_value(json_object_get(j, "refunded"));

    json_decref(j);
    return fen;
}

/* A top-up that was closed and then paid. */
static const char *late(int64_t fen)
{
    const char *no = begin(alice, fen);
    int statuses[64];

    expire(no);
    ask_now(no);
    assert_string_equal(state_of(no), "closed");
    assert_int_equal(pay(no, ",\"force\":true", statuses), 1);
    assert_int_equal(statuses[0], 200);
    assert_string_equal(state_of(no), "refunding");
    return no;
}

static void late_money_goes_back_once(void **state)
{
    int64_t before = wallet();
    const char *no = late(7000);

    (void)state;
    assert_int_equal(notify(no, "parallel"), 200);
    assert_int_equal(count("SELECT COUNT(*) FROM payment_refund WHERE"
                           " payment_id = (SELECT id FROM payment WHERE"
                           " out_trade_no = '%s')", no), 1);
    refund_now(no);
    assert_string_equal(state_of(no), "refunded");
    assert_int_equal(refunded_there(no), 7000);
    refund_now(no);
    assert_int_equal(notify(no, "once"), 200);
    assert_string_equal(state_of(no), "refunded");
    assert_int_equal(refunded_there(no), 7000);
    assert_booked(no, 0);
    assert_int_equal(wallet(), before);
}

/* A refund whose calls go wrong one after the other, and then right. */
static void refund_in_spite_of(const char *const *modes, size_t n)
{
    const char *no = late(7100);

    for (size_t i = 0; i < n; i++) {
        fake_do(&stack, "inject",
                text("{\"path\":\"/pay/refunds\",\"mode\":\"%s\"}",
                     modes[i]));
        refund_now(no);
        assert_string_equal(state_of(no), "refunding");
    }
    refund_now(no);
    assert_string_equal(state_of(no), "refunded");
    assert_int_equal(refunded_there(no), 7100);
}

static void a_refund_without_answer_is_asked_for_first(void **state)
{
    static const char *const modes[] = { "error", "bad_sign", "cut" };

    (void)state;
    refund_in_spite_of(modes, COUNT(modes));
}

/* F35: the channel did it and never said so. Each of the two takes 10 s. */
static void a_refund_that_was_done_unheard_is_done_once(void **state)
{
    static const char *const modes[] = { "work_hang", "drip" };

    (void)state;
    refund_in_spite_of(modes, COUNT(modes));
}

/* ---- refunds that the channel refuses (M13) ---- */

struct decision {
    int64_t refund_id;
    enum correction_how how;
    bool done;
    int64_t correction;
};

static void retry_refund(struct cx *c, void *arg)
{
    refund_retry(c, *(int64_t *)arg);
}

static void close_refund(struct cx *c, void *arg)
{
    struct decision *d = arg;

    d->done = refund_close(c, d->refund_id, d->how, "车主已销户，财务核实");
}

static void approve_refund(struct cx *c, void *arg)
{
    const struct decision *d = arg;
    const struct correction *k = correction_load(c, d->correction);

    refund_close_approved(c, k);
    correction_approve(c, k);
}

struct act {
    void (*body)(struct cx *c, void *arg);
    void *arg;
};

static void act_tx(struct cx *c, void *arg)
{
    const struct act *a = arg;

    db_tx(c, a->body, a->arg);
}

/* As this account, in a transaction; CX_OK or the code of the failure. */
static enum cx_code as(int64_t account, void (*body)(struct cx *, void *),
                       void *arg)
{
    struct cx *c = testdb_cx_as("pilehub_web");
    enum cx_code code;
    struct act a = { body, arg };

    c->config = stack.config;
    c->actor.kind = ACTOR_ACCOUNT;
    c->actor.id = account;
    c->actor.name = "财务";
    code = cx_run(c, act_tx, &a) ? CX_OK : c->error.code;
    testdb_cx_free(c);
    return code;
}

/* A late payment whose refund the channel refused; id of the refund. */
static int64_t refused(int64_t fen, const char **no)
{
    *no = late(fen);
    fake_do(&stack, "inject",
            "{\"path\":\"/pay/refunds\",\"mode\":\"refuse\"}");
    refund_now(*no);
    assert_int_equal(count("SELECT state FROM payment_refund WHERE payment_id"
                           " = (SELECT id FROM payment WHERE out_trade_no ="
                           " '%s')", *no), REFUND_FAILED);
    return count("SELECT id FROM payment_refund WHERE payment_id ="
                 " (SELECT id FROM payment WHERE out_trade_no = '%s')", *no);
}

static int64_t refund_state(int64_t id)
{
    return count("SELECT state FROM payment_refund WHERE id = %lld",
                 (long long)id);
}

static void a_refused_refund_waits_for_a_person(void **state)
{
    const char *no;
    int64_t id = refused(7200, &no);

    (void)state;
    refund_now(no);
    assert_int_equal(refunded_there(no), 0);
    assert_int_equal(as(71, retry_refund, &id), CX_OK);
    refund_now(no);
    assert_string_equal(state_of(no), "refunded");
    assert_int_equal(refunded_there(no), 7200);
    /* There is nothing to try again, and nothing to close. */
    assert_int_equal(as(71, retry_refund, &id), ERR_STATE);
    assert_int_equal(as(71, close_refund,
                        &(struct decision){ .refund_id = id,
                                            .how = CORRECT_TO_WALLET }),
                     ERR_STATE);
}

/* F36: accepted, being worked on, and failed in the end. */
static void a_refund_that_fails_later_waits_for_a_person(void **state)
{
    static const char *const modes[] = { "running", "running", "closed" };
    const char *no = late(7500);
    int64_t before = wallet();
    int64_t id = count("SELECT id FROM payment_refund WHERE payment_id ="
                       " (SELECT id FROM payment WHERE out_trade_no = '%s')",
                       no);

    (void)state;
    for (size_t i = 0; i < COUNT(modes); i++) {
        fake_do(&stack, "inject",
                text("{\"path\":\"/pay/refunds\",\"mode\":\"%s\"}",
                     modes[i]));
        assert_int_equal(refund_state(id), i == 0 ? REFUND_QUEUED
                                                  : REFUND_SENT);
        refund_now(no);
        assert_string_equal(state_of(no), "refunding");
    }
    assert_int_equal(refund_state(id), REFUND_FAILED);
    assert_booked(no, 0);
    refund_now(no); /* nobody tries by himself */
    assert_int_equal(refund_state(id), REFUND_FAILED);
    assert_int_equal(as(71, close_refund,
                        &(struct decision){ .refund_id = id,
                                            .how = CORRECT_TO_WALLET }),
                     CX_OK);
    assert_int_equal(wallet(), before + 7500);
}

static void a_refused_refund_can_go_to_the_wallet(void **state)
{
    const char *no;
    int64_t id = refused(7300, &no), before = wallet();
    struct decision d = { .refund_id = id, .how = CORRECT_TO_WALLET };

    (void)state;
    assert_int_equal(as(71, close_refund, &d), CX_OK);
    assert_true(d.done);
    assert_int_equal(as(71, close_refund, &d), ERR_STATE); /* once */
    assert_int_equal(as(71, retry_refund, &id), ERR_STATE);
    assert_int_equal(refund_state(id), REFUND_TO_WALLET);
    assert_string_equal(state_of(no), "paid");
    assert_int_equal(wallet(), before + 7300);
    assert_booked(no, 1);
    refund_now(no);
    assert_int_equal(notify(no, "once"), 200);
    assert_int_equal(refunded_there(no), 0);
    assert_int_equal(wallet(), before + 7300);
}

static void a_refused_refund_can_be_paid_by_hand(void **state)
{
    static const char sum[] =
        "SELECT COALESCE(SUM(p.amount), 0) FROM ledger_posting p JOIN"
        " ledger_account a ON a.id = p.account_id WHERE a.kind = %d";
    const char *no;
    int64_t id = refused(7400, &no), before = wallet();
    int64_t channel = count(sum, LEDGER_CHANNEL);
    int64_t owed = count(sum, LEDGER_CORRECTION);
    struct decision d = { .refund_id = id, .how = CORRECT_BY_HAND };

    (void)state;
    assert_int_equal(as(71, close_refund, &d), CX_OK);
    assert_int_equal(as(72, close_refund, &d), ERR_STATE);
    assert_int_equal(refund_state(id), REFUND_BY_HAND);
    assert_string_equal(state_of(no), "refunded");
    assert_int_equal(wallet(), before);
    assert_int_equal(count(sum, LEDGER_CHANNEL), channel - 7400);
    assert_int_equal(count(sum, LEDGER_CORRECTION), owed + 7400);
    assert_int_equal(count("SELECT COUNT(*) FROM audit WHERE event ="
                           " 'payment.refund_closed' AND actor_id = 71"
                           " AND text LIKE '%%财务核实%%' AND object_id ="
                           " (SELECT payment_id FROM payment_refund WHERE"
                           " id = %lld)", (long long)id), 1);
}

struct payout {
    int64_t refund_id, correction;
    const char *doc;
};

static void register_paid(struct cx *c, void *arg)
{
    const struct payout *p = arg;

    refund_register_paid(c, p->refund_id, p->doc);
}

static void approve_paid(struct cx *c, void *arg)
{
    const struct payout *p = arg;
    const struct correction *k = correction_load(c, p->correction);

    refund_paid_approved(c, k);
    correction_approve(c, k);
}

static int64_t sum_of(enum ledger_kind kind)
{
    return count("SELECT COALESCE(SUM(p.amount), 0) FROM ledger_posting p JOIN"
                 " ledger_account a ON a.id = p.account_id WHERE a.kind = %d",
                 (int)kind);
}

/* A refund that is to be paid by hand. */
static int64_t owed_by_hand(int64_t fen)
{
    const char *no;
    int64_t id = refused(fen, &no);

    assert_int_equal(as(71, close_refund,
                        &(struct decision){ .refund_id = id,
                                            .how = CORRECT_BY_HAND }),
                     CX_OK);
    return id;
}

static int64_t waiting_payout(void)
{
    return count("SELECT COALESCE(MAX(id), 0) FROM correction"
                 " WHERE waiting = 1 AND kind = %d", CORRECTION_PAYOUT);
}

/* However small: one has paid it, another one has seen the document. */
static void what_was_paid_by_hand_clears_what_was_owed(void **state)
{
    int64_t owed = sum_of(LEDGER_CORRECTION), out = sum_of(LEDGER_PAYOUT);
    int64_t id = owed_by_hand(300);
    struct payout p = { .refund_id = id, .doc = "ICBC-20261120/0042" };

    (void)state;
    assert_int_equal(sum_of(LEDGER_CORRECTION), owed + 300);
    assert_int_equal(as(71, register_paid, &p), CX_OK);
    assert_int_equal(as(72, register_paid, &p), ERR_STATE); /* one waits */
    assert_int_equal(sum_of(LEDGER_CORRECTION), owed + 300);
    assert_int_equal(refund_state(id), REFUND_BY_HAND);
    p.correction = waiting_payout();
    assert_int_equal(as(71, approve_paid, &p), ERR_FORBIDDEN);
    assert_int_equal(refund_state(id), REFUND_BY_HAND);
    assert_int_equal(as(72, approve_paid, &p), CX_OK);
    assert_int_equal(as(73, approve_paid, &p), ERR_STATE);
    assert_int_equal(as(71, register_paid, &p), ERR_STATE);
    assert_int_equal(refund_state(id), REFUND_PAID);
    assert_int_equal(sum_of(LEDGER_CORRECTION), owed);
    assert_int_equal(sum_of(LEDGER_PAYOUT), out + 300);
    assert_int_equal(count("SELECT COUNT(*) FROM audit WHERE event ="
                           " 'payment.refund_paid' AND actor_id = 72"
                           " AND text LIKE '%%ICBC-20261120/0042%%'"), 1);
}

static void a_document_pays_one_refund(void **state)
{
    static const char *const bad[] = { "", "12", "编号一二三四", "a b c d e",
        "12345678901234567890123456789012345678901" };
    int64_t id = owed_by_hand(310), second = owed_by_hand(320);
    struct payout p = { .refund_id = id }, q = { .refund_id = second };

    (void)state;
    for (size_t i = 0; i < COUNT(bad); i++) {
        p.doc = bad[i];
        assert_int_equal(as(71, register_paid, &p), ERR_INVALID);
    }
    /* Two that wait with the same number: the second to be approved fails. */
    p.doc = q.doc = "CASH-7731";
    assert_int_equal(as(71, register_paid, &p), CX_OK);
    p.correction = waiting_payout();
    assert_int_equal(as(71, register_paid, &q), CX_OK);
    q.correction = waiting_payout();
    assert_int_equal(as(72, approve_paid, &p), CX_OK);
    assert_int_equal(as(72, approve_paid, &q), ERR_INVALID);
    assert_int_equal(refund_state(second), REFUND_BY_HAND);
}

static void only_what_is_owed_by_hand_is_paid_by_hand(void **state)
{
    const char *no;
    struct payout p = { .refund_id = refused(330, &no), .doc = "CASH-7732" };

    (void)state;
    assert_int_equal(as(71, register_paid, &p), ERR_STATE);
    p.refund_id = INT64_C(987654321);
    assert_int_equal(as(71, register_paid, &p), ERR_NOT_FOUND);
}

/* Beyond 200 yuan, as the setting is, another person is needed. */
static void a_large_one_is_closed_by_two(void **state)
{
    const char *no;
    int64_t id = refused(20001, &no), before = wallet();
    struct decision d = { .refund_id = id, .how = CORRECT_TO_WALLET };

    (void)state;
    assert_int_equal(as(71, close_refund, &d), CX_OK);
    assert_false(d.done);
    assert_int_equal(wallet(), before);
    assert_int_equal(refund_state(id), REFUND_FAILED);
    assert_int_equal(as(71, retry_refund, &id), ERR_STATE);
    d.correction = count("SELECT MAX(id) FROM correction WHERE waiting = 1");
    assert_int_equal(as(71, approve_refund, &d), ERR_FORBIDDEN);
    assert_int_equal(wallet(), before);
    assert_int_equal(as(72, approve_refund, &d), CX_OK);
    assert_int_equal(as(73, approve_refund, &d), ERR_STATE);
    assert_int_equal(wallet(), before + 20001);
    assert_booked(no, 1);
}

/* ---- whose it is ---- */

static void a_top_up_is_its_drivers_own(void **state)
{
    const char *no = begin(alice, 8000);

    (void)state;
    api_expect(&stack, (struct api_call){ .path = text("/topups/%s", no),
                                          .token = bob }, 404, 40400);
    api_expect(&stack,
               (struct api_call){ .path = text("/topups/%s/check", no),
                                  .body = "{}", .token = bob }, 404, 40400);
    api_expect(&stack, (struct api_call){ .path = text("/topups/%s", no) },
               401, 40100);
    api_expect(&stack,
               (struct api_call){ .path = "/topups/TU0000000000000000000000",
                                  .token = alice }, 404, 40400);
}

static void the_list_comes_in_pages_without_gaps(void **state)
{
    int64_t rows = 45, seen = 0, after = 0;
    const char *path = "/topups";

    (void)state;
    for (int64_t i = 0; i < rows; i++)
        places_sql(cx, "INSERT INTO payment (out_trade_no, driver_id, channel,"
                       " amount, state, expires_at, created_at, updated_at)"
                       " VALUES ('TU%022lld', %lld, 'demo', 100, 4, NOW(3),"
                       " NOW(3), NOW(3))", (long long)i,
                   (long long)alice_id);
    for (int page = 0; page < 20; page++) {
        struct api_reply r =
            api(&stack, (struct api_call){ .path = path, .token = alice });
        json_t *list = json_object_get(r.data, "topups");
        json_t *next = json_object_get(r.data, "after");

        assert_int_equal(r.status, 200);
        seen += (int64_t)json_array_size(list);
        after = json_is_integer(next) ? json_integer_value(next) : 0;
        api_free(&r);
        if (after == 0)
            break;
        path = text("/topups?after=%lld", (long long)after);
    }
    assert_int_equal(seen, rows);
    api_expect(&stack, (struct api_call){ .path = "/topups?after=x",
                                          .token = alice }, 400, 40001);
}

static void too_many_unpaid_ones_are_refused(void **state)
{
    (void)state;
    for (int i = 0; i < 20; i++)
        places_sql(cx, "INSERT INTO payment (out_trade_no, driver_id, channel,"
                       " amount, state, expires_at, created_at, updated_at)"
                       " VALUES ('TV%022d', %lld, 'demo', 100, 1, NOW(3),"
                       " NOW(3), NOW(3))", i, (long long)bob_id);
    api_expect(&stack, topup_call(bob, new_key(), 900), 429, 42900);
    /* One of them paid, closed or failed makes room. */
    places_sql(cx, "UPDATE payment SET state = 4 WHERE out_trade_no ="
                   " 'TV%022d'", 7);
    api_expect(&stack, topup_call(bob, new_key(), 900), 200, 0);
}

/* All that was paid is in the wallet, and nothing else. */
static void the_books_agree_with_the_payments(void **state)
{
    (void)state;
    assert_int_equal(count("SELECT COUNT(*) FROM payment p WHERE p.state = 3"
                           " AND NOT EXISTS (SELECT 1 FROM ledger_tx t WHERE"
                           " t.ref_id = p.id AND t.kind = 'topup')"), 0);
    assert_int_equal(count("SELECT COUNT(*) FROM ledger_tx WHERE kind ="
                           " 'topup'"),
                     count("SELECT COUNT(*) FROM payment WHERE state = 3"));
    assert_int_equal(count("SELECT SUM(amount) FROM payment WHERE state = 3"),
                     count("SELECT SUM(balance) FROM ledger_account"
                           " WHERE kind = 11"));
    assert_int_equal(count("SELECT SUM(amount) FROM ledger_posting"), 0);
}

#define CASE(name) cmocka_unit_test_setup(name, set_up)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_top_up_is_paid_once_and_shown),
        CASE(amounts_outside_the_limits_are_refused),
        CASE(the_same_key_gives_the_same_answer),
        CASE(a_key_is_known_after_399_days),
        CASE(sixteen_at_once_make_one),
        CASE(without_a_key_nothing_begins),
        CASE(a_bad_answer_is_unknown_and_repeatable),
        CASE(unknown_members_of_an_answer_are_tolerated),
        CASE(a_refusal_is_final_for_that_key),
        CASE(a_hanging_channel_does_not_hold_up_the_others),
        CASE(no_answer_takes_longer_than_ten_seconds),
        CASE(a_callback_that_is_not_right_changes_nothing),
        CASE(sixteen_callbacks_book_once),
        CASE(a_callback_before_the_answer_is_taken),
        CASE(the_callback_comes_to_a_known_channel_only),
        CASE(without_a_callback_the_job_finds_it),
        CASE(money_is_found_within_a_minute_at_any_age),
        CASE(a_run_asks_a_bounded_number),
        CASE(a_hanging_channel_ends_the_run),
        CASE(the_app_can_have_it_asked),
        CASE(wrong_answers_to_a_question_change_nothing),
        CASE(what_nobody_pays_is_closed_there_and_here),
        CASE(it_is_not_closed_here_unless_it_is_there),
        CASE(money_that_came_before_the_close_is_booked),
        CASE(whoever_is_first_books_it_and_nobody_else),
        CASE(in_the_demo_orders_can_pay_themselves),
        CASE(late_money_goes_back_once),
        CASE(a_refund_without_answer_is_asked_for_first),
        CASE(a_refund_that_was_done_unheard_is_done_once),
        CASE(a_refused_refund_waits_for_a_person),
        CASE(a_refund_that_fails_later_waits_for_a_person),
        CASE(a_refused_refund_can_go_to_the_wallet),
        CASE(a_refused_refund_can_be_paid_by_hand),
        CASE(what_was_paid_by_hand_clears_what_was_owed),
        CASE(a_document_pays_one_refund),
        CASE(only_what_is_owed_by_hand_is_paid_by_hand),
        CASE(a_large_one_is_closed_by_two),
        CASE(a_top_up_is_its_drivers_own),
        CASE(the_list_comes_in_pages_without_gaps),
        CASE(too_many_unpaid_ones_are_refused),
        CASE(the_books_agree_with_the_payments),
    };
    int failed;

    testdb_start("payment");
    cx = testdb_cx();
    places_make(cx);
    stack_start(&stack);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    stack_stop(&stack);
    testdb_cx_free(cx);
    testdb_stop();
    return failed;
}
