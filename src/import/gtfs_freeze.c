/*
 * From import-time rows to the frozen timetable: patterns by route and direction, trips by pattern,
 * start and source order, profiles by first use, and the lists that lead from stops to patterns and
 * children.
 *
 * Rows that keep their order are handed over as they are; the others are copied in their new order.
 */
#include "import/gtfs_in.h"

/* Memory that the build owns from now on. */
static void *push(gtfs *g, size_t count, size_t size)
{
    return count > SIZE_MAX / 64 ? NULL : tq_pool_push(&g->build->pool, count * size + 8, 8);
}

#define GIVE(g, vec, field, counter, ok)                                                           \
    do {                                                                                           \
        (g)->build->city.counter = (uint32_t)(g)->vec.count;                                       \
        (g)->build->city.field = (g)->vec.at;                                                      \
        (ok) = tq_build_keep((g)->build, (g)->vec.at) && (ok);                                     \
        (g)->vec.at = NULL;                                                                        \
        tq_vec_free(&(g)->vec);                                                                    \
    } while (0)

/* order[new] = old */
static tq_status order_patterns(gtfs *g, uint32_t *order)
{
    size_t count = g->patterns.count;
    uint64_t *key = TQ_ALLOC(uint64_t, count);
    for (size_t k = 0; key != NULL && k < count; k++) {
        order[k] = (uint32_t)k;
        key[k] = (uint64_t)g->patterns.at[k].route << 1 | g->patterns.at[k].direction;
    }
    bool ok = key != NULL && tq_sort_by_u64(order, count, key);
    tq_free(key);
    return ok ? TQ_OK : gtfs_no_memory(g);
}

static tq_status freeze_patterns(gtfs *g, const uint32_t *order)
{
    tq_timetable *out = &g->build->city.timetable;
    size_t count = g->patterns.count, stops = g->pattern_stop.count;
    uint32_t *route = push(g, count, 4), *first = push(g, count + 1, 4),
             *direction = push(g, count, 4);
    uint32_t *stop = push(g, stops, 4), *along = push(g, stops, 4), *shape_at = push(g, stops, 4);
    uint8_t *flags = push(g, stops, 1);
    if (route == NULL || first == NULL || direction == NULL || stop == NULL || along == NULL ||
        shape_at == NULL || flags == NULL)
        return gtfs_no_memory(g);
    uint32_t at = 0;
    for (size_t k = 0; k < count; k++) {
        const gtfs_pattern *pattern = &g->patterns.at[order[k]];
        route[k] = pattern->route;
        direction[k] = pattern->direction;
        first[k] = at;
        memcpy(stop + at, g->pattern_stop.at + pattern->first, pattern->count * 4);
        memcpy(along + at, g->pattern_along.at + pattern->first, pattern->count * 4);
        memcpy(shape_at + at, g->pattern_shape_at.at + pattern->first, pattern->count * 4);
        memcpy(flags + at, g->pattern_flags.at + pattern->first, pattern->count);
        at += pattern->count;
    }
    first[count] = at;
    out->pattern_count = (uint32_t)count;
    out->pattern_stop_count = at;
    out->pattern_route = route;
    out->pattern_first = first;
    out->pattern_direction = direction;
    out->pattern_stop = stop;
    out->pattern_along_m = along;
    out->pattern_shape_at = shape_at;
    out->pattern_flags = flags;
    return TQ_OK;
}

/* Trips in use, by new pattern, start, source order: order[new] = old. */
static tq_status order_trips(gtfs *g, const uint32_t *pattern_order, uint32_t *order,
                             uint32_t *count)
{
    uint32_t *pattern_new = TQ_ALLOC(uint32_t, g->patterns.count);
    uint64_t *key = TQ_ALLOC(uint64_t, g->trips.count);
    bool ok = pattern_new != NULL && key != NULL;
    for (uint32_t k = 0; ok && k < g->patterns.count; k++)
        pattern_new[pattern_order[k]] = k;
    uint32_t used = 0;
    for (uint32_t k = 0; ok && k < g->trips.count; k++) {
        gtfs_trip *trip = &g->trips.at[k];
        if (trip->pattern == TQ_NONE) continue;
        trip->pattern = pattern_new[trip->pattern];
        key[k] = (uint64_t)trip->pattern << 32 | (uint32_t)trip->start_s;
        order[used++] = k;
    }
    ok = ok && tq_sort_by_u64(order, used, key);
    tq_free(pattern_new);
    tq_free(key);
    *count = used;
    return ok ? TQ_OK : gtfs_no_memory(g);
}

