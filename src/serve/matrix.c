/*
 * /api/v1/matrix: times and metres from many places to many, as JSON, CSV or rows of NDJSON.
 *
 * The answer is a stream: a block of rows is worked out, written piece by piece, forgotten. So the
 * memory is the places and MATRIX_BLOCK_CELLS cells however large the matrix is, and other
 * connections are served between pieces. JSON and CSV are for matrices of up to TQ_MATRIX_MAX
 * cells; stream=rows goes up to MATRIX_PLACES_MAX places a side.
 *
 * JSON has all durations before all distances, so it works every block out twice when both are
 * asked for; rows and CSV do not.
 */
#include <stdio.h>

#include "serve/serve_in.h"

/* ---- cells
 * --------------------------------------------------------------------------------------------------
 */

static uint32_t deepest(const tq_city *city)
{
    uint32_t most = 1;
    for (uint32_t kind = 0; kind < TQ_HIERARCHY_COUNT; kind++)
        for (uint32_t vertex = 0; vertex < city->hierarchy[kind].vertex_count; vertex++)
            most = TQ_MAX(most, city->hierarchy[kind].depth[vertex] + 1u);
    return most;
}

size_t tq_streets_work_bytes(const tq_city *city)
{
    size_t vertices = TQ_MAX(city->hierarchy[0].vertex_count, city->hierarchy[1].vertex_count);
    size_t table = 2 * (size_t)TABLE_PLACES_MAX * TABLE_PLACES_MAX * sizeof(int32_t);
    size_t sweep = vertices * 16 + ((size_t)16 << 20);
    return TQ_MAX(table + (size_t)MATRIX_TILE * deepest(city) * 16, sweep) + ((size_t)4 << 20);
}

/* One tile; its cells lie `stride` apart in the whole. */
static tq_status tile_cells(const tq_city *city, const tq_metric *metric, const tq_snap *from,
                            uint32_t from_count, const tq_snap *to, uint32_t to_count,
                            uint32_t stride, tq_arena *work, int32_t *out_ds, uint32_t *out_dm,
                            tq_err *err)
{
    tq_places_on_road sources = {.count = from_count, .snap = from},
                      targets = {.count = to_count, .snap = to};
    if (to_count == stride)
        return tq_road_matrix(city, metric, &sources, &targets, work, out_ds, out_dm, err);
    size_t cells = (size_t)from_count * to_count;
    int32_t *ds = TQ_PUSH_RAW(work, int32_t, cells);
    uint32_t *dm = out_dm == NULL ? NULL : TQ_PUSH_RAW(work, uint32_t, cells);
    if (ds == NULL || (out_dm != NULL && dm == NULL))
        return tq_fail(err, TQ_NO_MEMORY, 0, "not enough scratch for a matrix");
    TQ_TRY(tq_road_matrix(city, metric, &sources, &targets, work, ds, dm, err));
    for (uint32_t row = 0; row < from_count; row++) {
        memcpy(out_ds + (size_t)row * stride, ds + (size_t)row * to_count, to_count * sizeof *ds);
        if (dm != NULL)
            memcpy(out_dm + (size_t)row * stride, dm + (size_t)row * to_count,
                   to_count * sizeof *dm);
    }
    return TQ_OK;
}

tq_status road_cells(const tq_city *city, const tq_metric *metric, const tq_snap *from,
                     uint32_t from_count, const tq_snap *to, uint32_t to_count, tq_arena *work,
                     int32_t *out_ds, uint32_t *out_dm, tq_err *err)
{
    uint32_t tile = MATRIX_TILE;
    size_t mark = work->used;
    for (uint32_t row = 0; row < from_count;) {
        uint32_t rows = TQ_MIN(tile, from_count - row);
        tq_status status = TQ_OK;
        for (uint32_t column = 0; status == TQ_OK && column < to_count;) {
            uint32_t columns = TQ_MIN(tile, to_count - column);
            size_t at = (size_t)row * to_count + column;
            status = tile_cells(city, metric, from + row, rows, to + column, columns, to_count,
                                work, out_ds + at, out_dm == NULL ? NULL : out_dm + at, err);
            tq_arena_reset(work, mark);
            column += columns;
        }
        if (status == TQ_NO_MEMORY && tile > 1) { /* smaller tiles take less scratch */
            tile /= 2;
            continue;
        }
        TQ_TRY(status);
        row += rows;
    }
    return TQ_OK;
}

