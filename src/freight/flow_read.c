/*
 * A question about flows from JSON, strictly: an unknown member, a wrong kind of value, a value out
 * of range is refused with its place («lots[2].mt_y»), what was wrong and what to do.
 *
 * {"name":TEXT,"note":TEXT,"day":"YYYY-MM-DD","seconds":N,"penalty_cny":N,"train_t":N,"truck_t":N,
 *  "weeks":N,"storage_cny":N,"whole_trains":true,"train_cny_km":N,
 *  "lots":[{"id":TEXT,"commodity":CODE,"from":PLACE,"to":PLACE,TONNES,"note":TEXT}],
 *  "changes":[{"link":ID,"capacity_mt_y":N|"add_mt_y":N|"closed":true} |
 *    {"place":PLACE,"from":MODE,"to":MODE,"rate_t_h":N} (from alone: unloading, to alone:
 * loading)], "hubs":[{"kind":TEXT,"id":TEXT,"name_zh","name_en","places":[PLACE],"links":[ID]}],
 *  "against":{members of a question}}
 * or, without the city's network and for one commodity, in place of lots and weeks:
 *  {"corridors":[{"id":TEXT,"from":TEXT,"to":TEXT,"km":N,"cny_t":N|"cny_tkm":N,"capacity_mt_y":N,
 *     "vehicle_t":N,"g_co2_vehicle_km":N}],
 *   "supply":[{"place":TEXT,TONNES}],"demand":[{"place":TEXT,TONNES}],
 *   "changes":[{"corridor":ID,"capacity_mt_y":N|"add_mt_y":N|"closed":true}]}
 * TONNES is one of "mt_y":N (million tonnes a year), "t_y":N, "t_week":N. PLACE is an id or a whole
 * name of nodes.csv.
 *
 * «against» that has lots or corridors stands alone; else what it leaves out is as in the question,
 * so that {"changes":[]} is the same without its changes. hubs of the question replace hubs.csv.
 */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>

#include "city/city.h"

#include "freight/flow_in.h"
#include "freight/load_in.h"

#define WHERE_MAX       64
#define NOTE_MAX        600u
#define GROUP_WEEKS_MAX 1000u /* origins times weeks: what the linear program takes */
#define PENALTY_CNY     10000.0
#define PENALTY_MAX     1000000.0
#define STORAGE_CNY     2.0
#define TRAIN_T         5500.0
#define TRUCK_T         30.0
#define KT_MAX          1000000.0 /* capacity of a link in thousand tonnes a year */
#define RATE_MAX        100000.0  /* t an hour */
#define COST_T_MAX      100000.0  /* yuan a tonne on an own corridor */
#define KM_MAX          100000.0

typedef struct reader {
    const tq_freight *net;
    const tq_flow_ask *ask;
    flow_asked *asked;
    flow_case *out;
    const char *prefix; /* "" or "against." */
    tq_err *err;
} reader;

/* An object of the question and where it stands. */
typedef struct spot {
    const reader *read;
    const json_t *object;
    char where[WHERE_MAX]; /* "" or "lots[2]." */
} spot;

const char *flow_keep(tq_pool *pool, tq_str text)
{
    char *copy = tq_pool_push(pool, text.len + 1, 1);
    if (copy != NULL && text.len > 0) memcpy(copy, text.at, text.len);
    return copy;
}

flow_words flow_brief(tq_str text)
{
    flow_words out = {"(not UTF-8)"};
    size_t len = TQ_MIN(text.len, sizeof out.text - 1);
    if (!tq_utf8_valid(text)) return out;
    while (len < text.len && len > 0 && ((uint8_t)text.at[len] & 0xC0) == 0x80)
        len--;
    if (len > 0) memcpy(out.text, text.at, len);
    out.text[len] = '\0';
    return out;
}

uint32_t flow_place(const tq_freight *net, tq_str text)
{
    uint32_t found = tq_freight_node_find(net, text);
    if (found != TQ_NONE || text.len == 0) return found;
    for (uint32_t node = 0; node < net->node_count; node++) {
        if (!tq_str_is(text, text_at(net, net->node[node].name_zh)) &&
            !tq_str_is(text, text_at(net, net->node[node].name_en)))
            continue;
        if (found != TQ_NONE) return TQ_NONE;
        found = node;
    }
    return found;
}

/* ---- members ----------------------------------------------------------------------------------
 */

