/*
 * The driver: runs the stages in order, freezes what they share, writes the file, and reports time
 * and memory.
 *
 * Order: streets and timetable first, stops cut into streets; then the places that the network
 * names, so that tables (aliases, dates, gates) can refer to them; fares; hierarchies and walking
 * cores of the final graph; last the frozen places, their search index and the file.
 *
 * Nothing of the city folder's own path reaches the file: sources enter the hash by name and bytes.
 */
#include <stdio.h>

#include "import/build_in.h"
#include "import/profiles_in.h"
#include "import/settings_in.h"

#define FORMAT_VERSION                                                                             \
    2u /* of importing: change it when the same sources give another city file                     \
        */
#define HASH_SEED UINT64_C(0x746f6e677175)

typedef struct import_stage {
    const char *name;
    tq_status (*run)(tq_build *build, tq_err *err);
} import_stage;

/* Texts that the build's settings put into the file. */
static tq_status fill_meta(tq_build *build, tq_err *err)
{
    const tq_settings *settings = build->settings;
    tq_meta *meta = tq_pool_push(&build->pool, sizeof *meta, 8);
    if (meta == NULL) return tq_fail(err, TQ_NO_MEMORY, 0, "no memory for the city's facts");
    const char *name = settings->name[0] != '\0' ? settings->name : settings->id;
    *meta = (tq_meta){.name = tq_texts_add(build->texts, tq_str_of(name)),
                      .name_en = tq_texts_add(build->texts, tq_str_of(settings->name_en)),
                      .id = tq_texts_add(build->texts, tq_str_of(settings->id)),
                      .zone_name = tq_texts_add(build->texts, tq_str_of(settings->timezone)),
                      .attribution = tq_texts_add(build->texts, tq_str_of(settings->attribution)),
                      .generated = settings->generated,
                      .box = TQ_BOX_EMPTY,
                      .change_s = settings->change_s,
                      .bike_mm_s = settings->bike_mm_s,
                      .taxi_wait_s = settings->taxi_wait_s,
                      .max_transfers = settings->max_transfers,
                      .night_end_s = settings->night_end_s};
    for (unsigned walker = 0; walker < TQ_COUNT(meta->walk_mm_s); walker++) {
        meta->walk_mm_s[walker] = settings->walk_mm_s[walker];
        meta->max_walk_m[walker] = settings->max_walk_m[walker];
    }
    const tq_city *city = &build->city;
    for (uint32_t node = 0; node < city->streets.node_count; node++)
        tq_box_add(&meta->box, city->streets.node_at[node]);
    for (uint32_t stop = 0; stop < city->timetable.stop_count; stop++)
        if (city->timetable.stop[stop].at.lat_e7 != 0 || city->timetable.stop[stop].at.lon_e7 != 0)
            tq_box_add(&meta->box, city->timetable.stop[stop].at);
    /* Places can lie far away (ports, other towns): they make the box only of a city that has
     * nothing else. */
    for (uint32_t place = 0; meta->box.south_e7 > meta->box.north_e7 && place < city->places.count;
         place++)
        tq_box_add(&meta->box, city->places.row[place].at);
    TQ_TRY(tq_import_source_hash(settings, &meta->source_hash, err));
    build->city.meta = meta;
    build->city.meta_count = 1;
    return TQ_OK;
}

static tq_status build_search(tq_build *build, tq_err *err)
{
    tq_search_data data = {0};
    build->city.text = tq_texts_all(build->texts);
    build->city.text_len = tq_texts_len(build->texts);
    TQ_TRY(tq_search_build(&build->city, &build->city.search, &data, err));
    void *const array[] = {data.key_place,  data.key_text, data.key_why, data.gram,
                           data.gram_first, data.posting,  data.text};
    bool kept = true;
    for (size_t k = 0; k < TQ_COUNT(array); k++)
        kept = tq_build_keep(build, array[k]) && kept;
    return kept ? TQ_OK : tq_fail(err, TQ_NO_MEMORY, 0, "no memory for the search index");
}

/* What every stage filled comes together: dates, zone, texts. */
static tq_status freeze(tq_build *build, tq_err *err)
{
    tq_city *city = &build->city;
    TQ_TRY(import_freeze_places(build, err));
    TQ_TRY(fill_meta(build, err));
    if (tq_texts_failed(build->texts))
        return tq_fail(err, TQ_LIMIT, 0, "all texts together have over 4 GiB, or memory is out");
    city->dates = (tq_dates){(uint32_t)build->dates.count, build->dates.at};
    city->zone = (tq_zone_table){build->zone.count, build->zone.from_s, build->zone.offset_s};
    return build_search(build, err);
}

