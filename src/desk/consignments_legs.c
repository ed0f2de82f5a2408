/*
 * Legs of a consignment from the steps of a freight plan, and back into numbers.
 *
 * Steps that load and tranship become the handling before the leg that follows; links of one mode
 * with no handling between them are one leg; a service is a leg of its own, and its cut-off comes
 * from the freight tables. Times of a plan are rounded (hours to 0.01), so the departure of a
 * service is set to its minute of the timetable nearest to what the plan says.
 */
#include <stdio.h>

#include "desk/consignment_in.h"

#define LOCAL_MS      INT64_C(28800000) /* freight tables are in UTC+8 */
#define DAY_MS        INT64_C(86400000)
#define SLACK_MS      2000 /* steps are rounded to seconds */
#define SPAN_DAYS_MAX 400

typedef struct maker {
    desk_call *call;
    const tq_freight *net;
    json_t *legs, *last; /* last: the leg under way, may be extended */
    int64_t handling_ms, now_ms;
    char at[64]; /* id of the node where the chain stands */
    bool extend, begun;
} maker;

static tq_status step_instant(maker *out, const json_t *step, size_t number, const char *member,
                              int64_t *at_ms)
{
    if (desk_get_instant(out->call, step, member, at_ms)) return TQ_OK;
    return desk_bad(out->call, "legs: step %zu has no instant \"%s\"", number, member);
}

static tq_status step_place(maker *out, const json_t *step, size_t number, const char *end,
                            uint32_t *node)
{
    const char *id = cons_node_id(step, end);
    *node = id[0] != '\0' ? tq_freight_node_find(out->net, tq_str_of(id)) : TQ_NONE;
    if (*node != TQ_NONE) return TQ_OK;
    return desk_bad(out->call,
                    "legs: step %zu: \"%s\" is \"%.40s\", no place of the freight tables", number,
                    end, id);
}

static json_t *new_leg(maker *out, const json_t *step, bool service, uint32_t from)
{
    json_t *leg = json_object();
    json_object_set_new(leg, "number", json_integer((json_int_t)json_array_size(out->legs) + 1));
    json_object_set_new(leg, "kind", json_string(service ? "service" : "link"));
    json_object_set_new(leg, "mode", json_string(desk_get_text(step, "mode")));
    json_object_set_new(leg, "id", json_string(desk_get_text(step, "id")));
    json_object_set_new(leg, "name", json_string(desk_get_text(step, "name_zh")));
    json_object_set_new(leg, "carrier", json_null());
    json_object_set_new(leg, "vehicle", json_null());
    json_object_set_new(leg, "peer", json_null());
    json_object_set_new(leg, "from", cons_place(out->net, from));
    json_object_set_new(leg, "links", json_array());
    json_object_set_new(leg, "handling_s", json_integer(out->handling_ms / 1000));
    json_object_set_new(leg, "planned", json_object());
    json_object_set_new(leg, "estimated", json_object());
    json_object_set_new(leg, "actual", json_object());
    json_array_append_new(out->legs, leg);
    out->handling_ms = 0;
    return leg;
}

/* The departure of the timetable nearest to an instant. */
static int64_t timetable_ms(const tq_freight_service *service, int64_t near_ms)
{
    int64_t day = tq_floor_div(near_ms + LOCAL_MS, DAY_MS), best = near_ms, gap = INT64_MAX;
    for (int64_t of = day - 1; of <= day + 1; of++) {
        int64_t at = of * DAY_MS + (int64_t)service->departs_min * 60000 - LOCAL_MS;
        int64_t off = at > near_ms ? at - near_ms : near_ms - at;
        if (off < gap) gap = off, best = at;
    }
    return best;
}

