/*
 * Query strings, forms, JSON bodies and cookies. Multipart: multipart.c.
 */
#include "web/input.h"

#include <jansson.h>
#include <string.h>
#include <unistd.h>

#include "base/crypto.h"
#include "base/utf8.h"

void input_init(struct input *in, struct arena *arena)
{
    memset(in, 0, sizeof *in);
    in->arena = arena;
}

void input_close(struct input *in)
{
    for (size_t i = 0; i < in->count; i++)
        if (in->params[i].kind == PARAM_FILE && in->params[i].file.fd >= 0)
            close(in->params[i].file.fd);
    in->count = 0;
}

static bool is_name(const char *s, size_t n)
{
    static const char ok[] = "abcdefghijklmnopqrstuvwxyz"
                             "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";

    for (size_t i = 0; i < n; i++)
        if (s[i] == '\0' || strchr(ok, s[i]) == NULL)
            return false;
    return n > 0;
}

enum input_status input_add(struct input *in, enum param_kind kind,
                            const char *name, size_t name_len,
                            const char *value, size_t value_len)
{
    if (in->count == INPUT_PARAMS_MAX)
        return INPUT_TOO_MANY;
    if (name_len > INPUT_NAME_MAX)
        return INPUT_TOO_LONG;
    if (!is_name(name, name_len))
        return INPUT_BAD_NAME;
    if (!utf8_clean(value, value_len))
        return INPUT_BAD_TEXT;
    for (size_t i = 0; i < in->count; i++)
        if (strlen(in->params[i].name) == name_len &&
            memcmp(in->params[i].name, name, name_len) == 0)
            return INPUT_TWICE;

    in->params[in->count++] = (struct param){
        .name = arena_strndup(in->arena, name, name_len),
        .kind = kind,
        .value = arena_strndup(in->arena, value, value_len),
        .file = { .fd = -1 },
    };
    return INPUT_OK;
}

const struct param *input_find(const struct input *in, const char *name)
{
    for (size_t i = 0; i < in->count; i++)
        if (strcmp(in->params[i].name, name) == 0)
            return &in->params[i];
    return NULL;
}

const char *input_get(const struct input *in, const char *name)
{
    const struct param *p = input_find(in, name);

    return p != NULL && p->kind != PARAM_FILE ? p->value : NULL;
}

const char *input_trimmed(struct arena *arena, const struct input *in,
                          const char *name)
{
    const char *s = input_get(in, name);
    size_t n;

    if (s == NULL)
        return "";
    s += strspn(s, " ");
    for (n = strlen(s); n > 0 && s[n - 1] == ' ';)
        n--;
    return arena_strndup(arena, s, n);
}

/* ---- percent encoding -------------------------------------------------- */

char *url_decode(struct arena *arena, const char *s, size_t n, bool plus,
                 size_t *len)
{
    char *out = arena_alloc(arena, n + 1);
    size_t to = 0;

    for (size_t i = 0; i < n; i++) {
        if (s[i] == '%') {
            int high = n - i < 3 ? -1 : hex_value(s[i + 1]);
            int low = n - i < 3 ? -1 : hex_value(s[i + 2]);

            if (high < 0 || low < 0)
                return NULL;
            out[to++] = (char)(high << 4 | low);
            i += 2;
        } else {
            out[to++] = plus && s[i] == '+' ? ' ' : s[i];
        }
    }
    *len = to;
    return out;
}

char *url_encode(struct arena *arena, const char *s)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyz"
                                "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~";
    static const char digits[] = "0123456789ABCDEF";
    char *out = arena_array(arena, strlen(s) + 1, 3);
    size_t to = 0;

    for (; *s != '\0'; s++) {
        if (strchr(plain, *s) != NULL) {
            out[to++] = *s;
        } else {
            out[to++] = '%';
            out[to++] = digits[(unsigned char)*s >> 4];
            out[to++] = digits[(unsigned char)*s & 15];
        }
    }
    return out;
}

enum input_status input_urlencoded(struct input *in, const char *s, size_t n)
{
    const char *end = s + n;

