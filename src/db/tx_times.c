#include "db/tx_times.h"

#include "base/macros.h"
#include "db/conn.h"

const int64_t tx_length_us[TX_LENGTHS] = {
    1000, 2500, 5000, 10000, 25000, 50000, 100000, 250000, 1000000, 5000000,
};

void db_use_times(struct db *db, struct tx_times *times)
{
    db->times = times;
}

void tx_times_note(struct tx_times *times, int64_t us)
{
    size_t i = 0;

    must(us >= 0);
    while (i < TX_LENGTHS && us > tx_length_us[i])
        i++;
    atomic_fetch_add_explicit(&times->count[i], 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&times->sum_us, (uint64_t)us,
                              memory_order_relaxed);
}

int64_t tx_times_within(const struct tx_times *times, int per_mille)
{
    uint64_t all = 0, so_far = 0;

    must(per_mille > 0 && per_mille <= 1000);
    for (size_t i = 0; i <= TX_LENGTHS; i++)
        all += times->count[i];
    for (size_t i = 0; all > 0 && i < TX_LENGTHS; i++) {
        so_far += times->count[i];
        if (so_far * 1000 >= all * (uint64_t)per_mille)
            return tx_length_us[i];
    }
    return all == 0 ? 0 : INT64_MAX;
}