__attribute__((format(printf, 4, 5))) static tq_status
refuse(const spot *at, tq_status status, const char *member, const char *format, ...)
{
    char said[200];
    va_list args;
    va_start(args, format);
    if (vsnprintf(said, sizeof said, format, args) < 0) said[0] = '\0';
    va_end(args);
    return tq_fail(at->read->err, status, 0, "%s%s%s: %s", at->read->prefix, at->where, member,
                   said);
}

static tq_status no_memory(const reader *read)
{
    return tq_fail(read->err, TQ_NO_MEMORY, 0, "no memory for the question");
}

/* `names` divided by blanks, with one before and behind: " a b ". */
static tq_status only(const spot *at, const char *names)
{
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)at->object, key, value)
    {
        char word[44];
        int len = snprintf(word, sizeof word, " %.40s ", key);
        if (len < 0 || strlen(key) > 40 || strstr(names, word) == NULL)
            return refuse(at, TQ_BAD_INPUT, flow_brief(tq_str_of(key)).text,
                          "there is no such member; use one of%s", names);
    }
    return TQ_OK;
}

static const json_t *member(const spot *at, const char *name)
{
    const json_t *value = json_object_get(at->object, name);
    return json_is_null(value) ? NULL : value;
}

typedef enum need { MAY, MUST } need;

static tq_status number(const spot *at, const char *name, need wanted, double low, double high,
                        double *out)
{
    const json_t *value = member(at, name);
    if (value == NULL)
        return wanted == MAY ? TQ_OK
                             : refuse(at, TQ_BAD_INPUT, name,
                                      "is missing; give a number of %g to %g", low, high);
    double got = json_number_value(value);
    if (!json_is_number(value))
        return refuse(at, TQ_BAD_INPUT, name, "is no number; give one of %g to %g", low, high);
    if (!(got >= low && got <= high))
        return refuse(at, TQ_BAD_INPUT, name, "%g is not within %g to %g", got, low, high);
    *out = got;
    return TQ_OK;
}

static tq_status text(const spot *at, const char *name, need wanted, const char **out)
{
    const json_t *value = member(at, name);
    const char *got = json_string_value(value);
    if (value == NULL && wanted == MAY) return TQ_OK;
    if (got == NULL || got[0] == '\0' || json_string_length(value) > FLOW_TEXT_MAX)
        return refuse(at, TQ_BAD_INPUT, name, "give a text of 1 to %u bytes", FLOW_TEXT_MAX);
    *out = got;
    return TQ_OK;
}

/* Words for readers only. */
static tq_status note(const spot *at)
{
    const json_t *value = member(at, "note");
    if (value == NULL || (json_is_string(value) && json_string_length(value) <= NOTE_MAX))
        return TQ_OK;
    return refuse(at, TQ_BAD_INPUT, "note", "give a text of at most %u bytes", NOTE_MAX);
}

/* A list of at most `most` objects; *count 0 when it is not there. */
static tq_status list(const spot *at, const char *name, uint32_t most, const json_t **out,
                      uint32_t *count)
{
    *out = member(at, name);
    *count = 0;
    if (*out == NULL) return TQ_OK;
    if (!json_is_array(*out)) return refuse(at, TQ_BAD_INPUT, name, "give a list");
    if (json_array_size(*out) > most)
        return refuse(at, TQ_LIMIT, name, "%zu of them; at most %u are allowed",
                      json_array_size(*out), most);
    *count = (uint32_t)json_array_size(*out);
    return TQ_OK;
}

static tq_status item(const reader *read, const json_t *rows, const char *name, uint32_t row,
                      spot *out)
{
    *out = (spot){.read = read, .object = json_array_get(rows, row)};
    (void)snprintf(out->where, sizeof out->where, "%.20s[%u].", name, row);
    if (json_is_object(out->object)) return TQ_OK;
    return refuse(out, TQ_BAD_INPUT, "", "is no object");
}

/* One of mt_y, t_y, t_week, as tonnes a year. */
static tq_status tonnes(const spot *at, double least, double *year_t)
{
    static const struct {
        const char *name;
        double year;
    } units[] = {{"mt_y", 1e6}, {"t_y", 1}, {"t_week", FLOW_YEAR_DAYS / FLOW_WEEK_DAYS}};
    uint32_t given = 0;
    for (size_t k = 0; k < TQ_COUNT(units); k++) {
        double value;
        if (member(at, units[k].name) == NULL) continue;
        if (given++ > 0)
            return refuse(at, TQ_BAD_INPUT, units[k].name, "give one of mt_y, t_y, t_week only");
        TQ_TRY(number(at, units[k].name, MUST, least / units[k].year,
                      FLOW_YEAR_T_MAX / units[k].year, &value));
        *year_t = value * units[k].year;
    }
    return given == 1 ? TQ_OK
                      : refuse(at, TQ_BAD_INPUT, "mt_y",
                               "is missing; say how much by mt_y, t_y or t_week");
}

