/*
 * Work-zone feeds: what we write holds to the published schemas, what we read back is the same, and
 * every public example is either taken (where its streets are) or refused with a reason.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "live_town.h"

#define NOW INT64_C(1748908800000)

static live_town town;

/* ---- JSON Schema, the keywords of draft 7 that the schemas use ------------------------------- */

static char schema_why[200];

static const char *data_folder(void)
{
    const char *folder = getenv("TQ_SHARED_DATA");
    return folder != NULL ? folder : "../shared/data";
}

static json_t *load_data(const char *kind, const char *name)
{
    char path[400];
    json_error_t why;
    (void)snprintf(path, sizeof path, "%s/interchange/wzdx/%s/%s", data_folder(), kind, name);
    json_t *read = json_load_file(path, 0, &why);
    if (read == NULL) {
        if (getenv("CI") != NULL) fail_msg("%s: %s", path, why.text);
        skip();
    }
    return read;
}

static bool no(const char *what, const char *where)
{
    (void)snprintf(schema_why, sizeof schema_why, "%s at %s", what, where);
    return false;
}

static bool is_type(const char *type, const json_t *value)
{
    return (strcmp(type, "object") == 0 && json_is_object(value)) ||
           (strcmp(type, "array") == 0 && json_is_array(value)) ||
           (strcmp(type, "string") == 0 && json_is_string(value)) ||
           (strcmp(type, "boolean") == 0 && json_is_boolean(value)) ||
           (strcmp(type, "integer") == 0 && json_is_integer(value)) ||
           (strcmp(type, "number") == 0 && json_is_number(value));
}

static bool is_date_time(const char *text)
{
    static const char form[] = "0000-00-00T00:00:00Z";
    if (strlen(text) != sizeof form - 1) return false;
    for (size_t k = 0; form[k] != '\0'; k++)
        if (form[k] == '0' ? text[k] < '0' || text[k] > '9' : text[k] != form[k]) return false;
    return true;
}

static bool is_geometry(const char *type, const json_t *value)
{
    const json_t *list = json_object_get(value, "coordinates");
    const char *own = json_string_value(json_object_get(value, "type"));
    if (own == NULL || strcmp(own, type) != 0 || json_array_size(list) < 2) return false;
    for (size_t k = 0; k < json_array_size(list); k++)
        if (json_array_size(json_array_get(list, k)) < 2 ||
            !json_is_number(json_array_get(json_array_get(list, k), 0)))
            return false;
    return true;
}

static bool fits(const json_t *root, const json_t *schema, const json_t *value, const char *where);

static bool fits_reference(const json_t *root, const char *to, const json_t *value,
                           const char *where)
{
    const char *name = strrchr(to, '/') + 1;
    if (strncmp(to, "#/definitions/", 14) == 0)
        return fits(root, json_object_get(json_object_get(root, "definitions"), name), value,
                    where);
    if (strstr(to, "geojson.org") != NULL) {
        char type[40];
        (void)snprintf(type, sizeof type, "%.*s", (int)(strlen(name) - 5), name);
        return is_geometry(type, value) || no("geometry", where);
    }
    json_t *other = load_data("schemas-4.2", name);
    bool good = fits(other, other, value, where);
    json_decref(other);
    return good;
}

static bool fits_some(const json_t *root, const json_t *schema, const json_t *value,
                      const char *where)
{
    static const struct {
        const char *word;
        bool all, one;
    } words[] = {{"allOf", true, false}, {"anyOf", false, false}, {"oneOf", false, true}};
    for (size_t k = 0; k < TQ_COUNT(words); k++) {
        const json_t *list = json_object_get(schema, words[k].word);
        size_t good = 0, count = json_array_size(list);
        for (size_t at = 0; at < count; at++)
            good += fits(root, json_array_get(list, at), value, where);
        if (list == NULL) continue;
        if (words[k].all ? good != count : words[k].one ? good != 1 : good == 0) {
            if (!words[k].all || schema_why[0] == '\0') return no(words[k].word, where);
            return false;
        }
    }
    return true;
}

