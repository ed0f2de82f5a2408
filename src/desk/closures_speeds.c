/*
 * Speeds of the moment as records: a batch is one record until its last speed is over.
 *
 * A batch names streets by way or edge; it is kept by arc (rows of tq_live_speed, base64), with the
 * version of the city file that the arcs are of, and left out when the city file has changed. What
 * was said later of an arc and a user goes over what was said before, also when it is over first:
 * so a batch with an ended row is joined with all before it, and the join is what a server that
 * starts again reads.
 */
#include <math.h>
#include <stdio.h>

#include "wire/wire.h"

#include "desk/desk_in.h"

#define KMH_MAX     200
#define ROWS_MAX    400000u
#define BATCHES_MAX 64u
#define FORGET_IT   UINT16_MAX

_Static_assert(sizeof(tq_live_speed) == 16, "rows are stored as they are");

typedef TQ_VEC(tq_live_speed) speed_rows;

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
    {"motor", TQ_ACCESS_MOTOR},
    {"emergency", TQ_ACCESS_EMERGENCY},
    {"wheelchair", TQ_ACCESS_WHEELCHAIR},
    {"all", 255},
};

/* ---- one state as sent
 * ---------------------------------------------------------------------------- */

typedef struct state_row {
    uint32_t edge; /* TQ_NONE: by way */
    int64_t way;
    uint8_t directions; /* 1 along, 2 against */
    uint16_t access, kmh_tenths;
    int64_t until_ms;
} state_row;

static tq_status bad_state(desk_call *call, size_t row, const char *what)
{
    return tq_fail(call->err, TQ_BAD_INPUT, row + 1, "states[%zu]: %s", row, what);
}

static tq_status read_modes(desk_call *call, size_t row, const json_t *modes, uint16_t *access)
{
    size_t at;
    json_t *word;
    if (modes == NULL) return TQ_OK;
    *access = 0;
    json_array_foreach(modes, at, word)
    {
        uint16_t mask = 0;
        for (uint32_t k = 0; json_is_string(word) && k < TQ_COUNT(MODES); k++)
            if (strcmp(MODES[k].name, json_string_value(word)) == 0) mask = MODES[k].mask;
        if (mask == 0)
            return bad_state(call, row,
                             "\"modes\" holds foot, bike, car, bus, taxi, lorry, emergency, "
                             "wheelchair, motor or all");
        *access |= mask;
    }
    return *access != 0 ? TQ_OK : bad_state(call, row, "\"modes\" is a list with a mode in it");
}

static tq_status read_speed(desk_call *call, size_t row, const json_t *state, state_row *out)
{
    const json_t *kmh = json_object_get(state, "kmh");
    bool closed = json_is_true(json_object_get(state, "closed")),
         clear = json_is_true(json_object_get(state, "clear"));
    if ((unsigned)(kmh != NULL) + closed + clear != 1)
        return bad_state(call, row, "give one of \"kmh\", \"closed\": true and \"clear\": true");
    if (kmh == NULL) {
        out->kmh_tenths = clear ? FORGET_IT : 0;
        return TQ_OK;
    }
    double value = json_is_number(kmh) ? json_number_value(kmh) : 0;
    if (!(value >= 1 && value <= KMH_MAX))
        return bad_state(
            call, row, "\"kmh\" is a number from 1 to 200; a closed street says \"closed\": true");
    out->kmh_tenths = (uint16_t)(value * 10 + 0.5);
    return TQ_OK;
}

