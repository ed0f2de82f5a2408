/*
 * fares.csv: tariffs by distance or flat, concessions, and the routes that use them; and the taxi
 * tariff of the settings. docs/format/tables.md has the format.
 *
 * One row says one thing about one tariff: tariff,item,key,value,source,note. Rows of a tariff may
 * stand anywhere; a tariff begins with its first row. When the file is read each tariff is checked
 * as a whole (steps ascend, a flat one has its fare), and its routes are given it. Tariffs that the
 * timetables brought stay in front and are kept.
 */
#include "import/tables_in.h"

enum { FARE_TARIFF, FARE_ITEM, FARE_VALUE, FARE_KEY, FARE_SOURCE, FARE_NOTE, FARE_COLUMN_COUNT };
static const char *const fare_columns[FARE_COLUMN_COUNT] = {"tariff", "item",   "value",
                                                            "key",    "source", "note"};
static const char *const item_words[] = {"name",       "kind",          "routes",  "step",
                                         "beyond",     "fare",          "percent", "card",
                                         "stay_limit", "change_window", "assumed", "length"};
enum {
    ITEM_NAME,
    ITEM_KIND,
    ITEM_ROUTES,
    ITEM_STEP,
    ITEM_BEYOND,
    ITEM_FARE,
    ITEM_PERCENT,
    ITEM_CARD,
    ITEM_STAY,
    ITEM_CHANGE,
    ITEM_ASSUMED,
    ITEM_LENGTH
};
static const char *const kind_words[] = {"flat", "distance"};
static const char *const rider_words[] = {"adult", "senior", "pupil", "child"};
static const char *const yes_no[] = {"no", "yes"};

#define FEN_MAX    10000000u
#define METRES_MAX 10000000u
#define TIME_MAX_S 86400u

/* A tariff being read; its steps are gathered in file order and laid out at the end. */
typedef struct draft_step {
    uint32_t draft, upto_m, fen;
} draft_step;
typedef struct draft {
    tq_tariff tariff;
    uint32_t line;     /* of its first row, for what is wrong with the whole */
    uint32_t flat_fen; /* TQ_NONE = not given */
    uint32_t steps;
} draft;
typedef struct drafts {
    TQ_VEC(draft) rows;
    TQ_VEC(draft_step) steps;
    TQ_VEC(uint64_t) routes; /* draft << 32 | row of route */
} drafts;

/* ---- values with units --------------------------------------------------------------- */

typedef struct fare_unit {
    const char *name;
    uint32_t per_hundred; /* kept = hundredths * per_hundred / 100 */
} fare_unit;
static const fare_unit money_units[] = {{"yuan", 100}, {"fen", 1}};
static const fare_unit length_units[] = {{"m", 1}, {"km", 1000}};
static const fare_unit time_units[] = {{"s", 1}, {"min", 60}, {"h", 3600}};
static const fare_unit percent_units[] = {{"%", 1}};

static bool with_unit(tq_str text, const fare_unit *units, uint32_t count, uint32_t most,
                      uint32_t *out)
{
    uint64_t hundredths;
    tq_str unit;
    if (!tables_number(text, &hundredths, &unit)) return false;
    for (uint32_t k = 0; k < count; k++) {
        if (!tq_str_is(unit, units[k].name)) continue;
        uint64_t kept = hundredths * units[k].per_hundred;
        if (kept % 100 != 0 || kept / 100 > most) return false;
        *out = (uint32_t)(kept / 100);
        return true;
    }
    return false;
}

static bool money(tq_str text, uint32_t *fen)
{
    return with_unit(text, money_units, TQ_COUNT(money_units), FEN_MAX, fen);
}
static bool length(tq_str text, uint32_t *metres)
{
    return with_unit(text, length_units, TQ_COUNT(length_units), METRES_MAX, metres);
}
static bool duration(tq_str text, uint32_t *seconds)
{
    return with_unit(text, time_units, TQ_COUNT(time_units), TIME_MAX_S, seconds);
}
static bool percent(tq_str text, uint32_t *out)
{
    return with_unit(text, percent_units, TQ_COUNT(percent_units), 100, out);
}

/* ---- rows ---------------------------------------------------------------------------- */

static tq_status find_draft(tables_reader *reader, drafts *all, uint32_t *out)
{
    uint32_t id = tables_text(reader, reader->value[FARE_TARIFF]);
    for (uint32_t k = 0; k < all->rows.count; k++) {
        if (all->rows.at[k].tariff.id != id) continue;
        *out = k;
        return TQ_OK;
    }
    if (all->rows.count == TQ_FARES_MAX)
        return tq_fail(reader->err, TQ_LIMIT, reader->line, "%s line %u: over %u tariffs",
                       reader->file, reader->line, TQ_FARES_MAX);
    draft fresh = {.tariff = {.id = id,
                              .kind = TQ_TARIFF_DISTANCE,
                              .card_percent = 100,
                              .percent = {100, 100, 100, 100}},
                   .line = reader->line,
                   .flat_fen = TQ_NONE};
    *out = (uint32_t)all->rows.count;
    return tq_vec_push(&all->rows, fresh) ? TQ_OK : tables_no_memory(reader);
}

