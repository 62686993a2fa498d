/*
 * F-18: times of the wire and dates as text. Input: 7 bytes of a CP56Time2a,
 * then a text.
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/macros.h"
#include "base/stamp.h"
#include "protocol/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_stamp(stamp t)
{
    char text[STAMP_TEXT];
    struct civil c = stamp_civil(t);
    stamp back = { 1 };

    must(civil_is_valid(&c));
    must(stamp_from_civil(&c).ms == t.ms);
    must(stamp_weekday(t) >= 1 && stamp_weekday(t) <= 7);
    must(stamp_minute_of_day(t) == c.hour * 60 + c.minute);
    must(t.ms - stamp_day(t).ms >= 0 && t.ms - stamp_day(t).ms < DAY_MS);
    must(strlen(stamp_text(t, text)) == STAMP_TEXT - 1);
    must(stamp_parse(text, &back));
    must(back.ms == t.ms);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct wire_time raw = { { 0 } }, again;
    char text[64];
    stamp t = { 77 };
    size_t n;

    memcpy(raw.raw, data, size < 7 ? size : 7);
    t = wire_stamp(raw);
    if (t.ms != 0) {
        check_stamp(t);
        again = wire_time(t);
        must(wire_stamp(again).ms == t.ms);
    }
    n = size > 7 ? size - 7 : 0;
    n = n < sizeof text ? n : sizeof text - 1;
    memcpy(text, data + (size > 7 ? 7 : 0), n);
    text[n] = '\0';
    t.ms = 77;
    if (!stamp_parse(text, &t))
        must(t.ms == 77);
    else if (t.ms != 0) /* the stamp of 1970-01-01 08:00 means "none" */
        check_stamp(t);
    return 0;
}
