/* The API document as rules, and what becomes of requests held against it; targets, languages,
 * tags; the cache. */
#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "serve/serve_in.h"

static api rules;
static serve_request request;

static int load(void **state)
{
    (void)state;
    tq_err err = {0};
    tq_str yaml = {tq_openapi_yaml, (size_t)(tq_openapi_yaml_end - tq_openapi_yaml)};
    if (api_load(yaml, &rules, &err) == TQ_OK && serve_bind(&rules, &err) == TQ_OK) return 0;
    fprintf(stderr, "%s\n", err.text);
    return -1;
}

static int unload(void **state)
{
    (void)state;
    api_free(&rules);
    return 0;
}

static problem_id ask(const char *target, problem *why)
{
    memset(&request, 0, sizeof request);
    memset(why, 0, sizeof *why);
    if (!target_split(tq_str_of(target), &request)) return PROBLEM_MALFORMED;
    problem_id bad = api_match(&rules, &request, why);
    return bad != PROBLEM_NONE ? bad : api_check(&request, why);
}

static void targets_against_the_document(void **state)
{
    (void)state;
    static const struct {
        const char *target, *operation;
        problem_id bad;
    } rows[] = {
        {"/api/v1/plan?from=a&to=b", "plan", 0},
        {"http://host:1/api/v1/city?lang=en", "city", 0},
        {"/api/v1/plan?from=a", "plan", PROBLEM_MISSING_PARAM},
        {"/api/v1/plan?form=a&to=b", "plan", PROBLEM_UNKNOWN_PARAM},
        {"/api/v1/plan?from=a&to=b&zzzzzzzzzz=1", "plan", PROBLEM_UNKNOWN_PARAM_NONE},
        {"/api/v1/plan?from=a&to=b&from=c", "plan", PROBLEM_TWICE},
        {"/api/v1/plan?from=a&to=b&window=1440", "plan", 0},
        {"/api/v1/plan?from=a&to=b&window=1441", "plan", PROBLEM_TOO_LARGE},
        {"/api/v1/plan?from=a&to=b&window=-1", "plan", PROBLEM_TOO_SMALL},
        {"/api/v1/plan?from=a&to=b&window=1.5", "plan", PROBLEM_NOT_INTEGER},
        {"/api/v1/plan?from=a&to=b&profile=horse", "plan", PROBLEM_NOT_IN_LIST},
        {"/api/v1/plan?from=a&to=b&card=yes", "plan", PROBLEM_NOT_BOOLEAN},
        {"/api/v1/plan?from=a&to=b&depart=tomorrow", "plan", PROBLEM_TOO_SHORT},
        {"/api/v1/plan?from=a&to=b&depart=tomorrow-at-8", "plan", PROBLEM_PATTERN},
        {"/api/v1/plan?from=a&to=b&depart=2025-06-03T08:00%2B08:00", "plan", 0},
        {"/api/v1/plan?from=&to=b", "plan", PROBLEM_TOO_SHORT},
        {"/api/v1/places?q=a&lat=91", "places", PROBLEM_TOO_LARGE},
        {"/api/v1/places?q=a&lat=nan", "places", PROBLEM_NOT_NUMBER},
        {"/api/v1/places?q=%E5%A4%AA%E5%8E%9F", "places", 0},
        {"/api/v1/places?q=%E5%A4", "places", PROBLEM_BAD_ESCAPE},
        {"/api/v1/places?q=a%00b", "places", PROBLEM_BAD_ESCAPE},
        {"/api/v1/places?q=a%0Ab", "places", PROBLEM_BAD_ESCAPE},
        {"/api/v1/places?q=a%", "places", PROBLEM_BAD_ESCAPE},
        {"/api/v1/places?q=a%4", "places", PROBLEM_BAD_ESCAPE},
        {"/api/v1/places?q=a%zz", "places", PROBLEM_BAD_ESCAPE},
        {"/api/v1/stops/gtfs%3A12%2F3/departures", "departures", 0},
        {"/api/v1/stops//departures", NULL, PROBLEM_NO_PATH},
        {"/api/v1/stops/a/b/departures", NULL, PROBLEM_NO_PATH},
        {"/tiles/12/3/4.mvt", "tile", 0},
        {"/tiles/19/3/4.mvt", "tile", PROBLEM_TOO_LARGE},
        {"/tiles/12/3/x.mvt", "tile", PROBLEM_NOT_INTEGER},
        {"/tiles/12/3/.mvt", NULL, PROBLEM_NO_PATH},
        {"/tiles/12/3/4.png", NULL, PROBLEM_NO_PATH},
        {"/route/v1/driving/1,2;3,4?steps=true&overview=false", "route", 0},
        {"/route/v1/driving/1,2;3,4?steps=maybe", "route", PROBLEM_NOT_BOOLEAN},
        {"/table/v1/car/1,2;3,4?sources=0&annotations=duration", "table", 0},
        {"/tile/v1/car/tile(1,2,14).mvt", "debugTile", 0},
        {"/nearest/v1/car/1,2?number=0", "nearest", PROBLEM_TOO_SMALL},
        {"/api/v1/isochrone?place=1,2&minutes=5&height_m=4.2", "isochrone", 0},
        {"/api/v1/isochrone?place=1,2&minutes=5&height_m=40", "isochrone", PROBLEM_TOO_LARGE},
        {"/api/v1/isochrone?place=1,2", "isochrone", PROBLEM_MISSING_PARAM},
        {"/api/v1/plan/", NULL, PROBLEM_NO_PATH},
        {"/API/v1/plan", NULL, PROBLEM_NO_PATH},
        {"/../etc/passwd", NULL, PROBLEM_NO_PATH},
        {"relative", NULL, PROBLEM_MALFORMED},
    };
    for (size_t k = 0; k < TQ_COUNT(rows); k++) {
        problem why;
        problem_id bad = ask(rows[k].target, &why);
        if (bad != rows[k].bad)
            fail_msg("%s: %s instead of %s", rows[k].target, problem_code(bad),
                     problem_code(rows[k].bad));
        if (rows[k].operation != NULL)
            assert_string_equal(request.operation->id, rows[k].operation);
    }
}

