/* Readings of measuring points: one to a series and an instant, never changed once written. */
#include "store/store_in.h"

_Static_assert(TQ_READING_VALUES == 4, "the table has four columns of values");

static void read_row(const store_query *query, tq_reading *out)
{
    out->at_ms = store_column_number(query, 0);
    for (int k = 0; k < TQ_READING_VALUES; k++)
        out->value[k] = store_column_number(query, 1 + k);
    out->flags = (uint32_t)store_column_number(query, 1 + TQ_READING_VALUES);
}

/* The one that is there must be the same. */
static tq_status compare(tq_store *store, const char *series, const tq_reading *reading,
                         tq_err *err)
{
    store_query query;
    bool row = false;
    tq_reading old = {0};
    TQ_TRY(store_query_begin(&query, store, DO_READINGS, err));
    store_bind_text(&query, 1, series);
    store_bind_number(&query, 2, reading->at_ms);
    store_bind_number(&query, 3, reading->at_ms);
    store_bind_limit(&query, 4, 1);
    tq_status status = store_query_step(&query, &row, "read a reading", err);
    if (status == TQ_OK && row) read_row(&query, &old);
    store_query_end(&query);
    TQ_TRY(status);
    if (row && memcmp(old.value, reading->value, sizeof old.value) == 0 &&
        old.flags == reading->flags)
        return TQ_OK;
    return tq_fail(err, TQ_STALE, 0,
                   "series %s has another reading of that instant (%lld ms): readings are not "
                   "changed",
                   series, (long long)reading->at_ms);
}

static tq_status put(tq_store *store, const char *series, const tq_reading *reading, tq_err *err)
{
    store_query query;
    TQ_TRY(store_query_begin(&query, store, DO_PUT_READING, err));
    store_bind_text(&query, 1, series);
    store_bind_number(&query, 2, reading->at_ms);
    for (int k = 0; k < TQ_READING_VALUES; k++)
        store_bind_number(&query, 3 + k, reading->value[k]);
    store_bind_number(&query, 3 + TQ_READING_VALUES, reading->flags);
    tq_status status = store_query_run(&query, "write a reading", err);
    bool added = status == TQ_OK && sqlite3_changes(store->db) != 0;
    store_query_end(&query);
    TQ_TRY(status);
    return added ? TQ_OK : compare(store, series, reading, err);
}

tq_status tq_store_put_reading(tq_store *store, const char *series, const tq_reading *reading,
                               tq_err *err)
{
    TQ_TRY(store_check_name(series, "series", err));
    TQ_TRY(store_write_begin(store, err));
    return store_write_end(store, put(store, series, reading, err), err);
}

tq_status tq_store_readings(tq_store *store, const char *series, int64_t from_ms, int64_t to_ms,
                            uint32_t limit, bool (*seen)(void *user, const tq_reading *reading),
                            void *user, tq_err *err)
{
    store_query query;
    bool row = false, more = true;
    TQ_TRY(store_check_name(series, "series", err));
    TQ_TRY(store_still_open(store, err));
    TQ_TRY(store_query_begin(&query, store, DO_READINGS, err));
    store_bind_text(&query, 1, series);
    store_bind_number(&query, 2, from_ms);
    store_bind_number(&query, 3, to_ms);
    store_bind_limit(&query, 4, limit);
    tq_status status = store_query_step(&query, &row, "read readings", err);
    while (status == TQ_OK && row && more) {
        tq_reading reading;
        read_row(&query, &reading);
        more = seen(user, &reading);
        if (more) status = store_query_step(&query, &row, "read readings", err);
    }
    store_query_end(&query);
    return status;
}
