/* Private to src/serve/osrm*.c: what OSRM's services have in common. */
#ifndef TQ_OSRM_IN_H
#define TQ_OSRM_IN_H

#include "serve/serve_in.h"

/* A question to one of OSRM's services, read and checked; arrays are in the loop's scratch. */
typedef struct osrm_question {
    serve_loop *loop;
    const serve_request *request;
    serve_answer *answer;
    tq_err *err;
    road_ask ask;
    uint32_t count;
    tq_point *point;    /* [count], WGS-84 */
    tq_snap_wish *wish; /* [count] */
} osrm_question;

/** Answer 400 with OSRM's code; always TQ_OK, so that a handler may return it. */
tq_status osrm_wrong(osrm_question *at, const char *code, const char *message);
/**
 * Read coordinates and what every service takes. False: the mistake is answered already, with
 * *status as what the handler returns. On true end with osrm_close.
 */
bool osrm_open(osrm_question *at, uint32_t least, uint32_t most, tq_status *status);
/** End; a status of the rooms below becomes OSRM's code, TQ_OK a finished answer in loop->body. */
tq_status osrm_close(osrm_question *at, tq_status status, const char *none_code,
                     const char *none_text);
typedef enum settle_when { SETTLE_BEFORE, SETTLE_AFTER } settle_when;
/**
 * Which streets may a place stand on? Usually those of the part that hangs together. Where closures
 * cut the city, a place stays on its own side of the cut (asked BEFORE), and a place on an island
 * stands there when nothing else is in reach (asked AFTER a failure). True: something changed.
 */
bool osrm_settle(osrm_question *at, tq_route_place *place, settle_when when);
tq_status osrm_no_segment(osrm_question *at, uint32_t coordinate);
/** One entry a coordinate? A wrong count is answered as InvalidOptions. */
bool osrm_list_fits(osrm_question *at, const char *name, const char *text, tq_status *status);
/** Options of routes, matchings and trips. */
bool osrm_route_options(osrm_question *at, tq_route_options *out, tq_status *status);
/** A waypoint with the distance between the coordinate and the street. */
void osrm_waypoint(osrm_question *at, tq_json *json, const tq_snap *snap, bool hint);
void osrm_waypoint_members(osrm_question *at, tq_json *json, const tq_snap *snap, bool hint);

#endif
