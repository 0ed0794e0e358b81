#!/usr/bin/env bash
# build.sh PRESET: configures once and compiles. Quiet while all goes well: one line when done, everything when not.
set -euo pipefail
cd "$(dirname "$0")/.."
preset=$1
folder=build; [[ $preset == release ]] || folder=build-$preset

if [[ ! -f $folder/build.ninja ]]; then
  echo "build: configuring $folder"
  rm -f "$folder/CMakeCache.txt"
  cmake --preset "$preset" >"/tmp/shoehorn-configure.$$" 2>&1 || { cat "/tmp/shoehorn-configure.$$"; exit 1; }
  rm -f "/tmp/shoehorn-configure.$$"
fi
echo "build: compiling ($preset)"
NINJA_STATUS='[%f/%t] ' ninja -C "$folder" --quiet
