/*
 * GTFS import: what each file becomes, what each kind of bad row leads to, damaged archives,
 * several feeds, and the counts of the shared feeds.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <zip.h>

#include <cmocka.h>

#include "import/gtfs_in.h"

/* ---- feeds in memory ---- */

#define FILES_MAX 24

typedef struct memory_feed {
    gtfs_memory_file file[FILES_MAX];
    uint32_t count;
} memory_feed;

/* TQ_STR is no constant for a static table. */
#define LITERAL(text)                                                                              \
    {                                                                                              \
        (text), sizeof(text) - 1                                                                   \
    }

/* A small sound feed; cases replace files of it. */
static const memory_feed sound = {
    .file =
        {{"agency.txt", LITERAL("agency_id,agency_name,agency_url,agency_timezone\nA,Agency,"
                                "http://a,Asia/Shanghai\n")},
         {"stops.txt", LITERAL("stop_id,stop_name,stop_lat,stop_lon,location_type,parent_station\n"
                               "S,Station,37.86,112.55,1,\nS1,Platform 1,37.86,112.55,,S\n"
                               "B,Bei,37.87,112.55,,\nC,Cheng,37.89,112.55,,\n")},
         {"routes.txt",
          LITERAL("route_id,agency_id,route_short_name,route_long_name,route_type,route_color\n"
                  "R1,A,1,S - C,1,C03f2A\nR2,A,2,C - S,704,\n")},
         {"calendar.txt", LITERAL("service_id,monday,tuesday,wednesday,thursday,friday,saturday,"
                                  "sunday,start_date,end_date\n"
                                  "WK,1,1,1,1,1,0,0,20250602,20250615\n")},
         {"calendar_dates.txt",
          LITERAL("service_id,date,exception_type\nWK,20250604,2\nWK,20250607,1\n")},
         {"trips.txt", LITERAL("route_id,service_id,trip_id,direction_id,wheelchair_accessible,"
                               "bikes_allowed,tq_assumed\n"
                               "R1,WK,t2,0,1,2,1\nR1,WK,t1,0,,,\nR2,WK,t3,1,,,\n")},
         {"stop_times.txt",
          LITERAL("trip_id,arrival_time,departure_time,stop_id,stop_sequence,pickup_type,drop_"
                  "off_type\n"
                  "t1,06:00:00,06:00:00,S1,1,0,1\nt1,06:04:00,06:05:00,B,2,0,0\nt1,6:15:00,6:15:"
                  "00,C,7,1,0\n"
                  "t2,24:00:00,24:00:00,S1,1,0,1\nt2,24:04:00,24:05:00,B,2,0,0\nt2,24:15:00,24:"
                  "15:00,C,7,1,0\n"
                  "t3,07:00:00,07:00:00,C,1,,\nt3,07:20:00,07:20:00,S1,2,,2\n")}},
    .count = 7};

static memory_feed with(const char *name, const char *text)
{
    memory_feed made = sound;
    for (uint32_t k = 0; k < made.count; k++) {
        if (strcmp(made.file[k].name, name) != 0) continue;
        made.file[k].text = tq_str_of(text);
        return made;
    }
    made.file[made.count++] = (gtfs_memory_file){name, tq_str_of(text)};
    return made;
}

typedef struct result {
    tq_settings settings;
    tq_build build;
    tq_status status;
    tq_err err;
    tq_buf report;
    const tq_timetable *t;
} result;

static result *run_sources(gtfs_source *source, uint32_t count, bool stop)
{
    result *made = TQ_ALLOC(result, 1);
    assert_non_null(made);
    made->settings.bad_rows_stop = stop;
    made->settings.night_end_s = 4 * 3600;
    (void)snprintf(made->settings.timezone, sizeof made->settings.timezone, "Asia/Shanghai");
    made->build =
        (tq_build){.settings = &made->settings, .report = tq_report_new(), .texts = tq_texts_new()};
    made->status = gtfs_import_sources(&made->build, source, count, &made->err);
    tq_report_text(made->build.report, &made->report);
    tq_buf_putc(&made->report, '\0');
    made->t = &made->build.city.timetable;
    return made;
}

static result *run(const memory_feed *feed, bool stop)
{
    gtfs_source source = {
        .kind = GTFS_MEMORY, .name = "feed", .file = feed->file, .file_count = feed->count};
    return run_sources(&source, 1, stop);
}

static void done(result *made)
{
    tq_report_free(made->build.report);
    import_build_free(&made->build);
    tq_buf_free(&made->report);
    tq_free(made);
}

static const char *text_at(const result *made, uint32_t text)
{
    return tq_texts_at(made->build.texts, text);
}

static const tq_trip *trip_named(const result *made, const char *id)
{
    for (uint32_t trip = 0; trip < made->t->trip_count; trip++)
        if (strcmp(text_at(made, made->t->trip[trip].id), id) == 0) return &made->t->trip[trip];
    return NULL;
}

static uint32_t stop_named(const result *made, const char *id)
{
    for (uint32_t stop = 0; stop < made->t->stop_count; stop++)
        if (strcmp(text_at(made, made->t->stop[stop].id), id) == 0) return stop;
    return TQ_NONE;
}

