/*
 * Crews and their tasks: the nearest crew that can do it and may work now.
 *
 * Able first, near second: a crew without the skills or tools, off its shift, busy, or asked to run
 * machines in a banned hour is not offered, and the answer says why of each. The able ones are
 * ordered by travel time of the moment on the streets as they are shown, closures included.
 * order_crews is the seam for the room fleet: it takes candidates and times and gives the order.
 *
 * A task: offered -> accepted -> arrived -> done; offered -> refused; any but done -> cancelled.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "desk/crews_in.h"

static const char *const CREW_MEMBERS[] = {"name",  "skills",  "tools",   "members",
                                           "phone", "shift",   "vehicle", "state",
                                           "note",  "version", NULL};
static const char *const DAY_NAME[] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun", NULL};

/* ---- crews
 * ----------------------------------------------------------------------------------------- */

static tq_status check_words(desk_call *call, const char *member)
{
    const json_t *list = json_object_get(call->body, member);
    if (list == NULL) return TQ_OK;
    if (!json_is_array(list) || json_array_size(list) > CREW_WORDS_MOST)
        return desk_bad(call, "\"%s\" must be a list of at most %u words", member, CREW_WORDS_MOST);
    for (size_t k = 0; k < json_array_size(list); k++)
        if (json_string_length(json_array_get(list, k)) == 0)
            return desk_bad(call, "\"%s\" must be a list of words", member);
    return TQ_OK;
}

bool crews_minute(const char *text, uint32_t *out)
{
    unsigned hour = 0, minute = 0;
    char rest = '\0';
    if (text == NULL || sscanf(text, "%2u:%2u%c", &hour, &minute, &rest) != 2 || hour > 24 ||
        minute > 59 || (hour == 24 && minute > 0))
        return false;
    *out = hour * 60 + minute;
    return true;
}

static tq_status check_shift(desk_call *call)
{
    const json_t *shift = json_object_get(call->body, "shift");
    const json_t *days = json_object_get(shift, "days");
    uint32_t from = 0, to = 0;
    if (shift == NULL) return TQ_OK;
    if (!crews_minute(json_string_value(json_object_get(shift, "from")), &from) ||
        !crews_minute(json_string_value(json_object_get(shift, "to")), &to))
        return desk_bad(call, "\"shift\" needs \"from\" and \"to\" as 07:00");
    for (size_t k = 0; k < json_array_size(days); k++) {
        const char *day = json_string_value(json_array_get(days, k));
        bool known = false;
        for (size_t d = 0; DAY_NAME[d] != NULL && day != NULL; d++)
            known = known || strcmp(day, DAY_NAME[d]) == 0;
        if (!known) return desk_bad(call, "shift.days are of mon tue wed thu fri sat sun");
    }
    return TQ_OK;
}

static tq_status check_crew(desk_call *call)
{
    static const char *const states[] = {"free", "busy", "off", NULL};
    const char *text = NULL;
    double members = 1;
    TQ_TRY(desk_only(call, CREW_MEMBERS));
    TQ_TRY(desk_text(call, "name", true, &text));
    TQ_TRY(check_words(call, "skills"));
    TQ_TRY(check_words(call, "tools"));
    TQ_TRY(desk_number(call, "members", false, 1, 200, &members));
    TQ_TRY(check_shift(call));
    const char *vehicle = json_string_value(json_object_get(call->body, "vehicle"));
    if (vehicle != NULL && call->world != NULL &&
        tq_road_vehicle_named(call->world->city, vehicle) == NULL)
        return desk_bad(call, "\"vehicle\" is '%.40s', which no profile of this city is called",
                        vehicle);
    const char *state = json_string_value(json_object_get(call->body, "state"));
    for (const char *const *one = states; state != NULL; one++) {
        if (*one == NULL) return desk_bad(call, "\"state\" must be free, busy or off");
        if (strcmp(*one, state) == 0) break;
    }
    return TQ_OK;
}

static const char *state_of(const json_t *crew)
{
    const char *state = json_string_value(json_object_get(crew, "state"));
    return state != NULL ? state : "free";
}

static tq_status crew_create(desk_call *call)
{
    char id[TQ_ID_MAX];
    TQ_TRY(check_crew(call));
    json_auto_t *crew = json_deep_copy(call->body);
    json_object_del(crew, "version");
    TQ_TRY(desk_new_id(call, "CR", id));
    TQ_TRY(desk_save(call, "crew", id, state_of(crew), crew, 0));
    TQ_TRY(desk_event(call, "crew", id, "created", false, TQ_ROLE_STAFF, NULL));
    *call->status = 201;
    return desk_answer(call, json_incref(crew));
}

