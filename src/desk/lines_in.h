/*
 * Private to the files of custom and community bus lines.
 *
 * lines_rules.c  rules as data (lines/ *.yaml)      lines_read.c      records read and checked
 * lines_requests.c  request.*                       lines.c           line.*, the table of verbs
 * lines_decide.c moves, measures, the clock         lines_seats.c     seats of runs, counted
 * lines_booking.c booking.*                         lines_runs.c      runs, connections
 * lines_offer.c  runs for trip planning
 * lines_propose.c, lines_cluster.c, lines_stops.c  drafts from requests
 * lines_dynamic.c  seats by insertion
 * lines_gain.c   who gains                          lines_flex.c      GTFS-Flex
 */
#ifndef TQ_DESK_LINES_IN_H
#define TQ_DESK_LINES_IN_H

#include "desk/desk_in.h"

#define LINES_STOPS_MAX     40u
#define LINES_TRIPS_MAX     60u
#define LINES_SEATS_MAX     120u
#define LINES_WHEELS_MAX    8u
#define LINES_PARTY_MAX     30u
#define LINES_RULES_MAX     16u
#define LINES_MOVES_MAX     24u
#define LINES_BOOKINGS_MAX  20000u /* of a line in a month */
#define LINES_MAX           500u   /* not stopped */
#define LINES_REQUESTS_MAX  400u   /* looked at by one proposal */
#define LINES_AHEAD_DAYS    62     /* a single ticket is sold so far ahead */
#define LINES_RUN_DAYS_MAX  31     /* days of one question about runs */
#define LINES_REACH_M       500u   /* a place is so near to a street */
#define LINES_STOP_M        100u   /* and a stop of a line */
#define LINES_SNAP_M        150u   /* a bus serves a stop from a street so near */
#define LINES_WORD_MAX      24u
#define LINES_NAME_MAX      200u
#define LINES_RULE_BYTES    ((size_t)64 << 10)
#define LINES_HISTORY_MAX   200u /* lines of history, decisions kept in a record */
#define LINES_DECISIONS_MAX 24u
#define LINES_WORK_BYTES    ((size_t)48 << 20)
#define LINES_DWELL_S       30 /* at a stop */

/* ---- rules (lines_rules.c) --------------------------------------------------------------------
 */

typedef enum line_measure { LINE_NO_MEASURE, LINE_BOOKED, LINE_PAID } line_measure;
typedef enum line_due { LINE_BY_HAND, LINE_NOW, LINE_FIRST_DEPARTURE, LINE_MONTH_END } line_due;

#define LINE_SINGLE 1u
#define LINE_MONTH  2u

typedef struct line_name {
    char zh[LINES_NAME_MAX], en[LINES_NAME_MAX];
} line_name;

typedef struct line_move {
    char from[LINES_WORD_MAX], to[LINES_WORD_MAX], what[LINES_WORD_MAX];
    uint32_t who; /* roles that may do it by hand; admin always, unless only the clock does it */
    line_due due;
    line_measure measure;
    bool at_least; /* else: below */
    uint32_t percent;
    line_name text;
} line_move;

typedef struct line_rule {
    char id[LINES_WORD_MAX], source[96];
    line_name name;
    uint32_t tickets; /* LINE_SINGLE, LINE_MONTH */
    int64_t closes_ms, cancel_ms;
    bool lapse; /* what is unpaid when booking closes */
    uint32_t wheelchair_seats, waiting_max, move_count;
    line_move move[LINES_MOVES_MAX];
} line_rule;

struct desk_line_rules {
    uint32_t count;
    line_rule *rule[LINES_RULES_MAX]; /* in order of id */
};

/** NULL when there is none. */
const line_rule *lines_rule(const tq_desk *desk, const char *id);
/** Read one file's text. TQ_BAD_CONFIG names file, line and what would do. */
tq_status lines_rule_read(const char *source, tq_str bytes, line_rule *out, tq_err *err);
json_t *lines_rule_json(const line_rule *rule);
/** Does the move's condition hold for `part` of `whole` seats? Exact in whole numbers. */
bool lines_move_holds(const line_move *move, uint64_t part, uint64_t whole);

/* ---- records read (lines_read.c) ---------------------------------------------------------------
 */

