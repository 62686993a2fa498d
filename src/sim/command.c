/*
 * What a pile does when the platform speaks: one row a frame.
 */
#include <stdlib.h>
#include <string.h>

#include "sim/pile.h"
#include "sim/report.h"
#include "sim/session.h"
#include "sim/sim.h"

/* A frame to this pile: its raw form for the sequence, and decoded. */
struct order {
    const struct ykc_head *head;
    const union ykc_any *any;
};

/* Replies whose body is the pile code and one byte. */
static void reply_result(struct pile *p, const struct order *o, uint8_t type,
                         uint8_t result)
{
    struct ykc_work_reply f = { .result = result };

    memcpy(f.pile_code, p->spec.code, sizeof f.pile_code);
    pile_reply(p, type, o->head, &f);
}

static void on_heartbeat_reply(struct pile *p, const struct order *o)
{
    (void)o;
    p->missed = 0;
}

static void on_tariff_check_reply(struct pile *p, const struct order *o)
{
    p->tariff_differs = o->any->tariff_check_reply.result != 0 ||
                        !p->tariff.held;
    p->tariff_at = p->tariff_differs ? p->sim->now_ms : NEVER;
}

static void on_tariff_reply(struct pile *p, const struct order *o)
{
    if (!sim_tariff_take(&p->tariff, &o->any->tariff_reply))
        return;
    p->sim->counts.tariffs++;
    p->tariff_differs = false;
    p->tariff_at = NEVER;
}

static void on_tariff_push(struct pile *p, const struct order *o)
{
    struct ykc_tariff_reply same;
    bool taken;

    ykc_tariff_reply_of(&o->any->tariff_push, &same);
    taken = sim_tariff_take(&p->tariff, &same);
    p->sim->counts.tariffs += taken;
    reply_result(p, o, ykc_type_tariff_push_reply, taken);
}

static void on_read(struct pile *p, const struct order *o)
{
    struct gun *g = pile_gun(p, o->any->read.gun_number);

    if (g != NULL)
        report_state(p, g);
}

static void on_remote_start(struct pile *p, const struct order *o)
{
    struct gun *g = pile_gun(p, o->any->remote_start.gun_number);

    if (g != NULL)
        gun_start(p, g, o->head, &o->any->remote_start, "");
}

static void on_parallel_start(struct pile *p, const struct order *o)
{
    const struct ykc_parallel_start *in = &o->any->parallel_start;
    struct gun *g = pile_gun(p, in->gun_number);
    struct ykc_remote_start start = { .account_balance = in->account_balance };

    if (g == NULL)
        return;
    memcpy(start.trade_number, in->trade_number, sizeof start.trade_number);
    memcpy(start.physical_card, in->physical_card,
           sizeof start.physical_card);
    gun_start(p, g, o->head, &start, in->parallel_number);
}

static void on_remote_stop(struct pile *p, const struct order *o)
{
    struct ykc_remote_stop_reply f = { .result = 1 };
    struct gun *g = pile_gun(p, o->any->remote_stop.gun_number);

    if (g == NULL)
        return;
    if (g->phase != GUN_PREPARING && g->phase != GUN_CHARGING) {
        f.result = 0;
        f.failure_reason = YKC_STOP_FAILURE_NOT_CHARGING;
    }
    memcpy(f.pile_code, p->spec.code, sizeof f.pile_code);
    f.gun_number = o->any->remote_stop.gun_number;
    pile_reply(p, ykc_type_remote_stop_reply, o->head, &f);
    gun_stop_by_order(p, g);
}

static void on_permission(struct pile *p, const struct order *o)
{
    struct gun *g = pile_gun(p, o->any->start_permission.gun_number);

    if (g != NULL)
        gun_permission(p, g, &o->any->start_permission);
}

static void on_record_confirmation(struct pile *p, const struct order *o)
{
    if (o->any->record_confirmation.result == 0)
        pile_settle(p, o->any->record_confirmation.trade_number);
}

static bool is_zero(const uint8_t *b, size_t n)
{
    while (n > 0 && b[n - 1] == 0)
        n--;
    return n == 0;
}