static void freeze_trip(const gtfs *g, const gtfs_trip *from, tq_trip *trip,
                        uint32_t *frequency_count, tq_frequency *frequency)
{
    *trip = (tq_trip){.pattern = from->pattern,
                      .profile = from->profile, /* renumbered by the caller */
                      .start_s = from->start_s,
                      .service = from->service,
                      .id = from->id,
                      .headsign = from->headsign,
                      .short_name = from->short_name,
                      .block = from->block,
                      .first_frequency = *frequency_count,
                      .frequency_count = from->frequency_count,
                      .flags = from->flags};
    for (uint32_t k = 0; k < from->frequency_count; k++)
        frequency[(*frequency_count)++] = g->frequencies.at[from->first_frequency + k].times;
}

static tq_status freeze_trips(gtfs *g, const uint32_t *order, uint32_t count)
{
    tq_timetable *out = &g->build->city.timetable;
    tq_trip *trip = push(g, count, sizeof *trip);
    tq_frequency *frequency = push(g, g->frequencies.count, sizeof *frequency);
    uint32_t *first_trip = push(g, (size_t)out->pattern_count + 1, 4);
    uint32_t *profile_first = push(g, g->profiles.count + 1, 4);
    tq_stop_time *time = push(g, g->times.count, sizeof *time);
    uint32_t *profile_new = TQ_ALLOC(uint32_t, g->profiles.count);
    if (trip == NULL || frequency == NULL || first_trip == NULL || profile_first == NULL ||
        time == NULL || profile_new == NULL) {
        tq_free(profile_new);
        return gtfs_no_memory(g);
    }
    for (size_t k = 0; k < g->profiles.count; k++)
        profile_new[k] = TQ_NONE;
    uint32_t profiles = 0, times = 0, frequencies = 0;
    for (uint32_t k = 0; k < count; k++) {
        freeze_trip(g, &g->trips.at[order[k]], &trip[k], &frequencies, frequency);
        first_trip[trip[k].pattern + 1]++;
        uint32_t old = trip[k].profile;
        if (profile_new[old] == TQ_NONE) {
            uint32_t n =
                out->pattern_first[trip[k].pattern + 1] - out->pattern_first[trip[k].pattern];
            profile_new[old] = profiles;
            profile_first[profiles++] = times;
            memcpy(time + times, g->times.at + g->profiles.at[old].first, n * sizeof *time);
            times += n;
        }
        trip[k].profile = profile_new[old];
    }
    profile_first[profiles] = times;
    for (uint32_t k = 0; k < out->pattern_count; k++)
        first_trip[k + 1] += first_trip[k];
    tq_free(profile_new);
    out->trip_count = count;
    out->trip = trip;
    out->frequency_count = frequencies;
    out->frequency = frequency;
    out->pattern_first_trip = first_trip;
    out->profile_count = profiles;
    out->profile_first = profile_first;
    out->stop_time_count = times;
    out->stop_time = time;
    return TQ_OK;
}

/* Trips in transfers get their new numbers; a transfer of a trip that was left out goes with it. */
static tq_status renumber_transfers(gtfs *g, const uint32_t *order, uint32_t count)
{
    bool any = false;
    for (size_t k = 0; k < g->transfers.count; k++)
        any |= g->transfers.at[k].from_trip != TQ_NONE || g->transfers.at[k].to_trip != TQ_NONE;
    if (!any) return TQ_OK;
    uint32_t *trip_new = TQ_ALLOC(uint32_t, g->trips.count);
    if (trip_new == NULL) return gtfs_no_memory(g);
    for (size_t k = 0; k < g->trips.count; k++)
        trip_new[k] = TQ_NONE;
    for (uint32_t k = 0; k < count; k++)
        trip_new[order[k]] = k;
    size_t kept = 0;
    for (size_t k = 0; k < g->transfers.count; k++) {
        tq_transfer row = g->transfers.at[k];
        bool gone = (row.from_trip != TQ_NONE && trip_new[row.from_trip] == TQ_NONE) ||
                    (row.to_trip != TQ_NONE && trip_new[row.to_trip] == TQ_NONE);
        if (gone) {
            tq_report_add(g->build->report, TQ_WARNING, "transfer_of_dropped_trip", "transfers.txt",
                          0, "a transfer names a trip that was left out; it is left out too");
            continue;
        }
        if (row.from_trip != TQ_NONE) row.from_trip = trip_new[row.from_trip];
        if (row.to_trip != TQ_NONE) row.to_trip = trip_new[row.to_trip];
        g->transfers.at[kept++] = row;
    }
    g->transfers.count = kept;
    tq_free(trip_new);
    return TQ_OK;
}

