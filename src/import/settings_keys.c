/* The keys of tongqu.yaml in file order, with limits and comments; the one table that reading,
   checking, suggesting and writing all go by. Defaults are in tq_settings_default below it. */
#include <stdio.h>

#include "import/settings_in.h"

#define AT(field)        offsetof(tq_settings, field)
#define TEXT_AT(field)   AT(field), sizeof((tq_settings *)0)->field, 0, 0
#define NUMBER(field)    AT(field), 0
#define PATHS(name)      AT(name), AT(name##_count), 0, TQ_SOURCES_MAX
#define DAY_S            86400u
#define MONEY_MOST_FEN   10000000u
#define DISTANCE_MOST_M  1000000u
#define WALK_MOST_MM_S   5000u
#define TRANSFERS_MOST   12u
#define CONNECTIONS_MOST 1000000u
#define BODY_MOST_BYTES  (64u << 20)
#define THREADS_MOST     64u
#define TIMEOUT_MOST_MS  3600000u

const settings_group settings_groups[] = {
    {"city", "What this city is called."},
    {"sources", "What it is made from; paths are relative to this folder, one or a list.\n"
                "auto takes what lies here, by name."},
    {"import", "How sources are read."},
    {"walking", "How people walk."},
    {"walking.walk_speed", "Walking speeds."},
    {"walking.max_walk", "Longest single walk of a trip; 0 m = no limit."},
    {"transit", "Trips by timetable."},
    {"bike", "Riding a bicycle."},
    {"taxi", "What a taxi costs; day and night rates."},
    {"server", "The server of this city."},
};
const uint32_t settings_group_count = TQ_COUNT(settings_groups);

