/*
 * Cells of a freight table: decimals, hours, words, cargoes and days, each refused with file, line,
 * column, value and what to do about it. No floating point: a decimal has at most six places and
 * becomes millionths exactly.
 */
#include <stdio.h>

#include "freight/load_in.h"

#define SHOWN_MAX 40 /* bytes of a bad value repeated in a message */

tq_str sheet_cell(const table_sheet *sheet, uint32_t column)
{
    uint32_t at = sheet->at[column];
    return at == TQ_NONE ? (tq_str){NULL, 0} : sheet->csv.field[at];
}

tq_status sheet_bad(const table_sheet *sheet, uint32_t column, const char *remedy, const char *what,
                    ...)
{
    char said[200];
    va_list args;
    va_start(args, what);
    int n = vsnprintf(said, sizeof said, what, args);
    va_end(args);
    if (n < 0) said[0] = '\0';
    tq_str value = sheet_cell(sheet, column);
    if (value.len > SHOWN_MAX) {
        value.len = SHOWN_MAX;
        while (value.len > 0 && ((uint8_t)value.at[value.len] & 0xC0) == 0x80)
            value.len--;
    }
    if (!tq_utf8_valid(value)) value = TQ_STR("(not UTF-8)");
    return tq_fail(sheet->load->err, TQ_BAD_INPUT, sheet->csv.line,
                   "%s line %u, column %s, «%.*s»: %s; %s", sheet->file, sheet->csv.line,
                   sheet->columns[column].name, (int)value.len, value.len ? value.at : "", said,
                   remedy);
}

tq_status sheet_memory(const table_sheet *sheet)
{
    return tq_fail(sheet->load->err, TQ_NO_MEMORY, sheet->csv.line, "no memory for %s",
                   sheet->file);
}

/* Two columns of one name: which of them counts? */
static tq_status check_head(const table_sheet *sheet, uint32_t column_count)
{
    for (uint32_t k = 0; k < column_count; k++)
        for (uint32_t at = sheet->at[k]; at != TQ_NONE && ++at < sheet->csv.columns;)
            if (tq_str_is(sheet->csv.head[at], sheet->columns[k].name))
                return tq_fail(sheet->load->err, TQ_BAD_INPUT, 1,
                               "%s line 1: column %s is there twice; keep one", sheet->file,
                               sheet->columns[k].name);
    return TQ_OK;
}

tq_status sheet_read(loader *load, const tq_freight_text *text, const column_head *columns,
                     uint32_t column_count, uint32_t rows_max, row_reader read)
{
    table_sheet sheet = {.load = load, .file = text->name, .columns = columns};
    tq_status status = tq_csv_begin(&sheet.csv, text->bytes, load->err);
    if (status != TQ_OK) return status;
    for (uint32_t k = 0; k < column_count && status == TQ_OK; k++) {
        sheet.at[k] = tq_csv_column(&sheet.csv, columns[k].name);
        if (sheet.at[k] == TQ_NONE && columns[k].need == NEEDED)
            status = tq_fail(load->err, TQ_BAD_INPUT, 1, "%s line 1: no column %s; add it",
                             text->name, columns[k].name);
    }
    if (status == TQ_OK) status = check_head(&sheet, column_count);
    uint32_t rows = 0;
    for (bool more = true; status == TQ_OK;) {
        tq_err local = {0};
        status = tq_csv_next(&sheet.csv, &more, &local);
        if (status != TQ_OK) {
            tq_fail(load->err, status, sheet.csv.line, "%s line %u: %.300s; mend the row",
                    text->name, sheet.csv.line, local.text);
            break;
        }
        if (!more) break;
        if (sheet.csv.fields != sheet.csv.columns)
            /* A row cut short, or shifted by a comma that was lost. */
            status = tq_fail(load->err, TQ_BAD_INPUT, sheet.csv.line,
                             "%s line %u: %u fields, the head has %u; mend the row, an empty field "
                             "needs its comma",
                             text->name, sheet.csv.line, sheet.csv.fields, sheet.csv.columns);
        else if (++rows > rows_max)
            status = tq_fail(load->err, TQ_LIMIT, sheet.csv.line,
                             "%s line %u: more than %u rows; split the network", text->name,
                             sheet.csv.line, rows_max);
        else
            status = read(&sheet);
    }
    tq_csv_end(&sheet.csv);
    return status;
}

