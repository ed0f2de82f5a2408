/*
 * /api/v1/freight/flow: flows of goods over limited corridors.
 *
 * A linear program may take seconds, so no loop and no reader of records solves one: the question
 * goes to the planner, a thread of its own, and its connection waits as one that waits for the
 * writer. At most OFFICE_FLOWS_MAX questions wait behind the one that is solved; more are told to
 * come again. With OFFICE_FLOW_SECONDS (of the processor) for each of two plans all of them are
 * answered before a waiting connection is given up (ORDER_WAIT_MS). Whole trains may take longer,
 * and so may a machine with other work: what has waited for more than half of that is refused
 * without being solved; so is what waits when the server ends.
 */
#include <stdatomic.h>

#include "serve/office_in.h"

_Static_assert(2 * OFFICE_FLOW_SECONDS * (OFFICE_FLOWS_MAX + 1) * 1000 <= ORDER_WAIT_MS,
               "the last of the waiting questions would be answered too late");

#define WAITED_MAX_NS ((int64_t)ORDER_WAIT_MS * 1000000 / 2)

static int64_t now_ns(void)
{
    const tq_env *env = tq_env_real();
    return env->mono_ns(env->user);
}

static tq_status have_goods(const serve_loop *loop, tq_err *err)
{
    if (loop->server->goods != NULL) return TQ_OK;
    return tq_fail(err, TQ_NOT_FOUND, 0,
                   "this city has no freight network: there is no folder freight beside its city "
                   "file");
}

tq_status handle_freight_flow_example(serve_loop *loop, const serve_request *request,
                                      serve_answer *answer, problem *why, tq_err *err)
{
    (void)request;
    (void)why;
    TQ_TRY(have_goods(loop, err));
    TQ_TRY(tq_goods_flow_example_json(loop->server->goods, OFFICE_FLOW_SECONDS, &loop->body, err));
    answer->status = 200;
    answer->type = "application/json; charset=utf-8";
    answer->keep = KEEP_NOT;
    return TQ_OK;
}

tq_status handle_freight_flow(serve_loop *loop, const serve_request *request, serve_answer *answer,
                              problem *why, tq_err *err)
{
    TQ_TRY(have_goods(loop, err));
    if (request->body_split) {
        why->id = PROBLEM_LENGTH;
        return TQ_BAD_INPUT;
    }
    if (request->body.len > TQ_FLOW_BODY_MAX)
        return tq_fail(err, TQ_LIMIT, 0, "the question has more than %zu bytes", TQ_FLOW_BODY_MAX);
    serve_order *order = order_new(loop, request, ORDER_FLOW, (tq_str){0}, request->body);
    if (order == NULL) return tq_fail(err, TQ_NO_MEMORY, 0, "no memory for a question");
    order->given_ns = now_ns();
    return order_give(order, answer, why);
}

void planner_work(void *user, void **item, uint32_t count)
{
    serve_office *office = user;
    for (uint32_t k = 0; k < count; k++) {
        serve_order *order = item[k];
        tq_err err = {0};
        tq_goods_flow_query query = {.size = sizeof query,
                                     .body = order->body,
                                     .seconds_max = OFFICE_FLOW_SECONDS,
                                     .now_ms = serve_now_ms()};
        tq_status status;
        if (atomic_load(&office->ending))
            status = tq_fail(&err, TQ_BUSY, 0, "the server ends");
        else if (now_ns() - order->given_ns > WAITED_MAX_NS)
            status = tq_fail(&err, TQ_BUSY, 0, "others' flows took too long; ask again");
        else
            status = tq_goods_flow_json(office->server->goods, &query, &order->answer, &err);
        order->status = 200;
        order->result = status;
        if (status != TQ_OK) problem_of_status(status, &err, &order->why);
        line_post(order->loop, &order->note);
    }
}
