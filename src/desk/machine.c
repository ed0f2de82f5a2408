/*
 * State machines held as data: one YAML file a type of case.
 *
 * Built-in types come from cases/ of the source tree (cmake/cases.cmake puts them into the
 * program); a city's own folder cases/ adds types, and changes a built-in one by a file with the
 * same type. The file is read with libyaml into a tree of nodes, then key by key: an unknown key is
 * refused with its line and the nearest known one, and so are doubled keys, words that mean
 * nothing, states that no move reaches. Aliases are refused, so that a small file stays small.
 */
#include <stdio.h>
#include <yaml.h>

#include "desk/machine_in.h"

extern const uint64_t tq_case_file_count;
extern const struct {
    const char *name, *at;
    uint64_t len;
} tq_case_files[];

typedef struct reader {
    yaml_document_t *document;
    const char *source;
    desk_machine *out;
    tq_err *err;
} reader;

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

/* ---- nodes -------------------------------------------------------------------------------------
 */

static tq_str scalar(const yaml_node_t *node)
{
    if (node == NULL || node->type != YAML_SCALAR_NODE) return (tq_str){"", 0};
    return (tq_str){(const char *)node->data.scalar.value, node->data.scalar.length};
}

static tq_status copy_word(const reader *in, const yaml_node_t *node, const char *key, size_t cap,
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

static tq_status copy_id(const reader *in, const yaml_node_t *node, const char *key,
                         char out[MACHINE_ID_MAX])
{
    TQ_TRY(copy_word(in, node, key, MACHINE_ID_MAX, out));
    for (const char *c = out; *c != '\0'; c++)
        if (!((*c >= 'a' && *c <= 'z') || (*c >= '0' && *c <= '9') || *c == '_'))
            return refuse(in, node, "%s is \"%s\"; use small letters, digits and _", key, out);
    return TQ_OK;
}

static tq_status read_yes_no(const reader *in, const yaml_node_t *node, const char *key, bool *out)
{
    tq_str text = scalar(node);
    if (!tq_str_is(text, "yes") && !tq_str_is(text, "no") && !tq_str_is(text, "true") &&
        !tq_str_is(text, "false"))
        return refuse(in, node, "%s is yes or no", key);
    *out = tq_str_is(text, "yes") || tq_str_is(text, "true");
    return TQ_OK;
}

typedef tq_status (*take_key)(reader *in, const char *key, const yaml_node_t *value, void *user);

/* Give each key of a mapping to `take`; unknown and doubled ones are refused here. keys NULL = all
 * names are good. */
static tq_status each_key(reader *in, const yaml_node_t *node, const char *what,
                          const char *const *keys, take_key take, void *user)
{
    if (node == NULL || node->type != YAML_MAPPING_NODE)
        return refuse(in, node, "%s has keys below it, such as id: and name:", what);
    for (yaml_node_pair_t *pair = node->data.mapping.pairs.start;
         pair < node->data.mapping.pairs.top; pair++) {
        char key[MACHINE_ID_MAX];
        const yaml_node_t *name = yaml_document_get_node(in->document, pair->key),
                          *value = yaml_document_get_node(in->document, pair->value);
        TQ_TRY(copy_word(in, name, "a key", sizeof key, key));
        for (yaml_node_pair_t *before = node->data.mapping.pairs.start; before < pair; before++)
            if (tq_str_is(scalar(yaml_document_get_node(in->document, before->key)), key))
                return refuse(in, name, "%s stands twice in %s", key, what);
        const char *const *one = keys;
        while (one != NULL && *one != NULL && strcmp(*one, key) != 0)
            one++;
        if (one != NULL && *one == NULL) {
            const char *near = desk_nearest(key, keys);
            return refuse(in, name, "unknown key %s in %s%s%s%s", key, what,
                          near != NULL ? "; did you mean " : "", near != NULL ? near : "",
                          near != NULL ? "?" : "");
        }
        TQ_TRY(take(in, key, value, user));
    }
    return TQ_OK;
}

/* Give each item of a list (or the one value) to `take`. */
static tq_status each_item(reader *in, const yaml_node_t *node, take_key take, void *user)
{
    if (node == NULL || node->type != YAML_SEQUENCE_NODE) return take(in, "", node, user);
    for (yaml_node_item_t *item = node->data.sequence.items.start;
         item < node->data.sequence.items.top; item++)
        TQ_TRY(take(in, "", yaml_document_get_node(in->document, *item), user));
    return TQ_OK;
}

static tq_status take_name(reader *in, const char *key, const yaml_node_t *value, void *user)
{
    machine_name *name = user;
    return copy_word(in, value, key, MACHINE_NAME_MAX,
                     strcmp(key, "zh") == 0 ? name->zh : name->en);
}

static tq_status read_name(reader *in, const yaml_node_t *node, machine_name *out)
{
    static const char *const keys[] = {"zh", "en", NULL};
    TQ_TRY(each_key(in, node, "name", keys, take_name, out));
    if (out->zh[0] == '\0' || out->en[0] == '\0')
        return refuse(in, node, "name wants both zh and en");
    return TQ_OK;
}

/* "30 min", "2 h", "3 d" */
static tq_status read_clock(const reader *in, const yaml_node_t *node, int64_t *out)
{
    static const struct {
        const char *unit;
        int64_t ms;
    } units[] = {{"min", 60000}, {"h", 3600000}, {"d", 86400000}};
    tq_str text = scalar(node), number = text;
    size_t at = 0;
    while (at < text.len && text.at[at] >= '0' && text.at[at] <= '9')
        at++;
    number.len = at;
    tq_str unit = tq_str_trim((tq_str){text.at + at, text.len - at});
    int64_t value = 0;
    for (uint32_t k = 0; k < TQ_COUNT(units); k++) {
        if (!tq_str_is(unit, units[k].unit) || !tq_parse_i64(number, &value) || value < 1 ||
            value > MACHINE_CLOCK_MOST_MS / units[k].ms)
            continue;
        *out = value * units[k].ms;
        return TQ_OK;
    }
    return refuse(in, node, "clock is a time of up to 366 d, such as 30 min, 2 h or 3 d");
}

/* ---- fields -------------------------------------------------------------------------------------
 */

static const char *const FIELD_TYPES[] = {"text",   "point",  "number", "reference",
                                          "choice", "yes_no", NULL};

static tq_status take_choice(reader *in, const char *key, const yaml_node_t *value, void *user)
{
    machine_field *field = user;
    if (field->choice_count >= MACHINE_CHOICES)
        return refuse(in, value, "more than %u values", MACHINE_CHOICES);
    machine_choice *choice = &field->choice[field->choice_count++];
    tq_str name = tq_str_of(key);
    if (name.len >= sizeof choice->id) return refuse(in, value, "%s is too long", key);
    memcpy(choice->id, name.at, name.len + 1);
    return read_name(in, value, &choice->name);
}

static tq_status take_field_key(reader *in, const char *key, const yaml_node_t *value, void *user)
{
    machine_field *field = user;
    if (strcmp(key, "name") == 0) return read_name(in, value, &field->name);
    if (strcmp(key, "need") == 0) return read_yes_no(in, value, key, &field->need);
    if (strcmp(key, "values") == 0) return each_key(in, value, key, NULL, take_choice, field);
    char word[MACHINE_ID_MAX];
    TQ_TRY(copy_word(in, value, key, sizeof word, word));
    for (uint32_t k = 0; FIELD_TYPES[k] != NULL; k++)
        if (strcmp(FIELD_TYPES[k], word) == 0) {
            field->type = (machine_field_type)k;
            return TQ_OK;
        }
    return refuse(in, value, "type is text, point, number, reference, choice or yes_no, not %s",
                  word);
}

static tq_status take_field(reader *in, const char *key, const yaml_node_t *value, void *user)
{
    static const char *const keys[] = {"type", "name", "need", "values", NULL};
    (void)user;
    if (in->out->field_count >= MACHINE_FIELDS)
        return refuse(in, value, "more than %u fields", MACHINE_FIELDS);
    machine_field *field = &in->out->field[in->out->field_count++];
    (void)snprintf(field->id, sizeof field->id, "%s", key);
    TQ_TRY(each_key(in, value, "a field", keys, take_field_key, field));
    if ((field->type == FIELD_CHOICE) != (field->choice_count > 0))
        return refuse(in, value, "the field %s: values go with type: choice", key);
    return TQ_OK;
}

/* ---- states and moves
 * ----------------------------------------------------------------------------- */

static tq_status take_state_key(reader *in, const char *key, const yaml_node_t *value, void *user)
{
    machine_state *state = user;
    if (strcmp(key, "id") == 0) return copy_id(in, value, key, state->id);
    if (strcmp(key, "name") == 0) return read_name(in, value, &state->name);
    return read_clock(in, value, &state->clock_ms);
}

static tq_status take_state(reader *in, const char *key, const yaml_node_t *value, void *user)
{
    static const char *const keys[] = {"id", "name", "clock", NULL};
    (void)key;
    (void)user;
    if (in->out->state_count >= MACHINE_STATES)
        return refuse(in, value, "more than %u states", MACHINE_STATES);
    machine_state state = {0};
    TQ_TRY(each_key(in, value, "a state", keys, take_state_key, &state));
    if (state.id[0] == '\0') return refuse(in, value, "a state wants an id");
    if (machine_state_of(in->out, state.id) != TQ_NONE)
        return refuse(in, value, "the state %s stands twice", state.id);
    in->out->state[in->out->state_count++] = state;
    return TQ_OK;
}

static tq_status read_state_ref(const reader *in, const yaml_node_t *node, const char *key,
                                uint32_t *out)
{
    char word[MACHINE_ID_MAX];
    const char *known[MACHINE_STATES + 1] = {NULL};
    TQ_TRY(copy_id(in, node, key, word));
    *out = machine_state_of(in->out, word);
    if (*out != TQ_NONE) return TQ_OK;
    for (uint32_t k = 0; k < in->out->state_count; k++)
        known[k] = in->out->state[k].id;
    const char *near = desk_nearest(word, known);
    return refuse(in, node, "%s: there is no state %s%s%s", key, word,
                  near != NULL ? "; did you mean " : "", near != NULL ? near : "");
}

static tq_status take_role(reader *in, const char *key, const yaml_node_t *value, void *user)
{
    static const char *const people[] = {"rider",   "clerk",   "dispatcher", "road_unit", "police",
                                         "planner", "auditor", "admin",      NULL};
    uint32_t *who = user, role = tq_role_named(scalar(value));
    char word[MACHINE_ID_MAX];
    (void)key;
    TQ_TRY(copy_word(in, value, "who", sizeof word, word));
    const char *near = desk_nearest(word, people);
    if (role == 0 || role == TQ_ROLE_PUBLIC || role == TQ_ROLE_PEER)
        return refuse(in, value, "there is no role %s for people%s%s", word,
                      near != NULL ? "; did you mean " : "", near != NULL ? near : "");
    *who |= role;
    return TQ_OK;
}

static tq_status read_need(const reader *in, const yaml_node_t *node, machine_need *out)
{
    static const struct {
        const char *word;
        machine_need_kind kind;
    } plain[] = {{"closure", NEED_CLOSURE},
                 {"checklist", NEED_CHECKLIST},
                 {"note", NEED_NOTE},
                 {"stretch", NEED_STRETCH},
                 {"two_persons_after_alarm", NEED_TWO_PERSONS}};
    tq_str text = scalar(node);
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
        return refuse(in, node, "signatures:N wants a number from 1 to %u", MACHINE_PARTIES);
    }
    bool document = tq_str_starts(text, "document:");
    size_t cut = document ? 9 : 0;
    out->kind = document ? NEED_DOCUMENT : NEED_FIELD;
    if (text.len <= cut || text.len - cut >= sizeof out->word)
        return refuse(in, node,
                      "a need is a field, signatures:N, document:KIND, closure, "
                      "checklist, note, stretch or two_persons_after_alarm");
    memcpy(out->word, text.at + cut, text.len - cut);
    out->word[text.len - cut] = '\0';
    return TQ_OK;
}

