/* Any bytes as a profile file: read, or refused with a text; what was read is a vehicle within its
 * limits. */
#include <stdlib.h>

#include "import/profiles_in.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static profile_set set;

static void read_built_in(void)
{
    for (size_t k = 0; k < tq_profile_file_count; k++) {
        const profile_file *file = &tq_profile_files[k];
        bool waits;
        profile_empty(&set.row[set.count], tq_str_of(file->name));
        if (profile_read(&set, file->name, (tq_str){file->at, file->len}, &set.row[set.count],
                         &waits, NULL) != TQ_OK)
            abort();
        set.count++;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    if (set.count == 0) read_built_in();
    profile out, before;
    bool waits;
    tq_err err;
    tq_err_clear(&err);
    profile_empty(&out, TQ_STR("fuzz"));
    before = out;
    tq_status status =
        profile_read(&set, "fuzz.yaml", (tq_str){(const char *)bytes, len}, &out, &waits, &err);
    if (status != TQ_OK) {
        if (err.text[0] == '\0' || memcmp(&before, &out, sizeof out) != 0) abort();
        return 0;
    }
    const tq_vehicle *vehicle = &out.vehicle;
    if (vehicle->kind >= TQ_HIERARCHY_COUNT || vehicle->access == 0 ||
        (vehicle->mode & (vehicle->mode - 1)) != 0 || vehicle->mode == 0 || vehicle->plate < -1 ||
        vehicle->plate > 9 || vehicle->destination_factor == 0 ||
        !tq_utf8_valid(tq_str_of(out.label_zh)) || !tq_utf8_valid(tq_str_of(out.label_en)))
        abort();
    for (uint32_t hour = 0; hour < 24; hour++)
        for (uint32_t group = 0; group < TQ_SPEED_GROUPS; group++)
            if (vehicle->hour_percent[group][hour] == 0 || vehicle->rest_percent[group][hour] == 0)
                abort();
    return 0;
}
