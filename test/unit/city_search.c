/* Finding places: the ways people type a name, why it matched, scope, order, limits, a damaged
 * index. */
// clang-format off
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
// clang-format on

#include "names_city.h"

static names_city names;

static int make_city(void **state)
{
    (void)state;
    names_place(&names, TQ_PLACE_STATION, "化章西街", "Huazhang West Street", "太原", "小店区");
    names_alias(&names, TQ_ALIAS_OTHER, "化西街站");
    names_place(&names, TQ_PLACE_STATION, "河龙湾", "Helongwan", "太原", "万柏林区");
    names_alias(&names, TQ_ALIAS_FORMER, "西山矿务局");
    names_place(&names, TQ_PLACE_STREET, "东岗路", "Donggang Road", "太原", "迎泽区");
    names_place(&names, TQ_PLACE_STREET, "东岗路", "Donggang Road", "兰州", "城关区");
    names_place(&names, TQ_PLACE_STREET, "东岗路西二巷", "", "太原", "迎泽区");
    names_place(&names, TQ_PLACE_STATION, "闫家沟（小井峪路）", "Yanjiagou", "太原", "");
    names_place(&names, TQ_PLACE_STATION, "武宿1号2号航站楼", "Wusu T1 & T2", "", "小店区");
    names_place(&names, TQ_PLACE_STOP, "长风街", "", "太原", "");
    names_place(&names, TQ_PLACE_STATION, "长风街", "", "太原", "");
    names_place(&names, TQ_PLACE_STREET, "长风街", "", "太原", "");
    names_place(&names, TQ_PLACE_POI, "长风街小学", "", "太原", "");
    names_place(&names, TQ_PLACE_LOCALITY, "兰州", "Lanzhou", "兰州", "");
    names_place(&names, TQ_PLACE_STREET, "Straße des 17. Juni", "", "Berlin", "Tiergarten");
    names_place(&names, TQ_PLACE_POI, "São Paulo", "", "São Paulo", "");
    names_place(&names, TQ_PLACE_ADDRESS, "Hauptstraße 12", "", "Heidelberg", "");
    names_place(&names, TQ_PLACE_ADDRESS, "Hauptstraße 13", "", "Heidelberg", "");
    names_place(&names, TQ_PLACE_POI, "绿地广场", "", "太原", "");
    names_place(&names, TQ_PLACE_POI, "大同路口", "", "太原", "");
    tq_err err;
    return names_end(&names, &err) == TQ_OK ? 0 : -1;
}

static int drop_city(void **state)
{
    (void)state;
    names_free(&names);
    return 0;
}

static tq_place found[TQ_PLACES_MAX];

static uint32_t find_in(const char *text, const char *in_city)
{
    tq_place_query query = {
        .size = sizeof query, .text = text, .in_city = in_city, .limit = TQ_PLACES_MAX};
    tq_err err;
    uint32_t count = 0;
    tq_status status = tq_places_find(&names.city, &query, found, &count, &err);
    if (status != TQ_OK) fail_msg("%s: %s", text, err.text);
    return count;
}