static tq_status take_need(reader *in, const char *key, const yaml_node_t *value, void *user)
{
    machine_move *move = user;
    (void)key;
    if (move->need_count >= MACHINE_NEEDS)
        return refuse(in, value, "more than %u needs", MACHINE_NEEDS);
    return read_need(in, value, &move->need[move->need_count++]);
}

static tq_status take_does(reader *in, const char *key, const yaml_node_t *value, void *user)
{
    machine_move *move = user;
    (void)key;
    if (tq_str_is(scalar(value), "publish_closure"))
        move->does |= DOES_PUBLISH_CLOSURE;
    else if (tq_str_is(scalar(value), "end_closure"))
        move->does |= DOES_END_CLOSURE;
    else
        return refuse(in, value, "does is publish_closure or end_closure");
    return TQ_OK;
}

static tq_status take_move_key(reader *in, const char *key, const yaml_node_t *value, void *user)
{
    machine_move *move = user;
    if (strcmp(key, "from") == 0) return read_state_ref(in, value, key, &move->from);
    if (strcmp(key, "to") == 0) return read_state_ref(in, value, key, &move->to);
    if (strcmp(key, "name") == 0) return read_name(in, value, &move->name);
    if (strcmp(key, "who") == 0) return each_item(in, value, take_role, &move->who);
    if (strcmp(key, "needs") == 0) return each_item(in, value, take_need, move);
    if (strcmp(key, "does") == 0) return each_item(in, value, take_does, move);
    return read_yes_no(in, value, key, &move->emergency);
}

