/*
 * Renders a sample of tests/templates, to be looked at or to become the new
 * golden file:
 *
 *   render SOURCE_DIR NAME          the page as a browser gets it
 *   render SOURCE_DIR NAME body     the template alone
 */
#include <stdio.h>
#include <string.h>

#include "unit/web/sample.h"

enum { CX_BYTES = 8 * 1024 * 1024 };

static void render(struct cx *cx, void *arg)
{
    char **argv = arg;
    struct vnode *tree = sample_read(cx, argv[1], argv[2], NULL);
    struct buf out;

    buf_init(&out, SAMPLE_MAX);
    (argv[3] != NULL ? sample_render : sample_page)(cx, tree, &out);
    fputs(buf_text(&out), stdout);
    buf_fini(&out);
}

int main(int argc, char **argv)
{
    struct views *views;
    struct cx *cx;
    char path[512];
    bool ok;

    if (argc < 3 || (argc == 4 && strcmp(argv[3], "body") != 0)) {
        fputs("usage: render SOURCE_DIR NAME [body]\n", stderr);
        return 2;
    }
    snprintf(path, sizeof path, "%s/templates", argv[1]);
    views = view_start(path, false);
    if (views == NULL)
        return 1;
    cx = cx_new(NULL, NULL, CX_BYTES);
    cx_begin(cx);
    cx->views = views;
    ok = cx_run(cx, render, argv);
    if (!ok)
        fprintf(stderr, "render: %s: %s\n", argv[2], cx->error.text);
    cx_free(cx);
    view_stop(views);
    return ok ? 0 : 1;
}
