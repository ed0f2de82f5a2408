/*
 * OSRM's trip answer: the best order of some places as one route, and each place's turn in it.
 *
 * Limits: TQ_TOUR_MAX places. Places that are not connected are a named failure, not several trips.
 */
#include "road/route_json_in.h"

static tq_status make_trip(route_answer *answer, const tq_route_place *place, const tq_snap *snap,
                           const uint32_t *order, uint32_t count, bool round, tq_err *err)
{
    answer->leg_count = round ? count : count - 1;
    answer->leg = TQ_PUSH(answer->work, road_leg, answer->leg_count);
    if (answer->leg == NULL) return route_full(answer->work, err);
    for (uint32_t l = 0; l < answer->leg_count; l++) {
        road_leg *leg = &answer->leg[l];
        leg->from = snap[order[l]];
        leg->to = snap[order[(l + 1) % count]];
        leg->asked = place[order[(l + 1) % count]].at;
        leg->has_asked = true;
        leg->stop_number = l + 1 < answer->leg_count ? l + 1 : 0;
        TQ_TRY(tq_road_way(answer->city, answer->metric, &leg->from, &leg->to, answer->work,
                           &leg->way, err));
        if (!route_prepare_leg(answer, leg)) return route_full(answer->work, err);
    }
    return TQ_OK;
}

static bool put_trip(route_answer *answer, const tq_snap *snap, const uint32_t *turn,
                     uint32_t count)
{
    tq_json *json = &answer->json;
    tq_json_object(json);
    tq_json_key(json, "code");
    tq_json_text(json, "Ok");
    tq_json_key(json, "trips");
    tq_json_array(json);
    if (!route_object(answer)) return false;
    tq_json_end_array(json);
    tq_json_key(json, "waypoints");
    tq_json_array(json);
    for (uint32_t k = 0; k < count; k++) {
        route_waypoint(answer, &snap[k]);
        tq_json_put_i64(json, "trips_index", 0);
        tq_json_put_i64(json, "waypoint_index", turn[k]);
        tq_json_end_object(json);
    }
    tq_json_end_array(json);
    tq_json_end_object(json);
    return true;
}

tq_status tq_trip_json(const tq_city *city, const tq_metric *metric, const tq_route_place *place,
                       uint32_t count, const tq_tour_wish *wish, const tq_route_options *options,
                       tq_arena *work, tq_buf *out, tq_err *err)
{
    if (count < 2)
        return tq_fail(err, TQ_BAD_INPUT, 0, "a trip needs at least 2 places, not %u", count);
    if (count > TQ_TOUR_MAX)
        return tq_fail(err, TQ_LIMIT, 0, "%u places are over a trip's limit of %d", count,
                       TQ_TOUR_MAX);
    tq_route_options chosen = route_options(options);
    route_answer answer = {
        .city = city, .metric = metric, .options = &chosen, .work = work, .begin = out->len};
    tq_snap *snap = TQ_PUSH(work, tq_snap, count);
    int32_t *ds = TQ_PUSH_RAW(work, int32_t, (size_t)count * count);
    uint32_t *order = TQ_PUSH_RAW(work, uint32_t, count), *turn = TQ_PUSH(work, uint32_t, count);
    if (snap == NULL || ds == NULL || order == NULL || turn == NULL) return route_full(work, err);
    for (uint32_t k = 0; k < count; k++) {
        tq_snap_wish one = place[k].wish;
        uint32_t found = 0;
        one.limit = 1;
        TQ_TRY(tq_road_snap(city, metric, place[k].at, &one, &snap[k], &found, err));
    }
    tq_places_on_road all = {.count = count, .snap = snap};
    int64_t total_ds = 0;
    TQ_TRY(tq_road_matrix(city, metric, &all, &all, work, ds, NULL, err));
    TQ_TRY(tq_road_tour(ds, count, wish, work, order, &total_ds, err));
    for (uint32_t k = 0; k < count; k++)
        turn[order[k]] = k;
    TQ_TRY(make_trip(&answer, place, snap, order, count, wish->round, err));
    tq_json_begin(&answer.json, out);
    return route_end(&answer, put_trip(&answer, snap, turn, count), err);
}