static void assert_said(const result *made, const char *words)
{
    if (strstr(made->report.at, words) == NULL)
        fail_msg("«%s» is not in the report:\n%s", words, made->report.at);
}

/* ---- a sound feed ---- */

static void sound_feed_is_read(void **state)
{
    (void)state;
    result *made = run(&sound, true);
    assert_int_equal(made->status, TQ_OK);
    const tq_timetable *t = made->t;
    assert_int_equal(tq_report_dropped(made->build.report), 0);
    assert_int_equal(t->stop_count, 4);
    assert_int_equal(t->route_count, 2);
    assert_int_equal(t->trip_count, 3);
    assert_int_equal(t->pattern_count, 2);
    assert_int_equal(t->profile_count, 2); /* t1 and t2 share one */
    assert_int_equal(t->stop_time_count, 5);
    assert_int_equal(t->route[0].mode, TQ_MODE_METRO);
    assert_int_equal(t->route[0].color, 0xC03F2A);
    assert_int_equal(t->route[1].mode, TQ_MODE_BUS);
    assert_int_equal(t->route[1].color, TQ_NONE);
    /* By start: t1 leads though t2 comes first in trips.txt. */
    assert_string_equal(text_at(made, t->trip[0].id), "t1");
    assert_string_equal(text_at(made, t->trip[1].id), "t2");
    assert_int_equal(t->trip[1].start_s, 86400);
    assert_int_equal(t->trip[1].flags, TQ_TRIP_WHEELCHAIR | TQ_TRIP_NO_BIKE | TQ_TRIP_ASSUMED);
    const tq_stop_time *time = t->stop_time + t->profile_first[t->trip[0].profile];
    assert_int_equal(time[1].arrival_s, 240);
    assert_int_equal(time[1].departure_s, 300);
    assert_int_equal(time[2].arrival_s, 900);
    assert_int_equal(t->pattern_flags[0], TQ_PATTERN_NO_DROPOFF);
    assert_int_equal(t->pattern_flags[2], TQ_PATTERN_NO_PICKUP);
    assert_int_equal(t->pattern_flags[4], TQ_PATTERN_PHONE);
    assert_int_equal(t->pattern_direction[1], 1);
    /* 0.01 and 0.03 degrees of latitude on the mean sphere */
    assert_in_range(t->pattern_along_m[1], 1110, 1114);
    assert_in_range(t->pattern_along_m[2], 3333, 3339);
    assert_int_equal(t->pattern_shape_at[0], TQ_NONE);
    /* children, and lines at a stop */
    assert_int_equal(t->stop[1].parent, 0);
    assert_int_equal(t->child_first[1] - t->child_first[0], 1);
    assert_int_equal(t->child[0], 1);
    uint32_t first = t->stop_first_pattern[1];
    assert_int_equal(t->stop_first_pattern[2] - first, 2);
    assert_int_equal(t->stop_pattern[first + 1], 1);
    assert_int_equal(t->stop_place[first + 1], 1);
    done(made);
}

static void days_are_counted(void **state)
{
    (void)state;
    result *made = run(&sound, true);
    int32_t monday = tq_day_of(2025, 6, 2);
    static const char runs[] =
        "..1101110111110.."; /* Sat 31 May, Sun 1 June, Monday the second, ... */
    for (int32_t day = 0; day < (int32_t)sizeof runs - 1; day++)
        if (tq_service_runs(made->t, 0, monday - 2 + day) != (runs[day] == '1'))
            fail_msg("service on day %d: %d", day, runs[day] != '1');
    done(made);
}

/* ---- bad rows ---- */

#define TIMES "trip_id,arrival_time,departure_time,stop_id,stop_sequence\n"
#define GOOD  "t1,06:00:00,06:00:00,S1,1\nt1,06:10:00,06:10:00,C,2\n"

