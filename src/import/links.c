/*
 * Streets -> turn-expanded vertices and links of one kind of traveller.
 *
 * Method: each arc that someone of the kind may use at some time is a vertex; paths of restrictions
 * over via ways add copies of arcs (links_turns.c). From each vertex there is a link to every arc
 * that leaves the node at its head, to the copy that remembers the way where there is one. Dates do
 * not matter: what is open is a matter of the metric.
 *
 * A U-turn is a link only where there is no other way on for someone at some time, at a place to
 * turn round, before a gate, or where an only_ restriction leads back. Bans stay on their links and
 * no link is left out for them: there are vehicles that they do not bind.
 *
 * Invariants: same streets, same arrays. Limits: LINKS_PER_ARC_MAX, links_in.h.
 */
#include "import/conditions_in.h"
#include "import/links_in.h"
#include "import/streets_in.h"

typedef struct expansion {
    tq_build *build;
    links_streets streets;
    links_turns turns;
    links_sets sets;
    import_links *out;
} expansion;

static tq_status add_mains(expansion *work, tq_err *err)
{
    import_links *out = work->out;
    uint32_t arcs = 2 * work->streets.streets->edge_count;
    if (!tq_vec_room(&out->vertex_of_arc, arcs)) return import_no_memory(err);
    for (uint32_t arc = 0; arc < arcs; arc++) {
        bool used = work->streets.access[arc] != 0;
        out->vertex_of_arc.at[out->vertex_of_arc.count++] =
            used ? (uint32_t)out->arc.count : TQ_NONE;
        if (used && !tq_vec_push(&out->arc, arc)) return import_no_memory(err);
    }
    return TQ_OK;
}

/* A node where thousands of streets meet has millions of turns. */
static tq_status check_size(const expansion *work, tq_err *err)
{
    const tq_streets *streets = work->streets.streets;
    uint64_t links = 0, most = 0;
    uint32_t worst = 0;
    for (size_t vertex = 0; vertex < work->turns.state.count; vertex++) {
        uint32_t node = tq_arc_head(streets, work->turns.state.at[vertex].arc);
        uint64_t ways = streets->first_out[node + 1] - streets->first_out[node];
        links += ways;
        if (ways > most) worst = node;
        most = TQ_MAX(most, ways);
    }
    if (links <= LINKS_FREE + (uint64_t)LINKS_PER_ARC_MAX * work->turns.state.count) return TQ_OK;
    return tq_fail(err, TQ_LIMIT, worst,
                   "%llu turns are too many for %zu street directions; %llu of them leave one node "
                   "at %.7f, %.7f: check the source there",
                   (unsigned long long)links, work->turns.state.count, (unsigned long long)most,
                   streets->node_at[worst].lat_e7 / 1e7, streets->node_at[worst].lon_e7 / 1e7);
}

static bool push_link(expansion *work, uint32_t tail, uint32_t head, tq_link link)
{
    import_links *out = work->out;
    /* Main vertices come in ascending order, copies behind them in any. */
    size_t at = out->head.count;
    if (!tq_vec_push(&out->tail, tail) || !tq_vec_push(&out->head, head) ||
        !tq_vec_push(&out->link, link))
        return false;
    for (; at > 0 && out->tail.at[at - 1] == tail && out->head.at[at - 1] > head; at--) {
        out->head.at[at] = out->head.at[at - 1];
        out->link.at[at] = out->link.at[at - 1];
    }
    out->head.at[at] = head;
    out->link.at[at] = link;
    return true;
}

static bool link_vertex(expansion *work, uint32_t vertex)
{
    const tq_streets *streets = work->streets.streets;
    uint32_t arc = work->turns.state.at[vertex].arc, node = tq_arc_head(streets, arc);
    links_corner corner;
    links_corner_at(&work->streets, arc, &corner);
    /* Those that lead to copies come last, so that sorting them in is cheap. */
    for (unsigned copies = 0; copies < 2; copies++) {
        for (uint32_t k = streets->first_out[node]; k < streets->first_out[node + 1]; k++) {
            uint32_t to = streets->out_arc[k];
            if (work->streets.access[to] == 0) continue;
            if (to == (arc ^ 1) && corner.u_turn == 0 && !links_wanted(&work->turns, vertex, to))
                continue;
            uint32_t head = links_next(&work->turns, vertex, to);
            if ((head >= work->turns.main_count) != (copies == 1)) continue;
            tq_link link = links_turn(&work->streets, &corner, to);
            link.bans = links_bans(&work->turns, &work->sets, vertex, to);
            if (link.bans == TQ_NONE || !push_link(work, vertex, head, link)) return false;
        }
    }
    return true;
}

