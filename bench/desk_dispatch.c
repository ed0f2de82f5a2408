/*
 * The dispatcher at the size of a city: 3,000 vehicles on the streets of the shipped city, ten
 * minutes of orders, ticks of a second, acts of drivers through the same verbs as in service. One
 * JSON line a kind of step: how many, mean microseconds.
 */
#include <time.h>

#include "desk_fleet.h"

#define VEHICLES 3000u
#define SECONDS  600u

typedef struct clock_of {
    const char *name;
    uint64_t count;
    double s;
} clock_of;

static double now_s(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static tq_roads *roads;

static tq_status run(desk_room *room, clock_of *clock, const tq_actor *actor, const char *verb,
                     const char *id, const char *body)
{
    tq_err err;
    const tq_overlay *overlay = NULL;
    (void)tq_live_overlay(room->live, room->version, &overlay, &err);
    tq_desk_world world = {
        .city = room->city, .roads = roads, .overlay = overlay, .live = room->live};
    tq_command command = desk_room_command(room, actor, verb, id, body);
    double from = now_s();
    room->answer.len = 0;
    (void)tq_desk_begin(room->desk, &err);
    tq_status status =
        tq_desk_do(room->desk, &command, &world, &room->status, &room->answer, &room->err);
    (void)tq_desk_commit(room->desk, &err);
    desk_room_follow(room);
    clock->s += now_s() - from;
    clock->count++;
    tq_overlay_drop(overlay);
    return status;
}

static void tick(desk_room *room, clock_of *clock)
{
    tq_err err;
    bool changed = false;
    const tq_overlay *overlay = NULL;
    (void)tq_live_overlay(room->live, room->version, &overlay, &err);
    tq_desk_world world = {
        .city = room->city, .roads = roads, .overlay = overlay, .live = room->live};
    double from = now_s();
    (void)tq_desk_begin(room->desk, &err);
    if (tq_desk_tick(room->desk, &world, room->now_ms, &changed, &err) != TQ_OK)
        fail_msg("%s", err.text);
    (void)tq_desk_commit(room->desk, &err);
    desk_room_follow(room);
    clock->s += now_s() - from;
    clock->count++;
    tq_overlay_drop(overlay);
}

static double some(tq_random *random, double middle, unsigned spread)
{
    return middle + ((double)tq_random_below(random, 2 * spread) - spread) / 10000.0;
}

static void put_positions(desk_room *room, tq_random *random, clock_of *clock)
{
    tq_buf body = {0};
    tq_buf_puts(&body, "{\"positions\":[");
    for (unsigned number = 1; number <= VEHICLES; number++)
        tq_buf_printf(&body, "%s{\"id\":\"VE-%06u\",\"lat\":%.6f,\"lon\":%.6f}",
                      number > 1 ? "," : "", number, some(random, 37.865, 350),
                      some(random, 112.55, 350));
    tq_buf_puts(&body, "]}");
    tq_buf_putc(&body, '\0');
    if (run(room, clock, &room->dispatcher, "vehicle.positions", "", body.at) != TQ_OK)
        fail_msg("%s", room->err.text);
    tq_buf_free(&body);
}

int main(void)
{
    clock_of clock[] = {{"positions of all", 0, 0},
                        {"tick", 0, 0},
                        {"make a vehicle", 0, 0},
                        {"act of a driver", 0, 0}};
    tq_err err;
    desk_room room;
    tq_random random = {.state = 7};
    tq_city *city = desk_room_city();
    desk_room_begin(&room, city);
    if (tq_roads_open(city, &roads, &err) != TQ_OK) fail_msg("%s", err.text);
    desk_room_follow(&room);
    for (unsigned number = 1; number <= VEHICLES; number++) {
        double from = now_s();
        fleet_add(&room, number, "");
        fleet_duty(&room, number, "free");
        clock[2].s += now_s() - from;
        clock[2].count += 3;
    }
    unsigned orders = 0, served = 0;
    for (unsigned second = 0; second < SECONDS; second++) {
        room.now_ms += 1000;
        if (second % 300 == 0) put_positions(&room, &random, &clock[0]);
        /* 60,000 a day with a peak of twice the mean. */
        for (unsigned k = 0; k < (second % 5 < 2 ? 2u : 1u); k++) {
            char id[32];
            (void)snprintf(id, sizeof id, "OR-%06u", ++orders);
            fleet_order(&room, id, some(&random, 37.865, 300), some(&random, 112.55, 300), "");
        }
        tick(&room, &clock[1]);
        /* Those of nine seconds ago are done at once: their vehicles are free again. */
        for (; served + 16 < orders; served++) {
            char id[32];
            (void)snprintf(id, sizeof id, "OR-%06u", served + 1);
            json_t *order = fleet_record(&room, "order", id);
            const char *vehicle = json_string_value(json_object_get(order, "vehicle"));
            if (vehicle != NULL) {
                tq_actor driver = fleet_driver((unsigned)strtoul(vehicle + 3, NULL, 10));
                (void)run(&room, &clock[3], &driver, "vehicle.arrive", id, "");
                (void)run(&room, &clock[3], &driver, "vehicle.board", id, "");
                if (run(&room, &clock[3], &driver, "vehicle.done", id, "{\"fare_fen\":1500}") !=
                    TQ_OK)
                    fail_msg("%s", room.err.text);
            }
            json_decref(order);
        }
    }
    for (unsigned k = 0; k < TQ_COUNT(clock); k++)
        printf("{\"name\":\"%s\",\"n\":%llu,\"mean_us\":%.1f}\n", clock[k].name,
               (unsigned long long)clock[k].count,
               1e6 * clock[k].s / (double)TQ_MAX(clock[k].count, UINT64_C(1)));
    printf("{\"orders\":%u,\"done\":%u}\n", orders, served);
    desk_room_end(&room);
    tq_roads_close(roads);
    tq_city_close(city);
    return 0;
}
