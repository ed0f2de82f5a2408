/* tongqu freight: chains of lorries, trains, ships and planes for goods, and the railway's bill, as
 * tables or as JSON. */
#include <jansson.h>

#include "cli/cli.h"

typedef struct freight_word {
    const char *name, *zh, *en;
} freight_word;

static const freight_word WORDS[] = {
    {"road", "公路", "road"},
    {"rail", "铁路", "rail"},
    {"sea", "海运", "sea"},
    {"river", "内河", "river"},
    {"air", "航空", "air"},
    {"soonest", "最快", "soonest"},
    {"latest", "最晚出发", "latest start"},
    {"cheapest", "最省", "cheapest"},
    {"cleanest", "最低碳", "cleanest"},
    {"knee", "折中", "knee"},
    {"border", "口岸限制", "a border"},
    {"strait", "海峡限制", "a strait"},
    {"dangerous_goods", "危险货物限制", "dangerous goods"},
    {"port", "港口限制", "a port"},
    {"mode", "运输方式限制", "the modes allowed"},
    {"gauge", "轨距限制", "the gauge"},
    {"avoid", "指定避开的地点", "places avoided"},
    {"closed", "道路封闭", "live closures"},
    {"date", "当日未开通", "rows not open that day"},
    {"deadline", "最迟到达时间", "the latest arrival"},
    {"via", "必须经过的地点", "the places to go by"},
    {"changes", "换装次数上限", "the limit of five changes of mode"},
};

/* A word for people; others stay as they are, NULL = not for people. */
static const char *said(const char *name, bool zh)
{
    for (unsigned k = 0; k < TQ_COUNT(WORDS); k++)
        if (strcmp(name, WORDS[k].name) == 0) return zh ? WORDS[k].zh : WORDS[k].en;
    return NULL;
}

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text != NULL ? text : "";
}

static double number_of(const json_t *object, const char *key)
{
    return json_number_value(json_object_get(object, key));
}

static const char *place_of(const json_t *place, bool zh)
{
    const char *name = text_of(place, zh ? "name_zh" : "name_en");
    return name[0] != '\0' ? name : text_of(place, "id");
}

/* `backwards`: the front is of latest starts, and the soonest of it is the latest. */
static void print_words(const json_t *list, const char *between, bool backwards, bool zh)
{
    bool first = true;
    for (size_t k = 0; k < json_array_size(list); k++) {
        const char *name = json_string_value(json_array_get(list, k));
        const char *word = said(backwards && strcmp(name, "soonest") == 0 ? "latest" : name, zh);
        if (word == NULL) continue;
        printf("%s%s", first ? "" : between, word);
        first = false;
    }
}

/* The places where the mode changes, and the ends. */
static void print_chain(const json_t *plan, bool zh)
{
    const json_t *legs = json_object_get(plan, "legs"), *to = NULL;
    const char *mode = "";
    printf("      ");
    for (size_t k = 0; k < json_array_size(legs); k++) {
        const json_t *leg = json_array_get(legs, k);
        const char *kind = text_of(leg, "kind"), *now = text_of(leg, "mode");
        if (strcmp(kind, "link") != 0 && strcmp(kind, "service") != 0) continue;
        if (strcmp(now, mode) != 0) {
            const char *word = said(now, zh);
            printf("%s —%s→ ", place_of(json_object_get(leg, "from"), zh),
                   word != NULL ? word : now);
            mode = now;
        }
        to = json_object_get(leg, "to");
    }
    printf("%s\n", to != NULL ? place_of(to, zh) : "");
}

static void print_plans(const json_t *answer, bool zh)
{
    const json_t *plans = json_object_get(answer, "plans");
    bool backwards = strcmp(text_of(answer, "aim"), "depart") != 0;
    printf(zh ? "%s → %s，%s，%.6g 吨：%.0f 个方案，示 %zu 个\n"
              : "%s to %s, %s, %.6g t: %.0f plans, %zu shown\n",
           place_of(json_object_get(answer, "from"), zh),
           place_of(json_object_get(answer, "to"), zh),
           place_of(json_object_get(answer, "commodity"), zh), number_of(answer, "tonnes"),
           number_of(answer, "plans_on_front"), json_array_size(plans));
    printf(zh ? "  编号     小时            元       千克CO2  准点率  标记\n"
              : "   no.    hours          yuan        kg CO2  on time  marks\n");
    for (size_t k = 0; k < json_array_size(plans); k++) {
        const json_t *plan = json_array_get(plans, k), *odds = json_object_get(plan, "odds");
        printf("  %4.0f %8.2f %13.2f %13.3f ", number_of(plan, "number"), number_of(plan, "hours"),
               number_of(plan, "cny"), number_of(plan, "co2e_kg"));
        if (json_is_object(odds))
            printf("%5.1f %%  ", number_of(odds, "on_time_pct"));
        else
            printf("    –    ");
        print_words(json_object_get(plan, "marks"), zh ? "、" : ", ", backwards, zh);
        if (backwards)
            printf(zh ? "  最晚 %.16s 出发" : "  start by %.16s", text_of(plan, "depart"));
        printf("\n");
        print_chain(plan, zh);
    }
}

