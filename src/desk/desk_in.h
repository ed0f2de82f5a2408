/*
 * Private to src/desk: the table of verbs and what every verb's function gets.
 *
 * verbs.c       the table; checks roles, reads the body, keys, audit     record.c  helpers of verbs
 * auth*.c       users, sessions, API keys (argon2id)   closures.c  closures, restrictions, speeds
 * machine*.c    state machines held as data            cases.c, case_*.c  cases
 * works*.c      works planner                          points*.c  monitoring
 * crews*.c      crews and tasks                        duty*.c    duty page, shift log, bulletin
 * orders*.c     orders, estimates, tariffs             calls*.c, callers.c  the phone desk
 * vehicles*.c   vehicles, drivers, conduct             dispatch*.c, pool.c  who drives to whom
 * lines*.c      custom and community bus             consignment*.c  goods under one order
 * due.c         what the clock finds due
 */
#ifndef TQ_DESK_IN_H
#define TQ_DESK_IN_H

#include <jansson.h>

#include "desk/desk.h"

struct tq_desk {
    const tq_city *city;
    tq_store *store;
    struct desk_machines *machines; /* machine.c */
    uint64_t caught_up;             /* last event carried into live */
    uint64_t network_version;       /* of the last event that the network depends on */
    bool filled;                    /* live was filled from the records once */
    char folder[TQ_PATH_MAX];
    uint8_t secret[32]; /* of this store: signs tokens; kept in the store */
    tq_desk_ear ear;    /* exchange listens inside the transaction */
    void *ear_user;
    struct desk_guard *guard;             /* auth.c: names that failed to sign in */
    struct desk_line_rules *line_rules;   /* lines_rules.c */
    struct desk_order_rules *order_rules; /* orders_rules.c */
    struct desk_supply *supply; /* dispatch.c: vehicles, positions, queue; NULL on readers */
    tq_live *probe;             /* closures_feed.c: messages are tried here first */
    int64_t applied_ms;         /* instant of the last network event that live has seen */
    int64_t swept_ms;           /* when sessions and old answers were last tidied */
    /* Before these nothing is due; INT64_MIN = look. */
    int64_t closures_next_ms, cases_next_ms, speeds_next_ms;
    int64_t points_next_ms; /* points.c: the same */
    int64_t lines_next_ms;  /* lines.c: the same */
    int64_t orders_next_ms; /* orders.c: the same */
    /* consignments_estimate.c: the same, and the roads that estimates were made with. */
    int64_t consignments_next_ms;
    uint64_t consignments_roads;
    uint32_t *edge_by_way; /* closures_speeds.c: edges in order of their way */
};

/* Ids gathered while the store is read, to be changed after. */
typedef struct desk_id {
    char text[TQ_ID_MAX];
} desk_id;
typedef TQ_VEC(desk_id) desk_ids;
bool desk_ids_push(desk_ids *ids, const char *id);
void desk_look_again(tq_desk *desk); /* at everything that may be due */

#define DESK_BODY_MAX     ((size_t)1 << 20)  /* of a command */
#define DESK_FEED_MAX     ((size_t)16 << 20) /* of speeds, feeds and work-zone feeds */
#define DESK_DEPTH_MAX    24u
#define DESK_TEXT_MAX     2000u /* bytes of one text */
#define DESK_KEY_MAX      128u  /* bytes of an Idempotency-Key */
#define DESK_LIST_MAX     1000u
#define DESK_LIST_DEFAULT 100u
#define DESK_SCAN_MAX     5000u /* records looked at for one page of a list that is newest first */
#define DESK_DETAIL_MAX   4096u /* bytes of a command kept in the audit; longer: length and hash */

/* One verb under way. */
typedef struct desk_call {
    tq_desk *desk;
    const tq_command *command;
    const tq_desk_world *world;
    json_t *body; /* object; never NULL for a command (an empty one) */
    uint32_t *status;
    tq_buf *answer;
    tq_err *err;
    char about[TQ_ID_MAX]; /* the record that it is about: command->id, else the first saved */
    bool network;          /* an event that answers depend on was written */
} desk_call;

/* Refuse what was asked: one sentence that names the member, its value and what would do. */
#define desk_bad(call, ...) tq_fail((call)->err, TQ_BAD_INPUT, 0, __VA_ARGS__)

typedef tq_status (*desk_function)(desk_call *call);

typedef struct desk_verb {
    const char *name;
    uint32_t roles; /* who may */
    tq_verb_kind kind;
    desk_function run;
} desk_verb;

