"""tongqu simulate day: exact repeat, KPIs against sums of our own, closures, snow, refusals."""
import json
import math
import os
import re
import shutil
import tempfile

work = tempfile.mkdtemp(prefix="tongqu-simulate-")
os.environ["TMPDIR"] = os.path.join(work, "stores")  # before the harness takes the environment over
os.mkdir(os.environ["TMPDIR"])

from harness import ROOT, Run, check, finish  # noqa: E402

city = os.path.join(work, "taiyuan")
shutil.copytree(os.path.join(ROOT, "cities", "taiyuan"), city, ignore=shutil.ignore_patterns("state.db*", "*.city"))
check("simulate: the city is imported", Run("import", city, "--quiet").code == 0)
SMALL = ("simulate", "day", city, "--vehicles", "60", "--orders", "300", "--phone", "30", "--hours", "6-20", "--quiet")


def play(*more, events=None):
    run = Run(*SMALL, *more, *(("--events", events) if events else ()))
    return run, run.json()


def unmeasured(report):
    return json.dumps({k: v for k, v in report.items() if k != "measured"}, ensure_ascii=False)


# ---- the same seed, the same day -----------------------------------------------------------------------------
events = os.path.join(work, "events.jsonl")
run, day = play("--seed", "7", events=events)
if not check("simulate day: three policies", run.code == 0 and [p["name"] for p in day.get("policies", [])] ==
             ["nearest", "batch", "fair"], run):
    finish()
check("simulate day: labelled generated", day["generated"] is True and day["seed"] == 7 and day["vehicles"] == 60)
events_again = os.path.join(work, "again.jsonl")
run, again = play("--seed", "7", "--threads", "1", events=events_again)
check("simulate day: the same bytes again, with one thread too", unmeasured(day) == unmeasured(again))
check("simulate day: the same list of orders again", open(events, "rb").read() == open(events_again, "rb").read())
check("simulate day: another seed, another day", unmeasured(play("--seed", "8", "--policy", "batch")[1]) != unmeasured(day))
check("simulate day: nothing stays behind", os.listdir(os.environ["TMPDIR"]) == [])

# ---- custom buses --------------------------------------------------------------------------------------------
run, report = play("--seed", "7", "--policy", "batch", "--hours", "5-11", "--riders", "200")
bus = report["policies"][0]["buses"]
check("simulate day: lines from requests, seats booked, riders carried", run.code == 0 and bus and bus["lines"] >= 1 and
      bus["runs"] >= bus["lines"] and bus["carried"] > 50, bus or run)
check("simulate day: every rider has one end", bus["booked"] + bus["waited"] ==
      bus["carried"] + bus["no_shows"] + bus["cancelled"] + bus["no_seat"], bus)
check("simulate day: no seat more than there is, everybody pays", bus["carried"] <= bus["seats"] and bus["requests"] <= 200 and
      bus["booked"] + bus["waited"] + bus["full"] + bus["left_out"] <= bus["requests"] and bus["fare_fen"] == 300 * bus["carried"], bus)
check("simulate day: some do not come", bus["no_shows"] + bus["cancelled"] > 0, bus)
run, report = play("--seed", "7", "--policy", "batch", "--hours", "8-12")
check("simulate day: no morning, no buses", run.code == 0 and report["policies"][0]["buses"] is None, run)
check("simulate day: too many riders", Run(*SMALL, "--riders", "5000").code == 2)

# ---- KPIs against sums of our own ----------------------------------------------------------------------------
rows = [json.loads(line) for line in open(events, encoding="utf-8")]
check("simulate day: every line is labelled", rows and all(r["generated"] for r in rows))


def mean(values):
    return round(sum(values) / len(values) + 1e-9, 1) if values else None


def near(a, b, by):
    return a == b or (a is not None and b is not None and abs(a - b) <= by)


