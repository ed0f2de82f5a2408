/*
 * Events of a consignment for others: EPCIS 2.0 (JSON-LD) and DCSA Track & Trace 2.2.
 *
 * EPCIS tells what has happened, in the order in which it happened. DCSA tells transport events
 * planned, estimated and actual, equipment events a box, and the confirmation of the booking; it
 * knows containers by sea, so codes for trains, lorries and planes are its nearest. Identifiers
 * are made from the record: the same record gives the same ids. Places of ours are
 * urn:tongqu:node:ID, as there are no GLN or UN/LOCODE in the freight tables.
 */
#include <stdio.h>

#include "desk/consignment_in.h"

#define EPCIS_CONTEXT "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"

/* An id of 36 characters that the words alone decide (UUID version 8). */
static void make_uuid(const char *of, const char *what, uint32_t leg, const char *more,
                      char out[40])
{
    char text[400];
    (void)snprintf(text, sizeof text, "%s|%s|%u|%s", of, what, leg, more);
    uint64_t high = tq_hash(text, strlen(text), 11), low = tq_hash(text, strlen(text), 12);
    (void)snprintf(out, 40, "%08x-%04x-8%03x-%04x-%012llx", (unsigned)(high >> 32),
                   (unsigned)(high >> 16 & 0xFFFF), (unsigned)(high & 0xFFF),
                   (unsigned)(low >> 48 & 0x3FFF) | 0x8000u,
                   (unsigned long long)(low & 0xFFFFFFFFFFFF));
}

static bool is_plain(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           strchr("-._~:/", c) != NULL;
}

static json_t *vehicle_uri(const char *vehicle)
{
    tq_buf text = {0};
    bool uri = strncmp(vehicle, "urn:", 4) == 0 || strncmp(vehicle, "http", 4) == 0;
    if (!uri) tq_buf_puts(&text, "urn:tongqu:vehicle:");
    for (const char *c = vehicle; *c != '\0'; c++) {
        if (is_plain(*c) || uri)
            tq_buf_putc(&text, *c);
        else
            tq_buf_printf(&text, "%%%02X", (unsigned)(uint8_t)*c);
    }
    json_t *value = json_stringn(text.at, text.len);
    tq_buf_free(&text);
    return value;
}

/* ---- EPCIS -------------------------------------------------------------------------------------
 */

static const struct {
    const char *event, *type, *action, *step, *disposition;
} KINDS[] = {
    {"gate_in", "ObjectEvent", "OBSERVE", "staging_outbound", "in_progress"},
    {"loaded", "AggregationEvent", "ADD", "loading", "in_progress"},
    {"departed", "ObjectEvent", "OBSERVE", "departing", "in_transit"},
    {"arrived", "ObjectEvent", "OBSERVE", "arriving", "in_progress"},
    {"unloaded", "AggregationEvent", "DELETE", "unloading", "in_progress"},
    {"handed_over", "TransactionEvent", "OBSERVE", "accepting", "in_progress"},
    {"delivered", "ObjectEvent", "OBSERVE", "receiving", "in_progress"},
    {"problem", "ObjectEvent", "OBSERVE", "holding", "in_progress"},
};

static void put_what(const json_t *record, bool children, json_t *out)
{
    const json_t *goods = json_object_get(record, "goods"), *box;
    json_t *epcs = json_array();
    char uri[80];
    size_t k;
    json_array_foreach(json_object_get(goods, "boxes"), k, box)
    {
        (void)snprintf(uri, sizeof uri, "urn:epc:id:bic:%s", desk_get_text(box, "number"));
        json_array_append_new(epcs, json_string(uri));
    }
    if (json_array_size(epcs) > 0) {
        json_object_set_new(out, children ? "childEPCs" : "epcList", epcs);
        return;
    }
    json_decref(epcs);
    (void)snprintf(uri, sizeof uri, "urn:tongqu:commodity:%.40s",
                   desk_get_text(goods, "commodity"));
    json_t *mass = json_object();
    json_object_set_new(mass, "epcClass", json_string(uri));
    json_object_set(mass, "quantity", json_object_get(goods, "tonnes"));
    json_object_set_new(mass, "uom", json_string("TNE"));
    json_t *list = json_array();
    json_array_append_new(list, mass);
    json_object_set_new(out, children ? "childQuantityList" : "quantityList", list);
}

static void put_transaction(const json_t *record, json_t *out)
{
    char uri[80];
    json_t *list = json_array(), *one = json_object();
    (void)snprintf(uri, sizeof uri, "urn:tongqu:consignment:%.40s", desk_get_text(record, "id"));
    json_object_set_new(one, "type", json_string("bol"));
    json_object_set_new(one, "bizTransaction", json_string(uri));
    json_array_append_new(list, one);
    json_object_set_new(out, "bizTransactionList", list);
}

