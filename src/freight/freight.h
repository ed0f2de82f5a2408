/*
 * freight: chains of road, rail, sea, river and air for goods, on arrival, money and CO2.
 *
 * network    tables of places, links, services, tariffs, terminals: read, checked, frozen  load*.c
 * live       single links closed or slowed, as a value with a version network.c search     the
 * exact Pareto front of plans between two places                            search*.c cache priced
 * networks and lower bounds, one slot a destination and kind of load     bounds.c answers thinned
 * front, on-time odds, «why not by X», «no plan because»       front.c say.c json       one shape
 * for command, server and console                                     json.c
 *
 * Units. Times of a plan are int32 deciseconds after its start, instants are int64 seconds since
 * 1970-01-01 of local time (UTC+8, as in format v1); money is int64 ten-thousandths of a yuan
 * (1/100 fen), emissions int64 milligrams. Minutes, fen and grams would be too coarse: a chain of
 * twenty links, each rounded, must stay within 0.02 h and 0.01 % of the exact sum, and a parcel
 * costs a few yuan. Rule of rounding (half up): durations of a link or handling to 0.1 s; rates for
 * the whole consignment to 1e-8 yuan and 1 microgram a kilometre; then each price of a link,
 * handling or service to 1e-4 yuan and 1 mg. After that everything is a sum of integers; no
 * floating point decides anything.
 *
 * Semantics are v1 of ../shared/data/freight/README.md; see docs/design/freight.md.
 */
#ifndef TQ_FREIGHT_H
#define TQ_FREIGHT_H

#include "base/base.h"
#include "geo/geo.h"

typedef struct tq_freight tq_freight;

/* ---- limits ---------------------------------------------------------------------------------- */

#define TQ_FREIGHT_NODES_MAX     200000u
#define TQ_FREIGHT_LINKS_MAX     1000000u
#define TQ_FREIGHT_SERVICES_MAX  1000000u
#define TQ_FREIGHT_ROWS_MAX      4096u /* tariffs, terminals, emissions, commodities, restrictions */
#define TQ_FREIGHT_PATH_MAX      64u   /* places of one service */
#define TQ_FREIGHT_CLASSES_MAX   15u   /* modes and gauges, by link and by service */
#define TQ_FREIGHT_BASES_MAX     64u   /* different base prices that one consignment can meet */
#define TQ_FREIGHT_AVOID_MAX     32u
#define TQ_FREIGHT_VIA_MAX       4u
#define TQ_FREIGHT_CHANGES_MAX   5u /* of mode on a plan, semantics v1 */
#define TQ_FREIGHT_LABELS_MAX    8000000u
#define TQ_FREIGHT_SEEDS_AFTER   4000u
#define TQ_FREIGHT_STEPS_MAX     512u               /* of one plan */
#define TQ_FREIGHT_SPAN_DS       (INT32_C(1) << 30) /* no plan is longer (1,242 days) */
#define TQ_FREIGHT_DRAWS         1000u
#define TQ_FREIGHT_OVERRIDES_MAX 100000u
#define TQ_FREIGHT_OVERRIDE_DS   (TQ_FREIGHT_SPAN_DS / 8) /* no way takes longer (155 days) */

/* ---- network --------------------------------------------------------------------------------- */

typedef enum tq_freight_mode {
    TQ_FREIGHT_ROAD,
    TQ_FREIGHT_RAIL,
    TQ_FREIGHT_SEA,
    TQ_FREIGHT_RIVER,
    TQ_FREIGHT_AIR,
    TQ_FREIGHT_MODES
} tq_freight_mode;

typedef enum tq_freight_cargo {
    TQ_FREIGHT_BULK,
    TQ_FREIGHT_CONTAINER,
    TQ_FREIGHT_GENERAL,
    TQ_FREIGHT_MAIL,
    TQ_FREIGHT_CARGOES
} tq_freight_cargo;

/* What can forbid a plan. The first six are rows of restrictions.csv (MODE and GAUGE also come from
 * the question and from the tracks); AVOID are places the asker avoids, CLOSED are live closures,
 * DATE are rows not open on the day, DEADLINE is the time between start and latest arrival, VIA are
 * places to touch, CHANGES is the most changes of mode. */
typedef enum tq_freight_ban {
    TQ_FREIGHT_BAN_BORDER,
    TQ_FREIGHT_BAN_STRAIT,
    TQ_FREIGHT_BAN_DANGEROUS,
    TQ_FREIGHT_BAN_PORT,
    TQ_FREIGHT_BAN_MODE,
    TQ_FREIGHT_BAN_GAUGE,
    TQ_FREIGHT_BAN_AVOID,
    TQ_FREIGHT_BAN_CLOSED,
    TQ_FREIGHT_BAN_DATE,
    TQ_FREIGHT_BAN_DEADLINE,
    TQ_FREIGHT_BAN_VIA,
    TQ_FREIGHT_BAN_CHANGES,
    TQ_FREIGHT_BANS
} tq_freight_ban;

