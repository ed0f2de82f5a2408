/* os: the worker hands over in order, in batches, refuses when full, and drains when stopped. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "os/os.h"

#define ITEMS 20000

typedef struct sight {
    atomic_uint count, idle, largest, out_of_order;
    atomic_bool hold; /* work waits while set */
    uint32_t last[2];
} sight;

static void work(void *user, void **item, uint32_t count)
{
    sight *seen = user;
    while (atomic_load(&seen->hold))
        tq_thread_yield();
    if (count > atomic_load(&seen->largest)) atomic_store(&seen->largest, count);
    for (uint32_t k = 0; k < count; k++) {
        /* An item is the giver in its last bit and the giver's count above it. */
        uint32_t value = (uint32_t)(uintptr_t)item[k], giver = value & 1;
        if ((value >> 1) != seen->last[giver] + 1) atomic_fetch_add(&seen->out_of_order, 1);
        seen->last[giver] = value >> 1;
    }
    atomic_fetch_add(&seen->count, count);
}

static void idle(void *user)
{
    sight *seen = user;
    atomic_fetch_add(&seen->idle, 1);
}

static const tq_worker_events EVENTS = {.work = work, .idle = idle};

static void *item_of(uint32_t count, uint32_t giver)
{
    return (void *)(uintptr_t)(count << 1 | giver);
}

typedef struct giver_part {
    tq_worker *worker;
} giver_part;

static void give_all(void *user, uint32_t giver)
{
    giver_part *givers = user;
    for (uint32_t k = 1; k <= ITEMS; k++)
        while (!tq_worker_give(givers->worker, item_of(k, giver)))
            tq_thread_yield();
}

static void items_come_in_order_from_many_threads(void **state)
{
    (void)state;
    static sight seen;
    giver_part givers = {NULL};
    assert_int_equal(tq_worker_start(&EVENTS, &seen, 64, 100, 1, &givers.worker, NULL), TQ_OK);
    tq_parallel(2, 2, give_all, &givers);
    tq_worker_stop(givers.worker);
    assert_int_equal(atomic_load(&seen.count), 2 * ITEMS);
    assert_int_equal(atomic_load(&seen.out_of_order), 0);
    assert_in_range(atomic_load(&seen.largest), 1, 64);
    assert_true(atomic_load(&seen.idle) > 0);
}

static void a_full_queue_refuses_and_a_stop_drains(void **state)
{
    (void)state;
    static sight seen;
    tq_worker *worker = NULL;
    uint32_t given = 0;
    atomic_store(&seen.hold, true);
    assert_int_equal(tq_worker_start(&EVENTS, &seen, 4, 10, 0, &worker, NULL), TQ_OK);
    while (given < 100 && tq_worker_give(worker, item_of(given + 1, 0)))
        given++;
    assert_in_range(given, 10, 14); /* the queue, and at most a batch that is being worked on */
    atomic_store(&seen.hold, false);
    tq_worker_stop(worker);
    assert_int_equal(atomic_load(&seen.count), given);
    assert_int_equal(atomic_load(&seen.out_of_order), 0);
    tq_worker_stop(NULL);
}

static void an_idle_worker_ticks(void **state)
{
    (void)state;
    static sight seen;
    tq_worker *worker = NULL;
    assert_int_equal(tq_worker_start(&EVENTS, &seen, 4, 10, 1, &worker, NULL), TQ_OK);
    while (atomic_load(&seen.idle) < 5)
        tq_thread_yield();
    tq_worker_stop(worker);
    assert_int_equal(atomic_load(&seen.count), 0);
}

static void a_worker_needs_sizes(void **state)
{
    (void)state;
    tq_worker *worker = NULL;
    tq_worker_events none = {0};
    assert_int_equal(tq_worker_start(&EVENTS, NULL, 0, 10, 1, &worker, NULL), TQ_BAD_INPUT);
    assert_int_equal(tq_worker_start(&EVENTS, NULL, 4, 0, 1, &worker, NULL), TQ_BAD_INPUT);
    assert_int_equal(tq_worker_start(&none, NULL, 4, 4, 1, &worker, NULL), TQ_BAD_INPUT);
    assert_null(worker);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(items_come_in_order_from_many_threads),
        cmocka_unit_test(a_full_queue_refuses_and_a_stop_drains),
        cmocka_unit_test(an_idle_worker_ticks),
        cmocka_unit_test(a_worker_needs_sizes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
