"""Orders that nobody here takes go to a partner over HTTP: a real peer on loopback that accepts, refuses, hangs and talks nonsense."""
import http.server
import json
import os
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from server import Server, check, finish  # noqa: E402

V = "/api/v1/"


class Partner(http.server.BaseHTTPRequestHandler):
    """Keeps what it took, by number; `mood` is how it answers next."""
    mood, posts, taken, tokens, lock = "well", 0, {}, set(), threading.Lock()
    hung = threading.Event()
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        with Partner.lock:
            Partner.posts += 1
            Partner.tokens.add(self.headers.get("Authorization"))
            mood = Partner.mood
            if mood == "hang":
                Partner.hung.set()
            if mood in ("well", "hang"):
                # One that hangs took the messages: they come again, and are known by their numbers.
                for message in body["messages"]:
                    before = Partner.taken.setdefault(message["seq"], message)
                    assert before["body"] == message["body"], "one number, two messages"
        last = body["messages"][-1]["seq"]
        if mood == "hang":
            time.sleep(13)  # longer than the other side waits
            return
        answers = {"well": (200, {"received": last}), "error": (500, {"received": last}),
                   "garbage": (200, None), "beyond": (200, {"received": last + 5}), "before": (200, {"received": -3}),
                   "text": (200, {"received": str(last)}), "back": (409, {"expected": last + 9}), "much": (200, {"received": last, "x": "y" * 3000000})}
        status, answer = answers[mood]
        data = b"\xff\xfe<html>" if answer is None else json.dumps(answer).encode()
        try:
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)
        except OSError:
            pass

    def log_message(self, *words):
        pass


class Listener(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, address):
        pass


listener = Listener(("127.0.0.1", 0), Partner)
threading.Thread(target=listener.serve_forever, daemon=True).start()
server = Server(threads=2)


def send(path, body=None, token=None):
    return server.send("POST", V + path, {} if body is None else body, Authorization="Bearer " + token)


def get(path, token):
    return server.get(V + path, Authorization="Bearer " + token)


def soon(ask, fits, seconds=20):
    end = time.time() + seconds
    while True:
        got = ask()
        if fits(got) or time.time() > end:
            return got
        time.sleep(0.05)


ADMIN = {"name": "admin", "password": "correct horse battery"}
admin = server.send("POST", V + "setup", {**ADMIN, "token": server.setup_token}).json()["token"]
got = send("peers", {"id": "hailing", "name": "聚合平台", "kind": "company", "url": f"http://127.0.0.1:{listener.server_port}/in", "token": "secret"}, admin)
check("a partner is a peer", got.status == 201 and "secret" not in got.body.decode(), got)
check("in joint test", send("peers/hailing/move", {"to": "joint_test"}, admin).status == 200)
partner = send("keys", {"name": "hailing", "roles": ["peer"], "peer": "hailing"}, admin).json()["token"]
other = send("keys", {"name": "other", "roles": ["peer"], "peer": "other"}, admin).json()["token"]
got = send("policy", {"name": "batch", "overrides": {"partner": "hailing", "partner_s": 0, "give_up_s": 60, "batch_s": 1}, "reason": "no cars of our own"}, admin)
check("the policy names it", got.status == 200, got)
HERE, THERE = {"lat": 37.8735, "lon": 112.5639, "name": "五一广场"}, {"lat": 37.8612, "lon": 112.586, "name": "太原站"}
count = 0


def order():
    global count
    count += 1
    got = send("orders", {"phone": f"1381234{count:04d}", "name": f"P{count}", "from": HERE, "to": THERE}, admin)
    return got.json()["id"]


def offered(number):
    """The bodies that the partner was told of an order, in order."""
    with Partner.lock:
        return [one["body"] for _, one in sorted(Partner.taken.items()) if one["body"].get("id") == number]


def state(number):
    return get(f"orders/{number}", admin).json()


# ---- it accepts ------------------------------------------------------------------------------------------------------------
first = order()
told = soon(lambda: offered(first), bool)
check("the partner is told of the order", bool(told) and told[0]["phone"] == "13812340001" and told[0]["from"]["name"] == "五一广场", told)
check("what it needs, no more", told and not {"caller", "history", "owner", "decision"} & set(told[0]), told)
check("with its own token", Partner.tokens == {"Bearer secret"}, Partner.tokens)
got = send(f"orders/{first}/partner", {"accept": True, "plate": "晋A·D1234", "driver": "李", "eta_s": 240}, other)
check("another company cannot take it", got.status == 403 and "not offered to you" in got.body.decode(), got)
for name, body, word in (("no plate", {"accept": True, "eta_s": 240}, "plate"), ("no time", {"accept": True, "plate": "晋A·D1234"}, "eta_s"),
                         ("a time below 0", {"accept": True, "plate": "晋A·D1234", "eta_s": -5}, "eta_s"), ("yes as a word", {"accept": "yes"}, "accept"),
                         ("an unknown member", {"accept": True, "plat": "晋A·D1234"}, "plate"), ("nothing", {}, "accept"), ("a state that is none", {"state": "flying"}, "arrived")):
    before = state(first)
    got = send(f"orders/{first}/partner", body, partner)
    check(f"refused: {name}", got.status == 422 and word in got.body.decode(), got)
    check("and nothing changed", state(first) == before)
