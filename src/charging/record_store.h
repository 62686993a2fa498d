/*
 * Trade records on their way into the registry (rules G10, G11): the gateway
 * stores them, jobs settle them. Storing is idempotent: the same record again
 * changes nothing, another record under a known number is kept as a conflict,
 * and told once.
 */
#ifndef CHARGING_RECORD_STORE_H
#define CHARGING_RECORD_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/crypto.h"
#include "base/cx.h"
#include "base/stamp.h"

struct record_in {
    char key[33]; /* trade number, or record_key of a number that is zero */
    int64_t pile_id;
    int gun;
    int frame_type;
    uint8_t hash[SHA256_SIZE]; /* of the body */
    const void *raw; /* the whole frame */
    size_t len;
    stamp at;
    int64_t gateway_id;
};

/* A pile repeats a record that was not confirmed within minutes; after hours
   only if its line was down so long. */
enum { RECORD_OLD_MS = 12 * 3600 * 1000 };

enum record_result {
    RECORD_IS_NEW,
    RECORD_IS_KNOWN,   /* the same, stored before */
    RECORD_IS_OLD,     /* the same, stored more than RECORD_OLD_MS before */
    RECORD_IS_CONFLICT /* another one under this number was first */
};

/*
 * The key of a record whose trade number is all zero: a hash of pile, gun,
 * times, energies and meters, as 32 characters that no number has.
 */
void record_key(const void *body, size_t len, char key[33]);

/*
 * Stores all of them, at most RECORDS_BATCH, in one transaction, and moves
 * their orders to recorded; results[i] tells about rows[i]. A record under the
 * number of another gun's order gets its content as its key.
 */
enum { RECORDS_BATCH = 500 };
void records_store(struct cx *cx, struct record_in *rows, size_t n,
                   enum record_result *results);

/* A request of a pile that needs the money side (0x31): jobs answer. */
struct request_in {
    int64_t pile_id;
    int gun;
    int frame_type;
    const void *raw;
    size_t len;
    stamp at;
};
void pile_request_add(struct cx *cx, const struct request_in *r);

#endif
