/*
 * Parts that threads have read -> one set of ways, nodes, turns and places, in the order of files.
 *
 * Node ids are compacted by sorting all references: equal ids come together and take the next
 * number. Ways that come twice (extracts that overlap) count once, and so do nodes; the first wins.
 */
#include "import/osm_in.h"

static uint32_t text_of(tq_build *build, const osm_part *part, uint32_t offset)
{
    return offset == 0 ? 0 : tq_texts_add(build->texts, tq_str_of(part->texts.at + offset));
}

/* Day that an opening_date means («2026», «2026-10», «2026-10-01»), as an instant; INT64_MAX = not
 * understood. */
static int64_t opening_ms(const tq_build *build, const char *text)
{
    uint32_t part[3] = {0, 1, 1};
    tq_str rest = tq_str_of(text);
    for (unsigned k = 0; k < 3 && rest.len > 0; k++) {
        size_t len = 0;
        while (len < rest.len && rest.at[len] != '-')
            len++;
        if (!tq_parse_u32((tq_str){rest.at, len}, &part[k])) return INT64_MAX;
        len += len < rest.len;
        rest = (tq_str){rest.at + len, rest.len - len};
    }
    if (part[0] < 1900 || part[0] > 2200 || part[1] < 1 || part[1] > 12 || part[2] < 1 ||
        part[2] > 31)
        return INT64_MAX;
    tq_zone_table zone = {build->zone.count, build->zone.from_s, build->zone.offset_s};
    return tq_local_to_ms(&zone, tq_day_of((int32_t)part[0], part[1], part[2]), 0);
}

/* Rules of a way -> a row of rule sets. Values that are not understood are reported. */
static tq_status join_rules(osm_import *import, const osm_part *part, const raw_way *raw,
                            uint32_t *row, tq_err *err)
{
    tq_rule rule[OSM_RULES_MAX];
    uint32_t count = 0;
    for (uint32_t k = 0; k < raw->rule_count; k++) {
        const raw_rule *read = &part->rules.at[raw->first_rule + k];
        import_source source = {import->file[part->file].name, "way", raw->id,
                                tq_str_of(part->texts.at + read->key)};
        tq_rule made = read->rule;
        if (made.effect == OSM_EFFECT_UNKNOWN) {
            tq_report_add(import->build->report, TQ_WARNING, "rule_not_understood", source.file, 0,
                          "way %lld: %s=\"%.120s\" has no value that is understood here and no "
                          "effect",
                          (long long)raw->id, part->texts.at + read->key,
                          part->texts.at + read->value);
            continue;
        }
        tq_str text = tq_str_of(part->texts.at + read->rule.condition);
        if (read->rule.condition == 0) text.len = 0;
        TQ_TRY(import_condition(import->build, &source, text, &made.condition, err));
        if (made.condition != TQ_NONE) rule[count++] = made;
    }
    return count > 0 ? import_rule_set(import->build, 0, rule, count, row, err) : TQ_OK;
}

static tq_status join_way(osm_import *import, import_network *network, const osm_part *part,
                          const raw_way *raw, uint32_t first_ref, tq_err *err)
{
    tq_build *build = import->build;
    import_name name = {text_of(build, part, raw->name), text_of(build, part, raw->name_en),
                        text_of(build, part, raw->ref),  text_of(build, part, raw->alt),
                        text_of(build, part, raw->old),  text_of(build, part, raw->official)};
    tq_street_attr attr = raw->attr;
    attr.conditions = text_of(build, part, raw->attr.conditions);
    for (unsigned d = 0; d < 2; d++)
        attr.turn_lanes[d] = text_of(build, part, raw->attr.turn_lanes[d]);
    TQ_TRY(join_rules(import, part, raw, &attr.rules, err));
    osm_way way = {
        .id = raw->id, .first_ref = first_ref + raw->first_ref, .ref_count = raw->ref_count};
    way.attr = import_attr_row(network, &attr);
    way.name = import_name_row(network, &name);
    if (raw->life != TQ_OPEN) {
        int64_t until = raw->opening_date != 0
                            ? opening_ms(build, part->texts.at + raw->opening_date)
                            : INT64_MAX;
        bool opens = raw->life == TQ_BUILDING && until != INT64_MAX;
        way.date = opens ? tq_build_date(build, TQ_OPEN, until, INT64_MAX, 0)
                         : tq_build_date(build, (tq_life)raw->life, INT64_MIN, until, 0);
    }
    bool done = way.attr != TQ_NONE && way.name != TQ_NONE && way.date != TQ_NONE &&
                tq_vec_push(&import->data.ways, way);
    return done ? TQ_OK : import_no_memory(err);
}

