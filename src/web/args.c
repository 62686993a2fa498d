/*
 * From parameters to a typed struct, with a sentence for each way to be
 * wrong.
 */
#include "web/args.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "web/input.h"

/* Texts that are typed are trimmed; secrets are taken as they are. */
static const char *trimmed(struct cx *cx, const struct arg *a, const char *s)
{
    size_t n;

    if (a->flags & ARG_SECRET)
        return s;
    s += strspn(s, " \t\r\n");
    n = strlen(s);
    while (n > 0 && strchr(" \t\r\n", s[n - 1]) != NULL)
        n--;
    return arena_strndup(cx->arena, s, n);
}

static bool is_text_kind(enum param_kind kind)
{
    return kind == PARAM_TEXT || kind == PARAM_STRING;
}

static void store(void *out, const struct arg *a, const void *value, size_t n)
{
    memcpy((char *)out + a->offset, value, n);
}

/* ---- texts ------------------------------------------------------------- */

static const char *count_message(struct cx *cx, const struct arg *a,
                                 size_t count, bool digits)
{
    const char *unit = digits ? "位数字" : "个字";
    const char *now = digits ? "位" : "个";
    long long max = a->max > 0 ? a->max : ARG_TEXT_MAX;

    if (a->min == max)
        return arena_printf(cx->arena, "应为 %lld %s，现在是 %zu %s。",
                            max, unit, count, now);
    if (count > (size_t)max)
        return arena_printf(cx->arena, "最多 %lld %s，现在是 %zu %s。", max,
                            unit, count, now);
    return arena_printf(cx->arena, "至少 %lld %s，现在是 %zu %s。",
                        (long long)a->min, unit, count, now);
}

static bool all_digits(const char *s)
{
    return s[strspn(s, "0123456789")] == '\0';
}

/* 11 digits; blanks and hyphens between them are how people write them. */
static const char *read_phone(struct cx *cx, const char *s, char **out)
{
    char *digits = arena_alloc(cx->arena, strlen(s) + 1);
    size_t n = 0;

    for (; *s != '\0'; s++)
        if (*s != ' ' && *s != '-')
            digits[n++] = *s;
    if (!all_digits(digits))
        return "应为 11 位数字。";
    if (n != 11)
        return arena_printf(cx->arena, "应为 11 位数字，现在是 %zu 位。", n);
    if (digits[0] != '1' || digits[1] < '3')
        return "不是有效的手机号。";
    *out = digits;
    return NULL;
}

/* CR LF, as browsers send it, becomes LF. */
static char *plain_lines(struct cx *cx, const char *s)
{
    char *out = arena_alloc(cx->arena, strlen(s) + 1);
    size_t n = 0;

    for (; *s != '\0'; s++)
        if (*s != '\r')
            out[n++] = *s;
    return out;
}

static const char *read_text(struct cx *cx, const struct arg *a,
                             const char *s, void *out)
{
    size_t count, max = a->max > 0 ? (size_t)a->max : ARG_TEXT_MAX;
    char *text;

    if (a->flags & ARG_PHONE) {
        const char *wrong = read_phone(cx, s, &text);

        if (wrong != NULL)
            return wrong;
        store(out, a, &(const char *){ text }, sizeof text);
        return NULL;
    }
    if (!(a->flags & ARG_MULTILINE) && strpbrk(s, "\r\n\t") != NULL)
        return "不能包含换行或制表符。";
    text = a->flags & ARG_MULTILINE ? plain_lines(cx, s)
                                    : arena_strdup(cx->arena, s);
    count = utf8_count(text);
    if (count > max || (int64_t)count < a->min)
        return count_message(cx, a, count,
                             !(a->flags & ARG_SECRET) && all_digits(text));
    store(out, a, &(const char *){ text }, sizeof text);
    return NULL;
}

/* ---- numbers ----------------------------------------------------------- */

static bool parse_i64(const char *s, int64_t *out)
{
    char *end;
    long long v;

    if (*s == '\0' || strchr("-0123456789", *s) == NULL)
        return false;
    errno = 0;
    v = strtoll(s, &end, 10);
    if (errno != 0 || *end != '\0')
        return false;
    *out = v;
    return true;
}

