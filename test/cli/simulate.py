"""tongqu simulate day: exact repeat, KPIs against sums of our own, closures, snow, refusals."""
import json
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
    check(f"{name}: the desk refused no command", policy["commands_refused"] == [], policy["commands_refused"])
    hours = {h["hour"]: h for h in policy["by_hour"]}
    check(f"{name}: hour by hour", all(
        (hours[hour]["orders"], hours[hour]["served"]) ==
        (sum(r["called_s"] // 3600 == hour for r in mine), sum(r["called_s"] // 3600 == hour for r in done))
        for hour in range(6, 20)))
    check(f"{name}: Gini between 0 and 1", 0 <= policy["gini_in_cohort"] < 1 and 0 <= policy["gini"] < 1)
asked = {(r["order"], r["called_s"], r["elder"], r["channel"]) for r in rows}
check("simulate day: every policy has the same passengers", len(asked) * 3 == len(rows))

# ---- what changes the day ------------------------------------------------------------------------------------
plain = next(p for p in day["policies"] if p["name"] == "batch")
closings = [f"{street}@06:00-22:00" for street in ("府东街", "建设北路", "并州北路", "五一路")]
run, closed = play("--seed", "7", "--policy", "batch", *(word for one in closings for word in ("--close", one)))
check("simulate day: closed streets change waits", run.code == 0 and closed["closed"] == closings and
      closed["policies"][0]["wait_mean_s"] != plain["wait_mean_s"], run)
run, snow = play("--seed", "7", "--policy", "batch", "--snow")
check("simulate day: snow pays a bonus for each order that is served", run.code == 0 and
      snow["policies"][0]["bonus_fen"] == 500 * snow["policies"][0]["served"] > 0, run)
check("simulate day: snow makes people wait", snow["policies"][0]["wait_mean_s"] > plain["wait_mean_s"])

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
