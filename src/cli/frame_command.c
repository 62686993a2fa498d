/*
 * pilehub frame decode, frame encode: YKC frames between hex and JSON. The
 * one is the inverse of the other, byte for byte.
 */
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "cli/command.h"
#include "protocol/ykc/show.h"
#include "protocol/ykc/stream.h"

/* The most that is read, as hex or JSON, and the most that is written. */
enum { INPUT_MAX = 64 << 20, OUTPUT_MAX = 1 << 20 };

/* The words of the call, or standard input if there are none or a "-". */
static bool read_input(int argc, char **argv, struct buf *to)
{
    char piece[4096];
    size_t n;

    if (argc == 1 || (argc == 2 && strcmp(argv[1], "-") == 0)) {
        while ((n = fread(piece, 1, sizeof piece, stdin)) > 0)
            buf_add(to, piece, n);
    } else {
        for (int i = 1; i < argc; i++) {
            buf_puts(to, argv[i]);
            buf_putc(to, ' ');
        }
    }
    if (to->failed)
        fprintf(stderr, "pilehub: more than %d bytes of input\n", INPUT_MAX);
    return !to->failed;
}

/* Hex digits in either case; blanks, colons and dashes between are free. */
static bool read_hex(const char *text, struct buf *bytes)
{
    static const char digits[] = "0123456789abcdefABCDEF";
    const char *found;
    int half = -1, value;

    for (; *text != '\0'; text++) {
        if (strchr(" \t\r\n:-", *text) != NULL)
            continue;
        found = strchr(digits, *text);
        if (found == NULL) {
            fprintf(stderr, "pilehub: not a hex digit: %c\n", *text);
            return false;
        }
        value = (int)(found - digits);
        value = value > 15 ? value - 6 : value;
        if (half >= 0)
            buf_putc(bytes, (char)(half << 4 | value));
        half = half < 0 ? value : -1;
    }
    if (half >= 0)
        fprintf(stderr, "pilehub: half a byte at the end\n");
    return half < 0;
}

/* Prints one frame as a line of JSON; whether it could be decoded. */
static bool print_frame(const struct ykc_raw *raw)
{
    struct buf line;
    struct json_out out = { .to = &line };
    bool good;

    buf_init(&line, OUTPUT_MAX);
    good = ykc_json(&out, raw);
    must(buf_text(&line) != NULL);
    printf("%s\n", buf_text(&line));
    buf_fini(&line);
    return good;
}

/* Prints every frame that the stream holds; whether all were good. */
static bool print_stream(struct ykc_stream *s)
{
    struct ykc_raw raw;
    bool good = true;

    while (ykc_stream_next(s, 0, &raw))
        good = print_frame(&raw) && good;
    return good;
}

static int decode_bytes(const char *p, size_t n)
{
    struct ykc_stream s;
    bool good = n > 0;
    size_t room, take;
    uint8_t *at;

    if (n == 0)
        fprintf(stderr, "pilehub: no frame is there\n");
    ykc_stream_init(&s);
    for (size_t i = 0; i < n; i += take) {
        at = ykc_stream_space(&s, &room);
        take = n - i < room ? n - i : room;
        memcpy(at, p + i, take);
        ykc_stream_filled(&s, take, 0);
        good = print_stream(&s) && good;
    }
    ykc_stream_stall(&s, YKC_STALL_MS); /* nothing more will come */
    good = print_stream(&s) && good;
    if (s.counts.garbage > 0)
        fprintf(stderr, "pilehub: %u bytes belong to no valid frame\n",
                s.counts.garbage);
    return good && s.counts.garbage == 0 ? CLI_DONE : CLI_FAILED;
}

static int decode_main(const struct cli *cli, int argc, char **argv)
{
    struct buf text, bytes;
    int code = CLI_FAILED;

    (void)cli;
    buf_init(&text, INPUT_MAX);
    buf_init(&bytes, INPUT_MAX);
    if (read_input(argc, argv, &text) &&
        read_hex(buf_text(&text), &bytes))
        code = decode_bytes(bytes.data, bytes.len);
    buf_fini(&bytes);
    buf_fini(&text);
    return code;
}

/*
 * JSON with every number as a text, so that 402.5 arrives as it was written:
 * jansson would make a binary fraction of it.
 */
