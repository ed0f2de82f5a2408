/*
 * Bus detours made by the machine: what closures do to the runs of the next days.
 *
 * The closures that bind buses are looked up in the index of courses; each pattern that they touch
 * is solved once for every set of closures that is in force together, and
 * the solution is laid on every run of the service days around now whose way falls
 * into it, and of further days of the closures as far as DETOUR_RUNS_FAR runs go. Runs
 * that a feed has changed keep the feed's times, with the detour on top; cancelled and added ones
 * stay as they are.
 *
 * What was found is kept while neither closures nor feeds nor the day change, so that ten thousand
 * new speeds cost nothing here.
 */
#include <stdlib.h>

#include "journey/detour_in.h"

#define DETOUR_WORK ((size_t)48 << 20)

tq_status detour_open(const tq_city *city, detour_plan **out, tq_err *err)
{
    detour_plan *plan = TQ_ALLOC(detour_plan, 1);
    if (plan == NULL) return tq_fail(err, TQ_NO_MEMORY, 0, "no memory for detours");
    plan->city = city;
    plan->bus = tq_road_vehicle(city, TQ_PROFILE_BUS);
    *out = plan;
    return TQ_OK;
}

void detour_rows_clear(detour_rows *rows)
{
    rows->run.count = rows->call.count = rows->detour.count = rows->point.count = 0;
    rows->source.count = rows->solution.count = 0;
    rows->place_added.count = rows->place_skipped.count = 0;
}

void detour_rows_free(detour_rows *rows)
{
    tq_vec_free(&rows->run);
    tq_vec_free(&rows->call);
    tq_vec_free(&rows->detour);
    tq_vec_free(&rows->point);
    tq_vec_free(&rows->source);
    tq_vec_free(&rows->solution);
    tq_vec_free(&rows->place_added);
    tq_vec_free(&rows->place_skipped);
}

void detour_close(detour_plan *plan)
{
    if (plan == NULL) return;
    course_free(&plan->course);
    tq_overlay_drop(plan->closures);
    detour_rows_free(&plan->rows);
    tq_free(plan->memory);
    tq_free(plan);
}

tq_status detour_prepare(detour_plan *plan, tq_roads *roads, int64_t now_ms, tq_err *err)
{
    if (plan->indexed || plan->bus == NULL || plan->city->streets.edge_count == 0 ||
        plan->city->timetable.pattern_count == 0)
        return TQ_OK;
    plan->memory = tq_alloc(DETOUR_WORK, 1);
    if (plan->memory == NULL) return tq_fail(err, TQ_NO_MEMORY, 0, "no memory for detours");
    tq_arena_init(&plan->work, plan->memory, DETOUR_WORK);
    TQ_TRY(course_make(plan->city, roads, now_ms, &plan->course, err));
    plan->indexed = true;
    return TQ_OK;
}

/* ---- which patterns
 * ------------------------------------------------------------------------------- */

static bool binds_buses(const tq_live_rule *rule)
{
    /* Speeds of the moment are no closures: what they do to buses, buses report themselves. */
    return (rule->access & TQ_ACCESS_BUS) != 0 && rule->source != 0 &&
           rule->effect != TQ_LIVE_SPEED;
}

/* Of all that the rows are made from. Rows keep offsets of texts: another text, other rows. */
static uint64_t key_of(const tq_overlay *live, int32_t today)
{
    uint64_t key = tq_hash(&today, sizeof today, live->version != 0 ? live->transit_version : 0);
    for (uint32_t k = 0; k < live->rule_count; k++) {
        const tq_live_rule *rule = &live->rule[k];
        if (!binds_buses(rule)) continue;
        key = tq_hash(rule, sizeof *rule, key);
        for (uint32_t c = live->first_clause[rule->condition];
             c < live->first_clause[rule->condition + 1]; c++)
            key = tq_hash(&live->clause[c], sizeof live->clause[c], key);
    }
    return tq_hash(live->text, live->text_len, key) | 1;
}

