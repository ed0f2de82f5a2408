/*
 * Random small networks with random restrictions: times over the links of both hierarchies equal
 * those of plain Dijkstra over ways of arcs, which knows the restrictions only as rows.
 */
#include "city/city_in.h"

#include "road_town.h"

#define NETWORKS 4000

typedef struct traveller {
    const tq_city *city;
    tq_hierarchy_kind kind;
    uint32_t mode, kind_access; /* one TQ_ACCESS_ bit; all of the kind */
    uint32_t active;            /* bit c: condition c holds */
    const int32_t *arc_ds;
    const uint8_t *turning; /* [node] */
} traveller;

static uint32_t access_of(const tq_city *city, uint32_t arc)
{
    return tq_edge_attr(&city->streets, arc >> 1)->access[arc & 1];
}

static int32_t arc_ds(void *user, uint32_t arc)
{
    const traveller *who = user;
    return access_of(who->city, arc) & who->mode ? who->arc_ds[arc] : TQ_ROAD_INF;
}

/* May one turn back at the end of an arc? */
static bool may_turn_back(const traveller *who, uint32_t arc)
{
    const tq_streets *streets = &who->city->streets;
    uint32_t node = tq_arc_head(streets, arc);
    if (who->turning[node]) return true;
    for (uint32_t bit = 1; bit <= who->kind_access; bit <<= 1) {
        if ((bit & who->kind_access & access_of(who->city, arc) & access_of(who->city, arc ^ 1)) ==
            0)
            continue;
        bool way_on = false;
        for (uint32_t k = streets->first_out[node]; k < streets->first_out[node + 1]; k++)
            way_on = way_on || (streets->out_arc[k] != (arc ^ 1) &&
                                (access_of(who->city, streets->out_arc[k]) & bit) != 0);
        if (!way_on) return true;
    }
    bool gate = false;
    for (uint32_t k = streets->first_out[node]; k < streets->first_out[node + 1]; k++)
        gate =
            gate || (streets->out_arc[k] != (arc ^ 1) &&
                     (access_of(who->city, streets->out_arc[k]) & who->kind_access) != 0 &&
                     tq_edge_attr(streets, streets->out_arc[k] >> 1)->street_class == TQ_BARRIER);
    if (gate && tq_edge_attr(streets, arc >> 1)->street_class != TQ_BARRIER) return true;
    for (uint32_t k = 0; k < streets->turn_count; k++) {
        const tq_turn *turn = &streets->turn[k];
        if (turn->only && turn->from_edge == arc >> 1 && turn->to_edge == arc >> 1 &&
            turn->via_node == node &&
            (turn->banned & who->kind_access & access_of(who->city, arc) &
             access_of(who->city, arc ^ 1)) != 0)
            return true;
    }
    return false;
}

static int32_t cost_of_turn(uint32_t from_arc, uint32_t to_arc)
{
    return (int32_t)(tq_mix(from_arc * 1000u + to_arc) % 50);
}

static int32_t turn_ds(void *user, uint32_t from_arc, uint32_t to_arc)
{
    if (to_arc == (from_arc ^ 1) && !may_turn_back(user, from_arc)) return TQ_ROAD_INF;
    return cost_of_turn(from_arc, to_arc);
}

static bool binds(void *user, uint32_t row)
{
    const traveller *who = user;
    const tq_turn *turn = &who->city->streets.turn[row];
    uint32_t path[TOWN_MEMORY + 1], count;
    if ((turn->banned & who->mode) == 0 || (who->active >> turn->condition & 1) == 0) return false;
    count = town_turn_path(&who->city->streets, turn, path, TOWN_MEMORY + 1);
    for (uint32_t k = 0; turn->only && k < count; k++)
        if ((access_of(who->city, path[k]) & who->mode) == 0) return false;
    return true;
}

