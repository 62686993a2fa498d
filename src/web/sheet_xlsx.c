/*
 * xlsx: a zip of XML parts. Streams the first visible sheet through expat,
 * which is paused after every row; only the shared texts are kept. Sizes and
 * ratios are checked before anything is unpacked and again while it is, since
 * what an archive says of itself may be a lie (rule U2).
 */
#include <expat.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zip.h>

#include "web/sheet_in.h"

enum {
    CHUNK = 16 * 1024,
    DEPTH_MAX = 40,
    PATH_MAX_BYTES = 200,
    ROW_NUMBER_MAX = 1048576,
};

#define BROKEN "文件已损坏，或不是 Excel 的 .xlsx，重新保存后再上传。"

struct xlsx {
    struct sheet_in *s;
    zip_t *zip;
    zip_file_t *part;    /* being read */
    XML_Parser parser;   /* of that part */
    int64_t unpacked;    /* bytes so far, of all parts */
    int depth;
    bool ended;
    bool paused;
    /* workbook.xml and its relations */
    bool sheet_found;
    char sheet_id[64];   /* r:id */
    char sheet_path[PATH_MAX_BYTES];
    char strings_path[PATH_MAX_BYTES];
    /* shared texts: every one with its NUL, and where each begins */
    struct buf strings;
    struct buf starts;   /* uint32_t */
    /* the sheet */
    struct buf text;     /* of the cell */
    bool in_text;        /* inside v or t */
    int in_phonetic;     /* depth of rPh; its text is only a reading aid */
    char kind[12];       /* t= of the cell */
    size_t column;       /* of the cell */
    size_t next_column;
    int64_t row, last_row;
};

/* ---- expat ------------------------------------------------------------- */

static void stop(struct xlsx *x, const char *text)
{
    sheet_error(x->s, x->row, text);
    (void)XML_StopParser(x->parser, XML_FALSE);
}

/* "row" of "x:row": some programs write prefixes. */
static const char *local(const char *name)
{
    const char *colon = strrchr(name, ':');

    return colon != NULL ? colon + 1 : name;
}

static const char *attribute(const char **attrs, const char *name)
{
    for (; attrs[0] != NULL; attrs += 2)
        if (strcmp(local(attrs[0]), name) == 0)
            return attrs[1];
    return NULL;
}

static bool descend(struct xlsx *x)
{
    if (++x->depth > DEPTH_MAX)
        stop(x, BROKEN);
    return x->s->error == NULL;
}

static void on_doctype(void *arg, const char *name, const char *system,
                       const char *public, int internal)
{
    (void)name, (void)system, (void)public, (void)internal;
    stop(arg, "文件里有不允许的内容（DOCTYPE），另存一份再上传。");
}

static void part_close(struct xlsx *x)
{
    if (x->parser != NULL)
        XML_ParserFree(x->parser);
    if (x->part != NULL)
        (void)zip_fclose(x->part);
    x->parser = NULL;
    x->part = NULL;
}

static void xlsx_close(void *p)
{
    struct xlsx *x = p;

    part_close(x);
    if (x->zip != NULL)
        zip_discard(x->zip);
    buf_fini(&x->strings);
    buf_fini(&x->starts);
    buf_fini(&x->text);
}

/* Opens a part for reading; false if the archive has none of that name. */
static bool part_open(struct xlsx *x, const char *path,
                      XML_StartElementHandler start, XML_EndElementHandler end,
                      XML_CharacterDataHandler text)
{
    part_close(x);
    x->part = zip_fopen(x->zip, path, 0);
    if (x->part == NULL)
        return false;
    x->parser = XML_ParserCreate(NULL);
    if (x->parser == NULL)
        cx_fail(x->s->cx, ERR_INTERNAL, "上传的文件没能读取，稍后再试。");
    x->depth = 0;
    x->ended = x->paused = false;
    XML_SetUserData(x->parser, x);
    XML_SetElementHandler(x->parser, start, end);
    XML_SetCharacterDataHandler(x->parser, text);
    XML_SetStartDoctypeDeclHandler(x->parser, on_doctype);
    return true;
}