static tq_status append_ids(osm_data *data, const int64_t *id, size_t count, tq_err *err)
{
    if (data->refs.count + count > TQ_OSM_NODE_REFS_MAX)
        return tq_fail(err, TQ_LIMIT, 0,
                       "the streets of all OpenStreetMap files have over %u nodes; import fewer",
                       TQ_OSM_NODE_REFS_MAX);
    if (!tq_vec_room(&data->refs, count)) return import_no_memory(err);
    if (count > 0) memcpy(data->refs.at + data->refs.count, id, count * sizeof *id);
    data->refs.count += count;
    return TQ_OK;
}

static tq_status join_turns(osm_import *import, const osm_part *part, tq_err *err)
{
    osm_data *data = &import->data;
    uint32_t first = (uint32_t)data->members.count;
    if (!tq_vec_room(&data->members, part->members.count)) return import_no_memory(err);
    if (part->members.count > 0)
        memcpy(data->members.at + first, part->members.at,
               part->members.count * sizeof *part->members.at);
    data->members.count += part->members.count;
    for (size_t k = 0; k < part->turns.count; k++) {
        osm_turn turn = part->turns.at[k].turn;
        turn.first_member += first;
        tq_str text = {0};
        if (turn.condition != 0) text = tq_str_of(part->texts.at + turn.condition);
        import_source source = {import->file[part->file].name, "relation", part->turns.at[k].id,
                                TQ_STR("restriction")};
        TQ_TRY(import_condition(import->build, &source, text, &turn.condition, err));
        if (turn.condition == TQ_NONE) continue;
        if (!tq_vec_push(&data->turns, turn)) return import_no_memory(err);
    }
    return TQ_OK;
}

/* Ways ascending by id, each once. */
static tq_status order_ways(osm_data *data, tq_err *err)
{
    size_t count = data->ways.count, kept = 0;
    uint32_t *order = TQ_ALLOC(uint32_t, count);
    uint64_t *key = TQ_ALLOC(uint64_t, count);
    osm_way *sorted = TQ_ALLOC(osm_way, count);
    bool done = order != NULL && key != NULL && sorted != NULL;
    for (size_t k = 0; done && k < count; k++) {
        order[k] = (uint32_t)k;
        key[k] = (uint64_t)data->ways.at[k].id ^ UINT64_C(1) << 63;
    }
    done = done && tq_sort_by_u64(order, count, key);
    for (size_t k = 0; done && k < count; k++)
        if (kept == 0 || sorted[kept - 1].id != data->ways.at[order[k]].id)
            sorted[kept++] = data->ways.at[order[k]];
    if (done && count > 0) memcpy(data->ways.at, sorted, kept * sizeof *sorted);
    data->ways.count = done ? kept : count;
    tq_free(order);
    tq_free(key);
    tq_free(sorted);
    return done ? TQ_OK : import_no_memory(err);
}

