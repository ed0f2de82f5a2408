/* tongqu freight flow: yearly tonnes over limited corridors, as tables, CSV or JSON; the difference
 * of two questions. */
#include <jansson.h>

#include "cli/cli.h"

#define SECONDS_MAX 600.0

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text != NULL ? text : "";
}

static double number_of(const json_t *object, const char *key)
{
    return json_number_value(json_object_get(object, key));
}

static const char *name_of(const json_t *object, bool zh)
{
    const char *name = text_of(object, zh ? "name_zh" : "name_en");
    return name[0] != '\0' ? name : text_of(object, "id");
}

static const char *mode_of(const char *mode, bool zh)
{
    static const struct {
        const char *mode, *zh, *en;
    } words[] = {{"road", "公路", "road"},
                 {"rail", "铁路", "rail"},
                 {"sea", "海运", "sea"},
                 {"river", "内河", "river"},
                 {"air", "航空", "air"}};
    for (unsigned k = 0; k < TQ_COUNT(words); k++)
        if (strcmp(mode, words[k].mode) == 0) return zh ? words[k].zh : words[k].en;
    return mode;
}

/* ---- CSV --------------------------------------------------------------------------------------
 */

static void csv_text(const char *text)
{
    bool quoted = strpbrk(text, ",\"\r\n") != NULL;
    if (quoted) putchar('"');
    for (const char *c = text; *c != '\0'; c++) {
        if (*c == '"') putchar('"');
        putchar(*c);
    }
    if (quoted) putchar('"');
}

static void csv_number(const json_t *row, const char *key, int digits)
{
    const json_t *value = json_object_get(row, key);
    putchar(',');
    if (json_is_number(value)) printf("%.*f", digits, json_number_value(value));
}

static void csv_rows(const json_t *plan, const char *question)
{
    static const char *const texts[] = {"kind", "id", "name_zh", "from_mode", "mode"};
    const json_t *rows = json_object_get(plan, "corridors");
    for (size_t k = 0; k < json_array_size(rows); k++) {
        const json_t *row = json_array_get(rows, k);
        printf("%s", question);
        for (unsigned column = 0; column < TQ_COUNT(texts); column++) {
            putchar(',');
            csv_text(text_of(row, texts[column]));
        }
        putchar(',');
        csv_text(text_of(json_object_get(row, "from"), "id"));
        putchar(',');
        csv_text(text_of(json_object_get(row, "to"), "id"));
        csv_number(row, "year_t", 1);
        csv_number(row, "day_t", 1);
        csv_number(row, "capacity_t", 1);
        csv_number(row, "use_pct", 1);
        csv_number(row, "full_weeks", 0);
        csv_number(row, "price_cny", 2);
        csv_number(row, "trains_day", 0);
        csv_number(row, "trains_week", 2);
        csv_number(row, "trucks_day", 0);
        printf(",%d\n", json_is_true(json_object_get(row, "changed")));
    }
}

static void print_csv(const json_t *answer)
{
    const json_t *other = json_object_get(answer, "against");
    printf("question,kind,id,name_zh,from_mode,mode,from,to,year_t,day_t,capacity_t,use_pct,"
           "full_weeks,price_cny,trains_day,trains_week,trucks_day,changed\n");
    csv_rows(json_object_get(answer, "plan"), "plan");
    if (other != NULL) csv_rows(other, "against");
}

/* ---- tables -----------------------------------------------------------------------------------
 */

/* What a capacity is, at the end of a line. */
static void print_which(const json_t *row, bool zh)
{
    const char *from = text_of(row, "from_mode"), *to = text_of(row, "mode");
    if (strcmp(text_of(row, "kind"), "handling") != 0) {
        printf("  %-5s %s %s → %s\n", text_of(row, "id"), text_of(row, "name_zh"),
               name_of(json_object_get(row, "from"), zh), name_of(json_object_get(row, "to"), zh));
        return;
    }
    printf("  %s ", name_of(json_object_get(row, "from"), zh));
    if (from[0] == '\0')
        printf(zh ? "装%s\n" : "loading to %s\n", mode_of(to, zh));
    else if (to[0] == '\0')
        printf(zh ? "%s卸\n" : "unloading from %s\n", mode_of(from, zh));
    else
        printf(zh ? "%s转%s\n" : "%s to %s\n", mode_of(from, zh), mode_of(to, zh));
}