static tq_status place(const spot *at, const char *name, uint32_t *out)
{
    const char *said = NULL;
    TQ_TRY(text(at, name, MUST, &said));
    *out = flow_place(at->read->net, tq_str_of(said));
    if (*out != TQ_NONE) return TQ_OK;
    return refuse(at, TQ_NOT_FOUND, name,
                  "'%s' is no freight place; use an id or a whole name of nodes.csv",
                  flow_brief(tq_str_of(said)).text);
}

static tq_status link_of(const spot *at, const char *said, const char *name, uint32_t *out)
{
    *out = tq_freight_link_find(at->read->net, tq_str_of(said));
    if (*out != TQ_NONE) return TQ_OK;
    return refuse(at, TQ_NOT_FOUND, name, "'%s' is no link; use an id of links.csv",
                  flow_brief(tq_str_of(said)).text);
}

/* ---- lots -------------------------------------------------------------------------------------
 */

static tq_status read_lot(const spot *at, flow_case *out)
{
    const char *code = NULL, *id = "";
    tq_flow_lot lot;
    double year_t = 0;
    TQ_TRY(only(at, " id commodity from to mt_y t_y t_week note "));
    TQ_TRY(note(at));
    TQ_TRY(text(at, "id", MAY, &id));
    TQ_TRY(text(at, "commodity", MUST, &code));
    lot.commodity = tq_freight_commodity_find(at->read->net, tq_str_of(code));
    if (lot.commodity == TQ_NONE)
        return refuse(at, TQ_NOT_FOUND, "commodity",
                      "'%s' is no code of commodities.csv, such as coal_thermal",
                      flow_brief(tq_str_of(code)).text);
    TQ_TRY(place(at, "from", &lot.from));
    TQ_TRY(place(at, "to", &lot.to));
    if (lot.from == lot.to)
        return refuse(at, TQ_BAD_INPUT, "to", "is where the goods are; name another place");
    /* A year has 365 / 7 weeks; a week is whole tonnes. */
    TQ_TRY(tonnes(at, FLOW_YEAR_DAYS / FLOW_WEEK_DAYS, &year_t));
    lot.week_t = TQ_MAX(llround(year_t * FLOW_WEEK_DAYS / FLOW_YEAR_DAYS), 1);
    if (!tq_vec_push(&out->lot, lot) || !tq_vec_push(&out->lot_id, id)) return no_memory(at->read);
    return TQ_OK;
}

static tq_status read_lots(const reader *read, const spot *root)
{
    const json_t *rows;
    uint32_t count, groups = 0;
    flow_case *out = read->out;
    TQ_TRY(list(root, "lots", TQ_FLOW_LOTS_MAX, &rows, &count));
    if (count == 0)
        return refuse(root, TQ_BAD_INPUT, "lots", "name at least one, or corridors of your own");
    for (uint32_t k = 0; k < count; k++) {
        spot at;
        TQ_TRY(item(read, rows, "lots", k, &at));
        TQ_TRY(read_lot(&at, out));
        bool first = true;
        for (uint32_t other = 0; other < k; other++)
            first = first && (out->lot.at[other].commodity != out->lot.at[k].commodity ||
                              out->lot.at[other].from != out->lot.at[k].from);
        groups += first;
    }
    if (groups * out->query.weeks > GROUP_WEEKS_MAX)
        return refuse(root, TQ_LIMIT, "weeks",
                      "%u weeks of %u origins are too many; weeks times origins is at most %u",
                      out->query.weeks, groups, GROUP_WEEKS_MAX);
    return TQ_OK;
}

/* ---- corridors of the question's own -----------------------------------------------------------
 */

