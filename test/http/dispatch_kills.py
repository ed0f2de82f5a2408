"""kill -9 under orders, seats and cars named by hand; what was acknowledged is compared after each start, and all of it at the end.

Each cycle looks at its own orders and bookings only, so that the thousandth costs as much as the first.
"""
import datetime
import random
import threading
import time
import urllib.parse

from server import check

HERE, THERE = {"lat": 37.8735, "lon": 112.5639, "name": "五一广场"}, {"lat": 37.8612, "lon": 112.586, "name": "太原站"}
STOPS = [("A", "通达街", 37.7277, 112.5621), ("B", "化章西街", 37.7175, 112.5612), ("C", "西桥", 37.7079, 112.5570)]
SEATS = 6
CYCLES_A_LINE = 20  # then another line, so that a line's month stays short
BUSY = ("offered", "assigned", "arrived", "on_board")


class Kills:
    def __init__(self, server, send, get, tokens, cars, put_positions, seed):
        self.server, self.send, self.get, self.put_positions = server, send, get, put_positions
        self.clerk, self.dispatcher, self.admin = tokens["clerk"], tokens["dispatcher"], tokens["admin"]
        self.auditor, self.cars = tokens["auditor"], cars
        self.chance = random.Random(seed)
        self.orders = {}    # name -> id, all that was ever acknowledged
        self.bookings = {}  # id -> line, the same
        self.lines = {}     # id -> months of its days
        self.faults = {"order lost": [], "order doubled": [], "seat lost": [], "seat sold twice": [], "order and booking differ": [],
                       "vehicle with two plans": [], "vehicle and order differ": [], "key gave another order": []}
        self.starts, self.cancelled, self.by_hand, self.retried = [], 0, 0, 0

    # ---- the load ----------------------------------------------------------------------------------------------------------
    def new_line(self):
        body = {"name": f"定制{len(self.lines)}号", "rule": "monthly", "seats": SEATS, "price": {"single_fen": 500, "month_fen": 15000},
                "stops": [{"id": a, "name": b, "lat": c, "lon": d} for a, b, c, d in STOPS],
                "trips": [{"id": "T1", "times": ["07:10", "07:20", "07:30"]}], "days": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]}
        got = self.send("lines", body, self.admin)
        line = (got.json() or {}).get("id")
        opened = self.send(f"lines/{line}/open", {}, self.admin)
        if got.status != 201 or opened.status != 200:
            check("a line for the kills", False, (got, opened))
        first = datetime.date.today() + datetime.timedelta(days=2)
        self.days = [(first + datetime.timedelta(days=k)).isoformat() for k in range(3)]
        self.line = line
        self.lines[line] = sorted({day[:7] for day in self.days})

    def order_body(self, cycle, worker, k, chance):
        return {"phone": f"1{cycle:05d}{worker}{k:04d}", "name": f"c{cycle}w{worker}n{k}", "to": THERE,
                "from": {"lat": HERE["lat"] + chance.uniform(-0.01, 0.01), "lon": HERE["lon"] + chance.uniform(-0.01, 0.01)}}

    def call(self, cycle, worker, seed, told, open_ends):
        """Orders one after another, until the server is gone; what was under way then is sent again after."""
        chance = random.Random(seed)
        for k in range(10000):
            body = self.order_body(cycle, worker, k, chance)
            open_ends[worker] = body
            try:
                got = self.send("orders", body, self.clerk, Idempotency_Key=body["name"])
            except OSError:
                return
            if got.status != 201:
                return
            told[body["name"]] = got.json()["id"]
            time.sleep(0.006)

    def book(self, line, seed, told, undone):
        """Seats taken, and given back by both doors: told holds what was acknowledged last."""
        chance = random.Random(seed)
        for k in range(10000):
            mine = [one for one, state in told.items() if state["state"] == "booked"]
            try:
                if mine and chance.random() < 0.35:
                    number = chance.choice(mine)
                    undone.add(number)
                    if chance.random() < 0.5:
                        got = self.send(f"bookings/{number}/cancel", {"reason": "test"}, self.clerk)
                    else:
                        got = self.send(f"orders/{told[number]['order']}/cancel", {"by": "passenger", "why": "test"}, self.clerk)
                    if got.status == 200:
                        told[number] = {"state": "cancelled", "order": told[number]["order"]}
                        undone.discard(number)
                        self.cancelled += 1
                else:
                    ends = chance.choice([("A", "B"), ("B", "C"), ("A", "C")])
                    got = self.send("bookings", {"line": line, "day": chance.choice(self.days), "trip": "T1", "from_stop": ends[0],
                                                 "to_stop": ends[1], "party": chance.randint(1, 2), "wait": chance.random() < 0.3}, self.clerk)
                    if got.status == 201:
                        one = got.json()
                        told[one["id"]] = {"state": one["state"], "order": one["order"]}
            except OSError:
                return
            if got.status == 0:
                return
            time.sleep(0.004)

    def assign(self, seed, told):
        """A dispatcher who names cars beside the batches, also for orders that have one."""
        chance = random.Random(seed)
        while True:
            orders = list(told.values())
            if orders:
                try:
                    got = self.send(f"orders/{chance.choice(orders)}/assign", {"vehicle": chance.choice(self.cars), "reason": "test"}, self.dispatcher)
                    if got.status == 200:
                        self.by_hand += 1
                    seen = self.get("orders?state=assigned&limit=50", self.dispatcher)
                except OSError:
                    return
                if got.status == 0 or seen.status == 0:
                    return
                if seen.status == 200 and seen.json():
                    self.one_plan_each(seen.json()["orders"])
            time.sleep(0.01)

    # ---- the checks --------------------------------------------------------------------------------------------------------
    def one_plan_each(self, orders):
        by_car = {}
        for one in orders:
            car = (one.get("offer") or {}).get("vehicle") or one.get("vehicle")
            if one["state"] in BUSY and car:
                by_car.setdefault(car, set()).add(one["id"])
        self.faults["vehicle with two plans"] += [(car, sorted(ids)) for car, ids in by_car.items() if len(ids) > 1]

    def check_orders(self, cycle, told, open_ends):
        for name, number in told.items():
            got = self.get(f"orders/{number}", self.dispatcher)
            if got.status != 200 or got.json()["name"] != name:
                self.faults["order lost"].append((name, number, got.status))
        # What was under way at the kill, sent again: written once, whether it was written before or not.
        for body in open_ends.values():
            got = self.send("orders", body, self.clerk, Idempotency_Key=body["name"])
            self.retried += 1
            if got.status != 201 or told.get(body["name"], got.json()["id"]) != got.json()["id"]:
                self.faults["key gave another order"].append((body["name"], got))
            else:
                told[body["name"]] = got.json()["id"]
        recent = self.get("orders?kind=taxi&limit=500", self.dispatcher).json()["orders"]
        names = [one["name"] for one in recent if (one["name"] or "").startswith(f"c{cycle}w")]
        self.faults["order doubled"] += [name for name in set(names) if names.count(name) > 1]
        self.faults["order lost"] += [(name, "not listed") for name in told if name not in names]
        return recent

    def check_vehicles(self):
        """Orders and vehicles are read one after the other while cars are named: what differs is read again."""
        for again in range(3):
            busy = [one for state in BUSY for one in self.get(f"orders?state={state}&limit=1000", self.dispatcher).json()["orders"]]
            fleet = {one["id"]: one for one in self.get("fleet?limit=1000", self.dispatcher).json()["vehicles"]}
            by_car = {}
            for one in busy:
                by_car.setdefault((one.get("offer") or {}).get("vehicle") or one["vehicle"], set()).add(one["id"])
            differ = [(car, sorted(ids), fleet[car]["order"]) for car, ids in by_car.items() if ids != {fleet[car]["order"]}]
            if not differ:
                break
            time.sleep(0.2)
        self.one_plan_each(busy)
        self.faults["vehicle and order differ"] += differ

    def check_line(self, line, told, undone, orders_too):
        rows = []
        for month in self.lines[line]:
            after = ""
            while True:
                parent = urllib.parse.quote(f"{line}/{month}", safe="")
                page = self.get(f"bookings?parent={parent}&limit=1000" + (f"&after={after}" if after else ""), self.clerk).json()
                rows += page["bookings"]
                after = page.get("next")
                if not after:
                    break
        by_id = {one["id"]: one for one in rows}
        for number, state in told.items():
            now = by_id.get(number, {}).get("state")
            wanted = {"cancelled": ("cancelled",), "booked": ("booked", "cancelled") if number in undone else ("booked",),
                      "waiting": ("waiting", "booked")}[state["state"]]
            if now not in wanted:
                self.faults["seat lost"].append((number, state, now))
        taken = {}
        for one in rows:
            if one["state"] == "booked":
                for leg in range(ord(one["from_stop"]), ord(one["to_stop"])):
                    taken[one["day"], leg] = taken.get((one["day"], leg), 0) + one["seats"]
        self.faults["seat sold twice"] += [(line, *key, seats) for key, seats in taken.items() if seats > SEATS]
        for one in rows:
            if one["id"] in told or orders_too:
                state = self.get(f"orders/{one['order']}", self.clerk).json()["state"] if one["order"] else None
                if state != {"booked": "booked", "waiting": None}.get(one["state"], "cancelled" if one["order"] else None):
                    self.faults["order and booking differ"].append((one["id"], one["state"], one["order"], state))
        return by_id

    # ---- cycles ------------------------------------------------------------------------------------------------------------
    def cycle(self, number):
        if number % CYCLES_A_LINE == 0:
            self.new_line()
        told, open_ends, seats, undone, seed = {}, {}, {}, set(), self.chance.randrange(1 << 30)
        threads = [threading.Thread(target=self.call, args=(number, worker, seed + worker, told, open_ends)) for worker in range(2)]
        threads.append(threading.Thread(target=self.book, args=(self.line, seed + 2, seats, undone)))
        threads.append(threading.Thread(target=self.assign, args=(seed + 3, told)))
        for thread in threads:
            thread.start()
        time.sleep(self.chance.uniform(0.05, 0.45))
        self.server.process.kill()
        self.server.process.wait(10)
        for thread in threads:
            thread.join(30)
        began = time.time()
        self.server.start()
        self.starts.append(time.time() - began)
        self.put_positions()
        recent = self.check_orders(number, told, open_ends)
        self.check_vehicles()
        self.check_line(self.line, seats, undone, False)
        self.orders.update(told)
        self.bookings.update({one: self.line for one in seats})
        for one in recent:  # make room for the next cycle
            if one["state"] in ("searching", "offered", "assigned") and self.chance.random() < 0.9:
                self.send(f"orders/{one['id']}/cancel", {"by": "centre", "why": "test"}, self.dispatcher)

    def check_all(self):
        """Every order and every seat of all cycles."""
        seen, after = {}, ""
        while True:
            page = self.get("orders?kind=taxi&limit=1000" + (f"&after={after}" if after else ""), self.dispatcher).json()
            for one in page["orders"]:
                seen.setdefault(one["name"] or "", []).append(one["id"])
            after = page.get("next")
            if not after:
                break
        self.faults["order doubled"] += [(name, ids) for name, ids in seen.items() if name.startswith("c") and "w" in name and len(ids) > 1]
        self.faults["order lost"] += [(name, number) for name, number in self.orders.items() if seen.get(name) != [number]]
        for line in self.lines:
            kept = self.check_line(line, {}, set(), len(self.lines) <= 5)
            self.faults["seat lost"] += [(number, "gone") for number, of in self.bookings.items() if of == line and number not in kept]

    def run(self, cycles):
        began = time.time()
        told = 0
        for number in range(cycles):
            self.cycle(number)
            faults = [(fault, one) for fault, found in self.faults.items() for one in found]
            if len(faults) > told:
                print(f"cycle {number}: {faults}", flush=True)
                told = len(faults)
            if number % 100 == 99:
                print(f"{number + 1} cycles, {time.time() - began:.0f} s, {len(self.orders)} orders, {len(self.bookings)} bookings, "
                      f"faults {sum(len(found) for found in self.faults.values())}", flush=True)
        looped = time.time() - began
        self.check_all()
        print(f"{cycles} kills in {looped:.0f} s, all looked at in {time.time() - began - looped:.0f} s: {len(self.orders)} orders "
              f"({self.retried} sent again), {len(self.bookings)} bookings, {self.cancelled} cancelled, {self.by_hand} cars named by hand")
        check("there was a load", not cycles or (self.orders and self.bookings and self.by_hand), (len(self.orders), len(self.bookings), self.by_hand))
        for fault, found in self.faults.items():
            check(f"no {fault}", not found, found[:5])
        check("the chain is whole after all of them", self.get("audit/verify", self.auditor).json()["whole"] is True)
        starts = sorted(self.starts) or [0]
        print(f"ready again: median {starts[len(starts) // 2]:.2f} s, p99 {starts[len(starts) * 99 // 100]:.2f} s, slowest {starts[-1]:.2f} s")
