/*
 * Organisations of the demo, and the accounts that people try it with. The
 * passwords are random every time and stand in a file of its owner's only.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/config.h"
#include "base/crypto.h"
#include "cli/demo.h"
#include "cli/people.h"
#include "db/db.h"
#include "system/setting.h"

static const struct demo_org providers[] = {
    { "粤通充电服务有限公司", "陈志强", "13500010001",
      "广州市", "天河区", "黄埔大道西 76 号", -1, 0, 0 },
    { "鹏程绿能科技有限公司", "林晓峰", "13500020001",
      "深圳市", "南山区", "高新南一道 9 号", -1, 0, 0 },
};

/* In the order that demo_place.c counts them. */
static const struct demo_org merchants[] = {
    { "粤通直营事业部", "黄嘉欣", "13500011001",
      "广州市", "天河区", "黄埔大道西 76 号", 0, 2, 0 },
    { "羊城物业管理有限公司", "梁伟文", "13500011002",
      "广州市", "越秀区", "东风中路 268 号", 0, 1, 0 },
    { "珠江联合充电合伙企业", "何佩珊", "13500011003",
      "广州市", "黄埔区", "科学大道 111 号", 0, 3, 0 },
    { "鹏程直营事业部", "郑浩然", "13500021001",
      "深圳市", "南山区", "高新南一道 9 号", 1, 2, 0 },
    { "湾区联营充电有限公司", "吴思敏", "13500021002",
      "深圳市", "福田区", "深南大道 6008 号", 1, 3, 0 },
    { "罗志明（个人）", "罗志明", "13500021003",
      "深圳市", "坪山区", "坪山大道 2007 号", 1, 5, 0 },
};

static int64_t save_org(struct demo *d, const struct demo_org *o, int kind,
                        int64_t parent_id, int64_t provider_id)
{
    static const char sql[] =
        "INSERT INTO org (parent_id, kind, merchant_kind, name, provider_id,"
        "   contact, phone, province, city, district, address, created_at,"
        "   updated_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, '广东省', ?, ?, ?, ?, ?)";
    static const char own[] =
        "UPDATE org SET provider_id = id WHERE id = ?";
    stamp made = stamp_add_days(d->first_day, -30);
    int64_t id;

    id = db_insert(d->cx, sql,
                   BIND(V_ID(parent_id), V(kind), V(o->kind), V(o->name),
                        V_ID(provider_id), V(o->contact), V(o->phone),
                        V(o->city), V(o->district), V(o->address), V(made),
                        V(made)));
    if (kind == PEOPLE_PROVIDER)
        db_exec(d->cx, own, BIND(V(id)));
    return id;
}

static void save_orgs(struct demo *d, int64_t platform_id)
{
    d->provider_count = COUNT(providers);
    d->providers = arena_memdup(d->cx->arena, providers, sizeof providers);
    for (size_t i = 0; i < COUNT(providers); i++)
        d->providers[i].id = save_org(d, &providers[i], PEOPLE_PROVIDER,
                                      platform_id, 0);
    d->merchant_count = COUNT(merchants);
    d->merchants = arena_memdup(d->cx->arena, merchants, sizeof merchants);
    for (size_t i = 0; i < COUNT(merchants); i++) {
        int64_t provider = d->providers[merchants[i].provider].id;

        d->merchants[i].id = save_org(d, &merchants[i], PEOPLE_MERCHANT,
                                      provider, provider);
    }
}

/* "Kq3-" and twelve of 32 letters: 60 bits, and all four kinds. */
static void make_password(char out[DEMO_PASSWORD_SIZE])
{
    static const char letters[] = "abcdefghijkmnpqrstuvwxyz23456789";

    memcpy(out, "Kq3-", 4);
    for (size_t i = 4; i < DEMO_PASSWORD_SIZE - 1; i++)
        out[i] = letters[random_below(sizeof letters - 1)];
    out[DEMO_PASSWORD_SIZE - 1] = '\0';
}

void demo_make_passwords(struct demo *d)
{
    for (size_t i = 0; i < DEMO_ACCOUNTS; i++) {
        make_password(d->accounts[i].password);
        password_hash(d->cx, d->accounts[i].password,
                      d->accounts[i].hash);
    }
}

static int64_t save_holder(struct demo *d, enum demo_account which,
                           int64_t org_id, int64_t role_id, const char *phone,
                           const char *name)
{
    const struct new_account a = {
        .org_id = org_id, .phone = phone, .name = name, .role_id = role_id,
        .hash = d->accounts[which].hash,
    };

    d->accounts[which].login = phone;
    return people_account(d->cx, &a);
}

static void save_account(struct demo *d, enum demo_account which,
                         int64_t org_id, const char *role, const char *phone,
                         const char *name)
{
    save_holder(d, which, org_id,
                people_built_in_role(d->cx, org_id, BUILT_IN_FULL, role),
                phone, name);
}

