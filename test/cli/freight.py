"""tongqu freight on the shipped city: published fronts by command, the table for people, refusals, and lorries of a served city."""
import json
import os
import shutil
import sys
import tempfile

from harness import ROOT, SHARED, TONGQU, Run, check, finish, have_shared

# A copy, imported here: a fresh clone has no city file.
work = tempfile.mkdtemp(prefix="tongqu-freight-")
CITY = os.path.join(work, "taiyuan")
shutil.copytree(os.path.join(ROOT, "cities", "taiyuan"), CITY, ignore=shutil.ignore_patterns("*.city", "state.db*"))
check("import", Run("import", CITY, "--quiet").code == 0)
COAL = ["--from", "TUNL", "--to", "GZXP", "--commodity", "coal_thermal", "--tonnes", "10000"]


def plan(*words):
    return Run("freight", "plan", CITY, *words)


def case_of(name):
    with open(os.path.join(SHARED, "freight/cases", name + ".json"), encoding="utf-8") as file:
        return json.load(file)


def same(plans, case):
    got = sorted((p["hours"], p["cny"], p["co2e_kg"]) for p in plans)
    want = sorted((p["hours"], p["cost_cny"], p["co2e_kg"]) for p in case)
    return len(got) == len(want) and all(
        abs(a[0] - b[0]) <= 0.02 and all(abs(x - y) <= 1e-4 * y + 0.051 for x, y in zip(a[1:], b[1:])) for a, b in zip(got, want))


# ---- published fronts ---------------------------------------------------------------------------------------------------
if have_shared("freight"):
    for name in ("P01_coal_gujiao_guangzhou", "P02_box_taiyuan_rotterdam", "P03_parcel_taiyuan_frankfurt"):
        case = case_of(name)
        day, hour = case["t0"]
        load = [f"--tonnes={case['shipment']['tonnes']}"]
        if case["shipment"].get("boxes40"):
            load.append(f"--boxes40={case['shipment']['boxes40']}")
        run = plan("--from", case["origin"], "--to", case["destination"], "--commodity", case["shipment"]["commodity"], *load,
                   "--at", f"{day}@{hour:02d}:00", "--all", "--json")
        check(f"{name[:3]}: the published front", run.code == 0 and same(run.json()["plans"], case["front_v1"]), run)

# ---- answers --------------------------------------------------------------------------------------------------------------
AT = ["--depart", "2026-07-06T08:00"]
run = plan(*COAL, *AT, "--json")
check("JSON, the same bytes twice", run.code == 0 and run.json()["live_version"] == 0 and run.out == plan(*COAL, *AT, "--json").out, run)
run = plan(*COAL, *AT)
check("a table for people", run.code == 0 and b"hours" in run.out and b"soonest" in run.out and b"rail" in run.out, run)
run = plan(*COAL, *AT, "--lang", "zh")
check("in Chinese", run.code == 0 and "最快" in run.out.decode() and "铁路" in run.out.decode() and "广州港新沙" in run.out.decode(), run)
run = plan(*COAL, *AT, "--via", "QHDP", "--json")
check("via: every plan goes there", run.code == 0 and run.json()["plans"] and all(
    any("QHDP" in (leg["from"]["id"], leg["to"]["id"]) for leg in p["legs"]) for p in run.json()["plans"]), run)
run = plan(*COAL, *AT, "--avoid", "QHDP,RZP", "--all", "--json")
check("avoid: none does", run.code == 0 and run.json()["plans"] and not any(
    leg[end]["id"] in ("QHDP", "RZP") for p in run.json()["plans"] for leg in p["legs"] for end in ("from", "to")), run)
BOX = ["--from", "TYC", "--commodity", "general_box", "--boxes40", "1"]
run = plan(*BOX, "--service", "CE05", "--depart", "2026-07-06T08:00", "--json")
got = run.json().get("plans") or []
check("the latest start for a train: its first departure that can be reached, cut-off kept", run.code == 0 and got and all(
    p["legs"][-1]["id"] == "CE05" and p["depart"] >= "2026-07-06T08:00" and p["legs"][-2]["end"][:16] <= "2026-07-07T09:00" for p in got), run)
