/*
 * One policy played: a desk on a temporary store, one virtual clock.
 *
 * Each second: what people do is said as commands in one transaction, committed, carried into the
 * memory as the server does after each batch; then the tick of that second in a transaction of its
 * own; what the dispatcher wrote in it is heard inside and acted on from the next second on. The
 * store is opened with relaxed sync: it is thrown away, nobody is promised anything. The machine's
 * clock is only read to measure decisions.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "serve/day_in.h"

#define SETUP_AT_ONCE 256u
#define POSITIONS_S   240 /* standing or busy; the desk forgets after 300 s */
#define MOVING_S      30
#define SNOW_FEN      500 /* policies/snow.yaml: Taiyuan, 2023 */
#define FILE_COUNT    3u

static double now_ms_of(void)
{
    const tq_env *env = tq_env_real();
    return (double)env->mono_ns(env->user) / 1e6;
}

tq_actor day_actor(const char *name, uint32_t roles)
{
    tq_actor actor = {.roles = TQ_ROLE_PUBLIC | roles};
    (void)snprintf(actor.name, sizeof actor.name, "%s", name);
    return actor;
}

static int64_t clock_ms(const day_play *play)
{
    return play->world->midnight_ms + play->now_s * 1000;
}

static tq_desk_world world_of(const day_play *play)
{
    return (tq_desk_world){.city = play->world->city,
                           .roads = play->roads,
                           .overlay = play->overlay,
                           .live = play->live};
}

void day_reason_add(day_reasons *to, const char *text)
{
    char key[DAY_REASON_BYTES];
    size_t len = 0;
    /* Numbers and ids differ from order to order; the reason is the same. */
    for (const char *c = text; *c != '\0' && len + 5 < sizeof key; c++) {
        bool digit = *c >= '0' && *c <= '9';
        if (digit && len > 0 && key[len - 1] == '#') continue;
        key[len++] = digit ? '#' : *c;
    }
    key[len] = '\0';
    while (len > 0 && !tq_utf8_valid((tq_str){key, len}))
        key[--len] = '\0'; /* cut inside a character */
    for (uint32_t k = 0; k < to->count; k++)
        if (strcmp(to->row[k].text, key) == 0) {
            to->row[k].count++;
            return;
        }
    bool full = to->count == DAY_REASONS_MAX;
    day_reason *row = full ? &to->row[DAY_REASONS_MAX - 1] : &to->row[to->count++];
    (void)snprintf(row->text, sizeof row->text, "%s", full ? "other" : key);
    row->count++;
}

/* ---- commands ----------------------------------------------------------------------------------
 */

static tq_status follow(day_play *play, tq_err *err)
{
    bool network = false;
    TQ_TRY(tq_desk_catch_up(play->desk, play->live, clock_ms(play), &network, &play->version, err));
    if (!network && play->overlay != NULL) return TQ_OK;
    const tq_overlay *next = NULL;
    TQ_TRY(tq_live_overlay(play->live, play->version, &next, err));
    if (play->overlay != NULL) tq_overlay_drop(play->overlay);
    play->overlay = next;
    return TQ_OK;
}

static tq_status commit(day_play *play, tq_err *err)
{
    if (!play->dirty) return TQ_OK;
    play->dirty = false;
    TQ_TRY(tq_desk_commit(play->desk, err));
    return follow(play, err);
}

tq_status day_say(day_play *play, const tq_actor *actor, const char *verb, const char *id,
                  const char *body, bool *done, tq_err *err)
{
    tq_desk_world world = world_of(play);
    tq_command command = {.verb = verb,
                          .id = id,
                          .body = tq_str_of(body),
                          .query = {"", 0},
                          .key = "",
                          .actor = actor,
                          .now_ms = clock_ms(play),
                          .english = true};
    uint32_t http = 200;
    tq_err why = {0};
    *done = false;
    if (!play->dirty) TQ_TRY(tq_desk_begin(play->desk, err));
    play->dirty = true;
    play->answer.len = 0;
    play->commands++;
    tq_status status = tq_desk_do(play->desk, &command, &world, &http, &play->answer, &why);
    if (status == TQ_STORE || status == TQ_IO || status == TQ_NO_MEMORY)
        return tq_fail(err, status, 0, "%s", why.text);
    *done = status == TQ_OK;
    if (*done) return TQ_OK;
    (void)snprintf(play->refusal, sizeof play->refusal, "%s: %s", verb, why.text);
    day_reason_add(&play->denied, play->refusal);
    return TQ_OK;
}

