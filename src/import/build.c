/*
 * Small parts of the build that every stage uses: shared rows of dates, late aliases, kept arrays.
 *
 * Rows of dates are looked up from the newest back: sources come in runs with the same dates, and
 * there are few different ones (hundreds in a large city), so a scan beats a table.
 */
#include "import/build_in.h"
#include "import/conditions_in.h"

uint32_t tq_build_date(tq_build *build, tq_life life, int64_t from_ms, int64_t to_ms,
                       uint32_t source)
{
    tq_date_row always = {INT64_MIN, INT64_MAX, TQ_OPEN, 0};
    if (build->dates.count == 0 && !tq_vec_push(&build->dates, always)) return TQ_NONE;
    /* Who says that something is open for ever does not matter: it is row 0. */
    if (life == TQ_OPEN && from_ms == INT64_MIN && to_ms == INT64_MAX) return 0;
    for (size_t row = build->dates.count; row-- > 0;) {
        const tq_date_row *date = &build->dates.at[row];
        if (date->life == (uint32_t)life && date->from_ms == from_ms && date->to_ms == to_ms &&
            date->source == source)
            return (uint32_t)row;
    }
    tq_date_row date = {from_ms, to_ms, (uint32_t)life, source};
    if (build->dates.count >= TQ_NONE || !tq_vec_push(&build->dates, date)) return TQ_NONE;
    return (uint32_t)build->dates.count - 1;
}

bool tq_build_alias(tq_build *build, uint32_t place, uint32_t text, tq_alias_kind kind)
{
    tq_late_alias alias = {place, text, (uint32_t)kind};
    return tq_vec_push(&build->late_aliases, alias);
}

bool tq_build_keep(tq_build *build, void *memory)
{
    if (memory == NULL || tq_vec_push(&build->kept, memory)) return true;
    tq_free(memory);
    return false;
}

void import_build_free(tq_build *build)
{
    for (size_t k = 0; k < build->kept.count; k++)
        tq_free(build->kept.at[k]);
    tq_vec_free(&build->kept);
    import_conditions_free(build);
    tq_vec_free(&build->late_aliases);
    tq_vec_free(&build->dates);
    tq_vec_free(&build->places);
    tq_vec_free(&build->aliases);
    tq_vec_free(&build->node_flags);
    import_conditions_free(build);
    tq_pool_free(&build->pool);
    tq_texts_free(build->texts);
    build->texts = NULL;
}
