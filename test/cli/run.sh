#!/usr/bin/env bash
# The command line on the shipped city and on real feeds. Closing line: N passed, N failed.
cd "$(dirname "$(readlink -f "$0")")" || exit 1
passed=0 failed=0
for script in taiyuan.py demo.py usage.py cities.py streets.py freight.py freight_front.py freight_uplift.py freight_flow.py solve.py simulate.py; do
    echo "== $script"
    out=$(python3 -B "$script" 2>&1)
    printf '%s\n' "$out"
    line=$(printf '%s\n' "$out" | grep -E '^[0-9]+ passed, [0-9]+ failed$' | tail -1)
    if [ -z "$line" ]; then failed=$((failed + 1)); continue; fi
    passed=$((passed + $(echo "$line" | cut -d' ' -f1)))
    failed=$((failed + $(echo "$line" | cut -d' ' -f3)))
done
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
