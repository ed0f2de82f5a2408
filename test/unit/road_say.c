/* Spoken guidance: every kind of step in every direction has a whole sentence in both languages,
 * and some sentences word for word; arrows of lanes. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include "road/lanes_in.h"
#include "road/say_in.h"

static char text[1024];

static const char *said(tq_language language, const say_step *step)
{
    tq_buf buf = {.at = text, .cap = sizeof text, .limit = sizeof text - 1};
    say_step_text(language, step, &buf);
    assert_false(buf.failed);
    text[buf.len] = '\0';
    return text;
}

static bool has_letters(const char *of)
{
    for (; *of != '\0'; of++)
        if ((*of >= 'a' && *of <= 'z') || (*of >= 'A' && *of <= 'Z')) return true;
    return false;
}

static bool has_chinese(const char *of)
{
    for (; *of != '\0'; of++)
        if ((uint8_t)*of >= 0x80) return true;
    return false;
}

static void check_one(tq_language language, const say_step *step)
{
    const char *one = said(language, step);
    if (one[0] == '\0' || strpbrk(one, "{}") != NULL || !tq_utf8_valid(tq_str_of(one)))
        fail_msg("type %d, modifier %d: «%s»", (int)step->turn, (int)step->modifier, one);
    /* Neither language leaks into the other. */
    bool zh = language == TQ_LANGUAGE_ZH;
    if (zh ? has_letters(one) || !has_chinese(one) : has_chinese(one) || !has_letters(one))
        fail_msg("type %d, modifier %d: «%s»", (int)step->turn, (int)step->modifier, one);
    if (zh ? strstr(one, "米后") == NULL : strstr(one, "n 300 m, ") == NULL)
        if (step->turn != ROAD_DEPART) fail_msg("no distance: «%s»", one);
}

static void whole(void **state)
{
    (void)state;
    for (int language = TQ_LANGUAGE_ZH; language <= TQ_LANGUAGE_EN; language++)
        for (int turn = 0; turn < ROAD_TURN_COUNT; turn++)
            for (int modifier = 0; modifier <= ROAD_MODIFIER_COUNT; modifier++)
                for (int mode = 0; mode < ROAD_MODE_COUNT; mode++)
                    for (int extra = 0; extra < SAY_EXTRA_COUNT; extra++)
                        for (uint32_t kind = 0; kind < 8; kind++) {
                            const char *name = language == TQ_LANGUAGE_ZH ? "迎泽大街" : "44th";
                            say_step step = {.turn = (road_turn)turn,
                                             .modifier = (road_modifier)modifier,
                                             .mode = (road_mode)mode,
                                             .extra = (say_extra)extra,
                                             .name = kind & 1 ? name : "",
                                             .ref = kind & 2 ? "108" : NULL,
                                             .ring_name =
                                                 language == TQ_LANGUAGE_ZH ? "五一" : "Oval",
                                             .exit = kind & 4 ? 3 : 0,
                                             .stop_number = kind & 4 ? 2 : 0,
                                             .bearing = 100,
                                             .before_dm = 3000};
                            check_one((tq_language)language, &step);
                            bool silent = turn == ROAD_ARRIVE ||
                                          (turn == ROAD_NOTIFICATION && extra != SAY_NOTHING);
                            if ((kind & 1) != 0 && !silent) assert_non_null(strstr(text, name));
                            if ((kind & 2) != 0 && !silent) assert_non_null(strstr(text, "108"));
                        }
    /* The two languages differ in every entry, and directions differ from each other. */
    for (int a = 0; a <= ROAD_MODIFIER_COUNT; a++)
        for (int b = 0; b < a; b++)
            for (int at = 0; at < 2; at++) {
                assert_string_not_equal(say_act[a].in[at], say_act[b].in[at]);
                assert_string_not_equal(say_side[a].in[at], say_side[b].in[at]);
                assert_string_not_equal(say_keep[a].in[at], say_keep[b].in[at]);
            }
}

