/*
 * The land-air hub: latest times of random chains against a plain forward simulation minute by
 * minute, flights by weekday and dates, and each way in which regimes.csv and flights.csv can be
 * wrong.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "freight_files.h"

#define CASES   4000u
#define SEED    20261123u
#define MINUTE  60
#define DAY_MIN 1440
#define HORIZON (9 * DAY_MIN)

static freight_files files;
static tq_freight_text texts[FREIGHT_TABLES + 2];
static size_t count;

static int setup(void **state)
{
    (void)state;
    size_t len = 0;
    freight_files_read(&files, FREIGHT_FOLDER);
    for (count = 0; count < files.count; count++)
        texts[count] = files.text[count];
    char *regimes = freight_read(FREIGHT_FOLDER "/regimes.csv", &len);
    texts[count++] = (tq_freight_text){"regimes.csv", {regimes, len}};
    char *flights = freight_read(FREIGHT_FOLDER "/flights.csv", &len);
    texts[count++] = (tq_freight_text){"flights.csv", {flights, len}};
    return regimes == NULL || flights == NULL;
}

static int teardown(void **state)
{
    (void)state;
    for (size_t k = files.count; k < count; k++)
        free((void *)(uintptr_t)texts[k].bytes.at);
    freight_files_free(&files);
    return 0;
}

/* ---- the oracle ------------------------------------------------------------------------------ */

static bool open_at(const tq_freight_hub_work *work, int64_t minute)
{
    int64_t day = minute / DAY_MIN, of_day = minute % DAY_MIN;
    unsigned weekday = (unsigned)((day + 3) % 7); /* 1970-01-01 was a Thursday */
    return (work->days & 1u << weekday) != 0 && of_day * MINUTE >= work->open_s &&
           of_day * MINUTE < work->close_s;
}

/* done[m]: when goods that come m minutes after `from` have passed all steps; each step begins as
 * soon as it stays open long enough. INT32_MAX = not before the end of the HORIZON. */
static void simulate(const tq_freight_regime *regime, int64_t from, bool slow, int32_t *done)
{
    static int32_t finish[TQ_FREIGHT_HUB_STEPS][HORIZON + 1];
    for (uint32_t step = 0; step < TQ_FREIGHT_HUB_STEPS; step++) {
        const tq_freight_hub_work *work = &regime->work[step];
        int32_t takes = (slow ? work->p90_s : work->least_s) / MINUTE, open = 0;
        finish[step][HORIZON] = INT32_MAX;
        for (int32_t m = HORIZON - 1; m >= 0; m--) {
            open = open_at(work, from + m) ? open + 1 : 0;
            finish[step][m] = open >= takes ? m + takes : finish[step][m + 1];
        }
    }
    for (int32_t m = 0; m <= HORIZON; m++) {
        done[m] = m;
        for (uint32_t step = 0; step < TQ_FREIGHT_HUB_STEPS && done[m] != INT32_MAX; step++)
            done[m] = finish[step][done[m]];
    }
}

static tq_freight_regime random_regime(tq_random *random)
{
    tq_freight_regime regime = {0};
    for (uint32_t step = 0; step < TQ_FREIGHT_HUB_STEPS; step++) {
        tq_freight_hub_work *work = &regime.work[step];
        work->days = (uint8_t)(1 + tq_random_below(random, 127));
        if (tq_random_below(random, 3) == 0) work->days = 127;
        uint32_t open = tq_random_below(random, 900);
        uint32_t close = open + 30 + tq_random_below(random, 540);
        if (tq_random_below(random, 4) == 0) open = 0, close = DAY_MIN;
        work->open_s = (int32_t)open * MINUTE;
        work->close_s = (int32_t)TQ_MIN(close, (uint32_t)DAY_MIN) * MINUTE;
        uint32_t least = 1 + tq_random_below(random, 200);
        work->least_s = (int32_t)least * MINUTE;
        work->p90_s = work->least_s + (int32_t)tq_random_below(random, 150) * MINUTE;
    }
    return regime;
}

