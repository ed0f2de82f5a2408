/*
 * Virtual stops of a draft: places at streets that walkers and the bus both reach, and their order.
 *
 * Candidates are street nodes near those who ask. Stops are chosen greedily: each time the one that
 * brings most riders within reach on foot, of equal ones that with the least walking, then the
 * lowest node; at the end everybody walks to the nearest chosen one. Walking times are those of the
 * foot metric, closures of footways included. The order of the stops is the quickest tour by the
 * bus: all places to get on, then all to get off (tq_road_tour).
 */
#include <stdlib.h>

#include "desk/lines_in.h"

#define CANDIDATES_MOST 240u
#define NEAR_EACH       6u
#define SNAP_M          40u

typedef struct spot {
    uint32_t node, near, distance_dm; /* how many points within reach as the crow flies */
    tq_snap foot, bus;
} spot;

static int by_use(const void *left, const void *right)
{
    const spot *a = left, *b = right;
    if (a->near != b->near) return a->near > b->near ? -1 : 1;
    if (a->distance_dm != b->distance_dm) return a->distance_dm < b->distance_dm ? -1 : 1;
    return a->node < b->node ? -1 : a->node > b->node;
}

static bool snaps(line_roads *roads, tq_point at, tq_snap *out)
{
    tq_snap_wish wish = {.limit = 1, .radius_m = SNAP_M, .bearing = -1, .main_only = true};
    uint32_t found = 0;
    tq_err why;
    return tq_road_snap(roads->city, roads->metric, at, &wish, out, &found, &why) == TQ_OK;
}

typedef TQ_VEC(spot) spots;

static bool has_node(const spots *list, uint32_t node)
{
    for (size_t k = 0; k < list->count; k++)
        if (list->at[k].node == node) return true;
    return false;
}

/* Nodes within reach, most useful first; then for each point its nearest ones are kept. */
static bool gather(const tq_city *city, const tq_point *point, uint32_t count, uint32_t reach_dm,
                   spots *all)
{
    tq_box box = TQ_BOX_EMPTY;
    for (uint32_t k = 0; k < count; k++)
        tq_box_add(&box, point[k]);
    box = tq_box_grow(box, reach_dm / 10 + 1);
    for (uint32_t node = 0; node < city->streets.node_count; node++) {
        tq_point at = city->streets.node_at[node];
        spot one = {.node = node};
        if (!tq_box_has(&box, at)) continue;
        for (uint32_t k = 0; k < count; k++) {
            uint32_t distance_dm = tq_distance_dm(at, point[k]);
            if (distance_dm > reach_dm) continue;
            one.near++;
            one.distance_dm += distance_dm;
        }
        if (one.near > 0 && !tq_vec_push(all, one)) return false;
    }
    if (all->count > 1) qsort(all->at, all->count, sizeof(spot), by_use);
    return true;
}

static bool keep(line_roads *foot, line_roads *bus, const spot *from, spots *out)
{
    spot one = *from;
    tq_point at = foot->city->streets.node_at[one.node];
    if (out->count >= CANDIDATES_MOST || has_node(out, one.node)) return true;
    if (!snaps(foot, at, &one.foot) || !snaps(bus, at, &one.bus)) return true;
    return tq_vec_push(out, one);
}

static bool thin(line_roads *foot, line_roads *bus, const tq_point *point, uint32_t count,
                 uint32_t reach_dm, const spots *all, spots *out)
{
    for (uint32_t k = 0; k < count; k++) {
        uint32_t last_dm = 0, last_node = 0;
        for (uint32_t step = 0; step < NEAR_EACH; step++) {
            const spot *best = NULL;
            uint32_t best_dm = reach_dm + 1;
            for (size_t s = 0; s < all->count; s++) {
                uint32_t node = all->at[s].node;
                uint32_t dm = tq_distance_dm(foot->city->streets.node_at[node], point[k]);
                bool after = step == 0 || dm > last_dm || (dm == last_dm && node > last_node);
                if (after &&
                    (dm < best_dm || (dm == best_dm && best != NULL && node < best->node))) {
                    best = &all->at[s];
                    best_dm = dm;
                }
            }
            if (best == NULL) break;
            last_dm = best_dm;
            last_node = best->node;
            if (!keep(foot, bus, best, out)) return false;
        }
    }
    for (size_t s = 0; s < all->count && out->count < CANDIDATES_MOST; s++)
        if (!keep(foot, bus, &all->at[s], out)) return false;
    return true;
}

