/*
 * Aliases and the register of works.
 *
 * An alias row names a place by its name (and town) and adds one more name of a kind to each place
 * that has it; where a station and its platforms share a name, the station alone gets it. The
 * register is kept as read, in file order: what is planned, building, open or closed, from when,
 * and how long it is. A blank is «not known».
 */
#include "import/tables_in.h"

/* ---- aliases ------------------------------------------------------------------------- */

enum {
    ALIAS_NAME,
    ALIAS_ALIAS,
    ALIAS_KIND,
    ALIAS_CITY,
    ALIAS_SOURCE,
    ALIAS_NOTE,
    ALIAS_COLUMN_COUNT
};
static const char *const alias_columns[ALIAS_COLUMN_COUNT] = {"name", "alias",  "kind",
                                                              "city", "source", "note"};

static const char *const alias_words[] = {"other", "former", "english", "official", "short"};
static const tq_alias_kind alias_of_word[] = {TQ_ALIAS_OTHER, TQ_ALIAS_FORMER, TQ_ALIAS_ENGLISH,
                                              TQ_ALIAS_OFFICIAL, TQ_ALIAS_SHORT};

/* Places in the order of their names, so that an alias finds its own by halving. */
typedef struct alias_names {
    uint32_t *order;
    uint32_t count;
} alias_names;

static bool sort_names(const tq_build *build, alias_names *names)
{
    names->count = (uint32_t)build->places.count;
    names->order = TQ_ALLOC(uint32_t, (size_t)names->count + 1);
    uint64_t *key = TQ_ALLOC(uint64_t, (size_t)names->count + 1);
    bool good = names->order != NULL && key != NULL;
    for (uint32_t place = 0; good && place < names->count; place++) {
        names->order[place] = place;
        key[place] = build->places.at[place].name;
    }
    good = good && tq_sort_by_u64(names->order, names->count, key);
    tq_free(key);
    return good;
}

