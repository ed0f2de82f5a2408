/* The table of subcommands and their options: parsing, help, completion and man pages come from it.
 */
#include "cli/cli.h"

#define COMMON                                                                                     \
    {"json", CLI_FLAG, NULL, "print one JSON object"},                                             \
        {"quiet", CLI_FLAG, NULL, "print the answer only, no progress"},                           \
        {"lang", CLI_VALUE, "zh|en", "language of texts (default: from LANG)"},                    \
    {                                                                                              \
        "help", CLI_FLAG, NULL, "show this help"                                                   \
    }

static const cli_option init_options[] = {
    {"name", CLI_VALUE, "NAME", "name of the city, such as 太原"},
    {"name-en", CLI_VALUE, "NAME", "English name"},
    {"timezone", CLI_VALUE, "ZONE", "time zone, such as Asia/Shanghai (default)"},
    {"osm", CLI_REPEATED, "FILE",
     "an OpenStreetMap extract (.osm.pbf, .osm, .osm.gz); may be repeated"},
    {"gtfs", CLI_REPEATED, "FEED", "a GTFS feed, zip or folder; may be repeated"},
    COMMON,
};
static const cli_option import_options[] = {
    {"force", CLI_FLAG, NULL, "import even if no source has changed"},
    {"report", CLI_VALUE, "FILE", "write the full report as JSON"},
    {"threads", CLI_VALUE, "N", "threads to use (default: one a core)"},
    COMMON,
};
static const cli_option serve_options[] = {
    {"listen", CLI_VALUE, "ADDRESS", "address to listen on (default from tongqu.yaml: 127.0.0.1)"},
    {"port", CLI_VALUE, "PORT", "port, 0 for any free one (default from tongqu.yaml: 8787)"},
    {"threads", CLI_VALUE, "N", "event loops (default: one a core)"},
    {"import", CLI_FLAG, NULL, "import first if a source has changed"},
    {"feed", CLI_REPEATED, "NAME=URL",
     "fetch a GTFS-Realtime feed every 30 s; NAME=URL,SECONDS for another interval; may be "
     "repeated"},
    COMMON,
};
static const cli_option plan_options[] = {
    {"from", CLI_VALUE, "PLACE", "start: lat,lon, gcj02:lat,lon, bd09:lat,lon, stop:ID or a name"},
    {"to", CLI_VALUE, "PLACE", "end, written the same way"},
    {"depart", CLI_VALUE, "TIME",
     "leave at or after: 2025-06-03T08:00 (local) or RFC 3339 (default: now)"},
    {"arrive", CLI_VALUE, "TIME", "be there by"},
    {"window", CLI_VALUE, "MIN", "all best trips that leave (arrive) within so many minutes"},
    {"profile", CLI_VALUE, "NAME",
     "foot, elder, wheelchair, bike, car or taxi (default foot: walking and transit)"},
    {"max-transfers", CLI_VALUE, "N", "changes at most (0 to 12)"},
    {"max-walk", CLI_VALUE, "M",
     "longest single walk in metres, 0 for no limit (default: the profile's)"},
    {"rider", CLI_VALUE, "WHO",
     "adult, senior, pupil or child: for the fare (elder profile: senior)"},
    {"card", CLI_FLAG, NULL, "pay with a stored-value card"},
    {"on-demand", CLI_VALUE, "LIST",
     "also taxi, custom, or taxi,custom as the first or last mile, or all the way; waits are "
     "assumed here, a server knows them and the custom buses"},
    {"party", CLI_VALUE, "N", "how many travel (1 to 8)"},
    COMMON,
};
/* Who travels on the streets and when. */
#define ROAD                                                                                       \
    {"profile", CLI_VALUE, "NAME",                                                                 \
     "car (default), taxi, bus, lorry_…, bike, foot, … of the city"},                              \
        {"at", CLI_VALUE, "TIME", "departure: rules, works and speeds of then (default: now)"},    \
        {"height", CLI_VALUE, "M", "height of the vehicle, such as 4.2m"},                         \
        {"width", CLI_VALUE, "M", "its width"}, {"length", CLI_VALUE, "M", "its length"},          \
        {"weight", CLI_VALUE, "T", "its actual weight, such as 18t"},                              \
        {"axle", CLI_VALUE, "T", "its axle load"},                                                 \
        {"hazmat", CLI_FLAG, NULL, "it carries dangerous goods"},                                  \
        {"plate", CLI_VALUE, "PLATE", "number plate, for rules by its last digit"},                \
        {"avoid", CLI_VALUE, "LIST", "motorway, toll, ferry, unpaved, or names of streets"},       \
    {                                                                                              \
        "datum", CLI_VALUE, "NAME", "of lat,lon given and answered: wgs84 (default), gcj02, bd09"  \
    }

