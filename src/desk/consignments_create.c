/*
 * A consignment is made from a freight plan, changed and cancelled.
 *
 * The plan is asked for here (the question and its number on the front), or its steps are given as
 * /api/v1/freight/plan answered them; both are checked the same way. Goods stay as they are once
 * the consignment has left `planned`; parties, promise, carriers and papers may change until the
 * end.
 */
#include <stdio.h>

#include "desk/consignment_in.h"
#include "desk/order_in.h"

#define TONNES_MAX 1e8
#define DAY_MS     INT64_C(86400000)
#define TONNES_CAP 24u

static const char *const PARTY[] = {"name", "contact", "phone", "address", NULL};

/* ---- parts of the body -------------------------------------------------------------------------
 */

static tq_status text_member(desk_call *call, const json_t *object, const char *of,
                             const char *member, bool need, json_t *out)
{
    const json_t *value = json_object_get(object, member);
    if (value == NULL || json_is_null(value))
        return need ? desk_bad(call, "\"%s\": \"%s\" is missing", of, member) : TQ_OK;
    if (!json_is_string(value) || json_string_length(value) > DESK_TEXT_MAX ||
        (need && json_string_length(value) == 0))
        return desk_bad(call, "\"%s\": \"%s\" is a text of at most %u bytes", of, member,
                        DESK_TEXT_MAX);
    json_object_set_new(out, member, json_string(json_string_value(value)));
    return TQ_OK;
}

static tq_status take_party(desk_call *call, const char *member, bool need, json_t *record)
{
    const json_t *given = json_object_get(call->body, member);
    const char *name, *phone;
    json_t *value;
    char number[ORDER_PHONE_MAX];
    if (given == NULL && !need) return TQ_OK;
    if (!json_is_object(given))
        return desk_bad(call, "\"%s\" is an object with name, contact, phone, address", member);
    json_object_foreach((json_t *)(uintptr_t)given, name, value)
    {
        uint32_t k = 0;
        while (PARTY[k] != NULL && strcmp(PARTY[k], name) != 0)
            k++;
        if (PARTY[k] == NULL)
            return desk_bad(call, "\"%s\" does not know \"%.40s\"; name, contact, phone, address",
                            member, name);
    }
    json_t *party = json_object();
    json_object_set_new(record, member, party);
    for (uint32_t k = 0; PARTY[k] != NULL; k++)
        TQ_TRY(text_member(call, given, member, PARTY[k], k == 0, party));
    phone = desk_get_text(party, "phone");
    if (phone[0] == '\0') return TQ_OK;
    TQ_TRY(order_phone(call, phone, number));
    json_object_set_new(party, "phone", json_string(number));
    return TQ_OK;
}

/* Letters of the owner, digits, and the check digit of ISO 6346. */
static bool box_number_fits(const char *number)
{
    int32_t sum = 0;
    if (strlen(number) != 11) return false;
    for (uint32_t k = 0; k < 10; k++) {
        char c = number[k];
        bool letter = c >= 'A' && c <= 'Z', digit = c >= '0' && c <= '9';
        if (k < 4 ? !letter : !digit) return false;
        int32_t value = letter ? 10 + (c - 'A') : c - '0';
        /* Values of letters leave out multiples of 11. */
        for (int32_t skip = 11; letter && skip <= 33; skip += 11)
            if (value >= skip) value++;
        sum += value * (1 << k);
    }
    return number[10] - '0' == sum % 11 % 10;
}

static tq_status take_box(desk_call *call, const json_t *given, size_t at, json_t *boxes)
{
    json_t *box = json_object();
    json_array_append_new(boxes, box);
    const char *number = desk_get_text(given, "number");
    json_int_t size = json_integer_value(json_object_get(given, "size"));
    if (!json_is_object(given) || !box_number_fits(number))
        return desk_bad(call,
                        "\"boxes\": row %zu: \"%.20s\" is no box number: four letters, six digits "
                        "and the check digit of ISO 6346",
                        at, number);
    if (json_object_get(given, "size") != NULL && size != 20 && size != 40)
        return desk_bad(call, "\"boxes\": row %zu: \"size\" is 20 or 40", at);
    json_object_set_new(box, "number", json_string(number));
    json_object_set_new(box, "size", json_integer(size == 0 ? 40 : size));
    return text_member(call, given, "boxes", "seal", false, box);
}

