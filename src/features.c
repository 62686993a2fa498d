/*
 * The one list of features: src/features.def.
 */
#include "feature_list.h"

#define FEATURE(name) extern const struct feature name##_feature;
#include "features.def"
#undef FEATURE

static const struct feature *const features[] = {
#define FEATURE(name) &name##_feature,
#include "features.def"
#undef FEATURE
};

const struct features all_features = LIST(features);
