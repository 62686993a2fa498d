/*
 * Stations, areas, tariffs, piles and connectors of the demo.
 */
#include "cli/demo.h"

#include <string.h>

#include "charging/order_state.h"
#include "db/db.h"
#include "db/rows.h"

enum { KINDS = 6, GUNS_MAX = 1200, AC_KIND = 5 };

/* Half hours of a day in Guangdong's industrial tariff: valley to 08:00,
   peak 10-12 and 14-19 with its tip 15-17, the rest flat. */
static const char periods[] =
    "3333333333333333" "2222" "1111" "2222" "11" "0000" "1111" "2222222222";
static const char all_day[] =
    "222222222222222222222222222222222222222222222222";

_Static_assert(sizeof periods == TARIFF_SLOTS + 1, "48 half hours");
_Static_assert(sizeof all_day == TARIFF_SLOTS + 1, "48 half hours");

static const int64_t elec_e5[RATES] = { 134500, 108600, 66100, 27400 };

static const int64_t service_e5[SITE_COUNT][RATES] = {
    [SITE_HUB] = { 52000, 55000, 50000, 38000 },
    [SITE_OFFICE] = { 48000, 52000, 48000, 32000 },
    [SITE_MALL] = { 55000, 60000, 55000, 40000 },
    [SITE_HOME] = { 38000, 42000, 38000, 30000 },
};

struct maker {
    struct demo *d;
    struct rows *piles, *connectors, *lives;
    int64_t pile_id, connector_id;
    int wire_no, area_no;
};

/* ---- tariffs ------------------------------------------------------------ */

static int64_t save_tariff(struct demo *d, const struct demo_station *s,
                           int64_t area_id, const char *name, int mode,
                           stamp made)
{
    static const char sql[] =
        "INSERT INTO tariff (provider_id, merchant_id, station_id, area_id,"
        "   name, mode, version_no, created_at, updated_at)"
        " VALUES (?, ?, ?, ?, ?, ?, 2, ?, ?)";

    return db_insert(d->cx, sql,
                     BIND(V(s->provider_id), V(s->merchant_id), V(s->id),
                          V_ID(area_id), V(name), V(mode), V(made),
                          V(made)));
}

static void save_version(struct maker *m, int64_t tariff_id, int no,
                         struct demo_tariff *t)
{
    static const char sql[] =
        "INSERT INTO tariff_version (tariff_id, version_no, wire_no,"
        "   starts_at, slots, sharp_elec_e5, sharp_service_e5, peak_elec_e5,"
        "   peak_service_e5, flat_elec_e5, flat_service_e5, valley_elec_e5,"
        "   valley_service_e5, created_by, created_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?)";
    const struct tariff_prices *p = &t->prices;

    t->version_id = db_insert(
        m->d->cx, sql,
        BIND(V(tariff_id), V(no), V(cx_printf(m->d->cx, "%04d", ++m->wire_no)),
             V(t->starts_at), V(t->slots), V(p->elec_e5[0]),
             V(p->service_e5[0]), V(p->elec_e5[1]), V(p->service_e5[1]),
             V(p->elec_e5[2]), V(p->service_e5[2]), V(p->elec_e5[3]),
             V(p->service_e5[3]), V(stamp_add_days(t->starts_at, -2))));
}

/* Two versions: one from before the history, one five weeks ago with a
   service price two or three fen higher. */
static void make_tariff(struct maker *m, struct demo_station *s,
                        int64_t area_id)
{
    struct demo *d = m->d;
    bool ac = area_id != 0;
    struct demo_tariff *t = ac ? s->ac : s->dc;
    int64_t shift = random_between(&d->random, -3, 3) * 1000, id;
    stamp first = stamp_add_days(d->first_day, -20);

    id = save_tariff(d, s, area_id, ac ? "慢充统一电价" : "分时电价",
                     ac ? TARIFF_UNIFIED : TARIFF_PERIODS, first);
    for (int v = 0; v < 2; v++) {
        t[v].slots = ac ? all_day : periods;
        t[v].starts_at = v == 0 ? first
                                : stamp_add_days(stamp_day(d->now),
                                                 -(d->days * 2 / 5));
        for (int r = 0; r < RATES; r++) {
            if (ac && r != RATE_FLAT)
                continue;
            t[v].prices.elec_e5[r] = elec_e5[r];
            t[v].prices.service_e5[r] =
                (ac ? 22000 : service_e5[s->place->site][r] + shift) +
                v * 2500;
        }
        save_version(m, id, v + 1, &t[v]);
    }
}

