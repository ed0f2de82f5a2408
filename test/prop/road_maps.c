// also: import
/*
 * The street maps of test/golden/streets: each is imported as a city and asked; the way must pass
 * the letters that its author expects, and take exactly as long as plain Dijkstra over the links
 * says. docs/design/street-maps.md tells how to read and add one.
 *
 * Arguments: none = every map; else only maps whose name or file contains one of them.
 */
// clang-format off
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
// clang-format on

#include <unistd.h>

#include "import/import.h"
#include "road/road_in.h"

#include "street_map.h"

#define MAPS_FOLDER    "test/golden/streets"
#define MAPS_LEAST     150
#define GROUPS_MAX     40
#define SNAP_RADIUS_M  3
#define TIE_DM         3
#define PLAIN_ENDS_MAX 64
#define WORK_BYTES     ((size_t)32 << 20)

static char group_name[GROUPS_MAX][64];
static unsigned group_count, map_count, question_count;
static char **filter;
static int filter_count;
static tq_arena work;

/* ---- a map as a city ------------------------------------------------------------------------- */

static char folder[] = "/tmp/tongqu_maps_XXXXXX";

static void put_bytes(const char *name, const char *bytes, size_t len, const char *mode)
{
    char path[TQ_PATH_MAX];
    assert_true(tq_path_join(path, folder, name));
    FILE *file = fopen(path, mode);
    if (file == NULL) fail_msg("cannot write %s", path);
    assert_int_equal(fwrite(bytes, 1, len, file), len);
    assert_int_equal(fclose(file), 0);
}

/* «file NAME» begins a file, «> text» is a line of it. `drop` removes them instead. */
static void put_files(const street_map *map, bool drop)
{
    char name[128] = "", path[TQ_PATH_MAX];
    for (unsigned k = 0; k < map->files.count; k++) {
        const char *text = map->files.at[k].text;
        if (text[0] != '>') {
            (void)snprintf(name, sizeof name, "%.127s", text + 5);
            char *slash = strrchr(name, '/');
            if (slash != NULL && !drop) {
                *slash = '\0';
                assert_true(tq_path_join(path, folder, name));
                assert_int_equal(tq_folder_make(path, NULL), TQ_OK);
                *slash = '/';
            }
            assert_true(tq_path_join(path, folder, name));
            (void)remove(path);
        } else if (!drop) {
            const char *line = text + 1 + (text[1] == ' ');
            put_bytes(name, line, strlen(line), "ab");
            put_bytes(name, "\n", 1, "ab");
        }
    }
}

static tq_status import_map(const street_map *map, tq_city **city, tq_buf *report_text, tq_err *err)
{
    static const char yaml[] = "city:\n  id: maps\n  name: maps\n  timezone: Asia/Shanghai\n";
    tq_buf xml = {0};
    unsigned bad = 0;
    if (!map_xml(map, &xml, &bad))
        return tq_fail(err, TQ_BAD_INPUT, bad, "line %u: the restriction names no way of the map",
                       bad);
    put_bytes("map.osm", xml.at, xml.len, "wb");
    put_bytes("tongqu.yaml", yaml, sizeof yaml - 1, "wb");
    put_files(map, false);
    tq_buf_free(&xml);
    tq_settings *settings = TQ_ALLOC(tq_settings, 1);
    tq_report *report = tq_report_new();
    assert_true(settings != NULL && report != NULL);
    char path[TQ_PATH_MAX];
    assert_true(tq_path_join(path, folder, "maps.city"));
    tq_status status = tq_settings_read(folder, settings, err);
    if (status == TQ_OK) {
        settings->import_threads = 1;
        status = tq_import(settings, path, report, NULL, NULL, err);
    }
    if (status == TQ_OK) status = tq_city_open(path, city, err);
    tq_report_text(report, report_text);
    tq_report_free(report);
    tq_free(settings);
    put_files(map, true);
    return status;
}

