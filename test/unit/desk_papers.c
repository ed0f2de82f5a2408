/*
 * What leaves and enters with a consignment: EPCIS in and out, DCSA, papers, and who sees what.
 */
// also: import
#include <math.h>

#include "desk_goods.h"

/* ---- EPCIS, DCSA -------------------------------------------------------------------------------
 */

#define EPCIS_HEAD                                                                                 \
    "\"eventTimeZoneOffset\":\"+08:00\",\"action\":\"OBSERVE\",\"type\":\"ObjectEvent\","          \
    "\"epcList\":[\"urn:epc:id:bic:CSQU3054383\"],\"bizTransactionList\":[{\"type\":\"bol\","      \
    "\"bizTransaction\":\"urn:tongqu:consignment:" ONE "\"}]"

static void epcis_comes_in_once(void **state)
{
    desk_room *room = *state;
    must(room, "consignment.create", "", "{" PARTIES "," BOXES "}");
    room->now_ms = START_MS + 4 * DAY_MS;
    /* The later one first, names in three forms. */
    const char *document =
        "{\"@context\":[\"https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld\"],"
        "\"type\":\"EPCISDocument\",\"schemaVersion\":\"2.0\",\"creationDate\":"
        "\"2025-06-05T00:00:00Z\",\"epcisBody\":{\"eventList\":["
        "{" EPCIS_HEAD ",\"eventID\":\"urn:uuid:2\",\"eventTime\":\"2025-06-04T12:00:00.123Z\","
        "\"bizStep\":\"urn:epcglobal:cbv:bizstep:arriving\",\"readPoint\":{\"id\":"
        "\"urn:tongqu:node:ZDL\"}},"
        "{" EPCIS_HEAD ",\"eventID\":\"urn:uuid:1\",\"eventTime\":\"2025-06-04T18:00:00+08:00\","
        "\"bizStep\":\"https://ref.gs1.org/cbv/BizStep-departing\"}]}}";
    must(room, "consignment.epcis", "", document);
    assert_int_equal(json_integer_value(json_object_get(room->json, "taken")), 2);
    must(room, "consignment.epcis", ONE, document);
    assert_int_equal(json_integer_value(json_object_get(room->json, "taken")), 0);
    assert_int_equal(json_integer_value(json_object_get(room->json, "known")), 2);
    get(room, ONE);
    assert_string_equal(room_text(room, "state"), "at_terminal");
    const json_t *actual = json_object_get(leg(room, 1), "actual");
    assert_string_equal(desk_get_text(actual, "departed"), "2025-06-04T18:00:00+08:00");
    assert_string_equal(desk_get_text(actual, "arrived"), "2025-06-04T20:00:00+08:00");
    /* A document of which one event cannot be: none of it is. */
    const char *half =
        "{\"type\":\"EPCISDocument\",\"epcisBody\":{\"eventList\":["
        "{" EPCIS_HEAD ",\"eventID\":\"urn:uuid:3\",\"eventTime\":\"2025-06-04T21:00:00+08:00\","
        "\"bizStep\":\"loading\"},"
        "{" EPCIS_HEAD ",\"eventID\":\"urn:uuid:4\",\"eventTime\":\"2025-06-04T22:00:00+08:00\","
        "\"bizStep\":\"unloading\",\"readPoint\":{\"id\":\"urn:tongqu:node:VOR\"}}]}}";
    tq_buf before = {0}, after = {0};
    stored(room, ONE, &before);
    assert_true(say(room, "consignment.epcis", "", half) != TQ_OK);
    assert_non_null(strstr(room->err.text, "event 2"));
    stored(room, ONE, &after);
    assert_int_equal(before.len, after.len);
    assert_memory_equal(before.at, after.at, before.len);
    tq_buf_free(&before);
    tq_buf_free(&after);
    assert_int_equal(say(room, "consignment.epcis", TWO, document), TQ_BAD_INPUT);
}

