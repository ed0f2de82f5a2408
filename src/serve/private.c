/*
 * Metrics that only some questions use: a vehicle with limits of its own, streets kept off by name
 * or by a polygon. What is kept off is closed in an overlay on top of the live state.
 *
 * Each loop keeps PRIVATE_METRICS_MAX of them, found again by hashes of vehicle, slice of time,
 * live version and what is kept off; the longest unused one that no answer is using goes first.
 * Making one takes a customization's time, on the loop that was asked.
 */
#include "serve/serve_in.h"

#define PRIVATE_PARTS (TQ_METRIC_PRUNED | TQ_METRIC_WAYS | TQ_METRIC_METRES | TQ_METRIC_MAIN)

/* ---- streets by name
 * ---------------------------------------------------------------------------------------- */

static bool is_called(const tq_city *city, const tq_street_name *name, tq_str wanted)
{
    return tq_str_is(wanted, tq_text(city, name->name)) ||
           tq_str_is(wanted, tq_text(city, name->name_en)) ||
           tq_str_is(wanted, tq_text(city, name->ref));
}

static tq_status mark_streets(const tq_city *city, const char *text, uint8_t *shut, tq_err *err)
{
    const tq_streets *streets = &city->streets;
    tq_str rest = tq_str_of(text);
    if (count_pieces(rest, ',') > AVOID_STREETS_MAX)
        return tq_fail(err, TQ_LIMIT, 0, "avoid_streets takes %u names at most", AVOID_STREETS_MAX);
    while (rest.len > 0) {
        tq_str wanted = tq_str_trim(cut_piece(&rest, ','));
        uint32_t found = 0;
        if (wanted.len == 0) continue;
        for (uint32_t edge = 0; edge < streets->edge_count; edge++) {
            if (!is_called(city, &streets->name[streets->edge_name[edge]], wanted)) continue;
            shut[edge / 8] |= (uint8_t)(1u << (edge % 8));
            found++;
        }
        if (found == 0)
            return tq_fail(err, TQ_BAD_INPUT, 0, "avoid_streets: no street is called '%.*s'",
                           (int)TQ_MIN(wanted.len, 80), wanted.at);
    }
    return TQ_OK;
}

/* ---- streets in a polygon
 * ----------------------------------------------------------------------------------- */

typedef struct polygon {
    uint32_t count;
    tq_point point[AVOID_POINTS_MAX];
    tq_box box;
} polygon;

static tq_status read_polygon(const char *text, polygon *out, tq_err *err)
{
    tq_str rest = tq_str_of(text);
    out->count = 0;
    out->box = TQ_BOX_EMPTY;
    while (rest.len > 0) {
        tq_str lat = cut_piece(&rest, ';'), lon = cut_piece(&lat, ',');
        if (out->count == AVOID_POINTS_MAX)
            return tq_fail(err, TQ_LIMIT, 0, "avoid_polygon takes %u points at most",
                           AVOID_POINTS_MAX);
        tq_point *point = &out->point[out->count++];
        if (!tq_parse_e7(lon, &point->lon_e7) || !tq_parse_e7(lat, &point->lat_e7) ||
            !tq_point_valid(*point))
            return tq_fail(err, TQ_BAD_INPUT, out->count,
                           "avoid_polygon: point %u is not lon,lat in degrees", out->count - 1);
        tq_box_add(&out->box, *point);
    }
    if (out->count < 3)
        return tq_fail(err, TQ_BAD_INPUT, 0, "avoid_polygon needs 3 points at least: lon,lat;…");
    if ((int64_t)out->box.north_e7 - out->box.south_e7 > AVOID_SPAN_E7 ||
        (int64_t)out->box.east_e7 - out->box.west_e7 > AVOID_SPAN_E7)
        return tq_fail(err, TQ_LIMIT, 0, "avoid_polygon may span 10 degrees");
    return TQ_OK;
}

/* On which side of a-b lies p: > 0 left, < 0 right. Spans are small, so products fit. */
static int64_t side_of(tq_point a, tq_point b, tq_point p)
{
    return ((int64_t)b.lon_e7 - a.lon_e7) * ((int64_t)p.lat_e7 - a.lat_e7) -
           ((int64_t)b.lat_e7 - a.lat_e7) * ((int64_t)p.lon_e7 - a.lon_e7);
}

