/*
 * Rules of lines, held as data: which tickets are sold, until when, what a wheelchair takes up, and
 * the moves of a line between its states with the shares that decide them.
 *
 * Built-in rules come from lines/ of the source tree (cmake/lines.cmake); a city's own folder
 * lines/ adds rules, and changes a built-in one by a file of the same rule. An unknown key, a
 * doubled one, a state that is none and a share over 100 % are refused with their line.
 */
#include <stdio.h>
#include <yaml.h>

#include "desk/lines_in.h"

extern const uint64_t tq_line_file_count;
extern const struct {
    const char *name, *at;
    uint64_t len;
} tq_line_files[];

typedef struct reader {
    yaml_document_t *document;
    const char *source;
    tq_err *err;
} reader;

static const char *const STATES[] = {"draft", "collecting", "open", "running", "stopped", NULL};

__attribute__((format(printf, 3, 4))) static tq_status
refuse(const reader *in, const yaml_node_t *node, const char *format, ...)
{
    char text[300];
    size_t line = node != NULL ? node->start_mark.line + 1 : 1;
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return tq_fail(in->err, TQ_BAD_CONFIG, line, "%s line %zu: %s", in->source, line, text);
}

static tq_str scalar(const yaml_node_t *node)
{
    if (node == NULL || node->type != YAML_SCALAR_NODE) return (tq_str){"", 0};
    return (tq_str){(const char *)node->data.scalar.value, node->data.scalar.length};
}

static tq_status copy(const reader *in, const yaml_node_t *node, const char *key, size_t cap,
                      char *out)
{
    tq_str text = scalar(node);
    if (text.len == 0 || text.len >= cap || !tq_utf8_valid(text) ||
        memchr(text.at, '\0', text.len) != NULL)
        return refuse(in, node, "%s is a text of 1 to %zu bytes", key, cap - 1);
    memcpy(out, text.at, text.len);
    out[text.len] = '\0';
    return TQ_OK;
}

static tq_status known(const reader *in, const yaml_node_t *node, const char *key,
                       const char *const *words, char out[LINES_WORD_MAX], uint32_t *which)
{
    TQ_TRY(copy(in, node, key, LINES_WORD_MAX, out));
    for (uint32_t k = 0; words[k] != NULL; k++)
        if (strcmp(words[k], out) == 0) {
            if (which != NULL) *which = k;
            return TQ_OK;
        }
    const char *near = desk_nearest(out, words);
    return refuse(in, node, "%s is \"%s\"%s%s%s", key, out, near != NULL ? "; did you mean " : "",
                  near != NULL ? near : ", which is none", near != NULL ? "?" : "");
}

typedef tq_status (*take_key)(const reader *in, uint32_t key, const yaml_node_t *value, void *user);

/* Give each key of a mapping, as its place in `keys`, to `take`. */
static tq_status each_key(const reader *in, const yaml_node_t *node, const char *what,
                          const char *const *keys, take_key take, void *user)
{
    uint32_t seen = 0;
    if (node == NULL || node->type != YAML_MAPPING_NODE)
        return refuse(in, node, "%s has keys below it", what);
    for (yaml_node_pair_t *pair = node->data.mapping.pairs.start;
         pair < node->data.mapping.pairs.top; pair++) {
        char word[LINES_WORD_MAX];
        uint32_t key = 0;
        const yaml_node_t *name = yaml_document_get_node(in->document, pair->key);
        TQ_TRY(known(in, name, "a key", keys, word, &key));
        if (seen >> key & 1) return refuse(in, name, "%s stands twice in %s", word, what);
        seen |= 1u << key;
        TQ_TRY(take(in, key, yaml_document_get_node(in->document, pair->value), user));
    }
    return TQ_OK;
}

static tq_status take_name(const reader *in, uint32_t key, const yaml_node_t *value, void *user)
{
    line_name *name = user;
    return copy(in, value, "a name", LINES_NAME_MAX, key == 0 ? name->zh : name->en);
}

static tq_status read_name(const reader *in, const yaml_node_t *node, const char *what,
                           line_name *out)
{
    static const char *const keys[] = {"zh", "en", NULL};
    TQ_TRY(each_key(in, node, what, keys, take_name, out));
    if (out->zh[0] == '\0' || out->en[0] == '\0')
        return refuse(in, node, "%s wants both zh and en", what);
    return TQ_OK;
}

