"""Consignments over HTTP on a town drawn by hand: made from a plan over the only bridge, late when it closes, planned anew; EPCIS, papers, kills.

TQ_CONSIGNMENT_KILLS: cycles of kill -9 under a stream of consignments and events (4). TQ_KILL_SEED repeats a run.
"""
import csv
import datetime
import io
import os
import random
import shutil
import signal
import threading
import time
import urllib.parse
import xml.etree.ElementTree as ET

from server import ROOT, Server, check, finish
from town import at, write

TABLES = os.path.join(ROOT, "cities/taiyuan/freight")
KILLS = int(os.environ.get("TQ_CONSIGNMENT_KILLS", "4"))
SEED = int(os.environ.get("TQ_KILL_SEED", str(random.SystemRandom().randrange(1 << 30))))
# The bonded zone west of the bridge, the railhead of the trains to Europe east of it; another yard west too.
PLACES = {"WSB": at(2, 3, 0.5), "ZDL": at(5, 6, 0.5)}
BRIDGE = {"way": 200}
V = "/api/v1/"
server = Server(osm=write())
ZONE = datetime.timezone(datetime.timedelta(hours=8))


def text(moment):
    return moment.astimezone(ZONE).replace(microsecond=0).isoformat()


def now():
    return datetime.datetime.now(ZONE)


def send(path, body=None, token=None, **headers):
    if token:
        headers["Authorization"] = "Bearer " + token
    return server.send("POST", V + path, {} if body is None else body, **headers)


def get(path, token=None):
    return server.get(V + path, **({"Authorization": "Bearer " + token} if token else {}))


def soon(ask, fits, seconds=30):
    end = time.time() + seconds
    while True:
        got = ask()
        if fits(got) or time.time() > end:
            return got
        time.sleep(0.1)


ADMIN = {"name": "admin", "password": "correct horse battery"}
admin = send("setup", {**ADMIN, "token": server.setup_token}).json()["token"]
tokens = {}
for role in ("clerk", "dispatcher", "auditor", "rider"):
    secret = f"password of the {role}"
    send("users", {"name": "u-" + role, "password": secret, "roles": [role]}, admin)
    tokens[role] = send("sessions", {"name": "u-" + role, "password": secret}).json()["token"]
clerk, dispatcher, auditor = tokens["clerk"], tokens["dispatcher"], tokens["auditor"]
BOXES = {"shipper": {"name": "武宿综保区", "phone": "13812345678"}, "consignee": {"name": "Vorsino Terminal"}, "commodity": "general_box",
         "boxes40": 2, "boxes": [{"number": "CSQU3054383"}, {"number": "MSKU6011672"}], "from": "WSB", "to": "VOR", "depart": text(now())}

got = send("consignments", BOXES, clerk)
check("a city without freight says so", got.status == 404 and "freight" in got.json()["detail"], got)

server.process.send_signal(signal.SIGTERM)
server.process.wait(20)
folder = os.path.join(server.city, "freight")
shutil.copytree(TABLES, folder)
with open(os.path.join(folder, "nodes.csv"), encoding="utf-8", newline="") as file:
    rows = list(csv.reader(file))
lat, lon = rows[0].index("lat"), rows[0].index("lon")
for row in rows[1:]:
    if row[0] in PLACES:
        row[lat], row[lon] = (f"{value:.7f}" for value in PLACES[row[0]])
out = io.StringIO()
csv.writer(out, lineterminator="\n").writerows(rows)
with open(os.path.join(folder, "nodes.csv"), "w", encoding="utf-8") as file:
    file.write(out.getvalue())
server.start()

# ---- made from a plan --------------------------------------------------------------------------------------------------
got = send("consignments", BOXES, clerk, Idempotency_Key="first")
one = got.json()
check("made", got.status == 201 and one["id"].startswith("CG-") and len(one["id"]) == 14 and one["state"] == "planned", got)
ID = one["id"]
plan = server.get(V + "freight/plan?" + urllib.parse.urlencode({"from": "WSB", "to": "VOR", "commodity": "general_box", "boxes40": 2,
                                                                "depart": BOXES["depart"], "all": "true"})).json()["plans"][0]
