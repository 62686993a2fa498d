#include "tests/integration/driver/places.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "db/db.h"
#include "driver/driver.h"
#include "ledger/ledger.h"
#include "org/session.h"
#include "tests/integration/testdb.h"

void places_sql(struct cx *cx, const char *format, ...)
{
    va_list ap;

    va_start(ap, format);
    testdb_sql(cx, arena_vprintf(cx->arena, format, ap));
    va_end(ap);
}

static void make_orgs(struct cx *cx)
{
    places_sql(cx, "INSERT INTO org (id, parent_id, kind, merchant_kind,"
                   " name, provider_id, created_at, updated_at) VALUES"
                   " (1, NULL, 1, 0, '平台', NULL, NOW(3), NOW(3)),"
                   " (2, 1, 2, 0, '岭海充电', 2, NOW(3), NOW(3)),"
                   " (3, 2, 3, 2, '岭海自营', 2, NOW(3), NOW(3))");
}

static void make_station(struct cx *cx, int64_t id, const char *name,
                         const char *city, const char *district,
                         const char *address, int lng_e6, int lat_e6)
{
    places_sql(cx,
               "INSERT INTO station (id, provider_id, merchant_id, name,"
               " hotline, intro, city, province, district, address, lng_e6,"
               " lat_e6, parking_note, created_at, updated_at) VALUES"
               " (%lld, 2, 3, '%s', '4008001234', '', '%s', '广东省', '%s',"
               " '%s', %d, %d, '限时免费 2 小时', NOW(3), NOW(3))",
               (long long)id, name, city, district, address, lng_e6, lat_e6);
    places_sql(cx,
               "INSERT INTO area (id, station_id, no, name, is_default,"
               " created_at, updated_at) VALUES (%lld, %lld, 'Q%03lld',"
               " '默认区域', 1, NOW(3), NOW(3))",
               (long long)id, (long long)id, (long long)id);
}

/* A pile with its connectors; states are of connector_live, '0' none. */
static void make_pile(struct cx *cx, int64_t id, int64_t station,
                      const char *no, int kind, int power_w,
                      const char *states)
{
    bool online = states[0] != '6';

    places_sql(cx,
               "INSERT INTO pile (id, no, name, station_id, area_id, kind,"
               " speed, guns, power_w, online, created_at, updated_at)"
               " VALUES (%lld, '%s', 'P%02lld', %lld, %lld, %d, %d, %zu, %d,"
               " %d, NOW(3), NOW(3))",
               (long long)id, no, (long long)id, (long long)station,
               (long long)station, kind, kind == 2 ? 2 : 1, strlen(states),
               power_w, online);
    for (int gun = 1; states[gun - 1] != '\0'; gun++) {
        int state = states[gun - 1] - '0';

        places_sql(cx,
                   "INSERT INTO connector (pile_id, station_id, gun, name,"
                   " qr_no, created_at, updated_at) VALUES (%lld, %lld, %d,"
                   " 'P%02lld-%d', '%s%02d', NOW(3), NOW(3))",
                   (long long)id, (long long)station, gun, (long long)id,
                   gun, no, gun);
        places_sql(cx,
                   "INSERT INTO connector_live (connector_id, station_id,"
                   " pile_id, gun, state, plugged, soc, power_w, seen_at)"
                   " VALUES (LAST_INSERT_ID(), %lld, %lld, %d, %d, %d, %d,"
                   " %d, NOW(3))",
                   (long long)station, (long long)id, gun, state,
                   state == 3 || state == 1, state == 1 ? 64 : 0,
                   state == 1 ? 58000 : 0);
    }
}

static void make_tariff(struct cx *cx, int64_t id, int64_t station,
                        int64_t area, int64_t add_e5)
{
    places_sql(cx,
               "INSERT INTO tariff (id, provider_id, merchant_id,"
               " station_id, area_id, name, mode, version_no, created_at,"
               " updated_at) VALUES (%lld, 2, 3, %lld, NULLIF(%lld, 0),"
               " 'T%lld', 2, 1, NOW(3), NOW(3))",
               (long long)id, (long long)station, (long long)area,
               (long long)id);
    places_sql(cx,
               "INSERT INTO tariff_version (tariff_id, version_no, wire_no,"
               " starts_at, slots, sharp_elec_e5, sharp_service_e5,"
               " peak_elec_e5, peak_service_e5, flat_elec_e5,"
               " flat_service_e5, valley_elec_e5, valley_service_e5,"
               " created_by, created_at) VALUES (%lld, 1, '%04lld',"
               " '2020-01-01', '" PLACES_SLOTS "', %lld, 40000, %lld, 35000,"
               " %lld, 30000, %lld, 25000, 1, NOW(3))",
               (long long)id, (long long)id, (long long)(130000 + add_e5),
               (long long)(110000 + add_e5), (long long)(80000 + add_e5),
               (long long)(40000 + add_e5));
}