static tq_status take_move(reader *in, const char *key, const yaml_node_t *value, void *user)
{
    static const char *const keys[] = {"from",  "to",   "name",      "who",
                                       "needs", "does", "emergency", NULL};
    (void)key;
    (void)user;
    if (in->out->move_count >= MACHINE_MOVES)
        return refuse(in, value, "more than %u moves", MACHINE_MOVES);
    machine_move move = {.from = TQ_NONE, .to = TQ_NONE};
    TQ_TRY(each_key(in, value, "a move", keys, take_move_key, &move));
    if (move.from == TQ_NONE || move.to == TQ_NONE || move.who == 0)
        return refuse(in, value, "a move wants from, to and who");
    for (uint32_t k = 0; k < in->out->move_count; k++)
        if (in->out->move[k].from == move.from && in->out->move[k].to == move.to)
            return refuse(in, value, "the move from %s to %s stands twice",
                          in->out->state[move.from].id, in->out->state[move.to].id);
    in->out->move[in->out->move_count++] = move;
    return TQ_OK;
}

static tq_status take_party(reader *in, const char *key, const yaml_node_t *value, void *user)
{
    (void)user;
    if (in->out->party_count >= MACHINE_PARTIES)
        return refuse(in, value, "more than %u parties", MACHINE_PARTIES);
    machine_party *party = &in->out->party[in->out->party_count++];
    (void)snprintf(party->id, sizeof party->id, "%s", key);
    return read_name(in, value, &party->name);
}

