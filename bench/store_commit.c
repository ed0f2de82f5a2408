/*
 * Commands a second that the store takes with 1, 8 and 64 of them to a commit, each command a
 * record, an event, an audit row, a message to a peer and a remembered answer; then the check of
 * the audit chain. Every commit waits for the disk, so the numbers are the disk's as much as ours.
 * `bench_store_commit FOLDER` puts the file there, else into /tmp. Prints JSON lines.
 */
#include <stdlib.h>
#include <unistd.h>

#include "store_commands.h"

#define COMMITS_MAX    400
#define COMMANDS_LEAST 400

static int by_value(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static tq_status commit_group(tq_store *store, uint64_t first, uint32_t count, tq_err *err)
{
    TQ_TRY(tq_store_begin(store, err));
    for (uint32_t k = 0; k < count; k++) {
        TQ_TRY(tq_store_mark(store, err));
        TQ_TRY(do_command(store, first + k, err));
        TQ_TRY(tq_store_keep(store, err));
    }
    return tq_store_commit(store, err);
}

static tq_status bench(tq_store *store, uint32_t together, uint64_t *number, tq_err *err)
{
    const tq_env *env = tq_env_real();
    static int64_t ns[COMMITS_MAX];
    uint32_t commits = TQ_MAX(COMMANDS_LEAST / together, 50);
    int64_t begin_ns = env->mono_ns(NULL), begin_cpu = tq_cpu_ns();
    for (uint32_t k = 0; k < commits; k++) {
        int64_t one_ns = env->mono_ns(NULL);
        TQ_TRY(commit_group(store, *number, together, err));
        *number += together;
        ns[k] = env->mono_ns(NULL) - one_ns;
    }
    double all_s = (double)(env->mono_ns(NULL) - begin_ns) / 1e9;
    double cpu_us = (double)(tq_cpu_ns() - begin_cpu) / 1e3;
    uint32_t commands = commits * together;
    qsort(ns, commits, sizeof *ns, by_value);
    printf("{\"name\":\"store.commit\",\"together\":%u,\"commands\":%u,\"commands_per_s\":%.0f,"
           "\"commit_p50_ms\":%.2f,\"commit_p99_ms\":%.2f,\"cpu_us_per_command\":%.0f}\n",
           together, commands, commands / all_s, (double)ns[commits / 2] / 1e6,
           (double)ns[commits * 99 / 100] / 1e6, cpu_us / commands);
    return TQ_OK;
}

static tq_status bench_all(tq_store *store, tq_err *err)
{
    static const uint32_t together[] = {1, 8, 64};
    const tq_env *env = tq_env_real();
    uint64_t number = 1, rows = 0, broken = 0;
    char head[65];
    for (unsigned k = 0; k < TQ_COUNT(together); k++)
        TQ_TRY(bench(store, together[k], &number, err));
    int64_t begin_ns = env->mono_ns(NULL);
    TQ_TRY(tq_store_audit_verify(store, &rows, &broken, head, err));
    printf("{\"name\":\"store.audit_verify\",\"rows\":%llu,\"ms\":%.1f,\"whole\":%s}\n",
           (unsigned long long)rows, (double)(env->mono_ns(NULL) - begin_ns) / 1e6,
           broken == 0 ? "true" : "false");
    return TQ_OK;
}

int main(int count, char **word)
{
    char folder[TQ_PATH_MAX], path[TQ_PATH_MAX + 16];
    tq_store *store = NULL;
    tq_err err = {0};
    (void)snprintf(folder, sizeof folder, "%.4000s/tongqu-bench-XXXXXX",
                   count > 1 ? word[1] : "/tmp");
    if (mkdtemp(folder) == NULL) return 1;
    (void)snprintf(path, sizeof path, "%s/store", folder);
    tq_status status = tq_store_open(path, &store, &err);
    if (status == TQ_OK) status = bench_all(store, &err);
    tq_store_close(store);
    (void)unlink(path);
    (void)rmdir(folder);
    if (status != TQ_OK) fprintf(stderr, "%s\n", err.text);
    return status == TQ_OK ? 0 : 1;
}
