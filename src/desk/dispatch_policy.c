/*
 * Policies of dispatch as data: one YAML file each, built in from policies/ and added or replaced
 * by a city's folder policies/. One table says for each key where it lies, what it may be, and
 * serves the reader of YAML, the overrides of policy.set and the answer of policy.get alike; so an
 * unknown key is refused everywhere in the same words. `like: NAME` begins with another policy's
 * values.
 */
#include <stddef.h>
#include <stdio.h>
#include <yaml.h>

#include "os/os.h"

#include "desk/supply_in.h"

extern const uint64_t tq_policy_file_count;
extern const struct {
    const char *name, *at;
    uint64_t len;
} tq_policy_files[];

const char *const POLICY_METHODS[] = {"rotation", "nearest", "batch", "grab", NULL};
static const char *const ASKS[] = {"assign", "ask", NULL};

typedef enum key_kind { KEY_NUMBER, KEY_WORD, KEY_LIST, KEY_TEXT } key_kind;

typedef struct policy_key {
    const char *name;
    key_kind kind;
    size_t at, count_at; /* in desk_policy */
    int32_t least, most;
    const char *const *words;
} policy_key;

#define NUMBER(member, low, high)                                                                  \
    {                                                                                              \
#member, KEY_NUMBER, offsetof(desk_policy, member), 0, (low), (high), NULL                 \
    }
#define WORD(name, member, list)                                                                   \
    {                                                                                              \
        name, KEY_WORD, offsetof(desk_policy, member), 0, 0, 0, (list)                             \
    }
#define LIST(member, count, low, high)                                                             \
    {                                                                                              \
#member, KEY_LIST, offsetof(desk_policy, member), offsetof(desk_policy, count), (low),     \
            (high), NULL                                                                           \
    }

static const policy_key KEYS[] = {
    WORD("method", method, POLICY_METHODS),
    NUMBER(batch_s, 1, 60),
    NUMBER(candidates, 1, 48),
    LIST(radius_m, radius_count, 100, 50000),
    LIST(grow_s, grow_count, 0, 7200),
    WORD("offer", ask, ASKS),
    WORD("elder_offer", elder_ask, ASKS),
    NUMBER(offer_s, 5, 300),
    NUMBER(offers_most, 1, 20),
    NUMBER(grab_most, 1, (int32_t)SUPPLY_GRAB_MAX),
    NUMBER(elder_weight, 100, 400),
    NUMBER(elder_leave_s, 0, 7200),
    NUMBER(elder_wider_s, 0, 7200),
    NUMBER(leave_s, 60, 7200),
    NUMBER(ageing, 0, 1000),
    NUMBER(refusal_s, 0, 600),
    NUMBER(income_s, 0, 900),
    NUMBER(soon_s, 0, 600),
    NUMBER(soon_weight, 100, 1000),
    NUMBER(overdue_s, 0, 7200),
    NUMBER(bonus_fen, 0, 100000),
    NUMBER(balance_s, 0, 3600),
    NUMBER(balance_reach_s, 60, 3600),
    NUMBER(balance_past_s, 60, 7200),
    {"partner", KEY_TEXT, offsetof(desk_policy, partner), 0, 0, TQ_ID_MAX, NULL},
    NUMBER(partner_s, 0, 7200),
    NUMBER(give_up_s, 60, 14400),
    NUMBER(late_s, 0, 3600),
};

static const policy_key *key_named(const char *name)
{
    for (uint32_t k = 0; k < TQ_COUNT(KEYS); k++)
        if (strcmp(KEYS[k].name, name) == 0) return &KEYS[k];
    return NULL;
}

static int32_t *place(desk_policy *policy, size_t at)
{
    return (int32_t *)(void *)((char *)policy + at);
}

/* ---- one member from JSON (YAML comes here as JSON too) ----------------------------------------
 */

static tq_status set_number(const policy_key *key, const json_t *value, int32_t *out, tq_err *err)
{
    if (!json_is_integer(value) || json_integer_value(value) < key->least ||
        json_integer_value(value) > key->most)
        return tq_fail(err, TQ_BAD_INPUT, 0, "\"%s\" is a whole number from %d to %d", key->name,
                       key->least, key->most);
    *out = (int32_t)json_integer_value(value);
    return TQ_OK;
}

