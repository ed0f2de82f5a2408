// also: os
/* OSM PBF and XML: hand-made files, damaged ones, limits, and counts of real extracts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "os/os.h"

#include "osm_test.h"

typedef struct seen {
    uint64_t nodes, ways, relations, tags;
    char log[4096];
    size_t log_len;
} seen;

static tq_status count(void *user, const tq_osm_element *element, tq_err *err)
{
    (void)err;
    seen *all = user;
    all->nodes += element->kind == TQ_OSM_NODE;
    all->ways += element->kind == TQ_OSM_WAY;
    all->relations += element->kind == TQ_OSM_RELATION;
    all->tags += element->tag_count;
    return TQ_OK;
}

static tq_status write_down(void *user, const tq_osm_element *element, tq_err *err)
{
    seen *all = user;
    tq_buf line = {0};
    tq_buf_printf(&line, "%c%lld", "nwr"[element->kind], (long long)element -> id);
    if (element->kind == TQ_OSM_NODE)
        tq_buf_printf(&line, "@%d,%d", element->lat_e7, element->lon_e7);
    for (uint32_t k = 0; k < element->ref_count; k++)
        tq_buf_printf(&line, " %lld", (long long)element->ref[k]);
    for (uint32_t k = 0; k < element->member_count; k++)
        tq_buf_printf(&line, " %c%lld:%.*s", "nwr"[element->member[k].kind],
                      (long long)element -> member[k].id, (int)element->member[k].role.len,
                      element->member[k].role.at);
    for (uint32_t k = 0; k < element->tag_count; k++)
        tq_buf_printf(&line, " %.*s=%.*s", (int)element->tag[k].key.len, element->tag[k].key.at,
                      (int)element->tag[k].value.len, element->tag[k].value.at);
    tq_buf_putc(&line, '\n');
    if (all->log_len + line.len < sizeof all->log) {
        memcpy(all->log + all->log_len, line.at, line.len);
        all->log_len += line.len;
    }
    tq_buf_free(&line);
    return count(user, element, err);
}

static tq_status read_pbf(tq_str file, unsigned want, tq_osm_handler handler, seen *all,
                          tq_err *err)
{
    tq_pbf_reader *reader = tq_pbf_reader_new();
    assert_non_null(reader);
    uint64_t offset = 0;
    tq_status status = TQ_OK;
    for (bool more = true; status == TQ_OK;) {
        tq_pbf_blob blob;
        status = tq_pbf_next_blob(file, &offset, &blob, &more, err);
        if (status != TQ_OK || !more) break;
        status = tq_pbf_read_blob(reader, file, &blob, want, handler, all, err);
    }
    tq_pbf_reader_free(reader);
    return status;
}

#define WANT_ALL (TQ_OSM_WANT_NODES | TQ_OSM_WANT_WAYS | TQ_OSM_WANT_RELATIONS)

static const char sample_text[] = "n10@378700000,1125600000\n"
                                  "n11@378700010,1125599995 highway=crossing\n"
                                  "n7@378699990,1125600002\n"
                                  "n-7@-900000000,1800000000 highway=crossing\n"
                                  "w99 10 7 highway=residential\n"
                                  "r5 n10:via type=restriction\n";

static void pbf_sample_is_read(void **state)
{
    (void)state;
    tq_buf file = {0};
    pbf_sample(&file);
    seen all = {0};
    tq_err err = {0};
    assert_int_equal(read_pbf((tq_str){file.at, file.len}, WANT_ALL, write_down, &all, &err),
                     TQ_OK);
    assert_string_equal(all.log, sample_text);
    seen tagged = {0};
    assert_int_equal(
        read_pbf((tq_str){file.at, file.len}, TQ_OSM_WANT_TAGGED_NODES, write_down, &tagged, &err),
        TQ_OK);
    assert_int_equal(tagged.nodes, 2);
    assert_int_equal(tagged.ways + tagged.relations, 0);
    tq_buf_free(&file);
}

/* Every cut and every changed byte: read or refused by name, never past the end (a copy of exact
 * size). */
