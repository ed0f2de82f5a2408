/*
 * Feeds of live transit, and work-zone feeds coming in.
 *
 * A message is first tried on a `live` of the desk's own, so that garbage is refused before
 * anything is written; then the record of its feed takes it. A record holds the last full data set
 * and the differences since (base64), which is all that a fresh `live` needs. A work-zone feed
 * becomes a closure a feature; each has its own result, a bad one leaves the others alone.
 */
#include <stdio.h>

#include "desk/desk_in.h"

#define FEED_NAME_MAX    40u
#define DIFFERENCES_MAX  64u
#define FEED_STALE_S     300
#define FEATURES_MAX     5000u
#define FEATURE_ID_SHOWN 200

/* ---- feeds of live transit ---------------------------------------------------------------------
 */

static tq_status check_feed_name(desk_call *call, const char *name)
{
    size_t len = strlen(name);
    bool good = len >= 1 && len <= FEED_NAME_MAX;
    for (size_t at = 0; good && at < len; at++)
        good = (name[at] >= 'a' && name[at] <= 'z') || (name[at] >= '0' && name[at] <= '9') ||
               name[at] == '-' || name[at] == '_';
    if (good) return TQ_OK;
    return desk_bad(call, "a feed's id is 1 to %u of a-z, 0-9, - and _; this is \"%.60s\"",
                    FEED_NAME_MAX, name);
}

static bool read_varint(tq_str bytes, size_t *at, uint64_t *out)
{
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 64 && *at < bytes.len; shift += 7) {
        uint8_t byte = (uint8_t)bytes.at[(*at)++];
        value |= (uint64_t)(byte & 127) << shift;
        if (byte < 128) {
            *out = value;
            return true;
        }
    }
    return false;
}

/* FeedMessage.header (field 1) . incrementality (field 2) == DIFFERENTIAL (1)? */
static bool is_difference(tq_str message)
{
    size_t at = 0;
    uint64_t tag = 0, len = 0, value = 0;
    if (!read_varint(message, &at, &tag) || tag != (1 << 3 | 2) ||
        !read_varint(message, &at, &len) || len > message.len - at)
        return false;
    tq_str header = {message.at + at, (size_t)len};
    for (at = 0; at < header.len;) {
        if (!read_varint(header, &at, &tag)) return false;
        if ((tag & 7) == 0) {
            if (!read_varint(header, &at, &value)) return false;
            if (tag >> 3 == 2) return value == 1;
        } else if ((tag & 7) == 2) {
            if (!read_varint(header, &at, &len) || len > header.len - at) return false;
            at += (size_t)len;
        } else {
            return false;
        }
    }
    return false;
}

/* The bytes as they came, or {"message": base64}. *owned for tq_free. */
static tq_status message_of(desk_call *call, tq_str *message, uint8_t **owned)
{
    json_auto_t *body = NULL;
    *message = call->command->body;
    *owned = NULL;
    if (message->len == 0) return desk_bad(call, "the body is empty: send a FeedMessage");
    if (message->at[0] != '{') return TQ_OK;
    TQ_TRY(desk_parse(*message, DESK_FEED_MAX, "the body", &body, call->err));
    const json_t *packed = json_object_get(body, "message");
    if (!json_is_string(packed))
        return desk_bad(call, "the body is a FeedMessage, or {\"message\": \"base64\"}");
    size_t len = 0;
    TQ_TRY(desk_base64_read((tq_str){json_string_value(packed), json_string_length(packed)}, owned,
                            &len, call->err));
    *message = (tq_str){(const char *)*owned, len};
    return TQ_OK;
}

static tq_status try_message(desk_call *call, const char *feed, tq_str message, json_t **report)
{
    tq_desk *desk = call->desk;
    tq_buf text = {0};
    if (desk->probe == NULL) TQ_TRY(tq_live_open(desk->city, &desk->probe, call->err));
    tq_status status =
        tq_live_put_feed(desk->probe, feed, message, call->command->now_ms, &text, call->err);
    tq_live_forget_feed(desk->probe, feed);
    if (status == TQ_OK)
        status = desk_parse((tq_str){text.at, text.len}, SIZE_MAX, "the report", report, call->err);
    tq_buf_free(&text);
    return status;
}

