/*
 * 计费测试: what a charge would cost by the prices in the form, published or
 * not.
 */
#include "tariff/tariff_calc_page.h"

#include <string.h>

#include "base/money.h"
#include "tariff/billing.h"
#include "tariff/tariff_form_page.h"

static const char *nano_text(struct cx *cx, int64_t nano)
{
    char text[MONEY_TEXT];

    return cx_strdup(cx, decimal_text(nano, 9, 4, false, text));
}

static void put_bill(struct cx *cx, struct vnode *calc, const struct bill *b)
{
    char text[MONEY_TEXT];
    size_t n = 0;

    for (size_t r = 0; r < RATES; r++) {
        const struct bill_line *l = &b->rate[r];
        struct vnode *row;

        if (l->energy_e4kwh == 0)
            continue;
        row = v_item(v_child(calc, "rows"), n++);
        v_set(row, "key", tariff_rate_key(r));
        v_set(row, "energy", decimal_text(l->energy_e4kwh, 4, 4, false,
                                          text));
        v_set(row, "elec", nano_text(cx, l->elec_nano));
        v_set(row, "service", nano_text(cx, l->service_nano));
    }
    v_set(calc, "energy", decimal_text(b->energy_e4kwh, 4, 4, false, text));
    v_set(calc, "elec", money_text(b->elec, text));
    v_set(calc, "service", money_text(b->service, text));
    v_printf(calc, "total", "¥%s", money_pretty(b->total, text));
    /* fen per 1e-4 kWh to 1e-4 yuan per kWh: x 1e6, half up. */
    v_set(calc, "average",
          b->energy_e4kwh == 0
              ? "—"
              : decimal_text((checked_mul(b->total.fen, 2000000) +
                              b->energy_e4kwh) / (2 * b->energy_e4kwh),
                             4, 4, false, text));
}

/* What is wrong with the question, or NULL. */
static const char *read_question(struct cx *cx, const struct tariff_form *t,
                                 struct tariff_question *q)
{
    char at[STAMP_TEXT];

    *q = (struct tariff_question){ .minutes = t->calc_minutes };
    if (!decimal_parse(t->calc_kwh, 4, &q->total_e4kwh) ||
        q->total_e4kwh < 1 || q->total_e4kwh > 10000000)
        return "充电电量应在 0.0001–1,000 kWh 之间。";
    if (tariff_form_is_unified(t)) {
        q->energy_e4kwh[RATE_FLAT] = q->total_e4kwh;
        return NULL;
    }
    stamp_date_text(cx->now, at);
    if (!stamp_parse(cx_printf(cx, "%s %s", at, t->calc_from), &q->starts_at))
        return "开始时间应为 00:00–23:59。";
    if (t->calc_minutes < 1 || t->calc_minutes > 2880)
        return "时长应在 1–2880 分钟之间。";
    return NULL;
}

void tariff_calculate(struct request *req, const void *args)
{
    const struct tariff_form *t = args;
    struct cx *cx = req->cx;
    struct vnode *tree = view_new(cx), *calc = v_child(tree, "Calc");
    struct vnode *scratch = v_child(tree, "Tariff");
    struct tariff_errors p = { .tariff = scratch };
    struct tariff_draft d = tariff_form_read(cx, &p, t);
    struct tariff_question q;
    const char *field, *wrong = read_question(cx, t, &q);
    struct tariff_version v = { .prices = d.prices };
    struct bill bill;

    if (t->id != 0)
        tariff_load(cx, t->id); /* in scope, though only the form counts */
    if (wrong == NULL && p.n > 0)
        wrong = "先补全左侧的价格。";
    /* Only prices and periods count: what else a tariff needs may be open. */
    d.name = "试算";
    d.note = "";
    d.starts_at = (stamp){ 0 };
    if (wrong == NULL)
        wrong = tariff_draft_error(cx, &d, &field);
    if (wrong != NULL) {
        v_set(calc, "error", wrong);
    } else {
        if (!tariff_form_is_unified(t))
            memcpy(v.slots, t->slots, TARIFF_SLOTS);
        tariff_try(cx, &v, &q, &bill);
        put_bill(cx, calc, &bill);
    }
    answer_fragment(req, "page/tariff_calc.cs", tree);
}
