/*
 * tongqu.yaml: reading with a place and a remedy for every mistake, and writing with every key and
 * a comment.
 *
 * Read as a stream of libyaml events with a stack of at most three mappings, so that hostile
 * nesting costs nothing. Refused: unknown and double keys, anchors, aliases, tags, several
 * documents, values without their unit. An unknown key is answered with the nearest known one by
 * edit distance.
 */
#include <stdio.h>
#include <yaml.h>

#include "import/settings_in.h"

#define DEPTH_MAX  3
#define GROUPS_MAX 16
#define NEAR_MOST  3 /* edits up to which a suggestion helps */
#define WORD_MAX   40

typedef struct settings_reader {
    yaml_parser_t parser;
    yaml_event_t event;
    bool has_event;
    tq_settings *out;
    settings_lines *lines;
    tq_err *err;
    bool seen[SETTINGS_KEYS_MAX], seen_group[GROUPS_MAX];
    char path[DEPTH_MAX][SETTINGS_PATH_MAX]; /* of the mapping at that depth, "" at the top */
} settings_reader;

__attribute__((format(printf, 3, 4))) static tq_status refuse(settings_reader *reader, size_t line,
                                                              const char *format, ...)
{
    char text[300];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return tq_fail(reader->err, TQ_BAD_CONFIG, line, SETTINGS_FILE " line %zu: %s", line, text);
}

static size_t line_of(const settings_reader *reader)
{
    return reader->event.start_mark.line + 1;
}

static tq_str text_of(const settings_reader *reader)
{
    return (tq_str){(const char *)reader->event.data.scalar.value,
                    reader->event.data.scalar.length};
}

/* Take the next event; anchors, aliases and tags end the reading here. */
static tq_status next(settings_reader *reader)
{
    if (reader->has_event) yaml_event_delete(&reader->event);
    reader->has_event = false;
    if (!yaml_parser_parse(&reader->parser, &reader->event)) {
        if (reader->parser.error == YAML_MEMORY_ERROR)
            return tq_fail(reader->err, TQ_NO_MEMORY, 0, "no memory to read " SETTINGS_FILE);
        const char *problem = reader->parser.problem != NULL ? reader->parser.problem : "not text";
        return refuse(reader, reader->parser.problem_mark.line + 1,
                      "not YAML: %s (indent with spaces, quote text with signs in it)", problem);
    }
    reader->has_event = true;
    const yaml_event_t *event = &reader->event;
    const yaml_char_t *anchor = NULL, *tag = NULL;
    if (event->type == YAML_SCALAR_EVENT) {
        anchor = event->data.scalar.anchor;
        tag = event->data.scalar.tag;
    } else if (event->type == YAML_SEQUENCE_START_EVENT) {
        anchor = event->data.sequence_start.anchor;
        tag = event->data.sequence_start.tag;
    } else if (event->type == YAML_MAPPING_START_EVENT) {
        anchor = event->data.mapping_start.anchor;
        tag = event->data.mapping_start.tag;
    }
    if (event->type == YAML_ALIAS_EVENT || anchor != NULL)
        return refuse(reader, line_of(reader),
                      "anchors and aliases (& and *) are not used here; "
                      "write the value out, or quote it");
    if (tag != NULL)
        return refuse(reader, line_of(reader), "tags (!) are not used here; write the plain value");
    return TQ_OK;
}

/* ---- suggestions -------------------------------------------------------------------------------
 */

unsigned settings_edit_distance(const char *a, const char *b)
{
    size_t len_a = strlen(a), len_b = strlen(b);
    unsigned row[WORD_MAX + 1];
    if (len_a > WORD_MAX || len_b > WORD_MAX) return UINT32_MAX;
    for (unsigned k = 0; k <= len_b; k++)
        row[k] = k;
    for (size_t k = 0; k < len_a; k++) {
        unsigned corner = row[0];
        row[0] = (unsigned)k + 1;
        for (size_t m = 0; m < len_b; m++) {
            unsigned swap = corner + (a[k] != b[m]);
            corner = row[m + 1];
            row[m + 1] = TQ_MIN(TQ_MIN(row[m], corner) + 1, swap);
        }
    }
    return row[len_b];
}

