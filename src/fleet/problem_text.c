/*
 * Readers of the text forms of research: Li and Lim (pickup and delivery), Cordeau (dial a ride),
 * Solomon and Gehring-Homberger (deliveries).
 *
 * Ways are straight lines and times equal lengths. They become whole numbers of 1/100,000: ways and
 * work rounded up, windows inwards; so each valid plan is valid in double precision too. Blank
 * lines are passed over; anything else that the form doesn't say is refused by line.
 */
#include <math.h>

#include "fleet/problem_in.h"

#define NODES_MAX  8001u /* 2 tasks a stop, and the depot */
#define VALUES_MAX 10u
#define NUMBER_MAX 1e9

typedef struct lines {
    tq_str rest, line;
    uint32_t number;
} lines;

typedef struct node {
    double id, x, y, demand, from, to, service, pickup, delivery;
    uint32_t line;
} node;

typedef struct nodes {
    node *at;
    uint32_t count;
} nodes;

static bool next_line(lines *in)
{
    while (in->rest.len > 0) {
        const char *end = memchr(in->rest.at, '\n', in->rest.len);
        size_t len = end == NULL ? in->rest.len : (size_t)(end - in->rest.at);
        in->line = tq_str_trim((tq_str){in->rest.at, len});
        len += end != NULL;
        in->rest.at += len;
        in->rest.len -= len;
        in->number++;
        if (in->line.len > 0) return true;
    }
    return false;
}

/* All numbers of the line; TQ_NONE when one is none or there are too many. */
static uint32_t numbers(tq_str line, double value[VALUES_MAX])
{
    uint32_t count = 0;
    while (line.len > 0) {
        size_t len = 0;
        while (len < line.len && line.at[len] != ' ' && line.at[len] != '\t')
            len++;
        if (count == VALUES_MAX || !tq_parse_double((tq_str){line.at, len}, &value[count]) ||
            !(fabs(value[count]) <= NUMBER_MAX))
            return TQ_NONE;
        count++;
        line.at += len;
        line.len -= len;
        while (line.len > 0 && (line.at[0] == ' ' || line.at[0] == '\t')) {
            line.at++;
            line.len--;
        }
    }
    return count;
}

static bool whole(double value, double low, double high)
{
    return value >= low && value <= high && value == floor(value);
}

static tq_status head_line(lines *in, const char *wanted, uint32_t count, double value[VALUES_MAX],
                           tq_err *err)
{
    if (!next_line(in) || numbers(in->line, value) != count)
        return tq_fail(err, TQ_BAD_INPUT, in->number, "line %u: the head line has %u numbers: %s",
                       in->number, count, wanted);
    return TQ_OK;
}

static tq_status check_node(const node *row, uint32_t wanted, tq_err *err)
{
    if (row->id != wanted)
        return tq_fail(err, TQ_BAD_INPUT, row->line,
                       "line %u: the node number is %g; numbers go up by one from 0, so %u is next",
                       row->line, row->id, wanted);
    if (row->from > row->to)
        return tq_fail(err, TQ_BAD_INPUT, row->line,
                       "line %u: the time window ends (%g) before it begins (%g)", row->line,
                       row->to, row->from);
    if (row->service < 0)
        return tq_fail(err, TQ_BAD_INPUT, row->line, "line %u: the service time %g is below 0",
                       row->line, row->service);
    if (!whole(row->demand, -1e6, 1e6))
        return tq_fail(err, TQ_BAD_INPUT, row->line,
                       "line %u: the amount %g is not a whole number up to 1,000,000", row->line,
                       row->demand);
    return TQ_OK;
}

