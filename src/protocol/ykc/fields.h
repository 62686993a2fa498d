/*
 * Every frame of the YKC protocol V1.6, and 0x3D of V1.7, as field lists;
 * the tables of section 10, in the same order and with the same names. From
 * these come the structs, the decoder and encoder, the text of the evidence
 * page, the simulator, the command line and the tests.
 *
 * To add a frame: a field list, and a line in YKC_FRAMES.
 *
 *   F(T, KIND, member, size, "中文", SHOW, SUMMARY)   see protocol/wire.h
 */
#ifndef PROTOCOL_YKC_FIELDS_H
#define PROTOCOL_YKC_FIELDS_H

/* Runs of fields that many frames begin with. */
#define YKC_PILE(F, T) \
    F(T, BCD, pile_code, 7, "桩编号", PLAIN, QUIET)
#define YKC_PILE_GUN(F, T) \
    YKC_PILE(F, T)         \
    F(T, GUN, gun_number, 1, "枪号", PLAIN, QUIET)
#define YKC_TRADE(F, T)                                     \
    F(T, BCD, trade_number, 16, "交易流水号", PLAIN, QUIET) \
    YKC_PILE_GUN(F, T)

/* 10.1 Registration, heartbeat, tariff */

#define YKC_LOGIN(F, T)                                              \
    YKC_PILE(F, T)                                                   \
    F(T, U8,  pile_type,        1, "桩类型",       PILE_TYPE, TOLD)  \
    F(T, U8,  gun_count,        1, "充电枪数量",   PLAIN,     TOLD)  \
    F(T, U8,  protocol_version, 1, "通信协议版本", VERSION,   TOLD)  \
    F(T, STR, program_version,  8, "程序版本",     PLAIN,     TOLD)  \
    F(T, U8,  network_type,     1, "网络链接类型", NETWORK,   QUIET) \
    F(T, BCD, sim_number,      10, "SIM 卡",       PLAIN,     QUIET) \
    F(T, U8,  carrier,          1, "运营商",       CARRIER,   QUIET)

#define YKC_LOGIN_REPLY(F, T) \
    YKC_PILE(F, T)            \
    F(T, U8, result, 1, "登录结果", ACCEPTED, TOLD)

#define YKC_HEARTBEAT(F, T) \
    YKC_PILE_GUN(F, T)      \
    F(T, U8, gun_status, 1, "枪状态", GUN_STATUS, TOLD)

#define YKC_HEARTBEAT_REPLY(F, T) \
    YKC_PILE_GUN(F, T)            \
    F(T, U8, heartbeat_answer, 1, "心跳应答", PLAIN, QUIET)

#define YKC_TARIFF_CHECK(F, T) \
    YKC_PILE(F, T)             \
    F(T, RAW, tariff_number, 2, "计费模型编号", PLAIN, TOLD)

#define YKC_TARIFF_CHECK_REPLY(F, T) \
    YKC_TARIFF_CHECK(F, T)           \
    F(T, U8, result, 1, "验证结果", SAME, TOLD)

#define YKC_TARIFF_REQUEST(F, T) \
    YKC_PILE(F, T)

#define YKC_TARIFF(F, T)                                                    \
    YKC_PILE(F, T)                                                          \
    F(T, RAW,   tariff_number,            2, "计费模型编号", PLAIN, TOLD)   \
    F(T, U32,   sharp_electricity_price,  4, "尖电费费率",   PRICE, QUIET)  \
    F(T, U32,   sharp_service_price,      4, "尖服务费费率", PRICE, QUIET)  \
    F(T, U32,   peak_electricity_price,   4, "峰电费费率",   PRICE, QUIET)  \
    F(T, U32,   peak_service_price,       4, "峰服务费费率", PRICE, QUIET)  \
    F(T, U32,   flat_electricity_price,   4, "平电费费率",   PRICE, QUIET)  \
    F(T, U32,   flat_service_price,       4, "平服务费费率", PRICE, QUIET)  \
    F(T, U32,   valley_electricity_price, 4, "谷电费费率",   PRICE, QUIET)  \
    F(T, U32,   valley_service_price,     4, "谷服务费费率", PRICE, QUIET)  \
    F(T, U8,    loss_ratio,               1, "计损比例",     PLAIN, IF_SET) \
    F(T, LIST8, slot_rate_codes,         48, "时段费率号",   RATE,  QUIET)

