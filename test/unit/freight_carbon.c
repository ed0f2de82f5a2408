/* Emissions of plans: elements, sets of factors, flights, and the sum of the search. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "freight_files.h"

#define WORK_BYTES ((size_t)256 << 20)

static tq_freight *net;
static tq_arena work;
static void *memory;

static bool ask(const char *from, const char *to, const char *commodity, int64_t mass_g,
                uint32_t boxes40, tq_freight_query *query, tq_freight_answer *answer)
{
    tq_err err = {0};
    tq_freight_query_default(query);
    query->origin = tq_freight_node_find(net, tq_str_of(from));
    query->destination = tq_freight_node_find(net, tq_str_of(to));
    query->commodity = tq_freight_commodity_find(net, tq_str_of(commodity));
    query->mass_g = mass_g;
    query->boxes40 = boxes40;
    query->depart_s = INT64_C(1783324800); /* a Monday in July 2026, 8:00 */
    tq_arena_reset(&work, 0);
    return tq_freight_search(net, NULL, query, NULL, &work, answer, &err) == TQ_OK;
}

/* For every plan of some fronts: elements add up, hubs stand alone, the own set gives the sum of
 * the search but for rounding, and low and high hold every set. */
static void elements_add_up(void **state)
{
    (void)state;
    static const struct {
        const char *from, *to, *commodity;
        int64_t mass_g;
        uint32_t boxes40;
    } asked[] = {{"GJM", "QHDP", "coal_thermal", 4000000000, 0},
                 {"TUNL", "GZXP", "coal_thermal", 10000000000, 0},
                 {"TISC", "SHP", "steel_coil", 60000000, 0},
                 {"TYC", "RTMP", "general_box", 22000000, 1}};
    static tq_freight_carbon own, other;
    unsigned plans = 0;
    for (size_t k = 0; k < sizeof asked / sizeof *asked; k++) {
        tq_freight_query query;
        tq_freight_answer answer;
        assert_true(ask(asked[k].from, asked[k].to, asked[k].commodity, asked[k].mass_g,
                        asked[k].boxes40, &query, &answer));
        for (uint32_t plan = 0; plan < answer.plan_count; plan++, plans++) {
            int64_t ttw = 0, wtt = 0, wtw = 0;
            bool flies = false;
            tq_freight_carbon_make(net, &query, &answer, &answer.plan[plan], 0, &own);
            for (uint32_t at = 0; at < own.count; at++) {
                const tq_freight_carbon_element *one = &own.element[at];
                ttw += one->ttw_mg;
                wtt += one->wtt_mg;
                wtw += one->wtw_mg;
                flies |= one->mode == TQ_FREIGHT_AIR;
                assert_true(one->low_mg <= one->wtw_mg && one->wtw_mg <= one->high_mg);
                assert_true(one->hub == (one->emission == TQ_NONE));
                if (one->hub) assert_int_equal(one->length_m, 0);
            }
            assert_int_equal(ttw, own.ttw_mg);
            assert_int_equal(wtt, own.wtt_mg);
            assert_int_equal(wtw, own.wtw_mg);
            int64_t apart = own.wtw_mg - answer.plan[plan].co2_mg;
            if (!flies) assert_true(apart > -200 && apart < 200);
            for (uint32_t set = 1; set <= tq_freight_carbon_sets(net); set++) {
                tq_freight_carbon_make(net, &query, &answer, &answer.plan[plan], set, &other);
                assert_int_equal(other.count, own.count);
                assert_true(own.low_mg <= other.wtw_mg && other.wtw_mg <= own.high_mg);
                for (uint32_t at = 0; at < own.count; at++)
                    if (own.element[at].hub)
                        assert_int_equal(other.element[at].wtw_mg, own.element[at].wtw_mg);
            }
        }
    }
    print_message("%u plans\n", plans);
    assert_true(plans > 20);
}

/* 4,000 t by lorry only from Gujiao: one way, 64.8 g a t-km of which 52.8 from the tank. */
static void a_way_by_hand(void **state)
{
    (void)state;
    static tq_freight_carbon own, uk;
    tq_freight_query query;
    tq_freight_answer answer;
    assert_true(ask("GJM", "GUJ", "coal_thermal", 4000000000, 0, &query, &answer));
    const tq_freight_plan *plan = &answer.plan[0];
    tq_freight_carbon_make(net, &query, &answer, plan, 0, &own);
    assert_int_equal(own.count, 3); /* loaded, driven, unloaded */
    assert_true(own.element[0].hub && !own.element[1].hub && own.element[2].hub);
    int64_t km = own.element[1].length_m / 1000;
    assert_int_equal(own.element[1].wtw_mg, km * 4000 * 64800);
    assert_int_equal(own.element[1].ttw_mg, km * 4000 * 52800);
    assert_int_equal(own.element[1].wtt_mg, km * 4000 * 12000);
    tq_freight_carbon_make(net, &query, &answer, plan, 1, &uk);
    assert_int_equal(uk.element[1].wtw_mg, km * 4000 * 95020);
    assert_int_equal(own.element[1].high_mg, uk.element[1].wtw_mg);
    assert_int_equal(own.element[1].low_mg, own.element[1].wtw_mg);
}

static int open_network(void **state)
{
    (void)state;
    freight_files files;
    tq_err err = {0};
    freight_files_read(&files, FREIGHT_FOLDER);
    tq_status status = tq_freight_load(files.text, files.count, INT32_MAX, &net, &err);
    freight_files_free(&files);
    if (status != TQ_OK) print_error("%s\n", err.text);
    memory = malloc(WORK_BYTES);
    tq_arena_init(&work, memory, WORK_BYTES);
    return status == TQ_OK && memory != NULL ? 0 : -1;
}

static int close_network(void **state)
{
    (void)state;
    tq_freight_free(net);
    free(memory);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(elements_add_up),
        cmocka_unit_test(a_way_by_hand),
    };
    return cmocka_run_group_tests(tests, open_network, close_network);
}
