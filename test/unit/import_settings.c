/* tongqu.yaml: every mistake has its line and remedy; what is written reads back; sources are found
 * by name. */
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
#include <zip.h>

#include "import/settings_in.h"

static tq_settings settings, again;

static tq_status parse(const char *text, tq_err *err)
{
    settings_lines lines;
    tq_err_clear(err);
    return settings_parse(tq_str_of(text), &settings, &lines, err);
}

static void good_values(void **state)
{
    (void)state;
    tq_err err;
    assert_int_equal(parse("", &err), TQ_OK);
    assert_string_equal(settings.id, "city");
    assert_int_equal(parse("# only a comment\n", &err), TQ_OK);
    tq_status status = parse("city:\n"
                             "  id: taiyuan\n"
                             "  name: 太原\n"
                             "  attribution: [\"© OpenStreetMap contributors, ODbL 1.0\", two]\n"
                             "sources:\n"
                             "  osm: auto\n"
                             "  gtfs: [gtfs/metro, \"gtfs/feeder\"]\n"
                             "  places: places.csv\n"
                             "import: {bad_rows: stop, generated: yes}\n"
                             "walking:\n"
                             "  walk_speed: {foot: 4.5 km/h}\n"
                             "  max_walk: 2.5 km\n"
                             "transit:\n"
                             "  change_time: 150 s\n"
                             "  night_end: 04:30\n"
                             "taxi:\n"
                             "  known: yes\n"
                             "  base_day: 8.00 yuan\n"
                             "  base_night: 860 fen\n"
                             "  per_km_day: 1.6 yuan/km\n"
                             "  far_extra: 50%\n"
                             "  night_from: 21:00\n"
                             "server:\n"
                             "  max_body: 1 MiB\n"
                             "  header_timeout: 1500 ms\n",
                             &err);
    assert_string_equal(err.text, "");
    assert_int_equal(status, TQ_OK);
    assert_string_equal(settings.name, "太原");
    assert_string_equal(settings.attribution, "© OpenStreetMap contributors, ODbL 1.0\ntwo");
    assert_int_equal(settings.osm_count, 0);
    assert_int_equal(settings.gtfs_count, 2);
    assert_string_equal(settings.gtfs[1], "gtfs/feeder");
    assert_int_equal(settings.places_count, 1);
    assert_true(settings.bad_rows_stop && settings.generated);
    assert_int_equal(settings.walk_mm_s[0], 1250);
    assert_int_equal(settings.walk_mm_s[1], 900);
    assert_int_equal(settings.max_walk_m[0], 2500);
    assert_int_equal(settings.max_walk_m[2], 2500);
    assert_int_equal(settings.change_s, 150);
    assert_int_equal(settings.night_end_s, 4 * 3600 + 1800);
    assert_int_equal(settings.taxi.known, 1);
    assert_int_equal(settings.taxi.base_fen[0], 800);
    assert_int_equal(settings.taxi.base_fen[1], 860);
    assert_int_equal(settings.taxi.per_km_fen[0], 160);
    assert_int_equal(settings.taxi.far_percent, 50);
    assert_int_equal(settings.taxi.night_from_s, 75600);
    assert_int_equal(settings.max_body_bytes, 1 << 20);
    assert_int_equal(settings.header_timeout_ms, 1500);
}

