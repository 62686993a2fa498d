/*
 * Uploaded tables: which kind, the row, and the numbers of spreadsheets. The
 * formats themselves are in sheet_xlsx.c and sheet_csv.c.
 */
#include "web/sheet_read.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/money.h"
#include "web/sheet_in.h"

void sheet_error(struct sheet_in *s, int64_t row, const char *text)
{
    if (s->error == NULL) {
        s->error = text;
        s->error_row = row;
    }
}

void sheet_fail(struct sheet_in *s)
{
    must(s->error != NULL);
    if (s->error_row > 0)
        cx_fail_field(s->cx, "file", "第 %lld 行%s",
                      (long long)s->error_row, s->error);
    cx_fail_field(s->cx, "file", "%s", s->error);
}

/* ---- the row ----------------------------------------------------------- */

void row_start(struct sheet_in *s)
{
    buf_clear(&s->line);
    buf_putc(&s->line, '\0'); /* what offset 0 means: nothing */
    memset(s->at, 0, sizeof s->at);
    memset(s->kinds, 0, sizeof s->kinds);
    s->count = 0;
    s->filled = false;
}

bool row_cell(struct sheet_in *s, size_t column, enum sheet_cell kind,
              const char *text, size_t len)
{
    if (len == 0)
        return true;
    if (column >= SHEET_IN_COLUMNS_MAX) {
        sheet_error(s, 0, "列太多，最多 128 列。用下载的模板填写。");
        return false;
    }
    if (len > SHEET_IN_CELL_MAX) {
        sheet_error(s, 0, "有单元格的内容太长，最多约 1,300 个字。");
        return false;
    }
    s->at[column] = s->line.len;
    s->kinds[column] = kind;
    buf_add(&s->line, text, len);
    buf_putc(&s->line, '\0');
    if (s->count <= column)
        s->count = column + 1;
    s->filled = true;
    return true;
}

/* ---- opening and walking ----------------------------------------------- */

static void line_free(void *p)
{
    buf_fini(p);
}

struct sheet_in *sheet_open(struct cx *cx, int fd)
{
    static const unsigned char zip[] = { 'P', 'K', 3, 4 };
    static const unsigned char ole[] = { 0xd0, 0xcf, 0x11, 0xe0 };
    struct sheet_in *s = CX_NEW(cx, struct sheet_in);
    unsigned char head[4] = { 0 };
    struct stat st;

    s->cx = cx;
    s->fd = fd;
    buf_init(&s->line, SHEET_IN_COLUMNS_MAX * (SHEET_IN_CELL_MAX + 2));
    cx_own(cx, &s->line, line_free);
    if (fstat(fd, &st) != 0)
        cx_fail(cx, ERR_INTERNAL, "上传的文件没能读取，重新上传一次。");
    s->size = st.st_size;
    if (s->size == 0)
        cx_fail_field(cx, "file", "文件是空的。");
    if (s->size > SHEET_IN_BYTES_MAX)
        cx_fail_field(cx, "file", "文件太大，最多 50 MB。");
    if (pread(fd, head, sizeof head, 0) < 0)
        cx_fail(cx, ERR_INTERNAL, "上传的文件没能读取，重新上传一次。");
    if (memcmp(head, ole, sizeof ole) == 0)
        cx_fail_field(cx, "file",
                      "这是旧版 .xls 或加密的文件，另存为 .xlsx 后再上传。");
    if (memcmp(head, zip, sizeof zip) == 0)
        xlsx_open(s);
    else
        csv_open(s);
    return s;
}

bool sheet_next(struct sheet_in *s, struct sheet_row *row)
{
    int64_t number = s->xlsx != NULL ? xlsx_next(s) : csv_next(s);

    if (s->error != NULL)
        sheet_fail(s);
    if (number == 0)
        return false;
    if (s->rows > SHEET_IN_ROWS_MAX)
        cx_fail_field(s->cx, "file", "行数太多，一次最多导入 %d 行。",
                      SHEET_IN_ROWS_MAX);
    if (s->line.starved)
        cx_fail_memory(s->cx);
    if (buf_text(&s->line) == NULL)
        cx_fail_field(s->cx, "file", "第 %lld 行太长。", (long long)number);
    s->rows++;
    for (size_t i = 0; i < s->count; i++)
        s->cells[i] = s->line.data + s->at[i];
    *row = (struct sheet_row){
        .number = number, .count = s->count, .cells = s->cells,
        .kinds = s->kinds,
    };
    return true;
}

