/*
 * Places that the network itself names: stations, stops and streets; and the freezing of all
 * places.
 *
 * Stops: a station is one place; a platform is one unless its station has the same name; stops of
 * one name without a station within SAME_STOP_M of each other are one place (the two sides of a
 * street). Streets: edges of one name are grouped by cells of about STREET_CELL_M that touch; each
 * group is one place at an edge in its middle. A street that a source brought as a place of its own
 * is left to that. Both need O(n log n) by sorting on (name, cell); rows come out in the order of
 * the network.
 */
#include "tongqu/place.h"

#include "import/build_in.h"

#define SAME_STOP_M    300u
#define STREET_CELL_E7 90000 /* about a kilometre of latitude */
#define PLACE_CELL_M   500u
#define STATION_WEIGHT 200
#define STOP_WEIGHT    120
#define STREET_WEIGHT  80

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

/* ---- streets -----------------------------------------------------------------------------------
 */

/* One cell of one name; cells that touch are joined to the lowest by `root`. */
typedef struct street_cell {
    uint32_t
        name; /* text: rows of streets.name that differ in ref or English only are one street */
    uint32_t row, column;
    uint32_t first, count; /* into the sorted edges */
    uint32_t root;
} street_cell;

typedef struct street_work {
    uint32_t *edge;
    uint64_t *key;
    uint32_t edge_count;
    TQ_VEC(street_cell) cells;
} street_work;

static tq_point edge_middle(const tq_streets *streets, uint32_t edge)
{
    uint32_t first = streets->edge_first_point[edge], last = streets->edge_first_point[edge + 1];
    if (last > first) return streets->point[first + (last - first) / 2];
    tq_point a = streets->node_at[streets->edge_from[edge]];
    tq_point b = streets->node_at[streets->edge_to[edge]];
    return (tq_point){(int32_t)(((int64_t)a.lat_e7 + b.lat_e7) / 2),
                      (int32_t)(((int64_t)a.lon_e7 + b.lon_e7) / 2)};
}

static uint32_t cell_row(tq_point at)
{
    return (uint32_t)(((int64_t)at.lat_e7 + 900000000) / STREET_CELL_E7);
}

static uint32_t cell_column(tq_point at)
{
    return (uint32_t)(((int64_t)at.lon_e7 + 1800000000) / STREET_CELL_E7);
}

/* Cells of a name are in order of row then column: 16 bits each are enough for 20 001 and 40 001
 * cells. */
static uint64_t cell_key(uint32_t name, uint32_t row, uint32_t column)
{
    return (uint64_t)name << 32 | (uint64_t)row << 16 | column;
}

static uint32_t find_cell(const street_work *work, uint64_t key)
{
    size_t low = 0, high = work->cells.count;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        const street_cell *cell = &work->cells.at[mid];
        uint64_t here = cell_key(cell->name, cell->row, cell->column);
        if (here == key) return (uint32_t)mid;
        if (here < key)
            low = mid + 1;
        else
            high = mid;
    }
    return TQ_NONE;
}

static uint32_t root_of(street_work *work, uint32_t cell)
{
    while (work->cells.at[cell].root != cell) {
        work->cells.at[cell].root = work->cells.at[work->cells.at[cell].root].root;
        cell = work->cells.at[cell].root;
    }
    return cell;
}

static tq_status sort_named_edges(const tq_streets *streets, street_work *work, tq_err *err)
{
    work->edge = TQ_ALLOC(uint32_t, streets->edge_count);
    work->key = TQ_ALLOC(uint64_t, streets->edge_count);
    if (work->edge == NULL || work->key == NULL) return no_memory(err);
    for (uint32_t edge = 0; edge < streets->edge_count; edge++) {
        uint32_t name = streets->name[streets->edge_name[edge]].name;
        const tq_street_attr *attr = tq_edge_attr(streets, edge);
        if (name == 0 || attr->street_class >= TQ_FERRY) continue;
        tq_point at = edge_middle(streets, edge);
        work->key[edge] = cell_key(name, cell_row(at), cell_column(at));
        work->edge[work->edge_count++] = edge;
    }
    if (!tq_sort_by_u64(work->edge, work->edge_count, work->key)) return no_memory(err);
    for (uint32_t k = 0; k < work->edge_count; k++) {
        uint64_t key = work->key[work->edge[k]];
        if (k > 0 && key == work->key[work->edge[k - 1]]) {
            work->cells.at[work->cells.count - 1].count++;
            continue;
        }
        street_cell cell = {(uint32_t)(key >> 32),
                            (uint32_t)(key >> 16 & 0xFFFF),
                            (uint32_t)(key & 0xFFFF),
                            k,
                            1,
                            (uint32_t)work->cells.count};
        if (!tq_vec_push(&work->cells, cell)) return no_memory(err);
    }
    return TQ_OK;
}