/* Parses until the part pauses, ends or is found broken. */
static void part_run(struct xlsx *x)
{
    enum XML_Status status = XML_STATUS_OK;

    if (x->paused) {
        x->paused = false;
        status = XML_ResumeParser(x->parser);
    }
    while (x->s->error == NULL && status == XML_STATUS_OK && !x->ended) {
        void *chunk = XML_GetBuffer(x->parser, CHUNK);
        zip_int64_t n = chunk == NULL ? -1 : zip_fread(x->part, chunk, CHUNK);

        if (n < 0) {
            sheet_error(x->s, 0, BROKEN);
            return;
        }
        x->unpacked += n;
        if (x->unpacked > SHEET_IN_UNPACKED_MAX) {
            sheet_error(x->s, 0, "解压后的内容太大，最多 50 MB。");
            return;
        }
        x->ended = n == 0;
        status = XML_ParseBuffer(x->parser, (int)n, n == 0);
    }
    if (status == XML_STATUS_SUSPENDED)
        x->paused = true;
    else if (status == XML_STATUS_ERROR)
        sheet_error(x->s, x->row, BROKEN);
}

/* ---- which sheet ------------------------------------------------------- */

static void on_workbook(void *arg, const char *name, const char **attrs)
{
    struct xlsx *x = arg;
    const char *v;

    if (!descend(x))
        return;
    name = local(name);
    if (strcmp(name, "workbookPr") == 0) {
        v = attribute(attrs, "date1904");
        x->s->date1904 = v != NULL && (v[0] == '1' || v[0] == 't');
    } else if (strcmp(name, "sheet") == 0 && !x->sheet_found) {
        v = attribute(attrs, "state");
        if (v != NULL && strcmp(v, "visible") != 0)
            return;
        v = attribute(attrs, "id");
        x->sheet_found =
            v != NULL && snprintf(x->sheet_id, sizeof x->sheet_id, "%s", v) <
                             (int)sizeof x->sheet_id;
    }
}

/* The path of a relation's target inside the archive. */
static void keep_path(char out[PATH_MAX_BYTES], const char *target)
{
    int n;

    if (target[0] == '/')
        n = snprintf(out, PATH_MAX_BYTES, "%s", target + 1);
    else
        n = snprintf(out, PATH_MAX_BYTES, "xl/%s", target);
    if (n >= PATH_MAX_BYTES)
        out[0] = '\0';
}

static void on_relation(void *arg, const char *name, const char **attrs)
{
    struct xlsx *x = arg;
    const char *id, *type, *target;
    static const char strings[] = "/sharedStrings";

    if (!descend(x) || strcmp(local(name), "Relationship") != 0)
        return;
    id = attribute(attrs, "Id");
    type = attribute(attrs, "Type");
    target = attribute(attrs, "Target");
    if (id == NULL || type == NULL || target == NULL)
        return;
    if (strcmp(id, x->sheet_id) == 0)
        keep_path(x->sheet_path, target);
    else if (strlen(type) >= sizeof strings - 1 &&
             strcmp(type + strlen(type) - (sizeof strings - 1), strings) == 0)
        keep_path(x->strings_path, target);
}

static void on_end(void *arg, const char *name)
{
    struct xlsx *x = arg;

    (void)name;
    x->depth--;
}

/* ---- shared texts ------------------------------------------------------ */

static void on_string_start(void *arg, const char *name, const char **attrs)
{
    struct xlsx *x = arg;
    uint32_t start = (uint32_t)x->strings.len;

    (void)attrs;
    if (!descend(x))
        return;
    name = local(name);
    if (strcmp(name, "si") == 0)
        buf_add(&x->starts, &start, sizeof start);
    else if (strcmp(name, "rPh") == 0)
        x->in_phonetic++;
    else if (strcmp(name, "t") == 0)
        x->in_text = x->in_phonetic == 0;
}

static void on_string_end(void *arg, const char *name)
{
    struct xlsx *x = arg;

    x->depth--;
    name = local(name);
    if (strcmp(name, "si") == 0)
        buf_putc(&x->strings, '\0');
    else if (strcmp(name, "rPh") == 0)
        x->in_phonetic--;
    else if (strcmp(name, "t") == 0)
        x->in_text = false;
    if (x->strings.failed || x->starts.failed)
        stop(x, "文字内容太多，分成几个文件再上传。");
}

