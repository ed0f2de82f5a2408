"""The shipped city: every vector of its fact tables, names, dates and fares, through the command line."""
import json
import os
import pty
import shutil
import subprocess
import tempfile

from harness import ROOT, TONGQU, Run, check, finish

work = tempfile.mkdtemp(prefix="tongqu-taiyuan-")
CITY = os.path.join(work, "taiyuan")
shutil.copytree(os.path.join(ROOT, "cities/taiyuan"), CITY, ignore=shutil.ignore_patterns("*.city", "state.db*"))

run = Run("import", CITY, "--json")
check("the shipped city imports", run.code == 0, run)
report = run.json().get("report") or {}
codes = {f["code"] for f in report.get("findings", [])}
check("the misprint of 化章西街 is reported: last before first", "last_before_first" in codes, codes)
texts = [f["text"] for f in report.get("findings", []) if f["code"] == "last_before_first"]
check("the report names the stop", any("化章西街" in t for t in texts), texts)
again = Run("import", CITY, "--json")
check("a second import finds nothing to do", again.code == 0 and again.json().get("imported") is False, again)
check("check says up to date", Run("check", CITY).code == 0)
first_bytes = open(os.path.join(CITY, "taiyuan.city"), "rb").read()
Run("import", CITY, "--force", "--threads", "1")
check("importing again gives the same bytes", open(os.path.join(CITY, "taiyuan.city"), "rb").read() == first_bytes)
clang = os.environ.get("TONGQU_CLANG")
if clang:
    Run("import", CITY, "--force", binary=clang)
    check("a build by clang gives the same bytes", open(os.path.join(CITY, "taiyuan.city"), "rb").read() == first_bytes)
elif os.environ.get("CI") == "true":
    check("a build by clang is there", False)
else:
    print("skipped the comparison with clang: TONGQU_CLANG is not set")


def plan(origin, to, *more, depart="2025-06-03T08:00"):
    time = [] if "--arrive" in more else ["--depart", depart]
    return Run("plan", CITY, "--from", origin, "--to", to, *time, *more, "--json")


def rides(itinerary):
    return [leg for leg in itinerary["legs"] if leg["mode"] not in ("walk", "bike", "car", "taxi")]


def clock(text):
    return text[11:16]


# ---- eight last connections: 22:00 from each end, change of 3 min at 大南门 --------------------------------
ENDS = {"武宿": "武宿1号2号航站楼", "河龙湾": "河龙湾", "尖草坪": "尖草坪", "西桥": "西桥"}
VECTORS = [
    ("武宿", "尖草坪", "22:32", "22:31", False, 1),
    ("武宿", "西桥", "22:32", "22:13", False, 19),
    ("河龙湾", "尖草坪", "22:18", "22:31", True, 0),
    ("河龙湾", "西桥", "22:18", "22:13", False, 5),
    ("尖草坪", "武宿", "22:13", "22:18", True, 0),
    ("尖草坪", "河龙湾", "22:13", "22:32", True, 0),
    ("西桥", "河龙湾", "22:31", "22:32", False, 2),
    ("西桥", "武宿", "22:31", "22:18", False, 13),
]
for origin, to, reaches, onward, made, by_min in VECTORS:
    name = f"last connection {origin} 22:00 → {to}"
    run = plan(ENDS[origin], ENDS[to], depart="2025-06-03T22:00")
    answer = run.json()
    tonight = [i for i in answer.get("itineraries", []) if i["arrival"] < "2025-06-04T03:00" and len(rides(i)) >= 2]
    if made:
        check(name + " is made", tonight and clock(rides(tonight[0])[0]["departure"]) == "22:00" and
              clock(rides(tonight[0])[0]["arrival"]) == reaches and reaches < clock(rides(tonight[0])[1]["departure"]) <= onward
              and not answer["missed"], run)
    else:
        missed = answer.get("missed", [])
        check(name + f" is missed by {by_min}", not tonight and len(missed) == 1 and missed[0]["at"] == "大南门" and
              clock(missed[0]["last"]) == onward and clock(missed[0]["arrives"]) == reaches and
              missed[0]["by_min"] == by_min, run)
