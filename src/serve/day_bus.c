/*
 * Custom buses of a played day: requests of commuters, lines proposed from them, seats booked,
 * people who cancel, come or do not come.
 *
 * Generated: riders live in squares around a few homes and go to a few places of work, in the
 * morning; 4 % cancel an hour and a half before, 3 % are not there. The desk does the rest with the
 * verbs of the server: request.create, line.propose, line.create, line.open, booking.create,
 * booking.cancel, order.no_show, and the clock of its lines. The same riders under every policy.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "serve/day_in.h"

#define WORKS        4u
#define HOMES        3u /* of one place of work */
#define NEAR_M       3000u
#define FAR_M        12000u
#define TRIES        30u
#define HOME_E7      50000 /* 550 m of latitude, each way */
#define WORK_E7      20000
#define FIRST_MIN    (6u * 60 + 30)
#define STEP_MIN     30u
#define BEFORE_MIN   30u /* seats are booked before the first window opens */
#define WINDOW_MIN   40u
#define LAST_MIN     (9u * 60)
#define CANCEL_S     5400
#define CANCELS      40u /* permille */
#define NOT_THERE    30u
#define BUSES        12u
#define SEATS        30u
#define PRICE_FEN    300u
#define LEAST        10u /* requests that make a line */
#define WALK_M       700u
#define STREETS_MORE 13u /* tenths: ways on foot against the straight line */

/* ---- riders ------------------------------------------------------------------------------------
 */

static tq_point beside(const day_world *world, tq_point at, uint32_t rider, uint32_t part,
                       int32_t most_e7)
{
    uint64_t wide = 2 * (uint64_t)most_e7 + 1;
    return (tq_point){
        at.lat_e7 + (int32_t)(day_draw(world, DRAW_BUS_BESIDE, rider, part) % wide) - most_e7,
        at.lon_e7 + (int32_t)(day_draw(world, DRAW_BUS_BESIDE, rider, part + 1) % wide) - most_e7};
}

/* Home and work of a group: some kilometres apart. */
static void group_ends(const day_world *world, uint32_t group, tq_point *home, tq_point *work)
{
    *work = day_place(world, day_draw(world, DRAW_BUS_WORK, group / HOMES, 0));
    for (uint32_t k = 0; k < TRIES; k++) {
        *home = day_place(world, day_draw(world, DRAW_BUS_HOME, group, k));
        uint32_t dm = tq_distance_dm(*home, *work);
        if (dm >= NEAR_M * 10 && dm <= FAR_M * 10) return;
    }
}

static void draw_riders(day_play *play)
{
    const day_world *world = play->world;
    for (uint32_t k = 0; k < world->options->riders; k++) {
        day_rider *rider = &play->rider[k];
        uint32_t group = (uint32_t)(day_draw(world, DRAW_BUS_GROUP, k, 0) % (WORKS * HOMES));
        tq_point home = {0}, work = {0};
        group_ends(world, group, &home, &work);
        rider->from = beside(world, home, k, 0, HOME_E7);
        rider->to = beside(world, work, k, 2, WORK_E7);
        rider->window_min = FIRST_MIN + group % 4 * STEP_MIN;
    }
}

/* ---- JSON --------------------------------------------------------------------------------------
 */

static json_t *place_json(tq_point at)
{
    return json_pack("{s:f, s:f}", "lat", at.lat_e7 / 1e7, "lon", at.lon_e7 / 1e7);
}

static tq_point point_of(const json_t *place)
{
    return (tq_point){(int32_t)lround(json_number_value(json_object_get(place, "lat")) * 1e7),
                      (int32_t)lround(json_number_value(json_object_get(place, "lon")) * 1e7)};
}

static const char *text_of(const json_t *from, const char *member)
{
    const char *text = json_string_value(json_object_get(from, member));
    return text != NULL ? text : "";
}

/* Say a command with a JSON body; what was answered, NULL when it was refused by name. */
static tq_status say(day_play *play, const char *verb, const char *id, json_t *body, json_t **out,
                     tq_err *err)
{
    json_auto_t *owned = body;
    tq_actor office = day_actor("simulation", TQ_ROLE_DISPATCHER | TQ_ROLE_PLANNER);
    char *text = json_dumps(owned, JSON_COMPACT);
    bool done = false;
    *out = NULL;
    if (text == NULL) return tq_fail(err, TQ_NO_MEMORY, 0, "no memory for %s", verb);
    tq_status status = day_say(play, &office, verb, id, text, &done, err);
    free(text);
    TQ_TRY(status);
    if (!done) return TQ_OK;
    *out = json_loadb(play->answer.at, play->answer.len, 0, NULL);
    return *out != NULL ? TQ_OK : tq_fail(err, TQ_NO_MEMORY, 0, "no memory for what %s says", verb);
}

static void clock_text(uint32_t minute, char out[8])
{
    (void)snprintf(out, 8, "%02u:%02u", minute / 60 % 24, minute % 60);
}