/* One table as text; `name` is its file name, such as "links.csv". */
typedef struct tq_freight_text {
    const char *name;
    tq_str bytes;
} tq_freight_text;

/**
 * Read and freeze a network.
 *
 * Needed: nodes.csv links.csv services.csv tariffs.csv tariff_map.csv terminals.csv emissions.csv
 * commodities.csv. Optional: corridors.csv (checked for form only), rates.csv
 * (currency,date,rate,confidence,source; without it 1 USD = 7.1 yuan as in v1) and
 * restrictions.csv (id,class,name_zh,name_en,what,cargo,dg_class,from,to,source). Services
 * and tariffs may carry columns `from` and `to` (dates, both inclusive), links the same as
 * `open_from` and `open_to` (their `from` is a place), services a column `km`.
 *
 * @param day  the day (since 1970-01-01) whose exchange rates are used; a currency needs a rate on
 *             or before it. INT32_MAX: those of the day of each question; a service whose currency
 *             has none yet is not used then.
 * @return TQ_OK; TQ_BAD_INPUT with err->line and a text that names file, row, column, value and
 * what to do; TQ_LIMIT; TQ_NO_MEMORY. Nothing is kept on failure. Allocates; free with
 *         tq_freight_free. Immutable afterwards, shared by any number of threads.
 */
TQ_API tq_status tq_freight_load(const tq_freight_text *texts, size_t count, int32_t day,
                                 tq_freight **out, tq_err *err);
TQ_API void tq_freight_free(tq_freight *net);

/* What a row is, for people and for rooms above. Strings live as long as the network. */
typedef struct tq_freight_node {
    const char *id, *name_zh, *name_en, *kind, *region, *confidence;
    tq_point at;
} tq_freight_node;

typedef struct tq_freight_link {
    const char *id, *line_zh, *confidence, *source;
    uint32_t from, to;
    int32_t length_m, time_ds;
    int32_t capacity_kt_y;    /* -1 = not stated */
    int32_t from_day, to_day; /* open on these days, both inclusive */
    int32_t streets_day;      /* the streets that its hours are of; INT32_MIN = of any day */
    uint16_t gauge_mm;        /* 0 = not a railway */
    uint8_t mode, cargo_mask;
    bool electrified, on_demand;
} tq_freight_link;

typedef struct tq_freight_service {
    const char *id, *name_zh, *confidence, *source;
    const uint32_t *path; /* [path_count] nodes */
    uint32_t path_count;
    int32_t length_m, cutoff_ds, transit_ds, transit_p90_ds;
    uint32_t departs_min; /* minute of the day */
    int32_t from_day, to_day;
    uint8_t mode, cargo_mask, days; /* bit 0 = Monday */
} tq_freight_service;

typedef struct tq_freight_commodity {
    const char *code, *name_zh, *name_en, *dg_class, *hs4;
    uint8_t cargo;
} tq_freight_commodity;

typedef struct tq_freight_sizes {
    uint32_t nodes, links, services, tariffs, terminals, emissions, commodities, restrictions;
} tq_freight_sizes;

TQ_API tq_freight_sizes tq_freight_size(const tq_freight *net);
/** Rows by number; the number must be below the size. */
TQ_API tq_freight_node tq_freight_node_at(const tq_freight *net, uint32_t node);
TQ_API tq_freight_link tq_freight_link_at(const tq_freight *net, uint32_t link);
TQ_API tq_freight_service tq_freight_service_at(const tq_freight *net, uint32_t service);
TQ_API tq_freight_commodity tq_freight_commodity_at(const tq_freight *net, uint32_t commodity);
/** Numbers by id, TQ_NONE if there is none. */
TQ_API uint32_t tq_freight_node_find(const tq_freight *net, tq_str id);
TQ_API uint32_t tq_freight_link_find(const tq_freight *net, tq_str id);
TQ_API uint32_t tq_freight_service_find(const tq_freight *net, tq_str id);
TQ_API uint32_t tq_freight_commodity_find(const tq_freight *net, tq_str code);
TQ_API const char *tq_freight_mode_name(uint32_t mode);   /* "road" .. "air" */
TQ_API const char *tq_freight_cargo_name(uint32_t cargo); /* "bulk" .. "mail" */
TQ_API const char *tq_freight_ban_name(uint32_t ban);     /* "border" .. "changes" */
/** A fingerprint of the tables: part of every answer. */
TQ_API uint64_t tq_freight_version(const tq_freight *net);

