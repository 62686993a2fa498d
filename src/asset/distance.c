#include "asset/distance.h"

#include <stddef.h>

#include "base/macros.h"

/* Cosine of 0..90 degrees, times a million. */
static const int cosine_e6[] = {
    1000000, 999848, 999391, 998630, 997564, 996195, 994522, 992546,
    990268, 987688, 984808, 981627, 978148, 974370, 970296, 965926,
    961262, 956305, 951057, 945519, 939693, 933580, 927184, 920505,
    913545, 906308, 898794, 891007, 882948, 874620, 866025, 857167,
    848048, 838671, 829038, 819152, 809017, 798636, 788011, 777146,
    766044, 754710, 743145, 731354, 719340, 707107, 694658, 681998,
    669131, 656059, 642788, 629320, 615661, 601815, 587785, 573576,
    559193, 544639, 529919, 515038, 500000, 484810, 469472, 453990,
    438371, 422618, 406737, 390731, 374607, 358368, 342020, 325568,
    309017, 292372, 275637, 258819, 241922, 224951, 207912, 190809,
    173648, 156434, 139173, 121869, 104528, 87156, 69756, 52336,
    34899, 17452, 0,
};

/* Micrometres of a millionth of a degree of latitude, rounded:
   6371008.8 m x pi / 180 = 111195.0797 m a degree. */
#define UM_PER_E6 INT64_C(111195)

static int64_t absolute(int64_t v)
{
    return v < 0 ? -v : v;
}

/* Between the whole degrees a straight line is within 4e-5. */
static int64_t cosine(int64_t lat_e6)
{
    int64_t lat = absolute(lat_e6);
    int64_t degree = lat / 1000000, rest = lat % 1000000;

    if (degree >= 90)
        return 0;
    return (cosine_e6[degree] * (1000000 - rest) +
            cosine_e6[degree + 1] * rest) / 1000000;
}

/* The largest r with r * r <= v. */
static int64_t root(uint64_t v)
{
    uint64_t r = 0, bit = UINT64_C(1) << 62;

    while (bit > v)
        bit >>= 2;
    for (; bit != 0; bit >>= 2) {
        if (v >= r + bit) {
            v -= r + bit;
            r = (r >> 1) + bit;
        } else {
            r >>= 1;
        }
    }
    return (int64_t)r;
}

int64_t distance_m(struct place a, struct place b)
{
    int64_t dlat = (int64_t)a.lat_e6 - b.lat_e6;
    int64_t dlng = absolute((int64_t)a.lng_e6 - b.lng_e6);
    int64_t middle = ((int64_t)a.lat_e6 + b.lat_e6) / 2, x_mm, y_mm;

    if (dlng > 180000000)
        dlng = 360000000 - dlng;
    y_mm = absolute(dlat) * UM_PER_E6 / 1000;
    x_mm = dlng * UM_PER_E6 / 1000 * cosine(middle) / 1000000;
    /* At most 2 * 10^10 each: the squares fit. */
    return (root((uint64_t)(x_mm / 10 * (x_mm / 10)) +
                 (uint64_t)(y_mm / 10 * (y_mm / 10))) + 50) / 100;
}

static int64_t clamp(int64_t v, int64_t low, int64_t high)
{
    return v < low ? low : v > high ? high : v;
}

struct square distance_square(struct place around, int64_t radius_m)
{
    int64_t dlat = radius_m * 1000000 / UM_PER_E6 + 1;
    int64_t edge = clamp(absolute(around.lat_e6) + dlat, 0, 89000000);
    int64_t narrow = cosine(edge), dlng;

    must(narrow > 0); /* edge stays away from the pole */
    /* One part in a hundred more, for the flat Earth. */
    dlng = dlat * 1010000 / narrow + 1;
    return (struct square){
        .lng_min = (int)clamp(around.lng_e6 - dlng, -180000000, 180000000),
        .lng_max = (int)clamp(around.lng_e6 + dlng, -180000000, 180000000),
        .lat_min = (int)clamp(around.lat_e6 - dlat, -90000000, 90000000),
        .lat_max = (int)clamp(around.lat_e6 + dlat, -90000000, 90000000),
    };
}
