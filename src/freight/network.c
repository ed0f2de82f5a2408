/*
 * Freezing a network: classes of arrival, profiles of handling, lengths of services, and the arcs
 * in both directions of time, grouped by class. Also looking rows up, and live overrides.
 *
 * A service is kept as instants of the week by which goods must be ready, and a fixed time from
 * there to arrival; in reversed time those instants are minus its arrivals. So one search serves
 * «depart at» and «arrive by». Length of a service: shortest way over links of its mode between
 * neighbours of its path, over links of any mode where those do not connect.
 */
#include "freight/freight_in.h"

#define SETTLED_MAX 400000000u /* work limit for lengths of services */

/* ---- rows by id and number ------------------------------------------------------------------- */

#define FINDER(what, rows, ids, id_field)                                                          \
    uint32_t tq_freight_##what##_find(const tq_freight *net, tq_str id)                            \
    {                                                                                              \
        if (net->ids.count == 0) return TQ_NONE;                                                   \
        uint32_t k = (uint32_t)tq_hash(id.at, id.len, 0) & net->ids.mask;                          \
        for (; net->ids.slot[k] != 0; k = (k + 1) & net->ids.mask) {                               \
            uint32_t row = net->ids.slot[k] - 1;                                                   \
            if (tq_str_is(id, text_at(net, net->rows[row].id_field))) return row;                  \
        }                                                                                          \
        return TQ_NONE;                                                                            \
    }
FINDER(node, node, node_ids, id)
FINDER(link, link, link_ids, id)
FINDER(service, service, service_ids, id)
FINDER(commodity, commodity, commodity_ids, code)

tq_freight_sizes tq_freight_size(const tq_freight *net)
{
    return (tq_freight_sizes){net->node_count,      net->link_count, net->service_count,
                              net->tariff_count,    net->op_count,   net->emission_count,
                              net->commodity_count, net->ban_count};
}

tq_freight_node tq_freight_node_at(const tq_freight *net, uint32_t node)
{
    const node_row *row = &net->node[node];
    return (tq_freight_node){text_at(net, row->id),
                             text_at(net, row->name_zh),
                             text_at(net, row->name_en),
                             text_at(net, net->kind[row->kind]),
                             text_at(net, row->region),
                             text_at(net, row->confidence),
                             row->at};
}

tq_freight_link tq_freight_link_at(const tq_freight *net, uint32_t link)
{
    const link_row *row = &net->link[link];
    return (tq_freight_link){
        .id = text_at(net, row->id),
        .line_zh = text_at(net, row->line_zh),
        .confidence = text_at(net, row->confidence),
        .source = text_at(net, row->source),
        .from = row->from,
        .to = row->to,
        .length_m = row->length_m,
        .time_ds = row->time_ds,
        .capacity_kt_y = row->capacity_kt_y,
        .streets_day = row->streets_day,
        .from_day = row->from_day,
        .to_day = row->to_day,
        .gauge_mm = row->gauge_mm,
        .mode = row->mode,
        .cargo_mask = row->cargo_mask,
        .electrified = row->electrified,
        .on_demand = row->on_demand,
    };
}

tq_freight_service tq_freight_service_at(const tq_freight *net, uint32_t service)
{
    const service_row *row = &net->service[service];
    return (tq_freight_service){
        .id = text_at(net, row->id),
        .name_zh = text_at(net, row->name_zh),
        .confidence = text_at(net, row->confidence),
        .source = text_at(net, row->source),
        .path = net->path + row->path,
        .path_count = row->path_count,
        .length_m = row->length_m,
        .cutoff_ds = row->cutoff_ds,
        .transit_ds = row->transit_ds,
        .transit_p90_ds = row->transit_p90_ds,
        .departs_min = row->departs_min,
        .from_day = row->from_day,
        .to_day = row->to_day,
        .mode = row->mode,
        .cargo_mask = row->cargo_mask,
        .days = row->days,
    };
}

tq_freight_commodity tq_freight_commodity_at(const tq_freight *net, uint32_t commodity)
{
    const commodity_row *row = &net->commodity[commodity];
    return (tq_freight_commodity){text_at(net, row->code),    text_at(net, row->name_zh),
                                  text_at(net, row->name_en), text_at(net, row->dg_class),
                                  text_at(net, row->hs4),     row->cargo};
}

