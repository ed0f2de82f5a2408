/*
 * Consignments: goods under one order over all its legs; the record, who sees it, how it is shown.
 *
 * Every change goes through cons_save: estimates and alarms are made anew, the record is written,
 * the event «consignment» is told. The history keeps its first line and the last
 * CONS_HISTORY_MAX - 1; events and alarms have limits of their own and are refused, not dropped.
 * Shapes: docs/design/freight.md.
 */
#include <stdio.h>

#include "desk/consignment_in.h"
#include "desk/order_in.h"

#define SEES_ALL                                                                                   \
    (TQ_ROLE_CLERK | TQ_ROLE_DISPATCHER | TQ_ROLE_PLANNER | TQ_ROLE_AUDITOR | TQ_ROLE_ADMIN)
#define SEES_PHONE (TQ_ROLE_CLERK | TQ_ROLE_DISPATCHER | TQ_ROLE_ADMIN)

const char *const CONS_POINT[CONS_POINTS + 1] = {"gate_in",  "loaded",      "departed", "arrived",
                                                 "unloaded", "handed_over", NULL};

/* ---- reading -----------------------------------------------------------------------------------
 */

tq_status cons_load(desk_call *call, const char *id, json_t **out, uint64_t *version,
                    char state[32])
{
    return desk_load(call, CONSIGNMENT, id, out, version, state);
}

static bool is_peers(const desk_call *call, const json_t *record)
{
    const char *peer = call->command->actor->peer;
    const json_t *leg;
    size_t k;
    if (!desk_is(call, TQ_ROLE_PEER) || peer[0] == '\0') return false;
    if (strcmp(desk_get_text(record, "peer"), peer) == 0) return true;
    json_array_foreach(json_object_get(record, "legs"), k, leg)
    {
        if (strcmp(desk_get_text(leg, "peer"), peer) == 0) return true;
    }
    return false;
}

static bool is_own(const desk_call *call, const json_t *record)
{
    const char *name = call->command->actor->name;
    return name[0] != '\0' && strcmp(desk_get_text(record, "owner"), name) == 0;
}

static bool is_seen(const desk_call *call, const json_t *record)
{
    return desk_is(call, SEES_ALL) || is_own(call, record) || is_peers(call, record);
}

tq_status cons_mine(desk_call *call, const json_t *record)
{
    if (is_seen(call, record)) return TQ_OK;
    return tq_fail(call->err, TQ_NOT_FOUND, 0, "there is no consignment \"%.48s\"",
                   desk_get_text(record, "id"));
}

tq_status cons_asked(desk_call *call, json_t **out)
{
    TQ_TRY(cons_load(call, call->command->id, out, NULL, NULL));
    return cons_mine(call, *out);
}

tq_status cons_net(desk_call *call, const tq_freight **out)
{
    const tq_desk_world *world = call->world;
    if (world != NULL && world->freight != NULL && world->freight->net != NULL) {
        *out = world->freight->net;
        return TQ_OK;
    }
    return tq_fail(call->err, TQ_NOT_FOUND, 0,
                   "this city has no freight network: there is no folder freight beside its city "
                   "file");
}

json_t *cons_place(const tq_freight *net, uint32_t node)
{
    tq_freight_node row = tq_freight_node_at(net, node);
    json_t *place = json_object();
    json_object_set_new(place, "id", json_string(row.id));
    json_object_set_new(place, "name_zh", json_string(row.name_zh));
    json_object_set_new(place, "name_en", json_string(row.name_en));
    json_object_set_new(place, "lat", json_real(row.at.lat_e7 / 1e7));
    json_object_set_new(place, "lon", json_real(row.at.lon_e7 / 1e7));
    return place;
}

tq_status cons_node(desk_call *call, const char *member, const char *text, uint32_t *out)
{
    const tq_freight *net = NULL;
    TQ_TRY(cons_net(call, &net));
    uint32_t count = tq_freight_size(net).nodes, found = tq_freight_node_find(net, tq_str_of(text));
    for (uint32_t node = 0; found == TQ_NONE && text[0] != '\0' && node < count; node++) {
        tq_freight_node row = tq_freight_node_at(net, node);
        if (strcmp(row.name_zh, text) == 0 || strcmp(row.name_en, text) == 0) found = node;
    }
    if (found == TQ_NONE)
        return desk_bad(call, "\"%s\" is \"%.40s\": no freight place; use an id or a whole name",
                        member, text);
    *out = found;
    return TQ_OK;
}

