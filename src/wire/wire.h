/*
 * wire: byte formats without I/O. Bytes in, values out (or the reverse); no file, socket or clock.
 * Every reader takes a slice, never reads past it, and names place and value when it refuses.
 *
 *   csv       RFC 4180 rows as GTFS uses them        wire/csv.c
 *   osm       .osm.pbf blocks and .osm XML           wire/osm_pbf.c osm_xml.c
 *   protobuf  the few wire types that the above need wire/protobuf.c
 *   polyline  encoded lines, 5 or 6 digits           wire/polyline.c
 *   mvt       vector tiles 2.1, writing              wire/mvt.c
 */
#ifndef TQ_WIRE_H
#define TQ_WIRE_H

#include "base/base.h"

/* ---- csv ---------------------------------------------------------------------------------------
 */

#define TQ_CSV_COLUMNS_MAX 256
#define TQ_CSV_ROW_MAX     (1 << 20) /* bytes, so that a quote that is never closed costs little */

/*
 * Reads one file held in memory. Handles a byte order mark, CRLF, CR and LF ends, quotes with
 * doubled quotes, quoted line ends, missing last line end. Fields are trimmed of blanks outside
 * quotes. A row with fewer fields than the head yields empty ones; more is an error of that row.
 */
typedef struct tq_csv {
    const char *at, *end;
    uint32_t line; /* 1-based line on which the last row began */
    uint32_t next_line;
    uint32_t columns; /* of the head */
    tq_str head[TQ_CSV_COLUMNS_MAX];
    tq_str
        field[TQ_CSV_COLUMNS_MAX]; /* of the last row; a quoted one with "" lives in `unquoted` */
    tq_buf unquoted;
} tq_csv;

/** Start reading and take the head row. The bytes must outlive the reader. */
tq_status tq_csv_begin(tq_csv *csv, tq_str bytes, tq_err *err);
/** Next row into csv->field. *more is false at the end. Blank lines are passed over. A bad row is
   TQ_BAD_INPUT with the reader standing behind it, so that a caller may count it and go on. */
tq_status tq_csv_next(tq_csv *csv, bool *more, tq_err *err);
/** Column of that name, or TQ_NONE. */
uint32_t tq_csv_column(const tq_csv *csv, const char *name);
void tq_csv_end(tq_csv *csv);

/* ---- osm ---------------------------------------------------------------------------------------
 */

typedef struct tq_osm_tag {
    tq_str key, value;
} tq_osm_tag;

typedef enum tq_osm_kind { TQ_OSM_NODE, TQ_OSM_WAY, TQ_OSM_RELATION } tq_osm_kind;

typedef struct tq_osm_member {
    tq_osm_kind kind;
    int64_t id;
    tq_str role;
} tq_osm_member;

/* One element; slices live until the handler returns. */
typedef struct tq_osm_element {
    tq_osm_kind kind;
    int64_t id;
    int32_t lat_e7, lon_e7; /* nodes */
    const tq_osm_tag *tag;
    uint32_t tag_count;
    const int64_t *ref; /* ways: node ids in order */
    uint32_t ref_count;
    const tq_osm_member *member; /* relations */
    uint32_t member_count;
} tq_osm_element;

/* Called once an element; anything but TQ_OK stops the reading with that status. */
typedef tq_status (*tq_osm_handler)(void *user, const tq_osm_element *element, tq_err *err);

#define TQ_OSM_WANT_NODES        1u /* nodes: all, with position */
#define TQ_OSM_WANT_WAYS         2u
#define TQ_OSM_WANT_RELATIONS    4u
#define TQ_OSM_WANT_TAGGED_NODES 8u /* only nodes with at least one tag */

/* A blob of a .osm.pbf file: where it lies, found without inflating. */
typedef struct tq_pbf_blob {
    uint64_t offset; /* of the Blob message */
    uint32_t len;
    bool is_header; /* OSMHeader, else OSMData */
} tq_pbf_blob;

