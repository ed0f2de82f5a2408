"""Runs the real command and keeps count. Closing line of a run: N passed, N failed."""
import json
import os
import subprocess
import sys

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
TONGQU = os.environ.get("TONGQU", os.path.join(ROOT, "build/release/tongqu"))
SHARED = os.path.join(ROOT, os.environ.get("TQ_SHARED_DATA", "../shared/data"))
ENV = {k: v for k, v in os.environ.items() if not k.startswith(("LC_", "LANG"))} | {"LANG": "C.UTF-8", "TZ": "UTC"}

passed = failed = 0


class Run:
    def __init__(self, *words, stdin=None, binary=None):
        done = subprocess.run([binary or TONGQU, *words], capture_output=True, env=ENV, timeout=600, input=stdin)
        self.code, self.out, self.err = done.returncode, done.stdout, done.stderr.decode("utf-8", "replace")
        self.words = words

    def json(self):
        try:
            return json.loads(self.out)
        except ValueError:
            return {}

    def __str__(self):
        return f"tongqu {' '.join(self.words)}: exit {self.code}\n{self.out[:600].decode('utf-8', 'replace')}\n{self.err[:600]}"


def check(what, good, detail=""):
    global passed, failed
    if good:
        passed += 1
        print(f"ok   {what}")
    else:
        failed += 1
        print(f"FAIL {what}  {detail}")
    return bool(good)


def have_shared(what):
    if os.path.isdir(SHARED):
        return True
    if os.environ.get("CI") == "true":
        check(f"test data for {what}", False, f"{SHARED} is absent")
    else:
        print(f"skipped {what}: no {SHARED}")
    return False


def finish():
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed else 0)
