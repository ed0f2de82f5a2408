/*
 * All trade-offs of arrival, rides, walking and fare, within a bound (multi-criteria rounds, after
 * McRAPTOR: Delling, Pajor, Werneck 2012; bounded as in Delling, Dibbelt, Pajor 2019).
 *
 * The two-criteria search gives the fastest arrival. Journeys that take at most BOUND_S or half as
 * long again more are looked at. A search from the other end first finds until when each stop and
 * street corner can still make that bound; labels beyond it are dropped. A label then carries time,
 * metres walked and a fare state: fen settled, the tariff one is in, metres in it and since when.
 * One state is as good as another only within the same tariff, when all of its parts are; so
 * nothing that a later ride could turn cheap is lost.
 *
 * Each ride is the first run that can be caught. A later first ride that would bring a change into
 * a fare's window is not tried, and backward windows count from the ride that the search met first;
 * the fare of the answer is always computed on the journey itself (tq_journey_fare). A ride of
 * unknown fare counts as UNKNOWN_FEN. Labels are limited (LABELS_MAX, WALKS_MAX): past that the
 * list may miss trade-offs, never the fastest journeys, which are taken over from the two-criteria
 * search.
 */
#include "transit/transit_in.h"

#define BOUND_S     1800
#define UNKNOWN_FEN 1000000u
#define LABELS_MAX  (UINT32_C(1) << 17)
#define WALKS_MAX   (UINT32_C(1) << 17)
#define ABOARD_MAX  256u
#define ENDS_MAX    256u
#define ANSWERS_MAX (ENDS_MAX + TQ_BOARDINGS_MAX + 1)

typedef struct fare_state {
    uint32_t paid, tariff, metres;
    int32_t since_s;
} fare_state;

/* At a stop: off a ride (ride label), or ready to enter one (reach label). */
typedef struct trade {
    int32_t at_s;
    uint32_t walk_dm, stop, next; /* next in the stop's bag */
    uint32_t before;      /* ride: the reach label; reach: the ride label, or access at level 0 */
    uint32_t hop_dm, how; /* reach: the walk */
    ride_from by;         /* ride */
    fare_state fare;
} trade;

/* On the way on foot. */
typedef struct stroll {
    int32_t label;
    uint32_t vertex, hop_dm, from, next; /* from: ride label; next: in the vertex's bag */
} stroll;

typedef struct aboard {
    uint32_t run, place, reach;
    fare_state fare;
    uint32_t walk_dm;
} aboard;

typedef struct end {
    uint32_t label, access, hop_dm, how, rides, fen, walk_dm;
    int32_t at_s;
} end;

typedef struct trades {
    round_search *rounds;
    const round_search *other; /* from the other end */
    int32_t bound_s;
    trade *label;
    stroll *stroll;
    uint32_t label_count, stroll_count, first_new;
    uint32_t *ride_bag, *reach_bag; /* [stop] */
    uint32_t *stroll_bag;           /* [core] */
    uint64_t *heap;                 /* [WALKS_MAX] */
    end ends[ENDS_MAX];
    uint32_t end_count;
} trades;

size_t pareto_bytes(const tq_city *city)
{
    size_t core = 0;
    for (unsigned kind = 0; kind < TQ_WALK_COUNT; kind++)
        core = TQ_MAX(core, (size_t)city->walk[kind].core_count);
    return LABELS_MAX * sizeof(trade) + WALKS_MAX * (sizeof(stroll) + sizeof(uint64_t)) +
           sizeof(trades) + (core + 2 * (size_t)city->timetable.stop_count) * sizeof(uint32_t) +
           ANSWERS_MAX * (sizeof(tq_journey) + JOURNEY_PIECES_MAX * sizeof(tq_piece)) + 4096;
}

static int32_t relative(const round_search *rounds, int32_t at_s)
{
    return rounds->back ? rounds->base_s - at_s : at_s - rounds->base_s;
}