/* Row of the route of that id; TQ_NONE = there is none. */
static uint32_t find_route(const tq_build *build, uint32_t id)
{
    const tq_timetable *timetable = &build->city.timetable;
    for (uint32_t route = 0; route < timetable->route_count; route++)
        if (timetable->route[route].id == id) return route;
    return TQ_NONE;
}

/* Stretch the metres along a route's patterns so that the longest one each way is as long as
   published: fares go by the operator's length, not by ours. */
static void stretch_route(tq_build *build, uint32_t route, uint32_t length_m)
{
    const tq_timetable *timetable = &build->city.timetable;
    /* The arrays of a city under construction belong to the import, which may still write them. */
    uint32_t *along_m = (uint32_t *)(uintptr_t)timetable->pattern_along_m;
    for (uint32_t direction = 0; direction < 2; direction++) {
        uint32_t whole_m = 0;
        for (uint32_t pattern = 0; pattern < timetable->pattern_count; pattern++) {
            uint32_t last = timetable->pattern_first[pattern + 1] - 1;
            if (timetable->pattern_route[pattern] == route &&
                timetable->pattern_direction[pattern] == direction)
                whole_m = TQ_MAX(whole_m, along_m[last]);
        }
        if (whole_m == 0) continue;
        for (uint32_t pattern = 0; pattern < timetable->pattern_count; pattern++) {
            if (timetable->pattern_route[pattern] != route ||
                timetable->pattern_direction[pattern] != direction)
                continue;
            for (uint32_t at = timetable->pattern_first[pattern];
                 at < timetable->pattern_first[pattern + 1]; at++)
                along_m[at] =
                    (uint32_t)(((uint64_t)along_m[at] * length_m + whole_m / 2) / whole_m);
        }
    }
}

/* Route ids with blanks between. */
static tq_status take_routes(tables_reader *reader, drafts *all, uint32_t draft_row, tq_str text)
{
    size_t at = 0;
    while (at < text.len) {
        size_t end = at;
        while (end < text.len && text.at[end] != ' ')
            end++;
        tq_str id = {text.at + at, end - at};
        at = end + 1;
        if (id.len == 0) continue;
        uint32_t route = find_route(reader->build, tables_text(reader, id));
        if (route == TQ_NONE) {
            TQ_TRY(
                tables_bad(reader, "unknown_route", "there is no route \"%.*s\"", TABLE_SLICE(id)));
        } else if (!tq_vec_push(&all->routes, (uint64_t)draft_row << 32 | route)) {
            return tables_no_memory(reader);
        }
    }
    return TQ_OK;
}

static tq_status take_step(tables_reader *reader, drafts *all, uint32_t draft_row)
{
    draft *into = &all->rows.at[draft_row];
    draft_step step = {.draft = draft_row};
    tq_str key = reader->value[FARE_KEY], value = reader->value[FARE_VALUE];
    if (!length(key, &step.upto_m) || step.upto_m == 0 || !money(value, &step.fen))
        return tables_bad(reader, "bad_fare",
                          "step \"%.*s\" costs \"%.*s\"; write such as 5 km and 2 yuan",
                          TABLE_SLICE(key), TABLE_SLICE(value));
    for (size_t k = all->steps.count; k-- > 0;) {
        if (all->steps.at[k].draft != draft_row) continue;
        if (all->steps.at[k].upto_m < step.upto_m) break;
        return tables_bad(reader, "bad_fare",
                          "step %.*s does not lie beyond the one before it (%u m)",
                          TABLE_SLICE(key), all->steps.at[k].upto_m);
    }
    if (++into->steps > TQ_FARE_STEPS_MAX)
        return tq_fail(reader->err, TQ_LIMIT, reader->line, "%s line %u: over %u steps in a tariff",
                       reader->file, reader->line, TQ_FARE_STEPS_MAX);
    return tq_vec_push(&all->steps, step) ? TQ_OK : tables_no_memory(reader);
}

static tq_status bad_value(tables_reader *reader, const char *wanted)
{
    return tables_bad(reader, "bad_fare", "%.*s %.*s is \"%.*s\"; write %s",
                      TABLE_SLICE(reader->value[FARE_ITEM]), TABLE_SLICE(reader->value[FARE_KEY]),
                      TABLE_SLICE(reader->value[FARE_VALUE]), wanted);
}