static void latest_times_equal_a_forward_simulation(void **state)
{
    (void)state;
    static int32_t done[HORIZON + 1];
    tq_random random = {SEED};
    uint32_t made_count = 0;
    for (uint32_t k = 0; k < CASES; k++) {
        tq_freight_regime regime = random_regime(&random);
        bool slow = tq_random_below(&random, 2) != 0;
        int64_t leaves = 20000 * DAY_MIN + tq_random_below(&random, 7 * DAY_MIN);
        int32_t cutoff = (int32_t)tq_random_below(&random, 400);
        tq_freight_uplift made;
        bool fits = tq_freight_uplift_make(&regime, leaves * MINUTE, cutoff * MINUTE,
                                           slow ? TQ_FREIGHT_P90 : TQ_FREIGHT_P50, &made);
        int64_t by = leaves - cutoff, latest = INT64_MIN;
        simulate(&regime, by - HORIZON, slow, done);
        for (int32_t m = HORIZON; m > 0 && latest == INT64_MIN; m--)
            if (done[m] != INT32_MAX) latest = by - HORIZON + m;
        if (latest == INT64_MIN) {
            /* Nothing within the oracle's days; further back there may be something. */
            if (fits && made.arrive_s > (by - HORIZON) * MINUTE)
                fail_msg("seed %u case %u: %lld where nothing fits", SEED, k,
                         (long long)made.arrive_s);
            continue;
        }
        if (!fits || made.arrive_s != latest * MINUTE)
            fail_msg("seed %u case %u: latest %lld, simulated %lld", SEED, k,
                     fits ? (long long)made.arrive_s / MINUTE : -1LL, (long long)latest);
        for (uint32_t step = 0; step < TQ_FREIGHT_HUB_STEPS; step++)
            assert_true(
                made.end_s[step] <=
                (step + 1 < TQ_FREIGHT_HUB_STEPS ? made.begin_s[step + 1] : made.hand_over_s));
        made_count++;
    }
    print_message("seed %u: %u of %u chains reach their flight\n", SEED, made_count, CASES);
    assert_true(made_count > CASES / 2);
}

static void the_shipped_hub(void **state)
{
    (void)state;
    tq_freight *net = NULL;
    tq_err err = {0};
    if (tq_freight_load(texts, count, INT32_MAX, &net, &err) != TQ_OK) fail_msg("%s", err.text);
    assert_int_equal(tq_freight_regimes(net), 3);
    assert_true(tq_freight_flights(net) >= 6);
    int64_t departs_s, cutoff_s[3];
    uint32_t flight = 0;
    while (tq_freight_flight_at(net, flight).regimes != 7)
        flight++;
    /* 20626 = 2026-06-22, a Monday. */
    int32_t day = 20626;
    while (!tq_freight_flight_leaves(net, flight, day, &departs_s))
        day++;
    for (uint32_t regime = 0; regime < 3; regime++) {
        tq_freight_uplift half, most;
        tq_freight_regime row = tq_freight_regime_at(net, regime);
        int32_t carrier_s = tq_freight_flight_at(net, flight).cutoff_s;
        assert_true(tq_freight_uplift_make(&row, departs_s, carrier_s, TQ_FREIGHT_P50, &half));
        assert_true(tq_freight_uplift_make(&row, departs_s, carrier_s, TQ_FREIGHT_P90, &most));
        assert_true(most.arrive_s < half.arrive_s);
        cutoff_s[regime] = most.arrive_s;
    }
    assert_true(cutoff_s[0] != cutoff_s[1] && cutoff_s[1] != cutoff_s[2] &&
                cutoff_s[0] != cutoff_s[2]);
    tq_freight_free(net);
}

static void flights_leave_on_their_days(void **state)
{
    (void)state;
    tq_freight *net = NULL;
    assert_int_equal(tq_freight_load(texts, count, INT32_MAX, &net, NULL), TQ_OK);
    for (uint32_t flight = 0; flight < tq_freight_flights(net); flight++) {
        tq_freight_flight row = tq_freight_flight_at(net, flight);
        tq_freight_service service = tq_freight_service_at(net, row.service);
        for (int32_t day = 20622; day < 20660; day++) {
            int64_t departs_s = 0;
            bool leaves = (service.days & 1u << ((day + 3) % 7)) != 0 && row.from_day <= day &&
                          day <= row.to_day && service.from_day <= day && day <= service.to_day;
            assert_int_equal(tq_freight_flight_leaves(net, flight, day, &departs_s), leaves);
            if (leaves)
                assert_int_equal(departs_s, day * INT64_C(86400) + service.departs_min * 60);
        }
    }
    tq_freight_free(net);
}

/* ---- wrong tables ---------------------------------------------------------------------------- */

