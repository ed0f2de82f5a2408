/* Readers of planning problems: what is read, and every refusal with its place; answers; steps. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "fleet_raw.h"

#define MATRIX   "\"matrices\":{\"car\":{\"durations\":[[0,100,200],[100,0,150],[200,150,0]]}}"
#define VEHICLE  "{\"id\":1,\"start_index\":0,\"end_index\":0}"
#define VEHICLES "\"vehicles\":[" VEHICLE "]"

static tq_status read_text(tq_fleet_form form, const char *text, tq_fleet_file **file, tq_err *err)
{
    *file = NULL;
    tq_err_clear(err);
    return tq_fleet_file_read(form, text, strlen(text), file, err);
}

typedef struct refusal {
    tq_fleet_form form;
    const char *text, *says;
} refusal;

static void refusals_name_the_place(void **state)
{
    (void)state;
    static const refusal row[] = {
        {TQ_FLEET_VROOM, "{", "line 1"},
        {TQ_FLEET_VROOM, "[]", "no object"},
        {TQ_FLEET_VROOM, "{\"vehicles\":[],\"vehicles\":[]}", "duplicate"},
        {TQ_FLEET_VROOM, "{" MATRIX "}", "vehicles: there is none"},
        {TQ_FLEET_VROOM, "{\"vehicels\":[]}", "vehicels: is not known"},
        {TQ_FLEET_VROOM, "{\"vehicles\":[{\"id\":1}]," MATRIX "}", "vehicles[0].start: is missing"},
        {TQ_FLEET_VROOM, "{\"vehicles\":[{\"start_index\":0}]," MATRIX "}",
         "vehicles[0].id: is missing"},
        {TQ_FLEET_VROOM, "{\"vehicles\":[{\"id\":-1,\"start_index\":0}]," MATRIX "}",
         "vehicles[0].id"},
        {TQ_FLEET_VROOM, "{\"vehicles\":[{\"id\":1,\"start_index\":3}]," MATRIX "}",
         "vehicles[0].start_index: is not a row"},
        {TQ_FLEET_VROOM, "{\"vehicles\":[" VEHICLE "," VEHICLE "]," MATRIX "}",
         "two vehicles have the id 1"},
        {TQ_FLEET_VROOM,
         "{\"vehicles\":[{\"id\":1,\"start_index\":0,\"profile\":\"bike\"}]," MATRIX "}",
         "vehicles[0].profile: has no durations"},
        {TQ_FLEET_VROOM,
         "{\"vehicles\":[{\"id\":1,\"start_index\":0,\"time_window\":[9,3]}]," MATRIX "}",
         "vehicles[0].time_window: the window ends before it begins"},
        {TQ_FLEET_VROOM,
         "{\"vehicles\":[{\"id\":1,\"start_index\":0,\"speed_factor\":0}]," MATRIX "}",
         "vehicles[0].speed_factor"},
        {TQ_FLEET_VROOM,
         "{\"vehicles\":[{\"id\":1,\"start_index\":0,\"max_tasks\":1.5}]," MATRIX "}",
         "vehicles[0].max_tasks"},
        {TQ_FLEET_VROOM,
         "{\"vehicles\":[{\"id\":1,\"start_index\":0,\"max_distance\":5}]," MATRIX "}",
         "need distances"},
        {TQ_FLEET_VROOM,
         "{\"vehicles\":[{\"id\":1,\"start_index\":0,\"costs\":{\"per_mile\":1}}]," MATRIX "}",
         "vehicles[0].costs.per_mile"},
        {TQ_FLEET_VROOM, "{\"vehicles\":[{\"id\":1,\"start_index\":0,\"lifo\":1}]," MATRIX "}",
         "vehicles[0].lifo"},
        {TQ_FLEET_VROOM, "{\"vehicles\":[{\"id\":1,\"start_index\":0,\"breaks\":[3]}]," MATRIX "}",
         "vehicles[0].breaks[0]: is no object"},
        {TQ_FLEET_VROOM,
         "{\"vehicles\":[{\"id\":1,\"start_index\":0,\"capacity\":[1,2,3,4,5,6,7,8,9]}]," MATRIX
         "}",
         "vehicles[0].capacity: is not an array of at most 8"},
        {TQ_FLEET_VROOM,
         "{" VEHICLES
         ",\"jobs\":[{\"id\":1,\"location_index\":1},{\"id\":1,\"location_index\":1}]," MATRIX "}",
         "two jobs have the id 1"},
        {TQ_FLEET_VROOM, "{" VEHICLES ",\"jobs\":[{\"id\":1}]," MATRIX "}",
         "jobs[0].location_index: is missing"},
        {TQ_FLEET_VROOM,
         "{" VEHICLES ",\"jobs\":[{\"id\":1,\"location_index\":1,\"priority\":101}]," MATRIX "}",
         "jobs[0].priority"},
        {TQ_FLEET_VROOM,
         "{" VEHICLES ",\"jobs\":[{\"id\":1,\"location_index\":1,\"time_windows\":[[5,1]]}]," MATRIX
         "}",
         "jobs[0].time_windows[0]: the window ends before it begins"},
        {TQ_FLEET_VROOM,
         "{" VEHICLES
         ",\"jobs\":[{\"id\":1,\"location_index\":1,\"time_windows\":[[1,9],[5,12]]}]," MATRIX "}",
         "jobs[0].time_windows[1]: begins before"},
        {TQ_FLEET_VROOM,
         "{" VEHICLES ",\"jobs\":[{\"id\":1,\"location_index\":1,\"time_windows\":[]}]," MATRIX "}",
         "jobs[0].time_windows"},
        {TQ_FLEET_VROOM,
         "{" VEHICLES ",\"jobs\":[{\"id\":1,\"location_index\":1,\"time_windows\":[[1]]}]," MATRIX
         "}",
         "jobs[0].time_windows[0]: is not a pair"},
        {TQ_FLEET_VROOM,
         "{" VEHICLES ",\"jobs\":[{\"id\":1,\"location_index\":1,\"skills\":[-3]}]," MATRIX "}",
         "jobs[0].skills[0]"},
        {TQ_FLEET_VROOM,
         "{" VEHICLES ",\"jobs\":[{\"id\":1,\"location_index\":1,\"delivery\":[-3]}]," MATRIX "}",
         "jobs[0].delivery[0]"},
        {TQ_FLEET_VROOM,
         "{" VEHICLES
         ",\"jobs\":[{\"id\":1,\"location_index\":1,\"delivery\":[3],\"pickup\":[1,2]}]," MATRIX
         "}",
         "jobs[0].delivery: has another number"},
        {TQ_FLEET_VROOM,
         "{" VEHICLES ",\"jobs\":[{\"id\":1,\"location\":[1,95],\"location_index\":1}]," MATRIX "}",
         "jobs[0].location[1]"},
        {TQ_FLEET_VROOM,
         "{" VEHICLES ",\"shipments\":[{\"pickup\":{\"id\":1,\"location_index\":1}}]," MATRIX "}",
         "shipments[0].delivery: is missing"},
        {TQ_FLEET_VROOM, "{" VEHICLES ",\"shipments\":7," MATRIX "}", "shipments: is not an array"},
        {TQ_FLEET_VROOM, "{" VEHICLES ",\"matrices\":{\"car\":{\"durations\":[[0,1],[1,null]]}}}",
         "matrices.car.durations[1][1]: is missing"},
        {TQ_FLEET_VROOM, "{" VEHICLES ",\"matrices\":{\"car\":{\"durations\":[[0,1],[1]]}}}",
         "matrices.car.durations[1]: is not a row"},
        {TQ_FLEET_VROOM, "{" VEHICLES ",\"matrices\":{\"car\":{\"durations\":[[0,-1],[1,0]]}}}",
         "matrices.car.durations[0][1]: is out of range"},
        {TQ_FLEET_VROOM, "{" VEHICLES ",\"matrices\":{\"car\":{\"distances\":[[0,1],[1,0]]}}}",
         "matrices.car.durations: is missing"},
        {TQ_FLEET_VROOM,
         "{" VEHICLES ",\"matrices\":{\"car\":{\"durations\":[[0]],\"distances\":[[0,1],[1,0]]}}}",
         "another number of rows"},
        {TQ_FLEET_VROOM,
         "{\"vehicles\":[{\"id\":1,\"start\":[1,2]}],\"jobs\":[{\"id\":1,\"location_index\":0}]}",
         "jobs[0].location: is missing"},
        {TQ_FLEET_VROOM,
         "{\"vehicles\":[{\"id\":1,\"start_index\":0,\"steps\":[{\"type\":\"job\",\"id\":5}]}]"
         "," MATRIX "}",
         "vehicles[0].steps[0].id: no task"},
        {TQ_FLEET_VROOM,
         "{\"vehicles\":[{\"id\":1,\"start_index\":0,\"steps\":[{\"type\":\"jump\"}]}]," MATRIX "}",
         "vehicles[0].steps[0].type"},
        {TQ_FLEET_VROOM, "{\"vehicles\":[{\"id\":1,\"start_index\":0,\"committed\":1}]," MATRIX "}",
         "vehicles[0].committed"},
        {TQ_FLEET_LILIM, "", "line 0: the head line"},
        {TQ_FLEET_LILIM, "1 2\n", "line 1: the head line has 3"},
        {TQ_FLEET_LILIM, "0 200 1\n0 0 0 0 0 9 0 0 0\n", "line 1: the number of vehicles"},
        {TQ_FLEET_LILIM, "1 200 1\n", "there is no depot"},
        {TQ_FLEET_LILIM, "1 200 1\n0 0 0 0 0 9 0 0\n", "line 2: a node has 9 numbers"},
        {TQ_FLEET_LILIM, "1 200 1\n1 0 0 0 0 9 0 0 0\n", "line 2: the node number is 1"},
        {TQ_FLEET_LILIM, "1 200 1\n0 0 0 0 9 3 0 0 0\n", "line 2: the time window ends"},
        {TQ_FLEET_LILIM, "1 200 1\n0 0 0 0 0 9 -1 0 0\n", "line 2: the service time"},
        {TQ_FLEET_LILIM, "1 200 1\n0 0 0 0 0 9 0 0 0\n1 0 0 5 0 9 0 0 0\n2 0 0 -5 0 9 0 1 0\n",
         "line 3: node 1 names"},
        {TQ_FLEET_LILIM, "1 200 1\n0 0 0 0 0 9 0 0 0\n1 0 0 5 0 9 0 0 2\n2 0 0 -4 0 9 0 1 0\n",
         "line 3: node 1 has the amount"},
        {TQ_FLEET_LILIM, "1 200 1\n0 0 0 0 0 9 0 0 0\n1 0 0 5 0 9 0 0 2\n2 0 0 -5 0 9 0 2 0\n",
         "do not name each other"},
        {TQ_FLEET_LILIM, "1 200 1\n0 0 0 0 0 9 0 0 0\n1 99999 0 5 0 9 0 0 2\n2 0 0 -5 0 9 0 1 0\n",
         "at most 10737"},
        {TQ_FLEET_DARP, "1 2 480 3\n", "line 1: the head line has 5"},
        {TQ_FLEET_DARP, "1 4 480 3 30\n0 0 0 0 0 0 99\n1 0 0 1 1 0 99\n2 0 0 1 -1 0 99\n",
         "line 1 speaks of 4"},
        {TQ_FLEET_DARP, "1 2 480 3 30\n0 0 0 0 0 0 99\n1 0 0 1 1 0 99\n2 0 0 1 1 0 99\n",
         "line 4: user 1"},
        {TQ_FLEET_SOLOMON, "X\nVEHICLE\nNUMBER CAPACITY\n2 x\n", "line 4: the head line"},
        {TQ_FLEET_SOLOMON, "X\nCUSTOMER\n", "begins with VEHICLE"},
        {TQ_FLEET_SOLOMON,
         "X\nVEHICLE\nNUMBER CAPACITY\n2 9\nCUSTOMER\nCUST NO.\n0 0 0 0 0 9 0\n1 0 0 -1 0 9 0\n",
         "line 8: the demand"},
    };
    for (unsigned k = 0; k < TQ_COUNT(row); k++) {
        tq_fleet_file *file;
        tq_err err;
        tq_status status = read_text(row[k].form, row[k].text, &file, &err);
        if (status == TQ_OK || strstr(err.text, row[k].says) == NULL || file != NULL)
            fail_msg("row %u: %s: wanted \"%s\", got %d \"%s\"", k, row[k].text, row[k].says,
                     (int)status, err.text);
    }
}

/* A plan for a text, as JSON; the caller frees. */
static char *solve_text(const char *text, uint64_t iterations, tq_fleet_score *score)
{
    tq_fleet_file *file;
    tq_fleet_plan plan;
    tq_fleet_plan_options options;
    tq_buf out = {0};
    tq_err err;
    tq_status status = read_text(TQ_FLEET_VROOM, text, &file, &err);
    if (status != TQ_OK) fail_msg("%s", err.text);
    tq_fleet_plan_default(&options);
    options.iterations = iterations;
    options.start = tq_fleet_file_start(file);
    status = tq_fleet_plan_make(tq_fleet_file_problem(file), &options, &plan, score, &err);
    if (status != TQ_OK) {
        tq_fleet_file_free(file);
        return strdup(err.text);
    }
    tq_fleet_answer answer = {.plan = &plan};
    status = tq_fleet_file_write(file, &answer, &out, &err);
    if (status != TQ_OK) fail_msg("%s", err.text);
    tq_buf_putc(&out, '\0');
    tq_fleet_plan_free(&plan);
    tq_fleet_file_free(file);
    char *answer_text = strdup(out.at);
    tq_buf_free(&out);
    return answer_text;
}