static void print_vehicles(const json_t *row, bool zh)
{
    const json_t *trains = json_object_get(row, "trains_day"),
                 *whole = json_object_get(row, "trains_week"),
                 *trucks = json_object_get(row, "trucks_day");
    if (json_is_number(whole))
        printf("%5.0f %s", json_number_value(whole), zh ? "列/周" : "trains/week");
    else if (json_is_number(trains))
        printf("%5.0f %s", json_number_value(trains), zh ? "列" : "trains ");
    else if (json_is_number(trucks))
        printf("%5.0f %s", json_number_value(trucks), zh ? "车" : "lorries");
    else
        printf("%5s %s", "", zh ? "  " : "       ");
}

static void print_lots(const json_t *plan, bool zh)
{
    const json_t *lots = json_object_get(plan, "lots"), *demand = json_object_get(plan, "demand");
    for (size_t k = 0; k < json_array_size(lots) + json_array_size(demand); k++) {
        const json_t *lot = json_array_get(lots != NULL ? lots : demand, k);
        printf(zh ? "  %12.0f 吨" : "  %12.0f t", number_of(lot, "brought_t"));
        if (number_of(lot, "unserved_t") > 0)
            printf(zh ? "（另有 %.0f 吨运不到）" : " (%.0f t more cannot come)",
                   number_of(lot, "unserved_t"));
        if (lots == NULL)
            printf("  %s\n", text_of(lot, "place"));
        else
            printf("  %s  %s → %s\n", name_of(json_object_get(lot, "commodity"), zh),
                   name_of(json_object_get(lot, "from"), zh),
                   name_of(json_object_get(lot, "to"), zh));
    }
}

static void print_corridors(const json_t *plan, bool zh)
{
    const json_t *rows = json_object_get(plan, "corridors");
    printf("%s\n", zh ? "        吨/年        能力  占用 %   元/吨    每天       通道"
                      : "       t/year    capacity   use %  yuan/t    a day         corridor");
    for (size_t k = 0; k < json_array_size(rows); k++) {
        const json_t *row = json_array_get(rows, k);
        printf("  %11.0f ", number_of(row, "year_t"));
        if (json_is_number(json_object_get(row, "capacity_t")))
            printf("%11.0f %7.1f ", number_of(row, "capacity_t"), number_of(row, "use_pct"));
        else
            printf("%11s %7s ", "–", "–");
        if (number_of(row, "price_cny") > 0)
            printf("%7.2f ", number_of(row, "price_cny"));
        else
            printf("%7s ", "");
        print_vehicles(row, zh);
        print_which(row, zh);
    }
}

static void print_bottlenecks(const json_t *plan, bool zh)
{
    const json_t *rows = json_object_get(plan, "corridors"),
                 *order = json_object_get(plan, "bottlenecks");
    if (json_array_size(order) == 0) {
        printf("%s\n", zh ? "没有瓶颈" : "nothing is full");
        return;
    }
    printf("%s\n", zh ? "瓶颈（能力多一吨可省多少元）" : "full (what a tonne more would save)");
    for (size_t k = 0; k < json_array_size(order); k++) {
        const json_t *row =
            json_array_get(rows, (size_t)json_integer_value(json_array_get(order, k)));
        printf(zh ? "  %9.2f 元/吨" : "  %9.2f yuan/t", number_of(row, "price_cny"));
        print_which(row, zh);
    }
}

static void print_hubs(const json_t *plan, bool zh)
{
    const json_t *hubs = json_object_get(plan, "hubs"), *value;
    if (json_array_size(hubs) == 0) return;
    printf("%s\n", zh ? "        发出        到达        经过      最忙线路  枢纽标签（吨/年）"
                      : "         out          in     through   busiest link  hub tag (t/year)");
    for (size_t k = 0; k < json_array_size(hubs); k++) {
        const json_t *hub = json_array_get(hubs, k);
        const char *mode;
        printf("  %10.0f  %10.0f  %10.0f    %10.0f  %s %s", number_of(hub, "out_t"),
               number_of(hub, "in_t"), number_of(hub, "through_t"), number_of(hub, "busiest_t"),
               text_of(hub, "kind"), name_of(hub, zh));
        json_object_foreach(json_object_get(hub, "crossing"), mode, value)
            printf("  %s %.0f", mode_of(mode, zh), json_number_value(value));
        printf("\n");
    }
}

