/*
 * Corridors of the question's own, one commodity: the cheapest flow by the network simplex, exact
 * in kilograms a year.
 *
 * Node 0 gives what all demands want; an arc to each supply has room for what is there. Each demand
 * is a node behind its place, with an arc from node 0 at the price of a tonne that never comes: it
 * is taken where corridors or supplies do not do, so that the network always has an answer. What is
 * full has the price of a tonne more from the potentials.
 */
#include "freight/flow_in.h"

#define KG_T   1000.0
#define FEN_T  100.0
#define SOURCE 0u

typedef struct own_flow {
    tq_flow_arc *arc;
    int64_t *supply;
    uint32_t arcs, nodes;
    uint32_t first_way, first_short; /* arcs of corridors, of what never comes */
    void *memory;
} own_flow;

static void unmake(own_flow *own)
{
    tq_free(own->arc);
    tq_free(own->supply);
    tq_free(own->memory);
}

static int64_t room_of(const flow_case *one, uint32_t way)
{
    int64_t kg = one->way.at[way].capacity_kg;
    for (size_t k = 0; k < one->change.count; k++) {
        const flow_change *change = &one->change.at[k];
        if (change->row != way) continue;
        kg = change->kind == FLOW_CLOSED ? 0
             : change->kind == FLOW_MORE ? TQ_MAX(kg + change->value, 0)
                                         : change->value;
    }
    return kg == TQ_FLOW_FREE ? kg : TQ_MIN(kg, TQ_FLOW_VALUE_MAX);
}

static bool is_changed(const flow_case *one, uint32_t way)
{
    for (size_t k = 0; k < one->change.count; k++)
        if (one->change.at[k].row == way) return true;
    return false;
}

static tq_status make(const flow_case *one, own_flow *out, tq_err *err)
{
    uint32_t places = (uint32_t)one->place.count, ways = (uint32_t)one->way.count;
    uint32_t supplies = (uint32_t)one->supply.count, demands = (uint32_t)one->demand.count;
    *out = (own_flow){.arc = TQ_ALLOC(tq_flow_arc, (size_t)supplies + ways + 2 * demands),
                      .supply = TQ_ALLOC(int64_t, (size_t)1 + places + demands),
                      .nodes = 1 + places + demands};
    if (out->arc == NULL || out->supply == NULL)
        return tq_fail(err, TQ_NO_MEMORY, 0, "no memory for the corridors");
    for (uint32_t k = 0; k < supplies; k++)
        out->arc[out->arcs++] =
            (tq_flow_arc){SOURCE, 1 + one->supply.at[k].place, one->supply.at[k].kg, 0};
    out->first_way = out->arcs;
    for (uint32_t k = 0; k < ways; k++)
        out->arc[out->arcs++] = (tq_flow_arc){1 + one->way.at[k].from, 1 + one->way.at[k].to,
                                              room_of(one, k), one->way.at[k].fen_t};
    for (uint32_t k = 0; k < demands; k++)
        out->arc[out->arcs++] =
            (tq_flow_arc){1 + one->demand.at[k].place, 1 + places + k, TQ_FLOW_FREE, 0};
    out->first_short = out->arcs;
    for (uint32_t k = 0; k < demands; k++) {
        int64_t kg = one->demand.at[k].kg;
        out->arc[out->arcs++] =
            (tq_flow_arc){SOURCE, 1 + places + k, TQ_FLOW_FREE, one->query.penalty_fen};
        out->supply[SOURCE] += kg;
        out->supply[1 + places + k] = -kg;
    }
    if (out->supply[SOURCE] > TQ_FLOW_VALUE_MAX)
        return tq_fail(err, TQ_LIMIT, 0, "demand: more than %.0f t a year in all; ask for less",
                       (double)TQ_FLOW_VALUE_MAX / KG_T);
    return TQ_OK;
}

static void read_off(const flow_case *one, const own_flow *own, const tq_flow *flow,
                     flow_result *out)
{
    for (uint32_t k = 0; k < out->row_count; k++) {
        const tq_flow_arc *arc = &own->arc[own->first_way + k];
        int64_t kg = flow->flow[own->first_way + k];
        int64_t reduced = arc->cost + flow->potential[arc->from] - flow->potential[arc->to];
        bool limited = arc->capacity != TQ_FLOW_FREE;
        out->row[k] = (flow_row){.kind = FLOW_ROW_OWN,
                                 .row = k,
                                 .limited = limited,
                                 .changed = is_changed(one, k),
                                 .full_weeks = limited && kg == arc->capacity,
                                 .year_t = (double)kg / KG_T,
                                 .capacity_t = limited ? (double)arc->capacity / KG_T : 0,
                                 .price_cny = limited ? (double)TQ_MAX(-reduced, 0) / FEN_T : 0};
        out->row[k].price_most_cny = out->row[k].price_cny;
    }
    for (uint32_t k = 0; k < out->lot_count; k++) {
        int64_t missing = flow->flow[own->first_short + k];
        out->unserved_t[k] = (double)missing / KG_T;
        out->brought_t[k] = (double)(one->demand.at[k].kg - missing) / KG_T;
    }
    out->cost_year_cny = (double)flow->cost / KG_T / FEN_T;
    out->columns = own->arcs;
    out->rows = own->nodes;
}

tq_status flow_solve_own(const flow_case *one, flow_result *out, tq_err *err)
{
    own_flow own;
    tq_flow flow;
    tq_arena work;
    tq_status status = make(one, &own, err);
    if (status == TQ_OK) {
        size_t bytes = tq_flow_work_bytes(own.nodes, own.arcs);
        own.memory = tq_alloc(bytes, 1);
        tq_arena_init(&work, own.memory, own.memory != NULL ? bytes : 0);
        tq_flow_network network = {own.nodes, own.arcs, own.arc, own.supply};
        status = own.memory != NULL ? tq_flow_solve(&network, &work, &flow, err)
                                    : tq_fail(err, TQ_NO_MEMORY, 0, "no memory for the corridors");
    }
    if (status == TQ_OK) {
        *out = (flow_result){.row_count = (uint32_t)one->way.count,
                             .lot_count = (uint32_t)one->demand.count,
                             .row = TQ_ALLOC(flow_row, one->way.count + 1),
                             .brought_t = TQ_ALLOC(double, one->demand.count + 1),
                             .unserved_t = TQ_ALLOC(double, one->demand.count + 1)};
        if (out->row == NULL || out->brought_t == NULL || out->unserved_t == NULL)
            status = tq_fail(err, TQ_NO_MEMORY, 0, "no memory for the answer");
        else
            read_off(one, &own, &flow, out);
    }
    unmake(&own);
    return status;
}
