/*
 * Callers: who phones, where they usually go, what they need, whether they were there.
 *
 * A caller is found by the number: the record is linked to «phone:NUMBER». Places and trips are
 * counted and kept up to a limit; the one used least, then longest ago, makes room. After so many
 * no-shows within so long the number is blocked for a time, with the way to appeal told; a clerk
 * can lift it, which is audited like everything.
 */
#include <stdio.h>
#include <stdlib.h>

#include "desk/order_in.h"

#define NEAR_M      80u /* two points this close are one place */
#define APPEAL      "95128: ask for the duty officer"
#define MISSES_KEPT 50u

/* ---- finding and saving
 * --------------------------------------------------------------------------- */

static bool see_id(void *user, const tq_record *record)
{
    (void)snprintf(user, TQ_ID_MAX, "%s", record->id);
    return false;
}

static json_t *new_caller(const char *phone)
{
    return json_pack("{s:s, s:n, s:n, s:b, s:[], s:n, s:n, s:[], s:[], s:i, s:i, s:[], s:s, s:n}",
                     "phone", phone, "name", "born", "elder", 0, "needs", "usual_driver", "note",
                     "places", "trips", "orders", 0, "no_shows", 0, "misses", "trust", "normal",
                     "blocked");
}

tq_status caller_save(desk_call *call, json_t *caller, uint64_t version, const char *what)
{
    char id[TQ_ID_MAX];
    (void)snprintf(id, sizeof id, "%s", desk_get_text(caller, "id"));
    TQ_TRY(desk_save(call, "caller", id, desk_get_text(caller, "trust"), caller, version));
    return desk_event(call, "caller", id, what, false,
                      TQ_ROLE_CLERK | TQ_ROLE_DISPATCHER | TQ_ROLE_ADMIN, NULL);
}

tq_status caller_of_phone(desk_call *call, const char *phone, bool make, json_t **out,
                          uint64_t *version)
{
    char parent[40], id[TQ_ID_MAX] = "", state[32];
    (void)snprintf(parent, sizeof parent, "phone:%s", phone);
    tq_store_filter filter = {.kind = "caller", .parent = parent};
    TQ_TRY(tq_store_each(call->desk->store, &filter, see_id, id, call->err));
    if (id[0] != '\0') return desk_load(call, "caller", id, out, version, state);
    if (!make) return tq_fail(call->err, TQ_NOT_FOUND, 0, "nobody is known by that number");
    uint64_t number = 0;
    TQ_TRY(tq_store_number(call->desk->store, "CR", &number, call->err));
    (void)snprintf(id, sizeof id, "CR-%06llu", (unsigned long long)number);
    json_auto_t *caller = new_caller(phone);
    if (caller == NULL) return tq_fail(call->err, TQ_NO_MEMORY, 0, "no memory");
    char about[TQ_ID_MAX];
    (void)snprintf(about, sizeof about, "%s", call->about);
    json_object_set_new(caller, "id", json_string(id));
    TQ_TRY(caller_save(call, caller, 0, "created"));
    (void)snprintf(call->about, sizeof call->about, "%s", about);
    TQ_TRY(tq_store_link(call->desk->store, "caller", id, parent, call->err));
    *out = json_incref(caller);
    *version = 1;
    return TQ_OK;
}

bool caller_is_elder(const desk_call *call, const json_t *caller)
{
    int32_t year = 0, second = 0;
    unsigned month = 0, day = 0;
    const json_t *born = json_object_get(caller, "born");
    if (json_is_true(json_object_get(caller, "elder"))) return true;
    if (!json_is_integer(born)) return false;
    tq_date_of(tq_local_day(&call->desk->city->zone, call->command->now_ms, &second), &year, &month,
               &day);
    return year - json_integer_value(born) >= call->desk->order_rules->rules.elder_years;
}

/* ---- trust
 * ---------------------------------------------------------------------------------------- */

static bool is_blocked(const desk_call *call, const json_t *caller, int64_t *until_ms)
{
    *until_ms = INT64_MAX;
    if (strcmp(desk_get_text(caller, "trust"), "blocked") != 0) return false;
    (void)desk_get_instant(call, json_object_get(caller, "blocked"), "until", until_ms);
    return *until_ms > call->command->now_ms;
}

