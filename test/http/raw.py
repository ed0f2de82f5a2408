"""Bytes that browsers don't send: malformed, hostile, slow, many at once."""
import random
import socket
import threading
import time

from server import Answer, Server, check, finish, read_all, split_answers

server = Server()
H = b"Host: x\r\n"
CITY = "/api/v1/city"


def status(data, **more):
    return Answer(server.raw(data, **more)).status


# ---- malformed -----------------------------------------------------------------------------------------
for name, data, want in [
    ("no host", b"GET / HTTP/1.1\r\n\r\n", 400),
    ("two hosts", b"GET / HTTP/1.1\r\n" + H + H + b"\r\n", 400),
    ("two different lengths", b"POST / HTTP/1.1\r\n" + H + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab", 400),
    ("length and chunked",
     b"POST / HTTP/1.1\r\n" + H + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    ("chunked and length",
     b"POST / HTTP/1.1\r\n" + H + b"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n", 400),
    ("chunked, not last", b"POST / HTTP/1.1\r\n" + H + b"Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n", 400),
    ("blank before the colon", b"POST / HTTP/1.1\r\n" + H + b"Content-Length : 2\r\n\r\nab", 400),
    ("length with a sign", b"POST / HTTP/1.1\r\n" + H + b"Content-Length: +2\r\n\r\nab", 400),
    ("length with a list", b"POST / HTTP/1.1\r\n" + H + b"Content-Length: 2, 2\r\n\r\nab", 400),
    ("folded header", b"GET / HTTP/1.1\r\n" + H + b"A: b\r\n c\r\n\r\n", 400),
    ("NUL in a header", b"GET / HTTP/1.1\r\n" + H + b"A: \0\r\n\r\n", 400),
    ("NUL in the target", b"GET /\0 HTTP/1.1\r\n" + H + b"\r\n", 400),
    ("escaped NUL", b"GET /api/v1/places?q=%00 HTTP/1.1\r\n" + H + b"Connection: close\r\n\r\n", 400),
    ("bad escape", b"GET /api/v1/places?q=%4 HTTP/1.1\r\n" + H + b"Connection: close\r\n\r\n", 400),
    ("bad UTF-8", b"GET /api/v1/places?q=%ff HTTP/1.1\r\n" + H + b"Connection: close\r\n\r\n", 400),
    ("TLS on a plain port", b"\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03", 400),
    ("HTTP/2 preface", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
    ("HTTP/9.9", b"GET / HTTP/9.9\r\n" + H + b"\r\n", 505),
    ("expect", b"PUT / HTTP/1.1\r\n" + H + b"Expect: 100-continue\r\nContent-Length: 9\r\n\r\n", 417),
    ("head of 17 KiB", b"GET / HTTP/1.1\r\n" + H + b"A: " + b"a" * 17000 + b"\r\n\r\n", 431),
    ("101 headers", b"GET / HTTP/1.1\r\n" + H + b"A: b\r\n" * 100 + b"\r\n", 431),
    ("100 headers", b"GET / HTTP/1.0\r\n" + b"A: b\r\n" * 100 + b"\r\n", 200),
    ("URL of 8193 bytes", b"GET /" + b"a" * 8192 + b" HTTP/1.1\r\n" + H + b"\r\n", 414),
    ("body over the limit", b"POST / HTTP/1.1\r\n" + H + b"Content-Length: 99999999\r\n\r\n", 413),
    ("chunked body over the limit", b"POST / HTTP/1.1\r\n" + H + b"Transfer-Encoding: chunked\r\n\r\n"
     + (b"2000\r\n" + b"x" * 8192 + b"\r\n") * 140, 413),
    ("unknown path", b"GET /nothing HTTP/1.0\r\n\r\n", 404),
    ("path with dots", b"GET /assets/../../etc/passwd HTTP/1.0\r\n\r\n", 404),
    ("escaped dots", b"GET /assets/%2e%2e/%2e%2e/etc/passwd HTTP/1.0\r\n\r\n", 404),
    ("POST", b"POST /api/v1/city HTTP/1.1\r\n" + H + b"Content-Length: 2\r\nConnection: close\r\n\r\nab", 405),
    ("DELETE on an unknown path", b"DELETE /nothing HTTP/1.0\r\n\r\n", 404),
    ("CONNECT", b"CONNECT a:443 HTTP/1.1\r\n" + H + b"\r\n", 400),
    ("OPTIONS *", b"OPTIONS * HTTP/1.1\r\n" + H + b"Connection: close\r\n\r\n", 204),
    ("absolute form", b"GET http://other/healthz HTTP/1.1\r\n" + H + b"Connection: close\r\n\r\n", 200),
    ("bare line ends", b"GET /healthz HTTP/1.1\nHost: x\nConnection: close\n\n", 200),
    ("blank lines first", b"\r\n\r\nGET /healthz HTTP/1.0\r\n\r\n", 200),
]:
    got = Answer(server.raw(data, timeout=5))
    check(f"{name}: {want}", got.status == want, got)
    if got.status >= 400:
        check(f"{name}: a problem body", got.headers.get("content-type", "").startswith("application/problem+json")
              and got.json()["status"] == got.status and got.json()["detail"], got)

# ---- keep-alive, HEAD, pipelining ---------------------------------------------------------------------------
one = b"GET /healthz HTTP/1.1\r\n" + H + b"\r\n"
last = b"GET /healthz HTTP/1.1\r\n" + H + b"Connection: close\r\n\r\n"
with server.connect() as sock:
    for turn in range(3):
        sock.sendall(one)
        answer = Answer(sock.recv(65536))
        check(f"kept alive, turn {turn}", answer.status == 200 and answer.headers["connection"] == "keep-alive", answer)
check("HTTP/1.0 closes", Answer(server.raw(b"GET /healthz HTTP/1.0\r\n\r\n")).headers["connection"] == "close")
answers = split_answers(server.raw(one * 20 + last))
check("21 pipelined requests, 21 answers", len(answers) == 21 and all(a.status == 200 for a in answers), len(answers))
answers = split_answers(server.raw(one * 100))
check("pipelining ends at 64", len(answers) == 64 and answers[-1].headers["connection"] == "close", len(answers))
body = b"POST /healthz HTTP/1.1\r\n" + H + b"Content-Length: 30\r\n\r\nGET /fake HTTP/1.1\r\nHost: x\r\n\r"
answers = split_answers(server.raw(body + last))
check("a body is not a request", [a.status for a in answers] == [405, 200], [a.status for a in answers])
full, head = server.get(CITY), server.get(CITY, "HEAD")
check("HEAD has GET's length and no body", head.status == 200 and head.data.endswith(b"\r\n\r\n")
      and head.headers["content-length"] == full.headers["content-length"] and len(full.body) > 100, head)
check("date, nosniff, open policy", "GMT" in full.headers["date"] and full.headers["x-content-type-options"] == "nosniff"
      and full.headers["access-control-allow-origin"] == "*", full)
options = server.get(CITY, "OPTIONS", Origin="http://a", Access_Control_Request_Method="GET")
check("preflight", options.status == 204 and "GET" in options.headers["access-control-allow-methods"], options)
check("405 says what is allowed", "GET" in server.get(CITY, "PATCH").headers["allow"])

# ---- in pieces ----------------------------------------------------------------------------------------------------
with server.connect() as sock:
    for byte in b"GET /api/v1/city HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n":
        sock.sendall(bytes([byte]))
    check("byte by byte", Answer(read_all(sock)).body == full.body)
check("half-closed after the request", Answer(server.raw(last, shut=True)).status == 200)
check("half a request, then the end: no answer", server.raw(b"GET / HT", shut=True) == b"")

# ---- random bytes ----------------------------------------------------------------------------------------------------
seed = 20250603
rand = random.Random(seed)
for turn in range(60):
    data = bytes(rand.randrange(256) for _ in range(rand.randrange(1, 400)))
    if turn % 2:
        data = b"GET /" + data
    got = server.raw(data, shut=True, timeout=5)
    if got and Answer(got).status not in (400, 404, 405, 414, 431, 505):
        check(f"random bytes, seed {seed} turn {turn}", False, got[:200])
        break
else:
    check(f"60 times random bytes (seed {seed})", True)

# ---- many at once -------------------------------------------------------------------------------------------------------
wrong = []


def worker(number):
    targets = [CITY, "/api/v1/limits", "/tiles/12/3328/1583.mvt", "/api/v1/places?q=dananmen&limit=5", "/nothing"]
    for turn in range(20):
        target = targets[(number + turn) % len(targets)]
        got = server.get(target)
        if got.status != (404 if target == "/nothing" else 200) and not (target.endswith("mvt") and got.status == 204):
            wrong.append((target, str(got)[:200]))


threads = [threading.Thread(target=worker, args=(number,)) for number in range(16)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
check("16 callers at once", not wrong, wrong[:2])

# ---- a reader that doesn't read ---------------------------------------------------------------------------------------------
MANY = 12  # answers, some MB together: more than the sockets hold
with server.connect() as sock:
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    sock.sendall((b"GET /api/v1/openapi.json HTTP/1.1\r\n" + H + b"\r\n") * MANY)
    time.sleep(0.5)
    check("others are answered while one doesn't read", server.get("/healthz").status == 200)
    sock.settimeout(3)
    least = MANY * len(server.get("/api/v1/openapi.json").body)
    data = bytearray()
    try:
        while len(data) < least or len(split_answers(bytes(data))) < MANY:
            data += sock.recv(1 << 20)
    except OSError:
        pass
    data = bytes(data)
    check("and it gets its answers when it does", len(split_answers(data)) == MANY, len(split_answers(data)))
check("stopped by SIGTERM with exit code 0", server.stop() == 0, server.errors)
check("nothing on stderr", "Sanitizer" not in server.errors and "assert" not in server.errors, server.errors)

# ---- limits in time and number ------------------------------------------------------------------------------------------------
server = Server(max_connections=8, header_timeout="400 ms")
began = time.time()
got = server.raw(b"GET / HTTP/1.1\r\nHost", timeout=5)
check("slow head: 408 and cut", Answer(got).status == 408 and 0.3 < time.time() - began < 3, time.time() - began)
with server.connect(5) as sock:
    began = time.time()
    try:
        for _ in range(40):
            sock.sendall(b"A")
            time.sleep(0.05)
    except OSError:
        pass
    check("a dripping head does not extend its time", time.time() - began < 2.5)
time.sleep(0.2)
held = [server.connect() for _ in range(8)]
time.sleep(0.1)
full = Answer(server.raw(last, timeout=5))
check("the ninth connection: 503 with Retry-After", full.status == 503 and full.headers.get("retry-after") == "1", full)
for sock in held:
    sock.close()
time.sleep(0.2)
metrics = server.get("/metrics").body.decode()
check("refusals and timeouts are counted", "tongqu_connections_refused_total 1\n" in metrics
      and "tongqu_connections_timeout_total 0\n" not in metrics, metrics[-900:])
with server.connect() as sock:
    sock.sendall(one)
    sock.recv(65536)
    check("stops at once with a kept-alive connection open", server.stop() == 0)

# ---- several loops on one port ---------------------------------------------------------------------------------------------------
server = Server(threads=2)
check("two loops: 40 connections answered", all(server.get("/healthz").status == 200 for _ in range(40)))
check("two loops stop", server.stop() == 0)
finish()