/* ---- stations ----------------------------------------------------------- */

static int count_of(const struct demo_place *p, int kind)
{
    const int counts[KINDS] = { p->dc60, p->dc120, p->dc160, p->dc180,
                                p->dc480, p->ac7 };

    return counts[kind];
}

static int nature_of(int merchant_kind)
{
    static const int natures[] = { 1, 5, 1, 2, 3, 4 };

    return natures[merchant_kind];
}

static void save_station(struct demo *d, struct demo_station *s)
{
    static const char sql[] =
        "INSERT INTO station (provider_id, merchant_id, name, nature, contact,"
        "   phone, hotline, intro, max_power_w, load_w, province, city,"
        "   district, address, lng_e6, lat_e6, parking_note, created_at,"
        "   updated_at)"
        " VALUES (?, ?, ?, ?, ?, ?, '4000010001', ?, ?, ?, '广东省', ?, ?, ?,"
        "   ?, ?, ?, ?, ?)";
    const struct demo_place *p = s->place;
    const struct demo_org *o = &d->merchants[p->merchant];
    stamp made = stamp_add_days(d->first_day,
                                -(int)random_between(&d->random, 3, 25));

    for (int k = 0; k < KINDS; k++)
        s->total_w += count_of(p, k) * demo_kinds[k].power_w;
    s->merchant_id = o->id;
    s->provider_id = d->providers[o->provider].id;
    s->id = db_insert(
        d->cx, sql,
        BIND(V(s->provider_id), V(s->merchant_id), V(p->name),
             V(nature_of(o->kind)), V(o->contact), V(o->phone),
             V(cx_printf(d->cx, "%s，直流桩 %d 台、交流桩 %d 台，全天营业。",
                         p->district,
                         p->dc60 + p->dc120 + p->dc160 + p->dc180 + p->dc480,
                         p->ac7)),
             V(s->total_w), V(s->total_w / 10 * 7), V(p->city),
             V(p->district), V(p->address), V(p->lng_e6), V(p->lat_e6),
             V(p->parking), V(made), V(made)));
}

static int64_t save_area(struct maker *m, const struct demo_station *s,
                         const char *name, int power_w, int spaces,
                         bool is_default)
{
    static const char sql[] =
        "INSERT INTO area (station_id, no, name, power_w, spaces, is_default,"
        "   created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)";
    struct demo *d = m->d;
    stamp made = stamp_add_days(d->first_day, -2);

    return db_insert(d->cx, sql,
                     BIND(V(s->id),
                          V(cx_printf(d->cx, "Q%05d", ++m->area_no)),
                          V(name), V(power_w), V(spaces), V(is_default),
                          V(made), V(made)));
}

/* ---- piles -------------------------------------------------------------- */

static void add_gun(struct maker *m, int station, const char *pile_no,
                    const char *pile_name, const struct demo_pile_kind *kind,
                    int gun)
{
    struct demo *d = m->d;
    struct demo_gun *g = &d->guns[d->gun_count++];
    stamp made = stamp_add_days(d->first_day, -2);
    int64_t station_id = d->stations[station].id;

    must(d->gun_count <= GUNS_MAX);
    memcpy(g->pile_no, pile_no, sizeof g->pile_no);
    g->connector_id = ++m->connector_id;
    g->pile_id = m->pile_id;
    g->station = station;
    g->gun = gun;
    g->kind = kind;
    g->meter_e4kwh = random_between(&d->random, 2000, 90000) * 10000;
    rows_add(m->connectors,
             BIND(V(g->connector_id), V(g->pile_id), V(station_id), V(gun),
                  V(rows_text(m->connectors, "%s-%d", pile_name, gun)),
                  V(rows_text(m->connectors, "%s%02d", pile_no, gun)),
                  V(rows_text(m->connectors, "%s%d", pile_name, gun)),
                  V(made), V(made)));
    rows_add(m->lives, BIND(V(g->connector_id), V(station_id),
                            V(g->pile_id), V(gun)));
}

