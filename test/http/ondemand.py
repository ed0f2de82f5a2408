"""Taxis and custom buses of the desk as legs of a trip: waits as the phone desk tells them, seats until they are sold, closures."""
import datetime
import os
import sys
import time
import urllib.parse

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from server import Server, check, finish  # noqa: E402

V = "/api/v1/"
HERE, THERE = {"lat": 37.8735, "lon": 112.5639, "name": "五一广场"}, {"lat": 37.8612, "lon": 112.586, "name": "太原站"}
STOPS = [("A", "通达街", 37.7277, 112.5621), ("B", "化章西街", 37.7175, 112.5612), ("C", "西桥", 37.7079, 112.5570)]
SEATS = 4
server = Server(threads=2)


def send(path, body=None, token=None):
    return server.send("POST", V + path, {} if body is None else body, **({"Authorization": "Bearer " + token} if token else {}))


def get(path, token=None):
    return server.get(V + path, **({"Authorization": "Bearer " + token} if token else {}))


def plan(a, b, **more):
    ends = {"from": f"{a['lat']},{a['lon']}", "to": f"{b['lat']},{b['lon']}"}
    return get("plan?" + urllib.parse.urlencode({**ends, **more}))


def legs(got, mode):
    return [leg for one in (got.json() or {}).get("itineraries", []) for leg in one["legs"] if leg["mode"] == mode]


def soon(ask, fits, seconds=20):
    end = time.time() + seconds
    while True:
        got = ask()
        if fits(got) or time.time() > end:
            return got
        time.sleep(0.2)


admin = send("setup", {"name": "admin", "password": "correct horse battery", "token": server.setup_token}).json()["token"]

# ---- taxis -----------------------------------------------------------------------------------------------------------------
plain = plan(HERE, THERE)
check("a plain answer needs no word of them", plain.json()["note"] == "", plain)
check("plain trips have no leg on demand", plain.status == 200 and not legs(plain, "taxi") and not legs(plain, "custom_bus"), plain)
got = plan(HERE, THERE, on_demand="taxi")
check("without a vehicle known the wait is assumed, and said to be", legs(got, "taxi") and {leg["wait_source"] for leg in legs(got, "taxi")} == {"assumed"}, got)
check("plain trips stay", [one for one in plain.json()["itineraries"] if one["legs"]] != [] and
      len(got.json()["itineraries"]) > len(plain.json()["itineraries"]), got)
cars = []
for k in range(4):
    got = send("fleet", {"plate": f"晋A·T{k:04d}", "class": "taxi", "company": "一车队", "permits": ["taxi:taiyuan"], "seats": 4, "colour": "红"}, admin)
    cars.append((got.json() or {}).get("id"))
    send("drivers", {"name": f"师傅{k}", "phone": f"1380351{k:04d}", "company": "一车队", "vehicle": cars[k]}, admin)
    send(f"fleet/{cars[k]}/duty", {"duty": "free"}, admin)


def positions(north):
    return send("fleet/positions", {"positions": [{"id": car, "lat": HERE["lat"] + north + 0.001 * k, "lon": HERE["lon"]} for k, car in enumerate(cars)]}, admin)


check("four cars are near", positions(0).status == 200)
live = lambda a: any(leg["wait_source"] == "live" for leg in legs(a, "taxi"))  # noqa: E731
got = soon(lambda: plan(HERE, THERE, on_demand="taxi"), live)
first = [leg for leg in legs(got, "taxi") if leg.get("wait_source") == "live"]
check("the wait is live, with how many could come", bool(first) and first[0]["vehicles"] == 4, got)
estimate = send("orders/estimate", {"from": HERE, "to": THERE}, admin).json() or {}
wait = estimate.get("wait_s", (estimate.get("estimate") or {}).get("wait_s"))
check("as the phone desk tells it, within a square", bool(first) and wait is not None and abs(first[0]["wait_s"] - wait) <= 180, (first[:1], wait))
check("a price and a number to call", bool(first) and first[0]["price_fen"] > 0 and first[0]["phone"] == "95128", first[:1])
check("the trip begins with the wait", bool(first) and first[0]["wait_s"] >= 0, first[:1])

