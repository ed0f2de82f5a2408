/*
 * Advice to idle vehicles against a count of our own, over random evenings: places that were asked
 * for, vehicles that are free, just free, off duty, on a break, hired or with an order.
 *   who is advised is free, without an order, for a minute at least, and not advised already;
 *   from a square go at most those it can spare, to a square at most those it lacks;
 *   the place is one where somebody asked, within the longest drive; nobody else's record changes;
 *   the sum of gain less driving is never below that of a plain method (greatest gain first, the
 *   nearest vehicle each), and now and then above it.
 */
// also: import
#include <math.h>

#include "desk/dispatch_in.h"
#include "desk/supply_in.h"
#include "desk_fleet.h"
#include "desk_shipped.h"

#define SEEDS    12u
#define ROUNDS   8u
#define CARS     24u
#define WANTS    400u
#define CELLS    64u
#define SIDE_E7  200000
#define REACH_S  1800
#define PAST_S   900
#define EVERY_MS 60000
#define LEAST_MS 60000
#define MORE_MS  300000

typedef struct car {
    const char *duty; /* as said by the test: free, off, break */
    bool hired, held;
    tq_point at, to;
    int64_t free_ms, until_ms; /* until_ms: of the advice that stands */
} car;

typedef struct cell {
    int32_t row, column;
    tq_point middle;
    uint32_t asked, wanted, have, movable, spare, lack, gone, came;
    int32_t unit[WANTS]; /* gain of each vehicle it lacks, falling */
} cell;

typedef struct evening {
    desk_room *room;
    car car[CARS + 1];
    struct {
        tq_point at;
        int64_t at_ms;
    } want[WANTS];
    uint32_t want_count, orders, cell_count;
    cell cell[CELLS];
} evening;

static uint64_t seed_now;
static uint32_t advised_all, better_all, kept_all;

#define OR_FAIL(truth, ...)                                                                        \
    do {                                                                                           \
        if (!(truth)) {                                                                            \
            print_error("seed %llu: ", (unsigned long long)seed_now);                              \
            fail_msg(__VA_ARGS__);                                                                 \
        }                                                                                          \
    } while (0)

/* ---- the count of our own ----------------------------------------------------------------------
 */

static cell *cell_at(evening *all, tq_point at)
{
    int32_t row = (int32_t)tq_floor_div(at.lat_e7, SIDE_E7),
            column = (int32_t)tq_floor_div(at.lon_e7, SIDE_E7);
    for (uint32_t k = 0; k < all->cell_count; k++)
        if (all->cell[k].row == row && all->cell[k].column == column) return &all->cell[k];
    assert_true(all->cell_count < CELLS);
    cell *one = &all->cell[all->cell_count++];
    memset(one, 0, sizeof *one);
    one->row = row;
    one->column = column;
    one->middle = (tq_point){row * SIDE_E7 + SIDE_E7 / 2, column * SIDE_E7 + SIDE_E7 / 2};
    return one;
}

static bool is_idle(const car *one)
{
    return strcmp(one->duty, "free") == 0 && !one->hired && !one->held;
}

static bool may_go(const evening *all, const car *one)
{
    return is_idle(one) && one->until_ms <= all->room->now_ms &&
           all->room->now_ms - one->free_ms >= LEAST_MS;
}

