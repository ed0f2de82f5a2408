/*
 * A town of streets made by hand, for tests of stretches and closures: nodes, named edges, a grid
 * over them; no timetable, no hierarchies.
 *
 *   live_town *t = town_begin(&town);
 *   uint32_t name = town_name(t, "并州北路", "Bingzhou North Road");
 *   uint32_t node = town_node(t, lat_e7, lon_e7);
 *   town_edge(t, from, to, name, TOWN_BOTH or TOWN_ONEWAY, lanes);
 *   town_end(t);
 */
#ifndef TQ_TEST_LIVE_TOWN_H
#define TQ_TEST_LIVE_TOWN_H

#include <stdio.h>
#include <stdlib.h>

#include "live/live_in.h"

#define TOWN_NODES   4096u
#define TOWN_EDGES   8192u
#define TOWN_NAMES   64u
#define TOWN_LAT_E7  378500000
#define TOWN_LON_E7  1125600000
#define TOWN_STEP_E7 20000 /* 222 m north, 176 m east */

typedef enum town_way { TOWN_BOTH, TOWN_ONEWAY, TOWN_FOOT } town_way;

typedef struct live_town {
    tq_city city;
    tq_meta meta;
    tq_date_row date[1];
    int64_t zone_from_s[1];
    int32_t zone_offset_s[1];
    tq_stop stop[1];
    tq_point node_at[TOWN_NODES];
    uint32_t first_out[TOWN_NODES + 1], out_arc[2 * TOWN_EDGES];
    uint32_t edge_from[TOWN_EDGES], edge_to[TOWN_EDGES], edge_length_dm[TOWN_EDGES];
    uint32_t edge_first_point[TOWN_EDGES + 1], edge_attr[TOWN_EDGES], edge_name[TOWN_EDGES],
        edge_date[TOWN_EDGES];
    int64_t edge_way[TOWN_EDGES];
    tq_street_attr attr[64];
    tq_street_name name[TOWN_NAMES];
    tq_grid_data grid;
    char text[8192];
} live_town;

static inline uint32_t town_text(live_town *t, const char *text)
{
    uint32_t at = t->city.text_len;
    if (text[0] == '\0') return 0;
    TQ_ASSERT(at + strlen(text) + 1 < sizeof t->text);
    memcpy(t->text + at, text, strlen(text) + 1);
    t->city.text_len += (uint32_t)strlen(text) + 1;
    return at;
}

static inline live_town *town_begin(live_town *t)
{
    tq_grid_free(&t->grid);
    memset(t, 0, sizeof *t);
    t->date[0] = (tq_date_row){.from_ms = INT64_MIN, .to_ms = INT64_MAX, .life = TQ_OPEN};
    t->city.dates.count = 1;
    t->zone_from_s[0] = INT64_MIN;
    t->zone_offset_s[0] = 8 * 3600;
    t->city.zone.count = 1;
    t->city.text_len = 1;
    t->city.streets.name_count = 1;
    return t;
}

static inline uint32_t town_name(live_town *t, const char *name, const char *name_en)
{
    uint32_t row = t->city.streets.name_count++;
    TQ_ASSERT(row < TOWN_NAMES);
    t->name[row].name = town_text(t, name);
    t->name[row].name_en = town_text(t, name_en);
    return row;
}

static inline uint32_t town_node(live_town *t, int32_t lat_e7, int32_t lon_e7)
{
    uint32_t node = t->city.streets.node_count++;
    TQ_ASSERT(node < TOWN_NODES);
    t->node_at[node] = (tq_point){lat_e7, lon_e7};
    return node;
}

static inline uint32_t town_attr(live_town *t, town_way way, uint8_t lanes)
{
    tq_street_attr attr = {.street_class = way == TOWN_FOOT ? TQ_FOOTWAY : TQ_SECONDARY,
                           .speed_kmh = {50, 50}};
    uint8_t all = way == TOWN_FOOT ? TQ_ACCESS_FOOT : 0x7f;
    attr.access[0] = all;
    attr.access[1] = way == TOWN_ONEWAY ? TQ_ACCESS_FOOT : all;
    attr.lanes[0] = lanes;
    attr.lanes[1] = way == TOWN_BOTH ? lanes : 0;
    for (uint32_t row = 0; row < t->city.streets.attr_count; row++)
        if (memcmp(&t->attr[row], &attr, sizeof attr) == 0) return row;
    TQ_ASSERT(t->city.streets.attr_count < TQ_COUNT(t->attr));
    t->attr[t->city.streets.attr_count] = attr;
    return t->city.streets.attr_count++;
}