/* Patterns whose course has a rule, marked; false on no memory. */
static bool mark_patterns(const detour_plan *plan, const tq_overlay *live, uint8_t *marked)
{
    bool any = false;
    for (uint32_t k = 0; k < live->rule_count; k++) {
        const tq_live_rule *rule = &live->rule[k];
        if (!binds_buses(rule)) continue;
        for (uint32_t at = plan->course.arc_first[rule->arc];
             at < plan->course.arc_first[rule->arc + 1]; at++) {
            marked[course_pattern(&plan->course, plan->city, plan->course.arc_hop[at])] = 1;
            any = true;
        }
    }
    return any;
}

/* Which closures of buses are in force anywhere, as a hash: a way round one may run into another.
 */
static uint64_t state_at(const detour_plan *plan, const tq_moment *moment)
{
    const tq_overlay *closures = plan->closures;
    uint64_t hash = 1, word = 0;
    for (uint32_t k = 1; k < closures->condition_count; k++) {
        word = word << 1 | tq_live_holds(plan->city, closures, k, plan->bus, moment);
        if (k % 64 == 0) {
            hash = tq_mix(hash ^ word);
            word = 0;
        }
    }
    return tq_mix(hash ^ word);
}

/* ---- runs
 * ------------------------------------------------------------------------------------------- */

typedef struct laying {
    detour_plan *plan;
    tq_roads *roads;
    const tq_overlay *live;
    uint32_t pattern;
    tq_err *err;
} laying;

static tq_status solution_for(laying *lay, uint64_t state, int64_t at_ms, uint32_t *row)
{
    const detour_rows *rows = &lay->plan->rows;
    for (uint32_t k = (uint32_t)rows->solution.count; k-- > 0;) {
        const solution *one = &rows->solution.at[k];
        if (one->pattern != lay->pattern) break;
        if (one->state != state) continue;
        *row = k;
        return TQ_OK;
    }
    return detour_solve(lay->plan, lay->roads, lay->pattern, state, at_ms, row, lay->err);
}

static bool push_call(detour_rows *rows, const tq_live_call *call, const solution *found)
{
    tq_live_call row = *call;
    if (call->place != TQ_NONE) {
        int32_t added = rows->place_added.at[found->first_place + call->place];
        row.arrival_s += added;
        row.departure_s += added;
        if (rows->place_skipped.at[found->first_place + call->place]) row.flags |= TQ_CALL_SKIPPED;
    }
    return tq_vec_push(&rows->call, row);
}

/* A run under a solution: the calls of the feed when it has changed the run, else the planned ones.
 */
static bool push_run(laying *lay, uint32_t trip, int32_t day, int32_t start_s, uint32_t fed,
                     const solution *found)
{
    const tq_timetable *table = &lay->plan->city->timetable;
    detour_rows *rows = &lay->plan->rows;
    const tq_trip *planned = &table->trip[trip];
    uint32_t first = table->pattern_first[planned->pattern],
             places = table->pattern_first[planned->pattern + 1] - first;
    tq_live_run run = {.trip = trip,
                       .route = table->pattern_route[planned->pattern],
                       .service_day = day,
                       .start_s = start_s,
                       .first_call = (uint32_t)rows->call.count,
                       .detour = found->detour_count > 0 ? found->first_detour : TQ_NONE,
                       .state = TQ_RUN_CHANGED};
    if (fed != TQ_NONE) {
        const tq_live_run *before = &lay->live->run[fed];
        run.why = before->why;
        run.id = before->id;
        for (uint32_t k = 0; k < before->call_count; k++)
            if (!push_call(rows, &lay->live->call[before->first_call + k], found)) return false;
    } else {
        const tq_stop_time *times = &table->stop_time[table->profile_first[planned->profile]];
        for (uint32_t place = 0; place < places; place++) {
            uint8_t flags = table->pattern_flags[first + place];
            tq_live_call call = {
                .stop = table->pattern_stop[first + place],
                .place = place,
                .arrival_s = start_s + times[place].arrival_s,
                .departure_s = start_s + times[place].departure_s,
                .flags = (uint8_t)((flags & TQ_PATTERN_NO_PICKUP ? TQ_CALL_NO_PICKUP : 0) |
                                   (flags & TQ_PATTERN_NO_DROPOFF ? TQ_CALL_NO_DROPOFF : 0))};
            if (!push_call(rows, &call, found)) return false;
        }
    }
    run.call_count = (uint32_t)rows->call.count - run.first_call;
    if (found->detour_count > 0) run.why |= TQ_RUN_DETOUR;
    for (uint32_t place = 0; place < places; place++) {
        if (rows->place_added.at[found->first_place + place] > 0) run.why |= TQ_RUN_DELAY;
        if (rows->place_skipped.at[found->first_place + place]) run.why |= TQ_RUN_SKIPS;
    }
    return tq_vec_push(&rows->run, run);
}

