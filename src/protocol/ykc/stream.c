/*
 * The stream parser: see stream.h.
 */
#include "protocol/ykc/stream.h"

#include <string.h>

/* The smallest frame of the protocol is 0x09; while hunting, nothing less. */
enum { HUNT_LENGTH = 0x0B };

_Static_assert(YKC_STREAM_BUFFER >= YKC_MAX_FRAME + 253,
               "the room that the header promises");
_Static_assert(YKC_STREAM_BUFFER <= UINT16_MAX, "begin and end hold it");

/* What is not consumed lies inside the buffer, and the ring of errors is
   where it should be. */
static void must_be_whole(const struct ykc_stream *s)
{
    must(s->begin <= s->end);
    must(s->end <= YKC_STREAM_BUFFER);
    must(s->crc_next < YKC_CRC_ERRORS);
}

void ykc_stream_init(struct ykc_stream *s)
{
    memset(s, 0, offsetof(struct ykc_stream, buffer));
    for (size_t i = 0; i < COUNT(s->crc_at); i++)
        s->crc_at[i] = INT64_MIN;
    must_be_whole(s);
}

uint8_t *ykc_stream_space(struct ykc_stream *s, size_t *room)
{
    size_t left = (size_t)(s->end - s->begin);

    must_be_whole(s);
    if (s->begin > 0) {
        memmove(s->buffer, s->buffer + s->begin, left);
        s->begin = 0;
        s->end = (uint16_t)left;
    }
    *room = YKC_STREAM_BUFFER - left;
    must(*room > 0); /* a whole frame is shorter than the buffer */
    must(s->end + *room == YKC_STREAM_BUFFER);
    return s->buffer + left;
}

void ykc_stream_filled(struct ykc_stream *s, size_t n, int64_t now_ms)
{
    must_be_whole(s);
    must(n <= (size_t)(YKC_STREAM_BUFFER - s->end));
    if (n == 0)
        return;
    s->end = (uint16_t)(s->end + n);
    s->byte_at = now_ms;
    must_be_whole(s);
}

static void drop(struct ykc_stream *s, size_t n)
{
    must(n <= (size_t)(s->end - s->begin));
    s->begin = (uint16_t)(s->begin + n);
    s->counts.garbage += (uint32_t)n;
    must_be_whole(s);
}

static void deliver(struct ykc_stream *s, const struct ykc_raw *raw)
{
    must(raw->bytes == s->buffer + s->begin);
    must(raw->len <= (size_t)(s->end - s->begin));
    s->begin = (uint16_t)(s->begin + raw->len);
    s->hunting = false;
    must_be_whole(s);
    s->counts.frames++;
    if (raw->head.crc == YKC_CRC_SWAPPED)
        s->counts.swapped++;
    if (raw->bytes[1] > YKC_SEND_LENGTH)
        s->counts.oversize++;
}

static void note_crc_error(struct ykc_stream *s, int64_t now_ms)
{
    s->counts.crc_error++;
    s->crc_at[s->crc_next] = now_ms;
    s->crc_next = (uint8_t)((s->crc_next + 1) % YKC_CRC_ERRORS);
    must_be_whole(s);
}

enum step { STEP_FRAME, STEP_WAIT, STEP_HUNT };

/* One step in synchronised mode; the buffer is not empty. */
static enum step step_synchronised(struct ykc_stream *s, int64_t now_ms,
                                   struct ykc_raw *out)
{
    const uint8_t *p = s->buffer + s->begin;
    size_t n = (size_t)(s->end - s->begin);

    must(n > 0);
    must(!s->hunting);
    if (p[0] != YKC_START)
        return STEP_HUNT;
    switch (ykc_open(p, n, out)) {
    case WIRE_OK:
        deliver(s, out);
        return STEP_FRAME;
    case WIRE_SHORT:
        return STEP_WAIT;
    case WIRE_BAD:
        break;
    }
    if (p[1] < 4)
        s->counts.bad_length++;
    else
        note_crc_error(s, now_ms);
    drop(s, 1);
    return STEP_HUNT;
}

/*
 * Looks at every start byte for a complete candidate. keep is the first where
 * one may still be coming: what stands before it can go.
 */
static enum step step_hunting(struct ykc_stream *s, struct ykc_raw *out)
{
    const uint8_t *p = s->buffer + s->begin, *end = s->buffer + s->end;
    const uint8_t *keep = end, *at = p;
    size_t n;

    must(p < end);
    must(s->hunting);
    for (; (at = memchr(at, YKC_START, (size_t)(end - at))) != NULL; at++) {
        n = (size_t)(end - at);
        if (n > 1 && at[1] < HUNT_LENGTH)
            continue;
        if (n == 1 || at[1] + 4u > n) {
            keep = keep == end ? at : keep;
            continue;
        }
        if (at[4] == 0 && ykc_open(at, n, out) == WIRE_OK) {
            drop(s, (size_t)(at - p));
            deliver(s, out);
            return STEP_FRAME;
        }
    }
    /* A candidate that waits is shorter than the buffer: there is room. */
    must(end - keep < YKC_MAX_FRAME);
    drop(s, (size_t)(keep - p));
    return STEP_WAIT;
}

bool ykc_stream_next(struct ykc_stream *s, int64_t now_ms,
                     struct ykc_raw *out)
{
    enum step step = STEP_HUNT;

    must_be_whole(s);
    while (s->begin < s->end && step == STEP_HUNT) {
        if (s->hunting)
            step = step_hunting(s, out);
        else
            step = step_synchronised(s, now_ms, out);
        s->hunting = s->hunting || step == STEP_HUNT;
    }
    if (step == STEP_FRAME)
        return true;
    if (s->draining) {
        drop(s, (size_t)(s->end - s->begin));
        s->draining = false;
        s->hunting = false;
        must(s->begin == s->end);
    }
    must(s->end - s->begin < YKC_MAX_FRAME); /* else there was a frame */
    return false;
}

int64_t ykc_stream_deadline(const struct ykc_stream *s)
{
    must_be_whole(s);
    return s->begin == s->end ? INT64_MAX : s->byte_at + YKC_STALL_MS;
}

void ykc_stream_stall(struct ykc_stream *s, int64_t now_ms)
{
    if (now_ms < ykc_stream_deadline(s))
        return;
    must(s->begin < s->end); /* or nothing is due */
    if (!s->hunting) {
        s->counts.stalled++;
        drop(s, 1);
        s->hunting = true;
    }
    s->draining = true;
}

bool ykc_stream_is_hopeless(const struct ykc_stream *s, int64_t now_ms)
{
    int64_t oldest = s->crc_at[s->crc_next];

    must_be_whole(s);
    return s->counts.garbage >= YKC_GARBAGE_LIMIT ||
           (oldest != INT64_MIN && now_ms - oldest <= YKC_CRC_WINDOW_MS);
}