static void on_string_text(void *arg, const char *text, int len)
{
    struct xlsx *x = arg;

    if (x->in_text)
        buf_add(&x->strings, text, (size_t)len);
}

/* The shared text that a cell names by its number, or NULL. */
static const char *shared(const struct xlsx *x, const char *number)
{
    char *end;
    unsigned long i = strtoul(number, &end, 10);
    uint32_t start;

    if (end == number || *end != '\0' ||
        i >= x->starts.len / sizeof start)
        return NULL;
    memcpy(&start, x->starts.data + i * sizeof start, sizeof start);
    return x->strings.data + start;
}

/* ---- the sheet --------------------------------------------------------- */

/* "AB12" is column 27; false if it is no reference. */
static bool read_column(const char *ref, size_t *out)
{
    size_t n = 0;

    for (int i = 0; *ref >= 'A' && *ref <= 'Z'; ref++, i++) {
        if (i == 3)
            return false;
        n = n * 26 + (size_t)(*ref - 'A') + 1;
    }
    if (n == 0 || *ref < '0' || *ref > '9')
        return false;
    *out = n - 1;
    return true;
}

static void on_row_start(struct xlsx *x, const char **attrs)
{
    const char *r = attribute(attrs, "r");
    char *end;

    row_start(x->s);
    x->next_column = 0;
    x->row = x->last_row + 1;
    if (r != NULL) {
        x->row = strtoll(r, &end, 10);
        if (end == r || *end != '\0' || x->row <= x->last_row ||
            x->row > ROW_NUMBER_MAX) {
            x->row = 0;
            stop(x, BROKEN);
        }
    }
    x->last_row = x->row;
}

static void on_cell_start(struct xlsx *x, const char **attrs)
{
    const char *r = attribute(attrs, "r"), *t = attribute(attrs, "t");

    buf_clear(&x->text);
    x->kind[0] = '\0';
    if (t != NULL && snprintf(x->kind, sizeof x->kind, "%s", t) >=
                         (int)sizeof x->kind)
        stop(x, BROKEN);
    x->column = x->next_column;
    if (r != NULL && !read_column(r, &x->column))
        stop(x, BROKEN);
    x->next_column = x->column + 1;
}

static void on_sheet_start(void *arg, const char *name, const char **attrs)
{
    struct xlsx *x = arg;

    if (!descend(x))
        return;
    name = local(name);
    if (strcmp(name, "row") == 0)
        on_row_start(x, attrs);
    else if (strcmp(name, "c") == 0)
        on_cell_start(x, attrs);
    else if (strcmp(name, "rPh") == 0)
        x->in_phonetic++;
    else if (strcmp(name, "v") == 0 || strcmp(name, "t") == 0)
        x->in_text = x->in_phonetic == 0;
}

/* The finished cell goes to the row, its value as text. */
static void on_cell_end(struct xlsx *x)
{
    const char *text = buf_text(&x->text);
    enum sheet_cell kind = SHEET_TEXT;
    char plain[SHEET_NUMBER_TEXT];

    if (x->text.failed) {
        stop(x, "有单元格的内容太长，最多约 1,300 个字。");
        return;
    }
    if (text == NULL || *text == '\0')
        return;
    if (strcmp(x->kind, "s") == 0) {
        text = shared(x, text);
    } else if (strcmp(x->kind, "b") == 0) {
        text = *text == '0' ? "否" : "是";
    } else if (strcmp(x->kind, "e") == 0) {
        kind = SHEET_ERROR;
    } else if (x->kind[0] == '\0' || strcmp(x->kind, "n") == 0) {
        kind = SHEET_NUMBER;
        if (sheet_number(text, plain))
            text = plain;
    }
    if (text == NULL)
        stop(x, BROKEN);
    else if (!row_cell(x->s, x->column, kind, text, strlen(text)))
        stop(x, BROKEN);
}

