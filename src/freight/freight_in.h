/*
 * The frozen network as the room sees it, and the two things that a question makes of it: the
 * priced network (network_in of one load on one day) and the view (the network in forward or
 * reversed time). See search.c for how they meet.
 *
 * A class is how goods came to a place: by links of one mode (and gauge), or by a service of one
 * mode. Semantics v1 then are one table of transitions between classes: free, handled if a row is
 * there, handled or not allowed. Reversed time is the transposed table on reversed services.
 */
#ifndef TQ_FREIGHT_IN_H
#define TQ_FREIGHT_IN_H

#include "freight/freight.h"

__extension__ typedef __int128 freight_wide;

#define DS_HOUR INT64_C(36000)
#define DS_DAY  (24 * DS_HOUR)
#define DS_WEEK (7 * DS_DAY)
#define E6      INT64_C(1000000)

#define DAY_MIN INT32_MIN
#define DAY_MAX INT32_MAX

#define NO_ROW UINT16_MAX

/* 1970-01-01 is a Thursday: instants in deciseconds since then, to the phase of a week from Monday.
 */
#define MONDAY_DS (3 * DS_DAY)

enum { UNIT_T, UNIT_KG, UNIT_BOX40, UNIT_BOX20, UNIT_SHIPMENT, UNITS };

/* Handlings as one index: load to a mode, unload from a mode, tranship from a mode to a mode. */
#define OP_LOAD(mode)   ((uint32_t)(mode))
#define OP_UNLOAD(mode) (TQ_FREIGHT_MODES + (uint32_t)(mode))
#define OP_TRANSHIP(from, to)                                                                      \
    (2u * TQ_FREIGHT_MODES + (uint32_t)(from)*TQ_FREIGHT_MODES + (uint32_t)(to))
#define OPS (2u * TQ_FREIGHT_MODES + TQ_FREIGHT_MODES * TQ_FREIGHT_MODES)

/* Ids to numbers. */
typedef struct id_index {
    uint32_t *slot; /* [mask + 1], row + 1, 0 = empty */
    uint32_t mask, count;
} id_index;

typedef struct node_row {
    uint32_t id, name_zh, name_en, region, confidence; /* offsets into names */
    uint16_t kind, profile;
    tq_point at;
} node_row;

typedef struct link_row {
    uint32_t id, line_zh, confidence, source;
    uint32_t from, to;
    int32_t length_m, time_ds, capacity_kt_y, from_day, to_day;
    int32_t streets_day; /* INT32_MIN = not said */
    uint16_t link_tariff, emission, gauge_mm;
    uint8_t mode, class, cargo_mask, electrified, on_demand;
} link_row;

typedef struct service_row {
    uint32_t id, name_zh, confidence, source;
    uint32_t path, path_count; /* into net->path */
    int32_t length_m, cutoff_ds, transit_ds, transit_p90_ds;
    int32_t from_day, to_day;
    uint32_t departs_min;
    int64_t price_e6; /* in its currency */
    uint16_t emission;
    uint8_t mode, class, cargo_mask, days, unit;
    uint8_t money; /* into net->money */
} service_row;

#define MONEY_CNY 0u
#define MONEY_MAX 32u /* currencies */

/* What one of a currency is in yuan, from a day on. */
typedef struct rate_row {
    int64_t rate_e6;
    int32_t day;
    uint8_t money;
} rate_row;

typedef struct tariff_row {
    uint32_t id, confidence, source;
    int64_t base1_e6, per_km_e6, fund_e6, elec_e6, multiplier_e6, min_e6, stamp_pct_e6;
    int32_t from_day, to_day;
    uint8_t mode, cargo_mask, unit;
} tariff_row;

/* The first fitting row wins; `match` is a tariff id, a cargo or '*', kept as text. */
typedef struct map_row {
    uint16_t link_tariff;
    uint32_t match, tariff; /* text offsets; "=commodity" too */
} map_row;

typedef struct op_row {
    uint32_t place, confidence, source; /* place: text of node_or_kind */
    int64_t rate_e6, fee_e6, co2_e6;
    int32_t setup_ds, dwell_ds, dwell_p90_ds;
    uint16_t op; /* OP_..., NO_ROW for customs rows, which v1 does not use */
    uint8_t cargo, unit;
} op_row;

/* What a railway charges beside carriage; `what` is one of tq_freight_fee_kind. */
typedef struct fee_row {
    uint32_t id, name_zh, name_en, confidence, source;
    int64_t amount_e6, step_e6; /* step_e6 for each begun step_m beyond up_to_m */
    int32_t up_to_m, step_m;    /* 0 = one amount whatever the way */
    int32_t from_day, to_day;
    uint8_t what, cargo_mask, unit;
} fee_row;

/* In the set `number` (from 1) the factor `uses` stands for `emission`. */
typedef struct set_row {
    uint32_t set, name_zh, name_en, source;
    uint32_t emission, uses;
    uint8_t number;
} set_row;

