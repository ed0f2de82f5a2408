"""tongqu solve: VROOM's JSON and the text forms, times from the streets, geometry, refusals, repeatability."""
import csv
import json
import os
import shutil
import tempfile

from harness import ROOT, SHARED, Run, check, finish, have_shared

work = tempfile.mkdtemp(prefix="tongqu-solve-")
MATRIX = {"car": {"durations": [[0, 100, 200], [100, 0, 150], [200, 150, 0]]}}


def write(name, problem):
    path = os.path.join(work, name)
    with open(path, "w", encoding="utf-8") as out:
        out.write(problem if isinstance(problem, str) else json.dumps(problem))
    return path


# ---- VROOM's form --------------------------------------------------------------------------------------------
problem = {"vehicles": [{"id": 1, "start_index": 0, "end_index": 0, "capacity": [2]}],
           "jobs": [{"id": 1, "location_index": 1, "delivery": [1], "service": 10},
                    {"id": 2, "location_index": 2, "pickup": [1]}], "matrices": MATRIX}
path = write("small.json", problem)
run = Run("solve", path, "--iterations", "200")
answer = run.json()
check("solve: a small problem", run.code == 0 and answer.get("code") == 0 and answer["summary"]["cost"] == 450, run)
check("solve: all members of VROOM's summary", set(answer["summary"]) >= {
    "cost", "routes", "unassigned", "delivery", "amount", "pickup", "setup", "service", "duration", "waiting_time",
    "priority", "violations", "computing_times"}, run)
check("solve: steps from start to end", [s["type"] for s in answer["routes"][0]["steps"]] == ["start", "job", "job", "end"], run)
same = Run("solve", path, "--iterations", "200").json()
for one in (answer, same):
    one["summary"].pop("computing_times")
check("solve: the same again", answer == same)
two = Run("solve", path, "--iterations", "200", "--threads", "2").json()
two["summary"].pop("computing_times")
check("solve: two threads find no worse", two["summary"]["cost"] <= answer["summary"]["cost"])
with open(path, "rb") as file:
    check("solve: standard input", Run("solve", "-", "--iterations", "50", stdin=file.read()).json().get("code") == 0)
out = os.path.join(work, "plan.json")
run = Run("solve", path, "--iterations", "50", "-o", out)
check("solve: -o writes the file", run.code == 0 and run.out == b"" and json.load(open(out))["code"] == 0, run)
problem["jobs"].append({"id": 3, "location_index": 1, "skills": [5]})
run = Run("solve", write("left.json", problem), "--iterations", "50")
check("solve: a task that is left out tells why, exit code 1",
      run.code == 1 and run.json()["unassigned"] == [u for u in run.json()["unassigned"] if u["reason"] == "skills" and u["id"] == 3], run)

lunch = Run("solve", write("breaks.json", {"matrices": MATRIX, "vehicles": [
    {"id": 1, "start_index": 0, "end_index": 0, "time_window": [0, 900], "breaks": [
        {"id": 1, "service": 30, "time_windows": [[0, 20], [300, 400]]}, {"id": 2, "service": 40, "time_windows": [[10, 90]]}]}],
    "jobs": [{"id": 1, "location_index": 1, "time_windows": [[140, 150]]}]}), "--iterations", "20").json()
check("solve: breaks in whatever order fits, not in that of their first windows", lunch["unassigned"] == [] and
      [s["id"] for s in lunch["routes"][0]["steps"] if s["type"] == "break"] == [2, 1], lunch)
urgent = Run("solve", write("urgent.json", {"matrices": MATRIX, "vehicles": [{"id": 1, "start_index": 0, "max_tasks": 2}], "jobs": [
    {"id": 3, "location_index": 0, "priority": 3}, {"id": 4, "location_index": 1}], "shipments": [
    {"priority": 2, "pickup": {"id": 1, "location_index": 1}, "delivery": {"id": 2, "location_index": 2}}]}), "--iterations", "50").json()
check("solve: a shipment counts twice by its priority, as both of its tasks have it",
      urgent["summary"]["priority"] == 4 and sorted(u["id"] for u in urgent["unassigned"]) == [3, 4], urgent)
halves = Run("solve", write("halves.json", {"matrices": {"car": {"durations": [[0, 17, 17], [17, 0, 99], [17, 99, 0]]}}, "vehicles": [
    {"id": k, "start_index": 0, "speed_factor": 2, "max_tasks": 1} for k in (1, 2)], "jobs": [
    {"id": k, "location_index": k} for k in (1, 2)]}), "--iterations", "50").json()