/* ---- live ------------------------------------------------------------------------------------ */

/* One link that is not as the tables say. */
typedef struct tq_freight_override {
    uint32_t link;
    bool closed;
    int32_t time_ds; /* of the way, >= 0; -1 = as in the tables */
} tq_freight_override;

/* Overrides as a value: sorted by link, each once. The version must differ where the content does;
 * 0 is kept for «none». The caller owns the array. */
typedef struct tq_freight_live {
    uint64_t version;
    uint32_t count;
    const tq_freight_override *override;
} tq_freight_live;

/** Sort and check; `override` is put in order in place. TQ_BAD_INPUT names the entry. */
TQ_API tq_status tq_freight_live_make(const tq_freight *net, tq_freight_override *override,
                                      uint32_t count, uint64_t version, tq_freight_live *out,
                                      tq_err *err);

/* ---- search ---------------------------------------------------------------------------------- */

typedef enum tq_freight_aim {
    TQ_FREIGHT_DEPART, /* ready at `depart_s`: arrival, money, CO2 */
    TQ_FREIGHT_ARRIVE, /* there by `arrive_s`: latest start, money, CO2 */
    TQ_FREIGHT_PICKUP /* delivered to `service` leaving on or before `arrive_s`: latest start ... */
} tq_freight_aim;

typedef struct tq_freight_query {
    uint32_t size; /* of this struct */
    tq_freight_aim aim;
    uint32_t origin, destination; /* nodes; PICKUP does not read `destination` */
    uint32_t commodity;
    int64_t mass_g;            /* > 0 */
    uint32_t boxes40, boxes20; /* of a container cargo */
    int64_t
        depart_s; /* goods are ready; for ARRIVE and PICKUP the earliest start, INT64_MIN = any */
    int64_t arrive_s; /* latest arrival; INT64_MAX = any (DEPART only) */
    uint32_t service; /* PICKUP */
    uint32_t modes;   /* bit per mode, ~0 = all */
    uint32_t avoid_count, avoid[TQ_FREIGHT_AVOID_MAX]; /* nodes not touched */
    uint32_t via_count, via[TQ_FREIGHT_VIA_MAX];       /* nodes touched, in any order */
    uint32_t changes_max;
    uint32_t lifted;     /* bit per tq_freight_ban: not applied. For explaining, not for planning */
    uint32_t labels_max; /* TQ_LIMIT beyond */
    uint32_t
        seeds_after; /* labels after which good plans are sought first; never changes a front */
} tq_freight_query;

TQ_API void tq_freight_query_default(tq_freight_query *query);

typedef enum tq_freight_step_kind {
    TQ_FREIGHT_LOAD,
    TQ_FREIGHT_TRANSHIP,
    TQ_FREIGHT_UNLOAD,
    TQ_FREIGHT_LINK,
    TQ_FREIGHT_SERVICE
} tq_freight_step_kind;

typedef struct tq_freight_step {
    uint8_t kind, mode, from_mode, unused; /* from_mode: of a transhipment */
    uint32_t row;                          /* link, service, or row of terminals.csv */
    uint32_t from, to;
    uint32_t price;                    /* of a link: row of tariffs.csv, else TQ_NONE */
    int32_t start_ds, wait_ds, end_ds; /* start, of which first so long waiting for a service */
    int64_t cost_e4, base_e4;          /* base_e4: the part of cost_e4 that is base price 1 */
    int64_t co2_mg;
} tq_freight_step;

typedef enum tq_freight_mark {
    TQ_FREIGHT_SOONEST = 1,
    TQ_FREIGHT_CHEAPEST = 2,
    TQ_FREIGHT_CLEANEST = 4,
    TQ_FREIGHT_KNEE = 8,
    TQ_FREIGHT_CHAIN = 16, /* cheapest of its chain of modes */
    TQ_FREIGHT_SPREAD = 32 /* more than 1 % from every other shown plan in some criterion */
} tq_freight_mark;

typedef struct tq_freight_plan {
    int64_t cost_e4, co2_mg;
    int64_t depart_s; /* local */
    int32_t time_ds;
    int32_t rank_ds; /* what is compared: time_ds, or of a latest start the time from it to the
                        latest arrival or cut-off */
    uint32_t first_step, step_count;
    uint32_t chain; /* hash of the chain of modes */
    uint32_t marks; /* 0 = not shown */
    /* Filled by tq_freight_odds for shown plans. */
    int32_t on_time_permille; /* -1 = not simulated */
    int32_t p50_ds, p90_ds;
    uint32_t weakest;         /* step most often to blame for a late arrival, TQ_NONE = none */
    int32_t weakest_permille; /* of the late draws */
} tq_freight_plan;

