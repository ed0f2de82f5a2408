/*
 * Trips: trips.txt and frequencies.txt, and the assembly of a feed's stop_times rows into patterns
 * and profiles.
 *
 * A pattern is a route, a direction, a sequence of stops and what is allowed at each; a profile is
 * the times of a trip along it, relative to the first departure. Both are shared between equal
 * trips through hash tables; equality is always compared in full. Trips are taken in the order of
 * trips.txt, so that the order of rows in stop_times.txt does not matter.
 */
#include <math.h>

#include "import/gtfs_in.h"

/* ---- trips.txt ---- */

typedef struct trip_columns {
    uint32_t id, route, service, headsign, short_name, block, direction, shape, wheelchair, bikes,
        assumed;
} trip_columns;

static uint8_t trip_flags(const gtfs_reader *reader, const trip_columns *column)
{
    tq_str wheelchair = gtfs_cell(reader, column->wheelchair),
           bikes = gtfs_cell(reader, column->bikes);
    unsigned flags = 0;
    if (tq_str_is(wheelchair, "1")) flags |= TQ_TRIP_WHEELCHAIR;
    if (tq_str_is(wheelchair, "2")) flags |= TQ_TRIP_NO_WHEELCHAIR;
    if (tq_str_is(bikes, "1")) flags |= TQ_TRIP_BIKE;
    if (tq_str_is(bikes, "2")) flags |= TQ_TRIP_NO_BIKE;
    if (tq_str_is(gtfs_cell(reader, column->assumed), "1")) flags |= TQ_TRIP_ASSUMED;
    return (uint8_t)flags;
}

/* Row of the shape, made when this is the first trip that names it. */
static uint32_t shape_of(gtfs *g, tq_str id, bool *ok)
{
    if (id.len == 0) return TQ_NONE;
    uint32_t shape = gtfs_ids_find(&g->shape_ids, id);
    if (shape != TQ_NONE) return shape;
    shape = (uint32_t)g->shape_ids.id.count;
    *ok = gtfs_ids_put(&g->shape_ids, id, shape);
    return shape;
}

static tq_status take_trip(gtfs *g, const gtfs_reader *reader, const trip_columns *column)
{
    tq_str id = gtfs_cell(reader, column->id), route = gtfs_cell(reader, column->route),
           service = gtfs_cell(reader, column->service);
    uint32_t line = reader->csv.line;
    g->counts.trips_read++;
    if (id.len == 0)
        return gtfs_bad(g, "no_id", reader->file, line, "trip_id is empty; the row is left out");
    if (gtfs_ids_find(&g->trip_ids, id) != TQ_NONE)
        return gtfs_bad(g, "duplicate_id", reader->file, line,
                        "trip_id «%.*s» is there twice; the row is left out", GTFS_SLICE(id));
    if (g->trips.count >= TQ_GTFS_TRIPS_MAX)
        return tq_fail(g->err, TQ_LIMIT, line, "trips.txt: more than %u trips", TQ_GTFS_TRIPS_MAX);
    bool ok = true;
    gtfs_trip trip = {.route = gtfs_ids_find(&g->route_ids, route),
                      .service = gtfs_ids_find(&g->service_ids, service),
                      .pattern = TQ_NONE,
                      .profile = TQ_NONE,
                      .direction = tq_str_is(gtfs_cell(reader, column->direction), "1"),
                      .flags = trip_flags(reader, column)};
    /* A trip that is left out stays known, so that its stop_times are not findings too. */
    trip.out = trip.route == TQ_NONE || trip.service == TQ_NONE;
    if (trip.route == TQ_NONE)
        TQ_TRY(gtfs_bad(g, "unknown_route", reader->file, line,
                        "route_id «%.*s» is not in routes.txt; trip «%.*s» is left out",
                        GTFS_SLICE(route), GTFS_SLICE(id)));
    else if (trip.service == TQ_NONE)
        TQ_TRY(gtfs_bad(g, "unknown_service", reader->file, line,
                        "service_id «%.*s» is in no calendar; trip «%.*s» is left out",
                        GTFS_SLICE(service), GTFS_SLICE(id)));
    trip.shape = shape_of(g, gtfs_cell(reader, column->shape), &ok);
    trip.id = gtfs_public_id(g, &g->seen_trip, id, reader->file, line, &ok);
    trip.headsign = gtfs_text_add(g, gtfs_cell(reader, column->headsign));
    trip.short_name = gtfs_text_add(g, gtfs_cell(reader, column->short_name));
    trip.block = gtfs_text_add(g, gtfs_cell(reader, column->block));
    ok = ok && gtfs_ids_put(&g->trip_ids, id, (uint32_t)g->trips.count) &&
         tq_vec_push(&g->trips, trip);
    return ok ? TQ_OK : gtfs_no_memory(g);
}

