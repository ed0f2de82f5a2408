#include "transit/transit_in.h"
size_t pareto_bytes(const tq_city *city) { (void)city; return 0; }
tq_status tq_transit_pareto(const tq_city *city, const tq_day *day, const tq_transit_query *query, tq_arena *work,
                            tq_journeys *out, tq_err *err)
{ return tq_transit_search(city,day,query,work,out,err);}
