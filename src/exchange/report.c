/*
 * What a closure owes to others, and when the next step is due.
 *
 * Each closure that a rule makes due gets one report record a product (kind "report", parent the
 * closure): first report at once, next ones when its end or effect changes and every so often while
 * it lasts, a final one at its end. A closure that no rule matched at its publishing (its expected
 * time was short) becomes due by the clock when it has lasted longer than a rule allows.
 *
 * Everything here runs inside the transaction of its cause, so that a report is owed exactly when
 * its event is on disk.
 */
#include <stdio.h>
#include <stdlib.h>

#include "exchange/exchange_in.h"

/* A closure as the rules look at it. */
typedef struct closure_view {
    const json_t *json;
    const char *id, *street, *effect;
    road_level level;
    uint32_t effect_bit;
    int64_t from_ms, to_ms; /* to_ms INT64_MAX = not known */
} closure_view;

/* ---- what kind of road ------------------------------------------------------------------------
 */

static road_level level_of_edge(const tq_city *city, uint32_t edge)
{
    const tq_street_attr *attr = tq_edge_attr(&city->streets, edge);
    if (attr->street_class == TQ_MOTORWAY || attr->street_class == TQ_MOTORWAY_LINK)
        return LEVEL_EXPRESSWAY;
    const tq_street_name *name = &city->streets.name[city->streets.edge_name[edge]];
    char first = tq_text(city, name->ref)[0];
    if (first == 'G') return LEVEL_NATIONAL;
    return first == 'S' ? LEVEL_PROVINCIAL : LEVEL_MUNICIPAL;
}

/* The greatest road among the arcs; of the street's name when the record has no arcs. */
static road_level level_of(const tq_city *city, const json_t *stretch, const char *street)
{
    road_level level = LEVEL_MUNICIPAL;
    const json_t *arcs = json_object_get(stretch, "arcs");
    uint32_t edges = city->streets.edge_count;
    size_t count = json_array_size(arcs);
    for (size_t k = 0; k < count; k++) {
        json_int_t arc = json_integer_value(json_array_get(arcs, k));
        if (arc < 0 || (uint64_t)arc >= 2 * (uint64_t)edges) continue;
        road_level one = level_of_edge(city, (uint32_t)arc >> 1);
        level = TQ_MIN(level, one);
    }
    if (count > 0 || street[0] == '\0') return level;
    for (uint32_t edge = 0; edge < edges; edge++) {
        const tq_street_name *name = &city->streets.name[city->streets.edge_name[edge]];
        if (strcmp(tq_text(city, name->name), street) != 0) continue;
        road_level one = level_of_edge(city, edge);
        level = TQ_MIN(level, one);
    }
    return level;
}

static int64_t instant_of(const tq_city *city, const json_t *object, const char *name,
                          int64_t otherwise)
{
    const char *text = json_string_value(json_object_get(object, name));
    int64_t at_ms = 0;
    if (text == NULL || tq_time_parse(&city->zone, tq_str_of(text), &at_ms, NULL) != TQ_OK)
        return otherwise;
    return at_ms;
}

static closure_view view_of(const tq_exchange *exchange, const json_t *json, const char *id)
{
    const json_t *stretch = json_object_get(json, "stretch");
    closure_view view = {.json = json,
                         .id = id,
                         .street = json_text_or(stretch, "street", ""),
                         .effect = json_text_or(json, "effect", "full")};
    view.level = level_of(exchange->city, stretch, view.street);
    view.from_ms = instant_of(exchange->city, json, "from", INT64_MAX);
    view.to_ms = instant_of(exchange->city, json, "to", INT64_MAX);
    for (uint32_t k = 0; k < EFFECT_COUNT; k++)
        if (strcmp(EFFECT_NAME[k], view.effect) == 0) view.effect_bit = 1u << k;
    return view;
}

static bool rule_sees(const rule_row *one, const closure_view *view)
{
    return (one->levels >> view->level & 1) != 0 && (one->effects & view->effect_bit) != 0 &&
           (one->street[0] == '\0' || strcmp(one->street, view->street) == 0);
}

/* The instant from which a rule makes the closure due: its publishing when the expected time is
 * over the rule's, else when it has lasted that long. */
