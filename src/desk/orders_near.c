/*
 * Metro stations and hospitals near a place. Each estimate asks for both; going through all places
 * and streets around it would cost more than all else that an order needs. So the few rows of these
 * kinds are picked out once, in order of latitude; a question looks at those in a strip as high as
 * its circle.
 *
 * A city's places don't change while it is open, so nothing is ever dropped. The rows belong to one
 * desk, which is used by one thread.
 */
#include <stdlib.h>

#include "tongqu/place.h"

#include "desk/order_in.h"

/* Less than a degree of latitude measures anywhere, so that the strip is never too low. */
#define DEGREE_LEAST_M 110000

/* The stations of a timetable that the metro calls at: a mark at the station and at its platforms.
 */
static bool mark_metro(const tq_timetable *table, uint8_t *marks)
{
    bool any = false;
    for (uint32_t pattern = 0; pattern < table->pattern_count; pattern++) {
        if (table->route[table->pattern_route[pattern]].mode != TQ_MODE_METRO) continue;
        for (uint32_t at = table->pattern_first[pattern]; at < table->pattern_first[pattern + 1];
             at++)
            marks[table->pattern_stop[at]] = 1;
        any = true;
    }
    return any;
}

static bool is_metro_stop(const tq_timetable *table, const uint8_t *marks, uint32_t stop)
{
    const uint32_t *platform;
    uint32_t count = tq_station_stops(table, stop, &platform);
    for (uint32_t k = 0; k < count; k++)
        if (marks[platform[k]] != 0) return true;
    return false;
}

static int by_latitude(const void *a, const void *b)
{
    const order_near_row *one = a, *other = b;
    if (one->at.lat_e7 != other->at.lat_e7) return one->at.lat_e7 < other->at.lat_e7 ? -1 : 1;
    return one->place < other->place ? -1 : one->place > other->place;
}

static void sort_rows(order_near_rows *rows)
{
    if (rows->count > 0) qsort(rows->at, rows->count, sizeof *rows->at, by_latitude);
}

static bool pick_rows(const tq_city *city, const uint8_t *marks, struct desk_order_near *out)
{
    for (uint32_t place = 0; place < city->places.count; place++) {
        const tq_place_row *row = &city->places.row[place];
        order_near_row one = {row->at, place, row->link};
        bool station = marks != NULL && row->kind == TQ_PLACE_STATION &&
                       row->link < city->timetable.stop_count &&
                       is_metro_stop(&city->timetable, marks, row->link);
        if (station && !tq_vec_push(&out->station, one)) return false;
        if (strstr(tq_text(city, row->category), "hospital") != NULL &&
            !tq_vec_push(&out->hospital, one))
            return false;
    }
    sort_rows(&out->station);
    sort_rows(&out->hospital);
    return true;
}

tq_status order_near_ready(desk_call *call)
{
    const tq_city *city = call->desk->city;
    struct desk_order_rules *rules = call->desk->order_rules;
    if (rules->near.ready) return TQ_OK;
    uint8_t *marks = TQ_ALLOC(uint8_t, (size_t)city->timetable.stop_count + 1);
    bool metro = marks != NULL && mark_metro(&city->timetable, marks);
    rules->near.ready = marks != NULL && pick_rows(city, metro ? marks : NULL, &rules->near);
    tq_free(marks);
    if (rules->near.ready) return TQ_OK;
    order_near_free(&rules->near);
    return tq_fail(call->err, TQ_NO_MEMORY, 0, "no memory for the places near orders");
}

void order_near_free(struct desk_order_near *near)
{
    tq_vec_free(&near->station);
    tq_vec_free(&near->hospital);
    near->ready = false;
}

static size_t first_from(const order_near_rows *rows, int64_t lat_e7)
{
    size_t low = 0, high = rows->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (rows->at[middle].at.lat_e7 < lat_e7)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

uint32_t order_near_find(const order_near_rows *rows, tq_point at, uint32_t radius_m, uint32_t most,
                         uint32_t *links)
{
    uint32_t count = 0, distance[ORDER_NEAR_MOST];
    int64_t reach_e7 = (int64_t)radius_m * 10000000 / DEGREE_LEAST_M + 1;
    most = TQ_MIN(most, ORDER_NEAR_MOST);
    for (size_t k = first_from(rows, at.lat_e7 - reach_e7);
         k < rows->count && rows->at[k].at.lat_e7 <= at.lat_e7 + reach_e7; k++) {
        uint32_t dm = tq_distance_dm(rows->at[k].at, at), place = count;
        if (dm > radius_m * 10) continue;
        while (place > 0 && dm < distance[place - 1])
            place--;
        if (place >= most) continue;
        count = TQ_MIN(count + 1, most);
        for (uint32_t later = count - 1; later > place; later--) {
            distance[later] = distance[later - 1];
            links[later] = links[later - 1];
        }
        distance[place] = dm;
        links[place] = rows->at[k].link;
    }
    return count;
}