static const char *range_message(struct cx *cx, const struct arg *a, int64_t v)
{
    char low[MONEY_TEXT], high[MONEY_TEXT];

    bool open = a->max < a->min; /* only a lower end */

    if ((a->min == 0 && a->max == 0) ||
        (v >= a->min && (open || v <= a->max)))
        return NULL;
    if (open && a->kind == ARG_MONEY)
        return arena_printf(cx->arena, "不能小于 ¥%s。",
                            money_pretty(FEN(a->min), low));
    if (open)
        return arena_printf(cx->arena, "不能小于 %lld。", (long long)a->min);
    if (a->kind == ARG_MONEY)
        return arena_printf(cx->arena, "应在 ¥%s–¥%s 之间。",
                            money_pretty(FEN(a->min), low),
                            money_pretty(FEN(a->max), high));
    return arena_printf(cx->arena, "应在 %lld–%lld 之间。", (long long)a->min,
                        (long long)a->max);
}

static const char *read_label(const struct arg *a, const char *s, void *out)
{
    for (size_t i = 0; i < a->labels.n; i++)
        if (strcmp(a->labels.v[i].key, s) == 0) {
            store(out, a, &a->labels.v[i].value, sizeof(int));
            return NULL;
        }
    return "不是可选的值。";
}

static const char *read_number(struct cx *cx, const struct arg *a,
                               const struct param *p, const char *s, void *out)
{
    const char *wrong;
    int64_t v;

    if (a->labels.n > 0)
        return is_text_kind(p->kind) ? read_label(a, s, out)
                                     : "应为文字。";
    if (p->kind != PARAM_TEXT && p->kind != PARAM_NUMBER)
        return "应为整数。";
    if (!parse_i64(s, &v))
        return "应为整数。";
    wrong = range_message(cx, a, v);
    if (wrong != NULL)
        return wrong;
    if (a->kind == ARG_I64) {
        store(out, a, &v, sizeof v);
        return NULL;
    }
    if (v < INT32_MIN || v > INT32_MAX)
        return "数字过大。";
    store(out, a, &(int){ (int)v }, sizeof(int));
    return NULL;
}

static const char *read_money(struct cx *cx, const struct arg *a,
                              const struct param *p, const char *s, void *out)
{
    const char *wrong;
    money m;

    if (p->kind == PARAM_NUMBER) {
        if (!parse_i64(s, &m.fen))
            return "应为整数（分）。";
    } else if (p->kind != PARAM_TEXT) {
        return "应为整数（分）。";
    } else if (!money_parse(s, &m)) {
        return "应为金额，最多两位小数，例如 12.50。";
    }
    wrong = range_message(cx, a, m.fen);
    if (wrong == NULL)
        store(out, a, &m, sizeof m);
    return wrong;
}

static const char *read_bool(const struct arg *a, const struct param *p,
                             const char *s, void *out)
{
    static const char *const yes[] = { "1", "on", "true" };
    static const char *const no[] = { "", "0", "false" };

    if (p->kind == PARAM_NUMBER || p->kind == PARAM_STRING)
        return "应为 true 或 false。";
    for (size_t i = 0; i < COUNT(yes); i++)
        if (strcmp(s, yes[i]) == 0) {
            store(out, a, &(bool){ true }, sizeof(bool));
            return NULL;
        }
    for (size_t i = 0; i < COUNT(no); i++)
        if (strcmp(s, no[i]) == 0) {
            store(out, a, &(bool){ false }, sizeof(bool));
            return NULL;
        }
    return "应为是或否。";
}

static const char *read_stamp(const struct arg *a, const struct param *p,
                              const char *s, void *out)
{
    stamp t;

    if (!is_text_kind(p->kind))
        return "应为日期文字。";
    if ((a->flags & ARG_DATE) && strlen(s) != strlen("2026-11-20"))
        return "应为日期，例如 2026-11-20。";
    if (!stamp_parse(s, &t))
        return a->flags & ARG_DATE ? "应为日期，例如 2026-11-20。"
                                   : "应为时间，例如 2026-11-20 14:05。";
    store(out, a, &t, sizeof t);
    return NULL;
}

