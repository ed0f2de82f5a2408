/*
 * Timetable questions: laying out a day, and Pareto (arrival, rides) door to door with walking on
 * all streets.
 *
 * Porto Alegre (2019-05-15) and the generated city are imported with their streets; 2,000 questions
 * between random street nodes, leaving at a random second of the day. The yardstick in the same run
 * is the same search without a contracted core: Dijkstra between rounds over every street node; its
 * answers must be equal. Hong Kong has no streets: stop to stop, with straight walks of at most 600
 * s as transfers. Prints JSON lines.
 *
 * With a longest walk of 3 km: the search, and as a yardstick a window of one second, in which
 * sources walk one by one.
 *
 * usage: bench_transit_query [poa|syn|hongkong|hongkong=FEED]... Data: TQ_SHARED_DATA, by default
 * ../shared/data. FEED is the expanded feed (build_gtfs.py --expand); without it headways are
 * expanded by the day.
 */
#include <stdio.h>

#include "import/import.h"
#include "transit/transit.h"

#define QUERIES   2000u
#define YARDSTICK 200u
#define WALK_MM_S 1250u
#define LIMIT_DM  30000u

static const tq_env *env;

static const char *hongkong_feed; /* NULL: with headways */

typedef struct place_data {
    const char *name, *osm, *gtfs[2], *timezone;
    int32_t year;
    unsigned month, day;
} place_data;

static const place_data towns[] = {
    {"poa",
     "pairs/porto_alegre/poa.osm.pbf",
     {"pairs/porto_alegre/poa_eptc.gtfs.zip", "pairs/porto_alegre/poa_trensurb.gtfs.zip"},
     "America/Sao_Paulo",
     2019,
     5,
     15},
    {"syn",
     "generated/syn_city.osm.pbf",
     {"generated/syn_city.gtfs.zip", NULL},
     "Asia/Shanghai",
     2026,
     7,
     8},
    {"hongkong", NULL, {"hongkong/hk_bus_2022-03.gtfs.zip", NULL}, "Asia/Hong_Kong", 2022, 3, 2},
};

static double ms_since(int64_t start_ns)
{
    return (double)(env->mono_ns(env->user) - start_ns) / 1e6;
}

static void print_times(const char *town, const char *what, uint32_t *ns, uint32_t count,
                        const char *more)
{
    if (count == 0 || !tq_sort_u32(ns, count)) return;
    double sum = 0;
    for (uint32_t k = 0; k < count; k++)
        sum += ns[k];
    printf("{\"name\":\"transit.%s.%s\",\"n\":%u,\"mean_us\":%.1f,\"p50_us\":%.1f,\"p99_us\":%.1f%"
           "s}\n",
           town, what, count, sum / count / 1e3, ns[count / 2] / 1e3,
           ns[(size_t)count * 99 / 100] / 1e3, more);
    fflush(stdout);
}

/* Every street node a vertex of the core. */
static bool plain_walk(const tq_city *city, tq_walk *out)
{
    const tq_streets *streets = &city->streets;
    uint32_t *vertex = TQ_ALLOC(uint32_t, streets->node_count);
    uint32_t *first = TQ_ALLOC(uint32_t, (size_t)streets->node_count + 1);
    uint32_t *head = TQ_ALLOC(uint32_t, 2 * (size_t)streets->edge_count);
    uint32_t *dm = TQ_ALLOC(uint32_t, 2 * (size_t)streets->edge_count);
    uint32_t *none = TQ_ALLOC(uint32_t, 1);
    if (vertex == NULL || first == NULL || head == NULL || dm == NULL || none == NULL) return false;
    uint32_t count = 0;
    for (uint32_t node = 0; node < streets->node_count; node++) {
        vertex[node] = node;
        for (uint32_t k = streets->first_out[node]; k < streets->first_out[node + 1]; k++) {
            uint32_t arc = streets->out_arc[k];
            const tq_street_attr *attr = tq_edge_attr(streets, arc >> 1);
            if (!((attr->access[0] | attr->access[1]) & TQ_ACCESS_FOOT)) continue;
            if (city->dates.row[streets->edge_date[arc >> 1]].life != TQ_OPEN) continue;
            head[count] = tq_arc_head(streets, arc);
            dm[count++] = streets->edge_length_dm[arc >> 1];
        }
        first[node + 1] = count;
    }
    *out = (tq_walk){.vertex_count = streets->node_count,
                     .core_count = streets->node_count,
                     .core_arc_count = count,
                     .vertex_of_node = vertex,
                     .first_core = first,
                     .core_head = head,
                     .core_dm = dm,
                     .first_up = none};
    return true;
}

