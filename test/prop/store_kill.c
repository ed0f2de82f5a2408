/*
 * store: kill -9 under a stream of commands. A child (this program again) commits groups of
 * numbered commands and writes each acknowledged number to a pipe; the parent kills it at a random
 * moment, opening included, and looks at the store: every acknowledged command is there, none
 * twice, the audit chain is whole. TQ_CASES sets the number of kills.
 */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "store_commands.h"

#define KILLS         200
#define KILLS_A_STORE 20
#define LIFE_US_MAX   15000
#define GROUP_MAX     6
#define CHILD         "--child"

static int live_as_child(const char *path, const char *seed_text)
{
    tq_random random = {.state = strtoull(seed_text, NULL, 10)};
    tq_store *store = NULL;
    tq_err err = {0};
    if (tq_store_open(path, &store, &err) != TQ_OK) {
        fprintf(stderr, "child: %s\n", err.text);
        return 1;
    }
    (void)sqlite3_exec(store->db, "PRAGMA wal_autocheckpoint=40", NULL, NULL, NULL);
    uint64_t last = tq_store_last_event(store);
    if (write(STDOUT_FILENO, &last, sizeof last) != sizeof last) return 1; /* it is open */
    for (;;) {
        uint32_t count = 1 + tq_random_below(&random, GROUP_MAX);
        if (do_group(store, last + 1, count, &random, &err) != TQ_OK) {
            fprintf(stderr, "child: %s\n", err.text);
            return 1;
        }
        last += count;
        if (write(STDOUT_FILENO, &last, sizeof last) != sizeof last) return 1;
    }
}

static pid_t start_child(const char *path, uint64_t seed, int *from)
{
    int ends[2];
    char text[24];
    (void)snprintf(text, sizeof text, "%llu", (unsigned long long)seed);
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        (void)dup2(ends[1], STDOUT_FILENO);
        (void)close(ends[0]);
        (void)close(ends[1]);
        (void)execl("/proc/self/exe", "store_kill", CHILD, path, text, (char *)NULL);
        _exit(127);
    }
    assert_true(child > 0);
    (void)close(ends[1]);
    *from = ends[0];
    return child;
}

/* The greatest number that the child acknowledged before it died; `known` if none. */
static uint64_t kill_child(const char *path, tq_random *random, uint64_t known)
{
    int from = -1, how = 0;
    uint64_t number = 0;
    pid_t child = start_child(path, tq_random_u64(random), &from);
    struct timespec life = {.tv_nsec = (long)tq_random_below(random, LIFE_US_MAX) * 1000};
    /* One in four may die while it opens; the others live from then on. */
    if (tq_random_below(random, 4) != 0 && read(from, &number, sizeof number) == sizeof number)
        known = number;
    (void)nanosleep(&life, NULL);
    assert_int_equal(kill(child, SIGKILL), 0);
    while (read(from, &number, sizeof number) == sizeof number)
        known = number;
    (void)close(from);
    assert_int_equal(waitpid(child, &how, 0), child);
    if (!WIFSIGNALED(how)) fail_msg("the child ended by itself");
    return known;
}

static void remove_store(const char *path)
{
    static const char *const end[] = {"", "-wal", "-shm"};
    char name[128];
    for (unsigned k = 0; k < TQ_COUNT(end); k++) {
        (void)snprintf(name, sizeof name, "%s%s", path, end[k]);
        (void)unlink(name);
    }
}

static int by_value(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* Opens after a kill, checks; gives the commands that are there. */
static uint64_t look(const char *path, bool read_only, uint64_t seed, uint64_t acknowledged,
                     int64_t *open_ns)
{
    const tq_env *env = tq_env_real();
    tq_store_options options = {.size = sizeof options, .read_only = read_only};
    tq_store *store = NULL;
    tq_err err = {0};
    uint64_t last = 0;
    int64_t begin_ns = env->mono_ns(NULL);
    if (tq_store_open_with(path, &options, &store, &err) != TQ_OK)
        fail_msg("seed %llu: %s", (unsigned long long)seed, err.text);
    (void)tq_store_last_event(store);
    *open_ns = env->mono_ns(NULL) - begin_ns;
    const char *wrong = check_store(store, &last, &err);
    tq_store_close(store);
    if (wrong != NULL) fail_msg("seed %llu: %s (%s)", (unsigned long long)seed, wrong, err.text);
    if (last < acknowledged || last > acknowledged + GROUP_MAX)
        fail_msg("seed %llu: %llu commands, %llu acknowledged", (unsigned long long)seed,
                 (unsigned long long)last, (unsigned long long)acknowledged);
    return last;
}

static void nothing_acknowledged_is_lost(void **state)
{
    (void)state;
    uint64_t kills = cases_or(KILLS), commands = 0, last = 0;
    int64_t *open_ns = TQ_ALLOC(int64_t, kills);
    char folder[] = "/tmp/tongqu-kill-XXXXXX", path[64];
    assert_non_null(open_ns);
    assert_non_null(mkdtemp(folder));
    (void)snprintf(path, sizeof path, "%s/store", folder);
    print_message("seeds from 1\n");
    for (uint64_t seed = 1; seed <= kills; seed++) {
        tq_random random = {.state = tq_mix(seed)};
        int64_t none = 0;
        if (seed % KILLS_A_STORE == 1) {
            tq_store *store = NULL;
            remove_store(path);
            /* Every other store is first made by the child that is killed. */
            if (seed % (2 * KILLS_A_STORE) == 1)
                assert_int_equal(tq_store_open(path, &store, NULL), TQ_OK);
            tq_store_close(store);
            last = 0;
        }
        uint64_t acknowledged = kill_child(path, &random, last);
        last = look(path, false, seed, acknowledged, &open_ns[seed - 1]);
        /* Sometimes nobody cleans up between two kills: only a reader looks. */
        if (tq_random_below(&random, 2) == 0) {
            acknowledged = kill_child(path, &random, last);
            last = look(path, true, seed, acknowledged, &none);
        }
        if (seed % KILLS_A_STORE == 0 || seed == kills) commands += last;
    }
    remove_store(path);
    (void)rmdir(folder);
    qsort(open_ns, kills, sizeof *open_ns, by_value);
    print_message("%llu kills, %llu commands; ready again: median %.2f ms, p99 %.2f ms, "
                  "longest %.2f ms\n",
                  (unsigned long long)kills, (unsigned long long)commands,
                  (double)open_ns[kills / 2] / 1e6, (double)open_ns[kills * 99 / 100] / 1e6,
                  (double)open_ns[kills - 1] / 1e6);
    assert_true(commands > 0);
    tq_free(open_ns);
}

int main(int count, char **word)
{
    if (count == 4 && strcmp(word[1], CHILD) == 0) return live_as_child(word[2], word[3]);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_acknowledged_is_lost),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
