/*
 * work.notice: the public notice in both languages, from the record and the city alone: where, from
 * when to when, how traffic goes, when machines rest, which bus lines, hospitals and schools.
 */
#include <stdio.h>

#include "desk/works_in.h"

#define LINES_TOLD      12u
#define FACILITIES_TOLD 5u

typedef struct notice {
    const works_plan *plan;
    tq_buf text;
    bool english;
} notice;

static void put(notice *out, const char *zh, const char *en)
{
    tq_buf_printf(&out->text, "%s", out->english ? en : zh);
}

static void put_day(notice *out, int64_t at_ms)
{
    static const char *const months[] = {"January",   "February", "March",    "April",
                                         "May",       "June",     "July",     "August",
                                         "September", "October",  "November", "December"};
    int32_t year = 0, second = 0;
    unsigned month = 0, day = 0;
    tq_date_of(tq_local_day(&out->plan->city->zone, at_ms, &second), &year, &month, &day);
    if (out->english)
        tq_buf_printf(&out->text, "%u %s %d", day, months[month - 1], (int)year);
    else
        tq_buf_printf(&out->text, "%d年%u月%u日", (int)year, month, day);
}

static void put_days(notice *out, int64_t from_ms, int64_t to_ms)
{
    put_day(out, from_ms);
    put(out, "至", " to ");
    put_day(out, to_ms - 1);
}

static void put_where(notice *out, const works_section *section)
{
    const tq_stretch *stretch = &section->found;
    const char *name = stretch->street[0] != '\0' ? stretch->street : section->id;
    if (out->english && stretch->street_en[0] != '\0') name = stretch->street_en;
    tq_buf_printf(&out->text, "%s", name);
    if (stretch->from[0] != '\0' && stretch->to[0] != '\0')
        tq_buf_printf(&out->text, out->english ? " (%s to %s)" : "（%s至%s）", stretch->from,
                      stretch->to);
}

/* How traffic goes past a closure. */
static void put_effect(notice *out, const tq_closure *closure)
{
    switch (closure->effect) {
    case TQ_CLOSURE_FULL: put(out, "封闭施工，车辆绕行", "closed, traffic goes round"); break;
    case TQ_CLOSURE_LANES:
        put(out, "占道施工", "some lanes are taken");
        if (closure->lanes_left > 0)
            tq_buf_printf(&out->text, out->english ? ", %u left" : "，保留%u条车道",
                          (unsigned)closure->lanes_left);
        break;
    case TQ_CLOSURE_HALF_WIDTH:
        put(out, "半幅施工，另半幅双向通行",
            "half the width is closed, both directions stay open on the other half");
        break;
    case TQ_CLOSURE_SPEED: put(out, "限速通行", "open at a lower speed"); break;
    case TQ_CLOSURE_LOCAL: put(out, "只许到达沿线的车辆通行", "local access only"); break;
    }
    if (closure->speed_kmh > 0)
        tq_buf_printf(&out->text, out->english ? ", at most %u km/h" : "，限速%u公里/小时",
                      (unsigned)closure->speed_kmh);
    if (closure->fenced == 3)
        put(out, "，行人不能通行", ", no way for walkers");
    else if (closure->fenced != 0)
        put(out, "，一侧人行道围挡", ", one footway is fenced");
    if (closure->time_count > 0) put(out, "（限定时段）", " (at set hours)");
}

static void put_sections(notice *out)
{
    const works_plan *plan = out->plan;
    put(out, "\n地点：", "\nWhere: ");
    for (uint32_t s = 0; s < plan->section_count; s++) {
        if (s > 0) put(out, "；", "; ");
        put_where(out, &plan->section[s]);
        if (plan->section[s].trenchless)
            put(out, "，非开挖施工，不占道", ", without a trench, the road stays open");
    }
    put(out, "。", ".");
}

static void put_phases(notice *out)
{
    const works_plan *plan = out->plan;
    for (uint32_t k = 0; k < plan->part_count; k++) {
        const works_part *part = &plan->part[k];
        const works_phase *phase = &plan->phase[part->phase];
        if (plan->section[part->section].trenchless) continue;
        put(out, "\n交通组织：", "\nTraffic: ");
        put_days(out, phase->from_ms, phase->to_ms);
        put(out, "，", ", ");
        put_where(out, &plan->section[part->section]);
        put(out, "", ": ");
        put_effect(out, &part->closure);
        put(out, "。", ".");
    }
}

static void put_hours(notice *out)
{
    const json_t *list = json_object_get(out->plan->record, "banned_hours");
    size_t count = json_array_size(list);
    for (size_t k = 0; k < count; k++) {
        const json_t *row = json_array_get(list, k);
        uint32_t from = 0, to = 0;
        if (k == 0) put(out, "\n不动用机械的时段：", "\nNo machines: ");
        if (k > 0) put(out, "、", ", ");
        bool night = works_minute(desk_get_text(row, "from"), &from) &&
                     works_minute(desk_get_text(row, "to"), &to) && to < from;
        tq_buf_printf(&out->text, out->english ? "%s to %s%s" : "%s至%s%s",
                      desk_get_text(row, "from"), !out->english && night ? "次日" : "",
                      desk_get_text(row, "to"));
    }
    if (count > 0) put(out, "。", ".");
}