/* The number of a place by name, made when it is new. */
static tq_status own_place(const spot *at, const char *name, bool make, uint32_t *out)
{
    const char *said = NULL;
    flow_case *to = at->read->out;
    TQ_TRY(text(at, name, MUST, &said));
    for (*out = 0; *out < to->place.count; (*out)++)
        if (strcmp(to->place.at[*out], said) == 0) return TQ_OK;
    if (!make)
        return refuse(at, TQ_NOT_FOUND, name, "'%s' is at no end of a corridor",
                      flow_brief(tq_str_of(said)).text);
    if (to->place.count == FLOW_OWN_MAX)
        return refuse(at, TQ_LIMIT, name, "more than %u places", FLOW_OWN_MAX);
    return tq_vec_push(&to->place, said) ? TQ_OK : no_memory(at->read);
}

static tq_status read_way(const spot *at, flow_case *out)
{
    flow_way way = {.capacity_kg = TQ_FLOW_FREE};
    double cny_t = 0, cny_tkm = 0, capacity = -1;
    bool by_km = member(at, "cny_tkm") != NULL;
    TQ_TRY(only(at, " id from to km cny_t cny_tkm capacity_mt_y vehicle_t g_co2_vehicle_km "));
    TQ_TRY(text(at, "id", MUST, &way.id));
    for (size_t k = 0; k < out->way.count; k++)
        if (strcmp(out->way.at[k].id, way.id) == 0)
            return refuse(at, TQ_BAD_INPUT, "id", "'%s' is taken; give another",
                          flow_brief(tq_str_of(way.id)).text);
    TQ_TRY(own_place(at, "from", true, &way.from));
    TQ_TRY(own_place(at, "to", true, &way.to));
    if (way.from == way.to) return refuse(at, TQ_BAD_INPUT, "to", "is where it begins");
    TQ_TRY(number(at, "km", by_km ? MUST : MAY, 0, KM_MAX, &way.km));
    if (by_km == (member(at, "cny_t") != NULL))
        return refuse(at, TQ_BAD_INPUT, "cny_t", "give it or cny_tkm, one of both");
    TQ_TRY(number(at, "cny_t", MAY, 0, COST_T_MAX, &cny_t));
    TQ_TRY(number(at, "cny_tkm", MAY, 0, COST_T_MAX, &cny_tkm));
    if (by_km) cny_t = cny_tkm * way.km;
    if (cny_t > COST_T_MAX)
        return refuse(at, TQ_BAD_INPUT, "cny_tkm", "%g yuan a tonne; at most %g are allowed", cny_t,
                      COST_T_MAX);
    way.fen_t = llround(cny_t * 100);
    TQ_TRY(number(at, "capacity_mt_y", MAY, 0, FLOW_YEAR_T_MAX / 1e6, &capacity));
    if (capacity >= 0) way.capacity_kg = llround(capacity * 1e9);
    TQ_TRY(number(at, "vehicle_t", MAY, 0.001, 1e6, &way.vehicle_t));
    TQ_TRY(number(at, "g_co2_vehicle_km", MAY, 0, 1e9, &way.g_vehicle_km));
    return tq_vec_push(&out->way, way) ? TQ_OK : no_memory(at->read);
}

static tq_status read_ends(const reader *read, const spot *root, const char *name, bool supply)
{
    const json_t *rows;
    uint32_t count;
    TQ_TRY(list(root, name, FLOW_OWN_MAX, &rows, &count));
    if (count == 0)
        return refuse(root, TQ_BAD_INPUT, name, "name at least one place and its tonnes");
    for (uint32_t k = 0; k < count; k++) {
        spot at;
        flow_end end;
        double year_t = 0;
        TQ_TRY(item(read, rows, name, k, &at));
        TQ_TRY(only(&at, " place mt_y t_y t_week "));
        TQ_TRY(own_place(&at, "place", false, &end.place));
        TQ_TRY(tonnes(&at, 0.001, &year_t));
        end.kg = llround(year_t * 1000);
        bool kept =
            supply ? tq_vec_push(&read->out->supply, end) : tq_vec_push(&read->out->demand, end);
        if (!kept) return no_memory(read);
    }
    return TQ_OK;
}

static tq_status read_own(const reader *read, const spot *root)
{
    const json_t *rows;
    uint32_t count;
    if (member(root, "lots") != NULL)
        return refuse(root, TQ_BAD_INPUT, "lots", "give lots or corridors of your own, not both");
    if (read->out->query.train_t > 0)
        return refuse(root, TQ_BAD_INPUT, "whole_trains",
                      "go by the city's railways; leave it out with corridors of your own");
    if (read->out->query.weeks != 1)
        return refuse(root, TQ_BAD_INPUT, "weeks",
                      "corridors of your own are of a year; leave weeks out");
    read->out->own = true;
    TQ_TRY(list(root, "corridors", FLOW_OWN_MAX, &rows, &count));
    if (count == 0) return refuse(root, TQ_BAD_INPUT, "corridors", "name at least one");
    for (uint32_t k = 0; k < count; k++) {
        spot at;
        TQ_TRY(item(read, rows, "corridors", k, &at));
        TQ_TRY(read_way(&at, read->out));
    }
    TQ_TRY(read_ends(read, root, "supply", true));
    return read_ends(read, root, "demand", false);
}

