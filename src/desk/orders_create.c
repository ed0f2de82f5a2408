/*
 * Making and changing an order: what is asked for is checked one by one, each refusal names the
 * member and what would do. Nothing is written before all is checked.
 */
#include <math.h>
#include <stdio.h>

#include "tongqu/place.h"

#include "desk/order_in.h"
#include "desk/supply_in.h"

#define PHONE_LEAST 5u
#define PHONE_MOST  20u
#define SEATS_PLAIN 4u /* every car has so many */
#define CANDIDATES  4u
#define NAME_MOST   200u

/* The dispatcher counts on the wheelchair being the first. */
const char *const ORDER_NEEDS[] = {"wheelchair", "helper", "cash",       "quiet",
                                   "luggage",    "pet",    "child_seat", NULL};
static const char *const CHANNELS[] = {"phone", "app", "desk", "peer", NULL};

/* ---- places
 * -------------------------------------------------------------------------------------- */

bool order_point(const json_t *place, tq_point *out)
{
    const json_t *lat = json_object_get(place, "lat"), *lon = json_object_get(place, "lon");
    if (!json_is_number(lat) || !json_is_number(lon)) return false;
    double lat_deg = json_number_value(lat), lon_deg = json_number_value(lon);
    if (!(fabs(lat_deg) <= 90) || !(fabs(lon_deg) <= 180)) return false;
    *out = (tq_point){(int32_t)lround(lat_deg * 1e7), (int32_t)lround(lon_deg * 1e7)};
    return true;
}

static tq_point nearest_in(const tq_box *box, tq_point at)
{
    return (tq_point){TQ_MAX(box->south_e7, TQ_MIN(at.lat_e7, box->north_e7)),
                      TQ_MAX(box->west_e7, TQ_MIN(at.lon_e7, box->east_e7))};
}

tq_status order_reach(desk_call *call, tq_point at, const char *member)
{
    const tq_city *city = call->desk->city;
    const tq_desk_world *world = call->world;
    tq_box box = city->meta->box;
    uint32_t least_m = call->desk->order_rules->rules.street_m > 0
                           ? (uint32_t)call->desk->order_rules->rules.street_m
                           : 0;
    if (!tq_box_has(&box, at))
        return desk_bad(call, "\"%s\" lies outside the area of %s, %.1f km from its edge", member,
                        tq_text(city, city->meta->name),
                        tq_distance_dm(at, nearest_in(&box, at)) / 10000.0);
    const tq_vehicle *taxi = tq_road_vehicle_named(city, "taxi");
    if (world == NULL || world->roads == NULL || taxi == NULL) return TQ_OK;
    const tq_metric *metric = NULL;
    tq_snap_wish wish = {.limit = 1, .radius_m = TQ_SNAP_RADIUS_MAX_M, .bearing = -1};
    tq_snap snap = {0};
    tq_err why;
    uint32_t count = 0;
    TQ_TRY(tq_roads_get(world->roads, world->overlay, taxi, call->command->now_ms, &metric,
                        call->err));
    tq_status status = tq_road_snap(city, metric, at, &wish, &snap, &count, &why);
    tq_roads_put(world->roads, metric);
    if (status == TQ_NOT_FOUND || (status == TQ_OK && snap.distance_dm > least_m * 10))
        return desk_bad(call, "\"%s\" is %u m from the nearest street for cars; %u m are allowed",
                        member, status == TQ_OK ? snap.distance_dm / 10 : TQ_SNAP_RADIUS_MAX_M,
                        least_m);
    return status == TQ_OK ? TQ_OK : tq_fail(call->err, status, 0, "%s", why.text);
}