static void on_balance(struct pile *p, const struct order *o)
{
    const struct ykc_balance *in = &o->any->balance;
    struct gun *g = pile_gun(p, in->gun_number);
    struct ykc_balance_reply f = { .result = 2 };

    if (g == NULL)
        return;
    if (is_zero(in->physical_card, 8) ||
        memcmp(in->physical_card, g->session.card, 8) == 0) {
        g->session.balance_fen = in->new_balance;
        f.result = 0;
    }
    memcpy(f.pile_code, p->spec.code, sizeof f.pile_code);
    memcpy(f.physical_card, in->physical_card, sizeof f.physical_card);
    pile_reply(p, ykc_type_balance_reply, o->head, &f);
}

/* ---- offline cards ------------------------------------------------------ */

static struct offline_card *find_card(struct pile *p, const uint8_t card[8])
{
    for (size_t i = 0; i < p->card_count; i++)
        if (memcmp(p->cards[i].physical, card, 8) == 0)
            return &p->cards[i];
    return NULL;
}

/* A place for the card: its own, or a new one. NULL: memory full. */
static struct offline_card *place_card(struct pile *p, const uint8_t card[8])
{
    struct offline_card *c = find_card(p, card);

    if (p->cards == NULL) {
        p->cards = calloc(MOST_OFFLINE_CARDS, sizeof *p->cards);
        must(p->cards != NULL);
    }
    if (c == NULL && p->card_count < MOST_OFFLINE_CARDS)
        c = &p->cards[p->card_count++];
    return c;
}

static void on_card_sync(struct pile *p, const struct order *o)
{
    const struct ykc_card_sync *in = &o->any->card_sync;
    struct ykc_card_sync_reply f = { .result = 1 };

    if (p->card_count + in->card_count > MOST_OFFLINE_CARDS)
        f = (struct ykc_card_sync_reply){ .result = 0, .reason = 2 };
    for (int i = 0; f.result == 1 && i < in->card_count; i++) {
        struct offline_card *c = place_card(p, in->items[i].physical_card);

        must(c != NULL);
        memcpy(c->physical, in->items[i].physical_card, 8);
        memcpy(c->logical, in->items[i].logical_card, sizeof c->logical);
    }
    memcpy(f.pile_code, p->spec.code, sizeof f.pile_code);
    pile_reply(p, ykc_type_card_sync_reply, o->head, &f);
}

static void on_card_clear(struct pile *p, const struct order *o)
{
    const struct ykc_card_clear *in = &o->any->card_clear;
    struct ykc_card_clear_reply f = { .card_count = 0 };

    memcpy(f.pile_code, p->spec.code, sizeof f.pile_code);
    for (int i = 0; i < in->card_count && i < (int)COUNT(f.items); i++) {
        struct offline_card *c = find_card(p, in->items[i].physical_card);

        memcpy(f.items[i].physical_card, in->items[i].physical_card, 8);
        f.items[i].cleared = 1; /* also a card that was never there */
        f.card_count++;
        if (c != NULL)
            *c = p->cards[--p->card_count];
    }
    pile_reply(p, ykc_type_card_clear_reply, o->head, &f);
}

static void on_card_query(struct pile *p, const struct order *o)
{
    const struct ykc_card_query *in = &o->any->card_query;
    struct ykc_card_query_reply f = { .card_count = 0 };

    memcpy(f.pile_code, p->spec.code, sizeof f.pile_code);
    for (int i = 0; i < in->card_count && i < (int)COUNT(f.items); i++) {
        memcpy(f.items[i].physical_card, in->items[i].physical_card, 8);
        f.items[i].present =
            find_card(p, in->items[i].physical_card) != NULL;
        f.card_count++;
    }
    pile_reply(p, ykc_type_card_query_reply, o->head, &f);
}

/* ---- settings and maintenance ------------------------------------------- */

static void on_work(struct pile *p, const struct order *o)
{
    const struct ykc_work *in = &o->any->work;
    bool good = in->work_forbidden <= 1 && in->max_output_power >= 30 &&
                in->max_output_power <= 100;

    if (good) {
        p->forbidden = in->work_forbidden == 1;
        p->power_percent = in->max_output_power;
    }
    reply_result(p, o, ykc_type_work_reply, good);
}

