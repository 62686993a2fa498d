/*
 * Sessions: session.h.
 */
#include "org/session.h"

#include <string.h>

#include "base/crypto.h"
#include "db/db.h"
#include "db/kept.h"
#include "db/scope.h"
#include "driver/driver.h"
#include "org/duty.h"
#include "org/org.h"
#include "org/people.h"
#include "system/audit.h"

enum {
    TOKEN_BYTES = 32,
    TOKEN_TEXT = 44, /* base64url, and the NUL */
    TOUCH_MS = 60 * 1000,               /* seen_at is this coarse */
    TOUCH_DRIVER_MS = 60 * 60 * 1000,
    PASSWORD_DAYS = 90,                 /* A2, profile mlps2 */
    STATIONS_MAX = 500,
    ENABLED = 1,
};

/* ---- opening ----------------------------------------------------------- */

static stamp expiry(struct cx *cx, enum session_kind kind)
{
    return kind == SESSION_ACCOUNT
        ? stamp_add_ms(cx->now, SESSION_LONGEST_MS)
        : stamp_add_days(cx->now, SESSION_DRIVER_DAYS);
}

static int64_t rights_ver(struct cx *cx, enum session_kind kind, int64_t id)
{
    static const char of_account[] =
        "SELECT rights_ver FROM account WHERE id = ? FOR UPDATE";
    static const char of_driver[] =
        "SELECT rights_ver FROM driver WHERE id = ? FOR UPDATE";

    return db_int(cx, kind == SESSION_ACCOUNT ? of_account : of_driver,
                  BIND(V(id)));
}

/* Keeps the newest SESSIONS_MAX - 1. */
static void end_oldest(struct cx *cx, enum session_kind kind, int64_t owner_id)
{
    static const char find[] =
        "SELECT id FROM session WHERE kind = ? AND owner_id = ?"
        " ORDER BY created_at DESC, id DESC LIMIT 1 OFFSET ?";
    static const char end[] =
        "DELETE FROM session WHERE kind = ? AND owner_id = ? AND id <= ?";
    int64_t id = db_int(cx, find, BIND(V((int)kind), V(owner_id),
                                       V(SESSIONS_MAX - 1)));

    if (id != 0)
        db_exec(cx, end, BIND(V((int)kind), V(owner_id), V(id)));
}

const char *session_open(struct cx *cx, enum session_kind kind,
                         int64_t owner_id, const char *agent)
{
    static const char sql[] =
        "INSERT INTO session (token_hash, kind, owner_id, csrf, rights_ver,"
        "   address, agent, created_at, seen_at, expires_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
    uint8_t token[TOKEN_BYTES], csrf[TOKEN_BYTES], hash[SHA256_SIZE];
    char *text = arena_alloc(cx->arena, TOKEN_TEXT);
    int64_t ver;

    db_need_tx(cx);
    ver = rights_ver(cx, kind, owner_id); /* also locks the owner */
    end_oldest(cx, kind, owner_id);
    random_bytes(token, sizeof token);
    random_bytes(csrf, sizeof csrf);
    base64url_encode(token, sizeof token, text);
    sha256(text, strlen(text), hash);
    db_insert(cx, sql,
              BIND(V(((struct bytes){ hash, sizeof hash })), V((int)kind),
                   V(owner_id), V(((struct bytes){ csrf, sizeof csrf })),
                   V(ver), V(cx->actor.address), V(agent), V(cx->now),
                   V(cx->now), V(expiry(cx, kind))));
    secret_wipe(token, sizeof token);
    return text;
}

/* ---- loading ----------------------------------------------------------- */

struct account_row {
    int64_t id, owner_id;
    struct bytes csrf;
    const char *toast;
    stamp created_at, seen_at, expires_at;
    int rights_ver, own_rights_ver, status, station_bound;
    const char *name, *phone;
    stamp password_at;
    int64_t org_id;
    int org_kind;
    const char *org_name;
    int64_t provider_id;
    int org_status, provider_status;
};

#define F(member) DB_FIELD(struct account_row, member)
static const struct db_field account_row[] = {
    F(id), F(owner_id), F(csrf), F(toast), F(created_at), F(seen_at),
    F(expires_at), F(rights_ver), F(own_rights_ver), F(status),
    F(station_bound), F(name), F(phone), F(password_at), F(org_id),
    F(org_kind), F(org_name), F(provider_id), F(org_status),
    F(provider_status),
};
#undef F

