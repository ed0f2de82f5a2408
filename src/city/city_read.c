/*
 * Opening a city file: head, section table, checksums, then the arrays in place, then every inner
 * index.
 *
 * The file is not trusted: each length and offset is checked before it is used, so that a damaged
 * or hostile file is refused by the name of the section, never read past its end.
 */
#include <stdio.h>

#include "city/city_in.h"

tq_status city_bad(tq_err *err, const char *part, const char *what)
{
    return tq_fail(err, TQ_BAD_FILE, 0,
                   "city file, section %s: %s; make it again with `tongqu import`", part, what);
}

static tq_status check_head(const uint8_t *bytes, size_t len, city_head *head, tq_err *err)
{
    CITY_CHECK(len >= sizeof *head, "head", "the file is shorter than its head");
    memcpy(head, bytes, sizeof *head);
    CITY_CHECK(memcmp(head->magic, CITY_MAGIC, sizeof head->magic) == 0, "head",
               "this is not a city file");
    CITY_CHECK(head->endian_mark == CITY_ENDIAN_MARK, "head", "byte order differs");
    if (head->format != CITY_FORMAT)
        return tq_fail(err, TQ_BAD_FILE, 0,
                       "city file has format %u, this program reads %u; run `tongqu import` again",
                       head->format, CITY_FORMAT);
    CITY_CHECK(head->file_len == len, "head",
               "the file's length is not the one it was written with");
    CITY_CHECK(head->section_count > 0 && head->section_count <= CITY_SECTIONS_MAX, "head",
               "too many sections");
    CITY_CHECK(head->head_bytes == sizeof *head + head->section_count * sizeof(city_section) &&
                   head->head_bytes <= len,
               "head", "the section table does not fit");
    const city_section *section = (const void *)(bytes + sizeof *head);
    CITY_CHECK(head->checksum == city_head_checksum(head, section), "head", "checksum differs");
    return TQ_OK;
}

/* Section `k` must be the one named `tag`; *at receives its bytes. */
static tq_status take_section(const uint8_t *bytes, size_t len, const city_head *head, uint32_t k,
                              const char *tag, size_t element_size, size_t count, const void **at,
                              tq_err *err)
{
    CITY_CHECK(k < head->section_count, tag, "is missing");
    city_section section;
    memcpy(&section, bytes + sizeof *head + k * sizeof section, sizeof section);
    CITY_CHECK(strncmp(section.tag, tag, sizeof section.tag) == 0, tag,
               "is not where it should be");
    CITY_CHECK(section.element_size == element_size, tag, "has elements of another size");
    CITY_CHECK(section.offset % CITY_ALIGN == 0 && section.offset <= len &&
                   section.len <= len - section.offset,
               tag, "lies outside the file");
    CITY_CHECK(section.len / element_size == count && section.len % element_size == 0, tag,
               "has another length than the counts say");
    CITY_CHECK(section.checksum == tq_hash(bytes + section.offset, (size_t)section.len, 0), tag,
               "checksum differs");
    *at = bytes + section.offset;
    return TQ_OK;
}

static void spread_scalars(tq_city *c, const uint32_t scalar[])
{
    uint32_t k = 0;
#define GET_SCALAR(field) c->field = scalar[k++];
    CITY_SCALARS(GET_SCALAR)
#undef GET_SCALAR
#define GET_SIGNED(field) c->field = (int32_t)scalar[k++];
    CITY_SIGNED_SCALARS(GET_SIGNED)
#undef GET_SIGNED
}

tq_status tq_city_bind(tq_city *city, const uint8_t *bytes, size_t len, tq_err *err)
{
    city_head head;
    tq_city built = {0}, *c = &built;
    uint32_t k = 0;
    const void *at = NULL;
    TQ_TRY(check_head(bytes, len, &head, err));
    TQ_TRY(take_section(bytes, len, &head, k++, "counts", sizeof(uint32_t), CITY_SCALAR_COUNT, &at,
                        err));
    spread_scalars(c, at);
    for (unsigned kind = 0; kind < TQ_WALK_COUNT; kind++)
        CITY_CHECK(c->walk[kind].core_count <= c->walk[kind].vertex_count, "counts",
                   "a walking core is too large");
#define TAKE_SECTION(tag, field, length)                                                           \
    TQ_TRY(take_section(bytes, len, &head, k++, tag, sizeof *c->field, (length), &at, err));       \
    c->field = at;
    CITY_SECTIONS(TAKE_SECTION)
#undef TAKE_SECTION
    CITY_CHECK(k == head.section_count, "head", "sections that this program does not know");
    built.checksum = head.checksum;
    (void)snprintf(built.version, sizeof built.version, "%016llx",
                   (unsigned long long)head.checksum);
    built.map = city->map;
    TQ_TRY(tq_city_verify(&built, err));
    *city = built;
    return TQ_OK;
}

tq_status tq_city_open(const char *path, tq_city **city, tq_err *err)
{
    if (!tq_file_look(path).exists)
        return tq_fail(err, TQ_IO, 0, "there is no city file %s; make it with `tongqu import`",
                       path);
    tq_city *opened = TQ_ALLOC(tq_city, 1);
    if (opened == NULL) return tq_fail(err, TQ_NO_MEMORY, 0, "no memory to open %s", path);
    tq_status status = tq_map_open(path, &opened->map, err);
    if (status == TQ_OK) {
        status = tq_city_bind(opened, opened->map.at, opened->map.len, err);
        if (status != TQ_OK) tq_map_close(&opened->map);
    }
    if (status != TQ_OK) {
        tq_free(opened);
        return status;
    }
    *city = opened;
    return TQ_OK;
}

void tq_city_close(tq_city *city)
{
    if (city == NULL) return;
    tq_map_close(&city->map);
    tq_free(city);
}

const char *tq_city_version(const tq_city *city)
{
    return city->version;
}
