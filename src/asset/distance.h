/*
 * How far apart two places are, in whole metres and whole numbers.
 */
#ifndef ASSET_DISTANCE_H
#define ASSET_DISTANCE_H

#include <stdint.h>

/* A place in millionths of a degree. */
struct place {
    int lng_e6, lat_e6;
};

/*
 * Metres between two places, on a sphere of 6,371,008.8 m, as if the Earth
 * were flat at their middle latitude: within 0.1 % up to 100 km and within
 * 1 % up to 1,000 km between 15 and 55 degrees, which is where stations are.
 */
int64_t distance_m(struct place a, struct place b);

/* The square (in degrees) that holds everything within radius of a place. */
struct square {
    int lng_min, lng_max, lat_min, lat_max; /* e6 */
};
struct square distance_square(struct place around, int64_t radius_m);

#endif
