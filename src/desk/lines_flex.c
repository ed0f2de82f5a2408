/*
 * Lines as GTFS-Flex: one zip that a trip planner reads.
 *
 * A line by timetable is plain GTFS that must be booked: trips with stop times, pickup and drop-off
 * by arrangement (type 2), and the rule of booking. A dynamic line is one trip in a window between
 * any two of its stops (a location group) or inside its zone (locations.geojson). Files are written
 * in a fixed order with a fixed date, so the same lines give the same bytes.
 *
 * Format: GTFS reference (gtfs.org), flexible services: booking_rules.txt, location_groups.txt,
 * location_group_stops.txt, locations.geojson, windows in stop_times.txt.
 */
#include <stdio.h>
#include <zip.h>

#include "desk/lines_in.h"

typedef enum flex_file {
    FILE_AGENCY,
    FILE_ROUTES,
    FILE_CALENDAR,
    FILE_TRIPS,
    FILE_STOPS,
    FILE_STOP_TIMES,
    FILE_GROUPS,
    FILE_GROUP_STOPS,
    FILE_BOOKING,
    FILE_LOCATIONS,
    FILE_COUNT
} flex_file;

static const char *const FILE_NAME[FILE_COUNT] = {
    "agency.txt",        "routes.txt",       "calendar.txt",        "trips.txt",
    "stops.txt",         "stop_times.txt",   "location_groups.txt", "location_group_stops.txt",
    "booking_rules.txt", "locations.geojson"};

static const char *const FILE_HEAD[FILE_COUNT] = {
    "agency_id,agency_name,agency_url,agency_timezone\n",
    "route_id,agency_id,route_short_name,route_long_name,route_type\n",
    "service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date\n",
    "route_id,service_id,trip_id\n",
    "stop_id,stop_name,stop_lat,stop_lon\n",
    "trip_id,arrival_time,departure_time,stop_id,location_group_id,location_id,stop_sequence,"
    "start_pickup_drop_off_window,end_pickup_drop_off_window,pickup_type,drop_off_type,"
    "pickup_booking_rule_id,drop_off_booking_rule_id\n",
    "location_group_id,location_group_name\n",
    "location_group_id,stop_id\n",
    "booking_rule_id,booking_type,prior_notice_duration_min,message,phone_number,info_url\n",
    "{\"type\":\"FeatureCollection\",\"features\":["};

typedef struct flex {
    desk_call *call;
    tq_buf file[FILE_COUNT];
    uint32_t lines, zones, groups;
    tq_status status;
} flex;

/* A field of a table: quoted when it must be, control characters left out. */
static void put_field(tq_buf *out, const char *text)
{
    bool quote = strpbrk(text, ",\"\r\n") != NULL;
    if (quote) tq_buf_putc(out, '"');
    for (const char *c = text; *c != '\0'; c++) {
        if (*c == '"') tq_buf_putc(out, '"');
        tq_buf_putc(out, (unsigned char)*c < ' ' ? ' ' : *c);
    }
    if (quote) tq_buf_putc(out, '"');
}

static void put_clock(tq_buf *out, int32_t at_s)
{
    tq_buf_printf(out, "%02d:%02d:%02d", (int)(at_s / 3600), (int)(at_s / 60 % 60),
                  (int)(at_s % 60));
}

static void put_day(tq_buf *out, int32_t day)
{
    int32_t year = 0;
    unsigned month = 0, of_month = 0;
    tq_date_of(day, &year, &month, &of_month);
    tq_buf_printf(out, "%04d%02u%02u", (int)year, month, of_month);
}

static void put_calendar(flex *all, const line_plan *plan)
{
    tq_buf *out = &all->file[FILE_CALENDAR];
    int32_t second = 0;
    int32_t now = tq_local_day(&all->call->desk->city->zone, all->call->command->now_ms, &second);
    tq_buf_puts(out, plan->id);
    for (uint32_t day = 0; day < 7; day++)
        tq_buf_printf(out, ",%u", plan->days >> day & 1u);
    tq_buf_putc(out, ',');
    put_day(out, TQ_MAX(plan->from_day, now));
    tq_buf_putc(out, ',');
    put_day(out, TQ_MAX(TQ_MIN(plan->to_day, now + 365), TQ_MAX(plan->from_day, now)));
    tq_buf_putc(out, '\n');
}

static void put_booking(flex *all, const line_plan *plan)
{
    tq_buf *out = &all->file[FILE_BOOKING];
    int64_t minutes = plan->rule->closes_ms / 60000;
    const char *phone = desk_get_text(plan->record, "phone"),
               *url = desk_get_text(plan->record, "url");
    char text[160];
    if (minutes > 0)
        tq_buf_printf(out, "%s-B,1,%lld,", plan->id, (long long)minutes);
    else
        tq_buf_printf(out, "%s-B,0,,", plan->id);
    (void)snprintf(text, sizeof text, "发车前%lld分钟停止预订", (long long)minutes);
    put_field(out, text);
    tq_buf_putc(out, ',');
    put_field(out, phone[0] != '\0' ? phone : "95128");
    tq_buf_putc(out, ',');
    put_field(out, url);
    tq_buf_putc(out, '\n');
}

