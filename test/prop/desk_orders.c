/*
 * Random sequences of verbs on orders, calls and callers, with the clock between: every order's
 * history is a walk in its machine and ends where the order is; its times are in order and belong
 * to its state; a fee is owed only for a car that was named; counters of callers are what can be
 * counted; a refusal changes nothing; a second desk on the same store shows the same.
 */
// also: import
#include "desk/order_in.h"
#include "desk_shipped.h"

#define SEEDS 24u
#define STEPS 60u

static bool put_record(void *user, const tq_record *record)
{
    tq_buf *out = user;
    tq_buf_printf(out, "%s %s %llu ", record->kind, record->id,
                  (unsigned long long)record->version);
    tq_buf_put(out, record->body.at, record->body.len);
    return true;
}

static void dump(desk_room *room, tq_buf *out)
{
    static const char *const kinds[] = {"order", "caller", "callback", "call", "complaint"};
    tq_err err;
    out->len = 0;
    for (uint32_t k = 0; k < TQ_COUNT(kinds); k++) {
        tq_store_filter filter = {.kind = kinds[k]};
        assert_int_equal(tq_store_each(tq_desk_store(room->desk), &filter, put_record, out, &err),
                         TQ_OK);
    }
    tq_buf_u64(out, tq_store_last_event(tq_desk_store(room->desk)));
}

/* ---- what must hold
 * ------------------------------------------------------------------------------ */

typedef struct sums {
    desk_room *room;
    uint64_t seed;
    uint32_t orders[4], missed[4]; /* of callers CR-000001 .. 3 */
    uint32_t count;
} sums;

/* Stages lie one after another, and only those that the state has behind it. */
static void check_times(const sums *all, const tq_record *record, const json_t *order)
{
    static const char *const stages[] = {"created", "named", "arrived", "boarded", "done"};
    static const struct {
        const char *state;
        uint32_t least, most; /* stages that are reached */
    } rows[] = {{"booked", 1, 1},   {"searching", 1, 1}, {"offered", 1, 1},     {"assigned", 2, 2},
                {"arrived", 3, 3},  {"on_board", 4, 4},  {"done", 5, 5},        {"no_show", 3, 3},
                {"unserved", 1, 1}, {"cancelled", 1, 3}, {"handed_over", 1, 1}, {NULL, 0, 0}};
    const json_t *times = json_object_get(order, "times");
    int64_t before_ms = INT64_MIN, at_ms;
    uint32_t reached = 0, row = 0;
    tq_err err;
    for (uint32_t k = 0; k < TQ_COUNT(stages); k++) {
        const char *text = desk_get_text(times, stages[k]);
        if (text[0] == '\0') continue;
        if (tq_time_parse(&city->zone, tq_str_of(text), &at_ms, &err) != TQ_OK || reached != k ||
            at_ms < before_ms)
            fail_msg("seed %llu: %s: times.%s", (unsigned long long)all->seed, record->id,
                     stages[k]);
        before_ms = at_ms;
        reached = k + 1;
    }
    while (rows[row].state != NULL && strcmp(rows[row].state, record->state) != 0)
        row++;
    if (reached < rows[row].least || reached > rows[row].most)
        fail_msg("seed %llu: %s is %s with %u stages behind it", (unsigned long long)all->seed,
                 record->id, record->state, reached);
    const json_t *fee = json_object_get(json_object_get(order, "cancelled"), "fee_fen");
    if (json_is_integer(fee) != (strcmp(record->state, "cancelled") == 0) ||
        (json_integer_value(fee) > 0 && reached < 2))
        fail_msg("seed %llu: %s: its fee", (unsigned long long)all->seed, record->id);
}

