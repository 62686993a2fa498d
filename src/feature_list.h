/*
 * The features this product is built of.
 */
#ifndef FEATURE_LIST_H
#define FEATURE_LIST_H

#include "web/feature.h"

extern const struct features all_features;

#endif