/* Is a closure in force on the hop, for a bus that sets out on it at the instant? */
static bool is_bound(const laying *lay, uint32_t hop, int64_t at_ms, tq_moment *moment)
{
    const course_index *course = &lay->plan->course;
    const tq_overlay *closures = lay->plan->closures;
    bool known = false;
    for (uint32_t k = course->hop_arc[hop]; k < course->hop_arc[hop + 1]; k++) {
        uint32_t from, to;
        tq_overlay_rules(closures, course->arc[k], &from, &to);
        for (uint32_t r = from; r < to; r++) {
            if (!known) *moment = tq_moment_at(lay->plan->city, at_ms);
            known = true;
            if (tq_live_holds(lay->plan->city, closures, closures->rule[r].condition,
                              lay->plan->bus, moment))
                return true;
        }
    }
    return false;
}

/* The first hop on which the run meets a closure decides: what is in force at that instant holds
 * for the rest of its way, though another closure may begin or end while it drives. */
static tq_status lay_run(laying *lay, uint32_t trip, int32_t day, int64_t day_ms, int32_t start_s)
{
    detour_rows *rows = &lay->plan->rows;
    const tq_timetable *table = &lay->plan->city->timetable;
    const course_index *course = &lay->plan->course;
    const tq_stop_time *times = &table->stop_time[table->profile_first[table->trip[trip].profile]];
    uint32_t fed = tq_overlay_run(lay->live, trip, day, start_s), row = 0;
    if (fed != TQ_NONE && lay->live->run[fed].state != TQ_RUN_CHANGED) return TQ_OK;
    for (uint32_t hop = course->first_hop[lay->pattern]; hop < course->first_hop[lay->pattern + 1];
         hop++) {
        uint32_t place = hop - course->first_hop[lay->pattern];
        int64_t at_ms = day_ms + ((int64_t)start_s + times[place].departure_s) * 1000;
        tq_moment moment;
        if (!is_bound(lay, hop, at_ms, &moment)) continue;
        TQ_TRY(solution_for(lay, state_at(lay->plan, &moment), at_ms, &row));
        solution found = rows->solution.at[row];
        if (!found.changes) return TQ_OK;
        if (rows->run.count >= DETOUR_RUNS_MAX)
            return tq_fail(lay->err, TQ_LIMIT, 0, "closures change more than %u runs of buses",
                           DETOUR_RUNS_MAX);
        return push_run(lay, trip, day, start_s, fed, &found)
                   ? TQ_OK
                   : tq_fail(lay->err, TQ_NO_MEMORY, 0, "no memory for detours");
    }
    return TQ_OK;
}

static tq_status lay_trip(laying *lay, uint32_t trip, int32_t day, int64_t day_ms)
{
    const tq_timetable *table = &lay->plan->city->timetable;
    const tq_trip *planned = &table->trip[trip];
    if (!tq_service_runs(table, planned->service, day)) return TQ_OK;
    if (planned->frequency_count == 0) return lay_run(lay, trip, day, day_ms, planned->start_s);
    for (uint32_t f = planned->first_frequency;
         f < planned->first_frequency + planned->frequency_count; f++) {
        const tq_frequency *often = &table->frequency[f];
        for (int64_t at_s = often->from_s; often->headway_s > 0 && at_s < often->to_s;
             at_s += often->headway_s)
            TQ_TRY(lay_run(lay, trip, day, day_ms, (int32_t)at_s));
    }
    return TQ_OK;
}