got = send(f"orders/{first}/partner", {"state": "done"}, partner)
check("done before it is theirs", got.status == 409, got)
got = send(f"orders/{first}/partner", {"accept": True, "plate": "晋A·D1234", "driver": "李", "eta_s": 240}, partner)
check("accepted", got.status == 200 and got.json()["state"] == "assigned" and got.json()["plate"] == "晋A·D1234", got)
got = send(f"orders/{first}/partner", {"accept": True, "plate": "晋A·D9999", "eta_s": 240}, partner)
check("not twice", got.status == 409 and "晋A·D1234" in got.body.decode(), got)
for step in ("arrived", "on_board"):
    check(step, send(f"orders/{first}/partner", {"state": step}, partner).json()["state"] == step)
got = send(f"orders/{first}/partner", {"state": "done", "fare_fen": 2100}, partner)
check("done, with the fare", got.status == 200 and got.json()["state"] == "done" and got.json()["fare_fen"] == 2100, got)
check("told once, nothing withdrawn", len(offered(first)) == 1, offered(first))

# ---- it refuses, and the passenger gives up ----------------------------------------------------------------------------------
second, third = order(), order()
soon(lambda: offered(third), bool)
got = send(f"orders/{second}/partner", {"accept": False, "reason": "no car near"}, partner)
check("refused by the partner: still looked for here", got.status == 200 and got.json()["state"] == "searching", got)
line = state(second)["history"][-1]
check("with the reason in its history", line["what"] == "refused by the partner" and line["note"] == "no car near", line)
send(f"orders/{third}/partner", {"accept": True, "plate": "晋A·D77", "eta_s": 300}, partner)
check("cancelled by the passenger", send(f"orders/{third}/cancel", {"by": "passenger", "why": "taken the bus"}, admin).status == 200)
told = soon(lambda: offered(third), lambda a: len(a) > 1)
check("the partner is told: no second car comes", told[-1] == {"id": third, "withdrawn": "cancelled", "why": "taken the bus"}, told)
got = send(f"orders/{third}/partner", {"accept": True, "plate": "晋A·D77", "eta_s": 300}, partner)
check("too late", got.status == 409 and "was cancelled" in got.body.decode(), got)

# ---- nonsense: nothing is lost, nothing counts twice ---------------------------------------------------------------------------
for mood in ("error", "garbage", "beyond", "before", "text", "back", "much"):
    with Partner.lock:
        Partner.mood, posts = mood, Partner.posts
    one = order()
    soon(lambda: Partner.posts, lambda n: n > posts)
    waits = get("peers/hailing/messages?limit=1000", admin).json()["messages"]
    check(f"{mood}: it is not taken for received", waits[-1]["state"] != "received" and not offered(one), waits[-1])
    check(f"{mood}: the order is looked for on", state(one)["state"] == "searching")
    with Partner.lock:
        Partner.mood = "well"
    check(f"{mood}: told when it can hear", soon(lambda: offered(one), bool))
with Partner.lock:
    numbers = sorted(Partner.taken)
check("numbers without holes", numbers == list(range(numbers[0], numbers[0] + len(numbers))), numbers)

# ---- it hangs: nobody here waits for it ----------------------------------------------------------------------------------------
with Partner.lock:
    Partner.mood = "hang"
hanging = order()
check("it hangs", Partner.hung.wait(20))
began = time.time()
here, beside = order(), order()
got = send(f"orders/{here}/cancel", {"by": "passenger", "why": "test"}, admin)
check("orders beside it are made and cancelled meanwhile", got.status == 200 and time.time() - began < 5, time.time() - began)
with Partner.lock:
    Partner.mood = "well"
told = soon(lambda: offered(beside), bool, 40)
check("after the time-out it is told of the other one", len(told) == 1, told)
with Partner.lock:
    numbers = sorted(Partner.taken)
check("of each once", len(offered(hanging)) == 1 and numbers == list(range(numbers[0], numbers[0] + len(numbers))), numbers)
got = send(f"orders/{hanging}/partner", {"accept": True, "plate": "晋A·D5", "eta_s": 100}, partner)
check("and may still take the one", got.status == 200 and got.json()["state"] == "assigned", got)

# ---- nobody at all ---------------------------------------------------------------------------------------------------------------
got = soon(lambda: state(second), lambda one: one["state"] == "unserved", 70)
check("nobody: unserved, with the reason", got["state"] == "unserved" and "nobody within 60 s" in got["why"], got)
told = soon(lambda: offered(second), lambda a: len(a) > 1)
check("and withdrawn from the partner", told[-1]["withdrawn"] == "unserved", told)
got = send(f"orders/{second}/partner", {"accept": True, "plate": "晋A·D77", "eta_s": 300}, partner)
check("which cannot take it any more", got.status == 409, got)
got = get("callbacks?state=open", admin).json()["callbacks"]
check("the passenger is called back", any(one["order"] == second and one["why"] == "unserved" for one in got), got)
check("the chain is whole", get("audit/verify", admin).json()["whole"] is True)
check("stopped", server.stop() == 0, server.errors)
finish()
