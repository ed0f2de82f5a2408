/* Checks of the timetable: every index, every order the search relies on, every time within its
 * range. */
#include "city/city_in.h"

#define TIME_LIMIT_S (30 * 86400) /* a trip may start or last at most 30 days */

static bool stop_holds(const tq_city *city, const tq_stop *stop)
{
    uint32_t texts = city->text_len;
    return tq_point_valid(stop->at) && stop->id < texts && stop->code < texts &&
           stop->name < texts && stop->name_en < texts && stop->platform < texts &&
           stop->zone < texts && stop->desc < texts &&
           (stop->parent < city->timetable.stop_count || stop->parent == TQ_NONE) &&
           stop->date < city->dates.count &&
           (stop->node < city->streets.node_count || stop->node == TQ_NONE) &&
           stop->link_dm < 100000000 && stop->kind <= TQ_STOP_KIND_BOARDING &&
           stop->wheelchair <= 2;
}

static bool route_holds(const tq_city *city, const tq_route *route)
{
    uint32_t texts = city->text_len;
    return route->id < texts && route->short_name < texts && route->long_name < texts &&
           route->long_name_en < texts && route->desc < texts &&
           (route->agency < city->timetable.agency_count || route->agency == TQ_NONE) &&
           (route->tariff < city->fares.tariff_count || route->tariff == TQ_NONE) &&
           route->mode <= TQ_MODE_OTHER;
}

static tq_status verify_rows(const tq_city *city, tq_err *err)
{
    const tq_timetable *t = &city->timetable;
    for (uint32_t stop = 0; stop < t->stop_count; stop++)
        CITY_CHECK(stop_holds(city, &t->stop[stop]), "tt.stop", "a row is not valid");
    for (uint32_t route = 0; route < t->route_count; route++)
        CITY_CHECK(route_holds(city, &t->route[route]), "tt.route", "a row is not valid");
    for (uint32_t k = 0; k < t->agency_count; k++) {
        const tq_agency *row = &t->agency[k];
        CITY_CHECK(row->id < city->text_len && row->name < city->text_len &&
                       row->url < city->text_len && row->timezone < city->text_len &&
                       row->phone < city->text_len,
                   "tt.agency", "a row is not valid");
    }
    for (uint32_t k = 0; k < t->transfer_count; k++) {
        const tq_transfer *row = &t->transfer[k];
        CITY_CHECK((row->from_stop < t->stop_count || row->from_stop == TQ_NONE) &&
                       (row->to_stop < t->stop_count || row->to_stop == TQ_NONE) &&
                       (row->min_s < TIME_LIMIT_S || row->min_s == TQ_NONE) &&
                       (row->from_route < t->route_count || row->from_route == TQ_NONE) &&
                       (row->to_route < t->route_count || row->to_route == TQ_NONE) &&
                       (row->from_trip < t->trip_count || row->from_trip == TQ_NONE) &&
                       (row->to_trip < t->trip_count || row->to_trip == TQ_NONE),
                   "tt.transfer", "a row is not valid");
    }
    for (uint32_t k = 0; k < t->frequency_count; k++) {
        const tq_frequency *row = &t->frequency[k];
        CITY_CHECK(row->headway_s > 0 && row->from_s >= -TIME_LIMIT_S &&
                       row->to_s <= TIME_LIMIT_S && row->from_s <= row->to_s,
                   "tt.frequency", "a row is not valid");
    }
    return TQ_OK;
}

static tq_status verify_patterns(const tq_city *city, tq_err *err)
{
    const tq_timetable *t = &city->timetable;
    CITY_CHECK(city_ranges_hold(t->pattern_first, t->pattern_count, t->pattern_stop_count),
               "tt.pat_first", "is not ascending");
    CITY_CHECK(city_ranges_hold(t->pattern_first_trip, t->pattern_count, t->trip_count),
               "tt.pat_trip", "is not ascending");
    CITY_CHECK(city_ranges_hold(t->profile_first, t->profile_count, t->stop_time_count),
               "tt.prof_first", "is not ascending");
    CITY_CHECK(city_indices_hold(t->pattern_route, t->pattern_count, t->route_count, CITY_NO_NONE),
               "tt.pat_route", "a route does not exist");
    CITY_CHECK(city_indices_hold(t->pattern_direction, t->pattern_count, 2, CITY_NO_NONE),
               "tt.pat_dir", "a direction is neither 0 nor 1");
    CITY_CHECK(
        city_indices_hold(t->pattern_stop, t->pattern_stop_count, t->stop_count, CITY_NO_NONE),
        "tt.pat_stop", "a stop does not exist");
    CITY_CHECK(city_indices_hold(t->pattern_shape_at, t->pattern_stop_count, t->shape_point_count,
                                 CITY_NONE_OK),
               "tt.pat_shape", "a shape point does not exist");
    for (uint32_t pattern = 0; pattern < t->pattern_count; pattern++) {
        uint32_t first = t->pattern_first[pattern], end = t->pattern_first[pattern + 1];
        CITY_CHECK(end - first >= 2, "tt.pat_first", "a pattern has fewer than two stops");
        for (uint32_t k = first + 1; k < end; k++) {
            CITY_CHECK(t->pattern_along_m[k - 1] <= t->pattern_along_m[k] &&
                           t->pattern_along_m[k] < 20000000,
                       "tt.pat_along", "metres run backwards");
            CITY_CHECK(t->pattern_shape_at[k - 1] == TQ_NONE || t->pattern_shape_at[k] == TQ_NONE ||
                           t->pattern_shape_at[k - 1] <= t->pattern_shape_at[k],
                       "tt.pat_shape", "a shape runs backwards");
        }
    }
    return TQ_OK;
}

