/*
 * Random commands by random people against a plain model of closures and cases.
 *
 * The model is a handful of arrays: the state of each closure and case, who signed, which papers
 * are there. For each command it says whether the desk must take it; the states must agree after
 * each. All the time: what is in live is what the model has published, the audit has a row for each
 * command and is whole, and a restart at any point (a new desk, a fresh live) gives the same
 * version and the same bytes of overlay.
 */
// also: import
#include "desk_room.h"

#define SEEDS    12u
#define COMMANDS 700u
#define CLOSURES 400u
#define CASES    60u
#define PEOPLE   8u

typedef enum cl_state { DRAFT, PUBLISHED, ENDED, CANCELLED } cl_state;
static const char *const CL_NAMES[] = {"draft", "published", "ended", "cancelled"};
static const char *const STEPS[] = {"found",         "reported",  "surveyed", "planned",
                                    "police_agreed", "closed",    "treated",  "curing",
                                    "reopened",      "monitored", "ended"};
static const char *const PARTIES[] = {"chief_engineer", "quality", "maintenance",
                                      "design_institute", "experts"};
enum {
    FOUND,
    REPORTED,
    SURVEYED,
    PLANNED,
    AGREED,
    CLOSED,
    TREATED,
    CURING,
    REOPENED,
    MONITORED,
    OVER,
    STEPS_ALL
};

typedef struct model_closure {
    cl_state state;
    int of_case; /* -1 = alone */
    int64_t from_ms, to_ms;
} model_closure;

typedef struct model_case {
    int step, closure;           /* -1 = none */
    uint32_t signed_by, parties; /* masks */
    bool plan, traffic_plan;
    uint32_t checks, done;
} model_case;

typedef struct model {
    desk_room room;
    tq_random random;
    uint32_t seed, closures, cases, commands;
    model_closure closure[CLOSURES];
    model_case of[CASES];
    tq_actor people[PEOPLE];
} model;

static uint32_t any(model *m, uint32_t below)
{
    return tq_random_below(&m->random, below);
}

static void check(model *m, const char *verb, bool want, tq_status got)
{
    m->commands++;
    if (want != (got == TQ_OK))
        fail_msg("seed %u, command %u %s: the model %s, the desk says %s: %s", m->seed, m->commands,
                 verb, want ? "takes it" : "refuses it", tq_status_name(got), m->room.err.text);
}

static void closure_id(uint32_t closure, char out[TQ_ID_MAX])
{
    (void)snprintf(out, TQ_ID_MAX, "CL-2025-%04u", closure + 1);
}

static void instant(model *m, int64_t at_ms, char out[TQ_TIME_TEXT_MAX])
{
    tq_time_print(&m->room.city->zone, at_ms, out);
}

static void closure_body(model *m, int64_t from_ms, int64_t to_ms, const char *more, char out[400])
{
    static const char *const streets[] = {"阳兴大道", "太忻大道"};
    char from[TQ_TIME_TEXT_MAX], to[TQ_TIME_TEXT_MAX];
    instant(m, from_ms, from);
    instant(m, to_ms, to);
    (void)snprintf(out, 400,
                   "{\"stretch\":{\"street\":\"%s\"},\"effect\":\"full\",\"reason\":\"crack\","
                   "\"owner\":\"one\",\"from\":\"%s\",\"to\":\"%s\"%s}",
                   streets[any(m, 2)], from, to, more);
}

#define PUBLISHERS (TQ_ROLE_DISPATCHER | TQ_ROLE_ADMIN)
#define DRAFTERS   (PUBLISHERS | TQ_ROLE_ROAD_UNIT | TQ_ROLE_PLANNER)

