/*
 * Named streets -> places for search: one a name and neighbourhood.
 *
 * Edges of one name whose ends lie in the same or neighbouring cells of TQ_NAME_RUN_M are one
 * street; a name that comes back across the city is another street. The place stands in the middle
 * of the street's longest connected run, on its edge nearest to the run's centre of mass.
 */
#include "import/streets_in.h"

#define CELL_E7                                                                                    \
    (TQ_NAME_RUN_M * 90) /* 1e-7 degrees of latitude, a little more than a metre each              \
                          */

typedef struct name_work {
    const tq_streets *streets;
    uint32_t *edge;        /* named edges by name text, then edge */
    uint32_t *group, *run; /* [edge_count] union-find parents: same street, same connected run */
} name_work;

static uint32_t root_of(uint32_t *parent, uint32_t item)
{
    while (parent[item] != item) {
        parent[item] = parent[parent[item]];
        item = parent[item];
    }
    return item;
}

static void join(uint32_t *parent, uint32_t a, uint32_t b)
{
    a = root_of(parent, a);
    b = root_of(parent, b);
    if (a != b) parent[TQ_MAX(a, b)] = TQ_MIN(a, b);
}

static tq_point edge_middle(const tq_streets *streets, uint32_t edge)
{
    uint32_t half = streets->edge_length_dm[edge] / 2, along = 0;
    tq_point a = streets->node_at[streets->edge_from[edge]];
    for (uint32_t k = streets->edge_first_point[edge];; k++) {
        bool last = k == streets->edge_first_point[edge + 1];
        tq_point b = last ? streets->node_at[streets->edge_to[edge]] : streets->point[k];
        uint32_t piece = tq_distance_dm(a, b);
        if (last || along + piece >= half)
            return tq_between(a, b, half - TQ_MIN(half, along), piece);
        along += piece;
        a = b;
    }
}

static uint64_t cell_of(tq_point at, int32_t down, int32_t right)
{
    uint64_t row = (uint64_t)(((int64_t)at.lat_e7 + 900000000) / CELL_E7 + down + 1);
    uint64_t column = (uint64_t)(((int64_t)at.lon_e7 + 1800000000) / CELL_E7 + right + 1);
    return row << 32 | column;
}