uint64_t tq_freight_version(const tq_freight *net)
{
    return net->version;
}

/* ---- live ------------------------------------------------------------------------------------ */

tq_status tq_freight_live_make(const tq_freight *net, tq_freight_override *override, uint32_t count,
                               uint64_t version, tq_freight_live *out, tq_err *err)
{
    if (count > TQ_FREIGHT_OVERRIDES_MAX)
        return tq_fail(err, TQ_LIMIT, 0, "more than %u links overridden", TQ_FREIGHT_OVERRIDES_MAX);
    if (version == 0)
        return tq_fail(err, TQ_BAD_INPUT, 0, "version 0 means no overrides; give another");
    for (uint32_t k = 0; k < count; k++) {
        if (override[k].link >= net->link_count)
            return tq_fail(err, TQ_BAD_INPUT, k + 1, "override %u: no link %u; there are %u", k + 1,
                           override[k].link, net->link_count);
        if (override[k].time_ds < -1 || override[k].time_ds > TQ_FREIGHT_OVERRIDE_DS)
            return tq_fail(err, TQ_BAD_INPUT, k + 1,
                           "override %u: a time of %d deciseconds; give 0 .. %d or -1", k + 1,
                           override[k].time_ds, TQ_FREIGHT_OVERRIDE_DS);
    }
    /* Few entries, mostly in order: insertion. */
    for (uint32_t k = 1; k < count; k++) {
        tq_freight_override moved = override[k];
        uint32_t to = k;
        for (; to > 0 && override[to - 1].link > moved.link; to--)
            override[to] = override[to - 1];
        override[to] = moved;
    }
    for (uint32_t k = 1; k < count; k++)
        if (override[k].link == override[k - 1].link)
            return tq_fail(err, TQ_BAD_INPUT, 0, "link %s is overridden twice; keep one",
                           text_at(net, net->link[override[k].link].id));
    *out = (tq_freight_live){version, count, override};
    return TQ_OK;
}

/* ---- classes and profiles -------------------------------------------------------------------- */

static tq_status class_of(tq_freight *net, class_row class, uint8_t *out, tq_err *err)
{
    uint32_t k = 0;
    while (k < net->class_count &&
           (net->class[k].mode != class.mode || net->class[k].service != class.service ||
            net->class[k].gauge_mm != class.gauge_mm))
        k++;
    if (k == TQ_FREIGHT_CLASSES_MAX)
        return tq_fail(err, TQ_LIMIT, 0, "more than %u modes and gauges", TQ_FREIGHT_CLASSES_MAX);
    if (k == net->class_count) net->class[net->class_count++] = class;
    *out = (uint8_t)k;
    return TQ_OK;
}

static tq_status make_classes(tq_freight *net, tq_err *err)
{
    for (uint32_t link = 0; link < net->link_count; link++) {
        link_row *row = &net->link[link];
        TQ_TRY(class_of(net, (class_row){row->mode, 0, row->gauge_mm}, &row->class, err));
        net->dated |= row->from_day != DAY_MIN || row->to_day != DAY_MAX;
    }
    for (uint32_t service = 0; service < net->service_count; service++) {
        service_row *row = &net->service[service];
        TQ_TRY(class_of(net, (class_row){row->mode, 1, 0}, &row->class, err));
    }
    for (uint32_t tariff = 0; tariff < net->tariff_count; tariff++)
        net->dated |=
            net->tariff[tariff].from_day != DAY_MIN || net->tariff[tariff].to_day != DAY_MAX;
    for (uint32_t ban = 0; ban < net->ban_count; ban++)
        net->dated |= net->ban[ban].from_day != DAY_MIN || net->ban[ban].to_day != DAY_MAX;
    return TQ_OK;
}

