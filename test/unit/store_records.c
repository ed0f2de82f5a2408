/* store: records, versions, filters, links, series; transactions, marks and undoing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "store_file.h"

static tq_status put(tq_store *store, const char *id, const char *state, uint64_t version,
                     int64_t at_ms, uint64_t *made, tq_err *err)
{
    tq_record record = {.kind = "case",
                        .id = id,
                        .state = state,
                        .version = version,
                        .changed_ms = at_ms,
                        .body = TQ_STR("{\"a\":1}")};
    return tq_store_put(store, &record, made, err);
}

static void a_writer_must_know_the_version(void **state)
{
    (void)state;
    tq_store *store = store_here();
    uint64_t version = 77;
    tq_err err = {0};
    tq_buf body = {0};
    tq_record got = {0};
    tq_buf_puts(&body, "left over from before");
    assert_int_equal(tq_store_get(store, "case", "A", &body, &got, &err), TQ_NOT_FOUND);
    assert_int_equal(put(store, "A", "open", 1, 5, &version, &err), TQ_STALE);
    assert_non_null(strstr(err.text, "gone"));
    assert_true(version == 77);
    assert_int_equal(put(store, "A", "open", 0, 5, &version, &err), TQ_OK);
    assert_true(version == 1);
    assert_int_equal(put(store, "A", "open", 0, 6, &version, &err), TQ_STALE);
    assert_int_equal(put(store, "A", "ended", 1, 7, &version, &err), TQ_OK);
    assert_true(version == 2);
    assert_int_equal(put(store, "A", "open", 1, 8, &version, &err), TQ_STALE);
    assert_non_null(strstr(err.text, "version 2, not 1"));
    assert_int_equal(tq_store_get(store, "case", "A", &body, &got, &err), TQ_OK);
    assert_string_equal(got.state, "ended");
    assert_true(got.version == 2 && got.created_ms == 5 && got.changed_ms == 7);
    assert_true(tq_str_is(got.body, "{\"a\":1}") && body.len == got.body.len);
    assert_true(body.at[body.len] == '\0');
    assert_int_equal(tq_store_remove(store, "case", "A", &err), TQ_OK);
    assert_int_equal(tq_store_remove(store, "case", "A", &err), TQ_NOT_FOUND);
    tq_buf_free(&body);
    tq_store_close(store);
}

typedef struct name_list {
    tq_store *store;
    char text[64];
    uint32_t stop_at;
} name_list;

static bool see(void *user, const tq_record *record)
{
    name_list *names = user;
    size_t len = strlen(names->text);
    (void)snprintf(names->text + len, sizeof names->text - len, "%s", record->id);
    return names->stop_at == 0 || strlen(names->text) < names->stop_at;
}

/* Asks the same question again while the first answer is being read. */
static bool see_again(void *user, const tq_record *record)
{
    name_list *names = user;
    name_list inner = {.store = names->store};
    tq_store_filter filter = {.kind = "case"};
    tq_buf body = {0};
    tq_record got;
    assert_int_equal(tq_store_each(names->store, &filter, see, &inner, NULL), TQ_OK);
    assert_string_equal(inner.text, "ABCDE");
    assert_int_equal(tq_store_get(names->store, "case", record->id, &body, &got, NULL), TQ_OK);
    tq_buf_free(&body);
    return see(names, record);
}

static void filters_pick(void **state)
{
    (void)state;
    static const struct {
        tq_store_filter filter;
        uint32_t stop_at;
        const char *found;
    } row[] = {
        {{.kind = "case"}, 0, "ABCDE"},
        {{.kind = "case"}, 2, "AB"},
        {{.kind = "other"}, 0, ""},
        {{.kind = "case", .limit = 2}, 0, "AB"},
        {{.kind = "case", .after = "B"}, 0, "CDE"},
        {{.kind = "case", .after = "BB", .limit = 1}, 0, "C"},
        {{.kind = "case", .state = "open"}, 0, "ACE"},
        {{.kind = "case", .state = "!open"}, 0, "BD"},
        {{.kind = "case", .state = "!ended", .after = "A"}, 0, "CE"},
        {{.kind = "case", .newest_first = true}, 0, "CBAED"},
        {{.kind = "case", .newest_first = true, .after = "B"}, 0, "AED"},
        {{.kind = "case", .newest_first = true, .after = "E", .state = "ended"}, 0, "D"},
        {{.kind = "case", .newest_first = true, .limit = 2, .state = "open"}, 0, "CA"},
        {{.kind = "case", .parent = "P"}, 0, "BE"},
        {{.kind = "case", .parent = "P", .state = "open"}, 0, "E"},
        {{.kind = "case", .parent = "P", .newest_first = true, .after = "B"}, 0, "E"},
        {{.kind = "case", .parent = "Q"}, 0, ""},
    };
    static const struct {
        const char *id, *state;
        int64_t at_ms;
    } made[] = {{"A", "open", 30},
                {"B", "ended", 40},
                {"C", "open", 50},
                {"D", "ended", 10},
                {"E", "open", 20}};
    tq_store *store = store_here();
    for (unsigned k = 0; k < TQ_COUNT(made); k++)
        assert_int_equal(put(store, made[k].id, made[k].state, 0, made[k].at_ms, NULL, NULL),
                         TQ_OK);
    assert_int_equal(tq_store_link(store, "case", "B", "P", NULL), TQ_OK);
    assert_int_equal(tq_store_link(store, "case", "E", "P", NULL), TQ_OK);
    assert_int_equal(tq_store_link(store, "case", "A", "P", NULL), TQ_OK);
    assert_int_equal(tq_store_link(store, "case", "A", NULL, NULL), TQ_OK);
    assert_int_equal(tq_store_link(store, "case", "Z", "P", NULL), TQ_NOT_FOUND);
    for (unsigned k = 0; k < TQ_COUNT(row); k++) {
        name_list names = {.stop_at = row[k].stop_at};
        assert_int_equal(tq_store_each(store, &row[k].filter, see, &names, NULL), TQ_OK);
        if (strcmp(names.text, row[k].found) != 0)
            fail_msg("row %u: %s, not %s", k, names.text, row[k].found);
    }
    tq_store_filter gone = {.kind = "case", .newest_first = true, .after = "nobody"};
    name_list all = {.store = store};
    assert_int_equal(tq_store_each(store, &gone, see, &all, NULL), TQ_NOT_FOUND);
    tq_store_filter cases = {.kind = "case"};
    assert_int_equal(tq_store_each(store, &cases, see_again, &all, NULL), TQ_OK);
    assert_string_equal(all.text, "ABCDE");
    tq_store_close(store);
}

