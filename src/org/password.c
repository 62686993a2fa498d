/*
 * Passwords: password.h.
 *
 * A password is common if the list of leaked ones has it, with up to three
 * characters at its ends or without them, or has what it is built around: the
 * usual letter swaps undone, digits and signs at both ends cut off.
 */
#include "org/password.h"

#include <string.h>

#include "base/crypto.h"
#include "base/utf8.h"
#include "db/db.h"
#include "org/password_list.h"

const char password_rules[] =
    "至少 8 位，含大写字母、小写字母、数字、符号中的三种，"
    "不含手机号和常见词，不与最近 5 次相同。";

enum {
    RUN_MAX = 4,
    WORD_LEAST = 3,  /* a shorter core is no word */
    INNER_LEAST = 6, /* so long, a word counts with a few others around */
    ADDED_MIN = 4,   /* so many characters more make it another one */
};

/* What people here would take and lists from elsewhere do not know: words of
   the trade and of this product, in small letters (context words, A1). */
static const char *const context[] = {
    "pilehub", "chongdian", "chongdianzhuang", "chongdianzhan", "dianzhuang",
    "dianzhan", "xinnengyuan", "evcharge", "evcharger", "yunkuaichong",
    "charge", "charger", "charging", "station", "operator", "platform",
    "merchant", "gongsi", "guanli", "guanliyuan", "yunying", "yonghu",
    "mima", "woaini", "woaiwojia", "wodemima",
};

