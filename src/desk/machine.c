/*
 * State machines held as data: one YAML file a type of case.
 *
 * Built-in types come from cases/ of the source tree (cmake/cases.cmake puts them into the
 * program); a city's own folder cases/ adds types, and changes a built-in one by a file with the
 * same type. Refused with their line (yaml.c): unknown and doubled keys, words that mean nothing,
 * states that no move reaches.
 */
#include <stdio.h>

#include "desk/machine_in.h"
#include "desk/yaml_in.h"

extern const uint64_t tq_case_file_count;
extern const desk_yaml_file tq_case_files[];

static desk_machine *read_machine(const desk_yaml *in)
{
    return in->whole;
}

/* ---- words -------------------------------------------------------------------------------------
 */

static tq_status copy_id(const desk_yaml *in, const yaml_node_t *node, const char *key,
                         char out[MACHINE_ID_MAX])
{
    TQ_TRY(desk_yaml_word(in, node, key, MACHINE_ID_MAX, out));
    for (const char *c = out; *c != '\0'; c++)
        if (!((*c >= 'a' && *c <= 'z') || (*c >= '0' && *c <= '9') || *c == '_'))
            return desk_yaml_refuse(in, node, "%s is \"%s\"; use small letters, digits and _", key,
                                    out);
    return TQ_OK;
}

static tq_status read_yes_no(const desk_yaml *in, const yaml_node_t *node, const char *key,
                             bool *out)
{
    tq_str text = desk_yaml_text(node);
    if (!tq_str_is(text, "yes") && !tq_str_is(text, "no") && !tq_str_is(text, "true") &&
        !tq_str_is(text, "false"))
        return desk_yaml_refuse(in, node, "%s is yes or no", key);
    *out = tq_str_is(text, "yes") || tq_str_is(text, "true");
    return TQ_OK;
}

static tq_status read_name(const desk_yaml *in, const yaml_node_t *node, machine_name *out)
{
    return desk_yaml_names(in, node, "name", MACHINE_NAME_MAX, out->zh, out->en);
}

/* ---- fields -------------------------------------------------------------------------------------
 */

static const char *const FIELD_TYPES[] = {"text",   "point",  "number", "reference",
                                          "choice", "yes_no", NULL};

static tq_status take_choice(const desk_yaml *in, const char *key, const yaml_node_t *value,
                             void *user)
{
    machine_field *field = user;
    if (field->choice_count >= MACHINE_CHOICES)
        return desk_yaml_refuse(in, value, "more than %u values", MACHINE_CHOICES);
    machine_choice *choice = &field->choice[field->choice_count++];
    tq_str name = tq_str_of(key);
    if (name.len >= sizeof choice->id) return desk_yaml_refuse(in, value, "%s is too long", key);
    memcpy(choice->id, name.at, name.len + 1);
    return read_name(in, value, &choice->name);
}

static tq_status take_field_key(const desk_yaml *in, const char *key, const yaml_node_t *value,
                                void *user)
{
    machine_field *field = user;
    if (strcmp(key, "name") == 0) return read_name(in, value, &field->name);
    if (strcmp(key, "need") == 0) return read_yes_no(in, value, key, &field->need);
    if (strcmp(key, "values") == 0) return desk_yaml_keys(in, value, key, NULL, take_choice, field);
    char word[MACHINE_ID_MAX];
    TQ_TRY(desk_yaml_word(in, value, key, sizeof word, word));
    for (uint32_t k = 0; FIELD_TYPES[k] != NULL; k++)
        if (strcmp(FIELD_TYPES[k], word) == 0) {
            field->type = (machine_field_type)k;
            return TQ_OK;
        }
    return desk_yaml_refuse(
        in, value, "type is text, point, number, reference, choice or yes_no, not %s", word);
}

static tq_status take_field(const desk_yaml *in, const char *key, const yaml_node_t *value,
                            void *user)
{
    static const char *const keys[] = {"type", "name", "need", "values", NULL};
    (void)user;
    if (read_machine(in)->field_count >= MACHINE_FIELDS)
        return desk_yaml_refuse(in, value, "more than %u fields", MACHINE_FIELDS);
    machine_field *field = &read_machine(in)->field[read_machine(in)->field_count++];
    (void)snprintf(field->id, sizeof field->id, "%s", key);
    TQ_TRY(desk_yaml_keys(in, value, "a field", keys, take_field_key, field));
    if ((field->type == FIELD_CHOICE) != (field->choice_count > 0))
        return desk_yaml_refuse(in, value, "the field %s: values go with type: choice", key);
    return TQ_OK;
}

/* ---- states and moves
 * ----------------------------------------------------------------------------- */

