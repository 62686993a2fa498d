#include "system/chain.h"

#include <inttypes.h>
#include <string.h>
#include <strings.h>

#include "base/config.h"
#include "base/log.h"

enum {
    BATCH = 200,   /* rows of one transaction (T12) */
    BATCHES = 50,  /* of one run */
    CANONICAL_MAX = 32 * 1024,
    OLD_MS = 5 * 60 * 1000,
};

/* ---- the canonical row ------------------------------------------------- */

void chain_put_text(struct buf *b, const char *s)
{
    if (s == NULL)
        buf_printf(b, "-;");
    else
        buf_printf(b, "%zu:%s;", strlen(s), s);
}

void chain_put_number(struct buf *b, int64_t n)
{
    buf_printf(b, "%" PRId64 ";", n);
}

/* chain becomes that of the next row. */
static void link_row(struct buf *b, const struct chain *c,
                     uint8_t chain[SHA256_SIZE], const void *row)
{
    buf_clear(b);
    buf_add(b, chain, SHA256_SIZE);
    c->canonical(b, row);
    must(buf_text(b) != NULL);
    sha256(b->data, b->len, chain);
}

/* ---- sealing ----------------------------------------------------------- */

struct head_row {
    int64_t seq;
    struct bytes chain;
};

static const struct db_field head_row[] = {
    DB_FIELD(struct head_row, seq),
    DB_FIELD(struct head_row, chain),
};

static const struct head_row *head_of(struct cx *cx, const struct chain *c)
{
    const struct head_row *h = db_row(cx, c->head, BIND(),
                                      ROW(struct head_row, head_row));

    must(h == NULL || h->chain.len == SHA256_SIZE);
    return h;
}

struct batch {
    const struct chain *c;
    size_t sealed;
};

/*
 * Two sealers at once: the second waits for the row of the head, then meets
 * the first one's numbers and rolls back.
 */
static void seal_batch(struct cx *cx, void *arg)
{
    enum { COLUMNS = 3 };
    struct batch *batch = arg;
    const struct chain *c = batch->c;
    uint8_t (*chains)[SHA256_SIZE] =
        arena_array(cx->arena, BATCH + 1, sizeof *chains);
    struct db_value *v = arena_array(cx->arena, (size_t)BATCH * COLUMNS,
                                     sizeof *v);
    struct buf *b = cx_buf(cx, CANONICAL_MAX);
    const struct head_row *h = head_of(cx, c);
    int64_t last = db_int(cx, c->newest, BIND());
    char *rows;

    if (h != NULL)
        memcpy(chains[0], h->chain.data, SHA256_SIZE);
    rows = db_rows(cx, c->next, BIND(V(last - c->late_ids), V((int)BATCH)),
                   c->row, &batch->sealed);
    for (size_t i = 0; i < batch->sealed; i++) {
        struct chain_link *l = (struct chain_link *)(void *)(rows + i *
                                                             c->row.size);

        l->seq = (h != NULL ? h->seq : 0) + (int64_t)i + 1;
        memcpy(chains[i + 1], chains[i], SHA256_SIZE);
        link_row(b, c, chains[i + 1], l);
        v[i * COLUMNS] = V(l->seq);
        v[i * COLUMNS + 1] = V(l->id);
        v[i * COLUMNS + 2] = V(((struct bytes){ chains[i + 1],
                                                SHA256_SIZE }));
    }
    if (batch->sealed > 0)
        db_insert_rows(cx, c->seal, v, batch->sealed, COLUMNS);
}

void chain_seal(struct cx *cx, const struct chain *c)
{
    struct batch *batch = CX_NEW(cx, struct batch);

    *batch = (struct batch){ c, BATCH };
    for (int i = 0; i < BATCHES && batch->sealed == BATCH; i++)
        db_tx(cx, seal_batch, batch);
}

/* ---- heads ------------------------------------------------------------- */

/* False without the setting: then heads are noted unsigned. */
static bool read_key(struct cx *cx, uint8_t key[SHA256_SIZE])
{
    if (cx->config == NULL || cx->config->seal_key_file[0] == '\0')
        return false;
    if (!key_read(cx->config->seal_key_file, key))
        cx_fail(cx, ERR_UNCONFIGURED, "seal_key_file 不可读，无法签署链头。");
    return true;
}

static void sign_head(struct cx *cx, const uint8_t key[SHA256_SIZE],
                      const char *name, int64_t seq, const char *hex,
                      uint8_t mac[SHA256_SIZE])
{
    const char *text = cx_printf(cx, "%s|%" PRId64 "|%s", name, seq, hex);

    hmac_sha256(key, SHA256_SIZE, text, strlen(text), mac);
}

struct noting {
    const struct chain *c;
    const uint8_t *key; /* NULL: none */
};

