/*
 * xlsx through libxlsxwriter, whose constant_memory mode writes each row to a
 * temporary file as soon as the next one begins (measured: 4 MB against 124
 * for 100,000 x 10 cells), and CSV by hand.
 */
#include "web/sheet_write.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xlsxwriter.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/log.h"

enum { LINE_MAX_BYTES = 4 * 1024 * 1024, WIDTH_MIN = 8, WIDTH_MAX = 60 };

struct sheet_out {
    struct cx *cx;
    enum sheet_format format;
    const char *dir;
    const char *path; /* NULL once removed or kept */
    int fd;           /* the file, for reading */
    struct sheet_column columns[SHEET_COLUMNS_MAX];
    size_t count;
    int64_t rows;
    bool failed;
    FILE *csv;
    struct buf line;
    lxw_workbook *book;
    lxw_worksheet *sheet;
    lxw_format *number[10]; /* by decimal places */
    lxw_format *when[SHEET_WHENS];
    lxw_format *head;
};

const char *sheet_suffix(enum sheet_format format)
{
    return format == SHEET_CSV ? ".csv" : ".xlsx";
}

const char *sheet_content_type(enum sheet_format format)
{
    return format == SHEET_CSV
               ? "text/csv; charset=utf-8"
               : "application/vnd.openxmlformats-officedocument"
                 ".spreadsheetml.sheet";
}

bool sheet_format_read(const char *text, enum sheet_format *out)
{
    if (strcmp(text, "xlsx") == 0)
        *out = SHEET_XLSX;
    else if (strcmp(text, "csv") == 0)
        *out = SHEET_CSV;
    else
        return false;
    return true;
}

/* Bytes of text that may stand in one cell, whole characters only. */
static size_t cell_length(const char *text)
{
    size_t len = strnlen(text, SHEET_CELL_MAX);

    while (text[len] != '\0' && ((unsigned char)text[len] & 0xc0) == 0x80)
        len--;
    return len;
}

/*
 * The text as one cell: a quote in front of what would be a formula, no
 * control characters (XML cannot hold them), marks doubled for CSV.
 */
static void put_text(struct buf *b, const char *text, bool csv)
{
    size_t len = cell_length(text);

    if (*text != '\0' && strchr("=+-@\t\r", *text) != NULL)
        buf_putc(b, '\'');
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];

        if (csv && c == '"')
            buf_putc(b, '"');
        buf_putc(b, c < ' ' && c != '\n' && c != '\t' && c != '\r' ? ' '
                                                                  : (char)c);
    }
}

/* ---- opening ----------------------------------------------------------- */

/* An unfinished workbook: the library frees its memory, but leaves the file
   open that holds the rows so far. */
static void book_drop(struct sheet_out *s)
{
    if (s->sheet != NULL && s->sheet->optimize_tmpfile != NULL)
        (void)fclose(s->sheet->optimize_tmpfile);
    lxw_workbook_free(s->book);
}

static void out_close(void *p)
{
    struct sheet_out *s = p;

    if (s->book != NULL)
        book_drop(s);
    if (s->csv != NULL)
        (void)fclose(s->csv);
    if (s->path != NULL)
        (void)unlink(s->path);
    buf_fini(&s->line);
    (void)close(s->fd);
}

/* Excel shows ##### where a time does not fit. */
static const struct {
    const char *format;
    int width;
} whens[SHEET_WHENS] = {
    [SHEET_NO_TIME] = { "", 0 },
    [SHEET_MOMENT] = { "yyyy-mm-dd hh:mm:ss", 20 },
    [SHEET_DAY] = { "yyyy-mm-dd", 12 },
    [SHEET_SPAN] = { "[h]:mm:ss", 10 },
};

static void book_open(struct sheet_out *s)
{
    lxw_workbook_options options = {
        .constant_memory = LXW_TRUE, .tmpdir = cx_strdup(s->cx, s->dir),
    };

    s->book = workbook_new_opt(s->path, &options);
    if (s->book == NULL)
        cx_fail_memory(s->cx);
    s->sheet = workbook_add_worksheet(s->book, NULL);
    s->head = workbook_add_format(s->book);
    if (s->sheet == NULL || s->head == NULL)
        cx_fail_memory(s->cx);
    format_set_bold(s->head);
    worksheet_freeze_panes(s->sheet, 1, 0);
    for (size_t i = 0; i < s->count; i++) {
        int width = s->columns[i].width;

        if (width == 0)
            width = whens[s->columns[i].when].width;
        if (width < WIDTH_MIN)
            width = (int)strlen(s->columns[i].title) + 2;
        if (width > WIDTH_MAX)
            width = WIDTH_MAX;
        worksheet_set_column(s->sheet, (lxw_col_t)i, (lxw_col_t)i,
                             width < WIDTH_MIN ? WIDTH_MIN : width, NULL);
    }
}

