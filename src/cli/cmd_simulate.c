/* tongqu simulate: a generated day played against the desk; a peer as a program. */
#include <stdlib.h>

#include "cli/cli.h"
#include "serve/serve.h"

static void on_ready(void *user, const char *address, uint16_t port)
{
    (void)user;
    printf("http://%s:%u/in\n", address, port);
    (void)fflush(stdout);
}

static int simulate_province(const cli_args *args)
{
    tq_err err = {0};
    uint32_t port = 0, seed = 1;
    if (!cli_number(args, "port", 0, 65535, &port) ||
        !cli_number(args, "seed", 0, UINT32_MAX, &seed))
        return 2;
    const char *mood = cli_value(args, "mood");
    tq_double_options options = {.listen = "127.0.0.1",
                                 .port = (uint16_t)port,
                                 .mood = mood,
                                 .seed = seed,
                                 .ready = on_ready};
    tq_status status = tq_double_serve(&options, &err);
    return status == TQ_OK ? 0 : cli_fail(args, status, &err);
}

/* ---- a day -------------------------------------------------------------------------------------
 */

typedef struct day_run {
    const cli_args *args;
    tq_day_options options;
    char policies[256], city[TQ_PATH_MAX], folder[TQ_PATH_MAX], temporary[TQ_PATH_MAX];
    FILE *events;
    bool events_failed;
} day_run;

static void on_progress(void *user, const char *policy, uint32_t hour, uint32_t open)
{
    const day_run *run = user;
    if (run->args->quiet) return;
    /* One call a line: policies are played side by side. */
    fprintf(stderr, "%-10s %02u:00  %u orders to come or under way\n", policy, hour, open);
}

static void on_event(void *user, tq_str json)
{
    day_run *run = user;
    if (fwrite(json.at, 1, json.len, run->events) != json.len || fputc('\n', run->events) == EOF)
        run->events_failed = true;
}

static bool take_policies(day_run *run)
{
    const char *given = cli_value(run->args, "policy");
    if (given == NULL) return true;
    if (given[0] == '\0' || strlen(given) >= sizeof run->policies) {
        (void)cli_usage(run->args, "--policy is a list of names such as nearest,batch,fair");
        return false;
    }
    memcpy(run->policies, given, strlen(given) + 1);
    run->options.policy_count = 0;
    for (char *name = run->policies; name != NULL;) {
        char *comma = strchr(name, ',');
        if (comma != NULL) *comma++ = '\0';
        if (name[0] == '\0' || run->options.policy_count == TQ_DAY_POLICIES_MAX) {
            (void)cli_usage(run->args, "--policy names 1 to 8 policies, commas between");
            return false;
        }
        run->options.policy[run->options.policy_count++] = name;
        name = comma;
    }
    return true;
}

static bool take_hours(day_run *run)
{
    const char *given = cli_value(run->args, "hours");
    if (given == NULL) return true;
    const char *dash = strchr(given, '-');
    uint32_t from = 0, to = 0;
    if (dash != NULL && tq_parse_u32((tq_str){given, (size_t)(dash - given)}, &from) &&
        tq_parse_u32(tq_str_of(dash + 1), &to) && from < to && to <= 24) {
        run->options.from_hour = from;
        run->options.to_hour = to;
        return true;
    }
    (void)cli_usage(run->args, "--hours is such as 6-10: from below to, to at most 24");
    return false;
}

static bool take_closings(day_run *run)
{
    for (unsigned k = 0; k < run->args->repeat_count; k++) {
        const cli_option *option = &run->args->command->option[run->args->repeated_of[k]];
        if (strcmp(option->name, "close") != 0) continue;
        if (run->options.close_count == TQ_DAY_CLOSES_MAX) {
            (void)cli_usage(run->args, "--close: at most 32 streets");
            return false;
        }
        run->options.close[run->options.close_count++] = run->args->repeated[k];
    }
    return true;
}

