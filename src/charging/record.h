/*
 * Trade records (0x3B, and 0x3D of V1.7): what the pile says about a session,
 * and whether that can be true (rule G12, ykc-1.6 section 9). Pure: no
 * database, no clock. The pile's prices and amounts are evidence; the bill
 * comes from its energy and our prices.
 */
#ifndef CHARGING_RECORD_H
#define CHARGING_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cx.h"
#include "base/stamp.h"
#include "tariff/billing.h"
#include "tariff/tariff.h"

struct record {
    char trade_no[33];
    char pile_no[15];
    stamp start, end; /* by the pile's clock; 0: no such moment */
    struct {
        int64_t price_e5, energy_e4kwh, with_loss_e4kwh, amount_e4yuan;
    } rate[RATES];
    int64_t meter_start_e4kwh, meter_end_e4kwh;
    int64_t total_e4kwh, total_with_loss_e4kwh, amount_e4yuan;
    char vin[18];
    int start_flag;
    int stop_reason;
    char card[17]; /* physical, 16 hex digits */
};

/* Reads a stored frame; false if it is not a whole record. */
MUST_USE bool record_read(const void *raw, size_t len, struct record *out);

/* Start flags of a record. */
enum { RECORD_BY_OFFLINE_CARD = 4 };

/* P(NAME, text). Each holds the order for review, its money reserved. */
#define RECORD_PROBLEMS(P)                                                   \
    P(TIMES,    "起止时间不合理")      /* start < end */                     \
    P(SUM,      "各时段电量之和与总电量不符")  /* within 0.001 kWh */        \
    P(METER,    "电表起止差与总电量不符")      /* within 0.0001 kWh */       \
    P(POWER,    "电量超过额定功率可充电量")    /* power x time x 1.05 */     \
    P(PRICE,    "电桩单价与下发的不符")                                      \
    P(PERIOD,   "有电量的时段不在充电时间内")                                \
    P(AMOUNT,   "电桩金额与平台核算不符")      /* beyond 1 fen per rate */   \
    P(CLOCK,    "电桩时钟偏差超过 5 分钟")     /* time-of-use prices only */ \
    P(LOSS,     "计损电量与电量不符")                                        \
    P(OVERLAP,  "与同一电枪的其他订单时间重叠")                              \
    P(ZERO,     "遥测有电量而记录电量为零")

enum record_problem {
#define RECORD_NUMBER(name, text) PROBLEM_NO_##name,
    RECORD_PROBLEMS(RECORD_NUMBER)
#undef RECORD_NUMBER
    PROBLEM_COUNT
};
#define PROBLEM(name) (1U << PROBLEM_NO_##name)

/* What a record is compared with. */
struct record_case {
    const struct record *record;
    const struct tariff_version *version; /* frozen at start */
    int64_t power_w;      /* rated */
    int64_t clock_off_ms; /* of the pile, at its last clock check */
    stamp created_at;     /* of the order */
    stamp from, to;       /* of the session by our clock, if known */
    stamp received_at;    /* of the record */
    int64_t live_e4kwh;   /* by the last telemetry */
    bool overlaps;        /* with another order of the gun */
};

/* When the session was: the record's times, ours where it has none. */
stamp record_start(const struct record_case *c);
stamp record_end(const struct record_case *c);

/* Our bill of the record's energies. */
void record_bill(const struct record *r, const struct tariff_prices *prices,
                 struct bill *out);

/* What is wrong, as a set of PROBLEM(NAME); 0: settle. */
unsigned record_problems(const struct record_case *c);

/* The set in words, "；" between them. */
const char *record_problems_text(struct cx *cx, unsigned problems);

#endif
