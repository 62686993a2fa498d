#include "cli/demo_random.h"

#include "base/macros.h"

/* A counter stepped by an odd constant, its bits then mixed three times. */
uint64_t random_next(struct random *r)
{
    uint64_t z;

    r->state += UINT64_C(0x9e3779b97f4a7c15);
    z = r->state;
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

int64_t random_between(struct random *r, int64_t low, int64_t high)
{
    must(low <= high);
    return low + (int64_t)(random_next(r) % (uint64_t)(high - low + 1));
}

int64_t random_bell(struct random *r, int64_t low, int64_t high)
{
    return (random_between(r, low, high) + random_between(r, low, high) +
            random_between(r, low, high)) / 3;
}

int random_chance(struct random *r, int of_thousand)
{
    return random_between(r, 0, 999) < of_thousand;
}

size_t random_weighted(struct random *r, const int *weights, size_t n)
{
    int64_t sum = 0, at;

    for (size_t i = 0; i < n; i++)
        sum += weights[i];
    must(sum > 0);
    at = random_between(r, 0, sum - 1);
    for (size_t i = 0; i < n; i++) {
        if (at < weights[i])
            return i;
        at -= weights[i];
    }
    return n - 1;
}
