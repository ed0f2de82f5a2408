/*
 * Tours of lorries that collect goods in time for their flights at the land-air hub.
 *
 * Body {"depot":PLACE,"lorries":N,"capacity_kg":KG,"points":[{"id","at":PLACE,"ready":TIME,"kg",
 * "flight":ID,"regime":ID,"load_min":MIN}]}; depot NULL = the terminal of the first point. A point
 * is to reach the first departure of its flight that one can still make by a drive of its own with
 * the safe margin. Answer {"version","live_version","depot","lorries_used","tours":[{"lorry",
 * "leaves","returns","drive_minutes","stops":[{"what":"collect|deliver","point","arrive","leave",
 * "on_board_kg","cutoff","spare_minutes"}]}],"points":[{"id","flight","regime","departs","cutoff",
 * "collect_by","state":"planned|no_flight|skills|capacity|path|time|limit|room"}]}.
 *
 * Times between places are the slowest of the hours from the first ready time to the last cut-off,
 * live streets included, times HUB_ROAD_P90 percent. The planner is tq_fleet_plan_make with a
 * fixed number of rounds, so the same question has the same bytes. Limits: FEEDER_ constants.
 */
#include <jansson.h>
#include <math.h>

#include "journey/hub_in.h"

#include "fleet/fleet.h"

#define FEEDER_POINTS_MAX  60u
#define FEEDER_LORRIES_MAX 30
#define FEEDER_BODY_MAX    ((size_t)256 << 10)
#define FEEDER_KG_MAX      40000.0
#define FEEDER_ROUNDS      1500u
#define FEEDER_HOURS_MAX   48u /* of street times looked at */
#define FEEDER_PLACES_MAX  (FEEDER_POINTS_MAX + TQ_FREIGHT_REGIMES_MAX + 1)
#define LOAD_MIN           5.0 /* at a point, when nothing is said */
#define LOAD_MIN_MAX       240.0
#define HOUR_MS            INT64_C(3600000)
#define DS_MS              100

typedef struct feeder_point {
    const char *id;
    hub_place place;
    uint32_t flight, regime, task; /* task TQ_NONE = none */
    int64_t ready_ms, mass_g, load_ds, departs_ms, cutoff_ms, collect_ms;
    const char *state;
} feeder_point;

typedef struct feeder {
    const tq_goods *goods;
    const tq_city *city;
    hub_road road;
    hub_place place[FEEDER_PLACES_MAX]; /* 0 = depot, then terminals by regime, then points */
    uint32_t place_count, point_count, lorries, task_count;
    uint32_t of_task[FEEDER_POINTS_MAX]; /* point */
    feeder_point point[FEEDER_POINTS_MAX];
    int64_t capacity_g, from_ms, to_ms;
    int32_t *time_ds, *metres;
    tq_fleet_task task[FEEDER_POINTS_MAX];
    tq_fleet_window window[2 * FEEDER_POINTS_MAX];
    tq_fleet_vehicle vehicle[FEEDER_LORRIES_MAX];
    tq_fleet_profile profile;
} feeder;

/* ---- the body -------------------------------------------------------------------------------- */

static bool number_in(const json_t *value, double low, double high, double *out)
{
    if (!json_is_number(value)) return false;
    *out = json_number_value(value);
    return *out >= low && *out <= high;
}

static tq_status wrong(tq_err *err, uint32_t point, const char *member, const char *want)
{
    return tq_fail(err, TQ_BAD_INPUT, point + 1, "points[%u].%s: %s", point, member, want);
}

