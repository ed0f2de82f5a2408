/*
 * Private to src/desk: orders, as the dispatcher, the driver's side and the bus lines see them
 * (orders.c). Shapes: docs/design/dispatch.md.
 */
#ifndef TQ_DESK_ORDER_IN_H
#define TQ_DESK_ORDER_IN_H

#include "desk/desk_in.h"

/** Load an order (a new reference) with its version and state; TQ_NOT_FOUND names it. */
tq_status desk_order_load(desk_call *call, const char *id, json_t **order, uint64_t *version,
                          char state[32]);
/**
 * Move an order to another state, as far as the machine of its kind lets it be moved from where it
 * is (TQ_STALE names both states): members of `facts` (taken over, may be NULL) are merged into the
 * record, a line is added to its history, the event «order» is told. `to` NULL: the state stays and
 * only facts change. `what` is the word of the move: «offered», «assigned», «driver cancelled».
 */
tq_status desk_order_move(desk_call *call, const char *id, const char *to, const char *what,
                          json_t *facts, const char *note);
/** Make an order from its JSON for another verb (a booking, a crew's task); its id. */
tq_status desk_order_open(desk_call *call, json_t *body, char id[TQ_ID_MAX]);

/* ---- lives and rules as data (orders_rules.c) ---------------------------------------------------
 */

#define ORDER_STATES_MAX   16u
#define ORDER_MACHINES_MAX 8u
#define ORDER_WORD_MAX     32u
#define ORDER_TEXT_MAX     64u

typedef struct order_state {
    char id[ORDER_WORD_MAX], zh[ORDER_TEXT_MAX], en[ORDER_TEXT_MAX];
    uint32_t next; /* bit k: state k may follow */
} order_state;

typedef struct order_machine {
    char kind[ORDER_WORD_MAX], also[ORDER_WORD_MAX];
    uint32_t count, begins; /* begins: mask of states; first: the one when none is asked for */
    uint32_t first;
    order_state state[ORDER_STATES_MAX];
} order_machine;

/* Units are in the names; orders/rules.yaml says what each is. */
typedef struct order_rules {
    int32_t past_s, ahead_days, now_s, lead_least_s, lead_spare_s, street_m, party_most, hospital_m,
        elder_years, cancel_free_s, cancel_fee_fen, cancel_late_s, no_show_wait_s, block_no_shows,
        block_within_days, block_for_days, late_s, re_offer_s, places_kept, trips_kept,
        answer_within_s, high_km_percent, high_slow_percent, near_stop_m;
} order_rules;

#define TARIFFS_MAX     64u
#define TARIFF_ROWS_MAX 12u
#define TARIFF_NAME_MAX 40u

/* Prices of one part of the day. */
typedef struct tariff_row {
    uint32_t from_min, to_min; /* of the local day; to below from: past midnight; equal: always */
    int32_t start_fen, start_m, km_fen, slow_kmh, slow_min_fen, return_km, return_percent;
} tariff_row;

typedef struct tariff {
    char name[TARIFF_NAME_MAX], class[ORDER_WORD_MAX], source[200];
    bool weak;    /* the source is weak */
    bool assumed; /* built in, for a class that the city gives no prices of */
    uint32_t count;
    tariff_row row[TARIFF_ROWS_MAX];
} tariff;

/* Rows of one kind near which orders begin or end, by latitude (orders_near.c). */
typedef struct order_near_row {
    tq_point at;
    uint32_t place, link; /* link: stop of a station */
} order_near_row;
typedef TQ_VEC(order_near_row) order_near_rows;

struct desk_order_near {
    bool ready;
    order_near_rows station, hospital; /* station: those of the metro */
};

struct desk_order_rules {
    uint32_t count, tariff_count;
    order_machine machine[ORDER_MACHINES_MAX];
    order_rules rules;
    struct desk_order_near near;
    tariff tariff[TARIFFS_MAX]; /* of the city's tariff.csv, then what is assumed */
};

/** The machine of a kind; NULL when there is none. */
const order_machine *order_machine_of(const tq_desk *desk, const char *kind);
uint32_t order_state_of(const order_machine *machine, const char *state); /* TQ_NONE */
bool order_is_over(const order_machine *machine, uint32_t state);

/* ---- stations and hospitals near a place (orders_near.c) ---------------------------------------
 */

#define ORDER_NEAR_MOST 8u
/** Pick them out once; TQ_NO_MEMORY. Before order_near_find. */
tq_status order_near_ready(desk_call *call);
/** Those within the radius, nearest first, at most `most` and ORDER_NEAR_MOST; their number. */
uint32_t order_near_find(const order_near_rows *rows, tq_point at, uint32_t radius_m, uint32_t most,
                         uint32_t *links);
void order_near_free(struct desk_order_near *near);

/* ---- tariffs (tariff.c) ------------------------------------------------------------------------
 */

