/* Flows over capacities: small sums that can be done by hand, and the authored network. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "freight_files.h"

#define DAY 20640 /* July 2026 */

static tq_freight *net;

static uint32_t node(const char *id)
{
    uint32_t found = tq_freight_node_find(net, tq_str_of(id));
    if (found == TQ_NONE) fail_msg("no place %s", id);
    return found;
}

static tq_flow_lot coal(const char *from, const char *to, int64_t week_t)
{
    return (tq_flow_lot){tq_freight_commodity_find(net, tq_str_of("coal_thermal")), node(from),
                         node(to), week_t};
}

static tq_flow_query question(const tq_flow_lot *lots, uint32_t count, uint32_t weeks)
{
    tq_flow_query query;
    tq_flow_query_default(&query);
    query.lot = lots;
    query.lot_count = count;
    query.weeks = weeks;
    query.day = DAY;
    return query;
}

static void sums_hold(const tq_flow_query *query, const tq_flow_plan *plan)
{
    for (uint32_t k = 0; k < query->lot_count; k++) {
        double all = (double)query->lot[k].week_t * query->weeks;
        assert_true(plan->brought_t[k] >= -1e-4 && plan->unserved_t[k] >= 0);
        assert_true(plan->brought_t[k] + plan->unserved_t[k] - all < 1e-3);
    }
    for (uint32_t k = 0; k < plan->use_count; k++) {
        assert_true(plan->use[k].used_t <= plan->use[k].capacity_t * (1 + 1e-7) + 1e-4);
        /* Only what is full has a price. */
        if (plan->use[k].price_yuan > 1e-5)
            assert_true(plan->use[k].used_t > plan->use[k].capacity_t * (1 - 1e-6) - 1e-3);
    }
    assert_true(plan->gap < 1e-7);
}

/* With room for all, a lot costs what the cheapest plan of the search costs. */
static void costs_are_those_of_the_search(void **state)
{
    (void)state;
    /* From Fuzhou nothing is loaded for the sea: coal must go somewhere by rail before a ship takes
     * it. */
    static const char *const pairs[][2] = {
        {"GJM", "QHDP"}, {"TUNL", "GZXP"}, {"GJM", "TISC"}, {"FZP", "DAQ"}};
    void *memory = malloc((size_t)64 << 20);
    tq_arena work;
    tq_arena_init(&work, memory, (size_t)64 << 20);
    for (size_t k = 0; k < sizeof pairs / sizeof *pairs; k++) {
        tq_flow_lot lot = coal(pairs[k][0], pairs[k][1], 1000);
        tq_flow_query query = question(&lot, 1, 1);
        tq_flow_plan plan;
        tq_freight_query asked;
        tq_freight_answer answer;
        tq_err err = {0};
        if (tq_flow_plan_make(net, NULL, &query, &plan, &err) != TQ_OK) fail_msg("%s", err.text);
        sums_hold(&query, &plan);
        tq_freight_query_default(&asked);
        asked.origin = lot.from;
        asked.destination = lot.to;
        asked.commodity = lot.commodity;
        asked.mass_g = INT64_C(1000000000);
        asked.depart_s = INT64_C(86400) * DAY;
        tq_arena_reset(&work, 0);
        assert_int_equal(tq_freight_search(net, NULL, &asked, NULL, &work, &answer, &err), TQ_OK);
        int64_t least = INT64_MAX;
        for (uint32_t p = 0; p < answer.plan_count; p++)
            least = TQ_MIN(least, answer.plan[p].cost_e4);
        printf("%s-%s: flow %.2f, search %.2f yuan; %u columns\n", pairs[k][0], pairs[k][1],
               plan.cost_yuan, (double)least / 1e4, plan.columns);
        assert_true(plan.cost_yuan - (double)least / 1e4 < 0.01 &&
                    plan.cost_yuan - (double)least / 1e4 > -0.01);
        assert_true(plan.unserved_t[0] < 1e-6);
        tq_flow_plan_free(&plan);
    }
    free(memory);
}

/* Beyond a capacity goods go other ways, and what is full has a price. Without the fullest link all
 * is dearer, and nothing goes over it. */
static void full_links_have_a_price(void **state)
{
    (void)state;
    tq_flow_lot lots[] = {coal("GJM", "QHDP", 3000000), coal("TUNL", "GZXP", 2000000)};
    tq_flow_query query = question(lots, 2, 2);
    tq_flow_plan plan, without;
    tq_err err = {0};
    uint32_t full = TQ_NONE;
    if (tq_flow_plan_make(net, NULL, &query, &plan, &err) != TQ_OK) fail_msg("%s", err.text);
    sums_hold(&query, &plan);
    for (uint32_t k = 0; k < plan.use_count; k++)
        if (plan.use[k].place == TQ_FLOW_LINK &&
            (full == TQ_NONE || plan.use[k].price_yuan > plan.use[full].price_yuan))
            full = k;
    assert_true(plan.use[full].price_yuan > 0.1);
    uint32_t link = plan.use[full].row;
    tq_freight_override shut = {.link = link, .closed = true, .time_ds = -1};
    tq_freight_live live;
    assert_int_equal(tq_freight_live_make(net, &shut, 1, 7, &live, &err), TQ_OK);
    assert_int_equal(tq_flow_plan_make(net, &live, &query, &without, &err), TQ_OK);
    sums_hold(&query, &without);
    for (uint32_t k = 0; k < without.use_count; k++)
        if (without.use[k].place == TQ_FLOW_LINK && without.use[k].row == link)
            assert_true(without.use[k].used_t < 1e-6);
    assert_true(without.cost_yuan > plan.cost_yuan);
    printf("%s: %.2f yuan a tonne; %.0f and %.0f yuan, %.0f t stay\n",
           tq_freight_link_at(net, link).id, plan.use[full].price_yuan, plan.cost_yuan,
           without.cost_yuan, plan.unserved_t[0] + plan.unserved_t[1]);
    tq_flow_plan_free(&plan);
    tq_flow_plan_free(&without);
}

