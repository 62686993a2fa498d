/*
 * Settings of a process: one table of name, type, default and range, read
 * from a KEY=VALUE file and then from the environment (PILEHUB_<NAME>), and
 * checked as a whole at start. Secrets come from files (rule S1).
 */
#ifndef BASE_CONFIG_H
#define BASE_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/macros.h"

/*
 * CFG(member, kind, default, min, max, help). kinds: TEXT, INT, BOOL (0/1),
 * PATH. A TEXT default of NULL means: must be set.
 */
#define CONFIG_SETTINGS(CFG)                                                  \
    CFG(home,            PATH, "./var", 0, 0, "data directory")               \
    CFG(mode,            TEXT, "demo", 0, 0, "demo or production")            \
    CFG(db_socket,       PATH, "", 0, 0, "MariaDB socket")                    \
    CFG(db_host,         TEXT, "", 0, 0, "MariaDB host, if no socket")        \
    CFG(db_port,         INT,  "3306", 1, 65535, "MariaDB port")              \
    CFG(db_name,         TEXT, "pilehub", 0, 0, "database")                   \
    CFG(db_user,         TEXT, "pilehub_web", 0, 0, "database user")          \
    CFG(db_password,     TEXT, "", 0, 0, "database password")                 \
    CFG(public_url,      TEXT, "http://127.0.0.1:8080", 0, 0,                 \
        "where browsers find the console")                                    \
    CFG(web_socket,      PATH, "", 0, 0, "FastCGI socket of this pool")       \
    CFG(web_pool,        TEXT, "web", 0, 0, "web or slow")                    \
    CFG(web_workers,     INT,  "4", 1, 64, "workers of this pool")            \
    CFG(web_budget_ms,   INT,  "10000", 100, 120000, "longest request")       \
    CFG(web_recycle,     INT,  "10000", 1, 10000000, "requests per worker")   \
    CFG(templates,       PATH, "templates", 0, 0, "template directory")       \
    CFG(password_list,   PATH, "data/common-passwords", 0, 0,                 \
        "common passwords, see org/password_list.h")                          \
    CFG(pile_host,       TEXT, "127.0.0.1", 0, 0, "pile listener address")    \
    CFG(pile_port,       INT,  "8767", 0, 65535, "pile listener port")        \
    CFG(pile_threads,    INT,  "0", 0, 64, "network threads; 0: one a core")  \
    CFG(pile_max,        INT,  "18000", 1, 1000000, "connections held")       \
    CFG(pile_per_address, INT, "32", 1, 1000000,                              \
        "connections before login, per address")                              \
    CFG(pile_offline_ms, INT,  "45000", 5000, 600000, "silence: offline")     \
    CFG(pile_proxy,      BOOL, "0", 0, 0, "a PROXY header comes first")       \
    CFG(pile_drain_ms,   INT,  "3000", 0, 60000, "closing all, at the end")   \
    CFG(control_port,    INT,  "0", 0, 65535, "gateway wake-up port; 0: any") \
    CFG(gateway_name,    TEXT, "gw1", 0, 0, "name of this gateway")           \
    CFG(cookie_secure,   BOOL, "1", 0, 0, "cookies only over https")          \
    CFG(secret_file,     PATH, "", 0, 0, "32 random bytes, hex")              \
    CFG(seal_key_file,   PATH, "", 0, 0,                                      \
        "32 bytes, hex, that sign heads of chains; jobs only")                \
    CFG(log_level,       TEXT, "info", 0, 0, "debug info warn error")         \
    CFG(payment_url,     TEXT, "", 0, 0, "demo payment provider")             \
    CFG(payment_merchant, TEXT, "pilehub", 0, 0, "our merchant number there") \
    CFG(payment_key,     TEXT, "", 0, 0, "its signing key")                   \
    CFG(order_hold_fen,  INT,  "20000", 100, 1000000,                          \
        "most that a start reserves unless the driver says")                  \
    CFG(order_least_fen, INT,  "500", 1, 1000000,                             \
        "least that must be available to start")                              \
    CFG(order_record_h,  INT,  "24", 1, 720,                                  \
        "hours without a record until telemetry settles")                     \
    CFG(correction_fen,  INT,  "20000", 0, 100000000,                         \
        "corrections by people beyond it need a second person")               \
    CFG(jobs_name,       TEXT, "", 0, 0, "name of this instance, no two alike") \
    CFG(sms_url,         TEXT, "", 0, 0, "SMS service")                       \
    CFG(sms_key,         TEXT, "", 0, 0, "its signing key")                   \
    CFG(partner_pause_ms, INT, "15000", 0, 600000,                            \
        "a third party that does not answer is left alone; 0: never")         \
    CFG(http_ca_file,    PATH, "", 0, 0, "extra CA for calls out")

#define CONFIG_TYPE_TEXT const char *
#define CONFIG_TYPE_PATH const char *
#define CONFIG_TYPE_INT  int64_t
#define CONFIG_TYPE_BOOL bool

struct config {
#define CONFIG_MEMBER(name, kind, dflt, min, max, help) \
    CONFIG_TYPE_##kind name;
    CONFIG_SETTINGS(CONFIG_MEMBER)
#undef CONFIG_MEMBER
};

/*
 * Reads path (NULL or "": only defaults and environment). On a wrong or
 * unknown setting returns NULL and says which in err. The result lives as
 * long as the process.
 */
const struct config *config_load(const char *path, char *err, size_t err_size);

static inline bool config_is_demo(const struct config *c)
{
    return c->mode[0] == 'd';
}

#endif
