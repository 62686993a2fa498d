#include "tests/integration/driver/contract.h"

#include <ctype.h>
#include <regex.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { DEPTH_MAX = 40, DOCUMENT_MAX = 1024 * 1024 };

#define BASE "/api/driver/v1"

struct contract {
    json_t *root;
    json_t *answered; /* "GET /me": true */
};

/* One judgement: where it is, and what is wrong. */
struct judge {
    const struct contract *c;
    char *why;
    size_t size;
    char at[400];
    int depth;
};

static char *convert(const char *path)
{
    const char *source = getenv("PILEHUB_SOURCE");
    char tool[500], *text = malloc(DOCUMENT_MAX);
    size_t n = 0;
    ssize_t got;
    int ends[2], status = 0;
    pid_t pid;

    snprintf(tool, sizeof tool, "%s/tests/tools/yaml2json.py",
             source ? source : ".");
    if (text == NULL || pipe(ends) != 0)
        exit(1);
    pid = fork();
    if (pid == 0) {
        dup2(ends[1], 1);
        close(ends[0]);
        close(ends[1]);
        execlp("python3", "python3", tool, path, NULL);
        _exit(127);
    }
    close(ends[1]);
    while ((got = read(ends[0], text + n, DOCUMENT_MAX - 1 - n)) > 0)
        n += (size_t)got;
    close(ends[0]);
    text[n] = '\0';
    if (waitpid(pid, &status, 0) != pid || status != 0) {
        fprintf(stderr, "%s cannot be read\n", path);
        exit(1);
    }
    return text;
}

struct contract *contract_load(const char *path)
{
    struct contract *c = calloc(1, sizeof *c);
    char *text = convert(path);

    if (c == NULL)
        exit(1);
    c->root = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    c->answered = json_object();
    free(text);
    if (c->root == NULL || c->answered == NULL) {
        fprintf(stderr, "%s is not JSON\n", path);
        exit(1);
    }
    return c;
}

void contract_free(struct contract *c)
{
    json_decref(c->root);
    json_decref(c->answered);
    free(c);
}

json_t *contract_root(const struct contract *c)
{
    return c->root;
}

const json_t *contract_resolve(const struct contract *c, const json_t *o)
{
    const char *ref = json_string_value(json_object_get(o, "$ref"));
    const json_t *found = c->root;
    char name[80];

    if (ref == NULL)
        return o;
    if (strncmp(ref, "#/", 2) != 0)
        return NULL;
    ref += 2;
    while (*ref != '\0' && found != NULL) {
        size_t n = strcspn(ref, "/");

        if (n >= sizeof name)
            return NULL;
        memcpy(name, ref, n);
        name[n] = '\0';
        found = json_object_get(found, name);
        ref += n + (ref[n] == '/');
    }
    return found;
}

/* ---- schemas ---- */

static bool judge(struct judge *j, const json_t *schema, const json_t *v);

__attribute__((format(printf, 2, 3)))
static bool wrong(struct judge *j, const char *fmt, ...)
{
    char text[300];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    snprintf(j->why, j->size, "%s: %s", j->at[0] ? j->at : "answer", text);
    return false;
}

static bool is_type(const json_t *v, const char *type)
{
    if (strcmp(type, "integer") == 0)
        return json_is_integer(v);
    if (strcmp(type, "string") == 0)
        return json_is_string(v);
    if (strcmp(type, "boolean") == 0)
        return json_is_boolean(v);
    if (strcmp(type, "null") == 0)
        return json_is_null(v);
    if (strcmp(type, "array") == 0)
        return json_is_array(v);
    if (strcmp(type, "object") == 0)
        return json_is_object(v);
    return false;
}

static bool check_type(struct judge *j, const json_t *type, const json_t *v)
{
    size_t i;
    const json_t *one;

    if (json_is_string(type) && is_type(v, json_string_value(type)))
        return true;
    json_array_foreach(type, i, one)
        if (is_type(v, json_string_value(one)))
            return true;
    return wrong(j, "not of its type");
}

static bool check_enum(struct judge *j, const json_t *list, const json_t *v)
{
    size_t i;
    const json_t *one;

    json_array_foreach(list, i, one)
        if (json_equal(one, v))
            return true;
    return wrong(j, "not one of the listed values");
}

