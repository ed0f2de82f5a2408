/*
 * Cases: opened, documented, closed by their state machine (case_move.c moves and signs them,
 * case_show.c shows them, case_report.c counts them).
 *
 * The timeline only grows. A case's closure is a record of its own that belongs to the case:
 * drafted here, published and ended by moves. The reporter's phone number is kept for the work
 * only: it is shown to those who call back, and only its last digits stay when the case is over.
 */
#include <stdio.h>

#include "desk/case_in.h"

tq_status case_load(desk_call *call, const char *id, json_t **record, uint64_t *version,
                    const desk_machine **machine, uint32_t *state)
{
    char word[32];
    TQ_TRY(desk_load(call, "case", id, record, version, word));
    *machine = machine_of(call->desk, desk_get_text(*record, "type"));
    if (*machine == NULL)
        return desk_bad(call, "the case type \"%s\" of %s is no longer known; bring its file back",
                        desk_get_text(*record, "type"), id);
    *state = machine_state_of(*machine, word);
    if (*state == TQ_NONE)
        return desk_bad(call, "the state \"%s\" of %s is not in its machine any more", word, id);
    return TQ_OK;
}

tq_status case_line(desk_call *call, json_t *record, const char *what, const char *note,
                    json_t *more)
{
    json_auto_t *line = more != NULL ? more : json_object();
    json_t *timeline = json_object_get(record, "timeline");
    const tq_actor *actor = call->command->actor;
    char roles[160];
    if (json_array_size(timeline) >= CASE_LINES_MAX)
        return tq_fail(call->err, TQ_LIMIT, 0, "the timeline has %u lines; open a new case",
                       CASE_LINES_MAX);
    desk_role_names(actor->roles & ~TQ_ROLE_PUBLIC, roles, sizeof roles);
    desk_put_instant(call, line, "at", call->command->now_ms);
    json_object_set_new(line, "by", json_string(actor->name));
    json_object_set_new(line, "role", json_string(roles));
    json_object_set_new(line, "what", json_string(what));
    if (note[0] != '\0') json_object_set_new(line, "note", json_string(note));
    if (timeline == NULL) {
        timeline = json_array();
        json_object_set_new(record, "timeline", timeline);
    }
    json_array_append(timeline, line);
    return TQ_OK;
}

void case_enter(desk_call *call, json_t *record, const machine_state *state)
{
    json_t *entered = json_object_get(record, "entered");
    if (entered == NULL) {
        entered = json_object();
        json_object_set_new(record, "entered", entered);
    }
    if (json_object_get(entered, state->id) == NULL)
        desk_put_instant(call, entered, state->id, call->command->now_ms);
    json_object_set_new(record, "overdue", json_false());
    if (state->clock_ms > 0)
        desk_put_instant(call, record, "due", call->command->now_ms + state->clock_ms);
    else
        json_object_set_new(record, "due", json_null());
}

tq_status case_event(desk_call *call, const json_t *record, const char *verb)
{
    json_t *body = json_object();
    static const char *const told[] = {"type",    "title",     "state", "owner",  "due",
                                       "overdue", "emergency", "alarm", "closure"};
    for (uint32_t k = 0; k < TQ_COUNT(told); k++) {
        json_t *value = json_object_get(record, told[k]);
        if (value != NULL) json_object_set(body, told[k], value);
    }
    return desk_event(call, "case", desk_get_text(record, "id"), verb, false, TQ_ROLE_STAFF, body);
}

tq_status case_save(desk_call *call, json_t *record, const char *verb, uint64_t version)
{
    char id[TQ_ID_MAX], state[32];
    (void)snprintf(id, sizeof id, "%s", desk_get_text(record, "id"));
    (void)snprintf(state, sizeof state, "%s", desk_get_text(record, "state"));
    TQ_TRY(desk_save(call, "case", id, state, record, version));
    return case_event(call, record, verb);
}

/* ---- opening ------------------------------------------------------------------------------------
 */

static tq_status check_place(desk_call *call, const json_t *place, const char *member)
{
    if (place == NULL || json_is_null(place)) return TQ_OK;
    const json_t *lat = json_object_get(place, "lat"), *lon = json_object_get(place, "lon");
    bool named = desk_get_text(place, "name")[0] != '\0';
    bool point = json_is_number(lat) && json_is_number(lon) && json_number_value(lat) >= -90 &&
                 json_number_value(lat) <= 90 && json_number_value(lon) >= -180 &&
                 json_number_value(lon) <= 180;
    if (point || (named && lat == NULL && lon == NULL)) return TQ_OK;
    return desk_bad(call, "\"%s\" is {\"lat\":37.87,\"lon\":112.55} or {\"name\":\"…\"}", member);
}