static int64_t due_from(const rule_row *one, const closure_view *view)
{
    if (view->to_ms == INT64_MAX || view->to_ms - view->from_ms > one->over_ms) return INT64_MIN;
    return view->from_ms + one->over_ms + 1;
}

/* ---- reports ----------------------------------------------------------------------------------
 */

static json_t *report_body(const tq_exchange *exchange, const closure_view *view, const char *step,
                           json_int_t number, const char *rule_id, int64_t now_ms)
{
    const json_t *closure = view->json, *stretch = json_object_get(closure, "stretch");
    json_t *out = json_object(), *basics = json_object(), *cause = json_object(),
           *measures = json_object();
    json_object_set_new(out, "step", json_string(step));
    json_object_set_new(out, "number", json_integer(number));
    json_object_set_new(out, "event", json_string(view->id));
    json_object_set_new(out, "rule", json_string(rule_id));
    exchange_put_instant(exchange, out, "told", now_ms);
    json_object_set_new(basics, "road", json_string(view->street));
    json_object_set_new(basics, "level", json_string(LEVEL_NAME[view->level]));
    static const char *const place[] = {"from", "to", "direction", "length_m"};
    for (size_t k = 0; k < TQ_COUNT(place); k++) {
        json_t *value = json_object_get(stretch, place[k]);
        if (value != NULL) json_object_set(basics, place[k], value);
    }
    json_t *line = json_object_get(stretch, "line");
    if (json_array_size(line) > 0) json_object_set(basics, "point", json_array_get(line, 0));
    json_object_set_new(basics, "unit", json_string(json_text_or(closure, "owner", "")));
    exchange_put_instant(exchange, basics, "begun", view->from_ms);
    json_object_set_new(
        cause, "kind",
        json_string(json_is_true(json_object_get(closure, "sudden")) ? "sudden" : "planned"));
    json_object_set_new(cause, "reason", json_string(json_text_or(closure, "reason", "other")));
    json_object_set_new(cause, "text", json_string(json_text_or(closure, "note", "")));
    static const char *const what[] = {"effect", "users", "lanes", "speed_kmh", "limit", "times"};
    for (size_t k = 0; k < TQ_COUNT(what); k++) {
        json_t *value = json_object_get(closure, what[k]);
        if (value != NULL) json_object_set(measures, what[k], value);
    }
    json_object_set_new(out, "basics", basics);
    json_object_set_new(out, "cause", cause);
    json_object_set_new(out, "measures", measures);
    exchange_put_instant(exchange, out,
                         strcmp(step, "final") == 0 ? "recovered" : "expected_recovery",
                         strcmp(step, "final") == 0 ? now_ms : view->to_ms);
    return out;
}

/* Peers that get a product now. */
typedef struct receivers {
    char id[PEERS_MAX][EXCHANGE_ID_MAX];
    uint32_t count;
    const product_row *what;
} receivers;

static bool seen_peer(void *user, const tq_record *record)
{
    receivers *to = user;
    json_t *peer = NULL;
    if (to->count == PEERS_MAX) return false;
    if (exchange_json(record->body, &peer, NULL) != TQ_OK) return true;
    const json_t *only = json_object_get(peer, "products");
    bool wanted = only == NULL || json_array_size(only) == 0;
    for (size_t k = 0; k < json_array_size(only); k++) {
        const char *name = json_string_value(json_array_get(only, k));
        if (name != NULL && strcmp(name, to->what->id) == 0) wanted = true;
    }
    if (wanted && product_goes_to(to->what, json_text_or(peer, "kind", "")))
        (void)snprintf(to->id[to->count++], EXCHANGE_ID_MAX, "%s", record->id);
    json_decref(peer);
    return true;
}

static tq_status tell(tq_exchange *exchange, tq_store *store, const product_row *what,
                      const closure_view *view, const char *step, json_int_t number,
                      const char *rule_id, int64_t now_ms, uint32_t *told, tq_err *err)
{
    receivers *to = TQ_ALLOC(receivers, 1);
    if (to == NULL) return tq_fail(err, TQ_NO_MEMORY, 0, "no memory for the receivers of a report");
    to->what = what;
    tq_store_filter filter = {.kind = "peer", .state = "accepted"};
    tq_status status = tq_store_each(store, &filter, seen_peer, to, err);
    for (uint32_t k = 0; status == TQ_OK && k < to->count; k++)
        status =
            exchange_send(store, to->id[k], what->id, view->id, now_ms,
                          report_body(exchange, view, step, number, rule_id, now_ms), NULL, err);
    *told = to->count;
    tq_free(to);
    return status;
}