/* ---- fares --------------------------------------------------------------------------------------
 */

static uint32_t fare_total(const tq_city *city, const fare_state *fare, int32_t at_s)
{
    if (fare->tariff == TQ_NONE || city->fares.tariff[fare->tariff].kind != TQ_TARIFF_DISTANCE)
        return fare->paid;
    return fare->paid + fare_of_stay(city, fare->tariff, fare->metres, at_s - fare->since_s);
}

static fare_state fare_enter(const tq_city *city, fare_state fare, int32_t off_s, uint32_t line,
                             int32_t at_s)
{
    uint32_t tariff = city->timetable.route[line].tariff;
    if (tariff >= city->fares.tariff_count) tariff = TQ_NONE;
    const tq_tariff *row = tariff != TQ_NONE ? &city->fares.tariff[tariff] : NULL;
    bool same = tariff == fare.tariff && tariff != TQ_NONE;
    if (same && row->kind == TQ_TARIFF_DISTANCE) return fare;
    if (same && row->change_window_s != 0 &&
        at_s - fare.since_s <= (int32_t)TQ_MIN(row->change_window_s, 1u << 30))
        return fare;
    uint32_t paid = fare_total(city, &fare, off_s);
    if (row == NULL) paid += UNKNOWN_FEN;
    if (row != NULL && row->kind == TQ_TARIFF_FLAT) paid += tq_tariff_fen(&city->fares, tariff, 0);
    /* Where time does not matter it is left out, so that states can be compared. */
    bool timed = row != NULL &&
                 (row->kind == TQ_TARIFF_FLAT ? row->change_window_s : row->stay_limit_s) != 0;
    return (fare_state){.paid = paid, .tariff = tariff, .since_s = timed ? at_s : 0};
}

static bool fare_covers(const fare_state *a, const fare_state *b)
{
    return a->tariff == b->tariff && a->paid <= b->paid && a->metres <= b->metres &&
           a->since_s >= b->since_s;
}

static bool covers(const trade *a, const trade *b)
{
    return a->at_s <= b->at_s && a->walk_dm <= b->walk_dm && fare_covers(&a->fare, &b->fare);
}

/* ---- bags ---------------------------------------------------------------------------------------
 */

/* Add a label to a bag unless one there covers it; those it covers leave the bag. Its index, or
 * TQ_NONE. */
static uint32_t add_label(trades *all, uint32_t *bag, const trade *label)
{
    uint32_t *link = bag;
    while (*link != TQ_NONE) {
        trade *there = &all->label[*link];
        if (covers(there, label)) return TQ_NONE;
        if (covers(label, there)) {
            there->how = HOW_NONE; /* no longer worth going on from */
            *link = there->next;
        } else {
            link = &there->next;
        }
    }
    if (all->label_count == LABELS_MAX) return TQ_NONE;
    uint32_t index = all->label_count++;
    all->label[index] = *label;
    all->label[index].next = *bag;
    *bag = index;
    return index;
}

/* Latest second at which a ride can still be entered at a stop. */
static int32_t enter_until(const trades *all, uint32_t stop)
{
    int32_t left = all->other->best_ride[0][stop];
    return left == FAR ? INT32_MIN : all->bound_s - left;
}

static void add_reach(trades *all, trade label)
{
    if (label.at_s > enter_until(all, label.stop)) return;
    (void)add_label(all, &all->reach_bag[label.stop], &label);
}