static void print_plan(const json_t *plan, bool zh)
{
    const char *name = text_of(plan, "name");
    printf(zh ? "%s%s%.0f 元/年，%s，误差 %.1g\n" : "%s%s%.0f yuan a year, %s, gap %.1g\n", name,
           name[0] != '\0' ? ": " : "", number_of(plan, "cost_year_cny"), text_of(plan, "day"),
           number_of(plan, "gap"));
    print_lots(plan, zh);
    print_corridors(plan, zh);
    print_bottlenecks(plan, zh);
    print_hubs(plan, zh);
}

static void print_difference(const json_t *answer, bool zh)
{
    const json_t *difference = json_object_get(answer, "difference"),
                 *rows = json_object_get(difference, "rows"),
                 *hubs = json_object_get(difference, "hubs"), *value;
    if (difference == NULL) return;
    printf("\n");
    print_plan(json_object_get(answer, "against"), zh);
    printf(zh ? "\n第二个减第一个：%+.0f 元/年，运不到 %+.0f 吨/年\n"
              : "\nsecond less first: %+.0f yuan a year, %+.0f t a year that cannot come\n",
           number_of(difference, "more_cost_year_cny"), number_of(difference, "more_unserved_t"));
    for (size_t k = 0; k < json_array_size(rows); k++) {
        const json_t *row = json_array_get(rows, k);
        printf(zh ? "  %+11.0f 吨/年 %+9.0f 吨/天" : "  %+11.0f t/year %+9.0f t/day",
               number_of(row, "more_t"), number_of(row, "more_day_t"));
        print_vehicles(row, zh);
        print_which(row, zh);
    }
    for (size_t k = 0; k < json_array_size(hubs); k++) {
        const json_t *hub = json_array_get(hubs, k), *more = json_object_get(hub, "more_crossing");
        const char *mode;
        if (json_object_size(more) == 0) continue;
        printf("  %s %s: ", text_of(hub, "kind"), name_of(hub, zh));
        json_object_foreach((json_t *)(uintptr_t)more, mode, value)
            printf(zh ? "%s %+.0f 吨/年  " : "%s %+.0f t/year  ", mode_of(mode, zh),
                   json_number_value(value));
        printf(zh ? "每天 %+.0f 列，%+.0f 车\n" : "%+.0f trains and %+.0f lorries a day\n",
               number_of(hub, "trains_day"), number_of(hub, "trucks_day"));
    }
}

static int print_answer(const cli_args *args, tq_buf *answer)
{
    bool zh = args->lang == TQ_ZH;
    if (args->json) return cli_print(answer, 0);
    json_t *root = json_loadb(answer->at, answer->len, 0, NULL);
    int code = root != NULL ? 0 : cli_exit_code(TQ_INTERNAL);
    if (root != NULL && cli_flag(args, "csv")) {
        print_csv(root);
    } else if (root != NULL) {
        print_plan(json_object_get(root, "plan"), zh);
        print_difference(root, zh);
    }
    json_decref(root);
    tq_buf_free(answer);
    return code;
}

static tq_status read_text(const char *path, char **bytes, tq_str *out, tq_err *err)
{
    size_t len = 0;
    TQ_TRY(tq_file_read(path, TQ_FLOW_BODY_MAX, bytes, &len, err));
    *out = (tq_str){*bytes, len};
    return TQ_OK;
}

int cli_freight_flow(const cli_args *args)
{
    char path[TQ_PATH_MAX], *body = NULL, *other = NULL;
    const char *against = cli_value(args, "against");
    tq_goods *goods = NULL;
    tq_buf answer = {0};
    tq_err err = {0};
    tq_goods_flow_query query = {
        .size = sizeof query, .seconds_max = SECONDS_MAX, .now_ms = tq_env_real()->now_ms(NULL)};
    if (args->word_count < 3)
        return cli_usage(args, "flow needs CITY and the file of a question, such as "
                               "cities/taiyuan/freight/flow.json");
    if (args->json && cli_flag(args, "csv")) return cli_usage(args, "takes --csv or --json");
    tq_status status = cli_city_path(args->word[1], path, &err);
    if (status == TQ_OK) status = read_text(args->word[2], &body, &query.body, &err);
    if (status == TQ_OK && against != NULL)
        status = read_text(against, &other, &query.against, &err);
    if (status == TQ_OK) status = tq_goods_open(path, &goods, &err);
    if (status == TQ_OK) status = tq_goods_flow_json(goods, &query, &answer, &err);
    int code;
    if (status != TQ_OK) {
        code = cli_fail(args, status, &err);
        tq_buf_free(&answer);
    } else {
        code = print_answer(args, &answer);
    }
    tq_free(body);
    tq_free(other);
    tq_goods_close(goods);
    return code;
}
