/*
 * Positions as they arrive, up to 10,000 at once: into memory only.
 *
 * A row that cannot be true (from the future, older than what is known, a jump faster than 216
 * km/h) is refused by its number, the others are taken; every row is counted as one or the other. A
 * vehicle that jumped twice to the same place is believed: the first position was the wrong one.
 */
#include <math.h>
#include <stdio.h>

#include "desk/supply_in.h"

#define REFUSED_SHOWN 200u

typedef struct seen_row {
    tq_point at;
    int64_t at_ms;
    int32_t speed_dm_s, heading;
    uint32_t vehicle;
    const char *meter;
} seen_row;

static const char *read_number(const json_t *row, const char *member, double least, double most,
                               bool need, double *out)
{
    const json_t *value = json_object_get(row, member);
    if (value == NULL || json_is_null(value)) return need ? "lat and lon are needed" : NULL;
    *out = json_number_value(value);
    if (!json_is_number(value) || !isfinite(*out) || *out < least || *out > most)
        return "a number is out of range: lat, lon, speed (km/h), heading (degrees)";
    return NULL;
}

static const char *read_row(desk_call *call, const json_t *row, seen_row *out)
{
    struct desk_supply *supply = call->desk->supply;
    double lat = 0, lon = 0, speed = 0, heading = -1;
    tq_err why;
    if (!json_is_object(row)) return "not an object";
    const char *id = desk_get_text(row, "id"), *terminal = desk_get_text(row, "terminal");
    out->vehicle = id[0] != '\0' ? supply_map_get(&supply->vehicle_of, id)
                                 : supply_map_get(&supply->terminal_of, terminal);
    if (out->vehicle == TQ_NONE) return "no vehicle has this id or terminal";
    if (id[0] == '\0' && strcmp(supply->vehicle.at[out->vehicle].terminal, terminal) != 0)
        return "no vehicle has this terminal any more";
    const char *bad = read_number(row, "lat", -90, 90, true, &lat);
    if (bad == NULL) bad = read_number(row, "lon", -180, 180, true, &lon);
    if (bad == NULL) bad = read_number(row, "speed", 0, 400, false, &speed);
    if (bad == NULL) bad = read_number(row, "heading", -1, 360, false, &heading);
    if (bad != NULL) return bad;
    out->at = (tq_point){(int32_t)lround(lat * 1e7), (int32_t)lround(lon * 1e7)};
    out->speed_dm_s = (int32_t)lround(speed * 10 / 3.6);
    out->heading = (int32_t)lround(heading);
    out->at_ms = call->command->now_ms;
    const char *at = desk_get_text(row, "at");
    if (at[0] != '\0' &&
        tq_time_parse(&call->desk->city->zone, tq_str_of(at), &out->at_ms, &why) != TQ_OK)
        return "at is no instant";
    out->meter = desk_get_text(row, "state");
    if (out->meter[0] != '\0' && strcmp(out->meter, "vacant") != 0 &&
        strcmp(out->meter, "hired") != 0)
        return "state is vacant or hired";
    return NULL;
}

/* May the one who sends speak of this vehicle? */
static const char *is_his(desk_call *call, const supply_vehicle *vehicle, const char *driver)
{
    if (desk_is(call, TQ_ROLE_DISPATCHER | TQ_ROLE_ADMIN)) return NULL;
    if (desk_is(call, TQ_ROLE_PEER))
        return vehicle->partner[0] == '\0' ||
                       strcmp(vehicle->partner, call->command->actor->peer) == 0
                   ? NULL
                   : "the vehicle belongs to another partner";
    return strcmp(vehicle->driver, driver) == 0 ? NULL : "it is not your vehicle";
}

static const char *put_row(desk_call *call, const seen_row *row)
{
    struct desk_supply *supply = call->desk->supply;
    supply_vehicle *one = &supply->vehicle.at[row->vehicle];
    int64_t now_ms = call->command->now_ms;
    if (row->at_ms > now_ms + POSITION_FUTURE_MS)
        return "from the future: check the device's clock";
    if (now_ms - row->at_ms > POSITION_LOST_MS) return "older than 5 min";
    if (one->has_position && row->at_ms < one->at_ms) return "older than the one that is known";
    if (one->has_position && now_ms - one->at_ms <= POSITION_LOST_MS) {
        int64_t dm = tq_distance_dm(one->at, row->at), gap_ms = row->at_ms - one->at_ms;
        if (dm > 3000 && dm * 100 > gap_ms * POSITION_SPEED_M_S) {
            bool again = one->jumped && tq_distance_dm(one->jump, row->at) < 5000;
            one->jump = row->at;
            one->jumped = !again;
            if (!again) return "an impossible jump; if it is true, the next one there is taken";
        }
    }
    one->jumped = false;
    one->has_position = true;
    one->at = row->at;
    one->at_ms = row->at_ms;
    one->speed_dm_s = row->speed_dm_s;
    one->heading = row->heading;
    if (row->meter[0] != '\0') one->hired = strcmp(row->meter, "hired") == 0;
    near_heard(supply, row->vehicle);
    tq_err why;
    if (near_put(supply, row->vehicle, now_ms, &why) != TQ_OK) return "the pool has no room for it";
    return NULL;
}

tq_status vehicle_positions(desk_call *call)
{
    static const char *const members[] = {"positions", NULL};
    json_auto_t *driver = NULL;
    const json_t *list = json_object_get(call->body, "positions");
    size_t count = json_array_size(list), taken = 0, old = 0, refused = 0;
    if (call->desk->supply == NULL)
        return tq_fail(call->err, TQ_BUSY, 0,
                       "the dispatcher has not read its records yet: try again");
    TQ_TRY(desk_only(call, members));
    if (!json_is_array(list) || count > POSITIONS_MOST)
        return desk_bad(call, "\"positions\" is a list of at most %u", POSITIONS_MOST);
    if (!desk_is(call, TQ_ROLE_DISPATCHER | TQ_ROLE_ADMIN | TQ_ROLE_PEER))
        TQ_TRY(driver_of_actor(call, &driver));
    if (call->desk->supply->metric == NULL) TQ_TRY(near_metric(call));
    json_t *rows = json_array();
    for (size_t k = 0; k < count; k++) {
        seen_row row = {.vehicle = TQ_NONE};
        const char *why = read_row(call, json_array_get(list, k), &row);
        if (why == NULL)
            why = is_his(call, &call->desk->supply->vehicle.at[row.vehicle],
                         desk_get_text(driver, "id"));
        if (why == NULL) why = put_row(call, &row);
        if (why == NULL) {
            taken++;
            old += call->command->now_ms - row.at_ms > POSITION_GREY_MS;
            continue;
        }
        if (refused++ >= REFUSED_SHOWN) continue;
        json_t *one = json_object();
        json_object_set_new(one, "row", json_integer((json_int_t)k + 1));
        json_object_set_new(one, "why", json_string(why));
        json_array_append_new(rows, one);
    }
    json_t *answer = json_object();
    json_object_set_new(answer, "taken", json_integer((json_int_t)taken));
    json_object_set_new(answer, "old", json_integer((json_int_t)old));
    json_object_set_new(answer, "refused", json_integer((json_int_t)refused));
    json_object_set_new(answer, "rows", rows);
    return desk_answer(call, answer);
}
