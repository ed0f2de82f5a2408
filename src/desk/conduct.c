/*
 * Conduct: per driver and company what was offered, accepted, refused, cancelled after accepting
 * (order by order), late, and complained about, over days of one's choice; as JSON or CSV.
 *
 * Read from the days that were put away and from the running day in each driver's record. Rates in
 * thousandths: response = accepted and assigned of offered and assigned; completion = completed of
 * accepted and assigned.
 */
#include <stdio.h>

#include "desk/supply_in.h"

#define DRIVERS_SHOWN 5000u

typedef struct tally {
    desk_call *call;
    json_t *drivers, *companies; /* by id */
    const char *company;         /* "" = all */
    char from[16], to[16];
    tq_status status;
} tally;

static json_t *row_of(json_t *all, const char *key)
{
    json_t *row = json_object_get(all, key);
    if (row != NULL) return row;
    row = json_object();
    for (uint32_t act = 0; DRIVER_ACTS[act] != NULL; act++)
        json_object_set_new(row, DRIVER_ACTS[act], json_integer(0));
    json_object_set_new(row, "complaints", json_integer(0));
    json_object_set_new(row, "income_fen", json_integer(0));
    json_object_set_new(all, key, row);
    return row;
}

static void add(json_t *row, const char *name, json_int_t more)
{
    json_object_set_new(row, name,
                        json_integer(json_integer_value(json_object_get(row, name)) + more));
}

static void add_day(tally *run, const char *id, const char *name, const char *company,
                    const json_t *day)
{
    static const char *const lists[] = {"cancelled_list", "refused_list", "late_list"};
    const char *date = desk_get_text(day, "day");
    if (date[0] == '\0' || strcmp(date, run->from) < 0 || strcmp(date, run->to) > 0) return;
    if (run->company[0] != '\0' && strcmp(run->company, company) != 0) return;
    json_t *driver = row_of(run->drivers, id), *all = row_of(run->companies, company);
    json_object_set_new(driver, "driver", json_string(id));
    json_object_set_new(driver, "name", json_string(name));
    json_object_set_new(driver, "company", json_string(company));
    json_object_set_new(all, "company", json_string(company));
    for (uint32_t act = 0; DRIVER_ACTS[act] != NULL; act++) {
        json_int_t more = json_integer_value(json_object_get(day, DRIVER_ACTS[act]));
        add(driver, DRIVER_ACTS[act], more);
        add(all, DRIVER_ACTS[act], more);
    }
    json_int_t fen = json_integer_value(json_object_get(day, "income_fen"));
    add(driver, "income_fen", fen);
    add(all, "income_fen", fen);
    for (uint32_t k = 0; k < TQ_COUNT(lists); k++) {
        const json_t *list = json_object_get(day, lists[k]);
        json_t *out = json_object_get(driver, lists[k]);
        if (out == NULL) {
            out = json_array();
            json_object_set_new(driver, lists[k], out);
        }
        for (size_t at = 0; at < json_array_size(list); at++)
            if (json_array_size(out) < CONDUCT_LIST_MOST)
                json_array_append(out, json_array_get(list, at));
    }
}

static bool see_day(void *user, const tq_record *record)
{
    tally *run = user;
    json_auto_t *body = NULL;
    if (strncmp(record->id, run->to, 10) > 0) return false;
    run->status = desk_parse(record->body, SIZE_MAX, "a record", &body, run->call->err);
    if (run->status == TQ_OK)
        add_day(run, desk_get_text(body, "driver"), desk_get_text(body, "name"),
                desk_get_text(body, "company"), body);
    return run->status == TQ_OK;
}

static bool see_driver(void *user, const tq_record *record)
{
    tally *run = user;
    json_auto_t *body = NULL;
    run->status = desk_parse(record->body, SIZE_MAX, "a record", &body, run->call->err);
    if (run->status == TQ_OK)
        add_day(run, record->id, desk_get_text(body, "name"), desk_get_text(body, "company"),
                json_object_get(body, "today"));
    return run->status == TQ_OK;
}

static bool see_complaint(void *user, const tq_record *record)
{
    tally *run = user;
    char day[16];
    json_auto_t *body = NULL;
    driver_day(run->call, record->created_ms, day);
    if (strcmp(day, run->from) < 0 || strcmp(day, run->to) > 0) return true;
    run->status = desk_parse(record->body, SIZE_MAX, "a record", &body, run->call->err);
    if (run->status != TQ_OK) return false;
    const char *id = desk_get_text(body, "driver");
    json_t *driver = json_object_get(run->drivers, id);
    if (driver == NULL) return true;
    add(driver, "complaints", 1);
    add(row_of(run->companies, desk_get_text(driver, "company")), "complaints", 1);
    return true;
}

static void put_rates(json_t *row)
{
    json_int_t accepted = json_integer_value(json_object_get(row, "accepted")),
               assigned = json_integer_value(json_object_get(row, "assigned")),
               offered = json_integer_value(json_object_get(row, "offered")),
               completed = json_integer_value(json_object_get(row, "completed"));
    json_object_set_new(row, "response_per_mille",
                        offered + assigned > 0
                            ? json_integer((accepted + assigned) * 1000 / (offered + assigned))
                            : json_null());
    json_object_set_new(row, "completion_per_mille",
                        accepted + assigned > 0
                            ? json_integer(completed * 1000 / (accepted + assigned))
                            : json_null());
}

