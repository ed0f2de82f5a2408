/*
 * Private to src/desk: rules held as data in YAML files, read key by key (yaml.c).
 *
 * A file is small, without aliases, and every key of it is known and stands once; a refusal names
 * file, line, word and the nearest word that would do. Rules come from files built into the program
 * and from a folder of the city, whose files add rules or replace those of the same name.
 */
#ifndef TQ_DESK_YAML_IN_H
#define TQ_DESK_YAML_IN_H

#include <yaml.h>

#include "desk/desk_in.h"

#define YAML_WORD_MAX 64u /* of a key, with its closing zero */

typedef struct desk_yaml {
    yaml_document_t document;
    const char *source; /* as refusals name it */
    void *whole;        /* what the file is read into */
    tq_err *err;
} desk_yaml;

/* A file built into the program by cmake/. */
typedef struct desk_yaml_file {
    const char *name, *at;
    uint64_t len;
} desk_yaml_file;

/** Read one file with `take` from its root. TQ_BAD_CONFIG: more than `most` bytes, no YAML, empty,
 * aliases, or what `take` refuses. */
tq_status desk_yaml_read(const char *source, tq_str bytes, size_t most, void *whole,
                         tq_status (*take)(desk_yaml *in, const yaml_node_t *root), tq_err *err);

__attribute__((format(printf, 3, 4))) tq_status
desk_yaml_refuse(const desk_yaml *in, const yaml_node_t *node, const char *format, ...);

/** A scalar's text; empty for anything else. Lives as long as the document. */
tq_str desk_yaml_text(const yaml_node_t *node);
/** A text of 1 to cap - 1 bytes. */
tq_status desk_yaml_word(const desk_yaml *in, const yaml_node_t *node, const char *key, size_t cap,
                         char *out);
/** One of `words` (closed by NULL), as its place. */
tq_status desk_yaml_choice(const desk_yaml *in, const yaml_node_t *node, const char *key,
                           const char *const *words, uint32_t *out);
tq_status desk_yaml_count(const desk_yaml *in, const yaml_node_t *node, const char *key,
                          uint32_t least, uint32_t most, uint32_t *out);
/** "30 min", "2 h", "3 d": from `least` ms up to 366 d. */
tq_status desk_yaml_span(const desk_yaml *in, const yaml_node_t *node, const char *key,
                         int64_t least_ms, int64_t *out);
/** {zh: …, en: …}, both there. */
tq_status desk_yaml_names(const desk_yaml *in, const yaml_node_t *node, const char *what,
                          size_t cap, char *zh, char *en);

typedef tq_status (*desk_yaml_take)(const desk_yaml *in, const char *key, const yaml_node_t *value,
                                    void *user);
/** Give each key of a mapping to `take`; unknown and doubled ones are refused. keys NULL = any. */
tq_status desk_yaml_keys(const desk_yaml *in, const yaml_node_t *node, const char *what,
                         const char *const *keys, desk_yaml_take take, void *user);
/** Give each item of a list, or the one value that there is, to `take` with the key "". */
tq_status desk_yaml_items(const desk_yaml *in, const yaml_node_t *node, desk_yaml_take take,
                          void *user);

typedef tq_status (*desk_yaml_add)(void *all, const char *source, tq_str bytes, tq_err *err);
/** Give every built-in file, then every *.yaml of folder/part in order of names, to `add`. folder
 * NULL or "" = the built-in ones only. */
tq_status desk_yaml_files(const char *part, const desk_yaml_file *files, uint64_t count,
                          const char *folder, size_t most, desk_yaml_add add, void *all,
                          tq_err *err);

#endif
