"""tongqu freight track: consignments made on a served copy of the city, read by the command beside the server."""
import os
import sys

from harness import ROOT, TONGQU, Run, check, finish

sys.path.insert(0, os.path.join(ROOT, "test", "http"))
os.environ["TONGQU"] = TONGQU
from server import Server  # noqa: E402

server = Server()
run = Run("freight", "track", server.city)
check("before anything was served", run.code == 0 and b"no consignments" in run.out, run)
V = "/api/v1/"
admin = server.send("POST", V + "setup", {"name": "admin", "password": "correct horse battery", "token": server.setup_token}).json()["token"]


def send(path, body):
    return server.send("POST", V + path, body, Authorization="Bearer " + admin)


made = send("consignments", {"shipper": {"name": "古交煤业", "phone": "13812345678"}, "consignee": {"name": "电厂"}, "commodity": "coal_thermal",
                             "tonnes": 4000, "from": "GJM", "to": "QHDP", "promised": "2026-01-02T00:00"}).json()
ID = made["id"]
run = Run("freight", "track", server.city, ID, "--json")
check("one as JSON", run.code == 0 and run.json()["id"] == ID and len(run.json()["timeline"]) == 2 * len(made["legs"]), run)
check("phones are masked", b"13812345678" not in run.out and run.json()["shipper"]["phone"] == "***5678")
run = Run("freight", "track", server.city, ID, "--lang", "en")
check("one for people", run.code == 0 and b"next hand-over" in run.out and b"departed" in run.out and b"planned" in run.out, run)
check("its promise has passed: late", b"LATE" in run.out and b"after the promised time" in run.out, run)
run = Run("freight", "track", server.city, ID, "--lang", "zh")
check("in Chinese", "下一次交接" in run.out.decode() and "动力煤" in run.out.decode(), run)
run = Run("freight", "track", server.city, "--lang", "en")
check("all", run.code == 0 and ID.encode() in run.out, run)
run = Run("freight", "track", server.city, "late", "--json")
check("those that are late", [one["id"] for one in run.json()["consignments"]] == [ID], run)
run = Run("freight", "track", server.city, "kpi", "--json")
check("indicators", run.code == 0 and run.json()["consignments"] == 1 and run.json()["on_time_pct"] is None, run)
check("indicators for people", b"mean transfers" in Run("freight", "track", server.city, "kpi", "--lang", "en").out)
run = Run("freight", "track", server.city, "CG-2020-000009")
check("one that is not there", run.code == 1 and "CG-2020-000009" in run.err, run)
check("without a city", Run("freight", "track").code == 2)
server.stop()
run = Run("freight", "track", server.city)
check("a city that is not there", run.code != 0 and run.err, run)
finish()
