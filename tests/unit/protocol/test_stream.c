/*
 * The stream parser: any split, any gluing, garbage, damaged lengths, stalls
 * and limits (rule G1).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "protocol/ykc/stream.h"
#include "tests/unit/protocol/vectors.h"

/* What came out of a stream: the frames one after another. */
struct seen {
    uint8_t bytes[8192];
    size_t len;
    size_t frames;
};

static void drain(struct ykc_stream *s, int64_t now, struct seen *seen)
{
    struct ykc_raw raw;

    while (ykc_stream_next(s, now, &raw)) {
        assert_true(seen->len + raw.len <= sizeof seen->bytes);
        memcpy(seen->bytes + seen->len, raw.bytes, raw.len);
        seen->len += raw.len;
        seen->frames++;
    }
}

/* Feeds the bytes in pieces of at most chunk. */
static void feed(struct ykc_stream *s, const uint8_t *p, size_t n,
                 size_t chunk, int64_t now, struct seen *seen)
{
    size_t room, take;
    uint8_t *at;

    while (n > 0) {
        at = ykc_stream_space(s, &room);
        assert_true(room >= 253);
        take = n < chunk ? n : chunk;
        take = take < room ? take : room;
        memcpy(at, p, take);
        ykc_stream_filled(s, take, now);
        p += take;
        n -= take;
        drain(s, now, seen);
    }
}

/* All examples glued together, except the platform's own are no matter. */
static size_t glued(uint8_t *out)
{
    size_t n = 0;

    for (size_t i = 0; i < VECTORS; i++)
        n += vector_bytes(i, out + n);
    return n;
}

static void any_chunk_size_gives_the_same_frames(void **state)
{
    uint8_t in[2048];
    size_t n = glued(in);
    struct ykc_stream s;
    struct seen seen;

    (void)state;
    for (size_t chunk = 1; chunk <= n; chunk++) {
        memset(&seen, 0, sizeof seen);
        ykc_stream_init(&s);
        feed(&s, in, n, chunk, 0, &seen);
        assert_int_equal(seen.frames, VECTORS);
        assert_int_equal(seen.len, n);
        assert_memory_equal(seen.bytes, in, n);
        assert_int_equal(s.counts.garbage, 0);
        assert_int_equal(ykc_stream_deadline(&s), INT64_MAX);
    }
}

static void any_split_point_gives_the_same_frames(void **state)
{
    uint8_t in[2048];
    size_t n = glued(in);
    struct ykc_stream s;
    struct seen seen;

    (void)state;
    for (size_t split = 0; split <= n; split++) {
        memset(&seen, 0, sizeof seen);
        ykc_stream_init(&s);
        feed(&s, in, split, n, 0, &seen);
        feed(&s, in + split, n - split, n, 0, &seen);
        assert_int_equal(seen.frames, VECTORS);
        assert_memory_equal(seen.bytes, in, n);
    }
}

/* Garbage of any length before, with and without start bytes in it. */
static void garbage_is_dropped_and_counted(void **state)
{
    uint8_t in[512];
    struct ykc_stream s;
    struct seen seen;
    uint64_t seed = 99;
    size_t n;

    (void)state;
    for (size_t before = 1; before < 200; before++) {
        for (size_t i = 0; i < before; i++)
            in[i] = (uint8_t)random_next(&seed) & 0x3F;
        n = before + vector_bytes(2, in + before);
        n += vector_bytes(0, in + n);
        for (size_t chunk = 1; chunk < 40; chunk += 6) {
            memset(&seen, 0, sizeof seen);
            ykc_stream_init(&s);
            feed(&s, in, n, chunk, 0, &seen);
            assert_int_equal(seen.frames, 2);
            assert_memory_equal(seen.bytes, in + before, n - before);
            assert_int_equal(s.counts.garbage, before);
            assert_int_equal(s.counts.crc_error, 0);
            assert_false(s.hunting);
        }
    }
}