/* Dijkstra over the links of the finished hierarchy. */
static void over_links(const traveller *who, test_oracle *oracle, uint32_t from_arc, int64_t *ds)
{
    const tq_hierarchy *h = &who->city->hierarchy[who->kind];
    const tq_conditions *rows = &who->city->conditions;
    tq_heap *heap = &oracle->heap;
    for (uint32_t arc = 0; arc < 2 * who->city->streets.edge_count; arc++)
        ds[arc] = -1;
    heap->count = 0;
    for (uint32_t vertex = 0; vertex < h->vertex_count; vertex++) {
        heap->pos[vertex] = TQ_NONE;
        oracle->ds[vertex] = -1;
    }
    tq_heap_lower(heap, h->vertex_of_arc[from_arc], 0);
    while (heap->count > 0) {
        int64_t at_ds = 0;
        uint32_t vertex = tq_heap_pop(heap, &at_ds), arc = h->arc_of_vertex[vertex];
        oracle->ds[vertex] = at_ds;
        if (ds[arc] < 0) ds[arc] = at_ds;
        int32_t own = arc_ds((void *)(uintptr_t)who, arc);
        for (uint32_t k = h->first_link[vertex]; own < TQ_ROAD_INF && k < h->first_link[vertex + 1];
             k++) {
            uint32_t head = h->link_head[k], to = h->arc_of_vertex[head], set = h->link[k].bans;
            bool banned = false;
            for (uint32_t b = rows->first_ban[set]; b < rows->first_ban[set + 1]; b++)
                banned = banned || ((rows->ban[b].access & who->mode) != 0 &&
                                    (who->active >> rows->ban[b].condition & 1) != 0);
            if (banned || oracle->ds[head] >= 0 || (access_of(who->city, to) & who->mode) == 0)
                continue;
            tq_heap_lower(heap, head, at_ds + own + cost_of_turn(arc, to));
        }
    }
}

static uint32_t random_way_on(tq_random *random, const test_town *town, uint32_t arc)
{
    uint32_t edges = (uint32_t)town->from.count;
    uint32_t node = arc & 1 ? town->from.at[arc >> 1] : town->to.at[arc >> 1];
    for (unsigned tries = 0; tries < 30; tries++) {
        uint32_t next = tq_random_below(random, 2 * edges);
        uint32_t tail = next & 1 ? town->to.at[next >> 1] : town->from.at[next >> 1];
        if (tail == node && (next != (arc ^ 1) || tq_random_below(random, 5) == 0)) return next;
    }
    return TQ_NONE;
}

static void random_turn(tq_random *random, test_town *town, const uint32_t condition[3])
{
    static const uint32_t bans[] = {TQ_ACCESS_MOTOR | TQ_ACCESS_BIKE, TQ_ACCESS_CAR,
                                    TQ_ACCESS_MOTOR & ~TQ_ACCESS_BUS,
                                    TQ_ACCESS_FOOT | TQ_ACCESS_BIKE | TQ_ACCESS_BUS};
    uint32_t arc[5], count = 1, want = 2 + tq_random_below(random, 4), via[3];
    arc[0] = tq_random_below(random, 2 * (uint32_t)town->from.count);
    while (count < want && (arc[count] = random_way_on(random, town, arc[count - 1])) != TQ_NONE)
        count++;
    if (count < 2) return;
    for (uint32_t k = 1; k + 1 < count; k++)
        via[k - 1] = arc[k] >> 1;
    uint32_t node = arc[0] & 1 ? town->from.at[arc[0] >> 1] : town->to.at[arc[0] >> 1];
    town_only only = tq_random_below(random, 3) == 0 ? TOWN_ONLY : TOWN_NO;
    /* Turning back over via ways is asked for by nobody. */
    if (only == TOWN_ONLY && count > 2 && arc[count - 1] == (arc[count - 2] ^ 1)) return;
    town_turn_via(town, only, arc[0] >> 1, via, count - 2, node, arc[count - 1] >> 1,
                  bans[tq_random_below(random, TQ_COUNT(bans))],
                  condition[tq_random_below(random, 3)]);
}