tq_status gtfs_read_trips(gtfs *g)
{
    gtfs_reader reader = {0};
    TQ_TRY(gtfs_reader_open(g, "trips.txt", &reader));
    trip_columns column = {gtfs_column(&reader, "trip_id"),
                           gtfs_column(&reader, "route_id"),
                           gtfs_column(&reader, "service_id"),
                           gtfs_column(&reader, "trip_headsign"),
                           gtfs_column(&reader, "trip_short_name"),
                           gtfs_column(&reader, "block_id"),
                           gtfs_column(&reader, "direction_id"),
                           gtfs_column(&reader, "shape_id"),
                           gtfs_column(&reader, "wheelchair_accessible"),
                           gtfs_column(&reader, "bikes_allowed"),
                           gtfs_column(&reader, "tq_assumed")};
    tq_status status = TQ_OK;
    if (reader.present &&
        (column.id == TQ_NONE || column.route == TQ_NONE || column.service == TQ_NONE))
        status = tq_fail(g->err, TQ_BAD_INPUT, 1,
                         "trips.txt of %s needs the columns trip_id, route_id, service_id",
                         gtfs_source_called(g->source));
    for (bool more = true; status == TQ_OK;) {
        status = gtfs_reader_next(&reader, &more);
        if (status != TQ_OK || !more) break;
        status = take_trip(g, &reader, &column);
    }
    gtfs_reader_close(&reader);
    return status;
}

/* ---- frequencies.txt ---- */

/* A trip whose every frequency is wrong must not be taken for one that runs once. */
static tq_status drop_frequency(gtfs *g, uint32_t trip, bool *bad)
{
    if (trip != TQ_NONE) bad[trip - g->first_trip] = true;
    return TQ_OK;
}

static tq_status take_frequency(gtfs *g, const gtfs_reader *reader, const uint32_t column[5],
                                bool *bad)
{
    tq_str id = gtfs_cell(reader, column[0]), from = gtfs_cell(reader, column[1]),
           to = gtfs_cell(reader, column[2]), headway = gtfs_cell(reader, column[3]);
    uint32_t line = reader->csv.line;
    gtfs_frequency row = {.trip = gtfs_ids_find(&g->trip_ids, id)};
    row.times.exact = tq_str_is(gtfs_cell(reader, column[4]), "1");
    if (row.trip == TQ_NONE)
        return gtfs_bad(g, "unknown_trip", reader->file, line,
                        "trip_id «%.*s» is not in trips.txt; the row is left out", GTFS_SLICE(id));
    if (!gtfs_parse_time(from, &row.times.from_s) || !gtfs_parse_time(to, &row.times.to_s)) {
        TQ_TRY(drop_frequency(g, row.trip, bad));
        return gtfs_bad(g, "bad_time", reader->file, line,
                        "%.*s to %.*s are not two times; the row is left out", GTFS_SLICE(from),
                        GTFS_SLICE(to));
    }
    if (!tq_parse_u32(headway, &row.times.headway_s) || row.times.headway_s == 0 ||
        row.times.headway_s > 86400) {
        TQ_TRY(drop_frequency(g, row.trip, bad));
        return gtfs_bad(g, "bad_headway", reader->file, line,
                        "headway_secs «%.*s» is not 1 to 86400; the row is left out",
                        GTFS_SLICE(headway));
    }
    if (row.times.to_s <= row.times.from_s) {
        TQ_TRY(drop_frequency(g, row.trip, bad));
        return gtfs_bad(g, "end_before_start", reader->file, line,
                        "end_time %.*s is not after start_time %.*s; the row is left out",
                        GTFS_SLICE(to), GTFS_SLICE(from));
    }
    return tq_vec_push(&g->frequencies, row) ? TQ_OK : gtfs_no_memory(g);
}