static const import_stage stages[] = {
    {"osm", import_osm},
    {"streets", import_streets_csv},
    {"rules", import_rules},
    {"timetables", import_gtfs},
    {"link_stops", import_link_stops},
    {"straight_walks", import_straight_walks},
    {"places_of_stops", import_places_of_stops},
    {"tables", import_tables},
    {"fares", import_fares},
    {"vehicles", import_vehicles},
    {"hierarchies", import_hierarchies},
    {"walks", import_walks},
    {"names", freeze},
};

static void count_time(tq_report *report, const char *stage, const char *what, int64_t ns)
{
    char name[64];
    (void)snprintf(name, sizeof name, "time.%s.%s_us", stage, what);
    tq_report_count(report, name, (uint64_t)TQ_MAX(ns / 1000, 0));
}

typedef struct stage_clock {
    int64_t wall_ns, cpu_ns;
} stage_clock;

static stage_clock clock_now(void)
{
    const tq_env *env = tq_env_real();
    return (stage_clock){env->mono_ns(env->user), tq_cpu_ns()};
}

static void count_stage(tq_report *report, const char *stage, stage_clock since)
{
    stage_clock now = clock_now();
    count_time(report, stage, "wall", now.wall_ns - since.wall_ns);
    count_time(report, stage, "cpu", now.cpu_ns - since.cpu_ns);
    tq_report_count(report, "memory.peak_bytes", tq_peak_memory_bytes());
}

static void count_city(tq_report *report, const tq_city *city)
{
    const struct {
        const char *name;
        uint64_t value;
    } counter[] = {{"city.nodes", city->streets.node_count},
                   {"city.edges", city->streets.edge_count},
                   {"city.stops", city->timetable.stop_count},
                   {"city.routes", city->timetable.route_count},
                   {"city.trips", city->timetable.trip_count},
                   {"city.stop_times", city->timetable.stop_time_count},
                   {"city.places", city->places.count},
                   {"city.aliases", city->places.alias_count},
                   {"city.search_keys", city->search.key_count},
                   {"city.dates", city->dates.count},
                   {"city.works", city->works.count},
                   {"city.text_bytes", city->text_len}};
    for (size_t k = 0; k < TQ_COUNT(counter); k++)
        tq_report_count(report, counter[k].name, counter[k].value);
}

static tq_status run_stages(tq_build *build, const char *path, tq_err *err)
{
    for (size_t k = 0; k < TQ_COUNT(stages); k++) {
        stage_clock since = clock_now();
        if (build->progress != NULL) build->progress(build->progress_user, stages[k].name, 0, 0);
        tq_status status = stages[k].run(build, err);
        count_stage(build->report, stages[k].name, since);
        if (status != TQ_OK) return status;
    }
    count_city(build->report, &build->city);
    stage_clock since = clock_now();
    if (build->progress != NULL) build->progress(build->progress_user, "write", 0, 0);
    tq_status status = tq_city_write(&build->city, path, err);
    count_stage(build->report, "write", since);
    if (status == TQ_OK) tq_report_count(build->report, "city.bytes", tq_file_look(path).size);
    return status;
}

tq_status tq_import(const tq_settings *settings, const char *path, tq_report *report,
                    tq_progress progress, void *progress_user, tq_err *err)
{
    stage_clock since = clock_now();
    tq_build *build = TQ_ALLOC(tq_build, 1);
    if (build == NULL) return tq_fail(err, TQ_NO_MEMORY, 0, "no memory to import");
    *build = (tq_build){.settings = settings,
                        .report = report,
                        .texts = tq_texts_new(),
                        .progress = progress,
                        .progress_user = progress_user,
                        .threads = settings->import_threads != 0 ? settings->import_threads
                                                                 : tq_core_count()};
    tq_status status = TQ_OK;
    /* Row 0 of the dates, open always, is there before any stage refers to it. */
    if (build->texts == NULL || tq_build_date(build, TQ_OPEN, INT64_MIN, INT64_MAX, 0) == TQ_NONE)
        status = tq_fail(err, TQ_NO_MEMORY, 0, "no memory to import");
    if (status == TQ_OK) status = tq_zone_load(settings->timezone, &build->zone, err);
    if (status == TQ_OK) status = run_stages(build, path, err);
    import_streets_free(build);
    import_build_free(build);
    tq_free(build);
    count_stage(report, "total", since);
    return status;
}