# A closure on the way of the cars: another wait at once, and the same again when it has ended.
near = max(leg["wait_s"] for leg in first)
positions(0.02)  # a jump that is not believed at once
check("the cars are further off", positions(0.02).json()["taken"] == len(cars))


def waits(answer):
    return sorted(leg["wait_s"] for leg in legs(answer, "taxi") if leg["wait_source"] == "live")


got = soon(lambda: plan(HERE, THERE, on_demand="taxi"), lambda a: bool(waits(a)) and waits(a)[0] > near)
before = waits(got)
way = server.get(f"/route/v1/taxi/{HERE['lon']},{HERE['lat'] + 0.02};{HERE['lon']},{HERE['lat']}?steps=true&geometries=geojson").json()
steps = [step for leg in way["routes"][0]["legs"] for step in leg["steps"] if step.get("name")]
longest = max(steps, key=lambda step: step["distance"])
line_of = longest["geometry"]["coordinates"]
closed = send("closures", {"stretch": {"line": line_of, "direction": "both"}, "effect": "full", "from": "2025-06-03T00:00", "to": "2099-01-01T00:00",
                           "reason": "subsidence", "owner": "市政养护一所", "publish": True}, admin)
check("the street on their way is closed", closed.status == 201, closed)
got = soon(lambda: plan(HERE, THERE, on_demand="taxi"), lambda a: bool(waits(a)) and waits(a)[0] != before[0])
check("the wait grows", bool(before) and bool(waits(got)) and waits(got)[0] > before[0], (longest['name'], before, waits(got)))
ended = send(f"closures/{closed.json()['id']}/end", {}, admin)
check("the closure ends", ended.status == 200, ended)
got = soon(lambda: plan(HERE, THERE, on_demand="taxi"), lambda a: waits(a) == before)
check("and the wait is as before", waits(got) == before, (before, waits(got)))
for car in cars:
    send(f"fleet/{car}/duty", {"duty": "off"}, admin)
got = soon(lambda: plan(HERE, THERE, on_demand="taxi"), lambda a: not live(a))
check("off duty: assumed again", legs(got, "taxi") and not live(got), got)

# ---- a custom bus, before the first metro ----------------------------------------------------------------------------------------------------------
body = {"name": "定制一号", "rule": "community", "seats": SEATS, "price": {"single_fen": 500},
        "stops": [{"id": a, "name": b, "lat": c, "lon": d} for a, b, c, d in STOPS],
        "trips": [{"id": "T1", "times": ["05:10", "05:20", "05:30"]}], "days": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]}
got = send("lines", body, admin)
line = (got.json() or {}).get("id")
check("a line", got.status == 201, got)
day = (datetime.datetime.now(datetime.timezone(datetime.timedelta(hours=8))) + datetime.timedelta(days=2)).date().isoformat()
A, C = {"lat": STOPS[0][2], "lon": STOPS[0][3]}, {"lat": STOPS[2][2], "lon": STOPS[2][3]}


def ride(**more):
    return plan(A, C, depart=f"{day}T04:55", on_demand="custom", **more)


check("a line that is not open carries nobody", not legs(ride(), "custom_bus"))
got = send(f"lines/{line}/open", {}, admin)
check("announced: it collects requests", got.status == 200 and got.json()["state"] == "collecting", got)
got = send(f"lines/{line}/open", {}, admin)
check("opened", got.status == 200 and got.json()["state"] == "open", got)
got = soon(ride, lambda a: bool(legs(a, "custom_bus")))
found = legs(got, "custom_bus")
check("the bus is a way to go", bool(found) and found[0]["line_id"] == line and found[0]["seats_free"] == SEATS and found[0]["price_fen"] == 500, got)
check("with how long it can be booked", bool(found) and found[0]["booking_until"] < f"{day}T05:10", found[:1])
check("from stop to stop", bool(found) and found[0]["from"]["name"] == "通达街" and found[0]["to"]["name"] == "西桥", found[:1])
check("a party of more than its seats does not see it", not legs(ride(party=SEATS + 1), "custom_bus"))


def book(party):
    return send("bookings", {"line": line, "day": day, "trip": "T1", "from_stop": "A", "to_stop": "C", "party": party, "name": "王", "phone": "13812345678"}, admin)


