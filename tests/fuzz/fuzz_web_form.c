/*
 * F-6: query strings, forms, cookies and paths. Whatever is taken is clean
 * UTF-8 with good names, no name twice, and within the limits; encoding it
 * again gives the same.
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/utf8.h"
#include "web/input.h"
#include "web/router.h"

enum { ARENA = 16 << 20 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_params(const struct input *in)
{
    must(in->count <= INPUT_PARAMS_MAX);
    for (size_t i = 0; i < in->count; i++) {
        const struct param *p = &in->params[i];
        size_t n = strlen(p->name);

        must(n > 0 && n <= INPUT_NAME_MAX);
        must(utf8_clean(p->value, strlen(p->value)));
        must(input_find(in, p->name) == p);
    }
}

static void check_again(struct arena *a, const struct input *in)
{
    const char *text = "";
    struct input back;

    for (size_t i = 0; i < in->count; i++)
        text = arena_printf(a, "%s&%s=%s", text, in->params[i].name,
                            url_encode(a, in->params[i].value));
    input_init(&back, a);
    must(input_urlencoded(&back, text, strlen(text)) == INPUT_OK);
    must(back.count == in->count);
    for (size_t i = 0; i < in->count; i++)
        must(strcmp(back.params[i].value, in->params[i].value) == 0);
    input_close(&back);
}

static void check_path(struct arena *a, const char *s, size_t n)
{
    const char *parts[ROUTE_PARTS_MAX];
    size_t count;

    if (!path_split(a, s, n, parts, &count))
        return;
    must(count <= ROUTE_PARTS_MAX);
    for (size_t i = 0; i < count; i++) {
        must(parts[i][0] != '\0' && strchr(parts[i], '/') == NULL);
        must(strcmp(parts[i], ".") != 0 && strcmp(parts[i], "..") != 0);
        must(utf8_clean(parts[i], strlen(parts[i])));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *a = arena_new(ARENA);
    char *text = arena_strndup(a, (const char *)data, size);
    char value[64];
    struct input in;

    input_init(&in, a);
    if (input_urlencoded(&in, (const char *)data, size) == INPUT_OK) {
        check_params(&in);
        check_again(a, &in);
    }
    if (cookie_find(text, "ph", value, sizeof value))
        must(strchr(value, ';') == NULL);
    input_boundary(a, text);
    check_path(a, (const char *)data, size);
    input_close(&in);
    arena_free(a);
    return 0;
}
