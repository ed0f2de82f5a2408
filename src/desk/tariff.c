/*
 * Prices of rides as a table that people edit: a city's tariff.csv, then records of kind «tariff»
 * that go before rows of the same name. The table tells its source and whether that is weak. For a
 * class that has no prices at all some are built in, marked as assumed: they are shown, never said
 * to a passenger as a promise.
 *
 * A price is start_fen up to start_m, km_fen for each kilometre more, raised by return_percent
 * beyond return_km (the empty way back), and slow_min_fen a minute below slow_kmh. The row is that
 * of the departure.
 */
#include <stdio.h>

#include "wire/wire.h"

#include "desk/crews_in.h"
#include "desk/order_in.h"

#define FEN_MOST 100000

typedef struct tariff_field {
    const char *name;
    size_t at;
    int32_t most;
} tariff_field;
#define FIELD(name, most)                                                                          \
    {                                                                                              \
#name, offsetof(tariff_row, name), most                                                    \
    }
static const tariff_field FIELDS[] = {
    FIELD(start_fen, FEN_MOST), FIELD(start_m, 100000),        FIELD(km_fen, FEN_MOST),
    FIELD(slow_kmh, 60),        FIELD(slow_min_fen, FEN_MOST), FIELD(return_km, 1000),
    FIELD(return_percent, 300),
};

/* ---- prices -------------------------------------------------------------------------------------
 */

int64_t tariff_price(const tariff_row *row, int64_t metres, int64_t slow_s)
{
    int64_t far_m = row->return_km * INT64_C(1000);
    int64_t over_m = TQ_MAX(metres - row->start_m, (int64_t)0);
    int64_t return_m = row->return_percent > 0 ? TQ_MAX(metres - far_m, (int64_t)0) : 0;
    int64_t milli = row->start_fen * INT64_C(1000) + over_m * row->km_fen +
                    TQ_MIN(return_m, over_m) * row->km_fen * row->return_percent / 100 +
                    slow_s * row->slow_min_fen * 1000 / 60;
    /* To whole jiao, as meters show. */
    return (milli + 5000) / 10000 * 10;
}

const tariff_row *tariff_at(const tariff *table, uint32_t minute)
{
    for (uint32_t k = 0; k < table->count; k++) {
        const tariff_row *row = &table->row[k];
        bool in = row->from_min < row->to_min ? minute >= row->from_min && minute < row->to_min
                                              : minute >= row->from_min || minute < row->to_min;
        if (in) return row;
    }
    return NULL;
}

static tariff *tariff_named(struct desk_order_rules *all, const char *name)
{
    for (uint32_t k = 0; k < all->tariff_count; k++)
        if (strcmp(all->tariff[k].name, name) == 0) return &all->tariff[k];
    return NULL;
}

/* ---- the file
 * ------------------------------------------------------------------------------------ */

typedef struct csv_run {
    tq_csv csv;
    const char *source;
    tq_err *err;
} csv_run;

static tq_status copy_field(csv_run *run, const char *name, size_t cap, char *out)
{
    uint32_t column = tq_csv_column(&run->csv, name);
    tq_str text = column != TQ_NONE ? run->csv.field[column] : TQ_STR("");
    if (column == TQ_NONE || text.len >= cap || !tq_utf8_valid(text))
        return tq_fail(run->err, TQ_BAD_CONFIG, run->csv.line,
                       "%s line %u: column %s is missing or longer than %zu bytes", run->source,
                       run->csv.line, name, cap - 1);
    memcpy(out, text.at, text.len);
    out[text.len] = '\0';
    return TQ_OK;
}

