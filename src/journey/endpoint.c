/*
 * Reading a place as people write it, and joining it to the walking network.
 *
 * A name that means a station is all of its platforms, without a walk. A name that means a facility
 * with gates is the gate for visitors. A name that means several things far apart is refused with
 * the candidates: the asker knows which hospital is meant, the program does not.
 */
#include <stdio.h>

#include "journey/journey_in.h"

#define SAME_PLACE_DM 8000 /* equal names within 800 m are one place for a trip */
#define NAME_LIST_MAX 5

static bool parse_point(tq_str text, tq_datum datum, tq_endpoint *out)
{
    const char *comma = memchr(text.at, ',', text.len);
    if (comma == NULL) return false;
    tq_str lat = tq_str_trim((tq_str){text.at, (size_t)(comma - text.at)});
    tq_str lon = tq_str_trim((tq_str){comma + 1, (size_t)(text.at + text.len - comma - 1)});
    tq_point point;
    if (!tq_parse_e7(lat, &point.lat_e7) || !tq_parse_e7(lon, &point.lon_e7) ||
        !tq_point_valid(point))
        return false;
    point = tq_to_wgs84(point, datum);
    *out = (tq_endpoint){point.lat_e7, point.lon_e7, TQ_NONE, ""};
    return true;
}

static bool looks_like_point(const char *text)
{
    size_t digits = 0, commas = 0;
    for (const char *at = text; *at != '\0'; at++) {
        if (*at >= '0' && *at <= '9')
            digits++;
        else if (*at == ',')
            commas++;
        else if (strchr(" .-+", *at) == NULL)
            return false;
    }
    return commas == 1 && digits > 0;
}

static tq_endpoint stop_endpoint(const tq_city *city, uint32_t stop)
{
    const tq_stop *row = &city->timetable.stop[stop];
    return (tq_endpoint){row->at.lat_e7, row->at.lon_e7, stop, tq_text(city, row->name)};
}

static tq_status parse_stop_id(const tq_city *city, const char *id, tq_endpoint *out, tq_err *err)
{
    for (uint32_t stop = 0; stop < city->timetable.stop_count; stop++) {
        if (strcmp(tq_text(city, city->timetable.stop[stop].id), id) != 0) continue;
        *out = stop_endpoint(city, stop);
        return TQ_OK;
    }
    return tq_fail(err, TQ_NOT_FOUND, 0,
                   "no stop has the id \"%.80s\"; look it up with `tongqu places`", id);
}

/* The gate for visitors of a facility, or the facility itself. */
static uint32_t visitor_gate(const tq_city *city, uint32_t place)
{
    static const char *const open_to_all[] = {"outpatient", "visitor", "main", "entrance"};
    for (unsigned wish = 0; wish < TQ_COUNT(open_to_all); wish++)
        for (uint32_t gate = 0; gate < city->places.count; gate++)
            if (city->places.row[gate].parent == place &&
                city->places.row[gate].kind == TQ_PLACE_GATE &&
                strstr(tq_text(city, city->places.row[gate].category), open_to_all[wish]) != NULL)
                return gate;
    return place;
}

static tq_endpoint place_endpoint(const tq_city *city, const tq_place *found)
{
    const tq_place_row *row = &city->places.row[found->place];
    if ((row->kind == TQ_PLACE_STATION || row->kind == TQ_PLACE_STOP) && row->link != TQ_NONE)
        return stop_endpoint(city, row->link);
    uint32_t place = row->kind == TQ_PLACE_GATE ? found->place : visitor_gate(city, found->place);
    const tq_place_row *door = &city->places.row[place];
    return (tq_endpoint){door->at.lat_e7, door->at.lon_e7, TQ_NONE, tq_text(city, door->name)};
}

static tq_status name_is_ambiguous(const tq_place *found, uint32_t count, const char *text,
                                   tq_err *err)
{
    char list[300];
    size_t len = 0;
    for (uint32_t k = 0; k < count && k < NAME_LIST_MAX; k++) {
        const char *where = found[k].area[0] != '\0' ? found[k].area : found[k].city;
        int put =
            snprintf(list + len, sizeof list - len, "%s%s%s%s%s", k == 0 ? "" : "; ", found[k].name,
                     where[0] != '\0' ? " (" : "", where, where[0] != '\0' ? ")" : "");
        if (put < 0 || (size_t)put >= sizeof list - len) {
            list[len] = '\0';
            break;
        }
        len += (size_t)put;
    }
    return tq_fail(err, TQ_AMBIGUOUS, 0,
                   "\"%.60s\" is more than one place: %s; give a point or a longer name", text,
                   list);
}

static bool is_transit(const tq_place *place)
{
    return place->kind == TQ_PLACE_STATION || place->kind == TQ_PLACE_STOP;
}

