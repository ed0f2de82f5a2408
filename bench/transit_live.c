/*
 * Live runs: what it takes to lay out a service day, and to follow a new live state.
 *
 * Feeds are imported without streets; the day is the one of most runs. Live runs are delays of one
 * to thirty minutes of random runs of that day, every tenth a cancellation, every tenth with a
 * skipped stop. follow: tq_days_follow with one kept day. wrong: answers of 200 questions between
 * stops that differ from those of a day made anew; undone: those that differ from the planned day's
 * once nothing is live any more. Prints JSON lines.
 *
 * usage: bench_transit_live [rnv|poa|zug|helsinki|hongkong]... Data: TQ_SHARED_DATA, by default
 * ../shared/data.
 */
#include <stdio.h>

#include "import/import.h"
#include "transit/transit.h"

#define ROUNDS    20u
#define QUESTIONS 200u

typedef struct feed {
    const char *name, *gtfs[2], *timezone;
} feed;

static const feed feeds[] = {
    {"rnv", {"pairs/rnv/rnv.gtfs.zip", NULL}, "Europe/Berlin"},
    {"poa",
     {"pairs/porto_alegre/poa_eptc.gtfs.zip", "pairs/porto_alegre/poa_trensurb.gtfs.zip"},
     "America/Sao_Paulo"},
    {"zug", {"gtfs/zug_ch.gtfs.zip", NULL}, "Europe/Zurich"},
    {"helsinki", {"gtfs/helsinki.gtfs.zip", NULL}, "Europe/Helsinki"},
    {"hongkong", {"hongkong/hk_bus_2022-03.gtfs.zip", NULL}, "Asia/Hong_Kong"},
};

static const tq_env *env;

/* A live state under construction. */
typedef struct state {
    TQ_VEC(tq_live_run) runs;
    TQ_VEC(tq_live_call) calls;
} state;

static double ms_since(int64_t start_ns)
{
    return (double)(env->mono_ns(env->user) - start_ns) / 1e6;
}

static int32_t busiest_day(const tq_timetable *t)
{
    int32_t best = t->base_day;
    uint32_t most = 0;
    for (uint32_t d = 0; d < t->day_count; d++) {
        uint32_t runs = 0;
        for (uint32_t trip = 0; trip < t->trip_count; trip++)
            runs += tq_service_runs(t, t->trip[trip].service, t->base_day + (int32_t)d);
        if (runs > most) {
            most = runs;
            best = t->base_day + (int32_t)d;
        }
    }
    return best;
}

static bool add_run(state *live, const tq_timetable *t, uint32_t trip, int32_t day,
                    tq_random *random)
{
    const tq_trip *row = &t->trip[trip];
    uint32_t first = t->pattern_first[row->pattern],
             places = t->pattern_first[row->pattern + 1] - first;
    const tq_stop_time *time = t->stop_time + t->profile_first[row->profile];
    int32_t start_s = row->start_s, late_s = 60 + (int32_t)tq_random_below(random, 1740), at_s = 0;
    if (row->frequency_count != 0) {
        const tq_frequency *often = &t->frequency[row->first_frequency];
        if (often->headway_s == 0 || often->to_s <= often->from_s) return true;
        start_s = often->from_s +
                  (int32_t)(often->headway_s *
                            tq_random_below(random, (uint32_t)(often->to_s - often->from_s - 1) /
                                                            often->headway_s +
                                                        1));
    }
    uint32_t what = tq_random_below(random, 10);
    tq_live_run run = {.trip = trip,
                       .route = t->pattern_route[row->pattern],
                       .service_day = day,
                       .start_s = start_s,
                       .first_call = (uint32_t)live->calls.count,
                       .call_count = what == 0 ? 0 : places,
                       .detour = TQ_NONE,
                       .state = what == 0 ? TQ_RUN_CANCELLED : TQ_RUN_CHANGED};
    for (uint32_t place = 0; place < run.call_count; place++) {
        int32_t in_s = TQ_MAX(at_s, start_s + time[place].arrival_s + late_s);
        at_s = TQ_MAX(in_s, start_s + time[place].departure_s + late_s);
        tq_live_call call = {.stop = t->pattern_stop[first + place],
                             .place = place,
                             .arrival_s = in_s,
                             .departure_s = at_s,
                             .flags = what == 1 && place == places / 2 ? TQ_CALL_SKIPPED : 0};
        if (!tq_vec_push(&live->calls, call)) return false;
    }
    return tq_vec_push(&live->runs, run);
}

