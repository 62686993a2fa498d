/*
 * What organisations and people bring: signing in, one's own page.
 */
#include "org/identity_admin.h"
#include "org/sign_in_admin.h"
#include "web/feature.h"

const struct feature org_feature = {
    .name = "org", .menu = "系统管理", .icon = "settings",
    .routes = { sign_in_routes, SIGN_IN_ROUTES },
    .identity = &org_identity,
};
