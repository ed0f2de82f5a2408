/*
 * Records of lines and requests, read and checked whole, and the small words they are written in:
 * times of the day, dates, months, week days.
 *
 * A line's record is checked when it is written, and read the same way when it is used: what was
 * saved is known to be sound, but its rule and its metro stop may have gone with a new city.
 */
#include <math.h>
#include <stdio.h>

#include "desk/lines_in.h"

static const char *const DAY_NAME[] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};

#define bad(...) tq_fail(err, TQ_BAD_INPUT, 0, __VA_ARGS__)

/* ---- words -------------------------------------------------------------------------------------
 */

bool lines_clock(const char *text, int32_t *out_s)
{
    unsigned hour = 0, minute = 0, second = 0;
    char rest = '\0';
    if (text == NULL) return false;
    int found = sscanf(text, "%2u:%2u:%2u%c", &hour, &minute, &second, &rest);
    if (found == 2) found = sscanf(text, "%2u:%2u%c", &hour, &minute, &rest) == 2 ? 3 : 0;
    if (found != 3 || hour > 29 || minute > 59 || second > 59) return false;
    *out_s = (int32_t)(hour * 3600 + minute * 60 + second);
    return true;
}

void lines_clock_print(int32_t at_s, char out[16])
{
    int32_t at = TQ_MAX(at_s, 0);
    if (at % 60 == 0)
        (void)snprintf(out, 16, "%02d:%02d", (int)(at / 3600 % 100), (int)(at / 60 % 60));
    else
        (void)snprintf(out, 16, "%02d:%02d:%02d", (int)(at / 3600 % 100), (int)(at / 60 % 60),
                       (int)(at % 60));
}

bool lines_date(const char *text, int32_t *out)
{
    unsigned year = 0, month = 0, day = 0, m2 = 0, d2 = 0;
    int32_t y2 = 0;
    char rest = '\0';
    if (text == NULL || strlen(text) != 10 ||
        sscanf(text, "%4u-%2u-%2u%c", &year, &month, &day, &rest) != 3 || year < 1971 ||
        month < 1 || month > 12 || day < 1 || day > 31)
        return false;
    int32_t number = tq_day_of((int32_t)year, month, day);
    tq_date_of(number, &y2, &m2, &d2);
    if (m2 != month || d2 != day) return false;
    *out = number;
    return true;
}

bool lines_month(const char *text, int32_t *out)
{
    unsigned year = 0, month = 0;
    char rest = '\0';
    if (text == NULL || strlen(text) != 7 || sscanf(text, "%4u-%2u%c", &year, &month, &rest) != 2 ||
        year < 1971 || month < 1 || month > 12)
        return false;
    *out = (int32_t)(year * 12 + month - 1);
    return true;
}

void lines_date_print(int32_t day, char out[16])
{
    int32_t year = 0;
    unsigned month = 0, of_month = 0;
    tq_date_of(day, &year, &month, &of_month);
    (void)snprintf(out, 16, "%04d-%02u-%02u", (int)(year % 10000), month % 100, of_month % 100);
}

void lines_month_print(int32_t month, char out[16])
{
    (void)snprintf(out, 16, "%04d-%02d", (int)(month / 12 % 10000), (int)(month % 12 + 1));
}

int32_t lines_month_of(int32_t day)
{
    int32_t year = 0;
    unsigned month = 0, of_month = 0;
    tq_date_of(day, &year, &month, &of_month);
    return year * 12 + (int32_t)month - 1;
}

int32_t lines_first_day(int32_t month)
{
    return tq_day_of(month / 12, (unsigned)(month % 12 + 1), 1);
}

bool lines_days(const json_t *list, uint32_t *out)
{
    uint32_t days = 0;
    if (list == NULL || json_is_null(list)) {
        *out = 127;
        return true;
    }
    for (size_t k = 0; k < json_array_size(list); k++) {
        const char *word = json_string_value(json_array_get(list, k));
        uint32_t day = 0;
        while (word != NULL && day < 7 && strcmp(DAY_NAME[day], word) != 0)
            day++;
        if (word == NULL || day == 7) return false;
        days |= 1u << day;
    }
    *out = days;
    return json_is_array(list) && days != 0;
}

