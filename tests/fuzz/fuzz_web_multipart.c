/*
 * F-7: multipart bodies. The first byte says in what pieces the rest arrives;
 * the outcome must not depend on it.
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/utf8.h"
#include "web/input.h"

enum { ARENA = 16 << 20 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct source {
    const uint8_t *data;
    size_t len, at, step;
};

static ssize_t give(void *from, char *to, size_t n)
{
    struct source *s = from;

    if (n > s->step)
        n = s->step;
    if (n > s->len - s->at)
        n = s->len - s->at;
    memcpy(to, s->data + s->at, n);
    s->at += n;
    return (ssize_t)n;
}

static enum input_status read_in(struct input *in, const uint8_t *data,
                                 size_t len, size_t step)
{
    struct source s = { data, len, 0, step };
    struct input_source source = { give, &s, "/tmp" };

    return input_multipart(in, "XY", &source);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *a = arena_new(ARENA);
    struct input whole, pieces;
    enum input_status first, second;

    if (size == 0) {
        arena_free(a);
        return 0;
    }
    input_init(&whole, a);
    input_init(&pieces, a);
    first = read_in(&whole, data + 1, size - 1, 1 << 20);
    second = read_in(&pieces, data + 1, size - 1, (size_t)data[0] + 1);
    must(first == second);
    if (first == INPUT_OK) {
        must(whole.count == pieces.count);
        for (size_t i = 0; i < whole.count; i++) {
            const struct param *p = &whole.params[i];
            const struct param *q = &pieces.params[i];

            must(strcmp(p->name, q->name) == 0);
            must(strcmp(p->value, q->value) == 0);
            must(p->file.size == q->file.size);
            must(utf8_clean(p->value, strlen(p->value)));
            if (p->kind == PARAM_FILE)
                must(strpbrk(p->file.name, "/\\") == NULL);
        }
    }
    input_close(&whole);
    input_close(&pieces);
    arena_free(a);
    return 0;
}
