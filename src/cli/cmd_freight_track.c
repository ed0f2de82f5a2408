/* tongqu freight track: consignments in the store of a city, one with its timeline, or their
 * indicators; read beside the server. Phones are masked. */
#include <jansson.h>
#include <stdio.h>

#include "cli/cli.h"

#include "desk/desk.h"

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text != NULL ? text : "";
}

static const char *place_of(const json_t *place, bool zh)
{
    const char *name = text_of(place, zh ? "name_zh" : "name_en");
    return name[0] != '\0' ? name : text_of(place, "id");
}

/* "2026-07-06T08:00:00+08:00" -> "2026-07-06 08:00" */
static const char *minute_of(const json_t *row, const char *key, char out[20])
{
    const char *text = text_of(row, key);
    if (text[0] == '\0') return "–";
    (void)snprintf(out, 20, "%.10s %.5s", text, strlen(text) > 16 ? text + 11 : "");
    return out;
}

static const char *word(const char *what, bool zh)
{
    static const struct {
        const char *what, *zh, *en;
    } words[] = {{"gate_in", "进场", "gate in"},
                 {"loaded", "装车", "loaded"},
                 {"departed", "出发", "departed"},
                 {"arrived", "到达", "arrived"},
                 {"unloaded", "卸车", "unloaded"},
                 {"handed_over", "交接", "handed over"},
                 {"road", "公路", "road"},
                 {"rail", "铁路", "rail"},
                 {"sea", "海运", "sea"},
                 {"river", "内河", "river"},
                 {"air", "航空", "air"},
                 {"cutoff", "赶不上截载", "misses a cut-off"},
                 {"promise", "超过承诺时间", "after the promised time"},
                 {"closed", "前方道路封闭", "a road ahead is closed"}};
    for (unsigned k = 0; k < TQ_COUNT(words); k++)
        if (strcmp(words[k].what, what) == 0) return zh ? words[k].zh : words[k].en;
    return what;
}

static void print_alarms(const json_t *one, bool zh)
{
    const json_t *alarm;
    size_t k;
    char limit[20], estimate[20];
    json_array_foreach(json_object_get(one, "alarms"), k, alarm)
    {
        if (text_of(alarm, "cleared")[0] != '\0') continue;
        printf(zh ? "  ! %s：限 %s，预计 %s%s%s\n" : "  ! %s: limit %s, estimate %s%s%s\n",
               word(text_of(alarm, "kind"), zh), minute_of(alarm, "limit", limit),
               minute_of(alarm, "estimate", estimate),
               text_of(alarm, "closed_link")[0] != '\0' ? (zh ? "，封闭 " : ", closed ") : "",
               text_of(alarm, "closed_link"));
    }
}

static void print_head(const json_t *one, bool zh)
{
    const json_t *goods = json_object_get(one, "goods");
    char at[20];
    printf(zh ? "%s  %s  %s → %s  %s %.6g 吨  预计 %s%s\n"
              : "%s  %s  %s to %s  %s %.6g t  expected %s%s\n",
           text_of(one, "id"), text_of(json_object_get(one, "state_name"), zh ? "zh" : "en"),
           place_of(json_object_get(one, "from"), zh), place_of(json_object_get(one, "to"), zh),
           text_of(goods, zh ? "name_zh" : "name_en"),
           json_number_value(json_object_get(goods, "tonnes")), minute_of(one, "estimated", at),
           json_is_true(json_object_get(one, "late")) ? (zh ? "  晚点" : "  LATE") : "");
}

static void print_one(const json_t *one, bool zh)
{
    const json_t *row, *next = json_object_get(one, "next_hand_over");
    size_t k;
    char planned[20], estimated[20], actual[20];
    print_head(one, zh);
    print_alarms(one, zh);
    printf("%s\n",
           zh ? "  段  方式  事项      计划              预计              实际              地点"
              : "  leg mode  what         planned           estimated         actual            "
                "place");
    json_array_foreach(json_object_get(one, "timeline"), k, row)
    {
        printf("  %2d  %-5s %-12s %-17s %-17s %-17s %s\n",
               (int)json_integer_value(json_object_get(row, "leg")), word(text_of(row, "mode"), zh),
               word(text_of(row, "what"), zh), minute_of(row, "planned", planned),
               minute_of(row, "estimated", estimated), minute_of(row, "actual", actual),
               place_of(json_object_get(row, "place"), zh));
    }
    if (json_is_object(next))
        printf(zh ? "  下一次交接：%s，预计 %s，截载 %s\n"
                  : "  next hand-over: %s, expected %s, cut-off %s\n",
               place_of(json_object_get(next, "place"), zh),
               minute_of(next, "estimated", estimated), minute_of(next, "cutoff", planned));
}

