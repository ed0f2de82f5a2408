/*
 * From a point back to names: places by the grid over them, streets by the grid over edges and
 * their nearest piece. Searched in growing squares until enough answers lie within the square's
 * inner circle. Streets answer once a name, with the place row of that name nearest to the point
 * where there is one.
 */
#include "city/search_in.h"

#define NEAR_RADIUS_MAX_M  20000u
#define NEAR_FIRST_M       100u
#define NEAR_GROWTH        3u
#define SAME_STREET_MOST_M 30000u /* farther away, a row of the same name is another street */

typedef struct near_hit {
    uint32_t distance_dm;
    uint32_t place;  /* TQ_NONE: a street without a row */
    uint32_t street; /* text of its name; 0 = not found as a street */
    tq_point at;
} near_hit;

typedef struct near_search {
    const tq_city *city;
    tq_point point;
    uint32_t radius_dm, limit, count;
    near_hit hits[TQ_PLACES_MAX];
} near_search;

static bool is_nearer(const near_hit *a, const near_hit *b)
{
    if (a->distance_dm != b->distance_dm) return a->distance_dm < b->distance_dm;
    if (a->street != b->street) return a->street < b->street;
    return a->place < b->place;
}

static void keep(near_search *near, near_hit one)
{
    if (one.distance_dm > near->radius_dm) return;
    uint32_t at = 0;
    while (at < near->count &&
           (one.street != 0 ? near->hits[at].street != one.street
                            : near->hits[at].street != 0 || near->hits[at].place != one.place))
        at++;
    if (at < near->count) {
        if (!is_nearer(&one, &near->hits[at])) return;
    } else if (near->count < near->limit) {
        near->count++;
    } else if (is_nearer(&one, &near->hits[near->count - 1])) {
        at = near->count - 1;
    } else {
        return;
    }
    for (; at > 0 && is_nearer(&one, &near->hits[at - 1]); at--)
        near->hits[at] = near->hits[at - 1];
    near->hits[at] = one;
}

static void see_places(near_search *near, const tq_box *box)
{
    const tq_places *places = &near->city->places;
    tq_cells cells;
    if (!tq_grid_cells(&places->grid, box, &cells)) return;
    bool streets = near->city->streets.edge_count > 0;
    for (uint32_t row = cells.row0; row <= cells.row1; row++) {
        for (uint32_t column = cells.column0; column <= cells.column1; column++) {
            uint32_t cell = row * places->grid.columns + column;
            for (uint32_t k = places->grid.first[cell]; k < places->grid.first[cell + 1]; k++) {
                uint32_t place = places->grid.item[k];
                const tq_place_row *one = &places->row[place];
                /* A street with edges is met by its pieces. */
                if (streets && one->kind == TQ_PLACE_STREET && one->link != TQ_NONE) continue;
                if (!tq_box_has(box, one->at)) continue;
                keep(near, (near_hit){tq_distance_dm(one->at, near->point), place, 0, one->at});
            }
        }
    }
}

static void see_edge(near_search *near, uint32_t edge)
{
    const tq_streets *streets = &near->city->streets;
    uint32_t name = streets->name[streets->edge_name[edge]].name;
    if (name == 0) return;
    near_hit best = {UINT32_MAX, TQ_NONE, name, near->point};
    tq_point from = streets->node_at[streets->edge_from[edge]];
    uint32_t last = streets->edge_first_point[edge + 1];
    for (uint32_t k = streets->edge_first_point[edge]; k <= last; k++) {
        tq_point to = k < last ? streets->point[k] : streets->node_at[streets->edge_to[edge]];
        tq_foot foot = tq_project(near->point, from, to);
        if (foot.distance_dm < best.distance_dm) {
            best.distance_dm = foot.distance_dm;
            best.at = foot.at;
        }
        from = to;
    }
    keep(near, best);
}