check("and it is named", run.json()["service"] == "CE05" and run.json()["to"]["id"] == "ZDL", run)
late = plan(*BOX, "--service", "CE05", "--depart", "2026-07-07T08:00", "--json")
check("too late for that one: the next", late.code == 0 and late.json()["plans"][0]["arrive"] > got[0]["arrive"], late)
run = plan(*BOX, "--service", "CE05", "--depart", "2026-07-06T08:00")
check("told to people", run.code == 0 and b"start by 2026-07-0" in run.out, run)
run = plan(*BOX, "--to", "ZDL", "--service", "CE05")
check("a service and a place", run.code != 0 and "to:" in run.err, run)
run = plan(*BOX, "--service", "CE99")
check("a service that is none", run.code == 1 and "CE99" in run.err, run)
starts = [p["depart"] for p in plan("--from", "TYC", "--to", "RTMP", *BOX[2:], "--arrive", "2026-08-05T12:00", "--all", "--json").json()["plans"]]
check("latest starts: the latest first", len(starts) > 3 and starts == sorted(starts, reverse=True), starts)
run = plan("--from", "TYC", "--to", "RTMP", *BOX[2:], "--arrive", "2026-08-05T12:00")
check("and it is shown as such", run.code == 0 and b"latest start" in run.out and b"soonest" not in run.out, run)
run = plan(*COAL, "--arrive", "2026-07-20T08:00", "--json")
check("arrive by", run.code == 0 and run.json()["aim"] == "arrive" and all(p["arrive"] <= "2026-07-20T08:00:00+08:00" for p in run.json()["plans"]), run)
run = plan(*COAL, *AT, "--why-not", "TSNP", "--json")
check("why not", run.code == 0 and run.json()["place"]["id"] == "TSNP" and run.json()["possible"], run)
check("why not, for people", b"yuan" in plan(*COAL, *AT, "--why-not", "TSNP").out)
run = plan(*COAL, *AT, "--modes", "sea", "--json")
check("no plan: exit 1, what forbids it is named", run.code == 1 and run.json()["forbidden_by"] == ["mode"], run)
for name, ban, words in (
        ("too late a start for the latest arrival", "deadline", [*AT, "--arrive", "2026-07-06T09:00"]), ("a place nothing goes by", "via", [*AT, "--via", "TAS"])):
    run = plan(*COAL, *words, "--json")
    check(f"no plan: {name}", run.code == 1 and run.json()["forbidden_by"] == [ban] and run.json()["opens_hours"] == 77.23, run)
for name, words in (("bulk for a train of boxes", ["coal_thermal", "--tonnes", "10", "--service", "CE05"]),
                    ("goods on a train priced by boxes", ["steel_coil", "--tonnes", "10", "--service", "DX04"])):
    run = plan("--from", "TYC", *AT, "--commodity", *words)
    check(f"refused by name: {name}", run.code == 3 and "does not take" in run.err, run)
with open(os.path.join(CITY, "freight", "restrictions.csv"), "a+", encoding="utf-8") as file:
    held = file.tell()
    file.write("DG9,dangerous_goods,锂电池禁运,no lithium,mode:road;mode:rail;mode:sea,,9,,,test\n")
run = plan("--from", "TYC", "--to", "RTMP", "--commodity", "lithium", "--boxes40", "1", *AT)
check("no plan, for people: every reason has words", run.code == 1 and b"forbidden by dangerous goods" in run.out and b"DG9" in run.out, run)
with open(os.path.join(CITY, "freight", "restrictions.csv"), "r+", encoding="utf-8") as file:
    file.truncate(held)
check("no plan, for people", b"forbidden by" in plan(*COAL, *AT, "--modes", "sea").out)
run = Run("freight", "nodes", CITY, "--json")
check("nodes", run.code == 0 and len(run.json()["nodes"]) > 200 and b"TUNL" in Run("freight", "nodes", CITY).out, run)

# ---- refusals ---------------------------------------------------------------------------------------------------------------
for words in ([], ["--from", "TUNL"], COAL[:6], COAL[:4] + COAL[6:], COAL + AT + ["--at", "mon@08:00"], COAL + ["--boxes40", "0"]):
    run = plan(*words)
    check(f"usage: {' '.join(words)!r}", run.code == 2 and len(run.err) > 20, run)
