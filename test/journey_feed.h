/*
 * A town made of a small GTFS feed that a test writes, imported and opened, without streets: a
 * snapshot and room for a journey.
 *
 *   static void put_feed(void) { feed_put("stops.txt", "stop_id,…"); … }
 *   static int make_town(void **state) { return feed_make_town(put_feed); }
 */
#ifndef TQ_TEST_JOURNEY_FEED_H
#define TQ_TEST_JOURNEY_FEED_H

/* cmocka.h needs the ones before it. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <cmocka.h>
/* clang-format on */

#include "import/import.h"
#include "journey/journey.h"

static char feed_folder[64];
static tq_snapshot town;
static tq_arena work;

static inline void feed_put(const char *name, const char *text)
{
    char path[160];
    (void)snprintf(path, sizeof path, "%s/feed/%s", feed_folder, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static inline int feed_make_town(void (*put_all)(void))
{
    static tq_settings settings;
    char path[160];
    tq_err err = {0};
    (void)snprintf(feed_folder, sizeof feed_folder, "/tmp/tongqu-feed-XXXXXX");
    if (mkdtemp(feed_folder) == NULL) return 1;
    (void)snprintf(path, sizeof path, "%s/feed", feed_folder);
    if (tq_folder_make(path, NULL) != TQ_OK) return 1;
    put_all();
    tq_report *report = tq_report_new();
    tq_settings_default(&settings);
    (void)snprintf(settings.folder, sizeof settings.folder, "%s", feed_folder);
    (void)snprintf(settings.timezone, sizeof settings.timezone, "Asia/Shanghai");
    (void)snprintf(settings.id, sizeof settings.id, "feed");
    (void)snprintf(settings.gtfs[0], sizeof settings.gtfs[0], "feed");
    settings.gtfs_count = 1;
    (void)snprintf(path, sizeof path, "%s/feed.city", feed_folder);
    tq_status status = tq_import(&settings, path, report, NULL, NULL, &err);
    tq_report_free(report);
    if (status == TQ_OK) status = tq_snapshot_open(path, &town, &err);
    if (status != TQ_OK) {
        print_message("%s\n", err.text);
        return 1;
    }
    size_t bytes = tq_journey_work_bytes(town.city);
    tq_arena_init(&work, malloc(bytes), bytes);
    return work.base == NULL;
}

static inline int feed_drop_town(void **state)
{
    static const char *const name[] = {
        "feed/agency.txt", "feed/calendar.txt",   "feed/stops.txt",     "feed/routes.txt",
        "feed/trips.txt",  "feed/stop_times.txt", "feed/transfers.txt", "feed",
        "feed.city"};
    char path[160];
    (void)state;
    tq_snapshot_close(&town);
    free(work.base);
    for (size_t k = 0; k < TQ_COUNT(name); k++) {
        (void)snprintf(path, sizeof path, "%s/%s", feed_folder, name[k]);
        (void)remove(path);
    }
    return rmdir(feed_folder);
}

#endif