/* So many random runs of the day, in the overlay's order. */
static const tq_overlay *make_state(const tq_city *city, int32_t day, uint32_t count,
                                    uint64_t version)
{
    const tq_timetable *t = &city->timetable;
    state live = {0};
    tq_random random = {version};
    uint32_t running = 0;
    for (uint32_t trip = 0; trip < t->trip_count; trip++)
        running += tq_service_runs(t, t->trip[trip].service, day);
    /* One of so many, in the order of trips; of each trip at most one run. */
    for (uint32_t trip = 0; trip < t->trip_count; trip++) {
        if (!tq_service_runs(t, t->trip[trip].service, day)) continue;
        if (tq_random_below(&random, running--) >= count) continue;
        count--;
        if (!add_run(&live, t, trip, day, &random)) return NULL;
    }
    tq_overlay from = {.version = version,
                       .transit_version = version,
                       .run_count = (uint32_t)live.runs.count,
                       .call_count = (uint32_t)live.calls.count,
                       .run = live.runs.at,
                       .call = live.calls.at};
    const tq_overlay *out = NULL;
    tq_err err = {0};
    if (tq_overlay_new(city, &from, &out, &err) != TQ_OK) fprintf(stderr, "%s\n", err.text);
    tq_vec_free(&live.runs);
    tq_vec_free(&live.calls);
    return out;
}

/* Answers to the seeded questions as one number a question. */
static void ask(const tq_city *city, const tq_day *day, tq_arena *work, uint64_t *out)
{
    tq_random random = {7};
    for (uint32_t k = 0; k < QUESTIONS; k++) {
        tq_transit_query query;
        tq_journeys found;
        tq_access from = {TQ_NONE, tq_random_below(&random, city->timetable.stop_count), 0};
        tq_access to = {TQ_NONE, tq_random_below(&random, city->timetable.stop_count), 0};
        tq_transit_query_default(&query);
        query.from = &from;
        query.to = &to;
        query.from_count = query.to_count = 1;
        query.time_s = (int32_t)tq_random_below(&random, 86400);
        tq_arena_reset(work, 0);
        out[k] = 0;
        if (tq_transit_search(city, day, &query, work, &found, NULL) != TQ_OK) continue;
        for (uint32_t j = 0; j < found.count; j++)
            out[k] = tq_hash(found.journey[j].piece,
                             found.journey[j].piece_count * sizeof(tq_piece), out[k] + 1);
    }
}

static uint32_t count_wrong(const uint64_t *a, const uint64_t *b)
{
    uint32_t wrong = 0;
    for (uint32_t k = 0; k < QUESTIONS; k++)
        wrong += a[k] != b[k];
    return wrong;
}

/* Follow live states of so many runs, one after the other. */
static tq_status follow(const char *name, const tq_city *city, int32_t day, uint32_t count,
                        tq_arena *work, tq_err *err)
{
    static uint64_t kept[QUESTIONS], anew[QUESTIONS], planned[QUESTIONS];
    uint32_t ns[ROUNDS], wrong = 0, runs = 0;
    tq_days *days;
    const tq_day *first;
    size_t bytes = 0;
    double make_ms = 0;
    TQ_TRY(tq_days_open(city, &days, err));
    TQ_TRY(tq_days_get(days, tq_overlay_none(), day, &first, err));
    ask(city, first, work, planned);
    tq_days_put(days, first);
    for (uint32_t round = 0; round <= ROUNDS; round++) {
        uint64_t version = round + 1;
        const tq_day *now;
        tq_day *other;
        const tq_overlay *overlay = make_state(city, day, round < ROUNDS ? count : 0, version);
        if (overlay == NULL) return TQ_NO_MEMORY;
        int64_t start = env->mono_ns(env->user);
        TQ_TRY(tq_days_follow(days, overlay, err));
        if (round < ROUNDS) ns[round] = (uint32_t)(env->mono_ns(env->user) - start);
        TQ_TRY(tq_days_get(days, overlay, day, &now, err));
        if (round == 0 || round == ROUNDS) {
            start = env->mono_ns(env->user);
            TQ_TRY(tq_day_make(city, overlay, day, &other, err));
            if (round == 0) {
                make_ms = ms_since(start);
                bytes = tq_day_bytes(now);
                runs = overlay->run_count;
            }
            ask(city, now, work, kept);
            ask(city, other, work, anew);
            wrong += count_wrong(kept, anew);
            tq_day_free(other);
        }
        tq_days_put(days, now);
        tq_overlay_drop(overlay);
    }
    tq_days_close(days);
    if (!tq_sort_u32(ns, ROUNDS)) return TQ_NO_MEMORY;
    printf("{\"name\":\"transit_live.%s.follow\",\"runs\":%u,\"p50_ms\":%.2f,\"max_ms\":%.2f,"
           "\"anew_ms\":%.1f,\"bytes\":%zu,\"wrong\":%u,\"undone\":%u}\n",
           name, runs, ns[ROUNDS / 2] / 1e6, ns[ROUNDS - 1] / 1e6, make_ms, bytes, wrong,
           count_wrong(kept, planned));
    fflush(stdout);
    return TQ_OK;
}

