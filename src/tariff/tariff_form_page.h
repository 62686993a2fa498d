/*
 * The form of a tariff as it was typed: what the editor posts and shows again,
 * with an error beside the field that is wrong, and what the trial calculation
 * (计费测试) reads of it. Text lives as long as the request.
 */
#ifndef TARIFF_TARIFF_FORM_PAGE_H
#define TARIFF_TARIFF_FORM_PAGE_H

#include "tariff/tariff.h"
#include "web/feature.h"

struct tariff_form {
    int64_t id; /* 0: a new tariff */
    int64_t station_id, area_id;
    const char *name, *mode, *note, *slots;
    stamp starts_on;
    int ver;
    const char *sharp_elec, *sharp_service, *peak_elec, *peak_service;
    const char *flat_elec, *flat_service, *valley_elec, *valley_service;
    const char *all_elec, *all_service;
    const char *calc_kwh, *calc_from;
    int calc_minutes;
};

/* What routes of a new tariff take, and of one that there is. */
enum { TARIFF_FORM_FIELDS = 21 };
extern const struct arg tariff_new_args[TARIFF_FORM_FIELDS];
extern const struct arg tariff_edit_args[TARIFF_FORM_FIELDS + 1];

/* The errors said so far, in the page's Tariff node. */
struct tariff_errors {
    struct vnode *tariff;
    size_t n;
};

void tariff_form_error(struct tariff_errors *p, const char *field,
                       const char *title, const char *text);

bool tariff_form_is_unified(const struct tariff_form *t);

/* What was typed as a draft; a price that is none is said and counts as 0. */
struct tariff_draft tariff_form_read(struct cx *cx, struct tariff_errors *p,
                                     const struct tariff_form *t);

/* Says what else is wrong with the draft, before it is published. */
void tariff_form_check(struct cx *cx, struct tariff_errors *p,
                       const struct tariff_form *t,
                       const struct tariff_draft *d);

/* Nothing typed yet. */
struct tariff_form tariff_form_empty(const struct cx *cx);

/* What a version says, as if it had been typed. */
struct tariff_form tariff_form_of(struct cx *cx, const struct tariff *tariff,
                                  const struct tariff_version *v);

/* Fills the page's Tariff node. */
void tariff_form_put(struct cx *cx, struct vnode *tariff,
                     const struct tariff_form *t);

/* The key of a rate in pages: sharp, peak, flat, valley. */
const char *tariff_rate_key(size_t rate);

#endif
