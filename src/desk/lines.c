/* Custom bus. */
#include "desk/desk_in.h"

tq_status desk_lines_tick(desk_call *call, bool *changed)
{
    (void)call;
    (void)changed;
    return TQ_OK;
}

const desk_verb desk_line_verbs[] = {{0}};