/* Sort this feed's rows by trip and start, and tell each trip where its own lie. */
static tq_status group_frequencies(gtfs *g, size_t first, const bool *bad)
{
    size_t count = g->frequencies.count - first;
    uint32_t *order = TQ_ALLOC(uint32_t, count);
    uint64_t *key = TQ_ALLOC(uint64_t, count);
    gtfs_frequency *sorted = TQ_ALLOC(gtfs_frequency, count);
    bool ok = order != NULL && key != NULL && sorted != NULL;
    for (size_t k = 0; ok && k < count; k++) {
        const gtfs_frequency *row = &g->frequencies.at[first + k];
        order[k] = (uint32_t)k;
        key[k] = (uint64_t)row->trip << 32 | (uint32_t)row->times.from_s;
    }
    ok = ok && tq_sort_by_u64(order, count, key);
    for (size_t k = 0; ok && k < count; k++) {
        sorted[k] = g->frequencies.at[first + order[k]];
        gtfs_trip *trip = &g->trips.at[sorted[k].trip];
        if (trip->frequency_count++ == 0) trip->first_frequency = (uint32_t)(first + k);
    }
    if (ok && count != 0) memcpy(g->frequencies.at + first, sorted, count * sizeof *sorted);
    tq_free(order);
    tq_free(key);
    tq_free(sorted);
    for (size_t trip = g->first_trip; ok && trip < g->trips.count; trip++)
        if (bad[trip - g->first_trip] && g->trips.at[trip].frequency_count == 0) {
            g->trips.at[trip].out = true;
            TQ_TRY(gtfs_bad(g, "no_frequency", "frequencies.txt", 0,
                            "no headway of trip «%s» can be used; the trip is left out",
                            tq_texts_at(g->build->texts, g->trips.at[trip].id)));
        }
    return ok ? TQ_OK : gtfs_no_memory(g);
}

tq_status gtfs_read_frequencies(gtfs *g)
{
    gtfs_reader reader = {0};
    size_t first = g->frequencies.count;
    TQ_TRY(gtfs_reader_open(g, "frequencies.txt", &reader));
    uint32_t column[5] = {gtfs_column(&reader, "trip_id"), gtfs_column(&reader, "start_time"),
                          gtfs_column(&reader, "end_time"), gtfs_column(&reader, "headway_secs"),
                          gtfs_column(&reader, "exact_times")};
    bool *bad = TQ_ALLOC(bool, g->trips.count - g->first_trip);
    tq_status status = bad != NULL ? TQ_OK : gtfs_no_memory(g);
    for (bool more = true; status == TQ_OK;) {
        status = gtfs_reader_next(&reader, &more);
        if (status != TQ_OK || !more) break;
        status = take_frequency(g, &reader, column, bad);
    }
    if (status == TQ_OK && reader.present) status = group_frequencies(g, first, bad);
    tq_free(bad);
    gtfs_reader_close(&reader);
    return status;
}

/* ---- assembly ---- */

/* One trip's rows in order of travel; arrays of TQ_GTFS_TRIP_STOPS_MAX. */
typedef struct trip_rows {
    uint32_t count;
    uint32_t *stop, *row, *line, *sequence;
    int32_t *arrival_s, *departure_s;
    uint8_t *flags;
    double *dist;
    tq_stop_time *times;
    uint64_t *key;
    uint32_t *order;
    void *memory;
} trip_rows;

static bool travel_init(trip_rows *travel)
{
    const size_t n = TQ_GTFS_TRIP_STOPS_MAX;
    uint8_t *at = tq_alloc(n, 4 * 4 + 4 * 2 + 1 + 8 + sizeof(tq_stop_time) + 8 + 4);
    if (at == NULL) return false;
    travel->memory = at;
    /* Widest first, so that every array is aligned. */
    travel->dist = (double *)(void *)at;
    travel->key = (uint64_t *)(void *)(at + 8 * n);
    travel->times = (tq_stop_time *)(void *)(at + 16 * n);
    travel->stop = (uint32_t *)(void *)(at + 24 * n);
    travel->row = travel->stop + n;
    travel->line = travel->row + n;
    travel->sequence = travel->line + n;
    travel->order = travel->sequence + n;
    travel->arrival_s = (int32_t *)(void *)(travel->order + n);
    travel->departure_s = travel->arrival_s + n;
    travel->flags = (uint8_t *)(travel->departure_s + n);
    return true;
}

static const char *trip_name(const gtfs *g, uint32_t trip)
{
    return tq_texts_at(g->build->texts, g->trips.at[trip].id);
}

