#!/usr/bin/env python3
"""Write cities/taiyuan/streets.csv (main streets) and facts/metro_course.csv (course of both metro lines) once.

usage: tools/taiyuan_streets.py lines.geojson[.gz]

Input: the line layer that ogr2ogr makes of an OpenStreetMap extract of urban Taiyuan (osm_id, name, highway,
other_tags). Facts read from it: names, classes, one-way, lanes, speeds and coordinates of junctions and bends,
(c) OpenStreetMap contributors, ODbL 1.0. Method: keep the named main streets and what is needed to join them; cut
ways where they meet; drop pieces from which one cannot come back (largest strongly connected part); join pieces of
one street end to end; leave out bends under BEND_M. The roads outside the extract are facts/roads_outside.csv,
written by hand; a point with a leading * is moved to the nearest junction of the network.
"""
import collections, csv, gzip, json, math, os, re, sys

CITY = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "cities", "taiyuan")
METRO_WAY = {"L2": "420346019", "L1": "421616944"}
MAIN = ("motorway", "trunk", "primary", "secondary", "tertiary")
LINKS = ("motorway_link", "trunk_link", "primary_link", "secondary_link", "tertiary_link")
MINOR = ("unclassified", "residential", "living_street")
NAME_KM_MIN = 0.30      # a named street of a main class is kept from this length on
STATION_M = 300         # minor streets are added where a station has no main street this near
BEND_M = 6.0            # largest distance of a left-out bend from the course
COURSE_M = 8.0
STRETCH_PIECE_M = 3000  # a course of known length is bent at least this often
END_M = 100             # metres of the metro ways behind the far station
EDGE_TURN_M = 120       # carriageways of one street that end at the extract's edge this near are joined
SOURCE = "© OpenStreetMap contributors (ODbL 1.0)"
K_LON, K_LAT = math.cos(math.radians(37.83)) * 111320.0, 110990.0


def xy(p):
    return p[0] * K_LON, p[1] * K_LAT


def metres(a, b):
    (ax, ay), (bx, by) = xy(a), xy(b)
    return math.hypot(bx - ax, by - ay)


def off_line(p, a, b):
    (px, py), (ax, ay), (bx, by) = xy(p), xy(a), xy(b)
    dx, dy = bx - ax, by - ay
    t = 0.0 if dx == dy == 0 else max(0.0, min(1.0, ((px - ax) * dx + (py - ay) * dy) / (dx * dx + dy * dy)))
    return math.hypot(px - ax - t * dx, py - ay - t * dy)


def simplify(points, keep, limit):
    """Leave out points that lie within `limit` of the course without them; those in `keep` stay."""
    fixed = [n for n, p in enumerate(points) if n in (0, len(points) - 1) or p in keep]
    stay, work = set(fixed), list(zip(fixed, fixed[1:]))
    while work:
        a, b = work.pop()
        if b - a < 2:
            continue
        far = max(range(a + 1, b), key=lambda n: (off_line(points[n], points[a], points[b]), -n))
        if points[a] == points[b] or off_line(points[far], points[a], points[b]) > limit:
            stay.add(far)
            work += [(a, far), (far, b)]
    return [p for n, p in enumerate(points) if n in stay]


def load(path):
    opener = gzip.open if path.endswith(".gz") else open
    with opener(path, "rt", encoding="utf-8") as file:
        return json.load(file)["features"]


def tags_of(properties):
    return dict(re.findall(r'"((?:[^"\\]|\\.)*)"=>"((?:[^"\\]|\\.)*)"', properties.get("other_tags") or ""))


