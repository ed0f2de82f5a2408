/*
 * Walking cores without streets that walkers may not use at the moment.
 *
 * A core keeps no record of the streets behind its arcs. So first one Dijkstra over all streets
 * tells how far each corner is from the nearest closed street. An arc that is shorter than the way
 * from its one end to a closed street and on to its other end cannot use one, and stays; all others
 * are cut. Around every corner that lost an arc, or lies within GROUND_NEAR_DM of a closed street,
 * a search over the open streets that ends at core corners makes the arcs anew; so does a search
 * for the walk between a door and the core where the way up is cut or near.
 *
 * No walk leads over a closed street. A walk is the shortest one unless it goes round over more
 * than GROUND_NEAR_DM between two corners of the core by streets that the contraction had left out:
 * then a longer one may be found. Streets count as in import/walk.c.
 */
#include "tongqu/route.h"

#include "os/os.h"
#include "transit/transit_in.h"

/* Can the built-in wheelchair go there? As import/walk.c asks. */
static bool fits_wheels(const tq_city *city, const tq_street_attr *attr)
{
    if (city->vehicles.count <= TQ_PROFILE_WHEELCHAIR) return true;
    const tq_vehicle *wheels = &city->vehicles.row[TQ_PROFILE_WHEELCHAIR];
    int incline = attr->incline_percent == TQ_INCLINE_UNKNOWN ? 0 : attr->incline_percent;
    incline = incline < 0 ? -incline : incline;
    if (wheels->class_percent[attr->street_class] == 0 ||
        wheels->surface_percent[attr->surface] == 0)
        return false;
    if ((attr->width_cm != 0 && attr->width_cm < wheels->min_width_cm) ||
        (attr->max_width_cm != 0 && attr->max_width_cm < wheels->width_cm))
        return false;
    return (wheels->max_incline_percent == 0 || incline <= wheels->max_incline_percent) &&
           (wheels->max_kerb == 0 || attr->kerb <= wheels->max_kerb) &&
           (wheels->max_smoothness == 0 || attr->smoothness <= wheels->max_smoothness);
}

bool ground_walked(const tq_city *city, unsigned kind, uint32_t edge)
{
    const tq_street_attr *attr = tq_edge_attr(&city->streets, edge);
    uint16_t mask = kind == TQ_WALK_STEP_FREE ? TQ_ACCESS_WHEELCHAIR : TQ_ACCESS_FOOT;
    if (!((attr->access[0] | attr->access[1]) & mask)) return false;
    if (city->streets.edge_length_dm[edge] > ARC_MAX_DM) return false;
    if (kind == TQ_WALK_STEP_FREE && !fits_wheels(city, attr)) return false;
    return city->dates.row[city->streets.edge_date[edge]].life == TQ_OPEN;
}

static bool has_bit(const uint64_t *bits, uint32_t at)
{
    return bits[at / 64] >> at % 64 & 1;
}

static void set_bit(uint64_t *bits, uint32_t at)
{
    bits[at / 64] |= UINT64_C(1) << at % 64;
}

bool ground_closed(const tq_ground *ground, uint32_t edge)
{
    return has_bit(ground->closed, edge);
}

/* One kind of walking under construction. */
typedef struct ground_maker {
    tq_ground *ground;
    const tq_city *city;
    const tq_walk *walk;
    unsigned kind;
    uint32_t *node_of_vertex;
    uint32_t *far_dm;  /* [node_count] to the nearest closed street; TQ_NONE = beyond reach */
    uint32_t *span_dm; /* [node_count] of a search around one corner; TQ_NONE between */
    uint32_t *touched;
    uint64_t *heap; /* [2 * edge_count + 2 * closed + 1] */
    TQ_VEC(day_arc) arcs;
} ground_maker;

/* Dijkstra with what is in the heap, over walked streets, closed ones too. */
static void spread_out(ground_maker *make, uint32_t count, uint32_t limit_dm)
{
    const tq_streets *streets = &make->city->streets;
    while (count > 0) {
        uint64_t item = heap_take(make->heap, &count);
        uint32_t node = (uint32_t)item, dm = (uint32_t)(item >> 32);
        if (dm > make->far_dm[node]) continue;
        for (uint32_t k = streets->first_out[node]; k < streets->first_out[node + 1]; k++) {
            uint32_t arc = streets->out_arc[k], head = tq_arc_head(streets, arc);
            uint64_t next = (uint64_t)dm + streets->edge_length_dm[arc >> 1];
            if (next > limit_dm || next >= make->far_dm[head] ||
                !ground_walked(make->city, make->kind, arc >> 1))
                continue;
            make->far_dm[head] = (uint32_t)next;
            heap_push(make->heap, &count, next << 32 | head);
        }
    }
}

