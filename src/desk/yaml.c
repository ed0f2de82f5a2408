/*
 * YAML files of rules: libyaml reads them into a tree of nodes, which is then taken key by key.
 * Aliases are refused, so that a small file stays small and a tree stays a tree.
 */
#include <stdio.h>
#include <stdlib.h>

#include "os/os.h"

#include "desk/yaml_in.h"

#define SPAN_MOST_MS (INT64_C(366) * 86400000)
#define FILES_MAX    200u /* of a city's folder */
#define FILE_NAME    64u

tq_status desk_yaml_refuse(const desk_yaml *in, const yaml_node_t *node, const char *format, ...)
{
    char text[300];
    size_t line = node != NULL ? node->start_mark.line + 1 : 1;
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return tq_fail(in->err, TQ_BAD_CONFIG, line, "%s line %zu: %s", in->source, line, text);
}

/* ---- scalars -----------------------------------------------------------------------------------
 */

tq_str desk_yaml_text(const yaml_node_t *node)
{
    if (node == NULL || node->type != YAML_SCALAR_NODE) return (tq_str){"", 0};
    return (tq_str){(const char *)node->data.scalar.value, node->data.scalar.length};
}

tq_status desk_yaml_word(const desk_yaml *in, const yaml_node_t *node, const char *key, size_t cap,
                         char *out)
{
    tq_str text = desk_yaml_text(node);
    if (text.len == 0 || text.len >= cap || !tq_utf8_valid(text) ||
        memchr(text.at, '\0', text.len) != NULL)
        return desk_yaml_refuse(in, node, "%s is a text of 1 to %zu bytes", key, cap - 1);
    memcpy(out, text.at, text.len);
    out[text.len] = '\0';
    return TQ_OK;
}

tq_status desk_yaml_choice(const desk_yaml *in, const yaml_node_t *node, const char *key,
                           const char *const *words, uint32_t *out)
{
    char word[YAML_WORD_MAX];
    TQ_TRY(desk_yaml_word(in, node, key, sizeof word, word));
    for (uint32_t k = 0; words[k] != NULL; k++)
        if (strcmp(words[k], word) == 0) {
            *out = k;
            return TQ_OK;
        }
    const char *near = desk_nearest(word, words);
    return desk_yaml_refuse(in, node, "%s is \"%s\"%s%s%s", key, word,
                            near != NULL ? "; did you mean " : "",
                            near != NULL ? near : ", which is none", near != NULL ? "?" : "");
}

tq_status desk_yaml_count(const desk_yaml *in, const yaml_node_t *node, const char *key,
                          uint32_t least, uint32_t most, uint32_t *out)
{
    tq_str text = desk_yaml_text(node);
    if (tq_parse_u32(text, out) && *out >= least && *out <= most) return TQ_OK;
    return desk_yaml_refuse(in, node, "%s is a whole number from %u to %u, not \"%.*s\"", key,
                            least, most, (int)TQ_MIN(text.len, (size_t)40), text.at);
}

tq_status desk_yaml_span(const desk_yaml *in, const yaml_node_t *node, const char *key,
                         int64_t least_ms, int64_t *out)
{
    static const struct {
        const char *unit;
        int64_t ms;
    } units[] = {{"min", 60000}, {"h", 3600000}, {"d", 86400000}};
    tq_str text = desk_yaml_text(node);
    size_t digits = 0;
    int64_t number = 0;
    while (digits < text.len && text.at[digits] >= '0' && text.at[digits] <= '9')
        digits++;
    tq_str unit = tq_str_trim((tq_str){text.at + digits, text.len - digits});
    for (uint32_t k = 0; k < TQ_COUNT(units); k++) {
        if (!tq_str_is(unit, units[k].unit) || !tq_parse_i64((tq_str){text.at, digits}, &number) ||
            number > SPAN_MOST_MS / units[k].ms || number * units[k].ms < least_ms)
            continue;
        *out = number * units[k].ms;
        return TQ_OK;
    }
    return desk_yaml_refuse(in, node, "%s is a time of up to 366 d, such as 30 min, 2 h or 3 d",
                            key);
}