static const struct account_row *find_account(struct cx *cx,
                                              const uint8_t *hash)
{
    static const char sql[] =
        "SELECT s.id, s.owner_id, s.csrf, s.toast, s.created_at, s.seen_at,"
        "   s.expires_at, s.rights_ver, a.rights_ver, a.status,"
        "   a.station_bound, a.name, a.phone, a.password_at, o.id, o.kind,"
        "   o.name, o.provider_id, o.status, COALESCE(p.status, 1)"
        "  FROM session s"
        "  JOIN account a ON a.id = s.owner_id"
        "  JOIN org o ON o.id = a.org_id"
        "  LEFT JOIN org p ON p.id = o.provider_id"
        " WHERE s.token_hash = ? AND s.kind = 1";

    return db_row(cx, sql,
                  BIND(V(((struct bytes){ hash, SHA256_SIZE }))),
                  ROW(struct account_row, account_row));
}

/* Disabling an organisation disables its people, and those below it. */
static bool is_good(struct cx *cx, const struct account_row *r)
{
    return r->rights_ver == r->own_rights_ver && r->status == ENABLED &&
           r->org_status == ENABLED && r->provider_status == ENABLED &&
           r->expires_at.ms > cx->now.ms &&
           r->seen_at.ms + SESSION_IDLE_MS > cx->now.ms;
}

struct right_row {
    int64_t role_id;
    const char *role;
    int built_in;
    const char *perm;
};

static const struct db_field right_row[] = {
    DB_FIELD(struct right_row, role_id),
    DB_FIELD(struct right_row, role),
    DB_FIELD(struct right_row, built_in),
    DB_FIELD(struct right_row, perm),
};

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void sort_unique(const char **perms, size_t *count)
{
    size_t to = 0;

    qsort(perms, *count, sizeof *perms, by_name);
    for (size_t i = 0; i < *count; i++)
        if (to == 0 || strcmp(perms[to - 1], perms[i]) != 0)
            perms[to++] = perms[i];
    *count = to;
}

static void load_rights(struct cx *cx, struct session_row *s)
{
    static const char sql[] =
        "SELECT r.id, r.name, r.built_in, rp.perm"
        "  FROM account_role ar"
        "  JOIN role r ON r.id = ar.role_id"
        "  LEFT JOIN role_perm rp ON rp.role_id = r.id"
        " WHERE ar.account_id = ? ORDER BY r.id";
    bool apart = s->org_kind == ORG_PLATFORM && duty_is_apart(cx);
    size_t count, own;
    struct right_row *rows = db_rows(cx, sql, BIND(V(s->owner_id)),
                                     ROW(struct right_row, right_row),
                                     &count);
    const char *const *system = duty_perms(cx, BUILT_IN_SYSTEM, apart, &own);
    const char **perms = arena_array(cx->arena, count + own + 1,
                                     sizeof *perms);
    int64_t last_role = 0;
    unsigned kinds = 0;

    s->role_names = "";
    for (size_t i = 0; i < count; i++) {
        if (rows[i].role_id != last_role)
            s->role_names = *s->role_names == '\0'
                ? rows[i].role
                : cx_printf(cx, "%s、%s", s->role_names, rows[i].role);
        last_role = rows[i].role_id;
        kinds |= 1U << rows[i].built_in;
        if (rows[i].perm != NULL)
            perms[s->perm_count++] = rows[i].perm;
    }
    for (size_t i = 0; i < own && (kinds & 1U << BUILT_IN_SYSTEM) != 0; i++)
        perms[s->perm_count++] = system[i];
    sort_unique(perms, &s->perm_count);
    s->perms = perms;
    if ((kinds & 1U << BUILT_IN_FULL) != 0)
        s->perms = duty_perms(cx, BUILT_IN_FULL, apart, &s->perm_count);
}

static void bind_stations(struct cx *cx, int64_t account_id)
{
    static const char sql[] =
        "SELECT station_id FROM account_station WHERE account_id = ?"
        " ORDER BY station_id";
    /* Bound, but to nothing yet: a station that does not exist. */
    static const int64_t none[] = { -1 };
    size_t count;
    const int64_t *ids = db_ids(cx, sql, BIND(V(account_id)), &count);

    if (count > STATIONS_MAX)
        cx_fail(cx, ERR_FORBIDDEN, "账号绑定的电站超过 %d 座。",
                STATIONS_MAX);
    cx->scope.station_ids = count == 0 ? none : ids;
    cx->scope.station_count = count == 0 ? 1 : count;
}

