/*
 * Building the name index: keys of every place (name, aliases, English, pinyin, initials) in one
 * sorted list, and grams that lead from a part of a key, or from a key with one sign missing, to
 * the keys that have it.
 *
 * Sorting is by text, then by what is listed first, then by place, a total order: the same places
 * give the same bytes. Method for the forgiven sign: single deletions of both sides, as in SymSpell
 * (Garbe 2012), of the front of a key only. Layout: docs/format/search.md.
 */
#include <stdlib.h>

#include "city/search_in.h"

typedef struct build_key {
    uint64_t front;            /* first eight bytes, for quick comparing */
    uint32_t text, place, why; /* text: into `bytes` */
} build_key;

typedef struct search_builder {
    const tq_city *city;
    search_pinyin *pinyin;
    tq_buf bytes; /* texts of keys as they come */
    TQ_VEC(build_key) keys;
    TQ_VEC(uint64_t) grams;
    TQ_VEC(uint32_t) gram_keys;
    tq_err *err;
} search_builder;

static tq_status no_memory(tq_err *err)
{
    return tq_fail(err, TQ_NO_MEMORY, 0, "no memory for the search index");
}

static tq_status push_key(search_builder *builder, const char *text, uint32_t place, uint32_t why)
{
    size_t len = strlen(text);
    if (len == 0) return TQ_OK;
    build_key key = {.text = (uint32_t)builder->bytes.len, .place = place, .why = why};
    for (size_t k = 0; k < 8; k++)
        key.front = key.front << 8 | (k < len ? (uint8_t)text[k] : 0);
    tq_buf_put(&builder->bytes, text, len + 1);
    if (builder->bytes.failed || builder->keys.count >= TQ_NONE - 1)
        return tq_fail(builder->err, TQ_LIMIT, 0, "the search index has over 4 GiB of names");
    return tq_vec_push(&builder->keys, key) ? TQ_OK : no_memory(builder->err);
}

/* ---- pinyin ------------------------------------------------------------------------------------
 */

/* A name under spelling: readings chosen per sign, a number counting through the choices. */
typedef struct spelling {
    uint32_t codes[SEARCH_KEY_MAX], count;
    const char (*readings[SEARCH_KEY_MAX])[8];
    uint32_t reading_count[SEARCH_KEY_MAX];
} spelling;

static void spell(const spelling *name, uint32_t choice, char pinyin[SEARCH_KEY_MAX],
                  char initials[SEARCH_KEY_MAX])
{
    size_t pinyin_len = 0, initials_len = 0;
    for (uint32_t k = 0; k < name->count; k++) {
        char own[5] = "";
        own[tq_utf8_put(name->codes[k], own)] = '\0';
        const char *reading = own;
        size_t first = strlen(own);
        if (name->reading_count[k] > 0) {
            reading = name->readings[k][choice % name->reading_count[k]];
            choice /= name->reading_count[k];
            first = 1;
        }
        size_t len = strlen(reading);
        if (pinyin_len + len >= SEARCH_KEY_MAX) break;
        memcpy(pinyin + pinyin_len, reading, len);
        pinyin_len += len;
        memcpy(initials + initials_len, reading, first);
        initials_len += first;
    }
    pinyin[pinyin_len] = '\0';
    initials[initials_len] = '\0';
}

static tq_status push_pinyin(search_builder *builder, const char *text, uint32_t place,
                             uint32_t why)
{
    spelling name = {.count = 0};
    uint32_t choices = 1, han = 0;
    name.count = search_codes(text, name.codes, SEARCH_KEY_MAX);
    for (uint32_t k = 0; k < name.count; k++) {
        if (!search_is_han(name.codes[k])) continue;
        TQ_TRY(search_pinyin_of(builder->pinyin, name.codes[k], &name.readings[k],
                                &name.reading_count[k], builder->err));
        han += name.reading_count[k] > 0;
        choices =
            TQ_MIN(choices * TQ_MAX(name.reading_count[k], 1u), (uint32_t)SEARCH_READINGS_MAX);
    }
    if (han == 0) return TQ_OK;
    /* Rows of readings may have moved while the table grew: ask again, all are known now. */
    for (uint32_t k = 0; k < name.count; k++)
        if (name.reading_count[k] > 0)
            TQ_TRY(search_pinyin_of(builder->pinyin, name.codes[k], &name.readings[k],
                                    &name.reading_count[k], builder->err));
    uint32_t rest = why & ~UINT32_C(7);
    for (uint32_t choice = 0; choice < choices; choice++) {
        char pinyin[SEARCH_KEY_MAX], initials[SEARCH_KEY_MAX];
        spell(&name, choice, pinyin, initials);
        TQ_TRY(push_key(builder, pinyin, place, rest | SEARCH_PINYIN));
        if (name.count >= 2) TQ_TRY(push_key(builder, initials, place, rest | SEARCH_INITIALS));
    }
    return TQ_OK;
}

