#include "transit/transit_in.h"
size_t pareto_bytes(const tq_city *city) { (void)city; return 0; }