static bool fits_value(const json_t *schema, const json_t *value, const char *where)
{
    const json_t *word = json_object_get(schema, "type");
    if (word != NULL && !is_type(json_string_value(word), value)) return no("type", where);
    word = json_object_get(schema, "const");
    if (word != NULL && !json_equal(word, value)) return no("const", where);
    word = json_object_get(schema, "enum");
    bool found = word == NULL;
    for (size_t k = 0; k < json_array_size(word) && !found; k++)
        found = json_equal(json_array_get(word, k), value);
    if (!found) return no("enum", where);
    word = json_object_get(schema, "format");
    if (word != NULL && strcmp(json_string_value(word), "date-time") == 0 &&
        !is_date_time(json_string_value(value)))
        return no("date-time", where);
    word = json_object_get(schema, "minimum");
    if (word != NULL && json_number_value(value) < json_number_value(word))
        return no("minimum", where);
    word = json_object_get(schema, "minItems");
    if (word != NULL && json_is_array(value) &&
        (json_int_t)json_array_size(value) < json_integer_value(word))
        return no("minItems", where);
    return true;
}

static bool fits_members(const json_t *root, const json_t *schema, const json_t *value,
                         const char *where)
{
    const char *member;
    json_t *inner;
    const json_t *required = json_object_get(schema, "required"),
                 *after = json_object_get(schema, "dependencies");
    for (size_t k = 0; k < json_array_size(required) && json_is_object(value); k++)
        if (json_object_get(value, json_string_value(json_array_get(required, k))) == NULL)
            return no(json_string_value(json_array_get(required, k)), where);
    json_object_foreach((json_t *)(uintptr_t)after, member, inner)
    {
        for (size_t k = 0; k < json_array_size(inner); k++)
            if (json_object_get(value, member) != NULL &&
                json_object_get(value, json_string_value(json_array_get(inner, k))) == NULL)
                return no("dependencies", where);
    }
    json_object_foreach(json_object_get(schema, "properties"), member, inner)
    {
        const json_t *own = json_object_get(value, member);
        if (own != NULL && !fits(root, inner, own, member)) return false;
    }
    inner = json_object_get(schema, "items");
    for (size_t k = 0; inner != NULL && k < json_array_size(value); k++)
        if (!fits(root, inner, json_array_get(value, k), where)) return false;
    return true;
}

static bool fits(const json_t *root, const json_t *schema, const json_t *value, const char *where)
{
    const json_t *to = json_object_get(schema, "$ref");
    if (schema == NULL) return no("a schema that is not there", where);
    if (to != NULL) return fits_reference(root, json_string_value(to), value, where);
    return fits_value(schema, value, where) && fits_members(root, schema, value, where) &&
           fits_some(root, schema, value, where);
}

/* ---- reading --------------------------------------------------------------------------------- */

typedef struct taken {
    tq_closure closure[64];
    char id[64][64], why[64][400];
    uint32_t count, refused;
} taken;

static taken got;

static bool seen(void *user, const char *feature, tq_str json, const tq_err *refused)
{
    taken *to = user;
    tq_err err;
    assert_true(to->count < 64 && to->refused < 64);
    if (refused != NULL) {
        assert_int_equal(json.len, 0);
        assert_true(refused->text[0] != '\0');
        (void)snprintf(to->why[to->refused++], 400, "%s", refused->text);
        return true;
    }
    if (tq_closure_read(&town.city, json, INT64_MIN, &to->closure[to->count], &err) != TQ_OK)
        fail_msg("%.*s: %s", (int)json.len, json.at, err.text);
    (void)snprintf(to->id[to->count++], 64, "%s", feature);
    return true;
}

static void forget(void)
{
    for (uint32_t k = 0; k < got.count; k++)
        tq_closure_free(&got.closure[k]);
    memset(&got, 0, sizeof got);
}

static tq_status read_feed(const char *text, size_t len, tq_err *err)
{
    forget();
    return tq_wzdx_read(&town.city, (tq_str){text, len}, seen, &got, err);
}

/* ---- what we write --------------------------------------------------------------------------- */

static const char *const closures[] = {
    "\"effect\":\"full\",\"reason\":\"subsidence\",\"sudden\":true",
    "\"effect\":\"lanes\",\"lanes\":{\"total\":3,\"left\":1},\"speed_kmh\":40,\"reason\":\"crack\"",
    "\"effect\":\"half_width\",\"reason\":\"works\",\"fenced\":\"right\"",
    "\"effect\":\"speed\",\"speed_kmh\":30,\"reason\":\"works\"",
    "\"effect\":\"local\",\"reason\":\"works\",\"fenced\":\"both\"",
    "\"effect\":\"full\",\"limit\":{\"height_m\":3.5,\"weight_t\":12.5,\"axle_t\":8},\"reason\":"
    "\"works\"",
    "\"effect\":\"full\",\"users\":[\"lorry\"],\"reason\":\"crack\"",
};