tq_status caller_check(desk_call *call, const json_t *caller)
{
    int64_t until_ms;
    char until[TQ_TIME_TEXT_MAX] = "further notice";
    const json_t *blocked = json_object_get(caller, "blocked");
    if (!is_blocked(call, caller, &until_ms)) return TQ_OK;
    if (until_ms != INT64_MAX) tq_time_print(&call->desk->city->zone, until_ms, until);
    return tq_fail(call->err, TQ_DENIED, 0, "this number is blocked until %s: %.80s; appeal: %.80s",
                   until, desk_get_text(blocked, "why"), desk_get_text(blocked, "appeal"));
}

static void block(desk_call *call, json_t *caller, int64_t until_ms, const char *why)
{
    json_t *blocked = json_object();
    if (until_ms == INT64_MAX)
        json_object_set_new(blocked, "until", json_null());
    else
        desk_put_instant(call, blocked, "until", until_ms);
    json_object_set_new(blocked, "why", json_string(why));
    json_object_set_new(blocked, "appeal", json_string(APPEAL));
    json_object_set_new(caller, "blocked", blocked);
    json_object_set_new(caller, "trust", json_string("blocked"));
}

tq_status caller_missed(desk_call *call, const char *id)
{
    const order_rules *rules = &call->desk->order_rules->rules;
    json_auto_t *caller = NULL;
    uint64_t version = 0;
    char state[32], why[80];
    tq_err unread;
    TQ_TRY(desk_load(call, "caller", id, &caller, &version, state));
    json_t *misses = json_object_get(caller, "misses"), *miss;
    if (!json_is_array(misses)) {
        misses = json_array();
        json_object_set_new(caller, "misses", misses);
    }
    char now[TQ_TIME_TEXT_MAX];
    tq_time_print(&call->desk->city->zone, call->command->now_ms, now);
    json_array_append_new(misses, json_string(now));
    while (json_array_size(misses) > MISSES_KEPT)
        json_array_remove(misses, 0);
    int64_t since_ms = call->command->now_ms - rules->block_within_days * INT64_C(86400000);
    int32_t recent = 0;
    size_t at;
    json_array_foreach(misses, at, miss)
    {
        int64_t at_ms = 0;
        if (tq_time_parse(&call->desk->city->zone, tq_str_of(json_string_value(miss)), &at_ms,
                          &unread) == TQ_OK)
            recent += at_ms >= since_ms;
    }
    json_int_t all = json_integer_value(json_object_get(caller, "no_shows"));
    json_object_set_new(caller, "no_shows", json_integer(all + 1));
    /* A trusted caller is spoken to, not blocked by a rule. */
    if (recent >= rules->block_no_shows && strcmp(state, "trusted") != 0) {
        (void)snprintf(why, sizeof why, "%d times not there within %d days", (int)recent,
                       (int)rules->block_within_days);
        block(call, caller, call->command->now_ms + rules->block_for_days * INT64_C(86400000), why);
    }
    return caller_save(call, caller, version, "not there");
}

/* ---- habits
 * ----------------------------------------------------------------------------------------- */

static bool is_near(const json_t *a, const json_t *b)
{
    tq_point from, to;
    return order_point(a, &from) && order_point(b, &to) && tq_distance_dm(from, to) <= NEAR_M * 10;
}

static int64_t count_of(const json_t *row)
{
    return json_integer_value(json_object_get(row, "count"));
}

/* Room for one more: the least used, then longest ago, goes. */
static void make_room(json_t *list, int32_t most)
{
    while (json_array_size(list) >= (size_t)most) {
        size_t least = 0;
        for (size_t k = 1; k < json_array_size(list); k++) {
            const json_t *a = json_array_get(list, k), *b = json_array_get(list, least);
            if (count_of(a) < count_of(b) ||
                (count_of(a) == count_of(b) &&
                 strcmp(desk_get_text(a, "last"), desk_get_text(b, "last")) < 0))
                least = k;
        }
        json_array_remove(list, least);
    }
}

