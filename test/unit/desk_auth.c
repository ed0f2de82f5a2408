/*
 * Accounts, sessions and keys: the first account, signing in and out, forged and idle tokens, names
 * that must wait, passwords, the last admin; nothing secret in the store's audit or answers.
 */
// also: import
#include "desk_shipped.h"

#define PASSWORD "correct horse"

static void first_account(desk_room *room, char token[120])
{
    char body[200], setup_token[TQ_SETUP_TOKEN_MAX];
    assert_true(tq_desk_setup_token(room->desk, setup_token));
    (void)snprintf(body, sizeof body,
                   "{\"token\":\"%s\",\"name\":\"root\",\"password\":\"" PASSWORD "\"}",
                   setup_token);
    room_must(room, &room->nobody, "auth.setup", "", body);
    (void)snprintf(token, 120, "%s", room_text(room, "token"));
}

static tq_status who(desk_room *room, const char *token, tq_actor *out)
{
    return tq_desk_actor(room->desk, tq_str_of(token), room->now_ms, out, &room->err);
}

static void the_first_account(void **state)
{
    desk_room *room = *state;
    char token[120];
    tq_actor actor;
    room_refuses(room, &room->nobody, "auth.setup", "",
                 "{\"token\":\"no\",\"name\":\"root\",\"password\":\"" PASSWORD "\"}", TQ_DENIED,
                 "printed");
    assert_int_equal(room_ask(room, &room->nobody, "auth.me", "", ""), TQ_OK);
    assert_true(json_is_true(json_object_get(room->json, "setup")));
    first_account(room, token);
    assert_int_equal(who(room, token, &actor), TQ_OK);
    assert_string_equal(actor.name, "root");
    assert_int_equal(actor.roles, TQ_ROLE_PUBLIC | TQ_ROLE_STAFF);
    char again[TQ_SETUP_TOKEN_MAX];
    assert_false(tq_desk_setup_token(room->desk, again));
    room_refuses(room, &room->nobody, "auth.setup", "",
                 "{\"token\":\"no\",\"name\":\"root\",\"password\":\"" PASSWORD "\"}", TQ_DENIED,
                 "already");
    room_must(room, &actor, "auth.logout", "", "");
    assert_int_equal(who(room, token, &actor), TQ_DENIED);
    /* Nothing secret is in the audit. */
    assert_int_equal(room_ask(room, &room->admin, "audit.list", "", ""), TQ_OK);
    assert_null(strstr(room->answer.at, PASSWORD));
    assert_null(strstr(room->answer.at, token));
    assert_non_null(strstr(room->answer.at, "left out"));
}

static void tokens_that_open_nothing(void **state)
{
    desk_room *room = *state;
    char token[120], forged[120];
    tq_actor actor;
    first_account(room, token);
    assert_int_equal(who(room, "", &actor), TQ_OK);
    assert_int_equal(actor.roles, TQ_ROLE_PUBLIC);
    size_t len = strlen(token);
    for (size_t at = 0; at < len; at++) {
        memcpy(forged, token, len + 1);
        forged[at] = forged[at] == 'a' ? 'b' : 'a';
        assert_int_equal(who(room, forged, &actor), TQ_DENIED);
        forged[at] = '\0';
        if (at > 0) assert_int_equal(who(room, forged, &actor), TQ_DENIED);
    }
    /* In use it lives on; left alone for 12 h it is over, and the clock closes it. */
    for (uint32_t k = 0; k < 3; k++) {
        room->now_ms += 11 * HOUR_MS;
        assert_int_equal(who(room, token, &actor), TQ_OK);
        (void)room_tick(room);
    }
    room->now_ms += 12 * HOUR_MS + MIN_MS;
    assert_int_equal(who(room, token, &actor), TQ_DENIED);
    (void)room_tick(room);
    tq_buf text = {0};
    tq_record record;
    char id[17];
    memcpy(id, token + 4, 16);
    id[16] = '\0';
    assert_int_equal(
        tq_store_get(tq_desk_store(room->desk), "session", id, &text, &record, &room->err), TQ_OK);
    assert_string_equal(record.state, "closed");
    tq_buf_putc(&text, '\0');
    assert_null(strstr(text.at, token));
    room->now_ms += 8 * DAY_MS;
    (void)room_tick(room);
    text.len = 0;
    assert_int_equal(
        tq_store_get(tq_desk_store(room->desk), "session", id, &text, &record, &room->err),
        TQ_NOT_FOUND);
    tq_buf_free(&text);
}