static tq_status take_boxes(desk_call *call, json_t *goods)
{
    const json_t *given = json_object_get(call->body, "boxes"), *one;
    json_t *boxes = json_array();
    size_t k;
    json_object_set_new(goods, "boxes", boxes);
    if (given == NULL) return TQ_OK;
    if (!json_is_array(given) || json_array_size(given) > CONS_BOXES_MAX)
        return desk_bad(call, "\"boxes\" is a list of at most %u {number, size, seal}",
                        CONS_BOXES_MAX);
    json_array_foreach(given, k, one)
    {
        TQ_TRY(take_box(call, one, k + 1, boxes));
    }
    return TQ_OK;
}

/* Tonnes as a number or a decimal text; the text is what freight reads. */
static tq_status take_tonnes(desk_call *call, char out[TONNES_CAP])
{
    const json_t *given = json_object_get(call->body, "tonnes");
    double tonnes = json_number_value(given);
    if (given == NULL) {
        out[0] = '\0';
        return TQ_OK;
    }
    if (json_is_string(given) && !tq_parse_double(tq_str_of(json_string_value(given)), &tonnes))
        return desk_bad(call, "\"tonnes\" is \"%.20s\": no number", json_string_value(given));
    if (!(tonnes > 0) || tonnes > TONNES_MAX)
        return desk_bad(call, "\"tonnes\" is %.9g: above 0 and at most %.0f", tonnes, TONNES_MAX);
    (void)snprintf(out, TONNES_CAP, "%.6f", tonnes);
    return TQ_OK;
}

static tq_status take_goods(desk_call *call, json_t *record, char tonnes[TONNES_CAP],
                            uint32_t *boxes40)
{
    const tq_freight *net = NULL;
    const char *code, *marks;
    double packages = 0, boxes = 0;
    json_t *goods = json_object();
    json_object_set_new(record, "goods", goods);
    TQ_TRY(cons_net(call, &net));
    TQ_TRY(desk_text(call, "commodity", true, &code));
    uint32_t row = tq_freight_commodity_find(net, tq_str_of(code));
    if (row == TQ_NONE)
        return desk_bad(call, "\"commodity\" is \"%.40s\": no code of commodities.csv", code);
    tq_freight_commodity kind = tq_freight_commodity_at(net, row);
    TQ_TRY(take_tonnes(call, tonnes));
    TQ_TRY(desk_whole(call, "boxes40", false, 1, 100000, &boxes));
    TQ_TRY(desk_whole(call, "packages", false, 1, 10000000, &packages));
    TQ_TRY(desk_text(call, "marks", false, &marks));
    TQ_TRY(take_boxes(call, goods));
    if (boxes == 0) boxes = (double)json_array_size(json_object_get(goods, "boxes"));
    *boxes40 = (uint32_t)boxes;
    if (tonnes[0] == '\0' && *boxes40 == 0)
        return desk_bad(call, "\"tonnes\" is missing; or say how many \"boxes40\"");
    json_object_set_new(goods, "commodity", json_string(code));
    json_object_set_new(goods, "name_zh", json_string(kind.name_zh));
    json_object_set_new(goods, "name_en", json_string(kind.name_en));
    json_object_set_new(goods, "cargo", json_string(tq_freight_cargo_name(kind.cargo)));
    json_object_set_new(goods, "dg_class",
                        kind.dg_class[0] != '\0' ? json_string(kind.dg_class) : json_null());
    json_object_set_new(goods, "boxes40", json_integer(*boxes40));
    double mass = 0;
    if (tonnes[0] != '\0') (void)tq_parse_double(tq_str_of(tonnes), &mass);
    json_object_set_new(goods, "tonnes", tonnes[0] != '\0' ? json_real(mass) : json_null());
    json_object_set_new(goods, "packages",
                        packages > 0 ? json_integer((json_int_t)packages) : json_null());
    json_object_set_new(goods, "marks", marks[0] != '\0' ? json_string(marks) : json_null());
    return TQ_OK;
}

/* ---- the way -----------------------------------------------------------------------------------
 */

