/*
 * /tile/v1/{profile}/tile(x,y,zoom).mvt: what the engine knows of the streets, to look at.
 * Source: OSRM's tile service; layers `speeds` and `turns` with its attributes, and our own: class,
 * closed, oneway lines by direction, restriction.
 *
 * A street is one feature a direction that has a weight, and one with `closed` for a direction that
 * its access allows and the metric does not. Turns are points at their junction, from
 * DEBUG_TURN_ZOOM on.
 */
#include "serve/osrm_in.h"
#include "serve/tile_in.h"

typedef struct debug_drawing {
    tile_drawing tile; /* first: the tagger gets it */
    const road_ask *ask;
    const tq_hierarchy *hierarchy;
    tq_moment moment;
    uint32_t arc;
    const tq_link *link;
    int32_t turn_ds;
    unsigned bearing_in;
} debug_drawing;

static debug_drawing *debug_of(tile_drawing *at)
{
    return (debug_drawing *)(void *)at;
}

/* ---- speeds
 * -------------------------------------------------------------------------------------------------
 */

static bool may_use(const debug_drawing *of, uint32_t arc)
{
    const tq_street_attr *attr = tq_edge_attr(&of->tile.city->streets, arc >> 1);
    return attr->access[arc & 1] & of->ask->vehicle->access;
}

static void speed_tags(tile_drawing *at, uint32_t edge)
{
    debug_drawing *of = debug_of(at);
    const tq_streets *streets = &at->city->streets;
    int32_t ds = tq_metric_arc_ds(of->ask->metric, of->arc);
    uint32_t dm = streets->edge_length_dm[edge];
    bool closed = ds >= TQ_ROAD_INF;
    double kmh = closed || ds == 0 ? 0 : (double)dm / ds * 3.6;
    tq_mvt_tag_int(at->mvt, "speed", (int64_t)(kmh + 0.5));
    tq_mvt_tag_bool(at->mvt, "is_small", of->hierarchy->vertex_of_arc[of->arc] == TQ_NONE);
    tq_mvt_tag_text(at->mvt, "datasource",
                    tq_str_of(at->city->meta->generated ? "generated" : "map"));
    if (!closed) {
        tq_mvt_tag_double(at->mvt, "weight", ds / 10.0);
        tq_mvt_tag_double(at->mvt, "duration", ds / 10.0);
        tq_mvt_tag_double(at->mvt, "rate", kmh / 3.6);
    }
    tq_mvt_tag_text(at->mvt, "name",
                    tq_str_of(tq_text(at->city, streets->name[streets->edge_name[edge]].name)));
    tq_mvt_tag_text(at->mvt, "class",
                    tq_str_of(street_class_name(tq_edge_attr(streets, edge)->street_class)));
    tq_mvt_tag_bool(at->mvt, "closed", closed);
    tq_mvt_tag_int(at->mvt, "edge", edge);
    tq_mvt_tag_text(at->mvt, "direction", tq_str_of(of->arc & 1 ? "backward" : "forward"));
}

static void draw_speed(tile_drawing *at, uint32_t edge)
{
    debug_drawing *of = debug_of(at);
    const tq_streets *streets = &at->city->streets;
    uint32_t first = streets->edge_first_point[edge], end = streets->edge_first_point[edge + 1];
    for (uint32_t side = 0; side < 2; side++) {
        of->arc = 2 * edge + side;
        if (!may_use(of, of->arc) && tq_metric_arc_ds(of->ask->metric, of->arc) >= TQ_ROAD_INF)
            continue;
        tile_line_point(at, streets->node_at[tq_arc_tail(streets, of->arc)], edge, speed_tags);
        for (uint32_t k = first; k < end; k++)
            tile_line_point(at, streets->point[side == 0 ? k : end - 1 - (k - first)], edge,
                            speed_tags);
        tile_line_point(at, streets->node_at[tq_arc_head(streets, of->arc)], edge, speed_tags);
        tile_end_line(at, edge, speed_tags);
    }
}

/* ---- turns
 * --------------------------------------------------------------------------------------------------
 */

static void turn_tags(tile_drawing *at, uint32_t arc)
{
    const debug_drawing *of = debug_of(at);
    bool banned = of->turn_ds >= TQ_ROAD_INF;
    (void)arc;
    tq_mvt_tag_int(at->mvt, "bearing_in", of->bearing_in);
    tq_mvt_tag_int(at->mvt, "turn_angle", of->link->angle_deg);
    if (!banned) {
        tq_mvt_tag_double(at->mvt, "weight", of->turn_ds / 10.0);
        tq_mvt_tag_double(at->mvt, "cost", of->turn_ds / 10.0);
    }
    tq_mvt_tag_bool(at->mvt, "restriction", banned);
    tq_mvt_tag_bool(at->mvt, "u_turn", of->link->flags & TQ_LINK_U_TURN);
    tq_mvt_tag_bool(at->mvt, "signal", of->link->flags & TQ_LINK_SIGNAL);
}

