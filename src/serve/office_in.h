/*
 * Private to src/serve: the office behind the doors. One writer thread carries out commands, a few
 * readers answer questions about records, a carrier brings messages to peers and another fetches
 * feeds. Loops never touch the store: they hand over an order and let the connection wait.
 *
 *   door.c     request -> order               order.c    orders, their way there and back
 *   writer.c   batches: begin, each, commit, catch up, publish, events, answers; the clock
 *   reader.c   questions of the desk, pages of the event stream
 *   show.c     what the writer prepares for the loops after publishing: feeds, alerts, events
 *   carrier.c  outbox to peers, feeds that are fetched
 *   stream.c   server-sent events
 *
 * An order belongs to exactly one thread at a time: loop, worker, loop again. A connection that
 * died meanwhile is told by the order's serial number, which its slot no longer carries.
 */
#ifndef TQ_OFFICE_IN_H
#define TQ_OFFICE_IN_H

#include "live/live.h"
#include "os/os_loop.h"
#include "serve/serve_in.h"

#include "desk/desk.h"
#include "exchange/exchange.h"

#define OFFICE_READERS      2u
#define OFFICE_BATCH_MAX    256u  /* commands that share one commit */
#define OFFICE_QUEUE_MAX    4096u /* orders that wait for one worker */
#define OFFICE_FLOWS_MAX    2u    /* questions about flows that wait for the planner */
#define OFFICE_FLOW_SECONDS 5u    /* of solving each of its two plans, at most */
#define OFFICE_LOGINS_MAX   8u /* passwords that wait to be checked: each takes long on purpose */
#define OFFICE_TICK_MS      1000u
#define OFFICE_OFFER_MS     2000  /* what is on demand is made again at most so often, ... */
#define OFFICE_WAITS_MS     15000 /* ... and at least so often */
#define OFFICE_SHOW_MS      20000 /* feeds out are made again so often, for their time stamp */
#define OFFICE_KEYS_KEPT_MS ((int64_t)7 * 86400 * 1000) /* answers remembered for a key */
#define OFFICE_TIDY_MS      ((int64_t)3600 * 1000)
#define ORDER_WAIT_MS       30000 /* then the connection is told that the answer is late */
#define ORDER_TEXT_MAX      128u  /* bytes of a key, a token's limit is ORDER_TOKEN_MAX */
#define ORDER_TOKEN_MAX     512u
#define SPEEDS_BODY_MAX     ((size_t)64 << 20) /* of a change of live speeds, as arcs */
#define EVENT_STREAMS_MAX   256u               /* on one loop */
#define EVENT_PAGE          256u               /* events read at once */
#define EVENT_PAGE_BYTES    ((size_t)1 << 20)
#define EVENT_HEARTBEAT_MS  15000
#define EVENT_RECHECK_MS    60000 /* is the session still good? */
#define PUSH_BATCH          100u  /* messages to one peer at a time */
#define FEED_TIMEOUT_MS     20000

/* ---- orders (order.c) -------------------------------------------------------------------------
 */

typedef enum order_kind {
    ORDER_VERB,   /* of the desk or the exchange */
    ORDER_SPEEDS, /* a change of live speeds */
    ORDER_EVENTS, /* a page of the event stream */
    ORDER_FLOW    /* a question about flows of goods, solved by the planner (freight_flow.c) */
} order_kind;

typedef struct order_speeds {
    uint64_t version; /* the sender's own number, 0 = none */
    uint32_t changed; /* arcs told of */
    bool replace, forget;
} order_speeds;

/* Something on its way to a loop. */
typedef enum note_kind { NOTE_ORDER, NOTE_EVENTS } note_kind;
typedef struct loop_note {
    struct loop_note *next;
    note_kind kind;
} loop_note;

typedef struct serve_order {
    loop_note note; /* first */
    order_kind kind;
    serve_loop *loop; /* to whom the answer goes; NULL = nobody */
    struct tq_conn *conn;
    uint64_t serial;
    int64_t began_ns;
    uint32_t route;
    bool close, head_only;

    const char *verb, *type;
    tq_str id, body, query, key, token; /* in text, a NUL behind each */
    tq_lang lang;
    bool writes, peers, cookie, local, secure;
    bool pulled; /* the server's own: actor «pull» */
    order_speeds speeds;
    int64_t given_ns; /* when a question about flows was handed over */
    uint64_t after;   /* of events */
    uint32_t stream;  /* row of the loop's event streams + 1; 0 = a new one */

    tq_status result;
    unsigned status; /* of HTTP */
    problem why;
    tq_buf answer;
    uint64_t reached; /* last event that was read */
    uint32_t roles;
    bool more, denied_token;
    char session[100]; /* token of a login, for the cookie */
    char text[];
} serve_order;

