/*
 * From the records into memory: one function a kind reads a record as it is now and makes the row
 * of it anew; filling reads all that matter, following one. So what is known depends on the records
 * alone, whichever way they came (test/prop/desk_dispatch.c compares both).
 *
 * Only open orders are held. What is over leaves a row for the KPIs of the hour, and its vehicle,
 * if it still holds the order, stands on a list that the next tick frees.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "desk/order_in.h"
#include "desk/supply_in.h"

#define KPI_KEEP_MS   7200000
#define BOOKED_LEAD_S 1200

static const char *const PHASES[] = {"searching", "offered",  "assigned",
                                     "arrived",   "on_board", NULL};

supply_vehicle *supply_vehicle_at(struct desk_supply *supply, const char *id)
{
    uint32_t at = supply_map_get(&supply->vehicle_of, id);
    return at != TQ_NONE ? &supply->vehicle.at[at] : NULL;
}

supply_driver *supply_driver_at(struct desk_supply *supply, const char *id)
{
    uint32_t at = supply_map_get(&supply->driver_of, id);
    return at != TQ_NONE ? &supply->driver.at[at] : NULL;
}

supply_order *supply_order_at(struct desk_supply *supply, const char *id)
{
    uint32_t at = supply_map_get(&supply->order_of, id);
    return at != TQ_NONE ? &supply->order.at[at] : NULL;
}

order_phase phase_named(const char *state)
{
    uint32_t at = vehicle_word(PHASES, state);
    return at != TQ_NONE ? (order_phase)at : PHASE_OTHER;
}

static void copy(char *out, size_t cap, const json_t *object, const char *member)
{
    (void)snprintf(out, cap, "%s", desk_get_text(object, member));
}

static int64_t instant_of(const tq_desk *desk, const json_t *object, const char *member,
                          int64_t otherwise)
{
    tq_err why;
    int64_t at_ms = otherwise;
    const char *text = desk_get_text(object, member);
    if (text[0] == '\0' || tq_time_parse(&desk->city->zone, tq_str_of(text), &at_ms, &why) != TQ_OK)
        return otherwise;
    return at_ms;
}

static bool point_of(const json_t *place, tq_point *out)
{
    const json_t *lat = json_object_get(place, "lat"), *lon = json_object_get(place, "lon");
    if (!json_is_number(lat) || !json_is_number(lon)) return false;
    out->lat_e7 = (int32_t)lround(json_number_value(lat) * 1e7);
    out->lon_e7 = (int32_t)lround(json_number_value(lon) * 1e7);
    return true;
}

static int64_t whole(const json_t *object, const char *member, int64_t otherwise)
{
    const json_t *value = json_object_get(object, member);
    return json_is_number(value) ? (int64_t)json_number_value(value) : otherwise;
}

/* ---- vehicles ----------------------------------------------------------------------------------
 */

static bool has_permit(const json_t *record, vehicle_class class)
{
    const char *word = VEHICLE_CLASSES[class];
    const json_t *permits = json_object_get(record, "permits");
    for (size_t k = 0; k < json_array_size(permits); k++) {
        const char *permit = json_string_value(json_array_get(permits, k));
        size_t len = strlen(word);
        if (permit != NULL && strncmp(permit, word, len) == 0 &&
            (permit[len] == ':' || permit[len] == '\0'))
            return true;
    }
    return false;
}

