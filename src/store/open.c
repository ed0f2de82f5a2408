/*
 * Opening, the schema and its versions, closing, and backup.
 *
 * One SQLite file with a write-ahead log and full sync. A file is ours by its application id (by
 * its one table when it is of version 1, which had no id); schema versions are in user_version. A
 * newer or foreign file is refused before anything in it is touched. After an unclean end (the log
 * is still there) a small file is read through; a big one is not, since that would keep the service
 * away for long: SQLite's own recovery is what makes it whole, and the check is for bad disks.
 */
#include <stdio.h>

#include "store/store_in.h"

#define SCHEMA_VERSION     2
#define SCHEMA_VERSION_SQL "2"
#define APPLICATION_ID     0x54517374 /* "TQst" */
#define APPLICATION_ID_SQL "1414624116"
#define BUSY_MS            5000
#define CHECK_BYTES_MAX    ((int64_t)64 << 20)
#define SIDE_NAME_MAX      (TQ_PATH_MAX + 16)

static const char VERSION_1[] =
    "CREATE TABLE import(id INTEGER PRIMARY KEY, source_hash INTEGER NOT NULL,"
    " city_version TEXT NOT NULL, at_ms INTEGER NOT NULL, report TEXT NOT NULL);";

static const char VERSION_2[] =
    "CREATE TABLE record(kind TEXT NOT NULL, id TEXT NOT NULL, state TEXT NOT NULL,"
    " version INTEGER NOT NULL, created_ms INTEGER NOT NULL, changed_ms INTEGER NOT NULL,"
    " parent TEXT NOT NULL DEFAULT '', body TEXT NOT NULL, PRIMARY KEY(kind,id)) STRICT;"
    "CREATE INDEX record_by_state ON record(kind,state,id);"
    "CREATE INDEX record_by_time ON record(kind,created_ms,id);"
    "CREATE INDEX record_by_parent ON record(parent,kind,id);"
    "CREATE TABLE number(series TEXT PRIMARY KEY, last INTEGER NOT NULL) STRICT, WITHOUT ROWID;"
    "CREATE TABLE head(name TEXT PRIMARY KEY, number INTEGER NOT NULL, hash BLOB NOT NULL)"
    " STRICT, WITHOUT ROWID;"
    "CREATE TABLE event(seq INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, topic TEXT NOT NULL,"
    " id TEXT NOT NULL, verb TEXT NOT NULL, network INTEGER NOT NULL, readers INTEGER NOT NULL,"
    " body TEXT NOT NULL) STRICT;"
    "CREATE TABLE audit(seq INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, actor TEXT NOT NULL,"
    " role TEXT NOT NULL, verb TEXT NOT NULL, kind TEXT NOT NULL, id TEXT NOT NULL,"
    " outcome TEXT NOT NULL, detail TEXT NOT NULL, hash BLOB NOT NULL) STRICT;"
    "CREATE TABLE done(actor TEXT NOT NULL, key TEXT NOT NULL, hash INTEGER NOT NULL,"
    " status INTEGER NOT NULL, answer TEXT NOT NULL, at_ms INTEGER NOT NULL,"
    " PRIMARY KEY(actor,key)) STRICT;"
    "CREATE INDEX done_by_time ON done(at_ms);"
    "CREATE TABLE peer(name TEXT PRIMARY KEY, sent INTEGER NOT NULL, receipt INTEGER NOT NULL,"
    " received INTEGER NOT NULL) STRICT, WITHOUT ROWID;"
    "CREATE TABLE outbox(peer TEXT NOT NULL, seq INTEGER NOT NULL, product TEXT NOT NULL,"
    " about TEXT NOT NULL, at_ms INTEGER NOT NULL, sent_ms INTEGER NOT NULL,"
    " receipt_ms INTEGER NOT NULL, tries INTEGER NOT NULL, body TEXT NOT NULL,"
    " PRIMARY KEY(peer,seq)) STRICT;"
    "CREATE TABLE inbox(peer TEXT NOT NULL, seq INTEGER NOT NULL, product TEXT NOT NULL,"
    " about TEXT NOT NULL, at_ms INTEGER NOT NULL, sent_ms INTEGER NOT NULL,"
    " receipt_ms INTEGER NOT NULL, tries INTEGER NOT NULL, body TEXT NOT NULL,"
    " PRIMARY KEY(peer,seq)) STRICT;"
    "CREATE TABLE reading(series TEXT NOT NULL, at_ms INTEGER NOT NULL, value0 INTEGER NOT NULL,"
    " value1 INTEGER NOT NULL, value2 INTEGER NOT NULL, value3 INTEGER NOT NULL,"
    " flags INTEGER NOT NULL, PRIMARY KEY(series,at_ms)) STRICT, WITHOUT ROWID;"
    "PRAGMA application_id=" APPLICATION_ID_SQL ";"
    "PRAGMA user_version=" SCHEMA_VERSION_SQL ";";

