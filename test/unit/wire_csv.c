/* CSV rows: quotes, line ends, blanks, limits, and going on behind a bad row. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "wire/wire.h"

/* Rows as text: fields in [], rows end with \n, a refused row is !LINE\n. */
static void print_rows(tq_str text, tq_buf *out)
{
    tq_csv csv;
    tq_err err = {0};
    if (tq_csv_begin(&csv, text, &err) != TQ_OK) {
        tq_buf_printf(out, "head: %s", err.text);
        tq_buf_putc(out, '\0');
        return;
    }
    for (bool more = true; more;) {
        tq_status status = tq_csv_next(&csv, &more, &err);
        if (status != TQ_OK) {
            assert_int_equal(status, TQ_BAD_INPUT);
            tq_buf_printf(out, "!%u\n", err.line);
            more = true;
            continue;
        }
        if (!more) break;
        tq_buf_printf(out, "%u", csv.line);
        for (uint32_t column = 0; column < csv.columns; column++) {
            tq_buf_putc(out, '[');
            tq_buf_put(out, csv.field[column].at, csv.field[column].len);
            tq_buf_putc(out, ']');
        }
        tq_buf_putc(out, '\n');
    }
    tq_csv_end(&csv);
    tq_buf_putc(out, '\0');
}

static void rows_are_cut(void **state)
{
    (void)state;
    static const struct {
        const char *text, *rows;
    } cases[] = {
        {"a,b\n1,2\n3,4\n", "2[1][2]\n3[3][4]\n"},
        {"a,b\r\n1,2\r\n3,4", "2[1][2]\n3[3][4]\n"},
        {"a,b\r1,2\r3,4", "2[1][2]\n3[3][4]\n"},
        {"\xEF\xBB\xBF"
         "a,b\n1,2",
         "2[1][2]\n"},
        {"a,b\n\n \t\n1,2\n\n", "4[1][2]\n"},
        {"a,b\n 1 ,\t2 2 \n", "2[1][2 2]\n"},
        {"a,b\n\"1,1\",\"2\"\n", "2[1,1][2]\n"},
        {"a,b\n \"1\" , \"2\" \n", "2[1][2]\n"},
        {"a,b\n\"say \"\"hi\"\"\",\"\"\"\"\n", "2[say \"hi\"][\"]\n"},
        {"a,b\n\"x\ny\",2\n3,4\n", "2[x\ny][2]\n4[3][4]\n"},
        {"a,b\n\"x\r\ny\",2\n3,4\n", "2[x\r\ny][2]\n4[3][4]\n"},
        {"a,b\n\"\",\"\"\n", "2[][]\n"},
        {"a,b\n1\n,\n", "2[1][]\n3[][]\n"},
        {"a,b\n1,2,\n", "2[1][2]\n"},
        {"a,b\n1,2,3\n4,5\n", "!2\n3[4][5]\n"},
        {"a,b\n1,2,,\n4,5\n", "!2\n3[4][5]\n"},
        {"a,b\n\"1\"x,2\n4,5\n", "!2\n3[4][5]\n"},
        {"a,b\n\"1,2\n4,5\n", "!2\n3[4][5]\n"},
        {"a,b\n1,a\"b\n", "2[1][a\"b]\n"},
        {"a,b\n", ""},
        {"a,b", ""},
        {"", "head: the file is empty; a head row is needed"},
        {"\n\n", "head: the file is empty; a head row is needed"},
    };
    for (size_t k = 0; k < TQ_COUNT(cases); k++) {
        /* An exact-size copy, so that a read past the end is seen. */
        size_t len = strlen(cases[k].text);
        char *copy = malloc(len + 1);
        assert_non_null(copy);
        memcpy(copy, cases[k].text, len);
        char *exact = realloc(copy, len != 0 ? len : 1);
        assert_non_null(exact);
        tq_buf out = {0};
        print_rows((tq_str){exact, len}, &out);
        assert_string_equal(out.at, cases[k].rows);
        tq_buf_free(&out);
        free(exact);
    }
}

static void columns_are_found(void **state)
{
    (void)state;
    tq_csv csv;
    assert_int_equal(tq_csv_begin(&csv, TQ_STR("stop_id, \"stop_name\" ,stop_lat\n"), NULL), TQ_OK);
    assert_int_equal(csv.columns, 3);
    assert_int_equal(tq_csv_column(&csv, "stop_id"), 0);
    assert_int_equal(tq_csv_column(&csv, "stop_name"), 1);
    assert_int_equal(tq_csv_column(&csv, "stop"), TQ_NONE);
    tq_csv_end(&csv);
}

static void limits_hold(void **state)
{
    (void)state;
    tq_csv csv;
    tq_err err = {0};
    tq_buf text = {0};
    for (unsigned k = 0; k < TQ_CSV_COLUMNS_MAX; k++)
        tq_buf_puts(&text, k == 0 ? "c" : ",c");
    assert_int_equal(tq_csv_begin(&csv, (tq_str){text.at, text.len}, &err), TQ_OK);
    assert_int_equal(csv.columns, TQ_CSV_COLUMNS_MAX);
    tq_csv_end(&csv);
    tq_buf_puts(&text, ",c");
    assert_int_equal(tq_csv_begin(&csv, (tq_str){text.at, text.len}, &err), TQ_BAD_INPUT);
    assert_non_null(strstr(err.text, "256"));
    /* A quote that is closed within a row's limit, and one that is not. */
    for (int over = 0; over < 2; over++) {
        text.len = 0;
        tq_buf_puts(&text, "a\n\"");
        for (int k = 0; k < TQ_CSV_ROW_MAX - (over ? 0 : 10); k++)
            tq_buf_putc(&text, 'x');
        tq_buf_puts(&text, "\"\n1\n");
        assert_false(text.failed);
        assert_int_equal(tq_csv_begin(&csv, (tq_str){text.at, text.len}, &err), TQ_OK);
        bool more = false;
        assert_int_equal(tq_csv_next(&csv, &more, &err), over ? TQ_BAD_INPUT : TQ_OK);
        assert_int_equal(tq_csv_next(&csv, &more, &err), TQ_OK);
        assert_true(more && tq_str_is(csv.field[0], "1"));
        assert_int_equal(csv.line, 3);
        tq_csv_end(&csv);
    }
    tq_buf_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(rows_are_cut),
                                       cmocka_unit_test(columns_are_found),
                                       cmocka_unit_test(limits_hold)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
