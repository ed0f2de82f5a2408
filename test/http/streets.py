"""Streets over HTTP on a town drawn by hand: OSRM's services and error codes, closures, limits, datums, matrices."""
import json
import math
import urllib.parse

from server import Answer, Server, check, finish, read_all
from town import at, lonlat, write

server = Server(osm=write(), max_body="1 MiB")
q = urllib.parse.quote
WEST, EAST = at(1, 4, 0.5), at(8, 7, 0.5)
SEA, ISLAND = (36.0, 120.9), at(20, 21, 0.5)


def osrm(service, places, options="", profile="driving"):
    got = server.get(f"/{service}/v1/{profile}/{lonlat(*places)}{'?' + options if options else ''}")
    return got, got.json() or {}


def refused(name, target, code, words=""):
    got = server.get(target)
    body = got.json() or {}
    check(f"{name}: 400 {code}", got.status == 400 and body.get("code") == code and set(body) == {"code", "message"}
          and words in body["message"], got)


def near(a, b, metres=1.0):
    dx = (a[0] - b[0]) * 111320 * math.cos(math.radians(a[1]))
    return math.hypot(dx, (a[1] - b[1]) * 110950) <= metres


# ---- route ------------------------------------------------------------------------------------------------------
got, body = osrm("route", [WEST, EAST], "overview=full&geometries=geojson&steps=true&annotations=true&language=zh-CN")
check("west to east over the bridge", got.status == 200 and body["code"] == "Ok" and "长桥" in body["routes"][0]["ways"], got)
if got.status == 200:
    route = body["routes"][0]
    check("the length is that of the drawing", 2500 < route["distance"] < 4500, route["distance"])
    check("OSRM's members", {"geometry", "legs", "distance", "duration", "weight", "weight_name"} <= set(route), route.keys())
    check("a leg has steps, summary and annotation", {"steps", "summary", "annotation", "distance", "duration", "weight"}
          <= set(route["legs"][0]), route["legs"][0].keys())
    steps = route["legs"][0]["steps"]
    check("steps have OSRM's members", all({"maneuver", "geometry", "distance", "duration", "name", "mode", "driving_side",
                                            "intersections", "weight"} <= set(step) for step in steps), steps[:1])
    check("depart first, arrive last", steps[0]["maneuver"]["type"] == "depart" and steps[-1]["maneuver"]["type"] == "arrive")
    check("spoken in Chinese when asked", all(step["maneuver"].get("instruction") for step in steps), steps[:1])
    check("two waypoints, each with location, name, distance", len(body["waypoints"]) == 2
          and all({"location", "name", "distance"} <= set(w) for w in body["waypoints"]), body["waypoints"])
    check("the ends of the line are the waypoints", near(route["geometry"]["coordinates"][0], body["waypoints"][0]["location"])
          and near(route["geometry"]["coordinates"][-1], body["waypoints"][1]["location"]))
    check("no datum is named unless asked for", "datum" not in body)
    check(".json may follow", server.get(f"/route/v1/driving/{lonlat(WEST, EAST)}.json").status == 200)
check("overview=false leaves the geometry out", "geometry" not in osrm("route", [WEST, EAST], "overview=false")[1]["routes"][0])
check("skip_waypoints", "waypoints" not in osrm("route", [WEST, EAST], "skip_waypoints=true")[1])
via = osrm("route", [WEST, at(6), EAST])[1]
check("a via makes two legs", len(via["routes"][0]["legs"]) == 2, via)
check("waypoints=0;2 makes one", len(osrm("route", [WEST, at(6), EAST], "waypoints=0;2")[1]["routes"][0]["legs"]) == 1)


def polyline(points):
    text, last = "", (0, 0)
    for lat, lon in points:
        now = (round(lat * 1e5), round(lon * 1e5))
        for delta in (now[0] - last[0], now[1] - last[1]):
            value = ~(delta << 1) if delta < 0 else delta << 1
            while value >= 32:
                text += chr((32 | value & 31) + 63)
                value >>= 5
            text += chr(value + 63)
        last = now
    return text


