/*
 * Sheets: what is written can be read back, and what a stranger uploads is
 * read or refused with a sentence, never anything else (rules I4, U2).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zip.h>

#include "base/buf.h"
#include "web/sheet_read.h"
#include "web/sheet_write.h"

static struct cx *cx;
static char dir[] = "/tmp/test_sheet_XXXXXX";

static int group_setup(void **state)
{
    (void)state;
    return mkdtemp(dir) == NULL;
}

static int group_teardown(void **state)
{
    (void)state;
    return rmdir(dir); /* fails if anything was left behind */
}

static int setup(void **state)
{
    (void)state;
    cx = cx_new(NULL, NULL, 64 << 20);
    cx_begin(cx);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    cx_free(cx);
    return 0;
}

static int file_of(const void *data, size_t len)
{
    int fd = memfd_create("sheet", MFD_CLOEXEC);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, data, len), len);
    return fd;
}

/* ---- reading everything ------------------------------------------------ */

struct reading {
    int fd;
    struct buf text; /* "number:cell,cell\n", numbers marked with # */
};

static void read_all(struct cx *c, void *arg)
{
    struct reading *r = arg;
    struct sheet_in *s = sheet_open(c, r->fd);
    struct sheet_row row;

    while (sheet_next(s, &row)) {
        buf_printf(&r->text, "%lld:", (long long)row.number);
        for (size_t i = 0; i < row.count; i++)
            buf_printf(&r->text, "%s%s%s", i == 0 ? "" : ",",
                       row.kinds[i] == SHEET_NUMBER ? "#" :
                       row.kinds[i] == SHEET_ERROR ? "!" : "",
                       row.cells[i]);
        buf_putc(&r->text, '\n');
    }
}

/* The rows of the file as text, or the sentence it is refused with. */
static const char *reading_of(int fd)
{
    struct reading r = { .fd = fd };
    const char *out;

    buf_init(&r.text, 8 << 20);
    if (cx_run(cx, read_all, &r))
        out = cx_strdup(cx, r.text.len == 0 ? "" : buf_text(&r.text));
    else
        out = cx_strdup(cx, cx->error.text);
    buf_fini(&r.text);
    (void)close(fd);
    return out;
}

static const char *csv(const char *text)
{
    return reading_of(file_of(text, strlen(text)));
}

/* ---- archives made by hand --------------------------------------------- */

struct part { const char *path, *text; };

#define WORKBOOK "<workbook><sheets><sheet name='S' sheetId='1' r:id='r1'" \
                 " xmlns:r='x'/></sheets></workbook>"
#define RELATIONS "<Relationships><Relationship Id='r1' Type='x/worksheet'" \
                  " Target='worksheets/sheet1.xml'/><Relationship Id='r2'" \
                  " Type='x/sharedStrings' Target='/xl/strings.xml'/>" \
                  "</Relationships>"

static int zip_of(const struct part *parts, size_t count)
{
    char *path = cx_printf(cx, "%s/made.zip", dir);
    zip_t *z = zip_open(path, ZIP_CREATE | ZIP_TRUNCATE, NULL);
    int fd;

    assert_non_null(z);
    for (size_t i = 0; i < count; i++) {
        zip_source_t *from = zip_source_buffer(z, parts[i].text,
                                               strlen(parts[i].text), 0);
        assert_true(zip_file_add(z, parts[i].path, from, 0) >= 0);
    }
    assert_int_equal(zip_close(z), 0);
    fd = memfd_create("zip", MFD_CLOEXEC);
    {
        FILE *f = fopen(path, "rb");
        char chunk[4096];
        size_t n;

        assert_non_null(f);
        while ((n = fread(chunk, 1, sizeof chunk, f)) > 0)
            assert_int_equal(write(fd, chunk, n), n);
        (void)fclose(f);
    }
    (void)unlink(path);
    return fd;
}

static int book_of(const char *sheet, const char *strings)
{
    const struct part parts[] = {
        { "xl/workbook.xml", WORKBOOK },
        { "xl/_rels/workbook.xml.rels", RELATIONS },
        { "xl/worksheets/sheet1.xml", sheet },
        { "xl/strings.xml", strings },
    };

    return zip_of(parts, strings == NULL ? 3 : 4);
}

static const char *book(const char *sheet, const char *strings)
{
    return reading_of(book_of(sheet, strings));
}

/* ---- writing ----------------------------------------------------------- */

static const struct sheet_column columns[] = {
    { "编号" }, { "功率（kW）", .number = true, .places = 3 }, { "备注" },
};

