/*
 * tongqu demo: close a road and watch every verb answer differently, then open it again.
 *
 * A real server is started on a free port of this machine with a store of its own in a temporary
 * folder, and beside it a peer double that plays the province. Everything is asked and commanded
 * over HTTP, as any client would; the times are measured between sending the command and holding
 * the changed answer. The city's demo.json says what is closed and what is asked.
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/cli.h"
#include "os/os.h"
#include "serve/serve.h"

#define WAIT_MS      20000
#define POLL_US      2000
#define TOKEN_MAX    200
#define PASSWORD     "demo only, this machine"
#define CLOSED_HOURS 6

typedef struct demo {
    const cli_args *args;
    char city_path[TQ_PATH_MAX], store_path[TQ_PATH_MAX], folder[TQ_PATH_MAX];
    char base[80], peer_url[80], token[TOKEN_MAX], setup[TOKEN_MAX];
    uint16_t port, double_port;
    tq_worker *server, *twin;
    tq_status served;
    json_t *plan;   /* demo.json */
    unsigned verbs; /* how many of them are played */
    tq_err *err;
} demo;

/* One verb: where it is asked, and what it said each time. */
typedef struct verb {
    const char *name, *zh, *en;
    char url[1200];
    char body[400];               /* "" = asked by GET */
    char *before, *after, *again; /* with versions taken out */
    double ms;
    bool changed, restored;
} verb;

/* FREIGHT only where the city's demo.json asks about it. */
enum { TRIP, DRIVE, TAXI, BUS, REPORT, FREIGHT, VERBS };

/* ---- HTTP -------------------------------------------------------------------------------------
 */

static tq_status http(demo *run, const char *url, const char *body, uint32_t want, tq_buf *out)
{
    char etag[80] = "";
    uint32_t status = 0;
    tq_fetch_wish wish = {.url = url,
                          .bearer = run->token[0] != '\0' ? run->token : NULL,
                          .type = "application/json",
                          .body = body != NULL ? tq_str_of(body) : (tq_str){0},
                          .timeout_ms = WAIT_MS};
    out->len = 0;
    TQ_TRY(tq_fetch(&wish, &status, etag, out, run->err));
    tq_buf_putc(out, '\0');
    if (status == want || (want == 200 && status == 201)) return TQ_OK;
    return tq_fail(run->err, TQ_INTERNAL, 0, "%s answered %u: %.200s", url, status,
                   out->at != NULL ? out->at : "");
}

static tq_status call(demo *run, const char *path, const json_t *body, json_t **answer)
{
    char url[1200];
    tq_buf out = {0};
    char *text = body != NULL ? json_dumps(body, JSON_COMPACT) : NULL;
    (void)snprintf(url, sizeof url, "%s%s", run->base, path);
    tq_status status = http(run, url, text, 200, &out);
    if (status == TQ_OK && answer != NULL) {
        *answer = json_loads(out.at, 0, NULL);
        if (*answer == NULL) status = tq_fail(run->err, TQ_INTERNAL, 0, "%s: not JSON", path);
    }
    free(text);
    tq_buf_free(&out);
    return status;
}

/* The answer as text, with the version taken out, so that two can be compared byte for byte. */
static char *without_version(const char *text)
{
    static const char key[] = "\"version\":\"";
    char *copy = strdup(text), *to = copy;
    for (const char *from = text; copy != NULL && *from != '\0';) {
        if (strncmp(from, key, sizeof key - 1) == 0) {
            from += sizeof key - 1;
            while (*from != '\0' && *from != '"')
                from++;
            memcpy(to, key, sizeof key - 1);
            to += sizeof key - 1;
            continue;
        }
        *to++ = *from++;
    }
    if (copy != NULL) *to = '\0';
    return copy;
}

static tq_status ask(demo *run, const verb *what, char **out)
{
    tq_buf answer = {0};
    tq_status status =
        http(run, what->url, what->body[0] != '\0' ? what->body : NULL, 200, &answer);
    if (status == TQ_OK && (*out = without_version(answer.at)) == NULL)
        status = tq_fail(run->err, TQ_NO_MEMORY, 0, "no memory for an answer");
    tq_buf_free(&answer);
    return status;
}

