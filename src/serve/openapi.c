/*
 * The API document (docs/api/openapi.yaml, built into the program) becomes the table that requests
 * are checked against, and its JSON twin.
 *
 * Method: libyaml's node tree, walked by fixed paths (paths / path / get / parameters / schema);
 * `$ref` is followed once, into components/parameters and components/schemas. Texts are copied into
 * the pool, so the tree can go. What the checker can't check (an unknown pattern, a type it doesn't
 * know, a method other than get, post and delete) fails the start: a rule that is written down but
 * not held is worse than none.
 */
#include <stdio.h>
#include <yaml.h>

#include "serve/serve_in.h"

typedef struct reading {
    yaml_document_t document;
    api *out;
    tq_err *err;
} reading;

static const char *text_of(const yaml_node_t *node)
{
    return node != NULL && node->type == YAML_SCALAR_NODE ? (const char *)node->data.scalar.value
                                                          : NULL;
}

static yaml_node_t *child(reading *from, const yaml_node_t *node, const char *key)
{
    if (node == NULL || node->type != YAML_MAPPING_NODE) return NULL;
    for (yaml_node_pair_t *pair = node->data.mapping.pairs.start;
         pair < node->data.mapping.pairs.top; pair++) {
        const char *name = text_of(yaml_document_get_node(&from->document, pair->key));
        if (name != NULL && strcmp(name, key) == 0)
            return yaml_document_get_node(&from->document, pair->value);
    }
    return NULL;
}

/* Follow «#/components/KIND/NAME». */
static yaml_node_t *resolve(reading *from, yaml_node_t *node)
{
    const char *ref = text_of(child(from, node, "$ref"));
    if (ref == NULL) return node;
    char path[160];
    if (strncmp(ref, "#/", 2) != 0 || strlen(ref) >= sizeof path) return NULL;
    snprintf(path, sizeof path, "%s", ref + 2);
    yaml_node_t *at = yaml_document_get_root_node(&from->document);
    for (char *part = path, *slash; part != NULL && at != NULL; part = slash) {
        slash = strchr(part, '/');
        if (slash != NULL) *slash++ = '\0';
        at = child(from, at, part);
    }
    return at;
}

static const char *keep_text(reading *from, const char *text)
{
    if (text == NULL) return NULL;
    size_t len = strlen(text);
    char *copy = tq_pool_push(&from->out->pool, len + 1, 1);
    return copy == NULL ? NULL : memcpy(copy, text, len + 1);
}

static tq_status bad_document(reading *from, const char *path, const char *name, const char *why)
{
    return tq_fail(from->err, TQ_INTERNAL, 0, "openapi.yaml, %s, '%s': %s", path, name, why);
}

static tq_status read_type(reading *from, const char *path, const yaml_node_t *schema,
                           api_param *param)
{
    static const char *const names[] = {"string", "integer", "number", "boolean"};
    const char *type = text_of(child(from, schema, "type"));
    for (uint32_t k = 0; type != NULL && k < TQ_COUNT(names); k++) {
        if (strcmp(type, names[k]) != 0) continue;
        param->type = (api_type)k;
        return TQ_OK;
    }
    return bad_document(from, path, param->name,
                        "the type must be string, integer, number or boolean");
}

static tq_status read_schema(reading *from, const char *path, const yaml_node_t *schema,
                             api_param *param)
{
    TQ_TRY(read_type(from, path, schema, param));
    const char *least = text_of(child(from, schema, "minimum")),
               *most = text_of(child(from, schema, "maximum"));
    param->has_min = least != NULL;
    param->has_max = most != NULL;
    param->max_len = UINT32_MAX;
    const char *short_len = text_of(child(from, schema, "minLength"));
    const char *long_len = text_of(child(from, schema, "maxLength"));
    if ((least != NULL && !tq_parse_double(tq_str_of(least), &param->min)) ||
        (most != NULL && !tq_parse_double(tq_str_of(most), &param->max)) ||
        (short_len != NULL && !tq_parse_u32(tq_str_of(short_len), &param->min_len)) ||
        (long_len != NULL && !tq_parse_u32(tq_str_of(long_len), &param->max_len)))
        return bad_document(from, path, param->name, "a limit is not a number");
    if (param->type == API_STRING && long_len == NULL && child(from, schema, "enum") == NULL)
        return bad_document(from, path, param->name, "a string needs maxLength or enum");
    param->fallback = keep_text(from, text_of(child(from, schema, "default")));
    param->pattern = keep_text(from, text_of(child(from, schema, "pattern")));
    if (param->pattern != NULL && !api_pattern_known(param->pattern))
        return bad_document(from, path, param->name,
                            "the checker doesn't know this pattern; add it to check.c");
    yaml_node_t *choices = child(from, schema, "enum");
    if (choices == NULL || choices->type != YAML_SEQUENCE_NODE) return TQ_OK;
    for (yaml_node_item_t *item = choices->data.sequence.items.start;
         item < choices->data.sequence.items.top; item++) {
        if (param->choice_count == API_ENUM_MAX)
            return bad_document(from, path, param->name, "enum is too long");
        param->choice[param->choice_count++] =
            keep_text(from, text_of(yaml_document_get_node(&from->document, *item)));
    }
    return TQ_OK;
}

