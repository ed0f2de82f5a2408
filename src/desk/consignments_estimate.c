/*
 * When the goods will be where: estimates of the legs that are left, late alarms, the clock.
 *
 * From the last thing that happened, leg by leg: handling, the wait for a service, the way. A
 * service whose cut-off the goods miss is replaced by its next departure that they reach; a lorry's
 * links take what the live streets make of them, and with a closed one nothing behind it can be
 * said. A carrier's own estimate goes before ours; a position on the way scales what is left by the
 * straight distance.
 *
 * An alarm stands for the first cut-off that is missed and for the promised time. It is raised once
 * and cleared when the estimate is good again; both are told as events and kept in the record. The
 * clock looks at all open consignments when the roads have changed, else every CONS_LOOK_MS, and
 * writes only what has changed.
 */
#include <stdio.h>

#include "desk/consignment_in.h"
#include "desk/order_in.h"

#define LOCAL_MS INT64_C(28800000)
#define DAY_MS   INT64_C(86400000)
#define WEEKS_MS (INT64_C(5) * 7 * DAY_MS) /* departures are looked for so far ahead */
#define MONDAY   3                         /* 1970-01-01 was a Thursday: days since Monday */

/* ---- one leg -----------------------------------------------------------------------------------
 */

static const tq_freight_override *override_of(const tq_freight_live *live, uint32_t link)
{
    uint32_t low = 0, high = live != NULL ? live->count : 0;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (live->override[middle].link < link)
            low = middle + 1;
        else
            high = middle;
    }
    return live != NULL && low < live->count && live->override[low].link == link
               ? &live->override[low]
               : NULL;
}

/* How long the way takes now; sets `closed`. A row that the tables no longer have: as planned. */
static int64_t way_ms(const tq_freight *net, const tq_freight_live *live, cons_leg *leg)
{
    int64_t planned_ms = TQ_MAX(leg->arrive_ms - leg->depart_ms, 0), sum_ms = 0;
    const json_t *links = json_object_get(leg->json, "links"), *id;
    size_t k;
    if (leg->service || net == NULL || json_array_size(links) == 0) return planned_ms;
    json_array_foreach(links, k, id)
    {
        uint32_t link = tq_freight_link_find(net, tq_str_of(json_string_value(id)));
        if (link == TQ_NONE) return planned_ms;
        const tq_freight_override *now = override_of(live, link);
        if (now != NULL && now->closed) {
            leg->closed = true;
            (void)snprintf(leg->closed_link, sizeof leg->closed_link, "%s", json_string_value(id));
        }
        int64_t ds =
            now != NULL && now->time_ds >= 0 ? now->time_ds : tq_freight_link_at(net, link).time_ds;
        sum_ms += ds * 100;
    }
    return sum_ms;
}

/* The first departure at or after `from_ms` whose cut-off the goods reach. */
static int64_t next_run_ms(const tq_freight *net, const cons_leg *leg, int64_t from_ms)
{
    uint32_t row = net == NULL
                       ? TQ_NONE
                       : tq_freight_service_find(net, tq_str_of(desk_get_text(leg->json, "id")));
    if (row == TQ_NONE) return CONS_NEVER;
    tq_freight_service service = tq_freight_service_at(net, row);
    int64_t cutoff_ms = (int64_t)service.cutoff_ds * 100;
    int64_t first = tq_floor_div(from_ms + LOCAL_MS, DAY_MS);
    for (int64_t day = first; day < first + WEEKS_MS / DAY_MS; day++) {
        int64_t at_ms = day * DAY_MS + (int64_t)service.departs_min * 60000 - LOCAL_MS;
        int64_t weekday = (day + MONDAY) - tq_floor_div(day + MONDAY, 7) * 7;
        bool open = day >= service.from_day && day <= service.to_day;
        if (open && (service.days >> weekday & 1) && at_ms - cutoff_ms >= from_ms) return at_ms;
    }
    return CONS_NEVER;
}

