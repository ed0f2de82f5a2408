#!/usr/bin/env python3
"""A closed street under ten thousand new speeds a minute: how long until every answer knows it.

A real server on loopback. One thread sends batches of live speeds (10,000 a minute); one closes and reopens a street
over and over; readers ask for routes all the time. Measured: from sending the closure to the first answer on another
connection that carries its version (publish_ms), and the readers' times while nothing changes and meanwhile.

    bench/live_load.py [--osm FILE.osm.pbf] [--seconds N]      TONGQU as in test/http/run.sh; prints JSON lines
"""
import argparse
import json
import os
import random
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "test", "http"))
from server import Server  # noqa: E402

arguments = argparse.ArgumentParser()
arguments.add_argument("--osm")
arguments.add_argument("--seconds", type=float, default=20)
arguments.add_argument("--seed", type=int, default=1)
asked = arguments.parse_args()
server = Server(threads=1, osm=asked.osm)
chance = random.Random(asked.seed)


def body(response):
    return response.json()


def post(path, data, token=None):
    headers = {"Authorization": "Bearer " + token} if token else {}
    return server.send("POST", path, json.dumps(data).encode(), **headers)


admin = {"name": "bench", "password": "a bench on this machine"}
post("/api/v1/setup", {**admin, "token": server.setup_token})
token = body(post("/api/v1/sessions", admin))["token"]
box = body(server.get("/api/v1/city"))["box"]
middle = ((box["south"] + box["north"]) / 2, (box["west"] + box["east"]) / 2)
span = min(box["north"] - box["south"], box["east"] - box["west"]) / 4


def place():
    return f"{middle[1] + chance.uniform(-span, span):.6f},{middle[0] + chance.uniform(-span, span):.6f}"


pairs = []
while len(pairs) < 50:
    pair = f"{place()};{place()}"
    got = server.get(f"/route/v1/car/{pair}?overview=false")
    if got.status == 200:
        pairs.append(pair)
stop = threading.Event()
times, speeds_sent = [], 0


def read(out, until):
    number = 0
    while time.time() < until:
        began = time.perf_counter()
        server.get(f"/route/v1/car/{pairs[number % len(pairs)]}?overview=full")
        out.append(time.perf_counter() - began)
        number += 1


def send_speeds():
    global speeds_sent
    while not stop.is_set():
        began = time.time()
        states = [{"edge": chance.randrange(EDGES), "kmh": chance.randint(5, 60)} for _ in range(167)]
        if post("/api/v1/live/roads", {"states": states}, token).status == 200:
            speeds_sent += len(states)
        stop.wait(max(0, 1 - (time.time() - began)))


def version(response):
    return int("0" + response.headers.get("tongqu-version", "").partition("+")[2])


def quantile(values, q):
    values = sorted(values)
    return 1000 * values[min(len(values) - 1, int(q * len(values)))] if values else None


EDGES = 0  # told in the refusal of one that is none
refused = post("/api/v1/live/roads", {"states": [{"edge": 1 << 24, "kmh": 20}]}, token)
EDGES = int("".join(c for c in body(refused)["detail"].split("has")[-1] if c.isdigit()))
quiet, busy, published = [], [], []
read(quiet, time.time() + asked.seconds / 3)
sender = threading.Thread(target=send_speeds)
reader = threading.Thread(target=read, args=(busy, time.time() + asked.seconds))
sender.start()
reader.start()
end = time.time() + asked.seconds
number = 0
while time.time() < end:
    number += 1
    # A closure on one of the city's arcs, then its end; each time until another connection's answer carries it.
    began = time.perf_counter()
    made = post("/api/v1/closures", {"stretch": {"edges": [chance.randrange(EDGES)], "direction": "both"}, "effect": "full", "owner": "bench",
                                      "from": "2025-01-01T00:00", "to": "2099-01-01T00:00", "reason": "other", "publish": True}, token)
    if made.status != 201:
        continue
    told = body(made)
    while True:
        got = server.get(f"/route/v1/car/{pairs[number % len(pairs)]}?overview=false")
        if version(got) >= version(made):
            break
    published.append(time.perf_counter() - began)
    post(f"/api/v1/closures/{told['id']}/end", {"reason": "bench"}, token)
    time.sleep(0.05)
stop.set()
sender.join()
reader.join()
print(json.dumps({"name": "live_load", "osm": os.path.basename(asked.osm or "shipped city"), "edges": EDGES, "seconds": asked.seconds,
                  "speeds_a_minute": round(speeds_sent * 60 / asked.seconds), "closures": len(published),
                  "publish_p50_ms": quantile(published, 0.5), "publish_p99_ms": quantile(published, 0.99),
                  "route_quiet_p50_ms": quantile(quiet, 0.5), "route_quiet_p99_ms": quantile(quiet, 0.99),
                  "route_meanwhile_p50_ms": quantile(busy, 0.5), "route_meanwhile_p99_ms": quantile(busy, 0.99)}))
server.stop()