def read_ways(features):
    ways = []
    for f in features:
        p = f["properties"]
        if p["highway"] not in MAIN + LINKS + MINOR:
            continue
        t = tags_of(p)
        points = []
        for lon, lat in f["geometry"]["coordinates"]:
            q = (round(lon, 6), round(lat, 6))
            if not points or points[-1] != q:
                points.append(q)
        if len(points) < 2:
            continue
        oneway = t.get("oneway") in ("yes", "1", "true") or t.get("junction") == "roundabout"
        flags = [k for k in ("bridge", "tunnel") if t.get(k, "no") != "no"]
        if t.get("junction") == "roundabout":
            flags.append("roundabout")
        ways.append({"name": p["name"] or "", "class": p["highway"], "oneway": oneway, "points": points,
                     "lanes": t.get("lanes", "") if t.get("lanes", "").isdigit() else "",
                     "flags": " ".join(flags), "speed": t.get("maxspeed", "") if t.get("maxspeed", "").isdigit() else "",
                     "id": int(p["osm_id"])})
    ways.sort(key=lambda w: w["id"])
    return ways


def strong_part(ways):
    """Points of the largest strongly connected part (two sweeps, no recursion)."""
    out, back = collections.defaultdict(list), collections.defaultdict(list)
    for w in ways:
        for a, b in zip(w["points"], w["points"][1:]):
            out[a].append(b)
            back[b].append(a)
            if not w["oneway"]:
                out[b].append(a)
                back[a].append(b)
    order, seen = [], set()
    for root in sorted(set(out) | set(back)):
        if root in seen:
            continue
        seen.add(root)
        stack = [(root, iter(out[root]))]
        while stack:
            node, rest = stack[-1]
            for nxt in rest:
                if nxt not in seen:
                    seen.add(nxt)
                    stack.append((nxt, iter(out[nxt])))
                    break
            else:
                order.append(node)
                stack.pop()
    best, done = set(), set()
    for root in reversed(order):
        if root in done:
            continue
        part, work = {root}, [root]
        done.add(root)
        while work:
            for nxt in back[work.pop()]:
                if nxt not in done:
                    done.add(nxt)
                    part.add(nxt)
                    work.append(nxt)
        if len(part) > len(best):
            best = part
    return best


def clip(ways, good):
    """The pieces of ways whose points are all in `good`."""
    out = []
    for w in ways:
        run = []
        for p in w["points"] + [None]:
            if p in good:
                run.append(p)
                continue
            if len(run) > 1:
                out.append(dict(w, points=run))
            run = []
    return out


def turn_round_at_edge(ways):
    """Where both carriageways of a street leave the extract, join them by a short piece, so that neither is lost."""
    begins, ends, touch = collections.Counter(), collections.Counter(), collections.Counter()
    for w in ways:
        begins[w["points"][0]] += 1
        ends[w["points"][-1]] += 1
        for p in set(w["points"]):
            touch[p] += 1
    loose_end = [w for w in ways if w["oneway"] and touch[w["points"][-1]] == 1 and w["class"] in MAIN]
    loose_begin = [w for w in ways if w["oneway"] and touch[w["points"][0]] == 1 and w["class"] in MAIN]
    out = []
    for w in loose_end:
        near = [(metres(w["points"][-1], b["points"][0]), b["id"], b["points"][0]) for b in loose_begin
                if b["name"] == w["name"] and b["class"] == w["class"] and b["points"][0] != w["points"][-1]]
        if near and min(near)[0] <= EDGE_TURN_M:
            out.append(dict(w, points=[w["points"][-1], min(near)[2]], flags="approximate", oneway=True))
    return ways + out


def choose(ways, stations):
    length = collections.Counter()
    for w in ways:
        if w["class"] in MAIN and w["name"]:
            length[w["name"]] += sum(metres(a, b) for a, b in zip(w["points"], w["points"][1:])) / 1000
    kept = [w for w in ways if (w["class"] in MAIN and (not w["name"] or length[w["name"]] >= NAME_KM_MIN))
            or w["class"] in LINKS]
    good = strong_part(kept)
    whole = strong_part(ways)
    for s in stations:
        near = min((metres(s, p), p) for p in good)
        if near[0] <= STATION_M:
            continue
        # Join the station by the minor streets of its surroundings that belong to the whole network.
        around = [w for w in clip(ways, whole) if w not in kept and min(metres(s, p) for p in w["points"]) < 900]
        kept += around
    good = strong_part(kept)
    return clip(kept, good)


