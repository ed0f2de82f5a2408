/*
 * Call-backs: what somebody was promised, or must be told. Made by people, and by the desk itself
 * when an order finds nobody, is named late, or its car is late. One open task an order and reason.
 */
#include <stdio.h>

#include "desk/order_in.h"

static bool see_same(void *user, const tq_record *record)
{
    json_t *wanted = user;
    tq_err why;
    json_auto_t *one = NULL;
    if (desk_parse(record->body, SIZE_MAX, "a call-back", &one, &why) != TQ_OK ||
        strcmp(desk_get_text(one, "why"), desk_get_text(wanted, "why")) != 0)
        return true;
    json_object_set_new(wanted, "id", json_string(record->id));
    return false;
}

static tq_status save_new(desk_call *call, json_t *body, char id[TQ_ID_MAX])
{
    char about[TQ_ID_MAX];
    const char *order = desk_get_text(body, "order");
    (void)snprintf(about, sizeof about, "%s", call->about);
    TQ_TRY(desk_new_id(call, "CB", id));
    desk_put_instant(call, body, "at", call->command->now_ms);
    TQ_TRY(desk_save(call, "callback", id, "open", body, 0));
    if (about[0] != '\0') (void)snprintf(call->about, sizeof call->about, "%s", about);
    if (order[0] != '\0')
        TQ_TRY(tq_store_link(call->desk->store, "callback", id, order, call->err));
    json_t *told = json_object();
    json_object_set(told, "order", json_object_get(body, "order"));
    json_object_set(told, "why", json_object_get(body, "why"));
    json_object_set(told, "elder", json_object_get(body, "elder"));
    return desk_event(call, "callback", id, "created", false,
                      TQ_ROLE_CLERK | TQ_ROLE_DISPATCHER | TQ_ROLE_ADMIN, told);
}

tq_status callback_open(desk_call *call, const json_t *order, const char *why, char id[TQ_ID_MAX])
{
    static const char *const members[] = {"phone", "name", "caller", "elder"};
    json_auto_t *body = json_object();
    const char *about = desk_get_text(order, "id");
    tq_store_filter filter = {.kind = "callback", .state = "open", .parent = about};
    json_object_set_new(body, "order", json_string(about));
    json_object_set_new(body, "why", json_string(why));
    TQ_TRY(tq_store_each(call->desk->store, &filter, see_same, body, call->err));
    if (desk_get_text(body, "id")[0] != '\0') {
        (void)snprintf(id, TQ_ID_MAX, "%s", desk_get_text(body, "id"));
        return TQ_OK;
    }
    for (uint32_t k = 0; k < TQ_COUNT(members); k++)
        json_object_set(body, members[k], json_object_get(order, members[k]));
    return save_new(call, body, id);
}

static json_t *show_one(desk_call *call, const tq_record *record)
{
    tq_err why;
    json_t *body = NULL;
    (void)call;
    return desk_parse(record->body, SIZE_MAX, "a call-back", &body, &why) == TQ_OK ? body : NULL;
}

tq_status callback_list(desk_call *call)
{
    return desk_answer_list(call, "callback", "callbacks", show_one);
}

tq_status callback_create(desk_call *call)
{
    static const char *const members[] = {"phone", "order", "why", "due", "name", NULL};
    const char *phone, *order, *why, *name;
    char number[ORDER_PHONE_MAX], state[32], id[TQ_ID_MAX];
    int64_t due_ms = INT64_MIN;
    json_auto_t *about = NULL, *body = json_object();
    uint64_t version = 0;
    TQ_TRY(desk_only(call, members));
    TQ_TRY(desk_text(call, "phone", false, &phone));
    TQ_TRY(desk_text(call, "order", false, &order));
    TQ_TRY(desk_text(call, "why", true, &why));
    TQ_TRY(desk_text(call, "name", false, &name));
    TQ_TRY(desk_instant(call, "due", false, &due_ms));
    if (order[0] != '\0') TQ_TRY(desk_order_load(call, order, &about, &version, state));
    if (phone[0] == '\0') phone = desk_get_text(about, "phone");
    if (phone[0] == '\0') return desk_bad(call, "\"phone\" is missing");
    TQ_TRY(order_phone(call, phone, number));
    json_object_set_new(body, "phone", json_string(number));
    json_object_set_new(body, "order", order[0] != '\0' ? json_string(order) : json_null());
    json_object_set_new(body, "why", json_string(why));
    json_object_set_new(body, "name", name[0] != '\0' ? json_string(name) : json_null());
    if (due_ms != INT64_MIN)
        desk_put_instant(call, body, "due", due_ms);
    else
        json_object_set_new(body, "due", json_null());
    TQ_TRY(save_new(call, body, id));
    *call->status = 201;
    return desk_answer(call, json_incref(body));
}

tq_status callback_done(desk_call *call)
{
    static const char *const members[] = {"result", NULL};
    const char *result, *id = call->command->id;
    json_auto_t *body = NULL;
    uint64_t version = 0;
    char state[32];
    TQ_TRY(desk_only(call, members));
    TQ_TRY(desk_text(call, "result", false, &result));
    TQ_TRY(desk_load(call, "callback", id, &body, &version, state));
    TQ_TRY(desk_expect(call, "callback", id, version));
    if (strcmp(state, "open") != 0)
        return tq_fail(call->err, TQ_STALE, 0, "call-back %s is %s by now", id, state);
    json_object_set_new(body, "by", json_string(call->command->actor->name));
    json_object_set_new(body, "result", result[0] != '\0' ? json_string(result) : json_null());
    desk_put_instant(call, body, "done", call->command->now_ms);
    TQ_TRY(desk_save(call, "callback", id, "done", body, version));
    TQ_TRY(desk_event(call, "callback", id, "done", false,
                      TQ_ROLE_CLERK | TQ_ROLE_DISPATCHER | TQ_ROLE_ADMIN, NULL));
    return desk_answer(call, json_incref(body));
}
