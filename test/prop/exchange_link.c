/*
 * A link to a peer that is cut for an hour, slow, forgetful and wrong, in virtual time: afterwards
 * the peer has every message once and in order, and both lists agree.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "exchange/exchange_in.h"
#include "exchange_city.h"

#define T0 INT64_C(1748908800000)

typedef struct run {
    tq_store *store;
    tq_exchange *exchange;
    tq_double *twin;
    tq_random random;
    int64_t now_ms;
    uint32_t put;
    uint64_t seed;
} run;

static void put_message(run *r)
{
    tq_err err = {0};
    char text[32];
    uint64_t seq = 0;
    json_t *body = json_object();
    (void)snprintf(text, sizeof text, "m%u", ++r->put);
    json_object_set_new(body, "text", json_string(text));
    assert_int_equal(tq_store_begin(r->store, &err), TQ_OK);
    assert_int_equal(
        exchange_send(r->store, "p", "road_closure", text, r->now_ms, body, &seq, &err), TQ_OK);
    /* What is rolled back was never owed. */
    if (tq_random_below(&r->random, 10) == 0) {
        tq_store_rollback(r->store);
        r->put--;
    } else {
        assert_int_equal(tq_store_commit(r->store, &err), TQ_OK);
    }
}

static void push(run *r, tq_push_report *report)
{
    tq_err err = {0};
    tq_peer_link link = tq_double_link(r->twin);
    if (tq_exchange_push(r->exchange, r->store, &link, 1 + tq_random_below(&r->random, 40),
                         r->now_ms, report, &err) != TQ_OK)
        fail_msg("seed %llu: %s", (unsigned long long)r->seed, err.text);
}

static void live_through(run *r, tq_double_mood mood, int64_t for_ms)
{
    tq_push_report report;
    int64_t until_ms = r->now_ms + for_ms;
    tq_double_mood_set(r->twin, mood);
    while (r->now_ms < until_ms) {
        if (tq_random_below(&r->random, 3) == 0) put_message(r);
        push(r, &report);
        r->now_ms += 1000 * (1 + (int64_t)tq_random_below(&r->random, 60));
    }
}

static bool seen_in_order(void *user, const tq_record *record)
{
    (void)user;
    assert_string_equal(record->state, "empty");
    return true;
}

static void one_seed(uint64_t seed)
{
    exchange_city town;
    char path[64], side[96];
    tq_err err = {0};
    run r = {.random = {seed}, .now_ms = T0, .seed = seed};
    exchange_city_make(&town);
    (void)snprintf(path, sizeof path, "/tmp/tq_link_%ld.db", (long)getpid());
    (void)unlink(path);
    assert_int_equal(tq_store_open(path, &r.store, &err), TQ_OK);
    assert_int_equal(tq_exchange_open(&town.city, NULL, &r.exchange, &err), TQ_OK);
    assert_int_equal(tq_double_new(seed, &r.twin, &err), TQ_OK);
    json_t *peer = json_object();
    json_object_set_new(peer, "kind", json_string("province"));
    json_object_set_new(peer, "url", json_string("http://127.0.0.1:1/"));
    assert_int_equal(tq_store_begin(r.store, &err), TQ_OK);
    assert_int_equal(exchange_save(r.store, "peer", "p", "accepted", peer, 0, T0, &err), TQ_OK);
    assert_int_equal(tq_store_commit(r.store, &err), TQ_OK);
    live_through(&r, TQ_DOUBLE_WELL, 60000);
    live_through(&r, TQ_DOUBLE_CUT, 3600000);
    for (unsigned k = 0; k < 6; k++)
        live_through(&r, (tq_double_mood)tq_random_below(&r.random, 5), 300000);
    /* A restart forgets the trials, never the messages. */
    tq_exchange_close(r.exchange);
    assert_int_equal(tq_exchange_open(&town.city, NULL, &r.exchange, &err), TQ_OK);
    live_through(&r, TQ_DOUBLE_WELL, 60000);
    tq_exchange_call call = {.verb = "peer.reconcile",
                             .id = "p",
                             .actor = "tester",
                             .peer = "",
                             .now_ms = r.now_ms,
                             .body = TQ_STR("{\"from\":1}")};
    uint32_t status = 0;
    tq_buf answer = {0};
    assert_int_equal(tq_store_begin(r.store, &err), TQ_OK);
    if (tq_exchange_run(r.exchange, r.store, &call, &status, &answer, &err) != TQ_OK)
        fail_msg("%s", err.text);
    assert_int_equal(tq_store_commit(r.store, &err), TQ_OK);
    tq_push_report report = {.next_ms = 0};
    for (unsigned turn = 0; turn < 10000 && report.next_ms != INT64_MAX; turn++) {
        push(&r, &report);
        if (report.next_ms != INT64_MAX) r.now_ms = TQ_MAX(r.now_ms, report.next_ms) + 1;
    }
    assert_int_equal(tq_double_count(r.twin), r.put + 1); /* and the reconciliation */
    for (uint32_t k = 0; k < r.put; k++) {
        uint64_t seq = 0;
        char expected[48];
        tq_str body = tq_double_body(r.twin, k, &seq);
        (void)snprintf(expected, sizeof expected, "\"text\":\"m%u\"", k + 1);
        assert_int_equal(seq, k + 1);
        if (strstr(body.at, expected) == NULL)
            fail_msg("seed %llu: %s is not %s", (unsigned long long)seed, body.at, expected);
    }
    tq_store_filter filter = {.kind = "reconciliation"};
    assert_int_equal(tq_store_each(r.store, &filter, seen_in_order, NULL, &err), TQ_OK);
    assert_int_equal(
        exchange_load(r.store, "peer", "p", &peer, &(uint64_t){0}, (char[32]){0}, &err), TQ_OK);
    json_decref(peer);
    tq_buf_free(&answer);
    tq_double_free(r.twin);
    tq_exchange_close(r.exchange);
    tq_store_close(r.store);
    (void)unlink(path);
    (void)snprintf(side, sizeof side, "%s-wal", path);
    (void)unlink(side);
    (void)snprintf(side, sizeof side, "%s-shm", path);
    (void)unlink(side);
}

static void nothing_lost_nothing_doubled(void **state)
{
    (void)state;
    const char *cases = getenv("TQ_CASES");
    uint64_t count = cases != NULL ? strtoull(cases, NULL, 10) : 20;
    for (uint64_t seed = 1; seed <= count; seed++)
        one_seed(seed);
    print_message("%llu seeds from 1\n", (unsigned long long)count);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(nothing_lost_nothing_doubled)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
