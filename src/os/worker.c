/*
 * A thread of one's own behind a bounded queue: items come out in the order they were given, many
 * at once, so that one commit can serve all that wait.
 *
 * The queue is a ring under one lock; the callbacks run without it. Idle is called whenever the
 * queue has run empty, at each tick while it stays empty, and between two batches once a tick has
 * passed, so that work without end does not starve it.
 */
#include <pthread.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "os/os.h"

#define NS_PER_S  INT64_C(1000000000)
#define NS_PER_MS INT64_C(1000000)
#define NICE      5 /* threads that answer questions go before those that prepare answers */

struct tq_worker {
    tq_worker_events events;
    void *user;
    uint32_t batch_max, queue_max, tick_ms;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    void **ring;  /* [queue_max] */
    void **batch; /* [batch_max], the thread's own */
    uint32_t first, count;
    bool ending;
};

static int64_t now_ns(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * NS_PER_S + now.tv_nsec;
}

/* With the lock held: wait until there is work, an end, or the tick. */
static void wait_for_work(tq_worker *worker, int64_t until_ns)
{
    struct timespec until = {.tv_sec = (time_t)(until_ns / NS_PER_S),
                             .tv_nsec = (long)(until_ns % NS_PER_S)};
    while (worker->count == 0 && !worker->ending) {
        if (worker->tick_ms == 0)
            (void)pthread_cond_wait(&worker->wake, &worker->lock);
        else if (pthread_cond_timedwait(&worker->wake, &worker->lock, &until) != 0)
            return;
    }
}

/* With the lock held: take what waits, at most a batch. */
static uint32_t take_batch(tq_worker *worker)
{
    uint32_t count = TQ_MIN(worker->count, worker->batch_max);
    for (uint32_t k = 0; k < count; k++)
        worker->batch[k] = worker->ring[(worker->first + k) % worker->queue_max];
    worker->first = (worker->first + count) % worker->queue_max;
    worker->count -= count;
    return count;
}

static void *run_worker(void *argument)
{
    tq_worker *worker = argument;
    int64_t tick_ns = (int64_t)worker->tick_ms * NS_PER_MS, idle_ns = now_ns();
    bool ended = false;
    (void)setpriority(PRIO_PROCESS, (id_t)gettid(),
                      NICE); /* a thread's own on Linux; only a wish */
    while (!ended) {
        (void)pthread_mutex_lock(&worker->lock);
        wait_for_work(worker, idle_ns + tick_ns);
        uint32_t count = take_batch(worker);
        bool empty = worker->count == 0;
        ended = worker->ending && empty;
        (void)pthread_mutex_unlock(&worker->lock);
        if (count != 0) worker->events.work(worker->user, worker->batch, count);
        int64_t now = now_ns();
        if (empty || (tick_ns != 0 && now - idle_ns >= tick_ns)) {
            if (worker->events.idle != NULL) worker->events.idle(worker->user);
            idle_ns = now;
        }
    }
    return NULL;
}

static void free_worker(tq_worker *worker)
{
    (void)pthread_cond_destroy(&worker->wake);
    (void)pthread_mutex_destroy(&worker->lock);
    tq_free(worker->ring);
    tq_free(worker->batch);
    tq_free(worker);
}

/* Ticks count on the clock that nobody sets. */
static bool make_lock(tq_worker *worker)
{
    pthread_condattr_t clock;
    if (pthread_condattr_init(&clock) != 0) return false;
    bool made = pthread_condattr_setclock(&clock, CLOCK_MONOTONIC) == 0 &&
                pthread_mutex_init(&worker->lock, NULL) == 0;
    if (made && pthread_cond_init(&worker->wake, &clock) != 0) {
        (void)pthread_mutex_destroy(&worker->lock);
        made = false;
    }
    (void)pthread_condattr_destroy(&clock);
    return made;
}

tq_status tq_worker_start(const tq_worker_events *events, void *user, uint32_t batch,
                          uint32_t queue_max, uint32_t tick_ms, tq_worker **out, tq_err *err)
{
    if (batch == 0 || queue_max == 0 || events->work == NULL)
        return tq_fail(err, TQ_BAD_INPUT, 0, "a worker needs work and a queue of at least one");
    tq_worker *worker = TQ_ALLOC(tq_worker, 1);
    if (worker == NULL || !make_lock(worker)) {
        tq_free(worker);
        return tq_fail(err, TQ_NO_MEMORY, 0, "no memory for a worker");
    }
    worker->events = *events;
    worker->user = user;
    worker->batch_max = batch;
    worker->queue_max = queue_max;
    worker->tick_ms = tick_ms;
    worker->ring = TQ_ALLOC(void *, queue_max);
    worker->batch = TQ_ALLOC(void *, batch);
    if (worker->ring == NULL || worker->batch == NULL) {
        free_worker(worker);
        return tq_fail(err, TQ_NO_MEMORY, 0, "no memory for a queue of %u", queue_max);
    }
    if (pthread_create(&worker->thread, NULL, run_worker, worker) != 0) {
        free_worker(worker);
        return tq_fail(err, TQ_IO, 0, "the system gives no thread for a worker");
    }
    *out = worker;
    return TQ_OK;
}

bool tq_worker_give(tq_worker *worker, void *item)
{
    (void)pthread_mutex_lock(&worker->lock);
    bool taken = !worker->ending && worker->count < worker->queue_max;
    if (taken) {
        worker->ring[(worker->first + worker->count) % worker->queue_max] = item;
        worker->count++;
        (void)pthread_cond_signal(&worker->wake);
    }
    (void)pthread_mutex_unlock(&worker->lock);
    return taken;
}

void tq_worker_stop(tq_worker *worker)
{
    if (worker == NULL) return;
    (void)pthread_mutex_lock(&worker->lock);
    worker->ending = true;
    (void)pthread_cond_signal(&worker->wake);
    (void)pthread_mutex_unlock(&worker->lock);
    (void)pthread_join(worker->thread, NULL);
    free_worker(worker);
}