static void set_scope(struct cx *cx, const struct account_row *r)
{
    cx->scope = (struct scope){
        .all = r->org_kind == ORG_PLATFORM,
        .provider_id = r->org_kind == ORG_PLATFORM ? 0 : r->provider_id,
        .merchant_id = r->org_kind == ORG_MERCHANT ? r->org_id : 0,
    };
    if (r->station_bound)
        bind_stations(cx, r->owner_id);
}

static void set_actor(struct cx *cx, enum actor_kind kind,
                      const struct session_row *s)
{
    cx->actor = (struct actor){
        .kind = kind, .id = s->owner_id, .org_id = s->org_id,
        .name = s->name, .address = cx->actor.address, .session_id = s->id,
    };
}

static const char *hex_of(struct cx *cx, struct bytes b)
{
    return hex_encode(b.data, b.len, arena_alloc(cx->arena, 2 * b.len + 1));
}

static struct session_row *load_account(struct cx *cx, const uint8_t *hash)
{
    const struct account_row *r = find_account(cx, hash);
    struct session_row *s;

    if (r == NULL || !is_good(cx, r))
        return NULL;
    s = CX_NEW(cx, struct session_row);
    *s = (struct session_row){
        .id = r->id, .owner_id = r->owner_id, .csrf = hex_of(cx, r->csrf),
        .toast = r->toast, .created_at = r->created_at,
        .seen_at = r->seen_at, .name = r->name, .phone = r->phone,
        .org_name = r->org_name, .org_id = r->org_id,
        .org_kind = r->org_kind, .password_at = r->password_at,
        .password_expired = r->password_at.ms != 0 &&
            stamp_add_days(r->password_at, PASSWORD_DAYS).ms <= cx->now.ms,
    };
    load_rights(cx, s);
    set_scope(cx, r);
    set_actor(cx, ACTOR_ACCOUNT, s);
    return s;
}

bool session_become(struct cx *cx, int64_t account_id)
{
    static const struct db_field row[] = {
        DB_FIELD(struct account_row, owner_id),
        DB_FIELD(struct account_row, name),
        DB_FIELD(struct account_row, station_bound),
        DB_FIELD(struct account_row, org_id),
        DB_FIELD(struct account_row, org_kind),
        DB_FIELD(struct account_row, provider_id),
    };
    static const char sql[] =
        "SELECT a.id, a.name, a.station_bound, o.id, o.kind, o.provider_id"
        "  FROM account a JOIN org o ON o.id = a.org_id WHERE a.id = ?";
    const struct account_row *r = db_row(cx, sql, BIND(V(account_id)),
                                         ROW(struct account_row, row));

    if (r == NULL)
        return false;
    set_scope(cx, r);
    set_actor(cx, ACTOR_ACCOUNT,
              &(struct session_row){ .owner_id = r->owner_id,
                                     .org_id = r->org_id, .name = r->name });
    return true;
}

struct driver_row {
    int64_t id, owner_id;
    struct bytes csrf;
    stamp created_at, seen_at, expires_at;
    int rights_ver, own_rights_ver;
    struct driver driver;
};

#define F(member) DB_FIELD(struct driver_row, member)
static const struct db_field driver_row[] = {
    F(id), F(owner_id), F(csrf), F(created_at), F(seen_at), F(expires_at),
    F(rights_ver), F(own_rights_ver), F(driver.id), F(driver.status),
    F(driver.name), F(driver.phone), F(driver.plate), F(driver.created_at),
};
#undef F

/* The same in one piece, fit to be kept for a moment. */
struct kept_driver {
    int64_t id, owner_id, status;
    stamp created_at, seen_at, expires_at, since;
    uint8_t csrf[TOKEN_BYTES];
    char name[4 * 40 + 1], phone[20 + 1], plate[4 * 12 + 1];
};

static const struct driver_row *find_driver(struct cx *cx,
                                            const uint8_t *hash)
{
    static const char sql[] =
        "SELECT s.id, s.owner_id, s.csrf, s.created_at, s.seen_at,"
        "   s.expires_at, s.rights_ver, d.rights_ver, d.id, d.status,"
        "   d.name, d.phone, d.plate, d.created_at"
        "  FROM session s JOIN driver d ON d.id = s.owner_id"
        " WHERE s.token_hash = ? AND s.kind = 2";
    const struct driver_row *r = db_row(
        cx, sql, BIND(V(((struct bytes){ hash, SHA256_SIZE }))),
        ROW(struct driver_row, driver_row));

    if (r == NULL || r->rights_ver != r->own_rights_ver ||
        r->driver.status != ENABLED)
        return NULL;
    return r;
}