/* Rows of `columns` numbers; order: id x y then as `of` says (Cordeau has service before load). */
static tq_status read_nodes(lines *in, uint32_t columns, tq_fleet_form form, tq_fleet_file *file,
                            nodes *out, tq_err *err)
{
    out->at = tq_pool_push(&file->pool, NODES_MAX * sizeof *out->at, _Alignof(node));
    if (out->at == NULL) return tq_fail(err, TQ_NO_MEMORY, 0, "no memory for the problem");
    while (next_line(in)) {
        double v[VALUES_MAX];
        if (numbers(in->line, v) != columns)
            return tq_fail(err, TQ_BAD_INPUT, in->number, "line %u: a node has %u numbers",
                           in->number, columns);
        if (out->count == NODES_MAX)
            return tq_fail(err, TQ_LIMIT, in->number, "line %u: more than %u nodes", in->number,
                           NODES_MAX);
        node *row = &out->at[out->count];
        *row = (node){v[0], v[1], v[2], v[3], v[4], v[5], v[6], 0, 0, in->number};
        if (form == TQ_FLEET_DARP) {
            row->service = v[3];
            row->demand = v[4];
            row->from = v[5];
            row->to = v[6];
        } else if (form == TQ_FLEET_LILIM) {
            row->pickup = v[7];
            row->delivery = v[8];
        }
        TQ_TRY(check_node(row, out->count, err));
        out->count++;
    }
    if (out->count == 0)
        return tq_fail(err, TQ_BAD_INPUT, in->number, "line %u: there is no depot line",
                       in->number);
    return TQ_OK;
}

/* ---- nodes into the problem --------------------------------------------------------------------
 */

static tq_status full(tq_err *err)
{
    return tq_fail(err, TQ_NO_MEMORY, 0, "no memory for the problem");
}

static int64_t up(double value)
{
    return (int64_t)ceil(value * PROBLEM_TEXT_UNIT - 1e-6);
}
static int64_t down(double value)
{
    return (int64_t)floor(value * PROBLEM_TEXT_UNIT + 1e-6);
}

static tq_status add_stop(tq_fleet_file *file, const node *row, tq_fleet_stop *out, tq_err *err)
{
    tq_fleet_window window = {up(row->from), down(row->to)};
    if (window.from > window.to) window.to = window.from;
    *out = (tq_fleet_stop){.place = (uint32_t)row->id,
                           .first_window = (uint32_t)file->window.count,
                           .window_count = 1,
                           .service = up(row->service)};
    return tq_vec_push(&file->window, window) ? TQ_OK : full(err);
}

static tq_status add_label(tq_fleet_file *file, const node *row, tq_err *err)
{
    problem_label label = {(uint64_t)row->id, NULL};
    return tq_vec_push(&file->visit_label, label) ? TQ_OK : full(err);
}

static tq_status add_places(tq_fleet_file *file, const nodes *in, tq_err *err)
{
    size_t places = in->count;
    problem_profile *profile = &file->profile[file->profile_count++];
    profile->name = "straight";
    profile->time = TQ_ALLOC(int32_t, places * places);
    if (profile->time == NULL) return full(err);
    for (size_t a = 0; a < places; a++) {
        tq_fleet_place place = {true, in->at[a].x, in->at[a].y, (uint32_t)a};
        if (!tq_vec_push(&file->place, place)) return full(err);
        for (size_t b = 0; b < places; b++) {
            double way = hypot(in->at[a].x - in->at[b].x, in->at[a].y - in->at[b].y);
            double units = ceil(way * PROBLEM_TEXT_UNIT - 1e-6);
            if (units > TQ_FLEET_CELL_MAX)
                return tq_fail(err, TQ_LIMIT, in->at[b].line,
                               "line %u: node %zu is %g from node %zu; at most %d", in->at[b].line,
                               b, way, a, (int)(TQ_FLEET_CELL_MAX / PROBLEM_TEXT_UNIT));
            profile->time[a * places + b] = (int32_t)units;
        }
    }
    file->has_matrices = true;
    return TQ_OK;
}

