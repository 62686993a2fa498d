/*
 * F-2: every body decoder with any bytes. No copies and no texts here, so
 * that a thousand million inputs take an hour; what is shown of a frame is
 * fuzz_ykc_show.c's.
 * Input: the type, the encryption flag, then the body.
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/macros.h"
#include "protocol/ykc/frame.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The pile code is what stands at its place, in digits. */
static void check_code(const struct ykc_frame *f, const uint8_t *body)
{
    char code[YKC_PILE_TEXT];
    uint8_t back[7];
    size_t at;

    if (ykc_field(f, "pile_code", &at) == NULL)
        return;
    must(ykc_pile_code(f, body, code));
    must(wire_unhex(code, back, sizeof back));
    must(memcmp(back, body + at, sizeof back) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ykc_raw raw = { .head = { .type = size > 0 ? data[0] : 0,
                                     .encryption = size > 1 ? data[1] : 0 } };
    const struct ykc_frame *f = ykc_frame(raw.head.type), *checked;
    enum ykc_direction from = ykc_direction(raw.head.type);
    enum wire_status status;
    enum ykc_verdict v;
    union ykc_any any;
    size_t used = 0;

    if (size < 2 || size - 2 > YKC_MAX_BODY)
        return -1;
    raw.body = data + 2;
    raw.body_len = size - 2;
    v = ykc_check(&raw, from, &checked);
    if (f == NULL) {
        must(v == YKC_UNKNOWN_TYPE || v == YKC_ENCRYPTED);
        return 0;
    }
    status = ykc_decode(f, raw.body, raw.body_len, &any, &used);
    if (raw.head.encryption == 0)
        must((v <= YKC_LONG_BODY) == (status == WIRE_OK));
    if (status == WIRE_OK) {
        must(used <= raw.body_len && used >= f->least);
        check_code(f, raw.body);
    }
    if (v == YKC_GOOD)
        must(used == raw.body_len);
    return 0;
}