static const cli_option route_options[] = {
    {"from", CLI_VALUE, "PLACE", "start: lat,lon, gcj02:lat,lon, bd09:lat,lon, stop:ID or a name"},
    {"to", CLI_VALUE, "PLACE", "end, written the same way"},
    {"via", CLI_REPEATED, "PLACE", "a place on the way; may be repeated"},
    ROAD,
    {"csv", CLI_VALUE, "FILE",
     "many routes: a file (- is standard input) with from_lat,from_lon,to_lat,to_lon[,id]"},
    {"strict", CLI_FLAG, NULL, "with --csv: stop at the first bad row"},
    {"alternatives", CLI_VALUE, "N", "up to so many other ways (0 to 2)"},
    {"steps", CLI_FLAG, NULL, "with the turns in words and numbers"},
    {"geometries", CLI_VALUE, "FORM", "polyline (default), polyline6 or geojson"},
    COMMON,
};
static const cli_option matrix_options[] = {
    {"from", CLI_REPEATED, "PLACE", "a source; may be repeated"},
    {"to", CLI_REPEATED, "PLACE", "a target; may be repeated (default: the sources)"},
    {"from-file", CLI_VALUE, "FILE", "sources from a CSV file with lat,lon[,id]"},
    {"to-file", CLI_VALUE, "FILE", "targets, the same way"},
    ROAD,
    {"distance", CLI_FLAG, NULL, "with metres of the quickest way"},
    {"csv", CLI_FLAG, NULL, "print CSV (the default without --json)"},
    COMMON,
};
static const cli_option isochrone_options[] = {
    {"place", CLI_VALUE, "PLACE", "lat,lon, gcj02:lat,lon, bd09:lat,lon, stop:ID or a name"},
    {"minutes", CLI_VALUE, "LIST", "ascending, such as 5,10,15 (default 10)"},
    {"direction", CLI_VALUE, "WAY", "from (default) the place, or to it"},
    ROAD,
    COMMON,
};
static const cli_option solve_options[] = {
    {"seconds", CLI_VALUE, "S", "processor time of planning (default 5), such as 0.5"},
    {"iterations", CLI_VALUE, "N", "rounds of improvement instead: the same answer every time"},
    {"seed", CLI_VALUE, "N", "seed of the search (default 1)"},
    {"threads", CLI_VALUE, "N", "searches side by side with seeds of their own (default 1)"},
    {"city", CLI_VALUE, "CITY", "take times from its streets when the problem has no matrices"},
    ROAD,
    {"g", CLI_FLAG, NULL, "with the lines of the routes, when times come from the streets"},
    {"objective", CLI_VALUE, "NAME", "vroom: cost; fleet: fewest vehicles, then cost"},
    {"format", CLI_VALUE, "NAME", "vroom (default), lilim, darp or solomon"},
    {"o", CLI_VALUE, "FILE", "write the answer to a file"},
    COMMON,
};
static const cli_option freight_options[] = {
    {"from", CLI_VALUE, "NODE", "where the goods are: an id or whole name of nodes.csv"},
    {"to", CLI_VALUE, "NODE", "where they go"},
    {"commodity", CLI_VALUE, "C", "a code of commodities.csv, such as coal_thermal"},
    {"tonnes", CLI_VALUE, "N", "how much, up to 6 decimals; without it 22 t a box"},
    {"boxes40", CLI_VALUE, "N", "boxes of 40 feet, for a container cargo"},
    {"at", CLI_VALUE, "WEEKDAY@HH:MM", "ready then, the next one from now, such as mon@08:00"},
    {"depart", CLI_VALUE, "ISO", "ready at an instant, such as 2026-07-06T08:00 (default: now)"},
    {"arrive", CLI_VALUE, "ISO", "there by then; alone: the latest starts"},
    {"service", CLI_VALUE, "ID", "instead of --to: the latest starts that reach this service"},
    {"avoid", CLI_VALUE, "NODES", "places not touched, by commas"},
    {"via", CLI_VALUE, "NODES", "places touched, by commas, at most 4"},
    {"modes", CLI_VALUE, "MODES", "only these of road,rail,sea,river,air"},
    {"why-not", CLI_VALUE, "NODE", "say why no plan goes by this place"},
    {"all", CLI_FLAG, NULL, "the whole front, not only the plans worth showing"},
    {"plan", CLI_VALUE, "N", "bill, carbon: number of the plan on the front"},
    {"tariff", CLI_VALUE, "ID", "bill of one stretch under this rail tariff"},
    {"km", CLI_VALUE, "KM", "its length"},
    {"electrified-km", CLI_VALUE, "KM", "how much of it is electrified (default: all)"},
    {"boxes20", CLI_VALUE, "N", "boxes of 20 feet on it"},
    {"load", CLI_FLAG, NULL, "with the fee for loading"},
    {"unload", CLI_FLAG, NULL, "with the fee for unloading"},
    {"box-use", CLI_FLAG, NULL, "the boxes are the railway's"},
    {"wagons", CLI_VALUE, "N", "wagons fetched on a siding"},
    {"siding-km", CLI_VALUE, "KM", "way on the siding, there and back"},
    {"special-cny", CLI_VALUE, "CNY", "special lines and diversion, as the carrier states them"},
    {"regime", CLI_VALUE, "ID", "uplift: a customs regime of regimes.csv, such as mail"},
    {"flight", CLI_VALUE, "ID", "uplift: a flight of flights.csv; shows its steps"},
    {"date", CLI_VALUE, "DAY", "uplift: flights on or after this day, such as 2026-07-06"},
    {"mass-kg", CLI_VALUE, "KG", "uplift: what is collected (default 100)"},
    {"against", CLI_VALUE, "FILE", "flow: another question; the difference is told"},
    {"csv", CLI_FLAG, NULL, "flow: the corridors as CSV"},
    COMMON,
};
static const cli_option match_options[] = {
    ROAD,
    {"ignore-gaps", CLI_FLAG, NULL, "do not cut the track where nothing was heard for 60 s"},
    {"tidy", CLI_FLAG, NULL, "drop points that say nothing"},
    {"geometries", CLI_VALUE, "FORM", "polyline (default), polyline6 or geojson"},
    COMMON,
};
static const cli_option nearest_options[] = {
    {"place", CLI_VALUE, "PLACE", "lat,lon, gcj02:lat,lon, bd09:lat,lon, stop:ID or a name"},
    {"number", CLI_VALUE, "N", "how many (default 1)"},
    {"of", CLI_VALUE, "FILE", "not streets: the quickest to reach of a CSV file with lat,lon[,id]"},
    {"direction", CLI_VALUE, "WAY", "with --of: from (default) the place, or to it"},
    ROAD,
    COMMON,
};
static const cli_option places_options[] = {
    {"in", CLI_VALUE, "NAME", "only in this town"},
    {"limit", CLI_VALUE, "N", "answers at most (default 10)"},
    {"near", CLI_VALUE, "POINT", "prefer what is near; without a query: what lies there"},
    {"radius", CLI_VALUE, "M", "with --near and no query: how far around (default 300)"},
    COMMON,
};
static const cli_option demo_options[] = {COMMON};
static const cli_option audit_options[] = {COMMON};
static const cli_option user_options[] = {
    {"roles", CLI_VALUE, "LIST",
     "rider, clerk, dispatcher, road_unit, police, planner, auditor, admin (default), commas "
     "between"},
    COMMON,
};
static const cli_option backup_options[] = {COMMON};
static const cli_option simulate_options[] = {
    {"seed", CLI_VALUE, "N", "seed of all that is drawn (default 1)"},
    {"port", CLI_VALUE, "PORT", "province: port, 0 for any free one (default)"},
    {"mood", CLI_VALUE, "MOOD", "province: well (default), cut, slow, lost or wrong"},
    {"vehicles", CLI_VALUE, "N", "day: taxis (default 8292)"},
    {"orders", CLI_VALUE, "N", "day: orders (default 60000)"},
    {"phone", CLI_VALUE, "N", "day: so many of them by phone (default 2000, a thirtieth at most)"},
    {"riders", CLI_VALUE, "N", "day: commuters who ask for a custom bus (default 300)"},
    {"policy", CLI_VALUE, "LIST", "day: policies, commas between (default nearest,batch,fair)"},
    {"hours", CLI_VALUE, "A-B", "day: orders are called in these hours (default 0-24)"},
    {"close", CLI_REPEATED, "STREET[/FROM/TO]@HH:MM-HH:MM",
     "day: a street that is closed; may be repeated"},
    {"snow", CLI_FLAG, NULL, "day: slower driving, and the bonus of snow"},
    {"threads", CLI_VALUE, "N", "day: policies side by side (default: one a core)"},
    {"report", CLI_VALUE, "FILE", "day: write the report as JSON"},
    {"html", CLI_VALUE, "FILE", "day: write the report as a page with charts"},
    {"events", CLI_VALUE, "FILE", "day: write one line of JSON an order"},
    COMMON,
};
static const cli_option check_options[] = {COMMON};
static const cli_option bench_options[] = {
    {"queries", CLI_VALUE, "N", "random questions of each kind (default 1000)"},
    {"seed", CLI_VALUE, "N", "seed of the random questions (default 1)"},
    {"at", CLI_VALUE, "TIME",
     "day and time of the questions (default: the middle of the timetable, 08:00)"},
    COMMON,
};
static const cli_option works_options[] = {
    {"at", CLI_VALUE, "TIME", "the register at this instant (default: now)"},
    COMMON,
};
static const cli_option version_options[] = {COMMON};
static const cli_option help_options[] = {
    {"completion", CLI_VALUE, "SHELL", "print the completion script of a shell (bash)"},
    {"man", CLI_FLAG, NULL, "print the manual page of the command (roff)"},
    COMMON,
};

