"""tongqu freight plan against the plain front of freight_v1.py: random loads between random places of the shipped tables.

TQ_FREIGHT_CASES: how many (120). TQ_FREIGHT_SEED repeats a run.
"""
import csv
import os
import random
import shutil
import tempfile

from freight_v1 import Tables, front
from harness import ROOT, Run, check, finish

CASES = int(os.environ.get("TQ_FREIGHT_CASES", "120"))
SEED = int(os.environ.get("TQ_FREIGHT_SEED", random.SystemRandom().randrange(1 << 30)))

# A copy, imported here: a fresh clone has no city file.
work = tempfile.mkdtemp(prefix="tongqu-front-")
CITY = os.path.join(work, "taiyuan")
shutil.copytree(os.path.join(ROOT, "cities", "taiyuan"), CITY, ignore=shutil.ignore_patterns("*.city", "state.db*"))
check("import", Run("import", CITY, "--quiet").code == 0)
chance = random.Random(SEED)
print(f"{CASES} cases, seed {SEED}")


def same(a, b):
    return abs(a[0] - b[0]) <= 0.02 and all(abs(x - y) <= 1e-4 * y + 0.051 for x, y in zip(a[1:], b[1:]))


def compare(what, city, cases, boxes_only):
    """Fronts of `cases` random loads against the plain front; the chains of rail that changed their gauge on the way."""
    tables = Tables(os.path.join(city, "freight"))
    places = tables.places()
    codes = sorted(code for code, row in tables.commodities.items() if row["cargo"] == "container" or not boxes_only)
    wrong, plans, none, regauged = [], 0, 0, []
    for _ in range(cases):
        code, (origin, goal) = chance.choice(codes), chance.sample(places, 2)
        ship = {"commodity": code, "tonnes": chance.choice([0.5, 5, 22, 80, 1000, 4000, 12345.6])}
        words = [f"--tonnes={ship['tonnes']}"]
        if tables.commodities[code]["cargo"] == "container":
            ship["boxes40"] = chance.choice([1, 2, 10, 55])
            words.append(f"--boxes40={ship['boxes40']}")
        t0 = (chance.randint(1, 7), chance.randint(0, 23))
        words = [city, "--from", origin, "--to", goal, "--commodity", code, *words, "--at", f"{t0[0]}@{t0[1]:02d}:00"]
        run = Run("freight", "plan", *words, "--all", "--json", "--quiet")
        answer = run.json().get("plans") or []
        got = [(plan["hours"], plan["cny"], plan["co2e_kg"]) for plan in answer]
        want = front(tables, ship, origin, goal, t0)
        plans, none = plans + len(want), none + (not want)
        if run.code != (0 if want else 1) or not all(any(same(a, b) for b in want) for a in got) or not all(any(same(a, b) for a in got) for b in want):
            wrong.append((str(run), want))
        regauged += [(words, plan) for plan in answer if changes_gauge(plan["legs"])]
    check(f"{what}: {plans} plans of {cases} questions equal the plain front, {none} have none", not wrong and plans > none, wrong[:2])
    return regauged


def changes_gauge(legs):
    kinds = [(leg["kind"], leg["mode"], leg.get("from_mode")) for leg in legs]
    return any(kinds[k - 1][:2] == kinds[k + 1][:2] == ("link", "rail") and kinds[k] == ("tranship", "rail", "rail") for k in range(1, len(kinds) - 1))


def billed(words, plan):
    """The plan's bill without stamp duty, against the plan's own links by rail; 0.05 yuan an item."""
    bill = Run("freight", "bill", *words, "--plan", str(plan["number"]), "--json", "--quiet").json()
    items = [item["cny"] for chain in bill["chains"] for item in chain["items"] if item["item"] != "stamp"]
    legs = sum(leg["cny"] for leg in plan["legs"] if leg["kind"] == "link" and leg["mode"] == "rail")
    return abs(sum(items) - legs) <= 0.06 * (len(items) + 1)


compare("shipped", CITY, CASES, False)
# In the shipped tables only trains cross a border. With all links on demand wagons change their gauge, and base price 1 stays paid.
links = os.path.join(CITY, "freight", "links.csv")
with open(links, encoding="utf-8", newline="") as file:
    rows = list(csv.DictReader(file))
with open(links, "w", encoding="utf-8", newline="") as file:
    writer = csv.DictWriter(file, rows[0].keys(), lineterminator="\n")
    writer.writeheader()
    writer.writerows({**row, "on_demand": "1"} for row in rows)
regauged = compare("borders open to wagons", CITY, CASES // 2, True)
check("and some chains change their gauge", len(regauged) > 0)
check("a bill goes on over a change of gauge", all(billed(*one) for one in regauged[:10]), regauged[:1])
shutil.rmtree(work)
finish()
