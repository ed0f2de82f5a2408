/* Profile files: the built-in ones say what they should; every mistake has its file, line and
 * remedy; a city folder changes and adds. */
// clang-format off
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
// clang-format on

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tongqu/route.h"

#include "import/profiles_in.h"

static void built_in_files(void **state)
{
    (void)state;
    tq_build build = {0};
    tq_err err = {0};
    tq_status status = import_vehicles_built_in(&build, &err);
    assert_string_equal(err.text, "");
    assert_int_equal(status, TQ_OK);
    const tq_vehicles *vehicles = &build.city.vehicles;
    assert_int_equal(vehicles->count, TQ_PROFILE_COUNT);
    static const struct {
        const char *name;
        uint8_t kind, mode, access;
        uint32_t flags;
        uint16_t height_cm, weight_10kg, axle_10kg, free_mm_s, max_kmh_tenths;
        uint8_t primary, steps;
        uint16_t left_ds, signal_ds;
    } want[] = {
        {"foot", TQ_HIERARCHY_ACTIVE, 1, 1, 0, 0, 0, 0, 1250, 0, 100, 50, 0, 0},
        {"elder", TQ_HIERARCHY_ACTIVE, 1, 1, TQ_VEHICLE_NO_STEPS, 0, 0, 0, 900, 0, 100, 0, 0, 150},
        {"wheelchair", TQ_HIERARCHY_ACTIVE, 1, 128, TQ_VEHICLE_NO_STEPS | TQ_VEHICLE_WHEELS, 0, 0,
         0, 900, 0, 100, 50, 0, 120},
        {"bike", TQ_HIERARCHY_ACTIVE, 2, 2, TQ_VEHICLE_PUSHES, 0, 0, 0, 4167, 0, 100, 10, 40, 90},
        {"car", 0, 4, 4, 0, 160, 180, 100, 0, 1200, 80, 0, 80, 100},
        {"taxi", 0, 16, 16, 0, 160, 180, 100, 0, 1200, 80, 0, 80, 100},
        {"bus", 0, 8, 8, 0, 320, 1800, 1150, 0, 800, 70, 0, 100, 100},
        {"lorry_light", 0, 32, 32, 0, 290, 450, 300, 0, 900, 64, 0, 100, 100},
        {"lorry_medium", 0, 32, 32, 0, 360, 1200, 800, 0, 900, 64, 0, 120, 100},
        {"lorry_heavy", 0, 32, 32, 0, 400, 4900, 1150, 0, 800, 64, 0, 140, 100},
        {"lorry_hazmat", 0, 32, 32, TQ_VEHICLE_HAZMAT | TQ_VEHICLE_NO_FERRY, 400, 4900, 1150, 0,
         800, 64, 0, 140, 100},
        {"ambulance", 0, 64, 64, TQ_VEHICLE_IGNORES_BANS | TQ_VEHICLE_THROUGH, 280, 350, 220, 0,
         1200, 105, 0, 40, 40}};
    assert_int_equal(TQ_COUNT(want), TQ_PROFILE_COUNT);
    for (uint32_t k = 0; k < TQ_COUNT(want); k++) {
        const tq_vehicle *row = &vehicles->row[k];
        const char *name = tq_texts_at(build.texts, row->name);
        if (strcmp(name, want[k].name) != 0 || row->kind != want[k].kind ||
            row->mode != want[k].mode || row->access != want[k].access ||
            row->flags != want[k].flags || row->height_cm != want[k].height_cm ||
            row->weight_10kg != want[k].weight_10kg || row->axle_10kg != want[k].axle_10kg ||
            row->free_mm_s != want[k].free_mm_s || row->max_kmh_tenths != want[k].max_kmh_tenths ||
            row->class_percent[TQ_PRIMARY] != want[k].primary ||
            row->class_percent[TQ_STEPS] != want[k].steps || row->left_ds != want[k].left_ds ||
            row->signal_ds != want[k].signal_ds || row->plate != -1)
            fail_msg("profile %u is %s, not as row %s says", k, name, want[k].name);
        assert_true(tq_texts_at(build.texts, row->label_zh)[0] != '\0');
        assert_true(tq_texts_at(build.texts, row->label_en)[0] != '\0');
    }
    const tq_vehicle *car = &vehicles->row[TQ_PROFILE_CAR];
    assert_int_equal(car->hour_percent[1][6], 100);
    assert_int_equal(car->hour_percent[1][7], 80);
    assert_int_equal(car->hour_percent[1][8], 80);
    assert_int_equal(car->hour_percent[1][9], 100);
    assert_int_equal(car->hour_percent[1][18], 78);
    assert_int_equal(car->rest_percent[1][8], 100);
    assert_int_equal(car->rest_percent[1][12], 94);
    assert_int_equal(vehicles->row[TQ_PROFILE_WHEELCHAIR].max_kerb, TQ_KERB_LOWERED);
    assert_int_equal(vehicles->row[TQ_PROFILE_WHEELCHAIR].surface_percent[TQ_SURFACE_GROUND], 0);
    assert_int_equal(vehicles->row[TQ_PROFILE_LORRY_HEAVY].u_turn_ds, 1200);
    tq_pool_free(&build.pool);
    tq_texts_free(build.texts);
}

