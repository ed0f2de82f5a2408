/*
 * EPCIS 2.0 events in: a document of JSON-LD, or one event, becomes events of consignments.
 *
 * Read: ObjectEvent, AggregationEvent, TransactionEvent with the members that the standard asks
 * for; others are refused by name, and so is every hole, with the number of the event. Business
 * steps of CBV 2.0 (bare, as urn:epcglobal:cbv:bizstep:… or as a web URI) are mapped to what
 * happens to a leg. The consignment is the id in a business transaction or an EPC, the place the
 * last part of readPoint.id, or geo:LAT,LON. Terms are taken by their names: the @context is not
 * resolved. A document is taken whole or not at all; an eventID that was seen changes nothing.
 */
#include <stdio.h>

#include "desk/consignment_in.h"

#define hole(number, ...) tq_fail(err, TQ_BAD_INPUT, number, __VA_ARGS__)

static const struct {
    const char *step, *event;
} STEPS[] = {
    {"staging_outbound", "gate_in"}, {"entering_exiting", "gate_in"}, {"loading", "loaded"},
    {"departing", "departed"},       {"shipping", "departed"},        {"arriving", "arrived"},
    {"unloading", "unloaded"},       {"accepting", "handed_over"},    {"receiving", "delivered"},
    {"holding", "problem"},          {"transporting", "position"},
};

/* ---- reading -----------------------------------------------------------------------------------
 */

static const char *text_of(const json_t *object, const char *member)
{
    const char *text = json_string_value(json_object_get(object, member));
    return text != NULL ? text : "";
}

/* The last part of an identifier, after : / or a hyphen of a CBV web URI. */
static const char *last_part(const char *uri, const char *cuts)
{
    const char *part = uri;
    for (const char *c = uri; *c != '\0'; c++)
        if (strchr(cuts, *c) != NULL) part = c + 1;
    return part;
}

static bool find_id(const char *uri, char out[TQ_ID_MAX])
{
    const char *part = last_part(uri, ":/");
    if (strncmp(part, "CG-", 3) != 0 || strlen(part) >= TQ_ID_MAX) return false;
    (void)snprintf(out, TQ_ID_MAX, "%s", part);
    return true;
}

/* The consignment named by a transaction, else by an EPC; "" = none. */
static void find_consignment(const json_t *event, char out[TQ_ID_MAX])
{
    static const char *const lists[] = {"epcList", "childEPCs"};
    const json_t *one;
    size_t k;
    out[0] = '\0';
    json_array_foreach(json_object_get(event, "bizTransactionList"), k, one)
    {
        const char *uri =
            json_is_string(one) ? json_string_value(one) : text_of(one, "bizTransaction");
        if (find_id(uri, out)) return;
    }
    if (find_id(text_of(event, "parentID"), out)) return;
    for (uint32_t list = 0; list < 2; list++)
        json_array_foreach(json_object_get(event, lists[list]), k, one)
        {
            if (json_is_string(one) && find_id(json_string_value(one), out)) return;
        }
}

static tq_status read_time(const json_t *event, uint32_t number, epcis_event *out, tq_err *err)
{
    static const int64_t from_s[] = {INT64_MIN};
    static const int32_t offset_s[] = {0};
    static const tq_zone_table utc = {1, from_s, offset_s};
    const char *time = text_of(event, "eventTime"), *zone = text_of(event, "eventTimeZoneOffset");
    size_t len = strlen(time), width = strlen(zone);
    bool zoned = len > 19 && (strchr("Zz", time[len - 1]) != NULL || time[len - 6] == '+' ||
                              time[len - 6] == '-');
    if (len == 0) return hole(number, "event %u: eventTime is missing", number);
    if (width == 0) return hole(number, "event %u: eventTimeZoneOffset is missing", number);
    if (width != 6 || (zone[0] != '+' && zone[0] != '-') || zone[3] != ':')
        return hole(number, "event %u: eventTimeZoneOffset is \"%.20s\", not such as +08:00",
                    number, zone);
    if (!zoned || tq_time_parse(&utc, tq_str_of(time), &out->at_ms, NULL) != TQ_OK)
        return hole(number, "event %u: eventTime is \"%.40s\", no instant with its offset", number,
                    time);
    out->at_ms = tq_floor_div(out->at_ms, 1000) * 1000;
    return TQ_OK;
}

static bool has_items(const json_t *event, const char *list)
{
    return json_array_size(json_object_get(event, list)) > 0;
}

