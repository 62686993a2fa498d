/*
 * The page of accounts, and the invitation link of one.
 *
 * page/invite.cs: Invite.name .phone .link .path .back .hours
 */
#include "base/config.h"
#include "db/db.h"
#include "asset/asset_admin.h"
#include "org/account.h"
#include "org/org.h"
#include "org/org_admin.h"
#include "org/sign_in.h"
#include "web/input.h"

static const struct column columns[] = {
    { "name", "姓名", "a.name", CELL_TEXT, COL_SORT | COL_LINK,
      .group = "账号" },
    { "phone", "手机号", "a.phone", CELL_PHONE },
    { "org", "所属组织", "o.name", CELL_TEXT, .ref = &org_page,
      .ref_sql = "o.id" },
    { "roles", "角色",
      "(SELECT GROUP_CONCAT(r.name ORDER BY r.id SEPARATOR '、')"
      "   FROM account_role ar JOIN role r ON r.id = ar.role_id"
      "  WHERE ar.account_id = a.id)", CELL_TEXT },
    { "bound", "绑定电站",
      "(SELECT NULLIF(COUNT(*), 0) FROM account_station x"
      " WHERE x.account_id = a.id)", CELL_INT },
    { "status", "状态", "a.status", CELL_ENUM,
      .labels = LIST(org_status_labels) },
    { "claimed", "已激活", "a.password IS NOT NULL", CELL_BOOL },
    { "signed_in", "最近登录", "a.signed_in_at", CELL_TIME },
    { "created", "创建时间", "a.created_at", CELL_TIME, COL_SORT,
      .group = "记录" },
    { "updated", "修改时间", "a.updated_at", CELL_TIME, COL_DETAIL },
};

static const struct filter filters[] = {
    { "q", "姓名", "a.name", FILTER_FUZZY },
    { "phone", "手机号", "a.phone", FILTER_EXACT },
    { "status", "状态", "a.status", FILTER_ENUM,
      .labels = LIST(org_status_labels) },
    { "org", "所属组织", "a.org_id", FILTER_REF, .ref = &org_page },
    { "created", "创建日期", "a.created_at", FILTER_DATES, FILTER_ADVANCED },
};

#define F(member) FIELD(struct account_form, member)
static const struct field fields[] = {
    { F(org_id), "所属组织", FIELD_REQUIRED | FIELD_READONLY_EDIT,
      .ref = &org_page, .group = "身份" },
    { F(phone), "手机号",
      FIELD_REQUIRED | FIELD_READONLY_EDIT | FIELD_PHONE,
      .help = "登录名。首次登录用短信验证码或邀请链接设置密码。" },
    { F(name), "姓名", FIELD_REQUIRED, 1, 20 },
    /* Whether one is needed depends on the duties: account_save. */
    { F(roles), "角色", FIELD_MANY, .ref = &role_page, .group = "权限",
      .help = "三员分立时，系统管理员建好账号后，由业务管理员授予业务角色。" },
    { F(stations), "绑定电站", FIELD_MANY, .ref = &station_page,
      .help = "选了之后只能看到这些电站；不选是所属组织的全部电站。" },
};

static const struct action actions[] = {
    { "grant", "授权", ACT_ROW | ACT_LINK, "account.grant",
      .url = "/console/grant/%s/edit", .icon = "shield" },
    { "invite", "邀请链接", ACT_ROW | ACT_LINK, "account.edit",
      .url = "/console/account/%s/invite", .icon = "link",
      .when = "a.password IS NULL AND a.status = 1" },
    { "enable", "启用", ACT_ROW | ACT_BULK, "account.edit", account_enable,
      .done = "账号已启用。", .icon = "player-play", .when = "a.status = 2" },
    { "reset", "重置密码", ACT_ROW | ACT_CONFIRM, "account.edit",
      account_reset,
      .confirm = "原密码立即失效，已登录的设备全部退出。对方用短信验证码或"
                 "邀请链接重新设置密码。",
      .keep = "不重置", .done = "密码已重置。", .icon = "key",
      .when = "a.password IS NOT NULL" },
    { "disable", "停用", ACT_ROW | ACT_BULK | ACT_CONFIRM | ACT_DANGER,
      "account.edit", account_disable,
      .confirm = "停用后立即退出，不能再登录；操作记录保留。",
      .keep = "继续使用", .done = "账号已停用。", .icon = "ban",
      .when = "a.status = 1" },
};