static bool take_options(day_run *run)
{
    const cli_args *args = run->args;
    tq_day_options *options = &run->options;
    uint32_t seed = 1, threads = 0;
    if (!cli_number(args, "vehicles", 1, TQ_DAY_VEHICLES_MAX, &options->vehicles) ||
        !cli_number(args, "orders", 1, TQ_DAY_ORDERS_MAX, &options->orders))
        return false;
    options->phone = TQ_MIN(options->phone, options->orders / 30);
    if (!cli_number(args, "phone", 0, options->orders, &options->phone) ||
        !cli_number(args, "riders", 0, TQ_DAY_RIDERS_MAX, &options->riders) ||
        !cli_number(args, "seed", 0, UINT32_MAX, &seed) ||
        !cli_number(args, "threads", 1, TQ_DAY_POLICIES_MAX, &threads))
        return false;
    options->seed = seed;
    options->threads = threads;
    options->snow = cli_flag(args, "snow");
    return take_policies(run) && take_hours(run) && take_closings(run);
}

static tq_status find_city(day_run *run, tq_err *err)
{
    TQ_TRY(cli_city_path(run->args->word[1], run->city, err));
    memcpy(run->folder, run->city, sizeof run->folder);
    char *slash = strrchr(run->folder, '/');
    if (slash != NULL)
        *slash = '\0';
    else
        (void)snprintf(run->folder, sizeof run->folder, ".");
    const char *temporary = tq_env_var("TMPDIR");
    (void)snprintf(run->temporary, sizeof run->temporary, "%s",
                   temporary != NULL && temporary[0] != '\0' ? temporary : "/tmp");
    run->options.city_path = run->city;
    run->options.folder = run->folder;
    run->options.temporary = run->temporary;
    run->options.progress = on_progress;
    run->options.user = run;
    const char *events = cli_value(run->args, "events");
    if (events == NULL) return TQ_OK;
    run->events = fopen(events, "wb");
    if (run->events == NULL) return tq_fail(err, TQ_IO, 0, "%s cannot be written", events);
    run->options.event = on_event;
    return TQ_OK;
}

static tq_status write_file(const char *path, tq_str bytes, tq_err *err)
{
    tq_file_out *file = NULL;
    if (path == NULL) return TQ_OK;
    TQ_TRY(tq_file_create(path, &file, err));
    tq_status status = tq_file_write(file, bytes.at, bytes.len, err);
    if (status == TQ_OK) return tq_file_commit(file, err);
    tq_file_discard(file);
    return status;
}

static tq_status write_reports(const day_run *run, tq_str json, tq_err *err)
{
    tq_buf page = {0};
    const char *html = cli_value(run->args, "html");
    TQ_TRY(write_file(cli_value(run->args, "report"), json, err));
    if (html == NULL) return TQ_OK;
    tq_status status = tq_day_html(json, run->args->lang, &page, err);
    if (status == TQ_OK) status = write_file(html, (tq_str){page.at, page.len}, err);
    tq_buf_free(&page);
    return status;
}

static int simulate_day(const cli_args *args)
{
    tq_err err = {0};
    tq_buf json = {0};
    day_run *run = TQ_ALLOC(day_run, 1);
    tq_status status = TQ_OK;
    if (run == NULL) return cli_fail(args, tq_fail(&err, TQ_NO_MEMORY, 0, "no memory"), &err);
    run->args = args;
    tq_day_options_default(&run->options);
    if (!take_options(run)) {
        tq_free(run);
        return 2;
    }
    status = find_city(run, &err);
    if (status == TQ_OK) status = tq_day_run(&run->options, &json, &err);
    if (run->events != NULL && (fclose(run->events) != 0 || run->events_failed) && status == TQ_OK)
        status = tq_fail(&err, TQ_IO, 0, "the list of orders could not be written whole");
    if (status == TQ_OK) status = write_reports(run, (tq_str){json.at, json.len}, &err);
    tq_free(run);
    if (status == TQ_OK) return cli_print(&json, 0);
    tq_buf_free(&json);
    return cli_fail(args, status, &err);
}

int cli_simulate(const cli_args *args)
{
    bool day = strcmp(args->word[0], "day") == 0;
    if (!day && strcmp(args->word[0], "province") != 0)
        return cli_usage(args, "what can be simulated is: day CITY, province");
    if (day && args->word_count < 2)
        return cli_usage(args, "a day wants a city: tongqu simulate day CITY");
    return day ? simulate_day(args) : simulate_province(args);
}
