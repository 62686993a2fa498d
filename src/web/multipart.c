/*
 * multipart/form-data (RFC 7578) in one pass over a fixed window: memory does
 * not grow with the upload. Files are unlinked from their first byte on, so a
 * killed worker leaves nothing behind (rule W1).
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/utf8.h"
#include "web/input.h"

enum {
    WINDOW = 64 * 1024,
    HEADER_MAX = 4 * 1024, /* of one part */
    BOUNDARY_MAX = 70,     /* RFC 2046 5.1.1 */
    FILE_NAME_MAX = 255,
};

struct reader {
    struct input *in;
    const struct input_source *source;
    char *data; /* WINDOW bytes */
    char *text; /* the part being read, if it is no file */
    size_t len; /* filled */
    bool ended; /* the source has no more */
    char delimiter[BOUNDARY_MAX + 5]; /* CR LF - - boundary */
    size_t delimiter_len;
    size_t text_bytes; /* of all parts that are not files */
    int64_t file_bytes;
    int files;
};

struct part {
    char name[INPUT_NAME_MAX + 1];
    char file_name[FILE_NAME_MAX + 1];
    bool is_file;
};

static bool is_boundary(const char *s, size_t n)
{
    static const char ok[] = "abcdefghijklmnopqrstuvwxyz"
                             "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                             "'()+_,-./:=? ";

    for (size_t i = 0; i < n; i++)
        if (s[i] == '\0' || strchr(ok, s[i]) == NULL)
            return false;
    return n > 0 && n <= BOUNDARY_MAX && s[n - 1] != ' ';
}

const char *input_boundary(struct arena *arena, const char *content_type)
{
    const char *p = strcasestr(content_type, "boundary=");
    size_t n;

    if (p == NULL)
        return NULL;
    p += strlen("boundary=");
    if (*p == '"') {
        p++;
        n = strcspn(p, "\"");
        if (p[n] != '"')
            return NULL;
    } else {
        n = strcspn(p, "; \t\r\n");
    }
    return is_boundary(p, n) ? arena_strndup(arena, p, n) : NULL;
}

static enum input_status fill(struct reader *r)
{
    while (!r->ended && r->len < WINDOW) {
        ssize_t n = r->source->read(r->source->from, r->data + r->len,
                                    WINDOW - r->len);

        if (n < 0)
            return INPUT_CUT;
        if (n == 0)
            r->ended = true;
        r->len += (size_t)n;
    }
    return INPUT_OK;
}

static void drop(struct reader *r, size_t n)
{
    memmove(r->data, r->data + n, r->len - n);
    r->len -= n;
}

/* One quoted parameter of a Content-Disposition; false if malformed. */
static bool quoted(const char *line, const char *name, char *out, size_t size,
                   bool *present)
{
    size_t name_len = strlen(name), to = 0;
    const char *p = line;

    *present = false;
    while ((p = strcasestr(p, name)) != NULL) {
        bool starts = p > line && (p[-1] == ' ' || p[-1] == ';');

        p += name_len;
        if (starts && p[0] == '=' && p[1] == '"')
            break;
    }
    if (p == NULL)
        return true;
    for (p += 2; *p != '"'; p++) {
        if (*p == '\\' && (p[1] == '"' || p[1] == '\\'))
            p++;
        if (*p == '\0' || to + 1 >= size)
            return false;
        out[to++] = *p;
    }
    out[to] = '\0';
    *present = true;
    return utf8_clean(out, to) && strpbrk(out, "\t\r\n") == NULL;
}

/* Header lines of one part; n bytes without the empty line, NUL-terminated
   by the caller. */
static enum input_status read_header(char *text, struct part *part)
{
    bool named = false;

    memset(part, 0, sizeof *part);
    while (*text != '\0') {
        char *end = strstr(text, "\r\n");
        char *next = end == NULL ? text + strlen(text) : end + 2;

        if (end != NULL)
            *end = '\0';
        if (strncasecmp(text, "Content-Disposition:", 20) == 0) {
            if (named || strcasestr(text, "form-data") == NULL ||
                !quoted(text, "name", part->name, sizeof part->name,
                        &named) ||
                !quoted(text, "filename", part->file_name,
                        sizeof part->file_name, &part->is_file))
                return INPUT_BAD_MULTIPART;
        } else if (strncasecmp(text, "Content-Transfer-Encoding:", 26) == 0) {
            return INPUT_BAD_MULTIPART; /* RFC 7578 4.7: never in use */
        }
        text = next;
    }
    return named ? INPUT_OK : INPUT_BAD_MULTIPART;
}

static enum input_status write_all(int fd, const char *p, size_t n)
{
    while (n > 0) {
        ssize_t w = write(fd, p, n);

        if (w < 0 && errno == EINTR)
            continue;
        if (w <= 0)
            return INPUT_DISK;
        p += w;
        n -= (size_t)w;
    }
    return INPUT_OK;
}

static enum input_status take(struct reader *r, const struct part *part,
                              struct param *file, size_t *text_len, size_t n)
{
    if (part->is_file) {
        r->file_bytes += (int64_t)n;
        if (r->file_bytes > INPUT_UPLOAD_MAX)
            return INPUT_TOO_LONG;
        file->file.size += (int64_t)n;
        return write_all(file->file.fd, r->data, n);
    }
    r->text_bytes += n;
    if (r->text_bytes > INPUT_FORM_MAX)
        return INPUT_TOO_LONG;
    memcpy(r->text + *text_len, r->data, n);
    *text_len += n;
    return INPUT_OK;
}

