/*
 * What the writer makes ready after publishing, so that no loop has to ask it: the feeds of live
 * transit, alerts, and the events of the commit as text for streams.
 *
 * A showing is counted; a loop takes the newest under a lock that is held for a few instructions.
 * All events go to all loops, filtered there by role: a loop has to know up to which event it has
 * heard everything.
 */
#include <stdatomic.h>

#include "serve/office_in.h"

void show_drop(shown_feeds *old)
{
    if (old == NULL || atomic_fetch_sub(&old->holds, 1) != 1) return;
    for (uint32_t k = 0; k < 6; k++)
        tq_buf_free(&old->feed[k / 2][k % 2]);
    tq_buf_free(&old->alerts);
    tq_free(old);
}

shown_feeds *show_hold(serve_office *office)
{
    tq_mutex_lock(office->showing_lock);
    shown_feeds *now = office->showing;
    if (now != NULL) atomic_fetch_add(&now->holds, 1);
    tq_mutex_unlock(office->showing_lock);
    return now;
}

void show_make(serve_office *office, int64_t now_ms)
{
    const tq_snapshot *snapshot = tq_network_hold(office->server->network);
    shown_feeds *made = TQ_ALLOC(shown_feeds, 1);
    tq_err err = {0};
    tq_status status = made != NULL ? TQ_OK : tq_fail(&err, TQ_NO_MEMORY, 0, "no memory");
    office->shown_ms = now_ms;
    if (status == TQ_OK) {
        atomic_init(&made->holds, 1);
        tq_snapshot_version(snapshot, made->version);
        tq_live_alerts_json(office->live, now_ms, &made->alerts);
    }
    for (uint32_t k = 0; status == TQ_OK && k < 6; k++)
        status = tq_feed_write(office->live, snapshot->overlay, (tq_feed_kind)(k / 2), now_ms,
                               k % 2 == 1, &made->feed[k / 2][k % 2], &err);
    tq_network_drop(office->server->network, snapshot);
    if (status != TQ_OK) {
        tq_log(TQ_LOG_ERROR, "the feeds of live transit stay as they were: %s", err.text);
        show_drop(made);
        return;
    }
    tq_mutex_lock(office->showing_lock);
    shown_feeds *before = office->showing;
    office->showing = made;
    tq_mutex_unlock(office->showing_lock);
    show_drop(before);
}

/* ---- events
 * ---------------------------------------------------------------------------------------- */

typedef struct gathering_events {
    serve_office *office;
    event_batch *batch;
} gathering_events;

static bool gather(void *user, const tq_event *event)
{
    gathering_events *to = user;
    event_row row = {.seq = event->seq, .readers = event->readers, .at = to->batch->text.len};
    event_text(to->office->server->city, event, &to->batch->text);
    row.len = to->batch->text.len - row.at;
    if (!tq_vec_push(&to->batch->row, row)) to->batch->text.failed = true;
    return !to->batch->text.failed;
}

static void tell_loops(serve_office *office, event_batch *batch)
{
    serve *server = office->server;
    for (uint32_t k = 0; k < server->loop_count; k++) {
        event_note *note = TQ_ALLOC(event_note, 1);
        /* Without memory for it the streams of the loop are told late: by the next page. */
        if (note == NULL) continue;
        note->note.kind = NOTE_EVENTS;
        note->batch = batch;
        atomic_fetch_add(&batch->holds, 1);
        line_post(&server->loop[k], &note->note);
    }
}

bool show_events(serve_office *office)
{
    bool told = false;
    for (bool more = true; more;) {
        tq_err err = {0};
        event_batch *batch = TQ_ALLOC(event_batch, 1);
        gathering_events to = {office, batch};
        if (batch == NULL) return told;
        atomic_init(&batch->holds, 1);
        tq_status status = tq_store_events(tq_desk_store(office->desk), office->event_last,
                                           EVENT_PAGE, gather, &to, &err);
        size_t count = batch->row.count;
        more = status == TQ_OK && !batch->text.failed && count == EVENT_PAGE;
        if (status == TQ_OK && !batch->text.failed && count > 0) {
            office->event_last = batch->row.at[count - 1].seq;
            metric_add(&office->counts.events, count);
            tell_loops(office, batch);
            told = true;
        }
        batch_drop(batch);
    }
    return told;
}