static json_t *epcis_one(const json_t *record, const json_t *event)
{
    const char *name = desk_get_text(event, "event"), *at = desk_get_text(event, "at"),
               *place = desk_get_text(event, "place"), *given = desk_get_text(event, "event_id"),
               *vehicle = desk_get_text(event, "vehicle");
    uint32_t leg = (uint32_t)json_integer_value(json_object_get(event, "leg")), kind = 0;
    char uuid[40], text[120];
    while (kind < TQ_COUNT(KINDS) && strcmp(KINDS[kind].event, name) != 0)
        kind++;
    if (kind == TQ_COUNT(KINDS)) return NULL;
    const json_t *row = leg > 0 ? json_array_get(json_object_get(record, "legs"), leg - 1) : NULL;
    if (vehicle[0] == '\0') vehicle = desk_get_text(row, "vehicle");
    bool group = strcmp(KINDS[kind].type, "AggregationEvent") == 0;
    if (group && vehicle[0] == '\0') vehicle = desk_get_text(row, "id");
    json_t *out = json_object();
    make_uuid(desk_get_text(record, "id"), name, leg, at, uuid);
    (void)snprintf(text, sizeof text, "urn:uuid:%s", uuid);
    json_object_set_new(out, "type", json_string(KINDS[kind].type));
    json_object_set_new(out, "eventID", json_string(given[0] != '\0' ? given : text));
    json_object_set_new(out, "eventTime", json_string(at));
    json_object_set_new(out, "recordTime", json_string(desk_get_text(event, "reported")));
    json_object_set_new(out, "eventTimeZoneOffset",
                        json_string(strlen(at) > 6 ? at + strlen(at) - 6 : "+00:00"));
    json_object_set_new(out, "action", json_string(KINDS[kind].action));
    json_object_set_new(out, "bizStep", json_string(KINDS[kind].step));
    json_object_set_new(out, "disposition", json_string(KINDS[kind].disposition));
    if (group) json_object_set_new(out, "parentID", vehicle_uri(vehicle));
    put_what(record, group, out);
    if (place[0] != '\0') {
        (void)snprintf(text, sizeof text, "urn:tongqu:node:%.60s", place);
        json_object_set_new(out, "readPoint", json_pack("{s:s}", "id", text));
    }
    put_transaction(record, out);
    return out;
}

tq_status cons_epcis_out(desk_call *call)
{
    json_auto_t *record = NULL;
    const json_t *event;
    size_t k;
    TQ_TRY(cons_asked(call, &record));
    json_t *document = json_object(), *body = json_object(), *list = json_array();
    json_array_foreach(json_object_get(record, "events"), k, event)
    {
        json_t *one = epcis_one(record, event);
        if (one != NULL) json_array_append_new(list, one);
    }
    json_object_set_new(body, "eventList", list);
    json_object_set_new(document, "@context", json_pack("[s]", EPCIS_CONTEXT));
    json_object_set_new(document, "type", json_string("EPCISDocument"));
    json_object_set_new(document, "schemaVersion", json_string("2.0"));
    json_object_set_new(document, "creationDate", json_string(desk_get_text(record, "changed")));
    json_object_set_new(document, "epcisBody", body);
    return desk_answer(call, document);
}

/* ---- DCSA --------------------------------------------------------------------------------------
 */

typedef struct dcsa_out {
    const json_t *record;
    json_t *list;
} dcsa_out;

static json_t *dcsa_event(dcsa_out *out, const char *type, const char *code, const char *class,
                          uint32_t leg, const char *at, const char *told, const char *more)
{
    char uuid[40], what[60];
    const char *member = strcmp(type, "TRANSPORT") == 0   ? "transportEventTypeCode"
                         : strcmp(type, "EQUIPMENT") == 0 ? "equipmentEventTypeCode"
                                                          : "shipmentEventTypeCode";
    json_t *event = json_object(), *papers = json_array();
    (void)snprintf(what, sizeof what, "dcsa %s %s %s", type, code, class);
    make_uuid(desk_get_text(out->record, "id"), what, leg, more, uuid);
    json_object_set_new(event, "eventID", json_string(uuid));
    json_object_set_new(event, "eventType", json_string(type));
    json_object_set_new(event, "eventClassifierCode", json_string(class));
    json_object_set_new(event, "eventDateTime", json_string(at));
    json_object_set_new(event, "eventCreatedDateTime", json_string(told));
    json_object_set_new(event, member, json_string(code));
    json_array_append_new(papers,
                          json_pack("{s:s,s:s}", "documentReferenceType", "BKG",
                                    "documentReferenceValue", desk_get_text(out->record, "id")));
    json_object_set_new(event, "documentReferences", papers);
    json_array_append_new(out->list, event);
    return event;
}

