/*
 * Drivers and passengers of a played day.
 *
 * Assumed (docs/guide/simulate.md): patience, refusals, no-shows and boarding times of the demand's
 * recipe; a driver answers after 3 to 10 s; one who will not drive says «problem» when the order
 * was given to him without asking, with the same chance; driving takes 0.9 to 1.2 times the roads'
 * time of now, in snow 1.4 times more; who is free for three minutes drifts to a place that is
 * asked for within 6 km, every other time; who is advised by the desk where to wait goes there in
 * six of ten cases. An event that was planned for an order or a vehicle
 * holds its stamp and is void when something happened since.
 */
#include <stdio.h>

#include "serve/day_in.h"

#define IDLE_S        180
#define IDLE_AGAIN_S  900
#define DRIFT_M       6000u
#define DRIFT_TRIES   8u
#define FOLLOWS       600 /* permille */
#define NO_SHOW_S     301 /* orders/rules.yaml: no_show_wait_s, and a second */
#define TOO_FAR_S     20
#define SIGN_OFF_S    60 /* tries again */
#define PATIENCE_MORE 60
#define LINE_M_S      5.2

tq_point day_where(const day_car *car, int64_t at_s)
{
    if (at_s >= car->to_s || car->to_s <= car->from_s) return car->to;
    if (at_s <= car->from_s) return car->from;
    int64_t gone = at_s - car->from_s, all = car->to_s - car->from_s;
    return (tq_point){
        car->from.lat_e7 + (int32_t)(((int64_t)car->to.lat_e7 - car->from.lat_e7) * gone / all),
        car->from.lon_e7 + (int32_t)(((int64_t)car->to.lon_e7 - car->from.lon_e7) * gone / all)};
}

static void go(day_car *car, tq_point from, tq_point to, int64_t from_s, int64_t to_s)
{
    car->from = from;
    car->to = to;
    car->from_s = from_s;
    car->to_s = to_s;
    car->tell = true;
}

/* Where it stands now; what it drifted so far counts as empty way. */
static void halt(day_play *play, day_car *car)
{
    tq_point at = day_where(car, play->now_s);
    if (car->drifting) car->drift_m += tq_distance_dm(car->from, at) * UINT64_C(13) / 100;
    car->drifting = false;
    go(car, at, at, play->now_s, play->now_s);
}

static bool snap(const day_play *play, const tq_metric *metric, tq_point at, tq_snap *out)
{
    uint32_t count = 0;
    tq_snap_wish wish = {.limit = 1, .radius_m = 2000, .bearing = -1, .main_only = true};
    return tq_road_snap(play->world->city, metric, at, &wish, out, &count, NULL) == TQ_OK &&
           count > 0;
}

int64_t day_drive_s(day_play *play, tq_point from, tq_point to)
{
    const tq_city *city = play->world->city;
    const tq_vehicle *taxi = tq_road_vehicle_named(city, "taxi");
    const tq_metric *metric = NULL;
    tq_snap a, b;
    int64_t ds = 0, at_ms = play->world->midnight_ms + play->now_s * 1000;
    bool found = false;
    if (taxi == NULL) taxi = tq_road_vehicle_named(city, "car");
    if (taxi != NULL &&
        tq_roads_get(play->roads, play->overlay, taxi, at_ms, &metric, NULL) == TQ_OK) {
        tq_arena_reset(&play->work, 0);
        found = snap(play, metric, from, &a) && snap(play, metric, to, &b) &&
                tq_road_time(city, metric, &a, &b, &play->work, &ds, NULL) == TQ_OK;
        tq_roads_put(play->roads, metric);
    }
    return found ? ds / 10 : (int64_t)(tq_distance_dm(from, to) / 10.0 / LINE_M_S);
}

static int64_t driven_s(day_play *play, uint32_t what, uint32_t order, tq_point from, tq_point to)
{
    int64_t s = day_drive_s(play, from, to);
    s = s * (int64_t)(900 + day_draw(play->world, what, order, 0) % 301) / 1000;
    if (play->world->options->snow) s = s * 14 / 10;
    return TQ_MAX(s, (int64_t)10);
}

