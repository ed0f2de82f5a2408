/*
 * What happens to a consignment: gate_in, loaded, departed, arrived, unloaded, handed_over of each
 * leg, delivered at the end, a problem and its end, positions on the way.
 *
 * An event finds its leg by its kind (the next one that can have it) unless it names it, and is
 * refused by name when the leg is over or has not begun, when its predecessor is missing, when it
 * lies before the last thing that happened or in the future. One that is known already, by its own
 * id or as the same point at the same instant, changes nothing and is answered as before.
 */
#include <stdio.h>

#include "desk/consignment_in.h"

static const char *const WORDS[] = {"gate_in",     "loaded",    "departed", "arrived",  "unloaded",
                                    "handed_over", "delivered", "problem",  "position", NULL};

static uint32_t point_of(const char *name)
{
    uint32_t point = 0;
    while (point < CONS_POINTS && strcmp(CONS_POINT[point], name) != 0)
        point++;
    return point;
}

/* ---- which leg ---------------------------------------------------------------------------------
 */

/* The leg that the next event of this kind is about: behind it all have arrived. */
static uint32_t likely_leg(const cons_view *view, uint32_t point)
{
    uint32_t at = view->current;
    if (point <= CONS_ARRIVED) return TQ_MIN(at, view->count - 1);
    /* Unloaded or handed over: where the goods arrived last. */
    return at > 0 && (at == view->count || view->leg[at].actual_ms[CONS_DEPARTED] == CONS_NEVER)
               ? at - 1
               : at;
}

static tq_status find_leg(desk_call *call, const cons_view *view, const cons_event *event,
                          uint32_t point, uint32_t *out)
{
    *out = event->leg > 0 ? event->leg - 1 : likely_leg(view, point);
    if (*out >= view->count)
        return desk_bad(call, "\"leg\" is %u; the consignment has %u legs", event->leg,
                        view->count);
    const char *end = point <= CONS_DEPARTED ? "from" : "to",
               *place = cons_node_id(view->leg[*out].json, end);
    if (event->node[0] != '\0' && strcmp(event->node, place) != 0)
        return desk_bad(call, "leg %u: %s is at %s, not at \"%.40s\"", *out + 1, event->name, place,
                        event->node);
    return TQ_OK;
}

/* ---- order -------------------------------------------------------------------------------------
 */

static int64_t last_ms(const cons_view *view)
{
    int64_t last = INT64_MIN;
    for (uint32_t k = 0; k < view->count; k++)
        for (uint32_t point = 0; point < CONS_POINTS; point++)
            if (view->leg[k].actual_ms[point] != CONS_NEVER)
                last = TQ_MAX(last, view->leg[k].actual_ms[point]);
    return last;
}

static tq_status check_time(desk_call *call, const cons_view *view, const cons_event *event)
{
    char text[TQ_TIME_TEXT_MAX], other[TQ_TIME_TEXT_MAX];
    const tq_zone_table *zone = &call->desk->city->zone;
    int64_t last = last_ms(view);
    tq_time_print(zone, event->at_ms, text);
    if (event->at_ms > call->command->now_ms + CONS_FUTURE_MS)
        return desk_bad(call, "%s at %s lies in the future", event->name, text);
    if (last == INT64_MIN && view->begin_ms != CONS_NEVER &&
        event->at_ms < view->begin_ms - CONS_PAST_MS) {
        tq_time_print(zone, view->begin_ms, other);
        return desk_bad(call,
                        "%s at %s lies more than %d days before the consignment begins, at %s",
                        event->name, text, (int)(CONS_PAST_MS / INT64_C(86400000)), other);
    }
    if (last == INT64_MIN || event->at_ms >= last) return TQ_OK;
    tq_time_print(zone, last, other);
    return desk_bad(call, "%s at %s lies before the last thing that happened, at %s", event->name,
                    text, other);
}

/* Has anything happened on a leg behind this one, or later on it? */
static bool is_past(const cons_view *view, uint32_t leg, uint32_t point)
{
    for (uint32_t k = leg; k < view->count; k++)
        for (uint32_t p = k == leg ? point + 1 : 0; p < CONS_POINTS; p++)
            if (view->leg[k].actual_ms[p] != CONS_NEVER) return true;
    return false;
}

