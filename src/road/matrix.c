/*
 * Tables: times (and decimetres) between many places.
 *
 * Method: a row of times to the ancestors for each end of each place, both sides in tree order. Two
 * places meet at an ancestor of both, so a cell is the least sum of two rows over the depths that
 * they have in common, and what they have in common is a running minimum along the order. Cells are
 * done in tiles: for 4 sources and 16 targets the depths that all of them share are added up
 * together, sixteen targets side by side; what single pairs share beyond it is done pair by pair.
 *
 * A place has several ends (two directions, copies, snaps). Seen from a place off its trunk, the
 * least over its ends stands for all of them. When one place lies in the subtree of the other's
 * trunk the cell is done end by end; only there may two ends stand at one vertex, where one drives
 * straight on, or goes round when the target lies behind. Places on one node are the same place.
 *
 * Invariants: no allocation but in the arena; the same answer as tq_road_time for each cell. A
 * table that does not fit the scratch is done in pieces.
 */
#include "road/matrix_in.h"

#define BLOCK_FROM 16u /* sources whose tiles are done together, a multiple of ROAD_TILE_FROM */

typedef struct table {
    const tq_city *city;
    const tq_metric *metric;
    const road_kernels *kernels;
    many_set from, to;
    uint32_t columns; /* of the whole table */
    int32_t *out_ds;
    uint32_t *out_dm; /* or NULL */
    int32_t **tile;   /* [tiles], rows of 16 targets side by side */
    uint32_t *limit;  /* [tiles], depths in it */
    uint32_t tiles;
    uint16_t *common; /* [BLOCK_FROM * tiles * 16], of a source of the block and each target */
    tq_arena *work;
} table;

/* ---- a cell end by end ----------------------------------------------------------------------- */

/* Back to the tail of a source's own arc, once for all its cells. False when work is full. */
static bool find_round(table *work, many_end *end)
{
    if (end->round_ds >= 0) return true;
    const tq_hierarchy *hierarchy = work->metric->hierarchy;
    int32_t best = TQ_ROAD_INF;
    for (uint32_t link = hierarchy->first_link[end->vertex];
         link < hierarchy->first_link[end->vertex + 1]; link++) {
        int32_t back =
            road_vertex_time(work->metric, hierarchy->link_head[link], end->vertex, work->work);
        if (back < 0) return false;
        best = TQ_MIN(best, road_sum(road_link_ds(work->metric, end->vertex, link), back));
    }
    if (work->out_dm != NULL && best < TQ_ROAD_INF) {
        size_t mark = work->work->used;
        uint32_t count = 0;
        int32_t time = 0;
        const uint32_t *vertex =
            road_path(work->metric, end->vertex, end->vertex, work->work, &count, &time);
        if (vertex == NULL) return false;
        for (uint32_t k = 0; k + 1 < count; k++)
            end->round_dm +=
                work->city->streets.edge_length_dm[hierarchy->arc_of_vertex[vertex[k]] >> 1];
        tq_arena_reset(work->work, mark);
    }
    end->round_ds = best;
    return true;
}

/* Time and decimetres between two ends, when the time is less than *best. `common` is TQ_NONE when
 * it is not known what they have in common. */
static bool pair_of_ends(table *work, many_end *from, const many_end *to, uint32_t common,
                         int32_t *best, uint32_t *best_dm)
{
    int32_t time = 0, passed = to->passed_ds - from->passed_ds;
    if (to->area != TQ_NONE && to->area == from->area) passed += to->gift_ds;
    uint32_t dm = 0, meet = TQ_NONE;
    if (from->vertex != to->vertex) {
        if (common == TQ_NONE) common = road_common(work->metric, from->vertex, to->vertex);
        time = work->kernels->min_plus(from->row, to->row, common);
        if (time >= TQ_ROAD_INF || time + passed >= *best) return true;
        if (best_dm != NULL) {
            meet = work->kernels->last_equal(from->row, to->row, common, time);
            dm = from->dm[meet] + to->dm[meet];
        }
    } else if (to->at_dm < from->at_dm) {
        if (!find_round(work, from)) return false;
        time = from->round_ds;
        dm = from->round_dm;
        if (time >= TQ_ROAD_INF) return true;
    }
    if (time + passed >= *best) return true;
    *best = time + passed;
    if (best_dm != NULL) *best_dm = dm + to->at_dm - from->at_dm;
    return true;
}