#define GOOD                                                                                       \
    "label:\n  zh: x\n  en: x\nmode: car\naccess: [car]\n" /* five lines before what is tried */

static void mistakes(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint32_t line;
        const char *says;
    } row[] = {
        {GOOD "hight: 2 m\n", 6, "unknown key hight; did you mean size.height?"},
        {GOOD "acess: [car]\n", 6, "unknown key acess; did you mean access?"},
        {GOOD "size:\n  heigth: 2 m\n", 7, "unknown key heigth in size; did you mean height?"},
        {GOOD "turns:\n  uturn: 2 s\n", 7, "unknown key uturn in turns; did you mean u_turn?"},
        {GOOD "size:\n  zzzzzz: 1\n", 7, "known here: height, width, length, weight, axle_load"},
        {GOOD "size:\n  height: 4\n", 7, "height wants metres or centimetres"},
        {GOOD "size:\n  height: 4 kg\n", 7, "not 4 kg"},
        {GOOD "size:\n  height: 40 m\n", 7, "height is 40 m, out of range"},
        {GOOD "size:\n  height: 1.234 m\n", 7, "not 1.234 m"},
        {GOOD "size:\n  height: -1 m\n", 7, "not -1 m"},
        {GOOD "size:\n  weight: 600 t\n", 7, "out of range"},
        {GOOD "speed:\n  most: 500 km/h\n", 7, "out of range"},
        {GOOD "classes:\n  primary: 0 %\n", 7, "out of range"},
        {GOOD "classes:\n  primary: 300 %\n", 7, "out of range"},
        {GOOD "classes:\n  primary: fast\n", 7, "a percentage, such as 80 %, or no; not fast"},
        {GOOD "hours_working:\n  primary: 9-7 80 %\n", 7, "not 9-7"},
        {GOOD "hours_working:\n  primary: 7-25 80 %\n", 7, "not 7-25"},
        {GOOD "hours_working:\n  primary: 7-9 80\n", 7, "shares by hour"},
        {GOOD "flags: [hazmt]\n", 6, "flags wants hazmat, no_steps"},
        {GOOD "limits:\n  highest_kerb: high\n", 7, "highest_kerb wants any, flush"},
        {GOOD "plate: 12\n", 6, "out of range"},
        {GOOD "mode: car\n", 6, "mode stands here twice"},
        {GOOD "label:\n  zh: y\n", 6, "label stands here twice"},
        {GOOD "like: car\n", 6, "like comes first"},
        {GOOD "size: 3 m\n", 6, "size is a section"},
        {GOOD "plate: [1]\n", 6, "plain values"},
        {GOOD "plate: &x 1\n", 6, "anchors"},
        {GOOD "plate: !!int 1\n", 6, "anchors, aliases and tags"},
        {GOOD "plate:\n", 6, "plate has no value"},
        {GOOD "streets: active\n", 1, "does not go with the modes"},
        {"like: spaceship\n", 1, "there is no profile spaceship to be like"},
        {"like: \"Car \"\n", 1, "like wants the name of another profile"},
        {"label: {zh: x, en: x}\nmode: car\n", 1, "access is missing"},
        {"label: {zh: x, en: x}\naccess: [car]\n", 1, "mode is missing"},
        {"mode: car\naccess: [car]\n", 1, "label is missing"},
        {"label: {zh: x, en: x}\nstreets: active\nmode: foot\naccess: [foot]\n", 1,
         "own is missing"},
        {"label: {zh: \"a\\x01\", en: x}\n", 1, "plain text"},
        {"- a\n", 1, "wants keys"},
        {"{\n", 2, "not YAML"},
        {GOOD "---\na: b\n", 6, "second document"},
    };
    profile_set *set = TQ_ALLOC(profile_set, 1);
    for (uint32_t k = 0; k < TQ_COUNT(row); k++) {
        profile out;
        bool waits;
        tq_err err = {0};
        profile_empty(&out, TQ_STR("x"));
        tq_status status =
            profile_read(set, "profiles/x.yaml", tq_str_of(row[k].text), &out, &waits, &err);
        if (status != TQ_BAD_CONFIG || err.line != row[k].line ||
            strstr(err.text, row[k].says) == NULL || strstr(err.text, "profiles/x.yaml") == NULL)
            fail_msg("row %u: status %d, line %u: %s", k, (int)status, err.line, err.text);
    }
    tq_free(set);
}

/* ---- a city's own ---------------------------------------------------------------------------- */