json_t *lines_days_json(uint32_t days)
{
    json_t *out = json_array();
    for (uint32_t day = 0; day < 7; day++)
        if (days >> day & 1) json_array_append_new(out, json_string(DAY_NAME[day]));
    return out;
}

/* ---- places ------------------------------------------------------------------------------------
 */

/* Is a street for walkers within reach? The boxes of the grid come first, then the lines. */
static bool near_street(const tq_city *city, tq_point at, uint32_t reach_m)
{
    const tq_streets *streets = &city->streets;
    tq_box box = tq_box_grow((tq_box){at.lat_e7, at.lon_e7, at.lat_e7, at.lon_e7}, reach_m);
    tq_cells cells;
    if (!tq_grid_cells(&streets->grid, &box, &cells)) return false;
    for (uint32_t row = cells.row0; row <= cells.row1; row++)
        for (uint32_t column = cells.column0; column <= cells.column1; column++) {
            uint32_t cell = row * streets->grid.columns + column;
            for (uint32_t k = streets->grid.first[cell]; k < streets->grid.first[cell + 1]; k++) {
                uint32_t edge = streets->grid.item[k];
                tq_point before = streets->node_at[streets->edge_from[edge]];
                uint32_t end = streets->edge_first_point[edge + 1];
                for (uint32_t p = streets->edge_first_point[edge]; p <= end; p++) {
                    tq_point next =
                        p < end ? streets->point[p] : streets->node_at[streets->edge_to[edge]];
                    if (tq_project(at, before, next).distance_dm <= reach_m * 10) return true;
                    before = next;
                }
            }
        }
    return false;
}

static tq_status read_point(const tq_city *city, const json_t *place, const char *member,
                            tq_point *out, tq_err *err)
{
    const json_t *lat = json_object_get(place, "lat"), *lon = json_object_get(place, "lon");
    if (!json_is_number(lat) || !json_is_number(lon))
        return bad("\"%s\" needs numbers \"lat\" and \"lon\"", member);
    double y = json_number_value(lat), x = json_number_value(lon);
    if (!isfinite(y) || !isfinite(x) || fabs(y) > 90 || fabs(x) > 180)
        return bad("\"%s\": lat is from -90 to 90, lon from -180 to 180", member);
    *out = (tq_point){(int32_t)lround(y * 1e7), (int32_t)lround(x * 1e7)};
    if (city->meta != NULL && !tq_box_has(&city->meta->box, *out))
        return bad("\"%s\" (%.5f, %.5f) lies outside this city; choose a place inside", member, y,
                   x);
    return TQ_OK;
}

tq_status lines_place(const tq_city *city, const json_t *place, const char *member,
                      uint32_t reach_m, tq_point *out, tq_err *err)
{
    tq_point at;
    const json_t *name = json_object_get(place, "name");
    TQ_TRY(read_point(city, place, member, &at, err));
    if (name != NULL && !json_is_null(name) &&
        (!json_is_string(name) || json_string_length(name) >= LINES_NAME_MAX))
        return bad("\"%s\": name is a text of at most %u bytes", member, LINES_NAME_MAX - 1);
    if (!near_street(city, at, reach_m))
        return bad("\"%s\" is more than %u m from any street; choose a place at one", member,
                   reach_m);
    *out = at;
    return TQ_OK;
}

/* ---- lines -------------------------------------------------------------------------------------
 */

static tq_status whole(const json_t *object, const char *member, int64_t least, int64_t most,
                       int64_t otherwise, int64_t *out, tq_err *err)
{
    const json_t *value = json_object_get(object, member);
    *out = otherwise;
    if (value == NULL || json_is_null(value)) return TQ_OK;
    if (!json_is_integer(value) || json_integer_value(value) < least ||
        json_integer_value(value) > most)
        return bad("\"%s\" is a whole number from %lld to %lld", member, (long long)least,
                   (long long)most);
    *out = json_integer_value(value);
    return TQ_OK;
}