static void print_none(const json_t *answer, bool zh)
{
    const json_t *bans = json_object_get(answer, "forbidden_by");
    const json_t *rows = json_object_get(answer, "rows");
    if (json_array_size(bans) > 0) {
        printf(zh ? "没有可行方案，原因：" : "no plan; it is forbidden by ");
        print_words(bans, zh ? "、" : ", ", false, zh);
        printf("\n");
    } else if (json_is_true(json_object_get(answer, "no_handling"))) {
        printf("%s\n", zh ? "没有可行方案：起点或终点没有装卸这种货物的作业"
                          : "no plan: no terminal handles this cargo at an end");
    } else {
        printf("%s\n",
               zh ? "没有可行方案：两地之间没有通路" : "no plan: the places are not connected");
    }
    for (size_t k = 0; k < json_array_size(rows); k++)
        printf("  %s  %s\n", text_of(json_array_get(rows, k), "id"),
               text_of(json_array_get(rows, k), zh ? "name_zh" : "name_en"));
}

static void print_flip(const json_t *flip, const char *key, const char *less, int digits,
                       const char *unit)
{
    const json_t *value = json_object_get(flip, key);
    if (json_is_number(value))
        printf("  %s %.*f %s\n", less, digits, json_number_value(value), unit);
}

static void print_why(const json_t *answer, bool zh)
{
    const char *name = place_of(json_object_get(answer, "place"), zh);
    const json_t *flip = json_object_get(answer, "flip");
    if (!json_is_true(json_object_get(answer, "possible"))) {
        printf(zh ? "没有方案能经过%s\n" : "no plan can go by %s\n", name);
        return;
    }
    if (json_is_true(json_object_get(answer, "on_front"))) {
        printf(zh ? "有经过%s的方案\n" : "there is a plan by %s\n", name);
        return;
    }
    printf(zh ? "经%s：比最快的晚 %.2f 小时，比最省的贵 %.2f 元，比最低碳的多 %.3f 千克CO2\n"
              : "by %s: %.2f h after the soonest, %.2f yuan over the cheapest, %.3f kg CO2 over "
                "the cleanest\n",
           name, number_of(answer, "later_hours"), number_of(answer, "dearer_cny"),
           number_of(answer, "dirtier_kg"));
    printf("%s\n", zh ? "以下任一项即可入选：" : "any one of these would bring it in:");
    print_flip(flip, "cny", zh ? "便宜" : "cheaper by", 2, zh ? "元" : "yuan");
    print_flip(flip, "hours", zh ? "快" : "quicker by", 2, zh ? "小时" : "h");
    print_flip(flip, "co2e_kg", zh ? "少" : "cleaner by", 3, zh ? "千克CO2" : "kg CO2");
}

static void print_nodes(const json_t *answer, bool zh)
{
    const json_t *nodes = json_object_get(answer, "nodes");
    for (size_t k = 0; k < json_array_size(nodes); k++) {
        const json_t *node = json_array_get(nodes, k);
        printf("%-8s %-16s %s\n", text_of(node, "id"), text_of(node, "kind"), place_of(node, zh));
    }
}

/* ---- the question ---------------------------------------------------------------------------- */

static bool take_bill(const cli_args *args, tq_goods_bill_query *query)
{
    *query = (tq_goods_bill_query){.tariff = cli_value(args, "tariff"),
                                   .km = cli_value(args, "km"),
                                   .electrified_km = cli_value(args, "electrified-km"),
                                   .tonnes = cli_value(args, "tonnes"),
                                   .siding_km = cli_value(args, "siding-km"),
                                   .special_cny = cli_value(args, "special-cny"),
                                   .load = cli_flag(args, "load"),
                                   .unload = cli_flag(args, "unload"),
                                   .box_use = cli_flag(args, "box-use"),
                                   .now_ms = tq_env_real()->now_ms(NULL)};
    return cli_number(args, "boxes40", 1, 100000, &query->boxes40) &&
           cli_number(args, "boxes20", 1, 100000, &query->boxes20) &&
           cli_number(args, "wagons", 1, 100000, &query->wagons);
}

