/* work.assess: all that is known about what a work does, as one answer. */
#include <math.h>
#include <stdio.h>

#include "desk/works_in.h"

/* Tenths are enough: the sample is no better. */
static json_t *tenths(double value)
{
    return json_real(round(value * 10) / 10);
}

static void put_delay(json_t *out, const works_delay *delay, const char *mean, double users)
{
    json_object_set_new(out, mean, tenths(delay->mean_s));
    json_object_set_new(out, "worst_s", tenths(delay->worst_s));
    json_object_set_new(out, "cut_off", json_integer(delay->cut_off));
    if (users > 0) json_object_set_new(out, "user_hours_day", tenths(users * delay->mean_s / 3600));
}

static json_t *facilities_json(const works_plan *plan, const works_cost *cost)
{
    const tq_city *city = plan->city;
    json_t *list = json_array();
    for (uint32_t k = 0; k < cost->facility_count; k++) {
        const works_facility *one = &cost->facility[k];
        const tq_place_row *row = &city->places.row[one->place];
        json_t *out = json_object();
        json_object_set_new(out, "kind", json_string(one->hospital ? "hospital" : "school"));
        json_object_set_new(out, "name", json_string(tq_text(city, row->name)));
        json_object_set_new(out, "name_en", json_string(tq_text(city, row->name_en)));
        json_object_set_new(out, "section", json_string(plan->section[one->section].id));
        json_object_set_new(out, "distance_m", json_integer(one->distance_m));
        json_object_set_new(out, "lat", json_real(row->at.lat_e7 / 1e7));
        json_object_set_new(out, "lon", json_real(row->at.lon_e7 / 1e7));
        if (one->hospital) {
            json_t *ambulance = json_object();
            put_delay(ambulance, &cost->ambulance[k], "mean_s", 0);
            json_object_set_new(ambulance, "ways", json_integer(cost->ambulance[k].count));
            json_object_set_new(out, "ambulance", ambulance);
        }
        json_array_append_new(list, out);
    }
    return list;
}

static json_t *lines_json(const works_plan *plan, const tq_overlay *shown)
{
    const tq_city *city = plan->city;
    json_t *list = json_array();
    works_line *line = TQ_ALLOC(works_line, WORKS_LINES_MAX);
    uint32_t count = line != NULL ? works_lines(plan, shown, line) : 0;
    for (uint32_t k = 0; k < count; k++) {
        const tq_route *route = &city->timetable.route[line[k].route];
        json_t *out = json_object();
        json_object_set_new(out, "route", json_string(tq_text(city, route->id)));
        json_object_set_new(out, "name", json_string(tq_text(city, route->short_name)));
        json_object_set_new(out, "long_name", json_string(tq_text(city, route->long_name)));
        json_object_set_new(out, "patterns", json_integer(line[k].patterns));
        json_object_set_new(out, "detour", json_boolean(line[k].detour));
        json_object_set_new(out, "added_s", json_integer(line[k].added_s));
        json_array_append_new(list, out);
    }
    tq_free(line);
    return list;
}

static json_t *phases_json(const desk_call *call, const works_plan *plan, const works_cost *cost,
                           double users)
{
    json_t *list = json_array();
    for (uint32_t p = 0; p < plan->phase_count; p++) {
        json_t *out = json_object();
        json_object_set_new(out, "id", json_string(plan->phase[p].id));
        desk_put_instant(call, out, "at", cost->at_ms[p]);
        put_delay(out, &cost->variant[0].delay[p], "added_s", users);
        json_array_append_new(list, out);
    }
    return list;
}

static json_t *variants_json(const works_cost *cost, double users)
{
    json_t *list = json_array();
    for (uint32_t v = 0; v < cost->variant_count; v++) {
        const works_variant *variant = &cost->variant[v];
        json_t *out = json_object();
        json_object_set_new(out, "name", json_string(variant->name));
        json_object_set_new(out, "closures", json_integer(variant->closures));
        put_delay(out, &variant->delay[variant->worst], "added_s", users);
        json_array_append_new(list, out);
    }
    return list;
}

static tq_status answer(desk_call *call, const works_plan *plan, works_cost *cost, uint32_t near_m)
{
    const json_t *given = json_object_get(plan->record, "users_per_day");
    double users = given != NULL ? json_number_value(given) : works_users_assumed(plan);
    cost->facility_count = works_facilities(plan, near_m, cost->facility);
    TQ_TRY(works_cost_make(plan, cost, call->err));
    json_auto_t *conflicts = json_array();
    TQ_TRY(works_conflicts(call, plan, cost->detour, conflicts));
    json_t *out = json_object(), *sample = json_object();
    json_object_set_new(sample, "pairs", json_integer(cost->pair_count));
    json_object_set_new(sample, "radius_m", json_integer(WORKS_RADIUS_M));
    json_object_set(out, "work", json_object_get(plan->record, "id"));
    json_object_set_new(out, "near_m", json_integer(near_m));
    json_object_set_new(out, "users_per_day", json_integer(llround(users)));
    json_object_set_new(out, "users_assumed", json_boolean(given == NULL));
    json_object_set_new(out, "sample", sample);
    json_object_set_new(out, "facilities", facilities_json(plan, cost));
    json_object_set_new(out, "bus_lines",
                        lines_json(plan, call->world != NULL ? call->world->overlay : NULL));
    json_object_set_new(out, "phases", phases_json(call, plan, cost, users));
    json_object_set_new(out, "variants", variants_json(cost, users));
    json_object_set(out, "conflicts", conflicts);
    return desk_answer(call, out);
}

tq_status works_assess(desk_call *call)
{
    char text[16];
    uint32_t near_m = WORKS_NEAR_M;
    works_plan *plan = NULL;
    json_auto_t *record = NULL;
    TQ_TRY(desk_load(call, "work", call->command->id, &record, NULL, NULL));
    if (desk_query(call, "near_m", text, sizeof text) &&
        (!tq_parse_u32(tq_str_of(text), &near_m) || near_m < WORKS_NEAR_LEAST_M ||
         near_m > WORKS_NEAR_MOST_M))
        return desk_bad(call, "near_m is \"%s\": metres from %u to %u are allowed", text,
                        WORKS_NEAR_LEAST_M, WORKS_NEAR_MOST_M);
    TQ_TRY(works_plan_read(call->desk->city, record, &plan, call->err));
    works_cost *cost = TQ_ALLOC(works_cost, 1);
    tq_status status = cost != NULL
                           ? answer(call, plan, cost, near_m)
                           : tq_fail(call->err, TQ_NO_MEMORY, 0, "no memory to assess the work");
    if (cost != NULL) works_cost_free(cost);
    tq_free(cost);
    works_plan_free(plan);
    return status;
}