/* 10.2 Real-time and BMS data */

#define YKC_READ(F, T) \
    YKC_PILE_GUN(F, T)

#define YKC_REALTIME(F, T)                                                        \
    YKC_TRADE(F, T)                                                               \
    F(T, U8,   state,                   1, "状态",       STATE,        TOLD)      \
    F(T, U8,   gun_returned,            1, "枪归位",     RETURNED,     QUIET)     \
    F(T, U8,   plugged_in,              1, "插枪",       PLUGGED,      QUIET)     \
    F(T, U16,  output_voltage,          2, "输出电压",   VOLT,         QUIET)     \
    F(T, U16,  output_current,          2, "输出电流",   AMP,          IF_SET)    \
    F(T, U8,   gun_cable_temperature,   1, "枪线温度",   TEMP_OR_NONE, QUIET)     \
    F(T, RAW,  gun_cable_code,          8, "枪线编码",   PLAIN,        QUIET)     \
    F(T, U8,   soc,                     1, "SOC",        PERCENT,      IF_SET)    \
    F(T, U8,   battery_max_temperature, 1, "电池组最高温度", TEMP_OR_NONE, QUIET) \
    F(T, U16,  charged_time,            2, "累计充电时间", MINUTES,    QUIET)     \
    F(T, U16,  remaining_time,          2, "剩余时间",   MINUTES,      QUIET)     \
    F(T, U32,  charged_energy,          4, "充电度数",   KWH,          IF_SET)    \
    F(T, U32,  energy_incl_loss,        4, "计损充电度数", KWH,        QUIET)     \
    F(T, U32,  amount_so_far,           4, "已充金额",   YUAN,         QUIET)     \
    F(T, BITS, hardware_faults,         2, "硬件故障",   FAULTS,       IF_SET)

#define YKC_HANDSHAKE(F, T)                                                    \
    YKC_TRADE(F, T)                                                            \
    F(T, RAW, bms_protocol_version, 3, "BMS 通信协议版本号", PLAIN,     QUIET) \
    F(T, U8,  battery_type,         1, "电池类型",           BATTERY,   TOLD)  \
    F(T, U16, rated_capacity,       2, "额定容量",           AH,        TOLD)  \
    F(T, U16, rated_total_voltage,  2, "额定总电压",         VOLT,      QUIET) \
    F(T, STR, battery_maker,        4, "电池生产厂商",       PLAIN,     QUIET) \
    F(T, RAW, pack_number,          4, "电池组序号",         PLAIN,     QUIET) \
    F(T, U8,  production_year,      1, "生产日期年",         YEAR,      QUIET) \
    F(T, U8,  production_month,     1, "生产日期月",         PLAIN,     QUIET) \
    F(T, U8,  production_day,       1, "生产日期日",         PLAIN,     QUIET) \
    F(T, U24, charge_count,         3, "充电次数",           PLAIN,     QUIET) \
    F(T, U8,  ownership,            1, "产权标识",           OWNERSHIP, QUIET) \
    F(T, RAW, reserved,             1, "预留位",             PLAIN,     QUIET) \
    F(T, STR, vin,                 17, "VIN",                PLAIN,     TOLD)  \
    F(T, RAW, bms_software_version, 8, "BMS 软件版本号",     PLAIN,     QUIET)

#define YKC_PARAMETERS(F, T)                                                 \
    YKC_TRADE(F, T)                                                          \
    F(T, U16, cell_max_voltage,  2, "单体最高允许充电电压", VOLT2,    QUIET) \
    F(T, U16, max_current,       2, "最高允许充电电流",     AMP_400,  QUIET) \
    F(T, U16, nominal_energy,    2, "标称总能量",           KWH1,     TOLD)  \
    F(T, U16, max_total_voltage, 2, "最高允许充电总电压",   VOLT,     TOLD)  \
    F(T, U8,  max_temperature,   1, "最高允许温度",         TEMP,     QUIET) \
    F(T, U16, soc,               2, "SOC",                  PERCENT1, TOLD)  \
    F(T, U16, pack_voltage_now,  2, "当前电池电压",         VOLT,     QUIET) \
    F(T, U16, pile_max_voltage,  2, "电桩最高输出电压",     VOLT,     QUIET) \
    F(T, U16, pile_min_voltage,  2, "电桩最低输出电压",     VOLT,     QUIET) \
    F(T, U16, pile_max_current,  2, "电桩最大输出电流",     AMP_400,  QUIET) \
    F(T, U16, pile_min_current,  2, "电桩最小输出电流",     AMP_400,  QUIET)

