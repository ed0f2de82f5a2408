/*
 * Lanes before a junction: what the arrows say, and which lanes serve a turn.
 *
 * Method: a lane serves a turn when it has the arrow that, of all arrows there, points nearest to
 * where one goes; OSRM's names. Lanes run from left to right.
 *
 * Limits: LANES_MAX lanes; a lane without an arrow is for straight on.
 */
#include "road/lanes_in.h"

#define BACK_DEG 170

typedef struct arrow {
    const char *tag, *name;
    int32_t degrees;
} arrow;

static const arrow arrow_of[] = {
    {"none", "none", 0},
    {"through", "straight", 0},
    {"slight_right", "slight right", 30},
    {"right", "right", 90},
    {"sharp_right", "sharp right", 140},
    {"reverse", "uturn", -180},
    {"sharp_left", "sharp left", -140},
    {"left", "left", -90},
    {"slight_left", "slight left", -30},
    {"merge_to_right", "merge to right", 0},
    {"merge_to_left", "merge to left", 0},
};

static uint32_t arrow_named(tq_str tag)
{
    for (uint32_t k = 1; k < TQ_COUNT(arrow_of); k++)
        if (tq_str_is(tag, arrow_of[k].tag)) return k;
    return 0;
}

static int32_t apart(int32_t a, int32_t b)
{
    int32_t size = (a - b + 720) % 360;
    return TQ_MIN(size, 360 - size);
}

uint32_t lanes_read(const char *text, int32_t change, lane out[LANES_MAX])
{
    tq_str left = tq_str_of(text);
    uint32_t count = 0;
    if (left.len == 0) return 0;
    out[count++] = (lane){0};
    for (size_t from = 0, at = 0; at <= left.len && count <= LANES_MAX; at++) {
        bool ends = at == left.len || left.at[at] == '|';
        if (!ends && left.at[at] != ';') continue;
        out[count - 1].arrows |=
            (uint16_t)(1u << arrow_named(tq_str_trim((tq_str){left.at + from, at - from})));
        from = at + 1;
        if (!ends || at == left.len) continue;
        if (count == LANES_MAX) break;
        out[count++] = (lane){0};
    }
    /* One turns back from the left, since one drives on the right. */
    if (change > BACK_DEG || change < -BACK_DEG) change = -BACK_DEG;
    int32_t best = INT32_MAX;
    uint32_t serves = 0;
    for (uint32_t l = 0; l < count; l++)
        for (uint32_t k = 0; k < TQ_COUNT(arrow_of); k++) {
            if ((out[l].arrows >> k & 1) == 0) continue;
            int32_t off = apart(arrow_of[k].degrees, change);
            if (off < best) serves = 0;
            best = TQ_MIN(best, off);
            if (off == best) serves |= 1u << k;
        }
    for (uint32_t l = 0; l < count; l++)
        out[l].valid = (out[l].arrows & serves) != 0;
    return count;
}

void lanes_put(tq_json *json, const lane *lanes, uint32_t count)
{
    tq_json_key(json, "lanes");
    tq_json_array(json);
    for (uint32_t l = 0; l < count; l++) {
        tq_json_object(json);
        tq_json_put_bool(json, "valid", lanes[l].valid);
        tq_json_key(json, "indications");
        tq_json_array(json);
        for (uint32_t k = 0; k < TQ_COUNT(arrow_of); k++)
            if (lanes[l].arrows >> k & 1) tq_json_text(json, arrow_of[k].name);
        tq_json_end_array(json);
        tq_json_end_object(json);
    }
    tq_json_end_array(json);
}
