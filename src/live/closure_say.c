/* A closure in one sentence: where, what, for whom, when, why, who answers for it. */
#include "live/live_in.h"

#define FAR_MS INT64_C(4102444800000) /* from 2100 on an end is «until further notice» */

typedef struct words {
    const char *zh, *en;
} words;

static void put(tq_buf *out, bool english, words text)
{
    tq_buf_puts(out, english ? text.en : text.zh);
}

static words reason_of(const char *reason)
{
    static const struct {
        const char *reason;
        words text;
    } list[] = {{"crack", {"路面开裂", "a crack in the road"}},
                {"subsidence", {"路面塌陷", "subsidence"}},
                {"works", {"道路施工", "road works"}},
                {"accident", {"交通事故", "an accident"}},
                {"snow", {"积雪结冰", "snow and ice"}},
                {"flood", {"积水", "flooding"}},
                {"event", {"大型活动", "an event"}}};
    for (size_t k = 0; k < TQ_COUNT(list); k++)
        if (strcmp(reason, list[k].reason) == 0) return list[k].text;
    return (words){"其他原因", "other reasons"};
}

static void say_where(const tq_closure *closure, bool english, tq_buf *out)
{
    const tq_stretch *at = &closure->stretch;
    const char *street = english && at->street_en[0] != '\0' ? at->street_en : at->street;
    if (street[0] == '\0') street = english ? "A street without a name" : "无名道路";
    tq_buf_puts(out, street);
    if (at->from[0] == '\0' || at->to[0] == '\0') return;
    if (english)
        tq_buf_printf(out, " from %s to %s", at->from, at->to);
    else
        tq_buf_printf(out, "（%s至%s）", at->from, at->to);
}

static void say_direction(const tq_closure *closure, bool english, tq_buf *out)
{
    const tq_stretch *at = &closure->stretch;
    bool both = at->along_count > 0 && at->along_count < at->arc_count;
    if (both || closure->effect == TQ_CLOSURE_HALF_WIDTH)
        put(out, english, (words){"双向", ", both directions, "});
    else if (at->along_count == 0)
        put(out, english, (words){"（反向）单向", ", one direction (back), "});
    else
        put(out, english, (words){"单向", ", one direction, "});
}

static void say_effect(const tq_closure *closure, bool english, tq_buf *out)
{
    unsigned kmh = live_speed_kmh(closure);
    switch (closure->effect) {
    case TQ_CLOSURE_FULL: put(out, english, (words){"封闭", "is closed"}); break;
    case TQ_CLOSURE_LOCAL:
        put(out, english, (words){"仅允许到达沿线的车辆通行", "is open only to places inside"});
        break;
    case TQ_CLOSURE_LANES:
        tq_buf_printf(out, english ? "has %u of %u lanes left" : "余%u条车道（共%u条）",
                      closure->lanes_left, closure->lanes_total);
        break;
    case TQ_CLOSURE_HALF_WIDTH:
        put(out, english, (words){"半幅施工、半幅通行", "stays open both ways on half its width"});
        break;
    case TQ_CLOSURE_SPEED: break;
    }
    if (kmh == 0) return;
    if (closure->effect != TQ_CLOSURE_SPEED) put(out, english, (words){"，", ", "});
    tq_buf_printf(out, english ? "has a limit of %u km/h" : "限速%u公里/小时", kmh);
}

static void say_users(const tq_closure *closure, bool english, tq_buf *out)
{
    unsigned left = closure->users;
    bool first = true;
    if (closure->users == 0xff) return;
    put(out, english, (words){"，涉及", " for "});
    for (const live_user *user = LIVE_USERS; user->name != NULL; user++) {
        if ((left & user->access) == 0 || (closure->users & user->access) != user->access) continue;
        if (!first) put(out, english, (words){"、", ", "});
        tq_buf_puts(out, english ? user->en : user->zh);
        left &= (unsigned)~user->access;
        first = false;
    }
}

static void say_limit(const tq_clause *limit, bool english, tq_buf *out)
{
    const struct {
        uint16_t value;
        words before, after;
    } sizes[] = {{limit->weight_10kg, {"总重超过", "over "}, {"吨", " t"}},
                 {limit->axle_10kg, {"轴重超过", "with axles over "}, {"吨", " t"}},
                 {limit->height_cm, {"高度超过", "higher than "}, {"米", " m"}},
                 {limit->width_cm, {"宽度超过", "wider than "}, {"米", " m"}},
                 {limit->length_cm, {"长度超过", "longer than "}, {"米", " m"}}};
    bool first = true;
    if (!live_has_limit(limit)) return;
    put(out, english, (words){"（", " ("});
    for (size_t k = 0; k < TQ_COUNT(sizes); k++) {
        if (sizes[k].value == 0) continue;
        if (!first) put(out, english, (words){"、", " or "});
        put(out, english, sizes[k].before);
        tq_buf_fixed(out, sizes[k].value, 2);
        put(out, english, sizes[k].after);
        first = false;
    }
    if (limit->hazmat != 0) {
        if (!first) put(out, english, (words){"、", " or "});
        put(out, english, (words){"载运危险货物", "with dangerous goods"});
    }
    put(out, english, (words){"）", ")"});
}

static void say_instant(const tq_city *city, int64_t at_ms, tq_buf *out)
{
    char text[TQ_TIME_TEXT_MAX];
    tq_time_print(&city->zone, at_ms, text);
    tq_buf_printf(out, "%.10s %.5s", text, text + 11);
}

static void say_times(const tq_city *city, const tq_closure *closure, bool english, tq_buf *out)
{
    if (closure->from_ms != 0) {
        put(out, english, (words){"，自", " from "});
        say_instant(city, closure->from_ms, out);
    }
    if (closure->to_ms >= FAR_MS) {
        put(out, english, (words){"，恢复时间另行通知", " until further notice"});
    } else {
        put(out, english,
            closure->from_ms != 0 ? (words){"至", " to "} : (words){"，至", " until "});
        say_instant(city, closure->to_ms, out);
    }
    if (closure->time_count > 0) put(out, english, (words){"，按时段", ", at some hours"});
}

static void say_fence(const tq_closure *closure, bool english, tq_buf *out)
{
    static const words fences[] = {
        {"", ""},
        {"，左侧行人不能通行", ", fenced off for walkers on the left"},
        {"，右侧行人不能通行", ", fenced off for walkers on the right"},
        {"，两侧行人不能通行", ", fenced off for walkers on both sides"}};
    put(out, english, fences[closure->fenced & 3]);
}

void live_sentence(const tq_city *city, const tq_closure *closure, bool english, tq_buf *out)
{
    words reason = reason_of(closure->reason);
    say_where(closure, english, out);
    say_direction(closure, english, out);
    say_effect(closure, english, out);
    say_users(closure, english, out);
    say_limit(&closure->limit, english, out);
    say_times(city, closure, english, out);
    say_fence(closure, english, out);
    tq_buf_printf(out, english ? "; reason: %s; in charge: %s." : "；原因：%s；负责：%s。",
                  english ? reason.en : reason.zh, closure->owner);
}
