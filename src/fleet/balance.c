/*
 * Where idle vehicles are wanted: a transport problem, solved exactly by successive shortest paths
 * with potentials (Edmonds and Karp 1972; Dijkstra on a dense graph, for there are few rows).
 *
 * Nodes are the idle rows, the want rows, and an end. A way over want row w to the end costs
 * (greatest gain - gain of w), so that no arc is negative; paths get dearer from one to the next,
 * and sending stops at the first that gains nothing. Of equal distances the lower node goes first.
 */
#include "fleet/insert_in.h"

#define NO_ARC INT32_MAX
#define FAR    INT64_MAX

typedef struct balance {
    uint32_t idle_count, want_count, node_count; /* idle rows, want rows, end */
    int32_t *time;                               /* [idle_count * want_count], or NO_ARC */
    uint32_t *flow;                              /* the same shape */
    int64_t *price, *dist;                       /* [node_count] */
    uint32_t *before;                            /* [node_count], on the shortest path */
    uint32_t *left;                              /* [node_count - 1], vehicles or wants */
    bool *settled;                               /* [node_count] */
    int32_t gain_max;
    const tq_fleet_want *want;
} balance;

static tq_status check_rows(const tq_fleet_pool_times *times, const tq_fleet_idle *idle,
                            uint32_t idle_count, const tq_fleet_want *want, uint32_t want_count,
                            tq_err *err)
{
    if (idle_count > TQ_FLEET_BALANCE_ROWS_MAX || want_count > TQ_FLEET_BALANCE_ROWS_MAX ||
        idle_count * want_count > TQ_FLEET_BALANCE_CELLS_MAX)
        return tq_fail(err, TQ_LIMIT, 0, "%u idle and %u want rows; at most %u each and %u pairs",
                       idle_count, want_count, TQ_FLEET_BALANCE_ROWS_MAX,
                       TQ_FLEET_BALANCE_CELLS_MAX);
    for (uint32_t row = 0; row < idle_count; row++)
        if (idle[row].node >= times->node_count || idle[row].count > TQ_FLEET_POOL_VEHICLES_MAX)
            return tq_fail(err, TQ_BAD_INPUT, row, "idle row %u: %u vehicles at node %u of %u", row,
                           idle[row].count, idle[row].node, times->node_count);
    for (uint32_t row = 0; row < want_count; row++)
        if (want[row].node >= times->node_count || want[row].gain < 0 ||
            want[row].gain > TQ_FLEET_POOL_TIME_MAX || want[row].count > TQ_FLEET_POOL_VEHICLES_MAX)
            return tq_fail(err, TQ_BAD_INPUT, row, "want row %u: %u at node %u of %u, gain %d", row,
                           want[row].count, want[row].node, times->node_count, want[row].gain);
    return TQ_OK;
}

static tq_status make_rows(balance *net, const tq_fleet_idle *idle, const tq_fleet_want *want,
                           tq_arena *work, tq_err *err)
{
    size_t cells = (size_t)net->idle_count * net->want_count;
    net->time = TQ_PUSH_RAW(work, int32_t, cells);
    net->flow = TQ_PUSH(work, uint32_t, cells);
    net->price = TQ_PUSH(work, int64_t, net->node_count);
    net->dist = TQ_PUSH(work, int64_t, net->node_count);
    net->before = TQ_PUSH(work, uint32_t, net->node_count);
    net->left = TQ_PUSH(work, uint32_t, net->node_count);
    net->settled = TQ_PUSH(work, bool, net->node_count);
    if (net->settled == NULL || net->left == NULL || net->before == NULL || net->dist == NULL ||
        net->price == NULL || net->flow == NULL || net->time == NULL)
        return tq_fail(err, TQ_NO_MEMORY, 0, "scratch for %zu pairs of rows", cells);
    for (uint32_t row = 0; row < net->idle_count; row++)
        net->left[row] = idle[row].count;
    for (uint32_t row = 0; row < net->want_count; row++) {
        net->left[net->idle_count + row] = want[row].count;
        net->gain_max = TQ_MAX(net->gain_max, want[row].gain);
    }
    return TQ_OK;
}

static void relax(balance *net, uint32_t from, uint32_t to, int64_t cost)
{
    int64_t dist = net->dist[from] + cost + net->price[from] - net->price[to];
    if (net->settled[to] || dist >= net->dist[to]) return;
    net->dist[to] = dist;
    net->before[to] = from;
}

