#!/usr/bin/env bash
# Load on one event loop, loopback only: a small cached answer with 64 connections; then the same with 10,000
# connections beside it that never finish their request head (a byte every few seconds each, reconnecting when cut).
# Before that, OSRM routes with full geometry between random places.
# Prints JSON lines; the figures that count are requests a second and the ratio of the two p99 in this one run.
#   bench/http_load.sh [seconds]        TONGQU, TQ_CITY as in test/http/run.sh
here="$(dirname "$(readlink -f "$0")")"
TONGQU="${TONGQU:-$here/../build/release/tongqu}"
CITY="${TQ_CITY:-$here/../cities/taiyuan}"
SECONDS_EACH="${1:-6}"
SLOW=10000
TARGET="/api/v1/city"
work=$(mktemp -d) || exit 1
server= slow=
clean() {
    [ -n "$slow" ] && kill "$slow" 2>/dev/null
    [ -n "$server" ] && kill "$server" 2>/dev/null
    wait 2>/dev/null
    rm -rf "$work"
}
trap clean EXIT
ulimit -n 20000 2>/dev/null || ulimit -n "$(ulimit -Hn)"
cp -r "$CITY" "$work/city" || exit 1
"$TONGQU" serve "$work/city" --import --port 0 --threads 1 --json >"$work/out" 2>"$work/err" &
server=$!
for _ in $(seq 200); do grep -q '"port"' "$work/out" && break; sleep 0.1; done
port=$(grep '"port"' "$work/out" | sed 's/.*"port":\([0-9]*\).*/\1/')
[ -n "$port" ] || { cat "$work/err" >&2; exit 1; }
for _ in $(seq 200); do curl -fs -o /dev/null "http://127.0.0.1:$port/readyz" && break; sleep 0.05; done

measure() { # name seconds -> JSON line; microseconds and requests a second
    cat >"$work/report.lua" <<LUA
done = function(summary, latency, requests)
    io.write(string.format('{"name":"$1","n":%d,"per_s":%.0f,"p50_us":%.0f,"p99_us":%.0f,"max_us":%.0f,"errors":%d}\n',
        summary.requests, summary.requests / (summary.duration / 1e6), latency:percentile(50), latency:percentile(99),
        latency.max, summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.status + summary.errors.timeout))
end
LUA
    wrk -t1 -c64 -d"${2}s" --latency -s "$work/report.lua" "http://127.0.0.1:$port$TARGET" | grep '^{' | tee -a "$work/lines"
}

# Routes with full geometry between random places on streets: what a client of OSRM costs on one loop.
places() { # -> lua table of "lon,lat" that hang together with the first one
    python3 - "$port" <<'PY'
import json, random, sys, urllib.request
base = f"http://127.0.0.1:{sys.argv[1]}"
def ask(path):
    try:
        return json.load(urllib.request.urlopen(base + path))
    except urllib.error.HTTPError:
        return None
random.seed(7)
box, found = ask("/api/v1/city")["box"], []
while len(found) < 300:
    lon, lat = random.uniform(box["west"], box["east"]), random.uniform(box["south"], box["north"])
    got = ask(f"/nearest/v1/driving/{lon:.6f},{lat:.6f}?radiuses=5000")
    place = got and "{:.6f},{:.6f}".format(*got["waypoints"][0]["location"])
    ways = place and (not found or all(ask(f"/route/v1/driving/{pair}?overview=false") for pair in
                                       (f"{found[0]};{place}", f"{place};{found[0]}")))
    if ways:
        found.append(place)
print("places = {" + ",".join(f'"{place}"' for place in found) + "}")
PY
}
routes() { # seconds -> JSON line
    cat >"$work/routes.lua" <<LUA
$(cat "$work/places.lua")
math.randomseed(7)
request = function()
    return wrk.format("GET", "/route/v1/driving/" .. places[math.random(#places)] .. ";" .. places[math.random(#places)]
        .. "?overview=full&generate_hints=false")
end
done = function(summary, latency, requests)
    io.write(string.format('{"name":"http_route_full","n":%d,"per_s":%.0f,"p50_us":%.0f,"p99_us":%.0f,"bytes_per_answer":%.0f,"refused":%d}\n',
        summary.requests, summary.requests / (summary.duration / 1e6), latency:percentile(50), latency:percentile(99),
        summary.bytes / summary.requests, summary.errors.status))
end
LUA
    wrk -t1 -c16 -d"${1}s" --latency -s "$work/routes.lua" "http://127.0.0.1:$port" | grep '^{'
}

places >"$work/places.lua"
measure warm_up 2 >/dev/null
routes 2 >/dev/null
routes "$SECONDS_EACH"
: >"$work/lines"
measure http_cached_64 "$SECONDS_EACH"
# On loopback one source address has some 28,000 ports; the slow clients stay below that, also when cut and reconnecting.
python3 -B "$here/http_slow.py" "$port" "$SLOW" >"$work/slow" 2>&1 &
slow=$!
for _ in $(seq 300); do grep -q "^open $SLOW" "$work/slow" && break; kill -0 "$slow" 2>/dev/null || break; sleep 0.1; done
grep -q "^open $SLOW" "$work/slow" || { cat "$work/slow" >&2; exit 1; }
# Longer than the header timeout (10 s), so that cutting and reconnecting is part of it.
measure http_cached_64_with_slow $((SECONDS_EACH + 10))
curl -s "http://127.0.0.1:$port/metrics" | awk -v slow=$SLOW '
    $1 == "tongqu_connections" { open = $2 } $1 == "tongqu_connections_timeout_total" { cut = $2 }
    $1 == "tongqu_resident_memory_bytes" { memory = $2 }
    END { printf "{\"name\":\"http_slow_clients\",\"n\":%d,\"open\":%d,\"cut\":%d,\"resident_bytes\":%d}\n", slow, open, cut, memory }'
kill "$slow" 2>/dev/null && wait "$slow" 2>/dev/null
slow=
sleep 1
measure http_cached_64_again "$SECONDS_EACH"
python3 - "$work/lines" <<'PY'
import json, sys
lines = {row["name"]: row for row in map(json.loads, open(sys.argv[1]))}
first, beside, again = (lines["http_cached_64" + tail] for tail in ("", "_with_slow", "_again"))
alone = {key: (first[key] + again[key]) / 2 for key in ("p99_us", "per_s")}
print(json.dumps({"name": "http_slow_ratio", "n": beside["n"], "p99_ratio": round(beside["p99_us"] / alone["p99_us"], 2),
                  "rate_ratio": round(beside["per_s"] / alone["per_s"], 2)}, separators=(",", ":")))
PY