struct writing {
    enum sheet_format format;
    const char *const *cells;
    size_t rows;
    const struct sheet_column *columns; /* NULL: those above */
    int64_t size;
    int fd; /* a copy that outlives the unit of work */
};

static void write_all(struct cx *c, void *arg)
{
    struct writing *w = arg;
    struct sheet_out *s = sheet_create(
        c, w->format, dir, w->columns != NULL ? w->columns : columns, 3);

    for (size_t i = 0; i < w->rows; i++)
        sheet_row(s, w->cells + 3 * i);
    assert_int_equal(sheet_rows(s), w->rows);
    w->fd = dup(sheet_finish(s, &w->size));
}

static const char *const rows[] = {
    "32010600011923", "120.500", "A03-01 号桩",
    "0012", "-7.000", "=1+1",
    "+x", NULL, "\"引号\", 逗号",
    "@x", "0.001", "-note",
    "两\n行", "", "\tx",
};

#define READ_BACK                                                             \
    "1:编号,功率（kW）,备注\n"                                                \
    "2:32010600011923,#120.5,A03-01 号桩\n"                                   \
    "3:0012,#-7,'=1+1\n"                                                      \
    "4:'+x,,\"引号\", 逗号\n"                                                 \
    "5:'@x,#0.001,'-note\n"                                                   \
    "6:两\n行,,'\tx\n"

static void a_written_xlsx_reads_back(void **state)
{
    struct writing w = { SHEET_XLSX, rows, 5 };

    (void)state;
    assert_true(cx_run(cx, write_all, &w));
    assert_true(w.size > 0);
    assert_string_equal(reading_of(w.fd), READ_BACK);
}

/* Excel's days since 1900, and parts of them; what is no time is a text. */
static void times_are_times_in_excel(void **state)
{
    static const struct sheet_column when[] = {
        { "时间", .when = SHEET_MOMENT }, { "日期", .when = SHEET_DAY },
        { "时长", .when = SHEET_SPAN },
    };
    static const char *const cells[] = {
        "2026-11-20 12:00:00", "2024-02-29", "36:00:00",
        "2026-11-20 12:00", "0000-00-00", "-1:00:00",
        "", NULL, "0:00:00",
    };
    struct writing w = { SHEET_XLSX, cells, 3, .columns = when };

    (void)state;
    assert_true(cx_run(cx, write_all, &w));
    assert_string_equal(reading_of(w.fd),
        "1:时间,日期,时长\n"
        "2:#46346.5,#45351,#1.5\n"
        "3:2026-11-20 12:00,0000-00-00,'-1:00:00\n"
        "4:,,#0\n");
}

static void a_written_csv_is_for_excel(void **state)
{
    struct writing w = { SHEET_CSV, rows, 5 };
    char text[1000] = "";

    (void)state;
    assert_true(cx_run(cx, write_all, &w));
    assert_int_equal(pread(w.fd, text, sizeof text - 1, 0), w.size);
    (void)close(w.fd);
    assert_string_equal(text,
        "\xef\xbb\xbf\"编号\",\"功率（kW）\",\"备注\"\r\n"
        "\"32010600011923\",120.500,\"A03-01 号桩\"\r\n"
        "\"0012\",-7.000,\"'=1+1\"\r\n"
        "\"'+x\",,\"\"\"引号\"\", 逗号\"\r\n"
        "\"'@x\",0.001,\"'-note\"\r\n"
        "\"两\n行\",,\"'\tx\"\r\n");
}

static void nothing_is_left_of_an_abandoned_file(void **state)
{
    (void)state;
    for (int format = SHEET_XLSX; format <= SHEET_CSV; format++) {
        struct writing w = { (enum sheet_format)format, rows, 5 };

        assert_true(cx_run(cx, write_all, &w));
        (void)close(w.fd);
    }
    /* group_teardown removes the directory, which must be empty. */
}

/* ---- CSV --------------------------------------------------------------- */