/* Does `path` lie directly in the mapping `group`? */
static bool lies_in(const char *path, const char *group)
{
    size_t len = strlen(group);
    if (len == 0) return strchr(path, '.') == NULL;
    return strncmp(path, group, len) == 0 && path[len] == '.' &&
           strchr(path + len + 1, '.') == NULL;
}

typedef struct suggestion {
    const char *path;
    unsigned distance;
    bool here;
} suggestion;

static void weigh(suggestion *best, const char *path, const char *word, const char *group)
{
    suggestion one = {path, settings_edit_distance(word, settings_leaf(path)),
                      lies_in(path, group)};
    if (one.distance < best->distance ||
        (one.distance == best->distance && one.here && !best->here))
        *best = one;
}

static tq_status unknown_key(settings_reader *reader, unsigned depth, const char *word)
{
    const char *group = reader->path[depth];
    suggestion best = {NULL, NEAR_MOST + 1, false};
    for (uint32_t k = 0; k < settings_key_count; k++)
        weigh(&best, settings_keys[k].path, word, group);
    for (uint32_t k = 0; k < settings_group_count; k++)
        weigh(&best, settings_groups[k].path, word, group);
    char place[SETTINGS_PATH_MAX + 8] = "";
    if (group[0] != '\0') (void)snprintf(place, sizeof place, " in %s", group);
    size_t line = line_of(reader);
    if (best.path != NULL && best.here)
        return refuse(reader, line, "unknown key %s%s; did you mean %s?", word, place,
                      settings_leaf(best.path));
    if (best.path != NULL)
        return refuse(reader, line, "unknown key %s%s; did you mean %s?", word, place, best.path);
    char known[160] = "";
    size_t used = 0;
    for (uint32_t k = 0; k < settings_key_count + settings_group_count; k++) {
        const char *path = k < settings_key_count ? settings_keys[k].path
                                                  : settings_groups[k - settings_key_count].path;
        size_t len = strlen(settings_leaf(path));
        if (!lies_in(path, group) || used + len + 3 > sizeof known) continue;
        used += (size_t)snprintf(known + used, sizeof known - used, "%s%s", used > 0 ? ", " : "",
                                 settings_leaf(path));
    }
    return refuse(reader, line, "unknown key %s%s; known here: %s", word, place, known);
}

/* ---- values ------------------------------------------------------------------------------------
 */

static bool plain_text(tq_str text)
{
    const char *at = text.at, *end = text.at + text.len;
    if (!tq_utf8_valid(text)) return false;
    while (at < end) {
        uint32_t code = tq_utf8_next(&at, end);
        if (code < 0x20 || (code >= 0x7F && code < 0xA0) || code == 0x2028 || code == 0x2029 ||
            code == 0xFEFF)
            return false;
    }
    return true;
}

static tq_status take_text(settings_reader *reader, const settings_key *key, tq_str text, char *out,
                           size_t room)
{
    const char *name = settings_leaf(key->path);
    if (!plain_text(text))
        return refuse(reader, line_of(reader), "%s holds a control sign; write plain text", name);
    if (text.len >= room)
        return refuse(reader, line_of(reader), "%s has %zu bytes; %zu are allowed", name, text.len,
                      room - 1);
    for (size_t k = 0; key->type == SETTINGS_ID && k < text.len; k++) {
        char c = text.at[k];
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_'))
            return refuse(reader, line_of(reader),
                          "%s may hold a-z, 0-9, - and _, such as taiyuan, not %.*s", name,
                          (int)TQ_MIN(text.len, (size_t)60), text.at);
    }
    if (text.len == 0 && (key->type == SETTINGS_ID || strcmp(key->path, "city.timezone") == 0))
        return refuse(reader, line_of(reader), "%s is empty; give it, or remove the line", name);
    memcpy(out, text.at, text.len);
    out[text.len] = '\0';
    return TQ_OK;
}

