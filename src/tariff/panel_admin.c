/*
 * What a pile charges, on its page (计费详情).
 */
#include <inttypes.h>

#include "asset/area.h"
#include "asset/asset_admin.h"
#include "asset/pile.h"
#include "asset/station.h"
#include "base/money.h"
#include "tariff/price_page.h"
#include "tariff/tariff.h"
#include "tariff/tariff_admin.h"
#include "web/feature.h"

static struct vnode *fact(struct vnode *v, size_t i, const char *label,
                          const char *value)
{
    struct vnode *f = v_item(v_child(v, "facts"), i);

    v_set(f, "label", label);
    v_set(f, "value", value != NULL && *value != '\0' ? value : "—");
    return f;
}

/* What an operator who wrote no note would say: "8 个时段，每度 0.6290–1.8600
   元". */
static const char *in_words(struct cx *cx, const struct tariff_version *t)
{
    int64_t least = INT64_MAX, most = 0;
    char low[MONEY_TEXT], high[MONEY_TEXT];
    int spans = 0;

    for (int i = 0; i < TARIFF_SLOTS; i++) {
        int rate = t->slots[i] - '0';
        int64_t e5 = t->prices.elec_e5[rate] + t->prices.service_e5[rate];

        spans += i == 0 || t->slots[i] != t->slots[i - 1];
        least = e5 < least ? e5 : least;
        most = e5 > most ? e5 : most;
    }
    decimal_text(least, 5, 4, false, low);
    decimal_text(most, 5, 4, false, high);
    if (least == most)
        return cx_printf(cx, "全天每度 %s 元", low);
    return cx_printf(cx, "%d 个时段，每度 %s–%s 元", spans, low, high);
}

static void fill_pile(struct cx *cx, int64_t id, struct vnode *v)
{
    const struct pile *p = pile_load(cx, id);
    const struct tariff_version *t =
        tariff_at(cx, p->station_id, p->area_id, cx->now);
    const struct tariff *tariff;
    char text[STAMP_TEXT];

    if (t == NULL) {
        v_set(v, "warn", "所在区域没有生效的计费规则，不能启动充电。");
        return;
    }
    tariff = tariff_load(cx, t->tariff_id);
    fact(v, 0, "所属电站", station_load(cx, p->station_id)->name);
    fact(v, 1, "所属区域", area_load(cx, p->area_id)->name);
    v_printf(fact(v, 2, "计费规则", tariff->name), "path",
             "/console/tariff/%" PRId64, t->tariff_id);
    fact(v, 3, "适用范围",
         tariff->area_name != NULL ? tariff->area_name : "全站");
    fact(v, 4, "计费方式",
         label_word((struct labels)LIST(tariff_mode_labels), tariff->mode));
    fact(v, 5, "生效时间",
         cx_printf(cx, "%.16s（第 %d 版）", stamp_text(t->starts_at, text),
                   t->version_no));
    fact(v, 6, "规则描述", tariff->note[0] != '\0' ? tariff->note
                                                   : in_words(cx, t));
    price_rows(cx, v_child(v, "prices"), t);
}

const struct panel tariff_panels[TARIFF_PANELS] = {
    { &pile_page, "计费详情", "tariff.view", fill_pile },
};