static void join_cells(street_work *work)
{
    static const int32_t step[4][2] = {{0, 1}, {1, -1}, {1, 0}, {1, 1}};
    for (uint32_t cell = 0; cell < work->cells.count; cell++) {
        for (size_t k = 0; k < TQ_COUNT(step); k++) {
            const street_cell *one = &work->cells.at[cell];
            int64_t row = (int64_t)one->row + step[k][0],
                    column = (int64_t)one->column + step[k][1];
            if (column < 0 || row > 0xFFFF || column > 0xFFFF) continue;
            uint32_t other = find_cell(work, cell_key(one->name, (uint32_t)row, (uint32_t)column));
            if (other == TQ_NONE) continue;
            uint32_t a = root_of(work, cell), b = root_of(work, other);
            work->cells.at[TQ_MAX(a, b)].root = TQ_MIN(a, b);
        }
    }
}

/* Street places that sources brought, by name and cell: sorted keys. */
static tq_status known_streets(const tq_build *build, uint64_t **keys, size_t *count, tq_err *err)
{
    *count = 0;
    *keys = TQ_ALLOC(uint64_t, build->places.count);
    if (*keys == NULL) return no_memory(err);
    for (size_t row = 0; row < build->places.count; row++) {
        const tq_place_row *place = &build->places.at[row];
        if (place->kind == TQ_PLACE_STREET)
            (*keys)[(*count)++] =
                cell_key(place->name, cell_row(place->at), cell_column(place->at));
    }
    return tq_sort_u64(*keys, *count) ? TQ_OK : no_memory(err);
}

static bool is_known(const uint64_t *keys, size_t count, uint32_t text, const street_cell *cell)
{
    for (int64_t row = (int64_t)cell->row - 1; row <= (int64_t)cell->row + 1; row++) {
        if (row < 0) continue;
        uint64_t from = cell_key(text, (uint32_t)row, cell->column > 0 ? cell->column - 1 : 0);
        uint64_t upto = cell_key(text, (uint32_t)row, cell->column + 1);
        size_t low = 0, high = count;
        while (low < high) {
            size_t mid = low + (high - low) / 2;
            if (keys[mid] < from)
                low = mid + 1;
            else
                high = mid;
        }
        if (low < count && keys[low] <= upto) return true;
    }
    return false;
}

/* The group's cell nearest to the middle of its cells gives the place: its middle edge. */
static tq_place_row place_of_group(const tq_streets *streets, const street_work *work,
                                   const uint32_t *cell, uint32_t count)
{
    int64_t rows = 0, columns = 0;
    for (uint32_t k = 0; k < count; k++) {
        rows += work->cells.at[cell[k]].row;
        columns += work->cells.at[cell[k]].column;
    }
    int64_t row = rows / count, column = columns / count, least = INT64_MAX;
    const street_cell *best = &work->cells.at[cell[0]];
    for (uint32_t k = 0; k < count; k++) {
        const street_cell *one = &work->cells.at[cell[k]];
        int64_t down = one->row - row, across = one->column - column;
        if (down * down + across * across >= least) continue;
        least = down * down + across * across;
        best = one;
    }
    uint32_t edge = work->edge[best->first + best->count / 2];
    const tq_street_name *name = &streets->name[streets->edge_name[edge]];
    bool approximate = (tq_edge_attr(streets, edge)->flags & TQ_STREET_APPROXIMATE) != 0;
    return (tq_place_row){.at = edge_middle(streets, edge),
                          .name = name->name,
                          .name_en = name->name_en,
                          .parent = TQ_NONE,
                          .link = edge,
                          .date = streets->edge_date[edge],
                          .kind = TQ_PLACE_STREET,
                          .approximate = approximate,
                          .weight = STREET_WEIGHT};
}

static tq_status push_street_places(tq_build *build, street_work *work, tq_err *err)
{
    const tq_streets *streets = &build->city.streets;
    size_t cell_count = work->cells.count, known_count = 0;
    uint64_t *known = NULL, *key = TQ_ALLOC(uint64_t, cell_count);
    uint32_t *order = TQ_ALLOC(uint32_t, cell_count);
    tq_status status = key == NULL || order == NULL ? no_memory(err) : TQ_OK;
    if (status == TQ_OK) status = known_streets(build, &known, &known_count, err);
    for (uint32_t cell = 0; status == TQ_OK && cell < cell_count; cell++) {
        order[cell] = cell;
        key[cell] = root_of(work, cell);
    }
    if (status == TQ_OK && !tq_sort_by_u64(order, cell_count, key)) status = no_memory(err);
    for (size_t from = 0, to; status == TQ_OK && from < cell_count; from = to) {
        bool known_here = false;
        for (to = from; to < cell_count && key[order[to]] == key[order[from]]; to++) {
            const street_cell *cell = &work->cells.at[order[to]];
            known_here = known_here || is_known(known, known_count, cell->name, cell);
        }
        if (known_here) continue;
        tq_place_row row = place_of_group(streets, work, order + from, (uint32_t)(to - from));
        if (!tq_vec_push(&build->places, row)) status = no_memory(err);
    }
    tq_free(known);
    tq_free(key);
    tq_free(order);
    return status;
}

tq_status import_places_of_streets(tq_build *build, tq_err *err)
{
    street_work work = {0};
    tq_status status = sort_named_edges(&build->city.streets, &work, err);
    if (status == TQ_OK) {
        join_cells(&work);
        status = push_street_places(build, &work, err);
    }
    tq_vec_free(&work.cells);
    tq_free(work.edge);
    tq_free(work.key);
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
