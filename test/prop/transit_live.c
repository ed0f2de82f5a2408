/*
 * Live runs on random small timetables: the search over a live day against the oracles over the
 * same edited timetable; boards and last departures against the list of all calls; days that follow
 * against days made anew; and everything undone against the day before.
 */
#include "transit_live.h"

#include "transit/transit_in.h"

#include "transit_checks.h"

/* Sanitizers make each seed some ten times slower. */
#if defined(__SANITIZE_ADDRESS__)
#define SEEDS 1500u
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SEEDS 1500u
#endif
#endif
#ifndef SEEDS
#define SEEDS 8000u
#endif

static live_book book;
static uint32_t seed_now;

static int report(void **state)
{
    (void)state;
    print_message("last seed %u\n", seed_now);
    return 0;
}

/* A city, a question and a day with live runs. */
static const tq_overlay *prepare_live(uint32_t seed, tq_day **day, tq_access *from, tq_access *to,
                                      tq_transit_query *query)
{
    seed_now = seed;
    tq_random random = {.state = seed * UINT64_C(104729) + 7};
    tq_day *planned;
    prepare(seed, &planned, from, to, query);
    tq_day_free(planned);
    live_begin(&book);
    live_random(&book, &small, &random, pick(&random, 60));
    const tq_overlay *overlay = live_end(&book, &small, 1 + seed);
    oracle_begin(&truth, &small, overlay, DAY);
    assert_int_equal(tq_day_make(&small.city, overlay, DAY, day, NULL), TQ_OK);
    return overlay;
}

static void live_arrivals(void **state)
{
    (void)state;
    uint32_t live = 0;
    for (uint32_t seed = 0; seed < SEEDS; seed++) {
        tq_day *day;
        tq_access from[4], to[4];
        tq_transit_query query;
        const tq_overlay *overlay = prepare_live(seed + 7000000, &day, from, to, &query);
        check_forward(&truth, day, &query);
        tq_journeys found;
        tq_arena_reset(&work, 0);
        assert_int_equal(tq_transit_search(&small.city, day, &query, &work, &found, NULL), TQ_OK);
        for (uint32_t k = 0; k < found.count; k++)
            for (uint32_t at = 0; at < found.journey[k].piece_count; at++)
                live += found.journey[k].piece[at].live != TQ_NONE;
        tq_day_free(day);
        tq_overlay_drop(overlay);
    }
    print_message("%u rides on live runs\n", live);
    assert_true(live > SEEDS / 40);
}

static void live_departures(void **state)
{
    (void)state;
    for (uint32_t seed = 0; seed < SEEDS; seed++) {
        tq_day *day;
        tq_access from[4], to[4];
        tq_transit_query query;
        const tq_overlay *overlay = prepare_live(seed + 8000000, &day, from, to, &query);
        query.horizon_s = 40 * 3600;
        check_backward(&truth, day, &query);
        tq_day_free(day);
        tq_overlay_drop(overlay);
    }
}

static void live_windows(void **state)
{
    (void)state;
    for (uint32_t seed = 0; seed < SEEDS / 2; seed++) {
        tq_day *day;
        tq_access from[4], to[4];
        tq_transit_query query;
        const tq_overlay *overlay = prepare_live(seed + 9000000, &day, from, to, &query);
        check_window(&truth, day, &query, 600 + seed % 7000);
        tq_day_free(day);
        tq_overlay_drop(overlay);
    }
}

/* ---- boards ------------------------------------------------------------------------------------
 */

#define BOARD 512u

static int by_second(const void *a, const void *b)
{
    int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;
    return x < y ? -1 : x > y;
}

/* Departures of live and planned runs at a stop, in seconds; the last call of a run is none. */
static uint32_t list_departures(uint32_t stop, int32_t from_s, int32_t until_s, int32_t *out)
{
    tq_transit_query any = {.wheelchair = false};
    uint32_t count = 0;
    for (uint32_t run = 0; run < truth.run_count; run++) {
        const oracle_run *row = &truth.run[run];
        for (uint32_t at = 0; at + 1 < row->count; at++) {
            const oracle_call *call = &row->call[at];
            if (call->stop != stop || call->out_s < from_s || call->out_s > until_s ||
                !oracle_can(&truth, &any, call, call->out_s, TQ_PATTERN_NO_PICKUP))
                continue;
            assert_true(count < BOARD);
            out[count++] = call->out_s;
        }
    }
    qsort(out, count, sizeof *out, by_second);
    return count;
}

