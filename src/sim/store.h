/*
 * What a pile remembers over a restart: records that nobody confirmed yet,
 * and its meters. A file of lines, appended to; a session that was running
 * when the file ends is a session that a power cut ended.
 */
#ifndef SIM_STORE_H
#define SIM_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocol/ykc/frame.h"

struct store {
    int fd; /* -1: nothing is kept */
};

/* What a reader of the file is told, once for each. */
struct store_reader {
    void *arg;
    void (*record)(void *arg, const struct ykc_trade_record *r);
    void (*meter)(void *arg, const char *pile_code, int gun,
                  uint64_t reading_e4kwh);
};

/*
 * Reads the file if it is there, tells what it holds, and writes it anew
 * with only that. An empty path keeps nothing. False, and why in err.
 */
MUST_USE bool store_open(struct store *s, const char *path,
                         const struct store_reader *reader, char *err,
                         size_t err_size);
void store_close(struct store *s);

/* The record that will be owed if the power fails now. */
void store_running(struct store *s, const struct ykc_trade_record *r);
/* The record of a session that ended. */
void store_record(struct store *s, const struct ykc_trade_record *r);
/* It was confirmed, or given up. */
void store_done(struct store *s, const char *trade_number);
void store_meter(struct store *s, const char *pile_code, int gun,
                 uint64_t reading_e4kwh);

#endif
