/*
 * Lives of orders and the rules of the phone desk, held as data.
 *
 * Built-in files come from orders/ of the source tree (cmake/orders.cmake); a city's own folder
 * orders/ may hold files of the same names that stand in their place (rules.yaml: key by key), and
 * its tariff.csv the prices. Unknown keys, unknown states, states that
 * nothing leads to are refused with file and line (yaml.c).
 */
#include <stdio.h>

#include "os/os.h"

#include "desk/order_in.h"
#include "desk/yaml_in.h"

#define ORDER_FILE_MAX  ((size_t)64 << 10)
#define TARIFF_FILE_MAX ((size_t)256 << 10)

extern const uint64_t tq_order_file_count;
extern const desk_yaml_file tq_order_files[];
extern const uint64_t tq_consignment_file_count; /* their lives are of the same form */
extern const desk_yaml_file tq_consignment_files[];

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

/* A state by its name. */
static tq_status find_state(const desk_yaml *in, const yaml_node_t *node, const char *key,
                            const order_machine *machine, uint32_t *out)
{
    const char *known[ORDER_STATES_MAX + 1] = {NULL};
    for (uint32_t k = 0; k < machine->count; k++)
        known[k] = machine->state[k].id;
    return desk_yaml_choice(in, node, key, known, out);
}

static tq_status take_state(const desk_yaml *in, const char *key, const yaml_node_t *value,
                            void *user)
{
    order_machine *out = user;
    (void)key;
    if (out->count == ORDER_STATES_MAX)
        return desk_yaml_refuse(in, value, "more than %u states", ORDER_STATES_MAX);
    char *id = out->state[out->count].id;
    TQ_TRY(desk_yaml_word(in, value, "a state", ORDER_WORD_MAX, id));
    if (order_state_of(out, id) != TQ_NONE)
        return desk_yaml_refuse(in, value, "the state %s stands twice", id);
    out->count++;
    return TQ_OK;
}

/* States of a list as bits; the first of them too. */
typedef struct mask_reader {
    const order_machine *machine;
    uint32_t mask, first;
} mask_reader;

static tq_status take_bit(const desk_yaml *in, const char *key, const yaml_node_t *value,
                          void *user)
{
    mask_reader *out = user;
    uint32_t state;
    (void)key;
    TQ_TRY(find_state(in, value, "a state", out->machine, &state));
    if (out->mask == 0) out->first = state;
    out->mask |= 1u << state;
    return TQ_OK;
}

static tq_status take_list(const desk_yaml *in, const yaml_node_t *node, const char *key,
                           desk_yaml_take take, void *user)
{
    if (node == NULL || node->type != YAML_SEQUENCE_NODE)
        return desk_yaml_refuse(in, node, "%s wants a list of states, such as [searching]", key);
    return desk_yaml_items(in, node, take, user);
}

typedef struct name_reader {
    order_machine *machine;
    bool zh;
} name_reader;

static tq_status take_name(const desk_yaml *in, const char *key, const yaml_node_t *value,
                           void *user)
{
    const name_reader *names = user;
    uint32_t state = order_state_of(names->machine, key);
    order_state *at = &names->machine->state[state];
    return desk_yaml_word(in, value, key, ORDER_TEXT_MAX, names->zh ? at->zh : at->en);
}

/* Every state has one name in this language. */
static tq_status take_names(const desk_yaml *in, const yaml_node_t *map, const char *key,
                            order_machine *machine)
{
    name_reader names = {machine, strcmp(key, "zh") == 0};
    const char *known[ORDER_STATES_MAX + 1] = {NULL};
    for (uint32_t k = 0; k < machine->count; k++)
        known[k] = machine->state[k].id;
    TQ_TRY(desk_yaml_keys(in, map, key, known, take_name, &names));
    for (uint32_t k = 0; k < machine->count; k++)
        if ((names.zh ? machine->state[k].zh : machine->state[k].en)[0] == '\0')
            return desk_yaml_refuse(in, map, "%s: no name for the state %s", key, known[k]);
    return TQ_OK;
}

static tq_status take_moves(const desk_yaml *in, const char *key, const yaml_node_t *value,
                            void *user)
{
    order_machine *out = user;
    uint32_t from = order_state_of(out, key);
    mask_reader to = {.machine = out};
    TQ_TRY(take_list(in, value, key, take_bit, &to));
    out->state[from].next = to.mask;
    return TQ_OK;
}

/* The members of a life, found first: what they mean hangs on the states. */
enum { LIFE_KIND, LIFE_ALSO, LIFE_STATES, LIFE_BEGINS, LIFE_ZH, LIFE_EN, LIFE_MOVES, LIFE_KEYS };
static const char *const LIFE[LIFE_KEYS + 1] = {"kind", "also", "states", "begins",
                                                "zh",   "en",   "moves",  NULL};

