/*
 * The simulator's memory over a restart: see store.h.
 *
 *   running HEX      body of a 0x3B as it would be now
 *   record HEX       body of a 0x3B that is owed
 *   done TRADE       nothing more is owed for this number
 *   meter PILE GUN READING
 */
#include "sim/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/money.h"

enum { BODY_SIZE = 158, LINE_SIZE = 2 * BODY_SIZE + 64 };

enum kind { KIND_RUNNING, KIND_RECORD, KIND_DONE, KIND_METER };

/* A line of the file. key is the trade number, or pile and gun. */
struct entry {
    enum kind kind;
    size_t order;
    char key[YKC_TRADE_TEXT];
    struct ykc_trade_record record;
    uint64_t reading_e4kwh;
};

struct entries {
    struct entry *v;
    size_t n, room;
};

static void write_line(int fd, const char *line, size_t n)
{
    ssize_t done = write(fd, line, n);

    if (done != (ssize_t)n)
        perror("pilehub-sim: the state file");
}

static void write_record(int fd, const char *kind,
                         const struct ykc_trade_record *r)
{
    uint8_t body[BODY_SIZE];
    char hex[2 * BODY_SIZE + 1], line[LINE_SIZE];
    size_t n;
    int len;

    if (fd < 0)
        return;
    must(ykc_encode(ykc_frame(ykc_type_trade_record), r, body, sizeof body,
                    &n) == WIRE_OK);
    len = snprintf(line, sizeof line, "%s %s\n", kind,
                   wire_hex(body, n, hex));
    write_line(fd, line, (size_t)len);
}

void store_running(struct store *s, const struct ykc_trade_record *r)
{
    write_record(s->fd, "running", r);
}

void store_record(struct store *s, const struct ykc_trade_record *r)
{
    write_record(s->fd, "record", r);
}

void store_done(struct store *s, const char *trade_number)
{
    char line[LINE_SIZE];
    int len = snprintf(line, sizeof line, "done %s\n", trade_number);

    if (s->fd >= 0)
        write_line(s->fd, line, (size_t)len);
}

void store_meter(struct store *s, const char *pile_code, int gun,
                 uint64_t reading_e4kwh)
{
    char line[LINE_SIZE];
    int len = snprintf(line, sizeof line, "meter %s %d %llu\n", pile_code,
                       gun, (unsigned long long)reading_e4kwh);

    if (s->fd >= 0)
        write_line(s->fd, line, (size_t)len);
}

static bool read_record(struct entry *e, const char *hex)
{
    uint8_t body[BODY_SIZE];

    if (!wire_unhex(hex, body, sizeof body) ||
        ykc_decode(ykc_frame(ykc_type_trade_record), body, sizeof body,
                   &e->record, NULL) != WIRE_OK)
        return false;
    memcpy(e->key, e->record.trade_number, sizeof e->key);
    return true;
}

/* "PILE GUN READING" */
static bool read_meter(struct entry *e, const char *text)
{
    const char *blank = strchr(text, ' ');
    const char *second = blank == NULL ? NULL : strchr(blank + 1, ' ');
    int64_t value;

    if (second == NULL || (size_t)(second - text) >= sizeof e->key ||
        !decimal_parse(second + 1, 0, &value) || value < 0)
        return false;
    memcpy(e->key, text, (size_t)(second - text));
    e->key[second - text] = '\0';
    e->reading_e4kwh = (uint64_t)value;
    return true;
}

/* The last line may be half written: it is then as if it never was. */
static bool read_line(struct entry *e, const char *line)
{
    if (strncmp(line, "running ", 8) == 0) {
        e->kind = KIND_RUNNING;
        return read_record(e, line + 8);
    }
    if (strncmp(line, "record ", 7) == 0) {
        e->kind = KIND_RECORD;
        return read_record(e, line + 7);
    }
    if (strncmp(line, "meter ", 6) == 0) {
        e->kind = KIND_METER;
        return read_meter(e, line + 6);
    }
    e->kind = KIND_DONE;
    if (strncmp(line, "done ", 5) != 0 || strlen(line + 5) != 32)
        return false;
    memcpy(e->key, line + 5, sizeof e->key);
    return true;
}

static bool add_entry(struct entries *all, const struct entry *e)
{
    struct entry *bigger;
    size_t room = all->room == 0 ? 64 : 2 * all->room;

    if (all->n == all->room) {
        bigger = reallocarray(all->v, room, sizeof *bigger);
        if (bigger == NULL)
            return false;
        all->v = bigger;
        all->room = room;
    }
    all->v[all->n] = *e;
    all->v[all->n].order = all->n;
    all->n++;
    return true;
}

static bool read_file(const char *path, struct entries *all)
{
    FILE *f = fopen(path, "r");
    char line[LINE_SIZE];
    struct entry e;
    size_t n;
    bool good = true;

    if (f == NULL)
        return errno == ENOENT;
    while (good && fgets(line, sizeof line, f) != NULL) {
        memset(&e, 0, sizeof e);
        n = strlen(line);
        if (line[n - 1] != '\n')
            continue;
        line[n - 1] = '\0';
        if (read_line(&e, line))
            good = add_entry(all, &e);
    }
    fclose(f);
    return good;
}

static int by_key_and_order(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    int keys = strcmp(x->key, y->key);

    if (keys != 0)
        return keys;
    return x->order < y->order ? -1 : x->order > y->order;
}

/* The last word on each key counts. */
static void tell_and_keep(struct store *s, struct entries *all,
                          const struct store_reader *reader)
{
    for (size_t i = 0; i < all->n; i++) {
        struct entry *e = &all->v[i];
        char pile[YKC_PILE_TEXT] = "";
        int64_t gun = 0;

        if (i + 1 < all->n && strcmp(e->key, all->v[i + 1].key) == 0)
            continue;
        if (e->kind == KIND_METER && strlen(e->key) > 15) {
            memcpy(pile, e->key, 14);
            if (!decimal_parse(e->key + 15, 0, &gun))
                continue;
            reader->meter(reader->arg, pile, (int)gun, e->reading_e4kwh);
            store_meter(s, pile, (int)gun, e->reading_e4kwh);
        } else if (e->kind == KIND_RUNNING || e->kind == KIND_RECORD) {
            if (e->kind == KIND_RUNNING)
                e->record.stop_reason = YKC_STOP_POWER_LOST;
            reader->record(reader->arg, &e->record);
            store_record(s, &e->record);
        }
    }
}

bool store_open(struct store *s, const char *path,
                const struct store_reader *reader, char *err, size_t err_size)
{
    struct entries all = { 0 };
    char fresh[512];
    bool good = false;

    s->fd = -1;
    if (path[0] == '\0')
        return true;
    snprintf(fresh, sizeof fresh, "%s.new", path);
    if (read_file(path, &all)) {
        if (all.n > 0)
            qsort(all.v, all.n, sizeof *all.v, by_key_and_order);
        s->fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND |
                     O_CLOEXEC, 0600);
        if (s->fd >= 0) {
            tell_and_keep(s, &all, reader);
            good = rename(fresh, path) == 0;
        }
    }
    if (!good)
        snprintf(err, err_size, "state file %s: %s", path, strerror(errno));
    free(all.v);
    return good;
}

void store_close(struct store *s)
{
    if (s->fd >= 0)
        close(s->fd);
    s->fd = -1;
}