/* ---- the hash of the sources -------------------------------------------------------------------
 */

typedef struct source_hash {
    uint64_t hash;
    char folder[TQ_PATH_MAX];
    tq_status status;
    tq_err *err;
} source_hash;

static void hash_file(source_hash *state, const char *path, const char *name)
{
    if (state->status != TQ_OK) return;
    tq_map map;
    state->status = tq_map_open(path, &map, state->err);
    if (state->status != TQ_OK) return;
    state->hash = tq_hash(name, strlen(name) + 1, state->hash);
    state->hash = tq_mix(tq_hash(map.at, map.len, state->hash) ^ map.len);
    tq_map_close(&map);
}

static void hash_folder_name(void *user, const char *name)
{
    source_hash *state = user;
    char path[TQ_PATH_MAX];
    if (name[0] == '.' || !tq_path_join(path, state->folder, name)) return;
    if (!tq_file_look(path).is_folder) hash_file(state, path, name);
}

/* A path outside the folder enters by its last part, so that no machine's layout is in the file. */
static const char *portable_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return path[0] == '/' && slash != NULL ? slash + 1 : path;
}

static void hash_source(source_hash *state, const tq_settings *settings, const char *source)
{
    char path[TQ_PATH_MAX];
    const char *name = portable_name(source);
    if (state->status != TQ_OK) return;
    if (!tq_path_join(path, settings->folder, source)) {
        state->status = tq_fail(state->err, TQ_LIMIT, 0, "the path of %s is too long", source);
    } else if (tq_file_look(path).is_folder) {
        state->hash = tq_hash(name, strlen(name) + 1, state->hash);
        memcpy(state->folder, path, strlen(path) + 1);
        state->status = tq_folder_list(path, hash_folder_name, state, state->err);
    } else {
        hash_file(state, path, name);
    }
}

/* Built-in profiles and the city's own, which need not be there. */
static void hash_profiles(source_hash *state, const tq_settings *settings)
{
    char path[TQ_PATH_MAX];
    for (size_t k = 0; k < tq_profile_file_count; k++)
        state->hash = tq_hash(tq_profile_files[k].at, tq_profile_files[k].len, state->hash);
    if (tq_path_join(path, settings->folder, PROFILE_FOLDER) && tq_file_look(path).is_folder)
        hash_source(state, settings, PROFILE_FOLDER);
}

tq_status tq_import_source_hash(const tq_settings *settings, uint64_t *hash, tq_err *err)
{
    const struct {
        const char (*path)[512];
        uint32_t count;
    } list[] = {
        {settings->osm, settings->osm_count},         {settings->gtfs, settings->gtfs_count},
        {settings->streets, settings->streets_count}, {settings->places, settings->places_count},
        {settings->aliases, settings->aliases_count}, {settings->works, settings->works_count},
        {settings->dates, settings->dates_count},     {settings->fares, settings->fares_count},
        {settings->rules, settings->rules_count}};
    tq_buf text = {0};
    tq_buf_printf(&text, "import %u\n", FORMAT_VERSION);
    settings_print(settings, SETTINGS_OF_CITY, &text);
    if (text.failed) {
        tq_buf_free(&text);
        return tq_fail(err, TQ_NO_MEMORY, 0, "no memory to hash the settings");
    }
    source_hash *state = TQ_ALLOC(source_hash, 1);
    if (state == NULL) {
        tq_buf_free(&text);
        return tq_fail(err, TQ_NO_MEMORY, 0, "no memory to hash the sources");
    }
    state->hash = tq_hash(text.at, text.len, HASH_SEED);
    state->status = TQ_OK;
    state->err = err;
    tq_buf_free(&text);
    for (uint32_t k = 0; k < TQ_COUNT(list); k++) {
        state->hash = tq_mix(state->hash ^ (k + 1));
        for (uint32_t source = 0; source < list[k].count; source++)
            hash_source(state, settings, list[k].path[source]);
    }
    hash_profiles(state, settings);
    tq_status status = state->status;
    if (status == TQ_OK) *hash = state->hash;
    tq_free(state);
    return status;
}