static tq_status read_state(desk_call *call, size_t row, const json_t *state, state_row *out)
{
    static const char *const members[] = {"way",   "edge",  "direction", "kmh", "closed",
                                          "clear", "modes", "until",     NULL};
    const char *name;
    json_t *value;
    char text[160];
    *out = (state_row){
        .edge = TQ_NONE, .directions = 3, .access = TQ_ACCESS_MOTOR, .until_ms = INT64_MAX};
    if (!json_is_object(state)) return bad_state(call, row, "a state is an object {…}");
    json_object_foreach((json_t *)(uintptr_t)state, name, value)
    {
        const char *near = desk_nearest(name, members);
        const char *const *one = members;
        while (*one != NULL && strcmp(*one, name) != 0)
            one++;
        if (*one != NULL) continue;
        (void)snprintf(text, sizeof text, "does not know the member \"%.40s\"%s%s", name,
                       near != NULL ? "; did you mean " : "", near != NULL ? near : "");
        return bad_state(call, row, text);
    }
    const json_t *way = json_object_get(state, "way"), *edge = json_object_get(state, "edge");
    if ((way == NULL) == (edge == NULL) || (way != NULL && !json_is_integer(way)) ||
        (edge != NULL && !json_is_integer(edge)))
        return bad_state(call, row, "give \"way\" or \"edge\", one of them, a whole number");
    if (edge != NULL) {
        json_int_t number = json_integer_value(edge), count = call->desk->city->streets.edge_count;
        (void)snprintf(text, sizeof text, "there is no edge %lld; the city has %lld",
                       (long long)number, (long long)count);
        if (number < 0 || number >= count) return bad_state(call, row, text);
        out->edge = (uint32_t)number;
    }
    out->way = json_integer_value(way);
    const char *direction = desk_get_text(state, "direction");
    if (strcmp(direction, "forward") == 0)
        out->directions = 1;
    else if (strcmp(direction, "backward") == 0)
        out->directions = 2;
    else if (direction[0] != '\0' && strcmp(direction, "both") != 0)
        return bad_state(call, row, "\"direction\" is forward, backward or both");
    if (json_object_get(state, "until") != NULL &&
        !desk_get_instant(call, state, "until", &out->until_ms))
        return bad_state(call, row, "\"until\" is an instant such as 2025-06-03T09:00");
    TQ_TRY(read_modes(call, row, json_object_get(state, "modes"), &out->access));
    return read_speed(call, row, state, out);
}

/* ---- by arc
 * --------------------------------------------------------------------------------------- */

static tq_status index_ways(desk_call *call)
{
    const tq_streets *streets = &call->desk->city->streets;
    if (call->desk->edge_by_way != NULL) return TQ_OK;
    uint32_t *order = TQ_ALLOC(uint32_t, streets->edge_count + 1);
    uint64_t *key = TQ_ALLOC(uint64_t, streets->edge_count + 1);
    bool good = order != NULL && key != NULL;
    for (uint32_t edge = 0; good && edge < streets->edge_count; edge++) {
        order[edge] = edge;
        key[edge] = (uint64_t)streets->edge_way[edge] ^ (uint64_t)1 << 63;
    }
    good = good && tq_sort_by_u64(order, streets->edge_count, key);
    tq_free(key);
    if (!good) {
        tq_free(order);
        return tq_fail(call->err, TQ_NO_MEMORY, 0, "no memory for the index of ways");
    }
    call->desk->edge_by_way = order;
    return TQ_OK;
}

static tq_status add_edge(desk_call *call, const state_row *state, uint32_t edge, speed_rows *rows)
{
    for (uint32_t side = 0; side < 2; side++) {
        tq_live_speed row = {.arc = 2 * edge + side,
                             .access = state->access,
                             .kmh_tenths = state->kmh_tenths,
                             .until_ms = state->until_ms};
        if (!(state->directions >> side & 1)) continue;
        if (rows->count >= ROWS_MAX)
            return tq_fail(call->err, TQ_LIMIT, 0, "more than %u arcs in one change", ROWS_MAX);
        if (!tq_vec_push(rows, row))
            return tq_fail(call->err, TQ_NO_MEMORY, 0, "no memory for speeds");
    }
    return TQ_OK;
}