ways = [leg for leg in plan["legs"] if leg["kind"] in ("link", "service")]
check("its legs are the plan's", [(leg["mode"], leg["id"]) for leg in one["legs"]] == [("road", "L233"), ("rail", "CE01")] and
      one["legs"][0]["planned"]["depart"] == ways[0]["begin"] and one["legs"][1]["planned"]["arrive"] == ways[-1]["end"] and
      one["plan"]["cny"] == plan["cny"], (one["legs"], ways))
cutoff = datetime.datetime.fromisoformat(one["legs"][1]["planned"]["cutoff"])
leaves = datetime.datetime.fromisoformat(one["legs"][1]["planned"]["depart"])
check("with the train's cut-off, a day before", leaves - cutoff == datetime.timedelta(hours=24) and leaves.strftime("%H:%M") == "14:00", one["legs"][1])
check("the next hand-over is at the railhead", one["next_hand_over"]["place"]["id"] == "ZDL" and one["next_hand_over"]["cutoff"] == text(cutoff), one)
check("the same key, the same consignment", send("consignments", BOXES, clerk, Idempotency_Key="first").json()["id"] == ID)
check("one is there", [row["id"] for row in get("consignments", clerk).json()["consignments"]] == [ID])
check("not for the public", get("consignments/" + ID).status == 401 and get("consignments/kpi").status == 401)
check("nor for another shipper", get("consignments/" + ID, tokens["rider"]).status == 404)
check("phones are masked for the auditor", get("consignments/" + ID, auditor).json()["shipper"]["phone"] == "***5678" and
      get("consignments/" + ID, clerk).json()["shipper"]["phone"] == "13812345678")
for name, change, status, words in (
        ("an unknown place", {"to": "NOWH"}, 422, "NOWH"), ("a negative mass", {"tonnes": -5}, 422, "-5"),
        ("a wrong box number", {"boxes": [{"number": "CSQU3054380"}]}, 422, "CSQU3054380"), ("a plan too far", {"plan": 999}, 422, "999"),
        ("half a plan", {"plan": 0.5}, 422, "whole number"), ("a promise before the goods are ready", {"promised": text(now() - datetime.timedelta(hours=1))}, 422, "before the goods are ready"),
        ("a begin of long ago", {"depart": text(now() - datetime.timedelta(days=40))}, 422, "30 days ago"),
        ("no plan by sea", {"modes": "sea"}, 422, "forbidden by mode"), ("a day that is none", {"depart": "tomorrow"}, 422, "tomorrow")):
    got = send("consignments", {**BOXES, **change}, clerk)
    check(f"refused: {name}", got.status in (status, 404) and words in got.json()["detail"], got)
check("nothing of these is there", len(get("consignments", clerk).json()["consignments"]) == 1)

# ---- the bridge closes --------------------------------------------------------------------------------------------------
late = lambda answer: (answer.json() or {}).get("late")  # noqa: E731
look = lambda: get("consignments/" + ID, auditor)  # noqa: E731
seen = look()
check("on time before", late(seen) is False and seen.json()["alarms"] == [], seen)
begun = time.time()
server.send("POST", V + "live/roads", {"states": [{**BRIDGE, "closed": True}]}, Authorization="Bearer " + dispatcher)
seen = soon(look, late)
took = time.time() - begun
alarms = seen.json()["alarms"]
check("the alarm comes by itself", late(seen) and [(a["kind"], a["leg"], a["closed_link"], a["cleared"]) for a in alarms] == [
    ("cutoff", 2, "L233", None)], seen)
print(f"     {took * 1000:.0f} ms from the closing to the alarm as it is read")
time.sleep(2.5)
check("once", look().json()["alarms"] == alarms and look().json()["version"] == seen.json()["version"], look())
events = [row for row in get("events/list?limit=1000", auditor).json().get("events", []) if row["topic"] == "consignment"]
check("the console is told", [row["verb"] for row in events if row["verb"] == "late"] == ["late"], events)
check("and lists it", [row["id"] for row in get("consignments?late=true", clerk).json()["consignments"]] == [ID])

# ---- planned anew, and open again -------------------------------------------------------------------------------------------
version = seen.json()["version"]
got = send(f"consignments/{ID}/replan", {"reason": "桥封了", "version": version - 1}, dispatcher)
check("an old version is told the new one", got.status == 409 and str(version) in got.json()["detail"], got)
got = send(f"consignments/{ID}/replan", {"reason": "桥封了"}, dispatcher, If_Match=f'"{version}"')
fresh = got.json()
check("planned anew around it", got.status == 200 and "L233" not in [link for leg in fresh["legs"] for link in leg["links"]] and
      fresh["legs"][0]["from"]["id"] == "WSB" and fresh["legs"][-1]["to"]["id"] == "VOR", got)
