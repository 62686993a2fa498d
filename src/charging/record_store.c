/*
 * The registry of trade records: see record_store.h.
 */
#include "charging/record_store.h"

#include <string.h>

#include "asset/link.h"
#include "asset/live.h"
#include "charging/order.h"
#include "db/db.h"

/* Of one trade number: what a broken pile makes up tells nobody anything. */
enum { CONFLICTS_TOLD = 3 };

/* A letter that no trade number holds, then 31 hex digits. */
static void key_of_hash(const uint8_t hash[SHA256_SIZE], char key[33])
{
    char hex[2 * SHA256_SIZE + 1];

    hex_encode(hash, SHA256_SIZE, hex);
    snprintf(key, 33, "z%.31s", hex);
}

void record_key(const void *body, size_t len, char key[33])
{
    uint8_t hash[SHA256_SIZE];

    sha256(body, len, hash);
    key_of_hash(hash, key);
}

struct batch {
    struct record_in *rows;
    size_t n;
    enum record_result *results;
    size_t *order; /* indexes by key: one lock order for all gateways */
};

static void sort_by_key(const struct batch *b)
{
    for (size_t i = 0; i < b->n; i++) {
        size_t k = i;

        for (; k > 0 && strcmp(b->rows[b->order[k - 1]].key,
                               b->rows[i].key) > 0; k--)
            b->order[k] = b->order[k - 1];
        b->order[k] = i;
    }
}

struct place_row {
    char trade_no[TRADE_NO_SIZE];
    int64_t pile_id;
    int gun;
};

enum { PLACES = 20 };

static void free_some(struct cx *cx, struct record_in *rows, size_t n)
{
    static const char sql[] =
        "SELECT trade_no, pile_id, gun FROM charge_order WHERE trade_no IN"
        " (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
    static const struct db_field row[] = {
        DB_FIELD(struct place_row, trade_no),
        DB_FIELD(struct place_row, pile_id), DB_FIELD(struct place_row, gun),
    };
    struct db_value v[PLACES];
    const struct place_row *o;
    size_t found;

    for (size_t i = 0; i < PLACES; i++)
        v[i] = V((const char *)rows[i < n ? i : 0].key);
    o = db_rows(cx, sql, (struct db_binds){ v, PLACES },
                ROW(struct place_row, row), &found);
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < found; k++)
            if (strcmp(o[k].trade_no, rows[i].key) == 0 &&
                (o[k].pile_id != rows[i].pile_id || o[k].gun != rows[i].gun))
                key_of_hash(rows[i].hash, rows[i].key);
}

/*
 * A number belongs to the gun of its order (G7). What another gun sends under
 * it is kept by its content: it must not stand in the way of the record that
 * the order waits for. Neither column ever changes, so nothing is locked.
 */
static void free_numbers(struct cx *cx, const struct batch *b)
{
    for (size_t i = 0; i < b->n; i += PLACES)
        free_some(cx, b->rows + i, b->n - i < PLACES ? b->n - i : PLACES);
}

/* How many were not there before. */
static size_t insert_all(struct cx *cx, const struct batch *b)
{
    /* Who comes second is told by the hash that is found afterwards. */
    static const char sql[] =
        "INSERT IGNORE INTO trade_record (trade_no, pile_id, gun, frame_type,"
        "   body_hash, raw, next_at, received_at, gateway_id)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)";
    enum { COLUMNS = 9 };
    struct db_value *v = arena_array(cx->arena, b->n * COLUMNS, sizeof *v);

    for (size_t i = 0; i < b->n; i++) {
        const struct record_in *r = &b->rows[b->order[i]];
        struct db_value *x = v + i * COLUMNS;

        x[0] = V((const char *)r->key);
        x[1] = V(r->pile_id);
        x[2] = V(r->gun);
        x[3] = V(r->frame_type);
        x[4] = V(((struct bytes){ r->hash, sizeof r->hash }));
        x[5] = V(((struct bytes){ r->raw, r->len }));
        x[6] = x[7] = V(r->at);
        x[8] = V_ID(r->gateway_id);
    }
    return (size_t)db_insert_rows(cx, sql, v, b->n, COLUMNS);
}

struct found_row {
    struct bytes hash;
    stamp at;
    int64_t pile_id;
};

static const struct db_field found_row[] = {
    DB_FIELD(struct found_row, hash),
    DB_FIELD(struct found_row, at),
    DB_FIELD(struct found_row, pile_id),
};

