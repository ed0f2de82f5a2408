/*
 * What a ride takes and costs, as one may honestly say it: kilometres and minutes by the live
 * streets (so closures show), a price range by the tariff of each class that may come, the wait for
 * a free car, and the last trains near the destination. The range of the first class is that of
 * the order.
 *
 * The lower price counts the stretches that are slow by the streets' own speeds; the upper one a
 * longer way and a share of slow minutes (rules). What is not known is null, and `why` says it.
 */
#include <math.h>
#include <stdio.h>

#include "desk/dispatch_in.h"
#include "desk/order_in.h"
#include "desk/vehicle_in.h"

#define CLASSES_MOST  8u
#define WORK_BYTES    ((size_t)32 << 20)
#define STATIONS_MOST 3u
#define TRAINS_MOST   6u
#define NIGHT_END_S   (4 * 3600)
#define LAST_TRAIN_S  (28 * 3600)

/* The prices of a class at the hour of the ride. */
typedef struct class_price {
    const char *class;
    tariff table;
    const tariff_row *row; /* NULL: none holds */
    int64_t slow_ds;       /* of the ride, below this row's speed */
} class_price;

typedef struct ride {
    int64_t time_ds;
    uint32_t length_dm, count;
    class_price price[CLASSES_MOST];
} ride;

/* ---- the way
 * -------------------------------------------------------------------------------------- */

/* Seconds on pieces of the way that are below the tariff's speed. */
static int64_t slow_part(const tq_city *city, const tq_metric *metric, const tq_way *way,
                         int32_t slow_kmh)
{
    int64_t slow_ds = 0;
    for (uint32_t k = 0; k < way->arc_count; k++) {
        int64_t ds = tq_metric_arc_ds(metric, way->arc[k]);
        int64_t dm = city->streets.edge_length_dm[way->arc[k] / 2];
        /* dm / ds is m/s; below so many km/h */
        if (ds < TQ_ROAD_INF && dm * 36 < ds * slow_kmh * 10) slow_ds += ds;
    }
    return TQ_MIN(slow_ds, way->time_ds);
}

static tq_status find_way(desk_call *call, tq_point from, tq_point to, int64_t at_ms, ride *out,
                          tq_err *why)
{
    const tq_city *city = call->desk->city;
    const tq_desk_world *world = call->world;
    const tq_vehicle *taxi = tq_road_vehicle_named(city, "taxi");
    if (world == NULL || world->roads == NULL || taxi == NULL)
        return tq_fail(why, TQ_NOT_FOUND, 0, "no streets for cars are loaded");
    const tq_metric *metric = NULL;
    tq_snap_wish wish = {.limit = 1, .radius_m = TQ_SNAP_RADIUS_MAX_M, .bearing = -1};
    tq_snap start, end;
    uint32_t count = 0;
    TQ_TRY(tq_roads_get(world->roads, world->overlay, taxi, at_ms, &metric, why));
    void *memory = tq_alloc(WORK_BYTES, 1);
    tq_status status = memory != NULL ? TQ_OK : tq_fail(why, TQ_NO_MEMORY, 0, "no memory");
    if (status == TQ_OK) status = tq_road_snap(city, metric, from, &wish, &start, &count, why);
    if (status == TQ_OK) status = tq_road_snap(city, metric, to, &wish, &end, &count, why);
    if (status == TQ_OK) {
        tq_arena work;
        tq_way way;
        tq_arena_init(&work, memory, WORK_BYTES);
        status = tq_road_way_at(city, world->roads, world->overlay, metric, at_ms, &start, &end,
                                &work, &way, why);
        if (status == TQ_OK) {
            out->time_ds = way.time_ds;
            out->length_dm = way.length_dm;
        }
        for (uint32_t k = 0; status == TQ_OK && k < out->count; k++)
            if (out->price[k].row != NULL)
                out->price[k].slow_ds = slow_part(city, metric, &way, out->price[k].row->slow_kmh);
    }
    tq_free(memory);
    tq_roads_put(world->roads, metric);
    return status;
}

/* ---- the price
 * ------------------------------------------------------------------------------------- */

static void add_why(json_t *estimate, const char *text)
{
    json_t *list = json_object_get(estimate, "why");
    json_array_append_new(list, json_string(text));
}

