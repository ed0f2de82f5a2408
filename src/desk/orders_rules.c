/*
 * Lives of orders and the rules of the phone desk, held as data.
 *
 * Built-in files come from orders/ of the source tree (cmake/orders.cmake); a city's own folder
 * orders/ may hold files of the same names that stand in their place (rules.yaml: key by key), and
 * its tariff.csv the prices. A file is read with libyaml two levels deep and no deeper: keys with
 * words, lists of words, or keys with those. Unknown keys, unknown states, states that nothing
 * leads to are refused with file and line.
 */
#include <stdio.h>
#include <yaml.h>

#include "os/os.h"

#include "desk/order_in.h"

#define ORDER_FILE_MAX  ((size_t)64 << 10)
#define TARIFF_FILE_MAX ((size_t)256 << 10)

extern const uint64_t tq_order_file_count;
extern const struct {
    const char *name, *at;
    uint64_t len;
} tq_order_files[];
extern const uint64_t tq_consignment_file_count; /* their lives are of the same form */
extern const struct {
    const char *name, *at;
    uint64_t len;
} tq_consignment_files[];

typedef struct reader {
    yaml_document_t document;
    const char *source;
    struct desk_order_rules *out;
    tq_err *err;
} reader;

static tq_status refuse(const reader *in, const yaml_node_t *node, const char *what,
                        const char *word)
{
    size_t line = node != NULL ? node->start_mark.line + 1 : 1;
    return tq_fail(in->err, TQ_BAD_CONFIG, line, "%s line %zu: %s%s%.60s%s", in->source, line, what,
                   word[0] != '\0' ? " \"" : "", word, word[0] != '\0' ? "\"" : "");
}

/* The same for a word out of a list: with the nearest one that is known. */
static tq_status refuse_word(const reader *in, const yaml_node_t *node, const char *what,
                             const char *word, const char *const *known)
{
    size_t line = node != NULL ? node->start_mark.line + 1 : 1;
    const char *near = desk_nearest(word, known);
    return tq_fail(in->err, TQ_BAD_CONFIG, line, "%s line %zu: %s \"%.60s\"%s%s", in->source, line,
                   what, word, near != NULL ? "; did you mean " : "", near != NULL ? near : "");
}

static const char *word_of(const yaml_node_t *node)
{
    return node != NULL && node->type == YAML_SCALAR_NODE ? (const char *)node->data.scalar.value
                                                          : "";
}

static const yaml_node_t *node_of(reader *in, int index)
{
    return yaml_document_get_node(&in->document, index);
}

static const yaml_node_t *find_key(reader *in, const yaml_node_t *map, const char *key)
{
    for (yaml_node_pair_t *pair = map->data.mapping.pairs.start; pair < map->data.mapping.pairs.top;
         pair++)
        if (strcmp(word_of(node_of(in, pair->key)), key) == 0) return node_of(in, pair->value);
    return NULL;
}

/* Keys are known and stand once. */
static tq_status check_keys(reader *in, const yaml_node_t *map, const char *const *known)
{
    for (yaml_node_pair_t *pair = map->data.mapping.pairs.start; pair < map->data.mapping.pairs.top;
         pair++) {
        const yaml_node_t *key = node_of(in, pair->key);
        const char *const *one = known;
        while (*one != NULL && strcmp(*one, word_of(key)) != 0)
            one++;
        if (*one == NULL) return refuse_word(in, key, "unknown key", word_of(key), known);
        for (yaml_node_pair_t *before = map->data.mapping.pairs.start; before < pair; before++)
            if (strcmp(word_of(node_of(in, before->key)), word_of(key)) == 0)
                return refuse(in, key, "the key stands twice:", word_of(key));
    }
    return TQ_OK;
}

/* ---- a life ------------------------------------------------------------------------------------
 */

uint32_t order_state_of(const order_machine *machine, const char *state)
{
    for (uint32_t k = 0; k < machine->count; k++)
        if (strcmp(machine->state[k].id, state) == 0) return k;
    return TQ_NONE;
}