/* ---- which days
 * ---------------------------------------------------------------------------------- */

static uint32_t runs_of_day(const tq_city *city, const uint8_t *marked, int32_t day)
{
    const tq_timetable *table = &city->timetable;
    uint32_t runs = 0;
    for (uint32_t pattern = 0; pattern < table->pattern_count; pattern++) {
        if (!marked[pattern]) continue;
        for (uint32_t trip = table->pattern_first_trip[pattern];
             trip < table->pattern_first_trip[pattern + 1]; trip++) {
            const tq_trip *row = &table->trip[trip];
            if (!tq_service_runs(table, row->service, day)) continue;
            runs += row->frequency_count == 0;
            for (uint32_t f = row->first_frequency; f < row->first_frequency + row->frequency_count;
                 f++) {
                const tq_frequency *often = &table->frequency[f];
                if (often->headway_s > 0 && often->to_s > often->from_s)
                    runs += (uint32_t)(often->to_s - often->from_s) / often->headway_s + 1;
            }
        }
    }
    return runs;
}

/* Days on which some closure of buses can be in force, within the timetable. */
static void closure_days(const detour_plan *plan, const tq_overlay *live, int32_t *first,
                         int32_t *last)
{
    const tq_city *city = plan->city;
    int64_t from_ms = INT64_MAX, to_ms = INT64_MIN;
    for (uint32_t k = 0; k < live->rule_count; k++) {
        uint32_t condition = live->rule[k].condition;
        if (!binds_buses(&live->rule[k])) continue;
        if (condition == 0) {
            from_ms = INT64_MIN;
            to_ms = INT64_MAX;
        }
        for (uint32_t c = live->first_clause[condition]; c < live->first_clause[condition + 1];
             c++) {
            const tq_clause *clause = &live->clause[c];
            bool dated = clause->from_ms != 0 || clause->to_ms != 0;
            from_ms = dated ? TQ_MIN(from_ms, clause->from_ms) : INT64_MIN;
            to_ms = dated ? TQ_MAX(to_ms, clause->to_ms) : INT64_MAX;
        }
    }
    *first = city->timetable.base_day;
    *last = city->timetable.base_day + (int32_t)city->timetable.day_count - 1;
    int64_t begin_ms = tq_service_day_ms(&city->zone, *first),
            end_ms = tq_service_day_ms(&city->zone, *last);
    if (from_ms > begin_ms)
        *first = tq_local_day(&city->zone, TQ_MIN(from_ms, end_ms), NULL) - DETOUR_DAYS_BEFORE;
    if (to_ms < end_ms) *last = tq_local_day(&city->zone, TQ_MAX(to_ms, begin_ms), NULL);
}

/*
 * Days around now always (for closures that lie elsewhere, the nearest they have); then, from the
 * begin of the closures on and outwards, as many whole days as DETOUR_RUNS_FAR runs allow.
 */
static void choose_days(const detour_plan *plan, const tq_overlay *live, const uint8_t *marked,
                        int32_t today, int32_t *days_first, int32_t *days_last)
{
    int32_t first, last;
    uint32_t left = DETOUR_RUNS_FAR;
    closure_days(plan, live, &first, &last);
    int32_t from = TQ_MAX(first, TQ_MIN(last, today - DETOUR_DAYS_BEFORE)),
            to = TQ_MIN(last, TQ_MAX(first, today + DETOUR_DAYS_AFTER));
    uint64_t near = 0;
    for (int32_t day = from; day <= to; day++) {
        near += runs_of_day(plan->city, marked, day);
        if (near > DETOUR_RUNS_MAX) to = TQ_MAX(from, day - 1);
    }
    for (bool more = near <= DETOUR_RUNS_MAX; more;) {
        more = false;
        if (to < last) {
            uint32_t runs = runs_of_day(plan->city, marked, to + 1);
            if (runs <= left) {
                to++;
                left -= runs;
                more = true;
            }
        }
        if (from > first) {
            uint32_t runs = runs_of_day(plan->city, marked, from - 1);
            if (runs <= left) {
                from--;
                left -= runs;
                more = true;
            }
        }
    }
    *days_first = from;
    *days_last = to;
}

