/*
 * The list of common passwords: password_list.h. Opened for each password
 * that somebody chooses, which is seldom, and costs some twenty page reads.
 */
#include "org/password_list.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/config.h"
#include "base/crypto.h"

static const char magic[] = { 'P', 'H', 'P', 'W', 'L', 'S', 'T', '1' };

enum { ROW_BYTES = 6, SIZE_MAX_BYTES = 64 << 20 };

struct password_list {
    void *map;
    size_t size;
    const uint8_t *rows;
    size_t count;
};

/* Maps the file; what is wrong with it, or NULL. */
static const char *map_file(int fd, struct password_list *out)
{
    struct stat st;

    if (fstat(fd, &st) != 0 || st.st_size < (off_t)sizeof magic ||
        st.st_size > SIZE_MAX_BYTES ||
        ((size_t)st.st_size - sizeof magic) % ROW_BYTES != 0)
        return "password_list has not the size of a list";
    out->size = (size_t)st.st_size;
    out->count = (out->size - sizeof magic) / ROW_BYTES;
    if (out->count < PASSWORD_LIST_LEAST)
        return "password_list has fewer than 100,000 entries";
    out->map = mmap(NULL, out->size, PROT_READ, MAP_SHARED, fd, 0);
    if (out->map == MAP_FAILED)
        return "password_list cannot be mapped";
    out->rows = (const uint8_t *)out->map + sizeof magic;
    if (memcmp(out->map, magic, sizeof magic) == 0)
        return NULL;
    munmap(out->map, out->size);
    return "password_list is no list of passwords";
}

static const char *map_path(const char *path, struct password_list *out)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    const char *flaw;

    if (fd < 0)
        return "password_list is not there (scripts/assets makes it)";
    flaw = map_file(fd, out);
    close(fd);
    return flaw;
}

const char *password_list_flaw(const char *path)
{
    struct password_list list;
    const char *flaw = map_path(path, &list);

    if (flaw != NULL)
        return flaw;
    for (size_t i = 1; i < list.count && flaw == NULL; i++)
        if (memcmp(list.rows + (i - 1) * ROW_BYTES,
                   list.rows + i * ROW_BYTES, ROW_BYTES) >= 0)
            flaw = "password_list is not in order";
    munmap(list.map, list.size);
    return flaw;
}

static void unmap(void *p)
{
    const struct password_list *list = p;

    munmap(list->map, list->size);
}

const struct password_list *password_list_open(struct cx *cx)
{
    struct password_list *list = CX_NEW(cx, struct password_list);
    const char *flaw = map_path(cx->config->password_list, list);

    if (flaw != NULL)
        cx_fail(cx, ERR_INTERNAL, "%s: %s", flaw, cx->config->password_list);
    cx_own(cx, list, unmap);
    return list;
}

bool password_list_has(const struct password_list *list, const char *text,
                       size_t n)
{
    uint8_t hash[SHA256_SIZE];
    size_t low = 0, high = list->count;

    sha256(text, n, hash);
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        int order = memcmp(hash, list->rows + mid * ROW_BYTES, ROW_BYTES);

        if (order == 0)
            return true;
        if (order < 0)
            high = mid;
        else
            low = mid + 1;
    }
    return false;
}