const char *cons_node_id(const json_t *leg, const char *end)
{
    return desk_get_text(json_object_get(leg, end), "id");
}

/* ---- states ------------------------------------------------------------------------------------
 */

tq_status cons_open(desk_call *call, const char *id, const char *state)
{
    const order_machine *machine = order_machine_of(call->desk, CONSIGNMENT);
    uint32_t here = machine != NULL ? order_state_of(machine, state) : TQ_NONE;
    if (here != TQ_NONE && !order_is_over(machine, here)) return TQ_OK;
    return tq_fail(call->err, TQ_STALE, 0, "consignment %s is %s: nothing changes any more", id,
                   state);
}

tq_status cons_may_move(desk_call *call, const char *id, const char *from, const char *to)
{
    const order_machine *machine = order_machine_of(call->desk, CONSIGNMENT);
    if (machine == NULL) return tq_fail(call->err, TQ_INTERNAL, 0, "no life of consignments");
    uint32_t here = order_state_of(machine, from), there = order_state_of(machine, to);
    if (here != TQ_NONE && here == there) return TQ_OK;
    if (here != TQ_NONE && there != TQ_NONE && (machine->state[here].next >> there & 1))
        return TQ_OK;
    return tq_fail(call->err, TQ_STALE, 0, "consignment %s is %s: it cannot become %.20s", id, from,
                   to);
}

/* ---- writing -----------------------------------------------------------------------------------
 */

void cons_line(desk_call *call, json_t *record, const char *what, const char *note)
{
    json_t *history = json_object_get(record, "history"), *line = json_object();
    if (!json_is_array(history)) {
        history = json_array();
        json_object_set_new(record, "history", history);
    }
    desk_put_instant(call, line, "at", call->command->now_ms);
    json_object_set_new(line, "by", json_string(call->command->actor->name));
    json_object_set_new(line, "what", json_string(what));
    json_object_set_new(line, "note",
                        note != NULL && note[0] != '\0' ? json_string(note) : json_null());
    json_array_append_new(history, line);
    if (json_array_size(history) <= CONS_HISTORY_MAX) return;
    json_array_remove(history, 1);
    json_int_t dropped = json_integer_value(json_object_get(record, "history_dropped"));
    json_object_set_new(record, "history_dropped", json_integer(dropped + 1));
}

tq_status cons_tell(desk_call *call, const char *id, const char *state, const char *verb,
                    json_t *body)
{
    json_t *told = body != NULL ? body : json_object();
    json_object_set_new(told, "state", json_string(state));
    return desk_event(call, CONSIGNMENT, id, verb, false,
                      TQ_ROLE_STAFF | TQ_ROLE_RIDER | TQ_ROLE_PEER, told);
}

tq_status cons_save(desk_call *call, const char *id, const char *state, json_t *record,
                    uint64_t version, const char *verb)
{
    bool told = false, moved = false;
    TQ_TRY(cons_follow(call, id, state, record, &told, &moved));
    TQ_TRY(desk_save(call, CONSIGNMENT, id, state, record, version));
    call->desk->consignments_next_ms =
        TQ_MIN(call->desk->consignments_next_ms, call->command->now_ms + CONS_LOOK_MS);
    return cons_tell(call, id, state, verb, NULL);
}

/* ---- showing -----------------------------------------------------------------------------------
 */

static void mask(const desk_call *call, json_t *shown, const char *party, bool whole)
{
    json_t *one = json_object_get(shown, party);
    const char *phone = desk_get_text(one, "phone");
    (void)call;
    if (phone[0] != '\0' && !whole) json_object_set_new(one, "phone", desk_masked_phone(phone));
}

static json_t *state_name(const desk_call *call, const char *state)
{
    const order_machine *machine = order_machine_of(call->desk, CONSIGNMENT);
    uint32_t at = machine != NULL ? order_state_of(machine, state) : TQ_NONE;
    json_t *name = json_object();
    json_object_set_new(name, "zh", json_string(at != TQ_NONE ? machine->state[at].zh : state));
    json_object_set_new(name, "en", json_string(at != TQ_NONE ? machine->state[at].en : state));
    return name;
}