static tq_status take_choice(settings_reader *reader, const settings_key *key, tq_str text,
                             bool *out)
{
    bool words = key->type == SETTINGS_SKIP_STOP;
    if (tq_str_is(text, words ? "stop" : "yes") || (!words && tq_str_is(text, "true")))
        *out = true;
    else if (tq_str_is(text, words ? "skip" : "no") || (!words && tq_str_is(text, "false")))
        *out = false;
    else
        return refuse(reader, line_of(reader), "%s wants %s, not %.*s", settings_leaf(key->path),
                      words ? "skip or stop" : "yes or no", (int)TQ_MIN(text.len, (size_t)60),
                      text.at);
    return TQ_OK;
}

static tq_status add_path(settings_reader *reader, const settings_key *key, tq_str text)
{
    char *base = (char *)reader->out;
    char(*path)[512] = (char(*)[512])(void *)(base + key->offset);
    uint32_t *count = (uint32_t *)(void *)(base + key->size);
    const char *name = settings_leaf(key->path);
    if (text.len == 0)
        return refuse(reader, line_of(reader), "%s has an empty path; name a file, or write auto",
                      name);
    if (*count == TQ_SOURCES_MAX)
        return refuse(reader, line_of(reader), "%s has more than %d paths", name, TQ_SOURCES_MAX);
    TQ_TRY(take_text(reader, key, text, path[*count], sizeof path[0]));
    for (uint32_t k = 0; k < *count; k++)
        if (strcmp(path[k], path[*count]) == 0)
            return refuse(reader, line_of(reader), "%s names %s twice", name, path[k]);
    (*count)++;
    return TQ_OK;
}

static tq_status add_line(settings_reader *reader, const settings_key *key, tq_str text)
{
    char *out = (char *)reader->out + key->offset;
    size_t used = strlen(out);
    if (text.len == 0) return TQ_OK;
    if (used + 2 >= key->size)
        return refuse(reader, line_of(reader), "%s has over %zu bytes", settings_leaf(key->path),
                      key->size - 1);
    size_t more = used > 0 ? 1 : 0;
    TQ_TRY(take_text(reader, key, text, out + used + more, key->size - used - more));
    if (more > 0) out[used] = '\n';
    return TQ_OK;
}

static tq_status take_scalar(settings_reader *reader, const settings_key *key)
{
    tq_str text = text_of(reader);
    char *at = (char *)reader->out + key->offset;
    bool plain = reader->event.data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    if (plain && (text.len == 0 || tq_str_is(text, "~") || tq_str_is(text, "null")))
        return key->type == SETTINGS_PATHS || key->type == SETTINGS_LINES
                   ? TQ_OK
                   : refuse(reader, line_of(reader),
                            "%s has no value; give one, or remove the line",
                            settings_leaf(key->path));
    switch (key->type) {
    case SETTINGS_ID:
    case SETTINGS_TEXT: return take_text(reader, key, text, at, key->size);
    case SETTINGS_LINES: return add_line(reader, key, text);
    case SETTINGS_PATHS:
        return plain && tq_str_is(text, "auto") ? TQ_OK : add_path(reader, key, text);
    case SETTINGS_BOOL:
    case SETTINGS_SKIP_STOP: return take_choice(reader, key, text, (bool *)(void *)at);
    case SETTINGS_FLAG: {
        bool flag = false;
        TQ_TRY(take_choice(reader, key, text, &flag));
        *settings_number(key, reader->out) = flag;
        return TQ_OK;
    }
    default: break;
    }
    char why[256];
    uint32_t number = 0;
    if (!settings_parse_number(key, text, &number, why))
        return refuse(reader, line_of(reader), "%s %s", settings_leaf(key->path), why);
    *settings_number(key, reader->out) = number;
    return TQ_OK;
}

