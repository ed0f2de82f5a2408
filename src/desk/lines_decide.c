/*
 * Decisions about lines: a share of the seats is measured over a month's runs, compared in whole
 * numbers with what the rule file says, and the line moves, waits or goes on. Each decision keeps
 * its numbers and the text of the rule.
 *
 *   measured  seats taken at the fullest of each run, summed over the runs of the month, of all
 *             seats; «booked» counts all bookings that have a seat, «paid» the paid ones
 *   when      before the first run: the first month of service; after it: the month to come
 *   who       people by hand (line.decide with "act", line.open, line.stop), or the clock: moves
 *             that are due now, at the first departure, and at a month's end
 */
#include <stdio.h>

#include "desk/lines_in.h"

static int32_t today(const desk_call *call)
{
    int32_t second = 0;
    return tq_local_day(&call->desk->city->zone, call->command->now_ms, &second);
}

void lines_note(desk_call *call, json_t *record, const char *list, uint32_t most, json_t *line)
{
    json_t *all = json_object_get(record, list);
    (void)call;
    if (!json_is_array(all)) {
        all = json_array();
        json_object_set_new(record, list, all);
    }
    while (json_array_size(all) >= most)
        json_array_remove(all, 0);
    json_array_append_new(all, line);
}

const line_move *lines_move_of(const line_rule *rule, const char *from, const char *to,
                               uint32_t roles)
{
    for (uint32_t k = 0; k < rule->move_count; k++) {
        const line_move *move = &rule->move[k];
        bool leads = to != NULL ? strcmp(move->to, to) == 0 : strcmp(move->to, "stopped") != 0;
        if (strcmp(move->from, from) == 0 && leads && (move->who & roles) != 0) return move;
    }
    return NULL;
}

tq_status lines_move(desk_call *call, line_plan *plan, const line_move *move, const char *note,
                     json_t *decision)
{
    char month[16];
    json_t *line = json_object(), *told = json_object();
    desk_put_instant(call, line, "at", call->command->now_ms);
    json_object_set_new(line, "by", json_string(call->command->actor->name));
    json_object_set_new(line, "from", json_string(plan->state));
    json_object_set_new(line, "to", json_string(move->to));
    json_object_set_new(line, "what", json_string(move->what));
    if (note != NULL && note[0] != '\0') json_object_set_new(line, "note", json_string(note));
    lines_note(call, plan->record, "history", LINES_HISTORY_MAX, line);
    json_object_set_new(told, "from", json_string(plan->state));
    json_object_set_new(told, "to", json_string(move->to));
    if (decision != NULL) {
        lines_note(call, plan->record, "decisions", LINES_DECISIONS_MAX, json_deep_copy(decision));
        json_object_set_new(told, "decision", json_deep_copy(decision));
    }
    lines_month_print(lines_month_of(today(call)), month);
    json_object_set_new(plan->record, "decided_month", json_string(month));
    (void)snprintf(plan->state, sizeof plan->state, "%s", move->to);
    tq_status status = desk_save(call, "line", plan->id, plan->state, plan->record, plan->version);
    if (status != TQ_OK) {
        json_decref(told);
        return status;
    }
    plan->version++;
    TQ_TRY(desk_event(call, "line", plan->id, move->what, false, TQ_ROLE_ANY, told));
    if (strcmp(move->to, "stopped") != 0) return TQ_OK;
    return bookings_cancel_all(call, plan, "the line has stopped");
}

/* ---- measuring ---------------------------------------------------------------------------------
 */

/* Numbers that a decision is made from. */
typedef struct numbers {
    int32_t month;
    uint64_t seats, booked, paid;
    uint32_t runs;
    bool given; /* by the one who asks, not counted */
} numbers;

static int32_t month_to_decide(const desk_call *call, const line_plan *plan)
{
    int32_t now = today(call);
    return plan->from_day > now ? lines_month_of(plan->from_day) : lines_month_of(now) + 1;
}

static tq_status measure(desk_call *call, const line_plan *plan, int32_t month, numbers *out)
{
    seat_book book;
    *out = (numbers){.month = month};
    TQ_TRY(seats_read(call, plan, month, &book));
    seats_measure(&book, SEATS_BOOKED, &out->booked, &out->seats, &out->runs);
    seats_measure(&book, SEATS_PAID, &out->paid, &out->seats, &out->runs);
    seats_free(&book);
    return TQ_OK;
}

