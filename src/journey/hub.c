/*
 * The lorry's way to the land-air hub, and the latest leaving that arrives in time.
 *
 * A drive takes what the streets take from the instant of leaving on: the metric of its slice of
 * time, or when it runs past the slice the earliest arrival over slices. On that clock nobody who
 * leaves later arrives earlier, so the instants that arrive in time are those up to a latest one,
 * found by halving; the answer has been driven forward. With a margin (percent > 100) what is
 * answered arrives in time too, and one second later does not. Seconds and deciseconds, integers.
 */
#include "journey/hub_in.h"

#define SECOND_MS INT64_C(1000)

bool hub_kg(const char *text, int64_t *mass_g)
{
    int64_t e6;
    if (!goods_tonnes(tq_str_of(text), &e6)) return false;
    *mass_g = e6 / 1000;
    return *mass_g > 0;
}

const char *hub_lorry(int64_t mass_g, tq_profile *profile)
{
    *profile = mass_g <= HUB_LIGHT_MAX_G ? TQ_PROFILE_LORRY_LIGHT : TQ_PROFILE_LORRY_HEAVY;
    return mass_g <= HUB_LIGHT_MAX_G ? "lorry_light" : "lorry_heavy";
}

void hub_road_open(hub_road *road, const tq_snapshot *snapshot, int64_t mass_g, tq_arena *work)
{
    tq_profile profile;
    (void)hub_lorry(mass_g, &profile);
    *road = (hub_road){.snapshot = snapshot, .work = work};
    if (snapshot->city->streets.edge_count > 0)
        road->lorry = tq_road_vehicle(snapshot->city, profile);
}

void hub_road_close(hub_road *road)
{
    if (road->metric != NULL) tq_roads_put(road->snapshot->roads, road->metric);
    road->metric = NULL;
}

tq_status hub_there(const tq_freight *net, tq_err *err)
{
    if (tq_freight_regimes(net) > 0 && tq_freight_flights(net) > 0) return TQ_OK;
    return tq_fail(err, TQ_NOT_FOUND, 0,
                   "this city has no land-air hub: its folder freight has no regimes.csv and "
                   "flights.csv");
}

uint32_t hub_regime(const tq_freight *net, tq_str id)
{
    for (uint32_t k = 0; k < tq_freight_regimes(net); k++)
        if (tq_str_is(id, tq_freight_regime_at(net, k).id)) return k;
    return TQ_NONE;
}

uint32_t hub_flight(const tq_freight *net, tq_str id)
{
    for (uint32_t k = 0; k < tq_freight_flights(net); k++) {
        tq_freight_flight flight = tq_freight_flight_at(net, k);
        if (tq_str_is(id, tq_freight_service_at(net, flight.service).id)) return k;
    }
    return TQ_NONE;
}

void hub_put_time(tq_json *json, const char *key, const tq_city *city, int64_t at_ms)
{
    char text[TQ_TIME_TEXT_MAX];
    tq_time_print(&city->zone, at_ms, text);
    tq_json_put_text(json, key, text);
}

void hub_node(const tq_goods *goods, uint32_t node, hub_place *out)
{
    tq_freight_node row = tq_freight_node_at(goods->net, node);
    *out = (hub_place){.name = row.name_zh, .id = row.id, .at = row.at};
}

tq_status hub_place_find(const tq_goods *goods, const tq_city *city, const char *part,
                         const char *text, hub_place *out, tq_err *err)
{
    tq_endpoint end;
    tq_err why = {0};
    tq_str wanted = tq_str_of(text);
    uint32_t nodes = tq_freight_size(goods->net).nodes;
    uint32_t node = tq_freight_node_find(goods->net, wanted);
    for (uint32_t k = 0; node == TQ_NONE && wanted.len > 0 && k < nodes; k++) {
        tq_freight_node row = tq_freight_node_at(goods->net, k);
        if (tq_str_is(wanted, row.name_zh) || tq_str_is(wanted, row.name_en)) node = k;
    }
    if (node != TQ_NONE) {
        hub_node(goods, node, out);
        return TQ_OK;
    }
    tq_status status = tq_endpoint_parse(city, text, &end, &why);
    if (status != TQ_OK) return tq_fail(err, status, 0, "%.20s: %.130s", part, why.text);
    *out = (hub_place){.name = end.name != NULL && end.name[0] != '\0' ? end.name : NULL,
                       .at = {end.lat_e7, end.lon_e7}};
    return TQ_OK;
}

