/* tongqu init, import, check, serve, version: the life of a city folder. */
#include "tongqu/version.h"

#include "cli/cli.h"
#include "serve/serve.h"
#include "store/store.h"

#define STORE_NAME "state.db"

static tq_status take_sources(const cli_args *args, unsigned row_name, char list[][512],
                              uint32_t *count, tq_err *err)
{
    for (unsigned k = 0; k < args->repeat_count; k++) {
        if (args->repeated_of[k] != row_name) continue;
        if (*count == TQ_SOURCES_MAX || strlen(args->repeated[k]) >= 512)
            return tq_fail(err, TQ_LIMIT, 0,
                           "at most %d sources of a kind, paths of at most 511 bytes",
                           TQ_SOURCES_MAX);
        if (!tq_file_look(args->repeated[k]).exists)
            return tq_fail(err, TQ_BAD_INPUT, 0, "there is no %s", args->repeated[k]);
        /* The file lives elsewhere: the folder's settings must find it from any working directory.
         */
        char full[TQ_PATH_MAX];
        TQ_TRY(tq_path_full(args->repeated[k], full, err));
        if (strlen(full) >= 512)
            return tq_fail(err, TQ_LIMIT, 0, "the path of %s is over 511 bytes", args->repeated[k]);
        memcpy(list[*count], full, strlen(full) + 1);
        (*count)++;
    }
    return TQ_OK;
}

/* The folder's last part, kept to letters, digits, - and _, is the city's id. */
static void id_of_folder(const char *folder, char out[64])
{
    size_t end = strlen(folder), len = 0;
    while (end > 1 && folder[end - 1] == '/')
        end--;
    size_t begin = end;
    while (begin > 0 && folder[begin - 1] != '/')
        begin--;
    for (size_t k = begin; k < end && len < 63; k++) {
        char c = folder[k];
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                     c == '-' || c == '_';
        if (plain) out[len++] = c;
    }
    if (len == 0) {
        memcpy(out, "city", 4);
        len = 4;
    }
    out[len] = '\0';
}

static tq_status fill_settings(const cli_args *args, tq_settings *settings, tq_err *err)
{
    const char *name = cli_value(args, "name"), *name_en = cli_value(args, "name-en"),
               *zone = cli_value(args, "timezone");
    tq_settings_default(settings);
    id_of_folder(args->word[0], settings->id);
    if (name != NULL) (void)snprintf(settings->name, sizeof settings->name, "%s", name);
    if (name_en != NULL) (void)snprintf(settings->name_en, sizeof settings->name_en, "%s", name_en);
    if (zone != NULL) (void)snprintf(settings->timezone, sizeof settings->timezone, "%s", zone);
    if (settings->name[0] == '\0')
        (void)snprintf(settings->name, sizeof settings->name, "%s", settings->id);
    if (settings->name_en[0] == '\0')
        (void)snprintf(settings->name_en, sizeof settings->name_en, "%s", settings->id);
    enum { OSM_ROW = 3, GTFS_ROW = 4 };
    TQ_TRY(take_sources(args, OSM_ROW, settings->osm, &settings->osm_count, err));
    return take_sources(args, GTFS_ROW, settings->gtfs, &settings->gtfs_count, err);
}