/* Straight walks of at most 600 s between stops, by a sweep over latitude. */
static bool straight_transfers(const tq_city *city, tq_city *out)
{
    const tq_timetable *table = &city->timetable;
    TQ_VEC(tq_transfer) rows = {0};
    uint32_t *order = TQ_ALLOC(uint32_t, table->stop_count);
    uint64_t *key = TQ_ALLOC(uint64_t, table->stop_count);
    if (order == NULL || key == NULL) return false;
    for (uint32_t stop = 0; stop < table->stop_count; stop++) {
        order[stop] = stop;
        key[stop] = (uint32_t)table->stop[stop].at.lat_e7 ^ UINT32_C(0x80000000);
    }
    if (!tq_sort_by_u64(order, table->stop_count, key)) return false;
    for (uint32_t a = 0; a < table->stop_count; a++) {
        for (uint32_t b = a + 1; b < table->stop_count; b++) {
            const tq_stop *from = &table->stop[order[a]], *to = &table->stop[order[b]];
            if (to->at.lat_e7 - from->at.lat_e7 > 70000) break; /* 780 m */
            uint32_t dm = tq_distance_dm(from->at, to->at),
                     walk_s = (dm * 100 + WALK_MM_S - 1) / WALK_MM_S;
            if (walk_s > 600) continue;
            for (unsigned way = 0; way < 2; way++) {
                tq_transfer row = {.from_stop = order[way ? b : a],
                                   .to_stop = order[way ? a : b],
                                   .type = 2,
                                   .min_s = walk_s,
                                   .from_route = TQ_NONE,
                                   .to_route = TQ_NONE,
                                   .from_trip = TQ_NONE,
                                   .to_trip = TQ_NONE};
                if (!tq_vec_push(&rows, row)) return false;
            }
        }
    }
    *out = *city;
    out->timetable.transfer = rows.at;
    out->timetable.transfer_count = (uint32_t)rows.count;
    tq_free(order);
    tq_free(key);
    return true;
}

/* The part of the streets that most nodes belong to, and plain walks between its nodes. */
typedef struct ground {
    tq_walk walk; /* uncontracted */
    uint32_t *part, count, largest, node_count;
    uint32_t *dist;
    tq_heap heap;
} street_part;

static bool make_ground(const tq_city *city, street_part *out)
{
    uint32_t nodes = city->streets.node_count;
    if (!plain_walk(city, &out->walk)) return false;
    out->node_count = nodes;
    out->part = TQ_ALLOC(uint32_t, nodes);
    out->dist = TQ_ALLOC(uint32_t, nodes);
    out->heap = (tq_heap){TQ_ALLOC(uint32_t, nodes), TQ_ALLOC(uint32_t, nodes),
                          TQ_ALLOC(int64_t, nodes), 0};
    uint32_t *queue = out->heap.id, best = 0;
    memset(out->part, 0xff, nodes * sizeof *out->part);
    for (uint32_t start = 0; start < nodes; start++) {
        if (out->part[start] != TQ_NONE) continue;
        uint32_t head = 0, tail = 0;
        queue[tail++] = start;
        out->part[start] = start;
        while (head < tail) {
            uint32_t node = queue[head++];
            for (uint32_t k = out->walk.first_core[node]; k < out->walk.first_core[node + 1]; k++) {
                if (out->part[out->walk.core_head[k]] != TQ_NONE) continue;
                out->part[out->walk.core_head[k]] = start;
                queue[tail++] = out->walk.core_head[k];
            }
        }
        if (tail > best) {
            best = tail;
            out->largest = start;
        }
    }
    memset(out->heap.pos, 0xff, nodes * sizeof *out->heap.pos);
    return true;
}