/* A line or cell did not get out: for want of memory the same may succeed
   later, for want of disk it is the file's end. */
static void failed(struct sheet_out *s, lxw_error e)
{
    if (s->line.starved || e == LXW_ERROR_MEMORY_MALLOC_FAILED)
        cx_fail_memory(s->cx);
    s->failed = true;
}

/* The format of numbers with that many places, made at first use. */
static lxw_format *number_format(struct sheet_out *s, int places)
{
    must(places >= 0 && (size_t)places < COUNT(s->number));
    if (s->number[places] == NULL) {
        s->number[places] = workbook_add_format(s->book);
        if (s->number[places] == NULL)
            cx_fail_memory(s->cx);
        format_set_num_format(s->number[places],
                              places == 0 ? "0"
                                          : cx_printf(s->cx, "0.%0*d", places,
                                                      0));
    }
    return s->number[places];
}

static lxw_format *when_format(struct sheet_out *s, enum sheet_when when)
{
    if (s->when[when] == NULL) {
        s->when[when] = workbook_add_format(s->book);
        if (s->when[when] == NULL)
            cx_fail_memory(s->cx);
        format_set_num_format(s->when[when], whens[when].format);
    }
    return s->when[when];
}

static void csv_open(struct sheet_out *s)
{
    int fd = dup(s->fd);

    if (fd < 0)
        cx_fail(s->cx, ERR_INTERNAL, "导出文件没能建立，稍后再试。");
    s->csv = fdopen(fd, "w");
    if (s->csv == NULL) { /* it allocates, and does nothing else that fails */
        (void)close(fd);
        cx_fail_memory(s->cx);
    }
}

static void heading(struct sheet_out *s)
{
    for (size_t i = 0; i < s->count; i++) {
        const char *title = s->columns[i].title;

        if (s->format == SHEET_CSV) {
            buf_puts(&s->line, i == 0 ? "\"" : ",\"");
            buf_puts(&s->line, title);
            buf_putc(&s->line, '"');
        } else {
            lxw_error e = worksheet_write_string(s->sheet, 0, (lxw_col_t)i,
                                                 title, s->head);

            if (e != LXW_NO_ERROR)
                failed(s, e);
        }
    }
    if (s->format == SHEET_CSV) {
        buf_puts(&s->line, "\r\n");
        if (buf_text(&s->line) == NULL || fputs("\xef\xbb\xbf", s->csv) < 0 ||
            fwrite(s->line.data, 1, s->line.len, s->csv) != s->line.len)
            failed(s, LXW_NO_ERROR);
    }
}

struct sheet_out *sheet_create(struct cx *cx, enum sheet_format format,
                               const char *dir,
                               const struct sheet_column *columns,
                               size_t count)
{
    struct sheet_out *s = CX_NEW(cx, struct sheet_out);
    char *path = cx_printf(cx, "%s/.sheet-XXXXXX", dir);

    must(count > 0 && count <= SHEET_COLUMNS_MAX);
    s->cx = cx;
    s->format = format;
    s->dir = cx_strdup(cx, dir);
    memcpy(s->columns, columns, count * sizeof columns[0]);
    s->count = count;
    buf_init(&s->line, LINE_MAX_BYTES);
    s->fd = mkstemp(path);
    if (s->fd < 0) {
        log_error("sheet.create", F_TEXT("dir", dir));
        cx_fail(cx, ERR_INTERNAL, "导出文件没能建立，稍后再试。");
    }
    s->path = path;
    cx_own(cx, s, out_close);
    if (format == SHEET_XLSX) {
        book_open(s);
    } else {
        csv_open(s);
    }
    heading(s);
    return s;
}

/* ---- rows -------------------------------------------------------------- */

static void csv_row(struct sheet_out *s, const char *const *cells)
{
    buf_clear(&s->line);
    for (size_t i = 0; i < s->count; i++) {
        if (i > 0)
            buf_putc(&s->line, ',');
        if (cells[i] == NULL || *cells[i] == '\0')
            continue;
        if (s->columns[i].number) {
            buf_puts(&s->line, cells[i]);
        } else {
            buf_putc(&s->line, '"');
            put_text(&s->line, cells[i], true);
            buf_putc(&s->line, '"');
        }
    }
    buf_puts(&s->line, "\r\n");
    if (buf_text(&s->line) == NULL ||
        fwrite(s->line.data, 1, s->line.len, s->csv) != s->line.len)
        failed(s, LXW_NO_ERROR);
}

