/*
 * GTFS-Realtime: bytes made by hand and recordings are read whole, what is read is written back
 * the same, and what is no feed is refused with its place.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "wire/gtfs_rt_in.h"

/* ---- bytes by hand ---- */

static tq_str of(const tq_buf *buf)
{
    return (tq_str){buf->at, buf->len};
}

static void put_text(tq_buf *buf, uint32_t number, const char *text)
{
    tq_proto_put_bytes(buf, number, text, strlen(text));
}

static void put_nested(tq_buf *buf, uint32_t number, tq_buf *nested)
{
    tq_proto_put_bytes(buf, number, nested->at, nested->len);
    tq_buf_free(nested);
    *nested = (tq_buf){0};
}

static void put_header(tq_buf *buf)
{
    tq_buf header = {0};
    put_text(&header, 1, "2.0");
    tq_proto_put_varint(&header, 3, 1700000000);
    put_nested(buf, 1, &header);
}

static void fields_are_where_the_protocol_has_them(void **state)
{
    (void)state;
    tq_buf buf = {0}, entity = {0}, update = {0}, trip = {0}, stop = {0}, event = {0};
    tq_pool pool = {0};
    tq_rt_feed feed;
    put_header(&buf);
    put_text(&trip, 1, "T1");
    tq_proto_put_varint(&trip, 4, 3);
    put_text(&trip, 1002, "an extension");
    put_nested(&update, 1, &trip);
    tq_proto_put_varint(&stop, 1, 7);
    tq_proto_put_varint(&event, 1, (uint64_t)(int64_t)-90);
    tq_proto_put_varint(&event, 2, 1700000100);
    put_nested(&stop, 2, &event);
    put_text(&stop, 4, "S7");
    put_nested(&update, 2, &stop);
    tq_proto_put_varint(&stop, 5, 9); /* no such relation: as if it were not there */
    put_nested(&update, 2, &stop);
    put_text(&entity, 1, "e");
    put_nested(&entity, 3, &update);
    put_nested(&buf, 2, &entity);
    assert_int_equal(tq_gtfs_rt_read(of(&buf), &pool, &feed, NULL), TQ_OK);
    assert_int_equal(feed.entity.count, 1);
    const tq_rt_trip_update *got = feed.entity.at[0].trip_update;
    assert_int_equal(got->trip->schedule_relationship, TQ_RT_CANCELED);
    assert_true(tq_str_is(got->trip->trip_id, "T1"));
    assert_int_equal(got->stop_time.count, 2);
    assert_int_equal(got->stop_time.at[0].stop_sequence, 7);
    assert_int_equal(got->stop_time.at[0].arrival->delay, -90);
    assert_true(got->stop_time.at[0].arrival->time == 1700000100);
    assert_null(got->stop_time.at[0].departure);
    assert_true(tq_str_is(got->stop_time.at[0].stop_id, "S7"));
    assert_int_equal(got->stop_time.at[1].schedule_relationship, TQ_RT_STOP_SCHEDULED);
    assert_false(got->stop_time.at[1].has_schedule_relationship);
    assert_int_equal(feed.header->incrementality, 0);
    tq_pool_free(&pool);
    tq_buf_free(&buf);
}

static void missing_values_have_the_defaults_of_the_protocol(void **state)
{
    (void)state;
    static const char carriage[] = {0x5a, 0x00}; /* multi_carriage_details = {} */
    tq_buf buf = {0}, entity = {0};
    tq_pool pool = {0};
    tq_rt_feed feed;
    put_header(&buf);
    put_text(&entity, 1, "a");
    tq_proto_put_bytes(&entity, 5, "", 0);
    tq_proto_put_bytes(&entity, 4, carriage, sizeof carriage);
    put_nested(&buf, 2, &entity);
    assert_int_equal(tq_gtfs_rt_read(of(&buf), &pool, &feed, NULL), TQ_OK);
    const tq_rt_alert *alert = feed.entity.at[0].alert;
    assert_int_equal(alert->cause, 1);
    assert_int_equal(alert->effect, 8);
    assert_int_equal(alert->severity_level, 1);
    const tq_rt_vehicle *vehicle = feed.entity.at[0].vehicle;
    assert_int_equal(vehicle->current_status, 2);
    assert_int_equal(vehicle->carriage.at[0].occupancy_status, 7);
    assert_int_equal(vehicle->carriage.at[0].occupancy_percentage, -1);
    tq_pool_free(&pool);
    tq_buf_free(&buf);
}

