/*
 * Drivers of the demo, their cars and some cards. Numbers are made up.
 */
#include "cli/demo.h"

#include <stdio.h>
#include <string.h>

#include "db/db.h"
#include "db/rows.h"

enum { DRIVERS = 2000, DRIVERS_SMALL = 100, CARD_PER_THOUSAND = 600 };

/* Battery, most it takes from DC, most it takes from AC. */
static const struct demo_car cars[] = {
    { "网约轿车", 50, 60000, 6600 },    { "紧凑轿车", 44, 70000, 6600 },
    { "中型轿车", 62, 90000, 7000 },    { "中型 SUV", 72, 110000, 7000 },
    { "高端轿车", 83, 150000, 7000 },   { "超充 SUV", 97, 300000, 7000 },
    { "物流面包车", 42, 50000, 6600 },
};
static const int car_weights[] = { 30, 22, 18, 13, 8, 4, 5 };

static const char *const surnames[] = {
    "陈", "李", "黄", "张", "梁", "林", "刘", "吴", "罗", "何", "郑", "周", "曾",
    "谢", "钟", "杨", "邓", "许", "叶", "冯", "卢", "潘", "彭", "苏", "蔡", "谭",
};
static const char *const given[] = {
    "伟", "志强", "嘉欣", "俊杰", "晓燕", "建华", "丽娟", "文杰", "子轩", "海燕",
    "国强", "秀英", "永健", "思琪", "锦华", "家豪", "佩珊", "振宇", "雪梅", "浩然",
    "静怡", "少华", "美玲", "耀辉", "婉婷", "启明", "小玲", "泽宇", "凤仪", "卓然",
};

static void make_plate(struct demo *d, const struct demo_driver *p,
                       char out[12])
{
    static const char letters[] = "ABCDEFGHJKLMN";
    bool guangzhou = strcmp(d->stations[p->home].place->city, "广州市") == 0;
    char kind = "DF"[random_between(&d->random, 0, 9) == 0];

    /* 粤A D12345: the eight signs of a new-energy plate. */
    snprintf(out, 12, "粤%c%c%c%04lld", guangzhou ? 'A' : 'B', kind,
             letters[random_between(&d->random, 0, sizeof letters - 2)],
             (long long)random_between(&d->random, 0, 9999));
}

static void make_driver(struct demo *d, size_t i, const int *busy)
{
    struct demo_driver *p = &d->drivers[i];
    int early = random_chance(&d->random, 700);

    p->id = (int64_t)i + 1;
    snprintf(p->phone, sizeof p->phone, "1380%07d", (int)(100000 + i * 37));
    p->car = &cars[random_weighted(&d->random, car_weights, COUNT(cars))];
    p->home = (int)random_weighted(&d->random, busy, d->station_count);
    make_plate(d, p, p->plate);
    p->has_card = random_chance(&d->random, CARD_PER_THOUSAND);
    snprintf(p->card, sizeof p->card, "00000000%08X",
             (unsigned)(0xA4000000U + i * 97));
    /* Seven in ten were customers before the history begins. */
    p->joined_at = stamp_add_ms(
        stamp_add_days(d->first_day,
                       early ? -(int)random_between(&d->random, 1, 60)
                             : (int)random_between(&d->random, 0, d->days - 2)),
        random_between(&d->random, 8 * 3600, 22 * 3600) * 1000);
}

static void save_drivers(struct demo *d)
{
    static const char sql[] =
        "INSERT INTO driver (id, phone, name, plate, created_at, updated_at)"
        " VALUES (?, ?, ?, ?, ?, ?)";
    static const char card_sql[] =
        "INSERT INTO card (physical_no, logical_no, driver_id, created_at)"
        " VALUES (?, ?, ?, ?)";
    struct rows *drivers = rows_new(d->cx, sql);
    struct rows *cards = rows_new(d->cx, card_sql);

    for (size_t i = 0; i < d->driver_count; i++) {
        const struct demo_driver *p = &d->drivers[i];
        const char *name = rows_text(
            drivers, "%s%s",
            surnames[random_between(&d->random, 0, COUNT(surnames) - 1)],
            given[random_between(&d->random, 0, COUNT(given) - 1)]);

        rows_add(drivers, BIND(V(p->id), V((const char *)p->phone), V(name),
                               V((const char *)p->plate), V(p->joined_at),
                               V(p->joined_at)));
        if (!p->has_card)
            continue;
        rows_add(cards,
                 BIND(V((const char *)p->card),
                      V(rows_text(cards, "10000000%08lld", (long long)p->id)),
                      V(p->id), V(p->joined_at)));
    }
    rows_end(drivers);
    rows_end(cards);
}

void demo_make_people(struct demo *d)
{
    int *busy = arena_array(d->cx->arena, d->station_count, sizeof *busy);

    for (size_t i = 0; i < d->station_count; i++)
        busy[i] = d->stations[i].place->busy;
    d->driver_count = d->small ? DRIVERS_SMALL : DRIVERS;
    d->drivers = arena_array(d->cx->arena, d->driver_count,
                             sizeof *d->drivers);
    for (size_t i = 0; i < d->driver_count; i++)
        make_driver(d, i, busy);
    save_drivers(d);
}
