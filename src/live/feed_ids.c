/*
 * Ids of a feed -> rows of the city.
 *
 * Import keeps an id as its source writes it; only where two sources use the same one, the later is
 * called «SOURCE:id». A feed of that source writes the bare id. So an id is looked up as
 * «FEED:id» first, then as it stands, then among the prefixed ones if just one of them has it.
 * Open addressing over row numbers; the texts stay in the city.
 */
#include "live/feed_in.h"

typedef uint32_t (*id_of)(const tq_city *city, uint32_t row);

static uint32_t trip_id(const tq_city *city, uint32_t row)
{
    return city->timetable.trip[row].id;
}
static uint32_t route_id(const tq_city *city, uint32_t row)
{
    return city->timetable.route[row].id;
}
static uint32_t stop_id(const tq_city *city, uint32_t row)
{
    return city->timetable.stop[row].id;
}

/* What stands behind the prefix; empty when there is none. */
static tq_str bare_of(tq_str id)
{
    const char *colon = id.len != 0 ? memchr(id.at, ':', id.len) : NULL;
    if (colon == NULL) return (tq_str){0};
    size_t prefix = (size_t)(colon - id.at) + 1;
    return (tq_str){id.at + prefix, id.len - prefix};
}

static void put_slot(uint32_t *slot, uint32_t mask, tq_str id, uint32_t row)
{
    uint32_t at = (uint32_t)tq_hash(id.at, id.len, 0) & mask;
    while (slot[at] != 0)
        at = (at + 1) & mask;
    slot[at] = row + 1;
}

static bool make_slots(feed_slots *slots, const tq_city *city, uint32_t count, id_of id)
{
    uint32_t size = 16;
    while (size / 2 < count && size < UINT32_C(1) << 31)
        size *= 2;
    slots->mask = size - 1;
    slots->full = TQ_ALLOC(uint32_t, size);
    slots->bare = TQ_ALLOC(uint32_t, size);
    if (slots->full == NULL || slots->bare == NULL) return false;
    for (uint32_t row = 0; row < count; row++) {
        tq_str text = tq_str_of(tq_text(city, id(city, row))), bare = bare_of(text);
        if (text.len != 0) put_slot(slots->full, slots->mask, text, row);
        if (bare.len != 0) put_slot(slots->bare, slots->mask, bare, row);
    }
    return true;
}

static uint32_t find_full(const feed_slots *slots, const tq_city *city, id_of id, tq_str text)
{
    uint32_t at = (uint32_t)tq_hash(text.at, text.len, 0) & slots->mask;
    for (; slots->full[at] != 0; at = (at + 1) & slots->mask) {
        uint32_t row = slots->full[at] - 1;
        if (tq_str_eq(tq_str_of(tq_text(city, id(city, row))), text)) return row;
    }
    return TQ_NONE;
}

static uint32_t find_bare(const feed_slots *slots, const tq_city *city, id_of id, tq_str text)
{
    uint32_t found = TQ_NONE, at = (uint32_t)tq_hash(text.at, text.len, 0) & slots->mask;
    for (; slots->bare[at] != 0; at = (at + 1) & slots->mask) {
        uint32_t row = slots->bare[at] - 1;
        if (!tq_str_eq(bare_of(tq_str_of(tq_text(city, id(city, row)))), text)) continue;
        if (found != TQ_NONE) return TQ_NONE; /* of two sources: not told apart */
        found = row;
    }
    return found;
}

static uint32_t find(const feed_slots *slots, const tq_city *city, id_of id, const char *feed,
                     tq_str text)
{
    char named[FEED_NAME_MAX + 256];
    size_t prefix = strlen(feed);
    if (text.len == 0) return TQ_NONE;
    if (prefix + 1 + text.len < sizeof named) {
        memcpy(named, feed, prefix);
        named[prefix] = ':';
        memcpy(named + prefix + 1, text.at, text.len);
        uint32_t row = find_full(slots, city, id, (tq_str){named, prefix + 1 + text.len});
        if (row != TQ_NONE) return row;
    }
    uint32_t row = find_full(slots, city, id, text);
    return row != TQ_NONE ? row : find_bare(slots, city, id, text);
}

uint32_t feed_trip_of(const feed_ids *ids, const char *feed, tq_str id)
{
    return find(&ids->trip, ids->city, trip_id, feed, id);
}
uint32_t feed_route_of(const feed_ids *ids, const char *feed, tq_str id)
{
    return find(&ids->route, ids->city, route_id, feed, id);
}
uint32_t feed_stop_of(const feed_ids *ids, const char *feed, tq_str id)
{
    return find(&ids->stop, ids->city, stop_id, feed, id);
}

static bool group_patterns(feed_ids *ids, const tq_timetable *table)
{
    ids->route_first = TQ_ALLOC(uint32_t, (size_t)table->route_count + 2);
    ids->route_pattern = TQ_ALLOC(uint32_t, (size_t)table->pattern_count + 1);
    if (ids->route_first == NULL || ids->route_pattern == NULL) return false;
    /* Counting sort: first[r + 1] ends up as the end of r's patterns. */
    for (uint32_t pattern = 0; pattern < table->pattern_count; pattern++)
        ids->route_first[table->pattern_route[pattern] + 2]++;
    for (uint32_t route = 2; route < table->route_count + 2; route++)
        ids->route_first[route] += ids->route_first[route - 1];
    for (uint32_t pattern = 0; pattern < table->pattern_count; pattern++)
        ids->route_pattern[ids->route_first[table->pattern_route[pattern] + 1]++] = pattern;
    return true;
}

bool feed_ids_make(feed_ids *ids, const tq_city *city)
{
    const tq_timetable *table = &city->timetable;
    *ids = (feed_ids){.city = city};
    if (make_slots(&ids->trip, city, table->trip_count, trip_id) &&
        make_slots(&ids->route, city, table->route_count, route_id) &&
        make_slots(&ids->stop, city, table->stop_count, stop_id) && group_patterns(ids, table))
        return true;
    feed_ids_free(ids);
    return false;
}

void feed_ids_free(feed_ids *ids)
{
    feed_slots *const all[] = {&ids->trip, &ids->route, &ids->stop};
    for (size_t k = 0; k < TQ_COUNT(all); k++) {
        tq_free(all[k]->full);
        tq_free(all[k]->bare);
    }
    tq_free(ids->route_first);
    tq_free(ids->route_pattern);
    *ids = (feed_ids){0};
}
