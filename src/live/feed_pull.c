/*
 * When to ask a feed again: at its interval while it answers, less and less often while it does
 * not, and not in step with everybody else who lost it at the same moment. No clock, no I/O; the
 * same seed and results give the same instants.
 */
#include "live/live.h"

void tq_pull_begin(tq_pull *pull, uint32_t every_s, uint64_t seed, int64_t now_ms)
{
    *pull = (tq_pull){.every_s = TQ_MIN(TQ_MAX(every_s, TQ_PULL_EVERY_MIN_S), TQ_PULL_EVERY_MAX_S),
                      .random = {seed},
                      .next_ms = now_ms};
}

int64_t tq_pull_after(tq_pull *pull, tq_pull_result result, int64_t now_ms)
{
    uint64_t wait_ms = (uint64_t)pull->every_s * 1000;
    if (result != TQ_PULL_FAILED) {
        pull->failures = 0;
    } else {
        uint64_t most_ms = TQ_MAX(pull->every_s, TQ_PULL_WAIT_MAX_S) * UINT64_C(1000);
        for (uint32_t k = 0; k < pull->failures && wait_ms < most_ms; k++)
            wait_ms *= 2;
        pull->failures += pull->failures < UINT32_MAX;
        wait_ms = TQ_MIN(wait_ms * 2, most_ms);
        wait_ms -= tq_random_below(&pull->random, (uint32_t)(wait_ms / 4) + 1);
    }
    pull->next_ms = now_ms + (int64_t)wait_ms;
    return pull->next_ms;
}
