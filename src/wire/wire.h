/*
 * wire: byte formats without I/O. Bytes in, values out (or the reverse); no file, socket or clock.
 * Every reader takes a slice, never reads past it, and names place and value when it refuses.
 *
 *   csv       RFC 4180 rows as GTFS uses them        wire/csv.c
 *   osm       .osm.pbf blocks and .osm XML           wire/osm_pbf.c osm_xml.c
 *   protobuf  the few wire types that the above need wire/protobuf.c
 *   polyline  encoded lines, 5 or 6 digits           wire/polyline.c
 *   gtfs-rt   GTFS-Realtime messages, both ways      wire/gtfs_rt*.c
 *   mvt       vector tiles 2.1, writing              wire/mvt.c
 *   jt905     taxi head units, both ways             wire/jt905*.c
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
    uint32_t fields;  /* that the last row has; those up to `columns` are empty */
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

/* ---- gtfs-rt -----------------------------------------------------------------------------------
 *
 * GTFS-Realtime 2.0 as plain structs. Texts are slices of the message (at NULL = not given), lists
 * and nested messages live in the pool that the reader is given (NULL = not given). has_x tells
 * whether a number was given; if not, x holds the default of the protocol. Instants are POSIX
 * seconds.
 */

#define TQ_RT_BYTES_MAX    ((size_t)64 << 20)
#define TQ_RT_ENTITIES_MAX 200000u
#define TQ_RT_LIST_MAX     20000u   /* items of any other list */
#define TQ_RT_ITEMS_MAX    4000000u /* nested messages and listed texts in all */

#define TQ_RT_LIST(T)                                                                              \
    struct {                                                                                       \
        T *at;                                                                                     \
        uint32_t count;                                                                            \
    }
/* The same layout for the tables that read and write every list. */
typedef TQ_RT_LIST(void) tq_rt_list;
typedef TQ_RT_LIST(tq_str) tq_rt_strs;

typedef enum tq_rt_trip_relation {
    TQ_RT_SCHEDULED = 0,
    TQ_RT_ADDED = 1, /* former name of NEW */
    TQ_RT_UNSCHEDULED = 2,
    TQ_RT_CANCELED = 3,
    TQ_RT_REPLACEMENT = 5,
    TQ_RT_DUPLICATED = 6,
    TQ_RT_DELETED = 7,
    TQ_RT_NEW = 8
} tq_rt_trip_relation;

typedef enum tq_rt_stop_relation {
    TQ_RT_STOP_SCHEDULED = 0,
    TQ_RT_STOP_SKIPPED = 1,
    TQ_RT_STOP_NO_DATA = 2,
    TQ_RT_STOP_UNSCHEDULED = 3
} tq_rt_stop_relation;

typedef enum tq_rt_cause {
    TQ_RT_CAUSE_UNKNOWN = 1,
    TQ_RT_CAUSE_OTHER = 2,
    TQ_RT_CAUSE_ACCIDENT = 6,
    TQ_RT_CAUSE_WEATHER = 8,
    TQ_RT_CAUSE_MAINTENANCE = 9,
    TQ_RT_CAUSE_CONSTRUCTION = 10,
    TQ_RT_CAUSE_POLICE = 11,
    TQ_RT_CAUSE_EVENT = 13
} tq_rt_cause;

typedef enum tq_rt_effect {
    TQ_RT_EFFECT_NO_SERVICE = 1,
    TQ_RT_EFFECT_REDUCED = 2,
    TQ_RT_EFFECT_DELAYS = 3,
    TQ_RT_EFFECT_DETOUR = 4,
    TQ_RT_EFFECT_MODIFIED = 6,
    TQ_RT_EFFECT_OTHER = 7,
    TQ_RT_EFFECT_UNKNOWN = 8,
    TQ_RT_EFFECT_STOP_MOVED = 9
} tq_rt_effect;

