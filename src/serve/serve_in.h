/*
 * Private to src/serve: how a request becomes an answer.
 *
 *   bytes -> http_parse.c (one message) -> target.c (path, parameters, language), body.c (members
 * of a JSON body) -> openapi.c, check.c (the operation and its rules) -> a handler (api.c, osrm*.c,
 * streets.c, matrix.c, live.c, tile.c, files.c, door*.c) -> answer.c (one write, or a stream) and
 * cache.c
 *
 * Everything above connection.c is without I/O, so that tests and fuzzing drive it with plain
 * bytes. All limits of the room are the constants below and are told at /api/v1/limits.
 */
#ifndef TQ_SERVE_IN_H
#define TQ_SERVE_IN_H

#include <http_parser.h>

#include "serve/serve.h"
#include "wire/wire.h"

/* ---- limits
 * ---------------------------------------------------------------------------------------- */

#define HTTP_HEAD_MAX     16384u /* bytes of request line and headers */
#define HTTP_URL_MAX      8192u
#define HTTP_HEADERS_MAX  100u
#define HTTP_PIPELINE_MAX 64u /* requests answered from one read; then the connection closes */
#define HTTP_QUERY_MAX    32u /* parameters of a request, those in the path included */
#define HTTP_QUEUE_MAX                                                                             \
    (SERVE_BODY_MAX + HTTP_HEAD_MAX)          /* unsent bytes of one connection: one answer */
#define HTTP_QUEUE_TOTAL   ((size_t)64 << 20) /* unsent bytes of one loop */
#define HTTP_WRITE_MS      30000              /* a reader may take so long for one answer */
#define HTTP_TICK_MS       50u
#define HTTP_EXPIRED_MAX   32u /* timed-out connections handled in one tick */
#define HTTP_REFUSE_SLOTS  64u /* beyond max_connections: told 503 and closed */
#define HTTP_RETRY_AFTER_S 1
#define SERVE_BODY_MAX     ((size_t)16 << 20) /* bytes of one answer */
#define SERVE_THREADS_MAX  256u
#define CACHE_BLOCK        8192u
#define CACHE_BLOCKS       2048u /* 16 MiB a loop */
#define CACHE_ENTRY_BLOCKS 16u
#define CACHE_ENTRIES      2048u
#define CACHE_SHORT_MS     1000 /* answers about «now» */
#define TILE_ZOOM_MAX      18u
#define TILE_BODY_MAX      ((size_t)2 << 20) /* a fuller tile leaves out its smallest streets */
#define API_OPERATIONS_MAX 320u
#define API_PARAMS_MAX     40u
#define API_ENUM_MAX       16u

#define KEPT_TOTAL_MAX ((size_t)64 << 20) /* bytes of unfinished requests of one loop */

#define TABLE_PLACES_MAX       1000u             /* coordinates of an OSRM table */
#define MATCH_PLACES_MAX       1000u             /* coordinates of an OSRM match */
#define MATRIX_PLACES_MAX      10000u            /* rows, and columns, of a streamed matrix */
#define MATRIX_BLOCK_CELLS     ((size_t)1 << 21) /* cells of a stream that are held at once */
#define MATRIX_TILE            1024u             /* places of a side that are worked on at once */
#define STREAMS_MAX            4u                /* streamed answers under way on one loop */
#define STREAM_PIECE_BYTES     ((size_t)256 << 10)
#define STREAM_TURN_PIECES     4u /* pieces written before other connections get their turn */
#define PRIVATE_METRICS_MAX    4u /* own vehicles and avoided streets, a loop; the oldest goes */
#define AVOID_STREETS_MAX      16u
#define AVOID_POINTS_MAX       100u
#define AVOID_SPAN_E7          100000000 /* 10 degrees */
#define LIVE_STATES_MAX        400000u
#define LIVE_KMH_MAX           200
#define NEAREST_OF_MAX         10000u
#define ALTERNATIVES_ASKED_MAX 3u
#define DEBUG_TILE_ZOOM_MIN    12u
#define DEBUG_TURN_ZOOM        15u
#define JSON_NESTING_MAX       32u

/* ---- one message (http_parse.c)
 * ----------------------------------------------------------------------- */

typedef struct http_span {
    uint32_t at, len; /* from the first byte of the message */
} http_span;

