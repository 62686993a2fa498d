/*
 * F-2, its second half: all that is shown of a frame, with any bytes: its
 * parts, its summary and its JSON.
 * Input: the type, the encryption flag, then the body.
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/buf.h"
#include "base/macros.h"
#include "protocol/ykc/show.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_parts(const struct ykc_raw *raw)
{
    struct ykc_parts walk;
    struct ykc_part part;
    size_t next = 0;

    ykc_parts_open(&walk, raw);
    while (ykc_parts_next(&walk, &part)) {
        must(part.offset + part.size <= raw->len);
        must(part.offset <= next);
        must(strlen(part.text) < sizeof part.text);
        next = part.offset + part.size;
    }
    must(next == raw->len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ykc_head head = { .type = size > 0 ? data[0] : 0,
                             .encryption = size > 1 ? data[1] : 0 };
    size_t n = size > 2 ? size - 2 : 0, len;
    uint8_t bytes[YKC_MAX_FRAME];
    char text[YKC_SUMMARY];
    struct ykc_raw raw;
    struct buf b;
    struct json_out out = { .to = &b };

    n = n < YKC_MAX_BODY ? n : YKC_MAX_BODY;
    must(ykc_seal(&head, data + (size > 2 ? 2 : 0), n, bytes, sizeof bytes,
                  &len) == WIRE_OK);
    must(ykc_open(bytes, len, &raw) == WIRE_OK);
    check_parts(&raw);
    ykc_summary(&raw, text);
    buf_init(&b, 1 << 20);
    ykc_json(&out, &raw);
    must(buf_text(&b) != NULL);
    buf_fini(&b);
    return 0;
}