/* ---- the two servers ---------------------------------------------------------------------------
 */

static void on_setup(void *user, const char *token)
{
    demo *run = user;
    (void)snprintf(run->setup, sizeof run->setup, "%s", token);
}

static void on_ready(void *user, const char *address, uint16_t port)
{
    demo *run = user;
    (void)snprintf(run->base, sizeof run->base, "http://%s:%u", address, port);
    __atomic_store_n(&run->port, port, __ATOMIC_RELEASE);
}

static void on_double(void *user, const char *address, uint16_t port)
{
    demo *run = user;
    (void)snprintf(run->peer_url, sizeof run->peer_url, "http://%s:%u/in", address, port);
    __atomic_store_n(&run->double_port, port, __ATOMIC_RELEASE);
}

static void serve_city(void *user, void **item, uint32_t count)
{
    demo *run = user;
    (void)item;
    (void)count;
    tq_serve_options options;
    tq_serve_options_default(&options);
    options.city_path = run->city_path;
    options.store_path = run->store_path;
    options.port = 0;
    options.setup = on_setup;
    options.ready = on_ready;
    options.user = run;
    tq_err err = {0};
    run->served = tq_serve(&options, &err);
    if (run->served != TQ_OK) fprintf(stderr, "tongqu demo: %s\n", err.text);
}

static void serve_double(void *user, void **item, uint32_t count)
{
    (void)item;
    (void)count;
    tq_err err = {0};
    tq_double_options options = {
        .listen = "127.0.0.1", .seed = 1, .ready = on_double, .user = user};
    if (tq_double_serve(&options, &err) != TQ_OK) fprintf(stderr, "tongqu demo: %s\n", err.text);
}

static tq_status wait_for(demo *run, const uint16_t *port, const char *what)
{
    for (unsigned waited = 0; waited < WAIT_MS * 1000u / POLL_US; waited++) {
        if (__atomic_load_n(port, __ATOMIC_ACQUIRE) != 0) return TQ_OK;
        (void)usleep(POLL_US);
    }
    return tq_fail(run->err, TQ_BUSY, 0, "%s did not start within %d s", what, WAIT_MS / 1000);
}

static tq_status wait_ready(demo *run)
{
    char url[120];
    tq_buf out = {0};
    tq_err first = {0};
    (void)snprintf(url, sizeof url, "%s/readyz", run->base);
    tq_status status = TQ_BUSY;
    for (unsigned waited = 0; status != TQ_OK && waited < WAIT_MS / 20; waited++) {
        tq_err *kept = run->err;
        run->err = &first;
        status = http(run, url, NULL, 200, &out);
        run->err = kept;
        if (status != TQ_OK) (void)usleep(20000);
    }
    tq_buf_free(&out);
    return status == TQ_OK ? TQ_OK : tq_fail(run->err, status, 0, "%s", first.text);
}

static tq_status start(demo *run)
{
    static const tq_worker_events server = {serve_city, NULL}, twin = {serve_double, NULL};
    TQ_TRY(tq_worker_start(&twin, run, 1, 1, 1000, &run->twin, run->err));
    TQ_TRY(tq_worker_start(&server, run, 1, 1, 1000, &run->server, run->err));
    if (!tq_worker_give(run->twin, run) || !tq_worker_give(run->server, run))
        return tq_fail(run->err, TQ_BUSY, 0, "the demo's threads did not start");
    TQ_TRY(wait_for(run, &run->double_port, "the peer double"));
    TQ_TRY(wait_for(run, &run->port, "the server"));
    return wait_ready(run);
}

static void stop(demo *run)
{
    if (run->server != NULL) tq_serve_stop();
    if (run->twin != NULL) tq_double_stop();
    if (run->server != NULL) tq_worker_stop(run->server);
    if (run->twin != NULL) tq_worker_stop(run->twin);
}

/* ---- the play
 * ------------------------------------------------------------------------------------ */

