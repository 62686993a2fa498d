/*
 * Codes of the YKC protocol: lists that make the constants and the Chinese
 * words together. Values outside a list are kept raw and shown as unknown.
 */
#ifndef PROTOCOL_YKC_CODES_H
#define PROTOCOL_YKC_CODES_H

#include <stdint.h>

#include "base/label.h"
#include "protocol/wire.h"

/* X(CONSTANT, value, key, word, mark), see base/label.h */

#define YKC_STATE_CODES(X)                                  \
    X(YKC_STATE_OFFLINE,  0, "offline",  "离线", "offline") \
    X(YKC_STATE_FAULT,    1, "fault",    "故障", "fault")   \
    X(YKC_STATE_IDLE,     2, "idle",     "空闲", "idle")    \
    X(YKC_STATE_CHARGING, 3, "charging", "充电", "charging")

#define YKC_START_MODE_CODES(X)                           \
    X(YKC_START_MODE_CARD,    1, "card",    "刷卡", NULL) \
    X(YKC_START_MODE_ACCOUNT, 2, "account", "账号", NULL) \
    X(YKC_START_MODE_VIN,     3, "vin",     "VIN 码", NULL)

#define YKC_START_FLAG_CODES(X)                                       \
    X(YKC_START_FLAG_APP,          1, "app",          "APP", NULL)    \
    X(YKC_START_FLAG_CARD,         2, "card",         "卡", NULL)     \
    X(YKC_START_FLAG_OFFLINE_CARD, 4, "offline_card", "离线卡", NULL) \
    X(YKC_START_FLAG_VIN,          5, "vin",          "VIN 码", NULL)

#define YKC_RATE_CODES(X)                       \
    X(YKC_RATE_SHARP,  0, "sharp",  "尖", NULL) \
    X(YKC_RATE_PEAK,   1, "peak",   "峰", NULL) \
    X(YKC_RATE_FLAT,   2, "flat",   "平", NULL) \
    X(YKC_RATE_VALLEY, 3, "valley", "谷", NULL)

/* 0x33 and 0xA3; those from 0x07 on are seen in firmware only. */
#define YKC_START_FAILURE_CODES(X)                                                   \
    X(YKC_START_FAILURE_NONE,        0x00, "none",        "无", "ok")                \
    X(YKC_START_FAILURE_WRONG_PILE,  0x01, "wrong_pile",  "设备编号不匹配", "fault") \
    X(YKC_START_FAILURE_BUSY,        0x02, "busy",        "枪已在充电", "warn")      \
    X(YKC_START_FAILURE_FAULT,       0x03, "fault",       "设备故障", "fault")       \
    X(YKC_START_FAILURE_OFFLINE,     0x04, "offline",     "设备离线", "offline")     \
    X(YKC_START_FAILURE_NOT_PLUGGED, 0x05, "not_plugged", "未插枪", "warn")          \
    X(YKC_START_FAILURE_TARIFF,      0x07, "tariff",      "计费模型异常", "warn")    \
    X(YKC_START_FAILURE_UPGRADING,   0x08, "upgrading",   "正在升级", "warn")        \
    X(YKC_START_FAILURE_DISABLED,    0x09, "disabled",    "已停用", "warn")          \
    X(YKC_START_FAILURE_LOW_BALANCE, 0x4E, "low_balance", "余额不足", "warn")

/* 0x35 */
#define YKC_STOP_FAILURE_CODES(X)                                                   \
    X(YKC_STOP_FAILURE_NONE,         0, "none",         "无", "ok")                 \
    X(YKC_STOP_FAILURE_WRONG_PILE,   1, "wrong_pile",   "设备编号不匹配", "fault")  \
    X(YKC_STOP_FAILURE_NOT_CHARGING, 2, "not_charging", "枪未处于充电状态", "warn") \
    X(YKC_STOP_FAILURE_OTHER,        3, "other",        "其他", "warn")

