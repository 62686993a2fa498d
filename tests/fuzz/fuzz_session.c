/*
 * F-4: sequences of frames against the real sessions of the gateway: its
 * network thread, its sockets, its timers. What stands around them is played
 * by this file: the clock, three peers, the keeper, the writers.
 *
 * Input: steps (enum step) of a byte with the step and the peer, then what
 * the step wants. Four piles: two that may log in, one disabled, one bound to
 * another network.
 *
 * After every step, by rule: before its login a peer gets and causes nothing
 * (G3); who may not log in never does (G4); what one peer sends has no effect
 * on a pile that another one holds (G5, G7); replies are believed only if a
 * command waits for them, and from its connection (G9); 0x40 only for what
 * was stored (G10); a start goes out once (G15); the books of connections and
 * memory agree (G18, G19).
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "asset/pile.h"
#include "base/config.h"
#include "base/log.h"
#include "charging/command.h"
#include "gateway/book.h"
#include "gateway/net.h"

enum { PEERS = 3, PILES = 4, GUNS = 2, TRADES = 4, COMMANDS = 64,
       STEPS_MAX = 200, ITEMS = 64, ROUNDS = 3, PENDING_MAX = 31,
       ANYBODY = -1, NOBODY = -2 };

enum step { CONNECT, HANG_UP, FRAME, BYTES, WAIT, COMMAND, STORE, RELEASE,
            DEAF, STEPS };

/* Which piles may log in. */
enum { FIRST, SECOND, DISABLED, ELSEWHERE };

struct peer {
    int fd; /* our end; -1: none */
    conn_id id;
    struct ykc_stream in;
    bool is_deaf;      /* does not read */
    bool is_accepted;  /* a 0x02 said so */
    bool has_said[PILES]; /* 0x01 of that pile, or bytes that may hold it */
};

struct command_sent {
    int64_t id;
    conn_id to;
    int kind, pile;
    uint8_t type, trade[16];
    bool has_trade;
    int seen, ends; /* frames that went out; ends that were told */
};

struct stored {
    conn_id from;
    uint8_t trade[16];
    int confirmations; /* that may still come */
};

static struct config config;
static struct gateway *g;
static struct net *net;
static struct charger *piles[PILES];
static struct policy elsewhere = { .kind = LOGIN_STRICT,
                                   .pinned = "10.0.0.0/8" };

/* Of one input. */
static struct {
    const uint8_t *at, *end;
    int64_t now_ms;
    int actor; /* whose step it is, or ANYBODY, or NOBODY */
    struct peer peers[PEERS];
    struct command_sent commands[COMMANDS];
    size_t command_count;
    struct stored stored[ITEMS];
    size_t stored_count;
    uint64_t owner[PILES]; /* before the step */
    struct gun guns[PILES][GUNS];
} w;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* ---- what is played: the clock, the tariffs --------------------------- */

int64_t __wrap_monotonic_ms(void);
int64_t __wrap_monotonic_ms(void)
{
    return w.now_ms;
}

stamp __wrap_stamp_now(void);
stamp __wrap_stamp_now(void)
{
    return (stamp){ INT64_C(1790000000000) + w.now_ms };
}

const struct page *book_find(const struct book *b, int64_t station_id,
                             int64_t area_id)
{
    static const struct page page = { .station_id = 1, .number = 0x0001 };

    (void)b;
    (void)area_id;
    return station_id == 1 ? &page : NULL;
}

/* ---- input ------------------------------------------------------------ */

static uint8_t next(void)
{
    return w.at < w.end ? *w.at++ : 0;
}

static size_t next_bytes(uint8_t *out, size_t most)
{
    size_t n = next(), left = (size_t)(w.end - w.at);

    n = n < most ? n : most;
    n = n < left ? n : left;
    memcpy(out, w.at, n);
    w.at += n;
    return n;
}

static void trade_of(unsigned i, uint8_t out[16])
{
    memset(out, 0, 16);
    if (i % TRADES == 0)
        return; /* none */
    out[0] = 0x32;
    out[15] = (uint8_t)i % TRADES;
}

/* ---- the world -------------------------------------------------------- */