static tq_status check_order(desk_call *call, const cons_view *view, uint32_t leg, uint32_t point)
{
    const char *word = CONS_POINT[point];
    if (view->leg[leg].actual_ms[point] != CONS_NEVER)
        return tq_fail(call->err, TQ_STALE, 0, "leg %u has \"%s\" already, at another time",
                       leg + 1, word);
    if (is_past(view, leg, point))
        return tq_fail(call->err, TQ_STALE, 0,
                       "leg %u is past \"%s\": something later has happened already", leg + 1,
                       word);
    if (leg > 0 && view->leg[leg - 1].actual_ms[CONS_ARRIVED] == CONS_NEVER)
        return tq_fail(call->err, TQ_STALE, 0,
                       "leg %u cannot have \"%s\" yet: leg %u has not arrived", leg + 1, word, leg);
    if (point == CONS_ARRIVED && view->leg[leg].actual_ms[CONS_DEPARTED] == CONS_NEVER)
        return tq_fail(call->err, TQ_STALE, 0, "leg %u cannot arrive: it has not departed",
                       leg + 1);
    if (point > CONS_ARRIVED && view->leg[leg].actual_ms[CONS_ARRIVED] == CONS_NEVER)
        return tq_fail(call->err, TQ_STALE, 0, "leg %u cannot have \"%s\": it has not arrived",
                       leg + 1, word);
    return TQ_OK;
}

/* ---- into the record ---------------------------------------------------------------------------
 */

static bool is_known(const json_t *record, const char *id)
{
    const json_t *one;
    size_t k;
    if (id[0] == '\0') return false;
    json_array_foreach(json_object_get(record, "events"), k, one)
    {
        if (strcmp(desk_get_text(one, "event_id"), id) == 0) return true;
    }
    return false;
}

static tq_status keep_event(desk_call *call, const char *id, json_t *record,
                            const cons_event *event, uint32_t leg, const char *place)
{
    json_t *events = json_object_get(record, "events"), *one = json_object();
    if (json_array_size(events) >= CONS_EVENTS_MAX) {
        json_decref(one);
        return tq_fail(call->err, TQ_LIMIT, 0, "consignment %s has %u events already", id,
                       CONS_EVENTS_MAX);
    }
    json_object_set_new(one, "event", json_string(event->name));
    json_object_set_new(one, "leg", leg > 0 ? json_integer(leg) : json_null());
    json_object_set_new(one, "place", place[0] != '\0' ? json_string(place) : json_null());
    desk_put_instant(call, one, "at", event->at_ms);
    desk_put_instant(call, one, "reported", call->command->now_ms);
    json_object_set_new(one, "by", json_string(call->command->actor->name));
    json_object_set_new(one, "source", json_string(event->source));
    json_object_set_new(one, "event_id",
                        event->id[0] != '\0' ? json_string(event->id) : json_null());
    json_object_set_new(one, "vehicle",
                        event->vehicle[0] != '\0' ? json_string(event->vehicle) : json_null());
    json_object_set_new(one, "note",
                        event->note[0] != '\0' ? json_string(event->note) : json_null());
    json_array_append_new(events, one);
    return TQ_OK;
}

static tq_status apply_point(desk_call *call, const char *id, json_t *record, char state[32],
                             const cons_view *view, const cons_event *event, bool *again)
{
    uint32_t point = point_of(event->name), leg = 0;
    const char *to = point == CONS_DEPARTED ? "in_transit" : "at_terminal";
    TQ_TRY(find_leg(call, view, event, point, &leg));
    json_t *json = view->leg[leg].json;
    if (view->leg[leg].actual_ms[point] == event->at_ms) {
        *again = true;
        return TQ_OK;
    }
    TQ_TRY(check_order(call, view, leg, point));
    TQ_TRY(check_time(call, view, event));
    TQ_TRY(cons_may_move(call, id, state, to));
    desk_put_instant(call, json_object_get(json, "actual"), event->name, event->at_ms);
    if (event->vehicle[0] != '\0')
        json_object_set_new(json, "vehicle", json_string(event->vehicle));
    if (event->direct_said) json_object_set_new(json, "direct", json_boolean(event->direct));
    (void)snprintf(state, 32, "%s", to);
    return keep_event(call, id, record, event, leg + 1,
                      cons_node_id(json, point <= CONS_DEPARTED ? "from" : "to"));
}