static void quote_numbers(const char *text, struct buf *out)
{
    bool in_text = false;
    size_t n;

    while (*text != '\0') {
        n = in_text ? 0 : strspn(text, "-+.0123456789eE");
        if (n > 0 && strchr("-0123456789", *text) != NULL) {
            buf_putc(out, '"');
            buf_add(out, text, n);
            buf_putc(out, '"');
            text += n;
            continue;
        }
        if (*text == '"')
            in_text = !in_text;
        if (in_text && text[0] == '\\' && text[1] != '\0')
            buf_putc(out, *text++);
        buf_putc(out, *text++);
    }
}

static bool complain(const char *name, const char *what)
{
    fprintf(stderr, "pilehub: %s: %s\n", name, what);
    return false;
}

/* The text of a scalar: "" for null. NULL for anything else. */
static const char *scalar(const json_t *v)
{
    return json_is_null(v) ? "" : json_string_value(v);
}

/* A number of the head; what is not there is 0. */
static bool head_number(const json_t *o, const char *name, unsigned max,
                        unsigned *out)
{
    const json_t *v = json_object_get(o, name);
    const char *text = scalar(v);
    unsigned value = 0;

    if (v != NULL && text == NULL)
        return complain(name, "must be a number");
    for (; text != NULL && *text != '\0'; text++) {
        if (*text < '0' || *text > '9')
            return complain(name, "must be a number");
        value = value * 10 + (unsigned)(*text - '0');
        if (value > max)
            return complain(name, "is too large");
    }
    *out = value;
    return true;
}

/* Elements of an array as "3,3,1". */
static bool join(const json_t *list, char out[WIRE_TEXT])
{
    size_t n = 0;

    out[0] = '\0';
    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *one = scalar(json_array_get(list, i));

        if (one == NULL || n + strlen(one) + 2 > WIRE_TEXT)
            return false;
        n += (size_t)snprintf(out + n, WIRE_TEXT - n, "%s%s",
                              i == 0 ? "" : ",", one);
    }
    return true;
}

/* The member "<name>_raw", or NULL. */
static const json_t *raw_member(const json_t *o, const char *name)
{
    char key[64];

    snprintf(key, sizeof key, "%s_raw", name);
    return json_object_get(o, key);
}

static bool set_field(const json_t *o, const struct wire_field *f, void *p)
{
    const json_t *v = json_object_get(o, f->name);
    const json_t *raw = raw_member(o, f->name);
    char text[WIRE_TEXT];

    if (raw != NULL)
        return (json_is_string(raw) &&
                wire_unhex(json_string_value(raw), (char *)p + f->at,
                           f->size)) ||
               complain(f->name, "_raw must be its bytes in hex");
    if (v == NULL)
        return true; /* zero */
    if (f->kind == WIRE_LIST8 ? !join(v, text) : scalar(v) == NULL)
        return complain(f->name, "has the wrong type");
    if (wire_parse(f, p, f->kind == WIRE_LIST8 ? text : scalar(v)) != WIRE_OK)
        return complain(f->name, "has a value that the frame cannot carry");
    return true;
}

static bool has_field(struct wire_fields fields, const char *key)
{
    for (size_t i = 0; i < fields.n; i++) {
        const char *name = fields.v[i].name;
        size_t n = strlen(name);

        if (strncmp(key, name, n) == 0 &&
            (key[n] == '\0' || strcmp(key + n, "_raw") == 0))
            return true;
    }
    return false;
}

/* Every member must mean something: a misspelt one would be lost. */
static bool members_known(const json_t *o, struct wire_fields fields,
                          const char *rest)
{
    static const char *const others[] = {
        "type", "name", "title", "direction", "sequence", "encryption",
        "crc", "tail", "body_length", "summary", "words", "error", "body",
    };
    const char *key;
    json_t *v;

    json_object_foreach((json_t *)o, key, v) {
        bool known = has_field(fields, key);

        for (size_t i = 0; rest != NULL && i < COUNT(others); i++)
            known = known || strcmp(key, others[i]) == 0;
        if (rest != NULL && strncmp(key, rest, strlen(rest)) == 0)
            known = true;
        if (!known)
            return complain(key, "is no member of this frame");
    }
    return true;
}

static bool set_fields(const json_t *o, struct wire_fields fields, void *p)
{
    for (size_t i = 0; i < fields.n; i++)
        if (!set_field(o, &fields.v[i], p))
            return false;
    return true;
}

