/* Clock, randomness and process facts: the real world, and a simulated one that repeats from a
 * seed. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "os/os.h"

static int64_t clock_ns(clockid_t which)
{
    struct timespec now;
    if (clock_gettime(which, &now) != 0) return 0;
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static int64_t real_now_ms(void *user)
{
    (void)user;
    return clock_ns(CLOCK_REALTIME) / 1000000;
}

static int64_t real_mono_ns(void *user)
{
    (void)user;
    return clock_ns(CLOCK_MONOTONIC);
}

static uint64_t real_random(void *user)
{
    (void)user;
    uint64_t value = 0;
    if (getrandom(&value, sizeof value, 0) != (ssize_t)sizeof value)
        value = (uint64_t)clock_ns(CLOCK_MONOTONIC);
    return value;
}

const tq_env *tq_env_real(void)
{
    static const tq_env real = {NULL, real_now_ms, real_mono_ns, real_random};
    return &real;
}

static int64_t sim_now_ms(void *user)
{
    return ((tq_sim *)user)->now_ms;
}

static int64_t sim_mono_ns(void *user)
{
    return ((tq_sim *)user)->mono_ns;
}

static uint64_t sim_random(void *user)
{
    return tq_random_u64(&((tq_sim *)user)->random);
}

tq_env tq_env_simulated(tq_sim *sim)
{
    return (tq_env){sim, sim_now_ms, sim_mono_ns, sim_random};
}

uint64_t tq_peak_memory_bytes(void)
{
    struct rusage usage;
    return getrusage(RUSAGE_SELF, &usage) == 0 ? (uint64_t)usage.ru_maxrss * 1024 : 0;
}

int64_t tq_cpu_ns(void)
{
    return clock_ns(CLOCK_PROCESS_CPUTIME_ID);
}

unsigned tq_core_count(void)
{
    long count = sysconf(_SC_NPROCESSORS_ONLN);
    return count > 0 && count < 1024 ? (unsigned)count : 1;
}

const char *tq_env_var(const char *name)
{
    return getenv(name);
}
