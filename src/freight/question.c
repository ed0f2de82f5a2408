/*
 * From a question to a task of the search: what is asked is checked part by part, with a text that
 * names the part, and turned into a start, a goal and a direction of time. Also when a service
 * takes goods, in both directions of time.
 */
#include "freight/search_in.h"

void tq_freight_query_default(tq_freight_query *query)
{
    *query = (tq_freight_query){
        .size = sizeof *query,
        .origin = TQ_NONE,
        .destination = TQ_NONE,
        .commodity = TQ_NONE,
        .depart_s = INT64_MIN,
        .arrive_s = INT64_MAX,
        .service = TQ_NONE,
        .modes = UINT32_MAX,
        .changes_max = TQ_FREIGHT_CHANGES_MAX,
        .labels_max = TQ_FREIGHT_LABELS_MAX,
        .seeds_after = TQ_FREIGHT_SEEDS_AFTER,
    };
}

static tq_status check_load(const tq_freight *net, const tq_freight_query *query, tq_err *err)
{
    if (query->commodity >= net->commodity_count)
        return tq_fail(err, TQ_BAD_INPUT, 0,
                       "commodity: none of that number; use a code of "
                       "commodities.csv");
    if (query->mass_g <= 0 || query->mass_g > INT64_C(1000000000000))
        return tq_fail(err, TQ_BAD_INPUT, 0, "mass: %lld g; give more than 0 and at most 1 Mt",
                       (long long)query->mass_g);
    bool boxed = net->commodity[query->commodity].cargo == TQ_FREIGHT_CONTAINER;
    if (boxed && query->boxes40 == 0 && query->boxes20 == 0)
        return tq_fail(err, TQ_BAD_INPUT, 0, "boxes: %s travels in boxes; give boxes40 or boxes20",
                       text_at(net, net->commodity[query->commodity].code));
    if (!boxed && (query->boxes40 > 0 || query->boxes20 > 0))
        return tq_fail(err, TQ_BAD_INPUT, 0,
                       "boxes: %s is %s, not container cargo; leave boxes out",
                       text_at(net, net->commodity[query->commodity].code),
                       tq_freight_cargo_name(net->commodity[query->commodity].cargo));
    if (query->boxes40 > 0 && query->boxes20 > 0)
        return tq_fail(err, TQ_BAD_INPUT, 0, "boxes: both sizes; ask once for each size");
    if (query->boxes40 > 100000 || query->boxes20 > 100000)
        return tq_fail(err, TQ_BAD_INPUT, 0, "boxes: more than 100,000");
    return TQ_OK;
}

/* A service that takes goods of another kind, or is priced by what these are not counted in. */
static tq_status check_service(const tq_freight *net, const tq_freight_query *query, tq_err *err)
{
    if (query->service >= net->service_count)
        return tq_fail(err, TQ_BAD_INPUT, 0, "service: none of that number");
    const service_row *row = &net->service[query->service];
    const commodity_row *commodity = &net->commodity[query->commodity];
    bool boxed = commodity->cargo == TQ_FREIGHT_CONTAINER;
    if (!(row->cargo_mask & (1u << commodity->cargo)) || quantity_e6(query, boxed, row->unit) < 0)
        return tq_fail(err, TQ_BAD_INPUT, 0, "service: %s does not take %s as %s; name another",
                       text_at(net, row->id), text_at(net, commodity->code),
                       boxed ? "these boxes" : tq_freight_cargo_name(commodity->cargo));
    return TQ_OK;
}

static tq_status check_places(const tq_freight *net, const tq_freight_query *query, tq_err *err)
{
    bool pickup = query->aim == TQ_FREIGHT_PICKUP;
    if (query->origin >= net->node_count)
        return tq_fail(err, TQ_BAD_INPUT, 0, "origin: no such place; use an id of nodes.csv");
    if (pickup) TQ_TRY(check_service(net, query, err));
    if (!pickup && query->destination >= net->node_count)
        return tq_fail(err, TQ_BAD_INPUT, 0, "destination: no such place; use an id of nodes.csv");
    if (!pickup && query->origin == query->destination)
        return tq_fail(err, TQ_BAD_INPUT, 0, "destination: the same place as the origin");
    if (query->avoid_count > TQ_FREIGHT_AVOID_MAX || query->via_count > TQ_FREIGHT_VIA_MAX)
        return tq_fail(err, TQ_LIMIT, 0, "at most %u places to avoid and %u to touch",
                       TQ_FREIGHT_AVOID_MAX, TQ_FREIGHT_VIA_MAX);
    for (uint32_t k = 0; k < query->avoid_count; k++)
        if (query->avoid[k] >= net->node_count)
            return tq_fail(err, TQ_BAD_INPUT, 0, "avoid: no such place; use an id of nodes.csv");
    for (uint32_t k = 0; k < query->via_count; k++)
        if (query->via[k] >= net->node_count)
            return tq_fail(err, TQ_BAD_INPUT, 0, "via: no such place; use an id of nodes.csv");
    if (query->changes_max > 100) return tq_fail(err, TQ_BAD_INPUT, 0, "changes: more than 100");
    return TQ_OK;
}

