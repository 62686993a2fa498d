/*
 * Hands the sessions of this feature to the web layer.
 */
#include "org/identity_admin.h"

#include <string.h>

#include "base/config.h"
#include "base/log.h"
#include "base/utf8.h"
#include "db/db.h"
#include "org/org.h"
#include "org/password_list.h"
#include "org/people.h"
#include "org/session.h"
#include "system/audit.h"

/* A toast is kept as "kind|text". */
static void split_toast(struct cx *cx, struct session *s, const char *kept)
{
    const char *bar = kept == NULL ? NULL : strchr(kept, '|');

    if (bar == NULL)
        return;
    s->toast_kind = arena_strndup(cx->arena, kept, (size_t)(bar - kept));
    s->toast = bar + 1;
}

static struct session *load(struct cx *cx, enum actor_kind kind,
                            const char *token, bool keep_alive)
{
    const struct session_row *row =
        session_load(cx, kind == ACTOR_DRIVER ? SESSION_DRIVER
                                              : SESSION_ACCOUNT,
                     token, keep_alive);
    struct session *s;

    if (row == NULL)
        return NULL;
    s = CX_NEW(cx, struct session);
    *s = (struct session){
        .id = row->id, .kind = kind, .csrf = row->csrf,
        .role_names = row->role_names, .perms = row->perms,
        .perm_count = row->perm_count, .password_only = row->password_expired,
        .own = row,
    };
    split_toast(cx, s, row->toast);
    return s;
}

static void toast(struct cx *cx, const struct session *s, const char *kind,
                  const char *text)
{
    enum { TOAST_MAX = 390 };
    char *kept;

    if (text == NULL) {
        session_toast(cx, s->id, NULL);
        return;
    }
    kept = cx_printf(cx, "%s|%s", kind, text);
    kept[utf8_prefix(kept, TOAST_MAX)] = '\0';
    session_toast(cx, s->id, kept);
}

static void frame(struct cx *cx, const struct session *s, struct vnode *tree)
{
    const struct session_row *row = s->own;
    struct vnode *me = v_child(tree, "Me"), *data = v_child(tree, "Data");
    char phone[24];

    v_set(v_child(tree, "Page"), "brand", row->org_name);
    v_set(me, "name", row->name);
    v_set(me, "initial", arena_strndup(cx->arena, row->name,
                                       utf8_prefix(row->name, 1)));
    v_set(me, "phone", mask_phone(row->phone, phone));
    v_set(me, "role", row->role_names);
    v_set(me, "org", row->org_name);
    v_set(data, "title", cx->scope.station_count > 0 ? "绑定电站"
                                                     : "全部电站");
    v_int(data, "count", people_station_count(cx));
}

static const char *granter(struct cx *cx, const char *perm)
{
    return people_granter(cx, perm);
}

struct refusal {
    const char *what;
};

static void denied_work(struct cx *cx, void *arg)
{
    const struct refusal *r = arg;

    audit(cx, "permission.denied", "account", cx->actor.id,
          cx_printf(cx, "没有「%s」的权限，已拒绝", r->what));
}

static void denied(struct cx *cx, const char *what)
{
    struct refusal *r = CX_NEW(cx, struct refusal);

    r->what = what;
    db_tx(cx, denied_work, r);
}

/* "林工在 14:02" today, with the date else. */
static const char *changed(struct cx *cx, const char *object, int64_t id)
{
    const struct audit_last *last = audit_last(cx, object, id);
    char at[STAMP_TEXT], today[STAMP_TEXT];
    bool is_today;

    if (last == NULL)
        return NULL;
    stamp_text(last->at, at);
    stamp_date_text(cx->now, today);
    is_today = strncmp(at, today, strlen(today)) == 0;
    return cx_printf(cx, "%s在 %.*s ", last->actor, is_today ? 5 : 11,
                     at + (is_today ? 11 : 5));
}

/* Without the list every password would be taken that the rules let pass. */
static const char *unfit(const struct config *config)
{
    return password_list_flaw(config->password_list);
}

const struct identity org_identity = {
    .login_path = "/login",
    .password_path = "/console/me",
    .load = load,
    .toast = toast,
    .frame = frame,
    .granter = granter,
    .denied = denied,
    .audit = audit,
    .changed = changed,
    .unfit = unfit,
};