typedef struct tq_freight_answer {
    uint32_t plan_count;
    tq_freight_plan *plan; /* [plan_count], ascending by rank_ds, then money */
    tq_freight_step *step;
    uint32_t shown_count;
    uint64_t version, live_version;
    uint32_t labels, bounds_made; /* work done */
} tq_freight_answer;

/* Priced networks and lower bounds kept between questions, least recently used slot replaced. One
 * thread at a time. A slot is used only for the same live version, destination, load and
 * restrictions; a cache made for another network version is not used at all. */
typedef struct tq_freight_cache tq_freight_cache;
TQ_API tq_status tq_freight_cache_make(const tq_freight *net, uint32_t slots,
                                       tq_freight_cache **out, tq_err *err);
TQ_API void tq_freight_cache_free(tq_freight_cache *cache);

/**
 * Every plan that no other plan beats in time, money and CO2.
 *
 * @param live   NULL = the tables as they are
 * @param cache  NULL = bounds live in `work` and are gone with it
 * @param work   scratch; the answer lives in it until it is reset
 * @return TQ_OK; TQ_NO_ROUTE (tq_freight_no_plan says why); TQ_BAD_INPUT (the text names the part
 * of the question); TQ_LIMIT (labels_max); TQ_NO_MEMORY (scratch too small)
 *
 * Does not allocate. Same network, live version and question: same bytes. Method: label setting
 * with lower bounds from three backward Dijkstra searches, lazy two-dimensional dominance (in the
 * manner of LTMOA*, Hernandez et al. 2023). ARRIVE and PICKUP run the same search on the network in
 * reversed time, so they are as exact. Cost: bench/freight_search.
 */
TQ_API tq_status tq_freight_search(const tq_freight *net, const tq_freight_live *live,
                                   const tq_freight_query *query, tq_freight_cache *cache,
                                   tq_arena *work, tq_freight_answer *out, tq_err *err);

/* ---- answers --------------------------------------------------------------------------------- */

/** Mark the plans worth showing (`marks`); called by the search. */
TQ_API void tq_freight_thin(tq_freight_answer *answer);

/**
 * On-time odds of every shown plan: TQ_FREIGHT_DRAWS seeded draws of each handling (dwell) and
 * service (transit), by a line from 0.8 p50 over p50 (at one half) and p90 (at nine tenths) to
 * 2 p90 - p50, in integers. Links take their time. On time means by `due_s`, or, if that is
 * INT64_MAX, by the planned arrival plus a tenth of the planned time. A missed cut-off waits for
 * the next departure of the same service. The weakest step is the one that most often added most to
 * a late arrival.
 */
TQ_API void tq_freight_odds(const tq_freight *net, const tq_freight_query *query, int64_t due_s,
                            uint64_t seed, tq_freight_answer *answer);

/* Why the best plan does not touch a place. */
typedef struct tq_freight_why {
    bool possible;           /* a plan through the place exists */
    bool on_front;           /* and one is on the front already */
    uint32_t beaten_by;      /* plan of `answer` that beats the plan below, TQ_NONE if on_front */
    tq_freight_plan through; /* the plan through the place that comes nearest to the front */
    tq_freight_step *step;   /* its steps */
    /* Best through the place minus best of the front, each criterion for itself. */
    int32_t later_ds;
    int64_t dearer_e4, dirtier_mg;
    /* What would put `through` on the front, each alone; -1 = that alone cannot. */
    int64_t flip_e4, flip_mg;
    int32_t flip_ds;
} tq_freight_why;

TQ_API tq_status tq_freight_why_not(const tq_freight *net, const tq_freight_live *live,
                                    const tq_freight_query *query, uint32_t node,
                                    tq_freight_cache *cache, tq_arena *work,
                                    const tq_freight_answer *answer, tq_freight_why *out,
                                    tq_err *err);

/* Why there is no plan: the smallest set of restrictions that would have to go. */
typedef struct tq_freight_no {
    uint32_t bans; /* bit per tq_freight_ban, 0 = nothing helps: the places are not connected */
    uint32_t sets; /* how many sets of that size help */
    uint32_t row_count;
    uint32_t row[16]; /* rows of restrictions.csv that the opened plan breaks */
    bool handling;    /* no chain exists, because no terminal handles this cargo at an end */
    int32_t time_ds;  /* of the soonest plan that then opens */
} tq_freight_no;

