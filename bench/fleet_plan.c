/*
 * The sets of research on a budget of processor time: one JSON line an instance, one for the sums.
 * Every plan is checked from the raw file (test/fleet_raw.h).
 *
 * Usage: bench_fleet_plan FORM TABLE SECONDS FOLDER [EVERY [SEED [PART]]]
 *   FORM lilim, darp or solomon; "free" is lilim judged by distance alone.
 *   TABLE a CSV whose first column is the instance; best known vehicles and distance are columns
 *   best_known_vehicles and best_known_distance, or best_known. Only the EVERY-th instance is run,
 *   and of those only names with PART in them (regular size: _2_ is 200, 10 is the number of
 * tasks).
 */
#include "os/os.h"

#include "fleet_raw.h"

typedef struct budget {
    int64_t from_ns, ns;
} budget;

static double spent(void *user)
{
    const budget *of = user;
    return (double)(tq_cpu_ns() - of->from_ns) / (double)of->ns;
}

typedef struct sums {
    unsigned instances, valid, exact, same_fleet, vehicles, best_vehicles;
    double gap, worst, distance, best_distance;
} sums;

static tq_fleet_file *read_problem(tq_fleet_form form, const char *path, raw_file *raw)
{
    char *bytes = NULL;
    size_t len = 0;
    tq_err err = {0};
    tq_fleet_file *file = NULL;
    if (tq_file_read(path, TQ_FLEET_FILE_MAX, &bytes, &len, &err) != TQ_OK) return NULL;
    if (tq_fleet_file_read(form, bytes, len, &file, &err) != TQ_OK)
        printf("{\"instance\":\"%s\",\"error\":\"%s\"}\n", path, err.text);
    else
        (void)raw_read(form, bytes, raw);
    tq_free(bytes);
    return file;
}

static void run(const char *name, tq_fleet_form form, const char *path, bool is_free,
                double seconds, uint64_t seed, unsigned best_vehicles, double best_distance,
                sums *sum)
{
    static raw_file raw;
    tq_fleet_plan_options options;
    tq_fleet_plan plan;
    tq_fleet_score score;
    tq_err err = {0};
    double distance = 0;
    tq_fleet_file *file = read_problem(form, path, &raw);
    if (file == NULL) return;
    budget limit = {tq_cpu_ns(), (int64_t)(seconds * 1e9)};
    tq_fleet_plan_default(&options);
    options.goal = is_free ? TQ_FLEET_CHEAPEST : tq_fleet_file_goal(file);
    options.iterations = 0;
    options.seed = seed;
    options.spent = spent;
    options.user = &limit;
    tq_status status =
        tq_fleet_plan_make(tq_fleet_file_problem(file), &options, &plan, &score, &err);
    double cpu = (double)(tq_cpu_ns() - limit.from_ns) / 1e9;
    if (status != TQ_OK) {
        printf("{\"instance\":\"%s\",\"error\":\"%s\"}\n", name, err.text);
        tq_fleet_file_free(file);
        return;
    }
    const char *wrong =
        raw_check(&raw, tq_fleet_file_problem(file), &plan, score.unserved == 0, &distance);
    bool same = best_vehicles == 0 || score.vehicles == best_vehicles;
    double gap = best_distance > 0 ? 100 * (distance / best_distance - 1) : 0;
    printf(
        "{\"instance\":\"%s\",\"vehicles\":%u,\"best_vehicles\":%u,\"distance\":%.4f,\"best\":%.4f,"
        "\"gap\":%.4f,\"unserved\":%u,\"valid\":%s,\"wrong\":\"%s\",\"iterations\":%llu,"
        "\"cpu\":%.3f}\n",
        name, score.vehicles, best_vehicles, distance, best_distance, gap, score.unserved,
        wrong == NULL && score.unserved == 0 ? "true" : "false", wrong == NULL ? "" : wrong,
        (unsigned long long)score.iterations, cpu);
    fflush(stdout);
    sum->instances++;
    sum->valid += wrong == NULL && score.unserved == 0;
    sum->vehicles += score.vehicles;
    sum->best_vehicles += best_vehicles;
    sum->distance += distance;
    sum->best_distance += best_distance;
    if (same && best_distance > 0) {
        sum->same_fleet++;
        sum->gap += gap;
        sum->worst = fmax(sum->worst, gap);
        sum->exact += distance <= best_distance + 0.01;
    }
    tq_fleet_plan_free(&plan);
    tq_fleet_file_free(file);
}

