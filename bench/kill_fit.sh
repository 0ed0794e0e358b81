#!/usr/bin/env bash
# Kills a fit with SIGKILL at random moments and starts it again, until it has been killed 20 times and finishes:
#   bench/kill_fit.sh SPEC [KILLS] [SEED]
# Each time the candidates finished before must still be there, and the output folder must be whole or absent.
set -euo pipefail
cd "$(dirname "$0")/.."
spec=$1 kills=${2:-20}
RANDOM=${3:-1}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
out=$work/out state=$work/.out.fit
finished() { find "$state" -path '*candidates*' -name '*.json' 2>/dev/null | wc -l; }
before=0 hits=0
for ((i = 1; i <= kills; ++i)); do
  build/bin/shoehorn fit "$spec" -o "$out" >"$work/log" 2>&1 &
  fit=$!
  sleep "$((RANDOM % 3)).$((RANDOM % 900 + 100))"
  if kill -KILL "$fit" 2>/dev/null; then hits=$((hits + 1)); fi
  wait "$fit" 2>/dev/null || true
  now=$(finished)
  if [[ -e $out ]]; then
    for file in result.json plan.json report.html artifact; do
      [[ -e $out/$file ]] || { echo "kill $i: $out lacks $file"; exit 1; }
    done
    rm -rf "$out"
    before=0
    continue
  fi
  ((now >= before)) || { echo "kill $i: $before candidates were finished, $now are left"; exit 1; }
  before=$now
done
status=0
build/bin/shoehorn fit "$spec" -o "$out" >"$work/log" 2>&1 || status=$?
((status <= 1)) || { cat "$work/log"; exit "$status"; }
[[ -e $out/result.json ]] || { echo "the last run left no result"; exit 1; }
echo "killed $hits of $kills times while it ran; every restart went on, the output was whole or absent; last exit code $status"