static bool parse_e6(tq_str text, int64_t *out)
{
    bool minus = text.len > 0 && text.at[0] == '-', point = false;
    int64_t value = 0;
    unsigned digits = 0, places = 0;
    for (size_t k = minus; k < text.len; k++) {
        char c = text.at[k];
        if (c == '.' && !point) {
            point = true;
            continue;
        }
        if (c < '0' || c > '9' || value > INT64_MAX / 100 || (point && places == 6)) return false;
        value = value * 10 + (c - '0');
        digits++;
        places += point;
    }
    if (digits == 0) return false;
    for (; places < 6; places++) {
        if (value > INT64_MAX / 100) return false;
        value *= 10;
    }
    *out = minus ? -value : value;
    return true;
}

tq_status sheet_e6(const table_sheet *sheet, uint32_t column, int64_t min, int64_t max,
                   blank_rule blank, int64_t *out)
{
    tq_str text = sheet_cell(sheet, column);
    if (text.len == 0 && blank == BLANK_IS_ZERO) {
        *out = 0;
        return TQ_OK;
    }
    if (text.len == 0) return sheet_bad(sheet, column, "fill it in", "a number is missing");
    int64_t value;
    if (!parse_e6(text, &value))
        return sheet_bad(sheet, column, "write digits with a decimal point",
                         "not a number with at most six decimal places");
    if (value < 0 && min >= 0)
        return sheet_bad(sheet, column, "write it without the sign", "may not be negative");
    if (value < min || value > max)
        return sheet_bad(sheet, column, "check the unit", "not between %.6g and %.6g",
                         (double)min / 1e6, (double)max / 1e6);
    *out = value;
    return TQ_OK;
}

tq_status sheet_hours(const table_sheet *sheet, uint32_t column, blank_rule blank, int32_t *out)
{
    int64_t hours_e6;
    TQ_TRY(sheet_e6(sheet, column, 0, 8760 * E6, blank, &hours_e6));
    *out = (int32_t)half_up((freight_wide)hours_e6 * DS_HOUR, E6);
    return TQ_OK;
}

tq_status sheet_word(const table_sheet *sheet, uint32_t column, const char *const *words,
                     uint32_t count, uint8_t *out)
{
    tq_str text = sheet_cell(sheet, column);
    char known[120] = "";
    size_t len = 0;
    for (uint32_t k = 0; k < count; k++) {
        if (tq_str_is(text, words[k])) {
            *out = (uint8_t)k;
            return TQ_OK;
        }
        int n = snprintf(known + len, sizeof known - len, "%s%s", k ? ", " : "", words[k]);
        if (n > 0 && len + (size_t)n < sizeof known) len += (size_t)n;
    }
    char remedy[160];
    snprintf(remedy, sizeof remedy, "use one of %s", known);
    return sheet_bad(sheet, column, remedy, "unknown word");
}

bool next_piece(tq_str *rest, char sep, tq_str *piece)
{
    if (rest->len == 0) return false;
    size_t len = 0;
    while (len < rest->len && rest->at[len] != sep)
        len++;
    *piece = tq_str_trim((tq_str){rest->at, len});
    size_t used = TQ_MIN(len + 1, rest->len);
    rest->at += used;
    rest->len -= used;
    return true;
}

