/*
 * Importing and opening whole cities: time and memory of the import, and of opening with full
 * verification. The shipped city always; rnv (streets and 424,266 stop_times) when the shared data
 * is there. Prints one JSON line a city. City files go to a temporary folder and are removed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "import/import.h"

#define OPENINGS 21

static int by_value(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static tq_status bench(const char *name, const tq_settings *settings, const char *folder,
                       tq_err *err)
{
    const tq_env *env = tq_env_real();
    char path[TQ_PATH_MAX + 80];
    int64_t ns[OPENINGS];
    uint64_t bytes = 0;
    tq_report *report = tq_report_new();
    if (report == NULL) return TQ_NO_MEMORY;
    (void)snprintf(path, sizeof path, "%s/%s.city", folder, name);
    int64_t begin_ns = env->mono_ns(NULL), begin_cpu = tq_cpu_ns();
    tq_status status = tq_import(settings, path, report, NULL, NULL, err);
    int64_t import_ns = env->mono_ns(NULL) - begin_ns, cpu_ns = tq_cpu_ns() - begin_cpu;
    tq_report_free(report);
    for (unsigned k = 0; status == TQ_OK && k < OPENINGS; k++) {
        tq_city *city = NULL;
        begin_ns = env->mono_ns(NULL);
        status = tq_city_open(path, &city, err);
        ns[k] = env->mono_ns(NULL) - begin_ns;
        tq_city_close(city);
    }
    bytes = tq_file_look(path).size;
    (void)unlink(path);
    if (status != TQ_OK) return status;
    qsort(ns, OPENINGS, sizeof *ns, by_value);
    printf("{\"name\":\"city.%s\",\"import_ms\":%.1f,\"import_cpu_ms\":%.1f,\"file_mb\":%.2f,"
           "\"open_p50_ms\":%.2f,"
           "\"open_max_ms\":%.2f,\"n\":%d}\n",
           name, (double)import_ns / 1e6, (double)cpu_ns / 1e6, (double)bytes / 1e6,
           (double)ns[OPENINGS / 2] / 1e6, (double)ns[OPENINGS - 1] / 1e6, OPENINGS);
    return TQ_OK;
}

static bool add_source(char list[][512], uint32_t *count, const char *shared, const char *name)
{
    int len = strlen(shared) + strlen(name) + 2 <= 512
                  ? snprintf(list[*count], 512, "%.400s/%.100s", shared, name)
                  : -1;
    *count += len > 0 && len < 512;
    return len > 0 && len < 512;
}

int main(void)
{
    char folder[] = "/tmp/tongqu-bench-XXXXXX", shared_full[TQ_PATH_MAX];
    const char *shared = tq_env_var("TQ_SHARED_DATA");
    tq_err err = {0};
    tq_settings *settings = TQ_ALLOC(tq_settings, 1);
    if (settings == NULL || mkdtemp(folder) == NULL) return 1;
    tq_status status = tq_settings_read("cities/taiyuan", settings, &err);
    if (status == TQ_OK) status = bench("taiyuan", settings, folder, &err);
    if (status == TQ_OK &&
        tq_path_full(shared != NULL ? shared : "../shared/data", shared_full, NULL) == TQ_OK) {
        tq_settings_default(settings);
        (void)snprintf(settings->timezone, sizeof settings->timezone, "Europe/Berlin");
        (void)snprintf(settings->folder, sizeof settings->folder, "%s", folder);
        if (add_source(settings->osm, &settings->osm_count, shared_full, "pairs/rnv/rnv.osm.pbf") &&
            add_source(settings->gtfs, &settings->gtfs_count, shared_full,
                       "pairs/rnv/rnv.gtfs.zip"))
            status = bench("rnv", settings, folder, &err);
    }
    if (status != TQ_OK) fprintf(stderr, "city_open: %s\n", err.text);
    (void)rmdir(folder);
    tq_free(settings);
    return status != TQ_OK;
}