static tq_status measure(const char *name, const tq_city *city, tq_err *err)
{
    static const uint32_t counts[] = {1, 100, 1000, 10000};
    int32_t day = busiest_day(&city->timetable);
    size_t bytes = tq_transit_work_bytes(city);
    void *memory = tq_alloc_aligned(bytes, 1);
    tq_arena work;
    tq_day *planned;
    if (memory == NULL) return tq_fail(err, TQ_NO_MEMORY, 0, "no memory for a search");
    tq_arena_init(&work, memory, bytes);
    int64_t start = env->mono_ns(env->user);
    TQ_TRY(tq_day_make(city, tq_overlay_none(), day, &planned, err));
    printf(
        "{\"name\":\"transit_live.%s.day\",\"ms\":%.1f,\"stops\":%u,\"patterns\":%u,\"events\":%u,"
        "\"bytes\":%zu}\n",
        name, ms_since(start), city->timetable.stop_count, city->timetable.pattern_count,
        tq_day_events(planned), tq_day_bytes(planned));
    tq_day_free(planned);
    for (size_t k = 0; k < TQ_COUNT(counts); k++)
        TQ_TRY(follow(name, city, day, counts[k], &work, err));
    tq_free(memory);
    return TQ_OK;
}

static void bench_feed(const feed *from, const char *data)
{
    static tq_settings settings;
    tq_err err = {0};
    char path[128];
    tq_city *city = NULL;
    (void)snprintf(path, sizeof path, "/tmp/tongqu_bench_live_%s.city", from->name);
    tq_settings_default(&settings);
    (void)snprintf(settings.id, sizeof settings.id, "%s", from->name);
    (void)snprintf(settings.name, sizeof settings.name, "%s", from->name);
    (void)snprintf(settings.timezone, sizeof settings.timezone, "%s", from->timezone);
    (void)snprintf(settings.folder, sizeof settings.folder, "%s", data);
    for (unsigned k = 0; k < 2 && from->gtfs[k] != NULL; k++)
        (void)snprintf(settings.gtfs[settings.gtfs_count++], sizeof settings.gtfs[0], "%s",
                       from->gtfs[k]);
    tq_report *report = tq_report_new();
    tq_status status = tq_import(&settings, path, report, NULL, NULL, &err);
    tq_report_free(report);
    if (status == TQ_OK) status = tq_city_open(path, &city, &err);
    (void)remove(path);
    if (status == TQ_OK) status = measure(from->name, city, &err);
    if (status != TQ_OK) fprintf(stderr, "%s: %s\n", from->name, err.text);
    tq_city_close(city);
}

int main(int count, char **name)
{
    const char *data = tq_env_var("TQ_SHARED_DATA");
    if (data == NULL) data = "../shared/data";
    env = tq_env_real();
    for (size_t k = 0; k < TQ_COUNT(feeds); k++) {
        bool wanted = count < 2;
        for (int at = 1; at < count; at++)
            wanted = wanted || strcmp(name[at], feeds[k].name) == 0;
        if (wanted) bench_feed(&feeds[k], data);
    }
    return 0;
}
