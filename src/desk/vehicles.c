/* Vehicles. */
#include "desk/desk_in.h"

const desk_verb desk_vehicle_verbs[] = {{0}};