/* Fill one profile: the most specific row wins, then the first. */
static void fill_profile(tq_freight *net, uint32_t profile, uint32_t kind, const char *node)
{
    const char *kind_text = text_at(net, net->kind[kind]);
    for (uint32_t cargo = 0; cargo < TQ_FREIGHT_CARGOES; cargo++) {
        uint16_t *row_of = net->profile_op + ((size_t)cargo * net->profile_count + profile) * OPS;
        uint8_t rank_of[OPS] = {0};
        for (uint32_t op = 0; op < OPS; op++)
            row_of[op] = NO_ROW;
        for (uint32_t k = 0; k < net->op_count; k++) {
            const op_row *row = &net->op[k];
            const char *place = text_at(net, row->place);
            if (row->op == NO_ROW || row->cargo != cargo) continue;
            uint8_t rank = node && strcmp(place, node) == 0 ? 3
                           : strcmp(place, kind_text) == 0  ? 2
                           : strcmp(place, "*") == 0        ? 1
                                                            : 0;
            if (rank <= rank_of[row->op]) continue;
            rank_of[row->op] = rank;
            row_of[row->op] = (uint16_t)k;
        }
    }
}

static tq_status make_profiles(tq_freight *net, tq_err *err)
{
    net->profile_count = net->kind_count;
    for (uint32_t node = 0; node < net->node_count; node++)
        net->node[node].profile = net->node[node].kind;
    for (uint32_t k = 0; k < net->op_count; k++) {
        uint32_t node = tq_freight_node_find(net, tq_str_of(text_at(net, net->op[k].place)));
        if (node == TQ_NONE || net->node[node].profile >= net->kind_count) continue;
        net->node[node].profile = (uint16_t)net->profile_count++;
    }
    size_t size = (size_t)TQ_FREIGHT_CARGOES * net->profile_count * OPS * sizeof(uint16_t);
    net->profile_op = tq_pool_push(&net->pool, size, _Alignof(uint16_t));
    if (!net->profile_op) return tq_fail(err, TQ_NO_MEMORY, 0, "no memory for handlings");
    for (uint32_t kind = 0; kind < net->kind_count; kind++)
        fill_profile(net, kind, kind, NULL);
    for (uint32_t node = 0; node < net->node_count; node++)
        if (net->node[node].profile >= net->kind_count)
            fill_profile(net, net->node[node].profile, net->node[node].kind,
                         text_at(net, net->node[node].id));
    return TQ_OK;
}

/* ---- lengths of services --------------------------------------------------------------------- */

typedef struct ways {
    uint32_t *first, *link; /* links at a node, both ends */
    int64_t *best;          /* [node] metres, -1 = not seen */
    uint32_t *seen;         /* nodes to clean */
    uint32_t seen_count;
    uint64_t settled;
    tq_heap heap;
} way_finder;

static void ways_free(way_finder *ways)
{
    tq_free(ways->first);
    tq_free(ways->link);
    tq_free(ways->best);
    tq_free(ways->seen);
    tq_free(ways->heap.id);
    tq_free(ways->heap.pos);
    tq_free(ways->heap.key);
}

static bool ways_make(const tq_freight *net, way_finder *ways)
{
    size_t n = net->node_count;
    ways->first = TQ_ALLOC(uint32_t, n + 2);
    ways->link = TQ_ALLOC(uint32_t, 2 * (size_t)net->link_count + 1);
    ways->best = TQ_ALLOC(int64_t, n + 1);
    ways->seen = TQ_ALLOC(uint32_t, n + 1);
    ways->heap = (tq_heap){TQ_ALLOC(uint32_t, n + 1), TQ_ALLOC(uint32_t, n + 1),
                           TQ_ALLOC(int64_t, n + 1), 0};
    if (!ways->first || !ways->link || !ways->best || !ways->seen || !ways->heap.id ||
        !ways->heap.pos || !ways->heap.key)
        return false;
    for (uint32_t link = 0; link < net->link_count; link++) {
        ways->first[net->link[link].from + 2]++;
        ways->first[net->link[link].to + 2]++;
    }
    for (size_t node = 0; node < n; node++) {
        ways->first[node + 2] += ways->first[node + 1];
        ways->best[node] = -1;
        ways->heap.pos[node] = TQ_NONE;
    }
    for (uint32_t link = 0; link < net->link_count; link++) {
        ways->link[ways->first[net->link[link].from + 1]++] = link;
        ways->link[ways->first[net->link[link].to + 1]++] = link;
    }
    return true;
}