static tq_status freeze_stop_lists(gtfs *g)
{
    tq_timetable *out = &g->build->city.timetable;
    uint32_t stops = out->stop_count;
    uint32_t *child_first = push(g, (size_t)stops + 2, 4), *first = push(g, (size_t)stops + 2, 4);
    uint32_t *pattern_of = push(g, out->pattern_stop_count, 4),
             *place_of = push(g, out->pattern_stop_count, 4);
    if (child_first == NULL || first == NULL || pattern_of == NULL || place_of == NULL)
        return gtfs_no_memory(g);
    /* Both by counting: [k + 2] counts, then [k + 1] is where k's list goes on and ends as its end.
     */
    uint32_t children = 0;
    for (uint32_t stop = 0; stop < stops; stop++) {
        if (out->stop[stop].parent == TQ_NONE) continue;
        children++;
        child_first[out->stop[stop].parent + 2]++;
    }
    uint32_t *child = push(g, children, 4);
    if (child == NULL) return gtfs_no_memory(g);
    for (uint32_t k = 0; k < out->pattern_stop_count; k++)
        first[out->pattern_stop[k] + 2]++;
    for (uint32_t stop = 2; stop < stops + 2; stop++) {
        child_first[stop] += child_first[stop - 1];
        first[stop] += first[stop - 1];
    }
    for (uint32_t stop = 0; stop < stops; stop++)
        if (out->stop[stop].parent != TQ_NONE)
            child[child_first[out->stop[stop].parent + 1]++] = stop;
    for (uint32_t pattern = 0; pattern < out->pattern_count; pattern++)
        for (uint32_t k = out->pattern_first[pattern]; k < out->pattern_first[pattern + 1]; k++) {
            uint32_t at = first[out->pattern_stop[k] + 1]++;
            pattern_of[at] = pattern;
            place_of[at] = k - out->pattern_first[pattern];
        }
    out->child_count = children;
    out->child_first = child_first;
    out->child = child;
    out->stop_first_pattern = first;
    out->stop_pattern = pattern_of;
    out->stop_place = place_of;
    return TQ_OK;
}

/* Flat fares go behind tariffs that are there already. */
static tq_status freeze_fares(gtfs *g)
{
    tq_fares *out = &g->build->city.fares;
    size_t tariffs = out->tariff_count + g->tariffs.count,
           steps = out->step_count + g->tariff_steps.count;
    if (g->tariffs.count == 0) return TQ_OK;
    tq_tariff *tariff = push(g, tariffs, sizeof *tariff);
    tq_tariff_step *step = push(g, steps, sizeof *step);
    if (tariff == NULL || step == NULL) return gtfs_no_memory(g);
    if (out->tariff_count != 0) memcpy(tariff, out->tariff, out->tariff_count * sizeof *tariff);
    if (out->step_count != 0) memcpy(step, out->step, out->step_count * sizeof *step);
    memcpy(step + out->step_count, g->tariff_steps.at, g->tariff_steps.count * sizeof *step);
    for (size_t k = 0; k < g->tariffs.count; k++) {
        tariff[out->tariff_count + k] = g->tariffs.at[k];
        tariff[out->tariff_count + k].first_step += out->step_count;
    }
    for (size_t route = 0; route < g->routes.count; route++)
        if (g->routes.at[route].tariff != TQ_NONE) g->routes.at[route].tariff += out->tariff_count;
    out->tariff = tariff;
    out->step = step;
    out->tariff_count = (uint32_t)tariffs;
    out->step_count = (uint32_t)steps;
    return TQ_OK;
}

tq_status gtfs_freeze(gtfs *g)
{
    uint32_t count = 0;
    uint32_t *pattern_order = TQ_ALLOC(uint32_t, g->patterns.count),
             *order = TQ_ALLOC(uint32_t, g->trips.count);
    tq_status status = pattern_order != NULL && order != NULL ? TQ_OK : gtfs_no_memory(g);
    if (status == TQ_OK) status = order_patterns(g, pattern_order);
    if (status == TQ_OK) status = freeze_patterns(g, pattern_order);
    if (status == TQ_OK) status = order_trips(g, pattern_order, order, &count);
    if (status == TQ_OK) status = freeze_trips(g, order, count);
    if (status == TQ_OK) status = renumber_transfers(g, order, count);
    tq_free(pattern_order);
    tq_free(order);
    TQ_TRY(status);
    TQ_TRY(freeze_fares(g));
    TQ_TRY(gtfs_freeze_calendar(g));
    bool ok = true;
    GIVE(g, stops, timetable.stop, timetable.stop_count, ok);
    GIVE(g, agencies, timetable.agency, timetable.agency_count, ok);
    GIVE(g, routes, timetable.route, timetable.route_count, ok);
    GIVE(g, transfers, timetable.transfer, timetable.transfer_count, ok);
    GIVE(g, shape_points, timetable.shape_point, timetable.shape_point_count, ok);
    GIVE(g, tables, tables.table, tables.count, ok);
    GIVE(g, table_columns, tables.column, tables.column_count, ok);
    GIVE(g, table_cells, tables.cell, tables.cell_count, ok);
    if (!ok) return gtfs_no_memory(g);
    return freeze_stop_lists(g);
}
