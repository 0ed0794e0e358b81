#!/usr/bin/env bash
# build.sh PRESET [TARGET ...]: configures once and compiles. Progress goes to a terminal only; errors are always shown.
set -euo pipefail
cd "$(dirname "$0")/.."
preset=$1
folder=build; [[ $preset == release ]] || folder=build-$preset

if [[ ! -f $folder/build.ninja ]]; then
  echo "build: configuring $folder"
  rm -f "$folder/CMakeCache.txt"
  output=$(cmake --preset "$preset" 2>&1) || { echo "$output"; exit 1; }
fi
echo "build: compiling ($preset)"
quiet=(); [[ -t 1 ]] || quiet=(--quiet)
ninja -C "$folder" "${quiet[@]}" "${@:2}"