static void values_and_defaults(void **state)
{
    (void)state;
    problem why;
    assert_int_equal(ask("/api/v1/reverse?lat=37.8706&lon=-112.5&radius=7", &why), PROBLEM_NONE);
    int32_t lat = 0, lon = 0;
    uint32_t radius = 0, limit = 0;
    assert_true(param_e7(&request, "lat", &lat) && param_e7(&request, "lon", &lon));
    assert_int_equal(lat, 378706000);
    assert_int_equal(lon, -1125000000);
    assert_true(param_u32(&request, "radius", &radius) && param_u32(&request, "limit", &limit));
    assert_int_equal(radius, 7);
    assert_int_equal(limit, 10); /* the document's default */
    assert_string_equal(param_text(&request, "datum"), "wgs84");
    assert_int_equal(ask("/api/v1/places?q=a+b%2Bc", &why), PROBLEM_NONE);
    assert_string_equal(param_text(&request, "q"), "a b+c");
    assert_null(param_text(&request, "in"));
    assert_int_equal(ask("/api/v1/plan?from=a&to=b&lang=en", &why), PROBLEM_NONE);
    assert_int_equal(request.lang, TQ_EN);
}

static void problems_in_both_languages(void **state)
{
    (void)state;
    problem why;
    assert_int_equal(ask("/api/v1/plan?form=a", &why), PROBLEM_UNKNOWN_PARAM);
    for (int lang = TQ_ZH; lang <= TQ_EN; lang++) {
        tq_buf out = {0};
        problem_json(&why, (tq_lang)lang, &out);
        json_t *json = json_loadb(out.at, out.len, 0, NULL);
        assert_non_null(json);
        assert_int_equal(json_integer_value(json_object_get(json, "status")), 400);
        assert_string_equal(json_string_value(json_object_get(json, "code")), "UNKNOWN_PARAMETER");
        assert_non_null(strstr(json_string_value(json_object_get(json, "detail")), "form"));
        assert_non_null(strstr(json_string_value(json_object_get(json, "detail")), "from"));
        assert_string_equal(json_string_value(json_object_get(json, "title")),
                            lang == TQ_ZH ? "未知参数" : "Unknown parameter");
        json_decref(json);
        tq_buf_free(&out);
    }
    for (int id = 0; id < PROBLEM_COUNT; id++) { /* no row is missing a text */
        problem any = {.id = (problem_id)id};
        tq_buf zh = {0}, en = {0};
        assert_true(problem_status((problem_id)id) >= 400);
        problem_json(&any, TQ_ZH, &zh);
        problem_json(&any, TQ_EN, &en);
        assert_true(zh.len > 60 && en.len > 60);
        tq_buf_free(&zh);
        tq_buf_free(&en);
    }
}