static tq_status check_field(desk_call *call, const machine_field *field, const json_t *value)
{
    const char *word = json_is_string(value) ? json_string_value(value) : NULL;
    const char *known[MACHINE_CHOICES + 1] = {NULL};
    switch (field->type) {
    case FIELD_POINT: return check_place(call, value, field->id);
    case FIELD_NUMBER:
        if (json_is_number(value)) return TQ_OK;
        return desk_bad(call, "the field \"%s\" is a number", field->id);
    case FIELD_YES_NO:
        if (json_is_boolean(value)) return TQ_OK;
        return desk_bad(call, "the field \"%s\" is true or false", field->id);
    case FIELD_CHOICE:
        for (uint32_t k = 0; k < field->choice_count; k++) {
            known[k] = field->choice[k].id;
            if (word != NULL && strcmp(known[k], word) == 0) return TQ_OK;
        }
        if (word != NULL && desk_nearest(word, known) != NULL)
            return desk_bad(call, "the field \"%s\" has no value \"%.40s\"; did you mean \"%s\"?",
                            field->id, word, desk_nearest(word, known));
        return desk_bad(call, "the field \"%s\" is one of the values of its case type, as \"%s\"",
                        field->id, known[0]);
    default:
        if (word != NULL && strlen(word) <= DESK_TEXT_MAX) return TQ_OK;
        return desk_bad(call, "the field \"%s\" is a text of at most %u bytes", field->id,
                        DESK_TEXT_MAX);
    }
}

static tq_status check_fields(desk_call *call, const desk_machine *machine, const json_t *body)
{
    const json_t *fields = json_object_get(body, "fields");
    const char *known[MACHINE_FIELDS + 1] = {NULL}, *name;
    json_t *value;
    if (fields != NULL && !json_is_object(fields)) return desk_bad(call, "\"fields\" is an object");
    for (uint32_t k = 0; k < machine->field_count; k++)
        known[k] = machine->field[k].id;
    json_object_foreach((json_t *)(uintptr_t)fields, name, value)
    {
        uint32_t at = 0;
        while (at < machine->field_count && strcmp(known[at], name) != 0)
            at++;
        const char *near = desk_nearest(name, known);
        if (at == machine->field_count)
            return desk_bad(call, "%s has no field \"%.40s\"%s%s", machine->type, name,
                            near != NULL ? "; did you mean " : "", near != NULL ? near : "");
        TQ_TRY(check_field(call, &machine->field[at], value));
    }
    for (uint32_t k = 0; k < machine->field_count; k++) {
        const machine_field *field = &machine->field[k];
        bool place = strcmp(field->id, "place") == 0;
        const json_t *given = json_object_get(place ? body : fields, field->id);
        if (place && given == NULL) given = json_object_get(body, "stretch");
        if (field->need && (given == NULL || json_is_null(given)))
            return desk_bad(call, "\"%s\" is missing: a case of type %s wants it", field->id,
                            machine->type);
    }
    return TQ_OK;
}

static tq_status check_stretch(desk_call *call, const json_t *stretch)
{
    tq_buf text = {0};
    tq_stretch found = {0};
    if (stretch == NULL || json_is_null(stretch)) return TQ_OK;
    tq_status status = desk_dump(stretch, &text, call->err);
    if (status == TQ_OK)
        status = tq_stretch_find(call->desk->city, (tq_str){text.at, text.len}, &found, call->err);
    if (status == TQ_OK) tq_stretch_free(&found);
    tq_buf_free(&text);
    return status;
}

