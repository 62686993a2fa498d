/*
 * Reads the samples by line. A sample that cannot be read is our own mistake
 * and ends the test program.
 */
#include <stdio.h>
#include <string.h>

#include "unit/web/sample.h"

enum { DEPTH_MAX = 16, PATH_LEN = 512 };

char *sample_file(struct cx *cx, const char *root, const char *name,
                  const char *suffix)
{
    char path[PATH_LEN], *text;
    size_t len;
    FILE *f;

    snprintf(path, sizeof path, "%s/tests/templates/%s%s", root, name, suffix);
    f = fopen(path, "r");
    if (f == NULL)
        return NULL;
    text = arena_alloc(cx->arena, SAMPLE_MAX);
    len = fread(text, 1, SAMPLE_MAX - 1, f);
    must(len < SAMPLE_MAX - 1);
    text[len] = '\0';
    fclose(f);
    return text;
}

static bool ends_with(const char *line, const char *end)
{
    size_t n = strlen(line), m = strlen(end);

    return n >= m && strcmp(line + n - m, end) == 0;
}

/* Cuts "name" off "name = value" or "name {"; the value, or NULL. */
static char *split(char *line)
{
    char *equals = strchr(line, '=');

    if (equals == NULL)
        return NULL;
    *equals = '\0';
    for (char *p = equals; p > line && p[-1] == ' '; p--)
        p[-1] = '\0';
    equals++;
    return equals + strspn(equals, " ");
}

static void read_into(struct cx *cx, const char *root, const char *name,
                      struct vnode *tree, sample_change *change)
{
    struct vnode *at[DEPTH_MAX] = { tree };
    size_t depth = 0;
    char *text = sample_file(cx, root, name, ".hdf"), *rest = text, *line;

    must(text != NULL);
    while ((line = strsep(&rest, "\n")) != NULL) {
        char *value;

        line += strspn(line, " ");
        if (*line == '\0' || *line == '#')
            continue;
        if (strcmp(line, "}") == 0) {
            must(depth-- > 0);
        } else if ((value = split(line)) != NULL) {
            bool own = strncmp(line, "Sample.", 7) == 0;

            v_set(at[depth], line, change != NULL && !own
                  ? change(line, value) : value);
        } else {
            must(ends_with(line, " {") && depth + 1 < DEPTH_MAX);
            line[strlen(line) - 2] = '\0';
            at[depth + 1] = v_child(at[depth], line);
            depth++;
        }
    }
    must(depth == 0);
}

struct vnode *sample_read(struct cx *cx, const char *root, const char *name,
                          sample_change *change)
{
    struct vnode *tree = view_new(cx);
    const char *base;

    read_into(cx, root, "frame", tree, change);
    read_into(cx, root, name, tree, change);
    base = v_get(tree, "Sample.base");
    if (base != NULL) {
        read_into(cx, root, base, tree, change);
        read_into(cx, root, name, tree, change);
    }
    return tree;
}

void sample_render(struct cx *cx, struct vnode *tree, struct buf *out)
{
    view_render(cx, v_get(tree, "Sample.template"), tree, out);
}

void sample_page(struct cx *cx, struct vnode *tree, struct buf *out)
{
    const char *layout = v_get(tree, "Sample.layout");

    if (layout == NULL)
        layout = "page";
    if (strcmp(layout, "part") == 0) {
        view_render(cx, "layout/fragment.cs", tree, out);
        sample_render(cx, tree, out);
        return;
    }
    view_render(cx, strcmp(layout, "bare") == 0 ? "layout/bare_head.cs"
                : "layout/head.cs", tree, out);
    sample_render(cx, tree, out);
    view_render(cx, strcmp(layout, "bare") == 0 ? "layout/bare_foot.cs"
                : "layout/foot.cs", tree, out);
}
