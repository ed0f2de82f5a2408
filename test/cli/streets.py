"""The commands about streets on a town drawn by hand: route (also batch), matrix, isochrone, match, nearest; limits, names, datums."""
import os
import shutil
import sys
import tempfile

from harness import ROOT, Run, check, finish

sys.path.insert(0, os.path.join(ROOT, "test", "http"))
from town import at, write  # noqa: E402

work = tempfile.mkdtemp(prefix="tongqu-streets-")
city = os.path.join(work, "city")
check("a city from the drawing", Run("init", city, "--osm", write()).code == 0 and Run("import", city).code == 0)
point = lambda place: f"{place[0]:.7f},{place[1]:.7f}"
WEST, EAST, ISLAND, SEA = point(at(1, 4, 0.5)), point(at(8, 7, 0.5)), point(at(20, 21, 0.5)), "36.0,120.9"

# ---- route --------------------------------------------------------------------------------------------------
run = Run("route", city, "--from", WEST, "--to", EAST, "--json")
plain = run.json()
check("route --json", run.code == 0 and plain["code"] == "Ok" and "长桥" in plain["ways"] and plain["datum"] == "WGS-84", run)
check("route for people", "→" in Run("route", city, "--from", WEST, "--to", EAST).out.decode())
run = Run("route", city, "--from", WEST, "--to", EAST, "--steps", "--lang", "zh")
check("steps in words", run.code == 0 and len(run.out.decode().splitlines()) >= 4, run)
check("via", Run("route", city, "--from", WEST, "--to", WEST, "--via", EAST, "--json").json().get("distance", 0) > 1.9 * plain["distance"])
check("a high vehicle goes round the low gate", "低门街" not in
      Run("route", city, "--from", point(at(1)), "--to", point(at(2)), "--height", "4.2m", "--json").json().get("ways", ["低门街"]))
check("and so does who avoids it", "低门街" not in
      Run("route", city, "--from", point(at(1)), "--to", point(at(2)), "--avoid", "低门街", "--json").json().get("ways", ["低门街"]))
run = Run("route", city, "--from", WEST, "--to", EAST, "--avoid", "长桥", "--json")
check("avoiding the only bridge: no way, exit 1", run.code == 1 and run.json()["error"]["status"] == "NO_ROUTE", run)
check("avoiding what is none", Run("route", city, "--from", WEST, "--to", EAST, "--avoid", "没有路").code == 3)
check("an island is not reached", Run("route", city, "--from", WEST, "--to", ISLAND).code == 1)
check("the sea is told the limit", "500 m" in Run("route", city, "--from", SEA, "--to", EAST).err)
for words in (["--profile", "horse"], ["--height", "high"], ["--datum", "mars"], ["--alternatives", "9"], ["--plate", "晋A"]):
    run = Run("route", city, "--from", WEST, "--to", EAST, *words)
    check(f"usage: {' '.join(words)}", run.code == 2 and len(run.err) > 20, run)
for profile in ("taxi", "bus", "lorry_heavy", "foot", "bike", "ambulance", "driving"):
    check(f"profile {profile}", Run("route", city, "--from", WEST, "--to", EAST, "--profile", profile, "--json").code == 0)
gcj = Run("nearest", city, "--place", WEST, "--datum", "wgs84", "--json").json()["streets"][0]
there = Run("nearest", city, "--place", f"{gcj['lat']},{gcj['lon']}", "--json").json()
check("a street snaps to itself", there["streets"][0]["distance_m"] <= 0.1, there)

# ---- batch ----------------------------------------------------------------------------------------------------
rows = ["id,from_lat,from_lon,to_lat,to_lon", f"a,{WEST},{EAST}", f"b,{EAST},{WEST}", "c,x,1,2,3", f"d,{WEST},{ISLAND}",
        f"e,{SEA},{EAST}", "", f'"f,g",{WEST},{EAST}', f"h,{WEST},{EAST},1"]
path = os.path.join(work, "rows.csv")
with open(path, "w", encoding="utf-8") as file:
    file.write("\n".join(rows) + "\n")
run = Run("route", city, "--csv", path)
lines = run.out.decode().splitlines()
check("batch: a line a row, in order", run.code == 0 and lines[0] == "id,duration_s,distance_m,status" and
      [line.rsplit(",", 1)[1] for line in lines[1:]] == ["ok", "ok", "bad_row", "no_route", "no_street", "ok", "bad_row"], run)
