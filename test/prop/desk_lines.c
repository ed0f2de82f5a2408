/*
 * Bookings against a model that counts seats by hand: random bookings by the day and the month,
 * cancels, payments, minutes that pass. After every command each run is within its seats and its
 * places for wheelchairs on every segment, who waits and could have a seat has one, nobody who came
 * later got what an earlier one could have used, and a refusal has changed nothing. The store is
 * closed and opened again now and then.
 *
 * The oracle: an array of bookings and, for each decision, a count over all of them, run by run and
 * segment by segment.
 */
// also: import
#include "desk_room.h"

#define SEEDS    60u
#define COMMANDS 120u
#define ROWS     200u
#define STOPS    4u
#define TRIPS    2u
#define SEATS    7u
#define PLACES   1u
#define CHAIR    3u    /* seats that a wheelchair takes up, lines/monthly.yaml */
#define FIRST    20242 /* 2025-06-03, the day of START_MS */
#define JUNE_END 20269 /* 2025-06-30 */

typedef enum row_state { BOOKED, WAITING, CANCELLED } row_state;
typedef struct row {
    row_state state;
    bool month, paid;
    int day; /* FIRST + n */
    uint32_t trip, from, to, party, chairs, seats;
} row;

typedef struct model {
    desk_room room;
    tq_random random;
    uint32_t seed, rows, step;
    row row[ROWS];
} model;

static const char *const STATE[] = {"booked", "waiting", "cancelled"};
/* Seconds of the day at which the trips leave their first stop. */
static const int START_S[TRIPS] = {7 * 3600, 18 * 3600};

static uint32_t any(model *m, uint32_t limit)
{
    return tq_random_below(&m->random, limit);
}

/* Every day is served; instants of a day's midnight in +08:00. */
static int64_t closes_ms(int day, uint32_t trip)
{
    return ((int64_t)day * 86400 - 8 * 3600 + START_S[trip] - 3600) * 1000;
}

static bool covers(const row *one, int day)
{
    return one->month ? day >= one->day && day <= JUNE_END : one->day == day;
}

static void load(const model *m, int day, uint32_t trip, uint32_t segment, uint32_t *seats,
                 uint32_t *chairs)
{
    *seats = *chairs = 0;
    for (uint32_t k = 0; k < m->rows; k++) {
        const row *one = &m->row[k];
        if (one->state != BOOKED || one->trip != trip || !covers(one, day) || segment < one->from ||
            segment >= one->to)
            continue;
        *seats += one->seats;
        *chairs += one->chairs;
    }
}

static bool fits(const model *m, const row *one)
{
    for (int day = FIRST; day <= JUNE_END + 40; day++)
        for (uint32_t segment = one->from; covers(one, day) && segment < one->to; segment++) {
            uint32_t seats, chairs;
            load(m, day, one->trip, segment, &seats, &chairs);
            if (seats + one->seats > SEATS || chairs + one->chairs > PLACES) return false;
        }
    return true;
}

/* The first day of June that a month's ticket bought now covers; 0 = none. */
static int first_day(const model *m, uint32_t trip)
{
    for (int day = FIRST; day <= JUNE_END; day++)
        if (closes_ms(day, trip) > m->room.now_ms) return day;
    return 0;
}

static void move_up(model *m)
{
    for (uint32_t k = 0; k < m->rows; k++) {
        row *one = &m->row[k];
        if (one->state != WAITING) continue;
        if (one->month) {
            int day = first_day(m, one->trip);
            if (day == 0) continue;
            one->day = day;
        } else if (closes_ms(one->day, one->trip) <= m->room.now_ms) {
            continue;
        }
        if (fits(m, one)) one->state = BOOKED;
    }
}