static bool cell_by_ends(table *work, const many_place *from, const many_place *to, uint32_t common)
{
    /* Off the trunk all ends have the same in common. */
    if (common >= TQ_MIN(from->common, to->common)) common = TQ_NONE;
    size_t cell = (size_t)from->number * work->columns + to->number;
    int32_t best = TQ_ROAD_INF;
    uint32_t dm = UINT32_MAX;
    for (uint32_t s = 0; s < from->count; s++)
        for (uint32_t t = 0; t < to->count; t++)
            if (!pair_of_ends(work, &work->from.end[from->first + s], &work->to.end[to->first + t],
                              common, &best, work->out_dm != NULL ? &dm : NULL))
                return false;
    work->out_ds[cell] = best;
    if (work->out_dm != NULL) work->out_dm[cell] = dm;
    return true;
}

/* ---- tiles ----------------------------------------------------------------------------------- */

static bool make_tiles(table *work)
{
    work->tiles = (work->to.count + ROAD_TILE_TO - 1) / ROAD_TILE_TO;
    work->tile = TQ_PUSH_RAW(work->work, int32_t *, work->tiles);
    work->limit = TQ_PUSH_RAW(work->work, uint32_t, work->tiles);
    work->common =
        TQ_PUSH_RAW(work->work, uint16_t, (size_t)BLOCK_FROM * work->tiles * ROAD_TILE_TO);
    if (work->tile == NULL || work->limit == NULL || work->common == NULL) return false;
    for (uint32_t tile = 0; tile < work->tiles; tile++) {
        uint32_t first = tile * ROAD_TILE_TO, count = TQ_MIN(ROAD_TILE_TO, work->to.count - first);
        const many_place *place = work->to.place + first;
        /* A tile is used only as deep as all its targets go. */
        uint32_t limit = place[0].limit;
        for (uint32_t k = 1; k < count; k++)
            limit = TQ_MIN(limit, place[k].limit);
        int32_t *turned =
            tq_arena_push_raw(work->work, (size_t)limit * ROAD_TILE_TO, sizeof(int32_t), 64);
        if (turned == NULL) return false;
        for (uint32_t k = 0; k < ROAD_TILE_TO; k++)
            for (uint32_t depth = 0; depth < limit; depth++)
                turned[(size_t)depth * ROAD_TILE_TO + k] =
                    k < count ? place[k].row[depth] : TQ_ROAD_INF;
        work->tile[tile] = turned;
        work->limit[tile] = limit;
    }
    return true;
}

/* What a source has in common with each target: the neighbours in tree order by climbing, then a
 * running minimum. */
static void find_common(const table *work, const many_place *source, uint16_t *common)
{
    const many_set *to = &work->to;
    uint32_t low = 0, high = to->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (to->place[middle].vertex < source->vertex)
            low = middle + 1;
        else
            high = middle;
    }
    if (low < to->count) {
        uint32_t least = many_common(work->metric, source->vertex, to->place[low].vertex);
        common[low] = (uint16_t)least;
        for (uint32_t k = low + 1; k < to->count; k++) {
            least = TQ_MIN(least, to->beside[k - 1]);
            common[k] = (uint16_t)least;
        }
    }
    if (low > 0) {
        uint32_t least = many_common(work->metric, source->vertex, to->place[low - 1].vertex);
        common[low - 1] = (uint16_t)least;
        for (uint32_t k = low - 1; k-- > 0;) {
            least = TQ_MIN(least, to->beside[k]);
            common[k] = (uint16_t)least;
        }
    }
}

static inline void put_time(const table *work, const many_place *from, const many_place *to,
                            int32_t time)
{
    time =
        time < TQ_ROAD_INF ? TQ_MIN(time + from->base_ds + to->base_ds, TQ_ROAD_INF) : TQ_ROAD_INF;
    work->out_ds[(size_t)from->number * work->columns + to->number] = time;
}

/* One source of a tile: what goes beyond the depths that the whole tile shares. */
static bool finish_row(table *work, const many_place *from, const many_place *to, uint32_t count,
                       const uint16_t *common, uint32_t shared, const int32_t *time)
{
    for (uint32_t k = 0; k < count; k++) {
        /* Sources in streets for the last metres: which targets are in the same ones, ends know. */
        if (common[k] >= TQ_MIN(from->common, to[k].common) || (from->inside && to[k].inside)) {
            if (!cell_by_ends(work, from, &to[k], common[k])) return false;
            continue;
        }
        int32_t best = time[k];
        if (common[k] > shared) {
            int32_t deeper =
                work->kernels->min_plus(from->row + shared, to[k].row + shared, common[k] - shared);
            best = TQ_MIN(best, deeper);
        }
        put_time(work, from, &to[k], best);
    }
    return true;
}

