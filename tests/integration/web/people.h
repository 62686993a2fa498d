/*
 * Organisations, roles and accounts for tests of the web layer: a platform,
 * two providers with a merchant and a station each, and people in them. All
 * passwords are PEOPLE_PASSWORD.
 */
#ifndef TESTS_WEB_PEOPLE_H
#define TESTS_WEB_PEOPLE_H

#include <stdint.h>

#include "base/cx.h"

#define PEOPLE_PASSWORD "Grain-of-7Salt"

/* Phones of the accounts. */
#define ADMIN_PHONE    "13800000001" /* platform, built-in role */
#define CLERK_PHONE    "13800000002" /* platform, t.view only */
#define PROVIDER_PHONE "13800000003" /* first provider, t.* by role */
#define OTHER_PHONE    "13800000004" /* second provider, built-in role */
#define BOUND_PHONE    "13800000005" /* first provider, one station */
#define NEW_PHONE      "13800000006" /* first provider, no password yet */
#define OFF_PHONE      "13800000007" /* disabled */

struct people {
    int64_t platform, provider[2], merchant[2], station[2];
    int64_t driver[2];
};

/* Fills the database of testdb, and makes the tables of the probe. */
void people_make(struct people *p);

/* Signs a driver in: "Bearer TOKEN" for the header Authorization. */
enum { PEOPLE_BEARER = 100 };
void people_bearer(int64_t driver_id, char out[PEOPLE_BEARER]);

#endif