static void count_place(desk_call *call, json_t *places, const json_t *place)
{
    size_t at;
    json_t *row;
    tq_point point;
    if (!order_point(place, &point)) return;
    json_array_foreach(places, at, row)
    {
        if (!is_near(row, place)) continue;
        json_object_set_new(row, "count", json_integer(count_of(row) + 1));
        desk_put_instant(call, row, "last", call->command->now_ms);
        return;
    }
    make_room(places, call->desk->order_rules->rules.places_kept);
    row = json_copy((json_t *)(uintptr_t)place);
    json_object_set_new(row, "count", json_integer(1));
    desk_put_instant(call, row, "last", call->command->now_ms);
    json_array_append_new(places, row);
}

static uint32_t hour_of(const desk_call *call, int64_t at_ms)
{
    return tq_moment_at(call->desk->city, at_ms).minute / 60;
}

static void count_trip(desk_call *call, json_t *trips, const json_t *order)
{
    int64_t at_ms = call->command->now_ms;
    const json_t *from = json_object_get(order, "from"), *to = json_object_get(order, "to");
    size_t at;
    json_t *row;
    (void)desk_get_instant(call, order, "at", &at_ms);
    uint32_t hour = hour_of(call, at_ms);
    tq_point ends[2];
    if (!order_point(from, &ends[0]) || !order_point(to, &ends[1])) return;
    json_array_foreach(trips, at, row)
    {
        if (!is_near(json_object_get(row, "from"), from) ||
            !is_near(json_object_get(row, "to"), to) ||
            json_integer_value(json_object_get(row, "hour")) != hour)
            continue;
        json_object_set_new(row, "count", json_integer(count_of(row) + 1));
        desk_put_instant(call, row, "last", call->command->now_ms);
        return;
    }
    make_room(trips, call->desk->order_rules->rules.trips_kept);
    row = json_pack("{s:O, s:O, s:i, s:i}", "from", from, "to", to, "count", 1, "hour", (int)hour);
    desk_put_instant(call, row, "last", call->command->now_ms);
    json_array_append_new(trips, row);
}

tq_status caller_ordered(desk_call *call, json_t *caller, uint64_t version, const json_t *order)
{
    static const char *const taken[] = {"name"};
    json_int_t orders = json_integer_value(json_object_get(caller, "orders"));
    json_object_set_new(caller, "orders", json_integer(orders + 1));
    for (uint32_t k = 0; k < TQ_COUNT(taken); k++)
        if (desk_get_text(order, taken[k])[0] != '\0')
            json_object_set(caller, taken[k], json_object_get(order, taken[k]));
    if (json_is_true(json_object_get(order, "elder")))
        json_object_set_new(caller, "elder", json_true());
    const json_t *born = json_object_get(call->body, "born");
    if (json_is_integer(born))
        json_object_set_new(caller, "born", json_integer(json_integer_value(born)));
    /* What the body needs stays; cash or quiet are a matter of the day. */
    const json_t *needs = json_object_get(order, "needs"), *need;
    json_t *known = json_array();
    size_t at;
    json_array_foreach(json_object_get(caller, "needs"), at, need)
        json_array_append(known, (json_t *)(uintptr_t)need);
    json_array_foreach(needs, at, need)
    {
        const char *word = json_string_value(need);
        bool there = strcmp(word, "wheelchair") != 0 && strcmp(word, "helper") != 0;
        for (size_t k = 0; k < json_array_size(known); k++)
            there = there || strcmp(json_string_value(json_array_get(known, k)), word) == 0;
        if (!there) json_array_append_new(known, json_string(word));
    }
    json_object_set_new(caller, "needs", known);
    count_place(call, json_object_get(caller, "places"), json_object_get(order, "from"));
    count_place(call, json_object_get(caller, "places"), json_object_get(order, "to"));
    count_trip(call, json_object_get(caller, "trips"), order);
    return caller_save(call, caller, version, "ordered");
}

/* ---- showing
 * ----------------------------------------------------------------------------------------- */

typedef struct ranked {
    int64_t rank;
    size_t at;
    const char *last;
} ranked;

static int by_rank(const void *left, const void *right)
{
    const ranked *a = left, *b = right;
    if (a->rank != b->rank) return a->rank > b->rank ? -1 : 1;
    int last = strcmp(b->last, a->last);
    return last != 0 ? last : a->at < b->at ? -1 : 1;
}