tq_status day_ask(day_play *play, const char *verb, const char *query, const char *body,
                  json_t **out, tq_err *err)
{
    tq_actor office = day_actor("simulation", TQ_ROLE_DISPATCHER | TQ_ROLE_PLANNER);
    tq_desk_world world;
    TQ_TRY(commit(play, err));
    world = world_of(play);
    tq_command command = {.verb = verb,
                          .id = "",
                          .body = tq_str_of(body),
                          .query = tq_str_of(query),
                          .key = "",
                          .actor = &office,
                          .now_ms = clock_ms(play),
                          .english = true};
    play->answer.len = 0;
    TQ_TRY(tq_desk_ask(play->desk, &command, &world, &play->answer, err));
    *out = json_loadb(play->answer.at, play->answer.len, 0, NULL);
    return *out != NULL ? TQ_OK : tq_fail(err, TQ_NO_MEMORY, 0, "no memory for what %s says", verb);
}

/* Must not be refused: without it there is no day. */
static tq_status must(day_play *play, const tq_actor *actor, const char *verb, const char *id,
                      tq_err *err)
{
    bool done = false;
    tq_buf_putc(&play->body, '\0');
    if (play->body.failed) return tq_fail(err, TQ_NO_MEMORY, 0, "no memory for a command");
    TQ_TRY(day_say(play, actor, verb, id, play->body.at, &done, err));
    play->body.len = 0;
    if (done) return TQ_OK;
    return tq_fail(err, TQ_BAD_INPUT, 0, "%s", play->refusal);
}

/* ---- what the dispatcher does ------------------------------------------------------------------
 */

static int64_t whole(const json_t *from, const char *member, int64_t otherwise)
{
    const json_t *value = json_object_get(from, member);
    return json_is_integer(value) ? json_integer_value(value) : otherwise;
}

static const char *text_of(const json_t *from, const char *member)
{
    const char *text = json_string_value(json_object_get(from, member));
    return text != NULL ? text : "";
}

static uint32_t number_of(const char *id)
{
    const char *last = strrchr(id, '-');
    uint32_t number = 0;
    return last != NULL && tq_parse_u32(tq_str_of(last + 1), &number) ? number : 0;
}

static tq_status hear_advice(day_play *play, const tq_event *event, tq_err *err)
{
    json_auto_t *body = json_loadb(event->body.at, event->body.len, 0, NULL);
    double lat = json_number_value(json_object_get(body, "lat")),
           lon = json_number_value(json_object_get(body, "lon"));
    uint32_t number = number_of(event->id);
    if (number == 0 || number > play->world->options->vehicles) return TQ_OK;
    day_advice advice = {number - 1, {(int32_t)lround(lat * 1e7), (int32_t)lround(lon * 1e7)}};
    return tq_vec_push(&play->advice, advice) ? TQ_OK : tq_fail(err, TQ_NO_MEMORY, 0, "no memory");
}