static tq_status add_state(desk_call *call, size_t row, const state_row *state, speed_rows *rows)
{
    const tq_streets *streets = &call->desk->city->streets;
    char text[80];
    if (state->edge != TQ_NONE) return add_edge(call, state, state->edge, rows);
    TQ_TRY(index_ways(call));
    const uint32_t *order = call->desk->edge_by_way;
    uint32_t low = 0, high = streets->edge_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (streets->edge_way[order[middle]] < state->way)
            low = middle + 1;
        else
            high = middle;
    }
    (void)snprintf(text, sizeof text, "there is no way %lld in the city's streets",
                   (long long)state->way);
    if (low == streets->edge_count || streets->edge_way[order[low]] != state->way)
        return bad_state(call, row, text);
    for (; low < streets->edge_count && streets->edge_way[order[low]] == state->way; low++)
        TQ_TRY(add_edge(call, state, order[low], rows));
    return TQ_OK;
}

/* A line of CSV as the JSON of a state. */
static json_t *csv_state(const tq_csv *csv, const uint32_t column[7])
{
    static const char *const names[] = {"way",    "edge",  "direction", "kmh",
                                        "closed", "modes", "until"};
    json_t *state = json_object();
    for (uint32_t k = 0; k < 7; k++) {
        if (column[k] == TQ_NONE || csv->field[column[k]].len == 0) continue;
        tq_str word = csv->field[column[k]];
        int64_t whole = 0;
        double number = 0;
        json_t *value = json_stringn(word.at, word.len);
        if (k < 2 && tq_parse_i64(word, &whole)) {
            json_decref(value);
            value = json_integer(whole);
        } else if (k == 3 && tq_parse_double(word, &number)) {
            json_decref(value);
            value = json_real(number);
        } else if (k == 4) {
            json_decref(value);
            if (tq_str_is(word, "clear")) json_object_set_new(state, "clear", json_true());
            value = json_boolean(tq_str_is(word, "true"));
        } else if (k == 5) {
            json_decref(value);
            value = json_array();
            for (size_t at = 0; at < word.len;) {
                size_t end = at;
                while (end < word.len && word.at[end] != ' ')
                    end++;
                json_array_append_new(value, json_stringn(word.at + at, end - at));
                at = end + 1;
            }
        }
        json_object_set_new(state, names[k], value);
    }
    return state;
}

static tq_status read_csv(desk_call *call, json_t *states)
{
    static const char *const names[] = {"way",    "edge",  "direction", "kmh",
                                        "closed", "modes", "until"};
    uint32_t column[TQ_COUNT(names)] = {0};
    bool more = true;
    tq_csv *csv = TQ_ALLOC(tq_csv, 1);
    if (csv == NULL) return tq_fail(call->err, TQ_NO_MEMORY, 0, "no memory to read CSV");
    tq_status status = tq_csv_begin(csv, call->command->body, call->err);
    for (uint32_t k = 0; status == TQ_OK && k < TQ_COUNT(names); k++)
        column[k] = tq_csv_column(csv, names[k]);
    if (status == TQ_OK && column[0] == TQ_NONE && column[1] == TQ_NONE)
        status = desk_bad(call, "the first line names the columns: way or edge, then of "
                                "direction, kmh, closed, modes, until");
    while (status == TQ_OK) {
        status = tq_csv_next(csv, &more, call->err);
        if (status != TQ_OK || !more) break;
        json_array_append_new(states, csv_state(csv, column));
    }
    if (status == TQ_OK || csv->columns > 0) tq_csv_end(csv);
    tq_free(csv);
    return status;
}

static tq_status read_states(desk_call *call, speed_rows *rows)
{
    size_t at;
    json_t *state;
    json_auto_t *states = json_incref(json_object_get(call->body, "states"));
    if (states == NULL && call->command->body.len > 0 && call->command->body.at[0] != '{') {
        states = json_array();
        TQ_TRY(read_csv(call, states));
    }
    if (!json_is_array(states) || json_array_size(states) == 0)
        return desk_bad(call, "the body has no \"states\": {\"states\":[{\"way\":1,\"kmh\":20}]}");
    json_array_foreach(states, at, state)
    {
        state_row one;
        TQ_TRY(read_state(call, at, state, &one));
        TQ_TRY(add_state(call, at, &one, rows));
    }
    return TQ_OK;
}

/* ---- records
 * -------------------------------------------------------------------------------------- */

