/*
 * Monitoring points: displacement and settlement of roads and slopes, with limits given per site.
 *
 * A reading is kept as it came, with the rate and acceleration known at that moment. The rate is
 * the median of all slopes between readings of the last window (Theil 1950, Sen 1968), so that one
 * bad reading does not make an alarm of rate; the acceleration is the change from the rate of the
 * window before. Limits hold for magnitudes; what has no limit raises nothing, and at least one is
 * needed.
 *
 * Silence is not safety: a reading that does not come within the expected interval makes the point
 * overdue. An alarm opens a case (or adds to the one that runs) and proposes the restriction that
 * the site's plan names; a person publishes it.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "desk/points_in.h"

#define FUTURE_MS       INT64_C(300000)
#define READINGS_MOST   1000u /* of one command */
#define VALUE_MOST      1e6   /* millimetres */
#define INTERVAL_MOST   (31.0 * 1440)
#define WINDOW_HOURS    24.0
#define RESTRICT_MS     (24 * INT64_C(3600000))
#define PROPOSAL_REASON "subsidence"

static const char *const MEASURE[] = {"value", "rate", "acceleration"};

/* ---- the site's plan
 * ----------------------------------------------------------------------------- */

static const char *const POINT_MEMBERS[] = {
    "name",   "type",     "asset", "unit", "place",       "stretch", "owner", "interval_min",
    "limits", "window_h", "range", "note", "restriction", "version", NULL};

static tq_status one_of(desk_call *call, const char *member, const char *const *list)
{
    const char *text = NULL;
    TQ_TRY(desk_text(call, member, true, &text));
    for (const char *const *one = list; *one != NULL; one++)
        if (strcmp(*one, text) == 0) return TQ_OK;
    const char *near = desk_nearest(text, list);
    return desk_bad(call, "\"%s\" is '%.40s'; %s%s", member, text,
                    near != NULL ? "did you mean " : "see the documentation of points for the list",
                    near != NULL ? near : "");
}

static tq_status check_limits(desk_call *call, const json_t *limits)
{
    const char *key;
    json_t *pair;
    uint32_t given = 0;
    if (!json_is_object(limits))
        return desk_bad(call, "\"limits\" is missing: limits of value, rate or acceleration belong "
                              "to the site, such as {\"value\":{\"warn\":1.6,\"alarm\":2}}");
    json_object_foreach((json_t *)(uintptr_t)limits, key, pair)
    {
        bool known = false;
        for (size_t k = 0; k < TQ_COUNT(MEASURE); k++)
            known = known || strcmp(key, MEASURE[k]) == 0;
        if (!known)
            return desk_bad(call, "limits: '%.40s' is none of value, rate, acceleration", key);
        const json_t *warn = json_object_get(pair, "warn"), *alarm = json_object_get(pair, "alarm");
        if (!json_is_number(alarm) || json_number_value(alarm) <= 0)
            return desk_bad(call, "limits.%s.alarm must be a number above 0", key);
        if (warn != NULL && (!json_is_number(warn) || json_number_value(warn) <= 0 ||
                             json_number_value(warn) > json_number_value(alarm)))
            return desk_bad(call, "limits.%s.warn must lie above 0 and not above the alarm", key);
        given++;
    }
    return given > 0 ? TQ_OK : desk_bad(call, "\"limits\" is empty: give at least one");
}

static tq_status check_range(desk_call *call)
{
    const json_t *range = json_object_get(call->body, "range");
    if (range == NULL) return TQ_OK;
    const json_t *least = json_object_get(range, "least"), *most = json_object_get(range, "most");
    if (!json_is_number(least) || !json_is_number(most) ||
        json_number_value(least) >= json_number_value(most))
        return desk_bad(call,
                        "\"range\" needs numbers \"least\" below \"most\": what the sensor can "
                        "measure");
    return TQ_OK;
}