check("usage: another action", Run("freight", "fly", CITY).code == 2)
for name, code, text, words in (
        ("an unknown place", 1, "NOWH", ["--to", "NOWH"]), ("an unknown commodity", 1, "gold", ["--commodity", "gold"]),
        ("mass 0", 3, "tonnes", ["--tonnes", "0"]), ("a negative mass", 3, "-5", ["--tonnes=-5"]),
        ("no day", 3, "mon@08:00", ["--at", "never"]), ("no mode", 3, "pipe", ["--modes", "pipe"]),
        ("boxes of coal", 3, "box", ["--boxes40", "2"]), ("why not nowhere", 1, "why_not", ["--why-not", "NOWH"])):
    run = plan(*COAL, *words)
    check(f"refused: {name}", run.code == code and text in run.err, run)
with tempfile.TemporaryDirectory() as folder:
    Run("init", folder, "--name", "某城")
    run = Run("freight", "nodes", folder)
    check("a city without freight says so", run.code == 1 and "no freight network" in run.err, run)

# ---- the railway's bill -------------------------------------------------------------------------------------------------------
run = Run("freight", "bill", CITY, "--tariff", "RAIL_T40", "--km", "560", "--boxes40", "1", "--box-use", "--json")
check("bill of a box", run.code == 0 and {i["item"]: i["cny"] for i in run.json()["items"]} == {
    "carriage": 2390.2, "fund": 622.7, "electrification": 133.3, "stamp": 1.3, "box_use": 118.0}, run)
run = Run("freight", "bill", CITY, "--tariff", "RAIL_T40", "--km", "560", "--boxes40", "1", "--lang", "en")
check("bill for people", run.code == 0 and b"construction fund" in run.out and b"given" in run.out, run)
check("bill without a question", Run("freight", "bill", CITY).code == 2 and "--tariff" in Run("freight", "bill", CITY).err)
run = Run("freight", "bill", CITY, "--tariff", "RAIL_9", "--km", "5", "--tonnes", "1")
check("an unknown tariff names the nearest", run.code == 1 and "did you mean RAIL_" in run.err, run)

# ---- emissions ---------------------------------------------------------------------------------------------------------------
ASKED = ("--from", "GJM", "--to", "QHDP", "--commodity", "coal_thermal", "--tonnes", "4000", "--depart", "2026-07-06T08:00", "--plan", "0")
run = Run("freight", "carbon", CITY, *ASKED, "--json")
check("emissions of a plan", run.code == 0 and run.json()["sets"][0]["wtw_kg"] > 0 and run.json()["elements"], run)
run = Run("freight", "carbon", CITY, *ASKED, "--lang", "en")
check("emissions for people", run.code == 0 and b"well to tank" in run.out and b"UK factors" in run.out, run)
check("emissions without a plan", Run("freight", "carbon", CITY, *ASKED[:-2]).code == 2)

# ---- a closed street of the served city ---------------------------------------------------------------------------------------
sys.path.insert(0, os.path.join(ROOT, "test", "http"))
os.environ["TONGQU"] = TONGQU
from server import Server  # noqa: E402

server = Server()
LORRY = "/api/v1/freight/plan?from=WSB&to=TISC&commodity=steel_coil&tonnes=200&depart=2026-07-06T08:00&modes=road&all=true"
before = server.get(LORRY)
hours = lambda answer: min((p["hours"] for p in answer.json()["plans"]), default=None)  # noqa: E731
by_command = plan("--from", "WSB", "--to", "TISC", "--commodity", "steel_coil", "--tonnes", "200", *AT, "--modes", "road", "--all", "--json")
check("server and command answer the same", before.status == 200 and before.body.strip() == by_command.out.strip(), before)
got = server.send("POST", "/api/v1/live/roads", {"states": [{"edge": edge, "kmh": 8} for edge in range(2000)]})
after = server.get(LORRY)
check("slow streets cost the lorries hours", got.status == 200 and hours(before) and hours(after) > hours(before), (got, hours(before), hours(after)))
server.send("DELETE", "/api/v1/live/roads", b"")
check("quick again: the same bytes", server.get(LORRY).body == before.body)
server.stop()
shutil.rmtree(work, ignore_errors=True)
finish()
