/*
 * Moving a case, and signing it.
 *
 * A move is made by one of its roles when nothing that it needs is missing; a refusal names all
 * that is. What it does to the closure happens in the same transaction. An emergency move goes past
 * the ordinary order: it wants a reason, and the case is marked for good. After a structural alarm
 * two different persons reopen: one signs as «reopen», another one moves.
 */
#include <stdio.h>

#include "desk/case_in.h"

__attribute__((format(printf, 3, 4))) static void say(const desk_call *call, json_t *list,
                                                      const char *format, ...)
{
    char text[240];
    va_list args;
    (void)call;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    json_array_append_new(list, json_string(text));
}

static bool has_signed(const json_t *record, const char *member, const char *word)
{
    size_t at;
    json_t *one;
    json_array_foreach(json_object_get(record, "signatures"), at, one)
    {
        if (strcmp(desk_get_text(one, member), word) == 0) return true;
    }
    return false;
}

static void miss_signatures(desk_call *call, const desk_machine *machine, uint32_t count,
                            const json_t *record, json_t *list)
{
    bool english = call->command->english;
    size_t have = json_array_size(json_object_get(record, "signatures")), used = 0;
    char names[160] = "";
    if (have >= count) return;
    for (uint32_t k = 0; k < machine->party_count; k++) {
        if (has_signed(record, "party", machine->party[k].id)) continue;
        const char *name = machine_word(call, &machine->party[k].name);
        if (used + strlen(name) + 4 > sizeof names) break;
        used += (size_t)snprintf(names + used, sizeof names - used, "%s%s",
                                 used > 0 ? (english ? ", " : "、") : "", name);
    }
    if (english)
        say(call, list, "signatures: %zu of %u; not yet: %s", have, count, names);
    else
        say(call, list, "签字 %zu/%u，未签：%s", have, count, names);
}

static void miss_checks(desk_call *call, const json_t *record, json_t *list)
{
    size_t at, open = 0;
    json_t *one;
    const json_t *checklist = json_object_get(record, "checklist");
    json_array_foreach((json_t *)(uintptr_t)checklist, at, one)
    {
        if (!json_is_true(json_object_get(one, "done"))) open++;
    }
    bool english = call->command->english, none = json_array_size(checklist) == 0;
    if (none)
        say(call, list, "%s",
            english ? "a checklist: none of its points is written yet" : "检查表：还没有一项");
    else if (open > 0)
        say(call, list,
            english ? "checklist: %zu of %zu points are open" : "检查表：%zu/%zu 项未完成", open,
            json_array_size(checklist));
}

static void miss_second(desk_call *call, const json_t *record, json_t *list)
{
    bool english = call->command->english;
    if (!json_is_true(json_object_get(record, "alarm"))) return;
    const char *first = desk_get_text(json_object_get(record, "reopen_first"), "name");
    if (first[0] == '\0')
        say(call, list, "%s",
            english ? "two persons after the structural alarm: another one signs «reopen» first"
                    : "结构告警后须两人确认：先由另一人以“reopen”签字");
    else if (strcmp(first, call->command->actor->name) == 0)
        say(call, list, "%s",
            english ? "a second person after the structural alarm: you signed «reopen» yourself"
                    : "结构告警后须两人确认：您已签字，须由另一人操作");
}

static bool has_document(const json_t *record, const char *kind)
{
    size_t at;
    json_t *one;
    json_array_foreach(json_object_get(record, "documents"), at, one)
    {
        if (strcmp(desk_get_text(one, "kind"), kind) == 0) return true;
    }
    return false;
}

/* Drafted, and neither ended nor cancelled since. */
static bool has_closure(desk_call *call, const json_t *record)
{
    char state[32];
    json_t *closure = NULL;
    tq_err *err = call->err, own;
    call->err = &own;
    tq_status status =
        desk_load(call, "closure", desk_get_text(record, "closure"), &closure, NULL, state);
    call->err = err;
    if (status != TQ_OK) return false;
    json_decref(closure);
    return strcmp(state, "draft") == 0 || strcmp(state, "published") == 0;
}

static bool has_field(const json_t *record, const char *word)
{
    const json_t *value = json_object_get(json_object_get(record, "fields"), word);
    if (strcmp(word, "place") == 0) {
        value = json_object_get(record, "place");
        if (value == NULL) value = json_object_get(record, "stretch");
    }
    return value != NULL && !json_is_null(value);
}