static void bad_rows_are_named(void **state)
{
    (void)state;
    static const struct {
        const char *file, *text;
        uint32_t trips; /* left */
        bool dropped;   /* and so an end when bad rows stop */
        const char *said;
    } cases[] = {
        {"stop_times.txt", TIMES GOOD "t2,07:61:00,07:10:00,S1,1\nt2,07:20:00,07:20:00,C,2\n", 1,
         true, "stop_times.txt line 4: arrival 07:61:00 is not a time"},
        {"stop_times.txt", TIMES GOOD "t2,07:00:00,7:1:00,S1,1\nt2,07:20:00,07:20:00,C,2\n", 1,
         true, "departure 7:1:00 is not a time"},
        {"stop_times.txt", TIMES GOOD "t2,241:00:00,,S1,1\nt2,241:20:00,,C,2\n", 1, true,
         "241:00:00 is not a time"},
        {"stop_times.txt", TIMES GOOD "nobody,07:00:00,07:00:00,S1,1\n", 1, true,
         "line 4: trip_id «nobody» is not in trips.txt"},
        {"stop_times.txt",
         TIMES GOOD
         "t2,07:00:00,07:00:00,S1,1\nt2,07:01:00,07:01:00,X,2\nt2,07:02:00,07:02:00,C,3\n",
         2, true, "line 5: stop_id «X» is not a stop"},
        {"stop_times.txt", TIMES GOOD "t2,07:10:00,07:10:00,S1,1\nt2,07:09:00,07:09:00,C,2\n", 1,
         true, "line 5: arrival 07:09:00 of trip «t2» is before the departure before 07:10:00"},
        {"stop_times.txt", TIMES GOOD "t2,07:10:00,07:09:00,S1,1\nt2,07:19:00,07:19:00,C,2\n", 1,
         true, "line 4: departure 07:09:00 of trip «t2» is before its arrival 07:10:00"},
        {"stop_times.txt", TIMES GOOD "t2,07:10:00,07:10:00,S1,1\n", 1, true,
         "trip «t2» has 1 stops"},
        {"stop_times.txt",
         TIMES GOOD
         "t2,07:00:00,07:00:00,S1,1\nt2,07:05:00,07:05:00,B,1\nt2,07:10:00,07:10:00,C,2\n",
         2, true, "line 5: stop_sequence 1 of trip «t2» is there twice"},
        {"stop_times.txt", TIMES GOOD "t2,07:00:00,07:00:00,S1,-1\nt2,07:05:00,07:05:00,B,1\n", 1,
         true, "stop_sequence «-1» is not a number"},
        {"stop_times.txt", TIMES GOOD "t2,,,S1,1\nt2,07:05:00,07:05:00,B,2\n", 1, true,
         "need a time"},
        {"stop_times.txt", TIMES GOOD "t2,07:00:00,07:00:00,S1,1,9\nt2,07:05:00,07:05:00,B,2\n", 1,
         true, "stop_times.txt line 4: more than the 5 fields"},
        {"trips.txt", "route_id,service_id,trip_id\nR1,WK,t1\nR9,WK,t2\nR2,WK,t3\n", 2, true,
         "trips.txt line 3: route_id «R9» is not in routes.txt"},
        {"trips.txt", "route_id,service_id,trip_id\nR1,WK,t1\nR1,NO,t2\nR2,WK,t3\n", 2, true,
         "service_id «NO» is in no calendar"},
        {"trips.txt", "route_id,service_id,trip_id\nR1,WK,t1\nR1,WK,t2\nR2,WK,t3\nR2,WK,t1\n", 3,
         true, "line 5: trip_id «t1» is there twice"},
        {"calendar_dates.txt", "service_id,date,exception_type\nWK,20250631,1\n", 3, true,
         "20250631 is not a date"},
        {"calendar_dates.txt", "service_id,date,exception_type\nWK,20250630,3\n", 3, true,
         "exception_type «3» is not 1 or 2"},
        {"calendar_dates.txt", "service_id,date,exception_type\nNEW,20250604,2\n", 3, false,
         "service «NEW» runs on no day"},
        {"frequencies.txt", "trip_id,start_time,end_time,headway_secs\nt1,06:00:00,07:00:00,0\n", 2,
         true, "headway_secs «0» is not 1 to 86400"},
        {"frequencies.txt", "trip_id,start_time,end_time,headway_secs\nt1,06:00:00,05:00:00,300\n",
         2, true, "end_time 05:00:00 is not after start_time 06:00:00"},
        {"transfers.txt", "from_stop_id,to_stop_id,transfer_type\nS,X,2\n", 3, true,
         "to_stop_id «X» is not known"},
        {"transfers.txt", "from_stop_id,to_stop_id,transfer_type\nS,B,9\n", 3, true,
         "transfer_type «9» is not 0 to 5"},
        {"stops.txt",
         "stop_id,stop_name,stop_lat,stop_lon\nS1,a,0,0\nB,b,37.87,112.55\nC,c,37.88,112.55\n", 2,
         true, "stop «S1» has no position and no station"},
        {"stops.txt",
         "stop_id,stop_name,stop_lat,stop_lon\nS1,a,91,0\nB,b,37.87,112.55\nC,c,37.88,112.55\n", 2,
         true, "is at 91, 0, which is no place on earth"},
        {"stops.txt",
         "stop_id,stop_name,stop_lat,stop_lon\nS1,a,37.8,112.5\nB,b,37.87,112.55\nC,c,37.88,112."
         "55\nB,b,1,1\n",
         3, true, "stop_id «B» is there twice"},
        {"routes.txt", "route_id,route_type,route_color\nR1,1,red\nR2,3,\n", 3, false,
         "«red» is not a color"},
        {"routes.txt", "route_id,route_type\nR1,xx\nR2,3\n", 3, false, "route_type «xx»"},
        {"agency.txt", "agency_id,agency_name,agency_url,agency_timezone\nA,n,u,Europe/Paris\n", 3,
         false, "keeps the time of Europe/Paris, the city that of Asia/Shanghai"},
        {"stops.txt",
         "stop_id,stop_name,stop_lat,stop_lon,parent_station\nS,a,37.8,112.5,\nS1,a,,,S\nB,\xff,37."
         "87,112.55,\n"
         "C,c,37.88,112.55,\n",
         3, false, "is not UTF-8"},
        {"notes.txt", "x\n1\n", 3, false, "notes.txt: this file is not part of the GTFS"},
    };
    for (size_t k = 0; k < TQ_COUNT(cases); k++) {
        memory_feed feed = with(cases[k].file, cases[k].text);
        result *made = run(&feed, false);
        assert_said(made, cases[k].said);
        if (made->status != TQ_OK) fail_msg("case %zu: %s", k, made->err.text);
        uint32_t expected = cases[k].trips;
        /* t3 has no rows in the cases about stop_times.txt. */
        if (made->t->trip_count != expected)
            fail_msg("case %zu (%s): %u trips, not %u\n%s", k, cases[k].said, made->t->trip_count,
                     expected, made->report.at);
        assert_int_equal(tq_report_dropped(made->build.report) != 0,
                         cases[k].dropped || strcmp(cases[k].file, "stop_times.txt") == 0);
        done(made);
        made = run(&feed, true);
        assert_int_equal(made->status, cases[k].dropped ? TQ_BAD_INPUT : TQ_OK);
        if (cases[k].dropped) assert_non_null(strstr(made->err.text, "import.bad_rows"));
        done(made);
    }
}