_Static_assert(APPLICATION_ID == 1414624116, "the two spellings of the application id");

static tq_status run_text(tq_store *store, const char *text, const char *what, tq_err *err)
{
    return sqlite3_exec(store->db, text, NULL, NULL, NULL) == SQLITE_OK
               ? TQ_OK
               : store_failed(store, what, err);
}

/* The first number that a question gives; `text` (may be NULL) the first column as it is. */
static tq_status ask_number(tq_store *store, const char *question, int64_t *out, char text[80],
                            tq_err *err)
{
    store_query query;
    sqlite3_stmt *kept = NULL;
    bool row = false;
    TQ_TRY(store_query_text(&query, store, &kept, question, err));
    tq_status status = store_query_step(&query, &row, "open the file", err);
    if (status == TQ_OK) {
        *out = row ? store_column_number(&query, 0) : 0;
        if (text != NULL) (void)snprintf(text, 80, "%s", row ? store_column_text(&query, 0) : "");
    }
    sqlite3_finalize(kept);
    return status;
}

/* *version 0 = an empty file. */
static tq_status look_at_file(tq_store *store, int64_t *version, tq_err *err)
{
    int64_t application = 0, tables = 0, imports = 0;
    TQ_TRY(ask_number(store, "PRAGMA user_version", version, NULL, err));
    TQ_TRY(ask_number(store, "PRAGMA application_id", &application, NULL, err));
    TQ_TRY(ask_number(store, "SELECT count(*) FROM sqlite_master", &tables, NULL, err));
    TQ_TRY(ask_number(store, "SELECT count(*) FROM sqlite_master WHERE name='import'", &imports,
                      NULL, err));
    if (application == APPLICATION_ID) {
        if (*version <= SCHEMA_VERSION) return TQ_OK;
        return tq_fail(err, TQ_STORE, 0,
                       "store: made by a newer program (schema %lld, this one knows %d): use that "
                       "program, or a backup from before",
                       (long long)*version, SCHEMA_VERSION);
    }
    if (application == 0 && *version == 0 && tables == 0) return TQ_OK;
    if (application == 0 && *version == 1 && imports == 1) return TQ_OK;
    return tq_fail(err, TQ_STORE, 0,
                   "store: this is another program's database, not a store: give another path");
}

static tq_status migrate(tq_store *store, tq_err *err)
{
    int64_t version = 0;
    /* Read again under the lock: another program may have done it meanwhile. */
    TQ_TRY(look_at_file(store, &version, err));
    if (version < 1) TQ_TRY(run_text(store, VERSION_1, "make its tables", err));
    if (version < 2) TQ_TRY(run_text(store, VERSION_2, "make its tables", err));
    return TQ_OK;
}

static tq_status make_schema(tq_store *store, tq_err *err)
{
    TQ_TRY(tq_store_begin(store, err));
    tq_status status = migrate(store, err);
    if (status == TQ_OK) return tq_store_commit(store, err);
    tq_store_rollback(store);
    return status;
}

