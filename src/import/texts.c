/*
 * The text pool under construction: equal texts share one offset, "" is 0.
 *
 * One growing byte array (UTF-8, NUL behind each text) and an open-addressing table of offsets with
 * linear probing, at most half full. Beside each offset lies the upper half of its hash, so that a
 * probe rarely touches the text itself. Offsets depend on the order of adding alone. A text ends at
 * its first NUL. Once memory or the 32-bit offsets run out the pool is failed for good and every
 * further add answers 0.
 */
#include "import/build_in.h"

#define SLOTS_FIRST 4096u

typedef struct text_slot {
    uint32_t offset, hash; /* offset 0 = empty: the text at 0 is never stored */
} text_slot;

struct tq_texts {
    TQ_VEC(char) bytes;
    text_slot *slot;
    size_t slot_count, used;
    uint64_t limit; /* offsets stay below it */
    bool failed;
};

tq_texts *tq_texts_new(void)
{
    tq_texts *texts = TQ_ALLOC(tq_texts, 1);
    if (texts == NULL) return NULL;
    texts->limit = UINT32_MAX;
    texts->slot_count = SLOTS_FIRST;
    texts->slot = TQ_ALLOC(text_slot, SLOTS_FIRST);
    if (texts->slot == NULL || !tq_vec_push(&texts->bytes, '\0')) {
        tq_texts_free(texts);
        return NULL;
    }
    return texts;
}

void tq_texts_free(tq_texts *texts)
{
    if (texts == NULL) return;
    tq_vec_free(&texts->bytes);
    tq_free(texts->slot);
    tq_free(texts);
}

void import_texts_limit(tq_texts *texts, uint32_t limit)
{
    texts->limit = limit;
}

static bool grow_slots(tq_texts *texts)
{
    size_t count = texts->slot_count * 2;
    text_slot *slot = TQ_ALLOC(text_slot, count);
    if (slot == NULL) return false;
    for (size_t k = 0; k < texts->slot_count; k++) {
        if (texts->slot[k].offset == 0) continue;
        /* The kept hash half is the only one needed while the table has at most 2^32 slots. */
        size_t place = texts->slot[k].hash & (count - 1);
        while (slot[place].offset != 0)
            place = (place + 1) & (count - 1);
        slot[place] = texts->slot[k];
    }
    tq_free(texts->slot);
    texts->slot = slot;
    texts->slot_count = count;
    return true;
}

uint32_t tq_texts_add(tq_texts *texts, tq_str text)
{
    if (text.len == 0 || texts->failed) return 0;
    const char *nul = memchr(text.at, '\0', text.len);
    if (nul != NULL) text.len = (size_t)(nul - text.at);
    if (text.len == 0) return 0;
    uint32_t hash = (uint32_t)(tq_hash(text.at, text.len, 0) >> 32);
    size_t mask = texts->slot_count - 1, place = hash & mask;
    for (; texts->slot[place].offset != 0; place = (place + 1) & mask) {
        uint32_t offset = texts->slot[place].offset;
        if (texts->slot[place].hash != hash || texts->bytes.count - offset <= text.len) continue;
        const char *here = texts->bytes.at + offset;
        if (memcmp(here, text.at, text.len) == 0 && here[text.len] == '\0') return offset;
    }
    if (text.len >= texts->limit || texts->bytes.count > texts->limit - text.len - 1 ||
        !tq_vec_room(&texts->bytes, text.len + 1)) {
        texts->failed = true;
        return 0;
    }
    uint32_t offset = (uint32_t)texts->bytes.count;
    memcpy(texts->bytes.at + offset, text.at, text.len);
    texts->bytes.at[offset + text.len] = '\0';
    texts->bytes.count += text.len + 1;
    texts->slot[place] = (text_slot){offset, hash};
    if (++texts->used * 2 > texts->slot_count && !grow_slots(texts)) {
        texts->failed = true;
        return 0;
    }
    return offset;
}

bool tq_texts_failed(const tq_texts *texts)
{
    return texts->failed;
}

const char *tq_texts_at(const tq_texts *texts, uint32_t text)
{
    return texts->bytes.at + text;
}

uint32_t tq_texts_len(const tq_texts *texts)
{
    return (uint32_t)texts->bytes.count;
}

const char *tq_texts_all(const tq_texts *texts)
{
    return texts->bytes.at;
}
