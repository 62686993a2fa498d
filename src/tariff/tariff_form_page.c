#include "tariff/tariff_form_page.h"

#include <limits.h>
#include <string.h>

#include "base/money.h"

/* ---- what is posted ---------------------------------------------------- */

#define TYPED_FIELDS                                                         \
    ARG(struct tariff_form, station_id, .min = 0, .max = INT64_MAX),         \
    ARG(struct tariff_form, area_id, .min = 0, .max = INT64_MAX),            \
    ARG(struct tariff_form, name, .title = "计费名称", .max = 60),           \
    ARG(struct tariff_form, mode, .max = 10),                                \
    ARG(struct tariff_form, note, .title = "备注", .max = 200),              \
    ARG(struct tariff_form, slots, .max = TARIFF_SLOTS),                     \
    ARG(struct tariff_form, starts_on, .title = "生效日期", .flags = ARG_DATE), \
    ARG(struct tariff_form, ver, .min = 0, .max = INT32_MAX),                \
    ARG(struct tariff_form, sharp_elec, .max = 20),                          \
    ARG(struct tariff_form, sharp_service, .max = 20),                       \
    ARG(struct tariff_form, peak_elec, .max = 20),                           \
    ARG(struct tariff_form, peak_service, .max = 20),                        \
    ARG(struct tariff_form, flat_elec, .max = 20),                           \
    ARG(struct tariff_form, flat_service, .max = 20),                        \
    ARG(struct tariff_form, valley_elec, .max = 20),                         \
    ARG(struct tariff_form, valley_service, .max = 20),                      \
    ARG(struct tariff_form, all_elec, .max = 20),                            \
    ARG(struct tariff_form, all_service, .max = 20),                         \
    ARG(struct tariff_form, calc_kwh, .max = 12),                            \
    ARG(struct tariff_form, calc_from, .max = 5),                            \
    ARG(struct tariff_form, calc_minutes, .min = 0, .max = INT_MAX)

const struct arg tariff_new_args[TARIFF_FORM_FIELDS] = { TYPED_FIELDS };
const struct arg tariff_edit_args[TARIFF_FORM_FIELDS + 1] = {
    ARG(struct tariff_form, id, .min = 1, .max = INT64_MAX), TYPED_FIELDS
};

struct price_field {
    const char *key, *elec_name, *service_name, *title;
    size_t elec, service; /* in struct tariff_form */
};