/* The tariffs of the classes that may come; what has none is told of the first class only. */
static void find_prices(desk_call *call, const json_t *order, json_t *estimate, int64_t at_ms,
                        ride *way)
{
    const json_t *classes = json_object_get(order, "classes");
    uint32_t minute = tq_moment_at(call->desk->city, at_ms).minute;
    tq_err own, *err = call->err;
    char text[200];
    size_t count = TQ_MIN(json_array_size(classes), (size_t)CLASSES_MOST);
    for (size_t k = 0; k < TQ_MAX(count, (size_t)1); k++) {
        class_price *one = &way->price[way->count++];
        const char *class = json_string_value(json_array_get(classes, k));
        *one = (class_price){.class = class != NULL ? class : VEHICLE_CLASSES[CLASS_TAXI]};
        call->err = &own;
        tq_status status = tariff_of_class(call, one->class, &one->table);
        call->err = err;
        if (status == TQ_OK) one->row = tariff_at(&one->table, minute);
        if (one->row != NULL || k > 0) continue;
        (void)snprintf(text, sizeof text, "price: %.180s",
                       status != TQ_OK ? own.text : "the tariff has no row for that hour");
        add_why(estimate, text);
    }
}

static void put_prices(const order_rules *rules, const ride *way, json_t *estimate)
{
    int64_t metres = way->length_dm / 10, seconds = way->time_ds / 10;
    json_t *list = json_object_get(estimate, "prices");
    for (uint32_t k = 0; k < way->count; k++) {
        const class_price *one = &way->price[k];
        if (one->row == NULL) continue;
        int64_t slow = one->slow_ds / 10,
                more_s = TQ_MAX(slow, seconds * rules->high_slow_percent / 100);
        int64_t low = tariff_price(one->row, metres, slow);
        int64_t high = tariff_price(one->row, metres * rules->high_km_percent / 100, more_s);
        json_t *price = json_object();
        json_object_set_new(price, "low_fen", json_integer(low));
        json_object_set_new(price, "high_fen", json_integer(TQ_MAX(low, high)));
        json_object_set_new(price, "tariff", json_string(one->table.name));
        json_object_set_new(price, "tariff_weak", json_boolean(one->table.weak));
        json_object_set_new(price, "tariff_assumed", json_boolean(one->table.assumed));
        json_object_set_new(price, "tariff_source", json_string(one->table.source));
        if (k == 0) json_object_update(estimate, price);
        json_object_set_new(price, "class", json_string(one->class));
        json_array_append_new(list, price);
    }
}

/* ---- the wait
 * --------------------------------------------------------------------------------------- */

static tq_status put_wait(desk_call *call, const json_t *order, tq_point from, json_t *estimate)
{
    int32_t wait_s = 0;
    uint32_t vehicles = 0;
    tq_err own, *err = call->err;
    char text[200];
    tq_err_clear(&own);
    call->err = &own;
    tq_status status = call->desk->supply != NULL
                           ? desk_supply_wait(call, from, json_object_get(order, "needs"),
                                              json_object_get(order, "classes"), &wait_s, &vehicles)
                           : tq_fail(&own, TQ_NOT_FOUND, 0, "positions are not known here");
    call->err = err;
    json_object_set_new(estimate, "vehicles", json_integer(vehicles));
    if (status == TQ_OK) {
        json_object_set_new(estimate, "wait_s", json_integer(wait_s));
        return TQ_OK;
    }
    if (status != TQ_NOT_FOUND && status != TQ_NO_ROUTE)
        return tq_fail(err, status, 0, "%s", own.text);
    (void)snprintf(text, sizeof text, "wait: %.180s", own.text);
    add_why(estimate, text);
    return TQ_OK;
}

/* ---- last trains
 * -------------------------------------------------------------------------------------- */

typedef struct near_stops {
    uint32_t count, stop[STATIONS_MOST];
} near_stops;

/* Metro stations near a place, nearest first. */
static near_stops find_stops(desk_call *call, const json_t *place)
{
    near_stops out = {.count = 0};
    const struct desk_order_rules *rules = call->desk->order_rules;
    tq_point at;
    if (order_point(place, &at))
        out.count = order_near_find(&rules->near.station, at, (uint32_t)rules->rules.near_stop_m,
                                    STATIONS_MOST, out.stop);
    return out;
}

/* Last departure from any platform of a station on a route, to any platform of another (to
 * TQ_NONE: anywhere). */
static int32_t last_between(const tq_city *city, const tq_day *day, uint32_t route,
                            uint32_t direction, uint32_t from, uint32_t to)
{
    const uint32_t *start, *end;
    int32_t last_s = INT32_MIN;
    uint32_t starts = tq_station_stops(&city->timetable, from, &start), ends = 1;
    uint32_t none = TQ_NONE;
    end = &none;
    if (to != TQ_NONE) ends = tq_station_stops(&city->timetable, to, &end);
    for (uint32_t s = 0; s < starts; s++)
        for (uint32_t e = 0; e < ends; e++) {
            tq_line_at line = {
                .route = route, .direction = direction, .from_stop = start[s], .to_stop = end[e]};
            last_s = TQ_MAX(last_s, tq_transit_line_last(city, day, &line, LAST_TRAIN_S));
        }
    return last_s;
}