const settings_key settings_keys[] = {
    {"city.id", SETTINGS_ID, TEXT_AT(id), "short name: a-z 0-9 - _"},
    {"city.name", SETTINGS_TEXT, TEXT_AT(name), "as people write it"},
    {"city.name_en", SETTINGS_TEXT, TEXT_AT(name_en), "in English"},
    {"city.timezone", SETTINGS_TEXT, TEXT_AT(timezone), "name in the tz database"},
    {"city.attribution", SETTINGS_LINES, TEXT_AT(attribution),
     "who made the data; shown on every map"},

    {"sources.osm", SETTINGS_PATHS, PATHS(osm), "*.osm.pbf *.osm *.osm.gz"},
    {"sources.gtfs", SETTINGS_PATHS, PATHS(gtfs), "*.zip or folders that hold stops.txt"},
    {"sources.streets", SETTINGS_PATHS, PATHS(streets), "streets*.csv"},
    {"sources.places", SETTINGS_PATHS, PATHS(places), "places*.csv places*.geojson gates*.csv"},
    {"sources.aliases", SETTINGS_PATHS, PATHS(aliases), "aliases*.csv"},
    {"sources.works", SETTINGS_PATHS, PATHS(works), "works*.csv"},
    {"sources.dates", SETTINGS_PATHS, PATHS(dates), "dates*.csv"},
    {"sources.fares", SETTINGS_PATHS, PATHS(fares), "fares*.csv"},
    {"sources.rules", SETTINGS_PATHS, PATHS(rules), "rules*.csv"},

    {"import.bad_rows", SETTINGS_SKIP_STOP, AT(bad_rows_stop), 0, 0, 0,
     "skip a row that cannot be (it is in the report), or stop"},
    {"import.generated", SETTINGS_BOOL, AT(generated), 0, 0, 0,
     "yes: some of the data is generated, and every answer says so"},

    {"walking.walk_speed.foot", SETTINGS_SPEED_MM_S, NUMBER(walk_mm_s[0]), 100, WALK_MOST_MM_S,
     "m/s or km/h"},
    {"walking.walk_speed.elder", SETTINGS_SPEED_MM_S, NUMBER(walk_mm_s[1]), 100, WALK_MOST_MM_S,
     "older people"},
    {"walking.walk_speed.wheelchair", SETTINGS_SPEED_MM_S, NUMBER(walk_mm_s[2]), 100,
     WALK_MOST_MM_S, "wheelchair users"},
    {"walking.max_walk.foot", SETTINGS_LENGTH_M, NUMBER(max_walk_m[0]), 0, DISTANCE_MOST_M,
     "m or km"},
    {"walking.max_walk.elder", SETTINGS_LENGTH_M, NUMBER(max_walk_m[1]), 0, DISTANCE_MOST_M,
     "older people"},
    {"walking.max_walk.wheelchair", SETTINGS_LENGTH_M, NUMBER(max_walk_m[2]), 0, DISTANCE_MOST_M,
     "wheelchair users"},
    {"walking.without_streets", SETTINGS_LENGTH_M, NUMBER(walk_without_streets_m), 0, 5000,
     "straight walks between stops of a city without streets; 0 m = only transfers.txt"},

    {"transit.change_time", SETTINGS_TIME_S, NUMBER(change_s), 0, 3600,
     "to change lines in a station, where no table says otherwise"},
    {"transit.max_transfers", SETTINGS_COUNT, NUMBER(max_transfers), 0, TRANSFERS_MOST, "0 to 12"},
    {"transit.night_end", SETTINGS_CLOCK_S, NUMBER(night_end_s), 0, DAY_S / 2,
     "a service night lasts until then; until then it is still \"tonight\""},

    {"bike.speed", SETTINGS_SPEED_MM_S, NUMBER(bike_mm_s), 500, 15000, "on a good street"},

    {"taxi.known", SETTINGS_FLAG, NUMBER(taxi.known), 0, 1, "no: the rates below are not used"},
    {"taxi.base_day", SETTINGS_MONEY_FEN, NUMBER(taxi.base_fen[0]), 0, MONEY_MOST_FEN, "flag fall"},
    {"taxi.base_night", SETTINGS_MONEY_FEN, NUMBER(taxi.base_fen[1]), 0, MONEY_MOST_FEN,
     "flag fall at night"},
    {"taxi.base_distance", SETTINGS_LENGTH_M, NUMBER(taxi.base_m), 0, DISTANCE_MOST_M,
     "covered by the flag fall"},
    {"taxi.per_km_day", SETTINGS_MONEY_PER_KM, NUMBER(taxi.per_km_fen[0]), 0, MONEY_MOST_FEN,
     "beyond it"},
    {"taxi.per_km_night", SETTINGS_MONEY_PER_KM, NUMBER(taxi.per_km_fen[1]), 0, MONEY_MOST_FEN,
     "beyond it, at night"},
    {"taxi.night_from", SETTINGS_CLOCK_S, NUMBER(taxi.night_from_s), 0, DAY_S, "local time"},
    {"taxi.night_to", SETTINGS_CLOCK_S, NUMBER(taxi.night_to_s), 0, DAY_S,
     "local time, of the next day"},
    {"taxi.far_distance", SETTINGS_LENGTH_M, NUMBER(taxi.far_m), 0, DISTANCE_MOST_M,
     "from there on the rate per km is higher; 0 m = nowhere"},
    {"taxi.far_extra", SETTINGS_PERCENT, NUMBER(taxi.far_percent), 0, 1000, "by so much"},
    {"taxi.slow_per_min", SETTINGS_MONEY_PER_MIN, NUMBER(taxi.slow_fen_per_min), 0, MONEY_MOST_FEN,
     "for each minute at slow speed"},
    {"taxi.slow_speed", SETTINGS_SPEED_KMH, NUMBER(taxi.slow_kmh), 0, 100, "slower than this"},
    {"taxi.pickup_wait", SETTINGS_TIME_S, NUMBER(taxi_wait_s), 0, 7200, "until the car is there"},
    {"taxi.assumed", SETTINGS_FLAG, NUMBER(taxi.assumed), 0, 1, "yes: not from an official source"},
    {"taxi.source", SETTINGS_TEXT, TEXT_AT(taxi_source), "who says so"},

    {"server.listen", SETTINGS_TEXT, TEXT_AT(listen), "address; 0.0.0.0 = everyone may ask"},
    {"server.port", SETTINGS_COUNT, NUMBER(port), 0, 65535, "0 = any free one"},
    {"server.threads", SETTINGS_COUNT, NUMBER(threads), 0, THREADS_MOST, "0 = one a core"},
    {"server.max_connections", SETTINGS_COUNT, NUMBER(max_connections), 1, CONNECTIONS_MOST,
     "further ones are refused politely"},
    {"server.max_body", SETTINGS_BYTES, NUMBER(max_body_bytes), 0, BODY_MOST_BYTES, "of a request"},
    {"server.header_timeout", SETTINGS_TIME_MS, NUMBER(header_timeout_ms), 1, TIMEOUT_MOST_MS,
     "a slower request is cut"},
    {"server.idle_timeout", SETTINGS_TIME_MS, NUMBER(idle_timeout_ms), 1, TIMEOUT_MOST_MS,
     "a connection without requests is closed"},
};
const uint32_t settings_key_count = TQ_COUNT(settings_keys);
_Static_assert(TQ_COUNT(settings_keys) <= SETTINGS_KEYS_MAX, "settings_lines has room");

void tq_settings_default(tq_settings *settings)
{
    memset(settings, 0, sizeof *settings);
    (void)snprintf(settings->id, sizeof settings->id, "city");
    (void)snprintf(settings->timezone, sizeof settings->timezone, "Asia/Shanghai");
    settings->walk_mm_s[0] = 1250;
    settings->walk_mm_s[1] = settings->walk_mm_s[2] = 900;
    settings->max_walk_m[0] = 3000;
    settings->max_walk_m[1] = 1200;
    settings->max_walk_m[2] = 2000;
    settings->change_s = 180;
    settings->max_transfers = 6;
    settings->night_end_s = 4 * 3600;
    settings->bike_mm_s = 4200;
    settings->taxi.night_from_s = 21 * 3600;
    settings->taxi.night_to_s = 5 * 3600;
    settings->taxi_wait_s = 300;
    (void)snprintf(settings->listen, sizeof settings->listen, "127.0.0.1");
    settings->port = 8787;
    settings->max_connections = 20000;
    settings->max_body_bytes = 1 << 20;
    settings->header_timeout_ms = 10000;
    settings->idle_timeout_ms = 60000;
}

const char *settings_leaf(const char *path)
{
    const char *dot = strrchr(path, '.');
    return dot == NULL ? path : dot + 1;
}
