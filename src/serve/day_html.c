/*
 * The report of a played day as one page: a table of KPIs, waits and shares hour by hour as SVG,
 * reasons. It holds no script and asks for nothing from elsewhere; each policy has a colour and a
 * dash of its own, so that it reads without colours too. Its input is the report's JSON.
 */
#include <stdio.h>

#include "serve/day_in.h"

#define REPORT_BYTES_MAX ((size_t)4 << 20)
#define CHART_WIDTH      720
#define CHART_HEIGHT     220
#define CHART_LEFT       48
#define CHART_FOOT       24

static const char *const COLOUR[TQ_DAY_POLICIES_MAX] = {"#8a5a00", "#0b5fa5", "#1b7a43", "#8a1c5b",
                                                        "#444444", "#b03a2e", "#5b4db7", "#006d77"};
static const char *const DASH[TQ_DAY_POLICIES_MAX] = {"6 3", "none", "2 2", "8 2 2 2",
                                                      "1 3", "10 4", "4 1", "3 6"};

typedef struct page {
    tq_buf *out;
    const json_t *report, *policies;
    bool zh;
} page;

typedef struct both {
    const char *zh, *en;
} both;

static const char *say(const page *to, both text)
{
    return to->zh ? text.zh : text.en;
}

static void put_text(tq_buf *out, const char *text)
{
    for (const char *c = text != NULL ? text : ""; *c != '\0'; c++) {
        switch (*c) {
        case '&': tq_buf_puts(out, "&amp;"); break;
        case '<': tq_buf_puts(out, "&lt;"); break;
        case '>': tq_buf_puts(out, "&gt;"); break;
        case '"': tq_buf_puts(out, "&quot;"); break;
        default: tq_buf_putc(out, *c);
        }
    }
}

static const char *name_of(const json_t *policy)
{
    const char *name = json_string_value(json_object_get(policy, "name"));
    return name != NULL ? name : "";
}

/* ---- the table ---------------------------------------------------------------------------------
 */

typedef struct kpi {
    const char *member;
    double scale; /* shown = value * scale */
    int digits;
    both label;
} kpi;

static const kpi KPIS[] = {
    {"orders", 1, 0, {"订单", "orders"}},
    {"served", 1, 0, {"完成", "served"}},
    {"served_share", 100, 1, {"完成率 %", "served, %"}},
    {"wait_mean_s", 1, 0, {"平均候车 s", "mean wait, s"}},
    {"wait_p95_s", 1, 0, {"候车 95 分位 s", "wait p95, s"}},
    {"pickup_km", 1, 2, {"平均接客 km", "pick-up, km each"}},
    {"empty_km", 1, 0, {"空驶合计 km", "empty, km in all"}},
    {"elder_wait_s", 1, 0, {"老年人候车 s", "wait of elders, s"}},
    {"other_wait_s", 1, 0, {"其他人候车 s", "wait of others, s"}},
    {"elder_served_share", 100, 1, {"老年人完成率 %", "elders served, %"}},
    {"other_served_share", 100, 1, {"其他人完成率 %", "others served, %"}},
    {"alike/elders/wait_s", 1, 0, {"同时同地：老年人候车 s", "like for like: wait of elders, s"}},
    {"alike/others/wait_s", 1, 0, {"同时同地：其他人候车 s", "like for like: wait of others, s"}},
    {"alike/elders/wait_p95_s",
     1,
     0,
     {"同时同地：老年人 95 分位 s", "like for like: elders p95, s"}},
    {"alike/others/wait_p95_s",
     1,
     0,
     {"同时同地：其他人 95 分位 s", "like for like: others p95, s"}},
    {"gini", 1, 3, {"收入基尼（全部司机）", "income Gini, all drivers"}},
    {"gini_in_cohort", 1, 3, {"收入基尼（同班次内）", "income Gini inside a shift"}},
    {"bonus_fen", 0.01, 0, {"补贴 元", "bonus, yuan"}},
};

