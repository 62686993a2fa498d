/*
 * Words and rules of the live state: see live.h.
 */
#include "asset/live.h"

LABELS_DEFINE(connector_state, CONNECTOR_STATES);
LABELS_DEFINE(pile_event, PILE_EVENTS);

int connector_state_of(uint8_t reported, uint8_t plugged)
{
    switch (reported) {
    case 0:
        return CONNECTOR_OFFLINE;
    case 2:
        return plugged == 1 ? CONNECTOR_OCCUPIED : CONNECTOR_IDLE;
    case 3:
        return CONNECTOR_CHARGING;
    default:
        return CONNECTOR_FAULT;
    }
}
