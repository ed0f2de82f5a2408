"""tongqu freight flow: the siding question as tables, CSV and JSON; another question; own corridors; refusals. Needs no city file."""
import csv
import io
import json
import os
import tempfile

from harness import ROOT, Run, check, finish

CITY = os.path.join(ROOT, "cities", "taiyuan")
QUESTION = os.path.join(CITY, "freight", "flow.json")
work = tempfile.mkdtemp(prefix="tongqu-flow-")


def flow(*words):
    return Run("freight", "flow", CITY, *words)


def question(name, **members):
    path = os.path.join(work, name)
    with open(path, "w", encoding="utf-8") as file:
        json.dump(members, file)
    return path


run = flow(QUESTION, "--json")
got = run.json()
link = next((r for r in got["plan"]["corridors"] if r["id"] == "L087"), {}) if run.code == 0 else {}
check("JSON: the siding carries 16,438 t a day in three trains", run.code == 0 and round(link["day_t"]) == 16438 and link["trains_day"] == 3, run)
hub = next((h for h in got["difference"]["hubs"] if h["id"] == "jinmei"), {})
check("JSON: without it 548 lorries a day", hub.get("trucks_day") == 548 and hub.get("trains_day") == -3, hub)
check("JSON: the same question, the same bytes", flow(QUESTION, "--json").out == run.out)

run = flow(QUESTION, "--lang", "en")
text = run.out.decode()
check("a table of corridors with what is full", run.code == 0 and "L087" in text and "14.21 yuan/t" in text and "548 lorries" in text, run)
check("hub tags and where the tonnes go", "Da-Qin corridor" in text and "second less first" in text, run)
run = flow(QUESTION, "--lang", "zh")
text = run.out.decode()
check("in Chinese", run.code == 0 and "瓶颈" in text and "晋煤专用线" in text and "第二个减第一个" in text and "548 车" in text, run)

run = flow(QUESTION, "--csv")
rows = list(csv.DictReader(io.StringIO(run.out.decode())))
check("CSV: both plans, every corridor with a number", run.code == 0 and {r["question"] for r in rows} == {"plan", "against"} and
      all(float(r["year_t"]) >= 0 for r in rows), run)
check("CSV says what JSON says", len(rows) == len(got["plan"]["corridors"]) + len(got["against"]["corridors"]))

LOTS = [{"commodity": "coke", "from": "JINM", "to": "TSNP", "mt_y": 7}]
one, two = question("one.json", lots=LOTS), question("two.json", lots=LOTS, changes=[{"link": "L087", "capacity_mt_y": 7}])
run = flow(one, "--against", two, "--json")
moved = {r["id"]: r["more_t"] for r in run.json()["difference"]["rows"]} if run.code == 0 else {}
check("another question: a wider siding takes the seventh million", run.code == 0 and 999000 < moved.get("L087", 0) < 1001000, run)
run = flow(one, "--lang", "en")
check("one question has no difference", run.code == 0 and b"second less first" not in run.out, run)
own = question("own.json", corridors=[{"id": "c", "from": "A", "to": "B", "cny_t": 10, "capacity_mt_y": 3}],
               supply=[{"place": "A", "mt_y": 6}], demand=[{"place": "B", "mt_y": 5}])
run = flow(own, "--lang", "en")
check("own corridors: what cannot come is told", run.code == 0 and b"2000000 t more cannot come" in run.out, run)

whole = question("whole.json", lots=LOTS, whole_trains=True, train_cny_km=40)
run = flow(whole, "--csv")
rows = {r["id"]: r for r in csv.DictReader(io.StringIO(run.out.decode()))} if run.code == 0 else {}
check("whole trains: at most 20 a week on the siding", run.code == 0 and 1 <= float(rows["L087"]["trains_week"]) <= 20, run)
run = flow(question("whole2.json", lots=LOTS, train_cny_km=40))
check("the price of a train without whole trains is refused", run.code == 3 and "whole_trains" in run.err, run)

run = flow()
check("no question", run.code == 2 and "flow.json" in run.err, run)
run = flow(os.path.join(work, "none.json"))
check("no such file", run.code != 0 and "none.json" in run.err, run)
run = flow(question("bad.json", lots=[dict(LOTS[0], mt_y=-1)]))
check("a wrong value is named with its place", run.code == 3 and "lots[0].mt_y" in run.err and "-1" in run.err, run)
run = flow(one, "--against", question("bad2.json", changes=[{"link": "L999", "closed": True}]))
check("also in the other question", run.code != 0 and "against.changes[0].link" in run.err, run)
run = flow(QUESTION, "--csv", "--json")
check("CSV or JSON", run.code == 2, run)
run = Run("freight", "--help")
check("help names flow with an example", b"flow" in run.out and b"freight/flow.json" in run.out, run)
finish()
