/*
 * desk: the life of a record. Closures, cases, works, monitoring points, crews and their tasks,
 * the duty picture; who may do what; state machines held as data.
 *
 * Everything is a verb: a row of one table (verbs.c) with a name («closure.publish»), the roles
 * that may say it, whether it writes, and the function that does it. The server, the command line
 * and tests all come through tq_desk_do and tq_desk_ask; default is deny.
 *
 *   writing: tq_desk_begin, tq_desk_do for each command, tq_desk_commit, tq_desk_catch_up (which
 *            carries what was committed into `live`), and only then are answers given out
 *   reading: tq_desk_ask, on any handle
 *
 * A tq_desk belongs to one thread; the writer's and the reader's are two handles on one store. What
 * the desk knows is in the store; at start tq_desk_catch_up fills `live` again.
 */
#ifndef TQ_DESK_H
#define TQ_DESK_H

#include "city/city.h"
#include "freight/freight.h"
#include "live/live.h"
#include "road/road.h"
#include "store/store.h"
#include "transit/transit.h"

/* ---- who ------------------------------------------------------------------------------------- */

#define TQ_ROLE_PUBLIC     1u /* anybody */
#define TQ_ROLE_RIDER      2u
#define TQ_ROLE_CLERK      4u /* call taker */
#define TQ_ROLE_DISPATCHER 8u /* and duty officer */
#define TQ_ROLE_ROAD_UNIT  16u
#define TQ_ROLE_POLICE     32u /* liaison of the traffic police */
#define TQ_ROLE_PLANNER    64u
#define TQ_ROLE_AUDITOR    128u
#define TQ_ROLE_ADMIN      256u
#define TQ_ROLE_PEER       512u  /* a machine of another platform */
#define TQ_ROLE_DRIVER     1024u /* not staff: own vehicle, own orders */
#define TQ_ROLE_STAFF                                                                              \
    (TQ_ROLE_CLERK | TQ_ROLE_DISPATCHER | TQ_ROLE_ROAD_UNIT | TQ_ROLE_POLICE | TQ_ROLE_PLANNER |   \
     TQ_ROLE_AUDITOR | TQ_ROLE_ADMIN)
#define TQ_ROLE_ANY 2047u

/** "dispatcher" etc.; 0 = no such role. */
uint32_t tq_role_named(tq_str name);
const char *tq_role_name(uint32_t role); /* of one bit */

typedef struct tq_actor {
    char name[64];        /* "" = nobody in particular */
    uint32_t roles;       /* TQ_ROLE_ mask, TQ_ROLE_PUBLIC always among them */
    char peer[TQ_ID_MAX]; /* set for TQ_ROLE_PEER */
    char session[24];     /* public part of the session or key, for the audit; "" = none */
} tq_actor;

/* ---- the desk -------------------------------------------------------------------------------- */

typedef struct tq_desk tq_desk;

typedef struct tq_desk_options {
    uint32_t size;
    const tq_city *city;
    const char *store_path;
    const char *folder; /* the city's, for cases/; NULL = built-in ones only */
    tq_store_options store;
} tq_desk_options;
/** Reads the state machines (built in, then the city's), opens the store. TQ_BAD_CONFIG names file,
 * line and what would do. */
tq_status tq_desk_open(const tq_desk_options *options, tq_desk **out, tq_err *err);
void tq_desk_close(tq_desk *desk);
tq_store *tq_desk_store(tq_desk *desk);

/** Who holds this bearer token (a session or an API key, "" = the public). TQ_DENIED: forged,
 * expired, closed; never tells which. */
tq_status tq_desk_actor(tq_desk *desk, tq_str token, int64_t now_ms, tq_actor *out, tq_err *err);

/* Called inside the transaction after each event, so that what peers are owed is written with it.
 * `record` is the record's JSON as it is now, "" when the event is about none. */
typedef tq_status (*tq_desk_ear)(void *user, tq_store *store, const tq_event *event, tq_str record,
                                 tq_err *err);
void tq_desk_on_event(tq_desk *desk, tq_desk_ear heard, void *user);

/* A question about freight in words, as tq_goods_query of journey; NULL = not said. */
typedef struct tq_desk_goods {
    const char *from, *to, *commodity, *tonnes, *depart, *arrive, *avoid, *via, *modes;
    uint32_t boxes40;
    int64_t now_ms;
} tq_desk_goods;

