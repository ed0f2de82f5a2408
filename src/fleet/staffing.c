/*
 * How many people a call desk needs: Erlang C.
 *
 * With a = calls * talk erlangs on n seats, the share of lost calls of the desk without a queue
 * (Erlang B) follows from B(0) = 1, B(k) = a B(k-1) / (k + a B(k-1)): sums and quotients of
 * positive numbers of like size, no factorials, nothing that can overflow or cancel. Then
 *
 *   C = n B / (n - a (1 - B))                wait at all
 *   P(wait <= t) = 1 - C exp(-(n - a) t / talk),   mean wait = C talk / (n - a)
 *
 * (A. K. Erlang 1917; first come, first served.) n - a (1 - B) > 0 whenever n > a.
 * Not in it: callers who give up or call again, and breaks of the staff.
 */
#include <math.h>

#include "fleet/fleet.h"

static tq_status check(double calls_per_hour, double talk_s, double within_s, tq_err *err)
{
    if (!(calls_per_hour >= 0) || calls_per_hour > TQ_FLEET_CALLS_MAX)
        return tq_fail(err, TQ_BAD_INPUT, 0, "calls an hour: %g is not in 0 .. %g", calls_per_hour,
                       TQ_FLEET_CALLS_MAX);
    if (!(talk_s > 0) || talk_s > TQ_FLEET_TALK_MAX)
        return tq_fail(err, TQ_BAD_INPUT, 0, "talk: %g s is not above 0 and up to %g", talk_s,
                       TQ_FLEET_TALK_MAX);
    if (!(within_s >= 0) || within_s > TQ_FLEET_TALK_MAX)
        return tq_fail(err, TQ_BAD_INPUT, 0, "answered within: %g s is not in 0 .. %g", within_s,
                       TQ_FLEET_TALK_MAX);
    return TQ_OK;
}

static tq_fleet_queue queue_of(double load, double lost, uint32_t seats, double talk_s,
                               double within_s)
{
    if (load >= seats) return (tq_fleet_queue){false, 1, 0, HUGE_VAL, 1};
    double spare = seats - load, wait = seats * lost / (seats - load * (1 - lost));
    return (tq_fleet_queue){true, wait, 1 - wait * exp(-spare * within_s / talk_s),
                            wait * talk_s / spare, load / seats};
}

tq_status tq_fleet_erlang_c(double calls_per_hour, double talk_s, uint32_t seats, double within_s,
                            tq_fleet_queue *out, tq_err *err)
{
    TQ_TRY(check(calls_per_hour, talk_s, within_s, err));
    if (seats == 0 || seats > TQ_FLEET_SEATS_MAX)
        return tq_fail(err, TQ_BAD_INPUT, 0, "seats: %u is not in 1 .. %u", seats,
                       TQ_FLEET_SEATS_MAX);
    double load = calls_per_hour * talk_s / 3600, lost = 1;
    for (uint32_t k = 1; k <= seats; k++)
        lost = load * lost / (k + load * lost);
    *out = queue_of(load, lost, seats, talk_s, within_s);
    return TQ_OK;
}

tq_status tq_fleet_seats(double calls_per_hour, double talk_s, double share, double within_s,
                         uint32_t *seats, tq_err *err)
{
    TQ_TRY(check(calls_per_hour, talk_s, within_s, err));
    if (!(share >= 0) || share >= 1)
        return tq_fail(err, TQ_BAD_INPUT, 0, "share to answer: %g is not in 0 .. below 1", share);
    double load = calls_per_hour * talk_s / 3600, lost = 1;
    for (uint32_t k = 1; k <= TQ_FLEET_SEATS_MAX; k++) {
        lost = load * lost / (k + load * lost);
        tq_fleet_queue queue = queue_of(load, lost, k, talk_s, within_s);
        if (!queue.stable || queue.answered_share < share) continue;
        *seats = k;
        return TQ_OK;
    }
    return tq_fail(err, TQ_LIMIT, 0,
                   "%g calls an hour of %g s: more than %u seats are needed to answer %g in %g s",
                   calls_per_hour, talk_s, TQ_FLEET_SEATS_MAX, share, within_s);
}
