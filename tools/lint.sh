#!/usr/bin/env bash
# The checks that need no compiler: formatting by the project's .clang-format, and the dependency law.
set -euo pipefail
cd "$(dirname "$0")/.."
git ls-files -z 'src/*.cc' 'src/*.h' 'tests/*.cc' 'tests/*.h' 'bench/*.cc' |
  xargs -0 .deps/python/bin/clang-format --dry-run -Werror
python3 tools/check_layers.py src
echo "lint: clean"