static tq_status take_length(tables_reader *reader)
{
    tq_str key = reader->value[FARE_KEY];
    uint32_t route = find_route(reader->build, tables_text(reader, key)), length_m;
    if (route == TQ_NONE)
        return tables_bad(reader, "unknown_route", "there is no route \"%.*s\"", TABLE_SLICE(key));
    if (!length(reader->value[FARE_VALUE], &length_m) || length_m == 0)
        return bad_value(reader, "a length such as 23647 m");
    stretch_route(reader->build, route, length_m);
    return TQ_OK;
}

static tq_status fare_row(tables_reader *reader, void *user)
{
    drafts *all = user;
    tq_str item = reader->value[FARE_ITEM], key = reader->value[FARE_KEY],
           value = reader->value[FARE_VALUE];
    uint32_t word = tables_word(item, item_words, TQ_COUNT(item_words)), which = 0, number;
    if (reader->value[FARE_TARIFF].len == 0)
        return tables_bad(reader, "no_name", "the tariff is missing");
    if (word == TQ_NONE)
        return tables_bad(reader, "bad_item", "unknown item \"%.*s\"; did you mean \"%s\"?",
                          TABLE_SLICE(item),
                          tables_nearest(item, item_words, TQ_COUNT(item_words)));
    TQ_TRY(find_draft(reader, all, &which));
    tq_tariff *tariff = &all->rows.at[which].tariff;
    if (reader->value[FARE_SOURCE].len > 0)
        tariff->source = tables_text(reader, reader->value[FARE_SOURCE]);
    switch (word) {
    case ITEM_NAME: tariff->name = tables_text(reader, value); return TQ_OK;
    case ITEM_LENGTH: return take_length(reader);
    case ITEM_ROUTES: return take_routes(reader, all, which, value);
    case ITEM_STEP: return take_step(reader, all, which);
    case ITEM_KIND:
        number = tables_word(value, kind_words, TQ_COUNT(kind_words));
        if (number == TQ_NONE) return bad_value(reader, "flat or distance");
        tariff->kind = number == 0 ? TQ_TARIFF_FLAT : TQ_TARIFF_DISTANCE;
        return TQ_OK;
    case ITEM_BEYOND:
        if (!length(key, &tariff->over_m) || tariff->over_m == 0 ||
            !money(value, &tariff->over_fen))
            return bad_value(reader, "a length as key and money as value, such as 7 km and 1 yuan");
        return TQ_OK;
    case ITEM_FARE:
        return money(value, &all->rows.at[which].flat_fen)
                   ? TQ_OK
                   : bad_value(reader, "money such as 17 yuan");
    case ITEM_PERCENT:
        number = tables_word(key, rider_words, TQ_COUNT(rider_words));
        if (number == TQ_NONE)
            return tables_bad(reader, "bad_fare", "unknown rider \"%.*s\"; did you mean \"%s\"?",
                              TABLE_SLICE(key),
                              tables_nearest(key, rider_words, TQ_COUNT(rider_words)));
        return percent(value, &tariff->percent[number]) ? TQ_OK : bad_value(reader, "0 % to 100 %");
    case ITEM_CARD:
        return percent(value, &tariff->card_percent) ? TQ_OK : bad_value(reader, "0 % to 100 %");
    case ITEM_STAY:
        return duration(value, &tariff->stay_limit_s) ? TQ_OK
                                                      : bad_value(reader, "a time such as 120 min");
    case ITEM_CHANGE:
        return duration(value, &tariff->change_window_s)
                   ? TQ_OK
                   : bad_value(reader, "a time such as 60 min");
    default:
        number = tables_word(value, yes_no, TQ_COUNT(yes_no));
        if (number == TQ_NONE) return bad_value(reader, "yes or no");
        tariff->assumed = number;
        return TQ_OK;
    }
}

/* ---- laying out ---------------------------------------------------------------------- */

/* Append a draft and its steps; a tariff that makes no sense as a whole is a bad row. */
static tq_status finish(tables_reader *reader, drafts *all, uint32_t which, tables_fares *fares,
                        bool *good)
{
    draft *from = &all->rows.at[which];
    bool flat = from->tariff.kind == TQ_TARIFF_FLAT;
    *good = false;
    reader->line = from->line;
    if (flat ? from->flat_fen == TQ_NONE || from->steps > 0
             : from->flat_fen != TQ_NONE || from->steps == 0)
        return tables_bad(reader, "bad_fare", "tariff \"%s\" is %s: it needs %s",
                          tq_texts_at(reader->build->texts, from->tariff.id), kind_words[!flat],
                          flat ? "a fare and no steps" : "steps and no flat fare");
    from->tariff.first_step = (uint32_t)fares->steps.count;
    from->tariff.step_count = flat ? 1 : from->steps;
    if (flat) {
        tq_tariff_step only = {METRES_MAX, from->flat_fen};
        if (!tq_vec_push(&fares->steps, only)) return tables_no_memory(reader);
    }
    for (size_t k = 0; k < all->steps.count; k++) {
        if (all->steps.at[k].draft != which) continue;
        tq_tariff_step step = {all->steps.at[k].upto_m, all->steps.at[k].fen};
        if (!tq_vec_push(&fares->steps, step)) return tables_no_memory(reader);
    }
    if (!tq_vec_push(&fares->tariffs, from->tariff)) return tables_no_memory(reader);
    *good = true;
    return TQ_OK;
}

