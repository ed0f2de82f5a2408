/*
 * A request held against the API document: its path, and each of its parameters.
 *
 * Unknown parameters are refused with the nearest known name, because a misspelt one that is
 * silently ignored gives a wrong answer that looks right. Values are checked by type, list, limits,
 * length and pattern.
 */
#include <stdio.h>

#include "serve/serve_in.h"

#define SHOWN_MAX 80 /* bytes of a wrong value that are said back */

/* ---- patterns: the few the document may use
 * ------------------------------------------------------------ */

static bool is_coordinates(tq_str text)
{
    return text.len > 0; /* osrm.c reads them and names the place of a mistake in OSRM's words */
}

static bool is_word(tq_str text)
{
    for (size_t k = 0; k < text.len; k++) {
        char c = text.at[k];
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-'))
            return false;
    }
    return text.len > 0;
}

/* 2025-06-03T08:00, with seconds, fraction and offset as tq_time_parse reads them; here only the
 * alphabet. */
static bool is_time(tq_str text)
{
    for (size_t k = 0; k < text.len; k++) {
        char c = text.at[k];
        if (!((c >= '0' && c <= '9') || strchr("-+:.TtZz ", c) != NULL) || c == '\0') return false;
    }
    return text.len >= 10;
}

static const struct {
    const char *pattern;
    bool (*fits)(tq_str text);
} PATTERNS[] = {
    {"^.+$", is_coordinates},
    {"^[a-z0-9_-]+$", is_word},
    {"^[0-9TtZz:.+ -]{10,}$", is_time},
};

bool api_pattern_known(const char *pattern)
{
    for (uint32_t k = 0; k < TQ_COUNT(PATTERNS); k++)
        if (strcmp(PATTERNS[k].pattern, pattern) == 0) return true;
    return false;
}

bool api_pattern_fits(const char *pattern, tq_str text)
{
    for (uint32_t k = 0; k < TQ_COUNT(PATTERNS); k++)
        if (strcmp(PATTERNS[k].pattern, pattern) == 0) return PATTERNS[k].fits(text);
    return false;
}

/* ---- paths
 * ------------------------------------------------------------------------------------------------
 */

static bool add_pair(serve_request *request, tq_str name, tq_str value)
{
    if (request->pair_count == HTTP_QUERY_MAX) return false;
    request->pair[request->pair_count++] = (serve_pair){name, value};
    return true;
}

/* Match one template; path parameters become pairs. PROBLEM_NO_PATH if it is another path. */
static problem_id match_path(const char *template, serve_request *request)
{
    const char *at = request->path.at, *end = at + request->path.len;
    request->pair_count = 0;
    request->text_used = 0;
    while (*template != '\0') {
        if (*template != '{') {
            if (at == end || *at != *template) return PROBLEM_NO_PATH;
            at++;
            template ++;
            continue;
        }
        const char *close = strchr(template, '}');
        tq_str name = {template + 1, (size_t)(close - template) - 1};
        template = close + 1;
        const char *stop = at;
        if (*template == '\0' || *template == '/') {
            while (stop < end && *stop != '/')
                stop++;
        } else { /* a fixed ending such as .mvt */
            size_t tail = strlen(template);
            if ((size_t)(end - at) < tail) return PROBLEM_NO_PATH;
            stop = end - tail;
            if (memchr(at, '/', (size_t)(stop - at)) != NULL) return PROBLEM_NO_PATH;
        }
        if (stop == at) return PROBLEM_NO_PATH;
        tq_str value;
        problem_id bad =
            target_decode(request, (tq_str){at, (size_t)(stop - at)}, API_IN_PATH, &value);
        if (bad != PROBLEM_NONE) return bad;
        if (!add_pair(request, name, value)) return PROBLEM_TOO_MANY_PARAMS;
        at = stop;
    }
    return at == end ? PROBLEM_NONE : PROBLEM_NO_PATH;
}

problem_id api_match(const api *rules, serve_request *request, problem *why)
{
    http_verb verb = request->verb == VERB_HEAD ? VERB_GET : request->verb;
    request->allowed = 0;
    request->operation = NULL;
    for (uint32_t k = 0; k < rules->operation_count; k++) {
        const api_operation *operation = &rules->operation[k];
        problem_id bad = match_path(operation->path, request);
        if (bad == PROBLEM_NO_PATH) continue;
        why->id = bad;
        if (bad != PROBLEM_NONE) return bad;
        request->allowed |= (uint8_t)(1u << operation->verb);
        request->operation = operation;
        if (operation->verb == verb) return PROBLEM_NONE;
    }
    if (request->operation != NULL) return PROBLEM_NONE; /* there, but not for this method */
    request->pair_count = 0;
    request->text_used = 0;
    why->id = PROBLEM_NO_PATH;
    problem_set(why, 0, "%.*s", (int)TQ_MIN(request->path.len, (size_t)SHOWN_MAX),
                request->path.at);
    return PROBLEM_NO_PATH;
}

