/* A store and an exchange for a group of tests, over the city of three streets. */
#ifndef TQ_TEST_EXCHANGE_ROOM_H
#define TQ_TEST_EXCHANGE_ROOM_H

/* cmocka.h needs the ones before it. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <cmocka.h>
/* clang-format on */

#include "exchange/exchange_in.h"
#include "exchange_city.h"

#define T0 INT64_C(1748908800000) /* 2025-06-03T08:00+08:00 */

static exchange_city town;
static tq_store *store;
static tq_exchange *exchange;
static char store_path[64];

static inline int open_all(void **state)
{
    (void)state;
    exchange_city_make(&town);
    tq_err err = {0};
    (void)snprintf(store_path, sizeof store_path, "/tmp/tq_exchange_%ld.db", (long)getpid());
    (void)unlink(store_path);
    assert_int_equal(tq_store_open(store_path, &store, &err), TQ_OK);
    if (tq_exchange_open(&town.city, NULL, &exchange, &err) != TQ_OK) fail_msg("%s", err.text);
    return 0;
}

static inline int close_all(void **state)
{
    static const char *const rests[] = {"", "-wal", "-shm"};
    char path[96];
    (void)state;
    tq_exchange_close(exchange);
    tq_store_close(store);
    for (uint32_t k = 0; k < TQ_COUNT(rests); k++) {
        (void)snprintf(path, sizeof path, "%s%s", store_path, rests[k]);
        (void)unlink(path);
    }
    return 0;
}

#endif