static tq_status keep_message(desk_call *call, const char *feed, tq_str message, json_t *report)
{
    char state[32];
    uint64_t version = 0;
    tq_buf text = {0};
    json_auto_t *record = NULL;
    tq_status status = desk_load(call, "feed", feed, &record, &version, state);
    if (status == TQ_NOT_FOUND) {
        record = json_object();
        tq_err_clear(call->err);
    } else if (status != TQ_OK) {
        return status;
    }
    json_auto_t *messages = json_incref(json_object_get(record, "messages"));
    if (messages == NULL || !is_difference(message)) {
        json_decref(messages);
        messages = json_array();
    }
    if (json_array_size(messages) >= DIFFERENCES_MAX)
        return desk_bad(call, "%u differences came without a full data set; send one",
                        DIFFERENCES_MAX);
    desk_base64_put(&text, message.at, message.len);
    json_t *one = json_pack("{sI ss%}", "at_ms", (json_int_t)call->command->now_ms, "data",
                            text.at != NULL ? text.at : "", text.len);
    tq_buf_free(&text);
    if (one == NULL) return tq_fail(call->err, TQ_NO_MEMORY, 0, "no memory for the message");
    json_array_append_new(messages, one);
    json_object_set(record, "messages", messages);
    json_object_set(record, "report", report);
    json_object_set_new(record, "received_ms", json_integer(call->command->now_ms));
    return desk_save(call, "feed", feed, "kept", record, version);
}

tq_status desk_feed_put(desk_call *call)
{
    const char *feed = call->command->id;
    tq_str message;
    uint8_t *owned = NULL;
    json_auto_t *report = NULL;
    TQ_TRY(check_feed_name(call, feed));
    TQ_TRY(message_of(call, &message, &owned));
    tq_status status = try_message(call, feed, message, &report);
    if (status == TQ_OK) status = keep_message(call, feed, message, report);
    tq_free(owned);
    TQ_TRY(status);
    TQ_TRY(desk_event(call, "feed", feed, "put", true, TQ_ROLE_ANY, NULL));
    json_object_set_new(report, "feed", json_string(feed));
    return desk_dump(report, call->answer, call->err);
}

static json_t *show_feed(desk_call *call, const tq_record *record)
{
    json_error_t why;
    json_auto_t *body = json_loadb(record->body.at, record->body.len, 0, &why);
    json_t *shown = json_deep_copy(json_object_get(body, "report"));
    if (shown == NULL) shown = json_object();
    int64_t received_ms = json_integer_value(json_object_get(body, "received_ms")),
            passed_s = (call->command->now_ms - received_ms) / 1000;
    json_int_t age_s = json_integer_value(json_object_get(shown, "age_s")) + passed_s;
    json_object_set_new(shown, "feed", json_string(record->id));
    json_object_set_new(shown, "age_s", json_integer(age_s));
    json_object_set_new(shown, "stale", json_boolean(age_s > FEED_STALE_S));
    desk_put_instant(call, shown, "received", received_ms);
    return shown;
}

tq_status desk_feed_list(desk_call *call)
{
    return desk_answer_list(call, "feed", "feeds", show_feed);
}

tq_status desk_feed_fill(tq_desk *desk, const char *feed, tq_live *live, tq_err *err)
{
    tq_buf text = {0}, report = {0};
    tq_record record = {0};
    json_error_t broken;
    size_t at;
    json_t *one;
    tq_live_forget_feed(live, feed);
    tq_status status = tq_store_get(desk->store, "feed", feed, &text, &record, err);
    json_auto_t *body =
        status == TQ_OK ? json_loadb(record.body.at, record.body.len, 0, &broken) : NULL;
    tq_buf_free(&text);
    if (status != TQ_OK) return status == TQ_NOT_FOUND ? TQ_OK : status;
    json_array_foreach(json_object_get(body, "messages"), at, one)
    {
        uint8_t *bytes = NULL;
        size_t len = 0;
        tq_err why;
        const json_t *data = json_object_get(one, "data");
        int64_t at_ms = json_integer_value(json_object_get(one, "at_ms"));
        TQ_TRY(desk_base64_read(
            (tq_str){json_is_string(data) ? json_string_value(data) : "", json_string_length(data)},
            &bytes, &len, err));
        report.len = 0;
        status =
            tq_live_put_feed(live, feed, (tq_str){(const char *)bytes, len}, at_ms, &report, &why);
        tq_free(bytes);
        /* It was taken once; another city file may not know its trips. */
        if (status != TQ_OK) tq_log(TQ_LOG_ERROR, "feed %s is left out: %s", feed, why.text);
    }
    tq_buf_free(&report);
    return TQ_OK;
}

/* ---- work-zone feeds
 * --------------------------------------------------------------------------------- */

typedef struct zones {
    desk_call *call;
    json_t *list;
    uint32_t made, changed, same, refused;
    tq_status status;
} zones;