static void check_last(const tq_day *day, uint32_t pattern, uint32_t place, int32_t until_s)
{
    tq_transit_query any = {.wheelchair = false};
    int32_t last_s = INT32_MIN;
    uint32_t stop = small.pattern_stop[small.pattern_first[pattern] + place];
    for (uint32_t run = 0; run < truth.run_count; run++) {
        const oracle_run *row = &truth.run[run];
        for (uint32_t at = 0; row->pattern == pattern && at + 1 < row->count; at++)
            if (row->call[at].place == place && row->call[at].stop == stop &&
                row->call[at].out_s <= until_s &&
                oracle_can(&truth, &any, &row->call[at], row->call[at].out_s, TQ_PATTERN_NO_PICKUP))
                last_s = TQ_MAX(last_s, row->call[at].out_s);
    }
    /* A stop that closes in between may hide an earlier one; then only the bound is promised. */
    int32_t found_s = tq_transit_last_departure(&small.city, day, pattern, place, until_s);
    if (day->open_from_s[stop] == INT32_MIN && day->open_until_s[stop] == INT32_MAX)
        assert_int_equal(found_s, last_s);
}

static void boards(void **state)
{
    (void)state;
    static int32_t second[BOARD];
    static tq_departure list[BOARD];
    uint32_t cancelled = 0;
    for (uint32_t seed = 0; seed < SEEDS; seed++) {
        tq_day *day;
        tq_access from[4], to[4];
        tq_transit_query query;
        const tq_overlay *overlay = prepare_live(seed + 10000000, &day, from, to, &query);
        for (uint32_t stop = 0; stop < small.city.timetable.stop_count; stop++) {
            if (small.child_first[stop] != small.child_first[stop + 1]) continue;
            int32_t from_s = query.time_s, until_s = from_s + 3600 * (1 + (int32_t)(seed % 9));
            uint32_t count = list_departures(stop, from_s, until_s, second), made = 0;
            uint32_t shown =
                tq_transit_departures(&small.city, day, stop, from_s, until_s, BOARD, list);
            for (uint32_t k = 0; k < shown; k++) {
                if (k > 0) assert_true(list[k - 1].departure_s <= list[k].departure_s);
                assert_int_equal(list[k].stop, stop);
                if (list[k].cancelled) {
                    const tq_live_run *run = &overlay->run[list[k].live];
                    cancelled++;
                    assert_true(
                        run->state == TQ_RUN_CANCELLED ||
                        (overlay->call[run->first_call + list[k].place].flags & TQ_CALL_SKIPPED));
                    continue;
                }
                assert_true(made < count);
                assert_int_equal(list[k].departure_s, second[made++]);
            }
            assert_int_equal(made, count);
        }
        uint32_t pattern = seed % small.city.timetable.pattern_count;
        check_last(day, pattern, 0, query.time_s);
        check_last(day, pattern, 0, 30 * 3600);
        check_last(day, pattern,
                   (small.pattern_first[pattern + 1] - small.pattern_first[pattern]) / 2,
                   INT32_MAX);
        tq_day_free(day);
        tq_overlay_drop(overlay);
    }
    print_message("%u cancelled departures shown\n", cancelled);
    assert_true(cancelled > SEEDS / 20);
}

/* ---- following ---------------------------------------------------------------------------------
 */

static void same_route(const day_route *a, const day_route *b)
{
    size_t events = (size_t)a->place_count * a->run_count;
    assert_int_equal(a->place_count, b->place_count);
    assert_int_equal(a->run_count, b->run_count);
    assert_int_equal(a->pattern, b->pattern);
    assert_int_equal(a->line, b->line);
    assert_int_equal(a->flags, b->flags);
    assert_memory_equal(a->place, b->place, a->place_count * sizeof *a->place);
    assert_memory_equal(a->along_m, b->along_m, a->place_count * sizeof *a->along_m);
    assert_int_equal(a->pattern_place == NULL, b->pattern_place == NULL);
    if (a->pattern_place != NULL)
        assert_memory_equal(a->pattern_place, b->pattern_place, a->place_count * sizeof(uint32_t));
    if (events == 0) return;
    assert_memory_equal(a->arrival_s, b->arrival_s, events * sizeof *a->arrival_s);
    assert_memory_equal(a->departure_s, b->departure_s, events * sizeof *a->departure_s);
    assert_memory_equal(a->run, b->run, a->run_count * sizeof *a->run);
}

