/*
 * Captchas: captcha.h.
 */
#include "system/captcha.h"

#include <string.h>
#include <strings.h>

#include "base/crypto.h"
#include "db/db.h"

enum { ID_BYTES = 16 };

const char *captcha_new(struct cx *cx)
{
    /* Without those that look alike: 0 O, 1 l I, 5 S, 2 Z. */
    static const char characters[] = "346789ABCDEFGHJKMNPQRTUVWXY";
    static const char sql[] =
        "INSERT INTO captcha (id, answer, expires_at) VALUES (?, ?, ?)";
    uint8_t random[ID_BYTES];
    char id[2 * ID_BYTES + 1], answer[CAPTCHA_LENGTH + 1] = "";

    random_bytes(random, sizeof random);
    hex_encode(random, sizeof random, id);
    for (size_t i = 0; i < CAPTCHA_LENGTH; i++)
        answer[i] = characters[random_below(sizeof characters - 1)];
    db_exec(cx, sql, BIND(V((const char *)id), V((const char *)answer),
                          V(stamp_add_ms(cx->now, CAPTCHA_LIFE_MS))));
    return cx_strdup(cx, id);
}

const char *captcha_text(struct cx *cx, const char *id)
{
    static const char sql[] =
        "SELECT answer FROM captcha WHERE id = ? AND expires_at > ?";

    return db_text(cx, sql, BIND(V(id), V(cx->now)));
}

bool captcha_solve(struct cx *cx, const char *id, const char *answer)
{
    static const char sql[] = "DELETE FROM captcha WHERE id = ?";
    const char *right = captcha_text(cx, id);

    /* Of two that try at once only the one that deletes it counts. */
    return right != NULL && db_change_one(cx, sql, BIND(V(id))) &&
           strcasecmp(right, answer) == 0;
}
