/*
 * Places that the timetable names: stations and stops; and the freezing of all places.
 *
 * A station is one place; a platform is one unless its station has the same name; stops of one name
 * without a station within SAME_STOP_M of each other are one place (the two sides of a street).
 * Rows come out in the order of the stops. Streets have their places from the stage that freezes
 * them.
 */
#include "tongqu/place.h"

#include "import/build_in.h"

#define SAME_STOP_M    300u
#define PLACE_CELL_M   500u
#define STATION_WEIGHT 200
#define STOP_WEIGHT    120

static tq_status no_memory(tq_err *err)
{
    return tq_fail(err, TQ_NO_MEMORY, 0, "no memory for the places");
}

/* ---- stops -------------------------------------------------------------------------------------
 */

static tq_place_row place_of_stop(const tq_timetable *timetable, uint32_t stop)
{
    const tq_stop *from = &timetable->stop[stop];
    bool station = from->kind == TQ_STOP_KIND_STATION;
    return (tq_place_row){.at = from->at,
                          .name = from->name,
                          .name_en = from->name_en,
                          .parent = TQ_NONE,
                          .link = stop,
                          .date = from->date,
                          .kind = station ? TQ_PLACE_STATION : TQ_PLACE_STOP,
                          .approximate = from->approximate,
                          .weight = station ? STATION_WEIGHT : STOP_WEIGHT};
}

static bool wants_place(const tq_timetable *timetable, uint32_t stop)
{
    const tq_stop *one = &timetable->stop[stop];
    if (one->name == 0 || !tq_point_valid(one->at)) return false;
    if (one->kind == TQ_STOP_KIND_STATION) return true;
    if (one->kind != TQ_STOP_KIND_STOP) return false;
    return one->parent == TQ_NONE || timetable->stop[one->parent].name != one->name;
}

/* Is there a place of the same name near, made from one of the stops before? Stops of a name come
 * together. */
static bool stands_already(const tq_timetable *timetable, const uint32_t *made, size_t made_count,
                           uint32_t stop)
{
    const tq_stop *one = &timetable->stop[stop];
    for (size_t k = made_count; k-- > 0;) {
        const tq_stop *other = &timetable->stop[made[k]];
        if (other->name != one->name) return false;
        if (tq_distance_dm(one->at, other->at) <= SAME_STOP_M * 10) return true;
    }
    return false;
}

/* Stops that stand for themselves and their like, marked in `chosen`. */
static tq_status choose_stops(const tq_timetable *timetable, uint8_t *chosen, tq_err *err)
{
    uint32_t count = timetable->stop_count;
    uint32_t *index = TQ_ALLOC(uint32_t, count), *made = TQ_ALLOC(uint32_t, count);
    uint64_t *key = TQ_ALLOC(uint64_t, count);
    tq_status status = index == NULL || made == NULL || key == NULL ? no_memory(err) : TQ_OK;
    for (uint32_t stop = 0; status == TQ_OK && stop < count; stop++) {
        index[stop] = stop;
        key[stop] = timetable->stop[stop].name;
    }
    if (status == TQ_OK && !tq_sort_by_u64(index, count, key)) status = no_memory(err);
    size_t made_count = 0;
    for (uint32_t k = 0; status == TQ_OK && k < count; k++) {
        uint32_t stop = index[k];
        if (!wants_place(timetable, stop)) continue;
        bool alone = timetable->stop[stop].kind == TQ_STOP_KIND_STOP &&
                     timetable->stop[stop].parent == TQ_NONE;
        if (alone && stands_already(timetable, made, made_count, stop)) continue;
        chosen[stop] = 1;
        if (alone) made[made_count++] = stop;
    }
    tq_free(index);
    tq_free(made);
    tq_free(key);
    return status;
}

tq_status import_places_of_stops(tq_build *build, tq_err *err)
{
    const tq_timetable *timetable = &build->city.timetable;
    uint8_t *chosen = TQ_ALLOC(uint8_t, timetable->stop_count);
    if (chosen == NULL) return no_memory(err);
    tq_status status = choose_stops(timetable, chosen, err);
    for (size_t row = 0; row < build->places.count; row++) {
        const tq_place_row *place = &build->places.at[row];
        bool of_stop = place->kind == TQ_PLACE_STATION || place->kind == TQ_PLACE_STOP;
        if (of_stop && place->link < timetable->stop_count) chosen[place->link] = 0;
    }
    for (uint32_t stop = 0; status == TQ_OK && stop < timetable->stop_count; stop++)
        if (chosen[stop] && !tq_vec_push(&build->places, place_of_stop(timetable, stop)))
            status = no_memory(err);
    tq_free(chosen);
    return status;
}