coded = server.get(f"/route/v1/driving/polyline({q(polyline([WEST, EAST]))})").json() or {}
check("coordinates as a polyline", coded.get("code") == "Ok"
      and abs(coded["routes"][0]["distance"] - body["routes"][0]["distance"]) < 5, coded)
for name in ("driving", "walking", "cycling", "car", "taxi", "foot", "bike", "bus", "ambulance"):
    check(f"profile {name}", osrm("route", [WEST, EAST], profile=name)[1].get("code") == "Ok", osrm("route", [WEST, EAST], profile=name)[0])
low = osrm("route", [at(1, 2, 0.2), at(2, 1, 0.2)], "overview=false")[1]["routes"][0]
high = osrm("route", [at(1), at(2)], "overview=false&height_m=4.2")[1]
check("a high vehicle goes round the low gate", high.get("code") == "Ok" and "低门街" not in high["routes"][0]["ways"]
      and "低门街" in low["ways"], (low, high))
along = osrm("route", [at(9, 10, 0.2), at(9, 10, 0.8)])[1]["routes"][0]["distance"]
against = osrm("route", [at(9, 10, 0.8), at(9, 10, 0.2)])[1]
check("both ends on one arc, against its direction: all the way round", against.get("code") == "Ok"
      and against["routes"][0]["distance"] > 3 * along, (along, against))
east_only = osrm("route", [at(1, 2, 0.5), at(3)], "bearings=90,20;&overview=false")[1]
check("a bearing chooses the direction", east_only.get("code") == "Ok", east_only)

# ---- mistakes -----------------------------------------------------------------------------------------------------
here = lonlat(WEST, EAST)
for service in ("route", "table", "match", "trip"):
    refused(f"{service} of one coordinate", f"/{service}/v1/driving/{lonlat(WEST)}", "InvalidOptions", "at least two")
    refused(f"{service} of letters", f"/{service}/v1/driving/abc", "InvalidQuery")
    refused(f"{service} off the globe", f"/{service}/v1/driving/112,91;112,37", "InvalidValue")
    refused(f"{service} with an unknown option", f"/{service}/v1/driving/{here}?colour=red", "InvalidQuery")
    refused(f"{service} with a wrong value", f"/{service}/v1/driving/{here}?generate_hints=perhaps", "InvalidQuery")
    refused(f"{service} with too few radiuses", f"/{service}/v1/driving/{here}?radiuses=5", "InvalidOptions", "size 1")
    refused(f"{service} with an unreadable bearing", f"/{service}/v1/driving/{here}?bearings=x,1;", "InvalidQuery")
    refused(f"{service} by horse", f"/{service}/v1/horse/{here}", "InvalidUrl", "horse")
    refused(f"{service} over its limit", f"/{service}/v1/driving/" + ";".join(["1,2"] * 1001), "TooBig")
    refused(f"{service} with a broken polyline", f"/{service}/v1/driving/polyline(%60%60%60)", "InvalidQuery")
    refused(f"{service} on a date that is none", f"/{service}/v1/driving/{here}?time=2025-13-03T08:00", "InvalidValue")
for service in ("route", "table", "trip"):
    refused(f"{service} from the sea", f"/{service}/v1/driving/{lonlat(WEST, SEA)}", "NoSegment", "coordinate 1")
