/*
 * What all readers of a feed share: tables of ids, findings under one policy, rows of a file, and
 * the small values (time of day, date) that GTFS writes in its own way.
 *
 * The hash table keeps the upper half of a hash beside each row number, so that a probe touches the
 * id's bytes only when it is almost certainly the one looked for.
 */
#include <stdio.h>

#include "import/gtfs_in.h"

#define SLOTS_FIRST 256u

static bool grow_slots(gtfs_slots *slots)
{
    uint32_t cap = slots->slot == NULL ? SLOTS_FIRST : (slots->mask + 1) * 2;
    if (cap == 0) return false;
    uint64_t *slot = TQ_ALLOC(uint64_t, cap);
    if (slot == NULL) return false;
    for (uint32_t k = 0; slots->slot != NULL && k <= slots->mask; k++) {
        if (slots->slot[k] == 0) continue;
        uint32_t place = (uint32_t)(slots->slot[k] >> 32) & (cap - 1);
        while (slot[place] != 0)
            place = (place + 1) & (cap - 1);
        slot[place] = slots->slot[k];
    }
    tq_free(slots->slot);
    slots->slot = slot;
    slots->mask = cap - 1;
    return true;
}

bool gtfs_slots_put(gtfs_slots *slots, uint64_t hash, uint32_t value)
{
    if ((slots->slot == NULL || slots->count * 2 > slots->mask) && !grow_slots(slots)) return false;
    uint32_t tag = (uint32_t)(hash >> 32), place = tag & slots->mask;
    while (slots->slot[place] != 0)
        place = (place + 1) & slots->mask;
    slots->slot[place] = (uint64_t)tag << 32 | (value + 1);
    slots->count++;
    return true;
}

void gtfs_slots_free(gtfs_slots *slots)
{
    tq_free(slots->slot);
    *slots = (gtfs_slots){0};
}

uint32_t gtfs_ids_find(const gtfs_ids *ids, tq_str id)
{
    uint64_t hash = tq_hash(id.at, id.len, 0);
    uint32_t probe = 0, k;
    while ((k = gtfs_slots_next(&ids->slots, hash, &probe)) != TQ_NONE) {
        const gtfs_id *known = &ids->id.at[k];
        if (known->len == id.len &&
            (id.len == 0 || memcmp(ids->bytes.at + known->offset, id.at, id.len) == 0))
            return known->row;
    }
    return TQ_NONE;
}

bool gtfs_ids_put(gtfs_ids *ids, tq_str id, uint32_t row)
{
    if (id.len > UINT32_MAX - ids->bytes.len) return false;
    gtfs_id known = {(uint32_t)ids->bytes.len, (uint32_t)id.len, row};
    tq_buf_put(&ids->bytes, id.at, id.len);
    return !ids->bytes.failed && tq_vec_push(&ids->id, known) &&
           gtfs_slots_put(&ids->slots, tq_hash(id.at, id.len, 0), (uint32_t)ids->id.count - 1);
}

void gtfs_ids_free(gtfs_ids *ids)
{
    gtfs_slots_free(&ids->slots);
    tq_vec_free(&ids->id);
    tq_buf_free(&ids->bytes);
    *ids = (gtfs_ids){0};
}

/* With several feeds a file is named with its feed. */
static void name_file(const gtfs *g, const char *file, char out[256])
{
    if (g->several)
        (void)snprintf(out, 256, "%s/%s", g->source->name, file);
    else
        (void)snprintf(out, 256, "%s", file);
}

tq_status gtfs_bad(gtfs *g, const char *code, const char *file, uint32_t line, const char *format,
                   ...)
{
    char text[320], named[256];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    name_file(g, file, named);
    if (g->build->settings->bad_rows_stop)
        return tq_fail(g->err, TQ_BAD_INPUT, line,
                       "%s line %u: %s; fix it, or set import.bad_rows: skip", named, line, text);
    tq_report_add(g->build->report, TQ_DROPPED, code, named, line, "%s", text);
    return TQ_OK;
}

void gtfs_say(gtfs *g, tq_severity severity, const char *code, const char *file, uint32_t line,
              const char *format, ...)
{
    char text[320], named[256];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    name_file(g, file, named);
    tq_report_add(g->build->report, severity, code, named, line, "%s", text);
}

tq_status gtfs_no_memory(gtfs *g)
{
    return tq_fail(g->err, TQ_NO_MEMORY, 0, "no memory for the timetable of %s",
                   gtfs_source_called(g->source));
}

const char *gtfs_csv_reason(const tq_err *why)
{
    const char *colon = strncmp(why->text, "line ", 5) == 0 ? strstr(why->text, ": ") : NULL;
    return colon != NULL ? colon + 2 : why->text;
}

tq_status gtfs_reader_open(gtfs *g, const char *file, gtfs_reader *reader)
{
    reader->g = g;
    reader->file = file;
    reader->present = false;
    TQ_TRY(gtfs_source_text(g->source, file, &reader->text, g->err));
    if (reader->text.text.at == NULL) return TQ_OK;
    tq_err why = {0};
    tq_status status = tq_csv_begin(&reader->csv, reader->text.text, &why);
    if (status == TQ_OK) {
        reader->present = true;
        return TQ_OK;
    }
    gtfs_text_free(&reader->text);
    if (status != TQ_BAD_INPUT) return tq_fail(g->err, status, why.line, "%s: %s", file, why.text);
    return gtfs_bad(g, "bad_head", file, why.line != 0 ? why.line : 1,
                    "the file cannot be read: %s", gtfs_csv_reason(&why));
}

