/*
 * Bodies of JT/T 905.2-2014: one table of fields, read and written by the same walk.
 *
 * A layout is a row of fields with their form on the wire and their place in tq_jt905_message, so
 * that reading and writing cannot part. What stands behind the last field (items, card data, a
 * maker's additions) is kept as it is. A text runs to its zero byte; the last one of a body may
 * lack it. Fixed texts are padded with zeros; what follows the first zero is dropped.
 *
 * Confirmed on frames: 0200, 0201, 0203, 0B01, 0B03, 0B05, 0B08, 8001, 8202, 8300, 8B00, 8B09.
 * From one implementation only: the others; 8B02 is a guess after 8B09.
 */
#include "wire/jt905_in.h"

typedef enum form {
    U8,
    U16,
    U32,
    BCD,
    YY_TO_SS,
    YYYY_TO_MM,
    YY_TO_MM,
    CLOCK_MIN, /* hhmm, a time of day */
    SPAN_MIN,  /* hhmm */
    SPAN_S,    /* hhmmss */
    FIXED,
    TEXT,
    AT /* a position */
} form;

typedef struct field {
    const char *name;
    uint8_t form;  /* form */
    uint8_t width; /* bytes on the wire; 0 for a text */
    uint16_t place;
} field;

typedef struct layout {
    uint16_t id;
    uint16_t count;
    const field *field;
} layout;

#define F(name, form, width, member)                                                               \
    {                                                                                              \
        name, form, width, (uint16_t)offsetof(tq_jt905_message, of.member)                         \
    }

static const field answer_fields[] = {F("serial", U16, 2, answer.serial),
                                      F("id", U16, 2, answer.id),
                                      F("result", U8, 1, answer.result)};
static const field position_fields[] = {F("position", AT, 25, position.at)};
static const field position_answer_fields[] = {F("serial", U16, 2, position.serial),
                                               F("position", AT, 25, position.at)};
static const field track_fields[] = {F("mode", U8, 1, track.mode),
                                     F("interval", U16, 2, track.interval),
                                     F("length", U32, 4, track.length)};
static const field text_fields[] = {F("flags", U8, 1, text.flags), F("text", TEXT, 0, text.text)};
static const field event_fields[] = {F("event", U8, 1, event.event)};
static const field question_fields[] = {F("question", U32, 4, event.question),
                                        F("answer", U8, 1, event.answer)};
static const field control_fields[] = {F("item", U8, 1, control.item),
                                       F("command", U8, 1, control.command)};
static const field step_fields[] = {F("order", U32, 4, step.order)};
static const field cancel_fields[] = {F("order", U32, 4, step.order),
                                      F("reason", U8, 1, step.reason)};
static const field offer_fields[] = {F("order", U32, 4, order.order), F("kind", U8, 1, order.kind),
                                     F("time", YY_TO_SS, 6, order.time_ms),
                                     F("text", TEXT, 0, order.text)};
static const field won_fields[] = {F("order", U32, 4, order.order),
                                   F("kind", U8, 1, order.kind),
                                   F("time", YY_TO_SS, 6, order.time_ms),
                                   F("passenger longitude", U32, 4, order.from_lon_e4min),
                                   F("passenger latitude", U32, 4, order.from_lat_e4min),
                                   F("destination longitude", U32, 4, order.to_lon_e4min),
                                   F("destination latitude", U32, 4, order.to_lat_e4min),
                                   F("service fee", BCD, 2, order.fee),
                                   F("phone", TEXT, 0, order.phone),
                                   F("text", TEXT, 0, order.text)};
static const field on_duty_fields[] = {
    F("position", AT, 25, duty.position), F("company licence", FIXED, 16, duty.company),
    F("driver licence", FIXED, 19, duty.driver), F("plate", FIXED, 6, duty.plate),
    F("power-on time", YYYY_TO_MM, 6, duty.on_ms)};
