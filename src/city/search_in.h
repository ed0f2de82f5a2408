/*
 * Private to city: the layout and the rules of the name search, shared by builder, verifier, query
 * and oracle. Described for readers in docs/format/search.md.
 */
#ifndef TQ_CITY_SEARCH_IN_H
#define TQ_CITY_SEARCH_IN_H

#include "tongqu/place.h"

#include "city/city.h"

/* ---- limits ------------------------------------------------------------------------------------
 */

#define SEARCH_KEY_MAX   120 /* bytes of a normalised key; the rest of a name is not searched */
#define SEARCH_CODES_MAX TQ_PLACE_QUERY_MAX
#define SEARCH_SCAN_MAX                                                                            \
    10000 /* keys weighed of one list; further ones are the less important or longer */
#define SEARCH_MIXED_MAX    2000 /* the same for queries that mix characters and pinyin */
#define SEARCH_READINGS_MAX 8    /* readings of a name that are indexed */
#define SEARCH_DELETE_FRONT 6    /* signs at a key's front whose single deletions are indexed */
#define SEARCH_SOURCE_MAX   250  /* aliases of a place that are indexed */

/* ---- keys --------------------------------------------------------------------------------------
 */

/* What a key is made of. */
typedef enum search_form {
    SEARCH_NAME,
    SEARCH_SHORT, /* the name without what stands in brackets */
    SEARCH_ALIAS,
    SEARCH_FORMER,
    SEARCH_ENGLISH,
    SEARCH_PINYIN,
    SEARCH_INITIALS,
    SEARCH_READING, /* not of a place: SEARCH_READING_MARK, one character, one of its readings */
    SEARCH_FORM_COUNT
} search_form;

#define SEARCH_READING_MARK '\x01'

/*
 * key_why: bits 0..2 form, 3..10 source (0 name, 1 English name, 2 + n alias n of the place),
 * 11..13 order of the place's kind (smaller first), 14..21 255 - weight.
 */
static inline uint32_t search_why(search_form form, uint32_t source, uint32_t kind, uint32_t weight)
{
    return (uint32_t)form | source << 3 | kind << 11 | (255 - weight) << 14;
}
static inline search_form search_form_of(uint32_t why)
{
    return (search_form)(why & 7);
}
static inline uint32_t search_source_of(uint32_t why)
{
    return why >> 3 & 255;
}
/* Of kind and weight: smaller is listed first. */
static inline uint32_t search_order_of(uint32_t why)
{
    return why >> 11 & 2047;
}

/** The name, English name or alias that a key was made from. */
const char *search_source(const tq_city *city, uint32_t key);

static inline const char *search_key(const tq_search *search, uint32_t key)
{
    return search->text + search->key_text[key];
}

/* ---- normalising -------------------------------------------------------------------------------
 */

extern const uint16_t search_fold_code[];
extern const uint32_t search_fold_count;
extern const char search_fold_to[][8];
extern const uint16_t search_drop_range[][2];
extern const uint32_t search_drop_count;

/** Small letters without accents, marks, blanks and punctuation; at most `room - 1` bytes, whole
 * signs. */
size_t search_normalise(tq_str text, char *out, size_t room);
/** Code points of a normalised text; at most `room`. */
uint32_t search_codes(const char *text, uint32_t *codes, uint32_t room);
static inline bool search_is_letter(uint32_t code)
{
    return (code >= 'a' && code <= 'z') || (code >= '0' && code <= '9');
}
/* A character that has a pinyin: the ideographs. */
static inline bool search_is_han(uint32_t code)
{
    return code == 0x3007 || (code >= 0x3400 && code <= 0x9FFF) ||
           (code >= 0x20000 && code <= 0x3FFFF);
}
/** Exactly one sign dropped, added or changed, and no digit: a number is another number. */
bool search_one_edit(const uint32_t *a, uint32_t a_count, const uint32_t *b, uint32_t b_count);
/** Long enough that one forgiven sign still tells it from others. */
bool search_fuzzy_fits(const uint32_t *query, uint32_t count);

/* ---- grams -------------------------------------------------------------------------------------
 */

/* A character, two neighbours of which the first is not ASCII, three ASCII neighbours, a front less
 * one sign. */