static tq_status heard(void *user, tq_store *store, const tq_event *event, tq_str record,
                       tq_err *err)
{
    static const struct {
        const char *verb;
        day_phase phase;
    } verbs[] = {{"offered", DAY_OFFERED}, {"assigned", DAY_NAMED}, {"unserved", DAY_LEFT}};
    day_play *play = user;
    uint32_t kind = 0, number = number_of(event->id);
    (void)store;
    if (play->in_tick && strcmp(event->topic, "vehicle") == 0 && strcmp(event->verb, "advice") == 0)
        return hear_advice(play, event, err);
    if (!play->in_tick || strcmp(event->topic, "order") != 0) return TQ_OK;
    while (kind < TQ_COUNT(verbs) && strcmp(verbs[kind].verb, event->verb) != 0)
        kind++;
    if (kind == TQ_COUNT(verbs) || number == 0 || number > play->order_numbers) return TQ_OK;
    json_auto_t *order = json_loadb(record.at, record.len, 0, NULL);
    const json_t *offer = json_object_get(order, "offer"),
                 *estimate = json_object_get(order, "estimate");
    day_told told = {.order = play->order_of[number],
                     .phase = verbs[kind].phase,
                     .eta_s = (int32_t)whole(order, "eta_s", 0),
                     .approach_m = (int32_t)whole(order, "approach_m", 0),
                     .bonus_fen = whole(order, "bonus_fen", 0),
                     .fare_fen = whole(estimate, "low_fen", 0),
                     .ride_m =
                         (int32_t)(json_number_value(json_object_get(estimate, "km")) * 1000)};
    const char *car = text_of(json_is_object(offer) ? offer : order, "vehicle");
    told.vehicle = number_of(car);
    (void)snprintf(told.why, sizeof told.why, "%.*s", (int)sizeof told.why - 1,
                   text_of(order, "why"));
    if (told.phase != DAY_LEFT &&
        (told.vehicle == 0 || told.vehicle > play->world->options->vehicles))
        return TQ_OK;
    told.vehicle = told.phase == DAY_LEFT ? TQ_NONE : told.vehicle - 1;
    return tq_vec_push(&play->told, told) ? TQ_OK : tq_fail(err, TQ_NO_MEMORY, 0, "no memory");
}

static tq_status tick(day_play *play, tq_err *err)
{
    tq_desk_world world = world_of(play);
    bool changed = false;
    play->told.count = 0;
    play->advice.count = 0;
    TQ_TRY(tq_desk_begin(play->desk, err));
    play->in_tick = true;
    double from = now_ms_of();
    tq_status status = tq_desk_tick(play->desk, &world, clock_ms(play), &changed, err);
    double took = now_ms_of() - from;
    play->in_tick = false;
    if (status != TQ_OK) {
        tq_desk_rollback(play->desk);
        return status;
    }
    TQ_TRY(tq_desk_commit(play->desk, err));
    if (changed) TQ_TRY(follow(play, err));
    play->ticks++;
    if (play->told.count > 0 && !tq_vec_push(&play->decision_ms, took))
        return tq_fail(err, TQ_NO_MEMORY, 0, "no memory");
    for (size_t k = 0; k < play->told.count; k++)
        TQ_TRY(day_was_told(play, &play->told.at[k], err));
    for (size_t k = 0; k < play->advice.count; k++)
        TQ_TRY(day_was_advised(play, &play->advice.at[k], err));
    return TQ_OK;
}

/* ---- positions ---------------------------------------------------------------------------------
 */

/* As devices send them: often while free and moving, seldom otherwise, each in its own second. */
static tq_status tell_positions(day_play *play, tq_err *err)
{
    uint32_t told = 0;
    bool done;
    for (uint32_t car = 0; car < play->world->options->vehicles; car++) {
        day_car *one = &play->car[car];
        bool moves = one->duty == CAR_FREE && one->drifting;
        int64_t every_s = moves ? MOVING_S : POSITIONS_S;
        if (one->duty == CAR_OFF || (!one->tell && (play->now_s + car) % every_s != 0)) continue;
        tq_point at = day_where(one, play->now_s);
        one->tell = false;
        tq_buf_printf(&play->body,
                      "%s{\"id\":\"VE-%06u\",\"lat\":", told++ > 0 ? "," : "{\"positions\":[",
                      car + 1);
        tq_buf_fixed(&play->body, at.lat_e7, 7);
        tq_buf_puts(&play->body, ",\"lon\":");
        tq_buf_fixed(&play->body, at.lon_e7, 7);
        tq_buf_putc(&play->body, '}');
    }
    if (told == 0) return TQ_OK;
    tq_buf_puts(&play->body, "]}");
    tq_buf_putc(&play->body, '\0');
    if (play->body.failed) return tq_fail(err, TQ_NO_MEMORY, 0, "no memory for positions");
    tq_actor feed = day_actor("positions", TQ_ROLE_DISPATCHER);
    TQ_TRY(day_say(play, &feed, "vehicle.positions", "", play->body.at, &done, err));
    play->body.len = 0;
    return TQ_OK;
}