/* 0x32 and 0xA2 */
#define YKC_REJECT_CODES(X)                                                                  \
    X(YKC_REJECT_NONE,            0x00, "none",            "无", "ok")                       \
    X(YKC_REJECT_NO_ACCOUNT,      0x01, "no_account",      "账户不存在", "warn")             \
    X(YKC_REJECT_FROZEN,          0x02, "frozen",          "账户冻结", "warn")               \
    X(YKC_REJECT_LOW_BALANCE,     0x03, "low_balance",     "账户余额不足", "warn")           \
    X(YKC_REJECT_CARD_UNSETTLED,  0x04, "card_unsettled",  "该卡存在未结账记录", "warn")     \
    X(YKC_REJECT_OUT_OF_SERVICE,  0x05, "out_of_service",  "桩停用", "warn")                 \
    X(YKC_REJECT_NOT_ALLOWED,     0x06, "not_allowed",     "该账户不能在此桩上充电", "warn") \
    X(YKC_REJECT_WRONG_PASSWORD,  0x07, "wrong_password",  "密码错误", "warn")               \
    X(YKC_REJECT_STATION_POWER,   0x08, "station_power",   "电站电容不足", "warn")           \
    X(YKC_REJECT_NO_VIN,          0x09, "no_vin",          "系统中 VIN 码不存在", "warn")    \
    X(YKC_REJECT_PILE_UNSETTLED,  0x0A, "pile_unsettled",  "该桩存在未结账记录", "warn")     \
    X(YKC_REJECT_NO_CARDS,        0x0B, "no_cards",        "该桩不支持刷卡", "warn")

/*
 * 0x3B: finished 40-49, start failed 4A-69, aborted 6A-8F, 90 unknown.
 * Real firmware sends other values too.
 */
