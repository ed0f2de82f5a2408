"""How the command behaves: help, exit codes, completion, man pages, and bad input that is named and leaves nothing."""
import gzip
import os
import random
import resource
import shutil
import subprocess
import tempfile
import zipfile

from harness import ROOT, Run, check, finish

work = tempfile.mkdtemp(prefix="tongqu-usage-")
COMMANDS = "init import serve plan route matrix isochrone match nearest places works check bench version help solve simulate freight demo audit user backup".split()

# ---- help from the option table ----------------------------------------------------------------------------
for command in COMMANDS:
    run = Run(command, "--help")
    lines = run.out.decode().split("\n")
    check(f"{command} --help leads with an example", run.code == 0 and lines[0] == "Example:" and "tongqu" in lines[1], run)
    check(f"{command} has --json and --quiet", b"--json" in run.out and b"--quiet" in run.out)
    man = Run("help", command, "--man")
    check(f"{command} has a manual page", man.code == 0 and man.out.startswith(b".TH TONGQU") and b".SH OPTIONS" in man.out, man)
man = Run("help", "solve", "--man").out
check("one letter has one dash", b"\n.B \\-g\n" in man and b"\\-\\-g\n" not in man and "-o needs a" in Run("solve", "x", "-o").err, man[-300:])
check("help lists every command", all(c in Run("help").out.decode() for c in COMMANDS))
check("version prints one line", Run("version").out.decode().startswith("tongqu 0."))
check("version --json", "version" in Run("version", "--json").json())
script = Run("help", "--completion", "bash").out
done = subprocess.run(["bash", "-n"], input=script, capture_output=True)
check("the completion script is valid bash", done.returncode == 0 and b"complete -o filenames -F _tongqu tongqu" in script, done.stderr)

# ---- usage errors ------------------------------------------------------------------------------------------
for words in (["nonsense"], ["plan"], ["plan", "x", "y", "z"], ["plan", "x", "--nonsense"], ["plan", "x", "--from"],
              ["plan", "x", "--from", "a", "--to", "b", "--window", "-5"], ["plan", "x", "--from", "a", "--to", "b", "--max-transfers", "99"],
              ["plan", "x", "--from", "a", "--to", "b", "--on-demand", "rocket"], ["plan", "x", "--from", "a", "--to", "b", "--party", "0"],
              ["plan", "x", "--from", "a", "--to", "b", "--profile", "horse"], ["plan", "x", "--from", "a"],
              ["plan", "x", "--from", "a", "--to", "b", "--depart", "1", "--arrive", "2"], ["places", "x"], ["help", "nonsense"],
              ["route", "x", "--from", "a", "--to", "b", "--geometries", "wkt"], ["places", "x", "y", "--limit", "0"], []):
    run = Run(*words)
    check(f"usage: {' '.join(words)!r} exits 2 and says why", run.code == 2 and len(run.err) > 20, run)

# ---- settings ----------------------------------------------------------------------------------------------
empty = os.path.join(work, "empty")
run = Run("init", empty, "--name", "某城", "--name-en", "Someplace")
check("init writes tongqu.yaml", run.code == 0 and os.path.exists(os.path.join(empty, "tongqu.yaml")), run)
check("init keeps an existing file", Run("init", empty).code == 3)
text = open(os.path.join(empty, "tongqu.yaml"), encoding="utf-8").read()
check("every key has a comment", text.count("#") >= 25, text.count("#"))
check("a city without a tongqu.yaml is refused with the remedy", "tongqu init" in Run("import", work).err)
lines = text.split("\n")
for old, new, wanted in (("max_walk", "max_wlak", "max_walk"), (" m/s", " m", "m/s"), ("port: 8787", "port: 123456", "65535"),
                         ("night_end: 04:00", "night_end: 04:00 h", "04:00"), ("walk_speed", "walk_pace", "walk_speed")):
    bad = os.path.join(work, "bad" + str(len(new)))
    os.makedirs(bad, exist_ok=True)
    where = next(k for k, line in enumerate(lines) if old in line.split("#")[0])
    changed = lines[:where] + [lines[where].replace(old, new, 1)] + lines[where + 1:]
    open(os.path.join(bad, "tongqu.yaml"), "w", encoding="utf-8").write("\n".join(changed))
    run = Run("import", bad)
    check(f"settings: {new.strip()} is refused by line with a suggestion", run.code == 3 and str(where + 1) in run.err and wanted in run.err, run)
