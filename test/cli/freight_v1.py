"""The exact front of freight semantics v1, written plainly: floating point, no bounds, one label list a state.

An oracle for `tongqu freight plan`: it reads the same tables and shares nothing else with the program.
"""
import collections
import csv
import heapq
import math
import os

WEEK_H = 168
CHANGES_MAX = 5
SMALL = 1e-9


def number(text):
    return float(text) if text else 0.0


class Tables:
    def __init__(self, folder):
        def rows(name):
            with open(os.path.join(folder, name + ".csv"), encoding="utf-8", newline="") as file:
                return list(csv.DictReader(file))
        self.nodes = {row["id"]: row for row in rows("nodes")}
        self.links, self.services = rows("links"), rows("services")
        self.tariffs = {row["id"]: row for row in rows("tariffs")}
        self.tariff_map, self.terminals = rows("tariff_map"), rows("terminals")
        self.grams = {row["id"]: float(row["wtw_g_tkm"]) for row in rows("emissions")}
        self.commodities = {row["code"]: row for row in rows("commodities")}
        ways = {}
        for link in self.links:
            for mode in (link["mode"], None):
                for a, b in ((link["from"], link["to"]), (link["to"], link["from"])):
                    ways.setdefault(mode, collections.defaultdict(list))[a].append((b, float(link["distance_km"])))
        for service in self.services:
            stops = service["path"].split(";")
            service["km"] = sum(shortest(ways.get(service["mode"], {}), a, b) or shortest(ways[None], a, b)
                                for a, b in zip(stops, stops[1:]))
            service["first"], service["last"] = stops[0], stops[-1]

    def places(self):
        """Where a link or a service goes at all."""
        used = {link[end] for link in self.links for end in ("from", "to")}
        used |= {service[end] for service in self.services for end in ("first", "last")}
        return sorted(used)

    def handling(self, ship, node, op, before, after):
        best, rank = None, -1
        for row in self.terminals:
            if (row["op"], row["cargo"], row["from_mode"], row["to_mode"]) != (op, ship["cargo"], before, after):
                continue
            here = {node: 2, self.nodes[node]["kind"]: 1, "*": 0}.get(row["node_or_kind"], -1)
            if here > rank:
                best, rank = row, here
        if best is None:
            return None
        amount = quantity(best["unit"], ship)
        if amount is None:
            return None
        return (number(best["setup_h"]) + amount / float(best["rate_per_h"]) + number(best["dwell_h"]),
                number(best["fee_cny_per_unit"]) * amount, number(best["co2e_kg_per_t"]) * ship["tonnes"])

    def tariff(self, link, commodity):
        own = commodity["rail_tariff"]
        for row in self.tariff_map:
            if row["link_tariff"] == link["tariff"] and row["match"] in {own, commodity["cargo"], "*"} - {""}:
                return self.tariffs.get(own if row["tariff"] == "=commodity" else row["tariff"])
        return None


def shortest(ways, start, goal):
    best, heap = {start: 0.0}, [(0.0, start)]
    while heap:
        far, at = heapq.heappop(heap)
        if at == goal:
            return far
        if far > best[at]:
            continue
        for to, km in ways.get(at, ()):
            if far + km < best.get(to, math.inf):
                best[to] = far + km
                heapq.heappush(heap, (far + km, to))
    return None


def quantity(unit, ship):
    return {"t": ship["tonnes"], "kg": ship["tonnes"] * 1000, "box40": ship.get("boxes40"), "shipment": 1}.get(unit)


def arcs_of(tables, ship):
    """Links and services this load may use, priced: base price 1 of a link apart."""
    commodity = tables.commodities[ship["commodity"]]
    links, services = collections.defaultdict(list), collections.defaultdict(list)
    for link in tables.links:
        price = tables.tariff(link, commodity)
        if link["on_demand"] != "1" or price is None or not all(ship["cargo"] in row["cargo"].split(";") for row in (link, price)):
            continue
        amount = quantity(price["unit"], ship)
        if amount is None:
            continue
        km, times = float(link["distance_km"]), number(price["multiplier"] or "1")
        cost = times * (number(price["per_km_cny"]) + number(price["fund_per_km_cny"])) * km * amount
        if link["electrified"] == "1":
            cost += number(price["elec_per_km_cny"]) * km * amount
        row = (link["mode"], link["gauge_mm"], km / float(link["speed_kmh"]), cost, number(price["base1_cny"]) * times * amount,
               tables.grams[link["emission"]] * km * ship["tonnes"] / 1000)
        links[link["from"]].append((link["to"], *row))
        links[link["to"]].append((link["from"], *row))
    for service in tables.services:
        currency, unit = service["currency"].split("/")
        amount = quantity(unit, ship)
        if ship["cargo"] in service["cargo"].split(";") and amount is not None:
            cost = float(service["price"]) * amount * {"CNY": 1.0, "USD": 7.1}[currency]
            services[service["first"]].append((service, cost, tables.grams[service["emission"]] * service["km"] * ship["tonnes"] / 1000))
    return links, services


