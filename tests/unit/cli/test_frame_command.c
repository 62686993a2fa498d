/*
 * pilehub frame decode and frame encode, as a program: each is the inverse
 * of the other for every frame type, and wrong input is refused.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/buf.h"
#include "protocol/ykc/frame.h"
#include "tests/unit/protocol/vectors.h"

/* Runs "pilehub frame WORD" with that standard input; *out is what it says.
   Returns the exit code. */
static int run(const char *word, const char *input, struct buf *out)
{
    const char *build = getenv("PILEHUB_BUILD");
    char program[512], piece[4096];
    FILE *in = tmpfile();
    int ends[2], status;
    ssize_t n;
    pid_t pid;

    assert_non_null(in);
    fputs(input, in);
    fflush(in);
    assert_int_equal(pipe(ends), 0);
    snprintf(program, sizeof program, "%s/pilehub",
             build == NULL ? "." : build);
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        lseek(fileno(in), 0, SEEK_SET);
        dup2(fileno(in), 0);
        dup2(ends[1], 1);
        dup2(open("/dev/null", O_WRONLY), 2);
        close(ends[0]);
        execl(program, "pilehub", "frame", word, "-", (char *)NULL);
        _exit(127);
    }
    close(ends[1]);
    buf_clear(out);
    while ((n = read(ends[0], piece, sizeof piece)) > 0)
        buf_add(out, piece, (size_t)n);
    close(ends[0]);
    fclose(in);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_false(out->failed);
    return WEXITSTATUS(status);
}

/* A line of hex for a frame with random bytes, as long as its table says. */
static void add_random_frame(const struct ykc_frame *f, uint64_t *seed,
                             struct buf *to)
{
    struct ykc_head head = { .type = f->type };
    uint8_t body[YKC_MAX_BODY], bytes[YKC_MAX_FRAME];
    char hex[2 * YKC_MAX_FRAME + 1];
    size_t count = f->rest == YKC_NOTHING
        ? 0 : random_next(seed) % (f->item_max + 1u);
    size_t n = f->size + count * f->item_size, len;

    for (size_t i = 0; i < n; i++)
        body[i] = (uint8_t)random_next(seed);
    if (f->rest != YKC_NOTHING &&
        f->fields.v[f->fields.n - 1].kind == WIRE_COUNT)
        body[f->size - 1] = (uint8_t)count;
    if (f->rest == YKC_NOTHING && random_next(seed) % 4 == 0)
        body[n++] = (uint8_t)random_next(seed); /* a tail */
    if (f->type == 0x63 && random_next(seed) % 2 == 0)
        n = 9 + random_next(seed) % 4;
    head.sequence[0] = (uint8_t)random_next(seed);
    head.sequence[1] = (uint8_t)random_next(seed);
    head.crc = random_next(seed) % 4 == 0 ? YKC_CRC_SWAPPED : YKC_CRC_LOW;
    assert_int_equal(ykc_seal(&head, body, n, bytes, sizeof bytes, &len),
                     WIRE_OK);
    buf_puts(to, wire_hex(bytes, len, hex));
    buf_putc(to, '\n');
}

/*
 * Random bytes are the worst case: times that cannot be, texts that cannot
 * be shown, half bytes that are no digits. Swapped and low order agree when
 * both check bytes are equal; the seed does not meet that.
 */
static void every_frame_type_goes_round(void **state)
{
    struct buf hex, json, back;
    uint64_t seed = 6;

    (void)state;
    buf_init(&hex, 8 << 20);
    buf_init(&json, 8 << 20);
    buf_init(&back, 8 << 20);
    for (int round = 0; round < 10; round++)
        for (int type = 0; type < 256; type++)
            if (ykc_frame((uint8_t)type) != NULL)
                add_random_frame(ykc_frame((uint8_t)type), &seed, &hex);
    assert_int_equal(run("decode", hex.data, &json), 0);
    assert_int_equal(run("encode", json.data, &back), 0);
    assert_string_equal(back.data, hex.data);
    buf_fini(&back);
    buf_fini(&json);
    buf_fini(&hex);
}

static void worked_examples_go_round(void **state)
{
    struct buf json, back;
    char line[2 * YKC_MAX_FRAME + 2];

    (void)state;
    buf_init(&json, 1 << 20);
    buf_init(&back, 1 << 20);
    for (size_t i = 0; i < VECTORS; i++) {
        assert_int_equal(run("decode", vectors[i].hex, &json), 0);
        assert_int_equal(run("encode", json.data, &back), 0);
        snprintf(line, sizeof line, "%s\n", vectors[i].hex);
        assert_string_equal(back.data, line);
    }
    buf_fini(&back);
    buf_fini(&json);
}

