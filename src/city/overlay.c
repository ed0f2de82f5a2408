/*
 * The overlay: what is live on top of a city file, as one block that many share.
 *
 * Method: a copy is checked whole against the city first and then laid into one block behind its
 * count of holders; the last one who drops it frees the block. Rules and runs are found by binary
 * search, since both lists are ordered.
 *
 * Invariants: after tq_overlay_new every index of the copy is in range, conditions have row 0
 * («always») and texts end with NUL. A part with rows has a version: metrics and days are kept by
 * it, and 0 means that nothing is live. The overlay of nothing is never freed.
 *
 * Limits: OVERLAY_CLAUSES_MOST alternatives of a condition, since each is asked for each slice.
 */
#include <stdatomic.h>

#include "city/city_in.h"

#define OVERLAY_CLAUSES_MOST 4096u
#define RUN_WHY_ALL          (TQ_RUN_DELAY | TQ_RUN_SKIPS | TQ_RUN_DETOUR | TQ_RUN_FEED)
#define CALL_FLAGS_ALL       (TQ_CALL_NO_PICKUP | TQ_CALL_NO_DROPOFF | TQ_CALL_SKIPPED)

typedef struct held_overlay {
    tq_overlay live; /* first: an overlay that is held is one of these */
    atomic_uint holders;
} held_overlay;

static const uint32_t no_clauses[2] = {0, 0};
static const tq_overlay nothing = {
    .condition_count = 1, .text_len = 1, .first_clause = no_clauses, .text = ""};

/* ---- checks ---------------------------------------------------------------------------------- */

static tq_status bad(tq_err *err, const char *what, uint32_t row, const char *why)
{
    return tq_fail(err, TQ_BAD_INPUT, row, "live state: %s %u %s", what, row, why);
}

/* Is [first, first + count) within `total`? */
static bool within(uint32_t first, uint32_t count, uint32_t total)
{
    return count <= total && first <= total - count;
}

static bool text_holds(const tq_overlay *from, uint32_t text)
{
    return text < TQ_MAX(from->text_len, 1u);
}

static tq_status check_texts(const tq_overlay *from, tq_err *err)
{
    if (from->text_len > 0 && (from->text[0] != '\0' || from->text[from->text_len - 1] != '\0' ||
                               !tq_utf8_valid((tq_str){from->text, from->text_len})))
        return bad(err, "text", 0, "does not begin and end with NUL, or is not UTF-8");
    for (uint32_t k = 0; k < from->source_count; k++)
        if (!text_holds(from, from->source[k])) return bad(err, "source", k, "is no text");
    return TQ_OK;
}

static tq_status check_conditions(const tq_overlay *from, tq_err *err)
{
    const uint32_t *first = from->first_clause;
    if (from->condition_count == 0)
        return from->clause_count == 0 ? TQ_OK : bad(err, "clause", 0, "is of no condition");
    if (!city_ranges_hold(first, from->condition_count, from->clause_count))
        return bad(err, "condition", 0, "clauses are not in order");
    if (first[1] != 0) return bad(err, "condition", 0, "is to hold always and has clauses");
    for (uint32_t row = 1; row < from->condition_count; row++) {
        uint32_t count = first[row + 1] - first[row];
        if (count == 0) return bad(err, "condition", row, "never holds: it has no clause");
        if (count > OVERLAY_CLAUSES_MOST)
            return bad(err, "condition", row, "has over 4096 clauses");
    }
    for (uint32_t k = 0; k < from->clause_count; k++)
        if (!city_clause_sound(&from->clause[k]))
            return bad(err, "clause", k, "has a time, date or mark out of range");
    return TQ_OK;
}

static tq_status check_rules(const tq_city *city, const tq_overlay *from, tq_err *err)
{
    if (from->rule_count > 0 && from->road_version == 0)
        return bad(err, "rule", 0, "has no road_version; give one above 0");
    for (uint32_t k = 0; k < from->rule_count; k++) {
        const tq_live_rule *rule = &from->rule[k];
        bool share = rule->effect == TQ_LIVE_PERCENT;
        bool pace = share || rule->effect == TQ_LIVE_LIMIT || rule->effect == TQ_LIVE_SPEED;
        if (rule->arc >= 2 * city->streets.edge_count)
            return bad(err, "rule", k, "is about an arc that is not in this city");
        if (k > 0 && rule->arc < from->rule[k - 1].arc)
            return bad(err, "rule", k, "is out of order; sort rules by arc");
        if (rule->condition >= TQ_MAX(from->condition_count, 1u))
            return bad(err, "rule", k, "has a condition that is not there");
        if (rule->access == 0) return bad(err, "rule", k, "is about nobody");
        if (rule->effect > TQ_LIVE_PERCENT) return bad(err, "rule", k, "has no such effect");
        if (pace && (rule->value == 0 || (share && rule->value > 100)))
            return bad(err, "rule", k, "has a value out of range; close the arc, or 1 to 100 %");
        if (!text_holds(from, rule->source)) return bad(err, "rule", k, "has no such source");
    }
    return TQ_OK;
}

