#include "tests/integration/web/people.h"

#include <stdio.h>

#include "base/crypto.h"
#include "org/session.h"
#include "tests/integration/testdb.h"

static void run(struct cx *cx, const char *format, ...) PRINTF_LIKE(2, 3);

static void run(struct cx *cx, const char *format, ...)
{
    va_list ap;

    va_start(ap, format);
    testdb_sql(cx, arena_vprintf(cx->arena, format, ap));
    va_end(ap);
}

static int64_t last_id(struct cx *cx)
{
    return testdb_int(cx, "SELECT LAST_INSERT_ID()");
}

static int64_t org(struct cx *cx, int64_t parent, int kind, const char *name,
                   int64_t provider)
{
    int64_t id;

    run(cx, "INSERT INTO org (parent_id, kind, name, created_at, updated_at)"
        " VALUES (NULLIF(%lld, 0), %d, '%s', NOW(3), NOW(3))",
        (long long)parent, kind, name);
    id = last_id(cx);
    if (kind != 1)
        run(cx, "UPDATE org SET provider_id = %lld WHERE id = %lld",
            (long long)(provider == 0 ? id : provider), (long long)id);
    return id;
}

static int64_t role(struct cx *cx, int64_t org_id, const char *name,
                    int built_in)
{
    run(cx, "INSERT INTO role (org_id, name, built_in, created_at,"
        " updated_at) VALUES (%lld, '%s', %d, NOW(3), NOW(3))",
        (long long)org_id, name, built_in);
    return last_id(cx);
}

static void may(struct cx *cx, int64_t role_id, const char *perm)
{
    run(cx, "INSERT INTO role_perm (role_id, perm) VALUES (%lld, '%s')",
        (long long)role_id, perm);
}

static int64_t account(struct cx *cx, int64_t org_id, const char *phone,
                       const char *name, int64_t role_id)
{
    char hash[PASSWORD_HASH_SIZE];
    int64_t id;

    password_hash(cx, PEOPLE_PASSWORD, hash);
    run(cx, "INSERT INTO account (org_id, phone, name, password, password_at,"
        " created_at, updated_at) VALUES (%lld, '%s', '%s', '%s', NOW(3),"
        " NOW(3), NOW(3))", (long long)org_id, phone, name, hash);
    id = last_id(cx);
    run(cx, "INSERT INTO account_role VALUES (%lld, %lld)", (long long)id,
        (long long)role_id);
    return id;
}

static void provider(struct cx *cx, struct people *p, int i)
{
    p->provider[i] = org(cx, p->platform, 2, i == 0 ? "岭海" : "江城", 0);
    p->merchant[i] = org(cx, p->provider[i], 3, "商户", p->provider[i]);
    run(cx, "INSERT INTO station (provider_id, merchant_id, name, created_at,"
        " updated_at) VALUES (%lld, %lld, '电站', NOW(3), NOW(3))",
        (long long)p->provider[i], (long long)p->merchant[i]);
    p->station[i] = last_id(cx);
    run(cx, "INSERT INTO driver (phone, created_at, updated_at) VALUES"
        " ('1390000000%d', NOW(3), NOW(3))", i);
    p->driver[i] = last_id(cx);
}

void people_make(struct people *p)
{
    struct cx *cx = testdb_cx();
    int64_t admin, clerk, writer, other, bound;

    run(cx, "CREATE TABLE t_effect (id BIGINT AUTO_INCREMENT PRIMARY KEY,"
        " what VARCHAR(40) NOT NULL)");
    run(cx, "CREATE TABLE t_unique (idem_key VARCHAR(64) PRIMARY KEY)");
    p->platform = org(cx, 0, 1, "平台", 0);
    provider(cx, p, 0);
    provider(cx, p, 1);
    admin = role(cx, p->platform, "平台管理员", 1);
    clerk = role(cx, p->platform, "客服", 0);
    may(cx, clerk, "t.view");
    writer = role(cx, p->provider[0], "场站运维", 0);
    may(cx, writer, "t.view");
    may(cx, writer, "t.write");
    other = role(cx, p->provider[1], "管理员", 1);
    account(cx, p->platform, ADMIN_PHONE, "周敏", admin);
    account(cx, p->platform, CLERK_PHONE, "陈嘉怡", clerk);
    account(cx, p->provider[0], PROVIDER_PHONE, "林工", writer);
    account(cx, p->provider[1], OTHER_PHONE, "何芳", other);
    bound = account(cx, p->provider[0], BOUND_PHONE, "小王", writer);
    run(cx, "UPDATE account SET station_bound = 1 WHERE id = %lld",
        (long long)bound);
    run(cx, "INSERT INTO account_station VALUES (%lld, %lld)",
        (long long)bound, (long long)p->station[0]);
    account(cx, p->provider[0], NEW_PHONE, "新人", writer);
    account(cx, p->provider[0], OFF_PHONE, "离职", writer);
    run(cx, "UPDATE account SET password = NULL, password_at = NULL"
        " WHERE phone = '" NEW_PHONE "'");
    run(cx, "UPDATE account SET status = 2 WHERE phone = '" OFF_PHONE "'");
    testdb_cx_free(cx);
}

struct opening {
    int64_t driver_id;
    const char *token;
};

static void open_work(struct cx *cx, void *arg)
{
    struct opening *o = arg;

    o->token = session_open(cx, SESSION_DRIVER, o->driver_id, "tests");
}

static void open_driver(struct cx *cx, void *arg)
{
    db_tx(cx, open_work, arg);
}

void people_bearer(int64_t driver_id, char out[PEOPLE_BEARER])
{
    struct cx *cx = testdb_cx();
    struct opening *o = CX_NEW(cx, struct opening);

    o->driver_id = driver_id;
    testdb_run(cx, open_driver, o);
    snprintf(out, PEOPLE_BEARER, "Bearer %s", o->token);
    testdb_cx_free(cx);
}