/* The table of readings that queries mixing characters and pinyin use. */
static tq_status push_readings(search_builder *builder)
{
    uint32_t count = 0, *known = search_pinyin_known(builder->pinyin, &count);
    if (known == NULL) return no_memory(builder->err);
    tq_status status = TQ_OK;
    for (uint32_t k = 0; status == TQ_OK && k < count; k++) {
        const char(*reading)[8] = NULL;
        uint32_t reading_count = 0;
        status =
            search_pinyin_of(builder->pinyin, known[k], &reading, &reading_count, builder->err);
        for (uint32_t n = 0; status == TQ_OK && n < reading_count; n++) {
            char text[16] = {SEARCH_READING_MARK};
            size_t len = 1 + tq_utf8_put(known[k], text + 1);
            memcpy(text + len, reading[n], strlen(reading[n]) + 1);
            status = push_key(builder, text, TQ_NONE, search_why(SEARCH_READING, 0, 0, 0));
        }
    }
    tq_free(known);
    return status;
}

/* ---- keys --------------------------------------------------------------------------------------
 */

/* The name without its first bracketed part; false if there is none. */
static bool without_brackets(const char *name, char *out, size_t room)
{
    static const char *const pair[][2] = {{"（", "）"}, {"(", ")"}};
    for (size_t k = 0; k < TQ_COUNT(pair); k++) {
        const char *open = strstr(name, pair[k][0]);
        const char *close = open != NULL ? strstr(open, pair[k][1]) : NULL;
        if (close == NULL) continue;
        tq_buf rest = {0};
        tq_buf_put(&rest, name, (size_t)(open - name));
        tq_buf_puts(&rest, close + strlen(pair[k][1]));
        size_t len = rest.failed ? 0 : search_normalise((tq_str){rest.at, rest.len}, out, room);
        tq_buf_free(&rest);
        return len > 0;
    }
    return false;
}

static tq_status push_source(search_builder *builder, uint32_t place, uint32_t source,
                             search_form form, const char *text)
{
    const tq_place_row *row = &builder->city->places.row[place];
    uint32_t why = search_why(form, source, TQ_MIN(row->kind, 7u), row->weight);
    char key[SEARCH_KEY_MAX];
    if (search_normalise(tq_str_of(text), key, sizeof key) == 0) return TQ_OK;
    TQ_TRY(push_key(builder, key, place, why));
    TQ_TRY(push_pinyin(builder, key, place, why));
    if (form != SEARCH_NAME || !without_brackets(text, key, sizeof key)) return TQ_OK;
    TQ_TRY(push_key(builder, key, place, (why & ~UINT32_C(7)) | SEARCH_SHORT));
    return push_pinyin(builder, key, place, why);
}

/* Characters of towns and districts get readings too: a scope may be typed in pinyin. */
static tq_status learn(search_builder *builder, const char *text)
{
    const char *end = text + strlen(text);
    while (text < end) {
        const char(*reading)[8] = NULL;
        uint32_t count = 0, code = tq_utf8_next(&text, end);
        if (search_is_han(code))
            TQ_TRY(search_pinyin_of(builder->pinyin, code, &reading, &count, builder->err));
    }
    return TQ_OK;
}

static tq_status push_place(search_builder *builder, uint32_t place)
{
    static const search_form form_of_alias[] = {[TQ_ALIAS_OTHER] = SEARCH_ALIAS,
                                                [TQ_ALIAS_FORMER] = SEARCH_FORMER,
                                                [TQ_ALIAS_ENGLISH] = SEARCH_ENGLISH,
                                                [TQ_ALIAS_OFFICIAL] = SEARCH_ALIAS,
                                                [TQ_ALIAS_SHORT] = SEARCH_ALIAS};
    const tq_city *city = builder->city;
    const tq_place_row *row = &city->places.row[place];
    TQ_TRY(push_source(builder, place, 0, SEARCH_NAME, tq_text(city, row->name)));
    TQ_TRY(push_source(builder, place, 1, SEARCH_ENGLISH, tq_text(city, row->name_en)));
    for (uint32_t k = 0; k < row->alias_count && k < SEARCH_SOURCE_MAX; k++) {
        const tq_alias *alias = &city->places.alias[row->first_alias + k];
        search_form form =
            alias->kind < TQ_COUNT(form_of_alias) ? form_of_alias[alias->kind] : SEARCH_ALIAS;
        TQ_TRY(push_source(builder, place, 2 + k, form, tq_text(city, alias->text)));
    }
    TQ_TRY(learn(builder, tq_text(city, row->city)));
    return learn(builder, tq_text(city, row->area));
}

