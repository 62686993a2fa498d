/*
 * The simulator as a program, against a tiny platform in this test: each
 * promise of a pile, and what it does when the platform misbehaves. Timers
 * run 20 times, sessions 60 times faster.
 */
#include <arpa/inet.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/stamp.h"
#include "protocol/ykc/stream.h"

#define PILE "32010200000001"
#define TRADE "32010200000001012511050740000001"

struct world {
    char dir[64];
    int listener, port, link, control;
    pid_t sim;
    struct ykc_stream in;
    uint16_t sequence;
    bool deaf;               /* answers no heartbeat */
    uint64_t bad;            /* frames with a wrong check field so far */
    struct ykc_head head;    /* of the last frame received */
};

/* ---- the platform ------------------------------------------------------- */

static void send_frame(struct world *w, const struct ykc_head *head,
                       const void *frame)
{
    uint8_t bytes[YKC_MAX_FRAME];
    size_t len;

    assert_int_equal(ykc_build(head, frame, bytes, &len), WIRE_OK);
    assert_int_equal(send(w->link, bytes, len, MSG_NOSIGNAL), len);
}

static void request(struct world *w, uint8_t type, const void *frame)
{
    struct ykc_head head = ykc_request_head(type, &w->sequence);

    send_frame(w, &head, frame);
}

static void reply(struct world *w, uint8_t type, const void *frame)
{
    struct ykc_head head = ykc_reply_head(type, &w->head);

    send_frame(w, &head, frame);
}

static void answer_heartbeat(struct world *w, const struct ykc_heartbeat *in)
{
    struct ykc_heartbeat_reply f = { .gun_number = in->gun_number };

    memcpy(f.pile_code, in->pile_code, sizeof f.pile_code);
    if (!w->deaf)
        reply(w, ykc_type_heartbeat_reply, &f);
}

/* Reads what there is; false when the time is over or the link is. */
static bool read_more(struct world *w, int64_t until)
{
    struct pollfd p = { .fd = w->link, .events = POLLIN };
    int64_t left = until - monotonic_ms();
    size_t room;
    uint8_t *at;
    ssize_t n;

    if (left <= 0 || poll(&p, 1, (int)left) <= 0)
        return false;
    at = ykc_stream_space(&w->in, &room);
    n = recv(w->link, at, room, 0);
    if (n > 0)
        ykc_stream_filled(&w->in, (size_t)n, 0);
    return n > 0;
}

/*
 * The next frame of that type within ms, decoded; heartbeats are answered
 * and everything else is passed over on the way. False if none came.
 */
static bool next_frame(struct world *w, uint8_t type, int64_t ms,
                       union ykc_any *any)
{
    int64_t until = monotonic_ms() + ms;
    const struct ykc_frame *f;
    struct ykc_raw raw;

    do {
        while (ykc_stream_next(&w->in, 0, &raw)) {
            assert_int_equal(ykc_check(&raw, YKC_FROM_PILE, &f), YKC_GOOD);
            assert_int_equal(ykc_decode(f, raw.body, raw.body_len, any,
                                        NULL), WIRE_OK);
            w->head = raw.head;
            if (f->type == ykc_type_heartbeat)
                answer_heartbeat(w, &any->heartbeat);
            if (f->type == type)
                return true;
        }
    } while (read_more(w, until));
    return false;
}

static union ykc_any expect(struct world *w, uint8_t type)
{
    union ykc_any any;

    if (!next_frame(w, type, 10000, &any))
        fail_msg("no 0x%02X came", type);
    return any;
}

static void expect_none(struct world *w, uint8_t type, int64_t ms)
{
    union ykc_any any;

    if (next_frame(w, type, ms, &any))
        fail_msg("an 0x%02X came", type);
}

/* The next report that says that state. */
static struct ykc_realtime expect_state(struct world *w, uint8_t state)
{
    union ykc_any any;