static void count(evening *all)
{
    int64_t now_ms = all->room->now_ms;
    all->cell_count = 0;
    for (uint32_t k = 0; k < all->want_count; k++)
        if (all->want[k].at_ms > now_ms - PAST_S * 1000) cell_at(all, all->want[k].at)->asked++;
    for (uint32_t k = 1; k <= CARS; k++) {
        const car *one = &all->car[k];
        if (!is_idle(one)) continue;
        cell *here = cell_at(all, one->until_ms > now_ms ? one->to : one->at);
        here->have++;
        here->movable += may_go(all, one);
    }
    for (uint32_t k = 0; k < all->cell_count; k++) {
        cell *one = &all->cell[k];
        one->wanted = (one->asked * REACH_S + PAST_S / 2) / PAST_S;
        one->lack = one->wanted > one->have ? one->wanted - one->have : 0;
        if (one->have > one->wanted) one->spare = TQ_MIN(one->have - one->wanted, one->movable);
        /* In three steps, the first worth the longest drive in proportion to what is lacking. */
        for (uint32_t unit = 0, begun = 0, step = 1; unit < one->lack; unit++) {
            while (unit >= (one->lack * step + 2) / 3) {
                begun = (one->lack * step + 2) / 3;
                step++;
            }
            one->unit[unit] = (int32_t)(REACH_S * INT64_C(10) * (one->lack - begun) / one->wanted);
        }
    }
}

static int64_t way(const evening *all, const cell *from, const cell *to)
{
    return near_line_ds(all->room->desk->supply, from->middle, to->middle);
}

/* The greatest gain first, each with the nearest vehicle that is left. */
static int64_t plain_method(const evening *all)
{
    uint32_t left[CELLS], used[CELLS] = {0};
    int64_t sum = 0;
    for (uint32_t k = 0; k < all->cell_count; k++)
        left[k] = all->cell[k].spare;
    for (;;) {
        uint32_t to = TQ_NONE, from = TQ_NONE;
        for (uint32_t k = 0; k < all->cell_count; k++)
            if (used[k] < all->cell[k].lack &&
                (to == TQ_NONE || all->cell[k].unit[used[k]] > all->cell[to].unit[used[to]]))
                to = k;
        if (to == TQ_NONE) return sum;
        int64_t best = TQ_MIN((int64_t)REACH_S * 10, (int64_t)all->cell[to].unit[used[to]] - 1);
        for (uint32_t k = 0; k < all->cell_count; k++)
            if (left[k] > 0 && way(all, &all->cell[k], &all->cell[to]) <= best) {
                best = way(all, &all->cell[k], &all->cell[to]) - 1;
                from = k;
            }
        if (from == TQ_NONE) {
            used[to] = all->cell[to].lack; /* what follows is worth no more */
            continue;
        }
        sum += all->cell[to].unit[used[to]++] - way(all, &all->cell[from], &all->cell[to]);
        left[from]--;
    }
}

/* ---- what the desk advised ---------------------------------------------------------------------
 */

static int64_t instant(const json_t *from, const char *member)
{
    int64_t at_ms = 0;
    tq_err err;
    const char *text = json_string_value(json_object_get(from, member));
    assert_non_null(text);
    assert_int_equal(tq_time_parse(&city->zone, tq_str_of(text), &at_ms, &err), TQ_OK);
    return at_ms;
}

static bool was_asked_for(const evening *all, tq_point at)
{
    for (uint32_t k = 0; k < all->want_count; k++)
        if (all->want[k].at.lat_e7 == at.lat_e7 && all->want[k].at.lon_e7 == at.lon_e7 &&
            all->want[k].at_ms > all->room->now_ms - PAST_S * 1000)
            return true;
    return false;
}