typedef struct line_stop {
    char id[LINES_WORD_MAX], name[LINES_NAME_MAX];
    tq_point at;
    bool board, alight;
} line_stop;

typedef struct line_trip {
    char id[LINES_WORD_MAX];
    int32_t at_s[LINES_STOPS_MAX]; /* departure of the last stop: its arrival */
} line_trip;

/* A metro stop that each trip connects to. */
typedef struct line_feeder {
    bool given;
    uint32_t stop, line_stop, route, direction; /* of the timetable, of the line; TQ_NONE = any */
    int32_t change_s, wait_max_s;
} line_feeder;

typedef struct line_plan {
    char id[TQ_ID_MAX], state[32];
    uint64_t version;
    json_t *record; /* held */
    const line_rule *rule;
    bool dynamic;
    uint32_t seats, wheelchairs, days;  /* days: bit 0 Monday */
    int32_t from_day, to_day;           /* since 1970, both included; INT32_MIN, INT32_MAX = open */
    int32_t window_from_s, window_to_s; /* of a dynamic line */
    int64_t single_fen, month_fen;
    uint32_t stop_count, trip_count, zone_count;
    line_stop stop[LINES_STOPS_MAX];
    line_trip trip[LINES_TRIPS_MAX];
    tq_point zone[LINES_STOPS_MAX];
    line_feeder feeder;
} line_plan;

/** Read and check a line's record; `err` names member, value and what would do. Allocates; takes a
 * hold of the record. */
tq_status lines_plan_read(const tq_desk *desk, json_t *record, line_plan **out, tq_err *err);
tq_status lines_plan_load(desk_call *call, const char *id, line_plan **out);
void lines_plan_free(line_plan *plan); /* NULL is fine */
bool lines_plan_serves(const line_plan *plan, int32_t day);
uint32_t lines_plan_stop(const line_plan *plan, const char *id); /* TQ_NONE */
uint32_t lines_plan_trip(const line_plan *plan, const char *id);
int64_t lines_run_ms(const tq_city *city, const line_plan *plan, int32_t day, uint32_t trip,
                     uint32_t stop);

/** "07:30" or "07:30:15", up to 29:59:59. */
bool lines_clock(const char *text, int32_t *out_s);
void lines_clock_print(int32_t at_s, char out[16]);
/** "2025-06-03" to days since 1970, "2025-06" to months since the year 0. */
bool lines_date(const char *text, int32_t *out);
bool lines_month(const char *text, int32_t *out);
void lines_date_print(int32_t day, char out[16]);
void lines_month_print(int32_t month, char out[16]);
int32_t lines_month_of(int32_t day);
int32_t lines_first_day(int32_t month);
/** A list of mon … sun; all when it is missing. */
bool lines_days(const json_t *list, uint32_t *out);
json_t *lines_days_json(uint32_t days);
/** A place {name, lat, lon}: inside the city and at most reach_m from a street. */
tq_status lines_place(const tq_city *city, const json_t *place, const char *member,
                      uint32_t reach_m, tq_point *out, tq_err *err);

/* ---- seats (lines_seats.c) ---------------------------------------------------------------------
 */

typedef enum seat_state { SEAT_BOOKED, SEAT_WAITING } seat_state;

/* A booking as counting sees it. */
typedef struct seat_row {
    char id[TQ_ID_MAX];
    seat_state state;
    bool month, paid;
    int32_t day; /* of a single ticket; the first covered one of a month's */
    uint32_t trip, from, to;
    uint32_t seats, wheelchairs;
    uint64_t queue; /* order of waiting */
} seat_row;

/* All of a line in one month that stand, by queue. */
typedef struct seat_book {
    const tq_city *city;
    const line_plan *plan;
    int32_t month;
    TQ_VEC(seat_row) row;
} seat_book;

typedef enum seat_count { SEATS_BOOKED, SEATS_PAID } seat_count;