static void holes_in_epcis_are_named(void **state)
{
    desk_room *room = *state;
    must(room, "consignment.create", "", "{" PARTIES "," BOXES "}");
    room->now_ms = START_MS + 2 * DAY_MS;
    static const char good[] =
        "{\"type\":\"ObjectEvent\",\"eventID\":\"urn:uuid:9\",\"eventTime\":"
        "\"2025-06-04T18:00:00+08:00\",\"eventTimeZoneOffset\":\"+08:00\",\"action\":\"OBSERVE\","
        "\"bizStep\":\"departing\",\"epcList\":[\"urn:epc:id:bic:CSQU3054383\"],\"readPoint\":"
        "{\"id\":\"urn:tongqu:node:TISC\"},\"bizTransactionList\":[\"urn:tongqu:consignment:" ONE
        "\"]}";
    static const struct {
        const char *member, *value, *word; /* value NULL = the member is missing */
    } rows[] = {
        {"type", NULL, "type is missing"},
        {"type", "\"TransformationEvent\"", "TransformationEvent"},
        {"eventTime", NULL, "eventTime is missing"},
        {"eventTime", "\"2025-06-04T18:00:00\"", "no instant with its offset"},
        {"eventTime", "\"yesterday\"", "no instant"},
        {"eventTimeZoneOffset", NULL, "eventTimeZoneOffset is missing"},
        {"eventTimeZoneOffset", "\"CST\"", "CST"},
        {"action", NULL, "action is missing"},
        {"action", "\"MOVE\"", "MOVE"},
        {"bizStep", NULL, "bizStep is missing"},
        {"bizStep", "\"retail_selling\"", "retail_selling"},
        {"epcList", NULL, "epcList or quantityList"},
        {"epcList", "[]", "epcList or quantityList"},
        {"readPoint", "{}", "readPoint has no id"},
        {"readPoint", "{\"id\":\"geo:91,0\"}", "geo:LAT,LON"},
        {"readPoint", "{\"id\":\"urn:tongqu:node:NOWH\"}", "NOWH"},
        {"bizTransactionList", NULL, "names no consignment"},
        {"bizTransactionList", "[\"urn:tongqu:consignment:CG-2025-000777\"]", "CG-2025-000777"},
    };
    for (uint32_t k = 0; k < TQ_COUNT(rows); k++) {
        json_error_t why;
        json_t *event = json_loads(good, 0, &why);
        if (rows[k].value == NULL)
            json_object_del(event, rows[k].member);
        else
            json_object_set_new(event, rows[k].member,
                                json_loads(rows[k].value, JSON_DECODE_ANY, &why));
        char *text = json_dumps(event, 0);
        tq_status got = say(room, "consignment.epcis", "", text);
        if (got == TQ_OK || strstr(room->err.text, rows[k].word) == NULL ||
            strstr(room->err.text, "event 1") == NULL)
            fail_msg("row %u: %s: %s", k, tq_status_name(got), room->err.text);
        free(text);
        json_decref(event);
    }
    assert_int_equal(say(room, "consignment.epcis", "", "{\"type\":\"EPCISDocument\"}"),
                     TQ_BAD_INPUT);
    get(room, ONE);
    assert_int_equal(json_integer_value(json_object_get(room->json, "version")), 1);
    must(room, "consignment.epcis", "", good);
    assert_int_equal(json_integer_value(json_object_get(room->json, "taken")), 1);
}

/* What goes out comes in again as the same: into a twin, by its id. */
static void epcis_goes_out_and_in_again(void **state)
{
    desk_room *room = *state;
    static const char *const points[] = {"gate_in", "loaded",   "departed",
                                         "arrived", "unloaded", "handed_over"};
    for (uint32_t k = 0; k < 2; k++)
        must(room, "consignment.create", "", "{" PARTIES "," BOXES "}");
    int64_t at_ms = START_MS + 12 * HOUR_MS;
    for (uint32_t number = 1; number <= 2; number++)
        for (uint32_t k = 0; k < 6; k++)
            assert_int_equal(event_at(room, ONE, points[k], number, at_ms += 7 * MIN_MS), TQ_OK);
    assert_int_equal(event_at(room, ONE, "delivered", 2, at_ms += 7 * MIN_MS), TQ_OK);
    json_t *want = json_deep_copy(json_object_get(room->json, "legs"));
    assert_int_equal(room_ask(room, &room->dispatcher, "consignment.epcis_out", ONE, ""), TQ_OK);
    tq_buf text = {0};
    tq_buf_put(&text, room->answer.at, room->answer.len);
    tq_buf_putc(&text, '\0');
    for (char *at = text.at; (at = strstr(at, ONE)) != NULL; at++)
        memcpy(at, TWO, strlen(TWO));
    must(room, "consignment.epcis", "", text.at);
    assert_int_equal(json_integer_value(json_object_get(room->json, "taken")), 13);
    get(room, TWO);
    assert_string_equal(room_text(room, "state"), "delivered");
    for (uint32_t number = 1; number <= 2; number++)
        assert_true(json_equal(json_object_get(json_array_get(want, number - 1), "actual"),
                               json_object_get(leg(room, number), "actual")));
    json_decref(want);
    tq_buf_free(&text);

    /* DCSA: 1 shipment, 4 planned and 4 actual transports, 2 boxes x 3 codes x 2 legs; ids differ.
     */
    assert_int_equal(room_ask(room, &room->dispatcher, "consignment.dcsa", TWO, ""), TQ_OK);
    assert_int_equal(json_array_size(room->json), 1 + 8 + 12);
    const json_t *event;
    json_t *ids = json_object();
    size_t k;
    json_array_foreach(room->json, k, event)
    {
        assert_int_equal(strlen(desk_get_text(event, "eventID")), 36);
        json_object_set_new(ids, desk_get_text(event, "eventID"), json_true());
    }
    assert_int_equal(json_object_size(ids), json_array_size(room->json));
    json_decref(ids);
}