/* Most used first; trips of about this hour before all others. */
static json_t *in_order(const json_t *list, int32_t hour)
{
    ranked row[100];
    size_t count = TQ_MIN(json_array_size(list), TQ_COUNT(row));
    json_t *out = json_array();
    for (size_t k = 0; k < count; k++) {
        const json_t *one = json_array_get(list, k);
        int64_t away = hour - json_integer_value(json_object_get(one, "hour"));
        bool now = hour >= 0 && (away == 0 || away == 1 || away == -1);
        row[k] =
            (ranked){count_of(one) + (now ? INT64_C(1) << 40 : 0), k, desk_get_text(one, "last")};
    }
    if (count > 0) qsort(row, count, sizeof row[0], by_rank);
    for (size_t k = 0; k < count; k++)
        json_array_append(out, json_array_get(list, row[k].at));
    return out;
}

json_t *caller_show(const desk_call *call, const json_t *caller)
{
    json_t *shown = json_copy((json_t *)(uintptr_t)caller);
    int64_t until_ms;
    json_object_set_new(shown, "elder", json_boolean(caller_is_elder(call, caller)));
    json_object_set_new(shown, "places", in_order(json_object_get(caller, "places"), -1));
    json_object_set_new(
        shown, "trips",
        in_order(json_object_get(caller, "trips"), (int32_t)hour_of(call, call->command->now_ms)));
    /* A block that ended is none. */
    if (strcmp(desk_get_text(caller, "trust"), "blocked") == 0 &&
        !is_blocked(call, caller, &until_ms)) {
        json_object_set_new(shown, "trust", json_string("normal"));
        json_object_set_new(shown, "blocked", json_null());
    }
    json_object_del(shown, "misses");
    return shown;
}

static json_t *show_one(desk_call *call, const tq_record *record)
{
    tq_err why;
    json_auto_t *caller = NULL;
    if (desk_parse(record->body, SIZE_MAX, "a caller", &caller, &why) != TQ_OK) return NULL;
    json_t *shown = caller_show(call, caller);
    json_object_del(shown, "places");
    json_object_del(shown, "trips");
    json_object_set_new(shown, "phone", desk_masked_phone(desk_get_text(caller, "phone")));
    return shown;
}

tq_status caller_list(desk_call *call)
{
    char phone[40], number[ORDER_PHONE_MAX];
    if (!desk_query(call, "phone", phone, sizeof phone) || phone[0] == '\0')
        return desk_answer_list(call, "caller", "callers", show_one);
    json_t *caller = NULL, *answer = json_object(), *list = json_array();
    uint64_t version = 0;
    tq_status status = order_phone(call, phone, number);
    if (status == TQ_OK) status = caller_of_phone(call, number, false, &caller, &version);
    if (status == TQ_OK) json_array_append_new(list, caller_show(call, caller));
    json_decref(caller);
    json_object_set_new(answer, "callers", list);
    json_object_set_new(answer, "next", json_null());
    if (status == TQ_OK || status == TQ_NOT_FOUND) return desk_answer(call, answer);
    json_decref(answer);
    return status;
}

tq_status caller_get(desk_call *call)
{
    json_auto_t *caller = NULL;
    uint64_t version = 0;
    char state[32];
    TQ_TRY(desk_load(call, "caller", call->command->id, &caller, &version, state));
    return desk_answer(call, caller_show(call, caller));
}

/* ---- changing
 * ------------------------------------------------------------------------------------------ */