static void fill(struct cx *cx, int64_t id, void *form)
{
    account_fill(cx, id, form);
}

static int64_t save(struct cx *cx, int64_t id, const void *form)
{
    return account_save(cx, id, form);
}

const struct resource account_page = {
    .name = "account", .title = "账号", .unit = "个", .icon = "users",
    .sub = "能登录管理后台的人",
    .small = true, .key = "a.id", .order = "-created", .text = "a.name",
    .search = "a.name|a.phone",
    .from = "account a LEFT JOIN org o ON o.id = a.org_id",
    .scope = { .provider = "o.provider_id", .merchant = "o.id" },
    .perm = { .view = "account.view", .create = "account.edit",
              .edit = "account.edit", .export = "account.view",
              .import = "account.edit" },
    .columns = LIST(columns), .filters = LIST(filters),
    .fields = LIST(fields), .actions = LIST(actions),
    .form_size = sizeof(struct account_form), .fill = fill, .save = save,
    .version = "a.ver",
};

/* ---- roles and stations alone ----------------------------------------- */

#define G(member) FIELD(struct grant_form, member)
static const struct field grant_fields[] = {
    { G(name), "账号", FIELD_READONLY_EDIT, 0, 40 },
    { G(roles), "角色", FIELD_MANY, .ref = &role_page,
      .help = "只能授予你自己也有的权限；平台账号不能兼任系统管理、审计、业务"
              "中的两种（三员分立）。" },
    { G(stations), "绑定电站", FIELD_MANY, .ref = &station_page,
      .help = "选了之后只能看到这些电站；不选是所属组织的全部电站。" },
};

static void fill_grant(struct cx *cx, int64_t id, void *form)
{
    account_grant_fill(cx, id, form);
}

static int64_t save_grant(struct cx *cx, int64_t id, const void *form)
{
    return account_grant(cx, id, form);
}

const struct resource grant_page = {
    .name = "grant", .title = "账号授权", .unit = "个", .icon = "shield",
    .sub = "给已有的账号角色和电站", .no_menu = true,
    .small = true, .key = "a.id", .order = "-created", .text = "a.name",
    .search = "a.name|a.phone",
    .from = "account a LEFT JOIN org o ON o.id = a.org_id",
    .scope = { .provider = "o.provider_id", .merchant = "o.id" },
    .perm = { .view = "account.grant", .edit = "account.grant" },
    .columns = LIST(columns), .filters = LIST(filters),
    .fields = LIST(grant_fields), .form_size = sizeof(struct grant_form),
    .fill = fill_grant, .save = save_grant,
    .version = "a.ver",
};

/* ---- the invitation ----------------------------------------------------- */

struct invite_args {
    int64_t id;
};

static const struct arg invite_args[] = {
    ARG(struct invite_args, id, .flags = ARG_REQUIRED, .min = 1,
        .max = INT64_MAX),
};

static void show(struct request *req, int64_t id, const char *key)
{
    struct cx *cx = req->cx;
    const struct account *a = account_load(cx, id);
    struct vnode *tree = view_new(cx), *n = v_child(tree, "Invite");

    v_set(n, "name", a->name);
    v_int(n, "hours", ACTIVATION_MS / 3600000);
    v_printf(n, "path", "/console/account/%lld/invite", (long long)id);
    v_printf(n, "back", "/console/account/%lld", (long long)id);
    if (key != NULL)
        v_printf(n, "link", "%s/login/password?key=%s",
                 cx->config->public_url, url_encode(cx->arena, key));
    answer_page(req, "page/invite.cs", tree, "邀请链接");
}

static void invite_form(struct request *req, const void *args)
{
    const struct invite_args *a = args;

    show(req, a->id, NULL);
}

static void invite(struct request *req, const void *args)
{
    const struct invite_args *a = args;

    show(req, a->id, account_invite(req->cx, a->id));
}

const struct route account_routes[ACCOUNT_ROUTES] = {
    { GET, "/console/account/:id/invite", AUTH_ACCOUNT, "account.edit", 0,
      LIST(invite_args), sizeof(struct invite_args), invite_form },
    { POST, "/console/account/:id/invite", AUTH_ACCOUNT, "account.edit",
      ROUTE_FORM_ONCE, LIST(invite_args), sizeof(struct invite_args),
      invite },
};