/* The steps of the plan that was chosen; asked for unless they were given. */
static tq_status take_plan(desk_call *call, const char *tonnes, uint32_t boxes40, json_t *record,
                           json_t **steps)
{
    tq_desk_goods wish = {.now_ms = call->command->now_ms, .boxes40 = boxes40};
    const char *text[6];
    static const char *const names[] = {"depart", "arrive", "avoid", "via", "modes", "commodity"};
    const json_t *plan = NULL;
    double number = 0;
    const json_t *given = json_object_get(call->body, "legs");
    if (given != NULL) {
        *steps = json_incref((json_t *)(uintptr_t)given);
        json_object_set_new(record, "plan", json_null());
        return TQ_OK;
    }
    for (uint32_t k = 0; k < TQ_COUNT(names); k++) {
        TQ_TRY(desk_text(call, names[k], false, &text[k]));
        if (text[k][0] == '\0') text[k] = NULL;
    }
    wish.depart = text[0], wish.arrive = text[1], wish.avoid = text[2], wish.via = text[3];
    wish.modes = text[4], wish.commodity = text[5];
    wish.from = cons_node_id(record, "from"), wish.to = cons_node_id(record, "to");
    wish.tonnes = tonnes[0] != '\0' ? tonnes : NULL;
    TQ_TRY(desk_whole(call, "plan", false, 0, 1e6, &number));
    json_auto_t *answer = NULL;
    TQ_TRY(cons_ask_plan(call, &wish, &answer));
    TQ_TRY(cons_pick_plan(call, answer, (json_int_t)number, &plan));
    json_object_set_new(record, "plan", cons_plan_facts(answer, plan));
    json_t *goods = json_object_get(record, "goods");
    if (!json_is_number(json_object_get(goods, "tonnes")))
        json_object_set(goods, "tonnes", json_object_get(answer, "tonnes"));
    *steps = json_incref(json_object_get(plan, "legs"));
    return TQ_OK;
}

static tq_status take_way(desk_call *call, const char *tonnes, uint32_t boxes40, json_t *record)
{
    static const char *const ends[] = {"from", "to"};
    const tq_freight *net = NULL;
    json_auto_t *steps = NULL;
    int64_t unload_ms = 0;
    json_t *legs = json_array();
    json_object_set_new(record, "legs", legs);
    TQ_TRY(cons_net(call, &net));
    for (uint32_t k = 0; k < 2; k++) {
        const char *text;
        uint32_t node;
        TQ_TRY(desk_text(call, ends[k], true, &text));
        TQ_TRY(cons_node(call, ends[k], text, &node));
        json_object_set_new(record, ends[k], cons_place(net, node));
    }
    TQ_TRY(take_plan(call, tonnes, boxes40, record, &steps));
    TQ_TRY(cons_take_steps(call, steps, legs, &unload_ms));
    json_object_set_new(record, "unload_s", json_integer(unload_ms / 1000));
    json_object_set(record, "begin", json_object_get(json_array_get(steps, 0), "begin"));
    const json_t *first = json_array_get(legs, 0),
                 *last = json_array_get(legs, json_array_size(legs) - 1);
    if (strcmp(cons_node_id(first, "from"), cons_node_id(record, "from")) != 0 ||
        strcmp(cons_node_id(last, "to"), cons_node_id(record, "to")) != 0)
        return desk_bad(call, "\"legs\" lead from %.20s to %.20s, not from %.20s to %.20s",
                        cons_node_id(first, "from"), cons_node_id(last, "to"),
                        cons_node_id(record, "from"), cons_node_id(record, "to"));
    return TQ_OK;
}

/* Goods that were ready long ago are a wrong year, not a consignment. */
static tq_status check_begin(desk_call *call, const json_t *record)
{
    char text[TQ_TIME_TEXT_MAX];
    int64_t begin_ms = 0;
    if (!desk_get_instant(call, record, "begin", &begin_ms) ||
        begin_ms >= call->command->now_ms - CONS_PAST_MS)
        return TQ_OK;
    tq_time_print(&call->desk->city->zone, begin_ms, text);
    return desk_bad(call, "\"depart\": the consignment begins at %s; at most %d days ago is taken",
                    text, (int)(CONS_PAST_MS / DAY_MS));
}

static tq_status take_promise(desk_call *call, json_t *record)
{
    int64_t at_ms = CONS_NEVER, begin_ms = 0;
    TQ_TRY(desk_instant(call, "promised", false, &at_ms));
    if (at_ms == CONS_NEVER) TQ_TRY(desk_instant(call, "arrive", false, &at_ms));
    if (at_ms == CONS_NEVER)
        json_object_set_new(record, "promised", json_null());
    else
        desk_put_instant(call, record, "promised", at_ms);
    if (at_ms != CONS_NEVER && desk_get_instant(call, record, "begin", &begin_ms) &&
        at_ms <= begin_ms) {
        char text[2][TQ_TIME_TEXT_MAX];
        tq_time_print(&call->desk->city->zone, at_ms, text[0]);
        tq_time_print(&call->desk->city->zone, begin_ms, text[1]);
        return desk_bad(call, "\"promised\" is %s, before the goods are ready at %s", text[0],
                        text[1]);
    }
    return TQ_OK;
}

