/*
 * Random small networks: the exact front equals the enumeration of all paths. The oracle reads the
 * same tables as rows of its own, knows nothing of classes, bounds or labels, and walks every path
 * that comes to no place twice the same way by the words of semantics v1 in exact integer steps;
 * the only things it shares are the loader and the rule of rounding. Also: arrive-by equals the
 * best over all departures (each plan starts as late as possible: a second later it misses), a
 * closed link equals the network without it, bounds from the cache change nothing.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "freight/freight.h"

#if defined(__SANITIZE_ADDRESS__)
#define SEEDS 1000u
#else
#define SEEDS 10000u
#endif

#define NODES    5u
#define LINKS    9u
#define SERVICES 5u
#define OPS_MAX  40u
#define FRONT    4000u
#define TONNES   INT64_C(20)

static const char *const modes[] = {"road", "rail", "sea"};
static uint32_t seed_now;

typedef struct o_link {
    uint32_t from, to, mode, gauge, metres, speed, tariff, electrified;
} o_link;

typedef struct o_service {
    uint32_t from, to, mode, days, hour, cutoff_h, transit_h, price, metres;
} o_service;

typedef struct o_op {
    uint32_t place; /* 0..NODES-1, NODES = kind a, NODES + 1 = kind b, NODES + 2 = * */
    uint32_t kind, from, to, rate, setup, dwell, fee, co2;
} o_op;

static struct {
    o_link link[LINKS];
    o_service service[SERVICES];
    o_op op[OPS_MAX];
    uint32_t links, services, ops, nodes, changes_max;
    uint32_t base[4], per_km[4], elec[4], gram[3];
} world;

typedef struct point {
    int64_t t, e4, mg;
} point;

static point front[FRONT];
static uint32_t front_count;

static uint32_t pick(tq_random *random, uint32_t n)
{
    return tq_random_below(random, n);
}

/* ---- making ---------------------------------------------------------------------------------- */

static bool op_known(const o_op *new)
{
    for (uint32_t k = 0; k < world.ops; k++)
        if (world.op[k].place == new->place && world.op[k].kind == new->kind &&world.op[k].from ==
                                                   new->from &&world.op[k].to == new->to)
            return true;
    return false;
}

static void make_world(tq_random *random)
{
    memset(&world, 0, sizeof world);
    world.nodes = 3 + pick(random, NODES - 2);
    world.changes_max = pick(random, 3) ? 5 : pick(random, 4);
    world.links = 2 + pick(random, LINKS - 1);
    world.services = pick(random, SERVICES + 1);
    for (uint32_t k = 0; k < 4; k++) {
        world.base[k] = pick(random, 3) ? pick(random, 40) : 0;
        world.per_km[k] = pick(random, 5);
        world.elec[k] = pick(random, 3);
    }
    for (uint32_t k = 0; k < 3; k++)
        world.gram[k] = pick(random, 30);
    for (uint32_t k = 0; k < world.links; k++) {
        o_link *link = &world.link[k];
        link->from = pick(random, world.nodes);
        link->to = (link->from + 1 + pick(random, world.nodes - 1)) % world.nodes;
        link->mode = pick(random, 3);
        link->gauge = link->mode != 1 ? 0 : pick(random, 3) ? 1435 : 1520;
        link->metres = 1000 * (1 + pick(random, 30));
        link->speed = 10 * (1 + pick(random, 4));
        link->tariff = link->mode == 0 ? 0 : link->mode == 2 ? 3 : 1 + pick(random, 2);
        link->electrified = pick(random, 2);
    }
    for (uint32_t k = 0; k < world.services; k++) {
        o_service *service = &world.service[k];
        service->from = pick(random, world.nodes);
        service->to = (service->from + 1 + pick(random, world.nodes - 1)) % world.nodes;
        service->mode = pick(random, 3);
        service->days = 1 + pick(random, 127);
        service->hour = pick(random, 24);
        service->cutoff_h = pick(random, 30);
        service->transit_h = 1 + pick(random, 60);
        service->price = pick(random, 60);
        service->metres = 1000 * (1 + pick(random, 60));
    }
    for (uint32_t k = 10 + pick(random, OPS_MAX - 10); k > 0; k--) {
        o_op op = {.place = pick(random, 2) ? NODES + 2 : pick(random, world.nodes + 2),
                   .kind = pick(random, 4) % 3,
                   .rate = 5 + pick(random, 40),
                   .setup = pick(random, 4),
                   .dwell = pick(random, 20),
                   .fee = pick(random, 10),
                   .co2 = pick(random, 3)};
        if (op.place >= world.nodes && op.place < NODES + 2)
            op.place = NODES + (op.place - world.nodes) % 2;
        op.from = op.kind == 0 ? 9 : pick(random, 3);
        op.to = op.kind == 1 ? 9 : pick(random, 3);
        if (!op_known(&op)) world.op[world.ops++] = op;
    }
}

