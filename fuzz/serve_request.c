/* Raw bytes through the parser, target, API document and problem texts; nothing is sent anywhere.
 */
#include "serve/serve_in.h"

static api rules;

static void one_request(const http_message *message, const char *bytes)
{
    static serve_request request;
    memset(&request, 0, sizeof request);
    request.lang = target_language(http_text(bytes, message->field[HTTP_ACCEPT_LANGUAGE]));
    request.gzip = target_accepts_gzip(http_text(bytes, message->field[HTTP_ACCEPT_ENCODING]));
    target_etag_in(http_text(bytes, message->field[HTTP_IF_NONE_MATCH]), TQ_STR("\"a\""));
    if (!target_split(http_text(bytes, message->url), &request)) return;
    problem why = {0};
    problem_id bad = api_match(&rules, &request, &why);
    if (bad == PROBLEM_NONE) bad = api_check(&request, &why);
    if (bad == PROBLEM_NONE) {
        for (uint32_t k = 0; k < request.pair_count; k++)
            TQ_ASSERT(request.pair[k].value.at[request.pair[k].value.len] == '\0');
        return;
    }
    tq_buf out = {0};
    problem_json(&why, request.lang, &out);
    TQ_ASSERT(out.len > 0);
    tq_buf_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (rules.operation_count == 0) {
        tq_str yaml = {tq_openapi_yaml, (size_t)(tq_openapi_yaml_end - tq_openapi_yaml)};
        TQ_ASSERT(api_load(yaml, &rules, NULL) == TQ_OK);
    }
    const char *bytes = (const char *)data;
    size_t at = 0;
    for (unsigned count = 0; at < size && count < HTTP_PIPELINE_MAX; count++) {
        http_message message;
        size_t used = 0;
        http_begin(&message, 4096);
        http_event event = http_feed(&message, bytes + at, size - at, &used);
        if (event != HTTP_EVENT_REQUEST) break;
        TQ_ASSERT(used > 0 && used <= size - at);
        one_request(&message, bytes + at);
        at += used;
    }
    return 0;
}