/* ---- changes ----------------------------------------------------------------------------------
 */

/* Capacity, more of it, or closed: one of them. */
static tq_status read_room(const spot *at, flow_change *out)
{
    static const char *const names[] = {"capacity_mt_y", "add_mt_y", "closed"};
    uint32_t given = 0;
    double mt = 0;
    for (uint32_t k = 0; k < TQ_COUNT(names); k++)
        if (member(at, names[k]) != NULL) {
            given++;
            out->kind = (flow_change_kind)k;
        }
    if (given != 1)
        return refuse(at, TQ_BAD_INPUT, "capacity_mt_y", "give one of it, add_mt_y and closed");
    if (out->kind == FLOW_CLOSED) {
        if (!json_is_true(member(at, "closed")))
            return refuse(at, TQ_BAD_INPUT, "closed", "give true, or leave the change out");
        return TQ_OK;
    }
    double low = out->kind == FLOW_MORE ? -KT_MAX / 1000 : 0;
    TQ_TRY(number(at, names[out->kind], MUST, low, KT_MAX / 1000, &mt));
    out->value = llround(mt * 1000);
    if (fabs(mt * 1000 - (double)out->value) > 1e-6)
        return refuse(at, TQ_BAD_INPUT, names[out->kind], "%g has more than three decimals", mt);
    return TQ_OK;
}

static tq_status change_link(const spot *at, flow_change *out)
{
    const char *id = NULL;
    TQ_TRY(only(at, " link capacity_mt_y add_mt_y closed note "));
    TQ_TRY(note(at));
    TQ_TRY(text(at, "link", MUST, &id));
    TQ_TRY(link_of(at, id, "link", &out->row));
    const link_row *link = &at->read->net->link[out->row];
    if (!link->on_demand)
        return refuse(at, TQ_BAD_INPUT, "link",
                      "%s is used by services only, which flows leave out",
                      flow_brief(tq_str_of(id)).text);
    TQ_TRY(read_room(at, out));
    if (out->kind == FLOW_MORE && link->capacity_kt_y < 0)
        return refuse(at, TQ_BAD_INPUT, "add_mt_y",
                      "links.csv states no capacity of %s; give capacity_mt_y",
                      flow_brief(tq_str_of(id)).text);
    return TQ_OK;
}

static tq_status change_own(const spot *at, flow_change *out)
{
    const char *id = NULL;
    const flow_case *one = at->read->out;
    TQ_TRY(only(at, " corridor capacity_mt_y add_mt_y closed "));
    TQ_TRY(text(at, "corridor", MUST, &id));
    for (out->row = 0; out->row < one->way.count; out->row++)
        if (strcmp(one->way.at[out->row].id, id) == 0) break;
    if (out->row == one->way.count)
        return refuse(at, TQ_NOT_FOUND, "corridor", "'%s' is no id of a corridor",
                      flow_brief(tq_str_of(id)).text);
    TQ_TRY(read_room(at, out));
    if (out->kind == FLOW_MORE && one->way.at[out->row].capacity_kg == TQ_FLOW_FREE)
        return refuse(at, TQ_BAD_INPUT, "add_mt_y", "%s has no limit; give capacity_mt_y",
                      flow_brief(tq_str_of(id)).text);
    out->value *= 1000000; /* kt to kg */
    return TQ_OK;
}

static tq_status mode_of(const spot *at, const char *name, uint32_t *out)
{
    const char *said = NULL;
    TQ_TRY(text(at, name, MAY, &said));
    *out = TQ_FREIGHT_MODES;
    if (said == NULL) return TQ_OK;
    for (*out = 0; *out < TQ_FREIGHT_MODES; (*out)++)
        if (strcmp(said, freight_modes[*out]) == 0) return TQ_OK;
    return refuse(at, TQ_BAD_INPUT, name, "'%s' is none of road, rail, sea, river, air",
                  flow_brief(tq_str_of(said)).text);
}

