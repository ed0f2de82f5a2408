/*
 * Rules of lines, held as data: which tickets are sold, until when, what a wheelchair takes up, and
 * the moves of a line between its states with the shares that decide them.
 *
 * Built-in rules come from lines/ of the source tree (cmake/lines.cmake); a city's own folder
 * lines/ adds rules, and changes a built-in one by a file of the same rule. An unknown key, a
 * doubled one, a state that is none and a share over 100 % are refused with their line.
 */
#include <stdio.h>

#include "desk/lines_in.h"
#include "desk/yaml_in.h"

extern const uint64_t tq_line_file_count;
extern const desk_yaml_file tq_line_files[];

static const char *const STATES[] = {"draft", "collecting", "open", "running", "stopped", NULL};

static tq_status read_name(const desk_yaml *in, const yaml_node_t *node, const char *what,
                           line_name *out)
{
    return desk_yaml_names(in, node, what, LINES_NAME_MAX, out->zh, out->en);
}

static tq_status read_state(const desk_yaml *in, const yaml_node_t *node, const char *key,
                            char out[LINES_WORD_MAX])
{
    uint32_t which = 0;
    TQ_TRY(desk_yaml_choice(in, node, key, STATES, &which));
    (void)snprintf(out, LINES_WORD_MAX, "%s", STATES[which]);
    return TQ_OK;
}

/* "booked at least 70 %", "paid below 60 %" */
static tq_status read_when(const desk_yaml *in, const yaml_node_t *node, line_move *out)
{
    char text[64], measure[8], word[8];
    unsigned percent = 101;
    char rest = '\0';
    TQ_TRY(desk_yaml_word(in, node, "when", sizeof text, text));
    bool least = sscanf(text, "%7s at least %u %%%c", measure, &percent, &rest) == 2;
    bool below = !least && sscanf(text, "%7s %7s %u %%%c", measure, word, &percent, &rest) == 3 &&
                 strcmp(word, "below") == 0;
    out->measure = strcmp(measure, "booked") == 0 ? LINE_BOOKED
                   : strcmp(measure, "paid") == 0 ? LINE_PAID
                                                  : LINE_NO_MEASURE;
    out->at_least = least;
    out->percent = percent;
    if ((!least && !below) || out->measure == LINE_NO_MEASURE || percent > 100)
        return desk_yaml_refuse(
            in, node, "when is such as \"booked at least 70 %%\" or \"paid below 60 %%\"");
    return TQ_OK;
}

static tq_status take_role(const desk_yaml *in, const char *key, const yaml_node_t *value,
                           void *user)
{
    uint32_t *who = user, role = tq_role_named(desk_yaml_text(value));
    (void)key;
    if (role == 0) return desk_yaml_refuse(in, value, "who names a role that is none");
    *who |= role | TQ_ROLE_ADMIN;
    return TQ_OK;
}

static tq_status take_move_key(const desk_yaml *in, const char *key, const yaml_node_t *value,
                               void *user)
{
    static const char *const dues[] = {"hand", "now", "first_departure", "month_end", NULL};
    line_move *move = user;
    if (strcmp(key, "from") == 0) return read_state(in, value, key, move->from);
    if (strcmp(key, "to") == 0) return read_state(in, value, key, move->to);
    if (strcmp(key, "what") == 0) return desk_yaml_word(in, value, key, LINES_WORD_MAX, move->what);
    if (strcmp(key, "who") == 0) return desk_yaml_items(in, value, take_role, &move->who);
    if (strcmp(key, "when") == 0) return read_when(in, value, move);
    if (strcmp(key, "text") == 0) return read_name(in, value, key, &move->text);
    uint32_t which = 0;
    TQ_TRY(desk_yaml_choice(in, value, key, dues, &which));
    move->due = (line_due)which;
    return TQ_OK;
}

