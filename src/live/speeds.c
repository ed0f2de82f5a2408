/*
 * Speeds of the moment: rows by arc and users, each with its end.
 *
 * What comes later goes over what was there, user by user: «20 km/h for buses» leaves what was said
 * about cars. Rows of one arc that say the same are one row, so that the same state has the same
 * rows whatever way it came about. Rows that end together share a condition.
 */
#include <stdlib.h>

#include "live/live_in.h"

#define FORGET   UINT16_MAX
#define ROWS_ARC 16u /* bits of access: at most so many rows about one arc */

typedef struct arc_rows {
    tq_live_speed row[ROWS_ARC + 1];
    uint32_t count;
} arc_rows;

static void say(arc_rows *rows, const tq_live_speed *news)
{
    uint32_t kept = 0;
    for (uint32_t k = 0; k < rows->count; k++) {
        tq_live_speed row = rows->row[k];
        row.access = (uint16_t)(row.access & ~news->access);
        if (row.access != 0) rows->row[kept++] = row;
    }
    rows->count = kept;
    if (news->kmh_tenths == FORGET) return;
    for (uint32_t k = 0; k < rows->count; k++) {
        tq_live_speed *row = &rows->row[k];
        if (row->kmh_tenths != news->kmh_tenths || row->until_ms != news->until_ms) continue;
        row->access |= news->access;
        return;
    }
    rows->row[rows->count++] = *news;
}

/* The lowest user decides the order: no two rows share one. */
static int by_access(const void *a, const void *b)
{
    unsigned x = ((const tq_live_speed *)a)->access, y = ((const tq_live_speed *)b)->access;
    x &= 0u - x;
    y &= 0u - y;
    return (x > y) - (x < y);
}

static tq_status check(const tq_city *city, const tq_live_speed *news, uint32_t count, tq_err *err)
{
    for (uint32_t k = 0; k < count; k++) {
        if (news[k].arc >= 2 * city->streets.edge_count)
            return tq_fail(err, TQ_BAD_INPUT, k, "speed %u: there is no arc %u; the city has %u", k,
                           news[k].arc, 2 * city->streets.edge_count);
        if (news[k].access == 0)
            return tq_fail(err, TQ_BAD_INPUT, k, "speed %u: it is about nobody", k);
    }
    return TQ_OK;
}

tq_status live_speeds_merge(const tq_city *city, live_speeds *speeds, const tq_live_speed *news,
                            uint32_t count, tq_err *err)
{
    TQ_TRY(check(city, news, count, err));
    uint32_t *order = TQ_ALLOC(uint32_t, (size_t)count + 1);
    uint64_t *key = TQ_ALLOC(uint64_t, (size_t)count + 1);
    TQ_VEC(tq_live_speed) out = {0};
    bool good =
        order != NULL && key != NULL && tq_vec_room(&out, (size_t)speeds->count + count + 1);
    for (uint32_t k = 0; good && k < count; k++) {
        order[k] = k;
        key[k] = news[k].arc;
    }
    good = good && tq_sort_by_u64(order, count, key);
    uint32_t old = 0, at = 0;
    while (good && (old < speeds->count || at < count)) {
        uint32_t arc = old < speeds->count ? speeds->row[old].arc : UINT32_MAX;
        if (at < count) arc = TQ_MIN(arc, news[order[at]].arc);
        arc_rows rows = {.count = 0};
        while (old < speeds->count && speeds->row[old].arc == arc)
            rows.row[rows.count++] = speeds->row[old++];
        for (; at < count && news[order[at]].arc == arc; at++)
            say(&rows, &news[order[at]]);
        qsort(rows.row, rows.count, sizeof *rows.row, by_access);
        for (uint32_t k = 0; good && k < rows.count; k++)
            good = tq_vec_push(&out, rows.row[k]);
    }
    tq_free(order);
    tq_free(key);
    if (!good || out.count > LIVE_SPEEDS_MAX) {
        tq_vec_free(&out);
        return good ? tq_fail(err, TQ_LIMIT, 0, "more than %u speeds in all", LIVE_SPEEDS_MAX)
                    : live_no_memory(err);
    }
    tq_free(speeds->row);
    speeds->row = out.at;
    speeds->count = (uint32_t)out.count;
    return TQ_OK;
}

bool live_speeds_expire(live_speeds *speeds, int64_t now_ms)
{
    uint32_t kept = 0;
    for (uint32_t k = 0; k < speeds->count; k++)
        if (speeds->row[k].until_ms > now_ms) speeds->row[kept++] = speeds->row[k];
    bool changed = kept != speeds->count;
    speeds->count = kept;
    return changed;
}

int64_t live_speeds_next_ms(const live_speeds *speeds)
{
    int64_t next_ms = INT64_MAX;
    for (uint32_t k = 0; k < speeds->count; k++)
        next_ms = TQ_MIN(next_ms, speeds->row[k].until_ms);
    return next_ms;
}

static int by_instant(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

void live_speeds_compile(const live_speeds *speeds, live_rules *rules)
{
    TQ_VEC(int64_t) end = {0};
    bool good = tq_vec_room(&rules->rule, speeds->count);
    int64_t last_ms = INT64_MAX;
    uint32_t last_row = 0;
    for (uint32_t k = 0; good && k < speeds->count; k++) {
        int64_t until_ms = speeds->row[k].until_ms;
        if (until_ms == last_ms || until_ms == INT64_MAX) continue;
        last_ms = until_ms;
        good = tq_vec_push(&end, until_ms);
    }
    /* Conditions in order of their instants, so that their rows do not depend on arcs. */
    if (good && end.count > 0) qsort(end.at, end.count, sizeof *end.at, by_instant);
    for (size_t k = 0; good && k < end.count; k++)
        if (k == 0 || end.at[k] != end.at[k - 1])
            (void)live_condition(rules, &(tq_clause){.to_ms = end.at[k]}, 1);
    tq_vec_free(&end);
    last_ms = INT64_MAX;
    for (uint32_t k = 0; good && k < speeds->count; k++) {
        const tq_live_speed *row = &speeds->row[k];
        if (row->until_ms != last_ms) {
            last_ms = row->until_ms;
            last_row =
                last_ms == INT64_MAX ? 0 : live_condition(rules, &(tq_clause){.to_ms = last_ms}, 1);
        }
        tq_live_rule rule = {.arc = row->arc,
                             .condition = last_row,
                             .access = row->access,
                             .value = row->kmh_tenths,
                             .effect = row->kmh_tenths == 0 ? TQ_LIVE_CLOSED : TQ_LIVE_SPEED};
        good = tq_vec_push(&rules->rule, rule);
    }
    if (!good) rules->failed = true;
}
