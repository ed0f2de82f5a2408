/*
 * Reading a WZDx work zone feed (version 4): each feature as the JSON of a closure.
 *
 * all-lanes-closed -> full; some lanes closed -> lanes as listed, half width when a reduced width
 * without a value says so, else one of two; one-way by turns, flagging and temporary signals ->
 * half width; all lanes open with a reduced speed -> speed; local-access-only -> local. Sizes and
 * lorries bind only some vehicles, so beside another effect they are a closure of their own, with
 * the feature's id and «:limits» or «:trucks». Restrictions of single lanes are not taken.
 *
 * Nothing is taken half: a feature whose closures cannot all be read is refused with the reason.
 */
#include <stdio.h>

#include "live/live_in.h"

#define NOTE_MAX    1500u
#define FEATURE_MAX 200u
#define PARTS_MAX   3u
#define KG_A_POUND  0.45359237
#define KG_A_TON    907.18474
#define CM_A_FOOT   30.48
#define CM_AN_INCH  2.54
#define LANES_GUESS 2

typedef struct reading {
    const tq_city *city;
    const json_t *info;
    bool (*seen)(void *user, const char *feature_id, tq_str closure_json, const tq_err *refused);
    void *user;
} reading;

typedef struct part {
    const char *suffix;
    json_t *closure;
} part;

static const char *text_of(const json_t *object, const char *member)
{
    const char *text = json_string_value(json_object_get(object, member));
    return text != NULL ? text : "";
}

/* ---- restrictions ---------------------------------------------------------------------------- */

static bool has_restriction(const json_t *list, const char *type, bool with_value)
{
    for (size_t k = 0; k < json_array_size(list); k++) {
        const json_t *one = json_array_get(list, k);
        if (strcmp(text_of(one, "type"), type) == 0 &&
            (json_object_get(one, "value") != NULL) == with_value)
            return true;
    }
    return false;
}

/* In metres or tons; negative when the unit is not one. */
static double in_our_unit(double value, const char *unit, bool weight)
{
    if (weight) {
        if (strcmp(unit, "kilograms") == 0) return value / 1000;
        if (strcmp(unit, "pounds") == 0) return value * KG_A_POUND / 1000;
        if (strcmp(unit, "tons") == 0) return value * KG_A_TON / 1000;
        return -1;
    }
    if (strcmp(unit, "centimeters") == 0) return value / 100;
    if (strcmp(unit, "feet") == 0) return value * CM_A_FOOT / 100;
    if (strcmp(unit, "inches") == 0) return value * CM_AN_INCH / 100;
    return -1;
}

/* The sizes as a limit; NULL when there are none. */
static tq_status read_limit(const json_t *list, json_t **out, tq_err *err)
{
    static const struct {
        const char *type, *member;
        bool weight;
    } sizes[] = {{"reduced-height", "height_m", false},    {"reduced-width", "width_m", false},
                 {"reduced-length", "length_m", false},    {"reduced-weight", "weight_t", true},
                 {"gross-weight-limit", "weight_t", true}, {"axle-load-limit", "axle_t", true}};
    *out = NULL;
    for (size_t k = 0; k < json_array_size(list); k++) {
        const json_t *one = json_array_get(list, k), *value = json_object_get(one, "value");
        for (size_t size = 0; size < TQ_COUNT(sizes); size++) {
            if (strcmp(text_of(one, "type"), sizes[size].type) != 0 || value == NULL) continue;
            double number =
                in_our_unit(json_number_value(value), text_of(one, "unit"), sizes[size].weight);
            if (!json_is_number(value) || !(number > 0.005 && number < 655)) {
                json_decref(*out);
                *out = NULL;
                return tq_fail(err, TQ_BAD_INPUT, k,
                               "restriction \"%s\": its value and unit \"%.20s\" are no size",
                               sizes[size].type, text_of(one, "unit"));
            }
            if (*out == NULL) *out = json_object();
            json_object_set_new(*out, sizes[size].member, json_real(number));
        }
    }
    return TQ_OK;
}

/* ---- what is closed -------------------------------------------------------------------------- */

