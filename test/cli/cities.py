"""The same importer on real extracts and feeds: rnv, Porto Alegre, the Taiyuan extract, Hong Kong, streets alone."""
import os
import shutil
import subprocess
import sys
import tempfile

from harness import ROOT, SHARED, Run, check, finish, have_shared

if not have_shared("real extracts and feeds"):
    finish()
work = tempfile.mkdtemp(prefix="tongqu-cities-")


def make(name, zone, osm=(), gtfs=()):
    folder = os.path.join(work, name)
    words = ["init", folder, "--timezone", zone]
    for path in osm:
        words += ["--osm", os.path.join(SHARED, path)]
    for path in gtfs:
        words += ["--gtfs", path if path.startswith("/") else os.path.join(SHARED, path)]
    check(f"{name}: init", Run(*words).code == 0)
    run = Run("import", folder, "--json")
    report = run.json().get("report") or {}
    check(f"{name}: import", run.code == 0, run)
    return folder, report.get("counters", {})


# ---- rnv: streets and 424,266 stop_times -----------------------------------------------------------------
folder, counters = make("rnv", "Europe/Berlin", ["pairs/rnv/rnv.osm.pbf"], ["pairs/rnv/rnv.gtfs.zip"])
check("rnv: 424,266 stop_times are read", counters.get("gtfs.stop_times") == 424266, counters)
found = Run("places", folder, "ma hauptbahnhof", "--json").json().get("places", [])
check("rnv: the main station of Mannheim is found", found and found[0]["name"] == "MA Hauptbahnhof", found[:2])
run = Run("plan", folder, "--from", "MA Hauptbahnhof", "--to", "HD Hauptbahnhof", "--depart", "2016-11-16T08:00", "--json")
check("rnv: from Mannheim to Heidelberg by tram", run.code == 0 and
      any(l["mode"] == "tram" for i in run.json().get("itineraries", []) for l in i["legs"]), run)

# ---- Porto Alegre: two feeds --------------------------------------------------------------------------------
folder, counters = make("poa", "America/Sao_Paulo", ["pairs/porto_alegre/poa.osm.pbf"],
                        ["pairs/porto_alegre/poa_eptc.gtfs.zip", "pairs/porto_alegre/poa_trensurb.gtfs.zip"])
check("Porto Alegre: 144,874 stop_times of two feeds", counters.get("gtfs.stop_times") == 130019 + 14855, counters)
run = Run("plan", folder, "--from", "-30.0277,-51.2287", "--to", "-30.0540,-51.1750", "--depart", "2019-05-15T08:00", "--json")
itineraries = run.json().get("itineraries", [])
check("Porto Alegre: a trip through the city", run.code == 0 and any(l["mode"] in ("bus", "metro", "rail") for i in itineraries for l in i["legs"]), run)
check("Porto Alegre: legs join in time and place", all(
    a["arrival"] <= b["departure"] and a["to"]["name"] == b["from"]["name"] for i in itineraries for a, b in zip(i["legs"], i["legs"][1:])), run)
check("Porto Alegre: walks follow the streets", any(len(l["polyline"]) > 30 for i in itineraries for l in i["legs"] if l["mode"] == "walk"), run)

# ---- the Taiyuan extract with the metro feed ------------------------------------------------------------------
folder, counters = make("taiyuan_full", "Asia/Shanghai", ["taiyuan/taiyuan_urban_2022.osm.pbf"], ["taiyuan/taiyuan_metro.gtfs.zip"])
check("Taiyuan extract: 24,158 stop_times", counters.get("gtfs.stop_times") == 24158, counters)
run = Run("plan", folder, "--from", "37.8600,112.5450", "--to", "37.7950,112.5600", "--depart", "2025-06-03T08:00", "--json")
check("Taiyuan extract: a trip with walks and metro", run.code == 0 and any(l["mode"] == "metro" for i in run.json()["itineraries"] for l in i["legs"]), run)
ends = ["--from", "37.8600,112.5450", "--to", "37.7950,112.5600", "--depart", "2025-06-03T08:00", "--json"]
run = Run("plan", folder, *ends, "--on-demand", "taxi", "--party", "2")
taxis = [l for i in run.json()["itineraries"] for l in i["legs"] if l["mode"] == "taxi"]
check("with a taxi, its wait said to be assumed", run.code == 0 and bool(taxis) and
      all(l["wait_s"] > 0 and l["wait_source"] == "assumed" for l in taxis), run)
run = Run("plan", folder, *ends, "--on-demand", "custom", "--lang", "en")
check("no custom bus: said", run.code == 0 and "custom bus" in run.json()["note"] and run.json()["itineraries"] != [], run)
run = Run("route", folder, "--profile", "car", "--from", "37.8700,112.5600", "--to", "37.7870,112.5600", "--json")
check("Taiyuan extract: a drive with street names", run.code == 0 and len(run.json().get("ways", [])) >= 2 and run.json().get("distance", 0) > 8000, run)

# ---- streets alone ---------------------------------------------------------------------------------------------
folder, counters = make("liechtenstein", "Europe/Vaduz", ["osm/liechtenstein.osm.pbf"])
run = Run("route", folder, "--from", "47.1410,9.5209", "--to", "47.2200,9.5200", "--json")
check("streets alone: a route", run.code == 0 and run.json().get("routes") and run.json()["code"] == "Ok", run)
check("streets alone: a plan on foot", Run("plan", folder, "--from", "47.1410,9.5209", "--to", "47.1450,9.5209", "--json").code == 0)
check("a point in the sea is told the limit", "500 m" in Run("route", folder, "--from", "0,0", "--to", "47.22,9.52").err)

# ---- Hong Kong expanded to 3,974,800 stop_times -----------------------------------------------------------------
source = os.path.join(work, "hk_expanded.gtfs.zip")
done = subprocess.run([sys.executable, os.path.join(SHARED, "hongkong/build_gtfs.py"), os.path.join(SHARED, "hongkong/hk_bus_2022-03.json.xz"), source, "--expand"],
                      capture_output=True, text=True)
if check("Hong Kong: the feed is expanded", done.returncode == 0, done.stderr[-500:]):
    folder, counters = make("hongkong", "Asia/Hong_Kong", gtfs=[source])
    check("Hong Kong: 3,974,800 stop_times", counters.get("gtfs.stop_times") == 3974800, counters)
    check("Hong Kong: import stays under 1 GiB", counters.get("memory.peak_bytes", 1 << 40) <= 1 << 30, counters)

shutil.rmtree(work)
finish()