static void put_stops(flex *all, const line_plan *plan)
{
    tq_buf *out = &all->file[FILE_STOPS];
    for (uint32_t k = 0; k < plan->stop_count; k++) {
        tq_buf_printf(out, "%s-%s,", plan->id, plan->stop[k].id);
        put_field(out, plan->stop[k].name);
        tq_buf_putc(out, ',');
        tq_buf_fixed(out, plan->stop[k].at.lat_e7, 7);
        tq_buf_putc(out, ',');
        tq_buf_fixed(out, plan->stop[k].at.lon_e7, 7);
        tq_buf_putc(out, '\n');
    }
}

static void put_fixed(flex *all, const line_plan *plan)
{
    tq_buf *times = &all->file[FILE_STOP_TIMES];
    for (uint32_t trip = 0; trip < plan->trip_count; trip++) {
        tq_buf_printf(&all->file[FILE_TRIPS], "%s,%s,%s-%s\n", plan->id, plan->id, plan->id,
                      plan->trip[trip].id);
        for (uint32_t k = 0; k < plan->stop_count; k++) {
            const line_stop *stop = &plan->stop[k];
            bool on = stop->board && k + 1 < plan->stop_count, off = stop->alight && k > 0;
            tq_buf_printf(times, "%s-%s,", plan->id, plan->trip[trip].id);
            put_clock(times, plan->trip[trip].at_s[k]);
            tq_buf_putc(times, ',');
            put_clock(times, plan->trip[trip].at_s[k]);
            tq_buf_printf(times, ",%s-%s,,,%u,,,%d,%d,", plan->id, stop->id, k + 1, on ? 2 : 1,
                          off ? 2 : 1);
            if (on) tq_buf_printf(times, "%s-B", plan->id);
            tq_buf_putc(times, ',');
            if (off) tq_buf_printf(times, "%s-B", plan->id);
            tq_buf_putc(times, '\n');
        }
    }
}

static void put_zone(flex *all, const line_plan *plan)
{
    tq_json json;
    tq_buf *out = &all->file[FILE_LOCATIONS];
    if (all->zones++ > 0) tq_buf_putc(out, ',');
    tq_json_begin(&json, out);
    tq_json_object(&json);
    tq_json_put_text(&json, "type", "Feature");
    char id[TQ_ID_MAX + 8];
    (void)snprintf(id, sizeof id, "%s-Z", plan->id);
    tq_json_put_text(&json, "id", id);
    tq_json_key(&json, "properties");
    tq_json_object(&json);
    tq_json_put_text(&json, "stop_name", desk_get_text(plan->record, "name"));
    tq_json_end_object(&json);
    tq_json_key(&json, "geometry");
    tq_json_object(&json);
    tq_json_put_text(&json, "type", "Polygon");
    tq_json_key(&json, "coordinates");
    tq_json_array(&json);
    tq_json_array(&json);
    for (uint32_t k = 0; k <= plan->zone_count; k++) {
        tq_point at = plan->zone[k % plan->zone_count];
        tq_json_array(&json);
        tq_json_fixed(&json, at.lon_e7, 7);
        tq_json_fixed(&json, at.lat_e7, 7);
        tq_json_end_array(&json);
    }
    tq_json_end_array(&json);
    tq_json_end_array(&json);
    tq_json_end_object(&json);
    tq_json_end_object(&json);
}

/* Two rows: from anywhere in the window to anywhere in the window. */
static void put_dynamic(flex *all, const line_plan *plan)
{
    tq_buf *times = &all->file[FILE_STOP_TIMES];
    bool zone = plan->zone_count > 0;
    tq_buf_printf(&all->file[FILE_TRIPS], "%s,%s,%s-D\n", plan->id, plan->id, plan->id);
    if (zone) {
        put_zone(all, plan);
    } else {
        all->groups++;
        tq_buf_printf(&all->file[FILE_GROUPS], "%s-G,", plan->id);
        put_field(&all->file[FILE_GROUPS], desk_get_text(plan->record, "name"));
        tq_buf_putc(&all->file[FILE_GROUPS], '\n');
        for (uint32_t k = 0; k < plan->stop_count; k++)
            tq_buf_printf(&all->file[FILE_GROUP_STOPS], "%s-G,%s-%s\n", plan->id, plan->id,
                          plan->stop[k].id);
    }
    for (uint32_t row = 0; row < 2; row++) {
        tq_buf_printf(times, "%s-D,,,,%s%s,%s%s,%u,", plan->id, zone ? "" : plan->id,
                      zone ? "" : "-G", zone ? plan->id : "", zone ? "-Z" : "", row + 1);
        put_clock(times, plan->window_from_s);
        tq_buf_putc(times, ',');
        put_clock(times, plan->window_to_s);
        tq_buf_printf(times, row == 0 ? ",2,1,%s-B,\n" : ",1,2,,%s-B\n", plan->id);
    }
}