tq_status desk_case_open(desk_call *call, const char *type, json_t *body, char id[TQ_ID_MAX])
{
    static const char *const taken[] = {"title", "place",    "stretch", "fields",
                                        "owner", "reporter", "alarm"};
    const char *known[MACHINES_MAX + 1] = {NULL};
    for (uint32_t k = 0; k < call->desk->machines->count; k++)
        known[k] = call->desk->machines->machine[k]->type;
    const desk_machine *machine = machine_of(call->desk, type);
    const char *near = desk_nearest(type, known);
    if (machine == NULL)
        return desk_bad(call, "there is no case type \"%.40s\"%s%s", type,
                        near != NULL ? "; did you mean " : "", near != NULL ? near : "");
    TQ_TRY(check_place(call, json_object_get(body, "place"), "place"));
    TQ_TRY(check_fields(call, machine, body));
    TQ_TRY(check_stretch(call, json_object_get(body, "stretch")));
    json_auto_t *record = json_object();
    for (uint32_t k = 0; k < TQ_COUNT(taken); k++) {
        json_t *value = json_object_get(body, taken[k]);
        if (value != NULL && !json_is_null(value)) json_object_set(record, taken[k], value);
    }
    json_object_set_new(record, "type", json_string(type));
    json_object_set_new(record, "by", json_string(call->command->actor->name));
    json_object_set_new(record, "emergency", json_false());
    if (!json_is_true(json_object_get(record, "alarm")))
        json_object_set_new(record, "alarm", json_false());
    json_object_set_new(record, "closure", json_null());
    static const char *const lists[] = {"signatures", "documents", "checklist"};
    for (uint32_t k = 0; k < TQ_COUNT(lists); k++)
        json_object_set_new(record, lists[k], json_array());
    case_enter(call, record, &machine->state[0]);
    TQ_TRY(case_line(call, record, "opened", desk_get_text(body, "note"), NULL));
    TQ_TRY(desk_new_id(call, machine->prefix, id));
    json_object_set_new(record, "id", json_string(id));
    json_object_set_new(record, "state", json_string(machine->state[0].id));
    return case_save(call, record, "opened", 0);
}

static tq_status create(desk_call *call)
{
    static const char *const members[] = {"type",  "title",    "place", "stretch", "fields",
                                          "owner", "reporter", "note",  NULL};
    static const char *const texts[] = {"title", "owner", "note"};
    char id[TQ_ID_MAX];
    const char *type, *text, *name;
    json_t *value;
    TQ_TRY(desk_only(call, members));
    TQ_TRY(desk_text(call, "type", true, &type));
    for (uint32_t k = 0; k < TQ_COUNT(texts); k++)
        TQ_TRY(desk_text(call, texts[k], strcmp(texts[k], "title") == 0, &text));
    const json_t *reporter = json_object_get(call->body, "reporter");
    if (reporter != NULL && !json_is_object(reporter))
        return desk_bad(call, "\"reporter\" is {\"name\":…,\"phone\":…}");
    json_object_foreach((json_t *)(uintptr_t)reporter, name, value)
    {
        if ((strcmp(name, "name") != 0 && strcmp(name, "phone") != 0) || !json_is_string(value) ||
            json_string_length(value) > 64)
            return desk_bad(call, "\"reporter\" holds the texts name and phone, 64 bytes each");
    }
    const desk_machine *machine = machine_of(call->desk, type);
    if (machine != NULL && !machine->hotline && !desk_is(call, TQ_ROLE_STAFF))
        return tq_fail(call->err, TQ_DENIED, 0, "cases of type %s are opened by staff", type);
    TQ_TRY(desk_case_open(call, type, call->body, id));
    *call->status = 201;
    return case_answer(call, id);
}

/* ---- papers
 * --------------------------------------------------------------------------------------- */

static tq_status load_own(desk_call *call, json_t **record, uint64_t *version,
                          const desk_machine **machine)
{
    uint32_t state;
    const char *id = call->command->id;
    TQ_TRY(case_load(call, id, record, version, machine, &state));
    TQ_TRY(desk_expect(call, "the case", id, *version));
    if ((*machine)->state[state].final)
        return desk_bad(call, "the case %s is over (%s); nothing is added to it", id,
                        (*machine)->state[state].id);
    return TQ_OK;
}

static tq_status attach(desk_call *call)
{
    static const char *const members[] = {"kind", "ref", "note", NULL};
    const char *kind, *ref, *note;
    uint64_t version;
    const desk_machine *machine;
    json_auto_t *record = NULL;
    TQ_TRY(desk_only(call, members));
    TQ_TRY(desk_text(call, "kind", true, &kind));
    TQ_TRY(desk_text(call, "ref", true, &ref));
    TQ_TRY(desk_text(call, "note", false, &note));
    TQ_TRY(load_own(call, &record, &version, &machine));
    json_t *documents = json_object_get(record, "documents");
    if (json_array_size(documents) >= CASE_DOCUMENTS_MAX)
        return tq_fail(call->err, TQ_LIMIT, 0, "the case has %u documents", CASE_DOCUMENTS_MAX);
    json_t *one =
        json_pack("{ss ss ss}", "kind", kind, "ref", ref, "by", call->command->actor->name);
    desk_put_instant(call, one, "at", call->command->now_ms);
    json_array_append_new(documents, one);
    TQ_TRY(
        case_line(call, record, "attached", note, json_pack("{ss ss}", "kind", kind, "ref", ref)));
    TQ_TRY(case_save(call, record, "attached", version));
    return case_answer(call, call->command->id);
}

