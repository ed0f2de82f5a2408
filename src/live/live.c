/*
 * The whole: closures by id, speeds by arc, feeds; and the overlay made of them.
 *
 * The overlay is made anew each time, in an order that does not depend on how the state came about:
 * closures by id, speeds by arc, runs as the feeds give them. Its parts keep the version of their
 * last change: each is compared with what was given out before, so that a changed delay leaves road
 * metrics alone and a closure leaves timetables alone.
 *
 * Used by one thread, the writer. An overlay that was given out is nobody's but its holders'.
 */
#include <stdio.h>

#include "live/live_in.h"

tq_status tq_live_open(const tq_city *city, tq_live **out, tq_err *err)
{
    tq_live *live = TQ_ALLOC(tq_live, 1);
    if (live == NULL) return live_no_memory(err);
    live->city = city;
    live->feeds = live_feeds_new(city);
    if (live->feeds == NULL) {
        tq_free(live);
        return live_no_memory(err);
    }
    *out = live;
    return TQ_OK;
}

void tq_live_close(tq_live *live)
{
    if (live == NULL) return;
    for (uint32_t k = 0; k < live->closure_count; k++) {
        tq_closure_free(live->closure[k]);
        tq_free(live->closure[k]);
    }
    tq_free(live->closure);
    tq_free(live->speeds.row);
    live_feeds_free(live->feeds);
    tq_overlay_drop(live->last);
    tq_free(live);
}

/* ---- closures -------------------------------------------------------------------------------- */