static void read_lanes(const json_t *lanes, uint32_t *total, uint32_t *left, const char **fenced)
{
    size_t count = json_array_size(lanes), first_general = count;
    bool side[2] = {false, false};
    *total = *left = 0;
    for (size_t k = 0; k < count; k++) {
        const json_t *lane = json_array_get(lanes, k);
        if (strcmp(text_of(lane, "type"), "general") != 0) continue;
        if (first_general == count) first_general = k;
        ++*total;
        *left += strcmp(text_of(lane, "status"), "closed") != 0;
    }
    for (size_t k = 0; k < count; k++) {
        const json_t *lane = json_array_get(lanes, k);
        bool right = first_general < count ? k > first_general : 2 * k >= count;
        if (strcmp(text_of(lane, "type"), "sidewalk") == 0 &&
            strcmp(text_of(lane, "status"), "closed") == 0)
            side[right] = true;
    }
    *fenced = LIVE_FENCED[(side[0] ? 1 : 0) + (side[1] ? 2 : 0)];
}

static void set_lanes(json_t *to, uint32_t total, uint32_t left)
{
    json_object_set_new(to, "effect", json_string("lanes"));
    json_object_set_new(to, "lanes", json_pack("{si si}", "total", (int)total, "left", (int)left));
}

/* The effect of the impact; false when it changes nothing. */
static bool read_impact(const json_t *properties, json_t *to)
{
    const json_t *restrictions = json_object_get(properties, "restrictions"),
                 *kph = json_object_get(properties, "reduced_speed_limit_kph");
    const char *impact = text_of(properties, "vehicle_impact"), *fenced;
    uint32_t total, left;
    bool speed = json_is_number(kph) && json_number_value(kph) >= 1 &&
                 json_number_value(kph) <= LIVE_SPEED_KMH_MAX;
    bool slow = true;
    read_lanes(json_object_get(properties, "lanes"), &total, &left, &fenced);
    if (strcmp(fenced, "none") != 0) json_object_set_new(to, "fenced", json_string(fenced));
    if (has_restriction(restrictions, "local-access-only", false)) {
        json_object_set_new(to, "effect", json_string("local"));
        slow = false;
    } else if (strcmp(impact, "all-lanes-closed") == 0) {
        json_object_set_new(to, "effect", json_string("full"));
        slow = false;
    } else if (strncmp(impact, "some-lanes-closed", 17) == 0) {
        if (total > 0 && left == 0) {
            json_object_set_new(to, "effect", json_string("full"));
            slow = false;
        } else if (total > left) {
            set_lanes(to, total, left);
        } else if (has_restriction(restrictions, "reduced-width", false)) {
            json_object_set_new(to, "effect", json_string("half_width"));
        } else {
            set_lanes(to, LANES_GUESS, 1);
        }
    } else if (strcmp(impact, "alternating-one-way") == 0 || strcmp(impact, "flagging") == 0 ||
               strcmp(impact, "temporary-traffic-signal") == 0) {
        json_object_set_new(to, "effect", json_string("half_width"));
    } else if (speed) {
        json_object_set_new(to, "effect", json_string("speed"));
    } else {
        return false;
    }
    if (speed && slow)
        json_object_set_new(to, "speed_kmh",
                            json_integer((json_int_t)(json_number_value(kph) + 0.5)));
    return true;
}

static const char *reason_of(const json_t *properties)
{
    const json_t *types = json_object_get(properties, "types_of_work");
    const char *type = text_of(json_array_get(types, 0), "type_name");
    if (strcmp(type, "minor-road-defect-repair") == 0) return "crack";
    if (strcmp(type, "below-road-work") == 0) return "subsidence";
    return "works";
}

/* ---- a feature ------------------------------------------------------------------------------- */

static const char *owner_of(const reading *in, const json_t *core)
{
    const json_t *sources = json_object_get(in->info, "data_sources");
    const char *id = text_of(core, "data_source_id");
    for (size_t k = 0; k < json_array_size(sources); k++) {
        const json_t *source = json_array_get(sources, k);
        if (strcmp(text_of(source, "data_source_id"), id) == 0 &&
            text_of(source, "organization_name")[0] != '\0')
            return text_of(source, "organization_name");
    }
    return text_of(in->info, "publisher");
}

/* A text cut where a character ends. */
static json_t *cut(const char *text, size_t room)
{
    size_t len = strlen(text);
    if (len > room)
        for (len = room; len > 0 && ((unsigned char)text[len] & 0xc0) == 0x80;)
            len--;
    return json_stringn(text, len);
}