static tq_status word(const json_t *object, const char *member, size_t cap, char *out, tq_err *err)
{
    const char *text = desk_get_text(object, member);
    if (text[0] == '\0' || strlen(text) >= cap)
        return bad("\"%s\" is a text of 1 to %zu bytes", member, cap - 1);
    (void)snprintf(out, cap, "%s", text);
    return TQ_OK;
}

static tq_status read_stops(const tq_city *city, line_plan *plan, tq_err *err)
{
    const json_t *list = json_object_get(plan->record, "stops");
    size_t count = json_array_size(list);
    if (!json_is_array(list) || count < 2 || count > LINES_STOPS_MAX)
        return bad("\"stops\" is a list of 2 to %u stops", LINES_STOPS_MAX);
    for (size_t k = 0; k < count; k++) {
        const json_t *said = json_array_get(list, k);
        line_stop *stop = &plan->stop[k];
        char member[32];
        (void)snprintf(member, sizeof member, "stops[%zu]", k);
        if (!json_is_object(said)) return bad("\"%s\" is an object", member);
        TQ_TRY(word(said, "id", sizeof stop->id, stop->id, err));
        TQ_TRY(word(said, "name", sizeof stop->name, stop->name, err));
        TQ_TRY(lines_place(city, said, member, LINES_STOP_M, &stop->at, err));
        stop->board = !json_is_false(json_object_get(said, "board"));
        stop->alight = !json_is_false(json_object_get(said, "alight"));
        for (const char *c = stop->id; *c != '\0'; c++)
            if (!((*c >= '0' && *c <= '9') || (*c >= 'A' && *c <= 'Z') || (*c >= 'a' && *c <= 'z')))
                return bad("%s.id is \"%s\": use letters and digits", member, stop->id);
        plan->stop_count = (uint32_t)k;
        if (lines_plan_stop(plan, stop->id) != TQ_NONE)
            return bad("two stops have the id \"%s\"", stop->id);
        plan->stop_count = (uint32_t)k + 1;
    }
    return TQ_OK;
}

static tq_status read_trip(line_plan *plan, size_t k, tq_err *err)
{
    const json_t *said = json_array_get(json_object_get(plan->record, "trips"), k);
    const json_t *times = json_object_get(said, "times");
    line_trip *trip = &plan->trip[k];
    TQ_TRY(word(said, "id", sizeof trip->id, trip->id, err));
    plan->trip_count = (uint32_t)k;
    if (strchr(trip->id, '/') != NULL || lines_plan_trip(plan, trip->id) != TQ_NONE)
        return bad("trips[%zu].id is \"%s\": another one has it, or it holds a /", k, trip->id);
    plan->trip_count = (uint32_t)k + 1;
    if (!json_is_array(times) || json_array_size(times) != plan->stop_count)
        return bad("trip %s has %zu times for %u stops", trip->id, json_array_size(times),
                   plan->stop_count);
    for (uint32_t s = 0; s < plan->stop_count; s++) {
        if (!lines_clock(json_string_value(json_array_get(times, s)), &trip->at_s[s]))
            return bad("trip %s: time %u is written such as 07:30", trip->id, s + 1);
        if (s > 0 && trip->at_s[s] <= trip->at_s[s - 1])
            return bad("trip %s: it leaves stop %u not after stop %u", trip->id, s + 1, s);
    }
    return TQ_OK;
}

static tq_status read_trips(line_plan *plan, tq_err *err)
{
    const json_t *list = json_object_get(plan->record, "trips");
    size_t count = json_array_size(list);
    if (plan->dynamic && count > 0) return bad("a dynamic line has no \"trips\"");
    if (plan->dynamic) return TQ_OK;
    if (!json_is_array(list) || count < 1 || count > LINES_TRIPS_MAX)
        return bad("\"trips\" is a list of 1 to %u trips with times", LINES_TRIPS_MAX);
    for (size_t k = 0; k < count; k++)
        TQ_TRY(read_trip(plan, k, err));
    return TQ_OK;
}

