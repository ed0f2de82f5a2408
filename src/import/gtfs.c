/*
 * GTFS feeds -> timetable, tables and flat fares of the city.
 *
 * Feeds are read one after another, each file once and one at a time: its text is gone before the
 * next is opened, and stop_times rows are gone before the next feed. What they turn into is frozen
 * at the end. A row that cannot be is named in the report and left out, or ends the import
 * (import.bad_rows: stop).
 */
#include "import/gtfs_in.h"

typedef tq_status (*stage)(gtfs *g);

/* Rows of stop_times are only needed until trips are assembled. */
static tq_status assemble_and_forget(gtfs *g)
{
    tq_status status = gtfs_assemble(g);
    gtfs_rows_free(&g->rows);
    return status;
}

static tq_status need(gtfs *g, size_t rows, const char *file)
{
    return rows != 0 ? TQ_OK
                     : tq_fail(g->err, TQ_BAD_INPUT, 0, "the feed %s has no usable row in %s",
                               gtfs_source_called(g->source), file);
}

static tq_status need_stops(gtfs *g)
{
    return need(g, g->stops.count - g->first_stop, "stops.txt");
}

static tq_status need_routes(gtfs *g)
{
    return need(g, g->routes.count - g->first_route, "routes.txt");
}

static tq_status need_trips(gtfs *g)
{
    return need(g, g->trips.count - g->first_trip, "trips.txt");
}

static void forget_feed(gtfs *g)
{
    gtfs_ids_free(&g->agency_ids);
    gtfs_ids_free(&g->stop_ids);
    gtfs_ids_free(&g->route_ids);
    gtfs_ids_free(&g->service_ids);
    gtfs_ids_free(&g->trip_ids);
    gtfs_ids_free(&g->shape_ids);
    gtfs_rows_free(&g->rows);
    tq_vec_free(&g->points);
    tq_vec_free(&g->shapes);
}

static tq_status read_feed(gtfs *g)
{
    static const stage stages[] = {
        gtfs_read_agencies,   gtfs_read_stops,     need_stops,
        gtfs_read_routes,     need_routes,         gtfs_read_calendar,
        gtfs_read_trips,      need_trips,          gtfs_read_frequencies,
        gtfs_read_stop_times, assemble_and_forget, gtfs_read_shapes,
        gtfs_place_patterns,  gtfs_read_transfers, gtfs_read_translations,
        gtfs_read_fares,      gtfs_read_tables,    gtfs_check_first_last};
    g->zone_said = false;
    g->first_agency = (uint32_t)g->agencies.count;
    g->first_stop = (uint32_t)g->stops.count;
    g->first_route = (uint32_t)g->routes.count;
    g->first_trip = (uint32_t)g->trips.count;
    g->first_pattern = (uint32_t)g->patterns.count;
    tq_status status = TQ_OK;
    for (size_t k = 0; status == TQ_OK && k < TQ_COUNT(stages); k++) {
        status = stages[k](g);
        if (g->build->progress != NULL)
            g->build->progress(g->build->progress_user, "gtfs", g->feed * TQ_COUNT(stages) + k + 1,
                               0);
    }
    forget_feed(g);
    return status;
}

static void count_all(gtfs *g)
{
    tq_report *report = g->build->report;
    const tq_timetable *out = &g->build->city.timetable;
    const struct {
        const char *name;
        uint64_t value;
    } counter[] = {{"gtfs.agencies", out->agency_count},
                   {"gtfs.stops", out->stop_count},
                   {"gtfs.routes", out->route_count},
                   {"gtfs.trips_read", g->counts.trips_read},
                   {"gtfs.trips", out->trip_count},
                   {"gtfs.stop_times_read", g->counts.stop_times_read},
                   {"gtfs.stop_times", g->counts.stop_times},
                   {"gtfs.times_interpolated", g->counts.interpolated},
                   {"gtfs.patterns", out->pattern_count},
                   {"gtfs.profiles", out->profile_count},
                   {"gtfs.profile_times", out->stop_time_count},
                   {"gtfs.services", out->service_count},
                   {"gtfs.days", out->day_count},
                   {"gtfs.frequencies", out->frequency_count},
                   {"gtfs.transfers", out->transfer_count},
                   {"gtfs.shape_points", out->shape_point_count},
                   {"gtfs.tables", g->build->city.tables.count},
                   {"gtfs.patterns_along_shape", g->counts.along[GTFS_ALONG_SHAPE]},
                   {"gtfs.patterns_along_given_distance", g->counts.along[GTFS_ALONG_DIST]},
                   {"gtfs.patterns_along_straight_lines", g->counts.along[GTFS_ALONG_STRAIGHT]},
                   {"gtfs.peak_bytes", tq_peak_memory_bytes()}};
    for (size_t k = 0; k < TQ_COUNT(counter); k++)
        tq_report_count(report, counter[k].name, counter[k].value);
}

