/*
 * Closures and restrictions, read and checked. The shape is told in docs/design/live.md, for users
 * in docs/guide/closures.md.
 *
 * Everything is checked before anything is given out: a refusal names the member, its value and
 * what would do. «from» may be missing: then the closure holds already.
 */
#include <stdio.h>

#include "live/live_in.h"

#define T_TO_10KG 100.0
#define M_TO_CM   100.0

const char *const LIVE_EFFECTS[] = {"full", "lanes", "half_width", "speed", "local", NULL};
const char *const LIVE_FENCED[] = {"none", "left", "right", "both", NULL};
const char *const LIVE_REASONS[] = {"crack", "subsidence", "works", "accident", "snow",
                                    "flood", "event",      "other", NULL};

const live_user LIVE_USERS[] = {
    {"all", "所有", "everybody", 0xff},
    {"motor", "机动车", "motor vehicles", TQ_ACCESS_MOTOR},
    {"car", "小客车", "cars", TQ_ACCESS_CAR},
    {"taxi", "出租车", "taxis", TQ_ACCESS_TAXI},
    {"bus", "公交车", "buses", TQ_ACCESS_BUS},
    {"lorry", "货车", "lorries", TQ_ACCESS_LORRY},
    {"emergency", "应急车辆", "emergency vehicles", TQ_ACCESS_EMERGENCY},
    {"bike", "非机动车", "bicycles", TQ_ACCESS_BIKE},
    {"foot", "行人", "walkers", TQ_ACCESS_FOOT | TQ_ACCESS_WHEELCHAIR},
    {NULL, NULL, NULL, 0},
};

static const char *const MEMBERS[] = {"id",    "state", "version", "stretch",   "effect",
                                      "lanes", "users", "fenced",  "speed_kmh", "limit",
                                      "from",  "to",    "times",   "reason",    "sudden",
                                      "owner", "case",  "work",    "note",      NULL};

void tq_closure_free(tq_closure *closure)
{
    if (closure != NULL) tq_stretch_free(&closure->stretch);
}

bool live_has_limit(const tq_clause *limit)
{
    return limit->weight_10kg != 0 || limit->axle_10kg != 0 || limit->height_cm != 0 ||
           limit->width_cm != 0 || limit->length_cm != 0 || limit->hazmat != 0;
}

uint16_t live_speed_kmh(const tq_closure *closure)
{
    if (closure->speed_kmh != 0) return closure->speed_kmh;
    return closure->effect == TQ_CLOSURE_HALF_WIDTH ? (uint16_t)LIVE_HALF_WIDTH_KMH : 0;
}

/* ---- members --------------------------------------------------------------------------------- */

/* A member that is null is as good as missing. */
static const json_t *member(const json_t *json, const char *name)
{
    const json_t *value = json_object_get(json, name);
    return json_is_null(value) ? NULL : value;
}

static tq_status read_word(const json_t *json, const char *name, const char *const *list,
                           uint32_t missing, uint32_t *out, tq_err *err)
{
    char word[32];
    TQ_TRY(live_text(json, name, sizeof word, word, err));
    *out = word[0] == '\0' ? missing : live_row_of(word, list);
    if (*out != TQ_NONE) return TQ_OK;
    if (word[0] == '\0')
        return tq_fail(err, TQ_BAD_INPUT, 0, "\"%s\" is missing; it is \"%s\", …", name, list[0]);
    return tq_fail(err, TQ_BAD_INPUT, 0, "\"%s\": \"%s\" is not known; did you mean \"%s\"?", name,
                   word, live_nearest(word, list));
}

static tq_status read_users(const json_t *json, tq_closure *out, tq_err *err)
{
    const json_t *list = member(json, "users");
    if (list == NULL) {
        out->users = TQ_ACCESS_MOTOR;
        if (out->effect != TQ_CLOSURE_LOCAL) out->users |= TQ_ACCESS_BIKE;
        return TQ_OK;
    }
    if (!json_is_array(list) || json_array_size(list) == 0)
        return tq_fail(err, TQ_BAD_INPUT, 0,
                       "\"users\" is a list of motor car taxi bus lorry emergency bike foot all");
    for (size_t k = 0; k < json_array_size(list); k++) {
        const char *word = json_string_value(json_array_get(list, k));
        uint32_t row = 0;
        while (LIVE_USERS[row].name != NULL &&
               (word == NULL || strcmp(word, LIVE_USERS[row].name) != 0))
            row++;
        if (LIVE_USERS[row].name == NULL)
            return tq_fail(err, TQ_BAD_INPUT, k,
                           "\"users\": \"%.20s\" is not known; motor car taxi bus lorry emergency "
                           "bike foot all are",
                           word != NULL ? word : "(no text)");
        out->users |= LIVE_USERS[row].access;
    }
    return TQ_OK;
}