static void on_sheet_end(void *arg, const char *name)
{
    struct xlsx *x = arg;

    x->depth--;
    name = local(name);
    if (strcmp(name, "c") == 0)
        on_cell_end(x);
    else if (strcmp(name, "rPh") == 0)
        x->in_phonetic--;
    else if (strcmp(name, "v") == 0 || strcmp(name, "t") == 0)
        x->in_text = false;
    else if (strcmp(name, "row") == 0 && x->s->filled)
        (void)XML_StopParser(x->parser, XML_TRUE);
}

static void on_sheet_text(void *arg, const char *text, int len)
{
    struct xlsx *x = arg;

    if (x->in_text)
        buf_add(&x->text, text, (size_t)len);
}

/* ---- the archive ------------------------------------------------------- */

/* Refuses what is too much before any of it is unpacked. */
static void check_entries(struct xlsx *x)
{
    zip_int64_t n = zip_get_num_entries(x->zip, 0);
    const zip_uint64_t want = ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE |
                              ZIP_STAT_ENCRYPTION_METHOD;
    zip_uint64_t total = 0;

    if (n > SHEET_IN_ENTRIES_MAX)
        sheet_error(x->s, 0, "文件里的部分太多，另存一份再上传。");
    for (zip_int64_t i = 0; i < n && x->s->error == NULL; i++) {
        zip_stat_t st;

        if (zip_stat_index(x->zip, (zip_uint64_t)i, 0, &st) != 0 ||
            (st.valid & want) != want) {
            sheet_error(x->s, 0, BROKEN);
        } else if (st.encryption_method != ZIP_EM_NONE) {
            sheet_error(x->s, 0, "文件有密码，去掉密码后再上传。");
        } else if (st.size > SHEET_IN_UNPACKED_MAX ||
                   (total += st.size) > SHEET_IN_UNPACKED_MAX) {
            sheet_error(x->s, 0, "解压后的内容太大，最多 50 MB。");
        } else if (st.size > SHEET_IN_RATIO_MAX * st.comp_size) {
            sheet_error(x->s, 0, "文件的压缩率不正常，另存一份再上传。");
        }
    }
}

static void run_whole(struct xlsx *x)
{
    part_run(x);
    if (x->s->error != NULL)
        sheet_fail(x->s);
}

static void missing(struct xlsx *x)
{
    sheet_error(x->s, 0, BROKEN);
    sheet_fail(x->s);
}

void xlsx_open(struct sheet_in *s)
{
    struct xlsx *x = CX_NEW(s->cx, struct xlsx);
    int copy = dup(s->fd);

    x->s = s;
    s->xlsx = x;
    buf_init(&x->strings, SHEET_IN_STRINGS_MAX);
    buf_init(&x->starts, SHEET_IN_STRINGS_MAX / 4);
    buf_init(&x->text, 4 * SHEET_IN_CELL_MAX);
    cx_own(s->cx, x, xlsx_close);
    x->zip = copy < 0 ? NULL : zip_fdopen(copy, 0, NULL);
    if (x->zip == NULL) {
        if (copy >= 0)
            (void)close(copy);
        missing(x);
    }
    check_entries(x);
    if (s->error != NULL)
        sheet_fail(s);
    if (!part_open(x, "xl/workbook.xml", on_workbook, on_end, NULL))
        missing(x);
    run_whole(x);
    if (!x->sheet_found ||
        !part_open(x, "xl/_rels/workbook.xml.rels", on_relation, on_end, NULL))
        missing(x);
    run_whole(x);
    if (x->strings_path[0] != '\0' &&
        part_open(x, x->strings_path, on_string_start, on_string_end,
                  on_string_text))
        run_whole(x);
    x->in_text = false;
    x->in_phonetic = 0;
    if (x->sheet_path[0] == '\0' ||
        !part_open(x, x->sheet_path, on_sheet_start, on_sheet_end,
                   on_sheet_text))
        missing(x);
}

int64_t xlsx_next(struct sheet_in *s)
{
    struct xlsx *x = s->xlsx;

    row_start(s);
    part_run(x);
    return x->paused && s->error == NULL ? x->row : 0;
}
