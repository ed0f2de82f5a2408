/*
 * cli: the command `tongqu`. One file a subcommand; the only room that prints and exits.
 *
 * A subcommand is a row of the table in commands.c: its options there make parsing, --help, shell
 * completion and the man pages. Exit codes: 0 ok, 1 the answer is no, 2 usage, 3 bad input, 4 store
 * or disk, 5 busy, 70 internal.
 */
#ifndef TQ_CLI_H
#define TQ_CLI_H

#include <stdio.h>

#include "import/import.h"
#include "journey/journey.h"

#define CLI_OPTIONS_MAX 40
#define CLI_REPEATS_MAX 32
#define CLI_WORDS_MAX   4

typedef enum cli_kind { CLI_FLAG, CLI_VALUE, CLI_REPEATED } cli_kind;

typedef struct cli_option {
    const char *name; /* without the dashes */
    cli_kind kind;
    const char *value; /* what the value is called in help: "FILE" */
    const char *help;
} cli_option;

struct cli_args;
typedef struct cli_command {
    const char *name, *summary;
    const char *words;   /* positional arguments: "CITY QUERY"; [X] is optional */
    const char *example; /* one line that works */
    const char *text;    /* a paragraph for the man page and long help */
    const cli_option *option;
    unsigned option_count;
    int (*run)(const struct cli_args *args);
} cli_command;

typedef struct cli_args {
    const cli_command *command;
    const char *word[CLI_WORDS_MAX];
    unsigned word_count;
    const char *value[CLI_OPTIONS_MAX]; /* by option row; a flag that is set is "" */
    const char *repeated[CLI_REPEATS_MAX];
    unsigned repeated_of[CLI_REPEATS_MAX], repeat_count;
    bool json, quiet;
    tq_lang lang;
} cli_args;

extern const cli_command cli_commands[];
extern const unsigned cli_command_count;

/** Read argv behind the subcommand. Prints what is wrong and returns false on a usage error. */
bool cli_parse(const cli_command *command, int argc, char **argv, cli_args *args);
/** Value of an option by name; NULL when not given. The name must be in the command's table. */
const char *cli_value(const cli_args *args, const char *name);
bool cli_flag(const cli_args *args, const char *name);
/** Number within limits; prints the limit and returns false otherwise. Not given: *out keeps its
 * value. */
bool cli_number(const cli_args *args, const char *name, uint32_t low, uint32_t high, uint32_t *out);

void cli_help(const cli_command *command, FILE *out);
void cli_help_all(FILE *out);
void cli_completion_bash(FILE *out);
void cli_man(const cli_command *command, FILE *out); /* NULL: the page of tongqu itself */

/** Print an error for people (stderr) or as JSON (stdout) and return its exit code. */
int cli_fail(const cli_args *args, tq_status status, const tq_err *err);
int cli_exit_code(tq_status status);
int cli_usage(const cli_args *args, const char *text); /* prints and returns 2 */

/** Print a finished buffer with a line end and free it; 70 when it had failed. */
int cli_print(tq_buf *buf, int exit_code);

/* Progress on a terminal: stage, share, rate, time left, memory. Silent elsewhere and with --quiet.
 */
typedef struct cli_progress {
    bool shown;
    char stage[48];
    int64_t stage_ns, drawn_ns;
} cli_progress;
void cli_progress_begin(cli_progress *progress, const cli_args *args);
void cli_progress_tick(void *progress, const char *stage, uint64_t done,
                       uint64_t total); /* a tq_progress */
void cli_progress_end(cli_progress *progress);

/** Path of the city file of CITY: the folder's ID.city, or CITY itself when it is a .city file. */
tq_status cli_city_path(const char *city, char out[TQ_PATH_MAX], tq_err *err);

/* An open city with one thread's scratch. */
typedef struct cli_city {
    tq_snapshot snapshot;
    tq_arena work;
    void *memory;
} cli_city;
tq_status cli_open(const char *city, cli_city *out, tq_err *err);
void cli_close(cli_city *city);

/** Instant of --NAME, or now. */
tq_status cli_time(const cli_args *args, const char *name, const tq_city *city, int64_t *at_ms,
                   tq_err *err);

/* Who travels on the streets and when: the options that route, matrix, isochrone, match and nearest
 * share (road.c). */
typedef struct cli_road {
    cli_city city;
    const tq_vehicle *vehicle;
    tq_vehicle own; /* when options change it */
    tq_datum datum; /* of lat,lon given and of points answered */
    int64_t at_ms;
    const tq_metric *metric;
    tq_metric *made; /* a metric of our own, for own limits and avoided streets */
} cli_road;
/** Open the city and make the metric; prints what is wrong. Returns 0, else the exit code; end with
 * cli_road_close in any case. */
int cli_road_open(const cli_args *args, cli_road *out);
void cli_road_close(cli_road *road);
/** A place by name, stop or point, on its street. TQ_NOT_FOUND says how far was looked. */
tq_status cli_road_place(const cli_road *road, const char *text, tq_point *at, tq_err *err);
tq_status cli_road_snap(const cli_road *road, tq_point at, tq_snap *out, tq_err *err);
/** Write degrees in the datum asked for. */
void cli_road_degrees(const cli_road *road, tq_point at, double *lat, double *lon);

/* A CSV file (or "-", the standard input) read line by line; its first line names the columns. */
#define CLI_COLUMNS_MAX 16
typedef struct cli_rows {
    FILE *file;
    char *line;
    size_t cap;
    uint32_t number; /* of the line, from 1 */
    uint32_t columns;
    tq_str head[CLI_COLUMNS_MAX], field[CLI_COLUMNS_MAX];
    char *head_line;
} cli_rows;
tq_status cli_rows_open(cli_rows *rows, const char *path, tq_err *err);
/** Next line that is not empty. *more false at the end. */
tq_status cli_rows_next(cli_rows *rows, bool *more, tq_err *err);
uint32_t cli_rows_column(const cli_rows *rows, const char *name); /* TQ_NONE = there is none */
/** lat and lon columns of the row as a WGS-84 point. */
tq_status cli_rows_point(const cli_rows *rows, const cli_road *road, uint32_t lat, uint32_t lon,
                         tq_point *out, tq_err *err);
void cli_rows_close(cli_rows *rows);

int cli_route_batch(const cli_args *args, cli_road *road);
int cli_matrix(const cli_args *args);
int cli_isochrone(const cli_args *args);
int cli_match(const cli_args *args);
int cli_nearest(const cli_args *args);
int cli_solve(const cli_args *args);
int cli_freight(const cli_args *args);
int cli_freight_uplift(const cli_args *args);
int cli_freight_flow(const cli_args *args);
int cli_freight_track(const cli_args *args);
int cli_init(const cli_args *args);
int cli_import(const cli_args *args);
int cli_serve(const cli_args *args);
int cli_plan(const cli_args *args);
int cli_route(const cli_args *args);
int cli_places(const cli_args *args);
int cli_check(const cli_args *args);
int cli_bench(const cli_args *args);
int cli_demo(const cli_args *args);
int cli_audit(const cli_args *args);
int cli_backup(const cli_args *args);
int cli_user(const cli_args *args);
int cli_simulate(const cli_args *args);
int cli_works(const cli_args *args);
int cli_version(const cli_args *args);
int cli_help_command(const cli_args *args);

#endif