    do {
        any = expect(w, ykc_type_realtime);
    } while (any.realtime.state != state);
    return any.realtime;
}

static void accept_link(struct world *w)
{
    struct pollfd p = { .fd = w->listener, .events = POLLIN };

    if (w->link >= 0)
        close(w->link);
    assert_int_equal(poll(&p, 1, 10000), 1);
    w->link = accept(w->listener, NULL, NULL);
    assert_true(w->link >= 0);
    ykc_stream_init(&w->in);
}

static void give_tariff(struct world *w)
{
    struct ykc_tariff_check_reply differs = { .pile_code = PILE,
                                              .result = 1 };
    struct ykc_tariff_reply tariff = { .pile_code = PILE,
                                       .tariff_number = { 0x01, 0x00 } };

    expect(w, ykc_type_tariff_check);
    reply(w, ykc_type_tariff_check_reply, &differs);
    expect(w, ykc_type_tariff_request);
    for (int i = 0; i < 48; i++)
        tariff.slot_rate_codes[i] = (uint8_t)(i % 4);
    for (int rate = 0; rate < YKC_RATES; rate++)
        ykc_tariff_set_prices(&tariff, (enum ykc_rate_code)rate,
                              (struct ykc_prices){
                                  50000 + 10000 * (uint32_t)rate, 40000 });
    reply(w, ykc_type_tariff_reply, &tariff);
}

static void log_in(struct world *w)
{
    struct ykc_login_reply yes = { .pile_code = PILE };
    union ykc_any any;

    accept_link(w);
    any = expect(w, ykc_type_login);
    assert_string_equal(any.login.pile_code, PILE);
    assert_int_equal(any.login.gun_count, 2);
    reply(w, ykc_type_login_reply, &yes);
}

/* ---- the simulator ------------------------------------------------------ */

static void spawn(struct world *w, const char *extra)
{
    const char *build = getenv("PILEHUB_BUILD");
    char program[512], port[16], control[96], state[96];

    snprintf(program, sizeof program, "%s/pilehub-sim",
             build == NULL ? "." : build);
    snprintf(port, sizeof port, "%d", w->port);
    snprintf(control, sizeof control, "%s/control", w->dir);
    snprintf(state, sizeof state, "%s/state", w->dir);
    unlink(control);
    w->sim = fork();
    assert_true(w->sim >= 0);
    if (w->sim == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        execl(program, "pilehub-sim", "--quiet", "--port", port, "--piles",
              "1", "--haste", "20", "--speed", "60", "--control", control,
              "--state", state, extra, extra == NULL ? NULL : "100",
              (char *)NULL);
        _exit(127);
    }
}