static bool set_prefix(const json_t *o, const struct ykc_frame *f, void *p,
                       size_t *count)
{
    const json_t *v = json_object_get(o, f->rest_name);
    const json_t *raw = raw_member(o, f->rest_name);
    const char *text = json_string_value(raw != NULL ? raw : v);
    char *at = (char *)p + f->items_at;

    *count = text == NULL ? 0 : strlen(text) / (raw != NULL ? 2 : 1);
    if (*count > f->item_max)
        return complain(f->rest_name, "is too long");
    if (raw != NULL)
        return (text != NULL && wire_unhex(text, at, *count)) ||
               complain(f->rest_name, "_raw must be hex");
    if (v != NULL && text == NULL)
        return complain(f->rest_name, "must be a text");
    memcpy(at, text == NULL ? "" : text, *count);
    return true;
}

static bool set_items(const json_t *o, const struct ykc_frame *f, void *p,
                      size_t *count)
{
    const json_t *list = json_object_get(o, f->rest_name), *item;
    char *at = (char *)p + f->items_at;

    *count = json_array_size(list);
    if (list != NULL && !json_is_array(list))
        return complain(f->rest_name, "must be an array");
    if (*count > f->item_max)
        return complain(f->rest_name, "has too many items");
    for (size_t i = 0; i < *count; i++) {
        item = json_array_get(list, i);
        if (!json_is_object(item))
            return complain(f->rest_name, "must hold objects");
        if (!members_known(item, f->item, NULL) ||
            !set_fields(item, f->item, at + i * f->item_struct))
            return false;
    }
    return true;
}

/* Items or text after the fields; a count that is given must agree. */
static bool set_rest(const json_t *o, const struct ykc_frame *f, void *p)
{
    const struct wire_field *counter = &f->fields.v[f->fields.n - 1];
    size_t count;

    if (f->rest == YKC_TEXT ? !set_prefix(o, f, p, &count)
                            : !set_items(o, f, p, &count))
        return false;
    if (json_object_get(o, counter->name) != NULL &&
        wire_number(counter, p) != count)
        return complain(counter->name, "does not agree with what follows");
    wire_set_number(counter, p, count);
    return true;
}

static bool set_raw(const json_t *o, const char *name, uint8_t *to,
                    size_t room, size_t *n)
{
    const json_t *v = json_object_get(o, name);
    const char *text = json_string_value(v);

    *n = text == NULL ? 0 : strlen(text) / 2;
    if (v == NULL)
        return true;
    return (text != NULL && *n <= room && wire_unhex(text, to, *n)) ||
           complain(name, "must be hex that fits the frame");
}

/* The body of a frame that the tables know. */
static bool make_body(const json_t *o, const struct ykc_frame *f,
                      uint8_t body[YKC_MAX_BODY], size_t *n)
{
    union ykc_any any;
    unsigned shorter;
    size_t tail;

    memset(&any, 0, sizeof any);
    if (!members_known(o, f->fields,
                       f->rest_name == NULL ? "words" : f->rest_name) ||
        !set_fields(o, f->fields, &any) ||
        !head_number(o, "body_length", f->size, &shorter))
        return false;
    if (f->rest != YKC_NOTHING && !set_rest(o, f, &any))
        return false;
    if (ykc_encode(f, &any, body, YKC_MAX_BODY, n) != WIRE_OK)
        return complain(f->name, "does not fit a frame");
    if (shorter >= f->least && shorter < *n)
        *n = shorter;
    if (!set_raw(o, "tail", body + *n, YKC_MAX_BODY - *n, &tail))
        return false;
    *n += tail;
    return true;
}