static tq_status take_vehicle(tq_desk *desk, const char *id, const json_t *record, tq_err *err)
{
    struct desk_supply *supply = desk->supply;
    uint32_t at = supply_map_get(&supply->vehicle_of, id);
    if (at == TQ_NONE) {
        supply_vehicle fresh = {.older = TQ_NONE, .newer = TQ_NONE};
        at = (uint32_t)supply->vehicle.count;
        if (at >= SUPPLY_VEHICLES_MAX)
            return tq_fail(err, TQ_LIMIT, 0, "more than %u vehicles", SUPPLY_VEHICLES_MAX);
        if (!supply_map_put(&supply->vehicle_of, id, at) || !tq_vec_push(&supply->vehicle, fresh))
            return tq_fail(err, TQ_NO_MEMORY, 0, "no memory for a vehicle");
    }
    supply_vehicle *one = &supply->vehicle.at[at];
    uint32_t class = vehicle_word(VEHICLE_CLASSES, desk_get_text(record, "class"));
    uint32_t duty = vehicle_word(VEHICLE_DUTIES, desk_get_text(record, "duty"));
    (void)snprintf(one->id, sizeof one->id, "%s", id);
    copy(one->plate, sizeof one->plate, record, "plate");
    copy(one->company, sizeof one->company, record, "company");
    copy(one->driver, sizeof one->driver, record, "driver");
    copy(one->order, sizeof one->order, record, "order");
    copy(one->terminal, sizeof one->terminal, record, "terminal");
    copy(one->partner, sizeof one->partner, record, "partner");
    one->class = class != TQ_NONE ? (vehicle_class) class : CLASS_TAXI;
    one->duty = duty != TQ_NONE ? (vehicle_duty)duty : DUTY_OFF;
    one->permitted = has_permit(record, one->class);
    one->seats = (uint32_t)whole(record, "seats", 4);
    one->wheelchair = (uint32_t)whole(record, "wheelchair", 0);
    one->free_since_ms = instant_of(desk, record, "free_since", 0);
    const json_t *advice = json_object_get(record, "advice");
    bool holds = one->duty == DUTY_FREE && point_of(advice, &one->advice);
    one->advice_ms = holds ? instant_of(desk, advice, "until", 0) : 0;
    one->area_count = 0;
    const json_t *areas = json_object_get(record, "areas");
    for (size_t k = 0; k < json_array_size(areas) && k < SUPPLY_AREAS_MAX; k++) {
        supply_area area = {.radius_m = (uint32_t)whole(json_array_get(areas, k), "radius_m", 0)};
        if (point_of(json_array_get(areas, k), &area.at)) one->area[one->area_count++] = area;
    }
    if (one->terminal[0] != '\0' && !supply_map_put(&supply->terminal_of, one->terminal, at))
        return tq_fail(err, TQ_NO_MEMORY, 0, "no memory for a terminal");
    /* An order that is not open any more must not hold it. */
    if (one->order[0] != '\0' && supply_order_at(supply, one->order) == NULL &&
        !desk_ids_push(&supply->release, id))
        return tq_fail(err, TQ_NO_MEMORY, 0, "no memory");
    /* The pool looks at the age of the position itself at the next tick. */
    return near_put(supply, at, one->at_ms, err);
}

/* ---- drivers ------------------------------------------------------------------------------------
 */

static tq_status take_driver(tq_desk *desk, const char *id, const json_t *record, tq_err *err)
{
    struct desk_supply *supply = desk->supply;
    uint32_t at = supply_map_get(&supply->driver_of, id);
    if (at == TQ_NONE) {
        supply_driver fresh = {.blocked_ms = 0};
        at = (uint32_t)supply->driver.count;
        if (!supply_map_put(&supply->driver_of, id, at) || !tq_vec_push(&supply->driver, fresh))
            return tq_fail(err, TQ_NO_MEMORY, 0, "no memory for a driver");
    }
    supply_driver *one = &supply->driver.at[at];
    const json_t *today = json_object_get(record, "today"),
                 *blocked = json_object_get(record, "blocked");
    (void)snprintf(one->id, sizeof one->id, "%s", id);
    copy(one->company, sizeof one->company, record, "company");
    copy(one->cohort, sizeof one->cohort, json_object_get(record, "shift"), "from");
    one->blocked_ms = json_is_object(blocked) ? instant_of(desk, blocked, "until", INT64_MAX) : 0;
    one->income_fen = whole(today, "income_fen", 0);
    one->since_ms = instant_of(desk, today, "since", 0);
    one->offered = (uint32_t)whole(today, "offered", 0);
    one->accepted = (uint32_t)whole(today, "accepted", 0);
    one->refused = (uint32_t)(whole(today, "refused", 0) + whole(today, "timed_out", 0));
    return TQ_OK;
}

/* ---- orders ------------------------------------------------------------------------------------
 */

static void note_done(tq_desk *desk, const json_t *record, const char *state)
{
    struct desk_supply *supply = desk->supply;
    const json_t *times = json_object_get(record, "times");
    int64_t begun = instant_of(desk, record, "at", instant_of(desk, record, "created", 0));
    int64_t created = instant_of(desk, record, "created", 0);
    int64_t boarded = instant_of(desk, times, "boarded", -1),
            named = instant_of(desk, times, "named", -1);
    bool served = strcmp(state, "done") == 0, unserved = strcmp(state, "unserved") == 0;
    if (!served && !unserved && strcmp(state, "cancelled") != 0 && strcmp(state, "no_show") != 0)
        return;
    supply_done one = {.at_ms = instant_of(desk, record, "changed", created),
                       .elder = json_is_true(json_object_get(record, "elder")),
                       .served = served,
                       .unserved = unserved,
                       .wait_s = -1,
                       .named_s = -1,
                       .approach_m = (int32_t)whole(record, "approach_m", -1),
                       .refusals = (uint32_t)json_array_size(json_object_get(record, "refusals"))};
    if (boarded >= 0) one.wait_s = (int32_t)(TQ_MAX(boarded - begun, (int64_t)0) / 1000);
    if (named >= 0) one.named_s = (int32_t)(TQ_MAX(named - created, (int64_t)0) / 1000);
    supply->done[supply->done_count++ % SUPPLY_DONE_MAX] = one;
    tq_point from;
    if (!served && named < 0 && point_of(json_object_get(record, "from"), &from))
        balance_note(supply, one.at_ms, from, true);
}