static void random_town(tq_random *random, test_town *town)
{
    const tq_clause one = {.days = 1}, two = {.days = 2};
    uint32_t nodes = 3 + tq_random_below(random, 7), edges = 3 + tq_random_below(random, 14),
             turns = tq_random_below(random, 8);
    town_begin(town);
    uint32_t condition[3] = {0, town_condition(town, &one), town_condition(town, &two)};
    uint8_t all = TOWN_ACCESS_ALL, bus = TQ_ACCESS_BUS | TQ_ACCESS_FOOT;
    (void)town_attr(town, TQ_RESIDENTIAL, all, all, 30);
    (void)town_attr(town, TQ_PRIMARY, all, all, 30);
    (void)town_attr(town, TQ_RESIDENTIAL, all, TQ_ACCESS_FOOT, 30);
    (void)town_attr(town, TQ_SERVICE, bus, bus, 30);
    (void)town_attr(town, TQ_FOOTWAY, TQ_ACCESS_FOOT, TQ_ACCESS_FOOT, 30);
    (void)town_attr(town, TQ_BARRIER, all, bus, 30);
    for (uint32_t node = 0; node < nodes; node++)
        (void)town_node(town, (int32_t)tq_random_below(random, 100000),
                        (int32_t)tq_random_below(random, 100000));
    for (uint32_t edge = 0; edge < edges; edge++) {
        uint32_t from = tq_random_below(random, nodes),
                 to = (from + 1 + tq_random_below(random, nodes - 1)) % nodes,
                 kind = tq_random_below(random, 12);
        (void)town_edge(town, from, to, kind < 6 ? kind : 0, 0, 0,
                        1 + tq_random_below(random, 900));
    }
    for (uint32_t k = 0; k < turns; k++)
        random_turn(random, town, condition);
    for (uint32_t node = 0; node < nodes; node++)
        town_mark(town, node, tq_random_below(random, 6) == 0 ? IMPORT_NODE_TURNING : 0);
    town_finish(town, TOWN_NO_GRID);
}

static bool past_limits(const tq_hierarchy *h)
{
    for (uint32_t k = TQ_COPIES_MAX - 1; k < h->copy_count; k++)
        if (h->arc_of_vertex[h->copy_vertex[k]] ==
            h->arc_of_vertex[h->copy_vertex[k - (TQ_COPIES_MAX - 1)]])
            return true;
    return false;
}

static void check_town(tq_random *random, const test_town *town, uint64_t seed, uint64_t *compared)
{
    static const uint32_t mode[4] = {TQ_ACCESS_CAR, TQ_ACCESS_BUS, TQ_ACCESS_BIKE, TQ_ACCESS_FOOT};
    uint32_t arcs = 2 * town->city->streets.edge_count;
    int32_t weight[64];
    int64_t got[64], want[64];
    for (uint32_t arc = 0; arc < arcs; arc++)
        weight[arc] = (int32_t)tq_random_below(random, 200);
    for (uint32_t k = 0; k < 4; k++) {
        traveller who = {.city = town->city,
                         .kind = k < 2 ? TQ_HIERARCHY_MOTOR : TQ_HIERARCHY_ACTIVE,
                         .mode = mode[k],
                         .kind_access =
                             k < 2 ? TQ_ACCESS_MOTOR
                                   : TQ_ACCESS_FOOT | TQ_ACCESS_BIKE | TQ_ACCESS_WHEELCHAIR,
                         .active = 1 | tq_random_below(random, 4) << 1,
                         .arc_ds = weight,
                         .turning = town->build.node_flags.at};
        const tq_hierarchy *h = &town->city->hierarchy[who.kind];
        tq_err err = {0};
        assert_int_equal(city_verify_hierarchy(town->city, who.kind, &err), TQ_OK);
        if (past_limits(h)) continue;
        town_costs costs = {&who, arc_ds, turn_ds, binds};
        test_oracle oracle;
        oracle_begin(&oracle, h->vertex_count);
        for (uint32_t from = 0; from < arcs; from++) {
            if ((access_of(town->city, from) & who.mode) == 0) continue;
            over_links(&who, &oracle, from, got);
            town_dijkstra_arcs(town->city, from, &costs, want);
            for (uint32_t arc = 0; arc < arcs; arc++) {
                if (got[arc] != want[arc])
                    fail_msg("seed %llu: mode %u from arc %u to arc %u takes %lld, not %lld",
                             (unsigned long long)seed, who.mode, from, arc, (long long)got[arc],
                             (long long)want[arc]);
                ++*compared;
            }
        }
        oracle_end(&oracle);
    }
}

static void random_networks(void **state)
{
    (void)state;
    uint64_t compared = 0, copies = 0, bans = 0;
    for (uint64_t seed = 1; seed <= NETWORKS; seed++) {
        tq_random random = {seed};
        test_town town;
        random_town(&random, &town);
        check_town(&random, &town, seed, &compared);
        copies += town.city->hierarchy[TQ_HIERARCHY_MOTOR].copy_count;
        bans += town.city->conditions.ban_count;
        town_end(&town);
    }
    print_message("%llu pairs of arcs, %llu copies, %llu rows of bans\n",
                  (unsigned long long)compared, (unsigned long long)copies,
                  (unsigned long long)bans);
    assert_true(copies > NETWORKS / 4 && bans > NETWORKS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(random_networks)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
