/* Seats of a call desk: the table of docs/design/dispatch.md, a direct sum as an oracle, limits. */
/* cmocka.h needs the ones before it. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */
#include <math.h>

#include "fleet/fleet.h"

/* 11 % of the day's calls in the peak hour; 95 % and 80 % within 20 s; occupancies at 95 %. */
static void table_of_the_desk(void **state)
{
    (void)state;
    static const struct {
        uint32_t calls, fast_95, fast_80, slow_95, slow_80, fast_busy, slow_busy;
    } row[] = {{300, 3, 2, 4, 3, 23, 25},      {1000, 5, 4, 7, 6, 46, 48},
               {1800, 8, 6, 11, 9, 52, 55},    {3000, 11, 10, 15, 13, 62, 67},
               {6000, 19, 17, 27, 24, 72, 75}, {10000, 29, 26, 41, 38, 79, 82}};
    for (size_t k = 0; k < TQ_COUNT(row); k++) {
        double peak = row[k].calls * 0.11;
        const struct {
            double talk_s, share;
            uint32_t seats;
        } cell[] = {{75, 0.95, row[k].fast_95},
                    {75, 0.80, row[k].fast_80},
                    {110, 0.95, row[k].slow_95},
                    {110, 0.80, row[k].slow_80}};
        for (size_t c = 0; c < TQ_COUNT(cell); c++) {
            uint32_t seats = 0;
            tq_fleet_queue queue, fewer;
            assert_int_equal(tq_fleet_seats(peak, cell[c].talk_s, cell[c].share, 20, &seats, NULL),
                             TQ_OK);
            if (seats != cell[c].seats)
                fail_msg("%u calls, %g s, %g: %u seats", row[k].calls, cell[c].talk_s,
                         cell[c].share, seats);
            assert_int_equal(tq_fleet_erlang_c(peak, cell[c].talk_s, seats, 20, &queue, NULL),
                             TQ_OK);
            assert_int_equal(tq_fleet_erlang_c(peak, cell[c].talk_s, seats - 1, 20, &fewer, NULL),
                             TQ_OK);
            assert_true(queue.answered_share >= cell[c].share);
            assert_true(fewer.answered_share < cell[c].share);
            long busy = lround(100 * queue.occupancy);
            if (cell[c].share > 0.9 && (busy < row[k].fast_busy || busy > row[k].slow_busy))
                fail_msg("%u calls, %g s: occupancy %ld %%", row[k].calls, cell[c].talk_s, busy);
        }
    }
}

/* The textbook sum: C = (a^n / n!) (n / (n - a)) / (sum of a^k / k! below n + that). */
static long double direct(long double load, uint32_t seats)
{
    long double term = 1, sum = 0;
    for (uint32_t k = 0; k < seats; k++) {
        sum += term;
        term *= load / (k + 1);
    }
    long double last = term * seats / (seats - load);
    return last / (sum + last);
}

static void equals_the_direct_sum(void **state)
{
    (void)state;
    static const double talks[] = {20, 75, 110, 600};
    static const double loads[] = {0.001, 0.1, 0.5, 0.9, 0.99, 0.9999};
    uint32_t cells = 0;
    for (uint32_t seats = 1; seats <= 400; seats += seats < 40 ? 1 : 37)
        for (size_t t = 0; t < TQ_COUNT(talks); t++)
            for (size_t l = 0; l < TQ_COUNT(loads); l++)
                for (double within = 0; within <= 60; within += 20, cells++) {
                    double calls = loads[l] * seats * 3600 / talks[t];
                    long double load = (long double)calls * (long double)talks[t] / 3600;
                    long double wait = direct(load, seats), talk = (long double)talks[t];
                    long double answered =
                        1 - wait * expl(-(seats - load) * (long double)within / talk);
                    long double mean = wait * talk / (seats - load);
                    tq_fleet_queue queue;
                    assert_int_equal(
                        tq_fleet_erlang_c(calls, talks[t], seats, within, &queue, NULL), TQ_OK);
                    assert_true(queue.stable);
                    if (fabsl((long double)queue.wait_share - wait) > 1e-9L ||
                        fabsl((long double)queue.answered_share - answered) > 1e-9L ||
                        fabsl((long double)queue.mean_wait_s - mean) > 1e-6L * (mean + 1e-3L))
                        fail_msg("%g calls of %g s, %u seats, %g s: %.12g, want %.12Lg", calls,
                                 talks[t], seats, within, queue.wait_share, wait);
                }
    assert_true(cells > 4000);
}