/* Headers that mean something here; others are counted and passed over. */
typedef enum http_field {
    HTTP_HOST,
    HTTP_ACCEPT_LANGUAGE,
    HTTP_ACCEPT_ENCODING,
    HTTP_IF_NONE_MATCH,
    HTTP_EXPECT,
    HTTP_CONTENT_TYPE,
    HTTP_AUTHORIZATION,
    HTTP_COOKIE,
    HTTP_IDEMPOTENCY_KEY,
    HTTP_IF_MATCH,
    HTTP_CONSOLE, /* Tongqu-Console */
    HTTP_LAST_EVENT_ID,
    HTTP_ORIGIN,
    HTTP_FORWARDED, /* X-Forwarded-For */
    HTTP_SCHEME,    /* X-Forwarded-Proto */
    HTTP_FIELD_COUNT
} http_field;

typedef enum http_event {
    HTTP_EVENT_MORE,    /* all bytes taken, the message goes on */
    HTTP_EVENT_REQUEST, /* a whole message */
    HTTP_EVENT_REFUSED  /* `refusal` says why; the connection ends after the answer */
} http_event;

/* A message under way. Spans survive when the bytes move. */
typedef struct http_message {
    http_parser parser;
    uint32_t parsed; /* bytes of the message seen so far */
    uint32_t header_count;
    uint32_t value_end; /* of the header value being read */
    uint64_t body_len;
    uint32_t body_max;
    http_span url, name, field[HTTP_FIELD_COUNT];
    http_span body;
    uint32_t seen;   /* bit a field: its header came */
    uint8_t refusal; /* problem_id, 0 = none */
    bool body_split; /* came in several chunks: not in one piece */
    bool in_value, head_done, complete, keep_alive;
    int8_t current; /* http_field of the header being read, -1 = another */
} http_message;

void http_begin(http_message *message, uint32_t body_max);
/**
 * Read on. `bytes` is the message from its first byte, `len` all that is there of it (and what
 * follows it); the first message->parsed bytes were seen before. *used tells the message's length
 * when HTTP_EVENT_REQUEST.
 */
http_event http_feed(http_message *message, const char *bytes, size_t len, size_t *used);
static inline tq_str http_text(const char *bytes, http_span span)
{
    return (tq_str){bytes + span.at, span.len};
}

/* ---- problems (problem.c)
 * -------------------------------------------------------------------------------- */

typedef enum problem_id {
    PROBLEM_NONE,
    PROBLEM_MALFORMED,
    PROBLEM_HTTP_VERSION,
    PROBLEM_NO_HOST,
    PROBLEM_HEAD_TOO_LARGE,
    PROBLEM_URL_TOO_LONG,
    PROBLEM_TOO_MANY_HEADERS,
    PROBLEM_BODY_TOO_LARGE,
    PROBLEM_EXPECT,
    PROBLEM_TIMEOUT,
    PROBLEM_FULL,
    PROBLEM_NOT_READY,
    PROBLEM_BAD_ESCAPE,
    PROBLEM_TOO_MANY_PARAMS,
    PROBLEM_NO_PATH,
    PROBLEM_METHOD,
    PROBLEM_UNKNOWN_PARAM,
    PROBLEM_UNKNOWN_PARAM_NONE,
    PROBLEM_MISSING_PARAM,
    PROBLEM_TWICE,
    PROBLEM_NOT_INTEGER,
    PROBLEM_NOT_NUMBER,
    PROBLEM_NOT_BOOLEAN,
    PROBLEM_TOO_SMALL,
    PROBLEM_TOO_LARGE,
    PROBLEM_TOO_SHORT,
    PROBLEM_TOO_LONG,
    PROBLEM_NOT_IN_LIST,
    PROBLEM_PATTERN,
    PROBLEM_TWO_TIMES,
    PROBLEM_HALF_POINT,
    PROBLEM_TILE_RANGE,
    PROBLEM_TOO_BIG_ANSWER,
    PROBLEM_LENGTH,
    PROBLEM_NO_BODY,
    PROBLEM_BAD_JSON,
    PROBLEM_NO_SEGMENT,
    PROBLEM_MATRIX_LIMIT,
    PROBLEM_STALE,
    PROBLEM_STREAMS,
    PROBLEM_UNAUTHORIZED,
    PROBLEM_FORBIDDEN,
    PROBLEM_NO_CONSOLE,
    PROBLEM_CHANGED,
    PROBLEM_KEY_USED,
    PROBLEM_UNFIT,
    PROBLEM_OVER,
    PROBLEM_DISK_FULL,
    PROBLEM_STORE,
    PROBLEM_NO_STORE,
    PROBLEM_COMMANDS,
    PROBLEM_LATE,
    PROBLEM_EVENT_STREAMS,
    PROBLEM_IF_MATCH,
    PROBLEM_STATUS_NOT_FOUND, /* from here: one a tq_status of the rooms below */
    PROBLEM_STATUS_AMBIGUOUS,
    PROBLEM_STATUS_BAD_INPUT,
    PROBLEM_STATUS_LIMIT,
    PROBLEM_STATUS_NO_ROUTE,
    PROBLEM_STATUS_BUSY,
    PROBLEM_STATUS_INTERNAL,
    PROBLEM_COUNT
} problem_id;