static tq_status set_list(desk_policy *policy, const policy_key *key, const json_t *list,
                          tq_err *err)
{
    int32_t *out = place(policy, key->at);
    size_t count = json_array_size(list);
    if (count == 0 || count > POLICY_STEPS_MAX)
        return tq_fail(err, TQ_BAD_INPUT, 0, "\"%s\" is a list of 1 to %u numbers", key->name,
                       POLICY_STEPS_MAX);
    for (size_t k = 0; k < count; k++) {
        TQ_TRY(set_number(key, json_array_get(list, k), &out[k], err));
        if (k > 0 && out[k] <= out[k - 1])
            return tq_fail(err, TQ_BAD_INPUT, 0, "\"%s\" must grow: %d stands behind %d", key->name,
                           out[k], out[k - 1]);
    }
    *place(policy, key->count_at) = (int32_t)count;
    return TQ_OK;
}

static tq_status set_key(desk_policy *policy, const policy_key *key, const json_t *value,
                         tq_err *err)
{
    const char *text = json_string_value(value);
    if (key->kind == KEY_NUMBER) return set_number(key, value, place(policy, key->at), err);
    if (key->kind == KEY_LIST) return set_list(policy, key, value, err);
    if (key->kind == KEY_TEXT) {
        if (text == NULL || strlen(text) >= (size_t)key->most)
            return tq_fail(err, TQ_BAD_INPUT, 0, "\"%s\" is a text below %d bytes", key->name,
                           key->most);
        (void)snprintf((char *)policy + key->at, (size_t)key->most, "%s", text);
        return TQ_OK;
    }
    uint32_t word = text != NULL ? vehicle_word(key->words, text) : TQ_NONE;
    if (word == TQ_NONE) {
        const char *near = text != NULL ? desk_nearest(text, key->words) : NULL;
        char words[80];
        size_t len = 0;
        for (uint32_t k = 0; key->words[k] != NULL && len < sizeof words; k++)
            len += (size_t)snprintf(words + len, sizeof words - len, "%s%s", k > 0 ? ", " : "",
                                    key->words[k]);
        return tq_fail(err, TQ_BAD_INPUT, 0, "\"%s\" is \"%.40s\"; it is one of %s%s%s%s",
                       key->name, text != NULL ? text : "", words,
                       near != NULL ? "; did you mean " : "", near != NULL ? near : "",
                       near != NULL ? "?" : "");
    }
    *place(policy, key->at) = (int32_t)word;
    return TQ_OK;
}

tq_status policy_change(desk_policy *policy, const json_t *members, tq_err *err)
{
    const char *name;
    json_t *value;
    desk_policy made = *policy;
    json_object_foreach((json_t *)(uintptr_t)members, name, value)
    {
        const policy_key *key = key_named(name);
        if (key == NULL) {
            const char *names[TQ_COUNT(KEYS) + 1] = {NULL};
            for (uint32_t k = 0; k < TQ_COUNT(KEYS); k++)
                names[k] = KEYS[k].name;
            const char *near = desk_nearest(name, names);
            return tq_fail(err, TQ_BAD_INPUT, 0, "a policy does not know \"%.40s\"%s%s%s", name,
                           near != NULL ? "; did you mean \"" : "", near != NULL ? near : "",
                           near != NULL ? "\"?" : "");
        }
        TQ_TRY(set_key(&made, key, value, err));
    }
    if (made.radius_count != made.grow_count || made.grow_s[0] != 0)
        return tq_fail(err, TQ_BAD_INPUT, 0,
                       "\"grow_s\" has one number for each of \"radius_m\", the first is 0");
    *policy = made;
    return TQ_OK;
}

json_t *policy_json(const desk_policy *policy)
{
    desk_policy copy = *policy;
    json_t *out = json_object(), *title = json_object();
    json_object_set_new(out, "name", json_string(policy->name));
    json_object_set_new(title, "zh", json_string(policy->zh));
    json_object_set_new(title, "en", json_string(policy->en));
    json_object_set_new(out, "title", title);
    for (uint32_t k = 0; k < TQ_COUNT(KEYS); k++) {
        const policy_key *key = &KEYS[k];
        json_t *value = NULL;
        if (key->kind == KEY_NUMBER)
            value = json_integer(*place(&copy, key->at));
        else if (key->kind == KEY_WORD)
            value = json_string(key->words[*place(&copy, key->at)]);
        else if (key->kind == KEY_TEXT)
            value = json_string((const char *)&copy + key->at);
        else {
            value = json_array();
            for (int32_t n = 0; n < *place(&copy, key->count_at); n++)
                json_array_append_new(value, json_integer(place(&copy, key->at)[n]));
        }
        json_object_set_new(out, key->name, value);
    }
    return out;
}