/** A copy of what the writer or a reader needs of a request. NULL = no memory. */
serve_order *order_new(serve_loop *loop, const serve_request *request, order_kind kind, tq_str id,
                       tq_str body);
void order_free(serve_order *order);
/** The token of a request: bearer, else the cookie. */
tq_str request_token(const serve_request *request, bool *cookie);
/** What went wrong, in the words of a door. */
/** Does the verb give a token to one who comes as nobody? */
bool is_sign_in(const char *verb);
void order_problem(serve_order *order, tq_status status, const tq_err *err);
/** Hand it over and have the connection wait; a full queue is PROBLEM_COMMANDS. */
tq_status order_give(serve_order *order, serve_answer *answer, problem *why);
/** A change of live speeds goes to the writer. */
tq_status office_speeds(serve_loop *loop, const serve_request *request, tq_str body,
                        const order_speeds *speeds, serve_answer *answer, problem *why);

/* ---- from the office to the loops (order.c) ---------------------------------------------------
 */

/* Events of one commit as text for streams; shared by the loops. */
typedef struct event_row {
    uint64_t seq;
    uint32_t readers;
    size_t at, len; /* in text */
} event_row;
typedef struct event_batch {
    _Atomic uint32_t holds;
    TQ_VEC(event_row) row;
    tq_buf text;
} event_batch;
typedef struct event_note {
    loop_note note; /* first */
    event_batch *batch;
} event_note;
void batch_drop(event_batch *batch);

typedef struct event_stream {
    struct tq_conn *conn; /* NULL = free */
    uint64_t last;        /* event up to which it has everything */
    uint64_t serial;      /* tells streams of one row apart */
    bool asking;          /* a page is on its way */
    bool behind;          /* the reader was slow: a page is needed once it has caught up */
    uint32_t roles;
    tq_lang lang;
    bool cookie;
    char token[ORDER_TOKEN_MAX];
    int64_t wrote_ms, checked_ms;
} event_stream;

/* What belongs to a loop's traffic with the office. */
struct desk_line {
    tq_mutex *lock;
    loop_note *first, *last; /* under the lock */
    uint64_t serials;
    uint64_t event_seen; /* last event that came to this loop */
    event_stream stream[EVENT_STREAMS_MAX];
};
tq_status line_open(serve_loop *loop, tq_err *err);
void line_close(serve_loop *loop);
/** From any thread. */
void line_post(serve_loop *loop, loop_note *note);
/** All that has come, in order; on the loop's thread. */
loop_note *line_take(serve_loop *loop);

/* ---- streams (stream.c) ------------------------------------------------------------------------
 */

/** A page for a connection that waits (a new stream) or for a stream that runs. */
void stream_page(serve_loop *loop, serve_order *order);
void stream_events(serve_loop *loop, const event_batch *batch);
void stream_drained(serve_loop *loop, uint32_t row);
void stream_end(serve_loop *loop, uint32_t row);
void stream_tick(serve_loop *loop, int64_t now_ms);
/** {"seq",…} and its frame, as text for a stream. */
void event_text(const tq_city *city, const tq_event *event, tq_buf *out);

/* door.c */
/** A body with the version of an If-Match in it; false: that is no version. */
bool door_if_match(tq_str tag, tq_str body, tq_buf *out);

/* connection.c */
/** The answer to a waiting connection; the order is the callee's. */
void connection_answer(serve_loop *loop, serve_order *order);
/** Begin a stream on a waiting connection: head and first text. False: it is gone. */
bool connection_stream(serve_loop *loop, serve_order *order, uint32_t row);
/** Is it still the connection that the order came from? */
bool connection_waits(serve_loop *loop, const serve_order *order);

/* ---- the office --------------------------------------------------------------------------------
 */

/* What the writer has made ready for all loops. */
typedef struct shown_feeds {
    _Atomic uint32_t holds;
    tq_buf feed[3][2]; /* [tq_feed_kind][as JSON] */
    tq_buf alerts;
    char version[TQ_VERSION_MAX];
} shown_feeds;