/* ---- freezing ----------------------------------------------------------------------------------
 */

/* Aliases of one place: its own run, then the late ones; each text and kind once. */
static bool push_aliases(tq_alias *out, uint32_t *count, uint32_t first, tq_alias alias)
{
    for (uint32_t k = first; k < *count; k++)
        if (out[k].text == alias.text && out[k].kind == alias.kind) return false;
    out[(*count)++] = alias;
    return true;
}

static tq_status freeze_aliases(tq_build *build, tq_place_row *row, uint32_t count,
                                const tq_alias *own, tq_err *err)
{
    size_t late_count = build->late_aliases.count, total = late_count;
    for (uint32_t place = 0; place < count; place++)
        total += row[place].alias_count;
    if (total >= TQ_NONE) return tq_fail(err, TQ_LIMIT, 0, "%zu aliases are too many", total);
    uint32_t *index = TQ_ALLOC(uint32_t, late_count);
    uint64_t *key = TQ_ALLOC(uint64_t, late_count);
    tq_alias *out = tq_pool_push(&build->pool, TQ_MAX(total, 1u) * sizeof *out, 8);
    bool ready = index != NULL && key != NULL && out != NULL;
    for (uint32_t k = 0; ready && k < late_count; k++) {
        index[k] = k;
        key[k] = build->late_aliases.at[k].place;
    }
    ready = ready && tq_sort_by_u64(index, late_count, key);
    uint32_t used = 0;
    size_t late = 0;
    for (uint32_t place = 0; ready && place < count; place++) {
        uint32_t first = used;
        for (uint32_t k = 0; k < row[place].alias_count; k++)
            (void)push_aliases(out, &used, first, own[row[place].first_alias + k]);
        for (; late < late_count && key[index[late]] == place; late++) {
            const tq_late_alias *one = &build->late_aliases.at[index[late]];
            (void)push_aliases(out, &used, first, (tq_alias){one->text, one->kind});
        }
        row[place].first_alias = first;
        row[place].alias_count = used - first;
    }
    tq_free(index);
    tq_free(key);
    if (!ready) return no_memory(err);
    build->city.places.alias = out;
    build->city.places.alias_count = used;
    return TQ_OK;
}

static tq_status freeze_grid(tq_build *build, tq_err *err)
{
    tq_places *places = &build->city.places;
    tq_box *box = TQ_ALLOC(tq_box, places->count);
    if (box == NULL) return no_memory(err);
    for (uint32_t place = 0; place < places->count; place++) {
        box[place] = TQ_BOX_EMPTY;
        tq_box_add(&box[place], places->row[place].at);
    }
    tq_grid_data data = {0};
    tq_status status = tq_grid_build(box, places->count, PLACE_CELL_M, &data, err);
    tq_free(box);
    if (status != TQ_OK) return status;
    bool kept = tq_build_keep(build, data.first);
    kept = tq_build_keep(build, data.item) && kept;
    if (!kept) return no_memory(err);
    places->grid = data.grid;
    places->grid_cells = data.grid.columns * data.grid.rows;
    places->grid_items = data.grid.first[places->grid_cells];
    return TQ_OK;
}

tq_status import_freeze_places(tq_build *build, tq_err *err)
{
    tq_places *places = &build->city.places;
    /* import_tables may have frozen rows of its own making; they are taken over as they are. */
    const tq_place_row *from = places->count > 0 ? places->row : build->places.at;
    const tq_alias *own = places->count > 0 ? places->alias : build->aliases.at;
    size_t count = places->count > 0 ? places->count : build->places.count;
    if (count >= TQ_NONE) return tq_fail(err, TQ_LIMIT, 0, "%zu places are too many", count);
    tq_place_row *row = tq_pool_push(&build->pool, TQ_MAX(count, 1u) * sizeof *row, 8);
    if (row == NULL) return no_memory(err);
    if (count > 0) memcpy(row, from, count * sizeof *row);
    for (size_t place = 0; place < count; place++) {
        bool of_stop = row[place].kind == TQ_PLACE_STATION || row[place].kind == TQ_PLACE_STOP;
        bool of_street = row[place].kind == TQ_PLACE_STREET;
        if (row[place].date != 0) continue;
        if (of_stop && row[place].link < build->city.timetable.stop_count)
            row[place].date = build->city.timetable.stop[row[place].link].date;
        else if (of_street && row[place].link < build->city.streets.edge_count)
            row[place].date = build->city.streets.edge_date[row[place].link];
    }
    TQ_TRY(freeze_aliases(build, row, (uint32_t)count, own, err));
    places->row = row;
    places->count = (uint32_t)count;
    return freeze_grid(build, err);
}
