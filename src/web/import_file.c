/*
 * The files are PILEHUB_HOME/imports/<token>: 128 random bits, never the name
 * that came with the upload. Expired ones are swept by a job.
 */
#include "web/import_file.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/crypto.h"
#include "base/utf8.h"
#include "db/db.h"

enum {
    TOKEN_BYTES = 16,
    TOKEN_HEX = 2 * TOKEN_BYTES,
    NAME_CHARACTERS = 60,
    KEEP_MS = 2 * 60 * 60 * 1000,
    CHUNK = 64 * 1024,
};

static void close_file(void *p)
{
    const struct import_file *f = p;

    if (f->fd >= 0)
        (void)close(f->fd);
}

static struct import_file *file_new(struct cx *cx)
{
    struct import_file *f = CX_NEW(cx, struct import_file);

    f->fd = -1;
    return cx_own(cx, f, close_file);
}

static const char *path_of(struct cx *cx, const char *token)
{
    return cx_printf(cx, "%s/%s", home_dir(cx, "imports"), token);
}

/* The hash of what the file holds now. */
static void hash_file(struct cx *cx, int fd, uint8_t hash[SHA256_SIZE])
{
    struct stat st;
    void *data;

    if (fstat(fd, &st) != 0 || st.st_size == 0)
        cx_fail(cx, ERR_INTERNAL, "上传的文件没能读取，重新上传一次。");
    data = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (data == MAP_FAILED)
        cx_fail(cx, ERR_INTERNAL, "上传的文件没能读取，重新上传一次。");
    sha256(data, (size_t)st.st_size, hash);
    (void)munmap(data, (size_t)st.st_size);
}

static bool copy(int from, int64_t size, int to)
{
    char chunk[CHUNK];

    for (int64_t at = 0; at < size;) {
        ssize_t n = pread(from, chunk, sizeof chunk, at);

        if (n <= 0 || write(to, chunk, (size_t)n) != n)
            return false;
        at += n;
    }
    return true;
}

/* ---- keeping ----------------------------------------------------------- */

struct noting {
    const struct resource *r;
    struct import_file *file;
    int64_t size;
    const uint8_t *hash;
};

static void note(struct cx *cx, void *arg)
{
    static const char sql[] =
        "INSERT INTO import_file (token, account_id, resource, name, size,"
        "   sha256, created_at, expires_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)";
    struct noting *n = arg;
    const struct bytes hash = { n->hash, SHA256_SIZE };

    n->file->id = db_insert(cx, sql,
                            BIND(V(n->file->token), V(cx->actor.id),
                                 V(n->r->name), V(n->file->name), V(n->size),
                                 V(hash), V(cx->now),
                                 V(stamp_add_ms(cx->now, KEEP_MS))));
}

struct import_file *import_keep(struct cx *cx, const struct resource *r,
                                const struct upload *from)
{
    struct import_file *f = file_new(cx);
    uint8_t random[TOKEN_BYTES], hash[SHA256_SIZE];
    struct noting n = { r, f, from->size, hash };
    const char *slash = strrchr(from->name, '/');
    const char *name = slash != NULL ? slash + 1 : from->name;

    random_bytes(random, sizeof random);
    f->token = hex_encode(random, sizeof random,
                          arena_alloc(cx->arena, TOKEN_HEX + 1));
    f->name = arena_strndup(cx->arena, name, utf8_prefix(name,
                                                         NAME_CHARACTERS));
    f->fd = open(path_of(cx, f->token), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC,
                 0600);
    if (f->fd < 0 || !copy(from->fd, from->size, f->fd)) {
        import_drop(cx, f);
        cx_fail(cx, ERR_INTERNAL, "上传的文件没能保存，可能磁盘已满。");
    }
    hash_file(cx, f->fd, hash);
    db_tx(cx, note, &n);
    return f;
}

void import_drop(struct cx *cx, const struct import_file *file)
{
    (void)unlink(path_of(cx, file->token));
}

/* ---- finding again ----------------------------------------------------- */

struct stored {
    int64_t id;
    const char *token, *name;
    struct bytes sha256;
};

static const struct db_field stored_row[] = {
    DB_FIELD(struct stored, id),   DB_FIELD(struct stored, token),
    DB_FIELD(struct stored, name), DB_FIELD(struct stored, sha256),
};

static bool is_token(const char *token)
{
    return token != NULL && strlen(token) == TOKEN_HEX &&
           strspn(token, "0123456789abcdef") == TOKEN_HEX;
}

struct import_file *import_load(struct cx *cx, const struct resource *r,
                                const char *token)
{
    static const char sql[] =
        "SELECT id, token, name, sha256 FROM import_file"
        " WHERE token = ? AND account_id = ? AND resource = ?"
        "   AND expires_at > ?";
    struct import_file *f = file_new(cx);
    uint8_t hash[SHA256_SIZE];
    struct stored *s = NULL;

    if (is_token(token))
        s = db_row(cx, sql, BIND(V(token), V(cx->actor.id), V(r->name),
                                 V(cx->now)), ROW(struct stored, stored_row));
    if (s == NULL)
        cx_fail(cx, ERR_NOT_FOUND,
                "没有找到这次上传的文件，可能已过期。重新上传一次。");
    *f = (struct import_file){ s->id, s->token, s->name, -1 };
    f->fd = open(path_of(cx, s->token), O_RDONLY | O_CLOEXEC);
    if (f->fd < 0)
        cx_fail(cx, ERR_STATE, "这个文件已经导入过，或已过期。");
    hash_file(cx, f->fd, hash);
    if (s->sha256.len != sizeof hash ||
        !secret_equal(s->sha256.data, hash, sizeof hash))
        cx_fail(cx, ERR_INTERNAL, "文件在上传后被改动过，重新上传一次。");
    return f;
}

void import_use(struct cx *cx, const struct import_file *file)
{
    static const char sql[] =
        "UPDATE import_file SET used_at = ?"
        " WHERE id = ? AND used_at IS NULL";

    if (!db_change_one(cx, sql, BIND(V(cx->now), V(file->id))))
        cx_fail(cx, ERR_STATE, "这个文件已经导入过，没有重复执行。");
}
