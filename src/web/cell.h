/*
 * How a stored value looks: on a page, in a file, in JSON, and as typed. One
 * table of kinds; nothing else in web formats a number.
 */
#ifndef WEB_CELL_H
#define WEB_CELL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/cx.h"
#include "web/resource.h"

/* Stands for "has none" on pages; a measured zero is a zero. */
#define CELL_NONE "—"

/* "kW", "kWh", "元/kWh", "" ... what stands behind the value. */
const char *cell_unit(enum cell kind);

/* The unit to print after each value: none if the title says it already, or
   if the value does ("¥99.46"). */
const char *cell_unit_beside(const struct column *c);

/* True for numbers, which are right-aligned. */
bool cell_is_number(enum cell kind);

/* Decimal places of cell_plain. */
int cell_places(enum cell kind);

/* True if the values of a column add up to something: numbers but rates. */
bool cell_can_sum(enum cell kind);

/*
 * raw is the value as the database prints it, NULL if it is NULL. The results
 * are arena text.
 *
 * For people: thousands commas, the design's places, "11-20 14:05:16" this
 * year, the word of an enumeration, phones masked. Without the unit.
 */
const char *cell_pretty(struct cx *cx, const struct column *c,
                        const char *raw);

/* For files: all places, no commas, full times, "" for none. */
const char *cell_plain(struct arena *a, const struct column *c,
                       const char *raw);

/* For JSON: numbers in the shown unit, keys of enumerations, null. */
void cell_json(struct arena *a, const struct column *c, const char *raw,
               struct json_out *out);

/* The label of an enumeration's stored value, or NO_LABEL. */
struct label cell_label(struct labels labels, const char *raw);

/* ---- typed numbers ----------------------------------------------------- */

/* A stored number as one types it: 7000 of CELL_KW is "7". */
const char *cell_typed(struct arena *a, enum cell kind, int64_t value);

/* The other way; commas and a full-width minus are allowed. False if it is
   not a number or more precise than the unit. */
MUST_USE bool cell_read(enum cell kind, const char *text, int64_t *out);

/* "1–960 kW", "至少 1 kW", "" if unlimited; for messages and help. */
const char *cell_range(struct arena *a, enum cell kind, int64_t min,
                       int64_t max);

#endif
