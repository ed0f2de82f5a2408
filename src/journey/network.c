/*
 * The network as it is now: one snapshot that is shown, and how the next takes its place.
 *
 * A snapshot is a small node with a count of holds; its overlay never changes. Publishing makes the
 * next overlay with the detours that it forces, makes ready what questions use (metrics, days), and
 * only then swaps the pointer, so that no question waits for a change and none sees half of one.
 * The lock is held to count holds and to swap, never while anything is made. What is on demand is
 * swapped alone, under the same overlay.
 *
 * Invariants: versions only grow; a node lives until its last hold is dropped; the caches of
 * metrics and days are shared by all nodes, which differ by their overlay alone.
 */
#include <stdatomic.h>

#include "journey/detour_in.h"
#include "journey/journey_in.h"

#define FINISH_FIRST_VERTICES 60000u /* some 50 ms of work */

typedef struct network_node {
    tq_snapshot snapshot; /* first: a hold is a pointer to it */
    uint32_t holds;       /* the network's own among them while it is shown */
} network_node;

struct tq_network {
    tq_snapshot base; /* owns city, roads, days */
    tq_mutex *lock;
    network_node *shown;
    _Atomic uint64_t version, offered;
    const tq_ondemand *ondemand; /* the writer's: what new nodes show; held */
    detour_plan *detours;        /* the writer's */
};

static network_node *new_node(const tq_network *network, const tq_overlay *overlay)
{
    network_node *node = TQ_ALLOC(network_node, 1);
    if (node == NULL) return NULL;
    node->snapshot = network->base;
    node->snapshot.overlay = overlay;
    node->snapshot.ondemand = tq_ondemand_hold(network->ondemand);
    node->holds = 1;
    return node;
}

tq_status tq_network_open(const char *path, tq_network **out, tq_err *err)
{
    tq_network *network = TQ_ALLOC(tq_network, 1);
    if (network == NULL) return tq_fail(err, TQ_NO_MEMORY, 0, "no memory for the network");
    tq_status status = tq_snapshot_open(path, &network->base, err);
    if (status == TQ_OK) {
        network->lock = tq_mutex_new();
        network->shown = new_node(network, tq_overlay_none());
        if (network->lock == NULL || network->shown == NULL)
            status = tq_fail(err, TQ_NO_MEMORY, 0, "no memory for the network");
    }
    if (status == TQ_OK) status = detour_open(network->base.city, &network->detours, err);
    if (status != TQ_OK) {
        tq_network_close(network);
        return status;
    }
    *out = network;
    return TQ_OK;
}

void tq_network_close(tq_network *network)
{
    if (network == NULL) return;
    if (network->shown != NULL) {
        TQ_ASSERT(network->shown->holds == 1);
        tq_overlay_drop(network->shown->snapshot.overlay);
        tq_ondemand_drop(network->shown->snapshot.ondemand);
        tq_free(network->shown);
    }
    tq_ondemand_drop(network->ondemand);
    detour_close(network->detours);
    if (network->lock != NULL) tq_mutex_free(network->lock);
    if (network->base.city != NULL) tq_snapshot_close(&network->base);
    tq_free(network);
}

const tq_snapshot *tq_network_hold(tq_network *network)
{
    tq_mutex_lock(network->lock);
    network_node *node = network->shown;
    node->holds++;
    tq_mutex_unlock(network->lock);
    return &node->snapshot;
}

void tq_network_drop(tq_network *network, const tq_snapshot *snapshot)
{
    if (snapshot == NULL) return;
    network_node *node = (network_node *)(uintptr_t)snapshot;
    tq_mutex_lock(network->lock);
    TQ_ASSERT(node->holds > 0);
    bool last = --node->holds == 0;
    tq_mutex_unlock(network->lock);
    if (!last) return;
    tq_overlay_drop(node->snapshot.overlay);
    tq_ondemand_drop(node->snapshot.ondemand);
    tq_free(node);
}

uint64_t tq_network_shown(const tq_network *network)
{
    return atomic_load_explicit(&network->version, memory_order_acquire);
}