/* ---- parameters
 * --------------------------------------------------------------------------------------------- */

static const api_param *find_param(const api_operation *operation, tq_str name)
{
    for (uint32_t k = 0; k < operation->param_count; k++)
        if (tq_str_is(name, operation->param[k].name)) return &operation->param[k];
    return NULL;
}

/* Letters to add, drop or change to make one name the other; names are short. */
static uint32_t name_distance(tq_str a, const char *b)
{
    uint32_t row[40];
    size_t width = strlen(b);
    if (a.len >= TQ_COUNT(row) || width >= TQ_COUNT(row)) return UINT32_MAX;
    for (uint32_t column = 0; column <= width; column++)
        row[column] = column;
    for (uint32_t line = 1; line <= a.len; line++) {
        uint32_t corner = row[0];
        row[0] = line;
        for (uint32_t column = 1; column <= width; column++) {
            uint32_t change = corner + (a.at[line - 1] != b[column - 1]);
            corner = row[column];
            row[column] = TQ_MIN(change, TQ_MIN(row[column], row[column - 1]) + 1);
        }
    }
    return row[width];
}

static problem_id unknown_param(const api_operation *operation, tq_str name, problem *why)
{
    const char *nearest = NULL;
    uint32_t best = 4;
    size_t used = 0;
    why->part[2][0] = '\0';
    for (uint32_t k = 0; k < operation->param_count; k++) {
        const api_param *param = &operation->param[k];
        if (param->place != API_IN_QUERY) continue;
        uint32_t distance = name_distance(name, param->name);
        if (distance < best && distance < strlen(param->name)) {
            best = distance;
            nearest = param->name;
        }
        int put = snprintf(why->part[2] + used, sizeof why->part[2] - used, "%s%s",
                           used == 0 ? "" : ", ", param->name);
        if (put > 0 && used + (size_t)put < sizeof why->part[2]) used += (size_t)put;
    }
    problem_set(why, 0, "%.*s", (int)TQ_MIN(name.len, (size_t)SHOWN_MAX), name.at);
    if (nearest != NULL) problem_set(why, 1, "%s", nearest);
    return why->id = nearest != NULL ? PROBLEM_UNKNOWN_PARAM : PROBLEM_UNKNOWN_PARAM_NONE;
}

/* A whole number without «.0» at its end, for messages. */
static void print_limit(problem *why, double limit)
{
    problem_set(why, 2, "%.10g", limit);
}

static problem_id check_number(const api_param *param, tq_str value, problem *why)
{
    double number;
    int64_t whole;
    if (param->type == API_INTEGER) {
        if (!tq_parse_i64(value, &whole) || whole > (int64_t)1 << 53 || whole < -((int64_t)1 << 53))
            return PROBLEM_NOT_INTEGER;
        number = (double)whole;
    } else if (!tq_parse_double(value, &number)) {
        return PROBLEM_NOT_NUMBER;
    }
    if (param->has_min && number < param->min) {
        print_limit(why, param->min);
        return PROBLEM_TOO_SMALL;
    }
    if (param->has_max && number > param->max) {
        print_limit(why, param->max);
        return PROBLEM_TOO_LARGE;
    }
    return PROBLEM_NONE;
}

static problem_id check_choice(const api_param *param, tq_str value, problem *why)
{
    size_t used = 0;
    for (uint32_t k = 0; k < param->choice_count; k++) {
        if (tq_str_is(value, param->choice[k])) return PROBLEM_NONE;
        int put = snprintf(why->part[2] + used, sizeof why->part[2] - used, "%s%s",
                           used == 0 ? "" : ", ", param->choice[k]);
        if (put > 0 && used + (size_t)put < sizeof why->part[2]) used += (size_t)put;
    }
    return PROBLEM_NOT_IN_LIST;
}

static problem_id check_text(const api_param *param, tq_str value, problem *why)
{
    if (value.len < param->min_len) {
        problem_set(why, 2, "%u", param->min_len);
        return PROBLEM_TOO_SHORT;
    }
    if (value.len > param->max_len) {
        problem_set(why, 1, "%zu", value.len);
        problem_set(why, 2, "%u", param->max_len);
        return PROBLEM_TOO_LONG;
    }
    if (param->choice_count != 0) return check_choice(param, value, why);
    if (param->pattern != NULL && !api_pattern_fits(param->pattern, value)) {
        problem_set(why, 2, "%s", param->pattern);
        return PROBLEM_PATTERN;
    }
    return PROBLEM_NONE;
}

