/*
 * Random live states of small towns, and what an arc takes under one by slow code of its own: each
 * rule asked for itself, each clause as intervals of days, speeds combined by the words of the
 * design note and not by the code that it tests.
 */
#ifndef TQ_TEST_ROAD_LIVE_H
#define TQ_TEST_ROAD_LIVE_H

#include "road/vehicle_in.h"

#include "road_town.h"

#define LIVE_RULES_MOST   24u
#define LIVE_CLAUSES_MOST 12u
#define LIVE_MINUTE_MS    INT64_C(60000)

/* Rules that are built up step by step; live_freeze copies them. */
typedef struct live_draft {
    tq_live_rule rule[LIVE_RULES_MOST];
    uint32_t rules, conditions, clauses;
    uint32_t first_clause[LIVE_CLAUSES_MOST + 2];
    tq_clause clause[LIVE_CLAUSES_MOST];
} live_draft;

static inline tq_clause live_clause(tq_random *random, int64_t around_ms)
{
    tq_clause clause = {0};
    uint32_t kind = 1 + tq_random_below(random, 15);
    if ((kind & 1) != 0) {
        clause.from_min = (uint16_t)(5 * tq_random_below(random, 288));
        clause.to_min = (uint16_t)(5 * tq_random_below(random, 289));
    }
    if ((kind & 6) == 2) clause.days = (uint8_t)(1 + tq_random_below(random, 127));
    if ((kind & 12) == 4) {
        clause.from_ms =
            around_ms + ((int64_t)tq_random_below(random, 2880) - 1440) * LIVE_MINUTE_MS;
        clause.to_ms = clause.from_ms + tq_random_below(random, 2880) * LIVE_MINUTE_MS;
    }
    if ((kind & 8) != 0 && tq_random_below(random, 2) == 0) clause.weight_10kg = 450;
    if (tq_random_below(random, 8) == 0) clause.spare[0] = (uint8_t)(1 + (kind & 1));
    return clause;
}

/* One more condition of one or two clauses; 0 (always) when there is no room. */
static inline uint32_t live_condition(live_draft *draft, tq_random *random, int64_t around_ms)
{
    uint32_t count = 1 + tq_random_below(random, 2);
    if (draft->conditions == 0) draft->conditions = 1;
    if (draft->clauses + count > LIVE_CLAUSES_MOST) return 0;
    for (uint32_t k = 0; k < count; k++)
        draft->clause[draft->clauses++] = live_clause(random, around_ms);
    draft->first_clause[draft->conditions + 1] = draft->clauses;
    return draft->conditions++;
}

typedef enum live_kind { LIVE_ALL, LIVE_NO_LAST_METRES } live_kind;

static inline void live_add(live_draft *draft, const tq_city *city, live_kind kind,
                            int64_t around_ms, tq_random *random)
{
    static const uint16_t about[] = {255, TQ_ACCESS_MOTOR, TQ_ACCESS_CAR, TQ_ACCESS_BIKE,
                                     TQ_ACCESS_LORRY | TQ_ACCESS_FOOT};
    if (draft->rules == LIVE_RULES_MOST) return;
    tq_live_rule rule = {.arc = tq_random_below(random, 2 * city->streets.edge_count),
                         .access = about[tq_random_below(random, TQ_COUNT(about))],
                         .effect = (uint8_t)tq_random_below(random, 5)};
    if (kind == LIVE_NO_LAST_METRES && rule.effect == TQ_LIVE_LAST_METRES)
        rule.effect = TQ_LIVE_CLOSED;
    rule.value = rule.effect == TQ_LIVE_PERCENT ? (uint16_t)(1 + tq_random_below(random, 100))
                                                : (uint16_t)(20 + tq_random_below(random, 900));
    if (tq_random_below(random, 2) == 0) rule.condition = live_condition(draft, random, around_ms);
    uint32_t place = draft->rules++;
    for (; place > 0 && draft->rule[place - 1].arc > rule.arc; place--)
        draft->rule[place] = draft->rule[place - 1];
    draft->rule[place] = rule;
}

static inline void live_remove(live_draft *draft, uint32_t place)
{
    draft->rules--;
    for (uint32_t k = place; k < draft->rules; k++)
        draft->rule[k] = draft->rule[k + 1];
}

static inline const tq_overlay *live_freeze(const live_draft *draft, const tq_city *city,
                                            uint64_t version)
{
    tq_overlay from = {.version = version,
                       .road_version = version,
                       .rule_count = draft->rules,
                       .condition_count = TQ_MAX(draft->conditions, 1u),
                       .clause_count = draft->clauses,
                       .rule = draft->rule,
                       .first_clause = draft->first_clause,
                       .clause = draft->clause};
    const tq_overlay *out = NULL;
    tq_err err = {0};
    if (tq_overlay_new(city, &from, &out, &err) != TQ_OK) fail_msg("%s", err.text);
    return out;
}

/* A live state of up to eight rules. */
static inline const tq_overlay *town_live(const tq_city *city, uint64_t version, live_kind kind,
                                          int64_t around_ms, tq_random *random)
{
    live_draft draft = {0};
    for (uint32_t k = tq_random_below(random, 9); k > 0; k--)
        live_add(&draft, city, kind, around_ms, random);
    return live_freeze(&draft, city, version);
}