static const struct {
    const char *file, *find, *put, *want[3];
} refusals[] = {
    {"regimes.csv",
     "TYM,acceptance",
     "TYX,acceptance",
     {"regimes.csv line 2", "terminal", "nodes.csv"}},
    {"regimes.csv", "TYM,customs", "WSB,customs", {"line 3", "column terminal", "one terminal"}},
    {"regimes.csv", "TYM,customs", "TYM,security", {"line 3", "column step", "out of order"}},
    {"regimes.csv", "TYM,customs", "TYM,duty", {"column step, «duty»", "use one of acceptance"}},
    {"regimes.csv", "1234567,08:00", "1234568,08:00", {"line 2", "column days", "1 = Monday"}},
    {"regimes.csv", "1234567,08:00", "11,08:00", {"column days", "no days", "once"}},
    {"regimes.csv", "08:00,22:00", "8:00,22:00", {"column open, «8:00»", "HH:MM"}},
    {"regimes.csv", "08:00,22:00", "08:00,24:01", {"column close, «24:01»", "24:00"}},
    {"regimes.csv", "08:00,22:00", "22:00,08:00", {"column close", "closes before it opens"}},
    {"regimes.csv", "22:00,45,75", "22:00,-45,75", {"column minutes, «-45»", "negative"}},
    {"regimes.csv", "22:00,45,75", "22:00,45.5,75", {"column minutes", "whole minutes"}},
    {"regimes.csv", "22:00,45,75", "22:00,,75", {"column minutes", "missing"}},
    {"regimes.csv", "22:00,45,75", "22:00,45,40", {"column minutes_p90", "less than minutes"}},
    {"regimes.csv",
     "22:00,45,75",
     "22:00,45,900",
     {"column minutes_p90", "longer than", "open longer"}},
    {"regimes.csv", "75,assumed", "75,guess", {"column confidence, «guess»", "given, assumed"}},
    {"regimes.csv", "assumed,E", "assumed,", {"column source", "fill it in"}},
    {"regimes.csv",
     "\nexpress,国际快件,international express,TYN,security",
     "\n#",
     {"regimes.csv"}},
    {"flights.csv", "AF01,", "AF91,", {"flights.csv line 2", "unknown service", "services.csv"}},
    {"flights.csv", "AF02,", "AF01,", {"line 3", "given twice", "one row"}},
    {"flights.csv", "mail;express", "mail;post", {"column regimes", "unknown regime «post»"}},
    {"flights.csv", "mail;express;ecommerce", "", {"column regimes", "no regime"}},
    {"flights.csv", "100000", "0", {"column max_kg", "not between"}},
    {"flights.csv", "100000", "heavy", {"column max_kg, «heavy»", "not a number"}},
    {"flights.csv", "given,S35", "fact,S35", {"column confidence, «fact»", "given, assumed"}},
    {"flights.csv", "S35,,", "S35,2026-13-01,", {"column from", "not a date"}},
    {"flights.csv", "S35,,", "S35,2026-02-01,2026-01-01", {"column to", "ends before"}},
};

static void bad_rows_are_refused(void **state)
{
    (void)state;
    for (size_t k = 0; k < TQ_COUNT(refusals); k++) {
        tq_freight_text changed[FREIGHT_TABLES + 2];
        tq_freight *net = NULL;
        tq_err err = {0};
        tq_buf bytes = {0};
        for (size_t t = 0; t < count; t++) {
            changed[t] = texts[t];
            if (strcmp(texts[t].name, refusals[k].file) != 0) continue;
            const char *at = strstr(texts[t].bytes.at, refusals[k].find);
            if (at == NULL) fail_msg("no «%s» in %s", refusals[k].find, refusals[k].file);
            size_t before = (size_t)(at - texts[t].bytes.at), used = strlen(refusals[k].find);
            tq_buf_put(&bytes, texts[t].bytes.at, before);
            tq_buf_put(&bytes, refusals[k].put, strlen(refusals[k].put));
            tq_buf_put(&bytes, at + used, texts[t].bytes.len - before - used);
            changed[t].bytes = (tq_str){bytes.at, bytes.len};
        }
        tq_status status = tq_freight_load(changed, count, INT32_MAX, &net, &err);
        if (status == TQ_OK) fail_msg("taken: %s «%s»", refusals[k].file, refusals[k].put);
        assert_int_equal(status, TQ_BAD_INPUT);
        assert_null(net);
        for (size_t w = 0; w < 3 && refusals[k].want[w] != NULL; w++)
            if (strstr(err.text, refusals[k].want[w]) == NULL)
                fail_msg("«%s» without «%s»", err.text, refusals[k].want[w]);
        tq_buf_free(&bytes);
    }
}

static void a_regime_needs_all_steps(void **state)
{
    (void)state;
    static const char half[] =
        "regime,name_zh,name_en,terminal,step,days,open,close,minutes,minutes_p90,confidence,"
        "source\nmail,邮,mail,TYM,acceptance,1,08:00,09:00,1,1,given,x\n";
    tq_freight_text changed[FREIGHT_TABLES + 2];
    tq_freight *net = NULL;
    tq_err err = {0};
    memcpy(changed, texts, sizeof changed);
    changed[count - 2].bytes = TQ_STR(half);
    assert_int_equal(tq_freight_load(changed, count - 1, INT32_MAX, &net, &err), TQ_BAD_INPUT);
    assert_non_null(strstr(err.text, "regime «mail»: no row for customs"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(latest_times_equal_a_forward_simulation),
        cmocka_unit_test(the_shipped_hub),
        cmocka_unit_test(flights_leave_on_their_days),
        cmocka_unit_test(bad_rows_are_refused),
        cmocka_unit_test(a_regime_needs_all_steps),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
