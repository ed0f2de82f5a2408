/*
 * streets.csv: a table of main streets -> edges of the network (docs/format/streets-csv.md).
 *
 * Method: every course is taken apart into straight pieces; pieces of different rows that come near
 * each other are found by a grid. A course is cut where its points equal another's, where a point
 * of another course lies within a metre of it, and where two courses cross (the last two only for
 * rows at grade). A cut lies exactly where the other course has its point, so that both rows come
 * to one node.
 *
 * Invariants: equal tables give equal edges, in the order of rows; a bad row is named and left out,
 * or stops the import, as the settings say. Does not read: anything but the columns of the format.
 */
#include <stdio.h>

#include "import/streets_in.h"

#define JOIN_DM       10u /* a metre: nearer than this is the same place */
#define GRID_CELL_M   200u
#define LANES_MAX     16u
#define SPEED_MIN_KMH 5u
#define SPEED_MAX_KMH 120u

typedef enum csv_column {
    CSV_NAME,
    CSV_NAME_EN,
    CSV_REF,
    CSV_CLASS,
    CSV_ONEWAY,
    CSV_LANES,
    CSV_SPEED,
    CSV_DATUM,
    CSV_COURSE,
    CSV_FLAGS,
    CSV_ACCESS,
    CSV_STATUS,
    CSV_FROM,
    CSV_TO,
    CSV_SOURCE,
    CSV_NOTE,
    CSV_COLUMN_COUNT
} csv_column;

static const char *const column_names[CSV_COLUMN_COUNT] = {
    "name",   "name_en", "ref",    "class",  "oneway",     "lanes",    "speed_kmh", "datum",
    "course", "flags",   "access", "status", "valid_from", "valid_to", "source",    "note"};

/* A row that holds; its points are in WGS-84, reversed for oneway -1. */
typedef struct csv_street {
    uint32_t first_point, point_count, attr, name, date, line;
    bool at_grade;
} csv_street;

/* A straight piece of a course. */
typedef struct csv_piece {
    uint32_t street, point; /* from point to point + 1 */
} csv_piece;

/* A place where a piece is cut. */
typedef struct csv_cut {
    uint32_t piece, along_dm;
    tq_point at;
} csv_cut;

typedef struct csv_import {
    tq_build *build;
    import_network *network;
    const char *file;
    uint32_t column[CSV_COLUMN_COUNT];
    const tq_csv *csv;
    TQ_VEC(csv_street) streets;
    TQ_VEC(tq_point) points;
    TQ_VEC(csv_piece) pieces;
    TQ_VEC(csv_cut) cuts;
    uint64_t dropped;
} csv_import;

static tq_str field(const csv_import *import, csv_column column)
{
    uint32_t at = import->column[column];
    return at == TQ_NONE ? (tq_str){"", 0} : import->csv->field[at];
}

/* ---- one row -------------------------------------------------------------------------------- */

static tq_status bad_row(const csv_import *import, csv_column column, tq_err *err, const char *what)
{
    tq_str value = field(import, column);
    return tq_fail(err, TQ_BAD_INPUT, import->csv->line, "%s line %u: %s «%.*s»: %s", import->file,
                   import->csv->line, column_names[column], (int)TQ_MIN(value.len, 60), value.at,
                   what);
}

/* Next blank-separated word of *rest. */
static bool next_word(tq_str *rest, tq_str *word)
{
    *rest = tq_str_trim(*rest);
    size_t len = 0;
    while (len < rest->len && rest->at[len] != ' ' && rest->at[len] != '\t')
        len++;
    *word = (tq_str){rest->at, len};
    *rest = (tq_str){rest->at + len, rest->len - len};
    return len > 0;
}

static tq_status read_point(const csv_import *import, tq_str item, tq_point *at, tq_err *err)
{
    tq_str lat, lon, more;
    if (!next_word(&item, &lat) || !next_word(&item, &lon) || next_word(&item, &more))
        return bad_row(import, CSV_COURSE, err,
                       "a point is not «lat lon»; points are separated by ;");
    if (!tq_parse_e7(lat, &at->lat_e7) || !tq_parse_e7(lon, &at->lon_e7) || !tq_point_valid(*at))
        return bad_row(import, CSV_COURSE, err,
                       "a point is not within +-90 +-180 degrees, latitude first");
    return TQ_OK;
}

