/*
 * The sentence of a step: how far until then, what to do, onto which way.
 *
 * Method: a form from the table of words for the kind of step, with and without a name; its braces
 * are filled in. Distances are rounded as one would say them.
 */
#include "road/say_in.h"

typedef struct sayer {
    const say_step *step;
    uint32_t at; /* of a pair */
    tq_buf *out;
} sayer;

static bool is_text(const char *text)
{
    return text != NULL && text[0] != '\0';
}

/* Several numbers of one road stand with semicolons in the source. */
static void put_ref(const sayer *say)
{
    for (const char *at = say->step->ref; *at != '\0'; at++)
        tq_buf_putc(say->out, *at == ';' ? '/' : *at);
}

static void put_way(const sayer *say)
{
    const say_step *step = say->step;
    if (!is_text(step->name)) {
        put_ref(say);
        return;
    }
    tq_buf_puts(say->out, step->name);
    if (!is_text(step->ref)) return;
    tq_buf_puts(say->out, say->at == 0 ? "（" : " (");
    put_ref(say);
    tq_buf_puts(say->out, say->at == 0 ? "）" : ")");
}

static void put_word(const sayer *say, tq_str word)
{
    const say_step *step = say->step;
    uint32_t at = say->at;
    if (tq_str_is(word, "way"))
        put_way(say);
    else if (tq_str_is(word, "act"))
        tq_buf_puts(say->out, say_act[step->modifier].in[at]);
    else if (tq_str_is(word, "keep"))
        tq_buf_puts(say->out, say_keep[step->modifier].in[at]);
    else if (tq_str_is(word, "side"))
        tq_buf_puts(say->out, say_side[step->modifier].in[at]);
    else if (tq_str_is(word, "heading"))
        tq_buf_puts(say->out, say_heading[(step->bearing * 2 + 45) / 90 % 8].in[at]);
    else if (tq_str_is(word, "go"))
        tq_buf_puts(say->out, say_go[step->mode].in[at]);
    else if (tq_str_is(word, "exit"))
        tq_buf_u64(say->out, step->exit);
    else if (tq_str_is(word, "stop"))
        tq_buf_u64(say->out, step->stop_number);
    else if (tq_str_is(word, "ring"))
        tq_buf_puts(say->out, is_text(step->ring_name) ? step->ring_name : "");
}

static void put_form(const sayer *say, const say_pair *form)
{
    for (const char *text = form->in [say->at]; *text != '\0';) {
        size_t plain = strcspn(text, "{");
        tq_buf_put(say->out, text, plain);
        text += plain;
        if (*text == '\0') return;
        size_t len = strcspn(text, "}");
        put_word(say, (tq_str){text + 1, len - 1});
        text += len + 1;
    }
}

/* Tens of metres up to a kilometre, then tenths of kilometres. */
static void put_before(const sayer *say)
{
    uint32_t metres = (say->step->before_dm + 5) / 10, tens = (metres + 5) / 10 * 10;
    const say_pair *form = metres < 10 ? &say_at_once : tens < 1000 ? &say_metres : &say_kilometres;
    const char *text = form->in[say->at], *gap = strstr(text, "{n}");
    if (gap == NULL) {
        tq_buf_puts(say->out, text);
        return;
    }
    tq_buf_put(say->out, text, (size_t)(gap - text));
    uint32_t tenths = (metres + 50) / 100;
    if (tens < 1000)
        tq_buf_u64(say->out, tens);
    else if (tenths % 10 == 0 || tenths >= 100)
        tq_buf_u64(say->out, (tenths + 5) / 10);
    else
        tq_buf_fixed(say->out, tenths, 1);
    tq_buf_puts(say->out, gap + 3);
}

static const say_form *form_of(const say_step *step)
{
    bool turned = step->modifier == ROAD_U_TURN;
    switch (step->turn) {
    case ROAD_TURN:
    case ROAD_CONTINUE:
        if (turned) return &say_u_turn;
        return step->modifier == ROAD_STRAIGHT ? &say_go_on : &say_form_of[step->turn];
    case ROAD_ROUNDABOUT: return step->exit != 0 ? &say_ring_exit : &say_form_of[step->turn];
    case ROAD_ROTARY: return step->exit != 0 ? &say_rotary_exit : &say_form_of[step->turn];
    case ROAD_NOTIFICATION: return &say_mode_form[step->mode];
    default: return &say_form_of[step->turn];
    }
}

static void put_arrival(const sayer *say)
{
    bool side = say->step->modifier != ROAD_NO_MODIFIER;
    if (say->step->stop_number != 0)
        put_form(say, side ? &say_stop_side : &say_stop);
    else
        put_form(say, side ? &say_arrive_side : &say_form_of[ROAD_ARRIVE].plain);
}

/* Stairs and crossings are said instead of «walk on», and after any other turn. */
static void put_what(const sayer *say)
{
    const say_step *step = say->step;
    bool only = step->turn == ROAD_NOTIFICATION && step->extra != SAY_NOTHING;
    if (step->turn == ROAD_ARRIVE) {
        put_arrival(say);
        return;
    }
    if (!only) {
        const say_form *form = form_of(step);
        put_form(say, is_text(step->name) || is_text(step->ref) ? &form->named : &form->plain);
        if (step->extra == SAY_NOTHING) return;
        tq_buf_puts(say->out, say->at == 0 ? "，" : ", ");
    }
    tq_buf_puts(say->out, say_extra_text[step->extra].in[say->at]);
}

void say_step_text(tq_language language, const say_step *step, tq_buf *out)
{
    TQ_ASSERT(language == TQ_LANGUAGE_ZH || language == TQ_LANGUAGE_EN);
    sayer say = {step, language == TQ_LANGUAGE_EN, out};
    size_t begin = out->len;
    if (step->turn != ROAD_DEPART) put_before(&say);
    put_what(&say);
    if (out->failed || out->len == begin) return;
    char *first = &out->at[begin];
    if (*first >= 'a' && *first <= 'z') *first = (char)(*first - 'a' + 'A');
}