static const json_t *time_of(const json_t *leg, const char *kind, const char *point)
{
    const json_t *value = json_object_get(json_object_get(leg, kind), point);
    return json_is_string(value) ? value : NULL;
}

static json_t *row_of(const json_t *leg, const char *what, const json_t *place)
{
    static const char *const kinds[] = {"planned", "estimated", "actual"};
    const char *point = strcmp(what, "departed") == 0  ? "depart"
                        : strcmp(what, "arrived") == 0 ? "arrive"
                                                       : what;
    json_t *row = json_object();
    json_object_set(row, "leg", json_object_get(leg, "number"));
    json_object_set(row, "mode", json_object_get(leg, "mode"));
    json_object_set_new(row, "what", json_string(what));
    json_object_set_new(row, "place", json_deep_copy(place));
    for (uint32_t k = 0; k < TQ_COUNT(kinds); k++) {
        const json_t *value = time_of(leg, kinds[k], k < 2 ? point : what);
        json_object_set_new(row, kinds[k], value != NULL ? json_deep_copy(value) : json_null());
    }
    return row;
}

/* Departures and arrivals of every leg, and what else has happened on it. */
static json_t *timeline(const json_t *record)
{
    json_t *rows = json_array();
    const json_t *leg;
    size_t k;
    json_array_foreach(json_object_get(record, "legs"), k, leg)
    {
        for (uint32_t point = 0; point < CONS_POINTS; point++) {
            bool always = point == CONS_DEPARTED || point == CONS_ARRIVED;
            if (!always && time_of(leg, "actual", CONS_POINT[point]) == NULL) continue;
            const char *end = point <= CONS_DEPARTED ? "from" : "to";
            json_t *row = row_of(leg, CONS_POINT[point], json_object_get(leg, end));
            const json_t *cutoff = time_of(leg, "planned", "cutoff");
            if (point == CONS_DEPARTED && cutoff != NULL)
                json_object_set_new(row, "cutoff", json_deep_copy(cutoff));
            json_array_append_new(rows, row);
        }
    }
    return rows;
}

/* Where the goods go from one carrier to the next: between the first leg that has not arrived and
 * the one behind it, or, all having arrived, the end. */
static json_t *next_hand_over(const json_t *record)
{
    const json_t *legs = json_object_get(record, "legs");
    size_t count = json_array_size(legs), at = 0;
    const char *state = desk_get_text(record, "state");
    if (strcmp(state, "delivered") == 0 || strcmp(state, "cancelled") == 0 || count == 0)
        return json_null();
    while (at < count && time_of(json_array_get(legs, at), "actual", "arrived") != NULL)
        at++;
    /* Arrived, but the next carrier has not taken it: still here. */
    if (at > 0 &&
        (at == count || (time_of(json_array_get(legs, at), "actual", "departed") == NULL &&
                         time_of(json_array_get(legs, at), "actual", "loaded") == NULL)))
        at--;
    const json_t *from = json_array_get(legs, at), *to = json_array_get(legs, at + 1);
    const json_t *arrived = time_of(from, "actual", "arrived"),
                 *estimate = time_of(from, "estimated", "arrive"),
                 *cutoff = to != NULL ? time_of(to, "planned", "cutoff") : NULL;
    json_t *out = json_object();
    json_object_set_new(out, "place", json_deep_copy(json_object_get(from, "to")));
    json_object_set(out, "leg", json_object_get(from, "number"));
    json_object_set(out, "from_mode", json_object_get(from, "mode"));
    json_object_set(out, "from_carrier", json_object_get(from, "carrier"));
    json_object_set_new(out, "to_mode",
                        to != NULL ? json_incref(json_object_get(to, "mode")) : json_null());
    json_object_set_new(out, "to_carrier",
                        to != NULL ? json_incref(json_object_get(to, "carrier")) : json_null());
    json_object_set_new(out, "arrived", arrived != NULL ? json_deep_copy(arrived) : json_null());
    json_object_set_new(out, "estimated",
                        estimate != NULL ? json_deep_copy(estimate) : json_null());
    json_object_set_new(out, "cutoff", cutoff != NULL ? json_deep_copy(cutoff) : json_null());
    return out;
}