TQ_API tq_status tq_freight_no_plan(const tq_freight *net, const tq_freight_live *live,
                                    const tq_freight_query *query, tq_arena *work,
                                    tq_freight_no *out, tq_err *err);

/* ---- the railway's bill (bill.c) ------------------------------------------------------------- */

typedef enum tq_freight_fee_kind {
    TQ_FREIGHT_FEE_LOAD,
    TQ_FREIGHT_FEE_UNLOAD,
    TQ_FREIGHT_FEE_BOX_USE, /* of boxes that the railway owns */
    TQ_FREIGHT_FEE_SIDING,  /* a wagon and kilometre on a siding */
    TQ_FREIGHT_FEES
} tq_freight_fee_kind;

/* A stretch under one tariff row. Base price 1 is paid once on a chain: each stretch pays what its
 * own is more than what was paid before. */
typedef struct tq_freight_stretch {
    uint32_t tariff; /* row of tariffs.csv */
    int64_t length_m, electrified_m;
} tq_freight_stretch;

#define TQ_FREIGHT_STRETCHES_MAX 64u
#define TQ_FREIGHT_ITEMS_MAX     (4u * TQ_FREIGHT_STRETCHES_MAX)

typedef struct tq_freight_bill_query {
    uint32_t size;
    const tq_freight_stretch *stretch; /* in order of travel */
    uint32_t stretch_count;
    int64_t mass_g;
    uint32_t boxes40, boxes20; /* of one size */
    int32_t day;               /* whose fees hold */
    bool load, unload, box_use;
    uint32_t wagons; /* on a siding of siding_m in all */
    int64_t siding_m;
    int64_t special_dime; /* special lines and diversion as the carrier states them; 0.1 yuan */
} tq_freight_bill_query;

typedef enum tq_freight_item_kind {
    TQ_FREIGHT_ITEM_CARRIAGE,
    TQ_FREIGHT_ITEM_FUND,
    TQ_FREIGHT_ITEM_ELECTRIFICATION,
    TQ_FREIGHT_ITEM_SPECIAL,
    TQ_FREIGHT_ITEM_STAMP,
    TQ_FREIGHT_ITEM_FEE
} tq_freight_item_kind;

typedef struct tq_freight_item {
    uint8_t kind, fee; /* tq_freight_item_kind; of a FEE its tq_freight_fee_kind */
    bool least;        /* the least charge of the tariff was applied */
    uint32_t row;      /* of tariffs.csv, or of rail_fees.csv for a FEE; TQ_NONE = stated */
    int64_t dime;      /* 0.1 yuan, rounded half up for itself */
} tq_freight_item;

typedef struct tq_freight_bill {
    uint32_t item_count, days; /* days: limit of the transport */
    tq_freight_item item[TQ_FREIGHT_ITEMS_MAX];
    int64_t total_dime, length_m, electrified_m;
} tq_freight_bill;

/** Id of a row of tariffs.csv; the number must be below the size. */
TQ_API const char *tq_freight_tariff_name(const tq_freight *net, uint32_t tariff);
/** Row of tariffs.csv of this id in force on a day; TQ_NONE if there is none. */
TQ_API uint32_t tq_freight_tariff_find(const tq_freight *net, tq_str id, int32_t day);

/**
 * The bill of one chain by rail. Every item is rounded half up to 0.1 yuan for itself, as railways
 * do, and the total is the sum of the rounded items. TQ_BAD_INPUT names the part of the question:
 * no stretch, a tariff that is not of rails or not of this load, more electrified than there is,
 * a fee asked for that no row gives. Allocates nothing.
 */
TQ_API tq_status tq_freight_bill_make(const tq_freight *net, const tq_freight_bill_query *query,
                                      tq_freight_bill *out, tq_err *err);

/**
 * The stretches of the rail chains of a plan, one bill after the other: *first is the step to begin
 * at (0 at first) and is moved behind the chain. Services by rail have prices of their own and are
 * no part. TQ_NOT_FOUND when there is no more chain, TQ_LIMIT when one is too long.
 */
TQ_API tq_status tq_freight_bill_chain(const tq_freight *net, const tq_freight_answer *answer,
                                       const tq_freight_plan *plan, uint32_t *first,
                                       tq_freight_stretch out[TQ_FREIGHT_STRETCHES_MAX],
                                       uint32_t *count, tq_err *err);

/** {"items":[{"item","name_zh","name_en","row","cny","kind":"given|assumed","source"}],"total_cny",
 * "km","electrified_km","limit_days"}; item is carriage fund electrification special stamp load
 * unload box_use siding; carriage tells base1_cny, per_km_cny, multiplier. */