static int64_t share_left_ms(const cons_view *view, const cons_leg *leg, int64_t way)
{
    const json_t *ends[2] = {json_object_get(leg->json, "from"), json_object_get(leg->json, "to")};
    tq_point at[2];
    for (uint32_t k = 0; k < 2; k++)
        at[k] = (tq_point){
            .lat_e7 = (int32_t)(json_number_value(json_object_get(ends[k], "lat")) * 1e7),
            .lon_e7 = (int32_t)(json_number_value(json_object_get(ends[k], "lon")) * 1e7)};
    int64_t whole = tq_distance_dm(at[0], at[1]), left = tq_distance_dm(view->position, at[1]);
    if (whole <= 0) return way;
    return way * TQ_MIN(left, whole) / whole;
}

static int64_t under_way_ms(const cons_view *view, const cons_leg *leg, int64_t way, int64_t now_ms)
{
    if (view->eta_ms != CONS_NEVER) return TQ_MAX(view->eta_ms, now_ms);
    int64_t arrive_ms = leg->actual_ms[CONS_DEPARTED] + way;
    if (view->position_ms != CONS_NEVER && view->position_ms >= leg->actual_ms[CONS_DEPARTED])
        arrive_ms = view->position_ms + share_left_ms(view, leg, way);
    return TQ_MAX(arrive_ms, now_ms);
}

/* When the goods are ready for the leg, having been free at `free_ms`. */
static int64_t ready_for(const cons_leg *leg, int64_t free_ms, bool current, int64_t now_ms)
{
    int64_t gate_ms = leg->actual_ms[CONS_GATE_IN], loaded_ms = leg->actual_ms[CONS_LOADED];
    if (loaded_ms != CONS_NEVER) return loaded_ms;
    if (gate_ms != CONS_NEVER) return TQ_MAX(gate_ms + leg->handling_ms, current ? now_ms : 0);
    return TQ_MAX(free_ms + leg->handling_ms, current ? now_ms : 0);
}

static void estimate_departure(const tq_freight *net, cons_leg *leg, int64_t free_ms, bool current,
                               int64_t now_ms)
{
    leg->ready_ms = ready_for(leg, free_ms, current, now_ms);
    leg->est_depart_ms = TQ_MAX(leg->depart_ms, leg->ready_ms);
    if (leg->cutoff_ms == CONS_NEVER) return;
    /* What the terminal took in time is in time, however long it is handled. */
    bool met = (leg->actual_ms[CONS_GATE_IN] != CONS_NEVER &&
                leg->actual_ms[CONS_GATE_IN] <= leg->cutoff_ms) ||
               leg->actual_ms[CONS_LOADED] != CONS_NEVER;
    leg->missed = !met && leg->ready_ms > leg->cutoff_ms + 1000;
    if (leg->missed) leg->est_depart_ms = next_run_ms(net, leg, leg->ready_ms);
    if (met) leg->est_depart_ms = TQ_MAX(leg->depart_ms, current ? now_ms : 0);
}

