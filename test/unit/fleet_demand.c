/* Generated demand: what is learned from real trips, exact counts, shares within what chance allows
 * (fixed seeds, five standard deviations), order, repeatability, refusals. */
/* cmocka.h needs the ones before it. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "fleet/fleet.h"

#define PLACES  61u
#define ROWS    61800u
#define DAY_MS  INT64_C(1769184000000) /* 2026-01-24 00:00 GMT+8 */
#define HOUR_MS 3600000

/* ---- learning ------------------------------------------------------------------------------- */

static char *read_orders(size_t *len)
{
    const char *folder = getenv("TQ_SHARED_DATA"), *ci = getenv("CI");
    char path[1024];
    (void)snprintf(path, sizeof path, "%s/taxi/shenzhen_taxi_orders_sample.csv",
                   folder == NULL ? "../shared/data" : folder);
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        if (ci != NULL && strcmp(ci, "true") == 0) fail_msg("%s is missing", path);
        skip();
    }
    char *text = malloc((size_t)4 << 20);
    assert_non_null(text);
    *len = fread(text, 1, (size_t)4 << 20, file);
    fclose(file);
    return text;
}

static void taxis_of_a_day(void **state)
{
    (void)state;
    size_t len = 0;
    char *text = read_orders(&len);
    tq_fleet_learned learned;
    memset(&learned, 0, sizeof learned);
    tq_err err = {0};
    if (tq_fleet_learn((tq_str){text, len}, &learned, &err) != TQ_OK) fail_msg("%s", err.text);
    free(text);
    assert_memory_equal(&learned, tq_fleet_learned_default(), sizeof learned);
}

static bool rounds_to(double value, double unit, double want)
{
    return fabs(value - want) <= unit / 2 + 1e-9;
}

/* The figures quoted in docs/design/dispatch.md. */
static void quoted_figures(void **state)
{
    (void)state;
    static const double percent[24] = {4.49, 2.51, 1.83, 1.35, 1.03, 0.94, 1.86, 3.30,
                                       5.24, 4.84, 5.59, 4.90, 4.69, 4.86, 5.84, 5.80,
                                       4.86, 5.02, 4.20, 5.44, 5.89, 5.77, 5.98, 3.76};
    const tq_fleet_learned *l = tq_fleet_learned_default();
    assert_int_equal(l->trips, 10286);
    assert_int_equal(l->trips + l->left_out, 10619);
    assert_int_equal(l->vehicles, 372);
    uint32_t sum = 0;
    for (uint32_t hour = 0; hour < 24; hour++) {
        sum += l->hour_trips[hour];
        if (!rounds_to(100.0 * l->hour_trips[hour] / l->trips, 0.01, percent[hour]))
            fail_msg("hour %u", hour);
    }
    assert_int_equal(sum, l->trips);
    assert_true(rounds_to(l->distance_m[2] / 1000.0, 0.1, 2.1));
    assert_true(rounds_to(l->distance_m[10] / 1000.0, 0.1, 6.3));
    assert_true(rounds_to(l->distance_m[18] / 1000.0, 0.1, 19.0));
    assert_true(rounds_to(l->mean_distance_m / 1000.0, 0.1, 9.5));
    assert_true(rounds_to(l->duration_s[10] / 60.0, 0.1, 20.6));
    assert_true(rounds_to(l->duration_s[18] / 60.0, 0.1, 55.9));
    assert_true(rounds_to(100.0 * l->below_2_km / l->trips, 0.1, 8.8));
    assert_true(rounds_to(100.0 * l->below_3_km / l->trips, 0.1, 19.4));
    assert_true(rounds_to(l->trips / (double)l->vehicles, 0.1, 27.7));
    assert_true(rounds_to(l->trips * (l->mean_duration_s / 3600.0) / l->vehicles, 0.1, 13.0));
}

#define HEAD "VehicleNum,Stime,Etime,distance\n"

