/*
 * A bounded cache of service days: a few, least recently used goes first, never one that is in use.
 * A day is made outside the lock, so that a question about another day doesn't wait; when two
 * threads make the same one, the second to finish throws its own away. More days than DAYS_KEPT
 * exist only while in use.
 */
#include "os/os.h"
#include "transit/transit_in.h"

#define DAYS_KEPT 6u
#define DAYS_MAX  64u /* in use at once */

typedef struct kept_day {
    tq_day *day;
    uint32_t users;
    uint64_t used; /* larger is more recent */
} kept_day;

struct tq_days {
    const tq_city *city;
    tq_mutex *mutex;
    kept_day slot[DAYS_MAX];
    uint64_t clock;
};

tq_status tq_days_open(const tq_city *city, tq_days **out, tq_err *err)
{
    tq_days *days = TQ_ALLOC(tq_days, 1);
    tq_mutex *mutex = tq_mutex_new();
    if (days == NULL || mutex == NULL) {
        tq_free(days);
        tq_mutex_free(mutex);
        return tq_fail(err, TQ_NO_MEMORY, 0, "no memory for the service days");
    }
    days->city = city;
    days->mutex = mutex;
    *out = days;
    return TQ_OK;
}

void tq_days_close(tq_days *days)
{
    if (days == NULL) return;
    for (uint32_t slot = 0; slot < DAYS_MAX; slot++)
        tq_day_free(days->slot[slot].day);
    tq_mutex_free(days->mutex);
    tq_free(days);
}

/* Take a day that is there; the lock is held. */
static const tq_day *take(tq_days *days, int32_t number)
{
    for (uint32_t slot = 0; slot < DAYS_MAX; slot++) {
        kept_day *kept = &days->slot[slot];
        if (kept->day == NULL || kept->day->day != number) continue;
        kept->users++;
        kept->used = ++days->clock;
        return kept->day;
    }
    return NULL;
}

/* Drop unused days beyond DAYS_KEPT, oldest first; the lock is held. Returns what the caller frees.
 */
static tq_day *drop_one(tq_days *days)
{
    uint32_t count = 0, oldest = DAYS_MAX;
    for (uint32_t slot = 0; slot < DAYS_MAX; slot++) {
        const kept_day *kept = &days->slot[slot];
        if (kept->day == NULL) continue;
        count++;
        if (kept->users == 0 && (oldest == DAYS_MAX || kept->used < days->slot[oldest].used))
            oldest = slot;
    }
    if (count <= DAYS_KEPT || oldest == DAYS_MAX) return NULL;
    tq_day *day = days->slot[oldest].day;
    days->slot[oldest].day = NULL;
    return day;
}

tq_status tq_days_get(tq_days *days, int32_t number, const tq_day **out, tq_err *err)
{
    tq_mutex_lock(days->mutex);
    const tq_day *found = take(days, number);
    tq_mutex_unlock(days->mutex);
    if (found != NULL) {
        *out = found;
        return TQ_OK;
    }
    tq_day *made;
    TQ_TRY(tq_day_make(days->city, number, &made, err));
    tq_mutex_lock(days->mutex);
    found = take(days, number);
    for (uint32_t slot = 0; found == NULL && slot < DAYS_MAX; slot++) {
        if (days->slot[slot].day != NULL) continue;
        days->slot[slot] = (kept_day){.day = made, .users = 1, .used = ++days->clock};
        found = made;
        made = NULL;
    }
    tq_day *dropped = drop_one(days);
    tq_mutex_unlock(days->mutex);
    tq_day_free(made);
    tq_day_free(dropped);
    if (found == NULL)
        return tq_fail(err, TQ_BUSY, 0, "%u service days are in use at once", DAYS_MAX);
    *out = found;
    return TQ_OK;
}

void tq_days_put(tq_days *days, const tq_day *day)
{
    tq_mutex_lock(days->mutex);
    for (uint32_t slot = 0; slot < DAYS_MAX; slot++)
        if (days->slot[slot].day == day) days->slot[slot].users--;
    tq_day *dropped = drop_one(days);
    tq_mutex_unlock(days->mutex);
    tq_day_free(dropped);
}
