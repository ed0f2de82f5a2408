/*
 * From a request to its answer: console file, operation of the API document, or a problem.
 *
 * The table below gives every operationId its handler; a document that names another, or a handler
 * without its operation, fails the start (serve_bind), so document and program can't drift apart.
 * Operations with x-desk all go to one handler; there must be such a verb.
 */
#include <stdatomic.h>
#include <stdio.h>

#include "serve/office_in.h"

static tq_status handle_limits(serve_loop *loop, const serve_request *request, serve_answer *answer,
                               problem *why, tq_err *err)
{
    (void)request;
    (void)why;
    (void)err;
    limits_json(loop->server, &loop->body);
    answer->status = 200;
    answer->type = "application/json; charset=utf-8";
    answer->keep = KEEP_CITY;
    return TQ_OK;
}

static void text_answer(serve_answer *answer, unsigned status, const char *type, tq_str fixed)
{
    answer->status = status;
    answer->type = type;
    answer->fixed = fixed;
}

static tq_status handle_openapi_yaml(serve_loop *loop, const serve_request *request,
                                     serve_answer *answer, problem *why, tq_err *err)
{
    (void)loop;
    (void)request;
    (void)why;
    (void)err;
    text_answer(answer, 200, "application/yaml; charset=utf-8",
                (tq_str){tq_openapi_yaml, (size_t)(tq_openapi_yaml_end - tq_openapi_yaml)});
    return TQ_OK;
}

static tq_status handle_openapi_json(serve_loop *loop, const serve_request *request,
                                     serve_answer *answer, problem *why, tq_err *err)
{
    (void)request;
    (void)why;
    (void)err;
    const tq_buf *json = &loop->server->rules.json;
    text_answer(answer, 200, "application/json; charset=utf-8", (tq_str){json->at, json->len});
    return TQ_OK;
}

static tq_status handle_health(serve_loop *loop, const serve_request *request, serve_answer *answer,
                               problem *why, tq_err *err)
{
    (void)loop;
    (void)request;
    (void)why;
    (void)err;
    text_answer(answer, 200, "application/json; charset=utf-8", TQ_STR("{\"status\":\"ok\"}"));
    return TQ_OK;
}

static tq_status handle_ready(serve_loop *loop, const serve_request *request, serve_answer *answer,
                              problem *why, tq_err *err)
{
    (void)request;
    (void)err;
    if (!atomic_load(&loop->server->ready)) {
        why->id = PROBLEM_NOT_READY;
        return TQ_BUSY;
    }
    text_answer(answer, 200, "application/json; charset=utf-8", TQ_STR("{\"status\":\"ready\"}"));
    return TQ_OK;
}

static tq_status handle_metrics(serve_loop *loop, const serve_request *request,
                                serve_answer *answer, problem *why, tq_err *err)
{
    (void)request;
    (void)why;
    (void)err;
    metrics_text(loop->server, &loop->body);
    answer->status = 200;
    answer->type = "text/plain; version=0.0.4; charset=utf-8";
    return TQ_OK;
}

#define DESK_HANDLER (TQ_NONE - 1) /* all operations with x-desk */

typedef enum need { NEEDS_NOTHING, NEEDS_CITY } need;

