/*
 * The tariffs in force, in memory: the body of 0x0A for every place, made
 * once. A book is never changed; the keeper puts a new one in its place.
 */
#ifndef GATEWAY_BOOK_H
#define GATEWAY_BOOK_H

#include <stddef.h>
#include <stdint.h>

#include "base/cx.h"
#include "base/stamp.h"
#include "gateway/charger.h"

enum { TARIFF_BODY = 90 };

struct page {
    int64_t station_id;
    int64_t area_id;      /* 0: the whole station */
    uint16_t number;      /* of the tariff, BCD */
    uint8_t body[TARIFF_BODY]; /* with pile code 0 */
};

struct book {
    struct retired retired;
    int64_t changes;      /* book_changes when it was read */
    stamp until;          /* a new version takes effect then; 0: none known */
    size_t count;
    struct page pages[];
};

/* Reads all tariffs in force now. Free with free. */
struct book *book_read(struct cx *cx);

/* A number that changes with every change of a tariff. */
int64_t book_changes(struct cx *cx);

/* The tariff for a pile that stands there, or NULL. */
const struct page *book_find(const struct book *b, int64_t station_id,
                             int64_t area_id);

#endif