static void print_kpi(const json_t *kpi, bool zh)
{
    static const struct {
        const char *key, *zh, *en;
    } rows[] = {{"consignments", "运单", "consignments"},
                {"delivered", "已交付", "delivered"},
                {"transfers", "换装次数", "transfers"},
                {"within_hour_pct", "1小时换装完成率 %", "transfers within one hour, %"},
                {"container_within_hour_pct", "其中集装箱 %", "of containers, %"},
                {"direct_pct", "直接换装 %", "direct transfers, %"},
                {"container_direct_pct", "集装箱直接换装比例 %", "containers moved directly, %"},
                {"mean_transfers", "平均转运次数", "mean transfers"},
                {"on_time_pct", "准时交付 %", "delivered on time, %"}};
    for (unsigned k = 0; k < TQ_COUNT(rows); k++) {
        const json_t *value = json_object_get(kpi, rows[k].key);
        if (json_is_number(value))
            printf("%10.6g  %s\n", json_number_value(value), zh ? rows[k].zh : rows[k].en);
        else
            printf("%10s  %s\n", zh ? "无" : "none", zh ? rows[k].zh : rows[k].en);
    }
}

static tq_status ask(tq_desk *desk, const tq_city *city, const char *verb, const char *id,
                     const char *query, tq_buf *out, tq_err *err)
{
    const tq_env *env = tq_env_real();
    const tq_actor owner = {.name = "local", .roles = TQ_ROLE_PUBLIC | TQ_ROLE_AUDITOR};
    const tq_desk_world world = {.city = city};
    tq_command command = {.verb = verb,
                          .id = id,
                          .query = tq_str_of(query),
                          .body = {"", 0},
                          .key = "",
                          .actor = &owner,
                          .now_ms = env->now_ms(env->user),
                          .english = true};
    return tq_desk_ask(desk, &command, &world, out, err);
}

/* The store beside the city file. */
static tq_status open_desk(const char *name, tq_city **city, tq_desk **desk, tq_err *err)
{
    char path[TQ_PATH_MAX], folder[TQ_PATH_MAX], store[TQ_PATH_MAX];
    TQ_TRY(cli_city_path(name, path, err));
    (void)snprintf(folder, sizeof folder, "%s", path);
    char *slash = strrchr(folder, '/');
    if (slash != NULL)
        *slash = '\0';
    else
        (void)snprintf(folder, sizeof folder, ".");
    if (!tq_path_join(store, folder, "state.db"))
        return tq_fail(err, TQ_IO, 0, "the path of the store is too long");
    if (!tq_file_look(store).exists)
        return tq_fail(err, TQ_NOT_FOUND, 0, "there is no store %.120s; serve the city once",
                       store);
    TQ_TRY(tq_city_open(path, city, err));
    tq_desk_options options = {.size = sizeof options,
                               .city = *city,
                               .store_path = store,
                               .folder = folder,
                               .store = {.size = sizeof options.store, .read_only = true}};
    return tq_desk_open(&options, desk, err);
}

static void print_answer(const char *verb, const json_t *answer, bool zh)
{
    const json_t *one, *list = json_object_get(answer, "consignments");
    size_t k;
    if (strcmp(verb, "consignment.kpi") == 0) {
        print_kpi(answer, zh);
    } else if (json_is_array(list)) {
        json_array_foreach(list, k, one)
        {
            print_head(one, zh);
            print_alarms(one, zh);
        }
        if (json_array_size(list) == 0) printf("%s\n", zh ? "没有运单" : "no consignments");
    } else {
        print_one(answer, zh);
    }
}

int cli_freight_track(const cli_args *args)
{
    const char *id = args->word_count > 2 ? args->word[2] : "", *verb = "consignment.get";
    bool late = strcmp(id, "late") == 0;
    if (id[0] == '\0' || late) verb = "consignment.list";
    if (strcmp(id, "kpi") == 0) verb = "consignment.kpi";
    if (strcmp(verb, "consignment.get") != 0) id = "";
    tq_city *city = NULL;
    tq_desk *desk = NULL;
    tq_buf answer = {0};
    tq_err err = {0};
    tq_status status = open_desk(args->word[1], &city, &desk, &err);
    if (status == TQ_OK) status = ask(desk, city, verb, id, late ? "late=true" : "", &answer, &err);
    tq_desk_close(desk);
    tq_city_close(city);
    if (status != TQ_OK) {
        tq_buf_free(&answer);
        return cli_fail(args, status, &err);
    }
    if (args->json) return cli_print(&answer, 0);
    json_t *root = json_loadb(answer.at, answer.len, 0, NULL);
    tq_buf_free(&answer);
    if (root == NULL) return cli_exit_code(TQ_INTERNAL);
    print_answer(verb, root, args->lang == TQ_ZH);
    json_decref(root);
    return 0;
}
