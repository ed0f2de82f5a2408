/* tongqu freight uplift: the latest safe collection for each flight and customs regime of the
 * land-air hub, as a table or as JSON. */
#include <jansson.h>

#include "cli/cli.h"

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text != NULL ? text : "";
}

static const char *name_of(const json_t *object, bool zh)
{
    const char *name = text_of(object, zh ? "name_zh" : "name_en");
    return name[0] != '\0' ? name : text_of(object, "id");
}

static const char *state_of(const json_t *row, bool zh)
{
    static const struct {
        const char *state, *zh, *en;
    } words[] = {{"ok", "赶得上", "in time"},
                 {"tight", "时间紧", "tight"},
                 {"too_late", "今天已晚", "too late"},
                 {"too_heavy", "超重", "too heavy"},
                 {"no_time", "手续时间不够", "no time for the steps"},
                 {"no_way", "道路不通", "no way"}};
    const char *state = text_of(row, "state");
    for (unsigned k = 0; k < TQ_COUNT(words); k++)
        if (strcmp(state, words[k].state) == 0) return zh ? words[k].zh : words[k].en;
    return state;
}

/* "2026-07-06T08:00:00+08:00" as "07-06 08:00". */
static void print_minute(const json_t *row, const char *key)
{
    const char *text = text_of(row, key);
    if (strlen(text) < 16)
        printf("  –          ");
    else
        printf("  %.5s %.5s", text + 5, text + 11);
}

static void print_steps(const json_t *row, bool zh)
{
    static const struct {
        const char *step, *zh, *en;
    } words[] = {{"road", "公路", "road"},
                 {"acceptance", "收件", "acceptance"},
                 {"customs", "通关", "customs"},
                 {"security", "安检组装", "security"},
                 {"carrier", "航司截载", "carrier"}};
    const json_t *step;
    size_t k;
    json_array_foreach(json_object_get(row, "steps"), k, step)
    {
        const char *kind = text_of(step, "kind");
        printf("     ");
        print_minute(step, "begin");
        print_minute(step, "end");
        printf("  %6.0f", json_number_value(json_object_get(step, "minutes_p90")));
        for (unsigned w = 0; w < TQ_COUNT(words); w++)
            if (strcmp(text_of(step, "step"), words[w].step) == 0)
                printf("  %s", zh ? words[w].zh : words[w].en);
        printf("  %s  %s\n",
               strcmp(kind, "given") == 0  ? (zh ? "公布" : "given")
               : strcmp(kind, "live") == 0 ? (zh ? "实时" : "live")
                                           : (zh ? "估计" : "assumed"),
               text_of(step, "source"));
    }
}

static void print_rows(const json_t *answer, bool steps, bool zh)
{
    const json_t *rows = json_object_get(answer, "uplifts"), *row;
    size_t k;
    printf("%s\n", zh ? "  最晚取件      (一半把握)    截单          起飞          航班    监管方式"
                      : "  collect by    (even odds)   cut-off       departs       flight  regime");
    json_array_foreach(rows, k, row)
    {
        const json_t *flight = json_object_get(row, "flight"), *next = json_object_get(row, "next");
        print_minute(row, "collect_by");
        print_minute(row, "collect_by_p50");
        print_minute(row, "cutoff");
        print_minute(flight, "departs");
        printf("  %-6s  %s  %s", text_of(flight, "id"), name_of(json_object_get(row, "regime"), zh),
               state_of(row, zh));
        if (json_is_object(next)) {
            printf("%s", zh ? "，下一班" : ", next");
            print_minute(next, "departs");
            printf("%s", zh ? " 取件" : " collect by");
            print_minute(next, "collect_by");
        }
        printf("\n");
        if (steps) print_steps(row, zh);
    }
}

static int print_answer(const cli_args *args, tq_buf *answer, int code)
{
    if (args->json) return cli_print(answer, code);
    json_t *root = json_loadb(answer->at, answer->len, 0, NULL);
    if (root == NULL)
        code = cli_exit_code(TQ_INTERNAL);
    else
        print_rows(root, cli_value(args, "flight") != NULL, args->lang == TQ_ZH);
    json_decref(root);
    tq_buf_free(answer);
    return code;
}

int cli_freight_uplift(const cli_args *args)
{
    char path[TQ_PATH_MAX];
    cli_city city = {0};
    tq_goods *goods = NULL;
    tq_buf answer = {0};
    tq_err err = {0};
    bool found = false;
    tq_goods_uplift_query query = {.size = sizeof query,
                                   .from = cli_value(args, "from"),
                                   .regime = cli_value(args, "regime"),
                                   .flight = cli_value(args, "flight"),
                                   .date = cli_value(args, "date"),
                                   .mass_kg = cli_value(args, "mass-kg"),
                                   .now_ms = tq_env_real()->now_ms(NULL)};
    if (query.from == NULL) return cli_usage(args, "uplift needs --from");
    tq_status status = cli_city_path(args->word[1], path, &err);
    if (status == TQ_OK) status = tq_goods_open(path, &goods, &err);
    if (status == TQ_OK) status = cli_open(args->word[1], &city, &err);
    if (status == TQ_OK)
        status =
            tq_goods_uplift_json(goods, &city.snapshot, &query, &city.work, &answer, &found, &err);
    int code = found ? 0 : cli_exit_code(TQ_NO_ROUTE);
    if (status != TQ_OK) {
        code = cli_fail(args, status, &err);
        tq_buf_free(&answer);
    } else {
        code = print_answer(args, &answer, code);
    }
    cli_close(&city);
    tq_goods_close(goods);
    return code;
}