/* One vehicle after the tick; the gain of its drive, less the drive. */
static int64_t check_car(evening *all, unsigned number)
{
    char id[48];
    car *one = &all->car[number];
    int64_t now_ms = all->room->now_ms;
    fleet_vehicle_id(number, id);
    json_t *record = fleet_record(all->room, "vehicle", id);
    const json_t *advice = json_object_get(record, "advice");
    if (!is_idle(one)) OR_FAIL(advice == NULL || one->hired, "%s is advised: not free", id);
    if (advice == NULL || instant(advice, "at") != now_ms) {
        json_decref(record);
        return 0;
    }
    OR_FAIL(may_go(all, one), "%s may not be sent: %s%s%s, free for %lld s, advice for %lld s", id,
            one->duty, one->hired ? ", hired" : "", one->held ? ", with an order" : "",
            (long long)(now_ms - one->free_ms) / 1000, (long long)(one->until_ms - now_ms) / 1000);
    tq_point to = {(int32_t)lround(json_number_value(json_object_get(advice, "lat")) * 1e7),
                   (int32_t)lround(json_number_value(json_object_get(advice, "lon")) * 1e7)};
    int64_t drive_s = json_integer_value(json_object_get(advice, "drive_s"));
    OR_FAIL(was_asked_for(all, to), "%s is sent where nobody asked", id);
    OR_FAIL(drive_s == near_line_ds(all->room->desk->supply, one->at, to) / 10,
            "%s: %lld s of driving", id, (long long)drive_s);
    one->until_ms = instant(advice, "until");
    one->to = to;
    OR_FAIL(one->until_ms == now_ms + drive_s * 1000 + MORE_MS, "%s: until when", id);
    json_decref(record);
    cell *from = cell_at(all, one->at), *goal = cell_at(all, to);
    OR_FAIL(++from->gone <= from->spare, "%s: its square can spare %u", id, from->spare);
    OR_FAIL(++goal->came <= goal->lack, "%s: there %u are lacking", id, goal->lack);
    OR_FAIL(way(all, from, goal) <= REACH_S * 10, "%s: too far", id);
    advised_all++;
    return goal->unit[goal->came - 1] - way(all, from, goal);
}

static void check_advice(evening *all)
{
    int64_t sum = 0;
    count(all);
    int64_t plain = plain_method(all);
    for (unsigned number = 1; number <= CARS; number++)
        kept_all += is_idle(&all->car[number]) && all->car[number].until_ms > all->room->now_ms;
    for (unsigned number = 1; number <= CARS; number++)
        sum += check_car(all, number);
    OR_FAIL(sum >= plain, "gain %lld, by the plain method %lld", (long long)sum, (long long)plain);
    better_all += sum > plain;
}

/* ---- the evening -------------------------------------------------------------------------------
 */

static double some(tq_random *random, double middle, uint32_t spread)
{
    return middle + ((double)tq_random_below(random, 2 * spread) - spread) / 10000.0;
}

static tq_point point(double lat, double lon)
{
    return (tq_point){(int32_t)lround(lat * 1e7), (int32_t)lround(lon * 1e7)};
}

static void ask(evening *all, tq_random *random, double lat, double lon)
{
    char id[48];
    if (all->want_count == WANTS) return;
    lat = some(random, lat, 60);
    lon = some(random, lon, 60);
    (void)snprintf(id, sizeof id, "OR-%06u", ++all->orders);
    fleet_order(all->room, id, lat, lon, "\"needs\":[\"wheelchair\"]"); /* nobody can take it */
    all->want[all->want_count].at = point(lat, lon);
    all->want[all->want_count++].at_ms = all->room->now_ms;
}

static void stand(evening *all, unsigned number, double lat, double lon, bool hired)
{
    char body[256], id[48];
    fleet_vehicle_id(number, id);
    (void)snprintf(body, sizeof body,
                   "{\"positions\":[{\"id\":\"%s\",\"lat\":%.6f,\"lon\":%.6f,\"state\":\"%s\"}]}",
                   id, lat, lon, hired ? "hired" : "vacant");
    assert_int_equal(room_do(all->room, &all->room->dispatcher, "vehicle.positions", "", body),
                     TQ_OK);
    if (json_integer_value(json_object_get(all->room->json, "taken")) == 0) return; /* a jump */
    all->car[number].at = point(lat, lon);
    all->car[number].hired = hired;
}

static void set_duty(evening *all, unsigned number, const char *duty)
{
    car *one = &all->car[number];
    fleet_duty(all->room, number, duty);
    if (strcmp(one->duty, duty) != 0) {
        one->until_ms = 0;
        one->free_ms = all->room->now_ms;
    }
    one->duty = duty;
}