/* What went wrong, with the texts that fill {0} {1} {2} of its sentence. */
typedef struct problem {
    problem_id id;
    char part[3][420];
} problem;

unsigned problem_status(problem_id id);
const char *problem_code(problem_id id);
__attribute__((format(printf, 3, 4))) void problem_set(problem *out, uint32_t part,
                                                       const char *format, ...);
/** problem+json in the wanted language. */
void problem_json(const problem *what, tq_lang lang, tq_buf *out);
/** Its sentence alone. */
void problem_detail(const problem *what, tq_lang lang, tq_buf *out);
void problem_of_status(tq_status status, const tq_err *err, problem *out);

/* ---- what may be asked (openapi.c, check.c)
 * -------------------------------------------------------------- */

typedef enum http_verb {
    VERB_GET,
    VERB_POST,
    VERB_DELETE,
    VERB_HEAD,
    VERB_OPTIONS,
    VERB_OTHER
} http_verb;

typedef enum api_body {
    API_BODY_NONE,
    API_BODY_MEMBERS, /* x-body: members; a JSON object whose members are parameters */
    API_BODY_RAW      /* x-body: raw; the handler reads it */
} api_body;

typedef enum api_type { API_STRING, API_INTEGER, API_NUMBER, API_BOOLEAN } api_type;
typedef enum api_place { API_IN_QUERY, API_IN_PATH } api_place;

typedef struct api_param {
    const char *name;
    api_type type;
    api_place place;
    bool required, has_min, has_max;
    double min, max;
    uint32_t min_len, max_len; /* bytes after decoding; max_len UINT32_MAX = none */
    const char *fallback;      /* the default; NULL = none */
    const char *pattern;       /* NULL = none; one of those check.c knows */
    const char *choice[API_ENUM_MAX];
    uint32_t choice_count;
} api_param;

typedef struct api_operation {
    const char *id;   /* operationId */
    const char *path; /* /tiles/{z}/{x}/{y}.mvt */
    http_verb verb;   /* GET (and HEAD), POST or DELETE */
    api_body body;
    bool osrm_errors; /* x-errors: osrm */
    const char *desk; /* x-desk: a verb of the desk or of the exchange; NULL = none */
    const char *type; /* x-type: of the answer, NULL = JSON */
    bool writes;      /* the verb is a command */
    bool peers;       /* the verb is the exchange's */
    uint32_t handler; /* row of the handler table, given by serve.c */
    uint32_t param_count;
    api_param param[API_PARAMS_MAX];
} api_operation;

typedef struct api {
    tq_pool pool;
    uint32_t operation_count;
    api_operation operation[API_OPERATIONS_MAX];
    tq_buf json; /* the document as JSON */
} api;

/** Read the document that is built into the program. */
tq_status api_load(tq_str yaml, api *out, tq_err *err);
void api_free(api *rules);
bool api_pattern_known(const char *pattern);
bool api_pattern_fits(const char *pattern, tq_str text);

/* ---- a request
 * ------------------------------------------------------------------------------------------- */

typedef struct serve_pair {
    tq_str name, value; /* decoded; a NUL byte follows each */
} serve_pair;

typedef struct serve_request {
    http_verb verb;
    tq_str target;      /* as sent: path and query */
    tq_str path, query; /* as sent */
    tq_lang lang;
    bool gzip;
    tq_str if_none_match;
    const api_operation *operation;
    uint8_t allowed;      /* bit a verb: what the path takes */
    bool body_split, csv; /* csv: the body says that it is one */
    bool local;           /* from this machine, not through a proxy, not from a foreign page */
    bool secure;          /* a proxy in front speaks https */
    bool console;         /* says Tongqu-Console: 1 */
    tq_str authorization, cookie, idempotency_key, if_match, last_event_id;
    tq_str body;      /* as sent */
    tq_str points[2]; /* members "from" and "to" of a body, as sent; NULL = absent */
    uint32_t pair_count;
    serve_pair pair[HTTP_QUERY_MAX];
    size_t text_used;
    char text[HTTP_URL_MAX + 2 * HTTP_QUERY_MAX + 2]; /* decoded names and values */
} serve_request;