/* ---- before the day ----------------------------------------------------------------------------
 */

static tq_status make_fleet(day_play *play, tq_err *err)
{
    const day_world *world = play->world;
    tq_actor office = day_actor("simulation", TQ_ROLE_DISPATCHER);
    for (uint32_t car = 0; car < world->options->vehicles; car++) {
        const day_driver *driver = &world->driver[car];
        uint32_t number = car + 1;
        tq_buf_printf(&play->body,
                      "{\"plate\":\"晋A·G%05u\",\"class\":\"taxi\",\"company\":\"generated %u\","
                      "\"permits\":[\"taxi\"],\"colour\":\"red\",\"wheelchair\":%u}",
                      number, car % 5 + 1, number % 25 == 0 ? 1u : 0u);
        TQ_TRY(must(play, &office, "vehicle.create", "", err));
        tq_buf_printf(&play->body,
                      "{\"name\":\"generated %u\",\"phone\":\"138%08u\",\"user\":\"driver%u\","
                      "\"company\":\"generated %u\",\"vehicle\":\"VE-%06u\",\"shift\":{\"from\":"
                      "\"%s\",\"to\":\"%s\"}}",
                      number, number, number, car % 5 + 1, number, DAY_COHORT_FROM[driver->cohort],
                      DAY_COHORT_TO[driver->cohort]);
        TQ_TRY(must(play, &office, "driver.create", "", err));
        if (number % SETUP_AT_ONCE == 0) TQ_TRY(commit(play, err));
    }
    return commit(play, err);
}

static bool clock_of(const char *text, int32_t *second)
{
    uint32_t hour = 0, minute = 0;
    if (strlen(text) < 5 || text[2] != ':' || !tq_parse_u32((tq_str){text, 2}, &hour) ||
        !tq_parse_u32((tq_str){text + 3, 2}, &minute) || hour > 24 || minute > 59 ||
        hour * 60 + minute > 1440)
        return false;
    *second = (int32_t)(hour * 3600 + minute * 60);
    return true;
}

static tq_status close_street(day_play *play, const char *given, tq_err *err)
{
    const tq_city *city = play->world->city;
    const char *at = strrchr(given, '@');
    int32_t from_s = 0, to_s = 0;
    char from[TQ_TIME_TEXT_MAX], to[TQ_TIME_TEXT_MAX];
    if (at == NULL || at == given || strlen(at) != 12 || at[6] != '-' ||
        !clock_of(at + 1, &from_s) || !clock_of(at + 7, &to_s) || to_s <= from_s)
        return tq_fail(err, TQ_BAD_INPUT, 0,
                       "\"%.60s\" is no closing: STREET[/FROM/TO]@07:30-09:00", given);
    tq_time_print(&city->zone, play->world->midnight_ms + from_s * INT64_C(1000), from);
    tq_time_print(&city->zone, play->world->midnight_ms + to_s * INT64_C(1000), to);
    static const char *const parts[] = {"street", "from", "to"};
    tq_str part = {given, (size_t)(at - given)};
    tq_json json;
    tq_json_begin(&json, &play->body);
    tq_json_object(&json);
    tq_json_key(&json, "stretch");
    tq_json_object(&json);
    for (uint32_t k = 0; k < TQ_COUNT(parts) && part.len > 0; k++) {
        const char *slash = memchr(part.at, '/', part.len);
        size_t len = slash != NULL ? (size_t)(slash - part.at) : part.len;
        tq_json_key(&json, parts[k]);
        tq_json_str(&json, (tq_str){part.at, len});
        part = slash != NULL ? (tq_str){slash + 1, part.len - len - 1} : (tq_str){NULL, 0};
    }
    tq_json_end_object(&json);
    tq_json_put_text(&json, "effect", "full");
    tq_json_put_text(&json, "reason", "works");
    tq_json_put_text(&json, "owner", "simulation");
    tq_json_put_text(&json, "from", from);
    tq_json_put_text(&json, "to", to);
    tq_json_put_bool(&json, "publish", true);
    tq_json_end_object(&json);
    tq_actor office = day_actor("simulation", TQ_ROLE_DISPATCHER);
    return must(play, &office, "closure.create", "", err);
}