json_t *case_missing(desk_call *call, const desk_machine *machine, const machine_move *move,
                     const json_t *record, bool moving)
{
    json_t *list = json_array();
    bool english = call->command->english, note = move->emergency;
    for (uint32_t k = 0; k < move->need_count; k++) {
        const machine_need *need = &move->need[k];
        switch (need->kind) {
        case NEED_FIELD:
            if (!has_field(record, need->word))
                say(call, list, english ? "the field %s" : "字段 %s", need->word);
            break;
        case NEED_SIGNATURES: miss_signatures(call, machine, need->count, record, list); break;
        case NEED_DOCUMENT:
            if (!has_document(record, need->word))
                say(call, list, english ? "a document of kind %s" : "文件 %s", need->word);
            break;
        case NEED_CLOSURE:
            if (!has_closure(call, record))
                say(call, list, "%s", english ? "a closure: draft it in the case" : "封路方案");
            break;
        case NEED_CHECKLIST: miss_checks(call, record, list); break;
        case NEED_NOTE: note = true; break;
        case NEED_STRETCH:
            if (json_object_get(record, "stretch") == NULL)
                say(call, list, "%s", english ? "the stretch of street" : "路段");
            break;
        case NEED_TWO_PERSONS: miss_second(call, record, list); break;
        }
    }
    if (note && moving && desk_get_text(call->body, "note")[0] == '\0')
        say(call, list, "%s",
            move->emergency ? (english ? "\"note\": why it is an emergency" : "“note”：紧急的理由")
                            : (english ? "\"note\": a reason" : "“note”：理由"));
    return list;
}

json_t *case_moves(desk_call *call, const desk_machine *machine, uint32_t state,
                   const json_t *record)
{
    json_t *list = json_array();
    for (uint32_t k = 0; k < machine->move_count; k++) {
        const machine_move *move = &machine->move[k];
        if (move->from != state) continue;
        json_t *missing = case_missing(call, machine, move, record, false);
        bool may = desk_is(call, move->who);
        const machine_name *name =
            move->name.zh[0] != '\0' ? &move->name : &machine->state[move->to].name;
        json_array_append_new(list,
                              json_pack("{ss so sb sb so sb so}", "to", machine->state[move->to].id,
                                        "name", machine_name_json(name), "can",
                                        (int)(may && json_array_size(missing) == 0), "mine",
                                        (int)may, "missing", missing, "emergency",
                                        (int)move->emergency, "who", desk_roles_json(move->who)));
    }
    return list;
}

static void join(const json_t *list, char *out, size_t cap)
{
    size_t at, used = 0;
    json_t *one;
    out[0] = '\0';
    json_array_foreach((json_t *)(uintptr_t)list, at, one)
    {
        const char *text = json_string_value(one);
        if (used + strlen(text) + 3 > cap) break;
        used += (size_t)snprintf(out + used, cap - used, "%s%s", used > 0 ? "; " : "", text);
    }
}

static tq_status find_move(desk_call *call, const desk_machine *machine, uint32_t state,
                           const char *to, const machine_move **out)
{
    const char *known[MACHINE_MOVES + 1] = {NULL};
    char ways[200] = "";
    uint32_t count = 0;
    size_t used = 0;
    for (uint32_t k = 0; k < machine->move_count; k++) {
        const machine_move *move = &machine->move[k];
        if (move->from != state) continue;
        const char *name = known[count++] = machine->state[move->to].id;
        if (strcmp(name, to) == 0) {
            *out = move;
            return TQ_OK;
        }
        if (used + strlen(name) + 3 < sizeof ways)
            used += (size_t)snprintf(ways + used, sizeof ways - used, "%s%s", used > 0 ? ", " : "",
                                     name);
    }
    return desk_bad(call, "from %s there is no move to \"%.40s\"; there is %s",
                    machine->state[state].id, to, count > 0 ? ways : "none: it is over");
}

static tq_status act_on_closure(desk_call *call, const machine_move *move, bool final,
                                const json_t *record, json_t *line)
{
    const char *closure = desk_get_text(record, "closure");
    if (closure[0] == '\0') return TQ_OK;
    if ((move->does & DOES_PUBLISH_CLOSURE) != 0) {
        TQ_TRY(desk_closure_show(call, closure));
        json_object_set_new(line, "closure", json_string(closure));
    }
    if ((move->does & DOES_END_CLOSURE) != 0 || final) {
        TQ_TRY(desk_closure_end(call, closure, "the case says so"));
        json_object_set_new(line, "closure", json_string(closure));
    }
    return TQ_OK;
}

static void forget_phone(json_t *record)
{
    json_t *reporter = json_object_get(record, "reporter");
    const char *phone = desk_get_text(reporter, "phone");
    if (phone[0] != '\0') json_object_set_new(reporter, "phone", desk_masked_phone(phone));
}