/* ---- mappings and lists ------------------------------------------------------------------------
 */

tq_status desk_yaml_keys(const desk_yaml *in, const yaml_node_t *node, const char *what,
                         const char *const *keys, desk_yaml_take take, void *user)
{
    yaml_document_t *document = (yaml_document_t *)(uintptr_t)&in->document;
    if (node == NULL || node->type != YAML_MAPPING_NODE)
        return desk_yaml_refuse(in, node, "%s has keys below it, such as name:", what);
    for (yaml_node_pair_t *pair = node->data.mapping.pairs.start;
         pair < node->data.mapping.pairs.top; pair++) {
        char key[YAML_WORD_MAX];
        const yaml_node_t *name = yaml_document_get_node(document, pair->key);
        TQ_TRY(desk_yaml_word(in, name, "a key", sizeof key, key));
        for (yaml_node_pair_t *before = node->data.mapping.pairs.start; before < pair; before++)
            if (tq_str_is(desk_yaml_text(yaml_document_get_node(document, before->key)), key))
                return desk_yaml_refuse(in, name, "%s stands twice in %s", key, what);
        const char *const *one = keys;
        while (one != NULL && *one != NULL && strcmp(*one, key) != 0)
            one++;
        if (one != NULL && *one == NULL) {
            const char *near = desk_nearest(key, keys);
            return desk_yaml_refuse(in, name, "unknown key %s in %s%s%s%s", key, what,
                                    near != NULL ? "; did you mean " : "", near != NULL ? near : "",
                                    near != NULL ? "?" : "");
        }
        TQ_TRY(take(in, key, yaml_document_get_node(document, pair->value), user));
    }
    return TQ_OK;
}

tq_status desk_yaml_items(const desk_yaml *in, const yaml_node_t *node, desk_yaml_take take,
                          void *user)
{
    yaml_document_t *document = (yaml_document_t *)(uintptr_t)&in->document;
    if (node == NULL || node->type != YAML_SEQUENCE_NODE) return take(in, "", node, user);
    for (yaml_node_item_t *item = node->data.sequence.items.start;
         item < node->data.sequence.items.top; item++)
        TQ_TRY(take(in, "", yaml_document_get_node(document, *item), user));
    return TQ_OK;
}

typedef struct name_pair {
    size_t cap;
    char *zh, *en;
} name_pair;

static tq_status take_name(const desk_yaml *in, const char *key, const yaml_node_t *value,
                           void *user)
{
    name_pair *pair = user;
    return desk_yaml_word(in, value, key, pair->cap, strcmp(key, "zh") == 0 ? pair->zh : pair->en);
}

tq_status desk_yaml_names(const desk_yaml *in, const yaml_node_t *node, const char *what,
                          size_t cap, char *zh, char *en)
{
    static const char *const keys[] = {"zh", "en", NULL};
    name_pair pair = {cap, zh, en};
    TQ_TRY(desk_yaml_keys(in, node, what, keys, take_name, &pair));
    if (zh[0] == '\0' || en[0] == '\0')
        return desk_yaml_refuse(in, node, "%s wants both zh and en", what);
    return TQ_OK;
}

/* ---- a file ------------------------------------------------------------------------------------
 */

/* A tree has one link less than nodes; an alias is one more. */
static bool has_alias(const yaml_document_t *document)
{
    size_t nodes = (size_t)(document->nodes.top - document->nodes.start), links = 0;
    for (yaml_node_t *node = document->nodes.start; node < document->nodes.top; node++) {
        if (node->type == YAML_SEQUENCE_NODE)
            links += (size_t)(node->data.sequence.items.top - node->data.sequence.items.start);
        if (node->type == YAML_MAPPING_NODE)
            links += 2 * (size_t)(node->data.mapping.pairs.top - node->data.mapping.pairs.start);
    }
    return nodes > 0 && links != nodes - 1;
}