static tq_status take_state_key(const desk_yaml *in, const char *key, const yaml_node_t *value,
                                void *user)
{
    machine_state *state = user;
    if (strcmp(key, "id") == 0) return copy_id(in, value, key, state->id);
    if (strcmp(key, "name") == 0) return read_name(in, value, &state->name);
    return desk_yaml_span(in, value, key, 60000, &state->clock_ms);
}

static tq_status take_state(const desk_yaml *in, const char *key, const yaml_node_t *value,
                            void *user)
{
    static const char *const keys[] = {"id", "name", "clock", NULL};
    (void)key;
    (void)user;
    if (read_machine(in)->state_count >= MACHINE_STATES)
        return desk_yaml_refuse(in, value, "more than %u states", MACHINE_STATES);
    machine_state state = {0};
    TQ_TRY(desk_yaml_keys(in, value, "a state", keys, take_state_key, &state));
    if (state.id[0] == '\0') return desk_yaml_refuse(in, value, "a state wants an id");
    if (machine_state_of(read_machine(in), state.id) != TQ_NONE)
        return desk_yaml_refuse(in, value, "the state %s stands twice", state.id);
    read_machine(in)->state[read_machine(in)->state_count++] = state;
    return TQ_OK;
}

static tq_status read_state_ref(const desk_yaml *in, const yaml_node_t *node, const char *key,
                                uint32_t *out)
{
    char word[MACHINE_ID_MAX];
    const char *known[MACHINE_STATES + 1] = {NULL};
    TQ_TRY(copy_id(in, node, key, word));
    *out = machine_state_of(read_machine(in), word);
    if (*out != TQ_NONE) return TQ_OK;
    for (uint32_t k = 0; k < read_machine(in)->state_count; k++)
        known[k] = read_machine(in)->state[k].id;
    const char *near = desk_nearest(word, known);
    return desk_yaml_refuse(in, node, "%s: there is no state %s%s%s", key, word,
                            near != NULL ? "; did you mean " : "", near != NULL ? near : "");
}

static tq_status take_role(const desk_yaml *in, const char *key, const yaml_node_t *value,
                           void *user)
{
    static const char *const people[] = {"rider",   "clerk",   "dispatcher", "road_unit", "police",
                                         "planner", "auditor", "admin",      NULL};
    uint32_t *who = user, role = tq_role_named(desk_yaml_text(value));
    char word[MACHINE_ID_MAX];
    (void)key;
    TQ_TRY(desk_yaml_word(in, value, "who", sizeof word, word));
    const char *near = desk_nearest(word, people);
    if (role == 0 || role == TQ_ROLE_PUBLIC || role == TQ_ROLE_PEER)
        return desk_yaml_refuse(in, value, "there is no role %s for people%s%s", word,
                                near != NULL ? "; did you mean " : "", near != NULL ? near : "");
    *who |= role;
    return TQ_OK;
}

static tq_status read_need(const desk_yaml *in, const yaml_node_t *node, machine_need *out)
{
    static const struct {
        const char *word;
        machine_need_kind kind;
    } plain[] = {{"closure", NEED_CLOSURE},
                 {"checklist", NEED_CHECKLIST},
                 {"note", NEED_NOTE},
                 {"stretch", NEED_STRETCH},
                 {"two_persons_after_alarm", NEED_TWO_PERSONS}};
    tq_str text = desk_yaml_text(node);
    for (uint32_t k = 0; k < TQ_COUNT(plain); k++)
        if (tq_str_is(text, plain[k].word)) {
            out->kind = plain[k].kind;
            return TQ_OK;
        }
    if (tq_str_starts(text, "signatures:")) {
        out->kind = NEED_SIGNATURES;
        tq_str number = {text.at + 11, text.len - 11};
        if (tq_parse_u32(number, &out->count) && out->count >= 1 && out->count <= MACHINE_PARTIES)
            return TQ_OK;
        return desk_yaml_refuse(in, node, "signatures:N wants a number from 1 to %u",
                                MACHINE_PARTIES);
    }
    bool document = tq_str_starts(text, "document:");
    size_t cut = document ? 9 : 0;
    out->kind = document ? NEED_DOCUMENT : NEED_FIELD;
    if (text.len <= cut || text.len - cut >= sizeof out->word)
        return desk_yaml_refuse(in, node,
                                "a need is a field, signatures:N, document:KIND, closure, "
                                "checklist, note, stretch or two_persons_after_alarm");
    memcpy(out->word, text.at + cut, text.len - cut);
    out->word[text.len - cut] = '\0';
    return TQ_OK;
}

