/* The railway's bill: published answers to the item, what must always hold, and refusals. */
#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "freight_files.h"

#define DAY 20650 /* in 2026 */

static tq_freight *net;

static uint32_t tariff_of(const char *id)
{
    uint32_t row = tq_freight_tariff_find(net, tq_str_of(id), DAY);
    assert_int_not_equal(row, TQ_NONE);
    return row;
}

static int64_t dime_of(const tq_freight_bill *bill, int kind, int fee)
{
    int64_t sum = 0;
    for (uint32_t k = 0; k < bill->item_count; k++)
        if (bill->item[k].kind == kind && (fee < 0 || bill->item[k].fee == fee))
            sum += bill->item[k].dime;
    return sum;
}

static int64_t dimes(const json_t *object, const char *key)
{
    return (int64_t)(json_number_value(json_object_get(object, key)) * 10 + 0.5);
}

/* What the answer published says of an item, when it says anything. */
static void same(const json_t *want, const char *key, int64_t dime)
{
    if (json_object_get(want, key) != NULL) assert_int_equal(dime, dimes(want, key));
}

static void one_golden(const json_t *one)
{
    const json_t *want = json_object_get(one, "expect"),
                 *also = json_object_get(one, "also_in_the_answer");
    tq_err err = {0};
    tq_freight_bill bill;
    tq_freight_stretch stretch = {
        tariff_of(json_string_value(json_object_get(one, "tariff"))),
        (int64_t)(json_number_value(json_object_get(one, "km")) * 1000 + 0.5),
        (int64_t)(json_number_value(json_object_get(one, "electrified_km")) * 1000 + 0.5)};
    tq_freight_bill_query query = {
        .size = sizeof query,
        .stretch = &stretch,
        .stretch_count = 1,
        .mass_g = (int64_t)(json_number_value(json_object_get(one, "tonnes")) * 1e6 + 0.5),
        .boxes40 = (uint32_t)json_integer_value(json_object_get(one, "boxes40")),
        .boxes20 = (uint32_t)json_integer_value(json_object_get(one, "boxes20")),
        .day = DAY,
        .load = true,
        .unload = true,
        .special_dime = dimes(also, "line_diversion")};
    query.box_use = query.boxes40 > 0;
    print_message("%s\n", json_string_value(json_object_get(one, "id")));
    assert_int_equal(tq_freight_bill_make(net, &query, &bill, &err), TQ_OK);
    same(want, "carriage", dime_of(&bill, TQ_FREIGHT_ITEM_CARRIAGE, -1));
    same(want, "fund", dime_of(&bill, TQ_FREIGHT_ITEM_FUND, -1));
    same(want, "electrification", dime_of(&bill, TQ_FREIGHT_ITEM_ELECTRIFICATION, -1));
    same(want, "stamp", dime_of(&bill, TQ_FREIGHT_ITEM_STAMP, -1));
    int64_t load = dime_of(&bill, TQ_FREIGHT_ITEM_FEE, TQ_FREIGHT_FEE_LOAD),
            unload = dime_of(&bill, TQ_FREIGHT_ITEM_FEE, TQ_FREIGHT_FEE_UNLOAD);
    same(also, "loading", load);
    same(also, "unloading", unload);
    same(also, "total", bill.total_dime);
    if (json_object_get(also, "limit_days") != NULL)
        assert_int_equal(bill.days, json_integer_value(json_object_get(also, "limit_days")));
    same(one, "handling_per_end", load);
    if (json_object_get(one, "container_use") != NULL) /* «70 up to …: 118» */
        assert_int_equal(
            dime_of(&bill, TQ_FREIGHT_ITEM_FEE, TQ_FREIGHT_FEE_BOX_USE),
            atoi(strrchr(json_string_value(json_object_get(one, "container_use")), ' ')) * 10);
}