/* ---- vehicles -------------------------------------------------------------------------------- */

/* «car+no_toll+height=450»: a profile with some fields changed. */
static bool change_vehicle(tq_vehicle *vehicle, const char *change)
{
    static const struct {
        const char *word;
        uint32_t flag;
    } flags[] = {{"no_toll", TQ_VEHICLE_NO_TOLL},   {"no_motorway", TQ_VEHICLE_NO_MOTORWAY},
                 {"no_ferry", TQ_VEHICLE_NO_FERRY}, {"no_unpaved", TQ_VEHICLE_NO_UNPAVED},
                 {"no_steps", TQ_VEHICLE_NO_STEPS}, {"through", TQ_VEHICLE_THROUGH},
                 {"hazmat", TQ_VEHICLE_HAZMAT},     {"pushes", TQ_VEHICLE_PUSHES}};
    for (size_t k = 0; k < TQ_COUNT(flags); k++)
        if (strcmp(change, flags[k].word) == 0) return vehicle->flags |= flags[k].flag, true;
    int value = 0;
    if (sscanf(change, "plate=%d", &value) == 1) return vehicle->plate = (int8_t)value, true;
    const struct {
        const char *form;
        uint16_t *field;
    } sizes[] = {{"height_cm=%d", &vehicle->height_cm},
                 {"width_cm=%d", &vehicle->width_cm},
                 {"length_cm=%d", &vehicle->length_cm},
                 {"weight_10kg=%d", &vehicle->weight_10kg},
                 {"axle_10kg=%d", &vehicle->axle_10kg}};
    for (size_t k = 0; k < TQ_COUNT(sizes); k++) {
        const char *equal = strchr(sizes[k].form, '=');
        size_t len = (size_t)(equal - sizes[k].form) + 1;
        if (strncmp(change, sizes[k].form, len) == 0)
            return *sizes[k].field = (uint16_t)atoi(change + len), true;
    }
    return false;
}

static bool vehicle_of(const tq_city *city, const char *text, tq_vehicle *vehicle)
{
    char name[128];
    (void)snprintf(name, sizeof name, "%.127s", text);
    char *change = strchr(name, '+');
    if (change != NULL) *change++ = '\0';
    const tq_vehicle *row = tq_road_vehicle_named(city, name);
    if (row == NULL) return false;
    *vehicle = *row;
    while (change != NULL) {
        char *next = strchr(change, '+');
        if (next != NULL) *next++ = '\0';
        if (!change_vehicle(vehicle, change)) return false;
        change = next;
    }
    return true;
}

/* ---- plain Dijkstra over the links ----------------------------------------------------------- */

typedef struct asking {
    const tq_city *city;
    const tq_vehicle *vehicle;
    const tq_metric *metric;
    const tq_metric *kept; /* of the cache, which has answered for other instants before */
    const tq_hierarchy *hierarchy;
    tq_moment moment;
} asking;

static int64_t plain_arc_ds(const asking *asks, uint32_t arc)
{
    const tq_city *city = asks->city;
    if (!tq_open_at(&city->dates, city->streets.edge_date[arc >> 1], asks->moment.at_ms))
        return TQ_ROAD_INF;
    return tq_road_arc_ds(city, asks->vehicle, &asks->moment, arc);
}

/* Place of a snap on an arc, and the share of the arc's time before it. */
static uint32_t place_on(const asking *asks, const tq_snap *snap, uint32_t arc)
{
    uint32_t length = asks->city->streets.edge_length_dm[snap->edge];
    return (arc & 1) != 0 ? length - snap->along_dm : snap->along_dm;
}

static int64_t passed_ds(const asking *asks, const tq_snap *snap, uint32_t arc)
{
    int64_t whole = plain_arc_ds(asks, arc), at = place_on(asks, snap, arc);
    int64_t length = asks->city->streets.edge_length_dm[snap->edge];
    if (at >= length) return whole;
    if (at == 0 || whole == 0) return 0;
    return TQ_MAX((whole * at + length / 2) / length, 1);
}

