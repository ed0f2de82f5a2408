/*
 * From labels to a journey: follow how each stop was reached, put the pieces in the order of
 * travel, and take out waiting: forward, every ride but the last moves to the latest run of its
 * route that still makes the next change, so that the rider leaves as late as these rides allow;
 * backward the other way round.
 */
#include "transit/transit_in.h"

static int32_t board_s(const ride_leg *leg, uint32_t run)
{
    return leg->route->departure_s[(size_t)run * leg->route->place_count + leg->board];
}

static int32_t alight_s(const ride_leg *leg, uint32_t run)
{
    return leg->route->arrival_s[(size_t)run * leg->route->place_count + leg->alight];
}

static uint32_t stop_at(const ride_leg *leg, uint32_t place)
{
    return leg->route->place[place] & PLACE_STOP;
}

static bool stops_open(const tq_day *day, const ride_leg *leg, uint32_t run)
{
    uint32_t from = stop_at(leg, leg->board), to = stop_at(leg, leg->alight);
    int32_t off_s = board_s(leg, run), on_s = alight_s(leg, run);
    return off_s >= day->open_from_s[from] && off_s <= day->open_until_s[from] &&
           on_s >= day->open_from_s[to] && on_s <= day->open_until_s[to];
}

/* Rides and changes of a level's goal, in the order of travel. */
static void collect(const round_search *rounds, uint32_t k, leg_chain *out)
{
    const tq_day *day = rounds->day;
    const round_level *last = &rounds->level[k];
    leg_change at_goal = {
        .how = last->goal_how, .walk_dm = last->goal_walk_dm, .access = last->goal_access};
    uint32_t stop = last->goal_source;
    out->rides = k;
    at_goal.takes_s = last->goal_s - (k == 0 ? rounds->first_s : last->ride[stop]);
    out->change[rounds->back ? 0 : k] = at_goal;
    out->end_access = k == 0 ? last->goal_source : TQ_NONE;
    for (uint32_t ride = k; ride > 0; ride--) {
        const ride_from *by = &rounds->level[ride].ride_by[stop];
        const day_route *route = &day->route[by->route];
        uint32_t far = route->place_count - 1;
        ride_leg *leg = &out->leg[rounds->back ? k - ride : ride - 1];
        leg->route = route;
        leg->run = by->run;
        leg->board = rounds->back ? far - by->leave : by->enter;
        leg->alight = rounds->back ? far - by->enter : by->leave;
        uint32_t entered = stop_at(leg, rounds->back ? leg->alight : leg->board);
        const round_level *before = &rounds->level[ride - 1];
        const reach_from *reached = &before->reach_by[entered];
        leg_change *change = &out->change[rounds->back ? k - ride + 1 : ride - 1];
        change->how = reached->how;
        change->walk_dm = reached->walk_dm;
        change->access = ride == 1 ? reached->source : TQ_NONE;
        change->takes_s =
            before->reach[entered] - (ride == 1 ? rounds->first_s : before->ride[reached->source]);
        stop = reached->source;
    }
}

/* Latest runs forward, earliest runs backward; the ride at the far end of the search stays. */
static void tighten(const round_search *rounds, leg_chain *chain)
{
    const tq_day *day = rounds->day;
    for (uint32_t k = 1; k < chain->rides; k++) {
        uint32_t at = rounds->back ? k : chain->rides - 1 - k;
        ride_leg *leg = &chain->leg[at];
        uint32_t low = rounds->back ? 0 : leg->run,
                 high = rounds->back ? leg->run : leg->route->run_count - 1;
        if (!rounds->back) {
            int32_t until_s = board_s(leg + 1, leg[1].run) - chain->change[at + 1].takes_s;
            while (low < high) { /* last run that arrives by then */
                uint32_t middle = high - (high - low) / 2;
                if (alight_s(leg, middle) <= until_s)
                    low = middle;
                else
                    high = middle - 1;
            }
            while (low > leg->run && !stops_open(day, leg, low))
                low--;
            leg->run = low;
        } else {
            int32_t ready_s = alight_s(leg - 1, leg[-1].run) + chain->change[at].takes_s;
            while (low < high) { /* first run that leaves then or later */
                uint32_t middle = low + (high - low) / 2;
                if (board_s(leg, middle) >= ready_s)
                    high = middle;
                else
                    low = middle + 1;
            }
            while (high < leg->run && !stops_open(day, leg, high))
                high++;
            leg->run = high;
        }
    }
}