static void drop_order(struct desk_supply *supply, uint32_t at)
{
    char id[TQ_ID_MAX];
    (void)snprintf(id, sizeof id, "%s", supply->order.at[at].id);
    supply_map_drop(&supply->order_of, id);
    uint32_t last = (uint32_t)--supply->order.count;
    if (at == last) return;
    supply->order.at[at] = supply->order.at[last];
    (void)supply_map_put(&supply->order_of, supply->order.at[at].id, at);
}

static uint32_t words_of(const json_t *list, const char *const *words)
{
    uint32_t bits = 0;
    for (size_t k = 0; k < json_array_size(list); k++) {
        const char *word = json_string_value(json_array_get(list, k));
        uint32_t at = word != NULL ? vehicle_word(words, word) : TQ_NONE;
        if (at != TQ_NONE) bits |= 1u << at;
    }
    return bits;
}

static void read_order(tq_desk *desk, const json_t *record, supply_order *one)
{
    struct desk_supply *supply = desk->supply;
    const json_t *offer = json_object_get(record, "offer"),
                 *times = json_object_get(record, "times"),
                 *refusals = json_object_get(record, "refusals"),
                 *estimate = json_object_get(record, "estimate"),
                 *partner = json_object_get(record, "partner");
    one->phase = phase_named(desk_get_text(record, "state"));
    copy(one->vehicle, sizeof one->vehicle, json_is_object(offer) ? offer : record, "vehicle");
    one->until_ms = instant_of(desk, offer, "until", 0);
    one->also_count = 0;
    const json_t *others = json_object_get(offer, "others");
    for (size_t k = 0; k < json_array_size(others) && one->also_count < SUPPLY_GRAB_MAX; k++) {
        uint32_t other = supply_map_get(&supply->vehicle_of,
                                        desk_get_text(json_array_get(others, k), "vehicle"));
        if (other != TQ_NONE) one->also[one->also_count++] = other;
    }
    one->round = (uint32_t)whole(offer, "round", (int64_t)json_array_size(refusals));
    one->created_ms = instant_of(desk, record, "created", 0);
    one->since_ms = instant_of(desk, record, "at", 0);
    one->since_ms = one->since_ms > 0
                        ? TQ_MAX(one->created_ms, one->since_ms - BOOKED_LEAD_S * INT64_C(1000))
                        : one->created_ms;
    one->boarded_ms = instant_of(desk, times, "boarded", 0);
    one->ride_s = (int32_t)(60 * whole(estimate, "min", 0));
    one->elder = json_is_true(json_object_get(record, "elder"));
    one->hospital = json_is_true(json_object_get(record, "hospital"));
    one->has_to = point_of(json_object_get(record, "to"), &one->to);
    one->needs = words_of(json_object_get(record, "needs"), ORDER_NEEDS);
    one->classes = words_of(json_object_get(record, "classes"), VEHICLE_CLASSES);
    if (one->classes == 0) one->classes = 1u << CLASS_TAXI | 1u << CLASS_HAILING;
    one->party = (uint32_t)whole(record, "party", 1);
    one->partner_ms = instant_of(desk, partner, "at", 0);
    one->refused_count = 0;
    for (size_t k = json_array_size(refusals); k > 0; k--) {
        uint32_t vehicle = supply_map_get(
            &supply->vehicle_of, desk_get_text(json_array_get(refusals, k - 1), "vehicle"));
        if (vehicle != TQ_NONE && one->refused_count < SUPPLY_REFUSED_MAX)
            one->refused[one->refused_count++] = vehicle;
    }
}

static bool is_carried(const json_t *record)
{
    const char *kind = desk_get_text(record, "kind");
    return strcmp(kind, "seat") != 0 && strcmp(kind, "task") != 0;
}