typedef struct tq_rt_text {
    tq_str text, language;
} tq_rt_text;
typedef struct tq_rt_texts {
    TQ_RT_LIST(tq_rt_text) translation;
} tq_rt_texts;
typedef struct tq_rt_image {
    tq_str url, media_type, language;
} tq_rt_image;
typedef struct tq_rt_images {
    TQ_RT_LIST(tq_rt_image) localized_image;
} tq_rt_images;

typedef struct tq_rt_modified_trip {
    tq_str modifications_id, affected_trip_id, start_time, start_date;
} tq_rt_modified_trip;
typedef struct tq_rt_trip {
    tq_str trip_id, start_time, start_date, route_id;
    tq_rt_modified_trip *modified_trip;
    uint32_t schedule_relationship; /* tq_rt_trip_relation */
    uint32_t direction_id;
    bool has_schedule_relationship, has_direction_id;
} tq_rt_trip;
typedef struct tq_rt_vehicle_name {
    tq_str id, label, license_plate;
    uint32_t wheelchair_accessible;
    bool has_wheelchair_accessible;
} tq_rt_vehicle_name;

typedef struct tq_rt_event {
    int64_t time, scheduled_time;
    int32_t delay, uncertainty; /* seconds */
    bool has_time, has_scheduled_time, has_delay, has_uncertainty;
} tq_rt_event;
typedef struct tq_rt_stop_properties {
    tq_str assigned_stop_id, stop_headsign;
    uint32_t pickup_type, drop_off_type;
    bool has_pickup_type, has_drop_off_type;
} tq_rt_stop_properties;
typedef struct tq_rt_stop_time {
    tq_str stop_id;
    tq_rt_event *arrival, *departure;
    tq_rt_stop_properties *properties;
    uint32_t stop_sequence;
    uint32_t schedule_relationship; /* tq_rt_stop_relation */
    uint32_t departure_occupancy_status;
    bool has_stop_sequence, has_schedule_relationship, has_departure_occupancy_status;
} tq_rt_stop_time;
typedef struct tq_rt_trip_properties {
    tq_str trip_id, start_date, start_time, shape_id, trip_headsign, trip_short_name;
} tq_rt_trip_properties;
typedef struct tq_rt_trip_update {
    tq_rt_trip *trip; /* never NULL when read */
    tq_rt_vehicle_name *vehicle;
    tq_rt_trip_properties *properties;
    TQ_RT_LIST(tq_rt_stop_time) stop_time;
    uint64_t timestamp;
    int32_t delay;
    bool has_timestamp, has_delay;
} tq_rt_trip_update;

typedef struct tq_rt_position {
    double odometer;
    float latitude, longitude, bearing, speed; /* speed in m/s */
    bool has_latitude, has_longitude, has_bearing, has_odometer, has_speed;
} tq_rt_position;
typedef struct tq_rt_carriage {
    tq_str id, label;
    uint32_t occupancy_status, carriage_sequence;
    int32_t occupancy_percentage;
    bool has_occupancy_status, has_occupancy_percentage, has_carriage_sequence;
} tq_rt_carriage;
typedef struct tq_rt_vehicle {
    tq_str stop_id;
    tq_rt_trip *trip;
    tq_rt_position *position;
    tq_rt_vehicle_name *vehicle;
    TQ_RT_LIST(tq_rt_carriage) carriage;
    uint64_t timestamp;
    uint32_t current_stop_sequence, current_status, congestion_level, occupancy_status,
        occupancy_percentage;
    bool has_current_stop_sequence, has_current_status, has_timestamp, has_congestion_level,
        has_occupancy_status, has_occupancy_percentage;
} tq_rt_vehicle;