#define PRICE(key, title)                                                    \
    { #key, #key "_elec", #key "_service", title,                            \
      offsetof(struct tariff_form, key##_elec),                              \
      offsetof(struct tariff_form, key##_service) }
static const struct price_field price_fields[] = {
    PRICE(sharp, "尖"), PRICE(peak, "峰"), PRICE(flat, "平"),
    PRICE(valley, "谷"), PRICE(all, "全天"),
};
enum { PRICE_ALL = 4 };

const char *tariff_rate_key(size_t rate)
{
    must(rate < RATES);
    return price_fields[rate].key;
}

static const char *typed_text(const struct tariff_form *t, size_t offset)
{
    const char *s;

    memcpy(&s, (const char *)t + offset, sizeof s);
    return s;
}

/* ---- errors beside the fields ---------------------------------------- */

/* The element that the list of errors leads to: not all have the field's
   name. */
static const char *place_of(const char *field)
{
    static const struct { const char *field, *id; } places[] = {
        { "station_id", "station" }, { "area_id", "area" },
        { "slots", "strip" },
    };

    for (size_t i = 0; i < COUNT(places); i++)
        if (strcmp(places[i].field, field) == 0)
            return places[i].id;
    return field;
}

void tariff_form_error(struct tariff_errors *p, const char *field,
                       const char *title, const char *text)
{
    struct vnode *e = v_item(v_child(p->tariff, "errors"), p->n++);

    v_set(e, "field", place_of(field));
    v_set(e, "text", title);
    v_set(v_child(p->tariff, "error"), field, text);
    v_int(p->tariff, "error_count", (int64_t)p->n);
}

bool tariff_form_is_unified(const struct tariff_form *t)
{
    return strcmp(t->mode, "unified") == 0;
}

static struct vnode *price_node(struct vnode *tariff, size_t i)
{
    return i == PRICE_ALL ? v_child(tariff, "unified")
                          : v_item(v_child(tariff, "prices"), i);
}

static bool slot_used(const struct tariff_form *t, size_t rate)
{
    return strchr(t->slots, (char)('0' + rate)) != NULL;
}

/* One price; an unused rate may stay empty. */
static int64_t read_price(struct cx *cx, struct tariff_errors *p, size_t i,
                          bool needed, const char *text, bool service)
{
    const struct price_field *f = &price_fields[i];
    const char *wrong = NULL;
    int64_t v = 0;

    if (text[0] == '\0' && !needed)
        return 0;
    if (text[0] == '\0')
        wrong = "必填。";
    else if (!decimal_parse(text, 5, &v))
        wrong = "应为数字，最多 5 位小数。";
    else if (v < 0 || v > TARIFF_PRICE_MAX_E5)
        wrong = "应在 0–10 元/kWh 之间。";
    if (wrong == NULL)
        return v;
    v_set(price_node(p->tariff, i), service ? "service_error" : "elec_error",
          wrong);
    tariff_form_error(p, service ? f->service_name : f->elec_name,
            cx_printf(cx, "%s · %s", f->title, service ? "服务费" : "电价"),
            wrong);
    return 0;
}

struct tariff_draft tariff_form_read(struct cx *cx, struct tariff_errors *p,
                                     const struct tariff_form *t)
{
    struct tariff_draft d = {
        .station_id = t->station_id, .area_id = t->area_id, .name = t->name,
        .mode = tariff_form_is_unified(t) ? TARIFF_UNIFIED : TARIFF_PERIODS,
        .note = t->note, .slots = tariff_form_is_unified(t) ? NULL : t->slots,
        .starts_at = t->starts_on
    };

    for (size_t i = 0; i < COUNT(price_fields); i++) {
        const struct price_field *f = &price_fields[i];
        bool used = tariff_form_is_unified(t) == (i == PRICE_ALL);
        size_t rate = i == PRICE_ALL ? RATE_FLAT : i;

        if (!used)
            continue;
        used = i == PRICE_ALL || slot_used(t, i);
        d.prices.elec_e5[rate] = read_price(cx, p, i, used,
                                            typed_text(t, f->elec), false);
        d.prices.service_e5[rate] =
            read_price(cx, p, i, used, typed_text(t, f->service), true);
    }
    return d;
}

void tariff_form_check(struct cx *cx, struct tariff_errors *p,
                       const struct tariff_form *t,
                       const struct tariff_draft *d)
{
    stamp first = stamp_add_days(stamp_day(cx->now), 1);
    struct tariff_draft rest = *d;
    const char *field, *wrong;
    bool prices_read = p->n == 0;

    if (t->station_id == 0)
        tariff_form_error(p, "station_id", "所属电站", "必填，从列表中选择。");
    if (t->name[0] == '\0')
        tariff_form_error(p, "name", "计费名称", "必填。");
    if (t->starts_on.ms < first.ms)
        tariff_form_error(p, "starts_on", "生效日期", "最早次日 00:00 生效。");
    /* What was said above is not said again. */
    if (t->name[0] == '\0')
        rest.name = "—";
    if (t->starts_on.ms < first.ms)
        rest.starts_at = first;
    wrong = tariff_draft_error(cx, &rest, &field);
    if (wrong != NULL && (prices_read || strcmp(field, "slots") == 0))
        tariff_form_error(p, field, strcmp(field, "slots") == 0 ? "时段" : "价格",
                wrong);
}

/* ---- showing it -------------------------------------------------------- */

static const char *price_text(struct cx *cx, int64_t e5)
{
    char text[MONEY_TEXT];

    return cx_strdup(cx, decimal_text(e5, 5, 5, false, text));
}

static void put_price(struct cx *cx, struct vnode *n, const char *elec,
                      const char *service)
{
    int64_t a, b;

    v_set(n, "elec", elec);
    v_set(n, "service", service);
    v_set(n, "total", decimal_parse(elec, 5, &a) &&
                              decimal_parse(service, 5, &b)
                          ? price_text(cx, a + b)
                          : "—");
}

void tariff_form_put(struct cx *cx, struct vnode *v,
                     const struct tariff_form *t)
{
    char text[STAMP_TEXT];

    v_int(v, "station_id", t->station_id);
    if (t->area_id != 0)
        v_int(v, "area_id", t->area_id);
    v_set(v, "name", t->name);
    v_set(v, "mode", tariff_form_is_unified(t) ? "unified" : "period");
    v_set(v, "note", t->note);
    v_set(v, "slots", t->slots);
    v_set(v, "starts_on", stamp_date_text(t->starts_on, text));
    v_int(v, "ver", t->ver);
    for (size_t i = 0; i < COUNT(price_fields); i++) {
        const struct price_field *f = &price_fields[i];
        struct vnode *n = price_node(v, i);

        v_set(n, "key", f->key);
        put_price(cx, n, typed_text(t, f->elec), typed_text(t, f->service));
    }
}

/* Of a rate that no half hour has: nothing, lest its 0 be published when
   somebody uses it later. */
static const char *rate_text(struct cx *cx, const struct tariff_version *v,
                             int rate, const int64_t *prices_e5)
{
    return strchr(v->slots, '0' + rate) != NULL
               ? price_text(cx, prices_e5[rate]) : "";
}

struct tariff_form tariff_form_of(struct cx *cx, const struct tariff *tariff,
                                  const struct tariff_version *v)
{
    const int64_t *e = v->prices.elec_e5, *s = v->prices.service_e5;

    return (struct tariff_form){
        .id = tariff->id, .station_id = tariff->station_id,
        .area_id = tariff->area_id, .name = tariff->name,
        .mode = tariff->mode == TARIFF_UNIFIED ? "unified" : "period",
        .note = tariff->note, .slots = cx_strdup(cx, v->slots),
        .starts_on = stamp_add_days(stamp_day(cx->now), 1),
        .ver = tariff->ver,
        .sharp_elec = rate_text(cx, v, RATE_SHARP, e),
        .sharp_service = rate_text(cx, v, RATE_SHARP, s),
        .peak_elec = rate_text(cx, v, RATE_PEAK, e),
        .peak_service = rate_text(cx, v, RATE_PEAK, s),
        .flat_elec = rate_text(cx, v, RATE_FLAT, e),
        .flat_service = rate_text(cx, v, RATE_FLAT, s),
        .valley_elec = rate_text(cx, v, RATE_VALLEY, e),
        .valley_service = rate_text(cx, v, RATE_VALLEY, s),
        .all_elec = price_text(cx, e[RATE_FLAT]),
        .all_service = price_text(cx, s[RATE_FLAT])
    };
}

struct tariff_form tariff_form_empty(const struct cx *cx)
{
    static const char unset[] =
        "------------------------------------------------";

    return (struct tariff_form){
        .name = "", .mode = "period", .note = "", .slots = unset,
        .starts_on = stamp_add_days(stamp_day(cx->now), 1),
        .sharp_elec = "", .sharp_service = "", .peak_elec = "",
        .peak_service = "", .flat_elec = "", .flat_service = "",
        .valley_elec = "", .valley_service = "", .all_elec = "",
        .all_service = ""
    };
}