static tq_status take_value(settings_reader *reader, uint32_t row)
{
    const settings_key *key = &settings_keys[row];
    bool list = key->type == SETTINGS_LINES || key->type == SETTINGS_PATHS;
    TQ_TRY(next(reader));
    reader->lines->of_key[row] = (uint32_t)TQ_MIN(line_of(reader), (size_t)UINT32_MAX);
    if (reader->event.type == YAML_SCALAR_EVENT) return take_scalar(reader, key);
    if (reader->event.type != YAML_SEQUENCE_START_EVENT || !list)
        return refuse(reader, line_of(reader), "%s wants one value%s", settings_leaf(key->path),
                      list ? " or a list of them" : "");
    for (;;) {
        TQ_TRY(next(reader));
        if (reader->event.type == YAML_SEQUENCE_END_EVENT) return TQ_OK;
        if (reader->event.type != YAML_SCALAR_EVENT)
            return refuse(reader, line_of(reader), "%s is a plain list of texts",
                          settings_leaf(key->path));
        TQ_TRY(key->type == SETTINGS_PATHS ? add_path(reader, key, text_of(reader))
                                           : add_line(reader, key, text_of(reader)));
    }
}

/* One value for a group such as max_walk stands for all of its keys, where they are alike. */
static tq_status take_group_scalar(settings_reader *reader, const char *group)
{
    tq_str text = text_of(reader);
    if (text.len == 0 || tq_str_is(text, "~") || tq_str_is(text, "null")) return TQ_OK;
    bool alike = strcmp(group, "walking.walk_speed") == 0 || strcmp(group, "walking.max_walk") == 0;
    if (!alike)
        return refuse(reader, line_of(reader),
                      "%s is a section; its keys stand below it, two spaces further in",
                      settings_leaf(group));
    for (uint32_t row = 0; row < settings_key_count; row++) {
        const settings_key *key = &settings_keys[row];
        if (!lies_in(key->path, group)) continue;
        char why[256];
        if (!settings_parse_number(key, text, settings_number(key, reader->out), why))
            return refuse(reader, line_of(reader), "%s %s", settings_leaf(group), why);
    }
    return TQ_OK;
}

/* ---- the document ------------------------------------------------------------------------------
 */

/* A key stands in the event: take its value, or go one mapping deeper. */
static tq_status take_key(settings_reader *reader, unsigned *depth)
{
    tq_str text = text_of(reader);
    size_t line = line_of(reader);
    char word[WORD_MAX], path[SETTINGS_PATH_MAX * 2];
    if (text.len == 0 || text.len >= sizeof word || !plain_text(text) ||
        memchr(text.at, '.', text.len) != NULL)
        return refuse(reader, line, "%.*s is not a key", (int)TQ_MIN(text.len, (size_t)60),
                      text.at);
    memcpy(word, text.at, text.len);
    word[text.len] = '\0';
    const char *group = reader->path[*depth];
    (void)snprintf(path, sizeof path, "%s%s%s", group, group[0] != '\0' ? "." : "", word);
    for (uint32_t row = 0; row < settings_key_count; row++) {
        if (strcmp(settings_keys[row].path, path) != 0) continue;
        if (reader->seen[row]) return refuse(reader, line, "%s stands here twice", word);
        reader->seen[row] = true;
        return take_value(reader, row);
    }
    for (uint32_t row = 0; row < settings_group_count; row++) {
        if (strcmp(settings_groups[row].path, path) != 0) continue;
        if (reader->seen_group[row]) return refuse(reader, line, "%s stands here twice", word);
        reader->seen_group[row] = true;
        TQ_TRY(next(reader));
        if (reader->event.type == YAML_SCALAR_EVENT)
            return take_group_scalar(reader, settings_groups[row].path);
        if (reader->event.type != YAML_MAPPING_START_EVENT)
            return refuse(reader, line_of(reader), "%s is a section, not a list", word);
        TQ_ASSERT(*depth + 1 < DEPTH_MAX);
        memcpy(reader->path[++*depth], path, strlen(path) + 1);
        return TQ_OK;
    }
    return unknown_key(reader, *depth, word);
}