static tq_status save_rows(desk_call *call, const char *id, const speed_rows *rows,
                           uint64_t version)
{
    tq_buf text = {0};
    int64_t first_ms = INT64_MAX;
    for (size_t k = 0; k < rows->count; k++)
        first_ms = TQ_MIN(first_ms, rows->at[k].until_ms);
    desk_base64_put(&text, rows->at, rows->count * sizeof *rows->at);
    json_auto_t *body = json_pack("{ss sI sI ss%}", "city", call->desk->city->version, "count",
                                  (json_int_t)rows->count, "first_until_ms", (json_int_t)first_ms,
                                  "rows", text.at != NULL ? text.at : "", text.len);
    tq_buf_free(&text);
    if (body == NULL) return tq_fail(call->err, TQ_NO_MEMORY, 0, "no memory for speeds");
    json_object_set_new(body, "by", json_string(call->command->actor->name));
    return desk_save(call, "speeds", id, "put", body, version);
}

static tq_status rows_of(const tq_desk *desk, tq_str text, speed_rows *rows, int64_t *first_ms,
                         tq_err *err)
{
    uint8_t *bytes = NULL;
    size_t len = 0;
    json_error_t why;
    json_auto_t *body = json_loadb(text.at, text.len, 0, &why);
    const json_t *packed = json_object_get(body, "rows");
    if (strcmp(desk_get_text(body, "city"), desk->city->version) != 0) return TQ_OK;
    TQ_TRY(desk_base64_read((tq_str){json_is_string(packed) ? json_string_value(packed) : "",
                                     json_string_length(packed)},
                            &bytes, &len, err));
    size_t count = len / sizeof(tq_live_speed);
    bool good = tq_vec_room(rows, count + 1);
    if (good) {
        memcpy(rows->at + rows->count, bytes, count * sizeof(tq_live_speed));
        rows->count += count;
    }
    tq_free(bytes);
    int64_t first = json_integer_value(json_object_get(body, "first_until_ms"));
    if (count > 0) *first_ms = TQ_MIN(*first_ms, first);
    return good ? TQ_OK : tq_fail(err, TQ_NO_MEMORY, 0, "no memory for speeds");
}

typedef struct batches {
    tq_desk *desk;
    desk_ids id;
    TQ_VEC(size_t) end; /* of each batch in rows */
    speed_rows rows;
    int64_t first_ms;
    size_t last_ended; /* batches up to here are joined; 0 = none */
    int64_t now_ms;
    tq_err *err;
    tq_status status;
} batches;

static bool read_batch(void *user, const tq_record *record)
{
    batches *run = user;
    int64_t first_ms = INT64_MAX;
    run->status = rows_of(run->desk, record->body, &run->rows, &first_ms, run->err);
    if (run->status == TQ_OK &&
        (!desk_ids_push(&run->id, record->id) || !tq_vec_push(&run->end, run->rows.count)))
        run->status = tq_fail(run->err, TQ_NO_MEMORY, 0, "no memory for speeds");
    if (first_ms <= run->now_ms) run->last_ended = run->id.count;
    run->first_ms = TQ_MIN(run->first_ms, first_ms);
    return run->status == TQ_OK;
}

static void free_batches(batches *run)
{
    tq_vec_free(&run->id);
    tq_vec_free(&run->end);
    tq_vec_free(&run->rows);
}

static tq_status read_batches(batches *run)
{
    tq_store_filter filter = {.kind = "speeds"};
    run->first_ms = INT64_MAX;
    TQ_TRY(tq_store_each(run->desk->store, &filter, read_batch, run, run->err));
    return run->status;
}