static bool check_pattern(struct judge *j, const char *pattern,
                          const json_t *v)
{
    regex_t re;
    bool fits;

    if (!json_is_string(v))
        return true;
    if (regcomp(&re, pattern, REG_EXTENDED | REG_NOSUB) != 0)
        return wrong(j, "pattern %s is none", pattern);
    fits = regexec(&re, json_string_value(v), 0, NULL, 0) == 0;
    regfree(&re);
    return fits || wrong(j, "\"%s\" is not like %s", json_string_value(v),
                         pattern);
}

static size_t characters(const char *s)
{
    size_t n = 0;

    for (; *s != '\0'; s++)
        n += ((unsigned char)*s & 0xc0) != 0x80;
    return n;
}

/* minimum, maxLength and the like; true if the rule is kept. */
static bool check_bound(struct judge *j, const char *rule, json_int_t bound,
                        const json_t *v)
{
    json_int_t n;
    bool is_min = strncmp(rule, "min", 3) == 0;

    if (strcmp(rule + 3, "imum") == 0) {
        if (!json_is_integer(v))
            return true;
        n = json_integer_value(v);
    } else if (strcmp(rule + 3, "Length") == 0) {
        if (!json_is_string(v))
            return true;
        n = (json_int_t)characters(json_string_value(v));
    } else {
        if (!json_is_array(v))
            return true;
        n = (json_int_t)json_array_size(v);
    }
    if (is_min ? n < bound : n > bound)
        return wrong(j, "%lld breaks %s %lld", (long long)n, rule,
                     (long long)bound);
    return true;
}

/* Judges a part under its name. */
static bool inside(struct judge *j, const char *name, const json_t *schema,
                   const json_t *v)
{
    size_t len = strlen(j->at);
    bool good;

    snprintf(j->at + len, sizeof j->at - len, "%s%s", len ? "." : "", name);
    good = judge(j, schema, v);
    j->at[len] = '\0';
    return good;
}

static bool check_properties(struct judge *j, const json_t *schema,
                             const json_t *v)
{
    const json_t *properties = json_object_get(schema, "properties");
    const json_t *required = json_object_get(schema, "required");
    const json_t *one;
    const char *name;
    size_t i;

    if (!json_is_object(v))
        return true;
    json_array_foreach(required, i, one)
        if (json_object_get(v, json_string_value(one)) == NULL)
            return wrong(j, "%s is missing", json_string_value(one));
    json_object_foreach((json_t *)(uintptr_t)v, name, one) {
        const json_t *part = json_object_get(properties, name);

        if (part == NULL &&
            json_is_false(json_object_get(schema, "additionalProperties")))
            return wrong(j, "%s is not in the document", name);
        if (part != NULL && !inside(j, name, part, one))
            return false;
    }
    return true;
}

static bool check_items(struct judge *j, const json_t *schema,
                        const json_t *v)
{
    const json_t *one;
    size_t i;
    char name[24];

    if (!json_is_array(v))
        return true;
    json_array_foreach(v, i, one) {
        snprintf(name, sizeof name, "%zu", i);
        if (!inside(j, name, schema, one))
            return false;
    }
    return true;
}

static bool check_one_of(struct judge *j, const json_t *list,
                         const json_t *v)
{
    const json_t *one;
    size_t i, fits = 0;

    json_array_foreach(list, i, one)
        fits += judge(j, one, v);
    if (fits == 1)
        return true;
    if (fits > 1)
        return wrong(j, "fits several of oneOf");
    return false;
}

static bool is_word(const char *key)
{
    return strcmp(key, "description") == 0 || strcmp(key, "format") == 0 ||
           strcmp(key, "required") == 0 ||
           strcmp(key, "additionalProperties") == 0;
}

static bool is_bound(const char *key)
{
    static const char *const bounds[] = { "minimum",   "maximum",
                                          "minLength", "maxLength",
                                          "minItems",  "maxItems" };

    for (size_t i = 0; i < sizeof bounds / sizeof bounds[0]; i++)
        if (strcmp(bounds[i], key) == 0)
            return true;
    return false;
}

static bool check_rule(struct judge *j, const json_t *schema, const char *key,
                       const json_t *rule, const json_t *v)
{
    if (is_word(key))
        return true;
    if (is_bound(key))
        return check_bound(j, key, json_integer_value(rule), v);
    if (strcmp(key, "type") == 0)
        return check_type(j, rule, v);
    if (strcmp(key, "enum") == 0)
        return check_enum(j, rule, v);
    if (strcmp(key, "const") == 0)
        return json_equal(rule, v) || wrong(j, "not the constant");
    if (strcmp(key, "pattern") == 0)
        return check_pattern(j, json_string_value(rule), v);
    if (strcmp(key, "properties") == 0)
        return check_properties(j, schema, v);
    if (strcmp(key, "items") == 0)
        return check_items(j, rule, v);
    if (strcmp(key, "oneOf") == 0)
        return check_one_of(j, rule, v);
    return wrong(j, "the document uses \"%s\", which is not known here", key);
}