static tq_status read_datum(const csv_import *import, const tq_point *point, size_t count,
                            tq_datum *datum, tq_err *err)
{
    tq_str text = field(import, CSV_DATUM);
    *datum = TQ_WGS84;
    if (text.len > 0)
        return tq_datum_parse(text, datum)
                   ? TQ_OK
                   : bad_row(import, CSV_DATUM, err, "use wgs84, gcj02 or bd09");
    for (size_t k = 0; k < count; k++)
        if (tq_in_china(point[k]))
            return bad_row(import, CSV_DATUM, err,
                           "inside China a course must say wgs84, gcj02 or bd09: GCJ-02 lies some "
                           "500 m from WGS-84 "
                           "and the numbers do not tell");
    return TQ_OK;
}

static tq_status read_course(csv_import *import, csv_street *street, tq_err *err)
{
    size_t first = import->points.count;
    tq_str rest = field(import, CSV_COURSE);
    while (rest.len > 0) {
        const char *stop = memchr(rest.at, ';', rest.len);
        tq_str item = {rest.at, stop != NULL ? (size_t)(stop - rest.at) : rest.len};
        size_t used = item.len + (stop != NULL);
        rest = (tq_str){rest.at + used, rest.len - used};
        if (tq_str_trim(item).len == 0) continue;
        tq_point at = {0};
        TQ_TRY(read_point(import, item, &at, err));
        if (import->points.count - first == TQ_STREETS_COURSE_MAX)
            return bad_row(import, CSV_COURSE, err, "over 2000 points; write two rows");
        if (!tq_vec_push(&import->points, at)) return import_no_memory(err);
    }
    tq_datum datum;
    size_t count = 0, all = import->points.count - first;
    /* Before the first point of all there is no array to count from. */
    tq_point *point = all > 0 ? import->points.at + first : NULL;
    TQ_TRY(read_datum(import, point, all, &datum, err));
    for (size_t k = 0; k < all; k++) {
        tq_point at = tq_to_wgs84(point[k], datum);
        if (count > 0 && at.lat_e7 == point[count - 1].lat_e7 &&
            at.lon_e7 == point[count - 1].lon_e7)
            continue;
        if (count > 0 && tq_distance_dm(point[count - 1], at) > TQ_STREETS_PIECE_MAX_M * 10)
            return bad_row(import, CSV_COURSE, err, "two neighbouring points lie over 50 km apart");
        point[count++] = at;
    }
    import->points.count = first + count;
    if (count < 2) return bad_row(import, CSV_COURSE, err, "a course needs two different points");
    street->first_point = (uint32_t)first;
    street->point_count = (uint32_t)count;
    return TQ_OK;
}

static void reverse_course(csv_import *import, const csv_street *street)
{
    tq_point *point = import->points.at + street->first_point;
    for (uint32_t k = 0; k < street->point_count / 2; k++) {
        tq_point swap = point[k];
        point[k] = point[street->point_count - 1 - k];
        point[street->point_count - 1 - k] = swap;
    }
}

static tq_status read_flags(const csv_import *import, tq_street_attr *attr, tq_err *err)
{
    static const struct {
        const char *name;
        uint16_t flag;
    } flags[] = {{"bridge", TQ_STREET_BRIDGE},
                 {"tunnel", TQ_STREET_TUNNEL},
                 {"toll", TQ_STREET_TOLL},
                 {"roundabout", TQ_STREET_ROUNDABOUT},
                 {"lit", TQ_STREET_LIT},
                 {"unpaved", TQ_STREET_UNPAVED},
                 {"approximate", TQ_STREET_APPROXIMATE},
                 {"destination", TQ_STREET_DESTINATION}};
    tq_str rest = field(import, CSV_FLAGS), word;
    while (next_word(&rest, &word)) {
        size_t k = 0;
        while (k < TQ_COUNT(flags) && !tq_str_is(word, flags[k].name))
            k++;
        if (k == TQ_COUNT(flags))
            return bad_row(
                import, CSV_FLAGS, err,
                "use bridge, tunnel, toll, roundabout, lit, unpaved, approximate, destination");
        attr->flags |= flags[k].flag;
    }
    attr->layer = (attr->flags & TQ_STREET_BRIDGE) != 0   ? 1
                  : (attr->flags & TQ_STREET_TUNNEL) != 0 ? -1
                                                          : 0;
    return TQ_OK;
}

