#include "payment/provider.h"

#include <string.h>

#include "base/config.h"

static const struct pay_provider *const providers[] = { &demo_pay_provider };

const struct pay_provider *pay_provider_find(const char *name)
{
    for (size_t i = 0; i < COUNT(providers); i++)
        if (strcmp(providers[i]->name, name) == 0)
            return providers[i];
    return NULL;
}

const struct pay_provider *pay_provider_need(struct cx *cx, const char *name)
{
    const struct pay_provider *p =
        name[0] == '\0' ? providers[0] : pay_provider_find(name);

    if (p == NULL)
        cx_fail_field(cx, "channel", "没有这种支付方式。");
    if ((p->demo && !config_is_demo(cx->config)) || !p->is_configured(cx))
        cx_fail(cx, ERR_UNCONFIGURED, "未配置%s，不能充值。", p->title);
    return p;
}