static void make_pile(int i)
{
    struct charger *ch = charger_new(&g->chargers,
                                     UINT64_C(0x32010200000001) + i, i + 1,
                                     GUNS);

    atomic_store(&ch->station_id, i == SECOND ? 2 : 1);
    atomic_store(&ch->is_enabled, i != DISABLED);
    atomic_store(&ch->kind, 1);
    atomic_store(&ch->crc_tx, i == SECOND ? 3 : 1);
    if (i == ELSEWHERE)
        atomic_store(&ch->policy, &elsewhere);
    charger_publish(&g->chargers, ch, NULL, NULL);
    piles[i] = ch;
}

static void make_world(void)
{
    config.pile_host = "127.0.0.1";
    config.pile_offline_ms = 45000;
    g = calloc(1, sizeof *g);
    must(g != NULL);
    g->config = &config;
    g->net_count = 1;
    g->most = PEERS;
    chargers_init(&g->chargers);
    for (int i = 0; i < PILES; i++)
        make_pile(i);
    limits_init(&g->limits, PEERS);
    queue_init(&g->records, sizeof(struct record_item), 8, -1);
    queue_init(&g->notes, sizeof(struct note), 256, -1);
    queue_init(&g->frames, sizeof(struct frame_item), 256, -1);
    queue_init(&g->ends, sizeof(struct command_end), 64, -1);
    queue_init(&g->lookups, sizeof(struct lookup_item), 8, -1);
    g->mail_fd[0] = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    must(g->mail_fd[0] >= 0);
    queue_init(&g->mail[0], sizeof(struct mail), ITEMS, g->mail_fd[0]);
    log_start("fuzz", LOG_ERROR);
    log_to(open("/dev/null", O_WRONLY | O_CLOEXEC));
    net = net_new(g, 0);
    must(net != NULL);
    g->nets[0] = net;
}

/* All peers have one address, and so one place. */
static void forget_limits(void)
{
    static struct limit *used;

    for (size_t i = 0; used == NULL && i < LIMITS_SLOTS; i++)
        if (g->limits.slots[i].used_ms != 0)
            used = &g->limits.slots[i];
    if (used != NULL)
        memset(used, 0, sizeof *used);
}

/* Every input finds the same piles, at the same moment. */
static void begin_world(const uint8_t *data, size_t size)
{
    static struct charger fresh[PILES];
    static bool is_made;

    memset(&w, 0, sizeof w);
    w.at = data;
    w.end = data + size;
    w.now_ms = 1000000;
    for (int i = 0; i < PEERS; i++)
        w.peers[i].fd = -1;
    if (!is_made)
        make_world();
    for (int i = 0; i < PILES; i++) {
        if (!is_made)
            memcpy(&fresh[i], piles[i], sizeof fresh[i]);
        memcpy(piles[i], &fresh[i], sizeof fresh[i]);
        memset(piles[i]->guns, 0, GUNS * sizeof(struct gun));
    }
    is_made = true;
    forget_limits();
    wheel_init(&net->wheel, w.now_ms);
    net->flushed_ms = 0;
    net->now_ms = w.now_ms;
}

static int pile_no(int64_t id)
{
    must(id >= 1 && id <= PILES);
    return (int)id - 1;
}

/* ---- what comes out of the gateway ------------------------------------- */

static int peer_no(conn_id id)
{
    for (int i = 0; i < PEERS; i++)
        if (w.peers[i].id == id)
            return i;
    return NOBODY;
}

/*
 * A pile was moved by a frame: nobody else held it all the time (G5, G7), and
 * somebody who may log in did (G3, G4).
 */
static void check_effect(int pile)
{
    uint64_t before = w.owner[pile], now = atomic_load(&piles[pile]->owner);
    bool is_said = false;

    must(pile == FIRST || pile == SECOND);
    for (int i = 0; i < PEERS; i++)
        is_said = is_said || w.peers[i].has_said[pile];
    must(is_said);
    must(w.actor != NOBODY);
    if (w.actor != ANYBODY && before == now && now != 0)
        must(peer_no(now) == w.actor);
    if (w.actor != ANYBODY && before == 0 && now == 0)
        must(w.peers[w.actor].has_said[pile]);
}

static void take_records(void)
{
    struct record_item v[8];
    size_t n = queue_take(&g->records, v, COUNT(v), 0);

    for (size_t i = 0; i < n; i++) {
        int pile = pile_no(v[i].pile_id);

        check_effect(pile);
        must(v[i].gun >= 1 && v[i].gun <= GUNS);
        must(code_of_wire(v[i].raw + 22) == piles[pile]->code);
        must(v[i].raw[5] == ykc_type_trade_record ||
             v[i].raw[5] == ykc_type_signed_record);
        if (w.actor >= 0)
            must(peer_no(v[i].from) == w.actor);
        if (w.stored_count == COUNT(w.stored))
            continue; /* as if the journal were full */
        w.stored[w.stored_count].from = v[i].from;
        memcpy(w.stored[w.stored_count++].trade, v[i].raw + 6, 16);
    }
}

