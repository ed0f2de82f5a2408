/*
 * store: power cuts and full disks, on the file layer of store_shim.h. A stream of groups of
 * commands runs until the power fails; then the machine comes up, the store is opened again and
 * must hold every acknowledged command once, and of the group in flight all or nothing.
 * TQ_CASES sets the number of cuts.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "store_commands.h"
#include "store_shim.h"

#define CUTS         2000
#define CUTS_A_DISK  12
#define STEPS_MAX    240
#define GROUP_MAX    5
#define FULL_PERCENT 2

typedef struct power_run {
    tq_random random;
    bool normal_sync, full;
    uint64_t acknowledged, cuts, lost, commands, refused;
} power_run;

static tq_status open_store(const power_run *run, tq_store **store, tq_err *err)
{
    tq_store_options options = {
        .size = sizeof options, .vfs = "shim", .normal_sync = run->normal_sync};
    TQ_TRY(tq_store_open_with("city.store", &options, store, err));
    /* Often, so that cuts fall into copying the log back too. */
    (void)sqlite3_exec((*store)->db, "PRAGMA wal_autocheckpoint=25", NULL, NULL, NULL);
    return TQ_OK;
}

/* Until the power fails. *in_flight = commands of the last group that got no yes. */
static void work_until_cut(power_run *run, tq_store *store, uint32_t *in_flight)
{
    tq_err err;
    *in_flight = 0;
    while (!shim.cut) {
        uint32_t count = 1 + tq_random_below(&run->random, GROUP_MAX);
        shim.full_percent = run->full && tq_random_below(&run->random, 2) == 0 ? FULL_PERCENT : 0;
        tq_status status = do_group(store, run->acknowledged + 1, count, &run->random, &err);
        shim.full_percent = 0;
        if (status == TQ_OK) {
            run->acknowledged += count;
            run->commands += count;
            *in_flight = 0;
            continue;
        }
        *in_flight = TQ_MAX(*in_flight, count);
        if (shim.cut) return;
        /* The disk was full: said by name, nothing of the group is there, reading goes on. */
        assert_true(run->full);
        assert_int_equal(status, TQ_LIMIT);
        assert_non_null(strstr(err.text, "the disk is full: free some space; reading goes on"));
        assert_true(tq_store_last_event(store) == run->acknowledged);
        run->refused++;
    }
}

static void check_after_cut(power_run *run, tq_store *store, uint32_t in_flight, uint64_t seed)
{
    tq_err err = {0};
    uint64_t last = 0;
    const char *wrong = check_store(store, &last, &err);
    if (wrong != NULL)
        fail_msg("seed %llu cut %llu: %s (%s)", (unsigned long long)seed,
                 (unsigned long long)run->cuts, wrong, err.text);
    if (last > run->acknowledged + in_flight)
        fail_msg("seed %llu cut %llu: %llu commands of %llu + %u", (unsigned long long)seed,
                 (unsigned long long)run->cuts, (unsigned long long)last,
                 (unsigned long long)run->acknowledged, in_flight);
    if (last < run->acknowledged) run->lost += run->acknowledged - last;
    run->acknowledged = last;
}

static void cut_one_disk(power_run *run, uint64_t seed, uint64_t cuts)
{
    shim_fresh(seed);
    run->random.state = tq_mix(seed);
    run->acknowledged = 0;
    for (uint64_t cut = 0; cut < cuts; cut++, run->cuts++) {
        tq_store *store = NULL;
        uint32_t in_flight = 0;
        tq_err err = {0};
        shim_cut_after(1 + tq_random_below(&run->random, STEPS_MAX));
        /* The power may fail while the store is being made or mended. */
        if (open_store(run, &store, &err) == TQ_OK) work_until_cut(run, store, &in_flight);
        assert_true(shim.cut);
        tq_store_close(store);
        shim_restart();
        store = NULL;
        if (open_store(run, &store, &err) != TQ_OK)
            fail_msg("seed %llu cut %llu: %s", (unsigned long long)seed,
                     (unsigned long long)run->cuts, err.text);
        check_after_cut(run, store, in_flight, seed);
        tq_store_close(store);
    }
}

static void cut_many(power_run *run, uint64_t cuts, uint64_t seed)
{
    print_message("seeds from %llu\n", (unsigned long long)seed);
    while (run->cuts < cuts)
        cut_one_disk(run, seed++, TQ_MIN(CUTS_A_DISK, cuts - run->cuts));
    print_message("%llu cuts, %llu commands acknowledged, %llu lost, %llu groups refused, "
                  "disk full %llu times\n",
                  (unsigned long long)run->cuts, (unsigned long long)run->commands,
                  (unsigned long long)run->lost, (unsigned long long)run->refused,
                  (unsigned long long)shim.fulls);
    shim_fresh(0);
}

static void nothing_acknowledged_is_lost(void **state)
{
    (void)state;
    power_run run = {0};
    cut_many(&run, cases_or(CUTS), 1);
    assert_true(run.lost == 0);
    assert_true(run.commands > run.cuts);
}

/* The test can fail: with less syncing it must find losses. */
static void normal_sync_is_caught(void **state)
{
    (void)state;
    power_run run = {.normal_sync = true};
    cut_many(&run, TQ_MAX(cases_or(CUTS) / 10, 50), 100001);
    assert_true(run.lost > 0);
}

static void a_full_disk_heals(void **state)
{
    (void)state;
    power_run run = {.full = true};
    cut_many(&run, TQ_MAX(cases_or(CUTS) / 4, 50), 200001);
    assert_true(run.lost == 0);
    assert_true(run.refused > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_acknowledged_is_lost),
        cmocka_unit_test(normal_sync_is_caught),
        cmocka_unit_test(a_full_disk_heals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
