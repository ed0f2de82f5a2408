/*
 * OpenStreetMap files -> raw streets, turns and named places.
 *
 * Method: two passes over every file. The first takes ways and relations: which ways are streets,
 * which are named places, which relations ban turns. Their node ids are sorted and numbered (no
 * hash table over nodes). The second takes the nodes: positions of those numbered, marks (barriers,
 * signals), named places. Blobs are read in parallel, each into its own part; parts are joined in
 * the order of the files, so threads do not change the outcome.
 *
 * Invariants: equal ways (extracts that overlap) count once, the first file wins; texts are made
 * valid UTF-8. Limits: streets_in.h. Not read: multipolygon relations as places, change files.
 */
#include "import/osm_in.h"

/* What a handler works on. */
typedef struct part_reader {
    osm_import *import;
    osm_part *part;
    osm_values *values;
    uint32_t cursor; /* near the last node found in data.node_id */
    tq_buf scratch;
    osm_rules rules;
} part_reader;

/* ---- texts ---------------------------------------------------------------------------------- */

/* Keep a text in the part; bytes that are no UTF-8 become U+FFFD, a NUL ends it. */
static uint32_t keep_text(osm_part *part, tq_str text)
{
    if (part->texts.len == 0) tq_buf_putc(&part->texts, '\0');
    text = tq_str_trim(text);
    const char *nul = text.len > 0 ? memchr(text.at, '\0', text.len) : NULL;
    if (nul != NULL) text.len = (size_t)(nul - text.at);
    if (text.len == 0) return 0;
    uint32_t start = (uint32_t)part->texts.len;
    if (tq_utf8_valid(text)) {
        tq_buf_put(&part->texts, text.at, text.len);
    } else {
        for (const char *at = text.at; at < text.at + text.len;) {
            char bytes[4];
            tq_buf_put(&part->texts, bytes,
                       tq_utf8_put(tq_utf8_next(&at, text.at + text.len), bytes));
        }
    }
    tq_buf_putc(&part->texts, '\0');
    return start;
}

static uint32_t keep_value(osm_part *part, const osm_values *values, osm_key key)
{
    return osm_has(values, key) ? keep_text(part, osm_value(values, key)) : 0;
}

static uint32_t keep_conditions(part_reader *reader)
{
    reader->scratch.len = 0;
    osm_conditions(reader->values, &reader->scratch);
    return keep_text(reader->part, (tq_str){reader->scratch.at, reader->scratch.len});
}

/* ---- what a file may make us keep ------------------------------------------------------------ */

/* Bytes of one part that wait until its share of the file's limit is counted. */
#define KEPT_STEP (256u << 10)

static uint64_t bytes_of_part(const osm_part *part)
{
    return sizeof *part + part->ways.count * sizeof *part->ways.at +
           (part->refs.count + part->place_refs.count + part->members.count) * sizeof(int64_t) +
           part->turns.count * sizeof *part->turns.at + part->rules.count * sizeof *part->rules.at +
           part->places.count * sizeof *part->places.at +
           part->nodes.count * sizeof *part->nodes.at + part->marks.count * sizeof *part->marks.at +
           part->texts.len;
}

/* References of one byte become numbers of eight, texts of a table are copied at each use: without
 * a limit a file of some kilobytes fills the memory. */
static tq_status count_kept(const part_reader *reader, uint64_t step, tq_err *err)
{
    osm_part *part = reader->part;
    osm_file *file = &reader->import->file[part->file];
    uint64_t bytes = bytes_of_part(part), more = bytes - part->counted;
    if (more < step) return TQ_OK;
    part->counted = bytes;
    uint64_t all = atomic_fetch_add(&file->kept_bytes, more) + more;
    if (all <= TQ_OSM_KEPT_FREE + file->map.len * TQ_OSM_KEPT_RATIO) return TQ_OK;
    tq_status status = tq_fail(err, TQ_LIMIT, 0,
                               "its streets and names need over %u MiB + %u times the file's size "
                               "of memory; no extract of a city does, fetch it again",
                               (unsigned)(TQ_OSM_KEPT_FREE >> 20), TQ_OSM_KEPT_RATIO);
    if (err != NULL) err->offset = part->blob.offset;
    return status;
}