refused("match in the sea", f"/match/v1/driving/{lonlat(SEA, (36.0, 120.901))}", "NoMatch")
refused("nearest in the sea", f"/nearest/v1/driving/{lonlat(SEA)}", "NoSegment", "coordinate 0")
refused("nearest of two", f"/nearest/v1/driving/{here}", "InvalidOptions")
refused("nearest of too many", f"/nearest/v1/driving/{lonlat(WEST)}?number=33", "TooBig", "32")
refused("nearest of none", f"/nearest/v1/driving/{lonlat(WEST)}?number=0", "InvalidOptions")
refused("radius too small", f"/route/v1/driving/{lonlat((WEST[0], WEST[1] - 0.002), EAST)}?radiuses=20;", "NoSegment", "coordinate 0")
refused("an island", f"/route/v1/driving/{lonlat(WEST, ISLAND)}", "NoRoute")
refused("another version", f"/route/v2/driving/{here}", "InvalidVersion")
refused("no coordinates", "/route/v1/driving", "InvalidUrl")
refused("exclude of what is not known", f"/route/v1/driving/{here}?exclude=hills", "InvalidValue", "hills")
refused("waypoints without the last", f"/route/v1/driving/{here}?waypoints=0", "InvalidValue", "First and last")
refused("too many alternatives", f"/route/v1/driving/{here}?alternatives=4", "TooBig")
refused("timestamps backwards", f"/match/v1/driving/{here}?timestamps=5;4", "InvalidValue", "monotonically")
refused("timestamps that are none", f"/match/v1/driving/{here}?timestamps=a;b", "InvalidQuery")
refused("trip without ends", f"/trip/v1/driving/{here}?roundtrip=false", "NotImplemented")
refused("trip over an island", f"/trip/v1/driving/{lonlat(WEST, EAST, ISLAND)}", "NoTrips")
refused("index out of range", f"/table/v1/driving/{here}?sources=2", "InvalidOptions")
refused("index that is none", f"/table/v1/driving/{here}?sources=a", "InvalidQuery")
refused("fallback_speed 0", f"/table/v1/driving/{here}?fallback_speed=0", "InvalidOptions", "fallback_speed")
refused("scale_factor -1", f"/table/v1/driving/{here}?scale_factor=-1", "InvalidOptions", "scale_factor")
check("an island's own street can be driven", osrm("route", [at(20, 21, 0.1), at(20, 21, 0.9)])[1].get("code") == "Ok")

# ---- table and VROOM ----------------------------------------------------------------------------------------------
places = [WEST, EAST, at(3), at(6), ISLAND]
got, table = osrm("table", places, "annotations=duration,distance")
check("a table", got.status == 200 and table["code"] == "Ok" and len(table["durations"]) == 5 and len(table["distances"]) == 5, got)
if got.status == 200:
    check("its diagonal is 0", all(table["durations"][k][k] == 0 for k in range(5)), table["durations"])
    check("the island is null both ways", table["durations"][0][4] is None and table["durations"][4][0] is None)
    for i in range(4):
        for j in range(4):
            if i != j:
                alone = osrm("route", [places[i], places[j]], "overview=false")[1]["routes"][0]
                check(f"cell {i},{j} is the route's", abs(alone["duration"] - table["durations"][i][j]) <= 0.2
                      and abs(alone["distance"] - table["distances"][i][j]) <= 1, (alone["duration"], table["durations"][i][j]))
    part = osrm("table", places, "sources=1;3&destinations=0")[1]
    check("sources and destinations", part["durations"] == [[table["durations"][1][0]], [table["durations"][3][0]]]
          and "distances" not in part and len(part["sources"]) == 2 and len(part["destinations"]) == 1, part)
    filled = osrm("table", places, "fallback_speed=10")[1]
    check("fallback_speed fills the nulls and lists them", None not in sum(filled["durations"], [])
          and [0, 4] in filled["fallback_speed_cells"] and filled["durations"][0][1] == table["durations"][0][1], filled)
    twice = osrm("table", places, "scale_factor=2")[1]
    check("scale_factor", abs(twice["durations"][0][1] - 2 * table["durations"][0][1]) < 0.11, twice)
vroom = Answer(server.raw((f"GET /table/v1/car/{lonlat(*places[:4])}?annotations=duration,distance&generate_hints=false HTTP/1.1\r\n"
                           "Host: 127.0.0.1\r\nAccept: */*\r\nConnection: Close\r\n\r\n").encode()))
check("a table as VROOM asks for it", vroom.json()["code"] == "Ok" and len(vroom.json()["durations"]) == 4
      and "hint" not in vroom.json()["sources"][0], vroom)
vroom = Answer(server.raw((f"GET /route/v1/car/{lonlat(*places[:4])}?alternatives=false&steps=false&overview=full&"
                           "continue_straight=false&geometries=polyline HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: */*\r\n"
                           "Connection: Close\r\n\r\n").encode()))