tq_status sheet_cargoes(const table_sheet *sheet, uint32_t column, bool any_when_blank,
                        uint8_t *mask)
{
    tq_str rest = sheet_cell(sheet, column), piece;
    uint8_t found = 0;
    if (rest.len == 0 && any_when_blank) found = (1u << TQ_FREIGHT_CARGOES) - 1;
    if (rest.len == 0 && !any_when_blank)
        return sheet_bad(sheet, column, "name cargo classes, divided by ;", "no cargo class");
    while (next_piece(&rest, ';', &piece)) {
        uint32_t cargo = 0;
        while (cargo < TQ_FREIGHT_CARGOES && !tq_str_is(piece, freight_cargoes[cargo]))
            cargo++;
        if (cargo == TQ_FREIGHT_CARGOES)
            return sheet_bad(sheet, column, "use bulk, container, general, mail, divided by ;",
                             "unknown cargo class");
        found |= (uint8_t)(1u << cargo);
    }
    *mask = found;
    return TQ_OK;
}

bool parse_day(tq_str text, int32_t *day)
{
    static const unsigned char days_of[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (text.len != 10 || text.at[4] != '-' || text.at[7] != '-') return false;
    uint32_t year, month, day_of_month;
    if (!tq_parse_u32((tq_str){text.at, 4}, &year) ||
        !tq_parse_u32((tq_str){text.at + 5, 2}, &month) ||
        !tq_parse_u32((tq_str){text.at + 8, 2}, &day_of_month))
        return false;
    if (year < 1900 || month < 1 || month > 12 || day_of_month < 1 ||
        day_of_month > days_of[month - 1])
        return false;
    if (month == 2 && day_of_month == 29 && (year % 4 != 0 || (year % 100 == 0 && year % 400 != 0)))
        return false;
    /* Days from 1970-01-01, counting years from March. */
    int64_t y = (int64_t)year - (month <= 2), era = y / 400, of_era = y % 400;
    int64_t of_year = (153 * ((int64_t)month + (month > 2 ? -3 : 9)) + 2) / 5 + day_of_month - 1;
    *day = (int32_t)(era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468);
    return true;
}

tq_status sheet_days(const table_sheet *sheet, uint32_t from, uint32_t to, int32_t *from_day,
                     int32_t *to_day)
{
    const uint32_t columns[2] = {from, to};
    int32_t days[2] = {DAY_MIN, DAY_MAX};
    for (unsigned k = 0; k < 2; k++) {
        tq_str text = sheet_cell(sheet, columns[k]);
        if (text.len != 0 && !parse_day(text, &days[k]))
            return sheet_bad(sheet, columns[k], "write YYYY-MM-DD or leave it empty", "not a date");
    }
    if (days[0] > days[1])
        return sheet_bad(sheet, to, "exchange the two dates", "ends before it begins");
    *from_day = days[0];
    *to_day = days[1];
    return TQ_OK;
}

bool take_text(tq_freight *net, tq_str text, uint32_t *offset)
{
    if (text.len == 0) {
        *offset = 0;
        return true;
    }
    if (net->names.len + text.len + 1 >= UINT32_MAX) return false;
    *offset = (uint32_t)net->names.len;
    tq_buf_put(&net->names, text.at, text.len);
    tq_buf_putc(&net->names, '\0');
    return !net->names.failed;
}

tq_status sheet_text(const table_sheet *sheet, uint32_t column, uint32_t *offset)
{
    tq_str text = sheet_cell(sheet, column);
    if (!tq_utf8_valid(text) || (text.len && memchr(text.at, '\0', text.len)))
        return sheet_bad(sheet, column, "save the file as UTF-8", "not UTF-8 text");
    return take_text(sheet->load->net, text, offset) ? TQ_OK : sheet_memory(sheet);
}

tq_status sheet_name(const table_sheet *sheet, uint32_t column, uint32_t *offset)
{
    if (sheet_cell(sheet, column).len == 0)
        return sheet_bad(sheet, column, "fill it in", "a name is missing");
    return sheet_text(sheet, column, offset);
}