static tq_point from_of(const tq_fleet_demand_order *asked)
{
    return (tq_point){asked->from_lat_e7, asked->from_lon_e7};
}

static tq_point to_of(const tq_fleet_demand_order *asked)
{
    return (tq_point){asked->to_lat_e7, asked->to_lon_e7};
}

static void become(day_order *order, day_phase phase)
{
    order->phase = phase;
    order->stamp++;
}

static tq_actor driver_of(uint32_t car)
{
    char name[32];
    (void)snprintf(name, sizeof name, "driver%u", car + 1);
    return day_actor(name, TQ_ROLE_DRIVER);
}

static tq_status drive_say(day_play *play, uint32_t car, const char *verb, const day_order *order,
                           const char *body, bool *done, tq_err *err)
{
    tq_actor driver = driver_of(car);
    return day_say(play, &driver, verb, order->id, body, done, err);
}

/* ---- shifts and waiting ------------------------------------------------------------------------
 */

static tq_status be_free(day_play *play, uint32_t car, tq_err *err)
{
    day_car *one = &play->car[car];
    const day_driver *driver = &play->world->driver[car];
    one->duty = CAR_FREE;
    one->stamp++;
    if (play->now_s >= driver->off_s)
        return day_plan(play, play->now_s + 1, HAPPENS_SIGN_OFF, car, one->stamp, err);
    return day_plan(play, play->now_s + IDLE_S, HAPPENS_DRIFT, car, one->stamp, err);
}

static tq_status set_duty(day_play *play, uint32_t car, const char *duty, bool *done, tq_err *err)
{
    char id[32], body[40];
    tq_actor driver = driver_of(car);
    (void)snprintf(id, sizeof id, "VE-%06u", car + 1);
    (void)snprintf(body, sizeof body, "{\"duty\":\"%s\"}", duty);
    return day_say(play, &driver, "vehicle.duty", id, body, done, err);
}

static tq_status sign_on(day_play *play, uint32_t car, tq_err *err)
{
    day_car *one = &play->car[car];
    const day_driver *driver = &play->world->driver[car];
    bool done = false;
    TQ_TRY(set_duty(play, car, "free", &done, err));
    if (!done) return TQ_OK;
    one->on_s = play->now_s;
    one->off_s = -1;
    go(one, driver->home, driver->home, play->now_s, play->now_s);
    TQ_TRY(day_plan(play, driver->off_s, HAPPENS_SIGN_OFF, car, TQ_NONE, err));
    return be_free(play, car, err);
}

/* At the end of the shift, or when the last ride is over. */
static tq_status sign_off(day_play *play, uint32_t car, tq_err *err)
{
    day_car *one = &play->car[car];
    bool done = false;
    if (one->duty != CAR_FREE) return TQ_OK; /* be_free plans it again */
    halt(play, one);
    TQ_TRY(set_duty(play, car, "off", &done, err));
    if (!done) return day_plan(play, play->now_s + SIGN_OFF_S, HAPPENS_SIGN_OFF, car, TQ_NONE, err);
    one->duty = CAR_OFF;
    one->stamp++;
    one->off_s = play->now_s;
    return TQ_OK;
}

static tq_status drift(day_play *play, uint32_t car, tq_err *err)
{
    day_car *one = &play->car[car];
    const day_world *world = play->world;
    uint64_t at = (uint64_t)play->now_s;
    halt(play, one);
    int64_t again_s = play->now_s + IDLE_AGAIN_S;
    if (day_chance(world, DRAW_DRIFT, car, at, 500)) {
        for (uint32_t k = 0; k < DRIFT_TRIES; k++) {
            tq_point to =
                day_place(world, day_draw(world, DRAW_DRIFT_TO, car, at * DRIFT_TRIES + k));
            uint32_t dm = tq_distance_dm(one->to, to);
            if (dm > DRIFT_M * 10) continue;
            int64_t s = (int64_t)(dm / 10.0 / DAY_DRIFT_M_S) + 1;
            go(one, one->to, to, play->now_s, play->now_s + s);
            one->drifting = true;
            again_s += s;
            break;
        }
    }
    return day_plan(play, again_s, HAPPENS_DRIFT, car, one->stamp, err);
}

