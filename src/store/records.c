/* Records: JSON documents by kind and id, with a version that a writer must know; links to parents;
 * numbers of series. */
#include <stdio.h>

#include "store/store_in.h"

#define EACH_SQL_MAX 512

static tq_status stale(tq_store *store, const tq_record *record, tq_err *err)
{
    store_query query;
    bool row = false;
    uint64_t version = 0;
    TQ_TRY(store_query_begin(&query, store, DO_GET, err));
    store_bind_text(&query, 1, record->kind);
    store_bind_text(&query, 2, record->id);
    tq_status status = store_query_step(&query, &row, "read a record", err);
    if (status == TQ_OK && row) version = store_column_count(&query, 1);
    store_query_end(&query);
    TQ_TRY(status);
    if (!row) return tq_fail(err, TQ_STALE, 0, "%s %s is gone", record->kind, record->id);
    if (record->version == 0)
        return tq_fail(err, TQ_STALE, 0, "%s %s is there already", record->kind, record->id);
    return tq_fail(err, TQ_STALE, 0, "%s %s is at version %llu, not %llu: read it again",
                   record->kind, record->id, (unsigned long long)version,
                   (unsigned long long)record->version);
}

static tq_status put(tq_store *store, const tq_record *record, tq_err *err)
{
    store_query query;
    TQ_TRY(store_query_begin(&query, store, record->version == 0 ? DO_PUT_NEW : DO_PUT_NEXT, err));
    store_bind_text(&query, 1, record->kind);
    store_bind_text(&query, 2, record->id);
    store_bind_text(&query, 3, record->state);
    store_bind_number(&query, 4, record->changed_ms);
    store_bind_body(&query, 5, record->body);
    if (record->version != 0) store_bind_count(&query, 6, record->version);
    tq_status status = store_query_run(&query, "write a record", err);
    bool changed = status == TQ_OK && sqlite3_changes(store->db) != 0;
    store_query_end(&query);
    TQ_TRY(status);
    return changed ? TQ_OK : stale(store, record, err);
}

tq_status tq_store_put(tq_store *store, const tq_record *record, uint64_t *version, tq_err *err)
{
    TQ_TRY(store_check_name(record->kind, "kind", err));
    TQ_TRY(store_check_name(record->id, "id", err));
    TQ_TRY(store_check_text(record->state, "state", err));
    TQ_TRY(store_check_body(record->body, err));
    TQ_TRY(store_write_begin(store, err));
    TQ_TRY(store_write_end(store, put(store, record, err), err));
    if (version != NULL) *version = record->version + 1;
    return TQ_OK;
}

static tq_status no_record(const char *kind, const char *id, tq_err *err)
{
    return tq_fail(err, TQ_NOT_FOUND, 0, "there is no %s %s", kind, id);
}

/* The body, a NUL, and behind it the state: out's texts point there, body->len ends the body. */
static tq_status copy_record(const store_query *query, const char *kind, const char *id,
                             tq_buf *body, tq_record *out, tq_err *err)
{
    tq_str text = store_column_body(query, 4);
    const char *state = store_column_text(query, 0);
    body->len = 0;
    tq_buf_put(body, text.at, text.len);
    tq_buf_putc(body, '\0');
    tq_buf_put(body, state, strlen(state) + 1);
    if (body->failed) return tq_fail(err, TQ_NO_MEMORY, 0, "store: no memory for %s %s", kind, id);
    body->len = text.len;
    *out = (tq_record){.kind = kind,
                       .id = id,
                       .state = body->at + text.len + 1,
                       .version = store_column_count(query, 1),
                       .created_ms = store_column_number(query, 2),
                       .changed_ms = store_column_number(query, 3),
                       .body = {body->at, text.len}};
    return TQ_OK;
}

tq_status tq_store_get(tq_store *store, const char *kind, const char *id, tq_buf *body,
                       tq_record *out, tq_err *err)
{
    store_query query;
    bool row = false;
    TQ_TRY(store_check_name(kind, "kind", err));
    TQ_TRY(store_check_name(id, "id", err));
    TQ_TRY(store_still_open(store, err));
    TQ_TRY(store_query_begin(&query, store, DO_GET, err));
    store_bind_text(&query, 1, kind);
    store_bind_text(&query, 2, id);
    tq_status status = store_query_step(&query, &row, "read a record", err);
    if (status == TQ_OK)
        status = row ? copy_record(&query, kind, id, body, out, err) : no_record(kind, id, err);
    store_query_end(&query);
    return status;
}

/* Statements that change the record of a kind and an id; TQ_NOT_FOUND when there is none. */
static tq_status change(tq_store *store, store_statement which, const char *kind, const char *id,
                        const char *parent, tq_err *err)
{
    store_query query;
    TQ_TRY(store_query_begin(&query, store, which, err));
    store_bind_text(&query, 1, kind);
    store_bind_text(&query, 2, id);
    if (parent != NULL) store_bind_text(&query, 3, parent);
    tq_status status = store_query_run(&query, "change a record", err);
    bool changed = status == TQ_OK && sqlite3_changes(store->db) != 0;
    store_query_end(&query);
    TQ_TRY(status);
    return changed ? TQ_OK : no_record(kind, id, err);
}

