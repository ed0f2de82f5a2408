/* Private to the files of crews and tasks. */
#ifndef TQ_DESK_CREWS_IN_H
#define TQ_DESK_CREWS_IN_H

#include "desk/desk_in.h"

#define CREW_WORDS_MOST 50u
#define CREWS_MOST      500u

/* What is to be done, where and when. */
typedef struct crew_wish {
    json_t *skills, *tools; /* lists of words, or NULL */
    json_t *banned;         /* [{"from","to"}] hours without machines, or NULL */
    bool machine, has_place;
    double lat, lon;
    int64_t at_ms;
} crew_wish;

/** From the members case, work, skills, tools, machine, place, banned_hours of an object; what is
 * not given comes from the case, and hours without machines from the work. */
tq_status crews_wish(desk_call *call, const json_t *said, crew_wish *out);
void crews_wish_free(crew_wish *wish);
/** May this crew do it now? `why` says why not. */
bool crews_able(desk_call *call, const json_t *crew, const crew_wish *wish, char *why, size_t cap);
/** "07:30" to minutes of the day. */
bool crews_minute(const char *text, uint32_t *out);
/** task.candidates?case=|lat=&lon=&work=&skills=a,b&tools=c&machine=yes&at= */
tq_status crews_candidates(desk_call *call);

#endif