check("a route as VROOM asks for it", vroom.json()["code"] == "Ok" and len(vroom.json()["routes"][0]["legs"]) == 3, vroom)

# ---- nearest, match, trip, tile -------------------------------------------------------------------------------------
got, body = osrm("nearest", [at(1, 2, 0.5)], "number=2")
check("nearest two", got.status == 200 and len(body["waypoints"]) == 2 and body["waypoints"][0]["name"] == "低门街"
      and len(body["waypoints"][0]["nodes"]) == 2 and "hint" in body["waypoints"][0], got)
track = [at(1, 4, s) for s in (0.1, 0.4, 0.7)] + [at(4, 3, s) for s in (0.1, 0.5, 0.9)]
got, body = osrm("match", track, "timestamps=" + ";".join(str(20 * k) for k in range(6)) + "&overview=full&geometries=geojson")
check("a track is matched", got.status == 200 and body["code"] == "Ok" and len(body["tracepoints"]) == 6
      and 0 <= body["matchings"][0]["confidence"] <= 1, got)
if got.status == 200:
    check("tracepoints have OSRM's members", all(t is None or {"matchings_index", "waypoint_index", "alternatives_count",
                                                               "location", "name"} <= set(t) for t in body["tracepoints"]), body["tracepoints"])
got, body = osrm("trip", [WEST, EAST, at(3), at(6)])
check("a round trip", got.status == 200 and body["code"] == "Ok" and len(body["trips"][0]["legs"]) == 4
      and sorted(w["waypoint_index"] for w in body["waypoints"]) == [0, 1, 2, 3]
      and all(w["trips_index"] == 0 for w in body["waypoints"]), got)
got, body = osrm("trip", [WEST, EAST, at(3), at(6)], "roundtrip=false&source=first&destination=last")
check("a trip with fixed ends", got.status == 200 and body["waypoints"][0]["waypoint_index"] == 0
      and body["waypoints"][3]["waypoint_index"] == 3 and len(body["trips"][0]["legs"]) == 3, got)


def tile_name(zoom, lat, lon):
    size, rad = 1 << zoom, math.radians(lat)
    x = int((lon + 180) / 360 * size)
    return f"tile({x},{int((1 - math.log(math.tan(rad) + 1 / math.cos(rad)) / math.pi) / 2 * size)},{zoom}).mvt"


got = server.get(f"/tile/v1/car/{tile_name(15, *at(2))}")
check("a debug tile", got.status == 200 and got.headers["content-type"] == "application/x-protobuf"
      and all(word in got.body for word in (b"speeds", b"turns", b"is_small", b"turn_angle", "长桥".encode())), got)
refused("a tile too far out", "/tile/v1/car/tile(1,1,3).mvt", "InvalidOptions")
refused("a tile that is none", "/tile/v1/car/tile(1,1).mvt", "InvalidQuery")

# ---- datums --------------------------------------------------------------------------------------------------------
plain = osrm("nearest", [(37.86944, 112.56028)], "radiuses=5000")[1]["waypoints"][0]
shifted = osrm("nearest", [(37.8699442, 112.5665539)], "radiuses=5000&datum=gcj02")[1]
check("a GCJ-02 point finds the street of its twin", shifted["waypoints"][0]["hint"][:8] == plain["hint"][:8], (plain, shifted))
check("the datum is named", shifted["datum"] == "gcj02", shifted)
for datum in ("gcj02", "bd09"):
    first = osrm("route", [WEST, EAST], f"datum={datum}&overview=full&geometries=geojson")[1]
    if first.get("code") != "Ok":
        first = osrm("route", [WEST, EAST], f"datum={datum}&radiuses=5000;5000&overview=full&geometries=geojson")[1]
    ends = [w["location"] for w in first["waypoints"]]
    again = osrm("route", [(lat, lon) for lon, lat in ends], f"datum={datum}&overview=full&geometries=geojson")[1]
    check(f"{datum}: what was answered is understood again", all(near(a["location"], b, 0.5) for a, b in
                                                                  zip(again["waypoints"], ends))
          and near(again["routes"][0]["geometry"]["coordinates"][0], ends[0], 1), again.get("message"))
