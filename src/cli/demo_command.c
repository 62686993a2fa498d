/*
 * pilehub demo load: fills an empty platform with sample data, in one
 * transaction.
 */
#include <stdio.h>
#include <stdlib.h>

#include "cli/command.h"
#include "cli/demo.h"
#include "cli/demo_frames.h"
#include "db/db.h"
#include "report/rollup.h"
#include "system/audit.h"

enum {
    DAYS = 90, ORDERS = 64000,
    DAYS_SMALL = 14, ORDERS_SMALL = 1500,
    DEFAULT_SEED = 20261120
};
/* Everything is kept until the commit: 64,000 orders and their texts. */
static const size_t arena_bytes = (size_t)1 << 30;

struct wish {
    bool small;
    uint64_t seed;
    struct demo demo;
};

static void need_empty(struct cx *cx)
{
    static const char sql[] =
        "SELECT (SELECT COUNT(*) FROM station)"
        "     + (SELECT COUNT(*) FROM driver)";

    if (db_int(cx, sql, BIND()) != 0)
        cx_fail(cx, ERR_STATE, "已有电站或车主，不能再载入演示数据。");
}

static void load(struct cx *cx, void *arg)
{
    struct wish *w = arg;
    struct demo *d = &w->demo;

    /* The transaction may be repeated: everything starts afresh. */
    d->random.state = w->seed;
    d->pile_count = 0;
    d->gun_count = d->session_count = d->topup_count = 0;
    need_empty(cx);
    demo_make_orgs(d);
    demo_make_assets(d);
    demo_make_keeper(d);
    demo_make_people(d);
    demo_make_history(d);
    demo_make_books(d);
    demo_make_frames(d);
    rollup_remake(cx);
    demo_write_fleet(d);
    demo_write_accounts(d);
    audit(cx, "demo.load", "platform", 0,
          cx_printf(cx, "载入演示数据：%d 桩，%d 笔订单", d->pile_count,
                    (int)d->session_count));
}

static void run(struct cx *cx, void *arg)
{
    struct wish *w = arg;
    struct demo *d = &w->demo;

    *d = (struct demo){ .cx = cx, .small = w->small, .now = cx->now };
    d->days = w->small ? DAYS_SMALL : DAYS;
    d->goal = w->small ? ORDERS_SMALL : ORDERS;
    d->first_day = stamp_add_days(stamp_day(cx->now), -d->days);
    need_empty(cx);
    demo_make_passwords(d);
    db_tx(cx, load, w);
    demo_keep_accounts(d);
    printf("%d stations, %d piles, %d connectors, %d drivers, %d orders, "
           "%d top-ups\n",
           (int)d->station_count, d->pile_count, (int)d->gun_count,
           (int)d->driver_count, (int)d->session_count,
           (int)d->topup_count);
}

static int demo_main(const struct cli *cli, int argc, char **argv)
{
    struct wish w = { .small = cli_flag(&argc, argv, "--small") };
    const char *seed = cli_option(&argc, argv, "--seed");
    char *end = NULL;

    w.seed = seed != NULL ? strtoull(seed, &end, 10) : DEFAULT_SEED;
    if (argc > 1 || (end != NULL && (end == seed || *end != '\0'))) {
        fprintf(stderr, "pilehub demo load: see --help\n");
        return CLI_USAGE;
    }
    return cli_run(cli, arena_bytes, run, &w);
}

const struct command demo_load_command = {
    .name = "demo load", .args = "[--small] [--seed N]",
    .summary = "Fill an empty platform with sample data",
    .help = "Two providers with merchants, 24 stations, 500 piles, 2,000\n"
            "drivers and ninety days of orders up to now; --small makes 4\n"
            "stations and two weeks. The same seed gives the same charges,\n"
            "relative to today. All or nothing; refused if stations or\n"
            "drivers are there. The accounts and their random passwords are\n"
            "written to demo.accounts in the data directory.",
    .run = demo_main,
};