#define ROW(name, words, summary, example, text, options, run)                                     \
    {                                                                                              \
        name, summary, words, example, text, options, TQ_COUNT(options), run                       \
    }

const cli_command cli_commands[] = {
    ROW("init", "CITY", "make a city folder with a tongqu.yaml that has every setting",
        "tongqu init cities/heidelberg --osm heidelberg.osm.pbf --gtfs rnv.gtfs.zip --timezone "
        "Europe/Berlin",
        "Makes the folder and writes tongqu.yaml with every key, its default and a comment. "
        "Sources given here are written "
        "into it; without any, whatever extracts, feeds and tables lie in the folder are used. An "
        "existing file is kept.",
        init_options, cli_init),
    ROW("import", "CITY", "read the sources of a city folder into its city file",
        "tongqu import cities/taiyuan",
        "Reads streets, timetables and tables, and writes ID.city beside tongqu.yaml: all or "
        "nothing. The report says what "
        "was dropped and why, by file and line. Nothing is done when no source has changed.",
        import_options, cli_import),
    ROW("serve", "CITY", "answer over HTTP, with the console at /",
        "tongqu serve cities/taiyuan --port 8787",
        "Serves the API, tiles and the console until it is interrupted.", serve_options, cli_serve),
    ROW("plan", "CITY", "plan a trip from door to door",
        "tongqu plan cities/taiyuan --from 太原理工大学 --to 化章西街 --depart 2025-06-03T08:00",
        "Prints the best trips by arrival, changes, walking and fare, with the last safe departure "
        "of the night, and says by "
        "how many minutes a last connection is missed. Exit code 1: there is no way.",
        plan_options, cli_plan),
    ROW("route", "CITY", "find the way on the streets for one kind of traveller",
        "tongqu route cities/taiyuan --profile car --from 37.8694,112.5603 --to 武宿机场 --json",
        "With --json prints OSRM's route object with the street names in order as \"ways\"; "
        "--steps prints the turns as they are spoken. With --csv FILE many routes are answered, "
        "as CSV with id,duration_s,distance_m,status. Exit code 1: there is no way.",
        route_options, cli_route),
    ROW("matrix", "CITY", "times and metres between many places",
        "tongqu matrix cities/taiyuan --from 大南门 --from 太原南站 --to 武宿机场 --distance",
        "Prints CSV with from,to,duration_s[,distance_m]; empty means that there is no way. With "
        "--json rows of numbers.",
        matrix_options, cli_matrix),
    ROW("isochrone", "CITY", "how far one gets in some minutes",
        "tongqu isochrone cities/taiyuan --place 大南门 --minutes 5,10,15 --profile bike --json",
        "Prints how much street is reached; with --json the areas as GeoJSON.", isochrone_options,
        cli_isochrone),
    ROW("match", "CITY TRACK", "the way behind a noisy track",
        "tongqu match cities/taiyuan track.csv --profile taxi --json",
        "TRACK is a CSV file (- is standard input) with lat,lon and, if known, time (seconds since "
        "1970) and accuracy_m. With --json prints OSRM's matchings and tracepoints.",
        match_options, cli_match),
    ROW("solve", "FILE", "routes for many tasks and vehicles, in VROOM's JSON",
        "tongqu solve problem.json --city cities/taiyuan --seconds 2 -g -o plan.json",
        "FILE (- is standard input) is a problem in VROOM's form (vehicles, jobs, shipments, "
        "matrices) or, with --format, of Li-Lim, Cordeau or Solomon. Prints VROOM's answer; each "
        "unassigned task tells its reason. Exit code 1: some tasks are left out.",
        solve_options, cli_solve),
    ROW("freight", "plan|bill|carbon|nodes|uplift|flow|track CITY [ID|FILE]",
        "plan goods by road, rail, sea, river and air",
        "tongqu freight plan cities/taiyuan --from TUNL --to GZXP --commodity coal_thermal "
        "--tonnes 10000 --at mon@08:00",
        "Prints the plans that no other beats in arrival, money and CO2, thinned to those worth "
        "showing, with their odds of being on time. bill gives the railway's items of one stretch, "
        "or of a plan's chains; carbon a plan's emissions by element, with competing sets of "
        "factors. nodes lists the places. uplift tells the latest safe collection for each flight "
        "and customs regime of the land-air hub. track shows the consignments of the served city: "
        "ID is "
        "one "
        "with its timeline, or late, or kpi. flow reads a question (FILE, JSON) about yearly "
        "tonnes "
        "over limited corridors: what each carries, what is full and what a tonne more would save, "
        "totals by hub tag, and how another question differs; try freight flow cities/taiyuan "
        "cities/taiyuan/freight/flow.json. The tables lie in the city's folder "
        "freight/. Exit code 1: there is no plan, and what forbids it is named.",
        freight_options, cli_freight),
    ROW("nearest", "CITY", "the nearest streets, or the quickest to reach of a set",
        "tongqu nearest cities/taiyuan --place 37.8694,112.5603 --number 3",
        "Prints the streets that the vehicle may use, nearest first; with --of the places of a "
        "file by travel time.",
        nearest_options, cli_nearest),
    ROW("places", "CITY [QUERY]",
        "find places by name, pinyin, initials, English, alias or former name",
        "tongqu places cities/taiyuan 化西街站",
        "Says for each answer why it matched. Exit code 1: nothing was found.", places_options,
        cli_places),
    ROW("works", "CITY", "the dated register: what is planned, being built, open or closed",
        "tongqu works cities/taiyuan --at 2025-04-09T12:00",
        "Lists the register of works at an instant.", works_options, cli_works),
    ROW("demo", "CITY", "close a road and see every verb answer differently, then open it again",
        "tongqu demo cities/taiyuan --json",
        "Starts a server of its own on a free port with a temporary store and a program that plays "
        "the province, asks, closes the road of the city's demo.json, asks again, opens it, asks "
        "again. Times are measured. Exit code 1: something did not change or did not return.",
        demo_options, cli_demo),
    ROW("audit", "verify CITY", "check the chain of the audit trail",
        "tongqu audit verify cities/taiyuan",
        "CITY is a city folder or a store file. Exit code 1: the chain is broken.", audit_options,
        cli_audit),
    ROW("user", "CITY NAME", "make an account; the password is read from standard input",
        "tongqu user cities/taiyuan 王芳 --roles dispatcher",
        "For the owner of the machine; people with the role admin make accounts in the console.",
        user_options, cli_user),
    ROW("backup", "CITY FILE", "copy the store of a city while it is in use",
        "tongqu backup cities/taiyuan backup.db", "The copy is whole: one instant of the store.",
        backup_options, cli_backup),
    ROW("simulate", "WHAT [CITY]", "a day of taxi orders, or a peer as a program",
        "tongqu simulate day cities/taiyuan --vehicles 3000 --report day.json --html day.html",
        "day CITY: a generated day of orders played against the desk under each policy, with the "
        "code and the verbs of the server, on a store that is removed at the end; the same seed "
        "gives the same report. province: takes messages at POST /in, acknowledges them, lists "
        "them at GET /taken; POST /mood changes how it behaves: well, cut, slow, lost, wrong.",
        simulate_options, cli_simulate),
    ROW("check", "CITY", "verify a city folder: settings, city file, and whether it is up to date",
        "tongqu check cities/taiyuan",
        "Exit code 0: all good; 1: the city file is older than its sources; 3 or 4: damaged.",
        check_options, cli_check),
    ROW("bench", "CITY", "time random questions on this machine",
        "tongqu bench cities/taiyuan --queries 1000",
        "Prints one JSON line a kind of question: count, median, p99 in microseconds.",
        bench_options, cli_bench),
    ROW("version", "", "print the version", "tongqu version",
        "Prints the version of the program and its city file format.", version_options,
        cli_version),
    ROW("help", "[COMMAND]", "explain a command", "tongqu help plan",
        "Prints the help of a command, its manual page, or a completion script.", help_options,
        cli_help_command),
};
const unsigned cli_command_count = TQ_COUNT(cli_commands);