/* Shortest metres from a to b over links of `mode` (TQ_FREIGHT_MODES = any); -1 = not connected. */
static int64_t shortest_m(const tq_freight *net, way_finder *ways, uint32_t a, uint32_t b,
                          uint32_t mode)
{
    int64_t found = -1;
    ways->seen_count = 0;
    ways->seen[ways->seen_count++] = a;
    ways->best[a] = 0;
    tq_heap_lower(&ways->heap, a, 0);
    while (ways->heap.count > 0) {
        int64_t at_m;
        uint32_t node = tq_heap_pop(&ways->heap, &at_m);
        ways->settled++;
        if (node == b) {
            found = at_m;
            break;
        }
        for (uint32_t k = ways->first[node]; k < ways->first[node + 1]; k++) {
            const link_row *link = &net->link[ways->link[k]];
            if (mode != TQ_FREIGHT_MODES && link->mode != mode) continue;
            uint32_t head = link->from == node ? link->to : link->from;
            int64_t m = at_m + link->length_m;
            if (ways->best[head] >= 0 && ways->best[head] <= m) continue;
            if (ways->best[head] < 0) ways->seen[ways->seen_count++] = head;
            ways->best[head] = m;
            tq_heap_lower(&ways->heap, head, m);
        }
    }
    while (ways->heap.count > 0) {
        int64_t unused;
        tq_heap_pop(&ways->heap, &unused);
    }
    for (uint32_t k = 0; k < ways->seen_count; k++)
        ways->best[ways->seen[k]] = -1;
    return found;
}

static tq_status measure_services(tq_freight *net, way_finder *ways, tq_err *err)
{
    for (uint32_t service = 0; service < net->service_count; service++) {
        service_row *row = &net->service[service];
        if (row->length_m >= 0) continue;
        int64_t sum_m = 0;
        for (uint32_t k = 1; k < row->path_count; k++) {
            uint32_t a = net->path[row->path + k - 1], b = net->path[row->path + k];
            int64_t m = shortest_m(net, ways, a, b, row->mode);
            if (m < 0) m = shortest_m(net, ways, a, b, TQ_FREIGHT_MODES);
            if (m < 0)
                return tq_fail(err, TQ_BAD_INPUT, service + 2,
                               "services.csv row %u, column path, «%s»: no links join %s and %s; "
                               "add them or fill in a column km",
                               service + 1, text_at(net, row->id), text_at(net, net->node[a].id),
                               text_at(net, net->node[b].id));
            sum_m += m;
            if (ways->settled > SETTLED_MAX)
                return tq_fail(
                    err, TQ_LIMIT, service + 2,
                    "services.csv row %u: measuring the services takes too long; fill in "
                    "a column km",
                    service + 1);
        }
        if (sum_m > INT32_MAX)
            return tq_fail(err, TQ_BAD_INPUT, service + 2,
                           "services.csv row %u, column path: longer than 2,147,483 km; check the "
                           "links",
                           service + 1);
        row->length_m = (int32_t)sum_m;
    }
    return TQ_OK;
}

/* ---- views ----------------------------------------------------------------------------------- */

static int32_t week_phase(int64_t ds)
{
    return (int32_t)(ds - tq_floor_div(ds, DS_WEEK) * DS_WEEK);
}

static tq_status make_ready(tq_freight *net, uint32_t direction, tq_err *err)
{
    size_t count = 0;
    for (uint32_t service = 0; service < net->service_count; service++)
        count += (size_t)__builtin_popcount(net->service[service].days);
    uint32_t *first = tq_pool_push(&net->pool, (net->service_count + (size_t)1) * sizeof *first,
                                   _Alignof(uint32_t));
    int32_t *ready = tq_pool_push(&net->pool, (count + 1) * sizeof *ready, _Alignof(int32_t));
    if (!first || !ready) return tq_fail(err, TQ_NO_MEMORY, 0, "no memory for services");
    uint32_t at = 0;
    for (uint32_t service = 0; service < net->service_count; service++) {
        const service_row *row = &net->service[service];
        first[service] = at;
        for (unsigned day = 0; day < 7; day++) {
            if (!(row->days & (1u << day))) continue;
            int64_t leaves = day * DS_DAY + (int64_t)row->departs_min * (DS_HOUR / 60);
            int32_t phase =
                week_phase(direction == 0 ? leaves - row->cutoff_ds : -(leaves + row->transit_ds));
            uint32_t to = at++;
            for (; to > first[service] && ready[to - 1] > phase; to--)
                ready[to] = ready[to - 1];
            ready[to] = phase;
        }
    }
    first[net->service_count] = at;
    net->view[direction].service_first = first;
    net->view[direction].ready = ready;
    return TQ_OK;
}