static void must_have(char *text, const char *part)
{
    if (strstr(text, part) == NULL) fail_msg("no %s in %s", part, text);
}

static void an_answer_says_all(void **state)
{
    (void)state;
    tq_fleet_score score;
    char *text = solve_text(
        "{\"vehicles\":[{\"id\":7,\"start_index\":0,\"end_index\":0,\"capacity\":[2],\"skills\":[1]"
        ","
        "\"time_window\":[1000,3000],\"description\":\"van\","
        "\"breaks\":[{\"id\":4,\"service\":60,\"time_windows\":[[1000,2800]]}]}],"
        "\"jobs\":[{\"id\":11,\"location_index\":1,\"service\":10,\"setup\":5,\"delivery\":[1],"
        "\"time_windows\":[[1500,1600]]},{\"id\":12,\"location_index\":2,\"skills\":[9]},"
        "{\"id\":13,\"location_index\":2,\"delivery\":[3]},"
        "{\"id\":14,\"location_index\":2,\"time_windows\":[[1,10]]}],"
        "\"shipments\":[{\"amount\":[1],\"pickup\":{\"id\":1,\"location_index\":2},"
        "\"delivery\":{\"id\":1,\"location_index\":1}}]," MATRIX "}",
        500, &score);
    must_have(text, "\"code\":0");
    must_have(text, "\"unassigned\":3");
    must_have(text, "\"type\":\"job\",\"id\":12,\"location_index\":2,\"reason\":\"skills\"");
    must_have(text, "\"id\":13,\"location_index\":2,\"reason\":\"capacity\"");
    must_have(text, "\"id\":14,\"location_index\":2,\"reason\":\"time\"");
    must_have(text, "\"vehicle\":7,\"description\":\"van\"");
    must_have(text, "\"type\":\"break\",\"id\":4");
    must_have(text, "\"type\":\"start\"");
    must_have(text, "\"cost\":450");
    must_have(text, "\"setup\":5,\"service\":10");
    free(text);
}