/* Sort all node ids: node_id ascending and unique, ref_node for every reference. */
static tq_status number_nodes(osm_data *data, tq_err *err)
{
    size_t count = data->refs.count;
    uint32_t *order = TQ_ALLOC(uint32_t, count), nodes = 0;
    data->ref_node = TQ_ALLOC(uint32_t, count);
    bool done = order != NULL && data->ref_node != NULL;
    uint64_t *key =
        (uint64_t *)data->refs.at; /* ids with the sign turned sort as numbers without sign */
    for (size_t k = 0; done && k < count; k++) {
        order[k] = (uint32_t)k;
        key[k] ^= UINT64_C(1) << 63;
    }
    done = done && tq_sort_by_u64(order, count, key);
    for (size_t k = 0; done && k < count; k++) {
        nodes += k == 0 || key[order[k]] != key[order[k - 1]];
        data->ref_node[order[k]] = nodes - 1;
    }
    data->node_id = TQ_ALLOC(int64_t, nodes);
    data->node_at = TQ_ALLOC(tq_point, nodes);
    data->node_known = TQ_ALLOC(uint8_t, nodes);
    done = done && data->node_id != NULL && data->node_at != NULL && data->node_known != NULL;
    for (size_t k = 0; done && k < count; k++)
        data->node_id[data->ref_node[k]] = (int64_t)(key[k] ^ UINT64_C(1) << 63);
    data->node_count = done ? nodes : 0;
    tq_free(order);
    return done ? TQ_OK : import_no_memory(err);
}

tq_status osm_join_ways(osm_import *import, import_network *network, tq_err *err)
{
    osm_data *data = &import->data;
    uint64_t relations = 0, all_ways = 0, malformed = 0, rules_left_out = 0, turns = 0;
    for (size_t k = 0; k < import->parts.count; k++) {
        osm_part *part = &import->parts.at[k];
        uint32_t first_ref = (uint32_t)data->refs.count;
        TQ_TRY(append_ids(data, part->refs.at, part->refs.count, err));
        for (size_t way = 0; way < part->ways.count; way++)
            TQ_TRY(join_way(import, network, part, &part->ways.at[way], first_ref, err));
        TQ_TRY(join_turns(import, part, err));
        all_ways += part->way_count;
        relations += part->relation_count;
        malformed += part->turns_left_out;
        rules_left_out += part->rules_left_out;
        turns += part->turns.count;
        tq_vec_free(&part->refs);
        tq_vec_free(&part->ways);
        tq_vec_free(&part->rules);
    }
    for (size_t k = 0; k < import->parts.count; k++) {
        osm_part *part = &import->parts.at[k];
        uint32_t first_ref = (uint32_t)data->refs.count;
        TQ_TRY(append_ids(data, part->place_refs.at, part->place_refs.count, err));
        for (size_t place = 0; place < part->places.count; place++)
            part->places.at[place].first_ref += first_ref;
        tq_vec_free(&part->place_refs);
    }
    TQ_TRY(order_ways(data, err));
    TQ_TRY(number_nodes(data, err));
    tq_report_count(import->build->report, "osm.ways", all_ways);
    tq_report_count(import->build->report, "osm.relations", relations);
    tq_report_count(import->build->report, "osm.street_ways", data->ways.count);
    tq_report *report = import->build->report;
    tq_report_count(report, "osm.restrictions", turns);
    tq_report_count(report, "osm.restrictions_malformed", malformed);
    if (malformed > 0)
        tq_report_add(report, TQ_DROPPED, "turn_malformed", "", 0,
                      "%llu turn restrictions have not one from, one via (or via ways) and one to",
                      (unsigned long long)malformed);
    if (rules_left_out > 0)
        tq_report_add(report, TQ_DROPPED, "too_many_rules", "", 0,
                      "%llu rules of ways with over %u of them are left out",
                      (unsigned long long)rules_left_out, OSM_RULES_MAX);
    return TQ_OK;
}