static tq_status read_param(reading *from, api_operation *operation, yaml_node_t *node)
{
    if (operation->param_count == API_PARAMS_MAX)
        return bad_document(from, operation->path, "parameters", "too many");
    node = resolve(from, node);
    api_param *param = &operation->param[operation->param_count];
    param->name = keep_text(from, text_of(child(from, node, "name")));
    const char *place = text_of(child(from, node, "in"));
    if (param->name == NULL || place == NULL)
        return bad_document(from, operation->path, "parameters",
                            "a parameter has no name or place");
    if (strcmp(place, "header") == 0) return TQ_OK; /* told to people; read by the server itself */
    param->place = strcmp(place, "path") == 0 ? API_IN_PATH : API_IN_QUERY;
    const char *required = text_of(child(from, node, "required"));
    param->required = required != NULL && strcmp(required, "true") == 0;
    TQ_TRY(read_schema(from, operation->path, resolve(from, child(from, node, "schema")), param));
    operation->param_count++;
    return TQ_OK;
}

static tq_status read_body(reading *from, const char *path, const yaml_node_t *node, api_body *out)
{
    const char *body = text_of(child(from, node, "x-body"));
    if (body == NULL)
        *out = API_BODY_NONE;
    else if (strcmp(body, "members") == 0)
        *out = API_BODY_MEMBERS;
    else if (strcmp(body, "raw") == 0)
        *out = API_BODY_RAW;
    else
        return bad_document(from, path, "x-body", "must be members or raw");
    return TQ_OK;
}

static tq_status read_operation(reading *from, const char *path, http_verb verb,
                                const yaml_node_t *node)
{
    if (from->out->operation_count == API_OPERATIONS_MAX)
        return bad_document(from, path, "paths", "too many");
    api_operation *operation = &from->out->operation[from->out->operation_count];
    operation->verb = verb;
    operation->path = keep_text(from, path);
    operation->id = keep_text(from, text_of(child(from, node, "operationId")));
    if (operation->path == NULL || operation->id == NULL)
        return bad_document(from, path, "operation", "an operationId is needed");
    operation->desk = keep_text(from, text_of(child(from, node, "x-desk")));
    operation->type = keep_text(from, text_of(child(from, node, "x-type")));
    const char *errors = text_of(child(from, node, "x-errors"));
    operation->osrm_errors = errors != NULL && strcmp(errors, "osrm") == 0;
    TQ_TRY(read_body(from, path, node, &operation->body));
    yaml_node_t *params = child(from, node, "parameters");
    if (params != NULL && params->type == YAML_SEQUENCE_NODE)
        for (yaml_node_item_t *at = params->data.sequence.items.start;
             at < params->data.sequence.items.top; at++)
            TQ_TRY(read_param(from, operation, yaml_document_get_node(&from->document, *at)));
    from->out->operation_count++;
    return TQ_OK;
}

static tq_status read_path(reading *from, const char *path, const yaml_node_t *item)
{
    static const char *const verbs[] = {
        [VERB_GET] = "get", [VERB_POST] = "post", [VERB_DELETE] = "delete"};
    if (item == NULL || item->type != YAML_MAPPING_NODE)
        return bad_document(from, path, "path", "not a mapping");
    for (yaml_node_pair_t *pair = item->data.mapping.pairs.start;
         pair < item->data.mapping.pairs.top; pair++) {
        const char *name = text_of(yaml_document_get_node(&from->document, pair->key));
        uint32_t verb = 0;
        while (verb < TQ_COUNT(verbs) && (name == NULL || strcmp(name, verbs[verb]) != 0))
            verb++;
        if (verb == TQ_COUNT(verbs))
            return bad_document(from, path, name != NULL ? name : "?",
                                "only get, post and delete are known");
        TQ_TRY(read_operation(from, path, (http_verb)verb,
                              yaml_document_get_node(&from->document, pair->value)));
    }
    return TQ_OK;
}

static tq_status read_paths(reading *from)
{
    yaml_node_t *paths = child(from, yaml_document_get_root_node(&from->document), "paths");
    if (paths == NULL || paths->type != YAML_MAPPING_NODE)
        return bad_document(from, "/", "paths", "missing");
    for (yaml_node_pair_t *pair = paths->data.mapping.pairs.start;
         pair < paths->data.mapping.pairs.top; pair++)
        TQ_TRY(read_path(from, text_of(yaml_document_get_node(&from->document, pair->key)),
                         yaml_document_get_node(&from->document, pair->value)));
    return TQ_OK;
}

