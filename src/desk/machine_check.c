/*
 * What must fit together in a state machine, and the machine as JSON.
 *
 * Checked: every state is reached from the first one; needs name fields that are there; a move does
 * not want more signatures than there are parties; what publishes a closure needs one.
 */
#include <stdio.h>

#include "desk/machine_in.h"

const desk_machine *machine_of(const tq_desk *desk, const char *type)
{
    for (uint32_t k = 0; k < desk->machines->count; k++)
        if (strcmp(desk->machines->machine[k]->type, type) == 0) return desk->machines->machine[k];
    return NULL;
}

uint32_t machine_state_of(const desk_machine *machine, const char *state)
{
    for (uint32_t k = 0; k < machine->state_count; k++)
        if (strcmp(machine->state[k].id, state) == 0) return k;
    return TQ_NONE;
}

const char *machine_word(const desk_call *call, const machine_name *name)
{
    return call->command->english ? name->en : name->zh;
}

static tq_status refuse(const desk_machine *machine, tq_err *err, const char *what,
                        const char *word)
{
    return tq_fail(err, TQ_BAD_CONFIG, 0, "%s: %s%s", machine->source, what, word);
}

static tq_status check_move(const desk_machine *machine, const machine_move *move, tq_err *err)
{
    bool closure = false;
    for (uint32_t k = 0; k < move->need_count; k++) {
        const machine_need *need = &move->need[k];
        closure = closure || need->kind == NEED_CLOSURE;
        if (need->kind == NEED_SIGNATURES && need->count > machine->party_count)
            return refuse(machine, err, "more signatures are wanted than there are parties, to ",
                          machine->state[move->to].id);
        if (need->kind != NEED_FIELD || strcmp(need->word, "place") == 0) continue;
        const char *known[MACHINE_FIELDS + 1] = {NULL};
        bool found = false;
        for (uint32_t field = 0; field < machine->field_count; field++) {
            known[field] = machine->field[field].id;
            found = found || strcmp(known[field], need->word) == 0;
        }
        const char *near = desk_nearest(need->word, known);
        if (!found)
            return tq_fail(err, TQ_BAD_CONFIG, 0, "%s: needs \"%s\" is no field%s%s",
                           machine->source, need->word, near != NULL ? "; did you mean " : "",
                           near != NULL ? near : "");
    }
    if ((move->does & DOES_PUBLISH_CLOSURE) != 0 && !closure)
        return refuse(machine, err, "what publishes a closure needs one: needs: [closure], to ",
                      machine->state[move->to].id);
    return TQ_OK;
}

tq_status machine_check(const desk_machine *machine, tq_err *err)
{
    bool reached[MACHINE_STATES] = {true};
    if (machine->type[0] == '\0') return refuse(machine, err, "type is missing", "");
    if (machine->name.zh[0] == '\0') return refuse(machine, err, "name is missing", "");
    if (machine->prefix[0] == '\0') return refuse(machine, err, "prefix is missing", "");
    if (machine->state_count == 0) return refuse(machine, err, "there are no states", "");
    for (uint32_t k = 0; k < machine->state_count; k++)
        if (machine->state[k].name.zh[0] == '\0')
            return refuse(machine, err, "there is no name for the state ", machine->state[k].id);
    for (uint32_t round = 0; round < machine->state_count; round++)
        for (uint32_t k = 0; k < machine->move_count; k++)
            if (reached[machine->move[k].from]) reached[machine->move[k].to] = true;
    /* The clock and the duty page pass over cases that are «ended». */
    uint32_t ended = machine_state_of(machine, "ended");
    if (ended != TQ_NONE && !machine->state[ended].final)
        return refuse(machine, err, "no move leads out of a state called ", "ended");
    for (uint32_t k = 0; k < machine->state_count; k++)
        if (!reached[k])
            return refuse(machine, err, "no move leads to the state ", machine->state[k].id);
    for (uint32_t k = 0; k < machine->move_count; k++)
        TQ_TRY(check_move(machine, &machine->move[k], err));
    return TQ_OK;
}

/* ---- as JSON
 * ---------------------------------------------------------------------------------------- */

json_t *machine_name_json(const machine_name *name)
{
    return json_pack("{ss ss}", "zh", name->zh, "en", name->en);
}

static json_t *need_json(const machine_need *need)
{
    static const char *const words[] = {
        "",          "signatures", "document", "closure",
        "checklist", "note",       "stretch",  "two_persons_after_alarm"};
    char text[64];
    (void)snprintf(text, sizeof text, "%s", words[need->kind]);
    if (need->kind == NEED_FIELD) (void)snprintf(text, sizeof text, "%s", need->word);
    if (need->kind == NEED_SIGNATURES)
        (void)snprintf(text, sizeof text, "signatures:%u", need->count);
    if (need->kind == NEED_DOCUMENT) (void)snprintf(text, sizeof text, "document:%s", need->word);
    return json_string(text);
}

static json_t *move_json(const desk_machine *machine, const machine_move *move)
{
    json_t *needs = json_array(), *does = json_array();
    for (uint32_t k = 0; k < move->need_count; k++)
        json_array_append_new(needs, need_json(&move->need[k]));
    if ((move->does & DOES_PUBLISH_CLOSURE) != 0)
        json_array_append_new(does, json_string("publish_closure"));
    if ((move->does & DOES_END_CLOSURE) != 0)
        json_array_append_new(does, json_string("end_closure"));
    return json_pack("{ss ss so so so so sb}", "from", machine->state[move->from].id, "to",
                     machine->state[move->to].id, "name", machine_name_json(&move->name), "who",
                     desk_roles_json(move->who), "needs", needs, "does", does, "emergency",
                     (int)move->emergency);
}

static json_t *field_json(const machine_field *field)
{
    static const char *const types[] = {"text", "point", "number", "reference", "choice", "yes_no"};
    json_t *values = json_array();
    for (uint32_t k = 0; k < field->choice_count; k++)
        json_array_append_new(values, json_pack("{ss so}", "id", field->choice[k].id, "name",
                                                machine_name_json(&field->choice[k].name)));
    return json_pack("{ss ss so sb so}", "id", field->id, "type", types[field->type], "name",
                     machine_name_json(&field->name), "need", (int)field->need, "values", values);
}

json_t *machine_json(const desk_machine *machine)
{
    json_t *states = json_array(), *moves = json_array(), *fields = json_array(),
           *parties = json_array();
    for (uint32_t k = 0; k < machine->state_count; k++) {
        const machine_state *state = &machine->state[k];
        json_array_append_new(
            states,
            json_pack("{ss so so}", "id", state->id, "name", machine_name_json(&state->name),
                      "clock_min",
                      state->clock_ms > 0 ? json_integer(state->clock_ms / 60000) : json_null()));
    }
    for (uint32_t k = 0; k < machine->move_count; k++)
        json_array_append_new(moves, move_json(machine, &machine->move[k]));
    for (uint32_t k = 0; k < machine->field_count; k++)
        json_array_append_new(fields, field_json(&machine->field[k]));
    for (uint32_t k = 0; k < machine->party_count; k++)
        json_array_append_new(parties, json_pack("{ss so}", "id", machine->party[k].id, "name",
                                                 machine_name_json(&machine->party[k].name)));
    return json_pack("{ss so ss sb so so so so}", "type", machine->type, "name",
                     machine_name_json(&machine->name), "prefix", machine->prefix, "hotline",
                     (int)machine->hotline, "states", states, "moves", moves, "fields", fields,
                     "parties", parties);
}
