/*
 * Name search: build time and size of the index, and the time of queries as people type them, on
 * generated names: 200 000 places of a Chinese city and 200 000 addresses of a German one. A city
 * file may be given too: bench_city_search [NAME.city] Prints one JSON line a kind of query.
 * Generated names are made from a seed; nothing here is real.
 */
#include <stdio.h>
#include <stdlib.h>

#include "names_city.h"

#define PLACES  200000u
#define QUERIES 4000u

static names_city names;
static double spent_us[QUERIES];

static int by_size(const void *a, const void *b)
{
    const double *one = a, *two = b;
    return (*one > *two) - (*one < *two);
}

static void chinese_name(tq_random *random, char *out, size_t room)
{
    static const char *const sign[] = {
        "迎", "泽", "长", "风", "府", "东", "西", "南", "北", "新", "建", "和", "平",
        "并", "州", "汾", "河", "龙", "城", "晋", "阳", "学", "康", "宁", "兴", "华",
        "胜", "利", "桃", "园", "柳", "巷", "解", "放", "双", "塔", "五", "一", "大",
        "营", "坡", "许", "坦", "亲", "贤", "体", "育", "平", "兴", "安", "化", "章",
        "嘉", "节", "电", "子", "通", "达", "尖", "草", "金", "胜", "太", "行"};
    static const char *const end[] = {"街",   "路",   "巷",   "小区", "医院", "学校",
                                      "公园", "站",   "大厦", "广场", "北门", "社区",
                                      "超市", "银行", "酒店", "药店"};
    size_t len = 0;
    for (uint32_t k = 2 + tq_random_below(random, 3); k > 0; k--)
        len += (size_t)snprintf(out + len, room - len, "%s",
                                sign[tq_random_below(random, TQ_COUNT(sign))]);
    (void)snprintf(out + len, room - len, "%s", end[tq_random_below(random, TQ_COUNT(end))]);
}

static void german_name(tq_random *random, char *out, size_t room)
{
    static const char *const stem[] = {"Haupt",  "Bahnhof", "Garten",   "Berg",   "Schul",  "Kirch",
                                       "Wald",   "Linden",  "Römer",    "Mühl",   "Markt",  "Rhein",
                                       "Neckar", "Goethe",  "Schiller", "Mozart", "Birken", "Ahorn",
                                       "Rosen",  "Wiesen",  "Brunnen"};
    static const char *const middle[] = {"",    "",     "",      "feld", "tal",
                                         "hof", "ufer", "stein", "bach", "au"};
    static const char *const end[] = {"straße", "straße", "straße", "weg",
                                      "platz",  "gasse",  "allee",  "ring"};
    (void)snprintf(out, room, "%s%s%s %u", stem[tq_random_below(random, TQ_COUNT(stem))],
                   middle[tq_random_below(random, TQ_COUNT(middle))],
                   end[tq_random_below(random, TQ_COUNT(end))], 1 + tq_random_below(random, 140));
}

typedef enum asked {
    ASK_NAME,
    ASK_FRONT,
    ASK_ONE,
    ASK_PART,
    ASK_PINYIN,
    ASK_INITIALS,
    ASK_TYPO,
    ASK_NEAR
} asked;
static const char *const asked_name[] = {"name",   "prefix",   "first_sign", "part",
                                         "pinyin", "initials", "typo",       "near"};

/* A query made from a random key of the wanted form; false if this key gives none. */
static bool make_query(tq_random *random, const tq_city *city, asked kind,
                       char out[TQ_PLACE_QUERY_MAX])
{
    const tq_search *search = &city->search;
    uint32_t key = tq_random_below(random, search->key_count), codes[SEARCH_KEY_MAX], from = 0;
    search_form form = search_form_of(search->key_why[key]);
    search_form want = kind == ASK_PINYIN     ? SEARCH_PINYIN
                       : kind == ASK_INITIALS ? SEARCH_INITIALS
                                              : SEARCH_NAME;
    if (form != want) return false;
    uint32_t count = search_codes(search_key(search, key), codes, SEARCH_KEY_MAX);
    if (count < 4 && kind != ASK_ONE) return false;
    if (kind == ASK_FRONT || kind == ASK_PINYIN) count = 2 + tq_random_below(random, count - 2);
    if (kind == ASK_ONE) count = 1;
    if (kind == ASK_PART) from = 1 + tq_random_below(random, count - 3);
    if (kind == ASK_TYPO) {
        uint32_t gone = tq_random_below(random, count);
        memmove(codes + gone, codes + gone + 1, (count - gone - 1) * sizeof *codes);
        count--;
    }
    size_t len = 0;
    for (uint32_t k = from; k < count; k++)
        len += tq_utf8_put(codes[k], out + len);
    out[len] = '\0';
    return len > 0;
}