static tq_status read_document(settings_reader *reader)
{
    TQ_TRY(next(reader)); /* the stream's start */
    TQ_TRY(next(reader));
    if (reader->event.type == YAML_STREAM_END_EVENT) return TQ_OK;
    TQ_TRY(next(reader));
    bool empty = reader->event.type == YAML_SCALAR_EVENT && text_of(reader).len == 0;
    if (!empty && reader->event.type != YAML_MAPPING_START_EVENT)
        return refuse(reader, line_of(reader), "wants sections such as city: and sources:");
    for (unsigned depth = 0; !empty;) {
        TQ_TRY(next(reader));
        if (reader->event.type == YAML_MAPPING_END_EVENT) {
            if (depth-- == 0) break;
        } else if (reader->event.type != YAML_SCALAR_EVENT) {
            return refuse(reader, line_of(reader), "a key is a plain word");
        } else {
            TQ_TRY(take_key(reader, &depth));
        }
    }
    TQ_TRY(next(reader)); /* the document's end */
    TQ_TRY(next(reader));
    if (reader->event.type != YAML_STREAM_END_EVENT)
        return refuse(reader, line_of(reader), "holds a second document; one is enough");
    return TQ_OK;
}

tq_status settings_parse(tq_str bytes, tq_settings *out, settings_lines *lines, tq_err *err)
{
    if (bytes.len > SETTINGS_BYTES_MAX)
        return tq_fail(err, TQ_LIMIT, 0, SETTINGS_FILE " has %zu bytes; the limit is %zu",
                       bytes.len, SETTINGS_BYTES_MAX);
    settings_reader *reader = TQ_ALLOC(settings_reader, 1);
    tq_settings *settings = TQ_ALLOC(tq_settings, 1);
    tq_status status = TQ_NO_MEMORY;
    if (reader == NULL || settings == NULL || !yaml_parser_initialize(&reader->parser)) {
        status = tq_fail(err, TQ_NO_MEMORY, 0, "no memory to read " SETTINGS_FILE);
        goto done;
    }
    tq_settings_default(settings);
    memset(lines, 0, sizeof *lines);
    reader->out = settings;
    reader->lines = lines;
    reader->err = err;
    yaml_parser_set_encoding(&reader->parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&reader->parser, (const unsigned char *)bytes.at, bytes.len);
    status = read_document(reader);
    if (reader->has_event) yaml_event_delete(&reader->event);
    yaml_parser_delete(&reader->parser);
    if (status == TQ_OK) *out = *settings;
done:
    tq_free(settings);
    tq_free(reader);
    return status;
}

tq_status tq_settings_read(const char *folder, tq_settings *out, tq_err *err)
{
    char path[TQ_PATH_MAX], *bytes = NULL;
    size_t len = 0;
    settings_lines lines;
    if (!tq_path_join(path, folder, SETTINGS_FILE))
        return tq_fail(err, TQ_LIMIT, 0, "the path of the city folder is too long");
    if (!tq_file_look(folder).is_folder)
        return tq_fail(err, TQ_BAD_CONFIG, 0,
                       "%s is not a city folder; make one with: tongqu init %s", folder, folder);
    if (!tq_file_look(path).exists)
        return tq_fail(err, TQ_BAD_CONFIG, 0,
                       "%s holds no " SETTINGS_FILE "; make one with: tongqu init %s", folder,
                       folder);
    TQ_TRY(tq_file_read(path, SETTINGS_BYTES_MAX, &bytes, &len, err));
    tq_settings *settings = TQ_ALLOC(tq_settings, 1);
    tq_status status = settings == NULL
                           ? tq_fail(err, TQ_NO_MEMORY, 0, "no memory to read " SETTINGS_FILE)
                           : settings_parse((tq_str){bytes, len}, settings, &lines, err);
    if (status == TQ_OK) {
        (void)snprintf(settings->folder, sizeof settings->folder, "%s", folder);
        status = settings_find_sources(settings, &lines, err);
    }
    if (status == TQ_OK) *out = *settings;
    tq_free(settings);
    tq_free(bytes);
    return status;
}