for policy in day["policies"]:
    name = policy["name"]
    mine = [r for r in rows if r["policy"] == name]
    done = [r for r in mine if r["state"] == "done"]
    waits = sorted(r["wait_s"] for r in done)
    came = [r for r in mine if r["vehicle"] is not None]
    check(f"{name}: orders and served", (policy["orders"], policy["served"]) == (len(mine), len(done)))
    check(f"{name}: most are served", len(done) > len(mine) / 2, policy["served_share"])
    check(f"{name}: mean wait", near(policy["wait_mean_s"], mean(waits), 0.06), policy["wait_mean_s"])
    check(f"{name}: p95 of waits", policy["wait_p95_s"] == waits[(len(waits) - 1) * 95 // 100])
    check(f"{name}: pick-up", near(policy["pickup_sum_km"], sum(r["pickup_m"] for r in came) / 1000, 0.001))
    check(f"{name}: elders and others", all(
        near(policy[key], mean([r["wait_s"] for r in done if r["elder"] == elder]), 0.06)
        for key, elder in (("elder_wait_s", True), ("other_wait_s", False))))
    check(f"{name}: money", policy["fare_fen"] == sum(r["fare_fen"] for r in mine) and policy["bonus_fen"] == 0)
    check(f"{name}: all that were not served have a reason",
          sum(policy["unserved"].values()) == len(mine) - len(done) and "" not in policy["unserved"])
    left = {}
    for r in mine:
        if r["state"] == "left":
            left[r["why"]] = left.get(r["why"], 0) + 1
    check(f"{name}: reasons order by order", all(policy["unserved"].get(why) == n for why, n in left.items()), left)
    check(f"{name}: refusals have reasons", sum(policy["refusals"].values()) == sum(r["refusals"] for r in mine) > 0)
    # Riders of buses are refused where there is no street or no seat.
    refused = [r for r in policy["commands_refused"] if not r["reason"].startswith(("booking.create", "request.create"))]
    check(f"{name}: the desk refused no command", refused == [], refused)
    hours = {h["hour"]: h for h in policy["by_hour"]}
    check(f"{name}: hour by hour", all(
        (hours[hour]["orders"], hours[hour]["served"]) ==
        (sum(r["called_s"] // 3600 == hour for r in mine), sum(r["called_s"] // 3600 == hour for r in done))
        for hour in range(6, 20)))
    check(f"{name}: Gini between 0 and 1", 0 <= policy["gini_in_cohort"] < 1 and 0 <= policy["gini"] < 1)


def metres(a, b):
    lat = math.radians(a["lat"] + b["lat"]) / 2
    return 6371008.8 * math.hypot(math.radians(a["lat"] - b["lat"]), math.cos(lat) * math.radians(a["lon"] - b["lon"]))


# Elders beside others: each elder's order and the nearest other one within 5 minutes and 1 km.
dense = os.path.join(work, "dense.jsonl")
run = Run("simulate", "day", city, "--vehicles", "150", "--orders", "6000", "--phone", "1500", "--hours", "8-10", "--quiet",
          "--seed", "7", "--policy", "nearest,batch", "--events", dense)
many = run.json()
check("simulate day: two dense hours", run.code == 0, run)
dense_rows = [json.loads(line) for line in open(dense, encoding="utf-8")]
for policy in many["policies"]:
    name, pairs, named, served = policy["name"], [], [[], []], [[], []]
    mine = [r for r in dense_rows if r["policy"] == name and r["plain"]]
    for elder in mine:
        if elder["elder"]:
            near_by = [(metres(elder, r), r["order"], r) for r in mine
                       if not r["elder"] and abs(r["called_s"] - elder["called_s"]) <= 300 and metres(elder, r) <= 1000]
            pairs += [(elder, min(near_by)[2])] if near_by else []
    for pair in pairs:
        patience = min(r["patience_s"] for r in pair)
        first = [(r["first_named_s"] or 1e9) - r["made_s"] for r in pair]
        last = [(r["named_s"] or 1e9) - r["made_s"] for r in pair]
        for side in (0, 1):
            named[side].append((first[side] <= patience, min(first[side], patience)))
        if all(r["state"] == "done" for r in pair) and max(last) <= patience:
            for side in (0, 1):
                served[side].append(pair[side]["wait_s"])
    alike = policy["alike"]
    check(f"{name}: as many pairs of an elder and another", (alike["pairs"], alike["both_served"]) == (len(pairs), len(served[0])), alike)
    for side, who in ((0, "elders"), (1, "others")):
        shares, seconds = [n[0] for n in named[side]], sorted(n[1] for n in named[side])
        waits = sorted(served[side])
        check(f"{name}: {who} beside each other", not pairs or (
            near(alike[who]["named_share"], round(sum(shares) / len(pairs), 4), 0.0002) and
            near(alike[who]["named_s"], mean(seconds), 0.06) and near(alike[who]["wait_s"], mean(waits), 0.06) and
            alike[who]["named_p95_s"] == seconds[(len(pairs) - 1) * 95 // 100] and
            (not waits or alike[who]["wait_p95_s"] == waits[(len(waits) - 1) * 95 // 100])), alike)
check("simulate day: pairs are found", all(p["alike"]["pairs"] > 20 and p["alike"]["both_served"] > 5 for p in many["policies"]),
      [p["alike"] for p in many["policies"]])
asked = {(r["order"], r["called_s"], r["elder"], r["channel"]) for r in rows}
check("simulate day: every policy has the same passengers", len(asked) * 3 == len(rows))

# ---- what changes the day ------------------------------------------------------------------------------------
plain = next(p for p in day["policies"] if p["name"] == "batch")
closings = [f"{street}@06:00-22:00" for street in ("府东街", "建设北路", "并州北路", "五一路")]
run, closed = play("--seed", "7", "--policy", "batch", *(word for one in closings for word in ("--close", one)))
check("simulate day: closed streets change waits", run.code == 0 and closed["closed"] == closings and
      closed["policies"][0]["wait_mean_s"] != plain["wait_mean_s"], run)
run, guided = play("--seed", "7", "--policy", "guided")
check("simulate day: advice is given and followed by some", run.code == 0 and
      0 < guided["policies"][0]["advice_followed"] < guided["policies"][0]["advised"], run)
check("simulate day: without it nobody is advised", plain["advised"] == 0)

# Idle vehicles that are advised against those that only drift, over three mornings with few vehicles.
sums = {"batch": [0, 0, 0, 0], "guided": [0, 0, 0, 0]}
for seed in ("1", "2", "3"):
    run = Run("simulate", "day", city, "--vehicles", "150", "--orders", "3000", "--riders", "0", "--hours", "7-10", "--quiet",
              "--seed", seed, "--policy", "batch,guided", "--threads", "1")
    for policy in run.json().get("policies", []):
        n = policy["served"]
        for k, value in enumerate((n, n * policy["wait_mean_s"], policy["advised"], policy["empty_km"])):
            sums[policy["name"]][k] += value
        check(f"{policy['name']}, seed {seed}: drives to a better place count as empty",
              policy["empty_km"] > policy["pickup_sum_km"], policy["empty_km"])
served, waited = ([sums[name][0] for name in ("batch", "guided")],
                  [sums[name][1] / max(sums[name][0], 1) for name in ("batch", "guided")])
check("simulate day: with advice more are served", served[1] > served[0] > 0, served)
check("simulate day: with advice they wait less", waited[1] < waited[0], waited)
check("simulate day: advice is bounded: a few per vehicle", 0 < sums["guided"][2] < 3 * 150 * 6, sums)
run, snow = play("--seed", "7", "--policy", "batch", "--snow")
check("simulate day: snow pays a bonus for each order that is served", run.code == 0 and
      snow["policies"][0]["bonus_fen"] == 500 * snow["policies"][0]["served"] > 0, run)
check("simulate day: snow makes people wait", snow["policies"][0]["wait_mean_s"] > plain["wait_mean_s"])

ALL = ("--seed", "9", "--policy", "guided", "--snow", "--close", closings[0], "--close", closings[1])
run, whole = play(*ALL)
check("simulate day: the same bytes again with snow, closures, buses and advice", run.code == 0 and
      unmeasured(whole) == unmeasured(play(*ALL)[1]), run)

# ---- the page ------------------------------------------------------------------------------------------------
html, report = os.path.join(work, "day.html"), os.path.join(work, "day.json")
run, _ = play("--seed", "7", "--policy", "batch", "--html", html, "--report", report, "--lang", "zh")
page = open(html, encoding="utf-8").read() if os.path.exists(html) else ""
check("simulate day: a page in Chinese, labelled, with charts", "生成数据" in page and page.count("<figure>") == 3 and
      page.rstrip().endswith("</html>"))
check("simulate day: the page asks for nothing from elsewhere", not re.search(r"(src|href)=|url\(|@import|<script", page))
check("simulate day: the report is also printed", run.out.strip() == open(report, "rb").read().strip())

# ---- refusals ------------------------------------------------------------------------------------------------
for words, code, text in (
        (("day",), 2, "a day wants a city"),
        (("year", city), 2, "day CITY, province"),
        (("day", city, "--hours", "9-6"), 2, "--hours is such as 6-10"),
        (("day", city, "--hours", "6-25"), 2, "--hours is such as 6-10"),
        (("day", city, "--vehicles", "0"), 2, "--vehicles"),
        (("day", city, "--orders", "300", "--phone", "301"), 2, "--phone"),
        (("day", city, "--policy", "batch,,fair"), 2, "--policy names"),
        (("day", city, "--policy", "batch,batch"), 3, "stands twice"),
        (("day", city, "--policy", "grab"), 3, "drivers who race"),
        (("day", city, "--policy", "bach"), 3, 'did you mean "batch"'),
        (("day", city, "--close", "迎泽大街"), 3, "STREET[/FROM/TO]@07:30-09:00"),
        (("day", city, "--close", "迎泽大街@09:00-07:00"), 3, "STREET[/FROM/TO]@07:30-09:00"),
        (("day", city, "--close", "没有这条街@07:00-09:00"), 3, "没有这条街"),
        (("day", os.path.join(work, "none")), None, "none")):
    run = Run("simulate", *words, "--quiet")
    check(f"simulate {' '.join(words)[-40:]}: refused by name", (run.code == code if code else run.code > 1) and
          text in run.err, run)
shutil.rmtree(work)
finish()