static void compare(model *m)
{
    tq_buf text = {0};
    tq_record record;
    char id[TQ_ID_MAX];
    tq_err err;
    for (uint32_t k = 0; k < m->rows; k++) {
        (void)snprintf(id, sizeof id, "BK-2025-%04u", k + 1);
        text.len = 0;
        assert_int_equal(
            tq_store_get(tq_desk_store(m->room.desk), "booking", id, &text, &record, &err), TQ_OK);
        if (strcmp(record.state, STATE[m->row[k].state]) != 0)
            fail_msg("seed %u, step %u: %s is %s, should be %s", m->seed, m->step, id, record.state,
                     STATE[m->row[k].state]);
    }
    (void)snprintf(id, sizeof id, "BK-2025-%04u", m->rows + 1);
    if (tq_store_get(tq_desk_store(m->room.desk), "booking", id, &text, &record, &err) !=
        TQ_NOT_FOUND)
        fail_msg("seed %u, step %u: %s should not be there", m->seed, m->step, id);
    tq_buf_free(&text);
    for (int day = FIRST; day <= JUNE_END; day++)
        for (uint32_t trip = 0; trip < TRIPS; trip++)
            for (uint32_t segment = 0; segment + 1 < STOPS; segment++) {
                uint32_t seats, chairs;
                load(m, day, trip, segment, &seats, &chairs);
                if (seats > SEATS || chairs > PLACES)
                    fail_msg("seed %u, step %u: sold twice on day %d", m->seed, m->step, day);
            }
}

static void say(model *m, const char *what, bool want, tq_status got)
{
    if ((got == TQ_OK) != want)
        fail_msg("seed %u, step %u: %s is %s, should %sbe done: %s", m->seed, m->step, what,
                 tq_status_name(got), want ? "" : "not ", m->room.err.text);
}

static void create(model *m)
{
    row one = {.month = any(m, 5) == 0,
               .day = FIRST + (int)any(m, 4),
               .trip = any(m, TRIPS),
               .from = any(m, STOPS),
               .to = any(m, STOPS),
               .party = any(m, 4) + 1};
    char body[400], day[64];
    bool wait = any(m, 4) > 0;
    one.chairs = any(m, 3) == 0 ? 1 : 0;
    one.seats = one.party - one.chairs + one.chairs * CHAIR;
    bool want = one.from < one.to && one.seats <= SEATS && m->rows < ROWS;
    if (m->rows == ROWS) return;
    if (one.month) {
        (void)snprintf(day, sizeof day, "\"ticket\":\"month\",\"month\":\"2025-06\"");
        one.day = first_day(m, one.trip);
        want = want && one.day != 0;
    } else {
        (void)snprintf(day, sizeof day, "\"day\":\"2025-06-%02d\"", one.day - FIRST + 3);
        want = want && closes_ms(one.day, one.trip) > m->room.now_ms;
    }
    bool room = want && fits(m, &one);
    one.state = room ? BOOKED : WAITING;
    uint32_t waiting = 0;
    for (uint32_t k = 0; k < m->rows; k++)
        waiting += m->row[k].state == WAITING;
    want = want && (room || (wait && waiting < 30));
    (void)snprintf(body, sizeof body,
                   "{\"line\":\"LI-2025-0001\",%s,\"trip\":\"T%u\",\"from_stop\":\"S%u\","
                   "\"to_stop\":\"S%u\",\"party\":%u,\"wheelchairs\":%u,\"wait\":%s}",
                   day, one.trip, one.from, one.to, one.party, one.chairs, wait ? "true" : "false");
    tq_status got = room_do(&m->room, &m->room.clerk, "booking.create", "", body);
    say(m, "booking.create", want, got);
    if (want) m->row[m->rows++] = one;
}

/* Is its last run gone? */
static bool is_over(const model *m, const row *one)
{
    return closes_ms(one->month ? JUNE_END : one->day, one->trip) + 3600000 <= m->room.now_ms;
}

