/* A part of a turn-expanded network as a network of its own, with a hierarchy ordered anew. */
#ifndef TQ_TEST_ROAD_PART_H
#define TQ_TEST_ROAD_PART_H

#include "import/import.h"
#include "road/road_in.h"

typedef struct road_part {
    tq_pool pool;
    tq_city city; /* that of the whole, with another hierarchy[kind] */
    tq_hierarchy *hierarchy;
    int32_t *turn_ds; /* [link_count] of the part */
} road_part;

/*
 * The vertices that are marked in keep [vertex_count of the whole], copies too, with the links
 * between them that are not TQ_ROAD_INF in turn_ds. False on no memory.
 */
static inline bool road_part_make(const tq_city *whole, tq_hierarchy_kind kind, const uint8_t *keep,
                                  const int32_t *turn_ds, road_part *out)
{
    const tq_hierarchy *all = &whole->hierarchy[kind];
    uint32_t arcs = 2 * whole->streets.edge_count;
    import_links links = {0};
    TQ_VEC(uint32_t) vertex = {0};
    TQ_VEC(int32_t) cost = {0};
    uint32_t *node = TQ_ALLOC(uint32_t, all->vertex_count), *after = NULL;
    bool done = node != NULL;
    /* Main vertices in arc order, then copies. */
    for (uint32_t arc = 0; done && arc < arcs; arc++) {
        uint32_t main = all->vertex_of_arc[arc];
        bool kept = main != TQ_NONE && keep[main];
        done = tq_vec_push(&links.vertex_of_arc, kept ? (uint32_t)vertex.count : TQ_NONE) &&
               (!kept || (tq_vec_push(&vertex, main) && tq_vec_push(&links.arc, arc)));
    }
    for (uint32_t k = 0; done && k < all->copy_count; k++)
        if (keep[all->copy_vertex[k]])
            done = tq_vec_push(&vertex, all->copy_vertex[k]) &&
                   tq_vec_push(&links.arc, all->arc_of_vertex[all->copy_vertex[k]]);
    for (uint32_t k = 0; done && k < vertex.count; k++)
        node[vertex.at[k]] = k + 1;
    for (uint32_t k = 0; done && k < vertex.count; k++) {
        for (uint32_t link = all->first_link[vertex.at[k]];
             done && link < all->first_link[vertex.at[k] + 1]; link++) {
            uint32_t head = node[all->link_head[link]];
            if (head == 0 || turn_ds[link] >= TQ_ROAD_INF) continue;
            done = tq_vec_push(&links.tail, k) && tq_vec_push(&links.head, head - 1) &&
                   tq_vec_push(&links.link, all->link[link]) && tq_vec_push(&cost, turn_ds[link]);
        }
    }
    links.vertex_count = (uint32_t)vertex.count;
    links.link_count = (uint32_t)links.tail.count;
    out->city = *whole;
    out->hierarchy = &out->city.hierarchy[kind];
    out->turn_ds = NULL;
    done = done && tq_hierarchy_of_links(&out->pool, &links, out->hierarchy, NULL) == TQ_OK;
    if (done) {
        /* Costs go with the links to their new places: by tail and head. */
        after = TQ_ALLOC(uint32_t, links.vertex_count);
        out->turn_ds = TQ_ALLOC(int32_t, links.link_count);
        done = after != NULL && out->turn_ds != NULL;
    }
    /* Which of several copies of an arc is which is not known any more: such parts are refused. */
    for (uint32_t k = 0; done && k < links.vertex_count; k++) {
        uint32_t arc = links.arc.at[k];
        after[k] = out->hierarchy->vertex_of_arc[arc];
        if (links.vertex_of_arc.at[arc] == k) continue;
        uint32_t place = road_first_copy(out->hierarchy, arc);
        bool single = place + 1 == out->hierarchy->copy_count ||
                      out->hierarchy->arc_of_vertex[out->hierarchy->copy_vertex[place + 1]] != arc;
        done = single;
        after[k] = out->hierarchy->copy_vertex[place];
    }
    for (uint32_t link = 0; done && link < links.link_count; link++) {
        uint32_t found = road_link_between(out->hierarchy, after[links.tail.at[link]],
                                           after[links.head.at[link]]);
        out->turn_ds[found] = cost.at[link];
    }
    import_links_free(&links);
    tq_vec_free(&vertex);
    tq_vec_free(&cost);
    tq_free(node);
    tq_free(after);
    return done;
}

static inline void road_part_free(road_part *part)
{
    tq_pool_free(&part->pool);
    tq_free(part->turn_ds);
}

#endif