/* What was said, searched for: one clear answer, or a refusal that names those it may be. */
static tq_status search_place(desk_call *call, const char *text, const char *member, json_t **out)
{
    tq_place found[CANDIDATES];
    tq_place_query query = {.size = sizeof query, .text = text, .limit = CANDIDATES};
    uint32_t count = 0;
    char names[120] = "";
    size_t used = 0;
    TQ_TRY(tq_places_find(call->desk->city, &query, found, &count, call->err));
    if (count == 0)
        return desk_bad(call, "\"%s\": no place is called \"%.60s\"; give lat and lon", member,
                        text);
    bool clear =
        count == 1 || (strcmp(found[0].name, text) == 0 && strcmp(found[1].name, text) != 0);
    for (uint32_t k = 0; !clear && k < count && used + 4 < sizeof names; k++) {
        int more = snprintf(names + used, sizeof names - used, "%s%.24s (%.12s)", k > 0 ? ", " : "",
                            found[k].name, found[k].area);
        used += more > 0 ? (size_t)more : 0;
    }
    if (!clear)
        return desk_bad(call, "\"%s\": \"%.30s\" may be %.100s; give lat and lon", member, text,
                        names);
    *out = json_pack("{s:s, s:f, s:f}", "name", found[0].name, "lat", found[0].lat_e7 / 1e7, "lon",
                     found[0].lon_e7 / 1e7);
    return *out != NULL ? TQ_OK : tq_fail(call->err, TQ_NO_MEMORY, 0, "no memory");
}

/* A place in another city is told by its name alone: the names known here are of other places. */
static tq_status find_place(desk_call *call, const char *text, const char *member, bool away,
                            json_t **out)
{
    if (!away) return search_place(call, text, member, out);
    if (strlen(text) > NAME_MOST)
        return desk_bad(call, "\"%s\" is a text of at most %u bytes", member, NAME_MOST);
    *out = json_pack("{s:s}", "name", text);
    return *out != NULL ? TQ_OK : tq_fail(call->err, TQ_NO_MEMORY, 0, "no memory");
}

/* A name for a point: of the place or street beside it. */
static void name_point(desk_call *call, json_t *place, tq_point at)
{
    tq_place near;
    uint32_t count = 0;
    tq_err why;
    if (tq_places_near(call->desk->city, at.lat_e7, at.lon_e7, 300, 1, &near, &count, &why) !=
            TQ_OK ||
        count == 0)
        json_object_set_new(place, "name", json_string(""));
    else
        json_object_set_new(place, "name", json_string(near.name));
}

static tq_status copy_text(desk_call *call, const json_t *given, const char *member,
                           const char *part, json_t *place)
{
    const json_t *value = json_object_get(given, part);
    if (value == NULL || json_is_null(value)) return TQ_OK;
    if (!json_is_string(value) || json_string_length(value) > NAME_MOST)
        return desk_bad(call, "\"%s.%s\" is a text of at most %u bytes", member, part, NAME_MOST);
    json_object_set_new(place, part, json_string(json_string_value(value)));
    return TQ_OK;
}

tq_status order_place(desk_call *call, const json_t *given, const char *member, json_t **out)
{
    static const char *const parts[] = {"name", "note", "cross"};
    json_auto_t *place = NULL;
    tq_point at = {0};
    bool away = json_object_get(call->body, "hand_over_to") != NULL;
    if (json_is_string(given)) {
        TQ_TRY(find_place(call, json_string_value(given), member, away, &place));
    } else if (json_is_object(given)) {
        if (json_object_get(given, "lat") == NULL && json_object_get(given, "lon") == NULL &&
            desk_get_text(given, "name")[0] != '\0') {
            TQ_TRY(find_place(call, desk_get_text(given, "name"), member, away, &place));
        } else if (!order_point(given, &at)) {
            return desk_bad(call, "\"%s\" needs lat (-90 to 90) and lon (-180 to 180) in degrees",
                            member);
        } else {
            place = json_object();
            json_object_set(place, "lat", json_object_get(given, "lat"));
            json_object_set(place, "lon", json_object_get(given, "lon"));
        }
        for (uint32_t k = 0; k < TQ_COUNT(parts); k++)
            TQ_TRY(copy_text(call, given, member, parts[k], place));
    } else {
        return desk_bad(call, "\"%s\" is a place {lat, lon, name} or the name of one", member);
    }
    if (away && json_object_get(place, "lat") == NULL) {
        *out = json_incref(place);
        return TQ_OK;
    }
    if (!order_point(place, &at)) return desk_bad(call, "\"%s\" has no position", member);
    /* One that another city serves may lie anywhere. */
    if (!away) TQ_TRY(order_reach(call, at, member));
    if (desk_get_text(place, "name")[0] == '\0') name_point(call, place, at);
    *out = json_incref(place);
    return TQ_OK;
}

