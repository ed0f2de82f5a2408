/*
 * What is offered on demand: one block that many share, like the overlay (overlay.c).
 *
 * Invariants after tq_ondemand_new: stops of a run are in range and their times never go back, runs
 * are in order of their first departure, texts end with NUL, edges and stops are of the city.
 */
#include <stdatomic.h>

#include "city/city_in.h"

typedef struct held_ondemand {
    tq_ondemand value; /* first: a value that is held is one of these */
    atomic_uint holders;
} held_ondemand;

static const tq_ondemand nothing = {.text_len = 1, .text = ""};

static tq_status bad(tq_err *err, const char *what, uint32_t row, const char *why)
{
    return tq_fail(err, TQ_BAD_INPUT, row, "on demand: %s %u %s", what, row, why);
}

static tq_status check_run(const tq_city *city, const tq_ondemand *from, uint32_t row, tq_err *err)
{
    const tq_ondemand_run *run = &from->run[row];
    if (run->stop_count < 2 || run->stop_count > from->stop_count ||
        run->first_stop > from->stop_count - run->stop_count)
        return bad(err, "run", row, "has stops out of range");
    if (run->line >= from->text_len || run->name >= from->text_len || run->trip >= from->text_len)
        return bad(err, "run", row, "has a text out of range");
    if (run->metro_stop != TQ_NONE &&
        (run->metro_stop >= city->timetable.stop_count || run->metro_place >= run->stop_count))
        return bad(err, "run", row, "connects to a stop that is not in this city");
    int64_t last_ms = INT64_MIN;
    for (uint32_t k = run->first_stop; k < run->first_stop + run->stop_count; k++) {
        const tq_ondemand_stop *stop = &from->stop[k];
        if (stop->arrive_ms < last_ms || stop->depart_ms < stop->arrive_ms)
            return bad(err, "stop", k, "has times that go back");
        last_ms = stop->depart_ms;
        if (stop->id >= from->text_len || stop->name >= from->text_len)
            return bad(err, "stop", k, "has a text out of range");
        if (stop->edge != TQ_NONE && stop->edge >= city->streets.edge_count)
            return bad(err, "stop", k, "lies at a street that is not in this city");
    }
    if (row > 0 &&
        from->stop[run->first_stop].depart_ms < from->stop[from->run[row - 1].first_stop].depart_ms)
        return bad(err, "run", row, "is out of order; sort runs by departure");
    return TQ_OK;
}

static tq_status check(const tq_city *city, const tq_ondemand *from, size_t *cells, tq_err *err)
{
    *cells = (size_t)from->taxi.columns * from->taxi.rows;
    if (from->run_count > TQ_ONDEMAND_RUNS_MAX) return bad(err, "run", 0, "is one of too many");
    if (*cells > TQ_ONDEMAND_CELLS_MAX) return bad(err, "grid", 0, "has too many cells");
    if (*cells > 0 &&
        (from->taxi.cell_e7 == 0 || from->taxi.wait_s == NULL || from->taxi.vehicles == NULL))
        return bad(err, "grid", 0, "has cells without a size or without values");
    if (from->text_len == 0 || from->text[0] != '\0' || from->text[from->text_len - 1] != '\0')
        return bad(err, "text", 0, "does not begin and end with NUL");
    for (uint32_t row = 0; row < from->run_count; row++)
        TQ_TRY(check_run(city, from, row, err));
    return TQ_OK;
}

tq_status tq_ondemand_new(const tq_city *city, const tq_ondemand *from, const tq_ondemand **out,
                          tq_err *err)
{
    size_t cells = 0;
    TQ_TRY(check(city, from, &cells, err));
    /* The widest first, so that everything is aligned. */
    size_t head = (sizeof(held_ondemand) + 63) & ~(size_t)63;
    size_t stops = (size_t)from->stop_count * sizeof(tq_ondemand_stop);
    size_t runs = (size_t)from->run_count * sizeof(tq_ondemand_run);
    size_t waits = 2 * cells * sizeof(uint16_t); /* and vehicles */
    uint8_t *block = tq_alloc(head + stops + runs + waits + from->text_len, 1);
    if (block == NULL) return tq_fail(err, TQ_NO_MEMORY, 0, "no memory for what is on demand");
    held_ondemand *held = (held_ondemand *)(void *)block;
    tq_ondemand_stop *stop = (tq_ondemand_stop *)(void *)(block + head);
    tq_ondemand_run *run = (tq_ondemand_run *)(void *)(block + head + stops);
    uint16_t *wait = (uint16_t *)(void *)(block + head + stops + runs);
    char *text = (char *)(block + head + stops + runs + waits);
    if (stops > 0) memcpy(stop, from->stop, stops);
    if (runs > 0) memcpy(run, from->run, runs);
    if (cells > 0) {
        memcpy(wait, from->taxi.wait_s, cells * sizeof *wait);
        memcpy(wait + cells, from->taxi.vehicles, cells * sizeof *wait);
    }
    memcpy(text, from->text, from->text_len);
    held->value = *from;
    held->value.stop = stop;
    held->value.run = run;
    held->value.taxi.wait_s = wait;
    held->value.taxi.vehicles = wait + cells;
    held->value.text = text;
    atomic_init(&held->holders, 1);
    *out = &held->value;
    return TQ_OK;
}

const tq_ondemand *tq_ondemand_none(void)
{
    return &nothing;
}

static held_ondemand *holder_of(const tq_ondemand *ondemand)
{
    /* Only values made above are held, and they are not const. */
    return (held_ondemand *)(uintptr_t)ondemand;
}

const tq_ondemand *tq_ondemand_hold(const tq_ondemand *ondemand)
{
    if (ondemand != NULL && ondemand != &nothing)
        atomic_fetch_add_explicit(&holder_of(ondemand)->holders, 1, memory_order_relaxed);
    return ondemand;
}

void tq_ondemand_drop(const tq_ondemand *ondemand)
{
    if (ondemand == NULL || ondemand == &nothing) return;
    held_ondemand *held = holder_of(ondemand);
    if (atomic_fetch_sub_explicit(&held->holders, 1, memory_order_acq_rel) == 1) tq_free(held);
}

uint32_t tq_ondemand_free(const tq_ondemand *ondemand, const tq_ondemand_run *run, uint32_t from,
                          uint32_t to)
{
    uint32_t least = from < to && to < run->stop_count ? UINT32_MAX : 0;
    for (uint32_t k = from; k < to && least > 0; k++)
        least = TQ_MIN(least, ondemand->stop[run->first_stop + k].free_seats);
    return least;
}