/* The streets for the last metres that an edge belongs to, TQ_NONE. */
static uint32_t area_of(const asking *asks, uint32_t arc)
{
    return asks->metric->area == NULL ? TQ_NONE : asks->metric->area[arc >> 1];
}

/* Times from a vertex to the tail of every other, and back to itself by at least one link. */
static void plain_times(const asking *asks, uint32_t from, int64_t *time)
{
    const tq_hierarchy *hierarchy = asks->hierarchy;
    uint32_t count = hierarchy->vertex_count;
    bool *done = TQ_PUSH(&work, bool, count);
    assert_non_null(done);
    for (uint32_t vertex = 0; vertex < count; vertex++)
        time[vertex] = TQ_ROAD_INF;
    int64_t base = 0;
    for (uint32_t vertex = from; vertex != TQ_NONE;) {
        int64_t arc_ds = plain_arc_ds(asks, hierarchy->arc_of_vertex[vertex]);
        for (uint32_t link = hierarchy->first_link[vertex];
             link < hierarchy->first_link[vertex + 1]; link++) {
            int64_t turn =
                tq_road_turn_ds(asks->city, asks->vehicle, &asks->moment, &hierarchy->link[link]);
            uint32_t head = hierarchy->link_head[link];
            if (area_of(asks, hierarchy->arc_of_vertex[vertex]) == TQ_NONE &&
                area_of(asks, hierarchy->arc_of_vertex[head]) != TQ_NONE)
                turn += asks->vehicle->destination_entry_ds;
            if (arc_ds < TQ_ROAD_INF && turn < TQ_ROAD_INF)
                time[head] = TQ_MIN(time[head], base + arc_ds + turn);
        }
        vertex = TQ_NONE;
        for (uint32_t next = 0; next < count; next++)
            if (!done[next] && time[next] < TQ_ROAD_INF &&
                (vertex == TQ_NONE || time[next] < time[vertex]))
                vertex = next;
        if (vertex == TQ_NONE) break;
        done[vertex] = true;
        base = time[vertex];
    }
}

/* Where a journey may begin (or end): arcs, and the places on them. At a node any of its streets.
 */
typedef struct plain_end {
    uint32_t arc, at_dm;
    int64_t passed_ds;
} plain_end;

static uint32_t node_of(const asking *asks, const tq_snap *snap)
{
    const tq_streets *streets = &asks->city->streets;
    if (snap->along_dm == 0) return streets->edge_from[snap->edge];
    return snap->along_dm == streets->edge_length_dm[snap->edge] ? streets->edge_to[snap->edge]
                                                                 : TQ_NONE;
}

static uint32_t plain_ends(const asking *asks, const tq_snap *snap, bool leaving,
                           plain_end end[PLAIN_ENDS_MAX])
{
    const tq_streets *streets = &asks->city->streets;
    uint32_t count = 0, node = node_of(asks, snap);
    for (uint32_t arc = 0; arc < 2 * streets->edge_count; arc++) {
        bool here = node == TQ_NONE ? arc >> 1 == snap->edge
                    : leaving       ? tq_arc_tail(streets, arc) == node
                                    : tq_arc_head(streets, arc) == node;
        if (!here || asks->hierarchy->vertex_of_arc[arc] == TQ_NONE ||
            plain_arc_ds(asks, arc) >= TQ_ROAD_INF)
            continue;
        assert_true(count < PLAIN_ENDS_MAX);
        end[count] = (plain_end){.arc = arc};
        if (node == TQ_NONE) {
            end[count].at_dm = place_on(asks, snap, arc);
            end[count].passed_ds = passed_ds(asks, snap, arc);
        } else if (!leaving) {
            end[count].at_dm = streets->edge_length_dm[arc >> 1];
            end[count].passed_ds = plain_arc_ds(asks, arc);
        }
        count++;
    }
    return count;
}