static void why_it_matched(void **state)
{
    (void)state;
    static const struct {
        const char *text, *name;
        tq_match match;
        const char *matched;
    } want[] = {
        {"化章西街", "化章西街", TQ_MATCH_NAME, "化章西街"},
        {"化章西街站", "化章西街", TQ_MATCH_NAME, "化章西街"},
        {"化章西街 地铁站", "化章西街", TQ_MATCH_NAME, "化章西街"},
        {"化西街站", "化章西街", TQ_MATCH_ALIAS, "化西街站"},
        {"化西街", "化章西街", TQ_MATCH_ALIAS, "化西街站"},
        {"化章", "化章西街", TQ_MATCH_PREFIX, "化章西街"},
        {"章西", "化章西街", TQ_MATCH_PART, "化章西街"},
        {"章", "化章西街", TQ_MATCH_PART, "化章西街"},
        {"化张西街", "化章西街", TQ_MATCH_FUZZY, "化章西街"},
        {"化章东西街", "化章西街", TQ_MATCH_FUZZY, "化章西街"},
        {"西山矿务局", "河龙湾", TQ_MATCH_FORMER, "西山矿务局"},
        {"西山矿务", "河龙湾", TQ_MATCH_FORMER, "西山矿务局"},
        {"xishankuangwuju", "河龙湾", TQ_MATCH_PINYIN, "西山矿务局"},
        {"huazhangxijie", "化章西街", TQ_MATCH_PINYIN, "化章西街"},
        {"huazhangxi", "化章西街", TQ_MATCH_PINYIN, "化章西街"},
        {"hua zhang xi jie", "化章西街", TQ_MATCH_PINYIN, "化章西街"},
        {"Huà Zhāng Xī", "化章西街", TQ_MATCH_PINYIN, "化章西街"},
        {"hzxj", "化章西街", TQ_MATCH_INITIALS, "化章西街"},
        {"HZXJ", "化章西街", TQ_MATCH_INITIALS, "化章西街"},
        {"hzx", "化章西街", TQ_MATCH_INITIALS, "化章西街"},
        {"化zhang西", "化章西街", TQ_MATCH_PINYIN, "化章西街"},
        {"化章xij", "化章西街", TQ_MATCH_PINYIN, "化章西街"},
        {"h章西j", "化章西街", TQ_MATCH_PINYIN, "化章西街"},
        {"huazhangxijei", "化章西街", TQ_MATCH_FUZZY,
         NULL}, /* two letters swapped: two edits, not found */
        {"huazhngxijie", "化章西街", TQ_MATCH_FUZZY, "化章西街"},
        {"Huazhang West Street", "化章西街", TQ_MATCH_ENGLISH, "Huazhang West Street"},
        {"huazhang west street station", "化章西街", TQ_MATCH_ENGLISH, "Huazhang West Street"},
        {"闫家沟", "闫家沟（小井峪路）", TQ_MATCH_NAME, "闫家沟（小井峪路）"},
        {"小井峪", "闫家沟（小井峪路）", TQ_MATCH_PART, "闫家沟（小井峪路）"},
        {"武宿１号", "武宿1号2号航站楼", TQ_MATCH_PREFIX, "武宿1号2号航站楼"},
        {"wusu1hao", "武宿1号2号航站楼", TQ_MATCH_PINYIN, "武宿1号2号航站楼"},
        {"changfengjie", "长风街", TQ_MATCH_PINYIN, "长风街"},
        {"zhangfengjie", "长风街", TQ_MATCH_PINYIN, "长风街"},
        {"lvdi", "绿地广场", TQ_MATCH_PINYIN, "绿地广场"},
        {"lüdi", "绿地广场", TQ_MATCH_PINYIN, "绿地广场"},
        {"daitong", "大同路口", TQ_MATCH_PINYIN, "大同路口"},
        {"strasse des 17 juni", "Straße des 17. Juni", TQ_MATCH_NAME, "Straße des 17. Juni"},
        {"STRASSE DES 17. JUNI", "Straße des 17. Juni", TQ_MATCH_NAME, "Straße des 17. Juni"},
        {"sao paulo", "São Paulo", TQ_MATCH_NAME, "São Paulo"},
        {"sao paolo", "São Paulo", TQ_MATCH_FUZZY, "São Paulo"},
        {"hauptstrase 12", "Hauptstraße 12", TQ_MATCH_FUZZY, "Hauptstraße 12"},
    };
    for (size_t k = 0; k < TQ_COUNT(want); k++) {
        uint32_t count = find_in(want[k].text, NULL);
        bool good = count > 0 && strcmp(found[0].name, want[k].name) == 0 &&
                    found[0].match == want[k].match && want[k].matched != NULL &&
                    strcmp(found[0].matched, want[k].matched) == 0;
        if (want[k].matched == NULL) good = count == 0;
        if (!good)
            fail_msg("%s: %u found, first %s by %s as %s", want[k].text, count,
                     count > 0 ? found[0].name : "-",
                     count > 0 ? tq_match_name(found[0].match) : "-",
                     count > 0 ? found[0].matched : "-");
    }
}

static void a_dropped_sign_needs_no_alias(void **state)
{
    (void)state;
    names_city other = {0};
    tq_err err;
    names_place(&other, TQ_PLACE_STATION, "化章西街", "", "", "");
    names_place(&other, TQ_PLACE_STATION, "桃园路", "", "", "");
    assert_int_equal(names_end(&other, &err), TQ_OK);
    tq_place_query query = {.size = sizeof query, .text = "化西街站", .limit = 5};
    uint32_t count = 0;
    assert_int_equal(tq_places_find(&other.city, &query, found, &count, &err), TQ_OK);
    assert_int_equal(count, 1);
    assert_string_equal(found[0].name, "化章西街");
    assert_int_equal(found[0].match, TQ_MATCH_FUZZY);
    names_free(&other);
}

