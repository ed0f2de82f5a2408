/*
 * GTFS-Realtime: bytes to structs and back, over the table of gtfs_rt_fields.c.
 *
 * Method: a message is walked twice. The first walk checks it and counts its lists, so that each
 * list is one array; the second fills in. Nested messages are walked the same way: the depth is
 * that of the protocol (six), not of the input, since a message that is not in the table is never
 * entered. Unknown fields are stepped over by their wire type. A singular message that comes twice
 * is merged and a number that comes twice keeps the last value, as the encoding demands.
 */
#include "wire/gtfs_rt_in.h"

typedef struct rt_reader {
    const char *base;
    tq_pool *pool;
    tq_err *err;
    uint32_t items;
} rt_reader;

static const rt_field *field_of(const rt_message *message, uint32_t number)
{
    for (uint32_t k = 0; k < message->count; k++)
        if (message->field[k].number == number) return &message->field[k];
    return NULL;
}

static uint8_t wire_type(rt_kind kind)
{
    switch (kind) {
    case RT_BOOL:
    case RT_U32:
    case RT_I32:
    case RT_U64:
    case RT_I64:
    case RT_ENUM: return 0;
    case RT_DOUBLE: return 1;
    case RT_FLOAT: return 5;
    case RT_STR:
    case RT_MESSAGE:
    case RT_STRS:
    case RT_MESSAGES: break;
    }
    return 2;
}

static tq_status refuse(rt_reader *in, tq_status status, const char *at)
{
    if (in->err != NULL) in->err->offset = (uint64_t)(at - in->base);
    return status;
}

static tq_status take_item(rt_reader *in, uint32_t count, const char *at)
{
    if (count > TQ_RT_ITEMS_MAX - in->items)
        return refuse(in,
                      tq_fail(in->err, TQ_LIMIT, 0,
                              "byte %zu: the feed has more than %u nested messages; split it",
                              (size_t)(at - in->base), TQ_RT_ITEMS_MAX),
                      at);
    in->items += count;
    return TQ_OK;
}

static tq_status no_memory(rt_reader *in)
{
    return tq_fail(in->err, TQ_NO_MEMORY, 0, "no memory for a live feed");
}

static void set_missing(const rt_message *message, uint8_t *out)
{
    for (uint32_t k = 0; k < message->count; k++)
        if (message->field[k].missing != 0)
            memcpy(out + message->field[k].at, &message->field[k].missing, sizeof(int32_t));
}

/* First walk: every field whole and of its wire type, required ones there, lists counted. */
static tq_status check_message(rt_reader *in, const rt_message *message, tq_str bytes,
                               uint32_t count[RT_FIELDS_MAX])
{
    tq_proto proto = {(const uint8_t *)bytes.at, (const uint8_t *)bytes.at + bytes.len};
    memset(count, 0, RT_FIELDS_MAX * sizeof *count);
    for (;;) {
        const char *at = (const char *)proto.at;
        tq_proto_field field;
        tq_err why;
        bool more;
        if (tq_proto_next(&proto, &field, &more, &why) != TQ_OK)
            return refuse(in,
                          tq_fail(in->err, TQ_BAD_INPUT, 0, "byte %zu, in a %s: %s",
                                  (size_t)(at - in->base), message->name, why.text),
                          at);
        if (!more) break;
        const rt_field *known = field_of(message, field.number);
        if (known == NULL) continue;
        if (field.type != wire_type((rt_kind)known->kind))
            return refuse(in,
                          tq_fail(in->err, TQ_BAD_INPUT, 0,
                                  "byte %zu: %s of a %s has wire type %u, it needs %u; this is no "
                                  "GTFS-Realtime feed",
                                  (size_t)(at - in->base), known->name, message->name, field.type,
                                  wire_type((rt_kind)known->kind)),
                          at);
        uint32_t limit = message == &rt_feed_message ? TQ_RT_ENTITIES_MAX : TQ_RT_LIST_MAX;
        if (++count[known->number] > limit && known->kind >= RT_STRS)
            return refuse(in,
                          tq_fail(in->err, TQ_LIMIT, 0,
                                  "byte %zu: %s of a %s has more than %u items",
                                  (size_t)(at - in->base), known->name, message->name, limit),
                          at);
    }
    for (uint32_t k = 0; k < message->count; k++)
        if (message->field[k].required && count[message->field[k].number] == 0)
            return refuse(
                in,
                tq_fail(in->err, TQ_BAD_INPUT, 0, "byte %zu: a %s has no %s, which it needs",
                        (size_t)(bytes.at - in->base), message->name, message->field[k].name),
                bytes.at);
    return TQ_OK;
}

static void store_number(const rt_field *known, uint64_t value, uint8_t *out)
{
    bool flag = value != 0;
    uint32_t word = (uint32_t)value; /* a negative int32 is written with 64 bits */
    switch ((rt_kind)known->kind) {
    case RT_BOOL: memcpy(out + known->at, &flag, sizeof flag); break;
    case RT_ENUM:
        if (!rt_enum_has(known->values, value)) return;
        memcpy(out + known->at, &word, sizeof word);
        break;
    case RT_U32:
    case RT_I32:
    case RT_FLOAT: memcpy(out + known->at, &word, sizeof word); break;
    default: memcpy(out + known->at, &value, sizeof value); break;
    }
    flag = true;
    memcpy(out + known->has, &flag, sizeof flag);
}