/* ---- first pass ----------------------------------------------------------------------------- */

static bool keep_refs(osm_part *part, const tq_osm_element *way)
{
    if (!tq_vec_room(&part->refs, way->ref_count)) return false;
    if (way->ref_count > 0)
        memcpy(part->refs.at + part->refs.count, way->ref, way->ref_count * sizeof *way->ref);
    part->refs.count += way->ref_count;
    return true;
}

static bool keep_rules(part_reader *reader, osm_street *street, raw_way *way)
{
    osm_part *part = reader->part;
    osm_rules *rules = &reader->rules;
    osm_rules_of(reader->values, reader->import->china, street, rules);
    way->first_rule = (uint32_t)part->rules.count;
    way->rule_count = rules->count;
    part->rules_left_out += rules->left_out;
    for (uint32_t k = 0; k < rules->count; k++) {
        const osm_rule *rule = &rules->rule[k];
        raw_rule raw = {.rule = {.effect = rule->effect,
                                 .access = rule->access,
                                 .directions = rule->directions,
                                 .kmh = rule->kmh},
                        .key = keep_text(part, rule->key)};
        raw.value = keep_text(part, rule->value);
        if (rule->condition_len > 0)
            raw.rule.condition =
                keep_text(part, (tq_str){rules->text.at + rule->condition, rule->condition_len});
        if (!tq_vec_push(&part->rules, raw)) return false;
    }
    return !rules->text.failed;
}

static bool take_street(part_reader *reader, const tq_osm_element *way, osm_street *street)
{
    osm_part *part = reader->part;
    const osm_values *values = reader->values;
    raw_way raw = {.id = way->id,
                   .first_ref = (uint32_t)part->refs.count,
                   .ref_count = way->ref_count,
                   .life = (uint8_t)street->life};
    raw.name = keep_value(part, values, OSM_NAME);
    raw.name_en = keep_value(part, values, OSM_NAME_EN);
    raw.ref = keep_value(part, values, OSM_REF);
    raw.alt = keep_value(part, values, OSM_ALT_NAME);
    raw.old = keep_value(part, values, OSM_OLD_NAME);
    raw.official = keep_value(part, values, OSM_OFFICIAL_NAME);
    raw.opening_date = street->opening_date.at != NULL ? keep_text(part, street->opening_date) : 0;
    if (!keep_rules(reader, street, &raw)) return false;
    raw.attr = street->attr;
    raw.attr.conditions = keep_conditions(reader);
    for (unsigned d = 0; d < 2; d++)
        raw.attr.turn_lanes[d] =
            street->turn_lanes[d].at != NULL ? keep_text(part, street->turn_lanes[d]) : 0;
    if (!keep_refs(part, way) || !tq_vec_push(&part->ways, raw)) return false;
    int64_t *ref = part->refs.at + raw.first_ref;
    for (uint32_t k = 0; street->reversed && k < raw.ref_count / 2; k++) {
        int64_t swap = ref[k];
        ref[k] = ref[raw.ref_count - 1 - k];
        ref[raw.ref_count - 1 - k] = swap;
    }
    return true;
}