typedef struct tq_rt_range {
    uint64_t start, end;
    bool has_start, has_end;
} tq_rt_range;
typedef struct tq_rt_selector {
    tq_str agency_id, route_id, stop_id;
    tq_rt_trip *trip;
    int32_t route_type;
    uint32_t direction_id;
    bool has_route_type, has_direction_id;
} tq_rt_selector;
typedef struct tq_rt_alert {
    TQ_RT_LIST(tq_rt_range) active_period;
    TQ_RT_LIST(tq_rt_selector) informed_entity;
    tq_rt_texts *url, *header_text, *description_text, *tts_header_text, *tts_description_text,
        *image_alternative_text, *cause_detail, *effect_detail;
    tq_rt_images *image;
    uint32_t cause;  /* tq_rt_cause and others */
    uint32_t effect; /* tq_rt_effect and others */
    uint32_t severity_level;
    bool has_cause, has_effect, has_severity_level;
} tq_rt_alert;

typedef struct tq_rt_shape {
    tq_str shape_id, encoded_polyline; /* 5 digits */
} tq_rt_shape;
typedef struct tq_rt_stop {
    tq_str stop_id, zone_id, parent_station, stop_timezone, level_id;
    tq_rt_texts *stop_code, *stop_name, *tts_stop_name, *stop_desc, *stop_url, *platform_code;
    float stop_lat, stop_lon;
    uint32_t wheelchair_boarding;
    bool has_stop_lat, has_stop_lon, has_wheelchair_boarding;
} tq_rt_stop;

typedef struct tq_rt_stop_selector {
    tq_str stop_id;
    uint32_t stop_sequence;
    bool has_stop_sequence;
} tq_rt_stop_selector;
typedef struct tq_rt_replacement_stop {
    tq_str stop_id;
    int32_t travel_time_to_stop; /* from the arrival at the stop before the modification */
    bool has_travel_time_to_stop;
} tq_rt_replacement_stop;
typedef struct tq_rt_modification {
    tq_rt_stop_selector *start_stop_selector, *end_stop_selector;
    TQ_RT_LIST(tq_rt_replacement_stop) replacement_stop;
    tq_str service_alert_id;
    uint64_t last_modified_time;
    int32_t propagated_modification_delay;
    bool has_propagated_modification_delay, has_last_modified_time;
} tq_rt_modification;
typedef struct tq_rt_selected_trips {
    tq_rt_strs trip_ids;
    tq_str shape_id;
} tq_rt_selected_trips;
typedef struct tq_rt_trip_modifications {
    TQ_RT_LIST(tq_rt_selected_trips) selected_trips;
    tq_rt_strs start_times, service_dates;
    TQ_RT_LIST(tq_rt_modification) modification;
} tq_rt_trip_modifications;

typedef struct tq_rt_entity {
    tq_str id;
    tq_rt_trip_update *trip_update;
    tq_rt_vehicle *vehicle;
    tq_rt_alert *alert;
    tq_rt_shape *shape;
    tq_rt_stop *stop;
    tq_rt_trip_modifications *trip_modifications;
    bool is_deleted, has_is_deleted;
} tq_rt_entity;
typedef struct tq_rt_header {
    tq_str gtfs_realtime_version, feed_version;
    uint64_t timestamp;
    uint32_t incrementality; /* 0 full dataset, 1 differential */
    bool has_incrementality, has_timestamp;
} tq_rt_header;
typedef struct tq_rt_feed {
    tq_rt_header *header; /* never NULL when read */
    TQ_RT_LIST(tq_rt_entity) entity;
} tq_rt_feed;

/**
 * Read a FeedMessage. Fields that are not in the protocol's table (extensions among them) and enum
 * values that are not known are passed over; a missing required field, a field of another wire type
 * and broken bytes are TQ_BAD_INPUT with the byte's offset. TQ_LIMIT names the limit. `out` points
 * into `bytes` and `pool`.
 */
tq_status tq_gtfs_rt_read(tq_str bytes, tq_pool *pool, tq_rt_feed *out, tq_err *err);
/** Append the protobuf form, fields in order of their numbers. */
void tq_gtfs_rt_write(const tq_rt_feed *feed, tq_buf *out);
/** Append the JSON form of protocol buffers: lowerCamelCase, enums by name, 64 bits as text. */
void tq_gtfs_rt_json(const tq_rt_feed *feed, tq_buf *out);

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