static void make_closures(tq_closure *made, const char *direction)
{
    for (uint32_t k = 0; k < TQ_COUNT(closures); k++) {
        char text[700];
        tq_err err;
        (void)snprintf(text, sizeof text,
                       "{\"id\":\"WZ:f-%u\",\"stretch\":{\"street\":\"R%u\",\"from\":\"C1\",\"to\":"
                       "\"C3\",\"direction\":\"%s\"},\"from\":\"2025-06-03T08:00\",\"to\":"
                       "\"2025-06-10T06:00\",\"owner\":\"养护%u所\",%s}",
                       k, k % 5, direction, k % 2, closures[k]);
        if (tq_closure_read(&town.city, tq_str_of(text), NOW, &made[k], &err) != TQ_OK)
            fail_msg("%s: %s", text, err.text);
    }
}

static void write_feed(const tq_closure *made, uint32_t count, tq_buf *out)
{
    const tq_closure *list[TQ_COUNT(closures)];
    for (uint32_t k = 0; k < count; k++)
        list[k] = &made[k];
    tq_wzdx_write(&town.city, list, count, "太原", NOW, out);
    assert_false(out->failed);
}

static void written_fits_schema(void **state)
{
    (void)state;
    tq_closure made[TQ_COUNT(closures)];
    json_error_t why;
    tq_buf text = {0};
    make_closures(made, "both");
    write_feed(made, TQ_COUNT(closures), &text);
    json_t *feed = json_loadb(text.at, text.len, 0, &why);
    assert_int_equal(json_array_size(json_object_get(feed, "features")), 2 * TQ_COUNT(closures));
    json_t *schema = load_data("schemas-4.2", "WorkZoneFeed.json");
    schema_why[0] = '\0';
    if (!fits(schema, schema, feed, "feed")) fail_msg("%s", schema_why);
    /* The checker can say no. */
    json_t *core = json_object_get(
        json_object_get(json_array_get(json_object_get(feed, "features"), 0), "properties"),
        "core_details");
    json_object_set_new(core, "direction", json_string("upwards"));
    assert_false(fits(schema, schema, feed, "feed"));
    json_decref(schema);
    json_decref(feed);
    tq_buf_free(&text);
    for (uint32_t k = 0; k < TQ_COUNT(closures); k++)
        tq_closure_free(&made[k]);
}

static void there_and_back(void **state)
{
    const char *const directions[] = {"forward", "backward"};
    (void)state;
    for (uint32_t d = 0; d < 2; d++) {
        tq_closure made[TQ_COUNT(closures)];
        tq_buf text = {0}, again = {0};
        tq_err err;
        make_closures(made, directions[d]);
        write_feed(made, TQ_COUNT(closures), &text);
        assert_int_equal(read_feed(text.at, text.len, &err), TQ_OK);
        for (uint32_t k = 0; k < got.refused; k++)
            fail_msg("%s", got.why[k]);
        assert_int_equal(got.count, TQ_COUNT(closures));
        for (uint32_t k = 0; k < got.count; k++) {
            const tq_closure *a = &made[k], *b = &got.closure[k];
            assert_string_equal(a->id, b->id);
            assert_int_equal(a->from_ms, b->from_ms);
            assert_int_equal(a->to_ms, b->to_ms);
            assert_int_equal(a->effect, b->effect);
            assert_int_equal(a->users, b->users);
            assert_int_equal(a->lanes_total, b->lanes_total);
            assert_int_equal(a->lanes_left, b->lanes_left);
            assert_int_equal(live_speed_kmh(a), live_speed_kmh(b));
            assert_memory_equal(&a->limit, &b->limit, sizeof a->limit);
            assert_string_equal(a->reason, b->reason);
            assert_string_equal(a->owner, b->owner);
            assert_int_equal(a->sudden, b->sudden);
            assert_int_equal(a->stretch.arc_count, b->stretch.arc_count);
            assert_memory_equal(a->stretch.arc, b->stretch.arc, a->stretch.arc_count * 4);
            if (d == 0) assert_int_equal(a->fenced, b->fenced);
        }
        if (d == 0) {
            write_feed(got.closure, got.count, &again);
            assert_int_equal(text.len, again.len);
            assert_memory_equal(text.at, again.at, text.len);
        }
        tq_buf_free(&text);
        tq_buf_free(&again);
        for (uint32_t k = 0; k < TQ_COUNT(closures); k++)
            tq_closure_free(&made[k]);
        forget();
    }
}