static const char *weekday_of(const day_play *play)
{
    static const char *const days[] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};
    return days[(play->world->options->day + 3) % 7];
}

static tq_status ask_for_line(day_play *play, uint32_t row, tq_err *err)
{
    day_rider *rider = &play->rider[row];
    char from[8], to[8], phone[16];
    json_auto_t *made = NULL;
    clock_text(rider->window_min, from);
    clock_text(rider->window_min + WINDOW_MIN, to);
    (void)snprintf(phone, sizeof phone, "137%08u", row);
    TQ_TRY(
        say(play, "request.create", "",
            json_pack("{s:o, s:o, s:{s:s, s:s}, s:[s], s:s, s:s}", "from", place_json(rider->from),
                      "to", place_json(rider->to), "window", "from", from, "to", to, "days",
                      weekday_of(play), "phone", phone, "name", "generated"),
            &made, err));
    (void)snprintf(rider->request, sizeof rider->request, "%s", text_of(made, "id"));
    play->bus.asked += made != NULL;
    return TQ_OK;
}

/* ---- lines -------------------------------------------------------------------------------------
 */

static int32_t second_of(const char *clock)
{
    unsigned hour = 0, minute = 0, second = 0;
    int parts = sscanf(clock, "%2u:%2u:%2u", &hour, &minute, &second);
    return parts >= 2 ? (int32_t)(hour * 3600 + minute * 60 + second) : -1;
}

static int32_t time_at(const json_t *trip, size_t stop)
{
    const char *text = json_string_value(json_array_get(json_object_get(trip, "times"), stop));
    return text != NULL ? second_of(text) : -1;
}

/* The stops with the least way on foot, and the first run from there in the rider's window. */
static bool choose_ride(day_rider *rider, const json_t *line, size_t ends[2], const char **trip)
{
    const json_t *stops = json_object_get(line, "stops"), *one;
    size_t count = json_array_size(stops), at;
    uint64_t best = UINT64_MAX;
    for (size_t a = 0; a + 1 < count; a++)
        for (size_t b = a + 1; b < count; b++) {
            const json_t *up = json_array_get(stops, a), *down = json_array_get(stops, b);
            if (json_is_false(json_object_get(up, "board")) ||
                json_is_false(json_object_get(down, "alight")))
                continue;
            uint64_t dm = (uint64_t)tq_distance_dm(rider->from, point_of(up)) +
                          tq_distance_dm(point_of(down), rider->to);
            if (dm >= best) continue;
            best = dm;
            ends[0] = a;
            ends[1] = b;
        }
    *trip = NULL;
    if (best == UINT64_MAX) return false;
    rider->walk_m = (uint32_t)(best * STREETS_MORE / 100);
    json_array_foreach(json_object_get(line, "trips"), at, one)
    {
        int32_t leaves = time_at(one, ends[0]);
        if (leaves < (int32_t)rider->window_min * 60 ||
            leaves > (int32_t)(rider->window_min + WINDOW_MIN) * 60 + 1800)
            continue;
        if (*trip != NULL && leaves >= rider->leaves_s) continue;
        *trip = text_of(one, "id");
        rider->leaves_s = leaves;
        rider->ride_s = time_at(one, ends[1]) - leaves;
    }
    return *trip != NULL;
}

static tq_status book(day_play *play, uint32_t row, const json_t *line, tq_err *err)
{
    day_rider *rider = &play->rider[row];
    const json_t *stops = json_object_get(line, "stops");
    size_t ends[2] = {0};
    const char *trip = NULL;
    char phone[16], day[TQ_TIME_TEXT_MAX];
    json_auto_t *made = NULL;
    if (!choose_ride(rider, line, ends, &trip)) return TQ_OK;
    (void)snprintf(phone, sizeof phone, "137%08u", row);
    tq_time_print(&play->world->city->zone, play->world->midnight_ms, day);
    day[10] = '\0';
    TQ_TRY(say(play, "booking.create", "",
               json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:i, s:s, s:s, s:b}", "line",
                         text_of(line, "id"), "ticket", "single", "day", day, "trip", trip,
                         "from_stop", text_of(json_array_get(stops, ends[0]), "id"), "to_stop",
                         text_of(json_array_get(stops, ends[1]), "id"), "party", 1, "phone", phone,
                         "name", "generated", "wait", 1),
               &made, err));
    if (made == NULL) {
        play->bus.full++;
        return TQ_OK;
    }
    (void)snprintf(rider->booking, sizeof rider->booking, "%s", text_of(made, "id"));
    bool waits = strcmp(text_of(made, "state"), "waiting") == 0;
    play->bus.booked += !waits;
    play->bus.waited += waits;
    int64_t cancels_s = rider->leaves_s - CANCEL_S;
    if (day_chance(play->world, DRAW_BUS_CANCEL, row, 0, CANCELS) && cancels_s > play->now_s)
        return day_plan(play, cancels_s, HAPPENS_BUS_CANCEL, row, TQ_NONE, err);
    /* What became of the seat is asked when the bus has been at the last rider's stop. */
    return day_plan(play, rider->leaves_s + 60, HAPPENS_BUS_COMES, row, TQ_NONE, err);
}

