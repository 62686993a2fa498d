/*
 * Renders the samples of tests/templates as the pages would be, so that they
 * can be looked at and compared with what they must be:
 *
 *   render SOURCE_DIR NAME          prints the page of tests/templates/NAME.hdf
 *
 * ClearSilver is used here exactly as in src/web/view.c: mode html from the
 * start, one parse a template, the data in a tree of its own, and the layouts
 * parsed apart. Sample.template names the template; Sample.layout is page
 * (default), bare or part; Sample.base another sample that this one changes.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cs/cs.h>
#include <util/neo_files.h>
#include <util/neo_str.h>

static NEOERR *load(void *root, HDF *hdf, const char *name, char **out)
{
    char path[512];

    (void)hdf;
    if (name[0] == '/' || strstr(name, "..") ||
        snprintf(path, sizeof path, "%s/templates/%s", (const char *)root,
                 name) >= (int)sizeof path)
        return nerr_raise(NERR_NOT_FOUND, "template name refused: %s", name);
    return nerr_pass(ne_load_file(path, out));
}

static NEOERR *url_escape(const char *in, char **out)
{
    static char others[] = "";

    return nerr_pass(neos_url_escape((char *)in, out, others));
}

static NEOERR *print(void *ctx, char *text)
{
    fputs(text, ctx);
    return STATUS_OK;
}

static NEOERR *render(char *root, HDF *site, HDF *data, const char *name)
{
    CSPARSE *cs;
    NEOERR *err = cs_init(&cs, site);

    if (err != STATUS_OK)
        return nerr_pass(err);
    cs_register_fileload(cs, root, load);
    err = cs_register_esc_strfunc(cs, "url_escape", url_escape);
    if (err == STATUS_OK)
        err = cs_parse_file(cs, name);
    if (err == STATUS_OK) {
        cs->hdf = data;
        cs->global_hdf = site;
        err = cs_render(cs, stdout, print);
    }
    cs_destroy(&cs);
    return nerr_pass(err);
}

static NEOERR *read_tree(const char *root, HDF *data, const char *name)
{
    char path[512];

    snprintf(path, sizeof path, "%s/tests/templates/%s.hdf", root, name);
    return nerr_pass(hdf_read_file(data, path));
}

static NEOERR *sample(char *root, HDF *site, HDF *data, const char *name)
{
    static const char *const around[][3] = {
        { "page", "layout/head.cs", "layout/foot.cs" },
        { "bare", "layout/bare_head.cs", "layout/bare_foot.cs" },
        { "part", "layout/fragment.cs", NULL },
    };
    const char *layout, *page, *base;
    NEOERR *err;
    size_t i = 0;

    err = read_tree(root, data, "frame");
    if (err == STATUS_OK)
        err = read_tree(root, data, name);
    base = hdf_get_value(data, "Sample.base", NULL);
    if (err == STATUS_OK && base != NULL) {
        err = read_tree(root, data, base);
        if (err == STATUS_OK)
            err = read_tree(root, data, name);
    }
    if (err == STATUS_OK)
        err = hdf_set_value(data, "Config.VarEscapeMode", "html");
    if (err != STATUS_OK)
        return nerr_pass(err);
    layout = hdf_get_value(data, "Sample.layout", "page");
    page = hdf_get_value(data, "Sample.template", "");
    while (i < 2 && strcmp(around[i][0], layout) != 0)
        i++;
    err = render(root, site, data, around[i][1]);
    if (err == STATUS_OK)
        err = render(root, site, data, page);
    if (err == STATUS_OK && around[i][2] != NULL)
        err = render(root, site, data, around[i][2]);
    return nerr_pass(err);
}

int main(int argc, char **argv)
{
    HDF *site, *data;
    NEOERR *err;

    if (argc != 3) {
        fputs("usage: render SOURCE_DIR NAME\n", stderr);
        return 2;
    }
    err = hdf_init(&site);
    if (err == STATUS_OK)
        err = hdf_set_value(site, "Config.VarEscapeMode", "html");
    if (err == STATUS_OK)
        err = hdf_init(&data);
    if (err == STATUS_OK)
        err = sample(argv[1], site, data, argv[2]);
    if (err != STATUS_OK) {
        nerr_log_error(err);
        return 1;
    }
    hdf_destroy(&data);
    hdf_destroy(&site);
    return 0;
}
