/*
 * Where idle vehicles had better wait: advice to their drivers, no order.
 *
 * Every balance_s seconds the city is looked at in squares of some 2 km. What a square will want in
 * the next balance_reach_s seconds is what it wanted in the last balance_past_s, in proportion;
 * orders that ended without a vehicle count twice, for they are those that were missed. Vehicles
 * beyond what their own square wants may be sent; squares that want more than they have ask for
 * them, the first vehicle being worth balance_reach_s of driving and each further one less. Who
 * goes where is the exact transport problem of tq_fleet_rebalance, over straight-line times.
 *
 * The advice stands in the vehicle's record and on the event stream (vehicle/advice); it holds
 * while the vehicle stays free, for ADVICE_MORE_S longer than the drive. A vehicle that was advised
 * counts where it was sent, so that nobody is sent twice. Which vehicles of a square go: those free
 * for longest. Limits: SUPPLY_WANTS_MAX orders are remembered, BALANCE_CELLS_MAX squares looked at.
 */
#include <stdio.h>
#include <stdlib.h>

#include "desk/supply_in.h"

#define BALANCE_CELL_E7   200000 /* 0.02 degrees */
#define BALANCE_CELLS_MAX 1024u
#define BALANCE_STEPS     3u    /* falling gains of one square */
#define IDLE_LEAST_MS     60000 /* who became free just now is left alone */
#define ADVICE_MORE_S     300

typedef enum item_kind {
    ITEM_WANT, /* ref: place in the ring */
    ITEM_HERE, /* free here, or sent here, or free here soon */
    ITEM_IDLE  /* ref: vehicle that may be sent */
} item_kind;

typedef struct balance_item {
    int32_t row, column;
    item_kind kind;
    uint32_t ref;
    int64_t since_ms;
} balance_item;

typedef struct balance_cell {
    tq_point at;
    uint32_t first_want, want_count, first_idle, idle_count; /* of items */
    uint32_t wanted, have, sent;
} balance_cell;

typedef struct balance_run {
    balance_item *item;
    uint32_t item_count;
    balance_cell *cell;
    uint32_t cell_count;
    tq_fleet_idle *idle;
    tq_fleet_want *want;
    tq_fleet_send *send;
    uint32_t idle_count, want_count, send_count;
} balance_run;

void balance_note(struct desk_supply *supply, int64_t at_ms, tq_point at, bool lost)
{
    supply->want[supply->want_count++ % SUPPLY_WANTS_MAX] =
        (supply_want){.at_ms = at_ms, .at = at, .lost = lost};
}

/* ---- what there is ------------------------------------------------------------------------------
 */

static void add(balance_run *run, item_kind kind, tq_point at, uint32_t ref, int64_t since_ms)
{
    run->item[run->item_count++] =
        (balance_item){.row = (int32_t)tq_floor_div(at.lat_e7, BALANCE_CELL_E7),
                       .column = (int32_t)tq_floor_div(at.lon_e7, BALANCE_CELL_E7),
                       .kind = kind,
                       .ref = ref,
                       .since_ms = since_ms};
}

static void add_vehicle(const struct desk_supply *supply, balance_run *run, uint32_t at,
                        int64_t now_ms)
{
    const supply_vehicle *one = &supply->vehicle.at[at];
    const desk_pool_vehicle *row = desk_pool_get(supply->pool, at);
    if (row == NULL || one->class != CLASS_TAXI) return;
    if (row->state == DESK_POOL_SOON && row->free_in_s <= (uint32_t)supply->policy.balance_reach_s)
        add(run, ITEM_HERE, row->at, at, 0);
    if (row->state != DESK_POOL_FREE) return;
    if (one->advice_ms > now_ms)
        add(run, ITEM_HERE, one->advice, at, 0);
    else if (now_ms - one->free_since_ms < IDLE_LEAST_MS || one->partner[0] != '\0')
        add(run, ITEM_HERE, one->at, at, 0);
    else
        add(run, ITEM_IDLE, one->at, at, one->free_since_ms);
}

static int by_cell(const void *a, const void *b)
{
    const balance_item *one = a, *two = b;
    if (one->row != two->row) return one->row < two->row ? -1 : 1;
    if (one->column != two->column) return one->column < two->column ? -1 : 1;
    if (one->kind != two->kind) return one->kind < two->kind ? -1 : 1;
    if (one->since_ms != two->since_ms) return one->since_ms < two->since_ms ? -1 : 1;
    return one->ref < two->ref ? -1 : one->ref > two->ref;
}