static void add_end(trades *all, uint32_t k, uint32_t index, int32_t at_s, uint32_t hop_dm,
                    uint32_t access, how by)
{
    const trade *label = &all->label[index];
    const round_search *rounds = all->rounds;
    if (rounds->back && (by == HOW_WALK || (by == HOW_ACCESS && hop_dm != 0)))
        at_s += rounds->slack_s;
    if (at_s > all->bound_s) return;
    end next = {.label = index,
                .access = access,
                .hop_dm = hop_dm,
                .how = by,
                .rides = k,
                .fen = fare_total(rounds->city, &label->fare, label->at_s),
                .walk_dm = label->walk_dm + hop_dm,
                .at_s = at_s};
    uint32_t kept = 0;
    for (uint32_t at = 0; at < all->end_count; at++) {
        const end *there = &all->ends[at];
        if (there->at_s <= next.at_s && there->fen <= next.fen && there->walk_dm <= next.walk_dm &&
            there->rides <= k)
            return;
    }
    for (uint32_t at = 0; at < all->end_count; at++) {
        const end *there = &all->ends[at];
        bool beaten = next.at_s <= there->at_s && next.fen <= there->fen &&
                      next.walk_dm <= there->walk_dm && k <= there->rides;
        if (!beaten) all->ends[kept++] = *there;
    }
    all->end_count = kept;
    if (kept < ENDS_MAX) all->ends[all->end_count++] = next;
}

/* ---- rides --------------------------------------------------------------------------------------
 */

static bool is_open(const trades *all, uint32_t stop, int32_t real_s)
{
    const tq_day *day = all->rounds->day;
    if (all->rounds->query->wheelchair && day->no_wheelchair[stop]) return false;
    return real_s >= day->open_from_s[stop] && real_s <= day->open_until_s[stop];
}

static int32_t event(const day_route *route, uint32_t run, uint32_t place, bool departure)
{
    size_t at = (size_t)run * route->place_count + place;
    return departure ? route->departure_s[at] : route->arrival_s[at];
}

/* Metres ridden between two places in the direction of search. */
static uint32_t metres(const trades *all, const day_route *route, uint32_t enter, uint32_t leave)
{
    uint32_t far = route->place_count - 1;
    return all->rounds->back ? fare_metres(route, far - leave, far - enter)
                             : fare_metres(route, enter, leave);
}

static void add_aboard(aboard *list, uint32_t *count, const aboard *next, bool dated)
{
    uint32_t kept = 0;
    for (uint32_t k = 0; k < *count; k++) {
        bool run = dated ? list[k].run == next->run : list[k].run <= next->run;
        if (run && list[k].place == next->place && list[k].walk_dm <= next->walk_dm &&
            fare_covers(&list[k].fare, &next->fare))
            return;
    }
    for (uint32_t k = 0; k < *count; k++) {
        bool run = dated ? list[k].run == next->run : next->run <= list[k].run;
        if (!(run && list[k].place == next->place && next->walk_dm <= list[k].walk_dm &&
              fare_covers(&next->fare, &list[k].fare)))
            list[kept++] = list[k];
    }
    if (kept < ABOARD_MAX) list[kept++] = *next;
    *count = kept;
}

/* Everyone aboard gets off at a place. */
static void leave_all(trades *all, uint32_t route_at, const aboard *list, uint32_t count,
                      uint32_t place)
{
    const round_search *rounds = all->rounds;
    const day_route *route = &rounds->day->route[route_at];
    uint32_t real = rounds->back ? route->place_count - 1 - place : place;
    uint32_t stop = route->place[real] & PLACE_STOP;
    for (uint32_t k = 0; k < count; k++) {
        uint32_t run = rounds->back ? route->run_count - 1 - list[k].run : list[k].run;
        int32_t real_s = event(route, run, real, rounds->back);
        trade label = {.at_s = relative(rounds, real_s),
                       .walk_dm = list[k].walk_dm,
                       .stop = stop,
                       .before = list[k].reach,
                       .how = HOW_ACCESS,
                       .by = {route_at, run, (uint16_t)list[k].place, (uint16_t)place},
                       .fare = list[k].fare};
        if (label.at_s > all->bound_s || label.at_s > rounds->last_s || !is_open(all, stop, real_s))
            continue;
        uint32_t tariff = label.fare.tariff;
        if (tariff != TQ_NONE && rounds->city->fares.tariff[tariff].kind == TQ_TARIFF_DISTANCE)
            label.fare.metres += metres(all, route, list[k].place, place);
        (void)add_label(all, &all->ride_bag[stop], &label);
    }
}

