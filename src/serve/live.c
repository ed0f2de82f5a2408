/*
 * /api/v1/live/roads: speeds and closures of the moment, by street.
 *
 * A change is read whole, checked whole and turned from streets into arcs here, on the loop; any
 * wrong row refuses all of it and is named. What goes to the writer is the command speeds.put of
 * the desk, durable like every command. What is in force is read from the overlay: the rules
 * without a source.
 */
#include <stdatomic.h>
#include <stdio.h>

#include "serve/office_in.h"

static const struct {
    const char *name;
    uint16_t mask;
} MODES[] = {
    {"foot", TQ_ACCESS_FOOT},
    {"bike", TQ_ACCESS_BIKE},
    {"car", TQ_ACCESS_CAR},
    {"bus", TQ_ACCESS_BUS},
    {"taxi", TQ_ACCESS_TAXI},
    {"lorry", TQ_ACCESS_LORRY},
    {"emergency", TQ_ACCESS_EMERGENCY},
    {"wheelchair", TQ_ACCESS_WHEELCHAIR},
};

tq_status ways_open(way_index *ways, tq_err *err)
{
    ways->lock = tq_mutex_new();
    return ways->lock != NULL ? TQ_OK : tq_fail(err, TQ_NO_MEMORY, 0, "no memory for a lock");
}

void ways_close(way_index *ways)
{
    tq_free(ways->edge_by_way);
    tq_mutex_free(ways->lock);
}

/* ---- what a row says
 * ---------------------------------------------------------------------------------------- */

/* One row as sent, before it is looked up. */
typedef struct wish {
    int64_t way;
    uint32_t edge; /* TQ_NONE = a way is meant */
    bool has_way, has_edge, has_kmh, closed, clear;
    double kmh;
    uint8_t directions; /* 1 along, 2 against */
    uint16_t access;
    int64_t until_ms;
} wish;

static wish empty_wish(void)
{
    return (wish){
        .edge = TQ_NONE, .directions = 3, .access = TQ_ACCESS_MOTOR, .until_ms = INT64_MAX};
}

/* Changes gathered so far. */
typedef struct gathering {
    serve *server;
    const tq_city *city;
    TQ_VEC(tq_live_speed) row;
    const uint32_t *edge_by_way; /* NULL until a way is asked for */
    uint32_t rows;               /* as sent */
    tq_err *err;
} gathering;

static tq_status bad_row(gathering *to, const char *what)
{
    return tq_fail(to->err, TQ_BAD_INPUT, to->rows + 1, "row %u: %s", to->rows, what);
}

static tq_status read_mode(gathering *to, tq_str word, uint16_t *access)
{
    char text[160];
    if (tq_str_is(word, "motor")) {
        *access |= TQ_ACCESS_MOTOR;
        return TQ_OK;
    }
    if (tq_str_is(word, "all")) {
        *access |= 255;
        return TQ_OK;
    }
    for (uint32_t k = 0; k < TQ_COUNT(MODES); k++)
        if (tq_str_is(word, MODES[k].name)) {
            *access |= MODES[k].mask;
            return TQ_OK;
        }
    snprintf(text, sizeof text,
             "the mode '%.*s' is not known; use foot, bike, car, bus, taxi, lorry, emergency, "
             "wheelchair, motor or all",
             (int)TQ_MIN(word.len, 30), word.at);
    return bad_row(to, text);
}

static tq_status read_direction(gathering *to, tq_str word, uint8_t *directions)
{
    if (tq_str_is(word, "forward"))
        *directions = 1;
    else if (tq_str_is(word, "backward"))
        *directions = 2;
    else if (tq_str_is(word, "both"))
        *directions = 3;
    else
        return bad_row(to, "the direction must be forward, backward or both");
    return TQ_OK;
}

static tq_status read_kmh(gathering *to, tq_str word, wish *out)
{
    char text[120];
    if (!tq_parse_double(word, &out->kmh)) return bad_row(to, "kmh must be a number");
    if (out->kmh == 0)
        return bad_row(to, "kmh 0 is not a speed; say \"closed\": true for a closed street");
    if (out->kmh < 1) return bad_row(to, "kmh must be at least 1");
    if (out->kmh > LIVE_KMH_MAX) {
        snprintf(text, sizeof text, "kmh must be at most %d", LIVE_KMH_MAX);
        return bad_row(to, text);
    }
    out->has_kmh = true;
    return TQ_OK;
}