static tq_point before_head(const tq_streets *streets, uint32_t arc)
{
    uint32_t edge = arc >> 1, first = streets->edge_first_point[edge],
             end = streets->edge_first_point[edge + 1];
    if (first == end) return streets->node_at[tq_arc_tail(streets, arc)];
    return streets->point[arc & 1 ? first : end - 1];
}

static void draw_turns(tile_drawing *at, uint32_t edge)
{
    debug_drawing *of = debug_of(at);
    const tq_streets *streets = &at->city->streets;
    for (uint32_t arc = 2 * edge; arc < 2 * edge + 2; arc++) {
        uint32_t vertex = of->hierarchy->vertex_of_arc[arc];
        if (vertex == TQ_NONE || !may_use(of, arc)) continue;
        tq_point head = streets->node_at[tq_arc_head(streets, arc)];
        of->bearing_in = tq_bearing_deg(before_head(streets, arc), head);
        for (uint32_t link = of->hierarchy->first_link[vertex];
             link < of->hierarchy->first_link[vertex + 1]; link++) {
            of->link = &of->hierarchy->link[link];
            of->turn_ds = tq_road_turn_ds(at->city, of->ask->vehicle, &of->moment, of->link);
            if (of->turn_ds >= TQ_ROAD_INF && of->link->bans == 0) continue;
            tile_point(at, head, arc, turn_tags);
        }
    }
}

static tq_status draw(debug_drawing *of, tq_buf *out, tq_err *err)
{
    tile_drawing *at = &of->tile;
    const tq_streets *streets = &at->city->streets;
    TQ_TRY(tile_begin(at, err));
    tq_mvt_begin(at->mvt, out);
    tq_mvt_layer(at->mvt, "speeds");
    bool good = tile_items(at, &streets->grid, streets->edge_count, draw_speed);
    tq_mvt_layer(at->mvt, "turns");
    if (at->tile.z >= DEBUG_TURN_ZOOM)
        good = good && tile_items(at, &streets->grid, streets->edge_count, draw_turns);
    tq_status status = tq_mvt_end(at->mvt, err);
    return good ? status : tq_fail(err, TQ_NO_MEMORY, 0, "not enough scratch to draw a tile");
}

/* tile(x,y,zoom).mvt */
static bool read_name(const char *text, tq_tile *out)
{
    tq_str rest = tq_str_of(text);
    static const char begin[] = "tile(", end[] = ").mvt";
    if (rest.len < 10 || !tq_str_starts(rest, begin) || memcmp(rest.at + rest.len - 5, end, 5) != 0)
        return false;
    rest = (tq_str){rest.at + 5, rest.len - 10};
    tq_str x = cut_piece(&rest, ','), y = cut_piece(&rest, ',');
    return tq_parse_u32(x, &out->x) && tq_parse_u32(y, &out->y) && tq_parse_u32(rest, &out->z);
}

tq_status handle_debug_tile(serve_loop *loop, const serve_request *request, serve_answer *answer,
                            problem *why, tq_err *err)
{
    osrm_question at = {.loop = loop, .request = request, .answer = answer, .err = err};
    const tq_city *city = loop->server->city;
    tq_tile tile;
    (void)why;
    if (!read_name(param_text(request, "tile"), &tile))
        return osrm_wrong(&at, "InvalidQuery",
                          "Query string malformed: a tile is tile(x,y,zoom).mvt");
    if (tile.z < DEBUG_TILE_ZOOM_MIN || !tq_tile_valid(tile))
        return osrm_wrong(&at, "InvalidOptions",
                          "Tile coordinates are out of range; the zoom is 12 to 22");
    tq_status status = road_ask_begin(loop, request, &at.ask, err);
    if (status == TQ_USAGE) return osrm_wrong(&at, "InvalidUrl", err->text);
    if (status == TQ_BAD_INPUT) return osrm_wrong(&at, "InvalidValue", err->text);
    TQ_TRY(status);
    debug_drawing of = {.ask = &at.ask,
                        .hierarchy = &city->hierarchy[at.ask.vehicle->kind],
                        .moment = tq_moment_at(city, at.ask.at_ms)};
    of.tile =
        (tile_drawing){.city = city, .tile = tile, .mvt = loop->tiles.mvt, .work = &loop->work};
    status = draw(&of, &loop->body, err);
    road_ask_end(loop, &at.ask);
    TQ_TRY(status);
    answer->status = 200;
    answer->type = "application/x-protobuf";
    answer->keep = KEEP_SHORT;
    return TQ_OK;
}
