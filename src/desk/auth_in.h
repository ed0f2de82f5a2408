/* Private to auth*.c: accounts, sessions, keys. */
#ifndef TQ_DESK_AUTH_IN_H
#define TQ_DESK_AUTH_IN_H

#include "desk/desk_in.h"

#define AUTH_NAME_MAX     40u /* bytes of an account's name */
#define AUTH_PASSWORD_MIN 10u /* characters: bytes of UTF-8, so that ten digits are the least */
#define AUTH_PASSWORD_MAX 256u
#define AUTH_IDLE_MS      (INT64_C(12) * 3600 * 1000)
#define AUTH_KEEP_MS      (INT64_C(7) * 24 * 3600 * 1000) /* closed sessions, for the audit */
#define AUTH_SWEEP_MS     INT64_C(60000)
#define AUTH_TRIES        5u
#define AUTH_WAIT_MS      INT64_C(30000) /* after the fifth failure; doubled by each further one */
#define AUTH_WAIT_MOST_MS INT64_C(900000)
#define AUTH_GUARD_NAMES  1024u
#define AUTH_PEOPLE_ROLES (TQ_ROLE_STAFF | TQ_ROLE_RIDER | TQ_ROLE_DRIVER)
#define AUTH_ANSWERS_MS   (INT64_C(48) * 3600 * 1000) /* remembered answers are kept so long */
#define AUTH_EVENTS_KEPT  UINT64_C(200000)
#define AUTH_TOKEN_BYTES  32u

/* A session or key as given out: "tqs_ID_SECRET"; only a keyed hash of it is stored. */
typedef struct auth_token {
    char id[20];
    char text[96];
    char hash[65];
} auth_token;

void auth_token_make(const tq_desk *desk, const char *prefix, auth_token *out);
void auth_token_hash(const tq_desk *desk, tq_str text, char out[65]);

tq_status auth_check_name(desk_call *call, const char *name);
tq_status auth_check_password(desk_call *call, tq_str password);
/** Write a new account. */
tq_status auth_add_user(desk_call *call, const char *name, tq_str password, uint32_t roles);
uint32_t auth_roles_of(const json_t *record);
bool auth_any_user(tq_desk *desk);
/** Close all sessions of an account, but one ("" = none). */
tq_status auth_close_sessions(desk_call *call, const char *user, const char *but);

tq_status auth_users(desk_call *call);
tq_status auth_user_create(desk_call *call);
tq_status auth_user_change(desk_call *call);
tq_status auth_password(desk_call *call);
tq_status auth_export(desk_call *call);
tq_status auth_keys(desk_call *call);
tq_status auth_key_create(desk_call *call);
tq_status auth_key_revoke(desk_call *call);
tq_status auth_audit_list(desk_call *call);
tq_status auth_audit_verify(desk_call *call);
tq_status auth_event_list(desk_call *call);

#endif