static tq_status apply_delivered(desk_call *call, const char *id, json_t *record, char state[32],
                                 const cons_view *view, const cons_event *event)
{
    const char *place = cons_node_id(record, "to");
    if (view->current != view->count)
        return tq_fail(call->err, TQ_STALE, 0, "%s is not delivered: leg %u has not arrived", id,
                       view->current + 1);
    if (event->node[0] != '\0' && strcmp(event->node, place) != 0)
        return desk_bad(call, "delivered is at %s, not at \"%.40s\"", place, event->node);
    TQ_TRY(check_time(call, view, event));
    TQ_TRY(cons_may_move(call, id, state, "delivered"));
    desk_put_instant(call, record, "delivered", event->at_ms);
    (void)snprintf(state, 32, "delivered");
    return keep_event(call, id, record, event, view->count, place);
}

static tq_status apply_problem(desk_call *call, const char *id, json_t *record, char state[32],
                               const cons_view *view, const cons_event *event)
{
    if (event->note[0] == '\0') return desk_bad(call, "a problem says what it is in \"note\"");
    TQ_TRY(check_time(call, view, event));
    TQ_TRY(cons_may_move(call, id, state, "problem"));
    (void)snprintf(state, 32, "problem");
    return keep_event(call, id, record, event, TQ_MIN(view->current + 1, view->count), "");
}

/* The last one is kept; older ones than that are passed over. */
static tq_status apply_position(desk_call *call, json_t *record, const cons_view *view,
                                const cons_event *event, bool *again)
{
    json_t *had = json_object_get(record, "position"), *position;
    int64_t had_ms = INT64_MIN;
    uint32_t leg = event->leg > 0 ? event->leg : view->current + 1;
    if (!event->has_point && event->eta_ms == CONS_NEVER)
        return desk_bad(call, "a position has \"lat\" and \"lon\", or an \"eta\"");
    if (leg != view->current + 1 || view->current == view->count ||
        view->leg[view->current].actual_ms[CONS_DEPARTED] == CONS_NEVER)
        return tq_fail(call->err, TQ_STALE, 0, "leg %u is not under way: it has no position", leg);
    if (event->at_ms > call->command->now_ms + CONS_FUTURE_MS)
        return desk_bad(call, "the position lies in the future");
    if (event->eta_ms != CONS_NEVER && event->eta_ms < event->at_ms)
        return desk_bad(call, "\"eta\" lies before \"at\"");
    if (desk_get_instant(call, had, "at", &had_ms) && had_ms >= event->at_ms) {
        *again = true;
        return TQ_OK;
    }
    position = json_object();
    json_object_set_new(position, "leg", json_integer(leg));
    desk_put_instant(call, position, "at", event->at_ms);
    if (event->has_point) {
        json_object_set_new(position, "lat", json_real(event->point.lat_e7 / 1e7));
        json_object_set_new(position, "lon", json_real(event->point.lon_e7 / 1e7));
    }
    if (event->eta_ms != CONS_NEVER) desk_put_instant(call, position, "eta", event->eta_ms);
    json_object_set_new(record, "position", position);
    return TQ_OK;
}

tq_status cons_apply(desk_call *call, const char *id, json_t *record, char state[32],
                     const cons_event *event, bool *again)
{
    cons_view view;
    bool position = strcmp(event->name, "position") == 0;
    *again = is_known(record, event->id);
    if (*again) return TQ_OK;
    TQ_TRY(cons_open(call, id, state));
    cons_view_of(call, record, &view);
    if (view.count == 0) return tq_fail(call->err, TQ_STALE, 0, "%s has no legs", id);
    if (position) return apply_position(call, record, &view, event, again);
    if (strcmp(event->name, "delivered") == 0)
        return apply_delivered(call, id, record, state, &view, event);
    if (strcmp(event->name, "problem") == 0)
        return apply_problem(call, id, record, state, &view, event);
    return apply_point(call, id, record, state, &view, event, again);
}

