/*
 * Words that stations, areas, piles and connectors share.
 */
#ifndef ASSET_ASSET_H
#define ASSET_ASSET_H

#include "base/cx.h"
#include "base/label.h"

#define ASSET_STATUSES(X)                              \
    X(ASSET_ENABLED,  1, "enabled",  "启用", "ok")      \
    X(ASSET_DISABLED, 2, "disabled", "停用", "offline")

/* 运营性质 */
#define ASSET_NATURES(X)                               \
    X(NATURE_SELF,      1, "self",      "自营", NULL)   \
    X(NATURE_JOINT,     2, "joint",     "联营", NULL)   \
    X(NATURE_FRANCHISE, 3, "franchise", "加盟", NULL)   \
    X(NATURE_PRIVATE,   4, "private",   "个人", NULL)   \
    X(NATURE_ENTRUSTED, 5, "entrusted", "委托", NULL)

LABELS_DECLARE(asset_status, ASSET_STATUSES);
LABELS_DECLARE(asset_nature, ASSET_NATURES);

/*
 * A longitude or latitude as typed, "113.269000", at most six places, in
 * millionths of a degree; false if it is none or beyond +-limit degrees.
 */
MUST_USE bool degrees_parse(const char *text, int limit, int *e6);

/* "113.269000" in the arena; "" for 0, which means not set. */
const char *degrees_text(struct cx *cx, int e6);

#endif
