/* Any bytes as a stream of JT/T 905 frames: each frame is whole, each message that is read can be
 * written, and what was written is read as the same. */
#include <stdint.h>

#include "wire/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void read_and_write(const tq_jt905_frame *frame)
{
    static uint8_t body[TQ_JT905_BODY_MAX], again[TQ_JT905_BODY_MAX];
    static tq_jt905_frame second;
    tq_jt905_message message, back;
    size_t body_len = 0, again_len = 0;
    if (tq_jt905_read(frame, &message, NULL) != TQ_OK) return;
    tq_jt905_item item;
    for (tq_str items = message.extra; tq_jt905_next_item(&items, &item);)
        TQ_ASSERT(items.at + items.len == message.extra.at + message.extra.len);
    tq_status status = tq_jt905_write(&message, body, sizeof body, &body_len, NULL);
    if (status == TQ_LIMIT) return; /* a text longer than may be sent */
    TQ_ASSERT(status == TQ_OK);
    second.id = frame->id;
    second.body_len = (uint32_t)body_len;
    memcpy(second.raw + TQ_JT905_HEADER, body, body_len);
    TQ_ASSERT(tq_jt905_read(&second, &back, NULL) == TQ_OK);
    TQ_ASSERT(tq_jt905_write(&back, again, sizeof again, &again_len, NULL) == TQ_OK);
    TQ_ASSERT(again_len == body_len && memcmp(body, again, body_len) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static tq_jt905_frame frame;
    for (size_t used = 0; len > 0; bytes += used, len -= used) {
        tq_status status = tq_jt905_next(bytes, len, &used, &frame, NULL);
        TQ_ASSERT(used <= len && frame.got <= (status == TQ_OK));
        TQ_ASSERT(status == TQ_OK || used > 0);
        if (status != TQ_OK) continue;
        if (!frame.got) break;
        TQ_ASSERT(frame.body_len <= TQ_JT905_BODY_MAX && frame.skipped < used);
        read_and_write(&frame);
    }
    char text[96];
    size_t text_len = 0;
    tq_str piece = {(const char *)bytes, TQ_MIN(len, sizeof text / 3)};
    TQ_ASSERT(tq_gbk_to_utf8(piece, text, sizeof text, &text_len, NULL, NULL) == TQ_OK);
    TQ_ASSERT(tq_utf8_valid((tq_str){text, text_len}));
    TQ_ASSERT(tq_utf8_to_gbk(piece, text, sizeof text, &text_len, NULL, NULL) == TQ_OK);
    return 0;
}