check("its numbers are the route's", lines[1] == f"a,{plain['duration']},{plain['distance']},ok" and lines[6].startswith('"f,g",'), lines)
check("bad rows are named by line", all(f"line {n}:" in run.err for n in (4, 5, 6, 9)) and "4 without an answer" in run.err, run)
strict = Run("route", city, "--csv", path, "--strict")
check("--strict stops at the first", strict.code == 3 and len(strict.out.splitlines()) == 3 and "line 4" in strict.err, strict)
piped = Run("route", city, "--csv", "-", "--quiet", stdin=f"from_lat,from_lon,to_lat,to_lon\n{WEST},{EAST}\n".encode())
check("from standard input, ids are lines", piped.out.decode().splitlines()[1:] == [f"2,{plain['duration']},{plain['distance']},ok"]
      and piped.err == "", piped)
check("a missing column", "from_lon" in Run("route", city, "--csv", "-", stdin=b"from_lat,to_lat,to_lon\n").err)
check("a file that is none", Run("route", city, "--csv", os.path.join(work, "none")).code == 4)
run = Run("route", city, "--csv", "-", "--quiet", stdin=b"from_lat,from_lon,to_lat,to_lon\n" + f"{WEST},{EAST}\n".encode() * 20000)
check("20,000 rows stream through", run.code == 0 and len(run.out.splitlines()) == 20001)

# ---- matrix, isochrone, nearest, match ---------------------------------------------------------------------------
run = Run("matrix", city, "--from", WEST, "--from", EAST, "--to", EAST, "--to", ISLAND, "--distance")
lines = run.out.decode().splitlines()
check("matrix as CSV", run.code == 0 and lines[0] == "from,to,duration_s,distance_m" and len(lines) == 5
      and lines[1].endswith(f',{plain["duration"]},{plain["distance"]}') and lines[2].endswith(",,"), run)
run = Run("matrix", city, "--from-file", path.replace("rows", "places"), "--json")
check("a file of places that is none", run.code == 4, run)
with open(path.replace("rows", "places"), "w", encoding="utf-8") as file:
    file.write(f"id,lat,lon\nw,{WEST}\ne,{EAST}\n")
run = Run("matrix", city, "--from-file", path.replace("rows", "places"), "--json")
check("matrix as JSON", run.json().get("rows", [{}])[0].get("durations") == [0.0, plain["duration"]], run)
check("matrix of nothing", Run("matrix", city).code == 2)
run = Run("isochrone", city, "--place", WEST, "--minutes", "1,3", "--json")
check("isochrone as GeoJSON", run.code == 0 and run.json()["type"] == "FeatureCollection" and len(run.json()["features"]) == 2
      and run.json()["datum"] == "wgs84", run)
check("isochrone for people", b"km of streets" in Run("isochrone", city, "--place", WEST, "--direction", "to").out)
check("isochrone of minutes that fall", Run("isochrone", city, "--place", WEST, "--minutes", "5,3").code == 2)
run = Run("nearest", city, "--place", point(at(1, 2, 0.5)), "--number", "2")
check("nearest streets", run.code == 0 and "低门街" in run.out.decode().splitlines()[0] and len(run.out.splitlines()) == 2, run)
run = Run("nearest", city, "--place", WEST, "--of", path.replace("rows", "places"), "--number", "2", "--json")
check("nearest of a set", [row["id"] for row in run.json()["nearest"]] == ["w", "e"], run)
track = "lat,lon,time\n" + "".join(f"{point(at(1, 4, s / 10))},{10 * s}\n" for s in range(1, 10))
run = Run("match", city, "-", "--json", stdin=track.encode())
check("match as JSON", run.code == 0 and run.json()["code"] == "Ok" and len(run.json()["tracepoints"]) == 9, run)
check("match for people", b"confidence" in Run("match", city, "-", stdin=track.encode()).out)
run = Run("match", city, "-", stdin=b"lat,lon\n1,2\nx,y\n")
check("a track's bad row is named", run.code == 3 and "line 3" in run.err, run)
shutil.rmtree(work)
finish()
