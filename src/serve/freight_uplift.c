/*
 * /api/v1/freight/uplift and /feeders: the latest safe collection for flights of the land-air hub,
 * and tours of lorries that make them. Both follow the live streets of the snapshot.
 */
#include "serve/office_in.h"

static tq_status have_hub(const serve_loop *loop, tq_err *err)
{
    if (loop->server->goods != NULL) return TQ_OK;
    return tq_fail(err, TQ_NOT_FOUND, 0,
                   "this city has no freight network: there is no folder freight beside its city "
                   "file");
}

static void json_answer(serve_answer *answer)
{
    answer->status = 200;
    answer->type = "application/json; charset=utf-8";
    answer->keep = KEEP_NOT;
}

tq_status handle_freight_uplift(serve_loop *loop, const serve_request *request,
                                serve_answer *answer, problem *why, tq_err *err)
{
    (void)why;
    bool found;
    TQ_TRY(have_hub(loop, err));
    tq_goods_uplift_query query = {.size = sizeof query,
                                   .from = param_text(request, "from"),
                                   .regime = param_text(request, "regime"),
                                   .flight = param_text(request, "flight"),
                                   .date = param_text(request, "date"),
                                   .mass_kg = param_text(request, "mass_kg"),
                                   .now_ms = serve_now_ms()};
    TQ_TRY(tq_goods_uplift_json(loop->server->goods, loop->snapshot, &query, &loop->work,
                                &loop->body, &found, err));
    json_answer(answer);
    return TQ_OK;
}

tq_status handle_freight_feeders(serve_loop *loop, const serve_request *request,
                                 serve_answer *answer, problem *why, tq_err *err)
{
    (void)why;
    TQ_TRY(have_hub(loop, err));
    TQ_TRY(tq_goods_feeders_json(loop->server->goods, loop->snapshot, request->body, &loop->work,
                                 &loop->body, err));
    json_answer(answer);
    return TQ_OK;
}