tq_status hub_meet(hub_road *road, int64_t at_ms, hub_place *place, tq_err *err)
{
    const tq_snapshot *now = road->snapshot;
    const tq_metric *metric = NULL;
    uint32_t count = 0;
    tq_snap_wish wish = {
        .limit = 1, .radius_m = TQ_SNAP_RADIUS_MAX_M, .bearing = -1, .main_only = true};
    place->near = false;
    if (road->lorry == NULL) return TQ_OK;
    TQ_TRY(tq_roads_get(now->roads, tq_overlay_none(), road->lorry, at_ms, &metric, err));
    tq_status status =
        tq_road_snap(now->city, metric, place->at, &wish, &place->snap, &count, NULL);
    tq_roads_put(now->roads, metric);
    place->near = status == TQ_OK && count > 0;
    return TQ_OK;
}

static tq_status turn_to(hub_road *road, int64_t at_ms, tq_err *err)
{
    const tq_snapshot *now = road->snapshot;
    if (road->metric != NULL && road->slice.from_ms <= at_ms && at_ms < road->slice.to_ms)
        return TQ_OK;
    hub_road_close(road);
    road->slice = tq_road_slice(now->city, now->overlay, road->lorry, at_ms);
    return tq_roads_get(now->roads, now->overlay, road->lorry, at_ms, &road->metric, err);
}

tq_status hub_takes(hub_road *road, int64_t leave_ms, const hub_place *from, const hub_place *to,
                    int64_t *takes_ds, tq_err *err)
{
    const tq_snapshot *now = road->snapshot;
    tq_err why = {0};
    tq_way way = {0};
    size_t mark = road->work->used;
    *takes_ds = TQ_ROAD_INF;
    if (!from->near || !to->near) return TQ_OK;
    TQ_TRY(turn_to(road, leave_ms, err));
    tq_status status =
        tq_road_time(now->city, road->metric, &from->snap, &to->snap, road->work, takes_ds, &why);
    tq_arena_reset(road->work, mark);
    if (status == TQ_OK && leave_ms + *takes_ds * 100 <= road->slice.to_ms) return TQ_OK;
    if (status == TQ_OK || status == TQ_NO_ROUTE) {
        *takes_ds = TQ_ROAD_INF;
        status = tq_road_way_timed(now->city, now->roads, now->overlay, road->lorry, leave_ms,
                                   &from->snap, &to->snap, road->work, &way, &why);
        tq_arena_reset(road->work, mark);
        if (status == TQ_OK) *takes_ds = way.time_ds;
    }
    if (status == TQ_OK || status == TQ_NO_ROUTE) return TQ_OK;
    if (err != NULL) *err = why;
    return status;
}

static tq_status in_time(hub_road *road, int64_t leave_ms, int64_t by_ms, uint32_t percent,
                         const hub_place *from, const hub_place *to, int64_t *spare_ms, tq_err *err)
{
    int64_t takes_ds;
    TQ_TRY(hub_takes(road, leave_ms, from, to, &takes_ds, err));
    *spare_ms = takes_ds >= TQ_ROAD_INF ? INT64_MIN : by_ms - leave_ms - takes_ds * percent;
    return TQ_OK;
}

tq_status hub_leave(hub_road *road, int64_t by_ms, uint32_t percent, const hub_place *from,
                    const hub_place *to, int64_t *leave_ms, bool *found, tq_err *err)
{
    int64_t spare_ms, bad = tq_floor_div(by_ms, SECOND_MS), good = bad - HUB_REACH_MS / SECOND_MS;
    *found = false;
    TQ_TRY(in_time(road, good * SECOND_MS, by_ms, percent, from, to, &spare_ms, err));
    if (spare_ms < 0) return TQ_OK;
    *found = true;
    TQ_TRY(in_time(road, bad * SECOND_MS, by_ms, percent, from, to, &spare_ms, err));
    if (spare_ms >= 0) good = bad;
    /* The way of one who leaves at the limit is most often that of the latest in time too. */
    int64_t guess = spare_ms == INT64_MIN ? bad : bad + tq_floor_div(spare_ms, SECOND_MS);
    for (uint32_t tries = 0; bad - good > 1; tries++) {
        int64_t middle = good + (bad - good) / 2;
        if (tries < 2 && good < guess + tries && guess + tries < bad) middle = guess + tries;
        TQ_TRY(in_time(road, middle * SECOND_MS, by_ms, percent, from, to, &spare_ms, err));
        if (spare_ms >= 0)
            good = middle;
        else
            bad = middle;
    }
    *leave_ms = good * SECOND_MS;
    return TQ_OK;
}
