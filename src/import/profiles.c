/*
 * Classes of vehicles and travellers: the built-in profile files and those of the city folder.
 *
 * The built-in ones come first, in the order of tq_profile. A file of the city with the name of a
 * built-in one changes that row; any other is added, in order of names, after the row that its
 * «like» names. The own speeds of foot, elder, wheelchair and bike are those of tongqu.yaml, which
 * trips use too; a city's file that sets them would say a second thing, so it is refused.
 */
#include <stdio.h>

#include "import/profiles_in.h"

_Static_assert(sizeof(tq_vehicle) == 300, "a new field wants a key");

uint32_t profile_find(const profile_set *set, tq_str name)
{
    for (uint32_t row = 0; row < set->count; row++)
        if (tq_str_is(name, set->row[row].name)) return row;
    return TQ_NONE;
}

bool profile_name_good(tq_str name)
{
    bool good = name.len > 0 && name.len <= PROFILE_NAME_MAX;
    for (size_t k = 0; k < name.len && good; k++) {
        char c = name.at[k];
        good = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
    }
    return good;
}

void profile_empty(profile *out, tq_str name)
{
    memset(out, 0, sizeof *out);
    memcpy(out->name, name.at, TQ_MIN(name.len, (size_t)PROFILE_NAME_MAX));
    tq_vehicle *vehicle = &out->vehicle;
    vehicle->kind = TQ_HIERARCHY_MOTOR;
    vehicle->plate = -1;
    vehicle->destination_factor = 1;
    vehicle->right_signal_percent = 100;
    memset(vehicle->class_percent, 100, TQ_STREET_CLASS_COUNT);
    memset(vehicle->surface_percent, 100, sizeof vehicle->surface_percent);
    memset(vehicle->hour_percent, 100, sizeof vehicle->hour_percent);
    memset(vehicle->rest_percent, 100, sizeof vehicle->rest_percent);
}

static tq_status read_built_in(profile_set *set, tq_err *err)
{
    for (size_t k = 0; k < tq_profile_file_count; k++) {
        const profile_file *file = &tq_profile_files[k];
        char path[64];
        bool waits;
        (void)snprintf(path, sizeof path, "built-in %s/%s.yaml", PROFILE_FOLDER, file->name);
        profile_empty(&set->row[set->count], tq_str_of(file->name));
        TQ_TRY(profile_read(set, path, (tq_str){file->at, file->len}, &set->row[set->count], &waits,
                            err));
        set->count++;
    }
    return TQ_OK;
}

/* ---- the city's own -------------------------------------------------------------------------- */

typedef struct city_file {
    char path[160]; /* profiles/NAME.yaml */
    char name[PROFILE_NAME_MAX + 1];
    bool built_in, read; /* changes a built-in one; done */
} city_file;

typedef struct city_files {
    city_file file[PROFILES_MAX];
    uint32_t count;
    tq_status status;
    tq_err *err;
} city_files;

static void seen_file(void *user, const char *name)
{
    city_files *files = user;
    tq_str text = tq_str_of(name);
    const tq_str end = TQ_STR(".yaml");
    if (files->status != TQ_OK || text.len <= end.len ||
        memcmp(text.at + text.len - end.len, end.at, end.len) != 0)
        return;
    tq_str stem = {text.at, text.len - end.len};
    if (!profile_name_good(stem)) {
        files->status = tq_fail(files->err, TQ_BAD_CONFIG, 0,
                                "%s/%.60s: a profile is called with a-z 0-9 _ -, at most %u signs",
                                PROFILE_FOLDER, name, PROFILE_NAME_MAX);
        return;
    }
    if (files->count == PROFILES_MAX) {
        files->status = tq_fail(files->err, TQ_LIMIT, 0, "%s holds more than %u profiles",
                                PROFILE_FOLDER, PROFILES_MAX);
        return;
    }
    city_file *file = &files->file[files->count++];
    memset(file, 0, sizeof *file);
    memcpy(file->name, stem.at, stem.len);
    (void)snprintf(file->path, sizeof file->path, PROFILE_FOLDER "/%.*s.yaml", (int)stem.len,
                   stem.at);
}

/* The four whose own speed is a key of tongqu.yaml. */
static const struct {
    const char *name, *key;
} by_settings[] = {{"foot", "walking.walk_speed.foot"},
                   {"elder", "walking.walk_speed.elder"},
                   {"wheelchair", "walking.walk_speed.wheelchair"},
                   {"bike", "bike.speed"}};

static tq_status check_speed(const city_file *file, const profile *made, tq_err *err)
{
    for (size_t k = 0; k < TQ_COUNT(by_settings) && made->speed_line != 0; k++)
        if (strcmp(made->name, by_settings[k].name) == 0)
            return tq_fail(err, TQ_BAD_CONFIG, made->speed_line,
                           "%s line %u: the own speed of %s is %s in tongqu.yaml; set it there",
                           file->path, made->speed_line, made->name, by_settings[k].key);
    return TQ_OK;
}