/* What each kind of event must have. */
static tq_status check_kind(const json_t *event, uint32_t number, tq_err *err)
{
    const char *type = text_of(event, "type"), *action = text_of(event, "action");
    if (type[0] == '\0') return hole(number, "event %u: type is missing", number);
    if (action[0] == '\0') return hole(number, "event %u: action is missing", number);
    if (strcmp(action, "ADD") != 0 && strcmp(action, "OBSERVE") != 0 &&
        strcmp(action, "DELETE") != 0)
        return hole(number, "event %u: action is \"%.20s\"; ADD, OBSERVE or DELETE", number,
                    action);
    if (strcmp(type, "ObjectEvent") == 0) {
        if (!has_items(event, "epcList") && !has_items(event, "quantityList"))
            return hole(number, "event %u: an ObjectEvent has epcList or quantityList", number);
    } else if (strcmp(type, "AggregationEvent") == 0) {
        if (text_of(event, "parentID")[0] == '\0' && strcmp(action, "OBSERVE") != 0)
            return hole(number, "event %u: parentID is missing (only OBSERVE may lack it)", number);
        if (!has_items(event, "childEPCs") && !has_items(event, "childQuantityList") &&
            strcmp(action, "DELETE") != 0)
            return hole(number, "event %u: childEPCs or childQuantityList is missing", number);
    } else if (strcmp(type, "TransactionEvent") == 0) {
        if (!has_items(event, "bizTransactionList"))
            return hole(number, "event %u: bizTransactionList is missing", number);
    } else {
        return hole(number,
                    "event %u: type is \"%.40s\"; ObjectEvent, AggregationEvent, TransactionEvent "
                    "are taken",
                    number, type);
    }
    return TQ_OK;
}

static tq_status read_step(const json_t *event, uint32_t number, epcis_event *out, tq_err *err)
{
    const char *given = text_of(event, "bizStep"), *step = last_part(given, ":/-");
    if (given[0] == '\0') return hole(number, "event %u: bizStep is missing", number);
    for (uint32_t k = 0; k < TQ_COUNT(STEPS); k++)
        if (strcmp(step, STEPS[k].step) == 0) {
            (void)snprintf(out->name, sizeof out->name, "%s", STEPS[k].event);
            return TQ_OK;
        }
    return hole(number, "event %u: bizStep \"%.60s\" says nothing about a transport", number,
                given);
}

static tq_status read_place(const json_t *event, uint32_t number, epcis_event *out, tq_err *err)
{
    const json_t *point = json_object_get(event, "readPoint");
    const char *id = text_of(point, "id");
    out->node[0] = '\0';
    if (point != NULL && id[0] == '\0')
        return hole(number, "event %u: readPoint has no id", number);
    if (strncmp(id, "geo:", 4) == 0) {
        const char *comma = strchr(id, ',');
        const char *end = comma != NULL ? comma + 1 + strcspn(comma + 1, ",;") : NULL;
        tq_point at;
        if (comma == NULL || !tq_parse_e7((tq_str){id + 4, (size_t)(comma - id) - 4}, &at.lat_e7) ||
            !tq_parse_e7((tq_str){comma + 1, (size_t)(end - comma) - 1}, &at.lon_e7) ||
            !tq_point_valid(at))
            return hole(number, "event %u: readPoint \"%.60s\" is no geo:LAT,LON", number, id);
        out->has_point = true;
        out->point = at;
    } else if (id[0] != '\0') {
        const char *part = last_part(id, ":/");
        if (strlen(part) >= sizeof out->node)
            return hole(number, "event %u: readPoint \"%.60s\" is too long", number, id);
        (void)snprintf(out->node, sizeof out->node, "%s", part);
    }
    if (strcmp(out->name, "position") == 0 && !out->has_point)
        return hole(number, "event %u: transporting without readPoint geo:LAT,LON says nothing",
                    number);
    if (strcmp(out->name, "position") == 0) out->node[0] = '\0';
    return TQ_OK;
}

/* Without an eventID the event's content is its name. */
static tq_status read_id(const json_t *event, uint32_t number, epcis_event *out, tq_err *err)
{
    const char *id = text_of(event, "eventID");
    if (strlen(id) > CONS_EVENT_ID_MAX)
        return hole(number, "event %u: eventID has more than %u bytes", number, CONS_EVENT_ID_MAX);
    if (id[0] != '\0') {
        (void)snprintf(out->id, sizeof out->id, "%s", id);
        return TQ_OK;
    }
    char *text = json_dumps(event, JSON_SORT_KEYS | JSON_COMPACT);
    if (text == NULL) return tq_fail(err, TQ_NO_MEMORY, 0, "no memory for an event");
    (void)snprintf(out->id, sizeof out->id, "urn:tongqu:epcis:%016llx",
                   (unsigned long long)tq_hash(text, strlen(text), 1));
    free(text);
    return TQ_OK;
}

