/*
 * base: what every room stands on. No I/O, no clock, no global state.
 *
 * status and errors  tq_fail, TQ_TRY, TQ_ASSERT
 * memory             tq_arena (fixed, for a query), tq_pool (growing, for an import), tq_vec
 * (array) text               tq_str slices, UTF-8 steps, number parsing, tq_buf and its JSON writer
 * order              radix sort by key, stable; indexed 4-ary heap
 * numbers            64-bit hash, checksum, seeded random numbers
 *
 * Invariants: no function here allocates unless its comment says so; sizes are multiplied with a
 * check.
 */
#ifndef TQ_BASE_H
#define TQ_BASE_H

#include <stdarg.h>
#include <string.h>

#include "tongqu/status.h"

#define TQ_NONE UINT32_MAX /* "no such index" */

#define TQ_MIN(a, b)    ((a) < (b) ? (a) : (b))
#define TQ_MAX(a, b)    ((a) > (b) ? (a) : (b))
#define TQ_COUNT(array) (sizeof(array) / sizeof *(array))

/* ---- status and errors -------------------------------------------------------------------- */

/** Fill `err` (may be NULL) and return `status`, so that `return tq_fail(...)` reads well. */
__attribute__((format(printf, 4, 5))) tq_status tq_fail(tq_err *err, tq_status status,
                                                        uint64_t line, const char *format, ...);
void tq_err_clear(tq_err *err);

/* Return the status of `call` from this function when it is not TQ_OK. */
#define TQ_TRY(call)                                                                               \
    do {                                                                                           \
        tq_status tq_try_status = (call);                                                          \
        if (tq_try_status != TQ_OK) return tq_try_status;                                          \
    } while (0)