/* ---- places
 * -------------------------------------------------------------------------------------------------
 */

typedef struct point_list {
    tq_point *point; /* [cap] */
    uint32_t count, cap;
} point_list;

static tq_status bad_point(tq_err *err, const char *name, uint32_t index)
{
    return tq_fail(err, TQ_BAD_INPUT, 0,
                   "%s: coordinate %u can't be read; in a body it is [lon,lat] or "
                   "{\"lat\":…,\"lon\":…}, in a URL lat,lon;lat,lon",
                   name, index);
}

static tq_status add_point(point_list *list, tq_point at, const char *name, tq_err *err)
{
    if (!tq_point_valid(at)) return bad_point(err, name, list->count);
    if (list->count == list->cap)
        return tq_fail(err, TQ_LIMIT, 0, "%s has more than matrix.places = %u coordinates", name,
                       list->cap);
    list->point[list->count++] = at;
    return TQ_OK;
}

static bool json_point(json_in *in, tq_point *out)
{
    tq_str number;
    char name[16];
    uint32_t members = 0;
    bool object = json_in_kind(in) == JSON_IN_OBJECT;
    if (!json_in_open(in, object ? JSON_IN_OBJECT : JSON_IN_ARRAY)) return false;
    for (uint32_t place = 0; json_in_more(in); place++) {
        if (object && !json_in_key(in, name, sizeof name)) return false;
        bool lon = object ? strcmp(name, "lon") == 0 : place == 0;
        bool lat = object ? strcmp(name, "lat") == 0 : place == 1;
        if (!lon && !lat) {
            if (!object || !json_in_skip(in, NULL)) return false;
            continue;
        }
        if (!json_in_number(in, &number) || !tq_parse_e7(number, lon ? &out->lon_e7 : &out->lat_e7))
            return false;
        members |= lon ? 1u : 2u;
    }
    return in->why == NULL && members == 3;
}

static tq_status read_json_points(tq_str text, const char *name, point_list *list, tq_err *err)
{
    json_in in;
    json_in_begin(&in, text);
    if (!json_in_open(&in, JSON_IN_ARRAY)) return bad_point(err, name, 0);
    while (json_in_more(&in)) {
        tq_point at;
        if (!json_point(&in, &at)) return bad_point(err, name, list->count);
        TQ_TRY(add_point(list, at, name, err));
    }
    return in.why == NULL ? TQ_OK : bad_point(err, name, list->count);
}

static tq_status read_url_points(const char *text, const char *name, point_list *list, tq_err *err)
{
    tq_str rest = tq_str_of(text);
    while (rest.len > 0) {
        tq_str lon = cut_piece(&rest, ';'), lat = cut_piece(&lon, ',');
        tq_point at;
        if (!tq_parse_e7(lat, &at.lat_e7) || !tq_parse_e7(lon, &at.lon_e7))
            return bad_point(err, name, list->count);
        TQ_TRY(add_point(list, at, name, err));
    }
    return TQ_OK;
}

/* Points of "from" (side 0) or "to" (side 1), behind those in the list. */
static tq_status read_side(const serve_request *request, uint32_t side, point_list *list,
                           tq_err *err)
{
    const char *name = side == 0 ? "from" : "to", *text = param_text(request, name);
    if (request->points[side].at != NULL)
        return read_json_points(request->points[side], name, list, err);
    return text == NULL ? TQ_OK : read_url_points(text, name, list, err);
}