/* Runs that a label can enter at a place: the first one, on a dated route all up to the bound. */
static void enter_from(trades *all, const day_route *route, uint32_t index, uint32_t place,
                       aboard *list, uint32_t *count)
{
    const round_search *rounds = all->rounds;
    const trade *label = &all->label[index];
    uint32_t real = rounds->back ? route->place_count - 1 - place : place, low = 0,
             high = route->run_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2,
                 run = rounds->back ? route->run_count - 1 - middle : middle;
        if (relative(rounds, event(route, run, real, !rounds->back)) < label->at_s)
            low = middle + 1;
        else
            high = middle;
    }
    bool dated = route->flags & ROUTE_DATED;
    for (; low < route->run_count; low++) {
        uint32_t run = rounds->back ? route->run_count - 1 - low : low;
        int32_t real_s = event(route, run, real, !rounds->back), at_s = relative(rounds, real_s);
        if (at_s > rounds->last_s || at_s > all->bound_s) return;
        if (is_open(all, label->stop, real_s)) {
            int32_t off_s = label->how == HOW_ACCESS || label->before == TQ_NONE
                                ? 0
                                : all->label[label->before].at_s;
            aboard next = {.run = low,
                           .place = place,
                           .reach = index,
                           .walk_dm = label->walk_dm,
                           .fare = fare_enter(rounds->city, label->fare, off_s, route->line, at_s)};
            add_aboard(list, count, &next, dated);
        }
        if (!dated) return;
    }
}

static void ride_route(trades *all, uint32_t route_at, uint32_t first)
{
    const round_search *rounds = all->rounds;
    const day_route *route = &rounds->day->route[route_at];
    aboard list[ABOARD_MAX];
    uint32_t count = 0;
    for (uint32_t place = first; place < route->place_count; place++) {
        uint32_t real = rounds->back ? route->place_count - 1 - place : place;
        uint32_t at = route->place[real];
        if (count > 0 && !(at & (rounds->back ? PLACE_NO_BOARD : PLACE_NO_ALIGHT)))
            leave_all(all, route_at, list, count, place);
        if (at & (rounds->back ? PLACE_NO_ALIGHT : PLACE_NO_BOARD)) continue;
        for (uint32_t index = all->reach_bag[at & PLACE_STOP]; index != TQ_NONE;
             index = all->label[index].next)
            if (index >= all->first_new) enter_from(all, route, index, place, list, &count);
    }
}

/* One more ride from all reach labels made since first_new. */
static void ride_on(trades *all)
{
    round_search *rounds = all->rounds;
    const tq_day *day = rounds->day;
    uint32_t count = 0, newest = all->label_count;
    for (uint32_t index = all->first_new; index < newest; index++) {
        uint32_t stop = all->label[index].stop;
        if (all->label[index].how == HOW_NONE) continue;
        const day_calls *calls = &day->calls[rounds->back][stop];
        for (uint32_t at = 0; at < calls->count; at++) {
            day_call call = calls->at[at];
            if (rounds->query->wheelchair && (day->route[call.route].flags & ROUTE_NO_WHEELCHAIR))
                continue;
            uint32_t known = rounds->route_place[call.route];
            if (known == TQ_NONE) rounds->route_list[count++] = call.route;
            if (call.place < known) rounds->route_place[call.route] = call.place;
        }
    }
    for (uint32_t at = 0; at < count; at++) {
        uint32_t route = rounds->route_list[at], place = rounds->route_place[route];
        rounds->route_place[route] = TQ_NONE;
        ride_route(all, route, place);
    }
    all->first_new = newest;
}

/* ---- walks --------------------------------------------------------------------------------------
 */

static bool pair_ruled(const trades *all, uint32_t source, uint32_t stop)
{
    const tq_day *day = all->rounds->day;
    if (source == stop) return true;
    return (all->rounds->back ? day_rule_of(day, stop, source) : day_rule_of(day, source, stop)) !=
           NULL;
}