void places_make(struct cx *cx)
{
    make_orgs(cx);
    make_station(cx, STATION_TIYU, "天河体育中心充电站", "广州市", "天河区",
                 "天河路 299 号", 113325200, 23135300);
    make_station(cx, STATION_ZHUJIANG, "珠江新城充电站", "广州市", "天河区",
                 "花城大道 68 号", 113321000, 23118700);
    make_station(cx, STATION_PANYU, "番禺广场充电站", "广州市", "番禺区",
                 "清河东路 1 号", 113384000, 22937000);
    make_station(cx, STATION_SHENZHEN, "深圳北站充电站", "深圳市", "龙华区",
                 "致远中路 28 号", 114029100, 22609000);
    make_station(cx, STATION_CLOSED, "停业充电站", "广州市", "天河区",
                 "天河路 1 号", 113325300, 23135300);
    make_station(cx, STATION_WAITING, "待审核充电站", "广州市", "天河区",
                 "天河路 2 号", 113325400, 23135300);
    places_sql(cx, "UPDATE station SET status = 2 WHERE id = %d",
               STATION_CLOSED);
    places_sql(cx, "UPDATE station SET review = 1 WHERE id = %d",
               STATION_WAITING);
    make_pile(cx, 1, STATION_TIYU, "32010600019236", 1, 120000, "33");
    make_pile(cx, 2, STATION_TIYU, "32010600019237", 1, 60000, "51");
    make_pile(cx, 3, STATION_TIYU, "32010600019238", 2, 7000, "2");
    make_pile(cx, 4, STATION_ZHUJIANG, "32010600019239", 1, 180000, "6");
    make_pile(cx, 5, STATION_PANYU, "32010600019240", 1, 120000, "3");
    make_pile(cx, 6, STATION_CLOSED, "32010600019241", 1, 120000, "3");
    make_tariff(cx, 1, STATION_TIYU, 0, 0);
    make_tariff(cx, 2, STATION_ZHUJIANG, 0, 10000);
    make_tariff(cx, 3, STATION_CLOSED, 0, 0);
}

void places_more(struct cx *cx, const char *prefix, int count, int lng_e6,
                 int lat_e6, int step_e6)
{
    for (int i = 1; i <= count; i++)
        places_sql(cx,
                   "INSERT INTO station (provider_id, merchant_id, name,"
                   " city, address, lng_e6, lat_e6, created_at, updated_at)"
                   " VALUES (2, 3, '%s %02d', '韶关市', '第 %d 号', %d, %d,"
                   " NOW(3), NOW(3))",
                   prefix, i, i, lng_e6, lat_e6 + i * step_e6);
}

int64_t places_connector(struct cx *cx, const char *qr_no)
{
    return testdb_int(cx, arena_printf(cx->arena,
                                       "SELECT id FROM connector"
                                       " WHERE qr_no = '%s'", qr_no));
}

int64_t places_driver(struct cx *cx, const char *phone)
{
    return testdb_int(cx, arena_printf(cx->arena,
                                       "SELECT id FROM driver"
                                       " WHERE phone = '%s'", phone));
}

struct gift {
    int64_t driver_id, fen;
    const char *key;
};

static void give(struct cx *cx, void *arg)
{
    const struct gift *g = arg;

    ledger_topup(cx, g->key, 1, g->driver_id, CHANNEL_DEMO, FEN(g->fen));
}

static void give_tx(struct cx *cx, void *arg)
{
    db_tx(cx, give, arg);
}

void places_give(struct cx *cx, int64_t driver_id, int64_t fen)
{
    static int number;
    struct gift g = { driver_id, fen,
                      arena_printf(cx->arena, "TEST%06d", ++number) };

    testdb_run(cx, give_tx, &g);
}

struct entering {
    const char *phone;
    int64_t id;
    const char *token;
};

static void enter(struct cx *cx, void *arg)
{
    struct entering *e = arg;
    bool is_new;

    e->id = driver_enter(cx, e->phone, &is_new)->id;
    e->token = session_open(cx, SESSION_DRIVER, e->id, "");
}

static void enter_tx(struct cx *cx, void *arg)
{
    db_tx(cx, enter, arg);
}

int64_t places_sign_in(struct cx *cx, const char *phone, char out[64])
{
    struct entering e = { .phone = phone };

    testdb_run(cx, enter_tx, &e);
    snprintf(out, 64, "%s", e.token);
    return e.id;
}