static tq_status verify_trips(const tq_city *city, tq_err *err)
{
    const tq_timetable *t = &city->timetable;
    for (uint32_t k = 0; k < t->stop_time_count; k++) {
        const tq_stop_time *time = &t->stop_time[k];
        CITY_CHECK(time->arrival_s <= time->departure_s && time->arrival_s > -TIME_LIMIT_S &&
                       time->departure_s < TIME_LIMIT_S,
                   "tt.stop_time", "a time is not valid");
    }
    for (uint32_t profile = 0; profile < t->profile_count; profile++)
        for (uint32_t k = t->profile_first[profile] + 1; k < t->profile_first[profile + 1]; k++)
            CITY_CHECK(t->stop_time[k - 1].departure_s <= t->stop_time[k].arrival_s, "tt.stop_time",
                       "time runs backwards");
    for (uint32_t pattern = 0; pattern < t->pattern_count; pattern++) {
        uint32_t stops = t->pattern_first[pattern + 1] - t->pattern_first[pattern];
        for (uint32_t trip = t->pattern_first_trip[pattern];
             trip < t->pattern_first_trip[pattern + 1]; trip++) {
            const tq_trip *row = &t->trip[trip];
            CITY_CHECK(row->pattern == pattern && row->profile < t->profile_count &&
                           t->profile_first[row->profile + 1] - t->profile_first[row->profile] ==
                               stops,
                       "tt.trip", "a trip's times are not those of its stops");
            CITY_CHECK(row->service < t->service_count && row->start_s > -TIME_LIMIT_S &&
                           row->start_s < TIME_LIMIT_S && row->date < city->dates.count &&
                           row->frequency_count <= t->frequency_count &&
                           row->first_frequency <= t->frequency_count - row->frequency_count,
                       "tt.trip", "a row is not valid");
            CITY_CHECK(row->id < city->text_len && row->headsign < city->text_len &&
                           row->short_name < city->text_len && row->block < city->text_len,
                       "tt.trip", "a text lies outside the pool");
        }
    }
    return TQ_OK;
}

static tq_status verify_lookups(const tq_city *city, tq_err *err)
{
    const tq_timetable *t = &city->timetable;
    CITY_CHECK(city_ranges_hold(t->child_first, t->stop_count, t->child_count) &&
                   city_indices_hold(t->child, t->child_count, t->stop_count, CITY_NO_NONE),
               "tt.child", "a platform does not exist");
    CITY_CHECK(city_ranges_hold(t->stop_first_pattern, t->stop_count, t->pattern_stop_count),
               "tt.stop_pat1", "is not ascending");
    for (uint32_t stop = 0; stop < t->stop_count; stop++) {
        for (uint32_t k = t->stop_first_pattern[stop]; k < t->stop_first_pattern[stop + 1]; k++) {
            uint32_t pattern = t->stop_pattern[k];
            CITY_CHECK(pattern < t->pattern_count, "tt.stop_pat", "a pattern does not exist");
            uint32_t first = t->pattern_first[pattern], place = t->stop_place[k];
            CITY_CHECK(place < t->pattern_first[pattern + 1] - first &&
                           t->pattern_stop[first + place] == stop,
                       "tt.stop_place", "another stop lies there");
        }
    }
    CITY_CHECK(city_indices_hold(t->service_id, t->service_count, city->text_len, CITY_NO_NONE),
               "tt.service", "a text lies outside the pool");
    CITY_CHECK(t->day_words == (t->day_count + 63) / 64 && t->day_count < 40000 &&
                   t->base_day > -40000 && t->base_day < 100000,
               "tt.days", "the days do not fit");
    for (uint32_t k = 0; k < t->shape_point_count; k++)
        CITY_CHECK(tq_point_valid(t->shape_point[k]), "tt.shape", "a point is off the globe");
    return TQ_OK;
}

tq_status city_verify_timetable(const tq_city *city, tq_err *err)
{
    TQ_TRY(verify_rows(city, err));
    TQ_TRY(verify_patterns(city, err));
    TQ_TRY(verify_trips(city, err));
    return verify_lookups(city, err);
}