static tq_status read_access(const csv_import *import, uint8_t *access, tq_err *err)
{
    static const char *const modes[] = {"foot", "bike",  "car",       "bus",
                                        "taxi", "lorry", "emergency", "wheelchair"};
    tq_str rest = field(import, CSV_ACCESS), word;
    while (next_word(&rest, &word)) {
        size_t k = 0;
        tq_str name = {word.at + 1, word.len - 1};
        while (k < TQ_COUNT(modes) && !tq_str_is(name, modes[k]))
            k++;
        if (k == TQ_COUNT(modes) || (word.at[0] != '+' && word.at[0] != '-'))
            return bad_row(
                import, CSV_ACCESS, err,
                "use + or - and foot, bike, car, bus, taxi, lorry, emergency or wheelchair");
        if (word.at[0] == '+')
            *access |= (uint8_t)(1u << k);
        else
            *access &= (uint8_t) ~(1u << k);
    }
    if ((*access & TQ_ACCESS_FOOT) == 0) *access &= (uint8_t)~TQ_ACCESS_WHEELCHAIR;
    return TQ_OK;
}

/* A number within bounds; 0 when empty. */
static tq_status read_number(const csv_import *import, csv_column column, uint32_t low,
                             uint32_t high, uint32_t *out, tq_err *err)
{
    tq_str text = field(import, column);
    char what[80];
    (void)snprintf(what, sizeof what, "use a whole number from %u to %u", low, high);
    *out = 0;
    if (text.len == 0) return TQ_OK;
    if (!tq_parse_u32(text, out) || *out < low || *out > high)
        return bad_row(import, column, err, what);
    return TQ_OK;
}

static tq_status read_attr(csv_import *import, csv_street *street, tq_err *err)
{
    tq_street_class street_class;
    if (tq_str_is(field(import, CSV_CLASS), "ferry"))
        street_class = TQ_FERRY;
    else if (!import_street_class(field(import, CSV_CLASS), &street_class))
        return bad_row(import, CSV_CLASS, err,
                       "no class of street; use motorway, trunk, primary, secondary, ...");
    tq_street_attr attr = {.street_class = (uint8_t)street_class,
                           .incline_percent = TQ_INCLINE_UNKNOWN};
    uint8_t access = import_class_access(street_class);
    uint32_t lanes = 0, kmh = 0;
    TQ_TRY(read_access(import, &access, err));
    TQ_TRY(read_flags(import, &attr, err));
    TQ_TRY(read_number(import, CSV_LANES, 1, LANES_MAX, &lanes, err));
    TQ_TRY(read_number(import, CSV_SPEED, SPEED_MIN_KMH, SPEED_MAX_KMH, &kmh, err));
    tq_str oneway = field(import, CSV_ONEWAY);
    bool motorway = street_class <= TQ_MOTORWAY_LINK, against = tq_str_is(oneway, "-1");
    bool one = against || tq_str_is(oneway, "yes") || (oneway.len == 0 && motorway);
    if (oneway.len > 0 && !one && !tq_str_is(oneway, "no"))
        return bad_row(import, CSV_ONEWAY, err, "use no, yes or -1");
    attr.access[0] = access;
    attr.access[1] = one ? access & (uint8_t) ~(TQ_ACCESS_BIKE | TQ_ACCESS_MOTOR) : access;
    attr.lanes[0] = (uint8_t)(one ? lanes : (lanes + 1) / 2);
    attr.lanes[1] = (uint8_t)(one ? 0 : lanes == 0 ? 0 : TQ_MAX(lanes / 2, 1));
    attr.signed_limit = kmh != 0;
    uint32_t speed =
        kmh != 0
            ? kmh
            : import_class_speed(street_class, tq_in_china(import->points.at[street->first_point]));
    attr.speed_kmh[0] = attr.speed_kmh[1] = (uint8_t)speed;
    if (against) reverse_course(import, street);
    street->at_grade = !motorway && (attr.flags & (TQ_STREET_BRIDGE | TQ_STREET_TUNNEL)) == 0;
    street->attr = import_attr_row(import->network, &attr);
    return street->attr != TQ_NONE ? TQ_OK : import_no_memory(err);
}