run = plan(ENDS["武宿"], ENDS["尖草坪"], depart="2025-06-03T20:00")
safe = run.json().get("last_safe_departure") or ""
check("from the airport one must leave by 21:56 for the last train north", "21:40" <= clock(safe) <= "21:56", safe)
check("each itinerary carries the last safe departure",
      run.json().get("itineraries") and all(i["last_safe_departure"] for i in run.json()["itineraries"]), run)
safe = plan(ENDS["武宿"], ENDS["西桥"], depart="2025-06-03T20:00").json().get("last_safe_departure") or ""
check("and by 21:38 for the last train south", "21:22" <= clock(safe) <= "21:38", safe)

# ---- a station that opens at noon ------------------------------------------------------------------------
before = plan("stop:TYM_L2_21", "化章西街", "--max-walk", "300", depart="2025-05-25T11:50")
arrivals = [i["arrival"] for i in before.json().get("itineraries", []) if rides(i)]
check("化章西街 cannot be reached before it opens at 12:00", all(a >= "2025-05-25T12:00" for a in arrivals), arrivals)
at_noon = plan("大南门", "化章西街", "--arrive", "2025-05-25T11:59", "--max-walk", "300")
late = [i for i in at_noon.json().get("itineraries", []) if "2025-05-25T00:00" < i["arrival"] <= "2025-05-25T11:59" and rides(i)]
check("arrive by 11:59 on the opening day: no train stops there", not late, at_noon)
after = plan("大南门", "化章西街", depart="2025-05-25T11:31")
check("from 12:00 it can be reached", any("2025-05-25T12:00" <= i["arrival"] < "2025-05-25T12:30" and rides(i)
                                           for i in after.json().get("itineraries", [])), after)
check("a week earlier no train goes there",
      not any(leg["to"]["name"] == "化章西街" for i in plan("大南门", "西桥", depart="2025-05-18T12:00").json()["itineraries"]
              for leg in rides(i)))

# ---- 太原理工大学 → 化章西街 --------------------------------------------------------------------------------
run = plan("太原理工大学", "化章西街")
best = (run.json().get("itineraries") or [{"legs": []}])[0]
legs = rides(best)
check("太原理工大学 → 化章西街: line 1 to 大南门 in 5 min, line 2 in 29 min",
      len(legs) == 2 and legs[0]["to"]["name"] == "大南门" and best["transfers"] == 1, run)
if len(legs) == 2:
    minutes = [(int(clock(l["arrival"])[:2]) * 60 + int(clock(l["arrival"])[3:])) -
               (int(clock(l["departure"])[:2]) * 60 + int(clock(l["departure"])[3:])) for l in legs]
    check("5 and 29 minutes on the trains", minutes == [5, 29], minutes)
    change = int(clock(legs[1]["departure"])[3:]) - int(clock(legs[0]["arrival"])[3:])
    check("at least 3 minutes for the change", change % 60 >= 3, change)
    check("line 1 times between first and last are marked as assumed", legs[0]["assumed"] is True, legs[0])

# ---- fares -----------------------------------------------------------------------------------------------


def fare(origin, to, *more, depart="2025-06-03T10:00"):
    itineraries = [i for i in plan(origin, to, *more, depart=depart).json().get("itineraries", []) if rides(i)]
    # The list also holds cheaper trips that walk part of the way.
    return min(itineraries, key=lambda i: (i["walk_m"], i["arrival"]))["fare_fen"] if itineraries else None


