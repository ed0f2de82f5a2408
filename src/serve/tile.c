/*
 * One vector tile from the city file: layers streets, rails, stops, places.
 *
 * Items come from the grids, each once. Lines are projected to tile units, clipped piece by piece
 * (Liang and Barsky 1984) to the tile and a small margin, and thinned (Ramer 1972, Douglas and
 * Peucker 1973) with a stack of its own. What is shown depends on the zoom alone; a tile over
 * TILE_BODY_MAX is drawn again without its smallest streets.
 *
 * Same city, same tile, same bytes. All scratch is in `work`.
 */
#include "serve/serve_in.h"

#define MARGIN       64    /* tile units drawn beyond the edge, so that lines join across tiles */
#define CHAIN_POINTS 2048u /* longer chains go out as several features */
#define ZOOM_NEVER   99u

typedef struct drawing {
    const tq_city *city;
    const tile_plan *plan;
    tq_tile tile;
    tq_box box;           /* the tile with its margin */
    uint32_t street_zoom; /* streets that are shown from this zoom on are drawn */
    tq_mvt *mvt;
    tq_arena *work;
    int32_t *xy;     /* [2 * CHAIN_POINTS] the chain */
    uint8_t *keep;   /* [CHAIN_POINTS] */
    uint32_t *stack; /* [4 * CHAIN_POINTS] */
    uint32_t count;
    int32_t last_x, last_y; /* the line's last point, clipped or not */
    bool has_last;
} drawing;

/* Writes the tags of the feature that is being drawn. */
typedef void (*tagger)(drawing *at, uint32_t item);

/* ---- lines
 * -----------------------------------------------------------------------------------------------
 */

/* Twice the area of the triangle, the measure of how far a point is off the chord a-b. */
static int64_t off_chord(const int32_t *a, const int32_t *b, const int32_t *p)
{
    return ((int64_t)b[0] - a[0]) * ((int64_t)p[1] - a[1]) -
           ((int64_t)b[1] - a[1]) * ((int64_t)p[0] - a[0]);
}

/* Is the point farther than `units` off the chord? Exact in integers. */
static bool is_far(const int32_t *a, const int32_t *b, int64_t area, int64_t units)
{
    int64_t dx = (int64_t)b[0] - a[0], dy = (int64_t)b[1] - a[1];
    int64_t length2 = dx * dx + dy * dy;
    return area * area > units * units * length2;
}

static int64_t distance2(const int32_t *a, const int32_t *b)
{
    int64_t dx = (int64_t)b[0] - a[0], dy = (int64_t)b[1] - a[1];
    return dx * dx + dy * dy;
}

static void thin_chain(drawing *at, int64_t units)
{
    memset(at->keep, 0, at->count);
    at->keep[0] = at->keep[at->count - 1] = 1;
    uint32_t top = 0;
    at->stack[top++] = 0;
    at->stack[top++] = at->count - 1;
    while (top > 0) {
        uint32_t last = at->stack[--top], first = at->stack[--top], best = 0;
        const int32_t *a = at->xy + 2 * first, *b = at->xy + 2 * last;
        bool closed = a[0] == b[0] && a[1] == b[1];
        int64_t far = -1;
        for (uint32_t k = first + 1; k < last; k++) {
            const int32_t *p = at->xy + 2 * k;
            int64_t off = closed ? distance2(a, p) : off_chord(a, b, p);
            if (off < 0) off = -off;
            if (off <= far) continue;
            far = off;
            best = k;
        }
        if (best == 0 || !(closed ? far > units * units : is_far(a, b, far, units))) continue;
        at->keep[best] = 1;
        at->stack[top++] = first;
        at->stack[top++] = best;
        at->stack[top++] = best;
        at->stack[top++] = last;
    }
    uint32_t kept = 0;
    for (uint32_t k = 0; k < at->count; k++) {
        if (!at->keep[k]) continue;
        at->xy[2 * kept] = at->xy[2 * k];
        at->xy[2 * kept + 1] = at->xy[2 * k + 1];
        kept++;
    }
    at->count = kept;
}

static void end_chain(drawing *at, uint32_t item, tagger put_tags)
{
    if (at->count >= 2) {
        thin_chain(at, at->tile.z < 14 ? 6 : 2);
        tq_mvt_feature(at->mvt, 0, TQ_MVT_LINE, at->xy, at->count);
        put_tags(at, item);
    }
    at->count = 0;
}

