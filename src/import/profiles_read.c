/*
 * One profile file: a YAML document of at most two levels, read over what the profile starts from.
 *
 * Read as a stream of libyaml events, so that hostile nesting costs nothing. Refused with file,
 * line and remedy: unknown and double keys, anchors, aliases, tags, several documents, values
 * without their unit or out of range. An unknown key is answered with the nearest known one by edit
 * distance. «like» must come first, because the other keys change what it brings.
 */
#include <stdio.h>
#include <yaml.h>

#include "import/profiles_in.h"
#include "import/settings_in.h"

#define KEYS_MAX     128
#define KEY_PATH_MAX 64
#define NEAR_MOST    3

typedef struct reader {
    yaml_parser_t parser;
    yaml_event_t event;
    bool has_event;
    const char *path;
    const profile_set *set;
    profile *out;
    bool *waits;
    tq_err *err;
    bool seen[KEYS_MAX], seen_group[KEYS_MAX];
    bool any; /* a key was read */
} reader;

static size_t line_of(const reader *in)
{
    return in->event.start_mark.line + 1;
}

__attribute__((format(printf, 3, 4))) static tq_status refuse(reader *in, size_t line,
                                                              const char *format, ...)
{
    char text[300];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return tq_fail(in->err, TQ_BAD_CONFIG, line, "%s line %zu: %s", in->path, line, text);
}

static tq_str text_of(const reader *in)
{
    return (tq_str){(const char *)in->event.data.scalar.value, in->event.data.scalar.length};
}

/* Take the next event; anchors, aliases and tags end the reading here. */
static tq_status next(reader *in)
{
    if (in->has_event) yaml_event_delete(&in->event);
    in->has_event = false;
    if (!yaml_parser_parse(&in->parser, &in->event)) {
        if (in->parser.error == YAML_MEMORY_ERROR)
            return tq_fail(in->err, TQ_NO_MEMORY, 0, "no memory to read %s", in->path);
        return refuse(in, in->parser.problem_mark.line + 1, "not YAML: %s",
                      in->parser.problem != NULL ? in->parser.problem : "not text");
    }
    in->has_event = true;
    const yaml_event_t *event = &in->event;
    bool named = event->type == YAML_ALIAS_EVENT;
    if (event->type == YAML_SCALAR_EVENT)
        named = event->data.scalar.anchor != NULL || event->data.scalar.tag != NULL;
    if (event->type == YAML_SEQUENCE_START_EVENT)
        named = event->data.sequence_start.anchor != NULL || event->data.sequence_start.tag != NULL;
    if (event->type == YAML_MAPPING_START_EVENT)
        named = event->data.mapping_start.anchor != NULL || event->data.mapping_start.tag != NULL;
    if (named)
        return refuse(in, line_of(in),
                      "anchors, aliases and tags (& * !) are not used here; "
                      "write the value out");
    return TQ_OK;
}

static bool lies_in(const char *path, const char *group)
{
    size_t len = strlen(group);
    if (len == 0) return strchr(path, '.') == NULL;
    return strncmp(path, group, len) == 0 && path[len] == '.';
}

static tq_status unknown_key(reader *in, const char *group, const char *word)
{
    const char *best = NULL;
    unsigned least = NEAR_MOST + 1;
    bool here = false;
    for (uint32_t k = 0; k < profile_key_count + profile_group_count; k++) {
        const char *path =
            k < profile_key_count ? profile_keys[k].path : profile_groups[k - profile_key_count];
        unsigned distance = settings_edit_distance(word, settings_leaf(path));
        bool lies = lies_in(path, group);
        if (distance > least || (distance == least && (here || !lies))) continue;
        if (distance > NEAR_MOST) continue;
        least = distance;
        best = path;
        here = lies;
    }
    char place[KEY_PATH_MAX + 8] = "", known[120] = "";
    if (group[0] != '\0') (void)snprintf(place, sizeof place, " in %s", group);
    if (best != NULL)
        return refuse(in, line_of(in), "unknown key %s%s; did you mean %s?", word, place,
                      here ? settings_leaf(best) : best);
    size_t used = 0;
    for (uint32_t k = 0; k < profile_key_count + profile_group_count; k++) {
        const char *path =
            k < profile_key_count ? profile_keys[k].path : profile_groups[k - profile_key_count];
        const char *leaf = settings_leaf(path);
        if (!lies_in(path, group) || used + strlen(leaf) + 3 > sizeof known) continue;
        used +=
            (size_t)snprintf(known + used, sizeof known - used, "%s%s", used > 0 ? ", " : "", leaf);
    }
    return refuse(in, line_of(in), "unknown key %s%s; known here: %s", word, place, known);
}