static void see_streets(near_search *near, const tq_box *box)
{
    const tq_grid *grid = &near->city->streets.grid;
    tq_cells cells;
    if (near->city->streets.edge_count == 0 || !tq_grid_cells(grid, box, &cells)) return;
    for (uint32_t row = cells.row0; row <= cells.row1; row++) {
        for (uint32_t column = cells.column0; column <= cells.column1; column++) {
            uint32_t cell = row * grid->columns + column;
            for (uint32_t k = grid->first[cell]; k < grid->first[cell + 1]; k++)
                see_edge(near, grid->item[k]);
        }
    }
}

/* The row of kind street with that name whose own point is nearest; TQ_NONE if none is near. */
static uint32_t row_of_street(const near_search *near, uint32_t name)
{
    const tq_city *city = near->city;
    const tq_search *search = &city->search;
    char text[SEARCH_KEY_MAX];
    uint32_t best = TQ_NONE, least = SAME_STREET_MOST_M * 10;
    if (search_normalise(tq_str_of(tq_text(city, name)), text, sizeof text) == 0) return TQ_NONE;
    uint32_t key = search_first_key(search, text);
    for (uint32_t seen = 0; key < search->key_count && seen < SEARCH_SCAN_MAX; key++, seen++) {
        if (strcmp(search_key(search, key), text) != 0) break;
        uint32_t place = search->key_place[key];
        if (place == TQ_NONE || city->places.row[place].kind != TQ_PLACE_STREET) continue;
        uint32_t distance = tq_distance_dm(city->places.row[place].at, near->point);
        if (distance >= least) continue;
        least = distance;
        best = place;
    }
    return best;
}

static void fill_street(const near_search *near, const near_hit *one, tq_place *out)
{
    uint32_t place = row_of_street(near, one->street);
    if (place != TQ_NONE) {
        search_fill(near->city, place, out);
    } else {
        const char *name = tq_text(near->city, one->street);
        *out = (tq_place){.place = TQ_NONE,
                          .kind = TQ_PLACE_STREET,
                          .name = name,
                          .name_en = "",
                          .matched = name,
                          .area = "",
                          .city = "",
                          .category = "",
                          .note = "",
                          .stop_id = "",
                          .source = ""};
    }
    out->lat_e7 = one->at.lat_e7;
    out->lon_e7 = one->at.lon_e7;
}

tq_status tq_places_near(const tq_city *city, int32_t lat_e7, int32_t lon_e7, uint32_t radius_m,
                         uint32_t limit, tq_place *out, uint32_t *count, tq_err *err)
{
    near_search near = {.city = city, .point = {lat_e7, lon_e7}, .limit = limit};
    if (!tq_point_valid(near.point))
        return tq_fail(err, TQ_BAD_INPUT, 0,
                       "the point is not on earth: latitude +-90, longitude +-180");
    if (limit < 1 || limit > TQ_PLACES_MAX)
        return tq_fail(err, TQ_BAD_INPUT, 0, "limit is %u; 1 to %d are allowed", limit,
                       TQ_PLACES_MAX);
    if (radius_m > NEAR_RADIUS_MAX_M)
        return tq_fail(err, TQ_LIMIT, 0, "radius is %u m; at most %u m are allowed", radius_m,
                       NEAR_RADIUS_MAX_M);
    for (uint32_t reach_m = TQ_MIN(NEAR_FIRST_M, radius_m);;) {
        tq_box box = TQ_BOX_EMPTY;
        tq_box_add(&box, near.point);
        box = tq_box_grow(box, reach_m + 1);
        near.count = 0;
        near.radius_dm = reach_m * 10;
        see_places(&near, &box);
        see_streets(&near, &box);
        if (near.count == limit || reach_m == radius_m) break;
        reach_m = TQ_MIN(reach_m * NEAR_GROWTH, radius_m);
    }
    for (uint32_t k = 0; k < near.count; k++) {
        const near_hit *one = &near.hits[k];
        if (one->street != 0)
            fill_street(&near, one, &out[k]);
        else
            search_fill(city, one->place, &out[k]);
        out[k].match = TQ_MATCH_NAME;
        out[k].distance_m = (one->distance_dm + 5) / 10;
        out[k].score = -(int32_t)TQ_MIN(one->distance_dm, (uint32_t)INT32_MAX);
    }
    *count = near.count;
    return TQ_OK;
}
