/*
 * The messages of GTFS-Realtime 2.0 as a table: number, kind, default and name of every field, in
 * order of numbers (gtfs-realtime.proto; the members are in wire.h).
 */
#include "wire/gtfs_rt_in.h"

#define VALUES(of, ...)                                                                            \
    static const char *const of##_names[] = {__VA_ARGS__};                                         \
    static const rt_enum of##_values = {TQ_COUNT(of##_names), of##_names};

VALUES(trip_relation, "SCHEDULED", "ADDED", "UNSCHEDULED", "CANCELED", NULL, "REPLACEMENT",
       "DUPLICATED", "DELETED", "NEW")
VALUES(stop_relation, "SCHEDULED", "SKIPPED", "NO_DATA", "UNSCHEDULED")
VALUES(wheelchair, "NO_VALUE", "UNKNOWN", "WHEELCHAIR_ACCESSIBLE", "WHEELCHAIR_INACCESSIBLE")
VALUES(boarding, "REGULAR", "NONE", "PHONE_AGENCY", "COORDINATE_WITH_DRIVER")
VALUES(occupancy, "EMPTY", "MANY_SEATS_AVAILABLE", "FEW_SEATS_AVAILABLE", "STANDING_ROOM_ONLY",
       "CRUSHED_STANDING_ROOM_ONLY", "FULL", "NOT_ACCEPTING_PASSENGERS", "NO_DATA_AVAILABLE",
       "NOT_BOARDABLE")
VALUES(status, "INCOMING_AT", "STOPPED_AT", "IN_TRANSIT_TO")
VALUES(congestion, "UNKNOWN_CONGESTION_LEVEL", "RUNNING_SMOOTHLY", "STOP_AND_GO", "CONGESTION",
       "SEVERE_CONGESTION")
VALUES(cause, NULL, "UNKNOWN_CAUSE", "OTHER_CAUSE", "TECHNICAL_PROBLEM", "STRIKE", "DEMONSTRATION",
       "ACCIDENT", "HOLIDAY", "WEATHER", "MAINTENANCE", "CONSTRUCTION", "POLICE_ACTIVITY",
       "MEDICAL_EMERGENCY", "SPECIAL_EVENT")
VALUES(effect, NULL, "NO_SERVICE", "REDUCED_SERVICE", "SIGNIFICANT_DELAYS", "DETOUR",
       "ADDITIONAL_SERVICE", "MODIFIED_SERVICE", "OTHER_EFFECT", "UNKNOWN_EFFECT", "STOP_MOVED",
       "NO_EFFECT", "ACCESSIBILITY_ISSUE")
VALUES(severity, NULL, "UNKNOWN_SEVERITY", "INFO", "WARNING", "SEVERE")
VALUES(boarding_aid, "UNKNOWN", "AVAILABLE", "NOT_AVAILABLE")
VALUES(incrementality, "FULL_DATASET", "DIFFERENTIAL")

