/* Status texts, errors, assertions and the log sink. */
#include <stdio.h>
#include <stdlib.h>

#include "base/base.h"

const char *tq_status_text(tq_status status)
{
    switch (status) {
#define TQ_STATUS_TEXT(name, number, text)                                                         \
    case TQ_##name: return text;
        TQ_STATUS_MAP(TQ_STATUS_TEXT)
#undef TQ_STATUS_TEXT
    }
    return "unknown status";
}

const char *tq_status_name(tq_status status)
{
    switch (status) {
#define TQ_STATUS_NAME(name, number, text)                                                         \
    case TQ_##name: return #name;
        TQ_STATUS_MAP(TQ_STATUS_NAME)
#undef TQ_STATUS_NAME
    }
    return "UNKNOWN";
}

tq_status tq_fail(tq_err *err, tq_status status, uint64_t line, const char *format, ...)
{
    if (err == NULL) return status;
    err->status = status;
    err->line = line > UINT32_MAX ? UINT32_MAX : (uint32_t)line;
    err->offset = 0;
    va_list args;
    va_start(args, format);
    (void)vsnprintf(err->text, sizeof err->text, format, args);
    va_end(args);
    return status;
}

void tq_err_clear(tq_err *err)
{
    if (err != NULL) memset(err, 0, sizeof *err);
}

static tq_log_sink log_sink;
static void *log_user;

void tq_log_to(tq_log_sink sink, void *user)
{
    log_sink = sink;
    log_user = user;
}

void tq_log(tq_log_level level, const char *format, ...)
{
    if (log_sink == NULL) return;
    char line[1024];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(line, sizeof line, format, args);
    va_end(args);
    log_sink(log_user, level, line);
}

void tq_assert_failed(const char *cond, const char *file, int line)
{
    tq_log(TQ_LOG_ERROR, "broken promise: %s at %s:%d", cond, file, line);
    abort();
}
