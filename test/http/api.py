"""Every path of the API document on the shipped city: statuses and fields as documented, in both languages."""
import gzip
import json
import re
import urllib.parse

from server import Server, check, finish

server = Server()
document = server.get("/api/v1/openapi.json").json()
check("the document is JSON", document is not None and document["openapi"] == "3.1.0")
with open(__file__.replace("test/http/api.py", "docs/api/openapi.yaml"), "rb") as file:
    check("and YAML, byte for byte", server.get("/api/v1/openapi.yaml").body == file.read())


def resolve(node):
    while "$ref" in node:
        at = document
        for part in node["$ref"][2:].split("/"):
            at = at[part]
        node = at
    return node


def fits(value, schema, where="$"):
    """The first thing that is not as the schema says, or None. Knows what the document uses."""
    schema = resolve(schema)
    kinds = schema.get("type")
    if kinds:
        kinds = kinds if isinstance(kinds, list) else [kinds]
        python = {"string": str, "integer": int, "number": (int, float), "boolean": bool, "object": dict, "array": list,
                  "null": type(None)}
        if not any(isinstance(value, python[kind]) and not (kind in ("integer", "number") and isinstance(value, bool))
                   for kind in kinds):
            return f"{where} is {value!r}, not {kinds}"
    if "enum" in schema and value not in schema["enum"]:
        return f"{where} is {value!r}, not in {schema['enum']}"
    if isinstance(value, dict):
        for key in schema.get("required", []):
            if key not in value:
                return f"{where}.{key} is missing"
        for key, inner in schema.get("properties", {}).items():
            if key in value:
                wrong = fits(value[key], inner, f"{where}.{key}")
                if wrong:
                    return wrong
    if isinstance(value, list) and "items" in schema:
        for number, item in enumerate(value):
            wrong = fits(item, schema["items"], f"{where}[{number}]")
            if wrong:
                return wrong
    return None


def documented(target, template, want, **headers):
    got = server.get(target, **headers)
    responses = document["paths"][template]["get"]["responses"]
    ok = check(f"{want} {urllib.parse.unquote(target)[:90]}", got.status == want, got)
    if not ok or not check(f"  status {want} is documented", str(got.status) in responses, responses.keys()):
        return got
    content = resolve(responses[str(got.status)]).get("content")
    if not content:
        check("  no body", got.body == b"", got)
        return got
    kind = next(iter(content))
    check(f"  type {kind}", got.headers.get("content-type", "").split(";")[0] == kind, got)
    if kind.endswith("json"):
        wrong = "not JSON" if got.json() is None else fits(got.json(), content[kind].get("schema", {}))
        check("  body as documented", wrong is None, wrong)
    return got


q = urllib.parse.quote
PLAN, PLACES, REVERSE = "/api/v1/plan", "/api/v1/places", "/api/v1/reverse"
ROUTE, TILE, DEPARTURES = "/route/v1/{profile}/{coordinates}", "/tiles/{z}/{x}/{y}.mvt", "/api/v1/stops/{id}/departures"

for path in ["/api/v1/city", "/api/v1/works", "/api/v1/limits", "/healthz", "/readyz", "/metrics", "/api/v1/openapi.json",
             "/api/v1/openapi.yaml"]:
    documented(path, path, 200)
city = server.get("/api/v1/city").json()
box = city["box"]
lat, lon = 37.8706, 112.5489  # in the middle of the shipped city
check("the city's box holds its middle", box["south"] < lat < box["north"] and box["west"] < lon < box["east"], box)

# ---- places -------------------------------------------------------------------------------------------------
found = documented(f"{PLACES}?q={q('大南门')}", PLACES, 200).json()
check("大南门 is found", any(p["name"].startswith("大南门") for p in found["places"]), found)
station = next((p for p in found["places"] if p["stop_id"]), None)
check("and is a stop", station is not None, found)
documented(f"{PLACES}?q=dananmen&limit=1&lat={lat}&lon={lon}&lang=en", PLACES, 200)
documented(PLACES, PLACES, 400)
documented(f"{PLACES}?q=a&limit=51", PLACES, 400)
documented(f"{PLACES}?q=a&lat=37", PLACES, 400)
if station:
    near = documented(f"{REVERSE}?lat={station['lat']}&lon={station['lon']}&radius=300", REVERSE, 200).json()
    check("reverse names what is there", near["places"] and "distance_m" in near["places"][0], near)
    documented(f"{REVERSE}?lat={station['lat']}&lon={station['lon']}&datum=gcj02", REVERSE, 200)
