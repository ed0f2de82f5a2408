/* store: older, newer, foreign and damaged files; reading beside a writer; backup; a full disk. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "store_commands.h"
#include "store_file.h"
#include "store_shim.h"

static void refused(const char *path, bool read_only, tq_status expected, const char *said)
{
    tq_store_options options = {.size = sizeof options, .read_only = read_only};
    tq_store *store = NULL;
    tq_err err = {0};
    assert_int_equal(tq_store_open_with(path, &options, &store, &err), expected);
    assert_null(store);
    if (strstr(err.text, said) == NULL) fail_msg("says: %s", err.text);
}

/* A file that SQLite itself made by this text. */
static void make_file(const char *text)
{
    sqlite3 *db = NULL;
    assert_int_equal(sqlite3_open(store_path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, text, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void version_1_is_brought_up_to_date(void **state)
{
    (void)state;
    tq_import_record record;
    tq_err err = {0};
    make_file("PRAGMA journal_mode=WAL;"
              "CREATE TABLE import (id INTEGER PRIMARY KEY, source_hash INTEGER NOT NULL,"
              " city_version TEXT NOT NULL, at_ms INTEGER NOT NULL, report TEXT NOT NULL);"
              "INSERT INTO import(source_hash,city_version,at_ms,report) VALUES(7,'abc',99,'{}');"
              "PRAGMA user_version=1;");
    refused(store_path, true, TQ_STORE, "older program");
    for (unsigned k = 0; k < 2; k++) {
        tq_store *store = store_here();
        assert_int_equal(tq_store_last_import(store, &record, NULL), TQ_OK);
        assert_true(record.source_hash == 7 && record.at_ms == 99);
        assert_string_equal(record.city_version, "abc");
        assert_int_equal(do_command(store, k + 1, &err), TQ_OK);
        tq_store_close(store);
    }
}

static void other_files_are_refused(void **state)
{
    (void)state;
    tq_store_close(store_here());
    make_file("PRAGMA user_version=3");
    refused(store_path, false, TQ_STORE, "newer program (schema 3, this one knows 2)");
    refused(store_path, true, TQ_STORE, "newer program");
    (void)unlink(store_path);
    make_file("CREATE TABLE birds(name TEXT)");
    refused(store_path, false, TQ_STORE, "another program's database");
    (void)unlink(store_path);
    make_file("CREATE TABLE birds(name TEXT); PRAGMA user_version=1");
    refused(store_path, false, TQ_STORE, "another program's database");
    /* A foreign file is left as it was: not even its mode is changed. */
    assert_false(tq_file_look(store_path).size == 0);
    char *bytes = NULL;
    size_t len = 0;
    assert_int_equal(tq_file_read(store_path, 1 << 20, &bytes, &len, NULL), TQ_OK);
    assert_true(len > 20 && bytes[18] == 1 && bytes[19] == 1); /* still a journal, no log */
    tq_free(bytes);
    refused("", false, TQ_BAD_INPUT, "no path");
    refused("/nonexistent/folder/store", false, TQ_STORE, "/nonexistent/folder/store");
    refused("/tmp/tongqu-no-such-file", true, TQ_STORE, "cannot open");
}

/* Damage that a recovered file shows is named at opening, not later. */
static void a_damaged_file_is_named(void **state)
{
    (void)state;
    tq_store *store = store_here();
    for (uint64_t k = 1; k <= 200; k++)
        assert_int_equal(do_command(store, k, NULL), TQ_OK);
    tq_store_close(store);
    FILE *file = fopen(store_path, "r+b");
    assert_non_null(file);
    assert_int_equal(fseek(file, 4096 * 8, SEEK_SET), 0);
    for (unsigned k = 0; k < 4096 * 12; k++)
        assert_true(fputc(0x5a, file) != EOF);
    assert_int_equal(fclose(file), 0);
    char log[80];
    (void)snprintf(log, sizeof log, "%s-wal", store_path);
    file = fopen(log, "wb"); /* the sign of an unclean end */
    assert_non_null(file);
    assert_true(fputs("cut short", file) >= 0);
    assert_int_equal(fclose(file), 0);
    refused(store_path, false, TQ_STORE, "damaged");
}

static void a_reader_sees_what_is_committed(void **state)
{
    (void)state;
    tq_store_options options = {.size = sizeof options, .read_only = true};
    tq_store *writer = store_here(), *reader = NULL;
    tq_err err = {0};
    uint64_t last = 0;
    assert_int_equal(tq_store_open_with(store_path, &options, &reader, &err), TQ_OK);
    for (uint64_t k = 1; k <= 20; k++) {
        assert_int_equal(tq_store_begin(writer, &err), TQ_OK);
        assert_int_equal(do_command(writer, k, &err), TQ_OK);
        assert_true(tq_store_last_event(reader) == k - 1);
        assert_null(check_store(reader, &last, &err));
        assert_int_equal(tq_store_commit(writer, &err), TQ_OK);
        assert_true(tq_store_last_event(reader) == k);
    }
    assert_int_equal(do_command(reader, 21, &err), TQ_STORE);
    assert_non_null(strstr(err.text, "reading only"));
    assert_int_equal(tq_store_begin(reader, &err), TQ_STORE);
    tq_store_close(reader);
    tq_store_close(writer);
}

static void a_backup_is_whole_and_new(void **state)
{
    (void)state;
    tq_store *store = store_here(), *copy = NULL;
    char path[80];
    uint64_t last = 0;
    tq_err err = {0};
    (void)snprintf(path, sizeof path, "%s/copy", store_folder);
    for (uint64_t k = 1; k <= 30; k++)
        assert_int_equal(do_command(store, k, &err), TQ_OK);
    assert_int_equal(tq_store_begin(store, &err), TQ_OK);
    assert_int_equal(tq_store_backup(store, path, &err), TQ_STORE);
    tq_store_rollback(store);
    assert_int_equal(tq_store_backup(store, path, &err), TQ_OK);
    assert_int_equal(tq_store_backup(store, path, &err), TQ_BAD_INPUT);
    assert_int_equal(tq_store_backup(store, "/nonexistent/folder/copy", &err), TQ_STORE);
    assert_int_equal(do_command(store, 31, &err), TQ_OK);
    assert_int_equal(tq_store_open(path, &copy, &err), TQ_OK);
    assert_null(check_store(copy, &last, &err));
    assert_true(last == 30);
    assert_int_equal(do_command(copy, 31, &err), TQ_OK);
    tq_store_close(copy);
    /* A reader's handle can make one as well, in the middle of a writer's transaction. */
    tq_store_options options = {.size = sizeof options, .read_only = true};
    tq_store *reader = NULL;
    (void)snprintf(path, sizeof path, "%s/second", store_folder);
    assert_int_equal(tq_store_open_with(store_path, &options, &reader, &err), TQ_OK);
    assert_int_equal(tq_store_begin(store, &err), TQ_OK);
    assert_int_equal(do_command(store, 32, &err), TQ_OK);
    assert_int_equal(tq_store_backup(reader, path, &err), TQ_OK);
    assert_int_equal(tq_store_commit(store, &err), TQ_OK);
    tq_store_close(reader);
    copy = NULL;
    assert_int_equal(tq_store_open_with(path, &options, &copy, &err), TQ_OK);
    assert_null(check_store(copy, &last, &err));
    assert_true(last == 31);
    tq_store_close(copy);
    tq_store_close(store);
}

/* The same handle refuses by name, reads on, and works again when there is room. */
static void a_full_disk_is_named_and_heals(void **state)
{
    (void)state;
    tq_store *store = store_here();
    tq_err err = {0};
    uint64_t number = 1, last = 0;
    for (; number <= 10; number++)
        assert_int_equal(do_command(store, number, &err), TQ_OK);
    store_sql(store, "PRAGMA max_page_count=1"); /* means: not one page more than there are */
    tq_status status = TQ_OK;
    while (status == TQ_OK && number < 1000) {
        assert_int_equal(tq_store_begin(store, &err), TQ_OK);
        status = do_command(store, number, &err);
        if (status == TQ_OK) {
            assert_int_equal(tq_store_commit(store, &err), TQ_OK);
            number++;
        }
    }
    assert_int_equal(status, TQ_LIMIT);
    assert_non_null(strstr(err.text, "the disk is full: free some space; reading goes on"));
    /* The group is lost as a whole, whatever is tried in it. */
    assert_int_equal(tq_store_mark(store, &err), TQ_LIMIT);
    assert_int_equal(do_command(store, number, &err), TQ_LIMIT);
    assert_int_equal(tq_store_keep(store, &err), TQ_LIMIT);
    assert_int_equal(tq_store_commit(store, &err), TQ_LIMIT);
    assert_null(check_store(store, &last, &err));
    assert_true(last == number - 1);
    store_sql(store, "PRAGMA max_page_count=1000000");
    assert_int_equal(do_command(store, number, &err), TQ_OK);
    assert_null(check_store(store, &last, &err));
    assert_true(last == number);
    tq_store_close(store);
}

static void a_failing_disk_is_named(void **state)
{
    (void)state;
    tq_store_options options = {.size = sizeof options, .vfs = "shim"};
    tq_store *store = NULL;
    tq_err err = {0};
    shim_fresh(1);
    assert_int_equal(tq_store_open_with("city.store", &options, &store, &err), TQ_OK);
    assert_int_equal(do_command(store, 1, &err), TQ_OK);
    shim_cut_after(1);
    assert_int_equal(do_command(store, 2, &err), TQ_STORE);
    assert_true(strlen(err.text) > 10);
    shim.cut = false; /* it was only a bad moment: the same handle goes on */
    shim.cut_at = 0;
    assert_true(tq_store_last_event(store) == 1);
    assert_int_equal(do_command(store, 2, &err), TQ_OK);
    tq_store_close(store);
    shim_fresh(0);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, store_folder_make, store_folder_drop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(version_1_is_brought_up_to_date), CASE(other_files_are_refused),
        CASE(a_damaged_file_is_named),         CASE(a_reader_sees_what_is_committed),
        CASE(a_backup_is_whole_and_new),       CASE(a_full_disk_is_named_and_heals),
        CASE(a_failing_disk_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