static void missing_parts_are_named(void **state)
{
    (void)state;
    static const struct {
        const char *file, *text, *said;
    } cases[] = {
        {"stops.txt", "", "no usable row in stops.txt"},
        {"routes.txt", "route_id,route_type\n", "no usable row in routes.txt"},
        {"trips.txt", "trip_id\nt1\n", "trips.txt of feed needs the columns"},
        {"stop_times.txt", "trip_id,stop_id,arrival_time\n",
         "stop_times.txt of feed has no column stop_sequence"},
        {"stop_times.txt", "", "has no stop_times.txt"},
        {"stops.txt", "stop,lat\n", "stops.txt of feed has no column stop_id"},
    };
    for (size_t k = 0; k < TQ_COUNT(cases); k++) {
        memory_feed feed = with(cases[k].file, cases[k].text);
        result *made = run(&feed, false);
        assert_int_equal(made->status, TQ_BAD_INPUT);
        if (strstr(made->err.text, cases[k].said) == NULL)
            fail_msg("%s: %s", cases[k].said, made->err.text);
        done(made);
    }
}

/* ---- times, shapes, other files ---- */

static void blank_times_are_filled(void **state)
{
    (void)state;
    /* Straight lines: B lies a third of the way. Given distances: two thirds. */
    static const struct {
        const char *text;
        int32_t arrival_s;
    } cases[] = {{TIMES "t1,06:00:00,06:00:00,S1,1\nt1,,,B,2\nt1,06:09:00,06:09:00,C,3\n", 180},
                 {"trip_id,arrival_time,departure_time,stop_id,stop_sequence,shape_dist_traveled\n"
                  "t1,06:00:00,06:00:00,S1,1,0\nt1,,,B,2,2\nt1,06:09:00,06:09:00,C,3,3\n",
                  360}};
    for (size_t k = 0; k < TQ_COUNT(cases); k++) {
        memory_feed feed = with("stop_times.txt", cases[k].text);
        result *made = run(&feed, false);
        const tq_trip *trip = trip_named(made, "t1");
        assert_non_null(trip);
        assert_int_equal(made->t->stop_time[made->t->profile_first[trip->profile] + 1].arrival_s,
                         cases[k].arrival_s);
        done(made);
    }
}

/* The line leaves west of S1, loops back past S1's end and goes on to C: the second pass is C's. */
static void stops_lie_on_their_shape(void **state)
{
    (void)state;
    memory_feed feed = with(
        "trips.txt", "route_id,service_id,trip_id,shape_id\nR1,WK,t1,h\nR1,WK,t2,h\nR2,WK,t3,\n");
    feed.file[feed.count++] = (gtfs_memory_file){
        "shapes.txt",
        TQ_STR("shape_id,shape_pt_lat,shape_pt_lon,shape_pt_sequence\n"
               "h,37.91,112.552,4\nh,37.85,112.552,1\nh,37.875,112.552,2\nh,37.88,112.552,3\n")};
    result *made = run(&feed, false);
    const tq_timetable *t = made->t;
    assert_int_equal(made->status, TQ_OK);
    assert_int_equal(t->shape_point_count, 5); /* S1's foot, B's foot, two vertices, C's foot */
    assert_int_equal(t->pattern_shape_at[0], 0);
    assert_int_equal(t->pattern_shape_at[1], 1);
    assert_int_equal(t->pattern_shape_at[2], 4);
    assert_int_equal(t->shape_point[0].lat_e7, 378600000);
    assert_int_equal(t->shape_point[1].lat_e7, 378700000);
    assert_int_equal(t->shape_point[4].lon_e7, 1125520000);
    assert_int_equal(t->pattern_along_m[0], 0);
    assert_in_range(t->pattern_along_m[1], 1110, 1115);
    assert_in_range(t->pattern_along_m[2], 3333, 3342);
    done(made);
    /* Out and back along one street: the last stop is the first one again. */
    feed = with("trips.txt", "route_id,service_id,trip_id,shape_id\nR1,WK,t1,h\n");
    feed.file[feed.count++] = (gtfs_memory_file){
        "shapes.txt", TQ_STR("shape_id,shape_pt_lat,shape_pt_lon,shape_pt_sequence\n"
                             "h,37.86,112.55,1\nh,37.89,112.55,2\nh,37.86,112.55,3\n")};
    for (uint32_t k = 0; k < feed.count; k++)
        if (strcmp(feed.file[k].name, "stop_times.txt") == 0)
            feed.file[k].text = TQ_STR(
                TIMES "t1,06:00:00,,S1,1\nt1,06:05:00,,C,2\nt1,06:09:00,,B,3\nt1,06:10:00,,S1,4\n");
    made = run(&feed, false);
    assert_int_equal(made->t->pattern_count, 1);
    static const uint32_t along[] = {0, 3339, 5566, 6679};
    for (uint32_t k = 0; k < 4; k++)
        assert_in_range(made->t->pattern_along_m[k], along[k] > 3 ? along[k] - 3 : 0, along[k] + 3);
    done(made);
}