static tq_status take_words(desk_call *call, json_t *record)
{
    static const char *const words[] = {"reference", "note", "peer"};
    for (uint32_t k = 0; k < TQ_COUNT(words); k++) {
        const char *text;
        if (json_object_get(call->body, words[k]) == NULL) continue;
        TQ_TRY(desk_text(call, words[k], false, &text));
        json_object_set_new(record, words[k], text[0] != '\0' ? json_string(text) : json_null());
    }
    return TQ_OK;
}

/* "CG-2026-000001" */
static tq_status new_id(desk_call *call, char out[TQ_ID_MAX])
{
    int32_t year = 0, second = 0;
    unsigned month = 0, day = 0;
    uint64_t number = 0;
    char series[32];
    tq_date_of(tq_local_day(&call->desk->city->zone, call->command->now_ms, &second), &year, &month,
               &day);
    (void)snprintf(series, sizeof series, "CG-%d", (int)year);
    TQ_TRY(tq_store_number(call->desk->store, series, &number, call->err));
    (void)snprintf(out, TQ_ID_MAX, "%s-%06llu", series, (unsigned long long)number);
    return TQ_OK;
}

static const char *const MEMBERS[] = {
    "shipper", "consignee", "commodity", "tonnes", "boxes40",   "boxes", "packages", "marks",
    "from",    "to",        "depart",    "arrive", "avoid",     "via",   "modes",    "plan",
    "legs",    "promised",  "peer",      "note",   "reference", NULL};

tq_status cons_create(desk_call *call)
{
    json_auto_t *record = json_object();
    const tq_actor *actor = call->command->actor;
    char id[TQ_ID_MAX], tonnes[TONNES_CAP];
    uint32_t boxes40 = 0;
    TQ_TRY(desk_only(call, MEMBERS));
    TQ_TRY(take_party(call, "shipper", true, record));
    TQ_TRY(take_party(call, "consignee", true, record));
    TQ_TRY(take_goods(call, record, tonnes, &boxes40));
    TQ_TRY(take_way(call, tonnes, boxes40, record));
    TQ_TRY(check_begin(call, record));
    TQ_TRY(take_promise(call, record));
    TQ_TRY(take_words(call, record));
    json_object_set_new(record, "owner", json_string(actor->name));
    if (actor->peer[0] != '\0') json_object_set_new(record, "peer", json_string(actor->peer));
    json_object_set_new(record, "documents", json_array());
    json_object_set_new(record, "events", json_array());
    json_object_set_new(record, "replans", json_array());
    json_object_set_new(record, "weigh_lists", json_array());
    json_object_set_new(record, "position", json_null());
    json_object_set_new(record, "delivered", json_null());
    cons_line(call, record, "created", NULL);
    TQ_TRY(new_id(call, id));
    (void)snprintf(call->about, sizeof call->about, "%s", id);
    TQ_TRY(cons_save(call, id, "planned", record, 0, "created"));
    *call->status = 201;
    return cons_answer(call, id);
}

/* ---- changing ----------------------------------------------------------------------------------
 */

static tq_status change_leg(desk_call *call, json_t *legs, const json_t *given)
{
    static const char *const words[] = {"carrier", "vehicle", "peer"};
    json_int_t number = json_integer_value(json_object_get(given, "number"));
    json_t *leg = number >= 1 ? json_array_get(legs, (size_t)number - 1) : NULL;
    if (!json_is_object(given) || leg == NULL)
        return desk_bad(call, "\"legs\": each has the number of a leg, from 1 to %zu",
                        json_array_size(legs));
    for (uint32_t k = 0; k < TQ_COUNT(words); k++)
        TQ_TRY(text_member(call, given, "legs", words[k], false, leg));
    return TQ_OK;
}

