/*
 * GTFS-Realtime as JSON, by the JSON mapping of protocol buffers: names in lowerCamelCase, enums by
 * name, 64-bit numbers as text, lists left out when empty. Positions are floats on the wire; they
 * are written with six decimals, which is as far as a float of a degree reaches.
 */
#include "wire/gtfs_rt_in.h"

#define DECIMALS   6
#define NUMBER_MAX 1e12 /* larger ones, and no numbers, are written as null */

static void put_float(tq_json *json, double value)
{
    /* Written so that «no number» fails too. */
    if (!(value >= -NUMBER_MAX && value <= NUMBER_MAX))
        tq_json_null(json);
    else
        tq_json_fixed(json, (int64_t)(value * 1e6 + (value < 0 ? -0.5 : 0.5)), DECIMALS);
}

static void put_wide(tq_json *json, bool negative, uint64_t value)
{
    char text[24];
    size_t at = sizeof text;
    do
        text[--at] = (char)('0' + value % 10);
    while ((value /= 10) != 0);
    if (negative) text[--at] = '-';
    tq_json_str(json, (tq_str){text + at, sizeof text - at});
}

static void put_number(tq_json *json, const rt_field *known, const uint8_t *at)
{
    bool flag;
    uint32_t word;
    int32_t whole;
    uint64_t wide;
    int64_t instant;
    float single;
    double number;
    switch ((rt_kind)known->kind) {
    case RT_BOOL:
        memcpy(&flag, at, sizeof flag);
        tq_json_bool(json, flag);
        break;
    case RT_U32:
        memcpy(&word, at, sizeof word);
        tq_json_i64(json, word);
        break;
    case RT_ENUM:
        memcpy(&word, at, sizeof word);
        tq_json_text(json, rt_enum_has(known->values, word) ? known->values->name[word] : NULL);
        break;
    case RT_I32:
        memcpy(&whole, at, sizeof whole);
        tq_json_i64(json, whole);
        break;
    case RT_U64:
        memcpy(&wide, at, sizeof wide);
        put_wide(json, false, wide);
        break;
    case RT_I64:
        memcpy(&instant, at, sizeof instant);
        put_wide(json, instant < 0, instant < 0 ? 0 - (uint64_t)instant : (uint64_t)instant);
        break;
    case RT_FLOAT:
        memcpy(&single, at, sizeof single);
        put_float(json, (double)single);
        break;
    default:
        memcpy(&number, at, sizeof number);
        put_float(json, number);
        break;
    }
}

static void put_message(tq_json *json, const rt_message *message, const uint8_t *from);

static void put_list(tq_json *json, const rt_field *known, const tq_rt_list *list)
{
    tq_json_key(json, known->name);
    tq_json_array(json);
    for (uint32_t item = 0; item < list->count; item++) {
        if (known->kind == RT_STRS)
            tq_json_str(json, ((const tq_str *)list->at)[item]);
        else
            put_message(json, known->message,
                        (const uint8_t *)list->at + item * known->message->size);
    }
    tq_json_end_array(json);
}

static void put_field(tq_json *json, const rt_field *known, const uint8_t *from)
{
    tq_str text;
    const uint8_t *nested;
    tq_rt_list list;
    bool flag;
    switch ((rt_kind)known->kind) {
    case RT_STR:
        memcpy(&text, from + known->at, sizeof text);
        if (text.at == NULL) return;
        tq_json_key(json, known->name);
        tq_json_str(json, text);
        break;
    case RT_MESSAGE:
        memcpy(&nested, from + known->at, sizeof nested);
        if (nested == NULL) return;
        tq_json_key(json, known->name);
        put_message(json, known->message, nested);
        break;
    case RT_STRS:
    case RT_MESSAGES:
        memcpy(&list, from + known->at, sizeof list);
        if (list.count != 0) put_list(json, known, &list);
        break;
    default:
        memcpy(&flag, from + known->has, sizeof flag);
        if (!flag) return;
        tq_json_key(json, known->name);
        put_number(json, known, from + known->at);
    }
}

/* As deep as the protocol: the table says which messages are nested. */
static void put_message(tq_json *json, const rt_message *message, const uint8_t *from)
{
    tq_json_object(json);
    for (uint32_t k = 0; k < message->count; k++)
        put_field(json, &message->field[k], from);
    tq_json_end_object(json);
}

void tq_gtfs_rt_json(const tq_rt_feed *feed, tq_buf *out)
{
    tq_json json;
    tq_json_begin(&json, out);
    put_message(&json, &rt_feed_message, (const uint8_t *)feed);
}