static void give_routes(tq_build *build, const drafts *all, uint32_t which, uint32_t tariff)
{
    /* The arrays of a city under construction belong to the import, which may still write them. */
    tq_route *route = (tq_route *)(uintptr_t)build->city.timetable.route;
    for (size_t k = 0; k < all->routes.count; k++)
        if (all->routes.at[k] >> 32 == which) route[(uint32_t)all->routes.at[k]].tariff = tariff;
}

tq_status tables_fares_csv(tq_build *build, tables_fares *fares, const char *file, tq_str bytes,
                           tq_err *err)
{
    static const tables_columns columns = {fare_columns, FARE_COLUMN_COUNT, FARE_VALUE + 1};
    tables_reader reader = {.build = build, .file = file, .err = err};
    drafts all = {0};
    tq_status status = tables_read_csv(&reader, bytes, &columns, &all, fare_row);
    for (uint32_t which = 0; status == TQ_OK && which < all.rows.count; which++) {
        bool good;
        uint32_t tariff = (uint32_t)fares->tariffs.count;
        status = finish(&reader, &all, which, fares, &good);
        if (status == TQ_OK && good) give_routes(build, &all, which, tariff);
    }
    tq_vec_free(&all.rows);
    tq_vec_free(&all.steps);
    tq_vec_free(&all.routes);
    return status;
}

/* Start from what the timetables brought, so that their routes keep their rows. */
static bool take_present(const tq_fares *present, tables_fares *fares)
{
    for (uint32_t k = 0; k < present->tariff_count; k++)
        if (!tq_vec_push(&fares->tariffs, present->tariff[k])) return false;
    for (uint32_t k = 0; k < present->step_count; k++)
        if (!tq_vec_push(&fares->steps, present->step[k])) return false;
    return true;
}

static bool freeze(tq_build *build, const tables_fares *fares)
{
    size_t tariffs = fares->tariffs.count, steps = fares->steps.count;
    tq_tariff *tariff =
        tq_pool_push(&build->pool, (tariffs + 1) * sizeof *tariff, _Alignof(tq_tariff));
    tq_tariff_step *step =
        tq_pool_push(&build->pool, (steps + 1) * sizeof *step, _Alignof(tq_tariff_step));
    tq_taxi_tariff *taxi = tq_pool_push(&build->pool, sizeof *taxi, _Alignof(tq_taxi_tariff));
    if (tariff == NULL || step == NULL || taxi == NULL) return false;
    if (tariffs > 0) memcpy(tariff, fares->tariffs.at, tariffs * sizeof *tariff);
    if (steps > 0) memcpy(step, fares->steps.at, steps * sizeof *step);
    *taxi = build->settings->taxi;
    taxi->source = tq_texts_add(build->texts, tq_str_of(build->settings->taxi_source));
    build->city.fares = (tq_fares){(uint32_t)tariffs, (uint32_t)steps, tariff, step, taxi};
    build->city.taxi_count = 1;
    return !tq_texts_failed(build->texts);
}

tq_status import_fares(tq_build *build, tq_err *err)
{
    tables_fares fares = {0};
    tq_status status = take_present(&build->city.fares, &fares) ? TQ_OK : TQ_NO_MEMORY;
    for (uint32_t k = 0; status == TQ_OK && k < build->settings->fares_count; k++) {
        const char *name = build->settings->fares[k];
        char path[TQ_PATH_MAX], *bytes = NULL;
        size_t len = 0;
        if (!tq_path_join(path, build->settings->folder, name))
            status = tq_fail(err, TQ_BAD_CONFIG, 0, "the path of %s is too long", name);
        if (status == TQ_OK) status = tq_file_read(path, TQ_TABLE_BYTES_MAX, &bytes, &len, err);
        if (status == TQ_OK)
            status = tables_fares_csv(build, &fares, name, (tq_str){bytes, len}, err);
        tq_free(bytes);
    }
    if (status == TQ_OK && !freeze(build, &fares)) status = TQ_NO_MEMORY;
    if (status == TQ_NO_MEMORY) (void)tq_fail(err, TQ_NO_MEMORY, 0, "fares: out of memory");
    if (status == TQ_OK) tq_report_count(build->report, "fares.tariffs", fares.tariffs.count);
    tq_vec_free(&fares.tariffs);
    tq_vec_free(&fares.steps);
    return status;
}