static uint32_t walk_dm(street_part *ground, uint32_t from, uint32_t to)
{
    memset(ground->dist, 0xff, ground->node_count * sizeof *ground->dist);
    ground->dist[from] = 0;
    tq_heap_lower(&ground->heap, from, 0);
    uint32_t found = TQ_NONE;
    while (ground->heap.count > 0) {
        int64_t key;
        uint32_t node = tq_heap_pop(&ground->heap, &key);
        if (node == to) found = (uint32_t)key;
        for (uint32_t k = ground->walk.first_core[node];
             found == TQ_NONE && k < ground->walk.first_core[node + 1]; k++) {
            uint32_t head = ground->walk.core_head[k],
                     next = (uint32_t)key + ground->walk.core_dm[k];
            if (next >= ground->dist[head]) continue;
            ground->dist[head] = next;
            tq_heap_lower(&ground->heap, head, next);
        }
    }
    return found;
}

typedef struct asked {
    int32_t arrival_s[TQ_BOARDINGS_MAX + 1];
} asked;

typedef struct bench {
    const tq_city *city;
    const tq_day *day;
    tq_arena work;
    uint32_t ns[QUERIES];
    asked answer[QUERIES];
} bench;

static bench now;
static asked kept[QUERIES];

static street_part streets;

/* Questions are made once, with the walk between their ends as the caller of a search would know
 * it. */
typedef struct question {
    tq_access from, to;
    uint32_t direct_dm;
    int32_t time_s;
} question;

static question questions[QUERIES];

static tq_access random_end(const tq_city *city, tq_random *random)
{
    tq_access end = {.node = TQ_NONE, .stop = TQ_NONE};
    if (city->streets.node_count == 0)
        end.stop = tq_random_below(random, city->timetable.stop_count);
    else
        do
            end.node = tq_random_below(random, city->streets.node_count);
        while (streets.part[end.node] != streets.largest);
    return end;
}

static bool make_questions(const tq_city *city)
{
    tq_random random = {42};
    if (city->streets.node_count != 0 && !make_ground(city, &streets)) return false;
    for (uint32_t k = 0; k < QUERIES; k++) {
        question *row = &questions[k];
        row->from = random_end(city, &random);
        row->to = random_end(city, &random);
        row->time_s = (int32_t)tq_random_below(&random, 86400);
        row->direct_dm =
            row->from.node == TQ_NONE ? TQ_NONE : walk_dm(&streets, row->from.node, row->to.node);
    }
    return true;
}

enum kind { KIND_SEARCH, KIND_BACK, KIND_RANGE, KIND_PARETO, KIND_LIMITED, KIND_LIMITED_EACH };

/* Ask the same seeded questions; returns how many answers differ from those kept (or keeps them).
 */