tq_status desk_yaml_read(const char *source, tq_str bytes, size_t most, void *whole,
                         tq_status (*take)(desk_yaml *in, const yaml_node_t *root), tq_err *err)
{
    yaml_parser_t parser;
    desk_yaml in = {.source = source, .whole = whole, .err = err};
    tq_status status;
    if (bytes.len > most)
        return tq_fail(err, TQ_BAD_CONFIG, 0, "%s has %zu bytes; %zu are allowed", source,
                       bytes.len, most);
    if (!yaml_parser_initialize(&parser))
        return tq_fail(err, TQ_NO_MEMORY, 0, "no memory to read %s", source);
    yaml_parser_set_input_string(&parser, (const unsigned char *)bytes.at, bytes.len);
    if (yaml_parser_load(&parser, &in.document)) {
        const yaml_node_t *root = yaml_document_get_root_node(&in.document);
        if (root == NULL)
            status =
                tq_fail(err, TQ_BAD_CONFIG, 1, "%s is empty; it wants keys and values", source);
        else if (has_alias(&in.document))
            status = desk_yaml_refuse(&in, root,
                                      "aliases (& and *) are not used here; write the value out");
        else
            status = take(&in, root);
        yaml_document_delete(&in.document);
    } else {
        size_t line = parser.problem_mark.line + 1;
        status = tq_fail(err, TQ_BAD_CONFIG, line, "%s line %zu: not YAML: %s", source, line,
                         parser.problem != NULL ? parser.problem : "not text");
    }
    yaml_parser_delete(&parser);
    return status;
}

/* ---- all of them -------------------------------------------------------------------------------
 */

typedef struct listing {
    uint32_t count;
    bool failed;
    char name[FILES_MAX][FILE_NAME];
} listing;

static void note_file(void *user, const char *name)
{
    listing *list = user;
    size_t len = strlen(name);
    if (len < 6 || strcmp(name + len - 5, ".yaml") != 0) return;
    if (len >= FILE_NAME || list->count == FILES_MAX)
        list->failed = true;
    else
        memcpy(list->name[list->count++], name, len + 1);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(a, b);
}

static tq_status add_folder(const char *part, const char *path, const listing *list, size_t most,
                            desk_yaml_add add, void *all, tq_err *err)
{
    char file[TQ_PATH_MAX], source[FILE_NAME + 32];
    for (uint32_t k = 0; k < list->count; k++) {
        char *bytes = NULL;
        size_t size = 0;
        (void)snprintf(source, sizeof source, "%.20s/%s", part, list->name[k]);
        if (!tq_path_join(file, path, list->name[k]))
            return tq_fail(err, TQ_BAD_CONFIG, 0, "%s: the path is too long", source);
        TQ_TRY(tq_file_read(file, most, &bytes, &size, err));
        tq_status status = add(all, source, (tq_str){bytes, size}, err);
        tq_free(bytes);
        TQ_TRY(status);
    }
    return TQ_OK;
}

tq_status desk_yaml_files(const char *part, const desk_yaml_file *files, uint64_t count,
                          const char *folder, size_t most, desk_yaml_add add, void *all,
                          tq_err *err)
{
    char path[TQ_PATH_MAX], source[FILE_NAME + 32];
    for (uint64_t k = 0; k < count; k++) {
        (void)snprintf(source, sizeof source, "built-in %.20s/%.40s.yaml", part, files[k].name);
        TQ_TRY(add(all, source, (tq_str){files[k].at, (size_t)files[k].len}, err));
    }
    if (folder == NULL || folder[0] == '\0' || !tq_path_join(path, folder, part) ||
        !tq_file_look(path).is_folder)
        return TQ_OK;
    listing *list = TQ_ALLOC(listing, 1);
    if (list == NULL) return tq_fail(err, TQ_NO_MEMORY, 0, "no memory to list %s", path);
    tq_status status = tq_folder_list(path, note_file, list, err);
    if (status == TQ_OK && list->failed)
        status = tq_fail(err, TQ_BAD_CONFIG, 0,
                         "%s/: more than %u files, or a name of more than %u bytes", part,
                         FILES_MAX, FILE_NAME - 1);
    qsort(list->name, list->count, FILE_NAME, by_name);
    if (status == TQ_OK) status = add_folder(part, path, list, most, add, all, err);
    tq_free(list);
    return status;
}