#define YKC_CHARGING_END(F, T)                                     \
    YKC_TRADE(F, T)                                                \
    F(T, U8,  final_soc,        1, "中止 SOC",     PERCENT, TOLD)  \
    F(T, U16, cell_min_voltage, 2, "单体最低电压", VOLT2,   QUIET) \
    F(T, U16, cell_max_voltage, 2, "单体最高电压", VOLT2,   QUIET) \
    F(T, U8,  min_temperature,  1, "最低温度",     TEMP,    QUIET) \
    F(T, U8,  max_temperature,  1, "最高温度",     TEMP,    QUIET) \
    F(T, U16, charged_time,     2, "累计充电时间", MINUTES, TOLD)  \
    F(T, U16, output_energy,    2, "输出能量",     KWH1,    TOLD)  \
    F(T, U32, charger_number,   4, "充电机编号",   PLAIN,   QUIET)

#define YKC_ERROR_REPORT(F, T) \
    YKC_TRADE(F, T)            \
    F(T, BITS, error_flags, 8, "错误标志", ERRORS, TOLD)

#define YKC_BMS_STOP(F, T)                                             \
    YKC_TRADE(F, T)                                                    \
    F(T, BITS, stop_reason, 1, "中止充电原因",     BMS_REASON, TOLD)   \
    F(T, BITS, stop_fault,  2, "中止充电故障原因", BMS_FAULT,  IF_SET) \
    F(T, BITS, stop_error,  1, "中止充电错误原因", BMS_ERROR,  IF_SET)

#define YKC_PILE_STOP(F, T)                                             \
    YKC_TRADE(F, T)                                                     \
    F(T, BITS, stop_reason, 1, "中止充电原因",     PILE_REASON, TOLD)   \
    F(T, BITS, stop_fault,  2, "中止充电故障原因", PILE_FAULT,  IF_SET) \
    F(T, BITS, stop_error,  1, "中止充电错误原因", PILE_ERROR,  IF_SET)

#define YKC_DEMAND(F, T)                                                         \
    YKC_TRADE(F, T)                                                              \
    F(T, U16,   voltage_demand,       2, "电压需求",         VOLT,        QUIET) \
    F(T, U16,   current_demand,       2, "电流需求",         AMP_400,     TOLD)  \
    F(T, U8,    mode,                 1, "充电模式",         CHARGE_MODE, QUIET) \
    F(T, U16,   measured_voltage,     2, "充电电压测量值",   VOLT,        QUIET) \
    F(T, U16,   measured_current,     2, "充电电流测量值",   AMP_400,     QUIET) \
    F(T, LOW12, highest_cell_voltage, 2, "最高单体电压",     VOLT2,       QUIET) \
    F(T, HIGH4, highest_cell_group,   0, "最高单体电压组号", PLAIN,       QUIET) \
    F(T, U8,    soc,                  1, "SOC",              PERCENT,     TOLD)  \
    F(T, U16,   estimated_remaining_time, 2, "估算剩余充电时间", MINUTES, QUIET) \
    F(T, U16,   pile_output_voltage,  2, "电桩电压输出值",   VOLT,        QUIET) \
    F(T, U16,   pile_output_current,  2, "电桩电流输出值",   AMP_400,     TOLD)  \
    F(T, U16,   charged_time,         2, "累计充电时间",     MINUTES,     QUIET)

#define YKC_BMS_INFO(F, T)                                                          \
    YKC_TRADE(F, T)                                                                 \
    F(T, U8,   cell_with_highest_voltage, 1, "最高单体电压所在编号", FROM_1, QUIET) \
    F(T, U8,   highest_temperature,       1, "最高温度",         TEMP,   TOLD)      \
    F(T, U8,   highest_temperature_point, 1, "最高温度检测点编号", FROM_1, QUIET)   \
    F(T, U8,   lowest_temperature,        1, "最低温度",         TEMP,   TOLD)      \
    F(T, U8,   lowest_temperature_point,  1, "最低温度检测点编号", FROM_1, QUIET)   \
    F(T, BITS, flags,                     2, "状态标志",         BMS_FLAGS, TOLD)