def join(ways):
    """Join pieces of one street end to start while the next piece is the only one that goes on."""
    def key(w):
        return (w["name"], w["class"], w["oneway"], w["lanes"], w["speed"], w["flags"])
    starts = collections.defaultdict(list)
    for n, w in enumerate(ways):
        starts[key(w), w["points"][0]].append(n)
        if not w["oneway"]:
            starts[key(w), w["points"][-1]].append(n)
    used, out = set(), []

    def extend(w, points):
        while True:
            nxt = [n for n in starts[key(w), points[-1]] if n not in used]
            if not nxt:
                return points
            n = nxt[0]
            used.add(n)
            more = ways[n]["points"]
            points = points + (more[1:] if more[0] == points[-1] else more[::-1][1:])

    ends = collections.Counter((key(w), w["points"][-1]) for w in ways)
    first = [n for n, w in enumerate(ways) if not ends[key(w), w["points"][0]]]
    for n in first + list(range(len(ways))):
        if n not in used:
            used.add(n)
            out.append(dict(ways[n], points=extend(ways[n], ways[n]["points"])))
    return out


def metro_course(features):
    rows = []
    for f in features:
        line = {v: k for k, v in METRO_WAY.items()}.get(f["properties"]["osm_id"])
        if not line:
            continue
        with open(os.path.join(CITY, "facts", "metro.csv"), encoding="utf-8") as file:
            total = max(int(r["along_m"]) for r in csv.DictReader(file) if r["line"] == line)
        points = [(round(a, 6), round(b, 6)) for a, b in f["geometry"]["coordinates"]][::-1]
        full = sum(metres(a, b) for a, b in zip(points, points[1:]))
        skip = full - END_M - total  # the way goes on beyond both last stations
        at = {points[0]: -skip}
        walked = -skip
        for a, b in zip(points, points[1:]):
            walked += metres(a, b)
            at[b] = walked
        for p in simplify(points, set(), COURSE_M):
            if 0 < at[p] < total:
                rows.append((line, round(at[p]), "%.6f" % p[1], "%.6f" % p[0]))
    rows.sort(key=lambda r: (r[0], r[1]))
    with open(os.path.join(CITY, "facts", "metro_course.csv"), "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["line", "along_m", "lat", "lon"])
        writer.writerows(rows)


def sphere_m(a, b):
    """Great-circle metres between two (lon, lat) on the mean sphere, as the importer measures."""
    la, lb = math.radians(a[1]), math.radians(b[1])
    h = math.sin((lb - la) / 2) ** 2 + math.cos(la) * math.cos(lb) * math.sin(math.radians(b[0] - a[0]) / 2) ** 2
    return 2 * 6371008.8 * math.asin(math.sqrt(h))


def stretch(course, length_m):
    """Bend a course of known end points to and fro until it is as long as published."""
    pieces = []
    for a, b in zip(course, course[1:]):
        n = max(1, math.ceil(sphere_m(a, b) / STRETCH_PIECE_M))
        pieces += [((a[0] + (b[0] - a[0]) * k / n, a[1] + (b[1] - a[1]) * k / n),
                    (a[0] + (b[0] - a[0]) * (k + 1) / n, a[1] + (b[1] - a[1]) * (k + 1) / n)) for k in range(n)]

    def bent(k):
        out = [pieces[0][0]]
        for n, (a, b) in enumerate(pieces):
            dx, dy = (b[0] - a[0]) * K_LON, (b[1] - a[1]) * K_LAT
            side = k if n % 2 else -k
            out.append(((a[0] + b[0]) / 2 - dy * side / K_LON, (a[1] + b[1]) / 2 + dx * side / K_LAT))
            out.append(b)
        return [(round(p[0], 7), round(p[1], 7)) for p in out]

    low, high = 0.0, 2.0
    for _ in range(60):
        middle = (low + high) / 2
        total = sum(sphere_m(a, b) for a, b in zip(bent(middle), bent(middle)[1:]))
        low, high = (middle, high) if total < length_m else (low, middle)
    return bent(low)


def outside(good):
    """Hand-written rows; `*lat lon` becomes the nearest point of the network; a published length is kept."""
    rows = []
    nodes = sorted(good)
    with open(os.path.join(CITY, "facts", "roads_outside.csv"), encoding="utf-8", newline="") as file:
        for r in csv.DictReader(file):
            course = []
            for text in r["course"].split(";"):
                text = text.strip()
                lat, lon = map(float, text.lstrip("*").split())
                p = (lon, lat)
                if text.startswith("*"):
                    p = min(nodes, key=lambda q: (metres(p, q), q))
                course.append(p)
            if r["length_m"]:
                course = stretch(course, int(r["length_m"]))
            rows.append(dict(r, course=text_of(course), datum="wgs84", flags=(r["flags"] + " approximate").strip()))
    return rows


def degrees(value):
    return ("%.7f" % value).rstrip("0").rstrip(".")


def text_of(points):
    return ";".join("%s %s" % (degrees(lat), degrees(lon)) for lon, lat in points)


HEAD = ["name", "name_en", "class", "oneway", "lanes", "speed_kmh", "datum", "course", "flags", "access", "status",
        "valid_from", "valid_to", "source", "note"]


def main():
    features = load(sys.argv[1])
    metro_course(features)
    with open(os.path.join(CITY, "facts", "metro.csv"), encoding="utf-8") as file:
        stations = [(float(r["lon"]), float(r["lat"])) for r in csv.DictReader(file)]
    kept = choose(turn_round_at_edge(read_ways(features)), stations)
    streets = join(kept)
    count = collections.Counter(p for w in streets for p in set(w["points"]))
    ends = {w["points"][0] for w in streets} | {w["points"][-1] for w in streets}
    junctions = {p for p, n in count.items() if n > 1} | ends
    english = {}
    path = os.path.join(CITY, "facts", "street_names_en.csv")
    with open(path, encoding="utf-8", newline="") as file:
        english = {r["name"]: r["name_en"] for r in csv.DictReader(file)}
    rows = []
    for w in streets:
        points = simplify(w["points"], junctions, BEND_M)
        raised = w["class"] in ("trunk", "trunk_link") and ("bridge" in w["flags"] or "tunnel" in w["flags"])
        rows.append({"name": w["name"], "name_en": english.get(w["name"], ""), "class": w["class"],
                     "oneway": "yes" if w["oneway"] else "no", "lanes": w["lanes"], "speed_kmh": w["speed"],
                     "datum": "wgs84", "course": text_of(points), "flags": w["flags"],
                     "access": "-foot -bike" if raised else "", "status": "open", "source": SOURCE})
    rank = {c: n for n, c in enumerate(MAIN + LINKS + MINOR)}
    rows.sort(key=lambda r: (rank[r["class"]], r["name"] == "", r["name"], r["course"]))
    rows += outside({p for w in streets for p in w["points"] if p in junctions})
    path = os.path.join(CITY, "streets.csv")
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, HEAD, lineterminator="\n", restval="", extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)
    points = [tuple(map(float, p.split()))[::-1] for r in rows for p in r["course"].split(";")]
    far = max(min(metres(s, p) for p in points) for s in stations)
    print("%d rows, %d names, %d bytes, farthest station %.0f m from a street point" %
          (len(rows), len({r["name"] for r in rows if r["name"]}), os.path.getsize(path), far))


if __name__ == "__main__":
    main()