/* A dynamic line: hours of the day, and a zone or its stops. */
static tq_status read_dynamic(const tq_city *city, line_plan *plan, tq_err *err)
{
    const json_t *window = json_object_get(plan->record, "window");
    const json_t *zone = json_object_get(plan->record, "zone");
    if (!lines_clock(desk_get_text(window, "from"), &plan->window_from_s) ||
        !lines_clock(desk_get_text(window, "to"), &plan->window_to_s) ||
        plan->window_to_s <= plan->window_from_s)
        return bad("\"window\" of a dynamic line needs \"from\" and \"to\" such as 06:30");
    if (zone == NULL || json_is_null(zone)) return TQ_OK;
    size_t count = json_array_size(zone);
    if (count < 3 || count > LINES_STOPS_MAX)
        return bad("\"zone\" is a ring of 3 to %u points {lat, lon}", LINES_STOPS_MAX);
    for (size_t k = 0; k < count; k++)
        TQ_TRY(read_point(city, json_array_get(zone, k), "zone", &plan->zone[k], err));
    plan->zone_count = (uint32_t)count;
    return TQ_OK;
}

static tq_status read_season(line_plan *plan, tq_err *err)
{
    const json_t *season = json_object_get(plan->record, "season");
    plan->from_day = INT32_MIN;
    plan->to_day = INT32_MAX;
    if (season == NULL || json_is_null(season)) return TQ_OK;
    const char *from = desk_get_text(season, "from"), *to = desk_get_text(season, "to");
    if ((from[0] != '\0' && !lines_date(from, &plan->from_day)) ||
        (to[0] != '\0' && !lines_date(to, &plan->to_day)))
        return bad("\"season\" has \"from\" and \"to\" such as 2025-07-01");
    if (plan->to_day < plan->from_day) return bad("\"season\" ends before it begins");
    return TQ_OK;
}

static uint32_t text_row(const tq_city *city, const char *id, uint32_t count, bool stop)
{
    for (uint32_t k = 0; k < count; k++) {
        uint32_t text = stop ? city->timetable.stop[k].id : city->timetable.route[k].id;
        if (strcmp(tq_text(city, text), id) == 0) return k;
    }
    return TQ_NONE;
}

/* "feeder": {"stop": id of the timetable, "at": stop of the line, "route", "direction", … } */
static tq_status read_feeder(const tq_city *city, line_plan *plan, tq_err *err)
{
    const json_t *said = json_object_get(plan->record, "feeder");
    line_feeder *out = &plan->feeder;
    int64_t change = 0, wait = 0, direction = 0;
    if (said == NULL || json_is_null(said)) return TQ_OK;
    const char *stop = desk_get_text(said, "stop"), *route = desk_get_text(said, "route");
    out->stop = text_row(city, stop, city->timetable.stop_count, true);
    if (out->stop == TQ_NONE)
        return bad("feeder.stop is \"%.60s\", which no stop of the timetable is called", stop);
    out->route = TQ_NONE;
    if (route[0] != '\0') {
        out->route = text_row(city, route, city->timetable.route_count, false);
        if (out->route == TQ_NONE)
            return bad("feeder.route is \"%.60s\", which no line of the timetable is called",
                       route);
    }
    out->line_stop = lines_plan_stop(plan, desk_get_text(said, "at"));
    if (out->line_stop == TQ_NONE || !plan->stop[out->line_stop].alight)
        return bad("feeder.at is the id of a stop of this line at which one gets off");
    TQ_TRY(whole(said, "direction", 0, 1, -1, &direction, err));
    TQ_TRY(whole(said, "change_s", 0, 1800, 180, &change, err));
    TQ_TRY(whole(said, "wait_max_s", 60, 3600, 600, &wait, err));
    out->direction = direction < 0 ? TQ_NONE : (uint32_t)direction;
    out->change_s = (int32_t)change;
    out->wait_max_s = (int32_t)wait;
    out->given = true;
    return TQ_OK;
}

