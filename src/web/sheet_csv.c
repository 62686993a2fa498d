/*
 * CSV through libcsv. The file is UTF-8 if all of it is and it has a BOM or a
 * character of three bytes, as every Chinese one is: two-byte characters
 * alone may as well be GBK (站 reads as an Armenian letter). Anything else
 * beyond ASCII is taken for GBK (GB18030), which is what spreadsheets on
 * Chinese systems write.
 */
#include <csv.h>
#include <errno.h>
#include <iconv.h>
#include <string.h>
#include <unistd.h>

#include "web/sheet_in.h"

enum { CHUNK = 16 * 1024, FIELD_BYTES_MAX = 64 * 1024 };

struct csv_in {
    struct csv_parser parser;
    bool parser_made;
    iconv_t gbk;       /* (iconv_t)-1: the file is UTF-8 */
    int64_t offset;    /* next byte of the file */
    char raw[CHUNK];   /* GBK bytes not converted yet */
    size_t raw_len;
    char text[4 * CHUNK]; /* UTF-8 not parsed yet */
    size_t at, len;
    bool ended;        /* the last piece was given to the parser */
    int64_t line;      /* of the byte in hand */
    int64_t row_line;  /* where the row began; 0: not yet */
    int64_t done_line; /* of the finished row */
    size_t column;
    size_t field_bytes;
    bool row_done;
    bool after_cr;
    struct sheet_in *s;
};

/* ---- which encoding ---------------------------------------------------- */

/*
 * Walks UTF-8 over chunk borders: need continuation bytes are still to come,
 * the next of them within low..high (which excludes overlong forms,
 * surrogates and what is beyond U+10FFFF).
 */
struct utf8_walk {
    int need;
    unsigned char low, high;
    bool two, long_one; /* characters of two bytes, of three or more */
};

static bool utf8_step(struct utf8_walk *w, unsigned char c)
{
    if (w->need > 0) {
        if (c < w->low || c > w->high)
            return false;
        w->need--;
        w->low = 0x80;
        w->high = 0xbf;
        return true;
    }
    w->low = c == 0xe0 ? 0xa0 : c == 0xf0 ? 0x90 : 0x80;
    w->high = c == 0xed ? 0x9f : c == 0xf4 ? 0x8f : 0xbf;
    if (c < 0x80)
        return true;
    if (c >= 0xc2 && c <= 0xdf)
        w->need = 1;
    else if (c >= 0xe0 && c <= 0xef)
        w->need = 2;
    else if (c >= 0xf0 && c <= 0xf4)
        w->need = 3;
    w->two |= w->need == 1;
    w->long_one |= w->need > 1;
    return w->need > 0;
}

/* Reads the whole file once: is it UTF-8? Notes an error if it is no text. */
static bool is_utf8(struct sheet_in *s, char *chunk)
{
    struct utf8_walk walk = { 0 };
    bool good = true;
    int64_t at = 0;

    while (at < s->size) {
        ssize_t n = pread(s->fd, chunk, CHUNK, at);

        if (n <= 0) {
            sheet_error(s, 0, "上传的文件没能读取，重新上传一次。");
            return true;
        }
        for (ssize_t i = 0; i < n; i++) {
            if (chunk[i] == '\0') {
                sheet_error(s, 0, "文件不是 .xlsx，也不是 CSV 文本。");
                return true;
            }
            good = good && utf8_step(&walk, (unsigned char)chunk[i]);
        }
        at += n;
    }
    /* A BOM is itself a character of three bytes. */
    return good && walk.need == 0 && (walk.long_one || !walk.two);
}

static void csv_close(void *p)
{
    struct csv_in *c = p;

    if (c->parser_made)
        csv_free(&c->parser);
    if (c->gbk != (iconv_t)-1)
        (void)iconv_close(c->gbk);
}

