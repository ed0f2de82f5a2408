/*
 * Sources of a city folder: lists that tongqu.yaml leaves to `auto` are filled by what lies there,
 * by name; listed files must be there. Lists that were found are sorted by bytes; listed ones keep
 * their order. Sub-folders are looked at for timetables only, two levels down; names with a leading
 * dot never.
 */
#include <stdio.h>
#include <stdlib.h>
#include <zip.h>

#include "import/settings_in.h"

#define FOLDER_DEPTH_MAX 2
#define FOUND_MAX        100000u /* names looked at in all */

typedef struct source_list {
    char (*path)[512];
    uint32_t *count;
    const char *name;
    bool open; /* to be filled */
} source_list;

enum { OSM, GTFS, STREETS, PLACES, ALIASES, WORKS, DATES, FARES, RULES, LIST_COUNT };

typedef struct folder_name {
    char path[512]; /* below the city folder */
    unsigned depth;
} folder_name;

typedef struct source_search {
    const char *folder;
    source_list list[LIST_COUNT];
    TQ_VEC(folder_name) folders; /* waiting to be looked at */
    folder_name in;
    uint32_t seen;
    tq_status status;
    tq_err *err;
} source_search;

static bool ends_with(const char *name, const char *end)
{
    size_t len = strlen(name), end_len = strlen(end);
    return len > end_len && strcmp(name + len - end_len, end) == 0;
}

static bool zip_has_stops(const char *path)
{
    zip_t *zip = zip_open(path, ZIP_RDONLY, NULL);
    if (zip == NULL) return false;
    bool has = zip_name_locate(zip, "stops.txt", ZIP_FL_NODIR) >= 0;
    zip_discard(zip);
    return has;
}

/* The list that a file of the city folder belongs to by its name; LIST_COUNT = none. */
static int list_of_file(const char *name, const char *full)
{
    static const struct {
        const char *start, *end;
        int list;
    } rule[] = {
        {"", ".osm.pbf", OSM},          {"", ".osm", OSM},
        {"", ".osm.gz", OSM},           {"", ".gtfs.zip", GTFS},
        {"streets", ".csv", STREETS},   {"places", ".csv", PLACES},
        {"places", ".geojson", PLACES}, {"gates", ".csv", PLACES},
        {"aliases", ".csv", ALIASES},   {"works", ".csv", WORKS},
        {"dates", ".csv", DATES},       {"fares", ".csv", FARES},
        {"rules", ".csv", RULES},
    };
    for (size_t k = 0; k < TQ_COUNT(rule); k++)
        if (tq_str_starts(tq_str_of(name), rule[k].start) && ends_with(name, rule[k].end))
            return rule[k].list;
    return ends_with(name, ".zip") && zip_has_stops(full) ? GTFS : LIST_COUNT;
}

static void add_found(source_search *search, int list, const char *path)
{
    source_list *to = &search->list[list];
    if (!to->open) return;
    if (*to->count == TQ_SOURCES_MAX) {
        search->status =
            tq_fail(search->err, TQ_LIMIT, 0,
                    "the city folder holds more than %d sources for %s; move some away",
                    TQ_SOURCES_MAX, to->name);
        return;
    }
    memcpy(to->path[*to->count], path, strlen(path) + 1);
    (*to->count)++;
}

