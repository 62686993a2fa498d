/*
 * The set of piles: see charger.h.
 */
#include "gateway/charger.h"

#include <string.h>

enum { TABLE_FIRST = 1024, GUN_BLOCK = 512 };

struct gun_block {
    struct gun_block *next;
    struct gun guns[GUN_BLOCK];
};

static struct charger_table *table_new(size_t size)
{
    struct charger_table *t = calloc(1, sizeof *t + size * sizeof t->at[0]);

    if (t != NULL)
        t->mask = size - 1;
    return t;
}

void chargers_init(struct chargers *all)
{
    struct charger_table *first = table_new(TABLE_FIRST);

    must(first != NULL); /* at the start */
    memset(all, 0, sizeof *all);
    must(pthread_mutex_init(&all->lock, NULL) == 0);
    atomic_init(&all->table, first);
}

/* Codes of one maker differ in few digits: all bits must count. */
static size_t slot_of(uint64_t code)
{
    code *= UINT64_C(0x9E3779B97F4A7C15);
    return (size_t)(code >> 20);
}

struct charger *charger_find(struct chargers *all, uint64_t code)
{
    struct charger_table *t =
        atomic_load_explicit(&all->table, memory_order_acquire);

    for (size_t i = slot_of(code);; i++) {
        struct charger *c = atomic_load_explicit(&t->at[i & t->mask],
                                                 memory_order_acquire);

        if (c == NULL || c->code == code)
            return c;
    }
}

static void table_put(struct charger_table *t, struct charger *c)
{
    for (size_t i = slot_of(c->code);; i++) {
        struct charger *there = atomic_load_explicit(&t->at[i & t->mask],
                                                     memory_order_relaxed);

        if (there != NULL && there->code != c->code)
            continue;
        atomic_store_explicit(&t->at[i & t->mask], c, memory_order_release);
        return;
    }
}

static struct charger_table *grown(struct charger_table *old)
{
    struct charger_table *t = table_new((old->mask + 1) * 2);

    for (size_t i = 0; t != NULL && i <= old->mask; i++) {
        struct charger *c = atomic_load_explicit(&old->at[i],
                                                 memory_order_relaxed);

        if (c != NULL)
            table_put(t, c);
    }
    return t;
}

static struct gun *take_guns(struct chargers *all, size_t n)
{
    if (all->spare_guns < n) {
        struct gun_block *b = calloc(1, sizeof *b);

        if (b == NULL)
            return NULL;
        b->next = all->blocks;
        all->blocks = b;
        all->spare_guns = GUN_BLOCK;
    }
    all->spare_guns -= n;
    return &all->blocks->guns[all->spare_guns];
}

/* The next place, with its guns; NULL without memory, and nothing is lost. */
static struct charger *take_charger(struct chargers *all, size_t i, int guns)
{
    struct charger **chunk = &all->chunks[i / CHARGER_CHUNK], *c;

    if (*chunk == NULL)
        *chunk = calloc(CHARGER_CHUNK, sizeof *c);
    if (*chunk == NULL)
        return NULL;
    c = &(*chunk)[i % CHARGER_CHUNK];
    c->guns = take_guns(all, (size_t)guns);
    return c->guns != NULL ? c : NULL;
}

struct charger *charger_new(struct chargers *all, uint64_t code, int64_t id,
                            int gun_count)
{
    size_t i = charger_count(all);
    struct charger *c;

    must(gun_count >= 1 && gun_count <= CHARGER_GUNS);
    must(i < (size_t)CHARGER_CHUNK * CHARGER_CHUNKS);
    pthread_mutex_lock(&all->lock);
    c = take_charger(all, i, gun_count);
    if (c != NULL) {
        c->code = code;
        c->id = id;
        c->gun_count = (uint8_t)gun_count;
        atomic_store_explicit(&all->count, i + 1, memory_order_release);
    }
    pthread_mutex_unlock(&all->lock);
    return c;
}

void charger_publish(struct chargers *all, struct charger *c,
                     void (*retire)(void *, void *), void *arg)
{
    struct charger_table *t = atomic_load(&all->table);

    pthread_mutex_lock(&all->lock);
    if (charger_count(all) * 2 > t->mask) {
        struct charger_table *bigger = grown(t);

        must(bigger != NULL || charger_count(all) * 8 < t->mask * 7);
        if (bigger != NULL) {
            atomic_store_explicit(&all->table, bigger, memory_order_release);
            retire(arg, t);
            t = bigger;
        }
    }
    table_put(t, c);
    pthread_mutex_unlock(&all->lock);
}

struct charger *charger_at(struct chargers *all, size_t i)
{
    must(i < charger_count(all));
    return &all->chunks[i / CHARGER_CHUNK][i % CHARGER_CHUNK];
}

void chargers_fini(struct chargers *all)
{
    for (size_t i = 0; i < charger_count(all); i++)
        free((void *)(uintptr_t)atomic_load(&charger_at(all, i)->policy));
    while (all->blocks != NULL) {
        struct gun_block *next = all->blocks->next;

        free(all->blocks);
        all->blocks = next;
    }
    for (size_t i = 0; i < CHARGER_CHUNKS; i++)
        free(all->chunks[i]);
    free(atomic_load(&all->table));
    pthread_mutex_destroy(&all->lock);
}

uint64_t code_of_wire(const uint8_t p[7])
{
    uint64_t code = 0;

    for (int i = 0; i < 7; i++) {
        if (p[i] >> 4 > 9 || (p[i] & 15) > 9)
            return 0;
        code = code << 8 | p[i];
    }
    return code;
}

uint64_t code_of_text(const char *text)
{
    uint64_t code = 0;

    for (int i = 0; i < 14; i++) {
        if (text[i] < '0' || text[i] > '9')
            return 0;
        code = code << 4 | (uint64_t)(text[i] - '0');
    }
    return text[14] == '\0' ? code : 0;
}

void code_to_wire(uint64_t code, uint8_t out[7])
{
    for (int i = 0; i < 7; i++)
        out[i] = (uint8_t)(code >> 8 * (6 - i));
}

char *code_text(uint64_t code, char out[15])
{
    for (int i = 0; i < 14; i++)
        out[i] = (char)('0' + (code >> 4 * (13 - i) & 15));
    out[14] = '\0';
    return out;
}
