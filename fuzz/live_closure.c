/* Closures and stretches from outside: refused with a text, or whole and sound for the overlay. */
#include "live_town.h"

static live_town town;
static bool made;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    tq_str text = {(const char *)data, size};
    tq_closure closure = {0};
    tq_stretch stretch = {0};
    tq_err err;
    if (!made) town_grid(&town, 5, TOWN_BOTH, 2);
    made = true;
    tq_err_clear(&err);
    if (tq_stretch_find(&town.city, text, &stretch, &err) == TQ_OK) {
        TQ_ASSERT(stretch.arc_count > 0 && stretch.along_count <= stretch.arc_count);
        for (uint32_t k = 0; k < stretch.arc_count; k++)
            TQ_ASSERT(stretch.arc[k] < 2 * town.city.streets.edge_count);
        tq_stretch_free(&stretch);
    } else {
        TQ_ASSERT(err.text[0] != '\0' && stretch.arc == NULL);
    }
    tq_err_clear(&err);
    if (tq_closure_read(&town.city, text, INT64_MIN, &closure, &err) != TQ_OK) {
        TQ_ASSERT(err.text[0] != '\0' && closure.stretch.arc == NULL);
        return 0;
    }
    const tq_closure *one = &closure;
    tq_live *live;
    const tq_overlay *overlay;
    tq_buf out = {0};
    tq_json json;
    tq_json_begin(&json, &out);
    tq_closure_json(&town.city, &closure, closure.from_ms, &json);
    tq_closures_geojson(&town.city, &one, 1, 0, &out);
    tq_wzdx_write(&town.city, &one, 1, "p", 0, &out);
    TQ_ASSERT(!out.failed);
    tq_buf_free(&out);
    if (closure.id[0] == '\0') (void)snprintf(closure.id, sizeof closure.id, "x");
    TQ_ASSERT(tq_live_open(&town.city, &live, &err) == TQ_OK);
    TQ_ASSERT(tq_live_put_closure(live, &closure, &err) == TQ_OK);
    if (tq_live_overlay(live, 1, &overlay, &err) != TQ_OK)
        tq_log(TQ_LOG_ERROR, "%s", err.text);
    else
        tq_overlay_drop(overlay);
    tq_live_close(live);
    return 0;
}
