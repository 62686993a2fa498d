/*
 * F-1: the stream parser with any bytes in any chunks, and stalls between.
 * Every byte is either in exactly one frame or counted as garbage, frames
 * come in order and are what stood in the stream, and the parser always
 * recovers.
 *
 * Input: chunk sizes until a zero (255: wait until the stream stalls), then
 * the stream; the sizes repeat. Without sizes it comes as fast as it fits.
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/macros.h"
#include "protocol/ykc/stream.h"
#include "tests/fuzz/guard.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most,
                               unsigned seed);
/* libFuzzer's own; the replay program has none and mutates nothing */
__attribute__((weak)) size_t LLVMFuzzerMutate(uint8_t *data, size_t size,
                                              size_t most);

struct run {
    struct ykc_stream *s; /* ends where an unreadable page begins */
    const uint8_t *stream;
    size_t fed;     /* bytes given to the parser */
    size_t framed;  /* bytes of frames that came out */
    int64_t now;
};

static void drain(struct run *r)
{
    struct ykc_raw raw, again;
    const struct ykc_frame *f;
    size_t begin;

    while (ykc_stream_next(r->s, r->now, &raw)) {
        begin = r->framed + r->s->counts.garbage;
        r->framed += raw.len;
        must(raw.len >= 8 && raw.len <= YKC_MAX_FRAME);
        must(begin + raw.len <= r->fed);
        must(memcmp(raw.bytes, r->stream + begin, raw.len) == 0);
        must(ykc_open(raw.bytes, raw.len, &again) == WIRE_OK);
        must(ykc_check(&raw, YKC_FROM_PILE, &f) <= YKC_BAD_BODY);
        must(!r->s->hunting);
    }
    must(r->framed + r->s->counts.garbage + (size_t)(r->s->end - r->s->begin) ==
         r->fed);
}

static void stall(struct run *r)
{
    bool waited = r->s->begin < r->s->end;

    r->now += YKC_STALL_MS;
    ykc_stream_stall(r->s, r->now);
    drain(r);
    must(r->s->begin == r->s->end);
    must(!waited || !r->s->hunting);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *zero = size == 0 ? NULL : memchr(data, 0, size);
    size_t sizes = zero == NULL ? 0 : (size_t)(zero - data), room, n;
    struct run r = { .stream = zero == NULL ? data : zero + 1 };
    size_t total = size - (size_t)(r.stream - data);
    static struct ykc_stream *parser;
    uint8_t *at;

    if (parser == NULL)
        parser = (struct ykc_stream *)guard_end(sizeof *parser) - 1;
    r.s = parser;
    ykc_stream_init(r.s);
    for (size_t i = 0; r.fed < total; i++) {
        n = sizes == 0 ? YKC_STREAM_BUFFER : data[i % sizes];
        if (n == 255)
            stall(&r);
        at = ykc_stream_space(r.s, &room);
        must(room >= 253);
        n = n < room ? n : room;
        n = n < total - r.fed ? n : total - r.fed;
        memcpy(at, r.stream + r.fed, n);
        r.fed += n;
        ykc_stream_filled(r.s, n, r.now);
        drain(&r);
    }
    stall(&r);
    must(r.framed + r.s->counts.garbage == total);
    return 0;
}

/*
 * Half of the mutated streams get their check fields right again: without
 * that, hardly one frame gets past them.
 */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most,
                               unsigned seed)
{
    uint8_t *at, *end;
    uint16_t crc;

    size = LLVMFuzzerMutate(data, size, most);
    at = memchr(data, 0, size);
    at = at == NULL ? data : at + 1;
    end = data + size;
    while ((seed & 1) != 0 && end - at >= 8) {
        if (at[0] != YKC_START || at[1] < 4 || at[1] + 4 > end - at) {
            at++;
            continue;
        }
        crc = wire_crc(at + 2, at[1]);
        at += at[1] + 4;
        at[-2] = (uint8_t)crc;
        at[-1] = (uint8_t)(crc >> 8);
    }
    return size;
}