static bool make_head(const json_t *o, struct ykc_head *head)
{
    const char *type = json_string_value(json_object_get(o, "type"));
    const char *name = json_string_value(json_object_get(o, "name"));
    const char *crc = json_string_value(json_object_get(o, "crc"));
    const struct ykc_frame *f = name == NULL ? NULL : ykc_frame_named(name);
    unsigned sequence, encryption;
    uint8_t byte = 0;

    memset(head, 0, sizeof *head);
    if (name != NULL && f == NULL)
        return complain("name", "is the name of no frame");
    if (type == NULL && f == NULL)
        return complain("type", "is missing");
    if (type != NULL && (strncmp(type, "0x", 2) != 0 ||
                         !wire_unhex(type + 2, &byte, 1)))
        return complain("type", "must look like \"0x3B\"");
    if (name != NULL && type != NULL && ykc_frame(byte) != f)
        return complain("name", "is not the name of this type");
    if (!head_number(o, "sequence", 65535, &sequence) ||
        !head_number(o, "encryption", 255, &encryption))
        return false;
    if (crc != NULL && strcmp(crc, "swapped") != 0 && strcmp(crc, "low") != 0)
        return complain("crc", "must be \"low\" or \"swapped\"");
    head->type = type == NULL ? f->type : byte;
    head->encryption = (uint8_t)encryption;
    head->sequence[0] = (uint8_t)sequence;
    head->sequence[1] = (uint8_t)(sequence >> 8);
    if (crc != NULL && crc[0] == 's')
        head->crc = YKC_CRC_SWAPPED;
    return true;
}

static bool encode_object(const json_t *o)
{
    uint8_t body[YKC_MAX_BODY], out[YKC_MAX_FRAME];
    char hex[2 * YKC_MAX_FRAME + 1];
    struct ykc_head head;
    size_t n, len;
    bool good;

    if (!json_is_object(o))
        return complain("input", "must be objects, one a frame");
    if (!make_head(o, &head))
        return false;
    if (json_object_get(o, "body") != NULL)
        good = set_raw(o, "body", body, sizeof body, &n);
    else if (ykc_frame(head.type) == NULL)
        good = complain("type", "is unknown: give its \"body\" in hex");
    else
        good = make_body(o, ykc_frame(head.type), body, &n);
    if (!good)
        return false;
    must(ykc_seal(&head, body, n, out, sizeof out, &len) == WIRE_OK);
    printf("%s\n", wire_hex(out, len, hex));
    return true;
}

/* One object after another, as frame decode prints them. */
static int encode_text(const char *text, size_t n)
{
    size_t blank = strspn(text, " \t\r\n");
    json_error_t error;
    json_t *o;
    bool good = blank < n || complain("input", "no JSON is there");

    while (good && blank < n) {
        text += blank;
        n -= blank;
        o = json_loadb(text, n, JSON_DISABLE_EOF_CHECK |
                       JSON_REJECT_DUPLICATES, &error);
        if (o == NULL)
            good = complain("input is not JSON", error.text);
        else
            good = encode_object(o);
        json_decref(o);
        if (good) {
            text += error.position;
            n -= (size_t)error.position;
            blank = strspn(text, " \t\r\n");
        }
    }
    return good ? CLI_DONE : CLI_FAILED;
}

static int encode_main(const struct cli *cli, int argc, char **argv)
{
    struct buf text, quoted;
    int code = CLI_FAILED;

    (void)cli;
    buf_init(&text, INPUT_MAX);
    buf_init(&quoted, INPUT_MAX);
    if (read_input(argc, argv, &text)) {
        quote_numbers(buf_text(&text), &quoted);
        if (buf_text(&quoted) != NULL)
            code = encode_text(buf_text(&quoted), quoted.len);
    }
    buf_fini(&quoted);
    buf_fini(&text);
    return code;
}

const struct command frame_decode_command = {
    .name = "frame decode", .args = "HEX...",
    .summary = "Print YKC frames as JSON, one object a line",
    .help =
        "HEX is one frame or many; blanks, colons and dashes are free, and\n"
        "without HEX or with - it is read from standard input. Members are\n"
        "named as in the tables of the protocol and hold physical values:\n"
        "\"output_voltage\":402.5 is volts. Bits and codes are explained\n"
        "under \"words\".\n"
        "Exits with 1 unless every byte belonged to a valid frame that the\n"
        "tables know.",
    .run = decode_main,
};

const struct command frame_encode_command = {
    .name = "frame encode", .args = "JSON",
    .summary = "Make YKC frames of JSON; the inverse of frame decode",
    .help =
        "JSON is one object or many, as frame decode prints them; without\n"
        "JSON or with - it is read from standard input. \"type\":\"0x03\" or\n"
        "\"name\":\"heartbeat\" says which frame; members that are not there\n"
        "are zero; title, direction, summary, words and error are ignored.\n"
        "Prints each frame as a line of hex. Exits with 1 if an object is no\n"
        "frame or holds a value that the frame cannot carry.",
    .run = encode_main,
};