static unsigned column_of(const char *head, const char *name)
{
    unsigned column = 0;
    size_t len = strlen(name);
    for (const char *at = head; *at != '\0'; column++) {
        size_t field = strcspn(at, ",\r\n");
        if (field == len && strncmp(at, name, len) == 0) return column;
        at += field;
        if (*at != ',') break;
        at++;
    }
    return TQ_NONE;
}

static const char *field_of(const char *line, unsigned column)
{
    for (; column > 0 && *line != '\0'; column--)
        line += strcspn(line, ",") + (line[strcspn(line, ",")] == ',');
    return line;
}

int main(int argc, char **argv)
{
    static const char *const forms[] = {"vroom", "lilim", "darp", "solomon"};
    sums sum = {0};
    char line[512], head[512], path[TQ_PATH_MAX];
    if (argc < 5) {
        fputs("bench_fleet_plan FORM TABLE SECONDS FOLDER [EVERY [SEED [PART]]]\n", stderr);
        return 2;
    }
    bool is_free = strcmp(argv[1], "free") == 0;
    tq_fleet_form form = TQ_FLEET_LILIM;
    for (unsigned k = 0; k < TQ_COUNT(forms); k++)
        if (strcmp(argv[1], forms[k]) == 0) form = (tq_fleet_form)k;
    unsigned every = argc > 5 ? (unsigned)strtoul(argv[5], NULL, 10) : 1, row = 0;
    uint64_t seed = argc > 6 ? strtoull(argv[6], NULL, 10) : 1;
    const char *part = argc > 7 ? argv[7] : "";
    FILE *table = fopen(argv[2], "r");
    if (table == NULL || fgets(head, sizeof head, table) == NULL) return 1;
    unsigned vehicles = column_of(head, "best_known_vehicles"),
             distance = column_of(head, "best_known_distance");
    unsigned size = column_of(head, "customers");
    if (distance == TQ_NONE) distance = column_of(head, "best_known");
    while (fgets(line, sizeof line, table) != NULL) {
        char name[100];
        (void)snprintf(name, sizeof name, "%.*s", (int)strcspn(line, ","), line);
        bool wanted = part[0] == '\0' || strstr(name, part) != NULL;
        if (size != TQ_NONE && part[0] >= '1' && part[0] <= '9')
            wanted = strtoul(field_of(line, size), NULL, 10) == strtoul(part, NULL, 10);
        if (!wanted || row++ % every != 0) continue;
        (void)snprintf(path, sizeof path, "%s/%s.txt", argv[4], name);
        run(name, form, path, is_free, strtod(argv[3], NULL), seed,
            vehicles == TQ_NONE ? 0 : (unsigned)strtoul(field_of(line, vehicles), NULL, 10),
            strtod(field_of(line, distance), NULL), &sum);
    }
    (void)fclose(table);
    printf("{\"sum\":\"%s\",\"instances\":%u,\"valid\":%u,\"vehicles\":%u,\"best_vehicles\":%u,"
           "\"distance\":%.2f,\"best_distance\":%.2f,\"same_fleet\":%u,\"exact\":%u,"
           "\"mean_gap\":%.4f,\"worst_gap\":%.4f}\n",
           argv[1], sum.instances, sum.valid, sum.vehicles, sum.best_vehicles, sum.distance,
           sum.best_distance, sum.same_fleet, sum.exact,
           sum.same_fleet > 0 ? sum.gap / sum.same_fleet : 0, sum.worst);
    return 0;
}