/* "10 min", "1 h", "2 d" */
static tq_status read_span(const reader *in, const yaml_node_t *node, const char *key, int64_t *out)
{
    static const char *const units[] = {"min", "h", "d", NULL};
    static const int64_t unit_ms[] = {60000, 3600000, 86400000};
    tq_str text = scalar(node);
    size_t digits = 0;
    uint32_t number = 0;
    while (digits < text.len && text.at[digits] >= '0' && text.at[digits] <= '9')
        digits++;
    tq_str unit = tq_str_trim((tq_str){text.at + digits, text.len - digits});
    for (uint32_t k = 0; units[k] != NULL; k++)
        if (tq_str_is(unit, units[k]) && tq_parse_u32((tq_str){text.at, digits}, &number) &&
            number <= 1000) {
            *out = (int64_t)number * unit_ms[k];
            return TQ_OK;
        }
    return refuse(in, node, "%s is a time such as 10 min, 1 h or 2 d", key);
}

static tq_status read_count(const reader *in, const yaml_node_t *node, const char *key,
                            uint32_t least, uint32_t most, uint32_t *out)
{
    if (!tq_parse_u32(scalar(node), out) || *out < least || *out > most)
        return refuse(in, node, "%s is a whole number from %u to %u", key, least, most);
    return TQ_OK;
}

/* "booked at least 70 %", "paid below 60 %" */
static tq_status read_when(const reader *in, const yaml_node_t *node, line_move *out)
{
    char text[64], measure[8], word[8];
    unsigned percent = 101;
    char rest = '\0';
    TQ_TRY(copy(in, node, "when", sizeof text, text));
    bool least = sscanf(text, "%7s at least %u %%%c", measure, &percent, &rest) == 2;
    bool below = !least && sscanf(text, "%7s %7s %u %%%c", measure, word, &percent, &rest) == 3 &&
                 strcmp(word, "below") == 0;
    out->measure = strcmp(measure, "booked") == 0 ? LINE_BOOKED
                   : strcmp(measure, "paid") == 0 ? LINE_PAID
                                                  : LINE_NO_MEASURE;
    out->at_least = least;
    out->percent = percent;
    if ((!least && !below) || out->measure == LINE_NO_MEASURE || percent > 100)
        return refuse(in, node,
                      "when is such as \"booked at least 70 %%\" or \"paid below 60 %%\"");
    return TQ_OK;
}

static tq_status read_roles(const reader *in, const yaml_node_t *node, uint32_t *out)
{
    if (node == NULL || node->type != YAML_SEQUENCE_NODE)
        return refuse(in, node, "who is a list of roles");
    for (yaml_node_item_t *item = node->data.sequence.items.start;
         item < node->data.sequence.items.top; item++) {
        const yaml_node_t *one = yaml_document_get_node(in->document, *item);
        uint32_t role = tq_role_named(scalar(one));
        if (role == 0) return refuse(in, one, "who names a role that is none");
        *out |= role | TQ_ROLE_ADMIN;
    }
    return TQ_OK;
}

static tq_status take_move(const reader *in, uint32_t key, const yaml_node_t *value, void *user)
{
    static const char *const dues[] = {"hand", "now", "first_departure", "month_end", NULL};
    line_move *move = user;
    uint32_t which = 0;
    char word[LINES_WORD_MAX];
    switch (key) {
    case 0: return known(in, value, "from", STATES, move->from, NULL);
    case 1: return known(in, value, "to", STATES, move->to, NULL);
    case 2: return copy(in, value, "what", LINES_WORD_MAX, move->what);
    case 3:
        TQ_TRY(known(in, value, "due", dues, word, &which));
        move->due = (line_due)which;
        return TQ_OK;
    case 4: return read_roles(in, value, &move->who);
    case 5: return read_when(in, value, move);
    default: return read_name(in, value, "text", &move->text);
    }
}

static tq_status read_moves(const reader *in, const yaml_node_t *node, line_rule *out)
{
    static const char *const keys[] = {"from", "to", "what", "due", "who", "when", "text", NULL};
    if (node == NULL || node->type != YAML_SEQUENCE_NODE)
        return refuse(in, node, "moves is a list");
    for (yaml_node_item_t *item = node->data.sequence.items.start;
         item < node->data.sequence.items.top; item++) {
        const yaml_node_t *one = yaml_document_get_node(in->document, *item);
        if (out->move_count == LINES_MOVES_MAX)
            return refuse(in, one, "more than %u moves", LINES_MOVES_MAX);
        line_move *move = &out->move[out->move_count++];
        TQ_TRY(each_key(in, one, "a move", keys, take_move, move));
        if (move->from[0] == '\0' || move->to[0] == '\0' || move->what[0] == '\0')
            return refuse(in, one, "a move needs from, to and what");
        if (move->measure != LINE_NO_MEASURE && move->text.zh[0] == '\0')
            return refuse(in, one, "a move that is decided by a share needs its text");
        if (move->due == LINE_MONTH_END && move->measure == LINE_NO_MEASURE)
            return refuse(in, one, "a move at the end of a month needs a share: when");
    }
    return TQ_OK;
}

