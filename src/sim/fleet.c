/*
 * The piles of the fleet: see fleet.h.
 */
#include "sim/fleet.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/money.h"
#include "sim/pile.h"
#include "sim/sim.h"

enum { LINE = 256, FIELDS = 5, AC_POWER_W = 7000 };

void fleet_code(const char *first, size_t n, char *out)
{
    size_t carry = n;

    memcpy(out, first, YKC_PILE_TEXT);
    for (int i = 13; i >= 0 && carry > 0; i--) {
        carry += (size_t)(out[i] - '0');
        out[i] = (char)('0' + carry % 10);
        carry /= 10;
    }
}

static void add_pile(void *arg, const struct pile_spec *spec)
{
    struct sim *sim = arg;
    struct pile **more;

    if (sim->count == sim->room) {
        sim->room = sim->room == 0 ? 64 : 2 * sim->room;
        more = reallocarray(sim->piles, sim->room, sizeof *more);
        must(more != NULL);
        sim->piles = more;
    }
    sim->piles[sim->count] = pile_new(sim, spec, sim->count);
    sim->count++;
}

/* Cuts a line at its commas; returns how many fields it has. */
static int split(char *line, char *fields[FIELDS])
{
    int n = 0;

    line[strcspn(line, "\r\n")] = '\0';
    while (n < FIELDS) {
        fields[n++] = line;
        line += strcspn(line, ",");
        if (*line == '\0')
            break;
        *line++ = '\0';
    }
    return n;
}

static bool field_number(const char *text, int64_t least, int64_t most,
                         int64_t *out)
{
    return decimal_parse(text, 0, out) && *out >= least && *out <= most;
}

/* code,dc|ac,guns,power_w,busy; what is missing has a usual value. */
static bool read_spec(char *line, struct pile_spec *spec)
{
    char *f[FIELDS];
    int n = split(line, f);
    int64_t guns = 1, power = 0, busy = 100;

    if (!ykc_pile_code_is_valid(f[0]))
        return false;
    memcpy(spec->code, f[0], sizeof spec->code);
    if (n > 1 && strcmp(f[1], "ac") != 0 && strcmp(f[1], "dc") != 0)
        return false;
    spec->is_ac = n > 1 && strcmp(f[1], "ac") == 0;
    power = spec->is_ac ? AC_POWER_W : 120000;
    if ((n > 2 && !field_number(f[2], 1, MOST_GUNS, &guns)) ||
        (n > 3 && !field_number(f[3], 1000, 960000, &power)) ||
        (n > 4 && !field_number(f[4], 0, 1000, &busy)))
        return false;
    spec->guns = (int)guns;
    spec->power_w = (int32_t)power;
    spec->busy_percent = (int)busy;
    return true;
}

static bool read_file(const char *path,
                      void (*take)(void *arg, const struct pile_spec *spec),
                      void *arg, char *err, size_t err_size)
{
    FILE *f = fopen(path, "r");
    char line[LINE];
    struct pile_spec spec;
    bool good = f != NULL;
    int number = 0;

    if (f == NULL)
        snprintf(err, err_size, "%s: %s", path, strerror(errno));
    while (good && fgets(line, sizeof line, f) != NULL) {
        number++;
        /* a heading, a remark, an empty line */
        if (line[0] < '0' || line[0] > '9')
            continue;
        good = read_spec(line, &spec);
        if (good)
            take(arg, &spec);
        else
            snprintf(err, err_size, "%s:%d: not a pile", path, number);
    }
    if (f != NULL)
        fclose(f);
    return good;
}

bool fleet_each(const struct sim_options *o, int64_t count,
                void (*take)(void *arg, const struct pile_spec *spec),
                void *arg, char *err, size_t err_size)
{
    struct pile_spec spec = { .busy_percent = 100 };
    struct rng rng = rng_make((uint64_t)o->seed, UINT64_MAX);

    if (o->file[0] != '\0')
        return read_file(o->file, take, arg, err, err_size);
    if (!ykc_pile_code_is_valid(o->first)) {
        snprintf(err, err_size, "%s is no pile code", o->first);
        return false;
    }
    for (int64_t i = 0; i < count; i++) {
        fleet_code(o->first, (size_t)i, spec.code);
        spec.is_ac = rng_chance(&rng, (int)o->ac);
        spec.guns = spec.is_ac ? 1 : (int)o->guns;
        spec.power_w = spec.is_ac ? AC_POWER_W : (int32_t)o->power_w;
        take(arg, &spec);
    }
    return true;
}

