/*
 * Frames out of a TCP stream: section 6.1 of the protocol, to the letter.
 * The parser owns 512 bytes per connection and takes no memory; frames are
 * handed out where they lie. Time comes in as milliseconds of any clock that
 * does not jump.
 *
 *   p = ykc_stream_space(s, &room);
 *   n = recv(fd, p, room, 0);
 *   ykc_stream_filled(s, (size_t)n, now_ms);
 *   while (ykc_stream_next(s, now_ms, &raw))
 *       handle(&raw);
 *   if (ykc_stream_is_hopeless(s, now_ms))
 *       close the connection;
 *   wait until ykc_stream_deadline(s), then ykc_stream_stall and next again
 */
#ifndef PROTOCOL_YKC_STREAM_H
#define PROTOCOL_YKC_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocol/ykc/frame.h"

enum {
    YKC_STREAM_BUFFER = 512,
    YKC_STALL_MS = 5000,
    YKC_CRC_ERRORS = 10,          /* so many within */
    YKC_CRC_WINDOW_MS = 60000,    /* this time, or */
    YKC_GARBAGE_LIMIT = 4096      /* so many bytes: close */
};

/* What happened on this connection so far. */
struct ykc_stream_counts {
    uint32_t frames;
    uint32_t swapped;    /* frames with the check field high byte first */
    uint32_t oversize;   /* frames with L above the document's limit */
    uint32_t bad_length;
    uint32_t crc_error;
    uint32_t stalled;
    uint32_t garbage;    /* bytes dropped */
};

struct ykc_stream {
    uint16_t begin, end;      /* what of the buffer is not yet consumed */
    bool hunting;
    bool draining;            /* after a stall: give up what is left */
    uint8_t crc_next;         /* in crc_at */
    int64_t byte_at;          /* when the last byte came */
    int64_t crc_at[YKC_CRC_ERRORS]; /* when the last errors were */
    struct ykc_stream_counts counts;
    uint8_t buffer[YKC_STREAM_BUFFER];
};

void ykc_stream_init(struct ykc_stream *s);

/*
 * Where to put the next bytes, and how many. Call after ykc_stream_next has
 * returned false: then there is room for at least 253. Frames handed out
 * before are gone.
 */
uint8_t *ykc_stream_space(struct ykc_stream *s, size_t *room);
void ykc_stream_filled(struct ykc_stream *s, size_t n, int64_t now_ms);

/* The next frame, or false: more bytes are needed. */
MUST_USE bool ykc_stream_next(struct ykc_stream *s, int64_t now_ms,
                              struct ykc_raw *out);

/* When ykc_stream_stall is due; INT64_MAX while no partial frame waits. */
int64_t ykc_stream_deadline(const struct ykc_stream *s);

/*
 * Gives a stalled partial frame up, if its time has come. Then call
 * ykc_stream_next until it returns false: good frames may stand behind a
 * damaged length byte.
 */
void ykc_stream_stall(struct ykc_stream *s, int64_t now_ms);

/* So many errors that the connection is to be closed. */
bool ykc_stream_is_hopeless(const struct ykc_stream *s, int64_t now_ms);

#endif
