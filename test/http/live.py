"""The live network end to end on the shipped city: setup, login, roles, closures, events, restarts and kills.

TQ_KILLS: cycles of kill -9 under commands (50; 1000 in the long run). TQ_KILL_SEED repeats a run.
"""
import json
import os
import random
import resource
import signal
import socket
import threading
import time
import urllib.parse

from server import Answer, Server, check, finish

KILLS = int(os.environ.get("TQ_KILLS", "50"))
SEED = int(os.environ.get("TQ_KILL_SEED", str(random.randrange(1 << 30))))
V = "/api/v1/"
q = urllib.parse.quote
server = Server(threads=2)


def send(method, target, body=None, token=None, **headers):
    if token:
        headers["Authorization"] = "Bearer " + token
    return server.send(method, target, b"" if body is None else body, **headers)


def get(target, token=None, **headers):
    if token:
        headers["Authorization"] = "Bearer " + token
    return server.get(target, **headers)


def version(answer):
    return answer.headers.get("tongqu-version")


def without_version(body):
    """An answer with its version numbers taken out, in one order of members."""
    def clean(value):
        if isinstance(value, dict):
            return {k: clean(v) for k, v in value.items() if k not in ("version", "live_version")}
        return [clean(v) for v in value] if isinstance(value, list) else value
    return json.dumps(clean(body), sort_keys=True, ensure_ascii=False)


# ---- before anybody has an account ------------------------------------------------------------------------------------
document = get(V + "openapi.json").json()
city = get(V + "city").json()["version"]
check("every answer carries the version", version(get("/healthz")) == city and version(get("/none")) == city
      and version(get(V + "plan")) == city)
got = send("POST", V + "closures", {})
check("no command without a role", got.status == 401 and got.json()["code"] == "UNAUTHORIZED", got)
check("and WWW-Authenticate says how", got.headers.get("www-authenticate") == "Bearer", got)
got = send("POST", V + "live/roads", {"states": [{"edge": 0, "kmh": 20}]}, Origin="http://elsewhere.invalid")
check("a page of another site is not «this machine»", got.status == 401, got)
got = send("POST", V + "live/roads", {"states": [{"edge": 0, "kmh": 20}]}, X_Forwarded_For="10.0.0.9")
check("nor is who comes through a proxy", got.status == 401, got)
got = send("POST", V + "live/roads", {"states": [{"edge": 0, "kmh": 20}]})
check("speeds are open to this machine while nobody has an account", got.status == 200 and got.json()["count"] == 2, got)
got = server.send("DELETE", V + "live/roads", b"")
check("and forgotten", got.status == 200 and got.json()["count"] == 0, got)
check("there is a setup token", bool(server.setup_token), server.setup_token)
ADMIN = {"name": "admin", "password": "correct horse battery"}
for body, want in (({**ADMIN, "token": "0" * 32}, 401), ({"token": server.setup_token}, 422), ({**ADMIN, "token": 7}, 422)):
    got = send("POST", V + "setup", body)
    check(f"setup refused: {list(body)}", got.status == want, got)
got = send("POST", V + "setup", {**ADMIN, "token": server.setup_token})
check("the first account", got.status == 201 and got.json().get("token"), got)
admin = got.json().get("token")
cookie = got.headers.get("set-cookie", "")
check("and its cookie", cookie.startswith("tongqu=") and "HttpOnly" in cookie and "SameSite=Strict" in cookie and "Path=/" in cookie
      and "Secure" not in cookie, cookie)
got = send("POST", V + "setup", {**ADMIN, "token": server.setup_token})
check("setup is over", got.status == 401 and "first account" in str(got.json()), got)
got = send("POST", V + "live/roads", {"states": [{"edge": 0, "kmh": 20}]})
check("now speeds need a role", got.status == 401, got)