static tq_status read_event(const json_t *event, uint32_t number, epcis_event *out, tq_err *err)
{
    *out = (epcis_event){.at_ms = 0};
    if (!json_is_object(event)) return hole(number, "event %u is no object", number);
    TQ_TRY(check_kind(event, number, err));
    TQ_TRY(read_time(event, number, out, err));
    TQ_TRY(read_step(event, number, out, err));
    TQ_TRY(read_place(event, number, out, err));
    TQ_TRY(read_id(event, number, out, err));
    find_consignment(event, out->consignment);
    const char *parent = text_of(event, "parentID");
    if (strcmp(text_of(event, "type"), "AggregationEvent") == 0 &&
        strlen(parent) < sizeof out->parent)
        (void)snprintf(out->parent, sizeof out->parent, "%s", parent);
    return TQ_OK;
}

tq_status epcis_read(const json_t *root, epcis_events *out, tq_err *err)
{
    const json_t *body = json_object_get(root, "epcisBody"), *list, *event;
    size_t k;
    out->count = 0;
    if (body == NULL && strcmp(text_of(root, "type"), "EPCISDocument") != 0) {
        TQ_TRY(read_event(root, 1, &out->event[0], err));
        out->count = 1;
        return TQ_OK;
    }
    if (!json_is_object(body))
        return tq_fail(err, TQ_BAD_INPUT, 0, "the EPCISDocument has no epcisBody");
    list = json_object_get(body, "eventList");
    if (!json_is_array(list) || json_array_size(list) == 0)
        return tq_fail(err, TQ_BAD_INPUT, 0, "epcisBody has no eventList with events");
    if (json_array_size(list) > EPCIS_EVENTS_MAX)
        return tq_fail(err, TQ_LIMIT, 0, "eventList has %zu events; %u are allowed",
                       json_array_size(list), EPCIS_EVENTS_MAX);
    json_array_foreach(list, k, event)
    {
        TQ_TRY(read_event(event, (uint32_t)k + 1, &out->event[k], err));
    }
    out->count = (uint32_t)json_array_size(list);
    return TQ_OK;
}

/* ---- applying ----------------------------------------------------------------------------------
 */

static tq_status apply_one(desk_call *call, const epcis_event *event, const char *id, bool *taken)
{
    json_auto_t *record = NULL;
    uint64_t version = 0;
    char state[32];
    bool again = false;
    cons_event said = {.name = event->name,
                       .id = event->id,
                       .node = event->node,
                       .vehicle = event->parent,
                       .note = strcmp(event->name, "problem") == 0 ? "EPCIS holding" : "",
                       .source = "epcis",
                       .at_ms = event->at_ms,
                       .eta_ms = CONS_NEVER,
                       .has_point = event->has_point,
                       .point = event->point};
    TQ_TRY(cons_load(call, id, &record, &version, state));
    TQ_TRY(cons_mine(call, record));
    TQ_TRY(cons_apply(call, id, record, state, &said, &again));
    *taken = !again;
    if (again) return TQ_OK;
    if (strcmp(said.name, "position") != 0) cons_line(call, record, said.name, event->id);
    return cons_save(call, id, state, record, version, said.name);
}

/* In order of time; events of one instant as they came. */
static void order_events(const epcis_events *all, uint32_t order[EPCIS_EVENTS_MAX])
{
    for (uint32_t k = 0; k < all->count; k++) {
        uint32_t at = k;
        while (at > 0 && all->event[order[at - 1]].at_ms > all->event[k].at_ms) {
            order[at] = order[at - 1];
            at--;
        }
        order[at] = k;
    }
}

static tq_status apply_all(desk_call *call, const epcis_events *all, uint32_t *taken)
{
    uint32_t order[EPCIS_EVENTS_MAX];
    const char *door = call->command->id;
    order_events(all, order);
    for (uint32_t k = 0; k < all->count; k++) {
        const epcis_event *event = &all->event[order[k]];
        const char *id = event->consignment[0] != '\0' ? event->consignment : door;
        bool one = false;
        if (id[0] == '\0')
            return desk_bad(call, "event %u names no consignment (CG-…) in bizTransactionList",
                            order[k] + 1);
        if (door[0] != '\0' && strcmp(door, id) != 0)
            return desk_bad(call, "event %u is about %s, not about %s", order[k] + 1, id, door);
        tq_status status = apply_one(call, event, id, &one);
        if (status != TQ_OK) {
            tq_err why = *call->err;
            return tq_fail(call->err, status, order[k] + 1, "event %u: %s", order[k] + 1, why.text);
        }
        *taken += one;
    }
    return TQ_OK;
}

tq_status cons_epcis_in(desk_call *call)
{
    epcis_events *all = TQ_ALLOC(epcis_events, 1);
    uint32_t taken = 0;
    if (all == NULL) return tq_fail(call->err, TQ_NO_MEMORY, 0, "no memory for events");
    tq_status status = epcis_read(call->body, all, call->err);
    uint32_t count = all->count;
    if (status == TQ_OK) status = apply_all(call, all, &taken);
    tq_free(all);
    TQ_TRY(status);
    return desk_answer(call, json_pack("{s:i,s:i,s:i}", "events", (int)count, "taken", (int)taken,
                                       "known", (int)(count - taken)));
}