static tq_status snap_side(serve_loop *loop, matrix_stream *stream, const point_list *list,
                           uint32_t side, tq_snap *out, problem *why, tq_err *err)
{
    tq_snap_wish wish = {.limit = 1, .bearing = -1, .main_only = true};
    for (uint32_t k = 0; k < list->count; k++) {
        tq_point at = tq_to_wgs84(list->point[k], stream->ask.datum);
        tq_status status = road_ask_snap(loop->server->city, &stream->ask, at, &wish, &out[k], err);
        if (status == TQ_NOT_FOUND) {
            why->id = PROBLEM_NO_SEGMENT;
            problem_set(why, 0, "%s", side == 0 ? "from" : "to");
            problem_set(why, 1, "%u", k);
            problem_set(why, 2, "%d", TQ_SNAP_LIMIT_M);
        }
        TQ_TRY(status);
    }
    return TQ_OK;
}

/* ---- the question
 * ------------------------------------------------------------------------------------------- */

static tq_status read_parts(const serve_request *request, matrix_stream *stream, tq_err *err)
{
    const char *form = param_text(request, "format"), *rows = param_text(request, "stream");
    tq_str rest = tq_str_of(param_text(request, "annotations"));
    stream->form = rows != NULL && strcmp(rows, "rows") == 0  ? MATRIX_ROWS
                   : form != NULL && strcmp(form, "csv") == 0 ? MATRIX_CSV
                                                              : MATRIX_JSON;
    while (rest.len > 0) {
        tq_str part = cut_piece(&rest, ',');
        if (tq_str_is(part, "duration"))
            stream->want_s = true;
        else if (tq_str_is(part, "distance"))
            stream->want_m = true;
        else
            return tq_fail(err, TQ_BAD_INPUT, 0,
                           "annotations are duration, distance or duration,distance");
    }
    return TQ_OK;
}

static tq_status make_room(matrix_stream *stream, tq_err *err)
{
    size_t width = TQ_MAX(stream->to_count, 1u), rows = TQ_MAX(MATRIX_BLOCK_CELLS / width, 1);
    rows = TQ_MIN(rows, TQ_MIN((size_t)MATRIX_TILE, TQ_MAX(stream->from_count, 1u)));
    stream->block_most = (uint32_t)rows;
    stream->ds = TQ_ALLOC(int32_t, rows * width);
    if (stream->want_m) stream->dm = TQ_ALLOC(uint32_t, rows * width);
    if (stream->ds == NULL || (stream->want_m && stream->dm == NULL))
        return tq_fail(err, TQ_NO_MEMORY, 0, "no memory for a block of the matrix");
    return TQ_OK;
}

static tq_status check_size(const matrix_stream *stream, const point_list list[2], problem *why,
                            tq_err *err)
{
    uint64_t cells = (uint64_t)list[0].count * list[1].count;
    if (list[0].count == 0 || list[1].count == 0)
        return tq_fail(err, TQ_BAD_INPUT, 0, "\"from\" needs a coordinate at least");
    if (stream->form == MATRIX_ROWS || cells <= TQ_MATRIX_MAX) return TQ_OK;
    why->id = PROBLEM_MATRIX_LIMIT;
    problem_set(why, 0, "%llu", (unsigned long long)cells);
    problem_set(why, 1, "%u", TQ_MATRIX_MAX);
    problem_set(why, 2, "%u", MATRIX_PLACES_MAX);
    return TQ_LIMIT;
}

