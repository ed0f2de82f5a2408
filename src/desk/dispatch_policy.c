/*
 * Policies of dispatch as data: one YAML file each, built in from policies/ and added or replaced
 * by a city's folder policies/. One table says for each key where it lies, what it may be, and
 * serves the reader of YAML, the overrides of policy.set and the answer of policy.get alike; so an
 * unknown key is refused everywhere in the same words. `like: NAME` begins with another policy's
 * values. Files are read by yaml.c; a refusal names file and line.
 */
#include <stddef.h>
#include <stdio.h>

#include "desk/supply_in.h"
#include "desk/yaml_in.h"

extern const uint64_t tq_policy_file_count;
extern const desk_yaml_file tq_policy_files[];

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

static tq_status set_named(desk_policy *policy, const char *name, const json_t *value, tq_err *err)
{
    const policy_key *key = key_named(name);
    if (key != NULL) return set_key(policy, key, value, err);
    const char *names[TQ_COUNT(KEYS) + 1] = {NULL};
    for (uint32_t k = 0; k < TQ_COUNT(KEYS); k++)
        names[k] = KEYS[k].name;
    const char *near = desk_nearest(name, names);
    return tq_fail(err, TQ_BAD_INPUT, 0, "a policy does not know \"%.40s\"%s%s%s", name,
                   near != NULL ? "; did you mean \"" : "", near != NULL ? near : "",
                   near != NULL ? "\"?" : "");
}

static tq_status check_steps(const desk_policy *policy, tq_err *err)
{
    if (policy->radius_count == policy->grow_count && policy->grow_s[0] == 0) return TQ_OK;
    return tq_fail(err, TQ_BAD_INPUT, 0,
                   "\"grow_s\" has one number for each of \"radius_m\", the first is 0");
}

tq_status policy_change(desk_policy *policy, const json_t *members, tq_err *err)
{
    const char *name;
    json_t *value;
    desk_policy made = *policy;
    json_object_foreach((json_t *)(uintptr_t)members, name, value)
    {
        TQ_TRY(set_named(&made, name, value, err));
    }
    TQ_TRY(check_steps(&made, err));
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

typedef struct policy_file {
    const desk_policies *all; /* read before */
    desk_policy made;
} policy_file;

/* A plain whole number is one, anything else a text. */
static json_t *scalar_json(const yaml_node_t *node)
{
    int64_t number = 0;
    tq_str text = desk_yaml_text(node);
    if (node == NULL || node->type != YAML_SCALAR_NODE) return json_null();
    if (node->data.scalar.style == YAML_PLAIN_SCALAR_STYLE && tq_parse_i64(text, &number))
        return json_integer(number);
    json_t *out = json_stringn(text.at, text.len); /* NULL when it is no UTF-8 */
    return out != NULL ? out : json_null();
}

static tq_status take_item(const desk_yaml *in, const char *key, const yaml_node_t *value,
                           void *user)
{
    (void)in;
    (void)key;
    json_array_append_new(user, scalar_json(value));
    return TQ_OK;
}

static tq_status take_like(const desk_yaml *in, const char *key, const yaml_node_t *value,
                           void *user)
{
    policy_file *file = in->whole;
    char name[YAML_WORD_MAX];
    (void)user;
    if (strcmp(key, "like") != 0) return TQ_OK;
    TQ_TRY(desk_yaml_word(in, value, key, sizeof name, name));
    const desk_policy *like = policy_named(file->all, name);
    if (like == NULL)
        return desk_yaml_refuse(in, value, "like: %s names no policy that was read before", name);
    file->made = *like;
    file->made.name[0] = '\0';
    return TQ_OK;
}

static tq_status take_key(const desk_yaml *in, const char *key, const yaml_node_t *value,
                          void *user)
{
    policy_file *file = in->whole;
    desk_policy *made = &file->made;
    tq_err why;
    (void)user;
    if (strcmp(key, "like") == 0) return TQ_OK;
    if (strcmp(key, "name") == 0)
        return desk_yaml_word(in, value, key, sizeof made->name, made->name);
    if (strcmp(key, "title") == 0)
        return desk_yaml_names(in, value, key, sizeof made->zh, made->zh, made->en);
    bool list = value != NULL && value->type == YAML_SEQUENCE_NODE;
    json_auto_t *json = list ? json_array() : scalar_json(value);
    if (list) TQ_TRY(desk_yaml_items(in, value, take_item, json));
    return set_named(made, key, json, &why) == TQ_OK ? TQ_OK
                                                     : desk_yaml_refuse(in, value, "%s", why.text);
}

/* `like` first: it is what the other keys change, wherever it stands. */
static tq_status take_file(desk_yaml *in, const yaml_node_t *root)
{
    const policy_file *file = in->whole;
    tq_err why;
    TQ_TRY(desk_yaml_keys(in, root, "a policy", NULL, take_like, NULL));
    TQ_TRY(desk_yaml_keys(in, root, "a policy", NULL, take_key, NULL));
    if (file->made.name[0] == '\0' || file->made.batch_s == 0 || file->made.give_up_s == 0)
        return desk_yaml_refuse(in, root,
                                "a policy needs name: and all its keys, or like: another one");
    return check_steps(&file->made, &why) == TQ_OK ? TQ_OK
                                                   : desk_yaml_refuse(in, root, "%s", why.text);
}

tq_status policies_add(desk_policies *all, const char *source, tq_str yaml, tq_err *err)
{
    policy_file file = {.all = all};
    TQ_TRY(desk_yaml_read(source, yaml, POLICY_BYTES_MAX, &file, take_file, err));
    uint32_t at = 0;
    while (at < all->count && strcmp(all->policy[at].name, file.made.name) != 0)
        at++;
    if (at == POLICIES_MAX)
        return tq_fail(err, TQ_BAD_CONFIG, 1, "%s: more than %u policies", source, POLICIES_MAX);
    all->policy[at] = file.made;
    all->count = TQ_MAX(all->count, at + 1);
    return TQ_OK;
}

static tq_status add_file(void *all, const char *source, tq_str bytes, tq_err *err)
{
    return policies_add(all, source, bytes, err);
}

tq_status policies_read(const char *folder, desk_policies *out, tq_err *err)
{
    out->count = 0;
    return desk_yaml_files("policies", tq_policy_files, tq_policy_file_count, folder,
                           POLICY_BYTES_MAX, add_file, out, err);
}