tq_status day_was_advised(day_play *play, const day_advice *advice, tq_err *err)
{
    day_car *one = &play->car[advice->vehicle];
    play->advised++;
    if (one->duty != CAR_FREE || play->now_s >= play->world->driver[advice->vehicle].off_s ||
        !day_chance(play->world, DRAW_FOLLOW, advice->vehicle, (uint64_t)play->now_s, FOLLOWS))
        return TQ_OK;
    play->followed++;
    halt(play, one);
    int64_t s = (int64_t)(tq_distance_dm(one->to, advice->to) / 10.0 / DAY_DRIFT_M_S) + 1;
    go(one, one->to, advice->to, play->now_s, play->now_s + s);
    one->drifting = true;
    one->stamp++;
    return day_plan(play, play->now_s + s + IDLE_AGAIN_S, HAPPENS_DRIFT, advice->vehicle,
                    one->stamp, err);
}

/* ---- passengers --------------------------------------------------------------------------------
 */

static void put_point(tq_buf *body, const char *member, tq_point at)
{
    tq_buf_printf(body, "\"%s\":{\"name\":\"generated\",\"lat\":", member);
    tq_buf_fixed(body, at.lat_e7, 7);
    tq_buf_puts(body, ",\"lon\":");
    tq_buf_fixed(body, at.lon_e7, 7);
    tq_buf_puts(body, "},");
}

static void put_order(day_play *play, const tq_fleet_demand_order *asked, uint32_t row)
{
    tq_buf *body = &play->body;
    bool phone = asked->channel == TQ_FLEET_PHONE_ORDER;
    char at[TQ_TIME_TEXT_MAX];
    body->len = 0;
    tq_buf_putc(body, '{');
    put_point(body, "from", from_of(asked));
    put_point(body, "to", to_of(asked));
    if (asked->booked) {
        tq_time_print(&play->world->city->zone, asked->booked_for_ms, at);
        tq_buf_printf(body, "\"at\":\"%s\",", at);
    }
    if (phone) tq_buf_printf(body, "\"phone\":\"139%08u\",", row);
    if (asked->wheelchair) tq_buf_puts(body, "\"needs\":[\"wheelchair\"],");
    tq_buf_printf(body, "\"channel\":\"%s\",\"elder\":%s,\"note\":\"generated\"}",
                  phone ? "phone" : "app", asked->elder ? "true" : "false");
    tq_buf_putc(body, '\0');
}

static void leaves(day_play *play, day_order *order, const char *why)
{
    become(order, DAY_LEFT);
    (void)snprintf(order->why, sizeof order->why, "%s", why);
    day_reason_add(&play->left, why);
    play->open--;
}

static tq_status call_comes(day_play *play, uint32_t row, tq_err *err)
{
    const tq_fleet_demand_order *asked = &play->world->order[row];
    day_order *order = &play->order[row];
    tq_actor desk = day_actor("calls", TQ_ROLE_CLERK);
    bool done = false;
    order->made_s = play->now_s;
    order->wanted_s =
        asked->booked ? (asked->booked_for_ms - play->world->midnight_ms) / 1000 : play->now_s;
    put_order(play, asked, row);
    if (play->body.failed) return tq_fail(err, TQ_NO_MEMORY, 0, "no memory for an order");
    tq_status status = day_say(play, &desk, "order.create", "", play->body.at, &done, err);
    play->body.len = 0;
    TQ_TRY(status);
    if (!done) {
        leaves(play, order, "not taken by the desk");
        return TQ_OK;
    }
    json_auto_t *answer = json_loadb(play->answer.at, play->answer.len, 0, NULL);
    const char *id = json_string_value(json_object_get(answer, "id"));
    const char *dash = id != NULL ? strrchr(id, '-') : NULL;
    uint32_t number = 0;
    if (dash == NULL || strlen(id) >= sizeof order->id ||
        !tq_parse_u32(tq_str_of(dash + 1), &number) || number == 0 ||
        number > play->world->order_count + play->world->options->riders)
        return tq_fail(err, TQ_BAD_INPUT, 0, "the order's id %.40s is not like OR-2025-0001",
                       id != NULL ? id : "is missing and");
    order->number = number;
    (void)snprintf(order->id, sizeof order->id, "%s", id);
    play->order_of[number] = row;
    play->order_numbers = TQ_MAX(play->order_numbers, number);
    become(order, DAY_SEARCHING);
    return day_plan(play, order->wanted_s + asked->patience_s, HAPPENS_IMPATIENT, row, TQ_NONE,
                    err);
}