static tq_status crew_change(desk_call *call)
{
    uint64_t version = 0;
    char state[32];
    const char *id = call->command->id;
    json_auto_t *crew = NULL;
    TQ_TRY(desk_load(call, "crew", id, &crew, &version, state));
    TQ_TRY(desk_expect(call, "crew", id, version));
    for (const char *const *one = CREW_MEMBERS; *one != NULL; one++) {
        json_t *value = json_object_get(crew, *one);
        if (value != NULL && json_object_get(call->body, *one) == NULL)
            json_object_set(call->body, *one, value);
    }
    TQ_TRY(check_crew(call));
    json_object_update(crew, call->body);
    TQ_TRY(desk_save(call, "crew", id, state_of(crew), crew, version));
    TQ_TRY(desk_event(call, "crew", id, "changed", false, TQ_ROLE_STAFF, NULL));
    return desk_answer(call, json_incref(crew));
}

static tq_status crew_position(desk_call *call)
{
    static const char *const members[] = {"lat", "lon", "at", NULL};
    double lat = 0, lon = 0;
    int64_t at_ms = call->command->now_ms;
    uint64_t version = 0;
    char state[32];
    json_auto_t *crew = NULL;
    TQ_TRY(desk_only(call, members));
    TQ_TRY(desk_number(call, "lat", true, -90, 90, &lat));
    TQ_TRY(desk_number(call, "lon", true, -180, 180, &lon));
    TQ_TRY(desk_instant(call, "at", false, &at_ms));
    if (at_ms > call->command->now_ms + 300000)
        return desk_bad(call, "the position is from the future: check the device's clock");
    TQ_TRY(desk_load(call, "crew", call->command->id, &crew, &version, state));
    json_t *position = json_object();
    json_object_set_new(position, "lat", json_real(lat));
    json_object_set_new(position, "lon", json_real(lon));
    desk_put_instant(call, position, "at", at_ms);
    json_object_set_new(crew, "position", position);
    TQ_TRY(desk_save(call, "crew", call->command->id, state, crew, version));
    TQ_TRY(desk_event(call, "crew", call->command->id, "position", false, TQ_ROLE_STAFF, NULL));
    return desk_answer(call, json_incref(crew));
}

static json_t *show_record(desk_call *call, const tq_record *record)
{
    json_t *shown = NULL;
    if (desk_parse(record->body, DESK_BODY_MAX, "a record", &shown, call->err) != TQ_OK)
        return NULL;
    const char *phone = json_string_value(json_object_get(shown, "phone"));
    if (phone != NULL && !desk_is(call, TQ_ROLE_DISPATCHER | TQ_ROLE_ADMIN))
        json_object_set_new(shown, "phone", desk_masked_phone(phone));
    return shown;
}

static tq_status crew_list(desk_call *call)
{
    return desk_answer_list(call, "crew", "crews", show_record);
}

/* ---- tasks
 * ------------------------------------------------------------------------------------------- */

static tq_status task_list(desk_call *call)
{
    return desk_answer_list(call, "task", "tasks", show_record);
}

static void add_line(desk_call *call, json_t *task, const char *what, const char *note)
{
    json_t *line = json_object(), *timeline = json_object_get(task, "timeline");
    desk_put_instant(call, line, "at", call->command->now_ms);
    json_object_set_new(line, "by", json_string(call->command->actor->name));
    json_object_set_new(line, "what", json_string(what));
    if (note != NULL && note[0] != '\0') json_object_set_new(line, "note", json_string(note));
    if (timeline == NULL) {
        timeline = json_array();
        json_object_set_new(task, "timeline", timeline);
    }
    json_array_append_new(timeline, line);
}

/* The crew of a task becomes busy with it, or free. */
static tq_status set_crew(desk_call *call, const char *id, const char *state, const char *task)
{
    uint64_t version = 0;
    char was[32];
    json_auto_t *crew = NULL;
    TQ_TRY(desk_load(call, "crew", id, &crew, &version, was));
    json_object_set_new(crew, "state", json_string(state));
    json_object_set_new(crew, "task", task != NULL ? json_string(task) : json_null());
    return desk_save(call, "crew", id, state, crew, version);
}

static tq_status note_case(desk_call *call, const json_t *task, const char *what)
{
    const char *number = desk_get_text(task, "case");
    if (number[0] == '\0') return TQ_OK;
    json_t *note = json_object();
    json_object_set_new(note, "task", json_string(desk_get_text(task, "id")));
    json_object_set_new(note, "crew", json_string(desk_get_text(task, "crew")));
    json_object_set_new(note, "what", json_string(what));
    return desk_case_note(call, number, "task", note);
}