static void frequencies_and_transfers_are_kept(void **state)
{
    (void)state;
    memory_feed feed =
        with("frequencies.txt", "trip_id,start_time,end_time,headway_secs,exact_times\n"
                                "t3,09:00:00,10:00:00,600,1\nt3,07:00:00,09:00:00,300,\n");
    feed.file[feed.count++] = (gtfs_memory_file){
        "transfers.txt",
        TQ_STR("from_stop_id,to_stop_id,transfer_type,min_transfer_time,from_trip_id,to_trip_id\n"
               "S,B,2,180,,\n,,4,,t1,t3\n")};
    result *made = run(&feed, true);
    const tq_trip *trip = trip_named(made, "t3");
    assert_int_equal(trip->frequency_count, 2);
    const tq_frequency *runs = made->t->frequency + trip->first_frequency;
    assert_int_equal(runs[0].from_s, 7 * 3600);
    assert_int_equal(runs[0].exact, 0);
    assert_int_equal(runs[1].headway_s, 600);
    assert_int_equal(runs[1].exact, 1);
    assert_int_equal(made->t->transfer_count, 2);
    assert_int_equal(made->t->transfer[0].min_s, 180);
    assert_int_equal(made->t->transfer[1].from_stop, stop_named(made, "C"));
    assert_int_equal(made->t->transfer[1].from_trip,
                     (uint32_t)(trip_named(made, "t1") - made->t->trip));
    done(made);
}

static void flat_fares_become_tariffs(void **state)
{
    (void)state;
    static const char attributes[] =
        "fare_id,price,currency_type,payment_method,transfers,transfer_duration\n"
        "two,2.00,CNY,0,0,\nthree,3.5,CNY,0,,5400\n";
    static const struct {
        const char *rules;
        int32_t fen[2]; /* of R1 and R2, -1 = none */
    } cases[] = {{"fare_id,route_id\ntwo,R1\nthree,R2\n", {200, 350}},
                 {"fare_id,route_id\ntwo,R1\nthree,R1\n", {-1, -1}},
                 {"fare_id,route_id,origin_id\ntwo,R1,Z\nthree,R2,\n", {-1, 350}},
                 {"fare_id,route_id\ntwo,\nthree,R2\n", {200, -1}},
                 {"fare_id,route_id\ntwo,R1\n", {-1, 350}}};
    for (size_t k = 0; k < TQ_COUNT(cases); k++) {
        memory_feed feed = with("fare_attributes.txt", attributes);
        feed.file[feed.count++] = (gtfs_memory_file){"fare_rules.txt", tq_str_of(cases[k].rules)};
        result *made = run(&feed, true);
        assert_int_equal(made->status, TQ_OK);
        for (int route = 0; route < 2; route++) {
            uint32_t tariff = made->t->route[route].tariff;
            const tq_fares *fares = &made->build.city.fares;
            int32_t fen =
                tariff == TQ_NONE ? -1 : (int32_t)fares->step[fares->tariff[tariff].first_step].fen;
            if (fen != cases[k].fen[route]) fail_msg("case %zu, route %d: %d fen", k, route, fen);
            if (fen == 350) assert_int_equal(fares->tariff[tariff].change_window_s, 5400);
            if (fen == 200) assert_int_equal(fares->tariff[tariff].change_window_s, 0);
        }
        done(made);
    }
}

static void other_files_are_kept_whole(void **state)
{
    (void)state;
    memory_feed feed = with("levels.txt", "level_id,level_index\nL1,0\nL2,\"-1\"\n");
    feed.file[feed.count++] =
        (gtfs_memory_file){"locations.geojson", TQ_STR("{\"type\":\"FeatureCollection\"}")};
    feed.file[feed.count++] = (gtfs_memory_file){
        "translations.txt",
        TQ_STR("table_name,field_name,language,translation,record_id,field_value\n"
               "stops,stop_name,en,North,B,\nstops,stop_name,fr,Nord,B,\n"
               "routes,route_long_name,en-GB,To the city,,S - C\n")};
    result *made = run(&feed, true);
    const tq_tables *tables = &made->build.city.tables;
    assert_int_equal(tables->count, 3);
    assert_string_equal(text_at(made, made->t->stop[stop_named(made, "B")].name_en), "North");
    assert_string_equal(text_at(made, made->t->route[0].long_name_en), "To the city");
    for (uint32_t k = 0; k < tables->count; k++) {
        const tq_table *table = &tables->table[k];
        if (strcmp(text_at(made, table->name), "levels.txt") == 0) {
            assert_int_equal(table->row_count, 2);
            assert_string_equal(text_at(made, tables->column[table->first_column + 1]),
                                "level_index");
            assert_string_equal(text_at(made, tables->cell[table->first_cell + 3]), "-1");
        }
        if (strcmp(text_at(made, table->name), "locations.geojson") == 0)
            assert_string_equal(text_at(made, tables->cell[table->first_cell]),
                                "{\"type\":\"FeatureCollection\"}");
    }
    done(made);
}

