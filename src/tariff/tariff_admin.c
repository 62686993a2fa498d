/*
 * Pages of tariffs: the list is a descriptor; the editor with its 48 half
 * hours, the versions and the trial calculation are pages of their own.
 * tests/templates/tariff.hdf shows the tree.
 */
#include "tariff/tariff_admin.h"

#include <inttypes.h>

#include "asset/area.h"
#include "asset/asset_admin.h"
#include "asset/station.h"
#include "db/db.h"
#include "tariff/tariff.h"
#include "tariff/tariff_calc_page.h"
#include "tariff/tariff_form_page.h"
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

/* ---- filling the page ------------------------------------------------ */

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
                        struct vnode *v, const struct tariff_form *t)
{
    struct cx *cx = req->cx;
    char text[STAMP_TEXT];

    v_flag(v, "edit", true);
    tariff_form_put(cx, v, t);
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
    struct tariff_form t = tariff_form_empty(req->cx);
    struct vnode *v, *tree = begin(req->cx, &v);

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
    struct tariff_form t = tariff_form_of(cx, tariff, &list[0]);
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
    struct tariff_form t = tariff_form_of(cx, tariff, &list[shown]);
    struct vnode *v, *tree = begin(cx, &v);
    const char *mark, *word;
    char text[STAMP_TEXT];

    tariff_form_put(cx, v, &t);
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
    const struct tariff_form *t;
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
static void domain_problem(struct cx *cx, struct tariff_errors *p)
{
    const char *field = cx->error.field;

    if (cx->error.code != ERR_INVALID && cx->error.code != ERR_CONFLICT)
        cx_refail(cx);
    tariff_form_error(p, field != NULL ? field : "name",
            field != NULL ? "填写内容" : "计费规则",
            cx_strdup(cx, cx->error.text));
}

static void save(struct request *req, const void *args)
{
    const struct tariff_form *t = args;
    struct cx *cx = req->cx;
    struct vnode *v, *tree = begin(cx, &v);
    struct tariff_errors p = { .tariff = v };
    struct tariff_draft d = tariff_form_read(cx, &p, t);
    struct saving *s = CX_NEW(cx, struct saving);

    *s = (struct saving){ t, &d, 0 };
    if (t->id != 0)
        tariff_load(cx, t->id); /* 404 before anything is said */
    tariff_form_check(cx, &p, t, &d);
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

#define TYPED(a) .args = LIST(a), .args_size = sizeof(struct tariff_form)
#define SHOWN .args = LIST(shown_args), .args_size = sizeof(struct shown_args)

const struct route tariff_routes[TARIFF_ROUTES] = {
    { GET, "/console/tariff/new", AUTH_ACCOUNT, "tariff.edit",
      .run = show_new },
    { POST, "/console/tariff/new", AUTH_ACCOUNT, "tariff.edit",
      ROUTE_NO_TX | ROUTE_FORM_ONCE, TYPED(tariff_new_args), .run = save },
    { GET, "/console/tariff/:id/edit", AUTH_ACCOUNT, "tariff.edit", SHOWN,
      .run = show_edit },
    { POST, "/console/tariff/:id/edit", AUTH_ACCOUNT, "tariff.edit",
      ROUTE_NO_TX | ROUTE_FORM_ONCE, TYPED(tariff_edit_args), .run = save },
    { GET, "/console/tariff/:id", AUTH_ACCOUNT, "tariff.view", SHOWN,
      .run = show_detail },
    /* A POST because the whole form goes along; it changes nothing. */
    { POST, "/console/tariff/calc", AUTH_ACCOUNT, "tariff.view",
      TYPED(tariff_new_args), .run = tariff_calculate },
    { POST, "/console/tariff/:id/calc", AUTH_ACCOUNT, "tariff.view",
      TYPED(tariff_edit_args), .run = tariff_calculate },
};