static void json_has_the_names_of_the_protocol(void **state)
{
    (void)state;
    tq_rt_trip trip = {.trip_id = TQ_STR("T"),
                       .has_schedule_relationship = true,
                       .schedule_relationship = TQ_RT_DUPLICATED};
    tq_rt_event event = {.has_time = true, .time = -5, .has_delay = true, .delay = 30};
    tq_rt_stop_time stop = {.stop_id = TQ_STR("S"), .arrival = &event};
    tq_rt_trip_update update = {.trip = &trip, .stop_time = {&stop, 1}};
    tq_rt_position position = {
        .has_latitude = true, .latitude = 37.5f, .has_longitude = true, .longitude = -112.25f};
    tq_rt_vehicle vehicle = {.position = &position};
    tq_rt_entity entity[] = {{.id = TQ_STR("1"), .trip_update = &update},
                             {.id = TQ_STR("2"), .vehicle = &vehicle}};
    tq_rt_header header = {
        .gtfs_realtime_version = TQ_STR("2.0"), .has_timestamp = true, .timestamp = UINT64_MAX};
    tq_rt_feed feed = {.header = &header, .entity = {entity, 2}};
    tq_buf out = {0};
    tq_gtfs_rt_json(&feed, &out);
    tq_buf_putc(&out, '\0');
    assert_string_equal(
        out.at,
        "{\"header\":{\"gtfsRealtimeVersion\":\"2.0\",\"timestamp\":\"18446744073709551615\"},"
        "\"entity\":[{\"id\":\"1\",\"tripUpdate\":{\"trip\":{\"tripId\":\"T\","
        "\"scheduleRelationship\":\"DUPLICATED\"},\"stopTimeUpdate\":[{\"arrival\":{\"delay\":30,"
        "\"time\":\"-5\"},\"stopId\":\"S\"}]}},{\"id\":\"2\",\"vehicle\":{\"position\":{"
        "\"latitude\":37.500000,\"longitude\":-112.250000}}}]}");
    tq_buf_free(&out);
}

/* ---- refusals ---- */

static void refused(const char *bytes, size_t len, uint64_t offset, const char *word)
{
    tq_pool pool = {0};
    tq_rt_feed feed = {0};
    tq_err err = {0};
    assert_int_equal(tq_gtfs_rt_read((tq_str){bytes, len}, &pool, &feed, &err), TQ_BAD_INPUT);
    if (strstr(err.text, word) == NULL || err.offset != offset)
        fail_msg("«%s» at %llu, wanted «%s» at %llu", err.text, (unsigned long long)err.offset,
                 word, (unsigned long long)offset);
    assert_null(feed.header);
    tq_pool_free(&pool);
}

static void what_is_no_feed_is_refused_with_its_place(void **state)
{
    (void)state;
    refused("", 0, 0, "empty");
    refused("<html>", 6, 0, "byte 0");
    refused("\x0a\x00", 2, 2, "gtfsRealtimeVersion");
    refused("\x12\x03\x0a\x01"
            "e",
            5, 0, "header");
    refused("\x0a\x05\x0a\x03"
            "2.0"
            "\x12\x00",
            9, 9, "id");
    refused("\x0a\x05\x0a\x03"
            "2.0"
            "\x12\x05\x0a\x01"
            "e"
            "\x18\x01",
            14, 12, "wire type 0");
    refused("\x0a\x05\x0a\x03"
            "2.0"
            "\x12\x07\x0a\x01"
            "e"
            "\x1a\x02\x0a\x63",
            16, 14, "longer");
    refused("\x0a\x05\x0a\x03"
            "2.0"
            "\x12\x05\x0a\x01"
            "e"
            "\x22\x7f",
            14, 12, "longer");
}