/* 10.3 Charging control */

#define YKC_START_REQUEST(F, T)                                               \
    YKC_PILE_GUN(F, T)                                                        \
    F(T, U8,  start_mode,               1, "启动方式",     START_MODE, TOLD)  \
    F(T, U8,  password_needed,          1, "是否需要密码", YES_NO,     QUIET) \
    F(T, RAW, account_or_physical_card, 8, "账号或物理卡号", PLAIN,    TOLD)  \
    F(T, STR, password,                16, "输入密码",     SECRET,     QUIET) \
    F(T, STR, vin,                     17, "VIN 码（倒序）", PLAIN,    QUIET)

#define YKC_START_PERMISSION(F, T)                                \
    YKC_TRADE(F, T)                                               \
    F(T, BCD, logical_card,    8, "逻辑卡号",     PLAIN,   QUIET) \
    F(T, U32, account_balance, 4, "账户余额",     FEN,     TOLD)  \
    F(T, U8,  allowed,         1, "鉴权成功标志", ALLOWED, TOLD)  \
    F(T, U8,  reject_reason,   1, "失败原因",     REJECT,  IF_SET)

#define YKC_REMOTE_START(F, T)                              \
    YKC_TRADE(F, T)                                         \
    F(T, BCD, logical_card,    8, "逻辑卡号", PLAIN, TOLD)  \
    F(T, RAW, physical_card,   8, "物理卡号", PLAIN, QUIET) \
    F(T, U32, account_balance, 4, "账户余额", FEN,   TOLD)

#define YKC_REMOTE_START_REPLY(F, T)                             \
    YKC_TRADE(F, T)                                              \
    F(T, U8, result,         1, "启动结果", RESULT,        TOLD) \
    F(T, U8, failure_reason, 1, "失败原因", START_FAILURE, IF_SET)

#define YKC_REMOTE_STOP(F, T) \
    YKC_PILE_GUN(F, T)

#define YKC_REMOTE_STOP_REPLY(F, T)                             \
    YKC_PILE_GUN(F, T)                                          \
    F(T, U8, result,         1, "停止结果", RESULT,       TOLD) \
    F(T, U8, failure_reason, 1, "失败原因", STOP_FAILURE, IF_SET)

#define YKC_RECORD_TIMES(F, T)                          \
    YKC_TRADE(F, T)                                     \
    F(T, TIME, start_time, 7, "开始时间", PLAIN, QUIET) \
    F(T, TIME, end_time,   7, "结束时间", PLAIN, QUIET)

#define YKC_RECORD_BILL(F, T)                                                 \
    F(T, U32,  sharp_price,             4, "尖单价",       PRICE,      QUIET) \
    F(T, U32,  sharp_energy,            4, "尖电量",       KWH,        QUIET) \
    F(T, U32,  sharp_energy_incl_loss,  4, "计损尖电量",   KWH,        QUIET) \
    F(T, U32,  sharp_amount,            4, "尖金额",       YUAN,       QUIET) \
    F(T, U32,  peak_price,              4, "峰单价",       PRICE,      QUIET) \
    F(T, U32,  peak_energy,             4, "峰电量",       KWH,        QUIET) \
    F(T, U32,  peak_energy_incl_loss,   4, "计损峰电量",   KWH,        QUIET) \
    F(T, U32,  peak_amount,             4, "峰金额",       YUAN,       QUIET) \
    F(T, U32,  flat_price,              4, "平单价",       PRICE,      QUIET) \
    F(T, U32,  flat_energy,             4, "平电量",       KWH,        QUIET) \
    F(T, U32,  flat_energy_incl_loss,   4, "计损平电量",   KWH,        QUIET) \
    F(T, U32,  flat_amount,             4, "平金额",       YUAN,       QUIET) \
    F(T, U32,  valley_price,            4, "谷单价",       PRICE,      QUIET) \
    F(T, U32,  valley_energy,           4, "谷电量",       KWH,        QUIET) \
    F(T, U32,  valley_energy_incl_loss, 4, "计损谷电量",   KWH,        QUIET) \
    F(T, U32,  valley_amount,           4, "谷金额",       YUAN,       QUIET) \
    F(T, U40,  meter_at_start,          5, "电表总起值",   KWH,        QUIET) \
    F(T, U40,  meter_at_end,            5, "电表总止值",   KWH,        QUIET) \
    F(T, U32,  total_energy,            4, "总电量",       KWH,        TOLD)  \
    F(T, U32,  total_energy_incl_loss,  4, "计损总电量",   KWH,        QUIET) \
    F(T, U32,  amount,                  4, "消费金额",     YUAN,       TOLD)  \
    F(T, STR,  vin,                    17, "VIN",          PLAIN,      QUIET) \
    F(T, U8,   start_flag,              1, "交易标识",     START_FLAG, QUIET) \
    F(T, TIME, trade_time,              7, "交易时间",     PLAIN,      QUIET) \
    F(T, U8,   stop_reason,             1, "停止原因",     STOP,       TOLD)  \
    F(T, RAW,  physical_card,           8, "物理卡号",     PLAIN,      QUIET)

