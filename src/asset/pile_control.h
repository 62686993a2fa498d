/*
 * What an operator tells a pile: each is a row of pile_command, sent and
 * answered through its gateway. All need the pile in the caller's scope and
 * online (ERR_PILE_OFFLINE), and are audited. They have the shape of a list
 * action.
 */
#ifndef ASSET_PILE_CONTROL_H
#define ASSET_PILE_CONTROL_H

#include <stdint.h>

#include "base/cx.h"

void pile_reboot(struct cx *cx, int64_t id);      /* 0x92, when idle */
void pile_sync_clock(struct cx *cx, int64_t id);  /* 0x56 */
void pile_sync_tariff(struct cx *cx, int64_t id); /* 0x58 */
void pile_sync_qr(struct cx *cx, int64_t id);     /* 0xF0 */
void pile_refresh(struct cx *cx, int64_t id);     /* 0x12 for every gun */

#endif