int32_t policy_radius(const desk_policy *policy, int64_t waited_s)
{
    int32_t radius_m = policy->radius_m[0];
    for (int32_t k = 1; k < policy->radius_count; k++)
        if (waited_s >= policy->grow_s[k]) radius_m = policy->radius_m[k];
    return radius_m;
}

const desk_policy *policy_named(const desk_policies *all, const char *name)
{
    for (uint32_t k = 0; k < all->count; k++)
        if (strcmp(all->policy[k].name, name) == 0) return &all->policy[k];
    return NULL;
}

/* ---- YAML --------------------------------------------------------------------------------------
 */

typedef struct reader {
    yaml_document_t document;
    const char *source;
    desk_policies *all;
    tq_err *err;
} reader;

static tq_status refuse(const reader *in, const yaml_node_t *node, const char *what)
{
    size_t line = node != NULL ? node->start_mark.line + 1 : 1;
    return tq_fail(in->err, TQ_BAD_CONFIG, line, "%s line %zu: %s", in->source, line, what);
}

static const char *text_of(const yaml_node_t *node)
{
    return node != NULL && node->type == YAML_SCALAR_NODE ? (const char *)node->data.scalar.value
                                                          : NULL;
}

/* A scalar as JSON: a plain whole number is one. */
static json_t *scalar_json(const yaml_node_t *node)
{
    int64_t number = 0;
    const char *text = text_of(node);
    if (text == NULL) return NULL;
    if (node->data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
        tq_parse_i64(tq_str_of(text), &number))
        return json_integer(number);
    return json_string(text);
}

static json_t *value_json(reader *in, const yaml_node_t *node)
{
    if (node == NULL || node->type != YAML_SEQUENCE_NODE) return scalar_json(node);
    json_t *list = json_array();
    for (yaml_node_item_t *item = node->data.sequence.items.start;
         item < node->data.sequence.items.top; item++)
        json_array_append_new(list, scalar_json(yaml_document_get_node(&in->document, *item)));
    return list;
}

static tq_status take_title(reader *in, const yaml_node_t *node, desk_policy *out)
{
    if (node->type != YAML_MAPPING_NODE) return refuse(in, node, "title: {zh: …, en: …}");
    for (yaml_node_pair_t *pair = node->data.mapping.pairs.start;
         pair < node->data.mapping.pairs.top; pair++) {
        const char *key = text_of(yaml_document_get_node(&in->document, pair->key)),
                   *text = text_of(yaml_document_get_node(&in->document, pair->value));
        bool zh = key != NULL && strcmp(key, "zh") == 0;
        if (text == NULL || (!zh && (key == NULL || strcmp(key, "en") != 0)) ||
            strlen(text) >= sizeof out->zh)
            return refuse(in, node, "title wants short texts zh and en");
        (void)snprintf(zh ? out->zh : out->en, sizeof out->zh, "%s", text);
    }
    return TQ_OK;
}

static tq_status take_like(reader *in, const yaml_node_t *node, desk_policy *out)
{
    const char *text = text_of(node);
    const desk_policy *like = text != NULL ? policy_named(in->all, text) : NULL;
    if (like == NULL) return refuse(in, node, "like: names no policy that was read before");
    *out = *like;
    out->name[0] = '\0';
    return TQ_OK;
}

static tq_status take_file(reader *in, const yaml_node_t *root, desk_policy *out)
{
    json_auto_t *members = json_object();
    if (root == NULL || root->type != YAML_MAPPING_NODE)
        return refuse(in, root, "a policy has keys such as name: and method:");
    for (unsigned pass = 0; pass < 2; pass++) {
        for (yaml_node_pair_t *pair = root->data.mapping.pairs.start;
             pair < root->data.mapping.pairs.top; pair++) {
            const yaml_node_t *node = yaml_document_get_node(&in->document, pair->key),
                              *value = yaml_document_get_node(&in->document, pair->value);
            const char *key = text_of(node);
            if (key == NULL) return refuse(in, node, "a key is a word");
            bool like = strcmp(key, "like") == 0;
            if (pass == 0) {
                if (like) TQ_TRY(take_like(in, value, out));
                continue;
            }
            if (like) continue;
            if (strcmp(key, "title") == 0) {
                TQ_TRY(take_title(in, value, out));
                continue;
            }
            if (strcmp(key, "name") == 0) {
                const char *name = text_of(value);
                if (name == NULL || name[0] == '\0' || strlen(name) >= sizeof out->name)
                    return refuse(in, value, "name is a short word");
                (void)snprintf(out->name, sizeof out->name, "%s", name);
                continue;
            }
            if (json_object_get(members, key) != NULL)
                return refuse(in, node, "the key stands twice");
            json_object_set_new(members, key, value_json(in, value));
        }
    }
    tq_err why;
    if (policy_change(out, members, &why) != TQ_OK) return refuse(in, root, why.text);
    if (out->name[0] == '\0' || out->batch_s == 0 || out->give_up_s == 0)
        return refuse(in, root, "a policy needs name: and all its keys, or like: another one");
    return TQ_OK;
}

