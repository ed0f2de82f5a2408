/*
 * Flows as JSON: one shape for command, server and console. All tonnes are of a year.
 *
 * {"version":"16 hex","plan":PLAN,"against":PLAN,"difference":DIFFERENCE}; the last two only when
 * two questions are compared.
 * PLAN {"name":S|null,"day":DATE,"network":"city|own","weeks":N,"train_t","whole_trains":bool,
 *   "train_cny_km","truck_t",
 *   "cost_year_cny","gap" (0 = proven),"size":{"columns","rows"},
 *   "lots":[{"id":S|null,"commodity":{"code","name_zh","name_en"},"from":PLACE,"to":PLACE,
 *     "year_t","brought_t","unserved_t"}]  (own: "demand":[{"place":S,...}]),
 *   "corridors":[ROW] (used, changed or with a price; full ones without use too),
 *   "bottlenecks":[N] (rows that have a price, dearest first),
 *   "hubs":[{"kind","id","name_zh","name_en","confidence","source","out_t","in_t","through_t",
 *     "crossing":{MODE:N},"busiest_t","tkm","full":N}]}
 * ROW {"kind":"link|handling|corridor","id":S|null,"name_zh":S|null,"mode":S|null,
 *   "from_mode":S|null (handling: null = loading; mode null = unloading),"from":PLACE,"to":PLACE,
 *   "year_t","day_t","capacity_t":N|null,"use_pct":N|null,"full_weeks":N,"price_cny" (a tonne of
 *   capacity more saves so much, mean of the weeks),"price_most_cny" (in the dearest week),
 *   "changed":bool,"trains_day":N|null,"trains_week":N|null (whole trains, mean of the weeks),
 *   "trucks_day":N|null}; a corridor also "vehicles",
 *   "vehicle_km","co2_kg" when the question says a vehicle.
 * DIFFERENCE (against less plan) {"more_cost_year_cny","more_unserved_t","rows":[{"kind","id",
 *   "name_zh","mode","from_mode","from","to","plan_t","against_t","more_t","more_day_t","trains_day",
 *   "trucks_day" (of the difference, rounded
 * up),"plan_price_cny","against_price_cny"}],"hubs":[{"id",
 *   "kind","name_zh","name_en","more_out_t","more_in_t","more_through_t","more_busiest_t",
 *   "more_crossing":{MODE:N},"trains_day","trucks_day" (of what crosses by rail and road)}]}
 *
 * A hub of places: out_t and in_t begin and end there, through_t passes; crossing is what links
 * over its border carry, by mode, both ways together. A hub of links: the busiest of them, tonnes
 * times km of all. through_t = (crossing - out_t - in_t) / 2, as each tonne that passes crosses
 * twice.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "freight/flow_in.h"

#define LEAST_T     0.5  /* less than that a year is not told */
#define LEAST_PRICE 5e-3 /* of a bottleneck, yuan */

/* What the totals of one tag came to. */
typedef struct hub_total {
    double out_t, in_t, through_t, busiest_t, tkm, crossing_t[TQ_FREIGHT_MODES];
    uint32_t full;
} hub_total;

static void put(tq_json *json, const char *key, double value, unsigned digits)
{
    static const double by[] = {1, 10, 100, 1000, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9};
    double scaled = value * by[digits];
    /* A sum of rounded numbers may be a hair below zero. */
    tq_json_put_fixed(json, key, fabs(scaled) < 9e18 ? llround(scaled) : 0, digits);
}

static void put_or_null(tq_json *json, const char *key, bool given, double value, unsigned digits)
{
    if (given)
        put(json, key, value, digits);
    else
        tq_json_put_text(json, key, NULL);
}

static void put_place(tq_json *json, const char *key, const tq_freight *net, uint32_t node)
{
    tq_json_key(json, key);
    tq_json_object(json);
    tq_json_put_text(json, "id", text_at(net, net->node[node].id));
    tq_json_put_text_or_null(json, "name_zh", text_at(net, net->node[node].name_zh));
    tq_json_put_text_or_null(json, "name_en", text_at(net, net->node[node].name_en));
    tq_json_end_object(json);
}

static void put_own_place(tq_json *json, const char *key, const char *name)
{
    tq_json_key(json, key);
    tq_json_object(json);
    tq_json_put_text(json, "id", name);
    tq_json_put_text(json, "name_zh", NULL);
    tq_json_put_text(json, "name_en", NULL);
    tq_json_end_object(json);
}

