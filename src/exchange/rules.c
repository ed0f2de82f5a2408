/*
 * Products and rules from YAML: two lists of mappings, read as a document of limited size. Every
 * refusal names file, line and what would do. A product or rule with a known id replaces it.
 */
#include <stdio.h>
#include <yaml.h>

#include "exchange/exchange_in.h"

const char *const LEVEL_NAME[LEVEL_COUNT] = {"expressway", "national", "provincial", "municipal"};
const char *const EFFECT_NAME[EFFECT_COUNT] = {"full", "lanes", "half_width", "speed", "local"};

typedef struct reader {
    tq_exchange *exchange;
    yaml_document_t document;
    const char *path;
    tq_err *err;
} reader;

static tq_status refuse(const reader *in, const yaml_node_t *node, const char *what,
                        const char *value)
{
    size_t line = node != NULL ? node->start_mark.line + 1 : 1;
    return tq_fail(in->err, TQ_BAD_CONFIG, line, "%s line %zu: %s%s%s%s", in->path, line, what,
                   value != NULL ? ": '" : "", value != NULL ? value : "",
                   value != NULL ? "'" : "");
}

static yaml_node_t *node_of(reader *in, int index)
{
    return yaml_document_get_node(&in->document, index);
}

static const char *text_of(const yaml_node_t *node)
{
    return node != NULL && node->type == YAML_SCALAR_NODE ? (const char *)node->data.scalar.value
                                                          : NULL;
}

static tq_status copy_text(const reader *in, const yaml_node_t *node, char *out, size_t cap)
{
    const char *text = text_of(node);
    if (text == NULL || text[0] == '\0') return refuse(in, node, "a text is needed", NULL);
    if (strlen(text) >= cap) return refuse(in, node, "the text is too long", text);
    (void)snprintf(out, cap, "%s", text);
    return TQ_OK;
}

/* "2 h", "30 min", "1 d". */
static tq_status read_duration(const reader *in, const yaml_node_t *node, int64_t *out)
{
    const char *text = text_of(node);
    char unit[8] = "", rest = '\0';
    unsigned number = 0;
    if (text == NULL || sscanf(text, "%5u %7[a-z]%c", &number, unit, &rest) != 2)
        return refuse(in, node, "a duration is needed, such as 2 h or 30 min", text);
    int64_t minutes = strcmp(unit, "min") == 0 ? 1
                      : strcmp(unit, "h") == 0 ? 60
                      : strcmp(unit, "d") == 0 ? 1440
                                               : 0;
    if (minutes == 0) return refuse(in, node, "the unit must be min, h or d", text);
    *out = (int64_t)number * minutes * 60000;
    return TQ_OK;
}

static tq_status read_bits(reader *in, const yaml_node_t *node, const char *const *name,
                           uint32_t count, uint32_t *out)
{
    if (node->type != YAML_SEQUENCE_NODE) return refuse(in, node, "a list is needed", NULL);
    *out = 0;
    for (yaml_node_item_t *item = node->data.sequence.items.start;
         item < node->data.sequence.items.top; item++) {
        const char *word = text_of(node_of(in, *item));
        uint32_t at = 0;
        while (at < count && (word == NULL || strcmp(word, name[at]) != 0))
            at++;
        if (at == count) return refuse(in, node_of(in, *item), "not one of the known words", word);
        *out |= 1u << at;
    }
    return TQ_OK;
}

static tq_status read_kinds(reader *in, const yaml_node_t *node, product_row *out)
{
    if (node->type != YAML_SEQUENCE_NODE)
        return refuse(in, node, "a list of kinds of peers is needed, such as [province]", NULL);
    out->to_count = 0;
    for (yaml_node_item_t *item = node->data.sequence.items.start;
         item < node->data.sequence.items.top; item++) {
        if (out->to_count == PRODUCT_TO_MAX) return refuse(in, node, "too many kinds", NULL);
        TQ_TRY(copy_text(in, node_of(in, *item), out->to[out->to_count++], EXCHANGE_ID_MAX));
    }
    return TQ_OK;
}

static tq_status read_name(reader *in, const yaml_node_t *node, product_row *out)
{
    if (node->type != YAML_MAPPING_NODE) return refuse(in, node, "{zh: …, en: …} is needed", NULL);
    for (yaml_node_pair_t *pair = node->data.mapping.pairs.start;
         pair < node->data.mapping.pairs.top; pair++) {
        const char *key = text_of(node_of(in, pair->key));
        const yaml_node_t *value = node_of(in, pair->value);
        if (key != NULL && strcmp(key, "zh") == 0)
            TQ_TRY(copy_text(in, value, out->name_zh, sizeof out->name_zh));
        else if (key != NULL && strcmp(key, "en") == 0)
            TQ_TRY(copy_text(in, value, out->name_en, sizeof out->name_en));
        else
            return refuse(in, value, "a name has zh and en, not", key);
    }
    return TQ_OK;
}

