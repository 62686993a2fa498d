/*
 * pilehub-sim: a fleet of charging piles that speak the real protocol, for
 * the demo, for tests and for loads.
 */
#include <stdio.h>

#include "sim/bench.h"
#include "sim/options.h"
#include "sim/sim.h"

static int run_fleet(const struct sim_options *options)
{
    char err[400] = "";
    struct sim *sim = sim_new(options, err, sizeof err);

    if (sim == NULL) {
        fprintf(stderr, "pilehub-sim: %s\n", err);
        return 1;
    }
    sim_run(sim);
    sim_free(sim);
    return 0;
}

int main(int argc, char **argv)
{
    struct sim_options options;
    char err[400] = "";

    if (!sim_options_read(&options, argc, argv, err, sizeof err)) {
        fprintf(stderr, "pilehub-sim: %s\npilehub-sim --help says more.\n",
                err);
        return 2;
    }
    if (options.help) {
        sim_options_help();
        return 0;
    }
    return options.mode == SIM_FLEET ? run_fleet(&options)
                                     : bench_run(&options);
}