/* The grown ban sets become the city's. */
static tq_status keep_sets(expansion *work, tq_err *err)
{
    tq_conditions *conditions = &work->build->city.conditions;
    size_t sets = work->sets.first.count - 1, bans = work->sets.ban.count;
    if (sets == conditions->ban_set_count) return TQ_OK;
    uint32_t *first = tq_pool_push(&work->build->pool, (sets + 1) * sizeof *first, 64);
    tq_ban *ban = tq_pool_push(&work->build->pool, TQ_MAX(bans, 1) * sizeof *ban, 64);
    if (first == NULL || ban == NULL) return import_no_memory(err);
    memcpy(first, work->sets.first.at, (sets + 1) * sizeof *first);
    if (bans > 0) memcpy(ban, work->sets.ban.at, bans * sizeof *ban);
    conditions->first_ban = first;
    conditions->ban = ban;
    conditions->ban_set_count = (uint32_t)sets;
    conditions->ban_count = (uint32_t)bans;
    return TQ_OK;
}

static tq_status expand(expansion *work, tq_hierarchy_kind kind, tq_err *err)
{
    import_links *out = work->out;
    TQ_TRY(links_streets_make(work->build, kind, &work->streets, err));
    TQ_TRY(add_mains(work, err));
    TQ_TRY(links_turns_make(&work->streets, out, &work->turns, err));
    TQ_TRY(check_size(work, err));
    uint32_t vertices = (uint32_t)work->turns.state.count;
    for (uint32_t copy = work->turns.main_count; copy < vertices; copy++)
        if (!tq_vec_push(&out->arc, work->turns.state.at[copy].arc)) return import_no_memory(err);
    if (!links_sets_begin(&work->sets, &work->build->city.conditions)) return import_no_memory(err);
    for (uint32_t vertex = 0; vertex < vertices; vertex++)
        if (!link_vertex(work, vertex)) return import_no_memory(err);
    out->vertex_count = vertices;
    out->link_count = (uint32_t)out->head.count;
    return keep_sets(work, err);
}

static void report_turns(const expansion *work, tq_hierarchy_kind kind)
{
    tq_report *report = work->build->report;
    const char *name = kind == TQ_HIERARCHY_MOTOR ? "motor" : "active";
    if (report == NULL) return;
    tq_report_count(report,
                    kind == TQ_HIERARCHY_MOTOR ? "streets.motor_restrictions"
                                               : "streets.active_restrictions",
                    work->turns.used);
    if (work->turns.beyond > 0)
        tq_report_add(report, TQ_WARNING, "too_many_turns", "", 0,
                      "%llu turn restrictions are left out of the %s streets: more than %d paths "
                      "over one street or %u restrictions at one turn",
                      (unsigned long long)work->turns.beyond, name, TQ_COPIES_MAX, LINKS_ENDS_MAX);
}

tq_status import_links_make(tq_build *build, tq_hierarchy_kind kind, import_links *out, tq_err *err)
{
    import_links made = {0};
    expansion work = {.build = build, .out = &made};
    tq_status status =
        build->city.conditions.count == 0 ? import_conditions_freeze(build, err) : TQ_OK;
    if (status == TQ_OK) status = expand(&work, kind, err);
    if (status == TQ_OK) {
        report_turns(&work, kind);
        *out = made;
    } else {
        import_links_free(&made);
    }
    links_streets_free(&work.streets);
    links_turns_free(&work.turns);
    links_sets_free(&work.sets);
    return status;
}

void import_links_free(import_links *links)
{
    tq_vec_free(&links->arc);
    tq_vec_free(&links->tail);
    tq_vec_free(&links->head);
    tq_vec_free(&links->link);
    tq_vec_free(&links->vertex_of_arc);
}
