/*
 * Who else is there: published closures and planned works that overlap with a work in time and
 * share streets or a junction with it, or lie where its sample of traffic goes instead.
 */
#include <stdio.h>

#include "desk/works_in.h"

#define CONFLICTS_MAX 200u
_Static_assert(WORKS_SECTIONS_MAX <= 32, "a bit each");

typedef struct hunt {
    desk_call *call;
    const works_plan *plan;
    const uint8_t *detour; /* may be NULL */
    uint32_t *section_of;  /* [node_count] bit s: open section s of the work touches it */
    uint32_t *arc_of;      /* [2 * edge_count] the same of arcs */
    json_t *out;
} hunt;

/* The other one: what it is called, and one of its closures. */
typedef struct other {
    const char *kind, *id, *name, *owner;
    const tq_stretch *stretch;
    int64_t from_ms, to_ms;
} other;

/* The first open part of the work that goes on at the same time on one of some sections. */
static const works_part *at_same_time(const works_plan *plan, const other *one, uint32_t sections)
{
    for (uint32_t k = 0; k < plan->part_count; k++) {
        const works_part *part = &plan->part[k];
        const works_phase *phase = &plan->phase[part->phase];
        if (plan->section[part->section].trenchless) continue;
        if (!(sections >> part->section & 1)) continue;
        if (phase->from_ms < one->to_ms && one->from_ms < phase->to_ms) return part;
    }
    return NULL;
}

/* «A / B»: the names of the streets that meet at a node. */
static void name_node(const tq_city *city, uint32_t node, char *out, size_t cap)
{
    const tq_streets *streets = &city->streets;
    uint32_t told[4], count = 0;
    size_t used = 0;
    out[0] = '\0';
    for (uint32_t k = streets->first_out[node]; k < streets->first_out[node + 1]; k++) {
        uint32_t name = streets->name[streets->edge_name[streets->out_arc[k] >> 1]].name;
        bool again = name == 0;
        for (uint32_t t = 0; t < count; t++)
            again = again || told[t] == name;
        if (again || count == TQ_COUNT(told)) continue;
        told[count++] = name;
        int put =
            snprintf(out + used, cap - used, "%s%s", used > 0 ? " / " : "", tq_text(city, name));
        if (put < 0 || (size_t)put >= cap - used) {
            out[used] = '\0';
            return;
        }
        used += (size_t)put;
    }
}

static void tell(const hunt *all, const other *one, const char *why, const works_part *part,
                 bool of_section, uint32_t node)
{
    const tq_city *city = all->plan->city;
    char where[200];
    json_t *row = json_object();
    tq_point at = city->streets.node_at[node];
    name_node(city, node, where, sizeof where);
    json_object_set_new(row, "kind", json_string(one->kind));
    json_object_set_new(row, "id", json_string(one->id));
    json_object_set_new(row, "name", json_string(one->name));
    json_object_set_new(row, "owner", json_string(one->owner));
    json_object_set_new(row, "street", json_string(one->stretch->street));
    desk_put_instant(all->call, row, "from", one->from_ms);
    desk_put_instant(all->call, row, "to", one->to_ms);
    json_object_set_new(row, "why", json_string(why));
    json_object_set_new(row, "phase", json_string(all->plan->phase[part->phase].id));
    json_object_set_new(row, "section",
                        of_section ? json_string(all->plan->section[part->section].id)
                                   : json_null());
    json_object_set_new(row, "lat", json_real(at.lat_e7 / 1e7));
    json_object_set_new(row, "lon", json_real(at.lon_e7 / 1e7));
    json_object_set_new(row, "where", json_string(where));
    json_array_append_new(all->out, row);
}

/* The gravest one only: the same street, else a junction, else a detour. */
static void look_at(const hunt *all, const other *one)
{
    const tq_streets *streets = &all->plan->city->streets;
    const works_part *junction = NULL, *part;
    uint32_t junction_node = 0;
    if (at_same_time(all->plan, one, UINT32_MAX) == NULL) return;
    for (uint32_t k = 0; k < one->stretch->arc_count; k++) {
        uint32_t arc = one->stretch->arc[k];
        uint32_t node[2] = {tq_arc_tail(streets, arc), tq_arc_head(streets, arc)};
        uint32_t same = all->arc_of[arc];
        if (same != 0 && (part = at_same_time(all->plan, one, same)) != NULL) {
            tell(all, one, "overlap", part, true, node[0]);
            return;
        }
        for (uint32_t end = 0; end < 2 && junction == NULL; end++) {
            uint32_t sections = all->section_of[node[end]];
            if (sections == 0) continue;
            junction = at_same_time(all->plan, one, sections);
            junction_node = node[end];
        }
    }
    if (junction != NULL) {
        tell(all, one, "junction", junction, true, junction_node);
        return;
    }
    for (uint32_t k = 0; all->detour != NULL && k < one->stretch->arc_count; k++)
        if (all->detour[one->stretch->arc[k]]) {
            tell(all, one, "detour", at_same_time(all->plan, one, UINT32_MAX), false,
                 tq_arc_tail(streets, one->stretch->arc[k]));
            return;
        }
}