static tq_status sign_in(demo *run)
{
    json_t *answer = NULL;
    json_t *body =
        json_pack("{s:s,s:s,s:s}", "token", run->setup, "name", "demo", "password", PASSWORD);
    tq_status status = call(run, "/api/v1/setup", body, NULL);
    json_decref(body);
    TQ_TRY(status);
    body = json_pack("{s:s,s:s}", "name", "demo", "password", PASSWORD);
    status = call(run, "/api/v1/sessions", body, &answer);
    json_decref(body);
    TQ_TRY(status);
    const char *token = json_string_value(json_object_get(answer, "token"));
    (void)snprintf(run->token, sizeof run->token, "%s", token != NULL ? token : "");
    json_decref(answer);
    return TQ_OK;
}

static tq_status post(demo *run, const char *path, json_t *body, json_t **answer)
{
    tq_status status = call(run, path, body, answer);
    json_decref(body);
    return status;
}

/* The province: connected, joint test with its receipt, accepted. */
static tq_status make_peer(demo *run)
{
    TQ_TRY(post(run, "/api/v1/peers",
                json_pack("{s:s,s:s,s:s,s:s}", "id", "province", "name", "省平台（演示）", "kind",
                          "province", "url", run->peer_url),
                NULL));
    TQ_TRY(post(run, "/api/v1/peers/province/move", json_pack("{s:s}", "to", "joint_test"), NULL));
    tq_status status = TQ_BUSY;
    for (unsigned waited = 0; status != TQ_OK && waited < 100; waited++) {
        (void)usleep(100000);
        status =
            post(run, "/api/v1/peers/province/move", json_pack("{s:s}", "to", "accepted"), NULL);
    }
    return status;
}

static tq_status make_record(demo *run, const char *path, json_t *body, char id[64])
{
    json_t *answer = NULL;
    TQ_TRY(post(run, path, body, &answer));
    const char *name = json_string_value(json_object_get(answer, "id"));
    (void)snprintf(id, 64, "%s", name != NULL ? name : "");
    json_decref(answer);
    return TQ_OK;
}

static const char *part(const demo *run, const char *group, const char *name, const char *otherwise)
{
    const char *text = json_string_value(json_object_get(json_object_get(run->plan, group), name));
    return text != NULL ? text : otherwise;
}

static void put_escaped(char *out, size_t cap, const char *text)
{
    size_t len = strlen(out);
    for (const unsigned char *c = (const unsigned char *)text; *c != '\0' && len + 4 < cap; c++)
        len += (size_t)snprintf(out + len, cap - len, "%%%02X", *c);
}

static tq_status set_urls(demo *run, verb *all)
{
    const char *at = json_string_value(json_object_get(run->plan, "at"));
    double a[2] = {0}, b[2] = {0};
    if (at == NULL || sscanf(part(run, "drive", "from", ""), "%lf,%lf", &a[0], &a[1]) != 2 ||
        sscanf(part(run, "drive", "to", ""), "%lf,%lf", &b[0], &b[1]) != 2)
        return tq_fail(run->err, TQ_BAD_CONFIG, 0,
                       "demo.json needs \"at\" and drive.from, drive.to as lat,lon");
    verb *trip = &all[TRIP];
    (void)snprintf(trip->url, sizeof trip->url, "%s/api/v1/plan?from=", run->base);
    put_escaped(trip->url, sizeof trip->url, part(run, "trip", "from", ""));
    (void)strncat(trip->url, "&to=", sizeof trip->url - strlen(trip->url) - 1);
    put_escaped(trip->url, sizeof trip->url, part(run, "trip", "to", ""));
    size_t len = strlen(trip->url);
    (void)snprintf(trip->url + len, sizeof trip->url - len, "&depart=%s&profile=%s", at,
                   part(run, "trip", "profile", "foot"));
    (void)snprintf(all[DRIVE].url, sizeof all[DRIVE].url,
                   "%s/route/v1/car/%.6f,%.6f;%.6f,%.6f?overview=full&time=%s", run->base, a[1],
                   a[0], b[1], b[0], at);
    (void)snprintf(all[BUS].url, sizeof all[BUS].url, "%s/api/v1/detours", run->base);
    (void)snprintf(all[REPORT].url, sizeof all[REPORT].url, "%s/api/v1/reports?state=running",
                   run->base);
    return TQ_OK;
}