documented(f"{REVERSE}?lat=37&lon=x", REVERSE, 400)

# ---- trips --------------------------------------------------------------------------------------------------
ends = f"from={q('太原南站')}&to={q('化章西街')}"
if station:
    ends = f"from=stop:{q(station['stop_id'])}&to={lat},{lon}"
    trip = documented(f"{PLAN}?{ends}&depart=2026-06-03T08:00", PLAN, 200)
    check("x-tongqu-cache: miss, then hit", trip.headers.get("x-tongqu-cache") == "miss"
          and server.get(f"{PLAN}?{ends}&depart=2026-06-03T08:00").headers.get("x-tongqu-cache") == "hit", trip)
    check("a kept answer is the same", server.get(f"{PLAN}?{ends}&depart=2026-06-03T08:00").body == trip.body)
    check("its version is the city's", trip.json()["version"] == city["version"] == trip.headers["tongqu-version"])
    documented(f"{PLAN}?{ends}&arrive=2026-06-03T09:00:00%2B08:00&window=30&lang=en", PLAN, 200)
    check("a + that became a blank is understood",
          server.get(f"{PLAN}?{ends}&depart=2026-06-03T08:00:00+08:00").status == 200)
    now = documented(f"{PLAN}?{ends}", PLAN, 200)
    check("an answer about now is not kept", "x-tongqu-cache" not in now.headers, now)
    documented(f"{PLAN}?{ends}&depart=2026-06-03T08:00&arrive=2026-06-03T09:00", PLAN, 400)
    documented(f"{PLAN}?{ends}&depart=2026-13-03T08:00", PLAN, 400)
    stop = q(station["stop_id"], safe="")
    next_ones = documented(f"/api/v1/stops/{stop}/departures?from=2026-06-03T08:00&minutes=30", DEPARTURES, 200).json()
    check("something leaves in the morning", next_ones["departures"], next_ones)
    documented(f"/api/v1/stops/{stop}/departures?minutes=1441", DEPARTURES, 400)
documented(f"{PLAN}?from=a", PLAN, 400)
documented(f"{PLAN}?from={q('没有这个地方甲乙丙')}&to=37.87,112.55", PLAN, 404)
documented("/api/v1/stops/nobody/departures", DEPARTURES, 404)

# ---- problems ---------------------------------------------------------------------------------------------------
zh = server.get(f"{PLAN}?form=a&to=b", Accept_Language="zh-CN")
en = server.get(f"{PLAN}?form=a&to=b", Accept_Language="zh;q=0.2, en")
check("the nearest name, in Chinese", "未知参数" in zh.json()["title"] and "“from”" in zh.json()["detail"], zh)
check("and in English", "did you mean 'from'" in en.json()["detail"] and en.json()["code"] == "UNKNOWN_PARAMETER", en)
check("lang= before Accept-Language", "Unknown" in server.get(f"{PLAN}?form=a&lang=en", Accept_Language="zh").json()["title"])

# ---- streets in OSRM's form -----------------------------------------------------------------------------------------
here, there = f"{lon},{lat}", f"{lon + 0.01},{lat + 0.01}"
base = f"/route/v1/driving/{here};{there}"
if city["streets"]:
    way = documented(f"{base}?steps=true&geometries=geojson&overview=full&annotations=true&alternatives=false"
                     "&continue_straight=default&radiuses=unlimited;unlimited&hints=;&generate_hints=false", ROUTE, 200)
    if way.status == 200:
        check("code Ok and ways", way.json()["code"] == "Ok" and "ways" in way.json()["routes"][0], way)
for target, code in [
    ("/route/v1/driving/1,2;abc", "InvalidQuery"),
    ("/route/v1/driving/1,2;", "InvalidQuery"),
    ("/route/v1/horse/1,2;3,4", "InvalidUrl"),
    ("/route/v1/driving/1,2;3,94", "InvalidValue"),
    ("/route/v1/driving/1,2", "InvalidOptions"),
    ("/route/v1/driving/1,2;3,4", "NoSegment"),
    (base + "?foo=1", "InvalidQuery"),
    (base + "?steps=maybe", "InvalidQuery"),
    (base + "?radiuses=5", "InvalidOptions"),
    (base + "?annotations=colour", "InvalidQuery"),
    ("/route/v1/driving/" + ";".join(["112.5,37.8"] * 101), "TooBig"),
]:
    got = documented(target, ROUTE, 400)
    check(f"  {code}", got.json() and got.json()["code"] == code and set(got.json()) == {"code", "message"}, got)