check("old and new are kept with the reason", fresh["replans"][0]["reason"] == "桥封了" and [leg["id"] for leg in fresh["replans"][0]["old"]] == ["L233", "CE01"], got)
check("the alarm is cleared", late(got) is False and all(a["cleared"] for a in fresh["alarms"]), fresh["alarms"])
other = send("consignments", {**BOXES, "depart": text(now())}, clerk).json()
check("a new one keeps off the bridge by itself", "L233" not in [link for leg in other["legs"] for link in leg["links"]], other["legs"])
server.send("DELETE", V + "live/roads", b"", Authorization="Bearer " + dispatcher)

# ---- events ----------------------------------------------------------------------------------------------------------------
soon(lambda: server.get(V + "freight/plan?" + urllib.parse.urlencode({"from": "WSB", "to": "VOR", "commodity": "general_box", "boxes40": 2})),
     lambda answer: answer.json()["live_version"] == 0)
one = send("consignments", {**BOXES, "depart": text(now() - datetime.timedelta(hours=3)), "promised": "2099-01-01T00:00"}, clerk).json()
ID = one["id"]
event = lambda body, token=dispatcher, of=None: send(f"consignments/{of or ID}/event", body, token)  # noqa: E731
t0 = now() - datetime.timedelta(hours=2)
got = event({"event": "arrived"})
got_old = send(f"consignments/{one['id']}/event", {"event": "departed", "leg": 1, "at": text(now() - datetime.timedelta(days=400))}, clerk)
check("an event of another year is refused", got_old.status == 422 and "30 days before" in got_old.json()["detail"], got_old)
check("arrival before departure is refused", got.status == 409 and "not departed" in got.json()["detail"], got)
got = event({"event": "departed", "leg": 2})
check("and a leg before its predecessor", got.status == 409 and "leg 1 has not arrived" in got.json()["detail"], got)
check("state unchanged", get("consignments/" + ID, clerk).json()["version"] == one["version"])
for minute, name, leg in ((0, "loaded", 1), (10, "departed", 1), (50, "arrived", 1), (80, "loaded", 2), (100, "departed", 2)):
    got = event({"event": name, "leg": leg, "at": text(t0 + datetime.timedelta(minutes=minute)), "id": f"{ID}-{minute}"})
    check(f"{name} on leg {leg}", got.status == 200, got)
again = event({"event": "departed", "leg": 2, "at": text(t0 + datetime.timedelta(minutes=100)), "id": f"{ID}-100"})
check("again: the same", again.status == 200 and again.json()["version"] == got.json()["version"], again)
got = event({"event": "gate_in", "leg": 1})
check("a past leg is refused", got.status == 409 and "something later" in got.json()["detail"], got)
check("clerks are refused what is not theirs", send(f"consignments/{ID}/event", {"event": "loaded"}, auditor).status == 403)
kpi = get("consignments/kpi", auditor).json()
check("indicators", kpi["transfers"] == 1 and kpi["within_hour_pct"] == 100.0 and kpi["container_direct_pct"] == 100.0, kpi)

# ---- EPCIS, DCSA, papers ---------------------------------------------------------------------------------------------------------
out = get(f"consignments/{ID}/epcis", auditor).json()
check("EPCIS out", out["type"] == "EPCISDocument" and [e["bizStep"] for e in out["epcisBody"]["eventList"]] == [
    "loading", "departing", "arriving", "loading", "departing"] and all(e["eventTimeZoneOffset"] == "+08:00" for e in out["epcisBody"]["eventList"]), out)
ARRIVE = {"type": "ObjectEvent", "eventID": "urn:uuid:77", "eventTime": text(now()), "eventTimeZoneOffset": "+08:00", "action": "OBSERVE",
          "bizStep": "arriving", "epcList": ["urn:epc:id:bic:CSQU3054383"], "readPoint": {"id": "urn:tongqu:node:VOR"},
          "bizTransactionList": [{"type": "bol", "bizTransaction": f"urn:tongqu:consignment:{ID}"}]}
