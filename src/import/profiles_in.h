/* Private to import: profile files of vehicles and travellers. */
#ifndef TQ_IMPORT_PROFILES_IN_H
#define TQ_IMPORT_PROFILES_IN_H

#include "import/import.h"

#define PROFILE_BYTES_MAX ((size_t)64 << 10)
#define PROFILES_MAX      64u /* built-in ones and those of a city together */
#define PROFILE_NAME_MAX  40u
#define PROFILE_LABEL_MAX 80u
#define PROFILE_FOLDER    "profiles"

/* The built-in files, in the order of tq_profile (cmake/profiles.cmake). */
typedef struct profile_file {
    const char *name, *at;
    size_t len;
} profile_file;
extern const profile_file tq_profile_files[];
extern const size_t tq_profile_file_count;

/* A profile while it is read. */
typedef struct profile {
    char name[PROFILE_NAME_MAX + 1], label_zh[PROFILE_LABEL_MAX + 1],
        label_en[PROFILE_LABEL_MAX + 1];
    tq_vehicle vehicle;  /* without texts */
    uint32_t speed_line; /* where the own speed stood, 0 = not given */
} profile;

/* The profiles known so far; «like» finds them by name. */
typedef struct profile_set {
    profile row[PROFILES_MAX];
    uint32_t count;
} profile_set;

/**
 * Read a profile file over what *out holds (its name given). `path` names it in messages. *waits is
 * set when «like» names a profile that is not in the set yet; *out is then unchanged.
 */
tq_status profile_read(const profile_set *set, const char *path, tq_str bytes, profile *out,
                       bool *waits, tq_err *err);
/** A profile before anything is read: all shares 100 %, nothing allowed. */
void profile_empty(profile *out, tq_str name);
uint32_t profile_find(const profile_set *set, tq_str name); /* TQ_NONE */
bool profile_name_good(tq_str name);

/* ---- keys and values (profiles_keys.c) ------------------------------------------------------- */

typedef enum profile_type {
    PROFILE_LIKE,
    PROFILE_LABEL, /* text, into profile */
    PROFILE_STREETS,
    PROFILE_MODE,
    PROFILE_MODES, /* list of modes */
    PROFILE_FLAGS, /* list of words */
    PROFILE_PLATE,
    PROFILE_KERB,
    PROFILE_SMOOTHNESS,
    PROFILE_PERCENT,   /* uint8_t */
    PROFILE_SHARE,     /* uint8_t: per cent, or no */
    PROFILE_HOURS,     /* uint8_t [24] */
    PROFILE_LENGTH_CM, /* uint16_t */
    PROFILE_WEIGHT_10KG,
    PROFILE_SPEED_MM_S,
    PROFILE_SPEED_TENTHS,
    PROFILE_TIME_DS,
    PROFILE_TIMES /* uint8_t: a plain number */
} profile_type;

typedef struct profile_key {
    const char *path; /* "size.height" */
    profile_type type;
    size_t offset; /* in profile */
    uint32_t least, most;
} profile_key;

extern const profile_key profile_keys[];
extern const uint32_t profile_key_count;
extern const char *const profile_groups[];
extern const uint32_t profile_group_count;

/** Parse one scalar (or one item of a list) into *out. False with `why` filled. */
bool profile_take(const profile_key *key, tq_str text, profile *out, char why[200]);
/** Is the key's value a list of words? */
bool profile_is_list(const profile_key *key);

#endif