/* A plain word stands for its own name. */
static tq_status take_party_word(reader *in, const char *key, const yaml_node_t *value, void *user)
{
    (void)key;
    (void)user;
    if (in->out->party_count >= MACHINE_PARTIES)
        return refuse(in, value, "more than %u parties", MACHINE_PARTIES);
    machine_party *party = &in->out->party[in->out->party_count++];
    TQ_TRY(copy_id(in, value, "a party", party->id));
    memcpy(party->name.zh, party->id, sizeof party->id);
    memcpy(party->name.en, party->id, sizeof party->id);
    return TQ_OK;
}

static tq_status take_measure(reader *in, const char *key, const yaml_node_t *value, void *user)
{
    (void)user;
    uint32_t *out = strcmp(key, "detect") == 0  ? &in->out->detect
                    : strcmp(key, "close") == 0 ? &in->out->close
                                                : &in->out->reopen;
    return read_state_ref(in, value, key, out);
}

/* ---- the whole
 * -------------------------------------------------------------------------------------- */

static tq_status take_top(reader *in, const char *key, const yaml_node_t *value, void *user)
{
    static const char *const measures[] = {"detect", "close", "reopen", NULL};
    desk_machine *out = in->out;
    (void)user;
    if (strcmp(key, "type") == 0) return copy_id(in, value, key, out->type);
    if (strcmp(key, "name") == 0) return read_name(in, value, &out->name);
    if (strcmp(key, "hotline") == 0) return read_yes_no(in, value, key, &out->hotline);
    if (strcmp(key, "fields") == 0) return each_key(in, value, key, NULL, take_field, NULL);
    if (strcmp(key, "parties") == 0 && value->type == YAML_SEQUENCE_NODE)
        return each_item(in, value, take_party_word, NULL);
    if (strcmp(key, "parties") == 0) return each_key(in, value, key, NULL, take_party, NULL);
    if (strcmp(key, "states") == 0) return each_item(in, value, take_state, NULL);
    if (strcmp(key, "moves") == 0) return each_item(in, value, take_move, NULL);
    if (strcmp(key, "measures") == 0) return each_key(in, value, key, measures, take_measure, NULL);
    TQ_TRY(copy_word(in, value, key, sizeof out->prefix, out->prefix));
    for (const char *c = out->prefix; *c != '\0'; c++)
        if (*c < 'A' || *c > 'Z') return refuse(in, value, "prefix is 1 to 7 capital letters");
    return TQ_OK;
}

/* Aliases make a small file a large tree, and a tree a knot. */
static bool has_alias(const yaml_document_t *document, yaml_node_t *node_of)
{
    size_t nodes = (size_t)(document->nodes.top - document->nodes.start), links = 0;
    for (yaml_node_t *node = node_of; node < document->nodes.top; node++) {
        if (node->type == YAML_SEQUENCE_NODE)
            links += (size_t)(node->data.sequence.items.top - node->data.sequence.items.start);
        if (node->type == YAML_MAPPING_NODE)
            links += 2 * (size_t)(node->data.mapping.pairs.top - node->data.mapping.pairs.start);
    }
    return nodes > 0 && links != nodes - 1;
}