/* ---- numbers ----------------------------------------------------------- */

enum {
    DIGITS = 15,        /* what a spreadsheet keeps */
    DIGITS_READ = 40,   /* more significant digits than that are no number */
    EXPONENT_MAX = 30,
};

/* Rounds n digits half up to DIGITS; *point is where the decimal point stands
   before digits[*point]. Returns how many digits are left. */
static int round_digits(char *digits, int n, int *point)
{
    if (n <= DIGITS)
        return n;
    if (digits[DIGITS] >= '5') {
        int i = DIGITS - 1;

        while (i >= 0 && digits[i] == '9')
            digits[i--] = '0';
        if (i < 0) {
            memmove(digits + 1, digits, DIGITS - 1);
            digits[0] = '1';
            ++*point;
        } else {
            digits[i]++;
        }
    }
    return DIGITS;
}

/* Digits and where their point stands, as plain text without needless
   zeros. */
static void write_number(bool negative, const char *digits, int n, int point,
                         char *out)
{
    while (n > 0 && n > point && digits[n - 1] == '0')
        n--;
    if (n == 0) {
        out[0] = '0';
        out[1] = '\0';
        return;
    }
    if (negative)
        *out++ = '-';
    if (point <= 0)
        *out++ = '0';
    for (int i = 0; i < point; i++)
        *out++ = i < n ? digits[i] : '0';
    if (n > point) {
        *out++ = '.';
        for (int i = point; i < 0; i++)
            *out++ = '0';
        for (int i = point > 0 ? point : 0; i < n; i++)
            *out++ = digits[i];
    }
    *out = '\0';
}

bool sheet_number(const char *text, char out[SHEET_NUMBER_TEXT])
{
    char digits[DIGITS_READ];
    int n = 0, point = 0;
    bool negative = *text == '-', seen_point = false, seen_digit = false;
    const char *p = text;

    if (*p == '-' || *p == '+')
        p++;
    for (; (*p >= '0' && *p <= '9') || (*p == '.' && !seen_point); p++) {
        if (*p == '.') {
            seen_point = true;
            continue;
        }
        seen_digit = true;
        if (n == 0 && *p == '0') {
            point -= seen_point; /* a leading zero says nothing */
            continue;
        }
        if (n == DIGITS_READ)
            return false;
        digits[n++] = *p;
        point += !seen_point;
    }
    if (!seen_digit)
        return false;
    if (*p == 'e' || *p == 'E') {
        char *end;
        long e = strtol(p + 1, &end, 10);

        if (end == p + 1 || e > EXPONENT_MAX || e < -EXPONENT_MAX)
            return false;
        p = end;
        point += (int)e;
    }
    if (*p != '\0' || point > EXPONENT_MAX || point < -EXPONENT_MAX)
        return false;
    n = round_digits(digits, n, &point);
    write_number(negative, digits, n, point, out);
    return true;
}

enum { DAYS_TO_1970 = 25569, DAYS_1904 = 1462, DAYS_MAX = 2958465 };

bool sheet_is_1904(const struct sheet_in *s)
{
    return s->date1904;
}

bool sheet_date(bool since_1904, const char *number, stamp *out)
{
    const int64_t unit = 10000000000; /* 10^-10 day is 9 us */
    const struct civil origin = { .year = 1970, .month = 1, .day = 1 };
    char plain[SHEET_NUMBER_TEXT];
    const char *point;
    int64_t days;

    if (!sheet_number(number, plain))
        return false;
    point = strchr(plain, '.');
    if (point != NULL && strlen(point) > 11)
        plain[(point - plain) + 11] = '\0';
    if (!decimal_parse(plain, 10, &days) || days < 0 ||
        days / unit > DAYS_MAX)
        return false;
    if (since_1904)
        days += DAYS_1904 * unit;
    days -= DAYS_TO_1970 * unit;
    if (days < 0)
        return false;
    /* To the nearest second: a spreadsheet's time is no better. */
    *out = stamp_from_civil(&origin);
    out->ms += days / unit * DAY_MS +
               (days % unit * (DAY_MS / 1000) + unit / 2) / unit * 1000;
    return true;
}
