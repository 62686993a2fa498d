/*
 * F-1, its second half: the PROXY header in front of the stream. What is
 * whole stays so when more bytes follow, and nothing shorter of it is.
 * Input: the header; then, after a zero, ranges of addresses.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/macros.h"
#include "gateway/proxy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_address(const struct address *a, const char *ranges)
{
    char text[ADDRESS_TEXT];
    struct address again;

    address_text(a, text);
    must(strlen(text) < sizeof text);
    must(address_parse(text, &again));
    must(memcmp(&again, a, sizeof again) == 0);
    must(address_is_in(a, text));
    address_is_in(a, ranges);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *zero = size == 0 ? NULL : memrchr(data, 0, size);
    char ranges[200] = "";
    struct address from = { { 0 } }, other = { { 0 } };
    size_t used = 0, again = 0;

    if (zero != NULL)
        snprintf(ranges, sizeof ranges, "%.*s",
                 (int)(data + size - zero - 1), (const char *)zero + 1);
    if (proxy_read(data, size, &used, &from) == PROXY_OK) {
        must(used > 0 && used <= size && used <= PROXY_MAX);
        must(proxy_read(data, used, &again, &other) == PROXY_OK);
        must(again == used && memcmp(&from, &other, sizeof from) == 0);
        for (size_t n = 0; n < used; n++)
            must(proxy_read(data, n, &again, &other) == PROXY_SHORT);
    }
    check_address(&from, ranges);
    if (address_parse(ranges, &from))
        check_address(&from, ranges);
    return 0;
}