/* Freight of the city, for consignments. */
typedef struct tq_desk_freight {
    const tq_freight *net;
    void *user;
    /* What live streets do to lorries at an instant; *out NULL = nothing; good until asked again. */
    tq_status (*live)(void *user, int64_t at_ms, const tq_freight_live **out, tq_err *err);
    /* The whole front as JSON of freight; without a plan *found is false and it says why. */
    tq_status (*plan)(void *user, const tq_desk_goods *wish, tq_buf *out, bool *found, tq_err *err);
} tq_desk_freight;

/* The network as questions see it, for verbs that look at travel times. */
typedef struct tq_desk_world {
    const tq_city *city;
    tq_roads *roads;
    tq_days *days;
    const tq_overlay *overlay;
    const tq_live *live; /* only on the writer's thread, else NULL */
    const tq_desk_freight *freight; /* NULL: the city has none */
} tq_desk_world;

typedef struct tq_command {
    const char *verb; /* "closure.create" */
    const char *id;   /* of the record; "" = none */
    tq_str body;      /* JSON object, or "" */
    tq_str query;     /* of a question, as sent: "state=open&limit=20" */
    const char *key;  /* Idempotency-Key; "" = none */
    const tq_actor *actor;
    int64_t now_ms;
    bool english;
} tq_command;

/* QUIET: a command that needs the writer's memory and writes nothing, not even an audit row. */
typedef enum tq_verb_kind { TQ_VERB_NONE, TQ_VERB_ASK, TQ_VERB_DO, TQ_VERB_QUIET } tq_verb_kind;
tq_verb_kind tq_desk_verb(const char *verb);

/** Answer a question: JSON into `answer`. TQ_DENIED, TQ_NOT_FOUND, TQ_BAD_INPUT. */
tq_status tq_desk_ask(tq_desk *desk, const tq_command *command, const tq_desk_world *world,
                      tq_buf *answer, tq_err *err);

tq_status tq_desk_begin(tq_desk *desk, tq_err *err);
/**
 * Carry out one command inside the transaction: checked, written, audited, told to peers; the same
 * key again gives the same answer and writes nothing. Refused ones are audited too. *status: HTTP
 * status of the answer (200, 201). On any other result than TQ_OK nothing of it is written but the
 * audit row.
 */
tq_status tq_desk_do(tq_desk *desk, const tq_command *command, const tq_desk_world *world,
                     uint32_t *status, tq_buf *answer, tq_err *err);
tq_status tq_desk_commit(tq_desk *desk, tq_err *err);
void tq_desk_rollback(tq_desk *desk);

/**
 * Carry what was committed since the last call (or, on a fresh `live`, all that is in force) into
 * `live`. *network: something that answers depend on has changed; *version: of the overlay from now
 * on.
 */
tq_status tq_desk_catch_up(tq_desk *desk, tq_live *live, int64_t now_ms, bool *network,
                           uint64_t *version, tq_err *err);
/** What is due at an instant: clocks of cases, overdue readings, closures whose expected end
 * passed; written like commands of the actor «clock». Inside begin/commit. */
tq_status tq_desk_tick(tq_desk *desk, const tq_desk_world *world, int64_t now_ms, bool *changed,
                       tq_err *err);

/** What is offered on demand now, for trip planning: runs of custom bus lines that can be booked in
 * the next days, and the wait for a taxi by place. On the writer's handle, after a commit. Dropped
 * with tq_ondemand_drop. Cost: a read of every open line's seats, and some 30 us a square. */
tq_status tq_desk_offer(tq_desk *desk, const tq_desk_world *world, int64_t now_ms,
                              const tq_ondemand **out, tq_err *err);

#define TQ_SETUP_TOKEN_MAX 40
/** The token with which the first account is made (auth.setup); false when there is an account. */
bool tq_desk_setup_token(tq_desk *desk, char out[TQ_SETUP_TOKEN_MAX]);

/** An account made by the one who owns the machine: for the command line. */
tq_status tq_desk_add_user(tq_desk *desk, const char *name, tq_str password, uint32_t roles,
                           int64_t now_ms, tq_err *err);

#endif