/* ---- the oracle ------------------------------------------------------------------------------ */

static inline bool live_clause_holds(const tq_city *city, const tq_clause *clause,
                                     const tq_vehicle *vehicle, int64_t at_ms)
{
    int32_t second;
    int32_t today = tq_local_day(&city->zone, at_ms, &second);
    if (clause->weight_10kg != 0 && vehicle->weight_10kg <= clause->weight_10kg) return false;
    if ((clause->from_ms != 0 || clause->to_ms != 0) &&
        !(clause->from_ms <= at_ms && at_ms < clause->to_ms))
        return false;
    for (int32_t day = today - 1; day <= today; day++) {
        int32_t year;
        unsigned month, of_month;
        tq_date_of(day, &year, &month, &of_month);
        if (clause->days != 0 && (clause->days >> (day + 3) % 7 & 1) == 0) continue;
        uint32_t date = month * 32 + of_month;
        bool in_year = clause->from_date <= date && date <= clause->to_date;
        if (clause->from_date > clause->to_date)
            in_year = date >= clause->from_date || date <= clause->to_date;
        if ((clause->from_date != 0 || clause->to_date != 0) && !in_year) continue;
        if (clause->spare[0] == 1 && of_month % 2 == 0) continue;
        if (clause->spare[0] == 2 && of_month % 2 == 1) continue;
        int32_t from = clause->from_min, to = clause->to_min;
        if (from == 0 && to == 0) to = 1440;
        if (to <= from) to += 1440;
        int32_t minute = (today - day) * 1440 + second / 60;
        if (from <= minute && minute < to) return true;
    }
    return false;
}

static inline bool live_holds(const tq_city *city, const tq_overlay *overlay,
                              const tq_live_rule *rule, const tq_vehicle *vehicle, int64_t at_ms)
{
    if ((rule->access & vehicle->mode) == 0) return false;
    bool holds = rule->condition == 0;
    for (uint32_t k = overlay->first_clause[rule->condition];
         k < overlay->first_clause[rule->condition + 1]; k++)
        holds = holds || live_clause_holds(city, &overlay->clause[k], vehicle, at_ms);
    return holds;
}

/* What an arc takes by its planned pace and each rule that holds; dates are not looked at. */
static inline int32_t town_live_ds(const tq_city *city, const tq_overlay *overlay,
                                   const tq_vehicle *vehicle, const tq_moment *moment, uint32_t arc)
{
    road_asker asker = {.city = city, .vehicle = vehicle, .moment = *moment};
    road_pace pace = road_pace_of(&asker, tq_edge_attr(&city->streets, arc >> 1), arc & 1);
    uint32_t length_dm = city->streets.edge_length_dm[arc >> 1];
    uint64_t measured = UINT64_MAX, most = UINT64_MAX, planned = pace.um_s;
    bool any = false;
    if (planned == 0) return TQ_ROAD_INF;
    for (uint32_t k = 0; overlay != NULL && k < overlay->rule_count; k++) {
        const tq_live_rule *rule = &overlay->rule[k];
        if (rule->arc != arc || !live_holds(city, overlay, rule, vehicle, moment->at_ms)) continue;
        uint64_t um_s = ((uint64_t)rule->value * 1000000 + 18) / 36;
        any = true;
        if (rule->effect == TQ_LIVE_CLOSED) return TQ_ROAD_INF;
        if (rule->effect == TQ_LIVE_LIMIT) most = TQ_MIN(most, um_s);
        if (rule->effect == TQ_LIVE_SPEED) measured = TQ_MIN(measured, um_s);
        if (rule->effect == TQ_LIVE_PERCENT && rule->value < 100)
            most = TQ_MIN(most, planned * rule->value / 100);
        if (rule->effect == TQ_LIVE_LAST_METRES && (vehicle->flags & TQ_VEHICLE_THROUGH) == 0)
            pace.factor = TQ_MAX(vehicle->destination_factor, 1);
    }
    uint64_t speed = measured != UINT64_MAX ? measured : planned;
    if (vehicle->free_mm_s != 0 && speed > planned) speed = planned;
    uint64_t own_most = ((uint64_t)vehicle->max_kmh_tenths * 1000000 + 18) / 36;
    if (any && vehicle->max_kmh_tenths != 0 && speed > own_most) speed = own_most;
    if (speed > most) speed = most;
    if (speed == 0) speed = 1;
    uint64_t ds = length_dm == 0 ? 0 : ((uint64_t)length_dm * 1000000 + speed / 2) / speed;
    if (length_dm != 0 && ds == 0) ds = 1;
    ds = ds * pace.factor + pace.extra_ds;
    return ds < TQ_ROAD_INF ? (int32_t)ds : TQ_ROAD_INF;
}

/* The same with dates: what a metric of the instant must say. */
static inline int32_t town_live_now(const tq_city *city, const tq_overlay *overlay,
                                    const tq_vehicle *vehicle, int64_t at_ms, uint32_t arc)
{
    tq_moment moment = tq_moment_at(city, at_ms);
    if (!tq_open_at(&city->dates, city->streets.edge_date[arc >> 1], at_ms)) return TQ_ROAD_INF;
    return town_live_ds(city, overlay, vehicle, &moment, arc);
}

#endif