static tq_status read_plan(const tq_desk *desk, line_plan *plan, tq_err *err)
{
    const tq_city *city = desk->city;
    const json_t *record = plan->record, *price = json_object_get(record, "price");
    const char *kind = desk_get_text(record, "kind"), *rule = desk_get_text(record, "rule");
    int64_t seats = 0, wheels = 0, vehicles = 0;
    if (desk_get_text(record, "name")[0] == '\0') return bad("\"name\" is missing");
    if (strcmp(kind, "timetable") != 0 && strcmp(kind, "dynamic") != 0)
        return bad("\"kind\" is timetable or dynamic");
    plan->dynamic = strcmp(kind, "dynamic") == 0;
    plan->rule = lines_rule(desk, rule);
    if (plan->rule == NULL)
        return bad("\"rule\" is \"%.40s\"; there is no file lines/*.yaml of that rule", rule);
    TQ_TRY(whole(record, "seats", 1, LINES_SEATS_MAX, 0, &seats, err));
    TQ_TRY(whole(record, "wheelchairs", 0, LINES_WHEELS_MAX, 0, &wheels, err));
    TQ_TRY(whole(record, "vehicles", 1, 20, 1, &vehicles, err));
    if (seats == 0) return bad("\"seats\" is missing");
    if ((int64_t)plan->rule->wheelchair_seats * wheels > seats)
        return bad("%lld wheelchairs take up %lld seats; it has %lld", (long long)wheels,
                   (long long)(plan->rule->wheelchair_seats * wheels), (long long)seats);
    plan->seats = (uint32_t)seats;
    plan->wheelchairs = (uint32_t)wheels;
    if (!lines_days(json_object_get(record, "days"), &plan->days))
        return bad("\"days\" is a list of mon tue wed thu fri sat sun");
    TQ_TRY(whole(price, "single_fen", 0, 1000000, 0, &plan->single_fen, err));
    TQ_TRY(whole(price, "month_fen", 0, 10000000, 0, &plan->month_fen, err));
    TQ_TRY(read_stops(city, plan, err));
    TQ_TRY(read_trips(plan, err));
    if (plan->dynamic) TQ_TRY(read_dynamic(city, plan, err));
    TQ_TRY(read_season(plan, err));
    return read_feeder(city, plan, err);
}

tq_status lines_plan_read(const tq_desk *desk, json_t *record, line_plan **out, tq_err *err)
{
    line_plan *plan = TQ_ALLOC(line_plan, 1);
    if (plan == NULL) return tq_fail(err, TQ_NO_MEMORY, 0, "no memory for a line");
    plan->record = json_incref(record);
    (void)snprintf(plan->id, sizeof plan->id, "%s", desk_get_text(record, "id"));
    (void)snprintf(plan->state, sizeof plan->state, "%s", desk_get_text(record, "state"));
    plan->version = (uint64_t)json_integer_value(json_object_get(record, "version"));
    tq_status status = read_plan(desk, plan, err);
    if (status != TQ_OK) {
        lines_plan_free(plan);
        return status;
    }
    *out = plan;
    return TQ_OK;
}

tq_status lines_plan_load(desk_call *call, const char *id, line_plan **out)
{
    json_auto_t *record = NULL;
    uint64_t version = 0;
    char state[32];
    TQ_TRY(desk_load(call, "line", id, &record, &version, state));
    TQ_TRY(lines_plan_read(call->desk, record, out, call->err));
    (*out)->version = version;
    return TQ_OK;
}

void lines_plan_free(line_plan *plan)
{
    if (plan == NULL) return;
    json_decref(plan->record);
    tq_free(plan);
}

bool lines_plan_serves(const line_plan *plan, int32_t day)
{
    /* The first of January 1970 was a Thursday. */
    uint32_t week_day = (uint32_t)(((int64_t)day + 3) % 7);
    return day >= plan->from_day && day <= plan->to_day && (plan->days >> week_day & 1) != 0;
}

uint32_t lines_plan_stop(const line_plan *plan, const char *id)
{
    for (uint32_t k = 0; k < plan->stop_count; k++)
        if (strcmp(plan->stop[k].id, id) == 0) return k;
    return TQ_NONE;
}

uint32_t lines_plan_trip(const line_plan *plan, const char *id)
{
    for (uint32_t k = 0; k < plan->trip_count; k++)
        if (strcmp(plan->trip[k].id, id) == 0) return k;
    return TQ_NONE;
}

int64_t lines_run_ms(const tq_city *city, const line_plan *plan, int32_t day, uint32_t trip,
                     uint32_t stop)
{
    return tq_service_day_ms(&city->zone, day) + (int64_t)plan->trip[trip].at_s[stop] * 1000;
}