static const field off_duty_fields[] = {F("position", AT, 25, duty.position),
                                        F("company licence", FIXED, 16, duty.company),
                                        F("driver licence", FIXED, 19, duty.driver),
                                        F("plate", FIXED, 6, duty.plate),
                                        F("K value", BCD, 2, duty.k_value),
                                        F("power-on time", YYYY_TO_MM, 6, duty.on_ms),
                                        F("power-off time", YYYY_TO_MM, 6, duty.off_ms),
                                        F("distance", BCD, 3, duty.km_x10),
                                        F("paid distance", BCD, 3, duty.paid_km_x10),
                                        F("trips", BCD, 2, duty.trips),
                                        F("time", SPAN_S, 3, duty.busy_s),
                                        F("amount", BCD, 3, duty.amount_x10_yuan),
                                        F("card amount", BCD, 3, duty.card_amount_x10_yuan),
                                        F("card trips", BCD, 2, duty.card_trips),
                                        F("distance between shifts", BCD, 2, duty.between_km_x10),
                                        F("total distance", BCD, 4, duty.total_km_x10),
                                        F("total paid distance", BCD, 4, duty.total_paid_km_x10),
                                        F("unit price", BCD, 2, duty.price_fen),
                                        F("total trips", U32, 4, duty.total_trips),
                                        F("mode", U8, 1, duty.mode)};
static const field trip_fields[] = {F("position at the start", AT, 25, trip.start),
                                    F("position at the end", AT, 25, trip.end),
                                    F("trip", U32, 4, trip.trip),
                                    F("rating id", U32, 4, trip.rating),
                                    F("rating", U8, 1, trip.rating_value),
                                    F("rating extension", U16, 2, trip.rating_more),
                                    F("order", U32, 4, trip.order),
                                    F("plate", FIXED, 6, trip.plate),
                                    F("company licence", FIXED, 16, trip.company),
                                    F("driver licence", FIXED, 19, trip.driver),
                                    F("get-on time", YY_TO_MM, 5, trip.on_ms),
                                    F("get-off time", CLOCK_MIN, 2, trip.off_min),
                                    F("distance", BCD, 3, trip.km_x10),
                                    F("empty distance", BCD, 2, trip.empty_km_x10),
                                    F("surcharge", BCD, 3, trip.surcharge_x10_yuan),
                                    F("waiting time", SPAN_MIN, 2, trip.waiting_min),
                                    F("amount", BCD, 3, trip.amount_x10_yuan),
                                    F("trip number", U32, 4, trip.trip_number),
                                    F("way of paying", U8, 1, trip.pay)};

#define L(id, fields)                                                                              \
    {                                                                                              \
        id, TQ_COUNT(fields), fields                                                               \
    }

static const layout layouts[] = {L(TQ_JT905_UNIT_ANSWER, answer_fields),
                                 {TQ_JT905_HEARTBEAT, 0, NULL},
                                 L(TQ_JT905_POSITION, position_fields),
                                 L(TQ_JT905_POSITION_ANSWER, position_answer_fields),
                                 L(TQ_JT905_TRACK_POSITION, position_fields),
                                 {TQ_JT905_LATE_POSITIONS, 0, NULL},
                                 L(TQ_JT905_EVENT, event_fields),
                                 L(TQ_JT905_QUESTION_ANSWER, question_fields),
                                 L(TQ_JT905_CONTROL_ANSWER, position_answer_fields),
                                 L(TQ_JT905_BID, step_fields),
                                 L(TQ_JT905_ON_DUTY, on_duty_fields),
                                 L(TQ_JT905_OFF_DUTY, off_duty_fields),
                                 L(TQ_JT905_TRIP, trip_fields),
                                 L(TQ_JT905_DONE, step_fields),
                                 L(TQ_JT905_DRIVER_CANCELS, cancel_fields),
                                 L(TQ_JT905_CENTRE_ANSWER, answer_fields),
                                 {TQ_JT905_ASK_POSITION, 0, NULL},
                                 L(TQ_JT905_TRACK, track_fields),
                                 L(TQ_JT905_TEXT, text_fields),
                                 L(TQ_JT905_CALL_BACK, text_fields),
                                 L(TQ_JT905_CONTROL, control_fields),
                                 L(TQ_JT905_OFFER, offer_fields),
                                 L(TQ_JT905_BID_WON, won_fields),
                                 L(TQ_JT905_BID_LOST, step_fields),
                                 L(TQ_JT905_CENTRE_CANCELS, step_fields),
                                 {TQ_JT905_ALARM_CONFIRM, 0, NULL},
                                 {TQ_JT905_ALARM_CLEAR, 0, NULL}};