/* Row of an id, or where it would stand. */
static uint32_t row_of(const tq_live *live, const char *id, bool *found)
{
    uint32_t low = 0, high = live->closure_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (strcmp(live->closure[middle]->id, id) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    *found = low < live->closure_count && strcmp(live->closure[low]->id, id) == 0;
    return low;
}

static bool make_room(tq_live *live)
{
    if (live->closure_count < live->closure_cap) return true;
    uint32_t cap = TQ_MAX(2 * live->closure_cap, 16u);
    tq_closure **wider = TQ_ALLOC(tq_closure *, cap);
    if (wider == NULL) return false;
    if (live->closure_count > 0) memcpy(wider, live->closure, live->closure_count * sizeof *wider);
    tq_free(live->closure);
    live->closure = wider;
    live->closure_cap = cap;
    return true;
}

tq_status tq_live_put_closure(tq_live *live, tq_closure *closure, tq_err *err)
{
    bool found;
    if (closure->id[0] == '\0') return tq_fail(err, TQ_BAD_INPUT, 0, "a closure has no id");
    for (uint32_t k = 0; k < closure->stretch.arc_count; k++)
        if (closure->stretch.arc[k] >= 2 * live->city->streets.edge_count)
            return tq_fail(err, TQ_BAD_INPUT, k, "closure %s is about arc %u, which is not there",
                           closure->id, closure->stretch.arc[k]);
    uint32_t row = row_of(live, closure->id, &found);
    if (found) {
        tq_closure_free(live->closure[row]);
        *live->closure[row] = *closure;
        closure->stretch = (tq_stretch){0};
        return TQ_OK;
    }
    if (live->closure_count >= LIVE_CLOSURES_MAX)
        return tq_fail(err, TQ_LIMIT, 0, "%u closures are in force; no more are held",
                       LIVE_CLOSURES_MAX);
    tq_closure *own = TQ_ALLOC(tq_closure, 1);
    if (own == NULL || !make_room(live)) {
        tq_free(own);
        return live_no_memory(err);
    }
    *own = *closure;
    closure->stretch = (tq_stretch){0};
    memmove(live->closure + row + 1, live->closure + row,
            (live->closure_count - row) * sizeof *live->closure);
    live->closure[row] = own;
    live->closure_count++;
    return TQ_OK;
}

static void drop_row(tq_live *live, uint32_t row)
{
    tq_closure_free(live->closure[row]);
    tq_free(live->closure[row]);
    live->closure_count--;
    memmove(live->closure + row, live->closure + row + 1,
            (live->closure_count - row) * sizeof *live->closure);
}

tq_status tq_live_end_closure(tq_live *live, const char *id, tq_err *err)
{
    bool found;
    uint32_t row = row_of(live, id, &found);
    if (!found) return tq_fail(err, TQ_NOT_FOUND, 0, "no closure \"%.60s\" is in force", id);
    drop_row(live, row);
    return TQ_OK;
}

const tq_closure *const *tq_live_closures(const tq_live *live, uint32_t *count)
{
    *count = live->closure_count;
    return (const tq_closure *const *)live->closure;
}

/* ---- speeds ---------------------------------------------------------------------------------- */

tq_status tq_live_put_speeds(tq_live *live, const tq_live_speed *speed, uint32_t count, tq_err *err)
{
    return live_speeds_merge(live->city, &live->speeds, speed, count, err);
}

void tq_live_forget_speeds(tq_live *live)
{
    live->speeds.count = 0;
}

/* ---- time ------------------------------------------------------------------------------------ */

int64_t tq_live_next_ms(const tq_live *live)
{
    int64_t next_ms = TQ_MIN(live_speeds_next_ms(&live->speeds), live_feeds_next_ms(live->feeds));
    for (uint32_t k = 0; k < live->closure_count; k++)
        next_ms = TQ_MIN(next_ms, live->closure[k]->to_ms);
    return next_ms;
}

bool tq_live_expire(tq_live *live, int64_t now_ms)
{
    bool changed = live_speeds_expire(&live->speeds, now_ms);
    for (uint32_t row = live->closure_count; row > 0; row--) {
        if (live->closure[row - 1]->to_ms > now_ms) continue;
        drop_row(live, row - 1);
        changed = true;
    }
    return live_feeds_expire(live->feeds, now_ms) || changed;
}

/* ---- the overlay ----------------------------------------------------------------------------- */

static bool same_rule(const tq_live_rule *a, const tq_live_rule *b)
{
    return a->arc == b->arc && a->condition == b->condition && a->access == b->access &&
           a->value == b->value && a->effect == b->effect && a->source == b->source;
}

/* By arc, then source: their texts stand in order of their ids. The same twice is once. */
static bool order_rules(live_rules *rules)
{
    size_t count = rules->rule.count, kept = 0;
    uint32_t *order = TQ_ALLOC(uint32_t, count + 1);
    uint64_t *key = TQ_ALLOC(uint64_t, count + 1);
    tq_live_rule *sorted = TQ_ALLOC(tq_live_rule, count + 1);
    bool good = order != NULL && key != NULL && sorted != NULL && count < UINT32_MAX;
    for (size_t k = 0; good && k < count; k++) {
        order[k] = (uint32_t)k;
        key[k] = (uint64_t)rules->rule.at[k].arc << 32 | rules->rule.at[k].source;
    }
    good = good && tq_sort_by_u64(order, count, key);
    size_t first = 0; /* of the arc and source in hand */
    for (size_t k = 0; good && k < count; k++) {
        const tq_live_rule *rule = &rules->rule.at[order[k]];
        bool again = false;
        if (k == 0 || key[order[k]] != key[order[k - 1]]) first = kept;
        for (size_t j = first; j < kept && !again; j++)
            again = same_rule(&sorted[j], rule);
        if (!again) sorted[kept++] = *rule;
    }
    if (good && count > 0) memcpy(rules->rule.at, sorted, kept * sizeof *sorted);
    if (good) rules->rule.count = kept;
    tq_free(order);
    tq_free(key);
    tq_free(sorted);
    return good;
}

/* Both parts are in order of arcs; of one arc speeds, which have no source, come first. */
static bool merge_speeds(live_rules *rules, size_t closures)
{
    size_t count = rules->rule.count, a = 0, b = closures;
    tq_live_rule *from = rules->rule.at, *merged = TQ_ALLOC(tq_live_rule, count + 1);
    if (merged == NULL) return false;
    for (size_t k = 0; k < count; k++) {
        bool speed = a == closures || (b < count && from[b].arc <= from[a].arc);
        merged[k] = speed ? from[b++] : from[a++];
    }
    tq_vec_free(&rules->rule);
    rules->rule.at = merged;
    rules->rule.count = count;
    rules->rule.cap = count + 1;
    return true;
}

tq_status live_gather(tq_live *live, live_rules *rules, tq_err *err)
{
    size_t closures = 0;
    bool good = live_rules_begin(rules);
    for (uint32_t k = 0; good && k < live->closure_count; k++)
        live_compile(live->city, live->closure[k], rules);
    good = good && !rules->failed && order_rules(rules);
    if (good) closures = rules->rule.count;
    if (good) live_speeds_compile(&live->speeds, rules);
    good = good && !rules->failed &&
           (closures == 0 || closures == rules->rule.count || merge_speeds(rules, closures)) &&
           tq_vec_push(&rules->first, (uint32_t)rules->clause.count);
    if (good) return TQ_OK;
    live_rules_free(rules);
    return live_no_memory(err);
}

static bool same_bytes(const void *a, const void *b, size_t len)
{
    return len == 0 || memcmp(a, b, len) == 0;
}

static bool same_road(const tq_live *live, const tq_overlay *now, uint32_t text_len)
{
    const tq_overlay *last = live->last;
    bool same = last->rule_count == now->rule_count &&
                last->condition_count == now->condition_count &&
                last->clause_count == now->clause_count && live->last_text_len == text_len &&
                same_bytes(last->first_clause, now->first_clause,
                           ((size_t)now->condition_count + 1) * sizeof *now->first_clause) &&
                same_bytes(last->clause, now->clause, now->clause_count * sizeof *now->clause) &&
                same_bytes(last->text, now->text, text_len);
    for (uint32_t k = 0; same && k < now->rule_count; k++)
        same = same_rule(&last->rule[k], &now->rule[k]);
    return same;
}

/* Runs with their ids as texts: those stand elsewhere when closures come and go. */
static bool same_transit(const tq_overlay *last, const tq_overlay *now)
{
    bool same = last->run_count == now->run_count && last->call_count == now->call_count &&
                same_bytes(last->call, now->call, now->call_count * sizeof *now->call);
    for (uint32_t k = 0; same && k < now->run_count; k++) {
        tq_live_run a = last->run[k], b = now->run[k];
        same = strcmp(last->text + a.id, now->text + b.id) == 0;
        a.id = b.id = 0;
        same = same && same_bytes(&a, &b, sizeof a);
    }
    return same;
}

static void set_versions(const tq_live *live, uint64_t version, uint32_t text_len, tq_overlay *now)
{
    static const uint32_t no_clauses[2] = {0, 0};
    static const tq_overlay nothing = {
        .condition_count = 1, .text_len = 1, .first_clause = no_clauses, .text = ""};
    const tq_overlay *last = live->last != NULL ? live->last : &nothing;
    tq_live before = *live;
    before.last = last;
    if (live->last == NULL) before.last_text_len = 1;
    now->version = version;
    now->road_version = same_road(&before, now, text_len) ? last->road_version : version;
    now->transit_version = same_transit(last, now) ? last->transit_version : version;
}

tq_status tq_live_overlay(tq_live *live, uint64_t version, const tq_overlay **out, tq_err *err)
{
    live_rules rules;
    live_feed_runs feeds;
    const tq_overlay *made = NULL;
    TQ_TRY(live_feeds_runs(live->feeds, &feeds, err));
    TQ_TRY(live_gather(live, &rules, err));
    uint32_t text_len = (uint32_t)rules.text.len;
    tq_live_run *run = TQ_ALLOC(tq_live_run, (size_t)feeds.run_count + 1);
    if (feeds.text_len > 1) tq_buf_put(&rules.text, feeds.text, feeds.text_len);
    tq_status status = run == NULL || rules.text.failed ? live_no_memory(err) : TQ_OK;
    for (uint32_t k = 0; status == TQ_OK && k < feeds.run_count; k++) {
        run[k] = feeds.run[k];
        if (run[k].id != 0) run[k].id += text_len;
    }
    tq_overlay now = {.rule_count = (uint32_t)rules.rule.count,
                      .condition_count = (uint32_t)rules.first.count - 1,
                      .clause_count = (uint32_t)rules.clause.count,
                      .run_count = feeds.run_count,
                      .call_count = feeds.call_count,
                      .text_len = (uint32_t)rules.text.len,
                      .rule = rules.rule.at,
                      .first_clause = rules.first.at,
                      .clause = rules.clause.at,
                      .run = run,
                      .call = feeds.call,
                      .text = rules.text.at};
    if (status == TQ_OK) {
        set_versions(live, version, text_len, &now);
        status = tq_overlay_new(live->city, &now, &made, err);
    }
    tq_free(run);
    live_rules_free(&rules);
    if (status != TQ_OK) return status;
    tq_overlay_drop(live->last);
    live->last = tq_overlay_hold(made);
    live->last_text_len = text_len;
    *out = made;
    return TQ_OK;
}
