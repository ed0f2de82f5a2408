/*
 * The land-air hub: the latest times at which goods must be where to leave with a flight.
 *
 * Backwards from the departure: with the carrier its cut-off before, then each step as late as its
 * opening hours let it end in time. A step is not broken off at closing, so it lies within one run
 * of open time; days that are open round the clock join into one run. Seconds, no floating point.
 */
#include "freight/freight_in.h"

#define DAY_S  86400
#define WEEK   7
#define MONDAY 4 /* 1970-01-05 */

static const char *const steps[TQ_FREIGHT_HUB_STEPS] = {"acceptance", "customs", "security"};

const char *tq_freight_hub_step_name(uint32_t step)
{
    return steps[step];
}

uint32_t tq_freight_regimes(const tq_freight *net)
{
    return net->hub_count;
}

uint32_t tq_freight_flights(const tq_freight *net)
{
    return net->uplift_count;
}

tq_freight_regime tq_freight_regime_at(const tq_freight *net, uint32_t regime)
{
    const hub_row *row = &net->hub[regime];
    tq_freight_regime out = {.id = text_at(net, row->id),
                             .name_zh = text_at(net, row->name_zh),
                             .name_en = text_at(net, row->name_en),
                             .terminal = row->terminal};
    for (uint32_t step = 0; step < TQ_FREIGHT_HUB_STEPS; step++)
        out.work[step] =
            (tq_freight_hub_work){.days = row->work[step].days,
                                  .open_s = row->work[step].open_s,
                                  .close_s = row->work[step].close_s,
                                  .least_s = row->work[step].least_s,
                                  .p90_s = row->work[step].p90_s,
                                  .confidence = text_at(net, row->work[step].confidence),
                                  .source = text_at(net, row->work[step].source)};
    return out;
}

tq_freight_flight tq_freight_flight_at(const tq_freight *net, uint32_t flight)
{
    const uplift_row *row = &net->uplift[flight];
    return (tq_freight_flight){.service = row->service,
                               .regimes = row->regimes,
                               .cutoff_s = row->cutoff_s,
                               .max_g = row->max_g,
                               .from_day = row->from_day,
                               .to_day = row->to_day,
                               .confidence = text_at(net, row->confidence),
                               .source = text_at(net, row->source)};
}

static bool works_on(uint8_t days, int64_t day)
{
    int64_t weekday = (day - MONDAY) % WEEK;
    unsigned bit = 1u << (weekday < 0 ? weekday + WEEK : weekday);
    return (days & bit) != 0;
}

bool tq_freight_flight_leaves(const tq_freight *net, uint32_t flight, int32_t day,
                              int64_t *departs_s)
{
    const uplift_row *row = &net->uplift[flight];
    const service_row *service = &net->service[row->service];
    if (day < row->from_day || day > row->to_day || day < service->from_day ||
        day > service->to_day || !works_on(service->days, day))
        return false;
    *departs_s = (int64_t)day * DAY_S + (int64_t)service->departs_min * 60;
    return true;
}

/* The latest begin of so many seconds of work that ends by an instant. */
static bool latest_begin(const tq_freight_hub_work *work, int32_t takes_s, int64_t by_s,
                         int64_t *begin_s)
{
    int64_t last = tq_floor_div(by_s - 1, DAY_S), run_from = INT64_MAX, run_to = 0;
    for (int64_t day = last; day > last - TQ_FREIGHT_HUB_DAYS; day--) {
        int64_t open_s = day * DAY_S + work->open_s;
        int64_t close_s = TQ_MIN(day * DAY_S + work->close_s, by_s);
        if (!works_on(work->days, day) || close_s <= open_s) continue;
        if (close_s != run_from) run_to = close_s;
        run_from = open_s;
        if (run_to - run_from < takes_s) continue;
        *begin_s = run_to - takes_s;
        return true;
    }
    return false;
}

bool tq_freight_uplift_make(const tq_freight_regime *regime, int64_t departs_s, int32_t cutoff_s,
                            tq_freight_margin margin, tq_freight_uplift *out)
{
    tq_freight_uplift made = {.departs_s = departs_s, .hand_over_s = departs_s - cutoff_s};
    int64_t by_s = made.hand_over_s;
    for (uint32_t step = TQ_FREIGHT_HUB_STEPS; step-- > 0;) {
        const tq_freight_hub_work *work = &regime->work[step];
        int32_t takes_s = margin == TQ_FREIGHT_P90 ? work->p90_s : work->least_s;
        if (!latest_begin(work, takes_s, by_s, &made.begin_s[step])) return false;
        made.end_s[step] = made.begin_s[step] + takes_s;
        by_s = made.begin_s[step];
    }
    made.arrive_s = by_s;
    *out = made;
    return true;
}
