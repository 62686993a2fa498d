/*
 * Where people are signed in, and ending that (rule A6): for whoever may
 * switch their accounts off. One's own devices also stand on the own page.
 */
#include "org/org.h"
#include "org/org_admin.h"
#include "org/session.h"

static const struct column columns[] = {
    { "account", "账号", "a.name", CELL_TEXT, COL_LINK, .group = "登录" },
    { "phone", "手机号", "a.phone", CELL_PHONE },
    { "org", "所属组织", "o.name", CELL_TEXT, .ref = &org_page,
      .ref_sql = "o.id" },
    { "address", "地址", "s.address", CELL_MONO },
    { "created", "登录时间", "s.created_at", CELL_TIME, COL_SORT },
    { "seen", "最后操作", "s.seen_at", CELL_TIME, COL_SORT },
    { "expires", "最迟到期", "s.expires_at", CELL_TIME, COL_HIDDEN },
    { "agent", "设备", "s.agent", CELL_TEXT, .say = session_device },
    { "agent_full", "浏览器标识", "s.agent", CELL_TEXT, COL_DETAIL },
};

static const struct filter filters[] = {
    { "q", "姓名", "a.name", FILTER_FUZZY },
    { "phone", "手机号", "a.phone", FILTER_EXACT },
    { "address", "地址", "s.address", FILTER_PREFIX },
    { "org", "所属组织", "a.org_id", FILTER_REF, .ref = &org_page },
};

static const struct action actions[] = {
    { "end", "结束登录", ACT_ROW | ACT_BULK | ACT_CONFIRM | ACT_DANGER,
      "account.edit", session_stop,
      .confirm = "对方立即退出，未保存的内容会丢失；知道密码的人仍能再登录，"
                 "要拦住就停用账号或重置密码。",
      .keep = "保留", .done = "登录已结束。", .icon = "logout" },
};

/* Only what still is good: as in session_list. */
const struct resource session_page = {
    .name = "session", .title = "登录设备", .unit = "台", .icon = "login",
    .sub = "正在登录管理后台的浏览器，每个账号最多 5 台",
    .small = true, .key = "s.id", .order = "-created", .text = "a.name",
    .search = "a.name|a.phone",
    .from = "session s LEFT JOIN account a ON a.id = s.owner_id"
            " LEFT JOIN org o ON o.id = a.org_id",
    .where = "s.kind = 1 AND s.expires_at > NOW(3)"
             " AND s.seen_at > NOW(3) - INTERVAL 30 MINUTE",
    .scope = { .provider = "o.provider_id", .merchant = "o.id" },
    .perm = { .view = "account.view" },
    .columns = LIST(columns), .filters = LIST(filters),
    .actions = LIST(actions),
};
