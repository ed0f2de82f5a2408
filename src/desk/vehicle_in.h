/*
 * Private to src/desk: vehicles and drivers as records, for the dispatcher and the driver's side.
 */
#ifndef TQ_DESK_VEHICLE_IN_H
#define TQ_DESK_VEHICLE_IN_H

#include "desk/desk_in.h"

#define POSITIONS_MOST     10000u
#define POSITION_FUTURE_MS 60000
#define POSITION_SPEED_M_S 60u /* 216 km/h: a jump above it is impossible */
#define CONDUCT_LIST_MOST  100u
#define CONDUCT_DAYS_MOST  400

typedef enum vehicle_class { CLASS_TAXI, CLASS_HAILING, CLASS_BUS, CLASS_ACCESS } vehicle_class;
typedef enum vehicle_duty {
    DUTY_OFF,
    DUTY_FREE,
    DUTY_OFFERED,
    DUTY_ASSIGNED,
    DUTY_BUSY,
    DUTY_BREAK
} vehicle_duty;
extern const char *const VEHICLE_CLASSES[], *const VEHICLE_DUTIES[];
/** Place of a word in a list that ends with NULL; TQ_NONE. */
uint32_t vehicle_word(const char *const *list, const char *word);

/**
 * Change what a vehicle does, and its event: `order` "" = none. Refused (TQ_STALE) unless the
 * vehicle has no order or that very one: so no vehicle ever has two plans.
 */
tq_status vehicle_set(desk_call *call, const char *id, vehicle_duty duty, const char *order);
/** End its hold of an order, if it is still that one; fine when it is not. */
tq_status vehicle_release(desk_call *call, const char *id, const char *order);

/* Acts that a driver's day counts. */
typedef enum driver_act {
    ACT_OFFERED,
    ACT_ACCEPTED,
    ACT_ASSIGNED,
    ACT_REFUSED,
    ACT_TIMED_OUT,
    ACT_CANCELLED,
    ACT_LATE,
    ACT_NO_CHECK_IN,
    ACT_COMPLETED,
    ACT_COUNT
} driver_act;
extern const char *const DRIVER_ACTS[];
/** Count it in the driver's day; `order` and `why` go into the day's list of refused, cancelled and
 * late ones. `fen` is income. An id "" is fine: nobody is counted. */
tq_status driver_note(desk_call *call, const char *id, driver_act act, const char *order,
                      const char *why, int64_t fen);
/** The driver of the account that acts (a new reference); TQ_DENIED when it is none's. */
tq_status driver_of_actor(desk_call *call, json_t **out);
/** "2025-06-03" of an instant. */
void driver_day(const desk_call *call, int64_t at_ms, char out[16]);
/** "10:21" of an instant, local. */
void driver_clock(const desk_call *call, int64_t at_ms, char out[8]);

tq_status vehicle_positions(desk_call *call);
tq_status conduct_report(desk_call *call);
tq_status driver_list(desk_call *call);
tq_status driver_create(desk_call *call);
tq_status driver_get(desk_call *call);
tq_status driver_change(desk_call *call);
tq_status driver_me(desk_call *call);
tq_status drive_accept(desk_call *call);
tq_status drive_refuse(desk_call *call);
tq_status drive_arrive(desk_call *call);
tq_status drive_board(desk_call *call);
tq_status drive_done(desk_call *call);
tq_status drive_problem(desk_call *call);
tq_status drive_partner(desk_call *call);

#endif
