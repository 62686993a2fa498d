/*
 * The page of the checks of the books.
 */
#ifndef LEDGER_CHECK_ADMIN_H
#define LEDGER_CHECK_ADMIN_H

#include "web/resource.h"

extern const struct resource check_page;

#endif
