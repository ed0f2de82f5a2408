/*
 * What a closure does to arcs: rules and their conditions.
 *
 * full -> closed; local -> only to places inside; lanes -> a share of the speed by the lanes left,
 * at least LIVE_LANES_SHARE_MIN per cent; half_width -> half the speed in both directions, never
 * one-way; speed -> a limit. A limit of sizes binds those above any of them, so each size is an
 * alternative of its own; with the time rules the alternatives multiply. Every clause carries the
 * closure's begin and end.
 *
 * A full closure of a street that is one-way for motors closes it for bicycles against the traffic
 * and for walkers both ways too: there is nothing else to ride or walk on.
 */
#include "live/live_in.h"

#define WALKERS    (TQ_ACCESS_FOOT | TQ_ACCESS_WHEELCHAIR)
#define SIZES      6u
#define SLOTS      1024u
#define FULL_SHARE 100u

bool live_rules_begin(live_rules *rules)
{
    *rules = (live_rules){.mask = SLOTS - 1};
    rules->slot = TQ_ALLOC(uint32_t, SLOTS);
    tq_buf_putc(&rules->text, '\0');
    /* Row 0: always, without clauses. */
    return rules->slot != NULL && !rules->text.failed && tq_vec_push(&rules->first, 0);
}

void live_rules_free(live_rules *rules)
{
    tq_vec_free(&rules->rule);
    tq_vec_free(&rules->first);
    tq_vec_free(&rules->clause);
    tq_buf_free(&rules->text);
    tq_free(rules->slot);
}

static uint32_t clauses_of(const live_rules *rules, uint32_t row)
{
    size_t next = row + 1 < rules->first.count ? rules->first.at[row + 1] : rules->clause.count;
    return (uint32_t)next - rules->first.at[row];
}

static bool grow_slots(live_rules *rules)
{
    uint32_t mask = 2 * rules->mask + 1;
    uint32_t *slot = TQ_ALLOC(uint32_t, (size_t)mask + 1);
    if (slot == NULL) return false;
    for (uint32_t row = 1; row < rules->first.count; row++) {
        const tq_clause *clause = &rules->clause.at[rules->first.at[row]];
        uint32_t at = (uint32_t)tq_hash(clause, clauses_of(rules, row) * sizeof *clause, 0) & mask;
        while (slot[at] != 0)
            at = (at + 1) & mask;
        slot[at] = row;
    }
    tq_free(rules->slot);
    rules->slot = slot;
    rules->mask = mask;
    return true;
}

uint32_t live_condition(live_rules *rules, const tq_clause *clause, uint32_t count)
{
    uint32_t at = (uint32_t)tq_hash(clause, count * sizeof *clause, 0) & rules->mask;
    for (; rules->slot[at] != 0; at = (at + 1) & rules->mask) {
        uint32_t row = rules->slot[at];
        if (clauses_of(rules, row) == count &&
            memcmp(&rules->clause.at[rules->first.at[row]], clause, count * sizeof *clause) == 0)
            return row;
    }
    uint32_t row = (uint32_t)rules->first.count;
    bool good = tq_vec_push(&rules->first, (uint32_t)rules->clause.count);
    for (uint32_t k = 0; good && k < count; k++)
        good = tq_vec_push(&rules->clause, clause[k]);
    rules->slot[at] = row;
    if (good && 2 * rules->first.count > rules->mask) good = grow_slots(rules);
    if (!good) rules->failed = true;
    return row;
}

uint32_t live_put_text(live_rules *rules, const char *text)
{
    uint32_t at = (uint32_t)rules->text.len;
    if (text[0] == '\0') return 0;
    tq_buf_put(&rules->text, text, strlen(text) + 1);
    if (rules->text.failed) rules->failed = true;
    return at;
}

/* One clause a size: whoever is above one of them is meant. */
static uint32_t split_limit(const tq_clause *limit, tq_clause out[SIZES])
{
    uint32_t count = 0;
    if (limit->weight_10kg != 0) out[count++] = (tq_clause){.weight_10kg = limit->weight_10kg};
    if (limit->axle_10kg != 0) out[count++] = (tq_clause){.axle_10kg = limit->axle_10kg};
    if (limit->height_cm != 0) out[count++] = (tq_clause){.height_cm = limit->height_cm};
    if (limit->width_cm != 0) out[count++] = (tq_clause){.width_cm = limit->width_cm};
    if (limit->length_cm != 0) out[count++] = (tq_clause){.length_cm = limit->length_cm};
    if (limit->hazmat != 0) out[count++] = (tq_clause){.hazmat = limit->hazmat};
    if (count == 0) out[count++] = (tq_clause){0};
    return count;
}

