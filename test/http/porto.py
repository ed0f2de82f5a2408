"""OSRM's services on a real city (Porto, from the shared data) as a client uses them: shapes, agreement, random questions."""
import os
import random

from server import ROOT, Server, check, finish

shared = os.path.join(ROOT, os.environ.get("TQ_SHARED_DATA", "../shared/data"))
extract = os.path.join(shared, "osm", "porto_portugal.osm.pbf")
if not os.path.exists(extract):
    if os.environ.get("CI") == "true":
        check("the extract of Porto", False, extract)
    else:
        print(f"skipped: no {extract}")
    finish()

seed = int(os.environ.get("SEED", "7"))
print(f"seed {seed}")
random.seed(seed)
server = Server(osm=extract, timezone="Europe/Lisbon")


def ask(service, points, options="", profile="driving"):
    where = ";".join(f"{lon:.6f},{lat:.6f}" for lon, lat in points)
    got = server.get(f"/{service}/v1/{profile}/{where}?{options}")
    return got, got.json() or {}


def somewhere():
    return random.uniform(-8.67, -8.56), random.uniform(41.14, 41.19)


# ---- nearest gives places on streets -----------------------------------------------------------------------------
places = []
while len(places) < 12:
    got, body = ask("nearest", [somewhere()], "number=1")
    if got.status == 200:
        places.append(tuple(body["waypoints"][0]["location"]))
check("places on streets snap to themselves", all(ask("nearest", [p])[1]["waypoints"][0]["distance"] <= 1.0 for p in places))

# ---- routes and the table agree ------------------------------------------------------------------------------------
got, table = ask("table", places, "annotations=duration,distance")
check("a 12 x 12 table", got.status == 200 and len(table["durations"]) == 12 and len(table["distances"][0]) == 12, got)
wrong = []
for i in range(6):
    for j in range(6, 12):
        got, body = ask("route", [places[i], places[j]], "overview=full&geometries=polyline6&steps=true&annotations=true")
        cell = table["durations"][i][j]
        if body.get("code") == "NoRoute":
            if cell is not None:
                wrong.append((i, j, "no route", cell))
            continue
        route = body["routes"][0]
        if cell is None or abs(route["duration"] - cell) > 0.3 or abs(route["distance"] - table["distances"][i][j]) > 2:
            wrong.append((i, j, route["duration"], cell, route["distance"], table["distances"][i][j]))
        leg = route["legs"][0]
        if abs(sum(leg["annotation"]["duration"]) - leg["duration"]) > 2 + 0.15 * leg["duration"]:
            wrong.append((i, j, "annotation", sum(leg["annotation"]["duration"]), leg["duration"]))
        if abs(sum(step["distance"] for step in leg["steps"]) - leg["distance"]) > 5:
            wrong.append((i, j, "steps", leg["distance"]))
check("routes agree with the table, steps and annotations with the legs", not wrong, wrong[:6])

# ---- alternatives ----------------------------------------------------------------------------------------------------
found = 0
for _ in range(10):
    got, body = ask("route", [somewhere(), somewhere()], "alternatives=2&overview=false")
    if got.status != 200:
        continue
    times = [route["duration"] for route in body["routes"]]
    found += len(times) > 1
    if times != sorted(times) or times[-1] > 1.26 * times[0] + 1:
        check("alternatives are ordered and not much longer", False, times)
check("there are alternatives in a city", found >= 2, found)

# ---- trip, match -------------------------------------------------------------------------------------------------------
main = [p for k, p in enumerate(places) if table["durations"][0][k] is not None and table["durations"][k][0] is not None][:8]
got, body = ask("trip", main, "overview=false")
check("a round trip of eight", got.status == 200 and len(body["trips"][0]["legs"]) == len(main), got)
if got.status == 200:
    got, asked = ask("route", main + main[:1], "overview=false")
    check("is not longer than the order given", body["trips"][0]["duration"] <= asked["routes"][0]["duration"] + 1,
          (body["trips"][0]["duration"], asked["routes"][0]["duration"]))
got, body = ask("route", main[:2], "overview=full&geometries=geojson")
line = body["routes"][0]["geometry"]["coordinates"]
track = [(lon + random.gauss(0, 3e-5), lat + random.gauss(0, 3e-5)) for lon, lat in line[::3][:80]]
got, matched = ask("match", track, "overview=full&radiuses=" + ";".join(["8"] * len(track)))
check("a noisy track is matched", got.status == 200 and sum(t is not None for t in matched["tracepoints"]) > 0.7 * len(track), got)

# ---- vehicles, times ------------------------------------------------------------------------------------------------------
for profile in ("walking", "cycling", "wheelchair", "elder", "lorry_heavy", "bus"):
    got, body = ask("route", main[:2], "overview=false", profile)
    check(f"{profile}: a way or a named reason", got.status == 200 or body.get("code") in ("NoRoute", "NoSegment"), got)
quick = ask("route", main[:2], "overview=false&time=2026-06-03T04:00")[1]["routes"][0]["duration"]
rush = ask("route", main[:2], "overview=false&time=2026-06-03T08:15")[1]["routes"][0]["duration"]
check("the rush hour is not quicker than the night", rush >= quick, (quick, rush))

# ---- random questions never break it ----------------------------------------------------------------------------------------
codes = {}
for _ in range(150):
    service = random.choice(["route", "table", "nearest", "match", "trip"])
    count = 1 if service == "nearest" else random.randint(1, 5)
    got, body = ask(service, [somewhere() for _ in range(count)], random.choice(["", "steps=true", "overview=full", "x=1"]))
    codes[body.get("code")] = codes.get(body.get("code"), 0) + 1
    if got.status not in (200, 400) or "code" not in body:
        check("every answer has a code", False, got)
check("random questions are answered or refused by code", None not in codes and codes.get("Ok", 0) > 40, codes)
check("stopped", server.stop() == 0, server.errors)
finish()