/* First place in edge_by_way whose way is at least `way`. */
static uint32_t lower_way(const tq_streets *streets, const uint32_t *edge_by_way, int64_t way)
{
    uint32_t low = 0, high = streets->edge_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (streets->edge_way[edge_by_way[middle]] < way)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Made once, by whichever loop needs it first; never changed after. */
static tq_status index_ways(gathering *to)
{
    way_index *ways = &to->server->ways;
    const tq_streets *streets = &to->city->streets;
    if (to->edge_by_way != NULL) return TQ_OK;
    tq_mutex_lock(ways->lock);
    if (ways->edge_by_way == NULL) {
        uint32_t *order = TQ_ALLOC(uint32_t, streets->edge_count);
        uint64_t *key = TQ_ALLOC(uint64_t, streets->edge_count);
        bool good = order != NULL && key != NULL;
        for (uint32_t edge = 0; good && edge < streets->edge_count; edge++) {
            order[edge] = edge;
            key[edge] = (uint64_t)streets->edge_way[edge] ^ (uint64_t)1 << 63;
        }
        good = good && tq_sort_by_u64(order, streets->edge_count, key);
        tq_free(key);
        if (good)
            ways->edge_by_way = order;
        else
            tq_free(order);
    }
    to->edge_by_way = ways->edge_by_way;
    tq_mutex_unlock(ways->lock);
    return to->edge_by_way != NULL
               ? TQ_OK
               : tq_fail(to->err, TQ_NO_MEMORY, 0, "no memory for the index of ways");
}

static tq_status add_edge(gathering *to, const wish *row, uint32_t edge)
{
    tq_live_speed state = {.access = row->access, .until_ms = row->until_ms};
    state.kmh_tenths = row->closed ? 0 : (uint16_t)(row->kmh * 10 + 0.5);
    if (row->clear) state.kmh_tenths = UINT16_MAX;
    for (uint32_t side = 0; side < 2; side++) {
        if (!(row->directions >> side & 1)) continue;
        state.arc = 2 * edge + side;
        if (to->row.count >= LIVE_STATES_MAX)
            return tq_fail(to->err, TQ_LIMIT, to->rows, "more than %u arcs in one change",
                           LIVE_STATES_MAX);
        if (!tq_vec_push(&to->row, state))
            return tq_fail(to->err, TQ_NO_MEMORY, 0, "no memory for live states");
    }
    return TQ_OK;
}

static tq_status add_row(gathering *to, const wish *row)
{
    const tq_streets *streets = &to->city->streets;
    char text[160];
    if (row->has_way == row->has_edge) return bad_row(to, "give \"way\" or \"edge\", one of them");
    if ((unsigned)row->has_kmh + row->closed + row->clear != 1)
        return bad_row(to, "give one of \"kmh\", \"closed\": true and \"clear\": true");
    if (row->has_edge) {
        snprintf(text, sizeof text, "there is no edge %u; the city has %u", row->edge,
                 streets->edge_count);
        return row->edge < streets->edge_count ? add_edge(to, row, row->edge) : bad_row(to, text);
    }
    TQ_TRY(index_ways(to));
    const uint32_t *order = to->edge_by_way;
    uint32_t at = lower_way(streets, order, row->way);
    if (row->way == 0 || at == streets->edge_count || streets->edge_way[order[at]] != row->way) {
        snprintf(text, sizeof text, "there is no way %lld in the city's streets",
                 (long long)row->way);
        return bad_row(to, text);
    }
    for (; at < streets->edge_count && streets->edge_way[order[at]] == row->way; at++)
        TQ_TRY(add_edge(to, row, order[at]));
    return TQ_OK;
}

/* ---- bodies
 * -------------------------------------------------------------------------------------------------
 */

static tq_status json_broken(const json_in *in, tq_err *err)
{
    return tq_fail(err, TQ_BAD_INPUT, 0, "the body at byte %zu: %s", (size_t)(in->at - in->start),
                   in->why != NULL ? in->why : "not understood");
}

static tq_status member_number(json_in *in, gathering *to, tq_str *out)
{
    return json_in_number(in, out) ? TQ_OK : json_broken(in, to->err);
}

static tq_status member_true(json_in *in, gathering *to, bool *out)
{
    json_kind kind = json_in_kind(in);
    if (kind != JSON_IN_TRUE && kind != JSON_IN_FALSE)
        return bad_row(to, "\"closed\" and \"clear\" are true or false");
    *out = kind == JSON_IN_TRUE;
    return json_in_skip(in, NULL) ? TQ_OK : json_broken(in, to->err);
}

static tq_status member_modes(json_in *in, gathering *to, uint16_t *access)
{
    char word[40];
    *access = 0;
    if (!json_in_open(in, JSON_IN_ARRAY)) return json_broken(in, to->err);
    while (json_in_more(in)) {
        if (!json_in_text(in, word, sizeof word)) return json_broken(in, to->err);
        TQ_TRY(read_mode(to, tq_str_of(word), access));
    }
    if (in->why != NULL) return json_broken(in, to->err);
    return *access != 0 ? TQ_OK : bad_row(to, "\"modes\" is empty");
}

static tq_status row_member(json_in *in, gathering *to, const char *name, wish *row)
{
    tq_str word;
    char text[80];
    if (strcmp(name, "way") == 0) {
        row->has_way = true;
        TQ_TRY(member_number(in, to, &word));
        return tq_parse_i64(word, &row->way) ? TQ_OK : bad_row(to, "\"way\" is a whole number");
    }
    if (strcmp(name, "edge") == 0) {
        row->has_edge = true;
        TQ_TRY(member_number(in, to, &word));
        return tq_parse_u32(word, &row->edge) ? TQ_OK : bad_row(to, "\"edge\" is a whole number");
    }
    if (strcmp(name, "kmh") == 0) {
        TQ_TRY(member_number(in, to, &word));
        return read_kmh(to, word, row);
    }
    if (strcmp(name, "closed") == 0) return member_true(in, to, &row->closed);
    if (strcmp(name, "clear") == 0) return member_true(in, to, &row->clear);
    if (strcmp(name, "modes") == 0) return member_modes(in, to, &row->access);
    bool direction = strcmp(name, "direction") == 0;
    if (!direction && strcmp(name, "until") != 0) {
        snprintf(text, sizeof text, "'%.30s' is not a member of a state", name);
        return bad_row(to, text);
    }
    if (!json_in_text(in, text, sizeof text)) return json_broken(in, to->err);
    if (direction) return read_direction(to, tq_str_of(text), &row->directions);
    return read_instant(to->city, text, &row->until_ms, to->err);
}

static tq_status read_states(json_in *in, gathering *to)
{
    char name[40];
    if (!json_in_open(in, JSON_IN_ARRAY)) return json_broken(in, to->err);
    for (; json_in_more(in); to->rows++) {
        wish row = empty_wish();
        if (!json_in_open(in, JSON_IN_OBJECT)) return json_broken(in, to->err);
        while (json_in_more(in)) {
            if (!json_in_key(in, name, sizeof name)) return json_broken(in, to->err);
            TQ_TRY(row_member(in, to, name, &row));
        }
        if (in->why != NULL) return json_broken(in, to->err);
        TQ_TRY(add_row(to, &row));
    }
    return in->why == NULL ? TQ_OK : json_broken(in, to->err);
}

static tq_status read_json(gathering *to, tq_str body, uint64_t *version)
{
    json_in in;
    char name[40];
    tq_str word;
    bool states = false;
    json_in_begin(&in, body);
    if (!json_in_open(&in, JSON_IN_OBJECT)) return json_broken(&in, to->err);
    while (json_in_more(&in)) {
        int64_t number = 0;
        if (!json_in_key(&in, name, sizeof name)) return json_broken(&in, to->err);
        if (strcmp(name, "states") == 0) {
            states = true;
            TQ_TRY(read_states(&in, to));
        } else if (strcmp(name, "version") == 0) {
            TQ_TRY(member_number(&in, to, &word));
            if (!tq_parse_i64(word, &number) || number < 1)
                return tq_fail(to->err, TQ_BAD_INPUT, 0, "\"version\" is a whole number from 1 on");
            *version = (uint64_t)number;
        } else {
            return tq_fail(to->err, TQ_BAD_INPUT, 0,
                           "'%.30s' is not a member; \"states\" and \"version\" are", name);
        }
    }
    if (!json_in_end(&in)) return json_broken(&in, to->err);
    if (!states)
        return tq_fail(to->err, TQ_BAD_INPUT, 0,
                       "the body has no \"states\": "
                       "{\"states\":[{\"way\":1,\"kmh\":20}]}");
    return TQ_OK;
}

static tq_status csv_row(const tq_csv *csv, gathering *to, const uint32_t column[7])
{
    wish row = empty_wish();
    tq_str field[7];
    for (uint32_t k = 0; k < 7; k++)
        field[k] = column[k] == TQ_NONE ? (tq_str){"", 0} : csv->field[column[k]];
    row.has_way = field[0].len > 0;
    row.has_edge = field[1].len > 0;
    if (row.has_way && !tq_parse_i64(field[0], &row.way))
        return bad_row(to, "the way is not a whole number");
    if (row.has_edge && !tq_parse_u32(field[1], &row.edge))
        return bad_row(to, "the edge is not a whole number");
    if (field[2].len > 0) TQ_TRY(read_direction(to, field[2], &row.directions));
    if (field[3].len > 0) TQ_TRY(read_kmh(to, field[3], &row));
    row.closed = tq_str_is(field[4], "true");
    row.clear = tq_str_is(field[4], "clear");
    if (field[4].len > 0 && !row.closed && !row.clear && !tq_str_is(field[4], "false"))
        return bad_row(to, "closed is true, false, clear or empty");
    if (field[5].len > 0) row.access = 0;
    while (field[5].len > 0)
        TQ_TRY(read_mode(to, cut_piece(&field[5], ' '), &row.access));
    if (field[6].len > 0) {
        char text[64];
        if (field[6].len >= sizeof text) return bad_row(to, "the time in until is too long");
        memcpy(text, field[6].at, field[6].len);
        text[field[6].len] = '\0';
        TQ_TRY(read_instant(to->city, text, &row.until_ms, to->err));
    }
    return add_row(to, &row);
}

static tq_status read_csv(gathering *to, tq_str body)
{
    static const char *const names[] = {"way",    "edge",  "direction", "kmh",
                                        "closed", "modes", "until"};
    uint32_t column[TQ_COUNT(names)];
    tq_csv *csv = TQ_ALLOC(tq_csv, 1);
    bool more = true;
    if (csv == NULL) return tq_fail(to->err, TQ_NO_MEMORY, 0, "no memory to read CSV");
    tq_status status = tq_csv_begin(csv, body, to->err);
    for (uint32_t k = 0; status == TQ_OK && k < TQ_COUNT(names); k++)
        column[k] = tq_csv_column(csv, names[k]);
    if (status == TQ_OK && column[0] == TQ_NONE && column[1] == TQ_NONE)
        status = tq_fail(to->err, TQ_BAD_INPUT, 1,
                         "the first line names the columns: way or edge, then of direction, kmh, "
                         "closed, modes, until");
    for (; status == TQ_OK; to->rows++) {
        status = tq_csv_next(csv, &more, to->err);
        if (status != TQ_OK || !more) break;
        status = csv_row(csv, to, column);
    }
    if (status == TQ_OK || csv->columns > 0) tq_csv_end(csv);
    tq_free(csv);
    return status;
}

/* ---- what is in force
 * ---------------------------------------------------------------------------------------- */

static bool is_speed(const tq_overlay *overlay, const tq_live_rule *rule)
{
    return overlay->text_len == 0 || overlay->text[rule->source] == '\0';
}

static void put_modes(tq_json *json, uint16_t access)
{
    tq_json_key(json, "modes");
    tq_json_array(json);
    for (uint32_t k = 0; k < TQ_COUNT(MODES); k++)
        if (access & MODES[k].mask) tq_json_text(json, MODES[k].name);
    tq_json_end_array(json);
}

static void put_rule(tq_json *json, const tq_city *city, const tq_live_rule *rule)
{
    tq_json_object(json);
    tq_json_put_i64(json, "edge", rule->arc >> 1);
    tq_json_put_i64(json, "way", city->streets.edge_way[rule->arc >> 1]);
    tq_json_put_text(json, "direction", rule->arc & 1 ? "backward" : "forward");
    if (rule->effect == TQ_LIVE_CLOSED)
        tq_json_put_bool(json, "closed", true);
    else
        tq_json_put_fixed(json, "kmh", rule->value, 1);
    put_modes(json, rule->access);
    tq_json_end_object(json);
}

static uint32_t count_speeds(const tq_overlay *overlay)
{
    uint32_t count = 0;
    for (uint32_t k = 0; k < overlay->rule_count; k++)
        count += is_speed(overlay, &overlay->rule[k]);
    return count;
}

void live_answer(serve_loop *loop, uint32_t limit, uint32_t changed, uint64_t live_version,
                 serve_answer *answer)
{
    const tq_overlay *overlay = loop->snapshot->overlay;
    tq_json json;
    tq_json_begin(&json, &loop->body);
    tq_json_object(&json);
    tq_json_put_text(&json, "version", loop->version);
    tq_json_put_i64(&json, "live_version", (int64_t)live_version);
    tq_json_put_i64(&json, "count", count_speeds(overlay));
    if (changed != TQ_NONE) tq_json_put_i64(&json, "changed", changed);
    if (limit > 0) {
        tq_json_key(&json, "states");
        tq_json_array(&json);
        for (uint32_t k = 0; k < overlay->rule_count && limit > 0; k++) {
            if (!is_speed(overlay, &overlay->rule[k])) continue;
            put_rule(&json, loop->server->city, &overlay->rule[k]);
            limit--;
        }
        tq_json_end_array(&json);
    }
    tq_json_end_object(&json);
    answer->status = 200;
    answer->type = "application/json; charset=utf-8";
}

/* ---- handlers
 * -----------------------------------------------------------------------------------------------
 */

tq_status handle_live_get(serve_loop *loop, const serve_request *request, serve_answer *answer,
                          problem *why, tq_err *err)
{
    uint32_t limit = 1000;
    (void)why;
    (void)err;
    param_u32(request, "limit", &limit);
    live_answer(loop, limit, TQ_NONE, atomic_load(&loop->server->office->live_version), answer);
    return TQ_OK;
}

/* The arcs as the body of speeds.put. */
static void put_speeds(const gathering *from, bool replace, tq_buf *out)
{
    tq_json json;
    tq_json_begin(&json, out);
    tq_json_object(&json);
    tq_json_put_bool(&json, "replace", replace);
    tq_json_key(&json, "states");
    tq_json_array(&json);
    for (size_t k = 0; k < from->row.count; k++) {
        const tq_live_speed *row = &from->row.at[k];
        tq_json_object(&json);
        tq_json_put_i64(&json, "edge", row->arc >> 1);
        tq_json_put_text(&json, "direction", row->arc & 1 ? "backward" : "forward");
        if (row->kmh_tenths == UINT16_MAX)
            tq_json_put_bool(&json, "clear", true);
        else if (row->kmh_tenths == 0)
            tq_json_put_bool(&json, "closed", true);
        else
            tq_json_put_fixed(&json, "kmh", row->kmh_tenths, 1);
        put_modes(&json, row->access);
        if (row->until_ms != INT64_MAX) {
            char text[TQ_TIME_TEXT_MAX];
            tq_time_print(&from->city->zone, row->until_ms, text);
            tq_json_put_text(&json, "until", text);
        }
        tq_json_end_object(&json);
    }
    tq_json_end_array(&json);
    tq_json_end_object(&json);
}

tq_status handle_live_post(serve_loop *loop, const serve_request *request, serve_answer *answer,
                           problem *why, tq_err *err)
{
    gathering to = {.server = loop->server, .city = loop->server->city, .err = err};
    order_speeds speeds = {.replace = param_true(request, "replace")};
    tq_buf body = {0};
    if (request->body_split) {
        why->id = PROBLEM_LENGTH;
        return TQ_BAD_INPUT;
    }
    if (request->body.len == 0) {
        why->id = PROBLEM_NO_BODY;
        problem_set(why, 0, "{\"states\":[{\"way\":1,\"kmh\":20}]}");
        return TQ_BAD_INPUT;
    }
    tq_status status = request->csv ? read_csv(&to, request->body)
                                    : read_json(&to, request->body, &speeds.version);
    if (status == TQ_OK) put_speeds(&to, speeds.replace, &body);
    if (status == TQ_OK && body.failed)
        status = tq_fail(err, TQ_NO_MEMORY, 0, "no memory for live states");
    speeds.changed = (uint32_t)to.row.count;
    tq_vec_free(&to.row);
    if (status == TQ_OK)
        status = office_speeds(loop, request, (tq_str){body.at, body.len}, &speeds, answer, why);
    tq_buf_free(&body);
    return status;
}

tq_status handle_live_delete(serve_loop *loop, const serve_request *request, serve_answer *answer,
                             problem *why, tq_err *err)
{
    order_speeds speeds = {.forget = true, .changed = count_speeds(loop->snapshot->overlay)};
    (void)err;
    return office_speeds(loop, request, (tq_str){0}, &speeds, answer, why);
}