static void create_closure(model *m, const tq_actor *actor)
{
    char body[400];
    bool publish = any(m, 2) == 0;
    int64_t from_ms = m->room.now_ms + (int64_t)any(m, 5) * HOUR_MS - 2 * HOUR_MS;
    int64_t to_ms = from_ms + (int64_t)any(m, 20) * HOUR_MS;
    if (m->closures == CLOSURES) return;
    closure_body(m, from_ms, to_ms, publish ? ",\"publish\":true" : "", body);
    bool may = (actor->roles & (publish ? PUBLISHERS : DRAFTERS)) != 0;
    bool want = may && to_ms > from_ms && to_ms > m->room.now_ms;
    check(m, "closure.create", want, room_do(&m->room, actor, "closure.create", "", body));
    if (want)
        m->closure[m->closures++] =
            (model_closure){publish ? PUBLISHED : DRAFT, -1, from_ms, to_ms};
}

static void step_closure(model *m, const tq_actor *actor)
{
    static const char *const verbs[] = {"closure.publish", "closure.end", "closure.cancel",
                                        "closure.change"};
    char id[TQ_ID_MAX], body[400] = "{}", to[TQ_TIME_TEXT_MAX];
    if (m->closures == 0) return;
    uint32_t which = any(m, m->closures), verb = any(m, 4);
    model_closure *closure = &m->closure[which];
    bool may = (actor->roles & PUBLISHERS) != 0, want = false, alone = closure->of_case < 0;
    bool anyway = any(m, 4) == 0;
    int64_t to_ms = m->room.now_ms + (int64_t)any(m, 30) * HOUR_MS - 3 * HOUR_MS;
    closure_id(which, id);
    switch (verb) {
    case 0:
        want = may && alone && closure->state == DRAFT && closure->to_ms > m->room.now_ms;
        break;
    case 1:
        if (anyway) (void)snprintf(body, sizeof body, "{\"anyway\":true,\"reason\":\"so\"}");
        want = may && closure->state == PUBLISHED && (alone || anyway);
        break;
    case 2:
        want = may && (closure->state == DRAFT ||
                       (closure->state == PUBLISHED && alone && closure->from_ms > m->room.now_ms));
        break;
    default:
        instant(m, to_ms, to);
        (void)snprintf(body, sizeof body, "{\"to\":\"%s\"}", to);
        want = may && closure->state <= PUBLISHED && to_ms > m->room.now_ms &&
               to_ms > closure->from_ms;
    }
    check(m, verbs[verb], want, room_do(&m->room, actor, verbs[verb], id, body));
    if (!want) return;
    if (verb == 3)
        closure->to_ms = to_ms;
    else
        closure->state = verb == 0 ? PUBLISHED : verb == 1 ? ENDED : CANCELLED;
}

static void create_case(model *m, const tq_actor *actor)
{
    if (m->cases == CASES) return;
    bool want = (actor->roles & TQ_ROLE_STAFF & ~TQ_ROLE_AUDITOR) != 0;
    check(m, "case.create", want,
          room_do(&m->room, actor, "case.create", "",
                  "{\"type\":\"road_damage\",\"title\":\"t\",\"place\":{\"name\":\"p\"}}"));
    if (want) m->of[m->cases++] = (model_case){.closure = -1};
}

