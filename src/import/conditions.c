/*
 * Conditions and rule sets under construction, and their freezing into the city.
 *
 * Rows of any length are kept one behind the other in bytes; an open-addressing table finds an
 * equal one. A condition's row is its text's number and its clauses: the text is shown to people,
 * so two wordings of one condition are two rows. Texts that were asked for before are answered from
 * a table of their own, but doubts about them are reported each time.
 */
#include "import/conditions_in.h"

/* Rows of bytes; equal ones share a number. */
typedef struct byte_rows {
    TQ_VEC(uint8_t) bytes;
    TQ_VEC(size_t) end; /* of each row in bytes */
    uint32_t *slot;
    size_t slots;
} byte_rows;

typedef struct import_conditions {
    byte_rows condition;     /* uint32_t text, then clauses */
    byte_rows rule_set;      /* rules */
    byte_rows asked;         /* texts */
    TQ_VEC(uint32_t) answer; /* [asked] row, TQ_NONE */
    TQ_VEC(uint32_t) doubts; /* [asked] */
    TQ_VEC(uint32_t) stop;   /* [asked] */
    uint64_t understood, unknown, undecided;
    import_clauses parsed; /* too large for the stack */
} import_conditions;

static tq_status no_memory(tq_err *err)
{
    return tq_fail(err, TQ_NO_MEMORY, 0, "no memory for conditions and rules");
}

/* ---- rows of bytes -------------------------------------------------------------------------- */

static const uint8_t *row_bytes(const byte_rows *rows, uint32_t row, size_t *len)
{
    size_t first = row == 0 ? 0 : rows->end.at[row - 1];
    *len = rows->end.at[row] - first;
    return rows->bytes.at + first;
}

static bool grow_slots(byte_rows *rows)
{
    size_t slots = rows->slots == 0 ? 64 : rows->slots * 2;
    uint32_t *slot = TQ_ALLOC(uint32_t, slots);
    if (slot == NULL) return false;
    memset(slot, 0xff, slots * sizeof *slot);
    for (uint32_t row = 0; row < rows->end.count; row++) {
        size_t len;
        const uint8_t *bytes = row_bytes(rows, row, &len);
        size_t at = tq_hash(bytes, len, 0) & (slots - 1);
        while (slot[at] != TQ_NONE)
            at = (at + 1) & (slots - 1);
        slot[at] = row;
    }
    tq_free(rows->slot);
    rows->slot = slot;
    rows->slots = slots;
    return true;
}

/* Number of an equal row, added if new; TQ_NONE = no memory. */
static uint32_t row_of(byte_rows *rows, const void *bytes, size_t len)
{
    static const uint8_t none[1];
    if (len == 0) bytes = none;
    if (rows->end.count * 2 >= rows->slots && !grow_slots(rows)) return TQ_NONE;
    size_t at = tq_hash(bytes, len, 0) & (rows->slots - 1);
    for (; rows->slot[at] != TQ_NONE; at = (at + 1) & (rows->slots - 1)) {
        size_t other_len;
        const uint8_t *other = row_bytes(rows, rows->slot[at], &other_len);
        if (other_len == len && (len == 0 || memcmp(other, bytes, len) == 0)) return rows->slot[at];
    }
    if (!tq_vec_room(&rows->bytes, len + 1)) return TQ_NONE;
    if (!tq_vec_push(&rows->end, rows->bytes.count + len)) return TQ_NONE;
    memcpy(rows->bytes.at + rows->bytes.count, bytes, len);
    rows->bytes.count += len;
    return rows->slot[at] = (uint32_t)rows->end.count - 1;
}

static void free_rows(byte_rows *rows)
{
    tq_vec_free(&rows->bytes);
    tq_vec_free(&rows->end);
    tq_free(rows->slot);
}

/* ---- building ------------------------------------------------------------------------------- */

static uint32_t condition_row(import_conditions *own, uint32_t text, const tq_clause *clause,
                              uint32_t count)
{
    uint8_t bytes[sizeof text + TQ_CLAUSES_MAX * sizeof *clause];
    memcpy(bytes, &text, sizeof text);
    memcpy(bytes + sizeof text, clause, count * sizeof *clause);
    return row_of(&own->condition, bytes, sizeof text + count * sizeof *clause);
}

void import_conditions_free(tq_build *build)
{
    import_conditions *own = build->conditions;
    if (own == NULL) return;
    free_rows(&own->condition);
    free_rows(&own->rule_set);
    free_rows(&own->asked);
    tq_vec_free(&own->answer);
    tq_vec_free(&own->doubts);
    tq_vec_free(&own->stop);
    tq_free(own);
    build->conditions = NULL;
}