# ---- sessions -----------------------------------------------------------------------------------------------------------
got = send("POST", V + "sessions", {"name": "admin", "password": "wrong"})
check("a wrong password", got.status in (401, 422) and "set-cookie" not in got.headers, got)
check("a forged session", get(V + "me", token="forged.0123456789abcdef").status == 401)
got = get(V + "me", Cookie="tongqu=forged")
check("a forged cookie is taken away", got.status == 401 and "Max-Age=0" in got.headers.get("set-cookie", ""), got)
got = send("POST", V + "sessions", ADMIN, Cookie="tongqu=forged")
check("one with an old cookie can log in", got.status in (200, 201), got)
check("who am I", get(V + "me", token=admin).json().get("name") == "admin", get(V + "me", token=admin))
mine = cookie.split(";")[0]
check("the cookie works too", get(V + "me", Cookie=mine).json().get("name") == "admin")
got = send("POST", V + "users", {"name": "x", "password": "y"}, Cookie=mine)
check("a write with the cookie alone is refused", got.status == 403 and got.json()["code"] == "CONSOLE_HEADER", got)
ROLES = ["rider", "clerk", "dispatcher", "road_unit", "police", "planner", "auditor", "admin"]
tokens = {}
for role in ROLES:
    secret = f"password of the {role}"
    got = send("POST", V + "users", {"name": "u-" + role, "password": secret, "roles": [role]}, Cookie=mine, Tongqu_Console="1")
    ok = check(f"an account for the {role}", got.status == 201, got)
    got = send("POST", V + "sessions", {"name": "u-" + role, "password": secret})
    tokens[role] = (got.json() or {}).get("token")
got = send("POST", V + "keys", {"name": "detectors", "roles": ["peer"]}, token=admin)
check("a key for a machine", got.status == 201 and got.json().get("token"), got)
tokens["peer"] = (got.json() or {}).get("token")
dispatcher = tokens["dispatcher"]

# ---- default deny: every operation of the office, asked by the public ----------------------------------------------------
OPEN = {"auth.login", "auth.setup", "auth.me", "closure.stretch", "closure.list", "closure.get", "closure.wzdx", "feed.list", "event.list",
        "work.list", "work.get", "work.notice", "tariff.list", "line.list", "line.get", "line.runs", "line.flex"}
NEVER = {"rider": {"closure.create", "closure.publish", "auth.users", "audit.list", "peer.list", "case.list", "task.list"},
         "auditor": {"closure.create", "closure.publish", "auth.users", "peer.create", "speeds.put"},
         "planner": {"closure.publish", "auth.users", "peer.create", "speeds.put"},
         "peer": {"closure.publish", "auth.users", "case.list", "audit.list"}}
asked = 0
for path, methods in document["paths"].items():
    for method, operation in methods.items():
        verb = operation.get("x-desk")
        if not verb:
            continue
        target = path.replace("{id}", "NONE-1")
        call = (lambda token=None: get(target, token)) if method == "get" else \
            (lambda token=None: send(method.upper(), target, {}, token))
        got = call()
        asked += 1
        if verb in OPEN:
            if got.status in (401, 403):
                check(f"{verb} is open", False, got)
        elif got.status != 401:
            check(f"{verb} is refused to the public", False, got)
        for role, never in NEVER.items():
            if verb in never:
                got = call(tokens[role])
                if got.status != 403:
                    check(f"{verb} is refused to the {role}", False, got)
check(f"default deny over {asked} operations", asked > 40, asked)

# ---- a closure and what feels it ------------------------------------------------------------------------------------------
WHEN = "2025-06-03T08:30"
STRETCH = {"street": "并州北路", "direction": "both"}
found = send("POST", V + "stretch", STRETCH)
check("a stretch is found by name", found.status == 200 and found.json()["arcs"], found)
line = found.json().get("line") or [[112.56, 37.86], [112.56, 37.87]]
(lon1, lat1), (lon2, lat2) = line[0], line[-1]
here = f"{lon1},{lat1};{lon2},{lat2}"
QUESTIONS = {
    "route": f"/route/v1/driving/{here}?time={WHEN}&overview=full",
    "table": f"/table/v1/driving/{here}?time={WHEN}",
    "plan": f"{V}plan?from={lat1},{lon1}&to={lat2},{lon2}&depart={WHEN}&profile=car",
    "isochrone": f"{V}isochrone?place={lat1},{lon1}&minutes=5&profile=car&time={WHEN}",
    "matrix": f"{V}matrix?from={here}&time={WHEN}",
    "detours": V + "detours",
    "wzdx": V + f"wzdx?at={WHEN}",
    "gtfs-rt": V + "gtfs-rt/alerts?format=json",
    "alerts": V + "alerts",
}
TIMELESS = {"gtfs-rt", "alerts", "wzdx"}  # they tell the instant they were made at