static void write_file(const char *folder, const char *name, const char *text)
{
    char path[TQ_PATH_MAX];
    (void)snprintf(path, sizeof path, "%s/profiles/%s", folder, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void remove_file(const char *folder, const char *name)
{
    char path[TQ_PATH_MAX];
    (void)snprintf(path, sizeof path, "%s/profiles/%s", folder, name);
    (void)unlink(path);
}

static tq_status import_from(const char *folder, tq_build *build, tq_settings *settings,
                             tq_err *err)
{
    memset(build, 0, sizeof *build);
    tq_err_clear(err);
    tq_settings_default(settings);
    (void)snprintf(settings->folder, sizeof settings->folder, "%s", folder);
    build->settings = settings;
    return import_vehicles(build, err);
}

static void drop(tq_build *build)
{
    tq_pool_free(&build->pool);
    tq_texts_free(build->texts);
}

static void city_changes_and_adds(void **state)
{
    (void)state;
    static tq_settings settings;
    char folder[] = "/tmp/tongqu_profiles_XXXXXX", path[TQ_PATH_MAX];
    assert_non_null(mkdtemp(folder));
    tq_build build;
    tq_err err = {0};
    assert_int_equal(import_from(folder, &build, &settings, &err), TQ_OK);
    assert_int_equal(build.city.vehicles.count, TQ_PROFILE_COUNT);
    assert_int_equal(build.city.vehicles.row[TQ_PROFILE_FOOT].free_mm_s, settings.walk_mm_s[0]);
    assert_int_equal(build.city.vehicles.row[TQ_PROFILE_BIKE].free_mm_s, settings.bike_mm_s);
    drop(&build);
    (void)snprintf(path, sizeof path, "%s/profiles", folder);
    assert_int_equal(tq_folder_make(path, &err), TQ_OK);
    write_file(folder, "car.yaml", "plate: 4\nturns:\n  left: 12 s\n");
    write_file(folder, "a_van.yaml", "like: z_van\nlabel: {zh: 小货, en: small van}\nplate: 7\n");
    write_file(folder, "a_car.yaml", "like: car\nlabel: {zh: 车, en: other car}\n");
    write_file(folder, "z_van.yaml",
               "like: lorry_light\nlabel: {zh: 货, en: van}\nsize: {height: 2.1 m}\n");
    assert_int_equal(import_from(folder, &build, &settings, &err), TQ_OK);
    const tq_vehicle *row = build.city.vehicles.row;
    assert_int_equal(build.city.vehicles.count, TQ_PROFILE_COUNT + 3);
    assert_int_equal(row[TQ_PROFILE_CAR].plate, 4);
    assert_int_equal(row[TQ_PROFILE_COUNT].plate, 4); /* a_car is like the city's car */
    assert_int_equal(row[TQ_PROFILE_CAR].left_ds, 120);
    assert_int_equal(row[TQ_PROFILE_CAR].right_ds, 30);
    assert_int_equal(row[TQ_PROFILE_TAXI].left_ds, 80); /* like the built-in car */
    assert_string_equal(tq_texts_at(build.texts, row[TQ_PROFILE_COUNT + 1].name), "z_van");
    assert_string_equal(tq_texts_at(build.texts, row[TQ_PROFILE_COUNT + 2].name), "a_van");
    assert_int_equal(row[TQ_PROFILE_COUNT + 2].height_cm, 210);
    assert_int_equal(row[TQ_PROFILE_COUNT + 2].plate, 7);
    assert_int_equal(row[TQ_PROFILE_COUNT + 2].weight_10kg, 450);
    drop(&build);
    static const struct {
        const char *name, *text, *says;
    } bad[] = {
        {"foot.yaml", "speed: {own: 2 m/s}\n", "walking.walk_speed.foot in tongqu.yaml"},
        {"loop.yaml", "like: hoop\n", "there is no profile hoop to be like"},
        {"BIG.yaml", "like: car\n", "profiles/BIG.yaml: a profile is called with a-z"},
        {"car.yaml", "turns:\n  lefft: 3 s\n", "profiles/car.yaml line 2: unknown key lefft"},
    };
    for (uint32_t k = 0; k < TQ_COUNT(bad); k++) {
        write_file(folder, bad[k].name, bad[k].text);
        assert_int_equal(import_from(folder, &build, &settings, &err), TQ_BAD_CONFIG);
        if (strstr(err.text, bad[k].says) == NULL) fail_msg("bad %u: %s", k, err.text);
        drop(&build);
        remove_file(folder, bad[k].name);
    }
    remove_file(folder, "a_car.yaml");
    remove_file(folder, "a_van.yaml");
    remove_file(folder, "z_van.yaml");
    assert_int_equal(rmdir(path), 0);
    assert_int_equal(rmdir(folder), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(built_in_files),
        cmocka_unit_test(mistakes),
        cmocka_unit_test(city_changes_and_adds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
