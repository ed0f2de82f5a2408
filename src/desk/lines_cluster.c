/*
 * Requests that one bus could serve, by agglomerative clustering with complete linkage.
 *
 * Two requests are as far apart as the farther of their two ends, in metres, and 50 m more for each
 * minute between their windows; they never meet when they share no day, when one is to leave and
 * the other to arrive in its window, when they go in different directions, or when an end or a
 * window lies too far. The two nearest clusters are joined, the distance of clusters being that of
 * their farthest members, as long as all riders fit into the bus. Ties go to the lower numbers, so
 * the same list gives the same clusters. Cost: cubic in the worst case; LINES_REQUESTS_MAX bounds
 * it.
 */
#include <stdlib.h>

#include "desk/lines_in.h"

#define NEVER      UINT32_MAX
#define GAP_MOST_S 1800
#define TURN_MOST  60 /* degrees between the ways of two requests as the crow flies */

static uint32_t apart(const line_request *a, const line_request *b, const line_cluster_wish *wish)
{
    uint32_t from_m = tq_distance_dm(a->from, b->from) / 10,
             to_m = tq_distance_dm(a->to, b->to) / 10;
    uint32_t far_m = TQ_MAX(from_m, to_m);
    int32_t gap_s = TQ_MAX(TQ_MAX(a->from_s, b->from_s) - TQ_MIN(a->to_s, b->to_s), 0);
    int turn = abs((int)tq_bearing_deg(a->from, a->to) - (int)tq_bearing_deg(b->from, b->to));
    if ((a->days & b->days) == 0 || a->arrive != b->arrive || far_m > wish->spread_m ||
        gap_s > GAP_MOST_S || TQ_MIN(turn, 360 - turn) > TURN_MOST)
        return NEVER;
    return far_m + (uint32_t)gap_s / 60 * 50;
}

/* Cluster b becomes part of a (a < b). */
static void join(uint32_t *far, uint32_t *riders, uint32_t *part_of, uint32_t count, uint32_t a,
                 uint32_t b)
{
    for (uint32_t k = 0; k < count; k++) {
        uint32_t most = TQ_MAX(far[(size_t)a * count + k], far[(size_t)b * count + k]);
        far[(size_t)a * count + k] = far[(size_t)k * count + a] = most;
        far[(size_t)b * count + k] = far[(size_t)k * count + b] = NEVER;
        if (part_of[k] == b) part_of[k] = a;
    }
    far[(size_t)a * count + a] = NEVER;
    riders[a] += riders[b];
}

tq_status lines_cluster(const line_request *request, uint32_t count, const line_cluster_wish *wish,
                        uint32_t *cluster_of, uint32_t *clusters, tq_err *err)
{
    uint32_t *far = TQ_ALLOC(uint32_t, (size_t)count * count + 1);
    uint32_t *riders = TQ_ALLOC(uint32_t, count + 1), *name = TQ_ALLOC(uint32_t, count + 1);
    tq_status status = TQ_OK;
    if (far == NULL || riders == NULL || name == NULL)
        status = tq_fail(err, TQ_NO_MEMORY, 0, "no memory for clusters");
    for (uint32_t a = 0; status == TQ_OK && a < count; a++) {
        riders[a] = request[a].party;
        cluster_of[a] = a;
        for (uint32_t b = 0; b < count; b++)
            far[(size_t)a * count + b] = a == b ? NEVER : apart(&request[a], &request[b], wish);
    }
    while (status == TQ_OK) {
        uint32_t best = NEVER, left = 0, right = 0;
        for (uint32_t a = 0; a < count; a++)
            for (uint32_t b = a + 1; b < count; b++)
                if (far[(size_t)a * count + b] < best && riders[a] + riders[b] <= wish->riders) {
                    best = far[(size_t)a * count + b];
                    left = a;
                    right = b;
                }
        if (best == NEVER) break;
        join(far, riders, cluster_of, count, left, right);
    }
    if (status == TQ_OK) {
        *clusters = 0;
        for (uint32_t k = 0; k < count; k++)
            if (cluster_of[k] == k) name[k] = (*clusters)++;
        for (uint32_t k = 0; k < count; k++)
            cluster_of[k] = name[cluster_of[k]];
    }
    tq_free(far);
    tq_free(riders);
    tq_free(name);
    return status;
}