int cli_init(const cli_args *args)
{
    tq_err err = {0};
    char path[TQ_PATH_MAX];
    if (!tq_path_join(path, args->word[0], "tongqu.yaml"))
        return cli_usage(args, "the path is too long");
    if (tq_file_look(path).exists) {
        (void)tq_fail(&err, TQ_BAD_INPUT, 0, "%s exists already; edit it, or remove it first",
                      path);
        return cli_fail(args, TQ_BAD_INPUT, &err);
    }
    tq_settings *settings = TQ_ALLOC(tq_settings, 1);
    if (settings == NULL) return cli_fail(args, TQ_NO_MEMORY, NULL);
    tq_zone *zone = TQ_ALLOC(tq_zone, 1);
    tq_status status = zone == NULL ? TQ_NO_MEMORY : fill_settings(args, settings, &err);
    if (status == TQ_OK) status = tq_zone_load(settings->timezone, zone, &err);
    if (status == TQ_OK) status = tq_folder_make(args->word[0], &err);
    if (status == TQ_OK) status = tq_settings_write(args->word[0], settings, &err);
    tq_free(settings);
    tq_free(zone);
    if (status != TQ_OK) return cli_fail(args, status, &err);
    if (args->json) {
        tq_buf buf = {0};
        tq_json json;
        tq_json_begin(&json, &buf);
        tq_json_object(&json);
        tq_json_put_text(&json, "settings", path);
        tq_json_end_object(&json);
        return cli_print(&buf, 0);
    }
    if (!args->quiet)
        printf("%s is written. Put sources into the folder, then: tongqu import %s\n", path,
               args->word[0]);
    return 0;
}

/* ---- import
 * ---------------------------------------------------------------------------------------- */

typedef struct import_job {
    tq_settings *settings;
    tq_store *store;
    tq_report *report;
    char path[TQ_PATH_MAX];
    uint64_t source_hash;
    bool fresh; /* the city file is up to date */
} import_job;

/* Is the city file the one that the newest record made from these very sources? */
static bool is_up_to_date(const import_job *job)
{
    tq_import_record record;
    tq_city *city = NULL;
    if (!tq_file_look(job->path).exists || tq_store_last_import(job->store, &record, NULL) != TQ_OK)
        return false;
    if (record.source_hash != job->source_hash || tq_city_open(job->path, &city, NULL) != TQ_OK)
        return false;
    bool same = strcmp(tq_city_version(city), record.city_version) == 0;
    tq_city_close(city);
    return same;
}

static tq_status job_open(const char *folder, import_job *job, tq_err *err)
{
    char path[TQ_PATH_MAX], file[80];
    *job = (import_job){.settings = TQ_ALLOC(tq_settings, 1), .report = tq_report_new()};
    if (job->settings == NULL || job->report == NULL)
        return tq_fail(err, TQ_NO_MEMORY, 0, "no memory");
    TQ_TRY(tq_settings_read(folder, job->settings, err));
    (void)snprintf(file, sizeof file, "%s.city", job->settings->id);
    if (!tq_path_join(job->path, folder, file) || !tq_path_join(path, folder, STORE_NAME))
        return tq_fail(err, TQ_BAD_INPUT, 0, "the path of the city folder is too long");
    TQ_TRY(tq_store_open(path, &job->store, err));
    TQ_TRY(tq_import_source_hash(job->settings, &job->source_hash, err));
    job->fresh = is_up_to_date(job);
    return TQ_OK;
}

static void job_close(import_job *job)
{
    tq_store_close(job->store);
    tq_report_free(job->report);
    tq_free(job->settings);
}

static tq_status job_run(import_job *job, const cli_args *args, tq_err *err)
{
    cli_progress progress;
    cli_progress_begin(&progress, args);
    tq_status status =
        tq_import(job->settings, job->path, job->report, cli_progress_tick, &progress, err);
    cli_progress_end(&progress);
    if (status != TQ_OK) return status;
    tq_city *city = NULL;
    TQ_TRY(tq_city_open(job->path, &city, err));
    tq_import_record record = {.source_hash = job->source_hash,
                               .at_ms = tq_env_real()->now_ms(NULL)};
    (void)snprintf(record.city_version, sizeof record.city_version, "%s", tq_city_version(city));
    tq_city_close(city);
    tq_buf report = {0};
    tq_report_json(job->report, &report);
    status = tq_store_put_import(job->store, &record, (tq_str){report.at, report.len}, err);
    tq_buf_free(&report);
    return status;
}