/** Cut the target into path and query; an absolute form loses scheme and host. False: no path. */
bool target_split(tq_str target, serve_request *request);
tq_lang target_language(tq_str accept_language);
bool target_accepts_gzip(tq_str accept_encoding);
/** Does the list of entity tags hold this one (or *)? Weak comparison, RFC 9110 section 8.8.3.2. */
bool target_etag_in(tq_str list, tq_str etag);
/** Decode %xx (and + in a query) into request->text; PROBLEM_BAD_ESCAPE for a bad escape, NUL,
 * control, or bad UTF-8. */
problem_id target_decode(serve_request *request, tq_str raw, api_place place, tq_str *out);
/** Find the operation of the path; its path parameters become pairs. PROBLEM_NO_PATH if there is
 * none. */
problem_id api_match(const api *rules, serve_request *request, problem *why);
/** Decode the query and hold every parameter against the rules; sets request->lang from `lang`. */
problem_id api_check(serve_request *request, problem *why);

/* Values of a checked request: what was sent, else the default. NULL or false if neither. */
const char *param_text(const serve_request *request, const char *name);
/** What was sent, without defaults: quicker for parameters that have none. */
const char *param_sent(const serve_request *request, const char *name);
bool param_u32(const serve_request *request, const char *name, uint32_t *out);
bool param_e7(const serve_request *request, const char *name, int32_t *out);
bool param_true(const serve_request *request, const char *name);

typedef struct serve serve;
typedef struct serve_loop serve_loop;

/* ---- an answer
 * --------------------------------------------------------------------------------------------- */

typedef enum answer_keep {
    KEEP_NOT,   /* depends on the moment */
    KEEP_SHORT, /* CACHE_SHORT_MS */
    KEEP_LONG,  /* till the network changes */
    KEEP_CITY   /* as long as the city */
} answer_keep;

typedef struct serve_answer {
    unsigned status;
    const char *type;              /* NULL = no body */
    tq_str fixed;                  /* a lasting body; else the loop's body buffer is sent */
    const char *cache_control;     /* NULL = no-store */
    char etag[TQ_VERSION_MAX + 2]; /* with its quotes; "" = none */
    answer_keep keep;
    uint8_t allow;  /* bit a verb: said in Allow */
    uint8_t stream; /* row of loop->stream + 1: the body follows in pieces; 0 = none */
    bool gzip, page, retry, vary_encoding, vary_language, close;
    char cookie[160]; /* Set-Cookie; "" = none */
    struct serve_order
        *order; /* the answer comes later: from the writer or a reader (office_in.h) */
} serve_answer;

#define ANSWER_CHUNKED SIZE_MAX       /* a length that is not known: chunks follow */
#define ANSWER_TO_END  (SIZE_MAX - 1) /* the same for HTTP/1.0: until the connection ends */
/** Headers up to Tongqu-Version, ending in CRLF. */
void answer_head(const serve_answer *answer, size_t body_len, tq_buf *out);
const char *answer_reason(unsigned status);

/* ---- cache of encoded answers (cache.c)
 * ---------------------------------------------------------------------- */

typedef struct cache_entry {
    uint64_t hash;
    int64_t until_ms;
    uint32_t next_hash, newer, older; /* entries, TQ_NONE = none */
    uint32_t key_len, head_len, body_len;
    uint16_t status, route;
    uint16_t block_count;
    uint16_t block[CACHE_ENTRY_BLOCKS];
    bool lasts; /* does not depend on what is live */
    char etag[TQ_VERSION_MAX + 2];
} cache_entry;

typedef struct cache {
    char *bytes; /* [CACHE_BLOCKS * CACHE_BLOCK] */
    cache_entry *entry;
    uint32_t *first_of_hash; /* [CACHE_ENTRIES] */
    uint16_t *free_block;    /* [CACHE_BLOCKS] */
    uint32_t free_blocks, used_entries, free_entry, newest, oldest;
} cache;

