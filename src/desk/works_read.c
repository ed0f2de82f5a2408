/*
 * A work's record read into a plan: sections, phases, and the closure that each phase makes of each
 * section, checked by `live` as any closure is. Nothing is kept of a record that is refused.
 */
#include <stdio.h>

#include "desk/works_in.h"

#define bad(err, ...) tq_fail((err), TQ_BAD_INPUT, 0, __VA_ARGS__)

static const char *const SECTION_MEMBERS[] = {"id", "stretch", "trenchless", NULL};
static const char *const PHASE_MEMBERS[] = {"id",    "section", "from",      "to",
                                            "users", "effect",  "lanes",     "fenced",
                                            "times", "limit",   "speed_kmh", NULL};
/* Of a phase, what its closures say. */
static const char *const TAKEN[] = {"from",   "to",    "users", "effect",    "lanes",
                                    "fenced", "times", "limit", "speed_kmh", NULL};

/* Counts for which nobody has stood at the roadside: orders of magnitude of a Chinese city street
 * by class, both directions; an answer that rests on them says «assumed». */
static const struct {
    uint8_t upto; /* tq_street_class */
    uint32_t users;
} ASSUMED[] = {{TQ_MOTORWAY_LINK, 60000},  {TQ_TRUNK_LINK, 40000},   {TQ_PRIMARY_LINK, 30000},
               {TQ_SECONDARY_LINK, 15000}, {TQ_TERTIARY_LINK, 8000}, {TQ_STREET_CLASS_COUNT, 2000}};

uint32_t works_users_assumed(const works_plan *plan)
{
    const tq_streets *streets = &plan->city->streets;
    uint32_t most = 0;
    for (uint32_t s = 0; s < plan->section_count; s++)
        for (uint32_t k = 0; k < plan->section[s].found.arc_count; k++) {
            uint32_t row = 0;
            uint8_t kind = tq_edge_attr(streets, plan->section[s].found.arc[k] >> 1)->street_class;
            while (row + 1 < TQ_COUNT(ASSUMED) && kind > ASSUMED[row].upto)
                row++;
            most = TQ_MAX(most, ASSUMED[row].users);
        }
    return most;
}

bool works_minute(const char *text, uint32_t *out)
{
    unsigned hour = 0, minute = 0;
    char rest = '\0';
    if (text == NULL || sscanf(text, "%2u:%2u%c", &hour, &minute, &rest) != 2 || hour > 24 ||
        minute > 59 || (hour == 24 && minute > 0))
        return false;
    *out = hour * 60 + minute;
    return true;
}

uint32_t works_days(const tq_city *city, int64_t from_ms, int64_t to_ms)
{
    int32_t second = 0;
    return (uint32_t)(tq_local_day(&city->zone, to_ms - 1, &second) -
                      tq_local_day(&city->zone, from_ms, &second) + 1);
}

json_t *works_closure(const json_t *record, const works_phase *phase, const works_section *section)
{
    json_t *out = json_object();
    for (const char *const *one = TAKEN; *one != NULL; one++) {
        json_t *value = json_object_get(phase->said, *one);
        if (value != NULL && !json_is_null(value)) json_object_set(out, *one, value);
    }
    json_object_set_new(out, "stretch", json_deep_copy(section->stretch));
    json_object_set(out, "owner", json_object_get(record, "owner"));
    json_object_set_new(out, "reason", json_string("works"));
    json_object_set_new(out, "sudden", json_false());
    if (json_object_get(record, "id") != NULL)
        json_object_set(out, "work", json_object_get(record, "id"));
    json_object_set(out, "note", json_object_get(record, "name"));
    return out;
}