/* One free car beyond the road that will be closed, and who asks for it: how long would she wait?
 */
static tq_status set_taxi(demo *run, verb *taxi)
{
    double car[2], from[2], to[2];
    char id[64], driver[64], path[120];
    if (sscanf(part(run, "taxi", "car", ""), "%lf,%lf", &car[0], &car[1]) != 2 ||
        sscanf(part(run, "taxi", "from", ""), "%lf,%lf", &from[0], &from[1]) != 2 ||
        sscanf(part(run, "taxi", "to", ""), "%lf,%lf", &to[0], &to[1]) != 2)
        return tq_fail(run->err, TQ_BAD_CONFIG, 0,
                       "demo.json needs taxi.car, taxi.from, taxi.to as lat,lon");
    TQ_TRY(make_record(run, "/api/v1/fleet",
                       json_pack("{s:s,s:s,s:s,s:[s],s:i,s:s}", "plate", "晋A·DEMO1", "class",
                                 "taxi", "company", "演示 demo", "permits", "taxi:demo", "seats", 4,
                                 "colour", "-"),
                       id));
    TQ_TRY(make_record(run, "/api/v1/drivers",
                       json_pack("{s:s,s:s,s:s,s:s}", "name", "演示司机 demo", "phone",
                                 "13000000000", "company", "演示 demo", "vehicle", id),
                       driver));
    (void)snprintf(path, sizeof path, "/api/v1/fleet/%s/duty", id);
    TQ_TRY(post(run, path, json_pack("{s:s}", "duty", "free"), NULL));
    TQ_TRY(
        post(run, "/api/v1/fleet/positions",
             json_pack("{s:[{s:s,s:f,s:f}]}", "positions", "id", id, "lat", car[0], "lon", car[1]),
             NULL));
    (void)snprintf(taxi->url, sizeof taxi->url, "%s/api/v1/orders/estimate", run->base);
    (void)snprintf(taxi->body, sizeof taxi->body,
                   "{\"from\":{\"lat\":%.6f,\"lon\":%.6f},\"to\":{\"lat\":%.6f,\"lon\":%.6f}}",
                   from[0], from[1], to[0], to[1]);
    return TQ_OK;
}

/* Which chains carry the goods. Lorries seldom drive where the trip and the bus do, so freight may
 * have a road of its own that is closed at the same time. */
static void set_freight(demo *run, verb *freight)
{
    static const char *const members[] = {"from", "to", "commodity", "tonnes"};
    (void)snprintf(freight->url, sizeof freight->url,
                   "%s/api/v1/freight/plan?all=true&depart=", run->base);
    put_escaped(freight->url, sizeof freight->url,
                json_string_value(json_object_get(run->plan, "at")));
    for (size_t k = 0; k < TQ_COUNT(members); k++) {
        size_t len = strlen(freight->url);
        (void)snprintf(freight->url + len, sizeof freight->url - len, "&%s=", members[k]);
        put_escaped(freight->url, sizeof freight->url, part(run, "freight", members[k], ""));
    }
}

static double now_ms(void)
{
    const tq_env *env = tq_env_real();
    return (double)env->mono_ns(env->user) / 1e6;
}

static tq_status close_road(demo *run, const json_t *closure, double *sent_ms, char id[64])
{
    json_t *body = json_deep_copy(closure), *answer = NULL;
    char from[40], to[40];
    if (body == NULL) return tq_fail(run->err, TQ_BAD_CONFIG, 0, "demo.json has no \"closure\"");
    /* From long before what is asked, and from before now for who waits for a car now, until well
     * after it. */
    (void)snprintf(from, sizeof from, "2020-01-01T06:00");
    (void)snprintf(to, sizeof to, "2099-12-31T%02d:00", CLOSED_HOURS);
    if (json_object_get(body, "from") == NULL) json_object_set_new(body, "from", json_string(from));
    if (json_object_get(body, "to") == NULL) json_object_set_new(body, "to", json_string(to));
    json_object_set_new(body, "publish", json_true());
    *sent_ms = now_ms();
    TQ_TRY(post(run, "/api/v1/closures", body, &answer));
    const char *name = json_string_value(json_object_get(answer, "id"));
    (void)snprintf(id, 64, "%s", name != NULL ? name : "");
    json_decref(answer);
    return TQ_OK;
}

