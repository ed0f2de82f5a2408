/*
 * What the taker reads aloud when an order stands: where, when, which car (the plate digit by
 * digit), how long it takes and why, what it costs and how to pay. Short sentences; nothing that is
 * not known is promised.
 */
#include <stdio.h>

#include "desk/order_in.h"

typedef struct speech {
    const desk_call *call;
    const json_t *order;
    tq_buf zh, en;
} speech;

static const char *part(const speech *out, const char *place, const char *member)
{
    return desk_get_text(json_object_get(out->order, place), member);
}

/* 晋A·T1234 -> 晋 A T 1 2 3 4 */
static void put_plate(tq_buf *out, const char *plate)
{
    const char *at = plate, *end = plate + strlen(plate);
    bool first = true;
    while (at < end) {
        char letter[5] = {0};
        uint32_t code = tq_utf8_next(&at, end);
        if (code == 0xb7 || code == ' ' || code == '-') continue;
        letter[tq_utf8_put(code, letter)] = '\0';
        if (!first) tq_buf_putc(out, ' ');
        tq_buf_puts(out, letter);
        first = false;
    }
}

static void say_places(speech *out)
{
    const char *from = part(out, "from", "name"), *cross = part(out, "from", "cross"),
               *to = part(out, "to", "name");
    tq_buf_printf(&out->zh, "上车地点：%s", from);
    tq_buf_printf(&out->en, "From %s", from);
    if (cross[0] != '\0') {
        tq_buf_printf(&out->zh, "，靠近%s路口", cross);
        tq_buf_printf(&out->en, ", near %s", cross);
    }
    if (to[0] != '\0') {
        tq_buf_printf(&out->zh, "，去%s", to);
        tq_buf_printf(&out->en, ", to %s", to);
    }
    tq_buf_puts(&out->zh, "。");
    tq_buf_puts(&out->en, ".");
}

static void say_time(speech *out)
{
    int64_t at_ms = 0;
    int32_t second = 0, year = 0;
    unsigned month = 0, day = 0;
    if (!desk_get_instant(out->call, out->order, "at", &at_ms)) {
        tq_buf_puts(&out->zh, "现在用车。");
        tq_buf_puts(&out->en, " Now.");
        return;
    }
    tq_date_of(tq_local_day(&out->call->desk->city->zone, at_ms, &second), &year, &month, &day);
    tq_buf_printf(&out->zh, "%u月%u日%d点%02d分用车。", month, day, (int)(second / 3600),
                  (int)(second / 60 % 60));
    tq_buf_printf(&out->en, " On %u-%02u at %02d:%02d.", month, day, (int)(second / 3600),
                  (int)(second / 60 % 60));
}

static void say_car(speech *out)
{
    const char *plate = desk_get_text(out->order, "plate"),
               *colour = desk_get_text(out->order, "colour");
    if (plate[0] == '\0') return;
    tq_buf_puts(&out->zh, "车牌：");
    put_plate(&out->zh, plate);
    tq_buf_puts(&out->en, " The plate is ");
    put_plate(&out->en, plate);
    if (colour[0] != '\0') {
        tq_buf_printf(&out->zh, "，%s", colour);
        tq_buf_printf(&out->en, ", the colour %s", colour);
    }
    tq_buf_puts(&out->zh, "。");
    tq_buf_puts(&out->en, ".");
}

/* Is a street shut now? Then the wait says that it counts it. */
static bool has_closures(const speech *out)
{
    const tq_desk_world *world = out->call->world;
    return world != NULL && world->overlay != NULL && world->overlay->rule_count > 0;
}

static void say_wait(speech *out)
{
    const char *state = desk_get_text(out->order, "state");
    const json_t *estimate = json_object_get(out->order, "estimate"),
                 *eta = json_object_get(out->order, "eta_s"),
                 *wait = json_object_get(estimate, "wait_s");
    bool named = strcmp(state, "assigned") == 0, open = strcmp(state, "searching") == 0;
    int64_t seconds = json_integer_value(named ? eta : wait), minutes = (seconds + 59) / 60;
    if (strcmp(state, "arrived") == 0) {
        tq_buf_puts(&out->zh, "车已经到了。");
        tq_buf_puts(&out->en, " The car is there.");
        return;
    }
    if (named && json_is_integer(eta)) {
        tq_buf_printf(&out->zh, "大约%lld分钟到", (long long)minutes);
        tq_buf_printf(&out->en, " It comes in about %lld min", (long long)minutes);
    } else if (open && json_is_integer(wait)) {
        tq_buf_printf(&out->zh, "大约要等%lld分钟，派到车马上告诉您", (long long)minutes);
        tq_buf_printf(&out->en, " The wait is about %lld min; you are told when a car is named",
                      (long long)minutes);
    } else if (open) {
        tq_buf_puts(&out->zh, "现在还说不准要等多久，派到车马上告诉您");
        tq_buf_puts(&out->en, " The wait is not known yet; you are told when a car is named");
    } else {
        return;
    }
    if (has_closures(out)) {
        tq_buf_puts(&out->zh, "（已计入封路绕行）");
        tq_buf_puts(&out->en, " (closed roads are counted in)");
    }
    tq_buf_puts(&out->zh, "。");
    tq_buf_puts(&out->en, ".");
}

static void say_price(speech *out)
{
    const json_t *estimate = json_object_get(out->order, "estimate"),
                 *low = json_object_get(estimate, "low_fen"),
                 *high = json_object_get(estimate, "high_fen");
    bool assumed = json_is_true(json_object_get(estimate, "tariff_assumed"));
    if (json_is_integer(low) && json_is_integer(high) && !assumed) {
        long long least = json_integer_value(low) / 100,
                  most = (json_integer_value(high) + 99) / 100;
        tq_buf_printf(&out->zh, "车费大约%lld到%lld元，以计价器为准", least, most);
        tq_buf_printf(&out->en, " It costs about %lld to %lld yuan, by the meter", least, most);
    } else {
        tq_buf_puts(&out->zh, "车费按计价器");
        tq_buf_puts(&out->en, " The price is by the meter");
    }
    tq_buf_puts(&out->zh, "，下车时付，可以付现金。");
    tq_buf_puts(&out->en, "; pay at the end, cash is fine.");
}

json_t *order_spoken(desk_call *call, const json_t *order)
{
    speech out = {.call = call, .order = order};
    json_t *spoken = json_object();
    const char *kind = desk_get_text(order, "kind");
    const order_machine *machine = order_machine_of(call->desk, kind);
    uint32_t state =
        machine != NULL ? order_state_of(machine, desk_get_text(order, "state")) : TQ_NONE;
    if (state != TQ_NONE && order_is_over(machine, state)) {
        tq_buf_printf(&out.zh, "订单：%s。", machine->state[state].zh);
        tq_buf_printf(&out.en, "The order: %s.", machine->state[state].en);
    } else {
        say_places(&out);
        say_time(&out);
        say_car(&out);
        say_wait(&out);
        if (strcmp(kind, "seat") != 0 && strcmp(kind, "task") != 0) say_price(&out);
    }
    json_object_set_new(spoken, "zh", json_stringn(out.zh.at, out.zh.len));
    json_object_set_new(spoken, "en", json_stringn(out.en.at, out.en.len));
    tq_buf_free(&out.zh);
    tq_buf_free(&out.en);
    return spoken;
}
