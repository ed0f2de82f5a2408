/*
 * Requests for a line: who wants to go from where to where, on which days, in which window. They
 * are what lines are drawn from.
 *
 * A window is local time of the day: to leave in it, or with "by": "arrive" to arrive in it. A
 * rider sees and cancels his own requests, the desk all of them; phone numbers are masked for those
 * who need not call.
 */
#include <stdio.h>

#include "desk/lines_in.h"
#include "desk/order_in.h"

#define WINDOW_MOST_S (6 * 3600)

tq_status lines_request_read(const tq_city *city, const json_t *record, line_request *out,
                             tq_err *err)
{
    const json_t *window = json_object_get(record, "window");
    const json_t *party = json_object_get(record, "party"),
                 *wheels = json_object_get(record, "wheelchairs");
    const char *by = desk_get_text(record, "by");
    *out = (line_request){.party = 1};
    (void)snprintf(out->id, sizeof out->id, "%s", desk_get_text(record, "id"));
    TQ_TRY(
        lines_place(city, json_object_get(record, "from"), "from", LINES_REACH_M, &out->from, err));
    TQ_TRY(lines_place(city, json_object_get(record, "to"), "to", LINES_REACH_M, &out->to, err));
    if (tq_distance_dm(out->from, out->to) < 3000)
        return tq_fail(err, TQ_BAD_INPUT, 0, "\"from\" and \"to\" are less than 300 m apart");
    if (!lines_clock(desk_get_text(window, "from"), &out->from_s) ||
        !lines_clock(desk_get_text(window, "to"), &out->to_s))
        return tq_fail(err, TQ_BAD_INPUT, 0, "\"window\" needs \"from\" and \"to\" such as 07:30");
    if (out->to_s < out->from_s || out->to_s - out->from_s > WINDOW_MOST_S)
        return tq_fail(err, TQ_BAD_INPUT, 0,
                       "\"window\" ends before it begins, or is longer than 6 h");
    if (by[0] != '\0' && strcmp(by, "leave") != 0 && strcmp(by, "arrive") != 0)
        return tq_fail(err, TQ_BAD_INPUT, 0, "\"by\" is leave or arrive");
    out->arrive = strcmp(by, "arrive") == 0;
    if (!lines_days(json_object_get(record, "days"), &out->days))
        return tq_fail(err, TQ_BAD_INPUT, 0, "\"days\" is a list of mon tue wed thu fri sat sun");
    if (party != NULL && (!json_is_integer(party) || json_integer_value(party) < 1 ||
                          json_integer_value(party) > LINES_PARTY_MAX))
        return tq_fail(err, TQ_BAD_INPUT, 0, "\"party\" is a whole number from 1 to %u",
                       LINES_PARTY_MAX);
    if (party != NULL) out->party = (uint32_t)json_integer_value(party);
    if (wheels != NULL && (!json_is_integer(wheels) || json_integer_value(wheels) < 0 ||
                           json_integer_value(wheels) > out->party))
        return tq_fail(err, TQ_BAD_INPUT, 0, "\"wheelchairs\" is a whole number up to the party");
    if (wheels != NULL) out->wheelchairs = (uint32_t)json_integer_value(wheels);
    return TQ_OK;
}

static tq_status check_needs(desk_call *call)
{
    const json_t *list = json_object_get(call->body, "needs");
    if (list == NULL || json_is_null(list)) return TQ_OK;
    if (!json_is_array(list)) return desk_bad(call, "\"needs\" is a list");
    for (size_t k = 0; k < json_array_size(list); k++) {
        const char *need = json_string_value(json_array_get(list, k));
        const char *const *one = ORDER_NEEDS;
        while (*one != NULL && (need == NULL || strcmp(*one, need) != 0))
            one++;
        if (*one == NULL)
            return desk_bad(call,
                            "\"needs\" are of wheelchair helper cash quiet luggage pet child_seat");
    }
    return TQ_OK;
}