/* Place names, kinds, and `skip` = a link to leave out. */
static tq_freight *load_world(uint32_t skip)
{
    tq_buf text[8] = {0};
    static const char *const names[8] = {"nodes.csv",     "links.csv",      "services.csv",
                                         "tariffs.csv",   "tariff_map.csv", "terminals.csv",
                                         "emissions.csv", "commodities.csv"};
    tq_buf_puts(&text[0], "id,name_zh,name_en,kind,lat,lon\n");
    for (uint32_t k = 0; k < world.nodes; k++)
        tq_buf_printf(&text[0], "n%u,,,%s,30,110\n", k, k % 2 ? "kb" : "ka");
    /* A road of no use keeps every place in the network. */
    tq_buf_puts(&text[1], "id,mode,from,to,distance_km,tariff,emission,speed_kmh,gauge_mm,"
                          "electrified,cargo,on_demand\n");
    for (uint32_t k = 0; k + 1 < world.nodes; k++)
        tq_buf_printf(&text[1], "u%u,road,n%u,n%u,1,t0,e0,10,,0,general,0\n", k, k, k + 1);
    for (uint32_t k = 0; k < world.links; k++) {
        const o_link *link = &world.link[k];
        char gauge[16] = "";
        if (link->gauge) snprintf(gauge, sizeof gauge, "%u", link->gauge);
        if (k != skip)
            tq_buf_printf(&text[1], "l%u,%s,n%u,n%u,%u,t%u,e%u,%u,%s,%u,general,1\n", k,
                          modes[link->mode], link->from, link->to, link->metres / 1000,
                          link->tariff, link->mode, link->speed, gauge, link->electrified);
    }
    tq_buf_puts(&text[2], "id,mode,path,days,dep_local,cutoff_h,transit_h,cargo,price,currency,"
                          "emission,km\n");
    for (uint32_t k = 0; k < world.services; k++) {
        const o_service *s = &world.service[k];
        tq_buf_printf(&text[2], "s%u,%s,n%u;n%u,", k, modes[s->mode], s->from, s->to);
        for (unsigned day = 0; day < 7; day++)
            if (s->days & (1u << day)) tq_buf_printf(&text[2], "%u", day + 1);
        tq_buf_printf(&text[2], ",%02u:00,%u,%u,general,%u,CNY/t,e%u,%u\n", s->hour, s->cutoff_h,
                      s->transit_h, s->price, s->mode, s->metres / 1000);
    }
    tq_buf_puts(&text[3], "id,mode,cargo,unit,base1_cny,per_km_cny,fund_per_km_cny,"
                          "elec_per_km_cny,multiplier\n");
    tq_buf_puts(&text[4], "link_tariff,match,tariff\n");
    for (uint32_t k = 0; k < 4; k++) {
        tq_buf_printf(&text[3], "t%u,%s,general,t,%u,%u,,%u,1\n", k,
                      modes[k == 0   ? 0
                            : k == 3 ? 2
                                     : 1],
                      world.base[k], world.per_km[k], world.elec[k]);
        tq_buf_printf(&text[4], "t%u,*,t%u\n", k, k);
    }
    tq_buf_puts(&text[5], "node_or_kind,op,cargo,from_mode,to_mode,rate_per_h,unit,setup_h,dwell_h,"
                          "fee_cny_per_unit,co2e_kg_per_t\n");
    for (uint32_t k = 0; k < world.ops; k++) {
        const o_op *op = &world.op[k];
        char place[16];
        static const char *const kinds[] = {"load", "unload", "tranship"};
        if (op->place < NODES)
            snprintf(place, sizeof place, "n%u", op->place);
        else
            snprintf(place, sizeof place, "%s",
                     op->place == NODES       ? "ka"
                     : op->place == NODES + 1 ? "kb"
                                              : "*");
        tq_buf_printf(&text[5], "%s,%s,general,%s,%s,%u,t,%u,%u,%u,%u\n", place, kinds[op->kind],
                      op->from == 9 ? "" : modes[op->from], op->to == 9 ? "" : modes[op->to],
                      op->rate, op->setup, op->dwell, op->fee, op->co2);
    }
    tq_buf_puts(&text[6], "id,mode,ttw_g_tkm,wtt_g_tkm,wtw_g_tkm\n");
    for (uint32_t k = 0; k < 3; k++)
        tq_buf_printf(&text[6], "e%u,%s,0,0,%u\n", k, modes[k], world.gram[k]);
    tq_buf_puts(&text[7], "code,name_zh,name_en,cargo,rail_tariff\ngoods,,,general,t1\n");
    tq_freight_text texts[8];
    for (unsigned k = 0; k < 8; k++)
        texts[k] = (tq_freight_text){names[k], {text[k].at, text[k].len}};
    tq_freight *net = NULL;
    tq_err err = {0};
    tq_status status = tq_freight_load(texts, 8, INT32_MAX, &net, &err);
    if (status != TQ_OK) print_error("seed %u: %s\n", seed_now, err.text);
    assert_int_equal(status, TQ_OK);
    for (unsigned k = 0; k < 8; k++)
        tq_buf_free(&text[k]);
    return net;
}