/* Who ends in streets for the last metres has not paid for entering them. */
static int64_t entry_off(const asking *asks, uint32_t begin_area, uint32_t arc)
{
    uint32_t area = area_of(asks, arc);
    return area == TQ_NONE || area == begin_area ? 0 : asks->vehicle->destination_entry_ds;
}

static int64_t plain_time(const asking *asks, const tq_snap *from, const tq_snap *to)
{
    const tq_hierarchy *hierarchy = asks->hierarchy;
    plain_end out[PLAIN_ENDS_MAX], in[PLAIN_ENDS_MAX];
    uint32_t out_count = plain_ends(asks, from, true, out);
    uint32_t in_count = plain_ends(asks, to, false, in);
    int64_t best = TQ_ROAD_INF, *time = TQ_PUSH(&work, int64_t, hierarchy->vertex_count);
    assert_non_null(time);
    uint32_t node = node_of(asks, from);
    if (node != TQ_NONE && node == node_of(asks, to) && out_count + in_count > 0) return 0;
    for (uint32_t k = 0; k < out_count; k++) {
        uint32_t area = area_of(asks, out[k].arc);
        plain_times(asks, hierarchy->vertex_of_arc[out[k].arc], time);
        for (uint32_t n = 0; n < in_count; n++) {
            if (in[n].arc == out[k].arc && in[n].at_dm >= out[k].at_dm)
                best = TQ_MIN(best, in[n].passed_ds - out[k].passed_ds);
            for (uint32_t vertex = 0; vertex < hierarchy->vertex_count; vertex++)
                if (hierarchy->arc_of_vertex[vertex] == in[n].arc && time[vertex] < TQ_ROAD_INF)
                    best = TQ_MIN(best, time[vertex] - out[k].passed_ds + in[n].passed_ds -
                                            entry_off(asks, area, in[n].arc));
        }
    }
    return best;
}

/* ---- a way as letters ------------------------------------------------------------------------ */

static void add_letter(const street_map *map, tq_point at, char *letters, size_t cap)
{
    size_t len = strlen(letters);
    for (unsigned letter = 0; letter < 128; letter++) {
        if (!map->drawn[letter] || map->moved[letter] || map->at[letter].lat_e7 != at.lat_e7 ||
            map->at[letter].lon_e7 != at.lon_e7)
            continue;
        if ((len == 0 || letters[len - 1] != (char)letter) && len + 1 < cap) {
            letters[len] = (char)letter;
            letters[len + 1] = '\0';
        }
        return;
    }
}

/* Letters on an arc between two places of it, in its direction. */
static void add_arc_letters(const street_map *map, const tq_streets *streets, uint32_t arc,
                            uint32_t from_dm, uint32_t to_dm, char *letters, size_t cap)
{
    uint32_t edge = arc >> 1, first = streets->edge_first_point[edge];
    uint32_t inner = streets->edge_first_point[edge + 1] - first, along = 0;
    tq_point before = streets->node_at[tq_arc_tail(streets, arc)];
    for (uint32_t k = 0; k <= inner + 1; k++) {
        tq_point at = before;
        if (k > inner)
            at = streets->node_at[tq_arc_head(streets, arc)];
        else if (k > 0)
            at = streets->point[(arc & 1) != 0 ? first + inner - k : first + k - 1];
        along += tq_distance_dm(before, at);
        before = at;
        if (along + TIE_DM >= from_dm && along <= to_dm + TIE_DM) add_letter(map, at, letters, cap);
    }
}

static void letters_of(const street_map *map, const tq_streets *streets, const tq_way *way,
                       char *letters, size_t cap)
{
    letters[0] = '\0';
    for (uint32_t k = 0; k < way->arc_count; k++) {
        uint32_t from = k == 0 ? way->first_from_dm : 0;
        uint32_t to =
            k + 1 == way->arc_count ? way->last_to_dm : streets->edge_length_dm[way->arc[k] >> 1];
        add_arc_letters(map, streets, way->arc[k], from, to, letters, cap);
    }
}