static tq_status take_service(maker *out, const json_t *step, size_t number, uint32_t from,
                              int64_t begin_ms, int64_t end_ms)
{
    const char *id = desk_get_text(step, "id");
    uint32_t row = tq_freight_service_find(out->net, tq_str_of(id));
    if (row == TQ_NONE)
        return desk_bad(out->call, "legs: step %zu: \"%.40s\" is no service of the freight tables",
                        number, id);
    tq_freight_service service = tq_freight_service_at(out->net, row);
    double wait_h = json_number_value(json_object_get(step, "wait_hours"));
    if (!(wait_h >= 0 && wait_h <= 24.0 * SPAN_DAYS_MAX))
        return desk_bad(out->call, "legs: step %zu: \"wait_hours\" is not from 0 to %d", number,
                        24 * SPAN_DAYS_MAX);
    int64_t depart_ms = timetable_ms(&service, begin_ms + (int64_t)(wait_h * 3600000.0));
    json_t *leg = new_leg(out, step, true, from), *planned = json_object_get(leg, "planned");
    desk_put_instant(out->call, planned, "depart", depart_ms);
    desk_put_instant(out->call, planned, "arrive", end_ms);
    desk_put_instant(out->call, planned, "cutoff", depart_ms - (int64_t)service.cutoff_ds * 100);
    out->last = leg;
    out->extend = false;
    return TQ_OK;
}

static tq_status take_link(maker *out, const json_t *step, size_t number, uint32_t from,
                           int64_t begin_ms, int64_t end_ms)
{
    const char *id = desk_get_text(step, "id"), *mode = desk_get_text(step, "mode");
    if (tq_freight_link_find(out->net, tq_str_of(id)) == TQ_NONE)
        return desk_bad(out->call, "legs: step %zu: \"%.40s\" is no link of the freight tables",
                        number, id);
    bool more =
        out->extend && out->handling_ms == 0 && strcmp(desk_get_text(out->last, "mode"), mode) == 0;
    json_t *leg = more ? out->last : new_leg(out, step, false, from);
    json_t *planned = json_object_get(leg, "planned"), *links = json_object_get(leg, "links");
    if (!more) desk_put_instant(out->call, planned, "depart", begin_ms);
    desk_put_instant(out->call, planned, "arrive", end_ms);
    json_object_set_new(planned, "cutoff", json_null());
    if (json_array_size(links) >= CONS_LINKS_MAX)
        return tq_fail(out->call->err, TQ_LIMIT, 0, "legs: a leg has more than %u links",
                       CONS_LINKS_MAX);
    json_array_append_new(links, json_string(id));
    out->last = leg;
    out->extend = true;
    return TQ_OK;
}

static tq_status check_mode(maker *out, const json_t *step, size_t number)
{
    const char *mode = desk_get_text(step, "mode");
    for (uint32_t k = 0; k < TQ_FREIGHT_MODES; k++)
        if (strcmp(mode, tq_freight_mode_name(k)) == 0) return TQ_OK;
    return desk_bad(out->call, "legs: step %zu: \"mode\" is \"%.20s\"; road, rail, sea, river, air",
                    number, mode);
}

