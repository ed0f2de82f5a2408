/*
 * /api/v1/freight: plans of goods, why none goes by a place, the railway's bill, and the places
 * there are.
 *
 * The network is read once at the start of the server; each loop asks with a bench of its own, so
 * nothing is shared or locked in a question. A city without the folder freight/ serves everything
 * else and refuses these by name.
 */
#include "serve/office_in.h"

tq_status freight_open(serve *server, tq_err *err)
{
    tq_err why = {0};
    tq_status status = tq_goods_open(server->options.city_path, &server->goods, &why);
    if (status == TQ_OK || status == TQ_NOT_FOUND) return TQ_OK;
    if (err != NULL) *err = why;
    return status;
}

tq_status freight_open_loop(serve_loop *loop, tq_err *err)
{
    if (loop->server->goods == NULL) return TQ_OK;
    return tq_goods_bench_open(loop->server->goods, &loop->goods, err);
}

static tq_status have_freight(const serve_loop *loop, tq_err *err)
{
    if (loop->goods != NULL) return TQ_OK;
    return tq_fail(err, TQ_NOT_FOUND, 0,
                   "this city has no freight network: there is no folder freight beside its city "
                   "file");
}

static void json_answer(serve_answer *answer, answer_keep keep)
{
    answer->status = 200;
    answer->type = "application/json; charset=utf-8";
    answer->keep = keep;
}

/* What is asked of a plan. */
typedef enum freight_ask { ASK_PLAN, ASK_BILL, ASK_CARBON } freight_ask;

static tq_status ask_freight(serve_loop *loop, const serve_request *request, freight_ask plan,
                             const char *why_not, serve_answer *answer, problem *why, tq_err *err)
{
    (void)why;
    tq_goods_query query;
    TQ_TRY(have_freight(loop, err));
    tq_goods_query_default(&query);
    query.from = param_text(request, "from");
    query.to = param_text(request, "to");
    query.commodity = param_text(request, "commodity");
    query.tonnes = param_text(request, "tonnes");
    query.at = param_text(request, "at");
    query.depart = param_text(request, "depart");
    query.arrive = param_text(request, "arrive");
    query.service = plan == ASK_PLAN ? param_text(request, "service") : NULL;
    query.avoid = param_text(request, "avoid");
    query.via = param_text(request, "via");
    query.modes = param_text(request, "modes");
    query.why_not = why_not;
    query.bill = plan == ASK_BILL ? param_text(request, "plan") : NULL;
    query.carbon = plan == ASK_CARBON ? param_text(request, "plan") : NULL;
    query.now_ms = serve_now_ms();
    param_u32(request, "boxes40", &query.boxes40);
    if (why_not == NULL && param_true(request, "all")) query.show = TQ_FREIGHT_ALL;
    bool found;
    TQ_TRY(tq_goods_plan_json(loop->goods, loop->snapshot, &query, &loop->work, &loop->body, &found,
                              err));
    json_answer(answer, query.depart != NULL ? KEEP_LONG : KEEP_NOT);
    return TQ_OK;
}

tq_status handle_freight_plan(serve_loop *loop, const serve_request *request, serve_answer *answer,
                              problem *why, tq_err *err)
{
    return ask_freight(loop, request, ASK_PLAN, NULL, answer, why, err);
}

tq_status handle_freight_why_not(serve_loop *loop, const serve_request *request,
                                 serve_answer *answer, problem *why, tq_err *err)
{
    return ask_freight(loop, request, ASK_PLAN, param_text(request, "node"), answer, why, err);
}

tq_status handle_freight_nodes(serve_loop *loop, const serve_request *request, serve_answer *answer,
                               problem *why, tq_err *err)
{
    (void)why;
    TQ_TRY(have_freight(loop, err));
    tq_goods_nodes_json(loop->server->goods, param_text(request, "kind"), &loop->body);
    json_answer(answer, KEEP_CITY);
    return TQ_OK;
}

/* With from and to the bills of a plan, with a tariff those of one stretch. */
tq_status handle_freight_bill(serve_loop *loop, const serve_request *request, serve_answer *answer,
                              problem *why, tq_err *err)
{
    tq_goods_bill_query query = {.now_ms = serve_now_ms()};
    query.tariff = param_text(request, "tariff");
    if (query.tariff == NULL) {
        if (param_text(request, "from") == NULL || param_text(request, "to") == NULL ||
            param_text(request, "plan") == NULL)
            return tq_fail(err, TQ_BAD_INPUT, 0,
                           "give tariff and km, or from, to, commodity, tonnes and the plan's "
                           "number");
        return ask_freight(loop, request, ASK_BILL, NULL, answer, why, err);
    }
    TQ_TRY(have_freight(loop, err));
    query.km = param_text(request, "km");
    query.electrified_km = param_text(request, "electrified_km");
    query.tonnes = param_text(request, "tonnes");
    query.siding_km = param_text(request, "siding_km");
    query.special_cny = param_text(request, "special_cny");
    param_u32(request, "boxes40", &query.boxes40);
    param_u32(request, "boxes20", &query.boxes20);
    param_u32(request, "wagons", &query.wagons);
    query.load = param_true(request, "load");
    query.unload = param_true(request, "unload");
    query.box_use = param_true(request, "box_use");
    TQ_TRY(tq_goods_bill_json(loop->server->goods, &query, &loop->body, err));
    json_answer(answer, KEEP_NOT);
    return TQ_OK;
}

tq_status handle_freight_carbon(serve_loop *loop, const serve_request *request,
                                serve_answer *answer, problem *why, tq_err *err)
{
    return ask_freight(loop, request, ASK_CARBON, NULL, answer, why, err);
}