/* An instant, or a day: its beginning, or its end for valid_to. */
static tq_status read_time(const csv_import *import, csv_column column, int64_t empty,
                           int64_t *at_ms, tq_err *err)
{
    tq_str text = field(import, column);
    *at_ms = empty;
    if (text.len == 0) return TQ_OK;
    tq_zone_table zone = {import->build->zone.count, import->build->zone.from_s,
                          import->build->zone.offset_s};
    uint32_t year, month, day;
    if (text.len == 10 && text.at[4] == '-' && text.at[7] == '-' &&
        tq_parse_u32((tq_str){text.at, 4}, &year) &&
        tq_parse_u32((tq_str){text.at + 5, 2}, &month) &&
        tq_parse_u32((tq_str){text.at + 8, 2}, &day) && month >= 1 && month <= 12 && day >= 1 &&
        day <= 31) {
        int32_t days = tq_day_of((int32_t)year, month, day);
        *at_ms = tq_local_to_ms(&zone, column == CSV_TO ? days + 1 : days, 0);
        return TQ_OK;
    }
    return tq_time_parse(&zone, text, at_ms, NULL) == TQ_OK
               ? TQ_OK
               : bad_row(import, column, err,
                         "use a day like 2026-10-01 or a time like 2026-10-01T05:00");
}

static tq_status read_dates(const csv_import *import, csv_street *street, tq_err *err)
{
    static const char *const lives[] = {"planned", "building", "open", "closed"};
    tq_str status = field(import, CSV_STATUS);
    unsigned life = TQ_OPEN;
    int64_t from_ms, to_ms;
    if (status.len > 0)
        for (life = 0; life < TQ_COUNT(lives) && !tq_str_is(status, lives[life]);)
            life++;
    if (life == TQ_COUNT(lives))
        return bad_row(import, CSV_STATUS, err, "use open, planned, building or closed");
    TQ_TRY(read_time(import, CSV_FROM, INT64_MIN, &from_ms, err));
    TQ_TRY(read_time(import, CSV_TO, INT64_MAX, &to_ms, err));
    if (from_ms >= to_ms) return bad_row(import, CSV_TO, err, "it ends before it begins");
    bool plain = life == TQ_OPEN && from_ms == INT64_MIN && to_ms == INT64_MAX;
    street->date =
        plain ? 0
              : tq_build_date(import->build, (tq_life)life, from_ms, to_ms,
                              tq_texts_add(import->build->texts, field(import, CSV_SOURCE)));
    return street->date != TQ_NONE ? TQ_OK : import_no_memory(err);
}

static tq_status read_row(csv_import *import, tq_err *err)
{
    csv_street street = {.line = import->csv->line};
    for (unsigned column = 0; column < CSV_COLUMN_COUNT; column++)
        if (!tq_utf8_valid(field(import, (csv_column)column)))
            return bad_row(import, (csv_column)column, err, "not UTF-8; save the table as UTF-8");
    TQ_TRY(read_course(import, &street, err));
    TQ_TRY(read_attr(import, &street, err));
    TQ_TRY(read_dates(import, &street, err));
    tq_texts *texts = import->build->texts;
    import_name name = {.name = tq_texts_add(texts, field(import, CSV_NAME)),
                        .name_en = tq_texts_add(texts, field(import, CSV_NAME_EN)),
                        .ref = tq_texts_add(texts, field(import, CSV_REF))};
    street.name = import_name_row(import->network, &name);
    bool done =
        street.name != TQ_NONE && !tq_texts_failed(texts) && tq_vec_push(&import->streets, street);
    return done ? TQ_OK : import_no_memory(err);
}

/* ---- cutting -------------------------------------------------------------------------------- */

static tq_status add_cut(csv_import *import, uint32_t piece, tq_foot foot, tq_err *err)
{
    return tq_vec_push(&import->cuts, ((csv_cut){piece, foot.along_dm, foot.at}))
               ? TQ_OK
               : import_no_memory(err);
}