static uint32_t station_of(const tq_timetable *table, uint32_t stop)
{
    return table->stop[stop].parent != TQ_NONE ? table->stop[stop].parent : stop;
}

/* The station at which one changes from a line that serves `from` to this one, with the latest
 * train on to `to`; TQ_NONE. */
static uint32_t change_at(const tq_city *city, const tq_day *day, uint32_t route, uint32_t from,
                          uint32_t to, int32_t *last_s)
{
    const tq_timetable *table = &city->timetable;
    uint32_t best = TQ_NONE;
    for (uint32_t pattern = 0; pattern < table->pattern_count; pattern++) {
        if (table->pattern_route[pattern] != route) continue;
        for (uint32_t at = table->pattern_first[pattern]; at < table->pattern_first[pattern + 1];
             at++) {
            uint32_t change = station_of(table, table->pattern_stop[at]);
            int32_t on_s = last_between(city, day, route, TQ_NONE, change, to);
            if (on_s == INT32_MIN || (best != TQ_NONE && on_s <= *last_s)) continue;
            for (uint32_t other = 0; other < table->route_count; other++) {
                if (other == route || table->route[other].mode != TQ_MODE_METRO ||
                    last_between(city, day, other, TQ_NONE, from, change) == INT32_MIN)
                    continue;
                best = change;
                *last_s = on_s;
                break;
            }
        }
    }
    return best;
}

static void put_train(desk_call *call, json_t *list, uint32_t route, uint32_t at, uint32_t to,
                      int32_t last_s, int64_t midnight_ms, int64_t at_ms)
{
    const tq_city *city = call->desk->city;
    const tq_timetable *table = &city->timetable;
    char text[300], clock[8];
    json_t *train = json_object();
    int64_t last_ms = midnight_ms + last_s * INT64_C(1000);
    const char *station = tq_text(city, table->stop[at].name),
               *line = tq_text(city, table->route[route].short_name);
    const char *towards = to != TQ_NONE ? tq_text(city, table->stop[to].name) : "";
    if (line[0] == '\0') line = tq_text(city, table->route[route].long_name);
    (void)snprintf(clock, sizeof clock, "%02d:%02d", (int)(last_s / 3600 % 24),
                   (int)(last_s / 60 % 60));
    if (call->command->english)
        (void)snprintf(text, sizeof text, "metro %.40s%s%.60s: the last train leaves %.60s at %s",
                       line, towards[0] != '\0' ? " to " : "", towards, station, clock);
    else
        (void)snprintf(text, sizeof text, "地铁%.40s%s%.60s末班车 %s 从%.60s发车", line,
                       towards[0] != '\0' ? "往" : "", towards, clock, station);
    json_object_set_new(train, "line", json_string(line));
    json_object_set_new(train, "at", json_string(station));
    json_object_set_new(train, "to", towards[0] != '\0' ? json_string(towards) : json_null());
    json_object_set_new(train, "last", json_string(clock));
    desk_put_instant(call, train, "last_at", last_ms);
    json_object_set_new(train, "gone", json_boolean(last_ms < at_ms));
    json_object_set_new(train, "text", json_string(text));
    json_array_append_new(list, train);
}

static void trains_between(desk_call *call, const tq_day *day, const near_stops *from,
                           const near_stops *to, int64_t midnight_ms, int64_t at_ms, json_t *list)
{
    const tq_city *city = call->desk->city;
    const tq_timetable *table = &city->timetable;
    for (uint32_t route = 0; route < table->route_count; route++) {
        if (table->route[route].mode != TQ_MODE_METRO) continue;
        bool found = false;
        for (uint32_t t = 0; t < to->count && !found; t++)
            for (uint32_t f = 0; f < from->count && !found; f++) {
                int32_t last_s =
                    last_between(city, day, route, TQ_NONE, from->stop[f], to->stop[t]);
                uint32_t at = from->stop[f];
                if (from->stop[f] == to->stop[t]) continue;
                if (last_s == INT32_MIN)
                    at = change_at(city, day, route, from->stop[f], to->stop[t], &last_s);
                found = at != TQ_NONE && json_array_size(list) < TRAINS_MOST;
                if (found)
                    put_train(call, list, route, at, to->stop[t], last_s, midnight_ms, at_ms);
            }
    }
}

