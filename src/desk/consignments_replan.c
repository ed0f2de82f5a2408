/*
 * The rest of a consignment planned anew from where the goods are.
 *
 * Legs that have arrived stay, and so does the one under way: goods on a train or a lorry are
 * planned on from where it arrives, at the estimate. What is left is asked for with the live roads
 * of the moment. Old and new legs are kept with the reason.
 */
#include <stdio.h>

#include "desk/consignment_in.h"

/* Where and when the goods are free: how many legs stay. */
static tq_status stand(desk_call *call, const json_t *record, uint32_t *kept, uint32_t *node,
                       int64_t *at_ms)
{
    cons_view view;
    const tq_freight *net = NULL;
    const tq_freight_live *live = NULL;
    const tq_desk_freight *freight = call->world->freight;
    TQ_TRY(cons_net(call, &net));
    if (freight->live != NULL)
        TQ_TRY(freight->live(freight->user, call->command->now_ms, &live, call->err));
    cons_view_of(call, record, &view);
    cons_estimate(net, live, call->command->now_ms, &view);
    if (view.current == view.count)
        return tq_fail(call->err, TQ_STALE, 0,
                       "consignment %s has arrived: nothing is left to plan", call->command->id);
    const cons_leg *leg = &view.leg[view.current];
    bool away = leg->actual_ms[CONS_DEPARTED] != CONS_NEVER;
    *kept = view.current + (away ? 1u : 0u);
    *at_ms = call->command->now_ms;
    if (away) {
        /* With the road closed ahead nobody knows when; the plan's own time is what is left. */
        int64_t way_ms = TQ_MAX(leg->arrive_ms - leg->depart_ms, 0);
        int64_t there_ms = leg->est_arrive_ms != CONS_NEVER
                               ? leg->est_arrive_ms
                               : leg->actual_ms[CONS_DEPARTED] + way_ms;
        *at_ms = TQ_MAX(*at_ms, there_ms);
    } else if (view.current == 0) {
        *at_ms = TQ_MAX(*at_ms, view.begin_ms);
    }
    const char *id = cons_node_id(leg->json, away ? "to" : "from");
    *node = tq_freight_node_find(net, tq_str_of(id));
    if (*node == TQ_NONE)
        return tq_fail(call->err, TQ_STALE, 0, "the freight tables no longer know the place %s",
                       id);
    return TQ_OK;
}

static tq_status ask(desk_call *call, const json_t *record, uint32_t node, int64_t at_ms,
                     json_t **answer)
{
    char depart[TQ_TIME_TEXT_MAX], tonnes[40];
    const json_t *goods = json_object_get(record, "goods");
    const tq_freight *net = NULL;
    const char *modes, *avoid, *via;
    TQ_TRY(cons_net(call, &net));
    TQ_TRY(desk_text(call, "modes", false, &modes));
    TQ_TRY(desk_text(call, "avoid", false, &avoid));
    TQ_TRY(desk_text(call, "via", false, &via));
    tq_time_print(&call->desk->city->zone, at_ms, depart);
    (void)snprintf(tonnes, sizeof tonnes, "%.6f",
                   json_number_value(json_object_get(goods, "tonnes")));
    tq_desk_goods wish = {.from = tq_freight_node_at(net, node).id,
                          .to = cons_node_id(record, "to"),
                          .commodity = desk_get_text(goods, "commodity"),
                          .tonnes = tonnes,
                          .boxes40 =
                              (uint32_t)json_integer_value(json_object_get(goods, "boxes40")),
                          .depart = depart,
                          .modes = modes[0] != '\0' ? modes : NULL,
                          .avoid = avoid[0] != '\0' ? avoid : NULL,
                          .via = via[0] != '\0' ? via : NULL,
                          .now_ms = call->command->now_ms};
    if (!json_is_number(json_object_get(goods, "tonnes"))) wish.tonnes = NULL;
    return cons_ask_plan(call, &wish, answer);
}

/* What was planned and no longer is, in few words. */
static json_t *sketch(const json_t *legs, size_t first)
{
    static const char *const members[] = {"number", "mode", "kind", "id", "planned"};
    json_t *out = json_array();
    for (size_t k = first; k < json_array_size(legs); k++) {
        const json_t *leg = json_array_get(legs, k);
        json_t *one = json_object();
        for (uint32_t m = 0; m < TQ_COUNT(members); m++)
            json_object_set_new(one, members[m], json_deep_copy(json_object_get(leg, members[m])));
        json_object_set_new(one, "from", json_string(cons_node_id(leg, "from")));
        json_object_set_new(one, "to", json_string(cons_node_id(leg, "to")));
        json_array_append_new(out, one);
    }
    return out;
}

/* The plan with this number; the soonest when none is said. */
static tq_status put_legs(desk_call *call, json_t *record, uint32_t kept, const json_t *answer,
                          json_t *note)
{
    json_t *legs = json_object_get(record, "legs");
    const json_t *plan;
    double number = 0;
    int64_t unload_ms = 0;
    TQ_TRY(desk_whole(call, "plan", false, 0, 1e6, &number));
    TQ_TRY(cons_pick_plan(call, answer, (json_int_t)number, &plan));
    json_object_set_new(note, "old", sketch(legs, kept));
    while (json_array_size(legs) > kept)
        json_array_remove(legs, json_array_size(legs) - 1);
    const json_t *steps = json_object_get(plan, "legs");
    TQ_TRY(cons_take_steps(call, steps, legs, &unload_ms));
    json_object_set_new(note, "new", sketch(legs, kept));
    json_object_set_new(record, "unload_s", json_integer(unload_ms / 1000));
    json_object_set_new(record, "plan", cons_plan_facts(answer, plan));
    if (kept == 0)
        json_object_set(record, "begin", json_object_get(json_array_get(steps, 0), "begin"));
    return TQ_OK;
}

tq_status cons_replan(desk_call *call)
{
    static const char *const members[] = {"reason", "plan", "modes", "avoid", "via", NULL};
    const char *id = call->command->id, *reason;
    json_auto_t *record = NULL, *answer = NULL;
    uint64_t version = 0;
    uint32_t kept = 0, node = TQ_NONE;
    int64_t at_ms = 0;
    char state[32];
    const tq_freight *net = NULL;
    TQ_TRY(desk_only(call, members));
    TQ_TRY(desk_text(call, "reason", true, &reason));
    TQ_TRY(cons_net(call, &net));
    TQ_TRY(cons_load(call, id, &record, &version, state));
    TQ_TRY(desk_expect(call, CONSIGNMENT, id, version));
    TQ_TRY(cons_open(call, id, state));
    json_t *replans = json_object_get(record, "replans"), *note = json_object();
    json_array_append_new(replans, note);
    if (json_array_size(replans) > CONS_REPLANS_MAX)
        return tq_fail(call->err, TQ_LIMIT, 0, "consignment %s was planned anew %u times already",
                       id, CONS_REPLANS_MAX);
    TQ_TRY(stand(call, record, &kept, &node, &at_ms));
    desk_put_instant(call, note, "at", call->command->now_ms);
    json_object_set_new(note, "by", json_string(call->command->actor->name));
    json_object_set_new(note, "reason", json_string(reason));
    json_object_set_new(note, "from", cons_place(net, node));
    desk_put_instant(call, note, "depart", at_ms);
    TQ_TRY(ask(call, record, node, at_ms, &answer));
    TQ_TRY(put_legs(call, record, kept, answer, note));
    cons_line(call, record, "replanned", reason);
    TQ_TRY(cons_save(call, id, state, record, version, "replanned"));
    return cons_answer(call, id);
}
