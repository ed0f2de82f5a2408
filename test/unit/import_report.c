/* The report: everything counted, the first of a kind kept, text and JSON. */
// clang-format off
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
// clang-format on

#include <jansson.h>
#include <stdlib.h>

#include "import/import.h"

static void twenty_of_a_kind_are_kept(void **state)
{
    (void)state;
    tq_report *report = tq_report_new();
    for (uint32_t k = 0; k < 50; k++)
        tq_report_add(report, TQ_DROPPED, "unknown_stop", "stop_times.txt", k + 2,
                      "stop_id X%u is not in stops.txt", k);
    tq_report_add(report, TQ_WARNING, "unknown_stop", "transfers.txt", 3, "another severity");
    tq_report_add(report, TQ_WARNING, "last_before_first", "times.csv", 22, "化章西街: \"06:02\"");
    tq_report_count(report, "gtfs.stop_times", 1);
    tq_report_count(report, "gtfs.stops", 7);
    tq_report_count(report, "gtfs.stop_times", 24158);
    assert_int_equal(tq_report_dropped(report), 50);

    tq_buf out = {0};
    tq_report_json(report, &out);
    json_error_t error;
    json_t *root = json_loadb(out.at, out.len, 0, &error);
    assert_non_null(root);
    assert_int_equal(json_integer_value(json_object_get(root, "dropped")), 50);
    json_t *counters = json_object_get(root, "counters");
    assert_int_equal(json_object_size(counters), 2);
    assert_int_equal(json_integer_value(json_object_get(counters, "gtfs.stop_times")), 24158);
    json_t *findings = json_object_get(root, "findings");
    assert_int_equal(json_array_size(findings), 22);
    json_t *first = json_array_get(findings, 0);
    assert_string_equal(json_string_value(json_object_get(first, "severity")), "dropped");
    assert_string_equal(json_string_value(json_object_get(first, "code")), "unknown_stop");
    assert_string_equal(json_string_value(json_object_get(first, "file")), "stop_times.txt");
    assert_int_equal(json_integer_value(json_object_get(first, "line")), 2);
    assert_int_equal(json_integer_value(json_object_get(first, "count")), 50);
    assert_string_equal(json_string_value(json_object_get(first, "text")),
                        "stop_id X0 is not in stops.txt");
    json_t *last = json_array_get(findings, 21);
    assert_string_equal(json_string_value(json_object_get(last, "text")), "化章西街: \"06:02\"");
    json_decref(root);

    out.len = 0;
    tq_report_text(report, &out);
    tq_buf_putc(&out, '\0');
    assert_non_null(strstr(out.at, "dropped unknown_stop: 50\n"
                                   "  stop_times.txt line 2: stop_id X0 is not in stops.txt\n"));
    assert_non_null(strstr(out.at, "  ... and 30 more\n"));
    assert_non_null(strstr(out.at, "warning last_before_first: 1\n  times.csv line 22: "));
    assert_non_null(strstr(out.at, "gtfs.stop_times: 24158\n"));
    tq_buf_free(&out);
    tq_report_free(report);
}

static void a_long_text_is_cut_between_characters(void **state)
{
    (void)state;
    tq_report *report = tq_report_new();
    char text[1200];
    for (size_t k = 0; k + 3 < sizeof text; k += 3)
        memcpy(text + k, "街", 3);
    text[1197] = '\0';
    for (unsigned shift = 0; shift < 3; shift++)
        tq_report_add(report, TQ_NOTE, "long", NULL, 0, "%.*s%s", (int)shift, "ab", text);
    tq_buf out = {0};
    tq_report_json(report, &out);
    json_error_t error;
    json_t *root = json_loadb(out.at, out.len, 0, &error); /* refuses broken UTF-8 */
    assert_non_null(root);
    tq_buf_putc(&out, '\0');
    assert_null(strstr(out.at, "\xEF\xBF\xBD"));
    assert_int_equal(tq_report_dropped(report), 0);
    json_decref(root);
    tq_buf_free(&out);
    tq_report_free(report);
}

static void no_report_is_fine(void **state)
{
    (void)state;
    tq_report_add(NULL, TQ_NOTE, "x", "y", 1, "z");
    tq_report_count(NULL, "x", 1);
    assert_int_equal(tq_report_dropped(NULL), 0);
    tq_buf out = {0};
    tq_report_json(NULL, &out);
    assert_true(
        tq_str_is((tq_str){out.at, out.len}, "{\"counters\":{},\"findings\":[],\"dropped\":0}"));
    tq_buf_free(&out);
    tq_report_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(twenty_of_a_kind_are_kept),
        cmocka_unit_test(a_long_text_is_cut_between_characters),
        cmocka_unit_test(no_report_is_fine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