static void add_pile(struct maker *m, int station, int64_t area_id,
                     char letter, int no,
                     const struct demo_pile_kind *kind)
{
    struct demo *d = m->d;
    const struct demo_station *s = &d->stations[station];
    struct rows *r = m->piles;
    const char *pile_no, *name;
    stamp made = stamp_add_days(d->first_day, -2);
    int64_t carrier = random_between(&d->random, 1, 3);

    m->pile_id++;
    d->pile_count++;
    pile_no = cx_printf(d->cx, "%s%02d%06d", s->place->code, station + 1, no);
    name = cx_printf(d->cx, "%c%02d", letter, no);
    rows_add(r, BIND(V(m->pile_id), V(pile_no), V(name),
                     V(rows_text(r, "%s%c%07lld", kind->dc ? "DC" : "AC",
                                 letter, (long long)m->pile_id)),
                     V(s->id), V(area_id),
                     V(strncmp(kind->model, "NY", 2) == 0 ? "南粤电气"
                                                          : "鹏城电源"),
                     V(kind->model), V(kind->dc ? 1 : 2), V(kind->speed),
                     V(kind->guns), V(kind->power_w), V(kind->voltage_dv),
                     V(kind->current_da),
                     V(rows_text(r, "898604%014lld",
                                 (long long)(7000000 + m->pile_id))),
                     V(carrier), V(nature_of(
                         d->merchants[s->place->merchant].kind)),
                     V(kind->dc ? 1 : 2), V(made), V(made)));
    for (int g = 1; g <= kind->guns; g++)
        add_gun(m, station, pile_no, name, kind, g);
}

static void make_piles(struct maker *m, int station)
{
    struct demo_station *s = &m->d->stations[station];
    const struct demo_place *p = s->place;
    int dc = 0, no = 0;
    int64_t area;

    for (int k = 0; k < AC_KIND; k++)
        dc += count_of(p, k);
    area = save_area(m, s, "A 区", s->total_w, dc * 2, true);
    make_tariff(m, s, 0);
    s->first_gun = (int)m->d->gun_count;
    for (int k = 0; k < AC_KIND; k++)
        for (int i = 0; i < count_of(p, k); i++)
            add_pile(m, station, area, 'A', ++no, &demo_kinds[k]);
    if (p->ac7 > 0) {
        area = save_area(m, s, "B 区（慢充）",
                         p->ac7 * demo_kinds[AC_KIND].power_w, p->ac7, false);
        make_tariff(m, s, area);
        for (int i = 0; i < p->ac7; i++)
            add_pile(m, station, area, 'B', ++no, &demo_kinds[AC_KIND]);
    }
    s->guns = (int)m->d->gun_count - s->first_gun;
}

void demo_make_assets(struct demo *d)
{
    static const char piles[] =
        "INSERT INTO pile (id, no, name, factory_no, station_id, area_id,"
        "   maker, model, kind, speed, guns, power_w, voltage_dv, current_da,"
        "   sim_no, sim_carrier, nature, mounting, created_at, updated_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
    static const char connectors[] =
        "INSERT INTO connector (id, pile_id, station_id, gun, name, qr_no,"
        "   parking_no, created_at, updated_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)";
    static const char lives[] =
        "INSERT INTO connector_live (connector_id, station_id, pile_id, gun)"
        " VALUES (?, ?, ?, ?)";
    struct maker m = { .d = d, .piles = rows_new(d->cx, piles),
                       .connectors = rows_new(d->cx, connectors),
                       .lives = rows_new(d->cx, lives) };
    const struct demo_place *places;

    d->station_count = demo_places(d->small, &places);
    d->stations = arena_array(d->cx->arena, d->station_count,
                              sizeof *d->stations);
    d->guns = arena_array(d->cx->arena, GUNS_MAX, sizeof *d->guns);
    for (size_t i = 0; i < d->station_count; i++) {
        d->stations[i].place = &places[i];
        save_station(d, &d->stations[i]);
        make_piles(&m, (int)i);
        /* Each table before those that refer to it. */
        rows_end(m.piles);
        rows_end(m.connectors);
        rows_end(m.lives);
    }
}