/* Two days that a search cannot tell apart. */
static void same_day(const tq_day *a, const tq_day *b)
{
    assert_int_equal(a->route_count, b->route_count);
    for (uint32_t route = 0; route < a->route_count; route++)
        same_route(&a->route[route], &b->route[route]);
    assert_int_equal(a->gone_count, b->gone_count);
    if (a->gone_count != 0) assert_memory_equal(a->gone, b->gone, a->gone_count * sizeof *a->gone);
    for (unsigned way = 0; way < 2; way++) {
        for (uint32_t stop = 0; stop < a->stop_count; stop++) {
            const day_calls *x = &a->calls[way][stop], *y = &b->calls[way][stop];
            assert_int_equal(x->count, y->count);
            if (x->count != 0) assert_memory_equal(x->at, y->at, x->count * sizeof *x->at);
        }
        uint32_t hops = a->first_hop[way][a->stop_count];
        assert_memory_equal(a->first_hop[way], b->first_hop[way],
                            ((size_t)a->stop_count + 1) * sizeof(uint32_t));
        if (hops != 0) assert_memory_equal(a->hop[way], b->hop[way], hops * sizeof(day_hop));
    }
    for (unsigned kind = 0; kind < TQ_WALK_COUNT; kind++) {
        uint32_t core = a->city->walk[kind].core_count;
        if (core == 0) continue;
        assert_memory_equal(a->vertex_first[kind], b->vertex_first[kind],
                            ((size_t)core + 1) * sizeof(uint32_t));
        if (a->vertex_first[kind][core] != 0)
            assert_memory_equal(a->beside[kind], b->beside[kind],
                                a->vertex_first[kind][core] * sizeof(day_beside));
    }
}

/* Answers as bytes: all journeys and their pieces. */
static size_t answer(const tq_day *day, const tq_transit_query *query, uint8_t *out, size_t cap)
{
    tq_journeys found;
    size_t used = 0;
    tq_arena_reset(&work, 0);
    assert_int_equal(tq_transit_pareto(&small.city, day, query, &work, &found, NULL), TQ_OK);
    for (uint32_t k = 0; k < found.count; k++) {
        const tq_journey *journey = &found.journey[k];
        const uint32_t plain[] = {(uint32_t)journey->departure_s, (uint32_t)journey->arrival_s,
                                  journey->boardings, journey->walk_dm, journey->piece_count};
        size_t bytes = journey->piece_count * sizeof(tq_piece);
        assert_true(used + sizeof plain + bytes <= cap);
        memcpy(out + used, plain, sizeof plain);
        memcpy(out + used + sizeof plain, journey->piece, bytes);
        used += sizeof plain + bytes;
    }
    return used;
}

#define ANSWER (1u << 18)

/* Changes upon changes; every followed day is as one made anew, and in the end all is as before. */
static void follow_is_anew_and_undone_is_before(void **state)
{
    (void)state;
    static uint8_t before[ANSWER], now[ANSWER];
    uint32_t cases = 0;
    for (uint32_t seed = 0; seed < SEEDS / 4; seed++) {
        tq_day *planned, *anew;
        const tq_day *kept;
        tq_access from[4], to[4];
        tq_transit_query query;
        tq_days *days;
        tq_random random = {.state = seed + 11};
        seed_now = seed;
        prepare(seed + 12000000, &planned, from, to, &query);
        size_t bytes = answer(planned, &query, before, sizeof before);
        assert_int_equal(tq_days_open(&small.city, &days, NULL), TQ_OK);
        assert_int_equal(tq_days_get(days, tq_overlay_none(), DAY, &kept, NULL), TQ_OK);
        same_day(kept, planned);
        tq_days_put(days, kept);
        uint32_t steps = 2 + pick(&random, 4);
        live_begin(&book);
        for (uint32_t step = 1; step <= steps; step++, cases++) {
            if (step == steps || pick(&random, 3) == 0) live_begin(&book);
            if (step < steps) live_random(&book, &small, &random, pick(&random, 8));
            const tq_overlay *overlay = live_end(&book, &small, step);
            assert_int_equal(tq_days_follow(days, overlay, NULL), TQ_OK);
            assert_int_equal(tq_days_get(days, overlay, DAY, &kept, NULL), TQ_OK);
            assert_int_equal(tq_day_make(&small.city, overlay, DAY, &anew, NULL), TQ_OK);
            same_day(kept, anew);
            size_t own = answer(anew, &query, now, sizeof now);
            if (step == steps) {
                same_day(kept, planned);
                assert_int_equal(own, bytes);
                assert_memory_equal(now, before, bytes);
            }
            tq_day_free(anew);
            tq_days_put(days, kept);
            tq_overlay_drop(overlay);
        }
        tq_days_close(days);
        tq_day_free(planned);
    }
    print_message("%u states followed\n", cases);
}

/* ---- what one delay changes --------------------------------------------------------------------
 */

#define LATE_S 390 /* six and a half minutes */

static bool rides(const tq_journey *journey, uint32_t trip, int32_t service_day)
{
    for (uint32_t at = 0; at < journey->piece_count; at++)
        if (tq_piece_rides(&journey->piece[at]) && journey->piece[at].trip == trip &&
            journey->piece[at].service_day == service_day)
            return true;
    return false;
}

