/*
 * Encoded answers to identical questions, the longest unused one dropped first.
 *
 * One cache a loop, so no lock; memory is taken once, in blocks of CACHE_BLOCK bytes, so keeping an
 * answer allocates nothing. An entry's bytes are key (language and target), head and body behind
 * one another over its blocks. The key is compared whole: a hash alone could hand out another
 * question's answer.
 */
#include "serve/serve_in.h"

_Static_assert(CACHE_BLOCKS <= UINT16_MAX, "a block number is 16 bits");

tq_status cache_open(cache *store, tq_err *err)
{
    memset(store, 0, sizeof *store);
    store->bytes = TQ_ALLOC(char, (size_t)CACHE_BLOCKS *CACHE_BLOCK);
    store->entry = TQ_ALLOC(cache_entry, CACHE_ENTRIES);
    store->first_of_hash = TQ_ALLOC(uint32_t, CACHE_ENTRIES);
    store->free_block = TQ_ALLOC(uint16_t, CACHE_BLOCKS);
    if (store->bytes == NULL || store->entry == NULL || store->first_of_hash == NULL ||
        store->free_block == NULL) {
        cache_close(store);
        return tq_fail(err, TQ_NO_MEMORY, 0, "no memory for the answer cache");
    }
    for (uint32_t block = 0; block < CACHE_BLOCKS; block++)
        store->free_block[block] = (uint16_t)block;
    store->free_blocks = CACHE_BLOCKS;
    for (uint32_t entry = 0; entry < CACHE_ENTRIES; entry++) {
        store->first_of_hash[entry] = TQ_NONE;
        store->entry[entry].next_hash = entry + 1 < CACHE_ENTRIES ? entry + 1 : TQ_NONE;
    }
    store->free_entry = 0;
    store->newest = store->oldest = TQ_NONE;
    return TQ_OK;
}

void cache_close(cache *store)
{
    tq_free(store->bytes);
    tq_free(store->entry);
    tq_free(store->first_of_hash);
    tq_free(store->free_block);
    memset(store, 0, sizeof *store);
}

static uint64_t key_hash(tq_str target, tq_lang lang)
{
    return tq_hash(target.at, target.len, (uint64_t)lang + 1);
}

uint32_t cache_pieces(const cache *store, const cache_entry *entry, size_t from, size_t to,
                      tq_str *piece)
{
    uint32_t count = 0;
    while (from < to) {
        size_t in_block = from % CACHE_BLOCK;
        size_t len = TQ_MIN(CACHE_BLOCK - in_block, to - from);
        piece[count++] = (tq_str){
            store->bytes + (size_t)entry->block[from / CACHE_BLOCK] * CACHE_BLOCK + in_block, len};
        from += len;
    }
    return count;
}

static bool key_is(const cache *store, const cache_entry *entry, tq_str target, tq_lang lang)
{
    if (entry->key_len != target.len + 1) return false;
    tq_str piece[CACHE_ENTRY_BLOCKS];
    uint32_t count = cache_pieces(store, entry, 0, entry->key_len, piece);
    if (count == 0 || piece[0].at[0] != (char)lang) return false;
    piece[0].at++;
    piece[0].len--;
    for (uint32_t k = 0; k < count; k++) {
        if (memcmp(piece[k].at, target.at, piece[k].len) != 0) return false;
        target.at += piece[k].len;
    }
    return true;
}

static void unlink_age(cache *store, uint32_t at)
{
    cache_entry *entry = &store->entry[at];
    if (entry->newer != TQ_NONE)
        store->entry[entry->newer].older = entry->older;
    else
        store->newest = entry->older;
    if (entry->older != TQ_NONE)
        store->entry[entry->older].newer = entry->newer;
    else
        store->oldest = entry->newer;
}

static void link_newest(cache *store, uint32_t at)
{
    cache_entry *entry = &store->entry[at];
    entry->newer = TQ_NONE;
    entry->older = store->newest;
    if (store->newest != TQ_NONE) store->entry[store->newest].newer = at;
    store->newest = at;
    if (store->oldest == TQ_NONE) store->oldest = at;
}