static void report_id(const closure_view *view, const product_row *what,
                      char out[2 * EXCHANGE_ID_MAX])
{
    (void)snprintf(out, (size_t)2 * EXCHANGE_ID_MAX, "%s/%s", view->id, what->id);
}

/* One step of a report: told to the peers, written to its record. `report` is dropped here. */
static tq_status report_step(tq_exchange *exchange, tq_store *store, const product_row *what,
                             const closure_view *view, json_t *report, uint64_t version,
                             const char *step, int64_t now_ms, tq_err *err)
{
    char id[2 * EXCHANGE_ID_MAX];
    report_id(view, what, id);
    json_int_t number = json_integer_value(json_object_get(report, "steps")) + 1;
    const char *rule_id = json_text_or(report, "rule", "");
    uint32_t told = 0;
    tq_status status = tell(exchange, store, what, view, step, number, rule_id, now_ms, &told, err);
    if (status != TQ_OK) {
        json_decref(report);
        return status;
    }
    bool last = strcmp(step, "final") == 0;
    json_object_set_new(report, "steps", json_integer(number));
    json_object_set_new(report, "about", json_string(view->id));
    json_object_set_new(report, "product", json_string(what->id));
    json_object_set_new(report, "peers", json_integer(told));
    json_object_set_new(report, "level", json_string(LEVEL_NAME[view->level]));
    json_object_set_new(report, "to_ms", json_integer(view->to_ms));
    json_object_set_new(report, "effect", json_string(view->effect));
    int64_t next_ms = last || what->next_every_ms == 0 ? INT64_MAX : now_ms + what->next_every_ms;
    json_object_set_new(report, "next_ms", json_integer(next_ms));
    exchange_put_instant(exchange, report, "next", next_ms);
    exchange_put_instant(exchange, report, "last", now_ms);
    exchange->due_ms = TQ_MIN(exchange->due_ms, next_ms);
    TQ_TRY(exchange_save(store, "report", id, last ? "done" : "running", report, version, now_ms,
                         err));
    return version == 0 ? tq_store_link(store, "report", id, view->id, err) : TQ_OK;
}

/* The report of a closure and product: NULL when there is none. */
static tq_status report_of(tq_store *store, const closure_view *view, const product_row *what,
                           json_t **out, uint64_t *version, bool *running, tq_err *err)
{
    char id[2 * EXCHANGE_ID_MAX], state[32] = "";
    report_id(view, what, id);
    *out = NULL;
    *version = 0;
    tq_status status = exchange_load(store, "report", id, out, version, state, err);
    *running = strcmp(state, "running") == 0;
    return status == TQ_NOT_FOUND ? TQ_OK : status;
}

/* ---- events ------------------------------------------------------------------------------------
 */

static tq_status look_at(tq_exchange *exchange, tq_store *store, const closure_view *view,
                         bool over, int64_t now_ms, tq_err *err)
{
    for (uint32_t k = 0; k < exchange->product_count; k++) {
        const product_row *what = &exchange->product[k];
        json_t *report = NULL;
        uint64_t version = 0;
        bool running = false;
        TQ_TRY(report_of(store, view, what, &report, &version, &running, err));
        if (report != NULL) {
            bool moved = json_integer_value(json_object_get(report, "to_ms")) != view->to_ms ||
                         strcmp(json_text_or(report, "effect", ""), view->effect) != 0;
            bool again = !running && !over; /* closed anew under the same number */
            if ((running && (over || moved)) || again)
                TQ_TRY(report_step(exchange, store, what, view, report, version,
                                   over    ? "final"
                                   : again ? "first"
                                           : "next",
                                   now_ms, err));
            else
                json_decref(report);
            continue;
        }
        const rule_row *due = NULL;
        for (uint32_t r = 0; !over && r < exchange->rule_count; r++) {
            const rule_row *one = &exchange->rule[r];
            if (strcmp(one->product, what->id) != 0 || !rule_sees(one, view)) continue;
            int64_t from_ms = due_from(one, view);
            if (from_ms <= now_ms && due == NULL) due = one;
            if (from_ms > now_ms) exchange->due_ms = TQ_MIN(exchange->due_ms, from_ms);
        }
        if (due == NULL) continue;
        report = json_object();
        json_object_set_new(report, "rule", json_string(due->id));
        TQ_TRY(report_step(exchange, store, what, view, report, 0, "first", now_ms, err));
    }
    return TQ_OK;
}