static void take_frames_logged(void)
{
    struct frame_item v[ITEMS];
    size_t n;

    while ((n = queue_take(&g->frames, v, COUNT(v), 0)) > 0)
        for (size_t i = 0; i < n; i++)
            if (v[i].up)
                check_effect(pile_no(v[i].pile_id));
}

static void take_notes(void)
{
    struct note v[ITEMS];
    size_t n;

    while ((n = queue_take(&g->notes, v, COUNT(v), 0)) > 0)
        for (size_t i = 0; i < n; i++) {
            if (v[i].kind == NOTE_REQUEST)
                check_effect(pile_no(v[i].charger->id));
            if (v[i].kind == NOTE_LOGIN)
                must(v[i].charger == piles[FIRST] ||
                     v[i].charger == piles[SECOND]);
            if (v[i].kind == NOTE_EVENT)
                must(memchr(v[i].event.text, 0, EVENT_TEXT) != NULL);
        }
}

/* A reply was believed: one that a command waits for, where it was sent. */
static void check_end(const struct command_end *e)
{
    struct command_sent *c = NULL;

    for (size_t i = 0; i < w.command_count; i++)
        if (w.commands[i].id == e->id)
            c = &w.commands[i];
    must(c != NULL && c->kind == e->kind);
    /* A start that waits for the plug is refused first, and may begin. */
    must(++c->ends <= (c->kind == COMMAND_START ? 2 : 1));
    if (e->result >= 0 && w.actor != ANYBODY)
        must(peer_no(c->to) == w.actor);
    if (e->state == COMMAND_DONE && e->result >= 0 && w.actor >= 0)
        check_effect(c->pile);
}

static void take_ends(void)
{
    struct command_end v[ITEMS];
    size_t n;

    while ((n = queue_take(&g->ends, v, COUNT(v), 0)) > 0)
        for (size_t i = 0; i < n; i++)
            check_end(&v[i]);
}

/* The keeper knows no code that is not in memory. */
static void answer_lookups(void)
{
    struct lookup_item v[8];
    size_t n = queue_take(&g->lookups, v, COUNT(v), 0);

    for (size_t i = 0; i < n; i++) {
        struct mail m = { .kind = MAIL_REFUSE, .to = v[i].from };

        must(charger_find(&g->chargers, v[i].code) == NULL);
        (void)!queue_put(&g->mail[0], &m);
    }
}

/* ---- what the peers get ------------------------------------------------ */

static int pile_of_code(const uint8_t *wire)
{
    for (int i = 0; i < PILES; i++)
        if (code_of_wire(wire) == piles[i]->code)
            return i;
    return NOBODY;
}

static void got_login_reply(struct peer *p, const uint8_t *body)
{
    int pile = pile_of_code(body);

    if (body[7] != 0)
        return;
    must(pile == FIRST || pile == SECOND);
    must(p->has_said[pile]);
    p->is_accepted = true;
}

static void got_confirmation(const struct peer *p, const uint8_t *body)
{
    for (size_t i = 0; i < w.stored_count; i++) {
        struct stored *s = &w.stored[i];

        if (s->from == p->id && s->confirmations > 0 &&
            memcmp(s->trade, body, 16) == 0) {
            s->confirmations--;
            return;
        }
    }
    must(!"stored before it is confirmed");
}

/* Commands that go out as often as a pile may need; those below: once. */
static bool is_once(int kind)
{
    return kind == COMMAND_START || kind == COMMAND_REBOOT ||
           kind == COMMAND_PERMIT;
}

/* The frame of each kind. */
static const uint8_t types[] = {
    [COMMAND_START] = ykc_type_remote_start,
    [COMMAND_STOP] = ykc_type_remote_stop,
    [COMMAND_TARIFF] = ykc_type_tariff_push,
    [COMMAND_REBOOT] = ykc_type_reboot,
    [COMMAND_CLOCK] = ykc_type_clock,
    [COMMAND_READ] = ykc_type_read,
    [COMMAND_PARAMETERS] = ykc_type_work,
    [COMMAND_QR_PREFIX] = ykc_type_qr_prefix,
    [COMMAND_PERMIT] = ykc_type_start_permission,
    [COMMAND_BALANCE] = ykc_type_balance,
};