static tq_status add_check(desk_call *call, json_t *checklist, const char *text)
{
    char id[16];
    if (json_array_size(checklist) >= CASE_CHECKS_MAX)
        return tq_fail(call->err, TQ_LIMIT, 0, "the checklist has %u points", CASE_CHECKS_MAX);
    (void)snprintf(id, sizeof id, "%zu", json_array_size(checklist) + 1);
    json_array_append_new(checklist, json_pack("{ss ss sb}", "id", id, "text", text, "done", 0));
    return TQ_OK;
}

static tq_status tick_check(desk_call *call, json_t *checklist, const char *id, bool done)
{
    size_t at;
    json_t *one;
    json_array_foreach(checklist, at, one)
    {
        if (strcmp(desk_get_text(one, "id"), id) != 0) continue;
        json_object_set_new(one, "done", json_boolean(done));
        json_object_set_new(one, "by", json_string(call->command->actor->name));
        desk_put_instant(call, one, "at", call->command->now_ms);
        return TQ_OK;
    }
    return desk_bad(call, "the checklist has no point \"%.20s\"", id);
}

/* {"text"} adds a point (a crack), {"id","done"} ticks one. */
static tq_status check(desk_call *call)
{
    static const char *const members[] = {"text", "id", "item", "done", "note", NULL};
    const char *text, *id, *note;
    char number[24];
    uint64_t version;
    const desk_machine *machine;
    json_auto_t *record = NULL;
    const json_t *done = json_object_get(call->body, "done");
    TQ_TRY(desk_only(call, members));
    TQ_TRY(desk_text(call, "text", false, &text));
    TQ_TRY(desk_text(call, "id", false, &id));
    TQ_TRY(desk_text(call, "note", false, &note));
    const json_t *item = json_object_get(call->body, "item");
    if (json_is_integer(item) && id[0] == '\0') {
        (void)snprintf(number, sizeof number, "%lld", (long long)json_integer_value(item));
        id = number;
    }
    if ((text[0] == '\0') == (id[0] == '\0'))
        return desk_bad(call, "give \"text\" for a new point, or \"item\": 2 and \"done\" of one");
    if (done != NULL && !json_is_boolean(done)) return desk_bad(call, "\"done\" is true or false");
    TQ_TRY(load_own(call, &record, &version, &machine));
    json_t *checklist = json_object_get(record, "checklist");
    bool is_done = done == NULL || json_is_true(done);
    if (text[0] != '\0')
        TQ_TRY(add_check(call, checklist, text));
    else
        TQ_TRY(tick_check(call, checklist, id, is_done));
    TQ_TRY(case_line(call, record,
                     text[0] != '\0' ? "check_added"
                     : is_done       ? "checked"
                                     : "unchecked",
                     note, json_pack("{ss}", "point", text[0] != '\0' ? text : id)));
    TQ_TRY(case_save(call, record, "checked", version));
    return case_answer(call, call->command->id);
}

static tq_status note(desk_call *call)
{
    static const char *const members[] = {"note", NULL};
    const char *text;
    uint64_t version;
    const desk_machine *machine;
    json_auto_t *record = NULL;
    TQ_TRY(desk_only(call, members));
    TQ_TRY(desk_text(call, "note", true, &text));
    TQ_TRY(load_own(call, &record, &version, &machine));
    TQ_TRY(case_line(call, record, "noted", text, NULL));
    TQ_TRY(case_save(call, record, "noted", version));
    return case_answer(call, call->command->id);
}

tq_status desk_case_note(desk_call *call, const char *id, const char *kind, json_t *more)
{
    uint64_t version;
    uint32_t state;
    const desk_machine *machine;
    char text[DESK_TEXT_MAX + 1];
    json_auto_t *line = more != NULL ? more : json_object(), *record = NULL;
    TQ_TRY(case_load(call, id, &record, &version, &machine, &state));
    (void)snprintf(text, sizeof text, "%s", desk_get_text(line, "note"));
    if (strcmp(kind, "alarm") == 0) {
        /* Whoever agreed to reopen before did not know of it. */
        json_object_set_new(record, "alarm", json_true());
        json_object_del(record, "reopen_first");
    }
    TQ_TRY(case_line(call, record, kind, text, json_incref(line)));
    return case_save(call, record, kind, version);
}

