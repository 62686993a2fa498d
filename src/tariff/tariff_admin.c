/*
 * Pages of tariffs: the list is a descriptor; the editor with its 48 half
 * hours, the versions and the trial calculation are pages of their own.
 * tests/templates/tariff.hdf shows the tree.
 */
#include "tariff/tariff_admin.h"

#include <inttypes.h>
#include <limits.h>
#include <string.h>

#include "asset/area.h"
#include "asset/asset_admin.h"
#include "asset/station.h"
#include "base/money.h"
#include "db/db.h"
#include "tariff/billing.h"
#include "tariff/tariff.h"
#include "tariff/tariff_use.h"
#include "web/resource.h"

/* ---- the list -------------------------------------------------------- */

static const struct column columns[] = {
    { "name", "计费名称", "t.name", CELL_TEXT, COL_LINK },
    { "status", "状态", "t.status", CELL_ENUM,
      .labels = LIST(tariff_status_labels) },
    { "station", "所属电站", "s.name", CELL_TEXT, COL_SORT,
      .ref = &station_page, .ref_sql = "s.id" },
    { "area", "所属区域", "COALESCE(a.name, '全站')", CELL_TEXT },
    { "mode", "计费方式", "t.mode", CELL_ENUM,
      .labels = LIST(tariff_mode_labels) },
    { "version", "最新版本", "CONCAT('第 ', t.version_no, ' 版')", CELL_TEXT },
    { "starts", "生效时间",
      "(SELECT MAX(v.starts_at) FROM tariff_version v"
      " WHERE v.tariff_id = t.id)", CELL_TIME },
    { "note", "备注", "t.note", CELL_TEXT, COL_HIDDEN },
    { "updated", "修改时间", "t.updated_at", CELL_TIME },
};

static const struct filter filters[] = {
    { "q", "计费名称", "t.name", FILTER_FUZZY },
    { "station", "电站", "t.station_id", FILTER_REF, .ref = &station_page },
    { "mode", "计费方式", "t.mode", FILTER_ENUM,
      .labels = LIST(tariff_mode_labels) },
    { "status", "状态", "t.status", FILTER_ENUM, FILTER_TABS,
      .labels = LIST(tariff_status_labels) },
    { "area", "区域", "a.name", FILTER_FUZZY, FILTER_ADVANCED },
};

static const struct action actions[] = {
    { "enable", "启用", ACT_ROW, "tariff.edit", tariff_enable,
      .done = "计费规则已启用。", .when = "t.status = 2",
      .icon = "player-play" },
    { "disable", "停用", ACT_ROW | ACT_CONFIRM | ACT_DANGER, "tariff.edit",
      tariff_disable,
      .confirm = "停用后，没有其他规则的电桩不能启动充电；进行中的订单不变。",
      .keep = "继续使用", .done = "计费规则已停用。", .when = "t.status = 1",
      .icon = "player-pause" },
};

const struct resource tariff_page = {
    .name = "tariff", .title = "计费规则", .unit = "条", .icon = "coin-yuan",
    .sub = "电费与服务费单价，次日 00:00 生效",
    .empty = "没有规则的电站不能启动充电。",
    .small = true, .own_detail = true, .own_form = true, .key = "t.id",
    .order = "station", .text = "t.name", .search = "t.name|s.name",
    .from = "tariff t LEFT JOIN station s ON s.id = t.station_id"
            " LEFT JOIN area a ON a.id = t.area_id",
    .scope = SCOPE_OWNED("t"),
    .perm = { .view = "tariff.view", .create = "tariff.edit",
              .edit = "tariff.edit", .export = "tariff.view" },
    .columns = LIST(columns), .filters = LIST(filters),
    .actions = LIST(actions), .version = "t.ver",
};

/* ---- what the form posts --------------------------------------------- */

struct typed {
    int64_t id; /* 0: a new tariff */
    int64_t station_id, area_id;
    const char *name, *mode, *note, *slots;
    stamp starts_on;
    int ver;
    const char *sharp_elec, *sharp_service, *peak_elec, *peak_service;
    const char *flat_elec, *flat_service, *valley_elec, *valley_service;
    const char *all_elec, *all_service;
    const char *calc_kwh, *calc_from;
    int calc_minutes;
};