tq_status cache_open(cache *store, tq_err *err);
void cache_close(cache *store);
/** Forget what depends on the network: it has changed. */
void cache_forget(cache *store);
/** The answer to this target in this language if it is still good; it becomes the newest. */
const cache_entry *cache_find(cache *store, tq_str target, tq_lang lang, int64_t now_ms);
/** Keep an answer, dropping the longest unused ones; one over CACHE_ENTRY_BLOCKS is not kept. */
void cache_keep(cache *store, tq_str target, tq_lang lang, int64_t until_ms, bool lasts,
                unsigned status, uint32_t route, const char *etag, tq_str head, tq_str body);
/** The pieces of an entry's stored bytes from..to; at most CACHE_ENTRY_BLOCKS. Returns their count.
 */
uint32_t cache_pieces(const cache *store, const cache_entry *entry, size_t from, size_t to,
                      tq_str *piece);

/* ---- metrics (metrics.c)
 * ---------------------------------------------------------------------------------------- */

#define METRIC_ROUTES   (API_OPERATIONS_MAX + 2u)
#define METRIC_FILES    API_OPERATIONS_MAX        /* console files */
#define METRIC_NO_ROUTE (API_OPERATIONS_MAX + 1u) /* refused before a route was known */
#define METRIC_STATUSES 24u
#define METRIC_BUCKETS  12u

/* Counters of one loop: written by it alone, read by any. */
typedef struct metrics {
    _Atomic uint64_t requests[METRIC_ROUTES][METRIC_STATUSES];
    _Atomic uint64_t bucket[METRIC_ROUTES][METRIC_BUCKETS + 1];
    _Atomic uint64_t nanoseconds[METRIC_ROUTES];
    _Atomic uint64_t cache_hits, cache_misses, refused, timeouts, cut_slow, accepted, scratch_peak;
    _Atomic uint64_t connections, event_streams;
} metrics;

void metric_add(_Atomic uint64_t *counter, uint64_t more);
void metric_set(_Atomic uint64_t *counter, uint64_t value);
void metrics_request(metrics *counts, uint32_t route, unsigned status, int64_t took_ns);
void metrics_text(const serve *server, tq_buf *out);

/* ---- tiles (tiles.c, tile_plan.c)
 * ------------------------------------------------------------------------------- */

/* A stretch of a pattern's course that no earlier stretch of the same route covers. */
typedef struct rail_piece {
    uint32_t pattern, first_place, last_place;
} rail_piece;

/* What tiles need besides the city file; made once at start, read only. */
typedef struct tile_plan {
    rail_piece *rail;
    uint32_t rail_count;
    tq_grid_data rail_grid, stop_grid;
    uint8_t *mode_of_stop; /* [stop_count], tq_transit_mode or UINT8_MAX */
} tile_plan;

/* A tile-making bench of one loop. */
typedef struct tile_bench {
    tq_mvt *mvt;
} tile_bench;

tq_status tile_plan_make(const tq_city *city, tile_plan *out, tq_err *err);
size_t tile_work_bytes(const tq_city *city);
void tile_plan_free(tile_plan *plan);
tq_status tile_draw(const tq_city *city, const tile_plan *plan, tq_tile tile, tq_mvt *mvt,
                    tq_arena *work, tq_buf *out, tq_err *err);
const char *transit_mode_name(unsigned mode);

/* ---- console files (files.c) and what is built in
 * ------------------------------------------------------------------ */

typedef struct console_file {
    const char *path; /* "/", "/assets/index-….js" */
    const char *bytes;
    uint64_t len;
    const char *gzip; /* NULL = none */
    uint64_t gzip_len;
} console_file;

extern const console_file tq_console_files[];
extern const uint64_t tq_console_file_count;
extern const char tq_openapi_yaml[], tq_openapi_yaml_end[];

const console_file *file_find(tq_str path);
void file_answer(const console_file *file, const serve_request *request, serve_answer *answer);
bool file_console_built(void);

/* ---- JSON coming in (json_read.c)
 * ------------------------------------------------------------------------------ */

typedef enum json_kind {
    JSON_IN_OBJECT,
    JSON_IN_ARRAY,
    JSON_IN_TEXT,
    JSON_IN_NUMBER,
    JSON_IN_TRUE,
    JSON_IN_FALSE,
    JSON_IN_NULL,
    JSON_IN_BAD
} json_kind;

/* Reads a document piece by piece, in place; nothing is allocated. After a mistake every call
 * answers «no more», `why` says what is wrong and `at` where. */