static tq_status change_trust(desk_call *call, json_t *caller)
{
    static const char *const words[] = {"normal", "trusted", "blocked", NULL};
    const char *trust, *why;
    int64_t until_ms = INT64_MAX;
    TQ_TRY(desk_text(call, "trust", false, &trust));
    TQ_TRY(desk_text(call, "why", false, &why));
    TQ_TRY(desk_instant(call, "until", false, &until_ms));
    if (trust[0] == '\0') return TQ_OK;
    const char *const *one = words;
    while (*one != NULL && strcmp(*one, trust) != 0)
        one++;
    if (*one == NULL)
        return desk_bad(call, "\"trust\" is \"%.20s\"; it is normal, trusted or blocked", trust);
    if (why[0] == '\0') return desk_bad(call, "\"why\" is missing: a change of trust has a reason");
    if (strcmp(trust, "blocked") == 0) {
        if (until_ms <= call->command->now_ms) return desk_bad(call, "\"until\" is in the past");
        if (until_ms == INT64_MAX)
            return desk_bad(call, "\"until\" is missing: every block ends some day");
        block(call, caller, until_ms, why);
        return TQ_OK;
    }
    json_object_set_new(caller, "blocked", json_null());
    json_object_set_new(caller, "misses", json_array());
    json_object_set_new(caller, "trust", json_string(trust));
    return TQ_OK;
}

static tq_status change_needs(desk_call *call, json_t *caller)
{
    const json_t *needs = json_object_get(call->body, "needs"), *word;
    size_t at;
    if (needs == NULL) return TQ_OK;
    if (!json_is_array(needs)) return desk_bad(call, "\"needs\" is a list of words");
    json_array_foreach(needs, at, word)
    {
        const char *text = json_string_value(word);
        if (text == NULL) return desk_bad(call, "\"needs\" is a list of words");
        const char *const *one = ORDER_NEEDS, *near = desk_nearest(text, ORDER_NEEDS);
        while (*one != NULL && strcmp(*one, text) != 0)
            one++;
        if (*one == NULL)
            return desk_bad(call, "\"needs\" does not know \"%.40s\"%s%s", text,
                            near != NULL ? "; did you mean " : "", near != NULL ? near : "");
    }
    json_object_set_new(caller, "needs", json_deep_copy(needs));
    return TQ_OK;
}

static tq_status change_places(desk_call *call, json_t *caller)
{
    const json_t *places = json_object_get(call->body, "places"), *given;
    json_auto_t *list = json_array();
    size_t at;
    if (places == NULL) return TQ_OK;
    size_t most = (size_t)call->desk->order_rules->rules.places_kept;
    if (!json_is_array(places) || json_array_size(places) > most)
        return desk_bad(call, "\"places\" is a list of at most %zu places", most);
    json_array_foreach(places, at, given)
    {
        json_t *place = NULL;
        TQ_TRY(order_place(call, given, "places", &place));
        json_int_t count = count_of(given);
        json_object_set_new(place, "count", json_integer(TQ_MAX(count, 0)));
        desk_put_instant(call, place, "last", call->command->now_ms);
        json_array_append_new(list, place);
    }
    json_object_set(caller, "places", list);
    return TQ_OK;
}

tq_status caller_change(desk_call *call)
{
    static const char *const members[] = {"name",         "born",  "elder",  "needs",
                                          "usual_driver", "note",  "places", "trust",
                                          "why",          "until", NULL};
    static const char *const texts[] = {"name", "usual_driver", "note"};
    json_auto_t *caller = NULL;
    uint64_t version = 0;
    char state[32];
    double born = 0;
    const char *id = call->command->id;
    TQ_TRY(desk_only(call, members));
    TQ_TRY(desk_load(call, "caller", id, &caller, &version, state));
    TQ_TRY(desk_expect(call, "caller", id, version));
    for (uint32_t k = 0; k < TQ_COUNT(texts); k++) {
        const char *text;
        TQ_TRY(desk_text(call, texts[k], false, &text));
        if (json_object_get(call->body, texts[k]) != NULL)
            json_object_set_new(caller, texts[k],
                                text[0] != '\0' ? json_string(text) : json_null());
    }
    TQ_TRY(desk_number(call, "born", false, 1880, 2200, &born));
    if (born > 0) json_object_set_new(caller, "born", json_integer((json_int_t)born));
    json_t *elder = json_object_get(call->body, "elder");
    if (elder != NULL && !json_is_boolean(elder))
        return desk_bad(call, "\"elder\" is true or false");
    if (elder != NULL) json_object_set(caller, "elder", elder);
    TQ_TRY(change_needs(call, caller));
    TQ_TRY(change_places(call, caller));
    TQ_TRY(change_trust(call, caller));
    TQ_TRY(caller_save(call, caller, version, "changed"));
    return desk_answer(call, caller_show(call, caller));
}