static tq_status read_point(feeder *plan, const json_t *row, uint32_t k, tq_err *err)
{
    const tq_freight *net = plan->goods->net;
    feeder_point *point = &plan->point[k];
    const char *at = json_string_value(json_object_get(row, "at")),
               *ready = json_string_value(json_object_get(row, "ready")),
               *flight = json_string_value(json_object_get(row, "flight")),
               *regime = json_string_value(json_object_get(row, "regime"));
    const json_t *load = json_object_get(row, "load_min");
    double kg, minutes = LOAD_MIN;
    *point = (feeder_point){.task = TQ_NONE, .state = "no_flight"};
    point->id = json_string_value(json_object_get(row, "id"));
    if (point->id == NULL || point->id[0] == '\0' || strlen(point->id) > 60)
        return wrong(err, k, "id", "a text of 1 to 60 bytes is needed");
    for (uint32_t other = 0; other < k; other++)
        if (strcmp(plan->point[other].id, point->id) == 0)
            return wrong(err, k, "id", "another point has it already");
    if (at == NULL) return wrong(err, k, "at", "say where: an id, a name, lat,lon");
    TQ_TRY(hub_place_find(plan->goods, plan->city, "at", at, &point->place, err));
    if (ready == NULL) return wrong(err, k, "ready", "say from when, such as 2026-07-06T08:00");
    TQ_TRY(tq_time_parse(&plan->city->zone, tq_str_of(ready), &point->ready_ms, err));
    if (!number_in(json_object_get(row, "kg"), 0.001, FEEDER_KG_MAX, &kg))
        return wrong(err, k, "kg", "a number above 0, at most 40000");
    if (load != NULL && !number_in(load, 0, LOAD_MIN_MAX, &minutes))
        return wrong(err, k, "load_min", "a number of minutes, at most 240");
    point->mass_g = llround(kg * 1000);
    point->load_ds = llround(minutes * 600);
    point->regime = regime == NULL ? TQ_NONE : hub_regime(net, tq_str_of(regime));
    if (point->regime == TQ_NONE) return wrong(err, k, "regime", "use an id of regimes.csv");
    point->flight = flight == NULL ? TQ_NONE : hub_flight(net, tq_str_of(flight));
    if (point->flight == TQ_NONE) return wrong(err, k, "flight", "use an id of flights.csv");
    if ((tq_freight_flight_at(net, point->flight).regimes >> point->regime & 1u) == 0)
        return wrong(err, k, "regime", "the flight does not take it");
    return TQ_OK;
}

static tq_status read_body(feeder *plan, const json_t *root, tq_err *err)
{
    const json_t *points = json_object_get(root, "points"), *depot = json_object_get(root, "depot");
    double lorries, kg;
    if (!json_is_object(root)) return tq_fail(err, TQ_BAD_INPUT, 0, "the body is no JSON object");
    if (!number_in(json_object_get(root, "lorries"), 1, FEEDER_LORRIES_MAX, &lorries))
        return tq_fail(err, TQ_BAD_INPUT, 0, "lorries: a number of 1 to %d", FEEDER_LORRIES_MAX);
    if (!number_in(json_object_get(root, "capacity_kg"), 1, FEEDER_KG_MAX, &kg))
        return tq_fail(err, TQ_BAD_INPUT, 0, "capacity_kg: a number of 1 to 40000");
    plan->lorries = (uint32_t)lorries;
    plan->capacity_g = llround(kg * 1000);
    plan->point_count = (uint32_t)json_array_size(points);
    if (plan->point_count == 0 || json_array_size(points) > FEEDER_POINTS_MAX)
        return tq_fail(err, TQ_BAD_INPUT, 0, "points: a list of 1 to %u", FEEDER_POINTS_MAX);
    for (uint32_t k = 0; k < plan->point_count; k++)
        TQ_TRY(read_point(plan, json_array_get(points, k), k, err));
    for (uint32_t k = 0; k < tq_freight_regimes(plan->goods->net); k++)
        hub_node(plan->goods, tq_freight_regime_at(plan->goods->net, k).terminal,
                 &plan->place[1 + k]);
    plan->place[0] = plan->place[1 + plan->point[0].regime];
    if (json_is_string(depot))
        TQ_TRY(hub_place_find(plan->goods, plan->city, "depot", json_string_value(depot),
                              &plan->place[0], err));
    else if (depot != NULL && !json_is_null(depot))
        return tq_fail(err, TQ_BAD_INPUT, 0, "depot: an id, a name or lat,lon as text");
    plan->place_count = 1 + tq_freight_regimes(plan->goods->net);
    for (uint32_t k = 0; k < plan->point_count; k++)
        plan->place[plan->place_count++] = plan->point[k].place;
    return TQ_OK;
}