/* Was the file left with a log? Asked before SQLite opens it, of the same file layer. */
static bool left_unclean(const char *path, const char *layer)
{
    sqlite3_vfs *vfs = sqlite3_vfs_find(layer);
    char full[SIDE_NAME_MAX] = "", side[SIDE_NAME_MAX + 8];
    int there = 0;
    if (vfs == NULL || vfs->mxPathname >= SIDE_NAME_MAX ||
        vfs->xFullPathname(vfs, path, SIDE_NAME_MAX, full) != SQLITE_OK)
        return false;
    (void)snprintf(side, sizeof side, "%s-wal", full);
    return vfs->xAccess(vfs, side, SQLITE_ACCESS_EXISTS, &there) == SQLITE_OK && there != 0;
}

static tq_status check_file(tq_store *store, tq_err *err)
{
    int64_t pages = 0, size = 0, none = 0;
    char found[80];
    TQ_TRY(ask_number(store, "PRAGMA page_count", &pages, NULL, err));
    TQ_TRY(ask_number(store, "PRAGMA page_size", &size, NULL, err));
    if (pages > CHECK_BYTES_MAX / TQ_MAX(size, 1)) return TQ_OK;
    TQ_TRY(ask_number(store, "PRAGMA quick_check(1)", &none, found, err));
    if (strcmp(found, "ok") == 0) return TQ_OK;
    return tq_fail(err, TQ_STORE, 0, "store: the file is damaged (%s); put a backup in its place",
                   found);
}

static tq_status set_up(tq_store *store, const tq_store_options *options, bool unclean, tq_err *err)
{
    int64_t version = 0, none = 0;
    char mode[80];
    (void)sqlite3_extended_result_codes(store->db, 1);
    (void)sqlite3_busy_timeout(store->db, BUSY_MS);
    /* Undo notes of a command stay in memory; names in a file from elsewhere are not trusted. */
    TQ_TRY(
        run_text(store,
                 "PRAGMA temp_store=MEMORY; PRAGMA trusted_schema=OFF; PRAGMA cell_size_check=ON;"
                 " PRAGMA cache_size=-16384;",
                 "set up", err));
    TQ_TRY(look_at_file(store, &version, err));
    if (options->read_only) {
        if (version == SCHEMA_VERSION) return TQ_OK;
        return tq_fail(err, TQ_STORE, 0,
                       version == 0 ? "store: the file is empty"
                                    : "store: made by an older program: start the server once, it "
                                      "brings the file up to date");
    }
    /* A new file is changed to a log by a journal that is then removed. Should that removal come
     * undone in a power cut, the journal would take back everything since: EXTRA syncs the folder.
     */
    TQ_TRY(run_text(store, "PRAGMA synchronous=EXTRA", "set up", err));
    TQ_TRY(ask_number(store, "PRAGMA journal_mode=WAL", &none, mode, err));
    if (strcmp(mode, "wal") != 0)
        return tq_fail(err, TQ_STORE, 0,
                       "store: the disk cannot hold a write-ahead log (mode %s): put the file on a "
                       "local disk",
                       mode);
    TQ_TRY(run_text(store,
                    options->normal_sync ? "PRAGMA synchronous=NORMAL" : "PRAGMA synchronous=FULL",
                    "set up", err));
    TQ_TRY(run_text(store, "PRAGMA journal_size_limit=67108864;", "set up", err));
    if (unclean) TQ_TRY(check_file(store, err));
    return version < SCHEMA_VERSION ? make_schema(store, err) : TQ_OK;
}

