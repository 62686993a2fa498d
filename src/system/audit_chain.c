/*
 * The audit as a chain: system/chain.h.
 */
#include "system/audit_chain.h"

/* One row, as it is hashed. Lengths as in the schema, four bytes a
   character. Values before and after stand for themselves by their hash. */
struct sealed {
    struct chain_link link;
    stamp at;
    int64_t actor_kind, actor_id;
    char actor_name[241];
    int64_t org_id, provider_id, merchant_id;
    char address[181];
    int64_t session_id;
    char request_id[161], event[241], object[161];
    int64_t object_id;
    char text[1601];
    char before_hash[CHAIN_HEX], after_hash[CHAIN_HEX];
};

#define F(member) DB_FIELD(struct sealed, member)
static const struct db_field sealed_row[] = {
    F(link.seq), F(link.chain), F(link.id), F(at), F(actor_kind), F(actor_id),
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

static void canonical(struct buf *b, const void *row)
{
    const struct sealed *r = row;

    chain_put_number(b, r->link.seq);
    chain_put_number(b, r->link.id);
    chain_put_number(b, r->at.ms);
    chain_put_number(b, r->actor_kind);
    chain_put_number(b, r->actor_id);
    chain_put_text(b, r->actor_name);
    chain_put_number(b, r->org_id);
    chain_put_number(b, r->provider_id);
    chain_put_number(b, r->merchant_id);
    chain_put_text(b, r->address);
    chain_put_number(b, r->session_id);
    chain_put_text(b, r->request_id);
    chain_put_text(b, r->event);
    chain_put_text(b, r->object);
    chain_put_number(b, r->object_id);
    chain_put_text(b, r->text);
    chain_put_text(b, r->before_hash);
    chain_put_text(b, r->after_hash);
}

static const char head[] =
    "SELECT seq, chain FROM audit_seal ORDER BY seq DESC LIMIT 1 FOR UPDATE";
static const char newest[] = "SELECT MAX(audit_id) FROM audit_seal";
static const char next[] =
    "SELECT 0, '',"
    AUDIT_COLUMNS
    "  FROM audit a LEFT JOIN audit_seal s ON s.audit_id = a.id"
    " WHERE a.id > ? AND s.audit_id IS NULL"
    " ORDER BY a.id LIMIT ?";
static const char seal[] =
    "INSERT INTO audit_seal (seq, audit_id, chain) VALUES (?, ?, ?)";
static const char all[] =
    "SELECT s.seq, HEX(s.chain),"
    AUDIT_COLUMNS
    "  FROM audit_seal s LEFT JOIN audit a ON a.id = s.audit_id"
    " ORDER BY s.seq";
static const char waiting[] =
    "SELECT COUNT(*) FROM audit a"
    "  LEFT JOIN audit_seal s ON s.audit_id = a.id"
    " WHERE s.audit_id IS NULL AND a.at < ?";

static const struct chain chain = {
    .name = "audit", .late_ids = 50000, .head = head, .newest = newest,
    .next = next, .seal = seal, .all = all, .waiting = waiting,
    .row = { sealed_row, COUNT(sealed_row), sizeof(struct sealed) },
    .canonical = canonical,
};

void audit_seal(struct cx *cx)
{
    chain_seal(cx, &chain);
}

void audit_head(struct cx *cx)
{
    chain_note_head(cx, &chain);
}

struct chain_verdict audit_verify(struct cx *cx, int64_t known_seq,
                                  const char *known_head)
{
    return chain_verify(cx, &chain, known_seq, known_head);
}
