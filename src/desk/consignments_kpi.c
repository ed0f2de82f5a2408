/*
 * Indicators of consignments as the draft national list of freight hubs names them.
 *
 * A transfer is the change from a leg to one of another mode, both having happened. It takes from
 * the arrival of the one to the loading (else the departure) of the other.
 *
 * - Within one hour: share of transfers that took at most 3600 s. The draft asks for it of
 *   containers; both are given.
 * - Direct: share of container consignments all of whose transfers were direct, of those that had
 *   one; also by transfers. Direct is what the event said, else that the leg behind has no gate_in.
 * - Mean transfers: of delivered consignments of more than one mode.
 * - On time: delivered by the promised time, of those delivered that had one.
 */
#include <stdio.h>

#include "desk/consignment_in.h"

#define ONE_HOUR_MS INT64_C(3600000)

typedef struct counts {
    desk_call *call;
    int64_t from_ms, to_ms;
    uint32_t seen, open, late, delivered, promised, on_time, multimodal, modes_changed;
    uint32_t transfers[2], within_hour[2], direct[2]; /* [container] */
    uint32_t boxed, boxed_direct;                     /* consignments with a transfer */
    int64_t transfer_ms;
} counts;

static bool is_direct(const cons_leg *from, const cons_leg *to)
{
    const json_t *said = json_object_get(to->json, "direct");
    if (said == NULL) said = json_object_get(from->json, "direct");
    return said != NULL ? json_is_true(said) : to->actual_ms[CONS_GATE_IN] == CONS_NEVER;
}

/* Transfers of one consignment that have happened; *all_direct of them. */
static uint32_t count_transfers(counts *out, const cons_view *view, bool boxed, bool *all_direct)
{
    uint32_t found = 0;
    *all_direct = true;
    for (uint32_t k = 1; k < view->count; k++) {
        const cons_leg *from = &view->leg[k - 1], *to = &view->leg[k];
        int64_t left_ms = to->actual_ms[CONS_LOADED] != CONS_NEVER ? to->actual_ms[CONS_LOADED]
                                                                   : to->actual_ms[CONS_DEPARTED];
        if (strcmp(desk_get_text(from->json, "mode"), desk_get_text(to->json, "mode")) == 0 ||
            from->actual_ms[CONS_ARRIVED] == CONS_NEVER || left_ms == CONS_NEVER)
            continue;
        int64_t took_ms = left_ms - from->actual_ms[CONS_ARRIVED];
        bool direct = is_direct(from, to);
        found++;
        out->transfers[boxed]++;
        out->within_hour[boxed] += took_ms <= ONE_HOUR_MS;
        out->direct[boxed] += direct;
        out->transfer_ms += took_ms;
        *all_direct = *all_direct && direct;
    }
    return found;
}

static bool count_one(void *user, const tq_record *row)
{
    counts *out = user;
    json_auto_t *record = NULL;
    tq_err why;
    cons_view view;
    bool all_direct = false;
    int64_t created_ms = 0;
    if (strcmp(row->state, "cancelled") == 0 ||
        desk_parse(row->body, SIZE_MAX, "a consignment", &record, &why) != TQ_OK ||
        !desk_get_instant(out->call, record, "created", &created_ms) || created_ms < out->from_ms ||
        created_ms > out->to_ms)
        return true;
    cons_view_of(out->call, record, &view);
    bool boxed = strcmp(desk_get_text(json_object_get(record, "goods"), "cargo"), "container") == 0;
    uint32_t transfers = count_transfers(out, &view, boxed, &all_direct);
    out->seen++;
    if (boxed && transfers > 0) {
        out->boxed++;
        out->boxed_direct += all_direct;
    }
    if (view.delivered_ms == CONS_NEVER) {
        out->open++;
        out->late +=
            strcmp(desk_get_text(record, "state"), "problem") == 0 ||
            (view.promised_ms != CONS_NEVER && view.promised_ms < out->call->command->now_ms);
        return true;
    }
    out->delivered++;
    if (transfers > 0) {
        out->multimodal++;
        out->modes_changed += transfers;
    }
    if (view.promised_ms != CONS_NEVER) {
        out->promised++;
        out->on_time += view.delivered_ms <= view.promised_ms;
    }
    return true;
}

/* Shares to 0.1 percent; null when there is nothing to share. */
static json_t *percent(uint32_t part, uint32_t whole)
{
    if (whole == 0) return json_null();
    return json_real((double)((part * UINT64_C(2000) + whole) / (2 * (uint64_t)whole)) / 10);
}

static tq_status read_span(desk_call *call, counts *out)
{
    static const char *const names[] = {"from", "to"};
    for (uint32_t k = 0; k < 2; k++) {
        char text[48];
        tq_err why;
        int64_t *at_ms = k == 0 ? &out->from_ms : &out->to_ms;
        if (!desk_query(call, names[k], text, sizeof text) || text[0] == '\0') continue;
        if (tq_time_parse(&call->desk->city->zone, tq_str_of(text), at_ms, &why) != TQ_OK)
            return desk_bad(call, "%s is \"%.40s\": write an instant such as 2026-06-03T08:00",
                            names[k], text);
    }
    return TQ_OK;
}

tq_status cons_kpi(desk_call *call)
{
    counts all = {.call = call, .from_ms = INT64_MIN, .to_ms = INT64_MAX};
    tq_store_filter filter = {.kind = CONSIGNMENT};
    TQ_TRY(read_span(call, &all));
    TQ_TRY(tq_store_each(call->desk->store, &filter, count_one, &all, call->err));
    uint32_t transfers = all.transfers[0] + all.transfers[1];
    json_t *out = json_object();
    json_object_set_new(out, "consignments", json_integer(all.seen));
    json_object_set_new(out, "open", json_integer(all.open));
    json_object_set_new(out, "open_past_promise", json_integer(all.late));
    json_object_set_new(out, "delivered", json_integer(all.delivered));
    json_object_set_new(out, "transfers", json_integer(transfers));
    json_object_set_new(out, "container_transfers", json_integer(all.transfers[1]));
    json_object_set_new(out, "within_hour_pct",
                        percent(all.within_hour[0] + all.within_hour[1], transfers));
    json_object_set_new(out, "container_within_hour_pct",
                        percent(all.within_hour[1], all.transfers[1]));
    json_object_set_new(out, "direct_pct", percent(all.direct[0] + all.direct[1], transfers));
    json_object_set_new(out, "container_direct_pct", percent(all.boxed_direct, all.boxed));
    json_object_set_new(out, "mean_transfers",
                        all.multimodal > 0
                            ? json_real((double)all.modes_changed / (double)all.multimodal)
                            : json_null());
    json_object_set_new(out, "mean_transfer_min",
                        transfers > 0 ? json_integer(all.transfer_ms / transfers / 60000)
                                      : json_null());
    json_object_set_new(out, "promised", json_integer(all.promised));
    json_object_set_new(out, "on_time_pct", percent(all.on_time, all.promised));
    return desk_answer(call, out);
}