check("solve: the summary adds up what the routes say", [r["cost"] for r in halves["routes"]] == [8, 8] and
      halves["summary"]["cost"] == 16 and halves["summary"]["duration"] == 16, halves)

# ---- refusals ------------------------------------------------------------------------------------------------
problem["jobs"][2] = {"id": 3, "location_index": 1, "time_windows": [[9, 3]]}
run = Run("solve", write("bad.json", problem))
check("solve: a bad field is named by file and path, exit code 3",
      run.code == 3 and "bad.json: jobs[2].time_windows[0]: the window ends before it begins" in run.err, run)
check("solve: holes in a matrix are named", "matrices.car.durations[0][1]" in Run("solve", write("hole.json", {
    "vehicles": [{"id": 1, "start_index": 0}], "matrices": {"car": {"durations": [[0, None], [1, 0]]}}})).err)
check("solve: not JSON", Run("solve", write("no.json", "{")).code == 3)
check("solve: no such file", Run("solve", os.path.join(work, "none.json")).code == 4)
check("solve: without matrices it wants a city", Run("solve", write("roads.json", {
    "vehicles": [{"id": 1, "start": [112.56, 37.86]}], "jobs": [{"id": 1, "location": [112.57, 37.87]}]})).code == 2)
for words in (["--seconds", "0"], ["--seconds", "x"], ["--format", "csv"], ["--objective", "joy"], ["--threads", "99"], ["--iterations", "0"]):
    check(f"solve: {' '.join(words)} is a usage error", Run("solve", path, *words).code == 2)

# ---- text forms ----------------------------------------------------------------------------------------------
if have_shared("research instances"):
    folder = os.path.join(SHARED, "dispatch/lilim")
    best = {row["instance"]: row for row in csv.DictReader(open(os.path.join(SHARED, "dispatch/lilim_best_known.csv")))}
    run = Run("solve", os.path.join(folder, "lc101.txt"), "--format", "lilim", "--iterations", "8000")
    summary = run.json()["summary"]
    check("solve: lc101 is solved to the best known", summary["routes"] == 10 and
          abs(summary["cost"] - float(best["lc101"]["best_known_distance"])) < 1, run)
    run = Run("solve", os.path.join(SHARED, "dispatch/darp/a2-16.txt"), "--format", "darp", "--iterations", "4000")
    check("solve: a2-16 costs 294", run.code == 0 and run.json()["summary"]["cost"] == 294, run)
    run = Run("solve", os.path.join(SHARED, "bench/vrptw_solomon/C101.txt"), "--format", "solomon", "--iterations", "4000")
    check("solve: C101 has 10 routes of 829", run.code == 0 and run.json()["summary"]["routes"] == 10 and
          run.json()["summary"]["cost"] == 829, run)

    # ---- times from the streets ------------------------------------------------------------------------------
    city = os.path.join(work, "taiyuan")
    made = Run("init", city, "--timezone", "Asia/Shanghai", "--osm", os.path.join(SHARED, "taiyuan/taiyuan_urban_2022.osm.pbf"))
    check("solve: a city of streets", made.code == 0 and Run("import", city).code == 0, made)
    points = [[112.5490, 37.8570], [112.5620, 37.8700], [112.5750, 37.8450], [112.5400, 37.8300]]
    problem = {"vehicles": [{"id": 1, "start": points[0], "end": points[0]}],
               "jobs": [{"id": k, "location": points[k], "service": 60} for k in (1, 2, 3)]}
    run = Run("solve", write("streets.json", problem), "--city", city, "--iterations", "200", "-g")
    answer = run.json()
    check("solve: times, metres and a line from the streets", run.code == 0 and answer["summary"]["distance"] > 5000 and
          answer["summary"]["duration"] > 400 and len(answer["routes"][0]["geometry"]) > 50, run)
    route = Run("route", city, "--from", "37.8570,112.5490", "--to", f"{answer['routes'][0]['steps'][1]['location'][1]},{answer['routes'][0]['steps'][1]['location'][0]}", "--json").json()
    check("solve: the first leg is the route's time", abs(route["duration"] - answer["routes"][0]["steps"][1]["duration"]) <= 1, run)
    problem["jobs"][0]["location"] = [0, 0]
    run = Run("solve", write("sea.json", problem), "--city", city)
    check("solve: a place in the sea is named", run.code in (1, 3) and "[0.000000,0.000000]" in run.err, run)

shutil.rmtree(work)
finish()