static uint32_t ask(uint32_t count, enum kind kind, bool keep, uint32_t *journeys)
{
    uint32_t wrong = 0;
    *journeys = 0;
    for (uint32_t k = 0; k < count; k++) {
        tq_transit_query query;
        tq_transit_query_default(&query);
        query.from_count = query.to_count = 1;
        query.from = &questions[k].from;
        query.to = &questions[k].to;
        query.direct_walk_dm = questions[k].direct_dm;
        query.walk_mm_s = WALK_MM_S;
        query.max_boardings = 8;
        query.horizon_s = 20 * 3600;
        query.time_s = questions[k].time_s;
        query.arrive_by = kind == KIND_BACK;
        if (kind >= KIND_LIMITED) query.max_walk_dm = LIMIT_DM;
        uint32_t window_s = kind == KIND_RANGE ? 3600 : 0;
        tq_journeys found;
        tq_err err = {0};
        tq_arena_reset(&now.work, 0);
        int64_t start = tq_cpu_ns();
        tq_status status =
            kind == KIND_RANGE || kind == KIND_LIMITED_EACH
                ? tq_transit_range(now.city, now.day, &query, window_s, &now.work, &found, &err)
            : kind == KIND_PARETO
                ? tq_transit_pareto(now.city, now.day, &query, &now.work, &found, &err)
                : tq_transit_search(now.city, now.day, &query, &now.work, &found, &err);
        now.ns[k] = (uint32_t)TQ_MIN(tq_cpu_ns() - start, (int64_t)UINT32_MAX);
        if (status != TQ_OK) {
            fprintf(stderr, "%s\n", err.text);
            return UINT32_MAX;
        }
        *journeys += found.count;
        asked answer;
        memset(&answer, 0xff, sizeof answer);
        for (uint32_t j = 0; j < found.count; j++)
            answer.arrival_s[found.journey[j].boardings] = found.journey[j].arrival_s;
        if (keep)
            now.answer[k] = answer;
        else
            wrong += memcmp(&answer, &now.answer[k], sizeof answer) != 0;
    }
    return wrong;
}

static bool open_day(const tq_city *city, const place_data *town, const char *what)
{
    tq_err err = {0};
    tq_day *day;
    int64_t start = env->mono_ns(env->user);
    if (tq_day_make(city, tq_overlay_none(), tq_day_of(town->year, town->month, town->day), &day,
                    &err) != TQ_OK) {
        fprintf(stderr, "%s\n", err.text);
        return false;
    }
    printf("{\"name\":\"transit.%s.day%s\",\"ms\":%.1f,\"events\":%u,\"bytes\":%zu}\n", town->name,
           what, ms_since(start), tq_day_events(day), tq_day_bytes(day));
    now.city = city;
    now.day = day;
    return true;
}

static void measure(const tq_city *city, const place_data *town)
{
    size_t bytes = tq_transit_work_bytes(city);
    void *memory = tq_alloc_aligned(bytes, 1);
    char more[128];
    uint32_t journeys;
    if (memory == NULL || !open_day(city, town, "") || !make_questions(city)) return;
    tq_arena_init(&now.work, memory, bytes);
    ask(QUERIES / 10, KIND_SEARCH, true, &journeys); /* warm up */
    ask(QUERIES, KIND_SEARCH, true, &journeys);
    (void)snprintf(more, sizeof more, ",\"journeys\":%.2f,\"work_peak\":%zu",
                   (double)journeys / QUERIES, now.work.peak);
    print_times(town->name, "search", now.ns, QUERIES, more);
    ask(QUERIES, KIND_BACK, false, &journeys);
    print_times(town->name, "arrive_by", now.ns, QUERIES, "");
    ask(QUERIES / 10, KIND_RANGE, false, &journeys);
    (void)snprintf(more, sizeof more, ",\"journeys\":%.2f", (double)journeys / (QUERIES / 10));
    print_times(town->name, "range_1h", now.ns, QUERIES / 10, more);
    ask(QUERIES / 20, KIND_PARETO, false, &journeys);
    (void)snprintf(more, sizeof more, ",\"journeys\":%.2f", (double)journeys / (QUERIES / 20));
    print_times(town->name, "pareto", now.ns, QUERIES / 20, more);
    if (city->streets.node_count != 0) {
        ask(YARDSTICK, KIND_LIMITED_EACH, false, &journeys);
        print_times(town->name, "limited_window_0", now.ns, YARDSTICK, "");
        memcpy(kept, now.answer, sizeof kept);
        ask(QUERIES, KIND_LIMITED, true, &journeys);
        (void)snprintf(more, sizeof more, ",\"journeys\":%.2f", (double)journeys / QUERIES);
        print_times(town->name, "search_3km", now.ns, QUERIES, more);
    }
    tq_free(memory);
    if (city->streets.node_count == 0) return;
    tq_city plain = *city;
    plain.walk[TQ_WALK_ANY] = streets.walk;
    if (!open_day(&plain, town, "_plain")) return;
    bytes = tq_transit_work_bytes(&plain);
    memory = tq_alloc_aligned(bytes, 1);
    tq_arena_init(&now.work, memory, bytes);
    uint32_t wrong = ask(YARDSTICK / 4, KIND_LIMITED, false, &journeys);
    (void)snprintf(more, sizeof more, ",\"wrong\":%u", wrong);
    print_times(town->name, "search_3km_uncontracted", now.ns, YARDSTICK / 4, more);
    memcpy(now.answer, kept, sizeof kept);
    wrong = ask(YARDSTICK, KIND_SEARCH, false, &journeys);
    (void)snprintf(more, sizeof more, ",\"wrong\":%u", wrong);
    print_times(town->name, "search_uncontracted", now.ns, YARDSTICK, more);
    tq_free(memory);
}

