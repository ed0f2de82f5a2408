#!/usr/bin/env python3
"""Write the three timetable feeds of cities/taiyuan/gtfs from the fact tables in cities/taiyuan/facts.

usage: tools/taiyuan_gtfs.py [--check]

metro      both lines from facts/metro.csv (published first and last minutes of every station) and the published
           headways of line 2. A day is written as one trip for the first train, one for the last, and one template
           trip a headway window with an exact frequencies.txt row. Line 1's headways are not published: its trips
           between the first and the last carry tq_assumed=1.
feeder     G1 to G10 as routes; only G4 has a published headway, so only G4 has trips (assumed running time).
intercity  920 to 忻州古城: first, last, fare and about 2 h 30 are published, the headway is assumed (hourly).

With --check nothing is written; the exit code is 1 if a file differs from what would be written.
Nothing is random and no clock is read: the same tables give the same bytes.
"""
import csv, io, os, sys

CITY = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "cities", "taiyuan")
OFFICIAL_M = {"L1": 28737, "L2": 23647}  # published line lengths; positions are scaled to them
ROUTE = {"L1": ("1号线", "河龙湾—武宿1号2号航站楼", "Helongwan - Wusu Terminals 1 and 2", "2060FF", "20250222"),
         "L2": ("2号线", "尖草坪—西桥", "Jiancaoping - Xiqiao", "FF0000", "20201226")}
LAST_DAY = "20271231"
# (from, to, headway seconds); a window begins where the run of departures of the one before has arrived.
PEAKS = ((7 * 3600, 9 * 3600), (17 * 3600 + 1800, 19 * 3600 + 1800))
PEAK_S, OFFPEAK_S, NONWORKDAY_S = 390, 480, 450
FIRST_S, LAST_S = 6 * 3600, 22 * 3600
HOW = {"street": "position read where the street of its name crosses the line, about 50 m",
       "wiki": "position as printed by an encyclopedia page, about 50 m",
       "place": "position next to a known feature, about 200 m",
       "time": "position estimated from running times, about 300 m"}