static tq_status take_move(const desk_yaml *in, const char *key, const yaml_node_t *value,
                           void *user)
{
    static const char *const keys[] = {"from", "to", "what", "due", "who", "when", "text", NULL};
    line_rule *rule = user;
    (void)key;
    if (rule->move_count == LINES_MOVES_MAX)
        return desk_yaml_refuse(in, value, "more than %u moves", LINES_MOVES_MAX);
    line_move *move = &rule->move[rule->move_count++];
    TQ_TRY(desk_yaml_keys(in, value, "a move", keys, take_move_key, move));
    if (move->from[0] == '\0' || move->to[0] == '\0' || move->what[0] == '\0')
        return desk_yaml_refuse(in, value, "a move needs from, to and what");
    if (move->measure != LINE_NO_MEASURE && move->text.zh[0] == '\0')
        return desk_yaml_refuse(in, value, "a move that is decided by a share needs its text");
    if (move->due == LINE_MONTH_END && move->measure == LINE_NO_MEASURE)
        return desk_yaml_refuse(in, value, "a move at the end of a month needs a share: when");
    return TQ_OK;
}

static tq_status take_ticket(const desk_yaml *in, const char *key, const yaml_node_t *value,
                             void *user)
{
    static const char *const kinds[] = {"single", "month", NULL};
    uint32_t *tickets = user, which = 0;
    (void)key;
    TQ_TRY(desk_yaml_choice(in, value, "a ticket", kinds, &which));
    *tickets |= 1u << which;
    return TQ_OK;
}

static tq_status take_rule(const desk_yaml *in, const char *key, const yaml_node_t *value,
                           void *user)
{
    static const char *const unpaid[] = {"lapse", "keep", NULL};
    line_rule *out = user;
    if (strcmp(key, "rule") == 0) return desk_yaml_word(in, value, key, sizeof out->id, out->id);
    if (strcmp(key, "name") == 0) return read_name(in, value, key, &out->name);
    if (strcmp(key, "tickets") == 0) return desk_yaml_items(in, value, take_ticket, &out->tickets);
    if (strcmp(key, "booking_closes") == 0)
        return desk_yaml_span(in, value, key, 0, &out->closes_ms);
    if (strcmp(key, "cancel_free") == 0) return desk_yaml_span(in, value, key, 0, &out->cancel_ms);
    if (strcmp(key, "wheelchair_seats") == 0)
        return desk_yaml_count(in, value, key, 1, 8, &out->wheelchair_seats);
    if (strcmp(key, "waiting_list") == 0)
        return desk_yaml_count(in, value, key, 0, 500, &out->waiting_max);
    if (strcmp(key, "moves") == 0) return desk_yaml_items(in, value, take_move, out);
    uint32_t which = 0;
    TQ_TRY(desk_yaml_choice(in, value, key, unpaid, &which));
    out->lapse = which == 0;
    return TQ_OK;
}

static tq_status take_root(desk_yaml *in, const yaml_node_t *root)
{
    static const char *const keys[] = {
        "rule",   "name",        "tickets",          "booking_closes",
        "unpaid", "cancel_free", "wheelchair_seats", "waiting_list",
        "moves",  NULL};
    line_rule *out = in->whole;
    TQ_TRY(desk_yaml_keys(in, root, "a rule", keys, take_rule, out));
    if (out->id[0] == '\0' || out->name.zh[0] == '\0' || out->tickets == 0)
        return desk_yaml_refuse(in, root, "a rule needs rule, name and tickets");
    return TQ_OK;
}

tq_status lines_rule_read(const char *source, tq_str bytes, line_rule *out, tq_err *err)
{
    memset(out, 0, sizeof *out);
    out->wheelchair_seats = 2;
    (void)snprintf(out->source, sizeof out->source, "%s", source);
    return desk_yaml_read(source, bytes, LINES_RULE_BYTES, out, take_root, err);
}

/* ---- all of them -------------------------------------------------------------------------------
 */

static tq_status add(void *user, const char *source, tq_str bytes, tq_err *err)
{
    struct desk_line_rules *all = user;
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

tq_status desk_line_rules_open(const char *folder, struct desk_line_rules **out, tq_err *err)
{
    struct desk_line_rules *all = TQ_ALLOC(struct desk_line_rules, 1);
    if (all == NULL) return tq_fail(err, TQ_NO_MEMORY, 0, "no memory for the rules of lines");
    tq_status status = desk_yaml_files("lines", tq_line_files, tq_line_file_count, folder,
                                       LINES_RULE_BYTES, add, all, err);
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
