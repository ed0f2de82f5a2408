/* Which crew: who is able, and how long each takes to get there on the streets as shown. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "desk/crews_in.h"

#define WORK_BYTES   ((size_t)32 << 20)
#define VEHICLE      "lorry_light"
#define OLD_POSITION INT64_C(1800000) /* a position older than this is marked */

/* ---- able
 * -------------------------------------------------------------------------------------------- */

static bool has_word(const json_t *list, const char *word)
{
    for (size_t k = 0; k < json_array_size(list); k++) {
        const char *one = json_string_value(json_array_get(list, k));
        if (one != NULL && strcmp(one, word) == 0) return true;
    }
    return false;
}

static const char *missing_word(const json_t *needed, const json_t *have)
{
    for (size_t k = 0; k < json_array_size(needed); k++) {
        const char *word = json_string_value(json_array_get(needed, k));
        if (word != NULL && !has_word(have, word)) return word;
    }
    return NULL;
}

/* Within from..to of the day; past midnight when from is not below to. */
static bool within(uint32_t minute, uint32_t from, uint32_t to)
{
    return from < to ? minute >= from && minute < to : minute >= from || minute < to;
}

static bool on_shift(const json_t *crew, const tq_moment *moment)
{
    static const char *const days[] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};
    const json_t *shift = json_object_get(crew, "shift");
    const json_t *list = json_object_get(shift, "days");
    uint32_t from = 0, to = 0;
    if (shift == NULL) return true;
    if (!crews_minute(json_string_value(json_object_get(shift, "from")), &from) ||
        !crews_minute(json_string_value(json_object_get(shift, "to")), &to))
        return false;
    if (!within(moment->minute, from, to)) return false;
    /* Past midnight a shift belongs to the day it began on. */
    uint32_t day =
        from >= to && moment->minute < to ? (moment->week_day + 6) % 7 : moment->week_day;
    return list == NULL || json_array_size(list) == 0 || has_word(list, days[day]);
}

static bool is_banned(const json_t *banned, uint32_t minute)
{
    for (size_t k = 0; k < json_array_size(banned); k++) {
        const json_t *hours = json_array_get(banned, k);
        uint32_t from = 0, to = 0;
        if (crews_minute(json_string_value(json_object_get(hours, "from")), &from) &&
            crews_minute(json_string_value(json_object_get(hours, "to")), &to) &&
            within(minute, from, to))
            return true;
    }
    return false;
}

bool crews_able(desk_call *call, const json_t *crew, const crew_wish *wish, char *why, size_t cap)
{
    tq_moment moment = tq_moment_at(call->desk->city, wish->at_ms);
    const char *skill = missing_word(wish->skills, json_object_get(crew, "skills"));
    const char *tool = missing_word(wish->tools, json_object_get(crew, "tools"));
    const char *state = desk_get_text(crew, "state");
    why[0] = '\0';
    if (skill != NULL)
        (void)snprintf(why, cap, "it lacks the skill %.80s", skill);
    else if (tool != NULL)
        (void)snprintf(why, cap, "it lacks the tool %.80s", tool);
    else if (strcmp(state, "busy") == 0)
        (void)snprintf(why, cap, "it is busy with %.60s", desk_get_text(crew, "task"));
    else if (strcmp(state, "off") == 0)
        (void)snprintf(why, cap, "it is off duty");
    else if (!on_shift(crew, &moment))
        (void)snprintf(why, cap, "it is not on shift at that time");
    else if (wish->machine && is_banned(wish->banned, moment.minute))
        (void)snprintf(why, cap, "machines are banned at that hour");
    return why[0] == '\0';
}

/* ---- what is wanted
 * ------------------------------------------------------------------------------------ */

void crews_wish_free(crew_wish *wish)
{
    json_decref(wish->skills);
    json_decref(wish->tools);
    json_decref(wish->banned);
    *wish = (crew_wish){0};
}

static json_t *first_of(const json_t *said, const json_t *record, const char *member)
{
    json_t *value = json_object_get(said, member);
    if (value == NULL) value = json_object_get(record, member);
    if (value == NULL) value = json_object_get(json_object_get(record, "fields"), member);
    return json_is_array(value) ? json_incref(value) : NULL;
}

static tq_status check_banned(desk_call *call, const json_t *list)
{
    for (size_t k = 0; k < json_array_size(list); k++) {
        const json_t *hours = json_array_get(list, k);
        uint32_t from = 0, to = 0;
        if (!crews_minute(json_string_value(json_object_get(hours, "from")), &from) ||
            !crews_minute(json_string_value(json_object_get(hours, "to")), &to))
            return desk_bad(call, "banned_hours %zu needs \"from\" and \"to\" as 22:00", k + 1);
    }
    return TQ_OK;
}