/* What all closures of the feature share. */
static tq_status read_base(const reading *in, const json_t *feature, json_t *to, tq_err *err)
{
    const json_t *properties = json_object_get(feature, "properties"),
                 *core = json_object_get(properties, "core_details"),
                 *geometry = json_object_get(feature, "geometry"),
                 *line = json_object_get(geometry, "coordinates");
    const char *shape = text_of(geometry, "type"), *kind = text_of(core, "event_type");
    if (!json_is_object(core))
        return tq_fail(err, TQ_BAD_INPUT, 0, "the feature has no \"core_details\"");
    if (strcmp(kind, "work-zone") != 0)
        return tq_fail(err, TQ_BAD_INPUT, 0,
                       "\"event_type\" \"%.30s\" is not taken: only \"work-zone\" is (ways round "
                       "are found by the city itself)",
                       kind);
    if (strcmp(shape, "LineString") != 0 && strcmp(shape, "MultiPoint") != 0)
        return tq_fail(err, TQ_BAD_INPUT, 0,
                       "\"geometry\" \"%.30s\" is not taken; LineString and MultiPoint are", shape);
    if (text_of(properties, "start_date")[0] == '\0' || text_of(properties, "end_date")[0] == '\0')
        return tq_fail(err, TQ_BAD_INPUT, 0, "\"start_date\" or \"end_date\" is missing");
    json_t *stretch = json_pack("{ss}", "direction", "forward");
    json_object_set(stretch, "line", (json_t *)(uintptr_t)line);
    json_object_set_new(to, "stretch", stretch);
    json_object_set_new(to, "from", cut(text_of(properties, "start_date"), TQ_TIME_TEXT_MAX - 1));
    json_object_set_new(to, "to", cut(text_of(properties, "end_date"), TQ_TIME_TEXT_MAX - 1));
    json_object_set_new(to, "owner", cut(owner_of(in, core), LIVE_NAME_MAX - 1));
    json_object_set_new(to, "reason", json_string(reason_of(properties)));
    json_object_set_new(
        to, "sudden",
        json_boolean(json_is_true(json_object_get(properties, "is_start_date_verified"))));
    if (text_of(core, "description")[0] != '\0')
        json_object_set_new(to, "note", cut(text_of(core, "description"), NOTE_MAX));
    return TQ_OK;
}

static tq_status read_parts(const reading *in, const json_t *feature, part parts[PARTS_MAX],
                            uint32_t *count, tq_err *err)
{
    const json_t *properties = json_object_get(feature, "properties"),
                 *restrictions = json_object_get(properties, "restrictions");
    json_t *limit;
    json_auto_t *base = json_object();
    TQ_TRY(read_base(in, feature, base, err));
    TQ_TRY(read_limit(restrictions, &limit, err));
    json_t *main = json_deep_copy(base);
    if (read_impact(properties, main))
        parts[(*count)++] = (part){"", main};
    else
        json_decref(main);
    if (limit != NULL) {
        json_t *sized = json_deep_copy(base);
        json_object_set_new(sized, "effect", json_string("full"));
        json_object_set_new(sized, "limit", limit);
        parts[*count] = (part){*count > 0 ? ":limits" : "", sized};
        ++*count;
    }
    if (has_restriction(restrictions, "no-trucks", false)) {
        json_t *trucks = json_deep_copy(base);
        json_object_set_new(trucks, "effect", json_string("full"));
        json_object_set_new(trucks, "users", json_pack("[s]", "lorry"));
        parts[*count] = (part){*count > 0 ? ":trucks" : "", trucks};
        ++*count;
    }
    if (*count == 0)
        return tq_fail(err, TQ_BAD_INPUT, 0,
                       "\"vehicle_impact\" \"%.40s\" without a reduced speed or a restriction "
                       "changes no way",
                       text_of(properties, "vehicle_impact"));
    return TQ_OK;
}

/* Each part must be a closure of this city before any is given out. */
static tq_status check_parts(const reading *in, const part *parts, uint32_t count,
                             char *text[PARTS_MAX], tq_err *err)
{
    for (uint32_t k = 0; k < count; k++) {
        tq_closure closure = {0};
        text[k] = json_dumps(parts[k].closure, JSON_SORT_KEYS | JSON_COMPACT);
        if (text[k] == NULL) return live_no_memory(err);
        TQ_TRY(tq_closure_read(in->city, tq_str_of(text[k]), INT64_MIN, &closure, err));
        tq_closure_free(&closure);
    }
    return TQ_OK;
}

