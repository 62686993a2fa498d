#include "tariff/tariff_frame.h"

#include <stdio.h>

#include "base/crypto.h"
#include "protocol/ykc/frame.h"
#include "tariff/tariff.h"

/* Our rates are numbered as on the wire. */
_Static_assert((int)RATE_SHARP == 0 && (int)RATE_VALLEY == 3,
               "rates are the codes of the slots");

void tariff_frame(const char *pile_no, const struct tariff_version *v,
                  struct ykc_tariff_reply *out)
{
    *out = (struct ykc_tariff_reply){ .loss_ratio = 0 };
    snprintf(out->pile_code, sizeof out->pile_code, "%s", pile_no);
    must(hex_decode(v->wire_no, out->tariff_number, 2));
    for (int r = 0; r < RATES; r++)
        ykc_tariff_set_prices(
            out, (enum ykc_rate_code)r,
            (struct ykc_prices){ (uint32_t)v->prices.elec_e5[r],
                                 (uint32_t)v->prices.service_e5[r] });
    for (int i = 0; i < TARIFF_SLOTS; i++)
        out->slot_rate_codes[i] = (uint8_t)(v->slots[i] - '0');
}
