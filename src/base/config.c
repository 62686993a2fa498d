#include "base/config.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum kind { KIND_TEXT, KIND_PATH, KIND_INT, KIND_BOOL };
enum { LINE_SIZE = 2000 };

struct setting {
    const char *name;
    enum kind kind;
    const char *dflt;
    int64_t min, max;
    size_t offset;
};

static const struct setting settings[] = {
#define CONFIG_ROW(name, kind, dflt, min, max, help) \
    { #name, KIND_##kind, dflt, min, max, offsetof(struct config, name) },
    CONFIG_SETTINGS(CONFIG_ROW)
#undef CONFIG_ROW
};

static char *copy(const char *s)
{
    char *p = strdup(s);

    must(p != NULL);
    return p;
}

/* False with the reason in err. */
static bool set(struct config *c, const struct setting *s, const char *text,
                char *err, size_t err_size)
{
    char *member = (char *)c + s->offset, *end;
    long long n;

    if (s->kind == KIND_TEXT || s->kind == KIND_PATH) {
        const char *kept = copy(text);

        memcpy(member, &kept, sizeof kept);
        return true;
    }
    if (s->kind == KIND_BOOL) {
        bool on = text[0] == '1';

        memcpy(member, &on, sizeof on);
        if ((text[0] == '0' || text[0] == '1') && text[1] == '\0')
            return true;
        snprintf(err, err_size, "%s: should be 0 or 1, is \"%s\"", s->name,
                 text);
        return false;
    }
    errno = 0;
    n = strtoll(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0' || n < s->min ||
        n > s->max) {
        snprintf(err, err_size, "%s: should be %lld..%lld, is \"%s\"",
                 s->name, (long long)s->min, (long long)s->max, text);
        return false;
    }
    memcpy(member, &(int64_t){ n }, sizeof(int64_t));
    return true;
}

static const struct setting *find(const char *name, size_t len)
{
    for (size_t i = 0; i < COUNT(settings); i++)
        if (strlen(settings[i].name) == len &&
            strncasecmp(settings[i].name, name, len) == 0)
            return &settings[i];
    return NULL;
}

/* One "KEY=VALUE" line; blank lines and # comments pass. */
static bool read_line(struct config *c, char *line, int no, char *err,
                      size_t err_size)
{
    size_t len = strcspn(line, "\r\n");
    const struct setting *s;
    char *eq;

    line[len] = '\0';
    if (line[0] == '\0' || line[0] == '#')
        return true;
    eq = strchr(line, '=');
    s = eq != NULL ? find(line, (size_t)(eq - line)) : NULL;
    if (s == NULL) {
        snprintf(err, err_size, "line %d: no such setting: %.60s", no, line);
        return false;
    }
    return set(c, s, eq + 1, err, err_size);
}

static bool read_file(struct config *c, const char *path, char *err,
                      size_t err_size)
{
    char line[LINE_SIZE];
    FILE *f = fopen(path, "re");
    bool ok = true;

    if (f == NULL) {
        snprintf(err, err_size, "%s: %s", path, strerror(errno));
        return false;
    }
    for (int no = 1; ok && fgets(line, sizeof line, f) != NULL; no++)
        ok = read_line(c, line, no, err, err_size);
    fclose(f);
    return ok;
}

/* PILEHUB_DB_SOCKET for db_socket. */
static const char *from_environment(const char *name)
{
    char upper[64] = "PILEHUB_";
    size_t n = strlen(upper);

    for (; *name != '\0' && n < sizeof upper - 1; name++, n++)
        upper[n] = (char)toupper((unsigned char)*name);
    upper[n] = '\0';
    return getenv(upper);
}

/* Rules between settings. */
static bool check(const struct config *c, char *err, size_t err_size)
{
    if (strcmp(c->mode, "demo") != 0 && strcmp(c->mode, "production") != 0)
        snprintf(err, err_size, "mode: should be demo or production");
    else if (!config_is_demo(c) && c->secret_file[0] == '\0')
        snprintf(err, err_size, "secret_file: must be set in production");
    else if (!config_is_demo(c) && !c->cookie_secure)
        snprintf(err, err_size, "cookie_secure: must be 1 in production");
    else
        return true;
    return false;
}

const struct config *config_load(const char *path, char *err, size_t err_size)
{
    struct config *c = calloc(1, sizeof *c);

    must(c != NULL);
    for (size_t i = 0; i < COUNT(settings); i++)
        must(set(c, &settings[i], settings[i].dflt, err, err_size));
    if (path != NULL && path[0] != '\0' &&
        !read_file(c, path, err, err_size))
        return NULL;
    for (size_t i = 0; i < COUNT(settings); i++) {
        const char *text = from_environment(settings[i].name);

        if (text != NULL && !set(c, &settings[i], text, err, err_size))
            return NULL;
    }
    return check(c, err, err_size) ? c : NULL;
}