/* The text as a cell of the running row. One buffer serves all: the library
   has written it to its own row when it returns. */
static lxw_error book_text(struct sheet_out *s, lxw_row_t row, lxw_col_t col,
                           const char *text)
{
    buf_clear(&s->line);
    put_text(&s->line, text, false);
    if (buf_text(&s->line) == NULL)
        return LXW_ERROR_MEMORY_MALLOC_FAILED;
    return worksheet_write_string(s->sheet, row, col, s->line.data, NULL);
}

/* False if the text is no such time: Excel counts its days from 1900 on. */
static bool when_read(enum sheet_when when, const char *text,
                      lxw_datetime *out)
{
    int sec = 0, end = 0;

    *out = (lxw_datetime){ 0 };
    if (when == SHEET_MOMENT)
        (void)sscanf(text, "%4d-%2d-%2d %2d:%2d:%2d%n", &out->year,
                     &out->month, &out->day, &out->hour, &out->min, &sec,
                     &end);
    else if (when == SHEET_DAY)
        (void)sscanf(text, "%4d-%2d-%2d%n", &out->year, &out->month,
                     &out->day, &end);
    else
        (void)sscanf(text, "%6d:%2d:%2d%n", &out->hour, &out->min, &sec,
                     &end);
    out->sec = sec;
    return end > 0 && text[end] == '\0' && strchr("-+ ", *text) == NULL &&
           (when == SHEET_SPAN || out->year >= 1900);
}

static lxw_error book_when(struct sheet_out *s, lxw_row_t row, lxw_col_t col,
                           const char *text)
{
    enum sheet_when when = s->columns[col].when;
    lxw_datetime t;

    if (when == SHEET_NO_TIME || !when_read(when, text, &t))
        return book_text(s, row, col, text);
    return worksheet_write_datetime(s->sheet, row, col, &t,
                                    when_format(s, when));
}

static void book_row(struct sheet_out *s, const char *const *cells)
{
    lxw_row_t row = (lxw_row_t)(s->rows + 1);

    for (size_t i = 0; i < s->count; i++) {
        lxw_col_t col = (lxw_col_t)i;
        lxw_error e;

        if (cells[i] == NULL || *cells[i] == '\0')
            continue;
        /* The library takes numbers only as binary floating point, which is
           what Excel stores; our decimal text is converted once, here, and
           nobody computes with the result. */
        if (s->columns[i].number)
            e = worksheet_write_number(s->sheet, row, col,
                                       strtod(cells[i], NULL),
                                       number_format(s, s->columns[i].places));
        else
            e = book_when(s, row, col, cells[i]);
        if (e != LXW_NO_ERROR)
            failed(s, e);
    }
}

void sheet_row(struct sheet_out *s, const char *const *cells)
{
    if (s->rows == SHEET_ROWS_MAX)
        cx_fail(s->cx, ERR_TOO_LARGE,
                "一个文件最多 %d 行，缩小筛选条件后再导出。", SHEET_ROWS_MAX);
    if (s->format == SHEET_CSV)
        csv_row(s, cells);
    else
        book_row(s, cells);
    s->rows++;
}

int64_t sheet_rows(const struct sheet_out *s)
{
    return s->rows;
}

/* ---- closing ----------------------------------------------------------- */

int sheet_finish(struct sheet_out *s, int64_t *size)
{
    off_t end;

    if (s->csv != NULL) {
        if (fclose(s->csv) != 0)
            s->failed = true;
        s->csv = NULL;
    }
    if (s->book != NULL) {
        /* Closing frees the workbook, whatever it returns. */
        lxw_error e = workbook_close(s->book);

        s->book = NULL;
        if (e != LXW_NO_ERROR)
            failed(s, e);
    }
    end = lseek(s->fd, 0, SEEK_END);
    if (s->failed || end < 0 || lseek(s->fd, 0, SEEK_SET) != 0) {
        log_error("sheet.write", F_TEXT("dir", s->dir), F_INT("rows", s->rows));
        cx_fail(s->cx, ERR_INTERNAL, "导出文件没能写完，可能磁盘已满。");
    }
    *size = end;
    return s->fd;
}

void sheet_keep(struct sheet_out *s, const char *name)
{
    const char *to = cx_printf(s->cx, "%s/%s", s->dir, name);

    must(strchr(name, '/') == NULL);
    if (rename(s->path, to) != 0) {
        log_error("sheet.keep", F_TEXT("file", to));
        cx_fail(s->cx, ERR_INTERNAL, "导出文件没能保存，稍后再试。");
    }
    s->path = NULL;
}