static bool is_hospital(desk_call *call, const json_t *to)
{
    const struct desk_order_rules *rules = call->desk->order_rules;
    uint32_t any;
    tq_point at = {0};
    return order_point(to, &at) && order_near_find(&rules->near.hospital, at,
                                                   (uint32_t)rules->rules.hospital_m, 1, &any) > 0;
}

/* ---- members
 * -------------------------------------------------------------------------------------- */

tq_status order_phone(desk_call *call, const char *given, char out[ORDER_PHONE_MAX])
{
    size_t len = 0, digits = 0;
    for (const char *c = given; *c != '\0'; c++) {
        if (*c == ' ' || *c == '-' || *c == '(' || *c == ')') continue;
        bool plus = *c == '+' && len == 0, digit = *c >= '0' && *c <= '9';
        if ((!plus && !digit) || len >= PHONE_MOST + 1)
            return desk_bad(call,
                            "\"phone\" is no number: %u to %u digits, + before them if need "
                            "be",
                            PHONE_LEAST, PHONE_MOST);
        out[len++] = *c;
        digits += digit;
    }
    out[len] = '\0';
    if (digits < PHONE_LEAST || digits > PHONE_MOST)
        return desk_bad(call, "\"phone\" has %zu digits; %u to %u are allowed", digits, PHONE_LEAST,
                        PHONE_MOST);
    /* A mobile number with the country's code is the same as without. */
    if (strncmp(out, "+86", 3) == 0) memmove(out, out + 3, len - 2);
    return TQ_OK;
}

static tq_status check_words(desk_call *call, const char *member, const char *const *known,
                             json_t **out)
{
    const json_t *given = json_object_get(call->body, member), *word;
    json_auto_t *list = json_array();
    size_t at;
    if (given != NULL && !json_is_null(given) && !json_is_array(given))
        return desk_bad(call, "\"%s\" is a list of words", member);
    json_array_foreach(given, at, word)
    {
        const char *text = json_string_value(word);
        if (text == NULL) return desk_bad(call, "\"%s\" is a list of words", member);
        const char *near = desk_nearest(text, known);
        if (vehicle_word(known, text) == TQ_NONE)
            return desk_bad(call, "\"%s\" does not know \"%.40s\"%s%s", member, text,
                            near != NULL ? "; did you mean " : "", near != NULL ? near : "");
        bool there = false;
        for (size_t k = 0; k < json_array_size(list); k++)
            there = there || strcmp(json_string_value(json_array_get(list, k)), text) == 0;
        if (!there) json_array_append_new(list, json_string(text));
    }
    *out = json_incref(list);
    return TQ_OK;
}

static tq_status check_time(desk_call *call, json_t *order, bool *later)
{
    const order_rules *rules = &call->desk->order_rules->rules;
    int64_t at_ms = INT64_MIN, now_ms = call->command->now_ms;
    *later = false;
    TQ_TRY(desk_instant(call, "at", false, &at_ms));
    json_object_set_new(order, "at", json_null());
    if (at_ms == INT64_MIN) return TQ_OK;
    if (at_ms < now_ms - rules->past_s * INT64_C(1000)) {
        char text[TQ_TIME_TEXT_MAX];
        tq_time_print(&call->desk->city->zone, at_ms, text);
        return desk_bad(call, "\"at\" is %s, in the past; leave it out for «now»", text);
    }
    if (at_ms > now_ms + rules->ahead_days * INT64_C(86400000))
        return desk_bad(call, "\"at\" is %lld days ahead; at most %d are taken",
                        (long long)((at_ms - now_ms) / 86400000), (int)rules->ahead_days);
    *later = at_ms > now_ms + rules->now_s * INT64_C(1000);
    if (at_ms > now_ms) desk_put_instant(call, order, "at", at_ms);
    return TQ_OK;
}