tq_status gtfs_reader_next(gtfs_reader *reader, bool *more)
{
    *more = false;
    while (reader->present) {
        tq_err why = {0};
        tq_status status = tq_csv_next(&reader->csv, more, &why);
        if (status == TQ_OK) return TQ_OK;
        if (status != TQ_BAD_INPUT)
            return tq_fail(reader->g->err, status, why.line, "%s", why.text);
        TQ_TRY(gtfs_bad(reader->g, "bad_row", reader->file, why.line, "%s; the row is left out",
                        why.text));
    }
    return TQ_OK;
}

void gtfs_reader_close(gtfs_reader *reader)
{
    if (reader->present) tq_csv_end(&reader->csv);
    reader->present = false;
    gtfs_text_free(&reader->text);
}

static bool is_ascii(tq_str text)
{
    uint8_t any = 0;
    for (size_t k = 0; k < text.len; k++)
        any |= (uint8_t)text.at[k];
    return any < 0x80;
}

uint32_t gtfs_text_add(gtfs *g, tq_str text)
{
    if (text.len == 0) return 0;
    if (is_ascii(text) || tq_utf8_valid(text)) return tq_texts_add(g->build->texts, text);
    tq_buf mended = {0};
    const char *at = text.at, *end = text.at + text.len;
    while (at < end) {
        char bytes[4];
        tq_buf_put(&mended, bytes, tq_utf8_put(tq_utf8_next(&at, end), bytes));
    }
    uint32_t added =
        mended.failed ? 0 : tq_texts_add(g->build->texts, (tq_str){mended.at, mended.len});
    tq_buf_free(&mended);
    gtfs_say(g, TQ_WARNING, "bad_utf8", "", 0, "«%.*s» is not UTF-8; save the feed as UTF-8",
             GTFS_SLICE(text));
    return added;
}

static bool was_seen(const gtfs_slots *seen, uint32_t text)
{
    uint32_t probe = 0, known;
    while ((known = gtfs_slots_next(seen, tq_mix(text), &probe)) != TQ_NONE)
        if (known == text) return true;
    return false;
}

uint32_t gtfs_public_id(gtfs *g, gtfs_slots *seen, tq_str id, const char *file, uint32_t line,
                        bool *ok)
{
    uint32_t text = gtfs_text_add(g, id);
    if (g->several && was_seen(seen, text)) {
        char named[512];
        int len = snprintf(named, sizeof named, "%s:%.*s", g->source->name,
                           (int)TQ_MIN(id.len, (size_t)300), id.at);
        text = gtfs_text_add(g, (tq_str){named, (size_t)TQ_MAX(len, 0)});
        gtfs_say(g, TQ_NOTE, "id_of_two_feeds", file, line,
                 "an earlier feed has «%.*s» too; here it is called %s", GTFS_SLICE(id), named);
    }
    if (g->several && !was_seen(seen, text) && !gtfs_slots_put(seen, tq_mix(text), text))
        *ok = false;
    return text;
}

bool gtfs_parse_time(tq_str text, int32_t *seconds)
{
    if (text.len < 7 || text.len > 9) return false;
    const char *tail = text.at + text.len - 6; /* :MM:SS */
    if (tail[0] != ':' || tail[3] != ':') return false;
    int32_t hours = 0, digit[4];
    for (const char *at = text.at; at < tail; at++) {
        if (*at < '0' || *at > '9') return false;
        hours = hours * 10 + (*at - '0');
    }
    static const int place[4] = {1, 2, 4, 5};
    for (int k = 0; k < 4; k++) {
        digit[k] = tail[place[k]] - '0';
        if (digit[k] < 0 || digit[k] > 9) return false;
    }
    if (hours > TQ_GTFS_HOURS_MAX || digit[0] > 5 || digit[2] > 5) return false;
    *seconds = hours * 3600 + (digit[0] * 10 + digit[1]) * 60 + digit[2] * 10 + digit[3];
    return true;
}

bool gtfs_parse_date(tq_str text, int32_t *day)
{
    uint32_t number;
    if (text.len != 8 || !tq_parse_u32(text, &number)) return false;
    uint32_t year = number / 10000, month = number / 100 % 100, date = number % 100;
    if (year < 1970 || year > 2199 || month < 1 || month > 12 || date < 1 || date > 31)
        return false;
    int32_t found = tq_day_of((int32_t)year, month, date), back_year;
    unsigned back_month, back_date;
    tq_date_of(found, &back_year, &back_month, &back_date);
    if (back_month != month || back_date != date) return false;
    *day = found;
    return true;
}

void gtfs_print_time(int32_t seconds, char out[16])
{
    (void)snprintf(out, 16, "%02d:%02d:%02d", seconds / 3600, seconds / 60 % 60, seconds % 60);
}