/** Read the city's tariff.csv; TQ_BAD_CONFIG. */
tq_status tariff_read(tq_str csv, const char *source, struct desk_order_rules *out, tq_err *err);
/** Assumed prices for classes that have none yet. */
tq_status tariff_assume(struct desk_order_rules *out, tq_err *err);
/** Price of a ride: `slow_s` of its seconds are slow, by the row of its departure. */
int64_t tariff_price(const tariff_row *row, int64_t metres, int64_t slow_s);
/** The row in force at a minute of the day; NULL when none is. */
const tariff_row *tariff_at(const tariff *table, uint32_t minute);
/** Of a class (a record goes before the file); TQ_NOT_FOUND. */
tq_status tariff_of_class(desk_call *call, const char *class, tariff *out);
tq_status tariff_list(desk_call *call);
tq_status tariff_put(desk_call *call);

/* ---- estimates (orders_estimate.c) --------------------------------------------------------------
 */

/** Kilometres, minutes, price and wait of an order as it stands, into its member "estimate". What
 * is not known is null and said in estimate.why. */
tq_status order_estimate(desk_call *call, json_t *order);
/** Last trains near the destination, a list; also near one place (to NULL). After order_near_ready.
 */
json_t *order_last_trains(desk_call *call, const json_t *from, const json_t *to, int64_t at_ms);

/* ---- making (orders_create.c)
 * -------------------------------------------------------------------- */

tq_status order_create(desk_call *call);
tq_status order_estimate_verb(desk_call *call);
tq_status order_change(desk_call *call);
/** A place {lat, lon, name, note} or a text to search for; checked, a new object. */
tq_status order_place(desk_call *call, const json_t *given, const char *member, json_t **out);
/** Inside the city and beside a street that cars may use, else TQ_BAD_INPUT with the distance. */
tq_status order_reach(desk_call *call, tq_point at, const char *member);
bool order_point(const json_t *place, tq_point *out);
#define ORDER_PHONE_MAX 24u
#define ORDER_APART_DM  300u /* a ride has its ends at least so far apart */
/** Digits with an optional + before them; what else people write between them is dropped. */
tq_status order_phone(desk_call *call, const char *given, char out[ORDER_PHONE_MAX]);
/** What a passenger may need: «wheelchair», «helper», …; closed by NULL. */
extern const char *const ORDER_NEEDS[];

/* ---- ends (orders_end.c)
 * --------------------------------------------------------------------------- */

tq_status order_cancel(desk_call *call);
tq_status order_no_show(desk_call *call);
tq_status order_complain(desk_call *call);
tq_status order_hand_over(desk_call *call);
tq_status order_why(desk_call *call);
/** Refused (TQ_BAD_INPUT) when the passenger stands where this city's cars drive. */
tq_status order_hand_to(desk_call *call, const char *id, const json_t *order, const char *city,
                        const char *peer, const char *why);
/** May this one see or touch the order? TQ_NOT_FOUND, so that nobody learns of others'. */
tq_status order_mine(desk_call *call, const json_t *order);
/** As it is shown to the one who asks: phone by role, spoken text. A new object. */
json_t *order_show(desk_call *call, const json_t *order);
tq_status order_answer(desk_call *call, const char *id);
/** What the taker reads aloud, {zh, en} (orders_say.c). */
json_t *order_spoken(desk_call *call, const json_t *order);

/* ---- seats (lines_booking.c) -------------------------------------------------------------------
 */

/** Cancelling the order of a seat is cancelling its booking: the seat is free, those who wait move
 * up, and the order ends with it. */
tq_status booking_end_of_order(desk_call *call, const json_t *order, const char *by,
                               const char *why);

/* ---- callers (callers.c)
 * ------------------------------------------------------------------------------ */

/** The caller of a number, made when there is none and `make`; TQ_NOT_FOUND. */
tq_status caller_of_phone(desk_call *call, const char *phone, bool make, json_t **out,
                          uint64_t *version);
tq_status caller_save(desk_call *call, json_t *caller, uint64_t version, const char *what);
/** Count an order of theirs: places, trips by hour, needs. */
tq_status caller_ordered(desk_call *call, json_t *caller, uint64_t version, const json_t *order);
/** TQ_DENIED with reason, end and the way to appeal while the number is blocked. */
tq_status caller_check(desk_call *call, const json_t *caller);
tq_status caller_missed(desk_call *call, const char *id);
bool caller_is_elder(const desk_call *call, const json_t *caller);
json_t *caller_show(const desk_call *call, const json_t *caller);
tq_status caller_list(desk_call *call);
tq_status caller_get(desk_call *call);
tq_status caller_change(desk_call *call);

/* ---- call-backs (callbacks.c)
 * ------------------------------------------------------------------------- */

tq_status callback_open(desk_call *call, const json_t *order, const char *why, char id[TQ_ID_MAX]);
tq_status callback_list(desk_call *call);
tq_status callback_create(desk_call *call);
tq_status callback_done(desk_call *call);

/* ---- statistics of the desk (calls_stats.c)
 * ------------------------------------------------------------ */

tq_status call_stats(desk_call *call);
tq_status call_staffing(desk_call *call);

#endif
