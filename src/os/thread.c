/* Threads for import and preparation: a parallel loop over parts, and a mutex. Queries use neither.
 */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

#include "os/os.h"

#define THREADS_MAX 64

typedef struct parallel_job {
    atomic_uint next;
    uint32_t count;
    void (*work)(void *user, uint32_t part);
    void *user;
} parallel_job;

static void *run_parts(void *argument)
{
    parallel_job *job = argument;
    for (;;) {
        uint32_t part = atomic_fetch_add(&job->next, 1);
        if (part >= job->count) return NULL;
        job->work(job->user, part);
    }
}

void tq_parallel(unsigned threads, uint32_t count, void (*work)(void *user, uint32_t part),
                 void *user)
{
    parallel_job job = {.count = count, .work = work, .user = user};
    pthread_t thread[THREADS_MAX];
    unsigned started = 0;
    threads = TQ_MIN(TQ_MIN(threads, THREADS_MAX), count);
    /* The caller is one of the threads; one that cannot be started is only missed as speed. */
    while (started + 1 < threads && pthread_create(&thread[started], NULL, run_parts, &job) == 0)
        started++;
    (void)run_parts(&job);
    while (started > 0)
        (void)pthread_join(thread[--started], NULL);
}

struct tq_mutex {
    pthread_mutex_t inner;
};

tq_mutex *tq_mutex_new(void)
{
    tq_mutex *mutex = TQ_ALLOC(tq_mutex, 1);
    if (mutex != NULL && pthread_mutex_init(&mutex->inner, NULL) != 0) {
        tq_free(mutex);
        mutex = NULL;
    }
    return mutex;
}

void tq_mutex_lock(tq_mutex *mutex)
{
    TQ_ASSERT(pthread_mutex_lock(&mutex->inner) == 0);
}

void tq_mutex_unlock(tq_mutex *mutex)
{
    TQ_ASSERT(pthread_mutex_unlock(&mutex->inner) == 0);
}

void tq_mutex_free(tq_mutex *mutex)
{
    if (mutex == NULL) return;
    (void)pthread_mutex_destroy(&mutex->inner);
    tq_free(mutex);
}

void tq_thread_yield(void)
{
    sched_yield();
}
