/*
 * Stations, piles and prices for tests of the driver API: four stations in
 * two cities that drivers can find, and two that they must not.
 */
#ifndef TESTS_DRIVER_PLACES_H
#define TESTS_DRIVER_PLACES_H

#include <stdint.h>

#include "base/cx.h"

enum {
    STATION_TIYU = 1,    /* 天河体育中心, 广州市: 2 DC piles, 1 AC pile */
    STATION_ZHUJIANG,    /* 珠江新城, 1.9 km from it: 1 DC pile */
    STATION_PANYU,       /* 番禺, 22 km: no tariff */
    STATION_SHENZHEN,    /* 深圳市, 94 km */
    STATION_CLOSED,      /* disabled */
    STATION_WAITING,     /* not passed its review */
    STATIONS = STATION_WAITING,
};

/* Connectors of STATION_TIYU by QR number: pile code and gun. */
#define QR_A1 "3201060001923601" /* online, plugged in, 120 kW DC */
#define QR_A2 "3201060001923602" /* online, plugged in, same pile */
#define QR_B1 "3201060001923701" /* fault */
#define QR_B2 "3201060001923702" /* charging */
#define QR_C1 "3201060001923801" /* AC, idle: nothing plugged in */
/* STATION_ZHUJIANG */
#define QR_D1 "3201060001923901" /* offline */
/* STATION_PANYU */
#define QR_E1 "3201060001924001" /* online, plugged in, no tariff */
/* STATION_CLOSED */
#define QR_F1 "3201060001924101" /* online, plugged in */

/* 00-08 valley, 08-10 flat, 10-12 peak, 12-14 sharp, 14-24 flat;
   1.30/0.40 1.10/0.35 0.80/0.30 0.40/0.25 yuan per kWh. */
#define PLACES_SLOTS "333333333333333322221111000022222222222222222222"

/* Fills the database of testdb. */
void places_make(struct cx *cx);

/* More stations on a line to the north of a place, step_e6 apart; names
   "PREFIX 01" and so on. */
void places_more(struct cx *cx, const char *prefix, int count, int lng_e6,
                 int lat_e6, int step_e6);

int64_t places_connector(struct cx *cx, const char *qr_no);

/* Money into a driver's wallet, as a payment channel brings it. */
void places_give(struct cx *cx, int64_t driver_id, int64_t fen);

int64_t places_driver(struct cx *cx, const char *phone);

/* A new driver of that phone with a session; the id, and the token in out. */
int64_t places_sign_in(struct cx *cx, const char *phone, char out[64]);

/* Formatted SQL. */
void places_sql(struct cx *cx, const char *format, ...) PRINTF_LIKE(2, 3);

#endif