/* Choose by the table of walking times [count * candidates], in deciseconds. */
static void choose(const int32_t *walk_ds, const spots *spot_of, const uint32_t *riders,
                   uint32_t count, int32_t most_ds, line_side *out)
{
    size_t width = spot_of->count;
    for (uint32_t k = 0; k < count; k++) {
        out->stop_of[k] = TQ_NONE;
        out->walk_s[k] = -1;
    }
    while (out->count < LINES_SIDE_MOST) {
        uint32_t best_riders = 0;
        int64_t best_ds = INT64_MAX;
        size_t best = SIZE_MAX;
        for (size_t s = 0; s < width; s++) {
            uint32_t more = 0;
            int64_t sum_ds = 0;
            for (uint32_t k = 0; k < count; k++) {
                if (out->stop_of[k] != TQ_NONE || walk_ds[k * width + s] > most_ds) continue;
                more += riders[k];
                sum_ds += walk_ds[k * width + s];
            }
            bool better = more > best_riders ||
                          (more == best_riders && more > 0 &&
                           (sum_ds < best_ds ||
                            (sum_ds == best_ds && spot_of->at[s].node < spot_of->at[best].node)));
            if (!better) continue;
            best = s;
            best_riders = more;
            best_ds = sum_ds;
        }
        if (best == SIZE_MAX) break;
        out->snap[out->count] = spot_of->at[best].bus;
        out->at[out->count] = spot_of->at[best].bus.at;
        for (uint32_t k = 0; k < count; k++) {
            int32_t ds = walk_ds[k * width + best];
            if (ds > most_ds || (out->walk_s[k] >= 0 && out->walk_s[k] * 10 <= ds)) continue;
            out->stop_of[k] = out->count;
            out->walk_s[k] = (ds + 9) / 10;
        }
        out->count++;
    }
}

static tq_status choose_among(line_roads *foot, const spots *candidates, const tq_point *point,
                              const uint32_t *riders, uint32_t count, uint32_t max_walk_s,
                              line_side *out, tq_err *err)
{
    size_t width = candidates->count;
    tq_snap *to = TQ_ALLOC(tq_snap, width + 1), from;
    int32_t *walk_ds = TQ_ALLOC(int32_t, width * count + 1);
    tq_status status = to == NULL || walk_ds == NULL
                           ? tq_fail(err, TQ_NO_MEMORY, 0, "no memory for virtual stops")
                           : TQ_OK;
    for (size_t s = 0; status == TQ_OK && s < width; s++)
        to[s] = candidates->at[s].foot;
    for (uint32_t k = 0; status == TQ_OK && k < count && width > 0; k++) {
        if (!line_roads_snap(foot, point[k], LINES_REACH_M, &from)) {
            for (size_t s = 0; s < width; s++)
                walk_ds[k * width + s] = TQ_ROAD_INF;
            continue;
        }
        tq_places_on_road one = {.count = 1, .snap = &from}, many = {(uint32_t)width, NULL, to};
        tq_arena_reset(&foot->work, 0);
        status = tq_road_matrix(foot->city, foot->metric, &one, &many, &foot->work,
                                &walk_ds[k * width], NULL, err);
    }
    if (status == TQ_OK) choose(walk_ds, candidates, riders, count, (int32_t)max_walk_s * 10, out);
    tq_free(to);
    tq_free(walk_ds);
    return status;
}

tq_status lines_side_choose(line_roads *foot, line_roads *bus, const tq_point *point,
                            const uint32_t *riders, uint32_t count, uint32_t max_walk_s,
                            line_side *out, tq_err *err)
{
    spots all = {0}, some = {0};
    uint32_t reach_dm = max_walk_s * TQ_MAX(foot->city->meta->walk_mm_s[0], 1000u) / 100;
    *out = (line_side){0};
    tq_status status = TQ_OK;
    if (!gather(foot->city, point, count, reach_dm, &all) ||
        !thin(foot, bus, point, count, reach_dm, &all, &some))
        status = tq_fail(err, TQ_NO_MEMORY, 0, "no memory for virtual stops");
    if (status == TQ_OK)
        status = choose_among(foot, &some, point, riders, count, max_walk_s, out, err);
    tq_vec_free(&all);
    tq_vec_free(&some);
    return status;
}

