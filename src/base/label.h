/*
 * Words for stored numbers. An enumeration is one X-macro list that makes the
 * constants and this table, so that they cannot disagree.
 */
#ifndef BASE_LABEL_H
#define BASE_LABEL_H

#include <stddef.h>

struct label {
    int value;        /* as stored */
    const char *key;  /* in JSON and URLs: "charging" */
    const char *word; /* for people: "充电中" */
    const char *mark; /* one of the eight marks of the design, or NULL:
                         charging idle occupied reserved fault offline ok
                         warn */
};

struct labels {
    const struct label *v;
    size_t n;
};

/* The label of a value, or NULL. */
static inline const struct label *label_of(struct labels l, int value)
{
    for (size_t i = 0; i < l.n; i++)
        if (l.v[i].value == value)
            return &l.v[i];
    return NULL;
}

#endif