static tq_status open_stream(serve_loop *loop, const serve_request *request, matrix_stream *stream,
                             problem *why, tq_err *err)
{
    point_list list[2] = {{.cap = MATRIX_PLACES_MAX}, {.cap = MATRIX_PLACES_MAX}};
    TQ_TRY(read_parts(request, stream, err));
    for (uint32_t side = 0; side < 2; side++) {
        list[side].point = TQ_PUSH_RAW(&loop->work, tq_point, MATRIX_PLACES_MAX);
        if (list[side].point == NULL)
            return tq_fail(err, TQ_NO_MEMORY, 0, "not enough scratch for coordinates");
        TQ_TRY(read_side(request, side, &list[side], err));
    }
    if (list[1].count == 0) list[1] = list[0];
    TQ_TRY(check_size(stream, list, why, err));
    TQ_TRY(road_ask_begin(loop, request, &stream->ask, err));
    memcpy(stream->version, loop->version, sizeof stream->version);
    if (stream->want_m) TQ_TRY(road_ask_metres(loop, &stream->ask, err));
    stream->from_count = list[0].count;
    stream->to_count = list[1].count;
    stream->snap = TQ_ALLOC(tq_snap, (size_t)list[0].count + list[1].count);
    if (stream->snap == NULL)
        return tq_fail(err, TQ_NO_MEMORY, 0, "no memory for the places of a matrix");
    TQ_TRY(snap_side(loop, stream, &list[0], 0, stream->snap, why, err));
    TQ_TRY(snap_side(loop, stream, &list[1], 1, stream->snap + list[0].count, why, err));
    return make_room(stream, err);
}

void matrix_end(serve_loop *loop, matrix_stream *stream)
{
    road_ask_end(loop, &stream->ask);
    tq_free(stream->snap);
    tq_free(stream->ds);
    tq_free(stream->dm);
    *stream = (matrix_stream){0};
}

tq_status handle_matrix(serve_loop *loop, const serve_request *request, serve_answer *answer,
                        problem *why, tq_err *err)
{
    static const char *const types[] = {"application/json; charset=utf-8",
                                        "text/csv; charset=utf-8",
                                        "application/x-ndjson; charset=utf-8"};
    uint32_t row = 0;
    while (row < STREAMS_MAX && loop->stream[row].used)
        row++;
    if (row == STREAMS_MAX) {
        why->id = PROBLEM_STREAMS;
        problem_set(why, 0, "%u", STREAMS_MAX);
        return TQ_BUSY;
    }
    matrix_stream *stream = &loop->stream[row];
    *stream = (matrix_stream){.used = true};
    tq_status status = open_stream(loop, request, stream, why, err);
    if (status == TQ_USAGE) status = TQ_BAD_INPUT;
    if (status != TQ_OK) {
        matrix_end(loop, stream);
        return status;
    }
    answer->status = 200;
    answer->type = types[stream->form];
    answer->stream = (uint8_t)(row + 1);
    return TQ_OK;
}

/* ---- pieces
 * -------------------------------------------------------------------------------------------------
 */

static void put_head(const serve_loop *loop, const matrix_stream *stream, tq_buf *out)
{
    const tq_city *city = loop->server->city;
    char time[TQ_TIME_TEXT_MAX];
    tq_json json;
    if (stream->form == MATRIX_CSV) {
        tq_buf_puts(out, "from,to");
        if (stream->want_s) tq_buf_puts(out, ",duration_s");
        if (stream->want_m) tq_buf_puts(out, ",distance_m");
        tq_buf_puts(out, "\r\n");
        return;
    }
    tq_time_print(&city->zone, stream->ask.at_ms, time);
    tq_json_begin(&json, out);
    tq_json_object(&json);
    tq_json_put_text(&json, "version", stream->version);
    tq_json_put_text(&json, "profile", tq_text(city, stream->ask.vehicle->name));
    tq_json_put_text(&json, "datum", datum_key(stream->ask.datum));
    tq_json_put_text(&json, "time", time);
    tq_json_put_i64(&json, "rows", stream->from_count);
    tq_json_put_i64(&json, "columns", stream->to_count);
    tq_json_end_object(&json);
    if (stream->form == MATRIX_ROWS)
        tq_buf_putc(out, '\n');
    else
        out->len--; /* the rows follow inside */
}

static void put_tenths(tq_buf *out, int64_t value)
{
    tq_buf_i64(out, value / 10);
    tq_buf_putc(out, '.');
    tq_buf_putc(out, (char)('0' + value % 10));
}