/* Read one file over its row; *waits when what it is like is not there yet. */
static tq_status read_one(const char *folder, city_file *file, profile_set *set, bool *waits,
                          tq_err *err)
{
    char path[TQ_PATH_MAX], *bytes = NULL;
    size_t len = 0;
    *waits = false;
    if (!tq_path_join(path, folder, file->path))
        return tq_fail(err, TQ_LIMIT, 0, "the path of %s is too long", file->path);
    uint32_t row = profile_find(set, tq_str_of(file->name));
    if (row == TQ_NONE && set->count == PROFILES_MAX)
        return tq_fail(err, TQ_LIMIT, 0, "over %u profiles", PROFILES_MAX);
    profile made;
    if (row != TQ_NONE)
        made = set->row[row];
    else
        profile_empty(&made, tq_str_of(file->name));
    made.speed_line = 0;
    TQ_TRY(tq_file_read(path, PROFILE_BYTES_MAX, &bytes, &len, err));
    tq_status status = profile_read(set, file->path, (tq_str){bytes, len}, &made, waits, err);
    tq_free(bytes);
    TQ_TRY(status);
    TQ_TRY(check_speed(file, &made, err));
    file->read = true;
    set->row[row != TQ_NONE ? row : set->count++] = made;
    return TQ_OK;
}

static tq_status read_all(const char *folder, city_files *files, profile_set *set, tq_err *err)
{
    for (uint32_t left = files->count; left > 0;) {
        uint32_t before = left;
        tq_status status = TQ_OK;
        for (uint32_t turn = 0; turn < 2 * files->count; turn++) {
            bool waits = false;
            uint32_t k = turn % files->count;
            /* What changes a built-in one first: others are like it as changed. */
            if (files->file[k].read || files->file[k].built_in != (turn < files->count)) continue;
            tq_status one = read_one(folder, &files->file[k], set, &waits, err);
            if (one != TQ_OK && !waits) return one;
            if (one != TQ_OK)
                status = one;
            else
                left--;
        }
        /* What is left waits for a profile that nobody brings, or for each other. */
        if (left == before) return status;
    }
    tq_err_clear(err);
    return TQ_OK;
}

static tq_status read_city(const char *folder, profile_set *set, tq_err *err)
{
    char path[TQ_PATH_MAX];
    if (!tq_path_join(path, folder, PROFILE_FOLDER))
        return tq_fail(err, TQ_LIMIT, 0, "the path of the city folder is too long");
    if (!tq_file_look(path).is_folder) return TQ_OK;
    city_files *files = TQ_ALLOC(city_files, 1);
    if (files == NULL) return tq_fail(err, TQ_NO_MEMORY, 0, "no memory for the profiles");
    files->err = err;
    tq_status status = tq_folder_list(path, seen_file, files, err);
    if (status == TQ_OK) status = files->status;
    for (uint32_t k = 0; k < files->count; k++)
        files->file[k].built_in = profile_find(set, tq_str_of(files->file[k].name)) != TQ_NONE;
    if (status == TQ_OK) status = read_all(folder, files, set, err);
    tq_free(files);
    return status;
}

/* ---- into the city --------------------------------------------------------------------------- */

static tq_status freeze_vehicles(tq_build *build, const profile_set *set, tq_err *err)
{
    if (build->texts == NULL) build->texts = tq_texts_new();
    tq_vehicle *row = tq_pool_push(&build->pool, set->count * sizeof *row, _Alignof(tq_vehicle));
    if (build->texts == NULL || row == NULL)
        return tq_fail(err, TQ_NO_MEMORY, 0, "no memory for the profiles");
    for (uint32_t k = 0; k < set->count; k++) {
        const profile *made = &set->row[k];
        row[k] = made->vehicle;
        row[k].name = tq_texts_add(build->texts, tq_str_of(made->name));
        row[k].label_zh = tq_texts_add(build->texts, tq_str_of(made->label_zh));
        row[k].label_en = tq_texts_add(build->texts, tq_str_of(made->label_en));
    }
    build->city.vehicles = (tq_vehicles){set->count, row};
    return TQ_OK;
}

typedef enum profile_source { BUILT_IN, BUILT_IN_AND_CITY } profile_source;

static tq_status import_set(tq_build *build, profile_source source, tq_err *err)
{
    profile_set *set = TQ_ALLOC(profile_set, 1);
    if (set == NULL) return tq_fail(err, TQ_NO_MEMORY, 0, "no memory for the profiles");
    tq_status status = read_built_in(set, err);
    const tq_settings *settings = build->settings;
    if (status == TQ_OK && source == BUILT_IN_AND_CITY) {
        for (size_t k = 0; k < TQ_COUNT(by_settings); k++) {
            uint32_t row = profile_find(set, tq_str_of(by_settings[k].name));
            uint32_t mm_s = k < 3 ? settings->walk_mm_s[k] : settings->bike_mm_s;
            if (row != TQ_NONE && mm_s != 0) set->row[row].vehicle.free_mm_s = (uint16_t)mm_s;
        }
        status = read_city(settings->folder, set, err);
    }
    if (status == TQ_OK) status = freeze_vehicles(build, set, err);
    tq_free(set);
    return status;
}

tq_status import_vehicles(tq_build *build, tq_err *err)
{
    TQ_TRY(import_set(build, build->settings != NULL ? BUILT_IN_AND_CITY : BUILT_IN, err));
    if (build->report != NULL)
        tq_report_count(build->report, "vehicles", build->city.vehicles.count);
    return TQ_OK;
}

tq_status import_vehicles_built_in(tq_build *build, tq_err *err)
{
    return import_set(build, BUILT_IN, err);
}