/* ---- the verb ----------------------------------------------------------------------------------
 */

static tq_status take_point(desk_call *call, cons_event *event)
{
    double lat = 0, lon = 0;
    bool one = json_object_get(call->body, "lat") != NULL,
         other = json_object_get(call->body, "lon") != NULL;
    if (!one && !other) return TQ_OK;
    TQ_TRY(desk_number(call, "lat", true, -90, 90, &lat));
    TQ_TRY(desk_number(call, "lon", true, -180, 180, &lon));
    event->has_point = true;
    event->point = (tq_point){.lat_e7 = (int32_t)(lat * 1e7), .lon_e7 = (int32_t)(lon * 1e7)};
    return TQ_OK;
}

static tq_status take_event(desk_call *call, cons_event *event)
{
    static const char *const members[] = {"event", "leg",    "node", "at",  "id",  "vehicle",
                                          "note",  "direct", "lat",  "lon", "eta", NULL};
    double leg = 0;
    const json_t *direct = json_object_get(call->body, "direct");
    uint32_t k = 0;
    TQ_TRY(desk_only(call, members));
    TQ_TRY(desk_text(call, "event", true, &event->name));
    while (WORDS[k] != NULL && strcmp(WORDS[k], event->name) != 0)
        k++;
    if (WORDS[k] == NULL) {
        const char *near = desk_nearest(event->name, WORDS);
        return desk_bad(call,
                        "\"event\" is \"%.30s\"; gate_in, loaded, departed, arrived, "
                        "unloaded, handed_over, delivered, problem, position%s%s%s",
                        event->name, near != NULL ? "; did you mean " : "",
                        near != NULL ? near : "", near != NULL ? "?" : "");
    }
    TQ_TRY(desk_whole(call, "leg", false, 1, CONS_LEGS_MAX, &leg));
    event->leg = (uint32_t)leg;
    TQ_TRY(desk_text(call, "node", false, &event->node));
    TQ_TRY(desk_text(call, "id", false, &event->id));
    TQ_TRY(desk_text(call, "vehicle", false, &event->vehicle));
    TQ_TRY(desk_text(call, "note", false, &event->note));
    if (strlen(event->id) > CONS_EVENT_ID_MAX)
        return desk_bad(call, "\"id\" has more than %u bytes", CONS_EVENT_ID_MAX);
    event->at_ms = call->command->now_ms / 1000 * 1000;
    TQ_TRY(desk_instant(call, "at", false, &event->at_ms));
    TQ_TRY(desk_instant(call, "eta", false, &event->eta_ms));
    if (direct != NULL && !json_is_boolean(direct))
        return desk_bad(call, "\"direct\" is true or false");
    event->direct_said = direct != NULL;
    event->direct = json_is_true(direct);
    return take_point(call, event);
}

tq_status cons_event_verb(desk_call *call)
{
    const char *id = call->command->id;
    json_auto_t *record = NULL;
    uint64_t version = 0;
    char state[32];
    bool again = false;
    cons_event event = {.source = "desk", .eta_ms = CONS_NEVER};
    TQ_TRY(take_event(call, &event));
    TQ_TRY(cons_load(call, id, &record, &version, state));
    TQ_TRY(cons_mine(call, record));
    /* Also with an old version: an event sent again must be answered as before. */
    if (!is_known(record, event.id)) TQ_TRY(desk_expect(call, CONSIGNMENT, id, version));
    TQ_TRY(cons_apply(call, id, record, state, &event, &again));
    if (again) return cons_answer(call, id);
    if (strcmp(event.name, "position") != 0) cons_line(call, record, event.name, event.note);
    TQ_TRY(cons_save(call, id, state, record, version, event.name));
    return cons_answer(call, id);
}
