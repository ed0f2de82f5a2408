"""The land-air hub over HTTP on a town drawn by hand: collection west of the only bridge, the hub east of it; the bridge slow, shut, open."""
import csv
import io
import json
import os
import shutil
import signal

from server import ROOT, Server, check, finish
from town import at, write

TABLES = os.path.join(ROOT, "cities/taiyuan/freight")
DOOR, FEEDERS = "/api/v1/freight/uplift", "/api/v1/freight/feeders"
PLACES = {"GJM": at(2, 3, 0.5), "TYM": at(5, 6, 0.5), "TYN": at(6, 7, 0.5), "WSB": at(8, 7, 0.5)}
DAY = "date=2027-03-02"  # a Tuesday
YARD = f"{DOOR}?from=GJM&{DAY}&flight=AB01"

server = Server(osm=write())
check("no hub is said by name", server.get(YARD).status == 404 and "freight" in server.get(YARD).json()["detail"])


def restart(drop=(), edit=None):
    """With the authored tables, places moved into the town, perhaps without some, or with a cell changed."""
    server.process.send_signal(signal.SIGTERM)
    server.process.wait(20)
    folder = os.path.join(server.city, "freight")
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(TABLES, folder)
    path = os.path.join(folder, "nodes.csv")
    with open(path, encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    lat, lon = rows[0].index("lat"), rows[0].index("lon")
    for row in rows[1:]:
        if row[0] in PLACES:
            row[lat], row[lon] = (f"{value:.7f}" for value in PLACES[row[0]])
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(rows)
    with open(path, "w", encoding="utf-8") as file:
        file.write(out.getvalue())
    for name in drop:
        os.remove(os.path.join(folder, name))
    if edit:
        path = os.path.join(folder, edit[0])
        with open(path, encoding="utf-8") as file:
            text = file.read()
        with open(path, "w", encoding="utf-8") as file:
            file.write(text.replace(edit[1], edit[2], 1))
    server.start()


def roads(*states):
    if states:
        return server.send("POST", "/api/v1/live/roads", {"states": list(states)})
    return server.send("DELETE", "/api/v1/live/roads", b"")


def rows(target=YARD):
    return server.get(target).json()["uplifts"]


restart(drop=("regimes.csv", "flights.csv"))
got = server.get(YARD)
check("freight without a hub", got.status == 404 and "regimes.csv" in got.json()["detail"], got)
restart()

# ---- chains -----------------------------------------------------------------------------------------------------------
got = server.get(YARD)
first = got.json()["uplifts"]
check("a row a regime", got.status == 200 and sorted(r["regime"]["id"] for r in first) == ["ecommerce", "express", "mail"], got)
check("three regimes, three cut-offs", len({r["cutoff"] for r in first}) == 3 and len({r["collect_by"] for r in first}) == 3, got)
check("backwards without a gap the wrong way", all(
    a["end"] <= b["begin"] for r in first for a, b in zip(r["steps"], r["steps"][1:])), got)
check("steps in order, each given or assumed with its source", all(
    [s["step"] for s in r["steps"]] == ["road", "acceptance", "customs", "security", "carrier"]
    and all(s["kind"] in ("given", "assumed", "live") and s["source"] and s["minutes"] <= s["minutes_p90"] for s in r["steps"]) for r in first), got)
check("the safe collection is the earlier one", all(r["collect_by"] < r["collect_by_p50"] and r["cutoff"] < r["cutoff_p50"] for r in first), got)
check("the flight leaves on the day", all(r["flight"]["departs"] == "2027-03-02T08:00:00+08:00" for r in first), got)
check("a small load goes by light lorry, a large one by heavy", got.json()["vehicle"] == "lorry_light"
      and server.get(YARD + "&mass_kg=5000").json()["vehicle"] == "lorry_heavy")
check("too heavy for the flight", {r["state"] for r in rows(YARD + "&mass_kg=9000")} == {"too_heavy"})
check("one regime", [r["regime"]["id"] for r in rows(YARD + "&regime=express")] == ["express"])
lat, lon = PLACES["GJM"]
check("asked by lat,lon", rows(f"{DOOR}?from={lat:.7f},{lon:.7f}&{DAY}&flight=AB01") == first)
check("all flights", len({r["flight"]["id"] for r in rows(f"{DOOR}?from=GJM&{DAY}")}) >= 6)
gone = rows(f"{DOOR}?from=GJM&flight=AB01&date=2024-01-02")
check("too late: the next is told", {r["state"] for r in gone} == {"too_late"}, gone)
today = rows(f"{DOOR}?from=GJM&flight=AB01")
check("from today on something can be reached", all(r["state"] in ("ok", "tight") or r["next"] for r in today), today)

# ---- the road ---------------------------------------------------------------------------------------------------------
check("the bridge slow", roads({"way": 200, "kmh": 5}).status == 200)
slow = rows()
check("collection moves earlier, cut-offs stay", len(slow) == 3 and all(
    a["collect_by"] < b["collect_by"] and a["collect_by_p50"] < b["collect_by_p50"] and a["cutoff"] == b["cutoff"] for a, b in zip(slow, first)), slow)
check("the bridge shut", roads({"way": 200, "closed": True}).status == 200)
shut = rows()
check("no way", {r["state"] for r in shut} == {"no_way"}, shut)
check("open again", roads().status in (200, 204))
check("as before", rows() == first, rows())

# ---- refusals ---------------------------------------------------------------------------------------------------------
for name, target, status, words in (
        ("no place", DOOR + "?" + DAY, 400, "from"),
        ("an unknown place", f"{DOOR}?from=nowhere", 404, "from"),
        ("an unknown regime", YARD + "&regime=post", 404, "regime: 'post'"),
        ("an unknown flight", f"{DOOR}?from=GJM&flight=XX1", 404, "flight: 'XX1'"),
        ("no date", f"{DOOR}?from=GJM&date=2027-02-30", 400, "date"),
        ("no mass", YARD + "&mass_kg=-1", 400, "mass_kg")):
    got = server.get(target)
    check(f"refused: {name}", got.status == status and words in got.json().get("detail", ""), got)

# ---- feeder tours -----------------------------------------------------------------------------------------------------


def point(name, place, kg=400, regime="mail", flight="AB01", ready="2027-03-01T09:00"):
    return {"id": name, "at": place, "ready": ready, "kg": kg, "regime": regime, "flight": flight}


west = f"{at(3, 4, 0.5)[0]:.7f},{at(3, 4, 0.5)[1]:.7f}"
ask = {"lorries": 2, "capacity_kg": 1000, "depot": "TYM", "points": [point("a", "GJM"), point("b", west), point("c", "GJM", 700, "express")]}
got = server.send("POST", FEEDERS, ask)
tours = got.json().get("tours", [])
check("tours", got.status == 200 and 1 <= got.json()["lorries_used"] <= 2 and {p["state"] for p in got.json()["points"]} == {"planned"}, got)
check("all is delivered by its cut-off, never more than the lorry takes", sorted(
    s["point"] for t in tours for s in t["stops"] if s["what"] == "deliver") == ["a", "b", "c"] and all(
    s["on_board_kg"] <= 1000 and (s["what"] == "collect" or (s["arrive"] <= s["cutoff"] and s["spare_minutes"] >= 0))
    for t in tours for s in t["stops"]), got)
check("the same answer twice", server.send("POST", FEEDERS, ask).json() == got.json())
late = dict(ask, points=[point("a", "GJM", ready="2027-03-01T19:00")])
got = server.send("POST", FEEDERS, late)
check("ready too late for the first: the next departure", got.json()["points"][0]["departs"][:10] > "2027-03-02", got)
got = server.send("POST", FEEDERS, dict(ask, points=[point("a", "GJM", 1200)]))
check("what is left out tells why", got.json()["points"][0]["state"] == "capacity" and got.json()["tours"] == [], got)
got = server.send("POST", FEEDERS, dict(ask, points=[point("a", "GJM", regime="post")]))
check("a wrong point is named", got.status == 400 and "points[0].regime" in got.json()["detail"], got)
check("a body that is no JSON", server.send("POST", FEEDERS, b"{").status == 400)

# ---- tables -----------------------------------------------------------------------------------------------------------
server.process.send_signal(signal.SIGTERM)
server.process.wait(20)
finish()