static void damaged_pbf_is_refused(void **state)
{
    (void)state;
    tq_buf file = {0};
    pbf_sample(&file);
    for (size_t cut = 0; cut < file.len; cut++) {
        char *copy = malloc(cut + 1);
        assert_non_null(copy);
        memcpy(copy, file.at, cut);
        seen all = {0};
        tq_err err = {0};
        tq_status status = read_pbf((tq_str){copy, cut}, WANT_ALL, count, &all, &err);
        if (status != TQ_OK) {
            assert_int_equal(status, TQ_BAD_INPUT);
            assert_non_null(strstr(err.text, "byte"));
        }
        free(copy);
    }
    for (size_t at = 0; at < file.len; at++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            file.at[at] ^= (char)(1u << bit);
            seen all = {0};
            tq_err err = {0};
            tq_status status = read_pbf((tq_str){file.at, file.len}, WANT_ALL, count, &all, &err);
            assert_true(status == TQ_OK || (status == TQ_BAD_INPUT && err.text[0] != '\0'));
            file.at[at] ^= (char)(1u << bit);
        }
    }
    tq_buf_free(&file);
}

static void refuse(const tq_buf *file, const char *says)
{
    seen all = {0};
    tq_err err = {0};
    assert_int_equal(read_pbf((tq_str){file->at, file->len}, WANT_ALL, count, &all, &err),
                     TQ_BAD_INPUT);
    if (strstr(err.text, says) == NULL) fail_msg("«%s» does not say «%s»", err.text, says);
}

static void history_and_limits_are_named(void **state)
{
    (void)state;
    tq_buf file = {0}, block = {0};
    pbf_header(&file, "HistoricalInformation");
    refuse(&file, "HistoricalInformation");
    file.len = 0;
    tq_buf_put(&file, "\0\1\0\1", 4); /* a header of 64 KiB and a byte */
    refuse(&file, "64 KiB");
    file.len = 0;
    pbf_header(&file, "DenseNodes");
    tq_buf head = {0};
    tq_proto_put_bytes(&head, 1, "OSMData", 7);
    tq_proto_put_varint(&head, 3, (32u << 20) + 1);
    const char len[4] = {0, 0, 0, (char)head.len};
    tq_buf_put(&file, len, 4);
    tq_buf_put(&file, head.at, head.len);
    refuse(&file, "32 MiB");
    /* A way whose key points behind the string table. */
    tq_buf group = {0}, way = {0}, table = {0};
    tq_proto_put_bytes(&table, 1, "", 0);
    tq_proto_put_bytes(&block, 1, table.at, table.len);
    tq_proto_put_varint(&way, 1, 1);
    tq_proto_put_bytes(&way, 2, "\1", 1);
    tq_proto_put_bytes(&way, 3, "\0", 1);
    tq_proto_put_bytes(&group, 3, way.at, way.len);
    tq_proto_put_bytes(&block, 2, group.at, group.len);
    file.len = 0;
    pbf_blob(&file, "OSMData", &block);
    refuse(&file, "string table");
    /* Differences that leave 64 bits. */
    way.len = group.len = block.len = file.len = 0;
    tq_buf list = {0};
    for (unsigned k = 0; k < 3; k++)
        pbf_packed(&list, pbf_zigzag(INT64_MAX / 2));
    tq_proto_put_varint(&way, 1, 1);
    tq_proto_put_bytes(&way, 8, list.at, list.len);
    tq_proto_put_bytes(&group, 3, way.at, way.len);
    tq_proto_put_bytes(&block, 2, group.at, group.len);
    pbf_blob(&file, "OSMData", &block);
    refuse(&file, "64 bits");
    tq_buf *const all[] = {&file, &block, &head, &group, &way, &table, &list};
    for (size_t k = 0; k < TQ_COUNT(all); k++)
        tq_buf_free(all[k]);
}

