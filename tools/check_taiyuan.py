#!/usr/bin/env python3
"""Derive the published facts of the shipped city again from its text files, by another way than they were made.

usage: tools/check_taiyuan.py        exit code 1 and one line for each fact that does not hold

Reads cities/taiyuan/gtfs/metro and fares.csv alone (not facts/): expands every frequency into departures, takes the
first and the last at each stop, and compares with the minutes, counts, lengths and fares written below.
"""
import collections, csv, os, re, sys

CITY = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "cities", "taiyuan")
# Minutes after 06:00 of the first train, from the first station of the line to the last, as published.
L1_OUT = [0, 2, 4, 6, 9, 11, 13, 15, 18, 19, 21, 23, 25, 26, 29, 31, 33, 36, 37, 39, 41, 43, 46, 50]
L1_BACK = [51, 49, 46, 44, 42, 40, 37, 35, 32, 31, 29, 27, 25, 24, 22, 19, 17, 15, 13, 11, 9, 7, 4, 0]
L2_OUT = [0, 2, 4, 5, 7, 10, 12, 13, 16, 18, 19, 22, 24, 26, 28, 30, 32, 33, 36, 38, 40, 42, 44]
L2_BACK = [45, 43, 41, 39, 37, 35, 33, 31, 29, 27, 25, 23, 21, 18, 17, 15, 13, 11, 9, 7, 4, 2, 0]
MINUTES = {("TYM_L1", 0): L1_OUT, ("TYM_L1", 1): L1_BACK, ("TYM_L2", 0): L2_OUT, ("TYM_L2", 1): L2_BACK}
wrong = []


def rows(*path):
    with open(os.path.join(CITY, *path), encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def second(text):
    hour, minute, sec = map(int, text.split(":"))
    return hour * 3600 + minute * 60 + sec


def want(what, got, wanted):
    if got != wanted:
        wrong.append("%s: %r, should be %r" % (what, got, wanted))


def departures():
    """(route, direction, service) -> stop -> sorted times, with every frequency written out."""
    times, runs = collections.defaultdict(list), collections.defaultdict(list)
    for r in rows("gtfs", "metro", "stop_times.txt"):
        times[r["trip_id"]].append((int(r["stop_sequence"]), r["stop_id"], second(r["departure_time"])))
    for r in rows("gtfs", "metro", "frequencies.txt"):
        at = second(r["start_time"])
        while at < second(r["end_time"]):
            runs[r["trip_id"]].append(at)
            at += int(r["headway_secs"])
    out = collections.defaultdict(lambda: collections.defaultdict(list))
    for trip in rows("gtfs", "metro", "trips.txt"):
        stops = sorted(times[trip["trip_id"]])
        for start in runs.get(trip["trip_id"], [stops[0][2]]):
            for _, stop, at in stops:
                key = (trip["route_id"], int(trip["direction_id"]), trip["service_id"][-2:])
                out[key][stop].append(at - stops[0][2] + start)
    for group in out.values():
        for stop in group:
            group[stop].sort()
    return out


def check_minutes(table):
    for (route, direction), minutes in MINUTES.items():
        for service in ("WD", "WE"):
            group = table[route, direction, service]
            for k, minute in enumerate(minutes):
                stop = "%s_%02d" % (route, k + 1)
                want("first %s %d %s" % (stop, direction, service), group[stop][0], 6 * 3600 + minute * 60)
                want("last %s %d %s" % (stop, direction, service), group[stop][-1], 22 * 3600 + minute * 60)


def check_headways(table):
    for direction, stop in ((0, "TYM_L2_01"), (1, "TYM_L2_23")):
        day = table["TYM_L2", direction, "WD"][stop]
        for a, b in zip(day, day[1:-1]):
            peak = 7 * 3600 <= a < 9 * 3600 or int(17.5 * 3600) <= a < int(19.5 * 3600)
            want("headway of L2 behind %d" % a, b - a, 390 if peak else 480)
        want("trips of L2 on a working day are about 127", 125 <= len(day) <= 129, True)
        end = table["TYM_L2", direction, "WE"][stop]
        want("headways of L2 at the weekend", {b - a for a, b in zip(end, end[1:])}, {450})


def check_last_connections(table):
    """The eight vectors: last train, minute at 大南门, last onward train, made or missed with 3 min to change."""
    def at(route, direction):
        stop = "TYM_L1_09" if route == "TYM_L1" else "TYM_L2_08"
        return table[route, direction, "WD"][stop][-1] // 60
    for route, direction, onward, to, made in (
            ("TYM_L1", 1, "TYM_L2", 1, False), ("TYM_L1", 1, "TYM_L2", 0, False), ("TYM_L1", 0, "TYM_L2", 1, True),
            ("TYM_L1", 0, "TYM_L2", 0, False), ("TYM_L2", 0, "TYM_L1", 0, True), ("TYM_L2", 0, "TYM_L1", 1, True),
            ("TYM_L2", 1, "TYM_L1", 1, False), ("TYM_L2", 1, "TYM_L1", 0, False)):
        want("last %s %d to %s %d" % (route, direction, onward, to), at(route, direction) + 3 <= at(onward, to), made)


def check_lengths_and_fares():
    far = collections.Counter()
    for r in rows("gtfs", "metro", "stop_times.txt"):
        far[r["stop_id"].rsplit("_", 1)[0]] = max(far[r["stop_id"].rsplit("_", 1)[0]], int(r["shape_dist_traveled"]))
    want("length of L1", far["TYM_L1"], 28737)
    want("length of L2", far["TYM_L2"], 23647)
    steps = [(float(r["key"].split()[0]) * 1000, int(r["value"].split()[0])) for r in rows("fares.csv")
             if r["tariff"] == "metro" and r["item"] == "step"]
    for metres, yuan in ((5000, 2), (5100, 3), (10000, 3), (23647, 6), (28737, 7), (34000, 7)):
        want("fare of %d m" % metres, next(y for upto, y in steps if metres <= upto), yuan)


def check_names():
    stops = rows("gtfs", "metro", "stops.txt")
    want("platforms", sum(s["location_type"] == "0" for s in stops), 47)
    want("stations", sum(s["location_type"] == "1" for s in stops), 46)
    english = {r["record_id"] for r in rows("gtfs", "metro", "translations.txt") if r["table_name"] == "stops"}
    want("stops without an English name", [s["stop_id"] for s in stops if s["stop_id"] not in english], [])
    odd = [r["stop_id"] for r in rows("gtfs", "metro", "first_last.csv") if second(r["last"]) < second(r["first"]) + 1]
    want("rows of the published table with the last train not behind the first", odd, ["TYM_L2_22"])
    for r in rows("streets.csv"):
        for point in r["course"].split(";"):
            if not re.fullmatch(r"\d+(\.\d+)? \d+(\.\d+)?", point):
                wrong.append("streets.csv: %s has the point %r" % (r["name"], point))


def main():
    table = departures()
    check_minutes(table)
    check_headways(table)
    check_last_connections(table)
    check_lengths_and_fares()
    check_names()
    for line in wrong:
        print(line)
    print("cities/taiyuan: %d facts do not hold" % len(wrong) if wrong else "cities/taiyuan: all facts hold")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