tq_status policies_add(desk_policies *all, const char *source, tq_str yaml, tq_err *err)
{
    reader in = {.source = source, .all = all, .err = err};
    yaml_parser_t parser;
    desk_policy made = {0};
    if (!yaml_parser_initialize(&parser)) return tq_fail(err, TQ_NO_MEMORY, 0, "no memory");
    yaml_parser_set_input_string(&parser, (const unsigned char *)yaml.at, yaml.len);
    tq_status status;
    if (yaml_parser_load(&parser, &in.document)) {
        status = take_file(&in, yaml_document_get_root_node(&in.document), &made);
        yaml_document_delete(&in.document);
    } else {
        size_t line = parser.problem_mark.line + 1;
        status = tq_fail(err, TQ_BAD_CONFIG, line, "%s line %zu: not YAML: %s", source, line,
                         parser.problem != NULL ? parser.problem : "not text");
    }
    yaml_parser_delete(&parser);
    if (status != TQ_OK) return status;
    uint32_t at = 0;
    while (at < all->count && strcmp(all->policy[at].name, made.name) != 0)
        at++;
    if (at == POLICIES_MAX)
        return tq_fail(err, TQ_BAD_CONFIG, 1, "%s: more than %u policies", source, POLICIES_MAX);
    all->policy[at] = made;
    all->count = TQ_MAX(all->count, at + 1);
    return TQ_OK;
}

typedef struct folder_run {
    TQ_VEC(supply_name) name;
    bool failed;
} folder_run;

static void note_file(void *user, const char *name)
{
    folder_run *run = user;
    supply_name one = {.used = true};
    size_t len = strlen(name);
    if (len < 6 || strcmp(name + len - 5, ".yaml") != 0 || len >= sizeof one.text) return;
    (void)snprintf(one.text, sizeof one.text, "%s", name);
    if (!tq_vec_push(&run->name, one)) run->failed = true;
    /* In order of names, however the folder lists them. */
    for (size_t k = run->name.count; k > 1 && strcmp(run->name.at[k - 2].text, name) > 0; k--) {
        run->name.at[k - 1] = run->name.at[k - 2];
        run->name.at[k - 2] = one;
    }
}

tq_status policies_read(const char *folder, desk_policies *out, tq_err *err)
{
    char path[TQ_PATH_MAX], file[TQ_PATH_MAX], source[96];
    out->count = 0;
    for (uint64_t k = 0; k < tq_policy_file_count; k++) {
        (void)snprintf(source, sizeof source, "built-in policies/%s.yaml", tq_policy_files[k].name);
        tq_str yaml = {tq_policy_files[k].at, (size_t)tq_policy_files[k].len};
        TQ_TRY(policies_add(out, source, yaml, err));
    }
    if (folder == NULL || folder[0] == '\0' || !tq_path_join(path, folder, "policies") ||
        !tq_file_look(path).is_folder)
        return TQ_OK;
    folder_run run = {.failed = false};
    tq_status status = tq_folder_list(path, note_file, &run, err);
    if (status == TQ_OK && run.failed) status = tq_fail(err, TQ_NO_MEMORY, 0, "no memory");
    for (size_t k = 0; status == TQ_OK && k < run.name.count; k++) {
        char *bytes = NULL;
        size_t len = 0;
        if (!tq_path_join(file, path, run.name.at[k].text)) continue;
        status = tq_file_read(file, POLICY_BYTES_MAX, &bytes, &len, err);
        if (status == TQ_OK) status = policies_add(out, file, (tq_str){bytes, len}, err);
        tq_free(bytes);
    }
    tq_vec_free(&run.name);
    return status;
}
