/* Private to import: the table of keys of tongqu.yaml, its values and its reader. */
#ifndef TQ_IMPORT_SETTINGS_IN_H
#define TQ_IMPORT_SETTINGS_IN_H

#include "import/import.h"

#define SETTINGS_BYTES_MAX ((size_t)1 << 20)
#define SETTINGS_FILE      "tongqu.yaml"
#define SETTINGS_KEYS_MAX  80
#define SETTINGS_PATH_MAX  64

/* What a value is; those with a unit say so in settings_value.c. */
typedef enum settings_type {
    SETTINGS_ID,        /* small letters, digits, - and _ */
    SETTINGS_TEXT,      /* one line of text */
    SETTINGS_LINES,     /* list of texts, kept with line ends between */
    SETTINGS_PATHS,     /* list of paths, or auto */
    SETTINGS_BOOL,      /* yes | no */
    SETTINGS_SKIP_STOP, /* skip | stop, kept as stop */
    SETTINGS_COUNT,     /* a whole number, no unit */
    SETTINGS_FLAG,      /* yes | no, kept in a uint32_t */
    SETTINGS_LENGTH_M,
    SETTINGS_SPEED_MM_S,
    SETTINGS_SPEED_KMH,
    SETTINGS_TIME_S,
    SETTINGS_TIME_MS,
    SETTINGS_BYTES,
    SETTINGS_MONEY_FEN,
    SETTINGS_MONEY_PER_KM,
    SETTINGS_MONEY_PER_MIN,
    SETTINGS_PERCENT,
    SETTINGS_CLOCK_S
} settings_type;

/* One key: where it stands in the file and in tq_settings, and what is allowed. */
typedef struct settings_key {
    const char *path; /* "walking.max_walk.foot" */
    settings_type type;
    size_t offset;        /* in tq_settings */
    size_t size;          /* room of a text; of a list of paths: offset of its count */
    uint32_t least, most; /* of the kept number */
    const char *comment;
} settings_key;

typedef struct settings_group {
    const char *path, *comment;
} settings_group;

extern const settings_key settings_keys[];
extern const uint32_t settings_key_count;
extern const settings_group settings_groups[];
extern const uint32_t settings_group_count;

/** Parse a number with its unit. False with `why` filled (what is wanted, such as what). */
bool settings_parse_number(const settings_key *key, tq_str text, uint32_t *out, char why[256]);
/** The value as it is written in the file. */
void settings_put_value(const settings_key *key, const tq_settings *settings, tq_buf *out);
/** Decimal digits in front of a unit as millionths, taken off *text; false on anything else. */
bool settings_read_micro(tq_str *text, uint64_t *micro);
/** Letters to change between two words; UINT32_MAX for long ones. */
unsigned settings_edit_distance(const char *a, const char *b);
/** The last part of a path: "max_walk" of "walking.max_walk". */
const char *settings_leaf(const char *path);

static inline uint32_t *settings_number(const settings_key *key, tq_settings *settings)
{
    return (uint32_t *)(void *)((char *)settings + key->offset);
}

/* Lines on which the lists of paths stood, so that a missing file can be named with its line. */
typedef struct settings_lines {
    uint32_t of_key[SETTINGS_KEYS_MAX]; /* 0 = not given */
} settings_lines;

/** Read the text of a tongqu.yaml over defaults. */
tq_status settings_parse(tq_str bytes, tq_settings *out, settings_lines *lines, tq_err *err);
/** Write settings as text; with_sources and server parts, or only what the city file depends on. */
typedef enum settings_part { SETTINGS_ALL, SETTINGS_OF_CITY } settings_part;
void settings_print(const tq_settings *settings, settings_part part, tq_buf *out);
/** Fill empty lists with what lies in settings->folder; check that listed files are there. */
tq_status settings_find_sources(tq_settings *settings, const settings_lines *lines, tq_err *err);

#endif
