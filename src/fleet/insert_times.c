/*
 * Travel times of a pool: a turned copy of the table, so that «from anywhere to this node» is one
 * row too, and cells of nodes with least times between them.
 *
 * Cells are grown around centres, each the node farthest from the centres before it. The least
 * time between two cells is the least entry between their nodes; closed over all chains of cells
 * (Floyd and Warshall) it bounds every way between them, over whatever stops and without any
 * triangle inequality. That makes the choice of vehicles in the search exact.
 */
#include "fleet/insert_in.h"

int32_t fleet_pool_time(const tq_fleet_pool_times *times, uint32_t from, uint32_t to)
{
    if (from == to) return 0;
    size_t cell = (size_t)from * times->node_count + to;
    if (times->u16 != NULL) return pool_u16_time(times->u16[cell]);
    if (times->i32 != NULL) return times->i32[cell];
    return pool_called_time(times->way(times->user, from, to));
}

uint32_t fleet_pool_cells(const tq_fleet_pool_times *times)
{
    return times->way != NULL ? 1 : TQ_MIN(times->node_count, POOL_CELLS_MAX);
}

size_t fleet_pool_table_bytes(const tq_fleet_pool_times *times)
{
    size_t entries = (size_t)times->node_count * times->node_count;
    if (times->u16 != NULL) return entries * sizeof(uint16_t);
    return times->i32 != NULL ? entries * sizeof(int32_t) : 0;
}

tq_status fleet_pool_check_times(const tq_fleet_pool_times *times, tq_err *err)
{
    int forms = (times->u16 != NULL) + (times->i32 != NULL) + (times->way != NULL);
    if (forms != 1)
        return tq_fail(err, TQ_BAD_INPUT, 0, "times come in %d forms; give exactly one", forms);
    if (times->node_count == 0 || times->node_count > TQ_FLEET_POOL_NODES_MAX)
        return tq_fail(err, TQ_LIMIT, 0, "%u nodes; a pool takes 1 to %u", times->node_count,
                       TQ_FLEET_POOL_NODES_MAX);
    if (times->triangle_slack < 0 || times->triangle_slack > TQ_FLEET_POOL_TIME_MAX)
        return tq_fail(err, TQ_BAD_INPUT, 0, "triangle slack %d is not in 0..%d",
                       times->triangle_slack, TQ_FLEET_POOL_TIME_MAX);
    if (times->i32 == NULL) return TQ_OK;
    for (uint32_t from = 0; from < times->node_count; from++) {
        const int32_t *row = times->i32 + (size_t)from * times->node_count;
        for (uint32_t to = 0; to < times->node_count; to++)
            if (row[to] < 0 || row[to] > TQ_FLEET_POOL_TIME_MAX)
                return tq_fail(err, TQ_BAD_INPUT, from,
                               "time %d from node %u to %u is not in 0..%d", row[to], from, to,
                               TQ_FLEET_POOL_TIME_MAX);
    }
    return TQ_OK;
}

static void turn_tables(tq_fleet_pool *pool)
{
    enum { BLOCK = 32 }; /* so that both tables stay in the cache */
    size_t count = pool->times.node_count;
    for (size_t from = 0; from < count; from += BLOCK)
        for (size_t to = 0; to < count; to += BLOCK)
            for (size_t a = from; a < TQ_MIN(from + BLOCK, count); a++)
                for (size_t b = to; b < TQ_MIN(to + BLOCK, count); b++)
                    if (pool->form == POOL_U16)
                        pool->to_u16[b * count + a] = pool->times.u16[a * count + b];
                    else
                        pool->to_i32[b * count + a] = pool->times.i32[a * count + b];
}

/* `near` is scratch: [node_count], how far a node is from its centre and back. */
static void grow_cells(tq_fleet_pool *pool, int32_t *near)
{
    uint32_t centre = 0, count = pool->times.node_count;
    for (uint32_t node = 0; node < count; node++)
        near[node] = INT32_MAX;
    for (uint32_t cell = 0; cell < pool->cell_count; cell++) {
        uint32_t farthest = 0;
        for (uint32_t node = 0; node < count; node++) {
            int32_t there = fleet_pool_time(&pool->times, centre, node) +
                            fleet_pool_time(&pool->times, node, centre);
            if (there < near[node] || node == centre) {
                near[node] = node == centre ? -1 : there;
                pool->cell_of_node[node] = (uint8_t)cell;
            }
            if (near[node] > near[farthest]) farthest = node;
        }
        centre = farthest;
    }
}

static void least_between_cells(tq_fleet_pool *pool)
{
    uint32_t count = pool->times.node_count, cells = pool->cell_count;
    int32_t *least = pool->cell_least;
    for (uint32_t entry = 0; entry < cells * cells; entry++)
        least[entry] = TQ_FLEET_POOL_TIME_MAX;
    for (uint32_t from = 0; from < count; from++) {
        uint32_t cell = pool->cell_of_node[from];
        for (uint32_t to = 0; to < count; to++) {
            int32_t time = fleet_pool_time(&pool->times, from, to);
            int32_t *entry = &least[pool->cell_of_node[to] * cells + cell];
            if (time < *entry) *entry = time;
        }
    }
    for (uint32_t cell = 0; cell < cells; cell++)
        least[cell * cells + cell] = 0;
    for (uint32_t over = 0; over < cells; over++)
        for (uint32_t to = 0; to < cells; to++)
            for (uint32_t from = 0; from < cells; from++) {
                int32_t way = least[over * cells + from] + least[to * cells + over];
                if (way < least[to * cells + from]) least[to * cells + from] = way;
            }
}

static void rank_cells(tq_fleet_pool *pool)
{
    uint32_t cells = pool->cell_count;
    for (uint32_t to = 0; to < cells; to++) {
        const int32_t *least = pool->cell_least + (size_t)to * cells;
        uint8_t *near = pool->cell_near + (size_t)to * cells;
        for (uint32_t from = 0; from < cells; from++) {
            uint32_t rank = from;
            for (; rank > 0 && least[near[rank - 1]] > least[from]; rank--)
                near[rank] = near[rank - 1];
            near[rank] = (uint8_t)from;
        }
    }
}

void fleet_pool_make_cells(tq_fleet_pool *pool)
{
    if (pool->form == POOL_CALL) return; /* one cell, all zero */
    turn_tables(pool);
    grow_cells(pool, pool->near_centre);
    least_between_cells(pool);
    rank_cells(pool);
}