def ask_all():
    return {name: get(target) for name, target in QUESTIONS.items()}


before = ask_all()
for name, got in before.items():
    check(f"{name} is answered", got.status in (200, 400, 404), got)


class Stream:
    """A reader of /api/v1/events in a thread of its own."""

    def __init__(self, token=None, after=None):
        self.events, self.comments, self.data, self.status = [], 0, b"", 0
        self.sock = server.connect(60)
        lines = [f"GET {V}events HTTP/1.1", "Host: test", "Accept: text/event-stream"]
        if token:
            lines.append("Authorization: Bearer " + token)
        if after is not None:
            lines.append(f"Last-Event-ID: {after}")
        self.sock.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        while True:
            try:
                piece = self.sock.recv(65536)
            except OSError:
                return
            if not piece:
                return
            self.data += piece
            self.read()

    def read(self):
        if not self.status and b"\r\n\r\n" in self.data:
            head, _, self.data = self.data.partition(b"\r\n\r\n")
            self.status = int(head.split(b" ")[1])
            self.head = head.decode()
        while self.status and b"\n\n" in self.data:
            frame, _, self.data = self.data.partition(b"\n\n")
            lines = dict(row.split(": ", 1) for row in frame.decode().split("\n") if ": " in row)
            if "data" not in lines or not lines.get("id"):
                self.comments += 1
                continue
            self.events.append((int(lines["id"]), lines["event"], json.loads(lines["data"])))

    def wait(self, good, seconds=10):
        end = time.time() + seconds
        while time.time() < end:
            if good(self):
                return True
            time.sleep(0.01)
        return False

    def close(self):
        try:
            self.sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.sock.close()
        self.thread.join(5)


public, staff = Stream(), Stream(dispatcher)
check("streams of events open", public.wait(lambda s: s.status == 200) and staff.wait(lambda s: s.status == 200), public.data)
check("as text/event-stream", "text/event-stream" in public.head, public.head)
forged = Stream("forged.0123")
check("a forged session gets no stream", forged.wait(lambda s: s.status == 401), forged.data)
forged.close()

CLOSURE = {"stretch": STRETCH, "effect": "full", "from": "2025-06-03T00:00", "to": "2099-01-01T00:00", "reason": "subsidence",
           "owner": "市政养护一所", "publish": True}
began = time.time()
got = send("POST", V + "closures", CLOSURE, dispatcher, Idempotency_Key="close-1")
took = time.time() - began
closed = check("a closure is published", got.status == 201, got)
closure = got.json() or {}
first = got
check("the answer carries a new version", version(got) != city and version(got).startswith(city + "+"), version(got))
check("within a second", took < 1, took)
after = ask_all()
for name, got in after.items():
    check(f"{name} is about the new version", version(got) == version(first), (version(got), version(first)))
check("the route changed", after["route"].body != before["route"].body)
check("the table changed", after["table"].body != before["table"].body)
check("the feed of work zones has it", str(closure.get("id")) in after["wzdx"].body.decode(), after["wzdx"])
check("the same version gives the same bytes", all(after[n].body == got.body for n, got in ask_all().items() if n not in TIMELESS))
check("the public hears of it", public.wait(lambda s: any(e[2]["id"] == closure.get("id") for e in s.events)), public.events)
seen = [e for e in public.events if e[2]["id"] == closure.get("id")]
check("with its number as id and its version", seen and seen[0][0] == seen[0][2]["seq"] and seen[0][2].get("network") is True
      and seen[0][2].get("version") == version(first), seen)