static tq_status lay_patterns(detour_plan *plan, tq_roads *roads, const tq_overlay *live,
                              const uint8_t *marked, int32_t today, tq_err *err)
{
    const tq_timetable *table = &plan->city->timetable;
    int32_t first, last;
    choose_days(plan, live, marked, today, &first, &last);
    for (uint32_t pattern = 0; pattern < table->pattern_count; pattern++) {
        if (!marked[pattern]) continue;
        laying lay = {plan, roads, live, pattern, err};
        for (int32_t day = first; day <= last; day++) {
            int64_t day_ms = tq_service_day_ms(&plan->city->zone, day);
            for (uint32_t trip = table->pattern_first_trip[pattern];
                 trip < table->pattern_first_trip[pattern + 1]; trip++)
                TQ_TRY(lay_trip(&lay, trip, day, day_ms));
        }
    }
    return TQ_OK;
}

/* ---- the overlay
 * ------------------------------------------------------------------------------------- */

static bool before(const tq_live_run *a, const tq_live_run *b)
{
    if (a->service_day != b->service_day) return a->service_day < b->service_day;
    if (a->trip != b->trip) return a->trip < b->trip;
    return a->start_s < b->start_s;
}

static bool same_run(const tq_live_run *a, const tq_live_run *b)
{
    return a->service_day == b->service_day && a->trip == b->trip && a->start_s == b->start_s;
}

static int compare_runs(const void *a, const void *b)
{
    return before(a, b) ? -1 : before(b, a) ? 1 : 0;
}

/* Runs of the feed and of detours in one order; a detour replaces the feed's row of the same run.
 */
static void merge(const tq_overlay *live, const detour_rows *rows, tq_live_run *run,
                  tq_live_call *call, uint32_t *runs, uint32_t *calls)
{
    uint32_t a = 0, b = 0;
    *runs = *calls = 0;
    while (a < live->run_count || b < rows->run.count) {
        bool take_detour = a == live->run_count ||
                           (b < rows->run.count && !before(&live->run[a], &rows->run.at[b]));
        const tq_live_run *from = take_detour ? &rows->run.at[b] : &live->run[a];
        const tq_live_call *its = (take_detour ? rows->call.at : live->call) +
                                  (from->call_count > 0 ? from->first_call : 0);
        if (take_detour) {
            /* An added run may borrow the trip; it stays beside. */
            while (a < live->run_count && same_run(&live->run[a], from) &&
                   live->run[a].state != TQ_RUN_ADDED)
                a++;
            b++;
        } else {
            a++;
        }
        run[*runs] = *from;
        run[(*runs)++].first_call = *calls;
        if (from->call_count > 0) memcpy(call + *calls, its, from->call_count * sizeof *call);
        *calls += from->call_count;
    }
}

static bool same_bytes(const void *a, size_t a_count, const void *b, size_t b_count, size_t size)
{
    return a_count == b_count && (a_count == 0 || memcmp(a, b, a_count * size) == 0);
}

static bool same_transit(const tq_overlay *a, const tq_overlay *b)
{
    return same_bytes(a->run, a->run_count, b->run, b->run_count, sizeof *a->run) &&
           same_bytes(a->call, a->call_count, b->call, b->call_count, sizeof *a->call) &&
           same_bytes(a->detour, a->detour_count, b->detour, b->detour_count, sizeof *a->detour) &&
           same_bytes(a->point, a->point_count, b->point, b->point_count, sizeof *a->point);
}