static bool has_alarm(const json_t *record)
{
    const json_t *alarm;
    size_t k;
    json_array_foreach(json_object_get(record, "alarms"), k, alarm)
    {
        if (!json_is_string(json_object_get(alarm, "cleared"))) return true;
    }
    return false;
}

json_t *cons_show(desk_call *call, const json_t *record)
{
    json_t *shown = json_deep_copy(record);
    bool whole = desk_is(call, SEES_PHONE) || is_own(call, record);
    mask(call, shown, "shipper", whole);
    mask(call, shown, "consignee", whole);
    json_object_set_new(shown, "state_name", state_name(call, desk_get_text(record, "state")));
    json_object_set_new(shown, "late", json_boolean(has_alarm(record)));
    json_object_set_new(shown, "next_hand_over", next_hand_over(record));
    return shown;
}

tq_status cons_answer(desk_call *call, const char *id)
{
    json_auto_t *record = NULL;
    TQ_TRY(cons_load(call, id, &record, NULL, NULL));
    TQ_TRY(cons_mine(call, record));
    json_t *shown = cons_show(call, record);
    json_object_set_new(shown, "timeline", timeline(record));
    return desk_answer(call, shown);
}

static tq_status cons_get(desk_call *call)
{
    return cons_answer(call, call->command->id);
}

static json_t *show_one(desk_call *call, const tq_record *row)
{
    static const char *const heavy[] = {"history", "events", "replans", "weigh_lists", "plan"};
    tq_err why;
    char late[8];
    json_auto_t *record = NULL;
    if (desk_parse(row->body, SIZE_MAX, "a consignment", &record, &why) != TQ_OK ||
        !is_seen(call, record))
        return NULL;
    if (desk_query(call, "late", late, sizeof late) && strcmp(late, "true") == 0 &&
        !has_alarm(record))
        return NULL;
    json_t *shown = cons_show(call, record);
    for (uint32_t k = 0; k < TQ_COUNT(heavy); k++)
        json_object_del(shown, heavy[k]);
    return shown;
}

static tq_status cons_list(desk_call *call)
{
    return desk_answer_newest(call, CONSIGNMENT, "consignments", "", show_one);
}

#define DESK  (TQ_ROLE_CLERK | TQ_ROLE_DISPATCHER | TQ_ROLE_ADMIN)
#define USERS (DESK | TQ_ROLE_RIDER | TQ_ROLE_PEER)
#define READS (USERS | TQ_ROLE_PLANNER | TQ_ROLE_AUDITOR)

const desk_verb desk_consignment_verbs[] = {
    {"consignment.create", USERS, TQ_VERB_DO, cons_create},
    {"consignment.get", READS, TQ_VERB_ASK, cons_get},
    {"consignment.list", READS, TQ_VERB_ASK, cons_list},
    {"consignment.event", DESK | TQ_ROLE_PEER, TQ_VERB_DO, cons_event_verb},
    {"consignment.change", USERS, TQ_VERB_DO, cons_change},
    {"consignment.cancel", USERS, TQ_VERB_DO, cons_cancel},
    {"consignment.replan", DESK, TQ_VERB_DO, cons_replan},
    {"consignment.weigh", DESK | TQ_ROLE_PEER, TQ_VERB_DO, cons_weigh},
    {"consignment.kpi", DESK | TQ_ROLE_PLANNER | TQ_ROLE_AUDITOR, TQ_VERB_ASK, cons_kpi},
    {"consignment.epcis", DESK | TQ_ROLE_PEER, TQ_VERB_DO, cons_epcis_in},
    {"consignment.epcis_out", READS, TQ_VERB_ASK, cons_epcis_out},
    {"consignment.dcsa", READS, TQ_VERB_ASK, cons_dcsa_out},
    {"consignment.waybill", READS, TQ_VERB_ASK, cons_waybill},
    {"consignment.waybill_xml", READS, TQ_VERB_ASK, cons_waybill_xml},
    {"consignment.weigh_list", READS, TQ_VERB_ASK, cons_weigh_list},
    {"consignment.weigh_list_xml", READS, TQ_VERB_ASK, cons_weigh_list_xml},
    {0}};