/* A promise inside our own code, checked in every build. Never for bytes from outside. */
#define TQ_ASSERT(cond)                                                                            \
    do {                                                                                           \
        if (__builtin_expect(!(cond), 0)) tq_assert_failed(#cond, __FILE__, __LINE__);             \
    } while (0)
_Noreturn void tq_assert_failed(const char *cond, const char *file, int line);

/* A guard that no test can reach. */
#define TQ_NEVER(cond) __builtin_expect(!!(cond), 0)

/* ---- log ----------------------------------------------------------------------------------- */

typedef enum tq_log_level { TQ_LOG_DEBUG, TQ_LOG_INFO, TQ_LOG_WARN, TQ_LOG_ERROR } tq_log_level;
typedef void (*tq_log_sink)(void *user, tq_log_level level, const char *line);

/** Where log lines go; NULL drops them. Set once at start, before threads. */
void tq_log_to(tq_log_sink sink, void *user);
__attribute__((format(printf, 2, 3))) void tq_log(tq_log_level level, const char *format, ...);

/* ---- memory -------------------------------------------------------------------------------- */

/* Fixed arena: the scratch of a query. Push returns zeroed memory, or NULL when full. */
typedef struct tq_arena {
    uint8_t *base;
    size_t cap, used, peak;
} tq_arena;

void tq_arena_init(tq_arena *arena, void *memory, size_t cap);
void *tq_arena_push(tq_arena *arena, size_t count, size_t size, size_t align);
/* The same without zeroing, for arrays that are written before they are read. */
void *tq_arena_push_raw(tq_arena *arena, size_t count, size_t size, size_t align);
/** Give back all memory pushed after `mark` (a former value of arena->used). */
void tq_arena_reset(tq_arena *arena, size_t mark);
#define TQ_PUSH(a, T, n)     ((T *)tq_arena_push((a), (n), sizeof(T), _Alignof(T)))
#define TQ_PUSH_RAW(a, T, n) ((T *)tq_arena_push_raw((a), (n), sizeof(T), _Alignof(T)))

/* Growing arena: import-time memory, freed whole. Allocates. */
typedef struct tq_pool {
    struct tq_pool_block *block;
    size_t total; /* bytes held */
} tq_pool;

void *tq_pool_push(tq_pool *pool, size_t size, size_t align); /* zeroed; NULL = no memory */
void tq_pool_free(tq_pool *pool);

/* Growing array of T: `TQ_VEC(uint32_t) ids = {0};`. Allocates. tq_vec_push is false on no memory.
 */
#define TQ_VEC(T)                                                                                  \
    struct {                                                                                       \
        T *at;                                                                                     \
        size_t count, cap;                                                                         \
    }
#define tq_vec_room(v, n)                                                                          \
    tq_vec_grow((void **)(void *)&(v)->at, (v)->count, &(v)->cap, sizeof *(v)->at, (n))
#define tq_vec_push(v, value)                                                                      \
    (tq_vec_room((v), 1) ? ((v)->at[(v)->count++] = (value), true) : false)
#define tq_vec_free(v) (tq_free((v)->at), (v)->at = NULL, (v)->count = (v)->cap = 0)
bool tq_vec_grow(void **at, size_t count, size_t *cap, size_t size, size_t more);

/* calloc with checked multiplication (NULL on overflow or no memory), and its counterpart. */
void *tq_alloc(size_t count, size_t size);
/* 64-byte aligned, zeroed. */
void *tq_alloc_aligned(size_t count, size_t size);
void tq_free(void *memory);
#define TQ_ALLOC(T, n) ((T *)tq_alloc((n), sizeof(T)))

/* ---- text ---------------------------------------------------------------------------------- */

/* A slice of UTF-8; not NUL-terminated. */
typedef struct tq_str {
    const char *at;
    size_t len;
} tq_str;

#define TQ_STR(literal) ((tq_str){(literal), sizeof(literal) - 1})
tq_str tq_str_of(const char *text); /* NULL gives the empty slice */
bool tq_str_eq(tq_str a, tq_str b);
bool tq_str_is(tq_str a, const char *text);
bool tq_str_starts(tq_str a, const char *prefix);
tq_str tq_str_trim(tq_str a);           /* spaces, tabs, CR */
int tq_str_compare(tq_str a, tq_str b); /* by bytes */

/** Parse the whole slice; false (out untouched) if it is anything else or out of range. */
bool tq_parse_u32(tq_str text, uint32_t *out);
bool tq_parse_i64(tq_str text, int64_t *out);
bool tq_parse_double(tq_str text, double *out); /* decimal point, never locale; no inf, no nan */
/** Decimal degrees to 1e-7 degrees, exact to the last digit, no floating point. */
bool tq_parse_e7(tq_str text, int32_t *out);

/** Next code point at *at (advances it); U+FFFD and one byte on a bad sequence. *at < end must
 * hold. */
uint32_t tq_utf8_next(const char **at, const char *end);
size_t tq_utf8_put(uint32_t code, char out[4]); /* bytes written */
bool tq_utf8_valid(tq_str text);

/* Growing byte buffer. A failed allocation or the limit makes it sticky `failed`; later puts do
 * nothing. */
typedef struct tq_buf {
    char *at;
    size_t len, cap;
    size_t limit; /* 0 = none */
    bool failed;
} tq_buf;

void tq_buf_put(tq_buf *buf, const void *bytes, size_t len);
void tq_buf_puts(tq_buf *buf, const char *text);
void tq_buf_putc(tq_buf *buf, char c);
/** Of any length. */
__attribute__((format(printf, 2, 3))) void tq_buf_printf(tq_buf *buf, const char *format, ...);
void tq_buf_u64(tq_buf *buf, uint64_t value);
void tq_buf_i64(tq_buf *buf, int64_t value);
/** Fixed-point decimal: value / 10^digits, such as (378694400, 7) -> 37.8694400. */
void tq_buf_fixed(tq_buf *buf, int64_t value, unsigned digits);
void tq_buf_free(tq_buf *buf);

/* JSON writer over a tq_buf: places commas itself. Depth at most TQ_JSON_DEPTH_MAX. */
#define TQ_JSON_DEPTH_MAX 24
typedef struct tq_json {
    tq_buf *buf;
    uint8_t depth;
    bool comma[TQ_JSON_DEPTH_MAX];
} tq_json;

void tq_json_begin(tq_json *json, tq_buf *buf);
void tq_json_object(tq_json *json);
void tq_json_end_object(tq_json *json);
void tq_json_array(tq_json *json);
void tq_json_end_array(tq_json *json);
void tq_json_key(tq_json *json, const char *key);   /* a plain ASCII literal */
void tq_json_str(tq_json *json, tq_str text);       /* escapes; bad UTF-8 becomes U+FFFD */
void tq_json_text(tq_json *json, const char *text); /* NULL -> null */
void tq_json_i64(tq_json *json, int64_t value);
void tq_json_fixed(tq_json *json, int64_t value, unsigned digits);
void tq_json_bool(tq_json *json, bool value);
void tq_json_null(tq_json *json);
void tq_json_raw(tq_json *json, tq_str raw); /* one already encoded value */
/* A key and its value at once. */
void tq_json_put_text(tq_json *json, const char *key, const char *text); /* NULL -> null */
void tq_json_put_text_or_null(tq_json *json, const char *key,
                              const char *text); /* "" -> null too */
void tq_json_put_i64(tq_json *json, const char *key, int64_t value);
void tq_json_put_fixed(tq_json *json, const char *key, int64_t value, unsigned digits);
void tq_json_put_bool(tq_json *json, const char *key, bool value);

/* ---- order --------------------------------------------------------------------------------- */

/** Sort `index` (count entries) stably by key[index[k]], ascending. Allocates scratch; false on no
 * memory. */
bool tq_sort_by_u64(uint32_t *index, size_t count, const uint64_t *key);
/** Sort keys ascending. Allocates scratch; false on no memory. */
bool tq_sort_u64(uint64_t *keys, size_t count);
bool tq_sort_u32(uint32_t *keys, size_t count);

/* Min-heap of ids with decreasing keys, 4-ary. `pos` is [id_count], all TQ_NONE when empty. */
typedef struct tq_heap {
    uint32_t *id, *pos;
    int64_t *key; /* [slot] */
    uint32_t count;
} tq_heap;

/** Insert `id`, or lower its key. A key not lower than the present one changes nothing. */
void tq_heap_lower(tq_heap *heap, uint32_t id, int64_t key);
uint32_t tq_heap_pop(tq_heap *heap, int64_t *key); /* count > 0 must hold */

/* ---- numbers ------------------------------------------------------------------------------- */

uint64_t tq_hash(const void *bytes, size_t len,
                 uint64_t seed); /* XXH3, the same on every machine */
uint64_t tq_mix(uint64_t value);

/* Seeded random numbers (splitmix64): the same stream everywhere. */
typedef struct tq_random {
    uint64_t state;
} tq_random;
uint64_t tq_random_u64(tq_random *random);
uint32_t tq_random_below(tq_random *random, uint32_t limit); /* 0 .. limit-1, limit > 0 */

/* Round towards minus infinity; b > 0. */
static inline int64_t tq_floor_div(int64_t a, int64_t b)
{
    int64_t q = a / b;
    return a % b < 0 ? q - 1 : q;
}
static inline int64_t tq_ceil_div(int64_t a, int64_t b)
{
    int64_t q = a / b;
    return a % b > 0 ? q + 1 : q;
}

#endif