static tq_status write_report(const import_job *job, const char *path, tq_err *err)
{
    tq_buf buf = {0};
    tq_file_out *file = NULL;
    tq_report_json(job->report, &buf);
    tq_status status = buf.failed ? tq_fail(err, TQ_NO_MEMORY, 0, "no memory for the report")
                                  : tq_file_create(path, &file, err);
    if (status == TQ_OK && (status = tq_file_write(file, buf.at, buf.len, err)) != TQ_OK) {
        tq_file_discard(file);
        file = NULL;
    }
    if (status == TQ_OK) status = tq_file_commit(file, err);
    tq_buf_free(&buf);
    return status;
}

static int print_import(const import_job *job, const cli_args *args)
{
    tq_buf buf = {0};
    tq_json json;
    if (args->json) {
        tq_buf report = {0};
        if (!job->fresh) tq_report_json(job->report, &report);
        tq_json_begin(&json, &buf);
        tq_json_object(&json);
        tq_json_put_text(&json, "city", job->path);
        tq_json_put_bool(&json, "imported", !job->fresh);
        tq_json_key(&json, "report");
        if (job->fresh)
            tq_json_null(&json);
        else
            tq_json_raw(&json, (tq_str){report.at, report.len});
        tq_json_end_object(&json);
        tq_buf_free(&report);
        return cli_print(&buf, 0);
    }
    if (args->quiet) return 0;
    if (job->fresh) {
        printf("%s is up to date: no source has changed (--force imports all the same)\n",
               job->path);
        return 0;
    }
    tq_report_text(job->report, &buf);
    tq_buf_printf(&buf, "%s is written\n", job->path);
    return cli_print(&buf, 0);
}

static int print_failed_import(const import_job *job, const cli_args *args, tq_status status,
                               const tq_err *err)
{
    if (!args->json && !args->quiet && job->report != NULL) {
        tq_buf buf = {0};
        tq_report_text(job->report, &buf);
        if (!buf.failed && buf.len > 0) (void)fwrite(buf.at, 1, buf.len, stderr);
        tq_buf_free(&buf);
    }
    return cli_fail(args, status, err);
}

int cli_import(const cli_args *args)
{
    import_job job;
    tq_err err = {0};
    const char *report = cli_value(args, "report");
    uint32_t threads = 0;
    if (!cli_number(args, "threads", 1, 64, &threads)) return cli_exit_code(TQ_USAGE);
    tq_status status = job_open(args->word[0], &job, &err);
    if (status == TQ_OK && threads > 0) job.settings->import_threads = threads;
    if (status == TQ_OK && cli_flag(args, "force")) job.fresh = false;
    if (status == TQ_OK && !job.fresh) status = job_run(&job, args, &err);
    if (status == TQ_OK && report != NULL) status = write_report(&job, report, &err);
    int code =
        status == TQ_OK ? print_import(&job, args) : print_failed_import(&job, args, status, &err);
    job_close(&job);
    return code;
}

int cli_check(const cli_args *args)
{
    import_job job;
    tq_err err = {0};
    tq_city *city = NULL;
    tq_status status = job_open(args->word[0], &job, &err);
    if (status == TQ_OK) status = tq_city_open(job.path, &city, &err);
    if (status != TQ_OK) {
        job_close(&job);
        return cli_fail(args, status, &err);
    }
    int code = job.fresh ? 0 : 1;
    if (args->json) {
        tq_buf buf = {0};
        tq_json json;
        tq_json_begin(&json, &buf);
        tq_json_object(&json);
        tq_json_put_text(&json, "city", job.path);
        tq_json_put_text(&json, "version", tq_city_version(city));
        tq_json_put_bool(&json, "up_to_date", job.fresh);
        tq_json_put_i64(&json, "streets", city->streets.edge_count);
        tq_json_put_i64(&json, "stops", city->timetable.stop_count);
        tq_json_put_i64(&json, "trips", city->timetable.trip_count);
        tq_json_put_i64(&json, "places", city->places.count);
        tq_json_end_object(&json);
        code = cli_print(&buf, code);
    } else if (!args->quiet) {
        printf("%s: version %s, %u streets, %u stops, %u trips, %u places; %s\n", job.path,
               tq_city_version(city), city->streets.edge_count, city->timetable.stop_count,
               city->timetable.trip_count, city->places.count,
               job.fresh ? "verified and up to date"
                         : "verified, but its sources have changed: run tongqu import");
    }
    tq_city_close(city);
    job_close(&job);
    return code;
}