static void zone_id(const char *feature, char out[TQ_ID_MAX])
{
    bool plain = strlen(feature) + 4 < TQ_ID_MAX;
    for (const char *c = feature; plain && *c != '\0'; c++)
        plain = (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') || (*c >= '0' && *c <= '9') ||
                *c == '-' || *c == '_' || *c == '.' || *c == ':';
    if (plain)
        (void)snprintf(out, TQ_ID_MAX, "WZ:%s", feature);
    else
        (void)snprintf(out, TQ_ID_MAX, "WZ:%016llx",
                       (unsigned long long)tq_hash(feature, strlen(feature), 0));
}

static bool says_the_same(const json_t *record, const json_t *closure)
{
    const char *member;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)closure, member, value)
    {
        if (strcmp(member, "id") != 0 && !json_equal(value, json_object_get(record, member)))
            return false;
    }
    return true;
}

/* Nothing is written before all checks have passed: a refused feature leaves nothing behind. */
static tq_status put_zone(zones *run, const char *id, json_t *closure, const char **what)
{
    desk_call *call = run->call;
    char state[32] = "";
    uint64_t version = 0;
    tq_closure checked = {0};
    json_auto_t *record = NULL;
    tq_status status = desk_load(call, "closure", id, &record, &version, state);
    if (status != TQ_OK && status != TQ_NOT_FOUND) return status;
    *what = "created";
    if (status == TQ_OK && strcmp(state, "published") == 0 && says_the_same(record, closure)) {
        *what = "same";
        return TQ_OK;
    }
    json_object_set_new(closure, "id", json_string(id));
    TQ_TRY(desk_closure_of(call->desk->city, closure, call->command->now_ms, &checked, call->err));
    tq_closure_free(&checked);
    if (status == TQ_OK) {
        *what = "changed";
        json_object_set(closure, "created", json_object_get(record, "created"));
    }
    json_object_set_new(closure, "by", json_string(call->command->actor->name));
    desk_put_instant(call, closure, "published", call->command->now_ms);
    TQ_TRY(desk_save(call, "closure", id, "published", closure, version));
    return desk_event(call, "closure", id, status == TQ_OK ? "changed" : "published", true,
                      TQ_ROLE_ANY, NULL);
}

static bool take_zone(void *user, const char *feature, tq_str text, const tq_err *refused)
{
    zones *run = user;
    char id[TQ_ID_MAX];
    const char *what = "refused";
    json_auto_t *closure = NULL;
    tq_err *err = run->call->err;
    if (json_array_size(run->list) >= FEATURES_MAX) {
        run->status = tq_fail(err, TQ_LIMIT, 0, "the feed has more than %u features", FEATURES_MAX);
        return false;
    }
    zone_id(feature, id);
    if (refused != NULL) {
        *err = *refused;
    } else {
        tq_status status = desk_parse(text, SIZE_MAX, "the feature", &closure, err);
        if (status == TQ_OK) status = put_zone(run, id, closure, &what);
        if (status == TQ_STORE || status == TQ_IO || status == TQ_NO_MEMORY) {
            run->status = status;
            return false;
        }
        if (status != TQ_OK) what = "refused";
    }
    bool no = strcmp(what, "refused") == 0;
    run->made += strcmp(what, "created") == 0;
    run->changed += strcmp(what, "changed") == 0;
    run->same += strcmp(what, "same") == 0;
    run->refused += no;
    char shown[FEATURE_ID_SHOWN];
    (void)snprintf(shown, sizeof shown, "%s", feature);
    json_t *one = json_object();
    json_object_set_new(one, "feature", json_string(shown));
    json_object_set_new(one, "what", json_string(what));
    if (no)
        json_object_set_new(one, "why", json_string(err->text));
    else
        json_object_set_new(one, "id", json_string(id));
    json_array_append_new(run->list, one);
    return true;
}

tq_status desk_wzdx_import(desk_call *call)
{
    json_auto_t *list = json_array();
    zones run = {.call = call, .list = list};
    if (call->command->body.len == 0) return desk_bad(call, "the body is empty: send a WZDx feed");
    TQ_TRY(tq_wzdx_read(call->desk->city, call->command->body, take_zone, &run, call->err));
    TQ_TRY(run.status);
    tq_err_clear(call->err);
    return desk_answer(call, json_pack("{sO si si si si}", "features", list, "created",
                                       (int)run.made, "changed", (int)run.changed, "same",
                                       (int)run.same, "refused", (int)run.refused));
}
