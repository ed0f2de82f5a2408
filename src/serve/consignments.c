/*
 * What consignments need of freight, on the writer's thread: plans from where goods are, and what
 * live streets do to lorries. The desk asks through functions, as it may not know `journey`.
 *
 * The bench and its scratch are made when they are first asked for, so that a server without
 * consignments does not hold them. The snapshot is that of the command or tick under way.
 */
#include "serve/office_in.h"

static tq_status ready(serve_office *office, tq_err *err)
{
    serve *server = office->server;
    if (office->goods != NULL) return TQ_OK;
    office->goods_memory = tq_alloc_aligned(server->work_bytes, 1);
    if (office->goods_memory == NULL)
        return tq_fail(err, TQ_NO_MEMORY, 0, "no memory for freight at the office");
    tq_arena_init(&office->goods_work, office->goods_memory, server->work_bytes);
    tq_status status = tq_goods_bench_open(server->goods, &office->goods, err);
    if (status != TQ_OK) freight_close_office(office);
    return status;
}

static tq_status live_now(void *user, int64_t at_ms, const tq_freight_live **out, tq_err *err)
{
    serve_office *office = user;
    TQ_TRY(ready(office, err));
    tq_arena_reset(&office->goods_work, 0);
    return tq_goods_live(office->goods, office->goods_snapshot, at_ms, &office->goods_work, out,
                         err);
}

static tq_status plan_for(void *user, const tq_desk_goods *wish, tq_buf *out, bool *found,
                          tq_err *err)
{
    serve_office *office = user;
    tq_goods_query query;
    TQ_TRY(ready(office, err));
    tq_arena_reset(&office->goods_work, 0);
    tq_goods_query_default(&query);
    query.from = wish->from;
    query.to = wish->to;
    query.commodity = wish->commodity;
    query.tonnes = wish->tonnes;
    query.depart = wish->depart;
    query.arrive = wish->arrive;
    query.avoid = wish->avoid;
    query.via = wish->via;
    query.modes = wish->modes;
    query.boxes40 = wish->boxes40;
    query.now_ms = wish->now_ms;
    query.show = TQ_FREIGHT_ALL;
    out->limit = SERVE_BODY_MAX;
    return tq_goods_plan_json(office->goods, office->goods_snapshot, &query, &office->goods_work,
                              out, found, err);
}

const tq_desk_freight *freight_of_office(serve_office *office, const tq_snapshot *snapshot)
{
    if (office->server->goods == NULL) return NULL;
    office->goods_snapshot = snapshot;
    office->freight =
        (tq_desk_freight){tq_goods_network(office->server->goods), office, live_now, plan_for};
    return &office->freight;
}

void freight_close_office(serve_office *office)
{
    tq_goods_bench_close(office->goods);
    if (office->goods_memory != NULL) tq_arena_init(&office->goods_work, office->goods_memory, 0);
    tq_free(office->goods_memory);
    office->goods = NULL;
    office->goods_memory = NULL;
}