#define TYPED_FIELDS                                                     \
    ARG(struct typed, station_id, .min = 0, .max = INT64_MAX),           \
    ARG(struct typed, area_id, .min = 0, .max = INT64_MAX),              \
    ARG(struct typed, name, .title = "计费名称", .max = 60),              \
    ARG(struct typed, mode, .max = 10),                                  \
    ARG(struct typed, note, .title = "备注", .max = 200),                 \
    ARG(struct typed, slots, .max = TARIFF_SLOTS),                       \
    ARG(struct typed, starts_on, .title = "生效日期", .flags = ARG_DATE), \
    ARG(struct typed, ver, .min = 0, .max = INT32_MAX),                  \
    ARG(struct typed, sharp_elec, .max = 20),                            \
    ARG(struct typed, sharp_service, .max = 20),                         \
    ARG(struct typed, peak_elec, .max = 20),                             \
    ARG(struct typed, peak_service, .max = 20),                          \
    ARG(struct typed, flat_elec, .max = 20),                             \
    ARG(struct typed, flat_service, .max = 20),                          \
    ARG(struct typed, valley_elec, .max = 20),                           \
    ARG(struct typed, valley_service, .max = 20),                        \
    ARG(struct typed, all_elec, .max = 20),                              \
    ARG(struct typed, all_service, .max = 20),                           \
    ARG(struct typed, calc_kwh, .max = 12),                              \
    ARG(struct typed, calc_from, .max = 5),                              \
    ARG(struct typed, calc_minutes, .min = 0, .max = INT_MAX)

static const struct arg new_args[] = { TYPED_FIELDS };
static const struct arg edit_args[] = {
    ARG(struct typed, id, .min = 1, .max = INT64_MAX), TYPED_FIELDS
};

struct price_field {
    const char *key, *elec_name, *service_name, *title;
    size_t elec, service; /* in struct typed */
};

