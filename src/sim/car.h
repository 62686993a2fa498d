/*
 * A car at the gun: how much power its battery takes. Constant power, then a
 * taper above 80 % state of charge; voltage rises with the charge, the pack
 * warms with the power. Integers only.
 */
#ifndef SIM_CAR_H
#define SIM_CAR_H

#include <stdbool.h>
#include <stdint.h>

#include "protocol/ykc/frame.h"
#include "sim/rng.h"

struct car {
    int64_t capacity_wms;
    int64_t stored_wms;
    int64_t target_wms;    /* the driver leaves here: often 80 %, or full */
    int32_t max_power_w;   /* of the car, DC */
    int32_t onboard_w;     /* of its AC charger */
    int32_t nominal_dv;    /* pack voltage, 0.1 V */
    int32_t pack_mc;       /* pack temperature, 0.001 °C */
    int32_t ambient_mc;
    uint8_t battery_type;  /* as in frame 0x15 */
    char vin[YKC_VIN_TEXT];
};

/* Some car that needs a charge. */
void car_arrive(struct car *c, struct rng *rng);

/* 0..1000 */
int car_soc_permille(const struct car *c);
bool car_is_satisfied(const struct car *c);
bool car_is_full(const struct car *c);

/*
 * The power that flows after so long, if the pile can give limit_w. on_ac
 * takes the car's own charger into account instead of its battery.
 */
int32_t car_power_w(const struct car *c, int32_t limit_w, bool on_ac,
                    int64_t since_start_ms);

/* That power flows into the battery, less what gets lost, for ms. */
void car_charge(struct car *c, int32_t power_w, int64_t ms);

/* Pack voltage now, 0.1 V. */
int32_t car_voltage_dv(const struct car *c);

/* Seconds until the target at that power; 0 if it is reached. */
int64_t car_seconds_left(const struct car *c, int32_t power_w);

#endif