static void published_times_are_compared(void **state)
{
    (void)state;
    /* t1 leaves S1 at 06:00, t2 at 24:00. */
    memory_feed feed =
        with("first_last.csv", "route_id,stop_id,direction_id,first,last\n"
                               "R1,S,0,06:00,00:00\nR1,S1,0,06:02,06:02\nR1,B,0,06:05,00:08:00\n"
                               "R1,B,1,06:00,\nR2,C,,07:00:30,\n");
    result *made = run(&feed, true);
    assert_int_equal(made->status, TQ_OK);
    assert_said(made, "warning last_before_first: 1");
    assert_said(made, "first_last.csv line 3: 1 at Platform 1: the last departure 06:02:00 is not "
                      "after the first 06:02:00");
    assert_said(made, "warning published_differs: 2");
    assert_said(made, "line 4: 1 at Bei: the last departure is published as 24:08:00, the "
                      "timetable has 24:05:00");
    assert_said(made, "line 5: 1 at Bei: the timetable has no departure there");
    done(made);
}

static void rows_on_demand_are_set_aside(void **state)
{
    (void)state;
    memory_feed feed =
        with("stop_times.txt",
             "trip_id,arrival_time,departure_time,stop_id,location_id,stop_sequence,start_pickup_"
             "drop_off_window\n"
             "t1,06:00:00,06:00:00,S1,,1,\nt1,,,,area,2,06:00:00\nt1,06:10:00,06:10:00,C,,3,\n"
             "t2,,,zone,,1,08:00:00\nt2,,,zone,,2,08:00:00\n");
    result *made = run(&feed, false);
    assert_non_null(trip_named(made, "t1"));
    assert_int_equal(made->t->trip_count, 1);
    assert_int_equal(made->build.city.tables.count, 1);
    assert_int_equal(made->build.city.tables.table[0].row_count, 3);
    assert_said(made, "note on_demand_trip: 1");
    done(made);
}

static void ids_of_two_feeds_stay_apart(void **state)
{
    (void)state;
    gtfs_source two[2] = {
        {.kind = GTFS_MEMORY, .name = "one", .file = sound.file, .file_count = sound.count},
        {.kind = GTFS_MEMORY, .name = "two", .file = sound.file, .file_count = sound.count}};
    result *made = run_sources(two, 2, true);
    assert_int_equal(made->status, TQ_OK);
    assert_int_equal(made->t->stop_count, 8);
    assert_int_equal(made->t->trip_count, 6);
    assert_int_equal(made->t->service_count, 2);
    assert_int_equal(stop_named(made, "B"), 2);
    assert_int_equal(stop_named(made, "two:B"), 6);
    assert_int_equal(made->t->stop[6].feed, 1);
    assert_int_equal(made->t->stop[5].parent, 4);
    const tq_trip *trip = trip_named(made, "two:t1");
    assert_non_null(trip);
    assert_int_equal(made->t->pattern_route[trip->pattern], 2);
    assert_int_equal(trip->service, 1);
    assert_said(made, "note id_of_two_feeds");
    done(made);
}

/* ---- archives ---- */

/* The sound feed as a zip in memory; free with free. */
static char *make_zip(size_t *len)
{
    zip_error_t why;
    zip_source_t *store = zip_source_buffer_create(NULL, 0, 0, &why);
    zip_t *archive = store != NULL ? zip_open_from_source(store, ZIP_TRUNCATE, &why) : NULL;
    assert_non_null(archive);
    zip_source_keep(store);
    for (uint32_t k = 0; k < sound.count; k++) {
        zip_source_t *part =
            zip_source_buffer(archive, sound.file[k].text.at, sound.file[k].text.len, 0);
        char name[64];
        (void)snprintf(name, sizeof name, "inner/%s", sound.file[k].name);
        zip_int64_t entry = zip_file_add(archive, name, part, 0);
        assert_true(entry >= 0);
        bool plain = strcmp(sound.file[k].name, "stop_times.txt") == 0;
        assert_int_equal(zip_set_file_compression(archive, (zip_uint64_t)entry,
                                                  plain ? ZIP_CM_STORE : ZIP_CM_DEFLATE, 0),
                         0);
    }
    assert_int_equal(zip_close(archive), 0);
    assert_int_equal(zip_source_open(store), 0);
    zip_source_seek(store, 0, SEEK_END);
    *len = (size_t)zip_source_tell(store);
    zip_source_seek(store, 0, SEEK_SET);
    char *bytes = malloc(*len);
    assert_non_null(bytes);
    assert_int_equal(zip_source_read(store, bytes, *len), *len);
    zip_source_close(store);
    zip_source_free(store);
    return bytes;
}