/* ---- jt905 -------------------------------------------------------------------------------------
 *
 * JT/T 905.2-2014: the talk between a taxi's head unit (ISU) and the centre. Frames are 7E ... 7E
 * with escapes, a 12-byte header and an exclusive-or check; numbers are big-endian, texts GBK,
 * times in GMT+8. Nothing here allocates but the two text functions, through iconv.
 */

#define TQ_JT905_BODY_MAX  8192u /* our limit; the length field could say 65,535 */
#define TQ_JT905_RAW_MAX   (12u + TQ_JT905_BODY_MAX + 1u) /* header, body, check */
#define TQ_JT905_WIRE_MAX  (2u * TQ_JT905_RAW_MAX + 2u)   /* all escaped, two flags */
#define TQ_JT905_TEXT_MAX  499u                           /* bytes of GBK in a text sent down */
#define TQ_JT905_NO_TIME   INT64_MIN                      /* all zeros on the wire */
#define TQ_JT905_TIME_FROM INT64_C(946656000000)          /* 2000-01-01 00:00:00 GMT+8 */
#define TQ_JT905_TIME_END  INT64_C(4102416000000)         /* 2100-01-01 00:00:00 GMT+8 */

typedef enum tq_jt905_id {
    TQ_JT905_UNIT_ANSWER = 0x0001,
    TQ_JT905_HEARTBEAT = 0x0002,
    TQ_JT905_POSITION = 0x0200,
    TQ_JT905_POSITION_ANSWER = 0x0201,
    TQ_JT905_TRACK_POSITION = 0x0202,
    TQ_JT905_LATE_POSITIONS = 0x0203,
    TQ_JT905_EVENT = 0x0301,
    TQ_JT905_QUESTION_ANSWER = 0x0302,
    TQ_JT905_CONTROL_ANSWER = 0x0500,
    TQ_JT905_BID = 0x0B01,
    TQ_JT905_ON_DUTY = 0x0B03,
    TQ_JT905_OFF_DUTY = 0x0B04,
    TQ_JT905_TRIP = 0x0B05,
    TQ_JT905_DONE = 0x0B07,
    TQ_JT905_DRIVER_CANCELS = 0x0B08,
    TQ_JT905_CENTRE_ANSWER = 0x8001,
    TQ_JT905_ASK_POSITION = 0x8201,
    TQ_JT905_TRACK = 0x8202,
    TQ_JT905_TEXT = 0x8300,
    TQ_JT905_CALL_BACK = 0x8400,
    TQ_JT905_CONTROL = 0x8500,
    TQ_JT905_OFFER = 0x8B00,
    TQ_JT905_BID_WON = 0x8B01,
    TQ_JT905_BID_LOST = 0x8B02, /* layout not confirmed by any frame */
    TQ_JT905_CENTRE_CANCELS = 0x8B09,
    TQ_JT905_ALARM_CONFIRM = 0x8B0A,
    TQ_JT905_ALARM_CLEAR = 0x8B0B
} tq_jt905_id;

#define TQ_JT905_HEADER 12u

/* One frame, unescaped. Holds its own bytes: about 8 KiB. */
typedef struct tq_jt905_frame {
    bool got; /* false: nothing whole yet, send more */
    uint16_t id, serial;
    uint64_t isu;      /* the 12 digits as hexadecimal ones: 0x108000000316 */
    uint32_t body_len; /* bytes from raw + TQ_JT905_HEADER */
    size_t skipped;    /* bytes before the opening flag that belong to no frame */
    uint8_t raw[TQ_JT905_RAW_MAX];
} tq_jt905_frame;

/**
 * Get at most one frame out of `len` bytes. *used tells how many to drop from the front, also when
 * it fails. The closing flag stays in place, because the next frame may share it.
 *
 * TQ_BAD_INPUT: bytes between two flags that are no frame (escape, length, check), named; dropped.
 * TQ_LIMIT: too long; dropped. After both call again: the next frame is found.
 */