/* A row of numbers with commas, null = no way. */
static void put_numbers(const matrix_stream *stream, uint32_t row, bool metres, tq_buf *out)
{
    size_t at = (size_t)(row - stream->block_first) * stream->to_count;
    tq_buf_putc(out, '[');
    for (uint32_t column = 0; column < stream->to_count; column++) {
        if (column > 0) tq_buf_putc(out, ',');
        if (stream->ds[at + column] >= TQ_ROAD_INF)
            tq_buf_put(out, "null", 4);
        else
            put_tenths(out, metres ? (int64_t)stream->dm[at + column] : stream->ds[at + column]);
    }
    tq_buf_putc(out, ']');
}

static void put_csv(const matrix_stream *stream, uint32_t row, tq_buf *out)
{
    size_t at = (size_t)(row - stream->block_first) * stream->to_count;
    for (uint32_t column = 0; column < stream->to_count; column++) {
        bool way = stream->ds[at + column] < TQ_ROAD_INF;
        tq_buf_u64(out, row);
        tq_buf_putc(out, ',');
        tq_buf_u64(out, column);
        if (stream->want_s) tq_buf_putc(out, ',');
        if (stream->want_s && way) put_tenths(out, stream->ds[at + column]);
        if (stream->want_m) tq_buf_putc(out, ',');
        if (stream->want_m && way) put_tenths(out, (int64_t)stream->dm[at + column]);
        tq_buf_put(out, "\r\n", 2);
    }
}

static void put_row(const matrix_stream *stream, tq_buf *out)
{
    uint32_t row = stream->row;
    if (stream->form == MATRIX_CSV) {
        put_csv(stream, row, out);
        return;
    }
    if (stream->form == MATRIX_JSON) {
        bool metres = stream->second || !stream->want_s;
        if (row > 0)
            tq_buf_putc(out, ',');
        else
            tq_buf_puts(out, metres ? ",\"distances\":[" : ",\"durations\":[");
        put_numbers(stream, row, metres, out);
        if (row + 1 == stream->from_count) tq_buf_putc(out, ']');
        return;
    }
    tq_buf_puts(out, "{\"row\":");
    tq_buf_u64(out, row);
    if (stream->want_s) tq_buf_puts(out, ",\"durations\":");
    if (stream->want_s) put_numbers(stream, row, false, out);
    if (stream->want_m) tq_buf_puts(out, ",\"distances\":");
    if (stream->want_m) put_numbers(stream, row, true, out);
    tq_buf_puts(out, "}\n");
}

static tq_status next_block(serve_loop *loop, matrix_stream *stream, tq_err *err)
{
    stream->block_first = stream->row;
    stream->block_rows = TQ_MIN(stream->block_most, stream->from_count - stream->row);
    tq_arena_reset(&loop->work, 0);
    return road_cells(loop->server->city, stream->ask.metric, stream->snap + stream->block_first,
                      stream->block_rows, stream->snap + stream->from_count, stream->to_count,
                      &loop->work, stream->ds, stream->dm, err);
}

tq_status matrix_next(serve_loop *loop, matrix_stream *stream, tq_buf *out, bool *more, tq_err *err)
{
    if (!stream->begun) put_head(loop, stream, out);
    stream->begun = true;
    while (out->len < STREAM_PIECE_BYTES && stream->row < stream->from_count) {
        if (stream->row >= stream->block_first + stream->block_rows)
            TQ_TRY(next_block(loop, stream, err));
        put_row(stream, out);
        stream->row++;
        bool again = stream->form == MATRIX_JSON && stream->want_s && stream->want_m &&
                     !stream->second && stream->row == stream->from_count;
        if (!again) continue;
        stream->second = true;
        stream->row = 0;
        if (stream->block_first > 0) stream->block_first = stream->block_rows = 0;
    }
    *more = stream->row < stream->from_count;
    if (!*more && stream->form == MATRIX_JSON) tq_buf_putc(out, '}');
    return out->failed ? tq_fail(err, TQ_NO_MEMORY, 0, "no memory for a piece of a matrix") : TQ_OK;
}
