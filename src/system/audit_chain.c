/*
 * Sealing and verifying the audit: audit_chain.h.
 */
#include "system/audit_chain.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/log.h"
#include "db/db.h"

enum {
    BATCH = 200,        /* rows of one transaction (T12) */
    BATCHES = 50,       /* of one run */
    LATE_IDS = 50000,   /* a row may commit after so many newer ones */
    CANONICAL_MAX = 16 * 1024,
    HEX_MAX = 2 * SHA256_SIZE + 1,
};

/* One row, as it is hashed. Lengths as in the schema, four bytes a
   character. Values before and after stand for themselves by their hash. */
struct sealed {
    int64_t seq;
    char chain[HEX_MAX]; /* as stored */
    int64_t id;          /* 0: the audit row is gone */
    stamp at;
    int64_t actor_kind, actor_id;
    char actor_name[241];
    int64_t org_id, provider_id, merchant_id;
    char address[181];
    int64_t session_id;
    char request_id[161], event[241], object[161];
    int64_t object_id;
    char text[1601];
    char before_hash[HEX_MAX], after_hash[HEX_MAX];
};

#define F(member) DB_FIELD(struct sealed, member)
static const struct db_field sealed_row[] = {
    F(seq), F(chain), F(id), F(at), F(actor_kind), F(actor_id),
    F(actor_name), F(org_id), F(provider_id), F(merchant_id), F(address),
    F(session_id), F(request_id), F(event), F(object), F(object_id), F(text),
    F(before_hash), F(after_hash),
};
#undef F

#define AUDIT_COLUMNS \
    "   a.id, a.at, a.actor_kind, a.actor_id, a.actor_name, a.org_id," \
    "   a.provider_id, a.merchant_id, a.address, a.session_id," \
    "   a.request_id, a.event, a.object, a.object_id, a.text," \
    "   SHA2(a.before_json, 256), SHA2(a.after_json, 256)"

/* ---- the canonical row ------------------------------------------------- */

static void put_text(struct buf *b, const char *s)
{
    buf_printf(b, "%zu:%s;", strlen(s), s);
}

static void put_number(struct buf *b, int64_t n)
{
    buf_printf(b, "%" PRId64 ";", n);
}

static void canonical(struct buf *b, const struct sealed *r)
{
    put_number(b, r->seq);
    put_number(b, r->id);
    put_number(b, r->at.ms);
    put_number(b, r->actor_kind);
    put_number(b, r->actor_id);
    put_text(b, r->actor_name);
    put_number(b, r->org_id);
    put_number(b, r->provider_id);
    put_number(b, r->merchant_id);
    put_text(b, r->address);
    put_number(b, r->session_id);
    put_text(b, r->request_id);
    put_text(b, r->event);
    put_text(b, r->object);
    put_number(b, r->object_id);
    put_text(b, r->text);
    put_text(b, r->before_hash);
    put_text(b, r->after_hash);
}

