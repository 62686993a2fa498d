/*
 * The features this product is built of.
 */
#ifndef FEATURES_H
#define FEATURES_H

#include "web/feature.h"

extern const struct features all_features;

#endif