/* Calls of a run: times never go back, places of the pattern go on. */
static tq_status check_calls(const tq_city *city, const tq_overlay *from, uint32_t row, tq_err *err)
{
    const tq_timetable *plan = &city->timetable;
    const tq_live_run *run = &from->run[row];
    uint32_t places = 0, next = 0;
    if (run->trip != TQ_NONE) {
        uint32_t pattern = plan->trip[run->trip].pattern;
        places = plan->pattern_first[pattern + 1] - plan->pattern_first[pattern];
    }
    int32_t last_s = INT32_MIN;
    for (uint32_t k = run->first_call; k < run->first_call + run->call_count; k++) {
        const tq_live_call *call = &from->call[k];
        if (call->stop >= plan->stop_count)
            return bad(err, "call", k, "is at a stop that is not in this city");
        if (call->place != TQ_NONE && (call->place >= places || call->place < next))
            return bad(err, "call", k, "is at a place that its pattern has not, or out of order");
        if (call->place != TQ_NONE) next = call->place + 1;
        if (call->arrival_s < last_s || call->departure_s < call->arrival_s)
            return bad(err, "call", k, "is before the one before it, or leaves before it arrives");
        if ((call->flags & ~CALL_FLAGS_ALL) != 0) return bad(err, "call", k, "has no such flag");
        last_s = call->departure_s;
    }
    return TQ_OK;
}

static int compare_run(const tq_live_run *a, uint32_t trip, int32_t service_day, int32_t start_s)
{
    if (a->service_day != service_day) return a->service_day < service_day ? -1 : 1;
    if (a->trip != trip) return a->trip < trip ? -1 : 1;
    return a->start_s == start_s ? 0 : a->start_s < start_s ? -1 : 1;
}

static tq_status check_run(const tq_city *city, const tq_overlay *from, uint32_t row, tq_err *err)
{
    const tq_live_run *run = &from->run[row];
    bool added = run->state == TQ_RUN_ADDED, cancelled = run->state == TQ_RUN_CANCELLED;
    if (run->state > TQ_RUN_ADDED || (run->why & ~RUN_WHY_ALL) != 0)
        return bad(err, "run", row, "has no such state or reason");
    if (run->trip >= city->timetable.trip_count && !(added && run->trip == TQ_NONE))
        return bad(err, "run", row, "is of a trip that is not in this city");
    if (run->route >= city->timetable.route_count)
        return bad(err, "run", row, "is of a route that is not in this city");
    if (!within(run->first_call, run->call_count, from->call_count) ||
        cancelled != (run->call_count == 0))
        return bad(err, "run", row, "has calls that are not there, or none, or is cancelled");
    if (!text_holds(from, run->id) || (run->detour != TQ_NONE && run->detour >= from->detour_count))
        return bad(err, "run", row, "has an id or a detour that is not there");
    if (row > 0) {
        const tq_live_run *last = &from->run[row - 1];
        int order = compare_run(last, run->trip, run->service_day, run->start_s);
        if (order > 0) return bad(err, "run", row, "is out of order; sort by day, trip, start");
        if (order == 0 && !added && last->state != TQ_RUN_ADDED)
            return bad(err, "run", row, "is there twice");
    }
    return check_calls(city, from, row, err);
}

static tq_status check_detours(const tq_city *city, const tq_overlay *from, tq_err *err)
{
    const tq_timetable *plan = &city->timetable;
    for (uint32_t k = 0; k < from->detour_count; k++) {
        const tq_detour *detour = &from->detour[k];
        if (detour->pattern >= plan->pattern_count)
            return bad(err, "detour", k, "is of a pattern that is not in this city");
        uint32_t places =
            plan->pattern_first[detour->pattern + 1] - plan->pattern_first[detour->pattern];
        /* At the ends of a line there may be no stop before or after. */
        bool from_good = detour->from_place < places || detour->from_place == TQ_NONE;
        bool to_good = detour->to_place < places || detour->to_place == TQ_NONE;
        bool ordered = detour->from_place == TQ_NONE || detour->from_place < detour->to_place;
        if (!from_good || !to_good || !ordered)
            return bad(err, "detour", k, "is between places that its pattern has not");
        if (!within(detour->first_point, detour->point_count, from->point_count) ||
            !within(detour->first_source, detour->source_count, from->source_count))
            return bad(err, "detour", k, "has points or sources that are not there");
    }
    for (uint32_t k = 0; k < from->point_count; k++)
        if (!tq_point_valid(from->point[k])) return bad(err, "point", k, "is not on the earth");
    return TQ_OK;
}