tq_status tq_store_remove(tq_store *store, const char *kind, const char *id, tq_err *err)
{
    TQ_TRY(store_check_name(kind, "kind", err));
    TQ_TRY(store_check_name(id, "id", err));
    TQ_TRY(store_write_begin(store, err));
    return store_write_end(store, change(store, DO_REMOVE, kind, id, NULL, err), err);
}

tq_status tq_store_link(tq_store *store, const char *kind, const char *id, const char *parent,
                        tq_err *err)
{
    TQ_TRY(store_check_name(kind, "kind", err));
    TQ_TRY(store_check_name(id, "id", err));
    TQ_TRY(store_check_text(parent, "parent", err));
    TQ_TRY(store_write_begin(store, err));
    return store_write_end(
        store, change(store, DO_LINK, kind, id, parent != NULL ? parent : "", err), err);
}

tq_status tq_store_number(tq_store *store, const char *series, uint64_t *out, tq_err *err)
{
    store_query query;
    bool row = false;
    uint64_t number = 0;
    TQ_TRY(store_check_name(series, "series", err));
    TQ_TRY(store_write_begin(store, err));
    tq_status status = store_query_begin(&query, store, DO_NUMBER, err);
    if (status == TQ_OK) {
        store_bind_text(&query, 1, series);
        status = store_query_step(&query, &row, "count a series", err);
        if (status == TQ_OK && row) {
            number = store_column_count(&query, 0);
            status = store_query_run(&query, "count a series", err);
        }
        store_query_end(&query);
    }
    TQ_TRY(store_write_end(store, status, err));
    *out = number;
    return TQ_OK;
}

typedef struct each_plan {
    const char *state, *after, *parent; /* NULL = any */
    bool but;                           /* any state but that */
    bool newest_first;
} each_plan;

static uint32_t plan_number(const each_plan *plan)
{
    uint32_t states = plan->state == NULL ? 0 : plan->but ? 1 : 2;
    return ((states * 2 + (plan->after != NULL)) * 2 + (plan->parent != NULL)) * 2 +
           plan->newest_first;
}

static void plan_text(const each_plan *plan, char text[EACH_SQL_MAX])
{
    const char *after = "";
    if (plan->after != NULL)
        after = plan->newest_first
                    ? " AND (created_ms,id)<((SELECT created_ms FROM record WHERE kind=?1 AND "
                      "id=?3),?3)"
                    : " AND id>?3";
    (void)snprintf(text, EACH_SQL_MAX,
                   "SELECT id,state,version,created_ms,changed_ms,body FROM record WHERE kind=?1"
                   "%s%s%s ORDER BY %s LIMIT ?5",
                   plan->state == NULL ? ""
                   : plan->but         ? " AND state<>?2"
                                       : " AND state=?2",
                   plan->parent != NULL ? " AND parent=?4" : "", after,
                   plan->newest_first ? "created_ms DESC,id DESC" : "id");
}

/* Paging by time needs the time of the record to go on after. */
static tq_status check_after(tq_store *store, const tq_store_filter *filter, tq_err *err)
{
    store_query query;
    bool row = false;
    if (!filter->newest_first || filter->after == NULL) return TQ_OK;
    TQ_TRY(store_query_begin(&query, store, DO_GET, err));
    store_bind_text(&query, 1, filter->kind);
    store_bind_text(&query, 2, filter->after);
    tq_status status = store_query_step(&query, &row, "read a record", err);
    store_query_end(&query);
    TQ_TRY(status);
    return row ? TQ_OK : no_record(filter->kind, filter->after, err);
}

tq_status tq_store_each(tq_store *store, const tq_store_filter *filter,
                        bool (*seen)(void *user, const tq_record *record), void *user, tq_err *err)
{
    each_plan plan = {.state = filter->state,
                      .after = filter->after,
                      .parent = filter->parent,
                      .newest_first = filter->newest_first};
    store_query query;
    char text[EACH_SQL_MAX];
    bool row = false, more = true;
    TQ_TRY(store_check_name(filter->kind, "kind", err));
    TQ_TRY(store_still_open(store, err));
    TQ_TRY(check_after(store, filter, err));
    if (plan.state != NULL && plan.state[0] == '!') {
        plan.but = true;
        plan.state++;
    }
    plan_text(&plan, text);
    TQ_TRY(store_query_text(&query, store, &store->each[plan_number(&plan)], text, err));
    store_bind_text(&query, 1, filter->kind);
    if (plan.state != NULL) store_bind_text(&query, 2, plan.state);
    if (plan.after != NULL) store_bind_text(&query, 3, plan.after);
    if (plan.parent != NULL) store_bind_text(&query, 4, plan.parent);
    store_bind_limit(&query, 5, filter->limit);
    tq_status status = store_query_step(&query, &row, "read records", err);
    while (status == TQ_OK && row && more) {
        tq_record record = {.kind = filter->kind,
                            .id = store_column_text(&query, 0),
                            .state = store_column_text(&query, 1),
                            .version = store_column_count(&query, 2),
                            .created_ms = store_column_number(&query, 3),
                            .changed_ms = store_column_number(&query, 4),
                            .body = store_column_body(&query, 5)};
        more = seen(user, &record);
        if (more) status = store_query_step(&query, &row, "read records", err);
    }
    store_query_end(&query);
    return status;
}
