/*
 * Writing a city file: head, section table, sections, in the order of the table in city_in.h.
 *
 * Nothing but the arrays enters the file: no time of making, no path, no pointer. Padding is zero.
 */
#include "city/city_in.h"

uint64_t city_head_checksum(const city_head *head, const city_section *section)
{
    city_head copy = *head;
    copy.checksum = 0;
    uint64_t seed = tq_hash(&copy, sizeof copy, 0);
    return tq_hash(section, head->section_count * sizeof *section, seed);
}

typedef struct plan_item {
    const void *bytes;
    city_section section;
} plan_item;

static bool plan_section(plan_item *item, const char *tag, const void *bytes, size_t element_size,
                         size_t count, uint64_t *offset)
{
    /* The bounds of an empty list are one zero; a stage with nothing to do need not build them. */
    static const uint32_t no_list[1] = {0};
    if (bytes == NULL && count == 1 && element_size == sizeof *no_list) bytes = no_list;
    if (bytes == NULL && count != 0) return false;
    memset(item, 0, sizeof *item);
    item->bytes = bytes;
    memcpy(item->section.tag, tag, TQ_MIN(strlen(tag), sizeof item->section.tag - 1));
    item->section.offset = *offset;
    item->section.len = (uint64_t)count * element_size;
    item->section.element_size = (uint32_t)element_size;
    item->section.checksum = tq_hash(bytes, (size_t)item->section.len, 0);
    *offset = (*offset + item->section.len + CITY_ALIGN - 1) / CITY_ALIGN * CITY_ALIGN;
    return true;
}

static void gather_scalars(const tq_city *c, uint32_t scalar[])
{
    uint32_t k = 0;
#define PUT_SCALAR(field) scalar[k++] = c->field;
    CITY_SCALARS(PUT_SCALAR)
#undef PUT_SCALAR
#define PUT_SIGNED(field) scalar[k++] = (uint32_t)c->field;
    CITY_SIGNED_SCALARS(PUT_SIGNED)
#undef PUT_SIGNED
}

static tq_status write_items(tq_file_out *file, const plan_item *item, uint32_t count,
                             uint64_t file_len, tq_err *err)
{
    static const uint8_t zero[CITY_ALIGN];
    city_section section[CITY_SECTIONS_MAX];
    city_head head = {.format = CITY_FORMAT,
                      .endian_mark = CITY_ENDIAN_MARK,
                      .section_count = count,
                      .head_bytes = (uint32_t)(sizeof head + count * sizeof *section),
                      .file_len = file_len};
    memcpy(head.magic, CITY_MAGIC, sizeof head.magic);
    for (uint32_t k = 0; k < count; k++)
        section[k] = item[k].section;
    head.checksum = city_head_checksum(&head, section);
    TQ_TRY(tq_file_write_at(file, 0, &head, sizeof head, err));
    TQ_TRY(tq_file_write_at(file, sizeof head, section, count * sizeof *section, err));
    for (uint32_t k = 0; k < count; k++) {
        uint64_t end = section[k].offset + section[k].len,
                 next = k + 1 < count ? section[k + 1].offset : file_len;
        TQ_TRY(
            tq_file_write_at(file, section[k].offset, item[k].bytes, (size_t)section[k].len, err));
        TQ_TRY(tq_file_write_at(file, end, zero, (size_t)(next - end), err));
    }
    return TQ_OK;
}

tq_status tq_city_write(const tq_city *city, const char *path, tq_err *err)
{
    const tq_city *c = city;
    plan_item item[CITY_SECTIONS_MAX];
    uint32_t scalar[CITY_SCALAR_COUNT], count = 0;
    gather_scalars(city, scalar);
#define COUNT_SECTION(tag, field, length) +1
    uint32_t total = 1 CITY_SECTIONS(COUNT_SECTION);
#undef COUNT_SECTION
    TQ_ASSERT(total <= CITY_SECTIONS_MAX);
    uint64_t offset = sizeof(city_head) + total * sizeof(city_section);
    offset = (offset + CITY_ALIGN - 1) / CITY_ALIGN * CITY_ALIGN;
    if (!plan_section(&item[count++], "counts", scalar, sizeof *scalar, CITY_SCALAR_COUNT, &offset))
        return tq_fail(err, TQ_INTERNAL, 0, "the city has no counts");
#define PLAN_SECTION(tag, field, length)                                                           \
    if (!plan_section(&item[count++], tag, c->field, sizeof *c->field, (length), &offset))         \
        return tq_fail(err, TQ_INTERNAL, 0, "section %s was not built", tag);
    CITY_SECTIONS(PLAN_SECTION)
#undef PLAN_SECTION
    tq_file_out *file = NULL;
    TQ_TRY(tq_file_create(path, &file, err));
    tq_status status = write_items(file, item, count, offset, err);
    if (status != TQ_OK) {
        tq_file_discard(file);
        return status;
    }
    return tq_file_commit(file, err);
}