static tq_status read_message(rt_reader *in, const rt_message *message, tq_str bytes, uint8_t *out);

static tq_status store_nested(rt_reader *in, const rt_field *known, tq_str bytes, uint8_t *out)
{
    void *nested;
    memcpy(&nested, out + known->at, sizeof nested);
    if (nested == NULL) {
        TQ_TRY(take_item(in, 1, bytes.at));
        nested = tq_pool_push(in->pool, known->message->size, _Alignof(max_align_t));
        if (nested == NULL) return no_memory(in);
        set_missing(known->message, nested);
        memcpy(out + known->at, &nested, sizeof nested);
    }
    return read_message(in, known->message, bytes, nested);
}

/* The next item of a list whose array was made before. */
static tq_status store_item(rt_reader *in, const rt_field *known, tq_str bytes, uint8_t *out)
{
    tq_rt_list list;
    memcpy(&list, out + known->at, sizeof list);
    uint32_t item = list.count++;
    memcpy(out + known->at, &list, sizeof list);
    if (known->kind == RT_STRS) {
        ((tq_str *)list.at)[item] = bytes;
        return TQ_OK;
    }
    uint8_t *nested = (uint8_t *)list.at + item * known->message->size;
    set_missing(known->message, nested);
    return read_message(in, known->message, bytes, nested);
}

/* Arrays for the lists that were counted. A message that is merged keeps what its lists had. */
static tq_status make_lists(rt_reader *in, const rt_message *message, tq_str bytes,
                            const uint32_t count[RT_FIELDS_MAX], uint8_t *out)
{
    for (uint32_t k = 0; k < message->count; k++) {
        const rt_field *known = &message->field[k];
        if (known->kind < RT_STRS || count[known->number] == 0) continue;
        size_t size = known->kind == RT_STRS ? sizeof(tq_str) : known->message->size;
        tq_rt_list list;
        memcpy(&list, out + known->at, sizeof list);
        TQ_TRY(take_item(in, list.count + count[known->number], bytes.at));
        void *grown = tq_pool_push(in->pool, ((size_t)list.count + count[known->number]) * size,
                                   _Alignof(max_align_t));
        if (grown == NULL) return no_memory(in);
        if (list.count != 0) memcpy(grown, list.at, list.count * size);
        list.at = grown;
        memcpy(out + known->at, &list, sizeof list);
    }
    return TQ_OK;
}

static tq_status read_message(rt_reader *in, const rt_message *message, tq_str bytes, uint8_t *out)
{
    uint32_t count[RT_FIELDS_MAX];
    TQ_TRY(check_message(in, message, bytes, count));
    TQ_TRY(make_lists(in, message, bytes, count, out));
    tq_proto proto = {(const uint8_t *)bytes.at, (const uint8_t *)bytes.at + bytes.len};
    tq_proto_field field;
    bool more = true;
    while (tq_proto_next(&proto, &field, &more, NULL) == TQ_OK && more) {
        const rt_field *known = field_of(message, field.number);
        if (known == NULL) continue;
        switch ((rt_kind)known->kind) {
        case RT_STR: memcpy(out + known->at, &field.bytes, sizeof field.bytes); break;
        case RT_MESSAGE: TQ_TRY(store_nested(in, known, field.bytes, out)); break;
        case RT_STRS:
        case RT_MESSAGES: TQ_TRY(store_item(in, known, field.bytes, out)); break;
        default: store_number(known, field.value, out); break;
        }
    }
    return TQ_OK;
}

tq_status tq_gtfs_rt_read(tq_str bytes, tq_pool *pool, tq_rt_feed *out, tq_err *err)
{
    if (bytes.len > TQ_RT_BYTES_MAX)
        return tq_fail(err, TQ_LIMIT, 0, "the feed has %zu bytes; at most %zu are read", bytes.len,
                       TQ_RT_BYTES_MAX);
    if (bytes.len == 0)
        return tq_fail(err, TQ_BAD_INPUT, 0,
                       "the feed is empty; a GTFS-Realtime message has at least a header");
    rt_reader in = {.base = bytes.at, .pool = pool, .err = err};
    tq_rt_feed feed = {0};
    TQ_TRY(read_message(&in, &rt_feed_message, bytes, (uint8_t *)&feed));
    *out = feed;
    return TQ_OK;
}

/* ---- writing ---- */

static size_t varint_size(uint64_t value)
{
    size_t size = 1;
    for (; value >= 128; value >>= 7)
        size++;
    return size;
}

static bool given(const rt_field *known, const uint8_t *from)
{
    bool flag;
    memcpy(&flag, from + known->has, sizeof flag);
    return flag;
}