def read(name):
    with open(os.path.join(CITY, "facts", name), encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def seconds(minute):
    hour, minute = minute.split(":")
    return int(hour) * 3600 + int(minute) * 60


def clock(second):
    return "%02d:%02d:%02d" % (second // 3600, second // 60 % 60, second % 60)


def table(head, rows):
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(head.split(","))
    writer.writerows(rows)
    return out.getvalue()


def windows(service):
    """Windows (from, to, headway) of the departures after the first train and before the last one."""
    if service == "WE":
        return [(FIRST_S + NONWORKDAY_S, LAST_S, NONWORKDAY_S)]
    out, at = [], FIRST_S
    while at < LAST_S:
        inside = [p for p in PEAKS if p[0] <= at < p[1]]
        headway = PEAK_S if inside else OFFPEAK_S
        edge = inside[0][1] if inside else min([p[0] for p in PEAKS if p[0] > at] + [LAST_S])
        begin = at
        while at < edge:
            at += headway
        out.append([begin, min(at, LAST_S), headway])
    out[0][0] += OFFPEAK_S  # the first train is a trip of its own
    return [tuple(window) for window in out]


def metro():
    stations = read("metro.csv")
    course = read("metro_course.csv")
    stops, translations, trips, times, frequencies, shapes, first_last = [], [], [], [], [], [], []
    parents = {}
    for s in stations:
        parents.setdefault(s["key"], []).append(s)
    for key, group in parents.items():
        lat = sum(float(s["lat"]) for s in group) / len(group)
        lon = sum(float(s["lon"]) for s in group) / len(group)
        known = group[0]["position_known_by"]
        stops.append(["TYM_S_" + key, group[0]["name"], HOW[known], "%.6f" % lat, "%.6f" % lon, 1, "", "", 1,
                      int(known in ("time", "place"))])
        translations.append(["stops", "stop_name", "en", group[0]["name_en"], "TYM_S_" + key])
    for s in stations:
        stop = "TYM_%s_%02d" % (s["line"], int(s["seq"]))
        known = s["position_known_by"]
        stops.append([stop, s["name"], HOW[known], s["lat"], s["lon"], 0, "TYM_S_" + s["key"],
                      ROUTE[s["line"]][0], 1, int(known in ("time", "place"))])
        translations.append(["stops", "stop_name", "en", s["name_en"], stop])
    for line in ("L1", "L2"):
        row = [s for s in stations if s["line"] == line]
        scale = OFFICIAL_M[line] / int(row[-1]["along_m"])
        along = [round(int(s["along_m"]) * scale) for s in row]
        points = {a: (s["lat"], s["lon"]) for a, s in zip(along, row)}
        for p in course:
            if p["line"] == line:
                points.setdefault(round(int(p["along_m"]) * scale), (p["lat"], p["lon"]))
        for direction, key in ((0, "out"), (1, "back")):
            order = list(range(len(row))) if direction == 0 else list(range(len(row)))[::-1]
            towards = row[order[-1]]["name"]
            first = [seconds(row[k]["first_" + key]) for k in order]
            metres = [along[k] if direction == 0 else OFFICIAL_M[line] - along[k] for k in order]
            ids = ["TYM_%s_%02d" % (line, k + 1) for k in order]
            shape = "TYM_%s_%d" % (line, direction)
            run = sorted(points) if direction == 0 else sorted(points, reverse=True)
            for n, a in enumerate(run):
                shapes.append([shape, points[a][0], points[a][1], n,
                               a if direction == 0 else OFFICIAL_M[line] - a])
            for k in order[:-1]:
                last = row[k]["last_" + key]
                # The published table misprints one last train; the operator's notice has 22:02.
                if line == "L2" and row[k]["name"] == "化章西街" and direction == 1:
                    last = "06:02"
                first_last.append(["TYM_" + line, "TYM_%s_%02d" % (line, k + 1), direction,
                                   row[k]["first_" + key] + ":00", last + ":00"])
            for service in ("WD", "WE"):
                runs = [("first", FIRST_S, None)] + \
                       [("w%d" % (n + 1), w[0], w) for n, w in enumerate(windows(service))] + [("last", LAST_S, None)]
                for label, start, window in runs:
                    trip = "TYM_%s_%d_%s_%s" % (line, direction, service, label)
                    assumed = int(line == "L1" and window is not None)
                    trips.append(["TYM_" + line, "TYM_%s_%s" % (line, service), trip, towards, direction, shape, 1,
                                  assumed])
                    for n, stop in enumerate(ids):
                        at = clock(start + first[n] - first[0])
                        times.append([trip, at, at, stop, n + 1, metres[n]])
                    if window:
                        frequencies.append([trip, clock(window[0]), clock(window[1]), window[2], 1])
        translations.append(["routes", "route_long_name", "en", ROUTE[line][2], "TYM_" + line])
        translations.append(["routes", "route_short_name", "en", "Line " + line[1], "TYM_" + line])
    calendar = []
    for line in ("L1", "L2"):
        calendar.append(["TYM_%s_WD" % line, 1, 1, 1, 1, 1, 0, 0, ROUTE[line][4], LAST_DAY])
        calendar.append(["TYM_%s_WE" % line, 0, 0, 0, 0, 0, 1, 1, ROUTE[line][4], LAST_DAY])
    return {
        "agency.txt": table("agency_id,agency_name,agency_url,agency_timezone,agency_lang",
                            [["TYM", "太原轨道交通", "http://www.tymetro.ltd", "Asia/Shanghai", "zh"]]),
        "routes.txt": table("route_id,agency_id,route_short_name,route_long_name,route_type,route_color,"
                            "route_text_color",
                            [["TYM_" + line, "TYM", r[0], r[1], 1, r[3], "FFFFFF"] for line, r in ROUTE.items()]),
        "stops.txt": table("stop_id,stop_name,stop_desc,stop_lat,stop_lon,location_type,parent_station,"
                           "platform_code,wheelchair_boarding,tq_approximate", stops),
        "calendar.txt": table("service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,"
                              "end_date", calendar),
        "trips.txt": table("route_id,service_id,trip_id,trip_headsign,direction_id,shape_id,wheelchair_accessible,"
                           "tq_assumed", trips),
        "stop_times.txt": table("trip_id,arrival_time,departure_time,stop_id,stop_sequence,shape_dist_traveled", times),
        "frequencies.txt": table("trip_id,start_time,end_time,headway_secs,exact_times", frequencies),
        "shapes.txt": table("shape_id,shape_pt_lat,shape_pt_lon,shape_pt_sequence,shape_dist_traveled", shapes),
        "transfers.txt": table("from_stop_id,to_stop_id,transfer_type,min_transfer_time",
                               [["TYM_L1_09", "TYM_L2_08", 2, 180], ["TYM_L2_08", "TYM_L1_09", 2, 180]]),
        "translations.txt": table("table_name,field_name,language,translation,record_id", translations),
        "feed_info.txt": feed_info("20201226"),
        # The table as it is published, with its misprint in the row 化章西街 -> 尖草坪 (06:02 for 22:02).
        "first_last.csv": table("route_id,stop_id,direction_id,first,last", first_last),
    }


def feed_info(start):
    return table("feed_publisher_name,feed_publisher_url,feed_lang,default_lang,feed_start_date,feed_end_date,"
                 "feed_version",
                 [["Tongqu, written from published facts", "http://www.tymetro.ltd", "zh", "zh", start, LAST_DAY,
                   "2025-06"]])


STOPS_HEAD = "stop_id,stop_name,stop_desc,stop_lat,stop_lon,location_type,tq_approximate"
TRIPS_HEAD = "route_id,service_id,trip_id,trip_headsign,direction_id,tq_assumed"
TIMES_HEAD = "trip_id,arrival_time,departure_time,stop_id,stop_sequence,timepoint"
ROUTES_HEAD = "route_id,agency_id,route_short_name,route_long_name,route_desc,route_type"
AGENCY = table("agency_id,agency_name,agency_url,agency_timezone,agency_lang",
               [["TYB", "太原公交", "", "Asia/Shanghai", "zh"]])


def stop_rows(feed):
    return [[s["stop_id"], s["name"], s["note"], s["lat"], s["lon"], 0, 1]
            for s in read("bus_stops.csv") if s["feed"] == feed]


def stop_names(feed):
    return table("table_name,field_name,language,translation,record_id",
                 [["stops", "stop_name", "en", s["name_en"], s["stop_id"]]
                  for s in read("bus_stops.csv") if s["feed"] == feed])


def bus_routes(feed):
    return table(ROUTES_HEAD, [[r["route_id"], "TYB", r["short_name"], r["from"] + "—" + r["to"], r["note"], 3]
                               for r in read("bus_lines.csv") if r["feed"] == feed])


def feeder():
    """G4 alone has a published headway: every 20 to 25 minutes in the morning peak; 22 min 30 s is used."""
    trips, times, frequencies = [], [], []
    for direction, ends in ((0, ("TYB_G4_JJ", "TYB_G4_AIR")), (1, ("TYB_G4_AIR", "TYB_G4_JJ"))):
        trip = "TYB_G4_%d" % direction
        trips.append(["TYB_G4", "TYB_WD", trip, ("机场航站楼", "嘉节停车场")[direction], direction, 1])
        times.append([trip, "07:00:00", "07:00:00", ends[0], 1, 0])
        times.append([trip, "07:40:00", "07:40:00", ends[1], 2, 0])
        frequencies.append([trip, "07:00:00", "09:00:00", 1350, 0])
    return {
        "agency.txt": AGENCY, "routes.txt": bus_routes("feeder"), "stops.txt": table(STOPS_HEAD, stop_rows("feeder")),
        "calendar.txt": table("service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date",
                              [["TYB_WD", 1, 1, 1, 1, 1, 0, 0, "20250222", LAST_DAY]]),
        "trips.txt": table(TRIPS_HEAD, trips), "stop_times.txt": table(TIMES_HEAD, times),
        "frequencies.txt": table("trip_id,start_time,end_time,headway_secs,exact_times", frequencies),
        "translations.txt": stop_names("feeder"), "feed_info.txt": feed_info("20250222"),
    }


def intercity():
    """920: first 06:30, last 18:30, about 2 h 30 are published; the hourly trips between are assumed."""
    trips, times = [], []
    for direction, ends in ((0, ("TYB_920_TYN", "TYB_920_XZ")), (1, ("TYB_920_XZ", "TYB_920_TYN"))):
        for n in range(13):
            start = 6 * 3600 + 1800 + n * 3600
            trip = "TYB_920_%d_%02d" % (direction, n + 1)
            # Published for the way out only; the way back is assumed to keep the same hours.
            assumed = int(direction == 1 or n not in (0, 12))
            trips.append(["TYB_920", "TYB_DAILY", trip, ("忻州古城", "太原南站")[direction], direction, assumed])
            times.append([trip, clock(start), clock(start), ends[0], 1, 1])
            times.append([trip, clock(start + 9000), clock(start + 9000), ends[1], 2, 0])
    return {
        "agency.txt": AGENCY, "routes.txt": bus_routes("intercity"),
        "stops.txt": table(STOPS_HEAD, stop_rows("intercity")),
        "calendar.txt": table("service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date",
                              [["TYB_DAILY", 1, 1, 1, 1, 1, 1, 1, "20250101", LAST_DAY]]),
        "trips.txt": table(TRIPS_HEAD, trips), "stop_times.txt": table(TIMES_HEAD, times),
        "translations.txt": stop_names("intercity"), "feed_info.txt": feed_info("20250101"),
    }


def main():
    check, differ = "--check" in sys.argv[1:], 0
    for feed, make in (("metro", metro), ("feeder", feeder), ("intercity", intercity)):
        folder = os.path.join(CITY, "gtfs", feed)
        os.makedirs(folder, exist_ok=True)
        for name, text in sorted(make().items()):
            path = os.path.join(folder, name)
            if check:
                old = open(path, encoding="utf-8", newline="").read() if os.path.exists(path) else None
                if old != text:
                    print("%s/%s differs from the fact tables; run tools/taiyuan_gtfs.py" % (feed, name))
                    differ = 1
            else:
                with open(path, "w", encoding="utf-8", newline="") as file:
                    file.write(text)
    return differ


if __name__ == "__main__":
    sys.exit(main())
