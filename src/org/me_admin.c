/*
 * One's own page: data, password, where one is signed in. The tree is named
 * at the top of sign_in_admin.c.
 */
#include <string.h>

#include "base/log.h"
#include "db/db.h"
#include "org/password.h"
#include "org/session.h"
#include "org/sign_in.h"
#include "org/me_admin.h"
#include "system/audit.h"
#include "web/session.h"

struct errors {
    const char *error, *old_error, *password_error, *again_error;
};

static void put_sessions(struct cx *cx, struct vnode *person)
{
    struct vnode *list = v_child(person, "sessions");
    size_t count;
    const struct session_entry *e = session_list(cx, SESSION_ACCOUNT,
                                                 cx->actor.id, &count);

    for (size_t i = 0; i < count; i++) {
        struct vnode *n = v_item(list, i);
        char text[STAMP_TEXT];

        v_int(n, "id", e[i].id);
        v_set(n, "address", e[i].address);
        v_set(n, "agent", session_device(cx, e[i].agent));
        v_set(n, "agent_full", e[i].agent);
        v_printf(n, "created", "%.14s", stamp_text(e[i].created_at, text) + 5);
        v_printf(n, "seen", "%.14s", stamp_text(e[i].seen_at, text) + 5);
        v_flag(n, "current", e[i].id == cx->actor.session_id);
    }
}

static void show(struct request *req, const struct errors *errors)
{
    struct cx *cx = req->cx;
    const struct session_row *row = req->session->own;
    struct vnode *tree = view_new(cx), *n = v_child(tree, "Person");
    char phone[24], text[STAMP_TEXT];

    v_set(n, "name", row->name);
    v_set(n, "phone", mask_phone(row->phone, phone));
    v_set(n, "org", row->org_name);
    v_set(n, "roles", row->role_names);
    v_set(n, "password_at", row->password_at.ms == 0
              ? NULL : stamp_date_text(row->password_at, text));
    v_set(n, "rules", password_rules);
    v_set(n, "error", errors->error);
    v_set(n, "old_error", errors->old_error);
    v_set(n, "password_error", errors->password_error);
    v_set(n, "again_error", errors->again_error);
    put_sessions(cx, n);
    answer_page(req, "page/me.cs", tree, "个人档案");
}

void me_get(struct request *req, const void *args)
{
    struct errors errors = { 0 };

    (void)args;
    if (req->session->password_only)
        errors.error = "密码已超过 90 天未更换，先设置新密码再继续。";
    show(req, &errors);
}

void me_password_post(struct request *req, const void *args)
{
    const struct me_password_args *a = args;
    struct errors errors = { 0 };
    const char *flaw = NULL, *field;

    if (strcmp(a->password, a->again) != 0) {
        errors.again_error = "两次输入的密码不一致。";
        field = "again";
    } else {
        field = sign_in_change(req->cx, a->old, a->password, &flaw);
        if (field != NULL && strcmp(field, "old") == 0)
            errors.old_error = flaw;
        else
            errors.password_error = flaw;
    }
    if (field == NULL) {
        answer_redirect(req, "/console/me");
        answer_toast(req, "密码已修改，其他设备需要重新登录。");
        return;
    }
    show(req, &errors);
    answer_status(req, 422);
}

void me_kill_post(struct request *req, const void *args)
{
    const struct me_kill_args *a = args;
    struct cx *cx = req->cx;

    if (!session_end(cx, SESSION_ACCOUNT, cx->actor.id, a->id))
        cx_fail(cx, ERR_NOT_FOUND, "这台设备已经退出登录。");
    audit(cx, "account.session_end", "account", cx->actor.id,
          cx_printf(cx, "%s 结束了另一台设备的登录", cx->actor.name));
    answer_redirect(req, "/console/me");
    answer_toast(req, "已结束那台设备的登录。");
}
