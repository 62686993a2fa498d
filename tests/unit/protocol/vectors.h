/*
 * The worked examples of section 12 of the protocol specification, and small
 * helpers of the protocol tests.
 */
#ifndef TESTS_PROTOCOL_VECTORS_H
#define TESTS_PROTOCOL_VECTORS_H

#include <stdint.h>
#include <string.h>

#include "protocol/wire.h"
#include "protocol/ykc/frame.h"

static const struct vector {
    const char *name;
    const char *hex;
} vectors[] = {
    { "login",
      "6822000000013201020000000100021056"
      "322E332E310000010000000000000000000004F133" },
    { "login_reply", "680C000000025503141278230500DA4C" },
    { "heartbeat", "680D07000003320102000000010100079E" },
    { "heartbeat_reply", "680D0700000432010200000001" "0100B644" },
    { "tariff_reply",
      "685E0200000A320102000000010100C0D40100409C0000A0860100409C0000"
      "70110100409C000030750000409C000000"
      "030303030303030303030303030303030101010101010202020202020202020202"
      "020202000000000000020202020202B181" },
    { "remote_start",
      "683003000034320102000000010125110507400000013201020000000101"
      "000000100000057300000000D14B0A5410270000F1E8" },
    { "remote_start_reply",
      "681E0300003332010200000001012511050740000001320102000000010101"
      "00A626" },
    { "realtime",
      "68402A000013320102000000010125110507400000013201020000000101030001"
      "B90F55035500000000000000003951140023"
      "00289A0100289A01001C1F010000002173" },
    { "trade_record",
      "68A23100003B320102000000010125110507400000013201020000000101"
      "E02E2807050B19409C1908050B19"
      "00710200000000000000000000000000E022020084DE010084DE0100EC9D0200"
      "B0AD010000000000000000000000000070110100289A0100289A01001C1F0100"
      "D2029649007E7B994900AC780300AC78030008BD0300"
      "4C5356414D3431383743323138343834370140"
      "9C1908050B194000000000D14B0A541AA1" },
    { "record_confirmation",
      "68153100004032010200000001012511050740000001" "00BA93" },
};

enum { VECTORS = sizeof vectors / sizeof vectors[0] };

/* The bytes of a vector; returns how many. */
static inline size_t vector_bytes(size_t i, uint8_t *out)
{
    size_t n = strlen(vectors[i].hex) / 2;

    must(wire_unhex(vectors[i].hex, out, n));
    return n;
}

/* xorshift: the same sequence for the same seed, on every machine. */
static inline uint64_t random_next(uint64_t *state)
{
    uint64_t x = *state;

    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    return *state = x;
}

#endif
