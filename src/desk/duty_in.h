/* Private to duty*.c. */
#ifndef TQ_DESK_DUTY_IN_H
#define TQ_DESK_DUTY_IN_H

#include "desk/desk_in.h"

tq_status duty_bulletin(desk_call *call);

#endif