static bool is_inside(const polygon *area, tq_point p)
{
    bool inside = false;
    if (!tq_box_has(&area->box, p)) return false;
    for (uint32_t k = 0, last = area->count - 1; k < area->count; last = k++) {
        tq_point a = area->point[last], b = area->point[k];
        if ((a.lat_e7 > p.lat_e7) == (b.lat_e7 > p.lat_e7)) continue;
        int64_t side = side_of(a, b, p);
        if (b.lat_e7 > a.lat_e7 ? side > 0 : side < 0) inside = !inside;
    }
    return inside;
}

static bool crosses(const polygon *area, tq_point p, tq_point q)
{
    for (uint32_t k = 0, last = area->count - 1; k < area->count; last = k++) {
        tq_point a = area->point[last], b = area->point[k];
        if ((side_of(a, b, p) > 0) != (side_of(a, b, q) > 0) &&
            (side_of(p, q, a) > 0) != (side_of(p, q, b) > 0))
            return true;
    }
    return false;
}

static bool touches(const tq_streets *streets, const polygon *area, uint32_t edge)
{
    tq_point last = streets->node_at[streets->edge_from[edge]];
    uint32_t first = streets->edge_first_point[edge], end = streets->edge_first_point[edge + 1];
    if (is_inside(area, last)) return true;
    for (uint32_t k = first; k <= end; k++) {
        tq_point next = k < end ? streets->point[k] : streets->node_at[streets->edge_to[edge]];
        tq_box box = TQ_BOX_EMPTY;
        tq_box_add(&box, last);
        tq_box_add(&box, next);
        bool near = box.south_e7 <= area->box.north_e7 && box.north_e7 >= area->box.south_e7 &&
                    box.west_e7 <= area->box.east_e7 && box.east_e7 >= area->box.west_e7;
        if (near && (is_inside(area, next) || crosses(area, last, next))) return true;
        last = next;
    }
    return false;
}

static tq_status mark_polygon(const tq_city *city, const char *text, uint8_t *shut, tq_err *err)
{
    polygon area;
    tq_cells cells;
    const tq_streets *streets = &city->streets;
    TQ_TRY(read_polygon(text, &area, err));
    if (streets->edge_count == 0 || !tq_grid_cells(&streets->grid, &area.box, &cells)) return TQ_OK;
    for (uint32_t row = cells.row0; row <= cells.row1; row++)
        for (uint32_t column = cells.column0; column <= cells.column1; column++) {
            uint32_t cell = row * streets->grid.columns + column;
            for (uint32_t k = streets->grid.first[cell]; k < streets->grid.first[cell + 1]; k++) {
                uint32_t edge = streets->grid.item[k];
                uint8_t bit = (uint8_t)(1u << (edge % 8));
                if (!(shut[edge / 8] & bit) && touches(streets, &area, edge)) shut[edge / 8] |= bit;
            }
        }
    return TQ_OK;
}

/* ---- the overlay and the metric
 * ------------------------------------------------------------------------------ */

/* The live rules with those of closed edges, ascending by arc. */
static tq_status join_rules(const tq_streets *streets, const uint8_t *shut, const tq_overlay *live,
                            tq_live_rule **out, uint32_t *count, tq_err *err)
{
    uint32_t closed = 0, used = 0, next = 0;
    for (uint32_t edge = 0; edge < streets->edge_count; edge++)
        closed += shut[edge / 8] >> (edge % 8) & 1;
    tq_live_rule *rule = TQ_ALLOC(tq_live_rule, live->rule_count + 2 * (size_t)closed + 1);
    if (rule == NULL) return tq_fail(err, TQ_NO_MEMORY, 0, "no memory for avoided streets");
    for (uint32_t arc = 0; arc < 2 * streets->edge_count; arc++) {
        bool off = shut[arc / 16] >> (arc / 2 % 8) & 1;
        if (off)
            rule[used++] =
                (tq_live_rule){.arc = arc, .access = UINT16_MAX, .effect = TQ_LIVE_CLOSED};
        for (; next < live->rule_count && live->rule[next].arc == arc; next++)
            if (!off) rule[used++] = live->rule[next];
    }
    *out = rule;
    *count = used;
    return TQ_OK;
}