void csv_open(struct sheet_in *s)
{
    struct csv_in *c = CX_NEW(s->cx, struct csv_in);
    char bom[3];

    c->s = s;
    c->line = 1;
    c->gbk = (iconv_t)-1;
    s->csv = c;
    cx_own(s->cx, c, csv_close);
    if (!is_utf8(s, c->raw)) {
        c->gbk = iconv_open("UTF-8", "GB18030");
        if (c->gbk == (iconv_t)-1)
            cx_fail(s->cx, ERR_INTERNAL, "没能读取 GBK 文本，另存为 UTF-8。");
    } else if (pread(s->fd, bom, 3, 0) == 3 &&
               memcmp(bom, "\xef\xbb\xbf", 3) == 0) {
        c->offset = 3;
    }
    if (s->error != NULL)
        sheet_fail(s);
    if (csv_init(&c->parser,
                 CSV_STRICT | CSV_STRICT_FINI | CSV_APPEND_NULL) != 0)
        cx_fail(s->cx, ERR_INTERNAL, "上传的文件没能读取，重新上传一次。");
    c->parser_made = true;
    row_start(s);
}

/* ---- more text --------------------------------------------------------- */

static void convert(struct csv_in *c)
{
    char *in = c->raw, *out = c->text;
    size_t in_left = c->raw_len, out_left = sizeof c->text;

    if (iconv(c->gbk, &in, &in_left, &out, &out_left) == (size_t)-1 &&
        (errno == EILSEQ || (errno == EINVAL && c->offset == c->s->size)))
        sheet_error(c->s, c->line,
                    "附近的文字既不是 UTF-8 也不是 GBK，另存为 UTF-8 再上传。");
    c->len = (size_t)(out - c->text);
    memmove(c->raw, in, in_left);
    c->raw_len = in_left;
}

/* Fills c->text; false at the end of the file. */
static bool more_text(struct csv_in *c)
{
    bool gbk = c->gbk != (iconv_t)-1;
    char *to = gbk ? c->raw + c->raw_len : c->text;
    size_t room = gbk ? CHUNK - c->raw_len : CHUNK;
    ssize_t n = 0;

    c->at = c->len = 0;
    if (c->offset < c->s->size) {
        n = pread(c->s->fd, to, room, c->offset);
        if (n <= 0) {
            sheet_error(c->s, 0, "上传的文件没能读取，重新上传一次。");
            return false;
        }
        c->offset += n;
    }
    if (gbk) {
        c->raw_len += (size_t)n;
        if (c->raw_len > 0)
            convert(c);
    } else {
        c->len = (size_t)n;
    }
    return c->len > 0 && c->s->error == NULL;
}

/* ---- rows -------------------------------------------------------------- */

static void on_field(void *text, size_t len, void *arg)
{
    struct csv_in *c = arg;

    (void)row_cell(c->s, c->column++, SHEET_TEXT, text, len);
    c->field_bytes = 0;
}

static void on_row(int end, void *arg)
{
    struct csv_in *c = arg;

    (void)end;
    c->row_done = true;
    c->done_line = c->row_line;
    c->row_line = 0;
    c->column = 0;
    c->field_bytes = 0;
}

/* One byte at a time, because the parser cannot be paused after a row. */
static void feed(struct csv_in *c, char byte)
{
    if (c->row_line == 0 && byte != '\n' && byte != '\r')
        c->row_line = c->line;
    if (++c->field_bytes > FIELD_BYTES_MAX)
        sheet_error(c->s, c->row_line, "有单元格太长，也许少了一个引号。");
    else if (csv_parse(&c->parser, &byte, 1, on_field, on_row, c) != 1)
        sheet_error(c->s, c->line, "的引号不成对。");
    /* CR LF is one end of a line; old files have CR alone. */
    if (byte == '\r' || (byte == '\n' && !c->after_cr))
        c->line++;
    c->after_cr = byte == '\r';
}

int64_t csv_next(struct sheet_in *s)
{
    struct csv_in *c = s->csv;

    row_start(s);
    c->row_done = false;
    while (s->error == NULL) {
        if (c->row_done && s->filled)
            return c->done_line;
        if (c->row_done) {
            row_start(s);
            c->row_done = false;
        }
        if (c->at < c->len) {
            feed(c, c->text[c->at++]);
        } else if (!more_text(c)) {
            if (c->ended || s->error != NULL)
                return 0;
            c->ended = true;
            if (csv_fini(&c->parser, on_field, on_row, c) != 0)
                sheet_error(s, c->row_line, "的引号不成对。");
        }
    }
    return 0;
}