/* A named thing, an address, or both: one or two places. */
static bool take_places(part_reader *reader, const tq_osm_element *element)
{
    osm_part *part = reader->part;
    const osm_values *values = reader->values;
    osm_named named = {0};
    reader->scratch.len = 0;
    bool is_named = osm_named_of(values, &named),
         has_address = osm_address_of(values, &reader->scratch);
    if (!is_named && !has_address) return true;
    raw_place raw = {.at = {element->lat_e7, element->lon_e7},
                     .first_ref = (uint32_t)part->place_refs.count,
                     .ref_count = element->ref_count};
    if (element->kind == TQ_OSM_WAY) {
        if (element->ref_count == 0) return true;
        if (!tq_vec_room(&part->place_refs, element->ref_count)) return false;
        memcpy(part->place_refs.at + part->place_refs.count, element->ref,
               element->ref_count * sizeof *element->ref);
        part->place_refs.count += element->ref_count;
    }
    raw.city = keep_value(part, values, OSM_ADDR_CITY);
    raw.area = keep_value(part, values, OSM_ADDR_DISTRICT);
    if (raw.area == 0) raw.area = keep_value(part, values, OSM_ADDR_SUBURB);
    if (has_address) {
        raw_place address = raw;
        address.name = keep_text(part, (tq_str){reader->scratch.at, reader->scratch.len});
        address.category = keep_text(part, TQ_STR("address"));
        address.kind = TQ_PLACE_ADDRESS;
        address.weight = 10;
        if (!tq_vec_push(&part->places, address)) return false;
    }
    if (!is_named) return true;
    raw.kind = (uint8_t)named.kind;
    raw.weight = named.weight;
    raw.category = keep_text(part, named.category);
    raw.name = keep_value(part, values, OSM_NAME);
    raw.name_en = keep_value(part, values, OSM_NAME_EN);
    raw.alt = keep_value(part, values, OSM_ALT_NAME);
    raw.old = keep_value(part, values, OSM_OLD_NAME);
    raw.official = keep_value(part, values, OSM_OFFICIAL_NAME);
    raw.short_name = keep_value(part, values, OSM_SHORT_NAME);
    raw.zh = keep_value(part, values, OSM_NAME_ZH);
    return raw.name == 0 || tq_vec_push(&part->places, raw);
}

/* Member ids by role into the part; false when the relation is not one from, one via (or via ways),
 * one to. */
static bool turn_members(osm_part *part, const tq_osm_element *relation, osm_turn *turn,
                         bool *no_memory)
{
    static const char *const roles[] = {"from", "via", "to"};
    uint32_t *const counts[] = {&turn->from_count, &turn->via_count, &turn->to_count};
    bool has_node = false;
    turn->first_member = (uint32_t)part->members.count;
    for (size_t role = 0; role < TQ_COUNT(roles); role++) {
        for (uint32_t k = 0; k < relation->member_count; k++) {
            const tq_osm_member *member = &relation->member[k];
            if (!tq_str_is(member->role, roles[role])) continue;
            if (role == 1 && member->kind == TQ_OSM_NODE) {
                if (has_node) return false;
                turn->via_node = member->id;
                has_node = true;
            } else if (member->kind == TQ_OSM_WAY && *counts[role] < TQ_TURN_MEMBERS_MAX) {
                if (!tq_vec_push(&part->members, member->id)) return *no_memory = true, false;
                ++*counts[role];
            } else {
                return false;
            }
        }
    }
    return turn->from_count > 0 && turn->to_count > 0 && has_node == (turn->via_count == 0);
}

/* A relation whose restrictions are being taken. */
typedef struct turn_taker {
    part_reader *reader;
    const tq_osm_element *relation;
} turn_taker;

static bool take_turn(void *user, const osm_turn *turn, tq_str condition)
{
    const turn_taker *taker = user;
    osm_part *part = taker->reader->part;
    raw_turn raw = {.id = taker->relation->id, .turn = *turn};
    size_t members = part->members.count;
    bool no_memory = false;
    if (!turn_members(part, taker->relation, &raw.turn, &no_memory)) {
        part->members.count = members;
        part->turns_left_out++;
        return !no_memory;
    }
    raw.turn.condition = keep_text(part, condition);
    return tq_vec_push(&part->turns, raw);
}

static bool take_restriction(part_reader *reader, const tq_osm_element *relation)
{
    turn_taker taker = {reader, relation};
    return osm_turns_of(reader->values, &reader->scratch, take_turn, &taker);
}

static tq_status first_pass(void *user, const tq_osm_element *element, tq_err *err)
{
    part_reader *reader = user;
    osm_part *part = reader->part;
    bool done = true;
    if (element->kind == TQ_OSM_WAY) {
        part->way_count++;
        osm_values_take(reader->values, element->tag, element->tag_count);
        if (reader->values->set_count == 0) return TQ_OK;
        osm_street street;
        if (element->ref_count >= 2 &&
            osm_street_of(reader->values, reader->import->china, &street))
            done = take_street(reader, element, &street);
        done = done && take_places(reader, element);
    } else {
        part->relation_count++;
        osm_values_take(reader->values, element->tag, element->tag_count);
        done = take_restriction(reader, element);
    }
    return done && !part->texts.failed && !reader->scratch.failed
               ? count_kept(reader, KEPT_STEP, err)
               : import_no_memory(err);
}

