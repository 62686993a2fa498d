#include "system/setting.h"

#include <string.h>

#include "db/db.h"
#include "db/kept.h"
#include "system/audit.h"

enum { WORDS_MAX = 4 };

static const struct row {
    const char *name;
    const char *words[WORDS_MAX]; /* in the order of the enum */
    const char *help;
} rows[SETTINGS] = {
    [SETTING_DUTIES] = {
        "duties", { "separate", "joint" },
        "平台的系统管理、审计、业务由不同的人担任 (separate)，或由一名管理员"
        "兼任 (joint)；GB/T 22239 二级要求分开" },
};

int setting_of(struct cx *cx, enum setting s)
{
    static const char sql[] =
        "SELECT COALESCE((SELECT CASE value WHEN ? THEN 1 WHEN ? THEN 2"
        "   WHEN ? THEN 3 END FROM setting WHERE name = ?), 0)";
    const struct row *r = &rows[s];

    return (int)kept_int(cx, sql, BIND(V(r->words[1]), V(r->words[2]),
                                       V(r->words[3]), V(r->name)));
}

static const char *words_of(struct cx *cx, const struct row *r)
{
    const char *text = r->words[0];

    for (int i = 1; i < WORDS_MAX && r->words[i] != NULL; i++)
        text = cx_printf(cx, "%s|%s", text, r->words[i]);
    return text;
}

static const struct row *find(struct cx *cx, const char *name,
                              enum setting *s)
{
    const char *known = "";

    for (int i = 0; i < SETTINGS; i++) {
        if (strcmp(rows[i].name, name) == 0) {
            *s = (enum setting)i;
            return &rows[i];
        }
        known = cx_printf(cx, "%s %s", known, rows[i].name);
    }
    cx_fail(cx, ERR_INVALID, "没有名为 %s 的设置，有：%s", name, known);
}

static void store(struct cx *cx, const struct row *r, const char *word)
{
    static const char sql[] =
        "INSERT INTO setting (name, value, updated_at) VALUES (?, ?, ?)"
        " ON DUPLICATE KEY UPDATE value = VALUE(value),"
        "   updated_at = VALUE(updated_at)";

    db_exec(cx, sql, BIND(V(r->name), V(word), V(cx->now)));
}

void setting_set(struct cx *cx, const char *name, const char *word)
{
    enum setting s;
    const struct row *r = find(cx, name, &s);
    const char *before = setting_text(cx, s).word;

    db_need_tx(cx);
    for (int i = 0; i < WORDS_MAX && r->words[i] != NULL; i++) {
        if (strcmp(r->words[i], word) != 0)
            continue;
        store(cx, r, word);
        audit_change(cx, "setting.change", "setting", s,
                     cx_printf(cx, "设置 %s：%s → %s", name, before, word),
                     cx_printf(cx, "\"%s\"", before),
                     cx_printf(cx, "\"%s\"", word));
        return;
    }
    cx_fail(cx, ERR_INVALID, "%s 只能是 %s", name, words_of(cx, r));
}

struct setting_text setting_text(struct cx *cx, enum setting s)
{
    const struct row *r = &rows[s];

    return (struct setting_text){ r->name, words_of(cx, r),
                                  r->words[setting_of(cx, s)], r->help };
}