static const char *mode_name(uint8_t mode)
{
    return mode < TQ_FREIGHT_MODES ? tq_freight_mode_name(mode) : NULL;
}

/* Which capacity a row is. */
static void put_which(tq_json *json, const tq_freight *net, const flow_case *one,
                      const flow_row *row)
{
    static const char *const kinds[] = {"link", "handling", "corridor"};
    tq_json_put_text(json, "kind", kinds[row->kind]);
    if (row->kind == FLOW_ROW_OWN) {
        const flow_way *way = &one->way.at[row->row];
        tq_json_put_text(json, "id", way->id);
        tq_json_put_text(json, "name_zh", NULL);
        tq_json_put_text(json, "mode", NULL);
        put_own_place(json, "from", one->place.at[way->from]);
        put_own_place(json, "to", one->place.at[way->to]);
    } else if (row->kind == FLOW_ROW_LINK) {
        const link_row *link = &net->link[row->row];
        tq_json_put_text(json, "id", text_at(net, link->id));
        tq_json_put_text_or_null(json, "name_zh", text_at(net, link->line_zh));
        tq_json_put_text(json, "mode", mode_name(link->mode));
        put_place(json, "from", net, link->from);
        put_place(json, "to", net, link->to);
    } else {
        tq_json_put_text(json, "id", NULL);
        tq_json_put_text(json, "name_zh", NULL);
        tq_json_put_text(json, "from_mode", mode_name(row->mode));
        tq_json_put_text(json, "mode", mode_name(row->to_mode));
        put_place(json, "from", net, row->row);
        put_place(json, "to", net, row->row);
    }
}

/* Whole vehicles a day that tonnes a year need; less than nothing for tonnes taken away. */
static double whole(double year_t, double vehicle_t)
{
    double count = ceil(fabs(year_t) / FLOW_YEAR_DAYS / vehicle_t - 1e-6);
    return year_t < 0 ? -count : count;
}

static void put_vehicles(tq_json *json, const flow_case *one, const flow_row *row, double year_t)
{
    bool link = row->kind == FLOW_ROW_LINK;
    put_or_null(json, "trains_day", link && row->mode == TQ_FREIGHT_RAIL,
                whole(year_t, one->train_t), 0);
    put_or_null(json, "trains_week", link && row->mode == TQ_FREIGHT_RAIL && one->query.train_t > 0,
                (double)row->trains / one->query.weeks, 2);
    put_or_null(json, "trucks_day", link && row->mode == TQ_FREIGHT_ROAD,
                whole(year_t, one->truck_t), 0);
}

static bool told(const flow_row *row)
{
    return row->year_t >= LEAST_T || row->changed || row->price_cny >= LEAST_PRICE;
}

static void put_row(tq_json *json, const tq_freight *net, const flow_case *one, const flow_row *row)
{
    tq_json_object(json);
    put_which(json, net, one, row);
    put(json, "year_t", row->year_t, 1);
    put(json, "day_t", row->year_t / FLOW_YEAR_DAYS, 1);
    put_or_null(json, "capacity_t", row->limited, row->capacity_t, 1);
    put_or_null(json, "use_pct", row->limited && row->capacity_t > 0,
                row->capacity_t > 0 ? 100 * row->year_t / row->capacity_t : 0, 1);
    tq_json_put_i64(json, "full_weeks", row->full_weeks);
    put(json, "price_cny", row->price_cny, 2);
    put(json, "price_most_cny", row->price_most_cny, 2);
    tq_json_put_bool(json, "changed", row->changed);
    put_vehicles(json, one, row, row->year_t);
    if (row->kind == FLOW_ROW_OWN && one->way.at[row->row].vehicle_t > 0) {
        const flow_way *way = &one->way.at[row->row];
        double vehicles = row->year_t / way->vehicle_t;
        put(json, "vehicles", vehicles, 3);
        put(json, "vehicle_km", vehicles * way->km, 3);
        put(json, "co2_kg", vehicles * way->km * way->g_vehicle_km / 1000, 3);
    }
    tq_json_end_object(json);
}

