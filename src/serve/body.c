/*
 * A JSON body whose members are parameters, as if they stood in the query: {"minutes":[5,10]} is
 * minutes=5,10. A list of numbers or texts is joined with commas; a list of points, itself lists,
 * gets a semicolon between them. So one checker and one handler serve GET and POST.
 *
 * The members "from" and "to" may be long lists of points (a matrix of 10,000 places); such a list
 * is kept as it came, for the handler.
 */
#include <stdio.h>

#include "serve/serve_in.h"

/* A value being written behind request->text, as target_decode does. */
typedef struct writing {
    serve_request *request;
    size_t from;
    bool full;
} writing;

static void put_char(writing *to, char c)
{
    serve_request *request = to->request;
    if (request->text_used + 2 > sizeof request->text)
        to->full = true;
    else
        request->text[request->text_used++] = c;
}

static bool put_scalar(json_in *in, writing *to)
{
    tq_str word;
    json_kind kind = json_in_kind(in);
    if (kind == JSON_IN_TEXT) {
        serve_request *request = to->request;
        size_t room = sizeof request->text - request->text_used;
        if (room < 2 || !json_in_text(in, request->text + request->text_used, room - 1))
            return false;
        size_t len = strlen(request->text + request->text_used);
        for (size_t k = 0; k < len; k++) {
            unsigned char c = (unsigned char)request->text[request->text_used + k];
            if (c < 0x20 || c == 0x7F)
                return json_in_fail(in, "a control character is not part of a value");
        }
        if (!tq_utf8_valid((tq_str){request->text + request->text_used, len}))
            return json_in_fail(in, "a text is not UTF-8");
        request->text_used += len;
        return true;
    }
    if (kind != JSON_IN_NUMBER && kind != JSON_IN_TRUE && kind != JSON_IN_FALSE)
        return json_in_fail(in, "a text, number, true or false belongs here");
    if (!json_in_skip(in, &word)) return false;
    for (size_t k = 0; k < word.len; k++)
        put_char(to, word.at[k]);
    return true;
}

static bool put_list(json_in *in, writing *to)
{
    bool first = true, points = false;
    if (!json_in_open(in, JSON_IN_ARRAY)) return false;
    while (json_in_more(in)) {
        bool inner = json_in_kind(in) == JSON_IN_ARRAY;
        if (!first) put_char(to, inner ? ';' : ',');
        if (!first && inner != points)
            return json_in_fail(in, "a list holds values or points, not both");
        first = false;
        points = inner;
        if (!inner) {
            if (!put_scalar(in, to)) return false;
            continue;
        }
        bool begun = false;
        if (!json_in_open(in, JSON_IN_ARRAY)) return false;
        while (json_in_more(in)) {
            if (begun) put_char(to, ',');
            begun = true;
            if (!put_scalar(in, to)) return false;
        }
    }
    return in->why == NULL;
}

static bool add_member(json_in *in, serve_request *request, const char *name)
{
    writing to = {.request = request};
    serve_pair pair;
    if (request->pair_count == HTTP_QUERY_MAX) return json_in_fail(in, "too many members");
    pair.name.at = request->text + request->text_used;
    for (const char *at = name; *at != '\0'; at++)
        put_char(&to, *at);
    pair.name.len = (size_t)(request->text + request->text_used - pair.name.at);
    put_char(&to, '\0');
    pair.value.at = request->text + request->text_used;
    if (json_in_kind(in) == JSON_IN_ARRAY ? !put_list(in, &to) : !put_scalar(in, &to)) return false;
    pair.value.len = (size_t)(request->text + request->text_used - pair.value.at);
    put_char(&to, '\0');
    if (to.full) return json_in_fail(in, "the members are too long together");
    for (uint32_t k = 0; k < request->pair_count; k++)
        if (tq_str_eq(request->pair[k].name, pair.name))
            return json_in_fail(in, "this is given twice");
    request->pair[request->pair_count++] = pair;
    return true;
}

static bool read_members(json_in *in, serve_request *request)
{
    char name[40];
    if (!json_in_open(in, JSON_IN_OBJECT)) return false;
    while (json_in_more(in)) {
        if (!json_in_key(in, name, sizeof name)) return false;
        bool from = strcmp(name, "from") == 0, to = strcmp(name, "to") == 0;
        if ((from || to) && json_in_kind(in) == JSON_IN_ARRAY) {
            tq_str *points = &request->points[to];
            if (points->at != NULL) return json_in_fail(in, "this is given twice");
            if (!json_in_skip(in, points)) return false;
        } else if (json_in_kind(in) == JSON_IN_NULL) {
            if (!json_in_skip(in, NULL)) return false;
        } else if (!add_member(in, request, name)) {
            return false;
        }
    }
    return json_in_end(in);
}

problem_id body_members(serve_request *request, problem *why)
{
    json_in in;
    if (request->body_split) return why->id = PROBLEM_LENGTH;
    if (request->body.len == 0) {
        problem_set(why, 0, "{\"…\": …}");
        return why->id = PROBLEM_NO_BODY;
    }
    json_in_begin(&in, request->body);
    if (read_members(&in, request)) return PROBLEM_NONE;
    problem_set(why, 0, "%zu", (size_t)(in.at - in.start));
    problem_set(why, 1, "%s", in.why != NULL ? in.why : "not understood");
    return why->id = PROBLEM_BAD_JSON;
}