/* What somebody at a station sees and does there. */
static int64_t keeper_role(struct demo *d, int64_t org_id)
{
    static const char *const perms[] = {
        "home.view", "wall.view", "order.view", "order.control",
        "station.view", "pile.control", "tariff.view",
    };
    static const char sql[] =
        "INSERT INTO role (org_id, name, note, created_at, updated_at)"
        " VALUES (?, '站长', '看所管电站，停止充电，控制电桩', ?, ?)";
    static const char grant[] =
        "INSERT INTO role_perm (role_id, perm) VALUES (?, ?)";
    int64_t id = db_insert(d->cx, sql, BIND(V(org_id), V(d->cx->now),
                                            V(d->cx->now)));

    for (size_t i = 0; i < COUNT(perms); i++)
        db_exec(d->cx, grant, BIND(V(id), V(perms[i])));
    return id;
}

void demo_make_keeper(struct demo *d)
{
    enum { KEPT = 2 };
    static const char bound[] =
        "UPDATE account SET station_bound = 1 WHERE id = ?";
    static const char bind[] =
        "INSERT INTO account_station (account_id, station_id) VALUES (?, ?)";
    int64_t org_id = d->merchants[0].id;
    int64_t id = save_holder(d, ACCOUNT_STATION, org_id,
                             keeper_role(d, org_id), "13500011011", "李卫东");
    int kept = 0;

    db_exec(d->cx, bound, BIND(V(id)));
    for (size_t i = 0; i < d->station_count && kept < KEPT; i++)
        if (d->stations[i].merchant_id == org_id) {
            db_exec(d->cx, bind, BIND(V(id), V(d->stations[i].id)));
            kept++;
        }
}

void demo_make_orgs(struct demo *d)
{
    int64_t platform = people_platform(d->cx);
    static const enum demo_account of_provider[] = { ACCOUNT_PROVIDER,
                                                     ACCOUNT_PROVIDER_2 };
    static const enum demo_account of_merchant[] = { ACCOUNT_MERCHANT,
                                                     ACCOUNT_MERCHANT_2 };

    /* One person shows every page. */
    setting_set(d->cx, "duties", "joint");
    save_orgs(d, platform);
    save_account(d, ACCOUNT_ADMIN, platform, "平台管理员", "13500000001",
                 "周文博");
    save_holder(d, ACCOUNT_AUDITOR, platform,
                people_auditor_role(d->cx, platform, "审计管理员"),
                "13500000002", "许静怡");
    for (size_t i = 0; i < COUNT(of_provider); i++)
        save_account(d, of_provider[i], d->providers[i].id, "服务商管理员",
                     d->providers[i].phone, d->providers[i].contact);
    for (size_t i = 0; i < COUNT(of_merchant); i++)
        save_account(d, of_merchant[i], d->merchants[3 * i].id, "商户管理员",
                     d->merchants[3 * i].phone, d->merchants[3 * i].contact);
}

/* The file is there before the transaction, under another name, and takes its
   own after the commit: at no moment are there accounts that nobody can use. */
static const char *accounts_path(const struct demo *d, const char *suffix)
{
    return cx_printf(d->cx, "%s/demo.accounts%s", d->cx->config->home,
                     suffix);
}

void demo_write_accounts(const struct demo *d)
{
    static const char *const keys[DEMO_ACCOUNTS] = {
        [ACCOUNT_ADMIN] = "ADMIN",
        [ACCOUNT_PROVIDER] = "PROVIDER",
        [ACCOUNT_PROVIDER_2] = "PROVIDER2",
        [ACCOUNT_MERCHANT] = "MERCHANT",
        [ACCOUNT_MERCHANT_2] = "MERCHANT2",
        [ACCOUNT_STATION] = "STATION",
        [ACCOUNT_AUDITOR] = "AUDITOR",
    };
    const char *path = accounts_path(d, ".new");
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    bool ok = fd >= 0;

    for (size_t i = 0; ok && i < DEMO_ACCOUNTS; i++)
        ok = dprintf(fd, "%s_LOGIN=%s\n%s_PASSWORD=%s\n", keys[i],
                     d->accounts[i].login, keys[i],
                     d->accounts[i].password) > 0;
    ok = ok && dprintf(fd, "DRIVER_LOGIN=%s\n", d->drivers[0].phone) > 0;
    if (fd < 0 || close(fd) != 0 || !ok)
        cx_fail(d->cx, ERR_INTERNAL, "%s cannot be written", path);
}

void demo_keep_accounts(const struct demo *d)
{
    if (rename(accounts_path(d, ".new"), accounts_path(d, "")) != 0)
        cx_fail(d->cx, ERR_INTERNAL, "%s cannot be renamed",
                accounts_path(d, ".new"));
}