static char unswapped(char c)
{
    static const char from[] = "@4831!0$57+";
    static const char to[] =   "aabeliosstt";
    const char *at = strchr(from, c);

    if (c >= 'A' && c <= 'Z')
        return (char)(c - 'A' + 'a');
    return c != '\0' && at != NULL ? to[at - from] : c;
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* In small letters, as the list is. */
static char *lowered(struct cx *cx, const char *password)
{
    char *small = cx_strdup(cx, password);

    for (char *p = small; *p != '\0'; p++)
        *p = *p >= 'A' && *p <= 'Z' ? (char)(*p | 0x20) : *p;
    return small;
}

/*
 * The part between the first and the last letter, swaps undone. Those inside
 * count as letters; at the ends they are taken for the usual additions, so
 * that "P@ssw0rd123!" becomes "password".
 */
static char *core_of(struct cx *cx, const char *password)
{
    char *core = cx_strdup(cx, password);
    size_t from = 0, to = strlen(password), n = 0;

    while (from < to && !is_letter(password[from]))
        from++;
    while (to > from && !is_letter(password[to - 1]))
        to--;
    for (size_t i = from; i < to; i++)
        core[n++] = unswapped(password[i]);
    core[n] = '\0';
    return core;
}

static bool is_listed(const struct password_list *list, const char *text,
                      size_t n)
{
    for (size_t i = 0; i < COUNT(context); i++)
        if (strlen(context[i]) == n && memcmp(context[i], text, n) == 0)
            return true;
    return n >= WORD_LEAST && password_list_has(list, text, n);
}

/* The text itself, or what is left without a few characters at its ends. */
static bool is_near_listed(const struct password_list *list, const char *text)
{
    size_t n = strlen(text);

    if (is_listed(list, text, n))
        return true;
    for (size_t cut = 1; cut < ADDED_MIN && cut + INNER_LEAST <= n; cut++)
        for (size_t i = 0; i <= cut; i++)
            if (is_listed(list, text + i, n - cut))
                return true;
    return false;
}

static bool is_common(struct cx *cx, const char *password)
{
    const struct password_list *list = password_list_open(cx);

    return is_near_listed(list, lowered(cx, password)) ||
           is_near_listed(list, core_of(cx, password));
}

/* Longest run of characters that repeat, follow each other or lie beside each
   other on the keyboard. */
static size_t longest_run(const char *s)
{
    static const char rows[] = "1234567890 qwertyuiop asdfghjkl zxcvbnm "
                               "1qaz 2wsx 3edc 4rfv 5tgb 6yhn 7ujm";
    size_t best = 1, same = 1, up = 1, down = 1, beside = 1;

    for (size_t i = 1; s[i] != '\0'; i++) {
        char a = s[i - 1], b = s[i];
        char pair[3], back[3];

        a = is_letter(a) ? (char)(a | 0x20) : a;
        b = is_letter(b) ? (char)(b | 0x20) : b;
        memcpy(pair, (char[]){ a, b, 0 }, 3);
        memcpy(back, (char[]){ b, a, 0 }, 3);
        same = a == b ? same + 1 : 1;
        up = b == a + 1 ? up + 1 : 1;
        down = b == a - 1 ? down + 1 : 1;
        beside = a != ' ' && b != ' ' && (strstr(rows, pair) != NULL ||
                                          strstr(rows, back) != NULL)
            ? beside + 1 : 1;
        best = same > best ? same : best;
        best = up > best ? up : best;
        best = down > best ? down : best;
        best = beside > best ? beside : best;
    }
    return best;
}

static int classes(const char *s)
{
    bool upper = false, lower = false, digit = false, other = false;

    for (; *s != '\0'; s++) {
        if (*s >= 'A' && *s <= 'Z')
            upper = true;
        else if (*s >= 'a' && *s <= 'z')
            lower = true;
        else if (*s >= '0' && *s <= '9')
            digit = true;
        else
            other = true;
    }
    return upper + lower + digit + other;
}

/* "13822647051" is in it as a whole or as its last 6 digits or more. */
static bool contains_word(struct cx *cx, const char *password,
                          const char *word)
{
    size_t n = strlen(word);
    const char *small = lowered(cx, password), *sought = lowered(cx, word);

    if (n >= 11 && word[strspn(word, "0123456789")] == '\0')
        sought += n - 6;
    return utf8_count(word) >= 2 && strstr(small, sought) != NULL;
}

const char *password_flaw(struct cx *cx, const char *password,
                          const char *const *words)
{
    size_t n = utf8_count(password);

    if (n < PASSWORD_MIN)
        return cx_printf(cx, "至少 %d 位，现在是 %zu 位。", PASSWORD_MIN, n);
    if (n > PASSWORD_LONGEST)
        return cx_printf(cx, "最多 %d 位，现在是 %zu 位。", PASSWORD_LONGEST,
                         n);
    if (classes(password) < 3)
        return "需要大写字母、小写字母、数字、符号中的三种。";
    for (; *words != NULL; words++)
        if (**words != '\0' && contains_word(cx, password, *words))
            return "不能包含手机号、姓名或组织名称。";
    if (is_common(cx, password))
        return "这个密码太常见，容易被猜到。";
    if (longest_run(password) > RUN_MAX)
        return "不能含 5 个以上重复、连续或键盘相邻的字符。";
    return NULL;
}

/* ---- stored ------------------------------------------------------------ */

struct hash_row {
    const char *password;
};

static const struct db_field hash_row[] = {
    DB_FIELD(struct hash_row, password)
};

bool password_was_used(struct cx *cx, int64_t account_id,
                       const char *password)
{
    static const char sql[] =
        "SELECT password FROM account WHERE id = ? AND password IS NOT NULL"
        " UNION ALL (SELECT password FROM account_password_old"
        "   WHERE account_id = ? ORDER BY at DESC LIMIT 4)";
    size_t count;
    const struct hash_row *rows;

    must(!db_in_tx(cx->db));
    rows = db_rows(cx, sql, BIND(V(account_id), V(account_id)),
                   ROW(struct hash_row, hash_row), &count);
    for (size_t i = 0; i < count; i++)
        if (password_verify(cx, rows[i].password, password))
            return true;
    return false;
}

void password_store(struct cx *cx, int64_t account_id, const char *hash,
                    int64_t keep_session)
{
    static const char remember[] =
        "INSERT INTO account_password_old (account_id, at, password)"
        " SELECT id, ?, password FROM account"
        "  WHERE id = ? AND password IS NOT NULL";
    static const char forget[] =
        "DELETE FROM account_password_old WHERE account_id = ? AND at < ("
        "  SELECT at FROM (SELECT at FROM account_password_old"
        "    WHERE account_id = ? ORDER BY at DESC LIMIT 1 OFFSET ?) t)";
    static const char store[] =
        "UPDATE account SET password = ?, password_at = ?,"
        "   rights_ver = rights_ver + 1, updated_at = ?, ver = ver + 1"
        " WHERE id = ?";
    static const char spare[] =
        "UPDATE session SET rights_ver = rights_ver + 1"
        " WHERE id = ? AND kind = 1 AND owner_id = ?";
    static const char end[] =
        "DELETE FROM session WHERE kind = 1 AND owner_id = ? AND id <> ?";

    db_need_tx(cx);
    db_exec(cx, remember, BIND(V(cx->now), V(account_id)));
    db_exec(cx, forget, BIND(V(account_id), V(account_id),
                             V(PASSWORDS_REMEMBERED - 1)));
    if (!db_change_one(cx, store, BIND(V(hash), V(cx->now), V(cx->now),
                                       V(account_id))))
        cx_fail(cx, ERR_NOT_FOUND, "没有找到这个账号。");
    if (keep_session != 0)
        db_exec(cx, spare, BIND(V(keep_session), V(account_id)));
    db_exec(cx, end, BIND(V(account_id), V(keep_session)));
}
