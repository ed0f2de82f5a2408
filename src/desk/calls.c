/* Calls. */
#include "desk/desk_in.h"

const desk_verb desk_call_verbs[] = {{0}};
