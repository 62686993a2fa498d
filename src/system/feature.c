/*
 * What the system brings: the audit, background exports.
 */
#include "system/audit_admin.h"
#include "system/export_admin.h"
#include "system/export_task.h"
#include "web/feature.h"

static const struct resource *const pages[] = { &audit_page, &export_page };

static const struct permission perms[] = {
    { "audit.view", "查看和导出操作日志" },
    { PERM_UNMASK, "查看完整的手机号等个人信息" },
};

static const struct job jobs[] = {
    { "export.run", EVERY_S(1), LIMIT_S(900), export_run, "生成导出文件" },
    { "export.clean", EVERY_S(600), LIMIT_S(60), export_clean,
      "清理过期的导出和上传" },
};

static const struct live_count lives[] = {
    { "task", false, export_open_count },
};

const struct feature system_feature = {
    .name = "system", .menu = "系统管理", .icon = "settings",
    .pages = LIST(pages), .perms = LIST(perms), .jobs = LIST(jobs),
    .lives = LIST(lives), .exports = &export_queue,
    .routes = { export_routes, EXPORT_ROUTES },
};