tq_status request_create(desk_call *call)
{
    static const char *const members[] = {"from",  "to",          "window", "by",   "days",
                                          "party", "wheelchairs", "phone",  "name", "caller",
                                          "needs", "note",        "line",   NULL};
    static const char *const texts[] = {"phone", "name", "caller", "note"};
    line_request request;
    const char *text = NULL;
    char id[TQ_ID_MAX];
    TQ_TRY(desk_only(call, members));
    for (uint32_t k = 0; k < TQ_COUNT(texts); k++)
        TQ_TRY(desk_text(call, texts[k], false, &text));
    TQ_TRY(lines_request_read(call->desk->city, call->body, &request, call->err));
    TQ_TRY(check_needs(call));
    TQ_TRY(desk_text(call, "line", false, &text));
    if (text[0] != '\0') {
        json_auto_t *line = NULL;
        TQ_TRY(desk_load(call, "line", text, &line, NULL, NULL));
    }
    json_auto_t *record = json_deep_copy(call->body);
    json_object_del(record, "version");
    json_object_set_new(record, "party", json_integer(request.party));
    json_object_set_new(record, "days", lines_days_json(request.days));
    json_object_set_new(record, "by", json_string(request.arrive ? "arrive" : "leave"));
    json_object_set_new(record, "line", text[0] != '\0' ? json_string(text) : json_null());
    json_object_set_new(record, "owner", json_string(call->command->actor->name));
    TQ_TRY(desk_new_id(call, "RQ", id));
    TQ_TRY(desk_save(call, "request", id, "open", record, 0));
    TQ_TRY(desk_event(call, "request", id, "created", false, TQ_ROLE_STAFF, NULL));
    *call->status = 201;
    return desk_answer(call, json_incref(record));
}

static bool is_staff(const desk_call *call)
{
    return desk_is(call, TQ_ROLE_CLERK | TQ_ROLE_PLANNER | TQ_ROLE_DISPATCHER | TQ_ROLE_ADMIN);
}

static bool is_mine(const desk_call *call, const json_t *record)
{
    const char *name = call->command->actor->name;
    return name[0] != '\0' && strcmp(desk_get_text(record, "owner"), name) == 0;
}

tq_status request_cancel(desk_call *call)
{
    static const char *const members[] = {"reason", "version", NULL};
    const char *id = call->command->id, *reason = NULL;
    uint64_t version = 0;
    char state[32];
    json_auto_t *record = NULL;
    TQ_TRY(desk_only(call, members));
    TQ_TRY(desk_text(call, "reason", false, &reason));
    TQ_TRY(desk_load(call, "request", id, &record, &version, state));
    if (!is_staff(call) && !is_mine(call, record))
        return tq_fail(call->err, TQ_NOT_FOUND, 0, "there is no request \"%.48s\"", id);
    TQ_TRY(desk_expect(call, "request", id, version));
    if (strcmp(state, "open") != 0)
        return tq_fail(call->err, TQ_STALE, 0, "the request %s is %s already", id, state);
    json_object_set_new(record, "reason", json_string(reason));
    TQ_TRY(desk_save(call, "request", id, "cancelled", record, version));
    TQ_TRY(desk_event(call, "request", id, "cancelled", false, TQ_ROLE_STAFF, NULL));
    return desk_answer(call, json_incref(record));
}

static json_t *show_request(desk_call *call, const tq_record *record)
{
    json_t *shown = NULL;
    if (desk_parse(record->body, DESK_BODY_MAX, "a request", &shown, call->err) != TQ_OK)
        return NULL;
    if (!is_staff(call) && !is_mine(call, shown)) {
        json_decref(shown);
        return NULL;
    }
    const char *phone = json_string_value(json_object_get(shown, "phone"));
    bool calls = desk_is(call, TQ_ROLE_CLERK | TQ_ROLE_DISPATCHER | TQ_ROLE_ADMIN);
    if (phone != NULL && !calls && !is_mine(call, shown))
        json_object_set_new(shown, "phone", desk_masked_phone(phone));
    return shown;
}

tq_status request_list(desk_call *call)
{
    return desk_answer_list(call, "request", "requests", show_request);
}