static tq_status run_line(day_play *play, json_t *draft, tq_err *err)
{
    json_auto_t *line = NULL, *requests = json_copy(json_object_get(draft, "requests"));
    json_t *one;
    size_t at;
    json_object_del(draft, "measures");
    json_object_set_new(draft, "price", json_pack("{s:i}", "single_fen", (int)PRICE_FEN));
    TQ_TRY(say(play, "line.create", "", json_incref(draft), &line, err));
    if (line == NULL) return TQ_OK;
    for (uint32_t step = 0; step < 2; step++) {
        json_auto_t *opened = NULL;
        TQ_TRY(say(play, "line.open", text_of(line, "id"), json_object(), &opened, err));
        if (opened == NULL) return TQ_OK;
    }
    size_t runs = json_array_size(json_object_get(line, "trips"));
    play->bus.lines++;
    play->bus.runs += (uint32_t)runs;
    play->bus.seats +=
        (uint32_t)((json_int_t)runs * json_integer_value(json_object_get(line, "seats")));
    for (uint32_t row = 0; row < play->world->options->riders; row++)
        json_array_foreach(requests, at, one)
        {
            const char *id = json_string_value(one);
            if (id != NULL && play->rider[row].request[0] != '\0' &&
                strcmp(id, play->rider[row].request) == 0)
                TQ_TRY(book(play, row, line, err));
        }
    return TQ_OK;
}

tq_status day_bus_begin(day_play *play, tq_err *err)
{
    const tq_day_options *options = play->world->options;
    json_auto_t *answer = NULL;
    char wish[160];
    json_t *draft;
    size_t at;
    if (options->riders == 0 || options->from_hour * 60 > FIRST_MIN - BEFORE_MIN ||
        options->to_hour * 60 < LAST_MIN + 60)
        return TQ_OK;
    draw_riders(play);
    for (uint32_t row = 0; row < options->riders; row++)
        TQ_TRY(ask_for_line(play, row, err));
    (void)snprintf(wish, sizeof wish,
                   "{\"min_requests\":%u,\"max_walk_m\":%u,\"rule\":\"community\",\"vehicles\":{"
                   "\"count\":%u,\"seats\":%u}}",
                   LEAST, WALK_M, BUSES, SEATS);
    TQ_TRY(day_ask(play, "line.propose", "", wish, &answer, err));
    play->bus.left_out = (uint32_t)json_array_size(json_object_get(answer, "left_out"));
    json_array_foreach(json_object_get(answer, "drafts"), at, draft)
        TQ_TRY(run_line(play, draft, err));
    return TQ_OK;
}

/* ---- the day -----------------------------------------------------------------------------------
 */

static tq_status cancel(day_play *play, day_rider *rider, tq_err *err)
{
    json_auto_t *done = NULL;
    TQ_TRY(say(play, "booking.cancel", rider->booking, json_pack("{s:s}", "reason", "generated"),
               &done, err));
    play->bus.cancelled += done != NULL;
    return TQ_OK;
}

/* The bus is there: who has a seat by now comes, or does not. */
static tq_status comes(day_play *play, uint32_t row, tq_err *err)
{
    day_rider *rider = &play->rider[row];
    json_auto_t *list = NULL, *done = NULL;
    char query[32];
    (void)snprintf(query, sizeof query, "phone=137%08u", row);
    TQ_TRY(day_ask(play, "booking.list", query, "", &list, err));
    const json_t *booking = json_array_get(json_object_get(list, "bookings"), 0);
    if (strcmp(text_of(booking, "state"), "booked") != 0) {
        play->bus.no_seat++;
        return TQ_OK;
    }
    if (day_chance(play->world, DRAW_BUS_THERE, row, 0, NOT_THERE)) {
        TQ_TRY(say(play, "order.no_show", text_of(booking, "order"),
                   json_pack("{s:b, s:s}", "checked", 1, "note", "generated"), &done, err));
        play->bus.no_shows += done != NULL;
        return TQ_OK;
    }
    play->bus.carried++;
    play->bus.walk_m += rider->walk_m;
    play->bus.ride_s += (uint64_t)TQ_MAX(rider->ride_s, 0);
    play->bus.fare_fen += (uint64_t)json_integer_value(json_object_get(booking, "price_fen"));
    return TQ_OK;
}

tq_status day_bus_happens(day_play *play, const day_event *event, tq_err *err)
{
    if (event->what == HAPPENS_BUS_CANCEL) return cancel(play, &play->rider[event->who], err);
    return comes(play, event->who, err);
}