static void the_json_twin_says_the_same(void **state)
{
    (void)state;
    json_error_t error;
    json_t *json = json_loadb(rules.json.at, rules.json.len, JSON_REJECT_DUPLICATES, &error);
    if (json == NULL) fail_msg("%s at %d", error.text, error.position);
    json_t *paths = json_object_get(json, "paths");
    static const char *const verbs[] = {
        [VERB_GET] = "get", [VERB_POST] = "post", [VERB_DELETE] = "delete"};
    size_t methods = 0;
    const char *path;
    json_t *item;
    json_object_foreach(paths, path, item) methods += json_object_size(item);
    assert_int_equal(methods, rules.operation_count);
    for (uint32_t k = 0; k < rules.operation_count; k++)
        assert_non_null(json_object_get(json_object_get(paths, rules.operation[k].path),
                                        verbs[rules.operation[k].verb]));
    assert_string_equal(json_string_value(json_object_get(json, "openapi")), "3.1.0");
    json_decref(json);
}

static void a_document_that_cannot_be_held_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "paths:\n  /a: {get: {operationId: a, parameters: [{name: x, in: query, schema: {type: "
        "string}}]}}\n",
        "paths:\n  /a: {get: {operationId: a, parameters: [{name: x, in: query, schema: {type: "
        "array}}]}}\n",
        "paths:\n  /a: {get: {operationId: a, parameters: [{name: x, in: query, schema: {type: "
        "string, maxLength: 5, "
        "pattern: '^x+$'}}]}}\n",
        "paths:\n  /a: {put: {operationId: a}}\n",
        "paths:\n  /a: {post: {operationId: a, x-body: cooked}}\n",
        "paths: [\n",
        "info: {}\n",
    };
    for (size_t k = 0; k < TQ_COUNT(bad); k++) {
        api other;
        tq_err err = {0};
        if (api_load(tq_str_of(bad[k]), &other, &err) == TQ_OK) fail_msg("taken: %s", bad[k]);
        assert_true(err.text[0] != '\0');
    }
}

static void languages_encodings_and_tags(void **state)
{
    (void)state;
    assert_int_equal(target_language(tq_str_of("")), TQ_ZH);
    assert_int_equal(target_language(tq_str_of("en-US,en;q=0.9")), TQ_EN);
    assert_int_equal(target_language(tq_str_of("fr, en;q=0.5, zh;q=0.8")), TQ_ZH);
    assert_int_equal(target_language(tq_str_of("zh;q=0, en;q=0.1")), TQ_EN);
    assert_int_equal(target_language(tq_str_of("enx")), TQ_ZH);
    assert_true(target_accepts_gzip(tq_str_of("deflate, gzip;q=0.5")));
    assert_false(target_accepts_gzip(tq_str_of("gzip;q=0")));
    assert_false(target_accepts_gzip(tq_str_of("br")));
    assert_true(target_etag_in(tq_str_of("\"a\", W/\"b\""), tq_str_of("\"b\"")));
    assert_true(target_etag_in(tq_str_of("*"), tq_str_of("\"b\"")));
    assert_false(target_etag_in(tq_str_of("\"a\""), tq_str_of("\"b\"")));
    assert_false(target_etag_in(tq_str_of(""), tq_str_of("\"b\"")));
}

