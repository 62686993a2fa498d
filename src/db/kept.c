#include "db/kept.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/crypto.h"

enum { WORDS = KEPT_BYTES / 8 };

static uint64_t get(const _Atomic uint64_t *from)
{
    return atomic_load_explicit(from, memory_order_relaxed);
}

static void set(_Atomic uint64_t *to, uint64_t v)
{
    atomic_store_explicit(to, v, memory_order_relaxed);
}

/* ---- keys -------------------------------------------------------------- */

/* Half a SHA-256 of all that makes the answer what it is: two callers with
   different scopes never meet. */
static void make_key(struct cx *cx, const char *what, struct db_binds binds,
                     uint64_t key[2])
{
    size_t len = strlen(what) + 1, room = len, at = len;
    uint8_t hash[SHA256_SIZE];
    char *text;

    for (size_t i = 0; i < binds.n; i++)
        room += sizeof binds.v[i] + binds.v[i].len;
    text = arena_alloc(cx->arena, room);
    memcpy(text, what, len);
    for (size_t i = 0; i < binds.n; i++) {
        const struct db_value *v = &binds.v[i];
        int64_t head[] = { v->kind, v->number, (int64_t)v->len };

        memcpy(text + at, head, sizeof head);
        at += sizeof head;
        if (v->len > 0)
            memcpy(text + at, v->data, v->len);
        at += v->len;
    }
    sha256(text, at, hash);
    memcpy(key, hash, 2 * sizeof *key);
}

/* ---- slots ------------------------------------------------------------- */

/* A copy of a slot; good if its checksum is. */
struct answer {
    uint64_t key[2], at_ms, versions, owner, words[WORDS];
};

/* Finds a mixture of two answers; nobody is kept from making one up. */
static uint64_t check_of(const struct answer *a, size_t words)
{
    uint64_t sum = 0x9e3779b97f4a7c15; /* the golden ratio: any odd number */

#define MIX(v) sum = ((sum ^ (v)) * 0xff51afd7ed558ccd), sum ^= sum >> 32
    MIX(a->key[0]);
    MIX(a->key[1]);
    MIX(a->at_ms);
    MIX(a->versions);
    MIX(a->owner);
    for (size_t i = 0; i < words; i++)
        MIX(a->words[i]);
#undef MIX
    return sum;
}

static size_t words_of(size_t size)
{
    must(size > 0 && size <= KEPT_BYTES);
    return (size + 7) / 8;
}

static size_t owner_place(int64_t owner)
{
    return owner == 0 ? 0 : 1 + (size_t)owner % (KEPT_OWNERS - 1);
}

static uint64_t versions_now(const struct kept *k, int64_t owner)
{
    return (uint64_t)atomic_load(&k->version) << 32 |
           atomic_load(&k->owner_version[owner_place(owner)]);
}

static bool read_slot(const struct kept *k, const struct kept_try *t,
                      int64_t now_ms, struct answer *a)
{
    const struct kept_slot *s = &k->slots[t->key[0] % KEPT_SLOTS];
    size_t words = words_of(t->size);

    a->key[0] = get(&s->key[0]);
    a->key[1] = get(&s->key[1]);
    if (a->key[0] != t->key[0] || a->key[1] != t->key[1])
        return false;
    a->at_ms = get(&s->at_ms);
    a->versions = get(&s->versions);
    a->owner = get(&s->owner);
    for (size_t i = 0; i < words; i++)
        a->words[i] = get(&s->words[i]);
    if (get(&s->check) != check_of(a, words))
        return false;
    /* A clock that was set back makes nothing last longer. */
    return now_ms >= (int64_t)a->at_ms &&
           now_ms - (int64_t)a->at_ms < KEPT_MS &&
           a->versions == versions_now(k, (int64_t)a->owner);
}

static void write_slot(struct kept *k, const struct answer *a, size_t words)
{
    struct kept_slot *s = &k->slots[a->key[0] % KEPT_SLOTS];

    set(&s->key[0], a->key[0]);
    set(&s->key[1], a->key[1]);
    set(&s->at_ms, a->at_ms);
    set(&s->versions, a->versions);
    set(&s->owner, a->owner);
    for (size_t i = 0; i < words; i++)
        set(&s->words[i], a->words[i]);
    set(&s->check, check_of(a, words));
}

/* ---- finding, putting, forgetting -------------------------------------- */

struct kept_try kept_find(struct cx *cx, const char *what,
                          struct db_binds binds, void *answer, size_t size)
{
    struct kept_try t = { .size = size };
    struct answer a;

    if (cx->kept == NULL)
        return t;
    make_key(cx, what, binds, t.key);
    t.forgotten = atomic_load(&cx->kept->forgotten);
    t.found = read_slot(cx->kept, &t, cx->now.ms, &a);
    if (t.found)
        memcpy(answer, a.words, size);
    return t;
}

void kept_put(struct cx *cx, const struct kept_try *t, int64_t owner,
              const void *answer)
{
    struct kept *k = cx->kept;
    struct answer a = { .at_ms = (uint64_t)cx->now.ms,
                        .owner = (uint64_t)owner };

    must(!t->found);
    if (k == NULL)
        return;
    /* The versions first: whoever forgets raises them before the counter. */
    a.versions = versions_now(k, owner);
    if (atomic_load(&k->forgotten) != t->forgotten)
        return;
    memcpy(a.key, t->key, sizeof a.key);
    memcpy(a.words, answer, t->size);
    write_slot(k, &a, words_of(t->size));
}

void kept_forget(struct kept *k)
{
    atomic_fetch_add(&k->version, 1);
    atomic_fetch_add(&k->forgotten, 1);
}

void kept_forget_owner(struct kept *k, int64_t owner)
{
    must(owner != 0);
    atomic_fetch_add(&k->owner_version[owner_place(owner)], 1);
    atomic_fetch_add(&k->forgotten, 1);
}

/* ---- statements -------------------------------------------------------- */

int64_t kept_int(struct cx *cx, const char *sql, struct db_binds binds)
{
    int64_t n;
    struct kept_try t = kept_find(cx, sql, binds, &n, sizeof n);

    if (!t.found) {
        n = db_int(cx, sql, binds);
        kept_put(cx, &t, 0, &n);
    }
    return n;
}

const char *kept_text(struct cx *cx, const char *sql, struct db_binds binds)
{
    struct {
        bool is_null;
        char text[KEPT_BYTES - 1];
    } k = { false, "" };
    struct kept_try t = kept_find(cx, sql, binds, &k, sizeof k);
    const char *text;

    if (t.found)
        return k.is_null ? NULL : cx_strdup(cx, k.text);
    text = db_text(cx, sql, binds);
    if (text != NULL && strlen(text) >= sizeof k.text)
        return text;
    k.is_null = text == NULL;
    snprintf(k.text, sizeof k.text, "%s", text == NULL ? "" : text);
    kept_put(cx, &t, 0, &k);
    return text;
}

void kept_counts(struct cx *cx, const char *sql, struct db_binds binds,
                 int64_t *counts, size_t n)
{
    struct kept_try t = kept_find(cx, sql, binds, counts,
                                  n * sizeof *counts);
    struct db_table table;

    if (t.found)
        return;
    table = db_table(cx, sql, binds);
    must(table.rows == n && table.columns == 2);
    for (size_t i = 0; i < n; i++)
        counts[i] = strtoll(table.cells[2 * i + 1], NULL, 10);
    kept_put(cx, &t, 0, counts);
}
