/*
 * Orders for partners: when the desk says «to_partner» of an order, the peer it names is owed one
 * message, written in the same transaction. What the partner needs to send a car goes along, and no
 * more: no caller, no history. The partner answers with the verb vehicle.partner. When the order
 * ends otherwise, or a car from here has it, a partner that was asked is owed that, too:
 * {"id","withdrawn":state,"why"}, so that no second car comes.
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

static tq_status send_withdrawal(tq_store *store, const char *peer, const tq_event *event,
                                 const json_t *order, tq_err *err)
{
    uint64_t seq = 0;
    json_t *body = json_object(), *cancelled = json_object_get(order, "cancelled");
    json_object_set_new(body, "id", json_string(event->id));
    json_object_set_new(body, "withdrawn", json_string(json_text_or(order, "state", "")));
    const char *why = json_text_or(cancelled, "why", "");
    json_object_set_new(body, "why", why[0] != '\0' ? json_string(why) : json_null());
    return exchange_send(store, peer, PRODUCT, event->id, event->at_ms, body, &seq, err);
}

static bool is_one_of(const char *verb, const char *const *words)
{
    for (; *words != NULL; words++)
        if (strcmp(verb, *words) == 0) return true;
    return false;
}

/* Words of moves after which nobody comes any more, or a car from here does. */
static const char *const ENDS[] = {"cancelled", "unserved", "passenger not there", "handing over",
                                   NULL},
                         *const NAMED[] = {"assigned", "accepted", NULL};

/* Is a partner that was asked, or that accepted, to come no more? */
static bool is_withdrawn(const tq_event *event, const json_t *partner)
{
    return is_one_of(event->verb, ENDS) ||
           (is_one_of(event->verb, NAMED) && !json_is_true(json_object_get(partner, "accepted")));
}

/* Does it still take such messages? */
static tq_status peer_takes(const tq_exchange *exchange, tq_store *store, const char *id, bool *may,
                            tq_err *err)
{
    json_t *peer = NULL;
    uint64_t version = 0;
    char state[32] = "";
    const product_row *what = product_find(exchange, PRODUCT);
    *may = false;
    if (what == NULL || id[0] == '\0') return TQ_OK;
    tq_status status = exchange_load(store, "peer", id, &peer, &version, state, err);
    if (status == TQ_OK)
        *may =
            strcmp(state, "closed") != 0 && product_goes_to(what, json_text_or(peer, "kind", ""));
    json_decref(peer);
    return status == TQ_NOT_FOUND ? TQ_OK : status;
}

tq_status offer_heard(const tq_exchange *exchange, tq_store *store, const tq_event *event,
                      tq_str record, tq_err *err)
{
    json_t *order = NULL, *told = NULL;
    bool offered = strcmp(event->verb, "to_partner") == 0, may = false;
    if (record.len == 0 ||
        (!offered && !is_one_of(event->verb, ENDS) && !is_one_of(event->verb, NAMED)))
        return TQ_OK;
    tq_status status = exchange_json(record, &order, err);
    const json_t *partner = json_object_get(order, "partner");
    if (status == TQ_OK && offered) status = exchange_json(event->body, &told, err);
    const char *peer = json_text_or(offered ? told : partner, "peer", "");
    if (status == TQ_OK && (offered || is_withdrawn(event, partner)))
        status = peer_takes(exchange, store, peer, &may, err);
    if (status == TQ_OK && may)
        status = offered ? send_offer(store, peer, event, order, told, err)
                         : send_withdrawal(store, peer, event, order, err);
    json_decref(order);
    json_decref(told);
    return status;
}