/* ---- the oracle ------------------------------------------------------------------------------ */

static const o_op *find_op(uint32_t node, uint32_t kind, uint32_t from, uint32_t to)
{
    const o_op *best = NULL;
    for (uint32_t level = 0; level < 3 && !best; level++)
        for (uint32_t k = 0; k < world.ops && !best; k++) {
            const o_op *op = &world.op[k];
            uint32_t place = level == 0 ? node : level == 1 ? NODES + node % 2 : NODES + 2;
            if (op->place == place && op->kind == kind && op->from == from && op->to == to)
                best = op;
        }
    return best;
}

static void do_op(const o_op *op, point *at)
{
    at->t += op->setup * 36000 + op->dwell * 36000 +
             (TONNES * 36000 * 2 + op->rate) / (2 * (int64_t)op->rate);
    at->e4 += op->fee * TONNES * 10000;
    at->mg += op->co2 * TONNES * 1000000;
}

static void keep(point new)
{
    for (uint32_t k = 0; k < front_count; k++)
        if (front[k].t <= new.t && front[k].e4 <= new.e4 &&front[k].mg <= new.mg) return;
    uint32_t kept = 0;
    for (uint32_t k = 0; k < front_count; k++)
        if (!(new.t <= front[k].t &&new.e4 <= front[k].e4 &&new.mg <= front[k].mg))
            front[kept++] = front[k];
    front_count = kept;
    assert_true(front_count < FRONT);
    front[front_count++] = new;
}

typedef struct path {
    uint32_t node, mode, gauge, changes, goal;
    bool by_service, begun;
    int64_t paid_e4; /* of the chain */
    uint64_t seen;   /* place and way of arrival: coming back the same way never helps */
    point at;
    int64_t start_ds;
} path;

/* Get ready for a leg; false = not allowed. */
static bool ready_for(path *p, uint32_t mode, uint32_t gauge, bool service)
{
    const o_op *op;
    bool chain = false;
    if (!p->begun) {
        op = find_op(p->node, 0, 9, mode);
        if (!op) return false;
        do_op(op, &p->at);
    } else if (p->mode != mode) {
        op = find_op(p->node, 2, p->mode, mode);
        if (!op || ++p->changes > world.changes_max) return false;
        do_op(op, &p->at);
    } else if (service) {
        op = mode == 1 ? NULL : find_op(p->node, 2, mode, mode);
        if (op) do_op(op, &p->at);
    } else if (mode == 1 && (p->by_service || p->gauge != gauge)) {
        op = find_op(p->node, 2, 1, 1);
        if (!op) return false;
        do_op(op, &p->at);
        chain = !p->by_service; /* another gauge is the same mode */
    } else {
        chain = !p->by_service;
    }
    if (!chain) p->paid_e4 = 0;
    return true;
}

#define STEPS_MAX 300000u
static uint32_t steps;

static bool hopeless(const point *at)
{
    for (uint32_t k = 0; k < front_count; k++)
        if (front[k].t <= at->t && front[k].e4 <= at->e4 && front[k].mg <= at->mg) return true;
    return false;
}

static uint64_t arrival_bit(uint32_t node, uint32_t mode, uint32_t gauge, bool service)
{
    uint32_t way = service ? 4 + mode : gauge == 1520 ? 3 : mode;
    return UINT64_C(1) << (node * 7 + way);
}