static bool do_tile(table *work, const many_place *from, uint32_t sources, uint32_t tile,
                    const uint16_t *common, size_t stride)
{
    uint32_t first = tile * ROAD_TILE_TO, count = TQ_MIN(ROAD_TILE_TO, work->to.count - first);
    uint32_t shared = work->limit[tile];
    for (uint32_t s = 0; s < sources; s++) {
        uint32_t least = work->kernels->least_u16(common + s * stride, count);
        shared = TQ_MIN(shared, least);
    }
    /* A short last group counts its last source more than once. */
    const int32_t *row[ROAD_TILE_FROM];
    for (uint32_t s = 0; s < ROAD_TILE_FROM; s++)
        row[s] = from[TQ_MIN(s, sources - 1)].row;
    _Alignas(64) int32_t time[ROAD_TILE_FROM * ROAD_TILE_TO];
    work->kernels->tile(row, work->tile[tile], shared, time);
    for (uint32_t s = 0; s < sources; s++)
        if (!finish_row(work, &from[s], work->to.place + first, count, common + s * stride, shared,
                        time + (size_t)s * ROAD_TILE_TO))
            return false;
    return true;
}

static bool do_table(table *work)
{
    if (!make_tiles(work)) return false;
    size_t stride = (size_t)work->tiles * ROAD_TILE_TO;
    for (uint32_t block = 0; block < work->from.count; block += BLOCK_FROM) {
        uint32_t count = TQ_MIN(BLOCK_FROM, work->from.count - block);
        const many_place *from = work->from.place + block;
        for (uint32_t s = 0; s < count; s++)
            find_common(work, &from[s], work->common + s * stride);
        for (uint32_t tile = 0; tile < work->tiles; tile++)
            for (uint32_t s = 0; s < count; s += ROAD_TILE_FROM)
                if (!do_tile(work, from + s, TQ_MIN(ROAD_TILE_FROM, count - s), tile,
                             work->common + s * stride + (size_t)tile * ROAD_TILE_TO, stride))
                    return false;
    }
    return true;
}

/* All cells end by end: where decimetres are asked for, each cell must know its meeting place. */
static bool do_cells(table *work)
{
    uint16_t *common = TQ_PUSH_RAW(work->work, uint16_t, work->to.count);
    if (common == NULL) return false;
    for (uint32_t s = 0; s < work->from.count; s++) {
        find_common(work, &work->from.place[s], common);
        for (uint32_t t = 0; t < work->to.count; t++)
            if (!cell_by_ends(work, &work->from.place[s], &work->to.place[t], common[t]))
                return false;
    }
    return true;
}

/* ---- pieces ---------------------------------------------------------------------------------- */

/* How many places from `first` on fit `bytes`; at least one. */
static uint32_t fitting(const table *work, const tq_places_on_road *places, uint32_t first,
                        size_t bytes)
{
    uint32_t count = 0;
    size_t used = 0;
    for (uint32_t place = first; place < places->count; place++, count++) {
        uint32_t snaps =
            places->first != NULL ? places->first[place + 1] - places->first[place] : 1;
        /* An arc and its opposite; copies are few, and a piece that does not fit is halved. */
        used +=
            many_place_bytes(work->metric, TQ_MIN(2 * snaps, ROAD_ENDS_MAX), work->out_dm != NULL);
        if (used > bytes && count > 0) break;
    }
    return count;
}

static tq_status do_piece(table *work, const tq_places_on_road *from, uint32_t first_from,
                          uint32_t from_count, const tq_places_on_road *to, uint32_t first_to,
                          uint32_t to_count, tq_err *err)
{
    bool metres = work->out_dm != NULL;
    TQ_TRY(many_set_make(work->city, work->metric, from, first_from, from_count, MANY_OUT,
                         work->work, &work->from, err));
    TQ_TRY(many_set_make(work->city, work->metric, to, first_to, to_count, MANY_IN, work->work,
                         &work->to, err));
    TQ_TRY(many_set_rows(work->metric, &work->from, &work->to, metres, work->work, err));
    TQ_TRY(many_set_rows(work->metric, &work->to, &work->from, metres, work->work, err));
    if (!(metres ? do_cells(work) : do_table(work)))
        return tq_fail(err, TQ_NO_MEMORY, 0, "the scratch of a query is too small for this table");
    return TQ_OK;
}