static tq_status give_up(day_play *play, uint32_t row, const char *why, tq_err *err)
{
    day_order *order = &play->order[row];
    tq_actor desk = day_actor("calls", TQ_ROLE_CLERK);
    uint32_t car = order->vehicle;
    bool done = false;
    char body[120];
    (void)snprintf(body, sizeof body, "{\"by\":\"passenger\",\"why\":\"%s\"}", why);
    TQ_TRY(day_say(play, &desk, "order.cancel", order->id, body, &done, err));
    if (!done) return TQ_OK;
    bool held = order->phase == DAY_OFFERED || order->phase == DAY_NAMED;
    leaves(play, order, why);
    if (!held) return TQ_OK;
    halt(play, &play->car[car]);
    return be_free(play, car, err);
}

static tq_status impatient(day_play *play, uint32_t row, tq_err *err)
{
    const day_order *order = &play->order[row];
    if (order->phase != DAY_SEARCHING && order->phase != DAY_OFFERED) return TQ_OK;
    return give_up(play, row, "nobody named in time", err);
}

/* ---- a car for an order ------------------------------------------------------------------------
 */

static bool refuses(const day_play *play, uint32_t row, uint32_t car)
{
    return day_chance(play->world, DRAW_REFUSE, row, car, play->world->order[row].refused_permille);
}

/* Named: the car drives to the door, unless the passenger finds it too far. */
static tq_status named(day_play *play, uint32_t row, tq_err *err)
{
    day_order *order = &play->order[row];
    const tq_fleet_demand_order *asked = &play->world->order[row];
    day_car *car = &play->car[order->vehicle];
    become(order, DAY_NAMED);
    order->named_s = play->now_s;
    if (order->first_named_s == 0) order->first_named_s = play->now_s;
    halt(play, car);
    car->duty = CAR_COMING;
    car->stamp++;
    int64_t s = driven_s(play, DRAW_DRIVE, row, car->to, from_of(asked));
    go(car, car->to, from_of(asked), play->now_s, play->now_s + s);
    TQ_TRY(day_plan(play, play->now_s + s, HAPPENS_ARRIVE, row, order->stamp, err));
    int64_t late_s = play->now_s + order->eta_s - order->wanted_s;
    if (asked->cancels_if_wait_above_s == TQ_FLEET_STAYS ||
        TQ_MIN(late_s, (int64_t)order->eta_s) <= asked->cancels_if_wait_above_s)
        return TQ_OK;
    return day_plan(play, play->now_s + TOO_FAR_S, HAPPENS_TOO_FAR, row, order->stamp, err);
}

