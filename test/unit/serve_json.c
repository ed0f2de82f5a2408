/* JSON coming in: what the reader takes, refuses and decodes; bodies as parameters. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "serve/serve_in.h"

static bool is_json(tq_str text)
{
    json_in in;
    json_in_begin(&in, text);
    return json_in_skip(&in, NULL) && json_in_end(&in);
}

static void documents(void **state)
{
    (void)state;
    static const char *const good[] = {
        "{}",
        "[]",
        "1",
        "-0",
        "0.5e+3",
        "\"\"",
        "true",
        " [ 1 , {\"a\" : [ ] , \"b\":null} ] ",
        "\"\\u4e2d\\ud83d\\ude80\\n\"",
        "[[[[[[[[1]]]]]]]]",
        "{\"a\":{\"b\":{\"c\":[{}]}}}",
    };
    static const char *const bad[] = {
        "",          "{",          "]",     "[1,]",    "[,1]",        "{\"a\"}",
        "{\"a\":}",  "{\"a\":1,}", "{a:1}", "01",      "1.",          ".5",
        "+1",        "1e",         "tru",   "\"\\x\"", "\"\\ud800\"", "\"\\udc00\"",
        "\"\n\"",    "\"",         "[1 2]", "1 1",     "nan",         "{\"a\":1 \"b\":2}",
        "\"\\u12\"",
    };
    for (size_t k = 0; k < TQ_COUNT(good); k++)
        if (!is_json(tq_str_of(good[k]))) fail_msg("refused: %s", good[k]);
    for (size_t k = 0; k < TQ_COUNT(bad); k++)
        if (is_json(tq_str_of(bad[k]))) fail_msg("taken: %s", bad[k]);
    char deep[200];
    memset(deep, '[', 100);
    memset(deep + 100, ']', 100);
    assert_false(is_json((tq_str){deep, 200}));
    assert_true(is_json((tq_str){deep + 100 - 20, 40}));
}

static void brackets_must_match(void **state)
{
    (void)state;
    assert_false(is_json(TQ_STR("[1}")));
    assert_false(is_json(TQ_STR("{\"a\":1]")));
}

static void texts(void **state)
{
    (void)state;
    json_in in;
    char out[16];
    json_in_begin(&in, TQ_STR("\"\\u4e2d\\/\\ud83d\\ude80\""));
    assert_true(json_in_text(&in, out, sizeof out));
    assert_string_equal(out, "中/🚀");
    json_in_begin(&in, TQ_STR("\"0123456789abcdef\""));
    assert_false(json_in_text(&in, out, sizeof out));
    assert_non_null(in.why);
}

/* Every prefix of a document is refused without reading past it. */
static void prefixes(void **state)
{
    (void)state;
    static const char whole[] = "{\"a\":[1,2.5e3,\"x\\u0041\"],\"b\":{\"c\":true}}";
    for (size_t len = 0; len < sizeof whole - 1; len++) {
        char *copy = tq_alloc(len, 1);
        memcpy(copy, whole, len);
        assert_false(is_json((tq_str){copy, len}));
        tq_free(copy);
    }
    assert_true(is_json((tq_str){whole, sizeof whole - 1}));
}

static serve_request request;

static problem_id members(const char *body)
{
    problem why = {0};
    memset(&request, 0, sizeof request);
    request.body = tq_str_of(body);
    return body_members(&request, &why);
}

static void bodies(void **state)
{
    (void)state;
    assert_int_equal(members("{\"minutes\":[5,10],\"profile\":\"car\",\"hazmat\":true,\"x\":null,"
                             "\"avoid_polygon\":[[1,2],[3,4.5]],\"from\":[[1,2]]}"),
                     PROBLEM_NONE);
    static const char *const pairs[][2] = {{"minutes", "5,10"},
                                           {"profile", "car"},
                                           {"hazmat", "true"},
                                           {"avoid_polygon", "1,2;3,4.5"}};
    assert_int_equal(request.pair_count, TQ_COUNT(pairs));
    for (size_t k = 0; k < TQ_COUNT(pairs); k++) {
        assert_true(tq_str_is(request.pair[k].name, pairs[k][0]));
        assert_string_equal(request.pair[k].value.at, pairs[k][1]);
    }
    assert_true(tq_str_is(request.points[0], "[[1,2]]"));
    assert_null(request.points[1].at);
    assert_int_equal(members(""), PROBLEM_NO_BODY);
    assert_int_equal(members("[]"), PROBLEM_BAD_JSON);
    assert_int_equal(members("{\"a\":{\"b\":1}}"), PROBLEM_BAD_JSON);
    assert_int_equal(members("{\"a\":1,\"a\":2}"), PROBLEM_BAD_JSON);
    assert_int_equal(members("{\"a\":\"x\\u0000y\"}"), PROBLEM_BAD_JSON);
    assert_int_equal(members("{\"a\":[1,[2]]}"), PROBLEM_BAD_JSON);
    static char large[20000];
    snprintf(large, sizeof large, "{\"a\":\"%*s\"}", 15000, "x");
    assert_int_equal(members(large), PROBLEM_BAD_JSON);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(documents), cmocka_unit_test(brackets_must_match),
        cmocka_unit_test(texts),     cmocka_unit_test(prefixes),
        cmocka_unit_test(bodies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