/* Given an order by hand, which it keeps. */
static void hold(evening *all, unsigned number)
{
    char id[48], body[96];
    const car *one = &all->car[number];
    (void)snprintf(id, sizeof id, "OR-%06u", ++all->orders);
    fleet_order(all->room, id, one->at.lat_e7 / 1e7, one->at.lon_e7 / 1e7, "\"needs\":[]");
    if (all->want_count == WANTS) return;
    all->want[all->want_count].at = one->at;
    all->want[all->want_count++].at_ms = all->room->now_ms;
    (void)snprintf(body, sizeof body, "{\"vehicle\":\"VE-%06u\",\"reason\":\"r\"}", number);
    room_must(all->room, &all->room->dispatcher, "dispatch.assign", id, body);
    desk_room_follow(all->room);
    all->car[number].held = true;
}

static void some_change(evening *all, tq_random *random)
{
    unsigned number = 1 + tq_random_below(random, CARS);
    car *one = &all->car[number];
    uint32_t what = tq_random_below(random, 10);
    if (one->held) return;
    if (what < 2)
        set_duty(all, number, "off");
    else if (what < 3)
        set_duty(all, number, "break");
    else if (what < 6)
        set_duty(all, number, "free");
    else if (what < 7 && is_idle(one))
        hold(all, number);
    else
        stand(all, number, one->at.lat_e7 / 1e7, one->at.lon_e7 / 1e7, what == 8);
}

static void begin(evening *all, tq_random *random)
{
    desk_room *room = all->room;
    desk_room_begin(room, city);
    desk_room_follow(room);
    room_must(room, &room->dispatcher, "policy.set", "",
              "{\"name\":\"guided\",\"overrides\":{\"radius_m\":[100],\"grow_s\":[0],\"balance_s\":"
              "60,\"balance_reach_s\":1800,\"balance_past_s\":900,\"give_up_s\":14400}}");
    desk_room_follow(room);
    for (unsigned number = 1; number <= CARS; number++) {
        bool crowd = tq_random_below(random, 2) == 0;
        fleet_add(room, number, "");
        all->car[number] = (car){.duty = "off"};
        if (number % 8 != 0) set_duty(all, number, "free");
        stand(all, number, some(random, crowd ? 37.870 : 37.855, crowd ? 120 : 500),
              some(random, crowd ? 112.530 : 112.550, crowd ? 120 : 500), false);
    }
}

static void random_evenings(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        tq_random random = {.state = seed};
        desk_room *room = calloc(1, sizeof *room);
        evening *all = calloc(1, sizeof *all);
        seed_now = seed;
        all->room = room;
        begin(all, &random);
        for (unsigned round = 0; round < ROUNDS; round++) {
            double lat = some(&random, 37.86, 300), lon = some(&random, 112.55, 300);
            uint32_t most = tq_random_below(&random, 9);
            room->now_ms += tq_random_below(&random, 50) * 1000;
            for (uint32_t k = 0; k < most; k++)
                ask(all, &random, lat, lon);
            for (uint32_t k = 0; k < 4; k++)
                some_change(all, &random);
            for (unsigned number = 1; number <= CARS; number++) {
                const car *one = &all->car[number];
                bool goes = one->until_ms > room->now_ms && number % 2 == 0 && is_idle(one);
                tq_point at = goes ? one->to : one->at;
                stand(all, number, at.lat_e7 / 1e7, at.lon_e7 / 1e7, one->hired);
            }
            room->now_ms = tq_floor_div(room->now_ms, EVERY_MS) * EVERY_MS + EVERY_MS - 1000;
            fleet_wait(room, 1);
            check_advice(all);
        }
        desk_room_end(room);
        free(room);
        free(all);
    }
    print_message("advised %u, %u times while advice stood; better than plain %u times\n",
                  advised_all, kept_all, better_all);
    assert_true(advised_all > 5 * SEEDS);
    assert_true(kept_all > SEEDS);
    assert_true(better_all > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(random_evenings)};
    return cmocka_run_group_tests(tests, open_city, close_city);
}