static bool take_options(const cli_args *args, bool plan, tq_goods_query *query)
{
    tq_goods_query_default(query);
    query->from = cli_value(args, "from");
    query->to = cli_value(args, "to");
    query->commodity = cli_value(args, "commodity");
    query->tonnes = cli_value(args, "tonnes");
    query->at = cli_value(args, "at");
    query->depart = cli_value(args, "depart");
    query->arrive = cli_value(args, "arrive");
    query->service = cli_value(args, "service");
    query->avoid = cli_value(args, "avoid");
    query->via = cli_value(args, "via");
    query->modes = cli_value(args, "modes");
    query->why_not = cli_value(args, "why-not");
    query->bill = strcmp(args->word[0], "bill") == 0 ? cli_value(args, "plan") : NULL;
    query->carbon = strcmp(args->word[0], "carbon") == 0 ? cli_value(args, "plan") : NULL;
    query->now_ms = tq_env_real()->now_ms(NULL);
    if (cli_flag(args, "all")) query->show = TQ_FREIGHT_ALL;
    if (!cli_number(args, "boxes40", 1, 100000, &query->boxes40)) return false;
    if (!plan) return true;
    const char *missing =
        query->from == NULL                            ? "needs --from"
        : query->to == NULL && query->service == NULL  ? "needs --to, or --service"
        : query->commodity == NULL                     ? "needs --commodity, such as coal_thermal"
        : query->tonnes == NULL && query->boxes40 == 0 ? "needs --tonnes or --boxes40"
        : query->at != NULL && query->depart != NULL   ? "takes --at or --depart, not both"
                                                       : NULL;
    if (missing != NULL) (void)cli_usage(args, missing);
    return missing == NULL;
}

static tq_status answer_of(cli_city *city, const tq_goods *goods, const tq_goods_query *query,
                           tq_buf *out, bool *found, tq_err *err)
{
    tq_goods_bench *bench = NULL;
    TQ_TRY(tq_goods_bench_open(goods, &bench, err));
    tq_status status =
        tq_goods_plan_json(bench, &city->snapshot, query, &city->work, out, found, err);
    tq_goods_bench_close(bench);
    if (status == TQ_OK && out->failed)
        status = tq_fail(err, TQ_NO_MEMORY, 0, "the answer is too large");
    return status;
}

static void print_bill(const json_t *bill, bool zh)
{
    const json_t *items = json_object_get(bill, "items");
    printf(zh ? "  %.3f 公里，其中电气化 %.3f 公里，运到期限 %.0f 天\n"
              : "  %.3f km, %.3f of them electrified, %.0f days at most\n",
           number_of(bill, "km"), number_of(bill, "electrified_km"), number_of(bill, "limit_days"));
    for (size_t k = 0; k < json_array_size(items); k++) {
        const json_t *item = json_array_get(items, k);
        bool given = strcmp(text_of(item, "kind"), "given") == 0;
        printf("  %12.1f  %s%s%s  %s  %s\n", number_of(item, "cny"),
               text_of(item, zh ? "name_zh" : "name_en"), *text_of(item, "row") ? "  " : "",
               text_of(item, "row"), given ? (zh ? "公布" : "given") : (zh ? "估计" : "assumed"),
               text_of(item, "source"));
    }
    printf("  %12.1f  %s\n", number_of(bill, "total_cny"), zh ? "合计" : "sum");
}

static void print_bills(const json_t *answer, bool zh)
{
    const json_t *chains = json_object_get(answer, "chains");
    if (chains == NULL) {
        print_bill(answer, zh);
        return;
    }
    for (size_t k = 0; k < json_array_size(chains); k++) {
        printf(zh ? "第 %zu 段铁路\n" : "chain %zu by rail\n", k + 1);
        print_bill(json_array_get(chains, k), zh);
    }
    if (json_array_size(chains) == 0)
        printf("%s\n", zh ? "这个方案不走铁路运价线路" : "the plan has no chain by rail");
}

