/*
 * F-11: uploaded tables. The first byte says what the rest is: a file as it
 * comes (CSV, or an archive that was tampered with), the XML of a sheet, or
 * that of its shared texts, in an otherwise good workbook. Whatever it is, the
 * reader gives rows within its limits or a sentence.
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <zip.h>

#include "base/arena.h"
#include "base/cx.h"
#include "base/macros.h"
#include "web/sheet_read.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ARENA = 8 << 20 };

static const char workbook[] =
    "<workbook><sheets><sheet name='S' r:id='1' xmlns:r='x'/></sheets>"
    "</workbook>";
static const char relations[] =
    "<Relationships><Relationship Id='1' Type='x/worksheet'"
    " Target='s.xml'/><Relationship Id='2' Type='x/sharedStrings'"
    " Target='t.xml'/></Relationships>";
static const char sheet[] =
    "<worksheet><row><c t='s'><v>0</v></c><c t='s'><v>1</v></c></row>"
    "</worksheet>";
static const char strings[] = "<sst><si><t>a</t></si></sst>";

static int file_of(const void *data, size_t size)
{
    int fd = memfd_create("fuzz", MFD_CLOEXEC);

    must(fd >= 0 && write(fd, data, size) == (ssize_t)size);
    return fd;
}

static void add(zip_t *z, const char *name, const void *data, size_t size)
{
    zip_source_t *s = zip_source_buffer(z, data, size, 0);
    zip_int64_t i = zip_file_add(z, name, s, 0);

    must(i >= 0);
    must(zip_set_file_compression(z, (zip_uint64_t)i, ZIP_CM_STORE, 0) == 0);
}

/* A workbook whose sheet, or shared texts, are the input. */
static int book_of(const uint8_t *data, size_t size, bool in_strings)
{
    zip_source_t *s = zip_source_buffer_create(NULL, 0, 0, NULL);
    zip_t *z = zip_open_from_source(s, ZIP_TRUNCATE, NULL);
    zip_stat_t st;
    char *whole;
    int fd;

    must(z != NULL);
    zip_source_keep(s);
    add(z, "xl/workbook.xml", workbook, sizeof workbook - 1);
    add(z, "xl/_rels/workbook.xml.rels", relations, sizeof relations - 1);
    add(z, "xl/s.xml", in_strings ? (const void *)sheet : data,
        in_strings ? sizeof sheet - 1 : size);
    add(z, "xl/t.xml", in_strings ? data : (const void *)strings,
        in_strings ? size : sizeof strings - 1);
    must(zip_close(z) == 0);
    must(zip_source_open(s) == 0 && zip_source_stat(s, &st) == 0);
    whole = malloc(st.size);
    must(whole != NULL &&
         zip_source_read(s, whole, st.size) == (zip_int64_t)st.size);
    fd = file_of(whole, st.size);
    free(whole);
    zip_source_close(s);
    zip_source_free(s);
    return fd;
}

static void read_all(struct cx *cx, void *arg)
{
    struct sheet_in *s = sheet_open(cx, *(int *)arg);
    struct sheet_row row;
    int64_t last = 0, rows = 0;
    char number[SHEET_NUMBER_TEXT];
    stamp t;

    while (sheet_next(s, &row)) {
        must(row.number > last);
        last = row.number;
        must(++rows <= SHEET_IN_ROWS_MAX + 1);
        must(row.count > 0 && row.count <= SHEET_IN_COLUMNS_MAX);
        for (size_t i = 0; i < row.count; i++) {
            must(strlen(row.cells[i]) <= SHEET_IN_CELL_MAX);
            (void)!sheet_number(row.cells[i], number);
            if (sheet_date(sheet_is_1904(s), row.cells[i], &t))
                must(t.ms >= -DAY_MS);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct cx *cx;
    int fd;

    if (cx == NULL)
        cx = cx_new(NULL, NULL, ARENA);
    if (size < 2)
        return 0;
    fd = data[0] == 1 || data[0] == 2
             ? book_of(data + 1, size - 1, data[0] == 2)
             : file_of(data + 1, size - 1);
    cx_begin(cx);
    if (!cx_run(cx, read_all, &fd)) {
        must(cx->error.code == ERR_INVALID);
        must(cx->error.text[0] != '\0');
    }
    close(fd);
    return 0;
}