static void steps_are_kept_and_checked(void **state)
{
    (void)state;
    tq_fleet_score score;
    static const char jobs[] =
        ",\"jobs\":[{\"id\":1,\"location_index\":1},{\"id\":2,\"location_index\":2}]," MATRIX "}";
    char text[600];
    (void)snprintf(text, sizeof text,
                   "{\"vehicles\":[{\"id\":1,\"start_index\":0,\"committed\":2,"
                   "\"steps\":[{\"type\":\"start\"},{\"type\":\"job\",\"id\":2},"
                   "{\"type\":\"job\",\"id\":1}]}]%s",
                   jobs);
    char *answer = solve_text(text, 100, &score);
    assert_int_equal(score.cost, 350 * 100); /* the other way round costs 250 */
    free(answer);
    (void)snprintf(text, sizeof text,
                   "{\"vehicles\":[{\"id\":1,\"start_index\":0,"
                   "\"steps\":[{\"type\":\"job\",\"id\":2},"
                   "{\"type\":\"job\",\"id\":1}]}]%s",
                   jobs);
    answer = solve_text(text, 100, &score);
    assert_int_equal(score.cost, 250 * 100);
    free(answer);
    (void)snprintf(text, sizeof text,
                   "{\"vehicles\":[{\"id\":1,\"start_index\":0,\"max_tasks\":1,"
                   "\"steps\":[{\"type\":\"job\",\"id\":2},"
                   "{\"type\":\"job\",\"id\":1}]}]%s",
                   jobs);
    answer = solve_text(text, 100, &score);
    must_have(answer, "start plan: route of vehicle 0");
    must_have(answer, "max_tasks");
    free(answer);
}

