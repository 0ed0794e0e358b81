#!/usr/bin/env bash
# The demo: makes the plates when they are not there yet, fits the reader to the spec, and says where the report lies.
set -euo pipefail
cd "$(dirname "$0")/.."
program=build/bin/shoehorn
maker=build/bin/make_plates

# Plates that an older generator made are made anew.
made=demo/plates/made_by
if [[ ! -f $made || $(<"$made") != "$(sha256sum <"$maker")" ]]; then
  echo "demo: making number plates"
  "$maker" demo/plates
  sha256sum <"$maker" >"$made"
fi

echo "demo: $program fit demo/plates.toml -o demo/out/plates"
status=0
"$program" fit demo/plates.toml -o demo/out/plates --force || status=$?
[[ $status -gt 1 ]] && exit $status
echo "demo: the report is $PWD/demo/out/plates/report.html"
exit $status
