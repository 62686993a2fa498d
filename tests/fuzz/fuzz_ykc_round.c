/*
 * F-3: what decodes, encodes to the same bytes; and every field's text reads
 * back to the same value unless it is known to lose something.
 * Input: the type, then the body.
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/macros.h"
#include "protocol/ykc/frame.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_texts(struct wire_fields fields, char *p)
{
    char text[WIRE_TEXT], again[WIRE_TEXT];

    for (size_t i = 0; i < fields.n; i++) {
        const struct wire_field *f = &fields.v[i];
        bool whole = wire_text_is_whole(f, p);

        wire_pretty(f, p, text);
        wire_text(f, p, text);
        if (!whole)
            continue;
        must(wire_parse(f, p, text) == WIRE_OK);
        must(strcmp(wire_text(f, p, again), text) == 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct ykc_frame *f = size == 0 ? NULL : ykc_frame(data[0]);
    uint8_t back[YKC_MAX_BODY];
    union ykc_any any;
    size_t used, n, count;

    if (f == NULL || size - 1 > YKC_MAX_BODY ||
        ykc_decode(f, data + 1, size - 1, &any, &used) != WIRE_OK)
        return 0;
    for (int round = 0; round < 2; round++) {
        must(ykc_encode(f, &any, back, sizeof back, &n) == WIRE_OK);
        must(n >= used && memcmp(back, data + 1, used) == 0);
        /* the same again with every text read back */
        check_texts(f->fields, (char *)&any);
        count = f->rest != YKC_ITEMS ? 0
            : (size_t)wire_number(&f->fields.v[f->fields.n - 1], &any);
        for (size_t i = 0; i < count; i++)
            check_texts(f->item, (char *)&any + f->items_at +
                                 i * f->item_struct);
    }
    return 0;
}
