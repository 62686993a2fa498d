/*
 * The journal: see journal.h.
 */
#include "gateway/journal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"

enum { HEAD = 12, BUFFER = 256 * 1024 };

static const char file_name[] = "journal.log";
static const uint8_t magic[4] = { 'P', 'H', 'J', '1' };

static uint32_t crc32c(const uint8_t *p, size_t n)
{
    uint32_t crc = UINT32_C(0xFFFFFFFF);

    for (size_t i = 0; i < n; i++) {
        crc ^= p[i];
        for (int k = 0; k < 8; k++)
            crc = crc >> 1 ^ (crc & 1 ? UINT32_C(0x82F63B78) : 0);
    }
    return ~crc;
}

static void put_u32(uint8_t *p, uint32_t v)
{
    for (int i = 0; i < 4; i++)
        p[i] = (uint8_t)(v >> 8 * i);
}

static uint32_t get_u32(const uint8_t *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
           (uint32_t)p[3] << 24;
}

static bool failed(const char *what)
{
    log_error("journal.failed", F_TEXT("what", what),
              F_TEXT("error", strerror(errno)));
    return false;
}

/* Reads n bytes at offset; false at the end of the file or on an error. */
static bool read_at(int fd, void *p, size_t n, int64_t offset)
{
    size_t got = 0;

    while (got < n) {
        ssize_t r = pread(fd, (char *)p + got, n - got,
                          offset + (int64_t)got);

        if (r < 0 && errno == EINTR)
            continue;
        if (r <= 0)
            return false;
        got += (size_t)r;
    }
    return true;
}

/* The payload of the entry at offset; 0 if none stands there whole. */
static size_t read_entry(int fd, int64_t offset,
                         uint8_t payload[JOURNAL_ENTRY_MAX])
{
    uint8_t head[HEAD];
    uint32_t n;

    if (!read_at(fd, head, sizeof head, offset) ||
        memcmp(head, magic, sizeof magic) != 0)
        return 0;
    n = get_u32(head + 4);
    if (n == 0 || n > JOURNAL_ENTRY_MAX ||
        !read_at(fd, payload, n, offset + HEAD) ||
        crc32c(payload, n) != get_u32(head + 8))
        return 0;
    return n;
}

static bool replay_all(struct journal *j,
                       void (*replay)(void *, const void *, size_t),
                       void *arg)
{
    uint8_t payload[JOURNAL_ENTRY_MAX];
    struct stat st;
    size_t n;

    while ((n = read_entry(j->fd, j->size, payload)) > 0) {
        replay(arg, payload, n);
        j->size += HEAD + (int64_t)n;
    }
    if (fstat(j->fd, &st) != 0)
        return failed("stat");
    if (st.st_size == j->size)
        return true;
    log_warn("journal.torn", F_INT("kept", j->size),
             F_INT("cut", st.st_size - j->size));
    if (ftruncate(j->fd, j->size) != 0 || fdatasync(j->fd) != 0)
        return failed("truncate");
    return true;
}

static char *old_name(unsigned no, char out[32])
{
    snprintf(out, 32, "journal-%06u.log", no % 1000000);
    return out;
}

/* The number of an old file by its name; 0 if it is none. */
static unsigned old_number(const char *name)
{
    unsigned no = 0;

    if (strncmp(name, "journal-", 8) != 0 || strlen(name) != 18 ||
        strspn(name + 8, "0123456789") != 6 || strcmp(name + 14, ".log") != 0)
        return 0;
    for (int i = 8; i < 14; i++)
        no = no * 10 + (unsigned)(name[i] - '0');
    return no;
}

static bool find_last(struct journal *j, const char *path)
{
    DIR *dir = opendir(path);
    const struct dirent *e;

    if (dir == NULL)
        return failed(path);
    while ((e = readdir(dir)) != NULL)
        if (old_number(e->d_name) > j->last_no)
            j->last_no = old_number(e->d_name);
    closedir(dir);
    return true;
}

static bool open_file(struct journal *j)
{
    j->fd = openat(j->dir_fd, file_name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (j->fd < 0)
        return failed(file_name);
    /* The name must survive as well. */
    if (fsync(j->dir_fd) != 0)
        return failed("directory");
    j->size = 0;
    return true;
}

/* Two processes must not write one journal; one that is ending may take a
   moment. */
static bool lock_dir(const struct journal *j)
{
    struct timespec step = { 0, 100000000 };

    for (int i = 0; i < 100; i++) {
        if (flock(j->dir_fd, LOCK_EX | LOCK_NB) == 0)
            return true;
        nanosleep(&step, NULL);
    }
    return failed("lock");
}

bool journal_open(struct journal *j, const char *dir,
                  void (*replay)(void *, const void *, size_t), void *arg)
{
    *j = (struct journal){ .dir_fd = -1, .fd = -1, .room = BUFFER };
    if (mkdir(dir, 0700) != 0 && errno != EEXIST)
        return failed(dir);
    j->dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (j->dir_fd < 0)
        return failed(dir);
    if (!lock_dir(j))
        return false;
    j->buffer = malloc(BUFFER);
    must(j->buffer != NULL);
    return find_last(j, dir) && open_file(j) && replay_all(j, replay, arg);
}

void journal_close(struct journal *j)
{
    if (j->fd >= 0)
        close(j->fd);
    if (j->dir_fd >= 0)
        close(j->dir_fd);
    free(j->buffer);
    *j = (struct journal){ .dir_fd = -1, .fd = -1 };
}

void journal_add(struct journal *j, const void *payload, size_t n)
{
    uint8_t *p;

    must(n > 0 && n <= JOURNAL_ENTRY_MAX);
    must(j->used + HEAD + n <= j->room);
    p = j->buffer + j->used;
    memcpy(p, magic, sizeof magic);
    put_u32(p + 4, (uint32_t)n);
    put_u32(p + 8, crc32c(payload, n));
    memcpy(p + HEAD, payload, n);
    j->used += HEAD + n;
}

static bool write_all(const struct journal *j, size_t used)
{
    size_t done = 0;

    while (done < used) {
        ssize_t n = pwrite(j->fd, j->buffer + done, used - done,
                           j->size + (int64_t)done);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        done += (size_t)n;
    }
    return fdatasync(j->fd) == 0;
}

bool journal_sync(struct journal *j)
{
    size_t used = j->used;

    j->used = 0;
    if (used == 0)
        return true;
    if (j->fd < 0 && !open_file(j))
        return false;
    if (!write_all(j, used)) {
        failed("write");
        /* What got out must not be taken for an entry later. */
        if (ftruncate(j->fd, j->size) != 0)
            failed("truncate");
        return false;
    }
    j->size += (int64_t)used;
    return true;
}

void journal_committed(struct journal *j)
{
    char name[32];

    if (j->size < JOURNAL_ROTATE)
        return;
    if (renameat(j->dir_fd, file_name, j->dir_fd,
                 old_name(j->last_no + 1, name)) != 0) {
        failed("rename");
        return;
    }
    j->last_no++;
    if (j->last_no > JOURNAL_KEEP)
        unlinkat(j->dir_fd, old_name(j->last_no - JOURNAL_KEEP, name), 0);
    close(j->fd);
    j->fd = -1;
    open_file(j); /* failing that, journal_sync tries again */
}
