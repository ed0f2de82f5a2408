/*
 * Checks of the small parts and the order of all: texts, dates, zone, meta, streets, places, fares,
 * tables.
 *
 * A text index is valid when it lies inside the pool, since the pool ends with NUL. All loops are
 * plain passes over one array, so that opening costs about one read of the file.
 */
#include "city/city_in.h"

bool city_ranges_hold(const uint32_t *first, size_t count, size_t total)
{
    bool good = first[0] == 0 && first[count] == total;
    for (size_t k = 0; k < count; k++)
        good &= first[k] <= first[k + 1];
    return good;
}

bool city_indices_hold(const uint32_t *value, size_t count, size_t limit, city_none none)
{
    bool good = true;
    if (none == CITY_NONE_OK)
        for (size_t k = 0; k < count; k++)
            good &= value[k] < limit || value[k] == TQ_NONE;
    else
        for (size_t k = 0; k < count; k++)
            good &= value[k] < limit;
    return good;
}

bool city_grid_holds(const tq_grid *grid, uint32_t cells, uint32_t items, uint32_t count)
{
    if ((uint64_t)grid->columns * grid->rows != cells || (cells != 0 && grid->cell_e7 == 0))
        return false;
    int64_t limit = INT64_C(4000000000);
    if ((int64_t)grid->columns * grid->cell_e7 > 2 * limit ||
        (int64_t)grid->rows * grid->cell_e7 > 2 * limit)
        return false;
    return city_ranges_hold(grid->first, cells, items) &&
           city_indices_hold(grid->item, items, count, CITY_NO_NONE);
}

static bool points_hold(const tq_point *point, size_t count)
{
    bool good = true;
    for (size_t k = 0; k < count; k++)
        good &= tq_point_valid(point[k]);
    return good;
}

static tq_status verify_texts(const tq_city *city, tq_err *err)
{
    CITY_CHECK(city->text_len >= 1 && city->text[0] == '\0' &&
                   city->text[city->text_len - 1] == '\0',
               "text", "does not begin and end with NUL");
    CITY_CHECK(tq_utf8_valid((tq_str){city->text, city->text_len}), "text", "is not UTF-8");
    return TQ_OK;
}

static tq_status verify_meta(const tq_city *city, tq_err *err)
{
    CITY_CHECK(city->meta_count == 1, "meta", "is not one row");
    const tq_meta *meta = city->meta;
    CITY_CHECK(meta->name < city->text_len && meta->name_en < city->text_len &&
                   meta->id < city->text_len && meta->zone_name < city->text_len &&
                   meta->attribution < city->text_len,
               "meta", "a text lies outside the pool");
    for (unsigned walker = 0; walker < 3; walker++)
        CITY_CHECK(meta->walk_mm_s[walker] >= 100 && meta->walk_mm_s[walker] <= 5000, "meta",
                   "a walking speed is absurd");
    CITY_CHECK(meta->bike_mm_s >= 500 && meta->bike_mm_s <= 20000, "meta",
               "the cycling speed is absurd");
    CITY_CHECK(meta->change_s <= 3600 && meta->night_end_s <= 43200 && meta->max_transfers <= 12 &&
                   meta->taxi_wait_s <= 7200,
               "meta", "a setting is out of range");
    CITY_CHECK(city->zone.count > 0 && city->zone.from_s[0] == INT64_MIN, "zone.from",
               "does not begin at the beginning");
    for (uint32_t k = 0; k < city->zone.count; k++) {
        CITY_CHECK(k == 0 || city->zone.from_s[k - 1] < city->zone.from_s[k], "zone.from",
                   "is not ascending");
        CITY_CHECK(city->zone.offset_s[k] >= -86400 && city->zone.offset_s[k] <= 86400,
                   "zone.offset", "is over a day");
    }
    return TQ_OK;
}

static tq_status verify_dates(const tq_city *city, tq_err *err)
{
    const tq_date_row *row = city->dates.row;
    CITY_CHECK(city->dates.count > 0, "dates", "has no row");
    CITY_CHECK(row[0].life == TQ_OPEN && row[0].from_ms == INT64_MIN && row[0].to_ms == INT64_MAX,
               "dates", "row 0 is not «open, always»");
    for (uint32_t k = 0; k < city->dates.count; k++)
        CITY_CHECK(row[k].life <= TQ_CLOSED && row[k].from_ms <= row[k].to_ms &&
                       row[k].source < city->text_len,
                   "dates", "a row is not valid");
    for (uint32_t k = 0; k < city->works.count; k++) {
        const tq_work *work = &city->works.row[k];
        CITY_CHECK(work->life <= TQ_CLOSED && work->id < city->text_len &&
                       work->name < city->text_len && work->name_en < city->text_len &&
                       work->kind < city->text_len && work->place < city->text_len &&
                       work->note < city->text_len && work->note_en < city->text_len &&
                       work->source < city->text_len && work->source_en < city->text_len,
                   "works", "a row is not valid");
    }
    return TQ_OK;
}