/* Only the last component, so that no handler ever sees a path. */
static const char *base_name(const char *name)
{
    for (const char *p = name; *p != '\0'; p++)
        if (*p == '/' || *p == '\\')
            name = p + 1;
    return name;
}

static enum input_status open_file(struct reader *r, const struct part *part,
                                   struct param **file)
{
    enum input_status status;
    struct param *p;

    if (++r->files > INPUT_FILES_MAX)
        return INPUT_TOO_MANY;
    status = input_add(r->in, PARAM_FILE, part->name, strlen(part->name), "",
                       0);
    if (status != INPUT_OK)
        return status;
    p = &r->in->params[r->in->count - 1];
    p->file.name = arena_strdup(r->in->arena, base_name(part->file_name));
    p->file.fd = open(r->source->dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    *file = p;
    return p->file.fd < 0 ? INPUT_DISK : INPUT_OK;
}

/* A file box that was left empty is sent as a file without name or content:
   it is as if absent. */
static enum input_status close_file(struct reader *r, const struct part *part,
                                    struct param *file)
{
    if (part->file_name[0] == '\0' && file->file.size == 0) {
        close(file->file.fd);
        r->in->count--;
        return INPUT_OK;
    }
    return lseek(file->file.fd, 0, SEEK_SET) == 0 ? INPUT_OK : INPUT_DISK;
}

/* The content of one part, up to and with its closing delimiter. */
static enum input_status read_content(struct reader *r,
                                      const struct part *part)
{
    struct param *file = NULL;
    size_t text_len = 0;
    enum input_status status = part->is_file ? open_file(r, part, &file)
                                             : INPUT_OK;

    while (status == INPUT_OK) {
        status = fill(r);
        if (status != INPUT_OK)
            break;

        const char *stop = memmem(r->data, r->len, r->delimiter,
                                  r->delimiter_len);

        if (stop != NULL) {
            size_t n = (size_t)(stop - r->data);

            status = take(r, part, file, &text_len, n);
            drop(r, n + r->delimiter_len);
            break;
        }
        if (r->ended || r->len < r->delimiter_len)
            return INPUT_CUT;

        size_t safe = r->len - (r->delimiter_len - 1);

        status = take(r, part, file, &text_len, safe);
        drop(r, safe);
    }
    if (status != INPUT_OK)
        return status;
    if (part->is_file)
        return close_file(r, part, file);
    return input_add(r->in, PARAM_TEXT, part->name, strlen(part->name),
                     r->text, text_len);
}

/* After a delimiter: "--" ends the whole, CR LF begins a part. */
static enum input_status after_delimiter(struct reader *r, bool *last)
{
    enum input_status status = fill(r);

    if (status != INPUT_OK)
        return status;
    *last = r->len >= 2 && memcmp(r->data, "--", 2) == 0;
    if (*last)
        return INPUT_OK;
    if (r->len < 2)
        return INPUT_CUT;
    if (memcmp(r->data, "\r\n", 2) != 0)
        return INPUT_BAD_MULTIPART;
    drop(r, 2);
    return INPUT_OK;
}

static enum input_status read_part(struct reader *r)
{
    struct part part;
    enum input_status status = fill(r);
    const char *end;
    char header[HEADER_MAX + 1];

    if (status != INPUT_OK)
        return status;
    end = memmem(r->data, r->len, "\r\n\r\n", 4);
    if (end == NULL)
        return r->ended ? INPUT_CUT : INPUT_TOO_LONG;

    size_t n = (size_t)(end - r->data);

    if (n > HEADER_MAX)
        return INPUT_TOO_LONG;
    if (memchr(r->data, '\0', n) != NULL)
        return INPUT_BAD_TEXT;
    memcpy(header, r->data, n);
    header[n] = '\0';
    drop(r, n + 4);
    status = read_header(header, &part);
    return status == INPUT_OK ? read_content(r, &part) : status;
}

enum input_status input_multipart(struct input *in, const char *boundary,
                                  const struct input_source *source)
{
    struct reader r = { .in = in, .source = source };
    size_t n = strlen(boundary);
    bool last = false;
    enum input_status status;

    if (!is_boundary(boundary, n))
        return INPUT_BAD_MULTIPART;
    memcpy(r.delimiter, "\r\n--", 4);
    memcpy(r.delimiter + 4, boundary, n);
    r.delimiter_len = n + 4;
    r.data = arena_alloc(in->arena, WINDOW);
    r.text = arena_alloc(in->arena, INPUT_FORM_MAX);

    status = fill(&r);
    if (status != INPUT_OK)
        return status;
    if (r.len < r.delimiter_len - 2)
        return INPUT_CUT;
    /* No preamble: browsers and our clients send none. */
    if (memcmp(r.data, r.delimiter + 2, r.delimiter_len - 2) != 0)
        return INPUT_BAD_MULTIPART;
    drop(&r, r.delimiter_len - 2);

    while (status == INPUT_OK) {
        status = after_delimiter(&r, &last);
        if (status != INPUT_OK || last)
            break;
        status = read_part(&r);
    }
    return status;
}
