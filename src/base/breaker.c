#include "base/breaker.h"

#include <string.h>

#include "base/log.h"
#include "base/macros.h"

struct breaker *breaker_of(struct breakers *all, const char *name)
{
    for (size_t i = 0; i < PARTNERS_MAX; i++) {
        const char *taken = NULL;

        if (atomic_compare_exchange_strong(&all->v[i].name, &taken, name) ||
            strcmp(taken, name) == 0)
            return &all->v[i];
    }
    must(!"more partners than breakers");
    return NULL;
}

bool breaker_admits(struct breaker *b, int64_t now_ms, int64_t pause_ms)
{
    int64_t until = atomic_load(&b->until_ms);

    /* Once the pause is over, whoever is first tries; the others wait for
       another pause. */
    if (until == 0 ||
        (now_ms >= until && atomic_compare_exchange_strong(
                                &b->until_ms, &until, now_ms + pause_ms)))
        return true;
    atomic_fetch_add(&b->refused, 1);
    return false;
}

void breaker_answered(struct breaker *b)
{
    atomic_store(&b->failures, 0);
    if (atomic_exchange(&b->until_ms, 0) != 0)
        log_info("partner.again", F_TEXT("partner", atomic_load(&b->name)));
}

void breaker_failed(struct breaker *b, int64_t now_ms, int64_t pause_ms)
{
    uint32_t failures = atomic_fetch_add(&b->failures, 1) + 1;

    if (failures < PARTNER_FAILURES || pause_ms == 0)
        return;
    if (atomic_exchange(&b->until_ms, now_ms + pause_ms) == 0)
        log_error("partner.left_alone",
                  F_TEXT("partner", atomic_load(&b->name)),
                  F_INT("failures", failures), F_INT("ms", pause_ms));
}