static bool read_feature(const reading *in, const json_t *feature, tq_status *status)
{
    part parts[PARTS_MAX] = {{NULL, NULL}};
    char *text[PARTS_MAX] = {NULL}, id[FEATURE_MAX + 16], closure_id[TQ_ID_MAX];
    uint32_t count = 0;
    tq_err why;
    bool more = true;
    const char *own = text_of(feature, "id");
    tq_err_clear(&why);
    if (own[0] == '\0' || strlen(own) > FEATURE_MAX) {
        (void)tq_fail(&why, TQ_BAD_INPUT, 0, "the feature has no \"id\" of 1 to %u bytes",
                      FEATURE_MAX);
        return in->seen(in->user, "", (tq_str){"", 0}, &why);
    }
    *status = read_parts(in, feature, parts, &count, &why);
    for (uint32_t k = 0; *status == TQ_OK && k < count; k++) {
        (void)snprintf(id, sizeof id, "%s%s", own, parts[k].suffix);
        /* Ids that are too long for one are told by their hash, as at the desk. */
        if (strlen(id) + 4 <= TQ_ID_MAX)
            (void)snprintf(closure_id, sizeof closure_id, "WZ:%.44s", id);
        else
            (void)snprintf(closure_id, sizeof closure_id, "WZ:%016llx",
                           (unsigned long long)tq_hash(id, strlen(id), 0));
        json_object_set_new(parts[k].closure, "id", json_string(closure_id));
    }
    if (*status == TQ_OK) *status = check_parts(in, parts, count, text, &why);
    if (*status == TQ_OK)
        for (uint32_t k = 0; k < count && more; k++) {
            (void)snprintf(id, sizeof id, "%s%s", own, parts[k].suffix);
            more = in->seen(in->user, id, tq_str_of(text[k]), NULL);
        }
    else if (*status != TQ_NO_MEMORY)
        more = in->seen(in->user, own, (tq_str){"", 0}, &why);
    if (*status != TQ_NO_MEMORY) *status = TQ_OK;
    for (uint32_t k = 0; k < PARTS_MAX; k++) {
        json_decref(parts[k].closure);
        free(text[k]); /* Jansson's own allocation */
    }
    return more;
}

static tq_status check_feed(const json_t *feed, const json_t **info, tq_err *err)
{
    *info = json_object_get(feed, "feed_info");
    if (*info == NULL) *info = json_object_get(feed, "road_event_feed_info");
    if (strcmp(text_of(feed, "type"), "FeatureCollection") != 0 ||
        !json_is_array(json_object_get(feed, "features")))
        return tq_fail(err, TQ_BAD_INPUT, 0,
                       "this is no WZDx feed: \"type\" is not \"FeatureCollection\", or "
                       "\"features\" is no list");
    if (!json_is_object(*info))
        return tq_fail(err, TQ_BAD_INPUT, 0, "this is no WZDx feed: \"feed_info\" is missing");
    const char *version = text_of(*info, "version");
    if (strncmp(version, "4.", 2) != 0)
        return tq_fail(err, TQ_BAD_INPUT, 0,
                       "WZDx \"version\" \"%.20s\" is not read; 4.0 to 4.2 "
                       "are",
                       version);
    return TQ_OK;
}

tq_status tq_wzdx_read(const tq_city *city, tq_str json,
                       bool (*seen)(void *user, const char *feature_id, tq_str closure_json,
                                    const tq_err *refused),
                       void *user, tq_err *err)
{
    reading in = {.city = city, .seen = seen, .user = user};
    json_t *feed = NULL;
    TQ_TRY(live_json_load(json, LIVE_WZDX_BYTES_MAX, "the feed", &feed, err));
    tq_status status = check_feed(feed, &in.info, err);
    const json_t *features = json_object_get(feed, "features");
    size_t count = status == TQ_OK ? json_array_size(features) : 0;
    for (size_t k = 0; k < count && status == TQ_OK; k++)
        if (!read_feature(&in, json_array_get(features, k), &status)) break;
    if (status == TQ_NO_MEMORY) status = live_no_memory(err);
    json_decref(feed);
    return status;
}