/* Put rows in order of stop_sequence; of two with the same number the later one is left out. */
static tq_status sort_travel(gtfs *g, uint32_t trip, trip_rows *travel)
{
    bool ascending = true;
    for (uint32_t k = 1; k < travel->count; k++)
        ascending &= travel->sequence[k - 1] < travel->sequence[k];
    if (ascending) return TQ_OK;
    for (uint32_t k = 0; k < travel->count; k++) {
        travel->key[k] = travel->sequence[k];
        travel->order[k] = k;
    }
    if (!tq_sort_by_u64(travel->order, travel->count, travel->key)) return gtfs_no_memory(g);
    uint32_t kept = 0;
    /* line and sequence are free to serve as the sorted copies: key holds the sequence, order the
     * place. */
    for (uint32_t k = 0; k < travel->count; k++) {
        uint32_t from = travel->order[k];
        if (kept > 0 && travel->key[travel->order[kept - 1]] == travel->key[from]) {
            TQ_TRY(gtfs_bad(g, "duplicate_sequence", "stop_times.txt", travel->line[from],
                            "stop_sequence %u of trip «%s» is there twice; the row is left out",
                            (unsigned)travel->key[from], trip_name(g, trip)));
            continue;
        }
        travel->order[kept++] = from;
    }
    for (uint32_t k = 0; k < kept; k++)
        travel->sequence[k] = travel->row[travel->order[k]];
    memcpy(travel->row, travel->sequence, kept * sizeof *travel->row);
    for (uint32_t k = 0; k < kept; k++)
        travel->sequence[k] = travel->line[travel->order[k]];
    memcpy(travel->line, travel->sequence, kept * sizeof *travel->line);
    travel->count = kept;
    return TQ_OK;
}

/* Copy what the rows say, in order. A lone time stands for both. */
static void load_travel(const gtfs *g, trip_rows *travel)
{
    const gtfs_rows *rows = &g->rows;
    for (uint32_t k = 0; k < travel->count; k++) {
        uint32_t row = travel->row[k];
        int32_t arrival = rows->arrival_s[row], departure = rows->departure_s[row];
        travel->stop[k] = rows->stop[row];
        travel->flags[k] = rows->flags[row];
        travel->arrival_s[k] = arrival != TQ_GTFS_NO_TIME ? arrival : departure;
        travel->departure_s[k] = departure != TQ_GTFS_NO_TIME ? departure : arrival;
        if (rows->dist != NULL) travel->dist[k] = rows->dist[row];
    }
}

/* Fill blank times between two timed stops by distance: shape_dist_traveled where all have it and
   it does not fall, else straight lines. */
static void fill_gap(const gtfs *g, trip_rows *travel, uint32_t from, uint32_t to)
{
    bool dists = g->rows.dist != NULL && !isnan(travel->dist[from]);
    for (uint32_t k = from + 1; dists && k <= to; k++)
        dists = !isnan(travel->dist[k]) && travel->dist[k] >= travel->dist[k - 1];
    dists = dists && travel->dist[to] > travel->dist[from];
    uint64_t sum = 0;
    for (uint32_t k = from + 1; k <= to; k++) {
        uint64_t step =
            tq_distance_dm(g->stops.at[travel->stop[k - 1]].at, g->stops.at[travel->stop[k]].at);
        if (dists)
            step = (uint64_t)((travel->dist[k] - travel->dist[k - 1]) /
                              (travel->dist[to] - travel->dist[from]) * 1e9);
        sum += step;
        travel->key[k] = sum;
    }
    int64_t span = (int64_t)travel->arrival_s[to] - travel->departure_s[from];
    for (uint32_t k = from + 1; k < to; k++) {
        int64_t share = sum != 0 ? (int64_t)travel->key[k] : k - from,
                whole = sum != 0 ? (int64_t)sum : to - from;
        /* span is at most ten days and share below 1e10 * stops: the product stays far inside 63
         * bits. */
        int32_t at = travel->departure_s[from] + (int32_t)((span * share + whole / 2) / whole);
        travel->arrival_s[k] = travel->departure_s[k] = at;
    }
}

/* Blank times are filled and all times checked. *good false: the trip was left out, and why was
 * said. */