# ---- tiles --------------------------------------------------------------------------------------------------------------
import math


def tile_of(zoom):
    size = 1 << zoom
    rad = math.radians(lat)
    return int((lon + 180) / 360 * size), int((1 - math.log(math.tan(rad) + 1 / math.cos(rad)) / math.pi) / 2 * size)


def layers(data):
    """Names of the layers with their feature counts: a protobuf reader of ten lines."""
    def varint(at):
        value = shift = 0
        while True:
            byte = data[at]
            value |= (byte & 127) << shift
            at, shift = at + 1, shift + 7
            if byte < 128:
                return value, at
    found, at = {}, 0
    while at < len(data):
        key, at = varint(at)
        length, at = varint(at)
        end, name, count = at + length, "", 0
        while at < end:
            key, at = varint(at)
            value, at = varint(at)
            if key & 7 == 2:
                if key >> 3 == 1:
                    name = data[at:at + value].decode()
                count += key >> 3 == 2
                at += value
        found[name] = count
    return found


for zoom in (9, 11, 13, 14, 16):
    x, y = tile_of(zoom)
    got = server.get(f"/tiles/{zoom}/{x}/{y}.mvt")
    check(f"tile of zoom {zoom}", got.status in (200, 204), got)
    if got.status == 200:
        print(f"     {zoom}/{x}/{y}: {len(got.body)} bytes {layers(got.body)}")
x, y = tile_of(10)
tile = documented(f"/tiles/10/{x}/{y}.mvt", TILE, 200)
check("streets, rails and stops are in it", {"streets", "rails", "stops"} <= set(layers(tile.body)), layers(tile.body))
check("an ETag, and 304 for it", server.get(f"/tiles/10/{x}/{y}.mvt", If_None_Match=tile.headers["etag"]).status == 304)
check("the same bytes again", server.get(f"/tiles/10/{x}/{y}.mvt").body == tile.body)
documented("/tiles/10/0/0.mvt", TILE, 204)
documented("/tiles/3/8/0.mvt", TILE, 400)
documented("/tiles/19/0/0.mvt", TILE, 400)
tag = server.get("/api/v1/city").headers["etag"]
check("city: 304 with its tag", server.get("/api/v1/city", If_None_Match=f'"x", {tag}').status == 304)

# ---- console --------------------------------------------------------------------------------------------------------------
page = server.get("/")
check("the console page", page.status == 200 and page.headers["content-type"].startswith("text/html"), page)
check("with a policy MapLibre runs under", "worker-src 'self' blob:" in page.headers["content-security-policy"], page)
for asset in re.findall(rb'(?:src|href)="(/assets/[^"]+)"', page.body):
    asset = asset.decode()
    plain, packed = server.get(asset), server.get(asset, Accept_Encoding="gzip")
    check(f"{asset}: plain and gzip agree", plain.status == 200 and packed.headers.get("content-encoding") == "gzip"
          and gzip.decompress(packed.body) == plain.body and plain.headers["etag"] != packed.headers["etag"], packed.headers)
    check("  kept for good", "immutable" in plain.headers["cache-control"])
    check("  304", server.get(asset, If_None_Match=plain.headers["etag"]).status == 304)

# ---- metrics ---------------------------------------------------------------------------------------------------------------
metrics = server.get("/metrics").body.decode()
for name in ["tongqu_info{", 'tongqu_http_requests_total{route="/api/v1/city",status="200"}', "tongqu_cache_hits_total",
             'tongqu_http_request_seconds_bucket{route="/api/v1/plan",le="+Inf"}', "tongqu_scratch_peak_bytes",
             "tongqu_resident_memory_bytes", "tongqu_connections "]:
    check(f"metric {name}", name in metrics, metrics[:600])
check("every metric line parses", all(re.fullmatch(r'[a-z_]+(\{[^}]*(\{[^}]*\}[^}]*)*\})? [0-9.]+', line) or line.startswith("#")
                                      for line in metrics.strip().split("\n")))
limits = server.get("/api/v1/limits").json()["limits"]
check("limits are told", limits["http.head_bytes"] == 16384 and limits["http.url_bytes"] == 8192 and len(limits) > 20)
check("stopped", server.stop() == 0, server.errors)
finish()