static tq_status open_road(demo *run, const char *id)
{
    char path[120];
    (void)snprintf(path, sizeof path, "/api/v1/closures/%s/end", id);
    return post(run, path, json_pack("{s:s}", "reason", "demo"), NULL);
}

static tq_status ask_closed(demo *run, verb *what, double sent_ms)
{
    TQ_TRY(ask(run, what, &what->after));
    what->ms = now_ms() - sent_ms;
    what->changed = strcmp(what->before, what->after) != 0;
    return TQ_OK;
}

static tq_status play(demo *run, verb *all)
{
    const json_t *lorry_road = json_object_get(json_object_get(run->plan, "freight"), "closure");
    char id[64], second[64] = "";
    double sent_ms = 0;
    for (unsigned k = 0; k < run->verbs; k++)
        TQ_TRY(ask(run, &all[k], &all[k].before));
    TQ_TRY(close_road(run, json_object_get(run->plan, "closure"), &sent_ms, id));
    for (unsigned k = 0; k < FREIGHT; k++)
        TQ_TRY(ask_closed(run, &all[k], sent_ms));
    if (lorry_road != NULL) TQ_TRY(close_road(run, lorry_road, &sent_ms, second));
    if (run->verbs > FREIGHT) TQ_TRY(ask_closed(run, &all[FREIGHT], sent_ms));
    TQ_TRY(open_road(run, id));
    if (second[0] != '\0') TQ_TRY(open_road(run, second));
    for (unsigned k = 0; k < run->verbs; k++) {
        TQ_TRY(ask(run, &all[k], &all[k].again));
        all[k].restored = strcmp(all[k].before, all[k].again) == 0;
    }
    return TQ_OK;
}

/* ---- what is shown
 * ---------------------------------------------------------------------------------- */

/* The few things of an answer that a person looks at. */
static json_t *short_of(unsigned which, const char *text)
{
    json_t *answer = json_loads(text, 0, NULL), *out = json_object();
    if (which == TRIP) {
        const json_t *best = json_array_get(json_object_get(answer, "itineraries"), 0);
        json_object_set(out, "departure", json_object_get(best, "departure"));
        json_object_set(out, "arrival", json_object_get(best, "arrival"));
        json_object_set(out, "duration_s", json_object_get(best, "duration_s"));
    } else if (which == DRIVE) {
        const json_t *way = json_array_get(json_object_get(answer, "routes"), 0);
        json_object_set(out, "duration_s", json_object_get(way, "duration"));
        json_object_set(out, "distance_m", json_object_get(way, "distance"));
        json_object_set(out, "ways", json_object_get(way, "ways"));
    } else if (which == TAXI) {
        static const char *const shown[] = {"wait_s", "km", "min", "low_fen", "high_fen"};
        for (size_t k = 0; k < TQ_COUNT(shown); k++) {
            json_t *value = json_object_get(json_object_get(answer, "estimate"), shown[k]);
            if (value != NULL) json_object_set(out, shown[k], value);
        }
    } else if (which == FREIGHT) {
        static const char *const shown[] = {"hours", "cny", "co2e_kg"};
        const json_t *plans = json_object_get(answer, "plans");
        json_object_set_new(out, "plans", json_integer((json_int_t)json_array_size(plans)));
        for (size_t k = 0; k < TQ_COUNT(shown); k++) {
            json_t *value = json_object_get(json_array_get(plans, 0), shown[k]);
            if (value != NULL) json_object_set(out, shown[k], value);
        }
    } else {
        const char *name = which == BUS ? "detours" : "reports";
        const json_t *list = json_object_get(answer, name);
        json_object_set_new(out, name, json_integer((json_int_t)json_array_size(list)));
        const json_t *first = json_array_get(list, 0);
        static const char *const shown[] = {"route",   "headsign", "from",    "to",    "added_min",
                                            "skipped", "about",    "product", "steps", "level"};
        for (size_t k = 0; k < TQ_COUNT(shown); k++) {
            json_t *value = json_object_get(first, shown[k]);
            if (value != NULL) json_object_set(out, shown[k], value);
        }
    }
    json_decref(answer);
    return out;
}

