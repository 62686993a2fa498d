#include "jobs/disk.h"

#include <sys/statvfs.h>

#include "base/config.h"
#include "base/log.h"
#include "db/db.h"

int disk_used(const char *path)
{
    struct statvfs v;
    uint64_t used, all;

    if (statvfs(path, &v) != 0)
        return -1;
    used = v.f_blocks - v.f_bfree;
    all = used + v.f_bavail; /* what is reserved for root helps nobody */
    return all == 0 ? -1 : (int)((used * 100 + all - 1) / all);
}

static void watch(const char *what, const char *path)
{
    int used = disk_used(path);

    if (used >= DISK_NEARLY_FULL)
        log_error("disk.nearly_full", F_TEXT("what", what),
                  F_TEXT("path", path), F_INT("percent", used));
    else if (used >= DISK_FILLING)
        log_error("disk.filling", F_TEXT("what", what), F_TEXT("path", path),
                  F_INT("percent", used));
}

void disk_watch(struct cx *cx)
{
    static const char sql[] = "SELECT @@datadir";

    watch("home", cx->config->home);
    if (cx->config->db_socket[0] != '\0') /* the server is on this host */
        watch("database", db_text(cx, sql, BIND()));
}