static void chain_point(drawing *at, int32_t x, int32_t y, uint32_t item, tagger put_tags)
{
    if (at->count != 0 && at->xy[2 * at->count - 2] == x && at->xy[2 * at->count - 1] == y) return;
    if (at->count == CHAIN_POINTS) {
        end_chain(at, item, put_tags);
        at->xy[0] = at->last_x;
        at->xy[1] = at->last_y;
        at->count = 1;
    }
    at->xy[2 * at->count] = x;
    at->xy[2 * at->count + 1] = y;
    at->count++;
}

/* One side of the clip: narrow [*enter, *leave] (in 1/den) to the inner side. */
static bool clip_side(double delta, double room, double *enter, double *leave)
{
    if (delta == 0) return room >= 0;
    double t = room / delta;
    if (delta < 0) {
        if (t > *leave) return false;
        if (t > *enter) *enter = t;
    } else {
        if (t < *enter) return false;
        if (t < *leave) *leave = t;
    }
    return true;
}

static int32_t step_along(int32_t from, int32_t delta, double t)
{
    double value = from + (double)delta * t;
    return (int32_t)(value < 0 ? value - 0.5 : value + 0.5);
}

static void line_point(drawing *at, tq_point point, uint32_t item, tagger put_tags)
{
    int32_t x, y;
    tq_tile_place(at->tile, point, TQ_MVT_EXTENT, &x, &y);
    /* Far beyond the tile the exact place does not matter; kept small so that differences fit. */
    x = TQ_MAX(-(1 << 28), TQ_MIN(x, 1 << 28));
    y = TQ_MAX(-(1 << 28), TQ_MIN(y, 1 << 28));
    if (!at->has_last) {
        at->has_last = true;
        at->last_x = x;
        at->last_y = y;
        at->count = 0;
        return;
    }
    int32_t x0 = at->last_x, y0 = at->last_y, dx = x - x0, dy = y - y0;
    int32_t most = TQ_MVT_EXTENT + MARGIN;
    double enter = 0, leave = 1;
    bool seen =
        clip_side(-dx, x0 + MARGIN, &enter, &leave) && clip_side(dx, most - x0, &enter, &leave) &&
        clip_side(-dy, y0 + MARGIN, &enter, &leave) && clip_side(dy, most - y0, &enter, &leave);
    if (seen) {
        if (enter > 0) end_chain(at, item, put_tags);
        chain_point(at, step_along(x0, dx, enter), step_along(y0, dy, enter), item, put_tags);
        chain_point(at, step_along(x0, dx, leave), step_along(y0, dy, leave), item, put_tags);
    }
    at->last_x = x;
    at->last_y = y;
    if (!seen || leave < 1) end_chain(at, item, put_tags);
}

static void end_line(drawing *at, uint32_t item, tagger put_tags)
{
    end_chain(at, item, put_tags);
    at->has_last = false;
}

static void point_feature(drawing *at, tq_point point, uint32_t item, tagger put_tags)
{
    int32_t xy[2];
    tq_tile_place(at->tile, point, TQ_MVT_EXTENT, &xy[0], &xy[1]);
    int32_t most = TQ_MVT_EXTENT + MARGIN;
    if (xy[0] < -MARGIN || xy[1] < -MARGIN || xy[0] > most || xy[1] > most) return;
    tq_mvt_feature(at->mvt, 0, TQ_MVT_POINT, xy, 1);
    put_tags(at, item);
}

/* ---- streets
 * ------------------------------------------------------------------------------------------------
 */