/* Cross product of (b - a) and (c - a), in square 1e-7 degrees. */
static int64_t side_of(tq_point a, tq_point b, tq_point c)
{
    int64_t by = (int64_t)b.lat_e7 - a.lat_e7, bx = (int64_t)b.lon_e7 - a.lon_e7;
    int64_t cy = (int64_t)c.lat_e7 - a.lat_e7, cx = (int64_t)c.lon_e7 - a.lon_e7;
    return bx * cy - by * cx;
}

static int sign_of(int64_t value)
{
    return (value > 0) - (value < 0);
}

/* Where two pieces cross between their points; false when they do not. Exact signs, rounded place.
 */
static bool crossing(tq_point a, tq_point b, tq_point c, tq_point d, tq_point *at)
{
    int64_t c_side = side_of(a, b, c), d_side = side_of(a, b, d);
    if (sign_of(c_side) * sign_of(d_side) >= 0 ||
        sign_of(side_of(c, d, a)) * sign_of(side_of(c, d, b)) >= 0)
        return false;
    double share = (double)c_side / ((double)c_side - (double)d_side);
    at->lat_e7 = c.lat_e7 + (int32_t)(((double)d.lat_e7 - c.lat_e7) * share);
    at->lon_e7 = c.lon_e7 + (int32_t)(((double)d.lon_e7 - c.lon_e7) * share);
    return true;
}

static const tq_point *piece_points(const csv_import *import, uint32_t piece)
{
    return import->points.at + import->pieces.at[piece].point;
}

/* A point of one course beside the other's piece: a cut of that piece at the point. */
static tq_status cut_at_point(csv_import *import, uint32_t piece, tq_point at, tq_err *err)
{
    const tq_point *ends = piece_points(import, piece);
    tq_foot foot = tq_project(at, ends[0], ends[1]);
    if (foot.distance_dm > JOIN_DM) return TQ_OK;
    foot.at = at;
    return add_cut(import, piece, foot, err);
}

static tq_status join_pieces(csv_import *import, uint32_t a, uint32_t b, tq_err *err)
{
    const tq_point *one = piece_points(import, a), *other = piece_points(import, b);
    tq_point at;
    for (unsigned end = 0; end < 2; end++) {
        TQ_TRY(cut_at_point(import, a, other[end], err));
        TQ_TRY(cut_at_point(import, b, one[end], err));
    }
    for (unsigned end = 0; end < 2; end++)
        if (tq_project(one[end], other[0], other[1]).distance_dm <= JOIN_DM ||
            tq_project(other[end], one[0], one[1]).distance_dm <= JOIN_DM)
            return TQ_OK;
    if (!crossing(one[0], one[1], other[0], other[1], &at)) return TQ_OK;
    tq_foot foot_a = tq_project(at, one[0], one[1]), foot_b = tq_project(at, other[0], other[1]);
    foot_a.at = foot_b.at = at;
    TQ_TRY(add_cut(import, a, foot_a, err));
    return add_cut(import, b, foot_b, err);
}

static bool boxes_meet(const tq_box *a, const tq_box *b)
{
    return a->south_e7 <= b->north_e7 && b->south_e7 <= a->north_e7 && a->west_e7 <= b->east_e7 &&
           b->west_e7 <= a->east_e7;
}

/* All pairs of pieces of different rows at grade whose boxes meet. */
static tq_status join_all(csv_import *import, const tq_box *box, const tq_grid *grid,
                          uint32_t *seen, tq_err *err)
{
    uint32_t count = (uint32_t)import->pieces.count;
    for (uint32_t piece = 0; piece < count; piece++) {
        const csv_street *street = &import->streets.at[import->pieces.at[piece].street];
        tq_cells cells;
        if (!street->at_grade || !tq_grid_cells(grid, &box[piece], &cells)) continue;
        for (uint32_t row = cells.row0; row <= cells.row1; row++) {
            for (uint32_t column = cells.column0; column <= cells.column1; column++) {
                size_t cell = (size_t)row * grid->columns + column;
                for (uint32_t k = grid->first[cell]; k < grid->first[cell + 1]; k++) {
                    uint32_t other = grid->item[k];
                    uint32_t other_street = import->pieces.at[other].street;
                    if (other <= piece || seen[other] == piece ||
                        other_street == import->pieces.at[piece].street ||
                        !import->streets.at[other_street].at_grade ||
                        !boxes_meet(&box[piece], &box[other]))
                        continue;
                    seen[other] = piece;
                    TQ_TRY(join_pieces(import, piece, other, err));
                }
            }
        }
    }
    return TQ_OK;
}

