/*
 * The book of tariffs: see book.h.
 */
#include "gateway/book.h"

#include <string.h>

#include "protocol/ykc/frame.h"
#include "tariff/in_force.h"
#include "tariff/tariff_frame.h"

static void make_page(struct page *p, const struct tariff_place *t)
{
    struct ykc_tariff_reply f;
    size_t n;

    p->station_id = t->station_id;
    p->area_id = t->area_id;
    tariff_frame("00000000000000", &t->version, &f);
    p->number = (uint16_t)(f.tariff_number[0] << 8 | f.tariff_number[1]);
    must(ykc_encode(ykc_frame(ykc_type_tariff_reply), &f, p->body,
                    sizeof p->body, &n) == WIRE_OK);
    must(n == TARIFF_BODY);
}

struct book *book_read(struct cx *cx)
{
    int64_t changes = tariff_changes(cx);
    size_t n;
    const struct tariff_place *all = tariff_in_force(cx, cx->now, &n);
    stamp until = tariff_next_start(cx, cx->now);
    struct book *b = calloc(1, sizeof *b + n * sizeof b->pages[0]);

    if (b == NULL)
        cx_fail_memory(cx);
    b->changes = changes;
    b->until = until;
    b->count = n;
    for (size_t i = 0; i < n; i++)
        make_page(&b->pages[i], &all[i]);
    return b;
}

int64_t book_changes(struct cx *cx)
{
    return tariff_changes(cx);
}

static int compare(const struct page *p, int64_t station_id, int64_t area_id)
{
    if (p->station_id != station_id)
        return p->station_id < station_id ? -1 : 1;
    return p->area_id < area_id ? -1 : p->area_id > area_id;
}

static const struct page *look(const struct book *b, int64_t station_id,
                               int64_t area_id)
{
    size_t low = 0, high = b->count;

    while (low < high) {
        size_t mid = low + (high - low) / 2;
        int order = compare(&b->pages[mid], station_id, area_id);

        if (order == 0)
            return &b->pages[mid];
        if (order < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return NULL;
}

const struct page *book_find(const struct book *b, int64_t station_id,
                             int64_t area_id)
{
    const struct page *p = look(b, station_id, area_id);

    return p != NULL ? p : look(b, station_id, 0);
}