static tq_status take_row(csv_run *run, struct desk_order_rules *out)
{
    tariff_row row = {0};
    char name[TARIFF_NAME_MAX], from[8], to[8], weak[8], number[24];
    TQ_TRY(copy_field(run, "tariff", sizeof name, name));
    TQ_TRY(copy_field(run, "from", sizeof from, from));
    TQ_TRY(copy_field(run, "to", sizeof to, to));
    TQ_TRY(copy_field(run, "weak", sizeof weak, weak));
    if (name[0] == '\0' || !crews_minute(from, &row.from_min) || !crews_minute(to, &row.to_min))
        return tq_fail(run->err, TQ_BAD_CONFIG, run->csv.line,
                       "%s line %u: a tariff needs a name and times such as 05:00", run->source,
                       run->csv.line);
    for (uint32_t k = 0; k < TQ_COUNT(FIELDS); k++) {
        uint32_t value = 0;
        TQ_TRY(copy_field(run, FIELDS[k].name, sizeof number, number));
        if (!tq_parse_u32(tq_str_of(number), &value) || value > (uint32_t)FIELDS[k].most)
            return tq_fail(run->err, TQ_BAD_CONFIG, run->csv.line,
                           "%s line %u: %s is \"%s\"; a whole number up to %d is wanted",
                           run->source, run->csv.line, FIELDS[k].name, number, FIELDS[k].most);
        int32_t whole = (int32_t)value;
        memcpy((char *)&row + FIELDS[k].at, &whole, sizeof whole);
    }
    tariff *into = tariff_named(out, name);
    if (into == NULL) {
        if (out->tariff_count == TARIFFS_MAX)
            return tq_fail(run->err, TQ_BAD_CONFIG, run->csv.line, "%s: more than %u tariffs",
                           run->source, TARIFFS_MAX);
        into = &out->tariff[out->tariff_count++];
        *into = (tariff){.count = 0};
        (void)snprintf(into->name, sizeof into->name, "%s", name);
        TQ_TRY(copy_field(run, "class", sizeof into->class, into->class));
        TQ_TRY(copy_field(run, "source", sizeof into->source, into->source));
    }
    char class[ORDER_WORD_MAX];
    TQ_TRY(copy_field(run, "class", sizeof class, class));
    if (strcmp(into->class, class) != 0)
        return tq_fail(run->err, TQ_BAD_CONFIG, run->csv.line,
                       "%s line %u: the tariff %s is of class %s above, of %s here", run->source,
                       run->csv.line, name, into->class, class);
    into->weak = into->weak || strcmp(weak, "yes") == 0;
    if (into->count == TARIFF_ROWS_MAX)
        return tq_fail(run->err, TQ_BAD_CONFIG, run->csv.line, "%s: more than %u rows of %s",
                       run->source, TARIFF_ROWS_MAX, name);
    into->row[into->count++] = row;
    return TQ_OK;
}

/* Every minute of the day has its price. */
static tq_status check_day(const tariff *table, const char *source, tq_err *err)
{
    for (uint32_t minute = 0; minute < 24 * 60; minute++)
        if (tariff_at(table, minute) == NULL)
            return tq_fail(err, TQ_BAD_CONFIG, 0, "%s: no row of the tariff %s holds at %02u:%02u",
                           source, table->name, minute / 60, minute % 60);
    return TQ_OK;
}

tq_status tariff_read(tq_str csv, const char *source, struct desk_order_rules *out, tq_err *err)
{
    csv_run run = {.source = source, .err = err};
    bool more = true;
    tq_status status = tq_csv_begin(&run.csv, csv, err);
    while (status == TQ_OK) {
        status = tq_csv_next(&run.csv, &more, err);
        if (status != TQ_OK || !more) break;
        status = take_row(&run, out);
    }
    tq_csv_end(&run.csv);
    for (uint32_t k = 0; status == TQ_OK && k < out->tariff_count; k++)
        status = check_day(&out->tariff[k], source, err);
    return status == TQ_BAD_INPUT ? TQ_BAD_CONFIG : status;
}

static bool has_class(const struct desk_order_rules *all, const char *class)
{
    for (uint32_t k = 0; k < all->tariff_count; k++)
        if (strcmp(all->tariff[k].class, class) == 0) return true;
    return false;
}

tq_status tariff_assume(struct desk_order_rules *out, tq_err *err)
{
    /* Round figures of the kind that cities of this size have; nobody's tariff. */
    static const tariff_row by_day = {5 * 60, 21 * 60, 800, 3000, 160, 12, 40, 10, 50},
                            by_night = {21 * 60, 5 * 60, 900, 3000, 180, 12, 40, 10, 50};
    static const char *const classes[] = {"taxi", "ride_hailing", "access"};
    for (uint32_t k = 0; k < TQ_COUNT(classes); k++) {
        tariff made = {.weak = true, .assumed = true, .count = 2, .row = {by_day, by_night}};
        if (has_class(out, classes[k])) continue;
        if (out->tariff_count == TARIFFS_MAX)
            return tq_fail(err, TQ_BAD_CONFIG, 0, "more than %u tariffs", TARIFFS_MAX);
        (void)snprintf(made.name, sizeof made.name, "assumed_%s", classes[k]);
        (void)snprintf(made.class, sizeof made.class, "%s", classes[k]);
        (void)snprintf(made.source, sizeof made.source, "assumed; enter the city's own");
        out->tariff[out->tariff_count++] = made;
    }
    return TQ_OK;
}