TQ_API void tq_freight_bill_json(const tq_freight *net, const tq_freight_bill *bill, tq_json *json);

/* ---- emissions (carbon.c) -------------------------------------------------------------------- */

#define TQ_FREIGHT_SETS_MAX     8u   /* of factors beside the network's own */
#define TQ_FREIGHT_CARBON_PLANS 512u /* of a front that are ranked */

/* An element of a transport chain after ISO 14083: a way with one kind of vehicle, or a hub. */
typedef struct tq_freight_carbon_element {
    bool hub;
    uint8_t mode;
    uint32_t emission, factor; /* rows of emissions.csv: on the way, used; TQ_NONE at a hub */
    uint32_t from, to;
    int64_t length_m; /* shortest feasible; by air great circle + 95 km a flight */
    int64_t ttw_mg, wtt_mg, wtw_mg;
    int64_t low_mg, high_mg; /* least and most of all sets */
} tq_freight_carbon_element;

typedef struct tq_freight_carbon {
    uint32_t count;
    tq_freight_carbon_element element[TQ_FREIGHT_STEPS_MAX];
    int64_t ttw_mg, wtt_mg, wtw_mg, low_mg, high_mg, hub_mg, given_mg, length_m;
} tq_freight_carbon;

/** How many sets of factors there are beside the network's own, which has number 0. */
TQ_API uint32_t tq_freight_carbon_sets(const tq_freight *net);
TQ_API void tq_freight_carbon_set_name(const tq_freight *net, uint32_t set, const char **id,
                                       const char **name_zh, const char **name_en);
/** Emissions of a plan with a set of factors. Allocates nothing. */
TQ_API void tq_freight_carbon_make(const tq_freight *net, const tq_freight_query *query,
                                   const tq_freight_answer *answer, const tq_freight_plan *plan,
                                   uint32_t set, tq_freight_carbon *out);
/** {"plan","sets":[{"set","name_zh","name_en","wtw_kg","ttw_kg","wtt_kg","hub_kg","g_per_tkm",
 * "given_pct" (share that rests on given factors),"cleanest_plan"}],"ranking_flips" (some set puts
 * two plans of the front the other way round),"low_kg","high_kg","elements":[{"kind":
 * "transport|hub","mode","from","to","km","tkm","ttw_kg","wtt_kg","wtw_kg","low_kg","high_kg",
 * "factor","vehicle","g_per_tkm","data":"given|assumed","source"}]}; elements are of the own set,
 * at a hub only the sum is known. */
TQ_API tq_status tq_freight_carbon_json(const tq_freight *net, const tq_freight_query *query,
                                        const tq_freight_answer *answer, uint32_t plan,
                                        tq_arena *work, tq_json *json, tq_err *err);

/* ---- land-air hub (uplift.c) -------------------------------------------------------------------
 *
 * Goods for a flight are accepted at the terminal of their customs regime, cleared, secured and
 * built up, and with the carrier its cut-off before departure. A step is done without a break while
 * it is open; goods wait for the opening. All times are local instants in seconds.
 *
 * regimes.csv  one row a step: regime,name_zh,name_en,terminal,step,days,open,close,minutes,
 *              minutes_p90,confidence,source; step is acceptance, customs, security, in this order
 * flights.csv  service,regimes,max_kg[,cutoff_min],from,to,confidence,source: services that take
 *              goods of the hub; without cutoff_min the service's own cut-off
 */
#define TQ_FREIGHT_REGIMES_MAX 16u
#define TQ_FREIGHT_HUB_DAYS    16 /* a step is looked for so many days back */

typedef enum tq_freight_hub_step {
    TQ_FREIGHT_ACCEPTANCE,
    TQ_FREIGHT_CUSTOMS,
    TQ_FREIGHT_SECURITY,
    TQ_FREIGHT_HUB_STEPS
} tq_freight_hub_step;

typedef struct tq_freight_hub_work {
    uint8_t days;            /* bit 0 = Monday */
    int32_t open_s, close_s; /* of the local day, 0 .. 86400; the whole of days joins on */
    int32_t least_s, p90_s;  /* what it takes: half of the time, nine times in ten */
    const char *confidence, *source;
} tq_freight_hub_work;

typedef struct tq_freight_regime {
    const char *id, *name_zh, *name_en;
    uint32_t terminal; /* node */
    tq_freight_hub_work work[TQ_FREIGHT_HUB_STEPS];
} tq_freight_regime;

typedef struct tq_freight_flight {
    uint32_t service;
    uint32_t regimes; /* bit per regime that it takes */
    int32_t cutoff_s;
    int64_t max_g;
    int32_t from_day, to_day;
    const char *confidence, *source;
} tq_freight_flight;