static tq_piece walk_piece(const round_search *rounds, const leg_change *change, int32_t from_s)
{
    int32_t walk_s = (int32_t)tq_ceil_div((int64_t)change->walk_dm * 100, rounds->speed);
    return (tq_piece){.trip = TQ_NONE,
                      .live = TQ_NONE,
                      .route = TQ_NONE,
                      .from_stop = TQ_NONE,
                      .to_stop = TQ_NONE,
                      .from_place = TQ_NONE,
                      .to_place = TQ_NONE,
                      .departure_s = from_s,
                      .arrival_s = from_s + (change->how == HOW_RULE ? change->takes_s : walk_s),
                      .walk_dm = change->walk_dm,
                      .from_access = TQ_NONE,
                      .to_access = TQ_NONE};
}

static tq_piece ride_piece(const ride_leg *leg)
{
    const day_run *run = &leg->route->run[leg->run];
    return (tq_piece){.trip = run->trip,
                      .live = run->live,
                      .route = leg->route->line,
                      .ride_m = fare_metres(leg->route, leg->board, leg->alight),
                      .from_stop = stop_at(leg, leg->board),
                      .to_stop = stop_at(leg, leg->alight),
                      .from_place = leg->board,
                      .to_place = leg->alight,
                      .departure_s = board_s(leg, leg->run),
                      .arrival_s = alight_s(leg, leg->run),
                      .shift_s = run->shift_s,
                      .service_day = run->service_day,
                      .from_access = TQ_NONE,
                      .to_access = TQ_NONE,
                      .headway_s = run->headway_s};
}

static void walk_only(const round_search *rounds, const leg_chain *chain, tq_journey *journey,
                      tq_piece *pieces)
{
    int32_t takes_s = chain->change[0].takes_s;
    int32_t from_s = rounds->back ? rounds->base_s - rounds->first_s - takes_s
                                  : rounds->base_s + rounds->first_s;
    pieces[0] = walk_piece(rounds, &chain->change[0], from_s);
    pieces[0].from_access = rounds->back ? chain->change[0].access : chain->end_access;
    pieces[0].to_access = rounds->back ? chain->end_access : chain->change[0].access;
    *journey = (tq_journey){.departure_s = from_s,
                            .arrival_s = from_s + takes_s,
                            .walk_dm = pieces[0].walk_dm,
                            .piece = pieces,
                            .piece_count = 1};
}

void rounds_chain_journey(const round_search *rounds, leg_chain *chain, tq_journey *journey,
                          tq_piece *pieces)
{
    uint32_t k = chain->rides;
    if (k == 0) {
        walk_only(rounds, chain, journey, pieces);
        return;
    }
    tighten(rounds, chain);
    uint32_t count = 0, walked_dm = 0;
    for (uint32_t ride = 0; ride <= k; ride++) {
        const leg_change *change = &chain->change[ride];
        walked_dm += change->walk_dm;
        if (change->how != HOW_SAME) {
            int32_t from_s = ride == 0
                                 ? board_s(&chain->leg[0], chain->leg[0].run) - change->takes_s
                                 : pieces[count - 1].arrival_s;
            tq_piece *piece = &pieces[count++];
            *piece = walk_piece(rounds, change, from_s);
            if (ride == 0) piece->from_access = change->access;
            if (ride == k) piece->to_access = change->access;
            if (ride > 0)
                piece->from_stop = stop_at(&chain->leg[ride - 1], chain->leg[ride - 1].alight);
            if (ride < k) piece->to_stop = stop_at(&chain->leg[ride], chain->leg[ride].board);
        }
        if (ride < k) pieces[count++] = ride_piece(&chain->leg[ride]);
    }
    *journey = (tq_journey){.departure_s = pieces[0].departure_s,
                            .arrival_s = pieces[count - 1].arrival_s,
                            .boardings = k,
                            .walk_dm = walked_dm,
                            .piece = pieces,
                            .piece_count = count};
}

void rounds_journey(const round_search *rounds, uint32_t k, tq_journey *journey, tq_piece *pieces)
{
    leg_chain chain;
    collect(rounds, k, &chain);
    rounds_chain_journey(rounds, &chain, journey, pieces);
}
