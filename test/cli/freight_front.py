"""tongqu freight plan against the plain front of freight_v1.py: random loads between random places of the shipped tables.

TQ_FREIGHT_CASES: how many (120). TQ_FREIGHT_SEED repeats a run.
"""
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
tables = Tables(os.path.join(CITY, "freight"))
places, codes = tables.places(), sorted(tables.commodities)
chance = random.Random(SEED)
print(f"{CASES} cases, seed {SEED}")


def same(a, b):
    return abs(a[0] - b[0]) <= 0.02 and all(abs(x - y) <= 1e-4 * y + 0.051 for x, y in zip(a[1:], b[1:]))


wrong, plans, none = [], 0, 0
for _ in range(CASES):
    code, (origin, goal) = chance.choice(codes), chance.sample(places, 2)
    ship = {"commodity": code, "tonnes": chance.choice([0.5, 5, 22, 80, 1000, 4000, 12345.6])}
    words = [f"--tonnes={ship['tonnes']}"]
    if tables.commodities[code]["cargo"] == "container":
        ship["boxes40"] = chance.choice([1, 2, 10, 55])
        words.append(f"--boxes40={ship['boxes40']}")
    t0 = (chance.randint(1, 7), chance.randint(0, 23))
    run = Run("freight", "plan", CITY, "--from", origin, "--to", goal, "--commodity", code, *words, "--at", f"{t0[0]}@{t0[1]:02d}:00",
              "--all", "--json", "--quiet")
    got = [(plan["hours"], plan["cny"], plan["co2e_kg"]) for plan in run.json().get("plans") or []]
    want = front(tables, ship, origin, goal, t0)
    plans, none = plans + len(want), none + (not want)
    if run.code != (0 if want else 1) or not all(any(same(a, b) for b in want) for a in got) or not all(any(same(a, b) for a in got) for b in want):
        wrong.append((str(run), want))
shutil.rmtree(work)
check(f"{plans} plans of {CASES} questions equal the plain front, {none} have none", not wrong and plans > none, wrong[:2])
finish()
