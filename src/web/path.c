/*
 * A raw path as its decoded segments: the untrusted half of the router.
 */
#include <string.h>

#include "base/utf8.h"
#include "web/input.h"
#include "web/router.h"

bool path_split(struct arena *arena, const char *raw, size_t len,
                const char *segments[ROUTE_PARTS_MAX], size_t *count)
{
    const char *end = raw + len;

    *count = 0;
    if (len == 0 || raw[0] != '/' || len > PATH_MAX_LEN)
        return false;
    if (len == 1)
        return true;
    while (raw < end) {
        const char *start = raw + 1; /* raw stands on a slash */
        const char *stop = memchr(start, '/', (size_t)(end - start));
        size_t n;
        char *text;

        if (stop == NULL)
            stop = end;
        /* "/console/" is "/console": one empty segment at the end. */
        if (start == stop && stop == end)
            return true;
        text = url_decode(arena, start, (size_t)(stop - start), false, &n);
        if (text == NULL || n == 0 || !utf8_clean(text, n) ||
            strpbrk(text, "/\\\t\r\n") != NULL || strcmp(text, ".") == 0 ||
            strcmp(text, "..") == 0 || *count == ROUTE_PARTS_MAX)
            return false;
        segments[(*count)++] = text;
        raw = stop;
    }
    return true;
}
