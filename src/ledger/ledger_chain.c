#include "ledger/ledger_chain.h"

/* One transaction, as it is hashed. Lengths as in the schema, four bytes a
   character. content is the hash that guards its key; postings are listed by
   account, amount and balance, in their order. */
struct sealed {
    struct chain_link link;
    stamp at;
    char kind[121], key[321], ref_kind[81];
    int64_t ref_id;
    char content[CHAIN_HEX];
    char note[801];
    int64_t actor_kind, actor_id;
    const char *postings;
};

#define F(member) DB_FIELD(struct sealed, member)
static const struct db_field sealed_row[] = {
    F(link.seq), F(link.chain), F(link.id), F(at), F(kind), F(key),
    F(ref_kind), F(ref_id), F(content), F(note), F(actor_kind), F(actor_id),
    F(postings),
};
#undef F

#define TX_COLUMNS \
    "   t.id, t.at, t.kind, t.idem_key, t.ref_kind, t.ref_id," \
    "   HEX(t.content), t.note, t.actor_kind, t.actor_id," \
    "   (SELECT GROUP_CONCAT(p.id, ':', p.account_id, ':', p.amount, ':'," \
    "      COALESCE(p.balance_after, '-') ORDER BY p.id SEPARATOR ';')" \
    "    FROM ledger_posting p WHERE p.tx_id = t.id)"

static void canonical(struct buf *b, const void *row)
{
    const struct sealed *r = row;

    chain_put_number(b, r->link.seq);
    chain_put_number(b, r->link.id);
    chain_put_number(b, r->at.ms);
    chain_put_text(b, r->kind);
    chain_put_text(b, r->key);
    chain_put_text(b, r->ref_kind);
    chain_put_number(b, r->ref_id);
    chain_put_text(b, r->content);
    chain_put_text(b, r->note);
    chain_put_number(b, r->actor_kind);
    chain_put_number(b, r->actor_id);
    chain_put_text(b, r->postings);
}

static const char head[] =
    "SELECT seq, chain FROM ledger_seal ORDER BY seq DESC LIMIT 1 FOR UPDATE";
static const char newest[] = "SELECT MAX(tx_id) FROM ledger_seal";
static const char next[] =
    "SELECT 0, '',"
    TX_COLUMNS
    "  FROM ledger_tx t LEFT JOIN ledger_seal s ON s.tx_id = t.id"
    " WHERE t.id > ? AND s.tx_id IS NULL"
    " ORDER BY t.id LIMIT ?";
static const char seal[] =
    "INSERT INTO ledger_seal (seq, tx_id, chain) VALUES (?, ?, ?)";
static const char all[] =
    "SELECT s.seq, HEX(s.chain),"
    TX_COLUMNS
    "  FROM ledger_seal s LEFT JOIN ledger_tx t ON t.id = s.tx_id"
    " ORDER BY s.seq";
static const char waiting[] =
    "SELECT COUNT(*) FROM ledger_tx t"
    "  LEFT JOIN ledger_seal s ON s.tx_id = t.id"
    " WHERE s.tx_id IS NULL AND t.at < ?";

static const struct chain chain = {
    .name = "ledger", .late_ids = 20000, .head = head, .newest = newest,
    .next = next, .seal = seal, .all = all, .waiting = waiting,
    .row = { sealed_row, COUNT(sealed_row), sizeof(struct sealed) },
    .canonical = canonical,
};

void ledger_seal(struct cx *cx)
{
    chain_seal(cx, &chain);
}

void ledger_head(struct cx *cx)
{
    chain_note_head(cx, &chain);
}

struct chain_verdict ledger_chain_verify(struct cx *cx, int64_t known_seq,
                                         const char *known_head)
{
    return chain_verify(cx, &chain, known_seq, known_head);
}
