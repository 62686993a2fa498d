/*
 * Piles (电桩) and their connectors (电枪).
 */
#ifndef ASSET_PILE_H
#define ASSET_PILE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/cx.h"
#include "base/label.h"
#include "db/scope.h"

/* Digits of a pile code: ykc-1.6 section 4.1. */
enum { PILE_NO_LEN = 14, PILE_GUNS_MAX = 16 };

#define PILE_KINDS(X)                      \
    X(PILE_DC, 1, "dc", "直流", NULL)      \
    X(PILE_AC, 2, "ac", "交流", NULL)

#define PILE_SPEEDS(X)                           \
    X(SPEED_FAST,  1, "fast",  "快充", NULL)      \
    X(SPEED_SLOW,  2, "slow",  "慢充", NULL)      \
    X(SPEED_SUPER, 3, "super", "超充", NULL)

#define PILE_MOUNTINGS(X)                              \
    X(MOUNT_FLOOR,  1, "floor",  "落地式", NULL)        \
    X(MOUNT_WALL,   2, "wall",   "壁挂式", NULL)        \
    X(MOUNT_COLUMN, 3, "column", "立柱式", NULL)

/* As in frame 0x01, network type. */
#define PILE_NETWORKS(X)                      \
    X(NETWORK_SIM,   0, "sim",   "4G", NULL)   \
    X(NETWORK_LAN,   1, "lan",   "局域网", NULL) \
    X(NETWORK_WAN,   2, "wan",   "广域网", NULL) \
    X(NETWORK_OTHER, 3, "other", "其他", NULL)

#define SIM_CARRIERS(X)                                  \
    X(CARRIER_NONE,    0, "none",    "—", NULL)          \
    X(CARRIER_MOBILE,  1, "mobile",  "中国移动", NULL)    \
    X(CARRIER_TELECOM, 2, "telecom", "中国电信", NULL)    \
    X(CARRIER_UNICOM,  3, "unicom",  "中国联通", NULL)    \
    X(CARRIER_OTHER,   4, "other",   "其他", NULL)

/* How strictly a login is checked (rule G4). */
#define LOGIN_POLICIES(X)                                   \
    X(LOGIN_PIN,     2, "pin",     "首次登录绑定地址", NULL)   \
    X(LOGIN_STRICT,  1, "strict",  "严格校验", NULL)         \
    X(LOGIN_OBSERVE, 3, "observe", "仅校验桩编号", NULL)

#define PILE_ONLINES(X)                                     \
    X(PILE_OFFLINE, 0, "offline", "离线", "offline")         \
    X(PILE_ONLINE,  1, "online",  "在线", "ok")

LABELS_DECLARE(pile_kind, PILE_KINDS);
LABELS_DECLARE(pile_speed, PILE_SPEEDS);
LABELS_DECLARE(pile_mounting, PILE_MOUNTINGS);
LABELS_DECLARE(pile_network, PILE_NETWORKS);
LABELS_DECLARE(sim_carrier, SIM_CARRIERS);
LABELS_DECLARE(login_policy, LOGIN_POLICIES);
LABELS_DECLARE(pile_online, PILE_ONLINES);

struct pile {
    int64_t id;
    const char *no, *name, *factory_no;
    int64_t station_id, area_id;
    const char *maker, *model, *version;
    int kind, speed, guns, power_w, voltage_dv, current_da;
    const char *sim_no;
    int sim_carrier, nature;
    const char *owner;
    bool occupy_fee, reservable;
    int mounting;
    const char *protection;
    int network, status, login_policy;
    const char *pinned_address; /* where it may log in from (G4) */
    bool online;
    const char *firmware, *protocol, *tariff_no;
};

struct pile_form {
    int64_t station_id, area_id;
    const char *no, *name, *factory_no, *maker, *model, *version;
    int kind, speed, guns, power_w, voltage_dv, current_da;
    const char *sim_no;
    int sim_carrier, nature;
    const char *owner;
    bool occupy_fee, reservable;
    int mounting;
    const char *protection;
    int network, login_policy;
    const char *pinned_address; /* "10.1.0.0/16, 10.2.3.4"; "": any, or the
                                   one of its next login */
};

/* The pile in the caller's scope, or ERR_NOT_FOUND. Deleted ones are gone. */
struct pile *pile_load(struct cx *cx, int64_t id);

/* What is wrong with a pile code, or NULL. value is a const char **. */
const char *pile_no_error(struct cx *cx, const void *value);

/* What is wrong with addresses, or NULL. value is a const char **. */
const char *pile_address_error(struct cx *cx, const void *value);

/*
 * Creates (id 0) or changes a pile, and its connectors with it: one per gun,
 * named after the pile. Guns can be added; one is removed only if no order
 * ever ran on it. The code can be changed only before the first login.
 */
int64_t pile_save(struct cx *cx, int64_t id, const struct pile_form *f);

/* In the caller's scope. Fails with ERR_STATE if it is so already. */
void pile_enable(struct cx *cx, int64_t id);
/* A disabled pile takes no start and shows as 停用 to drivers. */
void pile_disable(struct cx *cx, int64_t id);

/* Takes a scrapped pile out: refused while an order is open on it. Its
   history stays; its code may be used again. */
void pile_delete(struct cx *cx, int64_t id);

/* What a code says to a phone: <public_url>/q/<pile code><gun>. */
const char *connector_qr_url(struct cx *cx, const char *qr_no);

struct connector {
    int64_t id, pile_id, station_id;
    int gun;
    const char *name, *qr_no, *parking_no;
    int status;
};

/* In the caller's scope, or ERR_NOT_FOUND. */
struct connector *connector_load(struct cx *cx, int64_t id);

/* In the caller's scope, those in this state (enum connector_state), and those
   whose state is a fault: for the menu. */
int64_t connector_count(struct cx *cx, int state);
int64_t connector_fault_count(struct cx *cx);

/* All connectors of a pile, by gun. */
struct connector *connector_list(struct cx *cx, int64_t pile_id,
                                 size_t *count);

struct connector_form {
    const char *name, *parking_no;
};

/* Changes a gun, for piles make them; its id. Fails at the field name if the
   station has one of that name. */
int64_t connector_save(struct cx *cx, int64_t id,
                       const struct connector_form *f);
void connector_enable(struct cx *cx, int64_t id);
void connector_disable(struct cx *cx, int64_t id);

#endif
