#include "asset/asset.h"

#include "base/money.h"

LABELS_DEFINE(asset_status, ASSET_STATUSES);
LABELS_DEFINE(asset_nature, ASSET_NATURES);

bool degrees_parse(const char *text, int limit, int *e6)
{
    int64_t v;

    if (!decimal_parse(text, 6, &v) || v > limit * INT64_C(1000000) ||
        v < -limit * INT64_C(1000000))
        return false;
    *e6 = (int)v;
    return true;
}

const char *degrees_text(struct cx *cx, int e6)
{
    char text[MONEY_TEXT];

    if (e6 == 0)
        return "";
    return cx_strdup(cx, decimal_text(e6, 6, 6, false, text));
}