/* 0x68 as length, as data and as text is not a border. */
static void start_bytes_inside_a_frame_do_no_harm(void **state)
{
    uint8_t body[YKC_MAX_BODY], in[YKC_MAX_FRAME];
    struct ykc_head head = { .type = 0x13, .sequence = { 0x68, 0x68 } };
    struct ykc_stream s;
    struct seen seen;
    size_t len;

    (void)state;
    memset(body, 0x68, sizeof body);
    for (size_t n = 0; n <= 100; n += 4) { /* L 0x68 is among them */
        assert_int_equal(ykc_seal(&head, body, n, in, sizeof in, &len),
                         WIRE_OK);
        memset(&seen, 0, sizeof seen);
        ykc_stream_init(&s);
        for (int i = 0; i < 3; i++)
            feed(&s, in, len, 1, 0, &seen);
        assert_int_equal(seen.frames, 3);
        assert_int_equal(s.counts.garbage, 0);
    }
}

static void every_length_from_4_to_255_is_accepted(void **state)
{
    uint8_t body[YKC_MAX_BODY] = { 0 }, in[YKC_MAX_FRAME];
    struct ykc_head head = { .type = 0x99 };
    struct ykc_stream s;
    struct seen seen = { .len = 0 };
    size_t len;

    (void)state;
    ykc_stream_init(&s);
    for (size_t n = 0; n <= YKC_MAX_BODY; n++) {
        assert_int_equal(ykc_seal(&head, body, n, in, sizeof in, &len),
                         WIRE_OK);
        seen.len = 0;
        feed(&s, in, len, 100, 0, &seen);
    }
    assert_int_equal(seen.frames, 252);
    assert_int_equal(s.counts.oversize, 55);
    assert_int_equal(s.counts.garbage, 0);
}

static void a_length_below_4_is_counted_and_skipped(void **state)
{
    struct ykc_stream s;
    struct seen seen;
    uint8_t in[64];
    size_t n;

    (void)state;
    for (uint8_t bad = 0; bad < 4; bad++) {
        memset(&seen, 0, sizeof seen);
        ykc_stream_init(&s);
        in[0] = 0x68;
        in[1] = bad;
        n = 2 + vector_bytes(2, in + 2);
        feed(&s, in, n, 1, 0, &seen);
        assert_int_equal(seen.frames, 1);
        assert_int_equal(s.counts.bad_length, 1);
        assert_int_equal(s.counts.garbage, 2);
    }
}

/* A damaged check field costs that frame only, and one byte starts it. */
static void a_damaged_frame_costs_itself_only(void **state)
{
    struct ykc_stream s;
    struct seen seen = { .len = 0 };
    uint8_t in[512];
    size_t a, n;

    (void)state;
    ykc_stream_init(&s);
    a = vector_bytes(0, in);
    in[a - 1] ^= 1;
    n = a + vector_bytes(2, in + a);
    feed(&s, in, n, n, 0, &seen);
    assert_int_equal(seen.frames, 1);
    assert_int_equal(s.counts.crc_error, 1);
    assert_int_equal(s.counts.garbage, a);
    assert_memory_equal(seen.bytes, in + a, n - a);
}

/* A good frame wrapped in a false start is found inside it. */
static void a_frame_inside_a_false_one_is_found(void **state)
{
    struct ykc_stream s;
    struct seen seen = { .len = 0 };
    uint8_t in[512] = { 0x68, 40, 0x68, 0x99, 0x68 };
    size_t n = 5;

    (void)state;
    ykc_stream_init(&s);
    for (int i = 0; i < 4; i++)
        n += vector_bytes(2, in + n);
    feed(&s, in, n, 1, 0, &seen);
    assert_int_equal(seen.frames, 4);
    assert_int_equal(s.counts.crc_error, 1);
    assert_int_equal(s.counts.garbage, 5);
}

/* While hunting, a false start with a large length delays nothing. */
static void hunting_does_not_wait_for_a_false_start(void **state)
{
    struct ykc_stream s;
    struct seen seen = { .len = 0 };
    uint8_t in[64] = { 0x00, 0x68, 0xFF };
    size_t n;

    (void)state;
    ykc_stream_init(&s);
    n = 3 + vector_bytes(2, in + 3);
    feed(&s, in, n, n, 0, &seen);
    assert_int_equal(seen.frames, 1);
    assert_int_equal(s.counts.garbage, 3);
}

