/*
 * tongqu solve: routes for many tasks and vehicles, in VROOM's JSON or the text forms of research.
 *
 * The problem is read by `fleet`; profiles without matrices get their times from the city's streets
 * (one metric a profile, one table of all places). Several threads plan with seeds of their own and
 * the best plan wins, the first of equal ones: the same options give the same answer, unless a
 * time budget decides.
 */
#include <stdlib.h>

#include "cli/cli.h"
#include "wire/wire.h"

#include "fleet/fleet.h"

#define THREADS_MAX     16u
#define SECONDS_DEFAULT 5.0
#define SECONDS_MAX     86400.0

typedef struct solve {
    const cli_args *args;
    tq_fleet_file *file;
    const tq_fleet_problem *problem;
    tq_fleet_goal goal;
    double seconds;
    uint32_t iterations, seed, threads;
    int64_t from_ns; /* clock at the start of planning */
    cli_road road;   /* opened when times come from the streets */
    bool has_road;
    tq_snap *snap; /* [place_count] */
    tq_fleet_plan plan[THREADS_MAX];
    tq_fleet_score score[THREADS_MAX];
    tq_err err[THREADS_MAX];
    tq_status status[THREADS_MAX];
    int64_t loading_ms, solving_ms, routing_ms;
} solve;

static int64_t now_ns(void)
{
    return tq_env_real()->mono_ns(NULL);
}

/* ---- options -----------------------------------------------------------------------------------
 */

static bool one_of(const cli_args *args, const char *name, const char *const *word, unsigned count,
                   unsigned *out)
{
    char message[160];
    const char *value = cli_value(args, name);
    if (value == NULL) return true;
    for (unsigned k = 0; k < count; k++)
        if (strcmp(value, word[k]) == 0) {
            *out = k;
            return true;
        }
    int len = snprintf(message, sizeof message, "--%s is one of", name);
    for (unsigned k = 0; k < count && len < 140; k++)
        len += snprintf(message + len, sizeof message - (size_t)len, " %s", word[k]);
    (void)cli_usage(args, message);
    return false;
}

static bool take_options(const cli_args *args, solve *to, tq_fleet_form *form)
{
    static const char *const forms[] = {"vroom", "lilim", "darp", "solomon"};
    static const char *const goals[] = {"vroom", "fleet"};
    const char *seconds = cli_value(args, "seconds");
    unsigned row = 0, goal = 2;
    to->seed = to->threads = 1;
    if (!one_of(args, "format", forms, TQ_COUNT(forms), &row) ||
        !one_of(args, "objective", goals, TQ_COUNT(goals), &goal) ||
        !cli_number(args, "iterations", 1, UINT32_MAX - 1, &to->iterations) ||
        !cli_number(args, "seed", 0, UINT32_MAX - 1, &to->seed) ||
        !cli_number(args, "threads", 1, THREADS_MAX, &to->threads))
        return false;
    *form = (tq_fleet_form)row;
    to->goal = goal < 2                                               ? (tq_fleet_goal)goal
               : *form == TQ_FLEET_LILIM || *form == TQ_FLEET_SOLOMON ? TQ_FLEET_FEWEST
                                                                      : TQ_FLEET_CHEAPEST;
    to->seconds = to->iterations > 0 ? 0 : SECONDS_DEFAULT;
    if (seconds == NULL) return true;
    if (tq_parse_double(tq_str_of(seconds), &to->seconds) && to->seconds > 0 &&
        to->seconds <= SECONDS_MAX)
        return true;
    (void)cli_usage(args, "--seconds is a number above 0, up to 86400");
    return false;
}

static tq_status read_bytes(const char *path, char **bytes, size_t *len, tq_err *err)
{
    tq_buf buf = {.limit = TQ_FLEET_FILE_MAX};
    char piece[65536];
    if (strcmp(path, "-") != 0) return tq_file_read(path, TQ_FLEET_FILE_MAX, bytes, len, err);
    for (size_t got; (got = fread(piece, 1, sizeof piece, stdin)) > 0;)
        tq_buf_put(&buf, piece, got);
    if (buf.failed || ferror(stdin)) {
        tq_buf_free(&buf);
        return tq_fail(err, TQ_LIMIT, 0, "standard input is too long or can't be read");
    }
    *bytes = buf.at;
    *len = buf.len;
    return TQ_OK;
}

