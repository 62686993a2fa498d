/*
 * Drivers as those who pay for a charge, and their cards. No scope: whoever
 * starts a charge has shown who pays (session, card, console permission).
 */
#ifndef DRIVER_PAYER_H
#define DRIVER_PAYER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/cx.h"
#include "base/label.h"

struct payer {
    int64_t driver_id;
    bool is_enabled;
    const char *plate;
    /* The card in question, or one that the driver has; "" without. */
    const char *physical_no; /* 16 hex digits, upper case, as on the wire */
    const char *logical_no;
    int card_status;         /* card.status; 0 without a card */
};

#define CARD_STATUSES(X)                              \
    X(CARD_ENABLED, 1, "enabled", "正常", "ok")        \
    X(CARD_LOST,    2, "lost",    "挂失", "warn")      \
    X(CARD_BLOCKED, 3, "blocked", "冻结", "offline")

LABELS_DECLARE(card_status, CARD_STATUSES);

/* The driver with an enabled card if there is one, or NULL. */
const struct payer *payer_find(struct cx *cx, int64_t driver_id);

/* Whose card this is, or NULL: as it came, else with its last four or seven
   bytes reversed, as some readers send it (ykc-1.6 section 4.4). */
const struct payer *payer_of_card(struct cx *cx, const char *physical_no);

#endif