static void small_tables(void **state)
{
    (void)state;
    tq_fleet_learned l;
    /* Other columns, another order, CRLF, a byte order mark, an empty line, over midnight and over
     * 29 February, of which 2100 has none; 59 s and 3 h 1 s are left out, 60 s and 3 h are not. */
    static const char text[] = "\xEF\xBB\xBF"
                               "x,distance,Etime,Stime,VehicleNum\r\n"
                               "1,1000.4,2020-03-01 00:09:00,2020-02-28 23:59:00,a\r\n"
                               "1,1999.5,2020-03-01 00:09:00,2020-02-29 23:59:00,a\r\n\r\n"
                               "1,2999,2100-03-01 00:00:30,2100-02-28 23:59:30,b\r\n"
                               "1,9,2020-01-01 10:00:59,2020-01-01 10:00:00,c\r\n"
                               "1,9,2020-01-01 13:00:01,2020-01-01 10:00:00,c\r\n"
                               "1,4001,2020-01-01 13:00:00,2020-01-01 10:00:00,a";
    assert_int_equal(tq_fleet_learn(tq_str_of(text), &l, NULL), TQ_OK);
    assert_int_equal(l.trips, 3);
    assert_int_equal(l.left_out, 3);
    assert_int_equal(l.vehicles, 2);
    assert_int_equal(l.hour_trips[23], 2);
    assert_int_equal(l.hour_trips[10], 1);
    assert_int_equal(l.distance_m[0], 2000);
    assert_int_equal(l.distance_m[9], 2000);
    assert_int_equal(l.distance_m[10], 2999);
    assert_int_equal(l.distance_m[20], 4001);
    assert_int_equal(l.duration_s[0], 60);
    assert_int_equal(l.duration_s[10], 600);
    assert_int_equal(l.duration_s[20], 10800);
    assert_int_equal(l.mean_distance_m, 3000);
    assert_int_equal(l.below_3_km, 2);
    static const struct {
        const char *text, *says;
    } row[] = {
        {"", "no head line"},
        {"VehicleNum,Stime,Etime\n", "«distance» is missing"},
        {HEAD, "no trip"},
        {HEAD "a,2020-01-01 10:00:00,2020-01-01 10:10:00\n", "line 2: distance «»"},
        {HEAD "a,2020-01-01 10:00:00,2020-01-01 10:10:00,x\n", "line 2: distance «x»"},
        {HEAD "a,2020-01-01 10:00:00,2020-01-01 10:10:00,-1\n", "line 2: distance «-1»"},
        {HEAD "a,2020-01-01 24:00:00,2020-01-01 10:10:00,1\n", "line 2: Stime «2020-01-01 24"},
        {HEAD "a,2020-01-01 10:00:00,2020-13-01 10:10:00,1\n", "line 2: Etime"},
        {HEAD "\na,2020-01-01 10:00:00,\"2020-01-01 10:10:00\",1\n", "line 3: Etime «\"2020"},
    };
    for (size_t k = 0; k < TQ_COUNT(row); k++) {
        tq_err err = {0};
        l.trips = 77;
        assert_int_equal(tq_fleet_learn(tq_str_of(row[k].text), &l, &err), TQ_BAD_INPUT);
        if (strstr(err.text, row[k].says) == NULL) fail_msg("row %zu: %s", k, err.text);
        assert_int_equal(l.trips, 77);
    }
}

/* ---- a day ---------------------------------------------------------------------------------- */

static tq_fleet_demand_place place[PLACES];
static tq_fleet_demand_order order[ROWS], second[ROWS];

/* A town on a grid of 2 km, with hospitals, stations and markets in it. */
static void make_places(void)
{
    for (uint32_t k = 0; k < PLACES; k++)
        place[k] = (tq_fleet_demand_place){378000000 + (int32_t)(k / 8) * 180000,
                                           1125000000 + (int32_t)(k % 8) * 227000, 10 + k % 7 * 5,
                                           k % 3 * 200,
                                           k % 10 == 3   ? TQ_FLEET_HOSPITAL
                                           : k % 15 == 4 ? TQ_FLEET_STATION
                                           : k % 15 == 6 ? TQ_FLEET_MARKET
                                                         : TQ_FLEET_HOMES};
    place[60].weight = 0; /* nobody goes there */
}

static tq_fleet_demand make_day(uint64_t seed, tq_fleet_demand_order *out)
{
    tq_fleet_demand d;
    tq_fleet_demand_default(&d);
    d.seed = seed;
    d.day_ms = DAY_MS;
    make_places();
    tq_err err = {0};
    if (tq_fleet_demand_make(&d, place, PLACES, out, &err) != TQ_OK) fail_msg("%s", err.text);
    return d;
}

/* `hits` of `n` is what a chance of `permille` gives, within five standard deviations. */
static void likely(const char *what, uint32_t hits, uint32_t n, double permille)
{
    double want = n * permille / 1000, sd = sqrt(want * (1 - permille / 1000));
    if (fabs(hits - want) > 5 * sd + 1) fail_msg("%s: %u of %u, want %.0f", what, hits, n, want);
}

static double metres(const tq_fleet_demand_order *o)
{
    double north = (o->to_lat_e7 - (double)o->from_lat_e7) * 0.01111949;
    double east = (o->to_lon_e7 - (double)o->from_lon_e7) * 0.01111949 *
                  cos((o->to_lat_e7 + (double)o->from_lat_e7) / 2 * 1e-7 * 0.0174532925);
    return hypot(north, east);
}