static void word_for_word(void **state)
{
    (void)state;
    static const struct {
        say_step step;
        const char *zh, *en;
    } want[] = {
        {{.turn = ROAD_TURN, .modifier = ROAD_RIGHT, .name = "迎泽大街", .before_dm = 3010},
         "300米后右转进入迎泽大街",
         "In 300 m, turn right onto 迎泽大街"},
        {{.turn = ROAD_DEPART, .modifier = ROAD_NO_MODIFIER, .bearing = 350, .name = "A"},
         "沿A向北出发",
         "Head north on A"},
        {{.turn = ROAD_DEPART, .modifier = ROAD_NO_MODIFIER, .bearing = 337},
         "向西北出发",
         "Head northwest"},
        {{.turn = ROAD_ROUNDABOUT,
          .modifier = ROAD_RIGHT,
          .exit = 2,
          .ref = "S1;S2",
          .before_dm = 9960},
         "1公里后进入环岛，从第2个出口驶出，进入S1/S2",
         "In 1 km, enter the roundabout and take exit 2 onto S1/S2"},
        {{.turn = ROAD_ARRIVE, .modifier = ROAD_LEFT, .before_dm = 12340},
         "1.2公里后到达目的地，目的地在左侧",
         "In 1.2 km, you have arrived, your destination is on the left"},
        {{.turn = ROAD_ARRIVE, .modifier = ROAD_NO_MODIFIER, .stop_number = 1, .before_dm = 40},
         "随即到达第1个途经点",
         "Then you have arrived at stop 1"},
        {{.turn = ROAD_CONTINUE, .modifier = ROAD_U_TURN, .name = "A", .before_dm = 149},
         "20米后掉头，继续沿A行驶",
         "In 20 m, make a U-turn and continue on A"},
        {{.turn = ROAD_ON_RAMP,
          .modifier = ROAD_SLIGHT_RIGHT,
          .name = "A",
          .ref = "G5",
          .before_dm = 123456},
         "12公里后靠右驶入匝道，前往A（G5）",
         "In 12 km, keep right and take the ramp toward A (G5)"},
        {{.turn = ROAD_NOTIFICATION,
          .modifier = ROAD_STRAIGHT,
          .mode = ROAD_WALKING,
          .extra = SAY_STAIRS_UP,
          .before_dm = 1000},
         "100米后上楼梯",
         "In 100 m, go up the stairs"},
        {{.turn = ROAD_TURN,
          .modifier = ROAD_LEFT,
          .mode = ROAD_WALKING,
          .extra = SAY_CROSSING_SIGNALS,
          .before_dm = 1000},
         "100米后左转，在红绿灯处过马路",
         "In 100 m, turn left, cross the street at the traffic lights"},
        {{.turn = ROAD_NOTIFICATION,
          .modifier = ROAD_STRAIGHT,
          .mode = ROAD_ON_FERRY,
          .name = "A",
          .before_dm = 1000},
         "100米后乘渡轮（A）",
         "In 100 m, take the ferry A"},
    };
    for (size_t k = 0; k < TQ_COUNT(want); k++) {
        assert_string_equal(said(TQ_LANGUAGE_ZH, &want[k].step), want[k].zh);
        assert_string_equal(said(TQ_LANGUAGE_EN, &want[k].step), want[k].en);
    }
}

static void lanes(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int32_t change;
        uint32_t count, valid; /* bits */
    } want[] = {
        {"", 0, 0, 0},
        {"left|through|through;right", 0, 3, 6},
        {"left|through|through;right", 88, 3, 4},
        {"left|through|through;right", -70, 3, 1},
        {"left|through|through;right", 180, 3, 1},
        {"reverse|left|none", 180, 3, 1},
        {"||right", 5, 3, 3},
        {"slight_left|slight_right", 10, 2, 2},
        {"nonsense; left |", -90, 2, 1},
        {";", 0, 1, 1},
    };
    lane found[LANES_MAX];
    for (size_t k = 0; k < TQ_COUNT(want); k++) {
        uint32_t valid = 0, count = lanes_read(want[k].text, want[k].change, found);
        assert_int_equal(count, want[k].count);
        for (uint32_t l = 0; l < count; l++)
            valid |= (uint32_t)found[l].valid << l;
        if (valid != want[k].valid)
            fail_msg("%s at %d: %u", want[k].text, (int)want[k].change, valid);
    }
    char many[200];
    memset(many, '|', sizeof many - 1);
    many[sizeof many - 1] = '\0';
    assert_int_equal(lanes_read(many, 0, found), LANES_MAX);
    many[LANES_MAX - 1] = '\0';
    assert_int_equal(lanes_read(many, 0, found), LANES_MAX);
    many[LANES_MAX - 2] = '\0';
    assert_int_equal(lanes_read(many, 0, found), LANES_MAX - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(whole), cmocka_unit_test(word_for_word),
                                       cmocka_unit_test(lanes)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