/* chain becomes that of the next row. */
static void link_row(uint8_t chain[SHA256_SIZE], const struct sealed *r)
{
    struct buf b;

    buf_init(&b, CANONICAL_MAX);
    buf_add(&b, chain, SHA256_SIZE);
    canonical(&b, r);
    must(buf_text(&b) != NULL);
    sha256(b.data, b.len, chain);
    buf_fini(&b);
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

struct batch {
    size_t sealed;
};

static void seal_one(struct cx *cx, const struct sealed *r,
                     const uint8_t chain[SHA256_SIZE])
{
    static const char sql[] =
        "INSERT INTO audit_seal (seq, audit_id, chain) VALUES (?, ?, ?)";

    db_exec(cx, sql, BIND(V(r->seq), V(r->id),
                          V(((struct bytes){ chain, SHA256_SIZE }))));
}

/*
 * Two sealers at once: the second waits for the row of the head, then meets
 * the first one's numbers and rolls back.
 */
static void seal_batch(struct cx *cx, void *arg)
{
    static const char head[] =
        "SELECT seq, chain FROM audit_seal ORDER BY seq DESC LIMIT 1"
        " FOR UPDATE";
    static const char newest[] = "SELECT MAX(audit_id) FROM audit_seal";
    static const char next[] =
        "SELECT 0, '',"
        AUDIT_COLUMNS
        "  FROM audit a LEFT JOIN audit_seal s ON s.audit_id = a.id"
        " WHERE a.id > ? AND s.audit_id IS NULL"
        " ORDER BY a.id LIMIT ?";
    struct batch *batch = arg;
    uint8_t chain[SHA256_SIZE] = { 0 };
    const struct head_row *h = db_row(cx, head, BIND(),
                                      ROW(struct head_row, head_row));
    int64_t seq = 0, last = db_int(cx, newest, BIND());
    struct sealed *rows;

    if (h != NULL) {
        must(h->chain.len == SHA256_SIZE);
        memcpy(chain, h->chain.data, SHA256_SIZE);
        seq = h->seq;
    }
    rows = db_rows(cx, next, BIND(V(last - LATE_IDS), V((int)BATCH)),
                   ROW(struct sealed, sealed_row), &batch->sealed);
    for (size_t i = 0; i < batch->sealed; i++) {
        rows[i].seq = ++seq;
        link_row(chain, &rows[i]);
        seal_one(cx, &rows[i], chain);
    }
}

void audit_seal(struct cx *cx)
{
    struct batch *batch = CX_NEW(cx, struct batch);

    batch->sealed = BATCH;
    for (int i = 0; i < BATCHES && batch->sealed == BATCH; i++)
        db_tx(cx, seal_batch, batch);
}

void audit_head(struct cx *cx)
{
    static const char sql[] =
        "SELECT seq, chain FROM audit_seal ORDER BY seq DESC LIMIT 1";
    const struct head_row *h = db_row(cx, sql, BIND(),
                                      ROW(struct head_row, head_row));
    char hex[HEX_MAX];

    if (h != NULL && h->chain.len == SHA256_SIZE)
        log_info("audit.head", F_INT("seq", h->seq),
                 F_TEXT("chain", hex_encode(h->chain.data, SHA256_SIZE,
                                            hex)));
}

/* ---- verifying --------------------------------------------------------- */

struct walk {
    struct audit_verdict *v;
    uint8_t chain[SHA256_SIZE];
    int64_t known_seq;
    const char *known_head;
};

static bool bad(struct walk *w, const struct sealed *r, const char *why)
{
    w->v->bad_seq = r->seq;
    w->v->bad_id = r->id;
    w->v->why = why;
    return false;
}

static bool check_row(struct cx *cx, void *row, void *arg)
{
    const struct sealed *r = row;
    struct walk *w = arg;
    char hex[HEX_MAX];

    (void)cx;
    if (r->seq != w->v->rows + 1)
        return bad(w, r, "a number is missing before it");
    if (r->id == 0)
        return bad(w, r, "its audit row is gone");
    link_row(w->chain, r);
    hex_encode(w->chain, SHA256_SIZE, hex);
    if (strcasecmp(hex, r->chain) != 0)
        return bad(w, r, "it is not the row that was sealed");
    if (r->seq == w->known_seq && strcasecmp(hex, w->known_head) != 0)
        return bad(w, r, "the chain is not the one that was noted");
    w->v->rows++;
    memcpy(w->v->head, hex, sizeof hex);
    return true;
}

struct audit_verdict audit_verify(struct cx *cx, int64_t known_seq,
                                  const char *known_head)
{
    static const char sql[] =
        "SELECT s.seq, HEX(s.chain),"
        AUDIT_COLUMNS
        "  FROM audit_seal s LEFT JOIN audit a ON a.id = s.audit_id"
        " ORDER BY s.seq";
    static const char unsealed[] =
        "SELECT COUNT(*) FROM audit a"
        "  LEFT JOIN audit_seal s ON s.audit_id = a.id"
        " WHERE s.audit_id IS NULL AND a.at < ?";
    struct audit_verdict *v = CX_NEW(cx, struct audit_verdict);
    struct walk *w = CX_NEW(cx, struct walk);

    *w = (struct walk){ .v = v, .known_seq = known_seq,
                        .known_head = known_head };
    db_each(cx, sql, BIND(), ROW(struct sealed, sealed_row), check_row, w);
    if (v->bad_seq == 0 && known_seq > v->rows) {
        v->bad_seq = v->rows + 1;
        v->why = "the end was cut off: the head that was noted is not there";
    }
    v->unsealed = db_int(cx, unsealed,
                         BIND(V(stamp_add_ms(cx->now, -5 * 60 * 1000))));
    return *v;
}