static void check_order(const tq_fleet_demand *d, const tq_fleet_demand_order *o)
{
    assert_true(o->from_place < PLACES && o->to_place < PLACES && o->from_place != o->to_place);
    const tq_fleet_demand_place *from = &place[o->from_place], *to = &place[o->to_place];
    assert_true(from->weight > 0 && to->weight > 0);
    assert_int_equal((from->kind == TQ_FLEET_HOSPITAL) + (to->kind == TQ_FLEET_HOSPITAL),
                     o->hospital ? 1 : 0);
    assert_true(abs(o->from_lat_e7 - from->lat_e7) <= (int32_t)from->spread_m * 90 + 1);
    assert_true(fabs(o->straight_m - metres(o)) < 2);
    assert_true(o->patience_s >= 1 && o->patience_s <= 86400);
    assert_true(o->cancels_if_wait_above_s == TQ_FLEET_STAYS ||
                o->cancels_if_wait_above_s == d->cancel_above_s);
    assert_int_equal(o->board_s, o->wheelchair ? 240 : o->elder ? 75 : 35);
    assert_int_equal(o->refused_permille, o->straight_m * 1.3 < 2000 ? 100 : 40);
    if (!o->booked) return;
    assert_true(o->booked_for_ms % 300000 == 0);
    assert_true(o->booked_for_ms >= o->call_ms + 1800000 &&
                o->booked_for_ms < o->call_ms + 4 * HOUR_MS + 300000);
}

static void counts_and_shares(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 5; seed++) {
        tq_fleet_demand d = make_day(seed, order);
        uint32_t channel[3] = {0}, hour[2][24] = {{0}}, elders = 0, chairs = 0, hospital = 0;
        uint32_t booked = 0, no_show[2] = {0}, cancel = 0, orders = 0, back = 0;
        double patience[2] = {0}, people[2] = {0};
        for (uint32_t k = 0; k < ROWS; k++) {
            const tq_fleet_demand_order *o = &order[k];
            bool phone = o->channel != TQ_FLEET_APP_ORDER;
            assert_true(k == 0 || order[k - 1].call_ms <= o->call_ms);
            assert_true(o->call_ms >= DAY_MS && o->call_ms < DAY_MS + 24 * (int64_t)HOUR_MS);
            channel[o->channel]++;
            hour[phone][(o->call_ms - DAY_MS) / HOUR_MS]++;
            elders += phone && o->elder;
            if (o->channel == TQ_FLEET_PHONE_QUESTION) continue;
            check_order(&d, o);
            orders++;
            no_show[phone] += o->no_show;
            cancel += o->cancels_if_wait_above_s != TQ_FLEET_STAYS;
            patience[o->elder] += o->patience_s;
            people[o->elder]++;
            chairs += phone && o->wheelchair;
            hospital += phone && o->hospital;
            booked += phone && o->booked;
            back += phone && o->hospital && place[o->from_place].kind == TQ_FLEET_HOSPITAL;
        }
        uint32_t phone_orders = channel[TQ_FLEET_PHONE_ORDER];
        assert_int_equal(channel[TQ_FLEET_APP_ORDER], 60000);
        assert_int_equal(phone_orders + channel[TQ_FLEET_PHONE_QUESTION], 1800);
        likely("orders of calls", phone_orders, 1800, 906);
        likely("elders", elders, 1800, 800);
        likely("wheelchairs", chairs, phone_orders, 30);
        likely("hospital", hospital, phone_orders, 300);
        likely("from the hospital", back, hospital, 500);
        likely("booked", booked, phone_orders, 150);
        likely("no-show, phone", no_show[1], phone_orders, 30);
        likely("no-show, app", no_show[0], 60000, 20);
        likely("cancel", cancel, orders, 200);
        for (uint32_t h = 0; h < 24; h++) {
            likely("hour of the apps", hour[0][h], 60000, 1000.0 * d.app.hour_weight[h] / 10286);
            likely("hour of the phone", hour[1][h], 1800, d.phone.hour_weight[h] / 0.996);
        }
        /* Whole seconds, rounded down, cost half a second. The spread of a mean is mean / sqrt(n).
         */
        for (uint32_t e = 0; e < 2; e++) {
            double mean = e == 1 ? 480 : 300;
            assert_true(fabs(patience[e] / people[e] + 0.5 - mean) < 5 * mean / sqrt(people[e]));
        }
    }
}