tq_status machine_read(const char *source, tq_str bytes, desk_machine *out, tq_err *err)
{
    static const char *const keys[] = {"type",   "name",  "prefix",  "hotline",  "fields",
                                       "states", "moves", "parties", "measures", NULL};
    yaml_parser_t parser;
    yaml_document_t document;
    *out = (desk_machine){.detect = TQ_NONE, .close = TQ_NONE, .reopen = TQ_NONE};
    (void)snprintf(out->source, sizeof out->source, "%s", source);
    reader in = {.document = &document, .source = source, .out = out, .err = err};
    if (bytes.len > MACHINE_BYTES_MAX)
        return tq_fail(err, TQ_BAD_CONFIG, 0, "%s has %zu bytes; %zu are allowed", source,
                       bytes.len, MACHINE_BYTES_MAX);
    if (!yaml_parser_initialize(&parser))
        return tq_fail(err, TQ_NO_MEMORY, 0, "no memory to read %s", source);
    yaml_parser_set_input_string(&parser, (const unsigned char *)bytes.at, bytes.len);
    tq_status status;
    if (!yaml_parser_load(&parser, &document)) {
        size_t line = parser.problem_mark.line + 1;
        status = tq_fail(err, TQ_BAD_CONFIG, line, "%s line %zu: not YAML: %s", source, line,
                         parser.problem != NULL ? parser.problem : "not text");
        yaml_parser_delete(&parser);
        return status;
    }
    yaml_node_t *root = yaml_document_get_root_node(&document);
    if (root == NULL)
        status =
            tq_fail(err, TQ_BAD_CONFIG, 1, "%s is empty; it wants type, states and moves", source);
    else if (has_alias(&document, document.nodes.start))
        status = refuse(&in, root, "aliases (& and *) are not used here; write the value out");
    else
        status = each_key(&in, root, "a case type", keys, take_top, NULL);
    for (uint32_t state = 0; state < out->state_count; state++)
        out->state[state].final = true;
    for (uint32_t move = 0; move < out->move_count; move++)
        out->state[out->move[move].from].final = false;
    if (status == TQ_OK) status = machine_check(out, err);
    yaml_document_delete(&document);
    yaml_parser_delete(&parser);
    return status;
}

/* ---- all of them
 * ------------------------------------------------------------------------------------- */

static tq_status add_machine(struct desk_machines *all, const char *source, tq_str bytes,
                             tq_err *err)
{
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

typedef struct folder_run {
    struct desk_machines *all;
    const char *folder;
    tq_status status;
    tq_err *err;
} folder_run;

static void add_file(void *user, const char *name)
{
    folder_run *run = user;
    char path[TQ_PATH_MAX], source[64];
    char *bytes = NULL;
    size_t len = strlen(name), size = 0;
    if (run->status != TQ_OK || len < 6 || strcmp(name + len - 5, ".yaml") != 0) return;
    (void)snprintf(source, sizeof source, "cases/%s", name);
    if (!tq_path_join(path, run->folder, name)) {
        run->status = tq_fail(run->err, TQ_BAD_CONFIG, 0, "%s: the path is too long", source);
        return;
    }
    run->status = tq_file_read(path, MACHINE_BYTES_MAX, &bytes, &size, run->err);
    if (run->status == TQ_OK)
        run->status = add_machine(run->all, source, (tq_str){bytes, size}, run->err);
    tq_free(bytes);
}

tq_status desk_machines_open(const char *folder, struct desk_machines **out, tq_err *err)
{
    struct desk_machines *all = TQ_ALLOC(struct desk_machines, 1);
    char path[TQ_PATH_MAX], source[64];
    if (all == NULL) return tq_fail(err, TQ_NO_MEMORY, 0, "no memory for case types");
    tq_status status = TQ_OK;
    for (uint64_t k = 0; status == TQ_OK && k < tq_case_file_count; k++) {
        (void)snprintf(source, sizeof source, "built-in cases/%s.yaml", tq_case_files[k].name);
        status = add_machine(all, source,
                             (tq_str){tq_case_files[k].at, (size_t)tq_case_files[k].len}, err);
    }
    if (status == TQ_OK && folder != NULL && folder[0] != '\0' &&
        tq_path_join(path, folder, "cases") && tq_file_look(path).is_folder) {
        folder_run run = {.all = all, .folder = path, .err = err};
        status = tq_folder_list(path, add_file, &run, err);
        if (status == TQ_OK) status = run.status;
    }
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