static tq_status take_step(maker *out, const json_t *step, size_t number)
{
    const char *kind = desk_get_text(step, "kind");
    uint32_t from, to;
    int64_t begin_ms, end_ms;
    if (!json_is_object(step)) return desk_bad(out->call, "legs: step %zu is no object", number);
    TQ_TRY(step_place(out, step, number, "from", &from));
    TQ_TRY(step_place(out, step, number, "to", &to));
    TQ_TRY(step_instant(out, step, number, "begin", &begin_ms));
    TQ_TRY(step_instant(out, step, number, "end", &end_ms));
    const char *here = tq_freight_node_at(out->net, from).id;
    if (out->at[0] != '\0' && strcmp(out->at, here) != 0)
        return desk_bad(out->call, "legs: step %zu begins at %s, the one before ends at %s", number,
                        here, out->at);
    if (end_ms < begin_ms || (out->begun && begin_ms < out->now_ms - SLACK_MS))
        return desk_bad(out->call, "legs: step %zu goes back in time (begin %.25s, end %.25s)",
                        number, desk_get_text(step, "begin"), desk_get_text(step, "end"));
    if (end_ms - begin_ms > SPAN_DAYS_MAX * DAY_MS)
        return desk_bad(out->call, "legs: step %zu takes more than %d days", number, SPAN_DAYS_MAX);
    out->begun = true;
    out->now_ms = end_ms;
    TQ_TRY(check_mode(out, step, number));
    (void)snprintf(out->at, sizeof out->at, "%s", tq_freight_node_at(out->net, to).id);
    bool link = strcmp(kind, "link") == 0, service = strcmp(kind, "service") == 0;
    if (!link && !service) {
        if (strcmp(kind, "load") != 0 && strcmp(kind, "tranship") != 0 &&
            strcmp(kind, "unload") != 0)
            return desk_bad(out->call,
                            "legs: step %zu: \"kind\" is \"%.20s\"; load, tranship, unload, link, "
                            "service",
                            number, kind);
        out->handling_ms += end_ms - begin_ms;
        return TQ_OK;
    }
    if (json_array_size(out->legs) >= CONS_LEGS_MAX)
        return tq_fail(out->call->err, TQ_LIMIT, 0, "legs: more than %u legs", CONS_LEGS_MAX);
    TQ_TRY(service ? take_service(out, step, number, from, begin_ms, end_ms)
                   : take_link(out, step, number, from, begin_ms, end_ms));
    json_object_set_new(out->last, "to", cons_place(out->net, to));
    double km = json_number_value(json_object_get(step, "km")),
           had = json_number_value(json_object_get(out->last, "km"));
    json_object_set_new(out->last, "km", json_real(had + km));
    return TQ_OK;
}

tq_status cons_take_steps(desk_call *call, const json_t *steps, json_t *legs, int64_t *unload_ms)
{
    maker out = {.call = call, .legs = legs};
    size_t before = json_array_size(legs), k;
    const json_t *step;
    TQ_TRY(cons_net(call, &out.net));
    if (!json_is_array(steps) || json_array_size(steps) == 0)
        return desk_bad(call, "\"legs\" is the list of steps of a freight plan");
    if (json_array_size(steps) > CONS_STEPS_MAX)
        return tq_fail(call->err, TQ_LIMIT, 0, "\"legs\" has %zu steps; %u are allowed",
                       json_array_size(steps), CONS_STEPS_MAX);
    json_array_foreach(steps, k, step)
    {
        TQ_TRY(take_step(&out, step, k + 1));
    }
    if (json_array_size(legs) == before)
        return desk_bad(call, "\"legs\" has no link and no service: nothing is carried");
    *unload_ms = out.handling_ms;
    return TQ_OK;
}

/* ---- plans -------------------------------------------------------------------------------------
 */

tq_status cons_ask_plan(desk_call *call, const tq_desk_goods *wish, json_t **out)
{
    const tq_desk_world *world = call->world;
    tq_buf text = {0};
    bool found = false;
    const tq_freight *net = NULL;
    TQ_TRY(cons_net(call, &net));
    if (world->freight->plan == NULL)
        return tq_fail(call->err, TQ_NOT_FOUND, 0, "plans of freight are not made here");
    tq_status status = world->freight->plan(world->freight->user, wish, &text, &found, call->err);
    /* Its refusals name the part of the question. */
    if (status == TQ_NOT_FOUND || status == TQ_AMBIGUOUS) status = TQ_BAD_INPUT;
    if (status == TQ_OK)
        status = desk_parse((tq_str){text.at, text.len}, SIZE_MAX, "a plan", out, call->err);
    tq_buf_free(&text);
    return status;
}

