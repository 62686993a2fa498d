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

/* The last four are written by the engine of the pages, src/web, and by the
   command line, which are no features. */
static const struct label events[] = {
    LABEL("sms.code", "发送验证码"),
    LABEL("sms.code_refused", "拒绝发送验证码"),
    LABEL("setting.change", "修改设置"),
    LABEL("export.download", "下载导出文件"),
    LABEL("export", "导出"),
    LABEL("import", "导入"),
    LABEL("privacy.reveal", "查看完整信息"),
    LABEL("demo.load", "载入演示数据"),
};

/* What is audited and has no page. */
static const struct label objects[] = {
    LABEL("sms_code", "验证码"),
    LABEL("setting", "设置"),
    LABEL("platform", "平台"),
};

const struct feature system_feature = {
    .name = "system", .menu = "系统管理", .icon = "settings",
    .pages = LIST(pages), .perms = LIST(perms), .jobs = LIST(jobs),
    .lives = LIST(lives), .exports = &export_queue,
    .routes = { export_routes, EXPORT_ROUTES },
    .events = LIST(events), .objects = LIST(objects),
};