static void the_same_again(void **state)
{
    (void)state;
    (void)make_day(7, order);
    (void)make_day(7, second);
    assert_memory_equal(order, second, sizeof order);
    assert_true(tq_hash(order, sizeof order, 0) == tq_hash(second, sizeof second, 0));
    (void)make_day(8, second);
    assert_memory_not_equal(order, second, sizeof order);
    /* More apps do not change who calls. */
    tq_fleet_demand d;
    tq_fleet_demand_default(&d);
    d.seed = 7;
    d.day_ms = DAY_MS;
    d.app_orders = 100;
    assert_int_equal(tq_fleet_demand_make(&d, place, PLACES, second, NULL), TQ_OK);
    uint32_t at = 0;
    for (uint32_t k = 0; k < 1900; k++) {
        if (second[k].channel == TQ_FLEET_APP_ORDER) continue;
        while (order[at].channel == TQ_FLEET_APP_ORDER)
            at++;
        assert_memory_equal(&order[at], &second[k], sizeof second[k]);
        at++;
    }
}

static uint32_t ring_of(const tq_fleet_demand *d, uint32_t k)
{
    tq_fleet_demand_order o = {.from_lat_e7 = place[36].lat_e7,
                               .from_lon_e7 = place[36].lon_e7,
                               .to_lat_e7 = place[k].lat_e7,
                               .to_lon_e7 = place[k].lon_e7};
    uint32_t ring = 0;
    while (ring < 19 && metres(&o) * 1.3 >= d->learned->distance_m[ring + 1])
        ring++;
    return ring;
}

/* From place 36: a ring with places gets its twentieth, and one more for each empty ring that it is
 * the nearest of; inside a ring the weights decide. */
static void learned_rings(const tq_fleet_demand *d, const uint32_t went[PLACES], uint32_t trips)
{
    uint32_t ring_trips[20] = {0}, ring_weight[20] = {0}, gets[20] = {0};
    for (uint32_t k = 0; k < PLACES; k++) {
        if (place[k].kind == TQ_FLEET_HOSPITAL || k == 36) continue;
        ring_trips[ring_of(d, k)] += went[k];
        ring_weight[ring_of(d, k)] += place[k].weight;
    }
    for (int ring = 0; ring < 20; ring++) {
        int nearest = 99;
        for (int other = 19; other >= 0; other--)
            if (ring_weight[other] > 0 && abs(other - ring) <= abs(nearest - ring)) nearest = other;
        gets[nearest]++;
    }
    for (uint32_t ring = 0; ring < 20; ring++)
        likely("ring", ring_trips[ring], trips, 50.0 * gets[ring]);
    for (uint32_t k = 0; k < PLACES; k++)
        if (place[k].kind != TQ_FLEET_HOSPITAL && k != 36)
            likely("place in its ring", went[k], ring_trips[ring_of(d, k)],
                   1000.0 * place[k].weight / ring_weight[ring_of(d, k)]);
}

/* Shares of destinations of one home against the weights computed directly. */
static void lengths(void **state)
{
    (void)state;
    make_places();
    tq_fleet_demand d;
    tq_fleet_demand_default(&d);
    d.day_ms = DAY_MS;
    d.phone_calls = 0;
    d.app.elder = d.app.hospital = 0;
    for (uint32_t kind = 0; kind < 2; kind++) {
        d.lengths = kind == 0 ? TQ_FLEET_GRAVITY_LENGTHS : TQ_FLEET_LEARNED_LENGTHS;
        for (uint32_t k = 0; k < PLACES; k++)
            place[k].spread_m = 0;
        assert_int_equal(tq_fleet_demand_make(&d, place, PLACES, order, NULL), TQ_OK);
        double weight[PLACES] = {0}, sum = 0, homes = 0;
        uint32_t went[PLACES] = {0}, trips = 0;
        for (uint32_t k = 0; k < PLACES; k++) {
            if (place[k].kind == TQ_FLEET_HOSPITAL) continue;
            homes += place[k].weight;
            tq_fleet_demand_order o = {.from_lat_e7 = place[36].lat_e7,
                                       .from_lon_e7 = place[36].lon_e7,
                                       .to_lat_e7 = place[k].lat_e7,
                                       .to_lon_e7 = place[k].lon_e7};
            if (k != 36) sum += weight[k] = place[k].weight * exp(-metres(&o) / 9000);
        }
        for (uint32_t k = 0; k < 60000; k++) {
            if (order[k].from_place != 36) continue;
            trips++;
            went[order[k].to_place]++;
        }
        likely("from one home", trips, 60000, 1000 * place[36].weight / homes);
        for (uint32_t k = 0; kind == 0 && k < PLACES; k++)
            likely("gravity", went[k], trips, 1000 * weight[k] / sum);
        if (kind == 1) learned_rings(&d, went, trips);
    }
}