static void digits_are_never_forgiven(void **state)
{
    (void)state;
    assert_int_equal(find_in("Hauptstraße 14", NULL), 0);
    assert_int_equal(find_in("Hauptstraße 1", NULL), 2); /* two beginnings */
    assert_int_equal(found[0].match, TQ_MATCH_PREFIX);
}

static void scope_by_town(void **state)
{
    (void)state;
    static const struct {
        const char *in;
        uint32_t count; /* of 东岗路 itself */
        const char *area;
    } want[] = {{"太原", 1, "迎泽区"},    {"太原市", 1, "迎泽区"}, {"Taiyuan", 1, "迎泽区"},
                {"taiyuan", 1, "迎泽区"}, {"兰州", 1, "城关区"},   {"Lanzhou", 1, "城关区"},
                {"迎泽", 1, "迎泽区"},    {"yingze", 1, "迎泽区"}, {"lanzhoushi", 0, NULL},
                {"北京", 0, NULL},        {NULL, 2, "迎泽区"}};
    for (size_t k = 0; k < TQ_COUNT(want); k++) {
        uint32_t count = find_in("东岗路", want[k].in), same = 0;
        for (uint32_t n = 0; n < count; n++)
            same += strcmp(found[n].name, "东岗路") == 0;
        if (same != want[k].count) fail_msg("in %s: %u", want[k].in, same);
        if (same == 0) continue;
        assert_string_equal(found[0].area, want[k].area);
        if (want[k].in == NULL) assert_string_equal(found[1].city, "兰州");
    }
    /* A place without a town is of this city. */
    assert_int_equal(find_in("武宿1号2号航站楼", "太原"), 1);
    assert_int_equal(find_in("武宿1号2号航站楼", "兰州"), 0);
}

static void order_of_answers(void **state)
{
    (void)state;
    assert_int_equal(find_in("长风街", NULL), 4);
    assert_int_equal(found[0].kind, TQ_PLACE_STATION);
    assert_int_equal(found[1].kind, TQ_PLACE_STOP);
    assert_int_equal(found[2].kind, TQ_PLACE_STREET);
    assert_string_equal(found[3].name, "长风街小学");
    assert_true(found[0].score > found[1].score && found[2].score > found[3].score);
    /* Nearer first among equals. */
    tq_place_query query = {.size = sizeof query, .text = "东岗路", .near_known = true, .limit = 1};
    tq_err err;
    uint32_t count = 0;
    for (unsigned turn = 0; turn < 2; turn++) {
        query.near_lat_e7 = names.row.at[2 + turn].at.lat_e7;
        query.near_lon_e7 = names.row.at[2 + turn].at.lon_e7;
        assert_int_equal(tq_places_find(&names.city, &query, found, &count, &err), TQ_OK);
        assert_int_equal(count, 1);
        assert_int_equal(found[0].place, 2 + turn);
    }
}

static void bad_queries_are_refused(void **state)
{
    (void)state;
    char text[TQ_PLACE_QUERY_MAX + 2];
    tq_err err;
    uint32_t count = 77;
    memset(text, 'a', sizeof text);
    text[TQ_PLACE_QUERY_MAX + 1] = '\0';
    tq_place_query query = {.size = sizeof query, .text = text, .limit = 1};
    assert_int_equal(tq_places_find(&names.city, &query, found, &count, &err), TQ_BAD_INPUT);
    text[TQ_PLACE_QUERY_MAX] = '\0';
    assert_int_equal(tq_places_find(&names.city, &query, found, &count, &err), TQ_OK);
    const char *bad[] = {"", "   ", "?!", "\xff\xfe", "a\xc3"};
    for (size_t k = 0; k < TQ_COUNT(bad); k++) {
        query.text = bad[k];
        count = 77;
        assert_int_equal(tq_places_find(&names.city, &query, found, &count, &err), TQ_BAD_INPUT);
        assert_int_equal(count, 77);
    }
    query.text = "a";
    query.limit = 0;
    assert_int_equal(tq_places_find(&names.city, &query, found, &count, &err), TQ_BAD_INPUT);
    query.limit = TQ_PLACES_MAX + 1;
    assert_int_equal(tq_places_find(&names.city, &query, found, &count, &err), TQ_BAD_INPUT);
    query.limit = TQ_PLACES_MAX;
    assert_int_equal(tq_places_find(&names.city, &query, found, &count, &err), TQ_OK);
    names_city empty = {0};
    assert_int_equal(names_end(&empty, &err), TQ_OK);
    assert_int_equal(tq_search_verify(&empty.city, &err), TQ_OK);
    assert_int_equal(tq_places_find(&empty.city, &query, found, &count, &err), TQ_OK);
    assert_int_equal(count, 0);
    names_free(&empty);
}

