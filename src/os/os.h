/*
 * os: the only room that calls the kernel and libuv. Files, mapping, clock, threads, time zones,
 * and (os_loop) the event loop. Everything that differs between two runs enters here, through
 * tq_env.
 */
#ifndef TQ_OS_H
#define TQ_OS_H

#include "base/base.h"

/* ---- the outer world as values: real by default, simulated in tests ------------------------- */

typedef struct tq_env {
    void *user;
    int64_t (*now_ms)(void *user);  /* UTC, milliseconds since 1970 */
    int64_t (*mono_ns)(void *user); /* never goes back */
    uint64_t (*random)(void *user);
} tq_env;

const tq_env *tq_env_real(void);

typedef struct tq_sim {
    int64_t now_ms, mono_ns;
    tq_random random;
} tq_sim;
tq_env tq_env_simulated(tq_sim *sim);

/* ---- files ----------------------------------------------------------------------------------- */

typedef struct tq_map {
    const uint8_t *at; /* read only; never NULL after success, even for an empty file */
    size_t len;
    void *handle;
} tq_map;

#define TQ_PATH_MAX 4096

tq_status tq_map_open(const char *path, tq_map *map, tq_err *err);
void tq_map_close(tq_map *map);

/** Whole small file into memory (tq_free it), NUL-terminated behind len. Over `limit` bytes is
 * TQ_LIMIT. */
tq_status tq_file_read(const char *path, size_t limit, char **bytes, size_t *len, tq_err *err);

/* Write PATH.tmp, fsync, rename, fsync the folder. Nothing is left at PATH unless commit succeeds.
 */
typedef struct tq_file_out tq_file_out;
tq_status tq_file_create(const char *path, tq_file_out **file, tq_err *err);
tq_status tq_file_write(tq_file_out *file, const void *bytes, size_t len, tq_err *err);
tq_status tq_file_write_at(tq_file_out *file, uint64_t offset, const void *bytes, size_t len,
                           tq_err *err);
tq_status tq_file_commit(tq_file_out *file, tq_err *err); /* frees file on success and on failure */
void tq_file_discard(tq_file_out *file);                  /* NULL is fine */

typedef struct tq_file_info {
    bool exists, is_folder;
    uint64_t size;
    int64_t changed_ms;
} tq_file_info;
tq_file_info tq_file_look(const char *path);
tq_status tq_folder_make(const char *path, tq_err *err); /* present already is fine */
/** Names in a folder, sorted by bytes, without . and ..; calls back once a name. */
tq_status tq_folder_list(const char *path, void (*seen)(void *user, const char *name), void *user,
                         tq_err *err);
/** Absolute form of the path of something that exists. */
tq_status tq_path_full(const char *path, char out[TQ_PATH_MAX], tq_err *err);
/** Join two path pieces into out; false if it does not fit. An absolute `name` stands alone. */
bool tq_path_join(char out[TQ_PATH_MAX], const char *folder, const char *name);

/* ---- process ----------------------------------------------------------------------------------
 */

uint64_t tq_peak_memory_bytes(void);
unsigned tq_core_count(void);
int64_t tq_cpu_ns(void);                  /* processor time of this process */
const char *tq_env_var(const char *name); /* NULL if unset */

/* ---- threads ----------------------------------------------------------------------------------
 */

/** Run work(user, part) for part 0..count-1 on at most `threads` threads; returns when all are
 * done. */
void tq_parallel(unsigned threads, uint32_t count, void (*work)(void *user, uint32_t part),
                 void *user);

/** Let others run: for short waits on another thread's work. */
void tq_thread_yield(void);

/** Ask for large pages under an array that is read at random; only a hint. (large.c) */
void tq_memory_large(void *memory, size_t len);

typedef struct tq_mutex tq_mutex;
tq_mutex *tq_mutex_new(void); /* NULL = no memory */
void tq_mutex_lock(tq_mutex *mutex);
void tq_mutex_unlock(tq_mutex *mutex);
void tq_mutex_free(tq_mutex *mutex);

/* ---- asking other machines (fetch.c, libcurl) ------------------------------------------------ */

#define TQ_FETCH_BYTES_MAX ((size_t)64 << 20)
typedef struct tq_fetch_wish {
    const char *url;     /* http:// or https:// */
    const char *bearer;  /* NULL = none */
    const char *etag;    /* sent as If-None-Match; NULL = none */
    const char *type;    /* Content-Type of the body */
    tq_str body;         /* .at NULL = GET, else POST */
    uint32_t timeout_ms; /* for the whole; 0 = 10 s */
} tq_fetch_wish;
/** Blocks; for worker threads. TQ_IO with the reason when no answer came. *http_status 304 leaves
 * `out` as it is. */
tq_status tq_fetch(const tq_fetch_wish *wish, uint32_t *http_status, char etag[80], tq_buf *out,
                   tq_err *err);

/* ---- a thread of one's own (worker.c) ----------------------------------------------------------
 */

/* A thread with a queue of work: items are handed over in order, many at once. */
typedef struct tq_worker tq_worker;
typedef struct tq_worker_events {
    /* Items that wait, at most `batch`; they are the callee's from then on. */
    void (*work)(void *user, void **item, uint32_t count);
    /* Called when nothing waits and at least every tick_ms. NULL = never. */
    void (*idle)(void *user);
} tq_worker_events;
tq_status tq_worker_start(const tq_worker_events *events, void *user, uint32_t batch,
                          uint32_t queue_max, uint32_t tick_ms, tq_worker **out, tq_err *err);
/** From any thread; false = the queue is full or the worker is ending. */
bool tq_worker_give(tq_worker *worker, void *item);
/** Finish what waits, end the thread, free. */
void tq_worker_stop(tq_worker *worker);

/* ---- secrets (secret.c, libsodium) --------------------------------------------------------------
 */

/** argon2id, "$argon2id$…"; slow on purpose (tens of milliseconds). */
#define TQ_PASSWORD_TEXT_MAX 128
tq_status tq_password_hash(tq_str password, char out[TQ_PASSWORD_TEXT_MAX], tq_err *err);
bool tq_password_fits(tq_str password, const char *hash);
void tq_random_bytes(void *out, size_t len); /* from the kernel */
/** Keyed BLAKE2b, 32 bytes, and a comparison that takes the same time whatever differs. */
void tq_keyed_hash(const uint8_t key[32], const void *bytes, size_t len, uint8_t out[32]);
bool tq_same_bytes(const void *a, const void *b, size_t len);
void tq_sha256(const void *bytes, size_t len, uint8_t out[32]);

/* ---- time zones (TZif files of the system's tzdata) -------------------------------------------
 */

/* One zone as a table; copied into the city file, so that a server needs no tzdata. */
#define TQ_ZONE_SHIFTS_MAX 512
typedef struct tq_zone {
    uint32_t count;                       /* shifts in use, at least 1 */
    int64_t from_s[TQ_ZONE_SHIFTS_MAX];   /* UTC seconds; [0] == INT64_MIN */
    int32_t offset_s[TQ_ZONE_SHIFTS_MAX]; /* local = UTC + offset */
} tq_zone;

/** Read a zone such as "Asia/Shanghai", with its rule written out to 2099. */
tq_status tq_zone_load(const char *name, tq_zone *zone, tq_err *err);

#endif
