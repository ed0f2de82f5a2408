/*
 * All trade-offs of arrival, rides, walking and fare against listing every journey there is: each
 * run from each stop, each change, each order, to a depth of three rides.
 */
#include "transit_random.h"

#define SEEDS 20000u
#define FOUND 4096u
#define RIDES 3u

typedef struct outcome {
    int32_t arrival_s;
    uint32_t rides, walk_dm, fen;
} outcome;

static outcome found[FOUND];
static uint32_t found_count;
static uint64_t steps;

static bool as_good(const outcome *a, const outcome *b)
{
    return a->arrival_s <= b->arrival_s && a->rides <= b->rides && a->walk_dm <= b->walk_dm &&
           a->fen <= b->fen;
}

static void add_outcome(outcome next)
{
    uint32_t kept = 0;
    for (uint32_t k = 0; k < found_count; k++)
        if (as_good(&found[k], &next)) return;
    for (uint32_t k = 0; k < found_count; k++)
        if (!as_good(&next, &found[k])) found[kept++] = found[k];
    assert_true(kept < FOUND);
    found[kept++] = next;
    found_count = kept;
}

/* A journey under way: its rides so far as pieces, for the fare. */
typedef struct listing {
    const oracle *o;
    const tq_transit_query *query;
    int32_t bound_s;
    tq_piece piece[RIDES];
} listing;

static int64_t end_dm(const listing *l, const tq_access *access, uint32_t stop)
{
    return oracle_access_dm(l->o, access, stop);
}

static void finish(listing *l, uint32_t rides, uint32_t stop, int32_t at_s, uint32_t walk_dm)
{
    int64_t dm = end_dm(l, &l->query->to[0], stop);
    int32_t walk_s = oracle_walk_s(dm, l->query);
    if (walk_s == ORACLE_NEVER || at_s + walk_s > l->bound_s) return;
    tq_journey journey = {.piece = l->piece, .piece_count = rides};
    bool assumed;
    outcome next = {.arrival_s = at_s + walk_s, .rides = rides, .walk_dm = walk_dm + (uint32_t)dm};
    assert_true(tq_journey_fare(&l->o->s->city, &journey, &next.fen, &assumed));
    add_outcome(next);
}

static void ride_from_stop(listing *l, uint32_t rides, uint32_t stop, int32_t ready_s,
                           uint32_t walk_dm);

static void change_from(listing *l, uint32_t rides, uint32_t stop, int32_t at_s, uint32_t walk_dm)
{
    const small_city *s = l->o->s;
    for (uint32_t to = 0; rides < l->query->max_boardings && to < s->city.timetable.stop_count;
         to++) {
        int32_t takes_s = l->o->change_s[stop][to];
        if (takes_s == ORACLE_NEVER || at_s + takes_s > l->bound_s) continue;
        uint32_t dm = 0;
        if (to != stop)
            dm = l->o->rule_s[stop][to] >= 0 ? tq_distance_dm(s->stop[stop].at, s->stop[to].at)
                                             : (uint32_t)l->o->walk_dm[stop][to];
        ride_from_stop(l, rides, to, at_s + takes_s, walk_dm + dm);
    }
}

/* Recursion is as deep as RIDES. */
static void ride_from_stop(listing *l, uint32_t rides, uint32_t stop, int32_t ready_s,
                           uint32_t walk_dm)
{
    const oracle *o = l->o;
    for (uint32_t run = 0; run < o->run_count; run++) {
        const oracle_run *row = &o->run[run];
        if (l->query->wheelchair && row->no_wheelchair) continue;
        for (uint32_t on = 0; on < row->count; on++) {
            int32_t out_s = row->call[on].out_s;
            if (row->call[on].stop != stop || out_s < ready_s || out_s > l->bound_s ||
                !oracle_can(o, l->query, &row->call[on], out_s, TQ_PATTERN_NO_PICKUP))
                continue;
            for (uint32_t off = on + 1; off < row->count; off++) {
                int32_t in_s = row->call[off].in_s;
                uint32_t to = row->call[off].stop;
                if (in_s > l->bound_s ||
                    !oracle_can(o, l->query, &row->call[off], in_s, TQ_PATTERN_NO_DROPOFF))
                    continue;
                steps++;
                l->piece[rides] =
                    (tq_piece){.trip = row->trip,
                               .live = row->live,
                               .route = row->line,
                               .ride_m = row->call[off].along_m - row->call[on].along_m,
                               .departure_s = out_s,
                               .arrival_s = in_s};
                finish(l, rides + 1, to, in_s, walk_dm);
                if (rides + 1 < l->query->max_boardings)
                    change_from(l, rides + 1, to, in_s, walk_dm);
            }
        }
    }
}

