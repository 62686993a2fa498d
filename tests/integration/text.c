#include "tests/integration/text.h"

#include <stdarg.h>

enum { TEXTS = 512, TEXT_SIZE = 4001 };

const char *text(const char *format, ...)
{
    static char out[TEXTS][TEXT_SIZE];
    static int turn;
    va_list ap;
    int n;

    turn = (turn + 1) % TEXTS;
    va_start(ap, format);
    n = vsnprintf(out[turn], TEXT_SIZE, format, ap);
    va_end(ap);
    must(n >= 0 && n < TEXT_SIZE);
    return out[turn];
}
