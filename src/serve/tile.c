/*
 * One vector tile from the city file: layers streets, rails, stops, places.
 *
 * Items come from the grids, each once; lines are drawn by tile_lines.c. What is shown depends on
 * the zoom alone; a tile over TILE_BODY_MAX is drawn again without its smallest streets.
 *
 * Same city, same tile, same bytes. All scratch is in `work`.
 */
#include "serve/tile_in.h"

#define ZOOM_NEVER 99u

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

const char *street_class_name(unsigned street_class)
{
    return street_class < TQ_STREET_CLASS_COUNT ? STREETS[street_class].name : "unknown";
}

/* The English name, where it is known and is another one. */
static void english_tag(tile_drawing *at, uint32_t name, uint32_t name_en)
{
    const char *text = tq_text(at->city, name_en);
    if (text[0] != '\0' && strcmp(text, tq_text(at->city, name)) != 0)
        tq_mvt_tag_text(at->mvt, "name_en", tq_str_of(text));
}

static void street_tags(tile_drawing *at, uint32_t edge)
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

static void draw_street(tile_drawing *at, uint32_t edge)
{
    const tq_streets *streets = &at->city->streets;
    if (STREETS[tq_edge_attr(streets, edge)->street_class].zoom > at->street_zoom) return;
    if (at->city->dates.row[streets->edge_date[edge]].life != TQ_OPEN) return;
    tile_line_point(at, streets->node_at[streets->edge_from[edge]], edge, street_tags);
    for (uint32_t point = streets->edge_first_point[edge];
         point < streets->edge_first_point[edge + 1]; point++)
        tile_line_point(at, streets->point[point], edge, street_tags);
    tile_line_point(at, streets->node_at[streets->edge_to[edge]], edge, street_tags);
    tile_end_line(at, edge, street_tags);
}

/* ---- rails
 * ----------------------------------------------------------------------------------------------------
 */

static uint32_t rail_zoom(unsigned mode)
{
    if (mode == TQ_MODE_BUS || mode == TQ_MODE_OTHER) return 12;
    return mode == TQ_MODE_TRAM ? 9 : 0;
}

static void rail_tags(tile_drawing *at, uint32_t rail)
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

static void draw_rail(tile_drawing *at, uint32_t rail)
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
                tile_line_point(at, table->shape_point[point], rail, rail_tags);
        } else {
            tile_line_point(at, table->stop[table->pattern_stop[first + place]].at, rail,
                            rail_tags);
            tile_line_point(at, table->stop[table->pattern_stop[first + place + 1]].at, rail,
                            rail_tags);
        }
    }
    tile_end_line(at, rail, rail_tags);
}

/* ---- stops and places
 * --------------------------------------------------------------------------------------------- */

static void stop_tags(tile_drawing *at, uint32_t stop)
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

static uint32_t stop_zoom(const tile_drawing *at, uint32_t stop)
{
    const tq_stop *row = &at->city->timetable.stop[stop];
    if (row->kind > TQ_STOP_KIND_ENTRANCE) return ZOOM_NEVER;
    if (row->kind == TQ_STOP_KIND_ENTRANCE || row->parent != TQ_NONE) return 16;
    uint8_t mode = at->plan->mode_of_stop[stop];
    return mode == TQ_MODE_METRO || mode == TQ_MODE_RAIL ? 9 : mode == TQ_MODE_TRAM ? 11 : 13;
}

static void draw_stop(tile_drawing *at, uint32_t stop)
{
    if (stop_zoom(at, stop) <= at->tile.z)
        tile_point(at, at->city->timetable.stop[stop].at, stop, stop_tags);
}

static void place_tags(tile_drawing *at, uint32_t place)
{
    const tq_place_row *row = &at->city->places.row[place];
    tq_mvt_tag_text(at->mvt, "name", tq_str_of(tq_text(at->city, row->name)));
    english_tag(at, row->name, row->name_en);
    tq_mvt_tag_text(at->mvt, "kind", tq_str_of(tq_place_kind_name((tq_place_kind)row->kind)));
    const char *category = tq_text(at->city, row->category);
    if (category[0] != '\0') tq_mvt_tag_text(at->mvt, "category", tq_str_of(category));
}

static void draw_place(tile_drawing *at, uint32_t place)
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
        tile_point(at, row->at, place, place_tags);
}

/* ---- the tile
 * --------------------------------------------------------------------------------------------------------
 */

static tq_status draw_layers(tile_drawing *at, tq_buf *out, tq_err *err)
{
    const tq_city *city = at->city;
    out->len = 0;
    tq_mvt_begin(at->mvt, out);
    tq_mvt_layer(at->mvt, "streets");
    bool good = tile_items(at, &city->streets.grid, city->streets.edge_count, draw_street);
    tq_mvt_layer(at->mvt, "rails");
    good = good && tile_items(at, &at->plan->rail_grid.grid, at->plan->rail_count, draw_rail);
    tq_mvt_layer(at->mvt, "stops");
    good =
        good && (city->timetable.stop_count == 0 ||
                 tile_items(at, &at->plan->stop_grid.grid, city->timetable.stop_count, draw_stop));
    tq_mvt_layer(at->mvt, "places");
    good = good && tile_items(at, &city->places.grid, city->places.count, draw_place);
    tq_status status = tq_mvt_end(at->mvt, err);
    return good ? status : tq_fail(err, TQ_NO_MEMORY, 0, "not enough scratch to draw a tile");
}

size_t tile_work_bytes(const tq_city *city)
{
    size_t most = TQ_MAX(city->streets.edge_count,
                         TQ_MAX(city->timetable.pattern_stop_count, city->places.count));
    most = TQ_MAX(most, city->timetable.stop_count);
    return most / 8 + TILE_CHAIN_POINTS * 32 + 4096;
}

tq_status tile_draw(const tq_city *city, const tile_plan *plan, tq_tile tile, tq_mvt *mvt,
                    tq_arena *work, tq_buf *out, tq_err *err)
{
    tile_drawing at = {.city = city, .plan = plan, .tile = tile, .mvt = mvt, .work = work};
    TQ_TRY(tile_begin(&at, err));
    for (at.street_zoom = tile.z;; at.street_zoom--) {
        TQ_TRY(draw_layers(&at, out, err));
        if (out->len <= TILE_BODY_MAX || at.street_zoom <= 5) return TQ_OK;
    }
}