static tq_status add_vehicles(tq_fleet_file *file, double count, double capacity, const node *depot,
                              double duration, tq_err *err)
{
    tq_fleet_vehicle vehicle = {.speed_factor = 1,
                                .shift = {up(depot->from), down(depot->to)},
                                .tasks_max = TQ_NONE,
                                .travel_max = TQ_FLEET_ANY,
                                .distance_max = TQ_FLEET_ANY,
                                .duration_max = duration < 0 ? TQ_FLEET_ANY : down(duration),
                                .per_hour = 3600};
    vehicle.capacity[0] = (int32_t)capacity;
    for (uint32_t k = 0; k < (uint32_t)count; k++) {
        problem_label label = {k + 1, NULL};
        if (!tq_vec_push(&file->vehicle, vehicle) || !tq_vec_push(&file->vehicle_label, label) ||
            !tq_vec_push(&file->vehicle_type, (const char *)NULL))
            return full(err);
    }
    file->problem.load_count = 1;
    file->has_capacity = true;
    file->problem.time_unit = file->problem.cost_unit = file->problem.distance_unit =
        PROBLEM_TEXT_UNIT;
    return TQ_OK;
}

static tq_status add_shipment(tq_fleet_file *file, const node *take, const node *drop,
                              double ride_max, tq_err *err)
{
    tq_fleet_task task = {.kind = TQ_FLEET_SHIPMENT,
                          .ride_max = ride_max < 0 ? TQ_FLEET_ANY : down(ride_max)};
    task.load[0] = (int32_t)take->demand;
    TQ_TRY(add_stop(file, take, &task.stop[0], err));
    TQ_TRY(add_stop(file, drop, &task.stop[1], err));
    TQ_TRY(add_label(file, take, err));
    TQ_TRY(add_label(file, drop, err));
    return tq_vec_push(&file->task, task) ? TQ_OK : full(err);
}

static tq_status fleet_line(const lines *in, double vehicles, double capacity, tq_err *err)
{
    if (!whole(vehicles, 1, TQ_FLEET_ROUTES_MAX))
        return tq_fail(err, TQ_BAD_INPUT, in->number,
                       "line %u: the number of vehicles is %g; it goes from 1 to %u", in->number,
                       vehicles, TQ_FLEET_ROUTES_MAX);
    if (!whole(capacity, 0, 1e9))
        return tq_fail(err, TQ_BAD_INPUT, in->number,
                       "line %u: the capacity is %g; it goes from 0 to 1,000,000,000", in->number,
                       capacity);
    return TQ_OK;
}

/* ---- the three forms ---------------------------------------------------------------------------
 */

tq_status problem_read_lilim(tq_fleet_file *file, tq_str text, tq_err *err)
{
    lines in = {.rest = text};
    nodes all = {0};
    double head[VALUES_MAX];
    TQ_TRY(head_line(&in, "vehicles, capacity, speed", 3, head, err));
    TQ_TRY(fleet_line(&in, head[0], head[1], err));
    TQ_TRY(read_nodes(&in, 9, TQ_FLEET_LILIM, file, &all, err));
    TQ_TRY(add_places(file, &all, err));
    TQ_TRY(add_vehicles(file, head[0], head[1], &all.at[0], -1, err));
    for (uint32_t k = 1; k < all.count; k++) {
        const node *row = &all.at[k];
        double other = row->pickup + row->delivery;
        if ((row->pickup != 0) == (row->delivery != 0) || !whole(other, 1, all.count - 1))
            return tq_fail(err, TQ_BAD_INPUT, row->line,
                           "line %u: node %u names pickup %g and delivery %g; a pickup names its "
                           "delivery in the last column, a delivery its pickup in the one before",
                           row->line, k, row->pickup, row->delivery);
        const node *pair = &all.at[(uint32_t)other];
        bool take = row->delivery != 0;
        if ((take ? pair->pickup : pair->delivery) != k || pair == row)
            return tq_fail(err, TQ_BAD_INPUT, row->line,
                           "line %u: node %u and node %g do not name each other", row->line, k,
                           other);
        if (row->demand != -pair->demand || (take && row->demand < 0))
            return tq_fail(err, TQ_BAD_INPUT, row->line,
                           "line %u: node %u has the amount %g, its other end %g; a pickup has it "
                           "above 0 and its delivery the same below",
                           row->line, k, row->demand, pair->demand);
        if (take) TQ_TRY(add_shipment(file, row, pair, -1, err));
    }
    return TQ_OK;
}