/* ---- departures ------------------------------------------------------------------------------ */

/* The first departure that a drive from the point alone, ready as it is, reaches safely. */
static tq_status choose_flight(feeder *plan, uint32_t k, tq_err *err)
{
    const tq_freight *net = plan->goods->net;
    feeder_point *point = &plan->point[k];
    const hub_place *from = &plan->place[1 + tq_freight_regimes(net) + k],
                    *to = &plan->place[1 + point->regime];
    tq_freight_flight flight = tq_freight_flight_at(net, point->flight);
    tq_freight_regime regime = tq_freight_regime_at(net, point->regime);
    int64_t local_s = tq_floor_div(point->ready_ms, 1000) + HUB_LOCAL_S;
    int32_t first = (int32_t)tq_floor_div(local_s, HUB_DAY_S);
    if (point->mass_g > flight.max_g) return TQ_OK;
    for (int32_t day = first; day < first + HUB_DAYS_AHEAD; day++) {
        tq_freight_uplift made;
        int64_t departs_s, leave_ms;
        bool found = false;
        if (!tq_freight_flight_leaves(net, point->flight, day, &departs_s) ||
            !tq_freight_uplift_make(&regime, departs_s, flight.cutoff_s, TQ_FREIGHT_P90, &made) ||
            hub_ms(made.arrive_s) < point->ready_ms)
            continue;
        TQ_TRY(hub_leave(&plan->road, hub_ms(made.arrive_s), HUB_ROAD_P90, from, to, &leave_ms,
                         &found, err));
        if (!found || leave_ms < point->ready_ms + point->load_ds * DS_MS) continue;
        point->departs_ms = hub_ms(departs_s);
        point->cutoff_ms = hub_ms(made.arrive_s);
        point->collect_ms = leave_ms;
        point->task = plan->task_count;
        point->state = "planned";
        plan->of_task[plan->task_count++] = k;
        return TQ_OK;
    }
    return TQ_OK;
}

/* ---- times ----------------------------------------------------------------------------------- */

static tq_status slowest_times(feeder *plan, tq_err *err)
{
    const tq_snapshot *now = plan->road.snapshot;
    uint32_t count = plan->place_count, cells = count * count;
    tq_arena *work = plan->road.work;
    int32_t *ds = TQ_PUSH_RAW(work, int32_t, cells);
    uint32_t *dm = TQ_PUSH_RAW(work, uint32_t, cells);
    tq_snap *snap = TQ_PUSH(work, tq_snap, count);
    plan->time_ds = TQ_PUSH(work, int32_t, cells);
    plan->metres = TQ_PUSH(work, int32_t, cells);
    if (ds == NULL || dm == NULL || snap == NULL || plan->time_ds == NULL || plan->metres == NULL)
        return tq_fail(err, TQ_NO_MEMORY, 0, "not enough scratch for feeder tours");
    for (uint32_t k = 0; k < count; k++) {
        if (!plan->place[k].near)
            return tq_fail(err, TQ_NOT_FOUND, 0, "%.60s: no street for lorries within %u m",
                           plan->place[k].name != NULL ? plan->place[k].name : "a point",
                           TQ_SNAP_RADIUS_MAX_M);
        snap[k] = plan->place[k].snap;
    }
    tq_places_on_road places = {.count = count, .snap = snap};
    uint64_t key = 0;
    for (uint32_t hour = 0; hour < FEEDER_HOURS_MAX; hour++) {
        const tq_metric *metric = NULL;
        int64_t at_ms = plan->from_ms + hour * HOUR_MS;
        if (hour > 0 && at_ms > plan->to_ms) break;
        tq_slice slice = tq_road_slice(now->city, now->overlay, plan->road.lorry, at_ms);
        if (hour > 0 && slice.key == key) continue;
        key = slice.key;
        TQ_TRY(tq_roads_get_with(now->roads, now->overlay, plan->road.lorry, at_ms, TQ_METRIC_ALL,
                                 &metric, err));
        size_t mark = work->used;
        tq_status status = tq_road_matrix(now->city, metric, &places, &places, work, ds, dm, err);
        tq_arena_reset(work, mark);
        tq_roads_put(now->roads, metric);
        TQ_TRY(status);
        for (uint32_t cell = 0; cell < cells; cell++) {
            bool none = ds[cell] >= TQ_ROAD_INF || plan->time_ds[cell] == TQ_FLEET_NO_WAY;
            int64_t safe = none ? 0 : ((int64_t)ds[cell] * HUB_ROAD_P90 + 99) / 100;
            plan->time_ds[cell] =
                none ? TQ_FLEET_NO_WAY : (int32_t)TQ_MAX(safe, plan->time_ds[cell]);
            plan->metres[cell] = none ? TQ_FLEET_NO_WAY : (int32_t)(dm[cell] / 10);
        }
    }
    return TQ_OK;
}