tq_status seats_read(desk_call *call, const line_plan *plan, int32_t month, seat_book *out);
void seats_free(seat_book *book);
/** Where bookings of a line in a month are found: their parent. */
void seats_parent(const char *line, int32_t month, char out[TQ_ID_MAX + 16]);
/** Seats and wheelchairs taken in each segment of a run: [stop_count - 1]. */
void seats_of_run(const seat_book *book, int32_t day, uint32_t trip, seat_count count,
                  uint32_t seats[LINES_STOPS_MAX], uint32_t wheelchairs[LINES_STOPS_MAX]);
/** Is there room for it on each run that it covers? When not, *day is the first full one. */
bool seats_fit(const seat_book *book, const seat_row *row, int32_t *day);
bool seats_cover(const seat_book *book, const seat_row *row, int32_t day);
uint32_t seats_waiting(const seat_book *book);
/** Seats taken at the fullest of each run, summed over the month's runs, and all seats. */
void seats_measure(const seat_book *book, seat_count count, uint64_t *taken, uint64_t *all,
                   uint32_t *runs);

/* ---- bookings from elsewhere (lines_booking.c) -------------------------------------------------
 */

/** Give seats to those who wait, in order, where they fit now. */
tq_status bookings_move_up(desk_call *call, const line_plan *plan, int32_t month, json_t *moved);
/** Cancel all that stand and whose run has not left; what was paid goes back. */
tq_status bookings_cancel_all(desk_call *call, const line_plan *plan, const char *why);
/** What is unpaid when booking closes lapses, waiting ones that missed their run end. */
tq_status bookings_tick(desk_call *call, const line_plan *plan, bool *changed);
tq_status booking_create(desk_call *call);
tq_status booking_pay(desk_call *call);
tq_status booking_cancel(desk_call *call);
tq_status booking_list(desk_call *call);
tq_status booking_offer(desk_call *call);

/* A seat found on a dynamic line (lines_dynamic.c). */
typedef struct dynamic_seat {
    uint32_t from, to;
    int32_t pick_s;
    json_t *promise; /* owned by the one who asked */
} dynamic_seat;
/** Find a place for the seat that the body asks for; TQ_STALE when no vehicle can take it. */
tq_status dynamic_place(desk_call *call, const line_plan *plan, int32_t day, uint32_t party,
                        uint32_t wheelchairs, dynamic_seat *out);

/* A ride that could be promised now: places for `seats`, at the stop from pick_s on, there by
 * arrive_s at the latest. */
typedef struct dynamic_ride {
    uint32_t from, to, seats, wheelchairs;
    int32_t pick_s, arrive_s;
} dynamic_ride;
#define DYNAMIC_RIDES_MAX 600u
/** Rides of a day between all stops, spread over the window from `earliest_s` on; `out` has room
 * for DYNAMIC_RIDES_MAX. None when nothing more can be promised that day. */
tq_status dynamic_rides(desk_call *call, const line_plan *plan, int32_t day, int32_t earliest_s,
                        dynamic_ride *out, uint32_t *count);

/* ---- decisions (lines_decide.c) ----------------------------------------------------------------
 */

/** Carry out a move: state, history, event; on a stop all bookings are cancelled. */
tq_status lines_move(desk_call *call, line_plan *plan, const line_move *move, const char *note,
                     json_t *decision);
tq_status lines_decide(desk_call *call);
tq_status lines_open(desk_call *call);
tq_status lines_stop(desk_call *call);
tq_status lines_decide_tick(desk_call *call, line_plan *plan, bool *changed);
const line_move *lines_move_of(const line_rule *rule, const char *from, const char *to,
                               uint32_t roles);
void lines_note(desk_call *call, json_t *record, const char *list, uint32_t most, json_t *line);

/* ---- runs (lines_runs.c) -----------------------------------------------------------------------
 */

/* Roads for the bus under the live state of the question. */
typedef struct line_roads {
    const tq_city *city;
    const tq_metric *metric;
    tq_roads *roads;
    void *memory;
    tq_arena work;
    tq_snap snap[LINES_STOPS_MAX];
    bool snapped[LINES_STOPS_MAX];
} line_roads;
/** TQ_NOT_FOUND without streets or world. */
tq_status line_roads_open(desk_call *call, const char *vehicle, int64_t at_ms, line_roads *out);
void line_roads_close(line_roads *roads);
/** Snap a point; false when no street that may be used now is so near. */
bool line_roads_snap(line_roads *roads, tq_point at, uint32_t radius_m, tq_snap *out);
/** Seconds rounded up; -1 = no way. */
tq_status line_roads_time(line_roads *roads, const tq_snap *from, const tq_snap *to, int32_t *out,
                          tq_err *err);