static int compare_keys(const void *a, const void *b, void *user)
{
    const build_key *one = a, *two = b;
    const char *bytes = user;
    if (one->front != two->front) return one->front < two->front ? -1 : 1;
    int order = strcmp(bytes + one->text, bytes + two->text);
    if (order != 0) return order;
    uint32_t list1 = search_order_of(one->why), list2 = search_order_of(two->why);
    if (list1 != list2) return list1 < list2 ? -1 : 1;
    if (one->place != two->place) return one->place < two->place ? -1 : 1;
    return (one->why > two->why) - (one->why < two->why);
}

static bool same_key(const search_builder *builder, const build_key *a, const build_key *b)
{
    return a->place == b->place && a->why == b->why && a->front == b->front &&
           strcmp(builder->bytes.at + a->text, builder->bytes.at + b->text) == 0;
}

/* Sorted keys without doubles into the frozen arrays; equal texts share their bytes. */
static tq_status freeze_keys(search_builder *builder, tq_search *search, tq_search_data *data)
{
    size_t count = builder->keys.count, kept = 0, text_len = 1;
    build_key *key = builder->keys.at;
    if (count > 0) qsort_r(key, count, sizeof *key, compare_keys, builder->bytes.at);
    for (size_t k = 0; k < count; k++)
        if (kept == 0 || !same_key(builder, &key[kept - 1], &key[k])) key[kept++] = key[k];
    data->key_place = TQ_ALLOC(uint32_t, kept);
    data->key_text = TQ_ALLOC(uint32_t, kept);
    data->key_why = TQ_ALLOC(uint32_t, kept);
    data->text = TQ_ALLOC(char, builder->bytes.len + 1);
    if (data->key_place == NULL || data->key_text == NULL || data->key_why == NULL ||
        data->text == NULL)
        return no_memory(builder->err);
    for (size_t k = 0; k < kept; k++) {
        const char *text = builder->bytes.at + key[k].text;
        bool again = k > 0 && strcmp(data->text + data->key_text[k - 1], text) == 0;
        if (again) {
            data->key_text[k] = data->key_text[k - 1];
        } else {
            size_t len = strlen(text) + 1;
            data->key_text[k] = (uint32_t)text_len;
            memcpy(data->text + text_len, text, len);
            text_len += len;
        }
        data->key_place[k] = key[k].place;
        data->key_why[k] = key[k].why;
    }
    search->key_count = (uint32_t)kept;
    search->key_place = data->key_place;
    search->key_text = data->key_text;
    search->key_why = data->key_why;
    search->text = data->text;
    search->text_len = (uint32_t)text_len;
    return TQ_OK;
}

/* ---- grams -------------------------------------------------------------------------------------
 */

static bool push_gram(search_builder *builder, uint64_t gram, uint32_t key)
{
    return tq_vec_push(&builder->grams, gram) && tq_vec_push(&builder->gram_keys, key);
}

static bool push_parts(search_builder *builder, const uint32_t *codes, uint32_t count, uint32_t key)
{
    bool done = true;
    for (uint32_t k = 0; k < count && done; k++) {
        if (codes[k] >= 0x80) {
            done = push_gram(builder, search_gram_pair(codes[k], 0), key);
            if (done && k + 1 < count)
                done = push_gram(builder, search_gram_pair(codes[k], codes[k + 1]), key);
        } else if (k + 2 < count && codes[k + 1] < 0x80 && codes[k + 2] < 0x80) {
            done = push_gram(builder, search_gram_three(codes[k], codes[k + 1], codes[k + 2]), key);
        }
    }
    return done;
}