static inline uint32_t town_edge(live_town *t, uint32_t from, uint32_t to, uint32_t name,
                                 town_way way, uint8_t lanes)
{
    uint32_t edge = t->city.streets.edge_count++;
    TQ_ASSERT(edge < TOWN_EDGES);
    t->edge_from[edge] = from;
    t->edge_to[edge] = to;
    t->edge_length_dm[edge] = tq_distance_dm(t->node_at[from], t->node_at[to]);
    t->edge_name[edge] = name;
    t->edge_attr[edge] = town_attr(t, way, lanes);
    return edge;
}

static inline void town_end(live_town *t)
{
    tq_streets *s = &t->city.streets;
    tq_box *box = calloc(s->edge_count + 1, sizeof *box);
    for (uint32_t node = 0; node < s->node_count; node++) {
        t->first_out[node + 1] = t->first_out[node];
        for (uint32_t arc = 0; arc < 2 * s->edge_count; arc++)
            if ((arc & 1 ? t->edge_to[arc / 2] : t->edge_from[arc / 2]) == node)
                t->out_arc[t->first_out[node + 1]++] = arc;
    }
    for (uint32_t edge = 0; edge < s->edge_count; edge++) {
        box[edge] = TQ_BOX_EMPTY;
        tq_box_add(&box[edge], t->node_at[t->edge_from[edge]]);
        tq_box_add(&box[edge], t->node_at[t->edge_to[edge]]);
    }
    TQ_ASSERT(tq_grid_build(box, s->edge_count, 100, &t->grid, NULL) == TQ_OK);
    free(box);
    s->grid = t->grid.grid;
    s->node_at = t->node_at;
    s->first_out = t->first_out;
    s->out_arc = t->out_arc;
    s->edge_from = t->edge_from;
    s->edge_to = t->edge_to;
    s->edge_length_dm = t->edge_length_dm;
    s->edge_first_point = t->edge_first_point;
    s->edge_attr = t->edge_attr;
    s->edge_name = t->edge_name;
    s->edge_date = t->edge_date;
    s->edge_way = t->edge_way;
    s->attr = t->attr;
    s->name = t->name;
    t->city.dates.row = t->date;
    t->city.zone.from_s = t->zone_from_s;
    t->city.zone.offset_s = t->zone_offset_s;
    t->city.text = t->text;
    t->city.meta = &t->meta;
    t->city.meta_count = 1;
}

/*
 * Streets «R0» .. from west to east and «C0» .. from south to north, `size` of each, that all
 * cross. Node (row, column) is row * size + column; row street's pieces come first.
 */
static inline uint32_t town_node_of(uint32_t size, uint32_t row, uint32_t column)
{
    return row * size + column;
}

static inline live_town *town_grid(live_town *t, uint32_t size, town_way way, uint8_t lanes)
{
    char text[16];
    uint32_t first;
    town_begin(t);
    for (uint32_t row = 0; row < size; row++)
        for (uint32_t column = 0; column < size; column++)
            town_node(t, TOWN_LAT_E7 + (int32_t)row * TOWN_STEP_E7,
                      TOWN_LON_E7 + (int32_t)column * TOWN_STEP_E7);
    for (uint32_t k = 0; k < 2 * size; k++) {
        (void)snprintf(text, sizeof text, "%c%u", k < size ? 'R' : 'C', k % size);
        first = town_name(t, text, "");
        for (uint32_t at = 0; at + 1 < size; at++)
            town_edge(t, k < size ? town_node_of(size, k, at) : town_node_of(size, at, k - size),
                      k < size ? town_node_of(size, k, at + 1)
                               : town_node_of(size, at + 1, k - size),
                      first, way, lanes);
    }
    town_end(t);
    return t;
}

#endif