static const layout *layout_of(uint16_t id)
{
    for (size_t k = 0; k < TQ_COUNT(layouts); k++)
        if (layouts[k].id == id) return &layouts[k];
    return NULL;
}

static tq_status bad_value(uint16_t id, const field *f, const char *what, tq_err *err)
{
    return tq_fail(err, TQ_BAD_INPUT, 0, "JT/T 905 message %04X, %s: %s", id, f->name, what);
}

/* ---- reading -------------------------------------------------------------------------------- */

/* hhmm or hhmmss as minutes or seconds. */
static bool read_span(const uint8_t *at, size_t width, uint32_t hours_max, uint32_t *value)
{
    uint32_t digits = 0;
    if (!jt905_bcd(at, width, &digits)) return false;
    uint32_t last = digits % 100, middle = width == 3 ? digits / 100 % 100 : 0;
    uint32_t hours = width == 3 ? digits / 10000 : digits / 100;
    if (last > 59 || middle > 59 || hours > hours_max) return false;
    *value = width == 3 ? hours * 3600 + middle * 60 + last : hours * 60 + last;
    return true;
}

/* A field of fixed width, at `at`, into `to`. */
static tq_status read_field(uint16_t id, const field *f, const uint8_t *at, void *to, tq_err *err)
{
    bool good = true;
    switch ((form)f->form) {
    case U8: *(uint8_t *)to = *at; break;
    case U16: *(uint16_t *)to = (uint16_t)jt905_number(at, 2); break;
    case U32: *(uint32_t *)to = (uint32_t)jt905_number(at, 4); break;
    case BCD: good = jt905_bcd(at, f->width, to); break;
    case YY_TO_SS: good = jt905_time(at, JT905_YY_TO_SS, to); break;
    case YYYY_TO_MM: good = jt905_time(at, JT905_YYYY_TO_MM, to); break;
    case YY_TO_MM: good = jt905_time(at, JT905_YY_TO_MM, to); break;
    case CLOCK_MIN: good = read_span(at, 2, 23, to); break;
    case SPAN_MIN: good = read_span(at, 2, 99, to); break;
    case SPAN_S: good = read_span(at, 3, 99, to); break;
    case FIXED: {
        const uint8_t *zero = memchr(at, 0, f->width);
        *(tq_str *)to = (tq_str){(const char *)at, zero == NULL ? f->width : (size_t)(zero - at)};
        break;
    }
    case AT: return tq_jt905_read_position(at, to, err);
    case TEXT: break;
    }
    return good ? TQ_OK : bad_value(id, f, "digits that are no such number or time", err);
}

tq_status tq_jt905_read(const tq_jt905_frame *frame, tq_jt905_message *out, tq_err *err)
{
    const layout *shape = layout_of(frame->id);
    const uint8_t *body = frame->raw + TQ_JT905_HEADER;
    size_t left = frame->body_len;
    tq_jt905_message message;
    memset(&message, 0, sizeof message);
    message.id = frame->id;
    message.known = shape != NULL;
    for (uint16_t k = 0; shape != NULL && k < shape->count; k++) {
        const field *f = &shape->field[k];
        void *to = (char *)&message + f->place;
        size_t width = f->width;
        if (f->form == TEXT) {
            const uint8_t *zero = left == 0 ? NULL : memchr(body, 0, left);
            bool is_last = k + 1 == shape->count;
            if (zero == NULL && !is_last) return bad_value(frame->id, f, "no zero at its end", err);
            size_t len = zero == NULL ? left : (size_t)(zero - body);
            *(tq_str *)to = (tq_str){(const char *)body, len};
            width = zero == NULL ? len : len + 1;
        } else if (width > left) {
            return tq_fail(err, TQ_BAD_INPUT, 0,
                           "JT/T 905 message %04X, %s: %zu bytes left, needs %zu", frame->id,
                           f->name, left, width);
        } else {
            TQ_TRY(read_field(frame->id, f, body, to, err));
        }
        body += width;
        left -= width;
    }
    message.extra = (tq_str){(const char *)body, left};
    if (frame->id == TQ_JT905_LATE_POSITIONS && left % TQ_JT905_POSITION_BYTES != 0)
        return tq_fail(err, TQ_BAD_INPUT, 0,
                       "JT/T 905 message 0203: %zu bytes are not whole positions of %u", left,
                       TQ_JT905_POSITION_BYTES);
    *out = message;
    return TQ_OK;
}