static void print_carbon(const json_t *answer, bool zh)
{
    const json_t *sets = json_object_get(answer, "sets"),
                 *elements = json_object_get(answer, "elements");
    for (size_t k = 0; k < json_array_size(elements); k++) {
        const json_t *one = json_array_get(elements, k);
        const char *mode = said(text_of(one, "mode"), zh);
        bool hub = strcmp(text_of(one, "kind"), "hub") == 0;
        printf("  %12.3f kg  %s %s", number_of(one, "wtw_kg"), mode != NULL ? mode : "",
               hub ? (zh ? "场站作业" : "hub") : "");
        if (!hub)
            printf("%.1f km  %s  %.2f g/tkm", number_of(one, "km"), text_of(one, "factor"),
                   number_of(one, "g_per_tkm"));
        printf("  %s", place_of(json_object_get(one, "from"), zh));
        printf(hub ? "\n" : " → %s\n", place_of(json_object_get(one, "to"), zh));
    }
    for (size_t k = 0; k < json_array_size(sets); k++) {
        const json_t *set = json_array_get(sets, k);
        printf(zh ? "  %s：%.3f kg CO2e（油箱到车轮 %.3f，油井到油箱 %.3f，场站 "
                    "%.3f），%.2f g/tkm，最低碳的是方案 %.0f\n"
                  : "  %s: %.3f kg CO2e (tank to wheel %.3f, well to tank %.3f, hubs %.3f), %.2f "
                    "g/tkm, cleanest is plan %.0f\n",
               text_of(set, zh ? "name_zh" : "name_en"), number_of(set, "wtw_kg"),
               number_of(set, "ttw_kg"), number_of(set, "wtt_kg"), number_of(set, "hub_kg"),
               number_of(set, "g_per_tkm"), number_of(set, "cleanest_plan"));
    }
    if (json_is_true(json_object_get(answer, "ranking_flips")))
        printf("  %s\n", zh ? "注意：换一套系数，方案的碳排放排序会变"
                            : "note: another set of factors changes the order of the plans");
}

static int print_for_people(const cli_args *args, tq_buf *answer, const char *what, int code)
{
    bool plan = strcmp(what, "nodes") != 0;
    json_t *root = json_loadb(answer->at, answer->len, 0, NULL);
    bool zh = args->lang == TQ_ZH;
    if (root == NULL) return cli_exit_code(TQ_INTERNAL);
    if (!plan)
        print_nodes(root, zh);
    else if (json_object_get(root, "forbidden_by") != NULL)
        print_none(root, zh);
    else if (strcmp(what, "carbon") == 0)
        print_carbon(root, zh);
    else if (strcmp(what, "bill") == 0)
        print_bills(root, zh);
    else if (cli_value(args, "why-not") != NULL)
        print_why(root, zh);
    else
        print_plans(root, zh);
    json_decref(root);
    return code;
}

int cli_freight(const cli_args *args)
{
    char path[TQ_PATH_MAX];
    tq_goods_query query;
    tq_goods_bill_query stretch;
    cli_city city = {0};
    tq_goods *goods = NULL;
    tq_buf answer = {0};
    tq_err err = {0};
    const char *what = args->word[0];
    if (strcmp(what, "track") == 0) return cli_freight_track(args);
    if (strcmp(what, "uplift") == 0) return cli_freight_uplift(args);
    if (strcmp(what, "flow") == 0) return cli_freight_flow(args);
    bool bill = strcmp(what, "bill") == 0, nodes = strcmp(what, "nodes") == 0, found = true;
    bool alone = bill && cli_value(args, "tariff") != NULL, plan = !nodes && !alone;
    bool carbon = strcmp(what, "carbon") == 0, numbered = cli_value(args, "plan") != NULL;
    if (!bill && !nodes && !carbon && strcmp(what, "plan") != 0)
        return cli_usage(args, "knows plan, bill, carbon, nodes, uplift, flow and track");
    if (bill && !alone && !numbered)
        return cli_usage(args, "bill needs --tariff and --km, or a question and its --plan");
    if (carbon != numbered && !bill)
        return cli_usage(args, "carbon needs --plan, the number of a plan; plan and nodes do not");
    if (!take_options(args, plan, &query) || !take_bill(args, &stretch))
        return cli_exit_code(TQ_USAGE);
    tq_status status = cli_city_path(args->word[1], path, &err);
    if (status == TQ_OK) status = tq_goods_open(path, &goods, &err);
    if (status == TQ_OK && plan) status = cli_open(args->word[1], &city, &err);
    if (status == TQ_OK && plan) status = answer_of(&city, goods, &query, &answer, &found, &err);
    if (status == TQ_OK && nodes) tq_goods_nodes_json(goods, NULL, &answer);
    if (status == TQ_OK && alone) status = tq_goods_bill_json(goods, &stretch, &answer, &err);
    int code = found ? 0 : cli_exit_code(TQ_NO_ROUTE);
    if (status != TQ_OK) {
        code = cli_fail(args, status, &err);
        tq_buf_free(&answer);
    } else if (args->json) {
        code = cli_print(&answer, code);
    } else {
        code = print_for_people(args, &answer, what, code);
        tq_buf_free(&answer);
    }
    cli_close(&city);
    tq_goods_close(goods);
    return code;
}
