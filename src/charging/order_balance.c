#include "charging/order_balance.h"

#include <stdlib.h>
#include <string.h>

#include "charging/command.h"
#include "charging/order.h"
#include "db/db.h"
#include "db/outbox.h"
#include "ledger/ledger.h"
#include "protocol/ykc/frame.h"

struct running {
    int64_t id;
    char trade_no[TRADE_NO_SIZE];
    int64_t pile_id;
    const char *pile_no;
    int gun;
    money hold_fen;
};

static const struct db_field running_row[] = {
    DB_FIELD(struct running, id),      DB_FIELD(struct running, trade_no),
    DB_FIELD(struct running, pile_id), DB_FIELD(struct running, pile_no),
    DB_FIELD(struct running, gun),     DB_FIELD(struct running, hold_fen),
};

static void queue(struct cx *cx, const struct running *r, money balance)
{
    struct ykc_balance f = { .gun_number = ykc_gun_byte(r->gun) };
    uint8_t body[YKC_MAX_BODY];
    size_t n;

    must(balance.fen >= 0);
    /* Without a card it is for whoever charges; the gateway sends it only
       while that is this order. */
    snprintf(f.pile_code, sizeof f.pile_code, "%s", r->pile_no);
    f.new_balance = balance.fen > UINT32_MAX ? UINT32_MAX
                                             : (uint32_t)balance.fen;
    must(ykc_encode(ykc_frame(ykc_type_balance), &f, body, sizeof body,
                    &n) == WIRE_OK);
    must(n == ykc_frame(ykc_type_balance)->size);
    command_queue(cx, &(struct command){ .pile_id = r->pile_id,
                                         .gun = r->gun,
                                         .kind = COMMAND_BALANCE,
                                         .order_id = r->id,
                                         .trade_no = r->trade_no,
                                         .args = body, .args_len = n });
}

static void tell_balances(struct cx *cx, int64_t driver_id)
{
    static const char sql[] =
        "SELECT o.id, o.trade_no, o.pile_id, p.no AS pile_no, o.gun,"
        "       o.hold_fen"
        "  FROM charge_order o JOIN pile p ON p.id = o.pile_id"
        " WHERE o.driver_id = ? AND o.state = 4 AND o.hold_open = 1"
        "   AND o.is_limited = 0 AND p.online = 1 ORDER BY o.id";
    size_t n;
    const struct running *r = db_rows(cx, sql, BIND(V(driver_id)),
                                      ROW(struct running, running_row), &n);
    int64_t free_fen;

    db_need_tx(cx);
    if (n == 0)
        return;
    free_fen = ledger_wallet(cx, driver_id).available.fen;
    must(free_fen >= 0);
    for (size_t i = 0; i < n; i++)
        queue(cx, &r[i], money_add(r[i].hold_fen,
                                   FEN(free_fen / (int64_t)n)));
}

void order_retell_balances(struct cx *cx, int64_t driver_id)
{
    static const char sql[] =
        "SELECT EXISTS (SELECT 1 FROM charge_order o JOIN pile_command c"
        "    ON c.order_id = o.id AND c.kind = ?"
        " WHERE o.driver_id = ? AND o.state = 4)";

    must(driver_id > 0);
    if (db_int(cx, sql, BIND(V((int)COMMAND_BALANCE), V(driver_id))))
        tell_balances(cx, driver_id);
}

void order_balance_paid(struct cx *cx, const struct event *e)
{
    static const char driver[] = "driver:";

    must(strncmp(e->aggregate, driver, sizeof driver - 1) == 0);
    tell_balances(cx, strtoll(e->aggregate + sizeof driver - 1, NULL, 10));
}