static void normalising_is_stable(void **state)
{
    (void)state;
    static const struct {
        const char *from, *to;
    } want[] = {
        {"Ａｂ Ｃ１", "abc1"}, {"STRAẞE", "strasse"}, {"Łódź", "lodz"}, {"Ægir Øst", "aegirost"},
        {"（化）·章", "化章"}, {"Ⅷ", "viii"},         {"ﬁx", "fix"},    {"ЁЖ", "еж"},
        {"①号线", "1号线"},    {"L'Été", "lete"},     {"ｱ", "ア"}};
    char out[64], again[64];
    for (size_t k = 0; k < TQ_COUNT(want); k++) {
        (void)search_normalise(tq_str_of(want[k].from), out, sizeof out);
        assert_string_equal(out, want[k].to);
    }
    for (uint32_t code = 1; code < 0x20000; code++) {
        char utf8[5];
        if (code >= 0xD800 && code < 0xE000) continue;
        size_t len = tq_utf8_put(code, utf8);
        size_t once = search_normalise((tq_str){utf8, len}, out, sizeof out);
        size_t twice = search_normalise((tq_str){out, once}, again, sizeof again);
        if (once != twice || memcmp(out, again, once) != 0) fail_msg("U+%04X folds further", code);
    }
}

static void one_edit(void **state)
{
    (void)state;
    static const struct {
        const char *a, *b;
        bool is;
    } want[] = {{"abc", "abc", false},  {"abc", "abd", true},  {"abc", "ab", true},
                {"abc", "xabc", true},  {"abc", "acb", false}, {"abc", "a", false},
                {"ab1", "ab2", false},  {"ab1", "ab", false},  {"ab1", "ab12", false},
                {"1abc", "1abd", true}, {"aab", "ab", true},   {"", "a", true}};
    for (size_t k = 0; k < TQ_COUNT(want); k++) {
        uint32_t a[8], b[8], a_count = search_codes(want[k].a, a, 8),
                             b_count = search_codes(want[k].b, b, 8);
        if (search_one_edit(a, a_count, b, b_count) != want[k].is ||
            search_one_edit(b, b_count, a, a_count) != want[k].is)
            fail_msg("%s and %s", want[k].a, want[k].b);
    }
}

static void a_damaged_index_is_refused(void **state)
{
    (void)state;
    tq_err err;
    tq_search *search = &names.city.search;
    assert_int_equal(tq_search_verify(&names.city, &err), TQ_OK);
    uint32_t last = search->key_count - 1;
    struct {
        uint32_t *at;
        uint32_t value;
    } damage[] = {{&names.data.key_place[last], names.city.places.count},
                  {&names.data.key_place[last], TQ_NONE},
                  {&names.data.key_place[0], 0},
                  {&names.data.key_text[last], search->text_len},
                  {&names.data.key_text[last], 0},
                  {&names.data.key_why[last], search_why(SEARCH_NAME, 200, 0, 0)},
                  {&names.data.key_why[last], SEARCH_READING},
                  {&names.data.gram_first[0], 1},
                  {&names.data.gram_first[search->gram_count], 0},
                  {&names.data.gram_first[3], search->posting_count + 1},
                  {&names.data.posting[0], search->key_count},
                  {&names.data.posting[0], 0}};
    for (size_t k = 0; k < TQ_COUNT(damage); k++) {
        uint32_t before = *damage[k].at;
        *damage[k].at = damage[k].value;
        if (tq_search_verify(&names.city, &err) != TQ_BAD_FILE) fail_msg("damage %zu passed", k);
        *damage[k].at = before;
    }
    uint64_t gram = names.data.gram[1];
    names.data.gram[1] = names.data.gram[0];
    assert_int_equal(tq_search_verify(&names.city, &err), TQ_BAD_FILE);
    names.data.gram[1] = gram;
    names.data.text[search->text_len - 1] = 'x';
    assert_int_equal(tq_search_verify(&names.city, &err), TQ_BAD_FILE);
    names.data.text[search->text_len - 1] = '\0';
    assert_int_equal(tq_search_verify(&names.city, &err), TQ_OK);
}