static tq_status look(desk_call *call, balance_run *run)
{
    struct desk_supply *supply = call->desk->supply;
    int64_t now_ms = call->command->now_ms,
            from_ms = now_ms - supply->policy.balance_past_s * INT64_C(1000);
    uint32_t kept = (uint32_t)TQ_MIN(supply->want_count, (uint64_t)SUPPLY_WANTS_MAX);
    run->item = TQ_PUSH_RAW(&supply->work, balance_item, supply->vehicle.count + kept + 1);
    run->cell = TQ_PUSH(&supply->work, balance_cell, BALANCE_CELLS_MAX);
    if (run->item == NULL || run->cell == NULL)
        return tq_fail(call->err, TQ_NO_MEMORY, 0, "no memory to balance");
    for (uint32_t k = 0; k < kept; k++)
        if (supply->want[k].at_ms > from_ms && supply->want[k].at_ms <= now_ms)
            add(run, ITEM_WANT, supply->want[k].at, k, supply->want[k].at_ms);
    for (uint32_t at = 0; at < supply->vehicle.count; at++)
        add_vehicle(supply, run, at, now_ms);
    qsort(run->item, run->item_count, sizeof *run->item, by_cell);
    return TQ_OK;
}

static void fill_cells(const struct desk_supply *supply, balance_run *run)
{
    const balance_item *before = NULL;
    for (uint32_t k = 0; k < run->item_count; k++) {
        const balance_item *one = &run->item[k];
        if (before == NULL || one->row != before->row || one->column != before->column) {
            if (run->cell_count == BALANCE_CELLS_MAX) return;
            run->cell[run->cell_count++] =
                (balance_cell){.at = {one->row * BALANCE_CELL_E7 + BALANCE_CELL_E7 / 2,
                                      one->column * BALANCE_CELL_E7 + BALANCE_CELL_E7 / 2},
                               .first_want = k,
                               .first_idle = k};
        }
        before = one;
        balance_cell *cell = &run->cell[run->cell_count - 1];
        if (one->kind == ITEM_WANT) {
            cell->want_count++;
            cell->wanted++; /* a lost one stands twice in the ring: when it came, when it ended */
        } else {
            if (one->kind == ITEM_IDLE && cell->idle_count++ == 0) cell->first_idle = k;
            cell->have++;
        }
    }
    for (uint32_t k = 0; k < run->cell_count; k++)
        run->cell[k].wanted =
            (uint32_t)(((int64_t)run->cell[k].wanted * supply->policy.balance_reach_s +
                        supply->policy.balance_past_s / 2) /
                       supply->policy.balance_past_s);
}

/* ---- who goes where -----------------------------------------------------------------------------
 */

typedef struct ways {
    const struct desk_supply *supply;
    const balance_cell *cell;
} ways;

static int32_t way_between(void *user, uint32_t from, uint32_t to)
{
    const ways *all = user;
    return near_line_ds(all->supply, all->cell[from].at, all->cell[to].at);
}

static tq_status make_rows(desk_call *call, balance_run *run)
{
    struct desk_supply *supply = call->desk->supply;
    int64_t worth_ds = supply->policy.balance_reach_s * INT64_C(10);
    uint32_t rows = run->cell_count * BALANCE_STEPS + 1;
    run->idle = TQ_PUSH_RAW(&supply->work, tq_fleet_idle, run->cell_count + 1);
    run->want = TQ_PUSH_RAW(&supply->work, tq_fleet_want, rows);
    run->send = TQ_PUSH_RAW(&supply->work, tq_fleet_send, run->cell_count + rows);
    if (run->idle == NULL || run->want == NULL || run->send == NULL)
        return tq_fail(call->err, TQ_NO_MEMORY, 0, "no memory to balance");
    for (uint32_t k = 0; k < run->cell_count; k++) {
        const balance_cell *cell = &run->cell[k];
        if (cell->have > cell->wanted && cell->idle_count > 0)
            run->idle[run->idle_count++] =
                (tq_fleet_idle){k, TQ_MIN(cell->idle_count, cell->have - cell->wanted)};
        uint32_t lack = cell->wanted > cell->have ? cell->wanted - cell->have : 0, given = 0;
        for (uint32_t step = 1; step <= BALANCE_STEPS && lack > 0; step++) {
            uint32_t upto = (lack * step + BALANCE_STEPS - 1) / BALANCE_STEPS;
            if (upto == given) continue;
            run->want[run->want_count++] = (tq_fleet_want){
                k, upto - given, (int32_t)(worth_ds * (lack - given) / cell->wanted)};
            given = upto;
        }
    }
    return TQ_OK;
}