/* ---- questions ------------------------------------------------------------------------------- */

typedef struct answer {
    bool found;
    int64_t time_ds;
    char letters[256];
    char wrong[200]; /* a broken promise of the engine, "" = none */
} answer;

/* Every street that passes the place; none when it is not on a street of this vehicle. */
static uint32_t snaps_at(const asking *asks, const map_place *place, tq_snap snap[TQ_SNAPS_MAX])
{
    tq_snap_wish wish = {.limit = TQ_SNAPS_MAX, .radius_m = SNAP_RADIUS_M, .bearing = -1};
    uint32_t count = 0, kept = 0;
    if (tq_road_snap(asks->city, asks->metric, place->at, &wish, snap, &count, NULL) != TQ_OK)
        return 0;
    for (uint32_t k = 0; k < count; k++) {
        const tq_street_attr *attr = tq_edge_attr(&asks->city->streets, snap[k].edge);
        if (attr->street_class == TQ_BARRIER) continue; /* nobody lives in a gate */
        if (snap[k].distance_dm <= snap[0].distance_dm + TIE_DM) snap[kept++] = snap[k];
    }
    return kept;
}

static void ask_pair(const asking *asks, const street_map *map, const tq_snap *from,
                     const tq_snap *to, answer *out)
{
    tq_way way = {0};
    tq_err err = {0};
    size_t mark = work.used;
    tq_status status = tq_road_way(asks->city, asks->metric, from, to, &work, &way, &err);
    int64_t plain = plain_time(asks, from, to);
    int64_t got = status == TQ_OK ? way.time_ds : TQ_ROAD_INF, kept = TQ_ROAD_INF;
    if (tq_road_time(asks->city, asks->kept, from, to, &work, &kept, &err) != TQ_OK)
        kept = TQ_ROAD_INF;
    if (status != TQ_OK && status != TQ_NO_ROUTE)
        (void)snprintf(out->wrong, sizeof out->wrong, "%s: %.120s", tq_status_name(status),
                       err.text);
    else if (plain != got)
        (void)snprintf(out->wrong, sizeof out->wrong,
                       "engine says %lld ds, plain Dijkstra over the links %lld", (long long)got,
                       (long long)plain);
    else if (kept != got)
        (void)snprintf(out->wrong, sizeof out->wrong,
                       "engine says %lld ds, with the cached metric %lld", (long long)got,
                       (long long)kept);
    if (status == TQ_OK && (!out->found || got < out->time_ds)) {
        out->found = true;
        out->time_ds = got;
        letters_of(map, &asks->city->streets, &way, out->letters, sizeof out->letters);
    }
    tq_arena_reset(&work, mark);
}

static bool right(const map_question *question, const answer *got)
{
    if (got->wrong[0] != '\0' || got->found == question->none) return false;
    if (question->none) return true;
    if (strcmp(got->letters, question->want) != 0) return false;
    return question->most_s == 0 ||
           (got->time_ds >= 10 * question->least_s && got->time_ds <= 10 * question->most_s);
}

static void print_wrong(const street_map *map, const char *file, const map_line *line,
                        const answer *got)
{
    print_error("\n%s line %u, map %s\n", file, line->number, map->name);
    for (unsigned k = 0; k < map->picture.count; k++)
        print_error("%s\n", map->picture.at[k].text);
    print_error("  asked and expected: %s\n  got:", line->text);
    if (!got->found) print_error(" none");
    for (const char *letter = got->letters; got->found && *letter != '\0'; letter++)
        print_error(" %c", *letter);
    if (got->found) print_error("  (%lld ds)", (long long)got->time_ds);
    print_error("\n%s%s%s", got->wrong[0] != '\0' ? "  " : "", got->wrong,
                got->wrong[0] != '\0' ? "\n" : "");
}