static json_t *list_of(json_t *all)
{
    const char *key;
    json_t *row, *list = json_array();
    json_object_foreach(all, key, row)
    {
        put_rates(row);
        if (json_array_size(list) < DRIVERS_SHOWN) json_array_append(list, row);
    }
    return list;
}

/* ---- CSV ---------------------------------------------------------------------------------------
 */

static void put_field(tq_buf *out, const char *text)
{
    /* A leading sign would be a formula to a spreadsheet. */
    bool sign = text[0] == '=' || text[0] == '+' || text[0] == '-' || text[0] == '@';
    tq_buf_putc(out, '"');
    if (sign) tq_buf_putc(out, '\'');
    for (const char *c = text; *c != '\0'; c++) {
        if (*c == '"') tq_buf_putc(out, '"');
        tq_buf_putc(out, *c);
    }
    tq_buf_putc(out, '"');
}

static void put_csv(tq_buf *out, const json_t *rows)
{
    static const char *const numbers[] = {"offered",   "accepted",           "assigned",
                                          "refused",   "timed_out",          "cancelled",
                                          "late",      "no_check_in",        "complaints",
                                          "completed", "response_per_mille", "completion_per_mille",
                                          "income_fen"};
    tq_buf_puts(out, "driver,name,company");
    for (uint32_t k = 0; k < TQ_COUNT(numbers); k++)
        tq_buf_printf(out, ",%s", numbers[k]);
    tq_buf_puts(out, ",cancelled_orders\r\n");
    for (size_t at = 0; at < json_array_size(rows); at++) {
        const json_t *row = json_array_get(rows, at),
                     *list = json_object_get(row, "cancelled_list");
        put_field(out, desk_get_text(row, "driver"));
        tq_buf_putc(out, ',');
        put_field(out, desk_get_text(row, "name"));
        tq_buf_putc(out, ',');
        put_field(out, desk_get_text(row, "company"));
        for (uint32_t k = 0; k < TQ_COUNT(numbers); k++) {
            const json_t *value = json_object_get(row, numbers[k]);
            tq_buf_putc(out, ',');
            if (json_is_integer(value)) tq_buf_i64(out, json_integer_value(value));
        }
        tq_buf_putc(out, ',');
        tq_buf orders = {0};
        for (size_t k = 0; k < json_array_size(list); k++)
            tq_buf_printf(&orders, "%s%s", k > 0 ? " " : "",
                          desk_get_text(json_array_get(list, k), "order"));
        tq_buf_putc(&orders, '\0');
        put_field(out, orders.failed ? "" : orders.at);
        tq_buf_free(&orders);
        tq_buf_puts(out, "\r\n");
    }
}

/* ---- the report
 * ----------------------------------------------------------------------------------
 */

static tq_status read_date(desk_call *call, const char *name, char out[16])
{
    char text[40];
    int64_t at_ms = call->command->now_ms;
    tq_err why;
    if (desk_query(call, name, text, sizeof text) && text[0] != '\0') {
        char full[64];
        (void)snprintf(full, sizeof full, "%s%s", text, strlen(text) == 10 ? "T12:00" : "");
        if (tq_time_parse(&call->desk->city->zone, tq_str_of(full), &at_ms, &why) != TQ_OK)
            return desk_bad(call, "%s is \"%s\": write a date such as 2025-06-03", name, text);
    }
    driver_day(call, at_ms, out);
    return TQ_OK;
}

tq_status conduct_report(desk_call *call)
{
    char company[64] = "", format[8] = "";
    json_auto_t *drivers = json_object(), *companies = json_object();
    tally run = {.call = call, .drivers = drivers, .companies = companies, .company = company};
    TQ_TRY(read_date(call, "from", run.from));
    TQ_TRY(read_date(call, "to", run.to));
    if (strcmp(run.from, run.to) > 0)
        return desk_bad(call, "from %s lies after to %s", run.from, run.to);
    (void)desk_query(call, "company", company, sizeof company);
    bool csv = desk_query(call, "format", format, sizeof format) && strcmp(format, "csv") == 0;
    tq_store_filter days = {.kind = "conduct", .after = run.from}, people = {.kind = "driver"},
                    complaints = {.kind = "complaint"};
    TQ_TRY(tq_store_each(call->desk->store, &days, see_day, &run, call->err));
    TQ_TRY(run.status);
    TQ_TRY(tq_store_each(call->desk->store, &people, see_driver, &run, call->err));
    TQ_TRY(run.status);
    TQ_TRY(tq_store_each(call->desk->store, &complaints, see_complaint, &run, call->err));
    TQ_TRY(run.status);
    json_t *answer = json_object(), *rows = list_of(drivers);
    json_object_set_new(answer, "from", json_string(run.from));
    json_object_set_new(answer, "to", json_string(run.to));
    json_object_set_new(answer, "companies", list_of(companies));
    if (csv) {
        tq_buf text = {0};
        put_csv(&text, rows);
        json_object_set_new(answer, "csv", json_stringn(text.at, text.len));
        tq_buf_free(&text);
        json_decref(rows);
    } else {
        json_object_set_new(answer, "drivers", rows);
    }
    return desk_answer(call, answer);
}
