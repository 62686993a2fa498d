/*
 * The frames in which a pile says what goes on at a gun.
 */
#ifndef SIM_REPORT_H
#define SIM_REPORT_H

#include "sim/pile.h"

/* 0x13. */
void report_state(struct pile *p, struct gun *g);
/* 0x23 and 0x25, of DC piles. */
void report_battery(struct pile *p, struct gun *g);
/* 0x15, 0x17. */
void report_handshake(struct pile *p, struct gun *g);
void report_parameters(struct pile *p, struct gun *g);
/* 0x1D or 0x21, then 0x19. */
void report_end(struct pile *p, struct gun *g, uint8_t stop_reason);

/* The record as it is now. */
void report_record(struct pile *p, struct gun *g, uint8_t stop_reason,
                   struct ykc_trade_record *r);

#endif