tq_status crews_wish(desk_call *call, const json_t *said, crew_wish *out)
{
    const char *number = desk_get_text(said, "case"), *work_id = desk_get_text(said, "work");
    json_auto_t *record = NULL, *work = NULL;
    uint64_t version = 0;
    char state[32];
    if (number[0] != '\0') TQ_TRY(desk_load(call, "case", number, &record, &version, state));
    if (work_id[0] != '\0') TQ_TRY(desk_load(call, "work", work_id, &work, NULL, NULL));
    TQ_TRY(check_banned(call, json_object_get(said, "banned_hours")));
    *out = (crew_wish){.at_ms = call->command->now_ms};
    out->machine = json_is_true(json_object_get(said, "machine"));
    const json_t *place = json_object_get(said, "place");
    if (place == NULL) place = json_object_get(record, "place");
    const json_t *lat = json_object_get(place, "lat"), *lon = json_object_get(place, "lon");
    out->has_place = json_is_number(lat) && json_is_number(lon);
    out->lat = json_number_value(lat);
    out->lon = json_number_value(lon);
    out->skills = first_of(said, record, "skills");
    out->tools = first_of(said, record, "tools");
    out->banned = first_of(said, record, "banned_hours");
    if (out->banned == NULL) out->banned = first_of(work, NULL, "banned_hours");
    return TQ_OK;
}

static json_t *words_of(const char *text)
{
    json_t *out = json_array();
    while (*text != '\0') {
        size_t len = strcspn(text, ",");
        if (len > 0) json_array_append_new(out, json_stringn(text, len));
        text += len + (text[len] == ',');
    }
    return out;
}

/* The question's parameters as such an object. */
static tq_status read_question(desk_call *call, crew_wish *out)
{
    char text[400], lon[32];
    json_auto_t *said = json_object();
    tq_err why = {0};
    double number[2] = {0};
    if (desk_query(call, "case", text, sizeof text))
        json_object_set_new(said, "case", json_string(text));
    if (desk_query(call, "work", text, sizeof text))
        json_object_set_new(said, "work", json_string(text));
    if (desk_query(call, "skills", text, sizeof text))
        json_object_set_new(said, "skills", words_of(text));
    if (desk_query(call, "tools", text, sizeof text))
        json_object_set_new(said, "tools", words_of(text));
    if (desk_query(call, "machine", text, sizeof text))
        json_object_set_new(said, "machine",
                            json_boolean(strcmp(text, "yes") == 0 || strcmp(text, "true") == 0));
    if (desk_query(call, "lat", text, sizeof text) && desk_query(call, "lon", lon, sizeof lon)) {
        if (!tq_parse_double(tq_str_of(text), &number[0]) ||
            !tq_parse_double(tq_str_of(lon), &number[1]))
            return desk_bad(call, "lat and lon must be numbers");
        json_object_set_new(said, "place",
                            json_pack("{s:f,s:f}", "lat", number[0], "lon", number[1]));
    }
    TQ_TRY(crews_wish(call, said, out));
    if (desk_query(call, "at", text, sizeof text) &&
        tq_time_parse(&call->desk->city->zone, tq_str_of(text), &out->at_ms, &why) != TQ_OK) {
        crews_wish_free(out);
        return desk_bad(call, "at must be an instant such as 2026-01-05T08:00");
    }
    if (out->has_place) return TQ_OK;
    crews_wish_free(out);
    return desk_bad(call, "the place is missing: give lat and lon, or a case that has a place");
}

/* ---- times
 * --------------------------------------------------------------------------------------------------
 */

typedef struct choice {
    json_t *crew; /* owned */
    int32_t ds;   /* TQ_ROAD_INF = no way, -1 = not asked */
    char why[200];
} choice;

typedef struct choices {
    desk_call *call;
    const crew_wish *wish;
    choice row[CREWS_MOST];
    uint32_t count;
} choices;

static bool seen_crew(void *user, const tq_record *record)
{
    choices *all = user;
    choice *one = &all->row[all->count];
    if (desk_parse(record->body, DESK_BODY_MAX, "a crew", &one->crew, NULL) != TQ_OK) return true;
    one->ds = -1;
    (void)crews_able(all->call, one->crew, all->wish, one->why, sizeof one->why);
    const json_t *position = json_object_get(one->crew, "position");
    if (one->why[0] == '\0' && !json_is_object(position))
        (void)snprintf(one->why, sizeof one->why, "nobody knows where it is");
    return ++all->count < CREWS_MOST;
}

static tq_point point_of(double lat, double lon)
{
    return (tq_point){(int32_t)lround(lat * 1e7), (int32_t)lround(lon * 1e7)};
}

