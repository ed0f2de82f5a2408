/*
 * What the functions of verbs have in common: members of a body, parameters of a question, records
 * with their versions, events, answers.
 *
 * A record's body is JSON that also carries its id, state, version and the instants of its making
 * and of its last change, so that the body alone is the whole record. Answers and records are
 * written with sorted keys: the same contents are the same bytes.
 */
#include <math.h>
#include <stdio.h>

#include "desk/desk_in.h"

#define NEAR_MOST  3u
#define WORD_MAX   40u
#define NUMBER_CAP 32

static const char *const ROLE_NAMES[] = {"public",    "rider",  "clerk",   "dispatcher",
                                         "road_unit", "police", "planner", "auditor",
                                         "admin",     "peer",   "driver",  NULL};

/* ---- roles ----------------------------------------------------------------------------------- */

uint32_t tq_role_named(tq_str name)
{
    for (uint32_t role = 0; ROLE_NAMES[role] != NULL; role++)
        if (tq_str_is(name, ROLE_NAMES[role])) return 1u << role;
    return 0;
}

const char *tq_role_name(uint32_t role)
{
    for (uint32_t bit = 0; ROLE_NAMES[bit] != NULL; bit++)
        if (role == 1u << bit) return ROLE_NAMES[bit];
    return "";
}

void desk_role_names(uint32_t roles, char *out, size_t cap)
{
    size_t used = 0;
    out[0] = '\0';
    for (uint32_t bit = 0; ROLE_NAMES[bit] != NULL; bit++) {
        if (!(roles >> bit & 1) || used + strlen(ROLE_NAMES[bit]) + 3 > cap) continue;
        used +=
            (size_t)snprintf(out + used, cap - used, "%s%s", used > 0 ? ", " : "", ROLE_NAMES[bit]);
    }
}

json_t *desk_roles_json(uint32_t roles)
{
    json_t *list = json_array();
    for (uint32_t bit = 0; ROLE_NAMES[bit] != NULL; bit++)
        if (roles >> bit & 1) json_array_append_new(list, json_string(ROLE_NAMES[bit]));
    return list;
}

tq_status desk_roles_read(desk_call *call, const json_t *list, uint32_t *out)
{
    uint32_t roles = 0;
    size_t at;
    json_t *word;
    if (!json_is_array(list)) return desk_bad(call, "\"roles\" is a list such as [\"dispatcher\"]");
    json_array_foreach(list, at, word)
    {
        const char *name = json_is_string(word) ? json_string_value(word) : "";
        uint32_t role = tq_role_named(tq_str_of(name));
        const char *near = desk_nearest(name, ROLE_NAMES);
        if (role == 0)
            return desk_bad(call, "there is no role \"%.40s\"%s%s", name,
                            near != NULL ? "; did you mean " : "", near != NULL ? near : "");
        roles |= role;
    }
    *out = roles;
    return TQ_OK;
}

bool desk_is(const desk_call *call, uint32_t roles)
{
    return (call->command->actor->roles & roles) != 0;
}

/* ---- words ----------------------------------------------------------------------------------- */

/* Letters to change between two words. */
static unsigned distance(const char *a, const char *b)
{
    size_t wide = strlen(b);
    unsigned row[WORD_MAX + 1];
    if (strlen(a) > WORD_MAX || wide > WORD_MAX) return WORD_MAX;
    for (unsigned k = 0; k <= wide; k++)
        row[k] = k;
    for (unsigned line = 1; a[line - 1] != '\0'; line++) {
        unsigned corner = row[0];
        row[0] = line;
        for (size_t k = 1; k <= wide; k++) {
            unsigned above = row[k], change = corner + (a[line - 1] != b[k - 1]);
            row[k] = TQ_MIN(change, TQ_MIN(above, row[k - 1]) + 1);
            corner = above;
        }
    }
    return row[wide];
}

const char *desk_nearest(const char *word, const char *const *list)
{
    const char *best = NULL;
    unsigned least = NEAR_MOST + 1;
    for (; *list != NULL; list++) {
        unsigned away = distance(word, *list);
        if (away >= least || away >= strlen(*list)) continue;
        least = away;
        best = *list;
    }
    return best;
}