refused("an unknown datum", f"/route/v1/driving/{here}?datum=mars", "InvalidQuery")

# ---- own API ---------------------------------------------------------------------------------------------------------
vehicles = server.get("/api/v1/vehicles").json()["vehicles"]
check("vehicles are listed with labels", {"car", "taxi", "foot", "bike", "lorry_heavy"} <= {v["name"] for v in vehicles}
      and all(v["label_zh"] and v["label_en"] for v in vehicles), vehicles)
place = f"{WEST[0]},{WEST[1]}"
reach = server.get(f"/api/v1/isochrone?place={place}&minutes=1,3&profile=car")
check("an isochrone", reach.status == 200 and reach.headers["content-type"].startswith("application/geo+json")
      and len(reach.json()["features"]) == 2, reach)
if reach.status == 200:
    reach = reach.json()
    check("its envelope", reach["datum"] == "wgs84" and reach["profile"] == "car" and reach["direction"] == "from", reach.keys())
    check("further in more time", reach["features"][0]["properties"]["reached_m"] < reach["features"][1]["properties"]["reached_m"])
    rings = [ring for f in reach["features"] for poly in f["geometry"]["coordinates"] for ring in poly]
    check("closed rings", rings and all(ring[0] == ring[-1] and len(ring) >= 4 for ring in rings))
    posted = server.send("POST", "/api/v1/isochrone", {"place": place, "minutes": [1, 3], "profile": "car"})
    check("the same by POST", posted.status == 200 and [f["properties"] for f in posted.json()["features"]]
          == [f["properties"] for f in reach["features"]], posted)
    check("to the place", server.get(f"/api/v1/isochrone?place={place}&minutes=2&direction=to").status == 200)
check("minutes must ascend", server.get(f"/api/v1/isochrone?place={place}&minutes=5,3").json()["code"] == "BAD_INPUT")
check("a place in the sea", server.get("/api/v1/isochrone?place=36,120.9&minutes=5").json()["code"] == "NO_SEGMENT")
check("an unknown profile", server.get(f"/api/v1/isochrone?place={place}&minutes=5&profile=horse").status == 400)
some = ";".join(f"{lat},{lon}" for lat, lon in (EAST, at(3), at(6)))
nearest = server.get(f"/api/v1/nearest_of?place={place}&set={some}&limit=2").json()
check("the two nearest of three", [row["index"] for row in nearest["nearest"]] == [1, 2]
      and nearest["nearest"][0]["duration_s"] < nearest["nearest"][1]["duration_s"], nearest)

# ---- matrices ----------------------------------------------------------------------------------------------------------
points = [[lon, lat] for lat, lon in places]
got = server.send("POST", "/api/v1/matrix", {"from": points, "annotations": ["duration", "distance"]})
check("a matrix is OSRM's table", got.status == 200 and got.whole and got.json()["durations"] == table["durations"]
      and got.json()["distances"] == table["distances"], got)
got = server.send("POST", "/api/v1/matrix?stream=rows", {"from": points[:2], "to": [{"lat": EAST[0], "lon": EAST[1]}]})
rows = [json.loads(line) for line in got.body.splitlines()]
check("as rows", got.headers["content-type"].startswith("application/x-ndjson") and rows[0]["rows"] == 2 and rows[0]["columns"] == 1
      and rows[1]["durations"] == [table["durations"][0][1]] and rows[2]["row"] == 1, rows)
got = server.get(f"/api/v1/matrix?from={place};{EAST[0]},{EAST[1]}&format=csv&annotations=duration,distance")
lines = got.body.decode().split("\r\n")
check("as CSV", lines[0] == "from,to,duration_s,distance_m" and len(lines) == 6
      and lines[2] == f"0,1,{table['durations'][0][1]},{table['distances'][0][1]}", lines)
many = [points[k % 4] for k in range(10000)]
got = server.send("POST", "/api/v1/matrix", {"from": many})
check("10,000 x 10,000 is refused by limit, and told of streaming", got.status == 400 and got.json()["code"] == "MATRIX_LIMIT"
      and "10000000" in got.json()["detail"] and "stream=rows" in got.json()["detail"], got)
