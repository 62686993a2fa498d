/*
 * F-8: JSON bodies of endpoints.
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/utf8.h"
#include "web/input.h"

enum { ARENA = 16 << 20 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *a = arena_new(ARENA);
    struct input in;

    input_init(&in, a);
    if (input_json(&in, (const char *)data, size) == INPUT_OK)
        for (size_t i = 0; i < in.count; i++) {
            const struct param *p = &in.params[i];

            must(p->kind == PARAM_STRING || p->kind == PARAM_NUMBER ||
                 p->kind == PARAM_BOOL);
            must(utf8_clean(p->value, strlen(p->value)));
            must(input_find(&in, p->name) == p);
        }
    input_close(&in);
    arena_free(a);
    return 0;
}