static tq_status find_cuts(csv_import *import, tq_err *err)
{
    uint32_t count = 0;
    for (uint32_t street = 0; street < import->streets.count; street++) {
        const csv_street *row = &import->streets.at[street];
        for (uint32_t k = 0; k + 1 < row->point_count; k++)
            if (!tq_vec_push(&import->pieces, ((csv_piece){street, row->first_point + k})))
                return import_no_memory(err);
    }
    count = (uint32_t)import->pieces.count;
    tq_box *box = TQ_ALLOC(tq_box, count);
    uint32_t *seen = TQ_ALLOC(uint32_t, count);
    tq_grid_data data = {0};
    tq_status status = box == NULL || seen == NULL ? import_no_memory(err) : TQ_OK;
    for (uint32_t piece = 0; status == TQ_OK && piece < count; piece++) {
        const tq_point *ends = piece_points(import, piece);
        box[piece] = TQ_BOX_EMPTY;
        tq_box_add(&box[piece], ends[0]);
        tq_box_add(&box[piece], ends[1]);
        box[piece] = tq_box_grow(box[piece], 1);
        seen[piece] = TQ_NONE;
    }
    if (status == TQ_OK) status = tq_grid_build(box, count, GRID_CELL_M, &data, err);
    if (status == TQ_OK) status = join_all(import, box, &data.grid, seen, err);
    tq_grid_free(&data);
    tq_free(box);
    tq_free(seen);
    return status;
}

/* ---- edges ---------------------------------------------------------------------------------- */

/* Every course as a list of places with its cuts worked in; places that are junctions are found by
 * sorting. */
typedef struct csv_place {
    tq_point at;
    uint32_t street, node; /* node: first place of the same position, TQ_NONE = only a bend */
    bool cut;
} csv_place;

typedef TQ_VEC(csv_place) csv_places;

static tq_status add_place(csv_places *places, uint32_t street, tq_point at, bool cut, tq_err *err)
{
    if (places->count > 0) {
        csv_place *last = &places->at[places->count - 1];
        if (last->street == street && last->at.lat_e7 == at.lat_e7 &&
            last->at.lon_e7 == at.lon_e7) {
            last->cut = last->cut || cut;
            return TQ_OK;
        }
    }
    return tq_vec_push(places, ((csv_place){at, street, TQ_NONE, cut})) ? TQ_OK
                                                                        : import_no_memory(err);
}

/* Courses with their cuts in order along them. */
static tq_status lay_out(csv_import *import, const uint32_t *order, csv_places *places, tq_err *err)
{
    size_t next = 0;
    for (uint32_t piece = 0; piece < import->pieces.count; piece++) {
        uint32_t street = import->pieces.at[piece].street;
        const tq_point *ends = piece_points(import, piece);
        TQ_TRY(add_place(places, street, ends[0], false, err));
        for (; next < import->cuts.count && import->cuts.at[order[next]].piece == piece; next++)
            TQ_TRY(add_place(places, street, import->cuts.at[order[next]].at, true, err));
        bool last =
            piece + 1 == import->pieces.count || import->pieces.at[piece + 1].street != street;
        if (last) TQ_TRY(add_place(places, street, ends[1], false, err));
    }
    return TQ_OK;
}

static uint64_t position_key(tq_point at)
{
    return (uint64_t)((int64_t)at.lat_e7 + 900000000) << 32 |
           (uint64_t)((int64_t)at.lon_e7 + 1800000000);
}

