/* Records that something happens to when an instant comes: which are due, and when to look again.
 */
#include "desk/desk_in.h"

typedef struct due_run {
    desk_call *call;
    const desk_due *due;
    desk_ids ids;
    int64_t next_ms;
    bool failed;
} due_run;

static bool look(void *user, const tq_record *record)
{
    due_run *run = user;
    tq_err why;
    json_auto_t *body = NULL;
    if (desk_parse(record->body, SIZE_MAX, run->due->kind, &body, &why) != TQ_OK) return true;
    int64_t due_ms = run->due->due_ms(run->call, body, record->state);
    if (due_ms > run->call->command->now_ms)
        run->next_ms = TQ_MIN(run->next_ms, due_ms);
    else
        run->failed = !desk_ids_push(&run->ids, record->id);
    return !run->failed;
}

tq_status desk_do_due(desk_call *call, const desk_due *due, uint32_t count, int64_t *next_ms,
                      bool *changed)
{
    if (call->command->now_ms < *next_ms) return TQ_OK;
    due_run run = {.call = call, .next_ms = INT64_MAX};
    tq_status status = TQ_OK;
    /* What follows may say that there is more to look at. */
    *next_ms = INT64_MAX;
    for (uint32_t row = 0; status == TQ_OK && row < count; row++) {
        tq_store_filter filter = {.kind = due[row].kind, .state = due[row].state};
        run.due = &due[row];
        run.ids.count = 0;
        status = tq_store_each(call->desk->store, &filter, look, &run, call->err);
        if (status == TQ_OK && run.failed)
            status = tq_fail(call->err, TQ_NO_MEMORY, 0, "no memory for what is due");
        for (size_t k = 0; status == TQ_OK && k < run.ids.count; k++) {
            status = due[row].act(call, run.ids.at[k].text);
            *changed = true;
        }
    }
    tq_vec_free(&run.ids);
    *next_ms = TQ_MIN(*next_ms, run.next_ms);
    return status;
}