static size_t first_at_least(const uint64_t *key, const uint32_t *order, size_t count,
                             uint64_t wanted)
{
    size_t low = 0, high = count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (key[order[middle]] < wanted)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Join the edges of one name that are near; scratch arrays hold two entries an edge (its ends). */
static bool join_near(name_work *work, const uint32_t *edge, size_t count, uint64_t *key,
                      uint32_t *order)
{
    const tq_streets *streets = work->streets;
    size_t ends = count * 2;
    tq_point at[2];
    for (size_t k = 0; k < count; k++) {
        at[0] = streets->node_at[streets->edge_from[edge[k]]];
        at[1] = streets->node_at[streets->edge_to[edge[k]]];
        for (size_t end = 0; end < 2; end++) {
            key[k * 2 + end] = cell_of(at[end], 0, 0);
            order[k * 2 + end] = (uint32_t)(k * 2 + end);
        }
    }
    if (!tq_sort_by_u64(order, ends, key)) return false;
    for (size_t k = 0; k < ends; k++) {
        uint32_t own = edge[order[k] / 2];
        if (k > 0 && key[order[k]] == key[order[k - 1]]) {
            join(work->group, own, edge[order[k - 1] / 2]);
            continue; /* the first of a cell looks at the neighbours for all of it */
        }
        uint32_t node = order[k] % 2 == 0 ? streets->edge_from[own] : streets->edge_to[own];
        for (int32_t down = 0; down <= 1; down++) {
            for (int32_t right = -1; right <= 1; right++) {
                if (down == 0 && right != 1) continue;
                uint64_t wanted = cell_of(streets->node_at[node], down, right);
                size_t found = first_at_least(key, order, ends, wanted);
                if (found < ends && key[order[found]] == wanted)
                    join(work->group, own, edge[order[found] / 2]);
            }
        }
    }
    return true;
}

/* Join edges of one name that share a node: the list sorted by node brings them side by side. */
static bool join_runs(name_work *work, const uint32_t *edge, size_t count, uint64_t *key,
                      uint32_t *order)
{
    for (size_t k = 0; k < count * 2; k++) {
        uint32_t own = edge[k / 2];
        key[k] = k % 2 == 0 ? work->streets->edge_from[own] : work->streets->edge_to[own];
        order[k] = (uint32_t)k;
    }
    if (!tq_sort_by_u64(order, count * 2, key)) return false;
    for (size_t k = 1; k < count * 2; k++)
        if (key[order[k]] == key[order[k - 1]])
            join(work->run, edge[order[k] / 2], edge[order[k - 1] / 2]);
    return true;
}

/* The edge a place stands on: nearest to the centre of the longest run among the edges of one
 * street, at least one edge. */
static uint32_t middle_edge(name_work *work, const uint32_t *edge, size_t count, uint64_t *run_dm)
{
    const tq_streets *streets = work->streets;
    uint32_t longest = TQ_NONE;
    for (size_t k = 0; k < count; k++)
        run_dm[work->run[edge[k]]] += streets->edge_length_dm[edge[k]];
    for (size_t k = 0; k < count; k++) {
        uint32_t run = work->run[edge[k]];
        if (run == edge[k] && (longest == TQ_NONE || run_dm[run] > run_dm[longest])) longest = run;
    }
    int64_t lat = 0, lon = 0, weight = 0;
    for (size_t k = 0; k < count; k++) {
        if (work->run[edge[k]] != longest) continue;
        tq_point at = edge_middle(streets, edge[k]);
        int64_t length =
            streets->edge_length_dm[edge[k]] / 10 + 1; /* metres: the sums stay within 64 bits */
        lat += at.lat_e7 * length;
        lon += at.lon_e7 * length;
        weight += length;
    }
    /* The longest run has an edge, and each weighs 1 at least. */
    // cppcheck-suppress zerodiv
    tq_point centre = {(int32_t)(lat / weight), (int32_t)(lon / weight)};
    uint32_t best = TQ_NONE, best_dm = UINT32_MAX;
    for (size_t k = 0; k < count; k++) {
        if (work->run[edge[k]] != longest) continue;
        uint32_t distance = tq_distance_dm(centre, edge_middle(streets, edge[k]));
        if (best == TQ_NONE || distance < best_dm) {
            best = edge[k];
            best_dm = distance;
        }
    }
    return best;
}

static uint8_t class_weight(unsigned street_class)
{
    return street_class <= TQ_TERTIARY_LINK ? (uint8_t)(50 - street_class) : 30;
}

static bool add_place(tq_build *build, const import_network *network, uint32_t edge)
{
    const tq_streets *streets = &build->city.streets;
    const import_name *name = &network->names.at[streets->edge_name[edge]];
    const tq_street_attr *attr = tq_edge_attr(streets, edge);
    tq_place_row place = {.at = edge_middle(streets, edge),
                          .name = name->name,
                          .name_en = name->name_en,
                          .category = tq_texts_add(build->texts, TQ_STR("street")),
                          .parent = TQ_NONE,
                          .link = edge,
                          .date = streets->edge_date[edge],
                          .first_alias = (uint32_t)build->aliases.count,
                          .kind = TQ_PLACE_STREET,
                          .approximate = (attr->flags & TQ_STREET_APPROXIMATE) != 0,
                          .weight = class_weight(attr->street_class)};
    bool done =
        import_add_aliases(build, &place, tq_texts_at(build->texts, name->alt), TQ_ALIAS_OTHER) &&
        import_add_aliases(build, &place, tq_texts_at(build->texts, name->old), TQ_ALIAS_FORMER) &&
        import_add_aliases(build, &place, tq_texts_at(build->texts, name->official),
                           TQ_ALIAS_OFFICIAL) &&
        import_add_aliases(build, &place, tq_texts_at(build->texts, name->name_en),
                           TQ_ALIAS_ENGLISH);
    return done && tq_vec_push(&build->places, place);
}

/* All streets of one name. */
static bool name_group(tq_build *build, const import_network *network, name_work *work,
                       const uint32_t *edge, size_t count, uint64_t *key, uint32_t *order,
                       uint64_t *run_dm)
{
    if (!join_near(work, edge, count, key, order) || !join_runs(work, edge, count, key, order))
        return false;
    for (size_t k = 0; k < count; k++) {
        work->group[edge[k]] = root_of(work->group, edge[k]);
        work->run[edge[k]] = root_of(work->run, edge[k]);
        run_dm[edge[k]] = 0;
    }
    /* Streets of one name side by side, by their first edge: a name may come back ten thousand
     * times, so that none may look through the edges of all. */
    uint32_t *sorted = order + count;
    for (size_t k = 0; k < count; k++) {
        key[k] = work->group[edge[k]];
        order[k] = (uint32_t)k;
    }
    if (!tq_sort_by_u64(order, count, key)) return false;
    for (size_t k = 0; k < count; k++)
        sorted[k] = edge[order[k]];
    for (size_t from = 0, to; from < count; from = to) {
        for (to = from + 1; to < count; to++)
            if (work->group[sorted[to]] != work->group[sorted[from]]) break;
        if (!add_place(build, network, middle_edge(work, sorted + from, to - from, run_dm)))
            return false;
    }
    return true;
}

static tq_status name_all(tq_build *build, const import_network *network, name_work *work,
                          uint64_t *key, uint32_t *order, uint64_t *run_dm, tq_err *err)
{
    const tq_streets *streets = work->streets;
    size_t named = 0;
    for (uint32_t edge = 0; edge < streets->edge_count; edge++) {
        work->group[edge] = work->run[edge] = edge;
        uint32_t name = network->names.at[streets->edge_name[edge]].name;
        if (name == 0 || tq_edge_attr(streets, edge)->street_class >= TQ_FERRY) continue;
        key[edge] = name;
        work->edge[named++] = edge;
    }
    if (!tq_sort_by_u64(work->edge, named, key)) return import_no_memory(err);
    size_t before = build->places.count;
    for (size_t from = 0, to; from < named; from = to) {
        uint32_t name = network->names.at[streets->edge_name[work->edge[from]]].name;
        for (to = from + 1; to < named; to++)
            if (network->names.at[streets->edge_name[work->edge[to]]].name != name) break;
        if (!name_group(build, network, work, work->edge + from, to - from, key, order, run_dm))
            return import_no_memory(err);
    }
    tq_report_count(build->report, "streets.names", build->places.count - before);
    return TQ_OK;
}

tq_status import_name_streets(tq_build *build, const import_network *network, tq_err *err)
{
    size_t edges = build->city.streets.edge_count;
    name_work work = {.streets = &build->city.streets,
                      .edge = TQ_ALLOC(uint32_t, edges),
                      .group = TQ_ALLOC(uint32_t, edges),
                      .run = TQ_ALLOC(uint32_t, edges)};
    uint64_t *key = TQ_ALLOC(uint64_t, edges * 2), *run_dm = TQ_ALLOC(uint64_t, edges);
    uint32_t *order = TQ_ALLOC(uint32_t, edges * 2);
    bool ready = work.edge && work.group && work.run && key && run_dm && order;
    tq_status status =
        ready ? name_all(build, network, &work, key, order, run_dm, err) : import_no_memory(err);
    tq_free(work.edge);
    tq_free(work.group);
    tq_free(work.run);
    tq_free(key);
    tq_free(run_dm);
    tq_free(order);
    return status;
}