static void see_name(void *user, const char *name)
{
    source_search *search = user;
    char path[512], full[TQ_PATH_MAX];
    if (name[0] == '.' || search->status != TQ_OK) return;
    if (++search->seen > FOUND_MAX) {
        search->status = tq_fail(search->err, TQ_LIMIT, 0,
                                 "the city folder holds over %u names; "
                                 "list the sources in " SETTINGS_FILE,
                                 FOUND_MAX);
        return;
    }
    const char *in = search->in.path;
    int len = snprintf(path, sizeof path, "%s%s%s", in, in[0] != '\0' ? "/" : "", name);
    if (len < 0 || (size_t)len >= sizeof path || !tq_path_join(full, search->folder, path)) return;
    if (!tq_file_look(full).is_folder) {
        int list = search->in.depth == 0 ? list_of_file(name, full) : LIST_COUNT;
        if (list != LIST_COUNT) add_found(search, list, path);
        return;
    }
    char stops[TQ_PATH_MAX];
    if (tq_path_join(stops, full, "stops.txt") && tq_file_look(stops).exists) {
        add_found(search, GTFS, path);
    } else if (search->in.depth < FOLDER_DEPTH_MAX) {
        folder_name below = {.depth = search->in.depth + 1};
        memcpy(below.path, path, (size_t)len + 1);
        if (!tq_vec_push(&search->folders, below))
            search->status = tq_fail(search->err, TQ_NO_MEMORY, 0, "no memory to look for sources");
    }
}

static int by_bytes(const void *a, const void *b)
{
    return strcmp(a, b);
}

/* Each listed file must be there, as a file or, for timetables, a folder. */
static tq_status check_listed(const source_search *search, const settings_lines *lines)
{
    for (int list = 0; list < LIST_COUNT; list++) {
        const source_list *one = &search->list[list];
        uint32_t line = 0;
        for (uint32_t row = 0; row < settings_key_count; row++)
            if (strncmp(settings_keys[row].path, "sources.", 8) == 0 &&
                strcmp(settings_leaf(settings_keys[row].path), one->name) == 0)
                line = lines->of_key[row];
        for (uint32_t k = 0; !one->open && k < *one->count; k++) {
            char full[TQ_PATH_MAX];
            if (!tq_path_join(full, search->folder, one->path[k]) || !tq_file_look(full).exists)
                return tq_fail(search->err, TQ_BAD_CONFIG, line,
                               SETTINGS_FILE " line %u: %s names %s, which is not there", line,
                               one->name, one->path[k]);
            if (tq_file_look(full).is_folder && list != GTFS)
                return tq_fail(search->err, TQ_BAD_CONFIG, line,
                               SETTINGS_FILE " line %u: %s names the folder %s; name files", line,
                               one->name, one->path[k]);
        }
    }
    return TQ_OK;
}

tq_status settings_find_sources(tq_settings *s, const settings_lines *lines, tq_err *err)
{
    source_search search = {
        .folder = s->folder,
        .err = err,
        .list = {{s->osm, &s->osm_count, "osm", s->osm_count == 0},
                 {s->gtfs, &s->gtfs_count, "gtfs", s->gtfs_count == 0},
                 {s->streets, &s->streets_count, "streets", s->streets_count == 0},
                 {s->places, &s->places_count, "places", s->places_count == 0},
                 {s->aliases, &s->aliases_count, "aliases", s->aliases_count == 0},
                 {s->works, &s->works_count, "works", s->works_count == 0},
                 {s->dates, &s->dates_count, "dates", s->dates_count == 0},
                 {s->fares, &s->fares_count, "fares", s->fares_count == 0},
                 {s->rules, &s->rules_count, "rules", s->rules_count == 0}}};
    tq_status status = check_listed(&search, lines);
    if (status != TQ_OK) return status;
    if (!tq_vec_push(&search.folders, (folder_name){0}))
        return tq_fail(err, TQ_NO_MEMORY, 0, "no memory to look for sources");
    for (size_t k = 0; status == TQ_OK && k < search.folders.count; k++) {
        char full[TQ_PATH_MAX];
        search.in = search.folders.at[k];
        if (!tq_path_join(full, s->folder, search.in.path)) continue;
        status = tq_folder_list(full, see_name, &search, err);
        if (status == TQ_OK) status = search.status;
    }
    tq_vec_free(&search.folders);
    for (int list = 0; status == TQ_OK && list < LIST_COUNT; list++)
        if (search.list[list].open)
            qsort(search.list[list].path, *search.list[list].count,
                  sizeof search.list[list].path[0], by_bytes);
    return status;
}
