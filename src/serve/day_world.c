/*
 * The generated world of a day: where people are, what they ask for, who drives when.
 *
 * Places: the streets of the city file in squares of some 700 m, each weighing its metres of
 * street and less the farther it lies from the middle of all streets; hospitals, stations and
 * markets as the city knows them. Orders: tq_fleet_demand_make. Shifts: four cohorts (day, night,
 * evening, whole day), shares assumed. Nothing of it is observed; all of it is labelled generated.
 */
#include <math.h>
#include <stdlib.h>

#include "serve/day_in.h"

#define CELL_E7   70000  /* 780 m of latitude */
#define REACH_DM  180000 /* of places from the middle */
#define FADE_M    6000.0
#define CELLS_MAX 3900u
#define SPREAD_M  250u
#define HOSPITAL  60u /* weight against the mean square, times ten */
#define STATION   150u
#define MARKET    40u

/* Sign on and off, seconds of the day; the shift that the record names. */
static const struct {
    uint32_t share; /* permille */
    int32_t on_s, on_spread_s, off_s, off_spread_s;
} COHORT[DAY_COHORTS] = {{550, 5 * 3600, 7200, 17 * 3600, 14400},
                         {150, 0, 1, 7 * 3600, 3600},
                         {150, 0, 1, DAY_S, 1},
                         {150, 15 * 3600, 7200, DAY_S, 1}};
const char *const DAY_COHORT_FROM[DAY_COHORTS] = {"06:00", "19:00", "00:00", "16:00"};
const char *const DAY_COHORT_TO[DAY_COHORTS] = {"19:00", "07:30", "24:00", "04:00"};

uint64_t day_draw(const day_world *world, uint32_t what, uint64_t a, uint64_t b)
{
    return tq_mix(tq_mix(tq_mix(world->options->seed + what * UINT64_C(0x9E3779B97F4A7C15)) + a) +
                  b * UINT64_C(0xBF58476D1CE4E5B9));
}

bool day_chance(const day_world *world, uint32_t what, uint64_t a, uint64_t b, uint32_t permille)
{
    return day_draw(world, what, a, b) % 1000 < permille;
}

tq_point day_place(const day_world *world, uint64_t draw)
{
    uint64_t at = draw % world->place_sum[world->place_count - 1];
    uint32_t low = 0, high = world->place_count - 1;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (world->place_sum[middle] > at)
            high = middle;
        else
            low = middle + 1;
    }
    return (tq_point){world->place[low].lat_e7, world->place[low].lon_e7};
}

/* ---- places ------------------------------------------------------------------------------------
 */

static bool for_cars(const tq_streets *streets, uint32_t edge)
{
    const tq_street_attr *attr = &streets->attr[streets->edge_attr[edge]];
    return ((attr->access[0] | attr->access[1]) & TQ_ACCESS_CAR) != 0;
}

static tq_point middle_of_edge(const tq_streets *streets, uint32_t edge)
{
    uint32_t first = streets->edge_first_point[edge], end = streets->edge_first_point[edge + 1];
    if (end > first) return streets->point[first + (end - first) / 2];
    tq_point a = streets->node_at[streets->edge_from[edge]],
             b = streets->node_at[streets->edge_to[edge]];
    return (tq_point){(int32_t)(((int64_t)a.lat_e7 + b.lat_e7) / 2),
                      (int32_t)(((int64_t)a.lon_e7 + b.lon_e7) / 2)};
}

typedef struct street_cell {
    int32_t row, column;
    uint32_t edge;
    tq_point at;
    uint64_t metres;
} street_cell;

static int by_cell(const void *a, const void *b)
{
    const street_cell *one = a, *two = b;
    if (one->row != two->row) return one->row < two->row ? -1 : 1;
    if (one->column != two->column) return one->column < two->column ? -1 : 1;
    if (one->metres != two->metres) return one->metres > two->metres ? -1 : 1;
    return one->edge < two->edge ? -1 : one->edge > two->edge;
}

static int by_number(const void *a, const void *b)
{
    int32_t one = *(const int32_t *)a, two = *(const int32_t *)b;
    return one < two ? -1 : one > two;
}

/* The middle of all streets: half of them lie north, half east of it. */
static tq_point middle_of_all(const street_cell *cell, uint32_t count, int32_t *scratch)
{
    tq_point middle;
    for (uint32_t k = 0; k < count; k++)
        scratch[k] = cell[k].at.lat_e7;
    qsort(scratch, count, sizeof *scratch, by_number);
    middle.lat_e7 = scratch[count / 2];
    for (uint32_t k = 0; k < count; k++)
        scratch[k] = cell[k].at.lon_e7;
    qsort(scratch, count, sizeof *scratch, by_number);
    middle.lon_e7 = scratch[count / 2];
    return middle;
}