void cons_estimate(const tq_freight *net, const tq_freight_live *live, int64_t now_ms,
                   cons_view *view)
{
    int64_t free_ms = CONS_NEVER;
    for (uint32_t k = 0; k < view->count; k++) {
        cons_leg *leg = &view->leg[k];
        bool current = k == view->current;
        leg->closed = leg->missed = false;
        leg->est_depart_ms = leg->actual_ms[CONS_DEPARTED];
        leg->est_arrive_ms = leg->actual_ms[CONS_ARRIVED];
        leg->ready_ms = CONS_NEVER;
        if (leg->est_arrive_ms != CONS_NEVER) {
            free_ms = leg->est_arrive_ms;
            continue;
        }
        int64_t way = way_ms(net, live, leg);
        /* Before anything has happened the goods stand there as planned; nobody has begun to load
         * them when the planned begin has passed. */
        if (k == 0) free_ms = TQ_MAX(view->begin_ms, current ? now_ms : view->begin_ms);
        bool known = free_ms != CONS_NEVER;
        if (leg->est_depart_ms == CONS_NEVER && known)
            estimate_departure(net, leg, free_ms, current, now_ms);
        if (leg->closed || leg->est_depart_ms == CONS_NEVER)
            leg->est_arrive_ms = CONS_NEVER;
        else if (leg->actual_ms[CONS_DEPARTED] != CONS_NEVER)
            leg->est_arrive_ms = under_way_ms(view, leg, way, now_ms);
        else
            leg->est_arrive_ms = leg->est_depart_ms + way;
        free_ms = leg->est_arrive_ms;
    }
    view->end_ms = free_ms == CONS_NEVER ? CONS_NEVER : free_ms + view->unload_ms;
    if (view->current == view->count && view->end_ms != CONS_NEVER)
        view->end_ms = TQ_MAX(view->end_ms, now_ms);
    if (view->delivered_ms != CONS_NEVER) view->end_ms = view->delivered_ms;
}

/* ---- alarms ------------------------------------------------------------------------------------
 */

typedef struct cons_alarm {
    const char *kind; /* cutoff, promise */
    uint32_t leg;     /* from 1; 0 = the whole */
    int64_t limit_ms, estimate_ms;
    const char *link; /* closed; "" = none */
} cons_alarm;

/* At most one of each kind. */
static uint32_t find_alarms(const cons_view *view, cons_alarm out[2])
{
    uint32_t count = 0;
    const char *link = "";
    if (view->delivered_ms != CONS_NEVER) return 0;
    for (uint32_t k = view->current; k < view->count && count == 0; k++) {
        const cons_leg *leg = &view->leg[k];
        bool away = leg->actual_ms[CONS_DEPARTED] != CONS_NEVER ||
                    leg->actual_ms[CONS_LOADED] != CONS_NEVER;
        bool lost = leg->missed || (leg->ready_ms == CONS_NEVER && !away);
        if (leg->cutoff_ms != CONS_NEVER && lost && !away)
            out[count++] = (cons_alarm){"cutoff", k + 1, leg->cutoff_ms, leg->ready_ms, link};
        if (leg->closed && link[0] == '\0') link = leg->closed_link;
    }
    if (link[0] == '\0')
        for (uint32_t k = view->current; k < view->count && link[0] == '\0'; k++)
            if (view->leg[k].closed) link = view->leg[k].closed_link;
    if (view->promised_ms != CONS_NEVER && view->end_ms > view->promised_ms)
        out[count++] = (cons_alarm){"promise", 0, view->promised_ms, view->end_ms, link};
    /* A closed road with neither cut-off nor promise behind it is told too. */
    if (count == 0 && link[0] != '\0')
        out[count++] = (cons_alarm){"closed", 0, CONS_NEVER, CONS_NEVER, link};
    return count;
}

static void put_or_null(const desk_call *call, json_t *object, const char *member, int64_t at_ms)
{
    if (at_ms == CONS_NEVER)
        json_object_set_new(object, member, json_null());
    else
        desk_put_instant(call, object, member, at_ms);
}

static bool is_alarm(const json_t *alarm, const cons_alarm *want)
{
    return !json_is_string(json_object_get(alarm, "cleared")) &&
           strcmp(desk_get_text(alarm, "kind"), want->kind) == 0 &&
           json_integer_value(json_object_get(alarm, "leg")) == (json_int_t)want->leg;
}

static json_t *alarm_json(const desk_call *call, const cons_alarm *alarm)
{
    json_t *out = json_object();
    json_object_set_new(out, "kind", json_string(alarm->kind));
    json_object_set_new(out, "leg", alarm->leg > 0 ? json_integer(alarm->leg) : json_null());
    put_or_null(call, out, "limit", alarm->limit_ms);
    put_or_null(call, out, "estimate", alarm->estimate_ms);
    json_object_set_new(out, "closed_link",
                        alarm->link[0] != '\0' ? json_string(alarm->link) : json_null());
    return out;
}