static void put_lots(tq_json *json, const tq_freight *net, const flow_case *one,
                     const flow_result *result)
{
    tq_json_key(json, one->own ? "demand" : "lots");
    tq_json_array(json);
    for (uint32_t k = 0; k < result->lot_count; k++) {
        tq_json_object(json);
        if (one->own) {
            tq_json_put_text(json, "place", one->place.at[one->demand.at[k].place]);
        } else {
            const tq_flow_lot *lot = &one->lot.at[k];
            const commodity_row *what = &net->commodity[lot->commodity];
            tq_json_put_text_or_null(json, "id", one->lot_id.at[k]);
            tq_json_key(json, "commodity");
            tq_json_object(json);
            tq_json_put_text(json, "code", text_at(net, what->code));
            tq_json_put_text_or_null(json, "name_zh", text_at(net, what->name_zh));
            tq_json_put_text_or_null(json, "name_en", text_at(net, what->name_en));
            tq_json_end_object(json);
            put_place(json, "from", net, lot->from);
            put_place(json, "to", net, lot->to);
        }
        put(json, "year_t", result->brought_t[k] + result->unserved_t[k], 1);
        put(json, "brought_t", result->brought_t[k], 1);
        put(json, "unserved_t", result->unserved_t[k], 1);
        tq_json_end_object(json);
    }
    tq_json_end_array(json);
}

/* ---- tags -------------------------------------------------------------------------------------
 */

static hub_total total_of(const tq_freight *net, const flow_case *one, const flow_result *result,
                          const flow_hub *hub, bool *inside)
{
    hub_total out = {0};
    double crossing = 0;
    memset(inside, 0, net->node_count * sizeof *inside);
    for (uint32_t k = hub->first; k < hub->first + hub->count; k++)
        if (!one->member.at[k].link) inside[one->member.at[k].row] = true;
    for (uint32_t k = 0; k < result->lot_count; k++) {
        bool from = inside[one->lot.at[k].from], to = inside[one->lot.at[k].to];
        if (from && !to) out.out_t += result->brought_t[k];
        if (to && !from) out.in_t += result->brought_t[k];
    }
    for (uint32_t k = 0; k < result->row_count; k++) {
        const flow_row *row = &result->row[k];
        if (row->kind == FLOW_ROW_HANDLING) {
            out.full += inside[row->row] && row->price_cny >= LEAST_PRICE;
            continue;
        }
        const link_row *link = &net->link[row->row];
        if (inside[link->from] != inside[link->to]) {
            out.crossing_t[link->mode] += row->year_t;
            crossing += row->year_t;
        }
        bool of_hub = inside[link->from] || inside[link->to];
        for (uint32_t m = hub->first; m < hub->first + hub->count; m++) {
            if (!one->member.at[m].link || one->member.at[m].row != row->row) continue;
            out.busiest_t = TQ_MAX(out.busiest_t, row->year_t);
            out.tkm += row->year_t * link->length_m / 1000;
            of_hub = true;
            break;
        }
        out.full += of_hub && row->price_cny >= LEAST_PRICE;
    }
    out.through_t = TQ_MAX((crossing - out.out_t - out.in_t) / 2, 0);
    return out;
}

static void put_hub_name(tq_json *json, const flow_hub *hub)
{
    tq_json_put_text(json, "kind", hub->kind);
    tq_json_put_text(json, "id", hub->id);
    tq_json_put_text_or_null(json, "name_zh", hub->name_zh);
    tq_json_put_text_or_null(json, "name_en", hub->name_en);
}

static void put_hubs(tq_json *json, const tq_freight *net, const flow_case *one,
                     const flow_result *result, bool *inside)
{
    tq_json_key(json, "hubs");
    tq_json_array(json);
    for (size_t k = 0; k < one->hub.count; k++) {
        const flow_hub *hub = &one->hub.at[k];
        hub_total total = total_of(net, one, result, hub, inside);
        tq_json_object(json);
        put_hub_name(json, hub);
        tq_json_put_text_or_null(json, "confidence", hub->confidence);
        tq_json_put_text_or_null(json, "source", hub->source);
        put(json, "out_t", total.out_t, 1);
        put(json, "in_t", total.in_t, 1);
        put(json, "through_t", total.through_t, 1);
        tq_json_key(json, "crossing");
        tq_json_object(json);
        for (uint32_t mode = 0; mode < TQ_FREIGHT_MODES; mode++)
            if (total.crossing_t[mode] >= LEAST_T)
                put(json, tq_freight_mode_name(mode), total.crossing_t[mode], 1);
        tq_json_end_object(json);
        put(json, "busiest_t", total.busiest_t, 1);
        put(json, "tkm", total.tkm, 0);
        tq_json_put_i64(json, "full", total.full);
        tq_json_end_object(json);
    }
    tq_json_end_array(json);
}