static const char sample_xml[] =
    "<?xml version='1.0' encoding='UTF-8'?>\n<!-- a comment with <tags> -->\n<osm "
    "version=\"0.6\">\n"
    " <bounds minlat='1'/>\n <note>free <b>text</b></note>\n"
    " <node id='10' lat='37.87' lon='112.56'/>\n"
    " <node id=\"11\" lat=\"37.870001\" lon=\"112.5599995\"><tag k='name' v='a &amp; b "
    "&lt;&#x592a;&#33;'/></node>\n"
    " <node id='-7' lat='-90' lon='180' action='delete'/>\n"
    " <way id='99'><nd ref='10'/><nd ref='11'/><tag k=\"highway\" v='it&apos;s'/></way>\n"
    " <relation id='5'><member type='node' ref='10' role='via'/><member type='way' ref='99' "
    "role=''/>"
    "<tag k='type' v='restriction'/></relation>\n</osm>\n";

static void xml_sample_is_read(void **state)
{
    (void)state;
    seen all = {0};
    tq_err err = {0};
    assert_int_equal(tq_osm_xml_read(TQ_STR(sample_xml), WANT_ALL, write_down, &all, &err), TQ_OK);
    assert_string_equal(all.log, "n10@378700000,1125600000\n"
                                 "n11@378700010,1125599995 name=a & b <太!\n"
                                 "w99 10 11 highway=it's\n"
                                 "r5 n10:via w99: type=restriction\n");
}

static void damaged_xml_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text, *says;
    } cases[] = {
        {"", "cut off"},
        {"<osm>", "cut off"},
        {"<osmChange></osmChange>", "outermost"},
        {"<osm><node id='1' lat='1' lon='2'></osm>", "closing tag"},
        {"<osm><node id='x' lat='1' lon='2'/></osm>", "id"},
        {"<osm><node id='1' lat='91' lon='2'/></osm>", "90"},
        {"<osm><node id='1' lat='1'/></osm>", "position"},
        {"<osm><way id='1'><nd/></way></osm>", "id"},
        {"<osm><way id='1'><tag k='a'/></way></osm>", "tag lacks"},
        {"<osm><way id='1'><tag k='&x;' v=''/></way></osm>", "entity"},
        {"<osm><way id='1'><tag k='&#xd800;' v=''/></way></osm>", "entity"},
        {"<osm><way id=1></way></osm>", "quoted"},
        {"<osm><way id='1></way></osm>", "quote"},
        {"<osm></osm><osm></osm>", "behind"},
        {"<!DOCTYPE osm [<!ENTITY a 'b'>]><osm></osm>", "document type"},
        {"<osm><relation id='1'><member type='area' ref='1'/></relation></osm>", "neither"},
        {"\n\n<osm><!-- ", "line 3"}};
    for (size_t k = 0; k < TQ_COUNT(cases); k++) {
        seen all = {0};
        tq_err err = {0};
        assert_int_equal(tq_osm_xml_read(tq_str_of(cases[k].text), WANT_ALL, count, &all, &err),
                         TQ_BAD_INPUT);
        if (strstr(err.text, cases[k].says) == NULL) fail_msg("case %zu: «%s»", k, err.text);
    }
    size_t len = sizeof sample_xml - 1;
    for (size_t cut = 0; cut + 2 < len; cut++) {
        char *copy = malloc(cut + 1);
        assert_non_null(copy);
        memcpy(copy, sample_xml, cut);
        seen all = {0};
        tq_err err = {0};
        assert_int_equal(tq_osm_xml_read((tq_str){copy, cut}, WANT_ALL, count, &all, &err),
                         TQ_BAD_INPUT);
        free(copy);
    }
    tq_buf deep = {0};
    tq_buf_puts(&deep, "<osm>");
    for (unsigned k = 0; k < 40; k++)
        tq_buf_puts(&deep, "<x>");
    seen all = {0};
    tq_err err = {0};
    assert_int_equal(tq_osm_xml_read((tq_str){deep.at, deep.len}, WANT_ALL, count, &all, &err),
                     TQ_BAD_INPUT);
    assert_non_null(strstr(err.text, "32 deep"));
    tq_buf_free(&deep);
}

