/* The store on SQLite: one file, write-ahead log, full sync; schema version in user_version. */
#include <sqlite3.h>
#include <stdio.h>

#include "store/store.h"

#define SCHEMA_VERSION 1

struct tq_store {
    sqlite3 *db;
};

static tq_status sql_failed(tq_store *store, const char *what, tq_err *err)
{
    return tq_fail(err, TQ_STORE, 0, "store: cannot %s: %s", what, sqlite3_errmsg(store->db));
}

static tq_status run(tq_store *store, const char *sql, const char *what, tq_err *err)
{
    return sqlite3_exec(store->db, sql, NULL, NULL, NULL) == SQLITE_OK
               ? TQ_OK
               : sql_failed(store, what, err);
}

static int schema_version(tq_store *store)
{
    sqlite3_stmt *statement = NULL;
    int version = -1;
    if (sqlite3_prepare_v2(store->db, "PRAGMA user_version", -1, &statement, NULL) == SQLITE_OK &&
        sqlite3_step(statement) == SQLITE_ROW)
        version = sqlite3_column_int(statement, 0);
    sqlite3_finalize(statement);
    return version;
}

static tq_status prepare_schema(tq_store *store, tq_err *err)
{
    TQ_TRY(run(store, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA busy_timeout=5000;",
               "set up", err));
    int version = schema_version(store);
    if (version < 0) return sql_failed(store, "read its version", err);
    if (version > SCHEMA_VERSION)
        return tq_fail(err, TQ_STORE, 0,
                       "store: made by a newer program (schema %d, this one knows %d)", version,
                       SCHEMA_VERSION);
    if (version == SCHEMA_VERSION) return TQ_OK;
    return run(
        store,
        "BEGIN IMMEDIATE;"
        "CREATE TABLE IF NOT EXISTS import (id INTEGER PRIMARY KEY, source_hash INTEGER NOT NULL,"
        " city_version TEXT NOT NULL, at_ms INTEGER NOT NULL, report TEXT NOT NULL);"
        "PRAGMA user_version=1;"
        "COMMIT;",
        "make its tables", err);
}

tq_status tq_store_open(const char *path, tq_store **out, tq_err *err)
{
    tq_store *store = TQ_ALLOC(tq_store, 1);
    if (store == NULL) return tq_fail(err, TQ_NO_MEMORY, 0, "no memory for the store");
    tq_status status = TQ_OK;
    if (sqlite3_open_v2(path, &store->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL) !=
        SQLITE_OK)
        status = tq_fail(err, TQ_STORE, 0, "store: cannot open %s: %s", path,
                         store->db != NULL ? sqlite3_errmsg(store->db) : "no memory");
    if (status == TQ_OK) status = prepare_schema(store, err);
    if (status != TQ_OK) {
        tq_store_close(store);
        return status;
    }
    *out = store;
    return TQ_OK;
}

void tq_store_close(tq_store *store)
{
    if (store == NULL) return;
    sqlite3_close(store->db);
    tq_free(store);
}

tq_status tq_store_put_import(tq_store *store, const tq_import_record *record, tq_str report,
                              tq_err *err)
{
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(
            store->db,
            "INSERT INTO import(source_hash, city_version, at_ms, report) VALUES(?,?,?,?)", -1,
            &statement, NULL) != SQLITE_OK)
        return sql_failed(store, "record an import", err);
    sqlite3_bind_int64(statement, 1, (sqlite3_int64)record->source_hash);
    sqlite3_bind_text(statement, 2, record->city_version, -1, SQLITE_STATIC);
    sqlite3_bind_int64(statement, 3, record->at_ms);
    sqlite3_bind_text64(statement, 4, report.at != NULL ? report.at : "", report.len, SQLITE_STATIC,
                        SQLITE_UTF8);
    bool done = sqlite3_step(statement) == SQLITE_DONE;
    tq_status status = done ? TQ_OK : sql_failed(store, "record an import", err);
    sqlite3_finalize(statement);
    return status;
}

tq_status tq_store_last_import(tq_store *store, tq_import_record *out, tq_err *err)
{
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(
            store->db,
            "SELECT source_hash, city_version, at_ms FROM import ORDER BY id DESC LIMIT 1", -1,
            &statement, NULL) != SQLITE_OK)
        return sql_failed(store, "read the imports", err);
    int step = sqlite3_step(statement);
    tq_status status = TQ_OK;
    if (step == SQLITE_ROW) {
        tq_import_record record = {.source_hash = (uint64_t)sqlite3_column_int64(statement, 0),
                                   .at_ms = sqlite3_column_int64(statement, 2)};
        (void)snprintf(record.city_version, sizeof record.city_version, "%s",
                       sqlite3_column_text(statement, 1));
        *out = record;
    } else {
        status = step == SQLITE_DONE ? tq_fail(err, TQ_NOT_FOUND, 0, "no import has been recorded")
                                     : sql_failed(store, "read the imports", err);
    }
    sqlite3_finalize(statement);
    return status;
}
