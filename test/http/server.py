"""Starts the real server on a private port and talks raw bytes to it. Closing line of a run: N passed, N failed."""
import atexit
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

ROOT = os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
TONGQU = os.environ.get("TONGQU", os.path.join(ROOT, "build/release/tongqu"))
CITY = os.environ.get("TQ_CITY", os.path.join(ROOT, "cities/taiyuan"))

passed = failed = 0


def check(what, good, detail=""):
    global passed, failed
    if good:
        passed += 1
        print(f"ok   {what}")
    else:
        failed += 1
        print(f"FAIL {what}  {str(detail)[:400]}")
    return bool(good)


def finish():
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


class Server:
    """A copy of the shipped city, imported, with server settings of its own; stopped by its process id."""

    def __init__(self, threads=1, osm=None, timezone="Asia/Shanghai", **settings):
        self.folder = tempfile.mkdtemp(prefix="tongqu-http-")
        self.city = os.path.join(self.folder, "city")
        if osm:
            subprocess.run([TONGQU, "init", self.city, "--osm", os.path.abspath(osm), "--timezone", timezone, "--quiet"],
                           check=True, stdout=subprocess.DEVNULL)
        else:
            shutil.copytree(CITY, self.city, ignore=shutil.ignore_patterns("state.db*"))
        if settings:
            path = os.path.join(self.city, "tongqu.yaml")
            with open(path, encoding="utf-8") as file:
                text = file.read()
            kept, skipping = [], False
            for line in text.splitlines():
                if not line.startswith((" ", "#")) and line.strip():
                    skipping = line.startswith("server:")
                if not skipping:
                    kept.append(line)
            kept.append("server:")
            kept += [f"  {key}: {value}" for key, value in settings.items()]
            with open(path, "w", encoding="utf-8") as file:
                file.write("\n".join(kept) + "\n")
        self.threads = threads
        self.setup_token = None
        atexit.register(self.abandon)
        self.start()

    def start(self):
        """Start on the folder as it is; also after a stop or a kill."""
        self.process = subprocess.Popen(
            [TONGQU, "serve", self.city, "--import", "--port", "0", "--threads", str(self.threads), "--json"],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        line = b""
        while not line.startswith(b'{"address"'):
            line = self.process.stdout.readline()
            if not line:
                raise SystemExit("the server did not start: " + self.process.stderr.read().decode())
            if line.startswith(b'{"setup_token"'):
                self.setup_token = json.loads(line)["setup_token"]
        self.port = json.loads(line)["port"]
        end = time.time() + 30
        while self.get("/readyz").status != 200:
            if time.time() > end:
                raise SystemExit("the server did not get ready")
            time.sleep(0.02)

    def connect(self, timeout=10):
        sock = socket.create_connection(("127.0.0.1", self.port), timeout)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return sock

    def raw(self, data, timeout=10, shut=False):
        """Send bytes, read until the server closes (or the time is over)."""
        with self.connect(timeout) as sock:
            try:
                sock.sendall(data)
                if shut:
                    sock.shutdown(socket.SHUT_WR)
            except OSError:
                pass
            return read_all(sock)

    def get(self, target, method="GET", **headers):
        lines = [f"{method} {target} HTTP/1.1", "Host: test", "Connection: close"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        return Answer(self.raw(("\r\n".join(lines) + "\r\n\r\n").encode()), method)

    def send(self, method, target, body, kind="application/json", timeout=60, **headers):
        """A request with a body; dicts and lists go as JSON."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        head = (f"{method} {target} HTTP/1.1\r\nHost: test\r\nConnection: close\r\nContent-Type: {kind}\r\n"
                + "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
                + f"Content-Length: {len(data)}\r\n\r\n")
        return Answer(self.raw(head.encode() + data, timeout), method)

    def abandon(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(10)
        shutil.rmtree(self.folder, ignore_errors=True)

    def stop(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        code = self.process.wait(20)
        self.errors = self.process.stderr.read().decode()
        shutil.rmtree(self.folder)
        return code


def read_all(sock):
    data = b""
    while True:
        try:
            piece = sock.recv(65536)
        except OSError:
            return data
        if not piece:
            return data
        data += piece


class Answer:
    def __init__(self, data, method="GET"):
        self.data = data
        head, _, rest = data.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        words = lines[0].split(" ", 2)
        self.status = int(words[1]) if len(words) > 2 and words[1].isdigit() else 0
        self.headers = {}
        for line in lines[1:]:
            name, _, value = line.partition(":")
            self.headers[name.lower()] = value.strip()
        length = 0 if method == "HEAD" or self.status in (204, 304) else int(self.headers.get("content-length", 0))
        if self.headers.get("transfer-encoding") == "chunked" and method != "HEAD":
            self.body, self.whole, self.rest = unchunk(rest)
        else:
            self.body = rest[:length]
            self.rest = rest[length:]

    def json(self):
        try:
            return json.loads(self.body)
        except ValueError:
            return None

    def __str__(self):
        return f"{self.status} {self.body[:500].decode(errors='replace')} {self.headers}"


def unchunk(data):
    """The body of a chunked answer, whether its last chunk came, and what follows it."""
    body, at = [], 0
    while True:
        end = data.find(b"\r\n", at)
        if end < 0:
            return b"".join(body), False, b""
        size = int(data[at:end], 16)
        if size == 0:
            return b"".join(body), True, data[end + 4:]
        body.append(data[end + 2:end + 2 + size])
        at = end + 4 + size


def split_answers(data):
    answers = []
    while data:
        answer = Answer(data)
        if not answer.status:
            break
        answers.append(answer)
        data = answer.rest
    return answers
