/*
 * Words and flags of the YKC protocol: sections 7.1 to 7.4.
 */
#include "protocol/ykc/codes.h"

#include "base/macros.h"

LABELS_DEFINE(ykc_state, YKC_STATE_CODES);
LABELS_DEFINE(ykc_start_mode, YKC_START_MODE_CODES);
LABELS_DEFINE(ykc_start_flag, YKC_START_FLAG_CODES);
LABELS_DEFINE(ykc_rate_code, YKC_RATE_CODES);
LABELS_DEFINE(ykc_start_failure, YKC_START_FAILURE_CODES);
LABELS_DEFINE(ykc_stop_failure, YKC_STOP_FAILURE_CODES);
LABELS_DEFINE(ykc_reject, YKC_REJECT_CODES);
LABELS_DEFINE(ykc_stop, YKC_STOP_CODES);

#define K(value, key, word) { (value), key, word, NULL },
#define L(name, rows) const struct label ykc_##name##_labels[] = { rows };
YKC_WORD_LISTS(L)

enum ykc_stop_class ykc_stop_class(uint8_t reason)
{
    if (reason >= 0x40 && reason <= 0x49)
        return YKC_STOP_FINISHED;
    if (reason >= 0x4A && reason <= 0x69)
        return YKC_STOP_NOT_STARTED;
    if (reason >= 0x6A && reason <= 0x90)
        return YKC_STOP_ABORTED;
    return YKC_STOP_VENDOR;
}

/* One bit, named when set. */
#define BIT(shift, title) { (shift), 1, title, { NULL, "" } }
/* Two bits: normal, timeout, not trustworthy. */
#define TIMEOUT(shift, title) \
    { (shift), 2, title, { NULL, "超时", "不可信", "保留" } }
/* Two bits: no, yes, not trustworthy. */
#define CAUSE(shift, title) \
    { (shift), 2, title, { NULL, "", "不可信", "保留" } }
/* Two bits: normal, too high, too low. */
#define RANGE(shift, title) \
    { (shift), 2, title, { NULL, "过高", "过低", "保留" } }

static const struct wire_flag fault_flags[] = {
    BIT(0, "急停按钮动作"), BIT(1, "无可用整流模块"),
    BIT(2, "出风口温度过高"), BIT(3, "交流防雷故障"),
    BIT(4, "交直流模块 DC20 通信中断"),
    BIT(5, "绝缘检测模块 FC08 通信中断"), BIT(6, "电度表通信中断"),
    BIT(7, "读卡器通信中断"), BIT(8, "RC10 通信中断"),
    BIT(9, "风扇调速板故障"), BIT(10, "直流熔断器故障"),
    BIT(11, "高压接触器故障"), BIT(12, "门打开"),
};

/* 0x1B: byte.bit of the document is 8 x byte + bit here. */
static const struct wire_flag error_flags[] = {
    TIMEOUT(0, "充电机辨识报文（SPN2560=00）"),
    TIMEOUT(2, "充电机辨识报文（SPN2560=AA）"),
    TIMEOUT(8, "时间同步和最大输出能力报文（CML）"),
    TIMEOUT(10, "充电机准备就绪报文（CRO）"),
    TIMEOUT(16, "充电机状态报文（CCS）"),
    TIMEOUT(18, "充电机中止充电报文（CST）"),
    TIMEOUT(24, "充电机充电统计报文（CSD）"),
    { 26, 2, "BMS 其他", { NULL, "有", "有", "有" } },
    { 28, 2, "BMS 其他（高位）", { NULL, "有", "有", "有" } },
    { 30, 2, "BMS 其他（最高位）", { NULL, "有", "有", "有" } },
    TIMEOUT(32, "BMS 和车辆辨识报文（BRM）"),
    TIMEOUT(40, "电池充电参数报文（BCP）"),
    TIMEOUT(42, "BMS 充电准备就绪报文（BRO）"),
    TIMEOUT(48, "电池充电总状态报文（BCS）"),
    TIMEOUT(50, "电池充电要求报文（BCL）"),
    TIMEOUT(52, "BMS 中止充电报文（BST）"),
    TIMEOUT(56, "BMS 充电统计报文（BSD）"),
    { 58, 2, "充电机其他", { NULL, "有", "有", "有" } },
    { 60, 2, "充电机其他（高位）", { NULL, "有", "有", "有" } },
    { 62, 2, "充电机其他（最高位）", { NULL, "有", "有", "有" } },
};

static const struct wire_flag bms_reason_flags[] = {
    CAUSE(0, "达到所需 SOC 目标值"), CAUSE(2, "达到总电压设定值"),
    CAUSE(4, "达到单体电压设定值"), CAUSE(6, "充电机主动中止"),
};

static const struct wire_flag bms_fault_flags[] = {
    CAUSE(0, "绝缘故障"), CAUSE(2, "输出连接器过温"),
    CAUSE(4, "BMS 元件、输出连接器过温"), CAUSE(6, "充电连接器故障"),
    CAUSE(8, "电池组温度过高"), CAUSE(10, "高压继电器故障"),
    CAUSE(12, "检测点 2 电压故障"), CAUSE(14, "其他故障"),
};

static const struct wire_flag bms_error_flags[] = {
    CAUSE(0, "电流过大"), CAUSE(2, "电压异常"),
};

static const struct wire_flag pile_reason_flags[] = {
    CAUSE(0, "达到充电机设定的条件"), CAUSE(2, "人工中止"),
    CAUSE(4, "异常中止"), CAUSE(6, "BMS 主动中止"),
};

static const struct wire_flag pile_fault_flags[] = {
    CAUSE(0, "充电机过温"), CAUSE(2, "充电连接器故障"),
    CAUSE(4, "充电机内部过温"), CAUSE(6, "所需电量不能传送"),
    CAUSE(8, "急停"), CAUSE(10, "其他故障"),
};

static const struct wire_flag pile_error_flags[] = {
    CAUSE(0, "电流不匹配"), CAUSE(2, "电压异常"),
};

static const struct wire_flag bms_flags[] = {
    RANGE(0, "单体电压"), RANGE(2, "SOC"),
    { 4, 2, "充电过电流", { NULL, "", "不可信", "保留" } },
    { 6, 2, "温度过高", { NULL, "", "不可信", "保留" } },
    { 8, 2, "绝缘状态", { NULL, "不正常", "不可信", "保留" } },
    { 10, 2, "输出连接器", { NULL, "不正常", "不可信", "保留" } },
    { 12, 2, "充电", { "禁止", "允许", "不可信", "保留" } },
};

const struct wire_show ykc_shows[YKC_SHOW_COUNT] = {
#define N(name, ...) [YKC_SHOW_##name] = { __VA_ARGS__ },
#define W(name, list, hex)                                                \
    [YKC_SHOW_##name] = { .words = LIST(ykc_##list##_labels), .in_hex = (hex) },
#define B(name, bits)                                                     \
    [YKC_SHOW_##name] = { .flags = bits##_flags,                          \
                          .flag_count = COUNT(bits##_flags) },
    YKC_SHOWS(N, W, B)
};
