/* The journal of imports: which sources became which city file, and the report. */
#include <stdio.h>

#include "store/store_in.h"

tq_status tq_store_put_import(tq_store *store, const tq_import_record *record, tq_str report,
                              tq_err *err)
{
    store_query query;
    TQ_TRY(store_check_body(report, err));
    TQ_TRY(store_write_begin(store, err));
    tq_status status = store_query_begin(&query, store, DO_PUT_IMPORT, err);
    if (status == TQ_OK) {
        store_bind_number(&query, 1, (int64_t)record->source_hash);
        store_bind_text(&query, 2, record->city_version);
        store_bind_number(&query, 3, record->at_ms);
        store_bind_body(&query, 4, report);
        status = store_query_run(&query, "record an import", err);
        store_query_end(&query);
    }
    return store_write_end(store, status, err);
}

tq_status tq_store_last_import(tq_store *store, tq_import_record *out, tq_err *err)
{
    store_query query;
    bool row = false;
    TQ_TRY(store_still_open(store, err));
    TQ_TRY(store_query_begin(&query, store, DO_LAST_IMPORT, err));
    tq_status status = store_query_step(&query, &row, "read the imports", err);
    if (status == TQ_OK && row) {
        tq_import_record record = {.source_hash = store_column_count(&query, 0),
                                   .at_ms = store_column_number(&query, 2)};
        (void)snprintf(record.city_version, sizeof record.city_version, "%s",
                       store_column_text(&query, 1));
        *out = record;
    } else if (status == TQ_OK) {
        status = tq_fail(err, TQ_NOT_FOUND, 0, "no import has been recorded");
    }
    store_query_end(&query);
    return status;
}