/* A stroll to a vertex, unless another one there covers it. Sources with rules cover only
 * themselves. */
static void add_stroll(trades *all, uint32_t *heap_count, uint32_t vertex, int32_t label,
                       uint32_t hop_dm, uint32_t from)
{
    const round_search *rounds = all->rounds;
    const trade *source = &all->label[from];
    int32_t left = all->other->best_vertex[0][vertex];
    bool limited = rounds->max_walk_mm != FAR;
    if (left == FAR || label > LABEL_MAX ||
        (limited && hop_dm > (uint32_t)rounds->max_walk_mm / 100))
        return;
    if ((int64_t)label + left > (int64_t)(all->bound_s + 1) * rounds->speed) return;
    for (uint32_t at = all->stroll_bag[vertex]; at != TQ_NONE; at = all->stroll[at].next) {
        const stroll *there = &all->stroll[at];
        const trade *other = &all->label[there->from];
        if (there->label <= label && other->walk_dm + there->hop_dm <= source->walk_dm + hop_dm &&
            (!limited || there->hop_dm <= hop_dm) && fare_covers(&other->fare, &source->fare) &&
            (rounds->day->ruled[other->stop] == 0 || other->stop == source->stop))
            return;
    }
    if (all->stroll_count == WALKS_MAX) return;
    uint32_t index = all->stroll_count++;
    all->stroll[index] = (stroll){label, vertex, hop_dm, from, all->stroll_bag[vertex]};
    all->stroll_bag[vertex] = index;
    heap_push(all->heap, heap_count, (uint64_t)(uint32_t)label << 32 | index);
}

static void walk_rules(trades *all, uint32_t k, uint32_t index)
{
    const round_search *rounds = all->rounds;
    const tq_day *day = rounds->day;
    const trade from = all->label[index];
    for (uint32_t at = day->first_rule[rounds->back][from.stop];
         at < day->first_rule[rounds->back][from.stop + 1]; at++) {
        const day_rule *rule = &day->rule[rounds->back][at];
        if (rule->least_s < 0) continue;
        int32_t takes_s = rule->least_s;
        if (!rule->fixed)
            takes_s = TQ_MAX(takes_s, ceil_seconds((int32_t)(rule->walk_dm * 100), rounds->speed));
        trade next = from;
        next.stop = rule->stop;
        next.at_s += takes_s;
        next.walk_dm += rule->walk_dm;
        next.hop_dm = rule->walk_dm;
        next.before = index;
        next.how = HOW_RULE;
        add_reach(all, next);
        uint32_t end_dm = rounds->stop_dm[rule->stop];
        if (end_dm != TQ_NONE && end_dm <= (uint32_t)rounds->max_walk_mm / 100)
            add_end(all, k, index, next.at_s + ceil_seconds((int32_t)(end_dm * 100), rounds->speed),
                    rule->walk_dm + end_dm, rounds->stop_access[rule->stop], HOW_RULE);
    }
}

/* What a stroll finds at a vertex. */
static void arrive(trades *all, uint32_t k, const stroll *walk)
{
    uint32_t vertex = walk->vertex;
    const round_search *rounds = all->rounds;
    const tq_day *day = rounds->day;
    const trade from = all->label[walk->from];
    uint32_t kind = rounds->query->walk, near_dm = rounds->near_dm[vertex];
    uint32_t most_dm = (uint32_t)rounds->max_walk_mm / 100;
    if (near_dm != TQ_NONE && walk->hop_dm + near_dm <= most_dm &&
        (int64_t)near_dm * 100 + walk->label <= LABEL_MAX)
        add_end(all, k, walk->from,
                ceil_seconds(walk->label + (int32_t)near_dm * 100, rounds->speed),
                walk->hop_dm + near_dm, rounds->near_access[vertex], HOW_WALK);
    for (uint32_t at = day->vertex_first[kind][vertex]; at < day->vertex_first[kind][vertex + 1];
         at++) {
        day_beside beside = day->beside[kind][at];
        uint32_t hop_dm = walk->hop_dm + (uint32_t)beside.link_mm / 100;
        if (hop_dm > most_dm || (int64_t)walk->label + beside.link_mm > LABEL_MAX) continue;
        if (pair_ruled(all, from.stop, beside.stop)) continue;
        trade next = from;
        next.stop = beside.stop;
        next.at_s = ceil_seconds(walk->label + beside.link_mm, rounds->speed) + rounds->slack_s;
        next.walk_dm += hop_dm;
        next.hop_dm = hop_dm;
        next.before = walk->from;
        next.how = HOW_WALK;
        add_reach(all, next);
    }
}