/* The journey with so many rides, NULL. */
static const tq_journey *with_rides(const tq_journeys *list, uint32_t boardings)
{
    for (uint32_t k = 0; k < list->count; k++)
        if (list->journey[k].boardings == boardings) return &list->journey[k];
    return NULL;
}

static void keep_answer(const tq_journeys *found, tq_journey *journey, tq_piece *pieces)
{
    for (uint32_t k = 0; k < found->count; k++) {
        journey[k] = found->journey[k];
        journey[k].piece = pieces + (size_t)k * JOURNEY_PIECES_MAX;
        memcpy(pieces + (size_t)k * JOURNEY_PIECES_MAX, found->journey[k].piece,
               found->journey[k].piece_count * sizeof *pieces);
    }
}

/* One run is late: a journey differs only if it rode that run, or rides it now. */
static void one_delay_changes_what_rides_it(void **state)
{
    (void)state;
    static tq_journey old_journey[TQ_BOARDINGS_MAX + 1];
    static tq_piece old_pieces[(TQ_BOARDINGS_MAX + 1) * JOURNEY_PIECES_MAX];
    uint32_t asked = 0, untouched = 0, broken = 0, gained = 0, late = 0, other = 0;
    for (uint32_t seed = 0; seed < SEEDS; seed++) {
        tq_day *planned, *day;
        tq_access from[4], to[4];
        tq_transit_query query;
        tq_random random = {.state = seed + 17};
        seed_now = seed;
        prepare(seed + 13000000, &planned, from, to, &query);
        uint32_t trip = pick(&random, small.city.timetable.trip_count);
        live_begin(&book);
        live_delay(&book, &small, trip, DAY, any_start(&small, &random, trip), 0, LATE_S);
        const tq_overlay *overlay = live_end(&book, &small, 1);
        assert_int_equal(tq_day_make(&small.city, overlay, DAY, &day, NULL), TQ_OK);
        for (uint32_t n = 0; n < 12; n++) {
            tq_journeys found;
            query.time_s = 5 * 3600 + (int32_t)pick(&random, 6 * 3600);
            query.from_count = make_ends(&small, &random, from);
            query.to_count = make_ends(&small, &random, to);
            tq_arena_reset(&work, 0);
            assert_int_equal(tq_transit_search(&small.city, planned, &query, &work, &found, NULL),
                             TQ_OK);
            keep_answer(&found, old_journey, old_pieces);
            tq_journeys old = {old_journey, found.count};
            tq_arena_reset(&work, 0);
            assert_int_equal(tq_transit_search(&small.city, day, &query, &work, &found, NULL),
                             TQ_OK);
            oracle_begin(&truth, &small, overlay, DAY);
            oracle_changes(&truth, &query);
            for (uint32_t k = 0; k < found.count; k++)
                check_journey(&truth, &query, &found.journey[k]);
            for (uint32_t k = 0; k <= query.max_boardings; k++) {
                const tq_journey *a = with_rides(&old, k), *b = with_rides(&found, k);
                asked += a != NULL || b != NULL;
                bool rode = a != NULL && rides(a, trip, DAY),
                     now = b != NULL && rides(b, trip, DAY);
                if (a == NULL && b == NULL) continue;
                if (a == NULL || b == NULL) {
                    /* One with fewer rides may have become better, or worse, than it. */
                    bool fewer = false;
                    for (uint32_t less = 0; less < k; less++) {
                        const tq_journey *x = with_rides(&old, less), *y = with_rides(&found, less);
                        fewer |= (x != NULL && rides(x, trip, DAY)) ||
                                 (y != NULL && rides(y, trip, DAY));
                    }
                    assert_true(rode || now || fewer);
                    (a == NULL) ? gained++ : broken++;
                } else if (a->arrival_s != b->arrival_s) {
                    assert_true(rode || now);
                    late++;
                } else if (!rode && !now) {
                    bool same = a->piece_count == b->piece_count &&
                                memcmp(a->piece, b->piece, a->piece_count * sizeof *a->piece) == 0;
                    untouched += same;
                    other += !same; /* as good by another way */
                }
            }
        }
        tq_day_free(planned);
        tq_day_free(day);
        tq_overlay_drop(overlay);
    }
    print_message("%u journeys: %u as before, %u at another time, %u gone, %u new, %u as good by "
                  "another way\n",
                  asked, untouched, late, broken, gained, other);
    assert_true(late > SEEDS / 20 && broken + gained > SEEDS / 400);
    assert_true(other * 1000 <= asked);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(live_arrivals, report),
        cmocka_unit_test_teardown(live_departures, report),
        cmocka_unit_test_teardown(live_windows, report),
        cmocka_unit_test_teardown(boards, report),
        cmocka_unit_test_teardown(follow_is_anew_and_undone_is_before, report),
        cmocka_unit_test_teardown(one_delay_changes_what_rides_it, report),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
