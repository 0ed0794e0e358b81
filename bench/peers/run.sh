#!/usr/bin/env bash
# The same work by Shoehorn and by others, side by side in one run; the table goes to the terminal as Markdown.
#   bench/peers/run.sh [ROUNDS]
set -euo pipefail
cd "$(dirname "$0")/../.."
bench/peers/install.sh
.deps/peers/bin/python bench/peers/compare.py --rounds "${1:-3}"