static bool is_command(uint8_t type)
{
    return memchr(types + 1, type, sizeof types - 1) != NULL;
}

static void got_command(const struct peer *p, const struct ykc_raw *raw,
                        int pile)
{
    const uint8_t *trade = raw->head.type == ykc_type_remote_start
        ? raw->body : NULL;

    for (size_t i = 0; i < w.command_count; i++) {
        struct command_sent *c = &w.commands[i];

        if (c->to != p->id || c->type != raw->head.type || c->pile != pile ||
            c->seen == (is_once(c->kind) ? 1 : 3) ||
            (trade != NULL && memcmp(trade, c->trade, 16) != 0))
            continue;
        c->seen++;
        return;
    }
    /* of its own accord: clock, reads, tariffs */
    must(raw->head.type == ykc_type_clock || raw->head.type == ykc_type_read ||
         raw->head.type == ykc_type_tariff_push);
}

static void got_frame(struct peer *p, const struct ykc_raw *raw)
{
    const struct ykc_frame *f;
    size_t at;
    int pile = NOBODY;

    must(ykc_check(raw, YKC_TO_PILE, &f) == YKC_GOOD);
    if (raw->head.type == ykc_type_login_reply) {
        got_login_reply(p, raw->body);
        return;
    }
    must(p->is_accepted);
    if (ykc_field(f, "pile_code", &at) != NULL) {
        pile = pile_of_code(raw->body + at);
        must(pile == FIRST || pile == SECOND);
        must(p->has_said[pile]);
    }
    if (raw->head.type == ykc_type_record_confirmation)
        got_confirmation(p, raw->body);
    else if (is_command(raw->head.type))
        got_command(p, raw, pile);
}

/* False: the gateway has closed. */
static bool read_some(struct peer *p)
{
    struct ykc_raw raw;
    size_t room;
    uint8_t *at = ykc_stream_space(&p->in, &room);
    ssize_t n = recv(p->fd, at, room, MSG_DONTWAIT);

    if (n <= 0)
        return n < 0 && errno == EAGAIN ? true : false;
    ykc_stream_filled(&p->in, (size_t)n, w.now_ms);
    while (ykc_stream_next(&p->in, w.now_ms, &raw))
        got_frame(p, &raw);
    must(p->in.counts.garbage == 0);
    return (size_t)n < room ? true : read_some(p);
}

static void hang_up(struct peer *p)
{
    if (p->fd >= 0)
        close(p->fd);
    p->fd = -1;
}

/* ---- the books of the gateway ------------------------------------------ */

static void check_conn(const struct conn *c, int *waiting, int *bound)
{
    int n = 0;

    for (struct charger *ch = c->piles; ch != NULL; ch = ch->next_here) {
        must(atomic_load(&ch->owner) == conn_id_of(net, c));
        n++;
    }
    must(n == c->piles_count);
    must(n == 0 || c->flags & CONN_ACCEPTED);
    must(timer_is_set(&c->timer)); /* nobody is forgotten */
    *waiting += (c->flags & CONN_ACCEPTED) == 0;
    *bound += n;
}

static void check_books(void)
{
    int open = 0, waiting = 0, bound = 0, owned = 0;

    for (uint32_t i = 0; i < net->places; i++) {
        const struct conn *c = &net->chunks[i / CONN_CHUNK][i % CONN_CHUNK];

        if (c->fd < 0)
            continue;
        open++;
        check_conn(c, &waiting, &bound);
    }
    for (int i = 0; i < PILES; i++) {
        struct charger *ch = piles[i];
        struct conn *c = net_conn(net, atomic_load(&ch->contender));

        owned += atomic_load(&ch->owner) != 0;
        must(atomic_load(&ch->contender) == 0 ||
             (c != NULL && c->wanted == ch));
        must(atomic_load(&ch->owner) != 0 || ch->pending == NULL);
    }
    must(open == atomic_load(&g->connected) && open <= PEERS);
    must(waiting == atomic_load(&g->waiting));
    must(bound == owned && owned == atomic_load(&g->online));
    must(net->places <= CONN_CHUNK && net->current == NULL);
    /* each command that waits has a timer: one a kind and gun at most */
    must(net->wheel.count <= (size_t)open + 2 * PENDING_MAX);
}