/* The number as a varint carries it: a negative one fills 64 bits. */
static uint64_t load_number(const rt_field *known, const uint8_t *from)
{
    uint64_t value = 0;
    uint32_t word = 0;
    int32_t whole = 0;
    bool flag = false;
    switch ((rt_kind)known->kind) {
    case RT_BOOL: memcpy(&flag, from + known->at, sizeof flag); return flag;
    case RT_U32:
    case RT_ENUM:
    case RT_FLOAT: memcpy(&word, from + known->at, sizeof word); return word;
    case RT_I32: memcpy(&whole, from + known->at, sizeof whole); return (uint64_t)(int64_t)whole;
    default: memcpy(&value, from + known->at, sizeof value); return value;
    }
}

static size_t message_size(const rt_message *message, const uint8_t *from);

static size_t bytes_size(uint32_t number, size_t len)
{
    return varint_size((uint64_t)number << 3) + varint_size(len) + len;
}

static size_t list_size(const rt_field *known, const uint8_t *from)
{
    tq_rt_list list;
    memcpy(&list, from + known->at, sizeof list);
    size_t size = 0;
    for (uint32_t item = 0; item < list.count; item++)
        size += bytes_size(known->number,
                           known->kind == RT_STRS
                               ? ((const tq_str *)list.at)[item].len
                               : message_size(known->message, (const uint8_t *)list.at +
                                                                  item * known->message->size));
    return size;
}

static size_t message_size(const rt_message *message, const uint8_t *from)
{
    size_t size = 0;
    for (uint32_t k = 0; k < message->count; k++) {
        const rt_field *known = &message->field[k];
        tq_str text;
        const uint8_t *nested;
        switch ((rt_kind)known->kind) {
        case RT_STR:
            memcpy(&text, from + known->at, sizeof text);
            if (text.at != NULL) size += bytes_size(known->number, text.len);
            break;
        case RT_MESSAGE:
            memcpy(&nested, from + known->at, sizeof nested);
            if (nested != NULL)
                size += bytes_size(known->number, message_size(known->message, nested));
            break;
        case RT_STRS:
        case RT_MESSAGES: size += list_size(known, from); break;
        case RT_FLOAT: size += given(known, from) ? 5 : 0; break;
        case RT_DOUBLE: size += given(known, from) ? 9 : 0; break;
        default:
            if (given(known, from))
                size += varint_size((uint64_t)known->number << 3) +
                        varint_size(load_number(known, from));
        }
    }
    return size;
}

static void put_bare_varint(tq_buf *buf, uint64_t value)
{
    for (; value >= 128; value >>= 7)
        tq_buf_putc(buf, (char)(value | 128));
    tq_buf_putc(buf, (char)value);
}

static void put_fixed(tq_buf *buf, const rt_field *known, const uint8_t *from, unsigned bytes)
{
    uint64_t value = load_number(known, from);
    put_bare_varint(buf, (uint64_t)known->number << 3 | wire_type((rt_kind)known->kind));
    for (unsigned k = 0; k < bytes; k++)
        tq_buf_putc(buf, (char)(value >> (8 * k)));
}

static void put_message(tq_buf *buf, const rt_message *message, const uint8_t *from);

static void put_nested(tq_buf *buf, const rt_field *known, const uint8_t *nested)
{
    put_bare_varint(buf, (uint64_t)known->number << 3 | 2);
    put_bare_varint(buf, message_size(known->message, nested));
    put_message(buf, known->message, nested);
}

static void put_list(tq_buf *buf, const rt_field *known, const uint8_t *from)
{
    tq_rt_list list;
    memcpy(&list, from + known->at, sizeof list);
    for (uint32_t item = 0; item < list.count; item++) {
        if (known->kind == RT_MESSAGES) {
            put_nested(buf, known, (const uint8_t *)list.at + item * known->message->size);
            continue;
        }
        tq_str text = ((const tq_str *)list.at)[item];
        tq_proto_put_bytes(buf, known->number, text.at, text.len);
    }
}

static void put_message(tq_buf *buf, const rt_message *message, const uint8_t *from)
{
    for (uint32_t k = 0; k < message->count; k++) {
        const rt_field *known = &message->field[k];
        tq_str text;
        const uint8_t *nested;
        switch ((rt_kind)known->kind) {
        case RT_STR:
            memcpy(&text, from + known->at, sizeof text);
            if (text.at != NULL) tq_proto_put_bytes(buf, known->number, text.at, text.len);
            break;
        case RT_MESSAGE:
            memcpy(&nested, from + known->at, sizeof nested);
            if (nested != NULL) put_nested(buf, known, nested);
            break;
        case RT_STRS:
        case RT_MESSAGES: put_list(buf, known, from); break;
        case RT_FLOAT:
            if (given(known, from)) put_fixed(buf, known, from, 4);
            break;
        case RT_DOUBLE:
            if (given(known, from)) put_fixed(buf, known, from, 8);
            break;
        default:
            if (given(known, from))
                tq_proto_put_varint(buf, known->number, load_number(known, from));
        }
    }
}

void tq_gtfs_rt_write(const tq_rt_feed *feed, tq_buf *out)
{
    put_message(out, &rt_feed_message, (const uint8_t *)feed);
}
