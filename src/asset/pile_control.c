/*
 * Orders to piles: the body of each frame is made here, so that the gateway
 * only sends it.
 */
#include "asset/pile_control.h"

#include <string.h>

#include "asset/pile.h"
#include "charging/command.h"
#include "db/db.h"
#include "protocol/ykc/frame.h"
#include "system/audit.h"
#include "tariff/tariff.h"
#include "tariff/tariff_frame.h"

/* 0x92: 1 at once, 2 when idle; the protocol recommends 2. */
enum { REBOOT_WHEN_IDLE = 2 };

static struct pile *online(struct cx *cx, int64_t id)
{
    struct pile *p = pile_load(cx, id);

    if (!p->online)
        cx_fail(cx, ERR_PILE_OFFLINE, "电桩 %s 离线，上线后再试。", p->no);
    return p;
}

static void send(struct cx *cx, const struct pile *p, int gun, int kind,
                 uint8_t type, const void *frame, const char *event)
{
    uint8_t body[YKC_MAX_BODY];
    size_t n;

    if (ykc_encode(ykc_frame(type), frame, body, sizeof body, &n) != WIRE_OK)
        cx_fail(cx, ERR_STATE, "电桩 %s 的数据不能编成报文。", p->no);
    command_queue(cx, &(struct command){ .pile_id = p->id, .gun = gun,
                                         .kind = kind, .args = body,
                                         .args_len = n });
    audit(cx, event, "pile", p->id, p->no);
}

void pile_reboot(struct cx *cx, int64_t id)
{
    struct pile *p = online(cx, id);
    struct ykc_reboot f = { .when = REBOOT_WHEN_IDLE };

    snprintf(f.pile_code, sizeof f.pile_code, "%s", p->no);
    send(cx, p, 0, COMMAND_REBOOT, ykc_type_reboot, &f, "pile.reboot");
}

void pile_sync_clock(struct cx *cx, int64_t id)
{
    struct pile *p = online(cx, id);
    struct ykc_clock f = { .platform_time = wire_time(cx->now) };

    snprintf(f.pile_code, sizeof f.pile_code, "%s", p->no);
    send(cx, p, 0, COMMAND_CLOCK, ykc_type_clock, &f, "pile.clock");
}

void pile_sync_tariff(struct cx *cx, int64_t id)
{
    struct pile *p = online(cx, id);
    const struct tariff_version *v = tariff_at(cx, p->station_id, p->area_id,
                                               cx->now);
    struct ykc_tariff_reply tariff;
    struct ykc_tariff_push f;

    if (v == NULL)
        cx_fail(cx, ERR_STATE, "电桩 %s 所在区域没有生效的计费规则。", p->no);
    tariff_frame(p->no, v, &tariff);
    ykc_tariff_push_of(&tariff, &f);
    send(cx, p, 0, COMMAND_TARIFF, ykc_type_tariff_push, &f, "pile.tariff");
}

void pile_sync_qr(struct cx *cx, int64_t id)
{
    struct pile *p = online(cx, id);
    /* Format 1: the pile adds its code and the gun number. */
    struct ykc_qr_prefix f = { .format = 1 };
    const char *prefix = connector_qr_url(cx, "");

    must(strlen(prefix) <= YKC_PREFIX_MAX);
    snprintf(f.pile_code, sizeof f.pile_code, "%s", p->no);
    f.prefix_length = (uint8_t)strlen(prefix);
    snprintf(f.text, sizeof f.text, "%s", prefix);
    send(cx, p, 0, COMMAND_QR_PREFIX, ykc_type_qr_prefix, &f, "pile.qr");
}

void pile_refresh(struct cx *cx, int64_t id)
{
    struct pile *p = online(cx, id);

    for (int gun = 1; gun <= p->guns; gun++) {
        struct ykc_read f = { .gun_number = (uint8_t)gun };

        snprintf(f.pile_code, sizeof f.pile_code, "%s", p->no);
        send(cx, p, gun, COMMAND_READ, ykc_type_read, &f,
             "pile.read");
    }
}