static void more_than_the_limit_is_refused(void **state)
{
    (void)state;
    for (unsigned over = 0; over < 2; over++) {
        tq_buf buf = {0}, update = {0}, entity = {0};
        tq_pool pool = {0};
        tq_rt_feed feed;
        put_header(&buf);
        put_text(&entity, 1, "e");
        tq_proto_put_bytes(&update, 1, "", 0);
        for (uint32_t k = 0; k < TQ_RT_LIST_MAX + over; k++)
            tq_proto_put_bytes(&update, 2, "", 0);
        put_nested(&entity, 3, &update);
        put_nested(&buf, 2, &entity);
        assert_int_equal(tq_gtfs_rt_read(of(&buf), &pool, &feed, NULL), over ? TQ_LIMIT : TQ_OK);
        tq_pool_free(&pool);
        tq_buf_free(&buf);
    }
}

/* ---- there and back: random messages over the table itself ---- */

static void fill(tq_random *random, tq_pool *pool, const rt_message *message, uint8_t *to);

static tq_str random_text(tq_random *random, tq_pool *pool)
{
    size_t len = tq_random_below(random, 6);
    char *text = tq_pool_push(pool, len + 1, 1);
    for (size_t k = 0; k < len; k++)
        text[k] = (char)tq_random_below(random, 256);
    return (tq_str){text, len};
}

static void fill_list(tq_random *random, tq_pool *pool, const rt_field *field, uint8_t *to)
{
    tq_rt_list list = {.count = tq_random_below(random, 4)};
    size_t size = field->kind == RT_STRS ? sizeof(tq_str) : field->message->size;
    if (list.count != 0) list.at = tq_pool_push(pool, list.count * size, 16);
    for (uint32_t k = 0; k < list.count; k++) {
        uint8_t *item = (uint8_t *)list.at + k * size;
        if (field->kind == RT_STRS)
            *(tq_str *)(void *)item = random_text(random, pool);
        else
            fill(random, pool, field->message, item);
    }
    memcpy(to + field->at, &list, sizeof list);
}

static void fill_number(tq_random *random, const rt_field *field, uint8_t *to)
{
    uint64_t value = tq_random_u64(random) >> tq_random_below(random, 64);
    uint32_t word = (uint32_t)value;
    bool flag = value & 1;
    size_t size =
        field->kind == RT_U64 || field->kind == RT_I64 || field->kind == RT_DOUBLE ? 8 : 4;
    if (field->kind == RT_BOOL) {
        memcpy(to + field->at, &flag, sizeof flag);
    } else if (field->kind == RT_ENUM) {
        do
            word = tq_random_below(random, field->values->count);
        while (!rt_enum_has(field->values, word));
        memcpy(to + field->at, &word, sizeof word);
    } else {
        memcpy(to + field->at, size == 8 ? (void *)&value : (void *)&word, size);
    }
    flag = true;
    memcpy(to + field->has, &flag, sizeof flag);
}

static void fill(tq_random *random, tq_pool *pool, const rt_message *message, uint8_t *to)
{
    for (uint32_t k = 0; k < message->count; k++) {
        const rt_field *field = &message->field[k];
        if (field->kind < RT_STR && field->missing != 0)
            memcpy(to + field->at, &field->missing, sizeof field->missing);
        if (!field->required && tq_random_below(random, 3) == 0) continue;
        if (field->kind == RT_STR) {
            tq_str text = random_text(random, pool);
            memcpy(to + field->at, &text, sizeof text);
        } else if (field->kind == RT_MESSAGE) {
            void *nested = tq_pool_push(pool, field->message->size, 16);
            fill(random, pool, field->message, nested);
            memcpy(to + field->at, &nested, sizeof nested);
        } else if (field->kind >= RT_STRS) {
            fill_list(random, pool, field, to);
        } else {
            fill_number(random, field, to);
        }
    }
}

