/*
 * What is offered on demand, as a value: the third header of the room city, which city.h includes
 * at its end.
 *
 * Runs of custom bus lines that can be booked, with the seats still free on each segment, and how
 * long one waits for a taxi by place. Made by `desk` on the writer's thread from its records; read
 * by trip planning. A shared value never changes and is counted, so that a question keeps the one
 * it began with. What it says about seats is of the moment it was made: booking decides.
 */
#ifndef TQ_CITY_ONDEMAND_H
#define TQ_CITY_ONDEMAND_H

#include "city/city.h"

#define TQ_ONDEMAND_BOARD  1u
#define TQ_ONDEMAND_ALIGHT 2u

/* A stop of a run. The seats are those of the segment to the next stop; 0 at the last one. */
typedef struct tq_ondemand_stop {
    tq_point at;
    uint32_t edge, along_dm; /* of the street it lies at; TQ_NONE = not known */
    uint32_t id, name;       /* text */
    uint32_t free_seats, free_wheelchairs;
    uint32_t flags; /* TQ_ONDEMAND_ mask */
    uint32_t spare;
    int64_t arrive_ms, depart_ms; /* as expected now, closures included */
} tq_ondemand_stop;

typedef struct tq_ondemand_run {
    uint32_t line, name, trip;       /* text: id of the line, its name, id of the trip */
    uint32_t first_stop, stop_count; /* into stop */
    uint32_t price_fen;              /* of a single ticket */
    uint32_t wheelchair_seats;       /* seats that one wheelchair takes up */
    int32_t service_day;             /* days since 1970 */
    int64_t booking_until_ms;
    /* The connection that is guaranteed: metro_stop of the timetable, TQ_NONE = none; reached at
     * the metro_place-th stop of the run. */
    uint32_t metro_stop, metro_place;
    int64_t metro_departure_ms; /* INT64_MIN = none is left */
    int32_t metro_wait_s;
    uint32_t metro_holds; /* 1: as promised */
} tq_ondemand_run;

/* Waits for a taxi on a grid, row-major from south-west. */
typedef struct tq_ondemand_waits {
    int32_t south_e7, west_e7;
    uint32_t cell_e7, columns, rows;
    const uint16_t *wait_s;   /* [columns * rows] mean of the cell, UINT16_MAX = none to be had */
    const uint16_t *vehicles; /* [columns * rows] free ones that could come */
} tq_ondemand_waits;

typedef struct tq_ondemand {
    int64_t made_ms;
    uint32_t run_count, stop_count, text_len;
    const tq_ondemand_run *run; /* [run_count], ascending by first departure, then line */
    const tq_ondemand_stop *stop;
    const char *text; /* [text_len], NUL between items; 0 = "" */
    tq_ondemand_waits taxi;
} tq_ondemand;

#define TQ_ONDEMAND_RUNS_MAX  20000u
#define TQ_ONDEMAND_CELLS_MAX (1u << 20)

/** A copy in one block, checked against the city: ranges, orders, texts; TQ_BAD_INPUT names what is
 * not sound. Allocates. Held once. */
tq_status tq_ondemand_new(const tq_city *city, const tq_ondemand *from, const tq_ondemand **out,
                          tq_err *err);
/** Nothing on demand; lasts for ever. */
const tq_ondemand *tq_ondemand_none(void);
/** Safe from any thread. Dropping the last hold frees it; NULL is fine. */
const tq_ondemand *tq_ondemand_hold(const tq_ondemand *ondemand);
void tq_ondemand_drop(const tq_ondemand *ondemand);
/** Seats free all the way from one stop of a run to a later one. */
uint32_t tq_ondemand_free(const tq_ondemand *ondemand, const tq_ondemand_run *run, uint32_t from,
                          uint32_t to);

#endif
