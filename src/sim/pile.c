/*
 * A pile's link to the platform: connect, login, heartbeat, tariff, records
 * until they are confirmed, and the bytes in and out. See pile.h.
 */
#include "sim/pile.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sim/report.h"
#include "sim/session.h"
#include "sim/sim.h"

enum {
    CONNECT_MS = 10000,       /* a connect or a login that gets no answer */
    BACK_OFF_MS = 1000,       /* doubles with every failure up to */
    BACK_OFF_MOST_MS = 60000,
    REFUSED_MS = 60000,       /* after "no such pile" */
    BEAT_MS = 10000,
    BEATS_MISSED = 3,
    ASK_TARIFF_MS = 10000,
    RECORD_MS = 30000,        /* a record again, */
    RECORD_TRIES = 4,         /* once and three times more, */
    RECORD_LAST_MS = 300000,  /* then a last time */
    RECORD_WAIT_MS = 2000,    /* after the session */
    OUT_SIZE = 1024           /* and more for each gun */
};

struct pile *pile_new(struct sim *sim, const struct pile_spec *spec,
                      size_t number)
{
    struct pile *p = calloc(1, sizeof *p +
                            (size_t)spec->guns * sizeof p->guns[0]);

    must(p != NULL);
    p->sim = sim;
    p->spec = *spec;
    p->number = number;
    p->rng = rng_make((uint64_t)sim->options->seed, number);
    p->fd = -1;
    p->power_percent = 100;
    memcpy(p->version, "V3.2.4", 7);
    if (rng_chance(&p->rng, (int)sim->options->swap_crc))
        p->crc = YKC_CRC_SWAPPED;
    p->out_size = OUT_SIZE + 256 * (size_t)spec->guns;
    p->out = malloc(p->out_size);
    must(p->out != NULL);
    p->link_at = p->beat_at = p->tariff_at = p->record_at = NEVER;
    p->flush_at = p->reboot_at = p->update_at = NEVER;
    for (int i = 0; i < spec->guns; i++) {
        struct gun *g = &p->guns[i];

        g->phase_at = g->step_at = g->report_at = g->visit_at = NEVER;
        g->lock_position = 0xFF;
        g->meter.reading_e4kwh = (uint64_t)rng_between(&p->rng, 10000000,
                                                       9000000000);
    }
    return p;
}

void pile_free(struct pile *p)
{
    struct owed *next;

    if (p == NULL)
        return;
    if (p->fd >= 0)
        close(p->fd);
    for (struct owed *o = p->owed; o != NULL; o = next) {
        next = o->next;
        free(o);
    }
    free(p->cards);
    free(p->out);
    free(p);
}

stamp pile_clock(const struct pile *p)
{
    return stamp_add_ms(stamp_now(), p->clock_offset_ms +
                        1000 * p->sim->options->skew_s);
}

int gun_number(const struct pile *p, const struct gun *g)
{
    return (int)(g - p->guns) + 1;
}

struct gun *pile_gun(struct pile *p, uint8_t raw)
{
    int n = ykc_gun(raw, p->spec.guns);

    return n == 0 ? NULL : &p->guns[n - 1];
}

bool pile_is_idle(const struct pile *p)
{
    for (int i = 0; i < p->spec.guns; i++)
        if (p->guns[i].phase != GUN_IDLE)
            return false;
    return true;
}

/* ---- bytes out ---------------------------------------------------------- */

static void flush(struct pile *p)
{
    struct epoll_event ev = { .data.u64 = p->number };
    ssize_t n = 0;

    p->flush_at = NEVER;
    if (p->link < LINK_LOGIN)
        return;
    if (p->out_len > 0)
        n = send(p->fd, p->out, p->out_len, MSG_NOSIGNAL);
    if (n < 0 && errno != EAGAIN && errno != EINTR) {
        pile_disconnect(p, BACK_OFF_MS);
        return;
    }
    n = n < 0 ? 0 : n;
    memmove(p->out, p->out + n, p->out_len - (size_t)n);
    p->out_len -= (size_t)n;
    if (p->want_write != (p->out_len > 0)) {
        p->want_write = p->out_len > 0;
        ev.events = EPOLLIN | EPOLLRDHUP | (p->want_write ? EPOLLOUT : 0u);
        must(epoll_ctl(p->sim->epoll_fd, EPOLL_CTL_MOD, p->fd, &ev) == 0);
    }
}

static void queue_bytes(struct pile *p, const uint8_t *bytes, size_t n)
{
    if (p->out_size - p->out_len < n) { /* the platform does not read */
        pile_disconnect(p, BACK_OFF_MS);
        return;
    }
    memcpy(p->out + p->out_len, bytes, n);
    p->out_len += n;
}