/* Each file of verbs shows one table, closed by a row without a name; verbs.c joins them. */
extern const desk_verb desk_auth_verbs[], desk_closure_verbs[], desk_case_verbs[],
    desk_work_verbs[], desk_point_verbs[], desk_crew_verbs[], desk_duty_verbs[], desk_order_verbs[],
    desk_call_verbs[], desk_vehicle_verbs[], desk_dispatch_verbs[], desk_line_verbs[],
    desk_consignment_verbs[];

/* ---- helpers of verbs (record.c) ------------------------------------------------------------- */

/** The member of the body by name: text, number, instant (RFC 3339 or local), or a refusal that
 * names it. `need`: must be there. */
tq_status desk_text(desk_call *call, const char *member, bool need, const char **out);
tq_status desk_number(desk_call *call, const char *member, bool need, double least, double most,
                      double *out);
tq_status desk_whole(desk_call *call, const char *member, bool need, double least, double most,
                     double *out);
tq_status desk_instant(desk_call *call, const char *member, bool need, int64_t *out);
/** Refuse members that are not in the list (NULL-terminated), naming the nearest one. */
tq_status desk_only(desk_call *call, const char *const *members);
/** A parameter of a question; false when it is not there. Decoded, cut to cap - 1. */
bool desk_query(const desk_call *call, const char *name, char *out, size_t cap);

/** Read a record's body as JSON (a new reference); TQ_NOT_FOUND names kind and id. */
tq_status desk_load(desk_call *call, const char *kind, const char *id, json_t **out,
                    uint64_t *version, char state[32]);
/** Write it (version 0 = new). The body's "id", "state", "version", "created", "changed" are set
 * here. */
tq_status desk_save(desk_call *call, const char *kind, const char *id, const char *state,
                    json_t *body, uint64_t version);
/** A new id of a series: "CA-2026-0017". */
tq_status desk_new_id(desk_call *call, const char *prefix, char out[TQ_ID_MAX]);
/** Say it on the event stream. `network`: answers change. body is taken over (may be NULL). */
tq_status desk_event(desk_call *call, const char *topic, const char *id, const char *verb,
                     bool network, uint32_t readers, json_t *body);
/** Write JSON as the answer, taken over; the same object gives the same bytes (sorted keys). */
tq_status desk_answer(desk_call *call, json_t *value);
/** {"NAME":[…],"next":id|null} of a kind, filtered by the question's state, parent, after, limit.
 */
tq_status desk_answer_list(desk_call *call, const char *kind, const char *name,
                           json_t *(*show)(desk_call *call, const tq_record *record));
/** The same, newest first, of `parent` when it is not empty (the question's otherwise). One page
 * looks at DESK_SCAN_MAX records at most, so it may hold fewer than asked for, and still have a
 * `next`. */
tq_status desk_answer_newest(desk_call *call, const char *kind, const char *name,
                             const char *parent,
                             json_t *(*show)(desk_call *call, const tq_record *record));
void desk_put_instant(const desk_call *call, json_t *object, const char *member, int64_t at_ms);
bool desk_is(const desk_call *call, uint32_t roles); /* has the actor one of them? */
/** The member "version" of the body, when given, must be the record's: TQ_STALE. */
tq_status desk_expect(desk_call *call, const char *kind, const char *id, uint64_t version);
/** The instant in a record's member; false when it is missing or null. */
bool desk_get_instant(const desk_call *call, const json_t *object, const char *member,
                      int64_t *at_ms);
/** Text of a member, "" when there is none. */
const char *desk_get_text(const json_t *object, const char *member);
/** Sorted and compact, into `out`; TQ_NO_MEMORY. */
tq_status desk_dump(const json_t *value, tq_buf *out, tq_err *err);
/** Read JSON text: size, depth and double members are checked. */
tq_status desk_parse(tq_str text, size_t limit, const char *what, json_t **out, tq_err *err);
/** The nearest word of a NULL-terminated list, NULL when none is near. */
const char *desk_nearest(const char *word, const char *const *list);
/** "dispatcher, admin" */
void desk_role_names(uint32_t roles, char *out, size_t cap);
/** Roles as a JSON list; and read from one (refused: unknown ones, with the nearest). */
json_t *desk_roles_json(uint32_t roles);
tq_status desk_roles_read(desk_call *call, const json_t *list, uint32_t *out);
/** A phone number with only its last four digits left. */
json_t *desk_masked_phone(const char *phone);
/** An audit row of the one who acts; `detail` may be NULL, is not taken over. */
tq_status desk_audit(desk_call *call, const char *verb, const char *kind, const char *id,
                     const char *outcome, const json_t *detail);
/** Base64: binary parts of records. Decoding gives memory for tq_free; TQ_BAD_INPUT. */
void desk_base64_put(tq_buf *out, const void *bytes, size_t len);
tq_status desk_base64_read(tq_str text, uint8_t **bytes, size_t *len, tq_err *err);

