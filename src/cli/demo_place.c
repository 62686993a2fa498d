/*
 * The stations of the demo: real districts, plausible sites. Names of
 * companies and telephone numbers are made up.
 */
#include "cli/demo.h"

/* Merchants, in the order of demo_org.c. */
enum {
    M_YUE_SELF, M_YUE_PROPERTY, M_YUE_JOINT, M_PENG_SELF, M_PENG_JOINT,
    M_PENG_PRIVATE
};

#define GZ "广州市"
#define SZ "深圳市"
#define FREE2H "充电车辆免费停车 2 小时，超出按 10 元/小时计"
#define FREE1H "凭充电记录减免 1 小时停车费"
#define FREE   "充电期间免停车费，充满请及时挪车"
#define GATE   "地下二层，出场时扫码减免停车费"

/* name, city, district, address; code, lng, lat, merchant, site, busy,
   piles of 60, 120, 160, 180, 480 kW DC and 7 kW AC, parking */
static const struct demo_place places[] = {
    { "天河体育东路超充站", GZ, "天河区", "体育东路 138 号地下停车场 B2",
      "440106", 113327400, 23136900, M_YUE_SELF, SITE_OFFICE, 9, 4, 12, 0, 0, 2, 0, GATE },
    { "珠江新城花城大道充电站", GZ, "天河区", "花城大道 85 号地下停车场",
      "440106", 113325100, 23120300, M_YUE_SELF, SITE_MALL, 8, 0, 10, 0, 0, 2, 6, GATE },
    { "科韵路软件园充电站", GZ, "天河区", "科韵路 16 号广州信息港南门",
      "440106", 113372600, 23127500, M_YUE_PROPERTY, SITE_OFFICE, 9, 12, 8, 0, 0, 0, 4, FREE2H },
    { "广州塔南广场充电站", GZ, "海珠区", "阅江西路 222 号南侧停车场",
      "440105", 113324900, 23104100, M_YUE_SELF, SITE_MALL, 7, 0, 10, 6, 0, 0, 0, FREE1H },
    { "琶洲会展东充电站", GZ, "海珠区", "新港东路 1000 号东侧地面停车场",
      "440105", 113373800, 23101200, M_YUE_JOINT, SITE_HUB, 9, 0, 0, 14, 6, 2, 0, FREE2H },
    { "越秀公园北门充电站", GZ, "越秀区", "解放北路 988 号",
      "440104", 113264700, 23145300, M_YUE_PROPERTY, SITE_MALL, 5, 12, 0, 0, 0, 0, 4, FREE1H },
    { "芳村大道西充电站", GZ, "荔湾区", "芳村大道西 610 号",
      "440103", 113228300, 23089600, M_YUE_SELF, SITE_HOME, 7, 0, 16, 0, 0, 0, 0, FREE },
    { "白云山西门充电站", GZ, "白云区", "白云大道南 811 号",
      "440111", 113283500, 23163800, M_YUE_JOINT, SITE_MALL, 4, 10, 6, 0, 0, 0, 0, FREE2H },
    { "云城西路充电站", GZ, "白云区", "云城西路 888 号地下一层",
      "440111", 113269200, 23178400, M_YUE_SELF, SITE_OFFICE, 7, 0, 12, 0, 4, 0, 0, GATE },
    { "市桥繁华路充电站", GZ, "番禺区", "市桥街繁华路 20 号",
      "440113", 113363900, 22938700, M_YUE_PROPERTY, SITE_HOME, 6, 0, 14, 0, 0, 0, 4, FREE },
    { "广州南站东广场超充站", GZ, "番禺区", "石壁街南站东路 1 号 P3 停车场",
      "440113", 113273600, 22989800, M_YUE_SELF, SITE_HUB, 15, 0, 14, 0, 16, 4, 0, FREE1H },
    { "科学城彩频路充电站", GZ, "黄埔区", "科学城彩频路 9 号",
      "440112", 113446200, 23166900, M_YUE_JOINT, SITE_OFFICE, 8, 0, 16, 8, 0, 0, 0, FREE2H },
    { "南沙蕉门公交枢纽充电站", GZ, "南沙区", "蕉门公交站场南侧",
      "440115", 113527800, 22799300, M_YUE_SELF, SITE_HUB, 5, 6, 10, 0, 0, 0, 0, FREE },
    { "花都新华站前充电站", GZ, "花都区", "新华街站前路 30 号",
      "440114", 113209600, 23377400, M_YUE_PROPERTY, SITE_HOME, 4, 12, 0, 0, 0, 0, 4, FREE },
    { "福田市民中心充电站", SZ, "福田区", "福中三路 2012 号地下停车场",
      "440304", 114059800, 22545300, M_PENG_SELF, SITE_OFFICE, 9, 8, 10, 0, 0, 0, 6, GATE },
    { "车公庙泰然工业园充电站", SZ, "福田区", "泰然九路 8 号",
      "440304", 114026200, 22535700, M_PENG_JOINT, SITE_OFFICE, 8, 12, 8, 0, 0, 0, 0, FREE2H },
    { "深圳北站西广场超充站", SZ, "龙华区", "民治街道致远中路 28 号西广场停车场",
      "440309", 114026900, 22610400, M_PENG_SELF, SITE_HUB, 15, 0, 4, 8, 16, 4, 0, FREE1H },
    { "南山科技园中区充电站", SZ, "南山区", "科苑路 15 号",
      "440305", 113948700, 22541900, M_PENG_SELF, SITE_OFFICE, 10, 0, 14, 0, 0, 0, 6, FREE2H },
    { "前海梦海大道充电站", SZ, "南山区", "梦海大道 5033 号",
      "440305", 113897600, 22523800, M_PENG_JOINT, SITE_OFFICE, 8, 0, 10, 0, 8, 2, 0, GATE },
    { "宝安中心海秀路充电站", SZ, "宝安区", "海秀路 19 号",
      "440306", 113882900, 22555200, M_PENG_SELF, SITE_MALL, 8, 6, 16, 0, 0, 0, 0, FREE2H },
    { "宝安机场 P1 充电站", SZ, "宝安区", "宝安国际机场 P1 停车场三层",
      "440306", 113814700, 22634500, M_PENG_SELF, SITE_HUB, 14, 0, 4, 16, 8, 2, 0, FREE1H },
    { "龙岗大运中心充电站", SZ, "龙岗区", "龙翔大道 3001 号东停车场",
      "440307", 114215300, 22694600, M_PENG_JOINT, SITE_HOME, 7, 8, 14, 0, 0, 0, 0, FREE },
    { "罗湖国贸充电站", SZ, "罗湖区", "人民南路 3002 号",
      "440303", 114119600, 22541100, M_PENG_PRIVATE, SITE_MALL, 6, 12, 6, 0, 0, 0, 0, FREE1H },
    { "坪山中心公园充电站", SZ, "坪山区", "坪山大道 5068 号",
      "440310", 114345900, 22690800, M_PENG_PRIVATE, SITE_HOME, 4, 8, 10, 0, 0, 0, 4, FREE },
};