static const char *street_of(const json_t *group)
{
    const char *street = json_string_value(
        json_object_get(json_object_get(json_object_get(group, "closure"), "stretch"), "street"));
    return street != NULL ? street : "";
}

static void print_people(const demo *run, const verb *all)
{
    bool zh = run->args->lang == TQ_ZH;
    const char *street = street_of(run->plan),
               *second = street_of(json_object_get(run->plan, "freight"));
    printf(zh ? "封闭 %s%s%s（演示），再重新开放：\n"
              : "closed (a demo) and opened again: %s%s%s\n",
           street, second[0] != '\0' ? (zh ? "，货运另封 " : ", for freight also ") : "", second);
    for (unsigned k = 0; k < run->verbs; k++) {
        json_t *before = short_of(k, all[k].before), *after = short_of(k, all[k].after);
        char *a = json_dumps(before, JSON_COMPACT | JSON_REAL_PRECISION(10)),
             *b = json_dumps(after, JSON_COMPACT | JSON_REAL_PRECISION(10));
        printf(
            "  %s\n    %s %s\n    %s %s\n    %s, %.1f ms, %s\n", zh ? all[k].zh : all[k].en,
            zh ? "之前" : "before", a != NULL ? a : "", zh ? "之后" : "after ", b != NULL ? b : "",
            all[k].changed ? (zh ? "变了" : "changed") : (zh ? "没有变" : "not changed"), all[k].ms,
            all[k].restored ? (zh ? "重新开放后逐字节相同" : "byte-equal after reopening")
                            : (zh ? "重新开放后不同" : "different after reopening"));
        free(a);
        free(b);
        json_decref(before);
        json_decref(after);
    }
}

static int print_json(const demo *run, const verb *all)
{
    json_t *out = json_object(), *verbs = json_object();
    for (unsigned k = 0; k < run->verbs; k++) {
        json_t *row = json_object();
        json_object_set_new(row, "changed", json_boolean(all[k].changed));
        json_object_set_new(row, "restored", json_boolean(all[k].restored));
        json_object_set_new(row, "ms", json_real(all[k].ms));
        json_object_set_new(row, "before", short_of(k, all[k].before));
        json_object_set_new(row, "after", short_of(k, all[k].after));
        json_object_set_new(verbs, all[k].name, row);
    }
    json_object_set_new(out, "verbs", verbs);
    char *text = json_dumps(out, JSON_COMPACT | JSON_REAL_PRECISION(6));
    json_decref(out);
    if (text == NULL) return cli_exit_code(TQ_NO_MEMORY);
    printf("%s\n", text);
    free(text);
    return 0;
}

/* ---- around it
 * ---------------------------------------------------------------------------------------- */

/* "T08:00" in the demo's plan means tomorrow at eight, so that what is asked lies ahead. */
static tq_status date_plan(demo *run)
{
    const char *at = json_string_value(json_object_get(run->plan, "at"));
    const tq_env *env = tq_env_real();
    tq_city *city = NULL;
    if (at == NULL || at[0] != 'T') return TQ_OK;
    TQ_TRY(tq_city_open(run->city_path, &city, run->err));
    int32_t day = tq_local_day(&city->zone, env->now_ms(env->user), NULL) + 1, year;
    unsigned month, day_of_month;
    char text[40];
    tq_date_of(day, &year, &month, &day_of_month);
    (void)snprintf(text, sizeof text, "%04d-%02u-%02u%.10s", year, month, day_of_month, at);
    json_object_set_new(run->plan, "at", json_string(text));
    tq_city_close(city);
    return TQ_OK;
}