static void add_tariffs(small_city *s, tq_random *random)
{
    s->step[0] = (tq_tariff_step){1000, 200};
    s->step[1] = (tq_tariff_step){3000, 300};
    s->step[2] = (tq_tariff_step){9000, 500};
    s->step[3] = (tq_tariff_step){0, 100 + pick(random, 300)};
    s->step[4] = (tq_tariff_step){0, 100 + pick(random, 300)};
    s->tariff[0] = (tq_tariff){.kind = TQ_TARIFF_DISTANCE, .step_count = 3};
    s->tariff[1] = (tq_tariff){.kind = TQ_TARIFF_FLAT, .first_step = 3, .step_count = 1};
    s->tariff[2] = (tq_tariff){.kind = TQ_TARIFF_FLAT, .first_step = 4, .step_count = 1};
    s->city.fares.tariff_count = 3;
    s->city.fares.step_count = 5;
    for (uint32_t line = 0; line < s->city.timetable.route_count; line++)
        s->route[line].tariff = pick(random, 3);
}

static _Alignas(64) uint8_t own_memory[128u << 20];

static void all_trades(void **state)
{
    (void)state;
    uint32_t listed = 0, compared = 0;
    for (uint32_t seed = 0; seed < SEEDS; seed++) {
        tq_day *day;
        tq_access from[4], to[4];
        tq_transit_query query;
        prepare(seed + 5000000, &day, from, to, &query);
        tq_random random = {.state = seed};
        add_tariffs(&small, &random);
        tq_arena_init(&work, own_memory, sizeof own_memory);
        uint32_t nodes = small.core_count + small.leaf_count;
        query.from_count = query.to_count = 1;
        query.max_boardings = TQ_MIN(query.max_boardings, RIDES);
        query.horizon_s = 40 * 3600;
        query.direct_walk_dm = TQ_NONE;
        if (nodes == 0) {
            tq_day_free(day);
            continue;
        }
        from[0] = (tq_access){pick(&random, nodes), TQ_NONE, 0};
        to[0] = (tq_access){pick(&random, nodes), TQ_NONE, 0};
        oracle_changes(&truth, &query);
        tq_journeys fast, all;
        assert_int_equal(tq_transit_search(&small.city, day, &query, &work, &fast, NULL), TQ_OK);
        int32_t best_s = INT32_MAX;
        for (uint32_t k = 0; k < fast.count; k++)
            best_s = TQ_MIN(best_s, fast.journey[k].arrival_s);
        found_count = 0;
        if (best_s != INT32_MAX) {
            int32_t fastest_s = best_s - query.time_s;
            listing l = {.o = &truth, .query = &query};
            l.bound_s = query.time_s + TQ_MIN(fastest_s + TQ_MAX(1800, fastest_s / 2), 40 * 3600);
            for (uint32_t stop = 0; stop < small.city.timetable.stop_count; stop++) {
                int64_t dm = oracle_access_dm(&truth, &from[0], stop);
                int32_t walk_s = oracle_walk_s(dm, &query);
                if (walk_s == ORACLE_NEVER || query.time_s + walk_s > l.bound_s) continue;
                ride_from_stop(&l, 0, stop, query.time_s + walk_s + (int32_t)query.board_slack_s,
                               (uint32_t)dm);
            }
            for (uint32_t k = 0; k < fast.count;
                 k++) /* the walk, and slow fast ones with fewer rides */
                if (fast.journey[k].boardings == 0 || fast.journey[k].arrival_s > l.bound_s) {
                    outcome next = {fast.journey[k].arrival_s, fast.journey[k].boardings,
                                    fast.journey[k].walk_dm, 0};
                    bool assumed;
                    assert_true(
                        tq_journey_fare(&small.city, &fast.journey[k], &next.fen, &assumed));
                    add_outcome(next);
                }
        }
        assert_int_equal(tq_transit_pareto(&small.city, day, &query, &work, &all, NULL), TQ_OK);
        bool wrong = all.count != found_count;
        for (uint32_t k = 0; k < all.count; k++) {
            bool assumed, seen = false;
            outcome own = {all.journey[k].arrival_s, all.journey[k].boardings,
                           all.journey[k].walk_dm, 0};
            assert_true(tq_journey_fare(&small.city, &all.journey[k], &own.fen, &assumed));
            for (uint32_t j = 0; j < found_count; j++)
                seen = seen || memcmp(&own, &found[j], sizeof own) == 0;
            wrong = wrong || !seen;
            check_journey(&truth, &query, &all.journey[k]);
        }
        if (wrong && found_count <= TQ_JOURNEYS_MAX) {
            print_message("seed %u: %u listed, %u found\n", seed, found_count, all.count);
            for (uint32_t j = 0; j < found_count; j++)
                print_message("  listed %d %u %u %u\n", found[j].arrival_s, found[j].rides,
                              found[j].walk_dm, found[j].fen);
            for (uint32_t j = 0; j < all.count; j++)
                print_message("  found  %d %u %u\n", all.journey[j].arrival_s,
                              all.journey[j].boardings, all.journey[j].walk_dm);
            fail();
        }
        compared += found_count > 1;
        listed += found_count;
        tq_day_free(day);
    }
    print_message("%u journeys listed, %u cities with a choice\n", listed, compared);
    assert_true(compared > SEEDS / 25);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(all_trades)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