static bool instant_ok(int64_t s)
{
    return s >= INT64_C(-62135596800) && s <= INT64_C(253402300799); /* years 1 to 9999 */
}

/* Last instant by which goods must be ready for a departure not after `latest_s`. */
static tq_status pickup_start(const tq_freight *net, const tq_freight_query *query, bool any_day,
                              int64_t *ready_ds, tq_err *err)
{
    const service_row *row = &net->service[query->service];
    /* In reversed time a departure is what its arrival is in the view: shift by the transit. */
    int64_t from = -(query->arrive_s * 10 + row->transit_ds);
    int64_t arrives = service_ready(net, 1, query->service, from, any_day);
    if (arrives == INT64_MAX)
        return tq_fail(err, TQ_NO_ROUTE, 0, "%s does not leave on or before that time",
                       text_at(net, row->id));
    *ready_ds = -arrives - row->transit_ds - row->cutoff_ds;
    return TQ_OK;
}

tq_status task_make(const tq_freight *net, const tq_freight_live *live,
                    const tq_freight_query *query, errand *out, tq_err *err)
{
    if (query->size != sizeof *query)
        return tq_fail(err, TQ_BAD_INPUT, 0, "the question is of another version of the library");
    TQ_TRY(check_load(net, query, err));
    TQ_TRY(check_places(net, query, err));
    bool depart = query->aim == TQ_FREIGHT_DEPART;
    if (!instant_ok(depart ? query->depart_s : query->arrive_s))
        return tq_fail(err, TQ_BAD_INPUT, 0, "%s: give an instant between the years 1 and 9999",
                       depart ? "depart" : "arrive");
    int64_t span_s = TQ_FREIGHT_SPAN_DS / 10;
    if (query->depart_s != INT64_MIN && query->arrive_s != INT64_MAX) {
        if (!instant_ok(query->depart_s) || !instant_ok(query->arrive_s) ||
            query->arrive_s <= query->depart_s)
            return tq_fail(err, TQ_BAD_INPUT, 0, "arrive: not after the departure");
        if (!(query->lifted & (1u << TQ_FREIGHT_BAN_DEADLINE)))
            span_s = TQ_MIN(span_s, query->arrive_s - query->depart_s);
    }
    *out = (errand){.net = net, .live = live, .query = query, .direction = depart ? 0 : 1};
    out->span_ds = (int32_t)(span_s * 10);
    out->start = depart ? query->origin : query->destination;
    out->goal = depart ? query->destination : query->origin;
    out->start_ds = depart ? query->depart_s * 10 : -(query->arrive_s * 10);
    out->day = (int32_t)tq_floor_div(depart ? query->depart_s : query->arrive_s, 86400);
    if (query->aim == TQ_FREIGHT_PICKUP) {
        int64_t ready_ds = 0;
        TQ_TRY(
            pickup_start(net, query, query->lifted & (1u << TQ_FREIGHT_BAN_DATE), &ready_ds, err));
        out->start = net->path[net->service[query->service].path];
        out->start_ds = -ready_ds;
        if (query->depart_s != INT64_MIN && !(query->lifted & (1u << TQ_FREIGHT_BAN_DEADLINE))) {
            int64_t left = ready_ds - query->depart_s * 10;
            if (left < 0)
                return tq_fail(err, TQ_NO_ROUTE, 0, "the cut-off has passed before the start");
            out->span_ds = (int32_t)TQ_MIN(left, TQ_FREIGHT_SPAN_DS);
        }
    }
    return TQ_OK;
}

int64_t service_ready(const tq_freight *net, uint32_t direction, uint32_t service, int64_t from_ds,
                      bool any_day)
{
    const service_row *row = &net->service[service];
    const direction_view *view = &net->view[direction];
    int64_t until = INT64_MAX;
    if (!any_day && (row->from_day != DAY_MIN || row->to_day != DAY_MAX)) {
        /* Days of departure, as instants of this view. */
        int64_t first = row->from_day == DAY_MIN ? INT64_MIN / 4 : row->from_day * DS_DAY;
        int64_t last =
            row->to_day == DAY_MAX ? INT64_MAX / 4 : (row->to_day + INT64_C(1)) * DS_DAY - 1;
        if (direction == 0) {
            from_ds = TQ_MAX(from_ds, first - row->cutoff_ds);
            until = last - row->cutoff_ds;
        } else {
            from_ds = TQ_MAX(from_ds, -(last + row->transit_ds));
            until = -(first + row->transit_ds);
        }
    }
    int64_t shifted = direction == 0 ? from_ds + MONDAY_DS : from_ds - MONDAY_DS;
    int64_t week = tq_floor_div(shifted, DS_WEEK);
    int32_t phase = (int32_t)(shifted - week * DS_WEEK);
    uint32_t k = view->service_first[service], end = view->service_first[service + 1];
    while (k < end && view->ready[k] < phase)
        k++;
    int64_t wait = k < end ? view->ready[k] - phase
                           : view->ready[view->service_first[service]] + DS_WEEK - phase;
    return from_ds + wait <= until ? from_ds + wait : INT64_MAX;
}
