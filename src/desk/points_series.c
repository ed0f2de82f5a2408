/*
 * The curve of a monitoring point. A long series is thinned by cells of equal time; of each cell
 * the first, lowest, highest and last reading stay, so that no peak is lost.
 */
#include <stdio.h>
#include <stdlib.h>

#include "desk/points_in.h"

#define CURVE_DEFAULT 1000u
#define CURVE_MOST    10000u
#define READINGS_MOST 500000u
#define MONTH_MS      (31 * INT64_C(86400000))

typedef struct curve {
    TQ_VEC(tq_reading) row;
    bool failed;
} curve;

static bool keep(void *user, const tq_reading *reading)
{
    curve *all = user;
    all->failed = !tq_vec_push(&all->row, *reading);
    return !all->failed;
}

static bool query_ms(const desk_call *call, const char *name, int64_t *out, bool *good)
{
    char text[TQ_TIME_TEXT_MAX];
    tq_err why = {0};
    if (!desk_query(call, name, text, sizeof text)) return false;
    *good = *good && tq_time_parse(&call->desk->city->zone, tq_str_of(text), out, &why) == TQ_OK;
    return true;
}

static void put_reading(desk_call *call, json_t *list, const tq_reading *reading)
{
    json_t *row = json_object();
    desk_put_instant(call, row, "at", reading->at_ms);
    json_object_set_new(row, "value", json_real((double)reading->value[0] / 1000));
    if (reading->flags & POINT_LATE) json_object_set_new(row, "late", json_true());
    json_array_append_new(list, row);
}

/* The readings of one cell that stay, in order. */
static void put_cell(desk_call *call, json_t *list, const tq_reading *row, size_t count)
{
    size_t low = 0, high = 0;
    for (size_t k = 1; k < count; k++) {
        if (row[k].value[0] < row[low].value[0]) low = k;
        if (row[k].value[0] > row[high].value[0]) high = k;
    }
    for (size_t k = 0; k < count; k++)
        if (k == 0 || k == low || k == high || k + 1 == count) put_reading(call, list, &row[k]);
}

static void put_thinned(desk_call *call, json_t *list, const curve *all, uint32_t most)
{
    size_t count = all->row.count, cells = TQ_MAX(most / 4, 1u), at = 0;
    if (count <= most) cells = count;
    if (count == 0) return;
    int64_t first = all->row.at[0].at_ms, span = all->row.at[count - 1].at_ms - first + 1;
    for (size_t cell = 0; cell < cells && at < count; cell++) {
        size_t begin = at;
        int64_t end_ms = first + (int64_t)((double)span * (double)(cell + 1) / (double)cells);
        if (cells == count)
            at++;
        else
            while (at < count && (all->row.at[at].at_ms < end_ms || cell + 1 == cells))
                at++;
        if (at > begin) put_cell(call, list, all->row.at + begin, at - begin);
    }
}

tq_status point_series(desk_call *call)
{
    uint64_t version = 0;
    char state[32], text[16];
    uint32_t most = CURVE_DEFAULT;
    bool good = true;
    int64_t to_ms = call->command->now_ms, from_ms = 0;
    json_auto_t *point = NULL;
    TQ_TRY(desk_load(call, "point", call->command->id, &point, &version, state));
    (void)query_ms(call, "to", &to_ms, &good);
    if (!query_ms(call, "from", &from_ms, &good)) from_ms = to_ms - MONTH_MS;
    if (!good || from_ms >= to_ms)
        return desk_bad(call, "from and to must be instants, from before to");
    if (desk_query(call, "points", text, sizeof text) &&
        (!tq_parse_u32(tq_str_of(text), &most) || most < 4 || most > CURVE_MOST))
        return desk_bad(call, "points must be a number from 4 to %u", CURVE_MOST);
    curve all = {0};
    tq_status status = tq_store_readings(call->desk->store, call->command->id, from_ms, to_ms,
                                         READINGS_MOST, keep, &all, call->err);
    if (status == TQ_OK && all.failed)
        status = tq_fail(call->err, TQ_NO_MEMORY, 0, "no memory for the curve");
    if (status == TQ_OK) {
        json_t *answer = json_object(), *list = json_array();
        put_thinned(call, list, &all, most);
        json_object_set_new(answer, "point", json_string(call->command->id));
        json_object_set_new(answer, "unit", json_string("mm"));
        json_object_set_new(answer, "total", json_integer((json_int_t)all.row.count));
        json_object_set(answer, "limits", json_object_get(point, "limits"));
        json_object_set_new(answer, "readings", list);
        status = desk_answer(call, answer);
    }
    tq_vec_free(&all.row);
    return status;
}