/* The law of the crack, said a second time: who, and what must be there. */
static bool may_move(const model *m, const model_case *one, int to, uint32_t roles, bool note)
{
    bool five = __builtin_popcount(one->parties) == 5;
    bool checked = one->checks > 0 && one->done == (1u << one->checks) - 1;
    bool closure = one->closure >= 0 && m->closure[one->closure].state <= PUBLISHED &&
                   (m->closure[one->closure].state == PUBLISHED ||
                    m->closure[one->closure].to_ms > m->room.now_ms);
    const uint32_t unit = TQ_ROLE_ROAD_UNIT, desk = TQ_ROLE_DISPATCHER;
    switch (one->step * STEPS_ALL + to) {
    case FOUND *STEPS_ALL + REPORTED: return (roles & (unit | desk | TQ_ROLE_CLERK)) != 0;
    case REPORTED *STEPS_ALL + SURVEYED: return (roles & (unit | TQ_ROLE_PLANNER)) != 0 && five;
    case SURVEYED *STEPS_ALL + PLANNED: return (roles & (unit | TQ_ROLE_PLANNER)) != 0 && one->plan;
    case PLANNED *STEPS_ALL + AGREED: return (roles & TQ_ROLE_POLICE) != 0 && one->traffic_plan;
    case AGREED *STEPS_ALL + CLOSED: return (roles & desk) != 0 && closure;
    case FOUND *STEPS_ALL + CLOSED:
    case REPORTED *STEPS_ALL + CLOSED:
    case SURVEYED *STEPS_ALL + CLOSED:
    case PLANNED *STEPS_ALL + CLOSED: return (roles & desk) != 0 && closure && note;
    case CLOSED *STEPS_ALL + TREATED: return (roles & unit) != 0 && five && one->plan;
    case TREATED *STEPS_ALL + CURING: return (roles & unit) != 0 && checked;
    case CURING *STEPS_ALL + REOPENED: return (roles & desk) != 0 && checked;
    case REOPENED *STEPS_ALL + MONITORED: return (roles & (unit | desk)) != 0;
    case MONITORED *STEPS_ALL + OVER:
    case MONITORED *STEPS_ALL + REPORTED: return (roles & (unit | desk)) != 0 && note;
    case FOUND *STEPS_ALL + OVER: return (roles & desk) != 0 && note;
    default: return false;
    }
}

static void end_of_case(model *m, const model_case *one)
{
    if (one->closure < 0) return;
    model_closure *closure = &m->closure[one->closure];
    if (closure->state == PUBLISHED) closure->state = ENDED;
    if (closure->state == DRAFT) closure->state = CANCELLED;
}

static void move_case(model *m, const tq_actor *actor, const char *id, model_case *one)
{
    char body[100];
    bool note = any(m, 2) == 0;
    int to = any(m, 3) > 0 ? TQ_MIN(one->step + 1, (int)OVER) : (int)any(m, STEPS_ALL);
    (void)snprintf(body, sizeof body, "{\"to\":\"%s\"%s}", STEPS[to],
                   note ? ",\"note\":\"n\"" : "");
    bool want = may_move(m, one, to, actor->roles, note);
    check(m, "case.move", want, room_do(&m->room, actor, "case.move", id, body));
    if (!want) return;
    one->step = to;
    if (to == CLOSED) m->closure[one->closure].state = PUBLISHED;
    if (to == REOPENED || to == OVER) end_of_case(m, one);
}

static void paper_case(model *m, const tq_actor *actor, const char *id, model_case *one,
                       uint32_t who)
{
    char body[400];
    bool open = one->step != OVER,
         want = open && (actor->roles & TQ_ROLE_STAFF & ~TQ_ROLE_AUDITOR) != 0;
    uint32_t party = any(m, 5), item = any(m, 4);
    switch (any(m, 5)) {
    case 0:
        (void)snprintf(body, sizeof body, "{\"party\":\"%s\"}", PARTIES[party]);
        want = want && !(one->parties >> party & 1) && !(one->signed_by >> who & 1);
        check(m, "case.sign", want, room_do(&m->room, actor, "case.sign", id, body));
        if (want) one->parties |= 1u << party;
        if (want) one->signed_by |= 1u << who;
        break;
    case 1:
        (void)snprintf(body, sizeof body, "{\"kind\":\"%s\",\"ref\":\"r\"}",
                       item % 2 == 0 ? "plan" : "traffic_plan");
        check(m, "case.attach", want, room_do(&m->room, actor, "case.attach", id, body));
        if (want) *(item % 2 == 0 ? &one->plan : &one->traffic_plan) = true;
        break;
    case 2:
        if (one->checks >= 3) break;
        check(m, "case.check", want,
              room_do(&m->room, actor, "case.check", id, "{\"text\":\"crack\"}"));
        if (want) one->checks++;
        break;
    case 3:
        (void)snprintf(body, sizeof body, "{\"item\":%u,\"done\":%s}", item + 1,
                       party > 0 ? "true" : "false");
        want = want && item < one->checks;
        check(m, "case.check", want, room_do(&m->room, actor, "case.check", id, body));
        if (want && party > 0) one->done |= 1u << item;
        if (want && party == 0) one->done &= ~(1u << item);
        break;
    default: {
        int64_t from_ms = m->room.now_ms, to_ms = from_ms + (int64_t)any(m, 30) * HOUR_MS;
        bool fresh = one->closure < 0;
        if (fresh && m->closures == CLOSURES) break;
        closure_body(m, from_ms, to_ms, "", body);
        want = open && (actor->roles & DRAFTERS) != 0 && to_ms > from_ms &&
               (fresh || m->closure[one->closure].state == DRAFT);
        check(m, "case.closure", want, room_do(&m->room, actor, "case.closure", id, body));
        if (!want) break;
        if (fresh) one->closure = (int)m->closures++;
        m->closure[one->closure] = (model_closure){DRAFT, (int)(one - m->of), from_ms, to_ms};
    }
    }
}