static tq_status check_flag(desk_call *call, const char *member, bool *out)
{
    const json_t *value = json_object_get(call->body, member);
    if (value == NULL || json_is_null(value)) return TQ_OK;
    if (!json_is_boolean(value)) return desk_bad(call, "\"%s\" is true or false", member);
    *out = json_is_true(value);
    return TQ_OK;
}

static tq_status check_party(desk_call *call, json_t *order)
{
    double party = 1;
    TQ_TRY(desk_whole(call, "party", false, 1, call->desk->order_rules->rules.party_most, &party));
    json_object_set_new(order, "party", json_integer((json_int_t)party));
    return TQ_OK;
}

/* Nobody waits for a car that does not exist. A partner's cars are not known here, nor any before
 * the first is entered. */
static tq_status check_seats(desk_call *call, const json_t *order)
{
    const struct desk_supply *supply = call->desk->supply;
    const json_t *classes = json_object_get(order, "classes"), *class;
    uint32_t party = (uint32_t)json_integer_value(json_object_get(order, "party")), most = 0;
    uint32_t allowed = 0;
    size_t at;
    if (party <= SEATS_PLAIN || supply == NULL || supply->policy.partner[0] != '\0') return TQ_OK;
    json_array_foreach(classes, at, class) allowed |=
        1u << vehicle_word(VEHICLE_CLASSES, json_string_value(class));
    for (size_t k = 0; k < supply->vehicle.count; k++) {
        const supply_vehicle *vehicle = &supply->vehicle.at[k];
        if (vehicle->permitted && (allowed >> vehicle->class & 1))
            most = TQ_MAX(most, vehicle->seats);
    }
    if (supply->vehicle.count == 0 || party <= most) return TQ_OK;
    return desk_bad(call,
                    "\"party\" is %u; no vehicle of the classes asked for has more than %u seats: "
                    "make two orders, or allow other classes",
                    party, most);
}

/* A slip of the hand: a ride that ends where it begins would send a driver for nothing. */
static tq_status check_apart(desk_call *call, const json_t *from, const json_t *to)
{
    tq_point a, b;
    if (!order_point(from, &a) || !order_point(to, &b)) return TQ_OK;
    uint32_t apart_dm = tq_distance_dm(a, b);
    if (apart_dm >= ORDER_APART_DM) return TQ_OK;
    return desk_bad(call, "\"to\" is the place of \"from\" (%u m away); name where the ride ends",
                    apart_dm / 10);
}

static tq_status check_ride(desk_call *call, json_t *order, bool *later)
{
    json_t *place = NULL, *list = NULL;
    const json_t *to = json_object_get(call->body, "to");
    if (json_object_get(call->body, "from") == NULL) return desk_bad(call, "\"from\" is missing");
    TQ_TRY(order_place(call, json_object_get(call->body, "from"), "from", &place));
    json_object_set_new(order, "from", place);
    place = NULL;
    if (to != NULL && !json_is_null(to)) TQ_TRY(order_place(call, to, "to", &place));
    json_object_set_new(order, "to", place != NULL ? place : json_null());
    TQ_TRY(check_apart(call, json_object_get(order, "from"), place));
    TQ_TRY(check_time(call, order, later));
    TQ_TRY(check_party(call, order));
    TQ_TRY(check_words(call, "needs", ORDER_NEEDS, &list));
    json_object_set_new(order, "needs", list);
    list = NULL;
    TQ_TRY(check_words(call, "classes", VEHICLE_CLASSES, &list));
    if (json_array_size(list) == 0) {
        json_array_append_new(list, json_string("taxi"));
        json_array_append_new(list, json_string("ride_hailing"));
        const json_t *needs = json_object_get(order, "needs"), *need;
        size_t at;
        json_array_foreach(needs, at, need) if (strcmp(json_string_value(need), "wheelchair") == 0)
            json_array_append_new(list, json_string("access"));
    }
    json_object_set_new(order, "classes", list);
    TQ_TRY(check_seats(call, order));
    TQ_TRY(order_near_ready(call));
    bool hospital = is_hospital(call, place) || is_hospital(call, json_object_get(order, "from"));
    json_object_set_new(order, "hospital", json_boolean(hospital));
    return TQ_OK;
}