#define YKC_STOP_CODES(X)                                                                         \
    X(YKC_STOP_APP,            0x40, "app",            "APP 远程停止", "ok")                      \
    X(YKC_STOP_FULL,           0x41, "full",           "SOC 达到 100%", "ok")                     \
    X(YKC_STOP_ENERGY_LIMIT,   0x42, "energy_limit",   "充电电量达到设定值", "ok")                \
    X(YKC_STOP_AMOUNT_LIMIT,   0x43, "amount_limit",   "充电金额达到设定值", "ok")                \
    X(YKC_STOP_TIME_LIMIT,     0x44, "time_limit",     "充电时间达到设定值", "ok")                \
    X(YKC_STOP_MANUAL,         0x45, "manual",         "手动停止", "ok")                          \
    X(YKC_STOP_FINISHED_46,    0x46, "finished_46",    "其他方式停止（预留）", "ok")              \
    X(YKC_STOP_FINISHED_47,    0x47, "finished_47",    "其他方式停止（预留）", "ok")              \
    X(YKC_STOP_FINISHED_48,    0x48, "finished_48",    "其他方式停止（预留）", "ok")              \
    X(YKC_STOP_FINISHED_49,    0x49, "finished_49",    "其他方式停止（预留）", "ok")              \
    X(YKC_STOP_START_CONTROL,  0x4A, "start_control",  "启动失败：控制系统故障", "fault")         \
    X(YKC_STOP_START_PILOT,    0x4B, "start_pilot",    "启动失败：控制导引断开", "fault")         \
    X(YKC_STOP_START_BREAKER,  0x4C, "start_breaker",  "启动失败：断路器跳位", "fault")           \
    X(YKC_STOP_START_METER,    0x4D, "start_meter",    "启动失败：电表通信中断", "fault")         \
    X(YKC_STOP_START_BALANCE,  0x4E, "start_balance",  "启动失败：余额不足", "warn")              \
    X(YKC_STOP_START_MODULE,   0x4F, "start_module",   "启动失败：充电模块故障", "fault")         \
    X(YKC_STOP_START_ESTOP,    0x50, "start_estop",    "启动失败：急停按下", "fault")             \
    X(YKC_STOP_START_SURGE,    0x51, "start_surge",    "启动失败：防雷器异常", "fault")           \
    X(YKC_STOP_START_BMS,      0x52, "start_bms",      "启动失败：BMS 未就绪", "fault")           \
    X(YKC_STOP_START_TEMP,     0x53, "start_temp",     "启动失败：温度异常", "fault")             \
    X(YKC_STOP_START_REVERSED, 0x54, "start_reversed", "启动失败：电池反接", "fault")             \
    X(YKC_STOP_START_LOCK,     0x55, "start_lock",     "启动失败：电子锁异常", "fault")           \
    X(YKC_STOP_START_CONTACT,  0x56, "start_contact",  "启动失败：合闸失败", "fault")             \
    X(YKC_STOP_START_INSULATE, 0x57, "start_insulate", "启动失败：绝缘异常", "fault")             \
    X(YKC_STOP_START_58,       0x58, "start_58",       "启动失败：预留", "fault")                 \
    X(YKC_STOP_START_BHM,      0x59, "start_bhm",      "启动失败：接收 BHM 超时", "fault")        \
    X(YKC_STOP_START_BRM,      0x5A, "start_brm",      "启动失败：接收 BRM 超时", "fault")        \
    X(YKC_STOP_START_BCP,      0x5B, "start_bcp",      "启动失败：接收 BCP 超时", "fault")        \
    X(YKC_STOP_START_BRO,      0x5C, "start_bro",      "启动失败：接收 BRO(AA) 超时", "fault")    \
    X(YKC_STOP_START_BCS,      0x5D, "start_bcs",      "启动失败：接收 BCS 超时", "fault")        \
    X(YKC_STOP_START_BCL,      0x5E, "start_bcl",      "启动失败：接收 BCL 超时", "fault")        \
    X(YKC_STOP_START_BSM,      0x5F, "start_bsm",      "启动失败：接收 BSM 超时", "fault")        \
    X(YKC_STOP_START_VOLTAGE,  0x60, "start_voltage",  "启动失败：BHM 阶段检测到电池电压", "fault") \
    X(YKC_STOP_START_DIFFERS,  0x61, "start_differs",  "启动失败：电池电压与 BCP 相差超过 5%", "fault") \
    X(YKC_STOP_START_BRO_00,   0x62, "start_bro_00",   "启动失败：预充时 BRO 由 AA 变 00", "fault") \
    X(YKC_STOP_START_HOST,     0x63, "start_host",     "启动失败：主机配置报文超时", "fault")     \
    X(YKC_STOP_START_CRO,      0x64, "start_cro",      "启动失败：充电机未就绪", "fault")         \
    X(YKC_STOP_START_65,       0x65, "start_65",       "启动失败：其他（预留）", "fault")         \
    X(YKC_STOP_START_66,       0x66, "start_66",       "启动失败：其他（预留）", "fault")         \
    X(YKC_STOP_START_67,       0x67, "start_67",       "启动失败：其他（预留）", "fault")         \
    X(YKC_STOP_START_68,       0x68, "start_68",       "启动失败：其他（预留）", "fault")         \
    X(YKC_STOP_START_69,       0x69, "start_69",       "启动失败：其他（预留）", "fault")         \
    X(YKC_STOP_LOCKED_OUT,     0x6A, "locked_out",     "异常中止：系统闭锁", "fault")             \
    X(YKC_STOP_PILOT,          0x6B, "pilot",          "异常中止：导引断开", "fault")             \
    X(YKC_STOP_BREAKER,        0x6C, "breaker",        "异常中止：断路器跳位", "fault")           \
    X(YKC_STOP_METER,          0x6D, "meter",          "异常中止：电表通信中断", "fault")         \
    X(YKC_STOP_BALANCE,        0x6E, "balance",        "异常中止：余额不足", "warn")              \
    X(YKC_STOP_AC_PROTECTION,  0x6F, "ac_protection",  "异常中止：交流保护动作", "fault")         \
    X(YKC_STOP_DC_PROTECTION,  0x70, "dc_protection",  "异常中止：直流保护动作", "fault")         \
    X(YKC_STOP_MODULE,         0x71, "module",         "异常中止：充电模块故障", "fault")         \
    X(YKC_STOP_ESTOP,          0x72, "estop",          "异常中止：急停按下", "fault")             \
    X(YKC_STOP_SURGE,          0x73, "surge",          "异常中止：防雷器异常", "fault")           \
    X(YKC_STOP_TEMPERATURE,    0x74, "temperature",    "异常中止：温度异常", "fault")             \
    X(YKC_STOP_OUTPUT,         0x75, "output",         "异常中止：输出异常", "fault")             \
    X(YKC_STOP_NO_CURRENT,     0x76, "no_current",     "异常中止：充电无流", "fault")             \
    X(YKC_STOP_LOCK,           0x77, "lock",           "异常中止：电子锁异常", "fault")           \
    X(YKC_STOP_ABORT_78,       0x78, "abort_78",       "异常中止：预留", "fault")                 \
    X(YKC_STOP_TOTAL_VOLTAGE,  0x79, "total_voltage",  "异常中止：总充电电压异常", "fault")       \
    X(YKC_STOP_TOTAL_CURRENT,  0x7A, "total_current",  "异常中止：总充电电流异常", "fault")       \
    X(YKC_STOP_CELL_VOLTAGE,   0x7B, "cell_voltage",   "异常中止：单体充电电压异常", "fault")     \
    X(YKC_STOP_PACK_HOT,       0x7C, "pack_hot",       "异常中止：电池组过温", "fault")           \
    X(YKC_STOP_CELL_HIGHEST,   0x7D, "cell_highest",   "异常中止：最高单体充电电压异常", "fault") \
    X(YKC_STOP_PACK_HIGHEST,   0x7E, "pack_highest",   "异常中止：最高电池组过温", "fault")       \
    X(YKC_STOP_BMV_VOLTAGE,    0x7F, "bmv_voltage",    "异常中止：BMV 单体充电电压异常", "fault") \
    X(YKC_STOP_BMT_HOT,        0x80, "bmt_hot",        "异常中止：BMT 电池组过温", "fault")       \
    X(YKC_STOP_BATTERY_STATE,  0x81, "battery_state",  "异常中止：电池状态异常", "fault")         \
    X(YKC_STOP_CAR_FORBIDS,    0x82, "car_forbids",    "异常中止：车辆发报文禁止充电", "fault")   \
    X(YKC_STOP_POWER_LOST,     0x83, "power_lost",     "异常中止：充电桩断电", "fault")           \
    X(YKC_STOP_BCS,            0x84, "bcs",            "异常中止：接收 BCS 超时", "fault")        \
    X(YKC_STOP_BCL,            0x85, "bcl",            "异常中止：接收 BCL 超时", "fault")        \
    X(YKC_STOP_BSM,            0x86, "bsm",            "异常中止：接收 BSM 超时", "fault")        \
    X(YKC_STOP_BST,            0x87, "bst",            "异常中止：接收 BST 超时", "fault")        \
    X(YKC_STOP_BSD,            0x88, "bsd",            "异常中止：接收 BSD 超时", "fault")        \
    X(YKC_STOP_CCS,            0x89, "ccs",            "异常中止：对侧接收 CCS 超时", "fault")    \
    X(YKC_STOP_ABORT_8A,       0x8A, "abort_8a",       "异常中止：其他（预留）", "fault")         \
    X(YKC_STOP_ABORT_8B,       0x8B, "abort_8b",       "异常中止：其他（预留）", "fault")         \
    X(YKC_STOP_ABORT_8C,       0x8C, "abort_8c",       "异常中止：其他（预留）", "fault")         \
    X(YKC_STOP_ABORT_8D,       0x8D, "abort_8d",       "异常中止：其他（预留）", "fault")         \
    X(YKC_STOP_ABORT_8E,       0x8E, "abort_8e",       "异常中止：其他（预留）", "fault")         \
    X(YKC_STOP_ABORT_8F,       0x8F, "abort_8f",       "异常中止：其他（预留）", "fault")         \
    X(YKC_STOP_UNKNOWN,        0x90, "unknown",        "未知原因停止", "warn")