static tq_status read_product(reader *in, const yaml_node_t *node)
{
    product_row made = {0};
    for (yaml_node_pair_t *pair = node->data.mapping.pairs.start;
         pair < node->data.mapping.pairs.top; pair++) {
        const char *key = text_of(node_of(in, pair->key));
        const yaml_node_t *value = node_of(in, pair->value);
        if (key == NULL) return refuse(in, value, "a key is needed", NULL);
        if (strcmp(key, "id") == 0)
            TQ_TRY(copy_text(in, value, made.id, sizeof made.id));
        else if (strcmp(key, "name") == 0)
            TQ_TRY(read_name(in, value, &made));
        else if (strcmp(key, "to") == 0)
            TQ_TRY(read_kinds(in, value, &made));
        else if (strcmp(key, "next_every") == 0)
            TQ_TRY(read_duration(in, value, &made.next_every_ms));
        else if (strcmp(key, "source") == 0)
            TQ_TRY(copy_text(in, value, made.source, sizeof made.source));
        else
            return refuse(in, value, "a product has id, name, to, next_every, source, not", key);
    }
    if (made.id[0] == '\0' || made.to_count == 0)
        return refuse(in, node, "a product needs id and to", NULL);
    tq_exchange *exchange = in->exchange;
    uint32_t at = 0;
    while (at < exchange->product_count && strcmp(exchange->product[at].id, made.id) != 0)
        at++;
    if (at == PRODUCTS_MAX) return refuse(in, node, "too many products", NULL);
    exchange->product[at] = made;
    exchange->product_count = TQ_MAX(exchange->product_count, at + 1);
    return TQ_OK;
}

static tq_status read_rule(reader *in, const yaml_node_t *node)
{
    rule_row made = {.levels = (1u << LEVEL_COUNT) - 1, .effects = (1u << EFFECT_COUNT) - 1};
    bool over = false;
    for (yaml_node_pair_t *pair = node->data.mapping.pairs.start;
         pair < node->data.mapping.pairs.top; pair++) {
        const char *key = text_of(node_of(in, pair->key));
        const yaml_node_t *value = node_of(in, pair->value);
        if (key == NULL) return refuse(in, value, "a key is needed", NULL);
        if (strcmp(key, "id") == 0)
            TQ_TRY(copy_text(in, value, made.id, sizeof made.id));
        else if (strcmp(key, "product") == 0)
            TQ_TRY(copy_text(in, value, made.product, sizeof made.product));
        else if (strcmp(key, "street") == 0)
            TQ_TRY(copy_text(in, value, made.street, sizeof made.street));
        else if (strcmp(key, "levels") == 0)
            TQ_TRY(read_bits(in, value, LEVEL_NAME, LEVEL_COUNT, &made.levels));
        else if (strcmp(key, "effects") == 0)
            TQ_TRY(read_bits(in, value, EFFECT_NAME, EFFECT_COUNT, &made.effects));
        else if (strcmp(key, "over") == 0) {
            TQ_TRY(read_duration(in, value, &made.over_ms));
            over = true;
        } else {
            return refuse(in, value, "a rule has id, product, street, levels, effects, over, not",
                          key);
        }
    }
    if (made.id[0] == '\0' || made.product[0] == '\0' || !over)
        return refuse(in, node, "a rule needs id, product and over", NULL);
    if (product_find(in->exchange, made.product) == NULL)
        return refuse(in, node, "the rule's product is not known", made.product);
    tq_exchange *exchange = in->exchange;
    uint32_t at = 0;
    while (at < exchange->rule_count && strcmp(exchange->rule[at].id, made.id) != 0)
        at++;
    if (at == RULES_MAX) return refuse(in, node, "too many rules", NULL);
    exchange->rule[at] = made;
    exchange->rule_count = TQ_MAX(exchange->rule_count, at + 1);
    return TQ_OK;
}

static tq_status read_list(reader *in, const yaml_node_t *list,
                           tq_status (*read)(reader *in, const yaml_node_t *node))
{
    if (list->type != YAML_SEQUENCE_NODE) return refuse(in, list, "a list is needed", NULL);
    for (yaml_node_item_t *item = list->data.sequence.items.start;
         item < list->data.sequence.items.top; item++) {
        const yaml_node_t *node = node_of(in, *item);
        if (node == NULL || node->type != YAML_MAPPING_NODE)
            return refuse(in, node, "an entry with keys is needed", NULL);
        TQ_TRY(read(in, node));
    }
    return TQ_OK;
}

static tq_status read_document(reader *in)
{
    const yaml_node_t *root = yaml_document_get_root_node(&in->document);
    if (root == NULL) return TQ_OK; /* an empty file adds nothing */
    if (root->type != YAML_MAPPING_NODE)
        return refuse(in, root, "the file needs products: and rules:", NULL);
    /* Products first, wherever they stand: rules refer to them. */
    for (unsigned pass = 0; pass < 2; pass++) {
        for (yaml_node_pair_t *pair = root->data.mapping.pairs.start;
             pair < root->data.mapping.pairs.top; pair++) {
            const char *key = text_of(node_of(in, pair->key));
            const yaml_node_t *value = node_of(in, pair->value);
            bool products = key != NULL && strcmp(key, "products") == 0;
            if (!products && (key == NULL || strcmp(key, "rules") != 0))
                return refuse(in, value, "the file has products and rules, not", key);
            if (products == (pass == 0))
                TQ_TRY(read_list(in, value, products ? read_product : read_rule));
        }
    }
    return TQ_OK;
}

tq_status rules_read(tq_exchange *exchange, const char *path, tq_str yaml, tq_err *err)
{
    reader in = {.exchange = exchange, .path = path, .err = err};
    yaml_parser_t parser;
    if (!yaml_parser_initialize(&parser))
        return tq_fail(err, TQ_NO_MEMORY, 0, "no memory to read %s", path);
    yaml_parser_set_input_string(&parser, (const unsigned char *)yaml.at, yaml.len);
    tq_status status = TQ_OK;
    if (yaml_parser_load(&parser, &in.document)) {
        status = read_document(&in);
        yaml_document_delete(&in.document);
    } else {
        size_t line = parser.problem_mark.line + 1;
        status = tq_fail(err, TQ_BAD_CONFIG, line, "%s line %zu: not YAML: %s", path, line,
                         parser.problem != NULL ? parser.problem : "not text");
    }
    yaml_parser_delete(&parser);
    return status;
}
