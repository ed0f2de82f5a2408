/*
 * OSRM's match answer: matchings as routes with a confidence, a tracepoint for each point or null.
 *
 * Invariants: everything is computed before the first byte is written. A piece of one point has no
 * way and is left out, its point is null.
 */
#include "road/route_json_in.h"

static bool put_matching(route_answer *answer, const tq_matched_piece *piece)
{
    answer->leg = TQ_PUSH(answer->work, road_leg, piece->way_count);
    answer->leg_count = piece->way_count;
    if (answer->leg == NULL) return false;
    for (uint32_t k = 0; k < piece->way_count; k++) {
        answer->leg[k].way = piece->way[k];
        answer->leg[k].stop_number = k + 1 < piece->way_count ? k + 1 : 0;
        if (!route_prepare_leg(answer, &answer->leg[k])) return false;
    }
    return route_object(answer);
}

static bool put_match(route_answer *answer, const tq_matching *matching, uint32_t count,
                      const uint32_t *shown)
{
    tq_json *json = &answer->json;
    tq_json_object(json);
    tq_json_key(json, "code");
    tq_json_text(json, "Ok");
    tq_json_key(json, "matchings");
    tq_json_array(json);
    for (uint32_t p = 0; p < matching->piece_count; p++) {
        size_t mark = answer->work->used;
        if (shown[p] == TQ_NONE) continue;
        answer->confidence_percent = matching->piece[p].confidence_percent;
        if (!put_matching(answer, &matching->piece[p])) return false;
        tq_arena_reset(answer->work, mark);
    }
    tq_json_end_array(json);
    tq_json_key(json, "tracepoints");
    tq_json_array(json);
    for (uint32_t k = 0; k < count; k++) {
        const tq_matched_point *point = &matching->point[k];
        if (point->piece == TQ_NONE || shown[point->piece] == TQ_NONE) {
            tq_json_null(json);
            continue;
        }
        route_waypoint(answer, &point->snap);
        tq_json_put_i64(json, "matchings_index", shown[point->piece]);
        tq_json_put_i64(json, "waypoint_index", point->place);
        tq_json_put_i64(json, "alternatives_count", point->choices);
        tq_json_end_object(json);
    }
    tq_json_end_array(json);
    tq_json_end_object(json);
    return true;
}

tq_status tq_match_json(const tq_city *city, const tq_metric *metric, const tq_trace_point *trace,
                        uint32_t count, const tq_match_wish *wish, const tq_route_options *options,
                        tq_arena *work, tq_buf *out, tq_err *err)
{
    tq_route_options chosen = route_options(options);
    route_answer answer = {.city = city,
                           .metric = metric,
                           .options = &chosen,
                           .work = work,
                           .begin = out->len,
                           .matching = true};
    tq_matching matching = {0};
    TQ_TRY(tq_road_match(city, metric, trace, count, wish, work, &matching, err));
    uint32_t *shown = TQ_PUSH_RAW(work, uint32_t, (size_t)matching.piece_count + 1), next = 0;
    if (shown == NULL) return route_full(work, err);
    for (uint32_t p = 0; p < matching.piece_count; p++)
        shown[p] = matching.piece[p].way_count > 0 ? next++ : TQ_NONE;
    if (next == 0)
        return tq_fail(err, TQ_NO_ROUTE, 0,
                       "no two points of the track fit one way on the streets");
    tq_json_begin(&answer.json, out);
    return route_end(&answer, put_match(&answer, &matching, count, shown), err);
}