static bool small_count(const json_t *value, uint32_t least, uint32_t most, uint32_t *out)
{
    json_int_t number = json_integer_value(value);
    if (!json_is_integer(value) || number < (json_int_t)least || number > (json_int_t)most)
        return false;
    *out = (uint32_t)number;
    return true;
}

/* Most lanes of both directions together that the city knows of; 0 = it does not know. */
static uint32_t known_lanes(const tq_city *city, const tq_stretch *stretch)
{
    uint32_t most = 0;
    for (uint32_t k = 0; k < stretch->arc_count; k++) {
        const tq_street_attr *attr = tq_edge_attr(&city->streets, stretch->arc[k] >> 1);
        uint32_t lanes = (uint32_t)attr->lanes[0] + attr->lanes[1];
        if (lanes == 0) return 0;
        most = TQ_MAX(most, lanes);
    }
    return most;
}

static tq_status read_lanes(const tq_city *city, const json_t *json, tq_closure *out, tq_err *err)
{
    static const char *const members[] = {"total", "left", NULL};
    const json_t *lanes = member(json, "lanes");
    uint32_t total, left, known = known_lanes(city, &out->stretch);
    if (lanes == NULL && out->effect == TQ_CLOSURE_LANES)
        return tq_fail(err, TQ_BAD_INPUT, 0,
                       "\"lanes\" is missing: effect \"lanes\" needs {\"total\":3,\"left\":1}");
    if (lanes == NULL) return TQ_OK;
    if (out->effect != TQ_CLOSURE_LANES && out->effect != TQ_CLOSURE_HALF_WIDTH)
        return tq_fail(err, TQ_BAD_INPUT, 0,
                       "\"lanes\" goes with effect \"lanes\" or \"half_width\", not \"%s\"",
                       LIVE_EFFECTS[out->effect]);
    if (!json_is_object(lanes))
        return tq_fail(err, TQ_BAD_INPUT, 0, "\"lanes\" is such as {\"total\":3,\"left\":1}");
    TQ_TRY(live_only(lanes, members, "lanes", err));
    if (!small_count(json_object_get(lanes, "total"), 1, LIVE_LANES_MAX, &total) ||
        !small_count(json_object_get(lanes, "left"), 0, LIVE_LANES_MAX, &left))
        return tq_fail(err, TQ_BAD_INPUT, 0,
                       "\"lanes\": \"total\" and \"left\" are whole numbers up to %u",
                       LIVE_LANES_MAX);
    if (left >= total)
        return tq_fail(err, TQ_BAD_INPUT, 0,
                       "\"lanes\": %u of %u are left, so none is taken; \"left\" is less than "
                       "\"total\"",
                       left, total);
    if (left == 0)
        return tq_fail(err, TQ_BAD_INPUT, 0,
                       "\"lanes\": none of %u is left; say \"effect\":\"full\"", total);
    if (known > 0 && total > known)
        return tq_fail(err, TQ_BAD_INPUT, 0,
                       "\"lanes\": %u are not there; %s has %u, both directions together", total,
                       out->stretch.street, known);
    out->lanes_total = (uint8_t)total;
    out->lanes_left = (uint8_t)left;
    return TQ_OK;
}