/* Edges into squares: the longest edge's middle stands for its square. */
static uint32_t join_cells(street_cell *cell, uint32_t count)
{
    uint32_t used = 0;
    qsort(cell, count, sizeof *cell, by_cell);
    for (uint32_t k = 0; k < count; k++) {
        if (used > 0 && cell[used - 1].row == cell[k].row &&
            cell[used - 1].column == cell[k].column)
            cell[used - 1].metres += cell[k].metres;
        else
            cell[used++] = cell[k];
    }
    return used;
}

static bool add_place(day_world *world, tq_point at, uint32_t weight, uint32_t spread_m,
                      tq_fleet_place_kind kind)
{
    if (world->place_count == TQ_FLEET_DEMAND_PLACES_MAX || weight == 0) return false;
    world->place[world->place_count++] =
        (tq_fleet_demand_place){at.lat_e7, at.lon_e7, weight, spread_m, kind};
    return true;
}

/* The street nearest to a known place, so that a car can stop there. */
static tq_point beside_street(const street_cell *cell, uint32_t count, tq_point at)
{
    tq_point best = at;
    uint32_t best_dm = UINT32_MAX;
    for (uint32_t k = 0; k < count; k++) {
        uint32_t dm = tq_distance_dm(cell[k].at, at);
        if (dm < best_dm) {
            best_dm = dm;
            best = cell[k].at;
        }
    }
    return best;
}

static void add_known(day_world *world, const street_cell *cell, uint32_t count, tq_point middle,
                      uint32_t mean, bool *hospital)
{
    static const struct {
        const char *word;
        uint32_t weight;
        tq_fleet_place_kind kind;
    } kinds[] = {{"hospital", HOSPITAL, TQ_FLEET_HOSPITAL},
                 {"airport", STATION, TQ_FLEET_STATION},
                 {"railway station", STATION, TQ_FLEET_STATION},
                 {"hub", MARKET, TQ_FLEET_STATION},
                 {"market", MARKET, TQ_FLEET_MARKET},
                 {"mall", MARKET, TQ_FLEET_MARKET},
                 {"university", MARKET, TQ_FLEET_MARKET}};
    const tq_places *places = &world->city->places;
    *hospital = false;
    for (uint32_t row = 0; row < places->count; row++) {
        const tq_place_row *one = &places->row[row];
        if (one->parent != TQ_NONE || tq_distance_dm(one->at, middle) > REACH_DM) continue;
        for (uint32_t k = 0; k < TQ_COUNT(kinds); k++) {
            if (strstr(tq_text(world->city, one->category), kinds[k].word) == NULL) continue;
            bool added = add_place(world, beside_street(cell, count, one->at),
                                   mean * kinds[k].weight / 10, 60, kinds[k].kind);
            *hospital = *hospital || (added && kinds[k].kind == TQ_FLEET_HOSPITAL);
            break;
        }
    }
}

static tq_status make_places(day_world *world, bool *hospital, tq_err *err)
{
    const tq_streets *streets = &world->city->streets;
    street_cell *cell = TQ_ALLOC(street_cell, streets->edge_count + 1);
    int32_t *scratch = TQ_ALLOC(int32_t, streets->edge_count + 1);
    world->place = TQ_ALLOC(tq_fleet_demand_place, TQ_FLEET_DEMAND_PLACES_MAX);
    world->place_sum = TQ_ALLOC(uint64_t, TQ_FLEET_DEMAND_PLACES_MAX);
    uint32_t count = 0;
    tq_status status = TQ_OK;
    if (cell == NULL || scratch == NULL || world->place == NULL || world->place_sum == NULL)
        status = tq_fail(err, TQ_NO_MEMORY, 0, "no memory for the places of a day");
    for (uint32_t edge = 0; status == TQ_OK && edge < streets->edge_count; edge++) {
        if (!for_cars(streets, edge) ||
            !tq_open_at(&world->city->dates, streets->edge_date[edge], world->midnight_ms))
            continue;
        tq_point at = middle_of_edge(streets, edge);
        cell[count++] = (street_cell){.row = at.lat_e7 / CELL_E7,
                                      .column = at.lon_e7 / CELL_E7,
                                      .edge = edge,
                                      .at = at,
                                      .metres = streets->edge_length_dm[edge] / 10 + 1};
    }
    if (status == TQ_OK && count < 2)
        status = tq_fail(err, TQ_BAD_INPUT, 0, "the city has no streets for cars");
    if (status == TQ_OK) {
        tq_point middle = middle_of_all(cell, count, scratch);
        uint64_t sum = 0;
        count = join_cells(cell, count);
        for (uint32_t k = 0; k < count && world->place_count < CELLS_MAX; k++) {
            uint32_t dm = tq_distance_dm(cell[k].at, middle);
            if (dm > REACH_DM) continue;
            /* More street than some 3 km in a square does not mean more people. */
            double weight =
                (double)TQ_MIN(cell[k].metres, (uint64_t)3000) * exp(-dm / 10.0 / FADE_M);
            if (add_place(world, cell[k].at, (uint32_t)weight + 1, SPREAD_M, TQ_FLEET_HOMES))
                sum += (uint32_t)weight + 1;
        }
        uint32_t mean = (uint32_t)(sum / TQ_MAX(world->place_count, 1u)) + 1;
        add_known(world, cell, count, middle, mean, hospital);
    }
    tq_free(scratch);
    tq_free(cell);
    uint64_t sum = 0;
    for (uint32_t k = 0; status == TQ_OK && k < world->place_count; k++) {
        sum += world->place[k].weight;
        world->place_sum[k] = sum;
    }
    return status;
}