/* ---- writing -----------------------------------------------------------------------------------
 */

static void put_comment(tq_buf *out, unsigned indent, const char *comment)
{
    for (const char *at = comment; *at != '\0';) {
        size_t len = strcspn(at, "\n");
        for (unsigned k = 0; k < indent; k++)
            tq_buf_puts(out, "  ");
        tq_buf_puts(out, "# ");
        tq_buf_put(out, at, len);
        tq_buf_putc(out, '\n');
        at += len + (at[len] == '\n');
    }
}

static void put_group(tq_buf *out, const settings_group *group)
{
    unsigned indent = strchr(group->path, '.') != NULL;
    if (indent == 0) tq_buf_putc(out, '\n');
    put_comment(out, indent, group->comment);
    if (indent > 0) tq_buf_puts(out, "  ");
    tq_buf_puts(out, settings_leaf(group->path));
    tq_buf_puts(out, ":\n");
}

void settings_print(const tq_settings *settings, settings_part part, tq_buf *out)
{
    uint32_t group = 0;
    for (uint32_t row = 0; row < settings_key_count; row++) {
        const settings_key *key = &settings_keys[row];
        bool city = strncmp(key->path, "sources.", 8) != 0 && strncmp(key->path, "server.", 7) != 0;
        if (part == SETTINGS_OF_CITY && !city) continue;
        while (part == SETTINGS_ALL && group < settings_group_count &&
               strncmp(key->path, settings_groups[group].path,
                       strlen(settings_groups[group].path)) == 0)
            put_group(out, &settings_groups[group++]);
        unsigned dots = 0;
        for (const char *at = key->path; *at != '\0'; at++)
            dots += *at == '.';
        for (unsigned k = 0; part == SETTINGS_ALL && k < dots; k++)
            tq_buf_puts(out, "  ");
        tq_buf_puts(out, part == SETTINGS_ALL ? settings_leaf(key->path) : key->path);
        tq_buf_puts(out, ": ");
        settings_put_value(key, settings, out);
        if (part == SETTINGS_ALL) {
            tq_buf_puts(out, " # ");
            tq_buf_puts(out, key->comment);
        }
        tq_buf_putc(out, '\n');
    }
}

tq_status tq_settings_write(const char *folder, const tq_settings *settings, tq_err *err)
{
    char path[TQ_PATH_MAX];
    tq_buf text = {0};
    tq_file_out *file = NULL;
    if (!tq_path_join(path, folder, SETTINGS_FILE))
        return tq_fail(err, TQ_LIMIT, 0, "the path of the city folder is too long");
    TQ_TRY(tq_folder_make(folder, err));
    tq_buf_puts(
        &text,
        "# Settings of a Tongqu city. Every key stands here with its default; a unit is part of\n"
        "# its value. Put sources beside this file, then run: tongqu import FOLDER\n");
    settings_print(settings, SETTINGS_ALL, &text);
    tq_status status =
        text.failed ? tq_fail(err, TQ_NO_MEMORY, 0, "no memory to write " SETTINGS_FILE) : TQ_OK;
    if (status == TQ_OK) status = tq_file_create(path, &file, err);
    if (status == TQ_OK && (status = tq_file_write(file, text.at, text.len, err)) != TQ_OK)
        tq_file_discard(file);
    else if (status == TQ_OK)
        status = tq_file_commit(file, err);
    tq_buf_free(&text);
    return status;
}
