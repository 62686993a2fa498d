#include "charging/record_frame_page.h"

#include "protocol/ykc/frame.h"
#include "protocol/ykc/show.h"

void record_frame_put(struct cx *cx, struct vnode *detail, size_t i,
                      const char *title, struct bytes bytes)
{
    struct vnode *group = v_item(v_child(detail, "groups"), i);
    struct vnode *rows = v_child(group, "rows"), *row;
    struct ykc_parts walk;
    struct ykc_part part;
    struct ykc_raw raw;
    char *hex = arena_array(cx->arena, 2 * bytes.len + 1, 1);
    size_t n = 0;

    v_set(group, "title", title);
    if (ykc_open(bytes.data, bytes.len, &raw) == WIRE_OK) {
        ykc_parts_open(&walk, &raw);
        while (ykc_parts_next(&walk, &part)) {
            row = v_item(rows, n++);
            v_set(row, "title", part.title);
            v_set(row, "value", part.text);
        }
    }
    row = v_item(rows, n);
    v_set(row, "title", "原始字节");
    v_set(row, "kind", "mono");
    v_set(row, "value", wire_hex(bytes.data, bytes.len, hex));
}