/* How far every corner is from the closed streets; false when no walk uses one. */
static bool measure_far(ground_maker *make)
{
    const tq_walk *walk = make->walk;
    const tq_ground *ground = make->ground;
    uint32_t limit_dm = GROUND_NEAR_DM, count = 0;
    for (uint32_t k = 0; k < walk->core_arc_count; k++)
        limit_dm = TQ_MAX(limit_dm, walk->core_dm[k]);
    for (uint32_t k = 0; k < walk->up_arc_count; k++)
        limit_dm = TQ_MAX(limit_dm, walk->up_dm[k]);
    limit_dm = TQ_MIN(limit_dm, ARC_MAX_DM);
    for (uint32_t k = 0; k < ground->edge_count; k++) {
        uint32_t edge = ground->edge[k];
        if (!ground_walked(make->city, make->kind, edge)) continue;
        for (unsigned side = 0; side < 2; side++) {
            uint32_t node = tq_arc_tail(&make->city->streets, 2 * edge + side);
            make->far_dm[node] = 0;
            heap_push(make->heap, &count, node);
        }
    }
    if (count == 0) return false;
    spread_out(make, count, limit_dm);
    return true;
}

/* Can an arc of that length between two vertices use a closed street? */
static bool is_cut(const ground_maker *make, uint32_t a, uint32_t b, uint32_t dm)
{
    uint32_t far_a = make->far_dm[make->node_of_vertex[a]],
             far_b = make->far_dm[make->node_of_vertex[b]];
    return far_a != TQ_NONE && far_b != TQ_NONE && (uint64_t)far_a + far_b <= dm;
}

/* Corners of the core around a node over the open streets; appended to arcs. */
static bool search_around(ground_maker *make, uint32_t start, uint32_t limit_dm)
{
    const tq_streets *streets = &make->city->streets;
    const uint32_t *vertex_of = make->walk->vertex_of_node;
    uint32_t count = 0, touched = 0;
    bool done = true;
    make->span_dm[start] = 0;
    make->touched[touched++] = start;
    heap_push(make->heap, &count, start);
    while (count > 0) {
        uint64_t item = heap_take(make->heap, &count);
        uint32_t node = (uint32_t)item, dm = (uint32_t)(item >> 32);
        if (dm > make->span_dm[node]) continue;
        if (node != start && vertex_of[node] < make->walk->core_count) {
            done =
                done && tq_vec_push(&make->arcs, ((day_arc){vertex_of[node], (int32_t)(dm * 100)}));
            continue;
        }
        for (uint32_t k = streets->first_out[node]; k < streets->first_out[node + 1]; k++) {
            uint32_t arc = streets->out_arc[k], head = tq_arc_head(streets, arc);
            uint64_t next = (uint64_t)dm + streets->edge_length_dm[arc >> 1];
            if (next > limit_dm || next >= make->span_dm[head] ||
                ground_closed(make->ground, arc >> 1) ||
                !ground_walked(make->city, make->kind, arc >> 1))
                continue;
            if (make->span_dm[head] == TQ_NONE) make->touched[touched++] = head;
            make->span_dm[head] = (uint32_t)next;
            heap_push(make->heap, &count, next << 32 | head);
        }
    }
    for (uint32_t k = 0; k < touched; k++)
        make->span_dm[make->touched[k]] = TQ_NONE;
    return done;
}

/* Arcs by length, of each head the shortest. */
static void tidy(day_arc *arc, size_t *count)
{
    size_t kept = 0;
    for (size_t k = 1; k < *count; k++) {
        day_arc moved = arc[k];
        size_t to = k;
        for (; to > 0 && (arc[to - 1].mm > moved.mm ||
                          (arc[to - 1].mm == moved.mm && arc[to - 1].head > moved.head));
             to--)
            arc[to] = arc[to - 1];
        arc[to] = moved;
    }
    for (size_t k = 0; k < *count; k++) {
        bool seen = false;
        for (size_t before = 0; before < kept && !seen; before++)
            seen = arc[before].head == arc[k].head;
        if (!seen) arc[kept++] = arc[k];
    }
    *count = kept;
}