static void published_bills_are_met_to_the_item(void **state)
{
    (void)state;
    char path[4096];
    const char *shared = getenv("TQ_SHARED_DATA");
    (void)snprintf(path, sizeof path, "%s/freight/golden/rail_fee.json",
                   shared != NULL ? shared : "../shared/data");
    json_t *all = json_load_file(path, 0, NULL);
    const char *ci = getenv("CI");
    if (all == NULL && (ci == NULL || strcmp(ci, "true") != 0)) skip();
    assert_non_null(all);
    const json_t *cases = json_object_get(all, "cases");
    assert_true(json_array_size(cases) >= 3);
    for (size_t k = 0; k < json_array_size(cases); k++)
        one_golden(json_array_get(cases, k));
    json_decref(all);
}

/* The same figures without the folder of data, worked by hand in the comments. */
static void items_by_hand(void **state)
{
    (void)state;
    tq_err err = {0};
    tq_freight_bill bill;
    tq_freight_stretch stretch[3] = {{tariff_of("RAIL_4C"), 100000, 60000},
                                     {tariff_of("RAIL_DAQIN_4C"), 500000, 500000},
                                     {tariff_of("RAIL_4C"), 50000, 0}};
    tq_freight_bill_query query = {.size = sizeof query,
                                   .stretch = stretch,
                                   .stretch_count = 3,
                                   .mass_g = 70000000,
                                   .day = DAY};
    assert_int_equal(tq_freight_bill_make(net, &query, &bill, &err), TQ_OK);
    /* RAIL_4C: 1.0804 x (16.3 + 0.098 x 150) x 70 = 2344.468; Daqin's base 16.3 is below 1.0804 x
     * 16.3, so it pays only 0.1001 x 500 x 70 = 3503.5. */
    assert_int_equal(bill.item[0].kind, TQ_FREIGHT_ITEM_CARRIAGE);
    assert_int_equal(bill.item[0].dime, 23445);
    assert_int_equal(bill.item[1].kind,
                     TQ_FREIGHT_ITEM_FUND); /* 1.0804 x 0.033 x 150 x 70 = 374.36 */
    assert_int_equal(bill.item[1].dime, 3744);
    assert_int_equal(bill.item[2].dime, 294); /* 0.007 x 60 x 70 = 29.4 */
    assert_int_equal(bill.item[3].kind, TQ_FREIGHT_ITEM_CARRIAGE);
    assert_int_equal(bill.item[3].dime, 35035);
    assert_int_equal(bill.item[4].dime, 11550); /* 0.033 x 500 x 70 */
    assert_int_equal(bill.item[5].dime, 2450);  /* 0.007 x 500 x 70 */
    /* 0.05 % of (2344.5 + 29.4 + 3503.5 + 245.0) = 3.0612 */
    assert_int_equal(bill.item[6].kind, TQ_FREIGHT_ITEM_STAMP);
    assert_int_equal(bill.item[6].dime, 31);
    assert_int_equal(bill.item_count, 7);
    assert_int_equal(bill.days, 4);
    assert_int_equal(bill.length_m, 650000);
    assert_int_equal(bill.electrified_m, 560000);
    /* The other way round Daqin pays its base, and the coal rate only what its own is more. */
    tq_freight_stretch back[2] = {stretch[1], stretch[0]};
    query.stretch = back;
    query.stretch_count = 2;
    assert_int_equal(tq_freight_bill_make(net, &query, &bill, &err), TQ_OK);
    assert_int_equal(bill.item[0].dime, 46445); /* (16.3 + 50.05) x 70 = 4644.5 */
    /* (1.0804 x 16.3 - 16.3 + 1.0804 x 9.8) x 70 = 832.89 */
    assert_int_equal(bill.item[3].dime, 8329);
}

/* Whatever is asked: the total is the sum, no item is negative or nothing, more way costs no less.
 */