typedef struct line_guarantee {
    bool known, holds, broken; /* broken: it held as planned, and a slow run breaks it */
    int64_t arrive_ms, expected_ms, next_ms, planned_ms; /* INT64_MIN = none */
    int32_t wait_s;
} line_guarantee;

typedef struct line_run {
    int32_t day;
    uint32_t trip;
    bool timed;   /* the expected times are known */
    bool blocked; /* a leg has no way left */
    int64_t planned_ms[LINES_STOPS_MAX], expected_ms[LINES_STOPS_MAX];
    int32_t late_s; /* at the last stop */
    line_guarantee guarantee;
} line_run;

tq_status lines_run(desk_call *call, const line_plan *plan, int32_t day, uint32_t trip,
                    line_run *out);
tq_status lines_runs(desk_call *call);
tq_status lines_runs_tick(desk_call *call, const line_plan *plan, bool *changed);
json_t *lines_guarantee_json(const desk_call *call, const line_plan *plan,
                             const line_guarantee *one);

/* ---- proposals and gain ------------------------------------------------------------------------
 */

/* A request as planning sees it. */
typedef struct line_request {
    char id[TQ_ID_MAX];
    tq_point from, to;
    int32_t from_s, to_s; /* window */
    bool arrive;
    uint32_t days, party, wheelchairs;
} line_request;
tq_status lines_request_read(const tq_city *city, const json_t *record, line_request *out,
                             tq_err *err);

#define LINES_CLUSTER_MOST 120u /* requests of one draft */
#define LINES_SIDE_MOST    16u  /* virtual stops on one side of a draft */

typedef struct line_cluster_wish {
    uint32_t spread_m; /* origins, and destinations, of a cluster are so near to each other */
    uint32_t riders;   /* at most in one cluster */
} line_cluster_wish;
/** Which cluster each request is in: numbers from 0 in order of their first request
 * (lines_cluster.c). Allocates scratch; the same requests in the same order give the same clusters.
 */
tq_status lines_cluster(const line_request *request, uint32_t count, const line_cluster_wish *wish,
                        uint32_t *cluster_of, uint32_t *clusters, tq_err *err);

/* Virtual stops of one side: places at streets, and who walks to which (lines_stops.c). */
typedef struct line_side {
    uint32_t count;
    tq_snap snap[LINES_SIDE_MOST]; /* for the bus */
    tq_point at[LINES_SIDE_MOST];
    uint32_t stop_of[LINES_CLUSTER_MOST]; /* of each point; TQ_NONE = out of reach */
    int32_t walk_s[LINES_CLUSTER_MOST];
} line_side;
tq_status lines_side_choose(line_roads *foot, line_roads *bus, const tq_point *point,
                            const uint32_t *riders, uint32_t count, uint32_t max_walk_s,
                            line_side *out, tq_err *err);
/** Order both sides and give the bus's seconds between the stops in that order: off_s[0] = 0; all
 * of `board` before all of `alight`. TQ_NO_ROUTE when the bus cannot reach one. The sides' stops
 * are put in that order. */
tq_status lines_sides_order(line_roads *bus, line_side *board, line_side *alight,
                            int32_t off_s[2 * LINES_SIDE_MOST], tq_err *err);

/* Door to door without the line, on a day (lines_gain.c). */
typedef struct line_door {
    int32_t walk_s;    /* all on foot; -1 = no way */
    int32_t transit_s; /* by the timetable, leaving as late as it allows; -1 = none */
} line_door;
tq_status lines_door(desk_call *call, line_roads *foot, const line_request *request, int64_t at_ms,
                     line_door *out);

/* ---- doors of other files ----------------------------------------------------------------------
 */

tq_status request_create(desk_call *call);
tq_status request_cancel(desk_call *call);
tq_status request_list(desk_call *call);
tq_status lines_propose(desk_call *call);
tq_status lines_gain(desk_call *call);
tq_status lines_flex(desk_call *call);

#endif
