/*
 * Datums: WGS-84, GCJ-02 and BD-09.
 *
 * GCJ-02 is a smooth published shift of WGS-84 inside a rectangle around China, made of a
 * polynomial and sines on the Krasovsky 1940 ellipsoid; BD-09 turns and stretches GCJ-02 a little.
 * Forward formulas are closed; the way back is a fixed-point iteration (the shift changes by less
 * than 1 % over its own length, so each round gains two digits) and ends within 0.1 m. Source of
 * the constants: the public descriptions of the shift in use since 2006; checked against the 552 m
 * and 1,345 m that docs/design names for Taiyuan.
 */
#include <math.h>

#include "geo/geo.h"

#define PI           3.14159265358979323846
#define KRASOVSKY_A  6378245.0
#define KRASOVSKY_EE 0.00669342162296594323
#define BD_TURN      (PI * 3000.0 / 180.0)

bool tq_in_china(tq_point point)
{
    return point.lon_e7 >= 720040000 && point.lon_e7 <= 1378347000 && point.lat_e7 >= 8293000 &&
           point.lat_e7 <= 558271000;
}

/* The wave that both axes share. */
static double common_wave(double x)
{
    return (20.0 * sin(6.0 * x * PI) + 20.0 * sin(2.0 * x * PI)) * 2.0 / 3.0;
}

static double lat_wave(double x, double y)
{
    double bend = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * sqrt(fabs(x));
    double near = (20.0 * sin(y * PI) + 40.0 * sin(y / 3.0 * PI)) * 2.0 / 3.0;
    double far = (160.0 * sin(y / 12.0 * PI) + 320.0 * sin(y * PI / 30.0)) * 2.0 / 3.0;
    return bend + common_wave(x) + near + far;
}

static double lon_wave(double x, double y)
{
    double bend = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * sqrt(fabs(x));
    double near = (20.0 * sin(x * PI) + 40.0 * sin(x / 3.0 * PI)) * 2.0 / 3.0;
    double far = (150.0 * sin(x / 12.0 * PI) + 300.0 * sin(x / 30.0 * PI)) * 2.0 / 3.0;
    return bend + common_wave(x) + near + far;
}

static void wgs_to_gcj(double lat, double lon, double *out_lat, double *out_lon)
{
    double x = lon - 105.0, y = lat - 35.0, rad = lat / 180.0 * PI;
    double curve = 1.0 - KRASOVSKY_EE * sin(rad) * sin(rad), root = sqrt(curve);
    double north = KRASOVSKY_A * (1.0 - KRASOVSKY_EE) / (curve * root);
    *out_lat = lat + lat_wave(x, y) * 180.0 / (north * PI);
    *out_lon = lon + lon_wave(x, y) * 180.0 / (KRASOVSKY_A / root * cos(rad) * PI);
}

static void gcj_to_bd(double lat, double lon, double *out_lat, double *out_lon)
{
    double far = sqrt(lon * lon + lat * lat) + 0.00002 * sin(lat * BD_TURN);
    double angle = atan2(lat, lon) + 0.000003 * cos(lon * BD_TURN);
    *out_lon = far * cos(angle) + 0.0065;
    *out_lat = far * sin(angle) + 0.006;
}

typedef void (*shift)(double lat, double lon, double *out_lat, double *out_lon);

/* Find the place that `forward` moves to (lat, lon). */
static void undo(shift forward, double lat, double lon, double *out_lat, double *out_lon)
{
    double guess_lat = lat, guess_lon = lon;
    for (unsigned round = 0; round < 12; round++) {
        double there_lat, there_lon;
        forward(guess_lat, guess_lon, &there_lat, &there_lon);
        guess_lat += lat - there_lat;
        guess_lon += lon - there_lon;
    }
    *out_lat = guess_lat;
    *out_lon = guess_lon;
}

static tq_point to_point(double lat, double lon)
{
    return (tq_point){(int32_t)lround(lat * 1e7), (int32_t)lround(lon * 1e7)};
}

tq_point tq_from_wgs84(tq_point point, tq_datum to)
{
    if (to == TQ_WGS84 || !tq_in_china(point)) return point;
    double lat, lon;
    wgs_to_gcj(point.lat_e7 / 1e7, point.lon_e7 / 1e7, &lat, &lon);
    if (to == TQ_BD09) gcj_to_bd(lat, lon, &lat, &lon);
    return to_point(lat, lon);
}

tq_point tq_to_wgs84(tq_point point, tq_datum from)
{
    if (from == TQ_WGS84 || !tq_in_china(point)) return point;
    double lat = point.lat_e7 / 1e7, lon = point.lon_e7 / 1e7;
    if (from == TQ_BD09) undo(gcj_to_bd, lat, lon, &lat, &lon);
    undo(wgs_to_gcj, lat, lon, &lat, &lon);
    return to_point(lat, lon);
}

const char *tq_datum_name(tq_datum datum)
{
    static const char *const name[] = {"WGS-84", "GCJ-02", "BD-09"};
    return name[datum];
}

bool tq_datum_parse(tq_str text, tq_datum *datum)
{
    static const char *const plain[] = {"wgs84", "gcj02", "bd09"};
    char word[16];
    size_t len = 0;
    for (size_t k = 0; k < text.len; k++) {
        char c = text.at[k];
        if (c == '-' || c == ' ' || c == '_') continue;
        if (len + 1 >= sizeof word) return false;
        word[len++] = c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
    }
    word[len] = '\0';
    for (unsigned k = 0; k < TQ_COUNT(plain); k++) {
        if (strcmp(word, plain[k]) != 0) continue;
        *datum = (tq_datum)k;
        return true;
    }
    return false;
}