tq_status tq_jt905_next(const uint8_t *bytes, size_t len, size_t *used, tq_jt905_frame *frame,
                        tq_err *err);
/** Write a frame with its escapes. TQ_LIMIT when it needs more than `cap` bytes or the body is too
 * long; TQ_JT905_WIRE_MAX is always enough. */
tq_status tq_jt905_put(uint16_t id, uint64_t isu, uint16_t serial, const uint8_t *body,
                       size_t body_len, uint8_t *out, size_t cap, size_t *len, tq_err *err);
/** Whether the identity is a head unit's (digits 10...) and not a phone number of JT/T 808, on a
 * port that both use. */
bool tq_jt905_is_unit(uint64_t isu);

/* Status bits. Mind the first: the other way round than in JT/T 808. */
#define TQ_JT905_NOT_POSITIONED (1u << 0)
#define TQ_JT905_SOUTH          (1u << 1)
#define TQ_JT905_WEST           (1u << 2)
#define TQ_JT905_OUT_OF_SERVICE (1u << 3)
#define TQ_JT905_ON_ORDER       (1u << 4)
#define TQ_JT905_NOW_HIRED      (1u << 5) /* event: vacant to hired */
#define TQ_JT905_NOW_VACANT     (1u << 6) /* event: hired to vacant */
#define TQ_JT905_ACC_ON         (1u << 8)
#define TQ_JT905_HIRED          (1u << 9)

typedef struct tq_jt905_position {
    uint32_t alarm, status;
    uint32_t lat_e4min, lon_e4min; /* 1/10000 minute, unsigned; hemispheres in the status */
    uint16_t speed_x10_kmh;
    uint8_t direction_2deg; /* 0 .. 179 */
    int64_t time_ms;        /* or TQ_JT905_NO_TIME */
} tq_jt905_position;

#define TQ_JT905_POSITION_BYTES 25u
tq_status tq_jt905_read_position(const uint8_t bytes[TQ_JT905_POSITION_BYTES],
                                 tq_jt905_position *out, tq_err *err);
/** Its point, signed; false (out untouched) when the unit says it is not positioned, or the point
 * is off the earth. */
bool tq_jt905_point(const tq_jt905_position *position, int32_t *lat_e7, int32_t *lon_e7);
/** Set the point and its hemisphere bits. */
void tq_jt905_set_point(tq_jt905_position *position, int32_t lat_e7, int32_t lon_e7);
/** 1/10000 minute to 1e-7 degrees, nearest; 0 .. 180 degrees, else false. Exact there and back. */
bool tq_jt905_e7_of(uint32_t e4min, int32_t *e7);
uint32_t tq_jt905_e4min_of(int32_t e7); /* of its absolute value */

typedef struct tq_jt905_order {
    uint32_t order; /* id given by the centre */
    uint8_t kind;   /* 0 now, 1 booked, 2 assigned */
    int64_t time_ms;
    uint32_t from_lon_e4min, from_lat_e4min, to_lon_e4min, to_lat_e4min; /* TQ_JT905_BID_WON */
    uint32_t fee; /* of the service, 4 digits; their unit is not confirmed */
    tq_str phone; /* TQ_JT905_BID_WON */
    tq_str text;
} tq_jt905_order;

typedef struct tq_jt905_duty {
    tq_jt905_position position;
    tq_str company, driver, plate; /* at most 16, 19, 6 bytes */
    int64_t on_ms;                 /* power on; minutes */
    /* TQ_JT905_OFF_DUTY only */
    uint32_t k_value;
    int64_t off_ms;
    uint32_t km_x10, paid_km_x10, trips, busy_s;
    uint32_t amount_x10_yuan, card_amount_x10_yuan, card_trips;
    uint32_t between_km_x10, total_km_x10, total_paid_km_x10, price_fen, total_trips;
    uint8_t mode;
} tq_jt905_duty;

