// also: import
/* A recording of a live feed over the timetable that belongs to it, and when to ask a feed again.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "import/import.h"
#include "live/feed_in.h"

/* ---- when to ask again ---- */

static void tries_get_rarer_and_start_again(void **state)
{
    (void)state;
    tq_pull pull, same;
    tq_pull_begin(&pull, 30, 7, 1000);
    tq_pull_begin(&same, 30, 7, 1000);
    assert_true(pull.next_ms == 1000);
    assert_true(tq_pull_after(&pull, TQ_PULL_TAKEN, 1000) == 31000);
    int64_t most_s = 60;
    for (unsigned k = 0; k < 40; k++) {
        int64_t wait_ms = tq_pull_after(&pull, TQ_PULL_FAILED, 5000) - 5000;
        assert_true(tq_pull_after(&same, TQ_PULL_FAILED, 5000) - 5000 == wait_ms);
        if (wait_ms > most_s * 1000 || wait_ms < most_s * 750 - 1)
            fail_msg("failure %u: %lld ms", k, (long long)wait_ms);
        most_s = TQ_MIN(most_s * 2, (int64_t)TQ_PULL_WAIT_MAX_S);
    }
    assert_true(tq_pull_after(&pull, TQ_PULL_SAME, 0) == 30000);
    assert_true(tq_pull_after(&pull, TQ_PULL_FAILED, 0) <= 60000);
    tq_pull_begin(&pull, 0, 7, 0);
    assert_int_equal(pull.every_s, TQ_PULL_EVERY_MIN_S);
    tq_pull_begin(&pull, 3600, 7, 0);
    assert_in_range(tq_pull_after(&pull, TQ_PULL_FAILED, 0), 2700000, 3600000);
}

/* ---- the recording of a railway over its timetable ---- */

static char *read_all(const char *path, size_t *len)
{
    char *bytes = NULL;
    tq_err err = {0};
    return tq_file_read(path, 1 << 22, &bytes, len, &err) == TQ_OK ? bytes : NULL;
}

static void a_recording_fits_its_timetable(void **state)
{
    (void)state;
    static tq_settings settings;
    char path[600], city_path[] = "/tmp/tq_live_feed_XXXXXX";
    const char *shared = getenv("TQ_SHARED_DATA"), *ci = getenv("CI");
    tq_err err = {0};
    size_t len = 0;
    (void)snprintf(path, sizeof path, "%s/gtfs_rt/bart_trip_updates.pb",
                   shared != NULL ? shared : "../shared/data");
    char *bytes = read_all(path, &len);
    if (bytes == NULL) {
        if (ci != NULL && strcmp(ci, "true") == 0) fail_msg("%s is not there", path);
        skip();
    }
    tq_settings_default(&settings);
    (void)snprintf(settings.folder, sizeof settings.folder, "%s/gtfs_rt",
                   shared != NULL ? shared : "../shared/data");
    (void)snprintf(settings.timezone, sizeof settings.timezone, "America/Los_Angeles");
    (void)snprintf(settings.gtfs[0], sizeof settings.gtfs[0], "bart.gtfs.zip");
    settings.gtfs_count = 1;
    assert_int_not_equal(close(mkstemp(city_path)), -1);
    tq_report *report = tq_report_new();
    tq_city *city = NULL;
    if (tq_import(&settings, city_path, report, NULL, NULL, &err) != TQ_OK ||
        tq_city_open(city_path, &city, &err) != TQ_OK)
        fail_msg("%s", err.text);
    tq_report_free(report);
    (void)unlink(city_path);
    live_feeds *feeds = live_feeds_new(city);
    live_feed_runs runs;
    tq_buf out = {0};
    int64_t now_ms = INT64_C(1565199921000);
    if (live_feeds_put(feeds, "bart", (tq_str){bytes, len}, now_ms, &out, &err) != TQ_OK)
        fail_msg("%s", err.text);
    tq_buf_putc(&out, '\0');
    print_message("%s\n", out.at);
    /* The other 26 are not in this timetable. */
    assert_non_null(strstr(out.at, "\"entities\":91,\"matched\":65,\"unmatched\":26,"));
    assert_int_equal(live_feeds_runs(feeds, &runs, &err), TQ_OK);
    uint32_t late = 0, changed = 0;
    for (uint32_t row = 0; row < runs.run_count; row++) {
        const tq_live_run *run = &runs.run[row];
        int32_t before = INT32_MIN;
        changed += run->state == TQ_RUN_CHANGED;
        assert_int_equal(run->service_day, 18115); /* 2019-08-07 */
        bool any = false;
        for (uint32_t k = run->first_call; k < run->first_call + run->call_count; k++) {
            assert_true(runs.call[k].arrival_s >= before);
            assert_true(runs.call[k].departure_s >= runs.call[k].arrival_s);
            before = runs.call[k].departure_s;
            if (run->state != TQ_RUN_CHANGED || runs.call[k].place == TQ_NONE) continue;
            const tq_trip *trip = &city->timetable.trip[run->trip];
            any = any ||
                  runs.call[k].arrival_s >
                      run->start_s + city->timetable
                                         .stop_time[city->timetable.profile_first[trip->profile] +
                                                    runs.call[k].place]
                                         .arrival_s;
        }
        late += any;
    }
    print_message("runs %u, changed %u, late somewhere %u\n", runs.run_count, changed, late);
    assert_int_equal(changed, 65);
    assert_int_equal(late, 65);
    tq_buf_free(&out);
    tq_free(bytes);
    live_feeds_free(feeds);
    tq_city_close(city);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tries_get_rarer_and_start_again),
        cmocka_unit_test(a_recording_fits_its_timetable),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