/* What others hold is as it was. */
static void check_others(void)
{
    for (int i = 0; i < PILES; i++) {
        uint64_t now = atomic_load(&piles[i]->owner);

        if (w.actor < 0 || now == 0 || now != w.owner[i] ||
            peer_no(now) == w.actor)
            continue;
        for (int k = 0; k < GUNS; k++) {
            struct gun gun = piles[i]->guns[k];

            gun.asked_ms = w.guns[i][k].asked_ms; /* a probe (G5) */
            must(memcmp(&gun, &w.guns[i][k], sizeof gun) == 0);
        }
    }
}

static void remember(void)
{
    for (int i = 0; i < PILES; i++) {
        w.owner[i] = atomic_load(&piles[i]->owner);
        memcpy(w.guns[i], piles[i]->guns, sizeof w.guns[i]);
    }
}

/* The gateway does what there is to do; all that comes of it is looked at. */
static void look(void)
{
    for (int i = 0; i < ROUNDS; i++) {
        net_round(net, 0);
        answer_lookups();
    }
    session_flush(net);
    for (int i = 0; i < PEERS; i++)
        if (w.peers[i].fd >= 0 && !w.peers[i].is_deaf &&
            !read_some(&w.peers[i]))
            hang_up(&w.peers[i]);
    take_records();
    take_frames_logged();
    take_notes();
    take_ends();
    check_others();
    check_books();
}

/* ---- steps -------------------------------------------------------------- */

static void step_connect(int no)
{
    static const struct address here = {
        { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 127, 0, 0, 1 } };
    struct peer *p = &w.peers[no];
    int ends[2], little = 0; /* the least there is */

    if (p->fd >= 0 || net_conn(net, p->id) != NULL)
        return;
    must(limits_enter(&g->limits, &here, w.now_ms));
    must(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0,
                    ends) == 0);
    must(setsockopt(ends[1], SOL_SOCKET, SO_SNDBUF, &little,
                    sizeof little) == 0);
    memset(p, 0, sizeof *p);
    p->fd = ends[0];
    ykc_stream_init(&p->in);
    p->id = conn_id_of(net, conn_open(net, ends[1], &here));
}

/* It may hold anything: of these piles. */
static void note_said(struct peer *p, const uint8_t *bytes, size_t n)
{
    for (int i = 0; i < PILES; i++) {
        uint8_t wire[7];

        code_to_wire(piles[i]->code, wire);
        p->has_said[i] = p->has_said[i] ||
                         memmem(bytes, n, wire, sizeof wire) != NULL;
    }
}

static void say(struct peer *p, const uint8_t *bytes, size_t n)
{
    if (p->fd >= 0 && n > 0)
        (void)!send(p->fd, bytes, n, MSG_DONTWAIT | MSG_NOSIGNAL);
}

/* A frame whose pile, gun and trade number are likely ones. */
static void step_frame(int no)
{
    const struct ykc_frame *f = ykc_frame(next());
    uint8_t how = next(), body[YKC_MAX_BODY] = { 0 }, raw[YKC_MAX_FRAME];
    struct ykc_head head = { .sequence = { next(), 0 } };
    size_t n = next_bytes(body, sizeof body), at, len;
    struct peer *p = &w.peers[no];

    if (f == NULL)
        return;
    head.type = f->type;
    if ((how & 0x80) == 0)
        n = n < f->size ? f->size : n;
    if (ykc_field(f, "pile_code", &at) != NULL && at + 8 <= n &&
        (how & 3) < PILES) {
        code_to_wire(piles[how & 3]->code, body + at);
        if (at + 8 < n && (how & 4) != 0 && f->type != ykc_type_login)
            body[at + 7] = 1 + (how >> 3 & 1);
        if (at == 16)
            trade_of(how >> 4 & 3, body);
    }
    if (f->type == ykc_type_login && n >= 10)
        body[8] = GUNS;
    if (f->type == ykc_type_login)
        note_said(p, body, n);
    must(ykc_seal(&head, body, n, raw, sizeof raw, &len) == WIRE_OK);
    say(p, raw, len);
}

static void step_bytes(int no)
{
    uint8_t bytes[256];
    size_t n = next_bytes(bytes, 255);

    /* a login may be put together out of several */
    for (int i = 0; i < PILES; i++)
        w.peers[no].has_said[i] = true;
    say(&w.peers[no], bytes, n);
}