tq_status desk_speeds_fill(tq_desk *desk, const char *id, tq_live *live, tq_err *err)
{
    batches run = {.desk = desk, .err = err};
    tq_status status;
    if (id == NULL) {
        status = read_batches(&run);
    } else {
        tq_buf text = {0};
        tq_record record = {0};
        int64_t first_ms = INT64_MAX;
        status = tq_store_get(desk->store, "speeds", id, &text, &record, err);
        /* Joined with others since: what it cleared is no longer told by it alone. */
        if (status == TQ_OK && record.version > 1) status = TQ_NOT_FOUND;
        if (status == TQ_OK) status = rows_of(desk, record.body, &run.rows, &first_ms, err);
        tq_buf_free(&text);
        size_t all = run.rows.count;
        if (status == TQ_OK && !tq_vec_push(&run.end, all))
            status = tq_fail(err, TQ_NO_MEMORY, 0, "no memory for speeds");
    }
    size_t from = 0;
    for (size_t k = 0; status == TQ_OK && k < run.end.count; k++) {
        if (run.end.at[k] > from)
            status =
                tq_live_put_speeds(live, run.rows.at + from, (uint32_t)(run.end.at[k] - from), err);
        from = run.end.at[k];
    }
    free_batches(&run);
    return status;
}

/* ---- verbs
 * ------------------------------------------------------------------------------------------ */

static tq_status remove_all(desk_call *call, uint32_t *count)
{
    batches run = {.desk = call->desk, .err = call->err, .now_ms = INT64_MIN};
    tq_status status = read_batches(&run);
    for (size_t k = 0; status == TQ_OK && k < run.id.count; k++)
        status = tq_store_remove(call->desk->store, "speeds", run.id.at[k].text, call->err);
    *count = (uint32_t)run.rows.count;
    free_batches(&run);
    return status;
}

/* The sender's own number, when it has one, must grow. */
static tq_status check_number(desk_call *call)
{
    const json_t *number = json_object_get(call->body, "version");
    char state[32];
    uint64_t version = 0;
    json_auto_t *record = NULL;
    if (number == NULL) return TQ_OK;
    if (!json_is_integer(number) || json_integer_value(number) < 1)
        return desk_bad(call, "\"version\" is a whole number from 1 on");
    tq_status status = desk_load(call, "desk", "speeds", &record, &version, state);
    if (status == TQ_NOT_FOUND) {
        record = json_object();
        tq_err_clear(call->err);
    } else if (status != TQ_OK) {
        return status;
    }
    json_int_t last = json_integer_value(json_object_get(record, "last"));
    if (json_integer_value(number) <= last)
        return tq_fail(call->err, TQ_STALE, 0, "version %lld is not newer than %lld",
                       (long long)json_integer_value(number), (long long)last);
    json_object_set(record, "last", (json_t *)(uintptr_t)number);
    TQ_TRY(desk_save(call, "desk", "speeds", "kept", record, version));
    call->about[0] = '\0';
    return TQ_OK;
}

tq_status desk_speeds_put(desk_call *call)
{
    static const char *const members[] = {"states", "replace", NULL};
    char id[TQ_ID_MAX], text[8] = "";
    uint64_t number = 0;
    uint32_t gone = 0;
    speed_rows rows = {0};
    TQ_TRY(desk_only(call, members));
    TQ_TRY(check_number(call));
    (void)desk_query(call, "replace", text, sizeof text);
    bool replace =
        strcmp(text, "true") == 0 || json_is_true(json_object_get(call->body, "replace"));
    tq_status status = read_states(call, &rows);
    if (status == TQ_OK && replace) status = remove_all(call, &gone);
    if (status == TQ_OK) status = tq_store_number(call->desk->store, "speeds", &number, call->err);
    (void)snprintf(id, sizeof id, "SP-%010llu", (unsigned long long)number);
    if (status == TQ_OK) status = save_rows(call, id, &rows, 0);
    size_t count = rows.count;
    tq_vec_free(&rows);
    TQ_TRY(status);
    TQ_TRY(desk_event(call, "speeds", id, replace ? "replaced" : "put", true, TQ_ROLE_ANY,
                      json_pack("{sI}", "count", (json_int_t)count)));
    return desk_answer(call, json_pack("{ss sI sI}", "id", id, "changed", (json_int_t)count,
                                       "forgotten", (json_int_t)gone));
}

tq_status desk_speeds_forget(desk_call *call)
{
    uint32_t gone = 0;
    TQ_TRY(remove_all(call, &gone));
    TQ_TRY(desk_event(call, "speeds", "all", "forgotten", true, TQ_ROLE_ANY, NULL));
    return desk_answer(call, json_pack("{sI}", "forgotten", (json_int_t)gone));
}