static const struct {
    const char *name;
    uint32_t zoom; /* shown from here on */
} STREETS[TQ_STREET_CLASS_COUNT] = {
    [TQ_MOTORWAY] = {"motorway", 5},
    [TQ_MOTORWAY_LINK] = {"motorway_link", 10},
    [TQ_TRUNK] = {"trunk", 6},
    [TQ_TRUNK_LINK] = {"trunk_link", 11},
    [TQ_PRIMARY] = {"primary", 8},
    [TQ_PRIMARY_LINK] = {"primary_link", 12},
    [TQ_SECONDARY] = {"secondary", 10},
    [TQ_SECONDARY_LINK] = {"secondary_link", 13},
    [TQ_TERTIARY] = {"tertiary", 11},
    [TQ_TERTIARY_LINK] = {"tertiary_link", 13},
    [TQ_UNCLASSIFIED] = {"unclassified", 12},
    [TQ_RESIDENTIAL] = {"residential", 13},
    [TQ_LIVING_STREET] = {"living_street", 13},
    [TQ_SERVICE] = {"service", 14},
    [TQ_TRACK] = {"track", 14},
    [TQ_PEDESTRIAN] = {"pedestrian", 13},
    [TQ_FOOTWAY] = {"footway", 15},
    [TQ_CYCLEWAY] = {"cycleway", 15},
    [TQ_PATH] = {"path", 15},
    [TQ_STEPS] = {"steps", 15},
    [TQ_CORRIDOR] = {"corridor", 16},
    [TQ_BRIDLEWAY] = {"bridleway", 15},
    [TQ_FERRY] = {"ferry", 10},
    [TQ_PLATFORM] = {"platform", 16},
    [TQ_BARRIER] = {"barrier", ZOOM_NEVER},
};

/* The English name, where it is known and is another one. */
static void english_tag(drawing *at, uint32_t name, uint32_t name_en)
{
    const char *text = tq_text(at->city, name_en);
    if (text[0] != '\0' && strcmp(text, tq_text(at->city, name)) != 0)
        tq_mvt_tag_text(at->mvt, "name_en", tq_str_of(text));
}

static void street_tags(drawing *at, uint32_t edge)
{
    const tq_streets *streets = &at->city->streets;
    const tq_street_attr *attr = tq_edge_attr(streets, edge);
    const tq_street_name *names = &streets->name[streets->edge_name[edge]];
    const char *name = tq_text(at->city, names->name);
    tq_mvt_tag_text(at->mvt, "class", tq_str_of(STREETS[attr->street_class].name));
    if (name[0] != '\0') tq_mvt_tag_text(at->mvt, "name", tq_str_of(name));
    english_tag(at, names->name, names->name_en);
    bool along = attr->access[0] & TQ_ACCESS_MOTOR, against = attr->access[1] & TQ_ACCESS_MOTOR;
    if (along != against) tq_mvt_tag_int(at->mvt, "oneway", along ? 1 : -1);
    if (attr->flags & TQ_STREET_BRIDGE) tq_mvt_tag_int(at->mvt, "bridge", 1);
    if (attr->flags & TQ_STREET_TUNNEL) tq_mvt_tag_int(at->mvt, "tunnel", 1);
    if (attr->flags & TQ_STREET_APPROXIMATE) tq_mvt_tag_int(at->mvt, "approximate", 1);
}

static void draw_street(drawing *at, uint32_t edge)
{
    const tq_streets *streets = &at->city->streets;
    if (STREETS[tq_edge_attr(streets, edge)->street_class].zoom > at->street_zoom) return;
    if (at->city->dates.row[streets->edge_date[edge]].life != TQ_OPEN) return;
    line_point(at, streets->node_at[streets->edge_from[edge]], edge, street_tags);
    for (uint32_t point = streets->edge_first_point[edge];
         point < streets->edge_first_point[edge + 1]; point++)
        line_point(at, streets->point[point], edge, street_tags);
    line_point(at, streets->node_at[streets->edge_to[edge]], edge, street_tags);
    end_line(at, edge, street_tags);
}

/* ---- rails
 * ----------------------------------------------------------------------------------------------------
 */

static uint32_t rail_zoom(unsigned mode)
{
    if (mode == TQ_MODE_BUS || mode == TQ_MODE_OTHER) return 12;
    return mode == TQ_MODE_TRAM ? 9 : 0;
}

static void rail_tags(drawing *at, uint32_t rail)
{
    static const char hex[] = "0123456789ABCDEF";
    const tq_timetable *table = &at->city->timetable;
    const tq_route *route = &table->route[table->pattern_route[at->plan->rail[rail].pattern]];
    const char *name = tq_text(at->city, route->short_name);
    if (name[0] == '\0') name = tq_text(at->city, route->long_name);
    tq_mvt_tag_text(at->mvt, "route", tq_str_of(name));
    tq_mvt_tag_text(at->mvt, "mode", tq_str_of(transit_mode_name(route->mode)));
    if (route->color == TQ_NONE) return;
    char color[6];
    for (unsigned digit = 0; digit < 6; digit++)
        color[digit] = hex[route->color >> (20 - 4 * digit) & 15];
    tq_mvt_tag_text(at->mvt, "color", (tq_str){color, sizeof color});
}