static uint64_t part_of(const line_move *move, const numbers *all)
{
    return move->measure == LINE_PAID ? all->paid : all->booked;
}

static json_t *decision_json(const desk_call *call, const line_rule *rule, const line_move *move,
                             const numbers *all)
{
    char month[16];
    uint64_t part = part_of(move, all);
    bool holds = lines_move_holds(move, part, all->seats);
    bool stops = strcmp(move->to, "stopped") == 0;
    json_t *out = json_object();
    desk_put_instant(call, out, "at", call->command->now_ms);
    json_object_set_new(out, "by", json_string(call->command->actor->name));
    json_object_set_new(out, "rule", json_string(rule->id));
    json_object_set_new(out, "move", json_string(move->what));
    json_object_set_new(out, "measure",
                        json_string(move->measure == LINE_PAID ? "paid" : "booked"));
    json_object_set_new(out, "seats", json_integer((json_int_t)all->seats));
    json_object_set_new(out, "taken", json_integer((json_int_t)part));
    json_object_set_new(out, "permille",
                        all->seats > 0 ? json_integer((json_int_t)(part * 1000 / all->seats))
                                       : json_null());
    json_object_set_new(out, move->at_least ? "at_least_percent" : "below_percent",
                        json_integer(move->percent));
    json_object_set_new(out, "holds", json_boolean(holds));
    json_object_set_new(out, "outcome",
                        json_string(holds   ? move->what
                                    : stops ? "continue"
                                            : "wait"));
    json_object_set_new(out, "text",
                        json_pack("{s:s,s:s}", "zh", move->text.zh, "en", move->text.en));
    json_object_set_new(out, "given", json_boolean(all->given));
    if (!all->given) {
        lines_month_print(all->month, month);
        json_object_set_new(out, "month", json_string(month));
        json_object_set_new(out, "runs", json_integer(all->runs));
    }
    return out;
}

/* ---- by hand -----------------------------------------------------------------------------------
 */

static tq_status read_given(desk_call *call, numbers *out)
{
    static const char *const members[] = {"seats", "booked", "paid"};
    double value[3] = {0};
    for (uint32_t k = 0; k < 3; k++) {
        TQ_TRY(desk_number(call, members[k], k == 0 && out->given, k == 0, 1e9, &value[k]));
        if (value[k] != (double)(uint64_t)value[k])
            return desk_bad(call, "\"%s\" is a whole number", members[k]);
    }
    out->seats = (uint64_t)value[0];
    out->booked = (uint64_t)value[1];
    out->paid = (uint64_t)value[2];
    if (out->booked > out->seats || out->paid > out->seats)
        return desk_bad(call, "more seats are taken than there are");
    return TQ_OK;
}

static tq_status decide(desk_call *call, line_plan *plan, const line_rule *rule, const char *state,
                        const numbers *all, bool act)
{
    json_t *list = json_array(), *answer = json_object();
    const line_move *taken = NULL;
    tq_status status = TQ_OK;
    json_object_set_new(answer, "decisions", list);
    for (uint32_t k = 0; k < rule->move_count; k++) {
        const line_move *move = &rule->move[k];
        if (move->measure == LINE_NO_MEASURE ||
            (state[0] != '\0' && strcmp(move->from, state) != 0))
            continue;
        json_t *one = decision_json(call, rule, move, all);
        json_array_append_new(list, one);
        if (!act || taken != NULL || !lines_move_holds(move, part_of(move, all), all->seats))
            continue;
        taken = move;
        status = lines_move(call, plan, move, "decided by hand", one);
        if (status != TQ_OK) break;
    }
    json_object_set_new(answer, "line", plan != NULL ? json_string(plan->id) : json_null());
    json_object_set_new(answer, "state", json_string(plan != NULL ? plan->state : state));
    json_object_set_new(answer, "moved", json_boolean(taken != NULL));
    if (status == TQ_OK) return desk_answer(call, answer);
    json_decref(answer);
    return status;
}