static void csv_of_every_origin_is_read(void **state)
{
    static const struct { const char *text, *rows; } cases[] = {
        { "a,b\n1,2\n", "1:a,b\n2:1,2\n" },
        { "\xef\xbb\xbf编号,名称\r\n1,站\r\n", "1:编号,名称\n2:1,站\n" },
        { "\xb1\xe0\xba\xc5,\xc3\xfb\xb3\xc6\r\n1,\xd5\xbe\r\n",
          "1:编号,名称\n2:1,站\n" },
        { "a\n\xc2\xb7\n", "1:a\n2:路\n" },
        { "\xef\xbb\xbf\xc2\xb7\n", "1:·\n" },
        { "a,b", "1:a,b\n" },
        { "\n\n a ,b\n\n\nc\n", "3:a,b\n6:c\n" },
        { "\"a,\"\"b\"\"\",\"x\ny\"\nz", "1:a,\"b\",x\ny\n3:z\n" },
        { ",,\n,x\n", "2:,x\n" },
        { "a\rb\r\rc\r\nd\n", "1:a\n2:b\n4:c\n5:d\n" },
        { "a,b,c,,,\n", "1:a,b,c\n" },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_string_equal(csv(cases[i].text), cases[i].rows);
}

static void gbk_over_a_chunk_border_is_read(void **state)
{
    struct buf b;
    const char *out;
    int lines = 0;

    (void)state;
    buf_init(&b, 1 << 20);
    /* 7 bytes a line, so that chunk borders fall inside characters. */
    for (int i = 0; i < 4900; i++)
        buf_puts(&b, "\xd5\xbe\xd5\xbe,1\n");
    out = reading_of(file_of(b.data, b.len));
    for (const char *p = out; (p = strstr(p, ":站站,1\n")) != NULL; p++)
        lines++;
    if (lines != 4900)
        fail_msg("%d lines: %.300s", lines, out);
    buf_fini(&b);
}

static void bad_csv_is_refused_with_a_sentence(void **state)
{
    static const struct { const char *text, *sentence; } cases[] = {
        { "a,\"b\nc\n", "引号不成对" },
        { "a\nb\"c\n", "第 2 行的引号不成对" },
        { "a,b\n\xff\xff\xff\n", "既不是 UTF-8 也不是 GBK" },
        { "a\n\xd5", "既不是 UTF-8 也不是 GBK" },
        { "\xd0\xcf\x11\xe0 old", ".xls" },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        const char *out = csv(cases[i].text);

        if (strstr(out, cases[i].sentence) == NULL)
            fail_msg("case %zu: %s", i, out);
    }
    assert_non_null(strstr(reading_of(file_of("a\0b", 3)), "不是 CSV"));
    assert_non_null(strstr(reading_of(file_of("", 0)), "空的"));
}

static const char *csv_rows(size_t count)
{
    struct buf b;
    const char *out;

    buf_init(&b, 1 << 20);
    for (size_t i = 0; i < count; i++)
        buf_printf(&b, "r%zu\n", i);
    out = reading_of(file_of(b.data, b.len));
    buf_fini(&b);
    return out;
}

static void limits_hold_exactly(void **state)
{
    char *cell = arena_alloc(cx->arena, SHEET_IN_CELL_MAX + 2);
    struct buf wide;

    (void)state;
    assert_non_null(strstr(csv_rows(SHEET_IN_ROWS_MAX + 1), "5001:r5000\n"));
    assert_non_null(strstr(csv_rows(SHEET_IN_ROWS_MAX + 2), "行数太多"));
    memset(cell, 'x', SHEET_IN_CELL_MAX);
    assert_int_equal(strlen(csv(cell)), SHEET_IN_CELL_MAX + 3);
    cell[SHEET_IN_CELL_MAX] = 'x';
    assert_non_null(strstr(csv(cell), "太长"));
    buf_init(&wide, 10000);
    for (int i = 1; i < SHEET_IN_COLUMNS_MAX; i++)
        buf_putc(&wide, ',');
    buf_puts(&wide, "x");
    assert_non_null(strstr(csv(wide.data), ",x\n"));
    buf_puts(&wide, ",y");
    assert_non_null(strstr(csv(wide.data), "列太多"));
    buf_fini(&wide);
}

/* ---- xlsx -------------------------------------------------------------- */

static void xlsx_cells_of_every_kind_are_read(void **state)
{
    static const char sheet[] =
        "<worksheet><sheetData>"
        "<row r='1'><c r='A1' t='s'><v>0</v></c><c r='C1' t='s'><v>1</v></c>"
        "</row><row r='2'/><row r='3'><c r='B3'/></row>"
        "<row r='7'><c r='A7'><v>3.2010600011923E13</v></c>"
        "<c r='B7' t='n'><v>0.30000000000000004</v></c>"
        "<c r='C7' t='inlineStr'><is><t>直</t><rPh><t>zhi</t></rPh></is></c>"
        "<c r='D7' t='b'><v>1</v></c><c r='E7' t='e'><v>#N/A</v></c>"
        "<c r='F7' t='str'><f>1+1</f><v>two</v></c></row>"
        "<x:row xmlns:x='y'><x:c><x:v>5</x:v></x:c><x:c><x:v>6</x:v></x:c>"
        "</x:row></sheetData></worksheet>";
    static const char strings[] =
        "<sst><si><t>编号</t></si><si><r><t>名</t></r><r><t>称</t></r>"
        "<rPh sb='0'><t>mingcheng</t></rPh></si></sst>";

    (void)state;
    assert_string_equal(book(sheet, strings),
        "1:编号,,名称\n"
        "7:#32010600011923,#0.3,直,是,!#N/A,two\n"
        "8:#5,#6\n");
}

#define ROWS(inner) "<worksheet><sheetData>" inner "</sheetData></worksheet>"

static void bad_xlsx_is_refused_with_a_sentence(void **state)
{
    static const struct { const char *sheet, *strings, *sentence; } cases[] = {
        { "<!DOCTYPE x [<!ENTITY a 'b'>]>" ROWS(""), NULL, "DOCTYPE" },
        { "<!DOCTYPE x SYSTEM 'file:///etc/passwd'>" ROWS(""), NULL,
          "DOCTYPE" },
        { ROWS("<row r='1'><c r='A1' t='s'><v>9</v></c></row>"), NULL,
          "损坏" },
        { ROWS("<row r='1'><c r='A1' t='s'><v>-1</v></c></row>"),
          "<sst><si><t>x</t></si></sst>", "损坏" },
        { ROWS("<row r='2'/><row r='1'/>"), NULL, "损坏" },
        { ROWS("<row r='0'/>"), NULL, "损坏" },
        { ROWS("<row r='99999999999999999999'/>"), NULL, "损坏" },
        { ROWS("<row><c r='1'/></row>"), NULL, "损坏" },
        { ROWS("<row><c r='AAAA1'/></row>"), NULL, "损坏" },
        { ROWS("<row><c r='XFD1'><v>1</v></c></row>"), NULL, "列太多" },
        { "<worksheet>", NULL, "损坏" },
        { "", NULL, "损坏" },
        { "not xml", NULL, "损坏" },
        { ROWS("<row><c><v>\xff</v></c></row>"), NULL, "损坏" },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        const char *out = book(cases[i].sheet, cases[i].strings);

        if (strstr(out, cases[i].sentence) == NULL)
            fail_msg("case %zu: %s", i, out);
    }
}

static void an_archive_that_is_no_workbook_is_refused(void **state)
{
    const struct part word[] = { { "word/document.xml", "<x/>" } };
    const struct part no_rels[] = { { "xl/workbook.xml", WORKBOOK } };
    const struct part no_sheet[] = {
        { "xl/workbook.xml", WORKBOOK },
        { "xl/_rels/workbook.xml.rels", RELATIONS },
    };

    (void)state;
    assert_non_null(strstr(reading_of(zip_of(word, 1)), "损坏"));
    assert_non_null(strstr(reading_of(zip_of(no_rels, 1)), "损坏"));
    assert_non_null(strstr(reading_of(zip_of(no_sheet, 2)), "损坏"));
    assert_non_null(strstr(reading_of(file_of("PK\3\4 nothing", 12)),
                           "损坏"));
}

static void deep_nesting_is_refused(void **state)
{
    struct buf b;

    (void)state;
    buf_init(&b, 1 << 20);
    for (int i = 0; i < 20000; i++)
        buf_printf(&b, "<a%x>", (unsigned)i * 2654435761U);
    assert_non_null(strstr(book(b.data, NULL), "损坏"));
    buf_fini(&b);
}

/* A part of len bytes that packs badly or well. */
static char *filler(size_t len, bool random)
{
    char *s = malloc(len + 1);
    uint64_t x = 88172645463325252;

    assert_non_null(s);
    for (size_t i = 0; i < len; i++) {
        x ^= x << 13, x ^= x >> 7, x ^= x << 17;
        s[i] = random ? (char)('!' + x % 90) : ' ';
    }
    s[len] = '\0';
    return s;
}

static void bombs_are_refused_before_they_are_unpacked(void **state)
{
    char *flat = filler(1 << 20, false);
    char *big = filler(SHEET_IN_UNPACKED_MAX / 2, true);
    const struct part bomb[] = { { "xl/workbook.xml", flat } };
    const struct part two[] = { { "a", big }, { "b", big }, { "c", "x" } };
    struct part many[SHEET_IN_ENTRIES_MAX + 1];
    int fd;

    (void)state;
    assert_non_null(strstr(reading_of(zip_of(bomb, 1)), "压缩率"));
    assert_non_null(strstr(reading_of(zip_of(two, 3)), "50 MB"));
    for (size_t i = 0; i < COUNT(many); i++)
        many[i] = (struct part){ cx_printf(cx, "p%zu", i), "x" };
    assert_non_null(strstr(reading_of(zip_of(many, COUNT(many))), "太多"));
    /* One less is only no workbook. */
    fd = zip_of(many, SHEET_IN_ENTRIES_MAX);
    assert_non_null(strstr(reading_of(fd), "损坏"));
    free(flat);
    free(big);
}

/* Every prefix, and every byte turned: an answer, never a crash. */
static void a_damaged_book_gets_an_answer(void **state)
{
    int fd = book_of(ROWS("<row><c t='s'><v>0</v></c></row>"),
                     "<sst><si><t>x</t></si></sst>");
    char data[4000];
    ssize_t len = pread(fd, data, sizeof data, 0);

    (void)state;
    (void)close(fd);
    assert_true(len > 0 && len < (ssize_t)sizeof data);
    for (ssize_t i = 0; i < len; i++) {
        cx_free(cx);
        setup(state);
        assert_non_null(reading_of(file_of(data, (size_t)i)));
        data[i] ^= 0x55;
        assert_non_null(reading_of(file_of(data, (size_t)len)));
        data[i] ^= 0x55;
    }
}

/* ---- numbers ----------------------------------------------------------- */

static void numbers_become_what_people_write(void **state)
{
    static const struct { const char *raw, *plain; } good[] = {
        { "0", "0" }, { "-0", "0" }, { "1", "1" }, { "120", "120" },
        { "0.1", "0.1" }, { ".5", "0.5" }, { "5.", "5" }, { "007", "7" },
        { "3.2010600011923E13", "32010600011923" }, { "1E-3", "0.001" },
        { "0.30000000000000004", "0.3" },
        { "120.00000000000001", "120" },
        { "999999999999999.9", "1000000000000000" },
        { "-12.50", "-12.5" }, { "1e2", "100" }, { "+7", "7" },
        { "123456789012345678", "123456789012346000" },
        { "0.000123", "0.000123" },
    };
    static const char *const bad[] = {
        "", "-", ".", "e5", "1e", "1e99", "1e-99", "1.2.3", "1 ", " 1", "x",
        "0x10", "NaN", "1e5x",
        "11111111111111111111111111111111111111111",
        "1111111111111111111111111111111111111",
    };
    char out[SHEET_NUMBER_TEXT];

    (void)state;
    for (size_t i = 0; i < COUNT(good); i++) {
        assert_true(sheet_number(good[i].raw, out));
        assert_string_equal(out, good[i].plain);
    }
    for (size_t i = 0; i < COUNT(bad); i++)
        if (sheet_number(bad[i], out))
            fail_msg("\"%s\" became %s", bad[i], out);
}

static void dates_are_days(void **state)
{
    static const struct { const char *days, *text; } cases[] = {
        { "25569", "1970-01-01 00:00:00.000" },
        { "46346", "2026-11-20 00:00:00.000" },
        { "46346.586990740737", "2026-11-20 14:05:16.000" },
        { "46346.999999999", "2026-11-21 00:00:00.000" },
    };
    char text[STAMP_TEXT];
    stamp t;

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        assert_true(sheet_date(false, cases[i].days, &t));
        assert_string_equal(stamp_text(t, text), cases[i].text);
    }
    assert_true(sheet_date(true, "44884", &t));
    assert_string_equal(stamp_text(t, text), "2026-11-20 00:00:00.000");
    assert_false(sheet_date(false, "25568", &t));
    assert_false(sheet_date(false, "99999999", &t));
    assert_false(sheet_date(false, "-5", &t));
    assert_false(sheet_date(false, "2026-11-20", &t));
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(a_written_xlsx_reads_back),
        T(times_are_times_in_excel),
        T(a_written_csv_is_for_excel),
        T(nothing_is_left_of_an_abandoned_file),
        T(csv_of_every_origin_is_read),
        T(gbk_over_a_chunk_border_is_read),
        T(bad_csv_is_refused_with_a_sentence),
        T(limits_hold_exactly),
        T(xlsx_cells_of_every_kind_are_read),
        T(bad_xlsx_is_refused_with_a_sentence),
        T(an_archive_that_is_no_workbook_is_refused),
        T(deep_nesting_is_refused),
        T(bombs_are_refused_before_they_are_unpacked),
        T(a_damaged_book_gets_an_answer),
        T(numbers_become_what_people_write),
        T(dates_are_days),
    };

    return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