def leaves(service, ready):
    """The first departure at or after `ready`, hours since Monday 0:00."""
    hour, minute = map(int, service["dep_local"].split(":"))
    first = [(int(day) - 1) * 24 + hour + minute / 60 for day in service["days"]]
    return min(at + WEEK_H * math.ceil((ready - at) / WEEK_H - SMALL) for at in first)


def beaten(front, plan):
    return any(all(a <= b + SMALL for a, b in zip(other, plan)) for other in front)


def front(tables, ship, origin, goal, t0):
    """[(hours, yuan, kg)] that no other beats. ship: commodity, tonnes, boxes40; t0: (weekday 1..7, hour)."""
    ship = {**ship, "cargo": tables.commodities[ship["commodity"]]["cargo"]}
    links, services = arcs_of(tables, ship)
    start = (t0[0] - 1) * 24 + t0[1]
    settled, found, serial = collections.defaultdict(list), [], 0
    heap = [(0.0, 0.0, 0.0, 0, origin, None, "", "", 0.0, 0)]  # by what, mode, gauge, base price paid, changes

    def enter(label, mode, gauge, by_service):
        """What it takes to go on by this mode: handling, changes, what the chain has paid."""
        _, _, _, _, node, by, last, track, paid, changes = label
        free = (0.0, 0.0, 0.0)
        if by is None:
            return tables.handling(ship, node, "load", "", mode), 0.0, changes
        if mode != last:
            return tables.handling(ship, node, "tranship", last, mode), 0.0, changes + 1
        if by_service:  # trains are boarded from rails freely; others by the row of their own mode, if there is one
            return free if mode == "rail" else tables.handling(ship, node, "tranship", mode, mode) or free, 0.0, changes
        if mode == "rail" and (by == "service" or gauge != track):
            return tables.handling(ship, node, "tranship", mode, mode), 0.0 if by == "service" else paid, changes
        return free, 0.0 if by == "service" else paid, changes

    while heap:
        label = heapq.heappop(heap)
        hours, cost, kg, _, node, by, mode, gauge, paid, changes = label
        state = (node, by, mode, gauge, round(paid, 6))
        if beaten(settled[state], (hours, cost, kg, changes)) or beaten(found, (hours, cost, kg)):
            continue
        settled[state].append((hours, cost, kg, changes))
        if node == goal and by is not None:
            last = tables.handling(ship, node, "unload", mode, "")
            plan = last and (hours + last[0], cost + last[1], kg + last[2])
            if plan and not beaten(found, plan):
                found = [other for other in found if not beaten([plan], other)] + [plan]
        for to, mode2, gauge2, way_h, way_cny, base, way_kg in links[node]:
            work, paid2, changes2 = enter(label, mode2, gauge2, False)
            if work is None or changes2 > CHANGES_MAX:
                continue
            more, serial = max(0.0, base - paid2), serial + 1
            heapq.heappush(heap, (hours + work[0] + way_h, cost + work[1] + way_cny + more, kg + work[2] + way_kg, serial, to, "link",
                                  mode2, gauge2, paid2 + more, changes2))
        for service, way_cny, way_kg in services[node]:
            work, _, changes2 = enter(label, service["mode"], "", True)
            if work is None or changes2 > CHANGES_MAX:
                continue
            off = leaves(service, start + hours + work[0] + float(service["cutoff_h"])) - start
            serial += 1
            heapq.heappush(heap, (off + float(service["transit_h"]), cost + work[1] + way_cny, kg + work[2] + way_kg, serial,
                                  service["last"], "service", service["mode"], "", 0.0, changes2))
    return sorted(found)