static void step_case(model *m, const tq_actor *actor, uint32_t who)
{
    char id[TQ_ID_MAX];
    if (m->cases == 0) return;
    uint32_t which = any(m, m->cases);
    (void)snprintf(id, sizeof id, "CA-2025-%04u", which + 1);
    if (any(m, 2) == 0)
        move_case(m, actor, id, &m->of[which]);
    else
        paper_case(m, actor, id, &m->of[which], who);
}

static void step_speeds(model *m, const tq_actor *actor)
{
    char body[200], until[TQ_TIME_TEXT_MAX];
    static const char *const modes[] = {"\"motor\"", "\"bus\"", "\"all\"", "\"car\",\"taxi\""};
    bool may = (actor->roles & (PUBLISHERS | TQ_ROLE_PEER)) != 0;
    instant(m, m->room.now_ms + (int64_t)(any(m, 300) + 1) * MIN_MS, until);
    if (any(m, 12) == 0) {
        check(m, "speeds.forget", may, room_do(&m->room, actor, "speeds.forget", "", ""));
        return;
    }
    static const char *const says[] = {"\"clear\":true", "\"closed\":true", "\"kmh\":12",
                                       "\"kmh\":30", "\"kmh\":45.5"};
    bool ends = any(m, 3) > 0;
    (void)snprintf(body, sizeof body, "{\"states\":[{\"edge\":%u,\"modes\":[%s],%s%s%s%s}]}",
                   any(m, 6), modes[any(m, 4)], says[any(m, 5)], ends ? ",\"until\":\"" : "",
                   ends ? until : "", ends ? "\"" : "");
    check(m, "speeds.put", may, room_do(&m->room, actor, "speeds.put", "", body));
}

static void pass_time(model *m)
{
    m->room.now_ms += (int64_t)any(m, 180) * MIN_MS;
    (void)room_tick(&m->room);
    for (uint32_t k = 0; k < m->closures; k++) {
        model_closure *closure = &m->closure[k];
        if (closure->state == PUBLISHED && closure->of_case < 0 && closure->to_ms <= m->room.now_ms)
            closure->state = ENDED;
    }
}

static void compare(model *m)
{
    uint32_t count, want = 0;
    desk_room_follow(&m->room);
    const tq_closure *const *closure = tq_live_closures(m->room.live, &count);
    char id[TQ_ID_MAX];
    for (uint32_t k = 0; k < m->closures; k++) {
        if (m->closure[k].state != PUBLISHED) continue;
        closure_id(k, id);
        if (want >= count || strcmp(closure[want]->id, id) != 0)
            fail_msg("seed %u, command %u: %s is published and not in live", m->seed, m->commands,
                     id);
        want++;
    }
    if (want != count) fail_msg("seed %u: %u closures in live, %u published", m->seed, count, want);
}

