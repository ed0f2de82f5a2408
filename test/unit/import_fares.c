/* fares.csv: the steps of the shipped metro tariff against an oracle, flat tariffs, and what is
 * refused. */
// clang-format off
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
// clang-format on

#include "import/build_in.h"
#include "import/tables_in.h"

typedef struct fare_city {
    tq_settings settings;
    tq_build build;
    tq_route route[3];
    uint32_t pattern_route[3], pattern_first[4], pattern_direction[3], along_m[7];
} fare_city;

static fare_city *fare_city_new(void)
{
    fare_city *city = TQ_ALLOC(fare_city, 1);
    static const char *const ids[] = {"TYM_L1", "TYM_L2", "TYB_920"};
    tq_settings_default(&city->settings);
    city->settings.bad_rows_stop = true;
    city->build.settings = &city->settings;
    city->build.report = tq_report_new();
    city->build.texts = tq_texts_new();
    for (uint32_t k = 0; k < TQ_COUNT(ids); k++)
        city->route[k] =
            (tq_route){.id = tq_texts_add(city->build.texts, tq_str_of(ids[k])), .tariff = TQ_NONE};
    city->build.city.timetable.route_count = TQ_COUNT(ids);
    city->build.city.timetable.route = city->route;
    /* Line 1 whole, its second half, and line 2. */
    city->build.city.timetable.pattern_count = 3;
    memcpy(city->pattern_route, (uint32_t[]){0, 0, 1}, sizeof city->pattern_route);
    memcpy(city->pattern_first, (uint32_t[]){0, 3, 5, 7}, sizeof city->pattern_first);
    memcpy(city->along_m, (uint32_t[]){0, 13597, 27194, 0, 13597, 0, 23647}, sizeof city->along_m);
    city->build.city.timetable.pattern_route = city->pattern_route;
    city->build.city.timetable.pattern_first = city->pattern_first;
    city->build.city.timetable.pattern_direction = city->pattern_direction;
    city->build.city.timetable.pattern_along_m = city->along_m;
    return city;
}

static void fare_city_free(fare_city *city)
{
    tq_report_free(city->build.report);
    import_build_free(&city->build);
    tq_free(city);
}

/* Fare by the table's own words: the first step that reaches, or further begun pieces beyond. */
static uint32_t fen_of(const tq_fares *fares, uint32_t tariff, uint32_t ride_m)
{
    const tq_tariff *t = &fares->tariff[tariff];
    const tq_tariff_step *step = fares->step + t->first_step;
    for (uint32_t k = 0; k < t->step_count; k++)
        if (ride_m <= step[k].upto_m) return step[k].fen;
    uint32_t beyond = ride_m - step[t->step_count - 1].upto_m;
    uint32_t pieces = t->over_m == 0 ? 0 : (beyond + t->over_m - 1) / t->over_m;
    return step[t->step_count - 1].fen + pieces * t->over_fen;
}