static void work_differs_by_type(void **state)
{
    (void)state;
    tq_fleet_score score;
    char *text =
        solve_text("{\"vehicles\":[{\"id\":1,\"start_index\":0,\"type\":\"cargo\"}],\"jobs\":["
                   "{\"id\":1,\"location_index\":1,\"service\":10,\"service_per_type\":"
                   "{\"cargo\":77,\"none\":5},\"setup_per_type\":{\"cargo\":3}}]," MATRIX "}",
                   10, &score);
    must_have(text, "\"setup\":3,\"service\":77");
    free(text);
}

static void speed_and_costs_are_exact(void **state)
{
    (void)state;
    tq_fleet_score score;
    char *text =
        solve_text("{\"vehicles\":[{\"id\":1,\"start_index\":0,\"end_index\":0,\"speed_factor\":2,"
                   "\"costs\":{\"fixed\":1000,\"per_hour\":7200,\"per_km\":10}}],\"jobs\":["
                   "{\"id\":1,\"location_index\":1}],\"matrices\":{\"car\":{\"durations\":"
                   "[[0,100],[100,0]],\"distances\":[[0,1500],[1500,0]]}}}",
                   10, &score);
    must_have(text, "\"cost\":1230"); /* 1000 + 2 * (50 s * 2) + 2 * 15 */
    must_have(text, "\"duration\":100");
    must_have(text, "\"distance\":3000");
    free(text);
}