static tq_status check_place(desk_call *call)
{
    const json_t *place = json_object_get(call->body, "place");
    const json_t *lat = json_object_get(place, "lat"), *lon = json_object_get(place, "lon");
    if (place == NULL && json_is_object(json_object_get(call->body, "stretch"))) return TQ_OK;
    bool good = json_is_number(lat) && json_is_number(lon) && fabs(json_number_value(lat)) <= 90 &&
                fabs(json_number_value(lon)) <= 180;
    return good ? TQ_OK
                : desk_bad(call, "a point needs \"place\" {\"lat\",\"lon\"} in degrees, or "
                                 "\"stretch\"");
}

static tq_status check_plan(desk_call *call)
{
    static const char *const types[] = {"displacement", "settlement", NULL};
    static const char *const assets[] = {"road", "slope", NULL};
    const char *text = NULL;
    double number = 0;
    TQ_TRY(desk_only(call, POINT_MEMBERS));
    TQ_TRY(desk_text(call, "name", true, &text));
    TQ_TRY(desk_text(call, "owner", true, &text));
    TQ_TRY(one_of(call, "type", types));
    TQ_TRY(one_of(call, "asset", assets));
    TQ_TRY(check_place(call));
    TQ_TRY(desk_number(call, "interval_min", true, 1, INTERVAL_MOST, &number));
    number = WINDOW_HOURS;
    TQ_TRY(desk_number(call, "window_h", false, 1, 24 * 31, &number));
    TQ_TRY(check_range(call));
    if (strcmp(desk_get_text(call->body, "unit"), "mm") != 0)
        return desk_bad(call, "\"unit\" must be mm: all series are in millimetres");
    return check_limits(call, json_object_get(call->body, "limits"));
}

static void take_plan(desk_call *call, json_t *point)
{
    for (const char *const *one = POINT_MEMBERS; *one != NULL; one++) {
        json_t *value = json_object_get(call->body, *one);
        if (value != NULL && strcmp(*one, "version") != 0) json_object_set(point, *one, value);
    }
}

static tq_status save_and_show(desk_call *call, const char *id, const char *state, json_t *point,
                               uint64_t version)
{
    TQ_TRY(desk_save(call, "point", id, state, point, version));
    call->desk->points_next_ms = INT64_MIN;
    return desk_answer(call, json_incref(point));
}

static tq_status point_create(desk_call *call)
{
    char id[TQ_ID_MAX];
    TQ_TRY(check_plan(call));
    json_auto_t *point = json_object();
    take_plan(call, point);
    json_object_set_new(point, "overdue", json_false());
    json_object_set_new(point, "case", json_null());
    json_object_set_new(point, "last", json_null());
    TQ_TRY(desk_new_id(call, "MP", id));
    /* Silence counts from now on. */
    desk_put_instant(call, point, "since", call->command->now_ms);
    *call->status = 201;
    TQ_TRY(desk_event(call, "point", id, "created", false, TQ_ROLE_STAFF, NULL));
    return save_and_show(call, id, "normal", point, 0);
}

static tq_status point_change(desk_call *call)
{
    uint64_t version = 0;
    char state[32];
    json_auto_t *point = NULL;
    TQ_TRY(desk_load(call, "point", call->command->id, &point, &version, state));
    TQ_TRY(desk_expect(call, "point", call->command->id, version));
    /* What is not given stays: the whole plan is then checked as if it were new. */
    for (const char *const *one = POINT_MEMBERS; *one != NULL; one++) {
        json_t *value = json_object_get(point, *one);
        if (value != NULL && json_object_get(call->body, *one) == NULL)
            json_object_set(call->body, *one, value);
    }
    TQ_TRY(check_plan(call));
    take_plan(call, point);
    TQ_TRY(desk_event(call, "point", call->command->id, "changed", false, TQ_ROLE_STAFF, NULL));
    return save_and_show(call, call->command->id, state, point, version);
}

/* ---- rates
 * ----------------------------------------------------------------------------------------- */

typedef struct window {
    point_reading row[POINT_WINDOW_MOST];
    uint32_t count;
} window;