/* The small demo: two stations of each city, one of them with every kind. */
static const struct demo_place small_places[] = {
    { "天河体育东路超充站", GZ, "天河区", "体育东路 138 号地下停车场 B2",
      "440106", 113327400, 23136900, M_YUE_SELF, SITE_OFFICE, 9, 4, 6, 2, 0, 2, 2, GATE },
    { "广州南站东广场超充站", GZ, "番禺区", "石壁街南站东路 1 号 P3 停车场",
      "440113", 113273600, 22989800, M_YUE_JOINT, SITE_HUB, 15, 0, 6, 0, 4, 0, 0, FREE1H },
    { "深圳北站西广场超充站", SZ, "龙华区", "民治街道致远中路 28 号西广场停车场",
      "440309", 114026900, 22610400, M_PENG_SELF, SITE_HUB, 15, 0, 2, 2, 4, 0, 0, FREE1H },
    { "坪山中心公园充电站", SZ, "坪山区", "坪山大道 5068 号",
      "440310", 114345900, 22690800, M_PENG_PRIVATE, SITE_HOME, 4, 4, 0, 0, 0, 0, 2, FREE },
};

/* In the order of the counts in a place; the last is the only AC one. */
const struct demo_pile_kind demo_kinds[] = {
    { "NYD-60",   true,  1, 2, 60000,  60000,  7500, 2000 },
    { "NYD-120",  true,  1, 2, 120000, 120000, 7500, 2500 },
    { "PC-160",   true,  1, 2, 160000, 160000, 10000, 2500 },
    { "PC-180",   true,  1, 2, 180000, 180000, 10000, 2500 },
    { "PC-480L",  true,  3, 4, 480000, 360000, 10000, 6000 },
    { "NYA-7",    false, 2, 1, 7000,   7000,   2200, 320 },
};

/* Cars that arrive in each hour, of all in a day. Night tariffs fill the
   small hours at hubs and homes; offices work by day. */
static const int hours[SITE_COUNT][24] = {
    [SITE_HUB] = { 62, 48, 30, 20, 16, 20, 28, 34, 36, 38, 42, 50,
                   58, 52, 44, 42, 40, 40, 42, 44, 46, 50, 56, 66 },
    [SITE_OFFICE] = { 22, 14, 8, 6, 5, 7, 14, 34, 62, 70, 60, 56,
                      66, 64, 56, 50, 46, 48, 50, 44, 38, 34, 30, 28 },
    [SITE_MALL] = { 26, 16, 9, 6, 5, 6, 10, 18, 26, 36, 50, 64,
                    72, 66, 56, 50, 50, 58, 68, 72, 66, 56, 44, 36 },
    [SITE_HOME] = { 70, 52, 34, 22, 16, 18, 26, 34, 30, 26, 26, 30,
                    38, 36, 30, 28, 30, 36, 46, 56, 60, 62, 66, 80 },
};

/* Monday to Sunday. */
static const int weekdays[SITE_COUNT][7] = {
    [SITE_HUB] = { 92, 90, 92, 96, 118, 120, 112 },
    [SITE_OFFICE] = { 106, 108, 107, 108, 114, 80, 72 },
    [SITE_MALL] = { 84, 84, 86, 90, 110, 134, 130 },
    [SITE_HOME] = { 92, 91, 92, 95, 106, 122, 118 },
};

size_t demo_places(bool small, const struct demo_place **out)
{
    *out = small ? small_places : places;
    return small ? COUNT(small_places) : COUNT(places);
}

int demo_hour_weight(enum demo_site site, int hour)
{
    return hours[site][hour];
}

int demo_weekday_weight(enum demo_site site, int weekday)
{
    return weekdays[site][weekday - 1];
}
