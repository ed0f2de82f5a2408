/*
 * What vector tiles need besides the city file, worked out once at start: the stretches of line to
 * draw, grids over them and over stops, and the leading mode of each stop.
 *
 * A line is drawn once, however many patterns run over it: a hop between two stations (platforms
 * count as their station, direction does not matter) that an earlier pattern of the same route has
 * is left out, and what remains of a pattern is kept as runs of hops. Patterns without a trip that
 * is open (or will be) are not drawn.
 */
#include "serve/serve_in.h"

#define GRID_CELL_M 1000u

typedef struct hop {
    uint32_t route, low, high; /* stations, low <= high; route TQ_NONE = empty slot */
} hop;

typedef struct hop_set {
    hop *at;
    uint32_t slots; /* a power of two */
} hop_set;

static uint32_t station_of(const tq_timetable *table, uint32_t stop)
{
    uint32_t parent = table->stop[stop].parent;
    return parent != TQ_NONE ? parent : stop;
}

/* Add a hop; false if it was there. */
static bool hop_is_new(hop_set *set, hop key)
{
    uint64_t mixed = tq_mix((uint64_t)key.low << 32 | key.high) ^ tq_mix(key.route);
    uint32_t slot = (uint32_t)mixed & (set->slots - 1);
    for (; set->at[slot].route != TQ_NONE; slot = (slot + 1) & (set->slots - 1))
        if (memcmp(&set->at[slot], &key, sizeof key) == 0) return false;
    set->at[slot] = key;
    return true;
}

static bool pattern_runs(const tq_city *city, uint32_t pattern)
{
    const tq_timetable *table = &city->timetable;
    for (uint32_t trip = table->pattern_first_trip[pattern];
         trip < table->pattern_first_trip[pattern + 1]; trip++)
        if (city->dates.row[table->trip[trip].date].life == TQ_OPEN) return true;
    return false;
}

typedef TQ_VEC(rail_piece) pieces;

static bool add_pattern(const tq_city *city, uint32_t pattern, hop_set *seen, pieces *out)
{
    const tq_timetable *table = &city->timetable;
    uint32_t first = table->pattern_first[pattern],
             count = table->pattern_first[pattern + 1] - first;
    uint32_t run = TQ_NONE;
    for (uint32_t place = 0; place + 1 < count; place++) {
        uint32_t from = station_of(table, table->pattern_stop[first + place]);
        uint32_t to = station_of(table, table->pattern_stop[first + place + 1]);
        hop key = {table->pattern_route[pattern], TQ_MIN(from, to), TQ_MAX(from, to)};
        bool fresh = hop_is_new(seen, key);
        if (fresh && run == TQ_NONE) run = place;
        if (!fresh && run != TQ_NONE) {
            if (!tq_vec_push(out, ((rail_piece){pattern, run, place}))) return false;
            run = TQ_NONE;
        }
    }
    return run == TQ_NONE || tq_vec_push(out, ((rail_piece){pattern, run, count - 1}));
}

static tq_status find_rails(const tq_city *city, tile_plan *out, tq_err *err)
{
    const tq_timetable *table = &city->timetable;
    hop_set seen = {.slots = 64};
    while (seen.slots < (uint64_t)table->pattern_stop_count * 2 && seen.slots < 1u << 30)
        seen.slots *= 2;
    seen.at = TQ_ALLOC(hop, seen.slots);
    pieces found = {0};
    bool good = seen.at != NULL;
    for (uint32_t slot = 0; good && slot < seen.slots; slot++)
        seen.at[slot].route = TQ_NONE;
    for (uint32_t pattern = 0; good && pattern < table->pattern_count; pattern++)
        if (pattern_runs(city, pattern)) good = add_pattern(city, pattern, &seen, &found);
    tq_free(seen.at);
    out->rail = found.at;
    out->rail_count = (uint32_t)found.count;
    return good ? TQ_OK : tq_fail(err, TQ_NO_MEMORY, 0, "no memory to lay out the lines for tiles");
}

static tq_box rail_box(const tq_city *city, const rail_piece *piece)
{
    const tq_timetable *table = &city->timetable;
    uint32_t first = table->pattern_first[piece->pattern];
    tq_box box = TQ_BOX_EMPTY;
    for (uint32_t place = piece->first_place; place <= piece->last_place; place++) {
        tq_box_add(&box, table->stop[table->pattern_stop[first + place]].at);
        uint32_t from = table->pattern_shape_at[first + place];
        uint32_t to =
            place < piece->last_place ? table->pattern_shape_at[first + place + 1] : TQ_NONE;
        for (uint32_t point = from; from != TQ_NONE && to != TQ_NONE && point <= to; point++)
            tq_box_add(&box, table->shape_point[point]);
    }
    return box;
}

