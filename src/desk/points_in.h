/* Private to the files of monitoring points. */
#ifndef TQ_DESK_POINTS_IN_H
#define TQ_DESK_POINTS_IN_H

#include "desk/desk_in.h"

#define POINT_WINDOW_MOST 48u /* newest readings of a window that its rate is made of */
#define POINT_LATE        1u  /* flag of a reading: filled in afterwards */

typedef struct point_reading {
    int64_t at_ms;
    double value; /* mm */
} point_reading;

/* What is known at a reading. */
typedef struct measured {
    int64_t at_ms;
    double value, rate, acceleration; /* mm, mm a day, mm a day each day */
    bool has_rate, has_acceleration;
} measured;

/** Median of the slopes between all pairs, in mm a day; false with fewer than two instants. */
bool points_rate(const point_reading *row, uint32_t count, double *rate);

/** The curve: point.series?from=&to=&points=. */
tq_status point_series(desk_call *call);

#endif
