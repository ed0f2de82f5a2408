/*
 * Any bytes as the tables of a freight network, divided by lines of "== NAME": read or refused, and
 * a network that was read answers a few questions within its limits.
 */
#include <stdlib.h>

#include "freight/freight.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

#define SCRATCH (4u << 20)

static void ask(const tq_freight *net)
{
    static uint8_t memory[SCRATCH];
    tq_freight_sizes sizes = tq_freight_size(net);
    for (uint32_t to = 0; to < TQ_MIN(sizes.nodes, 4); to++) {
        tq_arena arena;
        tq_freight_query query;
        tq_freight_answer answer = {0};
        tq_arena_init(&arena, memory, sizeof memory);
        tq_freight_query_default(&query);
        query.origin = sizes.nodes - 1;
        query.destination = to;
        query.commodity = 0;
        query.mass_g = 1000000;
        query.boxes40 =
            sizes.commodities > 0 && tq_freight_commodity_at(net, 0).cargo == TQ_FREIGHT_CONTAINER;
        query.depart_s = 20640 * INT64_C(86400);
        query.labels_max = 2000;
        if (tq_freight_search(net, NULL, &query, NULL, &arena, &answer, NULL) != TQ_OK) continue;
        TQ_ASSERT(answer.plan_count > 0 && answer.shown_count > 0);
        for (uint32_t k = 1; k < answer.plan_count; k++)
            TQ_ASSERT(answer.plan[k].time_ds >= answer.plan[k - 1].time_ds);
    }
}

/* Steps come in order and end in time, whatever the tables say. */
static void ask_hub(const tq_freight *net)
{
    for (uint32_t flight = 0; flight < tq_freight_flights(net); flight++)
        for (uint32_t regime = 0; regime < tq_freight_regimes(net); regime++) {
            int64_t departs_s;
            tq_freight_uplift made;
            tq_freight_regime row = tq_freight_regime_at(net, regime);
            if (!tq_freight_flight_leaves(net, flight, 20640, &departs_s) ||
                !tq_freight_uplift_make(&row, departs_s, tq_freight_flight_at(net, flight).cutoff_s,
                                        TQ_FREIGHT_P90, &made))
                continue;
            TQ_ASSERT(made.arrive_s == made.begin_s[TQ_FREIGHT_ACCEPTANCE] &&
                      made.end_s[TQ_FREIGHT_SECURITY] <= made.hand_over_s);
            for (uint32_t step = 1; step < TQ_FREIGHT_HUB_STEPS; step++)
                TQ_ASSERT(made.end_s[step - 1] <= made.begin_s[step]);
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    tq_freight_text texts[16];
    char names[16][24];
    size_t count = 0;
    const char *at = (const char *)bytes, *end = at + len;
    while (at < end && count < TQ_COUNT(texts)) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        if (!stop || end - at < 3 || memcmp(at, "== ", 3) != 0) break;
        size_t name = TQ_MIN((size_t)(stop - at) - 3, sizeof names[0] - 1);
        memcpy(names[count], at + 3, name);
        names[count][name] = '\0';
        at = stop + 1;
        const char *from = at;
        while (at < end && !(end - at >= 3 && memcmp(at, "== ", 3) == 0)) {
            stop = memchr(at, '\n', (size_t)(end - at));
            at = stop ? stop + 1 : end;
        }
        texts[count] = (tq_freight_text){names[count], {from, (size_t)(at - from)}};
        count++;
    }
    tq_freight *net = NULL;
    if (tq_freight_load(texts, count, INT32_MAX, &net, NULL) != TQ_OK) {
        TQ_ASSERT(!net);
        return 0;
    }
    ask(net);
    ask_hub(net);
    tq_freight_free(net);
    return 0;
}
