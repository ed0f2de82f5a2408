"""Flows over HTTP: the city's worked question, its answer, refusals by place, and other doors while one is solved."""
import json
import os
import shutil
import signal
import threading
import time

from server import ROOT, Server, check, finish
from town import write

TABLES = os.path.join(ROOT, "cities/taiyuan/freight")
DOOR = "/api/v1/freight/flow"
LOT = {"commodity": "coke", "from": "JINM", "to": "TSNP", "mt_y": 7}

server = Server(osm=write(), threads=1)
check("no freight is said by name", server.get(DOOR).status == 404 and server.send("POST", DOOR, {"lots": [LOT]}).status == 404)


def restart(edit=None):
    server.process.send_signal(signal.SIGTERM)
    server.process.wait(20)
    folder = os.path.join(server.city, "freight")
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(TABLES, folder)
    if edit:
        edit(folder)
    server.start()


restart()
example = server.get(DOOR)
question = example.json()["question"]
check("the worked question", example.status == 200 and question["against"]["changes"] == [{"link": "L087", "closed": True}], example)
links = {one["id"]: one for one in example.json()["links"]}
check("links with their capacity", links["L087"]["capacity_mt_y"] == 6 and links["L213"]["capacity_mt_y"] is None)

got = server.send("POST", DOOR, question)
answer = got.json()
check("answered", got.status == 200 and got.headers.get("content-type", "").startswith("application/json"), got)
row = next(r for r in answer["plan"]["corridors"] if r["id"] == "L087")
check("16,438 t a day in three trains, with a price", round(row["day_t"]) == 16438 and row["trains_day"] == 3 and row["price_cny"] > 1, row)
hub = next(h for h in answer["difference"]["hubs"] if h["id"] == "jinmei")
check("without the siding 548 lorries", hub["trucks_day"] == 548, hub)
check("the same question has the same bytes", server.send("POST", DOOR, question).body == got.body)
got = server.send("POST", DOOR, {"corridors": [{"id": "c", "from": "A", "to": "B", "cny_t": 10}], "supply": [{"place": "A", "mt_y": 1}],
                                 "demand": [{"place": "B", "mt_y": 1}]})
check("own corridors", got.status == 200 and got.json()["plan"]["cost_year_cny"] == 10000000, got)

# ---- refusals ---------------------------------------------------------------------------------------------------------------
for what, body, status, says in [
        ("no JSON", b"{", 400, "the question, line"),
        ("nothing", b"", 400, "the question"),
        ("no lots", {}, 400, "lots"),
        ("an unknown member", {"lots": [LOT], "mass": 1}, 400, "mass"),
        ("a wrong number", {"lots": [dict(LOT, mt_y=0)]}, 400, "lots[0].mt_y"),
        ("an unknown place", {"lots": [dict(LOT, to="NOPE")]}, 404, "lots[0].to"),
        ("too many seconds", {"lots": [LOT], "seconds": 6}, 400, "seconds"),
        ("too many weeks", {"lots": [LOT], "weeks": 54}, 400, "weeks"),
        ("in the other question", {"lots": [LOT], "against": {"changes": [{"link": "L9"}]}}, 404, "against.changes[0].link")]:
    got = server.send("POST", DOOR, body)
    check(f"refused: {what}", got.status == status and says in got.json().get("detail", ""), got)

# ---- other doors while plans are made ----------------------------------------------------------------------------------------
# A question that takes its time (whole trains of many origins over weeks), two at once on a server of one loop: the loop goes on answering.
places = [n["id"] for n in server.get("/api/v1/freight/nodes").json()["nodes"] if n["kind"] in ("mine", "rail_terminal", "rail_station")]
large = {"weeks": 20, "seconds": 3, "whole_trains": True, "train_cny_km": 30, "lots": [
    {"commodity": "coal_thermal", "from": p, "to": to, "mt_y": round(3.1 + 0.37 * k, 2)}
    for k, p in enumerate(places[:20]) for to in ("QHDP", "TSNP", "RZP") if p != to]}
statuses, slowest, asked = [], 0.0, 0
threads = [threading.Thread(target=lambda: statuses.append(server.send("POST", DOOR, large).status)) for _ in range(2)]
for thread in threads:
    thread.start()
while any(thread.is_alive() for thread in threads) and asked < 2000:
    begun = time.monotonic()
    ok = server.get("/api/v1/freight/bill?tariff=RAIL_4C&km=1000&tonnes=60").status == 200
    slowest, asked = max(slowest, time.monotonic() - begun), asked + 1
    if not ok:
        break
    time.sleep(0.01)
for thread in threads:
    thread.join(60)
check("solved, or told that it takes too long", len(statuses) == 2 and set(statuses) <= {200, 400, 422, 503}, statuses)
check("other doors were answered meanwhile", asked > 0 and slowest < 1.5, (asked, slowest))
print(f"     {asked} questions meanwhile, slowest {slowest * 1000:.0f} ms, large ones {statuses}")
late = [threading.Thread(target=lambda: statuses.append(server.send("POST", DOOR, large).status)) for _ in range(6)]
for thread in late:
    thread.start()
for thread in late:
    thread.join(60)
check("more than can wait are told to come again", 503 in statuses[2:] or statuses[2:].count(200) == 6, statuses)
server.send("POST", DOOR, {"lots": [LOT]})

# ---- the city's files --------------------------------------------------------------------------------------------------------


def break_hubs(folder):
    with open(os.path.join(folder, "hubs.csv"), "a", encoding="utf-8") as file:
        file.write("片区,x,,,NOPE,,,assumed,E\n")


restart(break_hubs)
got = server.send("POST", DOOR, {"lots": [LOT]})
check("a wrong row of hubs.csv is named", got.status == 400 and "hubs.csv line" in got.json()["detail"] and "places" in got.json()["detail"], got)
check("and hinders nothing else", server.get("/api/v1/freight/nodes").status == 200)


def no_files(folder):
    os.remove(os.path.join(folder, "hubs.csv"))
    os.remove(os.path.join(folder, "flow.json"))


restart(no_files)
check("without a worked question", server.get(DOOR).json()["question"] is None)
check("without tags", server.send("POST", DOOR, {"lots": [LOT]}).json()["plan"]["hubs"] == [])

# ---- the end while plans are made: the one at hand is finished, those that wait are refused -----------------------------------
last = [threading.Thread(target=server.send, args=("POST", DOOR, large)) for _ in range(3)]
for thread in last:
    thread.start()
time.sleep(0.3)
server.process.send_signal(signal.SIGTERM)
check("the server ends", server.process.wait(60) == 0, server.process.returncode)
for thread in last:
    thread.join(10)
finish()
