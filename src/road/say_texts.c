/* The words of spoken guidance in Chinese and English, one table; say.c puts them together. */
#include "road/say_in.h"

#define BOTH(zh, en)                                                                               \
    {                                                                                              \
        {                                                                                          \
            (zh), (en)                                                                             \
        }                                                                                          \
    }

const say_form say_form_of[ROAD_TURN_COUNT] = {
    [ROAD_DEPART] = {BOTH("向{heading}出发", "head {heading}"),
                     BOTH("沿{way}向{heading}出发", "head {heading} on {way}")},
    [ROAD_ARRIVE] = {BOTH("到达目的地", "you have arrived"),
                     BOTH("到达目的地", "you have arrived")},
    [ROAD_TURN] = {BOTH("{act}", "{act}"), BOTH("{act}进入{way}", "{act} onto {way}")},
    [ROAD_CONTINUE] = {BOTH("{act}，继续{go}", "{act} and continue"),
                       BOTH("{act}，继续沿{way}{go}", "{act} to stay on {way}")},
    [ROAD_NEW_NAME] = {BOTH("继续{go}", "continue"),
                       BOTH("继续{go}，进入{way}", "continue onto {way}")},
    [ROAD_MERGE] = {BOTH("{keep}汇入主路", "merge, {keep}"),
                    BOTH("{keep}汇入{way}", "merge onto {way}, {keep}")},
    [ROAD_ON_RAMP] = {BOTH("{keep}驶入匝道", "{keep} and take the ramp"),
                      BOTH("{keep}驶入匝道，前往{way}", "{keep} and take the ramp toward {way}")},
    [ROAD_OFF_RAMP] = {BOTH("{keep}驶出主路", "{keep} and take the exit"),
                       BOTH("{keep}驶出主路，前往{way}", "{keep} and take the exit toward {way}")},
    [ROAD_FORK] = {BOTH("在岔路口{keep}", "{keep} at the fork"),
                   BOTH("在岔路口{keep}，进入{way}", "{keep} at the fork onto {way}")},
    [ROAD_END_OF_ROAD] = {BOTH("在道路尽头{act}", "at the end of the road, {act}"),
                          BOTH("在道路尽头{act}，进入{way}",
                               "at the end of the road, {act} onto {way}")},
    [ROAD_ROUNDABOUT] = {BOTH("进入环岛", "enter the roundabout"),
                         BOTH("进入环岛，前往{way}", "enter the roundabout toward {way}")},
    [ROAD_ROTARY] = {BOTH("进入{ring}环岛", "enter {ring}"),
                     BOTH("进入{ring}环岛，前往{way}", "enter {ring} toward {way}")},
    [ROAD_ROUNDABOUT_TURN] = {BOTH("在环岛{act}", "at the roundabout, {act}"),
                              BOTH("在环岛{act}，进入{way}",
                                   "at the roundabout, {act} onto {way}")},
    [ROAD_EXIT_ROUNDABOUT] = {BOTH("驶出环岛", "exit the roundabout"),
                              BOTH("驶出环岛，进入{way}", "exit the roundabout onto {way}")},
    [ROAD_EXIT_ROTARY] = {BOTH("驶出{ring}环岛", "exit {ring}"),
                          BOTH("驶出{ring}环岛，进入{way}", "exit {ring} onto {way}")},
    [ROAD_NOTIFICATION] = {BOTH("继续{go}", "continue"),
                           BOTH("沿{way}继续{go}", "continue on {way}")},
};

const say_form say_ring_exit = {
    BOTH("进入环岛，从第{exit}个出口驶出", "enter the roundabout and take exit {exit}"),
    BOTH("进入环岛，从第{exit}个出口驶出，进入{way}",
         "enter the roundabout and take exit {exit} onto {way}")};
const say_form say_rotary_exit = {
    BOTH("进入{ring}环岛，从第{exit}个出口驶出", "enter {ring} and take exit {exit}"),
    BOTH("进入{ring}环岛，从第{exit}个出口驶出，进入{way}",
         "enter {ring} and take exit {exit} onto {way}")};

const say_form say_u_turn = {BOTH("掉头", "make a U-turn"),
                             BOTH("掉头，继续沿{way}{go}", "make a U-turn and continue on {way}")};
const say_form say_go_on = {BOTH("直行", "continue straight"),
                            BOTH("沿{way}直行", "continue straight on {way}")};

const say_form say_mode_form[ROAD_MODE_COUNT] = {
    [ROAD_DRIVING] = {BOTH("继续行驶", "drive on"), BOTH("沿{way}行驶", "drive on along {way}")},
    [ROAD_CYCLING] = {BOTH("上车骑行", "get on and ride"),
                      BOTH("上车，沿{way}骑行", "get on and ride along {way}")},
    [ROAD_PUSHING] = {BOTH("下车推行", "get off and push the bike"),
                      BOTH("下车，沿{way}推行", "get off and push the bike along {way}")},
    [ROAD_WALKING] = {BOTH("步行", "walk"), BOTH("沿{way}步行", "walk along {way}")},
    [ROAD_ON_FERRY] = {BOTH("乘渡轮", "take the ferry"),
                       BOTH("乘渡轮（{way}）", "take the ferry {way}")},
};