/* Made on first use, with the rows that are always there. */
static import_conditions *conditions_of(tq_build *build)
{
    if (build->conditions != NULL) return build->conditions;
    build->conditions = TQ_ALLOC(import_conditions, 1);
    const tq_clause always = {0};
    if (build->conditions != NULL && (condition_row(build->conditions, 0, &always, 1) != 0 ||
                                      row_of(&build->conditions->rule_set, NULL, 0) != 0))
        import_conditions_free(build);
    return build->conditions;
}

static bool is_always(const tq_clause *clause)
{
    static const tq_clause always;
    return memcmp(clause, &always, sizeof always) == 0;
}

tq_status import_condition_of(tq_build *build, tq_str text, const tq_clause *clause, uint32_t count,
                              uint32_t *row, tq_err *err)
{
    import_conditions *own = conditions_of(build);
    if (own == NULL) return no_memory(err);
    TQ_ASSERT(count > 0 && count <= TQ_CLAUSES_MAX);
    uint32_t label = tq_texts_add(build->texts, text);
    for (uint32_t k = 0; k < count && label == 0; k++)
        if (is_always(&clause[k])) return *row = 0, TQ_OK;
    uint32_t made = condition_row(own, label, clause, count);
    if (made == TQ_NONE) return no_memory(err);
    *row = made;
    return TQ_OK;
}

static void report_doubts(tq_build *build, const import_source *source, tq_str text,
                          uint32_t doubts, uint32_t stop)
{
    import_conditions *own = build->conditions;
    if ((doubts & IMPORT_DOUBT_UNKNOWN) != 0)
        own->unknown++;
    else if ((doubts & IMPORT_DOUBT_UNDECIDED) != 0)
        own->undecided++;
    else
        own->understood++;
    static const struct {
        uint32_t doubt;
        tq_severity severity;
        const char *code, *says;
    } words[] = {
        {IMPORT_DOUBT_UNKNOWN, TQ_WARNING, "condition_not_understood",
         "is not understood from there on and has no effect"},
        {IMPORT_DOUBT_UNDECIDED, TQ_NOTE, "condition_undecided",
         "asks for what cannot be known here (holidays, weather, who one is); that part never "
         "holds"},
        {IMPORT_DOUBT_SUN, TQ_NOTE, "condition_sun",
         "goes by the sun; sunrise is taken as 06:00, sunset as 18:00"},
        {IMPORT_DOUBT_HOLIDAYS, TQ_NOTE, "condition_holidays",
         "speaks of holidays, which are not known; they count as other days"},
    };
    for (size_t k = 0; k < TQ_COUNT(words); k++) {
        if ((doubts & words[k].doubt) == 0) continue;
        tq_str rest = {text.at + stop, text.len - stop};
        bool unknown = words[k].doubt == IMPORT_DOUBT_UNKNOWN;
        tq_report_add(build->report, words[k].severity, words[k].code, source->file, 0,
                      "%s %lld%s%.*s: \"%.*s\"%s%.*s%s %s", source->object, (long long)source->id,
                      source->key.len > 0 ? " " : "", (int)TQ_MIN(source->key.len, 60),
                      source->key.len > 0 ? source->key.at : "", (int)TQ_MIN(text.len, 120),
                      text.at, unknown ? ", at \"" : "", unknown ? (int)TQ_MIN(rest.len, 20) : 0,
                      rest.at, unknown ? "\"," : "", words[k].says);
    }
}

tq_status import_condition(tq_build *build, const import_source *source, tq_str text, uint32_t *row,
                           tq_err *err)
{
    text = tq_str_trim(text);
    if (text.len == 0) return *row = 0, TQ_OK;
    import_conditions *own = conditions_of(build);
    if (own == NULL) return no_memory(err);
    uint32_t asked = row_of(&own->asked, text.at, text.len);
    if (asked == TQ_NONE) return no_memory(err);
    if (asked == own->answer.count) {
        tq_zone_table zone = {build->zone.count, build->zone.from_s, build->zone.offset_s};
        import_clauses *parsed = &own->parsed;
        uint32_t answer = TQ_NONE;
        import_parse_condition(text, &zone, parsed);
        if (parsed->count > 0) {
            bool always = parsed->count == 1 && is_always(&parsed->clause[0]);
            answer = 0;
            if (!always)
                TQ_TRY(
                    import_condition_of(build, text, parsed->clause, parsed->count, &answer, err));
        }
        if (!tq_vec_push(&own->answer, answer) || !tq_vec_push(&own->doubts, parsed->doubts) ||
            !tq_vec_push(&own->stop, parsed->stop))
            return no_memory(err);
    }
    report_doubts(build, source, text, own->doubts.at[asked], own->stop.at[asked]);
    *row = own->answer.at[asked];
    return TQ_OK;
}