/* ---- papers ------------------------------------------------------------------------------------
 */

/* Elements open and close in order; their number. */
static uint32_t well_formed(tq_str xml)
{
    static char open[16][64];
    uint32_t depth = 0, seen = 0;
    const char *at = memchr(xml.at + 1, '<', xml.len - 1), *end = xml.at + xml.len;
    while (at != NULL) {
        const char *stop = memchr(at, '>', (size_t)(end - at));
        assert_non_null(stop);
        bool closing = at[1] == '/';
        const char *name = at + 1 + closing;
        size_t len = (size_t)(stop - name);
        assert_true(len > 0 && len < 64);
        if (closing) {
            assert_true(depth > 0);
            depth--;
            assert_int_equal(strlen(open[depth]), len);
            assert_memory_equal(open[depth], name, len);
        } else {
            assert_true(depth < 16);
            memcpy(open[depth], name, len);
            open[depth++][len] = '\0';
            seen++;
        }
        at = memchr(stop, '<', (size_t)(end - stop));
    }
    assert_int_equal(depth, 0);
    return seen;
}

static tq_status ask_raw(desk_room *room, const tq_actor *actor, const char *verb, const char *id)
{
    tq_command command = desk_room_command(room, actor, verb, id, "");
    tq_desk_world world = {.city = room->city};
    room->answer.len = 0;
    return tq_desk_ask(room->desk, &command, &world, &room->answer, &room->err);
}