# ---- the same again, late, and wrong -----------------------------------------------------------------------------------------
again = send("POST", V + "closures", CLOSURE, dispatcher, Idempotency_Key="close-1")
check("the same key gives the same answer", again.status == first.status and again.body == first.body, again)
check("and makes nothing new", version(again) == version(first))
other = send("POST", V + "closures", {**CLOSURE, "owner": "else"}, dispatcher, Idempotency_Key="close-1")
check("the key for another command", other.status == 409 and other.json()["code"] == "DUPLICATE_KEY", other)
late = send("POST", f"{V}closures/{closure.get('id')}/end", {}, dispatcher, If_Match='"99"')
check("a stale version", late.status == 409 and late.json()["code"] == "STALE", late)
late = send("POST", f"{V}closures/{closure.get('id')}/end", {}, dispatcher, If_Match="*")
check("an If-Match that is no version", late.status == 400 and late.json()["code"] == "IF_MATCH", late)
for what, body in (("no end", {k: v for k, v in CLOSURE.items() if k != "to"}), ("no owner", {k: v for k, v in CLOSURE.items() if k != "owner"}),
                   ("no such street", {**CLOSURE, "stretch": {"street": "没有这条路"}}), ("an end before the begin", {**CLOSURE, "to": "2025-01-01T00:00"}),
                   ("an unknown member", {**CLOSURE, "colour": "red"})):
    got = send("POST", V + "closures", body, dispatcher)
    check(f"refused with the reason: {what}", got.status in (404, 422) and got.json()["detail"], got)
for garbage in (b"\xff\xfe\x00garbage", b"\x0a\xff\xff\xff\xff\xff", b"{}"):
    got = server.send("POST", V + "live/transit/main", garbage, kind="application/x-protobuf", Authorization="Bearer " + tokens["peer"])
    check("a feed of garbage is refused", got.status == 422, got)
check("nothing of it changed the network", version(get("/healthz")) == version(first))
got = send("POST", V + "closures", b"{\"a\":", dispatcher)
check("a broken body", got.status == 422, got)
rows = get(V + "audit?limit=1000", tokens["auditor"])
check("refusals are audited", rows.status == 200 and b"refused" in rows.body, rows)
whole = get(V + "audit/verify", tokens["auditor"])
check("the audit chain is whole", whole.status == 200 and whole.json()["whole"] is True, whole)

# ---- resuming a stream ---------------------------------------------------------------------------------------------------------
for seen in (0, public.events[0][0] if public.events else 0):
    resumed = Stream(after=seen)
    rest = [e[0] for e in public.events if e[0] > seen]
    check(f"resumed from {seen}: the rest comes", not rest or resumed.wait(lambda s: s.events and s.events[-1][0] >= rest[-1]),
          (resumed.events, public.events))
    numbers = [e[0] for e in resumed.events]
    check("none lost, none doubled", numbers == sorted(set(numbers)) and all(e in resumed.events for e in public.events if e[0] > seen), numbers)
    resumed.close()
check("what only staff may see is not told to the public", {e[0] for e in public.events} <= {e[0] for e in staff.events})

# ---- open again: as before, version aside ----------------------------------------------------------------------------------------
got = send("POST", f"{V}closures/{closure.get('id')}/end", {}, dispatcher)
check("the street is open again", got.status == 200, got)
reopened = ask_all()
check("on a newer version", version(reopened["route"]) != version(first), version(reopened["route"]))
for name in ("route", "table", "plan", "isochrone", "matrix", "detours"):
    same = without_version(reopened[name].json()) == without_version(before[name].json())
    check(f"{name} is as before, version aside", same, (before[name].body[:150], reopened[name].body[:150]))

# ---- restarts ----------------------------------------------------------------------------------------------------------------------
got = send("POST", V + "closures", CLOSURE, dispatcher)
check("closed once more", got.status == 201, got)
held = ask_all()


def kill():
    server.process.send_signal(signal.SIGKILL)
    server.process.wait(10)
    server.process.stdout.close()
    server.process.stderr.close()


kill()
public.close()
staff.close()
began = time.time()
server.start()
ready_s = time.time() - began
back = ask_all()
check("killed and started: the same version", version(back["route"]) == version(held["route"]), (version(back["route"]), version(held["route"])))
for name in QUESTIONS:
    if name not in TIMELESS:
        check(f"{name}: the same bytes", back[name].body == held[name].body, back[name])
check("the session still holds", get(V + "me", token=admin).status == 200)
check("no setup token any more", server.get("/readyz").status == 200 and send("POST", V + "setup", {**ADMIN, "token": server.setup_token}).status == 401)

