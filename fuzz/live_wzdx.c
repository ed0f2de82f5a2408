/* Work-zone feeds from outside: each feature refused with a text, or a closure that reads. */
#include "live_town.h"

static live_town town;
static bool made;

static bool seen(void *user, const char *feature_id, tq_str closure_json, const tq_err *refused)
{
    tq_closure closure = {0};
    (void)user;
    TQ_ASSERT(feature_id != NULL);
    if (refused != NULL) {
        TQ_ASSERT(refused->text[0] != '\0' && closure_json.len == 0);
        return true;
    }
    TQ_ASSERT(tq_closure_read(&town.city, closure_json, INT64_MIN, &closure, NULL) == TQ_OK);
    tq_closure_free(&closure);
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    tq_err err;
    if (!made) town_grid(&town, 5, TOWN_BOTH, 2);
    made = true;
    tq_err_clear(&err);
    if (tq_wzdx_read(&town.city, (tq_str){(const char *)data, size}, seen, NULL, &err) != TQ_OK)
        TQ_ASSERT(err.text[0] != '\0');
    return 0;
}