/* Encrypted frames are delivered in step, to be counted, not while lost. */
static void hunting_takes_no_encrypted_frame(void **state)
{
    struct ykc_head head = { .type = 0x03, .encryption = 1 };
    uint8_t body[16] = { 0 }, in[64];
    struct ykc_stream s;
    struct seen seen = { .len = 0 };
    size_t len;

    (void)state;
    assert_int_equal(ykc_seal(&head, body, 16, in + 1, 63, &len), WIRE_OK);
    in[0] = 0;
    ykc_stream_init(&s);
    feed(&s, in + 1, len, len, 0, &seen);
    assert_int_equal(seen.frames, 1);
    feed(&s, in, len + 1, len + 1, 0, &seen);
    assert_int_equal(seen.frames, 1);
    assert_int_equal(s.counts.garbage, len + 1);
}

static void half_a_frame_waits_and_then_stalls(void **state)
{
    struct ykc_stream s;
    struct seen seen = { .len = 0 };
    uint8_t in[64];
    size_t n = vector_bytes(2, in);

    (void)state;
    ykc_stream_init(&s);
    assert_int_equal(ykc_stream_deadline(&s), INT64_MAX);
    feed(&s, in, n - 1, 1, 1000, &seen);
    assert_int_equal(seen.frames, 0);
    assert_int_equal(ykc_stream_deadline(&s), 6000);
    ykc_stream_stall(&s, 5999);
    drain(&s, 5999, &seen);
    assert_int_equal(s.counts.stalled, 0);
    ykc_stream_stall(&s, 6000);
    drain(&s, 6000, &seen);
    assert_int_equal(s.counts.stalled, 1);
    assert_int_equal(s.counts.garbage, n - 1);
    assert_int_equal(ykc_stream_deadline(&s), INT64_MAX);
    assert_false(s.hunting);
    feed(&s, in, n, 1, 7000, &seen);
    assert_int_equal(seen.frames, 1);
}

/* Good frames held up by a damaged length come out at the stall. */
static void a_stall_frees_the_frames_behind_a_damaged_length(void **state)
{
    struct ykc_stream s;
    struct seen seen = { .len = 0 };
    uint8_t in[256];
    size_t n = vector_bytes(2, in), whole;

    (void)state;
    in[1] = 0xFF; /* the first of four heartbeats */
    for (int i = 0; i < 3; i++)
        n += vector_bytes(2, in + n);
    whole = n;
    n += 5; /* and the begin of a fifth */
    memcpy(in + whole, in + 17, 5);
    ykc_stream_init(&s);
    feed(&s, in, n, n, 0, &seen);
    assert_int_equal(seen.frames, 0);
    ykc_stream_stall(&s, 5000);
    drain(&s, 5000, &seen);
    assert_int_equal(seen.frames, 3);
    assert_int_equal(s.counts.stalled, 1);
    assert_int_equal(s.counts.garbage, 17 + 5);
    assert_false(s.hunting);
}

/* A partial candidate that stalls while hunting is not counted as stalled. */
static void a_stall_while_hunting_only_discards(void **state)
{
    static const uint8_t in[] = { 0x00, 0x68, 0x40, 0x01 };
    struct ykc_stream s;
    struct seen seen = { .len = 0 };

    (void)state;
    ykc_stream_init(&s);
    feed(&s, in, sizeof in, 4, 0, &seen);
    assert_true(s.hunting);
    assert_int_equal(s.counts.garbage, 1);
    ykc_stream_stall(&s, 5000);
    drain(&s, 5000, &seen);
    assert_int_equal(s.counts.stalled, 0);
    assert_int_equal(s.counts.garbage, 4);
    assert_false(s.hunting);
}