bool order_is_over(const order_machine *machine, uint32_t state)
{
    return machine->state[state].next == 0;
}

const order_machine *order_machine_of(const tq_desk *desk, const char *kind)
{
    const struct desk_order_rules *all = desk->order_rules;
    for (uint32_t k = 0; k < all->count; k++)
        if (strcmp(all->machine[k].kind, kind) == 0 || strcmp(all->machine[k].also, kind) == 0)
            return &all->machine[k];
    return NULL;
}

static tq_status copy(reader *in, const yaml_node_t *node, size_t cap, char *out)
{
    const char *word = word_of(node);
    if (word[0] == '\0' || strlen(word) >= cap || !tq_utf8_valid(tq_str_of(word)))
        return refuse(in, node, "a short text is wanted, not", word);
    (void)snprintf(out, cap, "%s", word);
    return TQ_OK;
}

/* A state by its name. */
static tq_status find_state(const reader *in, const yaml_node_t *node, const order_machine *machine,
                            uint32_t *out)
{
    const char *known[ORDER_STATES_MAX + 1] = {NULL};
    *out = order_state_of(machine, word_of(node));
    if (*out != TQ_NONE) return TQ_OK;
    for (uint32_t k = 0; k < machine->count; k++)
        known[k] = machine->state[k].id;
    return refuse_word(in, node, "there is no state", word_of(node), known);
}

static tq_status take_states(reader *in, const yaml_node_t *node, order_machine *out)
{
    if (node == NULL || node->type != YAML_SEQUENCE_NODE)
        return refuse(in, node, "states: [searching, …] is missing", "");
    for (yaml_node_item_t *item = node->data.sequence.items.start;
         item < node->data.sequence.items.top; item++) {
        const yaml_node_t *one = node_of(in, *item);
        if (out->count == ORDER_STATES_MAX) return refuse(in, one, "too many states", "");
        if (order_state_of(out, word_of(one)) != TQ_NONE)
            return refuse(in, one, "the state stands twice:", word_of(one));
        TQ_TRY(copy(in, one, ORDER_WORD_MAX, out->state[out->count].id));
        out->count++;
    }
    return TQ_OK;
}

static tq_status take_mask(reader *in, const yaml_node_t *node, const order_machine *machine,
                           uint32_t *mask, uint32_t *first)
{
    if (node == NULL || node->type != YAML_SEQUENCE_NODE)
        return refuse(in, node, "a list of states is wanted", "");
    for (yaml_node_item_t *item = node->data.sequence.items.start;
         item < node->data.sequence.items.top; item++) {
        const yaml_node_t *one = node_of(in, *item);
        uint32_t state;
        TQ_TRY(find_state(in, one, machine, &state));
        if (*mask == 0 && first != NULL) *first = state;
        *mask |= 1u << state;
    }
    return TQ_OK;
}

static tq_status take_names(reader *in, const yaml_node_t *map, order_machine *out, bool zh)
{
    if (map == NULL || map->type != YAML_MAPPING_NODE)
        return refuse(in, map, "names zh: and en: of the states are missing", "");
    for (uint32_t k = 0; k < out->count; k++) {
        const yaml_node_t *name = find_key(in, map, out->state[k].id);
        if (name == NULL) return refuse(in, map, "no name for the state", out->state[k].id);
        TQ_TRY(copy(in, name, ORDER_TEXT_MAX, zh ? out->state[k].zh : out->state[k].en));
    }
    return TQ_OK;
}