static void mistakes_name_line_and_remedy(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint32_t line;
        const char *says;
    } bad[] = {
        {"city:\n  id: x\nwalking:\n  max_walk:\n    foot: 3000 s\n", 5,
         "line 5: foot wants metres or kilometres, such as 3000 m, not 3000 s"},
        {"walking:\n  max_walk: 3000 s\n", 2,
         "line 2: max_walk wants metres or kilometres, such as 3000 m, not 3000 s"},
        {"walking:\n  max_walk: 3000\n", 2, "such as 3000 m, not 3000"},
        {"walking:\n  max_walk: 2000 km\n", 2, "max_walk may be 0 m to 1000000 m, not 2000 km"},
        {"walking:\n  max_walk: 0.5 m\n", 2, "not 0.5 m"},
        {"walking:\n  max_walk: -5 m\n", 2, "not -5 m"},
        {"walking:\n  walk_speed: {foot: 0.05 m/s}\n", 2, "foot may be 0.1 m/s to 5.0 m/s"},
        {"walking:\n  max_wlak: 3 km\n", 2,
         "unknown key max_wlak in walking; did you mean max_walk?"},
        {"max_walk: 3 km\n", 1, "did you mean walking.max_walk?"},
        {"citty:\n  id: x\n", 1, "unknown key citty; did you mean city?"},
        {"bike:\n  gearratio: 3\n", 2, "unknown key gearratio in bike; known here: speed"},
        {"transit:\n  change_time: 3\n", 2,
         "change_time wants seconds, minutes or hours, such as 3 min"},
        {"transit:\n  night_end: 25:00\n", 2, "night_end wants a time of day, such as 04:00"},
        {"transit:\n  night_end: 4\n", 2, "night_end wants a time of day"},
        {"transit:\n  max_transfers: 13\n", 2, "max_transfers may be 0 to 12, not 13"},
        {"transit:\n  max_transfers: 6 m\n", 2, "max_transfers wants a whole number, such as 6"},
        {"transit:\n  max_transfers: 6\n  max_transfers: 6\n", 3,
         "max_transfers stands here twice"},
        {"city:\n  id: a\ncity:\n  name: b\n", 3, "city stands here twice"},
        {"taxi:\n  base_day: 8.005 yuan\n", 2, "base_day wants yuan or fen, such as 0.00 yuan"},
        {"server:\n  max_body: 64 KB\n", 2, "max_body wants bytes, KiB or MiB, such as 1 MiB"},
        {"server:\n  header_timeout: 10\n", 2,
         "header_timeout wants milliseconds, seconds or minutes, such as 10 s"},
        {"server:\n  port: 65536\n", 2, "port may be 0 to 65535"},
        {"city:\n  id: Tai Yuan\n", 2, "id may hold a-z, 0-9, - and _"},
        {"city:\n  timezone: \"\"\n", 2, "timezone is empty"},
        {"city:\n  name: &a x\n", 2, "anchors and aliases"},
        {"city:\n  name: *a\n", 2, "anchors and aliases"},
        {"city:\n  name: !!str x\n", 2, "tags"},
        {"city:\n  name: \"a\\nb\"\n", 2, "control sign"},
        {"city: taiyuan\n", 1, "city is a section"},
        {"city: [a]\n", 1, "city is a section, not a list"},
        {"city:\n  name: [a]\n", 2, "name wants one value"},
        {"city:\n  name: {a: b}\n", 2, "name wants one value"},
        {"city:\n  name:\n", 2, "name has no value"},
        {"sources:\n  osm: [[a]]\n", 2, "osm is a plain list"},
        {"sources:\n  osm: [a, a]\n", 2, "osm names a twice"},
        {"import:\n  bad_rows: maybe\n", 2, "bad_rows wants skip or stop, not maybe"},
        {"import:\n  generated: maybe\n", 2, "generated wants yes or no"},
        {"- a\n", 1, "wants sections"},
        {"city:\n  id: a\n---\ncity:\n  id: b\n", 3, "second document"},
        {"city:\n\tid: a\n", 2, "not YAML"},
        {"city: {id: a\n", 2, "not YAML"},
        {"? [a]\n: b\n", 1, "plain word"},
        {"city.id: b\n", 1, "is not a key"},
    };
    for (size_t k = 0; k < TQ_COUNT(bad); k++) {
        tq_err err;
        tq_settings_default(&settings);
        tq_status status = parse(bad[k].text, &err);
        if (status != TQ_BAD_CONFIG || err.line != bad[k].line ||
            strstr(err.text, bad[k].says) == NULL || strstr(err.text, "tongqu.yaml") == NULL)
            fail_msg("%s\ngave %d, line %u: %s", bad[k].text, status, err.line, err.text);
        assert_string_equal(settings.id, "city"); /* untouched on failure */
    }
}