static problem_id check_value(const api_param *param, tq_str value, problem *why)
{
    problem_set(why, 0, "%s", param->name);
    problem_set(why, 1, "%.*s", (int)TQ_MIN(value.len, (size_t)SHOWN_MAX), value.at);
    problem_id bad = PROBLEM_NONE;
    if (param->type == API_BOOLEAN)
        bad = tq_str_is(value, "true") || tq_str_is(value, "false") ? PROBLEM_NONE
                                                                    : PROBLEM_NOT_BOOLEAN;
    else if (param->type == API_STRING)
        bad = check_text(param, value, why);
    else
        bad = check_number(param, value, why);
    return why->id = bad;
}

static tq_str cut_at(tq_str *rest, char mark)
{
    const char *found = rest->len == 0 ? NULL : memchr(rest->at, mark, rest->len);
    tq_str piece = {rest->at, found == NULL ? rest->len : (size_t)(found - rest->at)};
    size_t step = piece.len + (found != NULL);
    rest->at += step;
    rest->len -= step;
    return piece;
}

static problem_id read_query(serve_request *request, problem *why)
{
    tq_str rest = request->query;
    while (rest.len > 0) {
        tq_str value = cut_at(&rest, '&');
        if (value.len == 0) continue;
        tq_str name = cut_at(&value, '=');
        problem_id bad = target_decode(request, name, API_IN_QUERY, &name);
        if (bad == PROBLEM_NONE) bad = target_decode(request, value, API_IN_QUERY, &value);
        if (bad != PROBLEM_NONE) return why->id = bad;
        for (uint32_t k = 0; k < request->pair_count; k++) {
            if (!tq_str_eq(request->pair[k].name, name)) continue;
            problem_set(why, 0, "%.*s", (int)TQ_MIN(name.len, (size_t)SHOWN_MAX), name.at);
            return why->id = PROBLEM_TWICE;
        }
        if (!add_pair(request, name, value)) return why->id = PROBLEM_TOO_MANY_PARAMS;
    }
    return PROBLEM_NONE;
}

static tq_lang wanted_language(const serve_request *request)
{
    for (uint32_t k = 0; k < request->pair_count; k++)
        if (tq_str_is(request->pair[k].name, "lang"))
            return tq_str_starts(request->pair[k].value, "en")   ? TQ_EN
                   : tq_str_starts(request->pair[k].value, "zh") ? TQ_ZH
                                                                 : request->lang;
    return request->lang;
}

problem_id api_check(serve_request *request, problem *why)
{
    const api_operation *operation = request->operation;
    if (read_query(request, why) != PROBLEM_NONE) return why->id;
    if (operation->body == API_BODY_MEMBERS && body_members(request, why) != PROBLEM_NONE)
        return why->id;
    request->lang = wanted_language(request);
    for (uint32_t k = 0; k < request->pair_count; k++) {
        const api_param *param = find_param(operation, request->pair[k].name);
        if (param == NULL) return unknown_param(operation, request->pair[k].name, why);
        if (check_value(param, request->pair[k].value, why) != PROBLEM_NONE) return why->id;
    }
    for (uint32_t k = 0; k < operation->param_count; k++) {
        const api_param *param = &operation->param[k];
        if (!param->required || param_text(request, param->name) != NULL) continue;
        problem_set(why, 0, "%s", param->name);
        return why->id = PROBLEM_MISSING_PARAM;
    }
    return why->id = PROBLEM_NONE;
}

const char *param_sent(const serve_request *request, const char *name)
{
    tq_str wanted = tq_str_of(name);
    for (uint32_t k = 0; k < request->pair_count; k++)
        if (tq_str_eq(request->pair[k].name, wanted)) return request->pair[k].value.at;
    return NULL;
}

const char *param_text(const serve_request *request, const char *name)
{
    const char *sent = param_sent(request, name);
    if (sent != NULL) return sent;
    const api_param *param = find_param(request->operation, tq_str_of(name));
    return param == NULL ? NULL : param->fallback;
}

bool param_u32(const serve_request *request, const char *name, uint32_t *out)
{
    const char *text = param_text(request, name);
    return text != NULL && tq_parse_u32(tq_str_of(text), out);
}

bool param_e7(const serve_request *request, const char *name, int32_t *out)
{
    const char *text = param_text(request, name);
    return text != NULL && tq_parse_e7(tq_str_of(text), out);
}

bool param_true(const serve_request *request, const char *name)
{
    const char *text = param_text(request, name);
    return text != NULL && strcmp(text, "true") == 0;
}