static int by_code(const void *a, const void *b)
{
    const struct pile *const *x = a, *const *y = b;

    return strcmp((*x)->spec.code, (*y)->spec.code);
}

static bool sort_codes(struct sim *sim, char *err, size_t err_size)
{
    sim->by_code = calloc(sim->count, sizeof *sim->by_code);
    must(sim->by_code != NULL);
    memcpy(sim->by_code, sim->piles, sim->count * sizeof *sim->by_code);
    qsort(sim->by_code, sim->count, sizeof *sim->by_code, by_code);
    for (size_t i = 1; i < sim->count; i++)
        if (by_code(&sim->by_code[i - 1], &sim->by_code[i]) == 0) {
            snprintf(err, err_size, "pile %s is there twice",
                     sim->by_code[i]->spec.code);
            return false;
        }
    return true;
}

bool fleet_make(struct sim *sim, char *err, size_t err_size)
{
    if (!fleet_each(sim->options, sim->options->piles, add_pile, sim, err,
                    err_size))
        return false;
    if (sim->count > 0)
        return sort_codes(sim, err, err_size);
    snprintf(err, err_size, "there are no piles");
    return false;
}

struct pile *sim_pile(struct sim *sim, const char *code)
{
    size_t low = 0, high = sim->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(sim->by_code[middle]->spec.code, code);

        if (order == 0)
            return sim->by_code[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

bool fleet_read_cards(struct sim *sim, char *err, size_t err_size)
{
    const char *path = sim->options->cards;
    FILE *f;
    char line[LINE];
    size_t room = 0;
    bool good = true;

    if (path[0] == '\0')
        return true;
    f = fopen(path, "r");
    if (f == NULL) {
        snprintf(err, err_size, "%s: %s", path, strerror(errno));
        return false;
    }
    while (good && fgets(line, sizeof line, f) != NULL) {
        line[strcspn(line, ",\r\n")] = '\0';
        if (line[0] == '\0' || line[0] == '#')
            continue;
        if (sim->card_count == room) {
            room = room == 0 ? 64 : 2 * room;
            sim->cards = reallocarray(sim->cards, room, sizeof *sim->cards);
            must(sim->cards != NULL);
        }
        good = wire_unhex(line, sim->cards[sim->card_count], 8);
        sim->card_count += good;
        if (!good)
            snprintf(err, err_size, "%s: no card: %.40s", path, line);
    }
    fclose(f);
    return good;
}

/* A day: 24 numbers with at most one decimal, parted by commas. */
static bool read_day(char *line, int *out)
{
    int64_t tenths;

    line[strcspn(line, "\r\n")] = '\0';
    for (int hour = 0; hour < 24; hour++) {
        char *end = line + strcspn(line, ",");
        bool last = *end == '\0';

        *end = '\0';
        if (!decimal_parse(line, 1, &tenths) || tenths < 0 ||
            tenths > 10000000 || last != (hour == 23))
            return false;
        out[hour] = (int)tenths;
        line = end + 1;
    }
    return true;
}

bool fleet_read_week(struct sim *sim, char *err, size_t err_size)
{
    const char *path = sim->options->week;
    char line[LINE];
    int days = 0;
    FILE *f;

    if (path[0] == '\0')
        return true;
    f = fopen(path, "r");
    if (f == NULL) {
        snprintf(err, err_size, "%s: %s", path, strerror(errno));
        return false;
    }
    while (days < 7 && fgets(line, sizeof line, f) != NULL &&
           read_day(line, &sim->week[24 * days]))
        days++;
    fclose(f);
    if (days == 7)
        return true;
    snprintf(err, err_size, "%s:%d: not 24 numbers", path, days + 1);
    return false;
}