tq_status day_was_told(day_play *play, const day_told *told, tq_err *err)
{
    day_order *order = &play->order[told->order];
    if (order->phase != DAY_SEARCHING) return TQ_OK;
    if (told->phase == DAY_LEFT) {
        leaves(play, order, "nobody found by the desk");
        return TQ_OK;
    }
    day_car *car = &play->car[told->vehicle];
    order->vehicle = told->vehicle;
    order->eta_s = told->eta_s;
    order->approach_m = told->approach_m;
    order->bonus_fen = told->bonus_fen;
    order->fare_fen = told->fare_fen;
    order->ride_m = told->ride_m;
    int64_t answer_s =
        play->now_s + 3 + (int64_t)(day_draw(play->world, DRAW_ANSWER, told->order, 0) % 8);
    if (told->phase == DAY_OFFERED) {
        halt(play, car);
        car->duty = CAR_ASKED;
        car->stamp++;
        become(order, DAY_OFFERED);
        return day_plan(play, answer_s, HAPPENS_ANSWER, told->order, order->stamp, err);
    }
    TQ_TRY(named(play, told->order, err));
    if (!refuses(play, told->order, told->vehicle)) return TQ_OK;
    return day_plan(play, answer_s, HAPPENS_PROBLEM, told->order, order->stamp, err);
}

static const char *reason_of(const day_play *play, uint32_t row)
{
    static const char *const reasons[] = {"on the way home", "does not answer the phone",
                                          "wants to eat", "knows the street is jammed"};
    if (play->world->order[row].straight_m < 2000) return "too short a ride";
    return reasons[day_draw(play->world, DRAW_REASON, row, play->order[row].vehicle) %
                   TQ_COUNT(reasons)];
}

/* The order goes to others; a passenger whose patience is over stays a little for it. */
static tq_status back_to_search(day_play *play, uint32_t row, bool done, const char *why,
                                tq_err *err)
{
    day_order *order = &play->order[row];
    uint32_t car = order->vehicle;
    if (!done) return TQ_OK;
    day_reason_add(&play->refused, why);
    order->refusals++;
    become(order, DAY_SEARCHING);
    halt(play, &play->car[car]);
    int64_t until_s = order->wanted_s + play->world->order[row].patience_s;
    if (until_s <= play->now_s + PATIENCE_MORE)
        TQ_TRY(day_plan(play, play->now_s + PATIENCE_MORE, HAPPENS_IMPATIENT, row, TQ_NONE, err));
    return be_free(play, car, err);
}

static tq_status answers(day_play *play, uint32_t row, bool asked, tq_err *err)
{
    day_order *order = &play->order[row];
    bool done = false;
    char body[120];
    if (asked && !refuses(play, row, order->vehicle)) {
        TQ_TRY(drive_say(play, order->vehicle, "vehicle.accept", order, "", &done, err));
        return done ? named(play, row, err) : TQ_OK;
    }
    const char *why = reason_of(play, row);
    (void)snprintf(body, sizeof body, "{\"reason\":\"%s\"}", why);
    TQ_TRY(drive_say(play, order->vehicle, asked ? "vehicle.refuse" : "vehicle.problem", order,
                     body, &done, err));
    return back_to_search(play, row, done, why, err);
}

static tq_status arrives(day_play *play, uint32_t row, tq_err *err)
{
    day_order *order = &play->order[row];
    const tq_fleet_demand_order *asked = &play->world->order[row];
    day_car *car = &play->car[order->vehicle];
    bool done = false;
    TQ_TRY(drive_say(play, order->vehicle, "vehicle.arrive", order, "", &done, err));
    if (!done) return TQ_OK;
    order->arrived_s = play->now_s;
    become(order, DAY_ARRIVED);
    car->duty = CAR_WAITING;
    car->tell = true;
    car->pickup_m += (uint64_t)TQ_MAX(order->approach_m, 0);
    int64_t from_s = TQ_MAX(play->now_s, order->wanted_s);
    if (asked->no_show)
        return day_plan(play, from_s + NO_SHOW_S, HAPPENS_NOT_THERE, row, order->stamp, err);
    return day_plan(play, from_s + asked->board_s, HAPPENS_BOARD, row, order->stamp, err);
}