static void step_booking(model *m)
{
    char id[TQ_ID_MAX];
    if (m->rows == 0) return;
    uint32_t which = any(m, m->rows);
    row *one = &m->row[which];
    (void)snprintf(id, sizeof id, "BK-2025-%04u", which + 1);
    if (any(m, 2) == 0) {
        bool want = one->state != CANCELLED && !is_over(m, one);
        say(m, "booking.cancel", want, room_do(&m->room, &m->room.clerk, "booking.cancel", id, ""));
        if (!want) return;
        one->state = CANCELLED;
        move_up(m);
    } else {
        bool want =
            one->state == BOOKED && !one->paid && closes_ms(one->day, one->trip) > m->room.now_ms;
        say(m, "booking.pay", want, room_do(&m->room, &m->room.clerk, "booking.pay", id, ""));
        if (want) one->paid = true;
    }
}

static void pass_time(model *m)
{
    uint32_t ended = 0;
    m->room.now_ms += (int64_t)any(m, 400) * MIN_MS;
    (void)room_tick(&m->room);
    for (uint32_t k = 0; k < m->rows; k++) {
        row *one = &m->row[k];
        int last = one->month ? JUNE_END : one->day;
        if ((one->state == BOOKED && !one->paid &&
             closes_ms(one->day, one->trip) <= m->room.now_ms) ||
            (one->state == WAITING && closes_ms(last, one->trip) <= m->room.now_ms)) {
            one->state = CANCELLED;
            ended++;
        }
    }
    if (ended > 0) move_up(m);
}

static void begin(model *m, tq_city *city, uint32_t seed)
{
    memset(m, 0, sizeof *m);
    m->seed = seed;
    m->random.state = seed;
    desk_room_begin(&m->room, city);
    room_must(&m->room, &m->room.planner, "line.create", "",
              "{\"name\":\"l\",\"seats\":7,\"wheelchairs\":1,\"season\":{\"to\":\"2025-06-30\"},"
              "\"stops\":["
              "{\"id\":\"S0\",\"name\":\"a\",\"lat\":37.7405,\"lon\":112.5615},"
              "{\"id\":\"S1\",\"name\":\"b\",\"lat\":37.7277,\"lon\":112.5621},"
              "{\"id\":\"S2\",\"name\":\"c\",\"lat\":37.7175,\"lon\":112.5612},"
              "{\"id\":\"S3\",\"name\":\"d\",\"lat\":37.7079,\"lon\":112.5570}],"
              "\"trips\":[{\"id\":\"T0\",\"times\":[\"07:00\",\"07:10\",\"07:20\",\"07:30\"]},"
              "{\"id\":\"T1\",\"times\":[\"18:00\",\"18:10\",\"18:20\",\"18:30\"]}]}");
    room_must(&m->room, &m->room.planner, "line.open", "LI-2025-0001", "");
}

static void bookings_against_a_model(void **state)
{
    model *m = malloc(sizeof *m);
    uint32_t booked = 0, waited = 0;
    for (uint32_t seed = 1; seed <= SEEDS; seed++) {
        begin(m, *state, seed);
        for (m->step = 0; m->step < COMMANDS; m->step++) {
            uint32_t what = any(m, 20);
            if (what < 12)
                create(m);
            else if (what < 19)
                step_booking(m);
            else
                pass_time(m);
            compare(m);
            if (any(m, 40) == 0) {
                desk_room_shut(&m->room);
                desk_room_open(&m->room);
            }
        }
        for (uint32_t k = 0; k < m->rows; k++) {
            booked += m->row[k].state == BOOKED;
            waited += m->row[k].state == WAITING;
        }
        desk_room_end(&m->room);
    }
    /* The test must have been about something. */
    assert_true(booked > SEEDS && waited > SEEDS);
    free(m);
}

static int open_city(void **state)
{
    *state = desk_room_city();
    return 0;
}

static int close_city(void **state)
{
    tq_city_close(*state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(bookings_against_a_model, open_city, close_city),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