tq_status case_move(desk_call *call)
{
    static const char *const members[] = {"to", "note", NULL};
    const char *to, *note, *id = call->command->id;
    uint64_t version;
    uint32_t state;
    const desk_machine *machine;
    const machine_move *move = NULL;
    json_auto_t *record = NULL;
    char text[300], may[160];
    TQ_TRY(desk_only(call, members));
    TQ_TRY(desk_text(call, "to", true, &to));
    TQ_TRY(desk_text(call, "note", false, &note));
    TQ_TRY(case_load(call, id, &record, &version, &machine, &state));
    TQ_TRY(desk_expect(call, "the case", id, version));
    TQ_TRY(find_move(call, machine, state, to, &move));
    desk_role_names(move->who, may, sizeof may);
    if (!desk_is(call, move->who))
        return tq_fail(call->err, TQ_DENIED, 0, "moving a case from %s to %s is for %s",
                       machine->state[state].id, to, may);
    json_auto_t *missing = case_missing(call, machine, move, record, true);
    join(missing, text, sizeof text);
    if (text[0] != '\0')
        return desk_bad(call, "%s cannot move to %s yet, missing: %s", id, to, text);
    const machine_state *next = &machine->state[move->to];
    json_auto_t *line = json_pack("{ss ss}", "from", machine->state[state].id, "to", next->id);
    if (move->emergency) json_object_set_new(line, "emergency", json_true());
    TQ_TRY(act_on_closure(call, move, next->final, record, line));
    TQ_TRY(case_line(call, record, "moved", note, json_incref(line)));
    if (move->emergency) json_object_set_new(record, "emergency", json_true());
    if (next->final) forget_phone(record);
    json_object_del(record, "reopen_first");
    case_enter(call, record, next);
    json_object_set_new(record, "state", json_string(next->id));
    TQ_TRY(case_save(call, record, "moved", version));
    return case_answer(call, id);
}

/* ---- signing
 * ------------------------------------------------------------------------------------------ */

static tq_status sign_reopen(desk_call *call, const desk_machine *machine, uint32_t state,
                             json_t *record)
{
    uint32_t who = 0;
    for (uint32_t k = 0; k < machine->move_count; k++)
        for (uint32_t need = 0; need < machine->move[k].need_count; need++)
            if (machine->move[k].from == state &&
                machine->move[k].need[need].kind == NEED_TWO_PERSONS)
                who |= machine->move[k].who;
    if (who == 0)
        return desk_bad(call, "from %s nothing is reopened; «reopen» is signed just before",
                        machine->state[state].id);
    if (!json_is_true(json_object_get(record, "alarm")))
        return desk_bad(call, "there was no structural alarm: one person reopens");
    char may[160];
    desk_role_names(who, may, sizeof may);
    if (!desk_is(call, who))
        return tq_fail(call->err, TQ_DENIED, 0, "signing for the reopening is for %s", may);
    if (json_object_get(record, "reopen_first") != NULL)
        return desk_bad(call, "%s has signed for the reopening; another person moves now",
                        desk_get_text(json_object_get(record, "reopen_first"), "name"));
    json_t *first = json_pack("{ss}", "name", call->command->actor->name);
    desk_put_instant(call, first, "at", call->command->now_ms);
    json_object_set_new(record, "reopen_first", first);
    return TQ_OK;
}

static tq_status sign_party(desk_call *call, const desk_machine *machine, json_t *record,
                            const char *party)
{
    const char *known[MACHINE_PARTIES + 1] = {NULL}, *name = call->command->actor->name;
    bool found = false;
    for (uint32_t k = 0; k < machine->party_count; k++) {
        known[k] = machine->party[k].id;
        found = found || strcmp(known[k], party) == 0;
    }
    const char *near = desk_nearest(party, known);
    if (!found)
        return desk_bad(call, "%s has no party \"%.40s\"%s%s", machine->type, party,
                        near != NULL ? "; did you mean " : "", near != NULL ? near : "");
    if (has_signed(record, "party", party))
        return desk_bad(call, "the party %s has signed already", party);
    if (has_signed(record, "name", name))
        return desk_bad(call, "%s has signed for another party; each party signs by its own person",
                        name);
    json_t *one = json_pack("{ss ss}", "party", party, "name", name);
    desk_put_instant(call, one, "at", call->command->now_ms);
    json_array_append_new(json_object_get(record, "signatures"), one);
    return TQ_OK;
}

tq_status case_sign(desk_call *call)
{
    static const char *const members[] = {"party", "note", NULL};
    const char *party, *note, *id = call->command->id;
    uint64_t version;
    uint32_t state;
    const desk_machine *machine;
    json_auto_t *record = NULL;
    TQ_TRY(desk_only(call, members));
    TQ_TRY(desk_text(call, "party", true, &party));
    TQ_TRY(desk_text(call, "note", false, &note));
    TQ_TRY(case_load(call, id, &record, &version, &machine, &state));
    TQ_TRY(desk_expect(call, "the case", id, version));
    if (machine->state[state].final)
        return desk_bad(call, "the case %s is over; nothing is signed any more", id);
    if (strcmp(party, CASE_PARTY_REOPEN) == 0)
        TQ_TRY(sign_reopen(call, machine, state, record));
    else
        TQ_TRY(sign_party(call, machine, record, party));
    TQ_TRY(case_line(call, record, "signed", note, json_pack("{ss}", "party", party)));
    TQ_TRY(case_save(call, record, "signed", version));
    return case_answer(call, id);
}