static tq_status boards(day_play *play, uint32_t row, tq_err *err)
{
    day_order *order = &play->order[row];
    const tq_fleet_demand_order *asked = &play->world->order[row];
    day_car *car = &play->car[order->vehicle];
    bool done = false;
    TQ_TRY(drive_say(play, order->vehicle, "vehicle.board", order, "", &done, err));
    if (!done) return TQ_OK;
    order->boarded_s = play->now_s;
    become(order, DAY_ON_BOARD);
    car->duty = CAR_BUSY;
    int64_t s = driven_s(play, DRAW_RIDE, row, from_of(asked), to_of(asked));
    go(car, from_of(asked), to_of(asked), play->now_s, play->now_s + s);
    return day_plan(play, play->now_s + s, HAPPENS_DONE, row, order->stamp, err);
}

static tq_status is_not_there(day_play *play, uint32_t row, tq_err *err)
{
    day_order *order = &play->order[row];
    uint32_t car = order->vehicle;
    bool done = false;
    TQ_TRY(drive_say(play, car, "order.no_show", order, "{\"checked\":true}", &done, err));
    if (!done) return TQ_OK;
    leaves(play, order, "passenger not there");
    halt(play, &play->car[car]);
    return be_free(play, car, err);
}

static tq_status gets_out(day_play *play, uint32_t row, tq_err *err)
{
    day_order *order = &play->order[row];
    day_car *car = &play->car[order->vehicle];
    bool done = false;
    char body[60];
    (void)snprintf(body, sizeof body, "{\"fare_fen\":%lld}", (long long)order->fare_fen);
    TQ_TRY(drive_say(play, order->vehicle, "vehicle.done", order, body, &done, err));
    if (!done) return TQ_OK;
    order->done_s = play->now_s;
    become(order, DAY_DONE);
    play->open--;
    car->income_fen += order->fare_fen + order->bonus_fen;
    car->ride_m += (uint64_t)TQ_MAX(order->ride_m, 0);
    car->done++;
    halt(play, car);
    return be_free(play, order->vehicle, err);
}

/* ---- all of it ---------------------------------------------------------------------------------
 */

tq_status day_begin(day_play *play, tq_err *err)
{
    const day_world *world = play->world;
    for (uint32_t car = 0; car < world->options->vehicles; car++) {
        play->car[car].on_s = -1;
        if (world->driver[car].off_s <= play->now_s) continue;
        TQ_TRY(day_plan(play, world->driver[car].on_s, HAPPENS_SIGN_ON, car, TQ_NONE, err));
    }
    for (uint32_t row = 0; row < world->order_count; row++) {
        int64_t at_s = tq_ceil_div(world->order[row].call_ms - world->midnight_ms, 1000);
        TQ_TRY(day_plan(play, at_s, HAPPENS_CALL, row, TQ_NONE, err));
    }
    play->open = world->order_count;
    return TQ_OK;
}

tq_status day_happens(day_play *play, const day_event *event, tq_err *err)
{
    bool of_car = event->what <= HAPPENS_DRIFT;
    if (event->what >= HAPPENS_BUS_CANCEL) return day_bus_happens(play, event, err);
    uint32_t who = event->who, stamp = of_car ? play->car[who].stamp : play->order[who].stamp;
    if (event->stamp != TQ_NONE && event->stamp != stamp) return TQ_OK;
    switch (event->what) {
    case HAPPENS_SIGN_ON: return sign_on(play, who, err);
    case HAPPENS_SIGN_OFF: return sign_off(play, who, err);
    case HAPPENS_DRIFT: return drift(play, who, err);
    case HAPPENS_CALL: return call_comes(play, who, err);
    case HAPPENS_ANSWER: return answers(play, who, true, err);
    case HAPPENS_PROBLEM: return answers(play, who, false, err);
    case HAPPENS_IMPATIENT: return impatient(play, who, err);
    case HAPPENS_TOO_FAR: return give_up(play, who, "the car is too far", err);
    case HAPPENS_ARRIVE: return arrives(play, who, err);
    case HAPPENS_BOARD: return boards(play, who, err);
    case HAPPENS_NOT_THERE: return is_not_there(play, who, err);
    case HAPPENS_DONE: return gets_out(play, who, err);
    case HAPPENS_BUS_CANCEL:
    case HAPPENS_BUS_COMES: break; /* above */
    }
    return TQ_OK;
}