static bool ask(const street_map *map, const tq_city *city, tq_roads *roads, const char *file,
                const map_line *line)
{
    map_question question;
    answer got = {0};
    tq_vehicle vehicle;
    tq_err err = {0};
    char why[160];
    int64_t at_ms = 0;
    tq_metric *metric = NULL;
    const tq_metric *kept = NULL;
    if (!map_read_question(map, line->text, &question, why)) return false;
    if (!vehicle_of(city, question.vehicle, &vehicle))
        (void)snprintf(got.wrong, sizeof got.wrong, "no vehicle %.80s", question.vehicle);
    else if (tq_time_parse(&city->zone, tq_str_of(question.instant), &at_ms, &err) != TQ_OK ||
             tq_metric_make(city, &vehicle, at_ms, NULL, TQ_METRIC_ALL, 1, &metric, &err) !=
                 TQ_OK ||
             tq_roads_get(roads, NULL, &vehicle, at_ms, &kept, &err) != TQ_OK)
        (void)snprintf(got.wrong, sizeof got.wrong, "%.150s", err.text);
    if (kept != NULL) {
        tq_snap from[TQ_SNAPS_MAX], to[TQ_SNAPS_MAX];
        asking asks = {.city = city,
                       .vehicle = &vehicle,
                       .metric = metric,
                       .kept = kept,
                       .hierarchy = &city->hierarchy[vehicle.kind],
                       .moment = tq_moment_at(city, at_ms)};
        tq_arena_reset(&work, 0);
        uint32_t from_count = snaps_at(&asks, &question.from, from);
        uint32_t to_count = snaps_at(&asks, &question.to, to);
        for (uint32_t k = 0; k < from_count; k++)
            for (uint32_t other = 0; other < to_count; other++)
                ask_pair(&asks, map, &from[k], &to[other], &got);
    }
    if (kept != NULL) tq_roads_put(roads, kept);
    tq_metric_free(metric);
    question_count++;
    if (right(&question, &got)) return true;
    print_wrong(map, file, line, &got);
    return false;
}

/* Questions of a map that were answered wrongly. */
static unsigned ask_map(const street_map *map, const char *file)
{
    tq_city *city = NULL;
    tq_err err = {0};
    tq_buf report = {0};
    tq_roads *roads = NULL;
    unsigned wrong = 0;
    if (import_map(map, &city, &report, &err) != TQ_OK ||
        tq_roads_open(city, &roads, &err) != TQ_OK) {
        print_error("\n%s, map %s: %s\n", file, map->name, err.text);
        wrong = map->questions.count;
    } else {
        for (unsigned k = 0; k < map->questions.count; k++)
            wrong += !ask(map, city, roads, file, &map->questions.at[k]);
    }
    if (wrong > 0 && filter_count > 0) print_error("  import: %.*s\n", (int)report.len, report.at);
    tq_buf_free(&report);
    tq_roads_close(roads);
    tq_city_close(city);
    return wrong;
}

static bool chosen(const char *map, const char *file)
{
    for (int k = 0; k < filter_count; k++)
        if (strstr(map, filter[k]) != NULL || strstr(file, filter[k]) != NULL) return true;
    return filter_count == 0;
}

/* ---- a file of maps -------------------------------------------------------------------------- */

static void group_of_maps(void **state)
{
    const char *name = *state;
    char path[256], *text = NULL, why[160];
    size_t len = 0;
    (void)snprintf(path, sizeof path, MAPS_FOLDER "/%s", name);
    tq_err err = {0};
    if (tq_file_read(path, 1 << 20, &text, &len, &err) != TQ_OK) fail_msg("%s", err.text);
    tq_buf whole = {0};
    tq_buf_put(&whole, text, len);
    tq_buf_putc(&whole, '\0');
    tq_free(text);
    const char *at = whole.at;
    unsigned number = 0, bad = 0, wrong = 0, maps = 0;
    static street_map map;
    bool full = false;
    while (map_next(&at, &number, &map, &full)) {
        maps++;
        if (full) fail_msg("%s, map %s: too many lines", path, map.name);
        if (!map_check(&map, &bad, why)) {
            print_error("%s line %u, map %s: %s\n", path, bad, map.name, why);
            wrong++;
        } else if (chosen(map.name, name)) {
            wrong += ask_map(&map, path);
        }
        map_free(&map);
    }
    map_free(&map);
    tq_buf_free(&whole);
    map_count += maps;
    if (wrong > 0) fail_msg("%s: %u questions of %u maps answered wrongly", path, wrong, maps);
}