tq_status import_rule_set(tq_build *build, uint32_t before, const tq_rule *rule, uint32_t count,
                          uint32_t *row, tq_err *err)
{
    import_conditions *own = conditions_of(build);
    if (own == NULL) return no_memory(err);
    tq_rule all[TQ_RULES_MAX];
    size_t len;
    const uint8_t *old = row_bytes(&own->rule_set, before, &len);
    size_t had = len / sizeof *rule;
    if (had + count > TQ_RULES_MAX)
        return tq_fail(err, TQ_LIMIT, 0, "a street has over %u rules; join some in rules.csv",
                       TQ_RULES_MAX);
    if (len > 0) memcpy(all, old, len);
    if (count > 0) memcpy(all + had, rule, count * sizeof *rule);
    uint32_t made = row_of(&own->rule_set, all, (had + count) * sizeof *rule);
    if (made == TQ_NONE) return no_memory(err);
    *row = made;
    return TQ_OK;
}

bool import_rules_both_ways(const tq_build *build, uint32_t set)
{
    if (set == 0) return true;
    size_t len;
    const uint8_t *bytes = row_bytes(&build->conditions->rule_set, set, &len);
    for (size_t at = 0; at < len; at += sizeof(tq_rule)) {
        tq_rule rule;
        memcpy(&rule, bytes + at, sizeof rule);
        if (rule.directions != 3) return false;
    }
    return true;
}

/* ---- freezing ------------------------------------------------------------------------------- */

static void *push(tq_build *build, size_t count, size_t size)
{
    return tq_pool_push(&build->pool, TQ_MAX(count * size, 1), 64);
}

static tq_status freeze_conditions(tq_build *build, const byte_rows *rows, tq_conditions *out,
                                   tq_err *err)
{
    size_t count = rows->end.count,
           clauses = (rows->bytes.count - count * sizeof(uint32_t)) / sizeof(tq_clause);
    uint32_t *first = push(build, count + 1, sizeof *first),
             *text = push(build, count, sizeof *text);
    tq_clause *clause = push(build, clauses, sizeof *clause);
    if (first == NULL || text == NULL || clause == NULL) return no_memory(err);
    uint32_t filled = 0;
    for (uint32_t row = 0; row < count; row++) {
        size_t len;
        const uint8_t *bytes = row_bytes(rows, row, &len);
        first[row] = filled;
        memcpy(&text[row], bytes, sizeof *text);
        memcpy(clause + filled, bytes + sizeof *text, len - sizeof *text);
        filled += (uint32_t)((len - sizeof *text) / sizeof *clause);
    }
    first[count] = filled;
    out->count = (uint32_t)count;
    out->clause_count = filled;
    out->first_clause = first;
    out->text = text;
    out->clause = clause;
    return TQ_OK;
}

static tq_status freeze_rules(tq_build *build, const byte_rows *rows, tq_conditions *out,
                              tq_err *err)
{
    size_t count = rows->end.count, rules = rows->bytes.count / sizeof(tq_rule);
    uint32_t *first = push(build, count + 1, sizeof *first),
             *no_bans = push(build, 2, sizeof *no_bans);
    tq_rule *rule = push(build, rules, sizeof *rule);
    if (first == NULL || no_bans == NULL || rule == NULL) return no_memory(err);
    for (uint32_t row = 0; row < count; row++)
        first[row + 1] = (uint32_t)(rows->end.at[row] / sizeof *rule);
    if (rules > 0) memcpy(rule, rows->bytes.at, rules * sizeof *rule);
    out->rule_set_count = (uint32_t)count;
    out->rule_count = (uint32_t)rules;
    out->first_rule = first;
    out->rule = rule;
    out->ban_set_count = 1;
    out->ban_count = 0;
    out->first_ban = no_bans;
    out->ban = push(build, 1, sizeof *out->ban);
    return out->ban != NULL ? TQ_OK : no_memory(err);
}

tq_status import_conditions_freeze(tq_build *build, tq_err *err)
{
    /* Frozen before, and nothing came since. */
    if (build->conditions == NULL && build->city.conditions.count > 0) return TQ_OK;
    const import_conditions *own = conditions_of(build);
    if (own == NULL) return no_memory(err);
    tq_conditions out = {0};
    TQ_TRY(freeze_conditions(build, &own->condition, &out, err));
    TQ_TRY(freeze_rules(build, &own->rule_set, &out, err));
    build->city.conditions = out;
    tq_report_count(build->report, "conditions.rows", out.count);
    tq_report_count(build->report, "conditions.rule_sets", out.rule_set_count);
    tq_report_count(build->report, "conditions.understood", own->understood);
    tq_report_count(build->report, "conditions.undecided", own->undecided);
    tq_report_count(build->report, "conditions.not_understood", own->unknown);
    return TQ_OK;
}
