/*
 * Orders for partners: when the desk says «to_partner» of an order, the peer it names is owed one
 * message, written in the same transaction. What the partner needs to send a car goes along, and no
 * more: no caller, no history. The partner answers with the verb vehicle.partner.
 *
 * A peer that is not there, is of another kind or closed gets nothing; the order stays where it is.
 */
#include "exchange/exchange_in.h"

#define PRODUCT "order_offer"

static tq_status send_offer(tq_store *store, const char *peer, const tq_event *event,
                            const json_t *order, const json_t *told, tq_err *err)
{
    static const char *const parts[] = {"id",      "channel",  "name",     "phone", "from",
                                        "to",      "at",       "party",    "needs", "elder",
                                        "classes", "estimate", "bonus_fen"};
    uint64_t seq = 0;
    json_t *body = json_object();
    for (size_t k = 0; k < TQ_COUNT(parts); k++) {
        json_t *value = json_object_get(order, parts[k]);
        if (value != NULL) json_object_set(body, parts[k], value);
    }
    json_t *vehicle = json_object_get(told, "vehicle");
    if (vehicle != NULL) json_object_set(body, "vehicle", vehicle);
    return exchange_send(store, peer, PRODUCT, event->id, event->at_ms, body, &seq, err);
}

tq_status offer_heard(const tq_exchange *exchange, tq_store *store, const tq_event *event,
                      tq_str record, tq_err *err)
{
    json_t *order = NULL, *told = NULL, *peer = NULL;
    uint64_t version = 0;
    char state[32] = "";
    const product_row *what = product_find(exchange, PRODUCT);
    if (strcmp(event->verb, "to_partner") != 0 || record.len == 0 || what == NULL) return TQ_OK;
    tq_status status = exchange_json(event->body, &told, err);
    const char *id = json_text_or(told, "peer", "");
    if (status == TQ_OK && id[0] != '\0')
        status = exchange_load(store, "peer", id, &peer, &version, state, err);
    bool may =
        status == TQ_OK && peer != NULL && product_goes_to(what, json_text_or(peer, "kind", ""));
    if (status == TQ_NOT_FOUND) status = TQ_OK;
    if (status == TQ_OK && may) status = exchange_json(record, &order, err);
    if (status == TQ_OK && may) status = send_offer(store, id, event, order, told, err);
    json_decref(order);
    json_decref(told);
    json_decref(peer);
    return status;
}