/* Changes from all ride labels made since first_new; the reach labels they make are the next new
 * ones. */
static void change_all(trades *all, uint32_t k)
{
    round_search *rounds = all->rounds;
    const tq_day *day = rounds->day;
    uint32_t newest = all->label_count, count = 0, kind = rounds->query->walk;
    all->stroll_count = 0;
    for (uint32_t vertex = 0; vertex < rounds->core; vertex++)
        all->stroll_bag[vertex] = TQ_NONE;
    for (uint32_t index = all->first_new; index < newest; index++) {
        trade from = all->label[index];
        if (from.how == HOW_NONE) continue;
        uint32_t end_dm = rounds->stop_dm[from.stop];
        if (end_dm != TQ_NONE && end_dm <= (uint32_t)rounds->max_walk_mm / 100)
            add_end(all, k, index, from.at_s + ceil_seconds((int32_t)(end_dm * 100), rounds->speed),
                    end_dm, rounds->stop_access[from.stop], HOW_ACCESS);
        if (day->same_s[from.stop] >= 0) {
            trade next = from;
            next.at_s += day->same_s[from.stop];
            next.before = index;
            next.hop_dm = 0;
            next.how = HOW_SAME;
            add_reach(all, next);
        }
        walk_rules(all, k, index);
        uint32_t vertex = rounds->core != 0 ? day->stop_vertex[kind][from.stop] : TQ_NONE;
        if (vertex == TQ_NONE) continue;
        uint32_t link_dm = rounds->city->timetable.stop[from.stop].link_dm;
        add_stroll(all, &count, vertex, from.at_s * rounds->speed + (int32_t)(link_dm * 100),
                   link_dm, index);
    }
    while (count > 0) {
        const stroll walk = all->stroll[(uint32_t)heap_take(all->heap, &count)];
        arrive(all, k, &walk);
        const uint32_t *first = rounds->first_arc;
        for (uint32_t at = first[walk.vertex]; at < first[walk.vertex + 1]; at++) {
            day_arc arc = rounds->arc[at];
            add_stroll(all, &count, arc.head, walk.label + arc.mm,
                       walk.hop_dm + (uint32_t)arc.mm / 100, walk.from);
        }
    }
    all->first_new = newest;
}

/* ---- answers ------------------------------------------------------------------------------------
 */

static void end_journey(const trades *all, const end *last, tq_journey *journey, tq_piece *pieces)
{
    const round_search *rounds = all->rounds;
    leg_chain chain = {.rides = last->rides};
    uint32_t ride = last->label, k = last->rides;
    chain.change[rounds->back ? 0 : k] =
        (leg_change){.how = last->how,
                     .walk_dm = last->hop_dm,
                     .access = last->access,
                     .takes_s = last->at_s - all->label[ride].at_s};
    for (; k > 0; k--) {
        const trade *off = &all->label[ride], *on = &all->label[off->before];
        const day_route *route = &rounds->day->route[off->by.route];
        uint32_t far = route->place_count - 1;
        chain.leg[rounds->back ? last->rides - k : k - 1] =
            (ride_leg){.route = route,
                       .run = off->by.run,
                       .board = rounds->back ? far - off->by.leave : off->by.enter,
                       .alight = rounds->back ? far - off->by.enter : off->by.leave};
        chain.change[rounds->back ? last->rides - k + 1 : k - 1] =
            (leg_change){.how = on->how,
                         .walk_dm = on->hop_dm,
                         .access = k == 1 ? on->before : TQ_NONE,
                         .takes_s = on->at_s - (k == 1 ? 0 : all->label[on->before].at_s)};
        ride = on->before;
    }
    rounds_chain_journey(rounds, &chain, journey, pieces);
}