/* Of the member "buses"; the same commuters under every policy. */
static const kpi BUSES[] = {
    {"requests", 1, 0, {"乘车需求", "requests"}},
    {"left_out", 1, 0, {"未成线的需求", "requests on no line"}},
    {"lines", 1, 0, {"线路", "lines"}},
    {"runs", 1, 0, {"班次", "runs"}},
    {"seats", 1, 0, {"座位", "seats"}},
    {"booked", 1, 0, {"当场订到", "booked at once"}},
    {"waited", 1, 0, {"候补", "on the waiting list"}},
    {"full", 1, 0, {"满员未能候补", "turned away"}},
    {"cancelled", 1, 0, {"取消", "cancelled"}},
    {"no_seat", 1, 0, {"没等到座位", "without a seat"}},
    {"no_shows", 1, 0, {"未到", "not there"}},
    {"carried", 1, 0, {"乘车", "carried"}},
    {"walk_m", 1, 0, {"步行 m", "way on foot, m"}},
    {"ride_min", 1, 1, {"乘车 min", "ride, min"}},
    {"fare_fen", 0.01, 0, {"票款 元", "fares, yuan"}},
};

/* A member, or with slashes one inside others. */
static const json_t *find(const json_t *in, const char *path)
{
    char name[32];
    for (const char *slash; (slash = strchr(path, '/')) != NULL; path = slash + 1) {
        (void)snprintf(name, sizeof name, "%.*s", (int)(slash - path), path);
        in = json_object_get(in, name);
    }
    return json_object_get(in, path);
}

static void put_value(tq_buf *out, const json_t *value, double scale, int digits)
{
    if (!json_is_number(value))
        tq_buf_puts(out, "–");
    else
        tq_buf_printf(out, "%.*f", digits, json_number_value(value) * scale);
}

static void put_policies(const page *to)
{
    size_t at;
    json_t *policy;
    tq_buf_puts(to->out, "<table><thead><tr><th scope=\"col\"></th>");
    json_array_foreach(to->policies, at, policy)
    {
        tq_buf_puts(to->out, "<th scope=\"col\">");
        put_text(to->out, name_of(policy));
        tq_buf_puts(to->out, "</th>");
    }
    tq_buf_puts(to->out, "</tr></thead><tbody>\n");
}

/* A row a figure, a column a policy; `of` names the member that holds them, NULL = the policy. */
static void put_rows(const page *to, const kpi *row, size_t count, const char *of)
{
    size_t at;
    json_t *policy;
    for (size_t k = 0; k < count; k++) {
        tq_buf_printf(to->out, "<tr><th scope=\"row\">%s</th>", say(to, row[k].label));
        json_array_foreach(to->policies, at, policy)
        {
            const json_t *from = of != NULL ? json_object_get(policy, of) : policy;
            tq_buf_puts(to->out, "<td>");
            put_value(to->out, find(from, row[k].member), row[k].scale, row[k].digits);
            tq_buf_puts(to->out, "</td>");
        }
        tq_buf_puts(to->out, "</tr>\n");
    }
}

static void put_buses(const page *to)
{
    static const both title = {"定制公交（早高峰通勤）", "Custom buses for the morning"};
    if (!json_is_object(json_object_get(json_array_get(to->policies, 0), "buses"))) return;
    tq_buf_printf(to->out, "<h2>%s</h2>\n", say(to, title));
    put_policies(to);
    put_rows(to, BUSES, TQ_COUNT(BUSES), "buses");
    tq_buf_puts(to->out, "</tbody></table>\n");
}

static void put_table(const page *to)
{
    size_t at;
    json_t *policy;
    put_policies(to);
    put_rows(to, KPIS, TQ_COUNT(KPIS), NULL);
    static const both took = {"每次派单 ms（平均 / 99 分位）", "ms a decision (mean / p99)"};
    tq_buf_printf(to->out, "<tr><th scope=\"row\">%s</th>", say(to, took));
    json_array_foreach(to->policies, at, policy)
    {
        const json_t *one =
            json_object_get(json_object_get(to->report, "measured"), name_of(policy));
        tq_buf_puts(to->out, "<td>");
        put_value(to->out, json_object_get(one, "decision_ms"), 1, 2);
        tq_buf_puts(to->out, " / ");
        put_value(to->out, json_object_get(one, "decision_ms_p99"), 1, 1);
        tq_buf_puts(to->out, "</td>");
    }
    tq_buf_puts(to->out, "</tr></tbody></table>\n");
}

/* ---- charts ------------------------------------------------------------------------------------
 */

typedef double (*value_of)(const json_t *hour); /* below 0: none */

static double wait_of(const json_t *hour)
{
    const json_t *value = json_object_get(hour, "wait_s");
    return json_is_number(value) ? json_number_value(value) : -1;
}

