/* A stretch for people and programs. */
#include "live/live_in.h"

static const char *const CLASSES[TQ_STREET_CLASS_COUNT] = {
    "motorway",     "motorway_link", "trunk",          "trunk_link", "primary",
    "primary_link", "secondary",     "secondary_link", "tertiary",   "tertiary_link",
    "unclassified", "residential",   "living_street",  "service",    "track",
    "pedestrian",   "footway",       "cycleway",       "path",       "steps",
    "corridor",     "bridleway",     "ferry",          "platform",   "barrier"};

static void put_line(const tq_streets *streets, const uint32_t *arc, uint32_t count, bool turned,
                     tq_json *json)
{
    live_line line = {0};
    bool good = live_line_of(streets, arc, count, &line);
    tq_json_array(json);
    for (size_t k = 0; good && k < line.count; k++) {
        tq_point at = line.at[turned ? line.count - 1 - k : k];
        tq_json_array(json);
        tq_json_fixed(json, at.lon_e7, 7);
        tq_json_fixed(json, at.lat_e7, 7);
        tq_json_end_array(json);
    }
    tq_json_end_array(json);
    if (!good) json->buf->failed = true;
    tq_vec_free(&line);
}

/* Most lanes that any of the arcs is known to have. */
static uint32_t lanes_of(const tq_streets *streets, const uint32_t *arc, uint32_t count)
{
    uint32_t most = 0;
    for (uint32_t k = 0; k < count; k++)
        most = TQ_MAX(most, tq_edge_attr(streets, arc[k] >> 1)->lanes[arc[k] & 1]);
    return most;
}

static void put_numbers(const tq_stretch *stretch, tq_json *json)
{
    tq_json_key(json, "arcs");
    tq_json_array(json);
    for (uint32_t k = 0; k < stretch->arc_count; k++)
        tq_json_i64(json, stretch->arc[k]);
    tq_json_end_array(json);
    tq_json_key(json, "edges");
    tq_json_array(json);
    for (uint32_t k = 0; k < stretch->arc_count; k++) {
        bool again = false;
        for (uint32_t j = 0; j < k && !again; j++)
            again = stretch->arc[j] >> 1 == stretch->arc[k] >> 1;
        if (!again) tq_json_i64(json, stretch->arc[k] >> 1);
    }
    tq_json_end_array(json);
}

void tq_stretch_json(const tq_city *city, const tq_stretch *stretch, tq_json *json)
{
    const tq_streets *streets = &city->streets;
    uint32_t along = stretch->along_count, against = stretch->arc_count - along;
    const uint32_t *back = stretch->arc + along;
    bool seen[TQ_STREET_CLASS_COUNT] = {false};
    tq_json_object(json);
    tq_json_put_text(json, "street", stretch->street);
    tq_json_put_text_or_null(json, "street_en", stretch->street_en);
    tq_json_put_text_or_null(json, "from", stretch->from);
    tq_json_put_text_or_null(json, "to", stretch->to);
    tq_json_put_text(json, "direction",
                     against == 0 ? "forward"
                     : along == 0 ? "backward"
                                  : "both");
    tq_json_put_i64(json, "length_m", stretch->length_m);
    put_numbers(stretch, json);
    tq_json_key(json, "line"); /* always drawn from `from` to `to` */
    put_line(streets, along > 0 ? stretch->arc : back, along > 0 ? along : against, along == 0,
             json);
    if (against > 0) {
        tq_json_key(json, "line_back");
        put_line(streets, back, against, false, json);
    }
    tq_json_key(json, "classes");
    tq_json_array(json);
    for (uint32_t k = 0; k < stretch->arc_count; k++)
        seen[tq_edge_attr(streets, stretch->arc[k] >> 1)->street_class] = true;
    for (uint32_t k = 0; k < TQ_STREET_CLASS_COUNT; k++)
        if (seen[k]) tq_json_text(json, CLASSES[k]);
    tq_json_end_array(json);
    tq_json_key(json, "lanes");
    tq_json_array(json);
    tq_json_i64(json, lanes_of(streets, stretch->arc, along));
    tq_json_i64(json, lanes_of(streets, back, against));
    tq_json_end_array(json);
    bool oneway = along == 0 || against == 0;
    for (uint32_t k = 0; k < stretch->arc_count && oneway; k++) {
        uint32_t arc = stretch->arc[k];
        oneway = (tq_edge_attr(streets, arc >> 1)->access[~arc & 1] & TQ_ACCESS_MOTOR) == 0;
    }
    tq_json_put_bool(json, "oneway", oneway);
    tq_json_end_object(json);
}