tq_status osm_join_nodes(osm_import *import, tq_err *err)
{
    osm_data *data = &import->data;
    uint64_t nodes = 0;
    TQ_VEC(osm_marked) marks = {0};
    for (size_t k = 0; k < import->parts.count; k++) {
        osm_part *part = &import->parts.at[k];
        nodes += part->node_count;
        for (size_t node = 0; node < part->nodes.count; node++) {
            const raw_node *raw = &part->nodes.at[node];
            if (data->node_known[raw->node]) continue;
            data->node_known[raw->node] = 1;
            data->node_at[raw->node] = raw->at;
        }
        for (size_t mark = 0; mark < part->marks.count; mark++) {
            osm_marked marked = part->marks.at[mark];
            raw_way barrier = {.first_rule = marked.first_rule, .rule_count = marked.rule_count};
            tq_status status = join_rules(import, part, &barrier, &marked.mark.rules, err);
            if (status == TQ_OK && !tq_vec_push(&marks, marked)) status = import_no_memory(err);
            if (status != TQ_OK) return tq_vec_free(&marks), status;
        }
        tq_vec_free(&part->nodes);
        tq_vec_free(&part->marks);
    }
    size_t count = marks.count;
    uint32_t *order = TQ_ALLOC(uint32_t, count);
    uint64_t *key = TQ_ALLOC(uint64_t, count);
    bool done = order != NULL && key != NULL;
    for (size_t k = 0; done && k < count; k++) {
        order[k] = (uint32_t)k;
        key[k] = marks.at[k].node;
    }
    done = done && tq_sort_by_u64(order, count, key);
    for (size_t k = 0; done && k < count; k++)
        if (k == 0 || key[order[k]] != key[order[k - 1]])
            done = tq_vec_push(&data->marks, marks.at[order[k]]);
    tq_free(order);
    tq_free(key);
    tq_vec_free(&marks);
    tq_report_count(import->build->report, "osm.nodes", nodes);
    return done ? TQ_OK : import_no_memory(err);
}

/* ---- places --------------------------------------------------------------------------------- */

/* Middle of the box of a way's known nodes; false when none is known. */
static bool way_middle(const osm_data *data, const raw_place *raw, tq_point *at)
{
    tq_box box = TQ_BOX_EMPTY;
    for (uint32_t k = 0; k < raw->ref_count; k++) {
        uint32_t node = data->ref_node[raw->first_ref + k];
        if (data->node_known[node]) tq_box_add(&box, data->node_at[node]);
    }
    if (box.south_e7 > box.north_e7) return false;
    *at = (tq_point){(int32_t)(((int64_t)box.south_e7 + box.north_e7) / 2),
                     (int32_t)(((int64_t)box.west_e7 + box.east_e7) / 2)};
    return true;
}

static bool add_place(osm_import *import, const osm_part *part, const raw_place *raw)
{
    tq_build *build = import->build;
    tq_point at = raw->at;
    if (raw->ref_count > 0 && !way_middle(&import->data, raw, &at)) return true;
    tq_place_row place = {.at = at,
                          .name = text_of(build, part, raw->name),
                          .name_en = text_of(build, part, raw->name_en),
                          .area = text_of(build, part, raw->area),
                          .city = text_of(build, part, raw->city),
                          .category = text_of(build, part, raw->category),
                          .source = tq_texts_add(build->texts, TQ_STR("OpenStreetMap")),
                          .parent = TQ_NONE,
                          .link = TQ_NONE,
                          .first_alias = (uint32_t)build->aliases.count,
                          .kind = raw->kind,
                          .weight = raw->weight};
    const struct {
        uint32_t values;
        tq_alias_kind kind;
    } aliases[] = {{raw->alt, TQ_ALIAS_OTHER},        {raw->zh, TQ_ALIAS_OTHER},
                   {raw->old, TQ_ALIAS_FORMER},       {raw->official, TQ_ALIAS_OFFICIAL},
                   {raw->short_name, TQ_ALIAS_SHORT}, {raw->name_en, TQ_ALIAS_ENGLISH}};
    for (size_t k = 0; k < TQ_COUNT(aliases); k++)
        if (aliases[k].values != 0 &&
            !import_add_aliases(build, &place, part->texts.at + aliases[k].values, aliases[k].kind))
            return false;
    return tq_vec_push(&build->places, place);
}

tq_status osm_join_places(osm_import *import, tq_err *err)
{
    size_t before = import->build->places.count;
    for (size_t k = 0; k < import->parts.count; k++) {
        const osm_part *part = &import->parts.at[k];
        for (size_t place = 0; place < part->places.count; place++)
            if (!add_place(import, part, &part->places.at[place])) return import_no_memory(err);
    }
    tq_report_count(import->build->report, "osm.places", import->build->places.count - before);
    return TQ_OK;
}