json_t *desk_masked_phone(const char *phone)
{
    char out[8] = "***";
    size_t len = strlen(phone);
    if (len >= 4) (void)snprintf(out, sizeof out, "***%s", phone + len - 4);
    return json_string(tq_utf8_valid(tq_str_of(out)) ? out : "***");
}

/* ---- JSON ------------------------------------------------------------------------------------ */

static int put_bytes(const char *bytes, size_t len, void *user)
{
    tq_buf *out = user;
    tq_buf_put(out, bytes, len);
    return out->failed ? -1 : 0;
}

tq_status desk_dump(const json_t *value, tq_buf *out, tq_err *err)
{
    if (value == NULL ||
        json_dump_callback(value, put_bytes, out,
                           JSON_COMPACT | JSON_SORT_KEYS | JSON_REAL_PRECISION(12)) != 0)
        return tq_fail(err, TQ_NO_MEMORY, 0, "no memory to write the answer");
    return TQ_OK;
}

/* How deeply a text nests; texts inside it are passed over. */
static uint32_t depth_of(tq_str text)
{
    uint32_t depth = 0, most = 0;
    bool quoted = false;
    for (size_t at = 0; at < text.len; at++) {
        char c = text.at[at];
        if (quoted) {
            if (c == '\\')
                at++;
            else if (c == '"')
                quoted = false;
            continue;
        }
        if (c == '"') quoted = true;
        if (c == '{' || c == '[') {
            depth++;
            most = TQ_MAX(most, depth);
        }
        if ((c == '}' || c == ']') && depth > 0) depth--;
    }
    return most;
}

tq_status desk_parse(tq_str text, size_t limit, const char *what, json_t **out, tq_err *err)
{
    json_error_t why;
    if (text.len == 0) {
        *out = json_object();
        return *out != NULL ? TQ_OK : tq_fail(err, TQ_NO_MEMORY, 0, "no memory");
    }
    if (text.len > limit)
        return tq_fail(err, TQ_LIMIT, 0, "%s has %zu bytes; %zu are allowed", what, text.len,
                       limit);
    if (depth_of(text) > DESK_DEPTH_MAX)
        return tq_fail(err, TQ_LIMIT, 0, "%s nests deeper than %u", what, DESK_DEPTH_MAX);
    json_t *value = json_loadb(text.at, text.len, JSON_REJECT_DUPLICATES, &why);
    if (value == NULL)
        return tq_fail(err, TQ_BAD_INPUT, (uint64_t)TQ_MAX(why.line, 0),
                       "%s is not JSON: line %d, column %d: %s", what, why.line, why.column,
                       why.text);
    if (!json_is_object(value)) {
        json_decref(value);
        return tq_fail(err, TQ_BAD_INPUT, 0, "%s must be a JSON object: {…}", what);
    }
    *out = value;
    return TQ_OK;
}

const char *desk_get_text(const json_t *object, const char *member)
{
    const char *text = json_string_value(json_object_get(object, member));
    return text != NULL ? text : "";
}

/* ---- base64 (RFC 4648, with padding) -----------------------------------------------------------
 */