static tq_status change_legs(desk_call *call, json_t *record)
{
    const json_t *given = json_object_get(call->body, "legs"), *one;
    size_t k;
    if (given == NULL) return TQ_OK;
    if (!json_is_array(given) || json_array_size(given) > CONS_LEGS_MAX)
        return desk_bad(call, "\"legs\" is a list of {number, carrier, vehicle, peer}");
    json_array_foreach(given, k, one)
    {
        TQ_TRY(change_leg(call, json_object_get(record, "legs"), one));
    }
    return TQ_OK;
}

static tq_status change_papers(desk_call *call, json_t *record)
{
    const json_t *given = json_object_get(call->body, "document");
    json_t *papers = json_object_get(record, "documents"), *paper;
    if (given == NULL) return TQ_OK;
    if (json_array_size(papers) >= CONS_PAPERS_MAX)
        return tq_fail(call->err, TQ_LIMIT, 0, "there are %u documents already", CONS_PAPERS_MAX);
    paper = json_object();
    json_array_append_new(papers, paper);
    TQ_TRY(text_member(call, given, "document", "kind", true, paper));
    TQ_TRY(text_member(call, given, "document", "ref", true, paper));
    desk_put_instant(call, paper, "at", call->command->now_ms);
    return TQ_OK;
}

/* Goods may be weighed and counted anew while nothing has moved; the plan stays. */
static tq_status change_goods(desk_call *call, json_t *record, const char *state)
{
    static const char *const words[] = {"boxes", "packages", "marks"};
    json_t *goods = json_object_get(record, "goods");
    const char *marks;
    double packages = 0;
    bool asked = false;
    for (uint32_t k = 0; k < TQ_COUNT(words); k++)
        asked = asked || json_object_get(call->body, words[k]) != NULL;
    if (!asked) return TQ_OK;
    if (strcmp(state, "planned") != 0)
        return tq_fail(call->err, TQ_STALE, 0, "consignment %s is %s: its goods stay as they are",
                       call->command->id, state);
    if (json_object_get(call->body, "boxes") != NULL) TQ_TRY(take_boxes(call, goods));
    TQ_TRY(desk_number(call, "packages", false, 1, 10000000, &packages));
    TQ_TRY(desk_text(call, "marks", false, &marks));
    if (packages > 0) json_object_set_new(goods, "packages", json_integer((json_int_t)packages));
    if (marks[0] != '\0') json_object_set_new(goods, "marks", json_string(marks));
    return TQ_OK;
}

tq_status cons_change(desk_call *call)
{
    static const char *const members[] = {"shipper",  "consignee", "promised", "legs",
                                          "document", "boxes",     "packages", "marks",
                                          "note",     "reference", "peer",     NULL};
    const char *id = call->command->id;
    json_auto_t *record = NULL;
    uint64_t version = 0;
    char state[32];
    TQ_TRY(desk_only(call, members));
    TQ_TRY(cons_load(call, id, &record, &version, state));
    TQ_TRY(cons_mine(call, record));
    TQ_TRY(desk_expect(call, CONSIGNMENT, id, version));
    TQ_TRY(cons_open(call, id, state));
    TQ_TRY(take_party(call, "shipper", false, record));
    TQ_TRY(take_party(call, "consignee", false, record));
    if (json_object_get(call->body, "promised") != NULL) TQ_TRY(take_promise(call, record));
    TQ_TRY(change_goods(call, record, state));
    TQ_TRY(change_legs(call, record));
    TQ_TRY(change_papers(call, record));
    TQ_TRY(take_words(call, record));
    cons_line(call, record, "changed", NULL);
    TQ_TRY(cons_save(call, id, state, record, version, "changed"));
    return cons_answer(call, id);
}

tq_status cons_cancel(desk_call *call)
{
    static const char *const members[] = {"reason", NULL};
    const char *id = call->command->id, *reason;
    json_auto_t *record = NULL;
    uint64_t version = 0;
    char state[32];
    TQ_TRY(desk_only(call, members));
    TQ_TRY(desk_text(call, "reason", true, &reason));
    TQ_TRY(cons_load(call, id, &record, &version, state));
    TQ_TRY(cons_mine(call, record));
    TQ_TRY(desk_expect(call, CONSIGNMENT, id, version));
    TQ_TRY(cons_open(call, id, state));
    TQ_TRY(cons_may_move(call, id, state, "cancelled"));
    cons_line(call, record, "cancelled", reason);
    json_object_set_new(record, "cancelled", json_string(reason));
    TQ_TRY(cons_save(call, id, "cancelled", record, version, "cancelled"));
    return cons_answer(call, id);
}