static void trains_from(desk_call *call, const tq_day *day, const near_stops *from,
                        int64_t midnight_ms, int64_t at_ms, json_t *list)
{
    const tq_city *city = call->desk->city;
    if (from->count == 0) return;
    for (uint32_t route = 0; route < city->timetable.route_count; route++) {
        if (city->timetable.route[route].mode != TQ_MODE_METRO) continue;
        for (uint32_t direction = 0; direction < 2; direction++) {
            int32_t last_s = last_between(city, day, route, direction, from->stop[0], TQ_NONE);
            uint32_t end = TQ_NONE;
            const tq_timetable *table = &city->timetable;
            for (uint32_t p = 0; p < table->pattern_count; p++)
                if (table->pattern_route[p] == route && table->pattern_direction[p] == direction)
                    end = station_of(table, table->pattern_stop[table->pattern_first[p + 1] - 1]);
            if (last_s != INT32_MIN && json_array_size(list) < TRAINS_MOST)
                put_train(call, list, route, from->stop[0], end, last_s, midnight_ms, at_ms);
        }
    }
}

json_t *order_last_trains(desk_call *call, const json_t *from, const json_t *to, int64_t at_ms)
{
    json_t *list = json_array();
    const tq_desk_world *world = call->world;
    const tq_city *city = call->desk->city;
    near_stops start = find_stops(call, from), end = {.count = 0};
    int32_t second = 0;
    bool between = to != NULL && !json_is_null(to);
    if (between) end = find_stops(call, to);
    if (world == NULL || world->days == NULL || world->overlay == NULL || start.count == 0 ||
        (between && end.count == 0))
        return list;
    int32_t today = tq_local_day(&city->zone, at_ms, &second);
    int64_t midnight_ms = at_ms - at_ms % 1000 - second * INT64_C(1000);
    /* The small hours belong to the night before. */
    if (second < NIGHT_END_S) {
        today--;
        midnight_ms -= INT64_C(86400000);
    }
    const tq_day *day = NULL;
    tq_err why;
    if (tq_days_get(world->days, world->overlay, today, &day, &why) != TQ_OK) return list;
    if (between)
        trains_between(call, day, &start, &end, midnight_ms, at_ms, list);
    else
        trains_from(call, day, &start, midnight_ms, at_ms, list);
    tq_days_put(world->days, day);
    return list;
}

/* ---- all of it
 * ------------------------------------------------------------------------------------- */

static void put_ride(desk_call *call, const json_t *order, json_t *estimate, tq_point from,
                     tq_point to, int64_t at_ms)
{
    ride way = {0};
    tq_err own;
    char text[200];
    find_prices(call, order, estimate, at_ms, &way);
    if (find_way(call, from, to, at_ms, &way, &own) != TQ_OK) {
        (void)snprintf(text, sizeof text, "way: %.180s", own.text);
        add_why(estimate, text);
        return;
    }
    json_object_set_new(estimate, "km", json_real(round(way.length_dm / 1000.0) / 10));
    json_object_set_new(estimate, "min", json_integer((way.time_ds + 599) / 600));
    put_prices(&call->desk->order_rules->rules, &way, estimate);
}

tq_status order_estimate(desk_call *call, json_t *order)
{
    static const char *const nothing[] = {"km",     "min",    "low_fen", "high_fen",
                                          "tariff", "wait_s", NULL};
    json_auto_t *estimate = json_object();
    const json_t *to = json_object_get(order, "to");
    tq_point from, end;
    char version[60];
    int64_t at_ms = call->command->now_ms;
    (void)desk_get_instant(call, order, "at", &at_ms);
    for (uint32_t k = 0; nothing[k] != NULL; k++)
        json_object_set_new(estimate, nothing[k], json_null());
    json_object_set_new(estimate, "why", json_array());
    json_object_set_new(estimate, "prices", json_array());
    if (!order_point(json_object_get(order, "from"), &from)) {
        add_why(estimate, "wait and price: the place, in another city, is known by its name only");
        json_object_set(order, "estimate", estimate);
        return TQ_OK;
    }
    TQ_TRY(order_near_ready(call));
    if (order_point(to, &end))
        put_ride(call, order, estimate, from, end, at_ms);
    else
        add_why(estimate, "price: the destination is not known yet");
    if (!json_is_string(json_object_get(order, "vehicle")))
        TQ_TRY(put_wait(call, order, from, estimate));
    json_object_set_new(estimate, "alternative",
                        order_last_trains(call, json_object_get(order, "from"),
                                          json_is_object(to) ? to : NULL, at_ms));
    uint64_t live =
        call->world != NULL && call->world->overlay != NULL ? call->world->overlay->version : 0;
    (void)snprintf(version, sizeof version, live > 0 ? "%s+%llu" : "%s",
                   tq_city_version(call->desk->city), (unsigned long long)live);
    json_object_set_new(estimate, "version", json_string(version));
    json_object_set(order, "estimate", estimate);
    return TQ_OK;
}