uint64_t tq_network_offered(const tq_network *network)
{
    return atomic_load_explicit(&network->offered, memory_order_acquire);
}

tq_status tq_network_warm(tq_network *network, int64_t now_ms, tq_err *err)
{
    const tq_snapshot *shown = tq_network_hold(network);
    tq_snapshot now = *shown;
    tq_status status = tq_snapshot_warm(&now, now_ms, err);
    tq_network_drop(network, shown);
    TQ_TRY(status);
    return detour_prepare(network->detours, network->base.roads, now_ms, err);
}

tq_status tq_network_finish(tq_network *network, tq_err *err)
{
    return tq_roads_finish(network->base.roads, err);
}

static int64_t mono_ns(void)
{
    const tq_env *env = tq_env_real();
    return env->mono_ns(env->user);
}

/* Put a node in the place of the one that is shown. */
static void swap(tq_network *network, network_node *node)
{
    tq_mutex_lock(network->lock);
    network_node *old = network->shown;
    network->shown = node;
    atomic_store_explicit(&network->version, node->snapshot.overlay->version, memory_order_release);
    tq_mutex_unlock(network->lock);
    tq_network_drop(network, &old->snapshot);
}

/* Show an overlay, taking the hold over. */
static tq_status show(tq_network *network, const tq_overlay *next, tq_err *err)
{
    network_node *node = new_node(network, next);
    if (node == NULL) {
        tq_overlay_drop(next);
        return tq_fail(err, TQ_NO_MEMORY, 0, "no memory for a snapshot");
    }
    swap(network, node);
    return TQ_OK;
}

tq_status tq_network_offer(tq_network *network, const tq_ondemand *ondemand, tq_err *err)
{
    const tq_ondemand *former = network->ondemand;
    network->ondemand = ondemand;
    network_node *node = new_node(network, network->shown->snapshot.overlay);
    if (node == NULL) {
        network->ondemand = former;
        return tq_fail(err, TQ_NO_MEMORY, 0, "no memory for a snapshot");
    }
    (void)tq_overlay_hold(node->snapshot.overlay);
    (void)tq_ondemand_hold(ondemand);
    swap(network, node);
    atomic_fetch_add_explicit(&network->offered, 1, memory_order_release);
    tq_ondemand_drop(former);
    return TQ_OK;
}

tq_status tq_network_publish(tq_network *network, const tq_overlay *live, int64_t now_ms,
                             tq_publish_report *report, tq_err *err)
{
    const tq_overlay *next = NULL;
    tq_publish_report took = {.version = live->version};
    const tq_snapshot *shown = &network->shown->snapshot;
    if (live->version < shown->overlay->version)
        return tq_fail(err, TQ_STALE, 0, "version %llu is older than %llu, which is shown",
                       (unsigned long long)live->version,
                       (unsigned long long)shown->overlay->version);
    int64_t began_ns = mono_ns();
    TQ_TRY(detour_overlay(network->detours, shown, live, now_ms, &next, err));
    int64_t detoured_ns = mono_ns();
    tq_status status = tq_roads_follow(network->base.roads, next, err);
    /* Of equally quick ways a metric without its quickening parts may give another one: where they
     * are cheap they are made first, so that a version has one answer from its first moment. */
    if (status == TQ_OK &&
        network->base.city->hierarchy[TQ_HIERARCHY_MOTOR].vertex_count <= FINISH_FIRST_VERTICES)
        status = tq_roads_finish(network->base.roads, err);
    int64_t followed_ns = mono_ns();
    if (status == TQ_OK) status = tq_days_follow(network->base.days, next, err);
    took.detour_ns = detoured_ns - began_ns;
    took.roads_ns = followed_ns - detoured_ns;
    took.days_ns = mono_ns() - followed_ns;
    took.changed_runs = next->run_count;
    took.detours = next->detour_count;
    if (status != TQ_OK) {
        tq_overlay_drop(next);
        return status;
    }
    TQ_TRY(show(network, next, err));
    if (report != NULL) *report = took;
    return TQ_OK;
}