static tq_status take_rule(const reader *in, uint32_t key, const yaml_node_t *value, void *user)
{
    static const char *const unpaid[] = {"lapse", "keep", NULL};
    line_rule *out = user;
    char word[LINES_WORD_MAX];
    uint32_t which = 0;
    switch (key) {
    case 0: return copy(in, value, "rule", sizeof out->id, out->id);
    case 1: return read_name(in, value, "name", &out->name);
    case 2:
        if (value == NULL || value->type != YAML_SEQUENCE_NODE)
            return refuse(in, value, "tickets is a list of single and month");
        for (yaml_node_item_t *item = value->data.sequence.items.start;
             item < value->data.sequence.items.top; item++) {
            static const char *const kinds[] = {"single", "month", NULL};
            TQ_TRY(known(in, yaml_document_get_node(in->document, *item), "a ticket", kinds, word,
                         &which));
            out->tickets |= 1u << which;
        }
        return TQ_OK;
    case 3: return read_span(in, value, "booking_closes", &out->closes_ms);
    case 4:
        TQ_TRY(known(in, value, "unpaid", unpaid, word, &which));
        out->lapse = which == 0;
        return TQ_OK;
    case 5: return read_span(in, value, "cancel_free", &out->cancel_ms);
    case 6: return read_count(in, value, "wheelchair_seats", 1, 8, &out->wheelchair_seats);
    case 7: return read_count(in, value, "waiting_list", 0, 500, &out->waiting_max);
    default: return read_moves(in, value, out);
    }
}

tq_status lines_rule_read(const char *source, tq_str bytes, line_rule *out, tq_err *err)
{
    static const char *const keys[] = {
        "rule",   "name",        "tickets",          "booking_closes",
        "unpaid", "cancel_free", "wheelchair_seats", "waiting_list",
        "moves",  NULL};
    yaml_parser_t parser;
    yaml_document_t document;
    memset(out, 0, sizeof *out);
    out->wheelchair_seats = 2;
    (void)snprintf(out->source, sizeof out->source, "%s", source);
    if (bytes.len > LINES_RULE_BYTES)
        return tq_fail(err, TQ_BAD_CONFIG, 1, "%s has %zu bytes; %zu are allowed", source,
                       bytes.len, LINES_RULE_BYTES);
    if (!yaml_parser_initialize(&parser)) return tq_fail(err, TQ_NO_MEMORY, 0, "no memory");
    yaml_parser_set_input_string(&parser, (const unsigned char *)bytes.at, bytes.len);
    if (!yaml_parser_load(&parser, &document)) {
        size_t line = parser.problem_mark.line + 1;
        tq_status status = tq_fail(err, TQ_BAD_CONFIG, line, "%s line %zu: %s", source, line,
                                   parser.problem != NULL ? parser.problem : "it is not YAML");
        yaml_parser_delete(&parser);
        return status;
    }
    reader in = {&document, source, err};
    const yaml_node_t *root = yaml_document_get_root_node(&document);
    tq_status status = each_key(&in, root, "a rule", keys, take_rule, out);
    if (status == TQ_OK && (out->id[0] == '\0' || out->name.zh[0] == '\0' || out->tickets == 0))
        status = refuse(&in, root, "a rule needs rule, name and tickets");
    yaml_document_delete(&document);
    yaml_parser_delete(&parser);
    return status;
}

/* ---- all of them -------------------------------------------------------------------------------
 */

static tq_status add(struct desk_line_rules *all, const char *source, tq_str bytes, tq_err *err)
{
    line_rule *rule = TQ_ALLOC(line_rule, 1);
    if (rule == NULL) return tq_fail(err, TQ_NO_MEMORY, 0, "no memory for the rules of lines");
    tq_status status = lines_rule_read(source, bytes, rule, err);
    uint32_t at = 0;
    while (status == TQ_OK && at < all->count && strcmp(all->rule[at]->id, rule->id) < 0)
        at++;
    bool over = status == TQ_OK && at < all->count && strcmp(all->rule[at]->id, rule->id) == 0;
    if (status == TQ_OK && !over && all->count == LINES_RULES_MAX)
        status = tq_fail(err, TQ_BAD_CONFIG, 0, "%s: more than %u rules of lines", source,
                         LINES_RULES_MAX);
    if (status != TQ_OK) {
        tq_free(rule);
        return status;
    }
    if (over) {
        tq_free(all->rule[at]);
    } else {
        memmove(&all->rule[at + 1], &all->rule[at], (all->count - at) * sizeof(line_rule *));
        all->count++;
    }
    all->rule[at] = rule;
    return TQ_OK;
}

typedef struct folder_run {
    struct desk_line_rules *all;
    const char *folder;
    tq_status status;
    tq_err *err;
} folder_run;

