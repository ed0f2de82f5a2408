/*
 * A peer as a program: takes messages in order, acknowledges, finds holes and doubles, compares
 * lists. It can be cut off, slow, lose its receipts, or answer nonsense, so that the link's
 * promises (nothing lost, nothing doubled, in order) are tested against what really happens on
 * wires.
 */
#include <stdio.h>
#include <stdlib.h>

#include "exchange/exchange_in.h"

typedef struct taken {
    uint64_t seq, hash;
    char *body; /* the message as dumped */
} taken;

struct tq_double {
    tq_random random;
    tq_double_mood mood;
    TQ_VEC(taken) taken;
};

tq_status tq_double_new(uint64_t seed, tq_double **out, tq_err *err)
{
    tq_double *twin = TQ_ALLOC(tq_double, 1);
    if (twin == NULL) return tq_fail(err, TQ_NO_MEMORY, 0, "no memory for a peer double");
    twin->random.state = seed;
    *out = twin;
    return TQ_OK;
}

void tq_double_free(tq_double *twin)
{
    if (twin == NULL) return;
    for (size_t k = 0; k < twin->taken.count; k++)
        free(twin->taken.at[k].body);
    tq_vec_free(&twin->taken);
    tq_free(twin);
}

void tq_double_mood_set(tq_double *twin, tq_double_mood mood)
{
    twin->mood = mood;
}

uint32_t tq_double_count(const tq_double *twin)
{
    return (uint32_t)twin->taken.count;
}

tq_str tq_double_body(const tq_double *twin, uint32_t at, uint64_t *seq)
{
    *seq = twin->taken.at[at].seq;
    return tq_str_of(twin->taken.at[at].body);
}

static bool known_to(void *user, uint64_t seq, uint64_t *hash)
{
    const tq_double *twin = user;
    if (seq == 0 || seq > twin->taken.count) return false;
    *hash = twin->taken.at[seq - 1].hash;
    return true;
}

tq_status tq_double_take(tq_double *twin, tq_str text, uint32_t *http_status, tq_buf *answer,
                         tq_err *err)
{
    json_t *body = NULL, *compared = NULL;
    uint64_t hole = 0;
    TQ_TRY(exchange_json(text, &body, err));
    const json_t *messages = json_object_get(body, "messages");
    for (size_t k = 0; hole == 0 && k < json_array_size(messages); k++) {
        const json_t *message = json_array_get(messages, k);
        uint64_t seq = (uint64_t)json_integer_value(json_object_get(message, "seq"));
        if (seq <= twin->taken.count) continue; /* there already */
        if (seq != twin->taken.count + 1) {
            hole = twin->taken.count + 1;
            continue;
        }
        const json_t *inner = json_object_get(message, "body");
        taken row = {seq, message_hash(inner), exchange_dump(message)};
        if (row.body == NULL || !tq_vec_push(&twin->taken, row)) {
            free(row.body);
            json_decref(body);
            json_decref(compared);
            return tq_fail(err, TQ_NO_MEMORY, 0, "no memory in the peer double");
        }
        if (strcmp(json_text_or(message, "product", ""), "reconcile") == 0) {
            json_decref(compared);
            compared = reconcile_compare(inner, known_to, twin);
        }
    }
    json_decref(body);
    json_t *out = json_object();
    json_object_set_new(out, hole != 0 ? "expected" : "received",
                        json_integer((json_int_t)(hole != 0 ? hole : twin->taken.count)));
    if (compared != NULL) json_object_set(out, "reconcile", compared);
    json_decref(compared);
    *http_status = hole != 0 ? 409 : 200;
    return exchange_answer(out, answer, err);
}

static tq_status post(void *user, const char *url, const char *bearer, tq_str body,
                      uint32_t *http_status, tq_buf *answer, tq_err *err)
{
    tq_double *twin = user;
    tq_buf lost = {.limit = MESSAGE_BYTES_MAX};
    (void)url;
    (void)bearer;
    switch (twin->mood) {
    case TQ_DOUBLE_WELL: return tq_double_take(twin, body, http_status, answer, err);
    case TQ_DOUBLE_CUT: break;
    case TQ_DOUBLE_SLOW:
    case TQ_DOUBLE_LOST_RECEIPT:
        (void)tq_double_take(twin, body, http_status, &lost, NULL);
        tq_buf_free(&lost);
        break;
    case TQ_DOUBLE_WRONG: {
        static const char *const nonsense[] = {
            "{\"received\":99999999}", "{\"received\":-1}", "<html>", "",
            "{\"received\":\"all\"}",  "{\"expected\":0}"};
        tq_buf_puts(answer, nonsense[tq_random_below(&twin->random, TQ_COUNT(nonsense))]);
        static const uint32_t status[] = {200, 200, 500, 409};
        *http_status = status[tq_random_below(&twin->random, TQ_COUNT(status))];
        return TQ_OK;
    }
    }
    return tq_fail(err, TQ_IO, 0, "no answer came");
}

tq_peer_link tq_double_link(tq_double *twin)
{
    return (tq_peer_link){twin, post};
}
