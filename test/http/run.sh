#!/usr/bin/env bash
# Raw bytes and every endpoint against the real server on private ports. Closing line: N passed, N failed.
# TONGQU names the binary (default build/release/tongqu), TQ_CITY the city folder (default cities/taiyuan).
cd "$(dirname "$(readlink -f "$0")")" || exit 1
passed=0 failed=0
for script in raw.py api.py streets.py freight.py freight_uplift.py freight_flow.py consignments.py ondemand.py live.py dispatch.py partner.py porto.py; do
    echo "== $script"
    out=$(timeout "${TQ_HTTP_SECONDS:-300}" python3 -B "$PWD/$script" 2>&1)
    printf '%s\n' "$out"
    line=$(printf '%s\n' "$out" | grep -E '^[0-9]+ passed, [0-9]+ failed$' | tail -1)
    if [ -z "$line" ]; then failed=$((failed + 1)); continue; fi
    passed=$((passed + $(echo "$line" | cut -d' ' -f1)))
    failed=$((failed + $(echo "$line" | cut -d' ' -f3)))
done
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