static tq_status read_problem(solve *to, tq_fleet_form form, tq_err *err)
{
    char *bytes = NULL;
    size_t len = 0;
    const char *path = to->args->word[0];
    tq_err inner = {0};
    TQ_TRY(read_bytes(path, &bytes, &len, err));
    tq_status status = tq_fleet_file_read(form, bytes, len, &to->file, &inner);
    tq_free(bytes);
    if (status != TQ_OK) return tq_fail(err, status, inner.line, "%.100s: %s", path, inner.text);
    to->problem = tq_fleet_file_problem(to->file);
    return TQ_OK;
}

/* ---- times from the streets --------------------------------------------------------------------
 */

static tq_status snap_places(solve *to, tq_err *err)
{
    to->snap = TQ_ALLOC(tq_snap, to->problem->place_count + 1);
    if (to->snap == NULL) return tq_fail(err, TQ_NO_MEMORY, 0, "no memory for the places");
    for (uint32_t place = 0; place < to->problem->place_count; place++) {
        const tq_fleet_place *as = tq_fleet_file_place(to->file, place);
        tq_point at = {(int32_t)(as->lat * 1e7 + (as->lat < 0 ? -0.5 : 0.5)),
                       (int32_t)(as->lon * 1e7 + (as->lon < 0 ? -0.5 : 0.5))};
        tq_err inner = {0};
        tq_status status =
            cli_road_snap(&to->road, tq_to_wgs84(at, to->road.datum), &to->snap[place], &inner);
        if (status != TQ_OK)
            return tq_fail(err, status, 0, "location [%.6f,%.6f]: %s", as->lon, as->lat,
                           inner.text);
    }
    return TQ_OK;
}

static tq_status fill_times(solve *to, uint32_t profile, tq_err *err)
{
    size_t cells = (size_t)to->problem->place_count * to->problem->place_count;
    int32_t *time = TQ_ALLOC(int32_t, cells + 1);
    uint32_t *metres = TQ_ALLOC(uint32_t, cells + 1);
    tq_places_on_road places = {to->problem->place_count, NULL, to->snap};
    tq_status status = TQ_OK;
    if (time == NULL || metres == NULL)
        status = tq_fail(err, TQ_NO_MEMORY, 0, "no memory for a table of all places");
    tq_arena_reset(&to->road.city.work, 0);
    if (status == TQ_OK)
        status = tq_road_matrix(to->road.city.snapshot.city, to->road.metric, &places, &places,
                                &to->road.city.work, time, metres, err);
    for (size_t cell = 0; cell < cells && status == TQ_OK; cell++) {
        bool none = time[cell] >= TQ_ROAD_INF || metres[cell] > (uint32_t)TQ_FLEET_CELL_MAX;
        if (cell % (to->problem->place_count + 1u) == 0)
            time[cell] = 0, metres[cell] = 0;
        else if (none)
            time[cell] = INT32_MAX, metres[cell] = INT32_MAX;
    }
    if (status == TQ_OK)
        status = tq_fleet_file_give_times(to->file, profile, time, (const int32_t *)metres, err);
    tq_free(time);
    tq_free(metres);
    return status;
}

/* The metric of the profile of that name; --profile stands for all when it is given. */
static int open_road(solve *to, uint32_t profile)
{
    cli_args args = *to->args;
    const char *given = cli_value(to->args, "profile");
    if (to->has_road) cli_road_close(&to->road);
    to->has_road = true;
    args.word[0] = cli_value(to->args, "city");
    for (unsigned k = 0; k < args.command->option_count; k++)
        if (strcmp(args.command->option[k].name, "profile") == 0 && given == NULL)
            args.value[k] = tq_fleet_file_profile_name(to->file, profile);
    return cli_road_open(&args, &to->road);
}

static int take_times(solve *to)
{
    tq_err err = {0};
    for (uint32_t profile = 0; profile < to->problem->profile_count; profile++) {
        if (!tq_fleet_file_needs_times(to->file, profile)) continue;
        if (cli_value(to->args, "city") == NULL)
            return cli_usage(to->args, "the problem has no matrices: --city gives the streets that "
                                       "times are taken from");
        if ((uint64_t)to->problem->place_count * to->problem->place_count > TQ_MATRIX_MAX) {
            (void)tq_fail(&err, TQ_LIMIT, 0, "%u places are too many for a table from the streets",
                          to->problem->place_count);
            return cli_fail(to->args, TQ_LIMIT, &err);
        }
        int code = open_road(to, profile);
        if (code != 0) return code;
        tq_free(to->snap);
        to->snap = NULL;
        tq_status status = snap_places(to, &err);
        if (status == TQ_OK) status = fill_times(to, profile, &err);
        if (status != TQ_OK) return cli_fail(to->args, status, &err);
    }
    return 0;
}

