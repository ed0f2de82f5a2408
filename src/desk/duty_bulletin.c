/*
 * The bulletin of the hour: what happened in the last full hour and what stands now, by domain.
 * Each number carries the ids that it counts, so that every number opens its records.
 *
 * `at` names another instant; `hours` makes the time longer (a shift, a day). What stands is as of
 * now: records do not keep their past, but the instants that they carry do.
 */
#include <stdio.h>

#include "desk/case_in.h"
#include "desk/duty_in.h"

#define IDS_MAX   200u
#define HOUR_MS   INT64_C(3600000)
#define HOURS_MAX 168u

typedef struct bulletin {
    desk_call *call;
    int64_t from_ms, to_ms;
    json_t *domains;
} bulletin;

static void count(bulletin *run, const char *domain, const char *what, const char *id)
{
    json_t *box = json_object_get(run->domains, domain);
    if (box == NULL) {
        box = json_object();
        json_object_set_new(run->domains, domain, box);
    }
    json_t *number = json_object_get(box, what);
    if (number == NULL) {
        number = json_pack("{si so}", "count", 0, "ids", json_array());
        json_object_set_new(box, what, number);
    }
    json_int_t before = json_integer_value(json_object_get(number, "count"));
    json_object_set_new(number, "count", json_integer(before + 1));
    if (json_array_size(json_object_get(number, "ids")) < IDS_MAX)
        json_array_append_new(json_object_get(number, "ids"), json_string(id));
}

static bool is_within(const bulletin *run, int64_t at_ms)
{
    return at_ms >= run->from_ms && at_ms < run->to_ms;
}

static void count_if_within(bulletin *run, const char *domain, const char *what,
                            const tq_record *record, const json_t *body, const char *member)
{
    int64_t at_ms;
    if (desk_get_instant(run->call, body, member, &at_ms) && is_within(run, at_ms))
        count(run, domain, what, record->id);
}

static bool look_at_case(void *user, const tq_record *record)
{
    bulletin *run = user;
    json_error_t why;
    json_auto_t *body = json_loadb(record->body.at, record->body.len, 0, &why);
    const desk_machine *machine = machine_of(run->call->desk, desk_get_text(body, "type"));
    uint32_t state = machine != NULL ? machine_state_of(machine, record->state) : TQ_NONE;
    if (state == TQ_NONE) return true;
    const json_t *entered = json_object_get(body, "entered");
    if (is_within(run, record->created_ms)) count(run, machine->type, "opened", record->id);
    for (uint32_t k = 0; k < machine->state_count; k++)
        if (machine->state[k].final)
            count_if_within(run, machine->type, "over", record, entered, machine->state[k].id);
    if (machine->reopen != TQ_NONE)
        count_if_within(run, machine->type, "reopened", record, entered,
                        machine->state[machine->reopen].id);
    if (machine->state[state].final) return true;
    count(run, machine->type, "open", record->id);
    if (json_is_true(json_object_get(body, "overdue")))
        count(run, machine->type, "overdue", record->id);
    if (json_is_true(json_object_get(body, "emergency")))
        count(run, machine->type, "emergency", record->id);
    return true;
}

static bool look_at_closure(void *user, const tq_record *record)
{
    bulletin *run = user;
    json_error_t why;
    int64_t from_ms = INT64_MIN;
    json_auto_t *body = json_loadb(record->body.at, record->body.len, 0, &why);
    count_if_within(run, "closures", "published", record, body, "published");
    count_if_within(run, "closures", "ended", record, body, "ended");
    if (strcmp(record->state, "published") != 0) return true;
    (void)desk_get_instant(run->call, body, "from", &from_ms);
    count(run, "closures", from_ms <= run->call->command->now_ms ? "in_force" : "to_come",
          record->id);
    return true;
}

static bool look_at_work(void *user, const tq_record *record)
{
    count(user, "works", record->state, record->id);
    return true;
}

static bool look_at_point(void *user, const tq_record *record)
{
    bulletin *run = user;
    json_error_t why;
    json_auto_t *body = json_loadb(record->body.at, record->body.len, 0, &why);
    count(run, "points", "all", record->id);
    if (json_is_true(json_object_get(body, "overdue"))) count(run, "points", "silent", record->id);
    if (strcmp(record->state, "alarm") == 0) count(run, "points", "alarm", record->id);
    return true;
}

static bool look_at_task(void *user, const tq_record *record)
{
    bulletin *run = user;
    if (is_within(run, record->created_ms)) count(run, "tasks", "sent", record->id);
    if (is_within(run, record->changed_ms) && strcmp(record->state, "done") == 0)
        count(run, "tasks", "done", record->id);
    return true;
}

tq_status duty_bulletin(desk_call *call)
{
    static const struct {
        const char *kind;
        bool (*look)(void *user, const tq_record *record);
    } parts[] = {{"case", look_at_case},
                 {"closure", look_at_closure},
                 {"work", look_at_work},
                 {"point", look_at_point},
                 {"task", look_at_task}};
    char text[TQ_TIME_TEXT_MAX];
    uint32_t hours = 1;
    int64_t at_ms = call->command->now_ms;
    tq_err why;
    if (desk_query(call, "at", text, sizeof text) &&
        tq_time_parse(&call->desk->city->zone, tq_str_of(text), &at_ms, &why) != TQ_OK)
        return desk_bad(call, "at is \"%s\": write an instant such as 2025-06-03T08:00", text);
    if (desk_query(call, "hours", text, sizeof text) &&
        (!tq_parse_u32(tq_str_of(text), &hours) || hours == 0 || hours > HOURS_MAX))
        return desk_bad(call, "hours is \"%s\": from 1 to %u is allowed", text, HOURS_MAX);
    json_auto_t *domains = json_object();
    bulletin run = {.call = call, .domains = domains};
    run.to_ms = tq_floor_div(at_ms, HOUR_MS) * HOUR_MS;
    run.from_ms = run.to_ms - (int64_t)hours * HOUR_MS;
    for (uint32_t k = 0; k < TQ_COUNT(parts); k++) {
        tq_store_filter filter = {.kind = parts[k].kind};
        TQ_TRY(tq_store_each(call->desk->store, &filter, parts[k].look, &run, call->err));
    }
    json_t *answer = json_pack("{sO}", "domains", domains);
    desk_put_instant(call, answer, "from", run.from_ms);
    desk_put_instant(call, answer, "to", run.to_ms);
    return desk_answer(call, answer);
}