static void sums_hold(void **state)
{
    (void)state;
    static const char *const ids[] = {"RAIL_2", "RAIL_4",        "RAIL_4C",
                                      "RAIL_6", "RAIL_DAQIN_4C", "RAIL_HAOJI_4C"};
    tq_random random = {20260704};
    print_message("seed 20260704\n");
    for (unsigned turn = 0; turn < 20000; turn++) {
        tq_freight_stretch stretch[6];
        tq_freight_bill bill, more;
        tq_err err = {0};
        tq_freight_bill_query query = {.size = sizeof query, .stretch = stretch, .day = DAY};
        query.stretch_count = 1 + (uint32_t)(tq_random_u64(&random) % 6);
        query.mass_g = 1 + (int64_t)(tq_random_u64(&random) % 5000000000u);
        query.load = query.unload = turn % 2 == 0;
        query.special_dime = (int64_t)(tq_random_u64(&random) % 1000);
        for (uint32_t k = 0; k < query.stretch_count; k++) {
            int64_t length_m = 1 + (int64_t)(tq_random_u64(&random) % 2000000u);
            stretch[k] = (tq_freight_stretch){
                tariff_of(ids[tq_random_u64(&random) % TQ_COUNT(ids)]), length_m,
                (int64_t)(tq_random_u64(&random) % (uint64_t)(length_m + 1))};
        }
        assert_int_equal(tq_freight_bill_make(net, &query, &bill, &err), TQ_OK);
        int64_t sum = 0;
        for (uint32_t k = 0; k < bill.item_count; k++) {
            assert_true(bill.item[k].dime > 0);
            sum += bill.item[k].dime;
        }
        assert_int_equal(sum, bill.total_dime);
        stretch[query.stretch_count - 1].length_m += 10000;
        assert_int_equal(tq_freight_bill_make(net, &query, &more, &err), TQ_OK);
        assert_true(more.total_dime >= bill.total_dime);
    }
}

static void what_cannot_be_billed_is_named(void **state)
{
    (void)state;
    tq_freight_stretch stretch = {tariff_of("RAIL_4C"), 1000, 0};
    const tq_freight_bill_query good = {.size = sizeof good,
                                        .stretch = &stretch,
                                        .stretch_count = 1,
                                        .mass_g = 1000000,
                                        .day = DAY};
    tq_freight_bill_query query = good;
    tq_freight_bill bill;
    tq_err err = {0};
    assert_int_equal(tq_freight_bill_make(net, &query, &bill, &err), TQ_OK);
    query.mass_g = 0;
    assert_int_equal(tq_freight_bill_make(net, &query, &bill, &err), TQ_BAD_INPUT);
    assert_non_null(strstr(err.text, "tonnes"));
    query = good;
    query.box_use = true;
    assert_int_equal(tq_freight_bill_make(net, &query, &bill, &err), TQ_BAD_INPUT);
    assert_non_null(strstr(err.text, "box_use"));
    query = good;
    query.boxes20 = query.boxes40 = 1;
    assert_int_equal(tq_freight_bill_make(net, &query, &bill, &err), TQ_BAD_INPUT);
    assert_non_null(strstr(err.text, "both sizes"));
    query = good;
    stretch.electrified_m = 1001;
    assert_int_equal(tq_freight_bill_make(net, &query, &bill, &err), TQ_BAD_INPUT);
    assert_non_null(strstr(err.text, "electrified_km: 1.001 of 1.000"));
    stretch = (tq_freight_stretch){tariff_of("RAIL_4C"), 0, 0};
    assert_int_equal(tq_freight_bill_make(net, &query, &bill, &err), TQ_BAD_INPUT);
    stretch = (tq_freight_stretch){tariff_of("ROAD_BULK"), 1000, 0};
    assert_int_equal(tq_freight_bill_make(net, &query, &bill, &err), TQ_BAD_INPUT);
    assert_non_null(strstr(err.text, "no tariff of a railway"));
    query.stretch_count = 0;
    assert_int_equal(tq_freight_bill_make(net, &query, &bill, &err), TQ_BAD_INPUT);
}

static int open_network(void **state)
{
    (void)state;
    freight_files files;
    tq_err err = {0};
    freight_files_read(&files, FREIGHT_FOLDER);
    tq_status status = tq_freight_load(files.text, files.count, DAY, &net, &err);
    freight_files_free(&files);
    if (status != TQ_OK) print_error("%s\n", err.text);
    return status == TQ_OK ? 0 : -1;
}

static int close_network(void **state)
{
    (void)state;
    tq_freight_free(net);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(published_bills_are_met_to_the_item),
        cmocka_unit_test(items_by_hand),
        cmocka_unit_test(sums_hold),
        cmocka_unit_test(what_cannot_be_billed_is_named),
    };
    return cmocka_run_group_tests(tests, open_network, close_network);
}