/* Lists that only words are wanted of. */
#define YKC_WORD_LISTS(L)                                                       \
    L(pile_type, K(0, "dc", "直流桩") K(1, "ac", "交流桩"))                     \
    L(network, K(0, "sim", "SIM 卡") K(1, "lan", "LAN") K(2, "wan", "WAN")      \
      K(3, "other", "其他"))                                                    \
    L(carrier, K(0, "mobile", "移动") K(2, "telecom", "电信")                   \
      K(3, "unicom", "联通") K(4, "other", "其他"))                             \
    L(accepted, K(0, "accepted", "成功") K(1, "refused", "拒绝"))               \
    L(gun_status, K(0, "normal", "正常") K(1, "fault", "故障"))                 \
    L(same, K(0, "same", "一致") K(1, "different", "不一致"))                   \
    L(returned, K(0, "no", "未归位") K(1, "yes", "已归位")                      \
      K(2, "unknown", "无法检测"))                                              \
    L(plugged, K(0, "no", "未插枪") K(1, "yes", "已插枪"))                      \
    L(yes_no, K(0, "no", "否") K(1, "yes", "是"))                               \
    L(battery, K(0x01, "lead_acid", "铅酸电池")                                 \
      K(0x02, "nickel_hydrogen", "镍氢电池")                                    \
      K(0x03, "lfp", "磷酸铁锂电池") K(0x04, "lmo", "锰酸锂电池")               \
      K(0x05, "lco", "钴酸锂电池") K(0x06, "ternary", "三元材料电池")           \
      K(0x07, "polymer", "聚合物锂离子电池")                                    \
      K(0x08, "lto", "钛酸锂电池") K(0xFF, "other", "其他电池"))                \
    L(ownership, K(0, "leased", "租赁") K(1, "owned", "车自有"))                \
    L(charge_mode, K(1, "constant_voltage", "恒压")                             \
      K(2, "constant_current", "恒流"))                                         \
    L(allowed, K(0, "refused", "拒绝") K(1, "allowed", "允许"))                 \
    L(result, K(0, "failed", "失败") K(1, "ok", "成功"))                        \
    L(confirm, K(0, "received", "上传成功") K(1, "illegal", "非法账单"))        \
    L(balance_result, K(0, "ok", "修改成功")                                    \
      K(1, "wrong_pile", "设备编号错误") K(2, "wrong_card", "卡号错误"))        \
    L(card_save, K(0, "none", "无") K(1, "format", "卡号格式错误")              \
      K(2, "full", "储存空间不足"))                                             \
    L(cleared, K(0, "failed", "清除失败") K(1, "cleared", "清除成功"))          \
    L(present, K(0, "absent", "不存在") K(1, "present", "存在"))                \
    L(work, K(0, "normal", "允许正常工作") K(1, "forbidden", "停止使用"))       \
    L(lock_position, K(0x00, "between", "未到位") K(0x55, "raised", "升锁到位") \
      K(0xFF, "lowered", "降锁到位"))                                           \
    L(space, K(0x00, "empty", "无车") K(0xFF, "occupied", "有车"))              \
    L(lock_alarm, K(0x00, "none", "正常无报警")                                 \
      K(0xFF, "damaged", "待机摇臂破坏")                                        \
      K(0x55, "unfinished", "摇臂升降异常"))                                    \
    L(lock_command, K(0x55, "raise", "升锁") K(0xFF, "lower", "降锁"))          \
    L(when, K(1, "now", "立即执行") K(2, "idle", "空闲执行"))                   \
    L(model, K(1, "dc", "直流") K(2, "ac", "交流"))                             \
    L(update, K(0, "ok", "成功") K(1, "wrong_code", "编号错误")                 \
      K(2, "wrong_model", "程序与桩型号不符") K(3, "timeout", "下载超时"))      \
    L(main_gun, K(0, "main", "主枪") K(1, "auxiliary", "辅枪"))                 \
    L(qr_format, K(0, "pile", "前缀 + 桩编号")                                  \
      K(1, "gun", "前缀 + 桩编号 + 枪编号"))