typedef struct tq_jt905_trip {
    tq_jt905_position start, end;
    uint32_t trip, rating;
    uint8_t rating_value;
    uint16_t rating_more;
    uint32_t order; /* 0 = hailed in the street */
    /* The meter's block. */
    tq_str plate, company, driver;
    int64_t on_ms;    /* minutes */
    uint32_t off_min; /* minute of the day; tq_jt905_trip_off_ms */
    uint32_t km_x10, empty_km_x10, surcharge_x10_yuan, waiting_min, amount_x10_yuan;
    uint32_t trip_number;
    uint8_t pay; /* 0 cash, 1 M1 card, 3 CPU card, 9 other */
} tq_jt905_trip;
/** End of the trip by the meter: on the next day when its minute lies before the start. */
int64_t tq_jt905_trip_off_ms(const tq_jt905_trip *trip);

/* A message. Texts are GBK and slices of the frame. `extra` is what follows the known layout: items
 * of a position, card data, a maker's additions, or the whole body when `known` is false. */
typedef struct tq_jt905_message {
    uint16_t id;
    bool known;
    union {
        struct {
            uint16_t serial, id;
            uint8_t result; /* 0 done, 1 failed, 2 bad */
        } answer;           /* 0001, 8001 */
        struct {
            uint16_t serial; /* 0201, 0500: of what it answers */
            tq_jt905_position at;
        } position; /* 0200, 0201, 0202, 0500; a 0203 is all extra, 25 bytes each */
        struct {
            uint8_t mode; /* 00 time, time  11 distance, distance  01 time, distance  FF stop */
            uint16_t interval;
            uint32_t length;
        } track; /* 8202 */
        struct {
            uint8_t flags; /* 8300: 1 urgent, 4 display, 8 speak, 16 ad screen; 8400: listen */
            tq_str text;   /* 8400: the number to call */
        } text;
        struct {
            uint8_t event; /* 0301 */
            uint32_t question;
            uint8_t answer; /* 0302 */
        } event;
        struct {
            uint8_t item, command;
        } control;            /* 8500 */
        tq_jt905_order order; /* 8B00, 8B01 */
        struct {
            uint32_t order;
            uint8_t reason; /* 0B08: 0 accident, 1 jam, 2 other */
        } step;             /* 0B01, 0B07, 0B08, 8B02, 8B09 */
        tq_jt905_duty duty; /* 0B03, 0B04 */
        tq_jt905_trip trip; /* 0B05 */
    } of;
    tq_str extra;
} tq_jt905_message;

/** Read a frame's body; `out` points into the frame. An id that is not in tq_jt905_id is TQ_OK with
 * known = false. TQ_BAD_INPUT names the field; `out` is untouched then. */
tq_status tq_jt905_read(const tq_jt905_frame *frame, tq_jt905_message *out, tq_err *err);
/** Write a body of at most `cap` bytes (TQ_JT905_BODY_MAX is always enough). */
tq_status tq_jt905_write(const tq_jt905_message *message, uint8_t *out, size_t cap, size_t *len,
                         tq_err *err);

typedef struct tq_jt905_item {
    uint8_t id; /* 1 0.1 km, 2 0.1 l, 3 m, 0x11 overspeed, 0x12 area, 0x13 and 0x14 segment */
    tq_str value;
    uint64_t number; /* of a value of up to 8 bytes, else 0 */
} tq_jt905_item;
/** Next item of *items (advances it). False at the end, or when the rest is no whole item: then
 * *items is not empty. */
bool tq_jt905_next_item(tq_str *items, tq_jt905_item *item);

/** GBK to UTF-8 and back into `out`. Bytes or characters that have no counterpart become U+FFFD or
 * a question mark and are counted. TQ_LIMIT when `cap` is too small: three bytes for each byte of
 * GBK, one for each byte of UTF-8 are always enough. */
tq_status tq_gbk_to_utf8(tq_str gbk, char *out, size_t cap, size_t *len, uint32_t *replaced,
                         tq_err *err);
tq_status tq_utf8_to_gbk(tq_str utf8, char *out, size_t cap, size_t *len, uint32_t *replaced,
                         tq_err *err);

#endif