typedef enum tq_freight_margin { TQ_FREIGHT_P50, TQ_FREIGHT_P90 } tq_freight_margin;

/* The latest times of a chain, from the flight backwards. */
typedef struct tq_freight_uplift {
    int64_t departs_s, hand_over_s;
    int64_t begin_s[TQ_FREIGHT_HUB_STEPS], end_s[TQ_FREIGHT_HUB_STEPS];
    int64_t arrive_s; /* latest at the terminal: the cut-off of its acceptance */
} tq_freight_uplift;

TQ_API uint32_t tq_freight_regimes(const tq_freight *net);
TQ_API uint32_t tq_freight_flights(const tq_freight *net);
/** Rows by number, which must be below the count. */
TQ_API tq_freight_regime tq_freight_regime_at(const tq_freight *net, uint32_t regime);
TQ_API tq_freight_flight tq_freight_flight_at(const tq_freight *net, uint32_t flight);
TQ_API const char *tq_freight_hub_step_name(uint32_t step); /* "acceptance" .. */
/** Instant at which a flight leaves on a local day; false when it does not. */
TQ_API bool tq_freight_flight_leaves(const tq_freight *net, uint32_t flight, int32_t day,
                                     int64_t *departs_s);
/** The latest times that reach a flight; false when the steps do not fit before it. */
TQ_API bool tq_freight_uplift_make(const tq_freight_regime *regime, int64_t departs_s,
                                   int32_t cutoff_s, tq_freight_margin margin,
                                   tq_freight_uplift *out);

/* ---- flows: single commodity (flow_tree.c) ----------------------------------------------------
 */

#define TQ_FLOW_NODES_MAX 1000000u
#define TQ_FLOW_ARCS_MAX  10000000u
#define TQ_FLOW_VALUE_MAX (INT64_C(1) << 40) /* of a cost, a supply, a capacity that limits */
#define TQ_FLOW_FREE      INT64_MAX          /* capacity: no limit */

typedef struct tq_flow_arc {
    uint32_t from, to;
    int64_t capacity, cost; /* of one unit; cost may be negative */
} tq_flow_arc;

typedef struct tq_flow_network {
    uint32_t node_count, arc_count;
    const tq_flow_arc *arc;
    const int64_t *supply; /* of each node; negative = demand. The sum is 0 */
} tq_flow_network;

typedef struct tq_flow {
    int64_t *flow;      /* [arc_count] */
    int64_t *potential; /* [node_count]: cost of one unit more at the node, against node 0 */
    int64_t cost;
    uint64_t pivots;
    /* TQ_NO_ROUTE: */
    uint32_t stuck;   /* a node whose demand is not served, TQ_NONE = none */
    int64_t short_by; /* of all demands together */
} tq_flow;

/**
 * The cheapest flow that serves all supplies and demands: exact, by the primal network simplex.
 * cost + potential[from] - potential[to] is 0 or more where the arc is empty, 0 or less where it is
 * full, 0 between: a proof of optimality, and the price of a unit of capacity more.
 *
 * @param work  scratch of tq_flow_work_bytes; the answer lives in it
 * @return TQ_OK; TQ_NO_ROUTE (stuck, short_by); TQ_BAD_INPUT (names the arc or node: ends, values
 * beyond TQ_FLOW_VALUE_MAX, supplies that do not add up); TQ_LIMIT (a cycle without a limit earns
 * money); TQ_NO_MEMORY. Does not allocate. Deterministic. Cost: bench/freight_flow.
 */
TQ_API tq_status tq_flow_solve(const tq_flow_network *network, tq_arena *work, tq_flow *out,
                               tq_err *err);
TQ_API size_t tq_flow_work_bytes(uint32_t node_count, uint32_t arc_count);

/* ---- flows: several commodities over capacities (flow_plan.c) ---------------------------------
 */

#define TQ_FLOW_LOTS_MAX    500u
#define TQ_FLOW_WEEKS_MAX   53u
#define TQ_FLOW_COLUMNS_MAX 3000000u

/* Tonnes that become ready at `from` in each week and are wanted at `to`, that week or later. */
typedef struct tq_flow_lot {
    uint32_t commodity, from, to;
    int64_t week_t; /* > 0 */
} tq_flow_lot;

typedef struct tq_flow_query {
    uint32_t size;
    const tq_flow_lot *lot;
    uint32_t lot_count, weeks;
    int32_t day;                      /* whose prices and dated rows hold */
    int64_t storage_fen, penalty_fen; /* of a tonne: a week at its origin; never brought */
    double seconds;                   /* of solving, TQ_LIMIT beyond */
    double train_t;       /* > 0: rail links carry whole trains of so much in each week */
    int64_t train_fen_km; /* what a train costs a km beside the freight */
} tq_flow_query;