static void the_way_back(void **state)
{
    (void)state;
    tq_err err;
    uint32_t count = 0;
    tq_point at = names.row.at[5].at; /* neighbours are 11 m apart in latitude */
    assert_int_equal(
        tq_places_near(&names.city, at.lat_e7 + 10, at.lon_e7, 500, 3, found, &count, &err), TQ_OK);
    assert_int_equal(count, 3);
    assert_int_equal(found[0].place, 5);
    assert_int_equal(found[0].distance_m, 0);
    assert_int_equal(found[1].place, 6);
    assert_int_equal(found[1].distance_m, 11);
    assert_int_equal(found[2].place, 4);
    assert_int_equal(tq_places_near(&names.city, at.lat_e7, at.lon_e7, 12, 50, found, &count, &err),
                     TQ_OK);
    assert_int_equal(count, 3);
    assert_int_equal(tq_places_near(&names.city, 0, 0, 20000, 50, found, &count, &err), TQ_OK);
    assert_int_equal(count, 0);
    assert_int_equal(tq_places_near(&names.city, 0, 0, 20001, 50, found, &count, &err), TQ_LIMIT);
    assert_int_equal(tq_places_near(&names.city, 910000000, 0, 1, 50, found, &count, &err),
                     TQ_BAD_INPUT);
    assert_int_equal(tq_places_near(&names.city, 0, 0, 1, 51, found, &count, &err), TQ_BAD_INPUT);
}

static void streets_by_their_nearest_piece(void **state)
{
    (void)state;
    /* One bent edge of 东岗路, 100 m north of the point at its nearest; its row lies elsewhere. */
    static const tq_point node[2] = {{378700000, 1125500000}, {378700000, 1125700000}};
    static const tq_point inner[1] = {{378690000, 1125600000}};
    static const uint32_t from[1] = {0}, to[1] = {1}, zero[1] = {0}, first[2] = {0, 1};
    tq_street_name name[1] = {{names.row.at[2].name, 0, 0}};
    tq_street_attr attr[1] = {{.street_class = TQ_PRIMARY}};
    tq_box box = TQ_BOX_EMPTY;
    tq_box_add(&box, node[0]);
    tq_box_add(&box, node[1]);
    tq_box_add(&box, inner[0]);
    tq_grid_data grid;
    tq_err err;
    assert_int_equal(tq_grid_build(&box, 1, 200, &grid, &err), TQ_OK);
    tq_city city = names.city;
    city.streets = (tq_streets){.node_count = 2,
                                .edge_count = 1,
                                .point_count = 1,
                                .attr_count = 1,
                                .name_count = 1,
                                .node_at = node,
                                .edge_from = from,
                                .edge_to = to,
                                .edge_first_point = first,
                                .point = inner,
                                .edge_attr = zero,
                                .edge_name = zero,
                                .attr = attr,
                                .name = name,
                                .grid = grid.grid};
    uint32_t count = 0;
    assert_int_equal(tq_places_near(&city, 378681000, 1125600000, 200, 50, found, &count, &err),
                     TQ_OK);
    bool seen = false;
    for (uint32_t k = 0; k < count; k++) {
        if (found[k].kind != TQ_PLACE_STREET || strcmp(found[k].name, "东岗路") != 0) continue;
        if (found[k].lat_e7 != inner[0].lat_e7) continue;
        seen = true;
        assert_int_equal(found[k].place, 2);
        assert_int_equal(found[k].distance_m, 100);
    }
    assert_true(seen);
    tq_grid_free(&grid);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(why_it_matched),
        cmocka_unit_test(a_dropped_sign_needs_no_alias),
        cmocka_unit_test(digits_are_never_forgiven),
        cmocka_unit_test(scope_by_town),
        cmocka_unit_test(order_of_answers),
        cmocka_unit_test(bad_queries_are_refused),
        cmocka_unit_test(normalising_is_stable),
        cmocka_unit_test(one_edit),
        cmocka_unit_test(a_damaged_index_is_refused),
        cmocka_unit_test(the_way_back),
        cmocka_unit_test(streets_by_their_nearest_piece),
    };
    return cmocka_run_group_tests(tests, make_city, drop_city);
}
