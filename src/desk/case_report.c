/*
 * Counts of cases: «500 cases, 60 % of them birds» comes out of the records.
 *
 * The question names what to count by (type, state, month or field:NAME) and may narrow by type,
 * state and the instants of opening. Shares are per cent with one decimal, rounded half up; rows
 * come by falling count, then by value.
 */
#include <stdio.h>
#include <stdlib.h>

#include "desk/case_in.h"

#define VALUES_MAX 500u
#define VALUE_MAX  64u

typedef struct value_row {
    char value[VALUE_MAX];
    uint32_t count;
} value_row;

typedef struct report {
    desk_call *call;
    char by[48], type[MACHINE_ID_MAX], state[32];
    int64_t from_ms, to_ms;
    uint32_t total;
    TQ_VEC(value_row) row;
    bool failed;
} report;

static void value_of(const report *run, const json_t *record, int64_t created_ms,
                     char out[VALUE_MAX])
{
    int32_t year, second;
    unsigned month, day;
    const char *text = "";
    char number[32];
    if (strcmp(run->by, "month") == 0) {
        tq_date_of(tq_local_day(&run->call->desk->city->zone, created_ms, &second), &year, &month,
                   &day);
        (void)snprintf(out, VALUE_MAX, "%04d-%02u", (int)year, month);
        return;
    }
    if (strncmp(run->by, "field:", 6) == 0) {
        const json_t *value = json_object_get(json_object_get(record, "fields"), run->by + 6);
        if (json_is_string(value)) text = json_string_value(value);
        if (json_is_boolean(value)) text = json_is_true(value) ? "yes" : "no";
        if (json_is_number(value)) {
            (void)snprintf(number, sizeof number, "%.10g", json_number_value(value));
            text = number;
        }
    } else {
        text = desk_get_text(record, run->by);
    }
    (void)snprintf(out, VALUE_MAX, "%s", text);
    /* A value cut inside a letter would not be text any more. */
    for (size_t len = strlen(out); len > 0 && !tq_utf8_valid((tq_str){out, len}); len--)
        out[len - 1] = '\0';
}

static bool count_one(void *user, const tq_record *record)
{
    report *run = user;
    json_error_t why;
    char value[VALUE_MAX];
    if (record->created_ms < run->from_ms || record->created_ms >= run->to_ms) return true;
    json_auto_t *body = json_loadb(record->body.at, record->body.len, 0, &why);
    if (run->type[0] != '\0' && strcmp(run->type, desk_get_text(body, "type")) != 0) return true;
    run->total++;
    value_of(run, body, record->created_ms, value);
    for (size_t k = 0; k < run->row.count; k++)
        if (strcmp(run->row.at[k].value, value) == 0) {
            run->row.at[k].count++;
            return true;
        }
    value_row row = {.count = 1};
    memcpy(row.value, value, sizeof row.value);
    if (run->row.count >= VALUES_MAX || !tq_vec_push(&run->row, row)) run->failed = true;
    return !run->failed;
}

static int by_count(const void *a, const void *b)
{
    const value_row *left = a, *right = b;
    if (left->count != right->count) return left->count > right->count ? -1 : 1;
    return strcmp(left->value, right->value);
}

static tq_status read_question(report *run)
{
    desk_call *call = run->call;
    static const char *const instants[] = {"from", "to"};
    (void)snprintf(run->by, sizeof run->by, "type");
    (void)desk_query(call, "by", run->by, sizeof run->by);
    (void)desk_query(call, "type", run->type, sizeof run->type);
    (void)desk_query(call, "state", run->state, sizeof run->state);
    if (strcmp(run->by, "type") != 0 && strcmp(run->by, "state") != 0 &&
        strcmp(run->by, "month") != 0 && strncmp(run->by, "field:", 6) != 0)
        return desk_bad(call, "by is \"%s\": type, state, month or field:NAME is counted", run->by);
    for (uint32_t k = 0; k < 2; k++) {
        char text[TQ_TIME_TEXT_MAX];
        tq_err why;
        if (desk_query(call, instants[k], text, sizeof text) &&
            tq_time_parse(&call->desk->city->zone, tq_str_of(text),
                          k == 0 ? &run->from_ms : &run->to_ms, &why) != TQ_OK)
            return desk_bad(call, "%s is \"%s\": write an instant such as 2025-06-03T08:00",
                            instants[k], text);
    }
    return TQ_OK;
}

tq_status case_report(desk_call *call)
{
    report run = {.call = call, .from_ms = INT64_MIN, .to_ms = INT64_MAX};
    TQ_TRY(read_question(&run));
    tq_store_filter filter = {.kind = "case", .state = run.state[0] != '\0' ? run.state : NULL};
    tq_status status = tq_store_each(call->desk->store, &filter, count_one, &run, call->err);
    if (status == TQ_OK && run.failed)
        status = tq_fail(call->err, TQ_LIMIT, 0, "more than %u values to count by", VALUES_MAX);
    json_auto_t *rows = json_array();
    if (run.row.count > 1) qsort(run.row.at, run.row.count, sizeof *run.row.at, by_count);
    for (size_t k = 0; k < run.row.count; k++) {
        uint64_t tenths =
            ((uint64_t)run.row.at[k].count * 2000 + run.total) / (2 * (uint64_t)run.total);
        json_array_append_new(rows, json_pack("{ss sI sf}", "value", run.row.at[k].value, "count",
                                              (json_int_t)run.row.at[k].count, "percent",
                                              (double)tenths / 10));
    }
    tq_vec_free(&run.row);
    TQ_TRY(status);
    return desk_answer(
        call, json_pack("{ss sI sO}", "by", run.by, "total", (json_int_t)run.total, "rows", rows));
}
