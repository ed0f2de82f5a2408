/* Inside of the JSON reader: where in the document it is, and what it has met so far. */
#ifndef TQ_PROBLEM_JSON_IN_H
#define TQ_PROBLEM_JSON_IN_H

#include <jansson.h>

#include "fleet/problem_in.h"

#define JSON_PATH_MAX 200
#define JSON_DEEP_MAX 16

/* Work of a visit for one type of vehicle: overrides setup or service. */
typedef struct type_work {
    uint32_t visit, type;
    bool setup;
    int64_t time;
} type_work;

typedef struct reader {
    tq_fleet_file *file;
    tq_err *err;
    char path[JSON_PATH_MAX];
    size_t path_len[JSON_DEEP_MAX], used;
    uint32_t depth;
    bool load_known;
    bool wants_distance;
    uint32_t rows;            /* of the matrices as given */
    uint32_t *slot, slot_cap; /* places by hash, TQ_NONE = free */
    TQ_VEC(type_work) work;
    TQ_VEC(const char *) type; /* names of vehicle types; 0 = none */
} reader;

void json_push(reader *in, const char *key);
void json_push_index(reader *in, size_t index);
void json_pop(reader *in);
tq_status json_bad(const reader *in, const char *what); /* "PATH: what" */
tq_status json_over(const reader *in, size_t most);
tq_status json_no_memory(const reader *in);
tq_status json_whole(reader *in, const json_t *value, int64_t low, int64_t high, int64_t *out);
tq_status json_fraction(reader *in, const json_t *value, double low, double high, double *out);
/** Refuse members that are not in the list (NULL at its end). */
tq_status json_members(reader *in, const json_t *object, const char *const *known);

tq_status problem_add_place(reader *in, const tq_fleet_place *place, uint32_t *out);
tq_status problem_profile_of(reader *in, const char *name, uint32_t *out);
tq_status problem_type_of(reader *in, const char *name, uint32_t *out);
tq_status problem_read_matrices(reader *in, const json_t *root);
/** Cut the matrices down to the places that are used. */
tq_status problem_place_matrices(reader *in);
tq_status problem_check_ids(reader *in);
tq_status problem_read_types(reader *in, const json_t *object, uint32_t task, uint32_t end);
tq_status problem_finish_types(reader *in);
tq_status problem_read_steps(reader *in, const json_t *root);
void problem_order_breaks(tq_fleet_file *file, const tq_fleet_vehicle *vehicle);
void problem_reader_end(reader *in);

#endif