static void step_wait(void)
{
    static const int ms[] = { 50, 1000, 5000, 10000, 12000, 15000, 30000,
                              45000 };
    int64_t until = w.now_ms + ms[next() % COUNT(ms)];

    /* as the thread would wake */
    while (w.now_ms < until) {
        int wait = wheel_wait_ms(&net->wheel, w.now_ms);

        w.now_ms += wait < 1 || wait > until - w.now_ms
            ? (wait == 0 ? 1 : until - w.now_ms) : wait;
        net_round(net, 0);
    }
}

static void step_command(void)
{
    uint8_t how = next();
    int kind = 1 + next() % COMMAND_BALANCE, pile = how & 1;
    struct mail m = { .kind = MAIL_COMMAND, .charger = piles[pile],
                      .to = atomic_load(&piles[pile]->owner) };
    struct command_sent *c = &w.commands[w.command_count];
    const struct ykc_frame *f = ykc_frame(types[kind]);
    size_t at;

    if (w.command_count == COUNT(w.commands))
        return;
    m.command.id = c->id = (int64_t)++w.command_count;
    m.command.order_id = how & 2 ? 7 : 0;
    m.command.kind = c->kind = kind;
    m.command.gun = how >> 2 & 3;
    m.command.len = (uint8_t)f->size;
    m.command.has_trade = c->has_trade = (how & 0x30) != 0;
    trade_of(how >> 4 & 3, m.command.trade);
    memcpy(c->trade, m.command.trade, 16);
    c->type = f->type;
    c->pile = pile;
    c->to = m.to;
    for (size_t i = 0; i < f->size && how & 0x40 && f->rest == YKC_NOTHING;
         i++)
        m.command.body[i] = next();
    must(ykc_field(f, "pile_code", &at) != NULL);
    code_to_wire(piles[how >> 7 ? 1 - pile : pile]->code,
                 m.command.body + at);
    if (at == 16)
        memcpy(m.command.body, m.command.trade, 16);
    (void)!queue_put(&g->mail[0], &m);
}

/* The recorder has stored what waits: it is confirmed. */
static void step_store(void)
{
    for (size_t i = 0; i < w.stored_count; i++) {
        struct stored *s = &w.stored[i];
        struct mail m = { .kind = MAIL_ACK, .to = s->from };

        m.ack.head.type = ykc_type_trade_record;
        m.charger = next() & 1 ? piles[FIRST] : NULL;
        m.ack.gun = 1;
        m.ack.is_old = next() & 1;
        memcpy(m.ack.trade, s->trade, 16);
        s->confirmations += queue_put(&g->mail[0], &m);
    }
}

static void step_release(void)
{
    struct charger *ch = piles[next() % PILES];
    struct mail m = { .kind = MAIL_RELEASE, .charger = ch,
                      .to = atomic_load(&ch->owner) };

    (void)!queue_put(&g->mail[0], &m);
}

static void one_step(void)
{
    uint8_t b = next();
    int peer = b / STEPS % PEERS;

    w.actor = peer;
    remember();
    switch ((enum step)(b % STEPS)) {
    case CONNECT:
        step_connect(peer);
        break;
    case HANG_UP:
        hang_up(&w.peers[peer]);
        break;
    case FRAME:
        step_frame(peer);
        break;
    case BYTES:
        step_bytes(peer);
        break;
    case WAIT:
        w.actor = ANYBODY;
        step_wait();
        break;
    case COMMAND:
        w.actor = ANYBODY;
        step_command();
        break;
    case STORE:
        w.actor = NOBODY;
        step_store();
        break;
    case RELEASE:
        w.actor = ANYBODY;
        step_release();
        break;
    case DEAF:
        w.peers[peer].is_deaf = !w.peers[peer].is_deaf;
        break;
    case STEPS:
        break;
    }
    look();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    begin_world(data, size);
    for (int i = 0; i < STEPS_MAX && w.at < w.end; i++)
        one_step();
    w.actor = ANYBODY;
    for (int i = 0; i < PEERS; i++)
        hang_up(&w.peers[i]);
    look();
    must(atomic_load(&g->connected) == 0 && atomic_load(&g->online) == 0);
    for (int i = 0; i < PILES; i++)
        must(piles[i]->pending == NULL && piles[i]->dirty_link == NULL);
    must(net->wheel.count == 0);
    return 0;
}