static tq_status verify_street_rows(const tq_city *city, tq_err *err)
{
    const tq_streets *streets = &city->streets;
    for (uint32_t k = 0; k < streets->attr_count; k++) {
        const tq_street_attr *attr = &streets->attr[k];
        CITY_CHECK(attr->street_class < TQ_STREET_CLASS_COUNT && attr->speed_kmh[0] > 0 &&
                       attr->speed_kmh[1] > 0 && attr->surface <= TQ_SURFACE_GROUND &&
                       attr->conditions < city->text_len &&
                       attr->rules < city->conditions.rule_set_count &&
                       attr->turn_lanes[0] < city->text_len &&
                       attr->turn_lanes[1] < city->text_len && attr->kerb <= TQ_KERB_RAISED &&
                       attr->smoothness <= 8 && attr->crossing <= TQ_CROSSING_SIGNALS,
                   "st.attr", "a row is not valid");
    }
    for (uint32_t k = 0; k < streets->name_count; k++) {
        const tq_street_name *name = &streets->name[k];
        CITY_CHECK(name->name < city->text_len && name->name_en < city->text_len &&
                       name->ref < city->text_len,
                   "st.name", "a text lies outside the pool");
    }
    for (uint32_t k = 0; k < streets->turn_count; k++) {
        const tq_turn *turn = &streets->turn[k];
        CITY_CHECK(turn->from_edge < streets->edge_count && turn->to_edge < streets->edge_count &&
                       turn->only <= 1 &&
                       (turn->via_node < streets->node_count || turn->via_node == TQ_NONE) &&
                       turn->via_count <= streets->via_count &&
                       turn->first_via <= streets->via_count - turn->via_count &&
                       turn->banned <= UINT8_MAX && turn->condition < city->conditions.count,
                   "st.turn", "a row is not valid");
    }
    return TQ_OK;
}

tq_status city_verify_streets(const tq_city *city, tq_err *err)
{
    const tq_streets *s = &city->streets;
    uint32_t nodes = s->node_count, edges = s->edge_count;
    CITY_CHECK(edges < UINT32_MAX / 2 && nodes < UINT32_MAX, "counts", "too many streets");
    CITY_CHECK(edges == 0 || s->name_count > 0, "st.name", "has no row for the nameless");
    CITY_CHECK(points_hold(s->node_at, nodes) && points_hold(s->point, s->point_count), "st.node",
               "a point is off the globe");
    CITY_CHECK(city_indices_hold(s->edge_from, edges, nodes, CITY_NO_NONE), "st.from",
               "a node does not exist");
    CITY_CHECK(city_indices_hold(s->edge_to, edges, nodes, CITY_NO_NONE), "st.to",
               "a node does not exist");
    CITY_CHECK(city_ranges_hold(s->first_out, nodes, (size_t)edges * 2), "st.first_out",
               "is not ascending");
    CITY_CHECK(city_indices_hold(s->out_arc, (size_t)edges * 2, (size_t)edges * 2, CITY_NO_NONE),
               "st.out_arc", "an arc does not exist");
    for (uint32_t node = 0; node < nodes; node++)
        for (uint32_t k = s->first_out[node]; k < s->first_out[node + 1]; k++)
            CITY_CHECK(tq_arc_tail(s, s->out_arc[k]) == node, "st.out_arc",
                       "an arc leaves another node");
    CITY_CHECK(city_ranges_hold(s->edge_first_point, edges, s->point_count), "st.first_point",
               "is not ascending");
    CITY_CHECK(city_indices_hold(s->edge_attr, edges, s->attr_count, CITY_NO_NONE), "st.edge_attr",
               "a row does not exist");
    CITY_CHECK(city_indices_hold(s->edge_name, edges, s->name_count, CITY_NO_NONE), "st.edge_name",
               "a row does not exist");
    CITY_CHECK(city_indices_hold(s->edge_date, edges, city->dates.count, CITY_NO_NONE),
               "st.edge_date", "a row does not exist");
    CITY_CHECK(city_indices_hold(s->edge_length_dm, edges, 100000000, CITY_NO_NONE), "st.length",
               "an edge is too long");
    CITY_CHECK(city_indices_hold(s->via_edge, s->via_count, edges, CITY_NO_NONE), "st.via",
               "an edge does not exist");
    CITY_CHECK(city_grid_holds(&s->grid, s->grid_cells, s->grid_items, edges), "st.grid_first",
               "the grid does not hold");
    return verify_street_rows(city, err);
}