tq_status tq_store_open_with(const char *path, const tq_store_options *options, tq_store **out,
                             tq_err *err)
{
    int flags =
        options->read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
    tq_err why;
    tq_err_clear(&why);
    if (path == NULL || path[0] == '\0')
        return tq_fail(err, TQ_BAD_INPUT, 0, "store: no path is given");
    tq_store *store = TQ_ALLOC(tq_store, 1);
    if (store == NULL) return tq_fail(err, TQ_NO_MEMORY, 0, "no memory for the store");
    store->read_only = options->read_only;
    bool unclean = left_unclean(path, options->vfs);
    tq_status status = TQ_OK;
    if (sqlite3_open_v2(path, &store->db, flags | SQLITE_OPEN_NOMUTEX, options->vfs) != SQLITE_OK)
        status = tq_fail(&why, TQ_STORE, 0, "store: cannot open %s: %s", path,
                         store->db != NULL ? sqlite3_errmsg(store->db) : "no memory");
    else
        status = set_up(store, options, unclean, &why);
    if (status != TQ_OK) {
        tq_store_close(store);
        return tq_fail(err, status, 0, "%s (%.200s)", why.text, path);
    }
    *out = store;
    return TQ_OK;
}

tq_status tq_store_open(const char *path, tq_store **out, tq_err *err)
{
    tq_store_options options = {.size = sizeof options};
    return tq_store_open_with(path, &options, out, err);
}

void tq_store_close(tq_store *store)
{
    if (store == NULL) return;
    if (store->db != NULL) tq_store_rollback(store);
    for (unsigned k = 0; k < STATEMENT_COUNT; k++)
        sqlite3_finalize(store->kept[k]);
    for (unsigned k = 0; k < EACH_COUNT; k++)
        sqlite3_finalize(store->each[k]);
    /* Never waits for statements: all that were made have been finalized. */
    (void)sqlite3_close_v2(store->db);
    tq_buf_free(&store->scratch);
    tq_free(store);
}

/* ---- backup ------------------------------------------------------------------------------------
 */

static tq_status copy_into(tq_store *store, sqlite3 *to, const char *path, tq_err *err)
{
    sqlite3_backup *copy = sqlite3_backup_init(to, "main", store->db, "main");
    if (copy != NULL) {
        (void)sqlite3_backup_step(copy, -1);
        if (sqlite3_backup_finish(copy) == SQLITE_OK) return TQ_OK;
    }
    int code = sqlite3_errcode(to) & 0xff;
    if (code == SQLITE_FULL)
        return tq_fail(err, TQ_LIMIT, 0, "store: no space for a backup at %s", path);
    return tq_fail(err, TQ_STORE, 0, "store: cannot write a backup to %s: %s", path,
                   sqlite3_errmsg(to));
}

tq_status tq_store_backup(tq_store *store, const char *path, tq_err *err)
{
    sqlite3_vfs *vfs = NULL;
    sqlite3 *to = NULL;
    int there = 0;
    char full[SIDE_NAME_MAX] = "";
    if (store->open)
        return tq_fail(err, TQ_STORE, 0, "store: a backup is not made inside a transaction");
    (void)sqlite3_file_control(store->db, "main", SQLITE_FCNTL_VFS_POINTER, &vfs);
    if (vfs == NULL || vfs->mxPathname >= SIDE_NAME_MAX ||
        vfs->xFullPathname(vfs, path, SIDE_NAME_MAX, full) != SQLITE_OK)
        return tq_fail(err, TQ_BAD_INPUT, 0, "store: %.200s is not a path", path);
    if (vfs->xAccess(vfs, full, SQLITE_ACCESS_EXISTS, &there) == SQLITE_OK && there != 0)
        return tq_fail(err, TQ_BAD_INPUT, 0,
                       "store: %.200s is there already: a backup goes to a new file", path);
    tq_status status = TQ_OK;
    if (sqlite3_open_v2(full, &to, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, vfs->zName) !=
        SQLITE_OK)
        status = tq_fail(err, TQ_STORE, 0, "store: cannot write a backup to %.200s: %s", path,
                         to != NULL ? sqlite3_errmsg(to) : "no memory");
    else
        status = copy_into(store, to, path, err);
    (void)sqlite3_close(to);
    /* Half a copy must not be taken for a backup. */
    if (status != TQ_OK) (void)vfs->xDelete(vfs, full, 1);
    return status;
}