#define PRICE(key, title)                                                 \
    { #key, #key "_elec", #key "_service", title,                         \
      offsetof(struct typed, key##_elec),                                 \
      offsetof(struct typed, key##_service) }
static const struct price_field price_fields[] = {
    PRICE(sharp, "尖"), PRICE(peak, "峰"), PRICE(flat, "平"),
    PRICE(valley, "谷"), PRICE(all, "全天"),
};
enum { PRICE_ALL = 4 };

static const char *typed_text(const struct typed *t, size_t offset)
{
    const char *s;

    memcpy(&s, (const char *)t + offset, sizeof s);
    return s;
}

/* ---- errors beside the fields ---------------------------------------- */

struct problems {
    struct vnode *tariff;
    size_t n;
};

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

static void problem(struct problems *p, const char *field, const char *title,
                    const char *text)
{
    struct vnode *e = v_item(v_child(p->tariff, "errors"), p->n++);

    v_set(e, "field", place_of(field));
    v_set(e, "text", title);
    v_set(v_child(p->tariff, "error"), field, text);
    v_int(p->tariff, "error_count", (int64_t)p->n);
}

static bool is_unified(const struct typed *t)
{
    return strcmp(t->mode, "unified") == 0;
}

static struct vnode *price_node(struct vnode *tariff, size_t i)
{
    return i == PRICE_ALL ? v_child(tariff, "unified")
                          : v_item(v_child(tariff, "prices"), i);
}

static bool slot_used(const struct typed *t, size_t rate)
{
    return strchr(t->slots, (char)('0' + rate)) != NULL;
}

/* One price; an unused rate may stay empty. */
static int64_t read_price(struct cx *cx, struct problems *p, size_t i,
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
    problem(p, service ? f->service_name : f->elec_name,
            cx_printf(cx, "%s · %s", f->title, service ? "服务费" : "电价"),
            wrong);
    return 0;
}

static struct tariff_draft read_draft(struct cx *cx, struct problems *p,
                                      const struct typed *t)
{
    struct tariff_draft d = {
        .station_id = t->station_id, .area_id = t->area_id, .name = t->name,
        .mode = is_unified(t) ? TARIFF_UNIFIED : TARIFF_PERIODS,
        .note = t->note, .slots = is_unified(t) ? NULL : t->slots,
        .starts_at = t->starts_on
    };

    for (size_t i = 0; i < COUNT(price_fields); i++) {
        const struct price_field *f = &price_fields[i];
        bool used = is_unified(t) == (i == PRICE_ALL);
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

static void check_draft(struct cx *cx, struct problems *p,
                        const struct typed *t, const struct tariff_draft *d)
{
    stamp first = stamp_add_days(stamp_day(cx->now), 1);
    struct tariff_draft rest = *d;
    const char *field, *wrong;
    bool prices_read = p->n == 0;

    if (t->station_id == 0)
        problem(p, "station_id", "所属电站", "必填，从列表中选择。");
    if (t->name[0] == '\0')
        problem(p, "name", "计费名称", "必填。");
    if (t->starts_on.ms < first.ms)
        problem(p, "starts_on", "生效日期", "最早次日 00:00 生效。");
    /* What was said above is not said again. */
    if (t->name[0] == '\0')
        rest.name = "—";
    if (t->starts_on.ms < first.ms)
        rest.starts_at = first;
    wrong = tariff_draft_error(cx, &rest, &field);
    if (wrong != NULL && (prices_read || strcmp(field, "slots") == 0))
        problem(p, field, strcmp(field, "slots") == 0 ? "时段" : "价格",
                wrong);
}

/* ---- filling the page ------------------------------------------------ */

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

static void put_typed(struct cx *cx, struct vnode *v, const struct typed *t)
{
    char text[STAMP_TEXT];

    v_int(v, "station_id", t->station_id);
    if (t->area_id != 0)
        v_int(v, "area_id", t->area_id);
    v_set(v, "name", t->name);
    v_set(v, "mode", is_unified(t) ? "unified" : "period");
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

/* What an existing version says, as if it had been typed. */
/* Of a rate that no half hour has: nothing, lest its 0 be published when
   somebody uses it later. */
static const char *rate_text(struct cx *cx, const struct tariff_version *v,
                             int rate, const int64_t *prices_e5)
{
    return strchr(v->slots, '0' + rate) != NULL
               ? price_text(cx, prices_e5[rate]) : "";
}

static struct typed typed_of(struct cx *cx, const struct tariff *tariff,
                             const struct tariff_version *v)
{
    const int64_t *e = v->prices.elec_e5, *s = v->prices.service_e5;

    return (struct typed){
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

static void put_names(struct cx *cx, struct vnode *v, int64_t station_id,
                      int64_t area_id)
{
    if (station_id != 0) {
        v_set(v, "station", station_load(cx, station_id)->name);
        v_printf(v, "station_path", "/console/station/%" PRId64, station_id);
    }
    if (area_id != 0)
        v_set(v, "area", area_load(cx, area_id)->name);
}

static void put_use(struct cx *cx, struct vnode *v, int64_t station_id,
                    int64_t area_id)
{
    struct tariff_use u = tariff_use_of(cx, station_id, area_id);
    struct vnode *list = v_child(v, "impact");

    v_set(v_item(list, 0), "label", "使用此规则的电桩");
    v_int(v_item(list, 0), "value", u.piles);
    v_set(v_item(list, 1), "key", "offline");
    v_set(v_item(list, 1), "label", "离线，登录后补发");
    v_int(v_item(list, 1), "value", u.offline);
    v_set(v_item(list, 2), "label", "进行中的订单（仍按启动时的价格）");
    v_int(v_item(list, 2), "value", u.orders);
}

static const char *version_word(const struct tariff *t,
                                const struct tariff_version *list, size_t n,
                                size_t i, stamp now, const char **mark)
{
    bool superseded = false;

    for (size_t k = 0; k < n; k++)
        superseded |= list[k].starts_at.ms > list[i].starts_at.ms &&
                      list[k].starts_at.ms <= now.ms;
    *mark = "offline";
    if (superseded || t->status != TARIFF_ENABLED)
        return "已停用";
    *mark = list[i].starts_at.ms > now.ms ? "reserved" : "ok";
    return list[i].starts_at.ms > now.ms ? "待生效" : "生效中";
}

static void put_versions(struct cx *cx, struct vnode *v,
                         const struct tariff *t,
                         const struct tariff_version *list, size_t n,
                         size_t shown)
{
    char text[STAMP_TEXT];

    for (size_t i = 0; i < n; i++) {
        struct vnode *row = v_item(v_child(v, "versions"), i);
        const char *mark;

        v_int(row, "no", list[i].version_no);
        v_set(row, "word",
              version_word(t, list, n, i, cx->now, &mark));
        v_set(row, "at", stamp_date_text(list[i].starts_at, text));
        if (i != shown)
            v_printf(row, "path", "/console/tariff/%" PRId64 "?version=%d",
                     t->id, list[i].version_no);
    }
}

static struct vnode *begin(struct cx *cx, struct vnode **tariff)
{
    struct vnode *tree = view_new(cx);
    struct vnode *calc;

    v_flag(v_child(tree, "Page"), "tariff", true);
    *tariff = v_child(tree, "Tariff");
    calc = v_child(*tariff, "calc");
    v_set(*tariff, "back", "/console/tariff");
    v_set(calc, "path", "/console/tariff/calc");
    v_set(calc, "kwh", "30");
    v_set(calc, "from", "10:30");
    v_set(calc, "minutes", "60");
    return tree;
}

static void show_editor(struct request *req, struct vnode *tree,
                        struct vnode *v, const struct typed *t)
{
    struct cx *cx = req->cx;
    char text[STAMP_TEXT];

    v_flag(v, "edit", true);
    put_typed(cx, v, t);
    put_names(cx, v, t->station_id, t->area_id);
    v_set(v, "starts_min",
          stamp_date_text(stamp_add_days(stamp_day(cx->now), 1), text));
    if (t->id != 0) {
        struct tariff *tariff = tariff_load(cx, t->id);

        v_printf(v, "action", "/console/tariff/%" PRId64 "/edit", t->id);
        v_flag(v, "station_fixed", true);
        v_int(v, "next_no", tariff->version_no + 1);
        v_set(v, "sub", tariff->name);
        put_use(cx, v, tariff->station_id, tariff->area_id);
    } else {
        v_set(v, "action", "/console/tariff/new");
        v_int(v, "next_no", 1);
    }
    answer_page(req, "page/tariff.cs", tree,
                t->id != 0 ? "修改计费规则" : "新增计费规则");
}

/* ---- routes ---------------------------------------------------------- */

static void show_new(struct request *req, const void *args)
{
    static const char unset[] =
        "------------------------------------------------";
    struct cx *cx = req->cx;
    struct typed t = {
        .name = "", .mode = "period", .note = "", .slots = unset,
        .starts_on = stamp_add_days(stamp_day(cx->now), 1),
        .sharp_elec = "", .sharp_service = "", .peak_elec = "",
        .peak_service = "", .flat_elec = "", .flat_service = "",
        .valley_elec = "", .valley_service = "", .all_elec = "",
        .all_service = ""
    };
    struct vnode *v, *tree = begin(cx, &v);

    (void)args;
    show_editor(req, tree, v, &t);
}

struct shown_args {
    int64_t id;
    int version;
};

static const struct arg shown_args[] = {
    ARG(struct shown_args, id, .min = 1, .max = INT64_MAX),
    ARG(struct shown_args, version, .min = 0, .max = INT32_MAX),
};

static void show_edit(struct request *req, const void *args)
{
    const struct shown_args *a = args;
    struct cx *cx = req->cx;
    struct tariff *tariff = tariff_load(cx, a->id);
    size_t n;
    const struct tariff_version *list = tariff_versions(cx, a->id, &n);
    struct typed t = typed_of(cx, tariff, &list[0]);
    struct vnode *v, *tree = begin(cx, &v);

    put_versions(cx, v, tariff, list, n, n);
    show_editor(req, tree, v, &t);
}

static size_t choose_version(struct cx *cx, const struct tariff_version *list,
                             size_t n, int version_no)
{
    for (size_t i = 0; i < n; i++) {
        if (version_no != 0 && list[i].version_no == version_no)
            return i;
        if (version_no == 0 && list[i].starts_at.ms <= cx->now.ms)
            return i;
    }
    if (version_no != 0)
        cx_fail(cx, ERR_NOT_FOUND, "没有找到第 %d 版。", version_no);
    return 0; /* all of them are planned: the newest */
}

static void show_detail(struct request *req, const void *args)
{
    const struct shown_args *a = args;
    struct cx *cx = req->cx;
    struct tariff *tariff = tariff_load(cx, a->id);
    size_t n;
    const struct tariff_version *list = tariff_versions(cx, a->id, &n);
    size_t shown = choose_version(cx, list, n, a->version);
    struct typed t = typed_of(cx, tariff, &list[shown]);
    struct vnode *v, *tree = begin(cx, &v);
    const char *mark, *word;
    char text[STAMP_TEXT];

    put_typed(cx, v, &t);
    put_names(cx, v, tariff->station_id, tariff->area_id);
    put_versions(cx, v, tariff, list, n, shown);
    put_use(cx, v, tariff->station_id, tariff->area_id);
    word = version_word(tariff, list, n, shown, cx->now, &mark);
    v_set(v, "key", mark);
    v_printf(v, "word", "第 %d 版 · %s", list[shown].version_no, word);
    v_set(v, "mode_word", tariff->mode == TARIFF_UNIFIED ? "统一计价"
                                                         : "峰平谷计价");
    stamp_text(list[shown].starts_at, text);
    text[16] = '\0'; /* to the minute */
    v_set(v, "starts_at", text);
    if (request_may(req, "tariff.edit"))
        v_printf(v, "edit_path", "/console/tariff/%" PRId64 "/edit", a->id);
    answer_page(req, "page/tariff.cs", tree, tariff->name);
}

struct saving {
    const struct typed *t;
    const struct tariff_draft *d;
    int64_t id;
};

static void save_work(struct cx *cx, void *arg)
{
    struct saving *s = arg;

    if (s->t->id == 0)
        s->id = tariff_create(cx, s->d);
    else
        tariff_edit(cx, s->id = s->t->id, s->d, s->t->ver);
}

static void save_tx(struct cx *cx, void *arg)
{
    db_tx(cx, save_work, arg);
}

/* The domain's word on a field, or on two people at one tariff. */
static void domain_problem(struct cx *cx, struct problems *p)
{
    const char *field = cx->error.field;

    if (cx->error.code != ERR_INVALID && cx->error.code != ERR_CONFLICT)
        cx_refail(cx);
    problem(p, field != NULL ? field : "name",
            field != NULL ? "填写内容" : "计费规则",
            cx_strdup(cx, cx->error.text));
}

static void save(struct request *req, const void *args)
{
    const struct typed *t = args;
    struct cx *cx = req->cx;
    struct vnode *v, *tree = begin(cx, &v);
    struct problems p = { .tariff = v };
    struct tariff_draft d = read_draft(cx, &p, t);
    struct saving *s = CX_NEW(cx, struct saving);

    *s = (struct saving){ t, &d, 0 };
    if (t->id != 0)
        tariff_load(cx, t->id); /* 404 before anything is said */
    check_draft(cx, &p, t, &d);
    if (p.n == 0) {
        if (cx_run(cx, save_tx, s)) {
            answer_toast(req, cx_printf(cx, "已发布，%s 00:00 生效。",
                                        stamp_date_text(t->starts_on,
                                            (char[STAMP_TEXT]){ "" })));
            answer_redirect(req, cx_printf(cx, "/console/tariff/%" PRId64,
                                           s->id));
            return;
        }
        domain_problem(cx, &p);
    }
    answer_status(req, 422);
    show_editor(req, tree, v, t);
}

/* ---- 计费测试 ------------------------------------------------------------ */

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
        v_set(row, "key", price_fields[r].key);
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
static const char *read_question(struct cx *cx, const struct typed *t,
                                 struct tariff_question *q)
{
    char at[STAMP_TEXT];

    *q = (struct tariff_question){ .minutes = t->calc_minutes };
    if (!decimal_parse(t->calc_kwh, 4, &q->total_e4kwh) ||
        q->total_e4kwh < 1 || q->total_e4kwh > 10000000)
        return "充电电量应在 0.0001–1,000 kWh 之间。";
    if (is_unified(t)) {
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

static void calculate(struct request *req, const void *args)
{
    const struct typed *t = args;
    struct cx *cx = req->cx;
    struct vnode *tree = view_new(cx), *calc = v_child(tree, "Calc");
    struct vnode *scratch = v_child(tree, "Tariff");
    struct problems p = { .tariff = scratch };
    struct tariff_draft d = read_draft(cx, &p, t);
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
        if (!is_unified(t))
            memcpy(v.slots, t->slots, TARIFF_SLOTS);
        tariff_try(cx, &v, &q, &bill);
        put_bill(cx, calc, &bill);
    }
    answer_fragment(req, "page/tariff_calc.cs", tree);
}

#define TYPED(a) .args = LIST(a), .args_size = sizeof(struct typed)
#define SHOWN .args = LIST(shown_args), .args_size = sizeof(struct shown_args)

const struct route tariff_routes[TARIFF_ROUTES] = {
    { GET, "/console/tariff/new", AUTH_ACCOUNT, "tariff.edit",
      .run = show_new },
    { POST, "/console/tariff/new", AUTH_ACCOUNT, "tariff.edit",
      ROUTE_NO_TX | ROUTE_FORM_ONCE, TYPED(new_args), .run = save },
    { GET, "/console/tariff/:id/edit", AUTH_ACCOUNT, "tariff.edit", SHOWN,
      .run = show_edit },
    { POST, "/console/tariff/:id/edit", AUTH_ACCOUNT, "tariff.edit",
      ROUTE_NO_TX | ROUTE_FORM_ONCE, TYPED(edit_args), .run = save },
    { GET, "/console/tariff/:id", AUTH_ACCOUNT, "tariff.view", SHOWN,
      .run = show_detail },
    /* A POST because the whole form goes along; it changes nothing. */
    { POST, "/console/tariff/calc", AUTH_ACCOUNT, "tariff.view",
      TYPED(new_args), .run = calculate },
    { POST, "/console/tariff/:id/calc", AUTH_ACCOUNT, "tariff.view",
      TYPED(edit_args), .run = calculate },
};