static bool put_text(char *to, size_t size, const char *from)
{
    size_t len = strlen(from);

    if (len >= size)
        return false;
    memcpy(to, from, len + 1);
    return true;
}

static void keep_driver(struct cx *cx, const struct kept_try *t,
                        const struct driver_row *r)
{
    struct kept_driver k = {
        .id = r->id, .owner_id = r->owner_id, .status = r->driver.status,
        .created_at = r->created_at, .seen_at = r->seen_at,
        .expires_at = r->expires_at, .since = r->driver.created_at,
    };

    must(r->csrf.len == sizeof k.csrf);
    memcpy(k.csrf, r->csrf.data, sizeof k.csrf);
    if (put_text(k.name, sizeof k.name, r->driver.name) &&
        put_text(k.phone, sizeof k.phone, r->driver.phone) &&
        put_text(k.plate, sizeof k.plate, r->driver.plate))
        kept_put(cx, t, r->owner_id, &k);
}

static const struct driver_row *kept_row(struct cx *cx,
                                         const struct kept_driver *found)
{
    struct driver_row *r = CX_NEW(cx, struct driver_row);
    const struct kept_driver *k = arena_memdup(cx->arena, found, sizeof *k);

    *r = (struct driver_row){
        .id = k->id, .owner_id = k->owner_id,
        .csrf = { k->csrf, sizeof k->csrf },
        .created_at = k->created_at, .seen_at = k->seen_at,
        .expires_at = k->expires_at,
        .driver = { k->owner_id, k->phone, k->name, k->plate,
                    (int)k->status, k->since },
    };
    return r;
}

static struct session_row *load_driver(struct cx *cx, const uint8_t *hash)
{
    struct bytes token = { hash, SHA256_SIZE };
    struct kept_driver k;
    struct kept_try t = kept_find(cx, "driver session", BIND(V(token)), &k,
                                  sizeof k);
    const struct driver_row *r = t.found ? kept_row(cx, &k)
                                         : find_driver(cx, hash);
    struct session_row *s;

    if (r == NULL || r->expires_at.ms <= cx->now.ms)
        return NULL;
    if (!t.found)
        keep_driver(cx, &t, r);
    s = CX_NEW(cx, struct session_row);
    *s = (struct session_row){
        .id = r->id, .owner_id = r->owner_id, .csrf = hex_of(cx, r->csrf),
        .created_at = r->created_at, .seen_at = r->seen_at,
        .name = r->driver.name, .phone = r->driver.phone, .org_name = "",
        .role_names = "",
    };
    cx->scope = (struct scope){ .driver_id = r->owner_id };
    set_actor(cx, ACTOR_DRIVER, s);
    cx->actor.person = &r->driver;
    return s;
}

struct touch {
    int64_t id;
    enum session_kind kind;
};

static void touch_now(struct cx *cx, void *arg)
{
    static const char account[] =
        "UPDATE session SET seen_at = ? WHERE id = ?";
    static const char driver[] =
        "UPDATE session SET seen_at = ?, expires_at = ? WHERE id = ?";
    const struct touch *t = arg;

    if (t->kind == SESSION_ACCOUNT)
        db_exec(cx, account, BIND(V(cx->now), V(t->id)));
    else
        db_exec(cx, driver, BIND(V(cx->now), V(expiry(cx, t->kind)),
                                 V(t->id)));
}

static void touch_tx(struct cx *cx, void *arg)
{
    db_tx(cx, touch_now, arg);
}

/* A database that can only be read (full disk) still serves pages (W6): a
   failed touch is no failure. */
static void touch(struct cx *cx, enum session_kind kind,
                  const struct session_row *s)
{
    int64_t coarse = kind == SESSION_ACCOUNT ? TOUCH_MS : TOUCH_DRIVER_MS;
    struct touch *t = CX_NEW(cx, struct touch);

    if (cx->now.ms - s->seen_at.ms < coarse)
        return;
    *t = (struct touch){ s->id, kind };
    if (!cx_run(cx, touch_tx, t))
        cx->error = (struct cx_error){ .code = CX_OK };
}

struct session_row *session_load(struct cx *cx, enum session_kind kind,
                                 const char *token, bool keep_alive)
{
    struct session_row *s;
    uint8_t hash[SHA256_SIZE];

    if (strlen(token) != TOKEN_TEXT - 1)
        return NULL;
    sha256(token, strlen(token), hash);
    s = kind == SESSION_ACCOUNT ? load_account(cx, hash)
                                : load_driver(cx, hash);
    if (s != NULL && keep_alive)
        touch(cx, kind, s);
    return s;
}