/* ---- the caller
 * ------------------------------------------------------------------------------------ */

static tq_status check_caller(desk_call *call, json_t *order, json_t **caller, uint64_t *version)
{
    const char *phone, *name, *channel;
    char number[ORDER_PHONE_MAX] = "";
    bool peer = desk_is(call, TQ_ROLE_PEER) && !desk_is(call, TQ_ROLE_STAFF),
         rider = desk_is(call, TQ_ROLE_RIDER) && !desk_is(call, TQ_ROLE_STAFF);
    TQ_TRY(desk_text(call, "phone", false, &phone));
    TQ_TRY(desk_text(call, "name", false, &name));
    TQ_TRY(desk_text(call, "channel", false, &channel));
    if (channel[0] == '\0') channel = peer ? "peer" : rider ? "app" : "phone";
    if (vehicle_word(CHANNELS, channel) == TQ_NONE)
        return desk_bad(call, "\"channel\" is \"%.20s\"; it is phone, app, desk or peer", channel);
    if (phone[0] == '\0' && strcmp(channel, "phone") == 0)
        return desk_bad(call, "\"phone\" is missing: the passenger is called back on it");
    if (phone[0] != '\0') TQ_TRY(order_phone(call, phone, number));
    json_object_set_new(order, "channel", json_string(channel));
    json_object_set_new(order, "phone", number[0] != '\0' ? json_string(number) : json_null());
    json_object_set_new(order, "name", name[0] != '\0' ? json_string(name) : json_null());
    json_object_set_new(order, "owner", json_string(call->command->actor->name));
    json_object_set_new(order, "peer",
                        call->command->actor->peer[0] != '\0'
                            ? json_string(call->command->actor->peer)
                            : json_null());
    if (number[0] == '\0') return TQ_OK;
    TQ_TRY(caller_of_phone(call, number, true, caller, version));
    TQ_TRY(caller_check(call, *caller));
    json_object_set(order, "caller", json_object_get(*caller, "id"));
    if (name[0] == '\0' && desk_get_text(*caller, "name")[0] != '\0')
        json_object_set(order, "name", json_object_get(*caller, "name"));
    return TQ_OK;
}

static tq_status check_elder(desk_call *call, json_t *order, const json_t *caller)
{
    double born = 0;
    bool elder = caller_is_elder(call, caller);
    int32_t year = 0, second = 0;
    unsigned month = 0, day = 0;
    tq_date_of(tq_local_day(&call->desk->city->zone, call->command->now_ms, &second), &year, &month,
               &day);
    TQ_TRY(desk_number(call, "born", false, 1880, year, &born));
    if (born > 0) elder = year - (int32_t)born >= call->desk->order_rules->rules.elder_years;
    TQ_TRY(check_flag(call, "elder", &elder));
    json_object_set_new(order, "elder", json_boolean(elder));
    return TQ_OK;
}

/* When a booked car is looked for: early enough for the wait that is usual now. */
static void set_search(desk_call *call, json_t *order)
{
    const order_rules *rules = &call->desk->order_rules->rules;
    const json_t *wait = json_object_get(json_object_get(order, "estimate"), "wait_s");
    int64_t at_ms = 0, lead_s = rules->lead_least_s;
    if (json_is_integer(wait))
        lead_s = TQ_MAX(lead_s, json_integer_value(wait) + rules->lead_spare_s);
    if (desk_get_instant(call, order, "at", &at_ms))
        desk_put_instant(call, order, "search_at",
                         TQ_MAX(at_ms - lead_s * 1000, call->command->now_ms));
}

static const char *const MEMBERS[] = {"kind", "channel", "phone",        "name",    "from",  "to",
                                      "at",   "party",   "needs",        "classes", "elder", "born",
                                      "call", "note",    "hand_over_to", NULL};