#define YKC_TRADE_RECORD(F, T) \
    YKC_RECORD_TIMES(F, T)     \
    YKC_RECORD_BILL(F, T)

/* V1.7: section 11.2 */
#define YKC_SIGNED_RECORD(F, T)                                          \
    YKC_RECORD_TIMES(F, T)                                               \
    F(T, BCD, meter_number,           6, "电表表号",       PLAIN, QUIET) \
    F(T, RAW, meter_cipher_text,     34, "电表密文",       PLAIN, QUIET) \
    F(T, U16, meter_protocol_version, 2, "电表协议版本号", PLAIN, QUIET) \
    F(T, U8,  encryption_method,      1, "加密方式",       PLAIN, QUIET) \
    YKC_RECORD_BILL(F, T)

#define YKC_RECORD_CONFIRMATION(F, T)                         \
    F(T, BCD, trade_number, 16, "交易流水号", PLAIN,   QUIET) \
    F(T, U8,  result,        1, "确认结果",   CONFIRM, TOLD)

#define YKC_BALANCE(F, T)                                       \
    YKC_PILE_GUN(F, T)                                          \
    F(T, RAW, physical_card, 8, "物理卡号",       PLAIN, QUIET) \
    F(T, U32, new_balance,   4, "修改后账户金额", FEN,   TOLD)

#define YKC_BALANCE_REPLY(F, T)                                    \
    YKC_PILE(F, T)                                                 \
    F(T, RAW, physical_card, 8, "物理卡号", PLAIN,          QUIET) \
    F(T, U8,  result,        1, "修改结果", BALANCE_RESULT, TOLD)

/* 10.4 Offline cards: fields, then any number of items */

#define YKC_CARD_SYNC(F, T) \
    YKC_PILE(F, T)          \
    F(T, COUNT, card_count, 1, "下发卡个数", PLAIN, TOLD)
#define YKC_CARD_SYNC_ITEM(F, T)                          \
    F(T, BCD, logical_card,  8, "逻辑卡号", PLAIN, QUIET) \
    F(T, RAW, physical_card, 8, "物理卡号", PLAIN, QUIET)

#define YKC_CARD_SYNC_REPLY(F, T)                    \
    YKC_PILE(F, T)                                   \
    F(T, U8, result, 1, "保存结果", RESULT,    TOLD) \
    F(T, U8, reason, 1, "失败原因", CARD_SAVE, IF_SET)

#define YKC_CARD_CLEAR(F, T) \
    YKC_PILE(F, T)           \
    F(T, COUNT, card_count, 1, "清除离线卡的个数", PLAIN, TOLD)
#define YKC_CARD_ITEM(F, T) \
    F(T, RAW, physical_card, 8, "物理卡号", PLAIN, QUIET)

#define YKC_CARD_CLEAR_REPLY(F, T) \
    YKC_PILE(F, T)                 \
    F(T, TALLY, card_count, 0, "卡个数", PLAIN, TOLD)
#define YKC_CARD_CLEAR_REPLY_ITEM(F, T)                     \
    F(T, RAW, physical_card, 8, "物理卡号", PLAIN,   QUIET) \
    F(T, U8,  cleared,       1, "清除标记", CLEARED, QUIET) \
    F(T, U8,  reason,        1, "失败原因", PLAIN,   QUIET)

#define YKC_CARD_QUERY(F, T) \
    YKC_PILE(F, T)           \
    F(T, COUNT, card_count, 1, "查询的离线卡个数", PLAIN, TOLD)

#define YKC_CARD_QUERY_REPLY(F, T) \
    YKC_PILE(F, T)                 \
    F(T, TALLY, card_count, 0, "卡个数", PLAIN, TOLD)