static tq_status take_machine(reader *in, const yaml_node_t *root)
{
    static const char *const keys[] = {"kind", "also", "states", "begins",
                                       "zh",   "en",   "moves",  NULL};
    order_machine made = {.count = 0};
    TQ_TRY(check_keys(in, root, keys));
    TQ_TRY(copy(in, find_key(in, root, "kind"), ORDER_WORD_MAX, made.kind));
    const yaml_node_t *also = find_key(in, root, "also"), *moves = find_key(in, root, "moves");
    if (also != NULL) TQ_TRY(copy(in, also, ORDER_WORD_MAX, made.also));
    TQ_TRY(take_states(in, find_key(in, root, "states"), &made));
    TQ_TRY(take_mask(in, find_key(in, root, "begins"), &made, &made.begins, &made.first));
    TQ_TRY(take_names(in, find_key(in, root, "zh"), &made, true));
    TQ_TRY(take_names(in, find_key(in, root, "en"), &made, false));
    if (moves == NULL || moves->type != YAML_MAPPING_NODE)
        return refuse(in, moves, "moves: is missing", "");
    uint32_t reached = made.begins;
    for (yaml_node_pair_t *pair = moves->data.mapping.pairs.start;
         pair < moves->data.mapping.pairs.top; pair++) {
        const yaml_node_t *key = node_of(in, pair->key);
        uint32_t from;
        TQ_TRY(find_state(in, key, &made, &from));
        TQ_TRY(take_mask(in, node_of(in, pair->value), &made, &made.state[from].next, NULL));
        reached |= made.state[from].next;
    }
    for (uint32_t k = 0; k < made.count; k++)
        if (!(reached >> k & 1)) return refuse(in, root, "nothing leads to", made.state[k].id);
    struct desk_order_rules *all = in->out;
    uint32_t at = 0;
    while (at < all->count && strcmp(all->machine[at].kind, made.kind) != 0)
        at++;
    if (at == ORDER_MACHINES_MAX) return refuse(in, root, "too many kinds of orders", "");
    all->machine[at] = made;
    all->count = TQ_MAX(all->count, at + 1);
    return TQ_OK;
}

/* ---- rules --------------------------------------------------------------------------------------
 */

#define RULE(name, least, most)                                                                    \
    {                                                                                              \
#name, offsetof(order_rules, name), least, most                                            \
    }
static const struct {
    const char *name;
    size_t at;
    int32_t least, most;
} RULES[] = {
    RULE(past_s, 0, 3600),           RULE(ahead_days, 1, 366),
    RULE(now_s, 0, 86400),           RULE(lead_least_s, 60, 86400),
    RULE(lead_spare_s, 0, 7200),     RULE(street_m, 20, 5000),
    RULE(party_most, 1, 60),         RULE(hospital_m, 0, 2000),
    RULE(elder_years, 40, 120),      RULE(cancel_free_s, 0, 7200),
    RULE(cancel_fee_fen, 0, 100000), RULE(cancel_late_s, 0, 7200),
    RULE(no_show_wait_s, 0, 7200),   RULE(block_no_shows, 1, 1000),
    RULE(block_within_days, 1, 366), RULE(block_for_days, 1, 366),
    RULE(late_s, 0, 7200),           RULE(re_offer_s, 0, 7200),
    RULE(places_kept, 1, 100),       RULE(trips_kept, 1, 100),
    RULE(answer_within_s, 1, 600),   RULE(high_km_percent, 100, 300),
    RULE(high_slow_percent, 0, 100), RULE(near_stop_m, 0, 5000),
};

static tq_status take_rules(reader *in, const yaml_node_t *root)
{
    const char *keys[TQ_COUNT(RULES) + 2] = {"kind"};
    for (uint32_t k = 0; k < TQ_COUNT(RULES); k++)
        keys[k + 1] = RULES[k].name;
    TQ_TRY(check_keys(in, root, keys));
    for (uint32_t k = 0; k < TQ_COUNT(RULES); k++) {
        const yaml_node_t *node = find_key(in, root, RULES[k].name);
        int64_t number = 0;
        if (node == NULL) continue;
        if (!tq_parse_i64(tq_str_of(word_of(node)), &number) || number < RULES[k].least ||
            number > RULES[k].most) {
            char text[100];
            (void)snprintf(text, sizeof text, "%s is a whole number from %d to %d, not",
                           RULES[k].name, (int)RULES[k].least, (int)RULES[k].most);
            return refuse(in, node, text, word_of(node));
        }
        int32_t value = (int32_t)number;
        memcpy((char *)&in->out->rules + RULES[k].at, &value, sizeof value);
    }
    return TQ_OK;
}

/* ---- files --------------------------------------------------------------------------------------
 */

