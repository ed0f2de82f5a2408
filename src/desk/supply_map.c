/*
 * From ids to numbers: open addressing with linear steps, at most half full; dropping moves later
 * names back, so that there are no marks of dropped ones and looking up stays short.
 */
#include <stdio.h>

#include "desk/supply_in.h"

static uint32_t home_of(const supply_map *map, const char *id)
{
    return (uint32_t)(tq_hash(id, strlen(id), 0) & (map->cap - 1));
}

static uint32_t find(const supply_map *map, const char *id)
{
    uint32_t at = home_of(map, id);
    while (map->slot[at].used && strcmp(map->slot[at].text, id) != 0)
        at = (at + 1) & (map->cap - 1);
    return at;
}

static bool grow(supply_map *map)
{
    supply_map wide = {.cap = map->cap == 0 ? 64 : 2 * map->cap, .count = map->count};
    wide.slot = TQ_ALLOC(supply_name, wide.cap);
    if (wide.slot == NULL) return false;
    for (uint32_t at = 0; at < map->cap; at++)
        if (map->slot[at].used) wide.slot[find(&wide, map->slot[at].text)] = map->slot[at];
    tq_free(map->slot);
    *map = wide;
    return true;
}

bool supply_map_put(supply_map *map, const char *id, uint32_t value)
{
    if (2 * (map->count + 1) > map->cap && !grow(map)) return false;
    supply_name *slot = &map->slot[find(map, id)];
    if (!slot->used) {
        (void)snprintf(slot->text, sizeof slot->text, "%s", id);
        slot->used = true;
        map->count++;
    }
    slot->value = value;
    return true;
}

uint32_t supply_map_get(const supply_map *map, const char *id)
{
    if (map->cap == 0 || id == NULL || id[0] == '\0' || strlen(id) >= TQ_ID_MAX) return TQ_NONE;
    const supply_name *slot = &map->slot[find(map, id)];
    return slot->used ? slot->value : TQ_NONE;
}

void supply_map_drop(supply_map *map, const char *id)
{
    if (map->cap == 0) return;
    uint32_t mask = map->cap - 1, hole = find(map, id);
    if (!map->slot[hole].used) return;
    for (uint32_t at = (hole + 1) & mask; map->slot[at].used; at = (at + 1) & mask) {
        uint32_t home = home_of(map, map->slot[at].text);
        /* It may fill the hole when its home does not lie behind the hole. */
        if (((at - home) & mask) < ((at - hole) & mask)) continue;
        map->slot[hole] = map->slot[at];
        hole = at;
    }
    map->slot[hole].used = false;
    map->count--;
}

void supply_map_free(supply_map *map)
{
    tq_free(map->slot);
    *map = (supply_map){0};
}