/* ---- advice -------------------------------------------------------------------------------------
 */

static tq_status advise(desk_call *call, const balance_run *run, const tq_fleet_send *send,
                        uint32_t vehicle, uint32_t nth, bool *changed)
{
    struct desk_supply *supply = call->desk->supply;
    const balance_cell *to = &run->cell[run->want[send->want].node];
    const supply_vehicle *one = &supply->vehicle.at[vehicle];
    /* To where somebody stood and asked, the newest first: a car can stop there. */
    const balance_item *item =
        &run->item[to->first_want + to->want_count - 1 - nth % to->want_count];
    tq_point at = supply->want[item->ref].at;
    int64_t drive_s = near_line_ds(supply, one->at, at) / 10;
    char why[120];
    (void)snprintf(why, sizeof why, "%u orders are to be expected there, %u vehicles are there",
                   to->wanted, to->have);
    json_auto_t *record = NULL;
    uint64_t version = 0;
    char duty[32];
    TQ_TRY(desk_load(call, "vehicle", one->id, &record, &version, duty));
    if (strcmp(duty, "free") != 0 || desk_get_text(record, "order")[0] != '\0') return TQ_OK;
    json_t *advice = json_object();
    desk_put_instant(call, advice, "at", call->command->now_ms);
    desk_put_instant(call, advice, "until",
                     call->command->now_ms + (drive_s + ADVICE_MORE_S) * 1000);
    json_object_set_new(advice, "lat", json_real(at.lat_e7 / 1e7));
    json_object_set_new(advice, "lon", json_real(at.lon_e7 / 1e7));
    json_object_set_new(advice, "drive_s", json_integer((json_int_t)drive_s));
    json_object_set_new(advice, "why", json_string(why));
    json_object_set(record, "advice", advice);
    tq_status status = desk_save(call, "vehicle", one->id, duty, record, version);
    if (status != TQ_OK) {
        json_decref(advice);
        return status;
    }
    *changed = true;
    return desk_event(call, "vehicle", one->id, "advice", false, TQ_ROLE_STAFF, advice);
}

static tq_status tell(desk_call *call, balance_run *run, bool *changed)
{
    for (uint32_t k = 0; k < run->send_count; k++) {
        const tq_fleet_send *send = &run->send[k];
        balance_cell *from = &run->cell[run->idle[send->idle].node],
                     *to = &run->cell[run->want[send->want].node];
        for (uint32_t n = 0; n < send->count; n++) {
            const balance_item *item = &run->item[from->first_idle + from->sent++];
            TQ_TRY(advise(call, run, send, item->ref, to->sent++, changed));
        }
    }
    return TQ_OK;
}

tq_status balance_tick(desk_call *call, bool *changed)
{
    struct desk_supply *supply = call->desk->supply;
    int64_t now_ms = call->command->now_ms, gain = 0,
            every_ms = supply->policy.balance_s * INT64_C(1000);
    balance_run run = {.item_count = 0};
    if (every_ms == 0 || now_ms < supply->next_balance_ms) return TQ_OK;
    supply->next_balance_ms = tq_floor_div(now_ms, every_ms) * every_ms + every_ms;
    size_t mark = supply->work.used;
    tq_status status = look(call, &run);
    if (status == TQ_OK) fill_cells(supply, &run);
    if (status == TQ_OK) status = make_rows(call, &run);
    if (status == TQ_OK && run.idle_count > 0 && run.want_count > 0) {
        ways all = {supply, run.cell};
        tq_fleet_pool_times times = {.node_count = run.cell_count,
                                     .way = way_between,
                                     .user = &all,
                                     .triangle_slack = TQ_FLEET_POOL_TIME_MAX};
        status = tq_fleet_rebalance(&times, run.idle, run.idle_count, run.want, run.want_count,
                                    supply->policy.balance_reach_s * 10, &supply->work, run.send,
                                    &run.send_count, &gain, call->err);
        if (status == TQ_OK) status = tell(call, &run, changed);
    }
    tq_arena_reset(&supply->work, mark);
    return status;
}