/* Places on one node are the same place. Nodes of the targets' snaps are looked up in order. */
static bool join_nodes(const table *work, const tq_places_on_road *from,
                       const tq_places_on_road *to)
{
    size_t mark = work->work->used;
    uint32_t snaps = to->first != NULL ? to->first[to->count] : to->count, count = 0;
    uint64_t *key = TQ_PUSH_RAW(work->work, uint64_t, snaps);
    if (key == NULL) return false;
    for (uint32_t t = 0; t < to->count; t++) {
        uint32_t end = to->first != NULL ? to->first[t + 1] : t + 1;
        for (uint32_t snap = to->first != NULL ? to->first[t] : t; snap < end; snap++) {
            uint32_t node = road_node_of(work->city, &to->snap[snap]);
            if (node != TQ_NONE) key[count++] = (uint64_t)node << 32 | t;
        }
    }
    many_sort(key, count);
    for (uint32_t s = 0; s < from->count; s++) {
        uint32_t end = from->first != NULL ? from->first[s + 1] : s + 1;
        for (uint32_t snap = from->first != NULL ? from->first[s] : s; snap < end; snap++) {
            const tq_snap *place = &from->snap[snap];
            uint32_t node = road_node_of(work->city, place), low = 0, high = count;
            if (node == TQ_NONE || !many_same_node(work->city, work->metric, place, place))
                continue;
            while (low < high) {
                uint32_t middle = low + (high - low) / 2;
                if (key[middle] >> 32 < node)
                    low = middle + 1;
                else
                    high = middle;
            }
            for (; low < count && key[low] >> 32 == node; low++) {
                size_t cell = (size_t)s * work->columns + (uint32_t)key[low];
                work->out_ds[cell] = 0;
                if (work->out_dm != NULL) work->out_dm[cell] = 0;
            }
        }
    }
    tq_arena_reset(work->work, mark);
    return true;
}

tq_status tq_road_matrix(const tq_city *city, const tq_metric *metric,
                         const tq_places_on_road *from, const tq_places_on_road *to, tq_arena *work,
                         int32_t *out_ds, uint32_t *out_dm, tq_err *err)
{
    uint64_t cells = (uint64_t)from->count * to->count;
    if (cells > TQ_MATRIX_MAX)
        return tq_fail(
            err, TQ_LIMIT, 0,
            "%u x %u places make %llu cells; the limit of one table is %u, ask for it in "
            "parts",
            from->count, to->count, (unsigned long long)cells, TQ_MATRIX_MAX);
    if (out_dm != NULL && !(metric->parts & TQ_METRIC_METRES))
        return tq_fail(err, TQ_BAD_INPUT, 0,
                       "the weights in use have no lengths; ask for times only");
    table piece = {.city = city,
                   .metric = metric,
                   .kernels = road_kernels_now(),
                   .columns = to->count,
                   .out_ds = out_ds,
                   .out_dm = out_dm,
                   .work = work};
    size_t mark = work->used, half = (work->cap - work->used) * 2 / 5;
    uint32_t rows = TQ_MAX(from->count, 1u), columns = TQ_MAX(to->count, 1u);
    for (uint32_t s = 0; s < from->count;) {
        uint32_t from_count = TQ_MIN(rows, fitting(&piece, from, s, half)), to_count = 0;
        tq_status status = TQ_OK;
        for (uint32_t t = 0; t < to->count && status == TQ_OK; t += to_count) {
            to_count = TQ_MIN(columns, fitting(&piece, to, t, half));
            status = do_piece(&piece, from, s, from_count, to, t, to_count, err);
            tq_arena_reset(work, mark);
        }
        if (status == TQ_NO_MEMORY && from_count + to_count > 2) {
            rows = TQ_MAX(from_count / 2, 1u);
            columns = TQ_MAX(to_count / 2, 1u);
            continue;
        }
        TQ_TRY(status);
        s += from_count;
    }
    if (!join_nodes(&piece, from, to))
        return tq_fail(err, TQ_NO_MEMORY, 0, "the scratch of a query is too small for this table");
    return TQ_OK;
}
