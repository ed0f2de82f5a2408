/*
 * Opening, and what the files of the room share: JSON, records, messages.
 *
 * Products and rules never change after opening, so that the writer's thread and the pushing thread
 * share them; the trials of peers are the pushing thread's alone, due_ms the writer's.
 */
#include <stdio.h>
#include <stdlib.h>

#include "os/os.h"

#include "exchange/exchange_in.h"

#define JSON_DEPTH_FLAGS (JSON_REJECT_DUPLICATES)

tq_status tq_exchange_open(const tq_city *city, const char *folder, tq_exchange **out, tq_err *err)
{
    tq_exchange *exchange = TQ_ALLOC(tq_exchange, 1);
    if (exchange == NULL) return tq_fail(err, TQ_NO_MEMORY, 0, "no memory for the exchange");
    exchange->city = city;
    tq_str built_in = {tq_products_yaml, (size_t)(tq_products_yaml_end - tq_products_yaml)};
    tq_status status = rules_read(exchange, "products.yaml (built in)", built_in, err);
    char path[TQ_PATH_MAX];
    if (status == TQ_OK && folder != NULL && tq_path_join(path, folder, "products.yaml") &&
        tq_file_look(path).exists) {
        char *bytes = NULL;
        size_t len = 0;
        status = tq_file_read(path, RULE_BYTES_MAX, &bytes, &len, err);
        if (status == TQ_OK) status = rules_read(exchange, path, (tq_str){bytes, len}, err);
        tq_free(bytes);
    }
    if (status != TQ_OK) {
        tq_exchange_close(exchange);
        return status;
    }
    *out = exchange;
    return TQ_OK;
}

void tq_exchange_close(tq_exchange *exchange)
{
    tq_free(exchange);
}

const product_row *product_find(const tq_exchange *exchange, const char *id)
{
    for (uint32_t k = 0; k < exchange->product_count; k++)
        if (strcmp(exchange->product[k].id, id) == 0) return &exchange->product[k];
    return NULL;
}

bool product_goes_to(const product_row *what, const char *kind)
{
    for (uint32_t k = 0; k < what->to_count; k++)
        if (strcmp(what->to[k], kind) == 0) return true;
    return false;
}

/* ---- JSON ------------------------------------------------------------------------------------ */

tq_status exchange_json(tq_str text, json_t **out, tq_err *err)
{
    json_error_t why;
    if (text.len > 4 * MESSAGE_BYTES_MAX)
        return tq_fail(err, TQ_LIMIT, 0, "the body has %zu bytes; at most %zu are read", text.len,
                       4 * MESSAGE_BYTES_MAX);
    json_t *value = json_loadb(text.len > 0 ? text.at : "", text.len, JSON_DEPTH_FLAGS, &why);
    if (value == NULL)
        return tq_fail(err, TQ_BAD_INPUT, (uint64_t)TQ_MAX(why.line, 0), "not JSON at byte %d: %s",
                       why.position, why.text);
    if (!json_is_object(value)) {
        json_decref(value);
        return tq_fail(err, TQ_BAD_INPUT, 0, "the body must be a JSON object");
    }
    *out = value;
    return TQ_OK;
}

const char *json_text_or(const json_t *object, const char *name, const char *otherwise)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text != NULL ? text : otherwise;
}

char *exchange_dump(const json_t *value)
{
    return json_dumps(value, EXCHANGE_DUMP);
}

uint64_t message_hash(const json_t *body)
{
    char *text = exchange_dump(body);
    uint64_t hash = text != NULL ? tq_hash(text, strlen(text), 1) : 0;
    free(text);
    return hash;
}

void exchange_put_instant(const tq_exchange *exchange, json_t *object, const char *name,
                          int64_t at_ms)
{
    char text[TQ_TIME_TEXT_MAX];
    if (at_ms == INT64_MIN || at_ms == INT64_MAX || at_ms == 0) {
        json_object_set_new(object, name, json_null());
        return;
    }
    tq_time_print(&exchange->city->zone, at_ms, text);
    json_object_set_new(object, name, json_string(text));
}

tq_status exchange_answer(json_t *value, tq_buf *answer, tq_err *err)
{
    char *text = value != NULL ? exchange_dump(value) : NULL;
    json_decref(value);
    if (text == NULL) return tq_fail(err, TQ_NO_MEMORY, 0, "no memory for an answer");
    tq_buf_puts(answer, text);
    free(text);
    return answer->failed ? tq_fail(err, TQ_NO_MEMORY, 0, "no memory for an answer") : TQ_OK;
}

/* ---- records and messages ---------------------------------------------------------------------
 */

tq_status exchange_send(tq_store *store, const char *peer, const char *product, const char *about,
                        int64_t now_ms, json_t *body, uint64_t *seq, tq_err *err)
{
    char *text = body != NULL ? exchange_dump(body) : NULL;
    json_decref(body);
    if (text == NULL) return tq_fail(err, TQ_NO_MEMORY, 0, "no memory for a message");
    tq_message message = {
        .peer = peer, .product = product, .about = about, .at_ms = now_ms, .body = tq_str_of(text)};
    uint64_t given = 0;
    tq_status status = tq_store_send(store, &message, &given, err);
    if (status == TQ_OK && seq != NULL) *seq = given;
    free(text);
    return status;
}

tq_status exchange_save(tq_store *store, const char *kind, const char *id, const char *state,
                        json_t *body, uint64_t version, int64_t now_ms, tq_err *err)
{
    uint64_t now = 0;
    if (body != NULL) {
        json_object_set_new(body, "id", json_string(id));
        json_object_set_new(body, "state", json_string(state));
        json_object_set_new(body, "version", json_integer((json_int_t)version + 1));
    }
    char *text = body != NULL ? exchange_dump(body) : NULL;
    json_decref(body);
    if (text == NULL) return tq_fail(err, TQ_NO_MEMORY, 0, "no memory for a record");
    tq_record record = {.kind = kind,
                        .id = id,
                        .state = state,
                        .version = version,
                        .changed_ms = now_ms,
                        .body = tq_str_of(text)};
    tq_status status = tq_store_put(store, &record, &now, err);
    free(text);
    return status;
}

tq_status exchange_load(tq_store *store, const char *kind, const char *id, json_t **out,
                        uint64_t *version, char state[32], tq_err *err)
{
    tq_buf body = {0};
    tq_record record = {0};
    tq_status status = tq_store_get(store, kind, id, &body, &record, err);
    if (status == TQ_OK) status = exchange_json(record.body, out, err);
    if (status == TQ_OK) {
        *version = record.version;
        (void)snprintf(state, 32, "%s", json_text_or(*out, "state", ""));
    }
    tq_buf_free(&body);
    return status;
}

json_t *message_json(const tq_exchange *exchange, const tq_message *message)
{
    json_t *out = json_object();
    json_object_set_new(out, "seq", json_integer((json_int_t)message->seq));
    json_object_set_new(out, "product", json_string(message->product));
    json_object_set_new(out, "about", json_string(message->about != NULL ? message->about : ""));
    exchange_put_instant(exchange, out, "at", message->at_ms);
    json_t *body = json_loadb(message->body.at, message->body.len, JSON_DECODE_ANY, NULL);
    json_object_set_new(out, "body", body != NULL ? body : json_null());
    return out;
}
