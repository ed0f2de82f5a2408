/* Spoken guidance: what a step tells, and the words for it. */
#ifndef TQ_SAY_IN_H
#define TQ_SAY_IN_H

#include "road/road_in.h"

typedef enum say_extra {
    SAY_NOTHING,
    SAY_STAIRS,
    SAY_STAIRS_UP,
    SAY_STAIRS_DOWN,
    SAY_CROSSING,
    SAY_CROSSING_SIGNALS,
    SAY_EXTRA_COUNT
} say_extra;

/* Texts are UTF-8, NULL or "" = none. */
typedef struct say_step {
    road_turn turn;
    road_modifier modifier;
    road_mode mode; /* how one goes on from here */
    say_extra extra;
    const char *name, *ref, *ring_name;
    uint32_t exit;
    uint32_t bearing;     /* of departing */
    uint32_t before_dm;   /* from the step before to here */
    uint32_t stop_number; /* of the place one arrives at among those between; 0 = the last */
} say_step;

/** The sentence for a step; language must be one. */
void say_step_text(tq_language language, const say_step *step, tq_buf *out);

/* ---- the words (say_texts.c) ----------------------------------------------------------------- */

/* One of each for Chinese and English, in the order of tq_language without none. */
typedef struct say_pair {
    const char *in[2];
} say_pair;

/*
 * Sentences. In braces: {way} name and ref, {act} what to do (turn left), {keep} which side to keep
 * to, {side} where something lies, {heading} of eight, {exit} its number, {ring} name of a rotary,
 * {go} how one moves, {stop} number of a place between.
 */
typedef struct say_form {
    say_pair plain, named; /* without and with the name of a way */
} say_form;
extern const say_form say_form_of[ROAD_TURN_COUNT];
extern const say_form say_ring_exit, say_rotary_exit; /* when the exit is known */
extern const say_form say_u_turn, say_go_on;          /* ROAD_CONTINUE: turned round, straight */
extern const say_form say_mode_form[ROAD_MODE_COUNT]; /* ROAD_NOTIFICATION */
extern const say_pair say_arrive_side, say_stop, say_stop_side;
extern const say_pair say_act[ROAD_MODIFIER_COUNT + 1], say_keep[ROAD_MODIFIER_COUNT + 1],
    say_side[ROAD_MODIFIER_COUNT + 1];
extern const say_pair say_heading[8];
extern const say_pair say_go[ROAD_MODE_COUNT];
extern const say_pair say_extra_text[SAY_EXTRA_COUNT];
/* How far until then: {n} is the number. */
extern const say_pair say_metres, say_kilometres, say_at_once;

#endif