static tq_status change_rate(const spot *at, flow_change *out)
{
    const tq_freight *net = at->read->net;
    uint32_t from, to;
    double rate;
    TQ_TRY(only(at, " place from to rate_t_h note "));
    TQ_TRY(note(at));
    TQ_TRY(place(at, "place", &out->row));
    TQ_TRY(mode_of(at, "from", &from));
    TQ_TRY(mode_of(at, "to", &to));
    if (from == TQ_FREIGHT_MODES && to == TQ_FREIGHT_MODES)
        return refuse(at, TQ_BAD_INPUT, "from",
                      "name the mode to load to, to unload from, or both to tranship");
    out->kind = FLOW_RATE;
    out->op = from == TQ_FREIGHT_MODES ? OP_LOAD(to)
              : to == TQ_FREIGHT_MODES ? OP_UNLOAD(from)
                                       : OP_TRANSHIP(from, to);
    uint16_t row = net->profile_op[((size_t)TQ_FREIGHT_BULK * net->profile_count +
                                    net->node[out->row].profile) *
                                       OPS +
                                   out->op];
    if (row == NO_ROW || net->op[row].unit != UNIT_T ||
        tq_freight_node_find(net, tq_str_of(text_at(net, net->op[row].place))) != out->row)
        return refuse(at, TQ_BAD_INPUT, "place",
                      "terminals.csv states no rate in t of this very place; add a row there");
    TQ_TRY(number(at, "rate_t_h", MUST, 0, RATE_MAX, &rate));
    out->value = llround(rate * 1e6);
    return TQ_OK;
}

static tq_status read_changes(const reader *read, const spot *root)
{
    const json_t *rows;
    uint32_t count;
    flow_case *out = read->out;
    TQ_TRY(list(root, "changes", TQ_FLOW_CHANGES_MAX, &rows, &count));
    for (uint32_t k = 0; k < count; k++) {
        spot at;
        flow_change change = {0};
        TQ_TRY(item(read, rows, "changes", k, &at));
        if (out->own)
            TQ_TRY(change_own(&at, &change));
        else if (member(&at, "place") != NULL)
            TQ_TRY(change_rate(&at, &change));
        else
            TQ_TRY(change_link(&at, &change));
        for (size_t other = 0; other < out->change.count; other++) {
            const flow_change *before = &out->change.at[other];
            if (before->row == change.row && before->op == change.op &&
                (before->kind == FLOW_RATE) == (change.kind == FLOW_RATE))
                return refuse(&at, TQ_BAD_INPUT, "", "the same is changed twice; keep one");
        }
        if (!tq_vec_push(&out->change, change)) return no_memory(read);
    }
    return TQ_OK;
}

/* ---- tags -------------------------------------------------------------------------------------
 */

static tq_status read_members(const spot *at, const char *name, bool links)
{
    const json_t *rows;
    uint32_t count;
    flow_case *out = at->read->out;
    TQ_TRY(list(at, name, FLOW_MEMBERS_MAX, &rows, &count));
    for (uint32_t k = 0; k < count; k++) {
        const char *said = json_string_value(json_array_get(rows, k));
        flow_member one = {.link = links};
        if (said == NULL) return refuse(at, TQ_BAD_INPUT, name, "number %u is no text", k + 1);
        if (links)
            TQ_TRY(link_of(at, said, name, &one.row));
        else if ((one.row = flow_place(at->read->net, tq_str_of(said))) == TQ_NONE)
            return refuse(at, TQ_NOT_FOUND, name, "'%s' is no freight place",
                          flow_brief(tq_str_of(said)).text);
        if (out->member.count == FLOW_MEMBERS_MAX)
            return refuse(at, TQ_LIMIT, name, "more than %u members in all", FLOW_MEMBERS_MAX);
        if (!tq_vec_push(&out->member, one)) return no_memory(at->read);
    }
    return TQ_OK;
}