static const char DIGITS[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void desk_base64_put(tq_buf *out, const void *bytes, size_t len)
{
    const uint8_t *from = bytes;
    for (size_t at = 0; at < len; at += 3) {
        uint32_t left = (uint32_t)TQ_MIN(len - at, (size_t)3), group = (uint32_t)from[at] << 16;
        if (left > 1) group |= (uint32_t)from[at + 1] << 8;
        if (left > 2) group |= from[at + 2];
        char four[4] = {DIGITS[group >> 18], DIGITS[group >> 12 & 63], '=', '='};
        if (left > 1) four[2] = DIGITS[group >> 6 & 63];
        if (left > 2) four[3] = DIGITS[group & 63];
        tq_buf_put(out, four, 4);
    }
}

tq_status desk_base64_read(tq_str text, uint8_t **bytes, size_t *len, tq_err *err)
{
    uint8_t value[256];
    memset(value, 255, sizeof value);
    for (uint8_t k = 0; k < 64; k++)
        value[(uint8_t)DIGITS[k]] = k;
    size_t pad = 0;
    while (pad < 2 && pad < text.len && text.at[text.len - 1 - pad] == '=')
        pad++;
    if (text.len % 4 != 0) return tq_fail(err, TQ_BAD_INPUT, 0, "base64 comes in groups of four");
    uint8_t *out = TQ_ALLOC(uint8_t, text.len / 4 * 3 + 1);
    if (out == NULL) return tq_fail(err, TQ_NO_MEMORY, 0, "no memory for a message");
    uint32_t group = 0;
    size_t used = 0;
    for (size_t at = 0; at < text.len; at++) {
        uint8_t digit = value[(uint8_t)text.at[at]];
        if (digit == 255 && at < text.len - pad) {
            tq_free(out);
            return tq_fail(err, TQ_BAD_INPUT, 0, "byte %zu is no digit of base64", at);
        }
        group = group << 6 | (digit == 255 ? 0u : digit);
        if (at % 4 < 3) continue;
        out[used++] = (uint8_t)(group >> 16);
        out[used++] = (uint8_t)(group >> 8);
        out[used++] = (uint8_t)group;
    }
    *bytes = out;
    *len = used - pad;
    return TQ_OK;
}

/* ---- members of a body -------------------------------------------------------------------------
 */

static json_t *member_of(const desk_call *call, const char *member)
{
    json_t *value = json_object_get(call->body, member);
    return json_is_null(value) ? NULL : value;
}

tq_status desk_text(desk_call *call, const char *member, bool need, const char **out)
{
    const json_t *value = member_of(call, member);
    *out = "";
    if (value == NULL) return need ? desk_bad(call, "\"%s\" is missing", member) : TQ_OK;
    if (!json_is_string(value)) return desk_bad(call, "\"%s\" is a text", member);
    if (json_string_length(value) > DESK_TEXT_MAX)
        return desk_bad(call, "\"%s\" has %zu bytes; %u are allowed", member,
                        json_string_length(value), DESK_TEXT_MAX);
    if (need && json_string_length(value) == 0) return desk_bad(call, "\"%s\" is empty", member);
    *out = json_string_value(value);
    return TQ_OK;
}

/* 4000000000 and 2.5, not 4e+09: people compare what they sent with what is allowed. */
static const char *number_text(double number, char out[NUMBER_CAP])
{
    bool whole = isfinite(number) && fabs(number) < 1e15 && number == floor(number);
    (void)snprintf(out, NUMBER_CAP, whole ? "%.0f" : "%.9g", number);
    return out;
}

tq_status desk_number(desk_call *call, const char *member, bool need, double least, double most,
                      double *out)
{
    const json_t *value = member_of(call, member);
    if (value == NULL) return need ? desk_bad(call, "\"%s\" is missing", member) : TQ_OK;
    if (!json_is_number(value)) return desk_bad(call, "\"%s\" is a number", member);
    double number = json_number_value(value);
    if (!isfinite(number) || number < least || number > most) {
        char text[3][NUMBER_CAP];
        return desk_bad(call, "\"%s\" is %s; from %s to %s is allowed", member,
                        number_text(number, text[0]), number_text(least, text[1]),
                        number_text(most, text[2]));
    }
    *out = number;
    return TQ_OK;
}

tq_status desk_whole(desk_call *call, const char *member, bool need, double least, double most,
                     double *out)
{
    double number = *out;
    TQ_TRY(desk_number(call, member, need, least, most, &number));
    if (number != floor(number)) return desk_bad(call, "\"%s\" is a whole number", member);
    *out = number;
    return TQ_OK;
}

tq_status desk_instant(desk_call *call, const char *member, bool need, int64_t *out)
{
    const char *text;
    tq_err why;
    if (member_of(call, member) == NULL && !need) return TQ_OK;
    TQ_TRY(desk_text(call, member, true, &text));
    if (tq_time_parse(&call->desk->city->zone, tq_str_of(text), out, &why) != TQ_OK)
        return desk_bad(call, "\"%s\" is \"%.40s\": write an instant such as 2025-06-03T08:00",
                        member, text);
    return TQ_OK;
}

tq_status desk_only(desk_call *call, const char *const *members)
{
    const char *name;
    json_t *value;
    json_object_foreach(call->body, name, value)
    {
        const char *const *one = members;
        while (*one != NULL && strcmp(*one, name) != 0)
            one++;
        if (*one != NULL || strcmp(name, "version") == 0) continue;
        const char *near = desk_nearest(name, members);
        return desk_bad(call, "%s does not know the member \"%.60s\"%s%s%s", call->command->verb,
                        name, near != NULL ? "; did you mean \"" : "", near != NULL ? near : "",
                        near != NULL ? "\"?" : "");
    }
    return TQ_OK;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

bool desk_query(const desk_call *call, const char *name, char *out, size_t cap)
{
    tq_str query = call->command->query;
    size_t at = 0, len = strlen(name);
    while (at < query.len) {
        size_t end = at;
        while (end < query.len && query.at[end] != '&')
            end++;
        bool here =
            end - at > len && memcmp(query.at + at, name, len) == 0 && query.at[at + len] == '=';
        size_t used = 0;
        for (size_t k = at + len + 1; here && k < end && used + 1 < cap; k++) {
            char c = query.at[k] == '+' ? ' ' : query.at[k];
            if (c == '%' && k + 2 < end && hex_digit(query.at[k + 1]) >= 0 &&
                hex_digit(query.at[k + 2]) >= 0) {
                c = (char)(hex_digit(query.at[k + 1]) * 16 + hex_digit(query.at[k + 2]));
                k += 2;
            }
            if (c != '\0') out[used++] = c;
        }
        if (here) {
            out[used] = '\0';
            return true;
        }
        at = end + 1;
    }
    return false;
}

/* ---- instants ----------------------------------------------------------------------------------
 */

void desk_put_instant(const desk_call *call, json_t *object, const char *member, int64_t at_ms)
{
    char text[TQ_TIME_TEXT_MAX];
    tq_time_print(&call->desk->city->zone, at_ms, text);
    json_object_set_new(object, member, json_string(text));
}

bool desk_get_instant(const desk_call *call, const json_t *object, const char *member,
                      int64_t *at_ms)
{
    tq_err why;
    const char *text = desk_get_text(object, member);
    return text[0] != '\0' &&
           tq_time_parse(&call->desk->city->zone, tq_str_of(text), at_ms, &why) == TQ_OK;
}

/* ---- records
 * ------------------------------------------------------------------------------------- */

tq_status desk_load(desk_call *call, const char *kind, const char *id, json_t **out,
                    uint64_t *version, char state[32])
{
    tq_buf text = {0};
    tq_record record;
    tq_err why;
    tq_status status = TQ_NOT_FOUND;
    if (id[0] != '\0') status = tq_store_get(call->desk->store, kind, id, &text, &record, &why);
    if (status == TQ_NOT_FOUND)
        status = tq_fail(call->err, TQ_NOT_FOUND, 0, "there is no %s \"%.48s\"", kind, id);
    else if (status != TQ_OK)
        status = tq_fail(call->err, status, 0, "%s", why.text);
    if (status == TQ_OK)
        status = desk_parse(record.body, SIZE_MAX, "a record of the store", out, call->err);
    if (status == TQ_OK) {
        if (version != NULL) *version = record.version;
        if (state != NULL) (void)snprintf(state, 32, "%s", desk_get_text(*out, "state"));
    }
    tq_buf_free(&text);
    return status;
}

tq_status desk_save(desk_call *call, const char *kind, const char *id, const char *state,
                    json_t *body, uint64_t version)
{
    tq_buf text = {0};
    uint64_t made = 0;
    json_object_set_new(body, "id", json_string(id));
    json_object_set_new(body, "state", json_string(state));
    json_object_set_new(body, "version", json_integer((json_int_t)version + 1));
    if (version == 0) desk_put_instant(call, body, "created", call->command->now_ms);
    desk_put_instant(call, body, "changed", call->command->now_ms);
    tq_status status = desk_dump(body, &text, call->err);
    tq_record record = {.kind = kind,
                        .id = id,
                        .state = state,
                        .version = version,
                        .changed_ms = call->command->now_ms,
                        .body = {text.at, text.len}};
    if (status == TQ_OK) status = tq_store_put(call->desk->store, &record, &made, call->err);
    if (status == TQ_OK && call->about[0] == '\0')
        (void)snprintf(call->about, sizeof call->about, "%s", id);
    tq_buf_free(&text);
    return status;
}

tq_status desk_expect(desk_call *call, const char *kind, const char *id, uint64_t version)
{
    const json_t *seen = member_of(call, "version");
    if (seen == NULL) return TQ_OK;
    if (!json_is_integer(seen) || json_integer_value(seen) < 1)
        return desk_bad(call, "\"version\" is the whole number that the record showed");
    if ((uint64_t)json_integer_value(seen) != version)
        return tq_fail(call->err, TQ_STALE, 0,
                       "%s %s is at version %llu, you saw %llu: look again, then decide", kind, id,
                       (unsigned long long)version, (unsigned long long)json_integer_value(seen));
    return TQ_OK;
}

tq_status desk_new_id(desk_call *call, const char *prefix, char out[TQ_ID_MAX])
{
    int32_t year = 0, second = 0;
    unsigned month = 0, day = 0;
    uint64_t number = 0;
    char series[32];
    tq_date_of(tq_local_day(&call->desk->city->zone, call->command->now_ms, &second), &year, &month,
               &day);
    (void)snprintf(series, sizeof series, "%.12s-%d", prefix, (int)year);
    TQ_TRY(tq_store_number(call->desk->store, series, &number, call->err));
    (void)snprintf(out, TQ_ID_MAX, "%s-%04llu", series, (unsigned long long)number);
    return TQ_OK;
}

void desk_look_again(tq_desk *desk)
{
    desk->closures_next_ms = desk->cases_next_ms = desk->speeds_next_ms = INT64_MIN;
    desk->points_next_ms = desk->lines_next_ms = desk->orders_next_ms = INT64_MIN;
    desk->consignments_next_ms = INT64_MIN;
}

bool desk_ids_push(desk_ids *ids, const char *id)
{
    desk_id one;
    (void)snprintf(one.text, sizeof one.text, "%s", id);
    return tq_vec_push(ids, one);
}

/* ---- events and answers
 * --------------------------------------------------------------------------- */

/* The version of the network survives even when old events are forgotten. */
static tq_status keep_version(desk_call *call, uint64_t seq)
{
    tq_buf text = {0};
    tq_record record = {0};
    tq_err why;
    uint64_t version = 0;
    tq_status status = tq_store_get(call->desk->store, "desk", "network", &text, &record, &why);
    if (status == TQ_OK)
        version = record.version;
    else if (status != TQ_NOT_FOUND)
        (void)tq_fail(call->err, status, 0, "%s", why.text);
    if (status == TQ_NOT_FOUND) status = TQ_OK;
    text.len = 0;
    tq_buf_printf(&text, "{\"at\":%lld,\"version\":%llu}", (long long)call->command->now_ms,
                  (unsigned long long)seq);
    record = (tq_record){.kind = "desk",
                         .id = "network",
                         .state = "kept",
                         .version = version,
                         .changed_ms = call->command->now_ms,
                         .body = {text.at, text.len}};
    if (status == TQ_OK) status = tq_store_put(call->desk->store, &record, &version, call->err);
    tq_buf_free(&text);
    return status;
}

static tq_status tell_ear(desk_call *call, const tq_event *event)
{
    tq_buf text = {0};
    tq_record record = {0};
    tq_desk *desk = call->desk;
    if (desk->ear == NULL) return TQ_OK;
    tq_status status =
        tq_store_get(desk->store, event->topic, event->id, &text, &record, call->err);
    tq_str body = status == TQ_OK ? record.body : TQ_STR("");
    if (status == TQ_OK || status == TQ_NOT_FOUND)
        status = desk->ear(desk->ear_user, desk->store, event, body, call->err);
    tq_buf_free(&text);
    return status;
}

tq_status desk_event(desk_call *call, const char *topic, const char *id, const char *verb,
                     bool network, uint32_t readers, json_t *body)
{
    json_auto_t *owned = body != NULL ? body : json_object();
    tq_buf text = {0};
    tq_event event = {.at_ms = call->command->now_ms,
                      .topic = topic,
                      .id = id,
                      .verb = verb,
                      .network = network,
                      .readers = readers};
    tq_status status = desk_dump(owned, &text, call->err);
    event.body = (tq_str){text.at, text.len};
    if (status == TQ_OK) status = tq_store_event(call->desk->store, &event, &event.seq, call->err);
    if (status == TQ_OK && network) status = keep_version(call, event.seq);
    if (status == TQ_OK) status = tell_ear(call, &event);
    if (status == TQ_OK && network) call->network = true;
    if (strcmp(topic, "closure") == 0) call->desk->closures_next_ms = INT64_MIN;
    if (strcmp(topic, "case") == 0) call->desk->cases_next_ms = INT64_MIN;
    if (strcmp(topic, "speeds") == 0) call->desk->speeds_next_ms = INT64_MIN;
    tq_buf_free(&text);
    return status;
}

tq_status desk_answer(desk_call *call, json_t *value)
{
    json_auto_t *owned = value;
    return desk_dump(owned, call->answer, call->err);
}

typedef struct list_run {
    desk_call *call;
    json_t *list;
    uint32_t limit, scan; /* scan: records that may still be looked at */
    bool more;
    char last[TQ_ID_MAX]; /* looked at */
    json_t *(*show)(desk_call *call, const tq_record *record);
} list_run;

static bool list_one(void *user, const tq_record *record)
{
    list_run *run = user;
    if (json_array_size(run->list) >= run->limit || run->scan == 0) {
        run->more = true;
        return false;
    }
    json_t *shown = run->show(run->call, record);
    run->scan--;
    (void)snprintf(run->last, sizeof run->last, "%s", record->id);
    if (shown != NULL) json_array_append_new(run->list, shown);
    return true;
}

static tq_status answer_page(desk_call *call, const char *name, tq_store_filter *filter,
                             list_run *run)
{
    char state[40], after[TQ_ID_MAX], parent[TQ_ID_MAX], number[16];
    json_auto_t *list = json_array();
    run->call = call;
    run->list = list;
    run->limit = DESK_LIST_DEFAULT;
    if (desk_query(call, "state", state, sizeof state) && state[0] != '\0') filter->state = state;
    if (desk_query(call, "after", after, sizeof after) && after[0] != '\0') filter->after = after;
    if (filter->parent == NULL && desk_query(call, "parent", parent, sizeof parent) &&
        parent[0] != '\0')
        filter->parent = parent;
    if (desk_query(call, "limit", number, sizeof number) &&
        (!tq_parse_u32(tq_str_of(number), &run->limit) || run->limit == 0 ||
         run->limit > DESK_LIST_MAX))
        return desk_bad(call, "limit is \"%s\": a whole number from 1 to %u is allowed", number,
                        DESK_LIST_MAX);
    TQ_TRY(tq_store_each(call->desk->store, filter, list_one, run, call->err));
    json_t *answer = json_object();
    json_object_set(answer, name, list);
    json_object_set_new(answer, "next", run->more ? json_string(run->last) : json_null());
    return desk_answer(call, answer);
}

tq_status desk_answer_list(desk_call *call, const char *kind, const char *name,
                           json_t *(*show)(desk_call *call, const tq_record *record))
{
    tq_store_filter filter = {.kind = kind};
    list_run run = {.scan = UINT32_MAX, .show = show};
    return answer_page(call, name, &filter, &run);
}

tq_status desk_answer_newest(desk_call *call, const char *kind, const char *name,
                             const char *parent,
                             json_t *(*show)(desk_call *call, const tq_record *record))
{
    tq_store_filter filter = {
        .kind = kind, .parent = parent[0] != '\0' ? parent : NULL, .newest_first = true};
    list_run run = {.scan = DESK_SCAN_MAX, .show = show};
    return answer_page(call, name, &filter, &run);
}