static void names_that_fail_wait(void **state)
{
    desk_room *room = *state;
    char token[120];
    first_account(room, token);
    static const char wrong[] = "{\"name\":\"root\",\"password\":\"wrong horse\"}",
                      right[] = "{\"name\":\"root\",\"password\":\"" PASSWORD "\"}";
    for (uint32_t k = 0; k < 5; k++)
        room_refuses(room, &room->nobody, "auth.login", "", wrong, TQ_DENIED,
                     "name or password is wrong");
    room_refuses(room, &room->nobody, "auth.login", "", right, TQ_BUSY, "wait 30 s");
    room_refuses(room, &room->nobody, "auth.login", "", "{\"name\":\"nobody\",\"password\":\"x\"}",
                 TQ_DENIED, "name or password is wrong");
    room->now_ms += 31000;
    room_refuses(room, &room->nobody, "auth.login", "", wrong, TQ_DENIED, "wrong");
    room_refuses(room, &room->nobody, "auth.login", "", right, TQ_BUSY, "wait 60 s");
    room->now_ms += 61000;
    room_must(room, &room->nobody, "auth.login", "", right);
    assert_int_equal(room->status, 201);
    room_refuses(room, &room->nobody, "auth.login", "", wrong, TQ_DENIED, "wrong");
    room_must(room, &room->nobody, "auth.login", "", right);
}

static void accounts(void **state)
{
    desk_room *room = *state;
    char token[120], own[120];
    tq_actor root, li;
    static const struct {
        const char *body, *word;
    } rows[] = {
        {"{\"name\":\"a\",\"password\":\"short\",\"roles\":[\"clerk\"]}", "at least 10"},
        {"{\"name\":\"a\",\"password\":\"aaaaaaaaaaaa\",\"roles\":[\"clerk\"]}", "over and over"},
        {"{\"name\":\"a b\",\"password\":\"" PASSWORD "\",\"roles\":[\"clerk\"]}", "\"name\""},
        {"{\"name\":\"clock\",\"password\":\"" PASSWORD "\",\"roles\":[\"clerk\"]}", "clock"},
        {"{\"name\":\"a\",\"password\":\"" PASSWORD "\",\"roles\":[\"clerc\"]}",
         "did you mean clerk"},
        {"{\"name\":\"a\",\"password\":\"" PASSWORD "\",\"roles\":[\"peer\"]}", "peer"},
        {"{\"name\":\"a\",\"password\":\"" PASSWORD "\",\"roles\":[]}", "at least one"},
        {"{\"name\":\"a\",\"password\":\"" PASSWORD "\"}", "\"roles\""},
    };
    first_account(room, token);
    assert_int_equal(who(room, token, &root), TQ_OK);
    for (uint32_t k = 0; k < TQ_COUNT(rows); k++)
        room_refuses(room, &root, "auth.user_create", "", rows[k].body, TQ_BAD_INPUT, rows[k].word);
    room_refuses(room, &room->dispatcher, "auth.user_create", "", "{}", TQ_DENIED, "admin");
    room_must(room, &root, "auth.user_create", "",
              "{\"name\":\"li\",\"password\":\"" PASSWORD "\",\"roles\":[\"clerk\"]}");
    assert_null(json_object_get(room->json, "hash"));
    room_refuses(room, &root, "auth.user_create", "",
                 "{\"name\":\"li\",\"password\":\"" PASSWORD "\",\"roles\":[\"clerk\"]}", TQ_STALE,
                 "already");
    room_must(room, &room->nobody, "auth.login", "",
              "{\"name\":\"li\",\"password\":\"" PASSWORD "\"}");
    (void)snprintf(own, sizeof own, "%s", room_text(room, "token"));
    assert_int_equal(who(room, own, &li), TQ_OK);
    room_refuses(room, &root, "auth.user_change", "root", "{\"roles\":[\"clerk\"]}", TQ_BAD_INPUT,
                 "last admin");
    room_refuses(room, &root, "auth.user_change", "root", "{\"active\":false}", TQ_BAD_INPUT,
                 "last admin");
    /* Roles change at once; a closed account closes its sessions. */
    room_must(room, &root, "auth.user_change", "li", "{\"roles\":[\"clerk\",\"police\"]}");
    assert_int_equal(who(room, own, &li), TQ_OK);
    assert_int_equal(li.roles, TQ_ROLE_PUBLIC | TQ_ROLE_CLERK | TQ_ROLE_POLICE);
    assert_int_equal(room_ask(room, &li, "auth.export", "", ""), TQ_OK);
    assert_string_equal(desk_room_command(room, &li, "", "", "").actor->name, "li");
    assert_int_equal(json_array_size(json_object_get(room->json, "sessions")), 1);
    assert_int_equal(room_ask(room, &li, "auth.export", "root", ""), TQ_DENIED);
    room_refuses(room, &li, "auth.password", "",
                 "{\"old_password\":\"not it at all\",\"password\":\"another horse\"}", TQ_DENIED,
                 "old password");
    room_must(room, &li, "auth.password", "",
              "{\"old_password\":\"" PASSWORD "\",\"password\":\"another horse\"}");
    assert_int_equal(who(room, own, &li), TQ_OK);
    room_must(room, &root, "auth.user_change", "li", "{\"active\":false}");
    assert_int_equal(who(room, own, &li), TQ_DENIED);
    room_refuses(room, &room->nobody, "auth.login", "",
                 "{\"name\":\"li\",\"password\":\"another horse\"}", TQ_DENIED, "wrong");
    assert_int_equal(room_ask(room, &root, "auth.users", "", ""), TQ_OK);
    assert_int_equal(json_array_size(json_object_get(room->json, "users")), 2);
    assert_null(strstr(room->answer.at, "argon2"));
    assert_int_equal(tq_desk_add_user(room->desk, "sun", TQ_STR(PASSWORD), TQ_ROLE_ADMIN,
                                      room->now_ms, &room->err),
                     TQ_OK);
    room_must(room, &root, "auth.user_change", "root", "{\"roles\":[\"clerk\"]}");
}

