/*
 * EPCIS from outside: whatever JSON comes, the reader takes it or names a hole; what it takes is
 * within its limits, and the same bytes give the same events. The papers' XML writer gets the same
 * value: it ends, and its elements open and close.
 */
#include <stdlib.h>

#include "desk/consignment_in.h"

static bool is_text(const char *text, size_t cap)
{
    return memchr(text, '\0', cap) != NULL;
}

static void check_xml(const json_t *root)
{
    tq_buf out = {0};
    tq_err err;
    if (cons_xml("Root", root, &out, &err) == TQ_OK) {
        static const char end[] = "</Root>\n";
        TQ_ASSERT(out.len > sizeof end &&
                  memcmp(out.at + out.len - sizeof end + 1, end, sizeof end - 1) == 0);
    }
    tq_buf_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static epcis_events first, second;
    json_t *root = NULL;
    tq_err err;
    tq_str text = {(const char *)bytes, len};
    if (desk_parse(text, DESK_BODY_MAX, "the body", &root, &err) != TQ_OK) return 0;
    tq_status status = epcis_read(root, &first, &err);
    if (status == TQ_OK) {
        TQ_ASSERT(first.count >= 1 && first.count <= EPCIS_EVENTS_MAX);
        TQ_ASSERT(epcis_read(root, &second, &err) == TQ_OK && second.count == first.count);
        for (uint32_t k = 0; k < first.count; k++) {
            const epcis_event *event = &first.event[k];
            TQ_ASSERT(is_text(event->id, sizeof event->id) && event->id[0] != '\0');
            TQ_ASSERT(is_text(event->name, sizeof event->name) && event->name[0] != '\0');
            TQ_ASSERT(is_text(event->node, sizeof event->node));
            TQ_ASSERT(is_text(event->consignment, sizeof event->consignment));
            TQ_ASSERT(is_text(event->parent, sizeof event->parent));
            TQ_ASSERT(!event->has_point || tq_point_valid(event->point));
            TQ_ASSERT(strcmp(event->id, second.event[k].id) == 0 &&
                      event->at_ms == second.event[k].at_ms);
        }
    }
    if (json_is_object(root) && json_object_size(root) > 0) check_xml(root);
    json_decref(root);
    return 0;
}