static uint32_t condition_of(const tq_closure *closure, const tq_clause *limit, live_rules *rules)
{
    tq_clause size[SIZES], all[SIZES * TQ_CLOSURE_TIMES_MAX];
    uint32_t sizes = split_limit(limit, size), count = 0;
    for (uint32_t time = 0; time < TQ_MAX(closure->time_count, 1u); time++) {
        for (uint32_t k = 0; k < sizes; k++) {
            tq_clause one = size[k];
            if (closure->time_count > 0) {
                const tq_clause *when = &closure->time[time];
                one.from_min = when->from_min;
                one.to_min = when->to_min;
                one.from_date = when->from_date;
                one.to_date = when->to_date;
                one.days = when->days;
                one.spare[0] = when->spare[0];
            }
            one.from_ms = closure->from_ms;
            one.to_ms = closure->to_ms;
            all[count++] = one;
        }
    }
    return live_condition(rules, all, count);
}

static void put(live_rules *rules, const tq_live_rule *model, uint32_t arc, tq_live_effect effect,
                unsigned access, unsigned value)
{
    tq_live_rule rule = *model;
    if (access == 0 || (effect == TQ_LIVE_PERCENT && value >= FULL_SHARE)) return;
    rule.arc = arc;
    rule.effect = (uint8_t)effect;
    rule.access = (uint16_t)access;
    rule.value = (uint16_t)value;
    if (!tq_vec_push(&rules->rule, rule)) rules->failed = true;
}

static void compile_arc(const tq_closure *closure, live_rules *rules, const tq_live_rule *model,
                        uint32_t arc)
{
    unsigned riders = closure->users & (unsigned)~WALKERS, kmh = live_speed_kmh(closure);
    unsigned share = LIVE_HALF_WIDTH_SHARE;
    switch (closure->effect) {
    case TQ_CLOSURE_FULL: put(rules, model, arc, TQ_LIVE_CLOSED, closure->users, 0); return;
    case TQ_CLOSURE_LOCAL: put(rules, model, arc, TQ_LIVE_LAST_METRES, closure->users, 0); return;
    case TQ_CLOSURE_LANES:
        share = TQ_MAX(FULL_SHARE * closure->lanes_left / TQ_MAX(closure->lanes_total, 1u),
                       LIVE_LANES_SHARE_MIN);
        break;
    case TQ_CLOSURE_SPEED: share = FULL_SHARE; break;
    case TQ_CLOSURE_HALF_WIDTH: break;
    }
    put(rules, model, arc, TQ_LIVE_PERCENT, riders, share);
    if (kmh > 0) put(rules, model, arc, TQ_LIVE_LIMIT, riders, kmh * 10);
}

void live_compile(const tq_city *city, const tq_closure *closure, live_rules *rules)
{
    static const tq_clause no_limit = {0};
    tq_live_rule model = {.source = live_put_text(rules, closure->id),
                          .condition = condition_of(closure, &closure->limit, rules)};
    tq_live_rule fence = model;
    if (closure->fenced == 3) fence.condition = condition_of(closure, &no_limit, rules);
    for (uint32_t k = 0; k < closure->stretch.arc_count; k++) {
        uint32_t arc = closure->stretch.arc[k], back = arc ^ 1;
        const tq_street_attr *attr = tq_edge_attr(&city->streets, arc >> 1);
        bool one_way = (attr->access[back & 1] & TQ_ACCESS_MOTOR) == 0;
        compile_arc(closure, rules, &model, arc);
        if (closure->effect == TQ_CLOSURE_HALF_WIDTH && attr->access[back & 1] != 0)
            compile_arc(closure, rules, &model, back);
        if (closure->effect == TQ_CLOSURE_FULL && one_way)
            put(rules, &model, back, TQ_LIVE_CLOSED,
                closure->users & (unsigned)(WALKERS | TQ_ACCESS_BIKE), 0);
        if (closure->fenced != 3) continue;
        put(rules, &fence, arc, TQ_LIVE_CLOSED, WALKERS, 0);
        put(rules, &fence, back, TQ_LIVE_CLOSED, WALKERS, 0);
    }
}