/* ---- second pass ---------------------------------------------------------------------------- */

/* First place in ids[from, to) that is not below `id`. */
static uint32_t first_not_below(const int64_t *ids, uint32_t from, uint32_t to, int64_t id)
{
    while (from < to) {
        uint32_t middle = from + (to - from) / 2;
        if (ids[middle] < id)
            from = middle + 1;
        else
            to = middle;
    }
    return from;
}

uint32_t osm_node_of(const osm_data *data, int64_t id)
{
    uint32_t found = first_not_below(data->node_id, 0, data->node_count, id);
    return found < data->node_count && data->node_id[found] == id ? found : TQ_NONE;
}

/* The same, for ids that mostly ascend: gallop from the last one found. */
static uint32_t next_node_of(part_reader *reader, int64_t id)
{
    const osm_data *data = &reader->import->data;
    const int64_t *ids = data->node_id;
    uint32_t low = reader->cursor, count = data->node_count, step = 1;
    if (low < count && ids[low] == id) return low;
    if (low >= count || ids[low] > id) {
        if (low > 0 && ids[low - 1] < id) return TQ_NONE;
        low = 0;
    }
    uint32_t high = low;
    while (high < count && ids[high] < id) {
        low = high;
        high = count - high > step ? high + step : count;
        step *= 2;
    }
    reader->cursor = first_not_below(ids, low, high, id);
    return reader->cursor < count && ids[reader->cursor] == id ? reader->cursor : TQ_NONE;
}

static tq_status second_pass(void *user, const tq_osm_element *element, tq_err *err)
{
    part_reader *reader = user;
    osm_part *part = reader->part;
    part->node_count++;
    uint32_t node = next_node_of(reader, element->id);
    raw_node raw = {node, {element->lat_e7, element->lon_e7}};
    if (node != TQ_NONE && !tq_vec_push(&part->nodes, raw)) return import_no_memory(err);
    if (element->tag_count == 0) return count_kept(reader, KEPT_STEP, err);
    osm_values_take(reader->values, element->tag, element->tag_count);
    if (reader->values->set_count == 0) return TQ_OK;
    osm_marked marked = {.node = node};
    if (node != TQ_NONE && osm_mark_of(reader->values, &marked.mark)) {
        raw_way barrier = {.id = element->id};
        osm_street street = {0};
        if (marked.mark.gate && !keep_rules(reader, &street, &barrier))
            return import_no_memory(err);
        marked.first_rule = barrier.first_rule;
        marked.rule_count = barrier.rule_count;
        if (!tq_vec_push(&part->marks, marked)) return import_no_memory(err);
    }
    return take_places(reader, element) && !part->texts.failed && !reader->scratch.failed
               ? count_kept(reader, KEPT_STEP, err)
               : import_no_memory(err);
}

/* ---- running a pass ------------------------------------------------------------------------- */

static tq_status read_part(tq_pbf_reader *pbf, part_reader *reader)
{
    osm_part *part = reader->part;
    const osm_import *import = reader->import;
    tq_str bytes = import->file[part->file].bytes;
    tq_osm_handler handler = import->want == TQ_OSM_WANT_NODES ? second_pass : first_pass;
    if (import->want == TQ_OSM_WANT_NODES) part->counted = bytes_of_part(part);
    tq_status status =
        part->is_xml
            ? tq_osm_xml_read(bytes, import->want, handler, reader, &part->err)
            : tq_pbf_read_blob(pbf, bytes, &part->blob, import->want, handler, reader, &part->err);
    return status == TQ_OK ? count_kept(reader, 0, &part->err) : status;
}