static bool add_line(void *user, const tq_record *record)
{
    flex *all = user;
    line_plan *plan = NULL;
    json_auto_t *body = NULL;
    tq_err why;
    if (strcmp(record->state, "open") != 0 && strcmp(record->state, "running") != 0) return true;
    all->status = desk_parse(record->body, DESK_BODY_MAX, "a line", &body, all->call->err);
    if (all->status != TQ_OK) return false;
    if (lines_plan_read(all->call->desk, body, &plan, &why) != TQ_OK) return true;
    tq_buf_printf(&all->file[FILE_ROUTES], "%s,1,", plan->id);
    put_field(&all->file[FILE_ROUTES], desk_get_text(plan->record, "name"));
    tq_buf_putc(&all->file[FILE_ROUTES], ',');
    put_field(&all->file[FILE_ROUTES], desk_get_text(plan->record, "name_en"));
    /* 715: demand and response bus; 3 is what every reader knows. */
    tq_buf_puts(&all->file[FILE_ROUTES], ",3\n");
    put_calendar(all, plan);
    put_booking(all, plan);
    put_stops(all, plan);
    if (plan->dynamic)
        put_dynamic(all, plan);
    else
        put_fixed(all, plan);
    all->lines++;
    lines_plan_free(plan);
    return true;
}

/* ---- the zip -----------------------------------------------------------------------------------
 */

static bool add_file(zip_t *zip, const char *name, const tq_buf *text)
{
    zip_source_t *source = zip_source_buffer(zip, text->at, text->len, 0);
    if (source == NULL) return false;
    zip_int64_t at = zip_file_add(zip, name, source, ZIP_FL_ENC_UTF_8);
    if (at < 0) {
        zip_source_free(source);
        return false;
    }
    /* 1980-01-01: the first day that a zip knows. */
    return zip_file_set_dostime(zip, (zip_uint64_t)at, 0, 0x21, 0) == 0 &&
           zip_set_file_compression(zip, (zip_uint64_t)at, ZIP_CM_STORE, 0) == 0;
}

/* Read the finished bytes out of the source that the zip was written to. */
static bool take_bytes(zip_source_t *source, tq_buf *out)
{
    char part[8192];
    zip_int64_t got = 0;
    if (zip_source_open(source) != 0) return false;
    while ((got = zip_source_read(source, part, sizeof part)) > 0)
        tq_buf_put(out, part, (size_t)got);
    (void)zip_source_close(source);
    return got == 0 && !out->failed;
}

static tq_status write_zip(flex *all, tq_buf *out)
{
    zip_error_t why;
    zip_error_init(&why);
    bool good = false;
    zip_source_t *source = zip_source_buffer_create(NULL, 0, 0, &why);
    zip_t *zip =
        source != NULL ? zip_open_from_source(source, ZIP_TRUNCATE | ZIP_CREATE, &why) : NULL;
    if (zip != NULL) {
        zip_source_keep(source);
        good = true;
        for (uint32_t k = 0; good && k < FILE_COUNT; k++) {
            bool empty = (k == FILE_GROUPS || k == FILE_GROUP_STOPS) ? all->groups == 0
                         : k == FILE_LOCATIONS                       ? all->zones == 0
                                                                     : false;
            if (!empty) good = add_file(zip, FILE_NAME[k], &all->file[k]);
        }
        if (!good || zip_close(zip) != 0) {
            zip_discard(zip);
            good = false;
        }
        good = good && take_bytes(source, out);
    }
    if (source != NULL) zip_source_free(source);
    zip_error_fini(&why);
    return good ? TQ_OK
                : tq_fail(all->call->err, TQ_NO_MEMORY, 0, "the zip of lines could not be made");
}

tq_status lines_flex(desk_call *call)
{
    flex all = {.call = call};
    const tq_city *city = call->desk->city;
    tq_store_filter filter = {.kind = "line", .state = "!stopped", .limit = LINES_MAX};
    for (uint32_t k = 0; k < FILE_COUNT; k++)
        tq_buf_puts(&all.file[k], FILE_HEAD[k]);
    tq_buf_puts(&all.file[FILE_AGENCY], "1,");
    put_field(&all.file[FILE_AGENCY], tq_text(city, city->meta->name));
    tq_buf_printf(&all.file[FILE_AGENCY], ",https://%s.example/,%s\n",
                  tq_text(city, city->meta->id), tq_text(city, city->meta->zone_name));
    tq_status status = tq_store_each(call->desk->store, &filter, add_line, &all, call->err);
    if (status == TQ_OK) status = all.status;
    tq_buf_puts(&all.file[FILE_LOCATIONS], "]}\n");
    for (uint32_t k = 0; k < FILE_COUNT; k++)
        if (all.file[k].failed) status = tq_fail(call->err, TQ_NO_MEMORY, 0, "no memory");
    if (status == TQ_OK) status = write_zip(&all, call->answer);
    for (uint32_t k = 0; k < FILE_COUNT; k++)
        tq_buf_free(&all.file[k]);
    return status;
}