static tq_status read_speed(const json_t *json, tq_closure *out, tq_err *err)
{
    const json_t *value = member(json, "speed_kmh");
    uint32_t kmh = 0;
    if (value == NULL && out->effect == TQ_CLOSURE_SPEED)
        return tq_fail(err, TQ_BAD_INPUT, 0, "\"speed_kmh\" is missing: effect \"speed\" needs it");
    if (value == NULL) return TQ_OK;
    if (!small_count(value, 1, LIVE_SPEED_KMH_MAX, &kmh))
        return tq_fail(err, TQ_BAD_INPUT, 0, "\"speed_kmh\" is a whole number from 1 to %u",
                       LIVE_SPEED_KMH_MAX);
    if (out->effect == TQ_CLOSURE_FULL || out->effect == TQ_CLOSURE_LOCAL)
        return tq_fail(err, TQ_BAD_INPUT, 0, "\"speed_kmh\" does not go with effect \"%s\"",
                       LIVE_EFFECTS[out->effect]);
    out->speed_kmh = (uint16_t)kmh;
    return TQ_OK;
}

static tq_status read_size(const json_t *limit, const char *name, double factor, uint16_t *out,
                           tq_err *err)
{
    const json_t *value = member(limit, name);
    if (value == NULL) return TQ_OK;
    double number = json_number_value(value) * factor + 0.5;
    if (!json_is_number(value) || !(number >= 1) || !(number < 65536))
        return tq_fail(err, TQ_BAD_INPUT, 0, "\"limit\": \"%s\" is a number above 0 and up to 655",
                       name);
    *out = (uint16_t)number;
    return TQ_OK;
}

static tq_status read_limit(const json_t *json, tq_closure *out, tq_err *err)
{
    static const char *const members[] = {"weight_t", "height_m", "width_m", "length_m",
                                          "axle_t",   "hazmat",   NULL};
    const json_t *limit = member(json, "limit");
    if (limit == NULL) return TQ_OK;
    if (!json_is_object(limit))
        return tq_fail(err, TQ_BAD_INPUT, 0, "\"limit\" is such as {\"weight_t\":10}");
    TQ_TRY(live_only(limit, members, "limit", err));
    TQ_TRY(read_size(limit, "weight_t", T_TO_10KG, &out->limit.weight_10kg, err));
    TQ_TRY(read_size(limit, "axle_t", T_TO_10KG, &out->limit.axle_10kg, err));
    TQ_TRY(read_size(limit, "height_m", M_TO_CM, &out->limit.height_cm, err));
    TQ_TRY(read_size(limit, "width_m", M_TO_CM, &out->limit.width_cm, err));
    TQ_TRY(read_size(limit, "length_m", M_TO_CM, &out->limit.length_cm, err));
    const json_t *hazmat = member(limit, "hazmat");
    if (hazmat != NULL && !json_is_boolean(hazmat))
        return tq_fail(err, TQ_BAD_INPUT, 0, "\"limit\": \"hazmat\" is true or false");
    out->limit.hazmat = json_is_true(hazmat) ? 1 : 0;
    if (!live_has_limit(&out->limit))
        return tq_fail(err, TQ_BAD_INPUT, 0,
                       "\"limit\" says nothing; give weight_t height_m width_m length_m axle_t or "
                       "hazmat, or leave it out");
    return TQ_OK;
}

/* ---- time ------------------------------------------------------------------------------------ */

static tq_status read_instant(const tq_city *city, const json_t *json, const char *name,
                              int64_t *out, tq_err *err)
{
    char text[TQ_TIME_TEXT_MAX];
    tq_err why;
    TQ_TRY(live_text(json, name, sizeof text, text, err));
    if (text[0] == '\0') return TQ_OK;
    if (tq_time_parse(&city->zone, tq_str_of(text), out, &why) != TQ_OK)
        return tq_fail(err, TQ_BAD_INPUT, 0, "\"%s\": %.300s", name, why.text);
    return TQ_OK;
}

static tq_status read_period(const tq_city *city, const json_t *json, int64_t now_ms,
                             tq_closure *out, tq_err *err)
{
    char from[TQ_TIME_TEXT_MAX], to[TQ_TIME_TEXT_MAX];
    out->from_ms = 0;
    out->to_ms = INT64_MIN;
    TQ_TRY(read_instant(city, json, "from", &out->from_ms, err));
    TQ_TRY(read_instant(city, json, "to", &out->to_ms, err));
    if (out->to_ms == INT64_MIN)
        return tq_fail(err, TQ_BAD_INPUT, 0,
                       "\"to\" is missing: a closure needs an expected end; it can be changed "
                       "later");
    tq_time_print(&city->zone, out->from_ms, from);
    tq_time_print(&city->zone, out->to_ms, to);
    if (out->to_ms <= out->from_ms)
        return tq_fail(err, TQ_BAD_INPUT, 0, "\"to\" %s is not after \"from\" %s", to, from);
    if (now_ms != INT64_MIN && out->to_ms <= now_ms)
        return tq_fail(err, TQ_BAD_INPUT, 0,
                       "\"to\" %s is in the past; give an end that is to come", to);
    if (member(json, "times") != NULL) TQ_TRY(live_read_times(member(json, "times"), out, err));
    for (uint32_t k = 0; k < out->time_count; k++)
        if (!live_time_ever(city, &out->time[k], out->from_ms, out->to_ms))
            return tq_fail(err, TQ_BAD_INPUT, k,
                           "\"times\" %u never holds between %s and %s; change it or leave it out",
                           k, from, to);
    return TQ_OK;
}