/* ---- a plan -----------------------------------------------------------------------------------
 */

/* A row and what it is ordered by, most first; equal ones as they stand. */
typedef struct ranked {
    double by;
    uint32_t row;
} ranked;

static int most_first(const void *a, const void *b)
{
    const ranked *x = a, *y = b;
    if (x->by != y->by) return x->by > y->by ? -1 : 1;
    return x->row < y->row ? -1 : x->row > y->row;
}

static void put_plan(tq_json *json, const tq_freight *net, const flow_case *one,
                     const flow_result *result, bool *inside, ranked *rank)
{
    uint32_t shown = 0, narrow = 0;
    tq_json_object(json);
    tq_json_put_text(json, "name", one->name);
    tq_json_put_text(json, "day", one->day_text);
    tq_json_put_text(json, "network", one->own ? "own" : "city");
    tq_json_put_i64(json, "weeks", one->query.weeks);
    put(json, "train_t", one->train_t, 1);
    tq_json_put_bool(json, "whole_trains", one->query.train_t > 0);
    put(json, "train_cny_km", (double)one->query.train_fen_km / 100, 2);
    put(json, "truck_t", one->truck_t, 1);
    put(json, "cost_year_cny", result->cost_year_cny, 0);
    put(json, "gap", result->gap, 9);
    tq_json_key(json, "size");
    tq_json_object(json);
    tq_json_put_i64(json, "columns", result->columns);
    tq_json_put_i64(json, "rows", result->rows);
    tq_json_end_object(json);
    put_lots(json, net, one, result);
    tq_json_key(json, "corridors");
    tq_json_array(json);
    for (uint32_t k = 0; k < result->row_count; k++) {
        if (!told(&result->row[k])) continue;
        put_row(json, net, one, &result->row[k]);
        if (result->row[k].price_cny >= LEAST_PRICE)
            rank[narrow++] = (ranked){result->row[k].price_cny, shown};
        shown++;
    }
    tq_json_end_array(json);
    qsort(rank, narrow, sizeof *rank, most_first);
    tq_json_key(json, "bottlenecks");
    tq_json_array(json);
    for (uint32_t k = 0; k < narrow; k++)
        tq_json_i64(json, rank[k].row);
    tq_json_end_array(json);
    put_hubs(json, net, one, result, inside);
    tq_json_end_object(json);
}

/* ---- difference -------------------------------------------------------------------------------
 */

static double sum(const double *of, uint32_t count)
{
    double out = 0;
    for (uint32_t k = 0; k < count; k++)
        out += of[k];
    return out;
}

/* The same capacity in the other answer; NULL = it has none. Own corridors are alike by their id.
 */
static const flow_row *same_row(const flow_asked *asked, const flow_result *result, uint32_t row)
{
    const flow_row *of = &result[0].row[row];
    if (of->kind != FLOW_ROW_OWN)
        return row < result[1].row_count && result[1].row[row].row == of->row &&
                       result[1].row[row].kind == of->kind
                   ? &result[1].row[row]
                   : NULL;
    for (uint32_t k = 0; k < result[1].row_count; k++)
        if (strcmp(asked->one[0].way.at[of->row].id, asked->one[1].way.at[k].id) == 0)
            return &result[1].row[k];
    return NULL;
}

static void put_moved(tq_json *json, const flow_asked *asked, const flow_row *plan,
                      const flow_row *other)
{
    double more = other->year_t - plan->year_t;
    tq_json_object(json);
    put_which(json, asked->net, &asked->one[0], plan);
    put(json, "plan_t", plan->year_t, 1);
    put(json, "against_t", other->year_t, 1);
    put(json, "more_t", more, 1);
    put(json, "more_day_t", more / FLOW_YEAR_DAYS, 1);
    put_vehicles(json, &asked->one[0], plan, more);
    put(json, "plan_price_cny", plan->price_cny, 2);
    put(json, "against_price_cny", other->price_cny, 2);
    tq_json_end_object(json);
}