/* ---- tours ----------------------------------------------------------------------------------- */

static int64_t since(const feeder *plan, int64_t at_ms)
{
    return tq_floor_div(at_ms - plan->from_ms, DS_MS);
}

static void make_problem(feeder *plan, tq_fleet_problem *problem)
{
    uint32_t regimes = tq_freight_regimes(plan->goods->net);
    int64_t end_ds = since(plan, plan->to_ms) + HUB_REACH_MS / DS_MS;
    for (uint32_t task = 0; task < plan->task_count; task++) {
        const feeder_point *point = &plan->point[plan->of_task[task]];
        plan->window[2 * task] =
            (tq_fleet_window){since(plan, point->ready_ms), since(plan, point->cutoff_ms)};
        plan->window[2 * task + 1] = (tq_fleet_window){0, since(plan, point->cutoff_ms)};
        plan->task[task] = (tq_fleet_task){
            .kind = TQ_FLEET_SHIPMENT,
            .stop = {{.place = 1 + regimes + plan->of_task[task],
                      .first_window = 2 * task,
                      .window_count = 1,
                      .service = point->load_ds},
                     {.place = 1 + point->regime, .first_window = 2 * task + 1, .window_count = 1}},
            .load = {(int32_t)point->mass_g},
            .ride_max = TQ_FLEET_ANY};
    }
    for (uint32_t k = 0; k < plan->lorries; k++)
        plan->vehicle[k] = (tq_fleet_vehicle){.end = 0,
                                              .speed_factor = 1,
                                              .capacity = {(int32_t)plan->capacity_g},
                                              .shift = {-HUB_REACH_MS / DS_MS, end_ds},
                                              .tasks_max = TQ_NONE,
                                              .travel_max = TQ_FLEET_ANY,
                                              .distance_max = TQ_FLEET_ANY,
                                              .duration_max = TQ_FLEET_ANY,
                                              .fixed = 50,
                                              .per_hour = 1};
    plan->profile = (tq_fleet_profile){.time = plan->time_ds, .distance = plan->metres};
    *problem = (tq_fleet_problem){.place_count = plan->place_count,
                                  .task_count = plan->task_count,
                                  .vehicle_count = plan->lorries,
                                  .profile_count = 1,
                                  .load_count = 1,
                                  .window_count = 2 * plan->task_count,
                                  .time_unit = 10,
                                  .distance_unit = 1,
                                  .cost_unit = 100,
                                  .task = plan->task,
                                  .vehicle = plan->vehicle,
                                  .profile = &plan->profile,
                                  .window = plan->window};
}