/* Smaller ranks lead: a stop served by metro and bus counts as metro. */
static unsigned mode_rank(unsigned mode)
{
    static const uint8_t rank[] = {
        [TQ_MODE_METRO] = 0, [TQ_MODE_RAIL] = 1,  [TQ_MODE_TRAM] = 2,
        [TQ_MODE_AIR] = 3,   [TQ_MODE_FERRY] = 4, [TQ_MODE_CABLE] = 5,
        [TQ_MODE_BUS] = 6,   [TQ_MODE_COACH] = 7, [TQ_MODE_OTHER] = 8,
    };
    return mode < TQ_COUNT(rank) ? rank[mode] : UINT8_MAX;
}

static void lead_mode(uint8_t *mode_of_stop, uint32_t stop, uint8_t mode)
{
    if (mode_rank(mode) < mode_rank(mode_of_stop[stop])) mode_of_stop[stop] = mode;
}

static void find_modes(const tq_timetable *table, uint8_t *mode_of_stop)
{
    for (uint32_t stop = 0; stop < table->stop_count; stop++)
        for (uint32_t k = table->stop_first_pattern[stop]; k < table->stop_first_pattern[stop + 1];
             k++)
            lead_mode(mode_of_stop, stop,
                      table->route[table->pattern_route[table->stop_pattern[k]]].mode);
    for (uint32_t stop = 0; stop < table->stop_count; stop++)
        if (table->stop[stop].parent != TQ_NONE)
            lead_mode(mode_of_stop, table->stop[stop].parent, mode_of_stop[stop]);
}

static tq_status make_grids(const tq_city *city, tile_plan *out, tq_err *err)
{
    const tq_timetable *table = &city->timetable;
    uint32_t most = TQ_MAX(out->rail_count, table->stop_count);
    tq_box *box = TQ_ALLOC(tq_box, most);
    if (box == NULL) return tq_fail(err, TQ_NO_MEMORY, 0, "no memory for the grids of tiles");
    for (uint32_t rail = 0; rail < out->rail_count; rail++)
        box[rail] = rail_box(city, &out->rail[rail]);
    tq_status status = TQ_OK;
    if (out->rail_count != 0)
        status = tq_grid_build(box, out->rail_count, GRID_CELL_M, &out->rail_grid, err);
    for (uint32_t stop = 0; stop < table->stop_count; stop++) {
        box[stop] = TQ_BOX_EMPTY;
        tq_box_add(&box[stop], table->stop[stop].at);
    }
    if (status == TQ_OK && table->stop_count != 0)
        status = tq_grid_build(box, table->stop_count, GRID_CELL_M, &out->stop_grid, err);
    tq_free(box);
    return status;
}

tq_status tile_plan_make(const tq_city *city, tile_plan *out, tq_err *err)
{
    memset(out, 0, sizeof *out);
    const tq_timetable *table = &city->timetable;
    if (table->stop_count == 0) return TQ_OK;
    tq_status status = find_rails(city, out, err);
    out->mode_of_stop = TQ_ALLOC(uint8_t, table->stop_count);
    if (status == TQ_OK && out->mode_of_stop == NULL)
        status = tq_fail(err, TQ_NO_MEMORY, 0, "no memory for the modes of stops");
    if (status == TQ_OK) {
        memset(out->mode_of_stop, UINT8_MAX, table->stop_count);
        find_modes(table, out->mode_of_stop);
        status = make_grids(city, out, err);
    }
    if (status != TQ_OK) tile_plan_free(out);
    return status;
}

void tile_plan_free(tile_plan *plan)
{
    tq_free(plan->rail);
    tq_free(plan->mode_of_stop);
    tq_grid_free(&plan->rail_grid);
    tq_grid_free(&plan->stop_grid);
    memset(plan, 0, sizeof *plan);
}

const char *transit_mode_name(unsigned mode)
{
    static const char *const names[] = {
        [TQ_MODE_TRAM] = "tram",   [TQ_MODE_METRO] = "metro", [TQ_MODE_RAIL] = "rail",
        [TQ_MODE_BUS] = "bus",     [TQ_MODE_FERRY] = "ferry", [TQ_MODE_CABLE] = "cable",
        [TQ_MODE_COACH] = "coach", [TQ_MODE_AIR] = "air",     [TQ_MODE_OTHER] = "other",
    };
    return mode < TQ_COUNT(names) ? names[mode] : "other";
}