LABELS_DECLARE(ykc_state, YKC_STATE_CODES);
LABELS_DECLARE(ykc_start_mode, YKC_START_MODE_CODES);
LABELS_DECLARE(ykc_start_flag, YKC_START_FLAG_CODES);
LABELS_DECLARE(ykc_rate_code, YKC_RATE_CODES);
LABELS_DECLARE(ykc_start_failure, YKC_START_FAILURE_CODES);
LABELS_DECLARE(ykc_stop_failure, YKC_STOP_FAILURE_CODES);
LABELS_DECLARE(ykc_reject, YKC_REJECT_CODES);
LABELS_DECLARE(ykc_stop, YKC_STOP_CODES);
enum { YKC_RATES = ykc_rate_code_count };

/* ykc_pile_type_labels and so on: words without constants. */
#define YKC_ONE(value, key, word) + 1
#define K YKC_ONE
#define L(name, rows) \
    extern const struct label ykc_##name##_labels[0 rows];
YKC_WORD_LISTS(L)
#undef L
#undef K

enum ykc_stop_class {
    YKC_STOP_FINISHED, YKC_STOP_NOT_STARTED, YKC_STOP_ABORTED,
    YKC_STOP_VENDOR /* outside the table */
};

enum ykc_stop_class ykc_stop_class(uint8_t reason);

/* "充电桩故障字" bits of 0x13, Bit1 = 0x0001 (section 7.3). */
enum {
    YKC_FAULT_EMERGENCY_STOP = 0x0001,
    YKC_FAULT_NO_RECTIFIER   = 0x0002,
    YKC_FAULT_OUTLET_HOT     = 0x0004,
    YKC_FAULT_SURGE          = 0x0008,
    YKC_FAULT_DC20           = 0x0010,
    YKC_FAULT_FC08           = 0x0020,
    YKC_FAULT_METER          = 0x0040,
    YKC_FAULT_CARD_READER    = 0x0080,
    YKC_FAULT_RC10           = 0x0100,
    YKC_FAULT_FAN            = 0x0200,
    YKC_FAULT_FUSE           = 0x0400,
    YKC_FAULT_CONTACTOR      = 0x0800,
    YKC_FAULT_DOOR           = 0x1000
};