static uint32_t answer_fen(const tq_city *city, const tq_journey *journey)
{
    uint32_t fen;
    bool assumed;
    return tq_journey_fare(city, journey, &fen, &assumed) ? fen : UNKNOWN_FEN;
}

/* Keep a journey unless one kept is as good in everything; those it beats go. */
static uint32_t keep(const round_search *rounds, tq_journey *list, uint32_t count, tq_journey next)
{
    uint32_t fen = answer_fen(rounds->city, &next), kept = 0;
    int32_t far_s = rounds->back ? -next.departure_s : next.arrival_s;
    for (uint32_t k = 0; k < count; k++) {
        int32_t other_s = rounds->back ? -list[k].departure_s : list[k].arrival_s;
        if (other_s <= far_s && list[k].boardings <= next.boardings &&
            list[k].walk_dm <= next.walk_dm && answer_fen(rounds->city, &list[k]) <= fen)
            return count;
    }
    for (uint32_t k = 0; k < count; k++) {
        int32_t other_s = rounds->back ? -list[k].departure_s : list[k].arrival_s;
        if (!(far_s <= other_s && next.boardings <= list[k].boardings &&
              next.walk_dm <= list[k].walk_dm && fen <= answer_fen(rounds->city, &list[k])))
            list[kept++] = list[k];
    }
    if (kept < TQ_JOURNEYS_MAX) list[kept++] = next;
    return kept;
}

/* Labels of level 0, from the two-criteria search's own start (all of which are walks of one
 * origin). */
static void start(trades *all, const round_search *from)
{
    const round_level *row = &from->level[0];
    for (uint32_t at = 0; at < row->reach_count; at++) {
        uint32_t stop = row->reach_list[at];
        if (row->reach[stop] == FAR) continue;
        trade label = {.at_s = row->reach[stop],
                       .walk_dm = row->reach_by[stop].walk_dm,
                       .stop = stop,
                       .before = row->reach_by[stop].source,
                       .hop_dm = row->reach_by[stop].walk_dm,
                       .how = row->reach_by[stop].how,
                       .fare = {.tariff = TQ_NONE}};
        add_reach(all, label);
    }
}

/* The two searches that bound the trades: from the near end to every stop, and from the far end
 * back. */
static tq_status bound(trades *all, round_search *out, round_search *other, tq_arena *work,
                       tq_err *err)
{
    const round_search *rounds = all->rounds;
    static const tq_access nowhere = {TQ_NONE, TQ_NONE, 0};
    tq_transit_query query = *rounds->query;
    query.direct_walk_dm = TQ_NONE;
    if (rounds->back)
        query.from = &nowhere, query.from_count = 0;
    else
        query.to = &nowhere, query.to_count = 0;
    TQ_TRY(rounds_begin(out, rounds->city, rounds->day, &query, 0, false, work, err));
    rounds_bound(out, all->bound_s + 1);
    TQ_TRY(rounds_set_out(out, 0, err));
    query = *rounds->query;
    query.direct_walk_dm = TQ_NONE;
    query.arrive_by = !rounds->back;
    query.time_s += rounds->back ? -all->bound_s : all->bound_s;
    query.horizon_s = all->bound_s;
    if (rounds->back)
        query.to = &nowhere, query.to_count = 0;
    else
        query.from = &nowhere, query.from_count = 0;
    TQ_TRY(rounds_begin(other, rounds->city, rounds->day, &query, 0, false, work, err));
    other->plain = false;
    rounds_bound(other, all->bound_s + 1);
    TQ_TRY(rounds_set_out(other, 0, err));
    rounds_run(other);
    return TQ_OK;
}

