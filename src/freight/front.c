/*
 * Which plans of an exact front are worth showing: the best of each criterion, the knee, the
 * cheapest of each chain of modes, and those at least 1 % from every shown one in some criterion.
 * The front itself is kept whole. Also the words that rows and questions use.
 */
#include "freight/freight_in.h"
#include "freight/load_in.h"

const char *tq_freight_mode_name(uint32_t mode)
{
    return mode < TQ_FREIGHT_MODES ? freight_modes[mode] : "?";
}

const char *tq_freight_cargo_name(uint32_t cargo)
{
    return cargo < TQ_FREIGHT_CARGOES ? freight_cargoes[cargo] : "?";
}

const char *tq_freight_ban_name(uint32_t ban)
{
    return ban < TQ_FREIGHT_BANS ? freight_bans[ban] : "?";
}

typedef int64_t (*measure_by)(const tq_freight_plan *plan);

static int64_t by_time(const tq_freight_plan *plan)
{
    return plan->rank_ds;
}

static int64_t by_cost(const tq_freight_plan *plan)
{
    return plan->cost_e4;
}

static int64_t by_co2(const tq_freight_plan *plan)
{
    return plan->co2_mg;
}

static const measure_by measures[3] = {by_time, by_cost, by_co2};

/* Plans are ascending by time, then money: the first of equal ones is the better one. */
static uint32_t best_by(const tq_freight_answer *answer, measure_by measure)
{
    uint32_t best = 0;
    for (uint32_t k = 1; k < answer->plan_count; k++)
        if (measure(&answer->plan[k]) < measure(&answer->plan[best])) best = k;
    return best;
}

/* Nearest to the ideal point, each criterion scaled to its range in millionths. */
static uint32_t knee(const tq_freight_answer *answer)
{
    int64_t low[3], high[3], least = INT64_MAX;
    uint32_t best = 0;
    for (unsigned c = 0; c < 3; c++) {
        low[c] = INT64_MAX;
        high[c] = INT64_MIN;
        for (uint32_t k = 0; k < answer->plan_count; k++) {
            low[c] = TQ_MIN(low[c], measures[c](&answer->plan[k]));
            high[c] = TQ_MAX(high[c], measures[c](&answer->plan[k]));
        }
    }
    for (uint32_t k = 0; k < answer->plan_count; k++) {
        int64_t sum = 0;
        for (unsigned c = 0; c < 3; c++) {
            if (high[c] == low[c]) continue;
            freight_wide over = (freight_wide)(measures[c](&answer->plan[k]) - low[c]) * E6;
            int64_t part = half_up(over, high[c] - low[c]);
            sum += part * part;
        }
        if (sum < least) least = sum, best = k;
    }
    return best;
}

/* Within 1 % of each other in every criterion? */
static bool alike(const tq_freight_plan *a, const tq_freight_plan *b)
{
    for (unsigned c = 0; c < 3; c++) {
        int64_t x = measures[c](a), y = measures[c](b), gap = x > y ? x - y : y - x;
        if (gap > TQ_MIN(x, y) / 100) return false;
    }
    return true;
}

void tq_freight_thin(tq_freight_answer *answer)
{
    static const tq_freight_mark marks[3] = {TQ_FREIGHT_SOONEST, TQ_FREIGHT_CHEAPEST,
                                             TQ_FREIGHT_CLEANEST};
    answer->shown_count = 0;
    if (answer->plan_count == 0) return;
    for (uint32_t k = 0; k < answer->plan_count; k++)
        answer->plan[k].marks = 0;
    for (unsigned c = 0; c < 3; c++)
        answer->plan[best_by(answer, measures[c])].marks |= marks[c];
    answer->plan[knee(answer)].marks |= TQ_FREIGHT_KNEE;
    for (uint32_t k = 0; k < answer->plan_count; k++) {
        uint32_t best = k;
        for (uint32_t j = 0; j < answer->plan_count; j++)
            if (answer->plan[j].chain == answer->plan[k].chain &&
                (answer->plan[j].cost_e4 < answer->plan[best].cost_e4 ||
                 (answer->plan[j].cost_e4 == answer->plan[best].cost_e4 && j < best)))
                best = j;
        if (best == k) answer->plan[k].marks |= TQ_FREIGHT_CHAIN;
    }
    for (uint32_t k = 0; k < answer->plan_count; k++) {
        bool far = answer->plan[k].marks == 0;
        for (uint32_t j = 0; j < answer->plan_count && far; j++)
            far = answer->plan[j].marks == 0 || !alike(&answer->plan[k], &answer->plan[j]);
        if (far) answer->plan[k].marks |= TQ_FREIGHT_SPREAD;
        answer->shown_count += answer->plan[k].marks != 0;
    }
}
