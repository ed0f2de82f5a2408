/* store: the journal of imports survives, the newest record wins, and foreign files are refused. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "store/store.h"

static char path[64];

static int fresh_path(void **state)
{
    (void)state;
    char name[] = "/tmp/tongqu-store-XXXXXX";
    int fd = mkstemp(name);
    if (fd < 0) return 1;
    close(fd);
    (void)snprintf(path, sizeof path, "%s", name);
    return 0;
}

static int drop_path(void **state)
{
    (void)state;
    char side[80];
    (void)unlink(path);
    (void)snprintf(side, sizeof side, "%s-wal", path);
    (void)unlink(side);
    (void)snprintf(side, sizeof side, "%s-shm", path);
    (void)unlink(side);
    return 0;
}

static tq_import_record record_of(uint64_t hash)
{
    tq_import_record record = {.source_hash = hash, .at_ms = (int64_t)hash * 7};
    (void)snprintf(record.city_version, sizeof record.city_version, "v%llu",
                   (unsigned long long)hash);
    return record;
}

static void newest_record_wins_after_reopening(void **state)
{
    (void)state;
    tq_store *store = NULL;
    tq_import_record got;
    assert_int_equal(tq_store_open(path, &store, NULL), TQ_OK);
    assert_int_equal(tq_store_last_import(store, &got, NULL), TQ_NOT_FOUND);
    for (uint64_t hash = 1; hash <= 3; hash++) {
        tq_import_record record =
            record_of(UINT64_MAX - hash); /* the upper half of the numbers too */
        assert_int_equal(tq_store_put_import(store, &record, TQ_STR("{}"), NULL), TQ_OK);
    }
    tq_store_close(store);
    assert_int_equal(tq_store_open(path, &store, NULL), TQ_OK);
    assert_int_equal(tq_store_last_import(store, &got, NULL), TQ_OK);
    assert_true(got.source_hash == UINT64_MAX - 3);
    assert_string_equal(got.city_version, record_of(UINT64_MAX - 3).city_version);
    tq_store_close(store);
}

/* What put_import said yes to is there after the process dies at once. */
static void acknowledged_records_survive_a_kill(void **state)
{
    (void)state;
    for (uint64_t round = 1; round <= 20; round++) {
        int ends[2];
        assert_int_equal(pipe(ends), 0);
        pid_t child = fork();
        if (child == 0) {
            tq_store *store = NULL;
            if (tq_store_open(path, &store, NULL) != TQ_OK) _exit(1);
            for (uint64_t k = 0; k < 5; k++) {
                tq_import_record record = record_of(round * 100 + k);
                if (tq_store_put_import(store, &record, TQ_STR("{}"), NULL) != TQ_OK) _exit(1);
                if (write(ends[1], &record.source_hash, sizeof record.source_hash) !=
                    sizeof record.source_hash)
                    _exit(1);
            }
            kill(getpid(), SIGKILL);
        }
        close(ends[1]);
        uint64_t acknowledged = 0, hash;
        while (read(ends[0], &hash, sizeof hash) == sizeof hash)
            acknowledged = hash;
        close(ends[0]);
        int how;
        assert_int_equal(waitpid(child, &how, 0), child);
        tq_store *store = NULL;
        tq_import_record got;
        assert_int_equal(tq_store_open(path, &store, NULL), TQ_OK);
        assert_int_equal(tq_store_last_import(store, &got, NULL), TQ_OK);
        assert_true(got.source_hash == acknowledged && acknowledged == round * 100 + 4);
        tq_store_close(store);
    }
}

static void foreign_files_are_refused(void **state)
{
    (void)state;
    tq_store *store = NULL;
    tq_err err = {0};
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    for (unsigned k = 0; k < 3000; k++)
        assert_true(fputs("not a database ", file) >= 0);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(tq_store_open(path, &store, &err), TQ_STORE);
    assert_true(strlen(err.text) > 10);
    assert_int_equal(tq_store_open("/nonexistent/folder/x.db", &store, &err), TQ_STORE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(newest_record_wins_after_reopening, fresh_path, drop_path),
        cmocka_unit_test_setup_teardown(acknowledged_records_survive_a_kill, fresh_path, drop_path),
        cmocka_unit_test_setup_teardown(foreign_files_are_refused, fresh_path, drop_path),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