static tq_status take_like(reader *in, tq_str text)
{
    if (in->any) return refuse(in, line_of(in), "like comes first, before the keys that change it");
    uint32_t row = profile_find(in->set, text);
    if (tq_str_is(text, in->out->name) || !profile_name_good(text))
        return refuse(in, line_of(in), "like wants the name of another profile, such as car");
    if (row == TQ_NONE) {
        *in->waits = true;
        return refuse(in, line_of(in), "there is no profile %.*s to be like",
                      (int)TQ_MIN(text.len, (size_t)PROFILE_NAME_MAX), text.at);
    }
    profile base = in->set->row[row];
    memcpy(base.name, in->out->name, sizeof base.name);
    base.label_zh[0] = base.label_en[0] = '\0';
    base.speed_line = 0;
    *in->out = base;
    return TQ_OK;
}

static tq_status take_item(reader *in, const profile_key *key)
{
    char why[200];
    if (in->event.type != YAML_SCALAR_EVENT)
        return refuse(in, line_of(in), "%s wants plain values", settings_leaf(key->path));
    if (key->type == PROFILE_LIKE) return take_like(in, text_of(in));
    if (key->offset == offsetof(profile, vehicle.free_mm_s))
        in->out->speed_line = (uint32_t)line_of(in);
    if (profile_take(key, text_of(in), in->out, why)) return TQ_OK;
    return refuse(in, line_of(in), "%s %s", settings_leaf(key->path), why);
}

static tq_status take_value(reader *in, const profile_key *key)
{
    TQ_TRY(next(in));
    if (in->event.type == YAML_SCALAR_EVENT && text_of(in).len == 0)
        return refuse(in, line_of(in), "%s has no value; give one, or remove the line",
                      settings_leaf(key->path));
    if (!profile_is_list(key)) return take_item(in, key);
    /* A list says all of it: what «like» brought is forgotten. */
    memset((uint8_t *)in->out + key->offset, 0, key->type == PROFILE_FLAGS ? sizeof(uint32_t) : 1);
    if (in->event.type != YAML_SEQUENCE_START_EVENT) return take_item(in, key);
    for (;;) {
        TQ_TRY(next(in));
        if (in->event.type == YAML_SEQUENCE_END_EVENT) return TQ_OK;
        TQ_TRY(take_item(in, key));
    }
}

static tq_status take_key(reader *in, char group[KEY_PATH_MAX])
{
    tq_str text = text_of(in);
    char word[PROFILE_NAME_MAX + 1], path[KEY_PATH_MAX];
    if (text.len == 0 || text.len > PROFILE_NAME_MAX || memchr(text.at, '.', text.len) != NULL ||
        memchr(text.at, '\0', text.len) != NULL || !tq_utf8_valid(text))
        return refuse(in, line_of(in), "a key is a word of at most %u letters", PROFILE_NAME_MAX);
    memcpy(word, text.at, text.len);
    word[text.len] = '\0';
    (void)snprintf(path, sizeof path, "%s%s%s", group, group[0] != '\0' ? "." : "", word);
    for (uint32_t k = 0; k < profile_key_count; k++) {
        if (strcmp(profile_keys[k].path, path) != 0) continue;
        if (in->seen[k]) return refuse(in, line_of(in), "%s stands here twice", word);
        in->seen[k] = true;
        TQ_TRY(take_value(in, &profile_keys[k]));
        in->any = true;
        return TQ_OK;
    }
    for (uint32_t k = 0; k < profile_group_count && group[0] == '\0'; k++) {
        if (strcmp(profile_groups[k], path) != 0) continue;
        if (in->seen_group[k]) return refuse(in, line_of(in), "%s stands here twice", word);
        in->seen_group[k] = in->any = true;
        TQ_TRY(next(in));
        if (in->event.type != YAML_MAPPING_START_EVENT)
            return refuse(in, line_of(in), "%s is a section; its keys stand below it", word);
        (void)snprintf(group, KEY_PATH_MAX, "%s", path);
        return TQ_OK;
    }
    return unknown_key(in, group, word);
}