static void put_lines(notice *out, const works_line *line, uint32_t count)
{
    const tq_city *city = out->plan->city;
    for (uint32_t k = 0; k < count && k < LINES_TOLD; k++) {
        const tq_route *route = &city->timetable.route[line[k].route];
        const char *name = tq_text(city, route->short_name);
        if (name[0] == '\0') name = tq_text(city, route->long_name);
        if (k == 0) put(out, "\n沿线公交：", "\nBus lines along it: ");
        if (k > 0) put(out, "、", ", ");
        tq_buf_printf(&out->text, "%s", name);
    }
    if (count > LINES_TOLD)
        tq_buf_printf(&out->text, out->english ? " and %u more" : "等%u条",
                      out->english ? count - LINES_TOLD : count);
    if (count > 0) put(out, "。", ".");
}

static void put_facilities(notice *out, const works_facility *facility, uint32_t count)
{
    const tq_city *city = out->plan->city;
    for (uint32_t k = 0; k < count && k < FACILITIES_TOLD; k++) {
        const tq_place_row *row = &city->places.row[facility[k].place];
        const char *name = tq_text(city, row->name), *english = tq_text(city, row->name_en);
        if (k == 0) put(out, "\n附近医院和学校：", "\nHospitals and schools near: ");
        if (k > 0) put(out, "、", ", ");
        tq_buf_printf(&out->text, out->english ? "%s (%u m)" : "%s（%u米）",
                      out->english && english[0] != '\0' ? english : name, facility[k].distance_m);
    }
    if (count > 0) put(out, "，出入不断。", "; the way in stays open.");
}

static void put_people(notice *out)
{
    const json_t *record = out->plan->record;
    const char *contractor = desk_get_text(record, "contractor");
    const json_t *permits = json_object_get(record, "permits");
    tq_buf_printf(&out->text, out->english ? "\nOwner: %s." : "\n建设单位：%s。",
                  desk_get_text(record, "owner"));
    if (contractor[0] != '\0')
        tq_buf_printf(&out->text, out->english ? " Contractor: %s." : "施工单位：%s。", contractor);
    for (size_t k = 0; k < json_array_size(permits); k++)
        tq_buf_printf(&out->text, out->english ? " Permit: %s." : "许可：%s。",
                      json_string_value(json_array_get(permits, k)));
}

static void write(notice *out, const works_line *line, uint32_t lines,
                  const works_facility *facility, uint32_t facilities)
{
    const works_plan *plan = out->plan;
    uint32_t days = works_days(plan->city, plan->from_ms, plan->to_ms);
    tq_buf_printf(&out->text, out->english ? "Notice of works: %s\nWhen: " : "施工公告：%s\n时间：",
                  desk_get_text(plan->record, "name"));
    put_days(out, plan->from_ms, plan->to_ms);
    tq_buf_printf(&out->text, out->english ? ", %u days." : "，共%u天。", days);
    put_sections(out);
    put_phases(out);
    put_hours(out);
    put_lines(out, line, lines);
    put_facilities(out, facility, facilities);
    put_people(out);
}

static tq_status answer(desk_call *call, const works_plan *plan)
{
    works_line *line = TQ_ALLOC(works_line, WORKS_LINES_MAX);
    works_facility *facility = TQ_ALLOC(works_facility, WORKS_FACILITIES_MAX);
    json_t *out = json_object();
    tq_status status = TQ_OK;
    if (line == NULL || facility == NULL || out == NULL) {
        status = tq_fail(call->err, TQ_NO_MEMORY, 0, "no memory for the notice");
    } else {
        uint32_t lines = works_lines(plan, NULL, line);
        uint32_t facilities = works_facilities(plan, WORKS_NEAR_M, facility);
        json_object_set(out, "work", json_object_get(plan->record, "id"));
        for (int language = 0; language < 2; language++) {
            notice text = {.plan = plan, .english = language == 1};
            write(&text, line, lines, facility, facilities);
            json_object_set_new(out, language == 1 ? "en" : "zh",
                                json_stringn(text.text.at, text.text.len));
            tq_buf_free(&text.text);
        }
    }
    tq_free(line);
    tq_free(facility);
    if (status != TQ_OK) {
        json_decref(out);
        return status;
    }
    return desk_answer(call, out);
}

tq_status works_notice(desk_call *call)
{
    char state[32];
    works_plan *plan = NULL;
    json_auto_t *record = NULL;
    TQ_TRY(desk_load(call, "work", call->command->id, &record, NULL, state));
    if (!works_is_shown(call, state))
        return tq_fail(call->err, TQ_NOT_FOUND, 0, "there is no work \"%s\"", call->command->id);
    TQ_TRY(works_plan_read(call->desk->city, record, &plan, call->err));
    tq_status status = answer(call, plan);
    works_plan_free(plan);
    return status;
}