check("end to end of line 1 (28.737 km) costs 7 yuan", fare("河龙湾", "武宿1号2号航站楼") == 700, fare("河龙湾", "武宿1号2号航站楼"))
check("end to end of line 2 (23.647 km) costs 6 yuan", fare("尖草坪", "西桥") == 600, fare("尖草坪", "西桥"))
check("two stations cost 2 yuan", fare("大南门", "体育馆") == 200, fare("大南门", "体育馆"))
check("65 and over ride free", fare("尖草坪", "西桥", "--rider", "senior") == 0)
check("the elder profile takes the senior fare", fare("尖草坪", "西桥", "--profile", "elder") == 0)
check("pupils pay half", fare("尖草坪", "西桥", "--rider", "pupil") == 300)
check("the card takes 10 % off", fare("尖草坪", "西桥", "--card") == 540)
run = plan("太原南站", "忻州古城", depart="2025-06-03T08:10")
found = [i for i in run.json().get("itineraries", []) if any(l["route"] and "920" in l["route"] for l in rides(i))]
check("920 to 忻州古城 costs 17 yuan and takes about 2 h 30", found and found[0]["fare_fen"] == 1700 and
      8100 <= found[0]["duration_s"] - 0 <= 10800, run)

# ---- names -----------------------------------------------------------------------------------------------


def places(*words):
    return Run("places", CITY, *words, "--json").json().get("places", [])


first = lambda found: found[0] if found else {}
check("化西街站 → 化章西街 by alias", first(places("化西街站")).get("name") == "化章西街" and
      first(places("化西街站")).get("match") == "alias", places("化西街站"))
check("西山矿务局 → 河龙湾 by former name", first(places("西山矿务局")).get("name") == "河龙湾" and
      first(places("西山矿务局")).get("match") == "former name", places("西山矿务局"))
scoped = [p for p in places("东岗路", "--in", "太原") if p["name"] == "东岗路"]
check("东岗路 in 太原 is one street in 迎泽区", len(scoped) == 1 and scoped[0]["area"] == "迎泽区", scoped)
towns = {p["city"] for p in places("东岗路") if p["name"] == "东岗路"}
check("东岗路 without a town offers two towns", len(towns) == 2, towns)
for text in ("huazhangxijie", "hzxj", "hua zhang xi", "Huazhangxi", "化张西街"):
    check(f"{text} finds 化章西街", any(p["name"] == "化章西街" for p in places(text)[:5]), places(text))
check("a name that means four hospitals is asked back", Run("plan", CITY, "--from", "省儿童医院", "--to", "大南门").code == 1)
check("the new campus is found by its full name", any("晋源" in p["name"] for p in places("省儿童医院晋源院区")), places("省儿童医院晋源院区"))
visit = plan("大南门", "省儿童医院晋源院区", "--max-walk", "0")
check("an outpatient visit ends at the outpatient gate", "门诊" in visit.json().get("to", {}).get("name", ""), visit)

# ---- datums ----------------------------------------------------------------------------------------------
near = lambda point: first(Run("places", CITY, "--near", point, "--radius", "2000", "--json").json().get("places", []))
wgs = near("37.8694400,112.5602800")
gcj = near("gcj02:37.8699442,112.5665539")
check("a GCJ-02 point lands on its WGS-84 twin", wgs.get("name") == gcj.get("name") and
      abs(wgs.get("distance_m", 0) - gcj.get("distance_m", 9999)) <= 5, (wgs, gcj))

# ---- dated network ---------------------------------------------------------------------------------------
works = {w["name"]: w for w in Run("works", CITY, "--at", "2025-04-09T12:00", "--json").json().get("works", [])}
check("the register holds 太古联线 as not open", any("太古联线" in n and w["status"] in ("planned", "building") for n, w in works.items()), list(works))
rural = [w for w in works.values() if w["target_m"] == 96700]
check("96.7 km of rural road is the 2025 target; done and left are null until someone says", rural and
      "done_m" in rural[0] and "left_m" in rural[0] and any("桥" in n for n in works), rural)
for origin, to in (("古交", "太原站"), ("娄烦", "大南门"), ("方山", "大南门"), ("阳曲", "清徐"), ("古交", "清徐")):
    run = Run("route", CITY, "--profile", "car", "--from", origin, "--to", to, "--at", "2025-04-09T12:00", "--json")
    ways = run.json().get("ways", [])
    check(f"{origin} → {to} on 2025-04-09 uses nothing that is not open",
          run.code == 0 and not [w for w in ways if "太古联线" in w or "古交—娄烦" in w or "过境" in w], run)