/* Without a line: what a rule says to given numbers. */
static tq_status decide_given(desk_call *call, const numbers *all)
{
    const char *rule = NULL, *state = NULL;
    TQ_TRY(desk_text(call, "rule", true, &rule));
    TQ_TRY(desk_text(call, "state", false, &state));
    const line_rule *found = lines_rule(call->desk, rule);
    if (found == NULL) return desk_bad(call, "there is no rule \"%.40s\"", rule);
    return decide(call, NULL, found, state, all, false);
}

tq_status lines_decide(desk_call *call)
{
    static const char *const members[] = {"rule",  "state", "seats",   "booked", "paid",
                                          "month", "act",   "version", NULL};
    const json_t *act = json_object_get(call->body, "act");
    numbers all = {.given = json_object_get(call->body, "seats") != NULL ||
                            json_object_get(call->body, "booked") != NULL ||
                            json_object_get(call->body, "paid") != NULL};
    const char *month = NULL;
    line_plan *plan = NULL;
    TQ_TRY(desk_only(call, members));
    if (act != NULL && !json_is_boolean(act)) return desk_bad(call, "\"act\" is true or false");
    TQ_TRY(read_given(call, &all));
    if (all.given && json_is_true(act))
        return desk_bad(call, "a line moves by its own bookings; leave the given numbers out");
    if (call->command->id[0] == '\0') {
        if (!all.given) return desk_bad(call, "give a line, or a rule with seats, booked and paid");
        return decide_given(call, &all);
    }
    TQ_TRY(desk_text(call, "month", false, &month));
    TQ_TRY(lines_plan_load(call, call->command->id, &plan));
    int32_t which = month_to_decide(call, plan);
    tq_status status = desk_expect(call, "line", plan->id, plan->version);
    if (status == TQ_OK && month[0] != '\0' && !lines_month(month, &which))
        status = desk_bad(call, "\"month\" is such as 2025-07");
    if (status == TQ_OK && !all.given) status = measure(call, plan, which, &all);
    if (status == TQ_OK)
        status = decide(call, plan, plan->rule, plan->state, &all, json_is_true(act));
    lines_plan_free(plan);
    return status;
}

/* line.open: the next step forward; what its rule asks for must hold, or be overruled by name. */
static tq_status step_forward(desk_call *call, line_plan *plan, bool anyway, const char *reason)
{
    json_auto_t *decision = NULL;
    numbers all;
    const line_move *move =
        lines_move_of(plan->rule, plan->state, NULL, call->command->actor->roles);
    if (move == NULL)
        return tq_fail(call->err, TQ_STALE, 0, "%s is %s; it does not open from there", plan->id,
                       plan->state);
    if (move->measure != LINE_NO_MEASURE) {
        TQ_TRY(measure(call, plan, month_to_decide(call, plan), &all));
        decision = decision_json(call, plan->rule, move, &all);
        uint64_t part = part_of(move, &all);
        if (!lines_move_holds(move, part, all.seats) && !anyway)
            return desk_bad(call,
                            "%llu of %llu seats are taken: %s; with \"anyway\" and a reason it "
                            "opens all the same",
                            (unsigned long long)part, (unsigned long long)all.seats, move->text.en);
        if (!lines_move_holds(move, part, all.seats)) {
            if (reason[0] == '\0') return desk_bad(call, "\"anyway\" needs a \"reason\"");
            json_object_set_new(decision, "overruled", json_string(reason));
        }
    }
    return lines_move(call, plan, move, reason, decision);
}

tq_status lines_open(desk_call *call)
{
    static const char *const members[] = {"anyway", "reason", "version", NULL};
    const char *reason = NULL;
    line_plan *plan = NULL;
    TQ_TRY(desk_only(call, members));
    TQ_TRY(desk_text(call, "reason", false, &reason));
    TQ_TRY(lines_plan_load(call, call->command->id, &plan));
    tq_status status = desk_expect(call, "line", plan->id, plan->version);
    if (status == TQ_OK)
        status =
            step_forward(call, plan, json_is_true(json_object_get(call->body, "anyway")), reason);
    if (status == TQ_OK) status = desk_answer(call, json_incref(plan->record));
    lines_plan_free(plan);
    return status;
}