/* Why tasks are left out. */
static tq_status tell_unserved(feeder *plan, const tq_fleet_problem *problem,
                               const tq_fleet_plan *made, tq_err *err)
{
    bool served[FEEDER_POINTS_MAX] = {0};
    for (uint32_t k = 0; k < made->first[made->vehicle_count]; k++)
        served[made->visit[k] / 2] = true;
    for (uint32_t task = 0; task < plan->task_count; task++) {
        tq_fleet_reason reason;
        if (served[task]) continue;
        TQ_TRY(tq_fleet_why_unserved(problem, &task, 1, &reason, err));
        plan->point[plan->of_task[task]].state = tq_fleet_reason_name(reason);
    }
    return TQ_OK;
}

static void put_stop(const feeder *plan, const tq_fleet_step *step, tq_json *json)
{
    const feeder_point *point = &plan->point[plan->of_task[step->task]];
    int64_t arrive_ms = plan->from_ms + step->arrival * DS_MS;
    int64_t leave_ms = arrive_ms + (step->wait + step->setup + step->service) * DS_MS;
    bool collect = step->kind == TQ_FLEET_AT_PICKUP;
    tq_json_object(json);
    tq_json_put_text(json, "what", collect ? "collect" : "deliver");
    tq_json_put_text(json, "point", point->id);
    hub_put_time(json, "arrive", plan->city, arrive_ms);
    hub_put_time(json, "leave", plan->city, leave_ms);
    tq_json_put_fixed(json, "on_board_kg", step->load[0], 3);
    hub_put_time(json, "cutoff", plan->city, point->cutoff_ms);
    if (!collect) tq_json_put_fixed(json, "spare_minutes", (point->cutoff_ms - arrive_ms) / 600, 2);
    tq_json_end_object(json);
}

static void put_tour(const feeder *plan, const tq_fleet_schedule *all, uint32_t lorry,
                     tq_json *json)
{
    const tq_fleet_step *first = &all->step[all->first[lorry]];
    const tq_fleet_step *last = &all->step[all->first[lorry + 1] - 1];
    tq_json_object(json);
    tq_json_put_i64(json, "lorry", lorry + 1);
    hub_put_time(json, "leaves", plan->city, plan->from_ms + first->arrival * DS_MS);
    hub_put_time(json, "returns", plan->city, plan->from_ms + last->arrival * DS_MS);
    tq_json_put_fixed(json, "drive_minutes", (last->travel + 3) / 6, 2);
    tq_json_put_fixed(json, "km", last->distance, 3);
    tq_json_key(json, "stops");
    tq_json_array(json);
    for (const tq_fleet_step *step = first; step <= last; step++)
        if (step->kind == TQ_FLEET_AT_PICKUP || step->kind == TQ_FLEET_AT_DELIVERY)
            put_stop(plan, step, json);
    tq_json_end_array(json);
    tq_json_end_object(json);
}

static tq_status put_tours(feeder *plan, tq_json *json, uint32_t *used, tq_err *err)
{
    tq_fleet_problem problem;
    tq_fleet_plan_options options;
    tq_fleet_plan made = {0};
    tq_fleet_score score;
    tq_fleet_schedule all = {0};
    *used = 0;
    if (plan->task_count == 0) return TQ_OK;
    make_problem(plan, &problem);
    tq_fleet_plan_default(&options);
    options.goal = TQ_FLEET_CHEAPEST;
    options.seed = 1;
    options.iterations = FEEDER_ROUNDS;
    TQ_TRY(tq_fleet_plan_make(&problem, &options, &made, &score, err));
    tq_status status = tell_unserved(plan, &problem, &made, err);
    if (status == TQ_OK) status = tq_fleet_schedule_make(&problem, &made, &all, err);
    for (uint32_t lorry = 0; status == TQ_OK && lorry < all.vehicle_count; lorry++) {
        if (all.first[lorry] == all.first[lorry + 1]) continue;
        put_tour(plan, &all, lorry, json);
        (*used)++;
    }
    tq_fleet_schedule_free(&all);
    tq_fleet_plan_free(&made);
    return status;
}

/* ---- the answer ------------------------------------------------------------------------------ */