/* ---- its closure
 * ------------------------------------------------------------------------------------ */

static tq_status closure(desk_call *call)
{
    char id[TQ_ID_MAX];
    uint64_t version;
    const desk_machine *machine;
    json_auto_t *record = NULL;
    TQ_TRY(load_own(call, &record, &version, &machine));
    static const char *const ours[] = {"publish", "case", "work", "id", "state"};
    for (uint32_t k = 0; k < TQ_COUNT(ours); k++)
        if (json_object_get(call->body, ours[k]) != NULL)
            return desk_bad(
                call, "\"%s\" is not said here: the case publishes and ends its closure", ours[k]);
    json_object_del(call->body, "version");
    if (json_object_get(call->body, "stretch") == NULL &&
        json_object_get(record, "stretch") != NULL)
        json_object_set(call->body, "stretch", json_object_get(record, "stretch"));
    if (json_object_get(call->body, "owner") == NULL && json_object_get(record, "owner") != NULL)
        json_object_set(call->body, "owner", json_object_get(record, "owner"));
    json_object_set_new(call->body, "case", json_string(call->command->id));
    (void)snprintf(id, sizeof id, "%s", desk_get_text(record, "closure"));
    TQ_TRY(desk_closure_draft(call, call->body, call->command->id, id));
    json_object_set_new(record, "closure", json_string(id));
    TQ_TRY(case_line(call, record, "closure_drafted", "", json_pack("{ss}", "closure", id)));
    TQ_TRY(case_save(call, record, "closure_drafted", version));
    return case_answer(call, call->command->id);
}

static tq_status types(desk_call *call)
{
    json_t *list = json_array();
    for (uint32_t k = 0; k < call->desk->machines->count; k++)
        json_array_append_new(list, machine_json(call->desk->machines->machine[k]));
    return desk_answer(call, json_pack("{so}", "types", list));
}

/* ---- the clock
 * ---------------------------------------------------------------------------------------- */

static int64_t due_of(const desk_call *call, const json_t *record, const char *state)
{
    int64_t due_ms;
    (void)state;
    if (json_is_true(json_object_get(record, "overdue"))) return INT64_MAX;
    return desk_get_instant(call, record, "due", &due_ms) ? due_ms : INT64_MAX;
}

static tq_status make_overdue(desk_call *call, const char *id)
{
    uint64_t version;
    json_auto_t *record = NULL;
    TQ_TRY(desk_load(call, "case", id, &record, &version, NULL));
    json_object_set_new(record, "overdue", json_true());
    TQ_TRY(case_save(call, record, "overdue", version));
    return desk_audit(call, "clock.overdue", "case", id, "done", NULL);
}

tq_status desk_cases_tick(desk_call *call, bool *changed)
{
    static const desk_due open = {"case", "!ended", due_of, make_overdue};
    return desk_do_due(call, &open, 1, &call->desk->cases_next_ms, changed);
}

#define WORKERS (TQ_ROLE_STAFF & ~TQ_ROLE_AUDITOR)

const desk_verb desk_case_verbs[] = {
    {"case.types", TQ_ROLE_STAFF | TQ_ROLE_RIDER, TQ_VERB_ASK, types},
    {"case.list", TQ_ROLE_STAFF, TQ_VERB_ASK, case_list},
    {"case.get", TQ_ROLE_STAFF, TQ_VERB_ASK, case_get},
    {"case.report", TQ_ROLE_STAFF, TQ_VERB_ASK, case_report},
    {"case.create", WORKERS | TQ_ROLE_RIDER, TQ_VERB_DO, create},
    {"case.move", WORKERS, TQ_VERB_DO, case_move},
    {"case.sign", WORKERS, TQ_VERB_DO, case_sign},
    {"case.attach", WORKERS, TQ_VERB_DO, attach},
    {"case.check", WORKERS, TQ_VERB_DO, check},
    {"case.note", WORKERS, TQ_VERB_DO, note},
    {"case.closure", TQ_ROLE_DISPATCHER | TQ_ROLE_ROAD_UNIT | TQ_ROLE_PLANNER | TQ_ROLE_ADMIN,
     TQ_VERB_DO, closure},
    {.name = NULL},
};
