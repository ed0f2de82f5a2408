/*
 * Any bytes as a feed: a zip archive when they begin with PK, else files one after another, each
 * behind a line
 * "== NAME". Import either ends well, with arrays whose indices hold, or with a named error.
 */
#include <stdint.h>
#include <stdlib.h>

#include "import/gtfs_in.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

#define FILES_MAX 40

static void check_indices(const tq_timetable *t)
{
    for (uint32_t pattern = 0; pattern < t->pattern_count; pattern++) {
        TQ_ASSERT(t->pattern_first[pattern] + 2 <= t->pattern_first[pattern + 1]);
        TQ_ASSERT(t->pattern_route[pattern] < t->route_count);
    }
    for (uint32_t k = 0; k < t->pattern_stop_count; k++) {
        TQ_ASSERT(t->pattern_stop[k] < t->stop_count);
        TQ_ASSERT(t->pattern_shape_at[k] == TQ_NONE ||
                  t->pattern_shape_at[k] < t->shape_point_count);
    }
    for (uint32_t trip = 0; trip < t->trip_count; trip++) {
        const tq_trip *row = &t->trip[trip];
        uint32_t stops = t->pattern_first[row->pattern + 1] - t->pattern_first[row->pattern];
        const tq_stop_time *time = t->stop_time + t->profile_first[row->profile];
        TQ_ASSERT(row->service < t->service_count && row->profile < t->profile_count);
        TQ_ASSERT(t->profile_first[row->profile + 1] - t->profile_first[row->profile] == stops);
        TQ_ASSERT(row->first_frequency + row->frequency_count <= t->frequency_count);
        TQ_ASSERT(time[0].departure_s == 0 && row->start_s >= 0);
        for (uint32_t k = 1; k < stops; k++)
            TQ_ASSERT(time[k].arrival_s >= time[k - 1].departure_s &&
                      time[k].departure_s >= time[k].arrival_s);
    }
    for (uint32_t k = 0; k < t->transfer_count; k++)
        TQ_ASSERT(t->transfer[k].from_stop < t->stop_count &&
                  t->transfer[k].to_stop < t->stop_count);
    for (uint32_t stop = 0; stop < t->stop_count; stop++)
        TQ_ASSERT(t->stop[stop].parent == TQ_NONE || t->stop[stop].parent < t->stop_count);
}

static uint32_t split_files(const char *at, size_t len, gtfs_memory_file *file,
                            char name[FILES_MAX][64])
{
    const char *end = at + len;
    uint32_t count = 0;
    while (at < end && count < FILES_MAX) {
        const char *line_end = memchr(at, '\n', (size_t)(end - at));
        if (line_end == NULL) break;
        size_t name_len = (size_t)(line_end - at);
        if (name_len > 3 && memcmp(at, "== ", 3) == 0 && name_len < 60) {
            memcpy(name[count], at + 3, name_len - 3);
            name[count][name_len - 3] = '\0';
            file[count] = (gtfs_memory_file){name[count], {line_end + 1, 0}};
            count++;
        } else if (count > 0) {
            file[count - 1].text.len = (size_t)(line_end + 1 - file[count - 1].text.at);
        }
        at = line_end + 1;
    }
    return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static tq_settings settings;
    static char name[FILES_MAX][64];
    gtfs_memory_file file[FILES_MAX];
    gtfs_source source;
    settings.night_end_s = 14400;
    settings.bad_rows_stop = len % 8 == 7;
    if (len > 2 && memcmp(bytes, "PK", 2) == 0) {
        if (gtfs_source_zip(&source, "fuzz.zip", bytes, len, NULL) != TQ_OK) return 0;
    } else {
        source = (gtfs_source){.kind = GTFS_MEMORY, .name = "fuzz", .file = file};
        source.file_count = split_files((const char *)bytes, len, file, name);
    }
    tq_build build = {
        .settings = &settings, .report = tq_report_new(), .texts = tq_texts_new(), .threads = 1};
    tq_err err = {0};
    tq_status status = gtfs_import_sources(&build, &source, 1, &err);
    if (status == TQ_OK)
        check_indices(&build.city.timetable);
    else
        TQ_ASSERT(err.status == status && err.text[0] != '\0');
    gtfs_source_close(&source);
    import_build_free(&build);
    tq_report_free(build.report);
    return 0;
}