/* ---- one and all ------------------------------------------------------- */

static const char *read_value(struct cx *cx, const struct arg *a,
                              const struct param *p, const char *s, void *out)
{
    switch (a->kind) {
    case ARG_BOOL:
        return read_bool(a, p, s, out);
    case ARG_INT:
    case ARG_I64:
        return read_number(cx, a, p, s, out);
    case ARG_TEXT:
        return is_text_kind(p->kind) ? read_text(cx, a, s, out)
                                     : "应为文字。";
    case ARG_MONEY:
        return read_money(cx, a, p, s, out);
    case ARG_STAMP:
        return read_stamp(a, p, s, out);
    case ARG_FILE:
        break;
    }
    return "应为文件。";
}

static const char *read_absent(const struct arg *a, void *out)
{
    if ((a->flags & ARG_REQUIRED) && a->kind != ARG_BOOL)
        return a->kind == ARG_FILE ? "还没有选择文件。" : "不能为空。";
    if (a->kind == ARG_TEXT)
        store(out, a, &(const char *){ "" }, sizeof(const char *));
    if (a->kind == ARG_FILE)
        store(out, a, &(struct upload){ .fd = -1 }, sizeof(struct upload));
    return NULL;
}

static const char *titled(struct cx *cx, const struct arg *a,
                          const char *wrong)
{
    if (wrong == NULL || a->title == NULL)
        return wrong;
    return arena_printf(cx->arena, "%s%s", a->title, wrong);
}

const char *arg_read(struct cx *cx, const struct arg *a,
                     const struct param *p, void *out)
{
    const char *s, *wrong;

    if (p == NULL)
        return titled(cx, a, read_absent(a, out));
    if ((p->kind == PARAM_FILE) != (a->kind == ARG_FILE))
        return titled(cx, a, a->kind == ARG_FILE ? "应为文件。"
                                                 : "不能是文件。");
    if (a->kind == ARG_FILE) {
        store(out, a, &p->file, sizeof p->file);
        return NULL;
    }
    s = trimmed(cx, a, p->value);
    if (*s == '\0' && a->kind != ARG_BOOL)
        return titled(cx, a, read_absent(a, out));
    wrong = read_value(cx, a, p, s, out);
    if (wrong == NULL && a->check != NULL)
        wrong = a->check(cx, (const char *)out + a->offset);
    return titled(cx, a, wrong);
}

static bool is_declared(const struct args *args, const char *name)
{
    for (size_t i = 0; i < args->n; i++)
        if (strcmp(args->v[i].name, name) == 0)
            return true;
    return name[0] == '_';
}

/* As if it had not been given. */
static void leave_out(struct cx *cx, const struct arg *a, void *out)
{
    static const size_t sizes[] = {
        [ARG_BOOL] = sizeof(bool), [ARG_INT] = sizeof(int),
        [ARG_I64] = sizeof(int64_t), [ARG_TEXT] = sizeof(const char *),
        [ARG_MONEY] = sizeof(money), [ARG_STAMP] = sizeof(stamp),
    };

    memset((char *)out + a->offset, 0, sizes[a->kind]);
    must(arg_read(cx, a, NULL, out) == NULL);
}

const char *args_read(struct cx *cx, const struct args *args,
                      const struct input *in, enum args_rule rule, void *out)
{
    const char *left_out = NULL;

    for (size_t i = 0; i < in->count && rule == ARGS_STRICT; i++)
        if (!is_declared(args, in->params[i].name))
            cx_fail(cx, ERR_BAD_REQUEST, "未知的参数 %s。",
                    in->params[i].name);
    for (size_t i = 0; i < args->n; i++) {
        const struct arg *a = &args->v[i];
        const char *wrong = arg_read(cx, a, input_find(in, a->name), out);

        if (wrong == NULL)
            continue;
        if (rule != ARGS_FORGIVING || (a->flags & ARG_REQUIRED) ||
            a->kind == ARG_FILE)
            cx_fail_field(cx, a->name, "%s", wrong);
        leave_out(cx, a, out);
        left_out = cx_printf(cx, "网址里的 %s 无效，已忽略：%s", a->name,
                             wrong);
    }
    return left_out;
}