static tq_status find_member(const desk_yaml *in, const char *key, const yaml_node_t *value,
                             void *user)
{
    const yaml_node_t **found = user;
    uint32_t k = 0;
    (void)in;
    while (strcmp(LIFE[k], key) != 0)
        k++;
    found[k] = value;
    return TQ_OK;
}

static tq_status keep_machine(const desk_yaml *in, const yaml_node_t *root,
                              const order_machine *made)
{
    struct desk_order_rules *all = in->whole;
    uint32_t at = 0;
    while (at < all->count && strcmp(all->machine[at].kind, made->kind) != 0)
        at++;
    if (at == ORDER_MACHINES_MAX)
        return desk_yaml_refuse(in, root, "more than %u kinds of orders", ORDER_MACHINES_MAX);
    all->machine[at] = *made;
    all->count = TQ_MAX(all->count, at + 1);
    return TQ_OK;
}

static tq_status take_machine(const desk_yaml *in, const yaml_node_t *root)
{
    const yaml_node_t *member[LIFE_KEYS] = {NULL};
    order_machine made = {.count = 0};
    mask_reader begins = {.machine = &made};
    const char *known[ORDER_STATES_MAX + 1] = {NULL};
    TQ_TRY(desk_yaml_keys(in, root, "a kind of order", LIFE, find_member, member));
    TQ_TRY(desk_yaml_word(in, member[LIFE_KIND], "kind", ORDER_WORD_MAX, made.kind));
    if (member[LIFE_ALSO] != NULL)
        TQ_TRY(desk_yaml_word(in, member[LIFE_ALSO], "also", ORDER_WORD_MAX, made.also));
    TQ_TRY(take_list(in, member[LIFE_STATES], "states", take_state, &made));
    TQ_TRY(take_list(in, member[LIFE_BEGINS], "begins", take_bit, &begins));
    made.begins = begins.mask;
    made.first = begins.first;
    TQ_TRY(take_names(in, member[LIFE_ZH], "zh", &made));
    TQ_TRY(take_names(in, member[LIFE_EN], "en", &made));
    for (uint32_t k = 0; k < made.count; k++)
        known[k] = made.state[k].id;
    TQ_TRY(desk_yaml_keys(in, member[LIFE_MOVES], "moves", known, take_moves, &made));
    uint32_t reached = made.begins;
    for (uint32_t k = 0; k < made.count; k++)
        reached |= made.state[k].next;
    for (uint32_t k = 0; k < made.count; k++)
        if (!(reached >> k & 1))
            return desk_yaml_refuse(in, root, "nothing leads to %s", made.state[k].id);
    return keep_machine(in, root, &made);
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

static tq_status take_rule(const desk_yaml *in, const char *key, const yaml_node_t *value,
                           void *user)
{
    struct desk_order_rules *out = user;
    uint32_t k = 0, number;
    if (strcmp(key, "kind") == 0) return TQ_OK;
    while (strcmp(RULES[k].name, key) != 0)
        k++;
    TQ_TRY(desk_yaml_count(in, value, key, (uint32_t)RULES[k].least, (uint32_t)RULES[k].most,
                           &number));
    int32_t rule = (int32_t)number;
    memcpy((char *)&out->rules + RULES[k].at, &rule, sizeof rule);
    return TQ_OK;
}

static tq_status take_rules(const desk_yaml *in, const yaml_node_t *root)
{
    const char *keys[TQ_COUNT(RULES) + 2] = {"kind"};
    for (uint32_t k = 0; k < TQ_COUNT(RULES); k++)
        keys[k + 1] = RULES[k].name;
    return desk_yaml_keys(in, root, "the rules", keys, take_rule, in->whole);
}

/* ---- files --------------------------------------------------------------------------------------
 */

static tq_status note_kind(const desk_yaml *in, const char *key, const yaml_node_t *value,
                           void *user)
{
    (void)in;
    if (strcmp(key, "kind") == 0) *(bool *)user = tq_str_is(desk_yaml_text(value), "rules");
    return TQ_OK;
}

static tq_status take_root(desk_yaml *in, const yaml_node_t *root)
{
    bool rules = false;
    TQ_TRY(desk_yaml_keys(in, root, "the file", NULL, note_kind, &rules));
    return rules ? take_rules(in, root) : take_machine(in, root);
}

static tq_status take_text(struct desk_order_rules *out, const char *source, tq_str yaml,
                           tq_err *err)
{
    return desk_yaml_read(source, yaml, ORDER_FILE_MAX, out, take_root, err);
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
        status =
            take_built_in(made, "orders", tq_order_files[k].name, yaml, city ? folder : NULL, err);
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