static void measure(const tq_city *city, const char *set, asked kind)
{
    const tq_env *env = tq_env_real();
    tq_random random = {7};
    static tq_place found[TQ_PLACES_MAX];
    uint32_t done = 0, answered = 0;
    double sum = 0;
    for (uint32_t tries = 0; done < QUERIES && tries < QUERIES * 50; tries++) {
        char text[TQ_PLACE_QUERY_MAX];
        uint32_t count = 0, any = tq_random_below(&random, city->places.count);
        tq_point at = city->places.row[any].at;
        if (kind != ASK_NEAR && !make_query(&random, city, kind, text)) continue;
        tq_place_query query = {.size = sizeof query,
                                .text = text,
                                .limit = 10,
                                .near_known = done % 2 == 0,
                                .near_lat_e7 = at.lat_e7,
                                .near_lon_e7 = at.lon_e7};
        int64_t from = env->mono_ns(env->user);
        tq_status status = kind == ASK_NEAR ? tq_places_near(city, at.lat_e7, at.lon_e7, 500, 10,
                                                             found, &count, NULL)
                                            : tq_places_find(city, &query, found, &count, NULL);
        spent_us[done] = (double)(env->mono_ns(env->user) - from) / 1e3;
        if (status != TQ_OK) continue;
        sum += spent_us[done++];
        answered += count > 0;
    }
    if (done == 0) return;
    qsort(spent_us, done, sizeof spent_us[0], by_size);
    printf("{\"name\":\"search.%s.%s\",\"n\":%u,\"answered\":%u,\"mean_us\":%.1f,\"p50_us\":%.1f,"
           "\"p99_us\":%.1f,"
           "\"max_us\":%.1f}\n",
           set, asked_name[kind], done, answered, sum / done, spent_us[done / 2],
           spent_us[(size_t)done * 99 / 100], spent_us[done - 1]);
}

static void measure_all(const tq_city *city, const char *set)
{
    for (int kind = ASK_NAME; kind <= ASK_NEAR; kind++)
        measure(city, set, (asked)kind);
}

static bool measure_generated(const char *set, void (*name_of)(tq_random *, char *, size_t))
{
    const tq_env *env = tq_env_real();
    tq_random random = {11};
    tq_err err;
    memset(&names, 0, sizeof names);
    for (uint32_t k = 0; k < PLACES; k++) {
        char name[128];
        name_of(&random, name, sizeof name);
        uint32_t kind = tq_random_below(&random, 100);
        names_place(&names,
                    kind < 1    ? TQ_PLACE_STATION
                    : kind < 4  ? TQ_PLACE_STOP
                    : kind < 10 ? TQ_PLACE_STREET
                                : TQ_PLACE_ADDRESS,
                    name, "", "", "");
        names.row.at[k].at = (tq_point){378000000 + (int32_t)tq_random_below(&random, 2000000),
                                        1125000000 + (int32_t)tq_random_below(&random, 2000000)};
    }
    int64_t from = env->mono_ns(env->user);
    if (names_end(&names, &err) != TQ_OK) {
        fprintf(stderr, "%s\n", err.text);
        return false;
    }
    const tq_search *search = &names.city.search;
    size_t bytes = (size_t)search->key_count * 12 + (size_t)search->gram_count * 12 +
                   (size_t)search->posting_count * 4 + search->text_len;
    printf("{\"name\":\"search.%s.build\",\"n\":%u,\"ms\":%.0f,\"keys\":%u,\"postings\":%u,"
           "\"bytes\":%zu}\n",
           set, PLACES, (double)(env->mono_ns(env->user) - from) / 1e6, search->key_count,
           search->posting_count, bytes);
    measure_all(&names.city, set);
    names_free(&names);
    return true;
}

int main(int argc, char **argv)
{
    if (argc > 1) {
        tq_city *city = NULL;
        tq_err err;
        if (tq_city_open(argv[1], &city, &err) != TQ_OK) {
            fprintf(stderr, "%s\n", err.text);
            return 1;
        }
        measure_all(city, "file");
        tq_city_close(city);
        return 0;
    }
    return measure_generated("chinese", chinese_name) && measure_generated("german", german_name)
               ? 0
               : 1;
}
