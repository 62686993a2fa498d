/*
 * Organisations: platform > provider (服务商) > merchant (商户).
 */
#ifndef ORG_ORG_H
#define ORG_ORG_H

#include <stdint.h>

#include "base/cx.h"
#include "base/label.h"
#include "db/scope.h"

#define ORG_KINDS(X)                                  \
    X(ORG_PLATFORM, 1, "platform", "平台", NULL)       \
    X(ORG_PROVIDER, 2, "provider", "服务商", NULL)      \
    X(ORG_MERCHANT, 3, "merchant", "商户", NULL)

#define MERCHANT_KINDS(X)                                   \
    X(MERCHANT_NONE,      0, "none",      "—", NULL)         \
    X(MERCHANT_PROPERTY,  1, "property",  "物业", NULL)       \
    X(MERCHANT_SELF,      2, "self",      "自营", NULL)       \
    X(MERCHANT_JOINT,     3, "joint",     "联营", NULL)       \
    X(MERCHANT_FRANCHISE, 4, "franchise", "加盟", NULL)       \
    X(MERCHANT_PRIVATE,   5, "private",   "个人", NULL)

/* Of organisations and accounts. */
#define ORG_STATUSES(X)                                     \
    X(ORG_ENABLED,  1, "enabled",  "启用", "ok")             \
    X(ORG_DISABLED, 2, "disabled", "停用", "offline")

LABELS_DECLARE(org_kind, ORG_KINDS);
LABELS_DECLARE(merchant_kind, MERCHANT_KINDS);
LABELS_DECLARE(org_status, ORG_STATUSES);

struct org {
    int64_t id, parent_id;
    int kind, merchant_kind;
    const char *name;
    int64_t provider_id; /* itself for a provider; 0 for the platform */
    int status;          /* org_status */
};

/* What a person types. The kind follows from the parent: below the platform a
   provider, below a provider a merchant. */
struct org_form {
    int64_t parent_id; /* only when it is made */
    int merchant_kind; /* of a merchant */
    const char *name, *contact, *phone;
    const char *province, *city, *district, *address, *note;
};

/* Columns of alias o for the caller's scope: a provider sees itself and its
   merchants, a merchant itself. */
extern const struct scope_columns org_scope;

/* The organisation in the caller's scope, or ERR_NOT_FOUND. */
struct org *org_load(struct cx *cx, int64_t id);

/* The organisation's form as it is now. */
void org_fill(struct cx *cx, int64_t id, struct org_form *out);

/* Makes (id 0) or changes it; its id. In a transaction. */
int64_t org_save(struct cx *cx, int64_t id, const struct org_form *f);

/* Nobody of a disabled organisation, or below it, gets in any more; what it
   owns keeps running. In a transaction. */
void org_enable(struct cx *cx, int64_t id);
void org_disable(struct cx *cx, int64_t id);

#endif