static bool is_held(const supply_order *order, const supply_vehicle *all, uint32_t vehicle)
{
    if (order == NULL) return false;
    for (uint32_t k = 0; k < order->also_count; k++)
        if (order->also[k] == vehicle) return true;
    return strcmp(order->vehicle, all[vehicle].id) == 0;
}

/* Vehicles that held it, when it is with another one or with nobody now. */
static tq_status let_go(tq_desk *desk, const char *id, const uint32_t *held, uint32_t count,
                        tq_err *err)
{
    struct desk_supply *supply = desk->supply;
    const supply_order *now = supply_order_at(supply, id);
    for (uint32_t k = 0; k < count; k++) {
        const supply_vehicle *one = &supply->vehicle.at[held[k]];
        if (strcmp(one->order, id) != 0 || is_held(now, supply->vehicle.at, held[k])) continue;
        if (!desk_ids_push(&supply->release, one->id))
            return tq_fail(err, TQ_NO_MEMORY, 0, "no memory");
    }
    return TQ_OK;
}

static tq_status take_order(tq_desk *desk, const char *id, const json_t *record, tq_err *err)
{
    struct desk_supply *supply = desk->supply;
    uint32_t at = supply_map_get(&supply->order_of, id);
    const char *state = desk_get_text(record, "state");
    supply_order made = {.phase = PHASE_OTHER};
    if (!is_carried(record)) return TQ_OK;
    bool open =
        phase_named(state) != PHASE_OTHER && point_of(json_object_get(record, "from"), &made.from);
    uint32_t held[SUPPLY_GRAB_MAX + 1], held_count = 0;
    if (at != TQ_NONE) {
        const supply_order *was = &supply->order.at[at];
        uint32_t vehicle = supply_map_get(&supply->vehicle_of, was->vehicle);
        for (; held_count < was->also_count; held_count++)
            held[held_count] = was->also[held_count];
        if (vehicle != TQ_NONE) held[held_count++] = vehicle;
    }
    if (!open) {
        if (at != TQ_NONE) {
            note_done(desk, record, state);
            drop_order(supply, at);
        }
    } else {
        bool fresh = at == TQ_NONE;
        if (fresh) {
            at = (uint32_t)supply->order.count;
            if (at >= SUPPLY_ORDERS_MAX)
                return tq_fail(err, TQ_LIMIT, 0, "more than %u open orders", SUPPLY_ORDERS_MAX);
            if (!supply_map_put(&supply->order_of, id, at) || !tq_vec_push(&supply->order, made))
                return tq_fail(err, TQ_NO_MEMORY, 0, "no memory for an order");
        }
        supply_order *one = &supply->order.at[at];
        (void)snprintf(one->id, sizeof one->id, "%s", id);
        if (one->from.lat_e7 != made.from.lat_e7 || one->from.lon_e7 != made.from.lon_e7)
            one->snapped = NULL;
        one->from = made.from;
        read_order(desk, record, one);
        if (fresh) balance_note(supply, one->since_ms, one->from, false);
        if (one->phase == PHASE_ON_BOARD && one->vehicle[0] != '\0') {
            uint32_t vehicle = supply_map_get(&supply->vehicle_of, one->vehicle);
            if (vehicle != TQ_NONE)
                TQ_TRY(near_put(supply, vehicle, supply->vehicle.at[vehicle].at_ms, err));
        }
    }
    return let_go(desk, id, held, held_count, err);
}

/* ---- the policy ---------------------------------------------------------------------------------
 */

static tq_status take_policy(tq_desk *desk, const json_t *record, tq_err *err)
{
    struct desk_supply *supply = desk->supply;
    const char *name = desk_get_text(record, "name");
    const desk_policy *found = policy_named(&supply->policies, name[0] != '\0' ? name : "batch");
    const json_t *changes = json_object_get(record, "overrides");
    tq_err why;
    if (found == NULL) {
        tq_log(TQ_LOG_ERROR, "the policy \"%s\" is gone; batch holds now", name);
        found = policy_named(&supply->policies, "batch");
    }
    if (found == NULL) return tq_fail(err, TQ_BAD_CONFIG, 0, "there is no policy batch");
    supply->policy = *found;
    if (json_is_object(changes) && policy_change(&supply->policy, changes, &why) != TQ_OK)
        tq_log(TQ_LOG_ERROR, "the changes of the policy do not fit any more: %s", why.text);
    return TQ_OK;
}

/* ---- one record, all records -------------------------------------------------------------------
 */