static void damaged_archives_are_refused(void **state)
{
    (void)state;
    size_t len = 0;
    char *bytes = make_zip(&len);
    gtfs_source source;
    assert_int_equal(gtfs_source_zip(&source, "a/b/feed.gtfs.zip", bytes, len, NULL), TQ_OK);
    assert_string_equal(source.name, "feed");
    result *whole = run_sources(&source, 1, true);
    assert_int_equal(whole->status, TQ_OK);
    assert_int_equal(whole->t->trip_count, 3);
    done(whole);
    gtfs_source_close(&source);
    /* A time changed inside the archive is still a time: only the checksum tells. */
    char *time = memmem(bytes, len, "06:04:00", 8);
    assert_non_null(time);
    time[4] = '3';
    assert_int_equal(gtfs_source_zip(&source, "feed.zip", bytes, len, NULL), TQ_OK);
    whole = run_sources(&source, 1, false);
    assert_int_equal(whole->status, TQ_BAD_INPUT);
    assert_non_null(strstr(whole->err.text, "stop_times.txt in feed.zip has a wrong checksum"));
    done(whole);
    gtfs_source_close(&source);
    time[4] = '4';
    /* One byte changed, or the end cut off: an error with a name, or the very same timetable. */
    unsigned refused = 0;
    tq_random random = {17};
    for (unsigned round = 0; round < 400; round++) {
        tq_err err = {0};
        size_t cut = round % 4 == 0 ? tq_random_below(&random, (uint32_t)len) : len;
        char *copy = malloc(cut + 1);
        assert_non_null(copy);
        memcpy(copy, bytes, cut);
        if (cut == len)
            copy[tq_random_below(&random, (uint32_t)len)] ^=
                (char)(1 + tq_random_below(&random, 255));
        if (gtfs_source_zip(&source, "feed.zip", copy, cut, &err) != TQ_OK) {
            assert_non_null(strstr(err.text, "feed.zip"));
            refused++;
        } else {
            result *made = run_sources(&source, 1, true);
            if (made->status != TQ_OK) {
                assert_true(made->err.text[0] != '\0');
                refused++;
            } else {
                /* A changed name may hide a file that can be missing, never a time. */
                assert_int_equal(made->t->trip_count, 3);
                assert_int_equal(
                    made->t->stop_time[made->t->profile_first[made->t->trip[0].profile] + 2]
                        .arrival_s,
                    900);
            }
            done(made);
            gtfs_source_close(&source);
        }
        free(copy);
    }
    assert_in_range(refused, 200, 400);
    free(bytes);
}

/* As many zeros as may be packed tightly, or some more. */
static tq_status read_zeros(size_t big, tq_err *err)
{
    char *zeros = tq_alloc(big, 1);
    zip_error_t why;
    zip_source_t *store = zip_source_buffer_create(NULL, 0, 0, &why);
    zip_t *archive = zip_open_from_source(store, ZIP_TRUNCATE, &why);
    assert_non_null(archive);
    zip_source_keep(store);
    assert_true(zip_file_add(archive, "stops.txt", zip_source_buffer(archive, zeros, big, 0), 0) >=
                0);
    assert_int_equal(zip_close(archive), 0);
    assert_int_equal(zip_source_open(store), 0);
    char *bytes = malloc(1 << 20);
    assert_non_null(bytes);
    zip_int64_t len = zip_source_read(store, bytes, 1 << 20);
    assert_true(len > 0);
    zip_source_close(store);
    zip_source_free(store);
    gtfs_source source;
    gtfs_text text;
    assert_int_equal(gtfs_source_zip(&source, "bomb.zip", bytes, (size_t)len, err), TQ_OK);
    tq_status status = gtfs_source_text(&source, "stops.txt", &text, err);
    gtfs_text_free(&text);
    gtfs_source_close(&source);
    free(bytes);
    tq_free(zeros);
    return status;
}

static void bombs_are_refused(void **state)
{
    (void)state;
    tq_err err = {0};
    assert_int_equal(read_zeros(TQ_GTFS_RATIO_FROM, &err), TQ_OK);
    assert_int_equal(read_zeros(TQ_GTFS_RATIO_FROM * 5 / 4, &err), TQ_LIMIT);
    assert_non_null(strstr(err.text, "more than 64 times"));
    assert_non_null(strstr(err.text, "bomb.zip"));
}