check("two seats are booked", book(2).status == 201)
got = soon(ride, lambda a: legs(a, "custom_bus") and legs(a, "custom_bus")[0]["seats_free"] == SEATS - 2)
check("two are left", legs(got, "custom_bus") and legs(got, "custom_bus")[0]["seats_free"] == SEATS - 2, got)
got = ride(party=3)
check("three do not fit", not legs(got, "custom_bus"))
check("and the answer says so", "没有空座" in got.json()["note"] and got.json()["itineraries"] != [], got)
check("the last two", book(2).status == 201)
got = soon(ride, lambda a: not legs(a, "custom_bus"))
check("a full bus is no way to go", got.status == 200 and not legs(got, "custom_bus"), got)
got = send(f"lines/{line}/stop", {"reason": "test"}, admin)
check("the line stops", got.status in (200, 409, 422), got)

# ---- a dynamic line: no timetable, a place is found when one asks ------------------------------------------------------------------
body = {"name": "响应一号", "kind": "dynamic", "rule": "community", "seats": SEATS, "price": {"single_fen": 300}, "window": {"from": "07:00", "to": "20:00"},
        "stops": [{"id": a, "name": b, "lat": c, "lon": d} for a, b, c, d in STOPS], "days": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]}
got = send("lines", body, admin)
flexible = (got.json() or {}).get("id")
check("a dynamic line", got.status == 201, got)


def ask(to=C, **more):
    return plan(A, to, depart=f"{day}T08:00", on_demand="custom", **more)


def rides(got, a="A", b="C"):
    return [leg for leg in legs(got, "custom_bus") if (leg["line_id"], leg["from"]["stop_id"], leg["to"]["stop_id"]) == (flexible, a, b)]


check("not open: nobody rides", not rides(ask()))
for _ in range(3):
    if send(f"lines/{flexible}/open", {}, admin).json().get("state") in ("open", "running"):
        break
got = soon(ask, rides)
first = rides(got)
check("its rides are ways to go, without a trip", bool(first) and first[0]["trip_id"] is None and first[0]["seats_free"] == SEATS and
      first[0]["price_fen"] == 300 and first[0]["departure"] >= f"{day}T08:00", got)
check("all the vehicle is free for a party", bool(rides(ask(party=SEATS))) and not rides(ask(party=SEATS + 1)))
check("between other stops too", bool(rides(ask(to={"lat": STOPS[1][2], "lon": STOPS[1][3]}), "A", "B")))
leg = first[0] if first else {"departure": f"{day}T08:00:00", "arrival": ""}
got = send("bookings", {"line": flexible, "day": day, "from_stop": "A", "to_stop": "C", "after": leg["departure"][11:16], "party": SEATS - 1,
                        "name": "王", "phone": "13812345678"}, admin)
promise = (got.json() or {}).get("promise", {})
check("what is shown can be booked", got.status == 201 and promise.get("pick_from", "99") <= leg["departure"][11:19] and
      promise.get("arrive_by", "99") <= leg["arrival"][11:19], (promise, leg["departure"], leg["arrival"]))
got = soon(ask, lambda a: rides(a) and rides(a)[0]["seats_free"] == 1)
check("one seat is left beside them", bool(rides(got)) and rides(got)[0]["departure"] == leg["departure"] and rides(got)[0]["seats_free"] == 1,
      [(leg["departure"], leg["arrival"], leg["seats_free"]) for leg in legs(got, "custom_bus")])
both = rides(ask(party=2))
check("two ride when the others are off", bool(both) and both[0]["departure"] > leg["departure"], both[:1])
send(f"lines/{flexible}/stop", {"reason": "test"}, admin)
check("the line stops, and is gone from trips", not rides(soon(ask, lambda a: not rides(a))))

# ---- refusals --------------------------------------------------------------------------------------------------------------
got = plan(HERE, THERE, on_demand="rocket")
check("an unknown word is named", got.status in (400, 422) and "rocket" in got.body.decode(), got)
got = plan(HERE, THERE, on_demand="taxi", party=9)
check("too large a party", got.status == 400, got)
server.stop()
finish()