tq_status problem_read_darp(tq_fleet_file *file, tq_str text, tq_err *err)
{
    lines in = {.rest = text};
    nodes all = {0};
    double head[VALUES_MAX];
    TQ_TRY(head_line(&in, "vehicles, nodes of users, longest route, capacity, longest ride", 5,
                     head, err));
    TQ_TRY(fleet_line(&in, head[0], head[3], err));
    if (!whole(head[1], 0, NODES_MAX - 2) || head[2] < 0 || head[4] < 0)
        return tq_fail(err, TQ_BAD_INPUT, in.number,
                       "line %u: the nodes, the longest route or the longest ride are out of range",
                       in.number);
    TQ_TRY(read_nodes(&in, 7, TQ_FLEET_DARP, file, &all, err));
    /* Two habits: the second number counts users or their nodes, and the depot stands once or
     * twice. */
    uint32_t users = (all.count - 1) / 2;
    if (all.count < 3 || (head[1] != users && head[1] != 2.0 * users))
        return tq_fail(err, TQ_BAD_INPUT, in.number,
                       "line 1 speaks of %g nodes, %u lines follow (the depot and two a user)",
                       head[1], all.count);
    all.count = 2 * users + 1;
    TQ_TRY(add_places(file, &all, err));
    TQ_TRY(add_vehicles(file, head[0], head[3], &all.at[0], head[2], err));
    for (uint32_t k = 1; k <= users; k++) {
        const node *take = &all.at[k], *drop = &all.at[k + users];
        if (take->demand < 0 || take->demand != -drop->demand)
            return tq_fail(err, TQ_BAD_INPUT, drop->line,
                           "line %u: user %u boards with %g and leaves with %g", drop->line, k,
                           take->demand, drop->demand);
        TQ_TRY(add_shipment(file, take, drop, head[4], err));
    }
    return TQ_OK;
}

static tq_status solomon_head(lines *in, tq_fleet_file *file, double head[VALUES_MAX], tq_err *err)
{
    static const char *const words[] = {"VEHICLE", "NUMBER", "CUSTOMER", "CUST"};
    if (next_line(in)) {
        size_t len = TQ_MIN(in->line.len, sizeof file->name - 1);
        memcpy(file->name, in->line.at, len);
    }
    for (uint32_t k = 0; k < TQ_COUNT(words); k++) {
        if (k == 2) TQ_TRY(head_line(in, "vehicles, capacity", 2, head, err));
        if (!next_line(in) || !tq_str_starts(in->line, words[k]))
            return tq_fail(err, TQ_BAD_INPUT, in->number,
                           "line %u: here a Solomon file has a line that begins with %s",
                           in->number, words[k]);
    }
    return TQ_OK;
}

tq_status problem_read_solomon(tq_fleet_file *file, tq_str text, tq_err *err)
{
    lines in = {.rest = text};
    nodes all = {0};
    double head[VALUES_MAX];
    TQ_TRY(solomon_head(&in, file, head, err));
    TQ_TRY(fleet_line(&in, head[0], head[1], err));
    TQ_TRY(read_nodes(&in, 7, TQ_FLEET_SOLOMON, file, &all, err));
    TQ_TRY(add_places(file, &all, err));
    TQ_TRY(add_vehicles(file, head[0], head[1], &all.at[0], -1, err));
    for (uint32_t k = 1; k < all.count; k++) {
        tq_fleet_task task = {.kind = TQ_FLEET_JOB, .ride_max = TQ_FLEET_ANY};
        if (all.at[k].demand < 0)
            return tq_fail(err, TQ_BAD_INPUT, all.at[k].line, "line %u: the demand is below 0",
                           all.at[k].line);
        task.drop[0] = (int32_t)all.at[k].demand;
        TQ_TRY(add_stop(file, &all.at[k], &task.stop[0], err));
        TQ_TRY(add_label(file, &all.at[k], err));
        TQ_TRY(add_label(file, &all.at[k], err));
        if (!tq_vec_push(&file->task, task)) return full(err);
    }
    return TQ_OK;
}
