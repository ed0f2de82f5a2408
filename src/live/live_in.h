/*
 * Private to live: stretches under construction, the rules a closure becomes, and the whole.
 *
 * feed*.c owns section «feeds» of tq_live (live/feed_in.h); the rest belongs to live, stretch*,
 * closure*, speeds* and wzdx*.
 */
#ifndef TQ_LIVE_LIVE_IN_H
#define TQ_LIVE_LIVE_IN_H

#include <jansson.h>

#include "live/feed_in.h"
#include "live/live.h"

/* ---- limits ---------------------------------------------------------------------------------- */

#define LIVE_JSON_BYTES_MAX   (4u << 20) /* of a closure or stretch */
#define LIVE_WZDX_BYTES_MAX   (64u << 20)
#define LIVE_JSON_DEPTH_MAX   24u
#define LIVE_CLOSURES_MAX     20000u
#define LIVE_SPEEDS_MAX       4000000u
#define LIVE_NAME_MAX         120u /* bytes of a street's name in a question */
#define LIVE_GAP_M            150u /* a street goes on after so many metres of another name */
#define LIVE_NEAR_M           40u  /* carriageways of one crossing lie so near each other */
#define LIVE_LINE_M           20u  /* half the width of a drawn line */
#define LIVE_TWIN_M           60u  /* the twin carriageway is so near */
#define LIVE_CROSSING_M       300u /* places of crossing further apart are two crossings */
#define LIVE_SPEED_KMH_MAX    250u
#define LIVE_HALF_WIDTH_KMH   20u
#define LIVE_HALF_WIDTH_SHARE 50u
#define LIVE_LANES_SHARE_MIN  30u
#define LIVE_LANES_MAX        20u

typedef TQ_VEC(uint32_t) live_ids;

static inline tq_status live_no_memory(tq_err *err)
{
    return tq_fail(err, TQ_NO_MEMORY, 0, "no memory for live state");
}

/* ---- JSON that comes in (closure_members.c) -------------------------------------------------- */

/* One JSON object within the limits; to be json_decref'ed. `what` names it in refusals. */
tq_status live_json_load(tq_str text, size_t bytes_max, const char *what, json_t **out,
                         tq_err *err);
/* Refuse members that are not in the list (ends with NULL), with the nearest one. */
tq_status live_only(const json_t *object, const char *const *list, const char *what, tq_err *err);
/* The one of `list` nearest to a text. */
const char *live_nearest(const char *text, const char *const *list);
/* Row of a text in a list, TQ_NONE when it is not there. */
uint32_t live_row_of(const char *text, const char *const *list);
tq_status live_text(const json_t *object, const char *member, size_t room, char *out, tq_err *err);

/* ---- geometry of arcs (stretch_shape.c) ------------------------------------------------------ */

uint32_t live_arc_points(const tq_streets *streets, uint32_t arc); /* ends included, >= 2 */
tq_point live_arc_point(const tq_streets *streets, uint32_t arc, uint32_t k);
/* Distance in decimetres from a point to an arc. */
uint32_t live_arc_distance_dm(const tq_streets *streets, uint32_t arc, tq_point point);
unsigned live_turn_deg(unsigned from_deg, unsigned to_deg);          /* 0 .. 180 */
unsigned live_leaving_deg(const tq_streets *streets, uint32_t arc);  /* heading at its tail */
unsigned live_arriving_deg(const tq_streets *streets, uint32_t arc); /* heading at its head */
/* Points of arcs in order, joined; pushed onto a vector of points. False on no memory. */
typedef TQ_VEC(tq_point) live_line;
bool live_line_of(const tq_streets *streets, const uint32_t *arc, uint32_t count, live_line *out);
/* Eight directions: 0 north, 1 north-east, ... of arcs from first tail to last head. */
unsigned live_compass(const tq_streets *streets, const uint32_t *arc, uint32_t count);

/* ---- ways along a street (stretch_way.c) ----------------------------------------------------- */

/* One question about stretches: scratch over all nodes, made once. */
typedef struct live_finder {
    const tq_city *city;
    const tq_streets *streets;
    tq_err *err;
    uint8_t *of;    /* [name_count] 1: a name of the street in hand, 2: of the cross street */
    uint8_t access; /* whoever the street is for: TQ_ACCESS_ mask */
    /* of a search */
    int64_t *cost;       /* [node_count] */
    uint32_t *via, *run; /* [node_count] arc that led here; decimetres since the street was left */
    tq_heap heap;
    live_ids touched;
    bool has_scratch;
} live_finder;

typedef enum live_sense { LIVE_DIRECTED, LIVE_UNDIRECTED } live_sense;

void live_finder_begin(live_finder *finder, const tq_city *city, tq_err *err);
void live_finder_free(live_finder *finder);
/* May the finder's users take the arc at all? */
bool live_may(const live_finder *finder, uint32_t arc);
bool live_is_of(const live_finder *finder, uint32_t edge, uint8_t which);
/* Motors where a marked street is for them, else whoever it is for. */
void live_set_access(live_finder *finder);
/* From any of `from` along the street to the nearest of `to`, or to all (to NULL: costs stay in
 * the finder). *found false when there is none. */
tq_status live_search(live_finder *finder, live_sense sense, const live_ids *from,
                      const live_ids *to, live_ids *way, bool *found);
/* Nodes of the street near a place. */
tq_status live_near_nodes(live_finder *finder, tq_point at, uint32_t within_m, live_ids *out);
/* From the street near one place as near to the other as it goes; nothing when that is less than
 * half the way. */
tq_status live_way_towards(live_finder *finder, tq_point from, uint32_t within_m, tq_point to,
                           live_ids *way);