got = server.send("POST", "/api/v1/matrix", {"from": many + [points[0]]})
check("10,001 places are refused", got.status == 400 and got.json()["code"] == "LIMIT", got)
got = server.send("POST", "/api/v1/matrix", {"from": many[:2000], "stream": "rows"}, timeout=120)
rows = got.body.splitlines()
check("2,000 x 2,000 streamed whole", got.whole and len(rows) == 2001 and json.loads(rows[2000])["row"] == 1999
      and json.loads(rows[1])["durations"][:4] == table["durations"][0][:4], len(rows))
data = json.dumps({"from": many, "stream": "rows"}).encode()
with server.connect(60) as sock:
    sock.sendall(b"POST /api/v1/matrix HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(data) + data)
    got = b""
    while len(got) < 3 << 20:
        got += sock.recv(1 << 20)
    check("10,000 x 10,000 begins to flow", b"\"columns\":10000" in got[:2000] and b'{"row":0,' in got, got[:600])
    check("others are served meanwhile", server.get("/healthz").status == 200)
old = server.raw(b"POST /api/v1/matrix HTTP/1.0\r\nContent-Length: %d\r\n\r\n" % len(json.dumps({"from": points}))
                 + json.dumps({"from": points}).encode())
check("HTTP/1.0 gets it without chunks", b"chunked" not in old and old.endswith(b"}"), old[-80:])
pipelined = json.dumps({"from": points[:2]}).encode()
with server.connect(20) as sock:
    sock.sendall(b"POST /api/v1/matrix HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(pipelined) + pipelined
                 + b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    both = Answer(read_all(sock))
check("a request behind a stream is answered after it", both.whole and b'"status":"ok"' in both.rest, both.rest[-100:])
for body, words in ((b"", "NO_BODY"), (b"{", "BAD_BODY"), (b"[]", "BAD_BODY"), (b'{"from":[[1]]}', "BAD_INPUT"),
                    (b'{"from":[[112.55,37.86],]}', "BAD_BODY"), (b'{"frm":[[112.55,37.86]]}', "UNKNOWN_PARAMETER"),
                    (b'{"from":[[120.9,36.0]]}', "NO_SEGMENT"), (b'{"from":' + b"[" * 60, "BAD_BODY")):
    got = server.send("POST", "/api/v1/matrix", body)
    check(f"matrix of {body[:30]!r}: {words}", got.status in (400, 404) and got.json()["code"] == words, got)
chunked = server.raw(b"POST /api/v1/matrix HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
                     b"3\r\n{\"f\r\n3\r\nrom\r\n0\r\n\r\n")
check("a body in chunks: 411", b" 411 " in chunked[:20], chunked[:80])
wrong = server.get("/api/v1/matrix", method="PUT")
check("PUT: 405 with what is allowed", wrong.status == 405 and wrong.headers["allow"] == "GET, HEAD, POST, OPTIONS", wrong)

# ---- live closures and speeds ---------------------------------------------------------------------------------------
LIVE = "/api/v1/live/roads"
before = osrm("route", [WEST, EAST], "overview=false")[1]["routes"][0]["duration"]


def tell(states, **more):
    return server.send("POST", LIVE, {"states": states} | more)


got = tell([{"way": 200, "closed": True}])
check("the bridge is closed", got.status == 200 and got.json()["changed"] == 2 and got.json()["count"] == 2, got)
refused("closures that cut the city in two", f"/route/v1/driving/{here}", "NoRoute", "live closures")
check("the table says null", osrm("table", [WEST, EAST])[1]["durations"][0][1] is None)
refused("no trip over it", f"/trip/v1/driving/{here}", "NoTrips", "live closures")
check("on foot it is open", osrm("route", [WEST, EAST], profile="foot")[1].get("code") == "Ok")
listed = server.get(LIVE).json()
check("it is listed", {row["direction"] for row in listed["states"]} == {"forward", "backward"}
      and all(row["way"] == 200 and row["closed"] for row in listed["states"]), listed)
check("debug tiles show it", server.get(f"/tile/v1/car/{tile_name(15, *at(2))}").status == 200)
got = tell([{"way": 200, "kmh": 10, "direction": "forward"}, {"way": 200, "clear": True, "direction": "backward"}])
slow = osrm("route", [WEST, EAST], "overview=false")[1]
check("open again, at 10 km/h", slow.get("code") == "Ok" and slow["routes"][0]["duration"] > before + 300, (before, slow))
check("the other way is as it was", abs(osrm("route", [EAST, WEST], "overview=false")[1]["routes"][0]["duration"] - before) < 60)
for states, words in (([{"way": 200, "kmh": 0}], "closed"), ([{"way": 200, "kmh": 1000}], "200"), ([{"way": 200, "kmh": -3}], "at least 1"),
                      ([{"way": 9999, "kmh": 20}], "no way 9999"), ([{"edge": 99999999, "kmh": 20}], "no edge"),
                      ([{"way": 200, "kmh": 20}, {"kmh": 20}], "row 1"), ([{"way": 200}], "one of"),
                      ([{"way": 200, "kmh": 20, "closed": True}], "one of"), ([{"way": 200, "kmh": 20, "modes": ["horse"]}], "horse"),
                      ([{"way": 200, "kmh": 20, "direction": "up"}], "direction"), ([{"way": 200, "kmh": 20, "colour": 1}], "colour"),
                      ([{"way": 200, "kmh": 20, "until": "soon"}], "")):
    got = tell(states)
    check(f"refused: {json.dumps(states)[:70]}", got.status == 400 and words in got.json()["detail"], got)
check("a refused change changed nothing", server.get(LIVE).json()["count"] == 1)
check("an old version is refused", tell([], version=1).status == 409)
check("a newer one is taken", tell([], version=100).json()["live_version"] == 100)
got = server.send("POST", LIVE, "way,direction,kmh,closed,modes\r\n200,both,,true,car taxi\r\n".encode(), kind="text/csv")
check("CSV is taken too", got.status == 200 and got.json()["changed"] == 2, got)
check("a taxi cannot cross, a bus can", osrm("route", [WEST, EAST], profile="taxi")[1]["code"] == "NoRoute"
      and osrm("route", [WEST, EAST], profile="bus")[1]["code"] == "Ok")
got = server.send("POST", LIVE, b"way,kmh\n200,fast\n", kind="text/csv")
check("a wrong CSV row is named", got.status == 400 and "row 0" in got.json()["detail"], got)
got = server.send("DELETE", LIVE, b"")
check("all is forgotten", got.status == 200 and got.json()["count"] == 0
      and abs(osrm("route", [WEST, EAST], "overview=false")[1]["routes"][0]["duration"] - before) < 0.2, got)

# ---- avoiding ----------------------------------------------------------------------------------------------------------
refused("avoiding the only bridge", f"/route/v1/driving/{here}?avoid_streets={q('长桥')}", "NoRoute", "avoid_streets")
refused("in English", f"/route/v1/driving/{here}?avoid_streets=Long+Bridge", "NoRoute")
refused("a street that is none", f"/route/v1/driving/{here}?avoid_streets={q('没有路')}", "InvalidValue", "没有路")
around = lonlat(*[(at(2)[0] + dy, at(2, 5, 0.5)[1] + dx) for dx, dy in ((-0.001, -0.001), (0.001, -0.001), (0.001, 0.001), (-0.001, 0.001))])
refused("a polygon over the bridge", f"/route/v1/driving/{here}?avoid_polygon={around}", "NoRoute", "avoid_polygon")
refused("a polygon of two points", f"/route/v1/driving/{here}?avoid_polygon=1,2;3,4", "InvalidValue", "3 points")
round_way = osrm("route", [at(1), at(2)], f"overview=false&avoid_streets={q('低门街')}")[1]
check("avoiding a street goes round it", round_way.get("code") == "Ok" and "低门街" not in round_way["routes"][0]["ways"], round_way)
check("exclude=toll,ferry changes nothing here", osrm("route", [WEST, EAST], "overview=false&exclude=toll,ferry")[1]["routes"][0]["duration"] == before)
check("stopped", server.stop() == 0, server.errors)
finish()