static void draw_rail(drawing *at, uint32_t rail)
{
    const tq_timetable *table = &at->city->timetable;
    const rail_piece *piece = &at->plan->rail[rail];
    if (rail_zoom(table->route[table->pattern_route[piece->pattern]].mode) > at->tile.z) return;
    uint32_t first = table->pattern_first[piece->pattern];
    for (uint32_t place = piece->first_place; place < piece->last_place; place++) {
        uint32_t from = table->pattern_shape_at[first + place],
                 to = table->pattern_shape_at[first + place + 1];
        if (from != TQ_NONE && to != TQ_NONE && from <= to) {
            for (uint32_t point = from; point <= to; point++)
                line_point(at, table->shape_point[point], rail, rail_tags);
        } else {
            line_point(at, table->stop[table->pattern_stop[first + place]].at, rail, rail_tags);
            line_point(at, table->stop[table->pattern_stop[first + place + 1]].at, rail, rail_tags);
        }
    }
    end_line(at, rail, rail_tags);
}

/* ---- stops and places
 * --------------------------------------------------------------------------------------------- */

static void stop_tags(drawing *at, uint32_t stop)
{
    static const char *const kinds[] = {"stop", "station", "entrance"};
    const tq_stop *row = &at->city->timetable.stop[stop];
    tq_mvt_tag_text(at->mvt, "name", tq_str_of(tq_text(at->city, row->name)));
    english_tag(at, row->name, row->name_en);
    tq_mvt_tag_text(at->mvt, "id", tq_str_of(tq_text(at->city, row->id)));
    tq_mvt_tag_text(at->mvt, "kind", tq_str_of(kinds[row->kind]));
    if (at->plan->mode_of_stop[stop] != UINT8_MAX)
        tq_mvt_tag_text(at->mvt, "mode",
                        tq_str_of(transit_mode_name(at->plan->mode_of_stop[stop])));
    if (row->approximate) tq_mvt_tag_int(at->mvt, "approximate", 1);
}

static uint32_t stop_zoom(const drawing *at, uint32_t stop)
{
    const tq_stop *row = &at->city->timetable.stop[stop];
    if (row->kind > TQ_STOP_KIND_ENTRANCE) return ZOOM_NEVER;
    if (row->kind == TQ_STOP_KIND_ENTRANCE || row->parent != TQ_NONE) return 16;
    uint8_t mode = at->plan->mode_of_stop[stop];
    return mode == TQ_MODE_METRO || mode == TQ_MODE_RAIL ? 9 : mode == TQ_MODE_TRAM ? 11 : 13;
}

static void draw_stop(drawing *at, uint32_t stop)
{
    if (stop_zoom(at, stop) <= at->tile.z)
        point_feature(at, at->city->timetable.stop[stop].at, stop, stop_tags);
}

static void place_tags(drawing *at, uint32_t place)
{
    const tq_place_row *row = &at->city->places.row[place];
    tq_mvt_tag_text(at->mvt, "name", tq_str_of(tq_text(at->city, row->name)));
    english_tag(at, row->name, row->name_en);
    tq_mvt_tag_text(at->mvt, "kind", tq_str_of(tq_place_kind_name((tq_place_kind)row->kind)));
    const char *category = tq_text(at->city, row->category);
    if (category[0] != '\0') tq_mvt_tag_text(at->mvt, "category", tq_str_of(category));
}

static void draw_place(drawing *at, uint32_t place)
{
    static const uint32_t zoom[] = {
        [TQ_PLACE_STATION] = ZOOM_NEVER,
        [TQ_PLACE_STOP] = ZOOM_NEVER,
        [TQ_PLACE_STREET] = ZOOM_NEVER,
        [TQ_PLACE_POI] = 13,
        [TQ_PLACE_GATE] = 16,
        [TQ_PLACE_LOCALITY] = 8,
        [TQ_PLACE_ADDRESS] = ZOOM_NEVER,
        [TQ_PLACE_WORK] = 12,
    };
    const tq_place_row *row = &at->city->places.row[place];
    if (zoom[row->kind] <= at->tile.z && at->city->dates.row[row->date].life == TQ_OPEN)
        point_feature(at, row->at, place, place_tags);
}