tq_status cons_pick_plan(desk_call *call, const json_t *answer, json_int_t number,
                         const json_t **out)
{
    const json_t *plans = json_object_get(answer, "plans"), *plan, *word,
                 *bans = json_object_get(answer, "forbidden_by");
    size_t k;
    if (json_array_size(plans) == 0) {
        char words[120] = "";
        json_array_foreach(bans, k, word)
        {
            size_t used = strlen(words);
            (void)snprintf(words + used, sizeof words - used, "%s%s", used > 0 ? ", " : "",
                           json_string_value(word));
        }
        return tq_fail(call->err, TQ_NO_ROUTE, 0, "there is no plan; %s%s",
                       words[0] != '\0' ? "forbidden by " : "the places are not connected", words);
    }
    json_array_foreach(plans, k, plan)
    {
        if (json_integer_value(json_object_get(plan, "number")) == number) {
            *out = plan;
            return TQ_OK;
        }
    }
    return desk_bad(call, "\"plan\" is %lld; the front has %zu plans, from 0", (long long)number,
                    json_array_size(plans));
}

json_t *cons_plan_facts(const json_t *answer, const json_t *plan)
{
    static const char *const of_plan[] = {"number", "depart", "arrive", "hours", "cny", "co2e_kg"},
                             *const of_answer[] = {"version", "live_version"};
    json_t *out = json_object();
    for (uint32_t k = 0; k < TQ_COUNT(of_plan); k++)
        json_object_set(out, of_plan[k], json_object_get(plan, of_plan[k]));
    for (uint32_t k = 0; k < TQ_COUNT(of_answer); k++)
        json_object_set(out, of_answer[k], json_object_get(answer, of_answer[k]));
    return out;
}

/* ---- numbers -----------------------------------------------------------------------------------
 */

static int64_t instant_or_never(desk_call *call, const json_t *object, const char *member)
{
    int64_t at_ms = CONS_NEVER;
    return desk_get_instant(call, object, member, &at_ms) ? at_ms : CONS_NEVER;
}

void cons_view_of(desk_call *call, const json_t *record, cons_view *out)
{
    const json_t *legs = json_object_get(record, "legs"),
                 *position = json_object_get(record, "position");
    *out = (cons_view){.count = (uint32_t)TQ_MIN(json_array_size(legs), CONS_LEGS_MAX)};
    out->begin_ms = instant_or_never(call, record, "begin");
    out->promised_ms = instant_or_never(call, record, "promised");
    out->delivered_ms = instant_or_never(call, record, "delivered");
    out->unload_ms = json_integer_value(json_object_get(record, "unload_s")) * 1000;
    out->current = out->count;
    for (uint32_t k = 0; k < out->count; k++) {
        cons_leg *leg = &out->leg[k];
        leg->json = json_array_get(legs, k);
        const json_t *planned = json_object_get(leg->json, "planned"),
                     *actual = json_object_get(leg->json, "actual");
        leg->service = strcmp(desk_get_text(leg->json, "kind"), "service") == 0;
        leg->depart_ms = instant_or_never(call, planned, "depart");
        leg->arrive_ms = instant_or_never(call, planned, "arrive");
        leg->cutoff_ms = instant_or_never(call, planned, "cutoff");
        leg->handling_ms = json_integer_value(json_object_get(leg->json, "handling_s")) * 1000;
        for (uint32_t point = 0; point < CONS_POINTS; point++)
            leg->actual_ms[point] = instant_or_never(call, actual, CONS_POINT[point]);
        if (out->current == out->count && leg->actual_ms[CONS_ARRIVED] == CONS_NEVER)
            out->current = k;
    }
    out->position_ms = out->eta_ms = CONS_NEVER;
    bool here =
        json_integer_value(json_object_get(position, "leg")) == (json_int_t)out->current + 1;
    if (!here) return;
    out->eta_ms = instant_or_never(call, position, "eta");
    if (!json_is_number(json_object_get(position, "lat"))) return;
    out->position_ms = instant_or_never(call, position, "at");
    out->position.lat_e7 = (int32_t)(json_number_value(json_object_get(position, "lat")) * 1e7);
    out->position.lon_e7 = (int32_t)(json_number_value(json_object_get(position, "lon")) * 1e7);
}
