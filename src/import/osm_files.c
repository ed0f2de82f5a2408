/*
 * OpenStreetMap files of a city: mapped, unpacked if they are gzip, and taken apart into parts.
 *
 * What a file is, its first bytes say: gzip or < means XML, anything else must be PBF. A PBF has
 * one part a blob, an XML file is one part. Gzip is unpacked whole, up to TQ_OSM_XML_BYTES_MAX.
 * What a file may unpack to grows with its size (TQ_OSM_UNPACKED_FREE and _RATIO), whatever its
 * packing.
 */
#include <stdio.h>
#include <zlib.h>

#include "import/osm_in.h"

static uint64_t unpacked_max(const osm_file *file)
{
    return TQ_OSM_UNPACKED_FREE + file->map.len * TQ_OSM_UNPACKED_RATIO;
}

static tq_status over_unpacked_max(const osm_file *file, tq_err *err)
{
    return tq_fail(
        err, TQ_LIMIT, 0,
        "%s: unpacks to over %u MiB + %u times its size; no extract does, fetch it again",
        file->name, (unsigned)(TQ_OSM_UNPACKED_FREE >> 20), TQ_OSM_UNPACKED_RATIO);
}

static tq_status gunzip(osm_file *file, tq_err *err)
{
    z_stream stream = {0};
    if (inflateInit2(&stream, 16 + MAX_WBITS) != Z_OK) return import_no_memory(err);
    tq_buf out = {.limit = (size_t)TQ_MIN(unpacked_max(file), TQ_OSM_XML_BYTES_MAX)};
    bool over = false; /* the limit, not the memory, ended it */
    int code = Z_OK;
    stream.next_in = (Bytef *)(uintptr_t)file->map.at; /* zlib only reads it */
    stream.avail_in = (uInt)TQ_MIN(file->map.len, UINT32_MAX);
    uint8_t *piece = TQ_ALLOC(uint8_t, (size_t)1 << 18);
    while (piece != NULL && code == Z_OK && !out.failed) {
        stream.next_out = piece;
        stream.avail_out = 1 << 18;
        code = inflate(&stream, Z_NO_FLUSH);
        size_t got = ((size_t)1 << 18) - stream.avail_out;
        over = got > out.limit - out.len;
        tq_buf_put(&out, piece, got);
    }
    uint64_t at = stream.total_in;
    (void)inflateEnd(&stream);
    tq_status status = TQ_OK;
    if (piece == NULL || (out.failed && !over))
        status = import_no_memory(err);
    else if (over && out.limit < TQ_OSM_XML_BYTES_MAX)
        status = over_unpacked_max(file, err);
    else if (over)
        status = tq_fail(err, TQ_LIMIT, 0, "%s: over %u MiB when unpacked; convert it to .osm.pbf",
                         file->name, TQ_OSM_XML_BYTES_MAX >> 20);
    else if (code != Z_STREAM_END)
        status = tq_fail(err, TQ_BAD_INPUT, 0, "%s: byte %llu: the gzip data is damaged or cut off",
                         file->name, (unsigned long long)at);
    tq_free(piece);
    if (status != TQ_OK) {
        tq_buf_free(&out);
        return status;
    }
    file->inflated = out.at;
    file->bytes = (tq_str){out.at, out.len};
    return TQ_OK;
}

static bool begins_as_xml(tq_str bytes)
{
    if (tq_str_starts(bytes, "\xef\xbb\xbf")) return true;
    bytes = tq_str_trim((tq_str){bytes.at, TQ_MIN(bytes.len, 256)});
    return bytes.len > 0 && bytes.at[0] == '<';
}

/* A part a blob. The sizes that blobs claim are summed up here, before any is unpacked; reading
 * holds each to its claim. */
static tq_status find_blobs(osm_import *import, const osm_file *file, osm_part part, tq_err *err)
{
    uint64_t offset = 0, unpacked = 0;
    tq_err inner = {0};
    size_t before = import->parts.count;
    for (bool more = true;;) {
        uint64_t len = 0;
        tq_status status = tq_pbf_next_blob(file->bytes, &offset, &part.blob, &more, &inner);
        if (status == TQ_OK && more)
            status = tq_pbf_blob_unpacked(file->bytes, &part.blob, &len, &inner);
        if (status != TQ_OK) {
            status = tq_fail(err, status, 0, "%s: %.300s", file->name, inner.text);
            if (err != NULL) err->offset = inner.offset;
            return status;
        }
        if (!more) break;
        if (import->parts.count == before && !part.blob.is_header)
            return tq_fail(err, TQ_BAD_INPUT, 0,
                           "%s: the first blob is no OSMHeader; this is no .osm.pbf file",
                           file->name);
        unpacked += len;
        if (unpacked > unpacked_max(file)) return over_unpacked_max(file, err);
        if ((import->parts.count - before) * sizeof part >
            TQ_OSM_KEPT_FREE + file->map.len * TQ_OSM_KEPT_RATIO)
            return tq_fail(err, TQ_LIMIT, 0, "%s: byte %llu: too many tiny blobs for its size",
                           file->name, (unsigned long long)part.blob.offset);
        if (!tq_vec_push(&import->parts, part)) return import_no_memory(err);
    }
    if (import->parts.count == before)
        return tq_fail(err, TQ_BAD_INPUT, 0, "%s: the file holds no OpenStreetMap data",
                       file->name);
    return TQ_OK;
}

tq_status osm_open_file(osm_import *import, uint32_t index, tq_err *err)
{
    osm_file *file = &import->file[index];
    const tq_settings *settings = import->build->settings;
    file->name = settings->osm[index];
    if (!tq_path_join(file->path, settings->folder, file->name))
        return tq_fail(err, TQ_BAD_CONFIG, 0, "the path of %s is over %d bytes", file->name,
                       TQ_PATH_MAX);
    TQ_TRY(tq_map_open(file->path, &file->map, err));
    file->bytes = (tq_str){(const char *)file->map.at, file->map.len};
    if (file->map.len >= 2 && file->map.at[0] == 0x1f && file->map.at[1] == 0x8b) {
        TQ_TRY(gunzip(file, err));
        file->is_xml = true;
    }
    file->is_xml = file->is_xml || begins_as_xml(file->bytes);
    osm_part part = {.file = index, .is_xml = file->is_xml};
    if (file->is_xml) {
        if (file->bytes.len > TQ_OSM_XML_BYTES_MAX)
            return tq_fail(err, TQ_LIMIT, 0, "%s: OSM XML over %u MiB; convert it to .osm.pbf",
                           file->name, TQ_OSM_XML_BYTES_MAX >> 20);
        return tq_vec_push(&import->parts, part) ? TQ_OK : import_no_memory(err);
    }
    return find_blobs(import, file, part, err);
}