static bool make_core(ground_maker *make, uint32_t *first)
{
    const tq_walk *walk = make->walk;
    for (uint32_t vertex = 0; vertex < walk->core_count; vertex++) {
        uint32_t node = make->node_of_vertex[vertex], limit_dm = 0;
        size_t begin = make->arcs.count;
        if (make->far_dm[node] <= GROUND_NEAR_DM) limit_dm = GROUND_NEAR_DM;
        for (uint32_t k = walk->first_core[vertex]; k < walk->first_core[vertex + 1]; k++) {
            if (walk->core_dm[k] > ARC_MAX_DM) continue;
            if (is_cut(make, vertex, walk->core_head[k], walk->core_dm[k]))
                limit_dm = TQ_MAX(limit_dm, walk->core_dm[k]);
            else if (!tq_vec_push(&make->arcs, ((day_arc){walk->core_head[k],
                                                          (int32_t)(walk->core_dm[k] * 100)})))
                return false;
        }
        if (limit_dm != 0 && !search_around(make, node, limit_dm)) return false;
        size_t count = make->arcs.count - begin;
        if (count > 0) tidy(make->arcs.at + begin, &count);
        make->arcs.count = begin + count;
        first[vertex + 1] = (uint32_t)make->arcs.count;
    }
    return true;
}

/* Vertices and arcs on the way up to the core that cannot be trusted. */
static void mark_up(ground_maker *make, uint64_t *near, uint64_t *cut)
{
    const tq_walk *walk = make->walk;
    tq_ground *ground = make->ground;
    for (uint32_t vertex = 0; vertex < walk->vertex_count; vertex++) {
        if (make->far_dm[make->node_of_vertex[vertex]] <= GROUND_NEAR_DM) set_bit(near, vertex);
        if (vertex < walk->core_count) continue;
        uint32_t outer = vertex - walk->core_count;
        for (uint32_t k = walk->first_up[outer]; k < walk->first_up[outer + 1]; k++) {
            if (!is_cut(make, vertex, walk->up_head[k], walk->up_dm[k])) continue;
            set_bit(near, vertex);
            set_bit(cut, k);
            ground->reach_dm[make->kind] = TQ_MAX(ground->reach_dm[make->kind], walk->up_dm[k]);
        }
    }
}

static bool make_kind(tq_ground *ground, unsigned kind)
{
    const tq_city *city = ground->city;
    const tq_walk *walk = &city->walk[kind];
    const tq_streets *streets = &city->streets;
    ground_maker make = {.ground = ground, .city = city, .walk = walk, .kind = kind};
    ground->reach_dm[kind] = GROUND_NEAR_DM;
    if (walk->vertex_count == 0) return true;
    make.node_of_vertex = TQ_ALLOC(uint32_t, walk->vertex_count);
    make.far_dm = TQ_ALLOC(uint32_t, streets->node_count);
    make.span_dm = TQ_ALLOC(uint32_t, streets->node_count);
    make.touched = TQ_ALLOC(uint32_t, streets->node_count);
    make.heap =
        TQ_ALLOC(uint64_t, 2 * (size_t)streets->edge_count + 2 * (size_t)ground->edge_count + 1);
    uint32_t *first = TQ_ALLOC(uint32_t, (size_t)walk->core_count + 1);
    uint64_t *near = TQ_ALLOC(uint64_t, (size_t)walk->vertex_count / 64 + 1);
    uint64_t *cut = TQ_ALLOC(uint64_t, (size_t)walk->up_arc_count / 64 + 1);
    bool done = make.node_of_vertex != NULL && make.far_dm != NULL && make.span_dm != NULL &&
                make.touched != NULL && make.heap != NULL && first != NULL && near != NULL &&
                cut != NULL;
    for (uint32_t node = 0; done && node < streets->node_count; node++) {
        make.far_dm[node] = make.span_dm[node] = TQ_NONE;
        if (walk->vertex_of_node[node] != TQ_NONE)
            make.node_of_vertex[walk->vertex_of_node[node]] = node;
    }
    bool touched = done && measure_far(&make);
    if (touched) {
        mark_up(&make, near, cut);
        done = make_core(&make, first);
        ground->first_arc[kind] = first;
        ground->arc[kind] = make.arcs.at;
        ground->near[kind] = near;
        ground->cut[kind] = cut;
        first = NULL;
        near = cut = NULL;
        make.arcs.at = NULL;
    }
    tq_free(first);
    tq_free(near);
    tq_free(cut);
    tq_free(make.node_of_vertex);
    tq_free(make.far_dm);
    tq_free(make.span_dm);
    tq_free(make.touched);
    tq_free(make.heap);
    tq_vec_free(&make.arcs);
    return done;
}