/* Sends a frame as good as the faults let it. */
static void send_frame(struct pile *p, const struct ykc_head *head,
                       const void *frame)
{
    struct sim *sim = p->sim;
    const struct sim_faults *f = &sim->faults;
    uint8_t bytes[YKC_MAX_FRAME];
    size_t len;
    int times;

    if (p->link != LINK_READY && head->type != ykc_type_login)
        return;
    must(ykc_build(head, frame, bytes, &len) == WIRE_OK);
    if (rng_chance(&p->rng, f->drop)) {
        sim->counts.faults_injected++;
        return;
    }
    times = rng_chance(&p->rng, f->resend) ? 2 : 1;
    if (rng_chance(&p->rng, f->bad_crc)) {
        bytes[len - 1] ^= 0x5A;
        sim->counts.faults_injected++;
    }
    if (rng_chance(&p->rng, f->garbage))
        queue_bytes(p, (const uint8_t *)"h\x20\x01\xFFh", 5);
    for (; times > 0 && p->fd >= 0; times--) {
        queue_bytes(p, bytes, len);
        sim->counts.frames_out++;
    }
    if (p->flush_at == NEVER)
        p->flush_at = f->slow_ms == 0 ? sim->now_ms
            : sim->now_ms + rng_between(&p->rng, 0, f->slow_ms);
    if (head->type == ykc_type_realtime && rng_chance(&p->rng, f->cut)) {
        sim->counts.faults_injected++;
        pile_disconnect(p, BACK_OFF_MS);
    }
}

void pile_request(struct pile *p, uint8_t type, const void *frame)
{
    struct ykc_head head = ykc_request_head(type, &p->sequence);

    head.crc = p->crc;
    send_frame(p, &head, frame);
}

void pile_reply(struct pile *p, uint8_t type, const struct ykc_head *request,
                const void *frame)
{
    struct ykc_head head = ykc_reply_head(type, request);

    head.crc = p->crc;
    send_frame(p, &head, frame);
}

/* ---- the link ----------------------------------------------------------- */

static int64_t back_off(struct pile *p)
{
    int64_t ms = BACK_OFF_MS;

    for (int i = 0; i < p->failures && ms < BACK_OFF_MOST_MS; i++)
        ms *= 2;
    p->failures++;
    ms = ms < BACK_OFF_MOST_MS ? ms : BACK_OFF_MOST_MS;
    return ms / 2 + rng_below(&p->rng, ms);
}

void pile_disconnect(struct pile *p, int64_t retry_ms)
{
    if (p->fd >= 0) {
        close(p->fd);
        p->fd = -1;
        p->sim->counts.lost_links += p->link == LINK_READY;
    }
    p->link = LINK_DOWN;
    p->want_write = false;
    p->out_len = 0;
    p->beat_at = p->tariff_at = p->record_at = p->flush_at = NEVER;
    p->link_at = sim_after(p->sim, retry_ms);
    for (int i = 0; i < p->spec.guns; i++)
        if (p->guns[i].phase == GUN_ASKING)
            p->guns[i].phase_at = p->sim->now_ms;
}

static void connect_now(struct pile *p)
{
    struct sim *sim = p->sim;
    struct epoll_event ev = { .events = EPOLLOUT | EPOLLRDHUP,
                              .data.u64 = p->number };

    p->fd = target_connect(&sim->target, p->number % sim->sources);
    if (p->fd < 0 ||
        epoll_ctl(sim->epoll_fd, EPOLL_CTL_ADD, p->fd, &ev) != 0) {
        pile_disconnect(p, back_off(p));
        return;
    }
    p->link = LINK_CONNECTING;
    p->link_at = sim_after(sim, CONNECT_MS);
    ykc_stream_init(&p->in);
}

static void send_login(struct pile *p)
{
    struct ykc_login f = { .protocol_version = 16, .network_type = 0 };

    memcpy(f.pile_code, p->spec.code, sizeof f.pile_code);
    f.pile_type = p->spec.is_ac;
    f.gun_count = (uint8_t)p->spec.guns;
    memcpy(f.program_version, p->version, sizeof f.program_version);
    p->sequence = 0;
    pile_request(p, ykc_type_login, &f);
}

