/*
 * What piles said in the history: trade records of all charges, and for the
 * last days the frames and readings of each, so that an order's evidence and
 * curves can be looked at.
 */
#ifndef CLI_DEMO_FRAMES_H
#define CLI_DEMO_FRAMES_H

#include "cli/demo.h"
#include "protocol/ykc/frame.h"

/* The record 0x3B of a charge as its pile sent it; how many bytes. */
size_t demo_record_frame(const struct demo *d, const struct demo_session *s,
                         const char *trade_no, uint8_t out[YKC_MAX_FRAME]);

/* Frames and telemetry of the charges of the last days. */
void demo_make_frames(struct demo *d);

#endif