/* Counts as the data folder's README gives them. */
static void real_extracts_have_their_counts(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        uint64_t nodes, ways, relations;
    } files[] = {{"osm/monaco.osm.pbf", 180118, 27377, 212},
                 {"osm/porto_portugal.osm.pbf", 347944, 51458, 357},
                 {"osm/heidelberg.osm.pbf", 221009, 31619, 1700},
                 {"osm/andorra_2026.osm.pbf", 490035, 25706, 721},
                 {"osm/shanghai_centre.osm.pbf", 21786, 4701, 0},
                 {"osm/motis_test_case.osm.pbf", 14019, 2742, 620},
                 {"osm/liechtenstein.osm.pbf", 295005, 29874, 884},
                 {"taiyuan/taiyuan_urban_2022.osm.pbf", 24664, 4412, 0}};
    const char *folder = tq_env_var("TQ_SHARED_DATA"), *ci = tq_env_var("CI");
    if (folder == NULL) folder = "../shared/data";
    unsigned read = 0;
    for (size_t k = 0; k < TQ_COUNT(files); k++) {
        char path[TQ_PATH_MAX];
        assert_true(tq_path_join(path, folder, files[k].name));
        if (!tq_file_look(path).exists) continue;
        tq_map map;
        tq_err err = {0};
        seen all = {0};
        assert_int_equal(tq_map_open(path, &map, &err), TQ_OK);
        if (read_pbf((tq_str){(const char *)map.at, map.len}, WANT_ALL, count, &all, &err) != TQ_OK)
            fail_msg("%s: %s", files[k].name, err.text);
        tq_map_close(&map);
        assert_int_equal(all.nodes, files[k].nodes);
        assert_int_equal(all.ways, files[k].ways);
        assert_int_equal(all.relations, files[k].relations);
        read++;
    }
    if (read == 0 && (ci == NULL || strcmp(ci, "true") != 0)) skip();
    assert_true(read > 0);
}

/* Random bytes inside a real file: refused or read, with the place named. */
static void damaged_extract_is_refused(void **state)
{
    (void)state;
    const char *folder = tq_env_var("TQ_SHARED_DATA");
    char path[TQ_PATH_MAX];
    assert_true(tq_path_join(path, folder != NULL ? folder : "../shared/data",
                             "osm/shanghai_centre.osm.pbf"));
    if (!tq_file_look(path).exists) skip();
    char *bytes = NULL;
    size_t len = 0;
    assert_int_equal(tq_file_read(path, 1 << 24, &bytes, &len, NULL), TQ_OK);
    const uint64_t seed = 20260601;
    tq_random random = {seed};
    for (unsigned round = 0; round < 150; round++) {
        size_t at = tq_random_below(&random, (uint32_t)len);
        char old = bytes[at];
        bytes[at] = (char)tq_random_u64(&random);
        seen all = {0};
        tq_err err = {0};
        tq_status status = read_pbf((tq_str){bytes, len}, WANT_ALL, count, &all, &err);
        if (status != TQ_OK && (status != TQ_BAD_INPUT || strstr(err.text, "byte") == NULL))
            fail_msg("seed %llu round %u: %s", (unsigned long long)seed, round, err.text);
        bytes[at] = old;
    }
    tq_free(bytes);
    assert_true(tq_peak_memory_bytes() < (uint64_t)512 << 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(pbf_sample_is_read),
                                       cmocka_unit_test(damaged_pbf_is_refused),
                                       cmocka_unit_test(history_and_limits_are_named),
                                       cmocka_unit_test(xml_sample_is_read),
                                       cmocka_unit_test(damaged_xml_is_refused),
                                       cmocka_unit_test(real_extracts_have_their_counts),
                                       cmocka_unit_test(damaged_extract_is_refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