/* A chunk takes every chunk_count-th part, so that all have their share of nodes and ways. */
static void read_chunk(void *user, uint32_t chunk)
{
    osm_import *import = user;
    tq_pbf_reader *pbf = tq_pbf_reader_new();
    osm_values *values = TQ_ALLOC(osm_values, 1);
    part_reader reader = {.import = import, .values = values};
    for (size_t k = chunk; k < import->parts.count; k += import->chunk_count) {
        reader.part = &import->parts.at[k];
        reader.part->status = pbf != NULL && values != NULL ? read_part(pbf, &reader)
                                                            : import_no_memory(&reader.part->err);
        if (reader.part->status != TQ_OK) break;
    }
    tq_buf_free(&reader.scratch);
    tq_buf_free(&reader.rules.text);
    tq_free(values);
    tq_pbf_reader_free(pbf);
}

static tq_status run_pass(osm_import *import, unsigned want, tq_err *err)
{
    import->want = want;
    unsigned threads = TQ_MAX(import->build->threads, 1u);
    import->chunk_count = (uint32_t)TQ_MAX(TQ_MIN(import->parts.count, threads), 1);
    tq_parallel(threads, import->chunk_count, read_chunk, import);
    for (size_t k = 0; k < import->parts.count; k++) {
        const osm_part *part = &import->parts.at[k];
        if (part->status == TQ_OK) continue;
        tq_status status = tq_fail(err, part->status, part->err.line, "%s: %.300s",
                                   import->file[part->file].name, part->err.text);
        if (err != NULL) err->offset = part->err.offset;
        return status;
    }
    return TQ_OK;
}

/* ---- the stage ------------------------------------------------------------------------------ */

static void free_import(osm_import *import)
{
    for (size_t k = 0; k < import->parts.count; k++) {
        osm_part *part = &import->parts.at[k];
        tq_vec_free(&part->ways);
        tq_vec_free(&part->refs);
        tq_vec_free(&part->place_refs);
        tq_vec_free(&part->rules);
        tq_vec_free(&part->turns);
        tq_vec_free(&part->members);
        tq_vec_free(&part->places);
        tq_vec_free(&part->nodes);
        tq_vec_free(&part->marks);
        tq_buf_free(&part->texts);
    }
    tq_vec_free(&import->parts);
    for (uint32_t k = 0; import->file != NULL && k < import->file_count; k++) {
        tq_map_close(&import->file[k].map);
        tq_free(import->file[k].inflated);
    }
    tq_free(import->file);
    osm_data *data = &import->data;
    tq_vec_free(&data->ways);
    tq_vec_free(&data->refs);
    tq_vec_free(&data->turns);
    tq_vec_free(&data->members);
    tq_vec_free(&data->marks);
    tq_free(data->node_id);
    tq_free(data->ref_node);
    tq_free(data->node_at);
    tq_free(data->node_known);
}

static tq_status read_all(osm_import *import, tq_err *err)
{
    tq_build *build = import->build;
    import_network *network = import_network_of(build);
    if (network == NULL || import->file == NULL) return import_no_memory(err);
    for (uint32_t k = 0; k < import->file_count; k++)
        TQ_TRY(osm_open_file(import, k, err));
    TQ_TRY(run_pass(import, TQ_OSM_WANT_WAYS | TQ_OSM_WANT_RELATIONS, err));
    TQ_TRY(osm_join_ways(import, network, err));
    TQ_TRY(run_pass(import, TQ_OSM_WANT_NODES, err));
    TQ_TRY(osm_join_nodes(import, err));
    TQ_TRY(osm_join_places(import, err));
    uint64_t kept_bytes = 0;
    for (uint32_t k = 0; k < import->file_count; k++)
        kept_bytes += atomic_load(&import->file[k].kept_bytes);
    tq_report_count(build->report, "osm.kept_bytes", kept_bytes);
    return osm_build_network(build, &import->data, err);
}

tq_status import_osm(tq_build *build, tq_err *err)
{
    if (build->settings->osm_count == 0) return TQ_OK;
    osm_import import = {.build = build,
                         .china = import_in_chinese_zone(build),
                         .file_count = build->settings->osm_count};
    import.file = TQ_ALLOC(osm_file, import.file_count);
    tq_status status = read_all(&import, err);
    free_import(&import);
    return status;
}