static tq_status take_need(const desk_yaml *in, const char *key, const yaml_node_t *value,
                           void *user)
{
    machine_move *move = user;
    (void)key;
    if (move->need_count >= MACHINE_NEEDS)
        return desk_yaml_refuse(in, value, "more than %u needs", MACHINE_NEEDS);
    return read_need(in, value, &move->need[move->need_count++]);
}

static tq_status take_does(const desk_yaml *in, const char *key, const yaml_node_t *value,
                           void *user)
{
    machine_move *move = user;
    (void)key;
    if (tq_str_is(desk_yaml_text(value), "publish_closure"))
        move->does |= DOES_PUBLISH_CLOSURE;
    else if (tq_str_is(desk_yaml_text(value), "end_closure"))
        move->does |= DOES_END_CLOSURE;
    else
        return desk_yaml_refuse(in, value, "does is publish_closure or end_closure");
    return TQ_OK;
}

static tq_status take_move_key(const desk_yaml *in, const char *key, const yaml_node_t *value,
                               void *user)
{
    machine_move *move = user;
    if (strcmp(key, "from") == 0) return read_state_ref(in, value, key, &move->from);
    if (strcmp(key, "to") == 0) return read_state_ref(in, value, key, &move->to);
    if (strcmp(key, "name") == 0) return read_name(in, value, &move->name);
    if (strcmp(key, "who") == 0) return desk_yaml_items(in, value, take_role, &move->who);
    if (strcmp(key, "needs") == 0) return desk_yaml_items(in, value, take_need, move);
    if (strcmp(key, "does") == 0) return desk_yaml_items(in, value, take_does, move);
    return read_yes_no(in, value, key, &move->emergency);
}

static tq_status take_move(const desk_yaml *in, const char *key, const yaml_node_t *value,
                           void *user)
{
    static const char *const keys[] = {"from",  "to",   "name",      "who",
                                       "needs", "does", "emergency", NULL};
    (void)key;
    (void)user;
    if (read_machine(in)->move_count >= MACHINE_MOVES)
        return desk_yaml_refuse(in, value, "more than %u moves", MACHINE_MOVES);
    machine_move move = {.from = TQ_NONE, .to = TQ_NONE};
    TQ_TRY(desk_yaml_keys(in, value, "a move", keys, take_move_key, &move));
    if (move.from == TQ_NONE || move.to == TQ_NONE || move.who == 0)
        return desk_yaml_refuse(in, value, "a move wants from, to and who");
    for (uint32_t k = 0; k < read_machine(in)->move_count; k++)
        if (read_machine(in)->move[k].from == move.from && read_machine(in)->move[k].to == move.to)
            return desk_yaml_refuse(in, value, "the move from %s to %s stands twice",
                                    read_machine(in)->state[move.from].id,
                                    read_machine(in)->state[move.to].id);
    read_machine(in)->move[read_machine(in)->move_count++] = move;
    return TQ_OK;
}

static tq_status take_party(const desk_yaml *in, const char *key, const yaml_node_t *value,
                            void *user)
{
    (void)user;
    if (read_machine(in)->party_count >= MACHINE_PARTIES)
        return desk_yaml_refuse(in, value, "more than %u parties", MACHINE_PARTIES);
    machine_party *party = &read_machine(in)->party[read_machine(in)->party_count++];
    (void)snprintf(party->id, sizeof party->id, "%s", key);
    return read_name(in, value, &party->name);
}

/* A plain word stands for its own name. */
static tq_status take_party_word(const desk_yaml *in, const char *key, const yaml_node_t *value,
                                 void *user)
{
    (void)key;
    (void)user;
    if (read_machine(in)->party_count >= MACHINE_PARTIES)
        return desk_yaml_refuse(in, value, "more than %u parties", MACHINE_PARTIES);
    machine_party *party = &read_machine(in)->party[read_machine(in)->party_count++];
    TQ_TRY(copy_id(in, value, "a party", party->id));
    memcpy(party->name.zh, party->id, sizeof party->id);
    memcpy(party->name.en, party->id, sizeof party->id);
    return TQ_OK;
}

static tq_status take_measure(const desk_yaml *in, const char *key, const yaml_node_t *value,
                              void *user)
{
    (void)user;
    uint32_t *out = strcmp(key, "detect") == 0  ? &read_machine(in)->detect
                    : strcmp(key, "close") == 0 ? &read_machine(in)->close
                                                : &read_machine(in)->reopen;
    return read_state_ref(in, value, key, out);
}

/* ---- the whole
 * -------------------------------------------------------------------------------------- */