static void note(struct cx *cx, void *arg)
{
    static const char sql[] =
        "INSERT INTO chain_head (name, seq, chain, mac, at)"
        " VALUES (?, ?, ?, ?, ?)";
    const struct noting *n = arg;
    const struct head_row *h = head_of(cx, n->c);
    uint8_t mac[SHA256_SIZE];
    char hex[CHAIN_HEX];

    if (h == NULL)
        return;
    hex_encode(h->chain.data, SHA256_SIZE, hex);
    log_info("chain.head", F_TEXT("chain", n->c->name), F_INT("seq", h->seq),
             F_TEXT("head", hex));
    if (n->key != NULL)
        sign_head(cx, n->key, n->c->name, h->seq, hex, mac);
    (void)db_insert_new(
        cx, sql,
        BIND(V(n->c->name), V(h->seq), V(h->chain),
             n->key != NULL ? V(((struct bytes){ mac, SHA256_SIZE }))
                            : (struct db_value){ DB_NULL },
             V(cx->now)));
}

void chain_note_head(struct cx *cx, const struct chain *c)
{
    uint8_t *key = arena_array(cx->arena, SHA256_SIZE, 1);
    struct noting *n = CX_NEW(cx, struct noting);

    *n = (struct noting){ c, read_key(cx, key) ? key : NULL };
    db_tx(cx, note, n);
    secret_wipe(key, SHA256_SIZE);
}

/* ---- verifying --------------------------------------------------------- */

/* A head as it was noted. */
struct noted {
    int64_t seq;
    char chain[CHAIN_HEX];
    struct bytes mac; /* of length 0: unsigned */
};

struct walk {
    struct buf *text; /* of the row at hand */
    const struct chain *c;
    struct chain_verdict *v;
    uint8_t chain[SHA256_SIZE];
    int64_t known_seq;
    const char *known_head;
    const struct noted *noted; /* by seq */
    size_t noted_count, at;
    const uint8_t *key; /* NULL: none */
};

static bool bad(struct walk *w, int64_t seq, int64_t id, const char *why)
{
    w->v->bad_seq = seq;
    w->v->bad_id = id;
    w->v->why = why;
    return false;
}

/* The heads noted at this row, if any. */
static bool meets_heads(struct cx *cx, struct walk *w,
                        const struct chain_link *l, const char *hex)
{
    for (; w->at < w->noted_count && w->noted[w->at].seq == l->seq; w->at++) {
        const struct noted *n = &w->noted[w->at];
        uint8_t mac[SHA256_SIZE];

        if (strcasecmp(hex, n->chain) != 0)
            return bad(w, l->seq, l->id,
                       "the chain is not the one that was noted");
        if (w->key != NULL) {
            sign_head(cx, w->key, w->c->name, n->seq, hex, mac);
            if (n->mac.len != SHA256_SIZE ||
                !secret_equal(mac, n->mac.data, SHA256_SIZE))
                return bad(w, l->seq, l->id,
                           "the head noted there is not signed by us");
        }
        w->v->heads++;
    }
    return true;
}

static bool check_row(struct cx *cx, void *row, void *arg)
{
    const struct chain_link *l = row;
    struct walk *w = arg;
    char hex[CHAIN_HEX];

    if (l->seq != w->v->rows + 1)
        return bad(w, l->seq, l->id, "a number is missing before it");
    if (l->id == 0)
        return bad(w, l->seq, 0, "its row is gone");
    link_row(w->text, w->c, w->chain, row);
    hex_encode(w->chain, SHA256_SIZE, hex);
    if (strcasecmp(hex, l->chain) != 0)
        return bad(w, l->seq, l->id, "it is not the row that was sealed");
    if (l->seq == w->known_seq && strcasecmp(hex, w->known_head) != 0)
        return bad(w, l->seq, l->id,
                   "the chain is not the one that was noted");
    if (!meets_heads(cx, w, l, hex))
        return false;
    w->v->rows++;
    memcpy(w->v->head, hex, sizeof hex);
    return true;
}

static const struct noted *heads_of(struct cx *cx, const struct chain *c,
                                    size_t *count)
{
    static const char sql[] =
        "SELECT seq, HEX(chain), COALESCE(mac, '') FROM chain_head"
        " WHERE name = ? ORDER BY seq";
    static const struct db_field row[] = {
        DB_FIELD(struct noted, seq), DB_FIELD(struct noted, chain),
        DB_FIELD(struct noted, mac),
    };

    return db_rows(cx, sql, BIND(V(c->name)), ROW(struct noted, row), count);
}

struct chain_verdict chain_verify(struct cx *cx, const struct chain *c,
                                  int64_t known_seq, const char *known_head)
{
    struct chain_verdict *v = CX_NEW(cx, struct chain_verdict);
    struct walk *w = CX_NEW(cx, struct walk);
    uint8_t *key = arena_array(cx->arena, SHA256_SIZE, 1);

    *w = (struct walk){ .c = c, .v = v, .text = cx_buf(cx, CANONICAL_MAX),
                        .known_seq = known_seq,
                        .known_head = known_head };
    w->noted = heads_of(cx, c, &w->noted_count);
    w->key = read_key(cx, key) ? key : NULL;
    db_each(cx, c->all, BIND(), c->row, check_row, w);
    secret_wipe(key, SHA256_SIZE);
    if (v->bad_seq == 0 && (known_seq > v->rows || w->at < w->noted_count))
        bad(w, v->rows + 1, 0,
            "the end was cut off: the head that was noted is not there");
    v->unsealed = db_int(cx, c->waiting,
                         BIND(V(stamp_add_ms(cx->now, -OLD_MS))));
    return *v;
}