/** Find the next blob at *offset and step over it. *more is false at the end of the file. */
tq_status tq_pbf_next_blob(tq_str file, uint64_t *offset, tq_pbf_blob *blob, bool *more,
                           tq_err *err);
/** Bytes that the blob says it holds, unpacked; tq_pbf_read_blob refuses a blob that holds another
 * number. */
tq_status tq_pbf_blob_unpacked(tq_str file, const tq_pbf_blob *blob, uint64_t *len, tq_err *err);
/* Scratch of one thread that reads blobs. */
typedef struct tq_pbf_reader tq_pbf_reader;
tq_pbf_reader *tq_pbf_reader_new(void); /* NULL = no memory */
void tq_pbf_reader_free(tq_pbf_reader *reader);
/** Inflate one blob (zlib or raw) and hand out its elements; a header blob checks the required
 * features. */
tq_status tq_pbf_read_blob(tq_pbf_reader *reader, tq_str file, const tq_pbf_blob *blob,
                           unsigned want, tq_osm_handler handler, void *user, tq_err *err);
/** Read OSM XML text (already inflated). */
tq_status tq_osm_xml_read(tq_str text, unsigned want, tq_osm_handler handler, void *user,
                          tq_err *err);

/* ---- protobuf ----------------------------------------------------------------------------------
 */

typedef struct tq_proto {
    const uint8_t *at, *end;
} tq_proto;
typedef struct tq_proto_field {
    uint32_t number;
    uint8_t type; /* 0 varint, 1 64 bit, 2 bytes, 5 32 bit */
    uint64_t value;
    tq_str bytes;
} tq_proto_field;
/** Next field; *more false at the end. */
tq_status tq_proto_next(tq_proto *proto, tq_proto_field *field, bool *more, tq_err *err);
bool tq_proto_varint(tq_proto *proto, uint64_t *value); /* for packed fields */
static inline int64_t tq_zigzag(uint64_t value)
{
    return (int64_t)(value >> 1) ^ -(int64_t)(value & 1);
}
void tq_proto_put_varint(tq_buf *buf, uint32_t number, uint64_t value);
void tq_proto_put_bytes(tq_buf *buf, uint32_t number, const void *bytes, size_t len);

/* ---- polyline ----------------------------------------------------------------------------------
 */

/** Append the encoded line; digits 5 or 6. Points are interleaved lat, lon in 1e-7 degrees. */
void tq_polyline_put(tq_buf *buf, const int32_t *lat_lon_e7, size_t point_count, unsigned digits);
/** Decode into out (room for `cap` points); TQ_LIMIT when there are more. */
tq_status tq_polyline_read(tq_str text, unsigned digits, int32_t *lat_lon_e7, size_t cap,
                           size_t *point_count, tq_err *err);

/* ---- mvt ---------------------------------------------------------------------------------------
 */

#define TQ_MVT_EXTENT 4096
typedef enum tq_mvt_type { TQ_MVT_POINT = 1, TQ_MVT_LINE = 2, TQ_MVT_POLYGON = 3 } tq_mvt_type;
typedef struct tq_mvt tq_mvt;
tq_mvt *tq_mvt_new(void); /* reusable; NULL = no memory */
void tq_mvt_free(tq_mvt *mvt);
void tq_mvt_begin(tq_mvt *mvt, tq_buf *out);
void tq_mvt_layer(tq_mvt *mvt, const char *name);
/** One feature; coordinates are tile units x, y interleaved, already clipped; then its tags. */
void tq_mvt_feature(tq_mvt *mvt, uint64_t id, tq_mvt_type type, const int32_t *xy,
                    size_t point_count);
void tq_mvt_tag_text(tq_mvt *mvt, const char *key, tq_str value);
void tq_mvt_tag_int(tq_mvt *mvt, const char *key, int64_t value);
void tq_mvt_tag_bool(tq_mvt *mvt, const char *key, bool value);
void tq_mvt_tag_double(tq_mvt *mvt, const char *key, double value);
/** Finish all layers into the buffer; TQ_NO_MEMORY when anything failed on the way. */
tq_status tq_mvt_end(tq_mvt *mvt, tq_err *err);

#endif
