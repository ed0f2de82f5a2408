/*
 * Where a feed's files come from: a folder, a zip archive, or memory.
 *
 * libzip reads the archive's directory; the packed bytes of an entry are then inflated in one step
 * by libdeflate, which is two to three times faster than zlib, and checked against the directory's
 * CRC. Limits: files in a feed, bytes of a file, and how many times an entry may grow, so that a
 * small archive cannot fill the memory. Encrypted entries and methods other than stored and deflate
 * are refused by name.
 */
#include <libdeflate.h>
#include <stdio.h>
#include <stdlib.h>
#include <zip.h>

#include "import/gtfs_in.h"

/* Deflate cannot grow a byte to more than this. */
#define DEFLATE_RATIO_MAX 1032u

static void name_of_path(gtfs_source *source, const char *path)
{
    size_t len = strlen(path);
    while (len > 1 && path[len - 1] == '/')
        len--;
    size_t from = len;
    while (from > 0 && path[from - 1] != '/')
        from--;
    tq_str name = {path + from, len - from};
    (void)snprintf(source->file_name, sizeof source->file_name, "%.*s",
                   (int)TQ_MIN(name.len, sizeof source->file_name - 1), name.at);
    static const char *const endings[] = {".zip", ".gtfs"};
    for (size_t k = 0; k < TQ_COUNT(endings); k++) {
        size_t cut = strlen(endings[k]);
        if (name.len > cut && memcmp(name.at + name.len - cut, endings[k], cut) == 0)
            name.len -= cut;
    }
    size_t room = TQ_MIN(name.len, sizeof source->name - 1);
    memcpy(source->name, name.at, room);
    source->name[room] = '\0';
}

tq_status gtfs_source_zip(gtfs_source *source, const char *name, const void *bytes, size_t len,
                          tq_err *err)
{
    *source = (gtfs_source){.kind = GTFS_ZIP, .archive_len = len};
    name_of_path(source, name);
    if (len == 0) return tq_fail(err, TQ_BAD_INPUT, 0, "%s is an empty file; copy it again", name);
    zip_error_t why;
    zip_error_init(&why);
    zip_source_t *from = zip_source_buffer_create(bytes, len, 0, &why);
    if (from == NULL)
        return tq_fail(err, TQ_NO_MEMORY, 0, "%s: no memory to open the archive", name);
    source->zip = zip_open_from_source(from, ZIP_RDONLY, &why);
    if (source->zip == NULL) {
        tq_status status =
            tq_fail(err, TQ_BAD_INPUT, 0, "%s is not a readable zip archive (%s); copy it again",
                    name, zip_error_strerror(&why));
        zip_source_free(from);
        zip_error_fini(&why);
        return status;
    }
    zip_error_fini(&why);
    zip_int64_t entries = zip_get_num_entries(source->zip, 0);
    if (entries > (zip_int64_t)TQ_GTFS_FILES_MAX) {
        gtfs_source_close(source);
        return tq_fail(err, TQ_LIMIT, 0, "%s holds %lld files, at most %u are read", name,
                       (long long)entries, TQ_GTFS_FILES_MAX);
    }
    return TQ_OK;
}

tq_status gtfs_source_open(gtfs_source *source, const char *path, tq_err *err)
{
    *source = (gtfs_source){.kind = GTFS_FOLDER};
    tq_file_info info = tq_file_look(path);
    if (!info.exists) return tq_fail(err, TQ_IO, 0, "there is no feed at %s", path);
    if (!info.is_folder) {
        tq_map map;
        TQ_TRY(tq_map_open(path, &map, err));
        tq_status status = gtfs_source_zip(source, path, map.at, map.len, err);
        if (status == TQ_OK)
            source->map = map;
        else
            tq_map_close(&map);
        return status;
    }
    name_of_path(source, path);
    size_t len = strlen(path);
    if (len >= sizeof source->path)
        return tq_fail(err, TQ_LIMIT, 0, "the path of a feed is too long");
    memcpy(source->path, path, len + 1);
    return TQ_OK;
}