static void decode_refuses_what_is_not_all_frames(void **state)
{
    static const char *const inputs[] = {
        "", "zz", "6", "68", "00",
        "680D07000003320102000000010100079F", /* check field */
        "680D070000033201020000000101000" "79E00", /* a byte behind */
        "00680D07000003320102000000010100079E", /* a byte before */
        "680D07000003320102000000010100079E680D07", /* half a frame */
        "680D070001033201020000000101000362", /* encrypted */
        "680407000099C13A", /* no such type */
    };
    struct buf out;

    (void)state;
    buf_init(&out, 1 << 20);
    for (size_t i = 0; i < COUNT(inputs); i++)
        assert_int_equal(run("decode", inputs[i], &out), 1);
    assert_int_equal(run("decode", "68 0d:07-00 0003320102000000010100 07 9e",
                         &out), 0);
    buf_fini(&out);
}

static void encode_refuses_what_a_frame_cannot_carry(void **state)
{
    static const char *const inputs[] = {
        "", "{", "[]", "7", "{}", "{\"type\":3}", "{\"type\":\"0x3\"}",
        "{\"type\":\"0x99\"}", "{\"name\":\"nothing\"}",
        "{\"type\":\"0x03\",\"name\":\"login\"}",
        "{\"type\":\"0x03\",\"gun\":1}",
        "{\"type\":\"0x03\",\"gun_number\":100}",
        "{\"type\":\"0x03\",\"gun_number\":\"x\"}",
        "{\"type\":\"0x03\",\"gun_number\":[1]}",
        "{\"type\":\"0x03\",\"gun_number\":true}",
        "{\"type\":\"0x03\",\"pile_code\":\"1\"}",
        "{\"type\":\"0x03\",\"sequence\":65536}",
        "{\"type\":\"0x03\",\"sequence\":-1}",
        "{\"type\":\"0x03\",\"crc\":\"middle\"}",
        "{\"type\":\"0x03\",\"tail\":\"0\"}",
        "{\"type\":\"0x03\",\"body\":5}",
        "{\"type\":\"0x03\",\"type\":\"0x03\"}",
        "{\"type\":\"0x13\",\"output_voltage\":402.55}",
        "{\"type\":\"0x13\",\"output_voltage\":6553.6}",
        "{\"type\":\"0x3B\",\"start_time\":\"2025-02-30 00:00:00\"}",
        "{\"type\":\"0x0A\",\"slot_rate_codes\":[1,2]}",
        "{\"type\":\"0x44\",\"card_count\":1,\"cards\":[]}",
        "{\"type\":\"0x44\",\"cards\":{}}",
        "{\"type\":\"0x44\",\"cards\":[1]}",
        "{\"type\":\"0x44\",\"cards\":[{\"card\":1}]}",
        "{\"type\":\"0x44\",\"cards\":[{},{},{},{},{},{},{},{},{},{},{},{},"
        "{},{},{},{}]}",
        "{\"type\":\"0xF0\",\"prefix\":7,\"prefix_raw\":\"0\"}",
    };
    struct buf out;

    (void)state;
    buf_init(&out, 1 << 20);
    for (size_t i = 0; i < COUNT(inputs); i++)
        if (run("encode", inputs[i], &out) != 1)
            fail_msg("accepted: %s", inputs[i]);
    buf_fini(&out);
}

static void encode_fills_what_is_not_given_with_zero(void **state)
{
    struct buf out;

    (void)state;
    buf_init(&out, 1 << 20);
    assert_int_equal(run("encode", "{\"name\":\"heartbeat\",\"sequence\":7,"
                         "\"pile_code\":\"32010200000001\","
                         "\"gun_number\":1}", &out), 0);
    assert_string_equal(out.data, "680D07000003320102000000010100079E\n");
    assert_int_equal(run("encode", "{\"type\":\"0xF0\",\"format\":1,"
                         "\"prefix\":\"https://a.b/?c=\"}", &out), 0);
    assert_non_null(strstr(out.data, "010F68747470733A2F2F612E622F3F633D"));
    buf_fini(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_frame_type_goes_round),
        cmocka_unit_test(worked_examples_go_round),
        cmocka_unit_test(decode_refuses_what_is_not_all_frames),
        cmocka_unit_test(encode_refuses_what_a_frame_cannot_carry),
        cmocka_unit_test(encode_fills_what_is_not_given_with_zero),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
