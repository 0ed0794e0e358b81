#!/usr/bin/env bash
# Installs the other tools into .deps/peers, once; Shoehorn itself never uses them.
set -euo pipefail
cd "$(dirname "$0")/../.."
version=$(<bench/peers/requirements.txt)
[[ -f .deps/peers/.version && $(<.deps/peers/.version) == "$version" ]] && exit
echo "bench: installing the peers (80 MB)"
rm -rf .deps/peers
python3 -m venv .deps/peers
.deps/peers/bin/pip install --quiet --disable-pip-version-check --no-deps --require-hashes \
  --requirement bench/peers/requirements.txt
printf '%s\n' "$version" >.deps/peers/.version