static tq_status time_travel(gtfs *g, uint32_t trip, trip_rows *travel, bool *good)
{
    uint32_t last = travel->count - 1, timed = 0;
    *good = false;
    if (travel->arrival_s[0] == TQ_GTFS_NO_TIME || travel->arrival_s[last] == TQ_GTFS_NO_TIME)
        return gtfs_bad(
            g, "no_end_time", "stop_times.txt",
            travel->line[travel->arrival_s[0] == TQ_GTFS_NO_TIME ? 0 : last],
            "the first and the last stop of trip «%s» need a time; the trip is left out",
            trip_name(g, trip));
    for (uint32_t k = 0; k < travel->count; k++) {
        if (travel->arrival_s[k] == TQ_GTFS_NO_TIME) continue;
        bool back = travel->departure_s[k] < travel->arrival_s[k];
        if (back || (k > 0 && travel->arrival_s[k] < travel->departure_s[timed])) {
            char early[16], late[16];
            gtfs_print_time(back ? travel->departure_s[k] : travel->arrival_s[k], early);
            gtfs_print_time(back ? travel->arrival_s[k] : travel->departure_s[timed], late);
            return gtfs_bad(g, "decreasing_time", "stop_times.txt", travel->line[k],
                            "%s %s of trip «%s» is before %s %s; the trip is left out",
                            back ? "departure" : "arrival", early, trip_name(g, trip),
                            back ? "its arrival" : "the departure before", late);
        }
        if (k > timed + 1) {
            fill_gap(g, travel, timed, k);
            g->counts.interpolated += k - timed - 1;
        }
        timed = k;
    }
    for (uint32_t k = 0; k < travel->count; k++) {
        travel->times[k].arrival_s = travel->arrival_s[k] - travel->departure_s[0];
        travel->times[k].departure_s = travel->departure_s[k] - travel->departure_s[0];
    }
    *good = true;
    return TQ_OK;
}

static uint32_t pattern_of(gtfs *g, const gtfs_trip *trip, const trip_rows *travel)
{
    uint32_t n = travel->count, probe = 0, pattern;
    uint64_t hash = tq_hash(travel->stop, n * sizeof *travel->stop,
                            tq_mix((uint64_t)trip->route << 1 | trip->direction));
    hash = tq_hash(travel->flags, n, hash);
    while ((pattern = gtfs_slots_next(&g->pattern_slots, hash, &probe)) != TQ_NONE) {
        const gtfs_pattern *known = &g->patterns.at[pattern];
        if (known->route == trip->route && known->direction == trip->direction &&
            known->count == n &&
            memcmp(g->pattern_stop.at + known->first, travel->stop, n * sizeof *travel->stop) ==
                0 &&
            memcmp(g->pattern_flags.at + known->first, travel->flags, n) == 0)
            return pattern;
    }
    if (g->pattern_stop.count + n > UINT32_MAX / 2 || !tq_vec_room(&g->pattern_stop, n) ||
        !tq_vec_room(&g->pattern_flags, n))
        return TQ_NONE;
    gtfs_pattern made = {.route = trip->route,
                         .direction = trip->direction,
                         .first = (uint32_t)g->pattern_stop.count,
                         .count = n,
                         .shape = trip->shape,
                         .first_dist = UINT64_MAX};
    memcpy(g->pattern_stop.at + made.first, travel->stop, n * sizeof *travel->stop);
    memcpy(g->pattern_flags.at + made.first, travel->flags, n);
    g->pattern_stop.count = g->pattern_flags.count = made.first + n;
    bool dists = g->rows.dist != NULL && !isnan(travel->dist[0]);
    for (uint32_t k = 1; dists && k < n; k++)
        dists = !isnan(travel->dist[k]) && travel->dist[k] >= travel->dist[k - 1];
    if (dists && travel->dist[n - 1] > travel->dist[0]) {
        if (!tq_vec_room(&g->pattern_dist, n)) return TQ_NONE;
        made.first_dist = g->pattern_dist.count;
        memcpy(g->pattern_dist.at + g->pattern_dist.count, travel->dist, n * sizeof *travel->dist);
        g->pattern_dist.count += n;
    }
    pattern = (uint32_t)g->patterns.count;
    return tq_vec_push(&g->patterns, made) && gtfs_slots_put(&g->pattern_slots, hash, pattern)
               ? pattern
               : TQ_NONE;
}

static uint32_t profile_of(gtfs *g, uint32_t pattern, const trip_rows *travel)
{
    uint32_t n = travel->count, probe = 0, profile;
    uint64_t hash = tq_hash(travel->times, n * sizeof *travel->times, tq_mix(pattern));
    while ((profile = gtfs_slots_next(&g->profile_slots, hash, &probe)) != TQ_NONE) {
        const gtfs_profile *known = &g->profiles.at[profile];
        if (known->pattern == pattern &&
            memcmp(g->times.at + known->first, travel->times, n * sizeof *travel->times) == 0)
            return profile;
    }
    if (!tq_vec_room(&g->times, n)) return TQ_NONE;
    gtfs_profile made = {g->times.count, pattern};
    memcpy(g->times.at + g->times.count, travel->times, n * sizeof *travel->times);
    g->times.count += n;
    profile = (uint32_t)g->profiles.count;
    return tq_vec_push(&g->profiles, made) && gtfs_slots_put(&g->profile_slots, hash, profile)
               ? profile
               : TQ_NONE;
}

