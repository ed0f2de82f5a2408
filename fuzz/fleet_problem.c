/* Any bytes as a planning problem: the first byte chooses the form. What is read is planned for a
 * few rounds, and its answer written. */
#include <stdlib.h>

#include "fleet/fleet.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    tq_fleet_file *file = NULL;
    tq_fleet_plan plan;
    tq_fleet_plan_options options;
    tq_fleet_score score;
    tq_err err = {0};
    if (size == 0) return 0;
    tq_fleet_form form = (tq_fleet_form)(data[0] & 3);
    if (tq_fleet_file_read(form, (const char *)data + 1, size - 1, &file, &err) != TQ_OK) return 0;
    const tq_fleet_problem *problem = tq_fleet_file_problem(file);
    bool small =
        problem->task_count <= 40 && problem->vehicle_count <= 40 && problem->place_count <= 100;
    for (uint32_t profile = 0; profile < problem->profile_count; profile++)
        small = small && !tq_fleet_file_needs_times(file, profile);
    tq_fleet_plan_default(&options);
    options.iterations = 20;
    options.goal = tq_fleet_file_goal(file);
    options.start = tq_fleet_file_start(file);
    if (small && tq_fleet_plan_make(problem, &options, &plan, &score, &err) == TQ_OK) {
        tq_buf out = {0};
        tq_fleet_answer answer = {.plan = &plan};
        /* What was planned can be told. */
        if (tq_fleet_file_write(file, &answer, &out, &err) != TQ_OK) abort();
        tq_buf_free(&out);
        tq_fleet_plan_free(&plan);
    }
    tq_fleet_file_free(file);
    return 0;
}