void gtfs_source_close(gtfs_source *source)
{
    if (source->zip != NULL) zip_discard(source->zip);
    source->zip = NULL;
    if (source->map.at != NULL) tq_map_close(&source->map);
    source->map = (tq_map){0};
}

/* Read the packed bytes of an entry. */
static tq_status read_packed(const gtfs_source *source, zip_uint64_t entry, const char *file,
                             char *packed, size_t len, tq_err *err)
{
    zip_file_t *in = zip_fopen_index(source->zip, entry, ZIP_FL_COMPRESSED);
    zip_int64_t got = in != NULL ? zip_fread(in, packed, len) : -1;
    if (in != NULL) (void)zip_fclose(in);
    if (got != (zip_int64_t)len)
        return tq_fail(err, TQ_BAD_INPUT, 0, "%s in %s is cut short; copy the archive again", file,
                       gtfs_source_called(source));
    return TQ_OK;
}

static tq_status check_entry(const gtfs_source *source, const char *file, const zip_stat_t *stat,
                             tq_err *err)
{
    zip_uint64_t needed = ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE | ZIP_STAT_COMP_METHOD | ZIP_STAT_CRC;
    if ((stat->valid & needed) != needed)
        return tq_fail(err, TQ_BAD_INPUT, 0, "%s in %s has no size or checksum", file,
                       gtfs_source_called(source));
    if (stat->encryption_method != ZIP_EM_NONE)
        return tq_fail(err, TQ_BAD_INPUT, 0, "%s in %s is encrypted; pack it without a password",
                       file, gtfs_source_called(source));
    if (stat->comp_method != ZIP_CM_STORE && stat->comp_method != ZIP_CM_DEFLATE)
        return tq_fail(err, TQ_BAD_INPUT, 0,
                       "%s in %s is packed by method %u; only stored and deflate are read", file,
                       gtfs_source_called(source), (unsigned)stat->comp_method);
    if (stat->comp_size > source->archive_len)
        return tq_fail(err, TQ_BAD_INPUT, 0, "%s in %s is longer than the archive", file,
                       gtfs_source_called(source));
    if (stat->size > TQ_GTFS_FILE_MAX)
        return tq_fail(err, TQ_LIMIT, 0, "%s in %s has %llu bytes, at most %llu are read", file,
                       gtfs_source_called(source), (unsigned long long)stat->size,
                       (unsigned long long)TQ_GTFS_FILE_MAX);
    bool impossible = stat->size > (stat->comp_size + 1) * DEFLATE_RATIO_MAX;
    if (impossible || stat->size > TQ_GTFS_RATIO_FROM + stat->comp_size * TQ_GTFS_RATIO_MAX)
        return tq_fail(err, TQ_LIMIT, 0,
                       "%s in %s grows from %llu to %llu bytes; more than %u times is refused",
                       file, gtfs_source_called(source), (unsigned long long)stat->comp_size,
                       (unsigned long long)stat->size, TQ_GTFS_RATIO_MAX);
    return TQ_OK;
}

static tq_status inflate(const gtfs_source *source, const char *file, const zip_stat_t *stat,
                         const char *packed, char *text, tq_err *err)
{
    if (stat->comp_method == ZIP_CM_STORE) {
        if (stat->size != stat->comp_size)
            return tq_fail(err, TQ_BAD_INPUT, 0, "%s in %s is stored with two sizes", file,
                           gtfs_source_called(source));
        memcpy(text, packed, stat->size);
    } else {
        struct libdeflate_decompressor *inflater = libdeflate_alloc_decompressor();
        if (inflater == NULL) return tq_fail(err, TQ_NO_MEMORY, 0, "no memory to inflate %s", file);
        size_t got = 0;
        enum libdeflate_result result = libdeflate_deflate_decompress(
            inflater, packed, stat->comp_size, text, stat->size, &got);
        libdeflate_free_decompressor(inflater);
        if (result != LIBDEFLATE_SUCCESS || got != stat->size)
            return tq_fail(err, TQ_BAD_INPUT, 0,
                           "%s in %s does not inflate; copy the archive again", file,
                           gtfs_source_called(source));
    }
    if (libdeflate_crc32(0, text, stat->size) != stat->crc)
        return tq_fail(err, TQ_BAD_INPUT, 0,
                       "%s in %s has a wrong checksum; copy the archive again", file,
                       gtfs_source_called(source));
    return TQ_OK;
}