static void drop_entry(cache *store, uint32_t at)
{
    cache_entry *entry = &store->entry[at];
    uint32_t *link = &store->first_of_hash[entry->hash % CACHE_ENTRIES];
    while (*link != at)
        link = &store->entry[*link].next_hash;
    *link = entry->next_hash;
    unlink_age(store, at);
    for (uint32_t k = 0; k < entry->block_count; k++)
        store->free_block[store->free_blocks++] = entry->block[k];
    entry->next_hash = store->free_entry;
    store->free_entry = at;
    store->used_entries--;
}

void cache_forget(cache *store)
{
    uint32_t at = store->oldest;
    while (at != TQ_NONE) {
        uint32_t newer = store->entry[at].newer;
        if (!store->entry[at].lasts) drop_entry(store, at);
        at = newer;
    }
}

static uint32_t find_entry(const cache *store, tq_str target, tq_lang lang, uint64_t hash)
{
    uint32_t at = store->first_of_hash[hash % CACHE_ENTRIES];
    while (at != TQ_NONE &&
           (store->entry[at].hash != hash || !key_is(store, &store->entry[at], target, lang)))
        at = store->entry[at].next_hash;
    return at;
}

const cache_entry *cache_find(cache *store, tq_str target, tq_lang lang, int64_t now_ms)
{
    uint32_t at = find_entry(store, target, lang, key_hash(target, lang));
    if (at == TQ_NONE) return NULL;
    if (store->entry[at].until_ms <= now_ms) {
        drop_entry(store, at);
        return NULL;
    }
    if (store->newest != at) {
        unlink_age(store, at);
        link_newest(store, at);
    }
    return &store->entry[at];
}

static size_t fill(cache *store, const cache_entry *entry, size_t from, const void *bytes,
                   size_t len)
{
    tq_str piece[CACHE_ENTRY_BLOCKS];
    uint32_t count = cache_pieces(store, entry, from, from + len, piece);
    const char *at = bytes;
    for (uint32_t k = 0; k < count; k++) {
        memcpy(store->bytes + (piece[k].at - store->bytes), at, piece[k].len);
        at += piece[k].len;
    }
    return from + len;
}

void cache_keep(cache *store, tq_str target, tq_lang lang, int64_t until_ms, bool lasts,
                unsigned status, uint32_t route, const char *etag, tq_str head, tq_str body)
{
    size_t total = 1 + target.len + head.len + body.len;
    size_t blocks = (total + CACHE_BLOCK - 1) / CACHE_BLOCK;
    if (blocks > CACHE_ENTRY_BLOCKS) return;
    uint64_t hash = key_hash(target, lang);
    uint32_t present = find_entry(store, target, lang, hash);
    if (present != TQ_NONE) drop_entry(store, present);
    while (store->free_entry == TQ_NONE || store->free_blocks < blocks)
        drop_entry(store, store->oldest);
    uint32_t at = store->free_entry;
    cache_entry *entry = &store->entry[at];
    store->free_entry = entry->next_hash;
    store->used_entries++;
    memset(entry, 0, sizeof *entry);
    entry->hash = hash;
    entry->until_ms = until_ms;
    entry->lasts = lasts;
    entry->status = (uint16_t)status;
    entry->route = (uint16_t)route;
    entry->key_len = (uint32_t)target.len + 1;
    entry->head_len = (uint32_t)head.len;
    entry->body_len = (uint32_t)body.len;
    memcpy(entry->etag, etag, strnlen(etag, sizeof entry->etag - 1));
    for (; entry->block_count < blocks; entry->block_count++)
        entry->block[entry->block_count] = store->free_block[--store->free_blocks];
    char lang_byte = (char)lang;
    size_t end = fill(store, entry, 0, &lang_byte, 1);
    end = fill(store, entry, end, target.at, target.len);
    end = fill(store, entry, end, head.at, head.len);
    fill(store, entry, end, body.at, body.len);
    entry->next_hash = store->first_of_hash[hash % CACHE_ENTRIES];
    store->first_of_hash[hash % CACHE_ENTRIES] = at;
    link_newest(store, at);
}