static tq_status assemble(detour_plan *plan, const tq_snapshot *shown, const tq_overlay *live,
                          const tq_overlay **out, tq_err *err)
{
    detour_rows *rows = &plan->rows;
    size_t runs = live->run_count + rows->run.count, calls = live->call_count + rows->call.count;
    tq_live_run *run = TQ_ALLOC(tq_live_run, runs + 1);
    tq_live_call *call = TQ_ALLOC(tq_live_call, calls + 1);
    tq_overlay next = *live;
    tq_status status = TQ_OK;
    if (run == NULL || call == NULL) {
        status = tq_fail(err, TQ_NO_MEMORY, 0, "no memory for detours");
    } else {
        merge(live, rows, run, call, &next.run_count, &next.call_count);
        next.run = run;
        next.call = call;
        next.detour = rows->detour.at;
        next.detour_count = (uint32_t)rows->detour.count;
        next.point = rows->point.at;
        next.point_count = (uint32_t)rows->point.count;
        next.source = rows->source.at;
        next.source_count = (uint32_t)rows->source.count;
        /* On another day the same version may bring other runs: the number must be new then too. */
        uint64_t was = shown->overlay->transit_version;
        next.transit_version =
            same_transit(&next, shown->overlay) ? was : TQ_MAX(live->version, was + 1);
        status = tq_overlay_new(plan->city, &next, out, err);
    }
    tq_free(run);
    tq_free(call);
    return status;
}

/* The rules that bind buses alone, as an overlay of its own: what is solved must not depend on
 * speeds of the moment. Its metrics are kept by a version that no shown overlay has. */
static tq_status closures_only(detour_plan *plan, const tq_overlay *live, uint64_t key, tq_err *err)
{
    tq_overlay some = *live;
    tq_live_rule *rule = TQ_ALLOC(tq_live_rule, (size_t)live->rule_count + 1);
    if (rule == NULL) return tq_fail(err, TQ_NO_MEMORY, 0, "no memory for detours");
    some.rule_count = some.run_count = some.call_count = some.detour_count = 0;
    some.point_count = some.source_count = 0;
    for (uint32_t k = 0; k < live->rule_count; k++)
        if (binds_buses(&live->rule[k])) rule[some.rule_count++] = live->rule[k];
    some.rule = rule;
    some.version = some.road_version = key | UINT64_C(1) << 63;
    const tq_overlay *made = NULL;
    tq_status status = tq_overlay_new(plan->city, &some, &made, err);
    tq_free(rule);
    if (status != TQ_OK) return status;
    tq_overlay_drop(plan->closures);
    plan->closures = made;
    return TQ_OK;
}

tq_status detour_overlay(detour_plan *plan, const tq_snapshot *shown, const tq_overlay *live,
                         int64_t now_ms, const tq_overlay **out, tq_err *err)
{
    bool any = false;
    for (uint32_t k = 0; k < live->rule_count && !any; k++)
        any = binds_buses(&live->rule[k]);
    if (any) TQ_TRY(detour_prepare(plan, shown->roads, now_ms, err));
    int32_t today = tq_local_day(&plan->city->zone, now_ms, NULL);
    uint64_t key = any && plan->indexed ? key_of(live, today) : 0;
    if (key != 0 && key == plan->key) return assemble(plan, shown, live, out, err);
    detour_rows_clear(&plan->rows);
    plan->key = 0;
    if (key != 0) {
        uint8_t *marked = TQ_ALLOC(uint8_t, (size_t)plan->city->timetable.pattern_count + 1);
        if (marked == NULL) return tq_fail(err, TQ_NO_MEMORY, 0, "no memory for detours");
        tq_status status = closures_only(plan, live, key, err);
        if (status == TQ_OK && mark_patterns(plan, live, marked))
            status = lay_patterns(plan, shown->roads, live, marked, today, err);
        tq_free(marked);
        if (status != TQ_OK) {
            detour_rows_clear(&plan->rows);
            return status;
        }
        if (plan->rows.run.count > 0)
            qsort(plan->rows.run.at, plan->rows.run.count, sizeof *plan->rows.run.at, compare_runs);
        plan->key = key;
    }
    return assemble(plan, shown, live, out, err);
}