static bool push_fronts(search_builder *builder, const uint32_t *codes, uint32_t count,
                        uint32_t key)
{
    uint32_t front = TQ_MIN(count, (uint32_t)SEARCH_DELETE_FRONT), less[SEARCH_DELETE_FRONT];
    bool done = true;
    for (uint32_t gone = 0; gone < front && done; gone++) {
        uint32_t left = 0;
        for (uint32_t k = 0; k < front; k++)
            if (k != gone) less[left++] = codes[k];
        done = push_gram(builder, search_gram_front(less, left), key);
    }
    return done;
}

static tq_status freeze_grams(search_builder *builder, tq_search *search, tq_search_data *data)
{
    size_t count = builder->grams.count, distinct = 0, postings = 0;
    if (count >= TQ_NONE)
        return tq_fail(builder->err, TQ_LIMIT, 0, "the search index has %zu parts of names", count);
    const uint64_t *gram = builder->grams.at;
    uint32_t *index = TQ_ALLOC(uint32_t, count);
    data->posting = TQ_ALLOC(uint32_t, count);
    bool ready = index != NULL && data->posting != NULL;
    for (uint32_t k = 0; ready && k < count; k++)
        index[k] = k;
    ready = ready && tq_sort_by_u64(index, count, gram);
    for (size_t k = 0; ready && k < count; k++)
        distinct += k == 0 || gram[index[k]] != gram[index[k - 1]];
    data->gram = ready ? TQ_ALLOC(uint64_t, distinct) : NULL;
    data->gram_first = ready ? TQ_ALLOC(uint32_t, distinct + 1) : NULL;
    if (data->gram == NULL || data->gram_first == NULL) {
        tq_free(index);
        return no_memory(builder->err);
    }
    distinct = 0;
    for (size_t k = 0; k < count; k++) {
        uint32_t key = builder->gram_keys.at[index[k]];
        bool fresh = k == 0 || gram[index[k]] != gram[index[k - 1]];
        if (fresh) {
            data->gram[distinct] = gram[index[k]];
            data->gram_first[distinct++] = (uint32_t)postings;
        }
        /* The sort is stable and keys came in order: a gram that a key has twice stands side by
         * side. */
        if (fresh || data->posting[postings - 1] != key) data->posting[postings++] = key;
    }
    data->gram_first[distinct] = (uint32_t)postings;
    tq_free(index);
    search->gram_count = (uint32_t)distinct;
    search->posting_count = (uint32_t)postings;
    search->gram = data->gram;
    search->gram_first = data->gram_first;
    search->posting = data->posting;
    return TQ_OK;
}

static tq_status build_grams(search_builder *builder, tq_search *search, tq_search_data *data)
{
    for (uint32_t key = 0; key < search->key_count; key++) {
        search_form form = search_form_of(search->key_why[key]);
        uint32_t codes[SEARCH_KEY_MAX];
        if (form == SEARCH_READING || form == SEARCH_INITIALS) continue;
        uint32_t count = search_codes(search_key(search, key), codes, SEARCH_KEY_MAX);
        if (!push_parts(builder, codes, count, key) || !push_fronts(builder, codes, count, key))
            return no_memory(builder->err);
    }
    return freeze_grams(builder, search, data);
}

tq_status tq_search_build(const tq_city *city, tq_search *search, tq_search_data *data, tq_err *err)
{
    search_builder builder = {.city = city, .pinyin = search_pinyin_new(), .err = err};
    tq_search made = {0};
    tq_search_data arrays = {0};
    builder.bytes.limit = UINT32_MAX - 1;
    tq_status status = builder.pinyin != NULL ? TQ_OK : no_memory(err);
    for (uint32_t place = 0; status == TQ_OK && place < city->places.count; place++)
        status = push_place(&builder, place);
    if (status == TQ_OK) status = push_readings(&builder);
    if (status == TQ_OK) status = freeze_keys(&builder, &made, &arrays);
    if (status == TQ_OK) status = build_grams(&builder, &made, &arrays);
    search_pinyin_free(builder.pinyin);
    tq_buf_free(&builder.bytes);
    tq_vec_free(&builder.keys);
    tq_vec_free(&builder.grams);
    tq_vec_free(&builder.gram_keys);
    if (status != TQ_OK) {
        tq_search_data_free(&arrays);
        return status;
    }
    *search = made;
    *data = arrays;
    return TQ_OK;
}

void tq_search_data_free(tq_search_data *data)
{
    tq_free(data->key_place);
    tq_free(data->key_text);
    tq_free(data->key_why);
    tq_free(data->gram);
    tq_free(data->gram_first);
    tq_free(data->posting);
    tq_free(data->text);
    *data = (tq_search_data){0};
}