typedef struct json_in {
    const char *start, *at, *end;
    const char *why; /* NULL = good so far */
    uint32_t depth;
    uint32_t begun;   /* bit a depth: it had a value already */
    uint32_t objects; /* bit a depth: it is an object */
} json_in;

void json_in_begin(json_in *in, tq_str text);
json_kind json_in_kind(json_in *in); /* of the next value */
bool json_in_open(json_in *in, json_kind kind);
/** Is there another value (or member) in the open array (or object)? Closes it when not. */
bool json_in_more(json_in *in);
/** Name of the next member, cut to `cap` - 1 bytes. */
bool json_in_key(json_in *in, char *out, size_t cap);
bool json_in_text(json_in *in, char *out, size_t cap); /* false also when it is too long */
bool json_in_number(json_in *in, tq_str *out);         /* as written */
bool json_in_skip(json_in *in, tq_str *out);           /* any value, as written; out may be NULL */
bool json_in_end(json_in *in);                         /* nothing but blanks is left */
bool json_in_fail(json_in *in, const char *why);       /* always false */

/** The members of a JSON object become parameters; "from" and "to" become request->points when
 * they are arrays. (body.c) */
problem_id body_members(serve_request *request, problem *why);

/* ---- a question about streets (ask.c, private.c)
 * --------------------------------------------------------------- */

/* A metric for an own vehicle or with avoided streets. */
typedef struct private_metric {
    uint64_t key, key2; /* of vehicle, slice, live version and what is avoided; 0, 0 = free */
    tq_metric *metric;
    const tq_overlay *overlay; /* that the metric was made for */
    tq_vehicle vehicle;
    uint32_t pins;
    uint64_t used;
} private_metric;

typedef struct avoidance {
    const char *streets, *polygon; /* as asked; NULL = none */
} avoidance;

/* A snapshot that a loop holds: the newest one, and older ones that streams still use. */
typedef struct held_snapshot {
    const tq_snapshot *at; /* NULL = free */
    uint32_t uses;         /* by answers under way */
} held_snapshot;

typedef struct road_ask {
    const tq_vehicle *vehicle;
    tq_vehicle own; /* when the question changes it */
    avoidance avoid;
    tq_datum datum;
    bool time_given;
    int64_t at_ms;
    const tq_metric *metric;
    private_metric *private; /* NULL: the metric is one of tq_roads */
    held_snapshot *held;     /* that the metric belongs to */
} road_ask;

/** Vehicle, time, datum and metric of a checked request; ends with road_ask_end. TQ_USAGE: no such
 * profile. */
tq_status road_ask_begin(serve_loop *loop, const serve_request *request, road_ask *out,
                         tq_err *err);
/** Have the metric's lengths too: distances in tables. */
tq_status road_ask_metres(serve_loop *loop, road_ask *ask, tq_err *err);
void road_ask_end(serve_loop *loop, road_ask *ask);
tq_status private_get(serve_loop *loop, const tq_overlay *live, const tq_vehicle *vehicle,
                      const avoidance *avoid, int64_t at_ms, private_metric **out, tq_err *err);
void private_drop_all(serve_loop *loop);
/* hold.c */
/** Take the snapshot that is shown now if the loop has an older one; what was kept for the older
 * one is forgotten. One atomic read when nothing has changed. */
void held_refresh(serve_loop *loop);
/** The loop's snapshot for an answer that goes on, and giving it back. */
held_snapshot *held_take(serve_loop *loop);
void held_drop(serve_loop *loop, held_snapshot *held);
void held_drop_all(serve_loop *loop);
/** Nearest street of a place: of the part that hangs together, else of any. */
tq_status road_ask_snap(const tq_city *city, const road_ask *ask, tq_point at,
                        const tq_snap_wish *wish, tq_snap *out, tq_err *err);
tq_status read_instant(const tq_city *city, const char *text, int64_t *out, tq_err *err);
int64_t serve_now_ms(void);
/** The next piece of a list; `rest` moves behind the mark. */
tq_str cut_piece(tq_str *rest, char mark);
uint32_t count_pieces(tq_str text, char mark);
void put_degrees(tq_json *json, tq_point point, tq_datum datum); /* [lon,lat] */
const char *datum_key(tq_datum datum);                           /* "wgs84", ... */

/* ---- live state of streets (live.c)
 * ------------------------------------------------------------------------------ */

/* Streets by the number of their way; made at the first need. */
typedef struct way_index {
    tq_mutex *lock;
    uint32_t *edge_by_way; /* [edge_count], ascending by (way, edge) */
} way_index;

