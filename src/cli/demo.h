/*
 * The demo: two providers with their merchants, stations in Guangzhou and
 * Shenzhen, piles, drivers, and ninety days of charging up to now, made from
 * a seed. The parts, in the order in which they run: places and organisations,
 * assets, people, history (what was charged), books (orders, bills, postings).
 */
#ifndef CLI_DEMO_H
#define CLI_DEMO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/crypto.h"
#include "base/cx.h"
#include "base/money.h"
#include "base/stamp.h"
#include "cli/demo_random.h"
#include "tariff/tariff.h"

/* What a kind of site is like: when it is busy, and what it charges. */
enum demo_site { SITE_HUB, SITE_OFFICE, SITE_MALL, SITE_HOME, SITE_COUNT };

/* One station of the demo, as a person would describe it. */
struct demo_place {
    const char *name, *city, *district, *address;
    const char *code;  /* of the district, GB/T 2260 */
    int lng_e6, lat_e6;
    int merchant;      /* index into the merchants */
    enum demo_site site;
    int busy;          /* weight among the stations */
    int dc60, dc120, dc160, dc180, dc480, ac7; /* piles of each kind */
    const char *parking;
};

struct demo_org {
    const char *name, *contact, *phone, *city, *district, *address;
    int provider;      /* index into the providers; -1 for a provider */
    int kind;          /* of merchant */
    int64_t id;
};

struct demo_tariff {
    int64_t version_id;
    stamp starts_at;
    const char *slots;
    struct tariff_prices prices;
};

struct demo_station {
    const struct demo_place *place;
    int64_t id, provider_id, merchant_id;
    struct demo_tariff dc[2], ac[2]; /* the newer one last */
    int first_gun, guns;             /* into demo.guns */
    int total_w;
};

struct demo_pile_kind {
    const char *model;
    bool dc;
    int speed, guns, power_w, gun_power_w, voltage_dv, current_da;
};

struct demo_gun {
    int64_t connector_id, pile_id;
    int station;       /* index */
    char pile_no[15];
    int gun;
    const struct demo_pile_kind *kind;
    stamp free_at;
    int64_t meter_e4kwh;
    int counter;       /* of trade numbers */
};

struct demo_car {
    const char *name;
    int battery_kwh, dc_w, ac_w;
};

struct demo_driver {
    int64_t id;
    char phone[12], plate[12], card[17];
    const struct demo_car *car;
    int home;          /* station index it likes */
    int64_t balance;   /* fen */
    stamp busy_until, joined_at;
    bool has_card;
};

/* One charge that took place, or one start that failed. */
struct demo_session {
    int gun, driver;
    stamp created_at, charging_at, ended_at;
    int64_t energy_e4kwh, meter_start_e4kwh;
    int soc_start, soc_end, power_w, max_power_w, stop_reason, stop_by;
    bool failed, by_card;
    int64_t hold_fen;
    int64_t rate_e4kwh[RATES];
    money elec, service;
    int counter;
};

struct demo_topup {
    stamp at;
    int driver;
    int64_t amount;
};

enum demo_account {
    ACCOUNT_ADMIN, ACCOUNT_PROVIDER, ACCOUNT_PROVIDER_2, ACCOUNT_MERCHANT,
    ACCOUNT_MERCHANT_2, ACCOUNT_STATION, ACCOUNT_AUDITOR, DEMO_ACCOUNTS
};
enum { DEMO_PASSWORD_SIZE = 17 };

struct demo_login {
    const char *login;
    char password[DEMO_PASSWORD_SIZE];
    char hash[PASSWORD_HASH_SIZE];
};

struct demo {
    struct cx *cx;
    struct random random;
    bool small;
    int days;
    int goal;          /* orders */
    stamp now, first_day;
    struct demo_org *providers, *merchants;
    size_t provider_count, merchant_count;
    struct demo_station *stations;
    size_t station_count;
    struct demo_gun *guns;
    size_t gun_count;
    struct demo_driver *drivers;
    size_t driver_count;
    struct demo_session *sessions;
    size_t session_count;
    struct demo_topup *topups;
    size_t topup_count, topup_max;
    int pile_count;
    struct demo_login accounts[DEMO_ACCOUNTS];
};

/* demo_place.c: constant descriptions. */
extern const struct demo_pile_kind demo_kinds[];
size_t demo_places(bool small, const struct demo_place **out);
/* How busy an hour of the day is at this kind of site, any unit. */
int demo_hour_weight(enum demo_site site, int hour);
int demo_weekday_weight(enum demo_site site, int weekday);

/* Before the transaction: hashing takes time on purpose. */
void demo_make_passwords(struct demo *d);
void demo_make_orgs(struct demo *d);
/* A charge at a part of its time: mean power is session.power_w. */
int demo_power_at(const struct demo_session *s, int permille);
int64_t demo_energy_at(const struct demo_session *s, int permille);
/* The version in force for a gun at a moment. */
const struct demo_tariff *demo_tariff_of(const struct demo *d,
                                         const struct demo_gun *g, stamp at);
void demo_make_assets(struct demo *d);
/* An account of the first merchant that sees only two of its stations. */
void demo_make_keeper(struct demo *d);
void demo_make_people(struct demo *d);
void demo_make_history(struct demo *d);
void demo_make_books(struct demo *d);
/* How the history goes on: cars in ten hours like this one of a Monday (1) to
   Sunday (7), after the last day. */
int64_t demo_arrivals_in_ten_hours(const struct demo *d, int weekday,
                                   int hour);

/* PILEHUB_HOME/demo.accounts, KEY=VALUE: written as the last act before the
   commit, kept after it. */
void demo_write_accounts(const struct demo *d);
void demo_keep_accounts(const struct demo *d);

/* PILEHUB_HOME/sim.piles, sim.cards and sim.week: what the simulator is to
   play, so that its days are like those before. */
void demo_write_fleet(const struct demo *d);

#endif