static tq_status task_create(desk_call *call)
{
    static const char *const members[] = {"case",         "work",  "crew",    "what",
                                          "skills",       "tools", "machine", "place",
                                          "banned_hours", "note",  NULL};
    const char *crew_id = NULL, *what = NULL;
    char id[TQ_ID_MAX];
    TQ_TRY(desk_only(call, members));
    TQ_TRY(desk_text(call, "crew", true, &crew_id));
    TQ_TRY(desk_text(call, "what", true, &what));
    crew_wish wish = {0};
    TQ_TRY(crews_wish(call, call->body, &wish));
    json_auto_t *crew = NULL;
    uint64_t version = 0;
    char state[32], why[200];
    TQ_TRY(desk_load(call, "crew", crew_id, &crew, &version, state));
    if (!crews_able(call, crew, &wish, why, sizeof why)) {
        crews_wish_free(&wish);
        return desk_bad(call, "the crew %s cannot take it: %s", crew_id, why);
    }
    crews_wish_free(&wish);
    json_auto_t *task = json_deep_copy(call->body);
    TQ_TRY(desk_new_id(call, "TK", id));
    add_line(call, task, "offered", NULL);
    TQ_TRY(desk_save(call, "task", id, "offered", task, 0));
    TQ_TRY(set_crew(call, crew_id, "busy", id));
    TQ_TRY(desk_event(call, "task", id, "offered", false, TQ_ROLE_STAFF, NULL));
    TQ_TRY(note_case(call, task, "offered"));
    *call->status = 201;
    return desk_answer(call, json_incref(task));
}

/* One step of a task: from which states, to which, what must be said, whether the crew is free
 * again. */
typedef struct task_step {
    const char *from[3], *to, *need;
    bool frees;
} task_step;

static tq_status step(desk_call *call, const task_step *rule)
{
    static const char *const members[] = {"reason", "outcome", "note", "version", NULL};
    const char *id = call->command->id, *said = NULL, *note = NULL;
    uint64_t version = 0;
    char state[32];
    json_auto_t *task = NULL;
    TQ_TRY(desk_only(call, members));
    TQ_TRY(desk_load(call, "task", id, &task, &version, state));
    TQ_TRY(desk_expect(call, "task", id, version));
    bool fits = false;
    for (size_t k = 0; k < TQ_COUNT(rule->from); k++)
        fits = fits || (rule->from[k] != NULL && strcmp(rule->from[k], state) == 0);
    if (!fits)
        return tq_fail(call->err, TQ_STALE, 0, "the task %s is %s by now and cannot become %s", id,
                       state, rule->to);
    if (rule->need != NULL) TQ_TRY(desk_text(call, rule->need, true, &said));
    TQ_TRY(desk_text(call, "note", false, &note));
    if (said != NULL) json_object_set_new(task, rule->need, json_string(said));
    add_line(call, task, rule->to, said != NULL ? said : note);
    TQ_TRY(desk_save(call, "task", id, rule->to, task, version));
    if (rule->frees) TQ_TRY(set_crew(call, desk_get_text(task, "crew"), "free", NULL));
    TQ_TRY(desk_event(call, "task", id, rule->to, false, TQ_ROLE_STAFF, NULL));
    TQ_TRY(note_case(call, task, rule->to));
    return desk_answer(call, json_incref(task));
}

static tq_status task_accept(desk_call *call)
{
    static const task_step rule = {{"offered"}, "accepted", NULL, false};
    return step(call, &rule);
}

static tq_status task_refuse(desk_call *call)
{
    static const task_step rule = {{"offered"}, "refused", "reason", true};
    return step(call, &rule);
}

static tq_status task_arrive(desk_call *call)
{
    static const task_step rule = {{"accepted"}, "arrived", NULL, false};
    return step(call, &rule);
}

static tq_status task_done(desk_call *call)
{
    static const task_step rule = {{"arrived"}, "done", "outcome", true};
    return step(call, &rule);
}

static tq_status task_cancel(desk_call *call)
{
    static const task_step rule = {{"offered", "accepted", "arrived"}, "cancelled", "reason", true};
    return step(call, &rule);
}

#define SENDS (TQ_ROLE_DISPATCHER | TQ_ROLE_ADMIN)
#define GOES  (TQ_ROLE_ROAD_UNIT | TQ_ROLE_DISPATCHER | TQ_ROLE_ADMIN)

const desk_verb desk_crew_verbs[] = {
    {"crew.list", TQ_ROLE_STAFF, TQ_VERB_ASK, crew_list},
    {"crew.create", SENDS, TQ_VERB_DO, crew_create},
    {"crew.change", SENDS, TQ_VERB_DO, crew_change},
    {"crew.position", GOES, TQ_VERB_DO, crew_position},
    {"task.candidates", GOES, TQ_VERB_ASK, crews_candidates},
    {"task.list", TQ_ROLE_STAFF, TQ_VERB_ASK, task_list},
    {"task.create", SENDS, TQ_VERB_DO, task_create},
    {"task.accept", GOES, TQ_VERB_DO, task_accept},
    {"task.refuse", GOES, TQ_VERB_DO, task_refuse},
    {"task.arrive", GOES, TQ_VERB_DO, task_arrive},
    {"task.done", GOES, TQ_VERB_DO, task_done},
    {"task.cancel", SENDS, TQ_VERB_DO, task_cancel},
    {.name = NULL},
};
