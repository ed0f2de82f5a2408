/* Fuzz: any bytes as a streets.csv, or as an OSM file when they begin with < or a blob; then the
 * whole freezing. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "import/conditions_in.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void run(tq_build *build)
{
    tq_err err = {0};
    if (tq_build_date(build, TQ_OPEN, INT64_MIN, INT64_MAX, 0) != 0) return;
    build->zone = (tq_zone){.count = 1, .from_s = {INT64_MIN}, .offset_s = {28800}};
    if (import_osm(build, &err) == TQ_OK && import_streets_csv(build, &err) == TQ_OK)
        (void)import_link_stops(build, &err);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static tq_settings settings;
    static char path[64];
    tq_settings_default(&settings);
    if (path[0] == '\0') {
        (void)snprintf(path, sizeof path, "/tmp/tq_fuzz_streets_XXXXXX");
        int made = mkstemp(path);
        if (made < 0) abort();
        (void)close(made);
    }
    FILE *file = fopen(path, "wb");
    if (file == NULL || fwrite(bytes, 1, len, file) != len || fclose(file) != 0) abort();
    (void)snprintf(settings.folder, sizeof settings.folder, "/");
    bool osm = len > 0 && (bytes[0] == '<' || bytes[0] == 0);
    (void)snprintf(osm ? settings.osm[0] : settings.streets[0], sizeof settings.osm[0], "%s", path);
    settings.osm_count = osm;
    settings.streets_count = !osm;
    tq_build *build = TQ_ALLOC(tq_build, 1);
    if (build == NULL) return 0;
    build->settings = &settings;
    build->report = tq_report_new();
    build->texts = tq_texts_new();
    build->threads = 1;
    run(build);
    import_streets_free(build);
    import_conditions_free(build);
    tq_vec_free(&build->node_flags);
    tq_vec_free(&build->dates);
    tq_vec_free(&build->places);
    tq_vec_free(&build->aliases);
    tq_pool_free(&build->pool);
    tq_texts_free(build->texts);
    tq_report_free(build->report);
    tq_free(build);
    (void)unlink(path);
    return 0;
}