tq_status lines_stop(desk_call *call)
{
    static const char *const members[] = {"reason", "version", NULL};
    const char *reason = NULL;
    line_plan *plan = NULL;
    TQ_TRY(desk_only(call, members));
    TQ_TRY(desk_text(call, "reason", true, &reason));
    TQ_TRY(lines_plan_load(call, call->command->id, &plan));
    tq_status status = desk_expect(call, "line", plan->id, plan->version);
    const line_move *move =
        lines_move_of(plan->rule, plan->state, "stopped", call->command->actor->roles);
    if (status == TQ_OK && move == NULL)
        status = tq_fail(call->err, TQ_STALE, 0, "%s is %s and cannot be stopped from there",
                         plan->id, plan->state);
    if (status == TQ_OK) status = lines_move(call, plan, move, reason, NULL);
    if (status == TQ_OK) status = desk_answer(call, json_incref(plan->record));
    lines_plan_free(plan);
    return status;
}

/* ---- the clock ---------------------------------------------------------------------------------
 */

static bool has_departed(const desk_call *call, const line_plan *plan)
{
    int32_t now = today(call);
    if (plan->dynamic) return plan->from_day <= now;
    for (int32_t day = TQ_MAX(plan->from_day, now - 40); day <= now; day++)
        if (lines_plan_serves(plan, day) && plan->trip_count > 0 &&
            lines_run_ms(call->desk->city, plan, day, 0, 0) <= call->command->now_ms) {
            int64_t opened_ms = INT64_MIN;
            const json_t *history = json_object_get(plan->record, "history");
            (void)desk_get_instant(call, json_array_get(history, json_array_size(history) - 1),
                                   "at", &opened_ms);
            if (lines_run_ms(call->desk->city, plan, day, 0, 0) >= opened_ms) return true;
        }
    return false;
}

static tq_status at_month_end(desk_call *call, line_plan *plan, const line_move *move,
                              bool *changed, bool *moved)
{
    int32_t decided = 0, now = lines_month_of(today(call));
    char month[16];
    numbers all;
    if (!lines_month(desk_get_text(plan->record, "decided_month"), &decided) || decided >= now)
        return TQ_OK;
    TQ_TRY(measure(call, plan, now, &all));
    if (all.runs == 0) return TQ_OK;
    json_auto_t *decision = decision_json(call, plan->rule, move, &all);
    *changed = true;
    TQ_TRY(desk_audit(call, "line.decide", "line", plan->id, "done", decision));
    if (lines_move_holds(move, part_of(move, &all), all.seats)) {
        *moved = true;
        return lines_move(call, plan, move, "month's end", decision);
    }
    lines_month_print(now, month);
    json_object_set_new(plan->record, "decided_month", json_string(month));
    lines_note(call, plan->record, "decisions", LINES_DECISIONS_MAX, json_deep_copy(decision));
    TQ_TRY(desk_save(call, "line", plan->id, plan->state, plan->record, plan->version));
    plan->version++;
    return desk_event(call, "line", plan->id, "continued", false, TQ_ROLE_STAFF,
                      json_incref(decision));
}

static tq_status due_now(desk_call *call, line_plan *plan, const line_move *move, bool *moved)
{
    numbers all;
    TQ_TRY(measure(call, plan, month_to_decide(call, plan), &all));
    if (!lines_move_holds(move, part_of(move, &all), all.seats)) return TQ_OK;
    json_auto_t *decision = decision_json(call, plan->rule, move, &all);
    TQ_TRY(desk_audit(call, "line.decide", "line", plan->id, "done", decision));
    *moved = true;
    return lines_move(call, plan, move, "", decision);
}

tq_status lines_decide_tick(desk_call *call, line_plan *plan, bool *changed)
{
    bool moved = false;
    for (uint32_t k = 0; !moved && k < plan->rule->move_count; k++) {
        const line_move *move = &plan->rule->move[k];
        if (strcmp(move->from, plan->state) != 0) continue;
        if (move->due == LINE_MONTH_END) TQ_TRY(at_month_end(call, plan, move, changed, &moved));
        if (move->due == LINE_NOW) TQ_TRY(due_now(call, plan, move, &moved));
        if (move->due == LINE_FIRST_DEPARTURE && has_departed(call, plan)) {
            TQ_TRY(desk_audit(call, "line.run", "line", plan->id, "done", NULL));
            TQ_TRY(lines_move(call, plan, move, "", NULL));
            moved = true;
        }
    }
    *changed = *changed || moved;
    return TQ_OK;
}