static tq_status check_kind(desk_call *call, bool later)
{
    const char *kind;
    TQ_TRY(desk_text(call, "kind", false, &kind));
    if (kind[0] == '\0' || strcmp(kind, "taxi") == 0) return TQ_OK;
    if (strcmp(kind, "booked") == 0)
        return later ? TQ_OK : desk_bad(call, "\"kind\" is booked, but \"at\" is now");
    return desk_bad(call,
                    "\"kind\" is \"%.20s\"; here it is taxi or booked (a seat is booked on "
                    "its line, a crew's task belongs to a case)",
                    kind);
}

/* The call from which it was made knows it. */
static tq_status mark_call(desk_call *call, const char *order)
{
    const char *id;
    json_auto_t *record = NULL;
    uint64_t version = 0;
    char state[32];
    TQ_TRY(desk_text(call, "call", false, &id));
    if (id[0] == '\0') return TQ_OK;
    TQ_TRY(desk_load(call, "call", id, &record, &version, state));
    json_object_set_new(record, "order", json_string(order));
    json_object_set_new(record, "outcome", json_string("order"));
    return desk_save(call, "call", id, state, record, version);
}

/* Who called here but stands elsewhere: the order is written and handed over in one. */
static tq_status pass_on(desk_call *call, const char *id, const json_t *order)
{
    const char *city;
    if (json_object_get(call->body, "hand_over_to") == NULL) return TQ_OK;
    TQ_TRY(desk_text(call, "hand_over_to", true, &city));
    return order_hand_to(call, id, order, city, "", "the passenger is in another city");
}

tq_status order_create(desk_call *call)
{
    json_auto_t *order = json_object(), *caller = NULL;
    uint64_t version = 0;
    bool later = false;
    const char *note;
    char id[TQ_ID_MAX];
    TQ_TRY(desk_only(call, MEMBERS));
    TQ_TRY(check_caller(call, order, &caller, &version));
    TQ_TRY(check_ride(call, order, &later));
    TQ_TRY(check_kind(call, later));
    TQ_TRY(check_elder(call, order, caller));
    TQ_TRY(desk_text(call, "note", false, &note));
    json_object_set_new(order, "kind", json_string(later ? "booked" : "taxi"));
    json_object_set_new(order, "state", json_string(later ? "booked" : "searching"));
    if (note[0] != '\0') json_object_set_new(order, "note", json_string(note));
    TQ_TRY(order_estimate(call, order));
    if (later) set_search(call, order);
    TQ_TRY(desk_order_open(call, order, id));
    if (caller != NULL) TQ_TRY(caller_ordered(call, caller, version, order));
    TQ_TRY(mark_call(call, id));
    TQ_TRY(pass_on(call, id, order));
    (void)snprintf(call->about, sizeof call->about, "%s", id);
    *call->status = 201;
    return order_answer(call, id);
}

tq_status order_estimate_verb(desk_call *call)
{
    json_auto_t *order = json_object();
    bool later = false;
    TQ_TRY(desk_only(call, MEMBERS));
    TQ_TRY(check_ride(call, order, &later));
    TQ_TRY(order_estimate(call, order));
    json_t *answer = json_object();
    json_object_set(answer, "estimate", json_object_get(order, "estimate"));
    json_object_set(answer, "from", json_object_get(order, "from"));
    json_object_set(answer, "to", json_object_get(order, "to"));
    json_object_set(answer, "hospital", json_object_get(order, "hospital"));
    json_object_set_new(answer, "kind", json_string(later ? "booked" : "taxi"));
    return desk_answer(call, answer);
}

/* ---- changing
 * ------------------------------------------------------------------------------------ */

static const char *const CHANGEABLE[] = {"name",  "from",    "to",    "at",   "party",
                                         "needs", "classes", "elder", "note", NULL};

/* Which changes an order still takes: all while no car is named, those that any car can follow
 * until the passenger is on board. */
