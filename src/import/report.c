/*
 * The import report: what was dropped, changed or worth a note, with file and line, and counters.
 *
 * Findings are grouped by severity and code. Every one is counted; the first FINDINGS_KEPT of a
 * group are kept word for word, so that a feed with a million bad rows makes a report that a person
 * can read. Order is that of first appearance; the report of the same sources is the same text but
 * for the counters of time and memory. All functions accept NULL, so that a caller without interest
 * in a report passes none.
 */
#include <stdio.h>

#include "import/import.h"

#define FINDINGS_KEPT  20u
#define GROUPS_MAX     512u
#define TEXT_BYTES_MAX 512

typedef struct finding_group {
    tq_severity severity;
    uint32_t code, count, kept;
} finding_group;

typedef struct report_counter {
    uint32_t name;
    uint64_t value;
} report_counter;

struct tq_report {
    tq_texts *texts;
    TQ_VEC(finding_group) groups;
    TQ_VEC(tq_finding)
    findings; /* in order of coming; count is the group's row until written out */
    TQ_VEC(report_counter) counters;
    uint64_t dropped;
};

static const char *const severity_name[] = {"note", "warning", "dropped"};

tq_report *tq_report_new(void)
{
    tq_report *report = TQ_ALLOC(tq_report, 1);
    if (report == NULL) return NULL;
    report->texts = tq_texts_new();
    if (report->texts == NULL) {
        tq_free(report);
        return NULL;
    }
    return report;
}

void tq_report_free(tq_report *report)
{
    if (report == NULL) return;
    tq_texts_free(report->texts);
    tq_vec_free(&report->groups);
    tq_vec_free(&report->findings);
    tq_vec_free(&report->counters);
    tq_free(report);
}

/* Row of the group, made if new; TQ_NONE when there is no room for it. */
static uint32_t group_of(tq_report *report, tq_severity severity, const char *code)
{
    for (uint32_t row = 0; row < report->groups.count; row++) {
        const finding_group *group = &report->groups.at[row];
        if (group->severity == severity &&
            strcmp(tq_texts_at(report->texts, group->code), code) == 0)
            return row;
    }
    finding_group group = {.severity = severity,
                           .code = tq_texts_add(report->texts, tq_str_of(code))};
    if (report->groups.count == GROUPS_MAX || !tq_vec_push(&report->groups, group)) return TQ_NONE;
    return (uint32_t)report->groups.count - 1;
}

/* A cut message must not end inside a character. */
static size_t whole_length(const char *text, size_t len)
{
    size_t end = len;
    while (end > 0 && ((uint8_t)text[end] & 0xC0) == 0x80)
        end--;
    return end;
}

void tq_report_add(tq_report *report, tq_severity severity, const char *code, const char *file,
                   uint32_t line, const char *format, ...)
{
    if (report == NULL) return;
    if (severity == TQ_DROPPED) report->dropped++;
    uint32_t row = group_of(report, severity, code);
    if (row == TQ_NONE) return;
    finding_group *group = &report->groups.at[row];
    if (group->count < UINT32_MAX) group->count++;
    if (group->kept == FINDINGS_KEPT) return;
    char text[TEXT_BYTES_MAX];
    va_list args;
    va_start(args, format);
    int wrote = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    size_t len = wrote < 0 ? 0 : (size_t)wrote;
    if (len >= sizeof text) len = whole_length(text, sizeof text - 4);
    tq_finding finding = {.severity = severity,
                          .code = group->code,
                          .file = tq_texts_add(report->texts, tq_str_of(file)),
                          .text = tq_texts_add(report->texts, (tq_str){text, len}),
                          .line = line,
                          .count = row};
    if (tq_vec_push(&report->findings, finding)) report->groups.at[row].kept++;
}

void tq_report_count(tq_report *report, const char *name, uint64_t value)
{
    if (report == NULL) return;
    uint32_t text = tq_texts_add(report->texts, tq_str_of(name));
    for (size_t row = 0; row < report->counters.count; row++) {
        if (report->counters.at[row].name != text) continue;
        report->counters.at[row].value = value;
        return;
    }
    (void)tq_vec_push(&report->counters, ((report_counter){text, value}));
}

