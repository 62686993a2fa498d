/*
 * Loads instead of a fleet: how fast many piles log in, how many heartbeats
 * go round, how many trade records are confirmed. Each prints one line of
 * JSON with the figures.
 */
#ifndef SIM_BENCH_H
#define SIM_BENCH_H

#include "sim/options.h"

/* Runs the mode of the options; returns the exit code of the program. */
int bench_run(const struct sim_options *options);

#endif