static void walk(const path *here)
{
    if (++steps >= STEPS_MAX || hopeless(&here->at)) return;
    if (here->node == here->goal && here->begun) {
        const o_op *op = find_op(here->node, 1, here->mode, 9);
        if (op) {
            point end = here->at;
            do_op(op, &end);
            keep(end);
        }
    }
    for (uint32_t k = 0; k < 2 * world.links; k++) {
        const o_link *link = &world.link[k / 2];
        uint32_t from = k % 2 ? link->to : link->from, to = k % 2 ? link->from : link->to;
        uint64_t bit = arrival_bit(to, link->mode, link->gauge, false);
        path next = *here;
        if (from != here->node || (here->seen & bit) ||
            !ready_for(&next, link->mode, link->gauge, false))
            continue;
        int64_t base = world.base[link->tariff] * TONNES * 10000, km = link->metres / 1000;
        next.at.t += (km * 36000 * 2 + link->speed) / (2 * (int64_t)link->speed);
        next.at.e4 +=
            (world.per_km[link->tariff] + (link->electrified ? world.elec[link->tariff] : 0)) * km *
            TONNES * 10000;
        if (base > next.paid_e4) {
            next.at.e4 += base - next.paid_e4;
            next.paid_e4 = base;
        }
        next.at.mg += world.gram[link->mode] * km * TONNES * 1000;
        next.node = to, next.mode = link->mode, next.gauge = link->gauge;
        next.by_service = false, next.begun = true, next.seen |= bit;
        walk(&next);
    }
    for (uint32_t k = 0; k < world.services; k++) {
        const o_service *s = &world.service[k];
        uint64_t bit = arrival_bit(s->to, s->mode, 0, true);
        path next = *here;
        if (s->from != here->node || (here->seen & bit) || !ready_for(&next, s->mode, 0, true))
            continue;
        /* Hour by hour until it leaves; departures are on full hours. Day 0 is a Thursday. */
        int64_t ready = here->start_ds + next.at.t + s->cutoff_h * INT64_C(36000);
        int64_t hour = (ready + 35999) / 36000;
        while (hour % 24 != s->hour || !(s->days & (1u << ((hour / 24 + 3) % 7))))
            hour++;
        next.at.t = (hour + s->transit_h) * 36000 - here->start_ds;
        next.at.e4 += s->price * TONNES * 10000;
        next.at.mg += world.gram[s->mode] * (s->metres / 1000) * TONNES * 1000;
        next.node = s->to, next.mode = s->mode, next.gauge = 0;
        next.by_service = true, next.begun = true, next.paid_e4 = 0, next.seen |= bit;
        walk(&next);
    }
}

static bool enumerate(uint32_t from, uint32_t to, int64_t start_s)
{
    path first = {.node = from, .goal = to, .start_ds = start_s * 10};
    front_count = 0;
    steps = 0;
    walk(&first);
    return steps < STEPS_MAX;
}

/* ---- comparing ------------------------------------------------------------------------------- */

static tq_arena arena;

static tq_freight_query question(tq_random *random)
{
    tq_freight_query query;
    tq_freight_query_default(&query);
    query.origin = pick(random, world.nodes);
    query.destination = (query.origin + 1 + pick(random, world.nodes - 1)) % world.nodes;
    query.commodity = 0;
    query.mass_g = TONNES * 1000000;
    query.depart_s = 20640 * INT64_C(86400) + 60 * (int64_t)pick(random, 7 * 1440);
    query.changes_max = world.changes_max;
    if (pick(random, 2)) query.seeds_after = pick(random, 8);
    return query;
}

static void check(const tq_freight *net, const tq_freight_query *query, const tq_freight_live *live,
                  tq_freight_cache *cache)
{
    tq_freight_answer answer = {0};
    tq_err err = {0};
    tq_arena_reset(&arena, 0);
    tq_status status = tq_freight_search(net, live, query, cache, &arena, &answer, &err);
    if (front_count == 0) {
        if (status != TQ_NO_ROUTE) print_error("seed %u: a plan that is none\n", seed_now);
        assert_int_equal(status, TQ_NO_ROUTE);
        return;
    }
    bool same = status == TQ_OK && answer.plan_count == front_count;
    for (uint32_t k = 0; k < front_count && same; k++) {
        bool found = false;
        for (uint32_t p = 0; p < answer.plan_count && !found; p++)
            found = answer.plan[p].time_ds == front[k].t && answer.plan[p].cost_e4 == front[k].e4 &&
                    answer.plan[p].co2_mg == front[k].mg;
        same = found;
    }
    if (same) return;
    print_error("seed %u: %s, %u plans, the oracle has %u\n", seed_now,
                status == TQ_OK ? "fronts differ" : err.text, answer.plan_count, front_count);
    for (uint32_t k = 0; k < front_count; k++)
        print_error("  want %lld %lld %lld\n", (long long)front[k].t, (long long)front[k].e4,
                    (long long)front[k].mg);
    for (uint32_t p = 0; p < answer.plan_count; p++)
        print_error("  got  %d %lld %lld\n", answer.plan[p].time_ds,
                    (long long)answer.plan[p].cost_e4, (long long)answer.plan[p].co2_mg);
    fail();
}

