/* What the files about freight in the journey room share. */
#ifndef TQ_JOURNEY_FREIGHT_IN_H
#define TQ_JOURNEY_FREIGHT_IN_H

#include "journey/journey.h"

/* Scratch of one question; a network of 10,000 places and 100,000 services takes 96 MB, the rest is
 * address space that nobody touches. */
#define GOODS_WORK_BYTES ((size_t)128 << 20)

struct tq_goods {
    tq_freight *net;
    uint32_t *road; /* [road_count] links of lorries, ascending */
    uint32_t road_count;
    char *hubs, *flow; /* texts of hubs.csv and flow.json, NULL = there is none */
    size_t hubs_len, flow_len;
};

/* Where a place meets the streets. */
typedef struct goods_end {
    bool known, near;
    tq_snap snap;
} goods_end;

/* A link that the streets cover: time of its way there and back with nothing live, TQ_ROAD_INF =
 * none that way. */
typedef struct goods_link {
    uint32_t link;
    int64_t base_ds[2];
    int64_t opened_ds; /* added to its hours by dated openings, most often < 0 */
} goods_link;

struct tq_goods_bench {
    const tq_goods *goods;
    void *memory;
    tq_arena work;       /* of the search */
    goods_end *end;      /* [nodes] */
    goods_link *covered; /* [road_count], ascending by link */
    uint32_t covered_count;
    bool base_made, live_made;
    bool dated;  /* a link says the day of its streets */
    bool opened; /* some opened_ds is not 0 */
    tq_slice base_slice, live_slice;
    uint64_t road_version;
    tq_freight_override *override; /* [road_count] */
    tq_freight_live live;
};

/** Decimal tonnes, up to six places, to grams; no floating point. */
bool goods_tonnes(tq_str text, int64_t *mass_g);
/** Bills of the chains by rail of the plan with this number: see tq_goods_query.bill. */
tq_status goods_plan_bill(const tq_freight *net, const tq_freight_query *asked, const char *number,
                          const tq_freight_answer *answer, tq_json *json, tq_err *err);
tq_status goods_plan_carbon(const tq_freight *net, const tq_freight_query *asked,
                            const char *number, const tq_freight_answer *answer, tq_arena *work,
                            tq_json *json, tq_err *err);

/** The tables and the worked question of flows, when the folder has them (freight_flow.c). */
tq_status goods_flow_open(const char *folder, tq_goods *goods, tq_err *err);

#endif