static bool judge(struct judge *j, const json_t *schema, const json_t *v)
{
    const json_t *s = contract_resolve(j->c, schema), *rule;
    const char *key;
    bool good = true;

    if (s == NULL)
        return wrong(j, "a reference leads nowhere");
    if (++j->depth > DEPTH_MAX)
        return wrong(j, "too deep");
    /* Without properties nothing is allowed, where nothing else is. */
    if (json_is_false(json_object_get(s, "additionalProperties")) &&
        json_object_get(s, "properties") == NULL &&
        json_object_size(v) > 0)
        good = wrong(j, "must be empty");
    json_object_foreach((json_t *)(uintptr_t)s, key, rule)
        if (good && !check_rule(j, s, key, rule, v))
            good = false;
    j->depth--;
    return good;
}

/* ---- operations ---- */

/* "/stations/17" is "/stations/{id}". */
static bool path_fits(const char *pattern, const char *path, size_t len)
{
    const char *end = path + len;

    while (*pattern != '\0' && path < end) {
        if (*pattern == '{') {
            pattern += strcspn(pattern, "}") + 1;
            if (*path == '/')
                return false;
            while (path < end && *path != '/')
                path++;
        } else if (*pattern++ != *path++) {
            return false;
        }
    }
    return *pattern == '\0' && path == end;
}

/* The path of the document for one as sent: one without names wins. */
static const char *find_path(const struct contract *c, const char *path)
{
    const json_t *paths = json_object_get(c->root, "paths"), *item;
    const char *pattern, *found = NULL;
    size_t len;

    if (strncmp(path, BASE, strlen(BASE)) != 0)
        return NULL;
    path += strlen(BASE);
    len = strcspn(path, "?");
    json_object_foreach((json_t *)(uintptr_t)paths, pattern, item) {
        if (!path_fits(pattern, path, len))
            continue;
        if (found == NULL || strchr(found, '{') != NULL)
            found = pattern;
    }
    return found;
}

static const json_t *operation_of(const struct contract *c,
                                  const char *method, const char *pattern)
{
    char low[8] = "";

    for (size_t i = 0; method[i] != '\0' && i < sizeof low - 1; i++)
        low[i] = (char)tolower((unsigned char)method[i]);
    return json_object_get(
        json_object_get(json_object_get(c->root, "paths"), pattern), low);
}

bool contract_check(struct contract *c, const char *method, const char *path,
                    int status, const json_t *body, char *why, size_t size)
{
    struct judge j = { .c = c, .why = why, .size = size };
    const char *pattern = find_path(c, path);
    const json_t *operation, *response, *schema;
    char number[16], name[200];

    operation = pattern ? operation_of(c, method, pattern) : NULL;
    if (operation == NULL) {
        snprintf(why, size, "%s %s is not in the document", method, path);
        return false;
    }
    snprintf(number, sizeof number, "%d", status);
    response = contract_resolve(
        c, json_object_get(json_object_get(operation, "responses"), number));
    schema = json_object_get(
        json_object_get(json_object_get(response, "content"),
                        "application/json"),
        "schema");
    if (schema == NULL) {
        snprintf(why, size, "%s %s: no status %d", method, pattern, status);
        return false;
    }
    if (!judge(&j, schema, body))
        return false;
    if (status == 200) {
        snprintf(name, sizeof name, "%s %s", method, pattern);
        json_object_set_new(c->answered, name, json_true());
    }
    return true;
}

void contract_each(const struct contract *c,
                   void (*each)(const char *method, const char *path,
                                const json_t *operation, bool answered,
                                void *arg),
                   void *arg)
{
    json_t *paths = json_object_get(c->root, "paths"), *item, *operation;
    const char *pattern, *low;
    char method[8], name[200];

    json_object_foreach(paths, pattern, item) {
        json_object_foreach(item, low, operation) {
            size_t i = 0;

            for (; low[i] != '\0' && i < sizeof method - 1; i++)
                method[i] = (char)toupper((unsigned char)low[i]);
            method[i] = '\0';
            snprintf(name, sizeof name, "%s %s", method, pattern);
            each(method, pattern, operation,
                 json_is_true(json_object_get(c->answered, name)), arg);
        }
    }
}