static bool check_order(void *user, const tq_record *record)
{
    sums *all = user;
    json_error_t why;
    json_t *order = json_loadb(record->body.at, record->body.len, 0, &why), *line;
    size_t at;
    const order_machine *machine = order_machine_of(all->room->desk, desk_get_text(order, "kind"));
    const char *now = "";
    json_array_foreach(json_object_get(order, "history"), at, line)
    {
        uint32_t to = order_state_of(machine, desk_get_text(line, "to"));
        if (to == TQ_NONE) fail_msg("seed %llu: %s", (unsigned long long)all->seed, record->id);
        if (at == 0 && !(machine->begins >> to & 1))
            fail_msg("seed %llu: %s begins wrongly", (unsigned long long)all->seed, record->id);
        if (at > 0) {
            uint32_t from = order_state_of(machine, now);
            if (strcmp(desk_get_text(line, "from"), now) != 0 ||
                (from != to && !(machine->state[from].next >> to & 1)))
                fail_msg("seed %llu: %s: line %zu of its history", (unsigned long long)all->seed,
                         record->id, at);
        }
        now = desk_get_text(line, "to");
    }
    check_times(all, record, order);
    if (strcmp(now, record->state) != 0 || strcmp(desk_get_text(order, "state"), now) != 0)
        fail_msg("seed %llu: %s is %s, its history ends as %s", (unsigned long long)all->seed,
                 record->id, record->state, now);
    unsigned caller = 0;
    if (sscanf(desk_get_text(order, "caller"), "CR-%u", &caller) == 1 && caller < 4) {
        all->orders[caller]++;
        all->missed[caller] += strcmp(now, "no_show") == 0;
    }
    all->count++;
    json_decref(order);
    return true;
}

static bool check_caller(void *user, const tq_record *record)
{
    const sums *all = user;
    json_error_t why;
    unsigned number = 0;
    json_t *caller = json_loadb(record->body.at, record->body.len, 0, &why);
    assert_int_equal(sscanf(record->id, "CR-%u", &number), 1);
    assert_true(number < 4);
    if (json_integer_value(json_object_get(caller, "orders")) != all->orders[number] ||
        json_integer_value(json_object_get(caller, "no_shows")) != all->missed[number])
        fail_msg("seed %llu: %s counts wrongly", (unsigned long long)all->seed, record->id);
    json_decref(caller);
    return true;
}

static void check_all(desk_room *room, uint64_t seed, uint32_t *count)
{
    sums all = {.room = room, .seed = seed};
    tq_err err;
    tq_store_filter orders = {.kind = "order"}, callers = {.kind = "caller"};
    tq_store *store = tq_desk_store(room->desk);
    assert_int_equal(tq_store_each(store, &orders, check_order, &all, &err), TQ_OK);
    assert_int_equal(tq_store_each(store, &callers, check_caller, &all, &err), TQ_OK);
    *count += all.count;
}

/* ---- steps --------------------------------------------------------------------------------------
 */

static tq_status move(desk_room *room, const char *id, const char *to)
{
    tq_command command = desk_room_command(room, &room->dispatcher, "test", id, "");
    tq_buf answer = {0};
    uint32_t status = 200;
    tq_err err;
    desk_call call = {.desk = room->desk,
                      .command = &command,
                      .status = &status,
                      .answer = &answer,
                      .err = &room->err};
    assert_int_equal(tq_desk_begin(room->desk, &err), TQ_OK);
    assert_int_equal(tq_store_mark(tq_desk_store(room->desk), &err), TQ_OK);
    tq_status result = desk_order_move(&call, id, to, to, json_pack("{s:i}", "eta_s", 60), NULL);
    if (result == TQ_OK)
        assert_int_equal(tq_store_keep(tq_desk_store(room->desk), &err), TQ_OK);
    else
        tq_store_undo(tq_desk_store(room->desk));
    assert_int_equal(tq_desk_commit(room->desk, &err), TQ_OK);
    return result;
}

static tq_status create(desk_room *room, tq_random *random)
{
    char body[400], at[80] = "";
    static const char *const needs[] = {"", "\"cash\"", "\"wheelchair\"", "\"boat\""};
    if (tq_random_below(random, 3) == 0) {
        char text[TQ_TIME_TEXT_MAX];
        int64_t later = (int64_t)tq_random_below(random, 240) - 20;
        tq_time_print(&city->zone, room->now_ms + later * MIN_MS, text);
        (void)snprintf(at, sizeof at, ",\"at\":\"%s\"", text);
    }
    (void)snprintf(body, sizeof body,
                   "{\"phone\":\"1381234567%u\",\"from\":{\"lat\":37.8%u,\"lon\":112.5675},\"to\":{"
                   "\"lat\":%s,\"lon\":112.55},\"party\":%u,\"needs\":[%s]%s}",
                   tq_random_below(random, 3), tq_random_below(random, 10),
                   tq_random_below(random, 8) == 0 ? "39" : "37.81", 1 + tq_random_below(random, 9),
                   needs[tq_random_below(random, 4)], at);
    return room_do(room, &room->clerk, "order.create", "", body);
}