static tq_status may_change(desk_call *call, const json_t *order, const char *state)
{
    static const char *const before[] = {"booked", "searching", NULL},
                             *const named[] = {"offered", "assigned", "arrived", NULL},
                             *const fixed[] = {"from", "at", "party", "needs", "classes", NULL};
    const char *id = call->command->id, *kind = desk_get_text(order, "kind");
    if (strcmp(kind, "taxi") != 0 && strcmp(kind, "booked") != 0)
        return desk_bad(call, "an order of kind %s is changed where it was made", kind);
    if (vehicle_word(before, state) != TQ_NONE) return TQ_OK;
    if (vehicle_word(named, state) == TQ_NONE)
        return tq_fail(call->err, TQ_STALE, 0,
                       "order %s is %s: it is changed only before the passenger is on board", id,
                       state);
    for (uint32_t k = 0; fixed[k] != NULL; k++)
        if (json_object_get(call->body, fixed[k]) != NULL)
            return tq_fail(call->err, TQ_STALE, 0,
                           "order %s is %s: \"%s\" stays for the car that was chosen for it; to, "
                           "name, note and elder may change, else cancel and order anew",
                           id, state, fixed[k]);
    return TQ_OK;
}

/* The new facts of an order, from the body with what the order holds already in it. */
static tq_status changed_facts(desk_call *call, const json_t *order, const char *state, bool timed,
                               json_t *facts, bool *later)
{
    static const char *const texts[] = {"name", "note"};
    bool elder = json_is_true(json_object_get(order, "elder"));
    TQ_TRY(check_ride(call, facts, later));
    TQ_TRY(check_flag(call, "elder", &elder));
    if (!timed) {
        *later = strcmp(state, "booked") == 0;
        json_object_set(facts, "at", json_object_get(order, "at"));
    }
    if (*later && strcmp(state, "searching") == 0)
        return desk_bad(call, "\"at\" cannot move to later: a car is looked for; cancel and book");
    json_object_set_new(facts, "elder", json_boolean(elder));
    for (uint32_t k = 0; k < TQ_COUNT(texts); k++) {
        const char *text;
        TQ_TRY(desk_text(call, texts[k], false, &text));
        json_object_set_new(facts, texts[k], text[0] != '\0' ? json_string(text) : json_null());
    }
    /* A car that is named is not waited for: the estimate looks at this. */
    json_object_set(facts, "vehicle", json_object_get(order, "vehicle"));
    TQ_TRY(order_estimate(call, facts));
    if (*later) set_search(call, facts);
    return TQ_OK;
}

/* Another ride, time or need. Members not given stay. */
tq_status order_change(desk_call *call)
{
    const char *id = call->command->id;
    json_auto_t *order = NULL, *facts = json_object();
    uint64_t version = 0;
    char state[32];
    bool later = false;
    TQ_TRY(desk_only(call, CHANGEABLE));
    TQ_TRY(desk_order_load(call, id, &order, &version, state));
    TQ_TRY(desk_expect(call, "order", id, version));
    TQ_TRY(may_change(call, order, state));
    bool timed = json_object_get(call->body, "at") != NULL;
    json_t *asked = call->body, *whole = json_copy(asked);
    if (whole == NULL) return tq_fail(call->err, TQ_NO_MEMORY, 0, "no memory");
    for (uint32_t k = 0; CHANGEABLE[k] != NULL; k++) {
        json_t *had = json_object_get(order, CHANGEABLE[k]);
        if (json_object_get(asked, CHANGEABLE[k]) == NULL && had != NULL &&
            strcmp(CHANGEABLE[k], "at") != 0)
            json_object_set(whole, CHANGEABLE[k], had);
    }
    /* The audit row tells what was asked, not what was there. */
    call->body = whole;
    tq_status status = changed_facts(call, order, state, timed, facts, &later);
    call->body = asked;
    json_decref(whole);
    TQ_TRY(status);
    bool now = !later && strcmp(state, "booked") == 0;
    TQ_TRY(
        desk_order_move(call, id, now ? "searching" : NULL, "changed", json_incref(facts), NULL));
    return order_answer(call, id);
}