static void undo_takes_back_one_command(void **state)
{
    (void)state;
    tq_store *store = store_here();
    uint64_t number = 0;
    tq_buf body = {0};
    tq_record got;
    assert_int_equal(tq_store_begin(store, NULL), TQ_OK);
    for (unsigned k = 0; k < 4; k++) {
        char id[2] = {(char)('A' + k), '\0'};
        assert_int_equal(tq_store_mark(store, NULL), TQ_OK);
        assert_int_equal(put(store, id, "open", 0, 1, NULL, NULL), TQ_OK);
        assert_int_equal(tq_store_number(store, "case-2026", &number, NULL), TQ_OK);
        if (k % 2 == 0)
            assert_int_equal(tq_store_keep(store, NULL), TQ_OK);
        else
            tq_store_undo(store);
    }
    assert_true(number == 3); /* the fourth took it after the second and third gave theirs */
    assert_int_equal(tq_store_commit(store, NULL), TQ_OK);
    assert_int_equal(tq_store_get(store, "case", "A", &body, &got, NULL), TQ_OK);
    assert_int_equal(tq_store_get(store, "case", "B", &body, &got, NULL), TQ_NOT_FOUND);
    assert_int_equal(tq_store_get(store, "case", "C", &body, &got, NULL), TQ_OK);
    assert_int_equal(tq_store_number(store, "case-2026", &number, NULL), TQ_OK);
    assert_true(number == 3);
    assert_int_equal(tq_store_begin(store, NULL), TQ_OK);
    assert_int_equal(put(store, "D", "open", 0, 1, NULL, NULL), TQ_OK);
    tq_store_rollback(store);
    tq_store_rollback(store);
    tq_store_undo(store);
    assert_int_equal(tq_store_get(store, "case", "D", &body, &got, NULL), TQ_NOT_FOUND);
    tq_buf_free(&body);
    tq_store_close(store);
}

static void calls_out_of_order_are_refused(void **state)
{
    (void)state;
    tq_store *store = store_here();
    assert_int_equal(tq_store_commit(store, NULL), TQ_STORE);
    assert_int_equal(tq_store_mark(store, NULL), TQ_STORE);
    assert_int_equal(tq_store_begin(store, NULL), TQ_OK);
    assert_int_equal(tq_store_begin(store, NULL), TQ_STORE);
    assert_int_equal(tq_store_keep(store, NULL), TQ_STORE);
    assert_int_equal(tq_store_mark(store, NULL), TQ_OK);
    assert_int_equal(tq_store_mark(store, NULL), TQ_STORE);
    assert_int_equal(put(store, "A", "open", 0, 1, NULL, NULL), TQ_OK);
    assert_int_equal(tq_store_commit(store, NULL), TQ_STORE); /* a command is half done */
    assert_int_equal(put(store, "A", "open", 0, 1, NULL, NULL), TQ_OK);
    tq_store_close(store);
}

static void limits_are_named(void **state)
{
    (void)state;
    tq_store *store = store_here();
    static char name[TQ_STORE_NAME_MAX + 2];
    tq_err err = {0};
    memset(name, 'x', TQ_STORE_NAME_MAX);
    assert_int_equal(put(store, name, "open", 0, 1, NULL, &err), TQ_OK);
    name[TQ_STORE_NAME_MAX] = 'x';
    assert_int_equal(put(store, name, "open", 0, 1, NULL, &err), TQ_LIMIT);
    assert_non_null(strstr(err.text, "id"));
    assert_int_equal(put(store, "", "open", 0, 1, NULL, &err), TQ_BAD_INPUT);
    assert_int_equal(put(store, NULL, "open", 0, 1, NULL, &err), TQ_BAD_INPUT);
    char *big = TQ_ALLOC(char, TQ_STORE_BODY_MAX + 1);
    assert_non_null(big);
    tq_record record = {.kind = "case", .id = "big", .body = {big, TQ_STORE_BODY_MAX + 1}};
    assert_int_equal(tq_store_put(store, &record, NULL, &err), TQ_LIMIT);
    tq_free(big);
    tq_store_close(store);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, store_folder_make, store_folder_drop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_writer_must_know_the_version),
        CASE(filters_pick),
        CASE(undo_takes_back_one_command),
        CASE(calls_out_of_order_are_refused),
        CASE(limits_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