/* ---- planning ----------------------------------------------------------------------------------
 */

static double share_spent(void *user)
{
    const solve *of = user;
    return of->seconds <= 0 ? 0 : (double)(tq_cpu_ns() - of->from_ns) / (of->seconds * 1e9);
}

static void plan_part(void *user, uint32_t part)
{
    solve *of = user;
    tq_fleet_plan_options options;
    tq_fleet_plan_default(&options);
    options.goal = of->goal;
    options.seed = of->seed + part;
    options.iterations = of->iterations;
    options.spent = of->seconds > 0 ? share_spent : NULL;
    options.user = of;
    options.start = tq_fleet_file_start(of->file);
    of->status[part] = tq_fleet_plan_make(of->problem, &options, &of->plan[part], &of->score[part],
                                          &of->err[part]);
}

/* The budget is processor time of a thread: of all threads together it is as much for each. */
static tq_status make_plan(solve *to, uint32_t *best, tq_err *err)
{
    double seconds = to->seconds;
    to->seconds *= to->threads;
    to->from_ns = tq_cpu_ns();
    tq_parallel(to->threads, to->threads, plan_part, to);
    to->seconds = seconds;
    *best = 0;
    for (uint32_t part = 0; part < to->threads; part++) {
        if (to->status[part] != TQ_OK) {
            *err = to->err[part];
            return to->status[part];
        }
        if (tq_fleet_score_compare(to->goal, &to->score[part], &to->score[*best]) < 0) *best = part;
    }
    return TQ_OK;
}

/* ---- geometry ----------------------------------------------------------------------------------
 */

static tq_status add_way(solve *to, uint32_t from, uint32_t end, tq_buf *points, tq_err *err)
{
    tq_way way;
    uint32_t count = 0;
    if (from == end) return TQ_OK;
    tq_arena_reset(&to->road.city.work, 0);
    TQ_TRY(tq_road_way(to->road.city.snapshot.city, to->road.metric, &to->snap[from],
                       &to->snap[end], &to->road.city.work, &way, err));
    const int32_t *line =
        tq_way_line(to->road.city.snapshot.city, &way, &to->road.city.work, &count);
    if (line == NULL) return tq_fail(err, TQ_NO_MEMORY, 0, "a way has too many points");
    /* The first point of a way is the last of the one before. */
    uint32_t skip = points->len > 0 && count > 0;
    tq_buf_put(points, line + 2 * skip, (count - skip) * 2 * sizeof *line);
    return TQ_OK;
}

static tq_status route_line(solve *to, const tq_fleet_plan *plan, uint32_t vehicle, tq_buf *line,
                            tq_err *err)
{
    tq_buf points = {0};
    tq_status status = TQ_OK;
    uint32_t at = to->problem->vehicle[vehicle].start;
    for (uint32_t k = plan->first[vehicle]; k <= plan->first[vehicle + 1] && status == TQ_OK; k++) {
        bool last = k == plan->first[vehicle + 1];
        uint32_t next = last
                            ? to->problem->vehicle[vehicle].end
                            : to->problem->task[plan->visit[k] >> 1].stop[plan->visit[k] & 1].place;
        if (at != TQ_NONE && next != TQ_NONE) status = add_way(to, at, next, &points, err);
        at = next;
    }
    if (status == TQ_OK && !points.failed && points.len > 0) {
        size_t count = points.len / (2 * sizeof(int32_t));
        int32_t *aligned = TQ_ALLOC(int32_t, 2 * count);
        if (aligned != NULL) {
            memcpy(aligned, points.at, points.len);
            tq_polyline_put(line, aligned, count, 5);
        }
        tq_free(aligned);
    }
    tq_buf_free(&points);
    return status;
}