/* ---- closures from other verbs (closures.c) ---------------------------------------------------
 */

/** Publish a closure from its JSON on behalf of a record (a case, a work, an alarm); its id. */
tq_status desk_closure_publish(desk_call *call, json_t *closure, const char *parent,
                               char id[TQ_ID_MAX]);
/** A draft of it, or a draft's new contents; its id goes into `id` (read when not empty). */
tq_status desk_closure_draft(desk_call *call, json_t *closure, const char *parent,
                             char id[TQ_ID_MAX]);
/** Publish a draft that is there. */
tq_status desk_closure_show(desk_call *call, const char *id);
/** Read a closure from its record, with the end that holds: one of a case lasts until the case
 * ends it. now_ms INT64_MIN = take what is over too. */
tq_status desk_closure_of(const tq_city *city, const json_t *record, int64_t now_ms,
                          tq_closure *out, tq_err *err);
/** End it now; fine when it has ended already. */
tq_status desk_closure_end(desk_call *call, const char *id, const char *why);

/* ---- cases from other verbs (cases.c) ---------------------------------------------------------
 */

/** Open a case of a type from its JSON (an alarm does); its id. */
tq_status desk_case_open(desk_call *call, const char *type, json_t *body, char id[TQ_ID_MAX]);
/** Add a line to its timeline. */
tq_status desk_case_note(desk_call *call, const char *id, const char *kind, json_t *note);

/* ---- what the clock does (due.c) ---------------------------------------------------------------
 */

typedef struct desk_due {
    const char *kind, *state; /* of the records that are looked at, as in tq_store_filter */
    /* When something happens to one; INT64_MAX = never. */
    int64_t (*due_ms)(const desk_call *call, const json_t *body, const char *state);
    tq_status (*act)(desk_call *call, const char *id);
} desk_due;

/** Act on what is due, row by row, and set when to look again. Nothing before *next_ms; `changed`
 * becomes true when there was something. */
tq_status desk_do_due(desk_call *call, const desk_due *due, uint32_t count, int64_t *next_ms,
                      bool *changed);

/* ---- the clock (verbs.c calls each) ------------------------------------------------------------
 */

tq_status desk_cases_tick(desk_call *call, bool *changed);
tq_status desk_points_tick(desk_call *call, bool *changed);
tq_status desk_closures_tick(desk_call *call, bool *changed);
tq_status desk_speeds_tick(desk_call *call, bool *changed);
tq_status desk_sessions_tick(desk_call *call, bool *changed);
tq_status desk_orders_tick(desk_call *call, bool *changed);
tq_status desk_dispatch_tick(desk_call *call, bool *changed);
tq_status desk_lines_tick(desk_call *call, bool *changed);
tq_status desk_consignments_tick(desk_call *call, bool *changed);

/* ---- speeds and feeds (closures_speeds.c, closures_feed.c) --------------------------------------
 */

tq_status desk_speeds_put(desk_call *call);
tq_status desk_speeds_forget(desk_call *call);
tq_status desk_feed_put(desk_call *call);
tq_status desk_feed_list(desk_call *call);
tq_status desk_wzdx(desk_call *call);
tq_status desk_wzdx_import(desk_call *call);
/** Put everything of a feed's record into `live`, in place of what it held. */
tq_status desk_feed_fill(tq_desk *desk, const char *feed, tq_live *live, tq_err *err);
/** Put one batch (TQ_NOT_FOUND when it is gone or joined with others), or (id NULL) all of them in
 * order. */
tq_status desk_speeds_fill(tq_desk *desk, const char *id, tq_live *live, tq_err *err);

/* ---- machines (machine.c)
 * ------------------------------------------------------------------------ */

/** Read the built-in state machines and those of a folder's cases/; TQ_BAD_CONFIG. */
tq_status desk_machines_open(const char *folder, struct desk_machines **out, tq_err *err);
void desk_machines_close(struct desk_machines *machines);

/** Rules of bus lines: built in, then those of a folder's lines/; TQ_BAD_CONFIG (lines_rules.c).
 */
tq_status desk_line_rules_open(const char *folder, struct desk_line_rules **out, tq_err *err);
void desk_line_rules_close(struct desk_line_rules *rules);

/** Lives and rules of orders: built in, then a folder's orders/ and tariff.csv; TQ_BAD_CONFIG
 * (orders_rules.c). */
tq_status desk_order_rules_open(const char *folder, struct desk_order_rules **out, tq_err *err);
void desk_order_rules_close(struct desk_order_rules *rules);

/* ---- the secret and tokens (auth.c)
 * --------------------------------------------------------------- */
tq_status desk_secret_load(tq_desk *desk, tq_err *err);
void desk_guard_free(struct desk_guard *guard);

#endif