/* How sure a match is: an exact name first, then other names, then parts and guesses. */
static unsigned match_rank(tq_match match)
{
    switch (match) {
    case TQ_MATCH_NAME: return 0;
    case TQ_MATCH_ALIAS:
    case TQ_MATCH_FORMER:
    case TQ_MATCH_ENGLISH: return 1;
    case TQ_MATCH_PINYIN: return 2;
    case TQ_MATCH_PREFIX: return 3;
    case TQ_MATCH_PART:
    case TQ_MATCH_INITIALS: return 4;
    case TQ_MATCH_FUZZY: break;
    }
    return 5;
}

static tq_status parse_name(const tq_city *city, const char *text, tq_endpoint *out, tq_err *err)
{
    tq_place found[TQ_PLACES_MAX];
    tq_place_query query = {.size = sizeof query, .text = text, .limit = 20};
    uint32_t count = 0, alike = 0, best = 0;
    TQ_TRY(tq_places_find(city, &query, found, &count, err));
    if (count == 0)
        return tq_fail(
            err, TQ_NOT_FOUND, 0,
            "no place is called \"%.60s\"; try `tongqu places`, or a point such as 37.87,112.56",
            text);
    unsigned rank = match_rank(found[0].match);
    /* Equal matches come first; a station among them is meant when it lies by the other one. */
    while (alike < count && match_rank(found[alike].match) == rank)
        alike++;
    for (uint32_t k = 0; k < alike; k++)
        if (is_transit(&found[k])) {
            best = k;
            break;
        }
    tq_point here = {found[best].lat_e7, found[best].lon_e7};
    for (uint32_t k = 0; k < alike && !is_transit(&found[best]); k++) {
        tq_point there = {found[k].lat_e7, found[k].lon_e7};
        /* The same name for places far apart, or only a guess that fits several: ask back. */
        bool same_words = rank >= 3 || strcmp(found[k].matched, found[best].matched) == 0;
        if (k != best && same_words && tq_distance_dm(here, there) > SAME_PLACE_DM)
            return name_is_ambiguous(found, alike, text, err);
    }
    *out = place_endpoint(city, &found[best]);
    return TQ_OK;
}

tq_status tq_endpoint_parse(const tq_city *city, const char *text, tq_endpoint *out, tq_err *err)
{
    static const struct {
        const char *prefix;
        tq_datum datum;
    } tagged[] = {{"gcj02:", TQ_GCJ02}, {"bd09:", TQ_BD09}, {"wgs84:", TQ_WGS84}};
    if (text == NULL || text[0] == '\0') return tq_fail(err, TQ_BAD_INPUT, 0, "a place is empty");
    if (strlen(text) > TQ_PLACE_QUERY_MAX)
        return tq_fail(err, TQ_BAD_INPUT, 0, "a place may have %d bytes; this one has %zu",
                       TQ_PLACE_QUERY_MAX, strlen(text));
    for (unsigned k = 0; k < TQ_COUNT(tagged); k++) {
        tq_str whole = tq_str_of(text);
        size_t skip = strlen(tagged[k].prefix);
        if (!tq_str_starts(whole, tagged[k].prefix)) continue;
        if (parse_point((tq_str){text + skip, whole.len - skip}, tagged[k].datum, out))
            return TQ_OK;
        return tq_fail(err, TQ_BAD_INPUT, 0,
                       "\"%.60s\" is not a point; write %slat,lon such as %s37.87,112.56", text,
                       tagged[k].prefix, tagged[k].prefix);
    }
    if (strncmp(text, "stop:", 5) == 0) return parse_stop_id(city, text + 5, out, err);
    if (looks_like_point(text)) {
        if (parse_point(tq_str_of(text), TQ_WGS84, out)) return TQ_OK;
        return tq_fail(err, TQ_BAD_INPUT, 0,
                       "\"%.60s\" is not a point; write lat,lon in degrees such as 37.87,112.56",
                       text);
    }
    return parse_name(city, text, out, err);
}

static void add_access(trip_end *end, tq_access access, uint8_t snap)
{
    if (end->access_count == TQ_ACCESS_MAX) return;
    end->access_snap[end->access_count] = snap;
    end->access[end->access_count++] = access;
}

/* The nearest street that leads somewhere; on an island only when nothing else is in reach. */
static tq_status snap_off_islands(plan_ctx *ctx, trip_end *end, tq_err *err)
{
    tq_point point = {end->place.lat_e7, end->place.lon_e7};
    tq_snap_wish wish = {.limit = 1, .bearing = -1, .main_only = true};
    tq_snap near[1];
    uint32_t count = 0;
    tq_status status = tq_road_snap(ctx->city, ctx->metric, point, &wish, near, &count, err);
    if (status == TQ_NOT_FOUND) {
        wish.main_only = false;
        status = tq_road_snap(ctx->city, ctx->metric, point, &wish, near, &count, err);
    }
    TQ_TRY(status);
    end->snap[0] = near[0];
    end->snap_count = 1;
    return TQ_OK;
}