/* A state that may follow the one in which the order is, so that long lives are walked too. */
static const char *next_of(desk_room *room, const char *id, tq_random *random)
{
    const order_machine *machine = order_machine_of(room->desk, "taxi");
    tq_buf text = {0};
    tq_record record = {0};
    tq_err err;
    uint32_t from = TQ_NONE, may[ORDER_STATES_MAX], count = 0;
    if (tq_store_get(tq_desk_store(room->desk), "order", id, &text, &record, &err) == TQ_OK)
        from = order_state_of(machine, record.state);
    for (uint32_t k = 0; from != TQ_NONE && k < machine->count; k++)
        if (machine->state[from].next >> k & 1) may[count++] = k;
    tq_buf_free(&text);
    if (count == 0) return "searching";
    uint32_t to = may[tq_random_below(random, count)];
    for (uint32_t k = 0; k < 4 && order_is_over(machine, to); k++)
        to = may[tq_random_below(random, count)];
    return machine->state[to].id;
}

static tq_status step(desk_room *room, tq_random *random)
{
    static const char *const states[] = {"searching", "offered",  "assigned",    "arrived",
                                         "on_board",  "done",     "unserved",    "no_show",
                                         "cancelled", "nonsense", "handed_over", "booked"};
    char id[TQ_ID_MAX];
    (void)snprintf(id, sizeof id, "OR-2025-%04u", 1 + tq_random_below(random, 8));
    switch (tq_random_below(random, 12)) {
    case 0:
    case 1: return create(room, random);
    case 2:
        return room_do(room, &room->clerk, "order.cancel", id,
                       tq_random_below(random, 2) ? "{}" : "{\"by\":\"centre\",\"why\":\"x\"}");
    case 3: return room_do(room, &room->clerk, "order.no_show", id, "{\"checked\":true}");
    case 4:
        return room_do(room, &room->dispatcher, "order.change", id,
                       tq_random_below(random, 2) ? "{\"party\":3}"
                                                  : "{\"party\":2,\"version\":2}");
    case 5: return room_do(room, &room->clerk, "order.complain", id, "{\"text\":\"x\"}");
    case 6: return room_do(room, &room->dispatcher, "order.change", id, "{\"note\":\"x\"}");
    case 7:
        return room_do(room, &room->clerk, "order.hand_over", id, "{\"city\":\"x\",\"why\":\"x\"}");
    default: {
        /* These two by their verbs only: one counts, one tells a fee. */
        const char *to = tq_random_below(random, 2)
                             ? next_of(room, id, random)
                             : states[tq_random_below(random, TQ_COUNT(states))];
        bool by_verb = strcmp(to, "no_show") == 0 || strcmp(to, "cancelled") == 0;
        return move(room, id, by_verb ? "on_board" : to);
    }
    }
}

static void verbs_in_any_order(void **state)
{
    uint32_t count = 0, refused = 0, done = 0;
    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        desk_room room;
        tq_random random = {seed};
        tq_buf before = {0}, after = {0};
        desk_room_begin(&room, city);
        for (uint32_t k = 0; k < STEPS; k++) {
            room.now_ms += tq_random_below(&random, 6) * MIN_MS;
            dump(&room, &before);
            tq_status status = step(&room, &random);
            dump(&room, &after);
            bool same = before.len == after.len && memcmp(before.at, after.at, after.len) == 0;
            if ((status == TQ_OK) == same)
                fail_msg("seed %llu step %u: %s, and the records %s", (unsigned long long)seed, k,
                         tq_status_name(status), same ? "are as before" : "have changed");
            done += status == TQ_OK;
            refused += status != TQ_OK;
            if (tq_random_below(&random, 4) == 0) (void)room_tick(&room);
            check_all(&room, seed, &count);
        }
        dump(&room, &before);
        desk_room_shut(&room);
        desk_room_open(&room);
        dump(&room, &after);
        assert_int_equal(before.len, after.len);
        assert_memory_equal(before.at, after.at, before.len);
        tq_buf_free(&before);
        tq_buf_free(&after);
        desk_room_end(&room);
    }
    /* Both kinds of steps were tried. */
    assert_true(done > SEEDS * STEPS / 5 && refused > SEEDS * STEPS / 10 && count > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(verbs_in_any_order)};
    return cmocka_run_group_tests(tests, open_city, close_city);
}