static void folders_are_read(void **state)
{
    (void)state;
    char folder[] = "/tmp/tq_gtfs_XXXXXX", path[TQ_PATH_MAX];
    assert_non_null(mkdtemp(folder));
    for (uint32_t k = 0; k < sound.count; k++) {
        (void)snprintf(path, sizeof path, "%s/%s", folder, sound.file[k].name);
        FILE *file = fopen(path, "wb");
        assert_non_null(file);
        assert_int_equal(fwrite(sound.file[k].text.at, 1, sound.file[k].text.len, file),
                         sound.file[k].text.len);
        fclose(file);
    }
    gtfs_source source;
    tq_err err = {0};
    assert_int_equal(gtfs_source_open(&source, folder, &err), TQ_OK);
    result *made = run_sources(&source, 1, true);
    assert_int_equal(made->status, TQ_OK);
    assert_int_equal(made->t->trip_count, 3);
    done(made);
    gtfs_source_close(&source);
    for (uint32_t k = 0; k < sound.count; k++) {
        (void)snprintf(path, sizeof path, "%s/%s", folder, sound.file[k].name);
        (void)unlink(path);
    }
    (void)rmdir(folder);
    assert_int_equal(gtfs_source_open(&source, folder, &err), TQ_IO);
}

/* ---- shared feeds ---- */

static void shared_feeds_have_their_counts(void **state)
{
    (void)state;
    static const struct {
        const char *path;
        uint32_t stops, routes, trips, trips_out,
            stop_times; /* as the folder's README counts rows */
    } feeds[] = {
        {"gtfs/helsinki.gtfs.zip", 1388, 200, 3195, 8, 62485},
        {"gtfs/sample_feed_1.gtfs.zip", 9, 5, 11, 0, 28},
        {"gtfs/zug_ch.gtfs.zip", 905, 94, 13884, 0, 198554},
        {"gtfs_flex/aspen_flex_on_demand.gtfs.zip", 209, 1, 2, 2, 4},
        {"gtfs_flex/cobblinc_bus30.gtfs.zip", 187, 2, 317, 0, 19597},
        {"gtfs_flex/cobblinc_scheduled_deviated_flex.gtfs.zip", 4, 3, 72, 0, 288},
        {"gtfs_flex/locations_feed.gtfs.zip", 2, 1, 1, 1, 2},
        {"gtfs_flex/marta_bus856.gtfs.zip", 166, 2, 468, 0, 21576},
        {"gtfs_rt/bart.gtfs.zip", 48, 8, 2641, 0, 32185},
        {"pairs/porto_alegre/poa_eptc.gtfs.zip", 3986, 115, 2374, 0, 130019},
        {"pairs/porto_alegre/poa_trensurb.gtfs.zip", 24, 2, 1248, 0, 14855},
        {"pairs/rnv/rnv.gtfs.zip", 2057, 100, 20636, 0, 424266},
        {"pairs/sao_paulo/spo.gtfs.zip", 654, 19, 36, 0, 860},
        {"hongkong/hk_bus_2022-03.gtfs.zip", 8886, 943, 3464, 0, 83346},
        {"taiyuan/taiyuan_metro.gtfs.zip", 48, 2, 1028, 0, 24158},
        {"generated/syn_city.gtfs.zip", 2614, 326, 38197, 0, 1018598},
    };
    const char *data = tq_env_var("TQ_SHARED_DATA");
    if (data == NULL) data = "../shared/data";
    if (!tq_file_look(data).is_folder) {
        const char *ci = tq_env_var("CI");
        assert_false(ci != NULL && strcmp(ci, "true") == 0);
        skip();
    }
    for (size_t k = 0; k < TQ_COUNT(feeds); k++) {
        char path[TQ_PATH_MAX];
        gtfs_source source;
        tq_err err = {0};
        assert_true(tq_path_join(path, data, feeds[k].path));
        if (gtfs_source_open(&source, path, &err) != TQ_OK) fail_msg("%s", err.text);
        result *made = run_sources(&source, 1, false);
        if (made->status != TQ_OK) fail_msg("%s: %s", path, made->err.text);
        char line[64];
        (void)snprintf(line, sizeof line, "\ngtfs.stop_times_read: %u\n", feeds[k].stop_times);
        assert_said(made, line);
        (void)snprintf(line, sizeof line, "\ngtfs.trips_read: %u\n", feeds[k].trips);
        assert_said(made, line);
        assert_int_equal(made->t->stop_count, feeds[k].stops);
        assert_int_equal(made->t->route_count, feeds[k].routes);
        assert_int_equal(made->t->trip_count, feeds[k].trips - feeds[k].trips_out);
        done(made);
        gtfs_source_close(&source);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(sound_feed_is_read),
                                       cmocka_unit_test(days_are_counted),
                                       cmocka_unit_test(bad_rows_are_named),
                                       cmocka_unit_test(missing_parts_are_named),
                                       cmocka_unit_test(blank_times_are_filled),
                                       cmocka_unit_test(stops_lie_on_their_shape),
                                       cmocka_unit_test(frequencies_and_transfers_are_kept),
                                       cmocka_unit_test(flat_fares_become_tariffs),
                                       cmocka_unit_test(other_files_are_kept_whole),
                                       cmocka_unit_test(published_times_are_compared),
                                       cmocka_unit_test(rows_on_demand_are_set_aside),
                                       cmocka_unit_test(ids_of_two_feeds_stay_apart),
                                       cmocka_unit_test(damaged_archives_are_refused),
                                       cmocka_unit_test(bombs_are_refused),
                                       cmocka_unit_test(folders_are_read),
                                       cmocka_unit_test(shared_feeds_have_their_counts)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
