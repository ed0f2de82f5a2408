/*
 * CSV as GTFS uses it: RFC 4180 with a head row, read from memory without copying.
 *
 * A field is a slice of the input. Only a quoted field that holds a doubled quote is copied, into
 * csv->unquoted; as that buffer may move while the csv_row grows, such fields are kept as offsets
 * until the row is complete. Invariants: no byte at or behind `end` is read; every call moves
 * forward by at least one byte or says that there is no more; after a bad row the reader stands at
 * the start of a line.
 *
 * Limits: TQ_CSV_COLUMNS_MAX columns, TQ_CSV_ROW_MAX bytes a row. Does not guess separators or
 * charsets.
 */
#include "wire/wire.h"

#define NOT_COPIED UINT32_MAX

static bool is_line_end(char c)
{
    return c == '\n' || c == '\r';
}

static const char *past_line(const char *at, const char *end)
{
    while (at < end && !is_line_end(*at))
        at++;
    if (at < end && *at == '\r') {
        at++;
        if (at < end && *at == '\n') at++;
    } else if (at < end) {
        at++;
    }
    return at;
}

/* Step over line ends between rows. Blanks alone make no row either. */
static void skip_blank_lines(tq_csv *csv)
{
    while (csv->at < csv->end) {
        const char *at = csv->at;
        while (at < csv->end && (*at == ' ' || *at == '\t'))
            at++;
        if (at < csv->end && !is_line_end(*at)) return;
        csv->at = past_line(at, csv->end);
        csv->next_line += at < csv->end;
    }
}

/* Leave a bad row: go on behind the line on which reading stopped. */
static void leave_row(tq_csv *csv, const char *at)
{
    for (const char *p = csv->at; p < at; p++)
        csv->next_line += *p == '\n' || (*p == '\r' && (p + 1 >= csv->end || p[1] != '\n'));
    csv->at = past_line(at, csv->end);
    csv->next_line++;
}

static tq_str trim_end(const char *from, const char *to)
{
    while (to > from && (to[-1] == ' ' || to[-1] == '\t'))
        to--;
    return (tq_str){from, (size_t)(to - from)};
}

/* A row being read. */
typedef struct csv_row {
    const char *at;
    uint32_t line;                       /* of `at` */
    uint32_t copied[TQ_CSV_COLUMNS_MAX]; /* offset in csv->unquoted, or NOT_COPIED */
} csv_row;

/* *at stands behind the opening quote. */
static tq_status take_quoted(tq_csv *csv, csv_row *row, tq_str *out, uint32_t *copied, tq_err *err)
{
    const char *from = row->at, *at = from, *piece = from;
    const char *limit = csv->end - csv->at > TQ_CSV_ROW_MAX ? csv->at + TQ_CSV_ROW_MAX : csv->end;
    size_t start = csv->unquoted.len;
    *copied = NOT_COPIED;
    for (;; at++) {
        if (at >= limit) {
            /* The quote may be the mistake, so only its own line is given up. */
            leave_row(csv, csv->at);
            return tq_fail(err, TQ_BAD_INPUT, csv->line,
                           "line %u: a quote is opened and not closed within %u bytes", csv->line,
                           (unsigned)TQ_CSV_ROW_MAX);
        }
        if (*at == '\n' || (*at == '\r' && (at + 1 >= csv->end || at[1] != '\n'))) row->line++;
        if (*at != '"') continue;
        if (at + 1 >= csv->end || at[1] != '"') break;
        tq_buf_put(&csv->unquoted, piece, (size_t)(at + 1 - piece));
        *copied = (uint32_t)start;
        at++;
        piece = at + 1;
    }
    if (*copied != NOT_COPIED) {
        tq_buf_put(&csv->unquoted, piece, (size_t)(at - piece));
        if (csv->unquoted.failed)
            return tq_fail(err, TQ_NO_MEMORY, csv->line, "no memory for a CSV row");
        *out = (tq_str){NULL, csv->unquoted.len - start};
    } else {
        *out = (tq_str){from, (size_t)(at - from)};
    }
    at++;
    while (at < csv->end && (*at == ' ' || *at == '\t'))
        at++;
    if (at < csv->end && *at != ',' && !is_line_end(*at)) {
        leave_row(csv, at);
        return tq_fail(err, TQ_BAD_INPUT, csv->line, "line %u: text follows a closing quote",
                       csv->line);
    }
    row->at = at;
    return TQ_OK;
}