/* ---- the clock
 * ---------------------------------------------------------------------------------------- */

/* Of rows in order of saying: what still holds. Later rows go over earlier ones, mode by mode. */
static bool join_rows(const speed_rows *from, size_t count, int64_t now_ms, speed_rows *out)
{
    uint32_t *order = TQ_ALLOC(uint32_t, count + 1);
    uint64_t *key = TQ_ALLOC(uint64_t, count + 1);
    bool good = order != NULL && key != NULL;
    for (size_t k = 0; good && k < count; k++) {
        order[k] = (uint32_t)k;
        key[k] = from->at[k].arc;
    }
    good = good && tq_sort_by_u64(order, count, key);
    uint16_t covered = 0;
    for (size_t k = count; good && k > 0; k--) {
        tq_live_speed row = from->at[order[k - 1]];
        if (k < count && from->at[order[k]].arc != row.arc) covered = 0;
        uint16_t said = row.access;
        row.access = (uint16_t)(row.access & ~covered);
        covered |= said;
        if (row.access == 0 || row.kmh_tenths == FORGET_IT || row.until_ms <= now_ms) continue;
        good = tq_vec_push(out, row);
    }
    for (size_t low = 0, high = out->count; good && low + 1 < high; low++) {
        tq_live_speed swap = out->at[low];
        out->at[low] = out->at[--high];
        out->at[high] = swap;
    }
    tq_free(order);
    tq_free(key);
    return good;
}

static tq_status join_batches(desk_call *call, const batches *run, size_t joined)
{
    speed_rows rows = {0};
    uint64_t version = 0;
    tq_status status = TQ_OK;
    const char *last = run->id.at[joined - 1].text;
    if (!join_rows(&run->rows, run->end.at[joined - 1], call->command->now_ms, &rows))
        status = tq_fail(call->err, TQ_NO_MEMORY, 0, "no memory to join speeds");
    size_t gone = rows.count > 0 ? joined - 1 : joined;
    for (size_t k = 0; status == TQ_OK && k < gone; k++)
        status = tq_store_remove(call->desk->store, "speeds", run->id.at[k].text, call->err);
    if (status == TQ_OK && rows.count > 0) {
        json_auto_t *old = NULL;
        status = desk_load(call, "speeds", last, &old, &version, NULL);
        if (status == TQ_OK) status = save_rows(call, last, &rows, version);
    }
    tq_vec_free(&rows);
    return status;
}

/* Something in live is over that no event told of yet: a feed grown stale. */
static bool is_over(const desk_call *call)
{
    int64_t now_ms = call->command->now_ms;
    if (call->network || call->world == NULL || call->world->live == NULL) return false;
    int64_t next_ms = tq_live_next_ms(call->world->live);
    return next_ms <= now_ms && now_ms > call->desk->applied_ms;
}

static tq_status join_ended(desk_call *call, bool *changed)
{
    batches run = {.desk = call->desk, .err = call->err, .now_ms = call->command->now_ms};
    if (call->command->now_ms < call->desk->speeds_next_ms) return TQ_OK;
    tq_status status = read_batches(&run);
    size_t joined = run.id.count > BATCHES_MAX ? run.id.count : run.last_ended;
    if (status == TQ_OK && joined > 0) status = join_batches(call, &run, joined);
    if (status == TQ_OK && run.last_ended > 0) {
        *changed = true;
        status = desk_event(call, "speeds", "", "ended", true, TQ_ROLE_ANY, NULL);
    }
    if (status == TQ_OK) call->desk->speeds_next_ms = run.last_ended > 0 ? INT64_MIN : run.first_ms;
    free_batches(&run);
    return status;
}

tq_status desk_speeds_tick(desk_call *call, bool *changed)
{
    TQ_TRY(join_ended(call, changed));
    if (!is_over(call)) return TQ_OK;
    *changed = true;
    return desk_event(call, "live", "", "over", true, TQ_ROLE_ANY, NULL);
}