static json_t *transport_call(const json_t *record, const json_t *leg, const char *end)
{
    static const char *const modes[][2] = {
        {"road", "TRUCK"}, {"rail", "RAIL"}, {"sea", "VESSEL"}, {"river", "BARGE"}, {"air", "AIR"}};
    const json_t *place = json_object_get(leg, end);
    const char *mode = desk_get_text(leg, "mode"), *vehicle = desk_get_text(leg, "vehicle");
    char id[160], at[2][24];
    json_t *call = json_object(), *location = json_object();
    for (uint32_t k = 0; k < 2; k++)
        (void)snprintf(at[k], sizeof at[k], "%.7f",
                       json_number_value(json_object_get(place, k == 0 ? "lat" : "lon")));
    (void)snprintf(id, sizeof id, "%.40s/%lld/%.60s", desk_get_text(record, "id"),
                   (long long)json_integer_value(json_object_get(leg, "number")),
                   desk_get_text(place, "id"));
    json_object_set_new(call, "transportCallID", json_string(id));
    json_object_set_new(call, "carrierServiceCode", json_string(desk_get_text(leg, "id")));
    for (uint32_t k = 0; k < TQ_COUNT(modes); k++)
        if (strcmp(modes[k][0], mode) == 0)
            json_object_set_new(call, "modeOfTransport", json_string(modes[k][1]));
    if (vehicle[0] != '\0') json_object_set_new(call, "transportReference", json_string(vehicle));
    json_object_set_new(location, "locationName", json_string(desk_get_text(place, "name_en")));
    json_object_set_new(location, "facilityCode", json_string(desk_get_text(place, "id")));
    json_object_set_new(location, "facilityCodeListProvider", json_string("TONGQU"));
    json_object_set_new(location, "latitude", json_string(at[0]));
    json_object_set_new(location, "longitude", json_string(at[1]));
    json_object_set_new(call, "location", location);
    return call;
}

/* When an actual event was told of. */
static const char *reported(const json_t *record, const char *name, uint32_t leg)
{
    const json_t *event;
    size_t k;
    json_array_foreach(json_object_get(record, "events"), k, event)
    {
        if (strcmp(desk_get_text(event, "event"), name) == 0 &&
            json_integer_value(json_object_get(event, "leg")) == (json_int_t)leg)
            return desk_get_text(event, "reported");
    }
    return desk_get_text(record, "changed");
}

static void transport_events(dcsa_out *out, const json_t *leg, uint32_t number)
{
    static const struct {
        const char *point, *actual, *code, *end;
    } ends[] = {{"depart", "departed", "DEPA", "from"}, {"arrive", "arrived", "ARRI", "to"}};
    for (uint32_t k = 0; k < TQ_COUNT(ends); k++) {
        const char *planned = desk_get_text(json_object_get(leg, "planned"), ends[k].point),
                   *estimate = desk_get_text(json_object_get(leg, "estimated"), ends[k].point),
                   *actual = desk_get_text(json_object_get(leg, "actual"), ends[k].actual);
        const struct {
            const char *class, *at, *told;
        } rows[] = {
            {"PLN", planned, desk_get_text(out->record, "created")},
            {"EST", actual[0] == '\0' ? estimate : "", desk_get_text(out->record, "changed")},
            {"ACT", actual, reported(out->record, ends[k].actual, number)}};
        for (uint32_t row = 0; row < TQ_COUNT(rows); row++) {
            if (rows[row].at[0] == '\0') continue;
            json_t *event = dcsa_event(out, "TRANSPORT", ends[k].code, rows[row].class, number,
                                       rows[row].at, rows[row].told, rows[row].at);
            json_object_set_new(event, "transportCall",
                                transport_call(out->record, leg, ends[k].end));
        }
    }
}

static void equipment_events(dcsa_out *out, const json_t *leg, uint32_t number)
{
    static const struct {
        const char *point, *code, *end;
    } codes[] = {
        {"gate_in", "GTIN", "from"}, {"loaded", "LOAD", "from"}, {"unloaded", "DISC", "to"}};
    const json_t *boxes = json_object_get(json_object_get(out->record, "goods"), "boxes"), *box;
    size_t of;
    for (uint32_t k = 0; k < TQ_COUNT(codes); k++) {
        const char *at = desk_get_text(json_object_get(leg, "actual"), codes[k].point);
        if (at[0] == '\0') continue;
        json_array_foreach(boxes, of, box)
        {
            const char *number_of = desk_get_text(box, "number");
            json_t *event = dcsa_event(out, "EQUIPMENT", codes[k].code, "ACT", number, at,
                                       reported(out->record, codes[k].point, number), number_of);
            json_object_set_new(event, "equipmentReference", json_string(number_of));
            json_object_set_new(event, "emptyIndicatorCode", json_string("LADEN"));
            json_object_set_new(event, "transportCall",
                                transport_call(out->record, leg, codes[k].end));
        }
    }
}

tq_status cons_dcsa_out(desk_call *call)
{
    json_auto_t *record = NULL;
    const json_t *leg;
    size_t k;
    TQ_TRY(cons_asked(call, &record));
    dcsa_out out = {record, json_array()};
    const char *created = desk_get_text(record, "created");
    json_t *booked = dcsa_event(&out, "SHIPMENT", "CONF", "ACT", 0, created, created, "");
    json_object_set_new(booked, "documentTypeCode", json_string("BKG"));
    json_object_set_new(booked, "documentID", json_string(desk_get_text(record, "id")));
    json_array_foreach(json_object_get(record, "legs"), k, leg)
    {
        transport_events(&out, leg, (uint32_t)k + 1);
        equipment_events(&out, leg, (uint32_t)k + 1);
    }
    return desk_answer(call, out.list);
}
