/*
 * Detours: pairs of arcs by links of one class that need not be followed one after the other.
 *
 * The two together are a detour if another arc or two of the class take no more time, money, CO2
 * and base price, and less of one of the first three; or if they lead back to where goods have been
 * in that class before. (Out and back is a way to change class where there is no loading for the
 * next one.) Leaving detours out keeps the front: of all values that arcs can add up to at some
 * state and that no label there beats, take one with the least sum of time, money and CO2. One
 * place back a label beats it, so its last arc must be a detour after that label's arc; but then
 * the way without the detour adds up to a smaller sum and is no better, and by assumption a label
 * beats that.
 *
 * They are found for places that goods leave in a class again and again.
 */
#include "freight/hunt_in.h"

static void reach_near(hunt *s, uint32_t node, const near_place *new)
{
    near_place *old = &s->near[node];
    if (old->stamp != s->near_stamp || new->ds < old->ds ||
        (new->ds == old->ds &&new->e4 < old->e4))
        *old = *new;
}

static near_place near_after(const near_place *from, const arc_way *way)
{
    return (near_place){.e4 = from->e4 + way->e4,
                        .mg = from->mg + way->mg,
                        .ds = from->ds + way->ds,
                        .base = TQ_MAX(from->base, way->phase),
                        .stamp = from->stamp};
}

static bool is_detour(const near_place *direct, const near_place *way)
{
    return direct->ds <= way->ds && direct->e4 <= way->e4 && direct->mg <= way->mg &&
           direct->base <= way->base &&
           (direct->ds < way->ds || direct->e4 < way->e4 || direct->mg < way->mg);
}

static const arc_group *group_at(const hunt *s, uint32_t node, uint32_t class)
{
    const direction_view *view = &s->task.net->view[s->task.direction];
    const arc_group *group = &view->group[view->first_group[node]],
                    *end = &view->group[view->first_group[node + 1]];
    while (group < end && group->class < class)
        group++;
    return group < end && group->class == class ? group : NULL;
}

static void reach_by_two(hunt *s, const near_place *first, const arc_group *next)
{
    const arc_way *arc = s->prices->arc;
    for (uint32_t k = next->first_arc; k < next[1].first_arc; k++) {
        if (arc[k].ds < 0) continue;
        near_place both = near_after(first, &arc[k]);
        reach_near(s, arc[k].head, &both);
    }
}

/* Bit k = the k-th arc of the next group. */
static arcs_after detours_of(const hunt *s, uint32_t node, const near_place *first,
                             const arc_group *next)
{
    const arc_way *arc = &s->prices->arc[next->first_arc];
    uint32_t count = TQ_MIN(next[1].first_arc - next->first_arc, DETOURS_MAX);
    arcs_after found = {0, 0};
    for (uint32_t k = 0; k < count; k++) {
        if (arc[k].ds < 0) continue;
        near_place both = near_after(first, &arc[k]);
        if (is_detour(&s->near[arc[k].head], &both)) found.worse |= UINT32_C(1) << k;
        if (arc[k].head == node) found.back |= UINT32_C(1) << k;
    }
    return found;
}

void find_detours(hunt *s, uint32_t node, const arc_group *group)
{
    const arc_way *arc = s->prices->arc;
    near_place here = {.stamp = ++s->near_stamp};
    for (uint32_t k = group->first_arc; k < group[1].first_arc; k++) {
        if (arc[k].ds < 0) continue;
        near_place first = near_after(&here, &arc[k]);
        const arc_group *next = group_at(s, arc[k].head, group->class);
        reach_near(s, arc[k].head, &first);
        if (next) reach_by_two(s, &first, next);
    }
    for (uint32_t k = group->first_arc; k < group[1].first_arc; k++) {
        near_place first = near_after(&here, &arc[k]);
        const arc_group *next = group_at(s, arc[k].head, group->class);
        s->detour[k] =
            next && arc[k].ds >= 0 ? detours_of(s, node, &first, next) : (arcs_after){0, 0};
    }
}