peer = send("keys", {"name": "rail", "roles": ["peer"]}, admin).json()["token"]
check("a peer that has no part in it finds nothing", send("consignments/epcis", ARRIVE, peer).status == 404)
hole = {key: value for key, value in ARRIVE.items() if key != "eventTimeZoneOffset"}
got = send("consignments/epcis", {"type": "EPCISDocument", "epcisBody": {"eventList": [ARRIVE, hole]}}, dispatcher)
check("a hole refuses the whole document", got.status == 422 and "event 2: eventTimeZoneOffset" in got.json()["detail"] and
      get("consignments/" + ID, clerk).json()["state"] == "in_transit", got)
got = send(f"consignments/{ID}/epcis", ARRIVE, dispatcher)
check("EPCIS in", got.status == 200 and got.json() == {"events": 1, "known": 0, "taken": 1}, got)
check("and again", send("consignments/epcis", ARRIVE, dispatcher).json() == {"events": 1, "known": 1, "taken": 0})
got = event({"event": "delivered"})
check("delivered", got.status == 200 and got.json()["state"] == "delivered" and got.json()["next_hand_over"] is None, got)
dcsa = get(f"consignments/{ID}/dcsa", auditor).json()
check("DCSA out", {(e["eventType"], e["eventClassifierCode"]) for e in dcsa} == {("SHIPMENT", "ACT"), ("TRANSPORT", "PLN"), ("TRANSPORT", "ACT"), ("EQUIPMENT", "ACT")}
      and len({e["eventID"] for e in dcsa}) == len(dcsa), dcsa)
paper = get(f"consignments/{ID}/waybill", auditor).json()
got = get(f"consignments/{ID}/waybill.xml", auditor)
root = ET.fromstring(got.body)
check("the waybill, JSON and XML alike", got.headers["content-type"] == "application/xml" and root.findtext("WaybillNumber") == paper["WaybillNumber"] == ID and
      [leg.findtext("Service") for leg in root.findall("TransportLeg")] == [leg["Service"] for leg in paper["TransportLeg"]] and
      root.findtext("Consignor/Telephone") == "***5678", got)
got = get(f"consignments/{ID}/weigh-list.xml", auditor)
check("an empty weigh list is one", ET.fromstring(got.body).tag == "TrainWeighList", got)
rows = get("audit?limit=1000", auditor).json()["rows"]
refused = {row["verb"] for row in rows if row["outcome"].startswith("refused")}
check("the audit tells done and refused, without phones", {"consignment.create", "consignment.event", "consignment.replan", "consignment.epcis"} <= refused and
      "13812345678" not in str(rows), refused)

# ---- kill -9 under consignments -----------------------------------------------------------------------------------------------
print(f"kill cycles: {KILLS}, seed {SEED}")
chance = random.Random(SEED)
told, moved, faults = {}, {}, []


def load(cycle, worker):
    for k in range(10000):
        key = f"c{cycle}w{worker}n{k}"
        try:
            made = send("consignments", {**BOXES, "depart": text(now() - datetime.timedelta(hours=3)), "reference": key}, clerk, Idempotency_Key=key)
            if made.status != 201:
                return
            told[key] = made.json()["id"]
            got = event({"event": "departed", "at": text(now() - datetime.timedelta(minutes=30)), "id": key}, of=told[key])
            if got.status != 200:
                return
            moved[key] = got.json()["version"]
        except (OSError, AttributeError, TypeError):
            return


for cycle in range(KILLS):
    threads = [threading.Thread(target=load, args=(cycle, worker)) for worker in range(2)]
    for thread in threads:
        thread.start()
    time.sleep(chance.uniform(0.3, 1.2))
    server.process.kill()
    server.process.wait(20)
    for thread in threads:
        thread.join()
    server.start()
    for key, number in told.items():
        got = get("consignments/" + number, clerk).json() or {}
        if got.get("reference") != key:
            faults.append(("lost", key, number))
        if key in moved and (got.get("state") != "in_transit" or got.get("version", 0) < moved[key]):
            faults.append(("event lost", key, number))
key = next(iter(told))
check("kills: the same key, the same consignment", send("consignments", {**BOXES, "depart": "x"}, clerk, Idempotency_Key=key).status in (409, 422))
check(f"kills: {len(told)} consignments and {len(moved)} events acknowledged, none lost", told and moved and not faults, faults[:5])
check("kills: no number twice", len(set(told.values())) == len(told))
check("kills: the chain is whole", get("audit/verify", auditor).json()["whole"] is True)
server.stop()
finish()