/* ---- records
 * -------------------------------------------------------------------------------------- */

static void put_minute(json_t *object, const char *member, uint32_t minute)
{
    char text[8];
    (void)snprintf(text, sizeof text, "%02u:%02u", minute / 60 % 24, minute % 60);
    json_object_set_new(object, member, json_string(text));
}

static json_t *tariff_json(const tariff *table)
{
    json_t *out = json_object(), *rows = json_array();
    json_object_set_new(out, "name", json_string(table->name));
    json_object_set_new(out, "class", json_string(table->class));
    json_object_set_new(out, "source", json_string(table->source));
    json_object_set_new(out, "weak", json_boolean(table->weak));
    if (table->assumed) json_object_set_new(out, "assumed", json_true());
    for (uint32_t k = 0; k < table->count; k++) {
        json_t *row = json_object();
        put_minute(row, "from", table->row[k].from_min);
        put_minute(row, "to", table->row[k].to_min);
        for (uint32_t f = 0; f < TQ_COUNT(FIELDS); f++) {
            int32_t value;
            memcpy(&value, (const char *)&table->row[k] + FIELDS[f].at, sizeof value);
            json_object_set_new(row, FIELDS[f].name, json_integer(value));
        }
        json_array_append_new(rows, row);
    }
    json_object_set_new(out, "rows", rows);
    return out;
}

static tq_status read_row(desk_call *call, const json_t *given, size_t at, tariff_row *out)
{
    if (!crews_minute(desk_get_text(given, "from"), &out->from_min) ||
        !crews_minute(desk_get_text(given, "to"), &out->to_min))
        return desk_bad(call, "rows[%zu] needs \"from\" and \"to\" such as \"05:00\"", at);
    for (uint32_t f = 0; f < TQ_COUNT(FIELDS); f++) {
        const json_t *value = json_object_get(given, FIELDS[f].name);
        json_int_t number = json_integer_value(value);
        if ((value != NULL && !json_is_integer(value)) || number < 0 || number > FIELDS[f].most)
            return desk_bad(call, "rows[%zu].%s is a whole number from 0 to %d", at, FIELDS[f].name,
                            FIELDS[f].most);
        int32_t whole = (int32_t)number;
        memcpy((char *)out + FIELDS[f].at, &whole, sizeof whole);
    }
    const char *member;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)given, member, value)
    {
        bool known = strcmp(member, "from") == 0 || strcmp(member, "to") == 0;
        for (uint32_t f = 0; f < TQ_COUNT(FIELDS); f++)
            known = known || strcmp(member, FIELDS[f].name) == 0;
        if (!known)
            return desk_bad(call, "rows[%zu] does not know the member \"%.40s\"", at, member);
    }
    return TQ_OK;
}

static tq_status read_tariff(desk_call *call, const json_t *given, tariff *out)
{
    const json_t *rows = json_object_get(given, "rows");
    size_t count = json_array_size(rows);
    (void)snprintf(out->name, sizeof out->name, "%.39s", desk_get_text(given, "name"));
    (void)snprintf(out->class, sizeof out->class, "%.31s", desk_get_text(given, "class"));
    (void)snprintf(out->source, sizeof out->source, "%.199s", desk_get_text(given, "source"));
    out->weak = json_is_true(json_object_get(given, "weak"));
    if (count == 0 || count > TARIFF_ROWS_MAX)
        return desk_bad(call, "\"rows\" has %zu rows; 1 to %u are allowed", count, TARIFF_ROWS_MAX);
    for (size_t k = 0; k < count; k++)
        TQ_TRY(read_row(call, json_array_get(rows, k), k, &out->row[k]));
    out->count = (uint32_t)count;
    for (uint32_t minute = 0; minute < 24 * 60; minute++)
        if (tariff_at(out, minute) == NULL)
            return desk_bad(call, "no row of \"rows\" holds at %02u:%02u", minute / 60,
                            minute % 60);
    return TQ_OK;
}