static tq_status make_geometry(solve *to, const tq_fleet_plan *plan, tq_buf *line, tq_str *out,
                               tq_err *err)
{
    uint32_t open = TQ_NONE;
    for (uint32_t vehicle = 0; vehicle < plan->vehicle_count; vehicle++) {
        uint32_t profile = to->problem->vehicle[vehicle].profile;
        if (plan->first[vehicle] == plan->first[vehicle + 1]) continue;
        if (profile != open && to->problem->profile_count > 1 && open_road(to, profile) != 0)
            return tq_fail(err, TQ_INTERNAL, 0, "the streets can't be opened again");
        open = profile;
        TQ_TRY(route_line(to, plan, vehicle, &line[vehicle], err));
        if (line[vehicle].failed) return tq_fail(err, TQ_NO_MEMORY, 0, "no memory for a line");
        out[vehicle] = (tq_str){line[vehicle].at, line[vehicle].len};
    }
    return TQ_OK;
}

/* ---- the answer --------------------------------------------------------------------------------
 */

static tq_status put_file(const char *path, const tq_buf *text, tq_err *err)
{
    tq_file_out *file = NULL;
    TQ_TRY(tq_file_create(path, &file, err));
    tq_status status = tq_file_write(file, text->at, text->len, err);
    if (status != TQ_OK) {
        tq_file_discard(file);
        return status;
    }
    return tq_file_commit(file, err);
}

static int answer(solve *to, uint32_t best)
{
    const tq_fleet_plan *plan = &to->plan[best];
    const char *path = cli_value(to->args, "o");
    uint32_t vehicles = plan->vehicle_count;
    tq_err err = {0};
    tq_buf text = {0}, *line = TQ_ALLOC(tq_buf, vehicles + 1);
    tq_str *geometry = TQ_ALLOC(tq_str, vehicles + 1);
    tq_status status = TQ_OK;
    int64_t from_ns = now_ns();
    bool drawn = cli_flag(to->args, "g") && to->has_road;
    if (line == NULL || geometry == NULL)
        status = tq_fail(&err, TQ_NO_MEMORY, 0, "no memory for the answer");
    if (status == TQ_OK && drawn) status = make_geometry(to, plan, line, geometry, &err);
    to->routing_ms = (now_ns() - from_ns) / 1000000;
    tq_fleet_answer as = {.plan = plan,
                          .loading_ms = to->loading_ms,
                          .solving_ms = to->solving_ms,
                          .routing_ms = to->routing_ms,
                          .geometry = drawn ? geometry : NULL};
    if (status == TQ_OK) status = tq_fleet_file_write(to->file, &as, &text, &err);
    if (status == TQ_OK && path != NULL) {
        tq_buf_putc(&text, '\n');
        status = put_file(path, &text, &err);
    }
    int code = 0;
    if (status != TQ_OK)
        code = cli_fail(to->args, status, &err);
    else if (path == NULL)
        code = cli_print(&text, 0);
    if (status != TQ_OK || path != NULL) tq_buf_free(&text);
    for (uint32_t vehicle = 0; line != NULL && vehicle < vehicles; vehicle++)
        tq_buf_free(&line[vehicle]);
    tq_free(line);
    tq_free(geometry);
    if (code == 0 && to->score[best].unserved > 0) code = 1;
    return code;
}

static int run(solve *to, tq_fleet_form form)
{
    tq_err err = {0};
    uint32_t best = 0;
    int64_t from_ns = now_ns();
    tq_status status = read_problem(to, form, &err);
    if (status != TQ_OK) return cli_fail(to->args, status, &err);
    int code = take_times(to);
    if (code != 0) return code;
    int64_t loaded_ns = now_ns();
    status = make_plan(to, &best, &err);
    if (status != TQ_OK) return cli_fail(to->args, status, &err);
    to->loading_ms = (loaded_ns - from_ns) / 1000000;
    to->solving_ms = (now_ns() - loaded_ns) / 1000000;
    return answer(to, best);
}

int cli_solve(const cli_args *args)
{
    solve *to = TQ_ALLOC(solve, 1);
    tq_fleet_form form;
    if (to == NULL) return cli_fail(args, TQ_NO_MEMORY, NULL);
    to->args = args;
    int code = take_options(args, to, &form) ? run(to, form) : cli_exit_code(TQ_USAGE);
    for (uint32_t part = 0; part < THREADS_MAX; part++)
        tq_fleet_plan_free(&to->plan[part]);
    if (to->has_road) cli_road_close(&to->road);
    tq_free(to->snap);
    tq_fleet_file_free(to->file);
    tq_free(to);
    return code;
}