/*
 * How the fields of the frames are shown.
 *   N(NAME, members of wire_show...)  a number or a text
 *   W(NAME, list, in_hex)             words from a list above
 *   B(NAME, flags)                    bits, flags in codes.c
 */
#define YKC_SHOWS(N, W, B)                                             \
    N(PLAIN, 0)                                                        \
    N(SECRET,       .secret = true)                                    \
    N(VERSION,      .places = 1)                                       \
    N(VOLT,         .places = 1, .unit = "V")                          \
    N(VOLT2,        .places = 2, .unit = "V")                          \
    N(AMP,          .places = 1, .unit = "A")                          \
    N(AMP_400,      .places = 1, .unit = "A", .offset = -4000)         \
    N(TEMP,         .unit = "°C", .offset = -50)                       \
    N(TEMP_OR_NONE, .unit = "°C", .offset = -50, .zero_is_none = true) \
    N(PERCENT,      .unit = "%")                                       \
    N(PERCENT1,     .places = 1, .unit = "%")                          \
    N(MINUTES,      .unit = "min")                                     \
    N(KWH,          .places = 4, .unit = "kWh")                        \
    N(KWH1,         .places = 1, .unit = "kWh")                        \
    N(YUAN,         .places = 4, .unit = "元")                         \
    N(FEN,          .places = 2, .unit = "元")                         \
    N(PRICE,        .places = 5, .unit = "元/kWh")                     \
    N(AH,           .places = 1, .unit = "Ah")                         \
    N(KW,           .unit = "kW")                                      \
    N(FROM_1,       .offset = 1)                                       \
    N(YEAR,         .offset = 1985)                                    \
    W(STATE,          state,          false)                           \
    W(START_MODE,     start_mode,     false)                           \
    W(START_FLAG,     start_flag,     false)                           \
    W(RATE,           rate_code,          false)                       \
    W(START_FAILURE,  start_failure,  true)                            \
    W(STOP_FAILURE,   stop_failure,   true)                            \
    W(REJECT,         reject,         true)                            \
    W(STOP,           stop,           true)                            \
    W(PILE_TYPE,      pile_type,      false)                           \
    W(NETWORK,        network,        false)                           \
    W(CARRIER,        carrier,        false)                           \
    W(ACCEPTED,       accepted,       false)                           \
    W(GUN_STATUS,     gun_status,     false)                           \
    W(SAME,           same,           false)                           \
    W(RETURNED,       returned,       false)                           \
    W(PLUGGED,        plugged,        false)                           \
    W(YES_NO,         yes_no,         false)                           \
    W(BATTERY,        battery,        true)                            \
    W(OWNERSHIP,      ownership,      false)                           \
    W(CHARGE_MODE,    charge_mode,    false)                           \
    W(ALLOWED,        allowed,        false)                           \
    W(RESULT,         result,         false)                           \
    W(CONFIRM,        confirm,        false)                           \
    W(BALANCE_RESULT, balance_result, false)                           \
    W(CARD_SAVE,      card_save,      false)                           \
    W(CLEARED,        cleared,        false)                           \
    W(PRESENT,        present,        false)                           \
    W(WORK,           work,           false)                           \
    W(LOCK_POSITION,  lock_position,  true)                            \
    W(SPACE,          space,          true)                            \
    W(LOCK_ALARM,     lock_alarm,     true)                            \
    W(LOCK_COMMAND,   lock_command,   true)                            \
    W(WHEN,           when,           false)                           \
    W(MODEL,          model,          false)                           \
    W(UPDATE,         update,         false)                           \
    W(MAIN_GUN,       main_gun,       false)                           \
    W(QR_FORMAT,      qr_format,      false)                           \
    B(FAULTS,         fault)                                           \
    B(ERRORS,         error)                                           \
    B(BMS_REASON,     bms_reason)                                      \
    B(BMS_FAULT,      bms_fault)                                       \
    B(BMS_ERROR,      bms_error)                                       \
    B(PILE_REASON,    pile_reason)                                     \
    B(PILE_FAULT,     pile_fault)                                      \
    B(PILE_ERROR,     pile_error)                                      \
    B(BMS_FLAGS,      bms)

enum ykc_show {
#define YKC_SHOW(name, ...) YKC_SHOW_##name,
    YKC_SHOWS(YKC_SHOW, YKC_SHOW, YKC_SHOW)
#undef YKC_SHOW
    YKC_SHOW_COUNT
};

extern const struct wire_show ykc_shows[YKC_SHOW_COUNT];

#endif
