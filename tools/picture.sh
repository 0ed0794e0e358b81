#!/usr/bin/env bash
# The picture of a report for the README: tools/picture.sh demo/out/plates/report.html docs/report.png [HEIGHT]. Wants Chromium.
set -euo pipefail
page=$(realpath "$1") picture=$(realpath "$2") height=${3:-1500}
profile=$(mktemp -d)
trap 'rm -rf "$profile"' EXIT
chromium --headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking \
  --disable-component-update --disable-sync --user-data-dir="$profile" --hide-scrollbars --virtual-time-budget=5000 \
  --window-size="1128,$height" --screenshot="$picture" "file://$page" 2>/dev/null