static void on_clock(struct pile *p, const struct order *o)
{
    struct ykc_clock_reply f = { .pile_time = { { 0 } } };
    stamp told = wire_stamp(o->any->clock.platform_time);

    if (told.ms != 0)
        p->clock_offset_ms = told.ms - stamp_now().ms;
    memcpy(f.pile_code, p->spec.code, sizeof f.pile_code);
    f.pile_time = wire_time(pile_clock(p));
    pile_reply(p, ykc_type_clock_reply, o->head, &f);
}

static void on_lock(struct pile *p, const struct order *o)
{
    const struct ykc_lock *in = &o->any->lock;
    struct gun *g = pile_gun(p, in->gun_number);
    struct ykc_lock_reply f = { .gun_number = in->gun_number };
    struct ykc_lock_status status = { .gun_number = in->gun_number,
                                      .lock_battery = 87 };

    if (g == NULL)
        return;
    memcpy(f.pile_code, p->spec.code, sizeof f.pile_code);
    memcpy(status.pile_code, p->spec.code, sizeof status.pile_code);
    if (in->command == 0xFF || (in->command == 0x55 && !g->plugged)) {
        f.result = 1;
        g->lock_position = in->command;
    }
    pile_reply(p, ykc_type_lock_reply, o->head, &f);
    status.lock_position = g->lock_position;
    status.parking_space = g->plugged ? 0xFF : 0x00;
    pile_request(p, ykc_type_lock_status, &status);
}

static void on_reboot(struct pile *p, const struct order *o)
{
    bool good = o->any->reboot.when == 1 || o->any->reboot.when == 2;

    reply_result(p, o, ykc_type_reboot_reply, good);
    if (!good)
        return;
    p->reboot_when_idle = o->any->reboot.when == 2;
    p->reboot_at = sim_after(p->sim, 1000);
}

static void on_update(struct pile *p, const struct order *o)
{
    (void)o;
    p->update_at = sim_after(p->sim, 20000);
}

static void on_qr_prefix(struct pile *p, const struct order *o)
{
    reply_result(p, o, ykc_type_qr_prefix_reply,
                 (uint8_t)p->sim->options->qr_ok);
}

static const struct {
    uint8_t type;
    void (*obey)(struct pile *p, const struct order *o);
} rows[] = {
    { ykc_type_heartbeat_reply, on_heartbeat_reply },
    { ykc_type_tariff_check_reply, on_tariff_check_reply },
    { ykc_type_tariff_reply, on_tariff_reply },
    { ykc_type_tariff_push, on_tariff_push },
    { ykc_type_read, on_read },
    { ykc_type_remote_start, on_remote_start },
    { ykc_type_parallel_start, on_parallel_start },
    { ykc_type_remote_stop, on_remote_stop },
    { ykc_type_start_permission, on_permission },
    { ykc_type_record_confirmation, on_record_confirmation },
    { ykc_type_balance, on_balance },
    { ykc_type_card_sync, on_card_sync },
    { ykc_type_card_clear, on_card_clear },
    { ykc_type_card_query, on_card_query },
    { ykc_type_work, on_work },
    { ykc_type_clock, on_clock },
    { ykc_type_lock, on_lock },
    { ykc_type_reboot, on_reboot },
    { ykc_type_update, on_update },
    { ykc_type_qr_prefix, on_qr_prefix },
};

void pile_obey(struct pile *p, const struct ykc_frame *f,
               const struct ykc_raw *raw)
{
    union ykc_any any;
    struct order o = { &raw->head, &any };
    char code[YKC_PILE_TEXT];

    if (ykc_pile_code(f, raw->body, code) &&
        strcmp(code, p->spec.code) != 0) {
        p->sim->counts.bad_frames++; /* meant for somebody else */
        return;
    }
    if (ykc_decode(f, raw->body, raw->body_len, &any, NULL) != WIRE_OK)
        return;
    for (size_t i = 0; i < COUNT(rows); i++)
        if (rows[i].type == f->type) {
            rows[i].obey(p, &o);
            return;
        }
}
