/*
 * Private to import: conditions and rules under construction (conditions*.c).
 *
 * A condition is a list of alternatives (tq_clause); a rule set is what conditions change on a
 * street. Equal ones share a row, rows keep their order of first appearance, so equal sources give
 * equal rows. Row 0 of the conditions holds always, rule set 0 is empty.
 */
#ifndef TQ_IMPORT_CONDITIONS_IN_H
#define TQ_IMPORT_CONDITIONS_IN_H

#include "import/import.h"

#define TQ_CONDITION_BYTES_MAX 2000u /* of one condition's text */
#define TQ_CONDITION_PARTS_MAX 16u   /* joined by AND */
#define TQ_CLAUSES_MAX         64u   /* alternatives of one condition */
#define TQ_RULES_MAX           256u  /* of one street */

/* What is wrong with a condition's text. */
#define IMPORT_DOUBT_UNKNOWN   1u /* not understood: it has no effect at all */
#define IMPORT_DOUBT_UNDECIDED 2u /* an alternative that nobody can decide never holds */
#define IMPORT_DOUBT_SUN       4u /* sunrise is taken as 06:00, sunset as 18:00 */
#define IMPORT_DOUBT_HOLIDAYS  8u /* holidays are not known: they count as other days */

/* A text taken apart; without alternatives it never holds. */
typedef struct import_clauses {
    uint32_t count, doubts;
    uint32_t stop; /* with DOUBT_UNKNOWN: bytes that were understood */
    tq_clause clause[TQ_CLAUSES_MAX];
} import_clauses;

/** Take a condition apart: what stands behind the @, with or without parentheses. */
void import_parse_condition(tq_str text, const tq_zone_table *zone, import_clauses *out);

/* One «value @ condition» of a conditional tag. */
typedef struct import_alternative {
    tq_str value, condition;
} import_alternative;
/** Take the next one off `rest`; false at the end. A value without @ has an empty condition. */
bool import_next_alternative(tq_str *rest, import_alternative *out);

/* Where a text stands, for the report. */
typedef struct import_source {
    const char *file, *object; /* "way", "relation", "" */
    int64_t id;
    tq_str key; /* may be empty */
} import_source;

/**
 * Row of a condition's text; doubts go to the report. *row is TQ_NONE when it never holds: then
 * there is nothing to do. An empty text is row 0.
 */
tq_status import_condition(tq_build *build, const import_source *source, tq_str text, uint32_t *row,
                           tq_err *err);
/** Row of alternatives that are at hand; `text` is shown to people. */
tq_status import_condition_of(tq_build *build, tq_str text, const tq_clause *clause, uint32_t count,
                              uint32_t *row, tq_err *err);
/** Row of a set: the rules of set `before`, then these. */
tq_status import_rule_set(tq_build *build, uint32_t before, const tq_rule *rule, uint32_t count,
                          uint32_t *row, tq_err *err);
/** Is every rule of a set about both directions alike? */
bool import_rules_both_ways(const tq_build *build, uint32_t set);
/** Conditions, rules and an empty ban set -> build->city.conditions; fine without any, and twice.
 */
tq_status import_conditions_freeze(tq_build *build, tq_err *err);
void import_conditions_free(tq_build *build);

#endif
