"""`tongqu demo` on the shipped city: every verb answers differently while the road is closed, and as before when it is open."""
import os
import shutil
import tempfile

from harness import ROOT, Run, check, finish

work = tempfile.mkdtemp(prefix="tongqu-demo-")
folder = os.path.join(work, "taiyuan")
shutil.copytree(os.path.join(ROOT, "cities", "taiyuan"), folder, ignore=shutil.ignore_patterns("*.city", "state.db*"))
check("import", Run("import", folder, "--quiet").code == 0)
run = Run("demo", folder, "--json")
verbs = (run.json() or {}).get("verbs", {})
check("the demo ends well", run.code == 0, run)
for name in ("trip", "drive", "taxi", "bus_detour", "report_up", "freight"):
    verb = verbs.get(name, {})
    check(f"{name}: changed and restored", verb.get("changed") is True and verb.get("restored") is True, verb)
    check(f"{name}: measured, and what it said", verb.get("ms", 0) > 0 and verb.get("before") and verb.get("after")
          and verb["before"] != verb["after"], verb)
wait = [verbs.get("taxi", {}).get(when, {}).get("wait_s") or 0 for when in ("before", "after")]
check("one waits longer for the taxi", 0 < wait[0] < wait[1], wait)
run = Run("demo", folder, "--lang", "en")
check("for people", run.code == 0 and b"wait for a taxi" in run.out and b"byte-equal after reopening" in run.out, run)
shutil.rmtree(work, ignore_errors=True)
finish()