static inline uint64_t search_gram_pair(uint32_t one, uint32_t two)
{
    return (uint64_t)one << 21 | two;
}
static inline uint64_t search_gram_three(uint32_t one, uint32_t two, uint32_t three)
{
    return UINT64_C(1) << 62 | (uint64_t)one << 16 | (uint64_t)two << 8 | three;
}
uint64_t search_gram_front(const uint32_t *codes, uint32_t count);

/* ---- ranking -----------------------------------------------------------------------------------
 */

typedef enum search_how {
    SEARCH_EXACT,
    SEARCH_PREFIX,
    SEARCH_PART,
    SEARCH_MIXED,
    SEARCH_FUZZY
} search_how;
#define SEARCH_LEVEL_NONE 31u

/* How good a match is: smaller first; the first levels are exact ones. */
#define SEARCH_LEVEL_EXACT_LAST 3u
uint32_t search_level(search_form form, search_how how);
tq_match search_match(search_form form, search_how how);

/* ---- the query's ways of saying it --------------------------------------------------------------
 */

#define SEARCH_VARIANTS_MAX 3
typedef struct search_variant {
    char text[SEARCH_KEY_MAX]; /* cut as keys are, so that a long name finds itself */
    uint32_t codes[SEARCH_CODES_MAX], count;
} search_variant;

/** [0] as typed, then without a word for station, then without one for street: *count of them. */
void search_variants(tq_str text, search_variant variant[SEARCH_VARIANTS_MAX], uint32_t *count,
                     bool *has_street_variant);

/* ---- readings of characters, by ICU; import only ------------------------------------------------
 */

#define SEARCH_READINGS_OF_ONE 4
typedef struct search_pinyin search_pinyin;
search_pinyin *search_pinyin_new(void); /* NULL = no memory */
void search_pinyin_free(search_pinyin *pinyin);
/** Readings of a character, the commonest first, as small letters; the count, 0 = none known. */
tq_status search_pinyin_of(search_pinyin *pinyin, uint32_t code, const char (**readings)[8],
                           uint32_t *count, tq_err *err);
/** All characters asked for so far, ascending: *count of them; tq_free the array. NULL = no memory.
 */
uint32_t *search_pinyin_known(const search_pinyin *pinyin, uint32_t *count);

/* ---- candidates one by one, for query and oracle
 * ------------------------------------------------- */

/* Readings of characters met in a query, so that each is looked up once. */
#define SEARCH_CACHE_SLOTS 64
typedef struct search_readings {
    uint32_t code[SEARCH_CACHE_SLOTS], first[SEARCH_CACHE_SLOTS], count[SEARCH_CACHE_SLOTS];
} search_readings;

typedef enum search_extent { SEARCH_SOME, SEARCH_WHOLE } search_extent;
/** Does a query of characters, pinyin and initials («化zhang西») say this name, or some part of it?
 */
bool search_mixed_fits(const tq_search *search, search_readings *readings, const char *name,
                       const uint32_t *query, uint32_t count, search_extent extent);
/** First key whose text is not before `text`; its readings lie at the front. */
uint32_t search_first_key(const tq_search *search, const char *text);
bool search_is_mixed(const uint32_t *query, uint32_t count);

/* Town or district that answers must lie in. */
#define SEARCH_SCOPE_NAMES_MAX 8
#define SEARCH_SCOPE_BYTES     TQ_PLACE_QUERY_MAX
typedef struct search_scope {
    bool given, home; /* home: places without a town are of this city */
    char name[SEARCH_SCOPE_NAMES_MAX][SEARCH_SCOPE_BYTES]; /* normalised */
    uint32_t name_count;
    uint32_t seen[64];                            /* text + 1 of towns already compared ... */
    bool verdict[64];                             /* ... and what came out */
    uint32_t codes[SEARCH_CODES_MAX], code_count; /* as typed, for a town in pinyin */
    search_readings readings;
} search_scope;

void search_scope_begin(const tq_city *city, const char *in_city, search_scope *scope);
bool search_scope_has(const tq_city *city, search_scope *scope, const tq_place_row *row);

/** Fill everything of an answer but match, matched, score and distance. */
void search_fill(const tq_city *city, uint32_t place, tq_place *out);

#endif