/* Places that hold more than one row's point, or a cut, or an end of a row, become nodes. */
static tq_status make_nodes(csv_import *import, csv_places *places, uint64_t *junctions,
                            tq_err *err)
{
    size_t count = places->count;
    uint32_t *order = TQ_ALLOC(uint32_t, count);
    uint64_t *key = TQ_ALLOC(uint64_t, count);
    bool done = order != NULL && key != NULL;
    for (size_t k = 0; done && k < count; k++) {
        order[k] = (uint32_t)k;
        key[k] = position_key(places->at[k].at);
    }
    done = done && tq_sort_by_u64(order, count, key);
    for (size_t from = 0, to; done && from < count; from = to) {
        bool end = false;
        for (to = from; to < count && key[order[to]] == key[order[from]]; to++) {
            uint32_t k = order[to];
            end = end || places->at[k].cut || k == 0 || k + 1 == count ||
                  places->at[k - 1].street != places->at[k].street ||
                  places->at[k + 1].street != places->at[k].street;
        }
        if (to - from == 1 && !end) continue;
        if (to - from > 1) ++*junctions;
        uint32_t node = import_add_node(import->network, places->at[order[from]].at);
        done = node != TQ_NONE;
        for (size_t k = from; k < to; k++)
            places->at[order[k]].node = node;
    }
    tq_free(order);
    tq_free(key);
    return done ? TQ_OK : import_no_memory(err);
}

static tq_status add_edges(csv_import *import, const csv_places *places, tq_err *err)
{
    import_points points = {0};
    tq_status status = TQ_OK;
    for (size_t from = 0, to; status == TQ_OK && from + 1 < places->count; from = to) {
        to = from + 1;
        if (places->at[to].street != places->at[from].street) continue;
        while (places->at[to].node == TQ_NONE)
            to++;
        const csv_street *street = &import->streets.at[places->at[from].street];
        points.count = 0;
        for (size_t k = from; k <= to && status == TQ_OK; k++)
            if (!tq_vec_push(&points, places->at[k].at)) status = import_no_memory(err);
        import_edge like = {.from = places->at[from].node,
                            .to = places->at[to].node,
                            .attr = street->attr,
                            .name = street->name,
                            .date = street->date};
        uint32_t edge;
        if (status == TQ_OK)
            status = import_add_course(import->network, &like, points.at, (uint32_t)points.count,
                                       &edge, err);
    }
    tq_vec_free(&points);
    return status;
}

static tq_status build_network(csv_import *import, tq_err *err)
{
    TQ_TRY(find_cuts(import, err));
    size_t count = import->cuts.count;
    uint32_t *order = TQ_ALLOC(uint32_t, count);
    uint64_t *key = TQ_ALLOC(uint64_t, count), junctions = 0;
    csv_places places = {0};
    tq_status status = order == NULL || key == NULL ? import_no_memory(err) : TQ_OK;
    for (size_t k = 0; status == TQ_OK && k < count; k++) {
        order[k] = (uint32_t)k;
        key[k] = (uint64_t)import->cuts.at[k].piece << 32 | import->cuts.at[k].along_dm;
    }
    if (status == TQ_OK && !tq_sort_by_u64(order, count, key)) status = import_no_memory(err);
    if (status == TQ_OK) status = lay_out(import, order, &places, err);
    if (status == TQ_OK) status = make_nodes(import, &places, &junctions, err);
    if (status == TQ_OK) status = add_edges(import, &places, err);
    tq_report_count(import->build->report, "streets_csv.rows", import->streets.count);
    tq_report_count(import->build->report, "streets_csv.junctions", junctions);
    tq_free(order);
    tq_free(key);
    tq_vec_free(&places);
    return status;
}

/* ---- the table ------------------------------------------------------------------------------ */

/* The column that shares most leading and trailing bytes: enough to guess what was meant. */
static const char *nearest_column(tq_str name)
{
    size_t best = 0, best_like = 0;
    for (size_t k = 0; k < CSV_COLUMN_COUNT; k++) {
        size_t len = strlen(column_names[k]), most = TQ_MIN(len, name.len), head = 0, tail = 0;
        while (head < most && column_names[k][head] == name.at[head])
            head++;
        while (tail < most - head &&
               column_names[k][len - 1 - tail] == name.at[name.len - 1 - tail])
            tail++;
        if (head + tail <= best_like) continue;
        best = k;
        best_like = head + tail;
    }
    return column_names[best];
}