/* ---- ending ------------------------------------------------------------ */

bool session_end(struct cx *cx, enum session_kind kind, int64_t owner_id,
                 int64_t session_id)
{
    static const char sql[] =
        "DELETE FROM session WHERE id = ? AND kind = ? AND owner_id = ?";

    db_need_tx(cx);
    return db_change_one(cx, sql, BIND(V(session_id), V((int)kind),
                                       V(owner_id)));
}

int64_t session_end_all(struct cx *cx, enum session_kind kind,
                        int64_t owner_id, int64_t except_id)
{
    static const char sql[] =
        "DELETE FROM session WHERE kind = ? AND owner_id = ? AND id <> ?";

    db_need_tx(cx);
    return db_exec(cx, sql, BIND(V((int)kind), V(owner_id), V(except_id)));
}

struct owner_row {
    int64_t id;
    const char *name;
};

void session_stop(struct cx *cx, int64_t session_id)
{
    static const struct db_field row[] = {
        DB_FIELD(struct owner_row, id),
        DB_FIELD(struct owner_row, name),
    };
    static const char sql[] =
        "SELECT a.id, a.name FROM session s"
        "  JOIN account a ON a.id = s.owner_id"
        "  JOIN org o ON o.id = a.org_id WHERE s.id = ? AND s.kind = 1";
    const struct owner_row *owner =
        scoped_row(cx, sql, session_id, &org_scope,
                   ROW(struct owner_row, row), "登录");

    if (session_id == cx->actor.session_id)
        cx_fail(cx, ERR_STATE, "这是你正在用的设备，请用「退出登录」。");
    people_may_stop(cx, owner->id);
    if (!session_end(cx, SESSION_ACCOUNT, owner->id, session_id))
        cx_fail(cx, ERR_NOT_FOUND, "这台设备已经退出登录。");
    audit(cx, "account.session_end", "account", owner->id,
          cx_printf(cx, "结束 %s 的一台设备的登录", owner->name));
}

struct session_entry *session_list(struct cx *cx, enum session_kind kind,
                                   int64_t owner_id, size_t *count)
{
    static const struct db_field row[] = {
        DB_FIELD(struct session_entry, id),
        DB_FIELD(struct session_entry, address),
        DB_FIELD(struct session_entry, agent),
        DB_FIELD(struct session_entry, created_at),
        DB_FIELD(struct session_entry, seen_at),
    };
    static const char sql[] =
        "SELECT id, address, agent, created_at, seen_at FROM session"
        " WHERE kind = ? AND owner_id = ? AND expires_at > ?"
        "   AND (kind <> 1 OR seen_at > ?)"
        " ORDER BY created_at DESC, id DESC LIMIT 20";

    return db_rows(cx, sql,
                   BIND(V((int)kind), V(owner_id), V(cx->now),
                        V(stamp_add_ms(cx->now, -SESSION_IDLE_MS))),
                   ROW(struct session_entry, row), count);
}

void session_toast(struct cx *cx, int64_t session_id, const char *text)
{
    static const char sql[] = "UPDATE session SET toast = ? WHERE id = ?";

    db_exec(cx, sql, BIND(V(text), V(session_id)));
}

/* Most browsers claim to be several, so the narrower name comes first. */
const char *session_device(struct cx *cx, const char *agent)
{
    static const char *const browsers[][2] = {
        { "MicroMessenger", "微信" }, { "Edg", "Edge" },
        { "OPR/", "Opera" }, { "Firefox/", "Firefox" },
        { "Chrome/", "Chrome" }, { "Safari/", "Safari" },
    };
    static const char *const systems[][2] = {
        { "Windows", "Windows" }, { "Android", "Android" },
        { "iPhone", "iPhone" }, { "iPad", "iPad" },
        { "Mac OS X", "macOS" }, { "Linux", "Linux" },
    };
    const char *browser = NULL, *system = NULL;

    for (size_t i = 0; i < COUNT(browsers) && browser == NULL; i++)
        if (strstr(agent, browsers[i][0]) != NULL)
            browser = browsers[i][1];
    for (size_t i = 0; i < COUNT(systems) && system == NULL; i++)
        if (strstr(agent, systems[i][0]) != NULL)
            system = systems[i][1];
    if (browser == NULL)
        return *agent != '\0' ? agent : "未知设备";
    return system == NULL ? browser : cx_printf(cx, "%s · %s", browser, system);
}
