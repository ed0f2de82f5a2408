/*
 * Private to src/exchange.
 *
 * offer.c   orders for partners
 * rules.c   products and rules from YAML      report.c  what an event owes, and when the next step
 * is verbs.c   peers for people                  receive.c what comes in, and pulls push.c outbox
 * to peers, back-off         double.c  a peer as a program, link.c  over HTTP
 */
#ifndef TQ_EXCHANGE_IN_H
#define TQ_EXCHANGE_IN_H

#include <jansson.h>

#include "exchange/exchange.h"

#define PRODUCTS_MAX      32u
#define RULES_MAX         128u
#define PRODUCT_TO_MAX    8u
#define EXCHANGE_ID_MAX   48u
#define EXCHANGE_TEXT_MAX 120u
#define PEERS_MAX         64u
#define RULE_BYTES_MAX    ((size_t)256 << 10)
#define MESSAGE_BYTES_MAX ((size_t)1 << 20)
#define RECEIVE_MAX       1000u /* messages of one body */
#define RECONCILE_MAX     1000u /* messages that one reconciliation compares */
#define BACKOFF_FIRST_MS  1000
#define BACKOFF_MOST_MS   300000
#define EXCHANGE_DUMP     (JSON_SORT_KEYS | JSON_COMPACT | JSON_ENCODE_ANY)

typedef enum road_level {
    LEVEL_EXPRESSWAY,
    LEVEL_NATIONAL,
    LEVEL_PROVINCIAL,
    LEVEL_MUNICIPAL,
    LEVEL_COUNT
} road_level;
extern const char *const LEVEL_NAME[LEVEL_COUNT];
#define EFFECT_COUNT 5u
extern const char *const EFFECT_NAME[EFFECT_COUNT]; /* as in a closure's JSON */

typedef struct product_row {
    char id[EXCHANGE_ID_MAX], name_zh[EXCHANGE_TEXT_MAX], name_en[EXCHANGE_TEXT_MAX],
        source[2 * EXCHANGE_TEXT_MAX];
    char to[PRODUCT_TO_MAX][EXCHANGE_ID_MAX]; /* kinds of peers */
    uint32_t to_count;
    int64_t next_every_ms; /* 0 = only first and final */
} product_row;

typedef struct rule_row {
    char id[EXCHANGE_ID_MAX], product[EXCHANGE_ID_MAX];
    char street[EXCHANGE_TEXT_MAX]; /* "" = any */
    uint32_t levels, effects;       /* bits */
    int64_t over_ms;
} rule_row;

/* One peer's trials; only push touches them. */
typedef struct peer_trials {
    char id[EXCHANGE_ID_MAX];
    uint32_t failures;
    int64_t next_ms;
    uint64_t go_back; /* the peer asked again from here; 0 = no */
} peer_trials;

struct tq_exchange {
    const tq_city *city;
    uint32_t product_count, rule_count, trial_count;
    product_row product[PRODUCTS_MAX];
    rule_row rule[RULES_MAX];
    peer_trials trial[PEERS_MAX];
    int64_t due_ms; /* nothing falls due before */
};

/** Read a YAML text over what is known; `path` names it in messages. */
tq_status rules_read(tq_exchange *exchange, const char *path, tq_str yaml, tq_err *err);
extern const char tq_products_yaml[], tq_products_yaml_end[];

const product_row *product_find(const tq_exchange *exchange, const char *id);
bool product_goes_to(const product_row *what, const char *kind);

/* ---- JSON and records -------------------------------------------------------------------------
 */

/** An object; TQ_BAD_INPUT says where it breaks. */
tq_status exchange_json(tq_str text, json_t **out, tq_err *err);
const char *json_text_or(const json_t *object, const char *name, const char *otherwise);
/** Dumped with sorted keys; tq_status TQ_NO_MEMORY. The text is NUL-terminated; free() it. */
char *exchange_dump(const json_t *value);
uint64_t message_hash(const json_t *body);
/** A message for a peer into the outbox; the body is dropped here. */
tq_status exchange_send(tq_store *store, const char *peer, const char *product, const char *about,
                        int64_t now_ms, json_t *body, uint64_t *seq, tq_err *err);
/** Write a record of JSON (dropped here); version 0 = new. */
tq_status exchange_save(tq_store *store, const char *kind, const char *id, const char *state,
                        json_t *body, uint64_t version, int64_t now_ms, tq_err *err);
tq_status exchange_load(tq_store *store, const char *kind, const char *id, json_t **out,
                        uint64_t *version, char state[32], tq_err *err);
void exchange_put_instant(const tq_exchange *exchange, json_t *object, const char *name,
                          int64_t at_ms);

/** An order that the desk gives to a partner: one message to that peer (offer.c). */
tq_status offer_heard(const tq_exchange *exchange, tq_store *store, const tq_event *event,
                      tq_str record, tq_err *err);

/* ---- coming in (receive.c) --------------------------------------------------------------------
 */

/** Compare a reconciliation message's list with what was taken: {"lost":[…],"different":[…]}. */
typedef bool (*message_known)(void *user, uint64_t seq, uint64_t *hash);
json_t *reconcile_compare(const json_t *body, message_known known, void *user);
tq_status exchange_receive(tq_exchange *exchange, tq_store *store, const tq_exchange_call *call,
                           uint32_t *status, tq_buf *answer, tq_err *err);
tq_status exchange_pull(tq_exchange *exchange, tq_store *store, const tq_exchange_call *call,
                        uint32_t *status, tq_buf *answer, tq_err *err);
/** A parameter of the query as a number; `otherwise` when absent; false when it is not one. */
bool query_number(tq_str query, const char *name, uint64_t otherwise, uint64_t *out);
tq_status exchange_answer(json_t *value, tq_buf *answer, tq_err *err);
/** A message with its body as people and peers read it. */
json_t *message_json(const tq_exchange *exchange, const tq_message *message);

#endif
