/*
 * The shipped city opened once for a group of tests, with streets and timetable where they are
 * asked for, and a room of its own for each test.
 */
#ifndef TQ_TEST_DESK_SHIPPED_H
#define TQ_TEST_DESK_SHIPPED_H

#include "desk_room.h"

static tq_city *city;
static tq_roads *roads; /* by open_streets */
static tq_days *days;

static inline int open_city(void **state)
{
    (void)state;
    city = desk_room_city();
    return 0;
}

static inline int close_city(void **state)
{
    (void)state;
    tq_city_close(city);
    return 0;
}

static inline int open_streets(void **state)
{
    tq_err err;
    (void)open_city(state);
    if (tq_roads_open(city, &roads, &err) != TQ_OK || tq_days_open(city, &days, &err) != TQ_OK)
        fail_msg("%s", err.text);
    return 0;
}

static inline int close_streets(void **state)
{
    tq_days_close(days);
    tq_roads_close(roads);
    return close_city(state);
}

static inline int begin_room(void **state)
{
    desk_room *room = calloc(1, sizeof *room);
    assert_non_null(room);
    desk_room_begin(room, city);
    *state = room;
    return 0;
}

static inline int end_room(void **state)
{
    desk_room_end(*state);
    free(*state);
    return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin_room, end_room)

#endif