static void add_file(void *user, const char *name)
{
    folder_run *run = user;
    char path[TQ_PATH_MAX], source[96];
    char *bytes = NULL;
    size_t len = strlen(name), size = 0;
    if (run->status != TQ_OK || len < 6 || strcmp(name + len - 5, ".yaml") != 0) return;
    (void)snprintf(source, sizeof source, "lines/%.80s", name);
    if (!tq_path_join(path, run->folder, name)) {
        run->status = tq_fail(run->err, TQ_BAD_CONFIG, 0, "%s: the path is too long", source);
        return;
    }
    run->status = tq_file_read(path, LINES_RULE_BYTES, &bytes, &size, run->err);
    if (run->status == TQ_OK) run->status = add(run->all, source, (tq_str){bytes, size}, run->err);
    tq_free(bytes);
}

tq_status desk_line_rules_open(const char *folder, struct desk_line_rules **out, tq_err *err)
{
    struct desk_line_rules *all = TQ_ALLOC(struct desk_line_rules, 1);
    char path[TQ_PATH_MAX], source[96];
    if (all == NULL) return tq_fail(err, TQ_NO_MEMORY, 0, "no memory for the rules of lines");
    tq_status status = TQ_OK;
    for (uint64_t k = 0; status == TQ_OK && k < tq_line_file_count; k++) {
        (void)snprintf(source, sizeof source, "built-in lines/%.60s.yaml", tq_line_files[k].name);
        status = add(all, source, (tq_str){tq_line_files[k].at, (size_t)tq_line_files[k].len}, err);
    }
    if (status == TQ_OK && folder != NULL && folder[0] != '\0' &&
        tq_path_join(path, folder, "lines") && tq_file_look(path).is_folder) {
        folder_run run = {.all = all, .folder = path, .err = err};
        status = tq_folder_list(path, add_file, &run, err);
        if (status == TQ_OK) status = run.status;
    }
    if (status != TQ_OK) {
        desk_line_rules_close(all);
        return status;
    }
    *out = all;
    return TQ_OK;
}

void desk_line_rules_close(struct desk_line_rules *rules)
{
    if (rules == NULL) return;
    for (uint32_t k = 0; k < rules->count; k++)
        tq_free(rules->rule[k]);
    tq_free(rules);
}

const line_rule *lines_rule(const tq_desk *desk, const char *id)
{
    for (uint32_t k = 0; k < desk->line_rules->count; k++)
        if (strcmp(desk->line_rules->rule[k]->id, id) == 0) return desk->line_rules->rule[k];
    return NULL;
}

/* Shares are compared as products of whole numbers, so that 14 of 20 is 70 % and not less. */
bool lines_move_holds(const line_move *move, uint64_t part, uint64_t whole)
{
    if (move->measure == LINE_NO_MEASURE) return true;
    bool at_least = whole > 0 && part * 100 >= (uint64_t)move->percent * whole;
    return move->at_least == at_least;
}

static json_t *name_json(const line_name *name)
{
    return json_pack("{s:s,s:s}", "zh", name->zh, "en", name->en);
}

json_t *lines_rule_json(const line_rule *rule)
{
    static const char *const dues[] = {"hand", "now", "first_departure", "month_end"};
    json_t *out = json_object(), *moves = json_array();
    json_object_set_new(out, "rule", json_string(rule->id));
    json_object_set_new(out, "name", name_json(&rule->name));
    json_object_set_new(out, "booking_closes_min", json_integer(rule->closes_ms / 60000));
    json_object_set_new(out, "cancel_free_min", json_integer(rule->cancel_ms / 60000));
    json_object_set_new(out, "unpaid", json_string(rule->lapse ? "lapse" : "keep"));
    json_object_set_new(out, "wheelchair_seats", json_integer(rule->wheelchair_seats));
    json_object_set_new(out, "waiting_list", json_integer(rule->waiting_max));
    json_object_set_new(out, "month", json_boolean((rule->tickets & LINE_MONTH) != 0));
    json_object_set_new(out, "single", json_boolean((rule->tickets & LINE_SINGLE) != 0));
    for (uint32_t k = 0; k < rule->move_count; k++) {
        const line_move *move = &rule->move[k];
        json_t *one = json_pack("{s:s,s:s,s:s,s:s}", "from", move->from, "to", move->to, "what",
                                move->what, "due", dues[move->due]);
        json_object_set_new(one, "who", desk_roles_json(move->who));
        if (move->measure != LINE_NO_MEASURE) {
            json_object_set_new(one, "measure",
                                json_string(move->measure == LINE_BOOKED ? "booked" : "paid"));
            json_object_set_new(one, move->at_least ? "at_least_percent" : "below_percent",
                                json_integer(move->percent));
            json_object_set_new(one, "text", name_json(&move->text));
        }
        json_array_append_new(moves, one);
    }
    json_object_set_new(out, "moves", moves);
    return out;
}