typedef struct raw_arcs {
    uint64_t *key; /* tail and class */
    uint32_t *order;
    arc_row *arcs;
    uint32_t count;
} raw_arcs;

static void list_arcs(const tq_freight *net, uint32_t direction, raw_arcs *raw)
{
    for (uint32_t link = 0; link < net->link_count; link++) {
        const link_row *row = &net->link[link];
        if (!row->on_demand) continue;
        raw->key[raw->count] = (uint64_t)row->from << 8 | row->class;
        raw->arcs[raw->count++] = (arc_row){row->to, link};
        raw->key[raw->count] = (uint64_t)row->to << 8 | row->class;
        raw->arcs[raw->count++] = (arc_row){row->from, link};
    }
    for (uint32_t service = 0; service < net->service_count; service++) {
        const service_row *row = &net->service[service];
        uint32_t end[2] = {net->path[row->path], net->path[row->path + row->path_count - 1]};
        raw->key[raw->count] = (uint64_t)end[direction] << 8 | row->class;
        raw->arcs[raw->count++] = (arc_row){end[1 - direction], service};
    }
    for (uint32_t k = 0; k < raw->count; k++)
        raw->order[k] = k;
}

static tq_status group_arcs(tq_freight *net, uint32_t direction, raw_arcs *raw, tq_err *err)
{
    uint32_t groups = 0;
    for (uint32_t k = 0; k < raw->count; k++)
        groups += k == 0 || raw->key[raw->order[k]] != raw->key[raw->order[k - 1]];
    uint32_t *first =
        tq_pool_push(&net->pool, (net->node_count + (size_t)1) * sizeof *first, _Alignof(uint32_t));
    arc_group *group =
        tq_pool_push(&net->pool, (groups + (size_t)1) * sizeof *group, _Alignof(arc_group));
    arc_row *arcs =
        tq_pool_push(&net->pool, (raw->count + (size_t)1) * sizeof *arcs, _Alignof(arc_row));
    if (!first || !group || !arcs) return tq_fail(err, TQ_NO_MEMORY, 0, "no memory for arcs");
    uint32_t node = 0, made = 0;
    for (uint32_t k = 0; k < raw->count; k++) {
        uint64_t key = raw->key[raw->order[k]];
        if (k == 0 || key != raw->key[raw->order[k - 1]]) {
            while (node <= key >> 8)
                first[node++] = made;
            group[made++] = (arc_group){(uint32_t)(key & 255), k};
        }
        arcs[k] = raw->arcs[raw->order[k]];
    }
    while (node <= net->node_count)
        first[node++] = made;
    group[made] = (arc_group){TQ_NONE, raw->count};
    net->view[direction].first_group = first;
    net->view[direction].group = group;
    net->view[direction].arcs = arcs;
    return make_ready(net, direction, err);
}

static tq_status make_view(tq_freight *net, uint32_t direction, tq_err *err)
{
    size_t most = 2 * (size_t)net->link_count + net->service_count + 1;
    raw_arcs raw = {TQ_ALLOC(uint64_t, most), TQ_ALLOC(uint32_t, most), TQ_ALLOC(arc_row, most), 0};
    tq_status status = TQ_OK;
    bool room = raw.key && raw.order && raw.arcs;
    if (room) {
        list_arcs(net, direction, &raw);
        room = tq_sort_by_u64(raw.order, raw.count, raw.key);
    }
    status = room ? group_arcs(net, direction, &raw, err)
                  : tq_fail(err, TQ_NO_MEMORY, 0, "no memory for arcs");
    tq_free(raw.key);
    tq_free(raw.order);
    tq_free(raw.arcs);
    return status;
}

tq_status freight_freeze(tq_freight *net, tq_err *err)
{
    TQ_TRY(make_classes(net, err));
    TQ_TRY(make_profiles(net, err));
    way_finder ways = {0};
    tq_status status = ways_make(net, &ways)
                           ? measure_services(net, &ways, err)
                           : tq_fail(err, TQ_NO_MEMORY, 0, "no memory for lengths of services");
    ways_free(&ways);
    for (uint32_t direction = 0; direction < 2 && status == TQ_OK; direction++)
        status = make_view(net, direction, err);
    return status;
}
