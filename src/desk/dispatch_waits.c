/*
 * How long one waits for a taxi, by place: a grid over the vehicles at work and their surroundings.
 *
 * Method: each square's wait is that of an order at its middle, as the phone desk tells it
 * (supply_wait). Squares are as small as WAITS_CELLS_MAX of them allow, and not below WAITS_CELL_M.
 * Where no vehicle is at work there is no grid, and nothing is said.
 */
#include "desk/supply_in.h"

#define WAITS_CELLS_MAX 600u
#define WAITS_CELL_M    500u
#define WAITS_EDGE_M    3000u /* around the outermost vehicles */
#define E7_A_METRE      90    /* of latitude, about */

typedef struct waits_box {
    int64_t south, west, north, east; /* 1e-7 degrees */
    uint32_t at_work;
} waits_box;

static waits_box box_of(const struct desk_supply *supply, int64_t now_ms)
{
    waits_box box = {INT32_MAX, INT32_MAX, INT32_MIN, INT32_MIN, 0};
    for (size_t k = 0; k < supply->vehicle.count; k++) {
        const supply_vehicle *one = &supply->vehicle.at[k];
        bool taxi = one->class == CLASS_TAXI || one->class == CLASS_HAILING;
        if (!taxi || !one->has_position || one->duty == DUTY_OFF || one->duty == DUTY_BREAK ||
            now_ms - one->at_ms > POSITION_LOST_MS)
            continue;
        box.south = TQ_MIN(box.south, one->at.lat_e7);
        box.west = TQ_MIN(box.west, one->at.lon_e7);
        box.north = TQ_MAX(box.north, one->at.lat_e7);
        box.east = TQ_MAX(box.east, one->at.lon_e7);
        box.at_work++;
    }
    /* One that is far out of the city must not make all squares large. */
    const tq_box *city = &supply->city->meta->box;
    int64_t edge = (int64_t)WAITS_EDGE_M * E7_A_METRE;
    box.south = TQ_MAX(box.south - edge, city->south_e7);
    box.north = TQ_MIN(box.north + edge, city->north_e7);
    box.west = TQ_MAX(box.west - edge, city->west_e7);
    box.east = TQ_MIN(box.east + edge, city->east_e7);
    if (box.south > box.north || box.west > box.east) box.at_work = 0;
    return box;
}

static void lay_out(const waits_box *box, tq_ondemand_waits *out)
{
    int64_t high = box->north - box->south + 1, wide = box->east - box->west + 1;
    int64_t cell = (int64_t)WAITS_CELL_M * E7_A_METRE;
    while ((high / cell + 1) * (wide / cell + 1) > WAITS_CELLS_MAX)
        cell += cell / 8;
    *out = (tq_ondemand_waits){.south_e7 = (int32_t)box->south,
                               .west_e7 = (int32_t)box->west,
                               .cell_e7 = (uint32_t)cell,
                               .columns = (uint32_t)(wide / cell + 1),
                               .rows = (uint32_t)(high / cell + 1)};
}

static tq_point middle_of(const tq_ondemand_waits *grid, uint32_t row, uint32_t column)
{
    int64_t lat = grid->south_e7 + (int64_t)row * grid->cell_e7 + grid->cell_e7 / 2,
            lon = grid->west_e7 + (int64_t)column * grid->cell_e7 + grid->cell_e7 / 2;
    return (tq_point){.lat_e7 = (int32_t)TQ_MIN(lat, INT64_C(900000000)),
                      .lon_e7 = (int32_t)TQ_MIN(lon, INT64_C(1800000000))};
}

tq_status desk_waits(desk_call *call, uint16_t **wait_s, uint16_t **vehicles,
                     tq_ondemand_waits *out)
{
    struct desk_supply *supply = call->desk->supply;
    int64_t now_ms = call->command->now_ms;
    *out = (tq_ondemand_waits){0};
    *wait_s = *vehicles = NULL;
    if (supply == NULL) return TQ_OK;
    waits_box box = box_of(supply, now_ms);
    if (box.at_work == 0) return TQ_OK;
    lay_out(&box, out);
    size_t cells = (size_t)out->columns * out->rows;
    *wait_s = TQ_ALLOC(uint16_t, cells);
    *vehicles = TQ_ALLOC(uint16_t, cells);
    if (*wait_s == NULL || *vehicles == NULL)
        return tq_fail(call->err, TQ_NO_MEMORY, 0, "no memory for the waits");
    out->wait_s = *wait_s;
    out->vehicles = *vehicles;
    TQ_TRY(near_metric(call));
    for (uint32_t cell = 0; cell < cells; cell++) {
        supply_order order = {.from = middle_of(out, cell / out->columns, cell % out->columns),
                              .classes = 1u << CLASS_TAXI | 1u << CLASS_HAILING,
                              .party = 1};
        int32_t wait = 0;
        uint32_t count = 0;
        TQ_TRY(supply_wait(supply, &order, now_ms, &wait, &count, call->err));
        (*wait_s)[cell] = count == 0 ? UINT16_MAX : (uint16_t)TQ_MIN(wait, UINT16_MAX - 1);
        (*vehicles)[cell] = (uint16_t)count;
    }
    return TQ_OK;
}