/* ---- serve
 * ----------------------------------------------------------------------------------------- */

static void say_ready(void *user, const char *address, uint16_t port)
{
    const cli_args *args = user;
    if (args->json)
        printf("{\"address\":\"%s\",\"port\":%u}\n", address, port);
    else
        printf("Tongqu is ready: http://%s:%u/\n", address, port);
    (void)fflush(stdout);
}

/* Nobody has an account yet: whoever reads this makes the first one. */
static void say_setup(void *user, const char *token)
{
    const cli_args *args = user;
    if (args->json)
        printf("{\"setup_token\":\"%s\"}\n", token);
    else
        printf(args->lang == TQ_ZH
                   ? "还没有账号。在控制台「值班」页用一次性口令建立第一个账号：%s\n"
                   : "There is no account yet. Make the first one in the console, "
                     "page Duty, with the token %s\n",
               token);
    (void)fflush(stdout);
}

#define FEED_EVERY_S 30u

/* «NAME=URL» or «NAME=URL,SECONDS»; the pieces point into `text`, which is cut. */
static bool read_feed(char *text, tq_serve_feed *out)
{
    char *url = strchr(text, '='), *comma = strrchr(text, ',');
    *out = (tq_serve_feed){.id = text, .every_s = FEED_EVERY_S};
    if (url == NULL || url == text) return false;
    *url++ = '\0';
    out->url = url;
    if (comma != NULL && comma > url) {
        *comma = '\0';
        if (!tq_parse_u32(tq_str_of(comma + 1), &out->every_s) || out->every_s == 0) return false;
    }
    return strncmp(url, "http://", 7) == 0 || strncmp(url, "https://", 8) == 0;
}

int cli_serve(const cli_args *args)
{
    import_job job;
    tq_err err = {0};
    tq_serve_options options;
    tq_serve_feed feed[CLI_REPEATS_MAX];
    char feed_text[CLI_REPEATS_MAX][512];
    for (unsigned k = 0; k < args->repeat_count; k++) {
        (void)snprintf(feed_text[k], sizeof feed_text[k], "%s", args->repeated[k]);
        if (!read_feed(feed_text[k], &feed[k]))
            return cli_usage(args, "--feed is NAME=http://… or NAME=https://…, with ,SECONDS");
    }
    uint32_t port, threads;
    tq_serve_options_default(&options);
    tq_status status = job_open(args->word[0], &job, &err);
    if (status == TQ_OK && cli_flag(args, "import") && !job.fresh)
        status = job_run(&job, args, &err);
    if (status != TQ_OK) {
        job_close(&job);
        return cli_fail(args, status, &err);
    }
    port = job.settings->port;
    threads = job.settings->threads;
    if (!cli_number(args, "port", 0, 65535, &port) ||
        !cli_number(args, "threads", 1, 64, &threads)) {
        job_close(&job);
        return cli_exit_code(TQ_USAGE);
    }
    options.city_path = job.path;
    options.listen =
        cli_value(args, "listen") != NULL ? cli_value(args, "listen") : job.settings->listen;
    options.port = (uint16_t)port;
    options.threads = threads;
    options.max_connections = job.settings->max_connections;
    options.max_body_bytes = job.settings->max_body_bytes;
    options.header_timeout_ms = job.settings->header_timeout_ms;
    options.feed = feed;
    options.feed_count = args->repeat_count;
    options.setup = say_setup;
    options.ready = say_ready;
    options.user = (void *)(uintptr_t)args;
    status = tq_serve(&options, &err);
    job_close(&job);
    return status == TQ_OK ? 0 : cli_fail(args, status, &err);
}

int cli_version(const cli_args *args)
{
    if (args->json)
        printf("{\"version\":\"%s\"}\n", tq_version());
    else
        printf("tongqu %s\n", tq_version());
    return 0;
}