/* By mode, and the whole trains and lorries a day that the difference is. */
static void put_moved_crossing(tq_json *json, const flow_case *one, const hub_total *plan,
                               const hub_total *other)
{
    double more[TQ_FREIGHT_MODES];
    tq_json_key(json, "more_crossing");
    tq_json_object(json);
    for (uint32_t mode = 0; mode < TQ_FREIGHT_MODES; mode++) {
        more[mode] = other->crossing_t[mode] - plan->crossing_t[mode];
        if (fabs(more[mode]) >= LEAST_T) put(json, tq_freight_mode_name(mode), more[mode], 1);
    }
    tq_json_end_object(json);
    put(json, "trains_day", whole(more[TQ_FREIGHT_RAIL], one->train_t), 0);
    put(json, "trucks_day", whole(more[TQ_FREIGHT_ROAD], one->truck_t), 0);
}

/* Tags that both questions have, by id. */
static void put_moved_hubs(tq_json *json, const flow_asked *asked, const flow_result *result,
                           bool *inside)
{
    tq_json_key(json, "hubs");
    tq_json_array(json);
    for (size_t k = 0; k < asked->one[0].hub.count; k++) {
        const flow_hub *hub = &asked->one[0].hub.at[k], *twin = NULL;
        for (size_t j = 0; j < asked->one[1].hub.count && twin == NULL; j++)
            if (strcmp(asked->one[1].hub.at[j].id, hub->id) == 0) twin = &asked->one[1].hub.at[j];
        if (twin == NULL) continue;
        hub_total plan = total_of(asked->net, &asked->one[0], &result[0], hub, inside);
        hub_total other = total_of(asked->net, &asked->one[1], &result[1], twin, inside);
        tq_json_object(json);
        put_hub_name(json, hub);
        put(json, "more_out_t", other.out_t - plan.out_t, 1);
        put(json, "more_in_t", other.in_t - plan.in_t, 1);
        put(json, "more_through_t", other.through_t - plan.through_t, 1);
        put(json, "more_busiest_t", other.busiest_t - plan.busiest_t, 1);
        put_moved_crossing(json, &asked->one[0], &plan, &other);
        tq_json_end_object(json);
    }
    tq_json_end_array(json);
}

static void put_difference(tq_json *json, const flow_asked *asked, const flow_result *result,
                           bool *inside, ranked *rank)
{
    uint32_t moved = 0;
    for (uint32_t k = 0; k < result[0].row_count; k++) {
        const flow_row *plan = &result[0].row[k], *other = same_row(asked, result, k);
        if (other == NULL || fabs(other->year_t - plan->year_t) < LEAST_T) continue;
        rank[moved++] = (ranked){fabs(other->year_t - plan->year_t), k};
    }
    qsort(rank, moved, sizeof *rank, most_first);
    tq_json_object(json);
    put(json, "more_cost_year_cny", result[1].cost_year_cny - result[0].cost_year_cny, 0);
    put(json, "more_unserved_t",
        sum(result[1].unserved_t, result[1].lot_count) -
            sum(result[0].unserved_t, result[0].lot_count),
        1);
    tq_json_key(json, "rows");
    tq_json_array(json);
    for (uint32_t k = 0; k < moved; k++)
        put_moved(json, asked, &result[0].row[rank[k].row], same_row(asked, result, rank[k].row));
    tq_json_end_array(json);
    put_moved_hubs(json, asked, result, inside);
    tq_json_end_object(json);
}

tq_status flow_say(const flow_asked *asked, const flow_result *result, tq_json *json, tq_err *err)
{
    const tq_freight *net = asked->net;
    char version[20];
    bool *inside = TQ_ALLOC(bool, (size_t)net->node_count + 1);
    ranked *rank = TQ_ALLOC(ranked, (size_t)TQ_MAX(result[0].row_count, result[1].row_count) + 1);
    if (inside == NULL || rank == NULL) {
        tq_free(inside);
        tq_free(rank);
        return tq_fail(err, TQ_NO_MEMORY, 0, "no memory for the answer");
    }
    (void)snprintf(version, sizeof version, "%016llx", (unsigned long long)net->version);
    tq_json_object(json);
    tq_json_put_text(json, "version", version);
    tq_json_key(json, "plan");
    put_plan(json, net, &asked->one[0], &result[0], inside, rank);
    if (asked->count == 2) {
        tq_json_key(json, "against");
        put_plan(json, net, &asked->one[1], &result[1], inside, rank);
        tq_json_key(json, "difference");
        put_difference(json, asked, result, inside, rank);
    }
    tq_json_end_object(json);
    tq_free(inside);
    tq_free(rank);
    return TQ_OK;
}