static void compare_records(model *m)
{
    tq_buf text = {0};
    tq_record record;
    char id[TQ_ID_MAX];
    for (uint32_t k = 0; k < m->closures + m->cases; k++) {
        bool closure = k < m->closures;
        if (closure)
            closure_id(k, id);
        else
            (void)snprintf(id, sizeof id, "CA-2025-%04u", k - m->closures + 1);
        text.len = 0;
        assert_int_equal(tq_store_get(tq_desk_store(m->room.desk), closure ? "closure" : "case", id,
                                      &text, &record, &m->room.err),
                         TQ_OK);
        assert_string_equal(record.state, closure ? CL_NAMES[m->closure[k].state]
                                                  : STEPS[m->of[k - m->closures].step]);
    }
    tq_buf_free(&text);
}

static bool count_row(void *user, const tq_audit *row, const char *hash)
{
    (void)hash;
    if (strcmp(row->actor, "clock") != 0) ++*(uint32_t *)user;
    return true;
}

static void compare_audit(model *m)
{
    uint64_t rows, broken;
    uint32_t mine = 0;
    char head[65];
    tq_store *store = tq_desk_store(m->room.desk);
    assert_int_equal(tq_store_audit_verify(store, &rows, &broken, head, NULL), TQ_OK);
    assert_int_equal(broken, 0);
    assert_int_equal(tq_store_audits(store, 0, UINT32_MAX, count_row, &mine, NULL), TQ_OK);
    if (mine != m->commands)
        fail_msg("seed %u: %u rows for %u commands", m->seed, mine, m->commands);
}

static void restart(model *m)
{
    tq_buf before = {0}, after = {0};
    desk_room_follow(&m->room);
    room_overlay(&m->room, &before);
    uint64_t version = m->room.version;
    desk_room_shut(&m->room);
    desk_room_open(&m->room);
    desk_room_follow(&m->room);
    room_overlay(&m->room, &after);
    if (m->room.version != version || before.len != after.len ||
        memcmp(before.at, after.at, before.len) != 0)
        fail_msg("seed %u, command %u: the overlay differs after a restart (version %llu, %llu)",
                 m->seed, m->commands, (unsigned long long)version,
                 (unsigned long long)m->room.version);
    tq_buf_free(&before);
    tq_buf_free(&after);
}

static void commands_against_a_model(void **state)
{
    tq_city *city = *state;
    static const uint32_t roles[PEOPLE] = {
        TQ_ROLE_DISPATCHER, TQ_ROLE_DISPATCHER, TQ_ROLE_ROAD_UNIT,
        TQ_ROLE_PLANNER,    TQ_ROLE_POLICE,     TQ_ROLE_ROAD_UNIT | TQ_ROLE_DISPATCHER,
        TQ_ROLE_AUDITOR,    TQ_ROLE_PEER};
    model *m = malloc(sizeof *m);
    for (uint32_t seed = 1; seed <= SEEDS; seed++) {
        memset(m, 0, sizeof *m);
        m->seed = seed;
        m->random.state = seed;
        desk_room_begin(&m->room, city);
        for (uint32_t k = 0; k < PEOPLE; k++) {
            char name[16];
            (void)snprintf(name, sizeof name, "person%u", k);
            m->people[k] = desk_room_actor(name, roles[k]);
        }
        for (uint32_t k = 0; k < COMMANDS; k++) {
            uint32_t who = any(m, PEOPLE), what = any(m, 20);
            const tq_actor *actor = &m->people[who];
            if (what < 2)
                create_closure(m, actor);
            else if (what < 6)
                step_closure(m, actor);
            else if (what < 7)
                create_case(m, actor);
            else if (what < 16)
                step_case(m, actor, who);
            else if (what < 18)
                step_speeds(m, actor);
            else
                pass_time(m);
            if (k % 3 == 0) compare(m);
            if (any(m, 25) == 0) restart(m);
        }
        compare(m);
        compare_records(m);
        compare_audit(m);
        restart(m);
        desk_room_end(&m->room);
    }
    free(m);
}

static int open_city(void **state)
{
    *state = desk_room_city();
    return 0;
}

static int close_city(void **state)
{
    tq_city_close(*state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(commands_against_a_model, open_city, close_city),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
