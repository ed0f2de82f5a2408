/*
 * Cases as people and programs see them: the record, the times between its measured states, and for
 * the one who asks the moves with what each still wants.
 */
#include <stdio.h>

#include "desk/case_in.h"

static json_t *minutes(const desk_call *call, const json_t *record, const desk_machine *machine,
                       uint32_t from, uint32_t to)
{
    int64_t from_ms, to_ms;
    const json_t *entered = json_object_get(record, "entered");
    if (from == TQ_NONE || to == TQ_NONE ||
        !desk_get_instant(call, entered, machine->state[from].id, &from_ms) ||
        !desk_get_instant(call, entered, machine->state[to].id, &to_ms))
        return json_null();
    return json_integer((to_ms - from_ms) / 60000);
}

json_t *case_shown(desk_call *call, const json_t *record)
{
    json_t *shown = json_deep_copy(record);
    const desk_machine *machine = machine_of(call->desk, desk_get_text(record, "type"));
    uint32_t state =
        machine != NULL ? machine_state_of(machine, desk_get_text(record, "state")) : TQ_NONE;
    json_t *reporter = json_object_get(shown, "reporter");
    const char *phone = desk_get_text(reporter, "phone");
    if (phone[0] != '\0' && !desk_is(call, TQ_ROLE_CLERK | TQ_ROLE_DISPATCHER))
        json_object_set_new(reporter, "phone", desk_masked_phone(phone));
    if (state == TQ_NONE) return shown;
    json_object_set_new(shown, "type_name", machine_name_json(&machine->name));
    json_object_set_new(shown, "state_name", machine_name_json(&machine->state[state].name));
    json_object_set_new(shown, "over", json_boolean(machine->state[state].final));
    json_object_set_new(
        shown, "times",
        json_pack(
            "{so so so}", "detect_close_min",
            minutes(call, record, machine, machine->detect, machine->close), "close_reopen_min",
            minutes(call, record, machine, machine->close, machine->reopen), "detect_reopen_min",
            minutes(call, record, machine, machine->detect, machine->reopen)));
    json_object_set_new(shown, "moves", case_moves(call, machine, state, record));
    return shown;
}

static json_t *show_row(desk_call *call, const tq_record *record)
{
    json_error_t why;
    char type[MACHINE_ID_MAX];
    json_auto_t *body = json_loadb(record->body.at, record->body.len, 0, &why);
    if (body == NULL) return NULL;
    if (desk_query(call, "type", type, sizeof type) && type[0] != '\0' &&
        strcmp(type, desk_get_text(body, "type")) != 0)
        return NULL;
    return case_shown(call, body);
}

tq_status case_list(desk_call *call)
{
    return desk_answer_list(call, "case", "cases", show_row);
}

tq_status case_answer(desk_call *call, const char *id)
{
    json_auto_t *record = NULL;
    TQ_TRY(desk_load(call, "case", id, &record, NULL, NULL));
    /* Whoever may open a case but not read cases learns its id. */
    if (!desk_is(call, TQ_ROLE_STAFF))
        return desk_answer(call,
                           json_pack("{ss ss}", "id", id, "state", desk_get_text(record, "state")));
    return desk_answer(call, case_shown(call, record));
}

tq_status case_get(desk_call *call)
{
    return case_answer(call, call->command->id);
}