static tq_status set_policy(day_play *play, tq_err *err)
{
    tq_actor office = day_actor("simulation", TQ_ROLE_DISPATCHER);
    tq_json json;
    tq_json_begin(&json, &play->body);
    tq_json_object(&json);
    tq_json_put_text(&json, "name", play->policy);
    tq_json_put_text(&json, "reason", "simulation");
    if (play->world->options->snow) {
        tq_json_key(&json, "overrides");
        tq_json_object(&json);
        tq_json_put_i64(&json, "bonus_fen", SNOW_FEN);
        tq_json_end_object(&json);
    }
    tq_json_end_object(&json);
    TQ_TRY(must(play, &office, "policy.set", "", err));
    json_auto_t *answer = json_loadb(play->answer.at, play->answer.len, 0, NULL);
    if (strcmp(text_of(json_object_get(answer, "policy"), "method"), "grab") != 0) return TQ_OK;
    return tq_fail(err, TQ_BAD_INPUT, 0,
                   "the policy %.30s is of method grab: drivers who race for an order are not "
                   "played; play one that asks or assigns",
                   play->policy);
}

static tq_status open_play(day_play *play, tq_err *err)
{
    const tq_day_options *options = play->world->options;
    uint64_t chance = 0;
    char name[48];
    tq_random_bytes(&chance, sizeof chance);
    (void)snprintf(name, sizeof name, "tongqu-day-%016llx", (unsigned long long)chance);
    if (!tq_path_join(play->folder, options->temporary != NULL ? options->temporary : "/tmp",
                      name) ||
        !tq_path_join(play->store, play->folder, "state.db"))
        return tq_fail(err, TQ_BAD_INPUT, 0, "the path of the temporary folder is too long");
    tq_status status = tq_folder_make(play->folder, err);
    if (status != TQ_OK) {
        play->folder[0] = '\0';
        return status;
    }
    tq_desk_options desk = {.size = sizeof desk,
                            .city = play->world->city,
                            .store_path = play->store,
                            .folder = options->folder,
                            .store = {.size = sizeof desk.store, .normal_sync = true}};
    TQ_TRY(tq_desk_open(&desk, &play->desk, err));
    TQ_TRY(tq_live_open(play->world->city, &play->live, err));
    TQ_TRY(tq_roads_open(play->world->city, &play->roads, err));
    size_t bytes = tq_streets_work_bytes(play->world->city);
    size_t orders = (size_t)play->world->order_count + 1;
    play->memory = tq_alloc(1, bytes);
    play->order = TQ_ALLOC(day_order, orders);
    /* A seat on a bus has an order, too. */
    play->order_of = TQ_ALLOC(uint32_t, orders + options->riders + 1);
    play->rider = TQ_ALLOC(day_rider, (size_t)options->riders + 1);
    play->car = TQ_ALLOC(day_car, (size_t)options->vehicles + 1);
    if (play->memory == NULL || play->order == NULL || play->order_of == NULL ||
        play->car == NULL || play->rider == NULL)
        return tq_fail(err, TQ_NO_MEMORY, 0, "no memory for a day");
    tq_arena_init(&play->work, play->memory, bytes);
    tq_desk_on_event(play->desk, heard, play);
    return TQ_OK;
}