static bool equal(const rt_message *message, const uint8_t *a, const uint8_t *b);

static bool equal_field(const rt_field *field, const uint8_t *a, const uint8_t *b)
{
    static const uint8_t sizes[] = {1, 4, 4, 8, 8, 4, 4, 8};
    if (field->kind == RT_STR) {
        tq_str x, y;
        memcpy(&x, a + field->at, sizeof x);
        memcpy(&y, b + field->at, sizeof y);
        return (x.at == NULL) == (y.at == NULL) && tq_str_eq(x, y);
    }
    if (field->kind == RT_MESSAGE) {
        const uint8_t *x, *y;
        memcpy(&x, a + field->at, sizeof x);
        memcpy(&y, b + field->at, sizeof y);
        return (x == NULL) == (y == NULL) && (x == NULL || equal(field->message, x, y));
    }
    if (field->kind >= RT_STRS) {
        tq_rt_list x, y;
        memcpy(&x, a + field->at, sizeof x);
        memcpy(&y, b + field->at, sizeof y);
        bool same = x.count == y.count;
        for (uint32_t k = 0; same && k < x.count; k++)
            same = field->kind == RT_STRS
                       ? tq_str_eq(((tq_str *)x.at)[k], ((tq_str *)y.at)[k])
                       : equal(field->message, (uint8_t *)x.at + k * field->message->size,
                               (uint8_t *)y.at + k * field->message->size);
        return same;
    }
    return a[field->has] == b[field->has] &&
           memcmp(a + field->at, b + field->at, sizes[field->kind]) == 0;
}

static bool equal(const rt_message *message, const uint8_t *a, const uint8_t *b)
{
    for (uint32_t k = 0; k < message->count; k++)
        if (!equal_field(&message->field[k], a, b)) return false;
    return true;
}

static void what_is_written_is_read_back(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 2000; seed++) {
        tq_random random = {seed};
        tq_pool pool = {0};
        tq_buf bytes = {0}, again = {0};
        tq_rt_feed feed = {0}, back = {0};
        tq_err err = {0};
        fill(&random, &pool, &rt_feed_message, (uint8_t *)&feed);
        tq_gtfs_rt_write(&feed, &bytes);
        if (tq_gtfs_rt_read(of(&bytes), &pool, &back, &err) != TQ_OK)
            fail_msg("seed %llu: %s", (unsigned long long)seed, err.text);
        if (!equal(&rt_feed_message, (const uint8_t *)&feed, (const uint8_t *)&back))
            fail_msg("seed %llu: read differs from what was written", (unsigned long long)seed);
        tq_gtfs_rt_write(&back, &again);
        assert_int_equal(bytes.len, again.len);
        assert_memory_equal(bytes.at, again.at, bytes.len);
        tq_buf_free(&bytes);
        tq_buf_free(&again);
        tq_pool_free(&pool);
    }
}

/* ---- recordings, counted a second time by wire type alone ---- */

typedef struct wire_count {
    uint32_t entities, updates, stop_times, vehicles, alerts;
} wire_count;

static bool next_varint(const uint8_t **at, const uint8_t *end, uint64_t *value)
{
    *value = 0;
    for (unsigned shift = 0; *at < end && shift < 64; shift += 7) {
        uint8_t byte = *(*at)++;
        *value |= (uint64_t)(byte & 127) << shift;
        if (byte < 128) return true;
    }
    return false;
}