static tq_status check(const tq_city *city, const tq_overlay *from, tq_err *err)
{
    TQ_TRY(check_texts(from, err));
    TQ_TRY(check_conditions(from, err));
    TQ_TRY(check_rules(city, from, err));
    if (from->run_count > 0 && from->transit_version == 0)
        return bad(err, "run", 0, "has no transit_version; give one above 0");
    for (uint32_t row = 0; row < from->run_count; row++)
        TQ_TRY(check_run(city, from, row, err));
    return check_detours(city, from, err);
}

/* ---- the copy -------------------------------------------------------------------------------- */

/* Lay a part into the block at *used, aligned for all; with block NULL only count. */
static const void *lay(uint8_t *block, size_t *used, const void *from, size_t count, size_t size)
{
    size_t start = *used;
    *used += (count * size + 15) & ~(size_t)15;
    if (block == NULL) return NULL;
    if (count > 0) memcpy(block + start, from, count * size);
    return block + start;
}

static size_t lay_all(uint8_t *block, const tq_overlay *from, tq_overlay *out)
{
    size_t used = (sizeof(held_overlay) + 15) & ~(size_t)15;
    tq_overlay live = *from;
    if (from->condition_count == 0) {
        live.condition_count = 1;
        live.first_clause = no_clauses;
    }
    if (from->text_len == 0) {
        live.text_len = 1;
        live.text = "";
    }
    live.rule = lay(block, &used, live.rule, live.rule_count, sizeof *live.rule);
    live.first_clause = lay(block, &used, live.first_clause, (size_t)live.condition_count + 1,
                            sizeof *live.first_clause);
    live.clause = lay(block, &used, live.clause, live.clause_count, sizeof *live.clause);
    live.run = lay(block, &used, live.run, live.run_count, sizeof *live.run);
    live.call = lay(block, &used, live.call, live.call_count, sizeof *live.call);
    live.detour = lay(block, &used, live.detour, live.detour_count, sizeof *live.detour);
    live.point = lay(block, &used, live.point, live.point_count, sizeof *live.point);
    live.source = lay(block, &used, live.source, live.source_count, sizeof *live.source);
    live.text = lay(block, &used, live.text, live.text_len, 1);
    if (out != NULL) *out = live;
    return used;
}

tq_status tq_overlay_new(const tq_city *city, const tq_overlay *from, const tq_overlay **out,
                         tq_err *err)
{
    TQ_TRY(check(city, from, err));
    held_overlay *held = tq_alloc(1, lay_all(NULL, from, NULL));
    if (held == NULL)
        return tq_fail(err, TQ_NO_MEMORY, 0, "no memory for live state of %u rules and %u runs",
                       from->rule_count, from->run_count);
    (void)lay_all((uint8_t *)held, from, &held->live);
    atomic_init(&held->holders, 1);
    *out = &held->live;
    return TQ_OK;
}

const tq_overlay *tq_overlay_none(void)
{
    return &nothing;
}

/* What is held was made writable by tq_overlay_new; only its count ever changes. */
static held_overlay *held_of(const tq_overlay *overlay)
{
    return (held_overlay *)(uintptr_t)overlay;
}

const tq_overlay *tq_overlay_hold(const tq_overlay *overlay)
{
    if (overlay != NULL && overlay != &nothing)
        atomic_fetch_add_explicit(&held_of(overlay)->holders, 1, memory_order_relaxed);
    return overlay;
}

void tq_overlay_drop(const tq_overlay *overlay)
{
    if (overlay == NULL || overlay == &nothing) return;
    held_overlay *held = held_of(overlay);
    unsigned before = atomic_fetch_sub_explicit(&held->holders, 1, memory_order_acq_rel);
    TQ_ASSERT(before > 0);
    if (before == 1) tq_free(held);
}

/* ---- look-ups -------------------------------------------------------------------------------- */

void tq_overlay_rules(const tq_overlay *overlay, uint32_t arc, uint32_t *from, uint32_t *to)
{
    uint32_t low = 0, high = overlay->rule_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (overlay->rule[middle].arc < arc)
            low = middle + 1;
        else
            high = middle;
    }
    *from = *to = low;
    while (*to < overlay->rule_count && overlay->rule[*to].arc == arc)
        ++*to;
}

uint32_t tq_overlay_run(const tq_overlay *overlay, uint32_t trip, int32_t service_day,
                        int32_t start_s)
{
    uint32_t low = 0, high = overlay->run_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (compare_run(&overlay->run[middle], trip, service_day, start_s) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    /* An added run may borrow the trip and start of a planned one. */
    for (; low < overlay->run_count; low++) {
        const tq_live_run *run = &overlay->run[low];
        if (compare_run(run, trip, service_day, start_s) != 0) break;
        if (run->state != TQ_RUN_ADDED) return low;
    }
    return TQ_NONE;
}
