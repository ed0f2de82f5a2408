/*
 * Straight walks between the stops of a city without streets, when the settings ask for them.
 *
 * Each pair of stops within `walking.without_streets` gets a row of transfers, as if transfers.txt
 * had named it: the straight distance, stretched by a third because streets are not straight, at
 * the walking speed of the foot profile. Pairs that a feed names keep the feed's own row. The
 * report says that these walks are estimated.
 */
#include "import/import.h"

#define DETOUR_PERCENT 133
#define PAIRS_MAX      20000000u

typedef TQ_VEC(tq_transfer) transfer_list;

static bool is_boarding_stop(const tq_stop *stop)
{
    return stop->kind == TQ_STOP_KIND_STOP || stop->kind == TQ_STOP_KIND_BOARDING;
}

static uint64_t pair_key(uint32_t from, uint32_t to)
{
    return (uint64_t)from << 32 | to;
}

/* Pairs that a feed names, ascending. */
static uint64_t *named_pairs(const tq_timetable *timetable)
{
    uint64_t *pair = TQ_ALLOC(uint64_t, timetable->transfer_count);
    if (pair == NULL) return NULL;
    for (uint32_t k = 0; k < timetable->transfer_count; k++)
        pair[k] = pair_key(timetable->transfer[k].from_stop, timetable->transfer[k].to_stop);
    if (tq_sort_u64(pair, timetable->transfer_count)) return pair;
    tq_free(pair);
    return NULL;
}

static bool is_named(const uint64_t *pair, uint32_t count, uint64_t key)
{
    uint32_t low = 0, high = count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (pair[middle] < key)
            low = middle + 1;
        else
            high = middle;
    }
    return low < count && pair[low] == key;
}

/* Rows from one stop to those around it. The grid holds stops as points, so each is seen once. */
static bool add_around(const tq_build *build, const tq_grid *grid, uint32_t from,
                       const uint64_t *named, transfer_list *list)
{
    const tq_timetable *timetable = &build->city.timetable;
    const tq_stop *stop = &timetable->stop[from];
    uint32_t reach_m = build->settings->walk_without_streets_m,
             speed = build->settings->walk_mm_s[0];
    tq_box box = {stop->at.lat_e7, stop->at.lon_e7, stop->at.lat_e7, stop->at.lon_e7};
    tq_cells cells;
    box = tq_box_grow(box, reach_m);
    if (!tq_grid_cells(grid, &box, &cells)) return true;
    for (uint32_t row = cells.row0; row <= cells.row1; row++) {
        for (uint32_t column = cells.column0; column <= cells.column1; column++) {
            uint32_t cell = row * grid->columns + column;
            for (uint32_t k = grid->first[cell]; k < grid->first[cell + 1]; k++) {
                uint32_t to = grid->item[k], dm = tq_distance_dm(stop->at, timetable->stop[to].at);
                if (to == from || dm > reach_m * 10 ||
                    is_named(named, timetable->transfer_count, pair_key(from, to)))
                    continue;
                int64_t walk_mm = (int64_t)dm * DETOUR_PERCENT;
                tq_transfer transfer = {
                    from,    to,      2,       (uint32_t)tq_ceil_div(walk_mm, speed),
                    TQ_NONE, TQ_NONE, TQ_NONE, TQ_NONE};
                if (list->count == PAIRS_MAX || !tq_vec_push(list, transfer)) return false;
            }
        }
    }
    return true;
}

static bool collect(tq_build *build, const tq_grid *grid, transfer_list *list)
{
    const tq_timetable *timetable = &build->city.timetable;
    uint64_t *named = named_pairs(timetable);
    bool good = named != NULL && tq_vec_room(list, timetable->transfer_count);
    for (uint32_t k = 0; good && k < timetable->transfer_count; k++)
        good = tq_vec_push(list, timetable->transfer[k]);
    for (uint32_t stop = 0; good && stop < timetable->stop_count; stop++)
        if (is_boarding_stop(&timetable->stop[stop]))
            good = add_around(build, grid, stop, named, list);
    tq_free(named);
    return good;
}

tq_status import_straight_walks(tq_build *build, tq_err *err)
{
    tq_timetable *timetable = &build->city.timetable;
    uint32_t reach_m = build->settings->walk_without_streets_m;
    if (reach_m == 0 || build->city.streets.edge_count > 0 || timetable->stop_count == 0)
        return TQ_OK;
    tq_box *box = TQ_ALLOC(tq_box, timetable->stop_count);
    if (box == NULL)
        return tq_fail(err, TQ_NO_MEMORY, 0, "no memory for walks between %u stops",
                       timetable->stop_count);
    for (uint32_t stop = 0; stop < timetable->stop_count; stop++) {
        box[stop] = TQ_BOX_EMPTY;
        if (is_boarding_stop(&timetable->stop[stop]))
            tq_box_add(&box[stop], timetable->stop[stop].at);
    }
    tq_grid_data grid;
    transfer_list list = {0};
    tq_status status = tq_grid_build(box, timetable->stop_count, reach_m, &grid, err);
    tq_free(box);
    if (status != TQ_OK) return status;
    uint32_t before = timetable->transfer_count;
    if (!collect(build, &grid.grid, &list))
        status = tq_fail(err, TQ_LIMIT, 0,
                         "walking.without_streets: %u m gives over %u pairs of stops; lower it",
                         reach_m, PAIRS_MAX);
    tq_grid_free(&grid);
    if (status != TQ_OK) {
        tq_vec_free(&list);
        return status;
    }
    /* From here on the build owns the list, also when it has no memory to note so. */
    if (!tq_build_keep(build, list.at)) return tq_fail(err, TQ_NO_MEMORY, 0, "no memory for walks");
    timetable->transfer = list.at;
    timetable->transfer_count = (uint32_t)list.count;
    tq_report_count(build->report, "walks.straight", list.count - before);
    tq_report_add(build->report, TQ_NOTE, "straight_walks", "tongqu.yaml", 0,
                  "%zu walks between stops within %u m are straight lines with a third added; they "
                  "are estimated",
                  list.count - before, reach_m);
    return TQ_OK;
}
