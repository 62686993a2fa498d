/*
 * One connector as the operator sees it: the drawer of the wall, and the
 * dialog that stops its charge.
 */
#ifndef CHARGING_GUN_ADMIN_H
#define CHARGING_GUN_ADMIN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/cx.h"
#include "base/stamp.h"
#include "web/feature.h"
#include "web/request.h"

struct wall_gun;

struct gun_args {
    int64_t id;
    const char *order_no; /* what the dialog was about */
    int reason;
};
enum { GUN_ARGS = 3 }; /* the first is what a GET has */
extern const struct arg gun_args[GUN_ARGS];

void gun_show(struct request *req, const void *args);
void gun_ask_stop(struct request *req, const void *args);
void gun_stop(struct request *req, const void *args);

/* Figures of a charging connector: soc, power, volt, amp, temp, elapsed,
   energy, amount, plate, left. */
void gun_figures(struct cx *cx, struct vnode *v, const struct wall_gun *g);

/* Self-operated and charging (P037), and the caller may. */
bool gun_can_stop(const struct request *req, const struct wall_gun *g);

/* "2 天 3 小时", "1 小时 39 分", "5 分钟" from then until now. */
const char *duration_words(struct cx *cx, stamp from);

enum { GUN_PANELS = 1 };
extern const struct panel gun_panels[GUN_PANELS];

#endif