/* A customs regime at the land-air hub and what is done to its goods there, in order. */
typedef struct hub_row {
    uint32_t id, name_zh, name_en, terminal; /* terminal: node */
    uint32_t done;                           /* steps read; all of them in the end */
    struct hub_work {
        uint32_t confidence, source;
        int32_t open_s, close_s, least_s, p90_s;
        uint8_t days;
    } work[TQ_FREIGHT_HUB_STEPS];
} hub_row;

/* A service that takes goods of the hub. */
typedef struct uplift_row {
    uint32_t service, confidence, source;
    uint32_t regimes; /* bit a row of hub */
    int32_t cutoff_s; /* with the carrier so long before it leaves */
    int64_t max_g;    /* largest consignment */
    int32_t from_day, to_day;
} uplift_row;

typedef struct emission_row {
    uint32_t id, vehicle, basis, confidence, source;
    int64_t ttw_e6, wtt_e6, wtw_e6; /* g a t-km */
    uint8_t mode;
} emission_row;

typedef struct commodity_row {
    uint32_t code, name_zh, name_en, dg_class, hs4;
    uint32_t rail_tariff; /* text offset, 0 = none */
    int64_t density_e6;
    uint8_t cargo;
} commodity_row;

typedef struct ban_row {
    uint32_t id, name_zh, name_en, source, dg_class; /* dg_class "" = any */
    uint32_t first_what, what_count;                 /* into net->what */
    int32_t from_day, to_day;
    uint8_t ban, cargo_mask;
} ban_row;

enum { WHAT_NODE, WHAT_LINK, WHAT_SERVICE, WHAT_MODE, WHAT_GAUGE };
typedef struct ban_what {
    uint32_t kind, row;
} ban_what;

/* Arcs of one class out of one node. */
typedef struct arc_group {
    uint32_t class, first_arc;
} arc_group;

typedef struct arc {
    uint32_t head;
    uint32_t item; /* link, or service in a class of services */
} arc_row;

/* The network in one direction of time. Groups of a node are ascending by class. */
typedef struct view {
    const uint32_t *first_group; /* [node_count + 1] */
    const arc_group *group;      /* [first_group[node_count] + 1], last is a sentinel */
    const arc_row *arcs;
    const uint32_t *service_first; /* [service_count + 1] into ready */
    const int32_t *ready;          /* ready-by instants within a week, deciseconds, ascending */
} direction_view;

typedef struct class_row {
    uint8_t mode, service;
    uint16_t gauge_mm;
} class_row;

struct tq_freight {
    tq_pool pool;
    tq_buf names; /* texts, NUL between; offset 0 is "" */
    uint64_t version;
    int32_t day; /* whose rates hold; INT32_MAX = the question's */
    uint32_t node_count, link_count, service_count, tariff_count, map_count, op_count,
        emission_count, commodity_count, ban_count, kind_count, link_tariff_count, class_count,
        profile_count, path_total, what_count, fee_count, set_count, hub_count, uplift_count,
        rate_count, money_count;
    node_row *node;
    link_row *link;
    service_row *service;
    tariff_row *tariff;
    map_row *map;
    op_row *op;
    emission_row *emission;
    commodity_row *commodity;
    ban_row *ban;
    ban_what *what;
    fee_row *fee;
    set_row *set;
    hub_row *hub;       /* regimes.csv */
    uplift_row *uplift; /* flights.csv */
    rate_row *rate;
    uint32_t money[MONEY_MAX]; /* [money_count] text, such as "USD"; [MONEY_CNY] is the yuan */
    uint32_t *path;            /* nodes of services */
    uint32_t *kind;            /* [kind_count] text */
    uint32_t *link_tariff;     /* [link_tariff_count] text */
    class_row class[TQ_FREIGHT_CLASSES_MAX];
    uint16_t *profile_op; /* [cargo][profile][OPS] row of op, NO_ROW */
    id_index node_ids, link_ids, service_ids, tariff_ids, emission_ids, commodity_ids, kind_ids,
        link_tariff_ids, ban_ids;
    bool dated;             /* some row is not open on all days */
    direction_view view[2]; /* forward, reversed */
};

static inline const char *text_at(const tq_freight *net, uint32_t offset)
{
    return net->names.at + offset;
}

/* Money and CO2 stay below this, so that sums over a plan cannot overflow: 1.8e12 yuan. */
#define VALUE_MOST (INT64_C(1) << 54)

static inline int64_t half_up(freight_wide value, int64_t by)
{
    freight_wide rounded = (value + by / 2) / by;
    return rounded > VALUE_MOST ? VALUE_MOST : (int64_t)rounded;
}

/* network.c: classes, profiles, both views; the rows are in place. */
tq_status freight_freeze(tq_freight *net, tq_err *err);

#endif