typedef struct office_reader {
    struct serve_office *office;
    tq_worker *worker;
    tq_desk *desk;
    tq_exchange *exchange;
    const tq_snapshot *snapshot;
    _Atomic uint32_t waiting;
} office_reader;

typedef struct pulled_feed {
    tq_pull pull;
    char etag[80];
} pulled_feed;

typedef struct office_counts { /* each written by one thread */
    _Atomic uint64_t commands, refused, batches, commit_ns, publish_ns, publishes, events;
    _Atomic uint64_t sent, acknowledged, push_failed, outbox, feeds_fetched, feeds_failed;
} office_counts;

typedef struct serve_office {
    serve *server;
    tq_desk *desk; /* the writer's; NULL = no store */
    tq_live *live;
    tq_exchange *exchange;
    tq_worker *writer, *carrier, *puller;
    tq_worker *planner; /* solves questions about flows; NULL = the city has no freight */
    _Atomic bool ending;
    office_reader reader[OFFICE_READERS];
    char why_closed[400]; /* no store: why */
    bool read_only;
    char store_path[TQ_PATH_MAX];
    char folder[TQ_PATH_MAX];

    /* The writer's own. */
    uint64_t event_last;  /* last event told to the loops */
    uint64_t live_record; /* store version of the record with live_version */
    int64_t tick_ms, due_ms, shown_ms, tidy_ms, offered_ms;
    enum { OFFER_GOOD, OFFER_SOON, OFFER_NOW } offer_due; /* what happened since it was made */
    uint64_t version;                                     /* of the overlay, as the desk says */
    bool unshown; /* a state was committed that could not be published yet */

    /* consignments.c; the writer's own. */
    tq_desk_freight freight;
    tq_goods_bench *goods; /* NULL until it is asked for */
    void *goods_memory;
    tq_arena goods_work;
    const tq_snapshot *goods_snapshot;
    /* The carrier's and the puller's own. */
    tq_store *outbox;
    tq_exchange *outbox_exchange;
    int64_t push_ms;
    uint64_t finished; /* the carrier's: version whose metrics were finished */
    pulled_feed *feed; /* [options.feed_count] */

    tq_mutex *showing_lock;
    shown_feeds *showing;
    _Atomic uint64_t live_version; /* of the senders of live speeds */
    _Atomic uint32_t logins;
    office_counts counts;
} serve_office;

/** Freight for the desk's world while a snapshot is held; NULL = the city has none. */
const tq_desk_freight *freight_of_office(serve_office *office, const tq_snapshot *snapshot);
void freight_close_office(serve_office *office);

tq_status office_open(serve *server, tq_err *err);
/** Fill `live` from the store and show it; before the first question. */
tq_status office_begin(serve_office *office, tq_err *err);
/** Start the threads. */
tq_status office_start(serve_office *office, tq_err *err);
/** End the threads; the loops have ended, but still stand. */
void office_stop(serve_office *office);
void office_close(serve_office *office);
void office_metrics(serve_office *office, tq_buf *out);

/* writer.c */
void writer_work(void *user, void **item, uint32_t count);
void writer_idle(void *user);
tq_status writer_live_version(serve_office *office, tq_err *err);
/** Carry what was committed into what is shown; events go to the loops. */
void writer_show(serve_office *office, int64_t now_ms);
/** Who says it; *denied_token: a token came that is worth nothing. */
tq_status order_actor(tq_desk *desk, serve_order *order, int64_t now_ms, tq_actor *out,
                      tq_err *err);
bool exchange_allows(const char *verb, const tq_actor *actor, tq_err *err);

/* show.c */
void show_make(serve_office *office, int64_t now_ms);
/** The newest; dropped with show_drop. NULL = none yet. */
shown_feeds *show_hold(serve_office *office);
void show_drop(shown_feeds *showing);
/** Tell the loops of the events since the last time. True if any. */
bool show_events(serve_office *office);

/* freight_flow.c: the planner's work; what waits when the office ends is refused. */
void planner_work(void *user, void **item, uint32_t count);

/* reader.c, carrier.c */
void reader_work(void *user, void **item, uint32_t count);
void carrier_work(void *user, void **item, uint32_t count);
void carrier_idle(void *user);
void puller_work(void *user, void **item, uint32_t count);
void puller_idle(void *user);
/** A message that was fetched goes to the writer. */
void office_pulled(serve_office *office, const char *feed, tq_str body);

#endif
