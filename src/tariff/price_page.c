/*
 * The prices of a day: see price_page.h.
 */
#include "tariff/price_page.h"

#include "base/money.h"
#include "tariff/tariff.h"

static const char *half_hour(struct cx *cx, int slot)
{
    return cx_printf(cx, "%02d:%02d", slot / 2, slot % 2 * 30);
}

void price_rows(struct cx *cx, struct vnode *rows,
                const struct tariff_version *t)
{
    int now = stamp_minute_of_day(cx->now) / 30;
    char text[MONEY_TEXT];
    size_t n = 0;

    for (int from = 0, to; from < TARIFF_SLOTS; from = to) {
        struct vnode *row = v_item(rows, n++);
        int rate = t->slots[from] - '0';

        for (to = from; to < TARIFF_SLOTS && t->slots[to] == t->slots[from];)
            to++;
        v_set(row, "key", tariff_rate_labels[rate].key);
        v_printf(row, "span", "%s – %s", half_hour(cx, from),
                 half_hour(cx, to));
        v_set(row, "elec", decimal_text(t->prices.elec_e5[rate], 5, 4, false,
                                        text));
        v_set(row, "service", decimal_text(t->prices.service_e5[rate], 5, 4,
                                           false, text));
        v_set(row, "total",
              decimal_text(t->prices.elec_e5[rate] +
                               t->prices.service_e5[rate],
                           5, 4, false, text));
        v_flag(row, "now", from <= now && now < to);
    }
}