const say_pair say_arrive_side =
    BOTH("到达目的地，目的地在{side}", "you have arrived, your destination is {side}");
const say_pair say_stop = BOTH("到达第{stop}个途经点", "you have arrived at stop {stop}");
const say_pair say_stop_side =
    BOTH("到达第{stop}个途经点，在{side}", "you have arrived at stop {stop}, it is {side}");

const say_pair say_act[ROAD_MODIFIER_COUNT + 1] = {
    [ROAD_STRAIGHT] = BOTH("直行", "go straight"),
    [ROAD_SLIGHT_RIGHT] = BOTH("稍向右转", "bear right"),
    [ROAD_RIGHT] = BOTH("右转", "turn right"),
    [ROAD_SHARP_RIGHT] = BOTH("向右急转", "turn sharply right"),
    [ROAD_U_TURN] = BOTH("掉头", "make a U-turn"),
    [ROAD_SHARP_LEFT] = BOTH("向左急转", "turn sharply left"),
    [ROAD_LEFT] = BOTH("左转", "turn left"),
    [ROAD_SLIGHT_LEFT] = BOTH("稍向左转", "bear left"),
    [ROAD_NO_MODIFIER] = BOTH("继续前行", "go on"),
};
const say_pair say_keep[ROAD_MODIFIER_COUNT + 1] = {
    [ROAD_STRAIGHT] = BOTH("直行", "keep straight"),
    [ROAD_SLIGHT_RIGHT] = BOTH("靠右", "keep right"),
    [ROAD_RIGHT] = BOTH("右转", "turn right"),
    [ROAD_SHARP_RIGHT] = BOTH("向右急转", "turn sharply right"),
    [ROAD_U_TURN] = BOTH("掉头", "make a U-turn"),
    [ROAD_SHARP_LEFT] = BOTH("向左急转", "turn sharply left"),
    [ROAD_LEFT] = BOTH("左转", "turn left"),
    [ROAD_SLIGHT_LEFT] = BOTH("靠左", "keep left"),
    [ROAD_NO_MODIFIER] = BOTH("继续前行", "go on"),
};
const say_pair say_side[ROAD_MODIFIER_COUNT + 1] = {
    [ROAD_STRAIGHT] = BOTH("前方", "straight ahead"),
    [ROAD_SLIGHT_RIGHT] = BOTH("右前方", "ahead on the right"),
    [ROAD_RIGHT] = BOTH("右侧", "on the right"),
    [ROAD_SHARP_RIGHT] = BOTH("右后方", "behind on the right"),
    [ROAD_U_TURN] = BOTH("后方", "behind you"),
    [ROAD_SHARP_LEFT] = BOTH("左后方", "behind on the left"),
    [ROAD_LEFT] = BOTH("左侧", "on the left"),
    [ROAD_SLIGHT_LEFT] = BOTH("左前方", "ahead on the left"),
    [ROAD_NO_MODIFIER] = BOTH("附近", "near by"),
};

const say_pair say_heading[8] = {
    BOTH("北", "north"), BOTH("东北", "northeast"), BOTH("东", "east"), BOTH("东南", "southeast"),
    BOTH("南", "south"), BOTH("西南", "southwest"), BOTH("西", "west"), BOTH("西北", "northwest")};

const say_pair say_go[ROAD_MODE_COUNT] = {
    [ROAD_DRIVING] = BOTH("行驶", "drive"), [ROAD_CYCLING] = BOTH("骑行", "ride"),
    [ROAD_PUSHING] = BOTH("推行", "push"),  [ROAD_WALKING] = BOTH("步行", "walk"),
    [ROAD_ON_FERRY] = BOTH("乘船", "sail"),
};

const say_pair say_extra_text[SAY_EXTRA_COUNT] = {
    [SAY_NOTHING] = BOTH("", ""),
    [SAY_STAIRS] = BOTH("走楼梯", "take the stairs"),
    [SAY_STAIRS_UP] = BOTH("上楼梯", "go up the stairs"),
    [SAY_STAIRS_DOWN] = BOTH("下楼梯", "go down the stairs"),
    [SAY_CROSSING] = BOTH("过马路", "cross the street"),
    [SAY_CROSSING_SIGNALS] = BOTH("在红绿灯处过马路", "cross the street at the traffic lights"),
};

const say_pair say_metres = BOTH("{n}米后", "in {n} m, ");
const say_pair say_kilometres = BOTH("{n}公里后", "in {n} km, ");
const say_pair say_at_once = BOTH("随即", "then ");