static void papers_of_a_consignment(void **state)
{
    desk_room *room = *state;
    must(room, "consignment.create", "",
         "{" PARTIES "," BOXES ",\"note\":\"<急> & \\\"重要\\\"\",\"reference\":\"PO-1\"}");
    assert_int_equal(room_ask(room, &room->clerk, "consignment.waybill", ONE, ""), TQ_OK);
    assert_string_equal(room_text(room, "WaybillNumber"), ONE);
    assert_string_equal(desk_get_text(json_object_get(room->json, "Consignor"), "Telephone"),
                        "13812345678");
    const json_t *goods = json_object_get(room->json, "Goods");
    assert_int_equal(json_array_size(json_object_get(goods, "Container")), 2);
    assert_int_equal(json_array_size(json_object_get(room->json, "TransportLeg")), 2);
    assert_int_equal(ask_raw(room, &room->auditor, "consignment.waybill_xml", ONE), TQ_OK);
    tq_str xml = {room->answer.at, room->answer.len};
    assert_true(tq_str_starts(xml, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>"));
    assert_true(well_formed(xml) > 60);
    tq_buf_putc(&room->answer, '\0');
    assert_non_null(strstr(room->answer.at, "<Remarks>&lt;急&gt; &amp; \"重要\"</Remarks>"));
    assert_non_null(strstr(room->answer.at, "<Telephone>***5678</Telephone>"));
    assert_null(strstr(room->answer.at, "13812345678"));

    static const struct {
        const char *body, *word;
    } rows[] = {
        {"{\"leg\":1,\"train\":\"X1\",\"rows\":[]}", "rows"},
        {"{\"leg\":1,\"rows\":[{\"wagon\":\"C70\",\"gross_t\":90,\"tare_t\":20}]}", "train"},
        {"{\"leg\":7,\"train\":\"X1\",\"rows\":[]}", "leg"},
        {"{\"leg\":1,\"train\":\"X1\",\"rows\":[{\"wagon\":\"C70\",\"gross_t\":10,\"tare_t\":20}]}",
         "row 1"},
        {"{\"leg\":1,\"train\":\"X1\",\"rows\":[{\"wagon\":\"C70\",\"gross_t\":-1,\"tare_t\":-2}]}",
         "tare"},
    };
    for (uint32_t k = 0; k < TQ_COUNT(rows); k++) {
        assert_int_equal(say(room, "consignment.weigh", ONE, rows[k].body), TQ_BAD_INPUT);
        if (strstr(room->err.text, rows[k].word) == NULL) fail_msg("row %u: %s", k, room->err.text);
    }
    must(room, "consignment.weigh", ONE,
         "{\"leg\":1,\"train\":\"X9041\",\"rows\":[{\"wagon\":\"NX70 1\",\"box\":\"CSQU3054383\","
         "\"gross_t\":45.6,\"tare_t\":23.6},{\"wagon\":\"NX70 2\",\"gross_t\":45.65,\"tare_t\":"
         "23.6}]}");
    assert_int_equal(room_ask(room, &room->clerk, "consignment.weigh_list", ONE, ""), TQ_OK);
    const json_t *train = json_array_get(json_object_get(room->json, "Train"), 0);
    assert_int_equal(json_integer_value(json_object_get(train, "WagonCount")), 2);
    assert_true(fabs(json_number_value(json_object_get(train, "NetWeightTonnes")) - 44.05) < 1e-9);
    /* 0.05 t of 44 t are 1.1 per mille. */
    assert_true(json_is_false(json_object_get(train, "Differs")));
    assert_int_equal(ask_raw(room, &room->clerk, "consignment.weigh_list_xml", ONE), TQ_OK);
    (void)well_formed((tq_str){room->answer.at, room->answer.len});
}

/* ---- who ---------------------------------------------------------------------------------------
 */

static void who_sees_and_does_what(void **state)
{
    desk_room *room = *state;
    tq_actor peer = room->peer, other = room->peer;
    (void)snprintf(peer.peer, sizeof peer.peer, "railway");
    (void)snprintf(other.peer, sizeof other.peer, "somebody");
    coal(room, "");
    must(room, "consignment.change", ONE, "{\"legs\":[{\"number\":2,\"peer\":\"railway\"}]}");
    assert_int_equal(room_ask(room, &peer, "consignment.get", ONE, ""), TQ_OK);
    assert_string_equal(desk_get_text(json_object_get(room->json, "shipper"), "phone"), "***5678");
    assert_int_equal(room_ask(room, &other, "consignment.get", ONE, ""), TQ_NOT_FOUND);
    assert_int_equal(room_ask(room, &room->rider, "consignment.get", ONE, ""), TQ_NOT_FOUND);
    assert_int_equal(room_ask(room, &room->nobody, "consignment.get", ONE, ""), TQ_DENIED);
    assert_int_equal(room_ask(room, &other, "consignment.list", "", ""), TQ_OK);
    assert_int_equal(json_array_size(json_object_get(room->json, "consignments")), 0);
    room->now_ms += 30 * HOUR_MS;
    assert_int_equal(
        say_with(room, &other, "consignment.event", ONE, "{\"event\":\"departed\"}", ""),
        TQ_NOT_FOUND);
    assert_int_equal(
        say_with(room, &peer, "consignment.event", ONE, "{\"event\":\"departed\"}", ""), TQ_OK);
    assert_int_equal(say_with(room, &peer, "consignment.replan", ONE, "{\"reason\":\"x\"}", ""),
                     TQ_DENIED);
    assert_int_equal(say(room, "consignment.cancel", ONE, "{\"reason\":\"x\"}"), TQ_STALE);
    /* A problem holds it until something moves again. */
    must(room, "consignment.event", ONE, "{\"event\":\"problem\",\"note\":\"爆胎\"}");
    assert_string_equal(room_text(room, "state"), "problem");
    room->now_ms += HOUR_MS;
    must(room, "consignment.event", ONE, "{\"event\":\"arrived\"}");
    assert_string_equal(room_text(room, "state"), "at_terminal");
    /* A shipper of their own. */
    char body[900];
    (void)snprintf(body, sizeof body, "{" PARTIES "," COAL ",\"plan\":0}");
    assert_int_equal(say_with(room, &room->rider, "consignment.create", "", body, ""), TQ_OK);
    assert_string_equal(desk_get_text(json_object_get(room->json, "shipper"), "phone"),
                        "13812345678");
    assert_int_equal(
        say_with(room, &room->rider, "consignment.cancel", TWO, "{\"reason\":\"not needed\"}", ""),
        TQ_OK);
    assert_int_equal(say(room, "consignment.event", TWO, "{\"event\":\"departed\"}"), TQ_STALE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(epcis_comes_in_once),         TEST(holes_in_epcis_are_named),
        TEST(epcis_goes_out_and_in_again), TEST(papers_of_a_consignment),
        TEST(who_sees_and_does_what),
    };
    return cmocka_run_group_tests(tests, open_all, close_all);
}