static bool place_holds(const tq_city *city, const tq_place_row *row)
{
    uint32_t texts = city->text_len;
    return tq_point_valid(row->at) && row->name < texts && row->name_en < texts &&
           row->area < texts && row->city < texts && row->note < texts && row->source < texts &&
           row->category < texts && (row->parent < city->places.count || row->parent == TQ_NONE) &&
           row->date < city->dates.count && row->alias_count <= city->places.alias_count &&
           row->first_alias <= city->places.alias_count - row->alias_count && row->kind <= 7;
}

/* What `link` points to depends on the kind: TQ_PLACE_STATION 0 and STOP 1 to a stop, STREET 2 to
 * an edge. */
static bool link_holds(const tq_city *city, const tq_place_row *row)
{
    if (row->link == TQ_NONE) return true;
    if (row->kind <= 1) return row->link < city->timetable.stop_count;
    return row->kind == 2 && row->link < city->streets.edge_count;
}

tq_status city_verify_places(const tq_city *city, tq_err *err)
{
    const tq_places *places = &city->places;
    for (uint32_t k = 0; k < places->count; k++)
        CITY_CHECK(place_holds(city, &places->row[k]) && link_holds(city, &places->row[k]),
                   "pl.row", "a row is not valid");
    for (uint32_t k = 0; k < places->alias_count; k++)
        CITY_CHECK(places->alias[k].text < city->text_len &&
                       places->alias[k].kind <= TQ_ALIAS_SHORT,
                   "pl.alias", "a row is not valid");
    CITY_CHECK(
        city_grid_holds(&places->grid, places->grid_cells, places->grid_items, places->count),
        "pl.grid_first", "the grid does not hold");
    return TQ_OK;
}

static tq_status verify_fares(const tq_city *city, tq_err *err)
{
    const tq_fares *fares = &city->fares;
    for (uint32_t k = 0; k < fares->tariff_count; k++) {
        const tq_tariff *row = &fares->tariff[k];
        bool good = row->kind <= TQ_TARIFF_DISTANCE && row->step_count <= fares->step_count &&
                    row->first_step <= fares->step_count - row->step_count &&
                    row->id < city->text_len && row->name < city->text_len &&
                    row->source < city->text_len && row->card_percent <= 100;
        for (unsigned rider = 0; rider < 4; rider++)
            good &= row->percent[rider] <= 100;
        for (uint32_t step = 1; good && step < row->step_count; step++)
            good &= fares->step[row->first_step + step - 1].upto_m <
                    fares->step[row->first_step + step].upto_m;
        CITY_CHECK(good, "fa.tariff", "a row is not valid");
    }
    CITY_CHECK(city->taxi_count == 1 && fares->taxi->source < city->text_len, "fa.taxi",
               "is not one row");
    return TQ_OK;
}

static tq_status verify_tables(const tq_city *city, tq_err *err)
{
    const tq_tables *tables = &city->tables;
    CITY_CHECK(
        city_indices_hold(tables->column, tables->column_count, city->text_len, CITY_NO_NONE),
        "tb.column", "a text lies outside the pool");
    CITY_CHECK(city_indices_hold(tables->cell, tables->cell_count, city->text_len, CITY_NO_NONE),
               "tb.cell", "a text lies outside the pool");
    for (uint32_t k = 0; k < tables->count; k++) {
        const tq_table *table = &tables->table[k];
        uint64_t cells = (uint64_t)table->column_count * table->row_count;
        CITY_CHECK(table->name < city->text_len && table->column_count <= tables->column_count &&
                       table->first_column <= tables->column_count - table->column_count &&
                       cells <= tables->cell_count &&
                       table->first_cell <= tables->cell_count - cells,
                   "tb.table", "a row is not valid");
    }
    return TQ_OK;
}

tq_status tq_city_verify(const tq_city *city, tq_err *err)
{
    TQ_TRY(verify_texts(city, err));
    TQ_TRY(verify_meta(city, err));
    TQ_TRY(verify_dates(city, err));
    TQ_TRY(city_verify_conditions(city, err));
    TQ_TRY(city_verify_vehicles(city, err));
    TQ_TRY(city_verify_streets(city, err));
    for (unsigned kind = 0; kind < TQ_HIERARCHY_COUNT; kind++)
        TQ_TRY(city_verify_hierarchy(city, (tq_hierarchy_kind)kind, err));
    for (unsigned kind = 0; kind < TQ_WALK_COUNT; kind++)
        TQ_TRY(city_verify_walk(city, (tq_walk_kind)kind, err));
    TQ_TRY(city_verify_timetable(city, err));
    TQ_TRY(city_verify_places(city, err));
    TQ_TRY(verify_fares(city, err));
    TQ_TRY(verify_tables(city, err));
    return tq_search_verify(city, err);
}