#define YKC_CARD_QUERY_REPLY_ITEM(F, T)                     \
    F(T, RAW, physical_card, 8, "物理卡号", PLAIN,   QUIET) \
    F(T, U8,  present,       1, "查询结果", PRESENT, QUIET)

/* 10.5 Settings */

#define YKC_WORK(F, T)                                               \
    YKC_PILE(F, T)                                                   \
    F(T, U8, work_forbidden,   1, "是否允许工作",     WORK,    TOLD) \
    F(T, U8, max_output_power, 1, "最大允许输出功率", PERCENT, TOLD)

#define YKC_PILE_RESULT(F, T) \
    YKC_PILE(F, T)            \
    F(T, U8, result, 1, "设置结果", RESULT, TOLD)

#define YKC_CLOCK(F, T) \
    YKC_PILE(F, T)      \
    F(T, TIME, platform_time, 7, "平台时间", PLAIN, TOLD)

#define YKC_CLOCK_REPLY(F, T) \
    YKC_PILE(F, T)            \
    F(T, TIME, pile_time, 7, "桩时间", PLAIN, TOLD)

/* 10.6 Ground lock */

#define YKC_LOCK_STATUS(F, T)                                          \
    YKC_PILE_GUN(F, T)                                                 \
    F(T, U8,  lock_position, 1, "车位锁状态",   LOCK_POSITION, TOLD)   \
    F(T, U8,  parking_space, 1, "车位状态",     SPACE,         TOLD)   \
    F(T, U8,  lock_battery,  1, "地锁电量状态", PERCENT,       QUIET)  \
    F(T, U8,  alarm,         1, "报警状态",     LOCK_ALARM,    IF_SET) \
    F(T, RAW, reserved,      4, "预留位",       PLAIN,         QUIET)

#define YKC_LOCK(F, T)                                      \
    YKC_PILE_GUN(F, T)                                      \
    F(T, U8,  command,  1, "升/降地锁", LOCK_COMMAND, TOLD) \
    F(T, RAW, reserved, 4, "预留位",    PLAIN,        QUIET)

#define YKC_LOCK_REPLY(F, T)                                 \
    YKC_PILE_GUN(F, T)                                       \
    F(T, U8,  result,   1, "地锁控制返回标志", RESULT, TOLD) \
    F(T, RAW, reserved, 4, "预留位",           PLAIN,  QUIET)

/* 10.7 Maintenance */

#define YKC_REBOOT(F, T) \
    YKC_PILE(F, T)       \
    F(T, U8, when, 1, "执行控制", WHEN, TOLD)

#define YKC_UPDATE(F, T)                                            \
    YKC_PILE(F, T)                                                  \
    F(T, U8,  pile_model,       1, "桩型号",         MODEL, QUIET)  \
    F(T, U16, pile_power,       2, "桩功率",         KW,    QUIET)  \
    F(T, STR, server_address,  16, "升级服务器地址", PLAIN, TOLD)   \
    F(T, U16, server_port,      2, "升级服务器端口", PLAIN, QUIET)  \
    F(T, STR, user,            16, "用户名",         PLAIN, QUIET)  \
    F(T, STR, password,        16, "密码",           SECRET, QUIET) \
    F(T, STR, file_path,       32, "文件路径",       PLAIN, TOLD)   \
    F(T, U8,  when,             1, "执行控制",       WHEN,  TOLD)   \
    F(T, U8,  download_timeout, 1, "下载超时时间",   MINUTES, QUIET)

#define YKC_UPDATE_REPLY(F, T) \
    YKC_PILE(F, T)             \
    F(T, U8, status, 1, "升级状态", UPDATE, TOLD)

/* 10.8 Parallel charging */

#define YKC_PARALLEL(F, T) \
    F(T, BCD, parallel_number, 6, "并充序号", PLAIN, QUIET)
#define YKC_MAIN_GUN(F, T) \
    F(T, U8, main_or_auxiliary_gun, 1, "主辅枪标记", MAIN_GUN, TOLD)

#define YKC_PARALLEL_REQUEST(F, T) \
    YKC_START_REQUEST(F, T)        \
    YKC_MAIN_GUN(F, T)             \
    YKC_PARALLEL(F, T)

