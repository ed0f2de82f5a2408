"""tongqu freight uplift on the shipped city: latest collections as table and JSON, refusals."""
import os
import shutil
import tempfile

from harness import ROOT, Run, check, finish

# A copy, imported here: a fresh clone has no city file.
work = tempfile.mkdtemp(prefix="tongqu-uplift-")
CITY = os.path.join(work, "taiyuan")
shutil.copytree(os.path.join(ROOT, "cities", "taiyuan"), CITY, ignore=shutil.ignore_patterns("*.city", "state.db*"))
check("import", Run("import", CITY, "--quiet").code == 0)
ASK = ["--from", "清徐", "--date", "2027-03-02", "--flight", "AB01"]


def uplift(*words):
    return Run("freight", "uplift", CITY, *words)


run = uplift(*ASK, "--json")
rows = run.json()["uplifts"] if run.code == 0 else []
check("JSON: three regimes, three cut-offs", len({r["cutoff"] for r in rows}) == 3, run)
check("collection before the cut-off", rows and all(r["collect_by"] < r["cutoff"] for r in rows), run)
run = uplift(*ASK, "--lang", "en")
check("a table with the steps", run.code == 0 and b"AB01" in run.out and b"customs" in run.out and b"assumed" in run.out, run)
run = uplift("--from", "清徐", "--lang", "zh")
check("in Chinese", run.code == 0 and "最晚取件" in run.out.decode() and "国际邮件" in run.out.decode(), run)
run = uplift(*ASK, "--mass-kg", "9000", "--json")
check("too heavy: exit 1", run.code == 1 and {r["state"] for r in run.json()["uplifts"]} == {"too_heavy"}, run)
run = uplift("--flight", "AB01")
check("no place", run.code == 2 and "--from" in run.err, run)
run = uplift("--from", "清徐", "--regime", "post")
check("an unknown regime", run.code != 0 and "regime" in run.err, run)
shutil.copytree(os.path.join(CITY, "freight"), os.path.join(work, "kept"))
path = os.path.join(CITY, "freight", "regimes.csv")
with open(path, encoding="utf-8") as file:
    text = file.read()
with open(path, "w", encoding="utf-8") as file:
    file.write(text.replace("08:00,22:00", "22:00,08:00", 1))
run = uplift(*ASK)
check("a broken row is named with file, line, column", run.code != 0 and "regimes.csv line 2" in run.err and "close" in run.err, run)
shutil.rmtree(work)
finish()