static tq_status take_text(struct desk_order_rules *out, const char *source, tq_str yaml,
                           tq_err *err)
{
    reader in = {.source = source, .out = out, .err = err};
    yaml_parser_t parser;
    if (!yaml_parser_initialize(&parser)) return tq_fail(err, TQ_NO_MEMORY, 0, "no memory");
    yaml_parser_set_input_string(&parser, (const unsigned char *)yaml.at, yaml.len);
    tq_status status;
    if (yaml_parser_load(&parser, &in.document)) {
        const yaml_node_t *root = yaml_document_get_root_node(&in.document);
        if (root == NULL || root->type != YAML_MAPPING_NODE)
            status = refuse(&in, root, "keys such as kind: are wanted", "");
        else if (strcmp(word_of(find_key(&in, root, "kind")), "rules") == 0)
            status = take_rules(&in, root);
        else
            status = take_machine(&in, root);
        yaml_document_delete(&in.document);
    } else {
        size_t line = parser.problem_mark.line + 1;
        status = tq_fail(err, TQ_BAD_CONFIG, line, "%s line %zu: not YAML: %s", source, line,
                         parser.problem != NULL ? parser.problem : "not text");
    }
    yaml_parser_delete(&parser);
    return status;
}

/* The city's file of that name, when there is one. */
static tq_status take_city_file(struct desk_order_rules *out, const char *folder, const char *name,
                                tq_err *err)
{
    char path[TQ_PATH_MAX], *bytes = NULL;
    size_t len = 0;
    bool prices = strcmp(name, "tariff.csv") == 0;
    if (!tq_path_join(path, folder, name) || !tq_file_look(path).exists) return TQ_OK;
    TQ_TRY(tq_file_read(path, prices ? TARIFF_FILE_MAX : ORDER_FILE_MAX, &bytes, &len, err));
    tq_status status = prices ? tariff_read((tq_str){bytes, len}, path, out, err)
                              : take_text(out, path, (tq_str){bytes, len}, err);
    tq_free(bytes);
    return status;
}

/* A built-in file, then the city's of that name. */
static tq_status take_built_in(struct desk_order_rules *made, const char *part, const char *name,
                               tq_str yaml, const char *folder, tq_err *err)
{
    char source[96];
    (void)snprintf(source, sizeof source, "built-in %s/%s.yaml", part, name);
    TQ_TRY(take_text(made, source, yaml, err));
    (void)snprintf(source, sizeof source, "%s/%s.yaml", part, name);
    return folder != NULL ? take_city_file(made, folder, source, err) : TQ_OK;
}

tq_status desk_order_rules_open(const char *folder, struct desk_order_rules **out, tq_err *err)
{
    struct desk_order_rules *made = TQ_ALLOC(struct desk_order_rules, 1);
    tq_status status =
        made != NULL ? TQ_OK : tq_fail(err, TQ_NO_MEMORY, 0, "no memory for the rules of orders");
    bool city = folder != NULL && folder[0] != '\0';
    for (uint64_t k = 0; status == TQ_OK && k < tq_order_file_count; k++) {
        tq_str yaml = {tq_order_files[k].at, (size_t)tq_order_files[k].len};
        status = take_built_in(made, "orders", tq_order_files[k].name, yaml, city ? folder : NULL,
                               err);
    }
    for (uint64_t k = 0; status == TQ_OK && k < tq_consignment_file_count; k++) {
        tq_str yaml = {tq_consignment_files[k].at, (size_t)tq_consignment_files[k].len};
        status = take_built_in(made, "consignments", tq_consignment_files[k].name, yaml,
                               city ? folder : NULL, err);
    }
    if (status == TQ_OK && city) status = take_city_file(made, folder, "tariff.csv", err);
    if (status == TQ_OK) status = tariff_assume(made, err);
    if (status != TQ_OK) {
        tq_free(made);
        return status;
    }
    *out = made;
    return TQ_OK;
}

void desk_order_rules_close(struct desk_order_rules *rules)
{
    if (rules == NULL) return;
    order_near_free(&rules->near);
    tq_free(rules);
}