static bool keep_reading(void *user, const tq_reading *reading)
{
    window *all = user;
    if (all->count == POINT_WINDOW_MOST) { /* the newest count */
        memmove(all->row, all->row + 1, (POINT_WINDOW_MOST - 1) * sizeof all->row[0]);
        all->count--;
    }
    all->row[all->count++] = (point_reading){reading->at_ms, (double)reading->value[0] / 1000};
    return true;
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

bool points_rate(const point_reading *row, uint32_t count, double *rate)
{
    static const double day_ms = 86400000;
    double slope[POINT_WINDOW_MOST * (POINT_WINDOW_MOST - 1) / 2];
    uint32_t slopes = 0;
    for (uint32_t a = 0; a < count; a++)
        for (uint32_t b = a + 1; b < count; b++)
            if (row[b].at_ms > row[a].at_ms)
                slope[slopes++] = (row[b].value - row[a].value) /
                                  ((double)(row[b].at_ms - row[a].at_ms) / day_ms);
    if (slopes == 0) return false;
    qsort(slope, slopes, sizeof slope[0], by_size);
    *rate = slopes % 2 == 1 ? slope[slopes / 2] : (slope[slopes / 2 - 1] + slope[slopes / 2]) / 2;
    return true;
}

/* Rate and acceleration at an instant, from what is kept up to it. */
static tq_status rates_at(desk_call *call, const char *id, int64_t at_ms, double window_h,
                          measured *out)
{
    int64_t window_ms = (int64_t)(window_h * 3600000);
    window now = {.count = 0}, before = {.count = 0};
    tq_store *store = call->desk->store;
    TQ_TRY(
        tq_store_readings(store, id, at_ms - window_ms, at_ms, 0, keep_reading, &now, call->err));
    TQ_TRY(tq_store_readings(store, id, at_ms - 2 * window_ms, at_ms - window_ms, 0, keep_reading,
                             &before, call->err));
    double earlier = 0;
    out->has_rate = points_rate(now.row, now.count, &out->rate);
    out->has_acceleration = out->has_rate && points_rate(before.row, before.count, &earlier);
    if (out->has_acceleration) out->acceleration = (out->rate - earlier) / (window_h / 24);
    return TQ_OK;
}

/* ---- judging
 * ---------------------------------------------------------------------------------------- */

static unsigned over(const json_t *limits, const char *measure, bool has, double value)
{
    const json_t *pair = json_object_get(limits, measure);
    const json_t *warn = json_object_get(pair, "warn"), *alarm = json_object_get(pair, "alarm");
    if (!has || pair == NULL) return 0;
    if (fabs(value) >= json_number_value(alarm)) return 2;
    return warn != NULL && fabs(value) >= json_number_value(warn) ? 1 : 0;
}

/* 0 normal, 1 warn, 2 alarm; `what` names the measures that are over. */
static unsigned judge(const json_t *limits, const measured *m, json_t *what)
{
    const unsigned level[] = {over(limits, "value", true, m->value),
                              over(limits, "rate", m->has_rate, m->rate),
                              over(limits, "acceleration", m->has_acceleration, m->acceleration)};
    unsigned most = 0;
    for (size_t k = 0; k < TQ_COUNT(MEASURE); k++) {
        if (level[k] > 0) json_array_append_new(what, json_string(MEASURE[k]));
        most = TQ_MAX(most, level[k]);
    }
    return most;
}

static json_t *measured_json(desk_call *call, const measured *m)
{
    json_t *out = json_object();
    desk_put_instant(call, out, "at", m->at_ms);
    json_object_set_new(out, "value", json_real(m->value));
    json_object_set_new(out, "rate", m->has_rate ? json_real(m->rate) : json_null());
    json_object_set_new(out, "acceleration",
                        m->has_acceleration ? json_real(m->acceleration) : json_null());
    return out;
}

/* A case that runs still? */
static bool case_runs(desk_call *call, const char *id)
{
    json_t *body = NULL;
    uint64_t version = 0;
    char state[32] = "";
    tq_err why = {0};
    desk_call quiet = *call;
    quiet.err = &why;
    if (id[0] == '\0' || desk_load(&quiet, "case", id, &body, &version, state) != TQ_OK)
        return false;
    json_decref(body);
    return strcmp(state, "ended") != 0;
}

typedef struct neighbours {
    desk_call *call;
    const json_t *stretch;
    char found[TQ_ID_MAX]; /* the case that runs there */
} neighbours;

static bool seen_neighbour(void *user, const tq_record *record)
{
    neighbours *all = user;
    json_error_t why;
    json_auto_t *point = json_loadb(record->body.at, record->body.len, 0, &why);
    const char *number = desk_get_text(point, "case");
    if (!json_equal(json_object_get(point, "stretch"), all->stretch) ||
        !case_runs(all->call, number))
        return true;
    (void)snprintf(all->found, sizeof all->found, "%s", number);
    return false;
}

/* The case that an alarm adds to: the point's own, else that of another point of the same stretch.
 */
static tq_status running_case(desk_call *call, const json_t *point, char out[TQ_ID_MAX])
{
    const char *own = desk_get_text(point, "case");
    neighbours all = {.call = call, .stretch = json_object_get(point, "stretch")};
    tq_store_filter filter = {.kind = "point"};
    if (case_runs(call, own))
        (void)snprintf(all.found, sizeof all.found, "%s", own);
    else if (all.stretch != NULL)
        TQ_TRY(tq_store_each(call->desk->store, &filter, seen_neighbour, &all, call->err));
    (void)snprintf(out, TQ_ID_MAX, "%s", all.found);
    return TQ_OK;
}

static tq_status raise_case(desk_call *call, json_t *point, const char *id, const measured *m,
                            const json_t *what)
{
    char number[TQ_ID_MAX], title[300];
    json_auto_t *note = measured_json(call, m);
    json_object_set_new(note, "point", json_string(id));
    json_object_set(note, "over", (json_t *)(uintptr_t)what);
    TQ_TRY(running_case(call, point, number));
    if (number[0] != '\0') {
        json_object_set_new(point, "case", json_string(number));
        return desk_case_note(call, number, "alarm", json_incref(note));
    }
    json_auto_t *body = json_object();
    (void)snprintf(title, sizeof title, "%s %.3f mm", desk_get_text(point, "name"), m->value);
    json_object_set_new(body, "title", json_string(title));
    json_object_set_new(body, "alarm", json_true());
    json_object_set_new(body, "point", json_string(id));
    json_t *place = json_object_get(point, "place"), *stretch = json_object_get(point, "stretch");
    if (place != NULL) json_object_set(body, "place", place);
    if (stretch != NULL) json_object_set(body, "stretch", stretch);
    tq_status status = desk_case_open(call, "road_damage", body, number);
    if (status == TQ_OK) status = desk_case_note(call, number, "alarm", json_incref(note));
    if (status == TQ_OK) json_object_set_new(point, "case", json_string(number));
    return status;
}

/* After new readings: the last one decides. */
static tq_status settle(desk_call *call, json_t *point, const char *id, const char *was,
                        const measured *m, const char **state)
{
    static const char *const names[] = {"normal", "warn", "alarm"};
    json_auto_t *what = json_array();
    unsigned level = judge(json_object_get(point, "limits"), m, what);
    json_object_set_new(point, "last", measured_json(call, m));
    json_object_set(point, "over", what);
    json_object_set_new(point, "overdue", json_false());
    *state = names[level];
    if (strcmp(was, *state) == 0) return TQ_OK;
    json_object_set_new(point, "acknowledged", json_null());
    if (level == 2) {
        TQ_TRY(raise_case(call, point, id, m, what));
        json_t *plan = json_object_get(point, "restriction");
        if (json_is_object(plan)) json_object_set(point, "proposal", plan);
    }
    json_t *said = measured_json(call, m);
    json_object_set(said, "over", what);
    return desk_event(call, "point", id, *state, false, TQ_ROLE_STAFF, said);
}

/* ---- readings
 * ------------------------------------------------------------------------------------------ */

typedef struct known_reading {
    bool found;
    int64_t value;
} known_reading;

static bool seen_known(void *user, const tq_reading *reading)
{
    known_reading *out = user;
    out->found = true;
    out->value = reading->value[0];
    return false;
}

/* One reading of the body, checked; *again: it is there already. */
static tq_status read_one(desk_call *call, const json_t *point, const char *id, const json_t *row,
                          size_t number, int64_t last_ms, measured *out, bool *late, bool *again)
{
    const json_t *value = json_object_get(row, "value");
    const json_t *range = json_object_get(point, "range");
    if (!desk_get_instant(call, row, "at", &out->at_ms))
        return desk_bad(call, "reading %zu: \"at\" must be an instant such as 2026-01-05T08:00",
                        number);
    if (!json_is_number(value) || !isfinite(json_number_value(value)) ||
        fabs(json_number_value(value)) > VALUE_MOST)
        return desk_bad(call, "reading %zu: \"value\" must be a number of millimetres", number);
    out->value = json_number_value(value);
    *late = json_is_true(json_object_get(row, "late"));
    if (range != NULL && (out->value < json_number_value(json_object_get(range, "least")) ||
                          out->value > json_number_value(json_object_get(range, "most"))))
        return desk_bad(call, "reading %zu: %.3f mm is beyond what the sensor can measure", number,
                        out->value);
    if (out->at_ms > call->command->now_ms + FUTURE_MS)
        return desk_bad(call, "reading %zu is from the future: check the sensor's clock", number);
    known_reading known = {0};
    TQ_TRY(tq_store_readings(call->desk->store, id, out->at_ms, out->at_ms, 1, seen_known, &known,
                             call->err));
    *again = known.found && known.value == llround(out->value * 1000);
    if (known.found && !*again)
        return desk_bad(call, "reading %zu: that instant has the value %.3f already", number,
                        (double)known.value / 1000);
    if (!*again && out->at_ms <= last_ms && !*late)
        return desk_bad(call,
                        "reading %zu is older than the last one; say \"late\": true when it is "
                        "meant to be filled in",
                        number);
    return TQ_OK;
}

static tq_status keep_one(desk_call *call, const char *id, const measured *m, bool late)
{
    tq_reading reading = {
        .at_ms = m->at_ms, .value = {llround(m->value * 1000)}, .flags = late ? POINT_LATE : 0};
    return tq_store_put_reading(call->desk->store, id, &reading, call->err);
}

static tq_status point_readings(desk_call *call)
{
    static const char *const members[] = {"readings", NULL};
    const char *id = call->command->id, *state_now = NULL;
    uint64_t version = 0;
    char was[32];
    json_auto_t *point = NULL;
    TQ_TRY(desk_only(call, members));
    TQ_TRY(desk_load(call, "point", id, &point, &version, was));
    const json_t *list = json_object_get(call->body, "readings");
    size_t count = json_array_size(list), taken = 0;
    if (count == 0 || count > READINGS_MOST)
        return desk_bad(call, "\"readings\" must be a list of 1 to %u readings", READINGS_MOST);
    if (strcmp(was, "closed") == 0) return desk_bad(call, "the point %s is closed", id);
    int64_t last_ms = INT64_MIN;
    (void)desk_get_instant(call, json_object_get(point, "last"), "at", &last_ms);
    measured newest = {.at_ms = INT64_MIN};
    for (size_t k = 0; k < count; k++) {
        measured one = {0};
        bool late = false, again = false;
        TQ_TRY(read_one(call, point, id, json_array_get(list, k), k + 1,
                        TQ_MAX(last_ms, newest.at_ms), &one, &late, &again));
        if (again) continue;
        TQ_TRY(keep_one(call, id, &one, late));
        taken++;
        if (one.at_ms > TQ_MAX(last_ms, newest.at_ms)) newest = one;
    }
    state_now = was;
    if (newest.at_ms != INT64_MIN) {
        const json_t *hours = json_object_get(point, "window_h");
        TQ_TRY(rates_at(call, id, newest.at_ms,
                        hours != NULL ? json_number_value(hours) : WINDOW_HOURS, &newest));
        TQ_TRY(settle(call, point, id, was, &newest, &state_now));
    }
    if (taken > 0) {
        TQ_TRY(desk_save(call, "point", id, state_now, point, version));
        TQ_TRY(desk_event(call, "point", id, "reading", false, TQ_ROLE_STAFF, NULL));
        call->desk->points_next_ms = INT64_MIN;
    }
    json_t *answer = json_object();
    json_object_set_new(answer, "taken", json_integer((json_int_t)taken));
    json_object_set_new(answer, "known", json_integer((json_int_t)(count - taken)));
    json_object_set(answer, "point", point);
    return desk_answer(call, answer);
}

/* ---- people
 * ---------------------------------------------------------------------------------------------- */

static tq_status point_acknowledge(desk_call *call)
{
    static const char *const members[] = {"note", "version", NULL};
    const char *note = NULL;
    uint64_t version = 0;
    char state[32];
    json_auto_t *point = NULL;
    TQ_TRY(desk_only(call, members));
    TQ_TRY(desk_text(call, "note", true, &note));
    TQ_TRY(desk_load(call, "point", call->command->id, &point, &version, state));
    TQ_TRY(desk_expect(call, "point", call->command->id, version));
    json_t *who = json_object();
    json_object_set_new(who, "by", json_string(call->command->actor->name));
    json_object_set_new(who, "note", json_string(note));
    desk_put_instant(call, who, "at", call->command->now_ms);
    json_object_set_new(point, "acknowledged", who);
    TQ_TRY(
        desk_event(call, "point", call->command->id, "acknowledged", false, TQ_ROLE_STAFF, NULL));
    return save_and_show(call, call->command->id, state, point, version);
}

/* One action: the restriction that the site's plan names becomes a closure of the alarm's case. */
static tq_status point_restrict(desk_call *call)
{
    static const char *const members[] = {"to", "version", NULL};
    const char *id = call->command->id;
    uint64_t version = 0;
    char state[32], number[TQ_ID_MAX];
    int64_t to_ms = call->command->now_ms + RESTRICT_MS;
    json_auto_t *point = NULL;
    TQ_TRY(desk_only(call, members));
    TQ_TRY(desk_load(call, "point", id, &point, &version, state));
    TQ_TRY(desk_expect(call, "point", id, version));
    TQ_TRY(desk_instant(call, "to", false, &to_ms));
    const json_t *proposal = json_object_get(point, "proposal");
    if (!json_is_object(proposal))
        return desk_bad(call,
                        "the point proposes no restriction: it has no alarm, or its plan names "
                        "none (\"restriction\")");
    json_auto_t *closure = json_deep_copy(proposal);
    if (json_object_get(closure, "stretch") == NULL && json_object_get(point, "stretch") != NULL)
        json_object_set(closure, "stretch", json_object_get(point, "stretch"));
    desk_put_instant(call, closure, "from", call->command->now_ms);
    desk_put_instant(call, closure, "to", to_ms);
    if (json_object_get(closure, "owner") == NULL)
        json_object_set_new(closure, "owner", json_string(desk_get_text(point, "owner")));
    if (json_object_get(closure, "reason") == NULL)
        json_object_set_new(closure, "reason", json_string(PROPOSAL_REASON));
    json_object_set_new(closure, "sudden", json_true());
    TQ_TRY(desk_closure_publish(call, closure, desk_get_text(point, "case"), number));
    json_object_set_new(point, "proposal", json_null());
    json_object_set_new(point, "closure", json_string(number));
    TQ_TRY(desk_event(call, "point", id, "restricted", false, TQ_ROLE_STAFF, NULL));
    return save_and_show(call, id, state, point, version);
}

static json_t *show_point(desk_call *call, const tq_record *record)
{
    json_t *point = NULL;
    return desk_parse(record->body, DESK_BODY_MAX, "a point", &point, call->err) == TQ_OK ? point
                                                                                          : NULL;
}

static tq_status point_list(desk_call *call)
{
    return desk_answer_list(call, "point", "points", show_point);
}

static tq_status point_get(desk_call *call)
{
    uint64_t version = 0;
    char state[32];
    json_t *point = NULL;
    TQ_TRY(desk_load(call, "point", call->command->id, &point, &version, state));
    return desk_answer(call, point);
}

/* ---- the clock
 * ---------------------------------------------------------------------------------------------- */

typedef struct late_points {
    desk_call *call;
    desk_ids ids;
    int64_t next_ms;
    bool failed;
} late_points;

static bool seen_point(void *user, const tq_record *record)
{
    late_points *all = user;
    json_auto_t *point = show_point(all->call, record);
    int64_t last_ms = 0;
    if (point == NULL || strcmp(record->state, "closed") == 0 ||
        json_is_true(json_object_get(point, "overdue")))
        return true;
    if (!desk_get_instant(all->call, json_object_get(point, "last"), "at", &last_ms) &&
        !desk_get_instant(all->call, point, "since", &last_ms))
        return true;
    int64_t due_ms =
        last_ms + (int64_t)(json_number_value(json_object_get(point, "interval_min")) * 60000);
    if (due_ms >= all->call->command->now_ms) {
        all->next_ms = TQ_MIN(all->next_ms, due_ms + 1);
        return true;
    }
    all->failed = !desk_ids_push(&all->ids, record->id);
    return !all->failed;
}

tq_status desk_points_tick(desk_call *call, bool *changed)
{
    if (call->command->now_ms < call->desk->points_next_ms) return TQ_OK;
    late_points all = {.call = call, .next_ms = INT64_MAX};
    tq_store_filter filter = {.kind = "point"};
    tq_status status = tq_store_each(call->desk->store, &filter, seen_point, &all, call->err);
    if (status == TQ_OK && all.failed)
        status = tq_fail(call->err, TQ_NO_MEMORY, 0, "no memory for the points that are overdue");
    for (size_t k = 0; status == TQ_OK && k < all.ids.count; k++) {
        const char *id = all.ids.at[k].text;
        uint64_t version = 0;
        char state[32];
        json_auto_t *point = NULL;
        status = desk_load(call, "point", id, &point, &version, state);
        if (status != TQ_OK) break;
        json_object_set_new(point, "overdue", json_true());
        json_object_set_new(point, "acknowledged", json_null());
        status = desk_save(call, "point", id, state, point, version);
        if (status == TQ_OK)
            status = desk_event(call, "point", id, "overdue", false, TQ_ROLE_STAFF, NULL);
        *changed = true;
    }
    tq_vec_free(&all.ids);
    call->desk->points_next_ms = status == TQ_OK ? all.next_ms : INT64_MIN;
    return status;
}

#define READS (TQ_ROLE_STAFF | TQ_ROLE_PEER)
#define PLANS (TQ_ROLE_PLANNER | TQ_ROLE_DISPATCHER | TQ_ROLE_ADMIN)
#define WORKS (TQ_ROLE_ROAD_UNIT | TQ_ROLE_DISPATCHER | TQ_ROLE_PLANNER | TQ_ROLE_ADMIN)

const desk_verb desk_point_verbs[] = {
    {"point.list", READS, TQ_VERB_ASK, point_list},
    {"point.get", READS, TQ_VERB_ASK, point_get},
    {"point.series", READS, TQ_VERB_ASK, point_series},
    {"point.create", PLANS, TQ_VERB_DO, point_create},
    {"point.change", PLANS, TQ_VERB_DO, point_change},
    {"point.readings", WORKS | TQ_ROLE_PEER, TQ_VERB_DO, point_readings},
    {"point.acknowledge", WORKS, TQ_VERB_DO, point_acknowledge},
    {"point.restrict", TQ_ROLE_DISPATCHER | TQ_ROLE_ADMIN, TQ_VERB_DO, point_restrict},
    {.name = NULL},
};