static void bench_town(const place_data *town, const char *data)
{
    static tq_settings settings;
    tq_err err = {0};
    char path[128];
    tq_city *city = NULL;
    (void)snprintf(path, sizeof path, "/tmp/tongqu_bench_%s.city", town->name);
    tq_settings_default(&settings);
    (void)snprintf(settings.id, sizeof settings.id, "%s", town->name);
    (void)snprintf(settings.name, sizeof settings.name, "%s", town->name);
    (void)snprintf(settings.timezone, sizeof settings.timezone, "%s", town->timezone);
    (void)snprintf(settings.folder, sizeof settings.folder, "%s", data);
    if (town->osm != NULL)
        (void)snprintf(settings.osm[settings.osm_count++], sizeof settings.osm[0], "%s", town->osm);
    for (unsigned k = 0; k < 2 && town->gtfs[k] != NULL; k++)
        (void)snprintf(settings.gtfs[settings.gtfs_count++], sizeof settings.gtfs[0], "%s",
                       town->osm == NULL && hongkong_feed != NULL ? hongkong_feed : town->gtfs[k]);
    tq_report *report = tq_report_new();
    int64_t start = env->mono_ns(env->user);
    tq_status status = tq_import(&settings, path, report, NULL, NULL, &err);
    tq_report_free(report);
    if (status == TQ_OK) {
        printf("{\"name\":\"transit.%s.import\",\"ms\":%.0f}\n", town->name, ms_since(start));
        status = tq_city_open(path, &city, &err);
    }
    (void)remove(path);
    if (status != TQ_OK) {
        fprintf(stderr, "%s: %s\n", town->name, err.text);
        return;
    }
    const tq_walk *walk = &city->walk[TQ_WALK_ANY];
    printf("{\"name\":\"transit.%s.size\",\"stops\":%u,\"trips\":%u,\"stop_times\":%u,\"nodes\":%u,"
           "\"core\":%u,"
           "\"core_arcs\":%u}\n",
           town->name, city->timetable.stop_count, city->timetable.trip_count,
           city->timetable.stop_time_count, city->streets.node_count, walk->core_count,
           walk->core_arc_count);
    tq_city with_walks;
    if (city->streets.node_count != 0)
        measure(city, town);
    else if (straight_transfers(city, &with_walks))
        measure(&with_walks, town);
    tq_city_close(city);
}

int main(int count, char **name)
{
    const char *data = tq_env_var("TQ_SHARED_DATA");
    if (data == NULL) data = "../shared/data";
    env = tq_env_real();
    for (int at = 1; at < count; at++)
        if (strncmp(name[at], "hongkong=", 9) == 0) hongkong_feed = name[at] + 9;
    for (size_t k = 0; k < TQ_COUNT(towns); k++) {
        bool wanted = count < 2;
        for (int at = 1; at < count; at++)
            wanted = wanted || strcmp(name[at], towns[k].name) == 0 ||
                     (towns[k].osm == NULL && hongkong_feed != NULL);
        if (wanted) bench_town(&towns[k], data);
    }
    return 0;
}
