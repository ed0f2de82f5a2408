/* Any bytes as a plain table: taken or refused by name, nothing read behind the end. The first byte
 * says which. */
#include "import/build_in.h"
#include "import/tables_in.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    if (len == 0 || len > 1 << 16) return 0;
    static tq_settings settings;
    tq_settings_default(&settings);
    settings.bad_rows_stop = (bytes[0] & 8) != 0;
    tq_build build = {.settings = &settings, .report = tq_report_new(), .texts = tq_texts_new()};
    build.zone.count = 1;
    build.zone.from_s[0] = INT64_MIN;
    tq_stop stop = {.id = tq_texts_add(build.texts, TQ_STR("A"))};
    tq_route route = {.id = tq_texts_add(build.texts, TQ_STR("R"))};
    tq_place_row place = {
        .name = tq_texts_add(build.texts, TQ_STR("A")), .parent = TQ_NONE, .link = TQ_NONE};
    build.city.timetable =
        (tq_timetable){.stop_count = 1, .route_count = 1, .stop = &stop, .route = &route};
    (void)tq_vec_push(&build.places, place);
    tq_str text = {(const char *)bytes + 1, len - 1};
    tables_places places = {0};
    tables_works works = {0};
    tables_fares fares = {0};
    tq_err err;
    switch (bytes[0] & 7) {
    case 0: (void)tables_places_csv(&build, &places, "fuzz", text, &err); break;
    case 1: (void)tables_places_geojson(&build, &places, "fuzz", text, &err); break;
    case 2: (void)tables_aliases(&build, "fuzz", text, &err); break;
    case 3: (void)tables_works_csv(&build, &works, "fuzz", text, &err); break;
    case 4: (void)tables_dates(&build, &places, "fuzz", text, &err); break;
    default: (void)tables_fares_csv(&build, &fares, "fuzz", text, &err); break;
    }
    (void)tables_places_join(&build, &places, &err);
    (void)tables_places_towns(&build, 0, &err);
    (void)tables_works_freeze(&build, &works, &err);
    tables_places_free(&places);
    tq_vec_free(&works.rows);
    tq_vec_free(&fares.tariffs);
    tq_vec_free(&fares.steps);
    tq_report_free(build.report);
    import_build_free(&build);
    return 0;
}
