/*
 * What the simulator is told on its command line.
 */
#ifndef SIM_OPTIONS_H
#define SIM_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocol/ykc/frame.h"

/*
 * Faults, in percent of the cases. The control socket changes them while
 * the fleet runs. FAULT(member, default, most, help)
 */
#define SIM_FAULTS(FAULT)                                                     \
    FAULT(drop,         0, 100, "percent of frames that are not sent")        \
    FAULT(deaf,         0, 100, "percent of received frames not heard")       \
    FAULT(resend,       0, 100, "percent of frames sent twice")               \
    FAULT(bad_crc,      0, 100, "percent of frames with a wrong check field") \
    FAULT(garbage,      0, 100, "percent of frames with bytes in front")      \
    FAULT(slow_ms,      0, 60000, "answers come up to so much later")         \
    FAULT(cut,          0, 100, "percent of reports that end the link")       \
    FAULT(no_record,    0, 100, "percent of sessions without a record")       \
    FAULT(lie_energy,   0, 100, "percent of records with more energy than "   \
                                "the meter moved")                            \
    FAULT(lie_price,    0, 100, "percent of records with a higher price")     \
    FAULT(start_fail,   0, 100, "percent of starts that fail after yes")

/* NUMBER(member, default, least, most, help) */
#define SIM_NUMBERS(NUMBER)                                                   \
    NUMBER(port,        8767, 1, 65535, "TCP port of the platform")           \
    NUMBER(piles,       0, 0, 1000000, "so many piles with codes in a row")   \
    NUMBER(guns,        2, 1, 16, "guns of each of them")                     \
    NUMBER(power_w,     120000, 1000, 960000, "their power")                  \
    NUMBER(ac,          0, 0, 100, "percent of them that are AC, 7 kW")       \
    NUMBER(seed,        1, 0, INT64_MAX, "same seed, same run")               \
    NUMBER(sources,     0, 0, 60000, "source addresses 127.0.x.y; 0: by "     \
                                     "number of piles")                       \
    NUMBER(ramp_s,      0, 0, 3600, "time over which piles connect; 0: by "   \
                                    "number of piles")                        \
    NUMBER(speed,       1, 1, 3600, "batteries, meters and the times of a "   \
                                    "session run so much faster")             \
    NUMBER(haste,       1, 1, 1000, "timers of the protocol run so much "     \
                                    "faster: for tests")                      \
    NUMBER(arrivals,    0, 0, 1000000, "card drivers an hour")                \
    NUMBER(begin,       0, 0, 100000, "card drivers that come in the first "  \
                                      "minute; 0 with --week: as many as "    \
                                      "are usually there")                    \
    NUMBER(mishaps,     0, 0, 100000, "guns that break, links that are lost, " \
                                      "an hour; 2 to 25 minutes each")        \
    NUMBER(stay_min_s,  0, 0, 86400, "drivers stop after at least so long")   \
    NUMBER(stay_max_s,  0, 0, 86400, "and at most so long; 0: when full")     \
    NUMBER(auto_plug_s, 0, 0, 60, "a car comes so long after a start without" \
                                  " one; 0: nobody comes")                    \
    NUMBER(skew_s,      0, -86400, 86400, "clocks of the piles are wrong by") \
    NUMBER(swap_crc,    0, 0, 100, "percent of piles with swapped check "     \
                                   "fields")                                  \
    NUMBER(qr_ok,       1, 0, 1, "value that means success in 0xF1")

/* TEXT(member, default, help) */
#define SIM_TEXTS(TEXT)                                                       \
    TEXT(host,    "127.0.0.1", "address of the platform")                     \
    TEXT(file,    "", "CSV of piles: code,dc|ac,guns,power_w,busy percent")   \
    TEXT(first,   "32010200000001", "code of the first pile of --piles")      \
    TEXT(cards,   "", "file of card UIDs, 16 hex digits a line")              \
    TEXT(week,    "", "file of card drivers an hour: from Monday on a line "  \
                      "a day of 24 numbers; instead of --arrivals")           \
    TEXT(state,   "", "file that keeps unconfirmed records and meters")       \
    TEXT(control, "", "unix socket that takes orders")

struct sim_faults {
#define MEMBER(name, dflt, most, help) int name;
    SIM_FAULTS(MEMBER)
#undef MEMBER
};

enum sim_mode { SIM_FLEET, SIM_STORM, SIM_HEARTBEAT, SIM_RECORDS };

struct sim_options {
    enum sim_mode mode;
#define MEMBER(name, ...) int64_t name;
    SIM_NUMBERS(MEMBER)
#undef MEMBER
#define MEMBER(name, ...) const char *name;
    SIM_TEXTS(MEMBER)
#undef MEMBER
    struct sim_faults faults;
    int64_t connections; /* of the storm and the benchmarks */
    int64_t seconds;
    int64_t in_flight;
    bool skip_login;
    bool quiet;
    bool help;
};

/* False, and why in err, if the call is wrong. */
MUST_USE bool sim_options_read(struct sim_options *o, int argc, char **argv,
                               char *err, size_t err_size);
void sim_options_help(void);

/* Sets one fault by name; false if there is none or the value is wrong. */
MUST_USE bool sim_fault_set(struct sim_faults *f, const char *name,
                            const char *value);

#endif