static double share_of(const json_t *hour)
{
    double orders = json_number_value(json_object_get(hour, "orders"));
    return orders > 0 ? 100 * json_number_value(json_object_get(hour, "served")) / orders : -1;
}

static double orders_of(const json_t *hour)
{
    return json_number_value(json_object_get(hour, "orders"));
}

static double highest(const page *to, value_of value)
{
    size_t at, row;
    json_t *policy, *hour;
    double most = 1;
    json_array_foreach(to->policies, at, policy)
    {
        json_array_foreach(json_object_get(policy, "by_hour"), row, hour)
        {
            most = TQ_MAX(most, value(hour));
        }
    }
    return most;
}

static void put_line(const page *to, const json_t *policy, size_t at, value_of value, double most)
{
    size_t row;
    json_t *hour;
    bool pen = false;
    tq_buf_printf(to->out,
                  "<path fill=\"none\" stroke=\"%s\" stroke-width=\"2\" stroke-dasharray=\"%s\" "
                  "d=\"",
                  COLOUR[at % TQ_DAY_POLICIES_MAX], DASH[at % TQ_DAY_POLICIES_MAX]);
    json_array_foreach(json_object_get(policy, "by_hour"), row, hour)
    {
        double high = value(hour),
               x = CHART_LEFT + (json_number_value(json_object_get(hour, "hour")) + 0.5) *
                                    (CHART_WIDTH - CHART_LEFT) / 24;
        if (high < 0) {
            pen = false;
            continue;
        }
        tq_buf_printf(to->out, "%s%.1f %.1f", pen ? "L" : "M", x,
                      CHART_HEIGHT - CHART_FOOT - high / most * (CHART_HEIGHT - CHART_FOOT - 10));
        pen = true;
    }
    tq_buf_puts(to->out, "\"><title>");
    put_text(to->out, name_of(policy));
    tq_buf_puts(to->out, "</title></path>\n");
}

static void put_chart(const page *to, both title, value_of value, double most, bool all)
{
    size_t at;
    json_t *policy;
    tq_buf_printf(to->out,
                  "<figure><figcaption>%s</figcaption><svg viewBox=\"0 0 %d %d\" role=\"img\" "
                  "aria-label=\"%s\">\n",
                  say(to, title), CHART_WIDTH, CHART_HEIGHT, say(to, title));
    for (unsigned step = 0; step <= 4; step++) {
        double y = CHART_HEIGHT - CHART_FOOT - step * (CHART_HEIGHT - CHART_FOOT - 10) / 4.0;
        tq_buf_printf(to->out,
                      "<line x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\" stroke=\"#ccc\"/><text "
                      "x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%.0f</text>\n",
                      CHART_LEFT, CHART_WIDTH, y, y, CHART_LEFT - 6, y + 4, most * step / 4);
    }
    for (unsigned hour = 0; hour < 24; hour += 3)
        tq_buf_printf(to->out, "<text x=\"%.1f\" y=\"%d\">%u</text>\n",
                      CHART_LEFT + hour * (CHART_WIDTH - CHART_LEFT) / 24.0, CHART_HEIGHT - 6,
                      hour);
    json_array_foreach(to->policies, at, policy)
    {
        if (all || at == 0) put_line(to, policy, at, value, most);
    }
    tq_buf_puts(to->out, "</svg></figure>\n");
}

static void put_legend(const page *to)
{
    size_t at;
    json_t *policy;
    tq_buf_puts(to->out, "<p>");
    json_array_foreach(to->policies, at, policy)
    {
        tq_buf_printf(to->out,
                      "<svg class=\"key\" viewBox=\"0 0 40 10\" aria-hidden=\"true\"><path "
                      "d=\"M0 5L40 5\" stroke=\"%s\" stroke-width=\"2\" "
                      "stroke-dasharray=\"%s\"/></svg> ",
                      COLOUR[at % TQ_DAY_POLICIES_MAX], DASH[at % TQ_DAY_POLICIES_MAX]);
        put_text(to->out, name_of(policy));
        tq_buf_puts(to->out, " &nbsp; ");
    }
    tq_buf_puts(to->out, "</p>\n");
}

/* ---- reasons -----------------------------------------------------------------------------------
 */