static void ten_damaged_frames_in_a_minute_are_hopeless(void **state)
{
    struct ykc_stream s;
    struct seen seen = { .len = 0 };
    uint8_t bad[64], good[64];
    size_t n = vector_bytes(2, bad);
    int64_t now = 0;

    (void)state;
    vector_bytes(2, good);
    bad[n - 1] ^= 1;
    ykc_stream_init(&s);
    for (int i = 1; i <= 10; i++) {
        feed(&s, bad, n, n, now, &seen);
        feed(&s, good, n, n, now, &seen); /* back in step */
        assert_int_equal(s.counts.crc_error, i);
        assert_int_equal(ykc_stream_is_hopeless(&s, now), i == 10);
        now += 6666; /* the tenth comes within 60 s of the first */
    }
    ykc_stream_init(&s);
    for (int i = 1; i <= 30; i++) {
        feed(&s, bad, n, n, now, &seen);
        feed(&s, good, n, n, now, &seen);
        assert_false(ykc_stream_is_hopeless(&s, now));
        now += 6668; /* nine intervals are more than 60 s */
    }
}

static void four_kibibytes_of_garbage_are_hopeless(void **state)
{
    static const uint8_t junk[64];
    struct ykc_stream s;
    struct seen seen = { .len = 0 };

    (void)state;
    ykc_stream_init(&s);
    for (int i = 0; i < 63; i++)
        feed(&s, junk, sizeof junk, 64, 0, &seen);
    feed(&s, junk, 63, 64, 0, &seen);
    assert_false(ykc_stream_is_hopeless(&s, 0));
    feed(&s, junk, 1, 64, 0, &seen);
    assert_true(ykc_stream_is_hopeless(&s, 0));
}

/*
 * Frames and random garbage in random chunks: each frame after a clean
 * border comes out, in order, and all other bytes are counted.
 */
static void random_streams_account_for_every_byte(void **state)
{
    struct ykc_stream s;
    struct seen seen;
    uint8_t in[4096];
    uint64_t seed = 4711;
    size_t n, good;

    (void)state;
    for (int round = 0; round < 3000; round++) {
        n = good = 0;
        while (n < 1500) {
            if (random_next(&seed) % 4 == 0) {
                for (size_t k = random_next(&seed) % 30; k > 0; k--)
                    in[n++] = (uint8_t)(random_next(&seed) % 0x60);
            } else {
                n += vector_bytes(random_next(&seed) % VECTORS, in + n);
                good++;
            }
        }
        memset(&seen, 0, sizeof seen);
        ykc_stream_init(&s);
        for (size_t at = 0, k; at < n; at += k) {
            k = 1 + random_next(&seed) % 300;
            k = k < n - at ? k : n - at;
            feed(&s, in + at, k, k, 0, &seen);
        }
        ykc_stream_stall(&s, 5000);
        drain(&s, 5000, &seen);
        assert_int_equal(seen.frames, good);
        assert_int_equal(s.counts.garbage + seen.len, n);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_chunk_size_gives_the_same_frames),
        cmocka_unit_test(any_split_point_gives_the_same_frames),
        cmocka_unit_test(garbage_is_dropped_and_counted),
        cmocka_unit_test(start_bytes_inside_a_frame_do_no_harm),
        cmocka_unit_test(every_length_from_4_to_255_is_accepted),
        cmocka_unit_test(a_length_below_4_is_counted_and_skipped),
        cmocka_unit_test(a_damaged_frame_costs_itself_only),
        cmocka_unit_test(a_frame_inside_a_false_one_is_found),
        cmocka_unit_test(hunting_does_not_wait_for_a_false_start),
        cmocka_unit_test(hunting_takes_no_encrypted_frame),
        cmocka_unit_test(half_a_frame_waits_and_then_stalls),
        cmocka_unit_test(a_stall_frees_the_frames_behind_a_damaged_length),
        cmocka_unit_test(a_stall_while_hunting_only_discards),
        cmocka_unit_test(ten_damaged_frames_in_a_minute_are_hopeless),
        cmocka_unit_test(four_kibibytes_of_garbage_are_hopeless),
        cmocka_unit_test(random_streams_account_for_every_byte),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