static uint32_t first_named(const tq_build *build, const alias_names *names, uint32_t name)
{
    uint32_t low = 0, high = names->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (build->places.at[names->order[middle]].name < name)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* A place of another town is not meant; one that names no town may be. */
static bool in_town(const tq_place_row *row, uint32_t city)
{
    return city == 0 || row->city == 0 || row->city == city;
}

static tq_status alias_row(tables_reader *reader, void *user)
{
    const alias_names *names = user;
    tq_build *build = reader->build;
    tq_str name_text = reader->value[ALIAS_NAME], alias = reader->value[ALIAS_ALIAS],
           kind_text = reader->value[ALIAS_KIND];
    uint32_t kind =
        kind_text.len == 0 ? 0 : tables_word(kind_text, alias_words, TQ_COUNT(alias_words));
    if (name_text.len == 0 || alias.len == 0)
        return tables_bad(reader, "no_name", "name and alias must both be there");
    if (kind == TQ_NONE)
        return tables_bad(reader, "bad_kind", "unknown kind \"%.*s\"; did you mean \"%s\"?",
                          TABLE_SLICE(kind_text),
                          tables_nearest(kind_text, alias_words, TQ_COUNT(alias_words)));
    uint32_t name = tables_text(reader, name_text), text = tables_text(reader, alias),
             city = tables_text(reader, reader->value[ALIAS_CITY]), found = 0;
    uint32_t first = first_named(build, names, name), last = first;
    bool station = false;
    for (; last < names->count && build->places.at[names->order[last]].name == name; last++)
        station = station || build->places.at[names->order[last]].kind == TQ_PLACE_STATION;
    for (uint32_t k = first; k < last; k++) {
        const tq_place_row *row = &build->places.at[names->order[k]];
        if (!in_town(row, city) || (station && row->kind == TQ_PLACE_STOP)) continue;
        if (!tq_build_alias(build, names->order[k], text, alias_of_word[kind]))
            return tables_no_memory(reader);
        found++;
    }
    if (found > 0) return TQ_OK;
    return tables_bad(reader, "unknown_name", "no place is called \"%.*s\"%s%.*s",
                      TABLE_SLICE(name_text), city == 0 ? "" : " in ",
                      TABLE_SLICE(reader->value[ALIAS_CITY]));
}

tq_status tables_aliases(tq_build *build, const char *file, tq_str bytes, tq_err *err)
{
    static const tables_columns columns = {alias_columns, ALIAS_COLUMN_COUNT, ALIAS_ALIAS + 1};
    tables_reader reader = {.build = build, .file = file, .err = err};
    alias_names names = {0};
    tq_status status = sort_names(build, &names) ? TQ_OK : tables_no_memory(&reader);
    if (status == TQ_OK) status = tables_read_csv(&reader, bytes, &columns, &names, alias_row);
    tq_free(names.order);
    if (status == TQ_OK) tq_report_count(build->report, "tables.aliases", reader.rows - reader.bad);
    return status;
}

/* ---- works --------------------------------------------------------------------------- */

enum {
    WORK_ID,
    WORK_NAME,
    WORK_STATUS,
    WORK_NAME_EN,
    WORK_KIND,
    WORK_PLACE,
    WORK_FROM,
    WORK_TO,
    WORK_LENGTH,
    WORK_DONE,
    WORK_TARGET,
    WORK_SPEED,
    WORK_LANES,
    WORK_NOTE,
    WORK_SOURCE,
    WORK_NOTE_EN,
    WORK_SOURCE_EN,
    WORK_COLUMN_COUNT
};
static const char *const work_columns[WORK_COLUMN_COUNT] = {
    "id",    "name", "status",   "name_en", "kind",     "place",
    "from",  "to",   "length_m", "done_m",  "target_m", "speed_kmh",
    "lanes", "note", "source",   "note_en", "source_en"};
#define WORK_LENGTH_MAX_M 10000000u
#define WORK_SPEED_MAX    200u
#define WORK_LANES_MAX    32u

static const char *const life_words[] = {"planned", "building", "open", "closed"};
static const tq_life life_of_word[] = {TQ_PLANNED, TQ_BUILDING, TQ_OPEN, TQ_CLOSED};

/* A whole number up to `most`; a blank leaves *out alone. */
static tq_status take_number(tables_reader *reader, uint32_t column, uint32_t most, uint32_t *out,
                             bool *good)
{
    tq_str text = reader->value[column];
    uint32_t value;
    if (text.len == 0) return TQ_OK;
    if (!tq_parse_u32(text, &value) || value > most) {
        *good = false;
        return tables_bad(reader, "bad_number", "%s is \"%.*s\", not a whole number up to %u",
                          work_columns[column], TABLE_SLICE(text), most);
    }
    *out = value;
    return TQ_OK;
}

static tq_status take_instants(tables_reader *reader, tq_work *work, bool *good)
{
    tq_str from = reader->value[WORK_FROM], to = reader->value[WORK_TO];
    work->from_ms = INT64_MIN;
    work->to_ms = INT64_MAX;
    bool from_good = tables_instant(reader, from, TABLES_FROM, &work->from_ms);
    if (!from_good || !tables_instant(reader, to, TABLES_TO, &work->to_ms)) {
        tq_str bad = from_good ? to : from;
        *good = false;
        return tables_bad(reader, "bad_date",
                          "\"%.*s\" is not a date; write 2025-05-25 or 2025-05-25T12:00",
                          TABLE_SLICE(bad));
    }
    if (work->from_ms >= work->to_ms) {
        *good = false;
        return tables_bad(reader, "bad_date", "it ends (%.*s) before it begins (%.*s)",
                          TABLE_SLICE(to), TABLE_SLICE(from));
    }
    work->from_day_known = from.len > 0;
    return TQ_OK;
}

static tq_status work_row(tables_reader *reader, void *user)
{
    tables_works *works = user;
    tq_str id = reader->value[WORK_ID], name = reader->value[WORK_NAME],
           life = reader->value[WORK_STATUS];
    tq_work work = {.done_known = reader->value[WORK_DONE].len > 0};
    bool good = true;
    if (id.len == 0 || name.len == 0)
        return tables_bad(reader, "no_name", "id and name must both be there");
    uint32_t word = tables_word(life, life_words, TQ_COUNT(life_words));
    if (word == TQ_NONE)
        return tables_bad(reader, "bad_status", "unknown status \"%.*s\"; did you mean \"%s\"?",
                          TABLE_SLICE(life),
                          tables_nearest(life, life_words, TQ_COUNT(life_words)));
    work.life = (uint32_t)life_of_word[word];
    TQ_TRY(take_instants(reader, &work, &good));
    if (good) TQ_TRY(take_number(reader, WORK_LENGTH, WORK_LENGTH_MAX_M, &work.length_m, &good));
    if (good) TQ_TRY(take_number(reader, WORK_DONE, WORK_LENGTH_MAX_M, &work.done_m, &good));
    if (good) TQ_TRY(take_number(reader, WORK_TARGET, WORK_LENGTH_MAX_M, &work.target_m, &good));
    if (good) TQ_TRY(take_number(reader, WORK_SPEED, WORK_SPEED_MAX, &work.speed_kmh, &good));
    if (good) TQ_TRY(take_number(reader, WORK_LANES, WORK_LANES_MAX, &work.lanes, &good));
    if (!good) return TQ_OK;
    work.id = tables_text(reader, id);
    for (size_t k = 0; k < works->rows.count; k++)
        if (works->rows.at[k].id == work.id)
            return tables_bad(reader, "double_id", "the id \"%.*s\" is given twice",
                              TABLE_SLICE(id));
    work.name = tables_text(reader, name);
    work.name_en = tables_text(reader, reader->value[WORK_NAME_EN]);
    work.kind = tables_text(reader, reader->value[WORK_KIND]);
    work.place = tables_text(reader, reader->value[WORK_PLACE]);
    work.note = tables_text(reader, reader->value[WORK_NOTE]);
    work.source = tables_text(reader, reader->value[WORK_SOURCE]);
    work.note_en = tables_text(reader, reader->value[WORK_NOTE_EN]);
    work.source_en = tables_text(reader, reader->value[WORK_SOURCE_EN]);
    if (works->rows.count >= TQ_WORKS_MAX)
        return tq_fail(reader->err, TQ_LIMIT, reader->line, "%s line %u: over %u works",
                       reader->file, reader->line, TQ_WORKS_MAX);
    return tq_vec_push(&works->rows, work) ? TQ_OK : tables_no_memory(reader);
}

tq_status tables_works_csv(tq_build *build, tables_works *works, const char *file, tq_str bytes,
                           tq_err *err)
{
    static const tables_columns columns = {work_columns, WORK_COLUMN_COUNT, WORK_STATUS + 1};
    tables_reader reader = {.build = build, .file = file, .err = err};
    return tables_read_csv(&reader, bytes, &columns, works, work_row);
}

tq_status tables_works_freeze(tq_build *build, tables_works *works, tq_err *err)
{
    size_t count = works->rows.count;
    tq_report_count(build->report, "tables.works", count);
    if (count == 0) return TQ_OK;
    tq_work *row = tq_pool_push(&build->pool, count * sizeof *row, _Alignof(tq_work));
    if (row == NULL) return tq_fail(err, TQ_NO_MEMORY, 0, "works: out of memory");
    memcpy(row, works->rows.at, count * sizeof *row);
    build->city.works = (tq_works){(uint32_t)count, row};
    return TQ_OK;
}