static void at_the_edges(void **state)
{
    (void)state;
    tq_fleet_queue queue;
    tq_err err = {0};
    uint32_t seats = 77;
    /* One seat: C is the load itself. */
    assert_int_equal(tq_fleet_erlang_c(36, 60, 1, 0, &queue, NULL), TQ_OK);
    assert_true(fabs(queue.wait_share - 0.6) < 1e-12);
    assert_true(fabs(queue.mean_wait_s - 90) < 1e-9);
    /* As much talk as seats: never stable, whatever is asked. */
    assert_int_equal(tq_fleet_erlang_c(180, 60, 3, 20, &queue, NULL), TQ_OK);
    assert_false(queue.stable);
    assert_true(queue.wait_share == 1 && queue.answered_share == 0 && isinf(queue.mean_wait_s));
    assert_int_equal(tq_fleet_seats(180, 60, 0, 0, &seats, NULL), TQ_OK);
    assert_int_equal(seats, 4);
    /* No calls at all. */
    assert_int_equal(tq_fleet_erlang_c(0, 60, 1, 20, &queue, NULL), TQ_OK);
    assert_true(queue.stable && queue.wait_share == 0 && queue.answered_share == 1);
    assert_int_equal(tq_fleet_seats(0, 60, 0.99, 0, &seats, NULL), TQ_OK);
    assert_int_equal(seats, 1);
    /* Large desks neither overflow nor vanish. */
    assert_int_equal(tq_fleet_erlang_c(9990 * 36, 100, 10000, 20, &queue, NULL), TQ_OK);
    assert_true(queue.stable && queue.wait_share > 0.5 && queue.wait_share < 1);
    seats = 77;
    assert_int_equal(tq_fleet_seats(10001 * 36, 100, 0.5, 20, &seats, &err), TQ_LIMIT);
    assert_non_null(strstr(err.text, "more than 10000 seats"));
    static const struct {
        double calls, talk_s, share, within_s;
        const char *says;
    } row[] = {{-1, 60, 0.5, 20, "calls an hour"},
               {1.1e7, 60, 0.5, 20, "calls an hour"},
               {(double)NAN, 60, 0.5, 20, "calls an hour"},
               {10, 0, 0.5, 20, "talk"},
               {10, (double)NAN, 0.5, 20, "talk"},
               {10, 86401, 0.5, 20, "talk"},
               {10, 60, 1, 20, "share"},
               {10, 60, -0.1, 20, "share"},
               {10, 60, (double)NAN, 20, "share"},
               {10, 60, 0.5, -1, "answered within"}};
    for (size_t k = 0; k < TQ_COUNT(row); k++) {
        assert_int_equal(tq_fleet_seats(row[k].calls, row[k].talk_s, row[k].share, row[k].within_s,
                                        &seats, &err),
                         TQ_BAD_INPUT);
        if (strstr(err.text, row[k].says) == NULL) fail_msg("row %zu: %s", k, err.text);
    }
    assert_int_equal(tq_fleet_erlang_c(10, 60, 0, 20, &queue, &err), TQ_BAD_INPUT);
    assert_int_equal(tq_fleet_erlang_c(10, 60, TQ_FLEET_SEATS_MAX + 1, 20, &queue, &err),
                     TQ_BAD_INPUT);
    assert_int_equal(seats, 77);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(table_of_the_desk),
                                       cmocka_unit_test(equals_the_direct_sum),
                                       cmocka_unit_test(at_the_edges)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