/* Each plan of arrive-by: on time, and its price cannot be had with a later start. */
static void check_arrive(const tq_freight *net, tq_freight_query query, int64_t arrive_s)
{
    tq_freight_answer answer = {0};
    query.aim = TQ_FREIGHT_ARRIVE;
    query.depart_s = INT64_MIN;
    query.arrive_s = arrive_s;
    tq_arena_reset(&arena, 0);
    tq_status status = tq_freight_search(net, NULL, &query, NULL, &arena, &answer, NULL);
    if (front_count > 0) assert_int_equal(status, TQ_OK);
    if (status != TQ_OK) return;
    /* The first front leaves at its own start and is there in time: nothing it offers is missed. */
    for (uint32_t k = 0; k < front_count; k++) {
        bool offered = false;
        for (uint32_t p = 0; p < answer.plan_count && !offered; p++)
            offered = answer.plan[p].cost_e4 <= front[k].e4 && answer.plan[p].co2_mg <= front[k].mg;
        assert_true(offered);
    }
    for (uint32_t p = 0; p < answer.plan_count; p++) {
        const tq_freight_plan *plan = &answer.plan[p];
        assert_true(plan->depart_s * 10 + plan->time_ds <= arrive_s * 10);
        enumerate(query.origin, query.destination, plan->depart_s);
        bool there = false, later = false;
        for (uint32_t k = 0; k < front_count; k++)
            there |= front[k].e4 <= plan->cost_e4 && front[k].mg <= plan->co2_mg &&
                     plan->depart_s * 10 + front[k].t <= arrive_s * 10;
        enumerate(query.origin, query.destination, plan->depart_s + 1);
        for (uint32_t k = 0; k < front_count; k++)
            later |= front[k].e4 <= plan->cost_e4 && front[k].mg <= plan->co2_mg &&
                     (plan->depart_s + 1) * 10 + front[k].t <= arrive_s * 10;
        if (!there || later) print_error("seed %u: arrive-by is not the latest\n", seed_now);
        assert_true(there && !later);
    }
}

static void front_equals_enumeration(void **state)
{
    (void)state;
    uint32_t joined = 0, skipped = 0;
    tq_arena_init(&arena, malloc(8u << 20), 8u << 20);
    for (seed_now = 1; seed_now <= SEEDS; seed_now++) {
        tq_random random = {seed_now};
        make_world(&random);
        tq_freight *net = load_world(TQ_NONE);
        tq_freight_query query = question(&random);
        tq_freight_cache *cache = NULL;
        assert_int_equal(tq_freight_cache_make(net, 1, &cache, NULL), TQ_OK);
        if (!enumerate(query.origin, query.destination, query.depart_s)) {
            skipped++;
            tq_freight_cache_free(cache);
            tq_freight_free(net);
            continue;
        }
        joined += front_count > 0;
        check(net, &query, NULL, NULL);
        check(net, &query, NULL, cache);
        check(net, &query, NULL, cache);
        if (seed_now % 4 == 0 && front_count > 0) {
            int64_t last = 0;
            for (uint32_t k = 0; k < front_count; k++)
                last = TQ_MAX(last, front[k].t);
            check_arrive(net, query, query.depart_s + (last + 9) / 10);
        }
        uint32_t closed = pick(&random, world.links);
        char id[16];
        snprintf(id, sizeof id, "l%u", closed);
        tq_freight_override one = {tq_freight_link_find(net, tq_str_of(id)), true, -1};
        tq_freight_live live;
        assert_int_equal(tq_freight_live_make(net, &one, 1, 7, &live, NULL), TQ_OK);
        o_link gone = world.link[closed];
        world.link[closed].from = world.link[closed].to = NODES;
        enumerate(query.origin, query.destination, query.depart_s);
        check(net, &query, &live, cache);
        world.link[closed] = gone;
        enumerate(query.origin, query.destination, query.depart_s);
        check(net, &query, NULL, cache);
        tq_freight_cache_free(cache);
        tq_freight_free(net);
    }
    print_message("%u of %u networks joined the two places, %u were too large to enumerate\n",
                  joined, SEEDS, skipped);
    assert_true(joined > SEEDS / 4 && skipped < SEEDS / 20);
    free(arena.base);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(front_equals_enumeration)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