static tq_status read_plan(demo *run, const char *city)
{
    char path[TQ_PATH_MAX], *bytes = NULL;
    size_t len = 0;
    json_error_t why;
    if (!tq_path_join(path, city, "demo.json") || !tq_file_look(path).exists)
        return tq_fail(run->err, TQ_NOT_FOUND, 0,
                       "%s has no demo.json; see cities/taiyuan/demo.json for what it says", city);
    TQ_TRY(tq_file_read(path, (size_t)1 << 20, &bytes, &len, run->err));
    run->plan = json_loadb(bytes, len, JSON_REJECT_DUPLICATES, &why);
    tq_free(bytes);
    return run->plan != NULL ? date_plan(run)
                             : tq_fail(run->err, TQ_BAD_CONFIG, (uint64_t)TQ_MAX(why.line, 0),
                                       "demo.json line %d: %s", why.line, why.text);
}

static tq_status make_folder(demo *run)
{
    const char *base = tq_env_var("TMPDIR");
    uint64_t number = 0;
    tq_random_bytes(&number, sizeof number);
    char name[64];
    (void)snprintf(name, sizeof name, "tongqu-demo-%016llx", (unsigned long long)number);
    if (!tq_path_join(run->folder, base != NULL ? base : "/tmp", name) ||
        !tq_path_join(run->store_path, run->folder, "state.db"))
        return tq_fail(run->err, TQ_IO, 0, "the temporary folder's path is too long");
    return tq_folder_make(run->folder, run->err);
}

static void remove_folder(const demo *run)
{
    static const char *const names[] = {"state.db", "state.db-wal", "state.db-shm"};
    char path[TQ_PATH_MAX];
    if (run->folder[0] == '\0') return;
    for (size_t k = 0; k < TQ_COUNT(names); k++)
        if (tq_path_join(path, run->folder, names[k])) (void)unlink(path);
    (void)rmdir(run->folder);
}

int cli_demo(const cli_args *args)
{
    tq_err err = {0};
    demo *run = TQ_ALLOC(demo, 1);
    if (run == NULL) return cli_exit_code(TQ_NO_MEMORY);
    verb all[VERBS] = {
        [TRIP] = {.name = "trip", .zh = "出行", .en = "trip"},
        [DRIVE] = {.name = "drive", .zh = "驾车", .en = "drive"},
        [TAXI] = {.name = "taxi", .zh = "等车", .en = "wait for a taxi"},
        [BUS] = {.name = "bus_detour", .zh = "公交绕行", .en = "bus detour"},
        [REPORT] = {.name = "report_up", .zh = "上报省平台", .en = "report to the province"},
        [FREIGHT] = {.name = "freight", .zh = "货运", .en = "freight"},
    };
    run->args = args;
    run->err = &err;
    tq_status status = cli_city_path(args->word[0], run->city_path, &err);
    if (status == TQ_OK) status = read_plan(run, args->word[0]);
    if (status == TQ_OK) status = make_folder(run);
    if (status == TQ_OK) status = start(run);
    if (status == TQ_OK) status = sign_in(run);
    if (status == TQ_OK) status = make_peer(run);
    if (status == TQ_OK) status = set_urls(run, all);
    if (status == TQ_OK) status = set_taxi(run, &all[TAXI]);
    if (status == TQ_OK) {
        run->verbs = json_object_get(run->plan, "freight") != NULL ? VERBS : FREIGHT;
        if (run->verbs > FREIGHT) set_freight(run, &all[FREIGHT]);
        status = play(run, all);
    }
    stop(run);
    remove_folder(run);
    int code = 0;
    if (status != TQ_OK) {
        code = cli_fail(args, status, &err);
    } else {
        for (unsigned k = 0; k < run->verbs; k++)
            if (!all[k].changed || !all[k].restored) code = 1;
        if (!args->json)
            print_people(run, all);
        else if (print_json(run, all) != 0)
            code = cli_exit_code(TQ_INTERNAL);
    }
    for (unsigned k = 0; k < VERBS; k++) {
        free(all[k].before);
        free(all[k].after);
        free(all[k].again);
    }
    json_decref(run->plan);
    tq_free(run);
    return code;
}
