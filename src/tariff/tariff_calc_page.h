/* 计费测试, beside the editor and the detail of a tariff. */
#ifndef TARIFF_TARIFF_CALC_PAGE_H
#define TARIFF_TARIFF_CALC_PAGE_H

#include "web/feature.h"

/* A route's handler: takes struct tariff_form, answers a fragment. */
void tariff_calculate(struct request *req, const void *args);

#endif