static double rail_km(const tq_flow_plan *plan, uint32_t trains)
{
    double km = 0;
    for (uint32_t k = 0; k < plan->use_count; k++) {
        const tq_flow_use *use = &plan->use[k];
        if (use->place != TQ_FLOW_LINK || use->mode != TQ_FREIGHT_RAIL || use->trains == 0)
            continue;
        assert_int_equal(use->trains, trains);
        km += (double)tq_freight_link_at(net, use->row).length_m / 1000;
    }
    return km;
}

/* 12,000 t are three trains of 5,500 t on every rail link of the way; at a fen a km, so that the
 * way stays the same, three fen a km more. Of 5,600 t a second train is not worth the last 100. */
static void whole_trains_by_hand(void **state)
{
    (void)state;
    tq_flow_lot lot = coal("GJM", "QHDP", 12000);
    tq_flow_query query = question(&lot, 1, 1);
    tq_flow_plan plain, plan;
    tq_err err = {0};
    assert_int_equal(tq_flow_plan_make(net, NULL, &query, &plain, &err), TQ_OK);
    query.train_t = 5500;
    query.train_fen_km = 1;
    if (tq_flow_plan_make(net, NULL, &query, &plan, &err) != TQ_OK) fail_msg("%s", err.text);
    double km = rail_km(&plan, 3);
    assert_true(km > 100);
    assert_true(fabs(plan.cost_yuan - plain.cost_yuan - 0.03 * km) < 0.01);
    assert_true(fabs(plan.bound_yuan - plain.cost_yuan - 12000.0 / 5500 * 0.01 * km) < 0.01);
    tq_flow_plan_free(&plain);
    tq_flow_plan_free(&plan);
    lot.week_t = 5600;
    query.train_fen_km = 5000;
    query.penalty_fen = 30000;
    assert_int_equal(tq_flow_plan_make(net, NULL, &query, &plan, &err), TQ_OK);
    assert_true(rail_km(&plan, 1) > 100);
    assert_true(fabs(plan.unserved_t[0] - 100) < 1e-3);
    tq_flow_plan_free(&plan);
}

static void ends_when_its_time_is_over(void **state)
{
    (void)state;
    tq_flow_lot lots[] = {coal("GJM", "QHDP", 3000000), coal("TUNL", "GZXP", 2000000)};
    tq_flow_query query = question(lots, 2, TQ_FLOW_WEEKS_MAX);
    tq_flow_plan plan;
    tq_err err = {0};
    query.seconds = 1e-6;
    assert_int_equal(tq_flow_plan_make(net, NULL, &query, &plan, &err), TQ_LIMIT);
    assert_non_null(strstr(err.text, "no proven plan within 1e-06 s"));
}

static void refuses_by_name(void **state)
{
    (void)state;
    tq_flow_lot lot = coal("GJM", "QHDP", -5);
    tq_flow_query query = question(&lot, 1, 1);
    tq_flow_plan plan;
    tq_err err = {0};
    assert_int_equal(tq_flow_plan_make(net, NULL, &query, &plan, &err), TQ_BAD_INPUT);
    assert_non_null(strstr(err.text, "lot 1: -5 t"));
    lot = coal("GJM", "GJM", 5);
    assert_int_equal(tq_flow_plan_make(net, NULL, &query, &plan, &err), TQ_BAD_INPUT);
    lot = coal("GJM", "QHDP", 5);
    query.weeks = TQ_FLOW_WEEKS_MAX + 1;
    assert_int_equal(tq_flow_plan_make(net, NULL, &query, &plan, &err), TQ_BAD_INPUT);
}

static int load_network(void **state)
{
    (void)state;
    freight_files files;
    tq_err err = {0};
    freight_files_read(&files, FREIGHT_FOLDER);
    tq_status status = tq_freight_load(files.text, files.count, INT32_MAX, &net, &err);
    freight_files_free(&files);
    if (status != TQ_OK) printf("%s\n", err.text);
    return status == TQ_OK ? 0 : -1;
}

static int free_network(void **state)
{
    (void)state;
    tq_freight_free(net);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(costs_are_those_of_the_search), cmocka_unit_test(full_links_have_a_price),
        cmocka_unit_test(whole_trains_by_hand), cmocka_unit_test(ends_when_its_time_is_over),
        cmocka_unit_test(refuses_by_name)};
    return cmocka_run_group_tests(tests, load_network, free_network);
}
