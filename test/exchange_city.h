/* A city of three streets for tests of exchange: an expressway, a national road, a town street. */
#ifndef TQ_TEST_EXCHANGE_CITY_H
#define TQ_TEST_EXCHANGE_CITY_H

#include "city/city.h"

typedef struct exchange_city {
    tq_city city;
    tq_meta meta;
    tq_street_attr attr[2];
    tq_street_name name[4];
    uint32_t edge_attr[3], edge_name[3];
    int64_t zone_from_s[1];
    int32_t zone_offset_s[1];
} exchange_city;

/* Texts: 1 "testville", 11 "Freeway", 19 "Trunk", 25 "G108", 30 "Lane". */
static const char EXCHANGE_TEXT[] = "\0testville\0Freeway\0Trunk\0G108\0Lane";

static inline void exchange_city_make(exchange_city *town)
{
    *town = (exchange_city){0};
    tq_city *city = &town->city;
    city->text = EXCHANGE_TEXT;
    city->text_len = sizeof EXCHANGE_TEXT;
    town->meta.id = 1;
    city->meta = &town->meta;
    town->zone_from_s[0] = INT64_MIN;
    town->zone_offset_s[0] = 8 * 3600;
    city->zone = (tq_zone_table){1, town->zone_from_s, town->zone_offset_s};
    town->attr[0].street_class = TQ_MOTORWAY;
    town->attr[1].street_class = TQ_PRIMARY;
    town->name[1].name = 11;
    town->name[2].name = 19;
    town->name[2].ref = 25;
    town->name[3].name = 30;
    static const uint32_t attr[3] = {0, 1, 1}, name[3] = {1, 2, 3};
    memcpy(town->edge_attr, attr, sizeof attr);
    memcpy(town->edge_name, name, sizeof name);
    city->streets = (tq_streets){.edge_count = 3,
                                 .attr_count = 2,
                                 .name_count = 4,
                                 .attr = town->attr,
                                 .name = town->name,
                                 .edge_attr = town->edge_attr,
                                 .edge_name = town->edge_name};
}

#endif