/* ---- the whole ------------------------------------------------------------------------------- */

static tq_status read_rest(const tq_city *city, const json_t *json, int64_t now_ms, tq_closure *out,
                           tq_err *err)
{
    uint32_t row;
    char note[2000];
    const json_t *sudden = member(json, "sudden");
    TQ_TRY(live_text(json, "id", sizeof out->id, out->id, err));
    TQ_TRY(live_text(json, "case", sizeof out->case_id, out->case_id, err));
    TQ_TRY(live_text(json, "note", sizeof note, note, err));
    TQ_TRY(live_text(json, "owner", sizeof out->owner, out->owner, err));
    if (tq_str_trim(tq_str_of(out->owner)).len == 0)
        return tq_fail(err, TQ_BAD_INPUT, 0,
                       "\"owner\" is missing: say who answers for the closure, such as "
                       "\"市政养护一所\"");
    TQ_TRY(read_word(json, "effect", LIVE_EFFECTS, TQ_NONE, &row, err));
    out->effect = (tq_closure_effect)row;
    TQ_TRY(read_word(json, "fenced", LIVE_FENCED, 0, &row, err));
    out->fenced = (uint8_t)row;
    TQ_TRY(
        read_word(json, "reason", LIVE_REASONS, (uint32_t)TQ_COUNT(LIVE_REASONS) - 2, &row, err));
    (void)snprintf(out->reason, sizeof out->reason, "%s", LIVE_REASONS[row]);
    if (sudden != NULL && !json_is_boolean(sudden))
        return tq_fail(err, TQ_BAD_INPUT, 0, "\"sudden\" is true or false");
    out->sudden = json_is_true(sudden);
    TQ_TRY(read_users(json, out, err));
    TQ_TRY(read_speed(json, out, err));
    TQ_TRY(read_limit(json, out, err));
    TQ_TRY(read_period(city, json, now_ms, out, err));
    const json_t *stretch = member(json, "stretch");
    if (stretch == NULL)
        return tq_fail(err, TQ_BAD_INPUT, 0,
                       "\"stretch\" is missing: say where, such as "
                       "{\"street\":\"…\",\"from\":\"…\",\"to\":\"…\"}");
    TQ_TRY(live_stretch_find(city, stretch, &out->stretch, err));
    TQ_TRY(read_lanes(city, json, out, err));
    bool others = (out->users & ~(TQ_ACCESS_FOOT | TQ_ACCESS_WHEELCHAIR)) != 0;
    if (!others && out->effect != TQ_CLOSURE_FULL && out->effect != TQ_CLOSURE_LOCAL)
        return tq_fail(err, TQ_BAD_INPUT, 0,
                       "\"users\": effect \"%s\" does nothing to walkers; say \"full\" or "
                       "\"fenced\"",
                       LIVE_EFFECTS[out->effect]);
    return TQ_OK;
}

tq_status tq_closure_read(const tq_city *city, tq_str json, int64_t now_ms, tq_closure *out,
                          tq_err *err)
{
    json_t *read = NULL;
    tq_closure made = {0};
    TQ_TRY(live_json_load(json, LIVE_JSON_BYTES_MAX, "the closure", &read, err));
    tq_status status = live_only(read, MEMBERS, "closure", err);
    if (status == TQ_OK) status = read_rest(city, read, now_ms, &made, err);
    json_decref(read);
    if (status != TQ_OK) {
        tq_closure_free(&made);
        return status;
    }
    *out = made;
    return TQ_OK;
}
