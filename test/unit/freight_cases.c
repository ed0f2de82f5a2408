/*
 * The published reference cases: every point of every exact front, hours +-0.02, money and CO2
 * +-0.01 %, the same number of points, and the closures of P09 with the first answer restored.
 * Data: TQ_SHARED_DATA/freight/cases (skipped without it), network: cities/taiyuan/freight.
 */
#include <dirent.h>
#include <jansson.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "freight_files.h"

#define ARENA      (64u << 20)
#define CLOSED_MAX 64u

static tq_freight *net;
static tq_arena arena;
static char folder[400];

static int setup(void **state)
{
    (void)state;
    const char *shared = getenv("TQ_SHARED_DATA");
    snprintf(folder, sizeof folder, "%s/freight/cases", shared ? shared : "../shared/data");
    freight_files files;
    freight_files_read(&files, FREIGHT_FOLDER);
    tq_err err = {0};
    tq_status status = tq_freight_load(files.text, files.count, INT32_MAX, &net, &err);
    freight_files_free(&files);
    if (status != TQ_OK) print_error("%s\n", err.text);
    tq_arena_init(&arena, malloc(ARENA), ARENA);
    return status != TQ_OK;
}

static int teardown(void **state)
{
    (void)state;
    tq_freight_free(net);
    free(arena.base);
    return 0;
}

/* Milligrams or ten-thousandths within 0.01 %, and half of the last printed digit. */
static bool near(double want, double got)
{
    return fabs(want - got) <= 1e-4 * fabs(want) + 0.051;
}

static void check_front(const char *name, const json_t *front, const tq_freight_answer *answer)
{
    size_t count = json_array_size(front), k;
    json_t *point;
    unsigned missing = 0;
    if (count != answer->plan_count) {
        for (uint32_t p = 0; p < answer->plan_count; p++)
            print_message("  got %.3f h %.1f CNY %.1f kg\n", answer->plan[p].time_ds / 36000.0,
                          (double)answer->plan[p].cost_e4 / 1e4,
                          (double)answer->plan[p].co2_mg / 1e6);
    }
    json_array_foreach(front, k, point)
    {
        double hours = json_number_value(json_object_get(point, "hours"));
        double cost = json_number_value(json_object_get(point, "cost_cny"));
        double co2 = json_number_value(json_object_get(point, "co2e_kg"));
        bool found = false;
        for (uint32_t p = 0; p < answer->plan_count && !found; p++)
            found = fabs(hours - answer->plan[p].time_ds / 36000.0) <= 0.02 &&
                    near(cost, (double)answer->plan[p].cost_e4 / 1e4) &&
                    near(co2, (double)answer->plan[p].co2_mg / 1e6);
        if (!found) {
            print_error("%s: no plan of %.2f h, %.1f CNY, %.1f kg\n", name, hours, cost, co2);
            missing++;
        }
    }
    assert_int_equal(missing, 0);
    assert_int_equal(count, answer->plan_count);
}

static tq_freight_query query_of(const json_t *root)
{
    tq_freight_query query;
    tq_freight_query_default(&query);
    const json_t *shipment = json_object_get(root, "shipment"), *t0 = json_object_get(root, "t0");
    query.origin =
        tq_freight_node_find(net, tq_str_of(json_string_value(json_object_get(root, "origin"))));
    query.destination = tq_freight_node_find(
        net, tq_str_of(json_string_value(json_object_get(root, "destination"))));
    query.commodity = tq_freight_commodity_find(
        net, tq_str_of(json_string_value(json_object_get(shipment, "commodity"))));
    query.mass_g = (int64_t)llround(json_number_value(json_object_get(shipment, "tonnes")) * 1e6);
    query.boxes40 = (uint32_t)json_integer_value(json_object_get(shipment, "boxes40"));
    /* 2026-07-06 is a Monday, day 20640. */
    query.depart_s = (20640 + json_integer_value(json_array_get(t0, 0)) - 1) * INT64_C(86400) +
                     llround(json_number_value(json_array_get(t0, 1)) * 3600);
    return query;
}

static void ask(const json_t *root, const char *name, const json_t *front,
                const tq_freight_live *live, uint64_t *hash)
{
    tq_freight_query query = query_of(root);
    tq_freight_answer answer;
    tq_err err = {0};
    tq_arena_reset(&arena, 0);
    tq_status status = tq_freight_search(net, live, &query, NULL, &arena, &answer, &err);
    if (status != TQ_OK) print_error("%s: %s\n", name, err.text);
    assert_int_equal(status, TQ_OK);
    check_front(name, front, &answer);
    *hash = 0;
    for (uint32_t k = 0; k < answer.plan_count; k++) {
        const tq_freight_plan *plan = &answer.plan[k];
        *hash = tq_hash(plan, sizeof *plan, *hash);
        *hash =
            tq_hash(answer.step + plan->first_step, plan->step_count * sizeof *answer.step, *hash);
    }
}

static void check_closures(const json_t *root, const char *name, uint64_t first)
{
    size_t k, j;
    json_t *closure, *id;
    uint64_t hash;
    json_array_foreach(json_object_get(root, "closures"), k, closure)
    {
        tq_freight_override closed[CLOSED_MAX];
        uint32_t count = 0;
        tq_freight_live live;
        json_array_foreach(json_object_get(closure, "closed_links"), j, id)
        {
            uint32_t link = tq_freight_link_find(net, tq_str_of(json_string_value(id)));
            assert_true(link != TQ_NONE && count < CLOSED_MAX);
            closed[count++] = (tq_freight_override){link, true, -1};
        }
        assert_int_equal(tq_freight_live_make(net, closed, count, k + 1, &live, NULL), TQ_OK);
        ask(root, name, json_object_get(closure, "front_v1"), &live, &hash);
    }
    ask(root, name, json_object_get(root, "front_v1"), NULL, &hash);
    assert_true(hash == first);
}

static void fronts_equal_reference(void **state)
{
    (void)state;
    DIR *dir = opendir(folder);
    if (!dir) {
        const char *ci = getenv("CI");
        assert_false(ci && strcmp(ci, "true") == 0);
        skip();
    }
    unsigned cases = 0;
    for (struct dirent *file; (file = readdir(dir)) != NULL;) {
        char path[700];
        if (!strstr(file->d_name, ".json")) continue;
        snprintf(path, sizeof path, "%s/%s", folder, file->d_name);
        json_t *root = json_load_file(path, JSON_REJECT_DUPLICATES, NULL);
        assert_non_null(root);
        uint64_t hash;
        ask(root, file->d_name, json_object_get(root, "front_v1"), NULL, &hash);
        check_closures(root, file->d_name, hash);
        json_decref(root);
        cases++;
    }
    closedir(dir);
    assert_true(cases >= 9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(fronts_equal_reference)};
    return cmocka_run_group_tests(tests, setup, teardown);
}