check("the unknown zone is refused at init", Run("init", os.path.join(work, "zone"), "--timezone", "Mars/Olympus").code == 3)

# ---- a small city: streets and a timetable by hand ------------------------------------------------------------
small = os.path.join(work, "small")
os.makedirs(os.path.join(small, "feed"))
FEED = {
    "agency.txt": "agency_id,agency_name,agency_url,agency_timezone\nA,Test,http://localhost,Asia/Shanghai\n",
    "stops.txt": "stop_id,stop_name,stop_lat,stop_lon\nS1,One,37.80,112.50\nS2,Two,37.82,112.50\nS3,Three,37.84,112.50\n",
    "routes.txt": "route_id,agency_id,route_short_name,route_long_name,route_type\nR,A,7,Seven,3\n",
    "calendar.txt": "service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date\nW,1,1,1,1,1,1,1,20250601,20250630\n",
    "trips.txt": "route_id,service_id,trip_id\nR,W,T1\nR,W,T2\nR,W,T3\n",
    "stop_times.txt": "trip_id,arrival_time,departure_time,stop_id,stop_sequence\n"
                      "T1,08:00:00,08:00:00,S1,1\nT1,08:10:00,08:10:00,S2,2\nT1,08:20:00,08:20:00,S3,3\n"
                      "T2,25:00:00,25:00:00,S1,1\nT2,25:10:00,25:10:00,S2,2\nT2,25:20:00,25:20:00,S3,3\n"
                      "T3,09:00:00,09:00:00,S1,1\nT3,07:61:00,09:10:00,S2,2\nT3,09:20:00,09:20:00,S3,3\n",
}
for name, body in FEED.items():
    open(os.path.join(small, "feed", name), "w").write(body)
check("init of the small city", Run("init", small, "--timezone", "Asia/Shanghai").code == 0)
run = Run("import", small, "--json")
texts = [f["text"] for f in (run.json().get("report") or {}).get("findings", [])]
check("a bad time is named by file, line and value", run.code == 0 and
      any("07:61:00" in t for t in texts), texts)
findings = [f for f in (run.json().get("report") or {}).get("findings", []) if "07:61:00" in f["text"]]
check("with its line number", findings and findings[0]["line"] == 9 and "stop_times" in findings[0]["file"], findings)


def small_plan(*more, at="2025-06-03T07:50"):
    return Run("plan", small, "--from", "stop:S1", "--to", "stop:S3", "--depart", at, *more, "--json")


run = small_plan()
legs = (run.json().get("itineraries") or [{"legs": []}])[0]["legs"]
check("a city with timetables and no streets works stop to stop", run.code == 0 and len(legs) == 1 and
      legs[0]["departure"] == "2025-06-03T08:00:00+08:00" and legs[0]["arrival"] == "2025-06-03T08:20:00+08:00", run)
run = small_plan(at="2025-06-04T00:30")
check("a trip past midnight belongs to the day before", run.code == 0 and
      run.json()["itineraries"][0]["departure"] == "2025-06-04T01:00:00+08:00", run)
check("no way is exit code 1", Run("plan", small, "--from", "stop:S3", "--to", "stop:S1", "--depart", "2025-06-03T08:00", "--json").code == 1)
check("an unknown stop is exit code 1 and named", "S9" in Run("plan", small, "--from", "stop:S9", "--to", "stop:S1").err)
check("a time that is none is exit code 3", Run("plan", small, "--from", "stop:S1", "--to", "stop:S3", "--depart", "soon").code == 3)
check("a point off the globe is exit code 3", Run("plan", small, "--from", "91,0", "--to", "stop:S3").code == 3)
check("JSON errors are JSON", "text" in Run("plan", small, "--from", "91,0", "--to", "stop:S3", "--json").json().get("error", {}))
check("routing without streets says so", Run("route", small, "--from", "37.8,112.5", "--to", "37.84,112.5").code in (1, 3))