static void cache_against_a_list(void **state)
{
    (void)state;
    cache store;
    assert_int_equal(cache_open(&store, NULL), TQ_OK);
    tq_random random = {7};
    static char body[CACHE_BLOCK * CACHE_ENTRY_BLOCKS];
    for (uint32_t k = 0; k < sizeof body; k++)
        body[k] = (char)('a' + k % 23);
    for (uint32_t round = 0; round < 30000; round++) {
        uint32_t key = tq_random_below(&random, 5000);
        tq_lang lang = (tq_lang)(key & 1);
        char target[32];
        int len = snprintf(target, sizeof target, "/t/%u", key / 2);
        tq_str text = {target, (size_t)len};
        /* Length and start of a body follow from its key, so that a wrong hit shows. */
        uint32_t want = key * 37 % 40000, shift = key % 1000;
        const cache_entry *found = cache_find(&store, text, lang, 0);
        if (found == NULL) {
            cache_keep(&store, text, lang, INT64_MAX, false, 200, 3, "\"e\"", TQ_STR("HEAD"),
                       (tq_str){body + shift, want});
            found = cache_find(&store, text, lang, 0);
        }
        assert_non_null(found);
        assert_int_equal(found->body_len, want);
        tq_str piece[CACHE_ENTRY_BLOCKS];
        size_t from = (size_t)found->key_len + found->head_len;
        uint32_t count = cache_pieces(&store, found, from, from + want, piece), at = shift;
        for (uint32_t k = 0; k < count; k++) {
            assert_memory_equal(piece[k].at, body + at, piece[k].len);
            at += (uint32_t)piece[k].len;
        }
        assert_int_equal(at - shift, want);
    }
    assert_true(store.used_entries <= CACHE_ENTRIES && store.used_entries > 100);
    /* Too large, and too old. */
    cache_keep(&store, TQ_STR("/big"), TQ_ZH, INT64_MAX, true, 200, 0, "", TQ_STR(""),
               (tq_str){body, sizeof body});
    assert_null(cache_find(&store, TQ_STR("/big"), TQ_ZH, 0));
    cache_keep(&store, TQ_STR("/old"), TQ_ZH, 100, false, 200, 0, "", TQ_STR(""), TQ_STR("x"));
    assert_non_null(cache_find(&store, TQ_STR("/old"), TQ_ZH, 99));
    assert_null(cache_find(&store, TQ_STR("/old"), TQ_ZH, 100));
    cache_keep(&store, TQ_STR("/tile"), TQ_ZH, INT64_MAX, true, 200, 0, "", TQ_STR(""),
               TQ_STR("t"));
    cache_keep(&store, TQ_STR("/trip"), TQ_ZH, INT64_MAX, false, 200, 0, "", TQ_STR(""),
               TQ_STR("p"));
    cache_forget(&store); /* the network has changed: what only the city decides stays */
    assert_non_null(cache_find(&store, TQ_STR("/tile"), TQ_ZH, 0));
    assert_null(cache_find(&store, TQ_STR("/trip"), TQ_ZH, 0));
    cache_close(&store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(targets_against_the_document),
        cmocka_unit_test(values_and_defaults),
        cmocka_unit_test(problems_in_both_languages),
        cmocka_unit_test(the_json_twin_says_the_same),
        cmocka_unit_test(a_document_that_cannot_be_held_is_refused),
        cmocka_unit_test(languages_encodings_and_tags),
        cmocka_unit_test(cache_against_a_list),
    };
    return cmocka_run_group_tests(tests, load, unload);
}
