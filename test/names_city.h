/* A city of names only, for tests and benches of the search: places, aliases and their index. */
#ifndef TQ_TEST_NAMES_CITY_H
#define TQ_TEST_NAMES_CITY_H

#include "city/search_in.h"

typedef struct names_city {
    tq_city city;
    tq_buf text;
    TQ_VEC(tq_place_row) row;
    TQ_VEC(tq_alias) alias;
    tq_search_data data;
    tq_grid_data grid;
    tq_meta meta;
    tq_stop stop;
} names_city;

static inline uint32_t names_text(names_city *names, const char *text)
{
    if (names->text.len == 0) tq_buf_putc(&names->text, '\0');
    if (text[0] == '\0') return 0;
    uint32_t offset = (uint32_t)names->text.len;
    tq_buf_put(&names->text, text, strlen(text) + 1);
    return offset;
}

static inline uint32_t names_place(names_city *names, tq_place_kind kind, const char *name,
                                   const char *name_en, const char *city, const char *area)
{
    uint32_t place = (uint32_t)names->row.count;
    tq_place_row row = {.at = {378694400 + (int32_t)place * 1000, 1125602800},
                        .name = names_text(names, name),
                        .name_en = names_text(names, name_en),
                        .city = names_text(names, city),
                        .area = names_text(names, area),
                        .parent = TQ_NONE,
                        .link = TQ_NONE,
                        .first_alias = (uint32_t)names->alias.count,
                        .kind = (uint8_t)kind,
                        .weight = kind == TQ_PLACE_STATION ? 200
                                  : kind == TQ_PLACE_STOP  ? 120
                                                           : 60};
    (void)tq_vec_push(&names->row, row);
    return place;
}

/* Of the place made last. */
static inline void names_alias(names_city *names, tq_alias_kind kind, const char *text)
{
    tq_alias alias = {names_text(names, text), (uint32_t)kind};
    (void)tq_vec_push(&names->alias, alias);
    names->row.at[names->row.count - 1].alias_count++;
}

static inline tq_status names_end(names_city *names, tq_err *err)
{
    names->meta = (tq_meta){.name = names_text(names, "太原"),
                            .name_en = names_text(names, "Taiyuan"),
                            .id = names_text(names, "taiyuan")};
    tq_city *city = &names->city;
    city->meta = &names->meta;
    city->meta_count = 1;
    city->text = names->text.at;
    city->text_len = (uint32_t)names->text.len;
    city->places.row = names->row.at;
    city->places.count = (uint32_t)names->row.count;
    city->places.alias = names->alias.at;
    city->places.alias_count = (uint32_t)names->alias.count;
    tq_box *box = TQ_ALLOC(tq_box, names->row.count);
    for (size_t k = 0; k < names->row.count; k++) {
        box[k] = TQ_BOX_EMPTY;
        tq_box_add(&box[k], names->row.at[k].at);
    }
    TQ_TRY(tq_grid_build(box, (uint32_t)names->row.count, 500, &names->grid, err));
    tq_free(box);
    city->places.grid = names->grid.grid;
    return tq_search_build(city, &city->search, &names->data, err);
}

static inline void names_free(names_city *names)
{
    tq_search_data_free(&names->data);
    tq_grid_free(&names->grid);
    tq_vec_free(&names->row);
    tq_vec_free(&names->alias);
    tq_buf_free(&names->text);
}

#endif