/* Travel time of each able crew to the place. */
static tq_status ask_times(choices *all, const tq_metric *metric, tq_arena *work)
{
    const desk_call *call = all->call;
    const tq_city *city = call->world->city;
    tq_snap_wish wish = {.limit = 1, .radius_m = TQ_SNAP_RADIUS_MAX_M, .bearing = -1};
    tq_snap to = {0};
    uint32_t found = 0;
    TQ_TRY(tq_road_snap(city, metric, point_of(all->wish->lat, all->wish->lon), &wish, &to, &found,
                        call->err));
    for (uint32_t k = 0; k < all->count; k++) {
        choice *one = &all->row[k];
        if (one->why[0] != '\0') continue;
        const json_t *position = json_object_get(one->crew, "position");
        tq_snap from = {0};
        int64_t time_ds = TQ_ROAD_INF;
        tq_err why = {0};
        tq_arena_reset(work, 0);
        tq_status status =
            tq_road_snap(city, metric,
                         point_of(json_number_value(json_object_get(position, "lat")),
                                  json_number_value(json_object_get(position, "lon"))),
                         &wish, &from, &found, &why);
        if (status == TQ_OK) status = tq_road_time(city, metric, &from, &to, work, &time_ds, &why);
        if (status != TQ_OK && status != TQ_NOT_FOUND && status != TQ_NO_ROUTE)
            return tq_fail(call->err, status, 0, "%s", why.text);
        one->ds = status == TQ_OK ? (int32_t)TQ_MIN(time_ds, TQ_ROAD_INF) : TQ_ROAD_INF;
        if (one->ds >= TQ_ROAD_INF)
            (void)snprintf(one->why, sizeof one->why, "it cannot get there on open streets");
    }
    return TQ_OK;
}

/* Able ones first, by time; then by id. The seam for the room fleet. */
static int order_crews(const void *left, const void *right)
{
    const choice *a = left, *b = right;
    bool able_a = a->why[0] == '\0', able_b = b->why[0] == '\0';
    if (able_a != able_b) return able_a ? -1 : 1;
    if (able_a && a->ds != b->ds) return a->ds < b->ds ? -1 : 1;
    return strcmp(desk_get_text(a->crew, "id"), desk_get_text(b->crew, "id"));
}

static json_t *choice_json(const desk_call *call, const choice *one)
{
    json_t *out = json_object();
    int64_t at_ms = 0;
    bool able = one->why[0] == '\0';
    json_object_set(out, "crew", json_object_get(one->crew, "id"));
    json_object_set(out, "name", json_object_get(one->crew, "name"));
    json_object_set_new(out, "able", json_boolean(able));
    json_object_set_new(out, "why_not", able ? json_null() : json_string(one->why));
    json_object_set_new(out, "minutes", able ? json_real(round(one->ds / 60.0) / 10) : json_null());
    if (desk_get_instant(call, json_object_get(one->crew, "position"), "at", &at_ms))
        json_object_set_new(out, "position_old",
                            json_boolean(call->command->now_ms - at_ms > OLD_POSITION));
    return out;
}

static tq_status with_metric(choices *all)
{
    const desk_call *call = all->call;
    const tq_desk_world *world = call->world;
    const tq_vehicle *vehicle = world != NULL ? tq_road_vehicle_named(world->city, VEHICLE) : NULL;
    if (vehicle == NULL)
        return tq_fail(call->err, TQ_NOT_FOUND, 0,
                       "this city has no streets for crews to drive on");
    const tq_metric *metric = NULL;
    TQ_TRY(
        tq_roads_get(world->roads, world->overlay, vehicle, all->wish->at_ms, &metric, call->err));
    void *memory = tq_alloc(WORK_BYTES, 1);
    tq_status status = TQ_OK;
    if (memory == NULL) status = tq_fail(call->err, TQ_NO_MEMORY, 0, "no memory for travel times");
    if (status == TQ_OK) {
        tq_arena work;
        tq_arena_init(&work, memory, WORK_BYTES);
        status = ask_times(all, metric, &work);
    }
    tq_free(memory);
    tq_roads_put(world->roads, metric);
    return status;
}

tq_status crews_candidates(desk_call *call)
{
    crew_wish wish = {0};
    TQ_TRY(read_question(call, &wish));
    choices *all = TQ_ALLOC(choices, 1);
    tq_status status = TQ_OK;
    if (all == NULL) {
        status = tq_fail(call->err, TQ_NO_MEMORY, 0, "no memory for the crews");
    } else {
        tq_store_filter filter = {.kind = "crew"};
        *all = (choices){.call = call, .wish = &wish};
        status = tq_store_each(call->desk->store, &filter, seen_crew, all, call->err);
        if (status == TQ_OK) status = with_metric(all);
    }
    if (status == TQ_OK) {
        qsort(all->row, all->count, sizeof all->row[0], order_crews);
        json_t *answer = json_object(), *list = json_array();
        for (uint32_t k = 0; k < all->count; k++)
            json_array_append_new(list, choice_json(call, &all->row[k]));
        json_object_set_new(answer, "candidates", list);
        status = desk_answer(call, answer);
    }
    for (uint32_t k = 0; all != NULL && k < all->count; k++)
        json_decref(all->row[k].crew);
    tq_free(all);
    crews_wish_free(&wish);
    return status;
}