    while (s < end) {
        const char *stop = memchr(s, '&', (size_t)(end - s));

        if (stop == NULL)
            stop = end;
        if (stop > s) {
            const char *eq = memchr(s, '=', (size_t)(stop - s));
            const char *name_end = eq == NULL ? stop : eq;
            const char *value = eq == NULL ? stop : eq + 1;
            size_t name_len, value_len;
            char *name = url_decode(in->arena, s, (size_t)(name_end - s),
                                    true, &name_len);
            char *text = url_decode(in->arena, value, (size_t)(stop - value),
                                    true, &value_len);

            if (name == NULL || text == NULL)
                return INPUT_BAD_ESCAPE;

            enum input_status status = input_add(in, PARAM_TEXT, name,
                                                 name_len, text, value_len);

            if (status != INPUT_OK)
                return status;
        }
        s = stop + 1;
    }
    return INPUT_OK;
}

/* ---- JSON -------------------------------------------------------------- */

/*
 * jansson recurses; a depth counted before parsing keeps the stack bounded.
 * Brackets inside strings do not count.
 */
static bool json_is_shallow(const char *s, size_t n)
{
    size_t depth = 0;
    bool in_string = false;

    for (size_t i = 0; i < n; i++) {
        if (in_string) {
            if (s[i] == '\\')
                i++;
            else if (s[i] == '"')
                in_string = false;
        } else if (s[i] == '"') {
            in_string = true;
        } else if (s[i] == '{' || s[i] == '[') {
            if (++depth > INPUT_JSON_DEPTH)
                return false;
        } else if ((s[i] == '}' || s[i] == ']') && depth > 0) {
            depth--;
        }
    }
    return true;
}

static enum input_status add_json(struct input *in, const char *name,
                                  const json_t *v)
{
    size_t name_len = strlen(name);

    switch (json_typeof(v)) {
    case JSON_STRING:
        return input_add(in, PARAM_STRING, name, name_len,
                         json_string_value(v), json_string_length(v));
    case JSON_INTEGER: {
        const char *text = arena_printf(in->arena, "%lld",
                                        (long long)json_integer_value(v));

        return input_add(in, PARAM_NUMBER, name, name_len, text,
                         strlen(text));
    }
    case JSON_TRUE:
        return input_add(in, PARAM_BOOL, name, name_len, "1", 1);
    case JSON_FALSE:
        return input_add(in, PARAM_BOOL, name, name_len, "", 0);
    case JSON_NULL:
        return INPUT_OK;
    default: /* objects, arrays, fractions: no argument has such a kind */
        return INPUT_BAD_JSON;
    }
}

enum input_status input_json(struct input *in, const char *s, size_t n)
{
    json_t *root;
    json_error_t where;
    enum input_status status = INPUT_OK;
    const char *name;
    json_t *value;

    if (!json_is_shallow(s, n))
        return INPUT_BAD_JSON;
    root = json_loadb(s, n, JSON_REJECT_DUPLICATES, &where);
    if (root == NULL || !json_is_object(root)) {
        json_decref(root);
        return INPUT_BAD_JSON;
    }
    json_object_foreach(root, name, value) {
        status = add_json(in, name, value);
        if (status != INPUT_OK)
            break;
    }
    json_decref(root);
    return status;
}

/* ---- cookies ----------------------------------------------------------- */

bool cookie_find(const char *header, const char *name, char *out, size_t size)
{
    size_t name_len = strlen(name);
    bool found = false;

    while (*header != '\0') {
        header += strspn(header, " \t;");

        size_t len = strcspn(header, ";");

        if (len > name_len && header[name_len] == '=' &&
            memcmp(header, name, name_len) == 0) {
            const char *value = header + name_len + 1;
            size_t value_len = len - name_len - 1;

            if (found || value_len >= size)
                return false;
            memcpy(out, value, value_len);
            out[value_len] = '\0';
            found = true;
        }
        header += len;
    }
    return found;
}

const char *input_message(enum input_status status)
{
    switch (status) {
    case INPUT_OK:            return "";
    case INPUT_TOO_MANY:      return "参数过多。";
    case INPUT_TOO_LONG:      return "提交的内容过长。";
    case INPUT_BAD_NAME:      return "参数名不合法。";
    case INPUT_BAD_ESCAPE:    return "提交的内容编码不正确。";
    case INPUT_BAD_TEXT:      return "提交的内容含有无法识别的字符。";
    case INPUT_TWICE:         return "同一参数出现了两次。";
    case INPUT_BAD_JSON:      return "提交的内容不是合法的 JSON 对象。";
    case INPUT_BAD_MULTIPART: return "上传的内容格式不正确。";
    case INPUT_CUT:           return "提交的内容不完整。";
    case INPUT_DISK:          return "服务器暂时无法保存上传的文件。";
    }
    return "";
}
