/*
 * Names of the counters: see count.h.
 */
#include "gateway/count.h"

const struct counter_info counter_infos[COUNTER_MAX] = {
#define COUNTER_ROW(name, help) { #name, help },
    COUNTERS(COUNTER_ROW)
#undef COUNTER_ROW
};