static tq_status take(tq_desk *desk, const char *kind, const char *id, const json_t *record,
                      tq_err *err)
{
    if (strcmp(kind, "vehicle") == 0) return take_vehicle(desk, id, record, err);
    if (strcmp(kind, "driver") == 0) return take_driver(desk, id, record, err);
    if (strcmp(kind, "order") == 0) return take_order(desk, id, record, err);
    return take_policy(desk, record, err);
}

bool desk_supply_hears(const char *topic)
{
    return strcmp(topic, "order") == 0 || strcmp(topic, "vehicle") == 0 ||
           strcmp(topic, "driver") == 0 || strcmp(topic, "policy") == 0;
}

tq_status desk_supply_follow(tq_desk *desk, const char *topic, const char *id, tq_err *err)
{
    tq_buf text = {0};
    tq_record record = {0};
    json_t *body = NULL;
    if (desk->supply == NULL) return TQ_OK;
    tq_status status = tq_store_get(desk->store, topic, id, &text, &record, err);
    if (status == TQ_OK) status = desk_parse(record.body, SIZE_MAX, "a record", &body, err);
    if (status == TQ_OK) status = take(desk, topic, id, body, err);
    json_decref(body);
    tq_buf_free(&text);
    return status == TQ_NOT_FOUND ? TQ_OK : status;
}

typedef struct fill_run {
    tq_desk *desk;
    const char *kind;
    tq_status status;
    int64_t oldest_ms;
    tq_err *err;
} fill_run;

static bool fill_one(void *user, const tq_record *record)
{
    fill_run *run = user;
    json_t *body = NULL;
    run->status = desk_parse(record->body, SIZE_MAX, "a record of the store", &body, run->err);
    if (run->status == TQ_OK) run->status = take(run->desk, run->kind, record->id, body, run->err);
    json_decref(body);
    return run->status == TQ_OK;
}

/* Orders of the last hours that are over: for the KPIs, newest first. */
static bool fill_done(void *user, const tq_record *record)
{
    fill_run *run = user;
    json_t *body = NULL;
    if (run->oldest_ms == 0) run->oldest_ms = record->created_ms - KPI_KEEP_MS;
    if (record->created_ms < run->oldest_ms) return false;
    if (phase_named(record->state) != PHASE_OTHER) return true;
    run->status = desk_parse(record->body, SIZE_MAX, "a record of the store", &body, run->err);
    if (run->status == TQ_OK && is_carried(body)) {
        tq_point from;
        note_done(run->desk, body, record->state);
        if (point_of(json_object_get(body, "from"), &from))
            balance_note(run->desk->supply, record->created_ms, from, false);
    }
    json_decref(body);
    return run->status == TQ_OK;
}

static tq_status fill_kind(tq_desk *desk, const char *kind, const char *state, tq_err *err)
{
    fill_run run = {.desk = desk, .kind = kind, .err = err};
    tq_store_filter filter = {.kind = kind, .state = state};
    TQ_TRY(tq_store_each(desk->store, &filter, fill_one, &run, err));
    return run.status;
}

static tq_status fill_all(tq_desk *desk, tq_err *err)
{
    struct desk_supply *supply = desk->supply;
    TQ_TRY(policies_read(desk->folder, &supply->policies, err));
    TQ_TRY(take_policy(desk, NULL, err));
    TQ_TRY(fill_kind(desk, "policy", NULL, err));
    TQ_TRY(fill_kind(desk, "driver", NULL, err));
    TQ_TRY(fill_kind(desk, "vehicle", NULL, err));
    supply->release.count = 0;
    for (uint32_t phase = 0; PHASES[phase] != NULL; phase++)
        TQ_TRY(fill_kind(desk, "order", PHASES[phase], err));
    for (size_t at = 0; at < supply->vehicle.count; at++) {
        const supply_vehicle *one = &supply->vehicle.at[at];
        const supply_order *order = supply_order_at(supply, one->order);
        if (one->order[0] != '\0' && !is_held(order, supply->vehicle.at, (uint32_t)at) &&
            !desk_ids_push(&supply->release, one->id))
            return tq_fail(err, TQ_NO_MEMORY, 0, "no memory");
    }
    fill_run run = {.desk = desk, .err = err};
    tq_store_filter over = {.kind = "order", .newest_first = true};
    TQ_TRY(tq_store_each(desk->store, &over, fill_done, &run, err));
    return run.status;
}