#define YKC_PARALLEL_PERMISSION(F, T) \
    YKC_START_PERMISSION(F, T)        \
    YKC_PARALLEL(F, T)

#define YKC_PARALLEL_START(F, T) \
    YKC_REMOTE_START(F, T)       \
    YKC_PARALLEL(F, T)

#define YKC_PARALLEL_START_REPLY(F, T) \
    YKC_REMOTE_START_REPLY(F, T)       \
    YKC_MAIN_GUN(F, T)                 \
    YKC_PARALLEL(F, T)

/* 10.9 QR code */

#define YKC_QR_PREFIX(F, T)                                      \
    YKC_PILE(F, T)                                               \
    F(T, U8,    format,        1, "二维码格式", QR_FORMAT, TOLD) \
    F(T, COUNT, prefix_length, 1, "前缀长度",   PLAIN,     QUIET)

/* Sources disagree on which value means success: shown as it is. */
#define YKC_QR_REPLY(F, T) \
    YKC_PILE(F, T)         \
    F(T, U8, result, 1, "结果", PLAIN, TOLD)

/*
 * The whole protocol, one line a frame.
 *   X(type, name, LIST, reply, "short name", "name in the document")
 *   V(the same, ITEM LIST, most items that fit)   fields, then items
 *   Z(the same, most characters that fit)         fields, then a text
 * reply is the type that answers, 0 if none. Odd types come from the pile.
 */