static void end_sim(struct world *w, int sig)
{
    int status;

    if (w->control >= 0)
        close(w->control);
    w->control = -1;
    kill(w->sim, sig);
    assert_int_equal(waitpid(w->sim, &status, 0), w->sim);
    if (sig == SIGTERM)
        assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

/* Gives an order; the answer must begin so. */
static void order(struct world *w, const char *line, const char *answer)
{
    struct sockaddr_un at = { .sun_family = AF_UNIX };
    char text[4096];
    ssize_t n;

    if (w->control < 0) {
        snprintf(at.sun_path, sizeof at.sun_path, "%s/control", w->dir);
        w->control = socket(AF_UNIX, SOCK_STREAM, 0);
        assert_int_equal(connect(w->control, (struct sockaddr *)&at,
                                 sizeof at), 0);
    }
    snprintf(text, sizeof text, "%s\n", line);
    assert_int_equal(send(w->control, text, strlen(text), 0), strlen(text));
    n = recv(w->control, text, sizeof text - 1, 0);
    assert_true(n > 0);
    text[n] = '\0';
    if (strncmp(text, answer, strlen(answer)) != 0)
        fail_msg("%s: %s", line, text);
}

static int start_world(void **state, const char *extra)
{
    struct world *w = calloc(1, sizeof *w);
    struct sockaddr_in at = { .sin_family = AF_INET };
    socklen_t size = sizeof at;

    assert_non_null(w);
    *state = w;
    w->link = w->control = -1;
    snprintf(w->dir, sizeof w->dir, "/tmp/pilehub-sim-%d.XXXXXX",
             (int)getpid());
    assert_non_null(mkdtemp(w->dir));
    w->listener = socket(AF_INET, SOCK_STREAM, 0);
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(bind(w->listener, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(listen(w->listener, 8), 0);
    getsockname(w->listener, (struct sockaddr *)&at, &size);
    w->port = ntohs(at.sin_port);
    spawn(w, extra);
    return 0;
}

static int start(void **state)
{
    return start_world(state, NULL);
}

static int start_lying(void **state)
{
    return start_world(state, "--lie-energy");
}

static int start_withholding(void **state)
{
    return start_world(state, "--no-record");
}

static int stop(void **state)
{
    struct world *w = *state;
    char path[96];

    end_sim(w, SIGTERM);
    if (w->link >= 0)
        close(w->link);
    close(w->listener);
    snprintf(path, sizeof path, "%s/state", w->dir);
    unlink(path);
    rmdir(w->dir);
    free(w);
    return 0;
}

static void start_charge(struct world *w, const char *trade)
{
    struct ykc_remote_start f = { .pile_code = PILE, .gun_number = 1,
                                  .account_balance = 10000 };
    union ykc_any any;

    snprintf(f.trade_number, sizeof f.trade_number, "%s", trade);
    request(w, ykc_type_remote_start, &f);
    any = expect(w, ykc_type_remote_start_reply);
    assert_int_equal(any.remote_start_reply.result, 1);
    assert_string_equal(any.remote_start_reply.trade_number, trade);
}

/* Waits until so much energy has flowed. */
static void charge(struct world *w, uint32_t energy_e4kwh)
{
    while (expect_state(w, YKC_STATE_CHARGING).charged_energy < energy_e4kwh)
        continue;
}

static void stop_charge(struct world *w)
{
    struct ykc_remote_stop f = { .pile_code = PILE, .gun_number = 1 };
    union ykc_any any;

    request(w, ykc_type_remote_stop, &f);
    any = expect(w, ykc_type_remote_stop_reply);
    assert_int_equal(any.remote_stop_reply.result, 1);
}

static void confirm(struct world *w, const char *trade)
{
    struct ykc_record_confirmation f = { .result = 0 };

    snprintf(f.trade_number, sizeof f.trade_number, "%s", trade);
    reply(w, ykc_type_record_confirmation, &f);
}

/* ---- promises ----------------------------------------------------------- */

static void a_pile_logs_in_and_keeps_its_tariff_and_clock(void **state)
{
    struct world *w = *state;
    struct ykc_clock now = { .pile_code = PILE };
    struct ykc_read read = { .pile_code = PILE, .gun_number = 2 };
    union ykc_any any;
    stamp told = { stamp_now().ms + 3600000 };

    log_in(w);
    now.platform_time = wire_time(told);
    request(w, ykc_type_clock, &now);
    any = expect(w, ykc_type_clock_reply);
    told.ms = wire_stamp(any.clock_reply.pile_time).ms - told.ms;
    assert_true(told.ms >= 0 && told.ms < 3000);
    give_tariff(w);
    any = expect(w, ykc_type_realtime);
    assert_int_equal(any.realtime.state, YKC_STATE_IDLE);
    assert_int_equal(any.realtime.plugged_in, 0);
    expect(w, ykc_type_heartbeat);
    expect_none(w, ykc_type_tariff_check, 1500);
    request(w, ykc_type_read, &read);
    do {
        any = expect(w, ykc_type_realtime);
    } while (any.realtime.gun_number != 2);
}

static void check_record(const struct ykc_trade_record *r)
{
    uint64_t energy = 0, amount = 0;

    for (int i = 0; i < YKC_RATES; i++) {
        struct ykc_rate rate = ykc_record_rate(r, (enum ykc_rate_code)i);

        assert_int_equal(rate.price_e5yuan, 90000 + 10000 * i);
        assert_int_equal(rate.amount_e4yuan, (uint64_t)rate.price_e5yuan *
                                             rate.energy_e4kwh / 100000);
        energy += rate.energy_e4kwh;
        amount += rate.amount_e4yuan;
    }
    assert_int_equal(energy, r->total_energy);
    assert_int_equal(amount, r->amount);
    assert_int_equal(r->meter_at_end - r->meter_at_start, r->total_energy);
    assert_true(wire_stamp(r->end_time).ms > wire_stamp(r->start_time).ms);
    /* no more than 120 kW for so long */
    assert_true(r->total_energy * INT64_C(360000) <=
                (wire_stamp(r->end_time).ms - wire_stamp(r->start_time).ms) *
                120000);
}

static void an_app_start_charges_until_told_to_stop(void **state)
{
    struct world *w = *state;
    union ykc_any any;

    log_in(w);
    give_tariff(w);
    order(w, "plug " PILE " 1", "ok");
    order(w, "plug " PILE " 1", "error");
    start_charge(w, TRADE);
    any = expect(w, ykc_type_handshake);
    assert_string_equal(any.handshake.trade_number, TRADE);
    assert_int_equal(strlen(any.handshake.vin), 17);
    expect(w, ykc_type_parameters);
    any.realtime = expect_state(w, YKC_STATE_CHARGING);
    assert_string_equal(any.realtime.trade_number, TRADE);
    expect(w, ykc_type_demand);
    expect(w, ykc_type_bms_info);
    charge(w, 10000);
    start_charge(w, TRADE); /* the same order again is no second session */
    stop_charge(w);
    expect(w, ykc_type_pile_stop);
    any = expect(w, ykc_type_charging_end);
    any.realtime = expect_state(w, YKC_STATE_IDLE);
    assert_int_equal(any.realtime.plugged_in, 1);
    any = expect(w, ykc_type_trade_record);
    assert_string_equal(any.trade_record.trade_number, TRADE);
    assert_int_equal(any.trade_record.stop_reason, YKC_STOP_APP);
    assert_int_equal(any.trade_record.start_flag, YKC_START_FLAG_APP);
    assert_true(any.trade_record.total_energy >= 10000);
    check_record(&any.trade_record);
    confirm(w, TRADE);
    expect_none(w, ykc_type_trade_record, 2500);
}

static void a_record_comes_again_until_it_is_confirmed(void **state)
{
    struct world *w = *state;
    union ykc_any any, again;
    char other[YKC_TRADE_TEXT] = TRADE;

    log_in(w);
    give_tariff(w);
    order(w, "plug " PILE " 1", "ok");
    start_charge(w, TRADE);
    charge(w, 1);
    order(w, "unplug " PILE " 1", "ok");
    any = expect(w, ykc_type_trade_record);
    assert_int_equal(any.trade_record.stop_reason, YKC_STOP_PILOT);
    for (int i = 0; i < 3; i++) {
        again = expect(w, ykc_type_trade_record);
        assert_memory_equal(&again.trade_record, &any.trade_record,
                            sizeof any.trade_record);
    }
    other[31] = '9';
    confirm(w, other); /* not owed: changes nothing */
    /* a new login brings it again, also after the tries are used up */
    order(w, "drop " PILE, "ok");
    log_in(w);
    again = expect(w, ykc_type_trade_record);
    assert_memory_equal(&again.trade_record, &any.trade_record,
                        sizeof any.trade_record);
    confirm(w, TRADE);
    order(w, "drop all", "ok");
    log_in(w);
    expect_none(w, ykc_type_trade_record, 2000);
}

static void a_start_without_a_car_waits_for_one(void **state)
{
    struct world *w = *state;
    struct ykc_remote_start f = { .trade_number = TRADE, .pile_code = PILE,
                                  .gun_number = 1 };
    union ykc_any any;

    log_in(w);
    request(w, ykc_type_remote_start, &f);
    any = expect(w, ykc_type_remote_start_reply);
    assert_int_equal(any.remote_start_reply.failure_reason,
                     YKC_START_FAILURE_TARIFF);
    give_tariff(w);
    expect(w, ykc_type_heartbeat);
    request(w, ykc_type_remote_start, &f);
    any = expect(w, ykc_type_remote_start_reply);
    assert_int_equal(any.remote_start_reply.result, 0);
    assert_int_equal(any.remote_start_reply.failure_reason,
                     YKC_START_FAILURE_NOT_PLUGGED);
    order(w, "plug " PILE " 1", "ok");
    any = expect(w, ykc_type_remote_start_reply);
    assert_int_equal(any.remote_start_reply.result, 1);
    expect_state(w, YKC_STATE_CHARGING);
}

static void nobody_comes_and_the_start_is_forgotten(void **state)
{
    struct world *w = *state;
    struct ykc_remote_start f = { .trade_number = TRADE, .pile_code = PILE,
                                  .gun_number = 1 };

    log_in(w);
    give_tariff(w);
    expect(w, ykc_type_heartbeat);
    request(w, ykc_type_remote_start, &f);
    expect(w, ykc_type_remote_start_reply);
    expect_none(w, ykc_type_remote_start_reply, 3500); /* 60 s / 20 */
    order(w, "plug " PILE " 1", "ok");
    expect_none(w, ykc_type_remote_start_reply, 500);
    start_charge(w, TRADE);
}

static void a_card_asks_first_and_stops_what_it_started(void **state)
{
    struct world *w = *state;
    struct ykc_start_permission f = { .trade_number = TRADE,
                                      .pile_code = PILE, .gun_number = 1,
                                      .reject_reason = 3 };
    union ykc_any any;

    log_in(w);
    give_tariff(w);
    expect(w, ykc_type_heartbeat);
    order(w, "card " PILE " 1 00000000D14B0A54", "error"); /* no car */
    order(w, "plug " PILE " 1", "ok");
    order(w, "card " PILE " 1 00000000D14B0A54", "ok");
    any = expect(w, ykc_type_start_request);
    assert_int_equal(any.start_request.start_mode, YKC_START_MODE_CARD);
    assert_int_equal(any.start_request.account_or_physical_card[7], 0x54);
    reply(w, ykc_type_start_permission, &f);
    expect_none(w, ykc_type_handshake, 1000);
    order(w, "card " PILE " 1 00000000D14B0A54", "ok");
    expect(w, ykc_type_start_request);
    expect(w, ykc_type_start_request); /* no answer: asks again */
    f.allowed = 1;
    f.reject_reason = 0;
    reply(w, ykc_type_start_permission, &f);
    charge(w, 100);
    order(w, "card " PILE " 1 00000000D14B0A55", "error"); /* another */
    order(w, "card " PILE " 1 00000000D14B0A54", "ok");
    any = expect(w, ykc_type_trade_record);
    assert_int_equal(any.trade_record.start_flag, YKC_START_FLAG_CARD);
    assert_int_equal(any.trade_record.stop_reason, YKC_STOP_MANUAL);
    assert_int_equal(any.trade_record.physical_card[7], 0x54);
    check_record(&any.trade_record);
}

static void the_balance_ends_a_charge_unless_it_grows(void **state)
{
    struct world *w = *state;
    struct ykc_remote_start f = { .trade_number = TRADE, .pile_code = PILE,
                                  .gun_number = 1, .account_balance = 50 };
    struct ykc_balance more = { .pile_code = PILE, .gun_number = 1,
                                .new_balance = 200 };
    union ykc_any any;

    log_in(w);
    give_tariff(w);
    order(w, "plug " PILE " 1", "ok");
    request(w, ykc_type_remote_start, &f);
    expect(w, ykc_type_remote_start_reply);
    request(w, ykc_type_balance, &more);
    any = expect(w, ykc_type_balance_reply);
    assert_int_equal(any.balance_reply.result, 0);
    any = expect(w, ykc_type_trade_record);
    assert_int_equal(any.trade_record.stop_reason, YKC_STOP_AMOUNT_LIMIT);
    assert_true(any.trade_record.amount >= 20000);
    assert_true(any.trade_record.amount < 60000);
}

static void silence_ends_the_link_and_charging_goes_on(void **state)
{
    struct world *w = *state;
    struct ykc_realtime before, after;
    union ykc_any any;

    log_in(w);
    give_tariff(w);
    order(w, "plug " PILE " 1", "ok");
    start_charge(w, TRADE);
    before = expect_state(w, YKC_STATE_CHARGING);
    w->deaf = true;
    while (next_frame(w, ykc_type_heartbeat, 10000, &any))
        continue; /* until the pile gives the link up */
    w->deaf = false;
    log_in(w);
    after = expect_state(w, YKC_STATE_CHARGING);
    assert_string_equal(after.trade_number, TRADE);
    assert_true(after.charged_energy > before.charged_energy);
}

static void a_power_cut_leaves_a_record(void **state)
{
    struct world *w = *state;
    struct ykc_realtime last;
    union ykc_any any;

    log_in(w);
    give_tariff(w);
    order(w, "plug " PILE " 1", "ok");
    start_charge(w, TRADE);
    charge(w, 5000);
    last = expect_state(w, YKC_STATE_CHARGING);
    end_sim(w, SIGKILL);
    spawn(w, NULL);
    log_in(w);
    any = expect(w, ykc_type_trade_record);
    assert_string_equal(any.trade_record.trade_number, TRADE);
    assert_int_equal(any.trade_record.stop_reason, YKC_STOP_POWER_LOST);
    assert_int_equal(any.trade_record.total_energy, last.charged_energy);
    check_record(&any.trade_record);
    confirm(w, TRADE);
    expect_none(w, ykc_type_trade_record, 2000);
    end_sim(w, SIGKILL);
    spawn(w, NULL);
    log_in(w);
    expect_none(w, ykc_type_trade_record, 1000);
}

static void a_refused_pile_comes_back_later(void **state)
{
    struct world *w = *state;
    struct ykc_login_reply no = { .pile_code = PILE, .result = 1 };

    accept_link(w);
    expect(w, ykc_type_login);
    reply(w, ykc_type_login_reply, &no);
    log_in(w);
}

/* Wrong check field, wrong direction, another pile: no effect. */
static void a_pile_ignores_what_is_not_for_it(void **state)
{
    struct world *w = *state;
    struct ykc_remote_stop other = { .pile_code = "32010200000002",
                                     .gun_number = 1 };
    struct ykc_head head = { .type = ykc_type_remote_stop };
    uint8_t bytes[YKC_MAX_FRAME];
    size_t len;

    log_in(w);
    give_tariff(w);
    order(w, "plug " PILE " 1", "ok");
    start_charge(w, TRADE);
    expect_state(w, YKC_STATE_CHARGING);
    request(w, ykc_type_remote_stop, &other);
    memcpy(other.pile_code, PILE, sizeof other.pile_code);
    other.gun_number = 3;
    request(w, ykc_type_remote_stop, &other);
    other.gun_number = 1;
    assert_int_equal(ykc_build(&head, &other, bytes, &len), WIRE_OK);
    bytes[len - 1] ^= 1;
    assert_int_equal(send(w->link, bytes, len, MSG_NOSIGNAL), len);
    expect_none(w, ykc_type_remote_stop_reply, 500);
    expect_state(w, YKC_STATE_CHARGING);
}

static void faults_end_a_charge_and_show(void **state)
{
    struct world *w = *state;
    struct ykc_realtime now;
    union ykc_any any;

    log_in(w);
    give_tariff(w);
    order(w, "plug " PILE " 1", "ok");
    start_charge(w, TRADE);
    charge(w, 1);
    order(w, "fault " PILE " 1 1", "ok");
    now = expect_state(w, YKC_STATE_FAULT);
    assert_int_equal(now.hardware_faults, YKC_FAULT_EMERGENCY_STOP);
    any = expect(w, ykc_type_trade_record);
    assert_int_equal(any.trade_record.stop_reason, YKC_STOP_ESTOP);
    order(w, "fault " PILE " 1 0", "ok");
    expect_state(w, YKC_STATE_IDLE);
}

static void settings_are_obeyed(void **state)
{
    struct world *w = *state;
    struct ykc_work closed = { .pile_code = PILE, .work_forbidden = 1,
                               .max_output_power = 100 };
    struct ykc_card_sync cards = { .pile_code = PILE, .card_count = 1 };
    struct ykc_card_query query = { .pile_code = PILE, .card_count = 1 };
    struct ykc_qr_prefix prefix = { .pile_code = PILE, .prefix_length = 3,
                                    .text = "a/b" };
    struct ykc_remote_start f = { .trade_number = TRADE, .pile_code = PILE,
                                  .gun_number = 1 };
    struct ykc_reboot reboot = { .pile_code = PILE, .when = 1 };
    union ykc_any any;

    log_in(w);
    give_tariff(w);
    request(w, ykc_type_work, &closed);
    any = expect(w, ykc_type_work_reply);
    assert_int_equal(any.work_reply.result, 1);
    request(w, ykc_type_remote_start, &f);
    any = expect(w, ykc_type_remote_start_reply);
    assert_int_equal(any.remote_start_reply.failure_reason,
                     YKC_START_FAILURE_DISABLED);
    snprintf(cards.items[0].logical_card, YKC_CARD_TEXT, "0000001000000573");
    cards.items[0].physical_card[7] = 9;
    request(w, ykc_type_card_sync, &cards);
    any = expect(w, ykc_type_card_sync_reply);
    assert_int_equal(any.card_sync_reply.result, 1);
    query.items[0].physical_card[7] = 9;
    request(w, ykc_type_card_query, &query);
    any = expect(w, ykc_type_card_query_reply);
    assert_int_equal(any.card_query_reply.items[0].present, 1);
    request(w, ykc_type_qr_prefix, &prefix);
    expect(w, ykc_type_qr_prefix_reply);
    request(w, ykc_type_reboot, &reboot);
    expect(w, ykc_type_reboot_reply);
    log_in(w);
}

/* Without a link a card that was placed in the pile starts a session. */
static void an_offline_card_charges_and_is_told_later(void **state)
{
    struct world *w = *state;
    struct ykc_card_sync cards = { .pile_code = PILE, .card_count = 1 };
    struct ykc_trade_record r;
    union ykc_any any;

    log_in(w);
    give_tariff(w);
    snprintf(cards.items[0].logical_card, YKC_CARD_TEXT, "0000001000000573");
    cards.items[0].physical_card[7] = 9;
    request(w, ykc_type_card_sync, &cards);
    expect(w, ykc_type_card_sync_reply);
    order(w, "plug " PILE " 2", "ok");
    order(w, "drop " PILE " 4", "ok");
    order(w, "card " PILE " 2 0000000000000008", "error");
    order(w, "card " PILE " 2 0000000000000009", "ok");
    usleep(1500000);
    order(w, "card " PILE " 2 0000000000000009", "ok");
    log_in(w);
    any = expect(w, ykc_type_trade_record);
    r = any.trade_record;
    assert_int_equal(r.start_flag, YKC_START_FLAG_OFFLINE_CARD);
    assert_memory_equal(r.trade_number, PILE "02", 16);
    assert_int_equal(r.physical_card[7], 9);
    check_record(&r);
}

static void guns_start_together(void **state)
{
    struct world *w = *state;
    struct ykc_parallel_start f = { .trade_number = TRADE,
                                    .pile_code = PILE, .gun_number = 1,
                                    .parallel_number = "251105074000" };
    union ykc_any any;

    log_in(w);
    give_tariff(w);
    order(w, "plug " PILE " 1", "ok");
    order(w, "plug " PILE " 2", "ok");
    request(w, ykc_type_parallel_start, &f);
    any = expect(w, ykc_type_parallel_start_reply);
    assert_int_equal(any.parallel_start_reply.result, 1);
    assert_int_equal(any.parallel_start_reply.main_or_auxiliary_gun, 0);
    assert_string_equal(any.parallel_start_reply.parallel_number,
                        f.parallel_number);
    f.gun_number = 2;
    f.trade_number[15] = '2';
    request(w, ykc_type_parallel_start, &f);
    any = expect(w, ykc_type_parallel_start_reply);
    assert_int_equal(any.parallel_start_reply.main_or_auxiliary_gun, 1);
    assert_string_equal(any.parallel_start_reply.trade_number,
                        f.trade_number);
}

static void a_liar_is_caught_by_its_meter(void **state)
{
    struct world *w = *state;
    union ykc_any any;

    log_in(w);
    give_tariff(w);
    order(w, "plug " PILE " 1", "ok");
    start_charge(w, TRADE);
    charge(w, 10000);
    stop_charge(w);
    any = expect(w, ykc_type_trade_record);
    assert_true(any.trade_record.total_energy >
                any.trade_record.meter_at_end -
                any.trade_record.meter_at_start);
}

static void a_withheld_record_never_comes(void **state)
{
    struct world *w = *state;

    log_in(w);
    give_tariff(w);
    order(w, "plug " PILE " 1", "ok");
    start_charge(w, TRADE);
    charge(w, 1);
    stop_charge(w);
    expect_none(w, ykc_type_trade_record, 3000);
    order(w, "set bad-crc 100", "ok");
    order(w, "set nothing 1", "error");
    order(w, "plug", "error");
    order(w, "drop 32010200000009", "error");
    order(w, "drop all 86401", "error");
    order(w, "plug 32010200000009 1", "error");
    order(w, "plug " PILE " 3", "error");
    order(w, "status", "{\"piles\":1,\"online\":1");
    order(w, "status " PILE, "{\"pile\":\"" PILE "\",\"link\":\"ready\"");
    expect_none(w, ykc_type_heartbeat, 1200);
    assert_true(w->in.counts.crc_error > 0);
}

#define WITH(test, begin) \
    cmocka_unit_test_setup_teardown(test, begin, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH(a_pile_logs_in_and_keeps_its_tariff_and_clock, start),
        WITH(an_app_start_charges_until_told_to_stop, start),
        WITH(a_record_comes_again_until_it_is_confirmed, start),
        WITH(a_start_without_a_car_waits_for_one, start),
        WITH(nobody_comes_and_the_start_is_forgotten, start),
        WITH(a_card_asks_first_and_stops_what_it_started, start),
        WITH(the_balance_ends_a_charge_unless_it_grows, start),
        WITH(silence_ends_the_link_and_charging_goes_on, start),
        WITH(a_power_cut_leaves_a_record, start),
        WITH(a_refused_pile_comes_back_later, start),
        WITH(a_pile_ignores_what_is_not_for_it, start),
        WITH(faults_end_a_charge_and_show, start),
        WITH(settings_are_obeyed, start),
        WITH(an_offline_card_charges_and_is_told_later, start),
        WITH(guns_start_together, start),
        WITH(a_liar_is_caught_by_its_meter, start_lying),
        WITH(a_withheld_record_never_comes, start_withholding),
    };

    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