/* ---- order -------------------------------------------------------------------------------------
 */

/* Put a side's stops into an order: out[k] = which one comes k-th. */
static void arrange(line_side *side, const uint32_t *order)
{
    line_side was = *side;
    for (uint32_t k = 0; k < side->count; k++) {
        side->snap[k] = was.snap[order[k]];
        side->at[k] = was.at[order[k]];
        for (uint32_t p = 0; p < LINES_CLUSTER_MOST; p++)
            if (was.stop_of[p] == order[k]) side->stop_of[p] = k;
    }
}

/* The quickest order of a side by the times ds [all * all]; `fixed` is the place that ends
 * (boarding) or begins it. */
static tq_status tour(line_roads *bus, const int32_t *ds, uint32_t all, uint32_t first,
                      uint32_t count, uint32_t fixed, bool last, uint32_t *order, tq_err *err)
{
    int32_t part[(LINES_SIDE_MOST + 1) * (LINES_SIDE_MOST + 1)];
    uint32_t place[LINES_SIDE_MOST + 1], visit[LINES_SIDE_MOST + 1], total = count + 1;
    int64_t sum = 0;
    for (uint32_t k = 0; k < count; k++)
        place[last ? k : k + 1] = first + k;
    place[last ? count : 0] = fixed;
    for (uint32_t a = 0; a < total; a++)
        for (uint32_t b = 0; b < total; b++)
            part[a * total + b] = ds[place[a] * all + place[b]];
    tq_tour_wish wish = {.fix_first = !last, .fix_last = last};
    tq_arena_reset(&bus->work, 0);
    TQ_TRY(tq_road_tour(part, total, &wish, &bus->work, visit, &sum, err));
    for (uint32_t k = 0; k < count; k++)
        order[k] = visit[last ? k : k + 1] - (last ? 0 : 1);
    return TQ_OK;
}

tq_status lines_sides_order(line_roads *bus, line_side *board, line_side *alight,
                            int32_t off_s[2 * LINES_SIDE_MOST], tq_err *err)
{
    uint32_t all = board->count + alight->count, order[LINES_SIDE_MOST], anchor = board->count;
    tq_snap snap[2 * LINES_SIDE_MOST];
    int32_t ds[4 * LINES_SIDE_MOST * LINES_SIDE_MOST];
    memcpy(snap, board->snap, board->count * sizeof *snap);
    memcpy(snap + board->count, alight->snap, alight->count * sizeof *snap);
    tq_places_on_road places = {.count = all, .snap = snap};
    tq_arena_reset(&bus->work, 0);
    TQ_TRY(tq_road_matrix(bus->city, bus->metric, &places, &places, &bus->work, ds, NULL, err));
    for (uint32_t k = 0; k < all * all; k++)
        if (ds[k] >= TQ_ROAD_INF)
            return tq_fail(err, TQ_NO_ROUTE, 0, "the bus cannot reach a virtual stop");
    /* Boarding ends towards the place to get off that is nearest to all of them. */
    int64_t least = INT64_MAX;
    for (uint32_t a = board->count; a < all; a++) {
        int64_t sum = 0;
        for (uint32_t b = 0; b < board->count; b++)
            sum += ds[b * all + a];
        if (sum < least) {
            least = sum;
            anchor = a;
        }
    }
    TQ_TRY(tour(bus, ds, all, 0, board->count, anchor, true, order, err));
    uint32_t place[2 * LINES_SIDE_MOST];
    memcpy(place, order, board->count * sizeof *place);
    arrange(board, order);
    TQ_TRY(tour(bus, ds, all, board->count, alight->count, place[board->count - 1], false, order,
                err));
    for (uint32_t k = 0; k < alight->count; k++)
        place[board->count + k] = board->count + order[k];
    arrange(alight, order);
    off_s[0] = 0;
    for (uint32_t k = 1; k < all; k++)
        off_s[k] = off_s[k - 1] + LINES_DWELL_S + (ds[place[k - 1] * all + place[k]] + 9) / 10;
    return TQ_OK;
}