static tq_status read_head(csv_import *import, const tq_csv *csv, tq_err *err)
{
    for (size_t k = 0; k < CSV_COLUMN_COUNT; k++)
        import->column[k] = tq_csv_column(csv, column_names[k]);
    for (uint32_t k = 0; k < csv->columns; k++) {
        bool known = false;
        for (size_t c = 0; c < CSV_COLUMN_COUNT; c++)
            known = known || tq_str_is(csv->head[k], column_names[c]);
        if (!known)
            return tq_fail(err, TQ_BAD_INPUT, 1,
                           "%s line 1: there is no column «%.*s»; is it «%s»?", import->file,
                           (int)TQ_MIN(csv->head[k].len, 40), csv->head[k].at,
                           nearest_column(csv->head[k]));
    }
    static const csv_column needed[] = {CSV_NAME, CSV_CLASS, CSV_COURSE};
    for (size_t k = 0; k < TQ_COUNT(needed); k++)
        if (import->column[needed[k]] == TQ_NONE)
            return tq_fail(err, TQ_BAD_INPUT, 1, "%s line 1: the column «%s» is missing",
                           import->file, column_names[needed[k]]);
    return TQ_OK;
}

static tq_status read_rows(csv_import *import, tq_csv *csv, tq_err *err)
{
    TQ_TRY(read_head(import, csv, err));
    import->csv = csv;
    for (uint32_t rows = 0;; rows++) {
        bool more = false;
        tq_err row_err = {0};
        size_t points = import->points.count;
        tq_status status = tq_csv_next(csv, &more, &row_err);
        if (status == TQ_OK && !more) return TQ_OK;
        if (rows == TQ_STREETS_CSV_ROWS_MAX)
            return tq_fail(err, TQ_LIMIT, csv->line, "%s has over %u rows", import->file,
                           TQ_STREETS_CSV_ROWS_MAX);
        if (status == TQ_OK) status = read_row(import, &row_err);
        if (status == TQ_OK) continue;
        if (status != TQ_BAD_INPUT || import->build->settings->bad_rows_stop)
            return tq_fail(err, status, row_err.line, "%s", row_err.text);
        import->points.count = points;
        import->dropped++;
        tq_report_add(import->build->report, TQ_DROPPED, "bad_street", import->file, row_err.line,
                      "%s", row_err.text);
    }
}

static tq_status read_table(csv_import *import, tq_err *err)
{
    const tq_settings *settings = import->build->settings;
    char path[TQ_PATH_MAX];
    if (!tq_path_join(path, settings->folder, import->file))
        return tq_fail(err, TQ_BAD_CONFIG, 0, "the path of %s is over %d bytes", import->file,
                       TQ_PATH_MAX);
    char *bytes = NULL;
    size_t len = 0;
    TQ_TRY(tq_file_read(path, TQ_STREETS_CSV_BYTES_MAX, &bytes, &len, err));
    tq_csv *csv = TQ_ALLOC(tq_csv, 1);
    tq_status status =
        csv == NULL ? import_no_memory(err) : tq_csv_begin(csv, (tq_str){bytes, len}, err);
    if (status == TQ_OK) status = read_rows(import, csv, err);
    if (csv != NULL) tq_csv_end(csv);
    tq_free(csv);
    tq_free(bytes);
    return status;
}

tq_status import_streets_csv(tq_build *build, tq_err *err)
{
    const tq_settings *settings = build->settings;
    if (settings->streets_count == 0) return TQ_OK;
    csv_import import = {.build = build, .network = import_network_of(build)};
    tq_status status = import.network == NULL ? import_no_memory(err) : TQ_OK;
    for (uint32_t k = 0; status == TQ_OK && k < settings->streets_count; k++) {
        import.file = settings->streets[k];
        status = read_table(&import, err);
    }
    if (status == TQ_OK) status = build_network(&import, err);
    tq_report_count(build->report, "streets_csv.dropped", import.dropped);
    tq_vec_free(&import.streets);
    tq_vec_free(&import.points);
    tq_vec_free(&import.pieces);
    tq_vec_free(&import.cuts);
    return status;
}