tq_status tq_exchange_heard(void *user, tq_store *store, const tq_event *event, tq_str record,
                            tq_err *err)
{
    tq_exchange *exchange = user;
    if (strcmp(event->topic, "order") == 0) return offer_heard(exchange, store, event, record, err);
    if (strcmp(event->topic, "closure") != 0 || record.len == 0) return TQ_OK;
    json_t *closure = NULL;
    TQ_TRY(exchange_json(record, &closure, err));
    const char *state = json_text_or(closure, "state", "");
    bool over = strcmp(state, "ended") == 0 || strcmp(state, "cancelled") == 0;
    tq_status status = TQ_OK;
    if (over || strcmp(state, "published") == 0) {
        closure_view view = view_of(exchange, closure, event->id);
        status = look_at(exchange, store, &view, over, event->at_ms, err);
    }
    json_decref(closure);
    return status;
}

/* ---- the clock ---------------------------------------------------------------------------------
 */

typedef struct due_list {
    TQ_VEC(json_t *) closure;
    bool failed;
} due_list;

static bool seen_closure(void *user, const tq_record *record)
{
    due_list *list = user;
    json_t *closure = NULL;
    if (exchange_json(record->body, &closure, NULL) != TQ_OK) return true;
    json_object_set_new(closure, "id", json_string(record->id));
    if (tq_vec_push(&list->closure, closure)) return true;
    json_decref(closure);
    list->failed = true;
    return false;
}

/* Next steps of running reports, whose time has come. */
static tq_status step_by_time(tq_exchange *exchange, tq_store *store, const closure_view *view,
                              int64_t now_ms, tq_err *err)
{
    for (uint32_t k = 0; k < exchange->product_count; k++) {
        const product_row *what = &exchange->product[k];
        json_t *report = NULL;
        uint64_t version = 0;
        bool running = false;
        TQ_TRY(report_of(store, view, what, &report, &version, &running, err));
        if (report == NULL) continue;
        int64_t next_ms = json_integer_value(json_object_get(report, "next_ms"));
        if (running && next_ms <= now_ms) {
            TQ_TRY(report_step(exchange, store, what, view, report, version, "next", now_ms, err));
        } else {
            if (running) exchange->due_ms = TQ_MIN(exchange->due_ms, next_ms);
            json_decref(report);
        }
    }
    return TQ_OK;
}

tq_status tq_exchange_due(tq_exchange *exchange, tq_store *store, int64_t now_ms, int64_t *next_ms,
                          tq_err *err)
{
    *next_ms = exchange->due_ms;
    if (now_ms < exchange->due_ms) return TQ_OK;
    due_list list = {0};
    tq_store_filter filter = {.kind = "closure", .state = "published"};
    exchange->due_ms = INT64_MAX;
    tq_status status = tq_store_each(store, &filter, seen_closure, &list, err);
    if (status == TQ_OK && list.failed)
        status = tq_fail(err, TQ_NO_MEMORY, 0, "no memory for the closures that may fall due");
    for (size_t k = 0; k < list.closure.count; k++) {
        const char *id = json_text_or(list.closure.at[k], "id", "");
        closure_view view = view_of(exchange, list.closure.at[k], id);
        if (status == TQ_OK) status = look_at(exchange, store, &view, false, now_ms, err);
        if (status == TQ_OK) status = step_by_time(exchange, store, &view, now_ms, err);
    }
    for (size_t k = 0; k < list.closure.count; k++)
        json_decref(list.closure.at[k]);
    tq_vec_free(&list.closure);
    if (status != TQ_OK) exchange->due_ms = 0; /* rolled back with the transaction: look again */
    *next_ms = exchange->due_ms;
    return status;
}