uint64_t tq_report_dropped(const tq_report *report)
{
    return report == NULL ? 0 : report->dropped;
}

static void put_finding(tq_json *json, const tq_report *report, const tq_finding *finding)
{
    tq_json_object(json);
    tq_json_key(json, "severity");
    tq_json_text(json, severity_name[finding->severity]);
    tq_json_key(json, "code");
    tq_json_text(json, tq_texts_at(report->texts, finding->code));
    tq_json_key(json, "file");
    tq_json_text(json, tq_texts_at(report->texts, finding->file));
    tq_json_key(json, "line");
    tq_json_i64(json, finding->line);
    tq_json_key(json, "text");
    tq_json_text(json, tq_texts_at(report->texts, finding->text));
    tq_json_key(json, "count");
    tq_json_i64(json, report->groups.at[finding->count].count);
    tq_json_end_object(json);
}

void tq_report_json(const tq_report *report, tq_buf *out)
{
    tq_json json;
    tq_json_begin(&json, out);
    tq_json_object(&json);
    tq_json_key(&json, "counters");
    tq_json_object(&json);
    for (size_t row = 0; report != NULL && row < report->counters.count; row++) {
        tq_json_key(&json, tq_texts_at(report->texts, report->counters.at[row].name));
        tq_json_i64(&json, (int64_t)TQ_MIN(report->counters.at[row].value, (uint64_t)INT64_MAX));
    }
    tq_json_end_object(&json);
    tq_json_key(&json, "findings");
    tq_json_array(&json);
    for (size_t k = 0; report != NULL && k < report->findings.count; k++)
        put_finding(&json, report, &report->findings.at[k]);
    tq_json_end_array(&json);
    tq_json_key(&json, "dropped");
    tq_json_i64(&json, (int64_t)tq_report_dropped(report));
    tq_json_end_object(&json);
}

static void text_of_group(const tq_report *report, uint32_t row, tq_buf *out)
{
    const finding_group *group = &report->groups.at[row];
    tq_buf_printf(out, "%s %s: %u\n", severity_name[group->severity],
                  tq_texts_at(report->texts, group->code), group->count);
    for (size_t k = 0; k < report->findings.count; k++) {
        const tq_finding *finding = &report->findings.at[k];
        if (finding->count != row) continue;
        tq_buf_puts(out, "  ");
        const char *file = tq_texts_at(report->texts, finding->file);
        tq_buf_puts(out, file);
        if (finding->line != 0) {
            tq_buf_puts(out, file[0] != '\0' ? " line " : "line ");
            tq_buf_u64(out, finding->line);
        }
        if (file[0] != '\0' || finding->line != 0) tq_buf_puts(out, ": ");
        tq_buf_puts(out, tq_texts_at(report->texts, finding->text));
        tq_buf_putc(out, '\n');
    }
    if (group->count > group->kept)
        tq_buf_printf(out, "  ... and %u more\n", group->count - group->kept);
}

void tq_report_text(const tq_report *report, tq_buf *out)
{
    if (report == NULL) return;
    static const tq_severity order[] = {TQ_DROPPED, TQ_WARNING, TQ_NOTE};
    for (size_t k = 0; k < TQ_COUNT(order); k++)
        for (uint32_t row = 0; row < report->groups.count; row++)
            if (report->groups.at[row].severity == order[k]) text_of_group(report, row, out);
    for (size_t row = 0; row < report->counters.count; row++) {
        tq_buf_puts(out, tq_texts_at(report->texts, report->counters.at[row].name));
        tq_buf_puts(out, ": ");
        tq_buf_u64(out, report->counters.at[row].value);
        tq_buf_putc(out, '\n');
    }
    tq_buf_puts(out, "dropped: ");
    tq_buf_u64(out, report->dropped);
    tq_buf_putc(out, '\n');
}
