/* Checks of a name index that came from a file: every index, every order that the query relies on.
 */
#include "city/search_in.h"

static tq_status check_key(const tq_city *city, uint32_t key, tq_err *err)
{
    const tq_search *search = &city->search;
    uint32_t place = search->key_place[key], why = search->key_why[key];
    search_form form = search_form_of(why);
    if (search->key_text[key] >= search->text_len)
        return tq_fail(err, TQ_BAD_FILE, key,
                       "city file, section se: search key %u lies at %u of %u bytes", key,
                       search->key_text[key], search->text_len);
    if (strnlen(search_key(search, key), SEARCH_KEY_MAX) >= SEARCH_KEY_MAX)
        return tq_fail(err, TQ_BAD_FILE, key,
                       "city file, section se: search key %u has over %d bytes", key,
                       SEARCH_KEY_MAX - 1);
    if (key > 0 && strcmp(search_key(search, key - 1), search_key(search, key)) > 0)
        return tq_fail(err, TQ_BAD_FILE, key,
                       "city file, section se: search key %u is out of order", key);
    if (form == SEARCH_READING) {
        if (place == TQ_NONE && search_key(search, key)[0] == SEARCH_READING_MARK) return TQ_OK;
        return tq_fail(err, TQ_BAD_FILE, key,
                       "city file, section se: search key %u is not a reading", key);
    }
    if (place >= city->places.count)
        return tq_fail(err, TQ_BAD_FILE, key,
                       "city file, section se: search key %u leads to place %u of %u", key, place,
                       city->places.count);
    uint32_t source = search_source_of(why);
    if (source >= 2 && source - 2 >= city->places.row[place].alias_count)
        return tq_fail(err, TQ_BAD_FILE, key,
                       "city file, section se: search key %u comes from alias %u of %u", key,
                       source - 2, city->places.row[place].alias_count);
    return TQ_OK;
}

static tq_status check_grams(const tq_search *search, tq_err *err)
{
    if (search->gram_count > 0 && search->gram_first[0] != 0)
        return tq_fail(err, TQ_BAD_FILE, 0,
                       "city file, section se: the lists of search parts do not begin at 0");
    for (uint32_t gram = 0; gram < search->gram_count; gram++) {
        uint32_t first = search->gram_first[gram], last = search->gram_first[gram + 1];
        if (first > last || last > search->posting_count)
            return tq_fail(err, TQ_BAD_FILE, gram,
                           "city file, section se: search part %u has the list %u to %u of %u",
                           gram, first, last, search->posting_count);
        if (gram > 0 && search->gram[gram - 1] >= search->gram[gram])
            return tq_fail(err, TQ_BAD_FILE, gram,
                           "city file, section se: search part %u is out of order", gram);
        for (uint32_t k = first; k < last; k++) {
            uint32_t key = search->posting[k];
            if (key >= search->key_count || (k > first && search->posting[k - 1] >= key))
                return tq_fail(
                    err, TQ_BAD_FILE, gram,
                    "city file, section se: search part %u names key %u of %u out of order", gram,
                    key, search->key_count);
        }
    }
    if (search->gram_count > 0 && search->gram_first[search->gram_count] != search->posting_count)
        return tq_fail(
            err, TQ_BAD_FILE, 0,
            "city file, section se: the lists of search parts do not end at the last entry");
    return TQ_OK;
}

tq_status tq_search_verify(const tq_city *city, tq_err *err)
{
    const tq_search *search = &city->search;
    if (search->key_count > 0 &&
        (search->text_len == 0 || search->text[search->text_len - 1] != '\0'))
        return tq_fail(err, TQ_BAD_FILE, 0,
                       "city file, section se: the search texts do not end with NUL");
    for (uint32_t key = 0; key < search->key_count; key++)
        TQ_TRY(check_key(city, key, err));
    TQ_TRY(check_grams(search, err));
    for (uint32_t k = 0; k < search->posting_count; k++)
        if (search_form_of(search->key_why[search->posting[k]]) == SEARCH_READING)
            return tq_fail(err, TQ_BAD_FILE, k,
                           "city file, section se: search list entry %u names a reading", k);
    return TQ_OK;
}