static tq_status read_document(reader *in)
{
    char group[KEY_PATH_MAX] = "";
    TQ_TRY(next(in));
    TQ_TRY(next(in));
    if (in->event.type == YAML_STREAM_END_EVENT) return TQ_OK;
    TQ_TRY(next(in));
    if (in->event.type != YAML_MAPPING_START_EVENT)
        return refuse(in, line_of(in), "wants keys such as label: and access:");
    for (;;) {
        TQ_TRY(next(in));
        if (in->event.type == YAML_MAPPING_END_EVENT) {
            if (group[0] == '\0') break;
            group[0] = '\0';
        } else if (in->event.type != YAML_SCALAR_EVENT) {
            return refuse(in, line_of(in), "a key is a plain word");
        } else {
            TQ_TRY(take_key(in, group));
        }
    }
    TQ_TRY(next(in));
    TQ_TRY(next(in));
    if (in->event.type != YAML_STREAM_END_EVENT)
        return refuse(in, line_of(in), "holds a second document; one is enough");
    return TQ_OK;
}

/* What must fit together. */
static tq_status check(reader *in)
{
    const tq_vehicle *vehicle = &in->out->vehicle;
    bool active = vehicle->kind == TQ_HIERARCHY_ACTIVE;
    const uint8_t walkers = TQ_ACCESS_FOOT | TQ_ACCESS_BIKE | TQ_ACCESS_WHEELCHAIR;
    if (vehicle->mode == 0)
        return refuse(in, 1, "mode is missing: whose rules bind it, such as mode: car");
    if (vehicle->access == 0)
        return refuse(in, 1, "access is missing: where it may go, such as access: [car]");
    if (((vehicle->access | vehicle->mode) & (active ? TQ_ACCESS_MOTOR : walkers)) != 0)
        return refuse(in, 1, "streets: %s does not go with the modes in access and mode",
                      active ? "active" : "motor");
    if (active && vehicle->free_mm_s == 0)
        return refuse(in, 1, "speed: own is missing, such as own: 4.5 km/h");
    if ((vehicle->flags & TQ_VEHICLE_PUSHES) != 0 && vehicle->push_mm_s == 0)
        return refuse(in, 1, "speed: pushed is missing; flags says pushes");
    if (in->out->label_zh[0] == '\0' || in->out->label_en[0] == '\0')
        return refuse(in, 1, "label is missing: zh and en, what people call it");
    return TQ_OK;
}

tq_status profile_read(const profile_set *set, const char *path, tq_str bytes, profile *out,
                       bool *waits, tq_err *err)
{
    *waits = false;
    if (bytes.len > PROFILE_BYTES_MAX)
        return tq_fail(err, TQ_LIMIT, 0, "%s has %zu bytes; the limit is %zu", path, bytes.len,
                       PROFILE_BYTES_MAX);
    reader *in = TQ_ALLOC(reader, 1);
    profile *made = TQ_ALLOC(profile, 1);
    tq_status status = TQ_NO_MEMORY;
    if (in == NULL || made == NULL || !yaml_parser_initialize(&in->parser)) {
        status = tq_fail(err, TQ_NO_MEMORY, 0, "no memory to read %s", path);
        goto done;
    }
    *made = *out;
    in->path = path;
    in->set = set;
    in->out = made;
    in->waits = waits;
    in->err = err;
    yaml_parser_set_encoding(&in->parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&in->parser, (const unsigned char *)bytes.at, bytes.len);
    status = read_document(in);
    if (status == TQ_OK) status = check(in);
    if (in->has_event) yaml_event_delete(&in->event);
    yaml_parser_delete(&in->parser);
    if (status == TQ_OK) *out = *made;
done:
    tq_free(made);
    tq_free(in);
    return status;
}