/* Calls back with each field's number and bytes. */
static void walk(const uint8_t *at, const uint8_t *end, unsigned depth, uint32_t inside,
                 wire_count *count)
{
    uint64_t key, len;
    while (at < end && next_varint(&at, end, &key)) {
        uint32_t number = (uint32_t)(key >> 3);
        if ((key & 7) == 0) {
            assert_true(next_varint(&at, end, &len));
            continue;
        }
        if ((key & 7) != 2) {
            at += (key & 7) == 1 ? 8 : 4;
            continue;
        }
        assert_true(next_varint(&at, end, &len));
        if (depth == 0 && number == 2) {
            count->entities++;
            walk(at, at + len, 1, 0, count);
        } else if (depth == 1) {
            count->updates += number == 3;
            count->vehicles += number == 4;
            count->alerts += number == 5;
            if (number == 3) walk(at, at + len, 2, 3, count);
        } else if (depth == 2 && inside == 3) {
            count->stop_times += number == 2;
        }
        at += len;
    }
}

static void recording(const char *name, const wire_count *wanted)
{
    char path[512];
    const char *folder = getenv("TQ_SHARED_DATA");
    (void)snprintf(path, sizeof path, "%s/gtfs_rt/%s", folder != NULL ? folder : "../shared/data",
                   name);
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        const char *ci = getenv("CI");
        if (ci != NULL && strcmp(ci, "true") == 0) fail_msg("%s is not there", path);
        skip();
    }
    static uint8_t bytes[1 << 20];
    size_t len = fread(bytes, 1, sizeof bytes, file);
    assert_int_equal(fclose(file), 0);
    tq_pool pool = {0};
    tq_rt_feed feed;
    tq_err err = {0};
    if (tq_gtfs_rt_read((tq_str){(const char *)bytes, len}, &pool, &feed, &err) != TQ_OK)
        fail_msg("%s: %s", name, err.text);
    wire_count got = {.entities = feed.entity.count}, second = {0};
    for (uint32_t k = 0; k < feed.entity.count; k++) {
        const tq_rt_entity *entity = &feed.entity.at[k];
        got.updates += entity->trip_update != NULL;
        got.vehicles += entity->vehicle != NULL;
        got.alerts += entity->alert != NULL;
        if (entity->trip_update != NULL) got.stop_times += entity->trip_update->stop_time.count;
    }
    walk(bytes, bytes + len, 0, 0, &second);
    assert_memory_equal(&got, &second, sizeof got);
    assert_memory_equal(&got, wanted, sizeof got);
    tq_buf out = {0};
    tq_rt_feed back;
    tq_gtfs_rt_write(&feed, &out);
    assert_int_equal(tq_gtfs_rt_read(of(&out), &pool, &back, NULL), TQ_OK);
    assert_true(equal(&rt_feed_message, (const uint8_t *)&feed, (const uint8_t *)&back));
    tq_buf_free(&out);
    tq_pool_free(&pool);
}

static void recordings_are_read_whole(void **state)
{
    (void)state;
    recording("bart_trip_updates.pb", &(wire_count){91, 91, 1060, 0, 0});
    recording("bart_alerts.pb", &(wire_count){1, 0, 0, 0, 1});
    recording("example.pb", &(wire_count){26, 26, 298, 0, 0});
    recording("king_county_vehicle_positions_1.pb", &(wire_count){627, 0, 0, 627, 0});
    recording("septa_trip_updates.pb", &(wire_count){35, 35, 35, 0, 0});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_are_where_the_protocol_has_them),
        cmocka_unit_test(missing_values_have_the_defaults_of_the_protocol),
        cmocka_unit_test(json_has_the_names_of_the_protocol),
        cmocka_unit_test(what_is_no_feed_is_refused_with_its_place),
        cmocka_unit_test(more_than_the_limit_is_refused),
        cmocka_unit_test(what_is_written_is_read_back),
        cmocka_unit_test(recordings_are_read_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