static void limits_have_two_sides(void **state)
{
    (void)state;
    tq_fleet_score score;
    for (unsigned more = 0; more < 2; more++) {
        char text[500];
        (void)snprintf(
            text, sizeof text,
            "{\"vehicles\":[{\"id\":1,\"start_index\":0,\"end_index\":0,\"max_travel_time\":%u}],"
            "\"jobs\":[{\"id\":1,\"location_index\":1}]," MATRIX "}",
            199 + more);
        char *answer = solve_text(text, 10, &score);
        assert_int_equal(score.unserved, 1 - more);
        if (more == 0) must_have(answer, "\"reason\":\"limit\"");
        free(answer);
        (void)snprintf(
            text, sizeof text,
            "{\"vehicles\":[{\"id\":1,\"start_index\":0,\"end_index\":0}],\"shipments\":[{"
            "\"max_ride_time\":%u,\"pickup\":{\"id\":1,\"location_index\":1},\"delivery\":{"
            "\"id\":1,\"location_index\":2}}]," MATRIX "}",
            149 + more);
        free(solve_text(text, 10, &score));
        assert_int_equal(score.unserved, 1 - more);
    }
}

static const char *shared_folder(void)
{
    const char *folder = getenv("TQ_SHARED_DATA");
    return folder != NULL ? folder : "../shared/data";
}

