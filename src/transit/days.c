/*
 * A bounded cache of service days: a few, least recently used goes first, never one that is in use.
 * A day is known by its number and the live state of transit. Days of one number share what is
 * planned; each holds its overlay. A day is made outside the lock, so that a question about another
 * day doesn't wait; when two threads make the same one, the second to finish throws its own away.
 * More days than DAYS_KEPT exist only while in use.
 *
 * When a new live state comes, tq_days_follow makes the days that questions asked for lately,
 * before the state is shown. A day that nobody asked for during FOLLOWS_IDLE states is not
 * followed.
 */
#include "os/os.h"
#include "transit/transit_in.h"

#define DAYS_KEPT    6u
#define DAYS_MAX     64u /* in use at once */
#define FOLLOWS_IDLE 240u

typedef struct kept_day {
    tq_day *day;
    uint64_t version; /* the overlay's transit_version */
    uint32_t users;
    uint32_t idle; /* live states since it was asked for */
    uint64_t used; /* larger is more recent */
} kept_day;

struct tq_days {
    const tq_city *city;
    tq_mutex *mutex;
    kept_day slot[DAYS_MAX];
    uint64_t clock;
    ground_cache grounds;
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
    ground_close(&days->grounds);
    tq_mutex_free(days->mutex);
    tq_free(days);
}

/* The slot of a day under a live state, NULL; the lock is held. */
static kept_day *find(tq_days *days, int32_t number, uint64_t version)
{
    for (uint32_t slot = 0; slot < DAYS_MAX; slot++) {
        kept_day *kept = &days->slot[slot];
        if (kept->day != NULL && kept->day->day == number && kept->version == version) return kept;
    }
    return NULL;
}

/* Take a day that is there; the lock is held. */
static const tq_day *take(tq_days *days, int32_t number, uint64_t version)
{
    kept_day *kept = find(days, number, version);
    if (kept == NULL) return NULL;
    kept->users++;
    kept->idle = 0;
    kept->used = ++days->clock;
    return kept->day;
}

/* The planned day, held, from any that shares it; the lock is held. */
static tq_day *planned_of(tq_days *days, int32_t number)
{
    for (uint32_t slot = 0; slot < DAYS_MAX; slot++) {
        tq_day *day = days->slot[slot].day;
        if (day != NULL && day->day == number)
            return day_hold(day->planned != NULL ? day->planned : day);
    }
    return NULL;
}

/* Take unused days beyond DAYS_KEPT out, oldest first; the lock is held. Returns one that the
 * caller frees. */
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

/* Take ownership of a day unless there is no slot; the lock is held. */
static kept_day *insert(tq_days *days, tq_day *day, uint64_t version)
{
    for (uint32_t slot = 0; slot < DAYS_MAX; slot++) {
        kept_day *kept = &days->slot[slot];
        if (kept->day != NULL) continue;
        *kept = (kept_day){.day = day, .version = version, .used = ++days->clock};
        return kept;
    }
    return NULL;
}

static tq_status make(tq_days *days, tq_day *planned, const tq_overlay *overlay, int32_t number,
                      tq_day **out, tq_err *err)
{
    tq_status status = TQ_OK;
    if (planned == NULL) status = day_make_planned(days->city, number, &planned, err);
    if (status == TQ_OK && overlay->transit_version != 0)
        status = day_make_live(planned, overlay, out, err);
    else if (status == TQ_OK)
        *out = day_hold(planned);
    tq_day_free(planned);
    return status;
}

tq_status tq_days_get(tq_days *days, const tq_overlay *overlay, int32_t number, const tq_day **out,
                      tq_err *err)
{
    uint64_t version = overlay->transit_version;
    tq_mutex_lock(days->mutex);
    const tq_day *found = take(days, number, version);
    tq_day *planned = found == NULL ? planned_of(days, number) : NULL;
    tq_mutex_unlock(days->mutex);
    if (found != NULL) {
        *out = found;
        return TQ_OK;
    }
    tq_day *made;
    TQ_TRY(make(days, planned, overlay, number, &made, err));
    tq_mutex_lock(days->mutex);
    found = take(days, number, version);
    if (found == NULL && insert(days, made, version) != NULL) {
        found = take(days, number, version);
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
    for (uint32_t slot = 0; slot < DAYS_MAX; slot++) {
        if (days->slot[slot].day != day) continue;
        days->slot[slot].users--;
        break;
    }
    tq_day *dropped = drop_one(days);
    tq_mutex_unlock(days->mutex);
    tq_day_free(dropped);
}

/* A day to make under the new state. */
typedef struct follow_day {
    int32_t number;
    uint32_t idle;
    uint64_t used;
    tq_day *planned, *made;
} follow_day;

/* Days asked for lately that the new state has not yet, the least recent first; planned ones are
 * held. The lock is held. */
static uint32_t list_days(tq_days *days, uint64_t version, follow_day list[DAYS_KEPT])
{
    uint32_t count = 0;
    for (uint32_t slot = 0; slot < DAYS_MAX; slot++) {
        const kept_day *kept = &days->slot[slot];
        if (kept->day == NULL || kept->idle >= FOLLOWS_IDLE ||
            find(days, kept->day->day, version) != NULL)
            continue;
        uint32_t at = 0;
        while (at < count && list[at].number != kept->day->day)
            at++;
        if (at < count) { /* another state of the same day */
            list[at].used = TQ_MAX(list[at].used, kept->used);
            list[at].idle = TQ_MIN(list[at].idle, kept->idle);
            continue;
        }
        if (count == DAYS_KEPT) continue;
        list[count++] =
            (follow_day){.number = kept->day->day, .idle = kept->idle, .used = kept->used};
    }
    for (uint32_t k = 1; k < count; k++) {
        follow_day moved = list[k];
        uint32_t to = k;
        for (; to > 0 && list[to - 1].used > moved.used; to--)
            list[to] = list[to - 1];
        list[to] = moved;
    }
    for (uint32_t k = 0; k < count; k++)
        list[k].planned = planned_of(days, list[k].number);
    return count;
}

tq_status tq_days_follow(tq_days *days, const tq_overlay *next, tq_err *err)
{
    follow_day list[DAYS_KEPT] = {0};
    tq_status status = TQ_OK;
    tq_mutex_lock(days->mutex);
    uint32_t count = list_days(days, next->transit_version, list);
    tq_mutex_unlock(days->mutex);
    for (uint32_t k = 0; k < count; k++) {
        if (status == TQ_OK)
            status = make(days, list[k].planned, next, list[k].number, &list[k].made, err);
        else
            tq_day_free(list[k].planned);
    }
    for (uint32_t k = 0; k < count; k++) {
        tq_day *dropped = NULL;
        tq_mutex_lock(days->mutex);
        kept_day *kept = NULL;
        if (status == TQ_OK && find(days, list[k].number, next->transit_version) == NULL)
            kept = insert(days, list[k].made, next->transit_version);
        if (kept != NULL) {
            kept->idle = list[k].idle + 1;
            list[k].made = NULL;
            dropped = drop_one(days);
        }
        tq_mutex_unlock(days->mutex);
        tq_day_free(list[k].made);
        tq_day_free(dropped);
    }
    return status;
}

tq_status tq_days_ground(tq_days *days, const uint32_t *edge, uint32_t count, const tq_ground **out,
                         tq_err *err)
{
    return ground_get(&days->grounds, days->mutex, days->city, edge, count, out, err);
}

void tq_days_ground_put(tq_days *days, const tq_ground *ground)
{
    ground_put(&days->grounds, days->mutex, ground);
}