typedef enum tq_flow_place { TQ_FLOW_LINK, TQ_FLOW_HANDLING } tq_flow_place;

/* One capacity in one week. Tonnes and prices are of a linear program: floating point. */
typedef struct tq_flow_use {
    uint8_t place, mode, to_mode; /* of a HANDLING: TQ_FREIGHT_MODES = loading from, to nothing */
    uint32_t row;                 /* link, or node */
    uint32_t week;
    double capacity_t, used_t;
    double price_yuan; /* what one tonne of capacity more would save */
    uint32_t trains;   /* of a rail link when trains are whole */
} tq_flow_use;

typedef struct tq_flow_plan {
    double cost_yuan;               /* with storage, penalties and trains */
    double bound_yuan;              /* what no plan goes below */
    double gap;                     /* between the cost and its proven lower bound, of the cost */
    double *brought_t, *unserved_t; /* [lot_count] in all weeks */
    tq_flow_use *use;               /* [use_count], by place, row, modes, week */
    uint32_t use_count, columns, rows;
} tq_flow_plan;

TQ_API void tq_flow_query_default(tq_flow_query *query);

/**
 * The cheapest way to bring tonnes by links that may be used at any time, under the yearly capacity
 * of links (a week has 7/365 of it, both ways together) and the hourly rate of handlings that
 * terminals.csv states for that very place (168 hours a week). Costs are those of the search, base
 * price 1 once a chain too. Goods arrive in the week in which they leave; they may wait at their
 * origin. A live closure takes the link out of all weeks. Boxes count 22 t each. With train_t a
 * rail link carries whole trains, as many as fit in its capacity; prices are then those of trains
 * that may be shared, and the gap is against them.
 *
 * @return TQ_OK (what cannot be brought is in unserved_t); TQ_BAD_INPUT names the lot; TQ_LIMIT
 * (columns, seconds); TQ_NO_MEMORY. Allocates: programs are solved by CLP and CBC, which do
 * so. Free with tq_flow_plan_free. Cost: bench/freight_flow.
 */
TQ_API tq_status tq_flow_plan_make(const tq_freight *net, const tq_freight_live *live,
                                   const tq_flow_query *query, tq_flow_plan *out, tq_err *err);
TQ_API void tq_flow_plan_free(tq_flow_plan *plan);

/* ---- flows: the question as JSON (flow_read.c tells its shape, flow_say.c that of the answer) --
 */

#define TQ_FLOW_BODY_MAX    ((size_t)1 << 20)
#define TQ_FLOW_CHANGES_MAX 200u
#define TQ_FLOW_HUBS_MAX    200u
#define TQ_FLOW_SECONDS     5.0 /* of solving, when the question says nothing */

typedef struct tq_flow_ask {
    uint32_t size;
    tq_str body;        /* the question */
    tq_str against;     /* another one to compare with, or empty; it wins over the body's own */
    tq_str hubs;        /* the text of hubs.csv, or empty */
    int32_t today;      /* the day of prices when the question names none */
    double seconds_max; /* what a question may ask for */
} tq_flow_ask;

/**
 * Read a question about flows, solve it, and the one that it is compared with, and write the
 * answer. TQ_BAD_INPUT and TQ_NOT_FOUND name the part of the question (or the row of hubs.csv), the
 * value and what to do; TQ_LIMIT: not solved within its seconds, or too large. Nothing is written
 * on failure. Allocates. The same question, tables and day give the same bytes.
 */
TQ_API tq_status tq_flow_answer(const tq_freight *net, const tq_flow_ask *ask, tq_buf *out,
                                tq_err *err);
/** Read only: what tq_flow_answer would refuse. */
TQ_API tq_status tq_flow_check(const tq_freight *net, const tq_flow_ask *ask, tq_err *err);

/* ---- json (shape: json.c) -------------------------------------------------------------------- */

/** Which plans to write. */
typedef enum tq_freight_show { TQ_FREIGHT_SHOWN, TQ_FREIGHT_ALL } tq_freight_show;

TQ_API void tq_freight_plan_json(const tq_freight *net, const tq_freight_query *query,
                                 const tq_freight_answer *answer, tq_freight_show show,
                                 tq_json *json);
TQ_API void tq_freight_why_json(const tq_freight *net, uint32_t node, const tq_freight_why *why,
                                tq_json *json);
TQ_API void tq_freight_no_json(const tq_freight *net, const tq_freight_query *query,
                               const tq_freight_no *no, tq_json *json);

#endif
