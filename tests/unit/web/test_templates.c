/*
 * Every sample of tests/templates renders to its golden file, escapes what a
 * value could bring, and every template of a page has a sample. A changed
 * template is looked at first, then `make update-templates` writes the files.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "unit/web/sample.h"

enum { SAMPLES_MAX = 100, NAME_LEN = 64, CX_BYTES = 8 * 1024 * 1024 };

static char names[SAMPLES_MAX][NAME_LEN];
static size_t name_count;

struct fixture {
    const char *root;
    struct views *views;
    struct cx *cx;
    struct buf out;
};

/* The names of DIR/ *SUFFIX without the suffix. */
static void find_names(const char *root, const char *dir, const char *suffix)
{
    char path[512];
    struct dirent *e;
    DIR *d;

    snprintf(path, sizeof path, "%s/%s", root, dir);
    d = opendir(path);
    assert_non_null(d);
    name_count = 0;
    while ((e = readdir(d)) != NULL) {
        char *dot = strrchr(e->d_name, '.');

        if (dot == NULL || strcmp(dot, suffix) != 0)
            continue;
        assert_true(name_count < SAMPLES_MAX);
        assert_true((size_t)(dot - e->d_name) < NAME_LEN);
        memcpy(names[name_count], e->d_name, (size_t)(dot - e->d_name));
        names[name_count++][dot - e->d_name] = '\0';
    }
    closedir(d);
    assert_true(name_count > 0);
}

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    char path[512];

    assert_non_null(f);
    f->root = getenv("PILEHUB_SOURCE");
    assert_non_null(f->root);
    snprintf(path, sizeof path, "%s/templates", f->root);
    f->views = view_start(path, false);
    assert_non_null(f->views);
    f->cx = cx_new(NULL, NULL, CX_BYTES);
    buf_init(&f->out, SAMPLE_MAX);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    buf_fini(&f->out);
    cx_free(f->cx);
    view_stop(f->views);
    free(f);
    return 0;
}

static void begin(struct fixture *f)
{
    cx_begin(f->cx);
    f->cx->views = f->views;
    buf_clear(&f->out);
}

/* Renders in a unit of work of its own: true if it did not fail. */
struct job {
    struct fixture *f;
    const char *name;
    sample_change *change;
    bool whole;
};

static void render(struct cx *cx, void *arg)
{
    struct job *job = arg;
    struct vnode *tree = sample_read(cx, job->f->root, job->name, job->change);

    (job->whole ? sample_page : sample_render)(cx, tree, &job->f->out);
}

static void run(struct fixture *f, const char *name, sample_change *change,
                bool whole)
{
    struct job job = { f, name, change, whole };

    begin(f);
    if (!cx_run(f->cx, render, &job))
        fail_msg("%s: %s", name, f->cx->error.text);
    assert_non_null(buf_text(&f->out));
}

static void each_sample_renders_to_its_golden_file(void **state)
{
    struct fixture *f = *state;

    find_names(f->root, "tests/templates", ".hdf");
    for (size_t i = 0; i < name_count; i++) {
        const char *gold;

        if (strcmp(names[i], "frame") == 0)
            continue;
        run(f, names[i], NULL, false);
        gold = sample_file(f->cx, f->root, names[i], ".gold");
        if (gold == NULL)
            fail_msg("tests/templates/%s.gold is missing", names[i]);
        else if (strcmp(gold, buf_text(&f->out)) != 0)
            fail_msg("%s differs from tests/templates/%s.gold", names[i],
                     names[i]);
    }
}

static void no_page_shows_template_code(void **state)
{
    struct fixture *f = *state;

    find_names(f->root, "tests/templates", ".hdf");
    for (size_t i = 0; i < name_count; i++) {
        if (strcmp(names[i], "frame") == 0)
            continue;
        run(f, names[i], NULL, true);
        if (strstr(buf_text(&f->out), "<?cs") != NULL)
            fail_msg("%s shows template code", names[i]);
    }
}

static const char *hostile(const char *name, const char *value)
{
    (void)name;
    return *value == '\0' ? value : "<zz>\"'&<?zz";
}

static void no_value_becomes_markup(void **state)
{
    struct fixture *f = *state;

    find_names(f->root, "tests/templates", ".hdf");
    for (size_t i = 0; i < name_count; i++) {
        if (strcmp(names[i], "frame") == 0)
            continue;
        run(f, names[i], hostile, true);
        if (strstr(buf_text(&f->out), "<zz") != NULL ||
            strstr(buf_text(&f->out), "\"'&") != NULL ||
            strstr(buf_text(&f->out), "<?zz") != NULL)
            fail_msg("%s prints a value unescaped", names[i]);
    }
}

static void has_samples(struct fixture *f, const char *dir)
{
    static char wanted[SAMPLES_MAX][NAME_LEN];
    size_t wanted_count;

    find_names(f->root, dir, ".cs");
    memcpy(wanted, names, sizeof wanted);
    wanted_count = name_count;
    find_names(f->root, "tests/templates", ".hdf");
    for (size_t i = 0; i < wanted_count; i++) {
        bool found = false;

        for (size_t k = 0; k < name_count; k++)
            found |= strcmp(wanted[i], names[k]) == 0;
        if (!found)
            fail_msg("%s/%s.cs has no sample", dir, wanted[i]);
    }
}

static void each_page_has_a_sample(void **state)
{
    has_samples(*state, "templates");
    has_samples(*state, "templates/page");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_sample_renders_to_its_golden_file),
        cmocka_unit_test(no_page_shows_template_code),
        cmocka_unit_test(no_value_becomes_markup),
        cmocka_unit_test(each_page_has_a_sample),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
