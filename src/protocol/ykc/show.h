/*
 * YKC frames for people and programs: the bytes of each field with what they
 * mean, one line that says what a frame is about, and JSON.
 */
#ifndef PROTOCOL_YKC_SHOW_H
#define PROTOCOL_YKC_SHOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocol/ykc/frame.h"

struct json_out;

/* Some bytes of a frame and their meaning. */
struct ykc_part {
    const char *name;     /* "output_voltage", "length", "tail" */
    const char *title;    /* "输出电压" */
    size_t offset;        /* of the first byte, from the start of the frame */
    size_t size;
    int item;             /* 0-based number of the item it belongs to; -1 */
    char text[WIRE_TEXT]; /* "402.5 V" */
};

/*
 * Walks over a whole frame, envelope included, in the order of its bytes:
 *
 *   ykc_parts_open(&walk, &raw);
 *   while (ykc_parts_next(&walk, &part))
 *       ...
 *
 * A body that cannot be decoded is one part.
 */
struct ykc_parts {
    const struct ykc_raw *raw;
    const struct ykc_frame *frame; /* NULL: the body stays closed */
    union ykc_any any;
    size_t used;                   /* bytes of the body that have a meaning */
    size_t next;                   /* which part comes next */
    size_t offset;
};

void ykc_parts_open(struct ykc_parts *walk, const struct ykc_raw *raw);
bool ykc_parts_next(struct ykc_parts *walk, struct ykc_part *part);

enum { YKC_SUMMARY = 2048 };

/* "状态 3 充电 · SOC 18%". Returns out. */
char *ykc_summary(const struct ykc_raw *raw, char out[YKC_SUMMARY]);

/*
 * The frame as one JSON object: type, name, title, direction, sequence
 * (little-endian), then every field under the name of its table in physical
 * units, then summary and words. Nothing is lost: "crc", "encryption",
 * "tail" and "<field>_raw" appear when the rest would not give the same
 * bytes again, and "body" with "error" when the body cannot be decoded.
 * Returns whether it could.
 */
bool ykc_json(struct json_out *to, const struct ykc_raw *raw);

#endif
