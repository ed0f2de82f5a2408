/* The running library's version. */
#include "tongqu/version.h"

const char *tq_version(void)
{
    return TQ_VERSION_TEXT;
}