/* Two places in rings 2 and 4 of the learned lengths: the empty ring between goes inwards. */
static void ring_between(void **state)
{
    (void)state;
    const tq_fleet_demand_place three[] = {{378000000, 1125000000, 1000000, 0, TQ_FLEET_HOMES},
                                           {378159000, 1125000000, 1, 0, TQ_FLEET_HOMES},
                                           {377772000, 1125000000, 1, 0, TQ_FLEET_HOMES}};
    tq_fleet_demand d;
    tq_fleet_demand_default(&d);
    d.phone_calls = 0;
    d.app.elder = d.app.hospital = d.phone.hospital = 0;
    assert_int_equal(tq_fleet_demand_make(&d, three, 3, order, NULL), TQ_OK);
    uint32_t trips = 0, inner = 0;
    for (uint32_t k = 0; k < 60000; k++) {
        trips += order[k].from_place == 0;
        inner += order[k].from_place == 0 && order[k].to_place == 1;
    }
    likely("inner ring", inner, trips, 200);
}

static void refused(void **state)
{
    (void)state;
    static tq_fleet_learned falling;
    falling = *tq_fleet_learned_default();
    falling.distance_m[7] = 1;
    for (uint32_t k = 0; k < 16; k++) {
        static const char *const says[16] = {
            "size is 0",           "2000001 calls",   "booked from",
            "scales of",           "calls_to_orders", "no_show is 1001",
            "hours of app",        "hours of phone",  "distance 7 is not",
            "none are given",      "0 places",        "place 5 lies",
            "place 5 is spread",   "1 places with",   "no place with weight is a hospital",
            "4097 places, at most"};
        tq_fleet_demand d;
        tq_fleet_demand_default(&d);
        make_places();
        uint32_t count = k == 10 ? 0 : k == 15 ? TQ_FLEET_DEMAND_PLACES_MAX + 1 : PLACES;
        if (k == 0) d.size = 0;
        if (k == 1) d.phone_calls = TQ_FLEET_DEMAND_MAX + 1;
        if (k == 2) d.book_from_s = d.book_until_s + 1;
        if (k == 3) d.elder_gravity_m = 0;
        if (k == 4) d.calls_to_orders = 1001;
        if (k == 5) d.app.no_show = 1001;
        if (k == 6) memset(d.app.hour_weight, 0, sizeof d.app.hour_weight);
        if (k == 7) d.phone.hour_weight[3] = UINT32_MAX;
        if (k == 8) d.learned = &falling;
        if (k == 9) d.learned = NULL;
        if (k == 11) place[5].lat_e7 = 860000000;
        if (k == 12) place[5].spread_m = 20001;
        for (uint32_t p = 0; p < PLACES; p++) {
            if (k == 13) place[p].kind = p == 0 ? TQ_FLEET_HOMES : TQ_FLEET_HOSPITAL;
            if (k == 14 && place[p].kind == TQ_FLEET_HOSPITAL) place[p].weight = 0;
        }
        tq_err err = {0};
        order[0].call_ms = 77;
        tq_status status = tq_fleet_demand_make(&d, place, count, order, &err);
        assert_int_equal(status, k == 1 || k == 15 ? TQ_LIMIT : TQ_BAD_INPUT);
        if (strstr(err.text, says[k]) == NULL) fail_msg("%u: %s", k, err.text);
        assert_true(order[0].call_ms == 77);
    }
    /* No calls, no orders; and far places are still reached. */
    tq_fleet_demand d;
    tq_fleet_demand_default(&d);
    make_places();
    d.phone_calls = d.app_orders = 0;
    assert_int_equal(tq_fleet_demand_make(&d, place, PLACES, NULL, NULL), TQ_OK);
    d.app_orders = 50;
    d.app.hospital = d.phone.hospital = 0;
    d.lengths = TQ_FLEET_GRAVITY_LENGTHS;
    d.gravity_m = d.elder_gravity_m = 1;
    assert_int_equal(tq_fleet_demand_make(&d, place, 2, order, NULL), TQ_OK);
    for (uint32_t k = 0; k < 50; k++)
        assert_int_equal(order[k].from_place + order[k].to_place, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(taxis_of_a_day), cmocka_unit_test(quoted_figures),
        cmocka_unit_test(small_tables),   cmocka_unit_test(counts_and_shares),
        cmocka_unit_test(the_same_again), cmocka_unit_test(lengths),
        cmocka_unit_test(ring_between),   cmocka_unit_test(refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
