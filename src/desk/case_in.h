/* Private to case*.c and duty*.c: cases. */
#ifndef TQ_DESK_CASE_IN_H
#define TQ_DESK_CASE_IN_H

#include "desk/machine_in.h"

#define CASE_LINES_MAX     500u /* of the timeline */
#define CASE_DOCUMENTS_MAX 200u
#define CASE_CHECKS_MAX    200u
#define CASE_PARTY_REOPEN  "reopen" /* the first of two persons after an alarm */

/** Load a case and its machine. */
tq_status case_load(desk_call *call, const char *id, json_t **record, uint64_t *version,
                    const desk_machine **machine, uint32_t *state);
/** A line of the timeline; `more` (may be NULL) is taken over, its members join the line. */
tq_status case_line(desk_call *call, json_t *record, const char *what, const char *note,
                    json_t *more);
/** Note that a state was entered: its clock, its instant. */
void case_enter(desk_call *call, json_t *record, const machine_state *state);
/** What the move still wants, as sentences for the one who asks; an empty list = nothing. `moving`:
 * the body is that of the move. */
json_t *case_missing(desk_call *call, const desk_machine *machine, const machine_move *move,
                     const json_t *record, bool moving);
json_t *case_moves(desk_call *call, const desk_machine *machine, uint32_t state,
                   const json_t *record);
/** The case as people and programs see it. */
json_t *case_shown(desk_call *call, const json_t *record);
tq_status case_answer(desk_call *call, const char *id);
tq_status case_event(desk_call *call, const json_t *record, const char *verb);
tq_status case_save(desk_call *call, json_t *record, const char *verb, uint64_t version);

tq_status case_move(desk_call *call);
tq_status case_sign(desk_call *call);
tq_status case_list(desk_call *call);
tq_status case_get(desk_call *call);
tq_status case_report(desk_call *call);

#endif