/* Go straight on along the street at both ends, as far as it goes or while abreast of `beside`
 * (NULL = no matter). */
tq_status live_extend(live_finder *finder, live_ids *way, const live_ids *beside);
/* The other direction of a way: its arcs turned round, or the twin carriageway; may be none. */
tq_status live_twin(live_finder *finder, const live_ids *way, live_ids *out);

/* ---- streets by name (stretch_names.c) ------------------------------------------------------- */

/* Mark the names that a text means with `which`; `found` gets the name as the city writes it. */
tq_status live_find_street(live_finder *finder, const char *member, const char *text, uint8_t which,
                           char found[LIVE_NAME_MAX]);
/* Nodes where the streets 1 and 2 meet; refused when they do not, or do so at two places. `wide`
 * gets those of the carriageways beside them too. */
tq_status live_find_crossing(live_finder *finder, const char *street, const char *cross,
                             live_ids *nodes, live_ids *wide);
/* Names that cross the street of the finder, for people: «a, b, c». */
void live_crossing_names(const live_finder *finder, char *out, size_t room);
void live_unmark(live_finder *finder, uint8_t which);

/* ---- stretches (stretch*.c) ------------------------------------------------------------------ */

typedef enum live_direction { LIVE_BOTH, LIVE_FORWARD, LIVE_BACKWARD } live_direction;

/* Both ways of a stretch while it is found. */
typedef struct live_ways {
    live_ids along, against;
    char street[LIVE_NAME_MAX], from[LIVE_NAME_MAX], to[LIVE_NAME_MAX]; /* "" = from the arcs */
} live_ways;

void live_ways_free(live_ways *ways);
/* Keep what the direction asks for and make the stretch. */
tq_status live_ways_finish(const tq_city *city, live_ways *ways, live_direction direction,
                           tq_stretch *out, tq_err *err);
tq_status live_ways_by_line(live_finder *finder, const json_t *line, const json_t *datum,
                            live_direction direction, live_ways *out);
tq_status live_ways_by_arcs(live_finder *finder, const json_t *arcs, const json_t *direction,
                            live_direction wanted, live_ways *out);
tq_status live_ways_by_edges(live_finder *finder, const json_t *edges, live_ways *out);
/* From the JSON of a stretch that is read already. */
tq_status live_stretch_find(const tq_city *city, const json_t *json, tq_stretch *out, tq_err *err);

/* ---- closures (closure*.c) ------------------------------------------------------------------- */

extern const char *const LIVE_EFFECTS[];
extern const char *const LIVE_DAYS[];
extern const char *const LIVE_FENCED[];
extern const char *const LIVE_REASONS[];
typedef struct live_user {
    const char *name, *zh, *en;
    uint16_t access;
} live_user;
extern const live_user LIVE_USERS[]; /* ends with name NULL; single ones before sets */

/* Does a time rule hold at an instant? Absolute dates are not looked at. */
bool live_time_holds(const tq_city *city, const tq_clause *clause, int64_t at_ms);
/* Does it hold at any minute of [from, to)? */
bool live_time_ever(const tq_city *city, const tq_clause *clause, int64_t from_ms, int64_t to_ms);
bool live_closure_holds(const tq_city *city, const tq_closure *closure, int64_t at_ms);
tq_status live_read_times(const json_t *times, tq_closure *out, tq_err *err);
bool live_has_limit(const tq_clause *limit);
uint16_t live_speed_kmh(const tq_closure *closure); /* default filled in; 0 = none */
/* Sentence about a closure. */
void live_sentence(const tq_city *city, const tq_closure *closure, bool english, tq_buf *out);

/* Rules and conditions while an overlay is made. */
typedef struct live_rules {
    TQ_VEC(tq_live_rule) rule;
    live_ids first; /* of conditions, as in the overlay; without the last */
    TQ_VEC(tq_clause) clause;
    tq_buf text;
    /* finds equal conditions: [mask + 1], row, 0 = empty */
    uint32_t *slot, mask;
    bool failed;
} live_rules;

bool live_rules_begin(live_rules *rules);
void live_rules_free(live_rules *rules);
/* Row of the condition «one of these»; equal ones share a row. */
uint32_t live_condition(live_rules *rules, const tq_clause *clause, uint32_t count);
uint32_t live_put_text(live_rules *rules, const char *text);
void live_compile(const tq_city *city, const tq_closure *closure, live_rules *rules);

/* ---- speeds (speeds.c) ----------------------------------------------------------------------- */

/* Rows ascending by arc, then access; no two about one arc share a user. */
typedef struct live_speeds {
    tq_live_speed *row;
    uint32_t count;
} live_speeds;

/* Carry what came later over what was there: each user of an arc hears the last word. */
tq_status live_speeds_merge(const tq_city *city, live_speeds *speeds, const tq_live_speed *news,
                            uint32_t count, tq_err *err);
bool live_speeds_expire(live_speeds *speeds, int64_t now_ms);
int64_t live_speeds_next_ms(const live_speeds *speeds);
void live_speeds_compile(const live_speeds *speeds, live_rules *rules);

/* ---- the whole (live.c) ---------------------------------------------------------------------- */

struct tq_live {
    const tq_city *city;
    tq_closure **closure; /* [closure_count], by id */
    uint32_t closure_count, closure_cap;
    live_speeds speeds;
    struct live_feeds *feeds;
    /* what was given out last, to tell which part changed */
    const tq_overlay *last;
    uint32_t last_text_len; /* of the road part's texts */
};

/* Arrays of the overlay before they are copied and checked. */
tq_status live_gather(tq_live *live, live_rules *rules, tq_err *err);

#endif