static tq_status zip_text(const gtfs_source *source, const char *file, gtfs_text *out, tq_err *err)
{
    zip_int64_t entry = zip_name_locate(source->zip, file, 0);
    if (entry < 0) entry = zip_name_locate(source->zip, file, ZIP_FL_NODIR);
    if (entry < 0) return TQ_OK;
    zip_stat_t stat;
    zip_stat_init(&stat);
    if (zip_stat_index(source->zip, (zip_uint64_t)entry, 0, &stat) != 0)
        return tq_fail(err, TQ_BAD_INPUT, 0, "%s in %s cannot be looked up", file,
                       gtfs_source_called(source));
    TQ_TRY(check_entry(source, file, &stat, err));
    /* Not zeroed: a large text would be touched twice. */
    char *packed = malloc(stat.comp_size + 1), *text = malloc(stat.size + 1);
    tq_status status = TQ_OK;
    if (packed == NULL || text == NULL)
        status = tq_fail(err, TQ_NO_MEMORY, 0, "no memory for %s of %llu bytes", file,
                         (unsigned long long)stat.size);
    if (status == TQ_OK)
        status = read_packed(source, (zip_uint64_t)entry, file, packed, stat.comp_size, err);
    if (status == TQ_OK) status = inflate(source, file, &stat, packed, text, err);
    free(packed);
    if (status != TQ_OK) {
        free(text);
        return status;
    }
    out->owned = text;
    out->text = (tq_str){text, stat.size};
    return TQ_OK;
}

tq_status gtfs_source_text(const gtfs_source *source, const char *file, gtfs_text *out, tq_err *err)
{
    *out = (gtfs_text){0};
    if (source->kind == GTFS_ZIP) return zip_text(source, file, out, err);
    if (source->kind == GTFS_MEMORY) {
        for (uint32_t k = 0; k < source->file_count; k++)
            if (strcmp(source->file[k].name, file) == 0) out->text = source->file[k].text;
        return TQ_OK;
    }
    char path[TQ_PATH_MAX];
    if (!tq_path_join(path, source->path, file))
        return tq_fail(err, TQ_LIMIT, 0, "a path is too long");
    tq_file_info info = tq_file_look(path);
    if (!info.exists || info.is_folder) return TQ_OK;
    if (info.size > TQ_GTFS_FILE_MAX)
        return tq_fail(err, TQ_LIMIT, 0, "%s has %llu bytes, at most %llu are read", path,
                       (unsigned long long)info.size, (unsigned long long)TQ_GTFS_FILE_MAX);
    TQ_TRY(tq_map_open(path, &out->map, err));
    out->text = (tq_str){(const char *)out->map.at, out->map.len};
    return TQ_OK;
}

void gtfs_text_free(gtfs_text *text)
{
    free(text->owned);
    if (text->map.at != NULL) tq_map_close(&text->map);
    *text = (gtfs_text){0};
}

tq_status gtfs_source_names(const gtfs_source *source, void (*seen)(void *user, const char *name),
                            void *user, tq_err *err)
{
    if (source->kind == GTFS_FOLDER) return tq_folder_list(source->path, seen, user, err);
    for (uint32_t k = 0; k < source->file_count; k++)
        seen(user, source->file[k].name);
    if (source->zip == NULL) return TQ_OK;
    zip_int64_t entries = zip_get_num_entries(source->zip, 0);
    for (zip_int64_t entry = 0; entry < entries; entry++) {
        const char *name = zip_get_name(source->zip, (zip_uint64_t)entry, 0);
        if (name == NULL) continue;
        const char *slash = strrchr(name, '/');
        seen(user, slash != NULL ? slash + 1 : name);
    }
    return TQ_OK;
}