static tq_status raise_alarm(desk_call *call, const char *id, const char *state, json_t *record,
                             const cons_alarm *alarm)
{
    json_t *alarms = json_object_get(record, "alarms"), *one = alarm_json(call, alarm);
    char note[200], of[20] = "";
    desk_put_instant(call, one, "since", call->command->now_ms);
    json_object_set_new(one, "cleared", json_null());
    json_array_append_new(alarms, one);
    if (json_array_size(alarms) > CONS_ALARMS_MAX) json_array_remove(alarms, 0);
    if (alarm->leg > 0) (void)snprintf(of, sizeof of, " of leg %u", alarm->leg);
    (void)snprintf(note, sizeof note, "%s%s: limit %.25s, estimate %.25s%s%.40s", alarm->kind, of,
                   alarm->limit_ms == CONS_NEVER ? "none" : desk_get_text(one, "limit"),
                   alarm->estimate_ms == CONS_NEVER ? "none" : desk_get_text(one, "estimate"),
                   alarm->link[0] != '\0' ? ", closed link " : "", alarm->link);
    cons_line(call, record, "late", note);
    return cons_tell(call, id, state, "late", alarm_json(call, alarm));
}

static tq_status follow_alarms(desk_call *call, const char *id, const char *state, json_t *record,
                               const cons_view *view, bool *told)
{
    cons_alarm want[2];
    uint32_t count = find_alarms(view, want);
    json_t *alarms = json_object_get(record, "alarms"), *alarm;
    bool stands[2] = {false, false};
    size_t k;
    if (!json_is_array(alarms)) {
        alarms = json_array();
        json_object_set_new(record, "alarms", alarms);
    }
    json_array_foreach(alarms, k, alarm)
    {
        bool wanted = false;
        if (json_is_string(json_object_get(alarm, "cleared"))) continue;
        for (uint32_t one = 0; one < count; one++)
            if (is_alarm(alarm, &want[one])) {
                stands[one] = wanted = true;
                put_or_null(call, alarm, "estimate", want[one].estimate_ms);
            }
        if (wanted) continue;
        desk_put_instant(call, alarm, "cleared", call->command->now_ms);
        cons_line(call, record, "recovered", desk_get_text(alarm, "kind"));
        json_t *body = json_deep_copy(alarm);
        TQ_TRY(cons_tell(call, id, state, "recovered", body));
        *told = true;
    }
    for (uint32_t one = 0; one < count; one++) {
        if (stands[one]) continue;
        TQ_TRY(raise_alarm(call, id, state, record, &want[one]));
        *told = true;
    }
    return TQ_OK;
}

/* ---- into the record ---------------------------------------------------------------------------
 */

static bool moved_far(desk_call *call, const json_t *object, const char *member, int64_t at_ms)
{
    int64_t had_ms = CONS_NEVER;
    bool had = desk_get_instant(call, object, member, &had_ms);
    if (!had || at_ms == CONS_NEVER) return had != (at_ms != CONS_NEVER);
    return at_ms - had_ms >= CONS_MOVED_MS || had_ms - at_ms >= CONS_MOVED_MS;
}

static tq_status live_now(desk_call *call, const tq_freight **net, const tq_freight_live **live)
{
    const tq_desk_freight *freight = call->world != NULL ? call->world->freight : NULL;
    *net = freight != NULL ? freight->net : NULL;
    *live = NULL;
    if (freight == NULL || freight->live == NULL) return TQ_OK;
    return freight->live(freight->user, call->command->now_ms, live, call->err);
}

