/*
 * The snapshots that a loop holds. Questions ask `loop->snapshot`; at the begin of each request one
 * atomic read each tells whether the network shows a newer one, or another offer on demand. An answer that goes on over several
 * turns of the loop (a streamed matrix) keeps its own until it ends, so it never sees half a
 * change.
 *
 * Invariant: `now` is in use or shown; every other entry of held[] is used by a stream. There are
 * STREAMS_MAX streams at most, so one entry is always free for the newest.
 */
#include <stdio.h>

#include "serve/serve_in.h"

static void give_back(serve_loop *loop, held_snapshot *held)
{
    tq_network_drop(loop->server->network, held->at);
    held->at = NULL;
}

static uint32_t closed_arcs(const tq_overlay *overlay)
{
    uint32_t closed = 0, last = TQ_NONE;
    for (uint32_t k = 0; k < overlay->rule_count; k++) {
        if (overlay->rule[k].effect != TQ_LIVE_CLOSED || overlay->rule[k].arc == last) continue;
        last = overlay->rule[k].arc;
        closed++;
    }
    return closed;
}

void held_refresh(serve_loop *loop)
{
    tq_network *network = loop->server->network;
    /* First the count: what is held may be newer than it says, and is then looked for again. */
    uint64_t offered = tq_network_offered(network), shown = tq_network_shown(network);
    bool same = loop->now != NULL && loop->snapshot->overlay->version == shown;
    if (same && loop->offered == offered) return;
    if (loop->now != NULL && loop->now->uses == 0) give_back(loop, loop->now);
    held_snapshot *free_one = loop->held;
    while (free_one->at != NULL) {
        free_one++;
        TQ_ASSERT(free_one < loop->held + TQ_COUNT(loop->held));
    }
    free_one->at = tq_network_hold(network);
    free_one->uses = 0;
    loop->now = free_one;
    loop->snapshot = free_one->at;
    loop->offered = offered;
    if (same && loop->snapshot->overlay->version == shown) return; /* kept answers still hold */
    loop->closed = closed_arcs(loop->snapshot->overlay);
    tq_snapshot_version(loop->snapshot, loop->version);
    (void)snprintf(loop->etag, sizeof loop->etag, "\"%.*s\"", TQ_VERSION_MAX - 1, loop->version);
    cache_forget(&loop->store);
}

held_snapshot *held_take(serve_loop *loop)
{
    loop->now->uses++;
    return loop->now;
}

void held_drop(serve_loop *loop, held_snapshot *held)
{
    if (--held->uses == 0 && held != loop->now) give_back(loop, held);
}

void held_drop_all(serve_loop *loop)
{
    for (uint32_t k = 0; k < TQ_COUNT(loop->held); k++)
        if (loop->held[k].at != NULL) give_back(loop, &loop->held[k]);
    loop->now = NULL;
    loop->snapshot = NULL;
}