static const struct {
    const char *operation;
    serve_handler handle;
    need needs; /* NEEDS_CITY: 503 until the city is warm */
} HANDLERS[] = {
    {"plan", handle_plan, NEEDS_CITY},
    {"places", handle_places, NEEDS_CITY},
    {"reverse", handle_reverse, NEEDS_CITY},
    {"departures", handle_departures, NEEDS_CITY},
    {"city", handle_city, NEEDS_NOTHING},
    {"works", handle_works, NEEDS_NOTHING},
    {"limits", handle_limits, NEEDS_NOTHING},
    {"openapiYaml", handle_openapi_yaml, NEEDS_NOTHING},
    {"openapiJson", handle_openapi_json, NEEDS_NOTHING},
    {"route", handle_route, NEEDS_CITY},
    {"table", handle_table, NEEDS_CITY},
    {"nearest", handle_nearest, NEEDS_CITY},
    {"match", handle_match, NEEDS_CITY},
    {"trip", handle_trip, NEEDS_CITY},
    {"debugTile", handle_debug_tile, NEEDS_CITY},
    {"vehicles", handle_vehicles, NEEDS_NOTHING},
    {"isochrone", handle_isochrone, NEEDS_CITY},
    {"isochronePost", handle_isochrone, NEEDS_CITY},
    {"nearestOf", handle_nearest_of, NEEDS_CITY},
    {"nearestOfPost", handle_nearest_of, NEEDS_CITY},
    {"matrix", handle_matrix, NEEDS_CITY},
    {"matrixPost", handle_matrix, NEEDS_CITY},
    {"liveRoads", handle_live_get, NEEDS_CITY},
    {"liveRoadsPost", handle_live_post, NEEDS_CITY},
    {"liveRoadsDelete", handle_live_delete, NEEDS_CITY},
    {"events", handle_events, NEEDS_CITY},
    {"detours", handle_detours, NEEDS_CITY},
    {"recheck", handle_recheck, NEEDS_CITY},
    {"gtfsRealtime", handle_feed_out, NEEDS_CITY},
    {"alerts", handle_alerts, NEEDS_CITY},
    {"freightPlan", handle_freight_plan, NEEDS_CITY},
    {"freightWhyNot", handle_freight_why_not, NEEDS_CITY},
    {"freightCarbon", handle_freight_carbon, NEEDS_CITY},
    {"freightBill", handle_freight_bill, NEEDS_CITY},
    {"freightNodes", handle_freight_nodes, NEEDS_NOTHING},
    {"freightUplift", handle_freight_uplift, NEEDS_CITY},
    {"freightFeeders", handle_freight_feeders, NEEDS_CITY},
    {"freightFlow", handle_freight_flow, NEEDS_CITY},
    {"freightFlowExample", handle_freight_flow_example, NEEDS_NOTHING},
    {"tile", handle_tile, NEEDS_CITY},
    {"healthz", handle_health, NEEDS_NOTHING},
    {"readyz", handle_ready, NEEDS_NOTHING},
    {"metrics", handle_metrics, NEEDS_NOTHING},
};

/* What kind of verb it is, and whose. */
static tq_status bind_verb(api_operation *operation, tq_err *err)
{
    tq_verb_kind kind = tq_desk_verb(operation->desk);
    uint32_t exchange = kind == TQ_VERB_NONE ? tq_exchange_verb(operation->desk) : 0;
    if (kind == TQ_VERB_NONE && exchange == 0)
        return tq_fail(err, TQ_INTERNAL, 0, "openapi.yaml: there is no verb '%s'", operation->desk);
    operation->peers = kind == TQ_VERB_NONE;
    /* A quiet verb needs the writer's memory. */
    operation->writes = kind >= TQ_VERB_DO || exchange == 2;
    /* A peer's receipt comes with its GET of what it is owed. */
    if (kind == TQ_VERB_DO && operation->verb == VERB_GET)
        return tq_fail(err, TQ_INTERNAL, 0, "openapi.yaml: the verb '%s' writes; a GET may not",
                       operation->desk);
    operation->handler = DESK_HANDLER;
    return TQ_OK;
}

tq_status serve_bind(api *rules, tq_err *err)
{
    uint32_t bound = 0;
    for (uint32_t k = 0; k < rules->operation_count; k++) {
        rules->operation[k].handler = TQ_NONE;
        if (rules->operation[k].desk != NULL) {
            TQ_TRY(bind_verb(&rules->operation[k], err));
            continue;
        }
        for (uint32_t row = 0; row < TQ_COUNT(HANDLERS); row++)
            if (strcmp(rules->operation[k].id, HANDLERS[row].operation) == 0)
                rules->operation[k].handler = row;
        if (rules->operation[k].handler == TQ_NONE)
            return tq_fail(err, TQ_INTERNAL, 0, "openapi.yaml: no handler for '%s'",
                           rules->operation[k].id);
        bound++;
    }
    if (bound != TQ_COUNT(HANDLERS))
        return tq_fail(err, TQ_INTERNAL, 0, "openapi.yaml has %u operations, the program %zu",
                       bound, TQ_COUNT(HANDLERS));
    return TQ_OK;
}

void serve_problem(serve_loop *loop, const problem *why, tq_lang lang, serve_answer *answer)
{
    *answer = (serve_answer){.status = problem_status(why->id), .vary_language = true};
    answer->type = "application/problem+json; charset=utf-8";
    answer->retry = answer->status == 503;
    loop->body.len = 0;
    loop->body.failed = false;
    problem_json(why, lang, &loop->body);
}