#define YKC_FRAMES(X, V, Z)                                                                       \
    X(0x01, login, YKC_LOGIN, 0x02, "登录", "充电桩登录认证")                                     \
    X(0x02, login_reply, YKC_LOGIN_REPLY, 0, "登录应答", "登录认证应答")                          \
    X(0x03, heartbeat, YKC_HEARTBEAT, 0x04, "心跳", "充电桩心跳包")                               \
    X(0x04, heartbeat_reply, YKC_HEARTBEAT_REPLY, 0, "心跳应答", "心跳包应答")                    \
    X(0x05, tariff_check, YKC_TARIFF_CHECK, 0x06, "计费验证", "计费模型验证请求")                 \
    X(0x06, tariff_check_reply, YKC_TARIFF_CHECK_REPLY, 0x09,                                     \
      "验证应答", "计费模型验证请求应答")                                                         \
    X(0x09, tariff_request, YKC_TARIFF_REQUEST, 0x0A, "计费请求", "充电桩计费模型请求")           \
    X(0x0A, tariff_reply, YKC_TARIFF, 0, "计费应答", "计费模型请求应答")                          \
    X(0x12, read, YKC_READ, 0x13, "读实时数据", "读取实时监测数据")                               \
    X(0x13, realtime, YKC_REALTIME, 0, "实时数据", "上传实时监测数据")                            \
    X(0x15, handshake, YKC_HANDSHAKE, 0, "充电握手", "充电握手")                                  \
    X(0x17, parameters, YKC_PARAMETERS, 0, "参数配置", "参数配置")                                \
    X(0x19, charging_end, YKC_CHARGING_END, 0, "充电结束", "充电结束")                            \
    X(0x1B, error_report, YKC_ERROR_REPORT, 0, "错误报文", "错误报文")                            \
    X(0x1D, bms_stop, YKC_BMS_STOP, 0, "BMS 中止", "充电阶段 BMS 中止")                           \
    X(0x21, pile_stop, YKC_PILE_STOP, 0, "充电机中止", "充电阶段充电机中止")                      \
    X(0x23, demand, YKC_DEMAND, 0, "BMS 需求", "充电过程 BMS 需求、充电机输出")                   \
    X(0x25, bms_info, YKC_BMS_INFO, 0, "BMS 信息", "充电过程 BMS 信息")                           \
    X(0x31, start_request, YKC_START_REQUEST, 0x32, "启动申请", "充电桩主动申请启动充电")         \
    X(0x32, start_permission, YKC_START_PERMISSION, 0, "启动确认", "运营平台确认启动充电")        \
    X(0x33, remote_start_reply, YKC_REMOTE_START_REPLY, 0, "启动应答", "远程启动充电命令回复")    \
    X(0x34, remote_start, YKC_REMOTE_START, 0x33, "远程启动", "运营平台远程控制启机")             \
    X(0x35, remote_stop_reply, YKC_REMOTE_STOP_REPLY, 0, "停机应答", "远程停机命令回复")          \
    X(0x36, remote_stop, YKC_REMOTE_STOP, 0x35, "远程停机", "运营平台远程停机")                   \
    X(0x3B, trade_record, YKC_TRADE_RECORD, 0x40, "交易记录", "交易记录")                         \
    X(0x3D, signed_record, YKC_SIGNED_RECORD, 0x40, "签名记录", "交易记录（V1.7 电表签名）")      \
    X(0x40, record_confirmation, YKC_RECORD_CONFIRMATION, 0, "记录确认", "交易记录确认")          \
    X(0x41, balance_reply, YKC_BALANCE_REPLY, 0, "余额应答", "余额更新应答")                      \
    X(0x42, balance, YKC_BALANCE, 0x41, "余额更新", "远程账户余额更新")                           \
    X(0x43, card_sync_reply, YKC_CARD_SYNC_REPLY, 0, "离线卡应答", "离线卡数据同步应答")          \
    V(0x44, card_sync, YKC_CARD_SYNC, 0x43, "离线卡同步", "离线卡数据同步",                       \
      YKC_CARD_SYNC_ITEM, 15)                                                                     \
    V(0x45, card_clear_reply, YKC_CARD_CLEAR_REPLY, 0, "清除应答", "离线卡数据清除应答",          \
      YKC_CARD_CLEAR_REPLY_ITEM, 24)                                                              \
    V(0x46, card_clear, YKC_CARD_CLEAR, 0x45, "离线卡清除", "离线卡数据清除",                     \
      YKC_CARD_ITEM, 30)                                                                          \
    V(0x47, card_query_reply, YKC_CARD_QUERY_REPLY, 0, "查询应答", "离线卡数据查询应答",          \
      YKC_CARD_QUERY_REPLY_ITEM, 27)                                                              \
    V(0x48, card_query, YKC_CARD_QUERY, 0x47, "离线卡查询", "离线卡数据查询",                     \
      YKC_CARD_ITEM, 30)                                                                          \
    X(0x51, work_reply, YKC_PILE_RESULT, 0, "参数应答", "充电桩工作参数设置应答")                 \
    X(0x52, work, YKC_WORK, 0x51, "工作参数", "充电桩工作参数设置")                               \
    X(0x55, clock_reply, YKC_CLOCK_REPLY, 0, "对时应答", "对时设置应答")                          \
    X(0x56, clock, YKC_CLOCK, 0x55, "对时", "对时设置")                                           \
    X(0x57, tariff_push_reply, YKC_PILE_RESULT, 0, "计费下发应答", "计费模型应答")                \
    X(0x58, tariff_push, YKC_TARIFF, 0x57, "计费下发", "计费模型设置")                            \
    X(0x61, lock_status, YKC_LOCK_STATUS, 0, "地锁状态", "地锁数据上送")                          \
    X(0x62, lock, YKC_LOCK, 0x63, "地锁控制", "遥控地锁升锁与降锁命令")                           \
    X(0x63, lock_reply, YKC_LOCK_REPLY, 0, "地锁应答", "充电桩返回数据")                          \
    X(0x91, reboot_reply, YKC_PILE_RESULT, 0, "重启应答", "远程重启应答")                         \
    X(0x92, reboot, YKC_REBOOT, 0x91, "远程重启", "远程重启")                                     \
    X(0x93, update_reply, YKC_UPDATE_REPLY, 0, "更新应答", "远程更新应答")                        \
    X(0x94, update, YKC_UPDATE, 0x93, "远程更新", "远程更新")                                     \
    X(0xA1, parallel_request, YKC_PARALLEL_REQUEST, 0xA2, "并充申请", "充电桩主动申请并充充电")   \
    X(0xA2, parallel_permission, YKC_PARALLEL_PERMISSION, 0, "并充确认", "运营平台确认并充启动充电") \
    X(0xA3, parallel_start_reply, YKC_PARALLEL_START_REPLY, 0, "并充应答", "远程并充启机命令回复") \
    X(0xA4, parallel_start, YKC_PARALLEL_START, 0xA3, "并充启动", "运营平台远程控制并充启机")     \
    Z(0xF0, qr_prefix, YKC_QR_PREFIX, 0xF1, "二维码前缀", "二维码前缀下发", 242)                  \
    X(0xF1, qr_prefix_reply, YKC_QR_REPLY, 0, "二维码应答", "二维码前缀下发应答")

#endif