tq_status journey_meet_streets(plan_ctx *ctx, trip_end *end, tq_err *err)
{
    const tq_city *city = ctx->city;
    end->access_count = end->snap_count = 0;
    if (end->place.stop != TQ_NONE) {
        const uint32_t *platform = NULL;
        uint32_t platforms = tq_station_stops(&city->timetable, end->place.stop, &platform);
        for (uint32_t k = 0; k < platforms; k++)
            if (city->timetable.stop[platform[k]].kind == TQ_STOP_KIND_STOP)
                add_access(end, (tq_access){TQ_NONE, platform[k], 0}, UINT8_MAX);
        if (end->access_count == 0)
            add_access(end, (tq_access){TQ_NONE, end->place.stop, 0}, UINT8_MAX);
    }
    if (city->streets.edge_count == 0) return TQ_OK;
    tq_status status = snap_off_islands(ctx, end, err);
    if (status != TQ_OK) return end->access_count > 0 ? TQ_OK : status;
    if (end->place.stop != TQ_NONE) return TQ_OK;
    for (uint32_t k = 0; k < end->snap_count; k++) {
        const tq_snap *snap = &end->snap[k];
        uint32_t length_dm = city->streets.edge_length_dm[snap->edge];
        uint32_t along_dm = TQ_MIN(snap->along_dm, length_dm);
        add_access(
            end,
            (tq_access){city->streets.edge_from[snap->edge], TQ_NONE, snap->distance_dm + along_dm},
            (uint8_t)k);
        add_access(end,
                   (tq_access){city->streets.edge_to[snap->edge], TQ_NONE,
                               snap->distance_dm + length_dm - along_dm},
                   (uint8_t)k);
    }
    return TQ_OK;
}

tq_status journey_direct_walk(plan_ctx *ctx, tq_err *err)
{
    ctx->direct_walk_dm = TQ_NONE;
    if (ctx->metric == NULL || ctx->from.snap_count == 0 || ctx->to.snap_count == 0) return TQ_OK;
    tq_way way;
    size_t mark = ctx->scratch.used;
    tq_status status = tq_road_way(ctx->city, ctx->metric, &ctx->from.snap[0], &ctx->to.snap[0],
                                   &ctx->scratch, &way, err);
    tq_arena_reset(&ctx->scratch, mark);
    if (status == TQ_NO_ROUTE) return TQ_OK;
    if (status != TQ_OK) return status;
    uint64_t walk_dm =
        (uint64_t)way.length_dm + ctx->from.snap[0].distance_dm + ctx->to.snap[0].distance_dm;
    if (walk_dm < TQ_NONE) ctx->direct_walk_dm = (uint32_t)walk_dm;
    return TQ_OK;
}

/* Edges that live rules close to the walker, ascending; only counted when `edge` is NULL. The
 * metric knows whether a rule holds at the moment. */
static uint32_t closed_edges(const plan_ctx *ctx, uint32_t *edge)
{
    const tq_overlay *overlay = ctx->snapshot->overlay;
    uint32_t count = 0, former = TQ_NONE;
    for (uint32_t k = 0; k < overlay->rule_count; k++) {
        const tq_live_rule *rule = &overlay->rule[k];
        if (rule->effect != TQ_LIVE_CLOSED || rule->arc >> 1 == former ||
            !(rule->access & (TQ_ACCESS_FOOT | TQ_ACCESS_WHEELCHAIR)) ||
            tq_metric_arc_ds(ctx->metric, rule->arc) < TQ_ROAD_INF)
            continue;
        former = rule->arc >> 1;
        if (edge != NULL) edge[count] = former;
        count++;
    }
    return count;
}

tq_status journey_ground(plan_ctx *ctx, const tq_ground **out, tq_err *err)
{
    *out = NULL;
    uint32_t count = ctx->metric != NULL ? closed_edges(ctx, NULL) : 0;
    if (count == 0) return TQ_OK;
    size_t mark = ctx->scratch.used;
    uint32_t *edge = TQ_PUSH_RAW(&ctx->scratch, uint32_t, count);
    if (edge == NULL) return tq_fail(err, TQ_NO_MEMORY, 0, "%u streets are closed", count);
    (void)closed_edges(ctx, edge);
    tq_status status = tq_days_ground(ctx->snapshot->days, edge, count, out, err);
    tq_arena_reset(&ctx->scratch, mark);
    return status;
}
