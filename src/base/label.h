/*
 * Words for stored numbers. An enumeration is one X-macro list that makes the
 * constants and this table, so that they cannot disagree.
 */
#ifndef BASE_LABEL_H
#define BASE_LABEL_H

#include <stddef.h>
#include <string.h>

#include "base/macros.h"

struct label {
    int value;        /* as stored */
    const char *key;  /* in JSON and URLs: "charging" */
    const char *word; /* for people: "充电中" */
    const char *mark; /* one of the eight marks of the design, or NULL:
                         charging idle occupied reserved fault offline ok
                         warn */
};

/* One without a value: of what is stored as its key. */
#define LABEL(key, word) { 0, key, word, NULL }

/* "There is none": the key is NULL. */
#define NO_LABEL ((struct label){ 0 })

/* A table, or what at gives for 0, 1, ... until it gives NO_LABEL: words that
   stand in several places. Read them with labels_at. */
struct labels {
    const struct label *v;
    size_t n;
    struct label (*at)(size_t i);
};

/*
 * One X-macro list makes the enum, the number of its rows and the table:
 *
 *   #define PILE_KINDS(X)                              \
 *       X(PILE_DC, 1, "dc", "直流", NULL)              \
 *       X(PILE_AC, 2, "ac", "交流", NULL)
 *   LABELS_DECLARE(pile_kind, PILE_KINDS);     in the header
 *   LABELS_DEFINE(pile_kind, PILE_KINDS);      in one source file
 *   .labels = LIST(pile_kind_labels)           in a descriptor
 */
#define LABELS_DECLARE(tag, ROWS)                                             \
    enum tag { ROWS(LABEL_VALUE_) };                                          \
    enum { tag##_count = 0 ROWS(LABEL_ONE_) };                                \
    extern const struct label tag##_labels[tag##_count]
#define LABELS_DEFINE(tag, ROWS) \
    const struct label tag##_labels[tag##_count] = { ROWS(LABEL_ROW_) }
#define LABEL_VALUE_(name, value, key, word, mark) name = (value),
#define LABEL_ROW_(name, value, key, word, mark) { (value), key, word, mark },
#define LABEL_ONE_(name, value, key, word, mark) +1

/* The i-th, NO_LABEL behind the last. */
static inline struct label labels_at(struct labels l, size_t i)
{
    if (l.at != NULL)
        return l.at(i);
    return i < l.n ? l.v[i] : NO_LABEL;
}

/* The one with that key, or NO_LABEL. */
static inline struct label label_of_key(struct labels labels, const char *key)
{
    struct label l;

    for (size_t i = 0; (l = labels_at(labels, i)).key != NULL; i++)
        if (strcmp(l.key, key) == 0)
            return l;
    return NO_LABEL;
}

/* The label of a value in a table, or NULL. */
static inline const struct label *label_of(struct labels l, int value)
{
    for (size_t i = 0; i < l.n; i++)
        if (l.v[i].value == value)
            return &l.v[i];
    return NULL;
}

/* The word of a value, or "—". */
static inline const char *label_word(struct labels l, int value)
{
    const struct label *found = label_of(l, value);

    return found != NULL ? found->word : "—";
}

/* The key of a value that must be one of the list: written by us. */
static inline const char *label_key_of(struct labels l, int value)
{
    const struct label *found = label_of(l, value);

    must(found != NULL);
    return found->key;
}

#endif
