/* What all subcommands share: errors and exit codes, output, progress, opening a city. */
#include <stdlib.h>
#include <unistd.h>

#include "cli/cli.h"
#include "serve/serve.h"

int cli_exit_code(tq_status status)
{
    switch (status) {
    case TQ_OK: return 0;
    case TQ_NO_ROUTE:
    case TQ_NOT_FOUND:
    case TQ_AMBIGUOUS:
    case TQ_STALE: return 1;
    case TQ_USAGE: return 2;
    case TQ_BAD_INPUT:
    case TQ_BAD_FILE:
    case TQ_BAD_CONFIG:
    case TQ_LIMIT: return 3;
    case TQ_IO:
    case TQ_STORE:
    case TQ_DENIED: return 4;
    case TQ_BUSY: return 5;
    case TQ_NO_MEMORY:
    case TQ_INTERNAL: break;
    }
    return 70;
}

int cli_fail(const cli_args *args, tq_status status, const tq_err *err)
{
    const char *text = err != NULL && err->text[0] != '\0' ? err->text : tq_status_text(status);
    if (args->json) {
        tq_buf buf = {0};
        tq_json json;
        tq_json_begin(&json, &buf);
        tq_json_object(&json);
        tq_json_key(&json, "error");
        tq_json_object(&json);
        tq_json_put_text(&json, "status", tq_status_name(status));
        tq_json_put_text(&json, "text", text);
        if (err != NULL && err->line > 0) tq_json_put_i64(&json, "line", err->line);
        tq_json_end_object(&json);
        tq_json_end_object(&json);
        (void)cli_print(&buf, 0);
    }
    fprintf(stderr, "tongqu %s: %s\n", args->command->name, text);
    return cli_exit_code(status);
}

int cli_print(tq_buf *buf, int exit_code)
{
    bool failed = buf->failed;
    if (!failed) {
        (void)fwrite(buf->at, 1, buf->len, stdout);
        if (buf->len == 0 || buf->at[buf->len - 1] != '\n') (void)fputc('\n', stdout);
    }
    tq_buf_free(buf);
    if (failed || fflush(stdout) != 0) return cli_exit_code(failed ? TQ_INTERNAL : TQ_IO);
    return exit_code;
}

void cli_progress_begin(cli_progress *progress, const cli_args *args)
{
    *progress = (cli_progress){.shown = !args->quiet && isatty(STDERR_FILENO) == 1};
}

#define BAR_WIDTH 28
#define REDRAW_NS 100000000
#define SECOND_NS 1000000000

void cli_progress_tick(void *user, const char *stage, uint64_t done, uint64_t total)
{
    cli_progress *progress = user;
    if (!progress->shown) return;
    int64_t now_ns = tq_env_real()->mono_ns(NULL);
    bool fresh = strncmp(progress->stage, stage, sizeof progress->stage - 1) != 0;
    if (fresh) {
        (void)snprintf(progress->stage, sizeof progress->stage, "%s", stage);
        progress->stage_ns = now_ns;
    }
    if (!fresh && now_ns - progress->drawn_ns < REDRAW_NS && done < total) return;
    progress->drawn_ns = now_ns;
    double spent_s = (double)(now_ns - progress->stage_ns) / SECOND_NS,
           rate = spent_s > 0 ? (double)done / spent_s : 0;
    char bar[BAR_WIDTH + 1] = "";
    unsigned full = total > 0 ? (unsigned)(TQ_MIN(done, total) * BAR_WIDTH / total) : 0;
    for (unsigned k = 0; k < BAR_WIDTH; k++)
        bar[k] = k < full ? '#' : '.';
    bar[BAR_WIDTH] = '\0';
    fprintf(stderr, "\r\033[K%-14s [%s] %10llu/s", progress->stage, bar, (unsigned long long)rate);
    if (total > done && rate > 0) fprintf(stderr, "  %4.0f s left", (double)(total - done) / rate);
    fprintf(stderr, "  %4llu MiB", (unsigned long long)(tq_peak_memory_bytes() >> 20));
}

void cli_progress_end(cli_progress *progress)
{
    if (progress->shown) fputs("\r\033[K", stderr);
    progress->shown = false;
}

tq_status cli_city_path(const char *city, char out[TQ_PATH_MAX], tq_err *err)
{
    size_t len = strlen(city);
    if (len > 5 && strcmp(city + len - 5, ".city") == 0) {
        if (len >= TQ_PATH_MAX) return tq_fail(err, TQ_BAD_INPUT, 0, "the path is too long");
        memcpy(out, city, len + 1);
        return TQ_OK;
    }
    tq_settings *settings = TQ_ALLOC(tq_settings, 1);
    char file[80];
    if (settings == NULL) return tq_fail(err, TQ_NO_MEMORY, 0, "no memory");
    tq_status status = tq_settings_read(city, settings, err);
    if (status == TQ_OK) (void)snprintf(file, sizeof file, "%s.city", settings->id);
    tq_free(settings);
    if (status == TQ_OK && !tq_path_join(out, city, file))
        status = tq_fail(err, TQ_BAD_INPUT, 0, "the path of the city folder is too long");
    return status;
}

tq_status cli_open(const char *city, cli_city *out, tq_err *err)
{
    char path[TQ_PATH_MAX];
    *out = (cli_city){0};
    TQ_TRY(cli_city_path(city, path, err));
    TQ_TRY(tq_snapshot_open(path, &out->snapshot, err));
    size_t bytes = TQ_MAX(tq_journey_work_bytes(out->snapshot.city),
                          tq_streets_work_bytes(out->snapshot.city));
    out->memory = malloc(bytes);
    if (out->memory == NULL) {
        tq_snapshot_close(&out->snapshot);
        return tq_fail(err, TQ_NO_MEMORY, 0, "no memory for a scratch of %zu bytes", bytes);
    }
    tq_arena_init(&out->work, out->memory, bytes);
    return TQ_OK;
}

void cli_close(cli_city *city)
{
    if (city->memory == NULL) return;
    tq_arena_init(&city->work, city->memory, 0);
    free(city->memory);
    tq_snapshot_close(&city->snapshot);
    city->memory = NULL;
}

tq_status cli_time(const cli_args *args, const char *name, const tq_city *city, int64_t *at_ms,
                   tq_err *err)
{
    const char *text = cli_value(args, name);
    if (text == NULL || strcmp(text, "now") == 0) {
        *at_ms = tq_env_real()->now_ms(NULL) / 1000 * 1000;
        return TQ_OK;
    }
    return tq_time_parse(&city->zone, tq_str_of(text), at_ms, err);
}