static tq_status assemble_trip(gtfs *g, uint32_t number, trip_rows *travel)
{
    gtfs_trip *trip = &g->trips.at[number];
    TQ_TRY(sort_travel(g, number, travel));
    if (travel->count < 2) {
        if (!trip->flex)
            return gtfs_bad(g, "short_trip", "stop_times.txt",
                            travel->count != 0 ? travel->line[0] : 0,
                            "trip «%s» has %u stops, two are needed; it is left out",
                            trip_name(g, number), travel->count);
        gtfs_say(g, TQ_NOTE, "on_demand_trip", "stop_times.txt", 0,
                 "trip «%s» runs on demand in an area; it is kept as a table",
                 trip_name(g, number));
        return TQ_OK;
    }
    bool good = false;
    load_travel(g, travel);
    TQ_TRY(time_travel(g, number, travel, &good));
    if (!good) return TQ_OK;
    uint32_t pattern = pattern_of(g, trip, travel);
    if (pattern == TQ_NONE) return gtfs_no_memory(g);
    trip->profile = profile_of(g, pattern, travel);
    if (trip->profile == TQ_NONE) return gtfs_no_memory(g);
    trip->pattern = pattern;
    trip->start_s = travel->departure_s[0];
    g->counts.stop_times += travel->count;
    return TQ_OK;
}

/* Rows of a trip, run after run in file order. *good false: there are too many. */
static tq_status gather_rows(gtfs *g, uint32_t trip, const uint32_t *run, uint32_t run_count,
                             trip_rows *travel, bool *good)
{
    const gtfs_rows *rows = &g->rows;
    travel->count = 0;
    *good = true;
    for (uint32_t k = 0; k < run_count; k++) {
        uint32_t from = rows->runs.at[run[k]].first_row;
        uint32_t to =
            run[k] + 1 < rows->runs.count ? rows->runs.at[run[k] + 1].first_row : rows->count;
        if (to - from > TQ_GTFS_TRIP_STOPS_MAX - travel->count) {
            *good = false;
            return gtfs_bad(g, "long_trip", "stop_times.txt", rows->runs.at[run[k]].first_line,
                            "trip «%s» has more than %u stops; it is left out", trip_name(g, trip),
                            TQ_GTFS_TRIP_STOPS_MAX);
        }
        for (uint32_t row = from; row < to; row++) {
            travel->row[travel->count] = row;
            travel->line[travel->count] = rows->runs.at[run[k]].first_line + (row - from);
            travel->sequence[travel->count++] = rows->sequence[row];
        }
    }
    return TQ_OK;
}

tq_status gtfs_assemble(gtfs *g)
{
    const gtfs_rows *rows = &g->rows;
    size_t trip_count = g->trips.count - g->first_trip;
    uint32_t *first_run = TQ_ALLOC(uint32_t, trip_count + 2);
    uint32_t *run = TQ_ALLOC(uint32_t, rows->runs.count);
    trip_rows travel = {0};
    tq_status status = TQ_OK;
    if (first_run == NULL || run == NULL || !travel_init(&travel)) status = gtfs_no_memory(g);
    /* Counting sort of runs by trip: first_run[t + 1] ends up as the end of t's runs. */
    for (size_t k = 0; status == TQ_OK && k < rows->runs.count; k++)
        first_run[rows->runs.at[k].trip - g->first_trip + 2]++;
    for (size_t k = 2; status == TQ_OK && k < trip_count + 2; k++)
        first_run[k] += first_run[k - 1];
    for (size_t k = 0; status == TQ_OK && k < rows->runs.count; k++)
        run[first_run[rows->runs.at[k].trip - g->first_trip + 1]++] = (uint32_t)k;
    for (size_t k = 0; status == TQ_OK && k < trip_count; k++) {
        uint32_t trip = g->first_trip + (uint32_t)k;
        if (g->trips.at[trip].out) continue;
        bool good = true;
        status = gather_rows(g, trip, run + first_run[k], first_run[k + 1] - first_run[k], &travel,
                             &good);
        if (status == TQ_OK && good) status = assemble_trip(g, trip, &travel);
    }
    tq_free(first_run);
    tq_free(run);
    tq_free(travel.memory);
    return status;
}