static void take_plain(const tq_csv *csv, csv_row *row, tq_str *out)
{
    const char *from = row->at, *at = from;
    while (at < csv->end && *at != ',' && !is_line_end(*at))
        at++;
    *out = trim_end(from, at);
    row->at = at;
}

/* Read one row into csv->field; `width` is the most fields it may have. */
static tq_status take_row(tq_csv *csv, uint32_t width, uint32_t *count, tq_err *err)
{
    csv_row row = {.at = csv->at, .line = csv->next_line};
    uint32_t fields = 0;
    csv->line = csv->next_line;
    csv->unquoted.len = 0;
    for (;;) {
        while (row.at < csv->end && (*row.at == ' ' || *row.at == '\t'))
            row.at++;
        if (fields == width) {
            /* A lone comma at the end of a row is a common slip and carries nothing. */
            if (row.at >= csv->end || is_line_end(*row.at)) break;
            leave_row(csv, row.at);
            return tq_fail(err, TQ_BAD_INPUT, csv->line,
                           "line %u: more than the %u fields of the head", csv->line, width);
        }
        tq_str *field = &csv->field[fields];
        uint32_t *copied = &row.copied[fields++];
        *copied = NOT_COPIED;
        if (row.at < csv->end && *row.at == '"') {
            row.at++;
            TQ_TRY(take_quoted(csv, &row, field, copied, err));
        } else {
            take_plain(csv, &row, field);
        }
        if (row.at >= csv->end || is_line_end(*row.at)) break;
        row.at++; /* the comma */
    }
    for (uint32_t k = 0; k < fields; k++)
        if (row.copied[k] != NOT_COPIED) csv->field[k].at = csv->unquoted.at + row.copied[k];
    csv->next_line = row.line + 1;
    csv->at = past_line(row.at, csv->end);
    *count = fields;
    return TQ_OK;
}

tq_status tq_csv_begin(tq_csv *csv, tq_str bytes, tq_err *err)
{
    *csv = (tq_csv){.at = bytes.at, .end = bytes.at + bytes.len, .next_line = 1};
    if (tq_str_starts(bytes, "\xEF\xBB\xBF")) csv->at += 3;
    skip_blank_lines(csv);
    if (csv->at >= csv->end)
        return tq_fail(err, TQ_BAD_INPUT, 1, "the file is empty; a head row is needed");
    uint32_t columns = 0;
    /* The buffer of unquoted fields is reused by the next row, so a head must do without doubled
     * quotes. */
    tq_status status = take_row(csv, TQ_CSV_COLUMNS_MAX, &columns, err);
    if (status == TQ_OK && csv->unquoted.len != 0)
        status = tq_fail(err, TQ_BAD_INPUT, csv->line, "line %u: a column name holds a quote",
                         csv->line);
    if (status != TQ_OK) {
        tq_csv_end(csv);
        return status;
    }
    csv->columns = columns;
    memcpy(csv->head, csv->field, columns * sizeof *csv->head);
    return TQ_OK;
}

tq_status tq_csv_next(tq_csv *csv, bool *more, tq_err *err)
{
    skip_blank_lines(csv);
    if (csv->at >= csv->end) {
        *more = false;
        return TQ_OK;
    }
    uint32_t fields = 0;
    TQ_TRY(take_row(csv, csv->columns, &fields, err));
    csv->fields = fields;
    for (; fields < csv->columns; fields++)
        csv->field[fields] = (tq_str){"", 0};
    *more = true;
    return TQ_OK;
}

uint32_t tq_csv_column(const tq_csv *csv, const char *name)
{
    for (uint32_t column = 0; column < csv->columns; column++)
        if (tq_str_is(csv->head[column], name)) return column;
    return TQ_NONE;
}

void tq_csv_end(tq_csv *csv)
{
    tq_buf_free(&csv->unquoted);
}