static tq_status only(const json_t *object, const char *what, size_t number,
                      const char *const *members, tq_err *err)
{
    const char *name;
    json_t *value;
    if (!json_is_object(object)) return bad(err, "%s %zu must be an object: {…}", what, number);
    json_object_foreach((json_t *)(uintptr_t)object, name, value)
    {
        const char *const *one = members;
        while (*one != NULL && strcmp(*one, name) != 0)
            one++;
        if (*one != NULL) continue;
        const char *near = desk_nearest(name, members);
        return bad(err, "%s %zu does not know the member \"%.40s\"%s%s%s", what, number, name,
                   near != NULL ? "; did you mean \"" : "", near != NULL ? near : "",
                   near != NULL ? "\"?" : "");
    }
    return TQ_OK;
}

static tq_status read_id(const json_t *object, const char *what, size_t number, char out[TQ_ID_MAX],
                         tq_err *err)
{
    const char *id = desk_get_text(object, "id");
    if (id[0] == '\0' || strlen(id) > 20)
        return bad(err, "%s %zu: \"id\" must be a text of 1 to 20 bytes, such as \"S1\"", what,
                   number);
    (void)snprintf(out, TQ_ID_MAX, "%s", id);
    return TQ_OK;
}

static tq_status read_section(works_plan *plan, const json_t *row, tq_err *err)
{
    works_section *section = &plan->section[plan->section_count];
    size_t number = plan->section_count + 1;
    tq_buf text = {0};
    tq_err why = {0};
    TQ_TRY(only(row, "section", number, SECTION_MEMBERS, err));
    TQ_TRY(read_id(row, "section", number, section->id, err));
    for (uint32_t k = 0; k < plan->section_count; k++)
        if (strcmp(plan->section[k].id, section->id) == 0)
            return bad(err, "two sections have the id \"%s\"; give each its own", section->id);
    const json_t *trenchless = json_object_get(row, "trenchless");
    if (trenchless != NULL && !json_is_boolean(trenchless))
        return bad(err, "section \"%s\": \"trenchless\" is true or false", section->id);
    section->trenchless = json_is_true(trenchless);
    section->stretch = json_object_get(row, "stretch");
    if (!json_is_object(section->stretch))
        return bad(err, "section \"%s\": \"stretch\" is missing: {\"street\",\"from\",\"to\"}",
                   section->id);
    tq_status status = desk_dump(section->stretch, &text, &why);
    if (status == TQ_OK)
        status = tq_stretch_find(plan->city, (tq_str){text.at, text.len}, &section->found, &why);
    tq_buf_free(&text);
    if (status != TQ_OK)
        return tq_fail(err, status == TQ_NOT_FOUND ? TQ_BAD_INPUT : status, 0, "section \"%s\": %s",
                       section->id, why.text);
    plan->section_count++;
    return TQ_OK;
}

static tq_status read_instant(const works_plan *plan, const works_phase *phase, const char *member,
                              int64_t *out, tq_err *err)
{
    tq_err why = {0};
    const char *text = desk_get_text(phase->said, member);
    if (tq_time_parse(&plan->city->zone, tq_str_of(text), out, &why) == TQ_OK) return TQ_OK;
    return bad(err, "phase \"%s\": \"%s\" is \"%.40s\": write an instant such as 2025-06-03T08:00",
               phase->id, member, text);
}

static tq_status read_part(works_plan *plan, uint32_t phase, uint32_t section, tq_err *err)
{
    tq_err why = {0};
    if (plan->part_count == WORKS_CLOSURES_MAX)
        return tq_fail(err, TQ_LIMIT, 0, "phases times sections are more than %u; split the work",
                       WORKS_CLOSURES_MAX);
    works_part *part = &plan->part[plan->part_count];
    json_auto_t *said = works_closure(plan->record, &plan->phase[phase], &plan->section[section]);
    tq_status status = desk_closure_of(plan->city, said, INT64_MIN, &part->closure, &why);
    if (status != TQ_OK)
        return tq_fail(err, status == TQ_NOT_FOUND ? TQ_BAD_INPUT : status, 0,
                       "phase \"%s\", section \"%s\": %s", plan->phase[phase].id,
                       plan->section[section].id, why.text);
    part->phase = phase;
    part->section = section;
    plan->part_count++;
    return TQ_OK;
}

