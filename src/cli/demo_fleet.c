/*
 * The files that make the simulator play the piles and cards of the demo, and
 * its days.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/config.h"
#include "cli/demo.h"

static FILE *create(const struct demo *d, const char *name)
{
    const char *path = cx_printf(d->cx, "%s/%s", d->cx->config->home, name);
    FILE *f = fopen(path, "we");

    if (f == NULL)
        cx_fail(d->cx, ERR_INTERNAL, "%s: %s", path, strerror(errno));
    return f;
}

static void finish(const struct demo *d, FILE *f)
{
    bool ok = ferror(f) == 0;

    if (fclose(f) != 0 || !ok)
        cx_fail(d->cx, ERR_INTERNAL, "%s/sim.* cannot be written",
                d->cx->config->home);
}

/* code,dc|ac,guns,power_w,busy percent: one line a pile, busier where the
   station is. */
static void write_piles(const struct demo *d)
{
    FILE *f = create(d, "sim.piles");

    for (size_t i = 0; i < d->gun_count; i++) {
        const struct demo_gun *g = &d->guns[i];
        int busy = 10 + 3 * d->stations[g->station].place->busy;

        if (g->gun == 1)
            fprintf(f, "%s,%s,%d,%d,%d\n", g->pile_no,
                    g->kind->dc ? "dc" : "ac", g->kind->guns,
                    g->kind->power_w, busy);
    }
    finish(d, f);
}

static void write_cards(const struct demo *d)
{
    FILE *f = create(d, "sim.cards");

    for (size_t i = 0; i < d->driver_count; i++)
        if (d->drivers[i].has_card)
            fprintf(f, "%s\n", d->drivers[i].card);
    finish(d, f);
}

/* A line a day from Monday on, 24 numbers: cars that come in that hour. */
static void write_week(const struct demo *d)
{
    FILE *f = create(d, "sim.week");

    for (int day = 1; day <= 7; day++)
        for (int hour = 0; hour < 24; hour++) {
            int64_t tenths = demo_arrivals_in_ten_hours(d, day, hour);

            fprintf(f, "%lld.%lld%c", (long long)tenths / 10,
                    (long long)tenths % 10, hour < 23 ? ',' : '\n');
        }
    finish(d, f);
}

void demo_write_fleet(const struct demo *d)
{
    write_piles(d);
    write_cards(d);
    write_week(d);
}