/* ---- the day -----------------------------------------------------------------------------------
 */

tq_status day_plan(day_play *play, int64_t at_s, day_what what, uint32_t who, uint32_t stamp,
                   tq_err *err)
{
    day_event event = {.what = what, .who = who, .stamp = stamp, .next = TQ_NONE};
    uint32_t row = (uint32_t)play->event.count;
    at_s = TQ_MAX(at_s, play->now_s + 1);
    if (at_s > DAY_CLOCK_S) return TQ_OK; /* beyond what is played */
    if (!tq_vec_push(&play->event, event)) return tq_fail(err, TQ_NO_MEMORY, 0, "no memory");
    if (play->first[at_s] == TQ_NONE)
        play->first[at_s] = row;
    else
        play->event.at[play->last[at_s]].next = row;
    play->last[at_s] = row;
    return TQ_OK;
}

static tq_status one_second(day_play *play, tq_err *err)
{
    for (uint32_t row = play->first[play->now_s]; row != TQ_NONE; row = play->event.at[row].next) {
        day_event event = play->event.at[row];
        TQ_TRY(day_happens(play, &event, err));
    }
    TQ_TRY(tell_positions(play, err));
    TQ_TRY(commit(play, err));
    return tick(play, err);
}

static tq_status play_day(day_play *play, tq_err *err)
{
    const tq_day_options *options = play->world->options;
    TQ_TRY(follow(play, err)); /* fills the empty memory */
    TQ_TRY(set_policy(play, err));
    for (uint32_t k = 0; k < options->close_count; k++)
        TQ_TRY(close_street(play, options->close[k], err));
    TQ_TRY(make_fleet(play, err));
    TQ_TRY(day_bus_begin(play, err));
    TQ_TRY(day_begin(play, err));
    int64_t end_s = options->to_hour * INT64_C(3600), last_s = end_s + DAY_TAIL_S;
    for (play->now_s++; play->now_s < last_s; play->now_s++) {
        TQ_TRY(one_second(play, err));
        if (play->now_s >= end_s && play->open == 0) break;
        if (options->progress != NULL && play->now_s % 3600 == 0)
            options->progress(options->user, play->policy, (uint32_t)(play->now_s / 3600),
                              play->open);
    }
    return TQ_OK;
}

tq_status day_play_run(const day_world *world, const char *policy, day_play *play, tq_err *err)
{
    double from = now_ms_of();
    play->world = world;
    (void)snprintf(play->policy, sizeof play->policy, "%s", policy);
    play->now_s = world->options->from_hour * INT64_C(3600) - 1;
    for (uint32_t second = 0; second <= DAY_CLOCK_S; second++)
        play->first[second] = TQ_NONE;
    TQ_TRY(open_play(play, err));
    TQ_TRY(play_day(play, err));
    play->seconds = (now_ms_of() - from) / 1000;
    return TQ_OK;
}

void day_play_free(day_play *play)
{
    static const char *const ends[FILE_COUNT] = {"", "-wal", "-shm"};
    if (play->desk != NULL) tq_desk_close(play->desk); /* it holds a metric of the roads */
    if (play->overlay != NULL) tq_overlay_drop(play->overlay);
    if (play->live != NULL) tq_live_close(play->live);
    if (play->roads != NULL) tq_roads_close(play->roads);
    if (play->folder[0] != '\0') {
        for (uint32_t k = 0; k < FILE_COUNT; k++) {
            char path[TQ_PATH_MAX + 8];
            (void)snprintf(path, sizeof path, "%s%s", play->store, ends[k]);
            (void)remove(path);
        }
        (void)remove(play->folder);
    }
    tq_free(play->memory);
    tq_free(play->order);
    tq_free(play->order_of);
    tq_free(play->car);
    tq_free(play->rider);
    tq_vec_free(&play->event);
    tq_vec_free(&play->told);
    tq_vec_free(&play->advice);
    tq_vec_free(&play->decision_ms);
    tq_buf_free(&play->answer);
    tq_buf_free(&play->body);
}