static void shipped_fares(void **state)
{
    (void)state;
    fare_city *city = fare_city_new();
    tq_err err = {0};
    (void)tq_path_join(city->settings.folder, "cities", "taiyuan");
    city->settings.fares_count = 1;
    memcpy(city->settings.fares[0], "fares.csv", sizeof "fares.csv");
    /* A tariff that a feed brought stays in front. */
    static const tq_tariff before = {.kind = TQ_TARIFF_FLAT, .step_count = 1};
    static const tq_tariff_step before_step = {1000, 100};
    city->build.city.fares = (tq_fares){1, 1, &before, &before_step, NULL};
    if (import_fares(&city->build, &err) != TQ_OK) fail_msg("%s", err.text);
    const tq_fares *fares = &city->build.city.fares;
    assert_int_equal(fares->tariff_count, 3);
    assert_int_equal(fares->step[0].fen, 100);
    uint32_t metro = city->route[0].tariff, coach = city->route[2].tariff;
    assert_int_equal(metro, 1);
    assert_int_equal(city->route[1].tariff, metro);
    assert_int_equal(coach, 2);
    static const uint32_t cases[][2] = {
        {1, 200},     {5000, 200},  {5100, 300},  {10000, 300}, {10001, 400}, {15000, 400},
        {15001, 500}, {21000, 500}, {21001, 600}, {23647, 600}, {27000, 600}, {27001, 700},
        {28737, 700}, {34000, 700}, {34001, 800}, {41000, 800}, {41001, 900}};
    for (size_t k = 0; k < TQ_COUNT(cases); k++) {
        assert_int_equal(fen_of(fares, metro, cases[k][0]), cases[k][1]);
        assert_int_equal(tq_tariff_fen(fares, metro, cases[k][0]), cases[k][1]);
    }
    assert_int_equal(tq_tariff_fen(fares, coach, 90000), 1700);
    const tq_tariff *tariff = &fares->tariff[metro];
    assert_int_equal(tariff->percent[0], 100);
    assert_int_equal(tariff->percent[1], 0);
    assert_int_equal(tariff->percent[2], 50);
    assert_int_equal(tariff->percent[3], 0);
    assert_int_equal(tariff->card_percent, 90);
    assert_int_equal(tariff->stay_limit_s, 7200);
    assert_int_equal(city->along_m[1], 14369); /* half of 28 737, rounded */
    assert_int_equal(city->along_m[2], 28737);
    assert_int_equal(city->along_m[4], 14369);
    assert_int_equal(city->along_m[6], 23647);
    assert_int_equal(city->build.city.taxi_count, 1);
    assert_non_null(fares->taxi);
    fare_city_free(city);
}

typedef struct refusal {
    const char *csv, *says;
} refusal;

static void bad_fares_are_named(void **state)
{
    (void)state;
#define HEAD "tariff,item,key,value\n"
    static const refusal cases[] = {
        {HEAD "m,step,5 km,2 yuan\nm,step,5 km,3 yuan\n", "does not lie beyond"},
        {HEAD "m,step,5,2 yuan\n", "write such as 5 km"},
        {HEAD "m,step,5 km,2\n", "write such as 5 km"},
        {HEAD "m,step,5 km,-2 yuan\n", "\"-2 yuan\""},
        {HEAD "m,step,0 km,2 yuan\n", "\"0 km\""},
        {HEAD "m,stpe,5 km,2 yuan\n", "did you mean \"step\""},
        {HEAD "m,kind,,flat\n", "needs a fare"},
        {HEAD "m,kind,,distance\n", "needs steps"},
        {HEAD "m,fare,,3 yuan\n", "needs steps"},
        {HEAD "m,kind,,flta\n", "write flat or distance"},
        {HEAD "m,percent,snior,0 %\n", "did you mean \"senior\""},
        {HEAD "m,percent,senior,101 %\n", "0 % to 100 %"},
        {HEAD "m,card,,0.9\n", "0 % to 100 %"},
        {HEAD "m,routes,,TYM_L9\n", "there is no route \"TYM_L9\""},
        {HEAD "m,length,TYM_L9,5 km\n", "there is no route \"TYM_L9\""},
        {HEAD "m,length,TYM_L1,5\n", "a length such as"},
        {HEAD "m,stay_limit,,120\n", "120 min"},
        {HEAD "m,fare,,0.001 yuan\n", "17 yuan"},
        {HEAD "m,fare,,99999999999999999999 yuan\n", "17 yuan"},
        {HEAD ",fare,,3 yuan\n", "the tariff is missing"},
        {"tariff,item,key,valeu\n", "did you mean \"value\""},
    };
    for (size_t k = 0; k < TQ_COUNT(cases); k++) {
        fare_city *city = fare_city_new();
        tables_fares fares = {0};
        tq_err err = {0};
        tq_status status =
            tables_fares_csv(&city->build, &fares, "fares.csv", tq_str_of(cases[k].csv), &err);
        assert_int_equal(status, TQ_BAD_INPUT);
        if (strstr(err.text, cases[k].says) == NULL) fail_msg("case %zu says: %s", k, err.text);
        tq_vec_free(&fares.tariffs);
        tq_vec_free(&fares.steps);
        fare_city_free(city);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shipped_fares),
        cmocka_unit_test(bad_fares_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