/* Real instances, few rounds: every plan is valid in double precision from the raw file. */
static void real_files_are_planned(void **state)
{
    (void)state;
    static const struct {
        tq_fleet_form form;
        const char *path;
        unsigned tasks;
    } row[] = {{TQ_FLEET_LILIM, "dispatch/lilim/lc101.txt", 53},
               {TQ_FLEET_LILIM, "dispatch/lilim/lrc204.txt", 51},
               {TQ_FLEET_DARP, "dispatch/darp/a2-16.txt", 16},
               {TQ_FLEET_DARP, "dispatch/darp/R7b.txt", 36},
               {TQ_FLEET_SOLOMON, "bench/vrptw_solomon/C101.txt", 100},
               {TQ_FLEET_SOLOMON, "bench/vrptw_solomon/RC201.txt", 100}};
    static raw_file raw;
    for (unsigned k = 0; k < TQ_COUNT(row); k++) {
        char path[500], *text;
        (void)snprintf(path, sizeof path, "%s/%s", shared_folder(), row[k].path);
        FILE *in = fopen(path, "rb");
        if (in == NULL) {
            const char *ci = getenv("CI");
            if (ci != NULL && strcmp(ci, "true") == 0) fail_msg("%s is absent", path);
            skip();
        }
        text = calloc(1, 1 << 20);
        assert_true(fread(text, 1, (1 << 20) - 1, in) > 0);
        (void)fclose(in);
        tq_fleet_file *file;
        tq_fleet_plan plan;
        tq_fleet_score score;
        tq_fleet_plan_options options;
        tq_err err;
        double distance;
        tq_status status = read_text(row[k].form, text, &file, &err);
        if (status != TQ_OK) fail_msg("%s: %s", path, err.text);
        assert_int_equal(tq_fleet_file_problem(file)->task_count, row[k].tasks);
        assert_true(raw_read(row[k].form, text, &raw));
        tq_fleet_plan_default(&options);
        options.goal = tq_fleet_file_goal(file);
        options.iterations = 2000;
        status = tq_fleet_plan_make(tq_fleet_file_problem(file), &options, &plan, &score, &err);
        if (status != TQ_OK) fail_msg("%s: %s", path, err.text);
        const char *wrong = raw_check(&raw, tq_fleet_file_problem(file), &plan, true, &distance);
        if (wrong != NULL) fail_msg("%s: %s", path, wrong);
        assert_true(fabs(distance - tq_fleet_file_distance(file, &plan)) < 1e-6);
        assert_true(fabs(distance - (double)score.cost / 1e5) < 0.01);
        tq_fleet_plan_free(&plan);
        tq_fleet_file_free(file);
        free(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refusals_name_the_place),    cmocka_unit_test(an_answer_says_all),
        cmocka_unit_test(steps_are_kept_and_checked), cmocka_unit_test(work_differs_by_type),
        cmocka_unit_test(speed_and_costs_are_exact),  cmocka_unit_test(limits_have_two_sides),
        cmocka_unit_test(real_files_are_planned)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