/* ---- the JSON twin: events straight into the writer
 * ------------------------------------------------- */

typedef struct nesting {
    uint32_t depth;
    bool is_map[TQ_JSON_DEPTH_MAX], key_next[TQ_JSON_DEPTH_MAX];
} nesting;

static bool is_plain_word(const yaml_event_t *event, tq_str text)
{
    if (event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE) return false;
    double number;
    return tq_str_is(text, "true") || tq_str_is(text, "false") || tq_str_is(text, "null") ||
           (text.len > 0 && (text.at[0] == '-' || (text.at[0] >= '0' && text.at[0] <= '9')) &&
            !(text.len > 1 && text.at[0] == '0' && text.at[1] != '.') &&
            text.at[text.len - 1] != '.' && tq_parse_double(text, &number));
}

static bool put_event(const yaml_event_t *event, nesting *in, tq_json *json)
{
    bool is_end = event->type == YAML_MAPPING_END_EVENT || event->type == YAML_SEQUENCE_END_EVENT;
    if (event->type == YAML_SCALAR_EVENT) {
        const char *value = (const char *)event->data.scalar.value;
        tq_str text = {value, event->data.scalar.length};
        if (in->is_map[in->depth] && in->key_next[in->depth]) {
            tq_json_key(json, value);
            in->key_next[in->depth] = false;
            return true;
        }
        if (is_plain_word(event, text))
            tq_json_raw(json, text);
        else
            tq_json_str(json, text);
    } else if (event->type == YAML_MAPPING_START_EVENT ||
               event->type == YAML_SEQUENCE_START_EVENT) {
        if (in->depth + 3 >= TQ_JSON_DEPTH_MAX) return false;
        bool map = event->type == YAML_MAPPING_START_EVENT;
        if (map)
            tq_json_object(json);
        else
            tq_json_array(json);
        in->key_next[in->depth] = true; /* for when this value has ended */
        in->depth++;
        in->is_map[in->depth] = map;
        in->key_next[in->depth] = true;
        return true;
    } else if (is_end) {
        if (event->type == YAML_MAPPING_END_EVENT)
            tq_json_end_object(json);
        else
            tq_json_end_array(json);
        in->depth--;
        return true;
    }
    if (event->type == YAML_SCALAR_EVENT) in->key_next[in->depth] = true;
    return event->type != YAML_ALIAS_EVENT;
}

static tq_status make_json(tq_str yaml, tq_buf *out, tq_err *err)
{
    yaml_parser_t parser;
    if (!yaml_parser_initialize(&parser))
        return tq_fail(err, TQ_NO_MEMORY, 0, "no memory to read openapi.yaml");
    yaml_parser_set_input_string(&parser, (const unsigned char *)yaml.at, yaml.len);
    nesting in = {0};
    tq_json json;
    tq_json_begin(&json, out);
    bool good = true, more = true;
    while (good && more) {
        yaml_event_t event;
        good = yaml_parser_parse(&parser, &event);
        if (!good) break;
        more = event.type != YAML_STREAM_END_EVENT;
        good = put_event(&event, &in, &json);
        yaml_event_delete(&event);
    }
    yaml_parser_delete(&parser);
    if (!good || out->failed)
        return tq_fail(err, TQ_INTERNAL, 0, "openapi.yaml is nested too deeply or has aliases");
    return TQ_OK;
}

tq_status api_load(tq_str yaml, api *out, tq_err *err)
{
    memset(out, 0, sizeof *out);
    yaml_parser_t parser;
    if (!yaml_parser_initialize(&parser))
        return tq_fail(err, TQ_NO_MEMORY, 0, "no memory to read openapi.yaml");
    yaml_parser_set_input_string(&parser, (const unsigned char *)yaml.at, yaml.len);
    reading from = {.out = out, .err = err};
    if (!yaml_parser_load(&parser, &from.document)) {
        tq_fail(err, TQ_INTERNAL, parser.problem_mark.line + 1, "openapi.yaml line %zu: %s",
                parser.problem_mark.line + 1, parser.problem != NULL ? parser.problem : "not YAML");
        yaml_parser_delete(&parser);
        return TQ_INTERNAL;
    }
    tq_status status = read_paths(&from);
    yaml_document_delete(&from.document);
    yaml_parser_delete(&parser);
    if (status == TQ_OK) status = make_json(yaml, &out->json, err);
    if (status != TQ_OK) api_free(out);
    return status;
}

void api_free(api *rules)
{
    tq_pool_free(&rules->pool);
    tq_buf_free(&rules->json);
    memset(rules, 0, sizeof *rules);
}