static void put_points(const feeder *plan, tq_json *json)
{
    const tq_freight *net = plan->goods->net;
    tq_json_key(json, "points");
    tq_json_array(json);
    for (uint32_t k = 0; k < plan->point_count; k++) {
        const feeder_point *point = &plan->point[k];
        tq_freight_flight flight = tq_freight_flight_at(net, point->flight);
        tq_json_object(json);
        tq_json_put_text(json, "id", point->id);
        tq_json_put_text(json, "flight", tq_freight_service_at(net, flight.service).id);
        tq_json_put_text(json, "regime", tq_freight_regime_at(net, point->regime).id);
        if (point->task != TQ_NONE) {
            hub_put_time(json, "departs", plan->city, point->departs_ms);
            hub_put_time(json, "cutoff", plan->city, point->cutoff_ms);
            hub_put_time(json, "collect_by", plan->city, point->collect_ms);
        }
        tq_json_put_text(json, "state", point->state);
        tq_json_end_object(json);
    }
    tq_json_end_array(json);
}

static tq_status answer_body(feeder *plan, const json_t *root, tq_buf *out, tq_err *err)
{
    char version[TQ_VERSION_MAX];
    tq_json json;
    uint32_t used;
    TQ_TRY(read_body(plan, root, err));
    hub_road_open(&plan->road, plan->road.snapshot, plan->capacity_g, plan->road.work);
    if (plan->road.lorry == NULL)
        return tq_fail(err, TQ_NOT_FOUND, 0, "this city has no streets for lorries");
    for (uint32_t k = 0; k < plan->place_count; k++)
        TQ_TRY(hub_meet(&plan->road, plan->point[0].ready_ms, &plan->place[k], err));
    plan->from_ms = INT64_MAX;
    plan->to_ms = INT64_MIN;
    for (uint32_t k = 0; k < plan->point_count; k++) {
        TQ_TRY(choose_flight(plan, k, err));
        plan->from_ms = TQ_MIN(plan->from_ms, plan->point[k].ready_ms);
        if (plan->point[k].task != TQ_NONE)
            plan->to_ms = TQ_MAX(plan->to_ms, plan->point[k].cutoff_ms);
    }
    TQ_TRY(slowest_times(plan, err));
    tq_snapshot_version(plan->road.snapshot, version);
    tq_json_begin(&json, out);
    tq_json_object(&json);
    tq_json_put_text(&json, "version", version);
    tq_json_put_i64(&json, "live_version", (int64_t)plan->road.snapshot->overlay->road_version);
    tq_json_put_text(&json, "depot", plan->place[0].name);
    tq_json_key(&json, "tours");
    tq_json_array(&json);
    TQ_TRY(put_tours(plan, &json, &used, err));
    tq_json_end_array(&json);
    tq_json_put_i64(&json, "lorries_used", used);
    put_points(plan, &json);
    tq_json_end_object(&json);
    return TQ_OK;
}

tq_status tq_goods_feeders_json(const tq_goods *goods, const tq_snapshot *snapshot, tq_str body,
                                tq_arena *work, tq_buf *out, tq_err *err)
{
    json_error_t why;
    TQ_TRY(hub_there(goods->net, err));
    if (body.len > FEEDER_BODY_MAX)
        return tq_fail(err, TQ_LIMIT, 0, "the body has more than %zu bytes", FEEDER_BODY_MAX);
    feeder *plan = TQ_PUSH(work, feeder, 1);
    if (plan == NULL) return tq_fail(err, TQ_NO_MEMORY, 0, "not enough scratch for feeder tours");
    *plan = (feeder){.goods = goods, .city = snapshot->city};
    plan->road = (hub_road){.snapshot = snapshot, .work = work};
    json_t *root = json_loadb(body.len > 0 ? body.at : "", body.len, JSON_REJECT_DUPLICATES, &why);
    if (root == NULL)
        return tq_fail(err, TQ_BAD_INPUT, (uint32_t)TQ_MAX(why.line, 0), "body, line %d: %.100s",
                       why.line, why.text);
    tq_status status = answer_body(plan, root, out, err);
    hub_road_close(&plan->road);
    json_decref(root);
    return status;
}