static void keys_of_machines(void **state)
{
    desk_room *room = *state;
    char token[120], id[24];
    tq_actor actor;
    room_refuses(room, &room->admin, "auth.key_create", "",
                 "{\"name\":\"loops\",\"roles\":[\"clerk\"],\"peer\":\"p\"}", TQ_BAD_INPUT, "peer");
    room_refuses(room, &room->admin, "auth.key_create", "",
                 "{\"name\":\"loops\",\"roles\":[\"peer\"],\"expires\":\"2025-06-01T00:00\"}",
                 TQ_BAD_INPUT, "past");
    tq_command command = desk_room_command(room, &room->admin, "auth.key_create", "",
                                           "{\"name\":\"loops\",\"roles\":[\"peer\"],\"peer\":"
                                           "\"shanxi\",\"expires\":\"2025-06-04T08:00\"}");
    command.key = "once";
    assert_int_equal(desk_room_run(room, &command), TQ_OK);
    (void)snprintf(token, sizeof token, "%s", room_text(room, "token"));
    (void)snprintf(id, sizeof id, "%s", room_text(room, "id"));
    assert_int_equal(who(room, token, &actor), TQ_OK);
    assert_string_equal(actor.peer, "shanxi");
    assert_int_equal(actor.roles, TQ_ROLE_PUBLIC | TQ_ROLE_PEER);
    /* Sent again it makes no second key and does not tell the token again. */
    assert_int_equal(desk_room_run(room, &command), TQ_OK);
    assert_string_equal(room_text(room, "id"), id);
    assert_string_equal(room_text(room, "token"), "");
    room->now_ms += DAY_MS;
    assert_int_equal(who(room, token, &actor), TQ_DENIED);
    room->now_ms -= DAY_MS;
    room_must(room, &room->admin, "auth.key_revoke", id, "");
    assert_int_equal(who(room, token, &actor), TQ_DENIED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_first_account), TEST(tokens_that_open_nothing), TEST(names_that_fail_wait),
        TEST(accounts),          TEST(keys_of_machines),
    };
    return cmocka_run_group_tests(tests, open_city, close_city);
}
