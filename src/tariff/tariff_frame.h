/*
 * A tariff version as the pile wants it (frames 0x0A and 0x58, the same
 * fields).
 */
#ifndef TARIFF_TARIFF_FRAME_H
#define TARIFF_TARIFF_FRAME_H

struct tariff_version;
struct ykc_tariff_reply;

/* Loss ratio 0, prices of unused rates 0 (ykc-1.6 section 4.7, 10.1). */
void tariff_frame(const char *pile_no, const struct tariff_version *v,
                  struct ykc_tariff_reply *out);

#endif