static bool push_trades(trades *all, tq_arena *work)
{
    const round_search *rounds = all->rounds;
    all->label = TQ_PUSH_RAW(work, trade, LABELS_MAX);
    all->stroll = TQ_PUSH_RAW(work, stroll, WALKS_MAX);
    all->heap = TQ_PUSH_RAW(work, uint64_t, WALKS_MAX);
    all->ride_bag = TQ_PUSH_RAW(work, uint32_t, rounds->stops);
    all->reach_bag = TQ_PUSH_RAW(work, uint32_t, rounds->stops);
    all->stroll_bag = TQ_PUSH_RAW(work, uint32_t, rounds->core);
    if (all->label == NULL || all->stroll == NULL || all->heap == NULL || all->ride_bag == NULL ||
        all->reach_bag == NULL || all->stroll_bag == NULL)
        return false;
    for (uint32_t stop = 0; stop < rounds->stops; stop++)
        all->ride_bag[stop] = all->reach_bag[stop] = TQ_NONE;
    return true;
}

tq_status tq_transit_pareto(const tq_city *city, const tq_day *day, const tq_transit_query *query,
                            tq_arena *work, tq_journeys *out, tq_err *err)
{
    round_search rounds, setting_out, other;
    TQ_TRY(rounds_begin(&rounds, city, day, query, 0, false, work, err));
    TQ_TRY(rounds_set_out(&rounds, 0, err));
    rounds_run(&rounds);
    int32_t fastest_s = rounds.best_goal_s[rounds.levels];
    trades *all = TQ_PUSH(work, trades, 1);
    tq_journey *list = TQ_PUSH(work, tq_journey, TQ_JOURNEYS_MAX);
    tq_piece *pieces = TQ_PUSH_RAW(work, tq_piece, ANSWERS_MAX * JOURNEY_PIECES_MAX);
    if (all == NULL || list == NULL || pieces == NULL)
        return tq_fail(err, TQ_NO_MEMORY, 0, "the scratch of %zu bytes is too small; it takes %zu",
                       work->cap, tq_transit_work_bytes(city));
    uint32_t count = 0, made = 0;
    for (uint32_t k = 0; k <= rounds.levels; k++) {
        if (rounds.level[k].goal_s == FAR) continue;
        tq_journey journey;
        rounds_journey(&rounds, k, &journey, pieces + (size_t)made++ * JOURNEY_PIECES_MAX);
        count = keep(&rounds, list, count, journey);
    }
    if (fastest_s != FAR) {
        all->rounds = &rounds;
        all->other = &other;
        all->bound_s = (int32_t)TQ_MIN((int64_t)fastest_s + TQ_MAX(BOUND_S, fastest_s / 2),
                                       (int64_t)rounds.last_s);
        TQ_TRY(bound(all, &setting_out, &other, work, err));
        if (!push_trades(all, work))
            return tq_fail(err, TQ_NO_MEMORY, 0,
                           "the scratch of %zu bytes is too small; it takes %zu", work->cap,
                           tq_transit_work_bytes(city));
        start(all, &setting_out);
        for (uint32_t k = 1; k <= rounds.levels && all->first_new != all->label_count; k++) {
            ride_on(all);
            change_all(all, k);
        }
        for (uint32_t at = 0; at < all->end_count; at++) {
            tq_journey journey;
            end_journey(all, &all->ends[at], &journey,
                        pieces + (size_t)made++ * JOURNEY_PIECES_MAX);
            count = keep(&rounds, list, count, journey);
        }
    }
    journeys_sort(list, count);
    *out = (tq_journeys){list, count};
    return TQ_OK;
}