static enum record_result compare(struct cx *cx, const struct record_in *r)
{
    static const char sql[] =
        "SELECT body_hash, received_at, pile_id FROM trade_record"
        " WHERE trade_no = ?";
    const struct found_row *f = db_row(cx, sql, BIND(V((const char *)r->key)),
                                       ROW(struct found_row, found_row));

    must(f != NULL); /* inserted or found: this transaction holds it */
    if (f->hash.len != sizeof r->hash ||
        memcmp(f->hash.data, r->hash, sizeof r->hash) != 0)
        return RECORD_IS_CONFLICT;
    if (f->at.ms == r->at.ms && f->pile_id == r->pile_id)
        return RECORD_IS_NEW;
    return r->at.ms - f->at.ms > RECORD_OLD_MS ? RECORD_IS_OLD
                                               : RECORD_IS_KNOWN;
}

/* With its alarm, if it is new: a pile repeats what it sends. */
static void keep_conflict(struct cx *cx, const struct record_in *r)
{
    static const char sql[] =
        "INSERT IGNORE INTO trade_record_conflict (trade_no, pile_id,"
        "   body_hash, raw, received_at) VALUES (?, ?, ?, ?, ?)";
    static const char count[] =
        "SELECT COUNT(*) FROM trade_record_conflict WHERE trade_no = ?";
    struct pile_event_row event = { r->pile_id, r->gun, EVENT_RECORD, r->at,
        cx_printf(cx, "交易流水号 %s 的记录内容与已存的不同，不作结算",
                  r->key) };

    if (db_insert_new_id(cx, sql,
                         BIND(V((const char *)r->key), V(r->pile_id),
                              V(((struct bytes){ r->hash, sizeof r->hash })),
                              V(((struct bytes){ r->raw, r->len })),
                              V(r->at))) == 0 ||
        db_int(cx, count, BIND(V((const char *)r->key))) > CONFLICTS_TOLD)
        return;
    pile_event_add(cx, &event, 1);
}

/*
 * Only the order of the same pile and gun moves; what does not match is for
 * jobs to judge, with the money untouched.
 */
static void move_orders(struct cx *cx, const struct batch *b)
{
    static const char sql[] =
        "UPDATE charge_order SET recorded_at = COALESCE(recorded_at, ?),"
        "   ended_at = COALESCE(ended_at, ?), state = 8, ver = ver + 1"
        " WHERE trade_no = ? AND pile_id = ? AND gun = ?"
        "   AND state BETWEEN 1 AND 7";
    enum { COLUMNS = 5 };
    struct db_value *v = arena_array(cx->arena, b->n * COLUMNS, sizeof *v);
    size_t n = 0;

    for (size_t i = 0; i < b->n; i++) {
        const struct record_in *r = &b->rows[b->order[i]];
        struct db_value *x = v + n * COLUMNS;

        if (b->results[b->order[i]] == RECORD_IS_CONFLICT)
            continue;
        x[0] = x[1] = V(r->at);
        x[2] = V((const char *)r->key);
        x[3] = V(r->pile_id);
        x[4] = V(r->gun);
        n++;
    }
    if (n > 0)
        db_insert_rows(cx, sql, v, n, COLUMNS);
}

static void store(struct cx *cx, void *arg)
{
    const struct batch *b = arg;
    bool all_new;

    free_numbers(cx, b);
    sort_by_key(b);
    all_new = insert_all(cx, b) == b->n;
    for (size_t i = 0; i < b->n; i++) {
        size_t k = b->order[i];

        b->results[k] = all_new ? RECORD_IS_NEW : compare(cx, &b->rows[k]);
        if (b->results[k] == RECORD_IS_CONFLICT)
            keep_conflict(cx, &b->rows[k]);
    }
    move_orders(cx, b);
}

void records_store(struct cx *cx, struct record_in *rows, size_t n,
                   enum record_result *results)
{
    struct batch b = { rows, n, results, NULL };

    must(n <= RECORDS_BATCH);
    if (n == 0)
        return;
    b.order = arena_array(cx->arena, n, sizeof *b.order);
    db_tx(cx, store, &b);
}

void pile_request_add(struct cx *cx, const struct request_in *r)
{
    static const char sql[] =
        "INSERT INTO pile_request (pile_id, gun, frame_type, raw,"
        "   received_at) VALUES (?, ?, ?, ?, ?)";

    db_exec(cx, sql, BIND(V(r->pile_id), V(r->gun), V(r->frame_type),
                          V(((struct bytes){ r->raw, r->len })), V(r->at)));
}