tq_status ways_open(way_index *ways, tq_err *err);
void ways_close(way_index *ways);
/** {"version","live_version","count","changed","states"}; changed TQ_NONE = not said. */
void live_answer(serve_loop *loop, uint32_t limit, uint32_t changed, uint64_t live_version,
                 serve_answer *answer);

/* ---- streamed matrices (matrix.c)
 * -------------------------------------------------------------------------------- */

typedef enum matrix_form { MATRIX_JSON, MATRIX_CSV, MATRIX_ROWS } matrix_form;

typedef struct matrix_stream {
    bool used;
    road_ask ask;
    matrix_form form;
    bool want_s, want_m;
    tq_snap *snap; /* [from_count + to_count] */
    uint32_t from_count, to_count;
    uint32_t block_first, block_rows, block_most, row; /* rows of the block held, next row to write
                                                        */
    int32_t *ds;                                       /* [block_most * to_count] */
    uint32_t *dm;                                      /* the same, NULL = not asked */
    char version[TQ_VERSION_MAX];
    bool begun, second; /* second: JSON writes durations, then distances */
    tq_status status;
} matrix_stream;

/** Append the next piece; *more tells whether another follows. */
tq_status matrix_next(serve_loop *loop, matrix_stream *stream, tq_buf *out, bool *more,
                      tq_err *err);
void matrix_end(serve_loop *loop, matrix_stream *stream);
/** Cells from each place to each other, worked on in tiles that fit the scratch. out_dm may be
 * NULL. */
tq_status road_cells(const tq_city *city, const tq_metric *metric, const tq_snap *from,
                     uint32_t from_count, const tq_snap *to, uint32_t to_count, tq_arena *work,
                     int32_t *out_ds, uint32_t *out_dm, tq_err *err);

/* ---- the server
 * ------------------------------------------------------------------------------------------------------
 */

typedef tq_status (*serve_handler)(serve_loop *loop, const serve_request *request,
                                   serve_answer *answer, problem *why, tq_err *err);

struct serve {
    tq_serve_options options;
    const tq_city *city;
    tq_network *network;
    tq_goods *goods;             /* NULL: the city has no freight network */
    struct serve_office *office; /* writer and readers (office_in.h) */
    way_index ways;
    tile_plan tiles;
    api rules;
    char city_etag[TQ_VERSION_MAX + 2];
    size_t work_bytes;
    uint32_t loop_count;
    serve_loop *loop; /* [loop_count] */
    _Atomic bool ready;
    _Atomic uint32_t connections;
};

typedef struct http_slot http_slot;

struct serve_loop {
    serve *server;
    struct tq_loop *loop;
    http_slot *slot; /* [max_connections + HTTP_REFUSE_SLOTS] */
    void *work_memory;
    tq_arena work;
    tq_buf body, head, tail;
    cache store;
    tile_bench tiles;
    tq_goods_bench *goods; /* NULL: as the server's */
    private_metric private[PRIVATE_METRICS_MAX];
    uint64_t private_uses;
    matrix_stream stream[STREAMS_MAX];
    held_snapshot held[STREAMS_MAX + 1];
    held_snapshot *now;           /* of held: the newest */
    const tq_snapshot *snapshot;  /* now->at */
    uint64_t offered;             /* how often the offer had changed by then */
    char version[TQ_VERSION_MAX]; /* of it, and the same as an entity tag */
    char etag[TQ_VERSION_MAX + 2];
    uint32_t closed;        /* arcs that are closed to somebody */
    struct desk_line *line; /* what comes from the office, and event streams (office_in.h) */
    size_t kept_bytes;      /* of unfinished requests */
    serve_request request;
    metrics counts;
    int64_t date_s;
    char date[48]; /* "Date: ...\r\n" */
};

/** Answer one checked or unchecked request into `answer` and loop->body; returns the metric route.
 */
uint32_t serve_dispatch(serve_loop *loop, serve_request *request, serve_answer *answer);
/** Give every operation its handler; TQ_INTERNAL when the document and the program differ. */
tq_status serve_bind(api *rules, tq_err *err);
/** Turn a problem into the answer. */
void serve_problem(serve_loop *loop, const problem *why, tq_lang lang, serve_answer *answer);
void limits_json(const serve *server, tq_buf *out);