static tq_status read_hubs(const reader *read, const spot *root)
{
    const json_t *rows;
    uint32_t count;
    flow_case *out = read->out;
    if (member(root, "hubs") == NULL && read->ask->hubs.len > 0 && !out->own)
        return flow_hubs_table(read->net, read->ask->hubs, &read->asked->pool, out, read->err);
    if (out->own && member(root, "hubs") != NULL)
        return refuse(root, TQ_BAD_INPUT, "hubs", "tags are of the city's network; leave them out");
    TQ_TRY(list(root, "hubs", TQ_FLOW_HUBS_MAX, &rows, &count));
    for (uint32_t k = 0; k < count; k++) {
        spot at;
        flow_hub hub = {.name_zh = "", .name_en = "", .confidence = "", .source = ""};
        TQ_TRY(item(read, rows, "hubs", k, &at));
        TQ_TRY(only(&at, " kind id name_zh name_en places links "));
        TQ_TRY(text(&at, "kind", MUST, &hub.kind));
        TQ_TRY(text(&at, "id", MUST, &hub.id));
        TQ_TRY(text(&at, "name_zh", MAY, &hub.name_zh));
        TQ_TRY(text(&at, "name_en", MAY, &hub.name_en));
        hub.first = (uint32_t)out->member.count;
        TQ_TRY(read_members(&at, "places", false));
        TQ_TRY(read_members(&at, "links", true));
        hub.count = (uint32_t)out->member.count - hub.first;
        if (hub.count == 0) return refuse(&at, TQ_BAD_INPUT, "places", "name places or links");
        if (!tq_vec_push(&out->hub, hub)) return no_memory(read);
    }
    return TQ_OK;
}

/* ---- the whole --------------------------------------------------------------------------------
 */

static void day_text(int32_t day, char out[12])
{
    int32_t year;
    unsigned month, of_month;
    tq_date_of(day, &year, &month, &of_month);
    (void)snprintf(out, 12, "%04d-%02u-%02u", (int)(year % 10000), month % 100, of_month % 100);
}

/* Whole trains, and what each costs a km beside the freight. */
static tq_status read_trains(const spot *root, flow_case *out)
{
    const json_t *whole = member(root, "whole_trains");
    double cny_km = 0;
    if (whole != NULL && !json_is_boolean(whole))
        return refuse(root, TQ_BAD_INPUT, "whole_trains", "give true or false");
    if (json_is_true(whole)) out->query.train_t = out->train_t;
    TQ_TRY(number(root, "train_cny_km", MAY, 0, PENALTY_MAX, &cny_km));
    if (cny_km > 0 && !json_is_true(whole))
        return refuse(root, TQ_BAD_INPUT, "train_cny_km", "is of whole trains; set whole_trains");
    out->query.train_fen_km = llround(cny_km * 100);
    return TQ_OK;
}

static tq_status read_case(const reader *read, const json_t *object)
{
    spot root = {.read = read, .object = object};
    flow_case *out = read->out;
    const char *day = NULL;
    double weeks = 1, storage = STORAGE_CNY, penalty = PENALTY_CNY;
    tq_flow_query_default(&out->query);
    out->name = NULL;
    out->train_t = TRAIN_T;
    out->truck_t = TRUCK_T;
    out->query.seconds = TQ_MIN(TQ_FLOW_SECONDS, read->ask->seconds_max);
    out->query.day = read->ask->today;
    if (!json_is_object(object))
        return refuse(&root, TQ_BAD_INPUT, "the question", "is no JSON object");
    TQ_TRY(only(&root, " name note day weeks lots corridors supply demand changes hubs storage_cny "
                       "penalty_cny seconds train_t truck_t whole_trains train_cny_km against "));
    TQ_TRY(text(&root, "name", MAY, &out->name));
    TQ_TRY(note(&root));
    TQ_TRY(text(&root, "day", MAY, &day));
    if (day != NULL && !parse_day(tq_str_of(day), &out->query.day))
        return refuse(&root, TQ_BAD_INPUT, "day", "'%s' is no day; write YYYY-MM-DD",
                      flow_brief(tq_str_of(day)).text);
    day_text(out->query.day, out->day_text);
    TQ_TRY(number(&root, "weeks", MAY, 1, TQ_FLOW_WEEKS_MAX, &weeks));
    if (weeks != floor(weeks)) return refuse(&root, TQ_BAD_INPUT, "weeks", "give a whole number");
    out->query.weeks = (uint32_t)weeks;
    TQ_TRY(number(&root, "storage_cny", MAY, 0, PENALTY_MAX, &storage));
    TQ_TRY(number(&root, "penalty_cny", MAY, 0.01, PENALTY_MAX, &penalty));
    out->query.storage_fen = llround(storage * 100);
    out->query.penalty_fen = llround(penalty * 100);
    TQ_TRY(number(&root, "seconds", MAY, 0.01, read->ask->seconds_max, &out->query.seconds));
    TQ_TRY(number(&root, "train_t", MAY, 1, 1e6, &out->train_t));
    TQ_TRY(number(&root, "truck_t", MAY, 0.1, 1e4, &out->truck_t));
    TQ_TRY(read_trains(&root, out));
    if (member(&root, "corridors") != NULL)
        TQ_TRY(read_own(read, &root));
    else
        TQ_TRY(read_lots(read, &root));
    TQ_TRY(read_changes(read, &root));
    return read_hubs(read, &root);
}