tq_status cons_follow(desk_call *call, const char *id, const char *state, json_t *record,
                      bool *told, bool *moved)
{
    cons_view view;
    const tq_freight *net = NULL;
    const tq_freight_live *live;
    TQ_TRY(live_now(call, &net, &live));
    cons_view_of(call, record, &view);
    cons_estimate(net, live, call->command->now_ms, &view);
    for (uint32_t k = 0; k < view.count; k++) {
        cons_leg *leg = &view.leg[k];
        json_t *estimated = json_object_get(leg->json, "estimated");
        if (!json_is_object(estimated)) {
            estimated = json_object();
            json_object_set_new(leg->json, "estimated", estimated);
        }
        *moved = *moved || moved_far(call, estimated, "depart", leg->est_depart_ms) ||
                 moved_far(call, estimated, "arrive", leg->est_arrive_ms);
        put_or_null(call, estimated, "depart", leg->est_depart_ms);
        put_or_null(call, estimated, "arrive", leg->est_arrive_ms);
        json_object_set_new(leg->json, "missed", json_boolean(leg->missed));
        json_object_set_new(leg->json, "closed", json_boolean(leg->closed));
    }
    *moved = *moved || moved_far(call, record, "estimated", view.end_ms);
    put_or_null(call, record, "estimated", view.end_ms);
    if (strcmp(state, "cancelled") == 0) view.delivered_ms = 0;
    return follow_alarms(call, id, state, record, &view, told);
}

/* ---- the clock ---------------------------------------------------------------------------------
 */

typedef struct open_run {
    desk_ids ids;
    bool failed;
} open_run;

static bool see_open(void *user, const tq_record *record)
{
    open_run *run = user;
    run->failed = !desk_ids_push(&run->ids, record->id);
    return !run->failed;
}

/* Those in a state that is not the last one. */
static tq_status find_open(desk_call *call, open_run *run)
{
    const order_machine *machine = order_machine_of(call->desk, CONSIGNMENT);
    for (uint32_t k = 0; machine != NULL && k < machine->count; k++) {
        tq_store_filter filter = {.kind = CONSIGNMENT, .state = machine->state[k].id};
        if (order_is_over(machine, k)) continue;
        TQ_TRY(tq_store_each(call->desk->store, &filter, see_open, run, call->err));
    }
    return run->failed ? tq_fail(call->err, TQ_NO_MEMORY, 0, "no memory") : TQ_OK;
}

static tq_status look_at(desk_call *call, const char *id, bool *changed)
{
    json_auto_t *record = NULL;
    uint64_t version = 0;
    char state[32];
    bool told = false, moved = false;
    TQ_TRY(cons_load(call, id, &record, &version, state));
    TQ_TRY(cons_follow(call, id, state, record, &told, &moved));
    if (!told && !moved) return TQ_OK;
    *changed = true;
    TQ_TRY(desk_save(call, CONSIGNMENT, id, state, record, version));
    return told ? TQ_OK : cons_tell(call, id, state, "estimated", NULL);
}

tq_status desk_consignments_tick(desk_call *call, bool *changed)
{
    tq_desk *desk = call->desk;
    const tq_desk_world *world = call->world;
    uint64_t roads = world != NULL && world->overlay != NULL ? world->overlay->road_version : 0;
    if (world == NULL || world->freight == NULL) return TQ_OK;
    if (desk->consignments_next_ms > call->command->now_ms && desk->consignments_roads == roads)
        return TQ_OK;
    if (desk->consignments_next_ms == INT64_MAX) { /* none is open */
        desk->consignments_roads = roads;
        return TQ_OK;
    }
    open_run run = {.failed = false};
    tq_status status = find_open(call, &run);
    for (size_t k = 0; status == TQ_OK && k < run.ids.count; k++)
        status = look_at(call, run.ids.at[k].text, changed);
    if (status == TQ_OK) {
        desk->consignments_next_ms =
            run.ids.count > 0 ? call->command->now_ms + CONS_LOOK_MS : INT64_MAX;
        desk->consignments_roads = roads;
    }
    tq_vec_free(&run.ids);
    return status;
}