/* ---- orders ------------------------------------------------------------------------------------
 */

/* The orders of a whole day are drawn; those of other hours are dropped. */
static void keep_hours(day_world *world)
{
    const tq_day_options *options = world->options;
    uint32_t kept = 0;
    for (uint32_t row = 0; row < world->order_count; row++) {
        int64_t hour = (world->order[row].call_ms - world->midnight_ms) / 3600000;
        if (hour >= options->from_hour && hour < options->to_hour)
            world->order[kept++] = world->order[row];
    }
    world->order_count = kept;
}

static tq_status make_orders(day_world *world, bool hospital, tq_err *err)
{
    const tq_day_options *options = world->options;
    tq_fleet_demand demand;
    tq_fleet_demand_default(&demand);
    demand.seed = options->seed;
    demand.day_ms = world->midnight_ms;
    demand.phone_calls = options->phone;
    demand.app_orders = options->orders - options->phone;
    demand.calls_to_orders = 1000; /* the calls that only ask are no orders */
    demand.lengths = TQ_FLEET_GRAVITY_LENGTHS;
    if (!hospital) demand.phone.hospital = demand.app.hospital = 0;
    world->order = TQ_ALLOC(tq_fleet_demand_order, (size_t)options->orders + 1);
    if (world->order == NULL) return tq_fail(err, TQ_NO_MEMORY, 0, "no memory for the orders");
    TQ_TRY(tq_fleet_demand_make(&demand, world->place, world->place_count, world->order, err));
    world->order_count = options->orders;
    keep_hours(world);
    return TQ_OK;
}

/* ---- drivers -----------------------------------------------------------------------------------
 */

static tq_status make_drivers(day_world *world, tq_err *err)
{
    uint32_t count = world->options->vehicles;
    world->driver = TQ_ALLOC(day_driver, (size_t)count + 1);
    if (world->driver == NULL) return tq_fail(err, TQ_NO_MEMORY, 0, "no memory for the drivers");
    for (uint32_t k = 0; k < count; k++) {
        day_driver *one = &world->driver[k];
        uint64_t share = day_draw(world, DRAW_COHORT, k, 0) % 1000,
                 from = day_draw(world, DRAW_SHIFT, k, 0), to = day_draw(world, DRAW_SHIFT, k, 1);
        while (one->cohort + 1 < DAY_COHORTS && share >= COHORT[one->cohort].share)
            share -= COHORT[one->cohort++].share;
        one->on_s =
            COHORT[one->cohort].on_s + (int64_t)(from % (uint64_t)COHORT[one->cohort].on_spread_s);
        one->off_s =
            COHORT[one->cohort].off_s + (int64_t)(to % (uint64_t)COHORT[one->cohort].off_spread_s);
        one->home = day_place(world, day_draw(world, DRAW_HOME, k, 0));
    }
    return TQ_OK;
}

tq_status day_world_make(const tq_day_options *options, const tq_city *city, day_world *out,
                         tq_err *err)
{
    bool hospital = false;
    *out = (day_world){.options = options,
                       .city = city,
                       .midnight_ms = tq_local_to_ms(&city->zone, options->day, 0)};
    TQ_TRY(make_places(out, &hospital, err));
    TQ_TRY(make_orders(out, hospital, err));
    return make_drivers(out, err);
}

void day_world_free(day_world *world)
{
    tq_free(world->place);
    tq_free(world->place_sum);
    tq_free(world->order);
    tq_free(world->driver);
    *world = (day_world){.options = NULL};
}