/* A parameter that breaks a rule of the OSRM route is said in OSRM's words. */
static void osrm_problem(serve_loop *loop, const problem *why, serve_answer *answer)
{
    tq_buf detail = {.limit = 4096};
    problem_detail(why, TQ_EN, &detail);
    tq_buf_putc(&detail, '\0');
    bool readable = why->id == PROBLEM_TOO_SMALL || why->id == PROBLEM_TOO_LARGE;
    *answer = (serve_answer){0};
    osrm_error(readable ? "InvalidOptions" : "InvalidQuery", detail.failed ? "" : detail.at, answer,
               &loop->body);
    tq_buf_free(&detail);
}

static void run_handler(serve_loop *loop, serve_request *request, serve_answer *answer)
{
    problem why = {0};
    tq_err err = {0};
    uint32_t row = request->operation->handler;
    bool desk = row == DESK_HANDLER;
    if ((desk || HANDLERS[row].needs == NEEDS_CITY) && !atomic_load(&loop->server->ready)) {
        why.id = PROBLEM_NOT_READY;
        serve_problem(loop, &why, request->lang, answer);
        return;
    }
    tq_arena_reset(&loop->work, 0);
    tq_status status = desk ? handle_desk(loop, request, answer, &why, &err)
                            : HANDLERS[row].handle(loop, request, answer, &why, &err);
    metric_set(&loop->counts.scratch_peak, loop->work.peak);
    answer->vary_language = true;
    if (status == TQ_OK && !loop->body.failed) return;
    if (status == TQ_OK)
        why.id = PROBLEM_TOO_BIG_ANSWER;
    else if (why.id == PROBLEM_NONE)
        problem_of_status(status, &err, &why);
    if (problem_status(why.id) == 500)
        tq_log(TQ_LOG_ERROR, "%s: %s %s", request->operation->id, tq_status_name(status), err.text);
    serve_problem(loop, &why, request->lang, answer);
}

static bool verb_fits(const serve_request *request)
{
    http_verb verb = request->verb == VERB_HEAD ? VERB_GET : request->verb;
    return request->operation->verb == verb;
}

/* A path that begins as a service of OSRM but is none: said in OSRM's words. */
static bool osrm_path(serve_loop *loop, const serve_request *request, serve_answer *answer)
{
    static const char *const services[] = {"route", "table", "nearest", "match", "trip", "tile"};
    tq_str rest = request->path;
    (void)cut_piece(&rest, '/');
    tq_str service = cut_piece(&rest, '/'), version = cut_piece(&rest, '/');
    for (uint32_t k = 0; k < TQ_COUNT(services); k++) {
        if (!tq_str_is(service, services[k]) || version.len == 0) continue;
        *answer = (serve_answer){0};
        if (tq_str_is(version, "v1"))
            osrm_error("InvalidUrl", "URL string malformed: /service/v1/profile/coordinates",
                       answer, &loop->body);
        else
            osrm_error("InvalidVersion", "Service version not found: v1 is spoken here", answer,
                       &loop->body);
        return true;
    }
    return false;
}

uint32_t serve_dispatch(serve_loop *loop, serve_request *request, serve_answer *answer)
{
    problem why = {0};
    *answer = (serve_answer){0};
    loop->body.len = 0;
    loop->body.failed = false;
    request->operation = NULL;
    request->allowed = 0;
    const console_file *file = file_find(request->path);
    if (file == NULL && api_match(&loop->server->rules, request, &why) != PROBLEM_NONE) {
        if (why.id != PROBLEM_NO_PATH || !osrm_path(loop, request, answer))
            serve_problem(loop, &why, request->lang, answer);
        return METRIC_NO_ROUTE;
    }
    uint32_t route = file != NULL ? METRIC_FILES
                                  : (uint32_t)(request->operation - loop->server->rules.operation);
    uint8_t allowed = file != NULL ? 1u << VERB_GET : request->allowed;
    bool get = request->verb == VERB_GET || request->verb == VERB_HEAD;
    if (request->verb == VERB_OPTIONS) {
        *answer = (serve_answer){.status = 204, .allow = allowed};
    } else if (file != NULL ? !get : !verb_fits(request)) {
        why.id = PROBLEM_METHOD;
        serve_problem(loop, &why, request->lang, answer);
        answer->allow = allowed;
    } else if (file != NULL) {
        file_answer(file, request, answer);
    } else if (api_check(request, &why) == PROBLEM_NONE) {
        run_handler(loop, request, answer);
    } else if (request->operation->osrm_errors) {
        osrm_problem(loop, &why, answer);
    } else {
        serve_problem(loop, &why, request->lang, answer);
    }
    return route;
}