/* ---- what others write ----------------------------------------------------------------------- */

static const char *const examples[] = {"scenario1_simple_linestring_example.geojson",
                                       "scenario1_simple_multipoint_example.geojson",
                                       "scenario2_laneshift_linestring_example.geojson",
                                       "scenario4_detour_linestring_example.geojson",
                                       "scenario5_recurring_linestring_example.geojson",
                                       "scenario6_multi_lane_closure_linestring_example.geojson"};

/* A town whose streets are the example's lines. */
static void town_around(const json_t *feed)
{
    live_town *t = town_begin(&town);
    const json_t *features = json_object_get(feed, "features");
    for (size_t k = 0; k < json_array_size(features); k++) {
        const json_t *list = json_object_get(
            json_object_get(json_array_get(features, k), "geometry"), "coordinates");
        uint32_t name = town_name(t, "I-80", ""), last = TQ_NONE;
        for (size_t p = 0; p < json_array_size(list); p++) {
            const json_t *at = json_array_get(list, p);
            uint32_t node = town_node(t, (int32_t)(json_number_value(json_array_get(at, 1)) * 1e7),
                                      (int32_t)(json_number_value(json_array_get(at, 0)) * 1e7));
            if (last != TQ_NONE) town_edge(t, last, node, name, TOWN_ONEWAY, 0);
            last = node;
        }
    }
    town_end(t);
}

static void examples_are_read(void **state)
{
    (void)state;
    json_t *schema = load_data("schemas-4.2", "WorkZoneFeed.json");
    for (uint32_t k = 0; k < TQ_COUNT(examples); k++) {
        tq_err err;
        json_t *feed = load_data("examples", examples[k]);
        char *text = json_dumps(feed, 0);
        uint32_t features = (uint32_t)json_array_size(json_object_get(feed, "features"));
        schema_why[0] = '\0';
        if (!fits(schema, schema, feed, "feed")) print_message("%s: %s\n", examples[k], schema_why);
        town_grid(&town, 3, TOWN_BOTH, 2);
        assert_int_equal(read_feed(text, strlen(text), &err), TQ_OK);
        assert_int_equal(got.count, 0);
        assert_int_equal(got.refused, features);
        town_around(feed);
        assert_int_equal(read_feed(text, strlen(text), &err), TQ_OK);
        print_message("%s: %u features, %u closures, %u refused\n", examples[k], features,
                      got.count, got.refused);
        for (uint32_t r = 0; r < got.refused; r++) {
            bool known = strstr(got.why[r], "changes no way") != NULL ||
                         strstr(got.why[r], "\"event_type\"") != NULL;
            if (!known) fail_msg("%s: %s", examples[k], got.why[r]);
        }
        forget();
        free(text);
        json_decref(feed);
    }
    json_decref(schema);
}

static void garbage(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "", "{}", "[]", "{\"type\":\"FeatureCollection\",\"features\":[]}",
        "{\"type\":\"FeatureCollection\",\"features\":[],\"feed_info\":{\"version\":\"3.1\"}}"};
    tq_err err;
    for (size_t k = 0; k < TQ_COUNT(bad); k++)
        assert_int_not_equal(read_feed(bad[k], strlen(bad[k]), &err), TQ_OK);
    const char *odd = "{\"type\":\"FeatureCollection\",\"features\":[1,{},{\"id\":\"a\"},{\"id\":"
                      "\"b\",\"properties\":{\"core_details\":{\"event_type\":\"work-zone\"}}}],"
                      "\"feed_info\":{\"version\":\"4.2\"}}";
    assert_int_equal(read_feed(odd, strlen(odd), &err), TQ_OK);
    assert_int_equal(got.refused, 4);
    forget();
}

static int make(void **state)
{
    (void)state;
    town_grid(&town, 5, TOWN_BOTH, 3);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(written_fits_schema, make),
        cmocka_unit_test_setup(there_and_back, make),
        cmocka_unit_test_setup(examples_are_read, make),
        cmocka_unit_test_setup(garbage, make),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