static tq_status load(tq_str bytes, const char *what, json_t **out, tq_err *err)
{
    json_error_t why;
    if (bytes.len > TQ_FLOW_BODY_MAX)
        return tq_fail(err, TQ_LIMIT, 0, "%s has more than %zu bytes", what, TQ_FLOW_BODY_MAX);
    *out = json_loadb(bytes.len > 0 ? bytes.at : "", bytes.len, JSON_REJECT_DUPLICATES, &why);
    if (*out != NULL) return TQ_OK;
    return tq_fail(err, TQ_BAD_INPUT, (uint32_t)TQ_MAX(why.line, 0), "%s, line %d: %s", what,
                   why.line, flow_brief(tq_str_of(why.text)).text);
}

/* The other question, filled up from the first unless it stands alone. */
static json_t *fill_up(const json_t *root, json_t *against)
{
    const char *key;
    json_t *value;
    if (json_object_get(against, "lots") != NULL || json_object_get(against, "corridors") != NULL)
        return json_incref(against);
    json_t *whole = json_copy((json_t *)(uintptr_t)root);
    if (whole == NULL) return NULL;
    (void)json_object_del(whole, "against");
    (void)json_object_del(whole, "name");
    (void)json_object_del(whole, "note");
    json_object_foreach(against, key, value)
    {
        if (json_object_set(whole, key, value) != 0) {
            json_decref(whole);
            return NULL;
        }
    }
    return whole;
}

static tq_status read_other(const tq_flow_ask *ask, flow_asked *out, tq_err *err)
{
    json_t *against = json_object_get(out->root, "against"), *read = NULL;
    if (ask->against.len > 0) {
        TQ_TRY(load(ask->against, "the other question", &read, err));
        against = read;
    }
    if (against == NULL || json_is_null(against)) {
        json_decref(read);
        return TQ_OK;
    }
    tq_status status = TQ_OK;
    if (!json_is_object(against))
        status = tq_fail(err, TQ_BAD_INPUT, 0, "against: is no object with members of a question");
    else if (json_object_get(against, "against") != NULL)
        status = tq_fail(err, TQ_BAD_INPUT, 0, "against.against: compare two questions, not three");
    else if ((out->other = fill_up(out->root, against)) == NULL)
        status = tq_fail(err, TQ_NO_MEMORY, 0, "no memory for the question");
    json_decref(read);
    TQ_TRY(status);
    reader other = {out->net, ask, out, &out->one[1], "against.", err};
    out->count = 2;
    TQ_TRY(read_case(&other, out->other));
    if (out->one[0].own != out->one[1].own)
        return tq_fail(err, TQ_BAD_INPUT, 0,
                       "against: one question is of the city's network, the other of its own");
    return TQ_OK;
}

void flow_read_free(flow_asked *asked)
{
    for (uint32_t k = 0; k < TQ_COUNT(asked->one); k++) {
        flow_case *one = &asked->one[k];
        tq_vec_free(&one->lot);
        tq_vec_free(&one->lot_id);
        tq_vec_free(&one->change);
        tq_vec_free(&one->hub);
        tq_vec_free(&one->member);
        tq_vec_free(&one->place);
        tq_vec_free(&one->way);
        tq_vec_free(&one->supply);
        tq_vec_free(&one->demand);
    }
    json_decref(asked->root);
    json_decref(asked->other);
    tq_pool_free(&asked->pool);
    *asked = (flow_asked){0};
}

tq_status flow_read(const tq_freight *net, const tq_flow_ask *ask, flow_asked *out, tq_err *err)
{
    *out = (flow_asked){.net = net, .count = 1};
    if (ask->size != sizeof *ask)
        return tq_fail(err, TQ_BAD_INPUT, 0, "the question is of another version of the library");
    tq_status status = load(ask->body, "the question", &out->root, err);
    reader first = {net, ask, out, &out->one[0], "", err};
    if (status == TQ_OK) status = read_case(&first, out->root);
    if (status == TQ_OK) status = read_other(ask, out, err);
    if (status != TQ_OK) flow_read_free(out);
    return status;
}