static void limits_have_two_sides(void **state)
{
    (void)state;
    tq_err err;
    char name[512];
    for (unsigned len = 127; len <= 128; len++) {
        (void)snprintf(name, sizeof name, "city:\n  name: %.*s\n", (int)len,
                       "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
                       "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
        assert_int_equal(parse(name, &err), len == 127 ? TQ_OK : TQ_BAD_CONFIG);
    }
    for (unsigned count = TQ_SOURCES_MAX; count <= TQ_SOURCES_MAX + 1; count++) {
        tq_buf text = {0};
        tq_buf_puts(&text, "sources:\n  osm:\n");
        for (unsigned k = 0; k < count; k++)
            tq_buf_printf(&text, "    - f%u.osm\n", k);
        settings_lines lines;
        assert_int_equal(settings_parse((tq_str){text.at, text.len}, &settings, &lines, &err),
                         count == TQ_SOURCES_MAX ? TQ_OK : TQ_BAD_CONFIG);
        tq_buf_free(&text);
    }
    size_t most = SETTINGS_BYTES_MAX;
    char *spaces = tq_alloc(most + 2, 1);
    memset(spaces, '#', most + 1);
    settings_lines lines;
    assert_int_equal(settings_parse((tq_str){spaces, most}, &settings, &lines, &err), TQ_OK);
    assert_int_equal(settings_parse((tq_str){spaces, most + 1}, &settings, &lines, &err), TQ_LIMIT);
    memset(spaces, '[', most); /* depth costs nothing */
    assert_int_equal(settings_parse((tq_str){spaces, most}, &settings, &lines, &err),
                     TQ_BAD_CONFIG);
    tq_free(spaces);
}

static char folder[64];

static void put_file(const char *name, const char *text)
{
    char path[TQ_PATH_MAX];
    assert_true(tq_path_join(path, folder, name));
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    (void)fputs(text, file);
    (void)fclose(file);
}

static void put_folder(const char *name)
{
    char path[TQ_PATH_MAX];
    assert_true(tq_path_join(path, folder, name));
    assert_int_equal(tq_folder_make(path, NULL), TQ_OK);
}

static void put_zip(const char *name, const char *inside)
{
    char path[TQ_PATH_MAX];
    assert_true(tq_path_join(path, folder, name));
    zip_t *zip = zip_open(path, ZIP_CREATE | ZIP_TRUNCATE, NULL);
    assert_non_null(zip);
    assert_true(zip_file_add(zip, inside, zip_source_buffer(zip, "x", 1, 0), ZIP_FL_ENC_UTF_8) >=
                0);
    assert_int_equal(zip_close(zip), 0);
}

static void start_folder(void)
{
    (void)snprintf(folder, sizeof folder, "/tmp/tongqu_settings_XXXXXX");
    assert_non_null(mkdtemp(folder));
}

static void end_folder(void)
{
    char command[128];
    (void)snprintf(command, sizeof command, "rm -rf %s", folder);
    assert_int_equal(system(command), 0);
}

static void what_is_written_reads_back(void **state)
{
    (void)state;
    tq_err err;
    start_folder();
    assert_int_equal(tq_settings_read("/nonexistent", &settings, &err), TQ_BAD_CONFIG);
    assert_non_null(strstr(err.text, "tongqu init /nonexistent"));
    assert_int_equal(tq_settings_read(folder, &settings, &err), TQ_BAD_CONFIG);
    assert_non_null(strstr(err.text, "tongqu init"));

    memset(&settings, 0, sizeof settings);
    tq_settings_default(&settings);
    (void)snprintf(settings.name, sizeof settings.name, "%s", "a \"quoted\" \\ name: #1");
    (void)snprintf(settings.attribution, sizeof settings.attribution, "%s", "© one\ntwo: three");
    settings.walk_mm_s[1] = 905;
    settings.max_walk_m[0] = 2345;
    settings.change_s = 125;
    settings.taxi.known = 1;
    settings.taxi.base_fen[1] = 865;
    settings.taxi.slow_kmh = 12;
    settings.night_end_s = 4 * 3600 + 61;
    settings.header_timeout_ms = 1500;
    settings.bad_rows_stop = true;
    assert_int_equal(tq_settings_write(folder, &settings, &err), TQ_OK);
    assert_int_equal(tq_settings_read(folder, &again, &err), TQ_OK);
    memcpy(settings.folder, again.folder, sizeof settings.folder);
    assert_memory_equal(&settings, &again, sizeof settings);

    /* Every key is there with a comment, defaults and all. */
    char path[TQ_PATH_MAX], *text = NULL;
    size_t len = 0;
    assert_true(tq_path_join(path, folder, SETTINGS_FILE));
    assert_int_equal(tq_file_read(path, 1 << 20, &text, &len, &err), TQ_OK);
    for (uint32_t row = 0; row < settings_key_count; row++) {
        char wanted[128];
        (void)snprintf(wanted, sizeof wanted, " # %s\n", settings_keys[row].comment);
        if (strstr(text, wanted) == NULL) fail_msg("%s is not written", settings_keys[row].path);
    }
    tq_free(text);
    end_folder();
}

static void sources_are_found_by_name(void **state)
{
    (void)state;
    tq_err err;
    start_folder();
    put_file("tongqu.yaml", "city:\n  id: x\nsources:\n  works: [works_b.csv]\n");
    const char *files[] = {
        "b.osm.pbf",        "a.osm",     "c.osm.gz",    "streets_main.csv", "places.csv",
        "places_2.geojson", "gates.csv", "aliases.csv", "works_a.csv",      "works_b.csv",
        "dates.csv",        "fares.csv", "notes.csv",   ".hidden.osm",      "x.city"};
    for (size_t k = 0; k < TQ_COUNT(files); k++)
        put_file(files[k], "x");
    put_zip("feed.zip", "stops.txt");
    put_zip("other.zip", "readme.txt");
    put_file("named.gtfs.zip", "not even a zip"); /* its reader says so */
    const char *folders[] = {"gtfs",      "gtfs/metro",   "gtfs/feeder",
                             "gtfs/deep", "gtfs/deep/er", "direct"};
    for (size_t k = 0; k < TQ_COUNT(folders); k++)
        put_folder(folders[k]);
    put_file("gtfs/metro/stops.txt", "x");
    put_file("gtfs/feeder/stops.txt", "x");
    put_file("gtfs/deep/er/stops.txt", "x");
    put_file("gtfs/places.csv", "x");
    put_file("direct/stops.txt", "x");
    tq_status status = tq_settings_read(folder, &settings, &err);
    assert_int_equal(status, TQ_OK);
    assert_int_equal(settings.osm_count, 3);
    assert_string_equal(settings.osm[0], "a.osm");
    assert_string_equal(settings.osm[2], "c.osm.gz");
    assert_int_equal(settings.gtfs_count, 6);
    assert_string_equal(settings.gtfs[0], "direct");
    assert_string_equal(settings.gtfs[1], "feed.zip");
    assert_string_equal(settings.gtfs[2], "gtfs/deep/er");
    assert_string_equal(settings.gtfs[5], "named.gtfs.zip");
    assert_int_equal(settings.streets_count, 1);
    assert_int_equal(settings.places_count, 3);
    assert_string_equal(settings.places[0], "gates.csv");
    assert_int_equal(settings.aliases_count, 1);
    assert_int_equal(settings.works_count, 1);
    assert_string_equal(settings.works[0], "works_b.csv");
    assert_int_equal(settings.dates_count, 1);
    assert_int_equal(settings.fares_count, 1);

    put_file("tongqu.yaml", "sources:\n  osm: b.osm.pbf\n  places: [places.csv, gone.csv]\n");
    assert_int_equal(tq_settings_read(folder, &settings, &err), TQ_BAD_CONFIG);
    assert_int_equal(err.line, 3);
    assert_non_null(strstr(err.text, "places names gone.csv, which is not there"));
    put_file("tongqu.yaml", "sources:\n  places: gtfs\n");
    assert_int_equal(tq_settings_read(folder, &settings, &err), TQ_BAD_CONFIG);
    end_folder();
}

static void the_hash_follows_bytes_not_paths(void **state)
{
    (void)state;
    tq_err err;
    uint64_t one, two, three, four, five;
    start_folder();
    put_file("tongqu.yaml", "city:\n  id: x\n");
    put_file("a.osm", "first");
    put_folder("metro");
    put_file("metro/stops.txt", "stop");
    assert_int_equal(tq_settings_read(folder, &settings, &err), TQ_OK);
    assert_int_equal(tq_import_source_hash(&settings, &one, &err), TQ_OK);
    put_file("metro/stops.txt", "stoq");
    assert_int_equal(tq_import_source_hash(&settings, &two, &err), TQ_OK);
    put_file("metro/stops.txt", "stop");
    settings.port = 1; /* the server's settings are not in the city file */
    assert_int_equal(tq_import_source_hash(&settings, &three, &err), TQ_OK);
    settings.change_s = 1;
    assert_int_equal(tq_import_source_hash(&settings, &four, &err), TQ_OK);
    end_folder();
    start_folder(); /* another place on the machine, the same bytes */
    put_file("tongqu.yaml", "city:\n  id: x\n");
    put_file("a.osm", "first");
    put_folder("metro");
    put_file("metro/stops.txt", "stop");
    assert_int_equal(tq_settings_read(folder, &settings, &err), TQ_OK);
    assert_int_equal(tq_import_source_hash(&settings, &five, &err), TQ_OK);
    end_folder();
    assert_true(one != two && one != four);
    assert_true(one == three && one == five);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_values),
        cmocka_unit_test(mistakes_name_line_and_remedy),
        cmocka_unit_test(limits_have_two_sides),
        cmocka_unit_test(what_is_written_reads_back),
        cmocka_unit_test(sources_are_found_by_name),
        cmocka_unit_test(the_hash_follows_bytes_not_paths),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