tq_status tq_ground_make(const tq_city *city, const uint32_t *edge, uint32_t count, tq_ground **out,
                         tq_err *err)
{
    tq_ground *ground = TQ_ALLOC(tq_ground, 1);
    if (ground == NULL) return tq_fail(err, TQ_NO_MEMORY, 0, "no memory for closed streets");
    ground->city = city;
    ground->edge_count = count;
    ground->edge = TQ_ALLOC(uint32_t, count);
    ground->closed = TQ_ALLOC(uint64_t, (size_t)city->streets.edge_count / 64 + 1);
    bool done = ground->edge != NULL && ground->closed != NULL;
    for (uint32_t k = 0; done && k < count; k++) {
        if (edge[k] >= city->streets.edge_count) {
            tq_ground_free(ground);
            return tq_fail(err, TQ_BAD_INPUT, k, "edge %u of %u does not exist", edge[k],
                           city->streets.edge_count);
        }
        ground->edge[k] = edge[k];
        set_bit(ground->closed, edge[k]);
    }
    for (unsigned kind = 0; done && kind < TQ_WALK_COUNT; kind++)
        done = make_kind(ground, kind);
    if (!done) {
        tq_ground_free(ground);
        return tq_fail(err, TQ_NO_MEMORY, 0, "no memory for walks around closed streets");
    }
    *out = ground;
    return TQ_OK;
}

void tq_ground_free(tq_ground *ground)
{
    if (ground == NULL) return;
    for (unsigned kind = 0; kind < TQ_WALK_COUNT; kind++) {
        tq_free(ground->first_arc[kind]);
        tq_free(ground->arc[kind]);
        tq_free(ground->near[kind]);
        tq_free(ground->cut[kind]);
    }
    tq_free(ground->edge);
    tq_free(ground->closed);
    tq_free(ground);
}

bool ground_is_near(const tq_ground *ground, unsigned kind, uint32_t vertex)
{
    return ground->near[kind] != NULL && has_bit(ground->near[kind], vertex);
}

bool ground_is_cut(const tq_ground *ground, unsigned kind, uint32_t up_arc)
{
    return ground->cut[kind] != NULL && has_bit(ground->cut[kind], up_arc);
}

/* ---- the cache ---------------------------------------------------------------------------------
 */

/* The ground of a set of edges; the lock is held. */
static const tq_ground *take_ground(ground_cache *cache, const uint32_t *edge, uint32_t count)
{
    for (uint32_t slot = 0; slot < GROUNDS_MAX; slot++) {
        kept_ground *kept = &cache->slot[slot];
        if (kept->ground == NULL || kept->ground->edge_count != count ||
            memcmp(kept->ground->edge, edge, count * sizeof *edge) != 0)
            continue;
        kept->users++;
        kept->used = ++cache->clock;
        return kept->ground;
    }
    return NULL;
}

/* An empty slot, or one whose ground nobody uses, the oldest; its ground is the caller's to free.
 */
static kept_ground *free_slot(ground_cache *cache, tq_ground **dropped)
{
    kept_ground *oldest = NULL;
    for (uint32_t slot = 0; slot < GROUNDS_MAX; slot++) {
        kept_ground *kept = &cache->slot[slot];
        if (kept->ground == NULL) return kept;
        if (kept->users == 0 && (oldest == NULL || kept->used < oldest->used)) oldest = kept;
    }
    if (oldest != NULL) *dropped = oldest->ground;
    return oldest;
}

tq_status ground_get(ground_cache *cache, tq_mutex *mutex, const tq_city *city,
                     const uint32_t *edge, uint32_t count, const tq_ground **out, tq_err *err)
{
    tq_ground *made, *dropped = NULL;
    tq_mutex_lock(mutex);
    const tq_ground *found = take_ground(cache, edge, count);
    tq_mutex_unlock(mutex);
    if (found != NULL) {
        *out = found;
        return TQ_OK;
    }
    TQ_TRY(tq_ground_make(city, edge, count, &made, err));
    tq_mutex_lock(mutex);
    found = take_ground(cache, edge, count);
    kept_ground *slot = found == NULL ? free_slot(cache, &dropped) : NULL;
    if (slot != NULL) {
        *slot = (kept_ground){.ground = made, .users = 1, .used = ++cache->clock};
        found = made;
        made = NULL;
    }
    tq_mutex_unlock(mutex);
    tq_ground_free(made);
    tq_ground_free(dropped);
    if (found == NULL)
        return tq_fail(err, TQ_BUSY, 0, "%u sets of closed streets are in use at once",
                       GROUNDS_MAX);
    *out = found;
    return TQ_OK;
}

void ground_put(ground_cache *cache, tq_mutex *mutex, const tq_ground *ground)
{
    if (ground == NULL) return;
    tq_mutex_lock(mutex);
    for (uint32_t slot = 0; slot < GROUNDS_MAX; slot++)
        if (cache->slot[slot].ground == ground) cache->slot[slot].users--;
    tq_mutex_unlock(mutex);
}

void ground_close(ground_cache *cache)
{
    for (uint32_t slot = 0; slot < GROUNDS_MAX; slot++)
        tq_ground_free(cache->slot[slot].ground);
}