/* Handlers; the table in dispatch.c names the operation of each. */
tq_status handle_plan(serve_loop *, const serve_request *, serve_answer *, problem *, tq_err *);
tq_status handle_places(serve_loop *, const serve_request *, serve_answer *, problem *, tq_err *);
tq_status handle_reverse(serve_loop *, const serve_request *, serve_answer *, problem *, tq_err *);
tq_status handle_departures(serve_loop *, const serve_request *, serve_answer *, problem *,
                            tq_err *);
tq_status handle_city(serve_loop *, const serve_request *, serve_answer *, problem *, tq_err *);
tq_status handle_works(serve_loop *, const serve_request *, serve_answer *, problem *, tq_err *);
tq_status handle_route(serve_loop *, const serve_request *, serve_answer *, problem *, tq_err *);
tq_status handle_table(serve_loop *, const serve_request *, serve_answer *, problem *, tq_err *);
tq_status handle_nearest(serve_loop *, const serve_request *, serve_answer *, problem *, tq_err *);
tq_status handle_match(serve_loop *, const serve_request *, serve_answer *, problem *, tq_err *);
tq_status handle_trip(serve_loop *, const serve_request *, serve_answer *, problem *, tq_err *);
tq_status handle_debug_tile(serve_loop *, const serve_request *, serve_answer *, problem *,
                            tq_err *);
tq_status handle_vehicles(serve_loop *, const serve_request *, serve_answer *, problem *, tq_err *);
tq_status handle_isochrone(serve_loop *, const serve_request *, serve_answer *, problem *,
                           tq_err *);
tq_status handle_nearest_of(serve_loop *, const serve_request *, serve_answer *, problem *,
                            tq_err *);
tq_status handle_matrix(serve_loop *, const serve_request *, serve_answer *, problem *, tq_err *);
tq_status handle_live_get(serve_loop *, const serve_request *, serve_answer *, problem *, tq_err *);
tq_status handle_live_post(serve_loop *, const serve_request *, serve_answer *, problem *,
                           tq_err *);
tq_status handle_live_delete(serve_loop *, const serve_request *, serve_answer *, problem *,
                             tq_err *);
tq_status handle_desk(serve_loop *, const serve_request *, serve_answer *, problem *, tq_err *);
tq_status handle_events(serve_loop *, const serve_request *, serve_answer *, problem *, tq_err *);
tq_status handle_detours(serve_loop *, const serve_request *, serve_answer *, problem *, tq_err *);
tq_status handle_recheck(serve_loop *, const serve_request *, serve_answer *, problem *, tq_err *);
tq_status handle_feed_out(serve_loop *, const serve_request *, serve_answer *, problem *, tq_err *);
tq_status handle_alerts(serve_loop *, const serve_request *, serve_answer *, problem *, tq_err *);
tq_status handle_tile(serve_loop *, const serve_request *, serve_answer *, problem *, tq_err *);
tq_status handle_freight_plan(serve_loop *, const serve_request *, serve_answer *, problem *,
                              tq_err *);
tq_status handle_freight_why_not(serve_loop *, const serve_request *, serve_answer *, problem *,
                                 tq_err *);
tq_status handle_freight_bill(serve_loop *loop, const serve_request *request, serve_answer *answer,
                              problem *why, tq_err *err);
tq_status handle_freight_carbon(serve_loop *loop, const serve_request *request,
                                serve_answer *answer, problem *why, tq_err *err);
tq_status handle_freight_nodes(serve_loop *, const serve_request *, serve_answer *, problem *,
                               tq_err *);
/* freight_uplift.c */
tq_status handle_freight_uplift(serve_loop *, const serve_request *, serve_answer *, problem *,
                                tq_err *);
tq_status handle_freight_feeders(serve_loop *, const serve_request *, serve_answer *, problem *,
                                 tq_err *);
/* freight_flow.c */
tq_status handle_freight_flow(serve_loop *, const serve_request *, serve_answer *, problem *,
                              tq_err *);
tq_status handle_freight_flow_example(serve_loop *, const serve_request *, serve_answer *,
                                      problem *, tq_err *);
/* freight.c: the network of the server, and the bench of a loop. */
tq_status freight_open(serve *server, tq_err *err);
tq_status freight_open_loop(serve_loop *loop, tq_err *err);
/** OSRM's error body. */
void osrm_error(const char *code, const char *message, serve_answer *answer, tq_buf *out);

/* Connections (connection.c): the events of a loop, its slots. */
struct tq_loop_events;
tq_status connections_open(serve_loop *loop, tq_err *err);
void connections_close(serve_loop *loop);

#endif