static tq_status make_overlay(const tq_city *city, const tq_overlay *live, const avoidance *avoid,
                              const tq_overlay **out, tq_err *err)
{
    uint8_t *shut = TQ_ALLOC(uint8_t, city->streets.edge_count / 8 + 1);
    tq_live_rule *rule = NULL;
    tq_overlay joined = *live;
    tq_status status = TQ_OK;
    if (shut == NULL) status = tq_fail(err, TQ_NO_MEMORY, 0, "no memory for avoided streets");
    if (status == TQ_OK && avoid->streets != NULL)
        status = mark_streets(city, avoid->streets, shut, err);
    if (status == TQ_OK && avoid->polygon != NULL)
        status = mark_polygon(city, avoid->polygon, shut, err);
    if (status == TQ_OK)
        status = join_rules(&city->streets, shut, live, &rule, &joined.rule_count, err);
    joined.rule = rule;
    /* Streets only; and something is live here even when the city is as planned. */
    joined.run_count = joined.call_count = joined.detour_count = joined.point_count =
        joined.source_count = 0;
    joined.version = TQ_MAX(joined.version, 1u);
    joined.road_version = TQ_MAX(joined.road_version, 1u);
    if (status == TQ_OK) status = tq_overlay_new(city, &joined, out, err);
    tq_free(rule);
    tq_free(shut);
    return status;
}

static tq_status make_metric(serve_loop *loop, const tq_overlay *live, const tq_vehicle *vehicle,
                             const avoidance *avoid, int64_t at_ms, private_metric *slot,
                             tq_err *err)
{
    const tq_city *city = loop->server->city;
    const tq_overlay *overlay = NULL;
    tq_metric *metric = NULL;
    if (avoid->streets == NULL && avoid->polygon == NULL)
        overlay = tq_overlay_hold(live);
    else
        TQ_TRY(make_overlay(city, live, avoid, &overlay, err));
    tq_status status =
        tq_metric_make(city, vehicle, at_ms, overlay, PRIVATE_PARTS, 1, &metric, err);
    if (status != TQ_OK) {
        tq_overlay_drop(overlay);
        return status;
    }
    slot->metric = metric;
    slot->overlay = overlay;
    return TQ_OK;
}

static uint64_t hash_text(const char *text, uint64_t seed)
{
    return text == NULL ? tq_hash("", 0, seed) : tq_hash(text, strlen(text) + 1, seed);
}

static uint64_t key_of(const tq_vehicle *vehicle, const avoidance *avoid, uint64_t slice,
                       uint64_t version, uint64_t seed)
{
    uint64_t key = tq_hash(vehicle, sizeof *vehicle, seed);
    key = tq_hash(&slice, sizeof slice, key);
    key = tq_hash(&version, sizeof version, key);
    key = hash_text(avoid->streets, key);
    return hash_text(avoid->polygon, key);
}

static void drop(private_metric *slot)
{
    tq_metric_free(slot->metric);
    tq_overlay_drop(slot->overlay);
    *slot = (private_metric){0};
}

tq_status private_get(serve_loop *loop, const tq_overlay *live, const tq_vehicle *vehicle,
                      const avoidance *avoid, int64_t at_ms, private_metric **out, tq_err *err)
{
    const tq_city *city = loop->server->city;
    uint64_t version = live->road_version;
    uint64_t slice = tq_road_slice(city, live, vehicle, at_ms).key;
    uint64_t key = key_of(vehicle, avoid, slice, version, 1),
             key2 = key_of(vehicle, avoid, slice, version, 2);
    private_metric *oldest = NULL;
    for (uint32_t k = 0; k < PRIVATE_METRICS_MAX; k++) {
        private_metric *slot = &loop->private[k];
        if (slot->metric != NULL && slot->key == key && slot->key2 == key2) {
            slot->pins++;
            slot->used = ++loop->private_uses;
            *out = slot;
            return TQ_OK;
        }
        if (slot->pins == 0 && (oldest == NULL || slot->used < oldest->used)) oldest = slot;
    }
    if (oldest == NULL)
        return tq_fail(err, TQ_BUSY, 0,
                       "all %u metrics for own vehicles and avoided streets are "
                       "in use; try again shortly",
                       PRIVATE_METRICS_MAX);
    drop(oldest);
    oldest->vehicle = *vehicle;
    TQ_TRY(make_metric(loop, live, &oldest->vehicle, avoid, at_ms, oldest, err));
    oldest->key = key;
    oldest->key2 = key2;
    oldest->pins = 1;
    oldest->used = ++loop->private_uses;
    *out = oldest;
    return TQ_OK;
}

void private_drop_all(serve_loop *loop)
{
    for (uint32_t k = 0; k < PRIVATE_METRICS_MAX; k++)
        drop(&loop->private[k]);
}