/* Rows. T is the struct; a number has a flag has_MEMBER beside it. */
#define NUMBER(T, no, what, member, need, def, called)                                             \
    {                                                                                              \
        .number = no, .kind = what, .required = need, .at = offsetof(T, member),                   \
        .has = offsetof(T, has_##member), .missing = def, .name = called                           \
    }
#define CHOICE(T, no, member, of, def, called)                                                     \
    {                                                                                              \
        .number = no, .kind = RT_ENUM, .at = offsetof(T, member),                                  \
        .has = offsetof(T, has_##member), .missing = def, .name = called, .values = &of##_values   \
    }
#define TEXT(T, no, what, member, need, called)                                                    \
    {                                                                                              \
        .number = no, .kind = what, .required = need, .at = offsetof(T, member), .name = called    \
    }
#define NESTED(T, no, what, member, need, of, called)                                              \
    {                                                                                              \
        .number = no, .kind = what, .required = need, .at = offsetof(T, member), .name = called,   \
        .message = &of##_message                                                                   \
    }
#define MESSAGE(of, T, called)                                                                     \
    static const rt_message of##_message = {called, sizeof(T), TQ_COUNT(of##_fields), of##_fields};

static const rt_field text_fields[] = {
    TEXT(tq_rt_text, 1, RT_STR, text, true, "text"),
    TEXT(tq_rt_text, 2, RT_STR, language, false, "language"),
};
MESSAGE(text, tq_rt_text, "TranslatedString.Translation")

static const rt_field texts_fields[] = {
    NESTED(tq_rt_texts, 1, RT_MESSAGES, translation, false, text, "translation"),
};
MESSAGE(texts, tq_rt_texts, "TranslatedString")

static const rt_field image_fields[] = {
    TEXT(tq_rt_image, 1, RT_STR, url, true, "url"),
    TEXT(tq_rt_image, 2, RT_STR, media_type, true, "mediaType"),
    TEXT(tq_rt_image, 3, RT_STR, language, false, "language"),
};
MESSAGE(image, tq_rt_image, "TranslatedImage.LocalizedImage")

static const rt_field images_fields[] = {
    NESTED(tq_rt_images, 1, RT_MESSAGES, localized_image, false, image, "localizedImage"),
};
MESSAGE(images, tq_rt_images, "TranslatedImage")

static const rt_field modified_trip_fields[] = {
    TEXT(tq_rt_modified_trip, 1, RT_STR, modifications_id, false, "modificationsId"),
    TEXT(tq_rt_modified_trip, 2, RT_STR, affected_trip_id, false, "affectedTripId"),
    TEXT(tq_rt_modified_trip, 3, RT_STR, start_time, false, "startTime"),
    TEXT(tq_rt_modified_trip, 4, RT_STR, start_date, false, "startDate"),
};
MESSAGE(modified_trip, tq_rt_modified_trip, "ModifiedTripSelector")

static const rt_field trip_fields[] = {
    TEXT(tq_rt_trip, 1, RT_STR, trip_id, false, "tripId"),
    TEXT(tq_rt_trip, 2, RT_STR, start_time, false, "startTime"),
    TEXT(tq_rt_trip, 3, RT_STR, start_date, false, "startDate"),
    CHOICE(tq_rt_trip, 4, schedule_relationship, trip_relation, 0, "scheduleRelationship"),
    TEXT(tq_rt_trip, 5, RT_STR, route_id, false, "routeId"),
    NUMBER(tq_rt_trip, 6, RT_U32, direction_id, false, 0, "directionId"),
    NESTED(tq_rt_trip, 7, RT_MESSAGE, modified_trip, false, modified_trip, "modifiedTrip"),
};
MESSAGE(trip, tq_rt_trip, "TripDescriptor")

static const rt_field vehicle_name_fields[] = {
    TEXT(tq_rt_vehicle_name, 1, RT_STR, id, false, "id"),
    TEXT(tq_rt_vehicle_name, 2, RT_STR, label, false, "label"),
    TEXT(tq_rt_vehicle_name, 3, RT_STR, license_plate, false, "licensePlate"),
    CHOICE(tq_rt_vehicle_name, 4, wheelchair_accessible, wheelchair, 0, "wheelchairAccessible"),
};
MESSAGE(vehicle_name, tq_rt_vehicle_name, "VehicleDescriptor")

static const rt_field event_fields[] = {
    NUMBER(tq_rt_event, 1, RT_I32, delay, false, 0, "delay"),
    NUMBER(tq_rt_event, 2, RT_I64, time, false, 0, "time"),
    NUMBER(tq_rt_event, 3, RT_I32, uncertainty, false, 0, "uncertainty"),
    NUMBER(tq_rt_event, 4, RT_I64, scheduled_time, false, 0, "scheduledTime"),
};
MESSAGE(event, tq_rt_event, "StopTimeEvent")

static const rt_field stop_properties_fields[] = {
    TEXT(tq_rt_stop_properties, 1, RT_STR, assigned_stop_id, false, "assignedStopId"),
    TEXT(tq_rt_stop_properties, 2, RT_STR, stop_headsign, false, "stopHeadsign"),
    CHOICE(tq_rt_stop_properties, 3, pickup_type, boarding, 0, "pickupType"),
    CHOICE(tq_rt_stop_properties, 4, drop_off_type, boarding, 0, "dropOffType"),
};
MESSAGE(stop_properties, tq_rt_stop_properties, "StopTimeProperties")

static const rt_field stop_time_fields[] = {
    NUMBER(tq_rt_stop_time, 1, RT_U32, stop_sequence, false, 0, "stopSequence"),
    NESTED(tq_rt_stop_time, 2, RT_MESSAGE, arrival, false, event, "arrival"),
    NESTED(tq_rt_stop_time, 3, RT_MESSAGE, departure, false, event, "departure"),
    TEXT(tq_rt_stop_time, 4, RT_STR, stop_id, false, "stopId"),
    CHOICE(tq_rt_stop_time, 5, schedule_relationship, stop_relation, 0, "scheduleRelationship"),
    NESTED(tq_rt_stop_time, 6, RT_MESSAGE, properties, false, stop_properties,
           "stopTimeProperties"),
    CHOICE(tq_rt_stop_time, 7, departure_occupancy_status, occupancy, 0,
           "departureOccupancyStatus"),
};
MESSAGE(stop_time, tq_rt_stop_time, "StopTimeUpdate")

static const rt_field trip_properties_fields[] = {
    TEXT(tq_rt_trip_properties, 1, RT_STR, trip_id, false, "tripId"),
    TEXT(tq_rt_trip_properties, 2, RT_STR, start_date, false, "startDate"),
    TEXT(tq_rt_trip_properties, 3, RT_STR, start_time, false, "startTime"),
    TEXT(tq_rt_trip_properties, 4, RT_STR, shape_id, false, "shapeId"),
    TEXT(tq_rt_trip_properties, 5, RT_STR, trip_headsign, false, "tripHeadsign"),
    TEXT(tq_rt_trip_properties, 6, RT_STR, trip_short_name, false, "tripShortName"),
};
MESSAGE(trip_properties, tq_rt_trip_properties, "TripProperties")

static const rt_field trip_update_fields[] = {
    NESTED(tq_rt_trip_update, 1, RT_MESSAGE, trip, true, trip, "trip"),
    NESTED(tq_rt_trip_update, 2, RT_MESSAGES, stop_time, false, stop_time, "stopTimeUpdate"),
    NESTED(tq_rt_trip_update, 3, RT_MESSAGE, vehicle, false, vehicle_name, "vehicle"),
    NUMBER(tq_rt_trip_update, 4, RT_U64, timestamp, false, 0, "timestamp"),
    NUMBER(tq_rt_trip_update, 5, RT_I32, delay, false, 0, "delay"),
    NESTED(tq_rt_trip_update, 6, RT_MESSAGE, properties, false, trip_properties, "tripProperties"),
};
MESSAGE(trip_update, tq_rt_trip_update, "TripUpdate")

static const rt_field position_fields[] = {
    NUMBER(tq_rt_position, 1, RT_FLOAT, latitude, true, 0, "latitude"),
    NUMBER(tq_rt_position, 2, RT_FLOAT, longitude, true, 0, "longitude"),
    NUMBER(tq_rt_position, 3, RT_FLOAT, bearing, false, 0, "bearing"),
    NUMBER(tq_rt_position, 4, RT_DOUBLE, odometer, false, 0, "odometer"),
    NUMBER(tq_rt_position, 5, RT_FLOAT, speed, false, 0, "speed"),
};
MESSAGE(position, tq_rt_position, "Position")

static const rt_field carriage_fields[] = {
    TEXT(tq_rt_carriage, 1, RT_STR, id, false, "id"),
    TEXT(tq_rt_carriage, 2, RT_STR, label, false, "label"),
    CHOICE(tq_rt_carriage, 3, occupancy_status, occupancy, 7, "occupancyStatus"),
    NUMBER(tq_rt_carriage, 4, RT_I32, occupancy_percentage, false, -1, "occupancyPercentage"),
    NUMBER(tq_rt_carriage, 5, RT_U32, carriage_sequence, false, 0, "carriageSequence"),
};
MESSAGE(carriage, tq_rt_carriage, "CarriageDetails")

static const rt_field vehicle_fields[] = {
    NESTED(tq_rt_vehicle, 1, RT_MESSAGE, trip, false, trip, "trip"),
    NESTED(tq_rt_vehicle, 2, RT_MESSAGE, position, false, position, "position"),
    NUMBER(tq_rt_vehicle, 3, RT_U32, current_stop_sequence, false, 0, "currentStopSequence"),
    CHOICE(tq_rt_vehicle, 4, current_status, status, 2, "currentStatus"),
    NUMBER(tq_rt_vehicle, 5, RT_U64, timestamp, false, 0, "timestamp"),
    CHOICE(tq_rt_vehicle, 6, congestion_level, congestion, 0, "congestionLevel"),
    TEXT(tq_rt_vehicle, 7, RT_STR, stop_id, false, "stopId"),
    NESTED(tq_rt_vehicle, 8, RT_MESSAGE, vehicle, false, vehicle_name, "vehicle"),
    CHOICE(tq_rt_vehicle, 9, occupancy_status, occupancy, 0, "occupancyStatus"),
    NUMBER(tq_rt_vehicle, 10, RT_U32, occupancy_percentage, false, 0, "occupancyPercentage"),
    NESTED(tq_rt_vehicle, 11, RT_MESSAGES, carriage, false, carriage, "multiCarriageDetails"),
};
MESSAGE(vehicle, tq_rt_vehicle, "VehiclePosition")

static const rt_field range_fields[] = {
    NUMBER(tq_rt_range, 1, RT_U64, start, false, 0, "start"),
    NUMBER(tq_rt_range, 2, RT_U64, end, false, 0, "end"),
};
MESSAGE(range, tq_rt_range, "TimeRange")

static const rt_field selector_fields[] = {
    TEXT(tq_rt_selector, 1, RT_STR, agency_id, false, "agencyId"),
    TEXT(tq_rt_selector, 2, RT_STR, route_id, false, "routeId"),
    NUMBER(tq_rt_selector, 3, RT_I32, route_type, false, 0, "routeType"),
    NESTED(tq_rt_selector, 4, RT_MESSAGE, trip, false, trip, "trip"),
    TEXT(tq_rt_selector, 5, RT_STR, stop_id, false, "stopId"),
    NUMBER(tq_rt_selector, 6, RT_U32, direction_id, false, 0, "directionId"),
};
MESSAGE(selector, tq_rt_selector, "EntitySelector")

static const rt_field alert_fields[] = {
    NESTED(tq_rt_alert, 1, RT_MESSAGES, active_period, false, range, "activePeriod"),
    NESTED(tq_rt_alert, 5, RT_MESSAGES, informed_entity, false, selector, "informedEntity"),
    CHOICE(tq_rt_alert, 6, cause, cause, 1, "cause"),
    CHOICE(tq_rt_alert, 7, effect, effect, 8, "effect"),
    NESTED(tq_rt_alert, 8, RT_MESSAGE, url, false, texts, "url"),
    NESTED(tq_rt_alert, 10, RT_MESSAGE, header_text, false, texts, "headerText"),
    NESTED(tq_rt_alert, 11, RT_MESSAGE, description_text, false, texts, "descriptionText"),
    NESTED(tq_rt_alert, 12, RT_MESSAGE, tts_header_text, false, texts, "ttsHeaderText"),
    NESTED(tq_rt_alert, 13, RT_MESSAGE, tts_description_text, false, texts, "ttsDescriptionText"),
    CHOICE(tq_rt_alert, 14, severity_level, severity, 1, "severityLevel"),
    NESTED(tq_rt_alert, 15, RT_MESSAGE, image, false, images, "image"),
    NESTED(tq_rt_alert, 16, RT_MESSAGE, image_alternative_text, false, texts,
           "imageAlternativeText"),
    NESTED(tq_rt_alert, 17, RT_MESSAGE, cause_detail, false, texts, "causeDetail"),
    NESTED(tq_rt_alert, 18, RT_MESSAGE, effect_detail, false, texts, "effectDetail"),
};
MESSAGE(alert, tq_rt_alert, "Alert")

static const rt_field shape_fields[] = {
    TEXT(tq_rt_shape, 1, RT_STR, shape_id, false, "shapeId"),
    TEXT(tq_rt_shape, 2, RT_STR, encoded_polyline, false, "encodedPolyline"),
};
MESSAGE(shape, tq_rt_shape, "Shape")

static const rt_field stop_fields[] = {
    TEXT(tq_rt_stop, 1, RT_STR, stop_id, false, "stopId"),
    NESTED(tq_rt_stop, 2, RT_MESSAGE, stop_code, false, texts, "stopCode"),
    NESTED(tq_rt_stop, 3, RT_MESSAGE, stop_name, false, texts, "stopName"),
    NESTED(tq_rt_stop, 4, RT_MESSAGE, tts_stop_name, false, texts, "ttsStopName"),
    NESTED(tq_rt_stop, 5, RT_MESSAGE, stop_desc, false, texts, "stopDesc"),
    NUMBER(tq_rt_stop, 6, RT_FLOAT, stop_lat, false, 0, "stopLat"),
    NUMBER(tq_rt_stop, 7, RT_FLOAT, stop_lon, false, 0, "stopLon"),
    TEXT(tq_rt_stop, 8, RT_STR, zone_id, false, "zoneId"),
    NESTED(tq_rt_stop, 9, RT_MESSAGE, stop_url, false, texts, "stopUrl"),
    TEXT(tq_rt_stop, 11, RT_STR, parent_station, false, "parentStation"),
    TEXT(tq_rt_stop, 12, RT_STR, stop_timezone, false, "stopTimezone"),
    CHOICE(tq_rt_stop, 13, wheelchair_boarding, boarding_aid, 0, "wheelchairBoarding"),
    TEXT(tq_rt_stop, 14, RT_STR, level_id, false, "levelId"),
    NESTED(tq_rt_stop, 15, RT_MESSAGE, platform_code, false, texts, "platformCode"),
};
MESSAGE(stop, tq_rt_stop, "Stop")

static const rt_field stop_selector_fields[] = {
    NUMBER(tq_rt_stop_selector, 1, RT_U32, stop_sequence, false, 0, "stopSequence"),
    TEXT(tq_rt_stop_selector, 2, RT_STR, stop_id, false, "stopId"),
};
MESSAGE(stop_selector, tq_rt_stop_selector, "StopSelector")

static const rt_field replacement_stop_fields[] = {
    NUMBER(tq_rt_replacement_stop, 1, RT_I32, travel_time_to_stop, false, 0, "travelTimeToStop"),
    TEXT(tq_rt_replacement_stop, 2, RT_STR, stop_id, false, "stopId"),
};
MESSAGE(replacement_stop, tq_rt_replacement_stop, "ReplacementStop")

static const rt_field modification_fields[] = {
    NESTED(tq_rt_modification, 1, RT_MESSAGE, start_stop_selector, false, stop_selector,
           "startStopSelector"),
    NESTED(tq_rt_modification, 2, RT_MESSAGE, end_stop_selector, false, stop_selector,
           "endStopSelector"),
    NUMBER(tq_rt_modification, 3, RT_I32, propagated_modification_delay, false, 0,
           "propagatedModificationDelay"),
    NESTED(tq_rt_modification, 4, RT_MESSAGES, replacement_stop, false, replacement_stop,
           "replacementStops"),
    TEXT(tq_rt_modification, 5, RT_STR, service_alert_id, false, "serviceAlertId"),
    NUMBER(tq_rt_modification, 6, RT_U64, last_modified_time, false, 0, "lastModifiedTime"),
};
MESSAGE(modification, tq_rt_modification, "Modification")

static const rt_field selected_trips_fields[] = {
    TEXT(tq_rt_selected_trips, 1, RT_STRS, trip_ids, false, "tripIds"),
    TEXT(tq_rt_selected_trips, 2, RT_STR, shape_id, false, "shapeId"),
};
MESSAGE(selected_trips, tq_rt_selected_trips, "SelectedTrips")

static const rt_field trip_modifications_fields[] = {
    NESTED(tq_rt_trip_modifications, 1, RT_MESSAGES, selected_trips, false, selected_trips,
           "selectedTrips"),
    TEXT(tq_rt_trip_modifications, 2, RT_STRS, start_times, false, "startTimes"),
    TEXT(tq_rt_trip_modifications, 3, RT_STRS, service_dates, false, "serviceDates"),
    NESTED(tq_rt_trip_modifications, 4, RT_MESSAGES, modification, false, modification,
           "modifications"),
};
MESSAGE(trip_modifications, tq_rt_trip_modifications, "TripModifications")

static const rt_field entity_fields[] = {
    TEXT(tq_rt_entity, 1, RT_STR, id, true, "id"),
    NUMBER(tq_rt_entity, 2, RT_BOOL, is_deleted, false, 0, "isDeleted"),
    NESTED(tq_rt_entity, 3, RT_MESSAGE, trip_update, false, trip_update, "tripUpdate"),
    NESTED(tq_rt_entity, 4, RT_MESSAGE, vehicle, false, vehicle, "vehicle"),
    NESTED(tq_rt_entity, 5, RT_MESSAGE, alert, false, alert, "alert"),
    NESTED(tq_rt_entity, 6, RT_MESSAGE, shape, false, shape, "shape"),
    NESTED(tq_rt_entity, 7, RT_MESSAGE, stop, false, stop, "stop"),
    NESTED(tq_rt_entity, 8, RT_MESSAGE, trip_modifications, false, trip_modifications,
           "tripModifications"),
};
MESSAGE(entity, tq_rt_entity, "FeedEntity")

static const rt_field header_fields[] = {
    TEXT(tq_rt_header, 1, RT_STR, gtfs_realtime_version, true, "gtfsRealtimeVersion"),
    CHOICE(tq_rt_header, 2, incrementality, incrementality, 0, "incrementality"),
    NUMBER(tq_rt_header, 3, RT_U64, timestamp, false, 0, "timestamp"),
    TEXT(tq_rt_header, 4, RT_STR, feed_version, false, "feedVersion"),
};
MESSAGE(header, tq_rt_header, "FeedHeader")

static const rt_field feed_fields[] = {
    NESTED(tq_rt_feed, 1, RT_MESSAGE, header, true, header, "header"),
    NESTED(tq_rt_feed, 2, RT_MESSAGES, entity, false, entity, "entity"),
};
const rt_message rt_feed_message = {"FeedMessage", sizeof(tq_rt_feed), TQ_COUNT(feed_fields),
                                    feed_fields};
