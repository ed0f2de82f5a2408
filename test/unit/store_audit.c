/* store: the audit chain finds what was changed behind its back, and says which row. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "store_file.h"

#define ROWS 9

static void write_rows(tq_store *store)
{
    for (int64_t k = 1; k <= ROWS; k++) {
        tq_audit row = {.at_ms = k * 1000,
                        .actor = "li",
                        .role = "dispatcher",
                        .verb = "closure.publish",
                        .kind = "closure",
                        .id = "CL-1",
                        .outcome = k % 2 ? "done" : "refused: stale",
                        .detail = TQ_STR("{\"effect\":\"full\"}")};
        assert_int_equal(tq_store_audit(store, &row, NULL), TQ_OK);
    }
}

typedef struct last_row {
    uint64_t seq;
    char hash[65];
} last_row;

static bool see(void *user, const tq_audit *row, const char *hash)
{
    last_row *last = user;
    last->seq = row->seq;
    (void)snprintf(last->hash, sizeof last->hash, "%s", hash);
    assert_string_equal(row->actor, "li");
    assert_true(tq_str_is(row->detail, "{\"effect\":\"full\"}"));
    return true;
}

static void an_untouched_chain_is_whole(void **state)
{
    (void)state;
    tq_store *store = store_here();
    uint64_t rows = 5, broken = 5;
    char head[65];
    last_row last = {0};
    assert_int_equal(tq_store_audit_verify(store, &rows, &broken, head, NULL), TQ_OK);
    assert_true(rows == 0 && broken == 0);
    write_rows(store);
    assert_int_equal(tq_store_audit_verify(store, &rows, &broken, head, NULL), TQ_OK);
    assert_true(rows == ROWS && broken == 0);
    assert_int_equal(tq_store_audits(store, 2, 0, see, &last, NULL), TQ_OK);
    assert_true(last.seq == ROWS);
    assert_string_equal(last.hash, head);
    /* Inside a transaction too, with what is not yet committed. */
    assert_int_equal(tq_store_begin(store, NULL), TQ_OK);
    write_rows(store);
    assert_int_equal(tq_store_audit_verify(store, &rows, &broken, head, NULL), TQ_OK);
    assert_true(rows == 2 * ROWS && broken == 0);
    tq_store_rollback(store);
    assert_int_equal(tq_store_audit_verify(store, &rows, &broken, head, NULL), TQ_OK);
    assert_true(rows == ROWS && broken == 0);
    assert_string_equal(last.hash, head);
    tq_store_close(store);
}

/* Every single change to any column of any row is found at that row or the one after. */
static void changes_are_found(void **state)
{
    (void)state;
    static const struct {
        const char *change;
        uint64_t broken;
        const char *said;
    } row[] = {
        {"UPDATE audit SET at_ms=at_ms+1 WHERE seq=4", 4, "row 4 does not fit"},
        {"UPDATE audit SET actor='l', role='idispatcher' WHERE seq=4", 4, "row 4"},
        {"UPDATE audit SET actor='' WHERE seq=1", 1, "row 1"},
        {"UPDATE audit SET role='admin' WHERE seq=9", 9, "row 9"},
        {"UPDATE audit SET verb='x' WHERE seq=2", 2, "row 2"},
        {"UPDATE audit SET kind='x' WHERE seq=2", 2, "row 2"},
        {"UPDATE audit SET id='x' WHERE seq=2", 2, "row 2"},
        {"UPDATE audit SET outcome='done' WHERE seq=2", 2, "row 2"},
        {"UPDATE audit SET detail='{}' WHERE seq=2", 2, "row 2"},
        {"UPDATE audit SET hash=zeroblob(32) WHERE seq=2", 2, "row 2"},
        {"UPDATE audit SET hash=x'00' WHERE seq=2", 2, "row 2 has been changed"},
        {"DELETE FROM audit WHERE seq=5", 5, "row 5 is missing"},
        {"DELETE FROM audit WHERE seq=1", 1, "row 1 is missing"},
        {"DELETE FROM audit WHERE seq>=8", 8, "cut off: rows 8 to 9"},
        {"DELETE FROM audit", 1, "cut off"},
        {"DELETE FROM audit WHERE seq=5; UPDATE audit SET seq=seq-1 WHERE seq>5", 5, "row 5"},
        {"UPDATE audit SET seq=100 WHERE seq=3; UPDATE audit SET seq=3 WHERE seq=4;"
         "UPDATE audit SET seq=4 WHERE seq=100",
         3, "row 3"},
        {"INSERT INTO audit SELECT 0,at_ms,actor,role,verb,kind,id,outcome,detail,hash FROM audit "
         "WHERE seq=1",
         1, "row 1 is missing"},
        {"INSERT INTO audit SELECT 10,at_ms,actor,role,verb,kind,id,outcome,detail,hash FROM audit "
         "WHERE seq=9",
         10, "row 10"},
        {"UPDATE head SET number=8 WHERE name='audit'", 9, "put in behind the end"},
        {"UPDATE head SET hash=zeroblob(32) WHERE name='audit'", 9, "another hash"},
        {"DELETE FROM head", 1, "put in behind the end"},
    };
    tq_store *store = store_here();
    write_rows(store);
    for (unsigned k = 0; k < TQ_COUNT(row); k++) {
        uint64_t rows = 0, broken = 0;
        char head[65];
        tq_err err = {0};
        store_sql(store, "BEGIN");
        store_sql(store, row[k].change);
        assert_int_equal(tq_store_audit_verify(store, &rows, &broken, head, &err), TQ_OK);
        if (broken != row[k].broken || strstr(err.text, row[k].said) == NULL)
            fail_msg("%s: row %llu, %s", row[k].change, (unsigned long long)broken, err.text);
        store_sql(store, "ROLLBACK");
    }
    tq_store_close(store);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, store_folder_make, store_folder_drop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(an_untouched_chain_is_whole),
        CASE(changes_are_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