static bool see_closure(void *user, const tq_record *record)
{
    hunt *all = user;
    json_error_t broken;
    tq_err why;
    tq_closure closure = {0};
    json_auto_t *body = json_loadb(record->body.at, record->body.len, 0, &broken);
    if (strcmp(desk_get_text(body, "work"), desk_get_text(all->plan->record, "id")) == 0 ||
        desk_closure_of(all->plan->city, body, INT64_MIN, &closure, &why) != TQ_OK)
        return true;
    const char *work = desk_get_text(body, "work");
    other one = {.kind = "closure",
                 .id = record->id,
                 .name = work[0] != '\0' ? work : desk_get_text(body, "reason"),
                 .owner = closure.owner,
                 .stretch = &closure.stretch,
                 .from_ms = closure.from_ms,
                 .to_ms = closure.to_ms};
    look_at(all, &one);
    tq_closure_free(&closure);
    return json_array_size(all->out) < CONFLICTS_MAX;
}

/* Works that are not published yet have no closures. */
static bool see_work(void *user, const tq_record *record)
{
    hunt *all = user;
    json_error_t broken;
    tq_err why;
    works_plan *plan = NULL;
    json_auto_t *body = json_loadb(record->body.at, record->body.len, 0, &broken);
    if (strcmp(record->id, desk_get_text(all->plan->record, "id")) == 0 ||
        works_plan_read(all->plan->city, body, &plan, &why) != TQ_OK)
        return true;
    size_t before = json_array_size(all->out);
    for (uint32_t k = 0; k < plan->part_count && json_array_size(all->out) == before; k++) {
        const works_part *part = &plan->part[k];
        if (plan->section[part->section].trenchless) continue;
        other one = {.kind = "work",
                     .id = record->id,
                     .name = desk_get_text(body, "name"),
                     .owner = desk_get_text(body, "owner"),
                     .stretch = &plan->section[part->section].found,
                     .from_ms = plan->phase[part->phase].from_ms,
                     .to_ms = plan->phase[part->phase].to_ms};
        look_at(all, &one);
    }
    works_plan_free(plan);
    return json_array_size(all->out) < CONFLICTS_MAX;
}

static void mark_own(hunt *all)
{
    const tq_streets *streets = &all->plan->city->streets;
    for (uint32_t s = 0; s < all->plan->section_count; s++) {
        const tq_stretch *stretch = &all->plan->section[s].found;
        if (all->plan->section[s].trenchless) continue;
        for (uint32_t k = 0; k < stretch->arc_count; k++) {
            all->arc_of[stretch->arc[k]] |= 1u << s;
            all->section_of[tq_arc_tail(streets, stretch->arc[k])] |= 1u << s;
            all->section_of[tq_arc_head(streets, stretch->arc[k])] |= 1u << s;
        }
    }
}

tq_status works_conflicts(desk_call *call, const works_plan *plan, const uint8_t *detour,
                          json_t *out)
{
    const tq_streets *streets = &plan->city->streets;
    hunt all = {.call = call, .plan = plan, .detour = detour, .out = out};
    tq_store_filter closures = {.kind = "closure", .state = "published"};
    tq_store_filter works = {.kind = "work", .state = "draft"};
    all.section_of = TQ_ALLOC(uint32_t, streets->node_count);
    all.arc_of = TQ_ALLOC(uint32_t, (size_t)streets->edge_count * 2);
    tq_status status = TQ_OK;
    if (all.section_of == NULL || all.arc_of == NULL) {
        status = tq_fail(call->err, TQ_NO_MEMORY, 0, "no memory to look for conflicts");
    } else {
        mark_own(&all);
        status = tq_store_each(call->desk->store, &closures, see_closure, &all, call->err);
        if (status == TQ_OK)
            status = tq_store_each(call->desk->store, &works, see_work, &all, call->err);
    }
    tq_free(all.section_of);
    tq_free(all.arc_of);
    return status;
}