static void relax_all(balance *net, uint32_t node)
{
    if (node < net->idle_count) {
        const int32_t *time = net->time + (size_t)node * net->want_count;
        for (uint32_t row = 0; row < net->want_count; row++)
            if (time[row] != NO_ARC) relax(net, node, net->idle_count + row, time[row]);
        return;
    }
    uint32_t row = node - net->idle_count;
    for (uint32_t idle = 0; idle < net->idle_count; idle++) {
        size_t cell = (size_t)idle * net->want_count + row;
        if (net->flow[cell] > 0) relax(net, node, idle, -(int64_t)net->time[cell]);
    }
    if (net->left[node] > 0)
        relax(net, node, net->node_count - 1, net->gain_max - net->want[row].gain);
}

/* Shortest path from any row with vehicles left to the end; false when there is none. */
static bool find_path(balance *net)
{
    uint32_t end = net->node_count - 1;
    for (uint32_t node = 0; node < net->node_count; node++) {
        net->settled[node] = false;
        net->before[node] = TQ_NONE;
        net->dist[node] = FAR;
        if (node < net->idle_count && net->left[node] > 0) net->dist[node] = -net->price[node];
    }
    for (;;) {
        uint32_t next = TQ_NONE;
        for (uint32_t node = 0; node < net->node_count; node++)
            if (!net->settled[node] && net->dist[node] != FAR &&
                (next == TQ_NONE || net->dist[node] < net->dist[next]))
                next = node;
        if (next == TQ_NONE) return false;
        if (next == end) break;
        net->settled[next] = true;
        relax_all(net, next);
    }
    for (uint32_t node = 0; node < net->node_count; node++)
        net->price[node] += TQ_MIN(net->dist[node], net->dist[end]);
    return true;
}

static void send_along(balance *net)
{
    uint32_t end = net->node_count - 1, amount = net->left[net->before[end]];
    for (uint32_t node = net->before[end];; node = net->before[node]) {
        uint32_t before = net->before[node];
        if (before == TQ_NONE) {
            amount = TQ_MIN(amount, net->left[node]);
            net->left[node] -= amount;
            break;
        }
        if (node < net->idle_count) { /* back over a send */
            size_t cell = (size_t)node * net->want_count + (before - net->idle_count);
            amount = TQ_MIN(amount, net->flow[cell]);
        }
    }
    net->left[net->before[end]] -= amount;
    for (uint32_t node = net->before[end]; net->before[node] != TQ_NONE; node = net->before[node]) {
        uint32_t before = net->before[node];
        if (node < net->idle_count)
            net->flow[(size_t)node * net->want_count + (before - net->idle_count)] -= amount;
        else
            net->flow[(size_t)before * net->want_count + (node - net->idle_count)] += amount;
    }
}

tq_status tq_fleet_rebalance(const tq_fleet_pool_times *times, const tq_fleet_idle *idle,
                             uint32_t idle_count, const tq_fleet_want *want, uint32_t want_count,
                             int32_t time_max, tq_arena *work, tq_fleet_send *out, uint32_t *count,
                             int64_t *gain, tq_err *err)
{
    TQ_TRY(check_rows(times, idle, idle_count, want, want_count, err));
    balance net = {.idle_count = idle_count,
                   .want_count = want_count,
                   .node_count = idle_count + want_count + 1,
                   .want = want};
    size_t mark = work->used;
    tq_status status = make_rows(&net, idle, want, work, err);
    if (status != TQ_OK) goto done;
    for (uint32_t from = 0; from < idle_count; from++)
        for (uint32_t to = 0; to < want_count; to++) {
            int32_t time = fleet_pool_time(times, idle[from].node, want[to].node);
            bool useful = time <= time_max && time < want[to].gain;
            net.time[(size_t)from * want_count + to] = useful ? time : NO_ARC;
        }
    uint32_t end = net.node_count - 1, told = 0;
    while (find_path(&net) && net.price[end] < net.gain_max)
        send_along(&net);
    int64_t sum = 0;
    for (uint32_t from = 0; from < idle_count; from++)
        for (uint32_t to = 0; to < want_count; to++) {
            size_t cell = (size_t)from * want_count + to;
            if (net.flow[cell] == 0) continue;
            out[told++] = (tq_fleet_send){from, to, net.flow[cell]};
            sum += (int64_t)net.flow[cell] * (want[to].gain - net.time[cell]);
        }
    *count = told;
    *gain = sum;
done:
    tq_arena_reset(work, mark);
    return status;
}