static void connected(struct pile *p)
{
    struct epoll_event ev = { .events = EPOLLIN | EPOLLRDHUP,
                              .data.u64 = p->number };
    int error = 0;
    socklen_t size = sizeof error;

    if (getsockopt(p->fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0 ||
        error != 0) {
        pile_disconnect(p, back_off(p));
        return;
    }
    must(epoll_ctl(p->sim->epoll_fd, EPOLL_CTL_MOD, p->fd, &ev) == 0);
    p->sim->counts.connects++;
    p->link = LINK_LOGIN;
    p->link_at = sim_after(p->sim, CONNECT_MS);
    send_login(p);
}

static void logged_in(struct pile *p, const struct ykc_login_reply *reply)
{
    struct sim *sim = p->sim;

    if (p->link != LINK_LOGIN)
        return;
    if (reply->result != 0) {
        sim->counts.refused++;
        sim_say(sim, "%s refused", p->spec.code);
        pile_disconnect(p, REFUSED_MS + back_off(p));
        return;
    }
    sim->counts.logins++;
    p->link = LINK_READY;
    p->failures = p->missed = 0;
    p->link_at = NEVER;
    p->beat_at = sim_after(sim, rng_between(&p->rng, BEAT_MS / 10, BEAT_MS));
    p->tariff_differs = false;
    p->tariff_at = sim_after(sim, 200);
    if (p->owed != NULL) {
        p->record_at = sim_after(sim, 100);
        for (struct owed *o = p->owed; o != NULL; o = o->next)
            o->tries = 0;
    }
    for (int i = 0; i < p->spec.guns; i++)
        p->guns[i].report_at =
            sim_after(sim, rng_between(&p->rng, 300, 3000));
}

/* ---- what a pile keeps sending ------------------------------------------ */

static void beat(struct pile *p)
{
    struct sim *sim = p->sim;

    if (p->missed >= BEATS_MISSED) {
        sim->counts.heartbeats_missed++;
        pile_disconnect(p, back_off(p));
        return;
    }
    p->missed++;
    p->beat_at = sim_after(sim, BEAT_MS);
    for (int i = 0; i < p->spec.guns; i++) {
        struct ykc_heartbeat f = { .gun_status = p->guns[i].faults != 0 };

        memcpy(f.pile_code, p->spec.code, sizeof f.pile_code);
        f.gun_number = ykc_gun_byte(i + 1);
        pile_request(p, ykc_type_heartbeat, &f);
        sim->counts.heartbeats++;
    }
}

static void ask_tariff(struct pile *p)
{
    struct ykc_tariff_check check = { .tariff_number = { 0 } };
    struct ykc_tariff_request request;

    memcpy(check.pile_code, p->spec.code, sizeof check.pile_code);
    memcpy(request.pile_code, p->spec.code, sizeof request.pile_code);
    if (p->tariff_differs) {
        pile_request(p, ykc_type_tariff_request, &request);
    } else {
        if (p->tariff.held)
            memcpy(check.tariff_number, p->tariff.number, 2);
        pile_request(p, ykc_type_tariff_check, &check);
    }
    p->tariff_at = sim_after(p->sim, ASK_TARIFF_MS);
}

static void next_record(struct pile *p)
{
    p->record_at = p->owed == NULL || p->link != LINK_READY
        ? NEVER : sim_after(p->sim, 50);
}

/* One at a time: the next follows its 0x40. */
static void send_record(struct pile *p)
{
    struct owed *o = p->owed, **end;

    p->record_at = NEVER;
    if (o == NULL)
        return;
    if (o->tries > RECORD_TRIES) {
        /* Gives up until the next login; the others get their turn. */
        p->sim->counts.records_given_up++;
        p->owed = o->next;
        o->next = NULL;
        for (end = &p->owed; *end != NULL; end = &(*end)->next)
            continue;
        *end = o;
        if (p->owed->tries <= RECORD_TRIES)
            next_record(p);
        return;
    }
    pile_request(p, ykc_type_trade_record, &o->record);
    p->sim->counts.records_sent++;
    o->tries++;
    p->record_at = sim_after(p->sim, o->tries == RECORD_TRIES
                             ? RECORD_LAST_MS : RECORD_MS);
}

void pile_recall(struct pile *p, const struct ykc_trade_record *r)
{
    struct owed *o, **end = &p->owed;

    if (p->owed_count == MOST_RECORDS)
        return; /* memory full: the state file still has it */
    o = calloc(1, sizeof *o);
    must(o != NULL);
    o->record = *r;
    while (*end != NULL)
        end = &(*end)->next;
    *end = o;
    p->owed_count++;
}

void pile_owe(struct pile *p, const struct ykc_trade_record *r)
{
    store_record(&p->sim->store, r);
    p->sim->counts.records_made++;
    pile_recall(p, r);
    if (p->record_at == NEVER && p->link == LINK_READY)
        p->record_at = sim_after(p->sim,
                                 rng_between(&p->rng, 200, RECORD_WAIT_MS));
}

void pile_settle(struct pile *p, const char *trade_number)
{
    struct owed **at = &p->owed, *o;

    while (*at != NULL &&
           strcmp((*at)->record.trade_number, trade_number) != 0)
        at = &(*at)->next;
    o = *at;
    if (o == NULL)
        return;
    *at = o->next;
    free(o);
    p->owed_count--;
    p->sim->counts.records_confirmed++;
    store_done(&p->sim->store, trade_number);
    next_record(p);
}

/* ---- what it hears ------------------------------------------------------ */

static void hear(struct pile *p, const struct ykc_raw *raw)
{
    struct sim *sim = p->sim;
    const struct ykc_frame *f;
    union ykc_any any;

    sim->counts.frames_in++;
    if (rng_chance(&p->rng, sim->faults.deaf))
        return;
    if (ykc_check(raw, YKC_TO_PILE, &f) > YKC_LONG_BODY) {
        sim->counts.bad_frames++;
        return;
    }
    if (f->type == ykc_type_login_reply &&
        ykc_decode(f, raw->body, raw->body_len, &any, NULL) == WIRE_OK)
        logged_in(p, &any.login_reply);
    else if (p->link == LINK_READY)
        pile_obey(p, f, raw);
}

static void hear_all(struct pile *p)
{
    struct ykc_raw raw;

    while (p->fd >= 0 && ykc_stream_next(&p->in, p->sim->now_ms, &raw))
        hear(p, &raw);
}

/* ---- the loop ----------------------------------------------------------- */

static void link_tick(struct pile *p)
{
    if (p->link == LINK_DOWN)
        connect_now(p);
    else
        pile_disconnect(p, back_off(p)); /* no connection, no 0x02 */
}

static void reboot(struct pile *p)
{
    if (p->reboot_when_idle && !pile_is_idle(p)) {
        p->reboot_at = sim_after(p->sim, 5000);
        return;
    }
    for (int i = 0; i < p->spec.guns; i++)
        gun_press_stop(p, &p->guns[i]);
    p->reboot_at = NEVER;
    p->tariff.held = false;
    flush(p);
    pile_disconnect(p, 5000);
}

/* The new program runs: it says so, and starts afresh. */
static void finish_update(struct pile *p)
{
    struct ykc_update_reply f = { .status = 0 };

    memcpy(f.pile_code, p->spec.code, sizeof f.pile_code);
    pile_request(p, ykc_type_update_reply, &f);
    p->version[5] = (char)(p->version[5] == '9' ? '0' : p->version[5] + 1);
    p->update_at = NEVER;
    p->reboot_when_idle = true;
    p->reboot_at = sim_after(p->sim, 2000);
}

static int64_t earliest(const struct pile *p)
{
    const int64_t times[] = { p->link_at, p->beat_at, p->tariff_at,
                              p->record_at, p->flush_at, p->reboot_at,
                              p->update_at };
    int64_t due = ykc_stream_deadline(&p->in);

    if (p->link < LINK_LOGIN)
        due = NEVER;
    for (size_t i = 0; i < COUNT(times); i++)
        due = times[i] < due ? times[i] : due;
    for (int i = 0; i < p->spec.guns; i++)
        due = gun_due(&p->guns[i]) < due ? gun_due(&p->guns[i]) : due;
    return due;
}

static void run_timer(struct pile *p, int64_t at, void (*run)(struct pile *))
{
    if (at <= p->sim->now_ms)
        run(p);
}

void pile_tick(struct pile *p)
{
    run_timer(p, p->link_at, link_tick);
    run_timer(p, p->beat_at, beat);
    run_timer(p, p->tariff_at, ask_tariff);
    run_timer(p, p->record_at, send_record);
    for (int i = 0; i < p->spec.guns; i++)
        if (gun_due(&p->guns[i]) <= p->sim->now_ms)
            gun_tick(p, &p->guns[i]);
    run_timer(p, p->update_at, finish_update);
    run_timer(p, p->reboot_at, reboot);
    if (p->link >= LINK_LOGIN) {
        ykc_stream_stall(&p->in, p->sim->now_ms);
        hear_all(p);
    }
    run_timer(p, p->flush_at, flush);
    p->due_ms = earliest(p);
}

static void receive(struct pile *p)
{
    size_t room;
    uint8_t *at = ykc_stream_space(&p->in, &room);
    ssize_t n = recv(p->fd, at, room, 0);

    if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) {
        pile_disconnect(p, back_off(p));
        return;
    }
    if (n < 0)
        return;
    ykc_stream_filled(&p->in, (size_t)n, p->sim->now_ms);
    hear_all(p);
}

void pile_serve(struct pile *p, uint32_t events)
{
    if (p->fd < 0)
        return;
    if (p->link == LINK_CONNECTING) {
        connected(p);
    } else {
        if (events & EPOLLOUT)
            flush(p);
        if (p->fd >= 0 && (events & ~(uint32_t)EPOLLOUT))
            receive(p);
    }
    if (p->flush_at <= p->sim->now_ms)
        flush(p);
    p->due_ms = earliest(p);
}