static void forget_all(gtfs *g)
{
    forget_feed(g);
    tq_vec_free(&g->agencies);
    tq_vec_free(&g->stops);
    tq_vec_free(&g->routes);
    tq_vec_free(&g->services);
    tq_vec_free(&g->exceptions);
    tq_vec_free(&g->trips);
    tq_vec_free(&g->frequencies);
    tq_vec_free(&g->patterns);
    tq_vec_free(&g->pattern_stop);
    tq_vec_free(&g->pattern_flags);
    tq_vec_free(&g->pattern_dist);
    tq_vec_free(&g->pattern_along);
    tq_vec_free(&g->pattern_shape_at);
    tq_vec_free(&g->profiles);
    tq_vec_free(&g->times);
    tq_vec_free(&g->shape_points);
    tq_vec_free(&g->transfers);
    tq_vec_free(&g->tariffs);
    tq_vec_free(&g->tariff_steps);
    tq_vec_free(&g->tables);
    tq_vec_free(&g->table_columns);
    tq_vec_free(&g->table_cells);
    gtfs_slots_free(&g->pattern_slots);
    gtfs_slots_free(&g->profile_slots);
    gtfs_slots_free(&g->seen_stop);
    gtfs_slots_free(&g->seen_route);
    gtfs_slots_free(&g->seen_trip);
}

tq_status gtfs_import_sources(tq_build *build, gtfs_source *source, uint32_t count, tq_err *err)
{
    gtfs *g = TQ_ALLOC(gtfs, 1);
    if (g == NULL) return tq_fail(err, TQ_NO_MEMORY, 0, "no memory for a timetable");
    g->build = build;
    g->err = err;
    g->several = count > 1;
    tq_status status = TQ_OK;
    for (uint32_t feed = 0; status == TQ_OK && feed < count; feed++) {
        g->source = &source[feed];
        g->feed = feed;
        status = read_feed(g);
    }
    if (status == TQ_OK && count != 0) status = gtfs_freeze(g);
    if (status == TQ_OK && tq_texts_failed(build->texts)) status = gtfs_no_memory(g);
    if (status == TQ_OK && count != 0) count_all(g);
    forget_all(g);
    tq_free(g);
    return status;
}

tq_status import_gtfs(tq_build *build, tq_err *err)
{
    const tq_settings *settings = build->settings;
    uint32_t count = settings->gtfs_count, opened = 0;
    gtfs_source *source = TQ_ALLOC(gtfs_source, count);
    if (source == NULL) return tq_fail(err, TQ_NO_MEMORY, 0, "no memory for %u feeds", count);
    tq_status status = TQ_OK;
    for (; status == TQ_OK && opened < count; opened += status == TQ_OK) {
        char path[TQ_PATH_MAX];
        status =
            tq_path_join(path, settings->folder, settings->gtfs[opened])
                ? gtfs_source_open(&source[opened], path, err)
                : tq_fail(err, TQ_BAD_CONFIG, 0, "the path of feed %u is too long", opened + 1);
    }
    if (status == TQ_OK) status = gtfs_import_sources(build, source, count, err);
    for (uint32_t feed = 0; feed < opened; feed++)
        gtfs_source_close(&source[feed]);
    tq_free(source);
    return status;
}