typedef struct class_run {
    desk_call *call;
    const char *class;
    tariff *out;
    bool found;
} class_run;

static bool see_record(void *user, const tq_record *record)
{
    class_run *run = user;
    tq_err own, *err = run->call->err;
    json_auto_t *body = NULL;
    tariff made = {.count = 0};
    if (desk_parse(record->body, SIZE_MAX, "a tariff", &body, &own) != TQ_OK) return true;
    run->call->err = &own;
    bool good = read_tariff(run->call, body, &made) == TQ_OK;
    run->call->err = err;
    if (!good || strcmp(made.class, run->class) != 0) return true;
    *run->out = made;
    run->found = true;
    return false;
}

static bool is_replaced(desk_call *call, const char *name)
{
    tq_buf text = {0};
    tq_record record;
    tq_err why;
    bool there = tq_store_get(call->desk->store, "tariff", name, &text, &record, &why) == TQ_OK;
    tq_buf_free(&text);
    return there;
}

tq_status tariff_of_class(desk_call *call, const char *class, tariff *out)
{
    const struct desk_order_rules *all = call->desk->order_rules;
    class_run run = {.call = call, .class = class, .out = out};
    tq_store_filter filter = {.kind = "tariff"};
    TQ_TRY(tq_store_each(call->desk->store, &filter, see_record, &run, call->err));
    if (run.found) return TQ_OK;
    for (uint32_t k = 0; k < all->tariff_count; k++) {
        if (strcmp(all->tariff[k].class, class) != 0 || is_replaced(call, all->tariff[k].name))
            continue;
        *out = all->tariff[k];
        return TQ_OK;
    }
    return tq_fail(call->err, TQ_NOT_FOUND, 0, "there is no tariff for %s", class);
}

static bool list_record(void *user, const tq_record *record)
{
    tq_err why;
    json_t *body = NULL;
    if (desk_parse(record->body, SIZE_MAX, "a tariff", &body, &why) == TQ_OK)
        json_array_append_new(user, body);
    return true;
}

/* Nothing is assumed of a class that has a record. */
static bool is_listed(const json_t *list, const char *class)
{
    for (size_t k = 0; k < json_array_size(list); k++)
        if (strcmp(desk_get_text(json_array_get(list, k), "class"), class) == 0) return true;
    return false;
}

tq_status tariff_list(desk_call *call)
{
    json_auto_t *list = json_array();
    const struct desk_order_rules *all = call->desk->order_rules;
    tq_store_filter filter = {.kind = "tariff"};
    TQ_TRY(tq_store_each(call->desk->store, &filter, list_record, list, call->err));
    for (uint32_t k = 0; k < all->tariff_count; k++)
        if (!is_replaced(call, all->tariff[k].name) &&
            !(all->tariff[k].assumed && is_listed(list, all->tariff[k].class)))
            json_array_append_new(list, tariff_json(&all->tariff[k]));
    json_t *answer = json_object();
    json_object_set(answer, "tariffs", list);
    return desk_answer(call, answer);
}

tq_status tariff_put(desk_call *call)
{
    static const char *const members[] = {"name", "class", "source", "weak", "rows", NULL};
    const char *name, *class, *source;
    tariff made = {.count = 0};
    TQ_TRY(desk_only(call, members));
    TQ_TRY(desk_text(call, "name", true, &name));
    TQ_TRY(desk_text(call, "class", true, &class));
    TQ_TRY(desk_text(call, "source", true, &source));
    if (strlen(name) >= TARIFF_NAME_MAX || strlen(class) >= ORDER_WORD_MAX || strlen(source) >= 200)
        return desk_bad(call, "\"name\", \"class\" or \"source\" is too long");
    TQ_TRY(read_tariff(call, call->body, &made));
    uint64_t version = 0;
    char state[32];
    json_auto_t *old = NULL, *body = tariff_json(&made);
    if (is_replaced(call, name)) TQ_TRY(desk_load(call, "tariff", name, &old, &version, state));
    TQ_TRY(desk_expect(call, "tariff", name, version));
    TQ_TRY(desk_save(call, "tariff", name, "valid", body, version));
    TQ_TRY(desk_event(call, "tariff", name, "changed", false, TQ_ROLE_STAFF, NULL));
    return desk_answer(call, json_incref(body));
}