static tq_status read_phase(works_plan *plan, const json_t *row, tq_err *err)
{
    uint32_t at = plan->phase_count;
    works_phase *phase = &plan->phase[at];
    TQ_TRY(only(row, "phase", at + 1, PHASE_MEMBERS, err));
    TQ_TRY(read_id(row, "phase", at + 1, phase->id, err));
    for (uint32_t k = 0; k < at; k++)
        if (strcmp(plan->phase[k].id, phase->id) == 0)
            return bad(err, "two phases have the id \"%s\"; give each its own", phase->id);
    phase->said = row;
    phase->section = TQ_NONE;
    const char *named = desk_get_text(row, "section");
    for (uint32_t k = 0; k < plan->section_count; k++)
        if (strcmp(plan->section[k].id, named) == 0) phase->section = k;
    if (json_object_get(row, "section") != NULL && phase->section == TQ_NONE)
        return bad(err, "phase \"%s\": there is no section \"%.20s\"; the first is \"%s\"",
                   phase->id, named, plan->section[0].id);
    TQ_TRY(read_instant(plan, phase, "from", &phase->from_ms, err));
    TQ_TRY(read_instant(plan, phase, "to", &phase->to_ms, err));
    if (phase->from_ms >= phase->to_ms)
        return bad(err, "phase \"%s\" ends (\"to\" %.30s) before it begins (\"from\" %.30s)",
                   phase->id, desk_get_text(row, "to"), desk_get_text(row, "from"));
    plan->phase_count++;
    plan->from_ms = at == 0 ? phase->from_ms : TQ_MIN(plan->from_ms, phase->from_ms);
    plan->to_ms = at == 0 ? phase->to_ms : TQ_MAX(plan->to_ms, phase->to_ms);
    for (uint32_t section = 0; section < plan->section_count; section++)
        if (phase->section == TQ_NONE || phase->section == section)
            TQ_TRY(read_part(plan, at, section, err));
    return TQ_OK;
}

void works_plan_free(works_plan *plan)
{
    if (plan == NULL) return;
    for (uint32_t k = 0; k < plan->part_count; k++)
        tq_closure_free(&plan->part[k].closure);
    for (uint32_t k = 0; k < plan->section_count; k++)
        tq_stretch_free(&plan->section[k].found);
    json_decref(plan->record);
    tq_free(plan);
}

static tq_status read_lists(works_plan *plan, tq_err *err)
{
    const json_t *sections = json_object_get(plan->record, "sections");
    const json_t *phases = json_object_get(plan->record, "phases");
    size_t count = json_array_size(sections);
    if (count == 0 || count > WORKS_SECTIONS_MAX)
        return bad(err,
                   "\"sections\" must be a list of 1 to %u, such as "
                   "[{\"id\":\"S1\",\"stretch\":{\"street\":\"…\"}}]",
                   WORKS_SECTIONS_MAX);
    for (size_t k = 0; k < count; k++)
        TQ_TRY(read_section(plan, json_array_get(sections, k), err));
    count = json_array_size(phases);
    if (count == 0 || count > WORKS_PHASES_MAX)
        return bad(err,
                   "\"phases\" must be a list of 1 to %u, such as [{\"id\":\"P1\",\"from\":…,"
                   "\"to\":…,\"effect\":\"half_width\"}]",
                   WORKS_PHASES_MAX);
    for (size_t k = 0; k < count; k++)
        TQ_TRY(read_phase(plan, json_array_get(phases, k), err));
    return TQ_OK;
}

tq_status works_plan_read(const tq_city *city, json_t *record, works_plan **out, tq_err *err)
{
    works_plan *plan = TQ_ALLOC(works_plan, 1);
    if (plan == NULL) return tq_fail(err, TQ_NO_MEMORY, 0, "no memory to read the work");
    plan->city = city;
    plan->record = json_incref(record);
    tq_status status = read_lists(plan, err);
    if (status == TQ_OK)
        *out = plan;
    else
        works_plan_free(plan);
    return status;
}