static void there_are_enough(void **state)
{
    (void)state;
    print_message("%u maps, %u questions\n", map_count, question_count);
    assert_true(map_count >= MAPS_LEAST);
}

/* A map with a fault in it must be refused, else the table would prove nothing. */
static void bad_maps_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "map twice\n  a--a\nway aa\nfoot a>a = direct\n",
        "map unknown letter\n  a--b\nway abc\nfoot a>b = a b\n",
        "map unused letter\n  a--b--c\nway ab\nfoot a>b = a b\n",
        "map no such step\n  a--b--c\nway ab\nway bc\nfoot a>c = a c\n",
        "map ends elsewhere\n  a--b--c\nway ab\nway bc\nfoot a>c = a b\n",
        "map no question\n  a--b\nway ab\n",
        "map no answer\n  a--b\nway ab\nfoot a>b =\n",
        "map same way twice\n  a--b\nway ab\nway ab\nfoot a>b = a b\n",
        "map no such place\n  a--b--c\nway ab\nway bc\nfoot a.5c>b = b\n",
    };
    for (size_t k = 0; k < TQ_COUNT(bad); k++) {
        const char *at = bad[k];
        unsigned number = 0, line = 0;
        char why[160];
        street_map map;
        bool full = false;
        assert_true(map_next(&at, &number, &map, &full));
        if (map_check(&map, &line, why)) fail_msg("%s: not refused", map.name);
        map_free(&map);
    }
}

static void see_group(void *user, const char *name)
{
    (void)user;
    size_t len = strlen(name);
    if (len > 5 && strcmp(name + len - 5, ".maps") == 0 && group_count < GROUPS_MAX && len < 64)
        memcpy(group_name[group_count++], name, len + 1);
}

static int by_bytes(const void *a, const void *b)
{
    return strcmp(a, b);
}

static int drop_folder(void **state)
{
    (void)state;
    static const char *const name[] = {"map.osm", "tongqu.yaml", "maps.city", "profiles", "feed"};
    char path[TQ_PATH_MAX];
    for (size_t k = 0; k < TQ_COUNT(name); k++)
        if (tq_path_join(path, folder, name[k])) (void)remove(path);
    tq_free(work.base);
    return rmdir(folder);
}

int main(int argc, char **argv)
{
    static struct CMUnitTest tests[GROUPS_MAX + 2];
    size_t count = 0;
    filter = argv + 1;
    filter_count = argc - 1;
    void *memory = tq_alloc(WORK_BYTES, 1);
    if (memory == NULL || mkdtemp(folder) == NULL) return 1;
    tq_arena_init(&work, memory, WORK_BYTES);
    if (tq_folder_list(MAPS_FOLDER, see_group, NULL, NULL) != TQ_OK) return 1;
    qsort(group_name, group_count, sizeof group_name[0], by_bytes);
    tests[count++] = (struct CMUnitTest)cmocka_unit_test(bad_maps_are_refused);
    for (unsigned k = 0; k < group_count; k++)
        tests[count++] =
            (struct CMUnitTest){group_name[k], group_of_maps, NULL, NULL, group_name[k]};
    tests[count++] = (struct CMUnitTest)cmocka_unit_test(there_are_enough);
    return _cmocka_run_group_tests("street maps", tests, count, NULL, drop_folder);
}