yaml = open(os.path.join(small, "tongqu.yaml"), encoding="utf-8").read()
open(os.path.join(small, "tongqu.yaml"), "w", encoding="utf-8").write(yaml.replace("without_streets: 0 m", "without_streets: 3000 m"))
run = Run("import", small, "--json")
check("walking.without_streets makes straight walks, and says that they are estimated", run.code == 0 and
      run.json()["report"]["counters"].get("walks.straight") == 4 and any("estimated" in f["text"] for f in run.json()["report"]["findings"]), run)
run = Run("plan", small, "--from", "stop:S3", "--to", "stop:S2", "--depart", "2025-06-03T08:00", "--json")
legs = (run.json().get("itineraries") or [{"legs": []}])[0]["legs"]
check("and they are walked", len(legs) == 1 and legs[0]["mode"] == "walk" and 2200 <= legs[0]["distance_m"] <= 3000, run)
open(os.path.join(small, "tongqu.yaml"), "w", encoding="utf-8").write(yaml)
Run("import", small)
open(os.path.join(small, "tongqu.yaml"), "w", encoding="utf-8").write(yaml.replace("bad_rows: skip", "bad_rows: stop"))
before = open(os.path.join(small, "small.city"), "rb").read()
run = Run("import", small)
check("bad_rows: stop refuses the feed by line and keeps the old city file", run.code == 3 and "9" in run.err and "07:61:00" in run.err and
      open(os.path.join(small, "small.city"), "rb").read() == before, run)
open(os.path.join(small, "tongqu.yaml"), "w", encoding="utf-8").write(yaml)

# ---- damaged city files and sources ---------------------------------------------------------------------------
seed = 20251122
dice = random.Random(seed)
good = before
hurt = 0
for _ in range(200):
    bytes_ = bytearray(good)
    if dice.random() < 0.3:
        bytes_ = bytes_[:dice.randrange(len(bytes_))]
    else:
        for _ in range(dice.randrange(1, 6)):
            bytes_[dice.randrange(len(bytes_))] ^= 1 << dice.randrange(8)
    path = os.path.join(work, "hurt.city")
    open(path, "wb").write(bytes_)
    run = Run("places", path, "One")
    hurt += run.code not in (0, 3) or (run.code == 3 and "section" not in run.err and "city file" not in run.err)
check(f"200 damaged city files are opened or refused by name (seed {seed})", hurt == 0, hurt)

for name, make in (("noise.osm.pbf", lambda: dice.randbytes(5000)), ("noise.osm", lambda: dice.randbytes(5000)),
                   ("noise.osm.gz", lambda: gzip.compress(dice.randbytes(5000))), ("cut.osm.gz", lambda: gzip.compress(b"<osm>" * 9000)[:50]),
                   ("noise.gtfs.zip", lambda: dice.randbytes(5000)), ("empty.gtfs.zip", lambda: b""), ("empty.osm.pbf", lambda: b"")):
    folder = os.path.join(work, "source-" + name)
    os.makedirs(folder)
    open(os.path.join(folder, name), "wb").write(make())
    kind = "osm" if "osm" in name else "gtfs"
    Run("init", folder, "--" + kind, os.path.join(folder, name))
    run = Run("import", folder)
    left = [f for f in os.listdir(folder) if f.endswith((".city", ".tmp"))]
    check(f"{name} is refused by name, nothing is left", run.code == 3 and name in run.err and not left, (str(run), left))

bomb = os.path.join(work, "bomb")
os.makedirs(bomb)
with zipfile.ZipFile(os.path.join(bomb, "bomb.gtfs.zip"), "w", zipfile.ZIP_DEFLATED) as out:
    for name, body in FEED.items():
        out.writestr(name, body if name != "shapes.txt" else "")
    out.writestr("shapes.txt", b"\0" * (300 << 20))
Run("init", bomb)
run = Run("import", bomb)
peak_mib = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss >> 10  # of the largest command so far
check("a zip bomb is survived in less than 512 MiB", run.code in (0, 3) and peak_mib < 512, (str(run), peak_mib))

shutil.rmtree(work)
finish()