static void put_reasons(const page *to, both title, const char *member)
{
    size_t at;
    json_t *policy, *count;
    const char *reason;
    tq_buf_printf(to->out, "<h2>%s</h2>\n", say(to, title));
    json_array_foreach(to->policies, at, policy)
    {
        bool more = false;
        tq_buf_puts(to->out, "<p><b>");
        put_text(to->out, name_of(policy));
        tq_buf_puts(to->out, "</b>: ");
        json_object_foreach(json_object_get(policy, member), reason, count)
        {
            if (more) tq_buf_puts(to->out, "; ");
            more = true;
            put_text(to->out, reason);
            tq_buf_printf(to->out, " %lld", (long long)json_integer_value(count));
        }
        tq_buf_puts(to->out, "</p>\n");
    }
}

static long long whole(const page *to, const char *member)
{
    return (long long)json_integer_value(json_object_get(to->report, member));
}

static void put_head(const page *to)
{
    static const both title = {"出租车派单一日模拟", "A simulated day of taxi dispatch"};
    static const both label = {
        "生成数据：订单、司机和乘客的行为都是假设，只用于比较，不代表实际情况。",
        "Generated: orders and what drivers and passengers do are assumed; "
        "for comparing only, not for what is."};
    const char *city = json_string_value(json_object_get(to->report, to->zh ? "city" : "city_en")),
               *day = json_string_value(json_object_get(to->report, "day"));
    tq_buf_printf(
        to->out,
        "<!doctype html>\n<html lang=\"%s\"><head><meta charset=\"utf-8\"><meta "
        "name=\"viewport\" content=\"width=device-width\"><title>%s</title><style>"
        "body{font:16px/1.5 sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;"
        "color:#111;background:#fff}table{border-collapse:collapse}th,td{border:1px "
        "solid #bbb;padding:.2rem .6rem;text-align:right}th[scope=row]{text-align:left;"
        "font-weight:normal}svg{max-width:100%%}svg text{font-size:12px}.key{width:40px;"
        "height:10px}figure{margin:1.5rem 0}.label{border:2px solid #8a5a00;padding:.5rem "
        "1rem}</style></head><body>\n<h1>%s</h1>\n<p>",
        to->zh ? "zh-CN" : "en", say(to, title), say(to, title));
    put_text(to->out, city);
    tq_buf_puts(to->out, " · ");
    put_text(to->out, day);
    tq_buf_printf(to->out,
                  to->zh ? " · %lld 辆车 · %lld 单（电话 %lld）· 种子 %lld%s</p>\n"
                         : " · %lld vehicles · %lld orders (%lld by phone) · seed %lld%s</p>\n",
                  whole(to, "vehicles"), whole(to, "orders"), whole(to, "phone"), whole(to, "seed"),
                  !json_is_true(json_object_get(to->report, "snow")) ? ""
                  : to->zh                                           ? " · 雪天"
                                                                     : " · snow");
    tq_buf_printf(to->out, "<p class=\"label\">%s</p>\n", say(to, label));
}

tq_status tq_day_html(tq_str report_json, tq_lang lang, tq_buf *html, tq_err *err)
{
    static const both waits = {"各小时平均候车（s）", "Mean wait by hour of the call, s"},
                      shares = {"各小时完成率（%）", "Served by hour of the call, %"},
                      calls = {"各小时订单", "Orders by hour of the call"},
                      refused = {"司机拒绝的原因", "Why drivers refused"},
                      unserved = {"没有完成的原因", "Why orders were not served"};
    json_error_t why;
    if (report_json.len > REPORT_BYTES_MAX)
        return tq_fail(err, TQ_LIMIT, 0, "the report has more than %zu bytes", REPORT_BYTES_MAX);
    json_auto_t *report = json_loadb(report_json.at, report_json.len, JSON_REJECT_DUPLICATES, &why);
    page to = {.out = html,
               .report = report,
               .policies = json_object_get(report, "policies"),
               .zh = lang == TQ_ZH};
    if (!json_is_array(to.policies))
        return tq_fail(err, TQ_BAD_INPUT, 0, "this is no report of a day");
    put_head(&to);
    put_table(&to);
    put_legend(&to);
    put_chart(&to, waits, wait_of, highest(&to, wait_of), true);
    put_chart(&to, shares, share_of, 100, true);
    put_chart(&to, calls, orders_of, highest(&to, orders_of), false);
    put_reasons(&to, unserved, "unserved");
    put_reasons(&to, refused, "refusals");
    put_buses(&to);
    tq_buf_puts(html, "</body></html>\n");
    return html->failed ? tq_fail(err, TQ_NO_MEMORY, 0, "no memory for the page") : TQ_OK;
}