static tq_status take_top(const desk_yaml *in, const char *key, const yaml_node_t *value,
                          void *user)
{
    static const char *const measures[] = {"detect", "close", "reopen", NULL};
    desk_machine *out = read_machine(in);
    (void)user;
    if (strcmp(key, "type") == 0) return copy_id(in, value, key, out->type);
    if (strcmp(key, "name") == 0) return read_name(in, value, &out->name);
    if (strcmp(key, "hotline") == 0) return read_yes_no(in, value, key, &out->hotline);
    if (strcmp(key, "fields") == 0) return desk_yaml_keys(in, value, key, NULL, take_field, NULL);
    if (strcmp(key, "parties") == 0 && value->type == YAML_SEQUENCE_NODE)
        return desk_yaml_items(in, value, take_party_word, NULL);
    if (strcmp(key, "parties") == 0) return desk_yaml_keys(in, value, key, NULL, take_party, NULL);
    if (strcmp(key, "states") == 0) return desk_yaml_items(in, value, take_state, NULL);
    if (strcmp(key, "moves") == 0) return desk_yaml_items(in, value, take_move, NULL);
    if (strcmp(key, "measures") == 0)
        return desk_yaml_keys(in, value, key, measures, take_measure, NULL);
    TQ_TRY(desk_yaml_word(in, value, key, sizeof out->prefix, out->prefix));
    for (const char *c = out->prefix; *c != '\0'; c++)
        if (*c < 'A' || *c > 'Z')
            return desk_yaml_refuse(in, value, "prefix is 1 to 7 capital letters");
    return TQ_OK;
}

static tq_status take_root(desk_yaml *in, const yaml_node_t *root)
{
    static const char *const keys[] = {"type",   "name",  "prefix",  "hotline",  "fields",
                                       "states", "moves", "parties", "measures", NULL};
    return desk_yaml_keys(in, root, "a case type", keys, take_top, NULL);
}

tq_status machine_read(const char *source, tq_str bytes, desk_machine *out, tq_err *err)
{
    *out = (desk_machine){.detect = TQ_NONE, .close = TQ_NONE, .reopen = TQ_NONE};
    (void)snprintf(out->source, sizeof out->source, "%s", source);
    TQ_TRY(desk_yaml_read(source, bytes, MACHINE_BYTES_MAX, out, take_root, err));
    for (uint32_t state = 0; state < out->state_count; state++)
        out->state[state].final = true;
    for (uint32_t move = 0; move < out->move_count; move++)
        out->state[out->move[move].from].final = false;
    return machine_check(out, err);
}

/* ---- all of them
 * ------------------------------------------------------------------------------------- */

static tq_status add_machine(void *user, const char *source, tq_str bytes, tq_err *err)
{
    struct desk_machines *all = user;
    desk_machine *machine = TQ_ALLOC(desk_machine, 1);
    if (machine == NULL) return tq_fail(err, TQ_NO_MEMORY, 0, "no memory for case types");
    tq_status status = machine_read(source, bytes, machine, err);
    uint32_t at = 0;
    while (status == TQ_OK && at < all->count && strcmp(all->machine[at]->type, machine->type) < 0)
        at++;
    bool over =
        status == TQ_OK && at < all->count && strcmp(all->machine[at]->type, machine->type) == 0;
    if (status == TQ_OK && !over && all->count == MACHINES_MAX)
        status =
            tq_fail(err, TQ_BAD_CONFIG, 0, "%s: more than %u case types", source, MACHINES_MAX);
    for (uint32_t k = 0; status == TQ_OK && k < all->count; k++)
        if ((!over || k != at) && strcmp(all->machine[k]->prefix, machine->prefix) == 0)
            status = tq_fail(err, TQ_BAD_CONFIG, 0, "%s: the prefix %s is taken by the type %s",
                             source, machine->prefix, all->machine[k]->type);
    if (status != TQ_OK) {
        tq_free(machine);
        return status;
    }
    if (over) {
        tq_free(all->machine[at]);
    } else {
        memmove(&all->machine[at + 1], &all->machine[at], (all->count - at) * sizeof *all->machine);
        all->count++;
    }
    all->machine[at] = machine;
    return TQ_OK;
}

tq_status desk_machines_open(const char *folder, struct desk_machines **out, tq_err *err)
{
    struct desk_machines *all = TQ_ALLOC(struct desk_machines, 1);
    if (all == NULL) return tq_fail(err, TQ_NO_MEMORY, 0, "no memory for case types");
    tq_status status = desk_yaml_files("cases", tq_case_files, tq_case_file_count, folder,
                                       MACHINE_BYTES_MAX, add_machine, all, err);
    if (status != TQ_OK) {
        desk_machines_close(all);
        return status;
    }
    *out = all;
    return TQ_OK;
}

void desk_machines_close(struct desk_machines *machines)
{
    if (machines == NULL) return;
    for (uint32_t k = 0; k < machines->count; k++)
        tq_free(machines->machine[k]);
    tq_free(machines);
}