# Two places on the ring's northern part, whose course is approximate: what counts is that it opens on its day.
ring = ["route", CITY, "--profile", "car", "--from", "38.0528667,112.2980753", "--to", "38.1371332,112.4314087", "--json", "--at"]
west, west2 = Run(*ring, "2024-12-08T12:00").json(), Run(*ring, "2024-12-09T12:00").json()
check("西北二环 can be driven from its opening day on, not before", not any("二环" in w for w in west.get("ways", [])) and
      any("二环" in w for w in west2.get("ways", [])), (west.get("ways"), west2.get("ways")))

# ---- other kinds of traveller ----------------------------------------------------------------------------
for profile, mode in (("car", "car"), ("taxi", "taxi"), ("bike", "bike")):
    run = plan("大南门", "太原南站", "--profile", profile)
    legs = (run.json().get("itineraries") or [{"legs": []}])[0]["legs"]
    check(f"{profile}: one leg on the streets", len(legs) == 1 and legs[0]["mode"] == mode and len(legs[0]["polyline"]) > 20, run)
taxi = plan("大南门", "太原南站", "--profile", "taxi").json()["itineraries"][0]
check("a taxi has a fare, marked as assumed", taxi["fare_fen"] > 800 and taxi["fare_assumed"], taxi["fare_fen"])
window = plan("太原理工大学", "化章西街", "--window", "60").json().get("itineraries", [])
check("a window of an hour holds several departures", len({i["departure"] for i in window}) >= 5, len(window))
by = plan("太原理工大学", "化章西街", "--arrive", "2025-06-03T09:00").json().get("itineraries", [])
check("arrive by 09:00", by and all(i["arrival"] <= "2025-06-03T09:00:00+08:00" for i in by), by)

# ---- what a person reads -----------------------------------------------------------------------------------
night = ["plan", CITY, "--from", "武宿1号2号航站楼", "--to", "尖草坪", "--depart", "2025-06-03T22:00"]
zh, en = Run(*night, "--lang", "zh").out.decode(), Run(*night, "--lang", "en").out.decode()
check("in Chinese: the last train is missed by a minute", "差 1 分钟" in zh and "末班提醒" in zh and "换乘" in zh, zh)
check("in English: the same", "1 min too late" in en and "last safe departure" in en and "on foot" in en, en)
drive = Run("plan", CITY, "--from", "大南门", "--to", "太原南站", "--depart", "2025-06-03T10:00", "--profile", "taxi", "--lang", "zh").out.decode()
check("a taxi trip with its fare", "taxi" in drive and "元" in drive, drive)
check("a street route in words", "→" in Run("route", CITY, "--from", "大南门", "--to", "太原南站", "--lang", "zh").out.decode())
check("places in words", "former name" in Run("places", CITY, "西山矿务局").out.decode())
check("the register in words", "太古联线" in Run("works", CITY, "--at", "2025-04-09T12:00").out.decode())
check("check in words", "up to date" in Run("check", CITY).out.decode())
lines = [json.loads(line) for line in Run("bench", CITY, "--queries", "20", "--at", "2025-06-03T08:00").out.splitlines()]
check("bench prints a JSON line a kind", [line["name"] for line in lines] == ["plan", "route_json", "places"] and
      all(line["n"] == 20 and line["p50_us"] > 0 for line in lines), lines)
inner, outer = pty.openpty()
process = subprocess.Popen([TONGQU, "import", CITY, "--force"], stdout=subprocess.DEVNULL, stderr=outer)
os.close(outer)
seen = b""
try:
    while chunk := os.read(inner, 4096):
        seen += chunk
except OSError:
    pass  # the terminal is gone when the process ends
check("a terminal sees progress with rate and memory", process.wait() == 0 and b"MiB" in seen and b"/s" in seen and b"names" in seen, seen[-300:])
check("a pipe sees none", b"MiB" not in Run("import", CITY, "--force").err.encode())

shutil.rmtree(work)
finish()