tq_status desk_supply_fill(tq_desk *desk, tq_err *err)
{
    struct desk_supply *supply = TQ_ALLOC(struct desk_supply, 1);
    if (supply == NULL) return tq_fail(err, TQ_NO_MEMORY, 0, "no memory for the supply");
    desk_supply_close(desk->supply);
    desk->supply = supply;
    supply->city = desk->city;
    supply->heard_first = supply->heard_last = TQ_NONE;
    supply->next_batch_ms = INT64_MIN;
    supply->next_balance_ms = INT64_MIN;
    supply->memory = tq_alloc(1, SUPPLY_WORK_BYTES);
    supply->done = TQ_ALLOC(supply_done, SUPPLY_DONE_MAX);
    supply->want = TQ_ALLOC(supply_want, SUPPLY_WANTS_MAX);
    tq_status status = supply->memory != NULL && supply->done != NULL && supply->want != NULL
                           ? desk_pool_open(desk->city, SUPPLY_VEHICLES_MAX, &supply->pool, err)
                           : tq_fail(err, TQ_NO_MEMORY, 0, "no memory for the supply");
    if (status == TQ_OK) {
        tq_arena_init(&supply->work, supply->memory, SUPPLY_WORK_BYTES);
        status = fill_all(desk, err);
    }
    if (status != TQ_OK) {
        desk_supply_close(supply);
        desk->supply = NULL;
    }
    return status;
}

void desk_supply_close(struct desk_supply *supply)
{
    if (supply == NULL) return;
    if (supply->metric != NULL) tq_roads_put(supply->roads, supply->metric);
    if (supply->pool != NULL) desk_pool_close(supply->pool);
    supply_map_free(&supply->vehicle_of);
    supply_map_free(&supply->terminal_of);
    supply_map_free(&supply->driver_of);
    supply_map_free(&supply->order_of);
    tq_vec_free(&supply->vehicle);
    tq_vec_free(&supply->driver);
    tq_vec_free(&supply->order);
    tq_vec_free(&supply->release);
    tq_free(supply->done);
    tq_free(supply->want);
    tq_free(supply->memory);
    tq_free(supply);
}

/* ---- as text -----------------------------------------------------------------------------------
 */

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

tq_status desk_supply_dump(tq_desk *desk, tq_buf *out)
{
    const struct desk_supply *supply = desk->supply;
    if (supply == NULL) return TQ_NOT_FOUND;
    size_t count = supply->vehicle.count + supply->driver.count + supply->order.count, used = 0;
    char **line = TQ_ALLOC(char *, count + 1);
    if (line == NULL) return TQ_NO_MEMORY;
    for (size_t k = 0; k < count; k++) {
        tq_buf text = {0};
        if (k < supply->vehicle.count) {
            const supply_vehicle *one = &supply->vehicle.at[k];
            tq_buf_printf(&text, "vehicle %s %s %d %d %s %s %lld", one->id, one->plate,
                          (int)one->class, (int)one->duty, one->driver, one->order,
                          (long long)one->free_since_ms);
        } else if (k < supply->vehicle.count + supply->driver.count) {
            const supply_driver *one = &supply->driver.at[k - supply->vehicle.count];
            tq_buf_printf(&text, "driver %s %lld %lld %u %u %u", one->id,
                          (long long)one->blocked_ms, (long long)one->income_fen, one->offered,
                          one->accepted, one->refused);
        } else {
            const supply_order *one =
                &supply->order.at[k - supply->vehicle.count - supply->driver.count];
            tq_buf_printf(&text, "order %s %d %s %d %d %lld %lld %u %u %u", one->id,
                          (int)one->phase, one->vehicle, one->from.lat_e7, one->from.lon_e7,
                          (long long)one->since_ms, (long long)one->until_ms, one->needs,
                          one->classes, one->round);
            for (uint32_t r = 0; r < one->also_count; r++)
                tq_buf_printf(&text, " +%s", supply->vehicle.at[one->also[r]].id);
            for (uint32_t r = 0; r < one->refused_count; r++)
                tq_buf_printf(&text, " %s", supply->vehicle.at[one->refused[r]].id);
        }
        tq_buf_putc(&text, '\0');
        if (text.failed) continue;
        line[used++] = text.at;
    }
    qsort(line, used, sizeof *line, by_text);
    tq_buf_printf(out, "policy %s %d\n", supply->policy.name, supply->policy.bonus_fen);
    for (size_t k = 0; k < used; k++) {
        tq_buf_printf(out, "%s\n", line[k]);
        tq_free(line[k]);
    }
    tq_free(line);
    return TQ_OK;
}