# ---- the disk is full: the limit on the size of files stands for it ----------------------------------------------------
was = resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE)
before = get(V + "closures?limit=1000", token=admin).body
resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (4096, was[1]))
full = send("POST", V + "shift-log", {"text": "no room for this"}, admin)
check("a full disk: refused by name", full.status == 507 and "disk is full" in str(full.json()), full.body)
check("reading goes on", get(V + "closures?limit=1000", token=admin).body == before and ask_all()["route"].status == 200)
full = send("POST", V + "shift-log", {"text": "nor for this"}, admin)
check("and again", full.status == 507, full)
resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, was)
got = send("POST", V + "shift-log", {"text": "there is room again"}, admin)
check("it heals without a restart", got.status == 201, got)
kept = str(get(V + "shift-log", token=admin).json())
check("what was refused is not there", "there is room again" in kept and "room for this" not in kept and "nor for" not in kept, kept)
check("the audit chain is whole", get(V + "audit/verify", token=admin).json()["whole"] is True)

# ---- kills under commands: nothing acknowledged is lost, nothing is doubled ------------------------------------------------------------
print(f"kill cycles: {KILLS}, seed {SEED}")
chance = random.Random(SEED)
acknowledged, lost, doubled, starts, broken = {}, [], [], [], []


class Writer(threading.Thread):
    """Sends commands with keys of their own until the server is gone; keeps what was acknowledged."""

    def __init__(self, name):
        super().__init__(daemon=True)
        self.name, self.told, self.ended = name, {}, []

    def run(self):
        for number in range(100000):
            key = f"{self.name}-{number}"
            body = {**CLOSURE, "owner": key, "effect": "speed", "speed_kmh": 30}
            try:
                answer = send("POST", V + "closures", body, dispatcher, Idempotency_Key=key)
            except OSError:
                return
            if answer.status == 201:
                self.told[key] = answer.json()["id"]
            elif answer.status == 0:
                return
            if number % 8 == 7 or key not in self.told:  # some stay
                continue
            try:
                answer = send("POST", f"{V}closures/{self.told[key]}/end", {"reason": "test"}, dispatcher, Idempotency_Key=key + "-end")
            except OSError:
                return
            if answer.status == 200:
                self.ended.append(self.told[key])


states = {}


def all_closures():
    found, after = {}, ""
    while True:
        page = get(f"{V}closures?limit=1000" + (f"&after={q(after)}" if after else ""), dispatcher).json()
        for one in page["closures"]:
            found.setdefault(one["owner"], []).append(one["id"])
            states[one["id"]] = one["state"]
        after = page.get("next")
        if not after:
            return found


for cycle in range(KILLS):
    writers = [Writer(f"c{cycle}w{k}") for k in range(2)]
    for writer in writers:
        writer.start()
    time.sleep(chance.uniform(0.02, 0.25))
    kill()
    for writer in writers:
        writer.join(30)
        acknowledged.update(writer.told)
        acknowledged.update((number + " ended", number) for number in writer.ended)
    began = time.time()
    server.start()
    starts.append(time.time() - began)
    kept = all_closures()
    lost += [key for writer in writers for key in writer.told if writer.told[key] not in kept.get(key, [])]
    lost += [number for writer in writers for number in writer.ended if states.get(number) != "ended"]
    doubled += [owner for owner, ids in kept.items() if owner.startswith("c") and len(ids) > 1]
    if cycle % 10 == 9 or cycle == KILLS - 1:
        if not get(V + "audit/verify", tokens["auditor"]).json().get("whole"):
            broken.append(cycle)
check(f"{len(acknowledged)} acknowledged in {KILLS} kills: none lost", not lost and (not KILLS or acknowledged), lost[:5])
check("none doubled", not doubled, doubled[:5])
check("the audit chain is whole after all of them", not broken, broken)
starts = sorted(starts) or [ready_s]
print(f"ready again: first {ready_s:.2f} s; of {KILLS}: median {starts[len(starts) // 2]:.2f}, p99 {starts[len(starts) * 99 // 100]:.2f}, "
      f"slowest {starts[-1]:.2f} s")
metrics = get("/metrics").body.decode()
check("metrics tell of commands", "tongqu_commands_total" in metrics and "tongqu_publish_seconds_total" in metrics
      and "tongqu_exchange_waiting" in metrics)
check("stopped", server.stop() == 0, server.errors)
finish()