/* ---- the tile
 * --------------------------------------------------------------------------------------------------------
 */

/* Draw every item whose cell the tile touches, each once, in ascending order of first sight. */
static bool draw_items(drawing *at, const tq_grid *grid, uint32_t item_count,
                       void (*draw)(drawing *, uint32_t))
{
    tq_cells cells;
    if (item_count == 0 || !tq_grid_cells(grid, &at->box, &cells)) return true;
    size_t mark = at->work->used;
    uint8_t *seen = TQ_PUSH(at->work, uint8_t, (item_count + 7) / 8);
    if (seen == NULL) return false;
    for (uint32_t row = cells.row0; row <= cells.row1; row++)
        for (uint32_t column = cells.column0; column <= cells.column1; column++) {
            uint32_t cell = row * grid->columns + column;
            for (uint32_t k = grid->first[cell]; k < grid->first[cell + 1]; k++) {
                uint32_t item = grid->item[k];
                if (seen[item / 8] >> (item % 8) & 1) continue;
                seen[item / 8] |= (uint8_t)(1u << (item % 8));
                draw(at, item);
            }
        }
    tq_arena_reset(at->work, mark);
    return true;
}

static tq_status draw_layers(drawing *at, tq_buf *out, tq_err *err)
{
    const tq_city *city = at->city;
    out->len = 0;
    tq_mvt_begin(at->mvt, out);
    tq_mvt_layer(at->mvt, "streets");
    bool good = draw_items(at, &city->streets.grid, city->streets.edge_count, draw_street);
    tq_mvt_layer(at->mvt, "rails");
    good = good && draw_items(at, &at->plan->rail_grid.grid, at->plan->rail_count, draw_rail);
    tq_mvt_layer(at->mvt, "stops");
    good =
        good && (city->timetable.stop_count == 0 ||
                 draw_items(at, &at->plan->stop_grid.grid, city->timetable.stop_count, draw_stop));
    tq_mvt_layer(at->mvt, "places");
    good = good && draw_items(at, &city->places.grid, city->places.count, draw_place);
    tq_status status = tq_mvt_end(at->mvt, err);
    return good ? status : tq_fail(err, TQ_NO_MEMORY, 0, "not enough scratch to draw a tile");
}

size_t tile_work_bytes(const tq_city *city)
{
    size_t most = TQ_MAX(city->streets.edge_count,
                         TQ_MAX(city->timetable.pattern_stop_count, city->places.count));
    most = TQ_MAX(most, city->timetable.stop_count);
    return most / 8 + CHAIN_POINTS * 32 + 4096;
}

tq_status tile_draw(const tq_city *city, const tile_plan *plan, tq_tile tile, tq_mvt *mvt,
                    tq_arena *work, tq_buf *out, tq_err *err)
{
    drawing at = {.city = city, .plan = plan, .tile = tile, .mvt = mvt, .work = work};
    tq_box inner = tq_tile_box(tile);
    int32_t high =
        (int32_t)(((int64_t)inner.north_e7 - inner.south_e7) * MARGIN / TQ_MVT_EXTENT) + 1;
    int32_t wide = (int32_t)(((int64_t)inner.east_e7 - inner.west_e7) * MARGIN / TQ_MVT_EXTENT) + 1;
    at.box = (tq_box){inner.south_e7 - high, inner.west_e7 - wide, inner.north_e7 + high,
                      inner.east_e7 + wide};
    at.xy = TQ_PUSH_RAW(work, int32_t, 2 * CHAIN_POINTS);
    at.keep = TQ_PUSH_RAW(work, uint8_t, CHAIN_POINTS);
    at.stack = TQ_PUSH_RAW(work, uint32_t, 4 * CHAIN_POINTS);
    if (at.xy == NULL || at.keep == NULL || at.stack == NULL)
        return tq_fail(err, TQ_NO_MEMORY, 0, "not enough scratch to draw a tile");
    for (at.street_zoom = tile.z;; at.street_zoom--) {
        TQ_TRY(draw_layers(&at, out, err));
        if (out->len <= TILE_BODY_MAX || at.street_zoom <= 5) return TQ_OK;
    }
}
