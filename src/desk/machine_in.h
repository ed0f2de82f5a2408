/* Private to machine*.c, case*.c and duty*.c: state machines as data. */
#ifndef TQ_DESK_MACHINE_IN_H
#define TQ_DESK_MACHINE_IN_H

#include "desk/desk_in.h"

#define MACHINE_BYTES_MAX     ((size_t)256 << 10)
#define MACHINES_MAX          32u
#define MACHINE_ID_MAX        32u
#define MACHINE_NAME_MAX      80u
#define MACHINE_STATES        24u
#define MACHINE_MOVES         64u
#define MACHINE_FIELDS        24u
#define MACHINE_PARTIES       12u
#define MACHINE_NEEDS         8u
#define MACHINE_CHOICES       24u
#define MACHINE_CLOCK_MOST_MS (INT64_C(366) * 24 * 3600 * 1000)

typedef struct machine_name {
    char zh[MACHINE_NAME_MAX], en[MACHINE_NAME_MAX];
} machine_name;

typedef enum machine_field_type {
    FIELD_TEXT,
    FIELD_POINT,
    FIELD_NUMBER,
    FIELD_REFERENCE,
    FIELD_CHOICE,
    FIELD_YES_NO
} machine_field_type;

typedef struct machine_choice {
    char id[MACHINE_ID_MAX];
    machine_name name;
} machine_choice;

typedef struct machine_field {
    char id[MACHINE_ID_MAX];
    machine_name name;
    machine_field_type type;
    bool need; /* at the opening */
    uint32_t choice_count;
    machine_choice choice[MACHINE_CHOICES];
} machine_field;

typedef struct machine_state {
    char id[MACHINE_ID_MAX];
    machine_name name;
    int64_t clock_ms; /* 0 = none */
    bool final;       /* no move leads out */
} machine_state;

typedef enum machine_need_kind {
    NEED_FIELD,
    NEED_SIGNATURES,
    NEED_DOCUMENT,
    NEED_CLOSURE,
    NEED_CHECKLIST,
    NEED_NOTE,
    NEED_STRETCH,
    NEED_TWO_PERSONS
} machine_need_kind;

typedef struct machine_need {
    machine_need_kind kind;
    uint32_t count;            /* of signatures */
    char word[MACHINE_ID_MAX]; /* field or kind of document */
} machine_need;

#define DOES_PUBLISH_CLOSURE 1u
#define DOES_END_CLOSURE     2u

typedef struct machine_move {
    uint32_t from, to;
    machine_name name;
    uint32_t who, does;
    bool emergency;
    uint32_t need_count;
    machine_need need[MACHINE_NEEDS];
} machine_move;

typedef struct machine_party {
    char id[MACHINE_ID_MAX];
    machine_name name;
} machine_party;

typedef struct desk_machine {
    char type[MACHINE_ID_MAX], prefix[8], source[64];
    machine_name name;
    bool hotline; /* riders may open one */
    uint32_t field_count, state_count, move_count, party_count;
    machine_field field[MACHINE_FIELDS];
    machine_state state[MACHINE_STATES];
    machine_move move[MACHINE_MOVES];
    machine_party party[MACHINE_PARTIES];
    uint32_t detect, close, reopen; /* states; TQ_NONE = not measured */
} desk_machine;

struct desk_machines {
    uint32_t count;
    desk_machine *machine[MACHINES_MAX]; /* in order of type */
};

/** NULL when there is none. */
const desk_machine *machine_of(const tq_desk *desk, const char *type);
uint32_t machine_state_of(const desk_machine *machine, const char *state); /* TQ_NONE */
const char *machine_word(const desk_call *call, const machine_name *name); /* by language */
/** Read the text of one machine. */
tq_status machine_read(const char *source, tq_str bytes, desk_machine *out, tq_err *err);
/** What must fit together: every state is reached, words are known. */
tq_status machine_check(const desk_machine *machine, tq_err *err);
json_t *machine_name_json(const machine_name *name);

/** The machine for people and programs (case.types). */
json_t *machine_json(const desk_machine *machine);

#endif