/* ---- writing -------------------------------------------------------------------------------- */

static bool write_span(uint8_t *at, size_t width, uint32_t hours_max, uint32_t value)
{
    uint32_t minutes = width == 3 ? value / 60 : value, hours = minutes / 60;
    uint32_t digits = hours * 100 + minutes % 60;
    return hours <= hours_max &&
           jt905_put_bcd(at, width, width == 3 ? digits * 100 + value % 60 : digits);
}

static tq_status write_field(uint16_t id, const field *f, const void *from, uint8_t *at,
                             tq_err *err)
{
    bool good = true;
    switch ((form)f->form) {
    case U8: *at = *(const uint8_t *)from; break;
    case U16: jt905_put_number(at, 2, *(const uint16_t *)from); break;
    case U32: jt905_put_number(at, 4, *(const uint32_t *)from); break;
    case BCD: good = jt905_put_bcd(at, f->width, *(const uint32_t *)from); break;
    case YY_TO_SS: good = jt905_put_time(at, JT905_YY_TO_SS, *(const int64_t *)from); break;
    case YYYY_TO_MM: good = jt905_put_time(at, JT905_YYYY_TO_MM, *(const int64_t *)from); break;
    case YY_TO_MM: good = jt905_put_time(at, JT905_YY_TO_MM, *(const int64_t *)from); break;
    case CLOCK_MIN: good = write_span(at, 2, 23, *(const uint32_t *)from); break;
    case SPAN_MIN: good = write_span(at, 2, 99, *(const uint32_t *)from); break;
    case SPAN_S: good = write_span(at, 3, 99, *(const uint32_t *)from); break;
    case AT: good = jt905_put_position(at, from); break;
    case FIXED:
    case TEXT: {
        const tq_str *text = from;
        size_t room = f->form == TEXT ? TQ_JT905_TEXT_MAX : f->width;
        if (text->len > room)
            return tq_fail(err, TQ_LIMIT, 0,
                           "JT/T 905 message %04X, %s: %zu bytes, has room for %zu", id, f->name,
                           text->len, room);
        if (text->len > 0 && memchr(text->at, 0, text->len) != NULL)
            return bad_value(id, f, "a zero byte inside the text", err);
        if (f->form == FIXED) memset(at, 0, f->width);
        if (text->len > 0) memcpy(at, text->at, text->len);
        if (f->form == TEXT) at[text->len] = 0;
        break;
    }
    }
    return good ? TQ_OK : bad_value(id, f, "more than its digits can hold", err);
}

tq_status tq_jt905_write(const tq_jt905_message *message, uint8_t *out, size_t cap, size_t *len,
                         tq_err *err)
{
    /* Fields go to a buffer of their own first, so that `out` is touched by whole bodies only. */
    uint8_t head[2 * (TQ_JT905_TEXT_MAX + 1) + 256];
    size_t used = 0;
    const layout *shape = layout_of(message->id);
    for (uint16_t k = 0; shape != NULL && k < shape->count; k++) {
        const field *f = &shape->field[k];
        const void *from = (const char *)message + f->place;
        TQ_ASSERT(used + TQ_MAX((size_t)f->width, TQ_JT905_TEXT_MAX + 1) <= sizeof head);
        TQ_TRY(write_field(message->id, f, from, head + used, err));
        used += f->form == TEXT ? ((const tq_str *)from)->len + 1 : f->width;
    }
    size_t all = used + message->extra.len;
    if (all > cap || all > TQ_JT905_BODY_MAX)
        return tq_fail(err, TQ_LIMIT, 0, "JT/T 905 message %04X: body of %zu bytes, at most %zu",
                       message->id, all, TQ_MIN(cap, (size_t)TQ_JT905_BODY_MAX));
    if (used > 0) memcpy(out, head, used);
    if (message->extra.len > 0) memcpy(out + used, message->extra.at, message->extra.len);
    *len = all;
    return TQ_OK;
}
